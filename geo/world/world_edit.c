#include "geo/world/world_edit.h"

#include "geo/world/world_layer.h"

#include "data/base/limits.h"

#include <stdlib.h>
#include <string.h>

/* One layer on its way from world to world. */
struct editing {
    const struct world *world; /* the old one */
    const struct world_layer *old;
    struct world_layer *made;
    struct world_delta *delta;
    const struct world_change **changes; /* ordered by id */
    size_t n;
    struct world_edit *edits;       /* by change; of `all` */
    const struct world_change *all; /* the caller's */
    bool changed;                   /* some record is another one */
    bool shifted;                   /* rows have other numbers, since some were added or went */
};

struct world_pool *world_pool_new(void)
{
    struct world_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    pthread_mutex_init(&pool->mutex, NULL);
    pool->n_references = 1;
    arena_init(&pool->arena, 0);
    return pool;
}

static struct world_pool *pool_acquire(struct world_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->n_references++;
    pthread_mutex_unlock(&pool->mutex);
    return pool;
}

/* The new layer with base, pool and what was put before. */
static enum err_code begin_layer(struct editing *editing, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena arena;
    const struct world_delta *before = editing->old->delta;
    size_t n_before = before ? before->n_put : 0;
    arena_init(&arena, 0);
    TRY(world_layer_begin(editing->old->layer, &arena, &editing->made, err));
    struct world_layer *made = editing->made;
    struct world_delta *delta = arena_new(&made->arena, struct world_delta, 1);
    if (!delta)
        return err_nomem(err);
    made->delta = editing->delta = delta;
    delta->base = world_layer_acquire(before ? before->base : editing->old);
    delta->pool = before ? pool_acquire(before->pool) : world_pool_new();
    delta->put = arena_new(&made->arena, const void *, n_before + editing->n);
    if (!delta->pool || !delta->put)
        return err_nomem(err);
    if (n_before > 0)
        memcpy(delta->put, before->put, n_before * sizeof *delta->put);
    delta->n_put = (uint32_t)n_before;
done:
    return code;
}

static enum err_code put_record(struct editing *editing, const void *record, struct err *err)
{
    enum err_code code = ERR_OK;
    enum layer_id layer = editing->made->layer;
    struct world_pool *pool = editing->delta->pool;
    pthread_mutex_lock(&pool->mutex);
    void *copy = arena_alloc(&pool->arena, 1, records_binding(layer)->record_bytes);
    code = copy ? record_copy(layer, record, &pool->arena, copy, err) : err_nomem(err);
    pthread_mutex_unlock(&pool->mutex);
    editing->delta->put[editing->delta->n_put++] = copy;
    return code;
}

/* Room for rows and places, which are as they were, for now. */
static enum err_code begin_order(struct editing *editing, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world_layer *old = editing->old;
    struct world_delta *delta = editing->delta;
    size_t n_base = delta->base->n;
    size_t n_before = n_base + (old->delta ? old->delta->n_put : 0);
    TRY(world_delta_room(delta, old->n + editing->n, n_before + editing->n, err));
    if (old->delta)
        memcpy(delta->rank, old->delta->rank, n_before * sizeof *delta->rank);
    for (size_t i = 0; !old->delta && i < n_before; i++)
        delta->rank[i] = (uint32_t)i;
done:
    return code;
}

/* Rows that stay, after *out that are made already. */
static void copy_order(const struct editing *editing, size_t from, size_t to, size_t *out)
{
    const struct world_delta *before = editing->old->delta;
    uint32_t *order = editing->delta->order + *out;
    size_t n = to - from;
    if (before)
        memcpy(order, before->order + from, n * sizeof *order);
    for (size_t i = 0; !before && i < n; i++)
        order[i] = (uint32_t)(from + i);
    for (size_t i = 0; *out != from && i < n; i++)
        editing->delta->rank[order[i]] = (uint32_t)(*out + i);
    *out += n;
}

/* One change, at row `at` of the old layer. *out grows by the row that it gives, if any. */
static enum err_code apply_change(struct editing *editing, const struct world_change *change,
                                  size_t at, bool exists, size_t *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct world_edit *edit = &editing->edits[change - editing->all];
    bool put = change->record && record_holds(change->record, editing->world->as_of);
    struct world_delta *delta = editing->delta;
    const struct world_delta *before = editing->old->delta;
    if (exists) {
        edit->old_slot = world_layer_slot(editing->old, at);
        delta->rank[before ? before->order[at] : (uint32_t)at] = WORLD_NO_ROW;
    }
    if (put) {
        uint32_t place = (uint32_t)(delta->base->n + delta->n_put);
        edit->new_slot = (uint32_t)(delta->base->n_slots + delta->n_put);
        delta->order[*out] = place;
        delta->rank[place] = (uint32_t)(*out)++;
        TRY(put_record(editing, change->record, err));
    }
    editing->changed = editing->changed || put || exists;
    editing->shifted = editing->shifted || put != exists;
done:
    return code;
}

/* Where a record stands, or would: most that is put takes the place of another. */
static size_t row_of(const struct world_layer *layer, const char *id, bool *exists)
{
    int64_t row = layer->delta ? world_delta_find(layer, id) : map_get(&layer->ids, id);
    *exists = row >= 0;
    return *exists ? (size_t)row : world_layer_row_from(layer, id);
}

static enum err_code make_order(struct editing *editing, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world_layer *old = editing->old;
    size_t row = 0, out = 0;
    TRY(begin_order(editing, err));
    for (size_t i = 0; i < editing->n; i++) {
        const struct world_change *change = editing->changes[i];
        if (i > 0 && strcmp(change->id, editing->changes[i - 1]->id) == 0)
            return err_set(err, ERR_INPUT, "%s %s: two changes of one record at once",
                           layer_name(change->layer), change->id);
        bool exists = false;
        size_t at = row_of(old, change->id, &exists);
        copy_order(editing, row, at, &out);
        row = at + exists;
        TRY(apply_change(editing, change, at, exists, &out, err));
    }
    copy_order(editing, row, old->n, &out);
    editing->made->n = out;
    if (out > LIMIT_RECORDS_PER_LAYER)
        code = err_set(err, ERR_LIMIT, "layer %s would hold %zu records; the limit is %d",
                       layer_name(old->layer), out, (int)LIMIT_RECORDS_PER_LAYER);
done:
    return code;
}

static int compare_rows(const void *a, const void *b, void *context)
{
    const uint32_t *rank = context;
    uint32_t i = rank[*(const uint32_t *)a];
    uint32_t j = rank[*(const uint32_t *)b];
    return (i > j) - (i < j);
}

/* Both parts are by row already: what stood before, and what was put now (in order of ids). */
static enum err_code make_live(struct editing *editing, struct err *err)
{
    struct world_delta *delta = editing->delta;
    const struct world_delta *before = editing->old->delta;
    uint32_t n_before = before ? before->n_put : 0;
    uint32_t n_old = before ? before->n_live : 0;
    uint32_t next = (uint32_t)(delta->base->n + n_before);
    uint32_t end = (uint32_t)(delta->base->n + delta->n_put);
    delta->live = arena_new(&editing->made->arena, uint32_t, (size_t)n_old + end - next);
    if (!delta->live)
        return err_nomem(err);
    for (uint32_t i = 0; i < n_old || next < end;) {
        uint32_t place = i < n_old ? before->live[i] : 0;
        if (i < n_old && delta->rank[place] == WORLD_NO_ROW) {
            i++;
            continue;
        }
        bool take_old = i < n_old && (next == end || compare_rows(&place, &next, delta->rank) < 0);
        delta->live[delta->n_live++] = take_old ? place : next;
        i += take_old;
        next += !take_old;
    }
    return ERR_OK;
}

enum err_code world_delta_index(struct world_layer *layer, struct err *err)
{
    enum err_code code = ERR_OK;
    struct world_delta *delta = layer->delta;
    struct arena scratch;
    arena_init(&scratch, 0);
    struct box *boxes = arena_new(&scratch, struct box, delta->n_live);
    TRY(boxes ? ERR_OK : err_nomem(err));
    for (uint32_t i = 0; i < delta->n_live; i++) {
        const struct record_head *head = world_layer_at(layer, delta->live[i]);
        boxes[i] = head->geom.kind == GEOM_NONE ? box_empty() : head->geom.box;
    }
    TRY(rtree_build(boxes, delta->n_live, &layer->arena, &delta->tree, err));
done:
    arena_release(&scratch);
    return code;
}

/* Areas of units that stood before are known. */
static enum err_code index_units(struct editing *editing, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world_layer *made = editing->made;
    const struct world_layer *old = editing->old;
    struct arena scratch;
    arena_init(&scratch, 0);
    double *known_m2 = arena_new(&scratch, double, made->n);
    TRY(known_m2 ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < made->n; i++) {
        int64_t row = world_layer_row(old, world_layer_slot(made, i));
        known_m2[i] = row < 0 ? (double)NAN : old->area_m2[row];
    }
    TRY(world_layer_index_units(editing->made, known_m2, err));
done:
    arena_release(&scratch);
    return code;
}

/* Where rows keep their numbers and keys, they are placed already. */
static enum err_code make_groups(struct editing *editing, const struct world_groups *before,
                                 struct world_groups *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world_layer *old = editing->old;
    struct world_layer *made = editing->made;
    uint32_t n_before = old->delta ? old->delta->n_put : 0;
    if (!before->field)
        return ERR_OK;
    TRY(world_groups_name(made, before, n_before, &made->arena, out, err));
    if (editing->shifted || !world_groups_stay(old, made, n_before, out))
        TRY(world_groups_place(made, &made->arena, out, err));
    else
        out->holder = world_layer_acquire(before->holder ? before->holder : old);
done:
    return code;
}

static enum err_code make_layer(struct editing *editing, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world_layer *old = editing->old;
    TRY(begin_layer(editing, err));
    TRY(make_order(editing, err));
    if (!editing->changed) /* nothing was there to delete */
        goto done;
    struct world_layer *made = editing->made;
    TRY(make_live(editing, err));
    if (editing->world->schema->layers[made->layer].has_geometry)
        TRY(world_delta_index(made, err));
    TRY(make_groups(editing, &old->children, &made->children, err));
    TRY(make_groups(editing, &old->subjects, &made->subjects, err));
    if (made->layer == LAYER_ADMIN)
        TRY(index_units(editing, err));
done:
    return code;
}

static int compare_changes(const void *a, const void *b)
{
    const struct world_change *x = *(const struct world_change *const *)a;
    const struct world_change *y = *(const struct world_change *const *)b;
    return strcmp(x->id, y->id);
}

static enum err_code empty_layer(enum layer_id layer, const struct world_layer **out,
                                 struct err *err)
{
    struct arena arena;
    arena_init(&arena, 0);
    return world_layer_new(layer, NULL, 0, 0, &arena, out, err);
}

/* *out: the layer with its changes, or the old one if they change nothing; referenced. */
static enum err_code edit_layer(struct editing *editing, const struct world_layer **out,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    enum layer_id layer = editing->changes[0]->layer;
    const struct world_layer *empty = NULL;
    editing->old = editing->world->layers[layer];
    if (!editing->old) {
        TRY(empty_layer(layer, &empty, err));
        editing->old = empty;
    }
    qsort(editing->changes, editing->n, sizeof *editing->changes, compare_changes);
    TRY(make_layer(editing, err));
    if (editing->changed) {
        *out = editing->made;
        editing->made = NULL;
    } else {
        *out = world_layer_acquire(editing->old);
    }
done:
    world_layer_release(editing->made);
    world_layer_release(empty);
    return code;
}

static enum err_code edit_layers(const struct world *old, const struct world_change *changes,
                                 size_t n, struct world_edit *edits,
                                 const struct world_layer *layers[LAYER_COUNT], struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena scratch;
    arena_init(&scratch, 0);
    const struct world_change **of_layer = arena_new(&scratch, const struct world_change *, n);
    TRY(of_layer ? ERR_OK : err_nomem(err));
    for (size_t layer = 0; layer < LAYER_COUNT; layer++) {
        struct editing editing = {
            .world = old, .changes = of_layer, .edits = edits, .all = changes};
        for (size_t i = 0; i < n; i++) {
            if (changes[i].layer == (enum layer_id)layer)
                of_layer[editing.n++] = &changes[i];
        }
        if (editing.n > 0)
            TRY(edit_layer(&editing, &layers[layer], err));
        else if (old->layers[layer])
            layers[layer] = world_layer_acquire(old->layers[layer]);
    }
done:
    arena_release(&scratch);
    return code;
}

enum err_code world_edit_new(const struct world *old, const struct world_change *changes, size_t n,
                             struct arena *arena, struct world_edited *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world_layer *layers[LAYER_COUNT] = {NULL};
    *out = (struct world_edited){.edits = arena_new(arena, struct world_edit, n)};
    if (!out->edits)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++)
        out->edits[i] = (struct world_edit){changes[i].layer, WORLD_NO_SLOT, WORLD_NO_SLOT};
    TRY(edit_layers(old, changes, n, out->edits, layers, err));
    for (size_t i = 0; i < n; i++) {
        struct world_edit edit = out->edits[i];
        if (edit.old_slot != WORLD_NO_SLOT || edit.new_slot != WORLD_NO_SLOT)
            out->edits[out->n_edits++] = edit;
    }
    return world_derive(old, layers, out->edits, out->n_edits, &out->world, err);
done:
    for (size_t i = 0; i < LAYER_COUNT; i++)
        world_layer_release(layers[i]);
    return code;
}
