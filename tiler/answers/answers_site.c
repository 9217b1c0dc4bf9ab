/* answers_site.c - may this be built here, and what can be asked about. */
#include "data/base/text.h"
#include "geo/findings/reasons.h"
#include "tiler/answers/answers.h"

#include <string.h>

static void write_target(struct jw *jw, const struct world *world, struct arena *arena,
                         const struct site_finding *finding)
{
    const struct record_head *target =
        finding->has_target ? world_record(world, finding->target_layer, finding->target_row)
                            : NULL;
    jw_kv_string(jw, "target",
                 target ? reasons_ref(finding->target_layer, target->id, arena) : NULL);
    jw_kv_string(jw, "target_name", target ? reasons_name(target) : NULL);
    jw_kv_string(jw, "target_class", finding->target_class);
}

static void write_finding(struct jw *jw, const struct world *world, struct arena *arena,
                          const struct site_finding *finding)
{
    const struct rule_source *rule = finding->rule;
    jw_object(jw);
    jw_kv_string(jw, "kind", finding->kind);
    jw_kv_string(jw, "verdict", verdict_name(finding->answer.verdict));
    jw_key(jw, "rule");
    answer_rule(jw, rule->id, rule->standard, rule->edition, rule->clause,
                confidence_name(rule->confidence));
    write_target(jw, world, arena, finding);
    jw_kv_fixed(jw, "distance_m", finding->closest.distance_m, 4);
    jw_kv_fixed(jw, "low_m", finding->answer.low_m, 4);
    jw_kv_fixed(jw, "high_m", finding->answer.high_m, 4);
    jw_key(jw, "required_m");
    if (finding->spacing)
        jw_fixed(jw, finding->answer.required_m, 4);
    else
        jw_null(jw);
    jw_kv_fixed(jw, "margin_m", finding->answer.margin_m, 4);
    jw_kv_fixed(jw, "error_m", finding->error_m, 4);
    jw_key(jw, "closest");
    answer_closest(jw, &finding->closest);
    jw_kv_string(jw, "reason", finding->reason);
    jw_kv_string(jw, "reason_zh", finding->reason_zh);
    jw_kv_string(jw, "decides", finding->decides);
    jw_end_object(jw);
}

void answer_site(struct jw *jw, const struct world *world, struct worker *worker,
                 const struct site_answer *site)
{
    jw_object(jw);
    jw_kv_string(jw, "verdict", verdict_name(site->verdict));
    jw_key(jw, "findings");
    jw_array(jw);
    for (size_t i = 0; i < site->n_findings; i++)
        write_finding(jw, world, &worker->arena, &site->findings[i]);
    jw_end_array(jw);
    jw_key(jw, "exposure");
    answer_exposure(jw, &site->within);
    jw_kv_real(jw, "population_radius_m", site->population_radius_m);
    jw_key(jw, "notes");
    jw_array(jw);
    for (size_t i = 0; i < site->n_notes; i++)
        jw_string(jw, site->notes[i]);
    jw_end_array(jw);
    jw_kv_integer(jw, "rules_tried", (int64_t)site->n_rules);
    jw_end_object(jw);
}

/* Whether an earlier row of the table has the same code. */
static bool is_repeated(const struct rules *rules, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(rules->facility_types[k].source.id, rules->facility_types[i].source.id) == 0)
            return true;
    return false;
}

void answer_facility_types(struct jw *jw, const struct world *world)
{
    const struct rules *rules = world->rules;
    jw_object(jw);
    jw_key(jw, "facility_types");
    jw_array(jw);
    for (size_t i = 0; i < rules->n_facility_types; i++) {
        const struct facility_type *type = &rules->facility_types[i];
        if (is_repeated(rules, i) || !rule_holds(&type->source, world->as_of))
            continue;
        jw_object(jw);
        jw_kv_string(jw, "code", type->source.id);
        jw_kv_string(jw, "zh", type->name_zh);
        jw_kv_string(jw, "en", type->name_en);
        jw_kv_string(jw, "group", type->group);
        jw_key(jw, "qualifiers");
        jw_array(jw);
        for (size_t k = 0; k < type->n_qualifiers; k++)
            jw_string(jw, type->qualifiers[k]->name);
        jw_end_array(jw);
        jw_end_object(jw);
    }
    jw_end_array(jw);
    jw_end_object(jw);
}
