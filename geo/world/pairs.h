/*
 * pairs.h - which records of two layers are near each other: a join by distance.
 *
 * Pairs come one at a time, ordered by the row of a (rows are ordered by id), then of b; the
 * nearest by distance, then row. None is held longer than its record of a. A record is never its
 * own neighbour; a layer against itself gives each pair from both sides, since the limit is
 * that of a.
 *
 * Space:   longitude and latitude in degrees; distances exact (distance.h), in m, over the
 *          antimeridian and the poles.
 * Owner:   memory in the caller's arena: an index of b, and what one record of a needs.
 * Threads: pure but for the arena.
 * Cost:    the index of b (edge_index.h), then about 1 us a record of a and 60 ns a pair of
 *          points, 2 us and more a pair of shapes.
 */
#ifndef SISETU_GEO_PAIRS_H
#define SISETU_GEO_PAIRS_H

#include "geo/measure/distance.h"
#include "geo/world/world.h"

struct pairs_question {
    const struct world *world;
    enum layer_id a;
    enum layer_id b;
    /* A limit for each row of a, m; the limit itself is within, compared at 0.1 mm. INFINITY: no
     * limit; NAN: the record is left out. */
    const double *within_m;
    size_t nearest; /* the so many nearest of each; 0: all within */
};

struct pair {
    uint32_t a; /* rows */
    uint32_t b;
    struct closest closest; /* a: on the record of a, b: on that of b */
};

/* For one record ask near_within or near_nearest (near.h), which need no index of edges.
 *
 * visit answers anything but ERR_OK to stop; that is then the answer. */
enum err_code pairs_each(const struct pairs_question *question, struct arena *arena, void *context,
                         enum err_code (*visit)(void *context, const struct pair *pair,
                                                struct err *err),
                         struct err *err);

#endif
