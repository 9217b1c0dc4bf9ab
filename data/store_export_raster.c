#include "data/store_internal.h"

#include <math.h>
#include <string.h>

#include <cpl_conv.h>
#include <cpl_string.h>
#include <gdal.h>
#include <ogr_srs_api.h>

static GDALDatasetH create_tiff(const struct grid *grid, const char *file)
{
    char **options = NULL;
    options = CSLSetNameValue(options, "COMPRESS", "DEFLATE");
    options = CSLSetNameValue(options, "PREDICTOR", "3"); /* for floating point */
    options = CSLSetNameValue(options, "TILED", "YES");
    options = CSLSetNameValue(options, "BIGTIFF", "IF_SAFER");
    GDALDatasetH raster = GDALCreate(GDALGetDriverByName("GTiff"), file, (int)grid->n_columns,
                                     (int)grid->n_rows, 1, GDT_Float32, options);
    CSLDestroy(options);
    return raster;
}

static bool place(GDALDatasetH raster, const struct grid *grid)
{
    double transform[6] = {grid->west, grid->cell_width, 0, grid->north, 0, -grid->cell_height};
    OGRSpatialReferenceH crs = OSRNewSpatialReference(NULL);
    bool ok = OSRSetFromUserInput(crs, grid->crs) == OGRERR_NONE;
    OSRSetAxisMappingStrategy(crs, OAMS_TRADITIONAL_GIS_ORDER);
    ok = ok && GDALSetSpatialRef(raster, crs) == CE_None &&
         GDALSetGeoTransform(raster, transform) == CE_None &&
         GDALSetRasterNoDataValue(GDALGetRasterBand(raster, 1), (double)NAN) == CE_None;
    OSRRelease(crs);
    return ok;
}

static bool write_blocks(GDALDatasetH raster, const struct grid *grid, float *cells)
{
    GDALRasterBandH band = GDALGetRasterBand(raster, 1);
    for (uint32_t row = 0; row < grid->n_block_rows; row++) {
        for (uint32_t column = 0; column < grid->n_block_columns; column++) {
            const float *block = grid->blocks[(size_t)row * grid->n_block_columns + column];
            int x = (int)(column * GRID_BLOCK_CELLS), y = (int)(row * GRID_BLOCK_CELLS);
            int width = (int)fmin(GRID_BLOCK_CELLS, (double)grid->n_columns - x);
            int height = (int)fmin(GRID_BLOCK_CELLS, (double)grid->n_rows - y);
            /* GDALRasterIO writes from memory that it takes as its own, so it gets a copy. */
            for (int i = 0; i < GRID_BLOCK_CELLS * GRID_BLOCK_CELLS; i++)
                cells[i] = block ? block[i] : NAN;
            if (GDALRasterIO(band, GF_Write, x, y, width, height, cells, width, height, GDT_Float32,
                             0, GRID_BLOCK_CELLS * (int)sizeof(float)) != CE_None)
                return false;
        }
    }
    return true;
}

enum err_code store_export_grid(struct store *store, const char *file, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena arena;
    struct grid grid = {0};
    arena_init(&arena, 0);
    TRY(store_read_grid_blocks(store, &arena, &grid, err));
    if (grid.n_columns == 0)
        TRY(err_set(err, ERR_NOT_FOUND, "%s: holds no population", store->path));
    float *cells = arena_new(&arena, float, (size_t)GRID_BLOCK_CELLS *GRID_BLOCK_CELLS);
    TRY(cells ? ERR_OK : err_nomem(err));
    gdal_session_clear(&store->gdal);
    GDALDatasetH raster = create_tiff(&grid, file);
    bool ok = raster && place(raster, &grid) && write_blocks(raster, &grid, cells);
    if (raster)
        GDALClose(raster);
    if (!ok || store->gdal.failed)
        code = gdal_session_err(&store->gdal, err, ERR_IO, "%s", file);
done:
    arena_release(&arena);
    return code;
}
