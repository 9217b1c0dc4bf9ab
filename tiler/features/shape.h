/*
 * shape.h - shapes of the world brought into map units, one after the other.
 *
 * Life:    shape_builder_init, shape_add ..., then read the builder's arrays.
 * Owner:   the arena.
 * Space:   in: EPSG:4490 degrees; out: plane units.
 * Threads: one.
 */
#ifndef SISETU_TILER_SHAPE_H
#define SISETU_TILER_SHAPE_H

#include "tiler/features/source.h"

struct shape_builder {
    enum plane plane;
    struct arena *arena;
    struct shape *shapes;
    uint32_t n_shapes;
    size_t shapes_capacity;
    uint32_t *ring_ends;
    uint32_t n_rings;
    size_t rings_capacity;
    struct plane_point *points;
    uint32_t n_points;
    size_t points_capacity;
};

void shape_builder_init(struct shape_builder *builder, enum plane plane, struct arena *arena);

/* Adds a shape; edges longer than a tenth of a degree of latitude are bent as Mercator bends
 * them, in its plane. The same edge gives the same points in either direction. */
enum err_code shape_add(struct shape_builder *builder, const struct geom *geom, struct err *err);
enum err_code shape_add_point(struct shape_builder *builder, struct plane_point point,
                              struct err *err);

/* Each stretch of border of the world's units once, as a line, with the highest level that it
 * bounds and a row of a unit that it bounds. */
enum err_code shape_borders(struct shape_builder *builder, const struct world *world,
                            const uint32_t **rows, const uint8_t **levels, struct err *err);

/* Where a symbol for the shape stands (source_point). Source of the search inside polygons:
 * V. Agafonkin, "polylabel": the pole of inaccessibility by quadtree. */
enum err_code shape_point(const struct geom *geom, enum plane plane, struct arena *scratch,
                          struct plane_point *out, struct err *err);

#endif
