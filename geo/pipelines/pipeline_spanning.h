/*
 * pipeline_spanning.h - what the spans of shapes (pipeline_spans.c) and of points
 * (pipeline_spans_point.c) have in common. For those two alone.
 */
#ifndef SISETU_GEO_PIPELINE_SPANNING_H
#define SISETU_GEO_PIPELINE_SPANNING_H

#include "geo/pipelines/pipeline_spans.h"

#include "geo/measure/ellipsoid.h"

/* One edge of the line on the way to its spans. */
struct asking {
    const struct span_question *question;
    struct arena *arena;
    struct span_list *out;
    double *nearest_m;
    double farthest_m; /* the largest reach */
    uint32_t edge;
};

/* A span along the edge, 0 to 1, to those of a reach. */
enum err_code pipeline_add_span(const struct asking *asking, int reach, double t, double u,
                                struct err *err);

static inline double farthest_of(const struct span_question *question)
{
    double farthest_m = 0;
    for (int i = 0; i < REACHES; i++)
        farthest_m = max_of(farthest_m, question->reach_m[i]);
    return farthest_m;
}

/* Degrees from the origin, the shorter way round. */
static inline struct lonlat degrees_from(struct lonlat origin, struct lonlat point)
{
    double lon_deg = point.lon_deg - origin.lon_deg;
    if (fabs(lon_deg) > 180)
        lon_deg = remainder(lon_deg, 360);
    return (struct lonlat){lon_deg, point.lat_deg - origin.lat_deg};
}

static inline struct flat scaled(struct lonlat degrees, struct lonlat scale_m)
{
    return (struct flat){degrees.lon_deg * scale_m.lon_deg, degrees.lat_deg * scale_m.lat_deg};
}

static inline struct lonlat scale_at(double lat_deg)
{
    struct lonlat scale_m;
    ellipsoid_degree_m(lat_deg, &scale_m.lon_deg, &scale_m.lat_deg);
    return scale_m;
}

/* For a first look. */
static inline struct lonlat scale_of(const struct span_question *question, uint32_t edge)
{
    return question->scale_m.lat_deg > 0 ? question->scale_m
                                         : scale_at(question->line->points[edge].lat_deg);
}

/* How far along the edge from a to b, 0 to 1, the point nearest to c lies. */
static inline double nearest_on(struct flat a, struct flat b, struct flat c)
{
    struct flat v = {b.x_m - a.x_m, b.y_m - a.y_m};
    double length2 = v.x_m * v.x_m + v.y_m * v.y_m;
    double t = length2 > 0 ? ((c.x_m - a.x_m) * v.x_m + (c.y_m - a.y_m) * v.y_m) / length2 : 0;
    return t < 0 ? 0 : t > 1 ? 1 : t;
}

static inline struct flat along(struct flat a, struct flat b, double t)
{
    return (struct flat){a.x_m + t * (b.x_m - a.x_m), a.y_m + t * (b.y_m - a.y_m)};
}

static inline double gap2(struct flat a, struct flat b)
{
    return (a.x_m - b.x_m) * (a.x_m - b.x_m) + (a.y_m - b.y_m) * (a.y_m - b.y_m);
}

static inline double gap(struct flat a, struct flat b)
{
    return sqrt(gap2(a, b));
}

static inline double cross(struct flat a, struct flat b)
{
    return a.x_m * b.y_m - a.y_m * b.x_m;
}

#endif
