/* Covers: every tile that a shape touches, and none that is far from it, against looking at each.
 */
#include "tiler/grid/cover.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ZOOM = 5, EDGE_TILES = 1 << ZOOM };

static uint64_t seed = 20260601;

static double random_share(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(seed >> 11) * 0x1p-53;
}

static struct plane_box world_box(void)
{
    return (struct plane_box){INT32_MIN, INT32_MIN, INT32_MAX, INT32_MAX};
}

static struct plane_point random_point(double size)
{
    return (struct plane_point){(int32_t)((random_share() - 0.5) * 4294967295.0 * size),
                                (int32_t)((random_share() - 0.5) * 4294967295.0 * size)};
}

static bool has(const struct cover *cover, uint32_t x, uint32_t y)
{
    for (size_t i = 0; i < cover->n; i++)
        if (cover->runs[i].y == y && cover->runs[i].west <= x && x <= cover->runs[i].east)
            return true;
    return false;
}

static void settle(struct cover *cover)
{
    struct err err;
    assert_int_equal(cover_settle(cover, &err), ERR_OK);
    for (size_t i = 1; i < cover->n; i++) {
        const struct cover_run *a = &cover->runs[i - 1], *b = a + 1;
        assert_true(a->y < b->y || (a->y == b->y && b->west > a->east + 1));
    }
}

/* Whether the edge comes into the square widened by so much, by clipping it to each side. */
static bool edge_in(struct plane_point a, struct plane_point b, struct plane_box square, double by)
{
    double from = 0, to = 1;
    double starts[] = {a.x, a.y}, steps[] = {(double)b.x - a.x, (double)b.y - a.y};
    double low[] = {(double)square.west - by, (double)square.north - by};
    double high[] = {(double)square.east + by, (double)square.south + by};
    for (int axis = 0; axis < 2; axis++) {
        if (steps[axis] == 0) {
            if (starts[axis] < low[axis] || starts[axis] > high[axis])
                return false;
            continue;
        }
        double t0 = (low[axis] - starts[axis]) / steps[axis];
        double t1 = (high[axis] - starts[axis]) / steps[axis];
        from = fmax(from, fmin(t0, t1));
        to = fmin(to, fmax(t0, t1));
    }
    return from <= to;
}

static bool ring_in(const struct plane_point *points, size_t n, struct plane_box square, double by)
{
    for (size_t i = 0; i < n; i++)
        if (edge_in(points[i], points[(i + 1) % n], square, by))
            return true;
    return false;
}

static bool inside(const struct plane_point *points, size_t n, double x, double y)
{
    bool in = false;
    for (size_t i = 0, k = n - 1; i < n; k = i++)
        if ((points[i].y > y) != (points[k].y > y) &&
            x < points[i].x + (y - points[i].y) / ((double)points[k].y - points[i].y) *
                                  ((double)points[k].x - points[i].x))
            in = !in;
    return in;
}

static void test_a_line_covers_what_it_touches_and_nothing_far_from_it(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct cover cover;
        struct plane_point line[2] = {random_point(1), random_point(round % 3 ? 1 : 0.05)};
        if (round % 7 == 0)
            line[1].x = line[0].x;
        if (round % 7 == 1)
            line[1].y = line[0].y;
        int64_t margin = (int64_t)(random_share() * (round % 2 ? 1e8 : 0));
        cover_init(&cover, ZOOM, world_box());
        cover_add_line(&cover, line, 2, margin);
        settle(&cover);
        uint64_t n = 0;
        for (uint32_t y = 0; y < EDGE_TILES; y++)
            for (uint32_t x = 0; x < EDGE_TILES; x++) {
                struct plane_box square = tile_square(ZOOM, x, y);
                bool here = has(&cover, x, y);
                n += here;
                if (edge_in(line[0], line[1], square, (double)margin))
                    assert_true(here);
                if (!edge_in(line[0], line[1], square, 3 * (double)margin + 4))
                    assert_false(here);
            }
        assert_int_equal(cover_count(&cover), n);
        cover_release(&cover);
    }
}

static void test_a_polygon_covers_its_inside_and_not_its_hole(void **state)
{
    (void)state;
    enum { POINTS = 40 };
    for (int round = 0; round < 100; round++) {
        struct plane_point points[2 * POINTS];
        const uint32_t ends[] = {POINTS, 2 * POINTS};
        struct plane_point centre = random_point(0.4);
        for (int i = 0; i < POINTS; i++) {
            double angle = 2 * M_PI * i / POINTS, far = (0.3 + 0.7 * random_share()) * 1e9;
            points[i] = (struct plane_point){centre.x + (int32_t)(far * cos(angle)),
                                             centre.y + (int32_t)(far * sin(angle))};
            points[2 * POINTS - 1 - i] =
                (struct plane_point){centre.x + (int32_t)(0.29e9 * cos(angle)),
                                     centre.y + (int32_t)(0.29e9 * sin(angle))};
        }
        struct cover cover;
        cover_init(&cover, ZOOM, world_box());
        cover_add_inside(&cover, points, ends, 0, 2);
        for (uint32_t k = 0; k < 2; k++) {
            cover_add_line(&cover, points + k * POINTS, POINTS, 0);
            cover_add_line(
                &cover, (struct plane_point[]){points[k * POINTS + POINTS - 1], points[k * POINTS]},
                2, 0);
        }
        settle(&cover);
        for (uint32_t y = 0; y < EDGE_TILES; y++)
            for (uint32_t x = 0; x < EDGE_TILES; x++) {
                struct plane_box square = tile_square(ZOOM, x, y);
                double cx = (double)(square.west + square.east) / 2;
                double cy = (double)(square.north + square.south) / 2;
                bool touched = ring_in(points, POINTS, square, 0) ||
                               ring_in(points + POINTS, POINTS, square, 0);
                bool in =
                    inside(points, POINTS, cx, cy) && !inside(points + POINTS, POINTS, cx, cy);
                if (touched || in)
                    assert_true(has(&cover, x, y));
                else if (!ring_in(points, POINTS, square, 4) &&
                         !ring_in(points + POINTS, POINTS, square, 4))
                    assert_false(has(&cover, x, y));
            }
        cover_release(&cover);
    }
}

static void test_a_cover_holds_only_tiles_of_its_box(void **state)
{
    (void)state;
    struct cover cover, all;
    struct plane_box square = tile_square(ZOOM, 7, 9);
    square.west++, square.north++, square.east--, square.south--;
    cover_init(&cover, ZOOM, square);
    cover_add_box(&cover, world_box());
    settle(&cover);
    assert_int_equal(cover_count(&cover), 1);
    assert_true(has(&cover, 7, 9));
    cover_release(&cover);

    /* A box that ends on the edge of a tile touches the next one. */
    square.east += 1;
    cover_init(&cover, ZOOM, square);
    cover_add_box(&cover, world_box());
    settle(&cover);
    assert_int_equal(cover_count(&cover), 2);

    cover_init(&all, ZOOM, world_box());
    cover_add_box(&all, world_box());
    settle(&all);
    assert_int_equal(cover_count(&all), (uint64_t)EDGE_TILES * EDGE_TILES);
    struct err err;
    assert_int_equal(cover_clip(&all, &cover, &err), ERR_OK);
    assert_int_equal(cover_count(&all), 2);
    cover_release(&cover);
    cover_init(&cover, ZOOM, plane_box_empty());
    cover_add_box(&cover, world_box());
    cover_add_line(&cover, &(struct plane_point){0, 0}, 1, 10);
    settle(&cover);
    assert_int_equal(cover_count(&cover), 0);
    assert_int_equal(cover_clip(&all, &cover, &err), ERR_OK);
    assert_int_equal(cover_count(&all), 0);
    cover_release(&cover);
    cover_release(&all);
}

static void test_clipping_is_what_both_have(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        struct cover a, b, was;
        struct err err;
        cover_init(&a, ZOOM, world_box());
        cover_init(&b, ZOOM, world_box());
        cover_init(&was, ZOOM, world_box());
        for (int i = 0; i < 30; i++) {
            struct plane_point p = random_point(1), q = random_point(1);
            cover_add_line(&a, (struct plane_point[]){p, q}, 2, 0);
            cover_add_line(&was, (struct plane_point[]){p, q}, 2, 0);
            p = random_point(1), q = random_point(1);
            cover_add_line(&b, (struct plane_point[]){p, q}, 2, 0);
        }
        settle(&a);
        settle(&b);
        settle(&was);
        assert_int_equal(cover_clip(&a, &b, &err), ERR_OK);
        for (uint32_t y = 0; y < EDGE_TILES; y++)
            for (uint32_t x = 0; x < EDGE_TILES; x++)
                assert_int_equal(has(&a, x, y), has(&was, x, y) && has(&b, x, y));
        cover_release(&a);
        cover_release(&b);
        cover_release(&was);
    }
}

static void test_a_large_inside_costs_a_run_a_row(void **state)
{
    (void)state;
    struct plane_point ring[] = {{-1000000000, -1000000000},
                                 {1000000000, -1000000000},
                                 {1000000000, 1000000000},
                                 {-1000000000, 1000000000}};
    const uint32_t end = 4;
    struct cover cover;
    cover_init(&cover, 20, world_box());
    cover_add_inside(&cover, ring, &end, 0, 1);
    settle(&cover);
    assert_in_range(cover.n, 488280, 488284);
    assert_in_range(cover_count(&cover), UINT64_C(238418000000), UINT64_C(238422000000));
    cover_release(&cover);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_covers_what_it_touches_and_nothing_far_from_it),
        cmocka_unit_test(test_a_polygon_covers_its_inside_and_not_its_hole),
        cmocka_unit_test(test_a_cover_holds_only_tiles_of_its_box),
        cmocka_unit_test(test_clipping_is_what_both_have),
        cmocka_unit_test(test_a_large_inside_costs_a_run_a_row),
    };
    return cmocka_run_group_tests_name("cover", tests, NULL, NULL);
}
