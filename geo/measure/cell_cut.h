/*
 * cell_cut.h - the part of a polygon that lies in a set of cells of a grid, without an overlay.
 *
 * The polygon's ring is walked from cell to cell and the outline of the cells from side to side;
 * where one crosses the other the result goes on along the other. Which cell an edge goes to is
 * decided exactly, so that the result has the vertices that an overlay of the polygon with
 * cell_outline gives, to the last digits of where edges cross, and its rings begin where those of
 * GEOS 3.11 do.
 *
 * What is not in general position (a vertex on a line between cells, an edge through a corner,
 * crossings within CELL_CUT_NEAR_DEG) and polygons of more than one ring are left to the overlay.
 *
 * Space:   the grid's own, a geographic one: longitude and latitude.
 * Threads: pure.
 * Cost:    O(vertices + cells of the window + cells that the edge crosses): about 10 us for a zone
 *          of 100 vertices over 600 cells, where GEOS takes 500.
 */
#ifndef SISETU_GEO_CELL_CUT_H
#define SISETU_GEO_CELL_CUT_H

#include "geo/measure/cell_outline.h"

/* Crossings that are nearer to each other are no general position: above all rounding, and a tenth
 * of a micrometre. */
#define CELL_CUT_NEAR_DEG 1e-12

/* *done false: not in general position, and *out is GEOM_NONE. The ring is simple and goes
 * counter-clockwise, as import and overlay give them. Result and scratch belong to the arena. */
enum err_code cell_cut(const struct geom *polygon, const struct cell_set *set, struct arena *arena,
                       struct geom *out, bool *done, struct err *err);

#endif
