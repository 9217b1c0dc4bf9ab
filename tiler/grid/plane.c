#include "tiler/grid/plane.h"

#include <math.h>

static const double HALF_WORLD = 2147483648.0;         /* 2^31 units */
static const double LAT_LIMIT_DEG = 85.05112877980659; /* atan(sinh(pi)): the square's edge */

/* Rounds half up, which does not depend on the side of the meridian. */
static int32_t to_unit(double value)
{
    double sum = value + 0.5;
    if (!(sum >= 1 - HALF_WORLD)) /* NaN too: a shape never carries one, a picture never breaks */
        return INT32_MIN;
    if (sum >= HALF_WORLD)
        return INT32_MAX;
    int64_t whole = (int64_t)sum; /* towards 0, without a call */
    return (int32_t)(whole - (sum < (double)whole));
}

struct plane_point plane_of(enum plane plane, struct lonlat point)
{
    int32_t x = to_unit(point.lon_deg / 180 * HALF_WORLD);
    if (plane == PLANE_GEODETIC) {
        double lat = fmax(-90, fmin(90, point.lat_deg));
        return (struct plane_point){x, to_unit(-(lat + 90) / 180 * HALF_WORLD)};
    }
    double lat = fmax(-LAT_LIMIT_DEG, fmin(LAT_LIMIT_DEG, point.lat_deg)) * M_PI / 180;
    return (struct plane_point){x, to_unit(-asinh(tan(lat)) / M_PI * HALF_WORLD)};
}

struct plane_point plane_of_next(enum plane plane, struct lonlat point, struct lonlat before,
                                 struct plane_point at)
{
    if (point.lat_deg == before.lat_deg)
        return (struct plane_point){to_unit(point.lon_deg / 180 * HALF_WORLD), at.y};
    return plane_of(plane, point);
}

struct lonlat plane_to_lonlat(enum plane plane, int64_t x, int64_t y)
{
    double lon = (double)x / HALF_WORLD * 180, down = (double)y / HALF_WORLD;
    if (plane == PLANE_GEODETIC)
        return (struct lonlat){lon, -down * 180 - 90};
    return (struct lonlat){lon, -atan(sinh(down * M_PI)) * 180 / M_PI};
}

struct plane_box plane_whole(enum plane plane)
{
    return (struct plane_box){INT32_MIN, INT32_MIN, INT32_MAX,
                              plane == PLANE_GEODETIC ? -1 : INT32_MAX};
}

bool plane_has_tile(enum plane plane, uint32_t z, uint32_t x, uint32_t y)
{
    if (z > TILE_ZOOM_MAX || x >= (UINT32_C(1) << z))
        return false;
    return plane == PLANE_GEODETIC ? z > 0 && y < (UINT32_C(1) << (z - 1)) : y < (UINT32_C(1) << z);
}

struct plane_box tile_square(uint32_t z, uint32_t x, uint32_t y)
{
    int64_t edge = INT64_C(1) << (32 - z);
    int64_t west = (int64_t)x * edge - (INT64_C(1) << 31);
    int64_t north = (int64_t)y * edge - (INT64_C(1) << 31);
    return (struct plane_box){west, north, west + edge, north + edge};
}
