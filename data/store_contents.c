/* store_contents.c - what a transaction did to a layer, and what the GeoPackage's own tables say of
 * it: extent, number of features, time of change. */
#include "data/store_internal.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    /* So many rows written are an edit: looking at a whole layer would cost more than they. */
    FEW_ROWS = 1000,
    FEW_SHARE = 1000, /* and one in so many of what is there */
};

enum err_code store_touch(struct store *store, enum layer_id layer, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_touch *touch = &store->touches[layer];
    char sql[160];
    if (touch->touched)
        return ERR_OK;
    *touch = (struct store_touch){.grown = box_empty()};
    snprintf(sql, sizeof sql,
             "SELECT COALESCE(MAX(feature_count), -1) FROM gpkg_ogr_contents WHERE table_name = "
             "'%s'",
             layer_name(layer));
    TRY(store_sql_number(store, sql, &touch->n_before, err));
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
    TRY(store_sqlf(store, err,
                   "UPDATE gpkg_ogr_contents SET feature_count = %" PRId64
                   " WHERE table_name = '%s'",
                   touch->n_before + touch->n_inserted - touch->n_deleted, layer_name(layer)));
    if (!box_is_empty(*box))
        TRY(store_sqlf(store, err,
                       "UPDATE gpkg_contents SET min_x = MIN(COALESCE(min_x, %.17g), %.17g), "
                       "min_y = MIN(COALESCE(min_y, %.17g), %.17g), "
                       "max_x = MAX(COALESCE(max_x, %.17g), %.17g), "
                       "max_y = MAX(COALESCE(max_y, %.17g), %.17g) WHERE table_name = '%s'",
                       box->west_deg, box->west_deg, box->south_deg, box->south_deg, box->east_deg,
                       box->east_deg, box->north_deg, box->north_deg, layer_name(layer)));
done:
    return code;
}

/* Extent, number of features and time of change: what QGIS and others read of a layer without
 * looking at it. OGR keeps them too late and, for deletions, not at all. */
enum err_code store_note_contents(struct store *store, enum layer_id layer, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct store_touch *touch = &store->touches[layer];
    TRY(store_sqlf(store, err,
                   "UPDATE gpkg_contents SET last_change = strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', "
                   "'now') WHERE table_name = '%s'",
                   layer_name(layer)));
    int64_t most = FEW_ROWS + touch->n_before / FEW_SHARE;
    bool few = !touch->whole && touch->n_written + touch->n_deleted <= most;
    TRY(few ? note_edits(store, layer, err) : note_whole(store, layer, err));
done:
    return code;
}
