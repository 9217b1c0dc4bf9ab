/*
 * grade_order.h - in which order the findings of an enterprise are told: worst first, and those of
 * one grade by the ids of their conflicts. Behind grade_reasons.h.
 *
 * Threads: pure.
 * Cost:    nanoseconds a comparison, tens where only ids tell; no id of a conflict is written.
 */
#ifndef SISETU_GEO_GRADE_ORDER_H
#define SISETU_GEO_GRADE_ORDER_H

#include "geo/findings/finding.h"
#include "geo/verdict/verdict.h"

/* Groups by the grade that a sentence gives, worst first; what gives none comes last. */
enum { GRADE_GROUPS = 5 };
static inline size_t grade_group(int32_t grade)
{
    return grade >= 1 && grade < GRADE_GROUPS ? (size_t)grade - 1 : GRADE_GROUPS - 1;
}

/* The grade that a finding gives; an undecided one gives none. */
static inline int32_t grade_given(const struct finding *finding)
{
    return finding->verdict == VERDICT_CONFLICT ? finding->grade : 0;
}

/* A finding in its list, in its world. */
struct grade_place {
    const struct world *world;
    struct finding_ref at;
    const struct finding *found;
};

/* Spacing rules in the order of their ids, of which a town's findings are compared by the million.
 */
struct grade_rules {
    const struct rules *rules;
    const uint32_t *places; /* by row in rules->spacing; equal ids have equal places */
};
enum err_code grade_rules_sort(const struct rules *rules, struct arena *arena,
                               struct grade_rules *out, struct err *err);

/* The place of the rule of a distance that is known; false: it is none, or not known. */
static inline bool grade_rule_place(const struct grade_rules *known, const struct rules *rules,
                                    const struct finding *finding, uint32_t *place)
{
    if (!known || known->rules != rules || finding->kind > FINDING_BEYOND ||
        finding->rule == FINDING_NO_RULE)
        return false;
    *place = known->places[finding->rule];
    return true;
}

/* Within a group: -1, 0, 1. The worlds may be an edit apart, with the same rules. `known` may be
 * NULL, or of other rules: then ids are compared. */
int grade_order(const struct grade_rules *known, const struct grade_place *a,
                const struct grade_place *b);

#endif
