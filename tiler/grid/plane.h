/*
 * plane.h - the flat maps that tiles are cut from, in integers, and their tiles.
 *
 * A point of a map is two 32-bit integers: the square that a plane lies in is 2^32 units wide, so
 * one unit is a sixteenth of a pixel at zoom 20 (9.3 mm on the equator). Pictures are drawn from
 * these integers alone, so that the same data gives the same bytes and two polygons that share a
 * vertex share it exactly.
 *
 * Tiles quarter the square: zoom z has 2^z columns. What clients call them is said by their grid
 * (tile_grid.h).
 *
 *   PLANE_MERCATOR  Web Mercator fills the square; (0, 0) is the point 0 E, 0 N. Latitudes beyond
 *                   85.0511 degrees are pulled back to the edge.
 *   PLANE_GEODETIC  degrees as they are, as many units to one of latitude as to one of longitude:
 *                   90 N is the top of the square, 90 S its middle, and there is nothing below. So
 *                   there are tiles from zoom 1 on, two columns and one row.
 *
 * Space:   struct plane_point: x grows east, y grows south.
 * Threads: pure; no memory.
 *
 * Planes decide nothing (README.md, Truth 3); they are for drawing.
 */
#ifndef SISETU_TILER_PLANE_H
#define SISETU_TILER_PLANE_H

#include "data/geom.h"

#include <stdbool.h>
#include <stdint.h>

enum { TILE_PX = 256, TILE_ZOOM_MAX = 20 };

enum plane { PLANE_MERCATOR, PLANE_GEODETIC, PLANE_COUNT };

struct plane_point {
    int32_t x, y;
};

/* A tile of a plane. */
struct plane_tile {
    uint32_t z, x, y;
};

/* Holds its edges; 64 bits, so that a margin never overflows. Empty: west > east. */
struct plane_box {
    int64_t west, north, east, south;
};

struct plane_point plane_of(enum plane plane, struct lonlat point);

/* The same, sooner where it lies on the parallel of the point before, which is `at`. */
struct plane_point plane_of_next(enum plane plane, struct lonlat point, struct lonlat before,
                                 struct plane_point at);

/* The longitude and latitude of a place in units. */
struct lonlat plane_to_lonlat(enum plane plane, int64_t x, int64_t y);

/* The whole of a plane. */
struct plane_box plane_whole(enum plane plane);

static inline struct plane_box plane_box_empty(void)
{
    return (struct plane_box){INT64_MAX, INT64_MAX, INT64_MIN, INT64_MIN};
}

static inline void plane_box_add(struct plane_box *box, struct plane_point point)
{
    if (point.x < box->west)
        box->west = point.x;
    if (point.x > box->east)
        box->east = point.x;
    if (point.y < box->north)
        box->north = point.y;
    if (point.y > box->south)
        box->south = point.y;
}

static inline bool plane_box_touches(struct plane_box a, struct plane_box b)
{
    return a.west <= b.east && b.west <= a.east && a.north <= b.south && b.north <= a.south;
}

/* Units in a pixel of zoom z, 0-20, of 256-px tiles: 16 at zoom 20. */
static inline int64_t plane_units_of_px(uint32_t z)
{
    return INT64_C(1) << (24 - z);
}

/* Whether z is at most TILE_ZOOM_MAX and x, y are a tile of the plane at zoom z. */
bool plane_has_tile(enum plane plane, uint32_t z, uint32_t x, uint32_t y);

/* The square of a tile that the plane has. */
struct plane_box tile_square(uint32_t z, uint32_t x, uint32_t y);

#endif
