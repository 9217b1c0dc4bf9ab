/*
 * verdict.h - clear, conflict or undecided: one piece of code for every distance rule.
 *
 * Takes what a rule measures (from the inside of a plant or from its outline), what is known
 * of both shapes, and their accuracies, and gives the interval in which the true distance
 * lies and the answer (README.md, Truth 6-9). Comparisons are at 0.1 mm.
 *
 *   outline, or own geometry of what the rule measures from   [d, d]
 *   outline only, rule measured from inside                   [d, infinity)
 *   point with radius r, rule measured from the outline       [d - r, d]
 *   point with radius r, rule measured from inside            [d - r, d + r]
 *
 * A half width of the target shifts the interval nearer, the radius of a neighbouring plant
 * known by a point lowers its near end. A row that is not sure enough makes undecided what
 * would be a conflict; what is clear by it stays clear.
 *
 * Pure; no memory.
 */
#ifndef SISETU_GEO_VERDICT_H
#define SISETU_GEO_VERDICT_H

#include "data/rules.h"

enum verdict { VERDICT_CLEAR, VERDICT_CONFLICT, VERDICT_UNDECIDED };

const char *verdict_name(enum verdict verdict); /* "clear", "conflict", "undecided" */

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

/* Why it is undecided; several may hold, the first that would settle it is named. */
enum undecided_by {
    DECIDED,
    UNDECIDED_POSITION,   /* better accuracy would settle it */
    UNDECIDED_OUTLINE,    /* needs the facility's own position */
    UNDECIDED_RADIUS,     /* needs the outline of a plant known by a point */
    UNDECIDED_ATTRIBUTE,  /* an attribute of the rule is missing */
    UNDECIDED_CONFIDENCE, /* the rule row is not sure enough */
};

struct verdict_answer {
    enum verdict verdict;
    enum undecided_by by;
    double low_m;           /* the true distance lies in [low, high], before error */
    double high_m;          /* INFINITY: open (outline only, measured from inside) */
    double margin_m;        /* distance less required, of the measured distance */
    double decides_below_m; /* accuracy (sum of both) with which it would be decided; NAN */
};

/* A SPACING_PATH rule needs a flow path, which no record holds: nearer than its value along
 * the straight line is undecided by attribute. */
struct verdict_answer verdict_of(const struct spacing_rule *rule, const struct measured *measured,
                                 bool attribute_missing);

/* The same on a plain limit: required_m and whether it is measured from inside. */
struct verdict_answer verdict_of_limit(double required_m, bool from_inside,
                                       enum confidence confidence, const struct measured *measured,
                                       bool attribute_missing);

#endif
