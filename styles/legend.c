#include "styles/style_private.h"

#include <string.h>

/* A key on a wall-high legend is still fewer than this. */
enum { MOST_ENTRIES = 64 };

static enum err_code copy_text(struct style *style, const struct json *entry, const char *member,
                               const char **out, struct err *err)
{
    const char *text = jr_text(jr_get(entry, member));
    if (!text)
        return err_set(err, ERR_INPUT, "\"%s\" is missing or no text", member);
    *out = arena_strdup(&style->arena, text);
    return *out ? ERR_OK : err_nomem(err);
}

static enum err_code parse_entry(struct style *style, const struct json *json,
                                 struct legend_entry *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct colour colour;
    struct pattern pattern;
    TRY(copy_text(style, json, "key", &out->key, err));
    TRY(copy_text(style, json, "zh", &out->zh, err));
    TRY(copy_text(style, json, "en", &out->en, err));
    TRY(copy_text(style, json, "colour", &out->colour, err));
    out->hatched = jr_bool(jr_get(json, "hatched"), false);
    if (jr_get(json, "pattern"))
        TRY(copy_text(style, json, "pattern", &out->pattern, err));
    if (out->pattern && !pattern_by_name(out->pattern, &pattern))
        return err_set(err, ERR_INPUT, "\"%s\" is no pattern of the built-in sprite", out->pattern);
    if (!colour_parse(out->colour, &colour))
        code = err_set(err, ERR_INPUT, "\"%s\" is not a colour (such as \"#ff0000\")", out->colour);
done:
    return code;
}

struct legend_walk {
    struct style *style;
    struct err *err;
    enum err_code code;
};

static bool add_map(void *context, const char *key, const struct json *value)
{
    struct legend_walk *walk = context;
    struct style *style = walk->style;
    size_t n = jr_count(value);
    enum map_id map;
    if (!map_by_name(key, &map) || style->n_legends == MAP_COUNT) {
        walk->code = err_set(walk->err, ERR_INPUT, "\"%s\" is no map", key);
        return false;
    }
    if (jr_type_of(value) != JR_ARRAY || n > MOST_ENTRIES) {
        walk->code = err_set(walk->err, ERR_INPUT, "%s: must be a list of at most %d entries", key,
                             MOST_ENTRIES);
        return false;
    }
    struct legend_map *legend = &style->legends[style->n_legends];
    legend->map = map_name(map);
    legend->entries = arena_new(&style->arena, struct legend_entry, n);
    if (!legend->entries) {
        walk->code = err_nomem(walk->err);
        return false;
    }
    for (size_t i = 0; i < n && walk->code == ERR_OK; i++) {
        walk->code = parse_entry(style, jr_item(value, i), &legend->entries[i], walk->err);
        if (walk->code != ERR_OK)
            walk->code = err_wrap(walk->err, "%s, entry %zu", key, i + 1);
    }
    legend->n = n;
    style->n_legends++;
    return walk->code == ERR_OK;
}

enum err_code legend_parse(struct style *style, const struct json *legend, struct err *err)
{
    if (jr_type_of(legend) == JR_NULL)
        return ERR_OK;
    if (jr_type_of(legend) != JR_OBJECT)
        return err_set(err, ERR_INPUT, "must be an object with a list for each map");
    struct legend_walk walk = {.style = style, .err = err};
    style->legends = arena_new(&style->arena, struct legend_map, MAP_COUNT);
    if (!style->legends)
        return err_nomem(err);
    jr_each(legend, &walk, add_map);
    return walk.code;
}

void style_legend(const struct style *style, const char *map, const struct legend_entry **out,
                  size_t *n)
{
    *out = NULL;
    *n = 0;
    for (size_t i = 0; i < style->n_legends; i++) {
        if (strcmp(style->legends[i].map, map) == 0) {
            *out = style->legends[i].entries;
            *n = style->legends[i].n;
        }
    }
}
