#include "tiler/tiles/label_text.h"

#include "data/base/text.h"

#include <math.h>
#include <string.h>

enum { MOST_LINES = 8 };

/* Between ideographs a line may be broken anywhere, else at spaces. */
static bool is_ideograph(uint32_t c)
{
    return (c >= 0x2E80 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7AF) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
}

/* Marks that must not begin a line. */
static bool closes(uint32_t c)
{
    return c == 0x3002 || c == 0xFF0C || c == 0x3001 || c == 0xFF09 || c == 0x300B || c == ')' ||
           c == ',' || c == '.' || c == 0xFF1A || c == 0xFF1B;
}

struct line {
    const char *start;
    size_t n_bytes;
};

/* Breaks text into lines of about equal length, each at most `most` characters where a place
 * to break can be found. */
static size_t break_lines(const char *text, double most, struct line lines[MOST_LINES])
{
    size_t length = text_length(text), n = 0;
    double wanted = ceil((double)length / fmax(1, most));
    wanted = fmin(wanted, MOST_LINES);
    double each = ceil((double)length / fmax(1, wanted));
    const char *at = text, *start = text;
    size_t in_line = 0;
    uint32_t before = 0;
    while (*at) {
        const char *here = at;
        uint32_t c = text_next(&at);
        bool may_break =
            here > start &&
            (before == ' ' || ((is_ideograph(c) || is_ideograph(before)) && !closes(c)));
        if (c == '\n' || (may_break && (double)in_line >= each && n + 1 < MOST_LINES)) {
            lines[n++] = (struct line){start, (size_t)(here - start)};
            start = c == '\n' ? at : here;
            in_line = 0;
            if (n == MOST_LINES)
                return n;
        }
        in_line++;
        before = c;
    }
    if (at > start)
        lines[n++] = (struct line){start, (size_t)(at - start)};
    return n;
}

static enum err_code shape_line(struct font_set *fonts, const struct text_size *size,
                                const struct line *line, struct arena *arena, struct glyph_run *run,
                                struct err *err)
{
    char *text = arena_strndup(arena, line->start, line->n_bytes);
    return text ? font_shape(fonts, size, text_trim(text), arena, run, err) : err_nomem(err);
}

/* How much of what a line is shorter than the longest lies left of it. */
static double flush_side(int justify, struct anchor anchor)
{
    switch ((enum text_justify)justify) {
    case JUSTIFY_LEFT:
        return 0;
    case JUSTIFY_RIGHT:
        return 1;
    case JUSTIFY_AUTO: /* the side of the anchor */
        return (anchor.x + 1) / 2.0;
    case JUSTIFY_CENTER:
        break;
    }
    return 0.5;
}

enum err_code label_text_layout(const struct style_layer *layer, const struct eval *eval,
                                struct font_set *fonts, struct arena *arena, struct placed *out,
                                struct err *err)
{
    const char *text = style_text(layer, PROP_TEXT_FIELD, eval);
    struct text_look *look = &out->look;
    look->size_px = style_number(layer, PROP_TEXT_SIZE, eval);
    if (!text || look->size_px < 1)
        return ERR_OK;
    look->colour = style_colour(layer, PROP_TEXT_COLOR, eval);
    look->opacity = style_number(layer, PROP_TEXT_OPACITY, eval);
    look->halo_colour = style_colour(layer, PROP_TEXT_HALO_COLOR, eval);
    look->halo_px = fmin(style_number(layer, PROP_TEXT_HALO_WIDTH, eval), look->size_px / 4);
    struct line lines[MOST_LINES];
    size_t n = break_lines(text, style_number(layer, PROP_TEXT_MAX_WIDTH, eval), lines);
    struct glyph_run *runs = arena_new(arena, struct glyph_run, n);
    struct fixed *origins = arena_new(arena, struct fixed, n);
    if (!runs || !origins)
        return err_nomem(err);
    struct text_size size = {layer->font_stack, look->size_px,
                             style_number(layer, PROP_TEXT_LETTER_SPACING, eval) * look->size_px};
    for (size_t i = 0; i < n; i++) {
        enum err_code code = shape_line(fonts, &size, &lines[i], arena, &runs[i], err);
        if (code != ERR_OK)
            return code;
    }
    double line_px = style_number(layer, PROP_TEXT_LINE_HEIGHT, eval) * look->size_px;
    double width = 0, height = (double)(n - 1) * line_px + look->size_px;
    for (size_t i = 0; i < n; i++)
        width = fmax(width, runs[i].width_64 / 64.0);
    struct anchor anchor = style_anchor(layer, eval);
    double left = layer->text_offset_em[0] * look->size_px - width * (anchor.x + 1) / 2;
    double top = layer->text_offset_em[1] * look->size_px - height * (anchor.y + 1) / 2;
    struct font_height font = font_height(fonts, layer->font_stack, look->size_px);
    double flush = flush_side(style_choice(layer, PROP_TEXT_JUSTIFY, eval), anchor);
    for (size_t i = 0; i < n; i++) {
        double slack = (width - runs[i].width_64 / 64.0) * flush;
        double base = top + (double)i * line_px + font.above_px;
        origins[i] = (struct fixed){llround((left + slack) * 64), llround(base) * 64};
    }
    out->n_lines = n;
    out->lines = runs;
    out->origins_64 = origins;
    /* An ideograph fills its em box; g and j reach below it by a tenth, accents above. */
    double over = look->halo_px + 1 + look->size_px * 0.12;
    double beside = look->halo_px + 1;
    out->ink =
        (struct px_box){left - beside, top - over, left + width + beside, top + height + over};
    return ERR_OK;
}

/* ---- drawing ---- */

struct corner {
    double x, y; /* of half the symbol's size */
};

/* Corners of the built-in symbols, the same area to the eye. */
static size_t icon_corners(enum icon icon, struct corner out[10])
{
    static const struct corner square[] = {{-.8, -.8}, {.8, -.8}, {.8, .8}, {-.8, .8}};
    static const struct corner diamond[] = {{0, -1}, {1, 0}, {0, 1}, {-1, 0}};
    static const struct corner triangle[] = {{0, -1}, {1, .75}, {-1, .75}};
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
        for (; n < 10; n++) {
            double radius = n % 2 ? 0.45 : 1.0, angle = M_PI * (double)n / 5;
            out[n] = (struct corner){radius * sin(angle), -radius * cos(angle)};
        }
        return n;
    case ICON_NONE:
    case ICON_CIRCLE:
    case ICON_CROSS:
        break;
    }
    return 0;
}

/* Adds the outline of a symbol; grown > 0: with an edge of that width all round. */
static void add_icon(struct canvas *canvas, struct fixed centre, const struct placed *label,
                     double grown_px)
{
    double half = label->icon_px * canvas->scale / 2;
    grown_px *= canvas->scale;
    struct corner corners[10];
    struct fixed points[10];
    if (label->icon == ICON_CIRCLE) {
        stroke_disc(&canvas->raster, centre, half * 0.9 + grown_px);
        return;
    }
    struct stroke_style edge = {.width_px = 2 * grown_px, .join = JOIN_ROUND, .cap = CAP_ROUND};
    if (label->icon == ICON_CROSS) {
        int64_t arm = llround(half * 0.7 * FIXED_ONE);
        struct fixed falling[] = {{centre.x - arm, centre.y - arm},
                                  {centre.x + arm, centre.y + arm}};
        struct fixed rising[] = {{centre.x - arm, centre.y + arm},
                                 {centre.x + arm, centre.y - arm}};
        edge.width_px += half * 0.5;
        stroke_line(&canvas->stroker, &canvas->raster, falling, 2, false, &edge);
        stroke_line(&canvas->stroker, &canvas->raster, rising, 2, false, &edge);
        return;
    }
    size_t n = icon_corners(label->icon, corners);
    for (size_t i = 0; i < n; i++)
        points[i] = (struct fixed){centre.x + llround(corners[i].x * half * FIXED_ONE),
                                   centre.y + llround(corners[i].y * half * FIXED_ONE)};
    raster_ring(&canvas->raster, points, n);
    if (grown_px > 0)
        stroke_line(&canvas->stroker, &canvas->raster, points, n, true, &edge);
}

void placed_draw(const struct placed *label, struct canvas *canvas, int64_t left_px, int64_t top_px)
{
    int64_t scale = canvas->scale;
    int64_t x = (label->x_px - left_px) * scale, y = (label->y_px - top_px) * scale;
    struct fixed origins[MOST_LINES];
    for (size_t i = 0; i < label->n_lines; i++)
        origins[i] = (struct fixed){x * 64 + label->origins_64[i].x * scale,
                                    y * 64 + label->origins_64[i].y * scale};
    if (label->n_lines > 0)
        canvas_text(canvas, label->lines, label->n_lines, origins, &label->look);
    if (label->icon == ICON_NONE)
        return;
    struct fixed centre = {x * FIXED_ONE, y * FIXED_ONE};
    struct coat coat = {.colour = label->icon_colour, .opacity = label->icon_opacity};
    add_icon(canvas, centre, label, 0);
    canvas_lay(canvas, &coat);
    if (label->icon_halo_px > 0) {
        add_icon(canvas, centre, label, label->icon_halo_px);
        coat.colour = label->icon_halo;
        canvas_lay(canvas, &coat);
    }
}
