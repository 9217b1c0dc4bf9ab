/* Thin lines: their ink, their corners, and that where the picture ends does not matter. */
#include "tiler/draw/thin.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = 64 };

static uint32_t seed;
static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static struct thin thin;

static void begin(uint32_t size)
{
    struct err err;
    assert_int_equal(thin_begin(&thin, size, &err), ERR_OK);
}

static int tear_down(void **state)
{
    (void)state;
    thin_release(&thin);
    return 0;
}

/* Steps of coverage of each pixel; only what is in reach is taken. */
static void take(uint8_t *steps)
{
    enum { BLOCK = THIN_BLOCK_PX };
    uint32_t size = thin.size_px;
    uint64_t rows[BLOCK];
    const struct thin_box reach = thin.reach;
    memset(steps, 0, (size_t)size * size);
    for (int64_t y = reach.top / BLOCK; y <= reach.bottom / BLOCK; y++) {
        for (int64_t x = reach.left / BLOCK; x <= reach.right / BLOCK; x++) {
            if (!thin_take(&thin, (uint32_t)x, (uint32_t)y, rows))
                continue;
            for (uint32_t i = 0; i < BLOCK * BLOCK; i++) {
                uint32_t bits = rows[i / BLOCK] >> (i % BLOCK * 4) & 15;
                assert_true((bits & (bits + 1)) == 0 && bits < 1 << THIN_STEPS);
                steps[((size_t)y * BLOCK + i / BLOCK) * size + (size_t)x * BLOCK + i % BLOCK] =
                    (uint8_t)__builtin_popcount(bits);
            }
        }
    }
    thin_taken(&thin);
}

static void test_a_line_has_the_ink_of_its_length_and_width(void **state)
{
    (void)state;
    static uint8_t steps[SIZE * SIZE];
    for (double width = 0.5; width <= 3; width += 0.25) {
        double all = 0;
        for (int degree = 0; degree < 360; degree += 7) {
            double angle = degree * M_PI / 180, length = 40.0 * 256, ink = 0;
            begin(SIZE);
            struct fixed line[2] = {{32 * 256, 32 * 256}, {32 * 256, 32 * 256}};
            line[0].x -= llround(cos(angle) * length / 2);
            line[0].y -= llround(sin(angle) * length / 2);
            line[1].x += llround(cos(angle) * length / 2);
            line[1].y += llround(sin(angle) * length / 2);
            thin_line(&thin, line, 2, false, width);
            take(steps);
            for (int i = 0; i < SIZE * SIZE; i++)
                ink += steps[i] / (double)THIN_STEPS;
            /* Coverage comes in thirds: one thin line may have a third more or less. */
            assert_true(fabs(ink / (40 * width) - 1) < (width < 1 ? 0.4 : 0.25));
            all += ink / 40 / width / 52;
        }
        assert_true(fabs(all - 1) < (width < 1 ? 0.2 : 0.08));
    }
}

/* Against the distance of each pixel's middle from the line. */
static void test_coverage_is_that_of_the_distance_to_within_a_step(void **state)
{
    (void)state;
    static uint8_t steps[SIZE * SIZE];
    for (seed = 1; seed < 300; seed++) {
        uint32_t kept = seed;
        double width = (1 + random_below(24)) / 8.0;
        struct fixed line[2];
        for (int i = 0; i < 2; i++)
            line[i] = (struct fixed){(int64_t)random_below(3 * SIZE * 256) - SIZE * 256,
                                     (int64_t)random_below(3 * SIZE * 256) - SIZE * 256};
        double dx = (double)(line[1].x - line[0].x), dy = (double)(line[1].y - line[0].y);
        double length = hypot(dx, dy);
        begin(SIZE);
        thin_line(&thin, line, 2, false, width);
        take(steps);
        for (int i = 0; i < SIZE * SIZE && length > 0; i++) {
            double x = (i % SIZE + 0.5) * 256 - (double)line[0].x;
            double y = (i / SIZE + 0.5) * 256 - (double)line[0].y;
            double along = (x * dx + y * dy) / length;
            if (along < 1024 || along > length - 1024) /* away from the ends */
                continue;
            double distance = fabs(x * dy - y * dx) / length / 256;
            double covered = fmin(fmax(width / 2 + 0.5 - distance, 0), fmin(1, width));
            assert_true(fabs(steps[i] / (double)THIN_STEPS - covered) < 0.6 / THIN_STEPS);
        }
        seed = kept;
    }
}

static void test_corners_of_a_line_have_no_gaps(void **state)
{
    (void)state;
    static uint8_t one[SIZE * SIZE], many[SIZE * SIZE];
    struct fixed points[9];
    for (int i = 0; i < 9; i++)
        points[i] = (struct fixed){(4 + i * 7) * 256 + 77, (10 + i * 3) * 256 + 33};
    const struct fixed ends[2] = {points[0], points[8]};
    begin(SIZE);
    thin_line(&thin, ends, 2, false, 2);
    take(one);
    thin_line(&thin, points, 9, false, 2);
    take(many);
    for (size_t i = 0; i < SIZE * SIZE; i++)
        assert_true(abs(one[i] - many[i]) <= 1);
    /* A square ring: the middle of every side and the pixel at every corner are inked. */
    const struct fixed square[4] = {{2688, 2688}, {10368, 2688}, {10368, 10368}, {2688, 10368}};
    thin_line(&thin, square, 4, true, 1);
    take(one);
    for (int i = 10; i <= 40; i++) {
        assert_int_equal(one[10 * SIZE + i], THIN_STEPS);
        assert_int_equal(one[40 * SIZE + i], THIN_STEPS);
        assert_int_equal(one[i * SIZE + 10], THIN_STEPS);
        assert_int_equal(one[i * SIZE + 40], THIN_STEPS);
    }
}

static void draw_lines(int64_t dx, int64_t dy, bool back)
{
    seed = 77;
    for (int i = 0; i < 60; i++) {
        struct fixed points[6];
        int64_t far = i % 10 == 0 ? INT64_C(1) << 26 : 200 * 256;
        for (int k = 0; k < 6; k++)
            points[back ? 5 - k : k] =
                (struct fixed){(int64_t)random_below((uint32_t)far) - far / 3 + dx,
                               (int64_t)random_below((uint32_t)far) - far / 3 + dy};
        thin_line(&thin, points, 6, i % 2, (1 + i % 24) / 8.0);
    }
}

static void test_a_tile_is_the_crop_of_a_larger_picture(void **state)
{
    (void)state;
    static uint8_t large[4 * SIZE * SIZE], small[SIZE * SIZE];
    begin(2 * SIZE);
    draw_lines(0, 0, false);
    take(large);
    for (int tile = 0; tile < 4; tile++) {
        int x = tile % 2 * SIZE, y = tile / 2 * SIZE;
        begin(SIZE);
        draw_lines(-x * 256, -y * 256, false);
        take(small);
        for (int row = 0; row < SIZE; row++)
            assert_memory_equal(small + row * SIZE, large + (y + row) * 2 * SIZE + x, SIZE);
    }
}

static void test_the_way_back_leaves_the_same(void **state)
{
    (void)state;
    static uint8_t forth[SIZE * SIZE], back[SIZE * SIZE];
    for (seed = 1; seed < 200; seed++) {
        uint32_t kept = seed;
        struct fixed ends[2];
        for (int i = 0; i < 2; i++)
            ends[i] = (struct fixed){(int64_t)random_below(SIZE * 256), random_below(SIZE * 256)};
        begin(SIZE);
        thin_line(&thin, ends, 2, false, 1);
        take(forth);
        const struct fixed turned[2] = {ends[1], ends[0]};
        thin_line(&thin, turned, 2, false, 1);
        take(back);
        for (int i = 0; i < SIZE * SIZE; i++)
            assert_true(abs(forth[i] - back[i]) <= 1); /* slopes round to 2^-32 */
        seed = kept;
    }
}

static void test_what_was_left_behind_is_not_in_the_next_picture(void **state)
{
    (void)state;
    static uint8_t steps[4 * SIZE * SIZE];
    const struct fixed line[2] = {{0, 0}, {SIZE * 256, SIZE * 200}};
    for (uint32_t size = SIZE; size <= 2 * SIZE; size += SIZE) {
        begin(SIZE);
        thin_line(&thin, line, 2, false, 2);
        begin(size);
        thin.reach = (struct thin_box){0, 0, size - 1, size - 1};
        take(steps);
        for (uint32_t i = 0; i < size * size; i++)
            assert_int_equal(steps[i], 0);
    }
}

static void test_widths_out_of_range_leave_nothing(void **state)
{
    (void)state;
    begin(SIZE);
    assert_null(thin_pen(&thin, 0));
    assert_null(thin_pen(&thin, 0.05));
    assert_non_null(thin_pen(&thin, 0.125));
    assert_non_null(thin_pen(&thin, THIN_MAX_PX));
    assert_null(thin_pen(&thin, THIN_MAX_PX + 0.125));
    assert_null(thin_pen(&thin, NAN));
    assert_null(thin_pen(&thin, 1e300));
}

static void test_links_leave_what_their_segments_leave_one_by_one(void **state)
{
    (void)state;
    static uint8_t whole[SIZE * SIZE], apart[SIZE * SIZE];
    const struct fixed low = {0, 0}, high = {(int64_t)SIZE * 256, (int64_t)SIZE * 256};
    begin(SIZE);
    const struct thin_pen *pen = thin_pen(&thin, 1.5);
    for (seed = 1; seed < 400; seed++) {
        uint32_t kept = seed;
        /* Stale numbers behind the points, and points out to where links end. */
        struct thin_links links;
        memset(&links, 0x5A, sizeof links);
        struct fixed points[THIN_PIECE + 1];
        int32_t reach = seed % 4 == 0 ? THIN_NEAR : 3 * SIZE * 256;
        links.n = 1 + (int32_t)random_below(THIN_PIECE);
        links.past = random_below(4);
        for (int32_t i = 0; i <= links.n; i++) {
            links.x[i] = (int32_t)random_below((uint32_t)reach) - reach / 2;
            links.y[i] = (int32_t)random_below((uint32_t)reach) - reach / 2;
            points[i] = (struct fixed){links.x[i], links.y[i]};
        }
        assert_true(thin_reach(&thin, low, high));
        thin_links(&thin, pen, &links);
        take(whole);
        assert_true(thin_reach(&thin, low, high));
        for (int32_t i = 0; i < links.n; i++) {
            unsigned first = i == 0 ? links.past & THIN_PAST_FROM : THIN_PAST_FROM;
            unsigned last = i + 1 == links.n ? links.past & THIN_PAST_TO : THIN_PAST_TO;
            thin_chain(&thin, pen, points + i, 2, first | last);
        }
        take(apart);
        assert_memory_equal(whole, apart, sizeof whole);
        seed = kept;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_has_the_ink_of_its_length_and_width),
        cmocka_unit_test(test_coverage_is_that_of_the_distance_to_within_a_step),
        cmocka_unit_test(test_corners_of_a_line_have_no_gaps),
        cmocka_unit_test(test_a_tile_is_the_crop_of_a_larger_picture),
        cmocka_unit_test(test_the_way_back_leaves_the_same),
        cmocka_unit_test(test_what_was_left_behind_is_not_in_the_next_picture),
        cmocka_unit_test(test_links_leave_what_their_segments_leave_one_by_one),
        cmocka_unit_test(test_widths_out_of_range_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
