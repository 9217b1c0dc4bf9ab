/*
 * density.h - people too dense in a hazard zone (README.md, Truth 11).
 *
 * A contour's class (lethal, serious, slight) is given or follows from its kind and value. The
 * dense area of a class is the union of the population cells above its limit (0, 300, 1,500
 * persons/km2); the conflict part is the zone with the dense area, by GEOS overlay; persons
 * are those in that part. Fewer than one is none; from 100 red, from 30 orange, else yellow.
 *
 *   undecided  the class cannot be told, or there is no population data in a part of the zone
 *              and what is known is no conflict
 *   could_be   by the upper end: every person of the dense cells that the zone touches; red
 *              where data are missing
 *   left out   indicative zones, zones of closed plants, and contours of a known kind milder
 *              than class 3
 *
 * The classes and limits are this project's declared method and no law, so their rows say
 * `design`: the confidence travels with the answer, but only `unverified` makes it undecided,
 * and none grades milder.
 *
 * Space:   cells are rectangles in the grid's own CRS; densities by their ellipsoidal area.
 * Owner:   results belong to the arena, findings to the set.
 * Threads: pure but for the caller's worker.
 * Cost:    O(cells in the zone), plus one union and one overlay where enough people may be.
 */
#ifndef SISETU_GEO_DENSITY_H
#define SISETU_GEO_DENSITY_H

#include "geo/conflicts.h"

/* Persons of a zone in cells denser than above_km2, and where. */
struct dense_part {
    double persons;
    double low;       /* persons of dense cells wholly inside */
    double high;      /* persons of all dense cells that it touches */
    struct geom part; /* polygon; GEOM_NONE if no cell is dense */
    double area_m2;
};

struct density_question {
    const struct world *world;
    struct worker *worker; /* after worker_fit */
    const struct geom *zone;
    double above_km2;
    double least_persons; /* with fewer nothing is cut out: part is GEOM_NONE */
};
enum err_code density_part(const struct density_question *question, struct arena *arena,
                           struct dense_part *out, struct err *err);

struct density_notes {
    size_t n_coarse;    /* zones narrower than the data allow (coarse_cell_ratio) */
    double narrowest_m; /* radius of the circle as large as the smallest of those */
    double cell_m;      /* the widest cell met */
};

enum err_code density_gather(const struct world *world, struct worker *worker,
                             struct conflict_set *set, struct density_notes *notes,
                             struct err *err);

/* 1 red, 2 orange, 3 yellow; 0 below the least number of persons. */
int32_t density_grade(const struct parameters *parameters, double persons);

#endif
