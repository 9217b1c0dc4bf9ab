/*
 * vector_shape.h - one shape of a source as geometry of a vector tile: behind vector_tile.h.
 */
#ifndef SISETU_TILER_VECTOR_SHAPE_H
#define SISETU_TILER_VECTOR_SHAPE_H

#include "tiler/tiles/clip.h"
#include "tiler/tiles/source.h"

/* Where the tile lies. */
struct vector_frame {
    struct plane_box square, reach; /* of the tile, and with what it holds beyond its edges */
    int32_t shift;                  /* a unit of the tile is 2^shift units of the map */
};

/* A list that grows as shapes need it. */
struct vector_points {
    struct clip_point *items; /* before cutting */
    struct mvt_point *ready;  /* what needs none */
    size_t room;              /* of each */
};

/* Appends the shape to the feature at hand. ERR_MEMORY. */
enum err_code vector_shape_add(const struct vector_frame *frame, const struct detail *detail,
                               const struct shape *shape, struct vector_points *points,
                               struct clip *clip, struct mvt *mvt, struct err *err);

#endif
