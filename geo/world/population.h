/*
 * population.h - how many people a world knows to live in a shape, whatever its data are.
 *
 * A grid of persons a cell (exposure.h), or, where a store has none, the areas of its census
 * layer: persons of an area times the share of its ellipsoidal area that lies inside the
 * shape, cut by GEOS. The numbers mean the same: low is the areas wholly inside, high all
 * that are touched, cells how many these are, densest_km2 the densest of them, and cell_m the
 * side of a square as large as the largest, which tells how coarse the data are. Between the
 * areas of a census there is no data; where two overlap the residents of both count. A grid
 * is finer than a census: with both, the grid answers alone.
 *
 * Edits:   a census area bears on every answer whose polygon meets it, and the first or last
 *          of a census without a grid on every answer there is (population_known).
 *
 * Space:   longitude and latitude in degrees. Census areas are taken where they lie, not a
 *          whole turn away.
 * Threads: pure but for the caller's worker and arena.
 * Cost:    of a grid as exposure.h says; of a census a GEOS intersection for each area that
 *          the box of the shape meets, about 0.1 ms for hundreds of vertices.
 */
#ifndef SISETU_GEO_POPULATION_H
#define SISETU_GEO_POPULATION_H

#include "geo/measure/exposure.h"
#include "geo/world/worker.h"
#include "geo/world/world.h"

/* Whether the world has a grid or a census at all. */
bool population_known(const struct world *world);

/* What persons are counted by, in sentences: "cells" of a grid, or "census areas". */
const char *population_parts(const struct world *world);

/* Everybody inside a polygon. Without any data persons, low, high, densest and cell_m are NAN
 * and nodata_share is 1; a shape without area has nobody. */
enum err_code population_within(const struct world *world, struct worker *worker,
                                const struct geom *polygon, struct arena *scratch,
                                struct exposure *out, struct err *err);

/* A census area that a polygon touches, and what of it lies inside. */
struct census_part {
    const struct census_area *area;
    double whole_m2;
    double part_m2;
    double share; /* of its area, over 0 to 1; 1 is wholly inside */
    struct geom part;
};
struct population_question {
    const struct world *world;
    struct worker *worker;
    const struct geom *polygon;
};
typedef enum err_code census_visit(void *context, const struct census_part *part, struct err *err);

/* Calls visit for each of them, by row: the grid's exposure_rows for a census. What visit
 * keeps has to lie in another arena than scratch; the part goes after the call. */
enum err_code population_census(const struct population_question *question, struct arena *scratch,
                                void *context, census_visit *visit, struct err *err);

/* Persons a km2 in the cell or census area that holds the point; NAN without data. */
enum err_code population_density(const struct world *world, struct worker *worker,
                                 struct lonlat point, double *per_km2, struct err *err);

#endif
