/*
 * exposure_grid.h - what the rows of a population grid measure on the ellipsoid.
 *
 * Space: degrees for a geographic grid, whose rows follow the authalic latitude; the plane of
 *        its CRS for a projected one, whose rows are flat and all alike.
 */
#ifndef SISETU_GEO_EXPOSURE_GRID_H
#define SISETU_GEO_EXPOSURE_GRID_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/grid.h"

/* Rows [first, end): those that the grid was prepared with, else worked out now. */
enum err_code exposure_grid_rows(const struct grid *grid, uint32_t first, uint32_t end,
                                 struct arena *arena, const struct grid_row **out, struct err *err);

/* Latitude of the north edge of a row of a geographic grid. */
double exposure_grid_north_deg(const struct grid *grid, double row);

#endif
