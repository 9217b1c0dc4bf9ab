#include "geo/findings/spacing.h"

#include "data/base/text.h"
#include "geo/measure/ellipsoid.h"

#include <string.h>

static bool is_one_point(const struct geom *geom)
{
    return geom->kind == GEOM_POINT && geom->n_points == 1;
}

struct spacing_source spacing_source_of(const struct world *world, enum layer_id layer, size_t row)
{
    const struct record_head *head = world_record(world, layer, row);
    struct spacing_source source = {
        .layer = layer,
        .record = head,
        .geom = &head->geom,
        .by = KNOWN_FACILITY,
        .error_m = rules_accuracy_m(world->rules, layer, head),
        .is_point = is_one_point(&head->geom),
    };
    if (source.is_point)
        source.ecef = ellipsoid_ecef(head->geom.points[0]);
    if (layer == LAYER_ENTERPRISES) {
        bool point = head->geom.kind == GEOM_POINT;
        source.enterprise_id = head->id;
        source.by = point ? KNOWN_POINT : KNOWN_OUTLINE;
        source.radius_m = point ? rules_radius_m(world->rules, (const void *)head) : 0;
    } else {
        source.enterprise_id = record_text(head, records_field(layer, "enterprise_id"));
    }
    return source;
}

/* Whether a record is of a facility type: the best of the rows that share the code. */
static enum truth is_facility(const struct world *world, const struct spacing_source *source,
                              const char *code, const char **missing)
{
    const struct rules *rules = world->rules;
    enum truth truth = TRUTH_NO;
    for (size_t i = 0; i < rules->n_facility_types; i++) {
        const struct facility_type *type = &rules->facility_types[i];
        if (type->layer != source->layer || !rule_holds(&type->source, world->as_of) ||
            !text_equal(type->source.id, code))
            continue;
        const char *absent = NULL;
        enum truth one = predicate_eval(type->predicate, source->record, &absent);
        if (one == TRUTH_YES)
            return TRUTH_YES;
        if (one == TRUTH_UNKNOWN && truth == TRUTH_NO) {
            truth = TRUTH_UNKNOWN;
            *missing = absent;
        }
    }
    return truth;
}

/* The record's value of the row's qualifier lies in the row's range. */
static bool in_range(const struct spacing_rule *rule, const void *record)
{
    double value = record_real(record, rule->qualifier);
    bool above = rule->min_inclusive ? value >= rule->qualifier_min : value > rule->qualifier_min;
    bool below = rule->max_inclusive ? value <= rule->qualifier_max : value < rule->qualifier_max;
    return above && below;
}

/* The row's condition and its range of the qualifier. */
enum truth spacing_qualifies(const struct spacing_rule *rule, const struct spacing_source *source,
                             const char **missing)
{
    enum truth when = predicate_eval(rule->when, source->record, missing);
    if (when == TRUTH_NO || !rule->qualifier)
        return when;
    if (record_is_absent(source->record, rule->qualifier)) {
        *missing = rule->qualifier->name;
        return TRUTH_UNKNOWN;
    }
    return in_range(rule, source->record) ? when : TRUTH_NO;
}

enum truth spacing_speaks(const struct world *world, const struct spacing_source *source,
                          const struct spacing_rule *rule, const char **missing)
{
    const char *type_missing = NULL;
    *missing = NULL;
    enum truth type = is_facility(world, source, rule->facility, &type_missing);
    enum truth qualified = type == TRUTH_NO ? TRUTH_NO : spacing_qualifies(rule, source, missing);
    if (qualified == TRUTH_NO)
        return TRUTH_NO;
    if (type == TRUTH_UNKNOWN)
        *missing = type_missing ? type_missing : "an attribute";
    return *missing ? TRUTH_UNKNOWN : TRUTH_YES;
}

/* code NULL: whatever the record is; else it is of that code too, whatever its layer. */
static enum err_code collect_matches(const struct world *world, const char *code,
                                     const struct spacing_source *source, struct arena *arena,
                                     struct spacing_match **out, size_t *n, struct err *err)
{
    const struct rules *rules = world->rules;
    *n = 0;
    *out = arena_new(arena, struct spacing_match, rules->n_spacing);
    if (!*out)
        return err_nomem(err);
    const char *last_code = NULL;
    const char *type_missing = NULL;
    enum truth type = TRUTH_NO;
    for (size_t i = 0; i < rules->n_spacing; i++) {
        const struct spacing_rule *rule = &rules->spacing[i];
        if (rule->kind == SPACING_CONSENT || !rule_holds(&rule->source, world->as_of))
            continue;
        if (!text_equal(rule->facility, last_code)) {
            last_code = rule->facility;
            type_missing = NULL;
            type = text_equal(rule->facility, code)
                       ? TRUTH_YES
                       : is_facility(world, source, rule->facility, &type_missing);
        }
        const char *missing = NULL;
        enum truth qualified =
            type == TRUTH_NO ? TRUTH_NO : spacing_qualifies(rule, source, &missing);
        if (qualified == TRUTH_NO)
            continue;
        if (type == TRUTH_UNKNOWN)
            missing = type_missing ? type_missing : "an attribute";
        (*out)[(*n)++] = (struct spacing_match){rule, missing};
    }
    return ERR_OK;
}

enum err_code spacing_matches(const struct world *world, const struct spacing_source *source,
                              struct arena *arena, struct spacing_match **out, size_t *n,
                              struct err *err)
{
    return collect_matches(world, NULL, source, arena, out, n, err);
}

enum err_code spacing_matches_of(const struct world *world, const char *code,
                                 const struct spacing_source *source, struct arena *arena,
                                 struct spacing_match **out, size_t *n, struct err *err)
{
    return collect_matches(world, code, source, arena, out, n, err);
}

/* A row on that code that goes by a qualifier and holds. */
static bool goes_by(const struct world *world, const struct spacing_rule *rule, const char *code)
{
    return rule->qualifier && rule->kind != SPACING_CONSENT && text_equal(rule->facility, code) &&
           rule_holds(&rule->source, world->as_of);
}

const struct spacing_rule *spacing_beyond(const struct world *world, const char *code,
                                          const struct facility *facility, size_t *i)
{
    const struct rules *rules = world->rules;
    for (; *i < rules->n_spacing; (*i)++) {
        const struct spacing_rule *most = &rules->spacing[*i];
        const struct field_binding *qualifier = most->qualifier;
        if (!goes_by(world, most, code) || record_is_absent(facility, qualifier))
            continue;
        bool first = true;
        bool spoken_of = false;
        for (size_t j = 0; j < rules->n_spacing; j++) {
            const struct spacing_rule *rule = &rules->spacing[j];
            if (rule->qualifier != qualifier || !goes_by(world, rule, code))
                continue;
            first = first && j >= *i;
            spoken_of = spoken_of || in_range(rule, facility);
            if (rule->value_m > most->value_m)
                most = rule;
        }
        if (first && !spoken_of) {
            (*i)++;
            return most;
        }
    }
    return NULL;
}

const struct target_class *spacing_target(const struct world *world,
                                          const struct spacing_rule *rule, size_t *i)
{
    const struct rules *rules = world->rules;
    for (; *i < rules->n_target_classes; (*i)++) {
        const struct target_class *class = &rules->target_classes[*i];
        if (text_equal(class->source.id, rule->target) &&
            rule_holds(&class->source, world->as_of)) {
            (*i)++;
            return class;
        }
    }
    return NULL;
}

bool spacing_has_data(const struct world *world, const struct spacing_rule *rule)
{
    size_t i = 0;
    const struct target_class *class;
    while ((class = spacing_target(world, rule, &i))) {
        if (world_count(world, class->layer) > 0 && !predicate_is_never(class->predicate))
            return true;
    }
    return false;
}

bool spacing_may_be_target(const struct spacing_source *source, enum layer_id layer,
                           const struct record_head *head)
{
    if (layer == LAYER_FACILITIES || layer == LAYER_PIPELINES) {
        const char *owner = record_text(head, records_field(layer, "enterprise_id"));
        return !owner || !text_equal(owner, source->enterprise_id);
    }
    if (layer != LAYER_ENTERPRISES)
        return true;
    return !text_equal(head->id, source->enterprise_id) &&
           enterprise_counts((const struct enterprise *)(const void *)head);
}

enum truth spacing_is_target(const struct world *world, const struct spacing_source *source,
                             const struct target_class *target_class, uint32_t row,
                             const char **missing)
{
    const struct record_head *head = world_record(world, target_class->layer, row);
    *missing = NULL;
    if (!spacing_may_be_target(source, target_class->layer, head))
        return TRUTH_NO;
    return predicate_eval(target_class->predicate, head, missing);
}

/* A rule that runs to an edge meets a centre line half a width too late. An assumed width may
 * be wrong by all of it, so it counts as error too. Nothing is assumed of a river. */
static void find_width(const struct world *world, const struct infrastructure *target,
                       struct spacing_facts *facts)
{
    if (target->head.geom.kind != GEOM_LINE)
        return;
    const struct parameters *parameters = &world->rules->parameters;
    if (target->width_m >= 0) {
        facts->half_width_m = target->width_m / 2;
        return;
    }
    bool water = text_equal(target->kind, "river") || text_equal(target->kind, "canal");
    double assumed_m = water                                 ? 0
                       : text_equal(target->kind, "railway") ? parameters->rail_width_m
                                                             : parameters->road_width_m;
    facts->half_width_m = assumed_m / 2;
    facts->half_width_error_m = assumed_m / 2;
}

double spacing_half_diameter_m(const struct spacing_source *source)
{
    if (source->layer != LAYER_PIPELINES)
        return 0;
    double diameter_mm = ((const struct pipeline *)source->record)->diameter_mm;
    return diameter_mm >= 0 ? diameter_mm / 2000 : 0;
}

static bool class_is_grave(const char *class)
{
    return text_equal(class, "high_sensitive") || text_equal(class, "important") ||
           text_equal(class, "class_1");
}

struct spacing_facts spacing_measures_of(const struct world *world, enum layer_id layer,
                                         const struct record_head *head)
{
    struct spacing_facts facts = {.error_m = rules_accuracy_m(world->rules, layer, head),
                                  .is_point = is_one_point(&head->geom)};
    if (facts.is_point) {
        facts.place = head->geom.points[0];
        facts.ecef = ellipsoid_ecef(facts.place);
    }
    if (layer == LAYER_INFRASTRUCTURE)
        find_width(world, (const void *)head, &facts);
    if (layer == LAYER_ENTERPRISES && head->geom.kind == GEOM_POINT)
        facts.radius_m = rules_radius_m(world->rules, (const void *)head);
    return facts;
}

void spacing_find_grave(const struct world *world, enum layer_id layer,
                        const struct record_head *head, struct spacing_facts *facts)
{
    const char *missing = NULL;
    if (layer != LAYER_PROTECTED)
        return;
    const char *class = rules_protected_class(world->rules, (const void *)head, &missing);
    facts->grave = class_is_grave(class);
    facts->may_be_grave = !class && missing;
}

struct spacing_facts spacing_facts_of(const struct world *world, enum layer_id layer, uint32_t row)
{
    const struct record_head *head = world_record(world, layer, row);
    struct spacing_facts facts = spacing_measures_of(world, layer, head);
    spacing_find_grave(world, layer, head, &facts);
    return facts;
}

void spacing_judge_pair(const struct spacing_source *source, const struct spacing_match *match,
                        const struct target_class *target_class, const struct spacing_facts *facts,
                        const struct closest *closest, struct spacing_finding *out)
{
    *out = (struct spacing_finding){
        .rule = match->rule,
        .target_class = target_class,
        .layer = target_class->layer,
        .closest = *closest,
        .missing = match->missing,
        .grave = target_class->grave || facts->grave,
        .may_be_grave = !target_class->grave && facts->may_be_grave,
        .measured = {.distance_m = closest->distance_m,
                     .by = source->by,
                     .radius_m = source->radius_m,
                     .target_radius_m = facts->radius_m,
                     .error_m = source->error_m + facts->error_m},
    };
    if (match->rule->to->edge) {
        out->measured.target_half_width_m = facts->half_width_m;
        out->measured.error_m += facts->half_width_error_m;
    }
    if (match->rule->from->edge)
        out->measured.target_half_width_m += spacing_half_diameter_m(source);
    out->answer = verdict_of(match->rule, rules_required_m(match->rule, source->record),
                             &out->measured, match->missing != NULL);
    if (match->rule->kind == SPACING_PATH && out->answer.by == UNDECIDED_ATTRIBUTE && !out->missing)
        out->missing = "flow path";
}

void spacing_judge(const struct world *world, const struct spacing_source *source,
                   const struct spacing_match *match, const struct target_class *target_class,
                   uint32_t row, const struct closest *closest, struct spacing_finding *out)
{
    struct spacing_facts facts = spacing_facts_of(world, target_class->layer, row);
    spacing_judge_pair(source, match, target_class, &facts, closest, out);
    out->row = row;
}
