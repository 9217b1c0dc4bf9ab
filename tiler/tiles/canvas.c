#include "tiler/tiles/canvas.h"

#include "tiler/tiles/tile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* The repeat of a pattern at scale 1; divides a tile, so that patterns meet. */
    PATTERN_PX = 8,
    ALPHAS = (CANVAS_COATS + 1) * FIXED_ONE + 1,
    /* Edges and letters are laid on in sixteenths: no eye sees finer steps, and the picture
     * has a quarter of the colours, which the palette then holds with half the error. */
    EDGE_STEP = FIXED_ONE / 16,
    INK_STEP = 255 / 15,
};

enum err_code canvas_new(const struct style *style, struct canvas **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct canvas *canvas = calloc(1, sizeof *canvas);
    *out = canvas;
    if (!canvas)
        return err_nomem(err);
    stroker_init(&canvas->stroker);
    canvas->alphas = malloc(ALPHAS);
    canvas->pattern = malloc((size_t)4 * PATTERN_PX * PATTERN_PX);
    if (!canvas->alphas || !canvas->pattern) {
        code = err_nomem(err);
        goto done;
    }
    TRY(image_writer_new(&canvas->writer, err));
    TRY(font_set_new(style_stacks(style), style_stack_count(style), &canvas->fonts, err));
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
    font_set_free(canvas->fonts);
    image_writer_free(canvas->writer);
    for (int i = 0; i < 3; i++)
        raster_release(&canvas->rasters[i]);
    stroker_release(&canvas->stroker);
    free(canvas->pixels);
    free(canvas->mask);
    free(canvas->points);
    free(canvas->alphas);
    free(canvas->pattern);
    free(canvas);
}

/* A raster is kept for either size of tile, and one for larger pictures. */
static enum err_code pick_raster(struct canvas *canvas, struct err *err)
{
    uint32_t size = canvas->size_px;
    int slot = size == TILE_PX ? 0 : size == 2 * TILE_PX ? 1 : 2;
    canvas->raster = &canvas->rasters[slot];
    if (canvas->raster->width_px == (int32_t)size)
        return ERR_OK;
    raster_release(canvas->raster);
    return raster_init(canvas->raster, (int32_t)size, (int32_t)size, err);
}

enum err_code canvas_begin(struct canvas *canvas, uint32_t scale, uint32_t tiles, struct err *err)
{
    enum err_code code = ERR_OK;
    canvas->scale = scale;
    canvas->size_px = TILE_PX * scale * tiles;
    canvas->drawn = false;
    canvas->stroker.failed = false;
    TRY(pick_raster(canvas, err));
    size_t n = (size_t)canvas->size_px * canvas->size_px;
    if (canvas->size_px > canvas->room_px) {
        free(canvas->pixels);
        free(canvas->mask);
        canvas->room_px = 0;
        canvas->pixels = malloc(n * sizeof *canvas->pixels);
        canvas->mask = calloc(n, 1);
        if (!canvas->pixels || !canvas->mask)
            return err_nomem(err);
        canvas->room_px = canvas->size_px;
    }
    memset(canvas->pixels, 0, n * sizeof *canvas->pixels);
done:
    return code;
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

/* ---- blending ---- */

/* x / 255, rounded, in each 16-bit half; exact for x up to 65,279. */
static inline uint32_t halves_by_255(uint32_t halves)
{
    halves += 0x00800080;
    return (halves + (halves >> 8 & 0x00FF00FF)) >> 8 & 0x00FF00FF;
}

/* `colour` (opaque) at alpha over a premultiplied pixel. */
static inline uint32_t over(uint32_t below, uint32_t colour, uint32_t alpha)
{
    uint32_t rest = 255 - alpha;
    uint32_t rb = (colour & 0x00FF00FF) * alpha + (below & 0x00FF00FF) * rest;
    uint32_t ga = (colour >> 8 & 0x00FF00FF) * alpha + (below >> 8 & 0x00FF00FF) * rest;
    return halves_by_255(rb) | halves_by_255(ga) << 8;
}

/* The same where below has something, by as much as it has. */
static inline uint32_t upon(uint32_t below, uint32_t colour, uint32_t alpha)
{
    uint32_t has = below >> 24, rest = 255 - alpha;
    if (has == 0)
        return 0;
    uint32_t out = has << 24;
    for (unsigned shift = 0; shift < 24; shift += 8) {
        uint32_t c = (colour >> shift & 0xFF) * has / 255;
        uint32_t sum = c * alpha + (below >> shift & 0xFF) * rest + 127;
        out |= sum / 255 << shift;
    }
    return out;
}

static uint32_t opaque(struct colour colour)
{
    return 0xFF000000u | (uint32_t)(colour.b + 0.5) << 16 | (uint32_t)(colour.g + 0.5) << 8 |
           (uint32_t)(colour.r + 0.5);
}

/* Alpha of n/256 coats: n coats leave (1 - a)^n of what is below; between two whole numbers
 * of coats the pixel is partly one, partly the other. Returns the number of entries: beyond
 * them the last holds. */
static uint32_t fill_alphas(uint8_t *alphas, double alpha, bool adds_up)
{
    double left = 1;
    uint32_t n = 0;
    uint32_t coats = adds_up && alpha < 1 ? CANVAS_COATS : 1;
    for (uint32_t coat = 0; coat < coats && left > 1.0 / 512; coat++) {
        double next = left * (1 - alpha);
        for (uint32_t part = 0; part < FIXED_ONE; part++) {
            uint32_t step = (part + EDGE_STEP / 2) / EDGE_STEP * EDGE_STEP;
            alphas[n++] = (uint8_t)(255 * (1 - left - (next - left) * step / FIXED_ONE) + 0.5);
        }
        left = next;
    }
    alphas[n++] = (uint8_t)(255 * (1 - left) + 0.5);
    return n;
}

/* ---- patterns ---- */

/* How much of a pixel a diagonal stripe covers: the pattern repeats after `period` pixels
 * along x; `width` is the stripe's share of that, also along x. Sampled 4 x 4 in the pixel. */
static uint8_t stripe(uint32_t x, uint32_t y, uint32_t period, double width, bool back)
{
    int hits = 0;
    for (int i = 0; i < 16; i++) {
        int across = i % 4, down = i / 4;
        double px = x + (across + 0.5) / 4, py = y + (down + 0.5) / 4;
        double along = fmod((back ? px - py : px + py) + 4.0 * period, period);
        hits += along < width;
    }
    return (uint8_t)(hits * 255 / 16);
}

static uint8_t dot(uint32_t x, uint32_t y, uint32_t period)
{
    int hits = 0;
    double radius = period * 0.2;
    for (int i = 0; i < 16; i++) {
        int across = i % 4, down = i / 4;
        double px = x + (across + 0.5) / 4, py = y + (down + 0.5) / 4;
        double d1 = hypot(px - period * 0.25, py - period * 0.25);
        double d2 = hypot(px - period * 0.75, py - period * 0.75);
        hits += d1 < radius || d2 < radius;
    }
    return (uint8_t)(hits * 255 / 16);
}

/* The coverage of one repeat of the pattern at this scale. */
static void fill_pattern(uint8_t *mask, enum pattern_kind kind, uint32_t scale)
{
    uint32_t period = PATTERN_PX * scale;
    double width = 2.0 * scale; /* 1.4 px across */
    for (uint32_t y = 0; y < period; y++) {
        for (uint32_t x = 0; x < period; x++) {
            uint8_t a = stripe(x, y, period, width, false);
            uint8_t b = stripe(x, y, period, width, true);
            uint8_t *out = &mask[y * period + x];
            if (kind == PATTERN_HATCH)
                *out = a;
            else if (kind == PATTERN_HATCH_BACK)
                *out = b;
            else if (kind == PATTERN_CROSS)
                *out = a > b ? a : b;
            else
                *out = dot(x, y, period);
        }
    }
}

/* ---- laying on ---- */

struct laying {
    struct canvas *canvas;
    const struct coat *coat;
    uint32_t colour;
    uint32_t n_alphas;
};

static void lay_plain(void *context, int32_t y, int32_t first, int32_t last,
                      const uint16_t *coverage)
{
    const struct laying *laying = context;
    uint32_t *row = laying->canvas->pixels + (size_t)y * laying->canvas->size_px;
    const uint8_t *alphas = laying->canvas->alphas;
    uint32_t top = laying->n_alphas - 1;
    for (int32_t x = first; x <= last; x++) {
        uint32_t n = coverage[x];
        if (n == 0)
            continue;
        uint32_t alpha = alphas[n < top ? n : top];
        row[x] = over(row[x], laying->colour, alpha);
    }
}

static void lay_special(void *context, int32_t y, int32_t first, int32_t last,
                        const uint16_t *coverage)
{
    const struct laying *laying = context;
    const struct canvas *canvas = laying->canvas;
    uint32_t period = PATTERN_PX * canvas->scale;
    uint32_t *row = laying->canvas->pixels + (size_t)y * canvas->size_px;
    const uint8_t *mask = canvas->pattern + (size_t)((uint32_t)y % period) * period;
    bool plain = laying->coat->pattern.kind == PATTERN_NONE;
    uint32_t top = laying->n_alphas - 1;
    for (int32_t x = first; x <= last; x++) {
        uint32_t n = coverage[x];
        uint32_t alpha = canvas->alphas[n < top ? n : top];
        if (!plain)
            alpha = (alpha * mask[(uint32_t)x % period] + 127) / 255;
        if (alpha == 0)
            continue;
        row[x] = laying->coat->upon ? upon(row[x], laying->colour, alpha)
                                    : over(row[x], laying->colour, alpha);
    }
}

static void lay_nothing(void *context, int32_t y, int32_t first, int32_t last,
                        const uint16_t *coverage)
{
    (void)context;
    (void)y;
    (void)first;
    (void)last;
    (void)coverage;
}

void canvas_paint(struct canvas *canvas, const struct coat *coat)
{
    if (canvas->raster->top > canvas->raster->bottom)
        return;
    bool patterned = coat->pattern.kind != PATTERN_NONE;
    struct colour colour = patterned ? coat->pattern.colour : coat->colour;
    double alpha = coat->opacity * (patterned ? 1 : colour.a);
    struct laying laying = {.canvas = canvas, .coat = coat, .colour = opaque(colour)};
    if (!(alpha > 0)) {
        raster_rows(canvas->raster, NULL, lay_nothing);
        return;
    }
    laying.n_alphas = fill_alphas(canvas->alphas, alpha, coat->adds_up);
    if (patterned)
        fill_pattern(canvas->pattern, coat->pattern.kind, canvas->scale);
    raster_rows(canvas->raster, &laying, patterned || coat->upon ? lay_special : lay_plain);
    canvas->drawn = true;
}

void canvas_flood(struct canvas *canvas, struct colour colour, double opacity)
{
    uint32_t alpha = (uint32_t)(255 * opacity * colour.a + 0.5);
    uint32_t paint = opaque(colour);
    size_t n = (size_t)canvas->size_px * canvas->size_px;
    if (alpha == 0)
        return;
    for (size_t i = 0; i < n; i++)
        canvas->pixels[i] = over(canvas->pixels[i], paint, alpha);
    canvas->drawn = true;
}

/* ---- text ---- */

struct ink {
    int32_t left, top, right, bottom; /* of the mask; right and bottom beyond */
};

/* Adds a glyph's image to the mask; letters that touch are not inked twice. */
static void ink_glyph(struct canvas *canvas, const struct glyph_image *image, int64_t x, int64_t y,
                      struct ink *ink)
{
    int64_t size = canvas->size_px;
    int64_t left = x + image->left, top = y + image->top;
    int64_t x0 = left < 0 ? 0 : left, y0 = top < 0 ? 0 : top;
    int64_t x1 = left + image->width > size ? size : left + image->width;
    int64_t y1 = top + image->height > size ? size : top + image->height;
    if (x0 >= x1 || y0 >= y1)
        return;
    for (int64_t py = y0; py < y1; py++) {
        uint8_t *row = canvas->mask + py * size;
        const uint8_t *from = image->coverage + (py - top) * image->width - left;
        for (int64_t px = x0; px < x1; px++)
            if (from[px] > row[px])
                row[px] = from[px];
    }
    ink->left = x0 < ink->left ? (int32_t)x0 : ink->left;
    ink->top = y0 < ink->top ? (int32_t)y0 : ink->top;
    ink->right = x1 > ink->right ? (int32_t)x1 : ink->right;
    ink->bottom = y1 > ink->bottom ? (int32_t)y1 : ink->bottom;
}

static void lay_ink(struct canvas *canvas, struct ink ink, struct colour colour, double opacity)
{
    uint32_t most = (uint32_t)(255 * opacity * colour.a + 0.5), paint = opaque(colour);
    for (int32_t y = ink.top; y < ink.bottom; y++) {
        uint8_t *mask = canvas->mask + (size_t)y * canvas->size_px;
        uint32_t *row = canvas->pixels + (size_t)y * canvas->size_px;
        for (int32_t x = ink.left; x < ink.right; x++) {
            uint32_t ink_here = (mask[x] + INK_STEP / 2u) / INK_STEP * INK_STEP;
            if (ink_here)
                row[x] = over(row[x], paint, (ink_here * most + 127) / 255);
            mask[x] = 0;
        }
    }
    if (ink.left < ink.right && most)
        canvas->drawn = true;
}

static void text_pass(struct canvas *canvas, const struct glyph_run *runs, size_t n_runs,
                      const struct fixed *origins_64, const struct text_look *look, bool halo)
{
    struct ink ink = {INT32_MAX, INT32_MAX, 0, 0};
    double size_px = look->size_px * canvas->scale;
    double halo_px = halo ? look->halo_px * canvas->scale : 0;
    for (size_t r = 0; r < n_runs; r++) {
        for (uint32_t i = 0; i < runs[r].n; i++) {
            const struct glyph *glyph = &runs[r].glyphs[i];
            int64_t x = origins_64[r].x + (int64_t)glyph->x_64 * canvas->scale + 8;
            int64_t y = origins_64[r].y + (int64_t)glyph->y_64 * canvas->scale + 32;
            const struct glyph_image *image =
                font_glyph(canvas->fonts, glyph, size_px, (uint32_t)(x >> 4 & 3), halo_px);
            if (image)
                ink_glyph(canvas, image, x >> 6, y >> 6, &ink);
        }
    }
    lay_ink(canvas, ink, halo ? look->halo_colour : look->colour, look->opacity);
}

void canvas_text(struct canvas *canvas, const struct glyph_run *runs, size_t n_runs,
                 const struct fixed *origins_64, const struct text_look *look)
{
    if (look->halo_px > 0 && look->halo_colour.a > 0)
        text_pass(canvas, runs, n_runs, origins_64, look, true);
    text_pass(canvas, runs, n_runs, origins_64, look, false);
}
