/*
 * label_text.h - the text of a label: broken into lines, shaped, laid round its point; and
 * its drawing, with the symbol.
 */
#ifndef SISETU_TILER_LABEL_TEXT_H
#define SISETU_TILER_LABEL_TEXT_H

#include "tiler/tiles/labels.h"

/* Fills the text members of out, and ink with the text's box round the point (0, 0). A feature
 * without text gets no lines. */
enum err_code label_text_layout(const struct style_layer *layer, const struct eval *eval,
                                struct font_set *fonts, struct arena *arena, struct placed *out,
                                struct err *err);

#endif
