/* test_overlay.c - overlays by GEOS, and buffers against geodesic distances. */
#include "geo/measure/overlay.h"

#include "geo/measure/distance.h"
#include "geo/measure/ellipsoid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static double uniform(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (double)(*seed >> 11) / 9007199254740992.0;
}

struct fixture {
    struct arena arena;
    struct overlay *overlay;
};

static int start(void **state)
{
    static struct fixture fixture;
    struct err err;
    arena_init(&fixture.arena, 0);
    *state = &fixture;
    return overlay_new(&fixture.overlay, &err) == ERR_OK ? 0 : -1;
}

static int stop(void **state)
{
    struct fixture *fixture = *state;
    overlay_free(fixture->overlay);
    arena_release(&fixture->arena);
    return 0;
}

static struct geom square(double west, double south, double side, struct arena *arena)
{
    struct lonlat ring[] = {
        {west, south}, {west + side, south}, {west + side, south + side}, {west, south + side}};
    struct geom geom;
    assert_int_equal(geom_of_ring(ring, 4, arena, &geom, NULL), ERR_OK);
    return geom;
}

static struct geom line_of(struct lonlat *points, uint32_t n, struct arena *arena)
{
    uint32_t *end = arena_new(arena, uint32_t, 1);
    *end = n;
    return (struct geom){.kind = GEOM_LINE,
                         .n_points = n,
                         .n_rings = 1,
                         .points = points,
                         .ring_ends = end,
                         .box = box_of_points(points, n)};
}

static struct geom star(struct lonlat centre, double radius_m, uint32_t n, uint64_t *seed,
                        struct arena *arena)
{
    struct lonlat *ring = arena_new(arena, struct lonlat, n);
    struct geom geom;
    for (uint32_t i = 0; i < n; i++)
        ring[i] = ellipsoid_direct(centre, -360.0 * i / n, radius_m * (0.3 + 0.7 * uniform(seed)));
    assert_int_equal(geom_of_ring(ring, n, arena, &geom, NULL), ERR_OK);
    return geom;
}

static void test_intersection_and_difference_make_up_the_whole(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 1;
    for (int i = 0; i < 100; i++) {
        struct geom a = star((struct lonlat){106, 38}, 5000, 20, &seed, &f->arena);
        struct geom b = star((struct lonlat){106.03, 38.01}, 5000, 20, &seed, &f->arena);
        struct geom both;
        struct geom only;
        struct geom back;
        const struct geom *pieces[] = {&both, &only};
        assert_int_equal(overlay_intersection(f->overlay, &a, &b, &f->arena, &both, NULL), ERR_OK);
        assert_int_equal(overlay_difference(f->overlay, &a, &b, &f->arena, &only, NULL), ERR_OK);
        assert_int_equal(both.kind, GEOM_POLYGON);
        double whole_m2 = ellipsoid_area_m2(&a);
        assert_true(fabs(ellipsoid_area_m2(&both) + ellipsoid_area_m2(&only) - whole_m2) <
                    1e-9 * whole_m2);
        assert_int_equal(overlay_union(f->overlay, pieces, 2, &f->arena, &back, NULL), ERR_OK);
        assert_true(fabs(ellipsoid_area_m2(&back) - whole_m2) < 1e-9 * whole_m2);
    }
}

static void test_results_keep_the_lower_kind_and_drop_what_merely_touches(void **state)
{
    struct fixture *f = *state;
    struct geom a = square(0, 0, 1, &f->arena);
    struct geom neighbour = square(1, 0, 1, &f->arena);
    struct geom far = square(5, 5, 1, &f->arena);
    struct geom none = {.kind = GEOM_NONE, .box = box_empty()};
    struct geom out;
    assert_int_equal(overlay_intersection(f->overlay, &a, &neighbour, &f->arena, &out, NULL),
                     ERR_OK);
    assert_int_equal(out.kind, GEOM_NONE);
    assert_int_equal(overlay_intersection(f->overlay, &a, &far, &f->arena, &out, NULL), ERR_OK);
    assert_int_equal(out.kind, GEOM_NONE);
    assert_int_equal(overlay_intersection(f->overlay, &a, &none, &f->arena, &out, NULL), ERR_OK);
    assert_int_equal(out.kind, GEOM_NONE);
    assert_int_equal(overlay_difference(f->overlay, &a, &none, &f->arena, &out, NULL), ERR_OK);
    assert_true(geom_equal(&a, &out));
    assert_int_equal(overlay_difference(f->overlay, &a, &a, &f->arena, &out, NULL), ERR_OK);
    assert_int_equal(out.kind, GEOM_NONE);
    struct lonlat across[] = {{-1, 0.5}, {0.5, 0.5}, {0.5, 3}};
    struct geom line = line_of(across, 3, &f->arena);
    assert_int_equal(overlay_intersection(f->overlay, &line, &a, &f->arena, &out, NULL), ERR_OK);
    assert_int_equal(out.kind, GEOM_LINE);
    assert_int_equal(out.n_points, 3);
    struct lonlat inside_and_out[] = {{0.5, 0.5}, {2, 2}};
    struct geom points = {.kind = GEOM_POINT,
                          .n_points = 2,
                          .points = inside_and_out,
                          .box = box_of_points(inside_and_out, 2)};
    assert_int_equal(overlay_intersection(f->overlay, &a, &points, &f->arena, &out, NULL), ERR_OK);
    assert_int_equal(out.kind, GEOM_POINT);
    assert_int_equal(out.n_points, 1);
}

static void test_holes_and_parts_come_out_turned_as_geom_says(void **state)
{
    struct fixture *f = *state;
    struct geom outer = square(0, 0, 10, &f->arena);
    struct geom inner = square(4, 4, 1, &f->arena);
    struct geom apart = square(20, 0, 1, &f->arena);
    struct geom ring;
    struct geom all;
    assert_int_equal(overlay_difference(f->overlay, &outer, &inner, &f->arena, &ring, NULL),
                     ERR_OK);
    const struct geom *shapes[] = {&ring, &apart, &apart};
    assert_int_equal(overlay_union(f->overlay, shapes, 3, &f->arena, &all, NULL), ERR_OK);
    assert_int_equal(all.n_parts, 2);
    assert_int_equal(all.n_rings, 3);
    double expected_m2 =
        ellipsoid_area_m2(&outer) - ellipsoid_area_m2(&inner) + ellipsoid_area_m2(&apart);
    assert_true(fabs(ellipsoid_area_m2(&all) / expected_m2 - 1) < 1e-12);
    assert_int_equal(overlay_union(f->overlay, shapes, 0, &f->arena, &all, NULL), ERR_OK);
    assert_int_equal(all.kind, GEOM_NONE);
    struct lonlat inside;
    assert_int_equal(overlay_inside_point(f->overlay, &ring, &inside, NULL), ERR_OK);
    assert_true(distance_contains_point(&ring, inside));
}

static void test_a_polygon_that_crosses_itself_gives_an_answer_or_a_reason(void **state)
{
    struct fixture *f = *state;
    struct lonlat bow_tie[] = {{0, 0}, {1, 1}, {1, 0}, {0, 1}, {0, 0}};
    uint32_t rings[] = {5};
    uint32_t parts[] = {1};
    struct geom bad = {GEOM_POLYGON, 5, 1, 1, bow_tie, rings, parts, box_of_points(bow_tie, 5)};
    struct geom a = square(0.2, 0.2, 1, &f->arena);
    struct geom out;
    struct err err = {0};
    enum err_code code = overlay_intersection(f->overlay, &bad, &a, &f->arena, &out, &err);
    assert_true(code == ERR_OK || (code == ERR_INPUT && err.message[0]));
    assert_int_equal(overlay_make_valid(f->overlay, &bad, &f->arena, &out, &err), ERR_OK);
    assert_int_equal(out.n_parts, 2);
    assert_int_equal(overlay_inside_point(f->overlay, &(struct geom){.kind = GEOM_NONE},
                                          &(struct lonlat){0, 0}, &err),
                     ERR_INPUT);
}

/* Every vertex and three points of every edge lie at the radius, within the tolerance. */
static void check_buffer(struct fixture *f, const struct geom *shape, double radius_m,
                         double tolerance_m)
{
    struct geom out;
    struct err err = {0};
    struct arena_mark mark = arena_mark(&f->arena);
    enum err_code code =
        overlay_buffer(f->overlay, shape, radius_m, tolerance_m, &f->arena, &out, &err);
    if (code != ERR_OK)
        print_message("%s\n", err.message);
    assert_int_equal(code, ERR_OK);
    assert_int_equal(out.kind, GEOM_POLYGON);
    struct edges edges;
    assert_int_equal(edges_build(shape, &f->arena, &edges, NULL), ERR_OK);
    double worst_m = 0;
    for (uint32_t ring = 0; ring < out.n_rings; ring++)
        for (uint32_t i = geom_ring_start(&out, ring); i + 1 < out.ring_ends[ring]; i++)
            for (int k = 0; k < 5; k++) {
                struct lonlat a = out.points[i];
                struct lonlat b = out.points[i + 1];
                struct lonlat at = {a.lon_deg + k * (b.lon_deg - a.lon_deg) / 5,
                                    a.lat_deg + k * (b.lat_deg - a.lat_deg) / 5};
                struct closest closest;
                distance_to_point(&edges, at, INFINITY, &closest);
                worst_m = fmax(worst_m, fabs(closest.distance_m - radius_m));
            }
    if (worst_m > tolerance_m)
        print_message("radius %g tolerance %g: off by %g m\n", radius_m, tolerance_m, worst_m);
    assert_true(worst_m <= tolerance_m);
    /* And it holds the shape. */
    for (uint32_t i = 0; i < shape->n_points; i++)
        assert_true(distance_contains_point(&out, shape->points[i]));
    arena_rewind(&f->arena, mark);
}

static void test_buffer_lies_at_the_radius_from_points_lines_and_polygons(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 3;
    static const double radii_m[] = {1, 50, 500, 5000, 50000};
    static const double tolerances_m[] = {0.001, 0.01, 0.1, 0.1, 1};
    for (int i = 0; i < 5; i++) {
        struct lonlat at = {106.25, 38.5};
        struct geom point;
        assert_int_equal(geom_of_point(at, &f->arena, &point, NULL), ERR_OK);
        check_buffer(f, &point, radii_m[i], tolerances_m[i]);
        struct geom plant = star(at, 300, 9, &seed, &f->arena);
        check_buffer(f, &plant, radii_m[i], tolerances_m[i]);
        struct lonlat bends[] = {{106, 38}, {106.02, 38.001}, {106.02, 38.03}, {106.3, 38.2}};
        struct geom pipe = line_of(bends, 4, &f->arena);
        check_buffer(f, &pipe, radii_m[i], tolerances_m[i]);
        struct lonlat three[] = {{106, 38}, {106.004, 38}, {106.2, 38.1}};
        struct geom points = {
            .kind = GEOM_POINT, .n_points = 3, .points = three, .box = box_of_points(three, 3)};
        check_buffer(f, &points, radii_m[i], tolerances_m[i]);
    }
}

static void test_buffer_of_a_wide_shape_is_as_exact(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 4;
    struct geom county = star((struct lonlat){106, 38}, 60e3, 60, &seed, &f->arena);
    check_buffer(f, &county, 1000, 0.1);
    struct lonlat long_line[] = {{104, 36}, {108, 39}};
    struct geom pipe = line_of(long_line, 2, &f->arena);
    check_buffer(f, &pipe, 500, 0.05);
    struct lonlat north[] = {{20, 78}, {35, 78.5}};
    struct geom parallel = line_of(north, 2, &f->arena);
    check_buffer(f, &parallel, 5000, 0.5);
    struct lonlat east[] = {{179.9, 10}, {180.2, 10.1}};
    struct geom antimeridian = line_of(east, 2, &f->arena);
    check_buffer(f, &antimeridian, 5000, 0.5);
}

static void test_buffer_has_the_area_of_a_circle_of_that_radius(void **state)
{
    struct fixture *f = *state;
    struct geom point;
    struct geom circle;
    assert_int_equal(geom_of_point((struct lonlat){106, 38}, &f->arena, &point, NULL), ERR_OK);
    assert_int_equal(overlay_buffer(f->overlay, &point, 500, 0.001, &f->arena, &circle, NULL),
                     ERR_OK);
    /* A geodesic circle of 500 m is flatter than the plane's by 1e-9. */
    assert_true(fabs(ellipsoid_area_m2(&circle) / (M_PI * 500 * 500) - 1) < 4e-6);
}

static void test_buffer_of_a_courtyard_keeps_its_hole(void **state)
{
    struct fixture *f = *state;
    struct geom outer = square(106, 38, 0.02, &f->arena);
    struct geom inner = square(106.002, 38.002, 0.016, &f->arena);
    struct geom wall;
    struct geom out;
    assert_int_equal(overlay_difference(f->overlay, &outer, &inner, &f->arena, &wall, NULL),
                     ERR_OK);
    check_buffer(f, &wall, 50, 0.05);
    assert_int_equal(overlay_buffer(f->overlay, &wall, 50, 0.05, &f->arena, &out, NULL), ERR_OK);
    assert_int_equal(out.n_rings, 2);
}

static void test_buffer_refuses_numbers_that_make_no_sense(void **state)
{
    struct fixture *f = *state;
    struct geom shape = square(106, 38, 0.02, &f->arena);
    struct geom pole = square(106, 89.9, 0.05, &f->arena);
    struct geom out;
    struct err err;
    static const double bad[][2] = {{-1, 1}, {NAN, 1}, {300e3, 1}, {10, 0}, {10, 11}, {10, NAN}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(
            overlay_buffer(f->overlay, &shape, bad[i][0], bad[i][1], &f->arena, &out, &err),
            ERR_USAGE);
    assert_int_equal(overlay_buffer(f->overlay, &pole, 20e3, 1, &f->arena, &out, &err), ERR_INPUT);
    assert_int_equal(overlay_buffer(f->overlay, &shape, 0, 1, &f->arena, &out, &err), ERR_OK);
    assert_true(geom_equal(&shape, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intersection_and_difference_make_up_the_whole),
        cmocka_unit_test(test_results_keep_the_lower_kind_and_drop_what_merely_touches),
        cmocka_unit_test(test_holes_and_parts_come_out_turned_as_geom_says),
        cmocka_unit_test(test_a_polygon_that_crosses_itself_gives_an_answer_or_a_reason),
        cmocka_unit_test(test_buffer_lies_at_the_radius_from_points_lines_and_polygons),
        cmocka_unit_test(test_buffer_of_a_wide_shape_is_as_exact),
        cmocka_unit_test(test_buffer_has_the_area_of_a_circle_of_that_radius),
        cmocka_unit_test(test_buffer_of_a_courtyard_keeps_its_hole),
        cmocka_unit_test(test_buffer_refuses_numbers_that_make_no_sense),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
