#include "data/store_internal.h"

#include "data/base/file.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/random.h>

#include <cpl_conv.h>
#include <cpl_string.h>
#include <gdal.h>
#include <ogr_api.h>
#include <ogr_srs_api.h>

void *store_crs(void)
{
    OGRSpatialReferenceH crs = OSRNewSpatialReference(NULL);
    if (OSRImportFromEPSG(crs, STORE_EPSG) != OGRERR_NONE) {
        OSRRelease(crs);
        return NULL;
    }
    /* EPSG says latitude first; a GeoPackage, and everything of ours, keeps x as longitude. */
    OSRSetAxisMappingStrategy(crs, OAMS_TRADITIONAL_GIS_ORDER);
    return crs;
}

/* The allowed codes or the range of a field: QGIS offers and checks them in its forms. */
static OGRFieldDomainH domain_of(const char *name, const struct schema_field *field,
                                 struct arena *arena)
{
    int type = store_field_type(field->type);
    if (field->n_codes) {
        OGRCodedValue *values = arena_new(arena, OGRCodedValue, field->n_codes + 1);
        if (!values)
            return NULL;
        for (size_t i = 0; i < field->n_codes; i++)
            values[i].pszCode = values[i].pszValue = arena_strdup(arena, field->codes[i]);
        return OGR_CodedFldDomain_Create(name, field->meaning, (OGRFieldType)type, OFSTNone,
                                         values);
    }
    OGRField low, high;
    OGR_RawField_SetUnset(&low);
    OGR_RawField_SetUnset(&high);
    if (field->type == FIELD_REAL) {
        low.Real = field->min;
        high.Real = field->max;
    } else {
        low.Integer = (int)field->min;
        high.Integer = (int)field->max;
    }
    return OGR_RangeFldDomain_Create(name, field->meaning, (OGRFieldType)type, OFSTNone, &low, true,
                                     &high, true);
}

static enum err_code add_domain(struct store *store, OGRFieldDefnH defn,
                                const struct schema_layer *layer, const struct schema_field *field,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena arena;
    char *why = NULL;
    OGRFieldDomainH domain = NULL;
    /* OGR writes an open end as a text "Inf", which is no number to others. */
    if (!field->n_codes && (isinf(field->min) || isinf(field->max)))
        return ERR_OK;
    arena_init(&arena, 0);
    const char *name = arena_printf(&arena, "%s_%s", layer->name, field->name);
    TRY(name ? ERR_OK : err_nomem(err));
    domain = domain_of(name, field, &arena);
    TRY(domain ? ERR_OK : err_nomem(err));
    gdal_session_clear(&store->gdal);
    if (!GDALDatasetAddFieldDomain(store->dataset, domain, &why))
        TRY(err_set(err, ERR_IO, "%s: codes of %s: %s", store->path, name,
                    why ? why : store->gdal.failure));
    OGR_Fld_SetDomainName(defn, name);
done:
    CPLFree(why);
    if (domain)
        OGR_FldDomain_Destroy(domain);
    arena_release(&arena);
    return code;
}

/* The meaning of a column, where GeoPackage's schema extension keeps it. */
enum err_code store_describe_field(struct store *store, const char *table,
                                   const struct schema_field *field, struct err *err)
{
    enum err_code code = ERR_OK;
    struct buf sql, text;
    buf_init(&sql);
    buf_init(&text);
    buf_printf(&text, *field->unit ? "%s (%s)" : "%s", field->meaning, field->unit);
    buf_add_text(&sql, "INSERT INTO gpkg_data_columns (table_name, column_name, description) "
                       "VALUES (");
    store_quote(&sql, table);
    buf_add_text(&sql, ", ");
    store_quote(&sql, field->name);
    buf_add_text(&sql, ", ");
    store_quote(&sql, buf_text(&text));
    buf_add_text(&sql, ") ON CONFLICT (table_name, column_name) DO UPDATE SET description = "
                       "excluded.description");
    TRY(buf_ok(&sql) && buf_ok(&text) ? ERR_OK : err_nomem(err));
    TRY(store_sql(store, err, buf_text(&sql)));
done:
    buf_release(&sql);
    buf_release(&text);
    return code;
}

enum err_code store_create_field(struct store *store, void *ogr_layer,
                                 const struct schema_layer *layer, const struct schema_field *field,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    OGRFieldDefnH defn = OGR_Fld_Create(field->name, (OGRFieldType)store_field_type(field->type));
    OGR_Fld_SetNullable(defn, !field->required);
    OGR_Fld_SetUnique(defn, strcmp(field->name, "id") == 0);
    TRY(add_domain(store, defn, layer, field, err));
    gdal_session_clear(&store->gdal);
    if (OGR_L_CreateField(ogr_layer, defn, FALSE) != OGRERR_NONE || store->gdal.failed)
        TRY(store_fault(store, err));
done:
    OGR_Fld_Destroy(defn);
    return code;
}

static OGRLayerH create_table(struct store *store, const char *name, const char *description,
                              OGRSpatialReferenceH crs, int type, bool geometry_required)
{
    char **options = NULL;
    options = CSLSetNameValue(options, "FID", "fid");
    options = CSLSetNameValue(options, "DESCRIPTION", description);
    if (type == wkbNone) {
        options = CSLSetNameValue(options, "ASPATIAL_VARIANT", "GPKG_ATTRIBUTES");
    } else {
        options = CSLSetNameValue(options, "GEOMETRY_NAME", STORE_GEOMETRY);
        options = CSLSetNameValue(options, "GEOMETRY_NULLABLE", geometry_required ? "NO" : "YES");
        options = CSLSetNameValue(options, "SPATIAL_INDEX", "YES");
    }
    gdal_session_clear(&store->gdal);
    OGRLayerH layer = GDALDatasetCreateLayer(store->dataset, name, type == wkbNone ? NULL : crs,
                                             (OGRwkbGeometryType)type, options);
    CSLDestroy(options);
    return store->gdal.failed ? NULL : layer;
}

static enum err_code create_layer(struct store *store, const struct schema_layer *layer,
                                  OGRSpatialReferenceH crs, struct err *err)
{
    static const char *const descriptions[LAYER_COUNT] = {
        [LAYER_ADMIN] = "Administrative units: region, cities, counties, townships",
        [LAYER_ENTERPRISES] = "Enterprises: outline or point",
        [LAYER_FACILITIES] = "Tanks, units, dispensers, flares and buildings of enterprises",
        [LAYER_INVENTORY] = "Hazardous substances held, by production or storage unit",
        [LAYER_ZONES] = "Hazard zones: contours of risk and of consequences",
        [LAYER_PIPELINES] = "Pipelines",
        [LAYER_PROTECTED] = "Protected targets",
        [LAYER_AREAS] = "Parks, dense urban areas, reserves and other areas with rules",
        [LAYER_INFRASTRUCTURE] = "Roads, railways, rivers, power lines and the like",
        [LAYER_HIDDEN_DANGERS] = "Hidden dangers found",
        [LAYER_RESOURCES] = "Emergency teams, experts, stores, hospitals and shelters",
        [LAYER_SCENARIOS] = "Accident scenarios: frequency and fatal area or deaths",
        [LAYER_CENSUS] = "Areas of a census with their residents, where there is no grid",
        [LAYER_POPULATION] = "Population grid, in blocks of 256 x 256 cells",
        [LAYER_CONFLICTS] = "Derived: conflicts and undecided cases",
        [LAYER_SEGMENTS] =
            "Derived: pipelines by stretch: class location, high consequence, crossings",
        [LAYER_GRADES] = "Derived: grades 1 red to 4 blue, 0 not assessed",
        [LAYER_RUNS] = "Derived: assessments made",
    };
    enum err_code code = ERR_OK;
    OGRLayerH table = create_table(store, layer->name, descriptions[layer->id], crs,
                                   store_geometry_type(layer), layer->geometry_required);
    if (!table)
        return store_fault(store, err);
    for (size_t i = 0; i < layer->n_fields; i++)
        TRY(store_create_field(store, table, layer, &layer->fields[i], err));
    if (layer->id == LAYER_POPULATION) {
        OGRFieldDefnH block = OGR_Fld_Create("block", OFTBinary);
        OGR_Fld_SetNullable(block, FALSE);
        gdal_session_clear(&store->gdal);
        if (OGR_L_CreateField(table, block, FALSE) != OGRERR_NONE || store->gdal.failed)
            code = store_fault(store, err);
        OGR_Fld_Destroy(block);
    }
done:
    return code;
}

enum err_code store_create_layer(struct store *store, const struct schema_layer *layer,
                                 struct err *err)
{
    OGRSpatialReferenceH crs = store_crs();
    if (!crs)
        return gdal_session_err(&store->gdal, err, ERR_INTERNAL, "EPSG:%d", STORE_EPSG);
    enum err_code code = create_layer(store, layer, crs, err);
    OSRRelease(crs);
    return code;
}

/* A table of two texts, the first of them its key. */
static enum err_code create_texts(struct store *store, const char *name, const char *description,
                                  const char *const columns[2], struct err *err)
{
    enum err_code code = ERR_OK;
    OGRLayerH table = create_table(store, name, description, NULL, wkbNone, false);
    if (!table)
        return store_fault(store, err);
    for (int i = 0; i < 2; i++) {
        OGRFieldDefnH defn = OGR_Fld_Create(columns[i], OFTString);
        OGR_Fld_SetNullable(defn, FALSE);
        OGR_Fld_SetUnique(defn, i == 0);
        gdal_session_clear(&store->gdal);
        if (OGR_L_CreateField(table, defn, FALSE) != OGRERR_NONE || store->gdal.failed)
            code = store_fault(store, err);
        OGR_Fld_Destroy(defn);
        TRY(code);
    }
done:
    return code;
}

enum err_code store_set_identity(struct store *store, struct err *err)
{
    char text[24];
    uint64_t identity = 0;
    if (getrandom(&identity, sizeof identity, 0) != (ssize_t)sizeof identity)
        return err_errno(err, errno, "random number");
    snprintf(text, sizeof text, "%016" PRIx64, identity);
    return store_meta_set(store, "identity", text, err);
}

static enum err_code set_first_meta(struct store *store, struct err *err)
{
    enum err_code code = ERR_OK;
    char text[24];
    snprintf(text, sizeof text, "%d", SCHEMA_VERSION);
    TRY(store_meta_set(store, "schema_version", text, err));
    TRY(store_meta_set(store, "generation", "0", err));
    TRY(store_set_identity(store, err));
done:
    return code;
}

static enum err_code create_tables(struct store *store, struct err *err)
{
    static const char *const meta[2] = {"key", "value"};
    static const char *const rules[2] = {"file", "text"};
    enum err_code code = ERR_OK;
    for (int i = 0; i < LAYER_COUNT; i++)
        TRY(store_create_layer(store, &store->schema.layers[i], err));
    TRY(create_texts(store, "sisetu_meta", "About this store", meta, err));
    TRY(create_texts(store, "sisetu_rules", "Rule tables of the last assessment", rules, err));
    for (int i = 0; i < LAYER_COUNT; i++)
        for (size_t f = 0; f < store->schema.layers[i].n_fields; f++)
            TRY(store_describe_field(store, layer_name((enum layer_id)i),
                                     &store->schema.layers[i].fields[f], err));
    TRY(set_first_meta(store, err));
done:
    return code;
}

/* Fills a new file; the store then has its handle and a transaction. */
static enum err_code create_file(struct store *store, const char *file, struct err *err)
{
    enum err_code code = ERR_OK;
    char **options = CSLSetNameValue(NULL, "VERSION", "1.3");
    gdal_session_clear(&store->gdal);
    store->dataset = GDALCreate(GDALGetDriverByName("GPKG"), file, 0, 0, 0, GDT_Unknown, options);
    CSLDestroy(options);
    if (!store->dataset)
        return store_fault(store, err);
    if (GDALDatasetStartTransaction(store->dataset, FALSE) != OGRERR_NONE)
        TRY(store_fault(store, err));
    TRY(create_tables(store, err));
    gdal_session_clear(&store->gdal);
    GDALFlushCache(store->dataset);
    if (store->gdal.failed)
        TRY(store_fault(store, err));
done:
    if (code == ERR_OK)
        code = store_disconnect(store, true, err);
    else
        store_disconnect(store, false, NULL);
    return code;
}

enum err_code store_create(const char *path, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = NULL;
    struct store_aside aside = {0};
    if (file_exists(path))
        return err_set(err, ERR_CONFLICT, "%s: exists already; nothing was overwritten", path);
    TRY(store_aside_check_journal(path, err));
    TRY(store_new(path, STORE_WRITE, &store, err));
    TRY(store_aside_begin(path, &aside, err));
    gdal_session_begin(&store->gdal);
    code = create_file(store, aside.file, err);
    gdal_session_end(&store->gdal);
    TRY(code);
    TRY(store_aside_commit(&aside, false, err));
done:
    store_aside_abort(&aside);
    store_close(store);
    return code;
}
