/*
 * mercator.h - Web Mercator in integers, and the arithmetic of the tile grid.
 *
 * A point of the map is two 32-bit integers: the world square is 2^32 units wide, so one
 * unit is a sixteenth of a pixel at zoom 20 (9.3 mm on the equator). Pictures are drawn
 * from these integers alone, so that the same data gives the same bytes and two polygons
 * that share a vertex share it exactly.
 *
 * Space:   struct merc: x grows east, y grows south, (0, 0) is the point 0 E, 0 N. Latitudes
 *          beyond 85.0511 degrees are pulled back to the edge of the square.
 * Threads: pure; no memory.
 *
 * Web Mercator decides nothing (README.md, Truth 3); it is for drawing.
 */
#ifndef SISETU_TILER_MERCATOR_H
#define SISETU_TILER_MERCATOR_H

#include "data/geom.h"

#include <stdbool.h>
#include <stdint.h>

struct merc {
    int32_t x, y;
};

/* Holds its edges; 64 bits, so that a margin never overflows. Empty: west > east. */
struct merc_box {
    int64_t west, north, east, south;
};

struct merc merc_of(struct lonlat point);

/* The longitude and latitude of a place in units. */
struct lonlat merc_to_lonlat(int64_t x, int64_t y);

static inline struct merc_box merc_box_empty(void)
{
    return (struct merc_box){INT64_MAX, INT64_MAX, INT64_MIN, INT64_MIN};
}

static inline void merc_box_add(struct merc_box *box, struct merc point)
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

static inline bool merc_box_touches(struct merc_box a, struct merc_box b)
{
    return a.west <= b.east && b.west <= a.east && a.north <= b.south && b.north <= a.south;
}

/* Units in a pixel of zoom z, 0-20, of 256-px tiles: 16 at zoom 20. */
static inline int64_t merc_units_of_px(uint32_t z)
{
    return INT64_C(1) << (24 - z);
}

/* Whether z is at most TILE_ZOOM_MAX and x, y lie in the grid of z. */
bool tile_in_grid(uint32_t z, uint32_t x, uint32_t y);

/* The square of a tile that lies in the grid. */
struct merc_box tile_square(uint32_t z, uint32_t x, uint32_t y);

#endif
