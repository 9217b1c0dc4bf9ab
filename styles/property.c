#include "styles/style_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    TYPES_BACKGROUND = 1 << LAYER_BACKGROUND,
    TYPES_FILL = 1 << LAYER_FILL,
    TYPES_LINE = 1 << LAYER_LINE,
    TYPES_CIRCLE = 1 << LAYER_CIRCLE,
    TYPES_SYMBOL = 1 << LAYER_SYMBOL,
};

const struct property_row property_rows[PROP_COUNT] = {
#define PROPERTY_ROW(constant, name, types, section, kind)                                         \
    [constant] = {name, TYPES_##types, SECTION_##section, KIND_##kind},
    STYLE_PROPERTIES(PROPERTY_ROW)
#undef PROPERTY_ROW
};

struct choice {
    const char *name;
    int value;
};

static const struct choice caps[] = {{"butt", 0}, {"round", 1}, {"square", 2}, {NULL, 0}};
static const struct choice joins[] = {{"miter", 0}, {"round", 1}, {"bevel", 2}, {NULL, 0}};
static const struct choice placements[] = {
    {"point", PLACE_POINT}, {"line", PLACE_LINE}, {"line-center", PLACE_LINE_CENTER}, {NULL, 0}};
static const struct choice alignments[] = {{"auto", ALIGN_AUTO},
                                           {"map", ALIGN_MAP},
                                           {"viewport", ALIGN_VIEWPORT},
                                           {"viewport-glyph", ALIGN_VIEWPORT_GLYPH},
                                           {NULL, 0}};
static const struct choice justifies[] = {{"center", JUSTIFY_CENTER},
                                          {"left", JUSTIFY_LEFT},
                                          {"right", JUSTIFY_RIGHT},
                                          {"auto", JUSTIFY_AUTO},
                                          {NULL, 0}};
/* Nine anchors: (x + 1) + 3 * (y + 1). */
static const struct choice anchors[] = {
    {"top-left", 0}, {"top", 1},         {"top-right", 2}, {"left", 3},         {"center", 4},
    {"right", 5},    {"bottom-left", 6}, {"bottom", 7},    {"bottom-right", 8}, {NULL, 0}};
static const struct choice icons[] = {{"circle", ICON_CIRCLE},
                                      {"square", ICON_SQUARE},
                                      {"triangle", ICON_TRIANGLE},
                                      {"diamond", ICON_DIAMOND},
                                      {"star", ICON_STAR},
                                      {"cross", ICON_CROSS},
                                      {NULL, 0}};

static const struct choice *choices_of(enum property_kind kind)
{
    switch ((int)kind) {
    case KIND_CAP:
        return caps;
    case KIND_JOIN:
        return joins;
    case KIND_PLACEMENT:
        return placements;
    case KIND_ALIGNMENT:
        return alignments;
    case KIND_JUSTIFY:
        return justifies;
    case KIND_ANCHOR:
        return anchors;
    case KIND_ICON:
        return icons;
    default:
        return NULL;
    }
}

static int find_choice(const struct choice *choices, const char *name)
{
    for (; choices->name; choices++)
        if (strcmp(choices->name, name) == 0)
            return choices->value;
    return -1;
}

bool icon_by_name(const char *name, enum icon *out)
{
    int value = find_choice(icons, name);
    if (value >= 0)
        *out = (enum icon)value;
    return value >= 0;
}

const char *icon_name(enum icon icon)
{
    const struct choice *choice = icons;
    while (choice->name && choice->value != (int)icon)
        choice++;
    return choice->name;
}

static const struct choice pattern_kinds[] = {{"hatch-", PATTERN_HATCH},
                                              {"back-hatch-", PATTERN_HATCH_BACK},
                                              {"cross-", PATTERN_CROSS},
                                              {"dense-", PATTERN_DENSE},
                                              {"dots-", PATTERN_DOTS},
                                              {"lines-", PATTERN_LINES},
                                              {NULL, 0}};
static const char *const pattern_colours[] = {"red",  "orange", "yellow", "blue",
                                              "grey", "black",  "white"};
enum { N_PATTERN_COLOURS = sizeof pattern_colours / sizeof *pattern_colours };

bool pattern_by_name(const char *name, struct pattern *out)
{
    for (const struct choice *kind = pattern_kinds; kind->name; kind++) {
        size_t n = strlen(kind->name);
        if (strncmp(name, kind->name, n) != 0)
            continue;
        for (size_t i = 0; i < N_PATTERN_COLOURS; i++) {
            if (strcmp(pattern_colours[i], name + n) == 0) {
                out->kind = (enum pattern_kind)kind->value;
                return colour_parse(pattern_colours[i], &out->colour);
            }
        }
    }
    return false;
}

bool pattern_name(enum pattern_kind kind, size_t n, char out[PATTERN_NAME_BYTES])
{
    const struct choice *choice = pattern_kinds;
    while (choice->name && choice->value != (int)kind)
        choice++;
    if (!choice->name || n >= N_PATTERN_COLOURS)
        return false;
    snprintf(out, PATTERN_NAME_BYTES, "%s%s", choice->name, pattern_colours[n]);
    return true;
}

enum value_type property_value_type(enum property_kind kind)
{
    switch (kind) {
    case KIND_NUMBER:
    case KIND_SIZE:
    case KIND_SPACING:
    case KIND_SIGNED:
    case KIND_SHARE:
        return VALUE_NUMBER;
    case KIND_COLOUR:
        return VALUE_COLOUR;
    case KIND_BOOL:
        return VALUE_BOOL;
    case KIND_TEXT:
    case KIND_PATTERN:
    case KIND_ICON:
        return VALUE_TEXT;
    case KIND_CAP:
    case KIND_JOIN:
    case KIND_ANCHOR:
    case KIND_PLACEMENT:
    case KIND_ALIGNMENT:
    case KIND_JUSTIFY:
        return VALUE_STRING;
    case KIND_DASHES:
    case KIND_OFFSET:
    case KIND_FONT:
        break;
    }
    return VALUE_ANY;
}

/* The numbers that a kind takes; false: any. */
static bool range_of(enum property_kind kind, double *least, double *most)
{
    *least = kind == KIND_SIGNED ? -1000 : kind == KIND_SPACING ? 1 : 0;
    *most = kind == KIND_SHARE ? 1 : 1000;
    return kind == KIND_SIZE || kind == KIND_SPACING || kind == KIND_SIGNED || kind == KIND_SHARE;
}

static const char *right_choice(enum property_kind kind)
{
    switch ((int)kind) {
    case KIND_ICON:
        return "circle, square, triangle, diamond, star or cross";
    case KIND_CAP:
        return "butt, round or square";
    case KIND_JOIN:
        return "miter, round or bevel";
    case KIND_PLACEMENT:
        return "point, line or line-center";
    case KIND_ALIGNMENT:
        return "auto, map, viewport or viewport-glyph";
    case KIND_JUSTIFY:
        return "auto, left, center or right";
    default:
        return "center, top, bottom-left and the like";
    }
}

bool property_takes(enum property_kind kind, struct value value, const char **right)
{
    struct pattern pattern;
    double least, most;
    if (range_of(kind, &least, &most)) {
        *right = kind == KIND_SHARE     ? "a number from 0 to 1"
                 : kind == KIND_SIGNED  ? "a number from -1000 to 1000"
                 : kind == KIND_SPACING ? "a number from 1 to 1000"
                                        : "a number from 0 to 1000";
        return value.type != VALUE_NUMBER || (value.as.number >= least && value.as.number <= most);
    }
    if (kind == KIND_TEXT) {
        *right = "an expression such as [\"get\", \"name\"]; the old {name} form is not supported";
        return value.type != VALUE_STRING || !strchr(value.as.string, '{');
    }
    bool may_be_empty = kind == KIND_PATTERN || kind == KIND_ICON; /* then nothing is drawn */
    if (value.type != VALUE_STRING || (may_be_empty && !*value.as.string))
        return true;
    if (kind == KIND_PATTERN) {
        *right = "one of the built-in sprite: hatch-, back-hatch-, cross-, dense-, dots- or "
                 "lines- and red, orange, yellow, blue, grey, black or white";
        return pattern_by_name(value.as.string, &pattern);
    }
    const struct choice *choices = choices_of(kind);
    *right = right_choice(kind);
    return !choices || find_choice(choices, value.as.string) >= 0;
}

/* Properties that are one for a whole layer ("data-driven styling" is not supported for them). */
static bool is_of_layer(enum style_property property)
{
    switch ((int)property) {
    case PROP_BACKGROUND_COLOR:
    case PROP_BACKGROUND_OPACITY:
    case PROP_LINE_CAP:
    case PROP_ICON_ALLOW_OVERLAP:
    case PROP_TEXT_LINE_HEIGHT:
    case PROP_TEXT_PADDING:
    case PROP_TEXT_ALLOW_OVERLAP:
    case PROP_TEXT_OPTIONAL:
    case PROP_TEXT_ROTATION_ALIGNMENT:
    case PROP_TEXT_MAX_ANGLE:
    case PROP_TEXT_KEEP_UPRIGHT:
    case PROP_SYMBOL_PLACEMENT:
    case PROP_SYMBOL_SPACING:
        return true;
    default:
        return false;
    }
}

enum err_code property_check_use(enum style_property property, const struct expr *expr,
                                 struct err *err)
{
    if (is_of_layer(property) && (expr_depends(expr) & EXPR_FEATURE))
        return err_set(err, ERR_INPUT,
                       "is one for the whole layer: it cannot look at properties of features");
    enum expr_zoom zoom = expr_zoom(expr);
    if (zoom == EXPR_ZOOM_ELSEWHERE)
        return err_set(err, ERR_INPUT,
                       "[\"zoom\"] must be the input of one step or interpolate that is the whole "
                       "expression");
    if (zoom == EXPR_ZOOM_CURVE && property_rows[property].kind == KIND_NUMBER)
        return err_set(err, ERR_INPUT, "is no size: with zoom it can only step");
    return ERR_OK;
}

/* ---- evaluation ---- */

static struct value evaluate(const struct style_layer *layer, enum style_property property,
                             const struct eval *eval)
{
    const struct expr *expr = layer->properties[property];
    return expr ? expr_evaluate(expr, eval) : value_null();
}

static double default_number(enum style_property property)
{
    switch ((int)property) {
    case PROP_FILL_SORT_KEY:
    case PROP_LINE_SORT_KEY:
    case PROP_CIRCLE_SORT_KEY:
    case PROP_SYMBOL_SORT_KEY:
    case PROP_CIRCLE_STROKE_WIDTH:
    case PROP_ICON_HALO_WIDTH:
    case PROP_TEXT_HALO_WIDTH:
    case PROP_TEXT_LETTER_SPACING:
    case PROP_LINE_OFFSET:
    case PROP_LINE_GAP_WIDTH:
        return 0;
    case PROP_CIRCLE_RADIUS:
        return 5;
    case PROP_TEXT_SIZE:
        return 16;
    case PROP_TEXT_MAX_WIDTH:
        return 10;
    case PROP_TEXT_LINE_HEIGHT:
        return 1.2;
    case PROP_TEXT_PADDING:
        return 2;
    case PROP_TEXT_MAX_ANGLE:
        return 45;
    case PROP_SYMBOL_SPACING:
        return 250;
    default: /* widths and opacities */
        return 1;
    }
}

double style_number(const struct style_layer *layer, enum style_property property,
                    const struct eval *eval)
{
    struct value value = evaluate(layer, property, eval);
    if (value.type != VALUE_NUMBER)
        return default_number(property);
    double least, most;
    if (!range_of(property_rows[property].kind, &least, &most))
        return value.as.number;
    return fmax(least, fmin(most, value.as.number));
}

struct colour style_colour(const struct style_layer *layer, enum style_property property,
                           const struct eval *eval)
{
    struct value value = evaluate(layer, property, eval);
    struct colour colour = {0, 0, 0, 1};
    if (property == PROP_ICON_HALO_COLOR || property == PROP_TEXT_HALO_COLOR)
        colour.a = 0;
    if (value.type == VALUE_COLOUR)
        colour = value.as.colour;
    return colour;
}

bool style_bool(const struct style_layer *layer, enum style_property property,
                const struct eval *eval)
{
    struct value value = evaluate(layer, property, eval);
    return value.type == VALUE_BOOL ? value.as.boolean : property == PROP_TEXT_KEEP_UPRIGHT;
}

const char *style_text(const struct style_layer *layer, enum style_property property,
                       const struct eval *eval)
{
    struct value value = evaluate(layer, property, eval);
    return value.type == VALUE_STRING && *value.as.string ? value.as.string : NULL;
}

int style_choice(const struct style_layer *layer, enum style_property property,
                 const struct eval *eval)
{
    struct value value = evaluate(layer, property, eval);
    const struct choice *choices = choices_of(property_rows[property].kind);
    int found = value.type == VALUE_STRING && choices ? find_choice(choices, value.as.string) : -1;
    return found < 0 ? 0 : found;
}

struct anchor style_anchor(const struct style_layer *layer, const struct eval *eval)
{
    struct value value = evaluate(layer, PROP_TEXT_ANCHOR, eval);
    int found = value.type == VALUE_STRING ? find_choice(anchors, value.as.string) : -1;
    if (found < 0)
        return (struct anchor){0, 0};
    return (struct anchor){found % 3 - 1, found / 3 - 1};
}

bool style_layer_asks(const struct style_layer *layer, const char *property)
{
    bool asks = layer->filter && expr_asks(layer->filter, property);
    for (size_t i = 0; i < PROP_COUNT && !asks; i++)
        asks = layer->properties[i] && expr_asks(layer->properties[i], property);
    return asks;
}

bool style_filter(const struct style_layer *layer, const struct eval *eval)
{
    if (!layer->filter)
        return true;
    struct value value = expr_evaluate(layer->filter, eval);
    return value.type == VALUE_BOOL && value.as.boolean;
}
