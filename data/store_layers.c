#include "data/store_internal.h"

#include "data/base/limits.h"

#include <inttypes.h>
#include <string.h>

#include <gdal.h>
#include <ogr_api.h>

enum {
    DELETE_BATCH = 500,             /* ids in one statement: some 20 KB of SQL */
    SCRATCH_RESET_BYTES = 16 << 20, /* shapes on their way to OGR */
};

enum err_code store_refuse_population(enum layer_id layer, struct err *err)
{
    if (records_binding(layer)->record_bytes)
        return ERR_OK;
    return err_set(err, ERR_USAGE, "population is a grid and has no records");
}

static enum err_code count(struct store *store, enum layer_id layer, size_t *out, struct err *err)
{
    char sql[128];
    int64_t n = 0;
    snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM \"%s\"", layer_name(layer));
    enum err_code code = store_sql_number(store, sql, &n, err);
    *out = (size_t)n;
    return code;
}

enum err_code store_count(struct store *store, enum layer_id layer, size_t *out, struct err *err)
{
    enum err_code code = ERR_OK;
    *out = 0;
    TRY(store_begin(store, STORE_READ, err));
    TRY(count(store, layer, out, err));
done:
    return store_end(store, STORE_READ, code);
}

enum err_code store_has(struct store *store, enum layer_id layer, const char *id, bool *out,
                        struct err *err)
{
    enum err_code code = ERR_OK;
    struct buf sql;
    int64_t n = 0;
    buf_init(&sql);
    *out = false;
    TRY(store_begin(store, STORE_READ, err));
    buf_printf(&sql, "SELECT COUNT(*) FROM \"%s\" WHERE \"id\" = ", layer_name(layer));
    store_quote(&sql, id);
    TRY(buf_ok(&sql) ? ERR_OK : err_nomem(err));
    TRY(store_sql_number(store, buf_text(&sql), &n, err));
    *out = n > 0;
done:
    buf_release(&sql);
    return store_end(store, STORE_READ, code);
}

enum err_code store_read_records(struct store *store, enum layer_id layer, struct arena *arena,
                                 void **records, size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct layer_binding *binding = records_binding(layer);
    struct store_rows rows = {0};
    struct buf sql;
    void *row = NULL;
    size_t room = 0;
    char *items = NULL;
    buf_init(&sql);
    TRY(count(store, layer, &room, err));
    if (room > LIMIT_RECORDS_PER_LAYER)
        TRY(err_set(err, ERR_LIMIT, "%s: layer %s has %zu records; %d is the most", store->path,
                    binding->name, room, LIMIT_RECORDS_PER_LAYER));
    items = arena_alloc(arena, room, binding->record_bytes);
    TRY(items ? ERR_OK : err_nomem(err));
    store_feature_select(&sql, layer, store->schema.layers[layer].has_geometry);
    TRY(buf_ok(&sql) ? ERR_OK : err_nomem(err));
    TRY(store_rows_begin(store, buf_text(&sql), &rows, err));
    size_t done = 0;
    for (; done < room; done++) {
        TRY(store_rows_next(&rows, &row, err));
        if (!row)
            break;
        code = store_feature_read(row, layer, arena, items + done * binding->record_bytes, err);
        if (code != ERR_OK) {
            err_wrap(err, "%s", store->path);
            goto done;
        }
    }
    *records = items;
    *n = done;
done:
    store_rows_end(&rows);
    buf_release(&sql);
    return code;
}

enum err_code store_read(struct store *store, enum layer_id layer, struct arena *arena,
                         void **records, size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    *records = NULL;
    *n = 0;
    TRY(store_begin(store, STORE_READ, err));
    TRY(store_refuse_population(layer, err));
    TRY(store_read_records(store, layer, arena, records, n, err));
done:
    return store_end(store, STORE_READ, code);
}

static bool kind_fits(const struct schema_layer *layer, enum geom_kind kind)
{
    switch (kind) {
    case GEOM_NONE:
        return !layer->geometry_required;
    case GEOM_POINT:
        return layer->may_be_point;
    case GEOM_LINE:
        return layer->may_be_line;
    case GEOM_POLYGON:
        return layer->may_be_polygon;
    }
    return false;
}

enum err_code store_check_record(const struct schema_layer *layer, const void *record,
                                 struct err *err)
{
    static const char *const kinds[] = {"no geometry", "a point", "a line", "a polygon"};
    const struct layer_binding *binding = records_binding(layer->id);
    const struct record_head *head = record;
    if (!head->id || !*head->id)
        return err_set(err, ERR_INPUT, "%s: a record has no id", layer->name);
    for (size_t i = 0; i < binding->n_fields; i++)
        if (layer->fields[i].required && record_is_absent(record, &binding->fields[i]))
            return err_set(err, ERR_INPUT, "%s %s: %s is missing", layer->name, head->id,
                           binding->fields[i].name);
    if (!kind_fits(layer, head->geom.kind))
        return err_set(err, ERR_INPUT, "%s %s: has %s, which the layer does not hold", layer->name,
                       head->id, kinds[head->geom.kind]);
    return ERR_OK;
}

static enum err_code insert_one(struct store *store, OGRLayerH table, OGRFeatureH feature,
                                const struct record_head *head, struct err *err)
{
    gdal_session_clear(&store->gdal);
    OGR_F_SetFID(feature, OGRNullFID);
    if (OGR_L_CreateFeature(table, feature) == OGRERR_NONE && !store->gdal.failed)
        return ERR_OK;
    enum err_code code = store_fault(store, err);
    if (code == ERR_CONFLICT)
        return err_set(err, code, "%s: layer %s has a record with id %s already", store->path,
                       OGR_L_GetName(table), head->id);
    return code;
}

static enum err_code insert_records(struct store *store, enum layer_id layer, const void *records,
                                    size_t n, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena keep, scratch;
    OGRFeatureH feature = NULL;
    int *indices = NULL;
    arena_init(&keep, 0);
    arena_init(&scratch, 0);
    OGRLayerH table = GDALDatasetGetLayerByName(store->dataset, layer_name(layer));
    if (!table)
        TRY(err_set(err, ERR_INPUT, "%s: damaged: layer %s is missing", store->path,
                    layer_name(layer)));
    TRY(store_touch(store, layer, err));
    store->touches[layer].whole = store->touches[layer].whole || store->aside[layer];
    TRY(store_feature_indices(OGR_L_GetLayerDefn(table), layer, &keep, &indices, err));
    feature = OGR_F_Create(OGR_L_GetLayerDefn(table));
    TRY(feature ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < n; i++) {
        const struct record_head *head = record_at(layer, records, i);
        TRY(store_check_record(&store->schema.layers[layer], head, err));
        TRY(store_feature_fill(feature, indices, layer, head, &scratch, err));
        TRY(insert_one(store, table, feature, head, err));
        if (head->geom.kind != GEOM_NONE)
            store->touches[layer].grown = box_union(store->touches[layer].grown, head->geom.box);
        store->touches[layer].n_inserted++;
        store->touches[layer].n_written++;
        if (scratch.used_bytes > SCRATCH_RESET_BYTES)
            arena_reset(&scratch);
    }
    store->changed = true;
done:
    if (feature)
        OGR_F_Destroy(feature);
    arena_release(&scratch);
    arena_release(&keep);
    return code;
}

enum err_code store_insert(struct store *store, enum layer_id layer, const void *records, size_t n,
                           struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(store_begin(store, STORE_WRITE, err));
    TRY(store_refuse_population(layer, err));
    if (n > 0)
        TRY(insert_records(store, layer, records, n, err));
done:
    return store_end(store, STORE_WRITE, code);
}

/* Runs a DELETE and notes whether it found anything. */
static enum err_code delete_rows(struct store *store, enum layer_id layer, const char *sql,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    int64_t n = 0;
    TRY(store_touch(store, layer, err));
    TRY(store_sql(store, err, sql));
    TRY(store_sql_number(store, "SELECT changes()", &n, err));
    store->touches[layer].n_deleted += n;
    store->changed = store->changed || n > 0;
done:
    return code;
}

static enum err_code delete_ids(struct store *store, enum layer_id layer, const char *const *ids,
                                size_t n, struct err *err)
{
    enum err_code code = ERR_OK;
    struct buf sql;
    buf_init(&sql);
    for (size_t i = 0; i < n;) {
        buf_clear(&sql);
        buf_printf(&sql, "DELETE FROM \"%s\" WHERE \"id\" IN (", layer_name(layer));
        for (size_t batch = 0; batch < DELETE_BATCH && i < n; batch++, i++) {
            if (batch)
                buf_add_byte(&sql, ',');
            store_quote(&sql, ids[i]);
        }
        buf_add_byte(&sql, ')');
        TRY(buf_ok(&sql) ? ERR_OK : err_nomem(err));
        TRY(delete_rows(store, layer, buf_text(&sql), err));
    }
done:
    buf_release(&sql);
    return code;
}

enum err_code store_delete(struct store *store, enum layer_id layer, const char *const *ids,
                           size_t n, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(store_begin(store, STORE_WRITE, err));
    TRY(store_refuse_population(layer, err));
    TRY(delete_ids(store, layer, ids, n, err));
done:
    return store_end(store, STORE_WRITE, code);
}

enum err_code store_delete_all(struct store *store, enum layer_id layer, struct err *err)
{
    enum err_code code = ERR_OK;
    char sql[128];
    snprintf(sql, sizeof sql, "DELETE FROM \"%s\"", layer_name(layer));
    TRY(store_begin(store, STORE_WRITE, err));
    TRY(delete_rows(store, layer, sql, err));
done:
    return store_end(store, STORE_WRITE, code);
}
