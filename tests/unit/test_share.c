/* test_share.c - shares of area against what geometry says: lenses, capsules, rings, and the
 * worked examples of siting-rules.md. */
#include "tests/unit/exposure_fixture.h"
#include "tests/unit/one_thread.h"
#include "tests/unit/world_fixture.h"

#include "geo/measure/ellipsoid.h"
#include "geo/measure/overlay.h"
#include "geo/world/near.h"
#include "geo/world/share.h"

static const struct lonlat HERE = {106.2, 38.4};

struct bench {
    struct arena arena;
    struct worker worker;
};

static int set_up(void **state)
{
    static struct bench bench;
    arena_init(&bench.arena, 0);
    assert_int_equal(worker_init(&bench.worker, 0, NULL), ERR_OK);
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    worker_release(&bench->worker);
    arena_release(&bench->arena);
    return 0;
}

/* A place so many metres east and north of HERE, along a geodesic: true to r3 / R2. */
static struct lonlat at(double x, double y)
{
    return ellipsoid_direct(HERE, atan2(x, y) * 180 / M_PI, hypot(x, y));
}

static struct geom rectangle(struct bench *bench, double x0, double y0, double x1, double y1)
{
    struct lonlat ring[] = {at(x0, y0), at(x1, y0), at(x1, y1), at(x0, y1)};
    return polygon_of(ring, 4, &bench->arena);
}

static struct geom point(struct bench *bench, struct lonlat place)
{
    struct geom geom;
    assert_int_equal(geom_of_point(place, &bench->arena, &geom, NULL), ERR_OK);
    return geom;
}

static struct geom line(struct bench *bench, struct lonlat from, struct lonlat to)
{
    struct lonlat *points = arena_new(&bench->arena, struct lonlat, 2);
    uint32_t *ends = arena_new(&bench->arena, uint32_t, 1);
    points[0] = from;
    points[1] = to;
    ends[0] = 2;
    return (struct geom){.kind = GEOM_LINE,
                         .n_points = 2,
                         .n_rings = 1,
                         .points = points,
                         .ring_ends = ends,
                         .box = box_of_points(points, 2)};
}

static struct share shared(struct bench *bench, const struct geom *a, double a_m,
                           const struct geom *b, double b_m)
{
    struct share share;
    struct err err = {0};
    size_t before = bench->worker.arena.used_bytes;
    enum err_code code = share_of(&bench->worker, &(struct share_shape){a, a_m},
                                  &(struct share_shape){b, b_m}, &share, &err);
    if (code != ERR_OK)
        print_message("%s\n", err.message);
    assert_int_equal(code, ERR_OK);
    assert_int_equal(bench->worker.arena.used_bytes, before);
    return share;
}

/* Share of [x0, x0 + 200] x [0, 100] within 500 m of the origin: where the circle passes. */
static double strip_share(double x0)
{
    double y = 100, r = 500;
    return (0.5 * (y * sqrt(r * r - y * y) + r * r * asin(y / r)) - x0 * y) / 20000;
}

static void test_share_of_a_site_at_the_rim_of_a_circle_is_t_10(void **state)
{
    struct bench *bench = *state;
    static const struct {
        double x0;
        double percent;
    } rows[] = {{470, 13.3232}, {476, 10.3232}, {476.5, 10.0732}, {477, 9.8232}, {485, 5.8232}};
    struct geom plant = point(bench, HERE);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct geom site = rectangle(bench, rows[i].x0, 0, rows[i].x0 + 200, 100);
        struct share share = shared(bench, &site, 0, &plant, 500);
        assert_true(fabs(100 * share.of_a - rows[i].percent) < 0.0001);
        assert_true(fabs(share.of_a - strip_share(rows[i].x0)) < 2e-7);
        assert_true(fabs(share.of_b - share.shared_m2 / (M_PI * 250000)) < 1e-9);
        struct share turned = shared(bench, &plant, 500, &site, 0);
        assert_true(fabs(turned.of_b - share.of_a) < 1e-12);
    }
}

static void test_a_default_buffer_would_give_the_other_verdict_which_is_t_11(void **state)
{
    struct bench *bench = *state;
    static const struct {
        int segments;
        double percent;
    } rows[] = {{8, 9.5346}, {16, 10.1254}, {32, 10.2736}, {64, 10.3107}};
    struct lonlat origin = {0, 0};
    struct lonlat ring[] = {{476, 0}, {676, 0}, {676, 100}, {476, 100}};
    struct geom plant = point(bench, origin);
    struct geom site = polygon_of(ring, 4, &bench->arena);
    for (size_t i = 0; i < 4; i++) {
        struct geom circle;
        struct geom part;
        assert_int_equal(overlay_plane_buffer(bench->worker.overlay, &plant, 500, rows[i].segments,
                                              &bench->arena, &circle, NULL),
                         ERR_OK);
        assert_int_equal(
            overlay_intersection(bench->worker.overlay, &circle, &site, &bench->arena, &part, NULL),
            ERR_OK);
        double area = 0;
        for (uint32_t k = 0; k + 1 < part.n_points; k++)
            area += (part.points[k].lon_deg * part.points[k + 1].lat_deg -
                     part.points[k].lat_deg * part.points[k + 1].lon_deg) /
                    2;
        assert_true(fabs(area / 20000 * 100 - rows[i].percent) < 0.0001);
    }
}

static void test_share_of_a_site_just_inside_is_whole_which_is_t_70(void **state)
{
    struct bench *bench = *state;
    /* A square of 20 cm about the point 499 m off, towards the middle of an edge of a 32-gon. */
    struct geom plant = point(bench, HERE);
    struct geom site = rectangle(bench, 496.497, 48.811, 496.697, 49.011);
    struct share share = shared(bench, &site, 0, &plant, 500);
    assert_true(share.of_a == 1);
    site = rectangle(bench, 498.597, 48.811, 498.797, 49.011); /* 2.1 m farther out */
    assert_true(shared(bench, &site, 0, &plant, 500).of_a == 0);
}

static void test_share_of_circles_is_their_lens(void **state)
{
    struct bench *bench = *state;
    static const double radii[][3] = {
        {500, 500, 300}, {500, 200, 600}, {1000, 30, 990}, {5, 5, 3}, {1, 1, 0.5}};
    for (size_t i = 0; i < sizeof radii / sizeof radii[0]; i++) {
        double r = radii[i][0], s = radii[i][1], d = radii[i][2];
        struct geom a = point(bench, HERE);
        struct geom b = point(bench, at(d * 0.6, d * 0.8));
        double lens = r * r * acos((d * d + r * r - s * s) / (2 * d * r)) +
                      s * s * acos((d * d + s * s - r * r) / (2 * d * s)) -
                      0.5 * sqrt((-d + r + s) * (d + r - s) * (d - r + s) * (d + r + s));
        struct share share = shared(bench, &a, r, &b, s);
        assert_true(fabs(share.a_m2 / (M_PI * r * r) - 1) < 1e-6);
        assert_true(fabs(share.b_m2 / (M_PI * s * s) - 1) < 1e-6);
        assert_true(fabs(share.shared_m2 / lens - 1) < 1e-6);
    }
}

static void test_share_of_strips_and_rounded_boxes_is_what_steiner_says(void **state)
{
    struct bench *bench = *state;
    /* Area within r of a convex shape: its own, and perimeter times r, and pi r2. */
    struct geom pipe = line(bench, at(-400, -300), at(400, 300));
    double length = ellipsoid_length_m(&pipe);
    struct geom box = rectangle(bench, -100, -50, 100, 50);
    struct geom plant = point(bench, at(0, 0));
    static const double radii[] = {5, 50, 200, 1000};
    for (size_t i = 0; i < 4; i++) {
        double r = radii[i];
        struct share share = shared(bench, &pipe, r, &box, r);
        assert_true(fabs(share.a_m2 / (2 * length * r + M_PI * r * r) - 1) < 1e-6);
        assert_true(fabs(share.b_m2 / (20000 + 600 * r + M_PI * r * r) - 1) < 1e-6);
        /* The strip of a line across a smaller circle at its middle: all but two caps. */
        double big = 2.5 * r < 400 ? 2.5 * r : 400;
        if (big > r) {
            double cap = big * big * acos(r / big) - r * sqrt(big * big - r * r);
            share = shared(bench, &plant, big, &pipe, r);
            assert_true(fabs(share.of_a - (1 - 2 * cap / (M_PI * big * big))) < 1e-6);
        }
    }
}

static void test_share_of_equal_and_nested_shapes_is_whole(void **state)
{
    struct bench *bench = *state;
    struct geom plant = point(bench, HERE);
    struct geom box = rectangle(bench, -100, -50, 100, 50);
    struct share share = shared(bench, &plant, 500, &plant, 500);
    assert_true(share.of_a > 1 - 1e-9 && share.of_b > 1 - 1e-9);
    share = shared(bench, &plant, 500, &plant, 1000);
    assert_true(share.of_a > 1 - 1e-12 && fabs(share.of_b - 0.25) < 1e-7);
    share = shared(bench, &box, 0, &box, 0);
    assert_true(share.of_a == 1 && share.of_b == 1);
    share = shared(bench, &box, 0, &box, 30);
    assert_true(share.of_a == 1 && share.of_b < 1);
    share = shared(bench, &box, 30, &box, 30);
    assert_true(share.of_a > 1 - 1e-9);
    struct geom apart = rectangle(bench, 2000, 0, 2100, 100);
    share = shared(bench, &box, 0, &apart, 0);
    assert_true(share.of_a == 0 && share.shared_m2 == 0 && share.b_m2 > 9999);
}

static void test_share_of_polygons_is_exact_and_adds_up(void **state)
{
    struct bench *bench = *state;
    uint64_t seed = 51;
    for (int i = 0; i < 30; i++) {
        struct geom a = random_star(0.3, 30, &seed, &bench->arena);
        struct geom west = box_shape(100, 30, 106.5, 45, &bench->arena);
        struct geom east = box_shape(106.5, 30, 115, 45, &bench->arena);
        struct share one = shared(bench, &a, 0, &west, 0);
        struct share other = shared(bench, &a, 0, &east, 0);
        assert_true(fabs(one.of_a + other.of_a - 1) < 1e-12);
        assert_true(one.a_m2 == ellipsoid_area_m2(&a));
        /* With radii, on either side of a line, too. */
        one = shared(bench, &a, 700, &west, 0);
        other = shared(bench, &a, 700, &east, 0);
        assert_true(fabs(one.of_a + other.of_a - 1) < 1e-9);
    }
}

static void test_share_over_the_antimeridian_is_the_same(void **state)
{
    struct bench *bench = *state;
    struct geom plant = point(bench, (struct lonlat){179.9999, 38.4});
    struct geom west = box_shape(-180, 38, -179, 39, &bench->arena);
    struct geom east = box_shape(179, 38, 180, 39, &bench->arena);
    struct share one = shared(bench, &plant, 500, &west, 0);
    struct share other = shared(bench, &plant, 500, &east, 0);
    assert_true(one.of_a > 0.45 && other.of_a > 0.45);
    assert_true(fabs(one.of_a + other.of_a - 1) < 1e-9);
}

static void refused(struct bench *bench, const struct geom *a, double a_m, enum err_code code,
                    const char *says)
{
    struct geom box = rectangle(bench, -100, -50, 100, 50);
    struct share share;
    struct err err;
    assert_int_equal(share_of(&bench->worker, &(struct share_shape){a, a_m},
                              &(struct share_shape){&box, 0}, &share, &err),
                     code);
    assert_non_null(strstr(err.message, says));
}

static void test_share_refuses_what_has_no_area(void **state)
{
    struct bench *bench = *state;
    struct geom plant = point(bench, HERE);
    struct geom pole = point(bench, (struct lonlat){0, 89.9999});
    struct geom none = {.kind = GEOM_NONE, .box = box_empty()};
    struct lonlat flat[] = {{106, 38}, {106.1, 38}, {106.2, 38}};
    struct geom thin = polygon_of(flat, 3, &bench->arena);
    refused(bench, &plant, 0, ERR_INPUT, "no area; give it a radius");
    refused(bench, &none, 0, ERR_INPUT, "no area");
    refused(bench, &none, 100, ERR_INPUT, "no area");
    refused(bench, &thin, 0, ERR_INPUT, "has no area");
    refused(bench, &pole, 500, ERR_INPUT, "pole");
    refused(bench, &plant, -1, ERR_USAGE, "radius of -1 m");
    refused(bench, &plant, 100001, ERR_USAGE, "radius of 100001 m");
    refused(bench, &plant, (double)NAN, ERR_USAGE, "radius of nan");
}

/* 100 m cells of 10 persons on a plane whose geodesic circles about the origin are circles:
 * counting cells by their centres gives 800, all that are touched 880. */
static void test_population_of_a_circle_is_t_71(void **state)
{
    struct bench *bench = *state;
    struct transform *transform;
    struct geom plant = point(bench, HERE);
    struct geom circle;
    struct exposure exposure;
    const char *crs = "+proj=aeqd +lat_0=38.4 +lon_0=106.2 +ellps=WGS84 +datum=WGS84 +type=crs";
    assert_int_equal(transform_new(crs, &transform, NULL), ERR_OK);
    struct grid grid = make_grid(-1000, 1000, 100, 20, 20, &bench->arena);
    grid.geographic = false;
    grid.crs = crs;
    for (uint32_t row = 0; row < 20; row++)
        for (uint32_t column = 0; column < 20; column++)
            set_cell(&grid, column, row, 10);
    assert_int_equal(
        overlay_buffer(bench->worker.overlay, &plant, 500, 0.001, &bench->arena, &circle, NULL),
        ERR_OK);
    assert_int_equal(exposure_of(&grid, transform, &circle, &bench->arena, &exposure, NULL),
                     ERR_OK);
    assert_true(fabs(exposure.persons - 785.398) < 0.002);
    assert_true(exposure.low == 600);
    /* 88 cells are touched, and 8 more by the half millimetre that the drawn circle is out where
     * the true one touches a line between cells. */
    assert_true(exposure.cells >= 88 && exposure.cells <= 96);
    transform_free(transform);
}

/* Counting people within a radius draws a polygon, whose area is held to that of the shape as
 * shares take it: round a point to rounding, else to a millionth. */
static void test_people_within_a_radius_are_counted_in_its_true_area(void **state)
{
    struct bench *bench = *state;
    static const double radii[] = {100, 500, 3000, 30e3};
    struct fixture f;
    fixture_init(&f);
    struct world *world = fixture_world(&f, 20260601);
    struct geom shapes[] = {point(bench, HERE), line(bench, HERE, at(1500, 900)),
                            rectangle(bench, 0, 0, 1500, 900)};
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < sizeof radii / sizeof radii[0]; k++) {
            struct exposure exposure;
            struct share share;
            const struct share_shape shape = {&shapes[i], radii[k]};
            worker_reset(&bench->worker);
            assert_int_equal(share_of(&bench->worker, &shape, &shape, &share, NULL), ERR_OK);
            assert_int_equal(
                near_exposure(world, &bench->worker, &shapes[i], radii[k], &exposure, NULL),
                ERR_OK);
            double off = exposure.area_m2 / share.a_m2 - 1;
            if (fabs(off) > (i == 0 ? 2e-9 : 1e-6))
                fail_msg("shape %zu within %g m: area off by %.2e", i, radii[k], off);
        }
    }
    world_release(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_share_of_a_site_at_the_rim_of_a_circle_is_t_10),
        cmocka_unit_test(test_a_default_buffer_would_give_the_other_verdict_which_is_t_11),
        cmocka_unit_test(test_share_of_a_site_just_inside_is_whole_which_is_t_70),
        cmocka_unit_test(test_share_of_circles_is_their_lens),
        cmocka_unit_test(test_share_of_strips_and_rounded_boxes_is_what_steiner_says),
        cmocka_unit_test(test_share_of_equal_and_nested_shapes_is_whole),
        cmocka_unit_test(test_share_of_polygons_is_exact_and_adds_up),
        cmocka_unit_test(test_share_over_the_antimeridian_is_the_same),
        cmocka_unit_test(test_share_refuses_what_has_no_area),
        cmocka_unit_test(test_population_of_a_circle_is_t_71),
        cmocka_unit_test(test_people_within_a_radius_are_counted_in_its_true_area),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
