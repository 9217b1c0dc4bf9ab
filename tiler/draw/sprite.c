#include "tiler/draw/sprite.h"

#include "tiler/draw/image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- patterns ---- */

/* The share of a pixel that `inside` says yes to, at 4 x 4 places in it. */
static uint8_t sampled(uint32_t x, uint32_t y, bool (*inside)(double x, double y, double period),
                       double period)
{
    int hits = 0;
    for (int i = 0; i < 16; i++) {
        int across = i % 4, down = i / 4;
        hits += inside(x + (across + 0.5) / 4, y + (down + 0.5) / 4, period);
    }
    return (uint8_t)(hits * 255 / 16);
}

/* Stripes cover a quarter of their period along x: 1.4 of 8 px across. */
static bool in_hatch(double x, double y, double period)
{
    return fmod(x + y, period) < period / 4;
}

static bool in_back_hatch(double x, double y, double period)
{
    return fmod(x - y + period, period) < period / 4;
}

static bool in_cross(double x, double y, double period)
{
    return in_hatch(x, y, period) || in_back_hatch(x, y, period);
}

static bool in_dense(double x, double y, double period)
{
    double half = period / 2;
    return fmod(x + y, half) < half * 0.3 || fmod(x - y + period, half) < half * 0.3;
}

static bool in_dots(double x, double y, double period)
{
    double radius = period * 0.2;
    return hypot(x - period * 0.25, y - period * 0.25) < radius ||
           hypot(x - period * 0.75, y - period * 0.75) < radius;
}

static bool in_lines(double x, double y, double period)
{
    (void)x;
    return fmod(y + period * 0.25, period) < period * 0.15;
}

void sprite_pattern(enum pattern_kind kind, uint32_t scale, uint8_t *out)
{
    static bool (*const shapes[])(double, double, double) = {[PATTERN_NONE] = in_hatch,
                                                             [PATTERN_HATCH] = in_hatch,
                                                             [PATTERN_HATCH_BACK] = in_back_hatch,
                                                             [PATTERN_CROSS] = in_cross,
                                                             [PATTERN_DENSE] = in_dense,
                                                             [PATTERN_DOTS] = in_dots,
                                                             [PATTERN_LINES] = in_lines};
    uint32_t period = PATTERN_PX * scale;
    for (uint32_t y = 0; y < period; y++)
        for (uint32_t x = 0; x < period; x++)
            out[y * period + x] = sampled(x, y, shapes[kind], period);
}

/* ---- symbols ---- */

size_t sprite_icon_corners(enum icon icon, struct icon_corner out[ICON_CORNERS_MOST])
{
    static const struct icon_corner square[] = {{-.8, -.8}, {.8, -.8}, {.8, .8}, {-.8, .8}};
    static const struct icon_corner diamond[] = {{0, -1}, {1, 0}, {0, 1}, {-1, 0}};
    static const struct icon_corner triangle[] = {{0, -1}, {1, .75}, {-1, .75}};
    size_t n = 0;
    switch (icon) {
    case ICON_SQUARE:
        memcpy(out, square, sizeof square);
        return 4;
    case ICON_DIAMOND:
        memcpy(out, diamond, sizeof diamond);
        return 4;
    case ICON_TRIANGLE:
        memcpy(out, triangle, sizeof triangle);
        return 3;
    case ICON_STAR:
        for (; n < ICON_CORNERS_MOST; n++) {
            double radius = n % 2 ? 0.45 : 1.0, angle = M_PI * (double)n / 5;
            out[n] = (struct icon_corner){radius * sin(angle), -radius * cos(angle)};
        }
        return n;
    case ICON_NONE:
    case ICON_CIRCLE:
    case ICON_CROSS:
        break;
    }
    return 0;
}

static double distance_to_edge(struct icon_corner at, struct icon_corner a, struct icon_corner b)
{
    double dx = b.x - a.x, dy = b.y - a.y;
    double t = ((at.x - a.x) * dx + (at.y - a.y) * dy) / (dx * dx + dy * dy);
    t = fmax(0, fmin(1, t));
    return hypot(at.x - a.x - dx * t, at.y - a.y - dy * t);
}

/* From a place to the symbol's edge, negative inside. */
static double distance_to_icon(enum icon icon, struct icon_corner at)
{
    if (icon == ICON_CIRCLE)
        return hypot(at.x, at.y) - ICON_CIRCLE_RADIUS;
    if (icon == ICON_CROSS) {
        const double arm = ICON_CROSS_REACH;
        return fmin(distance_to_edge(at, (struct icon_corner){-arm, -arm},
                                     (struct icon_corner){arm, arm}),
                    distance_to_edge(at, (struct icon_corner){-arm, arm},
                                     (struct icon_corner){arm, -arm})) -
               ICON_CROSS_HALF;
    }
    struct icon_corner corners[ICON_CORNERS_MOST];
    size_t n = sprite_icon_corners(icon, corners);
    double least = INFINITY;
    bool inside = false;
    for (size_t i = 0; i < n; i++) {
        struct icon_corner a = corners[i], b = corners[(i + 1) % n];
        least = fmin(least, distance_to_edge(at, a, b));
        if ((a.y > at.y) != (b.y > at.y) && at.x < a.x + (b.x - a.x) * (at.y - a.y) / (b.y - a.y))
            inside = !inside;
    }
    return inside ? -least : least;
}

/* ---- the sheet ---- */

/* Symbols in the first row, each with room for its halo; below a row of each kind of pattern. */
enum {
    ROOM_PX = 4,
    CELL_PX = ICON_PX + 2 * ROOM_PX,
    N_ICONS = ICON_CROSS,
    N_KINDS = PATTERN_LINES,
    SHEET_WIDTH = N_ICONS * CELL_PX,
    SHEET_HEIGHT = CELL_PX + N_KINDS * PATTERN_PX,
    /* MapLibre: an alpha of 192 is the edge, 8 px are 256 steps. */
    EDGE_ALPHA = 192,
    ALPHA_A_PX = 32,
};

static void write_place(struct jw *jw, const char *name, uint32_t x, uint32_t y, uint32_t size,
                        uint32_t scale)
{
    jw_key(jw, name);
    jw_object(jw);
    jw_kv_integer(jw, "x", (int64_t)x * scale);
    jw_kv_integer(jw, "y", (int64_t)y * scale);
    jw_kv_integer(jw, "width", (int64_t)size * scale);
    jw_kv_integer(jw, "height", (int64_t)size * scale);
    jw_kv_integer(jw, "pixelRatio", scale);
    if (size == CELL_PX)
        jw_kv_bool(jw, "sdf", true);
    jw_end_object(jw);
}

void sprite_write_json(uint32_t scale, struct jw *jw)
{
    char name[PATTERN_NAME_BYTES];
    jw_object(jw);
    for (uint32_t i = 0; i < N_ICONS; i++)
        write_place(jw, icon_name((enum icon)(i + 1)), i * CELL_PX, 0, CELL_PX, scale);
    for (uint32_t kind = 0; kind < N_KINDS; kind++)
        for (uint32_t i = 0; pattern_name((enum pattern_kind)(kind + 1), i, name); i++)
            write_place(jw, name, i * PATTERN_PX, CELL_PX + kind * PATTERN_PX, PATTERN_PX, scale);
    jw_end_object(jw);
}

static void draw_icon(uint32_t *pixels, uint32_t scale, enum icon icon)
{
    uint32_t size = CELL_PX * scale, left = (uint32_t)(icon - 1) * size;
    for (uint32_t y = 0; y < size; y++) {
        for (uint32_t x = 0; x < size; x++) {
            double px = (x + 0.5) / scale - CELL_PX / 2.0, py = (y + 0.5) / scale - CELL_PX / 2.0;
            double half = ICON_PX / 2.0;
            double out = distance_to_icon(icon, (struct icon_corner){px / half, py / half}) * half;
            double alpha = fmax(0, fmin(255, floor(EDGE_ALPHA - ALPHA_A_PX * out + 0.5)));
            pixels[(size_t)y * SHEET_WIDTH * scale + left + x] =
                (uint32_t)alpha * 0x01010101U; /* white */
        }
    }
}

static void draw_pattern(uint32_t *pixels, uint32_t scale, const struct pattern *pattern,
                         uint32_t left, uint32_t top)
{
    uint8_t coverage[4 * PATTERN_PX * PATTERN_PX];
    uint32_t size = PATTERN_PX * scale;
    const struct colour *c = &pattern->colour;
    sprite_pattern(pattern->kind, scale, coverage);
    for (uint32_t i = 0; i < size * size; i++) {
        double share = coverage[i] / 255.0;
        uint32_t r = (uint32_t)(c->r * share + 0.5), g = (uint32_t)(c->g * share + 0.5),
                 b = (uint32_t)(c->b * share + 0.5);
        size_t x = (size_t)left * scale + i % size, y = (size_t)top * scale + i / size;
        size_t at = y * SHEET_WIDTH * scale + x;
        pixels[at] = (uint32_t)coverage[i] << 24 | b << 16 | g << 8 | r;
    }
}

enum err_code sprite_write_png(uint32_t scale, struct buf *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct image_writer *writer = NULL;
    uint32_t width = SHEET_WIDTH * scale, height = SHEET_HEIGHT * scale;
    uint32_t *pixels = calloc((size_t)width * height, sizeof *pixels);
    if (!pixels)
        return err_nomem(err);
    TRY(image_writer_new(&writer, err));
    for (int icon = ICON_CIRCLE; icon <= N_ICONS; icon++)
        draw_icon(pixels, scale, (enum icon)icon);
    for (uint32_t kind = 0; kind < N_KINDS; kind++) {
        char name[PATTERN_NAME_BYTES];
        struct pattern pattern;
        for (uint32_t i = 0; pattern_name((enum pattern_kind)(kind + 1), i, name); i++)
            if (pattern_by_name(name, &pattern))
                draw_pattern(pixels, scale, &pattern, i * PATTERN_PX, CELL_PX + kind * PATTERN_PX);
    }
    const struct image sheet = {pixels, width, height, IMAGE_TRUE};
    TRY(image_write_png(writer, &sheet, out, err));
done:
    image_writer_free(writer);
    free(pixels);
    return code;
}
