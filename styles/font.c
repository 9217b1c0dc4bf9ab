#include "styles/font.h"

#include "data/base/text.h"

#include <fontconfig/fontconfig.h>
#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_GLYPH_H
#include FT_STROKER_H
#include <hb-ot.h>
#include <hb.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t GETA_MARK = 0x3013; /* the printer's stand-in for a missing character */

enum {
    /* A line longer than this is not a label. */
    MOST_CHARACTERS = 512,
    /* Images kept; a city's map uses some hundreds. At the limit all go and start anew. */
    MOST_IMAGES = 16384,
};

struct face {
    const char *path;
    int index;
    FT_Face ft;
    hb_font_t *hb;
    uint32_t units_per_em;
};

struct image_slot {
    uint64_t key[2];
    struct glyph_image *image; /* NULL: the slot is free */
};

struct font_set {
    FT_Library library;
    FT_Stroker stroker;
    size_t n_stacks;
    struct font_stack *stacks;
    struct face **faces;      /* n_stacks x FONT_STACK_FILES; the same file is opened once */
    struct arena arena;       /* of images */
    struct image_slot *slots; /* 2 * MOST_IMAGES */
    size_t n_images;
};

/* ---- finding ---- */

/* Splits "Noto Sans CJK SC Bold" into family and style. */
static void split_name(const char *name, char *family, size_t n, const char **style)
{
    static const char *const styles[] = {"Thin", "Light",    "DemiLight", "Regular", "Medium",
                                         "Bold", "SemiBold", "Black",     "Italic",  "Oblique"};
    snprintf(family, n, "%s", name);
    *style = "Regular";
    char *space = strrchr(family, ' ');
    for (size_t i = 0; space && i < sizeof styles / sizeof styles[0]; i++) {
        if (strcmp(space + 1, styles[i]) == 0) {
            *style = styles[i];
            *space = '\0';
            return;
        }
    }
}

static bool has_text(FcPattern *pattern, const char *object, const char *wanted)
{
    FcChar8 *text;
    for (int i = 0; FcPatternGetString(pattern, object, i, &text) == FcResultMatch; i++)
        if (FcStrCmpIgnoreCase(text, (const FcChar8 *)wanted) == 0)
            return true;
    return false;
}

/* *found false if it is not installed. */
static enum err_code find_file(FcConfig *config, const char *name, struct arena *arena,
                               struct font_file *out, bool *found, struct err *err)
{
    char family[256];
    const char *style;
    split_name(name, family, sizeof family, &style);
    *found = false;
    FcPattern *wanted = FcPatternCreate();
    if (!wanted)
        return err_nomem(err);
    FcPatternAddString(wanted, FC_FAMILY, (const FcChar8 *)family);
    FcPatternAddString(wanted, FC_STYLE, (const FcChar8 *)style);
    FcConfigSubstitute(config, wanted, FcMatchPattern);
    FcDefaultSubstitute(wanted);
    FcResult result;
    FcPattern *match = FcFontMatch(config, wanted, &result);
    FcPatternDestroy(wanted);
    FcChar8 *path;
    enum err_code code = ERR_OK;
    if (match && has_text(match, FC_FAMILY, family) &&
        (has_text(match, FC_STYLE, style) ||
         (strcmp(style, "Regular") == 0 && has_text(match, FC_STYLE, "Book"))) &&
        FcPatternGetString(match, FC_FILE, 0, &path) == FcResultMatch) {
        *found = true;
        out->index = 0;
        (void)FcPatternGetInteger(match, FC_INDEX, 0, &out->index);
        out->index &= 0xFFFF; /* the upper half names an instance of a variable font */
        out->path = arena_strdup(arena, (const char *)path);
        if (!out->path)
            code = err_nomem(err);
    }
    if (match)
        FcPatternDestroy(match);
    return code;
}

enum err_code font_stack_find(const char *const *names, size_t n, struct arena *arena,
                              struct font_stack *out, struct err *err)
{
    /* What else Debian machines have for characters that the named fonts lack. */
    static const char *const helpers[] = {"Noto Sans CJK SC", "DejaVu Sans"};
    enum err_code code = ERR_OK;
    *out = (struct font_stack){0};
    FcConfig *config = FcInitLoadConfigAndFonts();
    if (!config)
        return err_set(err, ERR_IO, "fontconfig cannot be started: is it installed?");
    size_t n_helpers = sizeof helpers / sizeof helpers[0];
    for (size_t i = 0; i < n + n_helpers && out->n_files < FONT_STACK_FILES; i++) {
        const char *name = i < n ? names[i] : helpers[i - n];
        struct font_file file = {0};
        bool found, known = false;
        TRY(find_file(config, name, arena, &file, &found, err));
        if (!found && i < n) {
            code = err_set(err, ERR_INPUT,
                           "the font \"%s\" is not installed; on Debian: apt-get install %s", name,
                           strstr(name, "CJK") ? "fonts-noto-cjk" : "the package that holds it");
            goto done;
        }
        for (uint32_t k = 0; found && k < out->n_files; k++)
            known |=
                out->files[k].index == file.index && strcmp(out->files[k].path, file.path) == 0;
        if (found && !known)
            out->files[out->n_files++] = file;
    }
done:
    FcConfigDestroy(config);
    return code;
}

/* ---- opening ---- */

static void face_free(struct face *face)
{
    if (face->hb)
        hb_font_destroy(face->hb);
    if (face->ft)
        FT_Done_Face(face->ft);
    free(face);
}

static enum err_code face_open(struct font_set *set, const struct font_file *file,
                               struct face **out, struct err *err)
{
    struct face *face = calloc(1, sizeof *face);
    *out = face;
    if (!face)
        return err_nomem(err);
    face->path = file->path;
    face->index = file->index;
    if (FT_New_Face(set->library, file->path, file->index, &face->ft) != 0)
        return err_set(err, ERR_IO, "%s: FreeType cannot open this font", file->path);
    hb_blob_t *blob = hb_blob_create_from_file(file->path);
    hb_face_t *hb_face = hb_face_create(blob, (unsigned)file->index);
    hb_blob_destroy(blob);
    face->hb = hb_font_create(hb_face);
    face->units_per_em = hb_face_get_upem(hb_face);
    hb_face_destroy(hb_face);
    if (face->units_per_em == 0 || face->ft->units_per_EM == 0)
        return err_set(err, ERR_IO, "%s: not a font that can be scaled", file->path);
    return ERR_OK;
}

static struct face *known_face(const struct font_set *set, const struct font_file *file)
{
    for (size_t i = 0; i < set->n_stacks * FONT_STACK_FILES; i++) {
        struct face *face = set->faces[i];
        if (face && face->index == file->index && strcmp(face->path, file->path) == 0)
            return face;
    }
    return NULL;
}

enum err_code font_set_new(const struct font_stack *stacks, size_t n, struct font_set **out,
                           struct err *err)
{
    enum err_code code = ERR_OK;
    struct font_set *set = calloc(1, sizeof *set);
    *out = set;
    if (!set)
        return err_nomem(err);
    arena_init(&set->arena, 0);
    set->n_stacks = n;
    set->stacks = calloc(n ? n : 1, sizeof *set->stacks);
    set->faces = calloc(n ? n * FONT_STACK_FILES : 1, sizeof(struct face *));
    set->slots = calloc((size_t)2 * MOST_IMAGES, sizeof *set->slots);
    if (!set->stacks || !set->faces || !set->slots || FT_Init_FreeType(&set->library) != 0 ||
        FT_Stroker_New(set->library, &set->stroker) != 0) {
        code = err_nomem(err);
        goto done;
    }
    for (size_t s = 0; s < n; s++) {
        set->stacks[s] = stacks[s];
        for (uint32_t f = 0; f < stacks[s].n_files; f++) {
            struct face **slot = &set->faces[s * FONT_STACK_FILES + f];
            struct face *face = known_face(set, &stacks[s].files[f]);
            if (face)
                *slot = face;
            else
                TRY(face_open(set, &stacks[s].files[f], slot, err));
        }
    }
done:
    if (code != ERR_OK) {
        font_set_free(set);
        *out = NULL;
    }
    return code;
}

void font_set_free(struct font_set *set)
{
    if (!set)
        return;
    size_t n = set->faces ? set->n_stacks * FONT_STACK_FILES : 0;
    for (size_t i = 0; i < n; i++) {
        struct face *face = set->faces[i];
        for (size_t k = i; face && k < n; k++) /* a face may stand in several stacks */
            if (set->faces[k] == face)
                set->faces[k] = NULL;
        if (face)
            face_free(face);
    }
    if (set->stroker)
        FT_Stroker_Done(set->stroker);
    if (set->library)
        FT_Done_FreeType(set->library);
    arena_release(&set->arena);
    free(set->slots);
    free(set->faces);
    free(set->stacks);
    free(set);
}

/* ---- shaping ---- */

static struct face *face_of(const struct font_set *set, uint32_t stack, uint32_t file)
{
    return set->faces[stack * FONT_STACK_FILES + file];
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

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xFEFF || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0xFE00 && c <= 0xFE0F);
}

bool font_draws(uint32_t character)
{
    bool space = character == ' ' || character == 0xA0 || character == 0x1680 ||
                 (character >= 0x2000 && character <= 0x200A) || character == 0x202F ||
                 character == 0x205F || character == 0x3000;
    return !space && !is_control(character);
}

/* Characters that one file draws. */
struct part {
    uint32_t stack, file;
    const uint32_t *characters;
    int n;
};

/* Shapes a part and appends its glyphs; false: no memory, or more than `capacity`. */
static bool shape_part(struct font_set *set, const struct part *part, const struct text_size *size,
                       struct glyph_run *run, size_t capacity)
{
    uint32_t stack = part->stack, file = part->file;
    struct face *face = face_of(set, stack, file);
    hb_buffer_t *buffer = hb_buffer_create();
    /* Shaped in font units: a text twice as large is exactly twice as wide. */
    hb_font_set_scale(face->hb, (int)face->units_per_em, (int)face->units_per_em);
    hb_buffer_add_utf32(buffer, part->characters, part->n, 0, part->n);
    hb_buffer_set_direction(buffer, HB_DIRECTION_LTR);
    hb_buffer_set_language(buffer, hb_language_from_string("zh-Hans", -1));
    hb_buffer_guess_segment_properties(buffer);
    hb_shape(face->hb, buffer, NULL, 0);
    unsigned count = 0;
    hb_glyph_info_t *infos = hb_buffer_get_glyph_infos(buffer, &count);
    hb_glyph_position_t *positions = hb_buffer_get_glyph_positions(buffer, &count);
    double scale = size->size_px * 64 / face->units_per_em;
    bool fits =
        infos && positions && hb_buffer_allocation_successful(buffer) && run->n + count <= capacity;
    for (unsigned i = 0; fits && i < count; i++) {
        run->glyphs[run->n++] =
            (struct glyph){.stack = (uint16_t)stack,
                           .file = (uint8_t)file,
                           .id = infos[i].codepoint,
                           .x_64 = run->width_64 + (int32_t)lround(positions[i].x_offset * scale),
                           .y_64 = -(int32_t)lround(positions[i].y_offset * scale)};
        run->width_64 +=
            (int32_t)lround(positions[i].x_advance * scale + size->letter_spacing_px * 64);
    }
    hb_buffer_destroy(buffer);
    return fits;
}

enum err_code font_shape(struct font_set *set, const struct text_size *size, const char *text,
                         struct arena *arena, struct glyph_run *out, struct err *err)
{
    uint32_t stack = size->stack;
    uint32_t characters[MOST_CHARACTERS];
    uint32_t files[MOST_CHARACTERS];
    size_t n = 0;
    *out = (struct glyph_run){0};
    for (uint32_t c; n < MOST_CHARACTERS && (c = text_next(&text)) != 0;) {
        if (is_control(c))
            continue;
        uint32_t file = file_for(set, stack, c);
        if (file == set->stacks[stack].n_files) {
            c = GETA_MARK;
            file = file_for(set, stack, c);
        }
        if (file == set->stacks[stack].n_files)
            continue;
        characters[n] = c;
        files[n++] = file;
    }
    /* Few characters become more than one glyph, none of the scripts here on average. */
    size_t capacity = 2 * n + 8;
    out->glyphs = arena_new(arena, struct glyph, capacity);
    if (!out->glyphs)
        return err_nomem(err);
    for (size_t i = 0; i < n;) {
        size_t end = i + 1;
        while (end < n && files[end] == files[i])
            end++;
        struct part part = {stack, files[i], characters + i, (int)(end - i)};
        if (!shape_part(set, &part, size, out, capacity))
            return err_nomem(err);
        i = end;
    }
    if (out->n > 0)
        out->width_64 -= (int32_t)lround(size->letter_spacing_px * 64); /* none after the last */
    return ERR_OK;
}

struct font_height font_height(struct font_set *set, uint32_t stack, double size_px)
{
    /* The em box of an ideograph: 0.88 above and 0.12 below the base line in every CJK font
     * (OpenType specification, baseline tag "ideo"). */
    (void)set;
    (void)stack;
    return (struct font_height){size_px * 0.88, size_px * 0.12};
}

/* ---- images ---- */

/* The outline, grown by the stroker if there is a halo, as an 8-bit picture. */
static FT_Glyph draw_glyph(struct font_set *set, FT_Face face, uint32_t id, double size_px,
                           uint32_t quarter, double halo_px)
{
    FT_Glyph glyph = NULL;
    if (FT_Set_Char_Size(face, 0, (FT_F26Dot6)lround(size_px * 64), 72, 72) != 0 ||
        FT_Load_Glyph(face, id, FT_LOAD_NO_HINTING | FT_LOAD_NO_BITMAP) != 0 ||
        FT_Get_Glyph(face->glyph, &glyph) != 0)
        return NULL;
    if (halo_px > 0) {
        FT_Stroker_Set(set->stroker, (FT_Fixed)lround(halo_px * 64), FT_STROKER_LINECAP_ROUND,
                       FT_STROKER_LINEJOIN_ROUND, 0);
        if (FT_Glyph_StrokeBorder(&glyph, set->stroker, 0, 1) != 0) {
            FT_Done_Glyph(glyph);
            return NULL;
        }
    }
    FT_Vector shift = {(FT_Pos)quarter * 16, 0};
    if (FT_Glyph_To_Bitmap(&glyph, FT_RENDER_MODE_NORMAL, &shift, 1) != 0) {
        FT_Done_Glyph(glyph);
        return NULL;
    }
    return glyph;
}

static struct glyph_image *keep_image(struct arena *arena, FT_Glyph glyph)
{
    FT_BitmapGlyph bitmap = (FT_BitmapGlyph)(void *)glyph;
    const FT_Bitmap *from = &bitmap->bitmap;
    struct glyph_image *image = arena_new(arena, struct glyph_image, 1);
    uint8_t *coverage = arena_new(arena, uint8_t, (size_t)from->width * from->rows);
    if (!image || !coverage)
        return NULL;
    for (unsigned y = 0; y < from->rows; y++)
        memcpy(coverage + (size_t)y * from->width, from->buffer + (ptrdiff_t)y * from->pitch,
               from->width);
    *image = (struct glyph_image){.left = bitmap->left,
                                  .top = -bitmap->top,
                                  .width = (int32_t)from->width,
                                  .height = (int32_t)from->rows,
                                  .coverage = coverage};
    return image;
}

const struct glyph_image *font_glyph(struct font_set *set, const struct glyph *glyph,
                                     double size_px, uint32_t quarter, double halo_px)
{
    uint64_t key[2] = {(uint64_t)glyph->id << 32 | (uint64_t)glyph->stack << 16 |
                           (uint64_t)glyph->file << 8 | quarter,
                       (uint64_t)lround(size_px * 64) << 32 | (uint64_t)lround(halo_px * 64)};
    if (set->n_images >= MOST_IMAGES) {
        memset(set->slots, 0, (size_t)2 * MOST_IMAGES * sizeof *set->slots);
        arena_reset(&set->arena);
        set->n_images = 0;
    }
    /* Any odd constants of 64 bits would do; these are from splitmix64. */
    uint64_t hash =
        (key[0] * UINT64_C(0xBF58476D1CE4E5B9)) ^ (key[1] * UINT64_C(0x94D049BB133111EB));
    size_t at = (size_t)(hash >> 40) & (2 * MOST_IMAGES - 1);
    while (set->slots[at].image &&
           (set->slots[at].key[0] != key[0] || set->slots[at].key[1] != key[1]))
        at = (at + 1) & (2 * MOST_IMAGES - 1);
    struct image_slot *slot = &set->slots[at];
    if (!slot->image) {
        FT_Face face = face_of(set, glyph->stack, glyph->file)->ft;
        FT_Glyph drawn = draw_glyph(set, face, glyph->id, size_px, quarter, halo_px);
        if (!drawn)
            return NULL;
        slot->key[0] = key[0];
        slot->key[1] = key[1];
        slot->image = keep_image(&set->arena, drawn);
        FT_Done_Glyph(drawn);
        set->n_images += slot->image != NULL;
    }
    return slot->image;
}
