#include "tiler/tiles/scenes_private.h"

#include "tiler/tiles/look.h"
#include "tiler/vector/vector_shape.h"

#include <stdlib.h>
#include <string.h>

static void init_all(struct lazy *lazies, size_t n)
{
    for (size_t i = 0; i < n; i++)
        lazy_init(&lazies[i]);
}

static void release_all(struct lazy *lazies, size_t n)
{
    for (size_t i = 0; i < n; i++)
        lazy_release(&lazies[i]);
}

static enum err_code make(struct world *world, struct style *style, enum plane plane,
                          struct scenes **out, struct err *err)
{
    struct scenes *scenes = calloc(1, sizeof *scenes);
    size_t n_looks = style_layer_count(style) * ZOOMS;
    *out = NULL;
    if (!scenes)
        return err_nomem(err);
    scenes->looks = calloc(n_looks, sizeof *scenes->looks);
    enum err_code code = scenes->looks ? point_memo_new(&scenes->memo, err) : err_nomem(err);
    if (code == ERR_OK)
        code = shape_memo_new(&scenes->shapes, err);
    if (code == ERR_OK)
        code = lazy_lock_init(&scenes->lock, err);
    if (code != ERR_OK) {
        point_memo_release(scenes->memo);
        shape_memo_release(scenes->shapes);
        free(scenes->looks);
        free(scenes);
        return code;
    }
    init_all(scenes->sources, SOURCE_COUNT);
    init_all(scenes->details[0], (size_t)SOURCE_COUNT * DETAIL_COUNT);
    init_all(scenes->sounds[0], (size_t)SOURCE_COUNT * ZOOMS);
    init_all(scenes->attributes, SOURCE_COUNT);
    init_all(scenes->labels[0], (size_t)MAP_COUNT * ZOOMS);
    init_all(scenes->looks, n_looks);
    arena_init(&scenes->rows, 0);
    arena_init(&scenes->changed, 0);
    scenes->world = world_acquire(world);
    scenes->style = style_acquire(style);
    scenes->plane = plane;
    scenes->n_references = 1;
    *out = scenes;
    return ERR_OK;
}

enum err_code scenes_new(struct world *world, struct style *style, enum plane plane,
                         struct scenes **out, struct err *err)
{
    enum err_code code = make(world, style, plane, out, err);
    if (code == ERR_OK)
        (*out)->near_sources = scenes_near_sources(style);
    return code;
}

enum err_code scenes_new_like(const struct scenes *like, struct world *world, struct scenes **out,
                              struct err *err)
{
    enum err_code code = make(world, like->style, like->plane, out, err);
    if (code == ERR_OK)
        (*out)->near_sources = like->near_sources;
    return code;
}

enum err_code scenes_in_plane(struct scenes *scenes, enum plane plane, struct scenes **out,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    *out = scenes;
    if (plane == scenes->plane)
        return ERR_OK;
    pthread_mutex_lock(&scenes->lock.mutex);
    struct scenes *base = NULL;
    if (!scenes->others[plane] && scenes->base)
        code = scenes_in_plane(scenes->base, plane, &base, err);
    if (!scenes->others[plane] && code == ERR_OK)
        code = scenes_new(scenes->world, scenes->style, plane, &scenes->others[plane], err);
    if (base && scenes->others[plane])
        scenes_share(scenes->others[plane], base);
    *out = scenes->others[plane];
    pthread_mutex_unlock(&scenes->lock.mutex);
    return code;
}

struct scenes *scenes_acquire(struct scenes *scenes)
{
    pthread_mutex_lock(&scenes->lock.mutex);
    scenes->n_references++;
    pthread_mutex_unlock(&scenes->lock.mutex);
    return scenes;
}

static void release_labels(struct scenes *scenes)
{
    for (int map = 0; map < MAP_COUNT; map++) {
        for (int z = 0; z < ZOOMS; z++) {
            struct lazy *lazy = &scenes->labels[map][z];
            placement_release(lazy->state == LAZY_READY ? lazy->value : NULL);
            placement_release(scenes->earlier[map][z]);
            lazy_release(lazy);
        }
    }
}

void scenes_release(struct scenes *scenes)
{
    if (!scenes)
        return;
    pthread_mutex_lock(&scenes->lock.mutex);
    unsigned left = --scenes->n_references;
    pthread_mutex_unlock(&scenes->lock.mutex);
    if (left > 0)
        return;
    for (int plane = 0; plane < PLANE_COUNT; plane++)
        scenes_release(scenes->others[plane]);
    scenes_drop_parts(scenes);
    release_all(scenes->sources, SOURCE_COUNT);
    release_all(scenes->details[0], (size_t)SOURCE_COUNT * DETAIL_COUNT);
    release_all(scenes->sounds[0], (size_t)SOURCE_COUNT * ZOOMS);
    release_all(scenes->attributes, SOURCE_COUNT);
    release_labels(scenes);
    release_all(scenes->looks, style_layer_count(scenes->style) * ZOOMS);
    lazy_lock_release(&scenes->lock);
    arena_release(&scenes->rows);
    arena_release(&scenes->changed);
    world_release(scenes->world);
    point_memo_release(scenes->memo);
    shape_memo_release(scenes->shapes);
    style_free(scenes->style);
    scenes_release(scenes->base);
    free(scenes->looks);
    free(scenes);
}

void scenes_share(struct scenes *scenes, struct scenes *base)
{
    if (scenes == base || scenes->base || scenes->world != base->world ||
        scenes->plane != base->plane)
        return;
    scenes->base = scenes_acquire(base);
    point_memo_release(scenes->memo);
    scenes->memo = point_memo_acquire(base->memo);
    shape_memo_release(scenes->shapes);
    scenes->shapes = shape_memo_acquire(base->shapes);
    for (int id = 0; id < SOURCE_COUNT; id++)
        scenes->views[id].memo = scenes->memo;
    for (int i = 0; scenes->parts && i < SCENES_PARTS; i++) {
        const struct scenes_part *part = &scenes->parts[i];
        pthread_mutex_lock(&base->lock.mutex);
        struct scenes_part *theirs = part->scenes ? scenes_find_part(base, part->square) : NULL;
        if (theirs)
            scenes_share(part->scenes, theirs->scenes);
        pthread_mutex_unlock(&base->lock.mutex);
    }
}

void scenes_keep_whole(struct scenes *scenes)
{
    scenes->whole = true;
}

struct world *scenes_world(struct scenes *scenes)
{
    return scenes->world;
}

const struct style *scenes_style(const struct scenes *scenes)
{
    return scenes->style;
}

enum plane scenes_plane(const struct scenes *scenes)
{
    return scenes->plane;
}

/* ---- sources ---- */

bool scenes_only_fill(const struct style *style, enum style_source id)
{
    for (size_t i = 0; i < style_layer_count(style); i++) {
        const struct style_layer *layer = style_layer(style, i);
        if (layer->source == id && layer->type != LAYER_FILL)
            return false;
    }
    return true;
}

/* Where what is still to be made of a source is made: scenes of another style that want the same
 * of it. NULL: here, or it is made. */
static struct scenes *base_for(struct scenes *scenes, enum style_source id, const struct lazy *lazy)
{
    void *value;
    if (!scenes->base || lazy_peek(lazy, &scenes->lock, &value) ||
        scenes_only_fill(scenes->style, id) != scenes_only_fill(scenes->base->style, id))
        return NULL;
    return scenes->base;
}

/* What `theirs`, of the base, has, which is made. view: where a copy of a source goes that tells
 * its own scenes' memo; NULL: it is no source. */
static void borrow(struct scenes *scenes, struct lazy *lazy, struct scenes *base,
                   const struct lazy *theirs, struct source *view)
{
    struct lazy shared;
    lazy_init(&shared);
    if (!lazy_share(&shared, theirs, &base->lock))
        return;
    pthread_mutex_lock(&scenes->lock.mutex);
    bool taken = lazy->state == LAZY_NONE; /* another thread may have been faster */
    if (taken && view) {
        *view = *(const struct source *)shared.value;
        view->memo = scenes->memo;
        shared.value = view;
        scenes->has_rows[view->id] = base->has_rows[view->id];
    }
    if (taken)
        *lazy = shared;
    pthread_mutex_unlock(&scenes->lock.mutex);
    if (!taken)
        lazy_release(&shared);
}

static enum err_code make_source(void *context, struct arena *arena, void **value, struct err *err)
{
    struct source *source = arena_new(arena, struct source, 1);
    *value = source;
    return source ? source_build(context, arena, source, err) : err_nomem(err);
}

enum err_code scenes_source(struct scenes *scenes, enum style_source id, const struct source **out,
                            struct err *err)
{
    id = scenes_source_id(id); /* the unit of a request is one of the units */
    scenes = scenes_home(scenes, id);
    struct scenes *base = base_for(scenes, id, &scenes->sources[id]);
    if (base) {
        const struct source *theirs;
        enum err_code made = scenes_source(base, id, &theirs, err);
        if (made != ERR_OK)
            return made;
        base = scenes_home(base, id);
        borrow(scenes, &scenes->sources[id], base, &base->sources[id], &scenes->views[id]);
    }
    struct source_wanted wanted = {.world = scenes->world,
                                   .id = id,
                                   .plane = scenes->plane,
                                   .polygons_only = scenes_only_fill(scenes->style, id),
                                   .memo = scenes->memo,
                                   .near = scenes->parent ? &scenes->area : NULL,
                                   .shapes = scenes->shapes};
    void *value = NULL;
    enum err_code code =
        lazy_get(&scenes->sources[id], &scenes->lock, make_source, &wanted, &value, err);
    *out = value;
    return code;
}

struct detail_job {
    const struct source *source;
    uint32_t level;
};

static enum err_code make_detail(void *context, struct arena *arena, void **value, struct err *err)
{
    const struct detail_job *job = context;
    struct detail *detail = arena_new(arena, struct detail, 1);
    *value = detail;
    return detail ? source_detail(job->source, job->level, arena, detail, err) : err_nomem(err);
}

enum err_code scenes_detail(struct scenes *scenes, const struct source *source, uint32_t z,
                            const struct detail **out, struct err *err)
{
    struct detail_job job = {source, detail_of_zoom(z)};
    *out = &source->full;
    if (job.level == DETAIL_FULL)
        return ERR_OK;
    scenes = scenes_home(scenes, source->id);
    struct lazy *lazy = &scenes->details[source->id][job.level];
    struct scenes *base = base_for(scenes, source->id, lazy);
    if (base) {
        const struct source *theirs;
        const struct detail *detail;
        enum err_code made = scenes_source(base, source->id, &theirs, err);
        if (made == ERR_OK)
            made = scenes_detail(base, theirs, z, &detail, err);
        if (made != ERR_OK)
            return made;
        base = scenes_home(base, source->id);
        borrow(scenes, lazy, base, &base->details[source->id][job.level], NULL);
    }
    void *value = NULL;
    enum err_code code = lazy_get(lazy, &scenes->lock, make_detail, &job, &value, err);
    *out = value;
    return code;
}

struct sound_job {
    const struct source *source;
    const struct detail *detail;
    uint32_t z;
};

static enum err_code make_sound(void *context, struct arena *arena, void **value, struct err *err)
{
    const struct sound_job *job = context;
    const uint8_t **sound = arena_new(arena, const uint8_t *, 1);
    *value = sound;
    return sound ? vector_sound_build(job->source, job->detail, job->z, arena, sound, err)
                 : err_nomem(err);
}

enum err_code scenes_sound(struct scenes *scenes, const struct source *source,
                           const struct detail *detail, uint32_t z, const uint8_t **out,
                           struct err *err)
{
    struct sound_job job = {source, detail, z};
    void *value = NULL;
    scenes = scenes_home(scenes, source->id);
    enum err_code code =
        lazy_get(&scenes->sounds[source->id][z], &scenes->lock, make_sound, &job, &value, err);
    *out = code == ERR_OK ? *(const uint8_t **)value : NULL;
    return code;
}

/* ---- attributes ---- */

static enum err_code make_attributes(void *context, struct arena *arena, void **value,
                                     struct err *err)
{
    const struct source *source = context;
    struct attributes *attributes = arena_new(arena, struct attributes, 1);
    *value = attributes;
    return attributes ? attributes_build(source, arena, attributes, err) : err_nomem(err);
}

enum err_code scenes_attributes(struct scenes *scenes, const struct source *source,
                                const struct attributes **out, struct err *err)
{
    scenes = scenes_home(scenes, source->id);
    struct scenes *base = base_for(scenes, source->id, &scenes->attributes[source->id]);
    if (base) {
        const struct source *theirs;
        const struct attributes *attributes;
        enum err_code made = scenes_source(base, source->id, &theirs, err);
        if (made == ERR_OK)
            made = scenes_attributes(base, theirs, &attributes, err);
        if (made != ERR_OK)
            return made;
        base = scenes_home(base, source->id);
        borrow(scenes, &scenes->attributes[source->id], base, &base->attributes[source->id], NULL);
    }
    struct source copy = *source;
    void *value = NULL;
    enum err_code code = lazy_get(&scenes->attributes[source->id], &scenes->lock, make_attributes,
                                  &copy, &value, err);
    *out = value;
    return code;
}

/* ---- looks ---- */

struct look_job {
    const struct style_layer *layer;
    const struct source *source;
    double zoom;
};

static enum err_code make_look(void *context, struct arena *arena, void **value, struct err *err)
{
    const struct look_job *job = context;
    struct look *look = arena_new(arena, struct look, 1);
    *value = look;
    return look ? look_build(job->layer, job->source, job->zoom, arena, look, err) : err_nomem(err);
}

enum err_code scenes_look(struct scenes *scenes, size_t index, uint32_t z, const struct look **out,
                          struct err *err)
{
    const struct style_layer *layer = style_layer(scenes->style, index);
    struct look_job job = {.layer = layer, .zoom = style_zoom(z)};
    scenes = scenes_home(scenes, scenes_source_id(layer->source));
    enum err_code code = scenes_source(scenes, layer->source, &job.source, err);
    if (code != ERR_OK)
        return code;
    bool by_zoom = layer->depends & EXPR_ZOOM;
    struct lazy *lazy = &scenes->looks[index * ZOOMS + (by_zoom ? z : 0)];
    void *value = NULL;
    code = lazy_get(lazy, &scenes->lock, make_look, &job, &value, err);
    *out = value;
    return code;
}

/* ---- labels ---- */

struct labels_job {
    struct label_input input;
    struct scenes *scenes;
    enum map_id map;
};

/* The placement to start from, held; NULL: none. */
static struct placement *hold_earlier(struct scenes *scenes, enum map_id map, uint32_t z)
{
    pthread_mutex_lock(&scenes->lock.mutex);
    struct placement *earlier = scenes->earlier[map][z];
    if (earlier)
        placement_acquire(earlier);
    pthread_mutex_unlock(&scenes->lock.mutex);
    return earlier;
}

static void drop_earlier(struct scenes *scenes, enum map_id map, uint32_t z)
{
    pthread_mutex_lock(&scenes->lock.mutex);
    struct placement *earlier = scenes->earlier[map][z];
    scenes->earlier[map][z] = NULL;
    pthread_mutex_unlock(&scenes->lock.mutex);
    placement_release(earlier);
}

static enum err_code make_labels(void *context, struct arena *arena, void **value, struct err *err)
{
    const struct labels_job *job = context;
    struct placement *earlier = hold_earlier(job->scenes, job->map, job->input.z);
    struct placement *placement;
    (void)arena; /* a placement has its own, for it outlives the scenes */
    enum err_code code = placement_new(&job->input, earlier, &placement, err);
    placement_release(earlier);
    *value = placement;
    return code;
}

enum err_code scenes_labels(struct scenes *scenes, enum map_id map, uint32_t z,
                            struct font_set *fonts, const struct placement **out, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n = style_layer_count(scenes->style), n_symbols = 0;
    void *value = NULL;
    *out = NULL;
    scenes = scenes->parent ? scenes->parent : scenes;
    struct label_layer *layers = calloc(n, sizeof *layers);
    if (!layers)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const struct style_layer *layer = style_layer(scenes->style, i);
        if (layer->type != LAYER_SYMBOL || !style_layer_shows(layer, map, style_zoom(z)))
            continue;
        struct label_layer *symbols = &layers[n_symbols++];
        *symbols = (struct label_layer){.index = i, .style = layer};
        TRY(scenes_source(scenes, layer->source, &symbols->source, err));
        symbols->detail = &symbols->source->full;
        enum style_source id = symbols->source->id;
        if (scenes->last[map][z] && scenes->is_known[id])
            symbols->changes = &scenes->changes[id];
        if (layer->properties[PROP_SYMBOL_PLACEMENT])
            TRY(scenes_detail(scenes, symbols->source, z, &symbols->detail, err));
    }
    struct labels_job job = {{layers, n_symbols, z, fonts}, scenes, map};
    TRY(lazy_get(&scenes->labels[map][z], &scenes->lock, make_labels, &job, &value, err));
    *out = value;
    drop_earlier(scenes, map, z);
done:
    free(layers);
    return code;
}
