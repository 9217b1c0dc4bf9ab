/*
 * canvas.h - the picture of one tile: shapes collected in a raster, laid on with a paint.
 *
 * One canvas serves one thread, tile after tile. Shapes are added to canvas->raster; then one
 * canvas_paint lays them on, pixel by pixel exactly once. Where n shapes of a translucent
 * paint lie on each other the paint is as strong as n coats of it, as in MapLibre.
 *
 * Space:   pixels of the tile at its scale; 0xAABBGGRR, premultiplied.
 * Threads: one.
 * Cost:    about 2 ns for each covered pixel.
 */
#ifndef SISETU_TILER_CANVAS_H
#define SISETU_TILER_CANVAS_H

#include "data/base/arena.h"
#include "styles/style.h"
#include "tiler/draw/image.h"
#include "tiler/draw/raster.h"
#include "tiler/draw/stroke.h"

/* Coats of a translucent paint that are told apart; 64 coats of 7 % hide all below. */
enum { CANVAS_COATS = 64 };

struct canvas {
    uint32_t size_px; /* of an edge */
    uint32_t scale;   /* 1 or 2 */
    uint32_t *pixels;
    bool drawn;               /* anything at all */
    struct raster *raster;    /* the one of this size */
    struct raster rasters[3]; /* 256 px, 512 px, and the last other size */
    size_t room_px;           /* pixels and mask have room for this edge */
    struct stroker stroker;
    struct image_writer *writer;
    struct font_set *fonts;
    uint8_t *mask;        /* of a text, size_px x size_px */
    struct fixed *points; /* scratch: one ring or line in pixels */
    size_t points_capacity;
    uint8_t *alphas;  /* of a paint, for each coverage */
    uint8_t *pattern; /* of a paint, PATTERN_PX * scale squared */
};

/* How shapes are laid on. */
struct coat {
    struct colour colour; /* with its own alpha */
    double opacity;
    bool adds_up;           /* n shapes count n times (areas), else once (lines) */
    bool upon;              /* only where something is already, leaving its transparency */
    struct pattern pattern; /* PATTERN_NONE: plain; else the pattern's colour is used */
};

/* Starts a clear picture of `tiles` x `tiles` tiles at scale 1 or 2. */
enum err_code canvas_begin(struct canvas *canvas, uint32_t scale, uint32_t tiles, struct err *err);

/* Room for n points in canvas->points. */
enum err_code canvas_room(struct canvas *canvas, size_t n, struct err *err);

/* Lays the shapes that are in the raster on, and clears the raster. */
void canvas_paint(struct canvas *canvas, const struct coat *coat);

/* Covers the whole picture. */
void canvas_flood(struct canvas *canvas, struct colour colour, double opacity);

/* A text at (x, y), the origin of its run in 1/64 px of the picture; glyphs and positions are
 * those of scale 1 and are scaled here. */
struct text_look {
    double size_px; /* at scale 1 */
    struct colour colour;
    double opacity;
    struct colour halo_colour;
    double halo_px;
};

void canvas_text(struct canvas *canvas, const struct glyph_run *runs, size_t n_runs,
                 const struct fixed *origins_64, const struct text_look *look);

#endif
