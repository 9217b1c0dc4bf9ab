/* Text into glyphs: fonts for its characters, runs for its directions and scripts. */
#include "styles/font_private.h"

#include "data/base/text.h"

#include <fribidi.h>
#include <hb.h>
#include <math.h>
#include <string.h>

static const uint32_t GETA_MARK = 0x3013; /* the printer's stand-in for a missing character */

/* A line longer than this is not a label. */
enum { MOST_CHARACTERS = 512 };

struct shaped_glyph {
    uint32_t id, file;
    int32_t advance, x_offset, y_offset; /* in units of the font */
};

struct shaped {
    uint32_t stack, n;
    const char *text;
    struct shaped_glyph *glyphs; /* from left to right */
    double width_em;
    double left_em, right_em, above_em, below_em; /* where ink of unusual letters ends */
};

/* ---- characters ---- */

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xFEFF || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) ||
           (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0000 && c <= 0xE01EF);
}

bool font_draws(uint32_t character)
{
    bool space = character == ' ' || character == 0xA0 || character == 0x1680 ||
                 (character >= 0x2000 && character <= 0x200A) || character == 0x202F ||
                 character == 0x205F || character == 0x3000;
    return !space && !is_control(character);
}

/* The first file of the stack that has the character; the stack's n_files if none has. */
static uint32_t file_for(const struct font_set *set, uint32_t stack, uint32_t character)
{
    uint32_t n = set->stacks[stack].n_files;
    hb_codepoint_t glyph;
    for (uint32_t f = 0; f < n; f++)
        if (hb_font_get_nominal_glyph(face_of(set, stack, f)->hb, character, &glyph))
            return f;
    return n;
}

/* Letters that run from right to left, by their blocks. */
static bool runs_left(uint32_t c)
{
    return (c >= 0x590 && c <= 0x8FF) || (c >= 0xFB1D && c <= 0xFDFF) ||
           (c >= 0xFE70 && c <= 0xFEFE) || (c >= 0x10800 && c <= 0x10FFF) ||
           (c >= 0x1E800 && c <= 0x1EFFF);
}

struct line_text {
    uint32_t n;
    uint32_t characters[MOST_CHARACTERS];
    uint8_t files[MOST_CHARACTERS];
    FriBidiLevel levels[MOST_CHARACTERS]; /* odd: from right to left */
    hb_script_t scripts[MOST_CHARACTERS];
};

static enum err_code find_levels(struct line_text *line, struct err *err)
{
    FriBidiCharType types[MOST_CHARACTERS];
    FriBidiBracketType brackets[MOST_CHARACTERS];
    FriBidiParType direction = FRIBIDI_PAR_ON;
    int n = (int)line->n;
    fribidi_get_bidi_types(line->characters, n, types);
    fribidi_get_bracket_types(line->characters, n, types, brackets);
    return fribidi_get_par_embedding_levels_ex(types, brackets, n, &direction, line->levels) == 0
               ? err_nomem(err)
               : ERR_OK;
}

/* Marks and digits go with the letters before them, else with those after. */
static void find_scripts(struct line_text *line)
{
    hb_unicode_funcs_t *unicode = hb_unicode_funcs_get_default();
    hb_script_t last = HB_SCRIPT_COMMON;
    for (uint32_t i = 0; i < line->n; i++) {
        hb_script_t script = hb_unicode_script(unicode, line->characters[i]);
        if (script != HB_SCRIPT_COMMON && script != HB_SCRIPT_INHERITED &&
            script != HB_SCRIPT_UNKNOWN) {
            for (uint32_t k = i; last == HB_SCRIPT_COMMON && k > 0; k--)
                line->scripts[k - 1] = script;
            last = script;
        }
        line->scripts[i] = last;
    }
}

static enum err_code read_line(const struct font_set *set, uint32_t stack, const char *text,
                               struct line_text *line, struct err *err)
{
    uint32_t none = set->stacks[stack].n_files;
    bool leftward = false;
    line->n = 0;
    for (uint32_t c; line->n < MOST_CHARACTERS && (c = text_next(&text)) != 0;) {
        if (is_control(c))
            continue;
        uint32_t file = file_for(set, stack, c);
        if (file == none) {
            c = GETA_MARK;
            file = file_for(set, stack, c);
        }
        if (file == none)
            continue;
        leftward = leftward || runs_left(c);
        line->characters[line->n] = c;
        line->levels[line->n] = 0;
        line->files[line->n++] = (uint8_t)file;
    }
    find_scripts(line);
    return leftward ? find_levels(line, err) : ERR_OK;
}

/* ---- runs ---- */

/* Characters that are shaped together. */
struct text_run {
    uint32_t first, end;
};

static size_t split_runs(const struct line_text *line, struct text_run runs[MOST_CHARACTERS])
{
    size_t n = 0;
    for (uint32_t i = 0; i < line->n; i++) {
        bool same = i > 0 && line->files[i] == line->files[i - 1] &&
                    line->levels[i] == line->levels[i - 1] &&
                    line->scripts[i] == line->scripts[i - 1];
        if (same)
            runs[n - 1].end = i + 1;
        else
            runs[n++] = (struct text_run){i, i + 1};
    }
    return n;
}

/* From the highest level down, whatever lies at it or above is turned round: rule L2 of UAX 9. */
static void order_runs(const struct line_text *line, struct text_run *runs, size_t n)
{
    FriBidiLevel highest = 0;
    for (uint32_t i = 0; i < line->n; i++)
        highest = line->levels[i] > highest ? line->levels[i] : highest;
    for (FriBidiLevel level = highest; level > 0; level--) {
        for (size_t first = 0; first < n; first++) {
            size_t end = first;
            while (end < n && line->levels[runs[end].first] >= level)
                end++;
            for (size_t i = first, k = end; i + 1 < k; i++) {
                struct text_run other = runs[--k];
                runs[k] = runs[i];
                runs[i] = other;
            }
            first = end > first ? end - 1 : first;
        }
    }
}

/* Letters that stay in their em box, but for the tenth that labels allow for. */
static bool is_plain(uint32_t c)
{
    return c < 0x250 || (c >= 0x2E80 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7AF) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFF00 && c <= 0xFF60) ||
           (c >= 0x20000 && c <= 0x3FFFF);
}

/* Takes the ink of a glyph, at the end of the text so far, into its bounds. */
static void add_ink(const struct face *face, const struct shaped_glyph *glyph, struct shaped *out)
{
    hb_glyph_extents_t ink;
    double unit = 1.0 / face->units_per_em;
    if (!hb_font_get_glyph_extents(face->hb, glyph->id, &ink))
        return;
    double left = out->width_em + (glyph->x_offset + ink.x_bearing) * unit;
    double top = (glyph->y_offset + ink.y_bearing) * unit;
    out->left_em = fmin(out->left_em, left);
    out->right_em = fmax(out->right_em, left + ink.width * unit);
    out->above_em = fmax(out->above_em, top);
    out->below_em = fmax(out->below_em, -(top + ink.height * unit));
}

static enum err_code shape_run(struct font_set *set, uint32_t stack, const struct line_text *line,
                               struct text_run run, struct shaped *out, struct err *err)
{
    const struct face *face = face_of(set, stack, line->files[run.first]);
    bool leftward = line->levels[run.first] & 1, plain = true;
    unsigned count = 0;
    for (uint32_t i = run.first; i < run.end; i++)
        plain = plain && is_plain(line->characters[i]);
    hb_buffer_t *buffer = set->buffer;
    hb_buffer_reset(buffer);
    /* Shaped in font units: a text twice as large is exactly twice as wide. */
    hb_font_set_scale(face->hb, (int)face->units_per_em, (int)face->units_per_em);
    hb_buffer_add_utf32(buffer, line->characters, (int)line->n, run.first,
                        (int)(run.end - run.first));
    hb_buffer_set_direction(buffer, leftward ? HB_DIRECTION_RTL : HB_DIRECTION_LTR);
    hb_buffer_set_script(buffer, line->scripts[run.first]);
    hb_buffer_set_language(buffer, hb_language_from_string("zh-Hans", -1));
    hb_shape(face->hb, buffer, NULL, 0);
    const hb_glyph_info_t *infos = hb_buffer_get_glyph_infos(buffer, &count);
    const hb_glyph_position_t *positions = hb_buffer_get_glyph_positions(buffer, &count);
    struct shaped_glyph *glyphs =
        arena_new(&set->texts_arena, struct shaped_glyph, (size_t)out->n + count);
    if (!glyphs || !infos || !positions || !hb_buffer_allocation_successful(buffer))
        return err_nomem(err);
    if (out->n > 0)
        memcpy(glyphs, out->glyphs, out->n * sizeof *glyphs);
    out->glyphs = glyphs;
    for (unsigned i = 0; i < count; i++) {
        struct shaped_glyph *glyph = &glyphs[out->n++];
        *glyph = (struct shaped_glyph){.id = infos[i].codepoint,
                                       .file = line->files[run.first],
                                       .advance = positions[i].x_advance,
                                       .x_offset = positions[i].x_offset,
                                       .y_offset = positions[i].y_offset};
        if (!plain)
            add_ink(face, glyph, out);
        out->width_em += (double)glyph->advance / face->units_per_em;
    }
    return ERR_OK;
}

static enum err_code shape_text(struct font_set *set, uint32_t stack, const char *text,
                                const struct shaped **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct line_text line;
    struct text_run runs[MOST_CHARACTERS];
    struct shaped *shaped = arena_new(&set->texts_arena, struct shaped, 1);
    TRY(shaped ? ERR_OK : err_nomem(err));
    *shaped = (struct shaped){.stack = stack, .text = arena_strdup(&set->texts_arena, text)};
    TRY(shaped->text ? ERR_OK : err_nomem(err));
    TRY(read_line(set, stack, text, &line, err));
    size_t n = split_runs(&line, runs);
    order_runs(&line, runs, n);
    for (size_t i = 0; i < n; i++)
        TRY(shape_run(set, stack, &line, runs[i], shaped, err));
    *out = shaped;
done:
    return code;
}

/* ---- texts that are known ---- */

static uint64_t text_hash(uint32_t stack, const char *text)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ stack; /* FNV-1a */
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
    return hash ^ hash >> 32;
}

static enum err_code known_text(struct font_set *set, uint32_t stack, const char *text,
                                const struct shaped **out, struct err *err)
{
    enum err_code code = ERR_OK;
    uint64_t hash = text_hash(stack, text);
    if (set->n_texts >= MOST_TEXTS || set->texts_arena.used_bytes >= MOST_TEXT_BYTES) {
        memset(set->texts, 0, (size_t)2 * MOST_TEXTS * sizeof *set->texts);
        arena_reset(&set->texts_arena);
        set->n_texts = 0;
    }
    size_t at = (size_t)hash & (2 * MOST_TEXTS - 1);
    for (; set->texts[at].shaped; at = (at + 1) & (2 * MOST_TEXTS - 1)) {
        *out = set->texts[at].shaped;
        if (set->texts[at].hash == hash && (*out)->stack == stack &&
            strcmp((*out)->text, text) == 0)
            return ERR_OK;
    }
    TRY(shape_text(set, stack, text, out, err));
    set->texts[at] = (struct text_slot){hash, *out};
    set->n_texts++;
done:
    return code;
}

enum err_code font_shape(struct font_set *set, const struct text_size *size, const char *text,
                         struct arena *arena, struct glyph_run *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct shaped *shaped;
    *out = (struct glyph_run){0};
    TRY(known_text(set, size->stack, text, &shaped, err));
    out->glyphs = arena_new(arena, struct glyph, shaped->n);
    TRY(out->glyphs ? ERR_OK : err_nomem(err));
    for (uint32_t i = 0; i < shaped->n; i++) {
        const struct shaped_glyph *glyph = &shaped->glyphs[i];
        double scale = size->size_px * 64 / face_of(set, size->stack, glyph->file)->units_per_em;
        out->glyphs[out->n++] =
            (struct glyph){.stack = (uint16_t)size->stack,
                           .file = (uint8_t)glyph->file,
                           .id = glyph->id,
                           .x_64 = out->width_64 + (int32_t)lround(glyph->x_offset * scale),
                           .y_64 = -(int32_t)lround(glyph->y_offset * scale)};
        out->width_64 += (int32_t)lround(glyph->advance * scale + size->letter_spacing_px * 64);
    }
    if (out->n > 0)
        out->width_64 -= (int32_t)lround(size->letter_spacing_px * 64); /* none after the last */
    out->above_px = fmax(0, shaped->above_em - 0.88) * size->size_px;
    out->below_px = fmax(0, shaped->below_em - 0.12) * size->size_px;
    out->beside_px =
        fmax(0, fmax(-shaped->left_em, shaped->right_em - shaped->width_em)) * size->size_px;
done:
    return code;
}

struct font_height font_height(struct font_set *set, uint32_t stack, double size_px)
{
    /* The em box of an ideograph: 0.88 above and 0.12 below the base line in every CJK font
     * (OpenType specification, baseline tag "ideo"). */
    (void)set;
    (void)stack;
    return (struct font_height){size_px * 0.88, size_px * 0.12};
}
