/*
 * raster.h - our own anti-aliased rasteriser: edges in, exact coverage out.
 *
 * Every edge adds its signed area to an accumulation buffer; the running sum along a row is
 * how often each pixel is covered, in 1/256. Shapes of one paint are all added before the
 * buffer is read, so two neighbours that share an edge cover its pixels exactly once: there
 * is no seam to hide. A place that n shapes cover counts n, which lets the paint add up as
 * if they had been drawn one after the other, in one pass.
 *
 * All arithmetic is in integers, and what an edge gives to a pixel depends on the edge and
 * the pixel only, never on where the picture ends. A tile is therefore exactly the crop of
 * any larger picture.
 *
 * Life:    raster_init, any number of (raster_edge ..., raster_rows), raster_release.
 * Space:   pixels in 24.8 fixed point (struct fixed), y down, (0, 0) the top left corner.
 * Threads: one raster, one thread.
 * Cost:    an edge costs a few ns and about 2 ns for each row and column it crosses in the
 *          picture; reading costs 1 ns for each pixel between a row's first and last edge.
 * Source:  the accumulation buffer of Raph Levien's font-rs, here in exact integers.
 */
#ifndef SISETU_TILER_RASTER_H
#define SISETU_TILER_RASTER_H

#include "data/base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* A point in 1/256 of a pixel. 64 bits: at zoom 20 the world is 2^36 wide. */
struct fixed {
    int64_t x, y;
};

enum { FIXED_ONE = 256 };

struct raster_row {
    int32_t first, last; /* columns that edges touched; first > last: none */
};

struct raster {
    int32_t width_px, height_px;
    int32_t *sums; /* (width_px + 2) a row; all 0 between shapes */
    struct raster_row *rows;
    int32_t top, bottom; /* rows that edges touched; top > bottom: none */
    uint8_t *marks;      /* pixels that are covered whatever the edges say */
    bool marked;
    uint16_t *coverage; /* one row, for the reader */
};

enum err_code raster_init(struct raster *raster, int32_t width_px, int32_t height_px,
                          struct err *err);
void raster_release(struct raster *raster);

/* Adds one edge. A closed chain of edges is a shape; which way it turns does not matter as
 * long as all shapes of one pass turn the same way and holes turn the other. */
void raster_edge(struct raster *raster, struct fixed from, struct fixed to);

/* Adds the closed chain of n points (the last edge is added if it is missing). */
void raster_ring(struct raster *raster, const struct fixed *points, size_t n);

/* Covers the whole pixel that holds this point: what is too small to be seen is marked so. */
void raster_mark(struct raster *raster, struct fixed point);

/* Calls `row` for each row that holds anything: coverage[x] for x in [first, last] in
 * 1/256, 256 a time; above 65,535 it stays there. Leaves the buffer clean. */
void raster_rows(struct raster *raster, void *context,
                 void (*row)(void *context, int32_t y, int32_t first, int32_t last,
                             const uint16_t *coverage));

#endif
