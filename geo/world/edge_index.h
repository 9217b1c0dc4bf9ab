/*
 * edge_index.h - all edges of a layer in space: what is near a place, and what is nearest.
 *
 * A record's box says little of a pipeline that runs across a province. Here the items are
 * groups of 8 vertices with their edges (edges.h), packed along Hilbert's curve; a point is an
 * item of its own. Distances hold over the antimeridian and the poles.
 *
 * Life:    edge_index_build once, then any number of readers.
 * Owner:   memory in the arena; the world must outlive it.
 * Threads: never changes once built; safe to share.
 * Cost:    build about 0.2 us a group or point, 75 bytes each; nearest 1 to 4 us.
 */
#ifndef SISETU_GEO_EDGE_INDEX_H
#define SISETU_GEO_EDGE_INDEX_H

#include "geo/world/near.h"
#include "geo/measure/space_tree.h"

struct edge_item {
    uint32_t row;
    uint32_t first;      /* vertex; EDGE_ITEM_POINT: the record is this single point */
    struct lonlat place; /* of that vertex */
    struct ecef ecef;
};

#define EDGE_ITEM_POINT UINT32_MAX

struct edge_index {
    const struct world *world;
    enum layer_id layer;
    bool has_polygons; /* some record has an inside, which has no edges */
    struct space_tree tree;
    const struct edge_item *items;
};

/* ERR_INPUT for a record whose coordinates are no longitudes and latitudes. */
enum err_code edge_index_build(const struct world *world, enum layer_id layer, struct arena *arena,
                               struct edge_index *out, struct err *err);

/* Calls visit for each item that may lie within a chord of within_m of a box; the same row may
 * come often. Stops at false. */
void edge_index_search(const struct edge_index *index, const struct space_box *box, double within_m,
                       void *context, bool (*visit)(void *context, const struct edge_item *item));

/* Such a record is one item. */
static inline bool edge_index_is_point(const struct geom *geom)
{
    return geom->kind == GEOM_POINT && geom->n_points == 1;
}

struct nearest_question {
    struct lonlat point;
    double within_m;  /* the limit itself is within; INFINITY: none */
    uint32_t but_row; /* left out; UINT32_MAX: none */
    size_t most;
};

/* The `most` nearest records, by distance, then row; room for them in out. A polygon round
 * the point is 0 away. closest.a is the point. */
enum err_code edge_index_nearest(const struct edge_index *index,
                                 const struct nearest_question *question, struct arena *scratch,
                                 struct near_row *out, size_t *n, struct err *err);

#endif
