/*
 * shape.h - outlines that look grown rather than drawn with compasses.
 */
#ifndef SISETU_DATA_SAMPLE_SHAPE_H
#define SISETU_DATA_SAMPLE_SHAPE_H

#include "data/sample/frame.h"
#include "data/sample/rng.h"

enum { SHAPE_POINTS = 48 };

/* How far the outline lies in each direction, as a share of the radius. One profile drawn
 * with falling radii gives nested contours. */
struct profile {
    double share[SHAPE_POINTS];
};

/* uneven: 0 a circle; 0.3 a lobed shape. */
struct profile shape_profile(double uneven, struct rng *rng);

/* The shape about the frame's point (x, y); SHAPE_POINTS vertices, counter-clockwise. */
void shape_draw(const struct frame *frame, struct xy centre, double radius_m,
                const struct profile *profile, struct lonlat out[SHAPE_POINTS]);

/* A regular polygon of n vertices, one of them straight ahead (+y). */
void shape_round(const struct frame *frame, struct xy centre, double radius_m, size_t n,
                 struct lonlat *out);

void shape_rectangle(const struct frame *frame, struct xy centre, double width_m, double depth_m,
                     struct lonlat out[4]);

#endif
