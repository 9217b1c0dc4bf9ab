/* test_exposure.c - populations by exact shares, against GEOS cell by cell on an equal-area
 * plane, and against partitions. */
#include "tests/unit/exposure_fixture.h"

#include "geo/measure/ellipsoid.h"
#include "geo/measure/overlay.h"

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

/* Squares of 10 cm down to 1 mm inside a cell, across a line, across a corner, along a line, and
 * across the border of the data, in cells of 10 m, 100 m and 1 km. */
static void test_exposure_of_a_square_millimetre_is_a_cells_share(void **state)
{
    (void)state;
    static const double cells[] = {1.0 / 11100, 1.0 / 1110, 1.0 / 111};
    static const double sides_m[] = {0.1, 0.01, 0.003, 0.002, 0.001};
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t c = 0; c < 3; c++) {
        double cell = cells[c];
        struct grid grid = make_grid(106, 39, cell, 200, 200, &arena);
        for (uint32_t i = 0; i < 200 * 200; i++)
            if (i % 200 < 150) /* east of column 150 nothing is known */
                set_cell(&grid, i % 200, i / 200, 100);
        for (size_t s = 0; s < sizeof sides_m / sizeof *sides_m; s++) {
            double side = sides_m[s] / 111e3;
            /* Where the square's south-west corner lies, in cells; less so many sides. */
            const struct {
                double u, v, back_u, back_v, missing;
                uint32_t n;
            } places[] = {{20.3, 30.7, 0, 0, 0, 1},    {20, 30.7, 0.5, 0, 0, 2},
                          {20, 30, 0.25, 0.25, 0, 4},  {20, 30.7, 0, 0, 0, 1},
                          {20, 30.7, 1, 0, 0, 1},      {20, 30, 1, 1, 0, 1},
                          {150, 30.7, 0.5, 0, 0.5, 2}, {170.5, 30.7, 0, 0, 1, 1}};
            for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
                double west = 106 + places[p].u * cell - places[p].back_u * side;
                double south = 39 - places[p].v * cell - places[p].back_v * side;
                struct geom square = box_shape(west, south, west + side, south + side, &arena);
                struct exposure exposure;
                assert_int_equal(exposure_of(&grid, NULL, &square, &arena, &exposure, NULL),
                                 ERR_OK);
                double cell_m2 = 100 / exposure.densest_km2 * 1e6;
                double known = 1 - places[p].missing;
                assert_int_equal(exposure.cells, places[p].n);
                assert_true(fabs(exposure.nodata_share - places[p].missing) <=
                            (places[p].missing > 0 && known > 0 ? 0.01 : 0));
                assert_true(exposure.high == 100 * (places[p].n - (places[p].missing > 0)));
                if (known > 0)
                    assert_true(fabs(exposure.persons - 100 * known * exposure.area_m2 / cell_m2) <=
                                0.01 * exposure.persons);
            }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exposure_of_random_shapes_is_geos_cell_by_cell),
        cmocka_unit_test(test_exposure_of_edges_on_cell_lines_is_whole_cells),
        cmocka_unit_test(test_exposure_beyond_the_grid_and_without_data_is_missing_not_zero),
        cmocka_unit_test(test_exposure_adds_up_over_partitions_to_1e_9),
        cmocka_unit_test(test_exposure_of_a_square_millimetre_is_a_cells_share),
        cmocka_unit_test(test_exposure_takes_longitudes_a_turn_apart_as_one_place),
        cmocka_unit_test(test_exposure_of_large_cells_follows_the_authalic_latitude),
        cmocka_unit_test(test_exposure_cells_lists_each_touched_cell_in_order),
        cmocka_unit_test(test_exposure_reports_memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
