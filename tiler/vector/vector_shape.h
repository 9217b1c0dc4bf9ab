/*
 * vector_shape.h - one shape of a source as geometry of a vector tile: behind vector_tile.h.
 */
#ifndef SISETU_TILER_VECTOR_SHAPE_H
#define SISETU_TILER_VECTOR_SHAPE_H

#include "tiler/vector/clip.h"
#include "tiler/features/source.h"

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

/* A shape to draw. sound: its rings are valid at this zoom (vector_sound_build). */
struct vector_shape {
    const struct detail *detail;
    const struct shape *shape;
    bool sound;
};

/* Appends the shape to the feature at hand. ERR_MEMORY. */
enum err_code vector_shape_add(const struct vector_frame *frame, const struct vector_shape *what,
                               struct vector_points *points, struct clip *clip, struct mvt *mvt,
                               struct err *err);

/* vector_sound.c: of each shape of the source, whether its rings, rounded to the units of tiles of
 * zoom z, are valid as they are: then nothing needs a look where they lie in a tile whole. What
 * tiles draw as a pixel or a thick line is not. */
enum err_code vector_sound_build(const struct source *source, const struct detail *detail,
                                 uint32_t z, struct arena *arena, const uint8_t **out,
                                 struct err *err);

/* A unit of tiles of zoom z is 2^this units of the map: 2^32 / 2^z / 4096. */
static inline int32_t vector_shift(uint32_t z)
{
    return 20 - (int32_t)z;
}

/* Whether the shape is drawn as the pixel that it lies in; as lines a pixel thick. */
bool vector_is_small(const struct shape *shape, int32_t shift);
bool vector_is_thin(const struct shape *shape, int32_t shift);

/* A chain's vertices in units of the tile, without repeats, into `to`, which has room for all of
 * them; backwards for rings, which turn the other way in tiles than in the store. */
size_t vector_snap(const struct vector_frame *frame, const struct detail *detail, uint32_t chain,
                   bool back, struct clip_point *to);

#endif
