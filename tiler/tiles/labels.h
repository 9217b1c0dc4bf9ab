/*
 * labels.h - every name and symbol of a map at a zoom, placed once over the whole world.
 *
 * Candidates go by priority: the style's upper layers first, within a layer by
 * symbol-sort-key, then by id. One that would lie on another already placed is left out,
 * unless it may overlap. Tiles only draw what is placed and touches them, so a name is whole
 * across tiles, stands once, and stands at the same place in every picture of that zoom, at
 * both scales.
 *
 * Life:    placement_build once; never changes; lives in the arena given.
 * Threads: building one thread; reading safe.
 * Space:   world pixels of the zoom at scale 1, from the north-west corner of the world.
 * Cost:    about 20 us a label, most of it shaping.
 */
#ifndef SISETU_TILER_LABELS_H
#define SISETU_TILER_LABELS_H

#include "geo/measure/rtree.h"
#include "styles/style.h"
#include "tiler/tiles/canvas.h"
#include "tiler/tiles/source.h"

struct px_box {
    double left, top, right, bottom; /* right and bottom beyond */
};

struct placed {
    size_t layer;       /* of the style */
    int32_t x_px, y_px; /* the point it stands at, whole pixels: crisp at both scales */
    struct px_box ink;  /* all that it may touch, halo included; world pixels */
    /* Text: lines of glyphs, each with its origin from the point in 1/64 px. */
    size_t n_lines;
    const struct glyph_run *lines;
    const struct fixed *origins_64;
    struct text_look look;
    /* Symbol. */
    enum icon icon;
    double icon_px; /* across */
    struct colour icon_colour, icon_halo;
    double icon_halo_px, icon_opacity;
};

struct placement {
    size_t n;
    const struct placed *items; /* in the order of drawing */
    struct rtree tree;          /* over ink, y north */
};

/* One symbol layer that is on the map at this zoom, with its features. */
struct label_layer {
    size_t index;
    const struct style_layer *style;
    const struct source *source;
};

struct label_input {
    const struct label_layer *layers; /* from the lowest up */
    size_t n_layers;
    uint32_t z; /* of tiles of 256 px */
    struct font_set *fonts;
};

enum err_code placement_build(const struct label_input *input, struct arena *arena,
                              struct placement *out, struct err *err);

/* Labels whose ink touches the box, in the order of drawing. */
enum err_code placement_search(const struct placement *placement, struct px_box box,
                               struct arena *arena, uint32_t **items, size_t *n, struct err *err);

/* Draws one on a canvas whose upper left corner is at world pixel (left, top) of scale 1. */
void placed_draw(const struct placed *label, struct canvas *canvas, int64_t left_px,
                 int64_t top_px);

#endif
