/*
 * rtree.h - finds the features near a box or a point.
 *
 * Life:    rtree_build once, then any number of readers; never changes.
 * Owner:   memory belongs to the arena given to rtree_build.
 * Space:   longitude and latitude in degrees, EPSG:4490.
 * Threads: rtree_build one thread; all others safe without locks.
 * Cost:    build O(n log n); search O(log n + hits); about 38 bytes a feature.
 * Source:  Kamel and Faloutsos, "On packing R-trees", CIKM 1993.
 */
#ifndef SISETU_GEO_RTREE_H
#define SISETU_GEO_RTREE_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/geom.h"

#include <stdbool.h>

struct rtree_node;

struct rtree {
    uint32_t n_items;  /* with a box that is not empty */
    uint32_t n_leaves; /* nodes 0 .. n_leaves - 1 hold items, the others nodes */
    uint32_t n_nodes;  /* the last one is the root; 0 without items */
    const struct rtree_node *nodes;
};

/* Item i has boxes[i]; empty boxes and those with NaN are in no answer. Scratch memory of
 * 16 bytes an item is taken from the same arena and given back. */
enum err_code rtree_build(const struct box *boxes, uint32_t n, struct arena *arena,
                          struct rtree *out, struct err *err);

/* Calls visit for each item whose box touches `box` (a shared edge counts); stops at false.
 * The order is fixed by the boxes alone. Longitudes are compared as they are: a box across
 * the antimeridian is searched in two halves. */
void rtree_search(const struct rtree *tree, struct box box, void *context,
                  bool (*visit)(void *context, uint32_t item));

/* All items that touch box, ascending, in the arena. */
enum err_code rtree_collect(const struct rtree *tree, struct box box, struct arena *arena,
                            uint32_t **items, size_t *n, struct err *err);

/* Visits items by rising lower bound of their distance (m) from `from`, ties by item, until
 * visit answers false; the bound never exceeds the true distance, over the antimeridian and
 * the poles too. For nearest-neighbour queries. */
enum err_code rtree_nearest(const struct rtree *tree, struct box from, struct arena *scratch,
                            void *context,
                            bool (*visit)(void *context, uint32_t item, double at_least_m),
                            struct err *err);

/* A lower bound of the distance between anything in a and anything in b, m. */
double rtree_box_distance_m(struct box a, struct box b);

#endif
