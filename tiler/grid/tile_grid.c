#include "tiler/grid/tile_grid.h"

#include "data/base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double EQUATOR_M = 2 * M_PI * 6378137; /* WGS 84 and CGCS2000 alike */
static const double PIXEL_M = 0.00028;              /* OGC 07-057r7, clause 6.1 */
static const double PIXEL_96_DPI_M = 0.0254 / 96;

static const char EPSG_3857[] = "urn:ogc:def:crs:EPSG::3857";
static const char EPSG_4490[] = "urn:ogc:def:crs:EPSG::4490";
static const char CRS84[] = "urn:ogc:def:crs:OGC:1.3:CRS84";

static const struct tile_grid grids[GRID_COUNT] = {
    {GRID_WEB_MERCATOR, "WebMercatorQuad", PLANE_MERCATOR, 0, 0, TILE_ZOOM_MAX, EPSG_3857,
     "Web Mercator", false},
    {GRID_CRS84, "WorldCRS84Quad", PLANE_GEODETIC, 1, 0, TILE_ZOOM_MAX - 1, CRS84,
     "Longitude and latitude", false},
    {GRID_CGCS2000, "CGCS2000Quad", PLANE_GEODETIC, 1, 0, TILE_ZOOM_MAX - 1, EPSG_4490, "CGCS2000",
     true},
    {GRID_TIANDITU_W, "w", PLANE_MERCATOR, 0, 1, 18, EPSG_3857, "Tianditu, Web Mercator", false},
    {GRID_TIANDITU_C, "c", PLANE_GEODETIC, 0, 1, 18, EPSG_4490, "Tianditu, CGCS2000", true},
};

const struct tile_grid *tile_grid_of(enum tile_grid_id id)
{
    return &grids[id];
}

bool tile_grid_by_name(const char *name, const struct tile_grid **out)
{
    for (size_t i = 0; i < GRID_COUNT; i++)
        if (strcmp(name, grids[i].name) == 0) {
            *out = &grids[i];
            return true;
        }
    return false;
}

enum err_code tile_grid_read(const char *name, const struct tile_grid **out, struct err *err)
{
    const char *names[GRID_COUNT + 1] = {0};
    if (tile_grid_by_name(name, out))
        return ERR_OK;
    for (size_t i = 0; i < GRID_COUNT; i++)
        names[i] = grids[i].name;
    const char *near = text_nearest(name, names);
    return err_set(err, ERR_NOT_FOUND,
                   "no grid \"%.64s\"%s%s%s; grids are %s, %s, %s, and %s and %s as Tianditu "
                   "numbers its tiles",
                   name, near ? ", did you mean " : "", near ? near : "", near ? "?" : "", names[0],
                   names[1], names[2], names[3], names[4]);
}

uint32_t tile_grid_columns(const struct tile_grid *grid, uint32_t level)
{
    return UINT32_C(1) << (level + grid->plane_zoom);
}

uint32_t tile_grid_rows(const struct tile_grid *grid, uint32_t level)
{
    uint32_t columns = tile_grid_columns(grid, level);
    return grid->plane == PLANE_GEODETIC ? columns / 2 : columns;
}

enum err_code tile_grid_tile(const struct tile_grid *grid, int64_t level, int64_t x, int64_t y,
                             struct plane_tile *out, struct err *err)
{
    if (level < grid->first || level > grid->last)
        return err_set(err, ERR_NOT_FOUND, "zoom %lld is outside %u to %u, the levels of %s",
                       (long long)level, grid->first, grid->last, grid->name);
    uint32_t z = (uint32_t)level;
    int64_t last_x = (int64_t)tile_grid_columns(grid, z) - 1,
            last_y = (int64_t)tile_grid_rows(grid, z) - 1;
    if (x < 0 || x > last_x || y < 0 || y > last_y)
        return err_set(err, ERR_NOT_FOUND,
                       "at zoom %u of %s x goes from 0 to %lld and y from 0 to %lld", z, grid->name,
                       (long long)last_x, (long long)last_y);
    out->z = z + grid->plane_zoom;
    out->x = (uint32_t)x;
    out->y = (uint32_t)y;
    return ERR_OK;
}

static double metres_of_px(const struct tile_grid *grid, uint32_t level)
{
    return EQUATOR_M / TILE_PX / tile_grid_columns(grid, level);
}

double tile_grid_denominator(const struct tile_grid *grid, uint32_t level)
{
    return metres_of_px(grid, level) / PIXEL_M;
}

double tile_grid_denominator_96_dpi(const struct tile_grid *grid, uint32_t level)
{
    return metres_of_px(grid, level) / PIXEL_96_DPI_M;
}

void tile_grid_extent(const struct tile_grid *grid, double lower[2], double upper[2])
{
    double east = grid->plane == PLANE_GEODETIC ? 180 : EQUATOR_M / 2;
    double north = grid->plane == PLANE_GEODETIC ? 90 : EQUATOR_M / 2;
    upper[0] = grid->north_first ? north : east;
    upper[1] = grid->north_first ? east : north;
    lower[0] = -upper[0];
    lower[1] = -upper[1];
}

void tile_grid_corner(const struct tile_grid *grid, double out[2])
{
    double lower[2], upper[2];
    tile_grid_extent(grid, lower, upper);
    out[0] = grid->north_first ? upper[0] : lower[0];
    out[1] = grid->north_first ? lower[1] : upper[1];
}

static uint32_t clamped(int64_t tile, uint32_t n)
{
    return tile < 0 ? 0 : tile >= n ? n - 1 : (uint32_t)tile;
}

struct tile_limits tile_grid_limits(const struct tile_grid *grid, uint32_t level, struct box box)
{
    uint32_t z = level + grid->plane_zoom;
    int64_t half = INT64_C(1) << 31, edge = INT64_C(1) << (32 - z);
    struct plane_point nw = plane_of(grid->plane, (struct lonlat){box.west_deg, box.north_deg});
    struct plane_point se = plane_of(grid->plane, (struct lonlat){box.east_deg, box.south_deg});
    uint32_t columns = tile_grid_columns(grid, level), rows = tile_grid_rows(grid, level);
    return (struct tile_limits){
        clamped((nw.x + half) / edge, columns), clamped((nw.y + half) / edge, rows),
        clamped((se.x + half) / edge, columns), clamped((se.y + half) / edge, rows)};
}
