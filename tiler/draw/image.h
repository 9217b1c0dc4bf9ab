/*
 * image.h - pixels to PNG. The only file pair that knows libpng, and libdeflate for tiles.
 *
 * A picture of at most 256 colours is written with exactly these, at 1, 2, 4 or 8 bits, the
 * palette trimmed and its transparent entries first; one with more is reduced to 256 by
 * weighted median cut, colours that fill much of the picture staying exact. The empty
 * picture is 116 bytes at 256 px and 139 at 512: the least that deflate allows.
 *
 * Space:   pixels are premultiplied, 0xAABBGGRR in a uint32_t: red in the low byte.
 * Threads: an image_writer is not shared; everything else is pure.
 * Cost:    about 1 ms for 256 x 256.
 * Errors:  ERR_MEMORY only.
 */
#ifndef SISETU_TILER_IMAGE_H
#define SISETU_TILER_IMAGE_H

#include "data/base/buf.h"
#include "data/base/err.h"

#include <stdint.h>

struct image_writer;

enum err_code image_writer_new(struct image_writer **out, struct err *err);
void image_writer_free(struct image_writer *writer);

/* Appends a PNG of width x height pixels to out. */
enum err_code image_write_png(struct image_writer *writer, const uint32_t *pixels, uint32_t width,
                              uint32_t height, struct buf *out, struct err *err);

/* Reads a PNG back as premultiplied pixels (malloc, width * height): for tests and for tools
 * that compare pictures. ERR_INPUT if it is none. Free with free(). */
enum err_code image_read_png(const void *bytes, size_t n, uint32_t **pixels, uint32_t *width,
                             uint32_t *height, struct err *err);

#endif
