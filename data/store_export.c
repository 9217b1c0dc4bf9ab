#include "data/store_internal.h"

#include "data/base/file.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cpl_conv.h>
#include <cpl_string.h>
#include <gdal.h>
#include <ogr_api.h>
#include <ogr_srs_api.h>

enum {
    DBF_TEXT_BYTES = 254,           /* the most that a field of a .dbf holds */
    SCRATCH_RESET_BYTES = 16 << 20, /* shapes on their way to OGR */
    EPSG_WGS84 = 4326,
    FULL_BYTES = 256 << 10, /* less than what a write wanted: buffers of the drivers are smaller */
};

struct format {
    const char *extension;
    const char *driver;
    bool dates_as_text; /* else OGR writes 2026/05/01 */
    bool one_kind;      /* of geometry, and always one */
    bool raster;
};

static const struct format formats[] = {
    {".geojson", "GeoJSON", true, false, false},
    {".gpkg", "GPKG", false, false, false},
    {".shp", "ESRI Shapefile", false, true, false},
    {".csv", "CSV", true, false, false},
    {".kml", "KML", true, false, false},
    {".tif", "GTiff", false, false, true},
};

/* What the records of one export have in common. */
struct content {
    enum layer_id layer;
    const void *records;
    size_t n;
    bool has[4]; /* by enum geom_kind */
    bool multi;
};

static const struct format *format_of(const char *path)
{
    size_t n = strlen(path);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        size_t m = strlen(formats[i].extension);
        if (n > m && strcasecmp(path + n - m, formats[i].extension) == 0)
            return &formats[i];
    }
    return NULL;
}

static struct content content_of(enum layer_id layer, const void *records, size_t n)
{
    struct content content = {.layer = layer, .records = records, .n = n};
    for (size_t i = 0; i < n; i++) {
        const struct geom *geom = &record_at(layer, records, i)->geom;
        content.has[geom->kind] = true;
        content.multi |= (geom->kind == GEOM_POINT && geom->n_points > 1) ||
                         (geom->kind == GEOM_LINE && geom->n_rings > 1) ||
                         (geom->kind == GEOM_POLYGON && geom->n_parts > 1);
    }
    return content;
}

static int kinds(const struct content *content)
{
    return content->has[GEOM_POINT] + content->has[GEOM_LINE] + content->has[GEOM_POLYGON];
}

static OGRwkbGeometryType geometry_type(const struct content *content,
                                        const struct schema_layer *layer)
{
    if (!layer->has_geometry)
        return wkbNone;
    if (kinds(content) != 1)
        return wkbUnknown;
    if (content->has[GEOM_POINT])
        return content->multi ? wkbMultiPoint : wkbPoint;
    if (content->has[GEOM_LINE])
        return content->multi ? wkbMultiLineString : wkbLineString;
    return content->multi ? wkbMultiPolygon : wkbPolygon;
}

/* A Shapefile holds one kind of geometry and short texts; it would drop the rest. */
static enum err_code fits_shapefile(const struct content *content, struct err *err)
{
    const struct layer_binding *binding = records_binding(content->layer);
    if (kinds(content) != 1)
        return err_set(err, ERR_INPUT,
                       "a Shapefile holds one kind of geometry, and layer %s has %s; use .gpkg, "
                       ".geojson or .csv",
                       binding->name, kinds(content) ? "several" : "none");
    for (size_t i = 0; i < content->n; i++) {
        const struct record_head *head = record_at(content->layer, content->records, i);
        for (size_t f = 0; f < binding->n_fields; f++) {
            const char *text = record_text(head, &binding->fields[f]);
            if (text && strlen(text) > DBF_TEXT_BYTES)
                return err_set(err, ERR_LIMIT,
                               "%s %s: %s has more than the %d bytes that a Shapefile holds; use "
                               ".gpkg, .geojson or .csv",
                               binding->name, head->id, binding->fields[f].name, DBF_TEXT_BYTES);
        }
    }
    return ERR_OK;
}

static char **layer_options(const struct format *format, const struct content *content)
{
    char **options = NULL;
    bool points = !content->has[GEOM_LINE] && !content->has[GEOM_POLYGON] && !content->multi;
    if (strcmp(format->driver, "ESRI Shapefile") == 0) {
        options = CSLSetNameValue(options, "ENCODING", "UTF-8");
    } else if (strcmp(format->driver, "CSV") == 0) {
        /* Spreadsheets take a file without the mark for one in the system's code page. */
        options = CSLSetNameValue(options, "WRITE_BOM", "YES");
        if (kinds(content) > 0)
            options = CSLSetNameValue(options, "GEOMETRY", points ? "AS_XY" : "AS_WKT");
    } else if (strcmp(format->driver, "GPKG") == 0) {
        options = CSLSetNameValue(options, "GEOMETRY_NAME", STORE_GEOMETRY);
    }
    return options;
}

static OGRLayerH create_layer(const struct store *store, GDALDatasetH out,
                              const struct format *format, const struct content *content)
{
    const struct schema_layer *layer = &store->schema.layers[content->layer];
    OGRSpatialReferenceH crs = store_crs();
    if (strcmp(format->driver, "KML") == 0) /* is WGS 84 by definition: the same (Truth 1) */
        OSRImportFromEPSG(crs, EPSG_WGS84);
    char **options = layer_options(format, content);
    OGRLayerH table = GDALDatasetCreateLayer(out, layer->name, layer->has_geometry ? crs : NULL,
                                             geometry_type(content, layer), options);
    CSLDestroy(options);
    OSRRelease(crs);
    for (size_t i = 0; table && i < layer->n_fields; i++) {
        const struct schema_field *field = &layer->fields[i];
        bool as_text = (format->dates_as_text && field->type == FIELD_DATE) ||
                       (strcmp(format->driver, "GPKG") != 0 && field->type == FIELD_DATETIME);
        OGRFieldDefnH defn = OGR_Fld_Create(
            field->name, as_text ? OFTString : (OGRFieldType)store_field_type(field->type));
        if (OGR_L_CreateField(table, defn, TRUE) != OGRERR_NONE)
            table = NULL;
        OGR_Fld_Destroy(defn);
    }
    return table;
}

static enum err_code write_features(struct store *store, OGRLayerH table,
                                    const struct format *format, const struct content *content,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena keep, scratch;
    const struct layer_binding *binding = records_binding(content->layer);
    OGRFeatureH feature = OGR_F_Create(OGR_L_GetLayerDefn(table));
    arena_init(&keep, 0);
    arena_init(&scratch, 0);
    int *indices = arena_new(&keep, int, binding->n_fields);
    TRY(indices && feature ? ERR_OK : err_nomem(err));
    /* A Shapefile shortens names and keeps the order; KML has a Name of its own in front. */
    if (format->one_kind)
        for (size_t i = 0; i < binding->n_fields; i++)
            indices[i] = (int)i;
    else
        TRY(store_feature_indices(OGR_L_GetLayerDefn(table), content->layer, &keep, &indices, err));
    for (size_t i = 0; i < content->n; i++) {
        const void *record = record_at(content->layer, content->records, i);
        TRY(store_feature_fill(feature, indices, content->layer, record, &scratch, err));
        OGR_F_SetFID(feature, OGRNullFID);
        if (OGR_L_CreateFeature(table, feature) != OGRERR_NONE || store->gdal.failed)
            TRY(store_fault_at(&store->gdal, "writing", err));
        if (scratch.used_bytes > SCRATCH_RESET_BYTES)
            arena_reset(&scratch);
    }
done:
    if (feature)
        OGR_F_Destroy(feature);
    arena_release(&scratch);
    arena_release(&keep);
    return code;
}

/* OGR's text drivers do not look at every write: what lies there is counted. */
static enum err_code check_written(struct store *store, const char *file, size_t n, struct err *err)
{
    gdal_session_clear(&store->gdal);
    GDALDatasetH back = GDALOpenEx(file, GDAL_OF_VECTOR, NULL, NULL, NULL);
    OGRLayerH table = back ? GDALDatasetGetLayer(back, 0) : NULL;
    GIntBig found = table ? OGR_L_GetFeatureCount(table, TRUE) : 0;
    if (back)
        GDALClose(back);
    if (found == (GIntBig)n && !store->gdal.failed)
        return ERR_OK;
    if (n == 0 && !store->gdal.failed)
        return ERR_OK;
    return gdal_session_err(&store->gdal, err, ERR_IO,
                            "%zu records were written and %lld can be read back; is the disk full?",
                            n, (long long)found);
}

static enum err_code write_vector(struct store *store, const struct format *format,
                                  const struct content *content, const char *file, struct err *err)
{
    enum err_code code = ERR_OK;
    gdal_session_clear(&store->gdal);
    GDALDatasetH out =
        GDALCreate(GDALGetDriverByName(format->driver), file, 0, 0, 0, GDT_Unknown, NULL);
    OGRLayerH table = out ? create_layer(store, out, format, content) : NULL;
    if (!table)
        TRY(gdal_session_err(&store->gdal, err, ERR_IO, "cannot be written"));
    CPLSetThreadLocalConfigOption("OGR_WKT_PRECISION", "17"); /* reads back equal; 15 does not */
    TRY(write_features(store, table, format, content, err));
    gdal_session_clear(&store->gdal);
    GDALClose(out);
    out = NULL;
    if (store->gdal.failed)
        TRY(gdal_session_err(&store->gdal, err, ERR_IO, "cannot be written"));
    TRY(check_written(store, file, content->n, err));
done:
    if (out)
        GDALClose(out);
    CPLSetThreadLocalConfigOption("OGR_WKT_PRECISION", NULL);
    return code;
}

static enum err_code write_layer(struct store *store, const struct format *format,
                                 enum layer_id layer, const char *file, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena arena;
    void *records = NULL;
    size_t n = 0;
    arena_init(&arena, 0);
    TRY(store_read_records(store, layer, &arena, &records, &n, err));
    struct content content = content_of(layer, records, n);
    if (format->one_kind)
        TRY(fits_shapefile(&content, err));
    TRY(write_vector(store, format, &content, file, err));
done:
    arena_release(&arena);
    return code;
}

static enum err_code check_target(const struct store *store, const struct format *format,
                                  enum layer_id layer, const char *path, struct err *err)
{
    struct stat target, own;
    if (!format || format->raster != (layer == LAYER_POPULATION))
        return err_set(err, ERR_USAGE, "%s: %s is exported to %s", path, layer_name(layer),
                       layer == LAYER_POPULATION ? ".tif" : ".geojson, .gpkg, .shp, .csv or .kml");
    if (stat(path, &target) != 0)
        return ERR_OK;
    if (stat(store->path, &own) == 0 && own.st_dev == target.st_dev && own.st_ino == target.st_ino)
        return err_set(err, ERR_CONFLICT, "%s: is the store itself; export to another file", path);
    return strcmp(format->driver, "GPKG") == 0 ? store_aside_check_journal(path, err) : ERR_OK;
}

/* Indexes that other programs keep beside a Shapefile would be of the old one. */
static void remove_stale_indexes(const char *path)
{
    static const char *const extensions[] = {"qix", "sbn", "sbx"};
    char other[PATH_MAX];
    size_t stem = strlen(path) - strlen("shp");
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
        if (snprintf(other, sizeof other, "%.*s%s", (int)stem, path, extensions[i]) <
            (int)sizeof other)
            unlink(other);
}

/* OGR's drivers seldom say why a write failed. */
static bool disk_is_full(const char *path)
{
    struct statvfs disk;
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - path + 1) : 1,
             slash ? path : ".");
    return statvfs(directory, &disk) == 0 && disk.f_bavail * disk.f_frsize < FULL_BYTES;
}

static enum err_code export_aside(struct store *store, enum layer_id layer, const char *path,
                                  bool replace, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_aside aside = {0};
    const struct format *format = format_of(path);
    TRY(check_target(store, format, layer, path, err));
    if (!replace && file_exists(path))
        TRY(err_set(err, ERR_CONFLICT, "%s: exists already; --replace overwrites it", path));
    TRY(store_aside_begin(path, &aside, err));
    code = format->raster ? store_export_grid(store, aside.file, err)
                          : write_layer(store, format, layer, aside.file, err);
    if (code != ERR_OK) {
        err_wrap(err, "%s", path);
        if (code == ERR_IO && disk_is_full(path))
            code = err_set(err, ERR_NO_SPACE, "%s: no space left; nothing was written", path);
        goto done;
    }
    TRY(store_aside_commit(&aside, replace, err));
    if (format->one_kind && replace)
        remove_stale_indexes(path);
done:
    store_aside_abort(&aside);
    return code;
}

enum err_code store_export(struct store *store, enum layer_id layer, const char *path, bool replace,
                           struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(store_begin(store, STORE_READ, err));
    TRY(export_aside(store, layer, path, replace, err));
done:
    return store_end(store, STORE_READ, code);
}
