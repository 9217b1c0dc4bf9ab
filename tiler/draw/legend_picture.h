/*
 * legend_picture.h - the legend of a map as a picture: a swatch and its meaning a row.
 *
 * For clients that show what a service gives them (LegendURL of a WMTS); the page draws its own.
 * The same bytes on every machine with the same packages.
 *
 * Threads: pure; fonts are opened for each picture.
 * Cost:    about 10 ms, most of it opening fonts.
 * Errors:  ERR_IO: the font is neither in the style nor installed (font.h); ERR_MEMORY.
 */
#ifndef SISETU_TILER_LEGEND_PICTURE_H
#define SISETU_TILER_LEGEND_PICTURE_H

#include "data/base/buf.h"
#include "styles/style.h"

/* A row's height and the most that a picture is wide, px; what does not fit is cut. */
enum { LEGEND_ROW_PX = 26, LEGEND_WIDTH_MAX_PX = 1024 };

/* Appends a PNG of a map's legend in English, or else in Chinese. A map without one: an empty
 * white picture. */
enum err_code legend_picture(const struct style *style, enum map_id map, bool english,
                             struct buf *out, struct err *err);

#endif
