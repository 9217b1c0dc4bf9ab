/*
 * edge_near.h - the point of an edge that is nearest to a point.
 *
 * Edges are straight in longitude and latitude, so bent in space: the chord says where to look,
 * and the answer is the geodesic to the point of the edge itself.
 *
 * Threads: pure.
 * Cost:    60 ns where the edge is as good as its chord, else 150 to 300 ns a bend.
 */
#ifndef SISETU_GEO_EDGE_NEAR_H
#define SISETU_GEO_EDGE_NEAR_H

#include "geo/measure/edges.h"

/* One edge of a group. */
struct edge_of {
    const struct geom *geom;
    const struct edge_group *group;
    uint32_t lane; /* below group->n */
};

/* The point of an edge nearest to a point: *at gets it and the answer is the geodesic
 * distance, m. INFINITY if it is surely farther than a chord of within_m. The distance is
 * good to 20 um up to 50 km and 1e-7 beyond. */
double edge_near_point(struct edge_of edge, struct lonlat from, struct ecef from_ecef,
                       double within_m, struct lonlat *at);

#endif
