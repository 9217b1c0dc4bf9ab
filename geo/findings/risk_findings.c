#include "geo/findings/risk_findings.h"

#include "data/base/text.h"
#include "geo/findings/conflicts.h"
#include "geo/measure/rtree.h"

#include <stdlib.h>

/* One source on its way to its findings. */
struct gathering {
    const struct world *world;
    struct worker *worker;
    const struct risk_source *source;
    struct arena *arena;
    struct risk_findings *out;
    size_t capacity;
};

static enum err_code add(struct gathering *on, struct risk_finding finding, struct err *err)
{
    struct risk_findings *out = on->out;
    out->items = arena_grow(on->arena, out->items, &on->capacity, out->n + 1, sizeof *out->items);
    if (!out->items)
        return err_nomem(err);
    out->items[out->n++] = finding;
    return ERR_OK;
}

/* A limit that is left open by the age of a plant that the store does not hold. */
static bool age_matters(const struct risk_source *source, const struct risk_limit *limit)
{
    return source->age == PLANT_UNKNOWN && limit->mildest > limit->strictest && limit->class;
}

enum err_code risk_judge(const struct world *world, struct worker *worker,
                         const struct risk_source *source, uint32_t target_row,
                         struct arena *scratch, struct risk_view *out, bool *speaks,
                         struct err *err)
{
    enum err_code code = ERR_OK;
    const struct protected_target *target = world_protected(world, target_row);
    *speaks = risk_limit_of(world, source->age, target, &out->limit);
    if (!*speaks)
        return ERR_OK;
    const struct risk_place place = {
        .geom = &target->head.geom,
        .error_m = rules_accuracy_m(world->rules, LAYER_PROTECTED, &target->head)};
    TRY(risk_at_place(source, worker, &place, scratch, &out->at, err));
    const struct limit limit = {.must_be = MUST_BE_AT_MOST,
                                .mildest = out->limit.mildest,
                                .strictest = out->limit.strictest,
                                .resolution = verdict_of_frequencies(out->limit.strictest),
                                .confidence = out->limit.confidence};
    out->answer = verdict_judge(&out->at.risk, &limit);
    out->rule = &world->rules->risk_criteria[out->limit.rule].source;
    if (age_matters(source, &out->limit) && !out->limit.missing)
        out->limit.missing = "enterprise_id";
    if (out->answer.by != UNDECIDED_INTERVAL && out->answer.by != UNDECIDED_ATTRIBUTE)
        goto done;
    /* The interval holds what the accuracies leave open, in metres and not a year. */
    struct judgement exact = verdict_judge(&out->at.exact, &limit);
    bool touches = out->at.open && !(fabs(out->at.gap_m) > 0);
    if (out->answer.by == UNDECIDED_INTERVAL && (exact.verdict != VERDICT_UNDECIDED || touches)) {
        out->answer.by = UNDECIDED_POSITION;
        if (out->at.open && !touches)
            out->answer.decides_below = fabs(out->at.gap_m);
    } else if (exact.by == UNDECIDED_ATTRIBUTE) {
        out->answer.by = UNDECIDED_ATTRIBUTE;
    }
done:
    return code;
}

static int32_t worst_grade(const struct risk_limit *limit)
{
    return conflicts_step(limit->may_be_grave ? 1 : 2, limit->confidence);
}

static enum err_code judge_target(struct gathering *on, uint32_t row, struct err *err)
{
    enum err_code code = ERR_OK;
    struct risk_view view = {.limit = {.classes = 0}};
    bool speaks = false;
    struct arena *scratch = &on->worker->arena; /* which may be that of the results */
    struct arena_mark mark = arena_mark(scratch);
    code = risk_judge(on->world, on->worker, on->source, row, scratch, &view, &speaks, err);
    arena_rewind(scratch, mark);
    if (code != ERR_OK || !speaks || view.answer.verdict == VERDICT_CLEAR ||
        !risk_leads(on->source, &view.at))
        return code;
    bool decided = view.answer.verdict == VERDICT_CONFLICT;
    int32_t could_be = worst_grade(&view.limit);
    int32_t grade = conflicts_step(view.limit.grave ? 1 : 2, view.limit.confidence);
    return add(on,
               (struct risk_finding){.kind = RISK_INDIVIDUAL,
                                     .target_row = row,
                                     .rule = view.limit.rule,
                                     .confidence = view.limit.confidence,
                                     .verdict = view.answer.verdict,
                                     .by = view.answer.by,
                                     .grade = decided ? grade : could_be,
                                     .could_be = could_be},
               err);
}

/* Whether the target may stand in or at one of the contours; what lies between contours that lie
 * apart is told by RISK_UNKNOWN. An edit finds a target's sources by the same boxes (touch_box). */
static bool is_at_contours(const struct gathering *on, uint32_t row)
{
    const struct protected_target *target = world_protected(on->world, row);
    double error_m = rules_accuracy_m(on->world->rules, LAYER_PROTECTED, &target->head);
    for (size_t i = 0; i < on->source->n_rings; i++) {
        const struct risk_ring *ring = &on->source->rings[i];
        if (rtree_box_distance_m(ring->geom->box, target->head.geom.box) <=
            error_m + ring->error_m + VERDICT_METRES)
            return true;
    }
    return false;
}

static enum err_code judge_targets(struct gathering *on, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct risk_source *source = on->source;
    uint32_t *rows = NULL;
    size_t n = 0;
    double reach_m = source->error_m + world_slack_m(on->world, LAYER_PROTECTED) + VERDICT_METRES;
    TRY(world_search(on->world, LAYER_PROTECTED, ellipsoid_expand(source->box, reach_m), on->arena,
                     &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        if (world_geom(on->world, LAYER_PROTECTED, rows[i])->kind != GEOM_NONE &&
            is_at_contours(on, rows[i]))
            TRY(judge_target(on, rows[i], err));
    }
done:
    return code;
}

/* What nothing tells, of any target: the risk outside the outermost contour, or what a scenario
 * without an area adds. */
static double unknown_per_year(const struct risk_source *source)
{
    return source->by_contours ? source->rings[0].per_year : source->unplaced_per_year;
}

static enum err_code judge_unknown(struct gathering *on, struct err *err)
{
    double strictest = 0;
    int64_t rule = risk_strictest(on->world, on->source->age, &strictest);
    if (rule < 0 || !(unknown_per_year(on->source) > strictest * (1 + 1e-9)))
        return ERR_OK;
    /* Of contours without an enterprise the mildest speaks for all. */
    if (on->source->layer == LAYER_ZONES && on->source->rings[0].row != on->source->row)
        return ERR_OK;
    enum confidence confidence = on->world->rules->risk_criteria[rule].source.confidence;
    int32_t grade = conflicts_step(1, confidence);
    return add(on,
               (struct risk_finding){.kind = RISK_UNKNOWN,
                                     .target_row = -1,
                                     .rule = (uint32_t)rule,
                                     .confidence = confidence,
                                     .verdict = VERDICT_UNDECIDED,
                                     .by = UNDECIDED_INTERVAL,
                                     .grade = grade,
                                     .could_be = grade},
               err);
}

static enum err_code judge_societal(struct gathering *on, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = on->world;
    const uint32_t *rows = NULL;
    size_t n = 0;
    struct societal societal;
    if (!on->source->enterprise || !enterprise_counts(on->source->enterprise))
        return ERR_OK;
    world_of_enterprise(world, LAYER_SCENARIOS, on->source->enterprise->head.id, &rows, &n);
    if (n == 0)
        return ERR_OK;
    TRY(societal_of(world, on->worker, rows, n, on->arena, &societal, err));
    if (societal.n_lines == 0)
        goto done;
    bool breaks = societal.region == SOCIETAL_UNACCEPTABLE;
    bool may = societal.could_be == SOCIETAL_UNACCEPTABLE;
    if (!may || breaks)
        on->out->n_judged++;
    if (!may)
        goto done;
    const struct rule_source *rule = &societal.governs->line->source;
    int32_t grade = conflicts_step(1, rule->confidence);
    TRY(add(on,
            (struct risk_finding){
                .kind = RISK_SOCIETAL,
                .target_row = -1,
                .rule = (uint32_t)(societal.governs->line - world->rules->societal_lines),
                .confidence = rule->confidence,
                .verdict = breaks ? VERDICT_CONFLICT : VERDICT_UNDECIDED,
                .by = societal.governs->answer.by,
                .grade = grade,
                .could_be = grade},
            err));
done:
    return code;
}

bool risk_speaks(const struct world *world, enum layer_id layer, uint32_t row)
{
    const uint32_t *rows = NULL;
    size_t n = 0;
    if (layer == LAYER_ZONES) {
        const struct zone *zone = world_zone(world, row);
        return !isnan(zone_risk_per_year(zone)) &&
               world_find(world, LAYER_ENTERPRISES, zone->enterprise_id) < 0;
    }
    if (layer != LAYER_ENTERPRISES)
        return false;
    const char *id = world_enterprise(world, row)->head.id;
    world_of_enterprise(world, LAYER_SCENARIOS, id, &rows, &n);
    if (n > 0)
        return true;
    world_of_enterprise(world, LAYER_ZONES, id, &rows, &n);
    for (size_t i = 0; i < n; i++) {
        if (world_is_contour(world, rows[i]))
            return true;
    }
    return false;
}

enum err_code risk_findings(const struct world *world, struct worker *worker, enum layer_id layer,
                            uint32_t row, struct arena *arena, struct risk_findings *out,
                            struct err *err)
{
    enum err_code code = ERR_OK;
    struct risk_source source;
    struct gathering on = {
        .world = world, .worker = worker, .source = &source, .arena = arena, .out = out};
    *out = (struct risk_findings){.items = NULL};
    if (!risk_speaks(world, layer, row))
        return ERR_OK;
    TRY(risk_source_of(world, layer, row, arena, &source, err));
    if (source.n_rings > 0) {
        TRY(judge_targets(&on, err));
        out->n_judged += world_count(world, LAYER_PROTECTED) > 0;
    }
    if (source.n_rings > 0 || source.unplaced_row >= 0)
        TRY(judge_unknown(&on, err));
    TRY(judge_societal(&on, err));
done:
    if (code != ERR_OK)
        err_wrap(err, "risk of %s \"%s\"", layer_name(layer),
                 ((const struct record_head *)world_record(world, layer, row))->id);
    return code;
}

/* ---- what an edit touches ---- */

struct touching {
    const struct world *world;
    struct arena *arena;
    struct risk_touched *items;
    size_t n;
    size_t capacity;
};

static enum err_code touch(struct touching *on, enum layer_id layer, uint32_t row, struct err *err)
{
    on->items = arena_grow(on->arena, on->items, &on->capacity, on->n + 1, sizeof *on->items);
    if (!on->items)
        return err_nomem(err);
    on->items[on->n++] = (struct risk_touched){layer, row};
    return ERR_OK;
}

/* Contours or scenarios in a box: their enterprises, and contours that have none. */
static enum err_code touch_box(struct touching *on, enum layer_id layer, struct box box,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = on->world;
    uint32_t *rows = NULL;
    size_t n = 0;
    TRY(world_search(world, layer, box, on->arena, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        /* Other zones have no say in risk: most stores have many more of them. */
        if (layer == LAYER_ZONES && !world_is_contour(world, rows[i]))
            continue;
        const char *id =
            layer == LAYER_ZONES
                ? world_zone(world, rows[i])->enterprise_id
                : ((const struct scenario *)world_record(world, layer, rows[i]))->enterprise_id;
        int64_t owner = world_find(world, LAYER_ENTERPRISES, id);
        if (owner >= 0)
            TRY(touch(on, LAYER_ENTERPRISES, (uint32_t)owner, err));
        else if (risk_speaks(world, layer, rows[i]))
            TRY(touch(on, LAYER_ZONES, rows[i], err));
    }
done:
    return code;
}

static enum err_code touch_owner(struct touching *on, const char *enterprise_id, struct err *err)
{
    int64_t owner = world_find(on->world, LAYER_ENTERPRISES, enterprise_id);
    return owner < 0 ? ERR_OK : touch(on, LAYER_ENTERPRISES, (uint32_t)owner, err);
}

static int compare_touched(const void *a, const void *b)
{
    const struct risk_touched *i = a;
    const struct risk_touched *j = b;
    if (i->layer != j->layer)
        return i->layer > j->layer ? 1 : -1;
    return (i->row > j->row) - (i->row < j->row);
}

static void settle_touched(struct touching *on)
{
    size_t kept = 0;
    if (on->n > 0)
        qsort(on->items, on->n, sizeof *on->items, compare_touched);
    for (size_t i = 0; i < on->n; i++) {
        if (kept == 0 || compare_touched(&on->items[kept - 1], &on->items[i]) != 0)
            on->items[kept++] = on->items[i];
    }
    on->n = kept;
}

/* An enterprise: itself, and contours that had no plant without it, or have none now. */
static enum err_code touch_enterprise(struct touching *on, const char *id, struct err *err)
{
    enum err_code code = ERR_OK;
    const uint32_t *rows = NULL;
    size_t n = 0;
    TRY(touch_owner(on, id, err));
    world_of_enterprise(on->world, LAYER_ZONES, id, &rows, &n);
    for (size_t i = 0; i < n; i++)
        if (world_is_contour(on->world, rows[i]))
            TRY(touch_box(on, LAYER_ZONES, world_geom(on->world, LAYER_ZONES, rows[i])->box, err));
done:
    return code;
}

enum err_code risk_touched_by(const struct world *world, enum layer_id layer, const void *record,
                              struct arena *arena, struct risk_touched **out, size_t *n,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    struct touching on = {.world = world, .arena = arena};
    const struct record_head *head = record;
    if (layer == LAYER_PROTECTED && head->geom.kind != GEOM_NONE) {
        double error_m = rules_accuracy_m(world->rules, layer, head) + VERDICT_METRES;
        double zones_m = error_m + world_slack_m(world, LAYER_ZONES);
        double scenarios_m = error_m + world_slack_m(world, LAYER_SCENARIOS);
        TRY(touch_box(&on, LAYER_ZONES, ellipsoid_expand(head->geom.box, zones_m), err));
        TRY(touch_box(&on, LAYER_SCENARIOS, ellipsoid_expand(head->geom.box, scenarios_m), err));
    } else if (layer == LAYER_ENTERPRISES) {
        TRY(touch_enterprise(&on, head->id, err));
    } else if (layer == LAYER_ZONES && !isnan(zone_risk_per_year(record))) {
        const struct zone *zone = record;
        TRY(touch_owner(&on, zone->enterprise_id, err));
        if (world_find(world, LAYER_ENTERPRISES, zone->enterprise_id) < 0)
            TRY(touch_box(&on, LAYER_ZONES, head->geom.box, err));
    } else if (layer == LAYER_SCENARIOS) {
        TRY(touch_owner(&on, ((const struct scenario *)record)->enterprise_id, err));
    }
    settle_touched(&on);
    *out = on.items;
    *n = on.n;
done:
    return code;
}
