#include "data/gcj02.h"

/* Krassovsky 1940, which the algorithm uses whatever the datum of its argument. */
static const double A_M = 6378245.0;
static const double E2 = 0.00669342162296594323;
static const double PI = 3.14159265358979323846;

/* A shift is smooth: each round of the iteration gains three digits, so that eight rounds
 * go beyond double precision; where a point sits on the edge of the box, none would. */
enum { ROUNDS = 12 };
static const double ENOUGH_DEG = 1e-12;

typedef struct lonlat (*shift)(struct lonlat);

bool gcj02_applies(struct lonlat point)
{
    return point.lon_deg >= 72.004 && point.lon_deg <= 137.8347 && point.lat_deg >= 0.8293 &&
           point.lat_deg <= 55.8271;
}

static double waves(double t)
{
    return (20 * sin(6 * PI * t) + 20 * sin(2 * PI * t)) * 2 / 3;
}

/* Metres northwards and eastwards; x, y count from 105 E, 35 N. */
static double northwards(double x, double y)
{
    return -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(fabs(x)) + waves(x) +
           (20 * sin(PI * y) + 40 * sin(PI * y / 3)) * 2 / 3 +
           (160 * sin(PI * y / 12) + 320 * sin(PI * y / 30)) * 2 / 3;
}

static double eastwards(double x, double y)
{
    return 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(fabs(x)) + waves(x) +
           (20 * sin(PI * x) + 40 * sin(PI * x / 3)) * 2 / 3 +
           (150 * sin(PI * x / 12) + 300 * sin(PI * x / 30)) * 2 / 3;
}

struct lonlat gcj02_from_wgs84(struct lonlat wgs84)
{
    if (!gcj02_applies(wgs84))
        return wgs84;
    double x = wgs84.lon_deg - 105, y = wgs84.lat_deg - 35;
    double lat = wgs84.lat_deg * PI / 180;
    double m = 1 - E2 * sin(lat) * sin(lat);
    double meridian_m = A_M * (1 - E2) / (m * sqrt(m));
    double parallel_m = A_M / sqrt(m) * cos(lat);
    return (struct lonlat){wgs84.lon_deg + eastwards(x, y) * 180 / (parallel_m * PI),
                           wgs84.lat_deg + northwards(x, y) * 180 / (meridian_m * PI)};
}

struct lonlat bd09_from_gcj02(struct lonlat gcj02)
{
    if (!gcj02_applies(gcj02))
        return gcj02;
    double x = gcj02.lon_deg, y = gcj02.lat_deg, k = PI * 3000 / 180;
    double z = sqrt(x * x + y * y) + 0.00002 * sin(y * k);
    double t = atan2(y, x) + 0.000003 * cos(x * k);
    return (struct lonlat){z * cos(t) + 0.0065, z * sin(t) + 0.006};
}

struct lonlat bd09_from_wgs84(struct lonlat wgs84)
{
    return bd09_from_gcj02(gcj02_from_wgs84(wgs84));
}

/* The point that `forward` takes to `target`; target itself where there is none, which is
 * so along the edge of the box only. */
static struct lonlat undo(shift forward, struct lonlat target)
{
    struct lonlat at = target;
    for (int round = 0; round < ROUNDS; round++) {
        struct lonlat there = forward(at);
        double east = there.lon_deg - target.lon_deg, north = there.lat_deg - target.lat_deg;
        if (fabs(east) < ENOUGH_DEG && fabs(north) < ENOUGH_DEG)
            return at;
        at.lon_deg -= east;
        at.lat_deg -= north;
    }
    struct lonlat there = forward(at);
    bool solved =
        fabs(there.lon_deg - target.lon_deg) < 1e-9 && fabs(there.lat_deg - target.lat_deg) < 1e-9;
    return solved ? at : target;
}

struct lonlat gcj02_to_wgs84(struct lonlat gcj02)
{
    return undo(gcj02_from_wgs84, gcj02);
}

struct lonlat bd09_to_gcj02(struct lonlat bd09)
{
    return undo(bd09_from_gcj02, bd09);
}

struct lonlat bd09_to_wgs84(struct lonlat bd09)
{
    return gcj02_to_wgs84(bd09_to_gcj02(bd09));
}
