/* test_gcj02.c - the offsets of consumer maps, both ways. */
#include "data/gcj02.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Published pairs, to 7 digits. */
static const struct {
    struct lonlat wgs84, gcj02, bd09;
} vectors[] = {
    {{106.2309, 38.4872}, {106.2352989, 38.4876595}, {106.2418119, 38.4935655}},
    {{106.6000, 38.1800}, {106.6042936, 38.1802837}, {106.6108880, 38.1860720}},
    {{107.4073, 37.7838}, {107.4126006, 37.7845466}, {107.4189974, 37.7907964}},
    {{105.1896, 37.5149}, {105.1933755, 37.5154695}, {105.1999479, 37.5212234}},
};

static void assert_near(struct lonlat a, struct lonlat b, double within_deg)
{
    assert_true(fabs(a.lon_deg - b.lon_deg) <= within_deg);
    assert_true(fabs(a.lat_deg - b.lat_deg) <= within_deg);
}

static void test_gcj02_and_bd09_agree_with_the_published_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        assert_near(gcj02_from_wgs84(vectors[i].wgs84), vectors[i].gcj02, 6e-8);
        assert_near(bd09_from_gcj02(vectors[i].gcj02), vectors[i].bd09, 2e-7);
        assert_near(bd09_from_wgs84(vectors[i].wgs84), vectors[i].bd09, 6e-8);
        assert_near(gcj02_to_wgs84(vectors[i].gcj02), vectors[i].wgs84, 2e-7);
        assert_near(bd09_to_wgs84(vectors[i].bd09), vectors[i].wgs84, 3e-7);
    }
}

static void test_gcj02_undoing_gives_the_point_back_all_over_china(void **state)
{
    (void)state;
    for (double lon = 73; lon < 137; lon += 0.37)
        for (double lat = 2; lat < 55; lat += 0.41) {
            struct lonlat point = {lon, lat};
            assert_near(gcj02_to_wgs84(gcj02_from_wgs84(point)), point, 1e-9);
            assert_near(bd09_to_gcj02(bd09_from_gcj02(point)), point, 1e-9);
            assert_near(bd09_to_wgs84(bd09_from_wgs84(point)), point, 1e-9);
        }
}

static void test_gcj02_shifts_by_hundreds_of_metres_inside_its_box(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct lonlat from = vectors[i].wgs84, to = gcj02_from_wgs84(from);
        double east_m = (to.lon_deg - from.lon_deg) * 111320 * cos(from.lat_deg * 0.017453292);
        double north_m = (to.lat_deg - from.lat_deg) * 111000;
        double shift_m = hypot(east_m, north_m);
        assert_true(shift_m > 330 && shift_m < 480);
    }
}

static void test_gcj02_is_the_identity_outside_its_box(void **state)
{
    (void)state;
    static const struct lonlat outside[] = {{72.0039, 30},  {137.8348, 40}, {100, 0.8292},
                                            {100, 55.8272}, {10, 50},       {-75, 40}};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        assert_false(gcj02_applies(outside[i]));
        assert_near(gcj02_from_wgs84(outside[i]), outside[i], 0);
        assert_near(gcj02_to_wgs84(outside[i]), outside[i], 0);
        assert_near(bd09_to_wgs84(outside[i]), outside[i], 0);
    }
    assert_true(gcj02_applies((struct lonlat){72.004, 30}));
    assert_true(gcj02_applies((struct lonlat){137.8347, 55.8271}));
}

static void test_gcj02_answers_at_the_edge_of_its_box_and_for_nan(void **state)
{
    (void)state;
    /* No point is shifted to just inside the western edge: the argument comes back. */
    struct lonlat edge = {72.0041, 40};
    struct lonlat back = gcj02_to_wgs84(edge);
    assert_true(fabs(back.lon_deg - edge.lon_deg) < 0.01);
    assert_true(isnan(gcj02_to_wgs84((struct lonlat){NAN, 40}).lon_deg));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gcj02_and_bd09_agree_with_the_published_vectors),
        cmocka_unit_test(test_gcj02_undoing_gives_the_point_back_all_over_china),
        cmocka_unit_test(test_gcj02_shifts_by_hundreds_of_metres_inside_its_box),
        cmocka_unit_test(test_gcj02_is_the_identity_outside_its_box),
        cmocka_unit_test(test_gcj02_answers_at_the_edge_of_its_box_and_for_nan),
    };
    return cmocka_run_group_tests_name("gcj02", tests, NULL, NULL);
}
