/* test_exposure_grids.c - populations on projected grids, and on the real grid of Ningxia. */
#include "tests/unit/exposure_fixture.h"

#include "geo/measure/ellipsoid.h"

#include <gdal.h>
#include <ogr_api.h>

/* A constant density on the ellipsoid, put into an equal-area projected grid: persons are
 * then the shape's area, whatever the projection does to its edges. */
static void projected_constant_density(const char *crs, double west, double north, double cell,
                                       double tolerance)
{
    struct arena arena;
    struct transform *transform;
    struct err err;
    uint64_t seed = 25;
    arena_init(&arena, 0);
    assert_int_equal(transform_new(crs, &transform, &err), ERR_OK);
    struct grid grid = make_grid(west, north, cell, 400, 400, &arena);
    grid.crs = crs;
    grid.geographic = false;
    for (uint32_t row = 0; row < 400; row++)
        for (uint32_t column = 0; column < 400; column++)
            set_cell(&grid, column, row, cell * cell / 1e6); /* one a km2 */
    for (int i = 0; i < 10; i++) {
        struct geom shape = random_star(0.6, 7, &seed, &arena);
        struct exposure exposure;
        assert_int_equal(exposure_of(&grid, transform, &shape, &arena, &exposure, &err), ERR_OK);
        assert_true(exposure.nodata_share == 0);
        assert_true(fabs(exposure.persons / (exposure.area_m2 / 1e6) - 1) < tolerance);
        /* A person a km2 of the plane, which is more or less than one of the ground. */
        assert_true(fabs(exposure.densest_km2 - 1) < tolerance);
        assert_true(exposure.cell_m == cell);
    }
    struct geom cell_shape;
    double area_m2;
    assert_int_equal(
        exposure_cell_shape(&grid, transform, 200, 200, &arena, &cell_shape, &area_m2, &err),
        ERR_OK);
    assert_true(fabs(area_m2 / (cell * cell) - 1) < tolerance + 1e-6);
    struct exposure exposure;
    assert_int_equal(exposure_of(&grid, transform, &cell_shape, &arena, &exposure, &err), ERR_OK);
    assert_true(fabs(exposure.persons / (cell * cell / 1e6) - 1) < 1e-4);
    set_cell(&grid, 200, 200, 5); /* so that it is the densest of those that the shape touches */
    assert_int_equal(exposure_of(&grid, transform, &cell_shape, &arena, &exposure, &err), ERR_OK);
    assert_true(fabs(exposure.densest_km2 * area_m2 / 1e6 - 5) < 1e-9);
    transform_free(transform);
    arena_release(&arena);
}

static void test_exposure_on_a_projected_grid_takes_the_shape_there(void **state)
{
    (void)state;
    /* Mollweide as GHS-POP has it: equal area on a sphere of the semi-major axis, so areas
     * are off by the ellipsoid's flattening, 0.3 % here; an ellipsoidal equal-area conic is
     * not; UTM's scale is off by up to 0.1 %. */
    projected_constant_density("ESRI:54009", 9000e3, 4750e3, 1000, 6e-3);
    projected_constant_density("+proj=aea +lat_1=25 +lat_2=47 +lat_0=38 +lon_0=105 "
                               "+datum=WGS84 +type=crs",
                               -100e3, 200e3, 1000, 3e-7);
    projected_constant_density("EPSG:32648", 450e3, 4400e3, 1000, 1.5e-3);
}

static void test_exposure_on_a_projected_grid_adds_up(void **state)
{
    (void)state;
    struct arena arena;
    struct transform *transform;
    uint64_t seed = 26;
    arena_init(&arena, 0);
    assert_int_equal(transform_new("ESRI:54009", &transform, NULL), ERR_OK);
    struct grid grid = random_grid(9000e3, 4750e3, 1000, 400, 400, &seed, &arena);
    grid.geographic = false;
    struct lonlat corners[] = {{106, 37.5}, {107, 37.4}, {107.1, 38.4}, {106.1, 38.5}};
    struct lonlat first[] = {corners[0], corners[1], corners[2]};
    struct lonlat second[] = {corners[0], corners[2], corners[3]};
    struct geom shapes[] = {polygon_of(corners, 4, &arena), polygon_of(first, 3, &arena),
                            polygon_of(second, 3, &arena)};
    struct exposure exposures[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(exposure_of(&grid, transform, &shapes[i], &arena, &exposures[i], NULL),
                         ERR_OK);
    assert_true(exposures[0].persons > 1e6);
    assert_true(fabs(exposures[1].persons + exposures[2].persons - exposures[0].persons) <
                1e-9 * exposures[0].persons);
    struct geom nowhere = box_shape(106, 95, 107, 96, &arena);
    struct err err = {0};
    assert_int_equal(exposure_of(&grid, transform, &nowhere, &arena, &exposures[0], &err),
                     ERR_INPUT);
    assert_non_null(strstr(err.message, "CRS of the grid"));
    transform_free(transform);
    arena_release(&arena);
}

/* ---- the real region ---- */

static struct grid read_raster(const char *path, struct arena *arena)
{
    GDALDatasetH dataset = GDALOpen(path, GA_ReadOnly);
    assert_non_null(dataset);
    double to_ground[6];
    assert_int_equal(GDALGetGeoTransform(dataset, to_ground), CE_None);
    int columns = GDALGetRasterXSize(dataset);
    int rows = GDALGetRasterYSize(dataset);
    GDALRasterBandH band = GDALGetRasterBand(dataset, 1);
    int has_nodata;
    double nodata = GDALGetRasterNoDataValue(band, &has_nodata);
    struct grid grid = make_grid(to_ground[0], to_ground[3], to_ground[1], (uint32_t)columns,
                                 (uint32_t)rows, arena);
    grid.cell_height = -to_ground[5];
    double *line = arena_new(arena, double, (size_t)columns);
    for (int row = 0; row < rows; row++) {
        assert_int_equal(
            GDALRasterIO(band, GF_Read, 0, row, columns, 1, line, columns, 1, GDT_Float64, 0, 0),
            CE_None);
        for (int column = 0; column < columns; column++)
            if (!has_nodata || line[column] != nodata)
                set_cell(&grid, (uint32_t)column, (uint32_t)row, line[column]);
    }
    GDALClose(dataset);
    return grid;
}

/* Persons in all features of a file, one by one; *n how many. */
static double expose_file(const char *path, const struct grid *grid, struct arena *arena, int *n)
{
    GDALDatasetH dataset = GDALOpenEx(path, GDAL_OF_VECTOR, NULL, NULL, NULL);
    assert_non_null(dataset);
    OGRLayerH layer = GDALDatasetGetLayer(dataset, 0);
    OGRFeatureH feature;
    double persons = 0;
    *n = 0;
    while ((feature = OGR_L_GetNextFeature(layer)) != NULL) {
        OGRGeometryH ogr = OGR_F_GetGeometryRef(feature);
        size_t size = (size_t)OGR_G_WkbSize(ogr);
        unsigned char *bytes = arena_alloc(arena, size, 1);
        struct geom geom;
        assert_int_equal(OGR_G_ExportToIsoWkb(ogr, wkbNDR, bytes), OGRERR_NONE);
        assert_int_equal(geom_from_wkb(bytes, size, arena, &geom, NULL), ERR_OK);
        struct exposure exposure = expose(grid, &geom, arena);
        persons += exposure.persons;
        (*n)++;
        OGR_F_Destroy(feature);
    }
    GDALClose(dataset);
    return persons;
}

static void test_exposure_of_ningxia_is_the_known_number_and_the_sum_of_its_counties(void **state)
{
    (void)state;
    const char *folder = getenv("SISETU_REAL_DATA");
    if (!folder) {
        print_message("SKIP: SISETU_REAL_DATA is not set\n");
        skip();
    }
    struct arena arena;
    int n;
    arena_init(&arena, 0);
    GDALAllRegister();
    struct grid grid =
        read_raster(arena_printf(&arena, "%s/ningxia/worldpop2020_5arcmin.tif", folder), &arena);
    double region =
        expose_file(arena_printf(&arena, "%s/ningxia/ningxia_province_tianditu.geojson", folder),
                    &grid, &arena, &n);
    assert_int_equal(n, 1);
    double counties =
        expose_file(arena_printf(&arena, "%s/ningxia/ningxia_district_tianditu.geojson", folder),
                    &grid, &arena, &n);
    assert_int_equal(n, 22);
    print_message("region %.3f, counties %.3f\n", region, counties);
    assert_true(fabs(region - 7390299) <= 1);
    assert_true(fabs(counties - region) <= 1);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exposure_on_a_projected_grid_takes_the_shape_there),
        cmocka_unit_test(test_exposure_on_a_projected_grid_adds_up),
        cmocka_unit_test(test_exposure_of_ningxia_is_the_known_number_and_the_sum_of_its_counties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
