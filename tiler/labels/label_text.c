#include "tiler/labels/label_text.h"

#include "data/base/text.h"

#include <math.h>
#include <string.h>

enum {
    MOST_LINES = 8,
    /* A longer name is cut there: it would cover the places that others stand for. */
    MOST_CHARACTERS = 160,
    FARTHEST_EM = 10, /* between two letters: farther apart nobody reads a word */
};

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

struct fixed_px {
    double left, top;
};

struct line {
    const char *start;
    size_t n_bytes;
};

/* About how wide a character is, in 1/100 of the text's size. */
static size_t width_of(uint32_t c)
{
    enum { IDEOGRAPH = 100, SPACE = 25, LETTER = 55 };
    bool full = is_ideograph(c) || (c >= 0xFF00 && c <= 0xFF60);
    return full ? IDEOGRAPH : c == ' ' ? SPACE : font_draws(c) ? LETTER : 0;
}

static size_t text_width(const char *text)
{
    size_t width = 0;
    for (uint32_t c; (c = text_next(&text)) != 0;)
        width += width_of(c);
    return width;
}

/* Breaks text into lines of about equal width, each at most `most_em` wide where a place to break
 * can be found. */
static size_t break_lines(const char *text, double most_em, struct line lines[MOST_LINES])
{
    double width = (double)text_width(text);
    double wanted = fmin(ceil(width / (fmax(1, most_em) * 100)), MOST_LINES);
    double each = width / fmax(1, wanted);
    const char *at = text, *start = text;
    double in_line = 0;
    size_t n = 0;
    uint32_t before = 0;
    while (*at) {
        const char *here = at;
        uint32_t c = text_next(&at);
        double next = (double)width_of(c);
        bool may_break =
            here > start &&
            (before == ' ' || ((is_ideograph(c) || is_ideograph(before)) && !closes(c)));
        /* Past the middle of the character the line would be longer than its share. */
        if (c == '\n' || (may_break && in_line + next / 2 > each && n + 1 < MOST_LINES)) {
            lines[n++] = (struct line){start, (size_t)(here - start)};
            start = c == '\n' ? at : here;
            in_line = 0;
            if (n == MOST_LINES)
                return n;
        }
        in_line += next;
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

/* The first MOST_CHARACTERS of a name, and a sign that it goes on; NULL if nothing of it can be
 * seen. */
static const char *readable(const char *text, struct arena *arena)
{
    bool visible = false;
    size_t n = 0;
    const char *at = text ? text : "", *end = at;
    for (uint32_t c; (c = text_next(&at)) != 0;) {
        visible = visible || font_draws(c);
        if (++n == MOST_CHARACTERS)
            end = at;
    }
    if (!visible)
        return NULL;
    return n > MOST_CHARACTERS ? arena_printf(arena, "%.*s\xE2\x80\xA6", (int)(end - text), text)
                               : text;
}

static void wish_icon(const struct style_layer *layer, const struct eval *eval,
                      struct label_wish *out)
{
    enum { ICON_PX = 16 }; /* the built-in symbols at icon-size 1 */
    struct label_look *look = &out->look;
    const char *name = style_text(layer, PROP_ICON_IMAGE, eval);
    if (!name || !icon_by_name(name, &look->icon))
        return;
    look->icon_px = ICON_PX * style_number(layer, PROP_ICON_SIZE, eval);
    look->icon_colour = style_colour(layer, PROP_ICON_COLOR, eval);
    look->icon_opacity = style_number(layer, PROP_ICON_OPACITY, eval);
    look->icon_halo = style_colour(layer, PROP_ICON_HALO_COLOR, eval);
    look->icon_halo_px = style_number(layer, PROP_ICON_HALO_WIDTH, eval);
    out->icon_may_overlap = style_bool(layer, PROP_ICON_ALLOW_OVERLAP, eval);
}

static void wish_line(const struct style_layer *layer, const struct eval *eval,
                      struct label_wish *out)
{
    out->placement = (enum symbol_placement)style_choice(layer, PROP_SYMBOL_PLACEMENT, eval);
    if (out->placement == PLACE_POINT)
        return;
    out->spacing_px = style_number(layer, PROP_SYMBOL_SPACING, eval);
    out->alignment = (enum text_alignment)style_choice(layer, PROP_TEXT_ROTATION_ALIGNMENT, eval);
    out->max_angle_deg = style_number(layer, PROP_TEXT_MAX_ANGLE, eval);
    out->keep_upright = style_bool(layer, PROP_TEXT_KEEP_UPRIGHT, eval);
    out->max_width_em = MOST_CHARACTERS; /* one line */
}

static void wish_text(const struct style_layer *layer, const struct eval *eval,
                      struct label_wish *out)
{
    struct text_look *look = &out->look.text;
    double size = style_number(layer, PROP_TEXT_SIZE, eval);
    look->size_px = size;
    look->colour = style_colour(layer, PROP_TEXT_COLOR, eval);
    look->opacity = style_number(layer, PROP_TEXT_OPACITY, eval);
    look->halo_colour = style_colour(layer, PROP_TEXT_HALO_COLOR, eval);
    look->halo_px = fmin(style_number(layer, PROP_TEXT_HALO_WIDTH, eval), size / 4);
    out->font_stack = layer->font_stack;
    out->anchor = style_anchor(layer, eval);
    out->flush = flush_side(style_choice(layer, PROP_TEXT_JUSTIFY, eval), out->anchor);
    out->offset_px[0] = layer->text_offset_em[0] * size;
    out->offset_px[1] = layer->text_offset_em[1] * size;
    out->padding_px = style_number(layer, PROP_TEXT_PADDING, eval);
    out->line_height_px = style_number(layer, PROP_TEXT_LINE_HEIGHT, eval) * size;
    double spacing_em = style_number(layer, PROP_TEXT_LETTER_SPACING, eval);
    out->letter_spacing_px = fmax(-FARTHEST_EM, fmin(FARTHEST_EM, spacing_em)) * size;
    out->text_may_overlap = style_bool(layer, PROP_TEXT_ALLOW_OVERLAP, eval);
    out->text_optional = style_bool(layer, PROP_TEXT_OPTIONAL, eval);
}

const char *label_wish_text(const struct style_layer *layer, const struct eval *eval)
{
    if (style_number(layer, PROP_TEXT_SIZE, eval) < 1)
        return NULL;
    return readable(style_text(layer, PROP_TEXT_FIELD, eval), eval->arena);
}

bool label_wish_shared(const struct style_layer *layer)
{
    for (int i = 0; i < PROP_COUNT; i++)
        if (layer->properties[i] && i != PROP_TEXT_FIELD && i != PROP_SYMBOL_SORT_KEY &&
            expr_depends(layer->properties[i]) & EXPR_FEATURE)
            return false;
    return true;
}

/* All that does not depend on whether there is a text. */
static void wish_rest(const struct style_layer *layer, const struct eval *eval,
                      struct label_wish *out)
{
    memset(out, 0, sizeof *out);
    out->max_width_em = style_number(layer, PROP_TEXT_MAX_WIDTH, eval);
    wish_line(layer, eval, out);
    wish_icon(layer, eval, out);
}

void label_wish_all(const struct style_layer *layer, const struct eval *eval,
                    struct label_wish *out)
{
    wish_rest(layer, eval, out);
    wish_text(layer, eval, out);
}

void label_wish_of(const struct style_layer *layer, const struct eval *eval, struct label_wish *out)
{
    wish_rest(layer, eval, out);
    out->text = label_wish_text(layer, eval);
    if (out->text)
        wish_text(layer, eval, out);
}

/* ---- hashes ---- */

static uint64_t mixed(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0xBF58476D1CE4E5B9); /* of splitmix64 */
    return hash ^ hash >> 32;
}

uint64_t label_hash(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    uint64_t word;
    hash = mixed(hash, n);
    for (; n >= sizeof word; n -= sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        hash = mixed(hash, word);
    }
    word = 0;
    memcpy(&word, at, n);
    return mixed(hash, word);
}

uint64_t label_wish_hash(const struct label_wish *wish)
{
    struct label_wish copy;
    memcpy(&copy, wish, sizeof copy);
    copy.text = NULL;
    uint64_t hash = label_hash(0, &copy, sizeof copy);
    return wish->text ? label_hash(hash, wish->text, strlen(wish->text)) : hash;
}

/* ---- boxes ---- */

struct px_box label_icon_box(const struct label_wish *wish)
{
    int32_t half = (int32_t)ceil(wish->look.icon_px / 2 + wish->look.icon_halo_px + 1);
    return (struct px_box){-half, -half, half, half};
}

/* What letters may touch round a box of lines. */
static struct px_box inked(const struct text_look *look, double left, double top, double width,
                           double height)
{
    /* An ideograph fills its em box; g and j reach below it by a tenth, accents above. */
    double over = look->halo_px + 1 + look->size_px * 0.12;
    double beside = look->halo_px + 1;
    return (struct px_box){(int32_t)floor(left - beside), (int32_t)floor(top - over),
                           (int32_t)ceil(left + width + beside),
                           (int32_t)ceil(top + height + over)};
}

/* Where the text's box begins. */
static struct fixed_px corner_of(const struct label_wish *wish, double width, double height)
{
    return (struct fixed_px){wish->offset_px[0] - width * (wish->anchor.x + 1) / 2,
                             wish->offset_px[1] - height * (wish->anchor.y + 1) / 2};
}

struct px_box label_text_least(const struct label_wish *wish)
{
    double height = wish->look.text.size_px; /* of one line */
    struct fixed_px corner = corner_of(wish, 0, height);
    return inked(&wish->look.text, corner.left, corner.top, 0, height);
}

/* ---- layout ---- */

/* Puts the letters of a line where they stand. */
static void add_line(const struct glyph_run *run, double left, double base, struct label_text *out)
{
    /* Base lines lie between two rows of pixels: crisp at both scales. */
    int64_t x = llround(left * 64), y = llround(base) * 64;
    for (uint32_t i = 0; i < run->n; i++) {
        struct glyph glyph = run->glyphs[i];
        glyph.x_64 += (int32_t)x;
        glyph.y_64 += (int32_t)y;
        out->glyphs[out->n_glyphs++] = glyph;
    }
}

enum err_code label_text_lay_out(const struct label_wish *wish, struct font_set *fonts,
                                 struct arena *arena, struct label_text *out, struct err *err)
{
    struct line lines[MOST_LINES];
    struct glyph_run runs[MOST_LINES];
    const struct text_look *look = &wish->look.text;
    struct text_size size = {wish->font_stack, look->size_px, wish->letter_spacing_px};
    size_t n = break_lines(wish->text, wish->max_width_em, lines), n_glyphs = 0;
    double width = 0, above = 0, below = 0, beside = 0;
    for (size_t i = 0; i < n; i++) {
        enum err_code code = shape_line(fonts, &size, &lines[i], arena, &runs[i], err);
        if (code != ERR_OK)
            return code;
        width = fmax(width, runs[i].width_64 / 64.0);
        above = fmax(above, runs[i].above_px);
        below = fmax(below, runs[i].below_px);
        beside = fmax(beside, runs[i].beside_px);
        n_glyphs += runs[i].n;
    }
    *out = (struct label_text){.glyphs = arena_new(arena, struct glyph, n_glyphs)};
    if (!out->glyphs)
        return err_nomem(err);
    double height = (double)(n - 1) * wish->line_height_px + look->size_px;
    struct fixed_px corner = corner_of(wish, width, height);
    struct font_height font = font_height(fonts, wish->font_stack, look->size_px);
    for (size_t i = 0; i < n; i++)
        add_line(&runs[i], corner.left + (width - runs[i].width_64 / 64.0) * wish->flush,
                 corner.top + (double)i * wish->line_height_px + font.above_px, out);
    out->ink = inked(look, corner.left - beside, corner.top - above, width + 2 * beside,
                     height + above + below);
    return ERR_OK;
}
