/*
 * exposure.h - how many people live inside a shape.
 *
 * persons = the sum over cells of persons times the share of the cell's ellipsoidal area
 * that lies inside (README.md, Truth 5): edges are cut at cell lines in longitude and
 * latitude and the authalic latitude is integrated along each piece. No cell centres, no
 * all-touched. The interval says what the data cannot: all or none of the persons of the
 * cells that the edge crosses live inside. Additive over any partition of a shape to 1e-9.
 *
 * A grid in another CRS is read as it is and the shape goes to the grid, its edges
 * densified; shares are then planar in that CRS.
 *
 * Polygons are valid, as import and overlay give them: parts do not overlap. Longitudes a
 * whole turn apart are the same place.
 *
 * Cost:    O(cells touched by the edge + rows + cells inside), the last a quarter of a
 *          nanosecond each; a zone of 90 vertices over 650 cells of 100 m takes 5 us. Memory
 *          about 256 KB, or 70 bytes a cell touched by the edge if that is more, from the
 *          caller's arena, given back. No GEOS.
 * Threads: pure but for the caller's arena and worker.
 */
#ifndef SISETU_GEO_EXPOSURE_H
#define SISETU_GEO_EXPOSURE_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/geom.h"
#include "data/grid.h"
#include "geo/measure/coverage.h"

struct transform;

/* Works out once, into the arena, what the rows of a grid measure: exposures are the same
 * without it, and slower. */
enum err_code exposure_prepare(struct grid *grid, struct arena *arena, struct err *err);

struct exposure {
    double persons;
    double low;          /* none of the edge cells' persons */
    double high;         /* all of them */
    uint32_t cells;      /* with any share inside */
    double area_m2;      /* of the shape on the ellipsoid */
    double densest_km2;  /* persons a km2 in the densest cell that it touches */
    double nodata_share; /* of the shape's area, where the grid has no data or does not reach */
    double cell_m;       /* width of a cell here: how coarse the data are */
};

/* to_grid is NULL for a geographic grid. A shape without area, or a grid without columns,
 * gives zeros. ERR_INPUT where the shape cannot be brought into the grid's CRS. */
enum err_code exposure_of(const struct grid *grid, struct transform *to_grid,
                          const struct geom *polygon, struct arena *scratch, struct exposure *out,
                          struct err *err);

/* A grid, and the transformation to its CRS (NULL: the grid is geographic). */
struct exposure_place {
    const struct grid *grid;
    struct transform *to_grid;
};

/* One row of the cells that a shape touches: runs of neighbours with one share (over 0 to 1;
 * 1 is wholly inside). grid_cells (data/grid.h) gives their persons as they lie in memory. */
struct exposure_row {
    const struct grid *grid;
    uint32_t row;
    double cell_m2; /* of each cell of the row: on the ellipsoid, in the plane if projected */
    const struct coverage_run *runs; /* from west to east, n_runs of them; gone after the call */
    size_t n_runs;
};
typedef enum err_code exposure_visit(void *context, const struct exposure_row *row,
                                     struct err *err);

/* Calls visit for each touched row, southwards: what sums, overlays and lists are made of;
 * the fastest way to every cell. Stops at the first error. Scratch memory stays in the arena,
 * with what visit allocates there: mark and rewind. */
enum err_code exposure_rows(const struct exposure_place *place, const struct geom *polygon,
                            struct arena *arena, void *context, exposure_visit *visit,
                            struct err *err);

/* Share (over 0 to 1) and persons of each touched cell, by row, then column. Scratch memory
 * stays in the arena. */
struct exposure_cell {
    uint32_t column;
    uint32_t row;
    double share;
    float persons; /* of the whole cell; NAN: no data */
};
enum err_code exposure_cells(const struct grid *grid, struct transform *to_grid,
                             const struct geom *polygon, struct arena *arena,
                             struct exposure_cell **cells, size_t *n, struct err *err);

/* Outline of a cell in longitude and latitude, and its ellipsoidal area in m2. */
enum err_code exposure_cell_shape(const struct grid *grid, struct transform *to_grid,
                                  uint32_t column, uint32_t row, struct arena *arena,
                                  struct geom *out, double *area_m2, struct err *err);

#endif
