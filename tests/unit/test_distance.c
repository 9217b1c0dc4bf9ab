/* test_distance.c - distances between shapes against brute force with PROJ's geodesics. */
#include "geo/measure/distance.h"

#include "geo/measure/ellipsoid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static double uniform(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (double)(*seed >> 11) / 9007199254740992.0;
}

/* ---- shapes written as text: "point x y, x y", "line x y, x y / x y, x y",
 *      "polygon ring / hole | ring" ---- */

static struct geom shape(const char *text, struct arena *arena)
{
    struct lonlat *points = arena_new(arena, struct lonlat, 64);
    uint32_t *rings = arena_new(arena, uint32_t, 16);
    uint32_t *parts = arena_new(arena, uint32_t, 16);
    struct geom geom = {.points = points, .ring_ends = rings, .part_ends = parts};
    geom.kind = text[1] == 'i' ? GEOM_LINE : text[2] == 'l' ? GEOM_POLYGON : GEOM_POINT;
    text = strchr(text, ' ');
    for (;;) {
        int used;
        struct lonlat *point = &points[geom.n_points++];
        assert_int_equal(sscanf(text, "%lf %lf%n", &point->lon_deg, &point->lat_deg, &used), 2);
        text += used;
        while (*text == ' ')
            text++;
        bool ends = *text != ',';
        if (ends && geom.kind == GEOM_POLYGON) {
            uint32_t start = geom.n_rings ? rings[geom.n_rings - 1] : 0;
            points[geom.n_points++] = points[start];
            bool outer = geom.n_rings == (geom.n_parts ? parts[geom.n_parts - 1] : 0);
            geom_turn_ring(points + start, geom.n_points - start, outer);
        }
        if (ends && geom.kind != GEOM_POINT)
            rings[geom.n_rings++] = geom.n_points;
        if (geom.kind == GEOM_POLYGON && (*text == '|' || !*text))
            parts[geom.n_parts++] = geom.n_rings;
        if (!*text)
            break;
        text++;
    }
    geom.box = box_of_points(points, geom.n_points);
    return geom;
}

static double between(const char *a, const char *b, struct closest *closest)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct geom first = shape(a, &arena);
    struct geom second = shape(b, &arena);
    struct closest back;
    assert_int_equal(distance_shapes(&first, &second, INFINITY, &arena, closest, NULL), ERR_OK);
    assert_int_equal(distance_shapes(&second, &first, INFINITY, &arena, &back, NULL), ERR_OK);
    assert_true(fabs(closest->distance_m - back.distance_m) <= 1e-6);
    /* The two points are that far apart, wherever they lie. */
    assert_true(fabs(ellipsoid_inverse(closest->a, closest->b, NULL) - closest->distance_m) <=
                2e-7 + 1e-7 * closest->distance_m);
    arena_release(&arena);
    return closest->distance_m;
}

static void test_shapes_that_touch_cross_or_lie_inside_are_zero_apart(void **state)
{
    (void)state;
    static const char *const square = "polygon 106 38, 106.1 38, 106.1 38.1, 106 38.1";
    static const char *const holed = "polygon 106 38, 106.3 38, 106.3 38.3, 106 38.3 / "
                                     "106.1 38.1, 106.2 38.1, 106.2 38.2, 106.1 38.2";
    static const char *const pairs[][2] = {
        {"point 106 38", "point 106 38"},
        {"point 106.05 38.05", square},                                 /* inside */
        {"point 106.05 38", square},                                    /* on an edge */
        {"point 106.1 38.1", square},                                   /* on a corner */
        {"line 105.9 38.05, 106.2 38.06", square},                      /* through it */
        {"line 106.02 38.05, 106.03 38.06", square},                    /* inside */
        {"line 106.1 38.1, 106.2 38.2", square},                        /* from a corner */
        {"polygon 106.02 38.02, 106.04 38.02, 106.04 38.04", square},   /* inside */
        {"polygon 106.1 38, 106.2 38, 106.2 38.1, 106.1 38.1", square}, /* shared edge */
        {"polygon 106.05 37.9, 106.08 38.2, 106.06 38.2", square},      /* across */
        {"line 106 38, 106.1 38.1", "line 106 38.1, 106.1 38"},         /* crossing */
        {"line 106 38, 106.1 38", "line 106.05 38, 106.2 38"},          /* on one line */
        {"line 106 38, 106 38", "line 105.9 38, 106.1 38"},             /* of no length */
        {"point 106.15 38.1", holed},                                   /* on the hole's edge */
        {"point 1 1, 106.25 38.25", holed},                             /* second point inside */
        {"line 106.3 38.07, 106.27 38.07", "line 106.28 38.07, 106.2 38.07"},
        {"polygon 179 10, 181 10, 181 11, 179 11", "point -179.5 10.5"}, /* antimeridian */
        {"line 179.9 10, 180.1 10.1", "line -180 10, -180 10.2"},
        {"point 20 90", "point -70 90"}, /* one pole */
        {"line 20 80, 20 90", "line -70 85, -70 90"},
        {"polygon -180 80, 180 80, 180 90, -180 90", "point 33 85"},
        {"line 106 38, 106.7 38.7", "point 106.35 38.35"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct closest closest;
        double distance_m = between(pairs[i][0], pairs[i][1], &closest);
        if (distance_m != 0)
            print_message("%s - %s: %g m\n", pairs[i][0], pairs[i][1], distance_m);
        assert_true(distance_m == 0);
    }
}

static void test_a_point_in_a_hole_is_as_far_as_the_holes_edge(void **state)
{
    (void)state;
    struct closest closest;
    double distance_m = between("point 106.11 38.15",
                                "polygon 106 38, 106.3 38, 106.3 38.3, 106 38.3 / "
                                "106.1 38.1, 106.2 38.1, 106.2 38.2, 106.1 38.2",
                                &closest);
    struct lonlat point = {106.11, 38.15};
    struct lonlat west = {106.1, 38.15};
    double to_meridian_m = ellipsoid_distance_m(point, west);
    assert_true(distance_m <= to_meridian_m && distance_m > to_meridian_m - 0.01);
    /* A polygon inside the hole is apart from it too. */
    distance_m = between("polygon 106.11 38.11, 106.12 38.11, 106.12 38.12",
                         "polygon 106 38, 106.3 38, 106.3 38.3, 106 38.3 / "
                         "106.1 38.1, 106.2 38.1, 106.2 38.2, 106.1 38.2",
                         &closest);
    assert_true(distance_m > 800 && distance_m < 900);
}

static void test_limit_answers_infinity_beyond_and_the_distance_within(void **state)
{
    (void)state;
    struct arena arena;
    struct closest closest;
    arena_init(&arena, 0);
    struct geom a = shape("line 106 38, 106.1 38.05", &arena);
    struct geom b = shape("polygon 106.05 38.1, 106.1 38.1, 106.1 38.2", &arena);
    assert_int_equal(distance_shapes(&a, &b, INFINITY, &arena, &closest, NULL), ERR_OK);
    double distance_m = closest.distance_m;
    assert_true(isfinite(distance_m) && distance_m > 1000);
    assert_int_equal(distance_shapes(&a, &b, distance_m, &arena, &closest, NULL), ERR_OK);
    assert_true(closest.distance_m == distance_m);
    assert_int_equal(distance_shapes(&a, &b, distance_m + 1e-4, &arena, &closest, NULL), ERR_OK);
    assert_true(closest.distance_m == distance_m);
    assert_int_equal(distance_shapes(&a, &b, distance_m - 1e-4, &arena, &closest, NULL), ERR_OK);
    assert_true(isinf(closest.distance_m));
    struct geom none = {.kind = GEOM_NONE, .box = box_empty()};
    assert_int_equal(distance_shapes(&a, &none, INFINITY, &arena, &closest, NULL), ERR_OK);
    assert_true(isinf(closest.distance_m));
    arena_release(&arena);
}

/* ---- brute force ---- */

static struct lonlat along(const struct lonlat edge[2], double t)
{
    return (struct lonlat){edge[0].lon_deg + t * (edge[1].lon_deg - edge[0].lon_deg),
                           edge[0].lat_deg + t * (edge[1].lat_deg - edge[0].lat_deg)};
}

/* Least distance from a point to an edge: the best of many samples, then golden section. */
static double brute_point_edge_m(struct lonlat point, const struct lonlat edge[2], int samples)
{
    double best_m = INFINITY;
    double at = 0;
    for (int i = 0; i <= samples; i++) {
        double distance_m = ellipsoid_inverse(point, along(edge, (double)i / samples), NULL);
        if (distance_m < best_m) {
            best_m = distance_m;
            at = (double)i / samples;
        }
    }
    double low = fmax(0, at - 1.0 / samples);
    double high = fmin(1, at + 1.0 / samples);
    const double golden = (sqrt(5) - 1) / 2;
    for (int i = 0; i < 60; i++) {
        double t = high - golden * (high - low);
        double u = low + golden * (high - low);
        double t_m = ellipsoid_inverse(point, along(edge, t), NULL);
        double u_m = ellipsoid_inverse(point, along(edge, u), NULL);
        best_m = fmin(best_m, fmin(t_m, u_m));
        if (t_m < u_m)
            high = u;
        else
            low = t;
    }
    return best_m;
}

static struct geom two_point_line(const struct lonlat *edge)
{
    static const uint32_t end = 2;
    return (struct geom){.kind = GEOM_LINE,
                         .n_points = 2,
                         .n_rings = 1,
                         .points = edge,
                         .ring_ends = &end,
                         .box = box_of_points(edge, 2)};
}

struct spread {
    double lat_low;
    double lat_high;
    double edge_m;
    double away_m;
    double lon_deg;
    double tolerance_m;
};

static void compare_point_and_edge(const struct spread *spread, uint64_t *seed, int rounds)
{
    struct arena arena;
    arena_init(&arena, 0);
    for (int i = 0; i < rounds; i++) {
        struct lonlat edge[2];
        edge[0].lon_deg = spread->lon_deg;
        edge[0].lat_deg = spread->lat_low + uniform(seed) * (spread->lat_high - spread->lat_low);
        edge[1] = ellipsoid_direct(edge[0], uniform(seed) * 360, uniform(seed) * spread->edge_m);
        struct lonlat point = ellipsoid_direct(along(edge, uniform(seed)), uniform(seed) * 360,
                                               uniform(seed) * spread->away_m);
        if (i % 4 == 0 && fabs(point.lon_deg) <= 360)
            point.lon_deg -= copysign(360, point.lon_deg);
        struct geom line = two_point_line(edge);
        struct geom dot = {
            .kind = GEOM_POINT, .n_points = 1, .points = &point, .box = box_of_points(&point, 1)};
        struct closest closest;
        assert_int_equal(distance_shapes(&dot, &line, INFINITY, &arena, &closest, NULL), ERR_OK);
        double expected_m = brute_point_edge_m(point, edge, 50);
        double off_m = closest.distance_m - expected_m;
        if (!(fabs(off_m) <= spread->tolerance_m))
            print_message("edge (%.9f %.9f, %.9f %.9f) point (%.9f %.9f): %.9f not %.9f\n",
                          edge[0].lon_deg, edge[0].lat_deg, edge[1].lon_deg, edge[1].lat_deg,
                          point.lon_deg, point.lat_deg, closest.distance_m, expected_m);
        assert_true(fabs(off_m) <= spread->tolerance_m);
    }
    arena_release(&arena);
}

static void test_point_to_edge_is_the_brute_force_at_every_scale_and_place(void **state)
{
    (void)state;
    static const struct spread spreads[] = {
        {-60, 60, 30, 100, 106, 2e-6},          /* buildings */
        {-60, 60, 1000, 3000, 106, 2e-6},       /* plants */
        {-60, 60, 50e3, 50e3, 179.9, 2e-5},     /* pipelines, over the antimeridian */
        {-70, 70, 800e3, 50e3, 0, 2e-5},        /* long edges near by */
        {84, 89.99, 20e3, 20e3, 30, 2e-5},      /* near the pole */
        {-89.99, -80, 300e3, 50e3, -179, 2e-5}, /* round the other pole */
        {-70, 70, 800e3, 1500e3, 0, 1.5},       /* far: 1e-6 */
    };
    uint64_t seed = 7;
    for (size_t i = 0; i < sizeof spreads / sizeof spreads[0]; i++)
        compare_point_and_edge(&spreads[i], &seed, 400);
}

/* A star with n corners about a centre. */
static struct geom star(struct lonlat centre, double radius_m, uint32_t n, uint64_t *seed,
                        struct arena *arena)
{
    struct lonlat *ring = arena_new(arena, struct lonlat, n);
    struct geom geom;
    for (uint32_t i = 0; i < n; i++)
        ring[i] = ellipsoid_direct(centre, -360.0 * i / n, radius_m * (0.6 + 0.4 * uniform(seed)));
    assert_int_equal(geom_of_ring(ring, n, arena, &geom, NULL), ERR_OK);
    return geom;
}

static double brute_rings_m(const struct geom *a, const struct geom *b)
{
    double best_m = INFINITY;
    for (uint32_t i = 0; i + 1 < a->n_points; i++)
        for (uint32_t j = 0; j + 1 < b->n_points; j++) {
            best_m = fmin(best_m, brute_point_edge_m(a->points[i], &b->points[j], 2));
            best_m = fmin(best_m, brute_point_edge_m(b->points[j], &a->points[i], 2));
        }
    return best_m;
}

static void test_polygons_apart_are_the_brute_force_over_all_pairs(void **state)
{
    (void)state;
    uint64_t seed = 8;
    struct arena arena;
    arena_init(&arena, 0);
    for (int i = 0; i < 60; i++) {
        struct lonlat centre = {i % 2 ? 106 : 180, uniform(&seed) * 120 - 60};
        struct lonlat other =
            ellipsoid_direct(centre, uniform(&seed) * 360, 2100 + 2000 * uniform(&seed));
        struct geom a = star(centre, 1000, 3 + (uint32_t)(uniform(&seed) * 12), &seed, &arena);
        struct geom b = star(other, 1000, 3 + (uint32_t)(uniform(&seed) * 12), &seed, &arena);
        struct closest closest;
        assert_int_equal(distance_shapes(&a, &b, INFINITY, &arena, &closest, NULL), ERR_OK);
        assert_true(fabs(closest.distance_m - brute_rings_m(&a, &b)) < 1e-5);
    }
    arena_release(&arena);
}

static void test_large_outlines_are_searched_through_groups_with_the_same_answer(void **state)
{
    (void)state;
    uint64_t seed = 9;
    struct arena arena;
    arena_init(&arena, 0);
    struct geom a = star((struct lonlat){106, 38}, 20e3, 700, &seed, &arena);
    struct geom b = star((struct lonlat){106.5, 38.1}, 20e3, 900, &seed, &arena);
    struct closest closest;
    assert_int_equal(distance_shapes(&a, &b, INFINITY, &arena, &closest, NULL), ERR_OK);
    double expected_m = INFINITY;
    for (uint32_t i = 0; i + 1 < a.n_points; i++)
        for (uint32_t j = 0; j + 1 < b.n_points; j++) {
            struct geom one = two_point_line(&a.points[i]);
            struct geom two = two_point_line(&b.points[j]);
            struct closest pair;
            assert_int_equal(distance_shapes(&one, &two, expected_m, &arena, &pair, NULL), ERR_OK);
            expected_m = fmin(expected_m, pair.distance_m);
        }
    assert_true(expected_m > 100);
    assert_true(fabs(closest.distance_m - expected_m) < 1e-6);
    arena_release(&arena);
}

static void test_contains_point_agrees_with_the_winding_number(void **state)
{
    (void)state;
    uint64_t seed = 10;
    struct arena arena;
    arena_init(&arena, 0);
    int inside = 0;
    for (int i = 0; i < 200; i++) {
        struct geom polygon = star((struct lonlat){106, 38}, 1000, 12, &seed, &arena);
        for (int k = 0; k < 100; k++) {
            struct lonlat point = {106 + (uniform(&seed) - 0.5) * 0.025,
                                   38 + (uniform(&seed) - 0.5) * 0.02};
            double turned = 0;
            for (uint32_t e = 0; e + 1 < polygon.n_points; e++) {
                double ax = polygon.points[e].lon_deg - point.lon_deg;
                double ay = polygon.points[e].lat_deg - point.lat_deg;
                double bx = polygon.points[e + 1].lon_deg - point.lon_deg;
                double by = polygon.points[e + 1].lat_deg - point.lat_deg;
                turned += atan2(ax * by - ay * bx, ax * bx + ay * by);
            }
            bool expected = fabs(turned) > M_PI;
            inside += expected;
            assert_int_equal(distance_contains_point(&polygon, point), expected);
            point.lon_deg -= 360;
            assert_int_equal(distance_contains_point(&polygon, point), expected);
        }
        for (uint32_t e = 0; e < polygon.n_points; e++)
            assert_true(distance_contains_point(&polygon, polygon.points[e]));
    }
    assert_true(inside > 1000 && inside < 19000);
    arena_release(&arena);
}

static void test_prepared_edges_give_the_same_answer(void **state)
{
    (void)state;
    uint64_t seed = 12;
    struct arena arena;
    arena_init(&arena, 0);
    struct geom polygon = star((struct lonlat){106, 38}, 1000, 40, &seed, &arena);
    struct edges edges;
    assert_int_equal(edges_build(&polygon, &arena, &edges, NULL), ERR_OK);
    for (int i = 0; i < 500; i++) {
        struct lonlat point = {106 + (uniform(&seed) - 0.5) * 0.1,
                               38 + (uniform(&seed) - 0.5) * 0.1};
        struct geom dot;
        struct closest fast;
        struct closest slow;
        assert_int_equal(geom_of_point(point, &arena, &dot, NULL), ERR_OK);
        distance_to_point(&edges, point, 2000, &fast);
        assert_int_equal(distance_shapes(&polygon, &dot, 2000, &arena, &slow, NULL), ERR_OK);
        assert_true(fast.distance_m == slow.distance_m ||
                    fabs(fast.distance_m - slow.distance_m) < 1e-6);
    }
    arena_release(&arena);
}

static void test_numbers_that_are_no_coordinates_are_refused_at_once(void **state)
{
    (void)state;
    static const double bad[] = {1e300, -1e300, 1e9, 91, NAN, INFINITY};
    struct arena arena;
    arena_init(&arena, 0);
    struct geom good = shape("polygon 106 38, 106.1 38, 106.1 38.1", &arena);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct lonlat edge[2] = {{106, 38}, {106, bad[i]}};
        struct geom line = two_point_line(edge);
        struct closest closest;
        struct err err = {0};
        line.box = (struct box){-180, -90, 180, 90};
        assert_int_equal(distance_shapes(&line, &good, INFINITY, &arena, &closest, &err),
                         ERR_INPUT);
        assert_non_null(strstr(err.message, "no longitude and latitude"));
        assert_true(isinf(closest.distance_m));
        struct edges edges;
        assert_int_equal(edges_build(&good, &arena, &edges, NULL), ERR_OK);
        distance_to_point(&edges, edge[1], INFINITY, &closest); /* comes back, whatever it says */
    }
    arena_release(&arena);
}

/* A ring of two million corners on a circle of 30 km, whose edges sag by 30 nm. */
static void test_two_million_vertices_take_a_second_and_are_exact(void **state)
{
    (void)state;
    enum { N = 2000000 };
    struct arena arena;
    struct closest closest;
    struct geom ring;
    struct geom dot;
    struct lonlat centre = {106, 38};
    arena_init(&arena, 0);
    struct lonlat *corners = arena_new(&arena, struct lonlat, N);
    for (int i = 0; i < N; i++)
        corners[i] = ellipsoid_direct(centre, -360.0 * i / N, 30000);
    assert_int_equal(geom_of_ring(corners, N, &arena, &ring, NULL), ERR_OK);
    size_t before = arena.used_bytes;
    struct edges edges;
    assert_int_equal(edges_build(&ring, &arena, &edges, NULL), ERR_OK);
    assert_true((arena.used_bytes - before) / N < 8); /* bytes a vertex */
    for (int i = 0; i < 1000; i++) {
        double away_m = 20000 + 20.0 * i;
        struct lonlat point = ellipsoid_direct(centre, 0.7 * i, away_m);
        distance_to_point(&edges, point, INFINITY, &closest);
        assert_true(fabs(closest.distance_m - fmax(0, away_m - 30000)) < 1e-5);
    }
    assert_int_equal(geom_of_point(ellipsoid_direct(centre, 90, 40000), &arena, &dot, NULL),
                     ERR_OK);
    assert_int_equal(distance_shapes(&ring, &dot, INFINITY, &arena, &closest, NULL), ERR_OK);
    assert_true(fabs(closest.distance_m - 10000) < 1e-5);
    arena_release(&arena);
}

/* Bad rings that an import would mend still have a distance, and to the safe side. */
static void
test_self_crossing_and_overlapping_polygons_are_the_union_of_what_they_wind_about(void **state)
{
    (void)state;
    static const char *const bow_tie = "polygon 106 38, 106.01 38.01, 106.01 38, 106 38.01";
    static const char *const doubled = "polygon 106 38, 106.02 38, 106.02 38.02, 106 38.02 | "
                                       "106.01 38.01, 106.03 38.01, 106.03 38.03, 106.01 38.03";
    struct closest closest;
    assert_true(between("point 106.001 38.005", bow_tie, &closest) == 0);
    assert_true(between("point 106.009 38.005", bow_tie, &closest) == 0);
    double outside_m = between("point 106.005 38.002", bow_tie, &closest);
    assert_true(outside_m > 150 && outside_m < 250);
    assert_true(between("point 106.015 38.015", doubled, &closest) == 0); /* in both */
    assert_true(between("point 106.001 38.001", doubled, &closest) == 0);
}

static void test_distance_gives_its_scratch_memory_back_and_reports_when_there_is_none(void **state)
{
    (void)state;
    uint64_t seed = 13;
    struct arena arena;
    arena_init(&arena, 0);
    struct geom a = star((struct lonlat){106, 38}, 1000, 400, &seed, &arena);
    struct geom b = star((struct lonlat){106.1, 38}, 1000, 400, &seed, &arena);
    struct closest closest;
    size_t before = arena.used_bytes;
    assert_int_equal(distance_shapes(&a, &b, INFINITY, &arena, &closest, NULL), ERR_OK);
    assert_int_equal(arena.used_bytes, before);
    struct arena small;
    struct err err;
    arena_init(&small, 4096);
    assert_int_equal(distance_shapes(&a, &b, INFINITY, &small, &closest, &err), ERR_MEMORY);
    assert_true(isinf(closest.distance_m));
    arena_release(&small);
    arena_release(&arena);
}

/* ---- what is passed over by boxes ---- */

static void test_a_line_touches_by_its_edges_and_not_by_the_box_of_many(void **state)
{
    (void)state;
    struct lonlat points[64];
    uint32_t ends[] = {64};
    for (int i = 0; i < 64; i++)
        points[i] = (struct lonlat){106 + i * 0.01, 38 + i * 0.01};
    struct geom line = {.kind = GEOM_LINE,
                        .n_points = 64,
                        .n_rings = 1,
                        .points = points,
                        .ring_ends = ends,
                        .box = box_of_points(points, 64)};
    struct box on = {106.305, 38.305, 106.305, 38.305}; /* in the box of one edge */
    struct box corner = {106.31, 38.305, 106.32,
                         38.31}; /* meets the box of an edge in its corner */
    struct box beside = {106.311, 38.305, 106.312, 38.306}; /* in the box of sixteen */
    assert_true(distance_line_touches(&line, on));
    assert_true(distance_line_touches(&line, corner));
    assert_false(distance_line_touches(&line, beside));
    assert_true(distance_may_reach(&line, beside, 100));
    assert_false(distance_may_reach(&line, beside, 50)); /* 0.001 degrees are 87 m there */
    struct box far_off = {-73, 38, -73, 38};
    assert_false(distance_may_reach(&line, far_off, 1000));
    assert_true(distance_may_reach(&line, far_off, INFINITY));
}

/* Whatever is in reach may reach, over the antimeridian too. */
static void test_nothing_in_reach_is_passed_over_by_boxes(void **state)
{
    (void)state;
    uint64_t seed = 17;
    struct arena arena;
    struct err err;
    size_t n_near = 0, n_passed = 0;
    arena_init(&arena, 0);
    for (int round = 0; round < 4000; round++) {
        struct lonlat points[60];
        uint32_t ends[] = {60};
        double west_deg = round % 3 == 0 ? 179.9 : round % 3 == 1 ? -180 : 106;
        for (int i = 0; i < 60; i++)
            points[i] = (struct lonlat){west_deg + uniform(&seed) * 0.001 + i * 0.002,
                                        38 + uniform(&seed) * 0.001 + (i % 20) * 0.002};
        struct geom line = {.kind = GEOM_LINE,
                            .n_points = 60,
                            .n_rings = 1,
                            .points = points,
                            .ring_ends = ends,
                            .box = box_of_points(points, 60)};
        struct lonlat place = {west_deg + uniform(&seed) * 0.12, 38 + uniform(&seed) * 0.04};
        if (place.lon_deg > 180)
            place.lon_deg -= 360;
        struct geom point = {
            .kind = GEOM_POINT, .n_points = 1, .points = &place, .box = box_of_points(&place, 1)};
        struct closest closest;
        double limit_m = 100 + 900 * uniform(&seed);
        assert_int_equal(distance_shapes(&line, &point, INFINITY, &arena, &closest, &err), ERR_OK);
        bool may = distance_may_reach(&line, point.box, limit_m);
        assert_true(may || closest.distance_m > limit_m);
        n_near += closest.distance_m <= limit_m;
        n_passed += !may;
    }
    assert_true(n_near > 500 && n_passed > 500);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes_that_touch_cross_or_lie_inside_are_zero_apart),
        cmocka_unit_test(test_a_point_in_a_hole_is_as_far_as_the_holes_edge),
        cmocka_unit_test(test_limit_answers_infinity_beyond_and_the_distance_within),
        cmocka_unit_test(test_point_to_edge_is_the_brute_force_at_every_scale_and_place),
        cmocka_unit_test(test_polygons_apart_are_the_brute_force_over_all_pairs),
        cmocka_unit_test(test_large_outlines_are_searched_through_groups_with_the_same_answer),
        cmocka_unit_test(test_contains_point_agrees_with_the_winding_number),
        cmocka_unit_test(test_prepared_edges_give_the_same_answer),
        cmocka_unit_test(test_numbers_that_are_no_coordinates_are_refused_at_once),
        cmocka_unit_test(test_two_million_vertices_take_a_second_and_are_exact),
        cmocka_unit_test(
            test_self_crossing_and_overlapping_polygons_are_the_union_of_what_they_wind_about),
        cmocka_unit_test(
            test_distance_gives_its_scratch_memory_back_and_reports_when_there_is_none),
        cmocka_unit_test(test_a_line_touches_by_its_edges_and_not_by_the_box_of_many),
        cmocka_unit_test(test_nothing_in_reach_is_passed_over_by_boxes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
