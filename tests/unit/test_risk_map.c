/* test_risk_map.c - sums of overlapping scenarios, at points and as exact contours. */
#include "tests/unit/one_thread.h"
#include "tests/unit/risk_bench.h"

#include "data/base/limits.h"
#include "geo/measure/distance.h"
#include "geo/measure/overlay.h"
#include "geo/risk/risk_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const double PI = 3.14159265358979323846;

static void disc(struct risk_bench *b, const char *id, struct lonlat centre, double radius_m,
                 double per_year)
{
    risk_scenario(b, id, "E1", per_year)->head.geom = risk_circle(&b->f, centre, radius_m);
}

static void contours(struct risk_bench *b, struct risk_iso *out, size_t n_out)
{
    struct err err;
    static uint32_t rows[FIXTURE_RECORDS];
    size_t n = world_count(b->world, LAYER_SCENARIOS);
    for (size_t i = 0; i < n; i++)
        rows[i] = (uint32_t)i;
    fixture_check(risk_contours(b->world, &b->worker, rows, n, &b->arena, out, n_out, &err), &err);
}

/* T-80 */
static void test_one_disc_has_its_frequency_inside_and_all_lower_contours_at_its_edge(void **state)
{
    (void)state;
    struct risk_bench b;
    risk_bench_init(&b);
    disc(&b, "S1", RISK_CENTRE, 100, 1e-5);
    risk_bench_ready(&b);
    const uint32_t row = 0;
    assert_close(risk_sum_at(b.world, &row, 1, risk_at(30, 99.9)), 1e-5, 0);
    assert_close(risk_sum_at(b.world, &row, 1, risk_at(30, 100.1)), 0, 0);
    struct risk_iso iso[] = {{.per_year = 1e-6}, {.per_year = 1e-5}, {.per_year = 1.1e-5}};
    contours(&b, iso, 3);
    assert_close(iso[0].area_m2, PI * 1e4, 0.1);
    assert_close(iso[0].area_m2, iso[1].area_m2, 1e-6);
    assert_int_equal(iso[2].area.kind, GEOM_NONE);
    for (uint32_t i = 0; i < iso[1].area.n_points; i++)
        assert_close(ellipsoid_distance_m(RISK_CENTRE, iso[1].area.points[i]), 100, 1e-6);
    risk_bench_release(&b);
}

/* T-81 */
static void test_two_discs_add_up_in_the_lens_that_they_share(void **state)
{
    (void)state;
    struct risk_bench b;
    risk_bench_init(&b);
    disc(&b, "S1", RISK_CENTRE, 100, 1e-5);
    disc(&b, "S2", risk_at(90, 150), 100, 1e-5);
    risk_bench_ready(&b);
    struct risk_iso iso[] = {{.per_year = 2e-5}, {.per_year = 1e-5}, {.per_year = 3e-6}};
    contours(&b, iso, 3);
    double lens = 2 * 1e4 * acos(150.0 / 200) - 75 * sqrt(4e4 - 150.0 * 150);
    assert_close(lens, 4533.1175, 1e-3);
    assert_close(iso[0].area_m2, lens, 0.05);
    assert_close(iso[1].area_m2, 2 * PI * 1e4 - lens, 0.2);
    assert_close(iso[2].area_m2, iso[1].area_m2, 1e-6);
    const uint32_t rows[] = {0, 1};
    assert_close(risk_sum_at(b.world, rows, 2, risk_at(90, 75)), 2e-5, 1e-18);
    assert_close(risk_sum_at(b.world, rows, 2, risk_at(90, 10)), 1e-5, 1e-18);
    risk_bench_release(&b);
}

static void test_three_thirds_of_a_level_reach_it(void **state)
{
    (void)state;
    struct risk_bench b;
    risk_bench_init(&b);
    disc(&b, "S1", RISK_CENTRE, 100, 1e-6);
    disc(&b, "S2", risk_at(90, 20), 100, 1e-6);
    disc(&b, "S3", risk_at(0, 20), 100, 1e-6);
    risk_bench_ready(&b);
    struct risk_iso iso = {.per_year = 3e-6};
    contours(&b, &iso, 1);
    assert_true(iso.area_m2 > 1e4);
    assert_true(distance_contains_point(&iso.area, risk_at(45, 15)));
    assert_false(distance_contains_point(&iso.area, risk_at(225, 90)));
    risk_bench_release(&b);
}

static void test_identical_areas_add_up_and_holes_stay_holes(void **state)
{
    (void)state;
    struct risk_bench b;
    risk_bench_init(&b);
    disc(&b, "S1", RISK_CENTRE, 100, 1e-6);
    disc(&b, "S2", RISK_CENTRE, 100, 1e-6);
    /* a ring about them that does not hold the middle */
    struct geom outer = risk_circle(&b.f, RISK_CENTRE, 300);
    struct geom inner = risk_circle(&b.f, RISK_CENTRE, 200);
    struct scenario *ring = risk_scenario(&b, "S3", "E1", 1e-6);
    struct arena *arena = &b.f.parts.arena;
    uint32_t n = outer.n_points + inner.n_points;
    struct lonlat *points = arena_new(arena, struct lonlat, n);
    uint32_t *ends = arena_new(arena, uint32_t, 3);
    memcpy(points, outer.points, outer.n_points * sizeof *points);
    memcpy(points + outer.n_points, inner.points, inner.n_points * sizeof *points);
    geom_turn_ring(points + outer.n_points, inner.n_points, false);
    ends[0] = outer.n_points;
    ends[1] = n;
    ends[2] = 2;
    ring->head.geom = (struct geom){.kind = GEOM_POLYGON,
                                    .n_points = n,
                                    .n_rings = 2,
                                    .n_parts = 1,
                                    .points = points,
                                    .ring_ends = ends,
                                    .part_ends = ends + 2,
                                    .box = outer.box};
    risk_bench_ready(&b);
    struct risk_iso iso[] = {{.per_year = 1e-6}, {.per_year = 2e-6}};
    contours(&b, iso, 2);
    assert_close(iso[0].area_m2, PI * (9e4 - 4e4 + 1e4), 1);
    assert_int_equal(iso[0].area.n_parts, 2);
    assert_close(iso[1].area_m2, PI * 1e4, 0.1);
    risk_bench_release(&b);
}

/* The oracle: a point is inside the contour of a level if and only if its sum reaches it. */
static void test_contours_of_random_scenarios_are_where_the_sum_reaches_the_level(void **state)
{
    (void)state;
    uint64_t seed = 20260601;
    for (int round = 0; round < 6; round++) {
        struct risk_bench b;
        char id[16];
        uint32_t rows[24];
        risk_bench_init(&b);
        for (uint32_t i = 0; i < 24; i++) {
            double random[4];
            for (int k = 0; k < 4; k++) {
                seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                random[k] = (double)(seed >> 11) / 9007199254740992.0;
            }
            struct lonlat west_south = risk_at(360 * random[0], 300 * random[1]);
            snprintf(id, sizeof id, "S%02u", i);
            struct scenario *scenario = risk_scenario(&b, id, "E1", 1e-6 * (1 + (i & 3)));
            scenario->head.geom = i & 1 ? fixture_box(&b.f, west_south.lon_deg, west_south.lat_deg,
                                                      west_south.lon_deg + 0.004 * random[2],
                                                      west_south.lat_deg + 0.004 * random[3])
                                        : risk_circle(&b.f, west_south, 50 + 200 * random[2]);
            rows[i] = i;
        }
        risk_bench_ready(&b);
        struct risk_iso iso[] = {{.per_year = 1e-6}, {.per_year = 5e-6}, {.per_year = 1.2e-5}};
        contours(&b, iso, 3);
        for (int i = 0; i < 4000; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            double bearing = 360 * (double)(seed >> 40) / 16777216.0;
            double distance = 700 * (double)(seed >> 16 & 0xffffff) / 16777216.0;
            struct lonlat at = risk_at(bearing, distance);
            double sum = risk_sum_at(b.world, rows, 24, at);
            for (int k = 0; k < 3; k++)
                assert_int_equal(distance_contains_point(&iso[k].area, at),
                                 sum >= iso[k].per_year * (1 - 1e-9));
        }
        risk_bench_release(&b);
    }
}

static void test_level_that_is_no_frequency_is_refused(void **state)
{
    (void)state;
    struct risk_bench b;
    struct err err;
    const double levels[] = {0, -1, 1.1, (double)NAN, (double)INFINITY};
    const uint32_t row = 0;
    risk_bench_init(&b);
    disc(&b, "S1", RISK_CENTRE, 100, 1e-5);
    risk_bench_ready(&b);
    for (size_t i = 0; i < 5; i++) {
        struct risk_iso iso = {.per_year = levels[i]};
        assert_int_equal(risk_contours(b.world, &b.worker, &row, 1, &b.arena, &iso, 1, &err),
                         ERR_USAGE);
    }
    struct risk_iso iso = {.per_year = 1e-6};
    fixture_check(risk_contours(b.world, &b.worker, NULL, 0, &b.arena, &iso, 1, &err), &err);
    assert_int_equal(iso.area.kind, GEOM_NONE);
    risk_bench_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_disc_has_its_frequency_inside_and_all_lower_contours_at_its_edge),
        cmocka_unit_test(test_two_discs_add_up_in_the_lens_that_they_share),
        cmocka_unit_test(test_three_thirds_of_a_level_reach_it),
        cmocka_unit_test(test_identical_areas_add_up_and_holes_stay_holes),
        cmocka_unit_test(test_contours_of_random_scenarios_are_where_the_sum_reaches_the_level),
        cmocka_unit_test(test_level_that_is_no_frequency_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
