#include "geo/query/query_risk.h"

#include "geo/world/near.h"
#include "geo/query/query.h"
#include "geo/risk/risk_map.h"

#include <stdlib.h>

/* ---- a plant ---- */

static int compare_findings(const void *a, const void *b)
{
    const struct risk_finding *i = a;
    const struct risk_finding *j = b;
    if (i->verdict != j->verdict)
        return i->verdict == VERDICT_CONFLICT ? -1 : 1;
    if (i->grade != j->grade)
        return i->grade < j->grade ? -1 : 1;
    if (i->kind != j->kind)
        return i->kind > j->kind ? -1 : 1; /* societal first */
    return (i->target_row > j->target_row) - (i->target_row < j->target_row);
}

static enum err_code ask_plant(const struct world *world, struct worker *worker,
                               struct risk_answer *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena *arena = &worker->arena;
    const uint32_t *rows = NULL;
    int64_t row = world_find(world, LAYER_ENTERPRISES, out->question.id);
    if (row < 0)
        return err_set(err, ERR_NOT_FOUND, "no enterprise has the id \"%s\"", out->question.id);
    world_of_enterprise(world, LAYER_SCENARIOS, out->question.id, &rows, &out->n_scenarios);
    out->scenarios = arena_memdup(arena, rows, out->n_scenarios * sizeof *rows);
    TRY(out->scenarios ? ERR_OK : err_nomem(err));
    TRY(societal_of(world, worker, out->scenarios, out->n_scenarios, arena, &out->societal, err));
    TRY(risk_findings(world, worker, LAYER_ENTERPRISES, (uint32_t)row, arena, &out->findings, err));
    if (out->findings.n > 1)
        qsort(out->findings.items, out->findings.n, sizeof *out->findings.items, compare_findings);
    out->views = arena_new(arena, struct risk_view, out->findings.n);
    TRY(out->views ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < out->findings.n; i++)
        TRY(risk_view_of(world, worker, LAYER_ENTERPRISES, (uint32_t)row, &out->findings.items[i],
                         arena, &out->views[i], err));
done:
    return code;
}

/* ---- a unit ---- */

static enum err_code weigh_plant(const struct world *world, struct worker *worker, uint32_t row,
                                 struct risk_plant *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const uint32_t *rows = NULL;
    struct societal societal;
    struct risk_findings findings;
    struct arena_mark mark = arena_mark(&worker->arena);
    *out = (struct risk_plant){.row = row};
    world_of_enterprise(world, LAYER_SCENARIOS, world_enterprise(world, row)->head.id, &rows,
                        &out->n_scenarios);
    TRY(societal_of(world, worker, rows, out->n_scenarios, &worker->arena, &societal, err));
    out->region = societal.region;
    out->could_be = societal.could_be;
    out->pll = societal.pll;
    out->factor = societal.governs ? societal.governs->factor : 0;
    TRY(risk_findings(world, worker, LAYER_ENTERPRISES, row, &worker->arena, &findings, err));
    for (size_t i = 0; i < findings.n; i++) {
        bool sure = findings.items[i].verdict == VERDICT_CONFLICT;
        out->n_conflicts += sure;
        out->n_undecided += !sure;
    }
done:
    arena_rewind(&worker->arena, mark);
    return code;
}

/* Worst region, then what it could be, then conflicts, then the curve nearest to its line. */
static int compare_plants(const void *a, const void *b)
{
    const struct risk_plant *i = a;
    const struct risk_plant *j = b;
    if (i->region != j->region)
        return i->region > j->region ? -1 : 1;
    if (i->could_be != j->could_be)
        return i->could_be > j->could_be ? -1 : 1;
    if (i->n_conflicts != j->n_conflicts)
        return i->n_conflicts > j->n_conflicts ? -1 : 1;
    if (i->factor > j->factor || i->factor < j->factor)
        return i->factor > j->factor ? -1 : 1;
    return (i->row > j->row) - (i->row < j->row);
}

static int compare_rows(const void *a, const void *b)
{
    uint32_t i = *(const uint32_t *)a;
    uint32_t j = *(const uint32_t *)b;
    return (i > j) - (i < j);
}

/* All plants and scenarios, or those of a unit: its plants' scenarios, and scenarios of no
 * plant that lie in it. */
static enum err_code rows_of_unit(const struct world *world, struct worker *worker,
                                  struct risk_answer *out, uint32_t **plants, size_t *n_plants,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena *arena = &worker->arena;
    const struct admin_unit *unit = NULL;
    if (out->question.scope == RISK_OF_UNIT) {
        int64_t row = world_unit(world, out->question.id);
        if (row < 0)
            return err_set(err, ERR_NOT_FOUND, "no unit has the code \"%s\"", out->question.id);
        unit = world_admin(world, (size_t)row);
        TRY(query_enterprises_of_unit(world, unit, arena, plants, n_plants, err));
    } else {
        *n_plants = world_count(world, LAYER_ENTERPRISES);
        *plants = arena_new(arena, uint32_t, *n_plants);
        if (!*plants)
            return err_nomem(err);
        for (uint32_t i = 0; i < *n_plants; i++)
            (*plants)[i] = i;
    }
    out->scenarios = arena_new(arena, uint32_t, world_count(world, LAYER_SCENARIOS));
    TRY(out->scenarios ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < *n_plants; i++) {
        const struct enterprise *plant = world_enterprise(world, (*plants)[i]);
        const uint32_t *rows = NULL;
        size_t n = 0;
        if (!enterprise_counts(plant))
            continue;
        world_of_enterprise(world, LAYER_SCENARIOS, plant->head.id, &rows, &n);
        for (size_t k = 0; k < n; k++)
            out->scenarios[out->n_scenarios++] = rows[k];
    }
    for (uint32_t i = 0; i < world_count(world, LAYER_SCENARIOS); i++) {
        const struct scenario *scenario = world_record(world, LAYER_SCENARIOS, i);
        if (world_find(world, LAYER_ENTERPRISES, scenario->enterprise_id) >= 0)
            continue;
        int64_t holder = -1;
        if (unit && scenario->head.geom.kind != GEOM_NONE)
            holder = world_unit_at(world, unit->level, near_place(&scenario->head.geom));
        if (!unit || (holder >= 0 && world_admin(world, (size_t)holder) == unit))
            out->scenarios[out->n_scenarios++] = i;
    }
    if (out->n_scenarios > 1)
        qsort(out->scenarios, out->n_scenarios, sizeof *out->scenarios, compare_rows);
done:
    return code;
}

static enum err_code ask_unit(const struct world *world, struct worker *worker,
                              struct risk_answer *out, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t *rows = NULL;
    size_t n = 0;
    TRY(rows_of_unit(world, worker, out, &rows, &n, err));
    TRY(societal_of(world, worker, out->scenarios, out->n_scenarios, &worker->arena, &out->societal,
                    err));
    out->plants = arena_new(&worker->arena, struct risk_plant, n);
    TRY(out->plants ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < n; i++) {
        if (risk_speaks(world, LAYER_ENTERPRISES, rows[i]) &&
            enterprise_counts(world_enterprise(world, rows[i])))
            TRY(weigh_plant(world, worker, rows[i], &out->plants[out->n_plants++], err));
    }
    if (out->n_plants > 1)
        qsort(out->plants, out->n_plants, sizeof *out->plants, compare_plants);
done:
    return code;
}

/* ---- a point ---- */

/* Adds the share of a source that puts some risk on the point, or may. */
static enum err_code share_of(const struct world *world, struct worker *worker,
                              const struct risk_touched *touched, struct risk_answer *out,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    struct risk_source source;
    struct risk_at at;
    struct geom geom;
    struct arena *arena = &worker->arena;
    TRY(risk_source_of(world, touched->layer, touched->row, arena, &source, err));
    TRY(geom_of_point(out->question.point, arena, &geom, err));
    const struct risk_place place = {.geom = &geom};
    TRY(risk_at_place(&source, worker, &place, arena, &at, err));
    if (!risk_leads(&source, &at))
        goto done;
    out->shares[out->n_shares++] =
        (struct risk_share){touched->layer, touched->row, source.by_contours, at.risk};
done:
    return code;
}

/* Scenarios of no plant in the store add up by themselves. */
static void share_of_strays(const struct world *world, struct risk_answer *out)
{
    double per_year = 0;
    uint32_t first = 0;
    for (uint32_t i = 0; i < world_count(world, LAYER_SCENARIOS); i++) {
        const struct scenario *scenario = world_record(world, LAYER_SCENARIOS, i);
        if (world_find(world, LAYER_ENTERPRISES, scenario->enterprise_id) >= 0)
            continue;
        double here = risk_sum_at(world, &i, 1, out->question.point);
        first = per_year > 0 ? first : i;
        per_year += here;
    }
    if (per_year > 0)
        out->shares[out->n_shares++] =
            (struct risk_share){LAYER_SCENARIOS, first, false, {.low = per_year, .high = per_year}};
}

static struct judgement judge_class(const struct quantity *risk, double per_year,
                                    enum confidence confidence)
{
    const struct limit limit = {.must_be = MUST_BE_AT_MOST,
                                .mildest = per_year,
                                .strictest = per_year,
                                .resolution = verdict_of_frequencies(per_year),
                                .confidence = confidence};
    return verdict_judge(risk, &limit);
}

static enum err_code ask_point(const struct world *world, struct worker *worker,
                               struct risk_answer *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena *arena = &worker->arena;
    struct risk_touched *touched = NULL;
    size_t n = 0;
    struct protected_target here;
    record_clear(LAYER_PROTECTED, &here);
    here.head.accuracy_m = VERDICT_METRES;
    TRY(geom_of_point(out->question.point, arena, &here.head.geom, err));
    TRY(risk_touched_by(world, LAYER_PROTECTED, &here, arena, &touched, &n, err));
    out->shares = arena_new(arena, struct risk_share, n + 1);
    out->allowed = arena_new(arena, struct risk_allowed, world->rules->n_risk_criteria);
    TRY(out->shares && out->allowed ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < n; i++)
        TRY(share_of(world, worker, &touched[i], out, err));
    share_of_strays(world, out);
    for (size_t i = 0; i < out->n_shares; i++) {
        out->total.low += out->shares[i].risk.low;
        out->total.high += out->shares[i].risk.high;
        out->total.above_low |= out->shares[i].risk.above_low;
    }
    TRY(risk_pipelines_at(world, out->question.point, arena, &out->pipelines, err));
    for (size_t i = 0; i < world->rules->n_risk_criteria; i++) {
        const struct risk_criterion *row = &world->rules->risk_criteria[i];
        if (!rule_holds(&row->source, world->as_of))
            continue;
        out->allowed[out->n_allowed++] = (struct risk_allowed){
            row, judge_class(&out->total, row->new_per_year, row->source.confidence),
            judge_class(&out->total, row->existing_per_year, row->source.confidence)};
    }
done:
    return code;
}

enum err_code query_risk(const struct world *world, struct worker *worker,
                         const struct risk_question *question, struct risk_answer *out,
                         struct err *err)
{
    enum err_code code = ERR_OK;
    *out = (struct risk_answer){.question = *question};
    TRY(worker_fit(worker, world, err));
    switch (question->scope) {
    case RISK_OF_ALL:
    case RISK_OF_UNIT:
        TRY(ask_unit(world, worker, out, err));
        break;
    case RISK_OF_ENTERPRISE:
        TRY(ask_plant(world, worker, out, err));
        break;
    case RISK_AT_POINT:
        TRY(ask_point(world, worker, out, err));
        break;
    }
done:
    return code;
}
