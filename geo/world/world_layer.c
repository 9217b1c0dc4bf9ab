#include "geo/world/world_layer.h"

#include "data/base/limits.h"
#include "geo/measure/ellipsoid.h"

#include <stdlib.h>
#include <string.h>

static const struct record_head *head_of(const struct world_layer *layer, size_t row)
{
    return world_layer_record(layer, row);
}

/* Records that do not hold on the day are left out; the others keep their order. */
static size_t keep_holding(enum layer_id layer, size_t record_bytes, char *records, size_t n,
                           int32_t as_of)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (!record_holds(record_at(layer, records, i), as_of))
            continue;
        if (kept != i)
            memmove(records + kept * record_bytes, records + i * record_bytes, record_bytes);
        kept++;
    }
    return kept;
}

static enum err_code index_boxes(struct world_layer *layer, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena scratch;
    arena_init(&scratch, 0);
    struct box *boxes = arena_new(&scratch, struct box, layer->n);
    if (!boxes) {
        code = err_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < layer->n; i++) {
        const struct geom *geom = &head_of(layer, i)->geom;
        boxes[i] = geom->kind == GEOM_NONE ? box_empty() : geom->box;
    }
    TRY(rtree_build(boxes, (uint32_t)layer->n, &layer->arena, &layer->tree, err));
done:
    arena_release(&scratch);
    return code;
}

static enum err_code index_ids(struct world_layer *layer, struct err *err)
{
    map_init(&layer->ids, &layer->arena);
    for (size_t i = 0; i < layer->n; i++) {
        int64_t previous = MAP_NONE;
        const char *id = head_of(layer, i)->id;
        if (!map_put(&layer->ids, id, (int64_t)i, &previous))
            return err_nomem(err);
        if (previous != MAP_NONE)
            return err_set(err, ERR_INPUT, "layer %s: the id \"%s\" stands twice",
                           layer_name(layer->layer), id);
    }
    return ERR_OK;
}

static const struct admin_unit *unit_of(const struct world_layer *layer, size_t row)
{
    return world_layer_record(layer, row);
}

static int compare_codes(const void *a, const void *b, void *context)
{
    const struct world_layer *layer = context;
    uint32_t i = *(const uint32_t *)a;
    uint32_t j = *(const uint32_t *)b;
    int by_code = strcmp(unit_of(layer, i)->code, unit_of(layer, j)->code);
    return by_code ? by_code : (i > j) - (i < j);
}

static enum err_code index_unit(struct world_layer *layer, size_t row, double known_m2,
                                struct err *err)
{
    const struct admin_unit *unit = unit_of(layer, row);
    int64_t previous = MAP_NONE;
    if (!unit->code || unit->level < 1 || unit->level > 4)
        return err_set(err, ERR_INPUT, "admin \"%s\" needs a code and a level of 1 to 4",
                       unit->head.id);
    layer->area_m2[row] = isnan(known_m2) ? ellipsoid_area_m2(&unit->head.geom) : known_m2;
    layer->units[unit->level][layer->n_units[unit->level]++] = (uint32_t)row;
    if (!map_put(&layer->codes, unit->code, (int64_t)row, &previous))
        return err_nomem(err);
    if (previous != MAP_NONE)
        return err_set(err, ERR_INPUT, "admin \"%s\": the code %s stands twice", unit->head.id,
                       unit->code);
    return ERR_OK;
}

enum err_code world_layer_index_units(struct world_layer *layer, const double *known_m2,
                                      struct err *err)
{
    enum err_code code = ERR_OK;
    map_init(&layer->codes, &layer->arena);
    layer->area_m2 = arena_new(&layer->arena, double, layer->n);
    if (!layer->area_m2)
        return err_nomem(err);
    for (size_t level = 1; level < 5; level++) {
        layer->units[level] = arena_new(&layer->arena, uint32_t, layer->n);
        if (!layer->units[level])
            return err_nomem(err);
    }
    for (size_t i = 0; i < layer->n; i++)
        TRY(index_unit(layer, i, known_m2 ? known_m2[i] : (double)NAN, err));
    for (size_t level = 1; level < 5; level++)
        qsort_r(layer->units[level], layer->n_units[level], sizeof(uint32_t), compare_codes, layer);
done:
    return code;
}

static enum err_code index_contours(struct world_layer *layer, struct err *err)
{
    bool *contours = arena_new(&layer->arena, bool, layer->n);
    if (!contours)
        return err_nomem(err);
    for (size_t i = 0; i < layer->n; i++)
        contours[i] = !isnan(zone_risk_per_year(world_layer_record(layer, i)));
    layer->contours = contours;
    return ERR_OK;
}

enum err_code world_layer_index(struct world_layer *layer, struct err *err)
{
    enum err_code code = ERR_OK;
    layer->n_slots = layer->n;
    TRY(index_boxes(layer, err));
    TRY(index_ids(layer, err));
    if (layer->layer == LAYER_ZONES)
        TRY(index_contours(layer, err));
    if (layer->layer == LAYER_PIPELINES)
        TRY(world_layer_index_lines(layer, err));
    const struct field_binding *owner = records_field(layer->layer, "enterprise_id");
    if (owner)
        TRY(world_groups_build(layer, owner, &layer->arena, &layer->children, err));
    if (layer->layer == LAYER_GRADES)
        TRY(world_groups_build(layer, records_field(LAYER_GRADES, "subject_id"), &layer->arena,
                               &layer->subjects, err));
    if (layer->layer == LAYER_ADMIN)
        TRY(world_layer_index_units(layer, NULL, err));
done:
    return code;
}

/* So many bytes more than are needed: the next edit needs a few more. */
enum { BLOCK_STEP_BYTES = 256 << 10 };

enum err_code world_delta_room(struct world_delta *delta, size_t n_rows, size_t n_places,
                               struct err *err)
{
    struct world_pool *pool = delta->pool;
    struct world_block block = {NULL, 0};
    size_t bytes = (n_rows + n_places) * sizeof *block.numbers;
    pthread_mutex_lock(&pool->mutex);
    for (size_t i = 0; i < sizeof pool->spare / sizeof pool->spare[0] && !block.bytes; i++) {
        if (pool->spare[i].bytes >= bytes && pool->spare[i].bytes > 0) {
            block = pool->spare[i];
            pool->spare[i] = (struct world_block){NULL, 0};
        }
    }
    pthread_mutex_unlock(&pool->mutex);
    if (!block.bytes) {
        block.bytes = (bytes / BLOCK_STEP_BYTES + 1) * BLOCK_STEP_BYTES;
        block.numbers = malloc(block.bytes);
    }
    if (!block.numbers)
        return err_nomem(err);
    delta->block = block;
    delta->order = block.numbers;
    delta->rank = block.numbers + n_rows;
    return ERR_OK;
}

/* In place of a smaller one, if there are enough. */
static void give_back(struct world_pool *pool, struct world_block block)
{
    pthread_mutex_lock(&pool->mutex);
    for (size_t i = 0; i < sizeof pool->spare / sizeof pool->spare[0]; i++) {
        if (pool->spare[i].bytes < block.bytes) {
            struct world_block smaller = pool->spare[i];
            pool->spare[i] = block;
            block = smaller;
        }
    }
    pthread_mutex_unlock(&pool->mutex);
    free(block.numbers);
}

static void pool_release(struct world_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    bool last = --pool->n_references == 0;
    pthread_mutex_unlock(&pool->mutex);
    if (!last)
        return;
    arena_release(&pool->arena);
    for (size_t i = 0; i < sizeof pool->spare / sizeof pool->spare[0]; i++)
        free(pool->spare[i].numbers);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

static void layer_free(struct world_layer *layer)
{
    struct world_share *share = layer->share;
    if (layer->delta) {
        world_layer_release(layer->delta->base);
        if (layer->delta->pool) {
            give_back(layer->delta->pool, layer->delta->block);
            pool_release(layer->delta->pool);
        }
    }
    world_layer_release(layer->origin);
    world_layer_release(layer->children.holder);
    world_layer_release(layer->subjects.holder);
    arena_release(&layer->arena);
    free(layer);
    pthread_mutex_destroy(&share->mutex);
    free(share);
}

enum err_code world_layer_begin(enum layer_id layer, struct arena *arena, struct world_layer **out,
                                struct err *err)
{
    struct world_layer *made = calloc(1, sizeof *made);
    struct world_share *share = calloc(1, sizeof *share);
    if (!made || !share) {
        free(made);
        free(share);
        arena_release(arena);
        return err_nomem(err);
    }
    pthread_mutex_init(&share->mutex, NULL);
    share->n_references = 1;
    share->layer = made;
    made->share = share;
    made->arena = *arena;
    made->layer = layer;
    made->record_bytes = records_binding(layer)->record_bytes;
    *out = made;
    return ERR_OK;
}

enum err_code world_layer_new(enum layer_id layer, void *records, size_t n, int32_t as_of,
                              struct arena *arena, const struct world_layer **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct world_layer *made = NULL;
    TRY(world_layer_begin(layer, arena, &made, err));
    made->records = records;
    if (n > LIMIT_RECORDS_PER_LAYER) {
        code = err_set(err, ERR_LIMIT, "layer %s holds %zu records; the limit is %d",
                       layer_name(layer), n, (int)LIMIT_RECORDS_PER_LAYER);
        goto done;
    }
    made->n = keep_holding(layer, made->record_bytes, records, n, as_of);
    TRY(world_layer_index(made, err));
    *out = made;
done:
    if (code != ERR_OK && made)
        layer_free(made);
    return code;
}

const struct world_layer *world_layer_acquire(const struct world_layer *layer)
{
    pthread_mutex_lock(&layer->share->mutex);
    layer->share->n_references++;
    pthread_mutex_unlock(&layer->share->mutex);
    return layer;
}

void world_layer_release(const struct world_layer *layer)
{
    if (!layer)
        return;
    struct world_share *share = layer->share;
    pthread_mutex_lock(&share->mutex);
    bool last = --share->n_references == 0;
    pthread_mutex_unlock(&share->mutex);
    if (last)
        layer_free(share->layer);
}
