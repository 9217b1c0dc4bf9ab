/* test_rollup.c - names of cells, and the steps from figures to grades of units. */
#include "tests/unit/world_fixture.h"

#include "geo/grades/rollup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_cell_is_named_by_its_south_west_corner(void **state)
{
    (void)state;
    static const struct {
        double lon, lat;
        const char *id;
    } points[] = {
        {106.2, 38.48, "10620_3848"},       {106.2099999, 38.4899999, "10620_3848"},
        {106.21, 38.49, "10621_3849"},      {106.29, 38.57, "10629_3857"},
        {105.5 - 1e-7, 37.0, "10549_3700"}, {-0.001, -0.01, "-1_-1"},
    };
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        int64_t column, row;
        char id[ROLLUP_CELL_ID_BYTES];
        rollup_cell_of(0.01, (struct lonlat){points[i].lon, points[i].lat}, &column, &row);
        rollup_cell_id(column, row, id);
        assert_string_equal(id, points[i].id);
    }
    struct box box = rollup_cell_box(0.01, 10620, 3848);
    assert_close(box.west_deg, 106.20, 1e-9);
    assert_close(box.north_deg, 38.49, 1e-9);
}

static void test_share_takes_the_worst_grade_whose_threshold_is_reached(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    const struct parameters *p = &f.rules->parameters;
    static const uint32_t none[5] = {0, 0, 0, 0, 0};
    static const uint32_t blue[5] = {0, 0, 0, 0, 1};
    static const uint32_t red[5] = {0, 1, 0, 0, 0};
    static const uint32_t grey[5] = {3, 0, 0, 0, 0};
    assert_int_equal(rollup_share_grade(p, (double[5]){0, 0.01, 0.01, 0.01}, none, 100), 1);
    assert_int_equal(rollup_share_grade(p, (double[5]){0, 0.0099, 0.02, 0.02}, none, 100), 2);
    assert_int_equal(rollup_share_grade(p, (double[5]){0, 0.0099, 0.0199, 0.05}, none, 100), 3);
    assert_int_equal(rollup_share_grade(p, (double[5]){0, 0.0099, 0.0199, 0.0499}, blue, 100), 4);
    assert_int_equal(rollup_share_grade(p, (double[5]){0, 0.0099, 0.0199, 0.0499}, red, 100), 3);
    assert_int_equal(rollup_share_grade(p, (double[5]){0}, grey, 100), 0);
    assert_int_equal(rollup_share_grade(p, (double[5]){0, 1, 1, 1}, red, 0), 0);
    assert_int_equal(rollup_share_grade(p, (double[5]){0, 1, 1, 1}, red, (double)NAN), 0);
    arena_release(&f.parts.arena);
}

static void test_index_is_the_weighted_count(void **state)
{
    (void)state;
    struct fixture f;
    double index;
    fixture_init(&f);
    const struct parameters *p = &f.rules->parameters;
    assert_int_equal(rollup_index_grade(p, (uint32_t[5]){9, 1, 2, 3, 4}, &index), 2);
    assert_close(index, 1234, 1e-9);
    assert_int_equal(rollup_index_grade(p, (uint32_t[5]){0, 3, 0, 0, 0}, &index), 1);
    assert_int_equal(rollup_index_grade(p, (uint32_t[5]){0, 2, 9, 9, 9}, &index), 2);
    assert_int_equal(rollup_index_grade(p, (uint32_t[5]){0, 0, 9, 9, 9}, &index), 3);
    assert_int_equal(rollup_index_grade(p, (uint32_t[5]){0, 0, 0, 9, 9}, &index), 4);
    assert_int_equal(rollup_index_grade(p, (uint32_t[5]){7, 0, 0, 0, 0}, &index), 0);
    assert_close(index, 0, 0);
    arena_release(&f.parts.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cell_is_named_by_its_south_west_corner),
        cmocka_unit_test(test_share_takes_the_worst_grade_whose_threshold_is_reached),
        cmocka_unit_test(test_index_is_the_weighted_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
