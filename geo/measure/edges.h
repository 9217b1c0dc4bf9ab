/*
 * edges.h - the edges of a shape in space, grouped so that far ones are passed over together.
 *
 * An edge is straight in longitude and latitude, so in space it is a slightly bent curve;
 * bulge_m bounds how far it leaves its chord. Every vertex starts one edge: to the next
 * vertex, or of no length where it is a point or the last of its ring. Groups of 8 consecutive
 * vertices (they are neighbours on the ground too) are the items of a space_tree. A group's
 * edges are worked out when a search comes to it, which costs less than keeping them.
 *
 * Owner:   memory in the arena; the geom must outlive it.
 * Threads: never changes once built; safe to share.
 * Cost:    build O(n), about 15 ns and 4 bytes a vertex; nothing for up to 8 vertices.
 */
#ifndef SISETU_GEO_EDGES_H
#define SISETU_GEO_EDGES_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/geom.h"
#include "geo/measure/ellipsoid.h"
#include "geo/measure/lanes.h"
#include "geo/measure/space_tree.h"

#include <stdbool.h>

enum { EDGES_GROUP = 8 };

/* A place near which others are turned into space by short sums instead of sines. */
struct edges_origin {
    struct lonlat at;
    double sin_lat, cos_lat, sin_lon, cos_lon;
};

/* Up to 8 edges: starts, ways to the ends, 1 / length2 (0: no length), bulges. Lanes from n on
 * hold what is far from everything. */
struct edge_group {
    uint32_t first; /* vertex of lane 0 */
    uint32_t n;
    LANES_ALIGNED double x[EDGES_GROUP], y[EDGES_GROUP], z[EDGES_GROUP];
    double dx[EDGES_GROUP], dy[EDGES_GROUP], dz[EDGES_GROUP];
    double inverse_m2[EDGES_GROUP];
    double bulge_m[EDGES_GROUP];
};

struct edges {
    const struct geom *geom;
    struct edges_origin origin;
    struct space_tree tree; /* item i: the group of vertices 8 i ... 8 i + 7 */
};

/* A shape without vertices has no edges. ERR_INPUT for a latitude beyond 90 or a longitude
 * beyond 720 degrees. */
enum err_code edges_build(const struct geom *geom, struct arena *arena, struct edges *out,
                          struct err *err);

struct edges_origin edges_origin_at(struct lonlat place);

/* The edges that start at up to 8 vertices from `first` on, right whatever the origin, and
 * faster within 60 km of it. Coordinates must be checked (edges_check). */
void edges_group(const struct geom *geom, const struct edges_origin *origin, uint32_t first,
                 struct edge_group *out);
struct space_box edges_group_box(const struct edge_group *group);

/* Index after the last vertex of the ring that holds a vertex; a point is a ring of its own. */
uint32_t edges_ring_end(const struct geom *geom, uint32_t vertex);

enum err_code edges_check(const struct geom *geom, struct err *err);

/* Squared distances from a point to the chords of a group's edges, m2. */
void edges_gaps2(const struct edge_group *group, struct ecef point, double out[EDGES_GROUP]);

#endif
