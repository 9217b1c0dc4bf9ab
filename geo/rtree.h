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
    uint32_t n_items;
    uint32_t n_nodes;
    const struct rtree_node *nodes;
};

/* Item i has boxes[i]; empty boxes are in no answer. */
enum err_code rtree_build(const struct box *boxes, uint32_t n, struct arena *arena,
                          struct rtree *out, struct err *err);

/* Calls visit for each item whose box touches `box` (a shared edge counts); stops at false.
 * The order is fixed by the boxes alone. */
void rtree_search(const struct rtree *tree, struct box box, void *context,
                  bool (*visit)(void *context, uint32_t item));

/* All items that touch box, ascending, in the arena. */
enum err_code rtree_collect(const struct rtree *tree, struct box box, struct arena *arena,
                            uint32_t **items, size_t *n, struct err *err);

/* Visits items by rising lower bound of their distance (m) from `from`, until visit answers
 * false; the bound never exceeds the true distance. For nearest-neighbour queries. */
enum err_code rtree_nearest(const struct rtree *tree, struct box from, struct arena *scratch,
                            void *context, bool (*visit)(void *context, uint32_t item,
                                                         double at_least_m),
                            struct err *err);

/* Calls visit for each pair (i of a, j of b) whose boxes, with those of a made larger by
 * margin_m, touch. */
void rtree_join(const struct rtree *a, const struct rtree *b, double margin_m, void *context,
                bool (*visit)(void *context, uint32_t i, uint32_t j));

#endif
