#include "styles/font_private.h"

#include <fontconfig/fontconfig.h>
#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_STROKER_H
#include <hb-ot.h>
#include <hb.h>
#include <stdlib.h>
#include <string.h>

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
    static const char *const helpers[] = {"Noto Sans CJK SC", "DejaVu Sans", "Noto Sans Mongolian",
                                          "Noto Serif Tibetan"};
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
        if (!found || known)
            continue;
        file.bytes = hb_blob_create_from_file_or_fail(file.path);
        TRY(file.bytes ? ERR_OK : err_set(err, ERR_IO, "%s: this font cannot be read", file.path));
        out->files[out->n_files++] = file;
    }
done:
    if (code != ERR_OK)
        font_stack_release(out);
    FcConfigDestroy(config);
    return code;
}

void font_stack_release(struct font_stack *stack)
{
    for (uint32_t i = 0; i < stack->n_files; i++)
        hb_blob_destroy(stack->files[i].bytes);
    *stack = (struct font_stack){0};
}

/* ---- opening ---- */

static void face_free(struct face *face)
{
    if (face->hb)
        hb_font_destroy(face->hb);
    if (face->ft)
        FT_Done_Face(face->ft);
    hb_blob_destroy(face->bytes);
    free(face);
}

enum err_code font_open_face(FT_Library library, const struct font_file *file, FT_Face *out,
                             struct err *err)
{
    unsigned n;
    const char *bytes = hb_blob_get_data(file->bytes, &n);
    if (FT_New_Memory_Face(library, (const FT_Byte *)bytes, (FT_Long)n, file->index, out) != 0)
        return err_set(err, ERR_IO, "%s: FreeType cannot open this font", file->path);
    return ERR_OK;
}

static enum err_code face_open(struct font_set *set, const struct font_file *file,
                               struct face **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct face *face = calloc(1, sizeof *face);
    *out = face;
    if (!face)
        return err_nomem(err);
    face->path = file->path;
    face->index = file->index;
    face->bytes = hb_blob_reference(file->bytes);
    TRY(font_open_face(set->library, file, &face->ft, err));
    hb_face_t *hb_face = hb_face_create(face->bytes, (unsigned)file->index);
    face->hb = hb_font_create(hb_face);
    face->units_per_em = hb_face_get_upem(hb_face);
    hb_face_destroy(hb_face);
    if (face->units_per_em == 0 || face->ft->units_per_EM == 0)
        code = err_set(err, ERR_IO, "%s: not a font that can be scaled", file->path);
done:
    return code;
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
    arena_init(&set->images_arena, 0);
    arena_init(&set->texts_arena, 0);
    set->n_stacks = n;
    set->stacks = calloc(n ? n : 1, sizeof *set->stacks);
    set->faces = calloc(n ? n * FONT_STACK_FILES : 1, sizeof(struct face *));
    set->images = calloc((size_t)2 * MOST_IMAGES, sizeof *set->images);
    set->outlines = calloc((size_t)2 * MOST_OUTLINES, sizeof *set->outlines);
    set->texts = calloc((size_t)2 * MOST_TEXTS, sizeof *set->texts);
    set->buffer = hb_buffer_create();
    if (!set->stacks || !set->faces || !set->images || !set->outlines || !set->texts ||
        !hb_buffer_allocation_successful(set->buffer) || FT_Init_FreeType(&set->library) != 0 ||
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
    forget_outlines(set);
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
    hb_buffer_destroy(set->buffer);
    arena_release(&set->images_arena);
    arena_release(&set->texts_arena);
    free(set->images);
    free(set->outlines);
    free(set->texts);
    free(set->faces);
    free(set->stacks);
    free(set);
}
