#include "data/store_internal.h"

#include <inttypes.h>

#include <gdal.h>
#include <ogr_api.h>

/* A column that the schema has and an older store lacks; absent in every record. */
static enum err_code add_column(struct store *store, enum layer_id layer, const char *name,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    const struct schema_layer *in = &store->schema.layers[layer];
    const struct schema_field *field = schema_field(in, name);
    OGRLayerH table = GDALDatasetGetLayerByName(store->dataset, in->name);
    if (!field || !table)
        return err_set(err, ERR_INPUT, "%s: damaged: layer %s is missing", store->path, in->name);
    TRY(store_create_field(store, table, in, field, err));
    TRY(store_describe_field(store, in->name, field, err));
done:
    return code;
}

/* 0: what builds before the first release wrote, without the fire-resistance rating of a
 * building and without an identity of the store. */
static enum err_code from_0(struct store *store, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(add_column(store, LAYER_PROTECTED, "fire_rating", err));
    TRY(store_set_identity(store, err));
done:
    return code;
}

/* steps[v] brings version v to v + 1. */
static enum err_code (*const steps[SCHEMA_VERSION])(struct store *, struct err *) = {from_0};

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
