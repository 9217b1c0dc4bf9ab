/* test_distance_random.c - distances between random shapes of every kind, from the equator to the
 * poles and over the antimeridian, against a brute force that knows PROJ's geodesics alone. */
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

static uint32_t below(uint64_t *seed, uint32_t n)
{
    return (uint32_t)(uniform(seed) * n);
}

/* ---- random shapes ---- */

enum { MOST_POINTS = 64 };

enum shape_kind {
    POINT,
    POINTS,
    LINE,
    LINES,
    POLYGON,
    HOLED,
    POLYGONS,
    DEGENERATE, /* a line that goes to and fro over one place, and stands still */
    SHAPE_KINDS
};

struct maker {
    struct lonlat *points;
    uint32_t *rings;
    uint32_t *parts;
    struct geom geom;
};

static void maker_init(struct maker *maker, enum geom_kind kind, struct arena *arena)
{
    maker->points = arena_new(arena, struct lonlat, MOST_POINTS);
    maker->rings = arena_new(arena, uint32_t, MOST_POINTS);
    maker->parts = arena_new(arena, uint32_t, MOST_POINTS);
    maker->geom = (struct geom){.kind = kind,
                                .points = maker->points,
                                .ring_ends = maker->rings,
                                .part_ends = maker->parts};
}

static void add_point(struct maker *maker, struct lonlat point)
{
    maker->points[maker->geom.n_points++] = point;
}

static void end_ring(struct maker *maker)
{
    maker->rings[maker->geom.n_rings++] = maker->geom.n_points;
}

/* A ring about a centre with radii between low and high shares of radius_m. */
static void add_star(struct maker *maker, struct lonlat centre, double low_m, double high_m,
                     bool hole, uint64_t *seed)
{
    uint32_t first = maker->geom.n_points;
    uint32_t n = 3 + below(seed, 6);
    double turned = uniform(seed) * 360;
    for (uint32_t i = 0; i < n; i++)
        add_point(maker, ellipsoid_direct(centre, turned + (hole ? 360.0 : -360.0) * i / n,
                                          low_m + (high_m - low_m) * uniform(seed)));
    add_point(maker, maker->points[first]);
    end_ring(maker);
}

static struct lonlat away(struct lonlat from, double most_m, uint64_t *seed)
{
    return ellipsoid_direct(from, uniform(seed) * 360, uniform(seed) * most_m);
}

static void add_walk(struct maker *maker, struct lonlat from, double step_m, uint64_t *seed)
{
    uint32_t n = 2 + below(seed, 10);
    for (uint32_t i = 0; i < n; i++) {
        add_point(maker, from);
        from = away(from, step_m, seed);
    }
    end_ring(maker);
}

static struct geom random_shape(enum shape_kind kind, struct lonlat centre, double size_m,
                                uint64_t *seed, struct arena *arena)
{
    struct maker maker;
    maker_init(&maker,
               kind <= POINTS                        ? GEOM_POINT
               : kind <= LINES || kind == DEGENERATE ? GEOM_LINE
                                                     : GEOM_POLYGON,
               arena);
    uint32_t n = kind == POINTS || kind == LINES || kind == POLYGONS ? 2 + below(seed, 2) : 1;
    for (uint32_t i = 0; i < n; i++) {
        struct lonlat at = i == 0 ? centre : away(centre, 3 * size_m, seed);
        if (maker.geom.kind == GEOM_POINT) {
            add_point(&maker, at);
        } else if (kind == DEGENERATE) {
            struct lonlat other = away(at, size_m, seed);
            struct lonlat way[] = {at, at, other, at, at, other};
            for (size_t k = 0; k < sizeof way / sizeof way[0]; k++)
                add_point(&maker, way[k]);
            end_ring(&maker);
        } else if (maker.geom.kind == GEOM_LINE) {
            add_walk(&maker, at, size_m, seed);
        } else {
            add_star(&maker, at, size_m * 0.5, size_m, false, seed);
            if (kind == HOLED)
                add_star(&maker, at, size_m * 0.1, size_m * 0.25, true, seed);
            maker.parts[maker.geom.n_parts++] = maker.geom.n_rings;
        }
    }
    maker.geom.box = box_of_points(maker.points, maker.geom.n_points);
    return maker.geom;
}

/* ---- brute force ---- */

struct stretch {
    struct lonlat a;
    struct lonlat b;
};

static size_t list_stretches(const struct geom *geom, struct stretch *out)
{
    size_t n = 0;
    if (geom->kind == GEOM_POINT)
        for (uint32_t i = 0; i < geom->n_points; i++)
            out[n++] = (struct stretch){geom->points[i], geom->points[i]};
    for (uint32_t ring = 0; ring < geom->n_rings; ring++)
        for (uint32_t i = geom_ring_start(geom, ring); i + 1 < geom->ring_ends[ring]; i++)
            out[n++] = (struct stretch){geom->points[i], geom->points[i + 1]};
    return n;
}

static struct lonlat along(const struct stretch *stretch, double t)
{
    return (struct lonlat){stretch->a.lon_deg + t * (stretch->b.lon_deg - stretch->a.lon_deg),
                           stretch->a.lat_deg + t * (stretch->b.lat_deg - stretch->a.lat_deg)};
}

/* Golden section from the best of some samples; *at gets where. */
static double brute_from_point(struct lonlat point, const struct stretch *stretch, int samples,
                               double *at)
{
    double best_m = INFINITY;
    double best_at = 0;
    for (int i = 0; i <= samples; i++) {
        double t = (double)i / samples;
        double distance_m = ellipsoid_inverse(point, along(stretch, t), NULL);
        if (distance_m < best_m) {
            best_m = distance_m;
            best_at = t;
        }
    }
    double low = fmax(0, best_at - 1.0 / samples);
    double high = fmin(1, best_at + 1.0 / samples);
    const double golden = (sqrt(5) - 1) / 2;
    for (int i = 0; i < 45; i++) {
        double t = high - golden * (high - low);
        double u = low + golden * (high - low);
        double t_m = ellipsoid_inverse(point, along(stretch, t), NULL);
        double u_m = ellipsoid_inverse(point, along(stretch, u), NULL);
        if (fmin(t_m, u_m) < best_m) {
            best_m = fmin(t_m, u_m);
            best_at = t_m < u_m ? t : u;
        }
        if (t_m < u_m)
            high = u;
        else
            low = t;
    }
    *at = best_at;
    return best_m;
}

/* From each of some points of a to b, and to and fro from the best until it helps no more. */
static double brute_stretches_m(const struct stretch *a, const struct stretch *b, int samples)
{
    double best_m = INFINITY;
    for (int i = 0; i <= 4; i++) {
        double t = i / 4.0;
        double u;
        double distance_m = brute_from_point(along(a, t), b, samples, &u);
        for (int round = 0; round < 6; round++) {
            double before_m = distance_m;
            distance_m = fmin(distance_m, brute_from_point(along(b, u), a, samples, &t));
            distance_m = fmin(distance_m, brute_from_point(along(a, t), b, samples, &u));
            if (before_m - distance_m < 1e-7)
                break;
        }
        best_m = fmin(best_m, distance_m);
    }
    return best_m;
}

static bool cross(const struct stretch *a, const struct stretch *b, double turn_deg)
{
    long double ax = a->b.lon_deg - a->a.lon_deg;
    long double ay = a->b.lat_deg - a->a.lat_deg;
    long double bx = b->b.lon_deg - b->a.lon_deg;
    long double by = b->b.lat_deg - b->a.lat_deg;
    long double dx = (long double)b->a.lon_deg + turn_deg - a->a.lon_deg;
    long double dy = (long double)b->a.lat_deg - a->a.lat_deg;
    long double area = ax * by - ay * bx;
    if (area == 0)
        return false; /* parallel: where they touch, the brute force finds 0 */
    long double s = (dx * by - dy * bx) / area;
    long double t = (dx * ay - dy * ax) / area;
    return s >= 0 && s <= 1 && t >= 0 && t <= 1;
}

/* By the angle that each ring turns about the point. */
static bool winds_about(const struct geom *polygon, struct lonlat point, double turn_deg)
{
    double turned = 0;
    if (polygon->kind != GEOM_POLYGON)
        return false;
    for (uint32_t ring = 0; ring < polygon->n_rings; ring++)
        for (uint32_t i = geom_ring_start(polygon, ring); i + 1 < polygon->ring_ends[ring]; i++) {
            double ax = polygon->points[i].lon_deg - point.lon_deg - turn_deg;
            double ay = polygon->points[i].lat_deg - point.lat_deg;
            double bx = polygon->points[i + 1].lon_deg - point.lon_deg - turn_deg;
            double by = polygon->points[i + 1].lat_deg - point.lat_deg;
            turned += atan2(ax * by - ay * bx, ax * bx + ay * by);
        }
    return fabs(turned) > M_PI;
}

static bool touches(const struct geom *a, const struct geom *b, const struct stretch *as,
                    size_t n_a, const struct stretch *bs, size_t n_b)
{
    for (int turn = -1; turn <= 1; turn++) {
        for (size_t i = 0; i < n_a; i++)
            for (size_t j = 0; j < n_b; j++)
                if (cross(&as[i], &bs[j], turn * 360.0))
                    return true;
        for (uint32_t i = 0; i < b->n_points; i++)
            if (winds_about(a, b->points[i], turn * 360.0))
                return true;
        for (uint32_t i = 0; i < a->n_points; i++)
            if (winds_about(b, a->points[i], turn * 360.0))
                return true;
    }
    return false;
}

static double length_m(const struct stretch *stretch)
{
    double sum_m = 0;
    for (int i = 0; i < 4; i++)
        sum_m += ellipsoid_inverse(along(stretch, i / 4.0), along(stretch, (i + 1) / 4.0), NULL);
    return sum_m * 1.05;
}

static double brute_m(const struct geom *a, const struct geom *b, int samples)
{
    struct stretch as[MOST_POINTS];
    struct stretch bs[MOST_POINTS];
    double coarse_m[MOST_POINTS][MOST_POINTS];
    size_t n_a = list_stretches(a, as);
    size_t n_b = list_stretches(b, bs);
    if (touches(a, b, as, n_a, bs, n_b))
        return 0;
    double best_m = INFINITY;
    for (size_t i = 0; i < n_a; i++)
        for (size_t j = 0; j < n_b; j++) {
            coarse_m[i][j] = ellipsoid_inverse(along(&as[i], 0.5), along(&bs[j], 0.5), NULL);
            best_m = fmin(best_m, coarse_m[i][j]);
        }
    for (size_t i = 0; i < n_a; i++)
        for (size_t j = 0; j < n_b; j++)
            if (coarse_m[i][j] - (length_m(&as[i]) + length_m(&bs[j])) / 2 <= best_m)
                best_m = fmin(best_m, brute_stretches_m(&as[i], &bs[j], samples));
    return best_m;
}

/* ---- the comparison ---- */

struct region {
    const char *name;
    double lat_deg; /* of the first shape: up to 0.3 degrees farther north */
    double lon_deg;
    double size_m; /* of shapes */
    double away_m; /* of the second from the first */
    int rounds;    /* for each pair of kinds */
    double tolerance_m;
};

static double off_by(const struct geom *a, const struct geom *b, double expected_m,
                     struct closest *closest, struct arena *arena)
{
    struct err err = {0};
    if (distance_shapes(a, b, INFINITY, arena, closest, &err) != ERR_OK)
        fail_msg("%s", err.message);
    return fabs(closest->distance_m - expected_m);
}

/* Both points lie on their shapes, and are as far apart as it says. */
static void check_points(const struct geom *a, const struct geom *b, const struct closest *closest,
                         struct arena *arena)
{
    const struct geom *shapes[] = {a, b};
    const struct lonlat points[] = {closest->a, closest->b};
    double apart_m = ellipsoid_inverse(closest->a, closest->b, NULL);
    assert_true(fabs(apart_m - closest->distance_m) <= 2e-7 + 1e-7 * closest->distance_m);
    for (int i = 0; i < 2; i++) {
        struct geom point;
        struct closest to;
        assert_int_equal(geom_of_point(points[i], arena, &point, NULL), ERR_OK);
        assert_int_equal(distance_shapes(&point, shapes[i], INFINITY, arena, &to, NULL), ERR_OK);
        assert_true(to.distance_m <= 1e-6);
    }
}

static void print_shape(const struct geom *geom)
{
    for (uint32_t i = 0; i < geom->n_points; i++)
        print_message(" %.12f %.12f", geom->points[i].lon_deg, geom->points[i].lat_deg);
    print_message("\n");
}

static void compare(const struct region *region, const struct geom *a, const struct geom *b,
                    int samples, struct arena *arena)
{
    struct closest closest;
    struct closest back;
    double expected_m = brute_m(a, b, samples);
    double off_m = off_by(a, b, expected_m, &closest, arena);
    double back_m = off_by(b, a, expected_m, &back, arena);
    double tolerance_m = a->kind == GEOM_POINT && b->kind == GEOM_POINT ? 1e-6 + 1e-13 * expected_m
                                                                        : region->tolerance_m;
    if (!(fmax(off_m, back_m) <= tolerance_m)) {
        print_message("%s: %.9f and %.9f, expected %.9f\n", region->name, closest.distance_m,
                      back.distance_m, expected_m);
        print_shape(a);
        print_shape(b);
    }
    assert_true(fmax(off_m, back_m) <= tolerance_m);
    check_points(a, b, &closest, arena);
    /* A limit on either side of it answers, or not. */
    struct closest limited;
    double limit_m = closest.distance_m;
    assert_int_equal(distance_shapes(a, b, limit_m * (1 + 1e-9) + 1e-6, arena, &limited, NULL),
                     ERR_OK);
    assert_true(fabs(limited.distance_m - limit_m) <= 1e-6);
    assert_int_equal(distance_shapes(a, b, limit_m - 2e-3, arena, &limited, NULL), ERR_OK);
    assert_true(isinf(limited.distance_m));
}

static void test_all_kinds_of_shapes_everywhere_are_the_brute_force(void **state)
{
    (void)state;
    static const struct region regions[] = {
        {"buildings on the equator", -0.1, 106, 30, 200, 2, 1e-4},
        {"plants at 38 N", 38, 106, 300, 2000, 3, 1e-3},
        {"zones over the antimeridian", 51, 180, 1000, 8000, 3, 1e-3},
        {"pipelines at 38 N", 38, 106, 20e3, 60e3, 2, 1e-3},
        {"plants at 75 N", 75, -179.99, 300, 2000, 2, 1e-3},
        {"pipelines at 75 S", -75.3, 30, 20e3, 60e3, 2, 1e-3},
        {"plants at 89 N", 89, 179.9, 1000, 5000, 2, 1e-3},
        {"pipelines at 89 N", 88.9, 0, 10e3, 40e3, 2, 1e-3},
        {"provinces", 30, 100, 200e3, 500e3, 1, 0.5},
    };
    uint64_t seed = 20261122;
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t r = 0; r < sizeof regions / sizeof regions[0]; r++)
        for (int i = 0; i < SHAPE_KINDS; i++)
            for (int j = i; j < SHAPE_KINDS; j++)
                for (int round = 0; round < regions[r].rounds; round++) {
                    const struct region *region = &regions[r];
                    struct lonlat centre = {region->lon_deg,
                                            region->lat_deg + 0.3 * uniform(&seed)};
                    struct lonlat other = away(centre, region->away_m, &seed);
                    if (round % 2 == 1)
                        other.lon_deg -= 360;
                    struct geom a =
                        random_shape((enum shape_kind)i, centre, region->size_m, &seed, &arena);
                    struct geom b =
                        random_shape((enum shape_kind)j, other, region->size_m, &seed, &arena);
                    compare(region, &a, &b, 16, &arena);
                    arena_reset(&arena);
                }
    arena_release(&arena);
}

/* Edges of a hundred degrees of longitude bend round the pole. */
static void test_edges_about_the_poles_are_the_brute_force(void **state)
{
    (void)state;
    static const struct region region = {.name = "about a pole", .tolerance_m = 1e-3};
    uint64_t seed = 90;
    struct arena arena;
    arena_init(&arena, 0);
    for (int round = 0; round < 60; round++) {
        struct geom shapes[2];
        double sign = round % 2 ? -1 : 1;
        for (int k = 0; k < 2; k++) {
            struct maker maker;
            maker_init(&maker, GEOM_LINE, &arena);
            uint32_t n = 2 + below(&seed, 3);
            for (uint32_t i = 0; i < n; i++)
                add_point(&maker, (struct lonlat){uniform(&seed) * 300 - 150,
                                                  sign * (i == 1 && round % 5 == 0
                                                              ? 90
                                                              : 89.7 + 0.29 * uniform(&seed))});
            end_ring(&maker);
            maker.geom.box = box_of_points(maker.points, maker.geom.n_points);
            shapes[k] = maker.geom;
        }
        compare(&region, &shapes[0], &shapes[1], 200, &arena);
        arena_reset(&arena);
    }
    arena_release(&arena);
}

/* Two edges side by side, nearest with no vertex at either place: they bend away from their
 * chords by metres, and the millimetre must still be right. */
static void test_long_edges_side_by_side_are_the_brute_force(void **state)
{
    (void)state;
    static const struct region region = {.name = "side by side", .tolerance_m = 1e-3};
    uint64_t seed = 11;
    struct arena arena;
    arena_init(&arena, 0);
    for (int round = 0; round < 60; round++) {
        struct geom shapes[2];
        double lat_deg = 10 + 75 * uniform(&seed);
        double wide_deg = 0.5 + 4 * uniform(&seed);
        for (int k = 0; k < 2; k++) {
            struct maker maker;
            maker_init(&maker, GEOM_LINE, &arena);
            double tilt = (uniform(&seed) - 0.5) * 0.02;
            double up = lat_deg + k * (0.0101 + 0.05 * uniform(&seed));
            add_point(&maker, (struct lonlat){179 - uniform(&seed), up - tilt});
            add_point(&maker, (struct lonlat){179 + wide_deg, up + tilt});
            end_ring(&maker);
            maker.geom.box = box_of_points(maker.points, maker.geom.n_points);
            shapes[k] = maker.geom;
        }
        compare(&region, &shapes[0], &shapes[1], 100, &arena);
        arena_reset(&arena);
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_kinds_of_shapes_everywhere_are_the_brute_force),
        cmocka_unit_test(test_edges_about_the_poles_are_the_brute_force),
        cmocka_unit_test(test_long_edges_side_by_side_are_the_brute_force),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
