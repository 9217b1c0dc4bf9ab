#include "geo/verdict/verdict.h"

#include <math.h>

/* Decisions on distances compare at 0.1 mm (README.md, Truth 3). */
const double VERDICT_METRES = 1e-4;
const double VERDICT_SUMS = 1e-9;

double verdict_of_frequencies(double limit_per_year)
{
    return limit_per_year > 0 ? limit_per_year * 1e-9 : 1e-300;
}

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

/* Whether the limit is kept for sure, and whether it is broken for sure, by whatever lies in the
 * interval. INFINITY compares as itself; with a NAN neither holds. */
static bool keeps(const struct quantity *in, const struct limit *limit, double value)
{
    double bound = round(value / limit->resolution);
    double nearest =
        round((limit->must_be == MUST_BE_AT_LEAST ? in->low : in->high) / limit->resolution);
    switch (limit->must_be) {
    case MUST_BE_AT_LEAST:
        return nearest >= bound;
    case MUST_BE_AT_MOST:
        return nearest <= bound;
    case MUST_BE_BELOW:
        return nearest < bound;
    }
    return false;
}

static bool breaks(const struct quantity *in, const struct limit *limit, double value)
{
    double bound = round(value / limit->resolution);
    double nearest =
        round((limit->must_be == MUST_BE_AT_LEAST ? in->high : in->low) / limit->resolution);
    switch (limit->must_be) {
    case MUST_BE_AT_LEAST:
        return nearest < bound;
    case MUST_BE_AT_MOST:
        return nearest > bound || (in->above_low && nearest >= bound);
    case MUST_BE_BELOW:
        return nearest >= bound;
    }
    return false;
}

/* By the interval alone, if its records were exact to `error` and the limit were that. */
static enum verdict compare(const struct quantity *quantity, double error,
                            const struct limit *limit, double strictest, double mildest)
{
    struct quantity in = *quantity;
    in.low -= error;
    in.high += error;
    if (keeps(&in, limit, strictest))
        return VERDICT_CLEAR;
    return breaks(&in, limit, mildest) ? VERDICT_CONFLICT : VERDICT_UNDECIDED;
}

/* How exact the records must be for the interval to lie on one side of what may be the limit. */
static double decides_below(const struct quantity *quantity, const struct limit *limit)
{
    double above = fmax(limit->strictest, limit->mildest);
    double below = fmin(limit->strictest, limit->mildest);
    if (quantity->low > above)
        return quantity->low - above;
    return quantity->high < below ? below - quantity->high : (double)NAN;
}

/* Whether either limit, if it were known to be the one, would settle it. */
static bool attribute_settles(const struct quantity *quantity, double error,
                              const struct limit *limit)
{
    return compare(quantity, error, limit, limit->strictest, limit->strictest) !=
               VERDICT_UNDECIDED &&
           compare(quantity, error, limit, limit->mildest, limit->mildest) != VERDICT_UNDECIDED;
}

static enum undecided_by why(const struct quantity *quantity, const struct limit *limit)
{
    if (attribute_settles(quantity, quantity->error, limit))
        return UNDECIDED_ATTRIBUTE;
    if (compare(quantity, 0, limit, limit->strictest, limit->mildest) != VERDICT_UNDECIDED)
        return UNDECIDED_POSITION;
    return attribute_settles(quantity, 0, limit) ? UNDECIDED_ATTRIBUTE : UNDECIDED_INTERVAL;
}

struct judgement verdict_weigh(enum verdict by_data, enum undecided_by why_open,
                               enum confidence confidence, bool attribute_missing)
{
    struct judgement out = {.verdict = by_data, .by = DECIDED, .decides_below = (double)NAN};
    if (by_data == VERDICT_UNDECIDED)
        out.by = attribute_missing ? UNDECIDED_ATTRIBUTE : why_open;
    else if (by_data == VERDICT_CONFLICT && attribute_missing)
        out.by = UNDECIDED_ATTRIBUTE;
    else if (by_data == VERDICT_CONFLICT && !confidence_decides(confidence))
        out.by = UNDECIDED_CONFIDENCE;
    if (out.by != DECIDED)
        out.verdict = VERDICT_UNDECIDED;
    bool open = out.verdict == VERDICT_UNDECIDED;
    out.best = open ? VERDICT_CLEAR : out.verdict;
    out.worst = open ? VERDICT_CONFLICT : out.verdict;
    return out;
}

struct judgement verdict_judge(const struct quantity *quantity, const struct limit *limit)
{
    enum verdict by_data =
        compare(quantity, quantity->error, limit, limit->strictest, limit->mildest);
    enum undecided_by open = by_data == VERDICT_UNDECIDED ? why(quantity, limit) : DECIDED;
    struct judgement out =
        verdict_weigh(by_data, open, limit->confidence, limit->attribute_missing);
    if (out.by == UNDECIDED_POSITION)
        out.decides_below = decides_below(quantity, limit);
    return out;
}

/* To a billionth: thirty persons in ten parts are thirty. INFINITY and NAN stay. */
static double settle(double value)
{
    return round(value * 1e9) / 1e9;
}

struct step_range verdict_steps(const struct step *steps, size_t n, double low, double high)
{
    double from = isnan(low) ? -(double)INFINITY : settle(low);
    double to = isnan(high) ? (double)INFINITY : settle(high);
    struct step_range range = {.at_low = rules_step(steps, n, from),
                               .at_high = rules_step(steps, n, to)};
    range.crosses = range.at_low != range.at_high;
    return range;
}

struct judgement verdict_of_side(const struct side *side, enum confidence confidence,
                                 bool attribute_missing)
{
    /* How far outside the nearest part lies: negative inside. */
    bool inside = side->depth_m > 0;
    struct quantity outside = {.low = inside ? -side->depth_m : side->gap_m - side->radius_m,
                               .high = inside ? -side->depth_m : side->gap_m,
                               .error = side->error_m};
    /* What touches lies on neither side, however exact. */
    if (!inside && !(side->gap_m > 0))
        outside.error = fmax(outside.error, VERDICT_METRES);
    const struct limit limit = {.must_be = MUST_BE_AT_LEAST,
                                .mildest = 0,
                                .strictest = 0,
                                .resolution = VERDICT_METRES,
                                .confidence = confidence,
                                .attribute_missing = attribute_missing};
    struct judgement out = verdict_judge(&outside, &limit);
    if (out.by == UNDECIDED_INTERVAL)
        out.by = UNDECIDED_RADIUS;
    return out;
}

/* Truth 6: where the distance that the rule means may lie, before accuracy. */
static struct quantity interval_of(bool from_inside, const struct measured *measured)
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
    /* A distance that is no number leaves everything open. */
    return (struct quantity){.low = fmax(0, near_m),
                             .high = isnan(far_m) ? (double)INFINITY : fmax(0, far_m),
                             .error = measured->error_m};
}

struct verdict_answer verdict_of_limit(double required_m, bool from_inside,
                                       enum confidence confidence, const struct measured *measured,
                                       bool attribute_missing)
{
    struct quantity distance = interval_of(from_inside, measured);
    const struct limit limit = {.must_be = MUST_BE_AT_LEAST,
                                .mildest = required_m,
                                .strictest = required_m,
                                .resolution = VERDICT_METRES,
                                .confidence = confidence,
                                .attribute_missing = attribute_missing};
    struct judgement judged = verdict_judge(&distance, &limit);
    if (judged.by == UNDECIDED_INTERVAL)
        judged.by = isinf(distance.high) ? UNDECIDED_OUTLINE : UNDECIDED_RADIUS;
    return (struct verdict_answer){
        .verdict = judged.verdict,
        .required_m = required_m,
        .by = judged.by,
        .low_m = distance.low,
        .high_m = distance.high,
        .margin_m = fmax(0, measured->distance_m - measured->target_half_width_m) - required_m,
        .decides_below_m = judged.decides_below};
}

struct verdict_answer verdict_of(const struct spacing_rule *rule, double required_m,
                                 const struct measured *measured, bool attribute_missing)
{
    return verdict_of_limit(required_m, rule->from->inside, rule->source.confidence, measured,
                            attribute_missing || rule->kind == SPACING_PATH);
}
