#include "tiler/answers/site_request.h"

#include "data/base/json.h"
#include "data/base/text.h"
#include "tiler/answers/geojson.h"

#include <stdio.h>
#include <string.h>

/* Largest error that schema.csv allows a record, m. */
static const double ACCURACY_LEAST_M = 0.0001;
static const double ACCURACY_MOST_M = 1000000;

enum err_code site_request_init(struct site_request *request, struct arena *arena, struct err *err)
{
    *request = (struct site_request){.facility = arena_new(arena, struct facility, 1),
                                     .plant = arena_new(arena, struct enterprise, 1)};
    if (!request->facility || !request->plant)
        return err_nomem(err);
    record_clear(LAYER_FACILITIES, request->facility);
    record_clear(LAYER_ENTERPRISES, request->plant);
    request->question.qualifiers = request->facility;
    request->question.plant = request->plant;
    request->question.accuracy_m = (double)NAN;
    return ERR_OK;
}

/* Fields that a question may set: not identities, provenance or shapes. */
static const char *const FACILITY_FIELDS[] = {"total_m3",   "single_m3",   "store_t",
                                              "grade",      "charge_kg",   "wind_m_s",
                                              "fixed_roof", "underground", NULL};
static const char *const PLANT_FIELDS[] = {"kind",   "plant.kind", "industry", "size",
                                           "status", "radius_m",   NULL};

static bool is_listed(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static enum err_code unknown_field(const char *name, struct err *err)
{
    const char *all[32];
    size_t n = 0;
    char list[256] = "";
    for (const char *const *at = FACILITY_FIELDS; *at; at++)
        all[n++] = *at;
    for (const char *const *at = PLANT_FIELDS; *at; at++)
        all[n++] = *at;
    all[n] = NULL;
    for (size_t i = 0; i < n; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "", all[i]);
    const char *near = text_nearest(name, all);
    if (near)
        return err_set(err, ERR_INPUT, "unknown qualifier \"%s\"; did you mean %s?", name, near);
    return err_set(err, ERR_INPUT, "unknown qualifier \"%s\"; known are %s", name, list);
}

enum err_code site_request_with(struct site_request *request, const char *name, const char *value,
                                struct arena *arena, struct err *err)
{
    enum layer_id layer = LAYER_FACILITIES;
    void *record = request->facility;
    const char *field_name = name;
    if (is_listed(PLANT_FIELDS, name)) {
        layer = LAYER_ENTERPRISES;
        record = request->plant;
        if (text_starts(name, "plant."))
            field_name = name + strlen("plant.");
    } else if (!is_listed(FACILITY_FIELDS, name)) {
        return unknown_field(name, err);
    }
    const struct field_binding *field = records_field(layer, field_name);
    char *at = (char *)record + field->offset;
    double real;
    int64_t integer;
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_DATETIME: {
        const char *copy = arena_strdup(arena, value);
        if (!copy)
            return err_nomem(err);
        memcpy(at, &copy, sizeof copy);
        return ERR_OK;
    }
    case FIELD_REAL:
        if (!text_to_double(value, &real) || real < 0)
            return err_set(err, ERR_INPUT, "%s \"%s\" is not a number from 0", name, value);
        memcpy(at, &real, sizeof real);
        return ERR_OK;
    case FIELD_INTEGER:
    case FIELD_DATE:
        if (!text_to_int(value, &integer) || integer < 0 || integer > INT32_MAX)
            return err_set(err, ERR_INPUT, "%s \"%s\" is not a whole number from 0", name, value);
        memcpy(at, &(int32_t){(int32_t)integer}, sizeof(int32_t));
        return ERR_OK;
    }
    return err_set(err, ERR_INTERNAL, "field %s has no type", name);
}

/* ---- the JSON body ---- */

struct reading {
    struct site_request *request;
    struct arena *arena;
    enum err_code code;
    struct err *err;
};

static bool read_qualifier(void *context, const char *key, const struct json *value)
{
    struct reading *reading = context;
    char number[40];
    const char *text = jr_text(value);
    if (!text && jr_type_of(value) == JR_INTEGER) {
        snprintf(number, sizeof number, "%lld", (long long)jr_integer(value, 0));
        text = number;
    } else if (!text && jr_type_of(value) == JR_REAL) {
        snprintf(number, sizeof number, "%.17g", jr_number(value, 0));
        text = number;
    } else if (!text && jr_type_of(value) == JR_BOOL) {
        text = jr_bool(value, false) ? "1" : "0";
    }
    reading->code =
        text ? site_request_with(reading->request, key, text, reading->arena, reading->err)
             : err_set(reading->err, ERR_INPUT, "with.%s should be a number or a text", key);
    return reading->code == ERR_OK;
}

static bool check_member(void *context, const char *key, const struct json *value)
{
    static const char *const known[] = {"type", "geometry", "with", "accuracy_m", NULL};
    struct reading *reading = context;
    (void)value;
    if (is_listed(known, key))
        return true;
    const char *near = text_nearest(key, known);
    reading->code =
        err_set(reading->err, ERR_INPUT, "unknown member \"%s\"%s%s%s", key,
                near ? "; did you mean " : "; known are type, geometry, with, accuracy_m",
                near ? near : "", near ? "?" : "");
    return false;
}

enum err_code site_request_read(const char *body, size_t n, struct arena *arena,
                                struct site_request *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct json *root = NULL;
    struct reading reading = {.request = out, .arena = arena, .code = ERR_OK, .err = err};
    TRY(jr_parse(body, n, &root, err));
    if (jr_type_of(root) != JR_OBJECT) {
        code = err_set(err, ERR_INPUT, "the body should be a JSON object with type and geometry");
        goto done;
    }
    TRY(site_request_init(out, arena, err));
    jr_each(root, &reading, check_member);
    TRY(reading.code);
    const char *type = jr_text(jr_get(root, "type"));
    if (!type) {
        code = err_set(err, ERR_INPUT, "\"type\" should be a facility type of /v1/facility_types");
        goto done;
    }
    out->question.facility_type = arena_strdup(arena, type);
    if (!out->question.facility_type) {
        code = err_nomem(err);
        goto done;
    }
    const struct json *with = jr_get(root, "with");
    if (with && jr_type_of(with) != JR_OBJECT && jr_type_of(with) != JR_NULL) {
        code = err_set(err, ERR_INPUT, "\"with\" should be an object such as {\"total_m3\": 500}");
        goto done;
    }
    jr_each(with, &reading, read_qualifier);
    TRY(reading.code);
    const struct json *accuracy = jr_get(root, "accuracy_m");
    if (accuracy && jr_type_of(accuracy) != JR_NULL) {
        out->question.accuracy_m = jr_number(accuracy, -1);
        if (!(out->question.accuracy_m >= ACCURACY_LEAST_M &&
              out->question.accuracy_m <= ACCURACY_MOST_M)) {
            code = err_set(err, ERR_INPUT, "\"accuracy_m\" should be a number from %g to %g",
                           ACCURACY_LEAST_M, ACCURACY_MOST_M);
            goto done;
        }
    }
    code = geojson_read(jr_get(root, "geometry"), arena, &out->question.geom, err);
    if (code != ERR_OK)
        code = err_wrap(err, "geometry");
done:
    jr_free(root);
    return code;
}
