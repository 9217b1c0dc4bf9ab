/*
 * near.h - what stands near a shape, and who lives there: the pieces that queries share.
 *
 * Space:   longitude and latitude in degrees; distances exact (distance.h), in m.
 * Owner:   results belong to the arena, or to the worker's.
 * Threads: pure but for the caller's worker.
 */
#ifndef SISETU_GEO_NEAR_H
#define SISETU_GEO_NEAR_H

#include "geo/distance.h"
#include "geo/exposure.h"
#include "geo/worker.h"
#include "geo/world.h"

/* A record met by a query, with how far it is. */
struct near_row {
    enum layer_id layer;
    uint32_t row;
    struct closest closest; /* a: on the question's shape, b: on the record */
};

/* Records of a layer at most radius_m from the shape, by distance, then id. */
enum err_code near_within(const struct world *world, enum layer_id layer, const struct geom *shape,
                          double radius_m, struct arena *arena, struct near_row **out, size_t *n,
                          struct err *err);

/* The `most` nearest records that `fits` (NULL: all) and that are at most limit_m away, by
 * distance, then id; room for `most` in out. */
enum err_code near_nearest(const struct world *world, enum layer_id layer, const struct geom *shape,
                           size_t most, double limit_m, bool (*fits)(void *context, uint32_t row),
                           void *context, struct arena *scratch, struct near_row *out, size_t *n,
                           struct err *err);

/* Rows of a polygon layer that hold the point (a shared edge counts), ascending. */
enum err_code near_holding(const struct world *world, enum layer_id layer, struct lonlat point,
                           struct arena *arena, uint32_t **rows, size_t *n, struct err *err);

/* Persons at most radius_m from the shape (0: inside it), the edge true to 1 cm. Without a
 * population grid persons, low and high are NAN and nodata_share is 1. */
enum err_code near_exposure(const struct world *world, struct worker *worker,
                            const struct geom *shape, double radius_m, struct exposure *out,
                            struct err *err);

/* Persons a km2 in the population cell that holds the point; NAN without data. */
enum err_code near_density(const struct world *world, struct worker *worker, struct lonlat point,
                           double *per_km2, struct err *err);

/* One point for a record on a map: a point itself, the centroid of an outline, the middle
 * vertex of a line. The same point decides in which unit an enterprise lies. */
struct lonlat near_place(const struct geom *geom);

/* The smallest unit that holds a point, or NULL. */
const struct admin_unit *near_unit(const struct world *world, struct lonlat point);

#endif
