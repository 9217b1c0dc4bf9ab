/*
 * under.h - a picture laid from the top down: what is drawn first lies uppermost.
 *
 * Each pixel knows its colour so far and how much of what is still to come will be seen
 * through it. A shape goes under what is there already; where nothing can be seen any more it
 * costs nothing, and a shape that is hidden altogether need not be drawn: under_hides tells.
 * Of a hundred translucent areas on each other that is most of the work. The result is that
 * of drawing from the bottom up, but for less than one step of 255: where a pixel lets 1/256
 * or less through, nothing more is laid.
 *
 * Shapes of one layer that share an edge leave no seam: between under_layer and the next, the
 * parts of a pixel that they cover are taken to lie beside each other while they fill no more
 * than the pixel, and on each other beyond.
 *
 * Life:    under_init, then for each picture under_begin ... under_pixels; under_release.
 * Space:   pixels, y down; colours straight, opacity apart. What under_pixels writes is
 *          premultiplied, 0xAABBGGRR.
 * Threads: one.
 * Cost:    about 0.4 ns a covered pixel, 5 ns for 8 pixels at an edge.
 * Source:  Porter, Duff, "Compositing digital images", SIGGRAPH 1984: the operator `over`,
 *          front to back.
 */
#ifndef SISETU_TILER_UNDER_H
#define SISETU_TILER_UNDER_H

#include "data/base/err.h"
#include "tiler/draw/mask.h"
#include "tiler/draw/thin.h"

/* Edges of areas are laid in sixteenths: no eye sees finer steps, and the picture has a quarter
 * of the colours, which a palette then holds with half the error. */
enum { UNDER_STEPS = 16 };

/* A colour ready to be laid, 16 bits each. */
struct ink {
    uint16_t r, g, b;
    uint16_t alpha; /* of colour and opacity together; 65,535: hides what lies below */
};

/* Each 0 to 255, alpha 0 to 1. */
struct ink ink_of(double r, double g, double b, double alpha);

struct under_cell; /* eight pixels */
struct under_level;

struct under {
    uint32_t size_px; /* of an edge; a multiple of 16 */
    uint32_t room_px;
    struct under_cell *cells;
    bool is_clear;    /* nothing is laid in them */
    uint16_t *beside; /* for each pixel: how much of it this layer's shapes fill, in 1/256 */
    bool has_beside;  /* else beside is not cleared yet for this layer */
    uint16_t *seen;   /* and what showed through where they began to */
    /* Where something below is still seen: for each row of blocks of 16 x 16 pixels a bit for each
     * cell, two a block, in whole words. */
    uint64_t *open;
    uint32_t n_open;  /* blocks */
    uint16_t *picked; /* scratch: numbers of cells in a row of blocks */
    struct mask mask;
    struct thin thin;
    struct under_level *levels; /* what under_dim put aside, the uppermost last */
    uint32_t n_levels, levels_room;
};

void under_release(struct under *under); /* a zeroed one too */

/* A clear picture of size_px on each side. */
enum err_code under_begin(struct under *under, uint32_t size_px, struct err *err);

/* Shapes that follow belong to one layer, whose shapes may adjoin. */
void under_layer(struct under *under);

/* Lays what the raster holds, and empties it. */
void under_shape(struct under *under, struct raster *raster, const struct ink *ink);

/* The same through a pattern: an alpha for each pixel, repeating every `period` both ways. */
void under_pattern(struct under *under, struct raster *raster, const struct ink *ink,
                   const uint8_t *pattern, uint32_t period);

/* Lays the mask, and clears it. */
void under_mask(struct under *under, const struct ink *ink);

/* Lays the thin lines, and clears them. */
void under_thin(struct under *under, const struct ink *ink);

/* Covers the whole picture. */
void under_flood(struct under *under, const struct ink *ink);

/* Lays a stamp with its corner at (x, y). */
void under_stamp(struct under *under, const struct stamp *stamp, int64_t x, int64_t y,
                 const struct ink *ink);

/* Pixels, ends included; what lies outside of the picture does not count. */
struct under_box {
    int64_t left, top, right, bottom;
};

/* Whether nothing of a box is seen any more, as far as under_look found out where something was
 * laid. */
bool under_hides(const struct under *under, const struct under_box *box);
void under_look(struct under *under, const struct under_box *box);

/* What follows is dimmed where the raster's shape lies: mixed with the ink's colour, as much as
 * there is of it, its transparency left. Empties the raster. */
enum err_code under_dim(struct under *under, struct raster *raster, const struct ink *ink,
                        struct err *err);

/* The picture, size_px x size_px. Nothing may be laid then until the next begins. */
void under_pixels(struct under *under, uint32_t *pixels);

#endif
