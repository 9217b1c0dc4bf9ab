/*
 * edge_near.h - the nearest points of one edge to a point, and of two edges to each other.
 *
 * Edges are straight in longitude and latitude, so bent in space: the chord says where to look,
 * and the answer is the geodesic to the point of the edge itself.
 *
 * Threads: pure.
 * Cost:    60 ns where the edge is as good as its chord, else 150 to 300 ns a bend.
 */
#ifndef SISETU_GEO_EDGE_NEAR_H
#define SISETU_GEO_EDGE_NEAR_H

#include "geo/edges.h"

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

/* What two edges that do not meet may be nearer to each other than a chord of within_m,
 * anywhere along both: at[0] on a, at[1] on b. INFINITY if nearer by less than 0.25 mm (3e-7 of
 * the distance beyond), or not. Edges bend, so neither point need be a vertex. */
double edge_near_edge(struct edge_of a, struct edge_of b, double within_m, struct lonlat at[2]);

/* Edges whose bulges add up to less need not be asked: vertices are near enough. */
extern const double EDGE_STRAIGHT_M;

#endif
