/*
 * font_private.h - what the files of font.h share: open fonts, shaped texts, drawn glyphs. Names
 * the types of FreeType and HarfBuzz without their headers.
 */
#ifndef SISETU_STYLES_FONT_PRIVATE_H
#define SISETU_STYLES_FONT_PRIVATE_H

#include "styles/font.h"

struct FT_FaceRec_;
struct FT_GlyphRec_;
struct FT_LibraryRec_;
struct FT_StrokerRec_;
struct hb_buffer_t;
struct hb_font_t;

struct face {
    const char *path;
    int index;
    struct hb_blob_t *bytes; /* what ft and hb read */
    struct FT_FaceRec_ *ft;
    struct hb_font_t *hb;
    uint32_t units_per_em;
};

struct image_slot {
    uint64_t key[2];
    struct glyph_image *image; /* NULL: the slot is free */
};

struct outline_slot {
    uint64_t key[2];
    struct FT_GlyphRec_ *outline; /* NULL: the slot is free */
};

struct shaped; /* a line of text, for every size */

struct text_slot {
    uint64_t hash;
    const struct shaped *shaped; /* NULL: the slot is free */
};

enum {
    /* Images kept; a city's map uses some hundreds. At the limit all go and start anew. */
    MOST_IMAGES = 16384,
    MOST_IMAGE_BYTES = 32 << 20, /* letters may be 2,000 px large */
    /* Outlines with their halos kept, likewise: 10 KB each, and costly to make. */
    MOST_OUTLINES = 1024,
    /* Texts kept, likewise: a province has 20,000 names. */
    MOST_TEXTS = 32768,
    MOST_TEXT_BYTES = 8 << 20,
};

struct font_set {
    struct FT_LibraryRec_ *library;
    struct FT_StrokerRec_ *stroker;
    struct hb_buffer_t *buffer;
    size_t n_stacks;
    struct font_stack *stacks;
    struct face **faces;       /* n_stacks x FONT_STACK_FILES; the same file is opened once */
    struct arena images_arena; /* of images */
    struct image_slot *images; /* 2 * MOST_IMAGES */
    size_t n_images;
    struct outline_slot *outlines; /* 2 * MOST_OUTLINES */
    size_t n_outlines;
    struct arena texts_arena;
    struct text_slot *texts; /* 2 * MOST_TEXTS */
    size_t n_texts;
};

static inline struct face *face_of(const struct font_set *set, uint32_t stack, uint32_t file)
{
    return set->faces[stack * FONT_STACK_FILES + file];
}

/* font_image.c: lets go of all outlines. */
void forget_outlines(struct font_set *set);

/* Reads the file's bytes, which must outlive the face. (font.c) */
enum err_code font_open_face(struct FT_LibraryRec_ *library, const struct font_file *file,
                             struct FT_FaceRec_ **out, struct err *err);

#endif
