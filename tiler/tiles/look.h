/*
 * look.h - makes the look of a layer: the style asked once for every feature.
 */
#ifndef SISETU_TILER_LOOK_H
#define SISETU_TILER_LOOK_H

#include "tiler/tiles/scenes.h"

enum err_code look_build(const struct style_layer *layer, const struct source *source, double zoom,
                         struct arena *arena, struct look *out, struct err *err);

/* How far beyond its box a feature of that paint may be drawn, pixels. */
double paint_reach(const struct paint *paint);

/* The paint of one feature (of a layer without features: source NULL). */
void paint_evaluate(const struct style_layer *layer, const struct eval *eval, struct paint *out);

#endif
