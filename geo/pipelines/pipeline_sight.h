/*
 * pipeline_sight.h - how a point lies to the edges of a stretch, roughly: which of them are to be
 * measured (pipeline_spans.h) to tell where the point is seen from.
 *
 * A stretch is laid flat in single precision, with bounds of how wrong that may be. What is sure
 * within them need not be measured: an edge may be out of reach, or in reach from end to end, or
 * see the point neither at a right angle nor in a wedge.
 *
 * Threads: pure.
 * Cost:    about 20 ns a point, for all edges of a stretch.
 */
#ifndef SISETU_GEO_PIPELINE_SIGHT_H
#define SISETU_GEO_PIPELINE_SIGHT_H

#include "geo/pipelines/pipeline_spans.h"

/* Edges are looked at by fours, each four behind a box; the boxes are four too. */
enum {
    SIGHT_FOUR = 4,
    SIGHT_FOURS = PIPELINE_STRETCH_EDGES / SIGHT_FOUR,
    SIGHT_ALL = (1 << SIGHT_FOURS) - 1
};
_Static_assert(PIPELINE_STRETCH_EDGES % SIGHT_FOUR == 0 && SIGHT_FOURS == SIGHT_FOUR,
               "fours fill a stretch, and are four");

/* Four numbers at once. */
typedef float quad __attribute__((vector_size(16)));

/* A stretch laid flat about its first point, with what lies `reach_m` around it. Single precision
 * is good to a centimetre within 100 km; a metre is allowed for it. */
struct flat_stretch {
    struct lonlat origin;
    struct lonlat scale_m; /* metres a degree */
    double loose; /* distances in the plane are wrong by less than this, to either side; INFINITY:
                   * no plane will do, and nothing below is told */
    float reach_m;
    float reach_m2;
    uint32_t n_edges;
    quad x_m[SIGHT_FOURS]; /* where each edge begins; those beyond the last lie far off */
    quad y_m[SIGHT_FOURS];
    quad dx_m[SIGHT_FOURS]; /* from there to its end */
    quad dy_m[SIGHT_FOURS];
    quad per_m2[SIGHT_FOURS]; /* 1 over its length squared */
    quad slack[SIGHT_FOURS];  /* so far along it, in lengths, may a point in reach truly lie
                               * elsewhere */
    quad west_m;              /* boxes of four edges and what is in reach of them */
    quad south_m;
    quad east_m;
    quad north_m;
};

/* points: of the edges, n_edges + 1. box: of them and of all that is farthest_m around. */
void pipeline_lay_flat(const struct lonlat *points, uint32_t n_edges, struct box box,
                       double farthest_m, struct flat_stretch *out);

/* A point as it lies to the edges of some fours: how far along each, in lengths, and how far off.
 */
struct sight {
    uint32_t fours;           /* a bit for each that holds it */
    quad east_m[SIGHT_FOURS]; /* from where each edge begins */
    quad north_m[SIGHT_FOURS];
    quad along[SIGHT_FOURS];
    quad gap_m2[SIGHT_FOURS];
    float nearest_m2; /* FLT_MAX: out of reach of all */
};

/* among: a bit for each four that is looked at. */
void pipeline_see(const struct flat_stretch *flat, uint32_t among, struct lonlat at,
                  struct sight *out);

/* A bit for each edge. */
struct sighted {
    uint32_t measured; /* to be measured: where it is seen from, and how far off */
    uint32_t inside;   /* in each reach that is not negative, all of it, and not measured */
};

/* Of a point that is asked of as in a span_question. All reaches are within that of the plane. */
struct sighted pipeline_sight_edges(const struct flat_stretch *flat, const struct sight *sight,
                                    bool beside, const double reach_m[REACHES]);

#endif
