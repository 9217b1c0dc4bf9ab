#include "geo/world_layer.h"

#include "data/base/limits.h"
#include "geo/ellipsoid.h"

#include <stdlib.h>
#include <string.h>

static const struct record_head *head_of(const struct world_layer *layer, size_t row)
{
    return record_at(layer->layer, layer->records, row);
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

/* Groups rows by a text field: counts first, then places, so that rows stay ascending. */
static enum err_code index_groups(struct world_layer *layer, const struct field_binding *field,
                                  struct world_groups *groups, struct err *err)
{
    struct arena *arena = &layer->arena;
    map_init(&groups->keys, arena);
    uint32_t *group_of = arena_new(arena, uint32_t, layer->n);
    groups->starts = arena_new(arena, uint32_t, layer->n + 2);
    groups->rows = arena_new(arena, uint32_t, layer->n);
    if (!group_of || !groups->starts || !groups->rows)
        return err_nomem(err);
    uint32_t n_groups = 0;
    for (size_t i = 0; i < layer->n; i++) {
        const char *key = record_text(head_of(layer, i), field);
        group_of[i] = UINT32_MAX;
        if (!key)
            continue;
        int64_t group = map_get(&groups->keys, key);
        if (group == MAP_NONE) {
            group = n_groups++;
            if (!map_put(&groups->keys, key, group, NULL))
                return err_nomem(err);
        }
        group_of[i] = (uint32_t)group;
        groups->starts[group + 2]++;
    }
    /* starts[g + 1] walks from the start of group g to its end while rows are placed. */
    for (uint32_t g = 1; g <= n_groups; g++)
        groups->starts[g + 1] += groups->starts[g];
    for (size_t i = 0; i < layer->n; i++) {
        if (group_of[i] != UINT32_MAX)
            groups->rows[groups->starts[group_of[i] + 1]++] = (uint32_t)i;
    }
    return ERR_OK;
}

static int compare_codes(const void *a, const void *b, void *context)
{
    const struct admin_unit *units = context;
    uint32_t i = *(const uint32_t *)a;
    uint32_t j = *(const uint32_t *)b;
    int by_code = strcmp(units[i].code, units[j].code);
    return by_code ? by_code : (i > j) - (i < j);
}

static enum err_code index_units(struct world_layer *layer, void *records, struct err *err)
{
    struct admin_unit *units = records;
    map_init(&layer->codes, &layer->arena);
    layer->area_m2 = arena_new(&layer->arena, double, layer->n);
    if (!layer->area_m2)
        return err_nomem(err);
    for (size_t level = 1; level < 5; level++) {
        layer->units[level] = arena_new(&layer->arena, uint32_t, layer->n);
        if (!layer->units[level])
            return err_nomem(err);
    }
    for (size_t i = 0; i < layer->n; i++) {
        int32_t level = units[i].level;
        if (!units[i].code || level < 1 || level > 4)
            return err_set(err, ERR_INPUT, "admin \"%s\" needs a code and a level of 1 to 4",
                           units[i].head.id);
        layer->area_m2[i] = ellipsoid_area_m2(&units[i].head.geom);
        layer->units[level][layer->n_units[level]++] = (uint32_t)i;
        int64_t previous = MAP_NONE;
        if (!map_put(&layer->codes, units[i].code, (int64_t)i, &previous))
            return err_nomem(err);
        if (previous != MAP_NONE)
            return err_set(err, ERR_INPUT, "admin \"%s\": the code %s stands twice",
                           units[i].head.id, units[i].code);
    }
    for (size_t level = 1; level < 5; level++)
        qsort_r(layer->units[level], layer->n_units[level], sizeof(uint32_t), compare_codes, units);
    return ERR_OK;
}

static enum err_code layer_index(struct world_layer *layer, void *records, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(index_boxes(layer, err));
    TRY(index_ids(layer, err));
    const struct field_binding *owner = records_field(layer->layer, "enterprise_id");
    if (owner)
        TRY(index_groups(layer, owner, &layer->children, err));
    if (layer->layer == LAYER_GRADES)
        TRY(index_groups(layer, records_field(LAYER_GRADES, "subject_id"), &layer->subjects, err));
    if (layer->layer == LAYER_ADMIN)
        TRY(index_units(layer, records, err));
done:
    return code;
}

static void layer_free(struct world_layer *layer)
{
    struct world_share *share = layer->share;
    arena_release(&layer->arena);
    free(layer);
    pthread_mutex_destroy(&share->mutex);
    free(share);
}

enum err_code world_layer_new(enum layer_id layer, void *records, size_t n, int32_t as_of,
                              struct arena *arena, const struct world_layer **out, struct err *err)
{
    enum err_code code = ERR_OK;
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
    made->records = records;
    if (n > LIMIT_RECORDS_PER_LAYER) {
        code = err_set(err, ERR_LIMIT, "layer %s holds %zu records; the limit is %d",
                       layer_name(layer), n, (int)LIMIT_RECORDS_PER_LAYER);
        goto done;
    }
    made->n = keep_holding(layer, made->record_bytes, records, n, as_of);
    TRY(layer_index(made, records, err));
    *out = made;
done:
    if (code != ERR_OK)
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
