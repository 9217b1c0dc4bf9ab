/*
 * style_private.h - the style as its own files see it: style.c reads, property.c evaluates,
 * legend.c answers.
 */
#ifndef SISETU_STYLES_STYLE_PRIVATE_H
#define SISETU_STYLES_STYLE_PRIVATE_H

#include "styles/style.h"

#include <pthread.h>

enum property_section { SECTION_PAINT, SECTION_LAYOUT };

/* Kinds of values: what is checked at load, what an evaluation may give. */
enum property_kind {
    KIND_NUMBER,
    KIND_SIZE,    /* a number of at least 0 and at most 1000 */
    KIND_SPACING, /* 1..1000 */
    KIND_SIGNED,  /* from -1000 to 1000 */
    KIND_SHARE,   /* 0..1 */
    KIND_COLOUR,
    KIND_BOOL,
    KIND_TEXT,
    KIND_PATTERN,
    KIND_ICON,
    KIND_CAP,
    KIND_JOIN,
    KIND_ANCHOR,
    KIND_PLACEMENT,
    KIND_ALIGNMENT,
    KIND_JUSTIFY,
    KIND_DASHES, /* constants from here on: lists, not expressions */
    KIND_OFFSET,
    KIND_FONT,
};

struct property_row {
    const char *name;
    unsigned types; /* bits of 1 << layer_type */
    enum property_section section;
    enum property_kind kind;
};

extern const struct property_row property_rows[PROP_COUNT];

/* What an expression for this kind must give. */
enum value_type property_value_type(enum property_kind kind);

/* Whether a constant is one that this kind takes; *right gets what would be. */
bool property_takes(enum property_kind kind, struct value value, const char **right);

/* Refuses what MapLibre does not take: a property of a whole layer that looks at features, zoom in
 * the middle of an expression, a curve where there is nothing between two values. */
enum err_code property_check_use(enum style_property property, const struct expr *expr,
                                 struct err *err);

/* Reads minzoom, maxzoom and metadata "sisetu:maps". */
enum err_code layer_maps_parse(const struct json *json, struct style_layer *layer, struct err *err);

struct legend_map {
    const char *map;
    struct legend_entry *entries;
    size_t n;
};

struct style {
    pthread_mutex_t mutex; /* of n_references */
    unsigned n_references;
    struct arena arena;
    const char *name, *path;
    uint64_t version;
    const char *text; /* the whole file */
    size_t n_text;
    struct style_layer *layers;
    size_t n_layers;
    struct font_stack *stacks;
    const char **stack_keys; /* the names of each, joined: to find the same one again */
    size_t n_stacks;
    struct legend_map *legends;
    size_t n_legends;
};

/* Reads metadata "sisetu:legend". */
enum err_code legend_parse(struct style *style, const struct json *legend, struct err *err);

#endif
