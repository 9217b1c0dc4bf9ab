#include "data/sample/route.h"

static const double STEP_M = 1800;

static void turn_along(struct frame *frame, struct lonlat to)
{
    frame->cos_turn = 1;
    frame->sin_turn = 0;
    struct xy end = frame_from_lonlat(frame, to);
    double norm = sqrt(end.x_m * end.x_m + end.y_m * end.y_m);
    if (!(norm > 0))
        return;
    frame->cos_turn = end.x_m / norm;
    frame->sin_turn = end.y_m / norm;
}

struct frame route_frame(struct lonlat a, struct lonlat b)
{
    struct lonlat middle = {(a.lon_deg + b.lon_deg) / 2, (a.lat_deg + b.lat_deg) / 2};
    struct frame frame = frame_at(middle, 0);
    turn_along(&frame, b);
    return frame;
}

size_t route_draw(struct route route, struct rng *rng, struct lonlat out[ROUTE_POINTS])
{
    double length = frame_distance_m(route.from, route.to);
    struct frame frame = frame_at(route.from, 0);
    turn_along(&frame, route.to);
    double from = route.trim_from_m, to = length - route.trim_to_m;
    if (to - from < 500)
        return 0;
    size_t n = (size_t)((to - from) / STEP_M) + 2;
    n = n > ROUTE_POINTS ? ROUTE_POINTS : n;
    double phase = rng_between(rng, 0, 6.28), waves = rng_between(rng, 1.5, 4.5);
    for (size_t i = 0; i < n; i++) {
        double t = (double)i / (double)(n - 1);
        double calm = 4 * t * (1 - t); /* the ends stay where they are */
        double swing = frame_sin(phase + waves * 6.28 * t) * route.wiggle_m +
                       rng_between(rng, -0.15, 0.15) * route.wiggle_m;
        out[i] = frame_to_lonlat(&frame, from + t * (to - from), calm * (swing + route.aside_m));
    }
    return n;
}
