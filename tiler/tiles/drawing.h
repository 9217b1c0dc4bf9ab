/*
 * drawing.h - shapes of a source into the raster of the picture at hand: behind tile.h.
 *
 * Space:   in: plane units; out: 1/256 px of the picture.
 * Threads: a drawing belongs to the thread that draws.
 */
#ifndef SISETU_TILER_DRAWING_H
#define SISETU_TILER_DRAWING_H

#include "tiler/tiles/scenes.h"

/* What one tile needs to know while it is drawn. */
struct drawing {
    struct scenes *scenes;
    struct scenes *near; /* for features (scenes_near) */
    struct canvas *canvas;
    struct arena *arena; /* the request's */
    const struct tile_key *key;
    uint32_t tiles;          /* on each side of the picture; key is its north-west one */
    struct plane_box square; /* of the picture, units */
    int32_t shift;           /* units to 1/256 px: right by so much, left if negative */
    int64_t unit;            /* feature of ?unit= in the units, or -1 */
    struct err *err;
};

/* What a layer's features are drawn with. */
struct layer_job {
    const struct style_layer *layer;
    const struct source *source;
    const struct detail *detail;
    const struct look *look;
};

/* A place in units, which may lie outside of the map. */
static inline struct fixed to_picture_far(const struct drawing *d, int64_t x, int64_t y)
{
    x -= d->square.west;
    y -= d->square.north;
    if (d->shift > 0) {
        int64_t half = INT64_C(1) << (d->shift - 1);
        return (struct fixed){(x + half) >> d->shift, (y + half) >> d->shift};
    }
    return (struct fixed){x * (INT64_C(1) << -d->shift), y * (INT64_C(1) << -d->shift)};
}

static inline struct fixed to_picture(const struct drawing *d, struct plane_point point)
{
    return to_picture_far(d, point.x, point.y);
}

static inline uint32_t ring_start(const struct detail *detail, uint32_t ring)
{
    return ring ? detail->ring_ends[ring - 1] : 0;
}

/* Covers the pixel of scale 1 that holds a point, at every scale. */
void mark_px(const struct drawing *d, struct fixed at);

/* Adds a polygon; one that is too thin to cover a pixel is marked where it lies. */
void add_polygon(const struct drawing *d, const struct layer_job *job, const struct shape *shape);

/* Whether a stroke is drawn into the mask instead of the raster: thin and without gaps. */
bool is_thin(const struct stroke_style *stroke);

/* Adds the lines of a shape, or the edges of a polygon, in this stroke. */
enum err_code add_lines(const struct drawing *d, const struct layer_job *job,
                        const struct shape *shape, const struct stroke_style *style);

/* features.c: draws the features of a style layer (fill, line or circle) below what is there. */
enum err_code features_draw(const struct drawing *d, size_t index);

/* The stroke at the picture's scale. */
struct stroke_style stroke_scaled(const struct stroke_style *stroke, uint32_t scale);

#endif
