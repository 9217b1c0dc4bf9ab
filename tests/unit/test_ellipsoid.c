/* test_ellipsoid.c - geodesics against PROJ and Karney, areas against quadrature and closed
 * forms, transformations. */
#include "geo/measure/ellipsoid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RAD (M_PI / 180)

/* Fixed-seed numbers in [0, 1). */
static double uniform(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (double)(*seed >> 11) / 9007199254740992.0;
}

static struct lonlat anywhere(uint64_t *seed)
{
    return (struct lonlat){uniform(seed) * 360 - 180, asin(uniform(seed) * 2 - 1) / RAD};
}

static void test_distance_agrees_with_karney_to_a_micrometre_at_every_length(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 200000; i++) {
        struct lonlat a = anywhere(&seed);
        double length_m = pow(10, uniform(&seed) * 10 - 3);
        if (length_m > 1.9e7)
            length_m = 1.9e7;
        struct lonlat b = ellipsoid_direct(a, uniform(&seed) * 360, length_m);
        double geodesic_m = ellipsoid_inverse(a, b, NULL);
        assert_true(fabs(ellipsoid_distance_m(a, b) - geodesic_m) < 1e-6);
        assert_true(fabs(ellipsoid_distance_m(b, a) - ellipsoid_distance_m(a, b)) < 1e-7);
    }
}

static void test_distance_has_karneys_published_value(void **state)
{
    (void)state;
    /* GeographicLib's example, JFK to LHR: 5551759.400 m on WGS 84, whose semi-minor axis is
     * 0.1 mm longer. */
    struct lonlat jfk = {-73.8, 40.6};
    struct lonlat lhr = {-0.5, 51.6};
    double azimuth_deg;
    assert_true(fabs(ellipsoid_inverse(jfk, lhr, &azimuth_deg) - 5551759.400) < 0.001);
    assert_true(fabs(azimuth_deg - 51.1989) < 0.0001);
    /* A degree of longitude on the equator is an arc of a circle. */
    struct lonlat west = {0, 0};
    struct lonlat east = {1, 0};
    assert_true(fabs(ellipsoid_distance_m(west, east) - ELLIPSOID_A_M * RAD) < 1e-6);
    /* A quarter of a meridian on GRS 80: 10 001 965.7293 m (Moritz 2000). */
    struct lonlat pole = {0, 90};
    assert_true(fabs(ellipsoid_distance_m(west, pole) - 10001965.7293) < 1e-4);
}

/* The lines of geodesics.txt, which says what they are. */
static void test_distance_has_the_lengths_of_known_geodesics(void **state)
{
    (void)state;
    char line[256];
    int n = 0;
    FILE *file = fopen("tests/unit/geodesics.txt", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        struct lonlat a;
        struct lonlat b;
        double length_m;
        if (line[0] == '#')
            continue;
        assert_int_equal(sscanf(line, "%lf %lf %lf %lf %lf", &a.lat_deg, &a.lon_deg, &b.lat_deg,
                                &b.lon_deg, &length_m),
                         5);
        assert_true(fabs(ellipsoid_distance_m(a, b) - length_m) < 1e-6);
        assert_true(fabs(ellipsoid_distance_m(b, a) - length_m) < 1e-6);
        a.lon_deg += 360; /* the same place */
        assert_true(fabs(ellipsoid_distance_m(a, b) - length_m) < 1e-6);
        n++;
    }
    fclose(file);
    assert_int_equal(n, 300);
}

/* siting-rules, T-72 and T-73: published on WGS 84, whose semi-minor axis is 0.1 mm longer. */
static void test_distance_has_the_values_of_the_siting_rules(void **state)
{
    (void)state;
    static const struct {
        struct lonlat a;
        struct lonlat b;
        double length_m;
        double tolerance_m;
    } cases[] = {
        {{-73.8, 40.6}, {-0.5, 51.6}, 5551759.4003, 1e-3},
        {{0, 0}, {179.5, 0.5}, 19936288.5790, 1e-3}, /* where Vincenty's method fails */
        {{179.9, 51.4779}, {-179.9, 51.4779}, 13894.8150, 1e-4},
        {{121.4737, 31.2304}, {121.47896, 31.2304}, 501.1406, 1e-4}, /* outside 500 m */
        {{116.4074, 39.9042}, {116.4074, 39.9087}, 499.6478, 1e-4},  /* inside */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_true(fabs(ellipsoid_distance_m(cases[i].a, cases[i].b) - cases[i].length_m) <
                    cases[i].tolerance_m);
    static const struct {
        double azimuth_deg;
        struct lonlat to;
    } shanghai[] = {{0, {121.4737, 31.234909645}},
                    {90, {121.478948029, 31.230399893}},
                    {45, {121.477411041, 31.233588747}}};
    struct lonlat from = {121.4737, 31.2304};
    for (size_t i = 0; i < sizeof shanghai / sizeof shanghai[0]; i++) {
        struct lonlat to = ellipsoid_direct(from, shanghai[i].azimuth_deg, 500);
        assert_true(fabs(to.lon_deg - shanghai[i].to.lon_deg) < 1e-9);
        assert_true(fabs(to.lat_deg - shanghai[i].to.lat_deg) < 1e-9);
        assert_true(fabs(ellipsoid_distance_m(from, shanghai[i].to) - 500) < 2e-4);
    }
}

/* T-74: why Web Mercator metres decide nothing. */
static void test_500_metres_of_web_mercator_are_fewer(void **state)
{
    (void)state;
    static const double cases[][2] = {
        {23.13, 460.1}, {31.23, 427.9}, {39.90, 384.1}, {45.75, 349.5}};
    struct transform *mercator;
    assert_int_equal(transform_new("EPSG:3857", &mercator, NULL), ERR_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lonlat from = {113, cases[i][0]};
        struct lonlat to;
        double x;
        double y;
        assert_true(transform_forward(mercator, from, &x, &y));
        assert_true(transform_inverse(mercator, x + 500, y, &to));
        assert_true(fabs(ellipsoid_distance_m(from, to) - cases[i][1]) < 0.06);
    }
    transform_free(mercator);
}

static void test_distance_crosses_the_antimeridian_and_the_pole(void **state)
{
    (void)state;
    struct lonlat a = {179.999, 10};
    struct lonlat b = {-179.999, 10};
    struct lonlat b_unwrapped = {180.001, 10};
    assert_true(fabs(ellipsoid_distance_m(a, b) - ellipsoid_distance_m(a, b_unwrapped)) < 1e-7);
    assert_true(ellipsoid_distance_m(a, b) < 220);
    struct lonlat c = {0, 89.999};
    struct lonlat d = {180, 89.999};
    assert_true(fabs(ellipsoid_distance_m(c, d) - 223.388) < 0.01);
    assert_true(ellipsoid_distance_m(a, a) == 0);
}

static void test_chord_bounds_never_pass_the_distance(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (int i = 0; i < 100000; i++) {
        struct lonlat a = anywhere(&seed);
        struct lonlat b =
            ellipsoid_direct(a, uniform(&seed) * 360, pow(10, uniform(&seed) * 9 - 2));
        struct ecef p = ellipsoid_ecef(a);
        struct ecef q = ellipsoid_ecef(b);
        double chord_m =
            sqrt((p.x - q.x) * (p.x - q.x) + (p.y - q.y) * (p.y - q.y) + (p.z - q.z) * (p.z - q.z));
        double geodesic_m = ellipsoid_inverse(a, b, NULL);
        assert_true(ellipsoid_shortest_arc_m(chord_m) <= geodesic_m);
        assert_true(ellipsoid_longest_chord_m(geodesic_m) >= chord_m);
        assert_true(ellipsoid_shortest_arc_m(chord_m) > 0.99 * geodesic_m - 1e-7);
    }
}

/* Legendre's series within 5 km and away from the poles, geodesics elsewhere. */
static void test_circle_lies_at_its_radius_counter_clockwise_from_north(void **state)
{
    (void)state;
    static const double latitudes[] = {0, 38.4, -53.2, 79.9, 80.1, -84.9, 85.1, 89};
    static const double radii[] = {0.5, 100, 500, 4999, 5001, 20e3, 100e3};
    enum { N = 360 };
    struct lonlat ring[N];
    for (size_t i = 0; i < sizeof latitudes / sizeof latitudes[0]; i++) {
        for (size_t k = 0; k < sizeof radii / sizeof radii[0]; k++) {
            struct lonlat centre = {179.99, latitudes[i]};
            ellipsoid_circle(centre, radii[k], N, ring);
            for (int j = 0; j < N; j++) {
                double azimuth_deg;
                double distance_m = ellipsoid_inverse(centre, ring[j], &azimuth_deg);
                double turned_deg = remainder(azimuth_deg + j, 360);
                assert_true(fabs(distance_m - radii[k]) < 40e-6);
                assert_true(fabs(turned_deg) * M_PI / 180 * radii[k] < 40e-6);
            }
        }
    }
}

static void test_expand_holds_every_point_within_the_radius(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (int i = 0; i < 100000; i++) {
        struct lonlat a = anywhere(&seed);
        if (i % 3 == 0)
            a.lat_deg = 89 + uniform(&seed);
        double radius_m = pow(10, uniform(&seed) * 6);
        struct box box =
            ellipsoid_expand((struct box){a.lon_deg, a.lat_deg, a.lon_deg, a.lat_deg}, radius_m);
        struct lonlat b = ellipsoid_direct(a, uniform(&seed) * 360, radius_m);
        bool lon_in = false;
        for (int turn = -2; turn <= 2; turn++)
            lon_in = lon_in || (b.lon_deg + 360 * turn >= box.west_deg &&
                                b.lon_deg + 360 * turn <= box.east_deg);
        assert_true(lon_in);
        assert_true(b.lat_deg >= box.south_deg && b.lat_deg <= box.north_deg);
        assert_true(box.north_deg - a.lat_deg < radius_m / 110000 + 1e-9);
    }
    assert_true(box_is_empty(ellipsoid_expand(box_empty(), 1000)));
}

static double rectangle_m2(double west, double south, double east, double north)
{
    struct arena arena;
    struct geom geom;
    struct lonlat ring[] = {{west, south}, {east, south}, {east, north}, {west, north}};
    arena_init(&arena, 0);
    assert_int_equal(geom_of_ring(ring, 4, &arena, &geom, NULL), ERR_OK);
    double area_m2 = ellipsoid_area_m2(&geom);
    arena_release(&arena);
    return area_m2;
}

static void test_area_between_parallels_and_meridians_is_the_closed_form(void **state)
{
    (void)state;
    /* The sphere of equal area has a radius of 6 371 007.1810 m (Moritz 2000, R2, rounded). */
    double whole_m2 = 4 * M_PI * 6371007.1810 * 6371007.1810;
    assert_true(fabs(rectangle_m2(-180, -90, 180, 90) / whole_m2 - 1) < 1e-10);
    assert_true(fabs(rectangle_m2(-90, 0, 90, 90) * 4 / whole_m2 - 1) < 1e-10);
    uint64_t seed = 4;
    for (int i = 0; i < 10000; i++) {
        double south = uniform(&seed) * 170 - 85;
        double west = uniform(&seed) * 360 - 180;
        double size = pow(10, -uniform(&seed) * 6);
        double closed_m2 = size * RAD * ellipsoid_zone_between_m2(south, south + size);
        double area_m2 = rectangle_m2(west, south, west + size, south + size);
        /* Coordinates are rounded to 3e-14 degree: that much the sides may be off. */
        assert_true(fabs(area_m2 / closed_m2 - 1) < 1e-12 + 6e-14 / size);
    }
}

/* From the equator to a latitude, a radian wide: the closed form as it stands in books. */
static double zone_m2(double lat_deg)
{
    double e = sqrt(ELLIPSOID_E2);
    double b_m = ELLIPSOID_A_M * sqrt(1 - ELLIPSOID_E2);
    double es = e * sin(lat_deg * RAD);
    return b_m * b_m / 2 * (es / (1 - es * es) + atanh(es)) / e;
}

static void test_zone_between_is_the_difference_of_zones(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int i = 0; i < 10000; i++) {
        double a = uniform(&seed) * 180 - 90;
        double b = uniform(&seed) * 180 - 90;
        double whole = zone_m2(90);
        double difference = zone_m2(b) - zone_m2(a);
        assert_true(fabs(ellipsoid_zone_between_m2(a, b) - difference) < 1e-14 * whole);
        /* A thin zone is its breadth times the slope: M N cos(lat). */
        double lon_m;
        double lat_m;
        ellipsoid_degree_m(a, &lon_m, &lat_m);
        double slope = lon_m / RAD * lat_m;
        assert_true(fabs(ellipsoid_zone_between_m2(a, a + 1e-7) / 1e-7 / slope - 1) <
                    1e-5 + 1e-9 / fabs(90.0001 - fabs(a)));
    }
}

/* Trapezia under the edges, each cut in 20,000 strips: crude, slow and independent. */
static double area_by_strips_m2(const struct lonlat *ring, size_t n)
{
    long double area = 0;
    for (size_t i = 0; i < n; i++) {
        struct lonlat a = ring[i];
        struct lonlat b = ring[(i + 1) % n];
        long double sum = 0;
        for (int k = 0; k < 20000; k++) {
            double t = (k + 0.5) / 20000;
            sum += (long double)zone_m2(a.lat_deg + t * (b.lat_deg - a.lat_deg));
        }
        area -= sum / 20000 * (long double)((b.lon_deg - a.lon_deg) * RAD);
    }
    return (double)area;
}

static void test_area_of_slanted_edges_is_the_integral_and_holes_come_off(void **state)
{
    (void)state;
    static const struct lonlat outer[] = {{100, 20}, {120, 25}, {118, 60}, {95, 50}};
    static const struct lonlat inner[] = {{105, 30}, {107, 41}, {112, 33}};
    struct lonlat points[] = {{100, 20}, {120, 25}, {118, 60}, {95, 50}, {100, 20},
                              {105, 30}, {107, 41}, {112, 33}, {105, 30}};
    uint32_t rings[] = {5, 9};
    uint32_t parts[] = {2};
    struct geom geom = {GEOM_POLYGON, 9, 2, 1, points, rings, parts, box_of_points(points, 9)};
    double expected_m2 = area_by_strips_m2(outer, 4) + area_by_strips_m2(inner, 3);
    assert_true(fabs(ellipsoid_area_m2(&geom) / expected_m2 - 1) < 1e-9);
    assert_true(area_by_strips_m2(inner, 3) < 0);
}

static void test_area_adds_up_when_a_shape_is_cut(void **state)
{
    (void)state;
    struct arena arena;
    struct geom whole;
    struct geom left;
    struct geom right;
    arena_init(&arena, 0);
    struct lonlat all[] = {{100, 30}, {110, 35}, {112, 44}, {101, 47}};
    struct lonlat one[] = {{100, 30}, {110, 35}, {112, 44}};
    struct lonlat two[] = {{100, 30}, {112, 44}, {101, 47}};
    assert_int_equal(geom_of_ring(all, 4, &arena, &whole, NULL), ERR_OK);
    assert_int_equal(geom_of_ring(one, 3, &arena, &left, NULL), ERR_OK);
    assert_int_equal(geom_of_ring(two, 3, &arena, &right, NULL), ERR_OK);
    assert_true(
        fabs((ellipsoid_area_m2(&left) + ellipsoid_area_m2(&right)) / ellipsoid_area_m2(&whole) -
             1) < 1e-14);
    arena_release(&arena);
}

static void test_length_follows_the_edge_and_not_the_geodesic(void **state)
{
    (void)state;
    struct lonlat parallel[] = {{100, 60}, {130, 60}};
    struct lonlat meridian[] = {{100, 0}, {100, 90}};
    uint32_t end = 2;
    struct geom line = {
        .kind = GEOM_LINE, .n_points = 2, .n_rings = 1, .points = parallel, .ring_ends = &end};
    double lon_m;
    double lat_m;
    ellipsoid_degree_m(60, &lon_m, &lat_m);
    assert_true(fabs(ellipsoid_length_m(&line) - 30 * lon_m) < 1e-6);
    assert_true(ellipsoid_length_m(&line) > ellipsoid_distance_m(parallel[0], parallel[1]) + 1000);
    line.points = meridian;
    assert_true(fabs(ellipsoid_length_m(&line) - 10001965.7293) < 1e-4);
}

static void test_transform_goes_there_and_back(void **state)
{
    (void)state;
    static const char *const crs[] = {"EPSG:32648", "ESRI:54009", "EPSG:4526", "EPSG:3857",
                                      "EPSG:4326"};
    struct lonlat from = {106.25, 38.5};
    for (size_t i = 0; i < sizeof crs / sizeof crs[0]; i++) {
        struct transform *transform = NULL;
        struct err err = {0};
        double x;
        double y;
        struct lonlat back;
        assert_int_equal(transform_new(crs[i], &transform, &err), ERR_OK);
        assert_true(transform_forward(transform, from, &x, &y));
        assert_true(transform_inverse(transform, x, y, &back));
        assert_true(ellipsoid_distance_m(from, back) < 1e-4);
        if (i == 4)
            assert_true(fabs(x - 106.25) < 1e-9 && fabs(y - 38.5) < 1e-9);
        if (i == 3)
            assert_true(fabs(x - 106.25 * RAD * 6378137) < 1e-3);
        transform_free(transform);
    }
}

static void test_transform_refuses_what_it_cannot_do_exactly(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "EPSG:999999", "no such CRS", "EPSG:4214",
                                      "+proj=longlat"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct transform *transform = NULL;
        struct err err = {0};
        assert_int_equal(transform_new(bad[i], &transform, &err), ERR_INPUT);
        assert_null(transform);
        assert_non_null(strstr(err.message, "CRS"));
    }
    transform_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distance_agrees_with_karney_to_a_micrometre_at_every_length),
        cmocka_unit_test(test_distance_has_karneys_published_value),
        cmocka_unit_test(test_distance_has_the_lengths_of_known_geodesics),
        cmocka_unit_test(test_distance_has_the_values_of_the_siting_rules),
        cmocka_unit_test(test_500_metres_of_web_mercator_are_fewer),
        cmocka_unit_test(test_distance_crosses_the_antimeridian_and_the_pole),
        cmocka_unit_test(test_chord_bounds_never_pass_the_distance),
        cmocka_unit_test(test_circle_lies_at_its_radius_counter_clockwise_from_north),
        cmocka_unit_test(test_expand_holds_every_point_within_the_radius),
        cmocka_unit_test(test_area_between_parallels_and_meridians_is_the_closed_form),
        cmocka_unit_test(test_zone_between_is_the_difference_of_zones),
        cmocka_unit_test(test_area_of_slanted_edges_is_the_integral_and_holes_come_off),
        cmocka_unit_test(test_area_adds_up_when_a_shape_is_cut),
        cmocka_unit_test(test_length_follows_the_edge_and_not_the_geodesic),
        cmocka_unit_test(test_transform_goes_there_and_back),
        cmocka_unit_test(test_transform_refuses_what_it_cannot_do_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
