#include "geo/findings.h"

#include "geo/finding_pages.h"
#include "geo/judging.h"

#include <math.h>

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

/* All sources of a layer. */
struct judging_all {
    const struct judging *judging;
    int layer; /* in finding_layers */
    struct findings *findings;
};

static enum err_code judge_rows(void *context, struct worker *worker, size_t first, size_t end,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    const struct judging_all *all = context;
    enum layer_id layer = finding_layers[all->layer];
    for (size_t row = first; row < end; row++) {
        struct finding_list *list = NULL;
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
    for (size_t l = 0; l < FINDING_LAYERS; l++)
        n_slots[l] = world_slots(world, finding_layers[l]);
    TRY(crew_fit(crew, world, err));
    TRY(judging_new(world, &judging, err));
    TRY(judging_prepare(judging, crew, err));
    TRY(findings_new(n_slots, true, &findings, err));
    for (int l = 0; l < FINDING_LAYERS; l++) {
        struct judging_all all = {judging, l, findings};
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
    findings_release(findings);
    judging_free(judging);
    return code;
}
