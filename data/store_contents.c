/* store_contents.c - what a transaction did to a layer, and what the GeoPackage's own tables say of
 * it: extent, number of features, time of change. */
#include "data/store_internal.h"

enum {
    /* So many rows written are an edit. Looking at a whole layer costs a third of a microsecond a
     * row, writing one some 15: one in so many of what is there is dearer to look at. */
    FEW_ROWS = 1000,
    FEW_SHARE = 20,
};

enum err_code store_touch(struct store *store, enum layer_id layer, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(store_triggers_on(store, err));
    TRY(store_touch_aside(store, layer, err));
done:
    return code;
}

enum err_code store_touch_aside(struct store *store, enum layer_id layer, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_touch *touch = &store->touches[layer];
    void *statement = NULL;
    bool row = false;
    if (touch->touched)
        return ERR_OK;
    *touch = (struct store_touch){.grown = box_empty()};
    TRY(store_statement(store,
                        "SELECT COALESCE(MAX(feature_count), -1) FROM gpkg_ogr_contents WHERE "
                        "table_name = ?1",
                        &statement, err));
    store_bind_text(statement, 1, layer_name(layer));
    TRY(store_step(store, statement, &row, err));
    touch->n_before = row ? store_column_integer(statement, 0) : -1;
    store_statement_end(statement);
    touch->whole = touch->n_before < 0; /* QGIS took it away, or it never was there */
    touch->touched = true;
done:
    return code;
}

static enum err_code note_whole(struct store *store, enum layer_id layer, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *name = layer_name(layer);
    TRY(store_sqlf(store, err,
                   "UPDATE gpkg_ogr_contents SET feature_count = (SELECT COUNT(*) FROM \"%s\") "
                   "WHERE table_name = '%s'",
                   name, name));
    if (store->schema.layers[layer].has_geometry)
        TRY(store_sqlf(store, err,
                       "UPDATE gpkg_contents SET (min_x, min_y, max_x, max_y) = (SELECT "
                       "MIN(minx), MIN(miny), MAX(maxx), MAX(maxy) FROM \"rtree_%s_" STORE_GEOMETRY
                       "\") WHERE table_name = '%s'",
                       name, name));
done:
    return code;
}

/* After a few edits: the extent only grows, which its readers are prepared for. */
static enum err_code note_edits(struct store *store, enum layer_id layer, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct store_touch *touch = &store->touches[layer];
    const struct box *box = &touch->grown;
    void *statement = NULL;
    TRY(store_statement(store,
                        "UPDATE gpkg_ogr_contents SET feature_count = ?2 WHERE table_name = ?1",
                        &statement, err));
    store_bind_text(statement, 1, layer_name(layer));
    store_bind_integer(statement, 2, touch->n_before + touch->n_inserted - touch->n_deleted);
    TRY(store_step(store, statement, NULL, err));
    store_statement_end(statement);
    if (box_is_empty(*box))
        goto done;
    TRY(store_statement(store,
                        "UPDATE gpkg_contents SET min_x = MIN(COALESCE(min_x, ?2), ?2), "
                        "min_y = MIN(COALESCE(min_y, ?3), ?3), "
                        "max_x = MAX(COALESCE(max_x, ?4), ?4), "
                        "max_y = MAX(COALESCE(max_y, ?5), ?5) WHERE table_name = ?1",
                        &statement, err));
    store_bind_text(statement, 1, layer_name(layer));
    store_bind_real(statement, 2, box->west_deg);
    store_bind_real(statement, 3, box->south_deg);
    store_bind_real(statement, 4, box->east_deg);
    store_bind_real(statement, 5, box->north_deg);
    TRY(store_step(store, statement, NULL, err));
    store_statement_end(statement);
done:
    return code;
}

/* Extent, number of features and time of change: what QGIS and others read of a layer without
 * looking at it. OGR keeps them too late and, for deletions, not at all. */
enum err_code store_note_contents(struct store *store, enum layer_id layer, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct store_touch *touch = &store->touches[layer];
    void *statement = NULL;
    TRY(store_statement(store,
                        "UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ', "
                        "'now') WHERE table_name = ?1",
                        &statement, err));
    store_bind_text(statement, 1, layer_name(layer));
    TRY(store_step(store, statement, NULL, err));
    store_statement_end(statement);
    int64_t most = FEW_ROWS + touch->n_before / FEW_SHARE;
    bool few = !touch->whole && touch->n_written + touch->n_deleted <= most;
    TRY(few ? note_edits(store, layer, err) : note_whole(store, layer, err));
done:
    return code;
}
