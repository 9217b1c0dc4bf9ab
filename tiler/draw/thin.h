/*
 * thin.h - thin lines, many of them: how much of each pixel they cover, in thirds.
 *
 * Coverage comes in thirds here: lines are many, and their edges on every colour below would
 * fill a palette with what no eye tells apart. A pixel's thirds are bits of which as many are
 * set as are covered, so that the stronger of two lines is their disjunction: what is drawn twice
 * counts once. A line goes through the pixels along it whose middles it passes; how strongly it
 * covers those across it follows from the distance of their middles, as on a graphics card. For
 * each slope and each place in a pixel that is one pattern of eight pixels, looked up and laid in
 * one stroke. Steep lines are collected row by row, flat ones column by column, and both come
 * together when they are taken.
 *
 * Life:    thin_begin for a picture; for each line thin_pen, thin_reach and thin_chain, or
 *          thin_line for all of it; thin_take until nothing is left.
 * Space:   24.8 pixels (raster.h). What a line leaves depends on where it lies in its pixels only:
 *          a tile is the crop of a larger picture.
 * Threads: one.
 * Cost:    10 ns a segment and 2 ns a pixel along it; a pen 20 us when it is first used.
 */
#ifndef SISETU_TILER_THIN_H
#define SISETU_TILER_THIN_H

#include "tiler/draw/raster.h"

enum {
    THIN_MAX_PX = 3, /* widest line; widths come in eighths of a pixel */
    THIN_STEPS = 3,
    THIN_BLOCK_PX = 16,
    THIN_PENS = THIN_MAX_PX * 8 + 1,
};

struct thin_pen;

/* Pixels, ends included; may reach beyond the picture. left > right: none. */
struct thin_box {
    int64_t left, top, right, bottom;
};

struct thin {
    uint32_t size_px; /* of an edge; a multiple of THIN_BLOCK_PX */
    uint32_t room_px;
    size_t stride;                    /* bytes of a row or column, with a margin */
    uint8_t *rows, *columns;          /* four bits a pixel */
    struct thin_box reach;            /* that lines may have touched, cut to the picture */
    struct thin_pen *pens[THIN_PENS]; /* by eighths of a pixel; NULL: not used yet */
};

/* Clear, for a picture of this size; one that had another size is used again. */
enum err_code thin_begin(struct thin *thin, uint32_t size_px, struct err *err);
void thin_release(struct thin *thin); /* a zeroed one too */

/* For lines up to THIN_MAX_PX wide; NULL: too thin to leave anything, or no memory. */
const struct thin_pen *thin_pen(struct thin *thin, double width_px);

/* Says where segments are going to be drawn: the box of their points, 24.8. False: nowhere in
 * the picture. */
bool thin_reach(struct thin *thin, struct fixed low, struct fixed high);

/* Draws the segments between n points in what was said to be reached. Each goes on by half the
 * width at its ends, so that corners close; `past` says whether the first and the last do so. */
enum { THIN_PAST_FROM = 1, THIN_PAST_TO = 2 };
void thin_chain(struct thin *thin, const struct thin_pen *pen, const struct fixed *points, size_t n,
                unsigned past);

/* The same of up to THIN_PIECE segments, of which each point lies less than THIN_NEAR from the
 * picture's corner each way; coordinates apart, so that THIN_SIDE are followed side by side.
 * Whoever fills it leaves what is behind the points as it is: to clear it first would cost as much
 * as some of the segments. */
enum { THIN_PIECE = 16, THIN_SIDE = 4, THIN_NEAR = 1 << 21 };
struct thin_links {
    int32_t x[THIN_PIECE + THIN_SIDE], y[THIN_PIECE + THIN_SIDE]; /* 1/256 px */
    int32_t n; /* segments, one less than points */
    unsigned past;
};
void thin_links(const struct thin *thin, const struct thin_pen *pen, struct thin_links *links);

/* A line through n points with round-looking corners and butt ends; closed: from the last to the
 * first as well. */
void thin_line(struct thin *thin, const struct fixed *points, size_t n, bool closed,
               double width_px);

/* Takes the block of THIN_BLOCK_PX pixels each way at (x, y), in blocks: four bits a pixel, the
 * leftmost lowest, 0, 1, 3 or 7. False: there is nothing. */
bool thin_take(struct thin *thin, uint32_t x, uint32_t y, uint64_t rows[THIN_BLOCK_PX]);

/* Nothing is reached any more; all blocks in the reach were taken. */
void thin_taken(struct thin *thin);

#endif
