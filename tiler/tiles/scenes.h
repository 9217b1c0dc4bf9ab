/*
 * scenes.h - what a world looks like under a style, kept ready for drawing: behind tile.h.
 *
 *   source    features and their shapes, a level of detail for each range of zooms
 *   look      of a style layer: which features it draws, with what paint, in which order
 *   placement of a map and zoom: every label of the whole world, placed once
 *
 * Each is made by the first tile that needs it and then shared (lazy.h). From zoom SCENES_NEAR_ZOOM
 * on a tile is drawn from what is near a square that it lies in (scenes_near): the first tile of a
 * store with 300,000 conflicts, and the first one after an edit, wait for that square alone.
 */
#ifndef SISETU_TILER_SCENES_H
#define SISETU_TILER_SCENES_H

#include "tiler/vector/attributes.h"
#include "tiler/draw/canvas.h"
#include "tiler/labels/labels.h"
#include "tiler/cache/lazy.h"
#include "tiler/features/source.h"
#include "tiler/tiles/tile.h"

/* How the features of one layer that look alike are drawn. Sizes are pixels at scale 1. */
struct paint {
    double sort_key;
    struct colour colour;
    double opacity;
    bool has_outline; /* fill */
    struct colour outline;
    struct pattern pattern;
    struct stroke_style stroke; /* line */
    double radius_px;           /* circle */
    double edge_px;
    struct colour edge;
    double edge_opacity;
};

#define LOOK_NONE UINT32_MAX

struct look {
    uint32_t n_paints;
    const struct paint *paints;
    const uint32_t *paint_of; /* of each feature of the source; LOOK_NONE: not drawn */
    /* Of each feature: its place in the order of drawing, by sort key, then by its place in the
     * source. NULL: by that alone. */
    const uint32_t *rank;
    /* Of lines, and of fills where they have outlines: the run of each feature. The strokes of a
     * run are laid as one, runs one after the other, by sort key, then by paint, whatever other
     * features there are. NULL: it is all one. */
    const uint32_t *run_of;
    bool has_outlines; /* fills */
    double reach_px;   /* how far a feature may be drawn outside of its box */
};

/* The plane that all of it is in. */
enum plane scenes_plane(const struct scenes *scenes);

enum err_code scenes_source(struct scenes *scenes, enum style_source id, const struct source **out,
                            struct err *err);

/* The scenes to draw a square of tiles x tiles tiles of zoom z from, held: from SCENES_NEAR_ZOOM on
 * those of a part of the map, with sources of what is near it alone, so that the first tile need
 * not wait for all of a large store; else, and where sources of all are made already, `scenes`.
 * What is drawn is the same. Release them. */
enum { SCENES_NEAR_ZOOM = 10 };
enum err_code scenes_near(struct scenes *scenes, struct plane_tile tile, uint32_t tiles,
                          struct scenes **out, struct err *err);

/* Coordinates of that source for drawing at zoom z. */
enum err_code scenes_detail(struct scenes *scenes, const struct source *source, uint32_t z,
                            const struct detail **out, struct err *err);

/* Which shapes of the source are valid as vector tiles of zoom z have them: vector_shape.h. detail:
 * of scenes_detail, at the level that those tiles use. */
enum err_code scenes_sound(struct scenes *scenes, const struct source *source,
                           const struct detail *detail, uint32_t z, const uint8_t **out,
                           struct err *err);

/* What vector tiles say of the features of a source. */
enum err_code scenes_attributes(struct scenes *scenes, const struct source *source,
                                const struct attributes **out, struct err *err);

/* The look of style layer `index` at tile zoom z. */
enum err_code scenes_look(struct scenes *scenes, size_t index, uint32_t z, const struct look **out,
                          struct err *err);

/* The labels of a map at tile zoom z. fonts: of the calling thread's canvas. */
enum err_code scenes_labels(struct scenes *scenes, enum map_id map, uint32_t z,
                            struct font_set *fonts, const struct placement **out, struct err *err);

/* The boxes, in world pixels of the zoom, outside of which the labels of a map are drawn in
 * `scenes` as they last were in `before` or in what that followed. None if they never were drawn.
 * Places those of `scenes`. Both have the same style and plane. */
struct label_view {
    enum map_id map;
    uint32_t z;
    struct font_set *fonts; /* of the calling thread's canvas */
};
enum err_code scenes_label_changes(struct scenes *before, struct scenes *scenes,
                                   const struct label_view *view, struct arena *arena,
                                   struct px_box **boxes, size_t *n, struct err *err);

const struct style *scenes_style(const struct scenes *scenes);

/* The style's zoom of a 256-px tile of zoom z. */
static inline double style_zoom(uint32_t z)
{
    return (double)z - 1;
}

#endif
