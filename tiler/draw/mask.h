/*
 * mask.h - an alpha for each pixel of a picture, drawn before colour is laid through it: letters,
 * hatching. What is drawn twice counts once, the stronger of the two.
 *
 * Life:    mask_begin for a picture; draw; under_mask (under.h) lays it and leaves it clear.
 * Space:   pixels, y down.
 * Threads: one.
 */
#ifndef SISETU_TILER_MASK_H
#define SISETU_TILER_MASK_H

#include "data/base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { MASK_CELL_PX = 8 };

struct mask {
    uint32_t size_px; /* of an edge; a multiple of MASK_CELL_PX */
    uint32_t room_px;
    uint8_t *alpha;  /* row by row; 0 wherever dirty says nothing */
    uint64_t *dirty; /* a bit for each eight pixels: words a row */
    uint32_t words;
    int32_t top, bottom; /* rows that may be dirty; top > bottom: none */
};

/* Clear, for a picture of this size; a mask that had another size is used again. */
enum err_code mask_begin(struct mask *mask, uint32_t size_px, struct err *err);
void mask_release(struct mask *mask); /* a zeroed one too */

static inline void mask_dirty(struct mask *mask, uint32_t x, uint32_t y)
{
    uint32_t cell = x / MASK_CELL_PX;
    mask->dirty[(size_t)y * mask->words + cell / 64] |= UINT64_C(1) << cell % 64;
}

static inline void mask_rows(struct mask *mask, int32_t first, int32_t last)
{
    mask->top = first < mask->top ? first : mask->top;
    mask->bottom = last > mask->bottom ? last : mask->bottom;
}

/* Alphas of width x height pixels with the corner at (x, y), also outside of the picture. */
struct stamp {
    const uint8_t *alpha;
    int32_t width, height;
};
void mask_stamp(struct mask *mask, const struct stamp *stamp, int64_t x, int64_t y);

#endif
