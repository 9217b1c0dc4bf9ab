#include "data/rules_cells.h"

#include <math.h>
#include <string.h>

static const struct target_class *target_row(const struct rules *rules, const char *code)
{
    for (size_t i = 0; i < rules->n_target_classes; i++)
        if (strcmp(rules->target_classes[i].source.id, code) == 0)
            return &rules->target_classes[i];
    return NULL;
}

static void check_codes(struct rules_loader *loader, const struct spacing_rule *rule)
{
    const struct rules *rules = loader->rules;
    bool facility = false;
    for (size_t i = 0; i < rules->n_facility_types; i++)
        facility = facility || strcmp(rules->facility_types[i].source.id, rule->facility) == 0;
    size_t n = facility ? rules->n_target_classes : rules->n_facility_types;
    if (facility && target_row(rules, rule->target))
        return;
    const char **codes = arena_new(loader->arena, const char *, n);
    if (!codes) {
        loader->no_memory = true;
        return;
    }
    for (size_t i = 0; i < n; i++)
        codes[i] =
            facility ? rules->target_classes[i].source.id : rules->facility_types[i].source.id;
    const char *code = facility ? rule->target : rule->facility;
    rules_error(loader, rule->source.file, rule->source.line, "%s \"%.200s\" is not in %s%s",
                facility ? "target" : "facility", code,
                facility ? "target_classes.csv" : "facility_types.csv",
                rules_near(loader, code, codes, n));
}

/* A standard without its edition: "GB 50160-2008(2018)" and "GB 50160-2008" are one. */
static size_t family_length(const struct rule_source *source)
{
    size_t n = strlen(source->standard), edition = strlen(source->edition);
    if (edition > 0 && edition + 1 < n && source->standard[n - edition - 1] == '-' &&
        strcmp(source->standard + n - edition, source->edition) == 0)
        return n - edition - 1;
    return n;
}

static bool same_family(const struct rule_source *a, const struct rule_source *b)
{
    size_t n = family_length(a);
    return n == family_length(b) && strncmp(a->standard, b->standard, n) == 0;
}

/* The first day of b comes after the last of a. */
static bool is_over(const struct rule_source *a, const struct rule_source *b)
{
    return a->valid_to != INT_ABSENT && b->valid_from != INT_ABSENT && a->valid_to < b->valid_from;
}

/* Where both begin at the same value, the one that includes it begins first. */
static bool ranges_meet(const struct spacing_rule *a, const struct spacing_rule *b)
{
    bool a_first = a->qualifier_min < b->qualifier_min ||
                   (a->qualifier_min == b->qualifier_min && a->min_inclusive);
    const struct spacing_rule *low = a_first ? a : b;
    const struct spacing_rule *high = a_first ? b : a;
    return low->qualifier_max > high->qualifier_min ||
           (low->qualifier_max == high->qualifier_min && low->max_inclusive && high->min_inclusive);
}

/* Two rows of one standard that speak of the same thing on the same day: which one is the law
 * would be a matter of luck. Rows with a condition of their own are another thing. */
static void check_editions(struct rules_loader *loader, const struct spacing_rule *rule,
                           const struct spacing_rule *other)
{
    if (!rule->source.active || !other->source.active || rule->when || other->when ||
        rule->kind != other->kind || rule->qualifier != other->qualifier ||
        strcmp(rule->facility, other->facility) != 0 || strcmp(rule->target, other->target) != 0 ||
        !same_family(&rule->source, &other->source) || is_over(&rule->source, &other->source) ||
        is_over(&other->source, &rule->source) || !ranges_meet(rule, other))
        return;
    rules_error(loader, rule->source.file, rule->source.line,
                "id \"%.200s\" speaks of the same facility, target and days as \"%.200s\" in line "
                "%zu; end one with valid_to, part their ranges or set active to 0",
                rule->source.id, other->source.id, other->source.line);
}

/* ---- what each facility type is asked ---- */

struct asked {
    struct rules_loader *loader;
    struct facility_type *type;
    size_t capacity;
};

static void ask(void *context, const struct field_binding *field)
{
    struct asked *asked = context;
    struct facility_type *type = asked->type;
    for (size_t i = 0; i < type->n_qualifiers; i++)
        if (type->qualifiers[i] == field)
            return;
    const struct field_binding **grown =
        arena_grow(asked->loader->arena, type->qualifiers, &asked->capacity, type->n_qualifiers + 1,
                   sizeof(const struct field_binding *));
    if (!grown) {
        asked->loader->no_memory = true;
        return;
    }
    type->qualifiers = grown;
    grown[type->n_qualifiers++] = field;
}

static void list_qualifiers(struct rules_loader *loader)
{
    const struct rules *rules = loader->rules;
    for (size_t i = 0; i < rules->n_facility_types; i++) {
        struct asked asked = {loader, &rules->facility_types[i], 0};
        for (size_t j = 0; j < rules->n_spacing; j++) {
            const struct spacing_rule *rule = &rules->spacing[j];
            if (!rule->source.active ||
                strcmp(rule->facility, rules->facility_types[i].source.id) != 0)
                continue;
            if (rule->qualifier)
                ask(&asked, rule->qualifier);
            predicate_each_field(rule->when, ask, &asked);
        }
    }
}

/* ---- notes ---- */

static bool facility_is_never(const struct rules *rules, const char *code)
{
    for (size_t i = 0; i < rules->n_facility_types; i++)
        if (strcmp(rules->facility_types[i].source.id, code) == 0 &&
            !predicate_is_never(rules->facility_types[i].predicate))
            return false;
    return true;
}

static bool asks_for(const struct rules *rules, const char *target)
{
    bool asks = false;
    for (size_t i = 0; i < rules->n_spacing; i++)
        asks = asks || strcmp(rules->spacing[i].target, target) == 0;
    for (size_t i = 0; i < rules->n_pipeline_classes; i++)
        asks = asks || strcmp(rules->pipeline_classes[i].target, target) == 0;
    for (size_t i = 0; i < rules->n_pipeline_places; i++)
        asks = asks || strcmp(rules->pipeline_places[i].target, target) == 0;
    return asks;
}

static void note_unmet(struct rules_loader *loader)
{
    const struct rules *rules = loader->rules;
    for (size_t i = 0; i < rules->n_spacing; i++) {
        const struct spacing_rule *rule = &rules->spacing[i];
        if (rules_target_is_never(rules, rule->target))
            rules_note(loader,
                       "%s:%zu: rule %s can meet no stored record: target %s is judged for "
                       "proposed works only",
                       rule->source.file, rule->source.line, rule->source.id, rule->target);
        if (facility_is_never(rules, rule->facility))
            rules_note(loader,
                       "%s:%zu: rule %s speaks of no stored record: facility %s is judged for "
                       "proposed sites only",
                       rule->source.file, rule->source.line, rule->source.id, rule->facility);
    }
    for (size_t i = 0; i < rules->n_target_classes; i++) {
        const struct rule_source *source = &rules->target_classes[i].source;
        if (!asks_for(rules, source->id))
            rules_note(loader, "%s:%zu: no rule asks for target %s", source->file, source->line,
                       source->id);
    }
}

void rules_check_spacing(struct rules_loader *loader)
{
    const struct rules *rules = loader->rules;
    rules_check_ids(loader, &rules_table_specs[RULES_TABLES - 1]);
    for (size_t i = 0; i < rules->n_spacing; i++) {
        check_codes(loader, &rules->spacing[i]);
        rules_check_predicate(loader, &rules->spacing[i].source, rules->spacing[i].when);
    }
    if (loader->n_errors > 0)
        return;
    for (size_t i = 0; i < rules->n_spacing; i++)
        for (size_t j = 0; j < i; j++)
            check_editions(loader, &rules->spacing[i], &rules->spacing[j]);
    if (loader->n_errors > 0)
        return;
    list_qualifiers(loader);
    note_unmet(loader);
}

/* ---- distances by a charge ---- */

double rules_blast_m(double overpressure_pa, double tnt_kg)
{
    /* Of the scaled distance Z = R / Q^(1/3): p Z^3 - 1.1 Z^2 - 4.3 Z - 14 = 0 has one positive
     * root, and beyond it grows and bends upward, so that Newton's steps fall towards it. */
    const double p = overpressure_pa / 1e5;
    double z = 1 + (1.1 + 4.3 + 14) / p;
    for (int step = 0; step < 200; step++) {
        double value = ((p * z - 1.1) * z - 4.3) * z - 14;
        double slope = (3 * p * z - 2.2) * z - 4.3;
        double next = z - value / slope;
        if (!(next < z))
            break;
        z = next;
    }
    return z * cbrt(tnt_kg);
}

double rules_required_m(const struct spacing_rule *rule, const void *record)
{
    if (isnan(rule->overpressure_pa))
        return rule->value_m;
    double charge_kg = record_real(record, rule->qualifier);
    return isnan(charge_kg) ? rule->value_m : rules_blast_m(rule->overpressure_pa, charge_kg);
}
