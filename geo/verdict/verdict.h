/*
 * verdict.h - clear, conflict or undecided: one piece of code for every rule.
 *
 * A rule sets a limit to a computed quantity: a distance must be at least so many metres, an
 * individual risk at most so much a year, persons fewer than one. Of the quantity an interval
 * is known, widened by the accuracy of the records that it rests on; of the limit, where an
 * attribute is missing, the mildest and the strictest value that may hold. The answer
 * (README.md, Truth 6-9):
 *
 *   clear      the whole interval, widened, keeps even the strictest limit
 *   conflict   the whole interval, widened, breaks even the mildest limit
 *   undecided  else; and where an attribute is missing by which the rule may not apply at all,
 *              or its row is not sure enough, instead of a conflict (what is clear stays clear)
 *
 * An undecided answer names what would decide it and both outcomes. verdict_judge is the
 * general form; verdict_of and verdict_of_limit judge distances, verdict_of_side how a plant
 * or target stands to the border of an area, verdict_steps which steps of a table (alpha,
 * levels, grades) an interval reaches.
 *
 * Pure; no memory.
 */
#ifndef SISETU_GEO_VERDICT_H
#define SISETU_GEO_VERDICT_H

#include "data/rules.h"

enum verdict { VERDICT_CLEAR, VERDICT_CONFLICT, VERDICT_UNDECIDED };

const char *verdict_name(enum verdict verdict); /* "clear", "conflict", "undecided" */

/* Why it is undecided; several may hold, the first that would settle it is named. */
enum undecided_by {
    DECIDED,
    UNDECIDED_POSITION,   /* better accuracy would settle it */
    UNDECIDED_OUTLINE,    /* needs the facility's own position */
    UNDECIDED_RADIUS,     /* needs the outline of a plant known by a point */
    UNDECIDED_ATTRIBUTE,  /* an attribute of the rule is missing */
    UNDECIDED_CONFIDENCE, /* the rule row is not sure enough */
    UNDECIDED_INTERVAL,   /* needs what narrows the quantity: finer population, another contour */
};

/* ---- any quantity ---- */

/* What the quantity must be. */
enum must_be { MUST_BE_AT_LEAST, MUST_BE_AT_MOST, MUST_BE_BELOW };

struct limit {
    enum must_be must_be;
    double mildest; /* that may hold; both the same unless a missing attribute leaves them open */
    double strictest;
    double resolution; /* both sides are rounded to that before they are compared; > 0 */
    enum confidence confidence;
    bool attribute_missing; /* it may be that the rule does not apply */
};

/* The true value lies in [low - error, high + error]; INFINITY where open. NAN leaves all
 * open on its side. */
struct quantity {
    double low;
    double high;
    double error;
    bool above_low; /* it is more than low, not low itself: a risk inside its contour */
};

struct judgement {
    enum verdict verdict;
    enum undecided_by by;
    enum verdict best;    /* both outcomes: what it may turn out to be; the same twice where it */
    enum verdict worst;   /* is decided */
    double decides_below; /* UNDECIDED_POSITION: the error below which it is decided; else NAN */
};

struct judgement verdict_judge(const struct quantity *quantity, const struct limit *limit);

/* What an answer that the data alone give is worth under a row of that confidence, of which it
 * may be open whether it applies: the last step of verdict_judge. */
struct judgement verdict_weigh(enum verdict by_data, enum undecided_by why,
                               enum confidence confidence, bool attribute_missing);

/* Resolutions: of metres (README.md, Truth 3), of sums of shares (persons, S, R), and of a
 * limit that is a frequency (a billionth of it). Sums carry rounding. */
extern const double VERDICT_METRES;
extern const double VERDICT_SUMS;
double verdict_of_frequencies(double limit_per_year);

/* ---- steps of a table ---- */

/* Which steps an interval reaches. NULL: below the last. Both ends are rounded to
 * VERDICT_SUMS; INFINITY reaches the first step, NAN at low the last, at high the first. */
struct step_range {
    const struct step *at_low;
    const struct step *at_high;
    bool crosses; /* they are not the same: both outcomes stand */
};
struct step_range verdict_steps(const struct step *steps, size_t n, double low, double high);

/* ---- inside or outside of an area ---- */

struct side {
    double gap_m;    /* between the shape and the area; 0 where they meet */
    double depth_m;  /* of the deepest known point of the shape inside; 0: none inside */
    double radius_m; /* of a plant known by a point, else 0 */
    double error_m;  /* sum of both accuracies */
};

/* The shape must stay outside. Conflict: a part of it lies deeper inside than the error;
 * clear: it lies outside farther than the error. To touch the border settles nothing. For
 * "must stay inside" give the area's complement: gap and depth change places. */
struct judgement verdict_of_side(const struct side *side, enum confidence confidence,
                                 bool attribute_missing);

/* ---- distances ---- */

/*
 * Where the distance that the rule means may lie (README.md, Truth 6):
 *
 *   outline, or own geometry of what the rule measures from   [d, d]
 *   outline only, rule measured from inside                   [d, infinity)
 *   point with radius r, rule measured from the outline       [d - r, d]
 *   point with radius r, rule measured from inside            [d - r, d + r]
 *
 * A half width of the target shifts the interval nearer, the radius of a neighbouring plant
 * known by a point lowers its near end.
 */

/* What of the hazard is known. */
enum known_by {
    KNOWN_FACILITY, /* its own geometry */
    KNOWN_OUTLINE,  /* the plant's outline only */
    KNOWN_POINT,    /* a point and a radius */
};

struct measured {
    double distance_m; /* between the shapes as they are */
    enum known_by by;
    double radius_m;            /* of a plant known by a point, else 0 */
    double target_half_width_m; /* a rule to a road's edge, known by its centre line (and from the
                                   wall of a pipe, known by its own); else 0 */
    double target_radius_m;     /* a neighbouring plant known by a point: its fence may be that much
                                   nearer; else 0 */
    double error_m;             /* sum of both accuracies */
};

struct verdict_answer {
    enum verdict verdict;
    double required_m;
    enum undecided_by by;
    double low_m;           /* the true distance lies in [low, high], before error */
    double high_m;          /* INFINITY: open (outline only, measured from inside) */
    double margin_m;        /* distance less required, of the measured distance */
    double decides_below_m; /* accuracy (sum of both) with which it would be decided; NAN */
};

/* required_m: what the rule asks for at its facility (rules_required_m). A SPACING_PATH rule needs
 * a flow path, which no record holds: nearer than its value along the straight line is undecided by
 * attribute. */
struct verdict_answer verdict_of(const struct spacing_rule *rule, double required_m,
                                 const struct measured *measured, bool attribute_missing);

/* The same on a plain limit: required_m and whether it is measured from inside. */
struct verdict_answer verdict_of_limit(double required_m, bool from_inside,
                                       enum confidence confidence, const struct measured *measured,
                                       bool attribute_missing);

#endif
