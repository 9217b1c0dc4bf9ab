/* routes_vector.c - what clients of vector tiles read first: /tiles/{map}.json,
 * /styles/{name}.json, and the unit of ?unit= that no tile holds. */
#include "data/geom_json.h"
#include "data/base/text.h"
#include "tiler/serve/ask.h"
#include "tiler/tiles/scenes.h"

#include <inttypes.h>
#include <string.h>

/* "county.json": the name without its end. */
static enum err_code read_name(struct ask *ask, const char *text, const char **out, struct err *err)
{
    size_t n = strlen(text), end = strlen(".json");
    if (n <= end || strcmp(text + n - end, ".json") != 0)
        return err_set(err, ERR_NOT_FOUND, "\"%s\" should end in .json", text);
    *out = arena_strndup(ask->arena, text, n - end);
    return *out ? ERR_OK : err_nomem(err);
}

const char *ask_base(const struct ask *ask)
{
    const char *host = ask->request->host, *proto = ask->request->forwarded_proto;
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";
    if (!host || !*host || strlen(host) > 255 || host[strspn(host, allowed)])
        return "";
    const char *base = arena_printf(ask->arena, "%s://%s",
                                    proto && strcmp(proto, "https") == 0 ? "https" : "http", host);
    return base ? base : "";
}

/* "?style=dark"; "" for the first style, which is drawn where none is named. */
static const char *style_query(const struct ask *ask, const struct style *style)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    bool is_first = ask_is_first_style(ask, style);
    const char *query = is_first ? "" : "?style=";
    for (const char *c = style_name(style); query && !is_first && *c; c++)
        query = strchr(plain, *c)
                    ? arena_printf(ask->arena, "%s%c", query, *c)
                    : arena_printf(ask->arena, "%s%%%02X", query, (unsigned)(unsigned char)*c);
    return query ? query : "";
}

/* ---- TileJSON ---- */

static enum err_code find_bounds(struct ask *ask, const struct vector_source *sources, size_t n,
                                 struct plane_box *out, struct err *err)
{
    enum err_code code = ERR_OK;
    *out = plane_box_empty();
    for (size_t i = 0; i < n; i++) {
        const struct source *source;
        TRY(scenes_source(ask->scenes, sources[i].id, &source, err));
        for (uint32_t k = 0; k < source->n; k++) {
            const struct plane_box *box = &source->shapes[k].box;
            out->west = box->west < out->west ? box->west : out->west;
            out->east = box->east > out->east ? box->east : out->east;
            out->north = box->north < out->north ? box->north : out->north;
            out->south = box->south > out->south ? box->south : out->south;
        }
    }
done:
    return code;
}

static void write_bounds(struct jw *jw, const struct plane_box *box)
{
    struct lonlat low = {-180, -85.0511}, high = {180, 85.0511};
    if (box->west <= box->east) {
        low = plane_to_lonlat(PLANE_MERCATOR, box->west, box->south);
        high = plane_to_lonlat(PLANE_MERCATOR, box->east, box->north);
    }
    jw_key(jw, "bounds");
    jw_array(jw);
    jw_fixed(jw, low.lon_deg, 6);
    jw_fixed(jw, low.lat_deg, 6);
    jw_fixed(jw, high.lon_deg, 6);
    jw_fixed(jw, high.lat_deg, 6);
    jw_end_array(jw);
}

enum err_code ask_tilejson(struct ask *ask, struct err *err)
{
    enum err_code code = ERR_OK;
    struct jw *jw = &ask->jw;
    struct vector_source sources[SOURCE_COUNT];
    struct plane_box bounds;
    enum map_id map;
    const char *name = NULL;
    TRY(read_name(ask, ask_segment(ask, 1), &name, err));
    TRY(ask_read_map(name, &map, err));
    const struct style *style = scenes_style(ask->scenes);
    size_t n = vector_sources(style, map, sources);
    TRY(find_bounds(ask, sources, n, &bounds, err));
    jw_object(jw);
    jw_kv_string(jw, "tilejson", "3.0.0");
    jw_kv_string(jw, "name", name);
    jw_kv_string(jw, "scheme", "xyz");
    jw_key(jw, "tiles");
    jw_array(jw);
    const char *query = style_query(ask, style);
    jw_string(jw, arena_printf(ask->arena, "%s/tiles/%s/{z}/{x}/{y}.mvt%s%cv=%016" PRIx64,
                               ask_base(ask), name, query, *query ? '&' : '?',
                               ask->epoch.versions[map]));
    jw_end_array(jw);
    jw_kv_integer(jw, "minzoom", 0);
    jw_kv_integer(jw, "maxzoom", TILE_ZOOM_MAX);
    write_bounds(jw, &bounds);
    jw_key(jw, "vector_layers");
    vector_layers_write(style, map, ask->world->schema, jw);
    jw_end_object(jw);
done:
    return code;
}

/* ---- the style ---- */

/* Whether a layer is drawn from the unit of ?unit=, or from all but it. */
static bool is_of_unit(const struct style_layer *layer)
{
    return layer->source == SOURCE_SELECTED || layer->source == SOURCE_OUTSIDE;
}

struct members {
    struct ask *ask;
    const struct style *style;
    const char *map;
    const char *unit; /* code; NULL: none is asked for */
    bool of_unit;     /* the layer at hand is */
    enum map_id id;
    const char *places; /* of the layer at hand: where its symbols stand, or NULL */
    bool failed;
};

static void write_raw(struct members *members, const struct json *value)
{
    struct buf text;
    buf_init(&text);
    jr_write_canonical(value, &text);
    members->failed = members->failed || !buf_ok(&text);
    jw_raw(&members->ask->jw, buf_ok(&text) ? buf_text(&text) : "null");
    buf_release(&text);
}

static void write_sources(struct members *members, const struct json *sources);

static bool write_one(void *context, const char *key, const struct json *value)
{
    struct members *members = context;
    jw_key(&members->ask->jw, key);
    write_raw(members, value);
    return true;
}

/* OpenLayers looks for the fonts of a style elsewhere in the world, unless it is told where. */
static void write_metadata(struct members *members, const struct json *metadata)
{
    struct jw *jw = &members->ask->jw;
    jw_key(jw, "metadata");
    jw_object(jw);
    if (metadata)
        jr_each(metadata, members, write_one);
    jw_kv_string(jw, "ol:webfonts",
                 arena_printf(members->ask->arena,
                              "%s/fonts/{Font+Family}/{fontweight}{-fontstyle}.css",
                              ask_base(members->ask)));
    jw_end_object(jw);
}

/* A GeoJSON source of its own, which knows no source-layer. */
static const char *unit_source(struct members *members, const char *part)
{
    return arena_printf(members->ask->arena, "sisetu:%s", part);
}

static bool write_layer_member(void *context, const char *key, const struct json *value)
{
    struct members *members = context;
    if (strcmp(key, "minzoom") == 0 || strcmp(key, "maxzoom") == 0)
        return true;
    if (members->of_unit && strcmp(key, "source") == 0)
        return true; /* see unit_source */
    jw_key(&members->ask->jw,
           members->of_unit && strcmp(key, "source-layer") == 0 ? "source" : key);
    if (members->of_unit && strcmp(key, "source-layer") == 0)
        jw_string(&members->ask->jw, unit_source(members, jr_text(value)));
    else if (members->places && strcmp(key, "source-layer") == 0)
        jw_string(&members->ask->jw, members->places);
    else
        write_raw(members, value);
    return true;
}

/* The layers of the map, from and to the zooms that it has them. */
static void write_layers(struct members *members, const struct json *layers)
{
    struct jw *jw = &members->ask->jw;
    jw_array(jw);
    for (size_t i = 0; i < jr_count(layers); i++) {
        const struct style_layer *layer = style_layer(members->style, i);
        const struct zoom_span *span = &layer->zooms[members->id];
        members->of_unit = is_of_unit(layer);
        if (span->least >= span->beyond || (members->of_unit && !members->unit))
            continue;
        bool at_place =
            !members->of_unit &&
            vector_layer_has_places(layer, (uint32_t)(span->least > 0 ? span->least : 0));
        members->places = at_place ? vector_places_name(layer->source) : NULL;
        jw_object(jw);
        jr_each(jr_item(layers, i), members, write_layer_member);
        if (span->least >= 0)
            jw_kv_real(jw, "minzoom", span->least);
        if (span->beyond <= 24)
            jw_kv_real(jw, "maxzoom", span->beyond);
        jw_end_object(jw);
    }
    jw_end_array(jw);
}

static bool write_member(void *context, const char *key, const struct json *value)
{
    struct members *members = context;
    struct jw *jw = &members->ask->jw;
    if (strcmp(key, "metadata") == 0)
        return true; /* stands at the end */
    jw_key(jw, key);
    if (strcmp(key, "sources") == 0) {
        write_sources(members, value);
    } else if (strcmp(key, "layers") == 0) {
        write_layers(members, value);
    } else if (jr_text(value) && jr_text(value)[0] == '/') { /* sprite and glyphs, of this server */
        jw_string(
            jw, arena_printf(members->ask->arena, "%s%s", ask_base(members->ask), jr_text(value)));
    } else {
        write_raw(members, value);
    }
    return true;
}

static bool write_source(void *context, const char *key, const struct json *value)
{
    struct members *members = context;
    struct ask *ask = members->ask;
    (void)value;
    jw_key(&ask->jw, key);
    jw_object(&ask->jw);
    jw_kv_string(&ask->jw, "type", "vector");
    jw_kv_string(&ask->jw, "url",
                 arena_printf(ask->arena, "%s/tiles/%s.json%s", ask_base(ask), members->map,
                              style_query(ask, members->style)));
    jw_end_object(&ask->jw);
    return true;
}

static void write_unit_source(struct members *members, enum style_source source)
{
    struct ask *ask = members->ask;
    jw_key(&ask->jw, unit_source(members, style_source_name(source)));
    jw_object(&ask->jw);
    jw_kv_string(&ask->jw, "type", "geojson");
    jw_kv_string(&ask->jw, "data",
                 arena_printf(ask->arena, "%s/v1/units/%s/%s.geojson", ask_base(ask), members->unit,
                              style_source_name(source)));
    jw_end_object(&ask->jw);
}

/* Whatever its sources were called, they are the tiles of the map. */
static void write_sources(struct members *members, const struct json *sources)
{
    jw_object(&members->ask->jw);
    jr_each(sources, members, write_source);
    if (members->unit) {
        write_unit_source(members, SOURCE_SELECTED);
        write_unit_source(members, SOURCE_OUTSIDE);
    }
    jw_end_object(&members->ask->jw);
}

enum err_code ask_style(struct ask *ask, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *map = params_text(&ask->params, "map"), *name = NULL;
    struct json *root = NULL;
    size_t n;
    struct members members = {
        .ask = ask, .map = map ? map : "risk", .unit = params_text(&ask->params, "unit")};
    struct style_set *styles = watch_styles(ask->settings->watch);
    TRY(read_name(ask, ask_segment(ask, 1), &name, err));
    TRY(ask_read_map(members.map, &members.id, err));
    if (members.unit && world_unit(ask->world, members.unit) < 0)
        TRY(err_set(err, ERR_NOT_FOUND, "no unit has the code \"%s\"", members.unit));
    int found = style_set_find(styles, name);
    TRY(found < 0 ? ask_no_style(styles, name, err) : ERR_OK);
    members.style = style_set_at(styles, (size_t)found);
    const char *text = style_text_of(members.style, &n);
    TRY(jr_parse(text, n, &root, err));
    jw_object(&ask->jw);
    jr_each(root, &members, write_member);
    write_metadata(&members, jr_get(root, "metadata"));
    jw_end_object(&ask->jw);
    TRY(members.failed ? err_nomem(err) : ERR_OK);
done:
    jr_free(root);
    style_set_release(styles);
    return code;
}

/* ---- the unit of ?unit= ---- */

/* As a style may ask of the source `units`. */
static void write_unit_properties(struct jw *jw, const struct source *units, uint32_t index)
{
    static const char *const names[] = {"id",    "code",     "name",  "level",
                                        "grade", "could_be", "worse", "undecided"};
    const struct source_feature feature = {units, index};
    jw_key(jw, "properties");
    jw_object(jw);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct value value = source_property(&feature, names[i]);
        if (value.type == VALUE_STRING)
            jw_kv_string(jw, names[i], value.as.string);
        else if (value.type == VALUE_NUMBER)
            jw_kv_real(jw, names[i], value.as.number);
        else if (value.type == VALUE_BOOL)
            jw_kv_bool(jw, names[i], value.as.boolean);
    }
    jw_end_object(jw);
}

static void write_backwards(struct jw *jw, const struct geom *geom, uint32_t ring)
{
    jw_array(jw);
    for (uint32_t i = geom->ring_ends[ring]; i > geom_ring_start(geom, ring); i--)
        geom_write_position(jw, geom->points[i - 1], GEOM_JSON_DECIMALS);
    jw_end_array(jw);
}

/* All that Web Mercator shows less the unit: a frame with its outer rings as holes, and a polygon
 * in each of its own holes. */
static void write_outside(struct jw *jw, const struct geom *geom)
{
    static const struct lonlat frame[] = {{-180, -85.0511287798},
                                          {180, -85.0511287798},
                                          {180, 85.0511287798},
                                          {-180, 85.0511287798},
                                          {-180, -85.0511287798}};
    jw_object(jw);
    jw_kv_string(jw, "type", "MultiPolygon");
    jw_key(jw, "coordinates");
    jw_array(jw);
    jw_array(jw);
    jw_array(jw);
    for (size_t i = 0; i < sizeof frame / sizeof *frame; i++)
        geom_write_position(jw, frame[i], GEOM_JSON_DECIMALS);
    jw_end_array(jw);
    for (uint32_t part = 0; part < geom->n_parts; part++)
        write_backwards(jw, geom, geom_part_start(geom, part));
    jw_end_array(jw);
    for (uint32_t part = 0; part < geom->n_parts; part++) {
        for (uint32_t ring = geom_part_start(geom, part) + 1; ring < geom->part_ends[part];
             ring++) {
            jw_array(jw);
            write_backwards(jw, geom, ring);
            jw_end_array(jw);
        }
    }
    jw_end_array(jw);
    jw_end_object(jw);
}

/* /v1/units/{code}/selected.geojson, /v1/units/{code}/outside.geojson: what the sources of these
 * names hold in a picture. */
enum err_code ask_unit_shape(struct ask *ask, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct source *units;
    struct jw *jw = &ask->jw;
    const char *file = ask_segment(ask, 3);
    bool outside = strcmp(file, "outside.geojson") == 0;
    int64_t row = world_unit(ask->world, ask_segment(ask, 2));
    if (row < 0)
        return err_set(err, ERR_NOT_FOUND, "no unit has the code \"%s\"", ask_segment(ask, 2));
    if (!outside && strcmp(file, "selected.geojson") != 0)
        return err_set(err, ERR_NOT_FOUND, "\"%s\" should be selected.geojson or outside.geojson",
                       file);
    TRY(scenes_source(ask->scenes, SOURCE_UNITS, &units, err));
    jw_object(jw);
    jw_kv_string(jw, "type", "Feature");
    jw_key(jw, "geometry");
    const struct geom *geom = world_geom(ask->world, LAYER_ADMIN, (size_t)row);
    if (outside && geom->kind == GEOM_POLYGON)
        write_outside(jw, geom);
    else
        geom_write_json(jw, geom, GEOM_JSON_DECIMALS);
    for (uint32_t i = 0; i < units->n; i++)
        if (units->rows[i] == row)
            write_unit_properties(jw, units, i);
    jw_end_object(jw);
done:
    return code;
}
