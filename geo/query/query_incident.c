/* query_incident.c - who is inside, who can help. */
#include "data/base/text.h"
#include "geo/query/query.h"

#include <stdlib.h>
#include <string.h>

/* Nearest of each kind that the answer gives. */
enum { RESOURCES_A_KIND = 5 };

static const char *const KINDS[] = {"team", "expert", "store", "hospital", "shelter"};

/* Classes of GB 36894 from the one that bears least; what cannot be told comes last and is
 * listed as unknown. */
static int class_rank(const char *class)
{
    static const char *const order[] = {"high_sensitive", "important", "class_1", "class_2",
                                        "class_3"};
    for (int i = 0; i < 5; i++)
        if (text_equal(class, order[i]))
            return i;
    return 5;
}

struct ranked_target {
    struct near_row near;
    const char *class;
};

static int compare_targets(const void *a, const void *b)
{
    const struct ranked_target *x = a;
    const struct ranked_target *y = b;
    int i = class_rank(x->class);
    int j = class_rank(y->class);
    if (i != j)
        return i - j;
    if (x->near.closest.distance_m < y->near.closest.distance_m)
        return -1;
    if (x->near.closest.distance_m > y->near.closest.distance_m)
        return 1;
    return (x->near.row > y->near.row) - (x->near.row < y->near.row);
}

static enum err_code find_targets(const struct world *world, struct worker *worker,
                                  const struct geom *point, struct incident_answer *out,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena *arena = &worker->arena;
    const struct near_question question = {
        .world = world, .layer = LAYER_PROTECTED, .shape = point, .within_m = out->radius_m};
    TRY(near_within(&question, arena, &out->targets, &out->n_targets, err));
    struct ranked_target *ranked = arena_new(arena, struct ranked_target, out->n_targets);
    out->target_classes = arena_new(arena, const char *, out->n_targets);
    if (!ranked || !out->target_classes) {
        code = err_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < out->n_targets; i++) {
        const char *missing;
        ranked[i].near = out->targets[i];
        ranked[i].class = rules_protected_class(
            world->rules, world_protected(world, out->targets[i].row), &missing);
    }
    if (out->n_targets > 1)
        qsort(ranked, out->n_targets, sizeof *ranked, compare_targets);
    for (size_t i = 0; i < out->n_targets; i++) {
        out->targets[i] = ranked[i].near;
        out->target_classes[i] = ranked[i].class;
    }
done:
    return code;
}

struct kind_filter {
    const struct world *world;
    const char *kind;
};

static bool is_of_kind(void *context, uint32_t row)
{
    const struct kind_filter *filter = context;
    return text_equal(world_resource(filter->world, row)->kind, filter->kind);
}

static enum err_code find_resources(const struct world *world, struct worker *worker,
                                    const struct geom *point, struct incident_answer *out,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n_kinds = sizeof KINDS / sizeof KINDS[0];
    out->resources = arena_new(&worker->arena, struct near_row, n_kinds * RESOURCES_A_KIND);
    if (!out->resources)
        return err_nomem(err);
    for (size_t k = 0; k < n_kinds; k++) {
        struct kind_filter filter = {world, KINDS[k]};
        size_t n = 0;
        const struct near_question question = {.world = world,
                                               .layer = LAYER_RESOURCES,
                                               .shape = point,
                                               .within_m = INFINITY,
                                               .fits = is_of_kind,
                                               .context = &filter};
        TRY(near_nearest(&question, RESOURCES_A_KIND, &worker->arena,
                         out->resources + out->n_resources, &n, err));
        out->n_resources += n;
    }
done:
    return code;
}

enum err_code query_incident(const struct world *world, struct worker *worker, struct lonlat point,
                             double radius_m, struct incident_answer *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena *arena = &worker->arena;
    struct geom shape;
    *out = (struct incident_answer){.point = point, .radius_m = radius_m};
    TRY(geom_of_point(point, arena, &shape, err));
    out->unit = near_unit(world, point);
    TRY(near_exposure(world, worker, &shape, radius_m, &out->exposure, err));
    TRY(find_targets(world, worker, &shape, out, err));
    struct near_question near = {.world = world, .shape = &shape, .within_m = radius_m};
    near.layer = LAYER_ENTERPRISES;
    TRY(near_within(&near, arena, &out->plants, &out->n_plants, err));
    near.layer = LAYER_PIPELINES;
    TRY(near_within(&near, arena, &out->pipelines, &out->n_pipelines, err));
    near.layer = LAYER_INFRASTRUCTURE;
    TRY(near_within(&near, arena, &out->infrastructure, &out->n_infrastructure, err));
    TRY(find_resources(world, worker, &shape, out, err));
done:
    return code;
}
