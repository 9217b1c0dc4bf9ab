/*
 * image.h - pixels to PNG, and back. The only file pair that knows libpng.
 *
 * A picture of at most 256 colours is written with exactly these, at 1, 2, 4 or 8 bits, the
 * palette trimmed and its transparent entries first. One with more is brought down to 256 where
 * no eye sees it: mean difference of a channel at most IMAGE_MEAN_ERROR, and at most
 * IMAGE_SHARE_OVER of the pixels with a channel off by more than PALETTE_VISIBLE (quantise.h);
 * else, if no 256 colours are found that do that, it has 24 or 32 bits, and colours of few pixels
 * are brought to ones near them within the same limits, none further off than PALETTE_VISIBLE
 * (quantise_round); IMAGE_TRUE keeps every colour. The empty picture is 116 bytes at 256 px and 139
 * at 512: the least that deflate allows.
 *
 * Space:   pixels are premultiplied, 0xAABBGGRR in a uint32_t: red in the low byte.
 * Threads: an image_writer is not shared; everything else is pure.
 * Cost:    0.1 ms for 256 x 256 pixels of plain areas, 0.4 ms where a hundred lie on top of each
 *          other, half of it deflate (row_deflate.h); 1 ms with more than 256 colours.
 * Errors:  ERR_MEMORY only.
 */
#ifndef SISETU_TILER_IMAGE_H
#define SISETU_TILER_IMAGE_H

#include "data/base/buf.h"
#include "data/base/err.h"

#include "tiler/draw/quantise.h"

#include <stdint.h>

struct image_writer;

enum err_code image_writer_new(struct image_writer **out, struct err *err);
void image_writer_free(struct image_writer *writer);

#define IMAGE_MEAN_ERROR 2.0
#define IMAGE_SHARE_OVER 0.001

enum image_form {
    IMAGE_AUTO,    /* a palette where that is not seen, else as many colours as it needs */
    IMAGE_PALETTE, /* a palette, whatever it costs in colours */
    IMAGE_TRUE,    /* all colours, exactly */
};

struct image {
    const uint32_t *pixels;
    uint32_t width, height;
    enum image_form form;
};

/* Appends a PNG to out. */
enum err_code image_write_png(struct image_writer *writer, const struct image *image,
                              struct buf *out, struct err *err);

/* How far the last picture's colours were from it; all 0 if it kept them. */
struct palette_error image_error(const struct image_writer *writer);

/* Reads a PNG back as premultiplied pixels (malloc, width * height): for tests and for tools
 * that compare pictures. ERR_INPUT if it is none. Free with free(). */
enum err_code image_read_png(const void *bytes, size_t n, uint32_t **pixels, uint32_t *width,
                             uint32_t *height, struct err *err);

#endif
