#include "geo/findings/findings.h"

#include "geo/findings/finding_pages.h"
#include "geo/findings/judging.h"

#include <math.h>
#include <stdlib.h>

/* The next float that is not less. */
static float round_up(double x)
{
    float near = (float)x;
    return (double)near >= x ? near : nextafterf(near, INFINITY);
}

/* A source without any rule, finding or note has no list. */
static enum err_code list_of_bag(const struct world *world, struct finding_bag *bag,
                                 struct finding_list **out, struct err *err)
{
    *out = NULL;
    if (bag->n == 0 && bag->n_judged == 0 && bag->reach_m < 0 && !(bag->coarse_radius_m > 0))
        return ERR_OK;
    finding_sort(world, bag->items, bag->n);
    struct finding_list *list = finding_list_new(bag->items, bag->n);
    if (!list)
        return err_nomem(err);
    list->n_judged = bag->n_judged;
    list->reach_m = round_up(bag->reach_m);
    for (int t = 0; t < FINDING_TARGETS; t++)
        list->target_reach_m[t] = round_up(bag->target_reach_m[t]);
    list->coarse_radius_m = bag->coarse_radius_m;
    list->coarse_cell_m = bag->coarse_cell_m;
    *out = list;
    return ERR_OK;
}

enum err_code findings_of_source(const struct judging *judging, struct worker *worker,
                                 enum layer_id layer, size_t row, struct finding_list **out,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena_mark mark = arena_mark(&worker->arena);
    struct finding_bag bag = {.arena = &worker->arena, .reach_m = -1};
    *out = NULL;
    for (int t = 0; t < FINDING_TARGETS; t++)
        bag.target_reach_m[t] = -1;
    if (layer == LAYER_ZONES)
        TRY(density_find(judging, worker, row, &bag, err));
    else
        TRY(distances_find(judging, layer, row, &bag, err));
    if (layer == LAYER_ENTERPRISES)
        TRY(red_lines_find(judging, worker, row, &bag, err));
    TRY(risk_find(judging, worker, layer, row, &bag, err));
    TRY(list_of_bag(judging->world, &bag, out, err));
done:
    arena_rewind(&worker->arena, mark);
    return code;
}

/* ---- all of them ---- */

/* All sources of a layer: row order[i] is the i-th to be judged, neighbours in space soon after
 * each other, so that the targets of one are still at hand for the next. */
struct judging_all {
    const struct judging *judging;
    int layer; /* in finding_layers */
    const uint32_t *order;
    struct findings *findings;
};

struct placed_row {
    uint64_t key;
    uint32_t row;
};

/* 16 bits with a gap after each. */
static uint64_t spread(uint32_t x)
{
    uint64_t bits = 0;
    for (int i = 0; i < 16; i++)
        bits |= (uint64_t)(x >> i & 1) << (2 * i);
    return bits;
}

/* Along a Z-curve of steps of 0.0055 degrees. */
static uint64_t key_of(const struct geom *geom)
{
    if (geom->kind == GEOM_NONE)
        return 0;
    double east = (geom->box.west_deg + geom->box.east_deg) / 2 + 180;
    double north = (geom->box.south_deg + geom->box.north_deg) / 2 + 90;
    return spread((uint32_t)fmin(fmax(east / 360 * 65535, 0), 65535)) |
           spread((uint32_t)fmin(fmax(north / 360 * 65535, 0), 65535)) << 1;
}

static int compare_placed(const void *a, const void *b)
{
    const struct placed_row *x = a;
    const struct placed_row *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static enum err_code order_rows(const struct world *world, enum layer_id layer, struct arena *arena,
                                const uint32_t **out, struct err *err)
{
    size_t n = world_count(world, layer);
    struct placed_row *placed = arena_new(arena, struct placed_row, n);
    uint32_t *order = arena_new(arena, uint32_t, n);
    if (!placed || !order)
        return err_nomem(err);
    for (size_t row = 0; row < n; row++)
        placed[row] = (struct placed_row){key_of(world_geom(world, layer, row)), (uint32_t)row};
    if (n > 1)
        qsort(placed, n, sizeof *placed, compare_placed);
    for (size_t i = 0; i < n; i++)
        order[i] = placed[i].row;
    *out = order;
    return ERR_OK;
}

static enum err_code judge_rows(void *context, struct worker *worker, size_t first, size_t end,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    const struct judging_all *all = context;
    enum layer_id layer = finding_layers[all->layer];
    for (size_t i = first; i < end; i++) {
        struct finding_list *list = NULL;
        uint32_t row = all->order[i];
        TRY(findings_of_source(all->judging, worker, layer, row, &list, err));
        if (list)
            findings_place(all->findings, all->layer, world_slot(all->judging->world, layer, row),
                           list);
    }
done:
    return code;
}

enum err_code findings_all(const struct world *world, struct crew *crew, struct findings **out,
                           struct err *err)
{
    enum err_code code = ERR_OK;
    struct judging *judging = NULL;
    struct findings *findings = NULL;
    size_t n_slots[FINDING_LAYERS];
    struct arena scratch;
    arena_init(&scratch, 0);
    for (size_t l = 0; l < FINDING_LAYERS; l++)
        n_slots[l] = world_slots(world, finding_layers[l]);
    TRY(crew_fit(crew, world, err));
    TRY(judging_new(world, &judging, err));
    TRY(judging_prepare(judging, crew, err));
    TRY(findings_new(n_slots, true, &findings, err));
    for (int l = 0; l < FINDING_LAYERS; l++) {
        struct judging_all all = {judging, l, NULL, findings};
        TRY(order_rows(world, finding_layers[l], &scratch, &all.order, err));
        const struct parallel work = {.crew = crew,
                                      .n_items = world_count(world, finding_layers[l]),
                                      .chunk = 64,
                                      .context = &all,
                                      .run = judge_rows};
        TRY(parallel_for(&work, err));
    }
    findings_settle(findings);
    *out = findings;
    findings = NULL;
done:
    arena_release(&scratch);
    findings_release(findings);
    judging_free(judging);
    return code;
}
