#include "data/store_internal.h"

#include "data/base/text.h"

#include <math.h>
#include <string.h>

#include <gdal.h>
#include <ogr_api.h>

int store_field_type(enum field_type type)
{
    switch (type) {
    case FIELD_TEXT:
        return OFTString;
    case FIELD_INTEGER:
        return OFTInteger;
    case FIELD_REAL:
        return OFTReal;
    case FIELD_DATE:
        return OFTDate;
    case FIELD_DATETIME:
        return OFTDateTime;
    }
    return OFTString;
}

int store_geometry_type(const struct schema_layer *layer)
{
    if (!layer->has_geometry)
        return wkbNone;
    if (layer->may_be_point + layer->may_be_line + layer->may_be_polygon > 1)
        return wkbUnknown;
    return layer->may_be_point  ? wkbMultiPoint
           : layer->may_be_line ? wkbMultiLineString
                                : wkbMultiPolygon;
}

bool store_is_datetime(const char *text)
{
    static const char pattern[] = "0000-00-00T00:00:00";
    for (size_t i = 0; pattern[i]; i++)
        if (pattern[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != pattern[i])
            return false;
    text += sizeof pattern - 1;
    if (*text == '.')
        text += 1 + strspn(text + 1, "0123456789");
    return strcmp(text, "Z") == 0;
}

static enum err_code set_field(OGRFeatureH feature, int index, const struct field_binding *field,
                               const void *record, struct err *err)
{
    if (record_is_absent(record, field)) {
        OGR_F_SetFieldNull(feature, index);
        return ERR_OK;
    }
    switch (field->type) {
    case FIELD_DATETIME:
        if (!store_is_datetime(record_text(record, field)))
            return err_set(err, ERR_INPUT, "%s \"%s\" should be like 2026-11-21T10:11:12Z",
                           field->name, record_text(record, field));
        OGR_F_SetFieldString(feature, index, record_text(record, field));
        break;
    case FIELD_TEXT: {
        const char *text = record_text(record, field);
        if (!text_is_utf8(text, strlen(text)))
            return err_set(err, ERR_INPUT, "%s is not UTF-8 text", field->name);
        OGR_F_SetFieldString(feature, index, text);
        break;
    }
    case FIELD_INTEGER:
        OGR_F_SetFieldInteger(feature, index, record_integer(record, field));
        break;
    case FIELD_REAL:
        if (!isfinite(record_real(record, field)))
            return err_set(err, ERR_INPUT, "%s is not a finite number", field->name);
        OGR_F_SetFieldDouble(feature, index, record_real(record, field));
        break;
    case FIELD_DATE: {
        int32_t day = record_integer(record, field);
        char text[TEXT_DATE_BYTES];
        text_from_date(day, text);
        if (OGR_Fld_GetType(OGR_F_GetFieldDefnRef(feature, index)) == OFTString)
            OGR_F_SetFieldString(feature, index, text);
        else
            OGR_F_SetFieldDateTime(feature, index, day / 10000, day / 100 % 100, day % 100, 0, 0, 0,
                                   0);
        break;
    }
    }
    return ERR_OK;
}

/* A column of multi-geometries takes nothing else. */
static OGRGeometryH as_column_wants(OGRGeometryH shape, OGRwkbGeometryType wanted)
{
    switch ((int)wanted) {
    case wkbMultiPoint:
        return OGR_G_ForceToMultiPoint(shape);
    case wkbMultiLineString:
        return OGR_G_ForceToMultiLineString(shape);
    case wkbMultiPolygon:
        return OGR_G_ForceToMultiPolygon(shape);
    default:
        return shape;
    }
}

static enum err_code set_geometry(OGRFeatureH feature, const struct geom *geom,
                                  struct arena *scratch, struct err *err)
{
    enum err_code code = ERR_OK;
    const void *bytes = NULL;
    size_t n = 0;
    OGRGeometryH shape = NULL;
    if (geom->kind == GEOM_NONE)
        return OGR_F_SetGeometryDirectly(feature, NULL) == OGRERR_NONE
                   ? ERR_OK
                   : err_set(err, ERR_INTERNAL, "the layer takes no geometry");
    TRY(geom_to_wkb(geom, scratch, &bytes, &n, err));
    if (n > INT_MAX || OGR_G_CreateFromWkb(bytes, NULL, &shape, (int)n) != OGRERR_NONE)
        return err_set(err, ERR_INTERNAL, "its shape cannot be handed to OGR");
    OGRFeatureDefnH defn = OGR_F_GetDefnRef(feature);
    shape = as_column_wants(shape, OGR_FD_GetGeomType(defn));
    if (OGR_F_SetGeometryDirectly(feature, shape) != OGRERR_NONE)
        code = err_set(err, ERR_INTERNAL, "the layer takes no geometry");
done:
    return code;
}

enum err_code store_feature_indices(void *defn, enum layer_id layer, struct arena *arena,
                                    int **indices, struct err *err)
{
    const struct layer_binding *binding = records_binding(layer);
    *indices = arena_new(arena, int, binding->n_fields);
    if (!*indices)
        return err_nomem(err);
    for (size_t i = 0; i < binding->n_fields; i++) {
        (*indices)[i] = OGR_FD_GetFieldIndex(defn, binding->fields[i].name);
        if ((*indices)[i] < 0)
            return err_set(err, ERR_INPUT, "layer %s is damaged: it lacks field %s", binding->name,
                           binding->fields[i].name);
    }
    return ERR_OK;
}

enum err_code store_feature_fill(void *feature, const int *indices, enum layer_id layer,
                                 const void *record, struct arena *scratch, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct layer_binding *binding = records_binding(layer);
    const struct record_head *head = record;
    for (size_t i = 0; i < binding->n_fields; i++)
        TRY(set_field(feature, indices[i], &binding->fields[i], record, err));
    if (OGR_F_GetGeomFieldCount(feature) > 0)
        TRY(set_geometry(feature, &head->geom, scratch, err));
done:
    if (code != ERR_OK)
        err_wrap(err, "%s %s", layer_name(layer), head->id);
    return code;
}

void store_feature_column(struct buf *sql, const struct field_binding *field)
{
    bool number = field->type == FIELD_INTEGER || field->type == FIELD_REAL;
    buf_printf(sql, number ? "\"%s\"" : "CAST(\"%s\" AS TEXT)", field->name);
}

void store_feature_geometry_column(struct buf *sql)
{
    /* Never NULL: OGR takes the type of an expression from its first row. */
    buf_add_text(sql, ", COALESCE(\"" STORE_GEOMETRY "\", x'')");
}

void store_feature_select(struct buf *sql, enum layer_id layer, bool has_geometry)
{
    const struct layer_binding *binding = records_binding(layer);
    buf_add_text(sql, "SELECT ");
    for (size_t i = 0; i < binding->n_fields; i++) {
        buf_add_text(sql, i ? ", " : "");
        store_feature_column(sql, &binding->fields[i]);
    }
    if (has_geometry)
        store_feature_geometry_column(sql);
    buf_printf(sql, " FROM \"%s\" ORDER BY \"id\"", binding->name);
}

/* OGR writes whole seconds as "...12.000Z"; the record had "...12Z". */
static void drop_zero_milliseconds(char *text)
{
    size_t n = strlen(text);
    if (n > 5 && strcmp(text + n - 5, ".000Z") == 0)
        memcpy(text + n - 5, "Z", 2);
}

static enum err_code get_text(OGRFeatureH feature, int index, const struct field_binding *field,
                              struct arena *arena, char *member, struct err *err)
{
    char *text = arena_strdup(arena, OGR_F_GetFieldAsString(feature, index));
    if (!text)
        return err_nomem(err);
    if (field->type == FIELD_DATETIME)
        drop_zero_milliseconds(text);
    memcpy(member, &text, sizeof text);
    return ERR_OK;
}

enum err_code store_feature_field(void *feature, int index, const struct field_binding *field,
                                  struct arena *arena, void *record, struct err *err)
{
    char *member = (char *)record + field->offset;
    if (!OGR_F_IsFieldSetAndNotNull(feature, index))
        return ERR_OK;
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_DATETIME:
        return get_text(feature, index, field, arena, member, err);
    case FIELD_INTEGER: {
        int64_t wide = OGR_F_GetFieldAsInteger64(feature, index);
        int32_t value = (int32_t)wide;
        if (value != wide || value == INT_ABSENT)
            return err_set(err, ERR_INPUT, "%s is out of range", field->name);
        memcpy(member, &value, sizeof value);
        break;
    }
    case FIELD_REAL: {
        double value = OGR_F_GetFieldAsDouble(feature, index);
        if (!isfinite(value))
            return err_set(err, ERR_INPUT, "%s is not a finite number", field->name);
        memcpy(member, &value, sizeof value);
        break;
    }
    case FIELD_DATE: {
        int32_t day;
        const char *text = OGR_F_GetFieldAsString(feature, index);
        if (!text_to_date(text, &day))
            return err_set(err, ERR_INPUT, "%s \"%s\" is not a date like 2026-11-21", field->name,
                           text);
        memcpy(member, &day, sizeof day);
        break;
    }
    }
    return ERR_OK;
}

enum err_code store_geometry_of_blob(const unsigned char *blob, size_t n, struct arena *arena,
                                     struct geom *out, struct err *err)
{
    static const size_t envelope_bytes[8] = {0, 32, 48, 48, 64, 0, 0, 0};
    enum { FIXED_BYTES = 8, FLAG_EMPTY = 0x10 };
    if (n == 0)
        return ERR_OK;
    if (n < FIXED_BYTES || blob[0] != 'G' || blob[1] != 'P')
        return err_set(err, ERR_INPUT, "its geometry is not of a GeoPackage");
    size_t header = FIXED_BYTES + envelope_bytes[blob[3] >> 1 & 7];
    if (n < header)
        return err_set(err, ERR_INPUT, "its geometry is cut short");
    if (blob[3] & FLAG_EMPTY)
        return ERR_OK;
    return geom_from_wkb(blob + header, n - header, arena, out, err);
}

/* On the writer's handle OGR has made a geometry of the blob. */
static enum err_code geometry_of_ogr(OGRGeometryH shape, struct arena *arena, struct geom *out,
                                     struct err *err)
{
    enum err_code code = ERR_OK;
    struct buf wkb;
    int n = OGR_G_WkbSize(shape);
    if (OGR_G_IsEmpty(shape))
        return ERR_OK;
    buf_init(&wkb);
    char *room = buf_reserve(&wkb, n > 0 ? (size_t)n : 0);
    TRY(room ? ERR_OK : err_nomem(err));
    if (n <= 0 || OGR_G_ExportToIsoWkb(shape, wkbNDR, (unsigned char *)room) != OGRERR_NONE)
        TRY(err_set(err, ERR_INPUT, "its geometry cannot be read"));
    TRY(geom_from_wkb(room, (size_t)n, arena, out, err));
done:
    buf_release(&wkb);
    return code;
}

enum err_code store_feature_geometry(void *feature, int index, struct arena *arena,
                                     struct geom *out, struct err *err)
{
    OGRGeometryH shape = OGR_F_GetGeometryRef(feature);
    if (shape)
        return geometry_of_ogr(shape, arena, out, err);
    if (index >= OGR_F_GetFieldCount(feature))
        return ERR_OK;
    int n = 0;
    const unsigned char *blob = OGR_F_GetFieldAsBinary(feature, index, &n);
    return store_geometry_of_blob(blob, n > 0 ? (size_t)n : 0, arena, out, err);
}

enum err_code store_feature_read(void *feature, enum layer_id layer, struct arena *arena,
                                 void *record, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct layer_binding *binding = records_binding(layer);
    struct record_head *head = record;
    record_clear(layer, record);
    for (size_t i = 0; i < binding->n_fields; i++)
        TRY(store_feature_field(feature, (int)i, &binding->fields[i], arena, record, err));
    TRY(store_feature_geometry(feature, (int)binding->n_fields, arena, &head->geom, err));
    if (!head->id || !*head->id)
        code = err_set(err, ERR_INPUT, "a record has no id");
done:
    if (code != ERR_OK && code != ERR_MEMORY)
        err_wrap(err, "%s %s", binding->name, head->id ? head->id : "");
    return code;
}
