/* scenes_follow.c - the scenes of a world that an edit made of the one before: what is the same is
 * taken over, what is not is made again when it is needed. */
#include "tiler/tiles/scenes_private.h"

#include "tiler/tiles/scene_edit.h"

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

static void share_all(struct lazy *to, const struct lazy *from, size_t n, struct lazy_lock *lock)
{
    for (size_t i = 0; i < n; i++)
        (void)lazy_share(&to[i], &from[i], lock);
}

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
    share_all(scenes->details[id], before->details[id], DETAIL_COUNT, &before->lock);
    share_all(scenes->sounds[id], before->sounds[id], ZOOMS, &before->lock);
}

static void take_looks(struct scenes *scenes, struct scenes *before, enum style_source id)
{
    (void)lazy_share(&scenes->attributes[id], &before->attributes[id], &before->lock);
    for (size_t i = 0; i < style_layer_count(scenes->style); i++) {
        enum style_source source = style_layer(scenes->style, i)->source;
        if (source != SOURCE_NONE && scenes_source_id(source) == id)
            share_all(&scenes->looks[i * ZOOMS], &before->looks[i * ZOOMS], ZOOMS, &before->lock);
    }
}

static int by_number(const void *a, const void *b)
{
    uint64_t p = *(const uint64_t *)a, q = *(const uint64_t *)b;
    return p < q ? -1 : p > q;
}

/* The last conflicts that were made, and which of them changed since; without memory for that they
 * are made anew. */
static void take_last_conflicts(struct scenes *scenes, struct scenes *before,
                                const struct scene_edit *edit)
{
    const struct row_changes *rows = edit->conflicts;
    bool made =
        lazy_share(&scenes->last_conflicts, &before->sources[SOURCE_CONFLICTS], &before->lock);
    size_t n_before = made ? 0 : before->n_changed_conflicts;
    uint64_t *changed = calloc(n_before + rows->n + 1, sizeof *changed);
    if (!changed || scene_edit_is_wide(edit) ||
        (!made && !lazy_share(&scenes->last_conflicts, &before->last_conflicts, &before->lock))) {
        lazy_release(&scenes->last_conflicts);
        scenes->lost_conflicts = made || n_before > 0 || before->lost_conflicts;
        free(changed);
        return;
    }
    scenes->last_conflicts_view = *(const struct source *)scenes->last_conflicts.value;
    scenes->last_conflicts.value = &scenes->last_conflicts_view;
    if (n_before > 0)
        memcpy(changed, before->changed_conflicts, n_before * sizeof *changed);
    for (size_t i = 0; i < rows->n; i++) {
        const struct row_change *row = &rows->items[i];
        const struct record_head *head = row->before ? row->before : row->after;
        changed[n_before + i] = source_id_hash(head->id);
    }
    qsort(changed, n_before + rows->n, sizeof *changed, by_number);
    scenes->changed_conflicts = changed;
    scenes->n_changed_conflicts = n_before + rows->n;
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
                scenes->earlier[map][z] = scenes_last_labels(before, (enum map_id)map, z);
        }
    }
}

/* ---- all of it ---- */

static void follow(struct scenes *scenes, struct scenes *before, const struct scene_edit *edit)
{
    point_memo_release(scenes->memo);
    scenes->memo = point_memo_acquire(before->memo);
    follow_labels(scenes, before, edit);
    if (edit)
        take_last_conflicts(scenes, before, edit);
    for (int id = 0; edit && id < SOURCE_COUNT; id++) {
        enum scene_fate fate = scene_edit_fate(edit, (enum style_source)id);
        if (fate != FATE_OTHER)
            take_source(scenes, before, (enum style_source)id);
        if (fate == FATE_SAME)
            take_looks(scenes, before, (enum style_source)id);
    }
}

enum err_code scenes_follow(struct scenes *scenes, struct scenes *before,
                            const struct scene_edit *edit, struct err *err)
{
    enum err_code code = ERR_OK;
    if (scenes->style != before->style || scenes->plane != before->plane)
        return ERR_OK;
    follow(scenes, before, edit);
    for (int plane = 0; plane < PLANE_COUNT; plane++) {
        struct scenes *theirs = known_plane(before, (enum plane)plane), *ours;
        if (!theirs)
            continue;
        TRY(scenes_in_plane(scenes, (enum plane)plane, &ours, err));
        follow(ours, theirs, edit);
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
