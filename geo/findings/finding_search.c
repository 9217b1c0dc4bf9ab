/* finding_search.c - findings by place: those whose shape, or whose box, touches a box. */
#include "geo/findings/finding_view.h"

#include "geo/measure/ellipsoid.h"
#include "geo/findings/finding_pages.h"

#include <math.h>

/* A shape lies between a source and a target within reach of it, or on the source: the source's
 * box, made larger by the reach, holds it. */
struct searching {
    const struct world *world;
    struct worker *worker;
    struct box box;
    double slack_m; /* of targets */
    struct arena *arena;
    struct finding_ref *refs;
    size_t n;
    size_t capacity;
};

static double slack_of_targets(const struct world *world)
{
    double slack_m = 0;
    for (size_t l = 0; l < LAYER_COUNT; l++)
        slack_m = fmax(slack_m, world_slack_m(world, (enum layer_id)l));
    return slack_m;
}

/* How far from its source the shape of a finding may reach, m. */
static double reach_of(const struct searching *search, float reach_m)
{
    return reach_m < 0 ? 0 : (double)reach_m + search->slack_m;
}

static struct box expand(struct box box, double reach_m)
{
    return isinf(reach_m) ? (struct box){-180, -90, 180, 90} : ellipsoid_expand(box, reach_m);
}

/* Whether a finding can touch the box: what costs nothing first. */
static bool may_touch(const struct searching *search, const struct finding *finding,
                      struct box source, double reach_m)
{
    const struct world *world = search->world;
    if (finding->kind == FINDING_BEYOND)
        return false;
    if (finding->kind != FINDING_DISTANCE && finding->kind != FINDING_RISK)
        return box_intersects(source, search->box);
    struct box target = world_geom(world, (enum layer_id)finding->target_layer,
                                   (size_t)finding_target_row(world, finding))
                            ->box;
    return box_intersects(expand(target, reach_m), search->box);
}

static enum err_code add_ref(struct searching *search, struct finding_ref ref, struct err *err)
{
    search->refs = arena_grow(search->arena, search->refs, &search->capacity, search->n + 1,
                              sizeof *search->refs);
    if (!search->refs)
        return err_nomem(err);
    search->refs[search->n++] = ref;
    return ERR_OK;
}

static struct box box_with_target(const struct world *world, const struct finding *finding,
                                  struct box source)
{
    int64_t target = finding_target_row(world, finding);
    const struct geom *geom =
        target < 0 ? NULL : world_geom(world, (enum layer_id)finding->target_layer, (size_t)target);
    return geom && geom->kind != GEOM_NONE ? box_union(source, geom->box) : source;
}

struct box finding_box(const struct world *world, struct finding_ref ref)
{
    return box_with_target(world, finding_at(world, ref),
                           world_geom(world, ref.layer, ref.row)->box);
}

/* By the boxes alone. */
static enum err_code search_boxes(struct searching *search, enum layer_id layer, uint32_t row,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    const struct finding_list *list = findings_of(search->world, layer, row);
    struct box source = world_geom(search->world, layer, row)->box;
    for (uint32_t k = 0; list && k < list->n; k++)
        if (box_intersects(box_with_target(search->world, finding_list_at(list, k), source),
                           search->box))
            TRY(add_ref(search, (struct finding_ref){layer, row, k}, err));
done:
    return code;
}

static enum err_code search_list(struct searching *search, enum layer_id layer, uint32_t row,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = search->world;
    const struct finding_list *list = findings_of(world, layer, row);
    struct box source = world_geom(world, layer, row)->box;
    if (!list)
        return ERR_OK;
    double reach_m = reach_of(search, list->reach_m);
    if (!box_intersects(expand(source, reach_m), search->box))
        return ERR_OK;
    for (uint32_t k = 0; k < list->n; k++) {
        struct finding_ref ref = {layer, row, k};
        struct geom shape;
        if (!may_touch(search, finding_list_at(list, k), source, reach_m))
            continue;
        struct arena_mark mark = arena_mark(&search->worker->arena);
        TRY(finding_shape(world, search->worker, ref, &search->worker->arena, &shape, err));
        bool touches = shape.kind != GEOM_NONE && box_intersects(shape.box, search->box);
        if (search->arena != &search->worker->arena)
            arena_rewind(&search->worker->arena, mark);
        if (!touches)
            continue;
        TRY(add_ref(search, ref, err));
    }
done:
    return code;
}

/* Every source whose reach touches the box. */
static enum err_code search_sources(struct searching *search,
                                    enum err_code (*look)(struct searching *search,
                                                          enum layer_id layer, uint32_t row,
                                                          struct err *err),
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = search->world;
    search->slack_m = slack_of_targets(world);
    for (size_t l = 0; l < FINDING_LAYERS && world->findings; l++) {
        uint32_t *rows = NULL;
        size_t n_rows = 0;
        double reach_m = reach_of(search, findings_totals(world->findings, l)->reach_m);
        TRY(world_search(world, finding_layers[l], expand(search->box, reach_m), search->arena,
                         &rows, &n_rows, err));
        for (size_t i = 0; i < n_rows; i++)
            TRY(look(search, finding_layers[l], rows[i], err));
    }
done:
    return code;
}

enum err_code findings_search(const struct world *world, struct worker *worker, struct box box,
                              struct arena *arena, struct finding_ref **refs, size_t *n,
                              struct err *err)
{
    struct searching search = {.world = world, .worker = worker, .box = box, .arena = arena};
    enum err_code code = search_sources(&search, search_list, err);
    *refs = search.refs;
    *n = search.n;
    return code;
}

enum err_code findings_near(const struct world *world, struct box box, struct arena *arena,
                            struct finding_ref **refs, size_t *n, struct err *err)
{
    struct searching search = {.world = world, .box = box, .arena = arena};
    enum err_code code = search_sources(&search, search_boxes, err);
    *refs = search.refs;
    *n = search.n;
    return code;
}
