/* import_plan.c - which column or constant of the import gives which field of the layer. */
#include "data/import_private.h"

#include "data/base/text.h"

#include <string.h>
#include <strings.h>

/* Names under which files keep the coordinates of a point, or a shape as text. */
static const char *const x_names[] = {"lon", "lng",  "long", "longitude", "lon_deg",
                                      "x",   "经度", "东经", "point_x",   NULL};
static const char *const y_names[] = {"lat",  "latitude", "lat_deg", "y",
                                      "纬度", "北纬",     "point_y", NULL};
static const char *const wkt_names[] = {"wkt",  "geom_wkt", "wkt_geom", "geometry",
                                        "geom", "the_geom", NULL};

/* Only --field names these; a column of that name in a file means something else. */
static bool is_own(const char *field)
{
    return strcmp(field, "source") == 0 || strcmp(field, "source_row") == 0 ||
           strcmp(field, "imported") == 0;
}

static bool is_geometry(const char *ours)
{
    return strcmp(ours, "x") == 0 || strcmp(ours, "y") == 0 || strcmp(ours, "wkt") == 0;
}

static const struct import_pair *find_pair(const struct import_pair *pairs, size_t n,
                                           const char *ours)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(pairs[i].ours, ours) == 0)
            return &pairs[i];
    return NULL;
}

/* ---- options ---- */

static enum err_code unknown_layer(const char *name, struct err *err)
{
    const char *names[LAYER_COUNT];
    size_t n = 0;
    for (int i = 0; i < LAYER_COUNT; i++)
        if (i < LAYER_CONFLICTS)
            names[n++] = layer_name((enum layer_id)i);
    const char *near = import_value_nearest(name, names, n);
    return err_set(err, ERR_USAGE,
                   "there is no layer \"%s\"%s%s%s; layers: admin, enterprises, facilities, "
                   "inventory, zones, pipelines, protected, areas, infrastructure, "
                   "hidden_dangers, resources, scenarios, census, population",
                   name, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static enum err_code unknown_field(const struct import *import, const char *option,
                                   const char *name, struct err *err)
{
    const struct schema_layer *layer = import->layer;
    const char *names[128];
    size_t n = 0;
    char list[512] = "";
    size_t used = 0;
    for (size_t i = 0; i < layer->n_fields && n < 128; i++) {
        names[n++] = layer->fields[i].name;
        if (used < sizeof list - 64)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%.40s", i ? ", " : "",
                                     layer->fields[i].name);
    }
    const char *near = import_value_nearest(name, names, n);
    return err_set(err, ERR_USAGE, "%s: %s has no field \"%s\"%s%s%s; fields: %s", option,
                   layer->name, name, near ? "; did you mean " : "", near ? near : "",
                   near ? "?" : "", list);
}

static enum err_code check_pairs(const struct import *import, const struct import_pair *pairs,
                                 size_t n, const char *option, struct err *err)
{
    bool constants = pairs == import->options->constants;
    for (size_t i = 0; i < n; i++) {
        const char *ours = pairs[i].ours;
        if (!schema_field(import->layer, ours) && (constants || !is_geometry(ours)))
            return unknown_field(import, option, ours, err);
        if (strcmp(ours, "source_row") == 0 || strcmp(ours, "imported") == 0)
            return err_set(err, ERR_USAGE, "%s %s: the import itself sets this field", option,
                           ours);
        if (find_pair(pairs, i, ours))
            return err_set(err, ERR_USAGE, "%s %s is given twice", option, ours);
        if (constants && strcmp(ours, "id") == 0)
            return err_set(err, ERR_USAGE, "--constant id: an id is unique to its record");
        if (constants && find_pair(import->options->fields, import->options->n_fields, ours))
            return err_set(err, ERR_USAGE, "%s is given as --field and as --constant; which?",
                           ours);
    }
    return ERR_OK;
}

static enum err_code read_constants(struct import *import, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct import_options *options = import->options;
    import->plan.constants = arena_alloc(import->arena, 1, import->binding->record_bytes);
    if (!import->plan.constants)
        return err_nomem(err);
    record_clear(import->layer->id, import->plan.constants);
    for (size_t i = 0; i < options->n_constants; i++) {
        struct import_fault fault = {0};
        const struct import_pair *pair = &options->constants[i];
        if (!text_is_utf8(pair->value, strlen(pair->value)))
            return err_set(err, ERR_USAGE, "--constant %s: the value is not UTF-8", pair->ours);
        TRY(import_value_set(import->plan.constants, records_field(import->layer->id, pair->ours),
                             schema_field(import->layer, pair->ours), pair->value, import->arena,
                             &fault, err));
        if (fault.reason)
            return err_set(err, ERR_USAGE, "--constant %s: %s", pair->ours, fault.text);
    }
    if (isnan(options->accuracy_m))
        goto done;
    if (!(options->accuracy_m >= 0.0001 && options->accuracy_m <= 1000000))
        return err_set(err, ERR_USAGE, "--accuracy %g: metres in 0.0001..1000000",
                       options->accuracy_m);
    if (!find_pair(options->constants, options->n_constants, "accuracy_m"))
        ((struct record_head *)import->plan.constants)->accuracy_m = options->accuracy_m;
done:
    return code;
}

enum err_code import_plan_options(struct import *import, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct import_options *options = import->options;
    enum layer_id id;
    if (!layer_by_name(options->layer, &id))
        return unknown_layer(options->layer, err);
    import->layer = &import->schema.layers[id];
    import->binding = records_binding(id);
    if (import->layer->derived)
        return err_set(err, ERR_USAGE, "%s is written by assess and cannot be imported",
                       options->layer);
    if (id == LAYER_POPULATION) {
        if (options->n_fields || options->n_constants || options->join || options->where)
            code = err_set(err, ERR_USAGE,
                           "population is a raster; --field, --constant, --join and --where have "
                           "no meaning for it");
        goto done;
    }
    TRY(check_pairs(import, options->fields, options->n_fields, "--field", err));
    TRY(check_pairs(import, options->constants, options->n_constants, "--constant", err));
    if (options->join && !schema_field(import->layer, options->join))
        return unknown_field(import, "--join", options->join, err);
    TRY(read_constants(import, err));
done:
    return code;
}

/* ---- columns ---- */

static enum err_code no_column(const struct import *import, const char *ours, const char *theirs,
                               struct err *err)
{
    const struct import_source *source = &import->source;
    const char *near = import_value_nearest(theirs, source->columns, source->n_columns);
    return err_set(err, ERR_INPUT, "--field %s=%s: %s has no column \"%s\"%s%s%s; it has: %s", ours,
                   theirs, import->report.summary->source, theirs, near ? "; did you mean " : "",
                   near ? near : "", near ? "?" : "", import_source_columns(source, import->arena));
}

/* A Shapefile cuts names at ten bytes: enterprise_id comes back as "enterprise". */
static int cut_column(const struct import_source *source, const char *ours)
{
    enum { DBF_NAME_BYTES = 10 };
    if (strcmp(source->driver, "ESRI Shapefile") != 0 || strlen(ours) <= DBF_NAME_BYTES)
        return -1;
    for (size_t i = 0; i < source->n_columns; i++)
        if (strlen(source->columns[i]) == DBF_NAME_BYTES &&
            strncasecmp(source->columns[i], ours, DBF_NAME_BYTES) == 0)
            return (int)i;
    return -1;
}

/* *column: where a field comes from, or -1. */
static enum err_code find_column(const struct import *import, const char *ours, int *column,
                                 struct err *err)
{
    const struct import_options *options = import->options;
    const struct import_pair *pair = find_pair(options->fields, options->n_fields, ours);
    *column = -1;
    if (pair && !*pair->value)
        return ERR_OK; /* "--field status=": not to be taken */
    if (pair) {
        *column = import_source_column(&import->source, pair->value);
        return *column < 0 ? no_column(import, ours, pair->value, err) : ERR_OK;
    }
    if (is_own(ours) || find_pair(options->constants, options->n_constants, ours))
        return ERR_OK;
    *column = import_source_column(&import->source, ours);
    if (*column < 0)
        *column = cut_column(&import->source, ours);
    return ERR_OK;
}

static enum err_code missing(const struct import *import, const struct schema_field *field,
                             struct err *err)
{
    return err_set(err, ERR_INPUT,
                   "%s has no column %s (%s), which %s needs; give --field %s=COLUMN or --constant "
                   "%s=VALUE; it has: %s",
                   import->report.summary->source, field->name, field->meaning, import->layer->name,
                   field->name, field->name, import_source_columns(&import->source, import->arena));
}

/* What has to be there before the first record is looked at. */
static enum err_code check_required(const struct import *import, struct err *err)
{
    const struct import_plan *plan = &import->plan;
    for (size_t i = 0; i < import->layer->n_fields; i++) {
        const struct schema_field *field = &import->layer->fields[i];
        const struct field_binding *binding = records_field(import->layer->id, field->name);
        bool derived = strcmp(field->name, "id") == 0 ||
                       (import->layer->id == LAYER_ADMIN && strcmp(field->name, "level") == 0);
        bool found =
            !field->required || derived || !binding || !record_is_absent(plan->constants, binding);
        for (size_t c = 0; c < plan->n_columns && !found; c++)
            found = plan->columns[c].schema == field;
        if (!found)
            return missing(import, field, err);
    }
    return ERR_OK;
}

static enum err_code check_join(struct import *import, struct err *err)
{
    struct import_plan *plan = &import->plan;
    const char *key = import->options->join;
    for (size_t i = 0; i < plan->n_columns; i++)
        if (strcmp(plan->columns[i].schema->name, key) == 0)
            plan->key = &plan->columns[i];
    if (!plan->key)
        return err_set(err, ERR_INPUT,
                       "--join %s: %s has no such column; give --field %s=COLUMN; "
                       "it has: %s",
                       key, import->report.summary->source, key,
                       import_source_columns(&import->source, import->arena));
    if (plan->n_columns < 2 && import->options->n_constants == 0 &&
        isnan(import->options->accuracy_m))
        return err_set(err, ERR_INPUT,
                       "--join %s: no other column of %s is a field of %s; give --field "
                       "OURS=COLUMN; it has: %s",
                       key, import->report.summary->source, import->layer->name,
                       import_source_columns(&import->source, import->arena));
    return ERR_OK;
}

static int first_named(const struct import_source *source, const char *const *names)
{
    for (; *names; names++) {
        int column = import_source_column(source, *names);
        if (column >= 0)
            return column;
    }
    return -1;
}

/* *column: the one that --field names for x, y or wkt; -1 if none. */
static enum err_code named_column(const struct import *import, const char *ours, int *column,
                                  struct err *err)
{
    const struct import_options *options = import->options;
    *column = -1;
    return find_pair(options->fields, options->n_fields, ours)
               ? find_column(import, ours, column, err)
               : ERR_OK;
}

/* Columns that hold the shape: named ones; else the format's own geometry; else those with one
 * of the customary names, text of a whole shape before a point. */
static enum err_code find_geometry(struct import *import, struct err *err)
{
    enum err_code code = ERR_OK;
    struct import_source *source = &import->source;
    OGRFeatureDefnH defn = OGR_L_GetLayerDefn(source->layer);
    bool own = !source->is_csv && OGR_FD_GetGeomFieldCount(defn) > 0 &&
               OGR_FD_GetGeomType(defn) != wkbNone;
    TRY(named_column(import, "x", &source->x_column, err));
    TRY(named_column(import, "y", &source->y_column, err));
    TRY(named_column(import, "wkt", &source->wkt_column, err));
    bool named = source->x_column >= 0 || source->y_column >= 0 || source->wkt_column >= 0;
    if (!named && own)
        goto done;
    if (!named)
        source->wkt_column = first_named(source, wkt_names);
    if (source->wkt_column < 0 && source->x_column < 0)
        source->x_column = first_named(source, x_names);
    if (source->wkt_column < 0 && source->y_column < 0)
        source->y_column = first_named(source, y_names);
    bool point = source->x_column >= 0 && source->y_column >= 0;
    if (!point && source->wkt_column < 0 && import->layer->geometry_required)
        code =
            err_set(err, ERR_INPUT,
                    "%s has no geometry; give --field x=COLUMN --field y=COLUMN or --field "
                    "wkt=COLUMN; it has: %s",
                    import->report.summary->source, import_source_columns(source, import->arena));
done:
    return code;
}

static bool is_used(const struct import *import, size_t column)
{
    const struct import_source *source = &import->source;
    bool used = (int)column == source->x_column || (int)column == source->y_column ||
                (int)column == source->wkt_column;
    for (size_t i = 0; i < import->plan.n_columns && !used; i++)
        used = import->plan.columns[i].column == (int)column;
    return used;
}

/* Columns that `sisetu export` writes and that an edit sets itself, or that are left out on
 * purpose (--field status=), are known. */
enum err_code import_plan_refuse_unknown(const struct import *import, struct err *err)
{
    for (size_t i = 0; i < import->source.n_columns; i++) {
        const char *name = import->source.columns[i];
        if (is_used(import, i) || schema_field(import->layer, name))
            continue;
        enum err_code code = unknown_field(import, import->report.summary->source, name, err);
        err->code = code == ERR_USAGE ? ERR_INPUT : code;
        return err->code;
    }
    return ERR_OK;
}

enum err_code import_plan_columns(struct import *import, struct err *err)
{
    enum err_code code = ERR_OK;
    struct import_plan *plan = &import->plan;
    const struct schema_layer *layer = import->layer;
    bool join = import->options->join != NULL;
    plan->columns = arena_new(import->arena, struct import_column, layer->n_fields);
    if (!plan->columns)
        return err_nomem(err);
    for (size_t i = 0; i < layer->n_fields; i++) {
        const struct schema_field *field = &layer->fields[i];
        const struct field_binding *binding = records_field(layer->id, field->name);
        bool key = join && strcmp(field->name, import->options->join) == 0;
        bool is_id = strcmp(field->name, "id") == 0;
        int column = -1;
        if (binding)
            TRY(find_column(import, field->name, &column, err));
        if (column < 0 || (join && is_id && !key))
            continue; /* a join leaves ids alone */
        plan->columns[plan->n_columns++] = (struct import_column){binding, field, column};
        plan->has_id = plan->has_id || is_id;
    }
    if (join) {
        TRY(check_join(import, err));
        goto done;
    }
    TRY(check_required(import, err));
    if (layer->has_geometry)
        TRY(find_geometry(import, err));
done:
    return code;
}
