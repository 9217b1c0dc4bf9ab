/*
 * pipeline_spans.h - which stretches of a pipeline a target lies beside, or near.
 *
 *   beside  the stations of the line from which the target, or a part of it, is seen at a
 *           right angle, at most `reach` away: the strip of the laws on class locations. In
 *           the wedge outside a bend and beyond the line's ends the vertex is that station.
 *           On the inner side of a bend a target may lie beside several stretches.
 *   near    the stations at most `reach` from the target (what is inside a polygon is 0 away).
 *
 * Three reaches at once (see pipeline_targets.h); a negative one is out of reach of anything.
 *
 * Each pair of edges is measured in a plane whose degrees have the scale of the latitude midway
 * between their closest points: there distances are geodesics to 1 um within 1 km, so that a
 * limit decides at 0.1 mm (README.md, Truth 3); the ends of a stretch are good to a centimetre
 * within 500 m.
 *
 * A point is measured from an edge once (pipeline_point_near) for all questions about the two.
 *
 * Threads: pure. Memory from the arena.
 * Cost:    about 150 ns a pair of edges whose boxes are in reach.
 */
#ifndef SISETU_GEO_PIPELINE_SPANS_H
#define SISETU_GEO_PIPELINE_SPANS_H

#include "geo/pipelines/pipeline_line.h"

#include <stdbool.h>

enum { REACHES = 3 };

struct span_list {
    struct span *items;
    size_t n;
    size_t capacity;
};

struct span_question {
    const struct pipeline_line *line;
    uint32_t part;
    uint32_t first; /* edges first .. end - 1; edge i goes from point i to point i + 1 */
    uint32_t end;
    const struct geom *target;
    bool beside; /* else near */
    double reach_m[REACHES];
    struct lonlat scale_m; /* metres a degree about here, for a first look; 0: not told */
    struct lonlat margin;  /* degrees that surely hold the largest reach, at these edges */
};

/* Room for n spans; false: no memory. Most lists hold one or two. */
bool pipeline_span_room(struct span_list *list, size_t n, struct arena *arena);

/* Appends the spans of each reach, unsorted, and lowers *nearest_m to the distance of the
 * closest points if that is within the largest reach. */
enum err_code pipeline_spans(const struct span_question *question, struct arena *arena,
                             struct span_list out[REACHES], double *nearest_m, struct err *err);

/* An edge of the line and one of a target (or a point: p and q are the same) in a plane with its
 * origin at the edge's start; the edge runs along `to`. Metres. */
struct flat {
    double x_m;
    double y_m;
};
struct edge_plane {
    struct flat to;
    struct flat before; /* direction of the edge before; 0 where there is none */
    struct flat p;
    struct flat q;
    double length_m; /* of `to` */
    bool is_first;   /* of its part */
    bool is_last;
};

/* How near a point is to an edge. */
struct point_near {
    double near_m;
    struct edge_plane plane;
};

/* From some edges of a stretch: a bit for each from the question's first on. Of the question: line,
 * part, first and scale_m. */
void pipeline_point_near(const struct span_question *question, uint32_t edges, struct lonlat point,
                         struct point_near out[PIPELINE_STRETCH_EDGES]);

/* As pipeline_spans, for those edges and that point. */
enum err_code pipeline_point_spans(const struct span_question *question, uint32_t edges,
                                   const struct point_near near[PIPELINE_STRETCH_EDGES],
                                   struct arena *arena, struct span_list out[REACHES],
                                   double *nearest_m, struct err *err);

#endif
