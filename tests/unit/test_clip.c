/* Clipping to a tile: against GEOS on random shapes; order, winding, shared borders. */
#include "tests/unit/mvt_fixture.h"
#include "tiler/vector/clip.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <geos_c.h>

static struct clip clip;
static GEOSContextHandle_t geos;
static uint64_t seed = 1;

static int set_up(void **state)
{
    struct err err;
    (void)state;
    geos = GEOS_init_r();
    return clip_init(&clip, -64, 4160, &err) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    clip_release(&clip);
    GEOS_finish_r(geos);
    return 0;
}

/* A number from 0 to 1; Knuth's generator, so that a failure comes again. */
static double random_share(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(seed >> 11) / 9007199254740992.0;
}

/* A star-shaped ring round a centre, clockwise as it is seen; backwards for a hole. */
static size_t random_ring(struct clip_point *out, double x, double y, double most, bool hole)
{
    size_t n = 3 + (size_t)(random_share() * 60);
    for (size_t i = 0; i < n; i++) {
        double angle = 2 * M_PI * (double)(hole ? n - i : i) / (double)n;
        double radius = most * (hole ? 0.2 + 0.05 * random_share() : 0.3 + 0.7 * random_share());
        out[i] = (struct clip_point){(int64_t)floor(x + radius * cos(angle) + 0.5),
                                     (int64_t)floor(y + radius * sin(angle) + 0.5)};
    }
    return n;
}

static GEOSGeometry *geos_ring(const struct clip_point *points, size_t n)
{
    GEOSCoordSequence *s = GEOSCoordSeq_create_r(geos, (unsigned)n + 1, 2);
    for (size_t i = 0; i <= n; i++)
        GEOSCoordSeq_setXY_r(geos, s, (unsigned)i, (double)points[i % n].x,
                             (double)points[i % n].y);
    return GEOSGeom_createLinearRing_r(geos, s);
}

/* What GEOS leaves of the polygon in the box. */
static double geos_area(const struct clip_point *outer, size_t n_outer,
                        const struct clip_point *hole, size_t n_hole, bool *valid)
{
    GEOSGeometry *inner[] = {n_hole ? geos_ring(hole, n_hole) : NULL};
    GEOSGeometry *polygon =
        GEOSGeom_createPolygon_r(geos, geos_ring(outer, n_outer), inner, n_hole ? 1 : 0);
    GEOSGeometry *box = GEOSGeom_createRectangle_r(geos, clip.low, clip.low, clip.high, clip.high);
    double area = 0;
    *valid = GEOSisValid_r(geos, polygon) == 1;
    if (*valid) {
        GEOSGeometry *common = GEOSIntersection_r(geos, polygon, box);
        assert_non_null(common);
        GEOSArea_r(geos, common, &area);
        GEOSGeom_destroy_r(geos, common);
    }
    GEOSGeom_destroy_r(geos, polygon);
    GEOSGeom_destroy_r(geos, box);
    return area;
}

/* The area of what came out; every ring inside of the box, holes after the ring that they lie in,
 * nothing repeated. valid: whether GEOS finds each polygon so. */
static double area_of_clip(double *length, bool *valid)
{
    int64_t area2 = 0;
    *length = 0;
    *valid = true;
    for (size_t ring = 0; ring < clip.n_rings; ring++) {
        size_t start = ring ? clip.ends[ring - 1] : 0, n = clip.ends[ring] - start;
        const struct mvt_point *p = clip.points + start;
        struct clip_point copy[512];
        assert_true(n >= 3 && n <= 512);
        int64_t here = mvt_area2(p, n);
        assert_true(here != 0);
        if (ring == 0)
            assert_true(here > 0);
        area2 += here;
        for (size_t i = 0; i < n; i++) {
            struct mvt_point q = p[(i + 1) % n];
            assert_true(p[i].x >= clip.low && p[i].x <= clip.high);
            assert_true(p[i].y >= clip.low && p[i].y <= clip.high);
            assert_true(p[i].x != q.x || p[i].y != q.y);
            *length += hypot(q.x - p[i].x, q.y - p[i].y);
            copy[i] = (struct clip_point){p[i].x, p[i].y};
        }
        GEOSGeometry *polygon = GEOSGeom_createPolygon_r(geos, geos_ring(copy, n), NULL, 0);
        *valid = *valid && GEOSisValid_r(geos, polygon) == 1;
        GEOSGeom_destroy_r(geos, polygon);
    }
    return (double)area2 / 2;
}

static void clip_one(struct clip_point *outer, size_t n_outer, struct clip_point *hole,
                     size_t n_hole)
{
    clip_begin(&clip);
    clip_ring(&clip, outer, n_outer);
    if (n_hole)
        clip_ring(&clip, hole, n_hole);
    clip_polygon_end(&clip);
    assert_false(clip.failed);
}

static void test_areas_are_those_of_geos(void **state)
{
    (void)state;
    enum { TIMES = 20000 };
    size_t compared = 0, broken = 0, cut = 0;
    for (int i = 0; i < TIMES; i++) {
        struct clip_point outer[64], hole[64];
        double x = random_share() * 6000 - 1000, y = random_share() * 6000 - 1000;
        double most = pow(10, 0.5 + 3.5 * random_share());
        size_t n_outer = random_ring(outer, x, y, most, false);
        size_t n_hole = i % 2 ? random_ring(hole, x, y, most, true) : 0;
        bool was_valid, valid;
        double length, wanted = geos_area(outer, n_outer, hole, n_hole, &was_valid);
        if (!was_valid)
            continue;
        clip_one(outer, n_outer, hole, n_hole);
        double area = area_of_clip(&length, &valid);
        /* A cut edge moves by half a unit at its end at most. */
        if (fabs(area - wanted) > 0.5 * length + 1)
            fail_msg("shape %d: area %.1f, should be %.1f", i, area, wanted);
        compared++;
        broken += !valid;
        cut += wanted > 0 && clip.n_rings > 1;
    }
    assert_true(compared > TIMES / 2);
    assert_true(cut > 1000);
    assert_int_equal(broken, 0);
}

static void test_a_comb_falls_apart_into_its_teeth(void **state)
{
    (void)state;
    struct clip_point comb[64];
    size_t n = 0;
    /* The back lies north of the box, ten teeth hang into it. */
    comb[n++] = (struct clip_point){100, -500};
    comb[n++] = (struct clip_point){2100, -500};
    for (int tooth = 9; tooth >= 0; tooth--) {
        comb[n++] = (struct clip_point){200 + tooth * 200, -300};
        comb[n++] = (struct clip_point){150 + tooth * 200, 1000};
        comb[n++] = (struct clip_point){100 + tooth * 200, -300};
    }
    clip_one(comb, n, NULL, 0);
    assert_int_equal(clip.n_rings, 10);
    for (size_t ring = 0; ring < 10; ring++) {
        assert_int_equal(clip.ends[ring] - (ring ? clip.ends[ring - 1] : 0), 3);
        assert_true(mvt_area2(clip.points + 3 * ring, 3) > 0);
    }
}

static void test_what_covers_the_tile_is_the_box_and_its_hole(void **state)
{
    (void)state;
    struct clip_point outer[] = {{-9000, -9000}, {9000, -9000}, {9000, 9000}, {-9000, 9000}};
    struct clip_point hole[] = {{10, 10}, {10, 20}, {20, 20}, {20, 10}};
    clip_one(outer, 4, hole, 4);
    assert_int_equal(clip.n_rings, 2);
    assert_true(mvt_area2(clip.points, 4) == INT64_C(2) * 4224 * 4224);
    assert_true(mvt_area2(clip.points + 4, 4) == -200);
    /* A hole that holds the whole tile leaves nothing. */
    struct clip_point large[] = {{-9000, -9000}, {9000, -9000}, {9000, 9000}, {-9000, 9000}};
    struct clip_point round[] = {{-8000, -8000}, {-8000, 8000}, {8000, 8000}, {8000, -8000}};
    clip_one(large, 4, round, 4);
    assert_int_equal(clip.n_rings, 0);
}

static void test_holes_follow_the_ring_that_they_lie_in(void **state)
{
    (void)state;
    struct clip_point a[] = {{0, 0}, {100, 0}, {100, 100}, {0, 100}};
    struct clip_point b[] = {{200, 0}, {300, 0}, {300, 100}, {200, 100}};
    struct clip_point in_b[] = {{210, 10}, {210, 20}, {220, 20}, {220, 10}};
    struct clip_point in_a[] = {{10, 10}, {10, 30}, {30, 30}, {30, 10}};
    clip_begin(&clip);
    clip_ring(&clip, a, 4);
    clip_ring(&clip, b, 4);
    clip_ring(&clip, in_b, 4);
    clip_ring(&clip, in_a, 4);
    clip_polygon_end(&clip);
    assert_int_equal(clip.n_rings, 4);
    static const int64_t areas[] = {20000, -800, 20000, -200};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(mvt_area2(clip.points + 4 * i, 4), areas[i]);
}

static void test_what_has_no_area_is_dropped(void **state)
{
    (void)state;
    struct clip_point line[] = {{0, 0}, {50, 50}, {100, 100}};
    struct clip_point spike[] = {{0, 0},     {100, 0},   {100, 50}, {100, 100},
                                 {100, 200}, {100, 100}, {0, 100}};
    clip_one(line, 3, NULL, 0);
    assert_int_equal(clip.n_rings, 0);
    clip_one(spike, 7, NULL, 0);
    assert_int_equal(clip.n_rings, 1);
    assert_true(mvt_area2(clip.points, clip.n_points) == 20000);
    for (size_t i = 0; i < clip.n_points; i++)
        assert_true(clip.points[i].y <= 100);
}

/* Two neighbours that share a border which leaves the box and comes back. */
static void test_shared_borders_stay_shared_where_they_are_cut(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct clip_point border[8], west[10], east[10];
        for (int k = 0; k < 8; k++)
            border[k] = (struct clip_point){(int64_t)(random_share() * 6000) - 900,
                                            k == 0   ? -1000
                                            : k == 7 ? 5200
                                                     : -1000 + k * 880};
        for (int k = 0; k < 8; k++) {
            west[k] = border[k];
            east[k] = border[7 - k];
        }
        west[8] = (struct clip_point){-3000, 5200};
        west[9] = (struct clip_point){-3000, -1000};
        east[8] = (struct clip_point){9000, -1000};
        east[9] = (struct clip_point){9000, 5200};
        double length;
        bool valid;
        clip_one(west, 10, NULL, 0);
        double area = area_of_clip(&length, &valid);
        clip_one(east, 10, NULL, 0);
        area += area_of_clip(&length, &valid);
        assert_true(area == 4224.0 * 4224.0); /* no gap, no overlap, to the last unit */
    }
}

static void test_lines_come_out_in_pieces(void **state)
{
    (void)state;
    const struct clip_point line[] = {{-200, 100}, {200, 100}, {200, -300}, {400, -300},
                                      {400, 100},  {400, 100}, {500, 100}};
    clip_begin(&clip);
    clip_line(&clip, line, 7);
    assert_int_equal(clip.n_rings, 2);
    static const struct mvt_point wanted[] = {{-64, 100}, {200, 100}, {200, -64},
                                              {400, -64}, {400, 100}, {500, 100}};
    assert_int_equal(clip.n_points, 6);
    assert_memory_equal(clip.points, wanted, sizeof wanted);
    assert_int_equal(clip.ends[0], 3);
}

static void test_coordinates_of_the_whole_world_do_not_overflow(void **state)
{
    (void)state;
    const int64_t far = INT64_C(1) << 32;
    struct clip_point outer[] = {{-far, -far + 1}, {far, 2000}, {-far, far}};
    clip_one(outer, 3, NULL, 0);
    double length;
    bool valid;
    assert_int_equal(clip.n_rings, 1);
    assert_true(area_of_clip(&length, &valid) > 4000.0 * 4000.0);
    const struct clip_point line[] = {{-far, -far}, {far, far}};
    clip_begin(&clip);
    clip_line(&clip, line, 2);
    assert_int_equal(clip.n_points, 2);
    assert_int_equal(clip.points[0].x, -64);
    assert_int_equal(clip.points[0].y, -64);
    assert_int_equal(clip.points[1].x, 4160);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_areas_are_those_of_geos),
        cmocka_unit_test(test_a_comb_falls_apart_into_its_teeth),
        cmocka_unit_test(test_what_covers_the_tile_is_the_box_and_its_hole),
        cmocka_unit_test(test_holes_follow_the_ring_that_they_lie_in),
        cmocka_unit_test(test_what_has_no_area_is_dropped),
        cmocka_unit_test(test_shared_borders_stay_shared_where_they_are_cut),
        cmocka_unit_test(test_lines_come_out_in_pieces),
        cmocka_unit_test(test_coordinates_of_the_whole_world_do_not_overflow),
    };
    return cmocka_run_group_tests_name("clip", tests, set_up, tear_down);
}
