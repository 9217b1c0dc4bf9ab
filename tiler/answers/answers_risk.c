/* answers_risk.c - risk as JSON: the F-N curve, findings, plants, shares of a point. */
#include "geo/findings/reasons.h"
#include "tiler/answers/answers.h"

enum { DEATH_DECIMALS = 3 };

static void write_rule(struct jw *jw, const struct rule_source *rule)
{
    answer_rule(jw, rule->id, rule->standard, rule->edition, rule->clause,
                confidence_name(rule->confidence));
}

static void write_point(struct jw *jw, double n, double per_year)
{
    jw_array(jw);
    jw_fixed(jw, n, DEATH_DECIMALS);
    jw_real(jw, per_year);
    jw_end_array(jw);
}

static void write_line(struct jw *jw, const struct societal_against *against)
{
    const struct societal_line *line = against->line;
    jw_object(jw);
    jw_key(jw, "rule");
    write_rule(jw, &line->source);
    jw_kv_string(jw, "region", societal_region_name(line->region));
    jw_key(jw, "points");
    jw_array(jw);
    write_point(jw, line->n_from, line->f_from);
    if (isfinite(line->n_to))
        write_point(jw, line->n_to, line->f_to);
    jw_end_array(jw);
    jw_kv_string(jw, "verdict", verdict_name(against->answer.verdict));
    jw_kv_real(jw, "factor", against->factor);
    jw_kv_real(jw, "factor_low", against->range.low);
    jw_kv_real(jw, "factor_high", against->range.high);
    jw_kv_fixed(jw, "at_n", against->at_n, DEATH_DECIMALS);
    jw_kv_real(jw, "per_year", against->per_year);
    jw_kv_real(jw, "line_per_year", against->line_per_year);
    jw_end_object(jw);
}

static void write_event(struct jw *jw, const struct world *world,
                        const struct societal_event *event)
{
    const struct scenario *scenario = world_record(world, LAYER_SCENARIOS, event->row);
    jw_object(jw);
    jw_kv_string(jw, "id", scenario->head.id);
    jw_kv_string(jw, "name", scenario->head.name);
    jw_kv_string(jw, "enterprise_id", scenario->enterprise_id);
    jw_kv_real(jw, "freq_per_year", event->per_year);
    jw_kv_fixed(jw, "n", event->n, DEATH_DECIMALS);
    jw_kv_fixed(jw, "n_low", event->n_low, DEATH_DECIMALS);
    jw_kv_fixed(jw, "n_high", event->n_high, DEATH_DECIMALS);
    jw_end_object(jw);
}

/* Without scenarios nobody knows: that is not acceptable. */
static void write_region(struct jw *jw, size_t n_scenarios, enum societal_region region,
                         enum societal_region could_be)
{
    jw_kv_string(jw, "region", n_scenarios > 0 ? societal_region_name(region) : NULL);
    jw_kv_string(jw, "could_be", n_scenarios > 0 ? societal_region_name(could_be) : NULL);
}

void answer_societal(struct jw *jw, const struct world *world, const struct societal *societal)
{
    jw_object(jw);
    write_region(jw, societal->n_scenarios, societal->region, societal->could_be);
    jw_kv_string(jw, "governs", societal->governs ? societal->governs->line->source.id : NULL);
    jw_kv_real(jw, "factor", societal->governs ? societal->governs->factor : (double)NAN);
    jw_kv_real(jw, "pll", societal->pll);
    jw_kv_real(jw, "pll_low", societal->pll_low);
    jw_kv_real(jw, "pll_high", societal->pll_high);
    jw_key(jw, "curve");
    jw_array(jw);
    for (size_t i = 0; i < societal->n_curve; i++)
        write_point(jw, societal->curve[i].n, societal->curve[i].per_year);
    jw_end_array(jw);
    jw_key(jw, "lines");
    jw_array(jw);
    for (size_t i = 0; i < societal->n_lines; i++)
        write_line(jw, &societal->lines[i]);
    jw_end_array(jw);
    jw_key(jw, "scenarios");
    jw_array(jw);
    for (size_t i = 0; i < societal->n_events; i++)
        write_event(jw, world, &societal->events[i]);
    jw_end_array(jw);
    jw_end_object(jw);
}

static void write_interval(struct jw *jw, const struct quantity *risk)
{
    jw_kv_real(jw, "low", risk->low);
    jw_kv_real(jw, "high", risk->high);
    jw_kv_bool(jw, "above_low", risk->above_low);
}

static const char *kind_name(enum risk_kind kind)
{
    static const char *const names[] = {"individual", "unknown", "societal"};
    return names[kind];
}

static void write_finding(struct jw *jw, const struct world *world,
                          const struct risk_finding *finding, const struct risk_view *view)
{
    jw_object(jw);
    jw_kv_string(jw, "kind", kind_name(finding->kind));
    jw_kv_string(jw, "verdict", verdict_name(finding->verdict));
    jw_kv_integer(jw, "grade", finding->grade);
    jw_kv_integer(jw, "could_be", finding->could_be);
    if (finding->target_row >= 0) {
        const struct record_head *target =
            world_record(world, LAYER_PROTECTED, (size_t)finding->target_row);
        jw_kv_string(jw, "target", target->id);
        jw_kv_string(jw, "target_name", target->name);
        jw_kv_string(jw, "target_class", view->limit.class);
        jw_key(jw, "individual_risk");
        jw_object(jw);
        write_interval(jw, &view->at.risk);
        jw_end_object(jw);
        jw_kv_real(jw, "criterion", view->limit.strictest);
        jw_kv_real(jw, "criterion_mildest", view->limit.mildest);
    }
    jw_key(jw, "rule");
    answer_rule(jw, view->rule->id, view->rule->standard, view->rule->edition, view->rule->clause,
                confidence_name(finding->confidence));
    jw_kv_string(jw, "reason", view->reason);
    jw_kv_string(jw, "zh", view->reason_zh);
    jw_kv_string(jw, "decides", view->decides);
    jw_end_object(jw);
}

static void write_plant(struct jw *jw, const struct world *world, const struct risk_plant *plant)
{
    const struct enterprise *enterprise = world_enterprise(world, plant->row);
    jw_object(jw);
    jw_kv_string(jw, "id", enterprise->head.id);
    jw_kv_string(jw, "name", enterprise->head.name);
    write_region(jw, plant->n_scenarios, plant->region, plant->could_be);
    jw_kv_real(jw, "factor", plant->factor);
    jw_kv_integer(jw, "scenarios", (int64_t)plant->n_scenarios);
    jw_kv_real(jw, "pll", plant->pll);
    jw_kv_integer(jw, "conflicts", (int64_t)plant->n_conflicts);
    jw_kv_integer(jw, "undecided", (int64_t)plant->n_undecided);
    jw_end_object(jw);
}

static void write_share(struct jw *jw, const struct world *world, const struct risk_share *share)
{
    const struct record_head *head = world_record(world, share->layer, share->row);
    jw_object(jw);
    jw_kv_string(jw, "source_layer", layer_name(share->layer));
    jw_kv_string(jw, "source_id", head->id);
    jw_kv_string(jw, "name", head->name);
    jw_kv_string(jw, "by", share->by_contours ? "contours" : "scenarios");
    write_interval(jw, &share->risk);
    jw_end_object(jw);
}

static void write_at(struct jw *jw, const struct world *world, const struct risk_answer *risk)
{
    answer_place(jw, risk->question.point);
    jw_key(jw, "individual_risk");
    jw_object(jw);
    write_interval(jw, &risk->total);
    jw_end_object(jw);
    jw_key(jw, "sources");
    jw_array(jw);
    for (size_t i = 0; i < risk->n_shares; i++)
        write_share(jw, world, &risk->shares[i]);
    jw_end_array(jw);
    jw_key(jw, "pipelines");
    jw_array(jw);
    for (size_t i = 0; i < risk->pipelines.n; i++) {
        const struct risk_pipeline *pipeline = &risk->pipelines.items[i];
        jw_object(jw);
        jw_kv_string(jw, "id", world_pipeline(world, pipeline->row)->head.id);
        jw_kv_fixed(jw, "radius_m", pipeline->radius_m, 4);
        jw_kv_fixed(jw, "length_m", pipeline->length_m, 4);
        jw_kv_real(jw, "per_year", pipeline->per_year);
        jw_end_object(jw);
    }
    jw_end_array(jw);
    jw_kv_integer(jw, "pipelines_unknown", (int64_t)risk->pipelines.n_unknown);
    jw_key(jw, "targets");
    jw_array(jw);
    for (size_t i = 0; i < risk->n_allowed; i++) {
        const struct risk_allowed *allowed = &risk->allowed[i];
        jw_object(jw);
        jw_kv_string(jw, "class", allowed->criterion->target_class);
        jw_kv_string(jw, "beside_new", verdict_name(allowed->by_new.verdict));
        jw_kv_string(jw, "beside_existing", verdict_name(allowed->by_existing.verdict));
        jw_end_object(jw);
    }
    jw_end_array(jw);
}

void answer_risk(struct jw *jw, const struct world *world, const struct risk_answer *risk)
{
    static const char *const scopes[] = {"all", "unit", "enterprise", "point"};
    jw_object(jw);
    jw_kv_string(jw, "scope", scopes[risk->question.scope]);
    if (risk->question.scope == RISK_AT_POINT) {
        write_at(jw, world, risk);
        jw_end_object(jw);
        return;
    }
    jw_kv_string(jw, "id", risk->question.id);
    jw_key(jw, "societal");
    answer_societal(jw, world, &risk->societal);
    if (risk->question.scope == RISK_OF_ENTERPRISE) {
        jw_key(jw, "findings");
        jw_array(jw);
        for (size_t i = 0; i < risk->findings.n; i++)
            write_finding(jw, world, &risk->findings.items[i], &risk->views[i]);
        jw_end_array(jw);
    } else {
        jw_key(jw, "enterprises");
        jw_array(jw);
        for (size_t i = 0; i < risk->n_plants; i++)
            write_plant(jw, world, &risk->plants[i]);
        jw_end_array(jw);
    }
    jw_end_object(jw);
}
