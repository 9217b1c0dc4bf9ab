/* test_import_raster.c - population: cells as they are, and rasters that cannot be taken. */
#include "tests/unit/import_fixture.h"

#include "data/gdal_session.h"

#include <gdal.h>
#include <ogr_srs_api.h>

struct spec {
    int columns, rows, bands;
    GDALDataType type;
    double place[6]; /* geotransform; all 0: none */
    int epsg;        /* 0: none */
    bool has_no_data;
    double no_data;
    const double *cells; /* columns * rows */
};

static const char *raster(struct fixture *f, const char *name, const struct spec *spec)
{
    struct gdal_session gdal;
    const char *path = fixture_path(f, name);
    gdal_session_begin(&gdal);
    GDALDatasetH dataset = GDALCreate(GDALGetDriverByName("GTiff"), path, spec->columns, spec->rows,
                                      spec->bands ? spec->bands : 1, spec->type, NULL);
    assert_non_null(dataset);
    double place[6];
    memcpy(place, spec->place, sizeof place);
    if (place[1] != 0)
        GDALSetGeoTransform(dataset, place);
    if (spec->epsg) {
        OGRSpatialReferenceH srs = OSRNewSpatialReference(NULL);
        OSRImportFromEPSG(srs, spec->epsg);
        GDALSetSpatialRef(dataset, srs);
        OSRDestroySpatialReference(srs);
    }
    GDALRasterBandH band = GDALGetRasterBand(dataset, 1);
    if (spec->has_no_data)
        GDALSetRasterNoDataValue(band, spec->no_data);
    void *cells = (void *)(uintptr_t)spec->cells;
    if (cells)
        assert_int_equal(GDALRasterIO(band, GF_Write, 0, 0, spec->columns, spec->rows, cells,
                                      spec->columns, spec->rows, GDT_Float64, 0, 0),
                         CE_None);
    GDALClose(dataset);
    gdal_session_end(&gdal);
    return path;
}

static const double six[] = {1, 2, 3, 4, 5, 6};

static struct spec plain(void)
{
    return (struct spec){.columns = 3,
                         .rows = 2,
                         .type = GDT_Float32,
                         .place = {106, 0.01, 0, 38, 0, -0.02},
                         .epsg = 4326,
                         .cells = six};
}

static struct grid grid_of(struct fixture *f)
{
    struct store *store;
    struct grid grid;
    assert_int_equal(store_open(f->store, STORE_READ, &store, &f->err), ERR_OK);
    assert_int_equal(store_read_grid(store, &f->arena, &grid, &f->err), ERR_OK);
    store_close(store);
    return grid;
}

static void test_import_keeps_a_raster_cell_by_cell(void **state)
{
    struct fixture *f = fixture_of(state);
    struct spec spec = plain();
    struct import_options options =
        fixture_options("population", raster(f, "a.tif", &spec), "EPSG:4326");
    fixture_imports(f, &options);
    struct grid grid = grid_of(f);
    assert_int_equal(grid.n_columns, 3);
    assert_int_equal(grid.n_rows, 2);
    assert_true(grid.west == 106 && grid.north == 38);
    assert_true(grid.cell_width == 0.01 && grid.cell_height == 0.02);
    assert_true(grid.geographic);
    assert_string_equal(grid.crs, "EPSG:4326");
    for (uint32_t i = 0; i < 6; i++)
        assert_true((double)grid_cell(&grid, i % 3, i / 3) == six[i]);
    assert_true(f->summary.persons == 21);
    fixture_fails(f, &options, ERR_CONFLICT, "population grid; give --replace");
    options.mode = IMPORT_APPEND;
    fixture_fails(f, &options, ERR_USAGE, "cannot be appended");
    options.mode = IMPORT_REPLACE;
    fixture_imports(f, &options);
}

static void test_import_turns_a_raster_that_stands_on_its_head(void **state)
{
    struct fixture *f = fixture_of(state);
    struct spec spec = plain();
    double place[6] = {106, 0.01, 0, 37.96, 0, 0.02};
    memcpy(spec.place, place, sizeof place);
    struct import_options options =
        fixture_options("population", raster(f, "a.tif", &spec), "EPSG:4490");
    fixture_imports(f, &options);
    struct grid grid = grid_of(f);
    assert_true(fabs(grid.north - 38) < 1e-12);
    assert_true((double)grid_cell(&grid, 0, 0) == 4); /* the file's last row lies in the north */
    assert_true((double)grid_cell(&grid, 2, 1) == 3);
}

static void test_import_tells_no_data_from_nobody(void **state)
{
    struct fixture *f = fixture_of(state);
    static const double cells[] = {0, -1, (double)NAN, 5, -1, 2.5};
    struct spec spec = plain();
    spec.cells = cells;
    spec.has_no_data = true;
    spec.no_data = -1;
    struct import_options options =
        fixture_options("population", raster(f, "a.tif", &spec), "EPSG:4326");
    fixture_imports(f, &options);
    assert_int_equal(f->summary.no_data, 3);
    assert_int_equal(f->summary.accepted, 3);
    assert_int_equal(f->summary.refused, 0);
    struct grid grid = grid_of(f);
    assert_true(grid_cell(&grid, 0, 0) == 0);
    assert_true(isnan(grid_cell(&grid, 1, 0)));
    assert_true(isnan(grid_cell(&grid, 2, 0)));
    /* -3.4e38, as much software writes it, is no exact double of the single it stands for. */
    static const double lowest[] = {-3.4028234663852886e38, 1, 1, 1, 1, 1};
    spec.cells = lowest;
    spec.no_data = -3.4028235e38;
    options.path = raster(f, "b.tif", &spec);
    options.mode = IMPORT_REPLACE;
    fixture_imports(f, &options);
    assert_int_equal(f->summary.no_data, 1);
}

static void test_import_refuses_impossible_cells_and_names_them(void **state)
{
    struct fixture *f = fixture_of(state);
    static const double cells[] = {1, 2, 3, 4, -5, (double)INFINITY};
    struct spec spec = plain();
    spec.cells = cells;
    spec.has_no_data = true;
    spec.no_data = -1;
    struct import_options options =
        fixture_options("population", raster(f, "a.tif", &spec), "EPSG:4326");
    fixture_imports(f, &options);
    assert_int_equal(f->summary.refused, 2);
    fixture_refused(f, 0, 2, "column 2", "-5 persons in a cell");
    fixture_refused(f, 1, 2, "column 3", "inf persons in a cell");
    struct grid grid = grid_of(f);
    assert_true(isnan(grid_cell(&grid, 1, 1)));
    options.mode = IMPORT_REPLACE;
    options.strict = true;
    fixture_fails(f, &options, ERR_INPUT, "row 2: column 2");
    options.strict = false;
    static const double below[] = {-1, -1, -1, -1, -1, -9};
    spec.cells = below;
    options.path = raster(f, "b.tif", &spec);
    fixture_fails(f, &options, ERR_INPUT, "all 1 records were refused");
    spec.columns = spec.rows = 400;
    double *many = arena_alloc(&f->arena, 160000, sizeof *many);
    for (int i = 0; i < 160000; i++)
        many[i] = -9999;
    spec.cells = many;
    options.path = raster(f, "c.tif", &spec);
    fixture_fails(f, &options, ERR_INPUT, "declare its no-data value");
}

static void test_import_refuses_rasters_that_it_cannot_take_exactly(void **state)
{
    struct fixture *f = fixture_of(state);
    struct import_options options = fixture_options("population", NULL, "EPSG:4326");
    struct spec spec = plain();
    spec.place[2] = 0.001;
    options.path = raster(f, "rotated.tif", &spec);
    fixture_fails(f, &options, ERR_INPUT, "rotated.tif is rotated");
    spec = plain();
    memset(spec.place, 0, sizeof spec.place);
    options.path = raster(f, "nowhere.tif", &spec);
    fixture_fails(f, &options, ERR_INPUT, "does not say where its cells lie");
    spec = plain();
    spec.bands = 3;
    options.path = raster(f, "bands.tif", &spec);
    fixture_fails(f, &options, ERR_INPUT, "has 3 bands");
    spec = plain();
    options.path = raster(f, "a.tif", &spec);
    options.crs = NULL;
    fixture_fails(f, &options, ERR_USAGE, "the file itself says WGS 84 (EPSG:4326)");
    options.crs = "gcj02";
    fixture_fails(f, &options, ERR_INPUT, "cannot be taken out of gcj02 without resampling");
    options.crs = "EPSG:4214";
    fixture_fails(f, &options, ERR_INPUT, "has to lie on WGS 84 or CGCS2000");
    options.crs = "EPSG:32648";
    fixture_fails(f, &options, ERR_INPUT, "says of itself that it is on EPSG:4326");
    spec.place[0] = 345643;
    spec.place[1] = 100;
    spec.epsg = 0;
    options.path = raster(f, "metres.tif", &spec);
    options.crs = "EPSG:4326";
    fixture_fails(f, &options, ERR_INPUT, "no place on Earth in degrees");
    options.path = fixture_text(f, "empty.tif", "");
    fixture_fails(f, &options, ERR_INPUT, "is empty (0 bytes)");
    options.path = fixture_text(f, "text.tif", "not a raster");
    fixture_fails(f, &options, ERR_INPUT, "is not GeoTIFF that can be read");
}

static void test_import_takes_nothing_from_a_truncated_raster(void **state)
{
    struct fixture *f = fixture_of(state);
    struct spec spec = plain();
    spec.columns = spec.rows = 300;
    double *cells = arena_alloc(&f->arena, 90000, sizeof *cells);
    for (int i = 0; i < 90000; i++)
        cells[i] = i % 977;
    spec.cells = cells;
    const char *path = raster(f, "a.tif", &spec);
    struct import_options options = fixture_options("population", path, "EPSG:4326");
    assert_int_equal(truncate(path, 300 * 300 * 2), 0);
    fixture_fails(f, &options, ERR_INPUT, "a.tif");
}

static void test_import_keeps_a_projected_raster_in_its_own_crs(void **state)
{
    struct fixture *f = fixture_of(state);
    struct spec spec = plain();
    double place[6] = {345600, 100, 0, 4263100, 0, -100};
    memcpy(spec.place, place, sizeof place);
    spec.epsg = 32648;
    spec.columns = 600; /* three blocks by one, the last one partial */
    spec.rows = 100;
    double *cells = arena_alloc(&f->arena, 60000, sizeof *cells);
    for (int i = 0; i < 60000; i++)
        cells[i] = i % 600 < 256 ? 1 : i % 600 < 512 ? (double)NAN : 3;
    spec.cells = cells;
    struct import_options options =
        fixture_options("population", raster(f, "utm.tif", &spec), "EPSG:32648");
    fixture_imports(f, &options);
    struct grid grid = grid_of(f);
    assert_false(grid.geographic);
    assert_string_equal(grid.crs, "EPSG:32648");
    assert_true(grid.west == 345600 && grid.cell_height == 100);
    assert_int_equal(grid.n_block_columns, 3);
    assert_null(grid.blocks[1]); /* nothing known: not kept */
    assert_true((double)grid_cell(&grid, 599, 99) == 3);
    assert_true(f->summary.persons == 256 * 100 + 3 * 88 * 100);
    spec.epsg = 0;
    options.path = raster(f, "mollweide.tif", &spec);
    options.crs = "ESRI:54009";
    options.mode = IMPORT_REPLACE;
    fixture_imports(f, &options);
    grid = grid_of(f);
    assert_string_equal(grid.crs, "ESRI:54009");
}

static void test_import_sums_worldpop_over_its_cells(void **state)
{
    struct fixture *f = fixture_of(state);
    const char *folder = fixture_real();
    if (!folder) {
        print_message("SKIP: SISETU_REAL_DATA does not name the folder with the real layers\n");
        skip();
    }
    struct import_options options = fixture_options(
        "population", arena_printf(&f->arena, "%s/ningxia/worldpop2020_5arcmin.tif", folder),
        "EPSG:4326");
    fixture_imports(f, &options);
    assert_int_equal(f->summary.read, 51 * 60);
    assert_int_equal(f->summary.refused, 0);
    assert_true(f->summary.persons > 18.9e6 && f->summary.persons < 19e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_import_keeps_a_raster_cell_by_cell),
        FIXTURE_TEST(test_import_turns_a_raster_that_stands_on_its_head),
        FIXTURE_TEST(test_import_tells_no_data_from_nobody),
        FIXTURE_TEST(test_import_refuses_impossible_cells_and_names_them),
        FIXTURE_TEST(test_import_refuses_rasters_that_it_cannot_take_exactly),
        FIXTURE_TEST(test_import_takes_nothing_from_a_truncated_raster),
        FIXTURE_TEST(test_import_keeps_a_projected_raster_in_its_own_crs),
        FIXTURE_TEST(test_import_sums_worldpop_over_its_cells),
    };
    return cmocka_run_group_tests_name("import_raster", tests, NULL, NULL);
}
