/*
 * raster.h - our own anti-aliased rasteriser: edges in, exact coverage out.
 *
 * Every edge adds its signed area to an accumulation buffer; the running sum along a row is
 * how much of each pixel is covered, in 1/256. Two shapes that share an edge cover its pixels
 * exactly once between them. Columns that no edge touched continue what stands to their left,
 * so that a row is read as a few spans, however wide it is.
 *
 * All arithmetic is in integers, and what an edge gives to a pixel depends on the edge and
 * the pixel only, never on where the picture ends. A tile is therefore exactly the crop of
 * any larger picture.
 *
 * Life:    raster_begin, any number of (raster_edge ..., raster_row for each row), raster_release.
 * Space:   pixels in 24.8 fixed point (struct fixed), y down, (0, 0) the top left corner.
 * Threads: one raster, one thread.
 * Cost:    an edge costs about 10 ns and 2 ns for each row and column that it crosses in the
 *          picture, one left of the picture 5 ns in all; reading costs 2 ns a span, or 5 ns a cell
 *          of eight pixels that an edge touches.
 * Source:  the accumulation buffer of Raph Levien's font-rs, here in exact integers.
 */
#ifndef SISETU_TILER_RASTER_H
#define SISETU_TILER_RASTER_H

#include "data/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A point in 1/256 of a pixel. 64 bits: at zoom 20 the world is 2^36 wide. */
struct fixed {
    int64_t x, y;
};

enum { FIXED_ONE = 256 };

/* Pixels first .. end - 1 of a row are covered by coverage / 256, 1 to 256. */
struct span {
    int32_t first, end;
    uint32_t coverage;
};

/* Rows that are read at once, as cells of RASTER_CELL_PX pixels. */
enum { RASTER_CELL_PX = 8, RASTER_ROWS = 16 };

/* Cells first .. end - 1 of row y, all of whose pixels are covered by coverage / 256. */
struct piece {
    uint32_t y, first, end, coverage;
};

/* A cell that edges touched. */
struct edge_cell {
    uint32_t y, cell;
};

struct raster {
    int32_t width_px, height_px, room_px;
    int32_t *sums;     /* (width_px + 2) a row; all 0 between shapes */
    uint64_t *touched; /* a bit for each eight of them: words a row */
    size_t words;
    /* What edges left of the picture cover: heights in 1/256 px of a row, and of all rows from
     * one on. height_px + 1 each. */
    int32_t *left, *left_from;
    int32_t left_sum;    /* of left_from, up to the row that is read */
    int32_t top, bottom; /* rows that edges touched; top > bottom: none */
    struct span *spans;  /* of the row that was read */
    /* Of the rows that were read as cells: what edges did not touch, and what they did, with how
     * much of each of its pixels is covered, 0 to 256. */
    struct piece *pieces;
    struct edge_cell *edges;
    uint16_t *shares; /* RASTER_CELL_PX for each of edges */
    size_t n_pieces, n_edges;
};

/* Empty, for a picture of this size; a raster that had another size is used again. */
enum err_code raster_begin(struct raster *raster, int32_t width_px, int32_t height_px,
                           struct err *err);
void raster_release(struct raster *raster); /* a zeroed one too */

/* Adds one edge. A closed chain of edges is a shape; which way it turns does not matter as
 * long as what is added before the rows are read turns the same way and holes the other. */
void raster_edge(struct raster *raster, struct fixed from, struct fixed to);

/* Adds the edges between n points. */
void raster_chain(struct raster *raster, const struct fixed *points, size_t n);

/* Adds the closed chain of n points (the last edge is added if it is missing). */
void raster_ring(struct raster *raster, const struct fixed *points, size_t n);

/* Covers the whole pixel that holds this point: what is too small to be seen is marked so. */
void raster_mark(struct raster *raster, struct fixed point);

/* The spans of row y, from left to right, into raster->spans; returns how many. Where shapes
 * lie on each other the coverage is that of one. All rows from top to bottom must be read in
 * that order, then raster_clean called; this leaves the raster empty. */
size_t raster_row(struct raster *raster, int32_t y);

/* The same of up to RASTER_ROWS rows, first to last, into raster->pieces and raster->edges; for
 * pictures whose width is a multiple of RASTER_CELL_PX. */
void raster_cells(struct raster *raster, int32_t first, int32_t last);
void raster_clean(struct raster *raster);

#endif
