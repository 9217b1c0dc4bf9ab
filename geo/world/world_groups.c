#include "geo/world/world_groups.h"

#include "geo/world/world_layer.h"

#include <string.h>

static uint32_t group_at(const struct world_groups *groups, size_t n_base, uint32_t place)
{
    return place < n_base ? groups->group_of[place] : groups->group_of_put[place - n_base];
}

/* Counts the rows of each group, then places them, so that rows stay ascending. */
enum err_code world_groups_place(const struct world_layer *layer, struct arena *arena,
                                 struct world_groups *groups, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena scratch;
    arena_init(&scratch, 0);
    uint32_t *starts = arena_new(arena, uint32_t, (size_t)groups->n + 2);
    uint32_t *rows = arena_alloc_raw(arena, layer->n, sizeof *rows);
    uint32_t *group_of = arena_alloc_raw(&scratch, layer->n, sizeof *group_of);
    TRY(starts && rows && group_of ? ERR_OK : err_nomem(err));
    const struct world_delta *delta = layer->delta;
    size_t n_base = delta ? delta->base->n : layer->n;
    for (size_t i = 0; i < layer->n; i++) {
        group_of[i] = group_at(groups, n_base, delta ? delta->order[i] : (uint32_t)i);
        if (group_of[i] != WORLD_NO_GROUP)
            starts[group_of[i] + 2]++;
    }
    /* starts[g + 1] walks from the start of group g to its end while rows are placed. */
    for (uint32_t g = 1; g <= groups->n; g++)
        starts[g + 1] += starts[g];
    for (size_t i = 0; i < layer->n; i++) {
        if (group_of[i] != WORLD_NO_GROUP)
            rows[starts[group_of[i] + 1]++] = (uint32_t)i;
    }
    groups->starts = starts;
    groups->rows = rows;
done:
    arena_release(&scratch);
    return code;
}

bool world_groups_stay(const struct world_layer *old, const struct world_layer *layer,
                       uint32_t n_before, const struct world_groups *groups)
{
    const struct world_delta *delta = layer->delta;
    size_t n_base = delta->base->n;
    for (uint32_t i = n_before; i < delta->n_put; i++) {
        uint32_t row = delta->rank[n_base + i];
        uint32_t place = old->delta ? old->delta->order[row] : row;
        if (group_at(groups, n_base, place) != groups->group_of_put[i])
            return false;
    }
    return true;
}

enum err_code world_groups_build(const struct world_layer *layer, const struct field_binding *field,
                                 struct arena *arena, struct world_groups *out, struct err *err)
{
    *out = (struct world_groups){.field = field};
    struct map *keys = arena_new(arena, struct map, 1);
    uint32_t *group_of = arena_new(arena, uint32_t, layer->n);
    if (!keys || !group_of)
        return err_nomem(err);
    map_init(keys, arena);
    for (size_t i = 0; i < layer->n; i++) {
        const char *key = record_text(world_layer_record(layer, i), field);
        group_of[i] = WORLD_NO_GROUP;
        if (!key)
            continue;
        int64_t group = map_get(keys, key);
        if (group == MAP_NONE) {
            group = out->n++;
            if (!map_put(keys, key, group, NULL))
                return err_nomem(err);
        }
        group_of[i] = (uint32_t)group;
    }
    out->keys = keys;
    out->group_of = group_of;
    return world_groups_place(layer, arena, out, err);
}

/* Where a key stands among the extra ones, or would. */
static uint32_t extra_place(const struct world_groups *groups, const char *key, bool *found)
{
    uint32_t low = 0, high = groups->n_extra;
    *found = false;
    while (low < high && !*found) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(groups->extra[middle].text, key);
        *found = order == 0;
        if (*found)
            low = middle;
        else if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint32_t find_group(const struct world_groups *groups, const char *key)
{
    int64_t group = groups->keys ? map_get(groups->keys, key) : MAP_NONE;
    if (group != MAP_NONE)
        return (uint32_t)group;
    bool found;
    uint32_t at = extra_place(groups, key, &found);
    return found ? groups->extra[at].group : WORLD_NO_GROUP;
}

enum err_code world_groups_name(const struct world_layer *layer, const struct world_groups *before,
                                uint32_t n_before, struct arena *arena, struct world_groups *out,
                                struct err *err)
{
    uint32_t n_put = layer->delta->n_put;
    *out = *before;
    out->holder = NULL;
    struct world_key *extra =
        arena_new(arena, struct world_key, (size_t)before->n_extra + n_put - n_before);
    uint32_t *group_of_put = arena_new(arena, uint32_t, n_put);
    if (!extra || !group_of_put)
        return err_nomem(err);
    if (before->n_extra > 0)
        memcpy(extra, before->extra, before->n_extra * sizeof *extra);
    if (n_before > 0)
        memcpy(group_of_put, before->group_of_put, n_before * sizeof *group_of_put);
    out->extra = extra;
    out->group_of_put = group_of_put;
    for (uint32_t i = n_before; i < n_put; i++) {
        const char *key = record_text(layer->delta->put[i], before->field);
        group_of_put[i] = key ? find_group(out, key) : WORLD_NO_GROUP;
        if (!key || group_of_put[i] != WORLD_NO_GROUP)
            continue;
        bool found;
        uint32_t at = extra_place(out, key, &found);
        memmove(extra + at + 1, extra + at, (out->n_extra++ - at) * sizeof *extra);
        group_of_put[i] = out->n++;
        extra[at] = (struct world_key){key, group_of_put[i]};
    }
    return ERR_OK;
}

enum err_code world_groups_extend(const struct world_layer *layer,
                                  const struct world_groups *before, uint32_t n_before,
                                  struct arena *arena, struct world_groups *out, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(world_groups_name(layer, before, n_before, arena, out, err));
    TRY(world_groups_place(layer, arena, out, err));
done:
    return code;
}

void world_groups_find(const struct world_groups *groups, const char *key, const uint32_t **rows,
                       size_t *n)
{
    *rows = NULL;
    *n = 0;
    uint32_t group = groups->field && key ? find_group(groups, key) : WORLD_NO_GROUP;
    if (group == WORLD_NO_GROUP)
        return;
    *rows = &groups->rows[groups->starts[group]];
    *n = groups->starts[group + 1] - groups->starts[group];
}
