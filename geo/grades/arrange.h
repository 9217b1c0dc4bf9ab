/*
 * arrange.h - persons inside unions of shapes within one tile.
 *
 * Each shape belongs to some of six sets (bits of a mask); asked are the persons inside the
 * union of each set, and, where frames are given (a unit, a census area), inside all of those
 * too. No union is built: the
 * boundary of a union is made of those pieces of the shapes' edges that have it on one side
 * and not on the other, and persons are a sum over directed pieces (tile_people.h).
 *
 * Which pieces those are is decided in whole numbers (tiles.h), without rounding: whether two
 * edges cross, and on which side of an edge the start of another lies; ties are broken as if
 * the question were asked just after the start of an edge, just left of it. So edges that
 * coincide, touch or meet in one point are nothing special. Only the places of crossings, and
 * with them the ends of pieces, are rounded.
 *
 * A box with many edges is halved; in a half that one shape covers, what lies under it is
 * forgotten. So the cost is that of the rim, however deep shapes lie on each other.
 *
 * Threads: pure but for the arena and the struct tile_people.
 * Cost:    O(n log n) halving, then n^2 / 2 tests of 5 ns in boxes of at most 24 edges.
 * Source:  Warnock's hidden-surface subdivision; ties after Edelsbrunner and Muecke, "Simulation
 *          of simplicity", ACM TOG 9 (1990).
 */
#ifndef SISETU_GEO_ARRANGE_H
#define SISETU_GEO_ARRANGE_H

#include "geo/grades/tile_people.h"
#include "geo/grades/tiles.h"

enum { ARRANGE_SETS = 6, ARRANGE_ALL = (1 << ARRANGE_SETS) - 1 };

/* A shape in the tile; its edges name it by its place in the list. */
struct arrange_shape {
    int32_t winding; /* at the tile's reference point */
    uint32_t sets;   /* 0: a frame */
};

struct arrange_question {
    struct tile_people *people; /* the grid, and room for a box */
    struct tile tile;
    const struct arrange_shape *shapes;
    size_t n_shapes;
    const struct tile_edge *edges;
    size_t n_edges;
    uint32_t covered; /* sets that cover the whole tile already */
    struct arena *arena;
};

/* persons[i]: inside the union of set i. The order of shapes and edges must be the same for
 * the same answer to the last bit. Memory is given back to the arena. ERR_INPUT where a place
 * cannot be brought into the grid's CRS. */
enum err_code arrange_persons(const struct arrange_question *question, double persons[ARRANGE_SETS],
                              struct err *err);

#endif
