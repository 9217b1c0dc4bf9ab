/*
 * style.h - a style file, compiled: what each layer of the picture looks like.
 *
 * A documented subset of the MapLibre Style Specification v8 (styles/README.md). What the
 * subset lacks is an error at load that names layer and property. Layers carry
 * `metadata: {"sisetu:maps": ["region", ...]}`: on which maps they are drawn (absent: all).
 *
 * Life:    style_load once, shared; never changes.
 * Threads: a style is safe to share; evaluation takes an arena.
 */
#ifndef SISETU_STYLES_STYLE_H
#define SISETU_STYLES_STYLE_H

#include "data/base/arena.h"
#include "data/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct style;

/* path NULL: styles/four-colour.json beside the program. Free with style_free. */
enum err_code style_load(const char *path, struct style **out, struct err *err);
void style_free(struct style *style);

const char *style_name(const struct style *style);

struct legend_entry {
    const char *key;  /* "1".."4", "0", or the name of a symbol */
    const char *zh;
    const char *en;
    const char *colour; /* "#ff0000" */
    bool hatched;
};

/* The legend of a map, from the style's metadata; n entries owned by the style. */
void style_legend(const struct style *style, const char *map, const struct legend_entry **out,
                  size_t *n);

#endif
