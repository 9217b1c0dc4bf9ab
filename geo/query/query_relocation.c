/* query_relocation.c - which plants must move, with what speaks for it. */
#include "data/base/text.h"
#include "geo/query/query.h"

#include <stdlib.h>
#include <string.h>

/* Radii of the two population columns of the official list, m. */
static const double NEAR_M = 500;
static const double WIDE_M = 1000;

struct screening {
    const struct world *world;
    struct worker *worker;
    const struct admin_unit *unit; /* NULL: all */
    struct arena scratch;
    struct relocation_answer *out;
    size_t room;
};

/* Whether a row of relocation.csv speaks of the plant. */
static enum truth is_meant(const struct world *world, const struct enterprise *enterprise)
{
    enum truth best = TRUTH_NO;
    if (!enterprise_counts(enterprise))
        return TRUTH_NO;
    for (size_t i = 0; i < world->rules->n_relocation; i++) {
        const struct relocation_rule *rule = &world->rules->relocation[i];
        if (!rule_holds(&rule->source, world->as_of))
            continue;
        enum truth one = predicate_eval(rule->enterprise, enterprise, NULL);
        if (one == TRUTH_YES)
            return TRUTH_YES;
        if (one == TRUTH_UNKNOWN)
            best = TRUTH_UNKNOWN;
    }
    return best;
}

static bool is_distance(const struct finding *finding)
{
    return finding->kind == FINDING_DISTANCE || finding->kind == FINDING_BEYOND;
}

static bool speaks_for_it(const struct finding *finding)
{
    return is_distance(finding) || finding->kind == FINDING_AREA;
}

/* What an official list may rest on: a conflict by a row that was read. One that is only
 * likely stands, and is listed apart (README.md, Truth 9). */
static bool is_sure(const struct world *world, const struct finding *finding)
{
    const struct rule_source *rule = finding_rule(world, finding);
    return finding->verdict == VERDICT_CONFLICT && rule &&
           (rule->confidence == CONFIDENCE_SURE_V || rule->confidence == CONFIDENCE_SURE);
}

static void find_areas(const struct world *world, struct relocation_row *row)
{
    for (size_t i = 0; i < row->n_conflicts && !row->inside; i++) {
        const struct finding *finding = finding_at(world, row->conflicts[i]);
        int64_t area = finding->kind == FINDING_AREA ? finding_target_row(world, finding) : -1;
        if (area >= 0 && !text_equal(world_area(world, (size_t)area)->kind, "park"))
            row->inside = world_area(world, (size_t)area);
    }
}

static void find_worst_distance(const struct world *world, struct relocation_row *row)
{
    row->worst_distance = -1;
    double worst_m = -INFINITY;
    for (size_t i = 0; i < row->n_conflicts; i++) {
        const struct finding *finding = finding_at(world, row->conflicts[i]);
        bool counts = row->state == RELOCATE_UNDECIDED || is_sure(world, finding);
        if (!counts || !is_distance(finding) || !(finding->shortfall > worst_m))
            continue;
        worst_m = finding->shortfall;
        row->worst_distance = (int64_t)i;
    }
}

/* Whether some corner of the plant's outline keeps the distance that a facility of it lacks. */
static enum err_code could_keep(const struct screening *on, const struct geom *outline,
                                struct finding_ref ref, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct finding *finding = finding_at(on->world, ref);
    enum layer_id layer = (enum layer_id)finding->target_layer;
    int64_t target = finding_target_row(on->world, finding);
    *out = false;
    if (outline->kind != GEOM_POLYGON || ref.layer != LAYER_FACILITIES)
        return ERR_OK;
    for (uint32_t i = 0; target >= 0 && !*out && i < outline->n_points; i++) {
        struct geom corner = {.kind = GEOM_POINT,
                              .n_points = 1,
                              .points = &outline->points[i],
                              .box = box_of_points(&outline->points[i], 1)};
        struct closest closest;
        TRY(distance_shapes(&corner, world_geom(on->world, layer, (size_t)target), INFINITY,
                            &on->worker->arena, &closest, err));
        *out = closest.distance_m >= rules_required_m(&on->world->rules->spacing[finding->rule],
                                                      world_record(on->world, ref.layer, ref.row));
    }
done:
    return code;
}

static enum err_code propose(const struct screening *on, struct relocation_row *row,
                             struct err *err)
{
    enum err_code code = ERR_OK;
    const struct geom *outline = world_geom(on->world, LAYER_ENTERPRISES, row->enterprise_row);
    row->proposal = PROPOSE_CLARIFY;
    if (row->state == RELOCATE_UNDECIDED)
        return ERR_OK;
    row->proposal = PROPOSE_IMPROVE;
    for (size_t i = 0; i < row->n_conflicts && row->proposal == PROPOSE_IMPROVE; i++) {
        const struct finding *finding = finding_at(on->world, row->conflicts[i]);
        bool kept = false;
        if (!is_sure(on->world, finding))
            continue;
        if (finding->kind == FINDING_DISTANCE)
            TRY(could_keep(on, outline, row->conflicts[i], &kept, err));
        if (!kept)
            row->proposal = PROPOSE_MOVE;
    }
done:
    return code;
}

/* A plant of major risk has the earlier dates: graded red, a major-hazard installation of the
 * first two levels, or an open major hidden danger. */
static bool is_major(const struct world *world, const struct relocation_row *row)
{
    if (row->grade && row->grade->grade == 1)
        return true;
    if (row->hazard.level == 1 || row->hazard.level == 2)
        return true;
    const uint32_t *rows;
    size_t n;
    world_of_enterprise(world, LAYER_HIDDEN_DANGERS,
                        world_enterprise(world, row->enterprise_row)->head.id, &rows, &n);
    for (size_t i = 0; i < n; i++) {
        const struct hidden_danger *danger = world_hidden_danger(world, rows[i]);
        if (danger->level == 1 && !text_equal(danger->state, "closed"))
            return true;
    }
    return false;
}

static void find_deadline(const struct world *world, struct relocation_row *row)
{
    const struct rules *rules = world->rules;
    bool major = is_major(world, row);
    for (size_t i = 0; row->inside && i < rules->n_relocation && !row->deadline; i++) {
        const struct relocation_rule *rule = &rules->relocation[i];
        if (!rule_holds(&rule->source, world->as_of) || (rule->major_only && !major) ||
            (rule->start_by == INT_ABSENT && rule->finish_by == INT_ABSENT))
            continue;
        if (predicate_eval(rule->area, row->inside, NULL) != TRUTH_YES)
            continue;
        if (predicate_eval(rule->enterprise, world_enterprise(world, row->enterprise_row), NULL) ==
            TRUTH_YES)
            row->deadline = rule;
    }
    row->overdue = row->state == RELOCATE && row->deadline &&
                   row->deadline->finish_by != INT_ABSENT &&
                   row->deadline->finish_by < world->as_of;
}

static enum err_code find_park(const struct screening *on, struct relocation_row *row,
                               struct err *err)
{
    uint32_t *rows = NULL;
    size_t n = 0;
    enum err_code code =
        near_holding(on->world, LAYER_AREAS, row->place, &on->worker->arena, &rows, &n, err);
    for (size_t i = 0; code == ERR_OK && i < n && !row->park; i++)
        if (text_equal(world_area(on->world, rows[i])->kind, "park"))
            row->park = world_area(on->world, rows[i]);
    return code;
}

static enum err_code fill_row(struct screening *on, struct relocation_row *row, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = on->world;
    struct exposure exposure;
    const char *id = world_enterprise(world, row->enterprise_row)->head.id;
    int64_t county = world_unit_at(world, 3, row->place);
    row->unit_code = county >= 0 ? world_admin(world, (size_t)county)->code : "";
    row->unit_name = county >= 0 ? world_admin(world, (size_t)county)->head.name : "";
    row->grade = world_grade(world, "enterprise", id, NULL);
    query_sort_conflicts(world, row->conflicts, row->n_conflicts);
    find_areas(world, row);
    find_worst_distance(world, row);
    TRY(find_park(on, row, err));
    TRY(hazard_of(world, on->worker, row->enterprise_row, &on->worker->arena, &on->scratch,
                  &row->hazard, err));
    TRY(hazard_exposure(world, on->worker, row->enterprise_row, NEAR_M, &on->scratch, &exposure,
                        err));
    row->persons_500_m = exposure.persons;
    TRY(hazard_exposure(world, on->worker, row->enterprise_row, WIDE_M, &on->scratch, &exposure,
                        err));
    row->persons_1000_m = exposure.persons;
    arena_reset(&on->scratch);
    TRY(propose(on, row, err));
    find_deadline(world, row);
done:
    return code;
}

/* Looks at one enterprise; adds a row if anything speaks for it. */
static enum err_code screen(struct screening *on, uint32_t enterprise_row, struct err *err)
{
    const struct world *world = on->world;
    const struct enterprise *enterprise = world_enterprise(world, enterprise_row);
    enum truth meant = is_meant(world, enterprise);
    struct relocation_row row = {.enterprise_row = enterprise_row,
                                 .place = near_place(&enterprise->head.geom),
                                 .state = RELOCATE_UNDECIDED};
    size_t n = 0;
    if (meant == TRUTH_NO)
        return ERR_OK;
    enum err_code code = findings_of_enterprise(world, enterprise->head.id, &on->worker->arena,
                                                &row.conflicts, &n, err);
    if (code != ERR_OK)
        return code;
    for (size_t i = 0; i < n; i++) {
        const struct finding *finding = finding_at(world, row.conflicts[i]);
        if (!speaks_for_it(finding))
            continue;
        row.conflicts[row.n_conflicts++] = row.conflicts[i];
        if (is_sure(world, finding) && meant == TRUTH_YES)
            row.state = RELOCATE;
    }
    if (row.n_conflicts == 0)
        return ERR_OK;
    struct relocation_answer *out = on->out;
    out->rows =
        arena_grow(&on->worker->arena, out->rows, &on->room, out->n_rows + 1, sizeof *out->rows);
    if (!out->rows)
        return err_nomem(err);
    out->rows[out->n_rows] = row;
    return fill_row(on, &out->rows[out->n_rows++], err);
}

static int compare_relocations(const void *a, const void *b)
{
    const struct relocation_row *x = a;
    const struct relocation_row *y = b;
    if (x->state != y->state)
        return x->state < y->state ? -1 : 1;
    int units = strcmp(x->unit_code, y->unit_code);
    if (units != 0)
        return units;
    return (x->enterprise_row > y->enterprise_row) - (x->enterprise_row < y->enterprise_row);
}

enum err_code query_relocation(const struct world *world, struct worker *worker,
                               const char *unit_code, struct relocation_answer *out,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    struct screening on = {.world = world, .worker = worker, .out = out};
    arena_init(&on.scratch, 0);
    *out = (struct relocation_answer){0};
    uint32_t *rows = NULL;
    size_t n = world_count(world, LAYER_ENTERPRISES);
    if (unit_code) {
        int64_t unit = world_unit(world, unit_code);
        if (unit < 0) {
            code = err_set(err, ERR_NOT_FOUND, "no unit has the code \"%s\"", unit_code);
            goto done;
        }
        TRY(query_enterprises_of_unit(world, world_admin(world, (size_t)unit), &worker->arena,
                                      &rows, &n, err));
    }
    TRY(worker_fit(worker, world, err));
    for (size_t i = 0; i < n; i++)
        TRY(screen(&on, rows ? rows[i] : (uint32_t)i, err));
    if (out->n_rows > 1)
        qsort(out->rows, out->n_rows, sizeof *out->rows, compare_relocations);
done:
    arena_release(&on.scratch);
    return code;
}
