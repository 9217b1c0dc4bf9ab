/* proof_risk.c - individual and societal risk (GB 36894-2018): what a finding rests on, and the
 * contours, sums and curves that lead to it. */
#include "geo/proof/proof_private.h"

#include "data/base/text.h"
#include "geo/findings/finding_view.h"
#include "geo/findings/reasons.h"

#include <math.h>

/* ---- needs ---- */

/* All scenarios of a plant, with the people of those whose deaths are counted from them. */
static enum err_code need_scenarios(struct proof_needs *needs, const char *enterprise_id,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    const uint32_t *rows = NULL;
    size_t n = 0;
    world_of_enterprise(needs->world, LAYER_SCENARIOS, enterprise_id, &rows, &n);
    for (size_t i = 0; i < n; i++) {
        const struct scenario *scenario = world_record(needs->world, LAYER_SCENARIOS, rows[i]);
        TRY(proof_need_record(needs, LAYER_SCENARIOS, rows[i], err));
        if (isnan(scenario->fatalities) && scenario->head.geom.kind == GEOM_POLYGON)
            TRY(proof_need_cells(needs, &scenario->head.geom, err));
    }
done:
    return code;
}

enum err_code proof_need_risk(struct proof_needs *needs, enum layer_id layer, size_t row,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = needs->world;
    struct risk_source source;
    if (!risk_speaks(world, layer, (uint32_t)row))
        return ERR_OK;
    proof_need_rules(needs, "risk_criteria.csv", NULL);
    proof_need_rules(needs, "protected_classes.csv", NULL);
    proof_need_rules(needs, "societal_risk.csv", NULL);
    TRY(risk_source_of(world, layer, (uint32_t)row, needs->arena, &source, err));
    /* A contour is a zone, too, whose density is judged by its class and cells. */
    proof_need_rules(needs, "zone_classes.csv", NULL);
    for (size_t i = 0; i < source.n_rings; i++) {
        TRY(proof_need_record(needs, source.rings[i].layer, source.rings[i].row, err));
        TRY(proof_need_cells(needs, source.rings[i].geom, err));
    }
    if (source.enterprise)
        TRY(need_scenarios(needs, source.enterprise->head.id, err));
done:
    return code;
}

/* ---- individual risk ---- */

static void write_ring(struct jw *jw, const char *key, const struct world *world,
                       const struct risk_ring *ring, struct arena *arena)
{
    if (!ring)
        return;
    const struct record_head *head = world_record(world, ring->layer, ring->row);
    jw_key(jw, key);
    jw_object(jw);
    jw_kv_string(jw, "record", reasons_ref(ring->layer, head->id, arena));
    jw_kv_real(jw, "per_year", ring->per_year);
    jw_end_object(jw);
}

static const char *individual_formula(const struct risk_view *risk, struct arena *arena)
{
    const struct quantity *at = &risk->at.risk;
    const struct risk_limit *limit = &risk->limit;
    bool one = !(limit->strictest < limit->mildest);
    return proof_text(
        arena,
        "individual risk at the target: %s %.10g%s per year, by %s; the criterion is %.10g%s; "
        "inside is deeper than the error of both positions (%.10g m): %s",
        at->above_low ? "more than" : "from", at->low,
        at->high > at->low && isfinite(at->high) ? proof_text(arena, " to %.10g", at->high) : "",
        risk->source.by_contours
            ? "the contours that hold it and those that do not"
            : "the sum of frequency x lethality of the fatal areas that hold it",
        limit->strictest, one ? "" : proof_text(arena, " or %.10g", limit->mildest),
        risk->at.error_m, verdict_name(risk->answer.verdict));
}

static void write_individual(struct jw *jw, const struct world *world, const struct risk_view *risk,
                             struct arena *arena)
{
    jw_key(jw, "individual_risk");
    jw_object(jw);
    jw_kv_real(jw, "low_per_year", risk->at.risk.low);
    jw_kv_real(jw, "high_per_year", risk->at.risk.high);
    jw_kv_bool(jw, "more_than_low", risk->at.risk.above_low);
    jw_kv_real(jw, "limit_per_year", risk->limit.strictest);
    jw_kv_real(jw, "mildest_limit_per_year", risk->limit.mildest);
    write_ring(jw, "inside", world, risk->at.inside, arena);
    write_ring(jw, "open", world, risk->at.open, arena);
    jw_kv_real(jw, "depth_m", risk->at.depth_m);
    jw_kv_real(jw, "gap_m", risk->at.gap_m);
    jw_kv_real(jw, "error_m", risk->at.error_m);
    jw_end_object(jw);
    jw_kv_string(jw, "formula", individual_formula(risk, arena));
}

/* ---- societal risk ---- */

static void write_events(struct jw *jw, const struct world *world, const struct societal *societal)
{
    jw_key(jw, "scenarios");
    jw_array(jw);
    for (size_t i = 0; i < societal->n_events; i++) {
        const struct societal_event *event = &societal->events[i];
        const struct record_head *head = world_record(world, LAYER_SCENARIOS, event->row);
        jw_object(jw);
        jw_kv_string(jw, "id", head->id);
        jw_kv_real(jw, "per_year", event->per_year);
        jw_kv_real(jw, "deaths", event->n);
        jw_kv_real(jw, "deaths_low", event->n_low);
        jw_kv_real(jw, "deaths_high", event->n_high);
        jw_end_object(jw);
    }
    jw_end_array(jw);
    jw_key(jw, "curve");
    jw_array(jw);
    for (size_t i = 0; i < societal->n_curve; i++) {
        jw_array(jw);
        jw_real(jw, societal->curve[i].n);
        jw_real(jw, societal->curve[i].per_year);
        jw_end_array(jw);
    }
    jw_end_array(jw);
}

static const char *societal_formula(const struct societal *societal, struct arena *arena)
{
    const char *text = "F(N) = sum of the frequencies of scenarios with N or more deaths";
    for (size_t i = 0; i < societal->n_lines; i++) {
        const struct societal_against *line = &societal->lines[i];
        text =
            isnan(line->at_n)
                ? proof_text(arena, "%s; %s: the curve does not reach its N", text,
                             line->line->source.id)
                : proof_text(arena, "%s; %s: at N = %.10g F = %.10g against %.10g, ratio %.10g: %s",
                             text, line->line->source.id, line->at_n, line->per_year,
                             line->line_per_year, line->factor, verdict_name(line->answer.verdict));
    }
    return proof_text(arena, "%s; region %s, could be %s", text,
                      societal_region_name(societal->region),
                      societal_region_name(societal->could_be));
}

static void write_societal(struct jw *jw, const struct world *world,
                           const struct societal *societal, struct arena *arena)
{
    jw_key(jw, "societal_risk");
    jw_object(jw);
    jw_kv_string(jw, "region", societal_region_name(societal->region));
    jw_kv_string(jw, "could_be", societal_region_name(societal->could_be));
    jw_kv_real(jw, "pll", societal->pll);
    write_events(jw, world, societal);
    jw_end_object(jw);
    jw_kv_string(jw, "formula", societal_formula(societal, arena));
}

enum err_code proof_claim_risk(const struct world *judged, struct worker *worker, const char *id,
                               struct jw *jw, struct err *err)
{
    enum err_code code = ERR_OK;
    struct finding_ref ref;
    struct conflict_view view;
    if (!findings_find(judged, id, &ref))
        return err_set(err, ERR_INTERNAL, "the finding %s is lost", id);
    TRY(finding_view(judged, worker, ref, &worker->arena, &view, err));
    if (view.kind == FINDING_SOCIETAL)
        write_societal(jw, judged, &view.risk.societal, &worker->arena);
    else if (view.kind == FINDING_RISK)
        write_individual(jw, judged, &view.risk, &worker->arena);
    else
        jw_kv_string(jw, "formula",
                     "nothing tells the risk beyond the outermost contour, which is above a "
                     "criterion, or where a scenario without an area kills: undecided");
done:
    return code;
}
