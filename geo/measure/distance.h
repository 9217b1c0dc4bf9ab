/*
 * distance.h - how far apart two shapes are, and where.
 *
 * The answer is the geodesic between the two closest points: to 1 micrometre between
 * points, 1 mm where edges take part, up to 50 km, and 1e-6 of itself beyond (README.md,
 * Truth 3). Shapes that touch (within 0.1 micrometre), cross or lie inside each other are 0
 * apart; a polygon is its inside too. Holds over the antimeridian and the poles: longitudes a
 * whole turn apart are the same place.
 *
 * Equal distances: the first edge of the first shape, then of the second, wins.
 *
 * Cost:    n and m vertices: O(n + m) to prepare, then about O(k log n) with k vertices of
 *          the one near the other; microseconds for plants and buildings.
 * Threads: pure; scratch memory from the caller's arena, given back.
 */
#ifndef SISETU_GEO_DISTANCE_H
#define SISETU_GEO_DISTANCE_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/geom.h"
#include "geo/measure/edges.h"

#include <stdbool.h>

struct closest {
    double distance_m; /* INFINITY: farther than the limit, or a shape has no points */
    struct lonlat a;   /* on the first shape; meaningless at INFINITY */
    struct lonlat b;   /* on the second */
};

/* Distances are compared at 0.1 mm (README.md, Truth 3); the limit itself is within. */
static inline bool distance_within(double distance_m, double limit_m)
{
    return round(distance_m * 1e4) <= round(limit_m * 1e4);
}

/* Touching is decided in longitude and latitude, whose rounding is 2 nm at 180 degrees; a
 * vertex put on an edge lies within a few of those. */
static inline double distance_touching(double distance_m)
{
    return distance_m < 1e-7 ? 0 : distance_m;
}

/* Whether the box of any edge of a line touches a box: that of a pipeline across a province holds
 * half of the province. True of everything but lines, and of lines of one edge. */
bool distance_line_touches(const struct geom *line, struct box box);

/* Whether any edge of a line may come so near to a box, by boxes too. True of everything else. */
bool distance_may_reach(const struct geom *line, struct box box, double limit_m);

/* Shapes farther apart than limit_m answer INFINITY, soon; INFINITY: no limit. ERR_INPUT for
 * a vertex that is no longitude and latitude. */
enum err_code distance_shapes(const struct geom *a, const struct geom *b, double limit_m,
                              struct arena *scratch, struct closest *out, struct err *err);

/* The same for a shape that is asked often: edges_build it once. No memory, no errors. */
void distance_edges(const struct edges *a, const struct edges *b, double limit_m,
                    struct closest *out);
void distance_to_point(const struct edges *a, struct lonlat point, double limit_m,
                       struct closest *out);

/* The same for one prepared shape and one that is asked once; scratch is given back. */
enum err_code distance_edges_shape(const struct edges *a, const struct geom *b, double limit_m,
                                   struct arena *scratch, struct closest *out, struct err *err);

/* Inside or on the edge of a polygon; false for other kinds. */
bool distance_contains_point(const struct geom *polygon, struct lonlat point);

#endif
