/*
 * font_sdf.c - letters as signed distance fields.
 *
 * FreeType's own fields take 1.5 ms a letter; these, the same to a few hundredths of a pixel, 50
 * us. Source: Felzenszwalb, Huttenlocher, "Distance Transforms of Sampled Functions", 2012, on
 * coverage as TinySDF takes it.
 */
#include "styles/glyph_range.h"

#include "styles/font_private.h"

#include <ft2build.h>
#include FT_FREETYPE_H
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIZE_PX = 24,
    BORDER_PX = 3,
    REACH_PX = 8,  /* from the least value to the greatest */
    MOST_PX = 256, /* of a letter; none is larger than a few em */
    /* From the top of a line to its base line: MapLibre puts the top 17 px above the middle, and
     * the middle of an em box lies 0.38 x 24 = 9 px above its base line. */
    TOP_TO_BASE_PX = 17 + 9,
    OUTLINE = 191, /* 255 x (1 - 0.25) */
};

/* Fields of glyphs.proto. */
enum { GLYPHS_STACK = 1 };
enum { STACK_NAME = 1, STACK_RANGE = 2, STACK_GLYPH = 3 };
enum {
    GLYPH_ID = 1,
    GLYPH_BITMAP = 2,
    GLYPH_WIDTH = 3,
    GLYPH_HEIGHT = 4,
    GLYPH_LEFT = 5,
    GLYPH_TOP = 6,
    GLYPH_ADVANCE = 7
};

/* ---- protocol buffers ---- */

static void add_varint(struct buf *out, uint64_t value)
{
    uint8_t bytes[10];
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[n++] = (uint8_t)(value | 0x80);
    bytes[n++] = (uint8_t)value;
    buf_add(out, bytes, n);
}

static void add_number(struct buf *out, uint32_t field, uint32_t value)
{
    add_varint(out, field << 3);
    add_varint(out, value);
}

static void add_signed(struct buf *out, uint32_t field, int32_t value)
{
    add_number(out, field, (uint32_t)value << 1 ^ (uint32_t)(value >> 31));
}

static void add_bytes(struct buf *out, uint32_t field, const void *bytes, size_t n)
{
    add_varint(out, field << 3 | 2);
    add_varint(out, n);
    buf_add(out, bytes, n);
}

/* ---- distances ---- */

struct field {
    int32_t width, height;
    float *outer, *inner; /* squared distances to the letter and to what is round it */
    float *line, *bounds; /* scratch of one line */
    int32_t *places;
};

static const float FAR = 1e20F;

/* Squared distances along one line: each place's own, or less from a place nearby. The lower
 * envelope of parabolas. */
static void spread_line(struct field *f, float *values, ptrdiff_t stride, int32_t n)
{
    float *from = f->line, *bounds = f->bounds;
    int32_t *places = f->places, k = 0;
    places[0] = 0;
    bounds[0] = -FAR;
    bounds[1] = FAR;
    for (int32_t i = 0; i < n; i++)
        from[i] = values[(ptrdiff_t)i * stride];
    for (int32_t i = 1; i < n; i++) {
        float meet;
        do {
            int32_t r = places[k];
            meet = (from[i] - from[r] + (float)(i * i) - (float)(r * r)) / (float)(2 * (i - r));
        } while (meet <= bounds[k] && --k > -1);
        k++;
        places[k] = i;
        bounds[k] = meet;
        bounds[k + 1] = FAR;
    }
    k = 0;
    for (int32_t i = 0; i < n; i++) {
        while (bounds[k + 1] < (float)i)
            k++;
        int32_t away = i - places[k];
        values[(ptrdiff_t)i * stride] = from[places[k]] + (float)(away * away);
    }
}

static void spread(struct field *f, float *values)
{
    for (int32_t x = 0; x < f->width; x++)
        spread_line(f, values + x, f->width, f->height);
    for (int32_t y = 0; y < f->height; y++)
        spread_line(f, values + (size_t)y * (size_t)f->width, 1, f->width);
}

/* A pixel that the outline crosses lies as far from it as its coverage tells. */
static void take_coverage(struct field *f, const FT_Bitmap *bitmap)
{
    size_t n = (size_t)f->width * (size_t)f->height;
    for (size_t i = 0; i < n; i++) {
        f->outer[i] = FAR;
        f->inner[i] = 0;
    }
    for (unsigned y = 0; y < bitmap->rows; y++) {
        for (unsigned x = 0; x < bitmap->width; x++) {
            size_t at = (size_t)(y + BORDER_PX) * (size_t)f->width + x + BORDER_PX;
            float inside = (float)bitmap->buffer[(ptrdiff_t)y * bitmap->pitch + (ptrdiff_t)x] / 255;
            float d = 0.5F - inside;
            if (inside <= 0)
                continue;
            f->outer[at] = d > 0 ? d * d : 0;
            f->inner[at] = inside >= 1 ? FAR : d < 0 ? d * d : 0;
        }
    }
}

/* ---- one glyph ---- */

static void add_field(struct buf *out, struct field *f)
{
    size_t n = (size_t)f->width * (size_t)f->height;
    spread(f, f->outer);
    spread(f, f->inner);
    add_varint(out, GLYPH_BITMAP << 3 | 2);
    add_varint(out, n);
    uint8_t *to = (uint8_t *)buf_reserve(out, n);
    if (!to)
        return;
    for (size_t i = 0; i < n; i++) {
        float inside = sqrtf(f->inner[i]) - sqrtf(f->outer[i]);
        float value = floorf(OUTLINE + inside * 255 / REACH_PX + 0.5F);
        to[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
    out->n_bytes += n;
}

static void add_picture(struct buf *out, const FT_Bitmap *bitmap)
{
    struct field f = {.width = (int32_t)bitmap->width + 2 * BORDER_PX,
                      .height = (int32_t)bitmap->rows + 2 * BORDER_PX};
    size_t n = (size_t)f.width * (size_t)f.height;
    size_t longest = (size_t)(f.width > f.height ? f.width : f.height) + 1;
    f.outer = malloc((2 * n + 2 * longest) * sizeof *f.outer);
    f.places = malloc(longest * sizeof *f.places);
    if (f.outer && f.places) {
        f.inner = f.outer + n;
        f.line = f.inner + n;
        f.bounds = f.line + longest;
        take_coverage(&f, bitmap);
        add_field(out, &f);
    } else {
        out->failed = true;
    }
    free(f.outer);
    free(f.places);
}

/* Whatever cannot be drawn has its advance alone. */
static void add_glyph(FT_Face face, FT_ULong character, FT_UInt index, struct buf *glyph,
                      struct buf *stack)
{
    if (FT_Load_Glyph(face, index, FT_LOAD_NO_HINTING | FT_LOAD_NO_BITMAP) != 0)
        return;
    FT_GlyphSlot slot = face->glyph;
    FT_Pos advance = (slot->linearHoriAdvance + 0x8000) >> 16;
    bool drawn = FT_Render_Glyph(slot, FT_RENDER_MODE_NORMAL) == 0 && slot->bitmap.width > 0 &&
                 slot->bitmap.rows > 0 && slot->bitmap.width <= MOST_PX &&
                 slot->bitmap.rows <= MOST_PX;
    buf_clear(glyph);
    add_number(glyph, GLYPH_ID, (uint32_t)character);
    if (drawn)
        add_picture(glyph, &slot->bitmap);
    add_number(glyph, GLYPH_WIDTH, drawn ? slot->bitmap.width : 0);
    add_number(glyph, GLYPH_HEIGHT, drawn ? slot->bitmap.rows : 0);
    add_signed(glyph, GLYPH_LEFT, drawn ? slot->bitmap_left : 0);
    add_signed(glyph, GLYPH_TOP, drawn ? slot->bitmap_top - TOP_TO_BASE_PX : 0);
    add_number(glyph, GLYPH_ADVANCE, (uint32_t)(advance > 0 ? advance : 0));
    add_bytes(stack, STACK_GLYPH, glyph->bytes, glyph->n_bytes);
}

/* ---- the pack ---- */

static enum err_code open_faces(FT_Library library, const struct font_stack *stack,
                                FT_Face faces[FONT_STACK_FILES], struct err *err)
{
    enum err_code code = ERR_OK;
    for (uint32_t i = 0; i < stack->n_files; i++) {
        TRY(font_open_face(library, &stack->files[i], &faces[i], err));
        if (FT_Set_Pixel_Sizes(faces[i], 0, SIZE_PX) != 0)
            return err_set(err, ERR_IO, "%s: not a font that can be scaled", stack->files[i].path);
    }
done:
    return code;
}

enum err_code glyph_range_write(const struct font_stack *stack, const char *name, uint32_t range,
                                struct buf *out, struct err *err)
{
    enum err_code code = ERR_OK;
    FT_Library library = NULL;
    FT_Face faces[FONT_STACK_FILES] = {NULL};
    struct buf glyph, message;
    char text[32];
    buf_init(&glyph);
    buf_init(&message);
    if (FT_Init_FreeType(&library) != 0)
        return err_nomem(err);
    TRY(open_faces(library, stack, faces, err));
    snprintf(text, sizeof text, "%u-%u", range * GLYPH_RANGE,
             range * GLYPH_RANGE + GLYPH_RANGE - 1);
    add_bytes(&message, STACK_NAME, name, strlen(name));
    add_bytes(&message, STACK_RANGE, text, strlen(text));
    for (FT_ULong c = (FT_ULong)range * GLYPH_RANGE; c < ((FT_ULong)range + 1) * GLYPH_RANGE; c++) {
        FT_UInt index = 0;
        for (uint32_t i = 0; i < stack->n_files && index == 0; i++) {
            index = FT_Get_Char_Index(faces[i], c);
            if (index != 0)
                add_glyph(faces[i], c, index, &glyph, &message);
        }
    }
    add_bytes(out, GLYPHS_STACK, message.bytes, message.n_bytes);
    TRY(buf_ok(&glyph) && buf_ok(&message) && buf_ok(out) ? ERR_OK : err_nomem(err));
done:
    for (uint32_t i = 0; i < FONT_STACK_FILES; i++)
        if (faces[i])
            FT_Done_Face(faces[i]);
    FT_Done_FreeType(library);
    buf_release(&glyph);
    buf_release(&message);
    return code;
}
