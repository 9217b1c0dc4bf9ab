/*
 * exposure_shape.h - a shape in the columns and rows of a grid.
 *
 * Longitude and latitude become (u, v) by a shift and a scale for a geographic grid. For a
 * grid in another CRS the vertices are transformed, and edges, which are straight in
 * longitude and latitude, get vertices between until they follow the curve to a centimetre.
 */
#ifndef SISETU_GEO_EXPOSURE_SHAPE_H
#define SISETU_GEO_EXPOSURE_SHAPE_H

#include "data/geom.h"
#include "data/grid.h"
#include "geo/measure/coverage.h"

struct transform;

/* The rings of a polygon, ring i ending before ring_ends[i]. */
struct cell_rings {
    struct cell_point *points;
    size_t *ring_ends;
    size_t n_rings;
    struct cell_box box;
};

enum err_code exposure_shape(const struct grid *grid, struct transform *to_grid,
                             const struct geom *polygon, struct arena *arena,
                             struct cell_rings *out, struct err *err);

/* Area in cells, as the rings lie. */
double exposure_shape_area(const struct cell_rings *rings);

#endif
