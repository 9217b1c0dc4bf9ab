#include "data/schema.h"

#include "data/base/buf.h"
#include "data/base/csv.h"
#include "data/base/file.h"
#include "data/base/limits.h"
#include "data/base/text.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* One row of schema.csv, by column. */
struct row {
    const char *path;
    size_t line;
    const char *layer;
    const char *field;
    const char *type;
    const char *unit;
    const char *required;
    const char *codes;
    const char *meaning;
};

enum { N_COLUMNS = 7 };

static enum err_code check_header(const struct csv *csv, struct err *err)
{
    static const char *const wanted[N_COLUMNS] = {"layer",    "field", "type",   "unit",
                                                  "required", "codes", "meaning"};
    for (int i = 0; i < N_COLUMNS; i++)
        if (csv_column(csv, wanted[i]) != i)
            return err_set(
                err, ERR_INPUT,
                "%s:1: the header should be layer,field,type,unit,required,codes,meaning",
                csv->name);
    return ERR_OK;
}

static bool field_type_by_name(const char *name, enum field_type *out)
{
    static const struct {
        const char *name;
        enum field_type type;
    } types[] = {{"text", FIELD_TEXT},
                 {"integer", FIELD_INTEGER},
                 {"real", FIELD_REAL},
                 {"date", FIELD_DATE},
                 {"datetime", FIELD_DATETIME}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].name, name) == 0) {
            *out = types[i].type;
            return true;
        }
    }
    return false;
}

/* "a|b|c" into texts of their own. */
static enum err_code split_codes(const char *codes, struct arena *arena, const char ***out,
                                 size_t *n, struct err *err)
{
    char *text = arena_strdup(arena, codes);
    if (!text)
        return err_nomem(err);
    size_t capacity = 0;
    *n = 0;
    *out = NULL;
    for (char *next = text; next;) {
        char *code = next;
        next = strchr(code, '|');
        if (next)
            *next++ = '\0';
        *out = arena_grow(arena, *out, &capacity, *n + 1, sizeof **out);
        if (!*out)
            return err_nomem(err);
        (*out)[(*n)++] = text_trim(code);
    }
    return ERR_OK;
}

/* "0..130", "0.." or "..130". */
static enum err_code read_range(const struct row *row, struct schema_field *field,
                                struct arena *arena, struct err *err)
{
    const char *dots = strstr(row->codes, "..");
    bool good = dots != NULL;
    if (good) {
        char *low = arena_strndup(arena, row->codes, (size_t)(dots - row->codes));
        if (!low)
            return err_nomem(err);
        good = (!*low || text_to_double(low, &field->min)) &&
               (!dots[2] || text_to_double(dots + 2, &field->max)) && field->min <= field->max;
    }
    if (!good)
        return err_set(err, ERR_INPUT, "%s:%zu: codes \"%s\" should be a range such as 0..130",
                       row->path, row->line, row->codes);
    return ERR_OK;
}

static enum err_code read_required(const struct row *row, bool *out, struct err *err)
{
    *out = strcmp(row->required, "yes") == 0;
    if (!*out && strcmp(row->required, "no") != 0)
        return err_set(err, ERR_INPUT, "%s:%zu: required \"%s\" should be yes or no", row->path,
                       row->line, row->required);
    return ERR_OK;
}

static enum err_code read_field(const struct row *row, struct arena *arena,
                                struct schema_field *field, struct err *err)
{
    enum err_code code = ERR_OK;
    *field = (struct schema_field){.name = row->field,
                                   .unit = row->unit,
                                   .min = -INFINITY,
                                   .max = INFINITY,
                                   .meaning = row->meaning};
    if (!field_type_by_name(row->type, &field->type))
        return err_set(err, ERR_INPUT,
                       "%s:%zu: type \"%s\" should be text, integer, real, date, datetime, blob "
                       "or geometry",
                       row->path, row->line, row->type);
    TRY(read_required(row, &field->required, err));
    if (!*row->codes)
        return ERR_OK;
    if (field->type == FIELD_TEXT)
        return split_codes(row->codes, arena, &field->codes, &field->n_codes, err);
    if (field->type == FIELD_INTEGER || field->type == FIELD_REAL)
        return read_range(row, field, arena, err);
    code = err_set(err, ERR_INPUT, "%s:%zu: a %s field takes no codes", row->path, row->line,
                   row->type);
done:
    return code;
}

static enum err_code read_geometry(const struct row *row, struct arena *arena,
                                   struct schema_layer *layer, struct err *err)
{
    enum err_code code = ERR_OK;
    const char **kinds = NULL;
    size_t n = 0;
    layer->has_geometry = true;
    TRY(read_required(row, &layer->geometry_required, err));
    TRY(split_codes(row->codes, arena, &kinds, &n, err));
    for (size_t i = 0; i < n; i++) {
        bool any = strcmp(kinds[i], "any") == 0;
        bool point = any || strcmp(kinds[i], "point") == 0;
        bool line = any || strcmp(kinds[i], "line") == 0;
        bool polygon = any || strcmp(kinds[i], "polygon") == 0;
        if (!point && !line && !polygon)
            return err_set(err, ERR_INPUT,
                           "%s:%zu: kind of geometry \"%s\" should be point, line, polygon or any",
                           row->path, row->line, kinds[i]);
        layer->may_be_point |= point;
        layer->may_be_line |= line;
        layer->may_be_polygon |= polygon;
    }
done:
    return code;
}

/* The row's field at the end of the layer's; n_room bounds them. */
static enum err_code add_row(const struct row *row, struct arena *arena, size_t n_room,
                             struct schema_layer *layer, struct err *err)
{
    if (schema_field(layer, row->field))
        return err_set(err, ERR_INPUT, "%s:%zu: field %s.%s stands twice", row->path, row->line,
                       layer->name, row->field);
    if (strcmp(row->type, "geometry") == 0)
        return read_geometry(row, arena, layer, err);
    if (strcmp(row->type, "blob") == 0) /* cells of the grid; store_write_grid knows them */
        return ERR_OK;
    if (!layer->fields)
        layer->fields = arena_new(arena, struct schema_field, n_room);
    if (!layer->fields)
        return err_nomem(err);
    enum err_code code = read_field(row, arena, &layer->fields[layer->n_fields], err);
    layer->n_fields += code == ERR_OK;
    return code;
}

static enum err_code add_rows(const struct csv *csv, struct arena *arena, struct schema *schema,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < csv->n_rows; i++) {
        const char **cells = csv->rows[i].cells;
        struct row row = {csv->name, csv->rows[i].line, cells[0], cells[1], cells[2],
                          cells[3],  cells[4],          cells[5], cells[6]};
        bool all = strcmp(row.layer, "*") == 0;
        enum layer_id only = LAYER_COUNT;
        if (!all && !layer_by_name(row.layer, &only))
            return err_set(err, ERR_INPUT, "%s:%zu: there is no layer \"%s\"", row.path, row.line,
                           row.layer);
        for (int layer = 0; layer < LAYER_COUNT; layer++)
            if (all || layer == (int)only)
                TRY(add_row(&row, arena, csv->n_rows, &schema->layers[layer], err));
    }
done:
    return code;
}

/* records.h must have each field under the same name, type and place. */
static enum err_code check_layer(const char *path, const struct schema_layer *layer,
                                 struct err *err)
{
    const struct layer_binding *binding = records_binding(layer->id);
    if (binding->record_bytes == 0)
        return ERR_OK;
    for (size_t i = 0; i < layer->n_fields || i < binding->n_fields; i++) {
        const char *wanted = i < binding->n_fields ? binding->fields[i].name : "no field";
        const char *found = i < layer->n_fields ? layer->fields[i].name : "no field";
        if (strcmp(wanted, found) != 0)
            return err_set(err, ERR_VERSION,
                           "%s: layer %s has %s where this program has %s; it belongs to another "
                           "version",
                           path, layer->name, found, wanted);
        if (layer->fields[i].type != binding->fields[i].type)
            return err_set(err, ERR_VERSION, "%s: %s.%s has another type than this program knows",
                           path, layer->name, found);
    }
    return ERR_OK;
}

static void name_layers(struct schema *schema)
{
    *schema = (struct schema){0};
    for (int i = 0; i < LAYER_COUNT; i++) {
        struct schema_layer *layer = &schema->layers[i];
        layer->id = (enum layer_id)i;
        layer->name = layer_name(layer->id);
        layer->derived = i >= LAYER_CONFLICTS;
    }
}

enum err_code schema_load_text(const char *name, const char *text, size_t n, struct arena *arena,
                               struct schema *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct csv csv;
    name_layers(out);
    TRY(csv_parse(name, text, n, arena, &csv, err));
    TRY(check_header(&csv, err));
    TRY(add_rows(&csv, arena, out, err));
    for (int i = 0; i < LAYER_COUNT; i++)
        TRY(check_layer(name, &out->layers[i], err));
done:
    return code;
}

enum err_code schema_load(struct arena *arena, struct schema *out, struct err *err)
{
    enum err_code code = ERR_OK;
    char path[PATH_MAX];
    struct buf text;
    buf_init(&text);
    TRY(file_asset("data/schema.csv", path, sizeof path, err));
    TRY(file_read(path, LIMIT_RULE_FILE_BYTES, &text, err));
    TRY(schema_load_text("schema.csv", buf_text(&text), text.n_bytes, arena, out, err));
done:
    buf_release(&text);
    return code;
}

const struct schema_field *schema_field(const struct schema_layer *layer, const char *name)
{
    for (size_t i = 0; i < layer->n_fields; i++)
        if (strcmp(layer->fields[i].name, name) == 0)
            return &layer->fields[i];
    return NULL;
}
