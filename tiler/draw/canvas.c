#include "tiler/draw/canvas.h"

#include "tiler/draw/sprite.h"
#include "tiler/grid/plane.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum err_code canvas_new(const struct style *style, struct canvas **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct canvas *canvas = calloc(1, sizeof *canvas);
    *out = canvas;
    if (!canvas)
        return err_nomem(err);
    stroker_init(&canvas->stroker);
    canvas->pattern = malloc((size_t)4 * PATTERN_PX * PATTERN_PX);
    if (!canvas->pattern) {
        code = err_nomem(err);
        goto done;
    }
    TRY(image_writer_new(&canvas->writer, err));
    TRY(canvas_use_fonts(canvas, style, err));
    TRY(canvas_begin(canvas, 1, 1, err));
done:
    if (code != ERR_OK) {
        canvas_free(canvas);
        *out = NULL;
    }
    return code;
}

void canvas_free(struct canvas *canvas)
{
    if (!canvas)
        return;
    for (size_t i = 0; i < CANVAS_FONTS; i++)
        font_set_free(canvas->rooms[i].set);
    image_writer_free(canvas->writer);
    raster_release(&canvas->raster);
    under_release(&canvas->under);
    stroker_release(&canvas->stroker);
    discs_release(&canvas->discs);
    free(canvas->pixels);
    free(canvas->points);
    free(canvas->pattern);
    free(canvas);
}

enum err_code canvas_use_fonts(struct canvas *canvas, const struct style *style, struct err *err)
{
    uint64_t version = style_version(style);
    struct canvas_fonts *room = &canvas->rooms[0]; /* the style's, else the one used longest ago */
    for (size_t i = 0; i < CANVAS_FONTS; i++) {
        struct canvas_fonts *other = &canvas->rooms[i];
        bool is_it = other->set && other->style == version;
        bool found = room->set && room->style == version;
        if (is_it || (!found && other->used < room->used))
            room = other;
    }
    if (!room->set || room->style != version) {
        font_set_free(room->set);
        room->set = NULL;
        canvas->fonts = NULL;
        enum err_code code =
            font_set_new(style_stacks(style), style_stack_count(style), &room->set, err);
        if (code != ERR_OK)
            return code;
        room->style = version;
    }
    room->used = ++canvas->uses;
    canvas->fonts = room->set;
    return ERR_OK;
}

enum err_code canvas_begin(struct canvas *canvas, uint32_t scale, uint32_t tiles, struct err *err)
{
    enum err_code code = ERR_OK;
    canvas->scale = scale;
    canvas->size_px = TILE_PX * scale * tiles;
    canvas->stroker.failed = false;
    TRY(raster_begin(&canvas->raster, (int32_t)canvas->size_px, (int32_t)canvas->size_px, err));
    TRY(under_begin(&canvas->under, canvas->size_px, err));
    if (canvas->size_px > canvas->room_px) {
        free(canvas->pixels);
        canvas->room_px = 0;
        canvas->pixels = malloc((size_t)canvas->size_px * canvas->size_px * sizeof *canvas->pixels);
        if (!canvas->pixels)
            return err_nomem(err);
        canvas->room_px = canvas->size_px;
    }
done:
    return code;
}

void canvas_end(struct canvas *canvas)
{
    under_pixels(&canvas->under, canvas->pixels);
}

enum err_code canvas_room(struct canvas *canvas, size_t n, struct err *err)
{
    if (n <= canvas->points_capacity)
        return ERR_OK;
    struct fixed *grown = realloc(canvas->points, n * sizeof *grown);
    if (!grown)
        return err_nomem(err);
    canvas->points = grown;
    canvas->points_capacity = n;
    return ERR_OK;
}

/* ---- laying ---- */

static struct ink ink_of_coat(const struct coat *coat)
{
    bool patterned = coat->pattern.kind != PATTERN_NONE;
    struct colour colour = patterned ? coat->pattern.colour : coat->colour;
    double alpha = coat->opacity * (patterned ? 1 : colour.a);
    return ink_of(colour.r, colour.g, colour.b, alpha);
}

void canvas_lay(struct canvas *canvas, const struct coat *coat)
{
    struct ink ink = ink_of_coat(coat);
    if (coat->pattern.kind == PATTERN_NONE) {
        under_shape(&canvas->under, &canvas->raster, &ink);
        return;
    }
    if (canvas->pattern_kind != coat->pattern.kind || canvas->pattern_scale != canvas->scale)
        sprite_pattern(coat->pattern.kind, canvas->scale, canvas->pattern);
    canvas->pattern_kind = coat->pattern.kind;
    canvas->pattern_scale = canvas->scale;
    under_pattern(&canvas->under, &canvas->raster, &ink, canvas->pattern,
                  PATTERN_PX * canvas->scale);
}

void canvas_lay_lines(struct canvas *canvas, const struct coat *coat)
{
    struct ink ink = ink_of_coat(coat);
    under_thin(&canvas->under, &ink);
}

void canvas_lay_disc(struct canvas *canvas, struct fixed centre, double outer_px, double inner_px,
                     const struct coat *coat)
{
    struct stamp stamp;
    int64_t corner[2];
    if (outer_px <= DISC_MAX_PX &&
        discs_stamp(&canvas->discs, centre, outer_px, inner_px, &stamp, corner)) {
        struct ink ink = ink_of_coat(coat);
        under_stamp(&canvas->under, &stamp, corner[0], corner[1], &ink);
        return;
    }
    stroke_disc(&canvas->raster, centre, outer_px);
    if (inner_px > 0)
        stroke_hole(&canvas->raster, centre, inner_px);
    canvas_lay(canvas, coat);
}

enum err_code canvas_dim(struct canvas *canvas, const struct coat *coat, struct err *err)
{
    struct ink ink = ink_of_coat(coat);
    return under_dim(&canvas->under, &canvas->raster, &ink, err);
}

void canvas_flood(struct canvas *canvas, struct colour colour, double opacity)
{
    struct ink ink = ink_of(colour.r, colour.g, colour.b, opacity * colour.a);
    under_flood(&canvas->under, &ink);
}

/* ---- text ---- */

static void text_pass(struct canvas *canvas, const struct glyph *glyphs, size_t n,
                      struct fixed origin_64, const struct text_look *look, bool halo)
{
    double size_px = look->size_px * canvas->scale;
    double halo_px = halo ? look->halo_px * canvas->scale : 0;
    for (size_t i = 0; i < n; i++) {
        int64_t x = origin_64.x + (int64_t)glyphs[i].x_64 * canvas->scale + 8;
        int64_t y = origin_64.y + (int64_t)glyphs[i].y_64 * canvas->scale + 8;
        const struct glyph_look shape = {size_px, halo_px, x >> 4 & 3, y >> 4 & 3};
        const struct glyph_image *image = font_glyph(canvas->fonts, &glyphs[i], &shape);
        if (!image)
            continue;
        struct stamp stamp = {image->coverage, (int32_t)image->width, (int32_t)image->height};
        mask_stamp(&canvas->under.mask, &stamp, (x >> 6) + image->left, (y >> 6) + image->top);
    }
    struct coat coat = {.colour = halo ? look->halo_colour : look->colour,
                        .opacity = look->opacity};
    struct ink ink = ink_of_coat(&coat);
    under_mask(&canvas->under, &ink);
}

void canvas_text(struct canvas *canvas, const struct glyph *glyphs, size_t n,
                 struct fixed origin_64, const struct text_look *look)
{
    text_pass(canvas, glyphs, n, origin_64, look, false);
    if (look->halo_px > 0 && look->halo_colour.a > 0)
        text_pass(canvas, glyphs, n, origin_64, look, true);
}
