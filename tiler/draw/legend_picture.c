#include "tiler/draw/legend_picture.h"

#include "tiler/draw/image.h"
#include "tiler/draw/sprite.h"

#include <math.h>
#include <string.h>

enum {
    PAD_PX = 10,
    SWATCH_WIDTH_PX = 34,
    SWATCH_HEIGHT_PX = 18,
    GAP_PX = 9,
    TEXT_PX = 14,
    HATCH_PX = 8, /* from stripe to stripe, along the row */
};

/* Of a pattern, as in most styles: the colour below is to be told. */
static const double PATTERN_OPACITY = 0.6;

static const char FONT[] = "Noto Sans CJK SC Regular";

struct picture {
    const struct legend_entry *entries;
    size_t n;
    bool english;
    struct arena arena;
    struct font_set *fonts;
    struct glyph_run *texts; /* of each entry */
    uint32_t *pixels;
    uint32_t width, height;
};

static uint32_t pixel_of(double r, double g, double b)
{
    return 0xFF000000u | (uint32_t)(b + 0.5) << 16 | (uint32_t)(g + 0.5) << 8 | (uint32_t)(r + 0.5);
}

/* Puts grey or a colour over a pixel. */
static void blend(uint32_t *pixel, const struct colour *over, double alpha)
{
    double r = *pixel & 0xFF, g = *pixel >> 8 & 0xFF, b = *pixel >> 16 & 0xFF;
    *pixel =
        pixel_of(r + (over->r - r) * alpha, g + (over->g - g) * alpha, b + (over->b - b) * alpha);
}

/* Of the style, which holds its fonts; else found for this picture. */
static enum err_code open_fonts(struct picture *p, const struct style *style, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *const names[] = {FONT};
    struct font_stack own = {0};
    const struct font_stack *stack = style_stack_named(style, FONT);
    if (!stack)
        TRY(font_stack_find(names, 1, &p->arena, &own, err));
    TRY(font_set_new(stack ? stack : &own, 1, &p->fonts, err));
done:
    font_stack_release(&own);
    if (code == ERR_INPUT) /* not the client's */
        code = err->code = ERR_IO;
    return code;
}

static enum err_code shape_texts(struct picture *p, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct text_size size = {.size_px = TEXT_PX};
    int32_t widest_64 = 0;
    p->texts = arena_new(&p->arena, struct glyph_run, p->n);
    TRY(p->texts || p->n == 0 ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < p->n; i++) {
        const char *text = p->english ? p->entries[i].en : p->entries[i].zh;
        TRY(font_shape(p->fonts, &size, text, &p->arena, &p->texts[i], err));
        widest_64 = p->texts[i].width_64 > widest_64 ? p->texts[i].width_64 : widest_64;
    }
    uint32_t width = 2 * PAD_PX + SWATCH_WIDTH_PX + GAP_PX + (uint32_t)(widest_64 + 63) / 64;
    p->width = width < LEGEND_WIDTH_MAX_PX ? width : LEGEND_WIDTH_MAX_PX;
    p->height = (uint32_t)p->n * LEGEND_ROW_PX + 2 * PAD_PX;
done:
    return code;
}

/* How much of a pixel a stripe at 45 degrees covers. */
static double stripe_at(uint32_t x, uint32_t y)
{
    double off = fabs(fmod((double)x + y, HATCH_PX) - HATCH_PX / 2.0);
    return fmin(1, fmax(0, 2 - off));
}

static void draw_swatch(struct picture *p, size_t row)
{
    static const struct colour edge = {90, 90, 90, 1};
    const struct legend_entry *entry = &p->entries[row];
    struct colour colour = {0};
    (void)colour_parse(entry->colour, &colour); /* checked when the style was read */
    struct pattern pattern;
    uint8_t coverage[PATTERN_PX * PATTERN_PX] = {0};
    if (entry->pattern && pattern_by_name(entry->pattern, &pattern))
        sprite_pattern(pattern.kind, 1, coverage);
    else
        pattern.colour = colour;
    uint32_t top = PAD_PX + (uint32_t)row * LEGEND_ROW_PX + (LEGEND_ROW_PX - SWATCH_HEIGHT_PX) / 2;
    for (uint32_t y = 0; y < SWATCH_HEIGHT_PX; y++) {
        for (uint32_t x = 0; x < SWATCH_WIDTH_PX; x++) {
            uint32_t *pixel = &p->pixels[(top + y) * p->width + PAD_PX + x];
            bool is_edge =
                x == 0 || y == 0 || x == SWATCH_WIDTH_PX - 1 || y == SWATCH_HEIGHT_PX - 1;
            blend(pixel, &colour, colour.a * (entry->hatched ? stripe_at(x, y) : 1));
            uint32_t place = y % PATTERN_PX * PATTERN_PX + x % PATTERN_PX;
            blend(pixel, &pattern.colour, PATTERN_OPACITY * coverage[place] / 255);
            if (is_edge)
                blend(pixel, &edge, 1);
        }
    }
}

static void draw_glyph(struct picture *p, const struct glyph_image *image, int64_t left,
                       int64_t top)
{
    static const struct colour ink = {32, 32, 32, 1};
    for (int32_t y = 0; y < image->height; y++) {
        for (int32_t x = 0; x < image->width; x++) {
            int64_t px = left + x, py = top + y;
            if (px >= 0 && px < p->width && py >= 0 && py < p->height)
                blend(&p->pixels[py * p->width + px], &ink,
                      image->coverage[y * image->width + x] / 255.0);
        }
    }
}

static void draw_text(struct picture *p, size_t row)
{
    struct font_height height = font_height(p->fonts, 0, TEXT_PX);
    int64_t x_64 = (int64_t)(PAD_PX + SWATCH_WIDTH_PX + GAP_PX) * 64;
    double middle = PAD_PX + (double)row * LEGEND_ROW_PX + LEGEND_ROW_PX / 2.0;
    int64_t base = llround(middle + (height.above_px - height.below_px) / 2);
    for (uint32_t i = 0; i < p->texts[row].n; i++) {
        const struct glyph *glyph = &p->texts[row].glyphs[i];
        int64_t x = x_64 + glyph->x_64 + 8;
        const struct glyph_look look = {.size_px = TEXT_PX, .right = x >> 4 & 3};
        const struct glyph_image *image = font_glyph(p->fonts, glyph, &look);
        if (image)
            draw_glyph(p, image, (x >> 6) + image->left,
                       base + ((glyph->y_64 + 32) >> 6) + image->top);
    }
}

enum err_code legend_picture(const struct style *style, enum map_id map, bool english,
                             struct buf *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct picture p = {.english = english};
    struct image_writer *writer = NULL;
    arena_init(&p.arena, 0);
    style_legend(style, map_name(map), &p.entries, &p.n);
    TRY(open_fonts(&p, style, err));
    TRY(shape_texts(&p, err));
    size_t n_pixels = (size_t)p.width * p.height;
    p.pixels = arena_new(&p.arena, uint32_t, n_pixels);
    TRY(p.pixels ? ERR_OK : err_nomem(err));
    memset(p.pixels, 0xFF, n_pixels * sizeof *p.pixels);
    for (size_t row = 0; row < p.n; row++) {
        draw_swatch(&p, row);
        draw_text(&p, row);
    }
    TRY(image_writer_new(&writer, err));
    const struct image image = {p.pixels, p.width, p.height, IMAGE_AUTO};
    TRY(image_write_png(writer, &image, out, err));
done:
    image_writer_free(writer);
    font_set_free(p.fonts);
    arena_release(&p.arena);
    return code;
}
