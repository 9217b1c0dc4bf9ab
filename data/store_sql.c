#include "data/store_internal.h"

#include <stdarg.h>
#include <string.h>

#include <gdal.h>
#include <ogr_api.h>

/* GDAL hands SQLite's texts on and no codes, so the texts are looked for. */
static const struct {
    const char *text;
    enum err_code code;
    const char *meaning;
} faults[] = {
    {"is locked", ERR_BUSY,
     "another import or assessment is writing, or a program holds the store open; try again later"},
    {"disk is full", ERR_NO_SPACE, "no space left; nothing was changed"},
    {"disk I/O error", ERR_IO, "reading or writing failed; nothing was changed"},
    {"readonly database", ERR_DENIED, "no permission to write"},
    {"unable to open database", ERR_DENIED, "no permission to write the file or its directory"},
    {"UNIQUE constraint", ERR_CONFLICT, "a key stands twice"},
    {"constraint failed", ERR_INPUT, "a value breaks a constraint of the store"},
    {"out of memory", ERR_MEMORY, "out of memory, or damaged so that it asks for too much"},
    {"malformed", ERR_INPUT, "damaged"},
    {"not a database", ERR_INPUT, "not a GeoPackage, or damaged"},
    {"file is encrypted", ERR_INPUT, "not a GeoPackage, or damaged"},
    {"not recognized", ERR_INPUT, "not a GeoPackage, or damaged"},
    {"no such table", ERR_INPUT, "not a sisetu store, or damaged; `sisetu init` makes a store"},
    {"no such column", ERR_INPUT, "not a sisetu store, or damaged"},
};

/* Drops "In ExecuteSQL(): sqlite3_prepare_v2(the whole statement):" before SQLite's words. */
static const char *last_words(const char *said)
{
    const char *from = said;
    for (const char *at = strstr(said, "):"); at; at = strstr(at + 1, "):"))
        from = at + 2;
    while (*from == ' ' || *from == '\n')
        from++;
    return *from ? from : said;
}

enum err_code store_fault_said(const char *said, const char *path, struct err *err)
{
    const char *words = last_words(said);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (strstr(said, faults[i].text))
            return err_set(err, faults[i].code, "%s: %s (%s)", path, faults[i].meaning, words);
    return err_set(err, ERR_IO, "%s: %s", path, *words ? words : "reading or writing failed");
}

enum err_code store_fault_at(const struct gdal_session *gdal, const char *path, struct err *err)
{
    return store_fault_said(gdal->failed ? gdal->failure : gdal->warning, path, err);
}

enum err_code store_fault(const struct store *store, struct err *err)
{
    return store_fault_at(&store->gdal, store->path, err);
}

enum err_code store_sql(struct store *store, struct err *err, const char *sql)
{
    gdal_session_clear(&store->gdal);
    OGRLayerH rows = GDALDatasetExecuteSQL(store->dataset, sql, NULL, NULL);
    if (rows)
        GDALDatasetReleaseResultSet(store->dataset, rows);
    return store->gdal.failed ? store_fault(store, err) : ERR_OK;
}

enum err_code store_sqlf(struct store *store, struct err *err, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (n < 0 || n >= (int)sizeof text)
        return err_set(err, ERR_INTERNAL, "a statement of %d bytes is too long", n);
    return store_sql(store, err, text);
}

enum err_code store_rows_begin(struct store *store, const char *sql, struct store_rows *out,
                               struct err *err)
{
    *out = (struct store_rows){.store = store};
    gdal_session_clear(&store->gdal);
    out->layer = GDALDatasetExecuteSQL(store->dataset, sql, NULL, NULL);
    return store->gdal.failed ? store_fault(store, err) : ERR_OK;
}

enum err_code store_rows_next(struct store_rows *rows, void **feature, struct err *err)
{
    if (rows->feature)
        OGR_F_Destroy(rows->feature);
    rows->feature = rows->layer ? OGR_L_GetNextFeature(rows->layer) : NULL;
    *feature = rows->feature;
    const struct store *store = rows->store;
    if (store->gdal.failed)
        return store_fault(store, err);
    /* A value that OGR had to bend (a number out of range) is a warning: here it is damage. */
    if (store->gdal.n_warnings)
        return err_set(err, ERR_INPUT, "%s: damaged: %s", store->path, store->gdal.warning);
    return ERR_OK;
}

void store_rows_end(struct store_rows *rows)
{
    if (rows->feature)
        OGR_F_Destroy(rows->feature);
    if (rows->layer)
        GDALDatasetReleaseResultSet(rows->store->dataset, rows->layer);
    rows->feature = rows->layer = NULL;
}

enum err_code store_sql_text(struct store *store, const char *sql, struct arena *arena,
                             const char **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_rows rows;
    void *feature = NULL;
    *out = NULL;
    TRY(store_rows_begin(store, sql, &rows, err));
    TRY(store_rows_next(&rows, &feature, err));
    if (feature && OGR_F_IsFieldSetAndNotNull(feature, 0)) {
        *out = arena_strdup(arena, OGR_F_GetFieldAsString(feature, 0));
        if (!*out)
            code = err_nomem(err);
    }
done:
    store_rows_end(&rows);
    return code;
}

enum err_code store_sql_number(struct store *store, const char *sql, int64_t *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_rows rows;
    void *feature = NULL;
    *out = 0;
    TRY(store_rows_begin(store, sql, &rows, err));
    TRY(store_rows_next(&rows, &feature, err));
    if (feature)
        *out = OGR_F_GetFieldAsInteger64(feature, 0);
done:
    store_rows_end(&rows);
    return code;
}

void store_quote(struct buf *sql, const char *text)
{
    buf_add_byte(sql, '\'');
    for (const char *at = text; *at; at++) {
        if (*at == '\'')
            buf_add_byte(sql, '\'');
        buf_add_byte(sql, *at);
    }
    buf_add_byte(sql, '\'');
}
