/* import_source.c - the file: opening it, its layer, its columns, the encoding of its texts. */
#include "data/import_private.h"

#include "data/base/buf.h"
#include "data/base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <cpl_string.h>

/* What an extension promises. Only these drivers are let at such a file: a PDF that is
 * called .geojson is an error, not a drawing. */
static const struct {
    const char *extension;
    const char *format;
    const char *drivers[6];
} promises[] = {
    {".geojson", "GeoJSON", {"GeoJSON", "GeoJSONSeq", "ESRIJSON", "TopoJSON"}},
    {".json", "JSON", {"GeoJSON", "GeoJSONSeq", "ESRIJSON", "TopoJSON"}},
    {".shp", "a Shapefile", {"ESRI Shapefile"}},
    {".dbf", "a Shapefile's table", {"ESRI Shapefile"}},
    {".gpkg", "a GeoPackage", {"GPKG"}},
    {".csv", "CSV", {"CSV"}},
    {".tsv", "CSV", {"CSV"}},
    {".kml", "KML", {"LIBKML", "KML"}},
    {".kmz", "KMZ", {"LIBKML"}},
    {".tif", "GeoTIFF", {"GTiff"}},
    {".tiff", "GeoTIFF", {"GTiff"}},
};

enum { N_PROMISES = sizeof promises / sizeof promises[0] };

/* N_PROMISES: the extension promises nothing. */
static size_t promise_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < N_PROMISES; i++)
        if (strcasecmp(dot, promises[i].extension) == 0)
            return i;
    return N_PROMISES;
}

/* A connection ("PG:...") or one of GDAL's virtual files is no path of ours to look at. */
static bool is_plain_path(const char *path)
{
    const char *colon = strchr(path, ':'), *slash = strchr(path, '/');
    return strncmp(path, "/vsi", 4) != 0 && (!colon || (slash && slash < colon));
}

enum err_code import_source_check_file(const char *path, struct err *err)
{
    struct stat status;
    if (!is_plain_path(path))
        return ERR_OK;
    if (stat(path, &status) != 0)
        return err_errno(err, errno, "%s", path);
    if (S_ISREG(status.st_mode) && status.st_size == 0)
        return err_set(err, ERR_INPUT, "%s is empty (0 bytes)", path);
    return ERR_OK;
}

/* The first bytes of a file as one may show them: they tell what it really is. */
static void beginning(const char *path, char out[32])
{
    FILE *file = fopen(path, "rb");
    size_t n = file ? fread(out, 1, 16, file) : 0;
    for (size_t i = 0; i < n; i++)
        if (out[i] < 0x20 || out[i] > 0x7E) {
            n = i;
            break;
        }
    out[n] = '\0';
    if (file)
        fclose(file);
}

/* What a message calls the file: a text in memory has no path. */
static const char *shown(const struct import *import)
{
    return import->edit && import->edit->text ? import->report.summary->source
                                              : import->options->path;
}

static enum err_code refuse_file(const struct import *import, size_t promise, struct err *err)
{
    const char *path = shown(import);
    const char *said = import->gdal.failure;
    char start[32] = "";
    if (is_plain_path(path))
        beginning(path, start);
    if (promise < N_PROMISES)
        return err_set(err, ERR_INPUT, "%s is not %s that can be read%s%s%s%s%s", path,
                       promises[promise].format, *start ? ": it begins with \"" : "", start,
                       *start ? "\"" : "", *said ? ": " : "", said);
    return err_set(err, ERR_INPUT, "%s cannot be read%s%s%s%s%s", path,
                   *start ? ": it begins with \"" : "", start, *start ? "\"" : "",
                   *said ? ": " : "", said);
}

GDALDatasetH import_source_dataset(struct import *import, unsigned kind, struct err *err)
{
    const char *path = import->options->path;
    size_t promise = promise_of(path);
    bool known = promise < N_PROMISES;
    /* Texts of Shapefiles come raw and are decoded here. A line of CSV may hold a shape of
     * LIMIT_VERTICES_PER_GEOMETRY as text. */
    char raw[] = "ENCODING=", header[] = "HEADERS=YES", line[] = "MAX_LINE_SIZE=400000000";
    char *shape_options[] = {raw, NULL}, *csv_options[] = {header, line, NULL};
    char **options = NULL;
    static const char *const of_text[] = {"GeoJSON", NULL};
    if (known && strcmp(promises[promise].drivers[0], "ESRI Shapefile") == 0)
        options = shape_options;
    else if (known && strcmp(promises[promise].drivers[0], "CSV") == 0)
        options = csv_options;
    gdal_session_clear(&import->gdal);
    GDALDatasetH dataset = GDALOpenEx(path, kind | GDAL_OF_READONLY | GDAL_OF_VERBOSE_ERROR,
                                      import->edit && import->edit->text ? of_text
                                      : known                            ? promises[promise].drivers
                                                                         : NULL,
                                      (const char *const *)options, NULL);
    if (!dataset)
        refuse_file(import, promise, err);
    return dataset;
}

/* ---- layer ---- */

static enum err_code list_layers(const struct import *import, const char *start, struct err *err)
{
    struct buf names;
    buf_init(&names);
    GDALDatasetH dataset = import->source.dataset;
    for (int i = 0; i < GDALDatasetGetLayerCount(dataset); i++)
        buf_printf(&names, "%s%s", i ? ", " : "", OGR_L_GetName(GDALDatasetGetLayer(dataset, i)));
    enum err_code code = err_set(err, ERR_INPUT, "%s%s; it has: %s", start,
                                 import->options->source_layer ? import->options->source_layer : "",
                                 buf_text(&names));
    buf_release(&names);
    return code;
}

static enum err_code choose_layer(struct import *import, struct err *err)
{
    struct import_source *source = &import->source;
    const char *name = import->options->source_layer;
    int n = GDALDatasetGetLayerCount(source->dataset);
    if (n == 0)
        return err_set(err, ERR_INPUT, "%s holds no layer", shown(import));
    if (name) {
        source->layer = GDALDatasetGetLayerByName(source->dataset, name);
        return source->layer ? ERR_OK : list_layers(import, "the file has no layer ", err);
    }
    if (n > 1)
        return list_layers(import, "the file has several layers: name one with --from", err);
    source->layer = GDALDatasetGetLayer(source->dataset, 0);
    return ERR_OK;
}

/* ---- encoding ---- */

/* GB18030 holds GBK and GB 2312 whole and more names besides. */
static const char *widest(const char *encoding)
{
    static const char *const chinese[] = {"GBK", "CP936", "936", "GB2312", "GB_2312-80", "EUC-CN"};
    for (size_t i = 0; i < sizeof chinese / sizeof chinese[0]; i++)
        if (strcasecmp(encoding, chinese[i]) == 0)
            return "GB18030";
    return encoding;
}

/* What a Shapefile says of itself. An LDID of Latin-1 is what software writes that does not
 * know; it is not believed. */
static const char *claimed_encoding(const struct import_source *source)
{
    const char *claimed = GDALGetMetadataItem(source->layer, "ENCODING_FROM_CPG", "SHAPEFILE");
    if (!claimed || !*claimed)
        claimed = GDALGetMetadataItem(source->layer, "CPG_VALUE", "SHAPEFILE");
    if (claimed && *claimed)
        return claimed;
    claimed = GDALGetMetadataItem(source->layer, "ENCODING_FROM_LDID", "SHAPEFILE");
    bool latin =
        claimed && (strcasecmp(claimed, "ISO-8859-1") == 0 || strcasecmp(claimed, "CP1252") == 0);
    return claimed && *claimed && !latin ? claimed : NULL;
}

static enum err_code open_decoder(struct import *import, struct err *err)
{
    struct import_source *source = &import->source;
    const char *encoding = import->options->encoding;
    bool raw = strcmp(source->driver, "ESRI Shapefile") == 0;
    if (!encoding && raw)
        encoding = claimed_encoding(source);
    if (!encoding || strcasecmp(encoding, "UTF-8") == 0 || strcasecmp(encoding, "UTF8") == 0)
        return ERR_OK;
    source->encoding = widest(encoding);
    source->decoder = iconv_open("UTF-8", source->encoding);
    if (source->decoder == (iconv_t)-1)
        return err_set(err, import->options->encoding ? ERR_USAGE : ERR_INPUT,
                       "the encoding \"%s\" is not known; give one with --encoding: UTF-8, GBK, "
                       "GB18030, Big5 ...",
                       encoding);
    return ERR_OK;
}

/* Text of n bytes through a decoder; false if it does not decode. */
static bool convert(iconv_t decoder, const char *raw, struct buf *out)
{
    char *in = (char *)(uintptr_t)raw; /* iconv does not change what it reads */
    size_t left = strlen(raw);
    iconv(decoder, NULL, NULL, NULL, NULL);
    buf_clear(out);
    while (left > 0) {
        size_t room = 2 * left + 16;
        char *to = buf_reserve(out, room), *end = to;
        if (!to)
            return false;
        size_t before = room;
        size_t done = iconv(decoder, &in, &left, &end, &room);
        out->n_bytes += before - room;
        if (done == (size_t)-1 && errno != E2BIG)
            return false;
    }
    buf_add(out, "", 0);
    return true;
}

enum err_code import_source_decode(const struct import_source *source, const char *raw,
                                   struct arena *arena, const char **out,
                                   struct import_fault *fault, struct err *err)
{
    struct buf decoded;
    const char *text = raw;
    *out = NULL;
    buf_init(&decoded);
    /* Only formats that hand over their bytes as they are need it for valid UTF-8, too. */
    bool always = source->is_csv || strcmp(source->driver, "ESRI Shapefile") == 0;
    bool utf8 = text_is_utf8(raw, strlen(raw));
    bool good = utf8;
    if (source->decoder != (iconv_t)-1 && (always || !utf8)) {
        good = convert(source->decoder, raw, &decoded) && buf_ok(&decoded);
        text = buf_text(&decoded);
    }
    enum err_code code = ERR_OK;
    if (!good) {
        import_fault_set(fault, REFUSED_ENCODING, "", raw, "the text is not %s; %s",
                         source->encoding ? source->encoding : "UTF-8",
                         "name its encoding, such as --encoding GB18030");
    } else {
        char *kept = arena_strdup(arena, text);
        if (kept) {
            kept = text_trim(kept);
            *out = *kept ? kept : NULL;
        } else {
            code = err_nomem(err);
        }
    }
    buf_release(&decoded);
    return code;
}

/* ---- columns ---- */

static enum err_code name_columns(struct import *import, struct err *err)
{
    enum err_code code = ERR_OK;
    struct import_source *source = &import->source;
    OGRFeatureDefnH defn = OGR_L_GetLayerDefn(source->layer);
    source->n_columns = (size_t)OGR_FD_GetFieldCount(defn);
    source->columns = arena_new(import->arena, const char *, source->n_columns);
    if (!source->columns)
        return err_nomem(err);
    for (size_t i = 0; i < source->n_columns; i++) {
        struct import_fault fault = {0};
        const char *raw = OGR_Fld_GetNameRef(OGR_FD_GetFieldDefn(defn, (int)i));
        TRY(import_source_decode(source, raw, import->arena, &source->columns[i], &fault, err));
        if (fault.reason)
            return err_set(err, ERR_INPUT, "%s: the name of column %zu: %s", shown(import), i + 1,
                           fault.text);
        if (!source->columns[i])
            source->columns[i] = "";
    }
done:
    return code;
}

int import_source_column(const struct import_source *source, const char *name)
{
    for (size_t i = 0; i < source->n_columns; i++)
        if (strcmp(source->columns[i], name) == 0)
            return (int)i;
    for (size_t i = 0; i < source->n_columns; i++)
        if (strcasecmp(source->columns[i], name) == 0)
            return (int)i;
    return -1;
}

const char *import_source_columns(const struct import_source *source, struct arena *arena)
{
    struct buf list;
    buf_init(&list);
    for (size_t i = 0; i < source->n_columns && list.n_bytes < 400; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", source->columns[i]);
    if (source->n_columns == 0)
        buf_add_text(&list, "no columns");
    const char *kept = arena_strdup(arena, buf_text(&list));
    buf_release(&list);
    return kept ? kept : "?";
}

/* ---- values ---- */

static const char *date_text(OGRFeatureH feature, int column, struct arena *arena)
{
    int year, month, day, hour, minute, zone;
    float second;
    if (!OGR_F_GetFieldAsDateTimeEx(feature, column, &year, &month, &day, &hour, &minute, &second,
                                    &zone))
        return NULL;
    return arena_printf(arena, "%04d-%02d-%02d", year, month, day);
}

enum err_code import_source_text(const struct import_source *source, OGRFeatureH feature,
                                 int column, struct arena *arena, const char **out,
                                 struct import_fault *fault, struct err *err)
{
    *out = NULL;
    if (!OGR_F_IsFieldSetAndNotNull(feature, column))
        return ERR_OK;
    OGRFieldDefnH defn = OGR_F_GetFieldDefnRef(feature, column);
    OGRFieldType type = OGR_Fld_GetType(defn);
    double real;
    if (type == OFTInteger || type == OFTInteger64) {
        *out = arena_printf(arena, "%lld", (long long)OGR_F_GetFieldAsInteger64(feature, column));
    } else if (type == OFTReal) {
        real = OGR_F_GetFieldAsDouble(feature, column);
        bool whole = fabs(real) < 1e15 && real == floor(real);
        *out = arena_printf(arena, whole ? "%.0f" : "%.17g", real);
        double back;
        char *shorter = whole ? NULL : arena_printf(arena, "%.15g", real);
        if (shorter && text_to_double(shorter, &back) && back == real)
            *out = shorter;
    } else if (type == OFTDate || type == OFTDateTime) {
        *out = date_text(feature, column, arena);
    } else {
        return import_source_decode(source, OGR_F_GetFieldAsString(feature, column), arena, out,
                                    fault, err);
    }
    return *out ? ERR_OK : err_nomem(err);
}

/* ---- rows ---- */

static int by_id(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

/* The filter as the driver compares it: in the encoding of its raw texts. */
static enum err_code set_filter(struct import *import, struct err *err)
{
    struct import_source *source = &import->source;
    const char *where = import->options->where;
    struct buf raw;
    buf_init(&raw);
    if (source->encoding) {
        iconv_t encoder = iconv_open(source->encoding, "UTF-8");
        if (encoder != (iconv_t)-1 && convert(encoder, where, &raw))
            where = buf_text(&raw);
        if (encoder != (iconv_t)-1)
            iconv_close(encoder);
    }
    gdal_session_clear(&import->gdal);
    enum err_code code = ERR_OK;
    if (OGR_L_SetAttributeFilter(source->layer, where) != OGRERR_NONE) {
        char *said = import->gdal.failure, *echo = strstr(said, " Occurred around");
        if (echo) /* the text in the file's encoding, and a mark under it */
            *echo = '\0';
        code = err_set(err, ERR_USAGE,
                       "--where \"%s\" is not understood: %s Texts stand in 'single' quotes, "
                       "names that are not plain ASCII in \"double\" ones; columns: %s",
                       import->options->where, text_is_utf8(said, strlen(said)) ? said : "",
                       import_source_columns(source, import->arena));
    }
    buf_release(&raw);
    return code;
}

/* Which features --where lets through. Read apart, so that a row's number stays its number
 * in the whole file. */
static enum err_code find_wanted(struct import *import, struct err *err)
{
    enum err_code code = ERR_OK;
    struct import_source *source = &import->source;
    size_t capacity = 0;
    TRY(set_filter(import, err));
    OGR_L_ResetReading(source->layer);
    for (OGRFeatureH feature; (feature = OGR_L_GetNextFeature(source->layer));) {
        int64_t id = OGR_F_GetFID(feature);
        OGR_F_Destroy(feature);
        source->wanted = arena_grow(import->arena, source->wanted, &capacity, source->n_wanted + 1,
                                    sizeof *source->wanted);
        if (!source->wanted)
            return err_nomem(err);
        source->wanted[source->n_wanted++] = id;
    }
    if (source->n_wanted)
        qsort(source->wanted, source->n_wanted, sizeof *source->wanted, by_id);
    source->filtered = true;
    OGR_L_SetAttributeFilter(source->layer, NULL);
done:
    return code;
}

static bool is_wanted(const struct import_source *source, OGRFeatureH feature)
{
    int64_t id = OGR_F_GetFID(feature);
    return !source->filtered || (source->n_wanted && bsearch(&id, source->wanted, source->n_wanted,
                                                             sizeof id, by_id) != NULL);
}

enum err_code import_source_each(struct import *import, struct err *err,
                                 enum err_code (*each)(struct import *import, OGRFeatureH feature,
                                                       size_t row, struct err *err))
{
    struct import_source *source = &import->source;
    struct import_summary *summary = import->report.summary;
    OGR_L_ResetReading(source->layer);
    for (size_t row = 1;; row++) {
        gdal_session_clear(&import->gdal);
        OGRFeatureH feature = OGR_L_GetNextFeature(source->layer);
        if (!feature && import->gdal.failed)
            return gdal_session_err(&import->gdal, err, ERR_INPUT,
                                    "%s breaks off after row %zu; nothing was imported",
                                    summary->source, row - 1);
        if (!feature)
            break;
        enum err_code code = ERR_OK;
        if (is_wanted(source, feature)) {
            summary->read++;
            code = summary->read > LIMIT_RECORDS_PER_LAYER
                       ? err_set(err, ERR_LIMIT, "%s has more than %d records", summary->source,
                                 LIMIT_RECORDS_PER_LAYER)
                       : each(import, feature, row, err);
        }
        OGR_F_Destroy(feature);
        if (code != ERR_OK)
            return code;
        if (source->n_expected)
            import_progress(import, 0.8 * fmin(1, (double)row / (double)source->n_expected));
    }
    if (summary->read == 0)
        return err_set(err, ERR_INPUT, "%s: %s", summary->source,
                       import->options->where ? "no record passes --where"
                                              : "the file holds no records");
    return ERR_OK;
}

/* ---- open, close ---- */

enum err_code import_source_open(struct import *import, struct err *err)
{
    enum err_code code = ERR_OK;
    struct import_source *source = &import->source;
    *source = (struct import_source){
        .decoder = (iconv_t)-1, .x_column = -1, .y_column = -1, .wkt_column = -1};
    const char *path = import->options->path;
    size_t promise = promise_of(path);
    TRY(import_source_check_file(path, err));
    if (promise < N_PROMISES && strcmp(promises[promise].drivers[0], "CSV") == 0 &&
        is_plain_path(path))
        TRY(import_csv_check_file(path, import->report.summary->source, err));
    source->dataset = import_source_dataset(import, GDAL_OF_VECTOR, err);
    if (!source->dataset) {
        code = err->code;
        goto done;
    }
    source->driver = GDALGetDriverShortName(GDALGetDatasetDriver(source->dataset));
    source->is_csv = strcmp(source->driver, "CSV") == 0;
    if (source->is_csv && promise == N_PROMISES && is_plain_path(path)) /* .txt, say */
        TRY(import_csv_check_file(path, import->report.summary->source, err));
    TRY(choose_layer(import, err));
    TRY(open_decoder(import, err));
    TRY(name_columns(import, err));
    if (import->options->where)
        TRY(find_wanted(import, err));
    source->n_expected = 0;
    if (OGR_L_TestCapability(source->layer, OLCFastFeatureCount))
        source->n_expected = (size_t)OGR_L_GetFeatureCount(source->layer, 0);
done:
    return code;
}

void import_source_close(struct import_source *source)
{
    if (source->dataset)
        GDALClose(source->dataset);
    if (source->dataset && source->decoder != (iconv_t)-1)
        iconv_close(source->decoder);
    source->dataset = NULL;
}
