/* exposure_fixture.h - population grids and shapes for the tests of exposure. */
#ifndef SISETU_TESTS_UNIT_EXPOSURE_FIXTURE_H
#define SISETU_TESTS_UNIT_EXPOSURE_FIXTURE_H

#include "geo/measure/exposure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static inline double uniform(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (double)(*seed >> 11) / 9007199254740992.0;
}

/* ---- grids ---- */

static inline struct grid make_grid(double west, double north, double cell, uint32_t columns,
                                    uint32_t rows, struct arena *arena)
{
    struct grid grid = {.n_columns = columns,
                        .n_rows = rows,
                        .west = west,
                        .north = north,
                        .cell_width = cell,
                        .cell_height = cell,
                        .crs = "EPSG:4490",
                        .geographic = true,
                        .n_block_columns = (columns + GRID_BLOCK_CELLS - 1) / GRID_BLOCK_CELLS,
                        .n_block_rows = (rows + GRID_BLOCK_CELLS - 1) / GRID_BLOCK_CELLS};
    size_t n = (size_t)grid.n_block_columns * grid.n_block_rows;
    const float **blocks = arena_new(arena, const float *, n);
    for (size_t i = 0; i < n; i++) {
        float *block = arena_new(arena, float, GRID_BLOCK_CELLS *GRID_BLOCK_CELLS);
        for (int k = 0; k < GRID_BLOCK_CELLS * GRID_BLOCK_CELLS; k++)
            block[k] = NAN;
        blocks[i] = block;
    }
    grid.blocks = blocks;
    return grid;
}

static inline void set_cell(struct grid *grid, uint32_t column, uint32_t row, double persons)
{
    /* The blocks are this test's own memory. */
    size_t block =
        (size_t)(row / GRID_BLOCK_CELLS) * grid->n_block_columns + column / GRID_BLOCK_CELLS;
    size_t at = (row % GRID_BLOCK_CELLS) * GRID_BLOCK_CELLS + column % GRID_BLOCK_CELLS;
    memcpy((char *)(uintptr_t)grid->blocks[block] + at * sizeof(float), &(float){(float)persons},
           sizeof(float));
}

static inline struct grid random_grid(double west, double north, double cell, uint32_t columns,
                                      uint32_t rows, uint64_t *seed, struct arena *arena)
{
    struct grid grid = make_grid(west, north, cell, columns, rows, arena);
    for (uint32_t row = 0; row < rows; row++)
        for (uint32_t column = 0; column < columns; column++)
            if (uniform(seed) > 0.05)
                set_cell(&grid, column, row, floor(uniform(seed) * 1000));
    return grid;
}

static inline struct geom polygon_of(const struct lonlat *ring, size_t n, struct arena *arena)
{
    struct geom geom;
    assert_int_equal(geom_of_ring(ring, n, arena, &geom, NULL), ERR_OK);
    return geom;
}

static inline struct geom box_shape(double west, double south, double east, double north,
                                    struct arena *arena)
{
    struct lonlat ring[] = {{west, south}, {east, south}, {east, north}, {west, north}};
    return polygon_of(ring, 4, arena);
}

static inline struct exposure expose(const struct grid *grid, const struct geom *shape,
                                     struct arena *arena)
{
    struct exposure exposure;
    struct err err = {0};
    size_t before = arena->used_bytes;
    enum err_code code = exposure_of(grid, NULL, shape, arena, &exposure, &err);
    if (code != ERR_OK)
        print_message("%s\n", err.message);
    assert_int_equal(code, ERR_OK);
    assert_int_equal(arena->used_bytes, before);
    return exposure;
}

static inline struct geom random_star(double radius, uint32_t n, uint64_t *seed,
                                      struct arena *arena)
{
    struct lonlat *ring = arena_new(arena, struct lonlat, n);
    double x = 106 + uniform(seed);
    double y = 37.5 + uniform(seed);
    for (uint32_t i = 0; i < n; i++) {
        double r = radius * (0.2 + 0.8 * uniform(seed));
        ring[i] = (struct lonlat){x + r * cos(2 * M_PI * i / n), y + r * sin(2 * M_PI * i / n)};
    }
    return polygon_of(ring, n, arena);
}

#endif
