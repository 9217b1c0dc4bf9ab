/* Glyphs turned into coverage, each kept for the next time. */
#include "styles/font_private.h"

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_GLYPH_H
#include FT_STROKER_H
#include <math.h>
#include <string.h>

/* Clockwise on a picture whose y goes down; FreeType's goes up. */
static FT_Matrix turned(uint8_t turn)
{
    double angle = turn * M_PI / 128;
    FT_Fixed c = (FT_Fixed)lround(cos(angle) * 65536), s = (FT_Fixed)lround(sin(angle) * 65536);
    return (FT_Matrix){.xx = c, .xy = s, .yx = -s, .yy = c};
}

static uint64_t key_hash(const uint64_t key[2])
{
    /* Any odd constants of 64 bits would do; these are from splitmix64. */
    uint64_t hash = key[0] * UINT64_C(0xBF58476D1CE4E5B9);
    hash = (hash ^ hash >> 32 ^ key[1]) * UINT64_C(0x94D049BB133111EB);
    return hash ^ hash >> 32;
}

/* ---- outlines ---- */

void forget_outlines(struct font_set *set)
{
    for (size_t i = 0; set->outlines && i < (size_t)2 * MOST_OUTLINES; i++) {
        if (set->outlines[i].outline)
            FT_Done_Glyph(set->outlines[i].outline);
        set->outlines[i].outline = NULL;
    }
    set->n_outlines = 0;
}

/* The outline, level, grown by the stroker if there is a halo. */
static FT_Glyph make_outline(struct font_set *set, const struct glyph *which,
                             const struct glyph_look *look)
{
    FT_Glyph glyph = NULL;
    FT_Face face = face_of(set, which->stack, which->file)->ft;
    if (FT_Set_Char_Size(face, 0, (FT_F26Dot6)lround(look->size_px * 64), 72, 72) != 0 ||
        FT_Load_Glyph(face, which->id, FT_LOAD_NO_HINTING | FT_LOAD_NO_BITMAP) != 0 ||
        FT_Get_Glyph(face->glyph, &glyph) != 0)
        return NULL;
    if (look->halo_px <= 0)
        return glyph;
    FT_Stroker_Set(set->stroker, (FT_Fixed)lround(look->halo_px * 64), FT_STROKER_LINECAP_ROUND,
                   FT_STROKER_LINEJOIN_ROUND, 0);
    if (FT_Glyph_StrokeBorder(&glyph, set->stroker, 0, 1) == 0)
        return glyph;
    FT_Done_Glyph(glyph);
    return NULL;
}

/* Growing an outline costs ten times what filling it does: it is done once for all turns and
 * places. */
static FT_Glyph outline_of(struct font_set *set, const struct glyph *which,
                           const struct glyph_look *look)
{
    uint64_t key[2] = {(uint64_t)which->id << 32 | (uint64_t)which->stack << 16 | which->file,
                       (uint64_t)lround(look->size_px * 64) << 32 |
                           (uint64_t)lround(look->halo_px * 64)};
    if (set->n_outlines >= MOST_OUTLINES)
        forget_outlines(set);
    size_t at = (size_t)key_hash(key) & (2 * MOST_OUTLINES - 1);
    while (set->outlines[at].outline &&
           (set->outlines[at].key[0] != key[0] || set->outlines[at].key[1] != key[1]))
        at = (at + 1) & (2 * MOST_OUTLINES - 1);
    struct outline_slot *slot = &set->outlines[at];
    if (!slot->outline) {
        *slot = (struct outline_slot){{key[0], key[1]}, make_outline(set, which, look)};
        set->n_outlines += slot->outline != NULL;
    }
    return slot->outline;
}

/* ---- images ---- */

/* A bitmap of its own. */
static FT_Glyph draw_glyph(struct font_set *set, const struct glyph *which,
                           const struct glyph_look *look)
{
    FT_Glyph outline = outline_of(set, which, look), glyph = NULL;
    if (!outline || FT_Glyph_Copy(outline, &glyph) != 0)
        return NULL;
    FT_Matrix matrix = turned(which->turn);
    FT_Vector shift = {(FT_Pos)look->right * 16, -(FT_Pos)look->down * 16};
    if ((which->turn != 0 && FT_Glyph_Transform(glyph, &matrix, NULL) != 0) ||
        FT_Glyph_To_Bitmap(&glyph, FT_RENDER_MODE_NORMAL, &shift, 1) != 0) {
        FT_Done_Glyph(glyph);
        return NULL;
    }
    return glyph;
}

/* Coverage in eighths: the picture has fewer colours, and a palette holds them with less error. */
static uint8_t stepped(uint8_t coverage)
{
    enum { STEPS = 8 };
    return (uint8_t)((coverage * STEPS + 127) / 255 * 255 / STEPS);
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
        for (unsigned x = 0; x < from->width; x++)
            coverage[(size_t)y * from->width + x] =
                stepped(from->buffer[(ptrdiff_t)y * from->pitch + (ptrdiff_t)x]);
    *image = (struct glyph_image){.left = bitmap->left,
                                  .top = -bitmap->top,
                                  .width = (int32_t)from->width,
                                  .height = (int32_t)from->rows,
                                  .coverage = coverage};
    return image;
}

const struct glyph_image *font_glyph(struct font_set *set, const struct glyph *glyph,
                                     const struct glyph_look *look)
{
    uint64_t key[2] = {(uint64_t)glyph->id << 32 | (uint64_t)glyph->stack << 16 |
                           (uint64_t)glyph->file << 8 | glyph->turn,
                       (uint64_t)lround(look->size_px * 64) << 32 |
                           (uint64_t)lround(look->halo_px * 64) << 4 |
                           (uint64_t)(look->down & 3) << 2 | (look->right & 3)};
    if (set->n_images >= MOST_IMAGES || set->images_arena.used_bytes >= MOST_IMAGE_BYTES) {
        memset(set->images, 0, (size_t)2 * MOST_IMAGES * sizeof *set->images);
        arena_reset(&set->images_arena);
        set->n_images = 0;
    }
    size_t at = (size_t)key_hash(key) & (2 * MOST_IMAGES - 1);
    while (set->images[at].image &&
           (set->images[at].key[0] != key[0] || set->images[at].key[1] != key[1]))
        at = (at + 1) & (2 * MOST_IMAGES - 1);
    struct image_slot *slot = &set->images[at];
    if (!slot->image) {
        FT_Glyph drawn = draw_glyph(set, glyph, look);
        if (!drawn)
            return NULL;
        slot->key[0] = key[0];
        slot->key[1] = key[1];
        slot->image = keep_image(&set->images_arena, drawn);
        FT_Done_Glyph(drawn);
        set->n_images += slot->image != NULL;
    }
    return slot->image;
}
