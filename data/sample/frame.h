/*
 * frame.h - a local frame in metres: where a plant and what stands round it are drawn.
 *
 * x runs to the right and y forward, turned against east and north by an angle. Good to a
 * few millimetres within a kilometre of the origin, which is what a sample needs; no
 * distance is decided here.
 *
 * Sine and cosine are our own series: the C library picks other code on other
 * processors, and the sample must have the same bytes everywhere.
 */
#ifndef SISETU_DATA_SAMPLE_FRAME_H
#define SISETU_DATA_SAMPLE_FRAME_H

#include "data/geom.h"

struct frame {
    struct lonlat origin;
    double lon_deg_per_m;
    double lat_deg_per_m;
    double cos_turn;
    double sin_turn;
};

struct xy {
    double x_m;
    double y_m;
};

double frame_sin(double radians);
double frame_cos(double radians);

/* turn: radians, counter-clockwise from east to the x axis. */
struct frame frame_at(struct lonlat origin, double turn);

struct lonlat frame_to_lonlat(const struct frame *frame, double x_m, double y_m);
struct xy frame_from_lonlat(const struct frame *frame, struct lonlat p);

/* Flat distance, m: for placing only. */
double frame_distance_m(struct lonlat a, struct lonlat b);

/* Metres a degree at that latitude. */
double frame_lon_m(double lat_deg);
double frame_lat_m(double lat_deg);

#endif
