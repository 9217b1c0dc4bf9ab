/*
 * font.h - text: fonts found, shaped, and turned into coverage. The only files that know
 * fontconfig, HarfBuzz, FriBidi and FreeType.
 *
 * A font is pinned by name ("Noto Sans CJK SC Regular"); one that is not installed is an
 * error that names the Debian package, never silently another. A stack is that font and what
 * stands in for the characters that it lacks; a character that no font has is drawn as the
 * geta mark, never as a box. Outlines are not hinted, so the same packages give the same
 * pixels everywhere, and a text of twice the size has exactly twice the width.
 *
 * Files are mapped when they are found, and never looked for again: fonts that are removed while
 * a server runs stay as they are until the style that holds them goes.
 *
 * Life:    font_stack_find at load; font_set_new once a thread, of stacks that are still there;
 *          font_set_free and font_stack_release in any order.
 * Owner:   runs belong to the arena given; images to the font set, until it is freed.
 * Threads: stacks are shared; a font set is not.
 * Space:   pixels, y down, from the origin on the base line; positions in 1/64 px.
 */
#ifndef SISETU_STYLES_FONT_H
#define SISETU_STYLES_FONT_H

#include "data/base/arena.h"
#include "data/base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { FONT_STACK_FILES = 6 };

struct hb_blob_t;

struct font_file {
    const char *path;
    int index;               /* in a collection */
    struct hb_blob_t *bytes; /* of the whole file */
};

struct font_stack {
    uint32_t n_files;
    struct font_file files[FONT_STACK_FILES]; /* the pinned one first */
};

/* Finds n fonts by full name ("Noto Sans CJK SC Bold"; without a style: Regular), and adds
 * what helps where they lack a character and is installed. ERR_INPUT for a name that is not
 * installed, with the package to install; ERR_IO for a file that cannot be read. The texts belong
 * to the arena. */
enum err_code font_stack_find(const char *const *names, size_t n, struct arena *arena,
                              struct font_stack *out, struct err *err);

/* Lets the files go; a stack of zeros is fine. */
void font_stack_release(struct font_stack *stack);

struct font_set;

enum err_code font_set_new(const struct font_stack *stacks, size_t n, struct font_set **out,
                           struct err *err);
void font_set_free(struct font_set *set);

struct glyph {
    uint16_t stack;     /* which font */
    uint8_t file;       /* of the stack */
    uint8_t turn;       /* clockwise, in 1/256 of a full turn */
    uint32_t id;        /* in that font */
    int32_t x_64, y_64; /* of its origin, from that of the run */
};

struct glyph_run {
    uint32_t n;
    struct glyph *glyphs;
    int32_t width_64;
    /* How far letters reach beyond the em box of their line, which goes from 0.88 em above the base
     * line to 0.12 em below, and beyond its ends: not 0 in scripts whose marks pile up. */
    double above_px, below_px, beside_px;
};

struct text_size {
    uint32_t stack;
    double size_px;
    double letter_spacing_px; /* between two letters */
};

/* Whether a character leaves a mark: no for spaces, controls, joiners. */
bool font_draws(uint32_t character);

/* Shapes one line of UTF-8 text, of 512 characters at most, from left to right as it is read:
 * Arabic and Hebrew run against the rest (Unicode Standard Annex 9; the line as a whole goes as its
 * first letter does). Control characters are left out. Texts are kept: shaped once for all sizes.
 */
enum err_code font_shape(struct font_set *set, const struct text_size *size, const char *text,
                         struct arena *arena, struct glyph_run *out, struct err *err);

/* How far text reaches above and below its base line, px. */
struct font_height {
    double above_px, below_px;
};
struct font_height font_height(struct font_set *set, uint32_t stack, double size_px);

struct glyph_image {
    int32_t left, top; /* of its first pixel, from the origin's pixel */
    int32_t width, height;
    const uint8_t *coverage; /* row by row */
};

/* The origin lies right / 4 and down / 4 of a pixel from a pixel's upper left corner. */
struct glyph_look {
    double size_px;
    double halo_px; /* how much it is grown all round; 0: the glyph itself */
    uint8_t right, down;
};

/* NULL: no memory, or nothing to draw. */
const struct glyph_image *font_glyph(struct font_set *set, const struct glyph *glyph,
                                     const struct glyph_look *look);

#endif
