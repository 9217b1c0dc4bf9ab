#include "data/rules.h"

#include "data/base/text.h"

#include <fnmatch.h>
#include <math.h>
#include <string.h>
#include <strings.h>

const char *confidence_name(enum confidence confidence)
{
    static const char *const names[CONFIDENCE_COUNT] = {"sure_v",     "sure",   "likely",
                                                        "unverified", "design", "practice"};
    return names[confidence];
}

bool confidence_decides(enum confidence confidence)
{
    return confidence == CONFIDENCE_SURE_V || confidence == CONFIDENCE_SURE ||
           confidence == CONFIDENCE_LIKELY;
}

bool rule_holds(const struct rule_source *source, int32_t as_of)
{
    return source->active && (source->valid_from == INT_ABSENT || source->valid_from <= as_of) &&
           (source->valid_to == INT_ABSENT || as_of <= source->valid_to);
}

const struct step *rules_step(const struct step *steps, size_t n, double x)
{
    for (size_t i = 0; i < n; i++) {
        if (!steps[i].source.active)
            continue;
        if (x > steps[i].from || (x == steps[i].from && steps[i].from_included))
            return &steps[i];
    }
    return NULL;
}

/* Whether word, in any case, is one of the texts that ';' separates. */
static bool is_among(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = list; *at;) {
        size_t length = strcspn(at, ";");
        if (length == n && strncasecmp(at, word, n) == 0)
            return true;
        at += length + (at[length] == ';');
    }
    return false;
}

const struct substance *rules_substance(const struct rules *rules, const char *name)
{
    if (!name || !*name)
        return NULL;
    const struct substance *by_cas = NULL;
    size_t n_by_cas = 0;
    for (size_t i = 0; i < rules->n_substances; i++) {
        const struct substance *substance = &rules->substances[i];
        if (!substance->source.active)
            continue;
        if (strcmp(substance->source.id, name) == 0 || strcasecmp(substance->name_zh, name) == 0 ||
            strcasecmp(substance->name_en, name) == 0 || is_among(substance->aliases, name))
            return substance;
        if (is_among(substance->cas, name)) {
            by_cas = substance;
            n_by_cas++;
        }
    }
    return n_by_cas == 1 ? by_cas : NULL;
}

const struct category *rules_category(const struct rules *rules, const char *symbol)
{
    for (size_t i = 0; symbol && i < rules->n_categories; i++)
        if (rules->categories[i].source.active &&
            strcasecmp(rules->categories[i].source.id, symbol) == 0)
            return &rules->categories[i];
    return NULL;
}

const struct industry *rules_industry(const struct rules *rules, const char *code)
{
    for (size_t i = 0; code && i < rules->n_industries; i++)
        if (rules->industries[i].source.active && strcmp(rules->industries[i].source.id, code) == 0)
            return &rules->industries[i];
    return NULL;
}

const struct facility_type *rules_facility_type(const struct rules *rules, const char *code)
{
    for (size_t i = 0; code && i < rules->n_facility_types; i++)
        if (rules->facility_types[i].source.active &&
            strcmp(rules->facility_types[i].source.id, code) == 0)
            return &rules->facility_types[i];
    return NULL;
}

double rules_radius_m(const struct rules *rules, const struct enterprise *enterprise)
{
    if (enterprise->radius_m > 0.0)
        return enterprise->radius_m;
    const struct industry *industry = rules_industry(rules, enterprise->industry);
    return industry ? industry->radius_m : rules->parameters.default_radius_m;
}

double rules_accuracy_m(const struct rules *rules, enum layer_id layer,
                        const struct record_head *head)
{
    if (head->accuracy_m > 0.0)
        return head->accuracy_m;
    const char *source = head->source ? head->source : "";
    for (size_t i = 0; i < rules->n_accuracies; i++) {
        const struct accuracy_default *row = &rules->accuracies[i];
        if (row->source.active &&
            (strcmp(row->layer, "*") == 0 || strcmp(row->layer, layer_name(layer)) == 0) &&
            fnmatch(row->pattern, source, FNM_CASEFOLD) == 0)
            return row->accuracy_m;
    }
    return rules->parameters.default_accuracy_m;
}

const char *rules_protected_class(const struct rules *rules, const struct protected_target *target,
                                  const char **missing)
{
    const char *lacking = NULL;
    if (missing)
        *missing = NULL;
    if (target->target_class)
        return target->target_class;
    for (size_t i = 0; i < rules->n_protected_classes; i++) {
        const struct protected_class *row = &rules->protected_classes[i];
        if (!row->source.active)
            continue;
        switch (predicate_eval(row->predicate, target, &lacking)) {
        case TRUTH_YES:
            return row->target_class;
        case TRUTH_UNKNOWN:
            if (missing)
                *missing = lacking;
            return NULL;
        case TRUTH_NO:
            break;
        }
    }
    return NULL;
}

int32_t rules_zone_class(const struct rules *rules, const struct zone *zone)
{
    if (zone->class != INT_ABSENT)
        return zone->class;
    double value = zone->value;
    if (isnan(value) && text_equal(zone->kind, "individual_risk"))
        value = zone->freq_per_year;
    int32_t worst = 0;
    for (size_t i = 0; zone->kind && i < rules->n_zone_classes; i++) {
        const struct zone_class *row = &rules->zone_classes[i];
        if (row->source.active && strcmp(row->kind, zone->kind) == 0 &&
            (!zone->unit || strcmp(row->unit, zone->unit) == 0) && value >= row->at_least &&
            (worst == 0 || row->class < worst))
            worst = row->class;
    }
    return worst;
}

double rules_dense_above(const struct rules *rules, const char *kind, int32_t class)
{
    double any = NAN;
    for (size_t i = 0; i < rules->n_zone_classes; i++) {
        const struct zone_class *row = &rules->zone_classes[i];
        if (!row->source.active || row->class != class)
            continue;
        if (kind && strcmp(row->kind, kind) == 0)
            return row->dense_above;
        if (isnan(any))
            any = row->dense_above;
    }
    return any;
}

bool rules_target_is_never(const struct rules *rules, const char *code)
{
    for (size_t i = 0; i < rules->n_target_classes; i++)
        if (strcmp(rules->target_classes[i].source.id, code) == 0 &&
            !predicate_is_never(rules->target_classes[i].predicate))
            return false;
    return true;
}
