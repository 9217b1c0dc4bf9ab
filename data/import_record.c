/* import_record.c - one feature to one record, and what must hold for it. */
#include "data/import_private.h"

#include "data/base/limits.h"

#include "data/base/text.h"

#include <string.h>

enum err_code import_record_fields(struct import *import, OGRFeatureH feature, void *record,
                                   struct import_fault *fault, struct err *err)
{
    enum err_code code = ERR_OK;
    memcpy(record, import->plan.constants, import->binding->record_bytes);
    for (size_t i = 0; i < import->plan.n_columns; i++) {
        const struct import_column *column = &import->plan.columns[i];
        const char *text;
        TRY(import_source_text(&import->source, feature, column->column, &import->scratch, &text,
                               fault, err));
        if (!fault->reason)
            TRY(import_value_set(record, column->binding, column->schema, text, import->arena,
                                 fault, err));
        if (fault->reason) {
            snprintf(fault->field, sizeof fault->field, "%s", column->schema->name);
            break;
        }
    }
done:
    return code;
}

/* ---- admin ---- */

static int32_t level_of(const char *code)
{
    if (strlen(code) == 9)
        return 4;
    if (strcmp(code + 2, "0000") == 0)
        return 1;
    return strcmp(code + 4, "00") == 0 ? 2 : 3;
}

void import_record_admin(struct admin_unit *unit, struct arena *arena, struct import_fault *fault)
{
    static const char *const levels[] = {"", "region", "city", "county", "township"};
    const char *code = unit->code;
    size_t n = code ? strspn(code, "0123456789") : 0;
    if (!code || code[n] || (n != 6 && n != 9)) {
        import_fault_set(fault, REFUSED_CODE, "code", code,
                         "\"%s\" is not an administrative code; 6 digits of GB/T 2260 or, for a "
                         "township, 9 of GB/T 10114",
                         code ? code : "");
        return;
    }
    int32_t level = level_of(code);
    if (unit->level == INT_ABSENT)
        unit->level = level;
    if (unit->level != level) {
        char given[16];
        snprintf(given, sizeof given, "%d", (int)unit->level);
        import_fault_set(fault, REFUSED_RANGE, "level", given,
                         "level %d does not fit the code %s, which is a %s (level %d)",
                         (int)unit->level, code, levels[level], (int)level);
        return;
    }
    if (unit->parent && strcmp(unit->parent, code) == 0) {
        import_fault_set(fault, REFUSED_CODE, "parent", code, "%s cannot be its own parent", code);
        return;
    }
    if (unit->parent || level == 1)
        return;
    unit->parent = level == 4   ? arena_strndup(arena, code, 6)
                   : level == 3 ? arena_printf(arena, "%.4s00", code)
                                : arena_printf(arena, "%.2s0000", code);
}

/* ---- what must hold ---- */

static void check_required(const struct import *import, const void *record,
                           struct import_fault *fault)
{
    for (size_t i = 0; i < import->layer->n_fields; i++) {
        const struct schema_field *field = &import->layer->fields[i];
        const struct field_binding *binding = records_field(import->layer->id, field->name);
        if (field->required && binding && record_is_absent(record, binding)) {
            import_fault_set(fault, REFUSED_REQUIRED, field->name, "", "%s is absent (%s)",
                             field->name, field->meaning);
            return;
        }
    }
}

static enum err_code check_fields(struct import *import, size_t row, struct record_head *head,
                                  struct import_fault *fault, struct err *err)
{
    bool admin = import->layer->id == LAYER_ADMIN;
    if (admin)
        import_record_admin((struct admin_unit *)head, import->arena, fault);
    if (fault->reason)
        return ERR_OK;
    if (!head->id && import->edit)
        head->id = import->edit->id;
    if (import->edit && !head->id && !admin) {
        import_fault_set(fault, REFUSED_REQUIRED, "id", "",
                         "id is absent; what is put names its record");
        return ERR_OK;
    }
    if (!head->id)
        head->id = admin ? ((struct admin_unit *)head)->code
                         : arena_printf(import->arena, "%s-%zu", import->layer->name, row);
    if (!head->id)
        return err_nomem(err);
    if (strlen(head->id) > LIMIT_ID_BYTES) {
        import_fault_set(fault, REFUSED_LENGTH, "id", head->id,
                         "the id has %zu bytes; at most %d are kept", strlen(head->id),
                         LIMIT_ID_BYTES);
        return ERR_OK;
    }
    if (text_control(head->id)) {
        const char *at = text_control(head->id);
        import_fault_set(
            fault, REFUSED_CONTROL, "id", head->id,
            "the id \"%s\" of %s holds the control character U+%04X; an id is one line "
            "of visible text",
            head->id, import->layer->name, (unsigned)text_next(&at));
        return ERR_OK;
    }
    if (import->edit && import->edit->id && strcmp(head->id, import->edit->id) != 0)
        import_fault_set(fault, REFUSED_CODE, "id", head->id, "id is not that of the address, %s",
                         import->edit->id);
    else
        check_required(import, head, fault);
    if (fault->reason)
        return ERR_OK;
    if (head->valid_from != INT_ABSENT && head->valid_to != INT_ABSENT &&
        head->valid_from > head->valid_to)
        import_fault_set(fault, REFUSED_RANGE, "valid_to", "", "valid_to lies before valid_from");
    else if (map_get(&import->ids, head->id) != MAP_NONE)
        import_fault_set(fault, REFUSED_DUPLICATE, "id", head->id,
                         "the id %s stands in row %d already", head->id,
                         (int)map_get(&import->ids, head->id));
    return ERR_OK;
}

/* ---- geometry ---- */

/* A coordinate column as a number; false with a fault. */
static enum err_code coordinate(struct import *import, OGRFeatureH feature, int column, double *out,
                                struct import_fault *fault, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *text, *name = import->source.columns[column];
    TRY(import_source_text(&import->source, feature, column, &import->scratch, &text, fault, err));
    if (!fault->reason && !text)
        import_fault_set(fault, REFUSED_NO_SHAPE, "geom", "", "column %s is empty", name);
    else if (!fault->reason && !text_to_double(text, out))
        import_fault_set(fault, REFUSED_NUMBER, "geom", text,
                         "column %s: \"%s\" is not a number; decimal degrees or metres", name,
                         text);
done:
    return code;
}

static enum err_code point_of_columns(struct import *import, OGRFeatureH feature, OGRGeometryH *out,
                                      struct import_fault *fault, struct err *err)
{
    enum err_code code = ERR_OK;
    double x = 0, y = 0;
    TRY(coordinate(import, feature, import->source.x_column, &x, fault, err));
    if (!fault->reason)
        TRY(coordinate(import, feature, import->source.y_column, &y, fault, err));
    if (fault->reason)
        goto done;
    *out = OGR_G_CreateGeometry(wkbPoint);
    if (*out)
        OGR_G_SetPoint_2D(*out, 0, x, y);
done:
    return code;
}

static enum err_code shape_of_text(struct import *import, OGRFeatureH feature, OGRGeometryH *out,
                                   struct import_fault *fault, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *text;
    TRY(import_source_text(&import->source, feature, import->source.wkt_column, &import->scratch,
                           &text, fault, err));
    if (fault->reason || !text)
        goto done;
    char *at = arena_strdup(&import->scratch, text);
    if (!at)
        return err_nomem(err);
    gdal_session_clear(&import->gdal);
    if (OGR_G_CreateFromWkt(&at, NULL, out) != OGRERR_NONE) {
        *out = NULL;
        import_fault_set(fault, REFUSED_SHAPE, "geom", text,
                         "not well-known text of a geometry%s%s", import->gdal.failed ? ": " : "",
                         import->gdal.failure);
    }
done:
    return code;
}

static enum err_code read_geometry(struct import *import, OGRFeatureH feature, struct geom *out,
                                   struct import_fault *fault, const char **repaired,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    OGRGeometryH made = NULL, geometry = NULL;
    char said[160];
    snprintf(said, sizeof said, "%.150s", import->gdal.failure); /* while the feature was read */
    if (import->source.x_column >= 0 && import->source.y_column >= 0)
        TRY(point_of_columns(import, feature, &made, fault, err));
    else if (import->source.wkt_column >= 0)
        TRY(shape_of_text(import, feature, &made, fault, err));
    else
        geometry = OGR_F_GetGeometryRef(feature);
    if (fault->reason)
        goto done;
    if (made)
        geometry = made;
    if (geometry)
        TRY(import_shape_read(import, geometry, out, fault, repaired, err));
    else if (import->layer->geometry_required)
        import_fault_set(fault, REFUSED_NO_SHAPE, "geom", "", "no geometry%s%s", *said ? ": " : "",
                         said);
done:
    OGR_G_DestroyGeometry(made);
    return code;
}

enum err_code import_record_read(struct import *import, OGRFeatureH feature, size_t row,
                                 void *record, struct import_fault *fault, const char **repaired,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    struct record_head *head = record;
    TRY(import_record_fields(import, feature, record, fault, err));
    if (fault->reason)
        goto done;
    TRY(check_fields(import, row, head, fault, err));
    if (fault->reason)
        goto done;
    if (import->layer->has_geometry)
        TRY(read_geometry(import, feature, &head->geom, fault, repaired, err));
    if (!head->source)
        head->source = import->report.summary->source;
    head->source_row = row <= INT32_MAX ? (int32_t)row : INT_ABSENT;
    head->imported = import->imported;
done:
    return code;
}
