#include "data/store_internal.h"

#include "data/base/limits.h"
#include "data/base/text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <cpl_conv.h>
#include <gdal.h>
#include <ogr_api.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "blocks are kept as they lie in memory");

enum {
    BLOCK_CELLS = GRID_BLOCK_CELLS * GRID_BLOCK_CELLS,
    BLOCK_BYTES = BLOCK_CELLS * (int)sizeof(float),
    DEFLATE_LEVEL = 6, /* zlib's own default */
};

static uint32_t blocks_along(uint32_t cells)
{
    return (cells + GRID_BLOCK_CELLS - 1) / GRID_BLOCK_CELLS;
}

/* The grid's numbers in sisetu_meta, written so that they read back equal. */
static enum err_code set_real(struct store *store, const char *key, double value, struct err *err)
{
    char text[32];
    snprintf(text, sizeof text, "%.17g", value);
    return store_meta_set(store, key, text, err);
}

static enum err_code get_real(struct store *store, const char *key, double *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena arena;
    const char *text = NULL;
    arena_init(&arena, 0);
    TRY(store_meta_get(store, key, &arena, &text, err));
    if (!text || !text_to_double(text, out))
        code =
            err_set(err, ERR_INPUT, "%s: damaged: sisetu_meta has no usable %s", store->path, key);
done:
    arena_release(&arena);
    return code;
}

static enum err_code write_meta(struct store *store, const struct grid *grid, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(set_real(store, "grid_columns", grid->n_columns, err));
    TRY(set_real(store, "grid_rows", grid->n_rows, err));
    if (grid->n_columns == 0)
        goto done;
    TRY(set_real(store, "grid_west", grid->west, err));
    TRY(set_real(store, "grid_north", grid->north, err));
    TRY(set_real(store, "grid_cell_width", grid->cell_width, err));
    TRY(set_real(store, "grid_cell_height", grid->cell_height, err));
    TRY(set_real(store, "grid_geographic", grid->geographic, err));
    TRY(store_meta_set(store, "grid_crs", grid->crs, err));
done:
    return code;
}

static bool has_data(const float *block)
{
    for (int i = 0; i < BLOCK_CELLS; i++)
        if (!isnan(block[i]))
            return true;
    return false;
}

struct columns {
    int id;
    int column;
    int row;
    int block;
};

static enum err_code write_block(struct store *store, OGRLayerH table, struct columns at,
                                 uint32_t column, uint32_t row, const float *cells, struct err *err)
{
    enum err_code code = ERR_OK;
    char id[32];
    size_t n = 0;
    OGRFeatureH feature = OGR_F_Create(OGR_L_GetLayerDefn(table));
    void *packed = CPLZLibDeflate(cells, BLOCK_BYTES, DEFLATE_LEVEL, NULL, 0, &n);
    TRY(feature && packed ? ERR_OK : err_nomem(err));
    snprintf(id, sizeof id, "%" PRIu32 "/%" PRIu32, column, row);
    OGR_F_SetFieldString(feature, at.id, id);
    OGR_F_SetFieldInteger(feature, at.column, (int)column);
    OGR_F_SetFieldInteger(feature, at.row, (int)row);
    OGR_F_SetFieldBinary(feature, at.block, (int)n, packed);
    gdal_session_clear(&store->gdal);
    if (OGR_L_CreateFeature(table, feature) != OGRERR_NONE || store->gdal.failed)
        code = store_fault(store, err);
done:
    CPLFree(packed);
    if (feature)
        OGR_F_Destroy(feature);
    return code;
}

static enum err_code check_grid(const struct grid *grid, struct err *err)
{
    if (grid->n_columns == 0)
        return ERR_OK;
    if (grid->n_rows == 0 || grid->n_columns > LIMIT_RASTER_EDGE_CELLS ||
        grid->n_rows > LIMIT_RASTER_EDGE_CELLS)
        return err_set(err, ERR_LIMIT,
                       "population: %" PRIu32 " x %" PRIu32 " cells; an edge has 1 to %d",
                       grid->n_columns, grid->n_rows, LIMIT_RASTER_EDGE_CELLS);
    if (!isfinite(grid->west) || !isfinite(grid->north) || !isfinite(grid->cell_width) ||
        !isfinite(grid->cell_height) || grid->cell_width <= 0 || grid->cell_height <= 0 ||
        !grid->crs)
        return err_set(err, ERR_INPUT, "population: the grid has no usable place, cells or CRS");
    return ERR_OK;
}

static enum err_code write_grid(struct store *store, const struct grid *grid, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(check_grid(grid, err));
    TRY(store_touch(store, LAYER_POPULATION, err));
    TRY(store_sql(store, err, "DELETE FROM population"));
    TRY(write_meta(store, grid, err));
    store->touches[LAYER_POPULATION].whole = true;
    store->changed = true;
    if (grid->n_columns == 0)
        goto done;
    OGRLayerH table = GDALDatasetGetLayerByName(store->dataset, "population");
    if (!table)
        TRY(err_set(err, ERR_INPUT, "%s: damaged: layer population is missing", store->path));
    OGRFeatureDefnH defn = OGR_L_GetLayerDefn(table);
    struct columns at = {
        OGR_FD_GetFieldIndex(defn, "id"), OGR_FD_GetFieldIndex(defn, "block_column"),
        OGR_FD_GetFieldIndex(defn, "block_row"), OGR_FD_GetFieldIndex(defn, "block")};
    if (at.id < 0 || at.column < 0 || at.row < 0 || at.block < 0)
        TRY(err_set(err, ERR_INPUT, "%s: damaged: layer population lacks a field", store->path));
    for (uint32_t row = 0; row < grid->n_block_rows; row++) {
        for (uint32_t column = 0; column < grid->n_block_columns; column++) {
            const float *cells = grid->blocks[(size_t)row * grid->n_block_columns + column];
            if (cells && has_data(cells))
                TRY(write_block(store, table, at, column, row, cells, err));
        }
    }
done:
    return code;
}

enum err_code store_write_grid(struct store *store, const struct grid *grid, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(store_begin(store, STORE_WRITE, err));
    TRY(write_grid(store, grid, err));
done:
    return store_end(store, STORE_WRITE, code);
}

static enum err_code read_meta(struct store *store, struct arena *arena, struct grid *out,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const char *columns_text = NULL;
    double columns = 0, rows = 0, geographic = 0;
    TRY(store_meta_get(store, "grid_columns", arena, &columns_text, err));
    if (!columns_text)
        goto done;
    TRY(get_real(store, "grid_columns", &columns, err));
    if (columns == 0)
        goto done;
    TRY(get_real(store, "grid_rows", &rows, err));
    if (!(columns >= 1 && columns <= LIMIT_RASTER_EDGE_CELLS && rows >= 1 &&
          rows <= LIMIT_RASTER_EDGE_CELLS))
        TRY(err_set(err, ERR_INPUT, "%s: damaged: a population grid of %g x %g cells", store->path,
                    columns, rows));
    out->n_columns = (uint32_t)columns;
    out->n_rows = (uint32_t)rows;
    TRY(get_real(store, "grid_west", &out->west, err));
    TRY(get_real(store, "grid_north", &out->north, err));
    TRY(get_real(store, "grid_cell_width", &out->cell_width, err));
    TRY(get_real(store, "grid_cell_height", &out->cell_height, err));
    TRY(get_real(store, "grid_geographic", &geographic, err));
    out->geographic = geographic != 0;
    TRY(store_meta_get(store, "grid_crs", arena, &out->crs, err));
    out->n_block_columns = blocks_along(out->n_columns);
    out->n_block_rows = blocks_along(out->n_rows);
    if (check_grid(out, err) != ERR_OK)
        code =
            err_set(err, ERR_INPUT, "%s: damaged: the grid's numbers in sisetu_meta", store->path);
done:
    return code;
}

static enum err_code unpack(OGRFeatureH row, struct arena *arena, const float **out,
                            struct err *err)
{
    int n = 0;
    size_t unpacked = 0;
    float *cells = arena_new(arena, float, BLOCK_CELLS);
    if (!cells)
        return err_nomem(err);
    const unsigned char *packed = OGR_F_GetFieldAsBinary(row, 2, &n);
    if (n <= 0 || !CPLZLibInflate(packed, (size_t)n, cells, BLOCK_BYTES, &unpacked) ||
        unpacked != BLOCK_BYTES)
        return err_set(err, ERR_INPUT, "cannot be unpacked");
    for (int i = 0; i < BLOCK_CELLS; i++)
        if (!isnan(cells[i]) && !(cells[i] >= 0 && isfinite(cells[i])))
            return err_set(err, ERR_INPUT, "has a cell of %g persons", (double)cells[i]);
    *out = cells;
    return ERR_OK;
}

static enum err_code read_blocks(struct store *store, struct arena *arena, const struct grid *grid,
                                 const float **blocks, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_rows rows = {0};
    void *row = NULL;
    TRY(store_rows_begin(store, "SELECT block_column, block_row, block FROM population", &rows,
                         err));
    for (;;) {
        TRY(store_rows_next(&rows, &row, err));
        if (!row)
            break;
        int64_t column = OGR_F_GetFieldAsInteger64(row, 0);
        int64_t line = OGR_F_GetFieldAsInteger64(row, 1);
        if (column < 0 || line < 0 || column >= grid->n_block_columns ||
            line >= grid->n_block_rows || blocks[line * grid->n_block_columns + column])
            TRY(err_set(err, ERR_INPUT,
                        "%s: damaged: population block %" PRId64 "/%" PRId64
                        " is outside the grid or stands twice",
                        store->path, column, line));
        code = unpack(row, arena, &blocks[line * grid->n_block_columns + column], err);
        if (code != ERR_OK) {
            err_wrap(err, "%s: damaged: population block %" PRId64 "/%" PRId64, store->path, column,
                     line);
            goto done;
        }
    }
done:
    store_rows_end(&rows);
    return code;
}

enum err_code store_read_grid_blocks(struct store *store, struct arena *arena, struct grid *out,
                                     struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(read_meta(store, arena, out, err));
    if (out->n_columns == 0)
        goto done;
    const float **blocks =
        arena_new(arena, const float *, (size_t)out->n_block_columns * out->n_block_rows);
    TRY(blocks ? ERR_OK : err_nomem(err));
    TRY(read_blocks(store, arena, out, blocks, err));
    out->blocks = blocks;
done:
    return code;
}

enum err_code store_read_grid(struct store *store, struct arena *arena, struct grid *out,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    *out = (struct grid){0};
    TRY(store_begin(store, STORE_READ, err));
    TRY(store_read_grid_blocks(store, arena, out, err));
done:
    return store_end(store, STORE_READ, code);
}
