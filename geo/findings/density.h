/*
 * density.h - people too dense in a hazard zone (README.md, Truth 11).
 *
 * A contour's class (lethal, serious, slight) is given or follows from its kind and value. The
 * dense area of a class is the union of the population cells above its limit (0, 300, 1,500
 * persons/km2); the conflict part is the zone with the dense area; persons are those in that
 * part: the dense cells' by the share of each inside, without cutting. The part's shape is cut
 * (cell_cut.h; GEOS where that cannot) when somebody wants to see it. Fewer than one person is
 * none; from 100 red, from 30 orange, else yellow.
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
 * Where a census takes the place of a grid (population.h) its areas are the cells.
 *
 * Space:   cells are rectangles in the grid's own CRS; densities by their ellipsoidal area.
 * Owner:   results belong to the arena.
 * Threads: pure but for the caller's worker.
 * Cost:    O(cells in the zone), the part twice as much; of a grid in a plane of its own, or a
 *          census, one union and one overlay more.
 */
#ifndef SISETU_GEO_DENSITY_H
#define SISETU_GEO_DENSITY_H

#include "geo/findings/conflicts.h"

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
    bool shape_only;      /* of a part: area_m2 is not worked out */
};
/* Persons alone: part is GEOM_NONE, area_m2 0. */
enum err_code density_persons(const struct density_question *question, struct arena *scratch,
                              struct dense_part *out, struct err *err);
/* The part as well. */
enum err_code density_part(const struct density_question *question, struct arena *arena,
                           struct dense_part *out, struct err *err);

/* 1 red, 2 orange, 3 yellow; 0 below the least number of persons. */
int32_t density_grade(const struct parameters *parameters, double persons);

#endif
