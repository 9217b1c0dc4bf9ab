/*
 * distance.h - how far apart two shapes are, and where.
 *
 * The answer is the geodesic between the two closest points: to 1 micrometre between
 * points, 1 mm where edges take part, up to 50 km (design.md, Truth 3). Shapes that touch,
 * cross or lie inside each other are 0 apart; a polygon is its inside too.
 *
 * Cost:    shapes of n and m vertices: all edge pairs within reach; a tree over the edges
 *          of the larger shape once n * m is large.
 * Threads: pure; scratch memory from the caller's arena.
 */
#ifndef SISETU_GEO_DISTANCE_H
#define SISETU_GEO_DISTANCE_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/geom.h"

#include <stdbool.h>

struct closest {
    double distance_m;
    struct lonlat a; /* on the first shape */
    struct lonlat b; /* on the second */
};

/* limit_m > 0: shapes farther apart may answer INFINITY at once; INFINITY: no limit. */
enum err_code distance_shapes(const struct geom *a, const struct geom *b, double limit_m,
                              struct arena *scratch, struct closest *out, struct err *err);

/* Inside or on the edge. */
bool distance_contains_point(const struct geom *polygon, struct lonlat point);

#endif
