/* The numbers of the tile grids, against those that the standards and Tianditu publish. */
#include "tiler/grid/tile_grid.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct tile_grid *named(const char *name)
{
    const struct tile_grid *grid = NULL;
    assert_true(tile_grid_by_name(name, &grid));
    assert_string_equal(grid->name, name);
    return grid;
}

/* As close as the digits that are published. */
static void assert_near(double value, double published)
{
    if (fabs(value - published) > 1e-9 * fabs(published))
        fail_msg("%.17g is not %.17g", value, published);
}

static void test_scale_denominators_are_the_published_ones(void **state)
{
    (void)state;
    static const struct {
        const char *grid;
        uint32_t level;
        double ogc, at_96_dpi; /* 0: nobody publishes it */
    } cases[] = {
        /* OGC 17-083r4, annex D.1 and D.3; 07-057r7, annex E.4 and E.3 */
        {"WebMercatorQuad", 0, 559082264.0287178, 0},
        {"WebMercatorQuad", 1, 279541132.0143589, 0},
        {"WebMercatorQuad", 10, 545978.7734655447, 0},
        {"WebMercatorQuad", 18, 2132.729583849784, 0},
        {"WorldCRS84Quad", 0, 279541132.0143589, 0},
        {"WorldCRS84Quad", 17, 2132.729583849784, 0},
        {"CGCS2000Quad", 0, 279541132.0143589, 0},
        {"CGCS2000Quad", 17, 2132.729583849784, 0},
        /* Tianditu's capabilities */
        {"w", 1, 279541132.0143589, 2.958293554545656E8},
        {"w", 18, 2132.729583849784, 2256.998866688275},
        {"c", 1, 279541132.0143589, 2.958293554545656E8},
        {"c", 18, 2132.729583849784, 2256.998866688275},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct tile_grid *grid = named(cases[i].grid);
        assert_near(tile_grid_denominator(grid, cases[i].level), cases[i].ogc);
        if (cases[i].at_96_dpi > 0)
            assert_near(tile_grid_denominator_96_dpi(grid, cases[i].level), cases[i].at_96_dpi);
    }
}

static void test_matrices_have_the_published_sizes_and_corners(void **state)
{
    (void)state;
    static const struct {
        const char *grid;
        uint32_t level, columns, rows;
        double corner[2];
    } cases[] = {
        {"WebMercatorQuad", 0, 1, 1, {-20037508.342789244, 20037508.342789244}},
        {"WebMercatorQuad", 20, 1048576, 1048576, {-20037508.342789244, 20037508.342789244}},
        {"WorldCRS84Quad", 0, 2, 1, {-180, 90}},
        {"WorldCRS84Quad", 17, 262144, 131072, {-180, 90}},
        {"CGCS2000Quad", 0, 2, 1, {90, -180}}, /* EPSG:4490: latitude first */
        {"CGCS2000Quad", 19, 1048576, 524288, {90, -180}},
        {"w", 1, 2, 2, {-20037508.342789244, 20037508.342789244}},
        {"w", 18, 262144, 262144, {-20037508.342789244, 20037508.342789244}},
        {"c", 1, 2, 1, {90, -180}},
        {"c", 18, 262144, 131072, {90, -180}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct tile_grid *grid = named(cases[i].grid);
        double corner[2];
        tile_grid_corner(grid, corner);
        assert_int_equal(tile_grid_columns(grid, cases[i].level), cases[i].columns);
        assert_int_equal(tile_grid_rows(grid, cases[i].level), cases[i].rows);
        assert_near(corner[0], cases[i].corner[0]);
        assert_near(corner[1], cases[i].corner[1]);
    }
}

static void test_tiles_of_a_level_cover_its_extent(void **state)
{
    (void)state;
    for (int id = 0; id < GRID_COUNT; id++) {
        const struct tile_grid *grid = tile_grid_of((enum tile_grid_id)id);
        /* The length of a degree of the equator, and one metre (OGC 07-057r7, clause 6.1). */
        double unit_m = grid->plane == PLANE_GEODETIC ? 2 * M_PI * 6378137 / 360 : 1;
        double lower[2], upper[2];
        tile_grid_extent(grid, lower, upper);
        for (uint32_t level = grid->first; level <= grid->last; level++) {
            double tile = 256 * 0.00028 * tile_grid_denominator(grid, level) / unit_m;
            int east = grid->north_first ? 1 : 0;
            assert_near(tile * tile_grid_columns(grid, level), upper[east] - lower[east]);
            assert_near(tile * tile_grid_rows(grid, level), upper[1 - east] - lower[1 - east]);
        }
    }
}

static void test_a_tile_on_either_side_of_each_limit(void **state)
{
    (void)state;
    for (int id = 0; id < GRID_COUNT; id++) {
        const struct tile_grid *grid = tile_grid_of((enum tile_grid_id)id);
        for (int64_t level = (int64_t)grid->first - 1; level <= (int64_t)grid->last + 1; level++) {
            struct plane_tile tile;
            struct err err;
            if (level < grid->first || level > grid->last) {
                assert_int_equal(tile_grid_tile(grid, level, 0, 0, &tile, &err), ERR_NOT_FOUND);
                assert_non_null(strstr(err.message, "outside"));
                continue;
            }
            int64_t columns = tile_grid_columns(grid, (uint32_t)level);
            int64_t rows = tile_grid_rows(grid, (uint32_t)level);
            assert_int_equal(tile_grid_tile(grid, level, 0, 0, &tile, &err), ERR_OK);
            assert_true(plane_has_tile(grid->plane, tile.z, tile.x, tile.y));
            assert_int_equal(tile_grid_tile(grid, level, columns - 1, rows - 1, &tile, &err),
                             ERR_OK);
            assert_true(plane_has_tile(grid->plane, tile.z, tile.x, tile.y));
            assert_false(plane_has_tile(grid->plane, tile.z, tile.x + 1, tile.y));
            assert_false(plane_has_tile(grid->plane, tile.z, tile.x, tile.y + 1));
            assert_int_equal(tile_grid_tile(grid, level, columns, 0, &tile, &err), ERR_NOT_FOUND);
            assert_int_equal(tile_grid_tile(grid, level, 0, rows, &tile, &err), ERR_NOT_FOUND);
            assert_int_equal(tile_grid_tile(grid, level, -1, 0, &tile, &err), ERR_NOT_FOUND);
            assert_int_equal(tile_grid_tile(grid, level, 0, -1, &tile, &err), ERR_NOT_FOUND);
        }
    }
}

static void test_level_1_of_tianditu_is_level_0_of_cgcs2000(void **state)
{
    (void)state;
    struct plane_tile c, quad;
    struct err err;
    assert_int_equal(tile_grid_tile(named("c"), 12, 3258, 588, &c, &err), ERR_OK);
    assert_int_equal(tile_grid_tile(named("CGCS2000Quad"), 11, 3258, 588, &quad, &err), ERR_OK);
    assert_int_equal(c.z, quad.z);
    assert_int_equal(c.x, quad.x);
    assert_int_equal(c.y, quad.y);
}

static uint32_t clamped(double tile, uint32_t n)
{
    return tile < 0 ? 0 : tile >= n ? n - 1 : (uint32_t)tile;
}

/* The limits of boxes, against the formulas of OGC 07-057r7, annex H. */
static void test_limits_hold_the_box_and_no_tile_more(void **state)
{
    (void)state;
    srand48(44900);
    for (int round = 0; round < 2000; round++) {
        double west = drand48() * 360 - 180, east = west + drand48() * (180 - west);
        double south = drand48() * 180 - 90, north = south + drand48() * (90 - south);
        for (int id = 0; id < GRID_COUNT; id++) {
            const struct tile_grid *grid = tile_grid_of((enum tile_grid_id)id);
            uint32_t level = grid->first + (uint32_t)(drand48() * (grid->last - grid->first + 1));
            bool geodetic = grid->plane == PLANE_GEODETIC;
            double span =
                (geodetic ? 360.0 : 2 * 20037508.342789244) / tile_grid_columns(grid, level);
            double top = geodetic ? 90 : 20037508.342789244, left = geodetic ? -180 : -top;
            double scale = geodetic ? 1 : 20037508.342789244 / 180;
            double high = geodetic ? north : asinh(tan(north * M_PI / 180)) * 6378137;
            double low = geodetic ? south : asinh(tan(south * M_PI / 180)) * 6378137;
            struct tile_limits limits =
                tile_grid_limits(grid, level, (struct box){west, south, east, north});
            uint32_t columns = tile_grid_columns(grid, level), rows = tile_grid_rows(grid, level);
            assert_int_equal(limits.west, clamped((west * scale - left) / span, columns));
            assert_int_equal(limits.east, clamped((east * scale - left) / span, columns));
            assert_int_equal(limits.north, clamped((top - high) / span, rows));
            assert_int_equal(limits.south, clamped((top - low) / span, rows));
        }
    }
}

static void test_an_unknown_grid_is_told_with_those_that_there_are(void **state)
{
    (void)state;
    const struct tile_grid *grid;
    struct err err;
    assert_int_equal(tile_grid_read("webmercatorquad", &grid, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "WebMercatorQuad?"));
    assert_non_null(strstr(err.message, "CGCS2000Quad"));
    assert_int_equal(tile_grid_read("", &grid, &err), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scale_denominators_are_the_published_ones),
        cmocka_unit_test(test_matrices_have_the_published_sizes_and_corners),
        cmocka_unit_test(test_tiles_of_a_level_cover_its_extent),
        cmocka_unit_test(test_a_tile_on_either_side_of_each_limit),
        cmocka_unit_test(test_level_1_of_tianditu_is_level_0_of_cgcs2000),
        cmocka_unit_test(test_limits_hold_the_box_and_no_tile_more),
        cmocka_unit_test(test_an_unknown_grid_is_told_with_those_that_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
