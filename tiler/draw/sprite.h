/*
 * sprite.h - the built-in patterns and symbols: their shapes, and the sheet that clients of
 * vector tiles draw from.
 *
 * Space:   pixels at scale 1, y down; a symbol's own space has its middle at (0, 0), and is 1 from
 *          there to its edge.
 * Threads: pure; no memory but what is asked for.
 * Source:  the sheet: MapLibre Style Specification v8, Sprite. Symbols are signed distances, so
 *          that icon-color and icon-halo-* hold: the alpha is 192 at the edge and falls by 32 a
 *          pixel outwards.
 */
#ifndef SISETU_TILER_SPRITE_H
#define SISETU_TILER_SPRITE_H

#include "data/base/json.h"
#include "styles/style.h"

#include <stdint.h>

/* The repeat of a pattern at scale 1; divides a tile, so that patterns meet. A symbol at
 * icon-size 1. */
enum { PATTERN_PX = 8, ICON_PX = 16 };

/* The coverage of one repeat, PATTERN_PX * scale on each side, row by row. */
void sprite_pattern(enum pattern_kind kind, uint32_t scale, uint8_t *out);

struct icon_corner {
    double x, y;
};
enum { ICON_CORNERS_MOST = 10 };

/* The outline of a symbol with corners; 0: it is round, or a cross. */
size_t sprite_icon_corners(enum icon icon, struct icon_corner out[ICON_CORNERS_MOST]);

/* Radius of the circle; how far the arms of the cross reach, and half of how thick they are. */
#define ICON_CIRCLE_RADIUS 0.9
#define ICON_CROSS_REACH 0.7
#define ICON_CROSS_HALF 0.25

/* What is where on the sheet at scale 1 or 2, as JSON; and the sheet itself as PNG. */
void sprite_write_json(uint32_t scale, struct jw *jw);
enum err_code sprite_write_png(uint32_t scale, struct buf *out, struct err *err);

#endif
