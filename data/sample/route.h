/*
 * route.h - a line from one place to another that swings about the straight one.
 */
#ifndef SISETU_DATA_SAMPLE_ROUTE_H
#define SISETU_DATA_SAMPLE_ROUTE_H

#include "data/sample/frame.h"
#include "data/sample/rng.h"

#include <stddef.h>

enum { ROUTE_POINTS = 512 };

struct route {
    struct lonlat from;
    struct lonlat to;
    double trim_from_m; /* begins so far from `from`, ends so far from `to` */
    double trim_to_m;
    double wiggle_m;
    double aside_m; /* to the left of the straight line, in its middle */
};

/* Vertices about every 1.8 km; 0 if nothing is left after the trimming. */
size_t route_draw(struct route route, struct rng *rng, struct lonlat out[ROUTE_POINTS]);

/* A frame whose x axis runs along a to b, its origin between them. */
struct frame route_frame(struct lonlat a, struct lonlat b);

#endif
