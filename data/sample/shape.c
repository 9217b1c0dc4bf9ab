#include "data/sample/shape.h"

static const double TURN = 6.283185307179586;

struct profile shape_profile(double uneven, struct rng *rng)
{
    struct profile profile;
    double phase[3], weight[3];
    for (int k = 0; k < 3; k++) {
        phase[k] = rng_between(rng, 0, TURN);
        weight[k] = uneven * rng_between(rng, 0.2, 1) / (k + 1);
    }
    for (int i = 0; i < SHAPE_POINTS; i++) {
        double angle = TURN * i / SHAPE_POINTS;
        profile.share[i] = 1;
        for (int k = 0; k < 3; k++)
            profile.share[i] += weight[k] * frame_sin((k + 1) * angle + phase[k]);
    }
    return profile;
}

void shape_draw(const struct frame *frame, struct xy centre, double radius_m,
                const struct profile *profile, struct lonlat out[SHAPE_POINTS])
{
    for (int i = 0; i < SHAPE_POINTS; i++) {
        double angle = TURN * i / SHAPE_POINTS, r = radius_m * profile->share[i];
        out[i] = frame_to_lonlat(frame, centre.x_m + r * frame_cos(angle),
                                 centre.y_m + r * frame_sin(angle));
    }
}

void shape_round(const struct frame *frame, struct xy centre, double radius_m, size_t n,
                 struct lonlat *out)
{
    for (size_t i = 0; i < n; i++) {
        double angle = TURN / 4 + TURN * (double)i / (double)n;
        out[i] = frame_to_lonlat(frame, centre.x_m + radius_m * frame_cos(angle),
                                 centre.y_m + radius_m * frame_sin(angle));
    }
}

void shape_rectangle(const struct frame *frame, struct xy centre, double width_m, double depth_m,
                     struct lonlat out[4])
{
    double x = width_m / 2, y = depth_m / 2;
    out[0] = frame_to_lonlat(frame, centre.x_m - x, centre.y_m - y);
    out[1] = frame_to_lonlat(frame, centre.x_m + x, centre.y_m - y);
    out[2] = frame_to_lonlat(frame, centre.x_m + x, centre.y_m + y);
    out[3] = frame_to_lonlat(frame, centre.x_m - x, centre.y_m + y);
}
