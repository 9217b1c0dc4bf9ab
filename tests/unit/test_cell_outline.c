/* test_cell_outline.c - outlines of random sets of cells: they hold the centres of those cells and
 * of no others, and GEOS takes them for polygons. */
#include "tests/unit/world_fixture.h"

#include "geo/measure/cell_outline.h"
#include "geo/measure/distance.h"
#include "geo/measure/overlay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { ROWS = 17, COLUMNS = 23 };

static const struct grid GRID = {.n_columns = 100,
                                 .n_rows = 100,
                                 .west = 106,
                                 .north = 39,
                                 .cell_width = 0.01,
                                 .cell_height = 0.01,
                                 .geographic = true};

static double ring_area(const struct geom *geom, uint32_t ring)
{
    double area = 0;
    for (uint32_t i = geom_ring_start(geom, ring); i + 1 < geom->ring_ends[ring]; i++)
        area += geom->points[i].lon_deg * geom->points[i + 1].lat_deg -
                geom->points[i + 1].lon_deg * geom->points[i].lat_deg;
    return area / 2;
}

static void check_outline(const bool *in, struct arena *arena, struct overlay *overlay)
{
    const struct cell_set set = {&GRID, 30, 40, ROWS, COLUMNS, in};
    struct geom outline;
    struct geom same;
    struct err err;
    size_t n = 0;
    double area = 0;
    fixture_check(cell_outline(&set, arena, &outline, &err), &err);
    for (size_t row = 0; row < ROWS; row++) {
        for (size_t column = 0; column < COLUMNS; column++) {
            struct lonlat centre = {106.405 + 0.01 * (double)column, 38.695 - 0.01 * (double)row};
            bool holds = outline.kind == GEOM_POLYGON && distance_contains_point(&outline, centre);
            assert_int_equal(holds, in[row * COLUMNS + column]);
            n += in[row * COLUMNS + column];
        }
    }
    if (n == 0) {
        assert_int_equal(outline.kind, GEOM_NONE);
        return;
    }
    for (uint32_t ring = 0; ring < outline.n_rings; ring++)
        area += ring_area(&outline, ring);
    assert_close(area, 1e-4 * (double)n, 1e-9);
    /* GEOS refuses to cut what is no polygon: with its own box it is itself. */
    struct geom all;
    struct lonlat box[4] = {{106, 38}, {107, 38}, {107, 39}, {106, 39}};
    fixture_check(geom_of_ring(box, 4, arena, &all, &err), &err);
    fixture_check(overlay_intersection(overlay, &outline, &all, arena, &same, &err), &err);
    assert_int_equal(same.n_parts, outline.n_parts);
    assert_int_equal(same.n_rings, outline.n_rings);
    assert_close(ellipsoid_area_m2(&same), ellipsoid_area_m2(&outline), 1e-3);
}

static void test_outline_holds_the_cells_and_no_others(void **state)
{
    (void)state;
    struct arena arena;
    struct overlay *overlay;
    struct err err;
    bool in[ROWS * COLUMNS];
    uint64_t seed = 9;
    fixture_check(overlay_new(&overlay, &err), &err);
    arena_init(&arena, 0);
    for (int round = 0; round < 200; round++) {
        /* From nothing to everything, and all between. */
        for (size_t i = 0; i < ROWS * COLUMNS; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            in[i] = (int)((seed >> 33) % 199) < round;
        }
        check_outline(in, &arena, overlay);
        arena_reset(&arena);
    }
    overlay_free(overlay);
    arena_release(&arena);
}

/* A ring of cells that closes at a corner alone, with a cell inside. */
static void test_corners_that_meet_make_no_bow_tie(void **state)
{
    (void)state;
    static const char *const picture[ROWS] = {"XXXX", "X  X", "X X ", "XX  ", "    X", "   X "};
    struct arena arena;
    struct overlay *overlay;
    struct err err;
    bool in[ROWS * COLUMNS] = {false};
    for (size_t row = 0; row < ROWS && picture[row]; row++)
        for (size_t column = 0; picture[row][column]; column++)
            in[row * COLUMNS + column] = picture[row][column] == 'X';
    fixture_check(overlay_new(&overlay, &err), &err);
    arena_init(&arena, 0);
    check_outline(in, &arena, overlay);
    overlay_free(overlay);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outline_holds_the_cells_and_no_others),
        cmocka_unit_test(test_corners_that_meet_make_no_bow_tie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
