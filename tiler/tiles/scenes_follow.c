/* scenes_follow.c - the scenes of a world that an edit made of the one before: what is the same is
 * taken over, what is not is made again when it is needed. */
#include "tiler/tiles/scenes_private.h"

#include "tiler/tiles/scene_edit.h"
#include "tiler/tiles/scene_reach.h"

#include <stdlib.h>
#include <string.h>

/* The last placement that was made in these scenes or before them, held; NULL: none. */
struct placement *scenes_last_labels(struct scenes *scenes, enum map_id map, uint32_t z)
{
    pthread_mutex_lock(&scenes->lock.mutex);
    const struct lazy *lazy = &scenes->labels[map][z];
    struct placement *last = lazy->state == LAZY_READY ? lazy->value : scenes->earlier[map][z];
    if (last)
        placement_acquire(last);
    pthread_mutex_unlock(&scenes->lock.mutex);
    return last;
}

/* Those of another plane, if there are any yet. */
static struct scenes *known_plane(struct scenes *scenes, enum plane plane)
{
    pthread_mutex_lock(&scenes->lock.mutex);
    struct scenes *known = scenes->others[plane];
    pthread_mutex_unlock(&scenes->lock.mutex);
    return known;
}

/* ---- shapes and looks ---- */

/* The rows of the source are those of the new world, too. */
static void take_source(struct scenes *scenes, struct scenes *before, enum style_source id)
{
    struct lazy *lazy = &scenes->sources[id];
    if (!lazy_share(lazy, &before->sources[id], &before->lock))
        return;
    scenes->views[id] = *(const struct source *)lazy->value;
    scenes->views[id].world = scenes->world;
    scenes->views[id].memo = scenes->memo;
    lazy->value = &scenes->views[id];
    lazy_share_all(scenes->details[id], before->details[id], DETAIL_COUNT, &before->lock);
    lazy_share_all(scenes->sounds[id], before->sounds[id], ZOOMS, &before->lock);
}

static void take_looks(struct scenes *scenes, struct scenes *before, enum style_source id)
{
    (void)lazy_share(&scenes->attributes[id], &before->attributes[id], &before->lock);
    for (size_t i = 0; i < style_layer_count(scenes->style); i++) {
        enum style_source source = style_layer(scenes->style, i)->source;
        if (source != SOURCE_NONE && scenes_source_id(source) == id)
            lazy_share_all(&scenes->looks[i * ZOOMS], &before->looks[i * ZOOMS], ZOOMS,
                           &before->lock);
    }
}

/* ---- labels ---- */

bool scenes_labels_stay(const struct scene_edit *edit, const struct style *style, enum map_id map,
                        uint32_t z)
{
    for (size_t i = 0; edit && i < style_layer_count(style); i++) {
        const struct style_layer *layer = style_layer(style, i);
        if (layer->type == LAYER_SYMBOL && style_layer_shows(layer, map, style_zoom(z)) &&
            scene_edit_fate(edit, scenes_source_id(layer->source)) != FATE_SAME)
            return false;
    }
    return edit != NULL;
}

/* What was made in the scenes right before, or, if nothing was, what was to start from there. */
static void take_earlier(struct scenes *scenes, struct scenes *before, enum map_id map, uint32_t z)
{
    void *value;
    scenes->last[map][z] = lazy_peek(&before->labels[map][z], &before->lock, &value);
    scenes->earlier[map][z] = scenes_last_labels(before, map, z);
}

static void follow_labels(struct scenes *scenes, struct scenes *before,
                          const struct scene_edit *edit)
{
    for (int map = 0; map < MAP_COUNT; map++) {
        for (uint32_t z = 0; z < ZOOMS; z++) {
            struct lazy *lazy = &scenes->labels[map][z];
            if (scenes_labels_stay(edit, scenes->style, (enum map_id)map, z) &&
                lazy_share(lazy, &before->labels[map][z], &before->lock))
                placement_acquire(lazy->value);
            else
                take_earlier(scenes, before, (enum map_id)map, z);
        }
    }
}

/* ---- parts ---- */

/* What an edit did to one source, as all parts need to know it. */
struct source_step {
    enum style_source id;
    enum scene_fate fate;
    struct scene_reach reach;
    struct row_shift shift;
};

static bool shifts(const struct source_step *step)
{
    return step->shift.n_gone + step->shift.n_come > 0;
}

/* The rows of a source that was taken over, where they stand now, in memory of the part's own. */
static enum err_code shift_rows(struct scenes *part, const struct source_step *step,
                                struct err *err)
{
    struct source *source = &part->views[step->id];
    if (source->refs) {
        struct finding_ref *refs = arena_new(&part->rows, struct finding_ref, source->n);
        if (!refs)
            return err_nomem(err);
        for (uint32_t i = 0; i < source->n; i++) {
            refs[i] = source->refs[i];
            if (refs[i].layer == step->shift.layer)
                refs[i].row = row_shift_apply(&step->shift, refs[i].row);
        }
        source->refs = refs;
    } else {
        uint32_t *rows = arena_new(&part->rows, uint32_t, source->n);
        if (!rows)
            return err_nomem(err);
        for (uint32_t i = 0; i < source->n; i++)
            rows[i] = source->layer == step->shift.layer
                          ? row_shift_apply(&step->shift, source->rows[i])
                          : source->rows[i];
        source->rows = rows;
    }
    part->has_rows[step->id] = true;
    return ERR_OK;
}

/* One source of one part, unless the edit reaches it. */
static enum err_code follow_source(struct scenes *part, struct scenes *before,
                                   const struct source_step *step, struct err *err)
{
    enum err_code code = ERR_OK;
    void *value;
    const struct scene_reach *reach = &step->reach;
    void *all;
    pthread_mutex_lock(&before->lock.mutex);
    enum scenes_home home = before->homes[step->id];
    bool has_rows = before->has_rows[step->id];
    pthread_mutex_unlock(&before->lock.mutex);
    if (home == HOME_PARENT) {
        if (lazy_peek(&part->parent->sources[step->id], &part->parent->lock, &all))
            part->homes[step->id] = HOME_PARENT;
        return ERR_OK;
    }
    if (!lazy_peek(&before->sources[step->id], &before->lock, &value))
        return ERR_OK;
    struct plane_box held = ((const struct source *)value)->held;
    if (scene_reach_touches(reach->other, reach->n_other, held))
        return ERR_OK;
    take_source(part, before, step->id);
    part->homes[step->id] = HOME_PART;
    if (shifts(step) || has_rows)
        TRY(shift_rows(part, step, err));
    if (!scene_reach_touches(reach->says, reach->n_says, held))
        take_looks(part, before, step->id);
done:
    return code;
}

static enum err_code follow_parts(struct scenes *scenes, struct scenes *before,
                                  const struct scene_edit *edit, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct scene_step step = {edit, before->world, scenes->world, scenes->plane};
    struct source_step sources[SOURCE_COUNT];
    struct arena arena;
    size_t n = 0;
    arena_init(&arena, 0);
    pthread_mutex_lock(&before->lock.mutex); /* which frees no part meanwhile */
    for (int id = 0; before->parts && id < SOURCE_COUNT; id++) {
        struct source_step *one = &sources[n];
        if (!(scenes->near_sources & UINT32_C(1) << id))
            continue;
        *one = (struct source_step){.id = (enum style_source)id};
        one->fate = scene_edit_fate(edit, one->id);
        TRY(scene_reach_find(&step, one->id, &arena, &one->reach, err));
        TRY(row_shift_find(&step, id == SOURCE_SEGMENTS ? edit->segments : edit->facts, &arena,
                           &one->shift, err));
        n++;
    }
    for (int i = 0; before->parts && i < SCENES_PARTS; i++) {
        const struct scenes_part *theirs = &before->parts[i];
        struct scenes *part = theirs->scenes ? scenes_add_part(scenes, theirs->square, err) : NULL;
        if (!part && theirs->scenes)
            break; /* without memory it is made when it is asked for */
        for (size_t k = 0; part && k < n; k++)
            TRY(follow_source(part, theirs->scenes, &sources[k], err));
    }
done:
    pthread_mutex_unlock(&before->lock.mutex);
    arena_release(&arena);
    return code;
}

/* ---- all of it ---- */

static enum err_code follow(struct scenes *scenes, struct scenes *before,
                            const struct scene_edit *edit, struct err *err)
{
    point_memo_release(scenes->memo);
    scenes->memo = point_memo_acquire(before->memo);
    follow_labels(scenes, before, edit);
    if (!edit || scene_edit_is_wide(edit))
        return ERR_OK;
    enum err_code code = scenes_note_changes(scenes, edit, err);
    if (code != ERR_OK)
        return code;
    if (!scene_edit_of(edit, LAYER_CENSUS)) { /* what it keeps is cut by one */
        shape_memo_release(scenes->shapes);
        scenes->shapes = shape_memo_acquire(before->shapes);
    }
    for (int id = 0; id < SOURCE_COUNT; id++) {
        enum scene_fate fate = scene_edit_fate(edit, (enum style_source)id);
        if (fate != FATE_OTHER)
            take_source(scenes, before, (enum style_source)id);
        if (fate == FATE_SAME)
            take_looks(scenes, before, (enum style_source)id);
    }
    return follow_parts(scenes, before, edit, err);
}

enum err_code scenes_follow(struct scenes *scenes, struct scenes *before,
                            const struct scene_edit *edit, struct err *err)
{
    enum err_code code = ERR_OK;
    if (scenes->style != before->style || scenes->plane != before->plane)
        return ERR_OK;
    TRY(follow(scenes, before, edit, err));
    for (int plane = 0; plane < PLANE_COUNT; plane++) {
        struct scenes *theirs = known_plane(before, (enum plane)plane), *ours;
        if (!theirs)
            continue;
        TRY(scenes_in_plane(scenes, (enum plane)plane, &ours, err));
        TRY(follow(ours, theirs, edit, err));
    }
done:
    return code;
}

enum err_code scenes_label_changes(struct scenes *before, struct scenes *scenes,
                                   const struct label_view *view, struct arena *arena,
                                   struct px_box **boxes, size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct placement *placement;
    struct placement *last = scenes_last_labels(before, view->map, view->z);
    *boxes = NULL;
    *n = 0;
    if (!last)
        return ERR_OK;
    TRY(scenes_labels(scenes, view->map, view->z, view->fonts, &placement, err));
    TRY(placement_diff(last, placement, arena, boxes, n, err));
done:
    placement_release(last);
    return code;
}
