/* proof_read.c - records, shapes and questions from the JSON of a proof, strictly. */
#include "geo/proof/proof_private.h"

#include "data/base/limits.h"
#include "data/base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- fields ---- */

struct fields {
    enum layer_id layer;
    char *record;
    struct arena *arena;
    enum err_code code;
    struct err *err;
};

static bool put_integer(const struct json *value, char *place)
{
    int64_t integer = jr_integer(value, INT64_MIN);
    if (integer <= INT32_MIN || integer > INT32_MAX)
        return false;
    memcpy(place, &(int32_t){(int32_t)integer}, sizeof(int32_t));
    return true;
}

static bool put_date(const struct json *value, char *place)
{
    const char *text = jr_text(value);
    int32_t date = 0;
    if (!text || !text_to_date(text, &date))
        return false;
    memcpy(place, &date, sizeof date);
    return true;
}

static bool put_real(const struct json *value, char *place)
{
    double number = jr_number(value, (double)NAN);
    if (!isfinite(number))
        return false;
    memcpy(place, &number, sizeof number);
    return true;
}

static bool put_text(struct fields *fields, const struct json *value, char *place)
{
    const char *text = jr_text(value);
    if (!text || strlen(text) > LIMIT_JSON_BYTES)
        return false;
    const char *copy = arena_strdup(fields->arena, text);
    memcpy(place, &copy, sizeof copy);
    if (!copy)
        fields->code = err_nomem(fields->err);
    return true;
}

static bool read_field(void *context, const char *key, const struct json *value)
{
    struct fields *fields = context;
    if (strcmp(key, "geometry") == 0 || strcmp(key, "geometry_sha256") == 0)
        return true;
    const struct field_binding *field = records_field(fields->layer, key);
    bool well = false;
    if (field) {
        char *place = fields->record + field->offset;
        switch (field->type) {
        case FIELD_TEXT:
        case FIELD_DATETIME:
            well = put_text(fields, value, place);
            break;
        case FIELD_INTEGER:
            well = put_integer(value, place);
            break;
        case FIELD_REAL:
            well = put_real(value, place);
            break;
        case FIELD_DATE:
            well = put_date(value, place);
            break;
        }
    }
    if (!well && fields->code == ERR_OK)
        fields->code =
            err_set(fields->err, ERR_INPUT, "%s of layer %s: %s", key, layer_name(fields->layer),
                    field ? "the value is not of its type" : "there is no such field");
    return fields->code == ERR_OK;
}

enum err_code proof_read_fields(const struct json *object, enum layer_id layer, void *record,
                                struct arena *arena, struct err *err)
{
    struct fields fields = {.layer = layer, .record = record, .arena = arena, .err = err};
    record_clear(layer, record);
    if (jr_type_of(object) != JR_OBJECT)
        return err_set(err, ERR_INPUT, "a record of layer %s should be an object",
                       layer_name(layer));
    jr_each(object, &fields, read_field);
    return fields.code;
}

/* ---- shapes ---- */

/* Coordinates while they are taken in. */
struct taking {
    struct arena *arena;
    struct lonlat *points;
    uint32_t n_points;
    size_t points_capacity;
    uint32_t *rings;
    uint32_t n_rings;
    size_t rings_capacity;
    uint32_t *parts;
    uint32_t n_parts;
    size_t parts_capacity;
};

static enum err_code bad_shape(struct err *err)
{
    return err_set(
        err, ERR_INPUT,
        "geometry should be GeoJSON with [longitude, latitude] in degrees, or {\"type\", "
        "\"vertices\"} with its hash");
}

static enum err_code take_position(struct taking *taking, const struct json *value, struct err *err)
{
    double lon = jr_number(jr_item(value, 0), (double)NAN);
    double lat = jr_number(jr_item(value, 1), (double)NAN);
    if (jr_type_of(value) != JR_ARRAY || jr_count(value) != 2 || !(fabs(lon) <= 540) ||
        !(fabs(lat) <= 90))
        return bad_shape(err);
    if (taking->n_points >= LIMIT_PROOF_VERTICES)
        return err_set(err, ERR_LIMIT, "a geometry in a proof has at most %d vertices",
                       LIMIT_PROOF_VERTICES);
    taking->points = arena_grow(taking->arena, taking->points, &taking->points_capacity,
                                taking->n_points + 1, sizeof *taking->points);
    if (!taking->points)
        return err_nomem(err);
    taking->points[taking->n_points++] = (struct lonlat){lon, lat};
    return ERR_OK;
}

static enum err_code take_ring(struct taking *taking, const struct json *value, struct err *err)
{
    enum err_code code = ERR_OK;
    if (jr_type_of(value) != JR_ARRAY || jr_count(value) < 2)
        return bad_shape(err);
    for (size_t i = 0; i < jr_count(value); i++)
        TRY(take_position(taking, jr_item(value, i), err));
    taking->rings = arena_grow(taking->arena, taking->rings, &taking->rings_capacity,
                               taking->n_rings + 1, sizeof *taking->rings);
    if (!taking->rings)
        return err_nomem(err);
    taking->rings[taking->n_rings++] = taking->n_points;
done:
    return code;
}

/* A proof closes its rings; one that does not was altered, and would be closed tacitly. */
static bool is_closed(const struct taking *taking, uint32_t from)
{
    struct lonlat first = taking->points[from];
    struct lonlat last = taking->points[taking->n_points - 1];
    return !(first.lon_deg < last.lon_deg) && !(first.lon_deg > last.lon_deg) &&
           !(first.lat_deg < last.lat_deg) && !(first.lat_deg > last.lat_deg);
}

static enum err_code take_polygon(struct taking *taking, const struct json *value, struct err *err)
{
    enum err_code code = ERR_OK;
    if (jr_type_of(value) != JR_ARRAY || jr_count(value) == 0)
        return bad_shape(err);
    for (size_t i = 0; i < jr_count(value); i++) {
        uint32_t from = taking->n_points;
        TRY(take_ring(taking, jr_item(value, i), err));
        if (!is_closed(taking, from))
            return err_set(err, ERR_INPUT,
                           "geometry has a ring that is not closed: its last position must repeat "
                           "its first");
    }
    taking->parts = arena_grow(taking->arena, taking->parts, &taking->parts_capacity,
                               taking->n_parts + 1, sizeof *taking->parts);
    if (!taking->parts)
        return err_nomem(err);
    taking->parts[taking->n_parts++] = taking->n_rings;
done:
    return code;
}

typedef enum err_code take_member(struct taking *, const struct json *, struct err *);

static const struct shape_type {
    const char *name;
    enum geom_kind kind;
    bool multi;
    take_member *take;
} shape_types[] = {
    {"Point", GEOM_POINT, false, take_position},
    {"MultiPoint", GEOM_POINT, true, take_position},
    {"LineString", GEOM_LINE, false, take_ring},
    {"MultiLineString", GEOM_LINE, true, take_ring},
    {"Polygon", GEOM_POLYGON, false, take_polygon},
    {"MultiPolygon", GEOM_POLYGON, true, take_polygon},
};

/* Through well-known binary, whose reader checks rings and lines as for any import. */
static enum err_code finish_shape(struct taking *taking, enum geom_kind kind, struct geom *out,
                                  struct err *err)
{
    const void *bytes = NULL;
    size_t n = 0;
    const struct geom raw = {.kind = kind,
                             .n_points = taking->n_points,
                             .n_rings = taking->n_rings,
                             .n_parts = taking->n_parts,
                             .points = taking->points,
                             .ring_ends = taking->rings,
                             .part_ends = taking->parts};
    enum err_code code = geom_to_wkb(&raw, taking->arena, &bytes, &n, err);
    return code == ERR_OK ? geom_from_wkb(bytes, n, taking->arena, out, err) : code;
}

enum err_code proof_read_geometry(const struct json *value, struct arena *arena, struct geom *out,
                                  bool *whole, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *type = jr_text(jr_get(value, "type"));
    const struct json *coordinates = jr_get(value, "coordinates");
    const struct shape_type *shape = NULL;
    struct taking taking = {.arena = arena};
    *out = (struct geom){.kind = GEOM_NONE, .box = box_empty()};
    for (size_t i = 0; type && i < sizeof shape_types / sizeof shape_types[0]; i++)
        if (strcmp(shape_types[i].name, type) == 0)
            shape = &shape_types[i];
    *whole = coordinates != NULL;
    if (!shape || jr_type_of(value) != JR_OBJECT || jr_count(value) != 2 ||
        (*whole ? jr_type_of(coordinates) != JR_ARRAY
                : jr_integer(jr_get(value, "vertices"), 0) <= 0))
        return bad_shape(err);
    if (!*whole)
        return ERR_OK;
    if (!shape->multi)
        TRY(shape->take(&taking, coordinates, err));
    for (size_t i = 0; shape->multi && i < jr_count(coordinates); i++)
        TRY(shape->take(&taking, jr_item(coordinates, i), err));
    if (taking.n_points == 0)
        return bad_shape(err);
    TRY(finish_shape(&taking, shape->kind, out, err));
done:
    return code;
}

/* ---- questions ---- */

static const char *const kind_names[PROOF_KINDS] = {
    "conflict", "hazard", "enterprise", "unit", "pipeline", "segment", "site", "exposure"};

const char *proof_kind_name(enum proof_kind kind)
{
    return kind_names[kind];
}

bool proof_kind_by_name(const char *name, enum proof_kind *out)
{
    for (int i = 0; name && i < PROOF_KINDS; i++) {
        if (strcmp(kind_names[i], name) != 0)
            continue;
        *out = (enum proof_kind)i;
        return true;
    }
    return false;
}

void proof_write_question(struct jw *jw, const struct proof_question *question)
{
    size_t budget = LIMIT_PROOF_VERTICES;
    const struct site_question *site = question->site;
    jw_object(jw);
    jw_kv_string(jw, "kind", proof_kind_name(question->kind));
    if (question->id)
        jw_kv_string(jw, "id", question->id);
    if (question->method)
        jw_kv_string(jw, "method", question->method);
    if (site) {
        jw_kv_string(jw, "type", site->facility_type);
        jw_key(jw, "with");
        jw_object(jw);
        proof_write_fields(jw, LAYER_FACILITIES, site->qualifiers);
        jw_end_object(jw);
        jw_key(jw, "plant");
        jw_object(jw);
        proof_write_fields(jw, LAYER_ENTERPRISES, site->plant);
        jw_end_object(jw);
        if (!isnan(site->accuracy_m))
            jw_kv_real(jw, "accuracy_m", site->accuracy_m);
    }
    if (site || question->shape) {
        jw_key(jw, "geometry");
        proof_write_geometry(jw, site ? &site->geom : question->shape, &budget);
    }
    jw_end_object(jw);
}

static enum err_code read_site(const struct json *value, struct arena *arena,
                               struct site_question *site, struct err *err)
{
    enum err_code code = ERR_OK;
    struct facility *facility = arena_new(arena, struct facility, 1);
    struct enterprise *plant = arena_new(arena, struct enterprise, 1);
    const struct json *accuracy = jr_get(value, "accuracy_m");
    bool whole = false;
    if (!facility || !plant)
        return err_nomem(err);
    site->facility_type = jr_text(jr_get(value, "type"));
    site->accuracy_m = jr_number(accuracy, (double)NAN);
    if (!site->facility_type || (accuracy && !(site->accuracy_m > 0)))
        return err_set(err, ERR_INPUT, "question: a site has type and accuracy_m above 0");
    TRY(proof_read_fields(jr_get(value, "with"), LAYER_FACILITIES, facility, arena, err));
    TRY(proof_read_fields(jr_get(value, "plant"), LAYER_ENTERPRISES, plant, arena, err));
    TRY(proof_read_geometry(jr_get(value, "geometry"), arena, &site->geom, &whole, err));
    if (!whole)
        return bad_shape(err);
    site->qualifiers = facility;
    site->plant = plant;
done:
    return code;
}

/* Texts belong to the JSON tree, the rest to the arena. */
enum err_code proof_read_question(const struct json *value, struct arena *arena,
                                  struct proof_question *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct site_question *site = arena_new(arena, struct site_question, 1);
    struct geom *shape = arena_new(arena, struct geom, 1);
    bool whole = false;
    *out = (struct proof_question){.id = jr_text(jr_get(value, "id")),
                                   .method = jr_text(jr_get(value, "method"))};
    if (!site || !shape)
        return err_nomem(err);
    if (!proof_kind_by_name(jr_text(jr_get(value, "kind")), &out->kind))
        return err_set(err, ERR_INPUT,
                       "question.kind should be conflict, hazard, enterprise, unit, pipeline, "
                       "segment, site or exposure");
    if (out->kind == PROOF_SITE) {
        TRY(read_site(value, arena, site, err));
        out->site = site;
    } else if (out->kind == PROOF_EXPOSURE) {
        TRY(proof_read_geometry(jr_get(value, "geometry"), arena, shape, &whole, err));
        out->shape = shape;
        if (!whole || shape->kind != GEOM_POLYGON)
            return bad_shape(err);
    } else if (!out->id) {
        return err_set(err, ERR_INPUT, "question.id is missing");
    }
done:
    return code;
}
