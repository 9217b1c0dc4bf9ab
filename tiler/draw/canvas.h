/*
 * canvas.h - the picture of one tile, from the top down: whatever is laid first lies uppermost
 * (under.h tells why).
 *
 * One canvas serves one thread, tile after tile. Shapes are added to canvas->raster, thin lines
 * to canvas->under.thin; then canvas_lay or canvas_lay_lines puts them below what is there.
 *
 * Space:   pixels of the tile at its scale; 0xAABBGGRR, premultiplied.
 * Threads: one.
 */
#ifndef SISETU_TILER_CANVAS_H
#define SISETU_TILER_CANVAS_H

#include "data/base/arena.h"
#include "styles/style.h"
#include "tiler/draw/disc.h"
#include "tiler/draw/image.h"
#include "tiler/draw/raster.h"
#include "tiler/draw/stroke.h"
#include "tiler/draw/under.h"

/* Styles whose fonts are kept open; each has glyphs of some MB. */
enum { CANVAS_FONTS = 4 };

struct canvas {
    uint32_t size_px; /* of an edge */
    uint32_t scale;   /* 1 or 2 */
    struct under under;
    struct raster raster;
    struct stroker stroker;
    struct discs discs;
    struct image_writer *writer;
    struct font_set *fonts; /* of the style at hand, one of these: */
    struct canvas_fonts {
        uint64_t style; /* style_version */
        uint64_t used;  /* the larger, the later */
        struct font_set *set;
    } rooms[CANVAS_FONTS];
    uint64_t uses;
    uint32_t *pixels; /* after canvas_end */
    size_t room_px;
    struct fixed *points; /* scratch: one ring or line in pixels */
    size_t points_capacity;
    uint8_t *pattern; /* the one at hand (sprite_pattern), */
    enum pattern_kind pattern_kind;
    uint32_t pattern_scale;
};

/* How shapes are laid. */
struct coat {
    struct colour colour; /* with its own alpha */
    double opacity;
    struct pattern pattern; /* PATTERN_NONE: plain; else the pattern's colour is used */
};

/* Draws under any style; for this one its fonts are opened already. */
enum err_code canvas_new(const struct style *style, struct canvas **out, struct err *err);
void canvas_free(struct canvas *canvas);

/* Starts a clear picture of `tiles` x `tiles` tiles at scale 1 or 2. */
enum err_code canvas_begin(struct canvas *canvas, uint32_t scale, uint32_t tiles, struct err *err);

/* Makes canvas->pixels. */
void canvas_end(struct canvas *canvas);

/* Makes canvas->fonts those of a style. */
enum err_code canvas_use_fonts(struct canvas *canvas, const struct style *style, struct err *err);

/* Room for n points in canvas->points. */
enum err_code canvas_room(struct canvas *canvas, size_t n, struct err *err);

/* Lays the shapes that are in the raster, which is empty then. */
void canvas_lay(struct canvas *canvas, const struct coat *coat);

/* Lays the thin lines, of which there are none then. */
void canvas_lay_lines(struct canvas *canvas, const struct coat *coat);

/* A disc, or a ring of inner_px > 0, round a point. */
void canvas_lay_disc(struct canvas *canvas, struct fixed centre, double outer_px, double inner_px,
                     const struct coat *coat);

/* Dims what will be laid where the raster's shapes are (under_dim). */
enum err_code canvas_dim(struct canvas *canvas, const struct coat *coat, struct err *err);

/* Covers the whole picture. */
void canvas_flood(struct canvas *canvas, struct colour colour, double opacity);

/* How a text looks; sizes are those of scale 1. */
struct text_look {
    double size_px;
    struct colour colour;
    double opacity;
    struct colour halo_colour;
    double halo_px;
};

/* A text whose glyphs stand round a point of the picture, which is in 1/64 px. The glyphs are those
 * of scale 1, and scaled here. */
void canvas_text(struct canvas *canvas, const struct glyph *glyphs, size_t n,
                 struct fixed origin_64, const struct text_look *look);

#endif
