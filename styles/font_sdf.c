#include "styles/glyph_range.h"

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_MODULE_H
#include <stdio.h>
#include <string.h>

enum {
    SIZE_PX = 24,
    BORDER_PX = 3,
    SPREAD_PX = 8, /* FreeType's own border, and how far its distances reach */
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

/* ---- one glyph ---- */

/* FreeType: 128 on the outline, 128 more 8 px in; 16 a px, of which clients want 32. */
static uint8_t field_of(uint8_t distance)
{
    int value = OUTLINE + (distance - 128) * 255 / (16 * SPREAD_PX);
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* The field without what FreeType's border has too much. */
static void add_picture(struct buf *out, const FT_Bitmap *bitmap)
{
    const unsigned cut = SPREAD_PX - BORDER_PX;
    unsigned width = bitmap->width - 2 * cut, height = bitmap->rows - 2 * cut;
    add_varint(out, GLYPH_BITMAP << 3 | 2);
    add_varint(out, (uint64_t)width * height);
    uint8_t *to = (uint8_t *)buf_reserve(out, (size_t)width * height);
    if (!to)
        return;
    for (unsigned y = 0; y < height; y++) {
        const uint8_t *row = bitmap->buffer + (ptrdiff_t)(y + cut) * bitmap->pitch + cut;
        for (unsigned x = 0; x < width; x++)
            *to++ = field_of(row[x]);
    }
    out->n_bytes += (size_t)width * height;
}

/* Whatever cannot be drawn has its advance alone. */
static void add_glyph(FT_Face face, FT_ULong character, FT_UInt index, struct buf *glyph,
                      struct buf *stack)
{
    if (FT_Load_Glyph(face, index, FT_LOAD_NO_HINTING | FT_LOAD_NO_BITMAP) != 0)
        return;
    FT_GlyphSlot slot = face->glyph;
    FT_Pos advance = (slot->linearHoriAdvance + 0x8000) >> 16;
    bool drawn = slot->outline.n_points > 0 && FT_Render_Glyph(slot, FT_RENDER_MODE_NORMAL) == 0 &&
                 FT_Render_Glyph(slot, FT_RENDER_MODE_SDF) == 0 &&
                 slot->bitmap.width > 2 * SPREAD_PX && slot->bitmap.rows > 2 * SPREAD_PX;
    buf_clear(glyph);
    add_number(glyph, GLYPH_ID, (uint32_t)character);
    if (drawn)
        add_picture(glyph, &slot->bitmap);
    add_number(glyph, GLYPH_WIDTH, drawn ? slot->bitmap.width - 2 * SPREAD_PX : 0);
    add_number(glyph, GLYPH_HEIGHT, drawn ? slot->bitmap.rows - 2 * SPREAD_PX : 0);
    add_signed(glyph, GLYPH_LEFT, drawn ? slot->bitmap_left + SPREAD_PX : 0);
    add_signed(glyph, GLYPH_TOP, drawn ? slot->bitmap_top - SPREAD_PX - TOP_TO_BASE_PX : 0);
    add_number(glyph, GLYPH_ADVANCE, (uint32_t)(advance > 0 ? advance : 0));
    add_bytes(stack, STACK_GLYPH, glyph->bytes, glyph->n_bytes);
}

/* ---- the pack ---- */

static enum err_code open_faces(FT_Library library, const struct font_stack *stack,
                                FT_Face faces[FONT_STACK_FILES], struct err *err)
{
    for (uint32_t i = 0; i < stack->n_files; i++)
        if (FT_New_Face(library, stack->files[i].path, stack->files[i].index, &faces[i]) != 0 ||
            FT_Set_Pixel_Sizes(faces[i], 0, SIZE_PX) != 0)
            return err_set(err, ERR_IO, "%s: FreeType cannot open this font", stack->files[i].path);
    return ERR_OK;
}

enum err_code glyph_range_write(const struct font_stack *stack, const char *name, uint32_t range,
                                struct buf *out, struct err *err)
{
    enum err_code code = ERR_OK;
    FT_Library library = NULL;
    FT_Face faces[FONT_STACK_FILES] = {NULL};
    FT_Int spread = SPREAD_PX;
    struct buf glyph, message;
    char text[32];
    buf_init(&glyph);
    buf_init(&message);
    if (FT_Init_FreeType(&library) != 0)
        return err_nomem(err);
    (void)FT_Property_Set(library, "bsdf", "spread", &spread);
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
