#include "geo/verdict.h"

#include <math.h>

/* Distances are compared at 0.1 mm (README.md, Truth 3): both sides are rounded to that. */
static const double STEPS_PER_M = 1e4;

const char *verdict_name(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_CLEAR:
        return "clear";
    case VERDICT_CONFLICT:
        return "conflict";
    case VERDICT_UNDECIDED:
        return "undecided";
    }
    return "undecided";
}

/* INFINITY is at least anything; a NAN is neither at least nor below. */
static bool at_least(double a_m, double b_m)
{
    return round(a_m * STEPS_PER_M) >= round(b_m * STEPS_PER_M);
}

static bool below(double a_m, double b_m)
{
    return round(a_m * STEPS_PER_M) < round(b_m * STEPS_PER_M);
}

/* Truth 6: where the distance that the rule means may lie, before accuracy. */
static void interval_of(bool from_inside, const struct measured *measured, double *low_m,
                        double *high_m)
{
    double near_m = measured->distance_m - measured->target_half_width_m;
    double far_m = near_m;
    if (measured->by == KNOWN_POINT) {
        near_m -= measured->radius_m;
        if (from_inside)
            far_m += measured->radius_m;
    } else if (measured->by == KNOWN_OUTLINE && from_inside) {
        far_m = INFINITY;
    }
    near_m -= measured->target_radius_m;
    *low_m = fmax(0, near_m);
    /* A distance that is no number leaves everything open. */
    *high_m = isnan(far_m) ? (double)INFINITY : fmax(0, far_m);
}

static enum verdict verdict_of_interval(double low_m, double high_m, double error_m,
                                        double required_m)
{
    if (at_least(low_m - error_m, required_m))
        return VERDICT_CLEAR;
    if (below(high_m + error_m, required_m))
        return VERDICT_CONFLICT;
    return VERDICT_UNDECIDED;
}

/* What better knowledge of the positions would settle. */
static enum undecided_by undecided_by_position(const struct verdict_answer *answer,
                                               double required_m)
{
    bool exact_decides =
        verdict_of_interval(answer->low_m, answer->high_m, 0, required_m) != VERDICT_UNDECIDED;
    if (exact_decides)
        return UNDECIDED_POSITION;
    return isinf(answer->high_m) ? UNDECIDED_OUTLINE : UNDECIDED_RADIUS;
}

static double decides_below(const struct verdict_answer *answer, double required_m)
{
    double below_m = NAN;
    if (answer->low_m > required_m)
        below_m = answer->low_m - required_m;
    else if (answer->high_m < required_m)
        below_m = required_m - answer->high_m;
    return below_m;
}

struct verdict_answer verdict_of_limit(double required_m, bool from_inside,
                                       enum confidence confidence, const struct measured *measured,
                                       bool attribute_missing)
{
    struct verdict_answer answer = {.by = DECIDED, .decides_below_m = NAN};
    interval_of(from_inside, measured, &answer.low_m, &answer.high_m);
    answer.margin_m = fmax(0, measured->distance_m - measured->target_half_width_m) - required_m;
    answer.verdict =
        verdict_of_interval(answer.low_m, answer.high_m, measured->error_m, required_m);
    if (answer.verdict == VERDICT_UNDECIDED) {
        answer.by =
            attribute_missing ? UNDECIDED_ATTRIBUTE : undecided_by_position(&answer, required_m);
        if (answer.by == UNDECIDED_POSITION)
            answer.decides_below_m = decides_below(&answer, required_m);
    } else if (answer.verdict == VERDICT_CONFLICT && attribute_missing) {
        answer.verdict = VERDICT_UNDECIDED;
        answer.by = UNDECIDED_ATTRIBUTE;
    } else if (answer.verdict == VERDICT_CONFLICT && !confidence_decides(confidence)) {
        answer.verdict = VERDICT_UNDECIDED;
        answer.by = UNDECIDED_CONFIDENCE;
    }
    return answer;
}

struct verdict_answer verdict_of(const struct spacing_rule *rule, const struct measured *measured,
                                 bool attribute_missing)
{
    struct verdict_answer answer =
        verdict_of_limit(rule->value_m, rule->from->inside, rule->source.confidence, measured,
                         attribute_missing || rule->kind == SPACING_PATH);
    return answer;
}
