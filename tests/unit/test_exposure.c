/* test_exposure.c - populations by exact shares, against GEOS cell by cell on an equal-area
 * plane, against partitions, and on the real grid of Ningxia. */
#include "geo/exposure.h"

#include "geo/ellipsoid.h"
#include "geo/overlay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gdal.h>
#include <ogr_api.h>

#define RAD (M_PI / 180)

static double uniform(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (double)(*seed >> 11) / 9007199254740992.0;
}

/* ---- grids ---- */

static struct grid make_grid(double west, double north, double cell, uint32_t columns,
                             uint32_t rows, struct arena *arena)
{
    struct grid grid = {.n_columns = columns,
                        .n_rows = rows,
                        .west = west,
                        .north = north,
                        .cell_width = cell,
                        .cell_height = cell,
                        .crs = "EPSG:4490",
                        .geographic = true,
                        .n_block_columns = (columns + GRID_BLOCK_CELLS - 1) / GRID_BLOCK_CELLS,
                        .n_block_rows = (rows + GRID_BLOCK_CELLS - 1) / GRID_BLOCK_CELLS};
    size_t n = (size_t)grid.n_block_columns * grid.n_block_rows;
    const float **blocks = arena_new(arena, const float *, n);
    for (size_t i = 0; i < n; i++) {
        float *block = arena_new(arena, float, GRID_BLOCK_CELLS *GRID_BLOCK_CELLS);
        for (int k = 0; k < GRID_BLOCK_CELLS * GRID_BLOCK_CELLS; k++)
            block[k] = NAN;
        blocks[i] = block;
    }
    grid.blocks = blocks;
    return grid;
}

static void set_cell(struct grid *grid, uint32_t column, uint32_t row, double persons)
{
    /* The blocks are this test's own memory. */
    size_t block =
        (size_t)(row / GRID_BLOCK_CELLS) * grid->n_block_columns + column / GRID_BLOCK_CELLS;
    size_t at = (row % GRID_BLOCK_CELLS) * GRID_BLOCK_CELLS + column % GRID_BLOCK_CELLS;
    memcpy((char *)(uintptr_t)grid->blocks[block] + at * sizeof(float), &(float){(float)persons},
           sizeof(float));
}

static struct grid random_grid(double west, double north, double cell, uint32_t columns,
                               uint32_t rows, uint64_t *seed, struct arena *arena)
{
    struct grid grid = make_grid(west, north, cell, columns, rows, arena);
    for (uint32_t row = 0; row < rows; row++)
        for (uint32_t column = 0; column < columns; column++)
            if (uniform(seed) > 0.05)
                set_cell(&grid, column, row, floor(uniform(seed) * 1000));
    return grid;
}

static struct geom polygon_of(const struct lonlat *ring, size_t n, struct arena *arena)
{
    struct geom geom;
    assert_int_equal(geom_of_ring(ring, n, arena, &geom, NULL), ERR_OK);
    return geom;
}

static struct geom box_shape(double west, double south, double east, double north,
                             struct arena *arena)
{
    struct lonlat ring[] = {{west, south}, {east, south}, {east, north}, {west, north}};
    return polygon_of(ring, 4, arena);
}

static struct exposure expose(const struct grid *grid, const struct geom *shape,
                              struct arena *arena)
{
    struct exposure exposure;
    struct err err = {0};
    size_t before = arena->used_bytes;
    enum err_code code = exposure_of(grid, NULL, shape, arena, &exposure, &err);
    if (code != ERR_OK)
        print_message("%s\n", err.message);
    assert_int_equal(code, ERR_OK);
    assert_int_equal(arena->used_bytes, before);
    return exposure;
}

/* ---- the plane on which GEOS sees true areas ---- */

static struct lonlat equal_area(struct lonlat at)
{
    /* Unit of both axes: a degree's worth near 38 N, so that snapping stays harmless. */
    return (struct lonlat){at.lon_deg, ellipsoid_zone_between_m2(38, at.lat_deg) / 5.5e11};
}

static struct geom to_equal_area(const struct geom *geom, uint32_t cuts, struct arena *arena)
{
    struct geom out = *geom;
    struct lonlat *points = arena_new(arena, struct lonlat, (size_t)geom->n_points * cuts);
    uint32_t *ends = arena_new(arena, uint32_t, geom->n_rings);
    uint32_t n = 0;
    for (uint32_t ring = 0; ring < geom->n_rings; ring++) {
        uint32_t start = n;
        for (uint32_t i = geom_ring_start(geom, ring); i + 1 < geom->ring_ends[ring]; i++)
            for (uint32_t k = 0; k < cuts; k++) {
                struct lonlat a = geom->points[i];
                struct lonlat b = geom->points[i + 1];
                points[n++] =
                    equal_area((struct lonlat){a.lon_deg + k * (b.lon_deg - a.lon_deg) / cuts,
                                               a.lat_deg + k * (b.lat_deg - a.lat_deg) / cuts});
            }
        points[n++] = points[start];
        ends[ring] = n;
    }
    out.points = points;
    out.n_points = n;
    out.ring_ends = ends;
    out.box = box_of_points(points, n);
    return out;
}

static double plane_area(const struct geom *geom)
{
    double area = 0;
    for (uint32_t ring = 0; ring < geom->n_rings; ring++) {
        uint32_t start = geom_ring_start(geom, ring);
        struct lonlat o = geom->points[start];
        for (uint32_t i = start; i + 1 < geom->ring_ends[ring]; i++) {
            struct lonlat a = geom->points[i];
            struct lonlat b = geom->points[i + 1];
            area += ((a.lon_deg - o.lon_deg) * (b.lat_deg - o.lat_deg) -
                     (a.lat_deg - o.lat_deg) * (b.lon_deg - o.lon_deg)) /
                    2;
        }
    }
    return area;
}

/* Shares of all cells from GEOS against ours. The oracle's edges are cut in straight pieces,
 * which leaves it good to 1e-5 of a cell. */
static void compare(const struct grid *grid, const struct geom *shape, struct overlay *overlay,
                    struct arena *arena)
{
    struct exposure sum = {0};
    struct geom flat = to_equal_area(shape, 100, arena);
    struct exposure_cell *cells;
    size_t n;
    size_t at = 0;
    double missing = plane_area(&flat);
    assert_int_equal(exposure_cells(grid, NULL, shape, arena, &cells, &n, NULL), ERR_OK);
    for (uint32_t row = 0; row < grid->n_rows; row++)
        for (uint32_t column = 0; column < grid->n_columns; column++) {
            struct arena_mark mark = arena_mark(arena);
            struct geom cell;
            struct geom part;
            double area_m2;
            assert_int_equal(
                exposure_cell_shape(grid, NULL, column, row, arena, &cell, &area_m2, NULL), ERR_OK);
            cell = to_equal_area(&cell, 1, arena);
            assert_int_equal(overlay_intersection(overlay, &flat, &cell, arena, &part, NULL),
                             ERR_OK);
            double theirs = part.kind == GEOM_POLYGON ? plane_area(&part) / plane_area(&cell) : 0;
            bool listed = at < n && cells[at].row == row && cells[at].column == column;
            double ours = listed ? cells[at].share : 0;
            assert_true(fabs(ours - theirs) < 1e-5);
            at += listed;
            double persons = (double)grid_cell(grid, column, row);
            if (listed && !isnan(persons)) {
                sum.persons += theirs * persons;
                sum.high += persons;
                sum.low += ours == 1 ? persons : 0;
                sum.densest_km2 = fmax(sum.densest_km2, persons / area_m2 * 1e6);
                missing -= plane_area(&part);
            }
            arena_rewind(arena, mark);
        }
    struct exposure whole = expose(grid, shape, arena);
    assert_true(at == n && whole.cells == n);
    assert_true(fabs(whole.persons - sum.persons) < 1e-6 * (1 + sum.persons));
    assert_true(fabs(whole.low - sum.low) < 1e-6);
    assert_true(fabs(whole.high - sum.high) < 1e-6);
    assert_true(fabs(whole.nodata_share - missing / plane_area(&flat)) < 1e-6);
    assert_true(fabs(whole.densest_km2 - sum.densest_km2) < 1e-9 * sum.densest_km2 + 1e-12);
    assert_true(whole.area_m2 == ellipsoid_area_m2(shape));
}

static struct geom random_star(double radius, uint32_t n, uint64_t *seed, struct arena *arena)
{
    struct lonlat *ring = arena_new(arena, struct lonlat, n);
    double x = 106 + uniform(seed);
    double y = 37.5 + uniform(seed);
    for (uint32_t i = 0; i < n; i++) {
        double r = radius * (0.2 + 0.8 * uniform(seed));
        ring[i] = (struct lonlat){x + r * cos(2 * M_PI * i / n), y + r * sin(2 * M_PI * i / n)};
    }
    return polygon_of(ring, n, arena);
}

static void test_exposure_of_random_shapes_is_geos_cell_by_cell(void **state)
{
    (void)state;
    uint64_t seed = 21;
    struct overlay *overlay;
    assert_int_equal(overlay_new(&overlay, NULL), ERR_OK);
    for (int i = 0; i < 40; i++) {
        struct arena arena;
        arena_init(&arena, 0);
        /* Small and large cells; shapes inside a cell, over many, and over the grid's edge. */
        double cell = i % 4 == 0 ? 0.5 : 1.0 / 12;
        uint32_t n = i % 4 == 0 ? 4 : 14;
        struct grid grid = random_grid(106, 38.6, cell, n, n, &seed, &arena);
        double radius = i % 3 == 0 ? 0.02 : i % 3 == 1 ? 0.3 : 1.5;
        struct geom shape = random_star(radius, 3 + (uint32_t)i, &seed, &arena);
        compare(&grid, &shape, overlay, &arena);
        struct geom hole = random_star(radius, 5, &seed, &arena);
        struct geom rest;
        assert_int_equal(overlay_difference(overlay, &shape, &hole, &arena, &rest, NULL), ERR_OK);
        if (rest.kind == GEOM_POLYGON)
            compare(&grid, &rest, overlay, &arena);
        arena_release(&arena);
    }
    overlay_free(overlay);
}

static void test_exposure_of_edges_on_cell_lines_is_whole_cells(void **state)
{
    (void)state;
    uint64_t seed = 22;
    struct arena arena;
    arena_init(&arena, 0);
    struct grid grid = random_grid(106, 39, 0.1, 20, 20, &seed, &arena);
    for (uint32_t row = 0; row < 20; row++) /* no gaps in this one */
        for (uint32_t column = 0; column < 20; column++)
            set_cell(&grid, column, row, 1 + column + 100 * row);
    struct geom shape = box_shape(106.3, 38.2, 106.7, 38.5, &arena);
    struct exposure exposure = expose(&grid, &shape, &arena);
    double expected = 0;
    for (uint32_t row = 5; row < 8; row++)
        for (uint32_t column = 3; column < 7; column++)
            expected += 1 + column + 100 * row;
    assert_true(fabs(exposure.persons - expected) < 1e-9);
    assert_true(exposure.low == exposure.high);
    assert_true(fabs(exposure.low - expected) < 1e-9);
    assert_int_equal(exposure.cells, 12);
    assert_true(exposure.nodata_share == 0);
    /* A diamond with its corners on corners and middles of cells. */
    struct lonlat diamond[] = {{106.5, 38.3}, {106.7, 38.5}, {106.5, 38.7}, {106.3, 38.5}};
    struct geom turned = polygon_of(diamond, 4, &arena);
    struct exposure slanted = expose(&grid, &turned, &arena);
    assert_int_equal(slanted.cells, 12);
    assert_true(slanted.low < slanted.persons && slanted.persons < slanted.high);
    arena_release(&arena);
}

static void test_exposure_beyond_the_grid_and_without_data_is_missing_not_zero(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct grid grid = make_grid(106, 39, 0.1, 10, 10, &arena);
    for (uint32_t column = 0; column < 10; column++)
        for (uint32_t row = 0; row < 10; row++)
            set_cell(&grid, column, row, 7);
    /* Larger than the grid on all sides: everyone, and the rest unknown. */
    struct geom large = box_shape(100, 30, 110, 45, &arena);
    struct exposure exposure = expose(&grid, &large, &arena);
    assert_true(exposure.persons == 700 && exposure.low == 700 && exposure.high == 700);
    struct geom whole = box_shape(106, 38, 107, 39, &arena);
    double expected = 1 - ellipsoid_area_m2(&whole) / ellipsoid_area_m2(&large);
    assert_true(fabs(exposure.nodata_share - expected) < 1e-9);
    /* Beside it: nobody known. */
    struct geom beside = box_shape(110, 38, 111, 39, &arena);
    exposure = expose(&grid, &beside, &arena);
    assert_true(exposure.persons == 0 && exposure.cells == 0 && exposure.nodata_share == 1);
    struct geom above = box_shape(106, 40, 107, 41, &arena);
    exposure = expose(&grid, &above, &arena);
    assert_true(exposure.cells == 0 && exposure.nodata_share == 1);
    /* A quarter of one cell, whose neighbour has no data and whose other is infinite. */
    set_cell(&grid, 1, 0, (double)NAN);
    set_cell(&grid, 2, 0, (double)INFINITY);
    struct geom three = box_shape(106, 38.9, 106.3, 39, &arena);
    exposure = expose(&grid, &three, &arena);
    assert_true(exposure.persons == 7);
    assert_int_equal(exposure.cells, 3);
    assert_true(fabs(exposure.nodata_share - 2.0 / 3) < 1e-9);
    /* No grid at all. */
    struct grid none = {0};
    exposure = expose(&none, &three, &arena);
    assert_true(exposure.nodata_share == 1 && exposure.area_m2 > 0);
    /* No area. */
    struct geom point;
    assert_int_equal(geom_of_point((struct lonlat){106.05, 38.95}, &arena, &point, NULL), ERR_OK);
    exposure = expose(&grid, &point, &arena);
    assert_true(exposure.persons == 0 && exposure.area_m2 == 0 && exposure.nodata_share == 0);
    arena_release(&arena);
}

static void test_exposure_adds_up_over_partitions_to_1e_9(void **state)
{
    (void)state;
    uint64_t seed = 23;
    struct arena arena;
    arena_init(&arena, 0);
    struct grid grid = random_grid(105.5, 39, 0.01, 300, 300, &seed, &arena);
    for (int i = 0; i < 50; i++) {
        struct geom whole = random_star(0.8, 24, &seed, &arena);
        /* A fan of triangles about a point inside, sharing every edge. */
        struct lonlat middle = {0, 0};
        for (uint32_t k = 0; k + 1 < whole.n_points; k++) {
            middle.lon_deg += whole.points[k].lon_deg / (whole.n_points - 1);
            middle.lat_deg += whole.points[k].lat_deg / (whole.n_points - 1);
        }
        double persons = 0;
        double low = 0;
        for (uint32_t k = 0; k + 1 < whole.n_points; k++) {
            struct lonlat ring[] = {middle, whole.points[k], whole.points[k + 1]};
            struct geom piece = {GEOM_POLYGON,
                                 4,
                                 1,
                                 1,
                                 (struct lonlat[]){ring[0], ring[1], ring[2], ring[0]},
                                 (uint32_t[]){4},
                                 (uint32_t[]){1},
                                 box_of_points(ring, 3)};
            /* The middle may lie outside the star: such triangles are turned and count
             * negative, so leave those stars out. */
            double area =
                (ring[1].lon_deg - ring[0].lon_deg) * (ring[2].lat_deg - ring[0].lat_deg) -
                (ring[1].lat_deg - ring[0].lat_deg) * (ring[2].lon_deg - ring[0].lon_deg);
            if (area < 0) {
                persons = -1;
                break;
            }
            struct exposure exposure = expose(&grid, &piece, &arena);
            persons += exposure.persons;
            low += exposure.low;
        }
        struct exposure all = expose(&grid, &whole, &arena);
        if (persons >= 0) {
            assert_true(fabs(persons - all.persons) < 1e-9 * all.persons);
            assert_true(low <= all.low + 1e-6 && all.low <= all.persons);
        }
    }
    arena_release(&arena);
}

static void test_exposure_takes_longitudes_a_turn_apart_as_one_place(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    /* All round the earth, as global grids are. */
    struct grid grid = make_grid(-180, 10, 1, 360, 10, &arena);
    for (uint32_t column = 0; column < 360; column++)
        for (uint32_t row = 0; row < 10; row++)
            set_cell(&grid, column, row, 1 + column);
    struct geom across = box_shape(179, 3, 181.5, 4, &arena);
    struct exposure exposure = expose(&grid, &across, &arena);
    assert_true(fabs(exposure.persons - (360 + 1 + 0.5 * 2)) < 1e-9);
    assert_int_equal(exposure.cells, 3);
    struct geom turned = box_shape(-181, 3, -178.5, 4, &arena);
    assert_true(expose(&grid, &turned, &arena).persons == exposure.persons);
    arena_release(&arena);
}

static void test_exposure_of_large_cells_follows_the_authalic_latitude(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    for (int i = 0; i < 4; i++) {
        /* One row of 1 or 5 degrees; its southern half holds more than half. */
        double cell = i % 2 ? 5 : 1;
        double north = i < 2 ? 60 : -20;
        struct grid grid = make_grid(100, north, cell, 1, 1, &arena);
        set_cell(&grid, 0, 0, 1e6);
        struct geom half = box_shape(100, north - cell, 100 + cell, north - cell / 3, &arena);
        double share = ellipsoid_zone_between_m2(north - cell, north - cell / 3) /
                       ellipsoid_zone_between_m2(north - cell, north);
        assert_true(fabs(expose(&grid, &half, &arena).persons - 1e6 * share) <
                    (cell > 1 ? 1e-3 : 1e-6));
    }
    arena_release(&arena);
}

static void test_exposure_cells_lists_each_touched_cell_in_order(void **state)
{
    (void)state;
    uint64_t seed = 24;
    struct arena arena;
    arena_init(&arena, 0);
    struct grid grid = random_grid(105.5, 39, 0.01, 300, 300, &seed, &arena);
    struct geom shape = random_star(0.5, 24, &seed, &arena);
    struct exposure_cell *cells;
    size_t n;
    assert_int_equal(exposure_cells(&grid, NULL, &shape, &arena, &cells, &n, NULL), ERR_OK);
    struct exposure exposure = expose(&grid, &shape, &arena);
    assert_int_equal(n, exposure.cells);
    double persons = 0;
    double area_m2 = 0;
    for (size_t i = 0; i < n; i++) {
        struct geom cell;
        double cell_m2;
        assert_true(cells[i].share > 0 && cells[i].share <= 1);
        if (i > 0)
            assert_true(cells[i].row > cells[i - 1].row || (cells[i].row == cells[i - 1].row &&
                                                            cells[i].column > cells[i - 1].column));
        if (!isnan(cells[i].persons))
            persons += cells[i].share * (double)cells[i].persons;
        assert_int_equal(exposure_cell_shape(&grid, NULL, cells[i].column, cells[i].row, &arena,
                                             &cell, &cell_m2, NULL),
                         ERR_OK);
        area_m2 += cells[i].share * cell_m2;
    }
    assert_true(fabs(persons - exposure.persons) < 1e-9 * persons);
    assert_true(fabs(area_m2 / exposure.area_m2 - 1) < 1e-10);
    arena_release(&arena);
}

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
        assert_true(fabs(exposure.densest_km2 - 1) < 1e-6);
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

static void test_exposure_reports_memory_that_runs_out(void **state)
{
    (void)state;
    uint64_t seed = 27;
    struct arena arena;
    arena_init(&arena, 0);
    struct grid grid = random_grid(105.5, 39, 0.01, 300, 300, &seed, &arena);
    struct geom shape = random_star(0.5, 24, &seed, &arena);
    int refused = 0;
    for (size_t limit = 64; limit < 1 << 20; limit = limit * 3 / 2) {
        struct arena small;
        struct exposure exposure;
        struct err err;
        arena_init(&small, limit);
        enum err_code code = exposure_of(&grid, NULL, &shape, &small, &exposure, &err);
        assert_true(code == ERR_OK || code == ERR_MEMORY);
        refused += code == ERR_MEMORY;
        arena_release(&small);
    }
    assert_true(refused > 3);
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
        cmocka_unit_test(test_exposure_of_random_shapes_is_geos_cell_by_cell),
        cmocka_unit_test(test_exposure_of_edges_on_cell_lines_is_whole_cells),
        cmocka_unit_test(test_exposure_beyond_the_grid_and_without_data_is_missing_not_zero),
        cmocka_unit_test(test_exposure_adds_up_over_partitions_to_1e_9),
        cmocka_unit_test(test_exposure_takes_longitudes_a_turn_apart_as_one_place),
        cmocka_unit_test(test_exposure_of_large_cells_follows_the_authalic_latitude),
        cmocka_unit_test(test_exposure_cells_lists_each_touched_cell_in_order),
        cmocka_unit_test(test_exposure_on_a_projected_grid_takes_the_shape_there),
        cmocka_unit_test(test_exposure_on_a_projected_grid_adds_up),
        cmocka_unit_test(test_exposure_reports_memory_that_runs_out),
        cmocka_unit_test(test_exposure_of_ningxia_is_the_known_number_and_the_sum_of_its_counties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
