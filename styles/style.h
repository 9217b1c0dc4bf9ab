/*
 * style.h - a style file, compiled: what each layer of the picture looks like.
 *
 * A documented subset of the MapLibre Style Specification v8 (styles/README.md). What the
 * subset lacks is an error at load that names layer and property. Layers carry
 * `metadata: {"sisetu:maps": ["region", ...]}`: on which maps they are drawn (absent: all), or
 * `{"county": {}, "risk": {"minzoom": 9}}`: there from another zoom on.
 *
 * Life:    style_load once, shared; never changes.
 * Threads: a style is safe to share; evaluation takes an arena.
 */
#ifndef SISETU_STYLES_STYLE_H
#define SISETU_STYLES_STYLE_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "styles/expression.h"
#include "styles/font.h"

#include <stdbool.h>
#include <stdint.h>

struct style;

/* `given`: a file, the name of a style in styles/ beside the program, or NULL: four-colour. Free
 * with style_free. */
enum err_code style_load(const char *given, struct style **out, struct err *err);

/* The same from text in memory; `name` stands in messages. */
enum err_code style_parse(const char *name, const char *json, size_t n, struct style **out,
                          struct err *err);

/* A style is freed when as many have let it go as have acquired it, its maker included. */
struct style *style_acquire(struct style *style);
void style_free(struct style *style);

/* Whether what names a style is a file: it has a slash, or ends in .json. */
bool style_is_path(const char *given);

/* What the file says, else what it is called. */
const char *style_name(const struct style *style);
const char *style_path(const struct style *style);

/* Differs where the text does: 64 bits of its SHA-256. */
uint64_t style_version(const struct style *style);

/* The text that it was read from. */
const char *style_text_of(const struct style *style, size_t *n);

/* Hatching that fills an area: the names of the built-in sprite are "hatch-red" and so on. */
enum pattern_kind {
    PATTERN_NONE,
    PATTERN_HATCH,
    PATTERN_HATCH_BACK,
    PATTERN_CROSS,
    PATTERN_DENSE, /* crossing, twice as narrow */
    PATTERN_DOTS,
    PATTERN_LINES, /* level */
};

struct pattern {
    enum pattern_kind kind;
    struct colour colour;
};

/* False if the built-in sprite has none of that name. */
bool pattern_by_name(const char *name, struct pattern *out);

/* The name of a pattern in the n-th of its colours; false if there are not so many. */
enum { PATTERN_NAME_BYTES = 32 };
bool pattern_name(enum pattern_kind kind, size_t n, char out[PATTERN_NAME_BYTES]);

struct legend_entry {
    const char *key; /* "1".."4", "0", or the name of a symbol */
    const char *zh;
    const char *en;
    const char *colour; /* "#ff0000" */
    bool hatched;
    const char *pattern; /* of the sprite, over the colour; NULL: none */
};

/* The legend of a map, from the style's metadata; n entries owned by the style. */
void style_legend(const struct style *style, const char *map, const struct legend_entry **out,
                  size_t *n);

/* ---- what the drawer reads ---- */

/* The maps that a layer can be on. */
enum map_id { MAP_REGION, MAP_CITY, MAP_COUNTY, MAP_DANGERS, MAP_RISK, MAP_PIPELINES, MAP_COUNT };

const char *map_name(enum map_id map);
bool map_by_name(const char *name, enum map_id *out);

/* What `source-layer` may name: the layers of the store, and what is made of them for maps
 * (styles/README.md lists their properties). */
#define STYLE_SOURCES(X)                                                                           \
    X(SOURCE_UNITS, "units")                             /* admin polygons */                      \
    X(SOURCE_BOUNDARIES, "boundaries")                   /* each border once, with its level */    \
    X(SOURCE_CELLS, "cells")                             /* graded cells of 0.01 degree */         \
    X(SOURCE_ENTERPRISES, "enterprises")                 /* a point each */                        \
    X(SOURCE_ENTERPRISE_OUTLINES, "enterprise_outlines") /* those that have an outline */          \
    X(SOURCE_FACILITIES, "facilities")                                                             \
    X(SOURCE_ZONES, "zones")                                                                       \
    X(SOURCE_PIPELINES, "pipelines")                                                               \
    X(SOURCE_PROTECTED, "protected")                                                               \
    X(SOURCE_AREAS, "areas")                                                                       \
    X(SOURCE_INFRASTRUCTURE, "infrastructure")                                                     \
    X(SOURCE_HIDDEN_DANGERS, "hidden_dangers")                                                     \
    X(SOURCE_RESOURCES, "resources")                                                               \
    X(SOURCE_SEGMENTS, "segments") /* of pipelines */                                              \
    X(SOURCE_CONFLICTS, "conflicts")                                                               \
    X(SOURCE_SELECTED, "selected") /* the unit of ?unit= */                                        \
    X(SOURCE_OUTSIDE, "outside")   /* all but that unit: drawn upon what is there, only there */

enum style_source {
#define STYLE_SOURCE_ENUM(constant, name) constant,
    STYLE_SOURCES(STYLE_SOURCE_ENUM)
#undef STYLE_SOURCE_ENUM
        SOURCE_COUNT,
    SOURCE_NONE = SOURCE_COUNT /* a background */
};

const char *style_source_name(enum style_source source); /* NULL: SOURCE_NONE */

enum layer_type { LAYER_BACKGROUND, LAYER_FILL, LAYER_LINE, LAYER_CIRCLE, LAYER_SYMBOL };

/* Constant, name, types of layer (bits of 1 << LAYER_x), section, kind of value. */
#define STYLE_PROPERTIES(X)                                                                        \
    X(PROP_BACKGROUND_COLOR, "background-color", BACKGROUND, PAINT, COLOUR)                        \
    X(PROP_BACKGROUND_OPACITY, "background-opacity", BACKGROUND, PAINT, SHARE)                     \
    X(PROP_FILL_COLOR, "fill-color", FILL, PAINT, COLOUR)                                          \
    X(PROP_FILL_OPACITY, "fill-opacity", FILL, PAINT, SHARE)                                       \
    X(PROP_FILL_OUTLINE_COLOR, "fill-outline-color", FILL, PAINT, COLOUR)                          \
    X(PROP_FILL_PATTERN, "fill-pattern", FILL, PAINT, PATTERN)                                     \
    X(PROP_FILL_SORT_KEY, "fill-sort-key", FILL, LAYOUT, NUMBER)                                   \
    X(PROP_LINE_COLOR, "line-color", LINE, PAINT, COLOUR)                                          \
    X(PROP_LINE_WIDTH, "line-width", LINE, PAINT, SIZE)                                            \
    X(PROP_LINE_OPACITY, "line-opacity", LINE, PAINT, SHARE)                                       \
    X(PROP_LINE_OFFSET, "line-offset", LINE, PAINT, SIGNED)                                        \
    X(PROP_LINE_GAP_WIDTH, "line-gap-width", LINE, PAINT, SIZE)                                    \
    X(PROP_LINE_DASHARRAY, "line-dasharray", LINE, PAINT, DASHES)                                  \
    X(PROP_LINE_CAP, "line-cap", LINE, LAYOUT, CAP)                                                \
    X(PROP_LINE_JOIN, "line-join", LINE, LAYOUT, JOIN)                                             \
    X(PROP_LINE_SORT_KEY, "line-sort-key", LINE, LAYOUT, NUMBER)                                   \
    X(PROP_CIRCLE_RADIUS, "circle-radius", CIRCLE, PAINT, SIZE)                                    \
    X(PROP_CIRCLE_COLOR, "circle-color", CIRCLE, PAINT, COLOUR)                                    \
    X(PROP_CIRCLE_OPACITY, "circle-opacity", CIRCLE, PAINT, SHARE)                                 \
    X(PROP_CIRCLE_STROKE_WIDTH, "circle-stroke-width", CIRCLE, PAINT, SIZE)                        \
    X(PROP_CIRCLE_STROKE_COLOR, "circle-stroke-color", CIRCLE, PAINT, COLOUR)                      \
    X(PROP_CIRCLE_STROKE_OPACITY, "circle-stroke-opacity", CIRCLE, PAINT, SHARE)                   \
    X(PROP_CIRCLE_SORT_KEY, "circle-sort-key", CIRCLE, LAYOUT, NUMBER)                             \
    X(PROP_ICON_IMAGE, "icon-image", SYMBOL, LAYOUT, ICON)                                         \
    X(PROP_ICON_SIZE, "icon-size", SYMBOL, LAYOUT, SIZE)                                           \
    X(PROP_ICON_ALLOW_OVERLAP, "icon-allow-overlap", SYMBOL, LAYOUT, BOOL)                         \
    X(PROP_ICON_COLOR, "icon-color", SYMBOL, PAINT, COLOUR)                                        \
    X(PROP_ICON_OPACITY, "icon-opacity", SYMBOL, PAINT, SHARE)                                     \
    X(PROP_ICON_HALO_COLOR, "icon-halo-color", SYMBOL, PAINT, COLOUR)                              \
    X(PROP_ICON_HALO_WIDTH, "icon-halo-width", SYMBOL, PAINT, SIZE)                                \
    X(PROP_TEXT_FIELD, "text-field", SYMBOL, LAYOUT, TEXT)                                         \
    X(PROP_TEXT_FONT, "text-font", SYMBOL, LAYOUT, FONT)                                           \
    X(PROP_TEXT_SIZE, "text-size", SYMBOL, LAYOUT, SIZE)                                           \
    X(PROP_TEXT_MAX_WIDTH, "text-max-width", SYMBOL, LAYOUT, SIZE)                                 \
    X(PROP_TEXT_LINE_HEIGHT, "text-line-height", SYMBOL, LAYOUT, SIZE)                             \
    X(PROP_TEXT_LETTER_SPACING, "text-letter-spacing", SYMBOL, LAYOUT, SIGNED)                     \
    X(PROP_TEXT_JUSTIFY, "text-justify", SYMBOL, LAYOUT, JUSTIFY)                                  \
    X(PROP_TEXT_ANCHOR, "text-anchor", SYMBOL, LAYOUT, ANCHOR)                                     \
    X(PROP_TEXT_OFFSET, "text-offset", SYMBOL, LAYOUT, OFFSET)                                     \
    X(PROP_TEXT_PADDING, "text-padding", SYMBOL, LAYOUT, SIZE)                                     \
    X(PROP_TEXT_ALLOW_OVERLAP, "text-allow-overlap", SYMBOL, LAYOUT, BOOL)                         \
    X(PROP_TEXT_OPTIONAL, "text-optional", SYMBOL, LAYOUT, BOOL)                                   \
    X(PROP_TEXT_ROTATION_ALIGNMENT, "text-rotation-alignment", SYMBOL, LAYOUT, ALIGNMENT)          \
    X(PROP_TEXT_MAX_ANGLE, "text-max-angle", SYMBOL, LAYOUT, SIZE)                                 \
    X(PROP_TEXT_KEEP_UPRIGHT, "text-keep-upright", SYMBOL, LAYOUT, BOOL)                           \
    X(PROP_TEXT_COLOR, "text-color", SYMBOL, PAINT, COLOUR)                                        \
    X(PROP_TEXT_OPACITY, "text-opacity", SYMBOL, PAINT, SHARE)                                     \
    X(PROP_TEXT_HALO_COLOR, "text-halo-color", SYMBOL, PAINT, COLOUR)                              \
    X(PROP_TEXT_HALO_WIDTH, "text-halo-width", SYMBOL, PAINT, SIZE)                                \
    X(PROP_SYMBOL_PLACEMENT, "symbol-placement", SYMBOL, LAYOUT, PLACEMENT)                        \
    X(PROP_SYMBOL_SPACING, "symbol-spacing", SYMBOL, LAYOUT, SPACING)                              \
    X(PROP_SYMBOL_SORT_KEY, "symbol-sort-key", SYMBOL, LAYOUT, NUMBER)

enum style_property {
#define STYLE_PROPERTY_ENUM(constant, name, types, section, kind) constant,
    STYLE_PROPERTIES(STYLE_PROPERTY_ENUM)
#undef STYLE_PROPERTY_ENUM
        PROP_COUNT
};

enum icon {
    ICON_NONE,
    ICON_CIRCLE,
    ICON_SQUARE,
    ICON_TRIANGLE,
    ICON_DIAMOND,
    ICON_STAR,
    ICON_CROSS
};

bool icon_by_name(const char *name, enum icon *out);
const char *icon_name(enum icon icon); /* NULL: ICON_NONE */

/* symbol-placement. Areas: at their innermost point, or along their edges. */
enum symbol_placement {
    PLACE_POINT,
    PLACE_LINE,        /* every symbol-spacing px along the line */
    PLACE_LINE_CENTER, /* once, in its middle */
};

/* text-rotation-alignment: whether a text on a line turns with it. */
enum text_alignment {
    ALIGN_AUTO, /* map along lines, else viewport */
    ALIGN_MAP,
    ALIGN_VIEWPORT,       /* level */
    ALIGN_VIEWPORT_GLYPH, /* each letter level, along the line */
};

/* text-justify: the lines of a text, against each other. */
enum text_justify { JUSTIFY_CENTER, JUSTIFY_LEFT, JUSTIFY_RIGHT, JUSTIFY_AUTO };

/* Where a text lies against its point: -1 left or top edge on it, 0 middle, 1 right, bottom. */
struct anchor {
    int x, y;
};

enum { STYLE_DASHES = 16 };

/* A layer is drawn on a map where least <= style zoom < beyond; {0, 0}: it is not on that map. */
struct zoom_span {
    double least, beyond;
};

struct style_layer {
    const char *id;
    enum layer_type type;
    enum style_source source;
    struct zoom_span zooms[MAP_COUNT];
    bool visible;
    struct expr *filter;                 /* NULL: all */
    struct expr *properties[PROP_COUNT]; /* NULL: the default */
    unsigned depends;                    /* EXPR_ZOOM, EXPR_FEATURE: of all the above */
    double dashes[STYLE_DASHES];         /* in line widths; an even number of them */
    uint32_t n_dashes;
    double text_offset_em[2];
    uint32_t font_stack; /* of symbol layers */
};

size_t style_layer_count(const struct style *style);
const struct style_layer *style_layer(const struct style *style, size_t index); /* 0: lowest */
size_t style_stack_count(const struct style *style);
const struct font_stack *style_stacks(const struct style *style);

/* The fonts of a symbol layer whose text-font, joined by commas as clients ask for it, is `names`;
 * NULL: no layer has it. What MapLibre takes where text-font is missing stands for what we take. */
const struct font_stack *style_stack_named(const struct style *style, const char *names);

bool style_layer_shows(const struct style_layer *layer, enum map_id map, double zoom);

/* Whether its filter or any of its properties looks at that property of features. */
bool style_layer_asks(const struct style_layer *layer, const char *property);
bool style_filter(const struct style_layer *layer, const struct eval *eval);

/* The value of a property: what its expression gives, else the specification's default. */
double style_number(const struct style_layer *layer, enum style_property property,
                    const struct eval *eval);
struct colour style_colour(const struct style_layer *layer, enum style_property property,
                           const struct eval *eval);
bool style_bool(const struct style_layer *layer, enum style_property property,
                const struct eval *eval);
const char *style_text(const struct style_layer *layer, enum style_property property,
                       const struct eval *eval); /* NULL: none */
int style_choice(const struct style_layer *layer, enum style_property property,
                 const struct eval *eval); /* enum line_cap, line_join (tiler/draw/stroke.h),
                                              symbol_placement, text_alignment, text_justify */
struct anchor style_anchor(const struct style_layer *layer, const struct eval *eval);

#endif
