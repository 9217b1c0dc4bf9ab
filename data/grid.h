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
};

static inline float grid_cell(const struct grid *grid, uint32_t column, uint32_t row)
{
    const float *block =
        grid->blocks[(row / GRID_BLOCK_CELLS) * grid->n_block_columns + column / GRID_BLOCK_CELLS];
    return block ? block[(row % GRID_BLOCK_CELLS) * GRID_BLOCK_CELLS + column % GRID_BLOCK_CELLS]
                 : NAN;
}

#endif
