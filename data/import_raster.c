/* import_raster.c - population from any GDAL raster, in its own CRS, cell by cell as it is. */
#include "data/import_private.h"

#include <float.h>
#include <string.h>

/* More refused cells than this are no slips but a no-data value that nobody declared. */
enum { MOST_REFUSED_CELLS = 100000 };

static const size_t BLOCK_CELLS = (size_t)GRID_BLOCK_CELLS * GRID_BLOCK_CELLS;

/* A cell does not hold more people than the largest country. */
static const double MOST_PERSONS = 2e9;

struct raster {
    GDALRasterBandH band;
    GDALRasterBandH mask; /* NULL: the no-data value says it all */
    bool has_no_data;
    double no_data;
    bool single; /* cells are IEEE single: the no-data value is compared as such */
    double scale;
    double offset;
    bool south_up; /* row 0 lies in the south */
    struct grid grid;
    float **blocks;
    double *cells; /* one block of the file */
    unsigned char *mask_cells;
};

static const char *source_name(const struct import *import)
{
    return import->report.summary->source;
}

/* ---- what kind of raster it is ---- */

static enum err_code check_band(struct import *import, struct raster *raster, struct err *err)
{
    GDALDatasetH dataset = import->source.dataset;
    int n = GDALGetRasterCount(dataset);
    int columns = GDALGetRasterXSize(dataset), rows = GDALGetRasterYSize(dataset);
    if (n != 1)
        return err_set(
            err, ERR_INPUT,
            "%s has %d bands; persons a cell are one: take it out with gdal_translate -b",
            source_name(import), n);
    if (columns > LIMIT_RASTER_EDGE_CELLS || rows > LIMIT_RASTER_EDGE_CELLS)
        return err_set(err, ERR_LIMIT, "%s has %d x %d cells; at most %d along an edge",
                       source_name(import), columns, rows, LIMIT_RASTER_EDGE_CELLS);
    raster->band = GDALGetRasterBand(dataset, 1);
    GDALDataType type = GDALGetRasterDataType(raster->band);
    if (GDALDataTypeIsComplex(type) || GDALGetRasterColorTable(raster->band))
        return err_set(err, ERR_INPUT, "%s holds %s, not persons a cell", source_name(import),
                       GDALDataTypeIsComplex(type) ? "complex numbers" : "a colour table");
    int has;
    raster->single = type == GDT_Float32;
    raster->no_data = GDALGetRasterNoDataValue(raster->band, &has);
    raster->has_no_data = has != 0;
    raster->scale = GDALGetRasterScale(raster->band, NULL);
    raster->offset = GDALGetRasterOffset(raster->band, NULL);
    if (GDALGetMaskFlags(raster->band) & GMF_PER_DATASET)
        raster->mask = GDALGetMaskBand(raster->band);
    raster->grid.n_columns = (uint32_t)columns;
    raster->grid.n_rows = (uint32_t)rows;
    return ERR_OK;
}

static enum err_code check_place(struct import *import, struct raster *raster, struct err *err)
{
    struct grid *grid = &raster->grid;
    double at[6];
    if (GDALGetGeoTransform(import->source.dataset, at) != CE_None)
        return err_set(err, ERR_INPUT,
                       "%s does not say where its cells lie; give it a position with gdal_edit.py "
                       "-a_ullr",
                       source_name(import));
    for (int i = 0; i < 6; i++)
        if (!isfinite(at[i]))
            return err_set(err, ERR_INPUT, "%s: its position is not finite", source_name(import));
    if (at[2] != 0 || at[4] != 0)
        return err_set(err, ERR_INPUT,
                       "%s is rotated; only a grid whose rows run west to east keeps its persons "
                       "exactly: make one with gdalwarp -r sum",
                       source_name(import));
    if (!(at[1] > 0) || at[5] == 0)
        return err_set(err, ERR_INPUT, "%s: its cells have no size (%g x %g)", source_name(import),
                       at[1], at[5]);
    raster->south_up = at[5] > 0;
    grid->west = at[0];
    grid->cell_width = at[1];
    grid->cell_height = fabs(at[5]);
    grid->north = raster->south_up ? at[3] + at[5] * grid->n_rows : at[3];
    return ERR_OK;
}

static enum err_code check_crs(struct import *import, struct raster *raster, struct err *err)
{
    const struct import_crs *crs = &import->crs;
    struct grid *grid = &raster->grid;
    double east = grid->west + grid->cell_width * grid->n_columns;
    double south = grid->north - grid->cell_height * grid->n_rows;
    if (!crs->srs)
        return err_set(err, ERR_INPUT,
                       "a raster cannot be taken out of %s without resampling; use the original on "
                       "WGS 84 or CGCS2000",
                       crs->name);
    if (!import_crs_is_plain(crs->srs))
        return err_set(err, ERR_INPUT,
                       "a population raster has to lie on WGS 84 or CGCS2000, not on %s; make one "
                       "with gdalwarp -r sum",
                       crs->text);
    grid->crs = crs->name;
    grid->geographic = crs->geographic;
    if (grid->geographic &&
        (grid->west < -180.5 || east > 180.5 + 1e-9 || south < -90.5 || grid->north > 90.5))
        return err_set(
            err, ERR_INPUT,
            "%s spans %.6g..%.6g by %.6g..%.6g, which is no place on Earth in degrees; is "
            "--crs %s right?",
            source_name(import), grid->west, east, south, grid->north, crs->name);
    OGRSpatialReferenceH claim = GDALGetSpatialRef(import->source.dataset);
    if (claim && !import->options->accept_shift) {
        struct import_xy middle = {(grid->west + east) / 2, (grid->north + south) / 2};
        enum err_code code = import_crs_contradicts(crs, claim, middle, err);
        if (code != ERR_OK)
            return err_wrap(err, "%s", source_name(import));
    }
    if (!grid->geographic && grid->west >= -180 && east <= 180 && south >= -90 && grid->north <= 90)
        return err_set(err, ERR_INPUT,
                       "%s spans %.6g..%.6g by %.6g..%.6g, which looks like degrees, but %s counts "
                       "metres; is that CRS right?",
                       source_name(import), grid->west, east, south, grid->north, crs->text);
    return ERR_OK;
}

/* ---- cells ---- */

static bool is_no_data(const struct raster *raster, double value)
{
    if (isnan(value))
        return true;
    if (!raster->has_no_data)
        return false;
    if (raster->single && isfinite(raster->no_data) && fabs(raster->no_data) <= (double)FLT_MAX)
        return (float)value == (float)raster->no_data;
    return value == raster->no_data;
}

static enum err_code refuse_cell(struct import *import, double value, size_t column, size_t row,
                                 struct err *err)
{
    struct import_fault fault = {0};
    char field[32], text[32];
    snprintf(field, sizeof field, "column %zu", column + 1);
    snprintf(text, sizeof text, "%.9g", value);
    import_fault_set(&fault, REFUSED_CELL, field, text,
                     value < 0 ? "%s persons in a cell; if it stands for no data, declare it with "
                                 "gdal_edit.py -a_nodata; the cell counts as no data"
                               : "%s persons in a cell; the cell counts as no data",
                     text);
    enum err_code code = import_refuse(&import->report, row + 1, &fault, err);
    if (code == ERR_OK && import->report.summary->refused > MOST_REFUSED_CELLS)
        code = err_set(err, ERR_INPUT,
                       "%s: over %d cells hold an impossible number of persons, such as %s in "
                       "column %zu, row %zu; declare its no-data value with gdal_edit.py -a_nodata",
                       source_name(import), MOST_REFUSED_CELLS, text, column + 1, row + 1);
    return code;
}

/* One cell of the file: persons, or NaN. */
static enum err_code take_cell(struct import *import, const struct raster *raster, double raw,
                               const size_t at[2], float *out, struct err *err)
{
    struct import_summary *summary = import->report.summary;
    *out = NAN;
    summary->read++;
    if (is_no_data(raster, raw)) {
        summary->no_data++;
        return ERR_OK;
    }
    double value = raw * raster->scale + raster->offset;
    if (!(value >= 0 && value <= MOST_PERSONS))
        return refuse_cell(import, value, at[0], at[1], err);
    *out = (float)value;
    summary->accepted++;
    summary->persons += (double)*out;
    return ERR_OK;
}

/* The block at (block_column, block_row) of the grid, north up; kept unless it is empty. */
static enum err_code read_block(struct import *import, struct raster *raster, uint32_t column,
                                uint32_t row, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct grid *grid = &raster->grid;
    uint32_t x = column * GRID_BLOCK_CELLS, y = row * GRID_BLOCK_CELLS;
    int width =
        (int)(grid->n_columns - x < GRID_BLOCK_CELLS ? grid->n_columns - x : GRID_BLOCK_CELLS);
    int height = (int)(grid->n_rows - y < GRID_BLOCK_CELLS ? grid->n_rows - y : GRID_BLOCK_CELLS);
    int file_y = raster->south_up ? (int)(grid->n_rows - y) - height : (int)y;
    if (GDALRasterIO(raster->band, GF_Read, (int)x, file_y, width, height, raster->cells, width,
                     height, GDT_Float64, 0, 0) != CE_None ||
        (raster->mask &&
         GDALRasterIO(raster->mask, GF_Read, (int)x, file_y, width, height, raster->mask_cells,
                      width, height, GDT_Byte, 0, 0) != CE_None))
        return gdal_session_err(&import->gdal, err, ERR_INPUT,
                                "%s cannot be read from row %d on; nothing was imported",
                                source_name(import), file_y + 1);
    float *block = arena_new(import->arena, float, BLOCK_CELLS);
    if (!block)
        return err_nomem(err);
    for (size_t i = 0; i < BLOCK_CELLS; i++)
        block[i] = NAN;
    size_t before = import->report.summary->accepted;
    for (int r = 0; r < height; r++)
        for (int c = 0; c < width; c++) {
            int file_r = raster->south_up ? height - 1 - r : r;
            size_t i = (size_t)file_r * (size_t)width + (size_t)c;
            double raw =
                raster->mask && raster->mask_cells[i] == 0 ? (double)NAN : raster->cells[i];
            TRY(take_cell(import, raster, raw,
                          (size_t[2]){x + (size_t)c, (size_t)(file_y + file_r)},
                          &block[r * GRID_BLOCK_CELLS + c], err));
        }
    if (import->report.summary->accepted > before)
        raster->blocks[row * grid->n_block_columns + column] = block;
done:
    return code;
}

static enum err_code read_cells(struct import *import, struct raster *raster, struct err *err)
{
    enum err_code code = ERR_OK;
    struct grid *grid = &raster->grid;
    grid->n_block_columns = (grid->n_columns + GRID_BLOCK_CELLS - 1) / GRID_BLOCK_CELLS;
    grid->n_block_rows = (grid->n_rows + GRID_BLOCK_CELLS - 1) / GRID_BLOCK_CELLS;
    size_t n_blocks = (size_t)grid->n_block_columns * grid->n_block_rows;
    raster->blocks = arena_new(import->arena, float *, n_blocks);
    raster->cells = arena_new(import->arena, double, BLOCK_CELLS);
    raster->mask_cells = arena_new(import->arena, unsigned char, BLOCK_CELLS);
    if (!raster->blocks || !raster->cells || !raster->mask_cells)
        return err_nomem(err);
    import->report.summary->persons = 0;
    for (uint32_t row = 0; row < grid->n_block_rows; row++)
        for (uint32_t column = 0; column < grid->n_block_columns; column++) {
            TRY(read_block(import, raster, column, row, err));
            import_progress(import, 0.9 * (double)(row * grid->n_block_columns + column + 1) /
                                        (double)n_blocks);
        }
    grid->blocks = (const float *const *)raster->blocks;
done:
    return code;
}

/* ---- the whole ---- */

static enum err_code write_grid(struct import *import, const struct grid *grid, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = NULL;
    size_t n;
    TRY(store_open(import->store_path, STORE_WRITE, &store, err));
    TRY(store_count(store, LAYER_POPULATION, &n, err));
    if (n > 0 && import->options->mode != IMPORT_REPLACE) {
        code =
            err_set(err, ERR_CONFLICT, "the store holds a population grid already; give --replace");
        goto done;
    }
    TRY(store_write_grid(store, grid, err));
    TRY(import_report_flush(&import->report, err));
    TRY(store_commit(store, err));
    import->report.summary->generation = store_generation(store);
done:
    store_close(store);
    return code;
}

enum err_code import_population(struct import *import, struct err *err)
{
    enum err_code code = ERR_OK;
    struct raster raster = {0};
    const struct import_summary *summary = import->report.summary;
    if (import->options->mode == IMPORT_APPEND)
        return err_set(err, ERR_USAGE,
                       "a population grid cannot be appended to another; give --replace");
    TRY(check_band(import, &raster, err));
    TRY(check_place(import, &raster, err));
    TRY(check_crs(import, &raster, err));
    TRY(read_cells(import, &raster, err));
    if (summary->accepted == 0) {
        code = summary->refused ? import_all_refused(&import->report, err)
                                : err_set(err, ERR_INPUT, "%s: no cell has data", summary->source);
        goto done;
    }
    TRY(write_grid(import, &raster.grid, err));
done:
    return code;
}
