/*
 * edges.h - the edges of a shape in space, grouped so that far ones are passed over together.
 *
 * An edge is straight in longitude and latitude, so in space it is a slightly bent curve;
 * bulge_m bounds how far it leaves its chord. Groups of 8 consecutive edges (they are
 * neighbours on the ground too) have a box in space, groups of 8 groups again, and so on:
 * distances between boxes bound the geodesic from below everywhere, over the antimeridian
 * and the poles too, and building costs no sorting.
 *
 * A point is an edge of no length. A line ends with such a one, so that each vertex is the
 * start of exactly one edge.
 *
 * Owner:   memory in the arena; the geom must outlive it.
 * Threads: never changes once built; safe to share.
 * Cost:    build O(n), about 70 ns and 90 bytes a vertex.
 */
#ifndef SISETU_GEO_EDGES_H
#define SISETU_GEO_EDGES_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/geom.h"
#include "geo/ellipsoid.h"

#include <stdbool.h>

enum {
    EDGES_FANOUT = 8,
    EDGES_LARGEST_HEIGHT = 12, /* 8^11 > 2^32 */
};

struct edge {
    uint32_t start; /* vertex; the end is the next one */
    bool is_point;
    double bulge_m;
};

struct space_box {
    struct ecef low;
    struct ecef high;
};

struct edges {
    const struct geom *geom;
    const struct ecef *vertices;
    const struct edge *edges;
    uint32_t n_edges;
    uint32_t n_levels;                                   /* 0: no edges */
    uint32_t n_boxes[EDGES_LARGEST_HEIGHT];              /* level 0: one box an edge */
    const struct space_box *boxes[EDGES_LARGEST_HEIGHT]; /* the last level has one */
};

/* A shape without vertices has no edges. ERR_INPUT for a latitude beyond 90 or a longitude
 * beyond 720 degrees. */
enum err_code edges_build(const struct geom *geom, struct arena *arena, struct edges *out,
                          struct err *err);

/* Distance between two boxes, m; 0 if they touch. */
double edges_box_gap_m(const struct space_box *a, const struct space_box *b);

/* The point of an edge nearest to a point: *at gets it and the answer is the geodesic
 * distance, m. INFINITY if it is surely farther than a chord of within_m. The distance is
 * good to 20 um up to 50 km and 1e-7 beyond; a point on the edge is 0 to 0.1 um away. */
double edges_nearest_on(const struct edges *edges, uint32_t edge, struct lonlat from,
                        struct ecef from_ecef, double within_m, struct lonlat *at);

#endif
