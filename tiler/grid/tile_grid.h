/*
 * tile_grid.h - how clients number the tiles of a plane: tile matrix sets.
 *
 *   WebMercatorQuad  EPSG:3857, levels 0-20: level 0 is one tile, the XYZ of the web
 *   WorldCRS84Quad   longitude and latitude, levels 0-19: level 0 is 2 x 1 tiles
 *   CGCS2000Quad     the same tiles in EPSG:4490, whose axes are latitude and longitude
 *   w, c             those of the national platform Tianditu: EPSG:3857 and EPSG:4490 from level 1
 *                    to 18, where level 1 is 2 x 2 and 2 x 1 tiles
 *
 * A tile of level n is the tile of the plane at zoom n, or n + 1 where level 0 is 2 x 1 tiles, with
 * the same column and row from the north-west: grids of one plane share their tiles. WGS 84
 * counts as CGCS2000 (README.md, Truth 1).
 *
 * Space:   corners and extents in the grid's own CRS, in the order of its axes.
 * Threads: pure; no memory.
 * Source:  OGC 17-083r4, annex D, and 07-057r7, annex E: scale denominators for pixels of 0.28 mm
 *          and an equator of 2 pi 6,378,137 m. Tianditu: its own capabilities, for 96 dpi.
 */
#ifndef SISETU_TILER_TILE_GRID_H
#define SISETU_TILER_TILE_GRID_H

#include "data/base/err.h"
#include "tiler/grid/plane.h"

enum tile_grid_id {
    GRID_WEB_MERCATOR,
    GRID_CRS84,
    GRID_CGCS2000,
    GRID_TIANDITU_W,
    GRID_TIANDITU_C,
    GRID_COUNT
};

struct tile_grid {
    enum tile_grid_id id;
    const char *name; /* in addresses */
    enum plane plane;
    uint32_t plane_zoom; /* of its level 0, even where that is not served */
    uint32_t first, last;
    const char *crs;   /* "urn:ogc:def:crs:EPSG::3857" */
    const char *title; /* for people */
    bool north_first;  /* the CRS names latitude, or northing, first */
};

const struct tile_grid *tile_grid_of(enum tile_grid_id id);
bool tile_grid_by_name(const char *name, const struct tile_grid **out);

/* The grid, or ERR_NOT_FOUND with the names of those that there are. */
enum err_code tile_grid_read(const char *name, const struct tile_grid **out, struct err *err);

uint32_t tile_grid_columns(const struct tile_grid *grid, uint32_t level);
uint32_t tile_grid_rows(const struct tile_grid *grid, uint32_t level);

/* The tile of the plane. ERR_NOT_FOUND with the limits: no such tile. */
enum err_code tile_grid_tile(const struct tile_grid *grid, int64_t level, int64_t x, int64_t y,
                             struct plane_tile *out, struct err *err);

/* For pixels of 0.28 mm. */
double tile_grid_denominator(const struct tile_grid *grid, uint32_t level);

/* What one says that takes a screen for 96 dpi. */
double tile_grid_denominator_96_dpi(const struct tile_grid *grid, uint32_t level);

/* Degrees or metres, in the order of the axes of the CRS: the north-west corner, from which tiles
 * are counted; the whole, lower corner first. */
void tile_grid_corner(const struct tile_grid *grid, double out[2]);
void tile_grid_extent(const struct tile_grid *grid, double lower[2], double upper[2]);

/* Tiles of a level that hold the box: an edge on the border of two tiles is in both. The box is in
 * degrees; what of it is outside of the grid is left out. */
struct tile_limits {
    uint32_t west, north, east, south; /* columns and rows, all in it */
};
struct tile_limits tile_grid_limits(const struct tile_grid *grid, uint32_t level, struct box box);

#endif
