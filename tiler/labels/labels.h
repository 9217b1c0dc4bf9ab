/*
 * labels.h - every name and symbol of a map at a zoom, placed once over the whole world.
 *
 * Candidates go by priority: the style's upper layers first, within a layer by
 * symbol-sort-key, then by id. One that would lie on another already placed is left out,
 * unless it may overlap. Tiles only draw what is placed and touches them, so a name is whole
 * across tiles, stands once, and stands at the same place in every picture of that zoom, at
 * both scales.
 *
 * After an edit a placement starts from the one before it: what looks the same and has nothing
 * new before it keeps its place without being looked at again, and the result is the one that
 * would come of placing everything. Where it is known which records changed, only their names are
 * read again.
 *
 * Life:    placement_new; acquire and release; never changes; the last one to release frees it.
 * Owner:   a placement owns all that it shows: no world, style or source need outlive it.
 * Threads: building one thread; reading, acquiring and releasing safe from any.
 * Space:   world pixels of the zoom at scale 1, from the north-west corner of the plane.
 * Cost:    0.4 us a candidate (0.2 us one that was there before), 2 us one that finds room, 5 us
 * along a line; shaping a text 5 us, once a font set.
 */
#ifndef SISETU_TILER_LABELS_H
#define SISETU_TILER_LABELS_H

#include "geo/measure/rtree.h"
#include "styles/style.h"
#include "tiler/draw/canvas.h"
#include "tiler/labels/px_index.h"
#include "tiler/features/source.h"

/* What labels that look alike share. */
struct label_look {
    struct text_look text;
    enum icon icon;
    double icon_px; /* across */
    struct colour icon_colour, icon_halo;
    double icon_halo_px, icon_opacity;
};

struct placed {
    uint16_t layer;             /* of the style */
    uint8_t turn;               /* of the symbol, clockwise, in 1/256 of a full turn */
    uint32_t n_glyphs;          /* 0: a symbol alone */
    int32_t x_px, y_px;         /* the point it stands at, whole pixels: crisp at both scales */
    struct px_box ink;          /* all that it may touch, halo included */
    const struct glyph *glyphs; /* from that point */
    const struct label_look *look;
};

struct placement_private;

struct placement {
    size_t n;
    const struct placed *items; /* in the order of drawing */
    struct rtree tree;          /* over ink, y north */
    size_t n_candidates;
    size_t n_looked_at; /* of them, those that did not just keep their place */
    struct placement_private *private;
};

/* The ids of all records of a source that are there otherwise than when a placement was made, or
 * say something else. */
struct label_changes {
    const char *const *ids;
    size_t n;
};

/* One symbol layer that is on the map at this zoom, with its features. */
struct label_layer {
    size_t index;
    const struct style_layer *style;
    const struct source *source;
    const struct detail *detail;         /* of the source, for the zoom: what lines are read from */
    const struct label_changes *changes; /* since the placement before; NULL: unknown, any */
};

struct label_input {
    const struct label_layer *layers; /* from the lowest up */
    size_t n_layers;
    uint32_t z; /* of tiles of 256 px */
    struct font_set *fonts;
};

/* before: a placement of the same style, plane, map and zoom to start from, or NULL. Where nothing
 * differs, that is the answer. */
enum err_code placement_new(const struct label_input *input, struct placement *before,
                            struct placement **out, struct err *err);
struct placement *placement_acquire(struct placement *placement);
void placement_release(struct placement *placement); /* NULL is legal */

/* Labels whose ink touches the box, in the order of drawing. */
enum err_code placement_search(const struct placement *placement, struct px_box box,
                               struct arena *arena, uint32_t **items, size_t *n, struct err *err);

/* The boxes outside of which two placements of the same style, plane, map and zoom draw the same:
 * the ink of what only one of them has, or what differs in them. They may overlap. */
enum err_code placement_diff(const struct placement *a, const struct placement *b,
                             struct arena *arena, struct px_box **boxes, size_t *n,
                             struct err *err);

/* Draws one on a canvas whose upper left corner is at world pixel (left, top) of scale 1. */
void placed_draw(const struct placed *label, struct canvas *canvas, int64_t left_px,
                 int64_t top_px);

#endif
