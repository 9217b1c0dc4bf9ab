/*
 * space_tree.h - boxes in space, eight to a node: what edges.h and edge_index.h search.
 *
 * Items keep the order in which they are given: neighbours in it should be neighbours on the
 * ground. Distances between boxes in space bound the geodesic from below everywhere, over
 * the antimeridian and the poles too.
 *
 * Coordinates are metres from the earth's centre (ellipsoid.h), in single precision, rounded
 * outwards: half a metre wider at most, for half the memory and twice the speed.
 *
 * Owner:   memory in the arena given to space_tree_build.
 * Threads: never changes once built; safe to share.
 * Cost:    27 bytes an item; 10 ns to compare a box with the eight of a node.
 */
#ifndef SISETU_GEO_SPACE_TREE_H
#define SISETU_GEO_SPACE_TREE_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "geo/measure/ellipsoid.h"
#include "geo/measure/lanes.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    SPACE_FANOUT = 8,
    SPACE_HEIGHT = 11, /* 8^11 > 2^32 */
};

struct space_box {
    float low[3]; /* x, y, z */
    float high[3];
};

struct space_node {
    LANES_ALIGNED float low[3][SPACE_FANOUT];
    float high[3][SPACE_FANOUT];
};

struct space_tree {
    uint32_t n_items;
    uint32_t n_levels;    /* 0: no node, as there is one item at most */
    struct space_box box; /* of everything; empty without items */
    /* Lane i of node k of levels[0] is item 8 k + i; of levels[n], node 8 k + i of
     * levels[n - 1]. The last level is one node. */
    const struct space_node *levels[SPACE_HEIGHT];
};

/* A branch of a tree: an item (level 0), or a node of levels[level - 1], whose lane i is the
 * branch {level - 1, 8 index + i}. */
struct space_branch {
    uint32_t level;
    uint32_t index;
};

enum err_code space_tree_build(const struct space_box *boxes, uint32_t n, struct arena *arena,
                               struct space_tree *out, struct err *err);

struct space_box space_box_empty(void);
struct space_box space_box_of(struct ecef low, struct ecef high);
void space_box_hold(struct space_box *box, const struct space_box *other);

/* The whole tree, and the box of a branch. */
struct space_branch space_tree_root(const struct space_tree *tree);
struct space_box space_branch_box(const struct space_tree *tree, struct space_branch branch);

/* Squared gap between two boxes, m2; 0 if they touch, INFINITY if one is empty. Compare it with
 * space_within2, which makes up for its rounding. out is aligned (lanes.h). */
float space_gap2(const struct space_box *a, const struct space_box *b);
void space_gaps2(const struct space_node *node, const struct space_box *box,
                 float out[SPACE_FANOUT]);

/* A squared gap above this belongs to boxes that are surely farther apart than within_m. */
float space_within2(double within_m);

#endif
