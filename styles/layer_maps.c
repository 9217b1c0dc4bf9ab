/* layer_maps.c - the maps that there are, and on which of them, from which zoom on, a layer is. */
#include "styles/style_private.h"

#include <math.h>
#include <string.h>

static const char *const map_names[MAP_COUNT] = {"region",  "city", "county",
                                                 "dangers", "risk", "pipelines"};

/* The open ends lie outside of what can be asked for. */
static const struct zoom_span always = {-2, 25};

const char *map_name(enum map_id map)
{
    return map_names[map];
}

bool map_by_name(const char *name, enum map_id *out)
{
    for (int i = 0; i < MAP_COUNT; i++) {
        if (strcmp(map_names[i], name) == 0) {
            *out = (enum map_id)i;
            return true;
        }
    }
    return false;
}

bool style_layer_shows(const struct style_layer *layer, enum map_id map, double zoom)
{
    return layer->visible && zoom >= layer->zooms[map].least && zoom < layer->zooms[map].beyond;
}

static enum err_code read_zoom(const struct json *json, const char *member, double *out,
                               struct err *err)
{
    const struct json *zoom = jr_get(json, member);
    if (!zoom)
        return ERR_OK;
    *out = jr_number(zoom, NAN);
    if (*out >= 0 && *out <= 24)
        return ERR_OK;
    return err_set(err, ERR_INPUT, "%s: must be a number from 0 to 24", member);
}

static enum err_code read_span(const struct json *json, struct zoom_span *out, struct err *err)
{
    enum err_code code = read_zoom(json, "minzoom", &out->least, err);
    return code == ERR_OK ? read_zoom(json, "maxzoom", &out->beyond, err) : code;
}

static enum err_code read_map(const char *name, enum map_id *out, struct err *err)
{
    if (name && map_by_name(name, out))
        return ERR_OK;
    return err_set(err, ERR_INPUT,
                   "\"%s\" is no map; maps are region, city, county, dangers, risk and pipelines",
                   name ? name : "");
}

struct span_walk {
    struct style_layer *layer;
    struct zoom_span span; /* of the layer, where a map says nothing else */
    struct err *err;
    enum err_code code;
};

static bool known_end(void *context, const char *key, const struct json *value)
{
    struct span_walk *walk = context;
    (void)value;
    if (strcmp(key, "minzoom") != 0 && strcmp(key, "maxzoom") != 0)
        walk->code = err_set(walk->err, ERR_INPUT, "%s: is not minzoom or maxzoom", key);
    return walk->code == ERR_OK;
}

/* "risk": {"minzoom": 9} */
static bool read_named_span(void *context, const char *key, const struct json *json)
{
    struct span_walk *walk = context;
    enum map_id map = MAP_REGION;
    struct zoom_span span = walk->span;
    walk->code = read_map(key, &map, walk->err);
    if (walk->code == ERR_OK && jr_type_of(json) != JR_OBJECT)
        walk->code =
            err_set(walk->err, ERR_INPUT, "%s: must be an object with minzoom and maxzoom", key);
    if (walk->code == ERR_OK)
        jr_each(json, walk, known_end);
    if (walk->code == ERR_OK)
        walk->code = read_span(json, &span, walk->err);
    walk->layer->zooms[map] = span;
    return walk->code == ERR_OK;
}

enum err_code layer_maps_parse(const struct json *json, struct style_layer *layer, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct json *maps = jr_get(jr_get(json, "metadata"), "sisetu:maps");
    struct span_walk walk = {.layer = layer, .span = always, .err = err};
    TRY(read_span(json, &walk.span, err));
    for (int i = 0; !maps && i < MAP_COUNT; i++)
        layer->zooms[i] = walk.span;
    if (!maps)
        return ERR_OK;
    if (jr_count(maps) == 0)
        code = err_set(err, ERR_INPUT, "must name a map");
    for (size_t i = 0; code == ERR_OK && jr_type_of(maps) == JR_ARRAY && i < jr_count(maps); i++) {
        enum map_id map = MAP_REGION;
        code = read_map(jr_text(jr_item(maps, i)), &map, err);
        layer->zooms[map] = walk.span;
    }
    jr_each(maps, &walk, read_named_span);
    code = code == ERR_OK ? walk.code : code;
    if (code != ERR_OK)
        code = err_wrap(err, "sisetu:maps");
done:
    return code;
}
