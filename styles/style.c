#include "styles/style_private.h"

#include "data/base/file.h"
#include "data/base/hash.h"
#include "data/base/limits.h"
#include "data/base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Layers of a picture; MapLibre's largest basemaps have about 200. */
    MOST_LAYERS = 256,
    MOST_STACKS = 16,
};

static const char *const source_names[SOURCE_COUNT] = {
#define SOURCE_NAME(constant, name) [constant] = (name),
    STYLE_SOURCES(SOURCE_NAME)
#undef SOURCE_NAME
};
static const char *const type_names[] = {"background", "fill", "line", "circle", "symbol"};

const char *style_source_name(enum style_source source)
{
    return source < SOURCE_COUNT ? source_names[source] : NULL;
}

/* Index of a name in a table of names, or -1. */
static int find_name(const char *const *names, int n, const char *name)
{
    for (int i = 0; name && i < n; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

/* ---- one property ---- */

struct reader {
    struct style *style;
    struct style_layer *layer;
    struct err *err;
    enum err_code code;
    enum property_section section;
};

/* A list of numbers between min and max; *n gets how many. */
static enum err_code read_numbers(struct reader *r, const struct json *json, double *out,
                                  size_t most, size_t *n)
{
    *n = jr_count(json);
    if (jr_type_of(json) != JR_ARRAY || *n == 0 || *n > most)
        return err_set(r->err, ERR_INPUT, "must be a list of 1 to %zu numbers", most);
    for (size_t i = 0; i < *n; i++) {
        out[i] = jr_number(jr_item(json, i), NAN);
        if (!isfinite(out[i]) || fabs(out[i]) > 1000)
            return err_set(r->err, ERR_INPUT, "item %zu is no number from -1000 to 1000", i + 1);
    }
    return ERR_OK;
}

static enum err_code read_dashes(struct reader *r, const struct json *json)
{
    struct style_layer *layer = r->layer;
    size_t n;
    double total = 0;
    enum err_code code = read_numbers(r, json, layer->dashes, STYLE_DASHES / 2, &n);
    if (code != ERR_OK)
        return code;
    for (size_t i = 0; i < n; i++) {
        if (layer->dashes[i] < 0)
            return err_set(r->err, ERR_INPUT, "a dash cannot be %g long", layer->dashes[i]);
        total += layer->dashes[i];
    }
    if (total < 0.1)
        return err_set(r->err, ERR_INPUT, "the dashes together must be at least 0.1 widths long");
    if (n % 2) { /* an odd pattern is said twice, as in CSS and MapLibre */
        memcpy(layer->dashes + n, layer->dashes, n * sizeof layer->dashes[0]);
        n *= 2;
    }
    layer->n_dashes = (uint32_t)n;
    return ERR_OK;
}

static const char DEFAULT_FONT[] = "Noto Sans CJK SC";

static enum err_code read_fonts(struct reader *r, const struct json *json)
{
    struct style *style = r->style;
    const char *names[FONT_STACK_FILES] = {DEFAULT_FONT};
    size_t n = 1;
    char key[512] = "";
    if (json) {
        n = jr_count(json);
        if (jr_type_of(json) != JR_ARRAY || n == 0 || n > FONT_STACK_FILES)
            return err_set(r->err, ERR_INPUT, "must be a list of 1 to %d names of fonts",
                           FONT_STACK_FILES);
        /* The array may be written as a literal expression too. */
        if (text_equal(jr_text(jr_item(json, 0)), "literal") && n == 2) {
            json = jr_item(json, 1);
            n = jr_count(json);
        }
        for (size_t i = 0; i < n; i++) {
            names[i] = jr_text(jr_item(json, i));
            if (!names[i] || strlen(names[i]) > 64)
                return err_set(r->err, ERR_INPUT, "item %zu is no name of a font", i + 1);
        }
    }
    for (size_t i = 0; i < n; i++)
        snprintf(key + strlen(key), sizeof key - strlen(key), "%s|", names[i]);
    for (size_t i = 0; i < style->n_stacks; i++) {
        if (strcmp(style->stack_keys[i], key) == 0) {
            r->layer->font_stack = (uint32_t)i;
            return ERR_OK;
        }
    }
    if (style->n_stacks == MOST_STACKS)
        return err_set(r->err, ERR_LIMIT, "more than %d lists of fonts", MOST_STACKS);
    style->stack_keys[style->n_stacks] = arena_strdup(&style->arena, key);
    if (!style->stack_keys[style->n_stacks])
        return err_nomem(r->err);
    r->layer->font_stack = (uint32_t)style->n_stacks;
    enum err_code code =
        font_stack_find(names, n, &style->arena, &style->stacks[style->n_stacks], r->err);
    style->n_stacks += code == ERR_OK;
    return code;
}

/* Looks at every constant that a property can become. */
struct check {
    enum property_kind kind;
    const char *right;
    struct value wrong;
    bool found;
};

static void check_constant(void *context, struct value value)
{
    struct check *check = context;
    if (!check->found && !property_takes(check->kind, value, &check->right)) {
        check->wrong = value;
        check->found = true;
    }
}

static enum err_code read_expression(struct reader *r, enum style_property property,
                                     const struct json *json)
{
    enum property_kind kind = property_rows[property].kind;
    struct expr *expr;
    enum err_code code =
        expr_compile(json, property_value_type(kind), &r->style->arena, &expr, r->err);
    if (code != ERR_OK)
        return code;
    code = property_check_use(property, expr, r->err);
    if (code != ERR_OK)
        return code;
    struct check check = {.kind = kind};
    expr_outputs(expr, &check, check_constant);
    if (check.found && check.wrong.type == VALUE_STRING)
        return err_set(r->err, ERR_INPUT, "\"%s\" must be %s", check.wrong.as.string, check.right);
    if (check.found)
        return err_set(r->err, ERR_INPUT, "%g must be %s", check.wrong.as.number, check.right);
    r->layer->properties[property] = expr;
    r->layer->depends |= expr_depends(expr);
    return ERR_OK;
}

static enum err_code read_visibility(struct reader *r, const struct json *json)
{
    const char *text = jr_text(json);
    if (!text_equal(text, "visible") && !text_equal(text, "none"))
        return err_set(r->err, ERR_INPUT, "must be \"visible\" or \"none\"");
    r->layer->visible = text_equal(text, "visible");
    return ERR_OK;
}

static enum err_code read_property_value(struct reader *r, enum style_property property,
                                         const struct json *json)
{
    size_t n;
    enum err_code code;
    switch ((int)property_rows[property].kind) {
    case KIND_DASHES:
        return read_dashes(r, json);
    case KIND_OFFSET:
        code = read_numbers(r, json, r->layer->text_offset_em, 2, &n);
        return code == ERR_OK && n != 2 ? err_set(r->err, ERR_INPUT, "must be a list of 2 numbers")
                                        : code;
    case KIND_FONT:
        return read_fonts(r, json);
    default:
        return read_expression(r, property, json);
    }
}

static bool read_property(void *context, const char *key, const struct json *json)
{
    struct reader *r = context;
    bool layout = r->section == SECTION_LAYOUT;
    if (layout && strcmp(key, "visibility") == 0) {
        r->code = read_visibility(r, json);
    } else {
        int property = 0;
        while (property < PROP_COUNT && (strcmp(property_rows[property].name, key) != 0 ||
                                         property_rows[property].section != r->section))
            property++;
        if (property == PROP_COUNT)
            r->code = err_set(r->err, ERR_INPUT, "is not a %s property that is supported",
                              layout ? "layout" : "paint");
        else if (!(property_rows[property].types >> r->layer->type & 1))
            r->code = err_set(r->err, ERR_INPUT, "does not belong to a layer of type %s",
                              type_names[r->layer->type]);
        else
            r->code = read_property_value(r, (enum style_property)property, json);
    }
    if (r->code != ERR_OK)
        r->code = err_wrap(r->err, "%s", key);
    return r->code == ERR_OK;
}

/* ---- one layer ---- */

static enum err_code read_head(struct reader *r, const struct json *json)
{
    struct style_layer *layer = r->layer;
    const char *type = jr_text(jr_get(json, "type"));
    const char *source = jr_text(jr_get(json, "source-layer"));
    int found = find_name(type_names, LAYER_SYMBOL + 1, type);
    if (found < 0)
        return err_set(r->err, ERR_INPUT,
                       "type: \"%s\" is not supported; background, fill, line, circle and "
                       "symbol are",
                       type ? type : "");
    layer->type = (enum layer_type)found;
    layer->visible = true;
    layer->source = SOURCE_NONE;
    if (layer->type == LAYER_BACKGROUND)
        return ERR_OK;
    found = find_name(source_names, SOURCE_COUNT, source);
    if (found < 0)
        return err_set(r->err, ERR_INPUT,
                       "source-layer: \"%s\" is none that there is (styles/README.md lists "
                       "them)",
                       source ? source : "");
    layer->source = (enum style_source)found;
    return ERR_OK;
}

static bool known_member(void *context, const char *key, const struct json *value)
{
    static const char *const members[] = {"id",      "type",    "source", "source-layer",
                                          "minzoom", "maxzoom", "filter", "layout",
                                          "paint",   "metadata"};
    struct reader *r = context;
    (void)value;
    if (find_name(members, sizeof members / sizeof members[0], key) < 0)
        r->code = err_set(r->err, ERR_INPUT, "%s: is not a member that is supported", key);
    return r->code == ERR_OK;
}

static enum err_code read_filter(struct reader *r, const struct json *json)
{
    if (!json)
        return ERR_OK;
    enum err_code code =
        expr_compile(json, VALUE_BOOL, &r->style->arena, &r->layer->filter, r->err);
    if (code != ERR_OK)
        return err_wrap(r->err, "filter");
    r->layer->depends |= expr_depends(r->layer->filter);
    return ERR_OK;
}

static enum err_code read_section(struct reader *r, const struct json *json, const char *name,
                                  enum property_section section)
{
    const struct json *members = jr_get(json, name);
    if (members && jr_type_of(members) != JR_OBJECT)
        return err_set(r->err, ERR_INPUT, "%s: must be an object", name);
    r->section = section;
    jr_each(members, r, read_property);
    return r->code;
}

static enum err_code read_layer(struct style *style, const struct json *json, size_t index,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct style_layer *layer = &style->layers[index];
    struct reader reader = {.style = style, .layer = layer, .err = err};
    const char *id = jr_text(jr_get(json, "id"));
    if (!id || !*id)
        return err_set(err, ERR_INPUT, "layer %zu: \"id\" is missing or no text", index + 1);
    layer->id = arena_strdup(&style->arena, id);
    if (!layer->id)
        return err_nomem(err);
    for (size_t i = 0; i < index; i++)
        if (strcmp(style->layers[i].id, layer->id) == 0)
            return err_set(err, ERR_INPUT, "layer \"%s\": its id stands twice", id);
    jr_each(json, &reader, known_member);
    TRY(reader.code);
    TRY(read_head(&reader, json));
    TRY(layer_maps_parse(json, layer, err));
    TRY(read_filter(&reader, jr_get(json, "filter")));
    TRY(read_section(&reader, json, "layout", SECTION_LAYOUT));
    TRY(read_section(&reader, json, "paint", SECTION_PAINT));
    if (layer->type == LAYER_SYMBOL && !jr_get(jr_get(json, "layout"), "text-font")) {
        code = read_fonts(&reader, NULL);
        if (code != ERR_OK)
            code = err_wrap(err, "text-font");
    }
done:
    return code == ERR_OK ? code : err_wrap(err, "layer \"%s\"", id);
}

/* ---- the file ---- */

struct root_walk {
    struct err *err;
    enum err_code code;
};

/* Whether the style may have this member; what it means is read elsewhere, or concerns
 * browsers only. */
static bool known_root(void *context, const char *key, const struct json *value)
{
    static const char *const members[] = {"version", "name",    "metadata", "sources",
                                          "layers",  "sprite",  "glyphs",   "center",
                                          "zoom",    "bearing", "pitch"};
    struct root_walk *walk = context;
    (void)value;
    if (find_name(members, sizeof members / sizeof members[0], key) < 0)
        walk->code = err_set(walk->err, ERR_INPUT, "%s: is not a member that is supported", key);
    return walk->code == ERR_OK;
}

static bool is_json_file(const char *name)
{
    size_t n = strlen(name);
    return n >= 5 && strcmp(name + n - 5, ".json") == 0;
}

/* "night" for "styles/night.json". */
static const char *base_name(struct style *style)
{
    const char *slash = strrchr(style->path, '/');
    const char *base = slash ? slash + 1 : style->path;
    size_t n = strlen(base);
    return arena_strndup(&style->arena, base, n > 5 && is_json_file(base) ? n - 5 : n);
}

static enum err_code read_style(struct style *style, const struct json *root, struct err *err)
{
    const struct json *layers = jr_get(root, "layers");
    const char *name = jr_text(jr_get(root, "name"));
    size_t n = jr_count(layers);
    struct root_walk walk = {.err = err};
    jr_each(root, &walk, known_root);
    if (walk.code != ERR_OK)
        return walk.code;
    if (jr_integer(jr_get(root, "version"), 0) != 8)
        return err_set(err, ERR_INPUT, "version: must be 8 (MapLibre Style Specification)");
    if (jr_type_of(layers) != JR_ARRAY || n == 0 || n > MOST_LAYERS)
        return err_set(err, ERR_INPUT, "layers: must be a list of 1 to %d layers", MOST_LAYERS);
    style->name = name && *name ? arena_strdup(&style->arena, name) : base_name(style);
    style->layers = arena_new(&style->arena, struct style_layer, n);
    style->stacks = arena_new(&style->arena, struct font_stack, MOST_STACKS);
    style->stack_keys = arena_new(&style->arena, const char *, MOST_STACKS);
    if (!style->name || !style->layers || !style->stacks || !style->stack_keys)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        enum err_code code = read_layer(style, jr_item(layers, i), i, err);
        if (code != ERR_OK)
            return code;
        style->n_layers = i + 1;
    }
    enum err_code code =
        legend_parse(style, jr_get(jr_get(root, "metadata"), "sisetu:legend"), err);
    return code == ERR_OK ? code : err_wrap(err, "metadata: sisetu:legend");
}

static uint64_t version_of(const char *text, size_t n)
{
    unsigned char hash[HASH_BYTES];
    uint64_t version;
    hash_bytes(text, n, hash);
    memcpy(&version, hash, sizeof version);
    return version;
}

enum err_code style_parse(const char *name, const char *json, size_t n, struct style **out,
                          struct err *err)
{
    enum err_code code = ERR_OK;
    struct json *root = NULL;
    struct style *style = calloc(1, sizeof *style);
    *out = style;
    if (!style)
        return err_nomem(err);
    pthread_mutex_init(&style->mutex, NULL);
    style->n_references = 1;
    /* A compiled style is some tens of bytes for each byte of its text. */
    arena_init(&style->arena, (size_t)LIMIT_JSON_BYTES * 16);
    style->path = arena_strdup(&style->arena, name);
    TRY(style->path ? ERR_OK : err_nomem(err));
    TRY(jr_parse(json, n, &root, err));
    TRY(read_style(style, root, err));
    style->text = arena_strndup(&style->arena, json, n);
    style->n_text = n;
    style->version = version_of(json, n);
    TRY(style->text ? ERR_OK : err_nomem(err));
done:
    jr_free(root);
    if (code != ERR_OK) {
        code = err_wrap(err, "%s", name);
        style_free(style);
        *out = NULL;
    }
    return code;
}

bool style_is_path(const char *given)
{
    return strchr(given, '/') || is_json_file(given);
}

enum err_code style_load(const char *given, struct style **out, struct err *err)
{
    enum err_code code = ERR_OK;
    char file[4096], name[128];
    struct buf text;
    buf_init(&text);
    *out = NULL;
    if (!given || !style_is_path(given)) {
        snprintf(name, sizeof name, "styles/%.80s.json", given ? given : "four-colour");
        TRY(file_asset(name, file, sizeof file, err));
        given = file;
    }
    TRY(file_read(given, LIMIT_JSON_BYTES, &text, err));
    TRY(style_parse(given, buf_text(&text), text.n_bytes, out, err));
done:
    buf_release(&text);
    return code;
}

struct style *style_acquire(struct style *style)
{
    pthread_mutex_lock(&style->mutex);
    style->n_references++;
    pthread_mutex_unlock(&style->mutex);
    return style;
}

void style_free(struct style *style)
{
    if (!style)
        return;
    pthread_mutex_lock(&style->mutex);
    unsigned left = --style->n_references;
    pthread_mutex_unlock(&style->mutex);
    if (left > 0)
        return;
    pthread_mutex_destroy(&style->mutex);
    for (size_t i = 0; i < style->n_stacks; i++)
        font_stack_release(&style->stacks[i]);
    arena_release(&style->arena);
    free(style);
}

const char *style_path(const struct style *style)
{
    return style->path;
}

uint64_t style_version(const struct style *style)
{
    return style->version;
}

const char *style_name(const struct style *style)
{
    return style->name;
}

const char *style_text_of(const struct style *style, size_t *n)
{
    *n = style->n_text;
    return style->text;
}

size_t style_layer_count(const struct style *style)
{
    return style->n_layers;
}

const struct style_layer *style_layer(const struct style *style, size_t index)
{
    return &style->layers[index];
}

size_t style_stack_count(const struct style *style)
{
    return style->n_stacks;
}

const struct font_stack *style_stacks(const struct style *style)
{
    return style->stacks;
}

const struct font_stack *style_stack_named(const struct style *style, const char *names)
{
    /* The default of text-font in the MapLibre Style Specification. */
    if (strcmp(names, "Open Sans Regular,Arial Unicode MS Regular") == 0)
        names = DEFAULT_FONT;
    for (size_t i = 0; i < style->n_stacks; i++) {
        const char *key = style->stack_keys[i]; /* each name ends with a bar */
        size_t n = strlen(names), k = 0;
        while (k < n && (names[k] == ',' ? '|' : names[k]) == key[k])
            k++;
        if (k == n && key[k] == '|' && key[k + 1] == '\0')
            return &style->stacks[i];
    }
    return NULL;
}
