/*
 * label_text.h - what a style wants a feature's label to be, and its text: broken into lines,
 * shaped, laid round its point.
 */
#ifndef SISETU_TILER_LABEL_TEXT_H
#define SISETU_TILER_LABEL_TEXT_H

#include "tiler/labels/labels.h"

/* All that the look and the place of a label follow from, but for the point. */
struct label_wish {
    struct label_look look;
    const char *text; /* NULL: none that can be seen */
    uint32_t font_stack;
    struct anchor anchor;
    double offset_px[2];
    double flush; /* how much of what a line lacks of the longest lies left of it */
    double padding_px, line_height_px, letter_spacing_px, max_width_em;
    bool icon_may_overlap, text_may_overlap, text_optional;
    /* On lines. */
    bool keep_upright;
    enum symbol_placement placement;
    enum text_alignment alignment;
    double spacing_px, max_angle_deg;
};

/* text belongs to the arena of eval or to the world. Padding bytes are 0. */
void label_wish_of(const struct style_layer *layer, const struct eval *eval,
                   struct label_wish *out);

/* Whether the wishes of a layer's features differ in their texts alone. Then: a wish without its
 * text, for all of them (eval without a feature), and the text of one. */
bool label_wish_shared(const struct style_layer *layer);
void label_wish_all(const struct style_layer *layer, const struct eval *eval,
                    struct label_wish *out);
const char *label_wish_text(const struct style_layer *layer, const struct eval *eval);

/* Goes on from hash, over n bytes. */
uint64_t label_hash(uint64_t hash, const void *bytes, size_t n);

/* A hash that differs, but for one chance in 2^64, where wishes do. */
uint64_t label_wish_hash(const struct label_wish *wish);

/* The box of a symbol, and the least box that any text of that wish has, round the point (0, 0). */
struct px_box label_icon_box(const struct label_wish *wish);
struct px_box label_text_least(const struct label_wish *wish);

struct label_text {
    uint32_t n_glyphs;
    struct glyph *glyphs; /* from the point */
    struct px_box ink;    /* round the point (0, 0) */
};

enum err_code label_text_lay_out(const struct label_wish *wish, struct font_set *fonts,
                                 struct arena *arena, struct label_text *out, struct err *err);

#endif
