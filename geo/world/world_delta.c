/* world_delta.c - what is asked of a layer that edits laid a delta over: base and delta are
 * asked in turn, what is dead is left out, places become rows. */
#include "geo/world/world_layer.h"

#include <stdlib.h>
#include <string.h>

/* How many records of the delta a search for the nearest looks up at first, and how many times
 * as many each time that was too few. */
enum { NEAREST_FIRST = 8, NEAREST_MORE = 8 };

size_t world_layer_row_from(const struct world_layer *layer, const char *id)
{
    size_t low = 0, high = layer->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct record_head *head = world_layer_record(layer, middle);
        if (strcmp(head->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t world_layer_slots(const struct world_layer *layer)
{
    return layer->delta ? layer->delta->base->n_slots + layer->delta->n_put : layer->n_slots;
}

uint32_t world_layer_slot(const struct world_layer *layer, size_t row)
{
    const struct world_layer *base = layer->delta ? layer->delta->base : layer;
    uint32_t place = layer->delta ? layer->delta->order[row] : (uint32_t)row;
    if (place >= base->n)
        return (uint32_t)(base->n_slots + (place - base->n));
    return base->slot_of ? base->slot_of[place] : place;
}

int64_t world_layer_row(const struct world_layer *layer, uint32_t slot)
{
    const struct world_layer *base = layer->delta ? layer->delta->base : layer;
    if (slot >= world_layer_slots(layer))
        return -1;
    uint32_t place = slot >= base->n_slots ? (uint32_t)(base->n + (slot - base->n_slots))
                     : base->place_of      ? base->place_of[slot]
                                           : slot;
    uint32_t row = place == WORLD_NO_ROW || !layer->delta ? place : layer->delta->rank[place];
    return row == WORLD_NO_ROW ? -1 : (int64_t)row;
}

int64_t world_delta_find(const struct world_layer *layer, const char *id)
{
    const struct world_delta *delta = layer->delta;
    int64_t place = map_get(&delta->base->ids, id);
    if (place != MAP_NONE && delta->rank[place] != WORLD_NO_ROW)
        return delta->rank[place];
    uint32_t low = 0, high = id ? delta->n_live : 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct record_head *head = world_layer_at(layer, delta->live[middle]);
        int order = strcmp(head->id, id);
        if (order == 0)
            return delta->rank[delta->live[middle]];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

/* Records of the base that stand keep their order: places ascending are rows ascending. */
static size_t places_to_rows(const struct world_delta *delta, uint32_t *places, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (delta->rank[places[i]] != WORLD_NO_ROW)
            places[kept++] = delta->rank[places[i]];
    }
    return kept;
}

enum err_code world_delta_search(const struct world_layer *layer, struct box box, bool lines,
                                 struct arena *arena, uint32_t **rows, size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world_delta *delta = layer->delta;
    uint32_t *kept = NULL, *put = NULL, *merged = NULL;
    size_t n_kept = 0, n_put = 0;
    if (lines)
        TRY(world_layer_search_lines(delta->base, box, arena, &kept, &n_kept, err));
    else
        TRY(rtree_collect(&delta->base->tree, box, arena, &kept, &n_kept, err));
    TRY(rtree_collect(&delta->tree, box, arena, &put, &n_put, err));
    n_kept = places_to_rows(delta, kept, n_kept);
    *rows = kept;
    *n = n_kept;
    if (n_put == 0)
        goto done;
    merged = arena_new(arena, uint32_t, n_kept + n_put);
    if (!merged)
        return err_nomem(err);
    for (size_t i = 0, j = 0; i < n_kept || j < n_put;) {
        uint32_t row = j < n_put ? delta->rank[delta->live[put[j]]] : WORLD_NO_ROW;
        if (i < n_kept && kept[i] < row) {
            merged[i + j] = kept[i];
            i++;
        } else {
            merged[i + j] = row;
            j++;
        }
    }
    *rows = merged;
    *n = n_kept + n_put;
done:
    return code;
}

struct touching {
    const struct world_delta *delta;
    bool of_put; /* items number live[], not places */
    bool stopped;
    void *context;
    bool (*visit)(void *context, uint32_t row);
};

static bool touch_item(void *context, uint32_t item)
{
    struct touching *touching = context;
    const struct world_delta *delta = touching->delta;
    uint32_t row = delta->rank[touching->of_put ? delta->live[item] : item];
    if (row != WORLD_NO_ROW && !touching->visit(touching->context, row))
        touching->stopped = true;
    return !touching->stopped;
}

void world_delta_touch(const struct world_layer *layer, struct box box, void *context,
                       bool (*visit)(void *context, uint32_t row))
{
    struct touching touching = {.delta = layer->delta, .context = context, .visit = visit};
    rtree_search(&layer->delta->base->tree, box, &touching, touch_item);
    touching.of_put = true;
    if (!touching.stopped)
        rtree_search(&layer->delta->tree, box, &touching, touch_item);
}

/* ---- nearest ---- */

struct near_put {
    uint32_t row;
    double at_least_m;
};

/* The base is walked; before each of its records come those of the delta that are nearer. These
 * are looked up a few at a time. */
struct nearing {
    const struct world_delta *delta;
    struct box from;
    struct arena *scratch;
    void *context;
    bool (*visit)(void *context, uint32_t row, double at_least_m);
    struct near_put *puts;
    size_t n_puts;
    size_t capacity;
    size_t n_visited; /* of the delta's */
    bool stopped;
    enum err_code code;
    struct err *err;
};

static bool collect_put(void *context, uint32_t item, double at_least_m)
{
    struct nearing *nearing = context;
    const struct world_delta *delta = nearing->delta;
    nearing->puts[nearing->n_puts++] =
        (struct near_put){delta->rank[delta->live[item]], at_least_m};
    return nearing->n_puts < nearing->capacity;
}

/* The next record of the delta, or NULL after the last and on an error. */
static const struct near_put *next_put(struct nearing *nearing)
{
    if (nearing->n_visited == nearing->n_puts && nearing->n_puts == nearing->capacity &&
        nearing->code == ERR_OK) {
        size_t most = nearing->delta->n_live;
        size_t wanted = nearing->capacity ? nearing->capacity * NEAREST_MORE : NEAREST_FIRST;
        wanted = wanted < most ? wanted : most;
        if (wanted == nearing->capacity)
            return NULL;
        nearing->capacity = wanted;
        nearing->n_puts = 0;
        nearing->puts = arena_new(nearing->scratch, struct near_put, wanted);
        nearing->code = nearing->puts
                            ? rtree_nearest(&nearing->delta->tree, nearing->from, nearing->scratch,
                                            nearing, collect_put, nearing->err)
                            : err_nomem(nearing->err);
    }
    if (nearing->code != ERR_OK || nearing->n_visited >= nearing->n_puts)
        return NULL;
    return &nearing->puts[nearing->n_visited];
}

/* Visits the delta's records that come before (at_least_m, row). */
static void visit_puts(struct nearing *nearing, double at_least_m, uint32_t row)
{
    const struct near_put *put;
    while (!nearing->stopped && (put = next_put(nearing)) != NULL) {
        bool before =
            put->at_least_m < at_least_m || (!(put->at_least_m > at_least_m) && put->row < row);
        if (!before)
            return;
        nearing->n_visited++;
        nearing->stopped = !nearing->visit(nearing->context, put->row, put->at_least_m);
    }
}

static bool visit_base(void *context, uint32_t place, double at_least_m)
{
    struct nearing *nearing = context;
    uint32_t row = nearing->delta->rank[place];
    if (row == WORLD_NO_ROW)
        return true;
    visit_puts(nearing, at_least_m, row);
    if (!nearing->stopped && nearing->code == ERR_OK)
        nearing->stopped = !nearing->visit(nearing->context, row, at_least_m);
    return !nearing->stopped && nearing->code == ERR_OK;
}

enum err_code world_delta_nearest(const struct world_layer *layer, struct box from,
                                  struct arena *scratch, void *context,
                                  bool (*visit)(void *context, uint32_t row, double at_least_m),
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    struct nearing nearing = {.delta = layer->delta,
                              .from = from,
                              .scratch = scratch,
                              .context = context,
                              .visit = visit,
                              .err = err};
    TRY(rtree_nearest(&layer->delta->base->tree, from, scratch, &nearing, visit_base, err));
    visit_puts(&nearing, INFINITY, WORLD_NO_ROW);
    code = nearing.code;
done:
    return code;
}
