/* proof_claim.c - what a world says to a question, with the sum that leads to it. The same code
 * speaks for the premises of a proof when it is written and when it is verified. */
#include "geo/proof/proof_private.h"

#include "data/base/text.h"
#include "geo/assess/assess.h"
#include "geo/findings/finding.h"
#include "geo/world/population.h"
#include "geo/findings/reasons.h"
#include "geo/measure/overlay.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Cells of a density that are listed one by one. */
enum { CELLS_LISTED = 500 };

/* A claim on the way. */
struct claiming {
    const struct world *world;
    struct worker *worker;
    struct arena *arena;
    struct jw *jw;
    const struct proof_question *question;
    struct world judged;   /* a look at the world with findings of its own; nobody else sees it */
    struct assessment all; /* of it */
    struct conflict *conflicts;
    size_t n_conflicts;
};

/* Assesses what there is of the world. */
static enum err_code assess(struct claiming *claiming, struct err *err)
{
    enum err_code code = ERR_OK;
    struct crew crew = {.workers = claiming->worker, .n = 1};
    claiming->judged = *claiming->world;
    claiming->judged.findings = NULL;
    claiming->world = &claiming->judged;
    TRY(assess_world(&claiming->judged, &crew, claiming->arena, &claiming->all, err));
    TRY(assess_conflicts(claiming->world, claiming->worker, claiming->arena, &claiming->conflicts,
                         &claiming->n_conflicts, err));
done:
    return code;
}

static void write_position(struct jw *jw, struct lonlat point)
{
    jw_array(jw);
    jw_real(jw, point.lon_deg);
    jw_real(jw, point.lat_deg);
    jw_end_array(jw);
}

static void write_closest(struct jw *jw, struct lonlat a, struct lonlat b)
{
    jw_key(jw, "closest");
    jw_array(jw);
    write_position(jw, a);
    write_position(jw, b);
    jw_end_array(jw);
}

/* ---- distances ---- */

/* An interval against a limit, the two comparisons of Truth 7 with their numbers. */
struct interval {
    double low_m;
    double high_m; /* INFINITY: open */
    double error_m;
    double required_m;
    const char *verdict;
    const char *confidence;
    const char *decides;
};

static const char *interval_formula(const struct interval *in, struct arena *arena)
{
    const char *high = isfinite(in->high_m) ? proof_text(arena, "%.4f + %.4f = %.4f", in->high_m,
                                                         in->error_m, in->high_m + in->error_m)
                                            : "open";
    const char *decides = in->decides ? proof_text(arena, "; open by: %s", in->decides) : "";
    return proof_text(arena,
                      "clear needs low - error >= required: %.4f - %.4f = %.4f %s %.10g; conflict "
                      "needs high + error < required: %s%s%s; compared at 0.1 mm; confidence %s: "
                      "%s%s",
                      in->low_m, in->error_m, in->low_m - in->error_m,
                      round((in->low_m - in->error_m) * 1e4) >= round(in->required_m * 1e4) ? ">="
                                                                                            : "<",
                      in->required_m, high, isfinite(in->high_m) ? " against " : "",
                      isfinite(in->high_m) ? proof_text(arena, "%.10g", in->required_m) : "",
                      in->confidence ? in->confidence : "-", in->verdict, decides);
}

/* How the required distance comes from a charge; "" where the row of the table says it. */
static const char *required_formula(const struct world *world, const struct conflict *row,
                                    struct arena *arena)
{
    int64_t at = world_find(world, LAYER_FACILITIES, row->source_id);
    for (size_t i = 0; i < world->rules->n_spacing && at >= 0; i++) {
        const struct spacing_rule *rule = &world->rules->spacing[i];
        double charge_kg = world_facility(world, (size_t)at)->charge_kg;
        if (!isnan(rule->overpressure_pa) && text_equal(rule->source.id, row->rule_id))
            return proof_text(
                arena,
                " (where the blast of %.10g kg of TNT falls to %.10g Pa: dp = 14 Q/R^3 "
                "+ 4.3 Q^(2/3)/R^2 + 1.1 Q^(1/3)/R, in 1e5 Pa)",
                isnan(charge_kg) ? rule->qualifier_max : charge_kg, rule->overpressure_pa);
    }
    return "";
}

static const char *distance_formula(const struct world *world, const struct conflict *row,
                                    struct arena *arena)
{
    if (isnan(row->distance_m))
        return proof_text(arena, "no row of the tables speaks of that size: undecided");
    const struct interval in = {.low_m = row->low_m,
                                .high_m = isnan(row->high_m) ? (double)INFINITY : row->high_m,
                                .error_m = row->error_m,
                                .required_m = row->required_m,
                                .verdict = row->verdict,
                                .confidence = row->confidence,
                                .decides = row->decides};
    return proof_text(arena, "distance %.6f m, required %.10g m%s, margin %.6f m; %s",
                      row->distance_m, row->required_m, required_formula(world, row, arena),
                      row->margin_m, interval_formula(&in, arena));
}

/* ---- density ---- */

/* The row of the table under which the zone is judged. */
static double dense_above(const struct world *world, const struct zone *zone)
{
    return rules_dense_above(world->rules, zone->kind, rules_zone_class(world->rules, zone));
}

/* Cells denser than the class allows: [column, row, share inside, persons, persons a km2]. */
static enum err_code write_dense_cells(struct claiming *claiming, const struct zone *zone,
                                       double above_km2, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct grid *grid = &claiming->world->population;
    struct transform *to_grid = claiming->worker->to_grid;
    struct exposure_cell *cells = NULL;
    size_t n = 0;
    size_t listed = 0;
    struct jw *jw = claiming->jw;
    TRY(exposure_cells(grid, to_grid, &zone->head.geom, claiming->arena, &cells, &n, err));
    jw_key(jw, "dense_cells");
    jw_array(jw);
    for (size_t i = 0; i < n; i++) {
        struct geom shape;
        double area_m2 = 0;
        if (!(cells[i].persons > 0) || !(cells[i].share > 0))
            continue;
        TRY(exposure_cell_shape(grid, to_grid, cells[i].column, cells[i].row, claiming->arena,
                                &shape, &area_m2, err));
        double persons = (double)cells[i].persons;
        if (!(persons > above_km2 * (area_m2 / 1e6)) || listed++ >= CELLS_LISTED)
            continue;
        jw_array(jw);
        jw_integer(jw, cells[i].column);
        jw_integer(jw, cells[i].row);
        jw_real(jw, cells[i].share);
        jw_real(jw, persons);
        jw_real(jw, persons / (area_m2 / 1e6));
        jw_end_array(jw);
    }
    jw_end_array(jw);
    jw_kv_integer(jw, "n_dense_cells", (int64_t)listed);
done:
    return code;
}

static enum err_code write_density(struct claiming *claiming, const struct conflict *row,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = claiming->world;
    const struct parameters *p = &world->rules->parameters;
    int64_t at = world_find(world, LAYER_ZONES, row->source_id);
    if (at < 0)
        return ERR_OK;
    const struct zone *zone = world_zone(world, (size_t)at);
    double above_km2 = dense_above(world, zone);
    if (isnan(above_km2) || !population_known(world)) {
        jw_kv_string(claiming->jw, "formula",
                     isnan(above_km2) ? "the class of the contour is not known: undecided"
                                      : "there is no population to count: undecided");
        goto done;
    }
    if (world->population.n_columns > 0)
        TRY(write_dense_cells(claiming, zone, above_km2, err));
    const char *parts = population_parts(world);
    jw_kv_real(claiming->jw, "dense_above_km2", above_km2);
    jw_kv_string(claiming->jw, "formula",
                 proof_text(claiming->arena,
                            "persons in %s above %.10g persons/km2 = sum share x persons = "
                            "%.6f, from %.6f (%s wholly inside) to %.6f (all that it touches); "
                            ">= %.10g is red, >= %.10g orange, >= %.10g yellow, less is none: %s",
                            parts, above_km2, row->persons, row->persons_low, parts,
                            row->persons_high, p->density_red_persons, p->density_orange_persons,
                            p->dense_persons_min, row->verdict));
done:
    return code;
}

/* ---- conflicts ---- */

static const char *red_line_formula(const struct conflict *row, struct arena *arena)
{
    return proof_text(arena,
                      "gap %.6f m, margin %.6f m (less than 0: so deep on the wrong side), error "
                      "%.6f m; decided where the depth is over the error: %s%s%s",
                      row->distance_m, row->margin_m, row->error_m, row->verdict,
                      row->decides ? "; open by: " : "", row->decides ? row->decides : "");
}

/* The members of a conflict row into an object that is open. */
static enum err_code write_conflict(struct claiming *claiming, const struct conflict *row,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    struct jw *jw = claiming->jw;
    const struct geom *line = &row->head.geom;
    proof_write_fields(jw, LAYER_CONFLICTS, row);
    if (text_equal(row->kind, "density")) {
        TRY(write_density(claiming, row, err));
        goto done;
    }
    if (line->n_points > 0 && line->kind != GEOM_POLYGON)
        write_closest(jw, line->points[0], line->points[line->n_points - 1]);
    if (text_equal(row->kind, "risk")) {
        TRY(proof_claim_risk(claiming->world, claiming->worker, row->head.id, jw, err));
        goto done;
    }
    jw_kv_string(jw, "formula",
                 text_equal(row->kind, "area")
                     ? red_line_formula(row, claiming->arena)
                     : distance_formula(claiming->world, row, claiming->arena));
done:
    return code;
}

static const struct conflict *find_conflict(const struct claiming *claiming, const char *id)
{
    for (size_t i = 0; i < claiming->n_conflicts; i++)
        if (text_equal(claiming->conflicts[i].head.id, id))
            return &claiming->conflicts[i];
    return NULL;
}

static enum err_code claim_conflict(struct claiming *claiming, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct conflict *row = NULL;
    TRY(assess(claiming, err));
    row = find_conflict(claiming, claiming->question->id);
    jw_object(claiming->jw);
    if (row)
        TRY(write_conflict(claiming, row, err));
    else
        jw_kv_string(claiming->jw, "verdict", "none");
    jw_end_object(claiming->jw);
done:
    return code;
}

/* ---- plants ---- */

static enum err_code claim_hazard(struct claiming *claiming, struct err *err)
{
    enum err_code code = ERR_OK;
    int64_t row = world_find(claiming->world, LAYER_ENTERPRISES, claiming->question->id);
    TRY(worker_fit(claiming->worker, claiming->world, err));
    if (row >= 0) {
        TRY(proof_claim_hazard(claiming->world, claiming->worker, (size_t)row, claiming->jw, err));
    } else {
        jw_object(claiming->jw);
        jw_kv_string(claiming->jw, "verdict", "none");
        jw_end_object(claiming->jw);
    }
done:
    return code;
}

/* What the record itself brings: declared grade, score, direct red. */
static void write_own_parts(struct claiming *claiming, const struct enterprise *plant,
                            struct buf *formula)
{
    const struct rules *rules = claiming->world->rules;
    const struct parameters *p = &rules->parameters;
    struct jw *jw = claiming->jw;
    if (plant->declared_grade != INT_ABSENT) {
        jw_kv_integer(jw, "declared_grade", plant->declared_grade);
        buf_printf(formula, "declared %d, ", plant->declared_grade);
    }
    if (!isnan(plant->score_19)) {
        jw_kv_real(jw, "score_19", plant->score_19);
        buf_printf(formula, "score %.10g (from %.10g blue, %.10g yellow, %.10g orange), ",
                   plant->score_19, p->score_blue_from, p->score_yellow_from, p->score_orange_from);
    }
    jw_key(jw, "direct_red");
    jw_array(jw);
    for (size_t i = 0; i < rules->n_direct_red; i++) {
        const struct direct_red *row = &rules->direct_red[i];
        if (!row->predicate || !rule_holds(&row->source, claiming->world->as_of) ||
            predicate_eval(row->predicate, plant, NULL) != TRUTH_YES)
            continue;
        jw_string(jw, row->source.id);
        buf_printf(formula, "direct red by %s, ", row->source.id);
    }
    jw_end_array(jw);
}

/* Conflicts of the plant in the order of their ids. */
static enum err_code write_findings(struct claiming *claiming, const char *id, struct buf *formula,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    struct jw *jw = claiming->jw;
    size_t n[5] = {0};
    jw_key(jw, "findings");
    jw_array(jw);
    for (size_t i = 0; i < claiming->n_conflicts; i++) {
        const struct conflict *row = &claiming->conflicts[i];
        if (!text_equal(row->enterprise_id, id))
            continue;
        bool decided = text_equal(row->verdict, "conflict");
        n[decided && row->grade >= 1 && row->grade <= 4 ? row->grade : 0]++;
        jw_object(jw);
        TRY(write_conflict(claiming, row, err));
        jw_end_object(jw);
    }
    jw_end_array(jw);
    buf_printf(formula, "conflicts: %zu red, %zu orange, %zu yellow, %zu blue; %zu undecided", n[1],
               n[2], n[3], n[4], n[0]);
done:
    return code;
}

static const struct grade_row *find_grade(const struct claiming *claiming, const char *subject,
                                          const char *id)
{
    for (size_t i = 0; i < claiming->all.n_grades; i++) {
        const struct grade_row *row = &claiming->all.grades[i];
        if (text_equal(row->subject, subject) && text_equal(row->subject_id, id))
            return row;
    }
    return NULL;
}

static enum err_code claim_enterprise(struct claiming *claiming, struct err *err)
{
    enum err_code code = ERR_OK;
    struct jw *jw = claiming->jw;
    const char *id = claiming->question->id;
    int64_t at = world_find(claiming->world, LAYER_ENTERPRISES, id);
    struct buf formula;
    buf_init(&formula);
    TRY(assess(claiming, err));
    const struct grade_row *grade = find_grade(claiming, "enterprise", id);
    jw_object(jw);
    if (at < 0 || !grade) {
        jw_kv_string(jw, "verdict", "none");
        jw_end_object(jw);
        goto done;
    }
    jw_kv_integer(jw, "grade", grade->grade);
    jw_kv_integer(jw, "could_be", grade->could_be);
    jw_kv_integer(jw, "undecided", grade->undecided);
    buf_printf(&formula, "grade %d (1 red - 4 blue, 0 not assessed), could be %d = the worst of: ",
               grade->grade, grade->could_be);
    write_own_parts(claiming, world_enterprise(claiming->world, (size_t)at), &formula);
    jw_key(jw, "major_hazard");
    TRY(proof_claim_hazard(claiming->world, claiming->worker, (size_t)at, jw, err));
    TRY(write_findings(claiming, id, &formula, err));
    buf_add_text(&formula, "; and the levels of major_hazard");
    jw_kv_string(jw, "formula", buf_text(&formula));
    jw_end_object(jw);
    if (!buf_ok(&formula))
        code = err_nomem(err);
done:
    buf_release(&formula);
    return code;
}

/* ---- sites and shapes ---- */

static void write_exposure(struct jw *jw, const struct exposure *exposure)
{
    jw_kv_real(jw, "persons", exposure->persons);
    jw_kv_real(jw, "low", exposure->low);
    jw_kv_real(jw, "high", exposure->high);
    jw_kv_integer(jw, "cells", exposure->cells);
    jw_kv_real(jw, "area_m2", exposure->area_m2);
    jw_kv_real(jw, "densest_km2", exposure->densest_km2);
    jw_kv_real(jw, "nodata_share", exposure->nodata_share);
}

static void write_rule(struct jw *jw, const struct rule_source *rule)
{
    jw_key(jw, "rule");
    jw_object(jw);
    jw_kv_string(jw, "id", rule->id);
    jw_kv_string(jw, "standard", rule->standard);
    jw_kv_string(jw, "edition", rule->edition);
    jw_kv_string(jw, "clause", rule->clause);
    jw_kv_string(jw, "confidence", confidence_name(rule->confidence));
    jw_end_object(jw);
}

static const char *finding_formula(const struct site_finding *finding, struct arena *arena)
{
    const struct verdict_answer *answer = &finding->answer;
    if (!finding->spacing)
        return proof_text(arena, "margin %.6f m, error %.6f m: %s", answer->margin_m,
                          finding->error_m, verdict_name(answer->verdict));
    const struct interval in = {.low_m = answer->low_m,
                                .high_m = answer->high_m,
                                .error_m = finding->error_m,
                                .required_m = answer->required_m,
                                .verdict = verdict_name(answer->verdict),
                                .confidence = confidence_name(finding->rule->confidence),
                                .decides = finding->decides};
    return proof_text(arena, "distance %.6f m, required %.10g m, margin %.6f m; %s",
                      finding->closest.distance_m, in.required_m, answer->margin_m,
                      interval_formula(&in, arena));
}

static void write_site_finding(struct claiming *claiming, const struct site_finding *finding)
{
    struct jw *jw = claiming->jw;
    const struct world *world = claiming->world;
    jw_object(jw);
    jw_kv_string(jw, "kind", finding->kind);
    jw_kv_string(jw, "verdict", verdict_name(finding->answer.verdict));
    write_rule(jw, finding->rule);
    if (finding->has_target) {
        const struct record_head *target =
            world_record(world, finding->target_layer, finding->target_row);
        jw_kv_string(jw, "target", reasons_ref(finding->target_layer, target->id, claiming->arena));
        write_closest(jw, finding->closest.a, finding->closest.b);
    }
    if (finding->target_class)
        jw_kv_string(jw, "target_class", finding->target_class);
    jw_kv_real(jw, "distance_m", finding->closest.distance_m);
    jw_kv_real(jw, "low_m", finding->answer.low_m);
    jw_kv_real(jw, "high_m", finding->answer.high_m);
    if (finding->spacing)
        jw_kv_real(jw, "required_m", finding->answer.required_m);
    jw_kv_real(jw, "margin_m", finding->answer.margin_m);
    jw_kv_real(jw, "error_m", finding->error_m);
    jw_kv_string(jw, "reason", finding->reason);
    jw_kv_string(jw, "reason_zh", finding->reason_zh);
    if (finding->decides)
        jw_kv_string(jw, "decides", finding->decides);
    jw_kv_string(jw, "formula", finding_formula(finding, claiming->arena));
    jw_end_object(jw);
}

/* Notes tell what the whole store lacks, which no part of it can. */
static enum err_code claim_site(struct claiming *claiming, struct err *err)
{
    enum err_code code = ERR_OK;
    struct jw *jw = claiming->jw;
    struct site_answer answer;
    TRY(query_site(claiming->world, claiming->worker, claiming->question->site, &answer, err));
    jw_object(jw);
    jw_kv_string(jw, "verdict", verdict_name(answer.verdict));
    jw_key(jw, "findings");
    jw_array(jw);
    for (size_t i = 0; i < answer.n_findings; i++)
        write_site_finding(claiming, &answer.findings[i]);
    jw_end_array(jw);
    jw_key(jw, "exposure");
    jw_object(jw);
    jw_kv_real(jw, "within_m", answer.population_radius_m);
    write_exposure(jw, &answer.within);
    jw_end_object(jw);
    jw_kv_string(jw, "formula",
                 proof_text(claiming->arena,
                            "the worst of %zu findings: %s; no finding, or data that are not "
                            "there to judge by, is undecided",
                            answer.n_findings, verdict_name(answer.verdict)));
    jw_end_object(jw);
done:
    return code;
}

static enum err_code claim_exposure(struct claiming *claiming, struct err *err)
{
    enum err_code code = ERR_OK;
    struct jw *jw = claiming->jw;
    struct exposure exposure;
    /* Half of an outline that crosses itself would count as outside, and be proved so. */
    TRY(overlay_check_valid(claiming->worker->overlay, claiming->question->shape, err));
    TRY(population_within(claiming->world, claiming->worker, claiming->question->shape,
                          claiming->arena, &exposure, err));
    jw_object(jw);
    write_exposure(jw, &exposure);
    jw_kv_string(jw, "formula",
                 proof_text(claiming->arena,
                            "persons = sum over cells (or areas of a census) of persons x share "
                            "of its area inside = %.6f; low: no person of one on the edge, high: "
                            "all",
                            exposure.persons));
    jw_end_object(jw);
done:
    return code;
}

static enum err_code claim(struct claiming *claiming, struct err *err)
{
    switch (claiming->question->kind) {
    case PROOF_CONFLICT:
        return claim_conflict(claiming, err);
    case PROOF_HAZARD:
        return claim_hazard(claiming, err);
    case PROOF_ENTERPRISE:
        return claim_enterprise(claiming, err);
    case PROOF_SITE:
        return claim_site(claiming, err);
    case PROOF_EXPOSURE:
        return claim_exposure(claiming, err);
    case PROOF_UNIT:
        return proof_claim_unit(claiming->world, claiming->worker, claiming->question, claiming->jw,
                                err);
    case PROOF_PIPELINE:
    case PROOF_SEGMENT:
        return proof_claim_pipeline(claiming->world, claiming->worker, claiming->question,
                                    claiming->jw, err);
    case PROOF_KINDS:
        break;
    }
    return err_set(err, ERR_INTERNAL, "no claim of that kind");
}

enum err_code proof_claim(const struct world *world, struct worker *worker,
                          const struct proof_question *question, struct jw *jw, struct err *err)
{
    struct claiming claiming = {
        .world = world, .worker = worker, .arena = &worker->arena, .jw = jw, .question = question};
    enum err_code code = claim(&claiming, err);
    assessment_release(&claiming.all);
    findings_release(claiming.judged.findings);
    return code;
}
