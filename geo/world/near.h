/*
 * near.h - what stands near a shape, and who lives there: the pieces that queries share.
 *
 * Space:   longitude and latitude in degrees; distances exact (distance.h), in m.
 * Owner:   results belong to the arena, or to the worker's.
 * Threads: pure but for the caller's worker.
 */
#ifndef SISETU_GEO_NEAR_H
#define SISETU_GEO_NEAR_H

#include "geo/measure/distance.h"
#include "geo/world/population.h"
#include "geo/world/worker.h"
#include "geo/world/world.h"

/* A record met by a query, with how far it is. */
struct near_row {
    enum layer_id layer;
    uint32_t row;
    struct closest closest; /* a: on the question's shape, b: on the record */
};

/* Which records of a layer are looked for, and from where. */
struct near_question {
    const struct world *world;
    enum layer_id layer;
    const struct geom *shape;
    double within_m; /* the limit itself is within; near_nearest takes INFINITY for none */
    /* Whether a record counts (NULL: all do). */
    bool (*fits)(void *context, uint32_t row);
    void *context;
};

/* A layer with shapes, by its name; not conflicts, of which a world holds no records. ERR_USAGE
 * says which would be right. */
enum err_code near_layer(const struct world *world, const char *name, enum layer_id *out,
                         struct err *err);

/* Rows whose box may lie within reach_m of `box`, over the antimeridian and the poles too;
 * ascending, each once. */
enum err_code near_candidates(const struct world *world, enum layer_id layer, struct box box,
                              double reach_m, struct arena *arena, uint32_t **rows, size_t *n,
                              struct err *err);

/* All records within the limit, by distance, then id. */
enum err_code near_within(const struct near_question *question, struct arena *arena,
                          struct near_row **out, size_t *n, struct err *err);

/* The `most` nearest that fit, by distance, then id; room for `most` in out. */
enum err_code near_nearest(const struct near_question *question, size_t most, struct arena *scratch,
                           struct near_row *out, size_t *n, struct err *err);

/* Rows of a polygon layer that hold the point (a shared edge counts), ascending. */
enum err_code near_holding(const struct world *world, enum layer_id layer, struct lonlat point,
                           struct arena *arena, uint32_t **rows, size_t *n, struct err *err);

/* Persons at most radius_m from the shape (0: inside it), its area good to 1e-6 for radii of
 * 100 m and more, about a point for all; without population data as population_within says. */
enum err_code near_exposure(const struct world *world, struct worker *worker,
                            const struct geom *shape, double radius_m, struct exposure *out,
                            struct err *err);

/* One point for a record on a map: a point itself, the centroid of an outline, the middle
 * vertex of a line. The same point decides in which unit an enterprise lies. */
struct lonlat near_place(const struct geom *geom);

/* The smallest unit that holds a point, or NULL. */
const struct admin_unit *near_unit(const struct world *world, struct lonlat point);

#endif
