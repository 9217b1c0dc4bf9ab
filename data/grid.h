/*
 * grid.h - the population grid: persons a cell, tiled and sparse.
 *
 * Cells lie in the grid's own CRS (README.md, Truth 5). Blocks of 256 x 256 cells; a block
 * without any datum is not kept. A cell is NaN where the source has no data, which is not 0.
 *
 * Space:  column counts east from the west edge, row counts south from the north edge; the
 *         cell (c, r) spans x in [west + c * cell_width, west + (c+1) * cell_width], y
 *         likewise downwards. Degrees for a geographic CRS, metres for a projected one.
 * Owner:  blocks belong to the arena that they were read into; a grid that was read never
 *         changes and may be shared.
 */
#ifndef SISETU_DATA_GRID_H
#define SISETU_DATA_GRID_H

#include "data/base/arena.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

enum { GRID_BLOCK_CELLS = 256 };

/* What a row of cells measures. */
struct grid_row {
    /* Share of the row's area above y in [0, 1]: a polynomial of degree 3 or 5 with value 0
     * at 0 and 1 at 1. Kept as its derivative, lowest power first; the last two are 0 for
     * degree 3, which is faster. */
    double slope[5];
    double cell_m2; /* area of each cell */
};

struct grid {
    uint32_t n_columns; /* 0: there is no grid */
    uint32_t n_rows;
    double west; /* of the outer edge */
    double north;
    double cell_width;  /* positive */
    double cell_height; /* positive */
    const char *crs;    /* "EPSG:4490" or WKT */
    bool geographic;    /* x, y are longitude, latitude in degrees */
    uint32_t n_block_columns;
    uint32_t n_block_rows;
    const float *const *blocks; /* row by row; NULL: no data anywhere in the block */
    const struct grid_row
        *rows; /* by exposure_prepare (geo/measure/exposure.h); NULL: not prepared */
};

/* The cells of a row from `first` on that lie in one block; NULL where the block has no
 * data. *end comes in as where the caller would stop, and goes out where the block ends if
 * that is sooner. */
static inline const float *grid_cells(const struct grid *grid, uint32_t row, uint32_t first,
                                      uint32_t *end)
{
    uint32_t block_column = first / GRID_BLOCK_CELLS;
    const float *block =
        grid->blocks[(size_t)(row / GRID_BLOCK_CELLS) * grid->n_block_columns + block_column];
    uint32_t block_end = (block_column + 1) * GRID_BLOCK_CELLS;
    if (*end > block_end)
        *end = block_end;
    return block ? block + (size_t)(row % GRID_BLOCK_CELLS) * GRID_BLOCK_CELLS +
                       first % GRID_BLOCK_CELLS
                 : NULL;
}

static inline float grid_cell(const struct grid *grid, uint32_t column, uint32_t row)
{
    uint32_t end = column + 1;
    const float *cell = grid_cells(grid, row, column, &end);
    return cell ? *cell : NAN;
}

#endif
