/*
 * risk_criteria.h - how much individual risk a protected target may bear (GB 36894-2018
 * table 2: by the class of the target, for new and for existing plants).
 *
 * A class that is not given follows from use and size (protected_classes.csv). Where an
 * attribute for that is missing, several classes may hold, and the limit is an interval: the
 * mildest of their criteria decides what is a conflict, the strictest what is clear. A plant is
 * new while it is planned or under construction; of a contour whose plant is not in the store
 * neither is known, so that both criteria stand.
 *
 * Pure; no memory but for the arena of risk_classes.
 */
#ifndef SISETU_GEO_RISK_CRITERIA_H
#define SISETU_GEO_RISK_CRITERIA_H

#include "geo/verdict/verdict.h"
#include "geo/world/world.h"

enum plant_age { PLANT_EXISTING, PLANT_NEW, PLANT_UNKNOWN };

enum plant_age risk_plant_age(const struct enterprise *enterprise); /* NULL: unknown */

struct risk_limit {
    double mildest;             /* per year */
    double strictest;           /* per year; the same unless something is missing */
    uint32_t rule;              /* row of the strictest in risk_criteria */
    uint64_t classes;           /* rows of risk_criteria of the classes that may hold, as bits */
    const char *class;          /* of the target where only one may hold, else NULL */
    const char *missing;        /* attribute that would tell the class; NULL: it is told */
    enum confidence confidence; /* of the weakest row that it rests on */
    bool grave;                 /* high-sensitive, important or class 1 (README.md, Truth 12) */
    bool may_be_grave;          /* it may be one of them */
};

/* False: no criterion in force speaks of the target. */
bool risk_limit_of(const struct world *world, enum plant_age age,
                   const struct protected_target *target, struct risk_limit *out);

/* The strictest criterion that any class may ask for: row in risk_criteria, or -1. */
int64_t risk_strictest(const struct world *world, enum plant_age age, double *per_year);

/* "class_1 or class_2"; NULL without memory. */
const char *risk_classes(const struct world *world, uint64_t classes, struct arena *arena);

/* The weaker of two: a conflict counts only as much as the weakest row behind it. */
enum confidence risk_weaker(enum confidence a, enum confidence b);

#endif
