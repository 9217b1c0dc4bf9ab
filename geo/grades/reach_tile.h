/*
 * reach_tile.h - residents in reach of graded sources, within one tile (README.md, Truth 13).
 *
 * Six sets of sources are told apart: graded 1, 2 or worse, 3 or worse; and those that could be
 * so. Persons are additive, so those of a unit are the sum over its tiles: whole tiles count
 * the same for every unit that holds them, and a tile that a unit's border crosses is asked
 * once more with the unit as a frame.
 *
 * Persons are kept as whole numbers of REACH_PARTS parts of a person, so that sums over tiles
 * come out the same in any order, and one tile's part can be exchanged for another without a
 * trace: rounding is half a billionth of a person a tile.
 *
 * Population is that of the grid, else of the census: the persons of an area, evenly over its
 * ellipsoidal area.
 *
 * Threads: pure but for the worker.
 */
#ifndef SISETU_GEO_REACH_TILE_H
#define SISETU_GEO_REACH_TILE_H

#include "geo/grades/arrange.h"
#include "geo/world/worker.h"
#include "geo/world/world.h"

/* 2^30; 2^33 persons fit. */
#define REACH_PARTS 1073741824.0

/* By set: [g - 1] graded g or worse, [g + 2] that could be, g from 1 to 3. */
struct reach_persons {
    int64_t parts[ARRANGE_SETS];
};

/* The sets of a source: 0 for one whose reach counts for no share. Grades 0 to 4. */
uint32_t reach_sets(int32_t grade, int32_t could_be);

/* A polygon that is in reach of sources of these sets. */
struct reach_shape {
    const struct geom *geom;
    uint32_t sets; /* 0: a frame */
};

/* Edges of a shape that go through a tile (tile_run), or n_edges 0: none do. */
struct reach_touch {
    uint32_t shape;
    int32_t winding;
    uint32_t first_edge;
    uint32_t n_edges;
};

struct reach_question {
    const struct world *world;
    struct worker *worker; /* after worker_fit */
    struct tile tile;
    const struct reach_shape *shapes;
    const struct reach_touch *touches; /* those of one shape together, in the order of shapes */
    size_t n_touches;
    uint32_t covered; /* sets that a shape covers the whole tile for */
    /* NULL: none. Its touches name shape 0. */
    const struct geom *unit;
    const struct reach_touch *unit_touches;
    size_t n_unit_touches;
};

/* Zeros without population. */
enum err_code reach_in_tile(const struct reach_question *question, struct reach_persons *out,
                            struct err *err);

#endif
