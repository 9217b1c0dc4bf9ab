/*
 * cell_outline.h - the outline of a set of cells of a grid: parts with their holes.
 *
 * Cells that share an edge are one part; parts that meet at a corner stay two, and a hole may
 * touch its part's outer ring at a corner, so that the polygon is valid. Edges are followed with
 * the cell on the left.
 *
 * Space:   the grid's own, a geographic one: longitude and latitude. Only corners are vertices.
 * Threads: pure.
 * Cost:    O(cells of the box), microseconds for hundreds.
 */
#ifndef SISETU_GEO_CELL_OUTLINE_H
#define SISETU_GEO_CELL_OUTLINE_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/geom.h"
#include "data/grid.h"

/* A window of the grid, and which of its cells are in the set: in[row * n_columns + column]. */
struct cell_set {
    const struct grid *grid;
    uint32_t first_row;
    uint32_t first_column;
    uint32_t n_rows;
    uint32_t n_columns;
    const bool *in;
};

/* GEOM_NONE for an empty set. */
enum err_code cell_outline(const struct cell_set *set, struct arena *arena, struct geom *out,
                           struct err *err);

#endif
