#include "data/store_internal.h"
#include "data/store_log.h"

#include <inttypes.h>

#include <gdal.h>
#include <ogr_api.h>

/* A table that the schema has and an older store lacks. */
static enum err_code add_table(struct store *store, const struct schema_layer *layer,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(store_create_layer(store, layer, err));
    for (size_t i = 0; i < layer->n_fields; i++)
        TRY(store_describe_field(store, layer->name, &layer->fields[i], err));
done:
    return code;
}

/* Codes that a column of an older store does not offer yet; only the forms of QGIS heed them. */
static enum err_code add_codes(struct store *store, const struct schema_layer *layer,
                               const struct schema_field *field, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < field->n_codes; i++)
        TRY(store_sqlf(store, err,
                       "INSERT INTO gpkg_data_column_constraints (constraint_name, "
                       "constraint_type, value) SELECT '%s_%s', 'enum', '%s' WHERE NOT EXISTS "
                       "(SELECT 1 FROM gpkg_data_column_constraints WHERE constraint_name = "
                       "'%s_%s' AND value = '%s')",
                       layer->name, field->name, field->codes[i], layer->name, field->name,
                       field->codes[i]));
done:
    return code;
}

/* A column that the schema has and an older store lacks: absent in every record. */
static enum err_code add_column(struct store *store, OGRLayerH table,
                                const struct schema_layer *layer, const struct schema_field *field,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    if (OGR_FD_GetFieldIndex(OGR_L_GetLayerDefn(table), field->name) >= 0)
        return add_codes(store, layer, field, err);
    if (field->required)
        TRY(err_set(err, ERR_INPUT, "%s: damaged: layer %s has no column %s", store->path,
                    layer->name, field->name));
    TRY(store_create_field(store, table, layer, field, err));
    TRY(store_describe_field(store, layer->name, field, err));
done:
    return code;
}

/* 0: what builds before the first release wrote, without the fire-resistance rating of a
 * building, which from_1 adds, and without an identity of the store. */
static enum err_code from_0(struct store *store, struct err *err)
{
    return store_set_identity(store, err);
}

/* 1: without scenarios and segments, and with fewer fields; 2: without the mean wind at a facility.
 * Generic: it creates every table, every column and every code of schema.csv that is missing, so
 * that whatever a version adds needs no step of its own as long as no new field of an older table
 * is required. */
static enum err_code add_missing(struct store *store, struct err *err)
{
    enum err_code code = ERR_OK;
    for (int i = 0; i < LAYER_COUNT; i++) {
        const struct schema_layer *layer = &store->schema.layers[i];
        OGRLayerH table = GDALDatasetGetLayerByName(store->dataset, layer->name);
        if (!table) {
            TRY(add_table(store, layer, err));
            continue;
        }
        for (size_t f = 0; f < layer->n_fields; f++)
            TRY(add_column(store, table, layer, &layer->fields[f], err));
    }
done:
    return code;
}

/* steps[v] brings version v to v + 1. */
static enum err_code (*const steps[SCHEMA_VERSION])(struct store *, struct err *) = {
    from_0, add_missing, add_missing};

static enum err_code run_steps(struct store *store, int64_t version, struct err *err)
{
    enum err_code code = ERR_OK;
    char text[24];
    for (; version < SCHEMA_VERSION; version++)
        TRY(steps[version](store, err));
    snprintf(text, sizeof text, "%d", SCHEMA_VERSION);
    TRY(store_meta_set(store, "schema_version", text, err));
    TRY(store_sql(store, err, "UPDATE sisetu_meta SET value = value + 1 WHERE key = 'generation'"));
    gdal_session_clear(&store->gdal);
    GDALFlushCache(store->dataset);
    if (store->gdal.failed)
        code = store_fault(store, err);
done:
    return code;
}

/* They are of the schema before. */
static enum err_code refuse_edits_on_their_way(struct store *store, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_log_state log;
    uint64_t identity = 0;
    int64_t generation = 0;
    TRY(store_log_look(store->path, &log, err));
    TRY(store_meta_identity(store, &identity, err));
    TRY(store_sql_number(store, "SELECT value FROM sisetu_meta WHERE key = 'generation'",
                         &generation, err));
    if (store_log_is_ahead(&log, identity, (uint64_t)generation))
        code = err_set(err, ERR_VERSION,
                       "%s: edits are on their way into it; open it with the program that wrote "
                       "them first",
                       store->path);
done:
    return code;
}

static enum err_code upgrade(struct store *store, bool *changed, struct err *err)
{
    enum err_code code = ERR_OK;
    int64_t version = 0;
    TRY(store_check_path(store->path, STORE_WRITE, err));
    TRY(store_connect_write(store, err));
    TRY(store_meta_version(store, &version, err));
    if (version > SCHEMA_VERSION)
        TRY(err_set(err, ERR_VERSION,
                    "%s: its schema is version %" PRId64
                    ", this program knows up to %d; use a newer sisetu",
                    store->path, version, SCHEMA_VERSION));
    if (version < SCHEMA_VERSION) {
        TRY(refuse_edits_on_their_way(store, err));
        TRY(run_steps(store, version, err));
        TRY(store_disconnect(store, true, err));
        *changed = true;
    }
done:
    store_disconnect(store, false, NULL);
    return code;
}

enum err_code store_upgrade(const char *path, bool *changed, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = NULL;
    *changed = false;
    TRY(store_new(path, STORE_WRITE, &store, err));
    gdal_session_begin(&store->gdal);
    code = upgrade(store, changed, err);
    gdal_session_end(&store->gdal);
done:
    store_close(store);
    return code;
}
