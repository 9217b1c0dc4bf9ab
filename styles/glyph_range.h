/*
 * glyph_range.h - letters as signed distance fields, in packs of 256 as clients of vector tiles
 * want them (MapLibre's "glyphs").
 *
 * A pack is a message `glyphs` of glyphs.proto: of each character of the range that a font of the
 * stack has, its advance and a picture at 24 px with 3 px round it. A value of 191 is the outline;
 * 1 px further in is 32 more, 8 px hold all values. The base line lies where a client puts the
 * middle of an ideograph's em box on the middle of the line, as our own pictures do (font.h).
 *
 * Threads: pure; opens the fonts for itself.
 * Cost:    20 ms and 200 kB for 256 ideographs.
 * Source:  github.com/mapbox/node-fontnik, proto/glyphs.proto; the letters by FreeType.
 */
#ifndef SISETU_STYLES_GLYPH_RANGE_H
#define SISETU_STYLES_GLYPH_RANGE_H

#include "data/base/buf.h"
#include "styles/font.h"

enum { GLYPH_RANGE = 256, GLYPH_RANGES = 256 }; /* characters of one; all up to U+FFFF */

/* Appends the pack of characters from 256 x range on; name: of the stack, as the client wrote it.
 * ERR_IO: a font cannot be opened. */
enum err_code glyph_range_write(const struct font_stack *stack, const char *name, uint32_t range,
                                struct buf *out, struct err *err);

#endif
