/*
 * quantise.h - the colours of a picture: counted, and brought down to a palette.
 *
 * Life:    a struct palette is plain memory; quantise fills it anew each time.
 * Threads: pure, apart from the scratch memory handed in.
 * Cost:    0.3 ms for 256 x 256 of up to 256 colours; some thousands of colours 2 ms.
 * Source:  median cut: Heckbert, "Color image quantization for frame buffer display",
 *          SIGGRAPH 1982; boxes are cut at their mean along the axis of largest variance, and
 *          improved by Lloyd, "Least squares quantization in PCM", 1982.
 */
#ifndef SISETU_TILER_QUANTISE_H
#define SISETU_TILER_QUANTISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PALETTE_COLOURS = 256 };

struct palette {
    uint32_t n;
    uint8_t rgba[PALETTE_COLOURS][4]; /* straight alpha; transparent entries first */
    uint32_t n_transparent;           /* entries with alpha under 255 */
};

struct quantiser; /* scratch: a table of colours */

struct quantiser *quantiser_new(void); /* NULL: no memory */
void quantiser_free(struct quantiser *quantiser);

/* Writes a palette index for each premultiplied pixel (image.h) into indices. */
void quantise(struct quantiser *quantiser, const uint32_t *pixels, size_t n,
              struct palette *palette, uint8_t *indices);

#endif
