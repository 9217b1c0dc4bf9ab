/* Which vertices a zoom needs: borders stay shared, and nothing moves by more than it may. */
#include "tiler/grid/simplify.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 4000 };

static uint32_t seed = 1;
static int32_t random_below(int32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (int32_t)((seed >> 8) % (uint32_t)n);
}

struct drawn {
    struct plane_point points[MOST];
    uint32_t ends[8];
    uint32_t n_points, n;
    uint8_t zooms[MOST];
};

static void add(struct drawn *d, int32_t x, int32_t y)
{
    d->points[d->n_points++] = (struct plane_point){x, y};
}

static void end_chain(struct drawn *d)
{
    d->ends[d->n++] = d->n_points;
}

static void run(struct drawn *d)
{
    struct arena arena;
    struct err err;
    const struct chains chains = {d->points, d->ends, d->n};
    arena_init(&arena, 0);
    memset(d->zooms, 0xEE, sizeof d->zooms);
    assert_int_equal(simplify_zooms(&chains, &arena, d->zooms, &err), ERR_OK);
    arena_release(&arena);
}

static uint8_t zoom_at(const struct drawn *d, struct plane_point at)
{
    for (uint32_t i = 0; i < d->n_points; i++)
        if (d->points[i].x == at.x && d->points[i].y == at.y)
            return d->zooms[i];
    return 0xEE;
}

/* A wild border from south to north at x = 0. */
static uint32_t make_border(struct plane_point *out)
{
    uint32_t n = 300;
    for (uint32_t i = 0; i < n; i++)
        out[i] = (struct plane_point){random_below(40000) - 20000, (int32_t)i * 5000};
    return n;
}

static void test_two_shapes_keep_the_same_points_of_their_border(void **state)
{
    (void)state;
    static struct drawn d;
    static struct plane_point border[MOST];
    for (int round = 0; round < 30; round++) {
        d.n = d.n_points = 0;
        uint32_t n = make_border(border);
        /* West of it, turned so that the ring begins in the middle of the border. */
        uint32_t middle = (uint32_t)random_below((int32_t)n);
        for (uint32_t i = middle; i < n; i++)
            add(&d, border[i].x, border[i].y);
        add(&d, -900000, border[n - 1].y);
        add(&d, -900000, border[0].y);
        for (uint32_t i = 0; i <= middle; i++)
            add(&d, border[i].x, border[i].y);
        end_chain(&d);
        uint32_t second = d.n_points;
        /* East of it, the other way round. */
        add(&d, 900000, border[0].y);
        add(&d, 900000, border[n - 1].y);
        for (uint32_t i = n; i-- > 0;)
            add(&d, border[i].x, border[i].y);
        add(&d, 900000, border[0].y);
        end_chain(&d);
        run(&d);
        for (uint32_t i = 0; i < n; i++) {
            uint8_t west = zoom_at(&d, border[i]);
            uint8_t east = 0xEE;
            for (uint32_t k = second; k < d.n_points; k++)
                if (d.points[k].x == border[i].x && d.points[k].y == border[i].y)
                    east = d.zooms[k];
            assert_int_equal(west, east);
            assert_true(west <= SIMPLIFY_FULL);
        }
        assert_int_equal(zoom_at(&d, border[0]), 0); /* where three lines meet */
        assert_int_equal(zoom_at(&d, border[n - 1]), 0);
    }
}

static double distance_to(struct plane_point p, struct plane_point a, struct plane_point b)
{
    double dx = b.x - a.x, dy = b.y - a.y, px = p.x - a.x, py = p.y - a.y;
    double length = dx * dx + dy * dy;
    double t = length > 0 ? fmin(fmax((px * dx + py * dy) / length, 0), 1) : 0;
    return hypot(px - t * dx, py - t * dy);
}

static void test_no_point_left_out_is_more_than_three_eighths_of_a_pixel_away(void **state)
{
    (void)state;
    static struct drawn d;
    for (int round = 0; round < 20; round++) {
        d.n = d.n_points = 0;
        int32_t x = 0, y = 0;
        for (int i = 0; i < 500; i++) {
            x += random_below(4000) - 1000;
            y += random_below(4000) - 2000;
            add(&d, x, y);
        }
        end_chain(&d);
        run(&d);
        for (uint32_t z = 4; z <= 20; z++) {
            double most = (double)plane_units_of_px(z) * 3 / 8;
            uint32_t before = 0;
            assert_int_equal(d.zooms[0], 0);
            assert_int_equal(d.zooms[499], 0);
            for (uint32_t i = 1; i < 500; i++) {
                if (d.zooms[i] > z)
                    continue;
                for (uint32_t k = before + 1; k < i; k++)
                    assert_true(distance_to(d.points[k], d.points[before], d.points[i]) <=
                                most * 1.0000001);
                before = i;
            }
        }
    }
}

static void test_a_ring_is_thinned_alike_wherever_it_begins_and_whichever_way(void **state)
{
    (void)state;
    static struct drawn first, other;
    enum { N = 120 };
    struct plane_point ring[N];
    for (int i = 0; i < N; i++) {
        double radius = 100000 + random_below(20000), angle = 2 * M_PI * i / N;
        ring[i] =
            (struct plane_point){(int32_t)(radius * cos(angle)), (int32_t)(radius * sin(angle))};
    }
    for (int start = 0; start < N; start += 7) {
        first.n = first.n_points = other.n = other.n_points = 0;
        for (int i = 0; i <= N; i++)
            add(&first, ring[i % N].x, ring[i % N].y);
        for (int i = 0; i <= N; i++)
            add(&other, ring[(start + 2 * N - i) % N].x, ring[(start + 2 * N - i) % N].y);
        end_chain(&first);
        end_chain(&other);
        run(&first);
        run(&other);
        for (int i = 0; i < N; i++)
            assert_int_equal(zoom_at(&first, ring[i]), zoom_at(&other, ring[i]));
        assert_int_equal(other.zooms[0], other.zooms[N]);
    }
}

static void test_points_in_a_row_and_points_alone_need_no_more(void **state)
{
    (void)state;
    static struct drawn d;
    d.n = d.n_points = 0;
    for (int i = 0; i < 50; i++)
        add(&d, i * 10, i * 20);
    end_chain(&d);
    add(&d, 5, 5);
    end_chain(&d);
    end_chain(&d); /* of no points */
    run(&d);
    assert_int_equal(d.zooms[0], 0);
    assert_int_equal(d.zooms[49], 0);
    for (int i = 1; i < 49; i++)
        assert_int_equal(d.zooms[i], SIMPLIFY_FULL);
    assert_int_equal(d.zooms[50], 0);
}

static bool same(struct plane_point a, struct plane_point b)
{
    return a.x == b.x && a.y == b.y;
}

/* The points before and after one on its chain; of an end: itself. */
static void neighbours(const struct drawn *d, uint32_t chain, uint32_t i, struct plane_point out[2])
{
    uint32_t start = chain ? d->ends[chain - 1] : 0, end = d->ends[chain];
    bool closed = end - start > 2 && same(d->points[start], d->points[end - 1]);
    out[0] = i > start ? d->points[i - 1] : closed ? d->points[end - 2] : d->points[i];
    out[1] = i + 1 < end ? d->points[i + 1] : closed ? d->points[start + 1] : d->points[i];
}

/* All pairs: whether another chain, or this one elsewhere, goes on otherwise from a point. */
static bool meets(const struct drawn *d, uint32_t chain, uint32_t i)
{
    struct plane_point mine[2], theirs[2];
    neighbours(d, chain, i, mine);
    for (uint32_t c = 0, start = 0; c < d->n; start = d->ends[c++])
        for (uint32_t k = start; k < d->ends[c]; k++) {
            neighbours(d, c, k, theirs);
            if (same(d->points[k], d->points[i]) &&
                !(same(mine[0], theirs[0]) && same(mine[1], theirs[1])) &&
                !(same(mine[0], theirs[1]) && same(mine[1], theirs[0])))
                return true;
        }
    return false;
}

/* Rings and lines over few places, so that they meet everywhere; lines of two points among them. */
static void test_points_where_lines_meet_are_needed_from_the_first_zoom(void **state)
{
    (void)state;
    static struct drawn d;
    uint32_t n_met = 0, n_free = 0, n_pairs = 0;
    seed = 7;
    for (int round = 0; round < 400; round++) {
        d = (struct drawn){.n = 0};
        while (d.n < 8) {
            uint32_t start = d.n_points, n = 2 + (uint32_t)random_below(30);
            bool pair = random_below(3) == 0;
            for (uint32_t i = 0; i < (pair ? 2 : n); i++)
                add(&d, random_below(12) * 70000, random_below(12) * 70000);
            if (!pair && random_below(2))
                add(&d, d.points[start].x, d.points[start].y);
            n_pairs += pair;
            end_chain(&d);
        }
        run(&d);
        for (uint32_t c = 0, start = 0; c < d.n; start = d.ends[c++])
            for (uint32_t i = start; i < d.ends[c]; i++) {
                bool met = meets(&d, c, i);
                n_met += met;
                n_free += !met && d.zooms[i] > 0;
                if (met || d.ends[c] - start == 2)
                    assert_int_equal(d.zooms[i], 0);
            }
    }
    assert_true(n_met > 1000 && n_free > 1000 && n_pairs > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_shapes_keep_the_same_points_of_their_border),
        cmocka_unit_test(test_no_point_left_out_is_more_than_three_eighths_of_a_pixel_away),
        cmocka_unit_test(test_a_ring_is_thinned_alike_wherever_it_begins_and_whichever_way),
        cmocka_unit_test(test_points_in_a_row_and_points_alone_need_no_more),
        cmocka_unit_test(test_points_where_lines_meet_are_needed_from_the_first_zoom),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
