#include "geo/findings/spacing_join.h"

#include "data/base/text.h"
#include "geo/findings/finding.h"
#include "geo/measure/edges.h"
#include "geo/measure/ellipsoid.h"
#include "geo/world/near.h"

#include <stdlib.h>
#include <string.h>

/* ---- what a set of rows means ---- */

/* Counts the steps of each layer; with `out`, writes them. */
static void walk_steps(const struct world *world, const struct spacing_set *set,
                       size_t n_steps[LAYER_COUNT], struct spacing_step *out[LAYER_COUNT])
{
    memset(n_steps, 0, LAYER_COUNT * sizeof *n_steps);
    for (size_t m = 0; m < set->n; m++) {
        size_t i = 0;
        const struct target_class *class;
        while ((class = spacing_target(world, set->matches[m].rule, &i))) {
            if (predicate_is_never(class->predicate))
                continue;
            size_t at = n_steps[class->layer]++;
            if (out)
                out[class->layer][at] = (struct spacing_step){
                    (uint16_t)m, (uint16_t)(class - world->rules->target_classes)};
        }
    }
}

static void find_reach(const struct world *world, struct spacing_set *set)
{
    set->most_m = -1;
    for (size_t l = 0; l < LAYER_COUNT; l++) {
        set->value_m[l] = -1;
        for (size_t i = 0; i < set->n_steps[l]; i++)
            set->value_m[l] =
                fmax(set->value_m[l], set->matches[set->steps[l][i].match].rule->value_m);
        set->most_m = fmax(set->most_m, set->value_m[l]);
    }
    for (size_t m = 0; m < set->n; m++) {
        const struct spacing_match *match = &set->matches[m];
        set->n_judged += !match->missing && confidence_decides(match->rule->source.confidence) &&
                         spacing_has_data(world, match->rule);
    }
}

enum err_code spacing_set_of(const struct world *world, const struct spacing_match *matches,
                             size_t n, struct arena *arena, struct spacing_set *out,
                             struct err *err)
{
    struct spacing_step *steps[LAYER_COUNT] = {NULL};
    *out = (struct spacing_set){.matches = matches, .n = n};
    walk_steps(world, out, out->n_steps, NULL);
    for (size_t l = 0; l < LAYER_COUNT; l++) {
        steps[l] = arena_new(arena, struct spacing_step, out->n_steps[l]);
        if (!steps[l])
            return err_nomem(err);
        out->steps[l] = steps[l];
    }
    walk_steps(world, out, out->n_steps, steps);
    find_reach(world, out);
    return ERR_OK;
}

static double slack_of_source_m(const struct spacing_source *source)
{
    return source->error_m + source->radius_m + spacing_half_diameter_m(source);
}

double spacing_reach_m(const struct spacing_source *source, const struct spacing_set *set)
{
    return set->most_m < 0 ? -1 : set->most_m + slack_of_source_m(source);
}

double spacing_reach_to_m(const struct spacing_source *source, const struct spacing_set *set,
                          enum layer_id layer)
{
    return set->value_m[layer] < 0 ? -1 : set->value_m[layer] + slack_of_source_m(source);
}

/* ---- which targets are near ---- */

static int compare_rows(const void *a, const void *b)
{
    uint32_t i = *(const uint32_t *)a;
    uint32_t j = *(const uint32_t *)b;
    return (i > j) - (i < j);
}

/* Rows of a layer, growing; the same row may come twice until rows_settle. */
struct rows {
    uint32_t *items;
    size_t n;
    size_t capacity;
};

static enum err_code rows_add(struct rows *rows, const uint32_t *some, size_t n,
                              struct arena *arena, struct err *err)
{
    if (n == 0)
        return ERR_OK;
    rows->items = arena_grow(arena, rows->items, &rows->capacity, rows->n + n, sizeof *some);
    if (!rows->items)
        return err_nomem(err);
    memcpy(rows->items + rows->n, some, n * sizeof *some);
    rows->n += n;
    return ERR_OK;
}

static void rows_settle(struct rows *rows)
{
    size_t kept = 0;
    if (!rows->items)
        return;
    qsort(rows->items, rows->n, sizeof *rows->items, compare_rows);
    for (size_t i = 0; i < rows->n; i++) {
        if (kept == 0 || rows->items[kept - 1] != rows->items[i])
            rows->items[kept++] = rows->items[i];
    }
    rows->n = kept;
}

static double area_deg2(struct box box, double reach_m)
{
    box = ellipsoid_expand(box, reach_m);
    return (box.east_deg - box.west_deg) * (box.north_deg - box.south_deg);
}

/* Whether the two halves of a stretch of edges from..to - 1 are searched for less ground than all
 * of it: by so much that it is worth another search. */
static bool halves_are_less(const struct lonlat *points, uint32_t from, uint32_t to, struct box box,
                            double reach_m)
{
    const double worth = 0.75;
    uint32_t middle = from + (to - from) / 2;
    if (to - from < 2)
        return false;
    struct box first = box_of_points(points + from, middle - from + 1);
    struct box second = box_of_points(points + middle, to - middle + 1);
    return area_deg2(first, reach_m) + area_deg2(second, reach_m) < worth * area_deg2(box, reach_m);
}

struct stretch {
    uint32_t from; /* edges from .. to - 1, vertices from .. to */
    uint32_t to;
};

/* Rows near a stretch, which is halved for as long as that spares ground. */
static enum err_code search_stretch(const struct spacing_join *join, enum layer_id layer,
                                    struct stretch whole, double reach_m, struct rows *rows,
                                    struct err *err)
{
    enum { MOST_WAITING = 32 }; /* a half each time: more than edges can be told apart by */
    enum err_code code = ERR_OK;
    const struct lonlat *points = join->source->geom->points;
    struct stretch waiting[MOST_WAITING] = {whole};
    for (int n_waiting = 1; n_waiting > 0;) {
        struct stretch one = waiting[--n_waiting];
        struct box box = box_of_points(points + one.from, one.to - one.from + 1);
        if (n_waiting + 2 <= MOST_WAITING &&
            halves_are_less(points, one.from, one.to, box, reach_m)) {
            uint32_t middle = one.from + (one.to - one.from) / 2;
            waiting[n_waiting++] = (struct stretch){middle, one.to};
            waiting[n_waiting++] = (struct stretch){one.from, middle};
            continue;
        }
        uint32_t *some = NULL;
        size_t n = 0;
        TRY(near_candidates(join->world, layer, box, reach_m, join->scratch, &some, &n, err));
        TRY(rows_add(rows, some, n, join->scratch, err));
    }
done:
    return code;
}

/* Rows near any stretch of the source. A line is searched in stretches, since the box of a
 * pipeline across a province holds half of the province; in shorter ones where its reach is short
 * against its edges. */
static enum err_code search_near(const struct spacing_join *join, enum layer_id layer, double reach,
                                 struct rows *rows, struct err *err)
{
    enum { STRETCH = 32 };
    enum err_code code = ERR_OK;
    const struct geom *geom = join->source->geom;
    if (geom->kind != GEOM_LINE)
        return near_candidates(join->world, layer, geom->box, reach, join->scratch, &rows->items,
                               &rows->n, err);
    for (uint32_t ring = 0; ring < geom->n_rings; ring++) {
        uint32_t end = geom->ring_ends[ring];
        for (uint32_t from = geom_ring_start(geom, ring); from + 1 < end; from += STRETCH) {
            uint32_t to = end - from < STRETCH + 1 ? end - 1 : from + STRETCH;
            TRY(search_stretch(join, layer, (struct stretch){from, to}, reach, rows, err));
        }
    }
    rows_settle(rows);
done:
    return code;
}

/* ---- one target ---- */

/* A target on the way to its findings. */
struct target {
    enum layer_id layer;
    uint32_t row;
    const struct record_head *head;
    struct spacing_facts facts;
    bool has_grave; /* the facts say whether it is a grave one */
    struct closest closest;
    struct spacing_finding *open; /* those that an attribute leaves undecided */
    size_t n_open;
    size_t room;
};

static enum truth is_of_class(const struct spacing_join *join, const struct target *target,
                              uint16_t class_index, const char **missing)
{
    const struct target_class *class = &join->world->rules->target_classes[class_index];
    const struct spacing_targets *known = join->targets ? &join->targets[target->layer] : NULL;
    *missing = NULL;
    if (known && known->truths && known->truths[class_index]) {
        enum truth truth = (enum truth)known->truths[class_index][target->row];
        if (truth != TRUTH_UNKNOWN)
            return truth;
    }
    return predicate_eval(class->predicate, target->head, missing);
}

/* The class of a row that the target is for sure, else the first that it may be; NULL: none. */
static const struct target_class *class_of(const struct spacing_join *join,
                                           const struct target *target,
                                           const struct spacing_step *steps, size_t n,
                                           const char **missing)
{
    const struct target_class *classes = join->world->rules->target_classes;
    const struct target_class *maybe = NULL;
    for (size_t i = 0; i < n; i++) {
        const char *absent = NULL;
        enum truth truth = is_of_class(join, target, steps[i].class_index, &absent);
        if (truth == TRUTH_YES) {
            *missing = NULL;
            return &classes[steps[i].class_index];
        }
        if (truth == TRUTH_UNKNOWN && !maybe) {
            maybe = &classes[steps[i].class_index];
            *missing = absent ? absent : "an attribute";
        }
    }
    return maybe;
}

/* One finding a missing attribute: the row that requires most. */
static enum err_code keep_open(const struct spacing_join *join, struct target *target,
                               const struct spacing_finding *finding, struct err *err)
{
    for (size_t i = 0; i < target->n_open; i++) {
        struct spacing_finding *other = &target->open[i];
        if (!text_equal(other->missing, finding->missing))
            continue;
        if (finding->rule->value_m > other->rule->value_m)
            *other = *finding;
        return ERR_OK;
    }
    target->open =
        arena_grow(join->scratch, target->open, &target->room, target->n_open + 1, sizeof *finding);
    if (!target->open)
        return err_nomem(err);
    target->open[target->n_open++] = *finding;
    return ERR_OK;
}

/* All rows against the target. */
static enum err_code judge_target(const struct spacing_join *join, struct target *target,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    const struct spacing_step *steps = join->set->steps[target->layer];
    size_t n = join->set->n_steps[target->layer];
    for (size_t i = 0, next; i < n; i = next) {
        for (next = i + 1; next < n && steps[next].match == steps[i].match; next++)
            ;
        struct spacing_match match = join->set->matches[steps[i].match];
        const char *missing = NULL;
        const struct target_class *class = class_of(join, target, steps + i, next - i, &missing);
        if (!class)
            continue;
        match.missing = match.missing ? match.missing : missing;
        if (!class->grave && !target->has_grave) {
            spacing_find_grave(join->world, target->layer, target->head, &target->facts);
            target->has_grave = true;
        }
        struct spacing_finding finding;
        spacing_judge_pair(join->source, &match, class, &target->facts, &target->closest, &finding);
        finding.row = target->row;
        if (finding.answer.by == UNDECIDED_ATTRIBUTE)
            TRY(keep_open(join, target, &finding, err));
        else if (finding.answer.verdict != VERDICT_CLEAR)
            TRY(join->found(join->context, &finding, err));
    }
    for (size_t i = 0; i < target->n_open; i++)
        TRY(join->found(join->context, &target->open[i], err));
done:
    return code;
}

/* How far off a target of a layer may be and still matter to some row; negative: none. */
static double reach_of_layer_m(const struct spacing_join *join, enum layer_id layer)
{
    if (join->set->value_m[layer] < 0 || join->source->geom->kind == GEOM_NONE)
        return -1;
    return spacing_reach_to_m(join->source, join->set, layer) + world_slack_m(join->world, layer);
}

/* As distance_shapes, without a look at the records: most of what a search finds are points. */
static enum err_code distance_points(const struct spacing_source *source,
                                     const struct spacing_facts *target, double reach_m,
                                     struct closest *out, struct err *err)
{
    double dx = source->ecef.x - target->ecef.x;
    double dy = source->ecef.y - target->ecef.y;
    double dz = source->ecef.z - target->ecef.z;
    struct lonlat from = source->geom->points[0];
    *out = (struct closest){INFINITY, from, target->place};
    /* No arc is shorter than its chord, but for rounding. */
    if (dx * dx + dy * dy + dz * dz > reach_m * reach_m * (1 + 1e-12))
        return ERR_OK;
    out->distance_m = ellipsoid_between_m(from, source->ecef, target->place, target->ecef);
    if (isnan(out->distance_m))
        return err_set(err, ERR_INPUT, "a point is no longitude and latitude in degrees");
    return ERR_OK;
}

/* The edges of a source that meets many targets: made when the first may be in reach. */
struct prepared {
    bool built;
    struct edges edges;
};

/* As distance_shapes. */
static enum err_code distance_prepared(const struct spacing_join *join, struct prepared *prepared,
                                       const struct geom *target, double reach_m,
                                       struct closest *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct geom *geom = join->source->geom;
    *out = (struct closest){.distance_m = INFINITY};
    if (geom->n_points == 0 || rtree_box_distance_m(geom->box, target->box) > reach_m)
        return ERR_OK;
    if (!prepared->built && !distance_may_reach(geom, target->box, reach_m))
        return ERR_OK;
    if (!prepared->built)
        TRY(edges_build(geom, join->scratch, &prepared->edges, err));
    prepared->built = true;
    TRY(distance_edges_shape(&prepared->edges, target, reach_m, join->scratch, out, err));
done:
    return code;
}

/* prepared NULL: it meets this one alone. */
static enum err_code join_target(const struct spacing_join *join, enum layer_id layer, uint32_t row,
                                 double reach_m, struct prepared *prepared, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct spacing_targets *known = join->targets ? &join->targets[layer] : NULL;
    struct target target = {
        .layer = layer, .row = row, .head = world_record(join->world, layer, row)};
    if (!spacing_may_be_target(join->source, layer, target.head))
        return ERR_OK;
    target.has_grave = known && known->facts;
    target.facts =
        target.has_grave ? known->facts[row] : spacing_measures_of(join->world, layer, target.head);
    if (target.facts.is_point && join->source->is_point)
        TRY(distance_points(join->source, &target.facts, reach_m, &target.closest, err));
    else if (prepared && !join->source->is_point)
        TRY(distance_prepared(join, prepared, &target.head->geom, reach_m, &target.closest, err));
    else
        TRY(distance_shapes(join->source->geom, &target.head->geom, reach_m, join->scratch,
                            &target.closest, err));
    if (!(target.closest.distance_m <= reach_m))
        goto done;
    TRY(judge_target(join, &target, err));
done:
    return code;
}

enum err_code spacing_join_one(const struct spacing_join *join, enum layer_id layer, uint32_t row,
                               struct err *err)
{
    double reach_m = reach_of_layer_m(join, layer);
    return reach_m < 0 ? ERR_OK : join_target(join, layer, row, reach_m, NULL, err);
}

/* Records lie all over memory: some are asked for at once, then what they point to. */
static enum err_code join_rows(const struct spacing_join *join, enum layer_id layer,
                               const struct rows *rows, double reach_m, struct prepared *prepared,
                               struct err *err)
{
    enum { MOST = 32 };
    enum err_code code = ERR_OK;
    const struct record_head *heads[MOST];
    const struct spacing_facts *facts = join->targets ? join->targets[layer].facts : NULL;
    for (size_t first = 0, end; first < rows->n; first = end) {
        end = rows->n - first < MOST ? rows->n : first + MOST;
        for (size_t i = first; i < end; i++) {
            const struct record_head *head = world_record(join->world, layer, rows->items[i]);
            heads[i - first] = head;
            __builtin_prefetch(head);
            __builtin_prefetch((const char *)(head + 1) - 1);
            __builtin_prefetch(head + 1);
            if (facts) {
                __builtin_prefetch(&facts[rows->items[i]]);
                __builtin_prefetch((const char *)(&facts[rows->items[i]] + 1) - 1);
            }
        }
        for (size_t i = first; i < end; i++) /* by now they are there */
            __builtin_prefetch(heads[i - first]->geom.points);
        for (size_t i = first; i < end; i++)
            TRY(join_target(join, layer, rows->items[i], reach_m, prepared, err));
    }
done:
    return code;
}

enum err_code spacing_join_all(const struct spacing_join *join, struct err *err)
{
    enum err_code code = ERR_OK;
    struct prepared prepared = {.built = false};
    for (size_t l = 0; l < FINDING_TARGETS; l++) {
        enum layer_id layer = finding_targets[l];
        double reach_m = reach_of_layer_m(join, layer);
        struct rows rows = {NULL, 0, 0};
        if (reach_m < 0)
            continue;
        TRY(search_near(join, layer, reach_m, &rows, err));
        TRY(join_rows(join, layer, &rows, reach_m, &prepared, err));
    }
done:
    return code;
}

/* ---- for a source of which all findings are wanted in full ---- */

struct collecting {
    struct arena *arena;
    struct spacing_finding *items;
    size_t n;
    size_t capacity;
};

static enum err_code collect(void *context, const struct spacing_finding *finding, struct err *err)
{
    struct collecting *all = context;
    all->items = arena_grow(all->arena, all->items, &all->capacity, all->n + 1, sizeof *finding);
    if (!all->items)
        return err_nomem(err);
    all->items[all->n++] = *finding;
    return ERR_OK;
}

enum err_code spacing_findings(const struct world *world, const struct spacing_source *source,
                               const struct spacing_match *matches, size_t n_matches,
                               struct arena *arena, struct spacing_finding **out, size_t *n,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    struct spacing_set set;
    struct collecting all = {.arena = arena};
    TRY(spacing_set_of(world, matches, n_matches, arena, &set, err));
    const struct spacing_join join = {.world = world,
                                      .source = source,
                                      .set = &set,
                                      .scratch = arena,
                                      .context = &all,
                                      .found = collect};
    TRY(spacing_join_all(&join, err));
    *out = all.items;
    *n = all.n;
done:
    return code;
}
