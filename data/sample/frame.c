#include "data/sample/frame.h"

static const double PI = 3.14159265358979323846;

double frame_sin(double radians)
{
    double turns = radians / (2 * PI);
    double x = (turns - floor(turns + 0.5)) * 2 * PI;
    if (x > PI / 2)
        x = PI - x;
    if (x < -PI / 2)
        x = -PI - x;
    /* Taylor to x^15: below 1e-11 at a right angle. */
    double square = x * x;
    double sum = 0;
    for (int n = 15; n >= 3; n -= 2)
        sum = (1 + sum) * -square / (double)(n * (n - 1));
    return x * (1 + sum);
}

double frame_cos(double radians)
{
    return frame_sin(radians + PI / 2);
}

/* Radii of curvature of CGCS2000. */
static double eccentricity_term(double lat_deg)
{
    static const double E2 = 0.00669438002290;
    double s = frame_sin(lat_deg * PI / 180);
    return 1 - E2 * s * s;
}

double frame_lon_m(double lat_deg)
{
    double term = eccentricity_term(lat_deg);
    return 6378137.0 / sqrt(term) * frame_cos(lat_deg * PI / 180) * PI / 180;
}

double frame_lat_m(double lat_deg)
{
    double term = eccentricity_term(lat_deg);
    return 6378137.0 * (1 - 0.00669438002290) / (term * sqrt(term)) * PI / 180;
}

struct frame frame_at(struct lonlat origin, double turn)
{
    return (struct frame){origin, 1 / frame_lon_m(origin.lat_deg), 1 / frame_lat_m(origin.lat_deg),
                          frame_cos(turn), frame_sin(turn)};
}

struct lonlat frame_to_lonlat(const struct frame *frame, double x_m, double y_m)
{
    double east = x_m * frame->cos_turn - y_m * frame->sin_turn;
    double north = x_m * frame->sin_turn + y_m * frame->cos_turn;
    return (struct lonlat){frame->origin.lon_deg + east * frame->lon_deg_per_m,
                           frame->origin.lat_deg + north * frame->lat_deg_per_m};
}

struct xy frame_from_lonlat(const struct frame *frame, struct lonlat p)
{
    double east = (p.lon_deg - frame->origin.lon_deg) / frame->lon_deg_per_m;
    double north = (p.lat_deg - frame->origin.lat_deg) / frame->lat_deg_per_m;
    return (struct xy){east * frame->cos_turn + north * frame->sin_turn,
                       -east * frame->sin_turn + north * frame->cos_turn};
}

double frame_distance_m(struct lonlat a, struct lonlat b)
{
    double mid = (a.lat_deg + b.lat_deg) / 2;
    double east = (a.lon_deg - b.lon_deg) * frame_lon_m(mid);
    double north = (a.lat_deg - b.lat_deg) * frame_lat_m(mid);
    return sqrt(east * east + north * north);
}
