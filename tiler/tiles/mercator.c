#include "tiler/tiles/mercator.h"

#include "tiler/tiles/tile.h"

#include <math.h>

static const double HALF_WORLD = 2147483648.0;         /* 2^31 units */
static const double LAT_LIMIT_DEG = 85.05112877980659; /* atan(sinh(pi)): the square's edge */

/* Rounds half up, which does not depend on the side of the meridian. */
static int32_t to_unit(double value)
{
    double rounded = floor(value + 0.5);
    if (!(rounded > -HALF_WORLD)) /* NaN too: a shape never carries one, a picture never breaks */
        return INT32_MIN;
    if (rounded > HALF_WORLD - 1)
        return INT32_MAX;
    return (int32_t)rounded;
}

struct merc merc_of(struct lonlat point)
{
    double lat = fmax(-LAT_LIMIT_DEG, fmin(LAT_LIMIT_DEG, point.lat_deg)) * M_PI / 180;
    return (struct merc){to_unit(point.lon_deg / 180 * HALF_WORLD),
                         to_unit(-asinh(tan(lat)) / M_PI * HALF_WORLD)};
}

struct lonlat merc_to_lonlat(int64_t x, int64_t y)
{
    return (struct lonlat){(double)x / HALF_WORLD * 180,
                           -atan(sinh((double)y / HALF_WORLD * M_PI)) * 180 / M_PI};
}

bool tile_in_grid(uint32_t z, uint32_t x, uint32_t y)
{
    return z <= TILE_ZOOM_MAX && x < (UINT32_C(1) << z) && y < (UINT32_C(1) << z);
}

struct merc_box tile_square(uint32_t z, uint32_t x, uint32_t y)
{
    int64_t edge = INT64_C(1) << (32 - z);
    int64_t west = (int64_t)x * edge - (INT64_C(1) << 31);
    int64_t north = (int64_t)y * edge - (INT64_C(1) << 31);
    return (struct merc_box){west, north, west + edge, north + edge};
}
