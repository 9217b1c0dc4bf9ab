/* Few colours from which none is far: the bound holds, boxes are few where few are needed, and
 * what is left over makes single colours exact. */
#include "tiler/draw/boxes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 3000, LIMIT = 8 };

static uint32_t seed;
static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static int off_by(uint32_t a, uint32_t b)
{
    int most = 0;
    for (int shift = 0; shift < 32; shift += 8) {
        int d = abs((int)(a >> shift & 0xFF) - (int)(b >> shift & 0xFF));
        most = d > most ? d : most;
    }
    return most;
}

static struct item items[MOST];
static uint32_t order[MOST], colours[MOST];
static struct boxes *boxes;

static int set_up(void **state)
{
    (void)state;
    boxes = boxes_new();
    return boxes ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    boxes_free(boxes);
    return 0;
}

static uint32_t cover_keeping(uint32_t n, uint32_t kept_count)
{
    const struct boxes_wanted wanted = {LIMIT, kept_count};
    return boxes_cover(boxes, items, n, &wanted, order);
}

static uint32_t cover(uint32_t n)
{
    return cover_keeping(n, UINT32_MAX);
}

/* A palette of at most `most` entries from which no more than most_over pixels are far; 0: none. */
static uint32_t palette_of(uint32_t n, uint32_t most, uint64_t most_over)
{
    if (cover(n) == 0 || !boxes_lighten(boxes, items, n, most, most_over))
        return 0;
    return boxes_colours(boxes, items, n, most, 1, colours);
}

/* n colours in clouds of 41 levels, with one pixel or many each. */
static uint32_t clouds(uint32_t n, uint32_t n_clouds)
{
    uint32_t middles[64];
    for (uint32_t i = 0; i < n_clouds; i++)
        middles[i] = random_below(1 << 24) * 251 + random_below(1 << 24);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t colour = 0, middle = middles[random_below(n_clouds)];
        for (int shift = 0; shift < 32; shift += 8) {
            uint32_t value = (middle >> shift & 0xFF) + random_below(41);
            colour |= (value < 20 ? 0 : value > 275 ? 255 : value - 20) << shift;
        }
        for (int shift = 0; shift < 24; shift += 8) /* premultiplied */
            if ((colour >> shift & 0xFF) > colour >> 24)
                colour = (colour & ~(UINT32_C(0xFF) << shift)) | colour >> 24 << shift;
        items[i] =
            (struct item){.colour = colour, .count = random_below(4) ? 1 : 1 + random_below(2000)};
    }
    return n;
}

/* Those that are further from their entry than the limit; all counts are pixels. */
static uint64_t count_over(uint32_t n, uint32_t n_entries)
{
    uint64_t over = 0;
    for (uint32_t i = 0; i < n; i++) {
        assert_true(items[i].entry < n_entries);
        if (off_by(items[i].colour, colours[items[i].entry]) > LIMIT)
            over += items[i].count;
    }
    return over;
}

static void test_no_more_pixels_are_off_than_may_be(void **state)
{
    (void)state;
    uint32_t found = 0, refused = 0;
    for (seed = 1; seed < 400; seed++) {
        uint32_t kept = seed;
        uint32_t n = clouds(1 + random_below(MOST), 1 + random_below(64));
        uint64_t pixels = 0;
        for (uint32_t i = 0; i < n; i++)
            pixels += items[i].count;
        uint64_t most_over = seed % 2 ? pixels / 1000 : 0;
        uint32_t n_entries = palette_of(n, 256, most_over);
        assert_true(n_entries <= 256);
        if (n_entries) {
            assert_true(count_over(n, n_entries) <= most_over);
            for (uint32_t i = 0; i < n_entries; i++)
                for (int shift = 0; shift < 24; shift += 8)
                    assert_true((colours[i] >> shift & 0xFF) <= colours[i] >> 24);
            found++;
        } else {
            assert_true(n > 256);
            refused++;
        }
        seed = kept;
    }
    assert_true(found > 50 && refused > 30);
}

static void test_few_colours_are_kept_exactly(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= 240; n++) {
        for (uint32_t i = 0; i < n; i++) /* neighbours differ by one level; 17 are a box */
            items[i] = (struct item){.colour = 0xFF000000 | i << 8, .count = 1 + i % 7};
        uint32_t n_entries = palette_of(n, 256, 0);
        assert_true(n_entries >= n && n_entries <= n + (n + 16) / 17);
        for (uint32_t i = 0; i < n; i++)
            assert_int_equal(colours[items[i].entry], items[i].colour);
    }
}

static void test_boxes_just_too_many_are_refused(void **state)
{
    (void)state;
    /* 8 x 8 boxes of 17 levels; colours in their corners need them all. */
    uint32_t n = 0;
    for (uint32_t r = 0; r < 136; r += 17)
        for (uint32_t g = 0; g < 136; g += 17)
            for (uint32_t corner = 0; corner < 4; corner++) {
                uint32_t red = r + (corner & 1) * 16, green = g + (corner >> 1) * 16;
                items[n++] = (struct item){.colour = 0xFF000000 | green << 8 | red, .count = 5};
            }
    assert_int_equal(cover(n), 64);
    assert_int_equal(palette_of(n, 64, 0), 64);
    assert_int_equal(count_over(n, 64), 0);
    assert_int_equal(palette_of(n, 256, 0), 256);
    assert_int_equal(count_over(n, 256), 0);
    /* One colour far from all others is one too many when every entry is taken. */
    items[n++] = (struct item){.colour = 0xFFFF0000, .count = 5};
    assert_int_equal(palette_of(n, 65, 0), 65);
    assert_int_equal(palette_of(n, 64, 4), 0);
    assert_int_equal(palette_of(n, 64, 5), 64);
    assert_int_equal(count_over(n, 64), 5);
}

/* Edges of 2 * LIMIT still make one box; one level more makes two. */
static void test_a_box_is_as_long_as_the_limit_allows(void **state)
{
    (void)state;
    for (int shift = 0; shift < 24; shift += 8) {
        items[0] = (struct item){.colour = 0xFF000000, .count = 9};
        items[1] = (struct item){.colour = 0xFF000000 | UINT32_C(16) << shift, .count = 1};
        assert_int_equal(cover(2), 1);
        assert_int_equal(palette_of(2, 1, 0), 1);
        assert_int_equal(count_over(2, 1), 0);
        items[1].colour += UINT32_C(1) << shift;
        assert_int_equal(cover(2), 2);
    }
}

/* Fewest boxes, by trying: sets of colours on a line are covered from one end on. */
static void test_boxes_on_a_line_are_as_few_as_can_be(void **state)
{
    (void)state;
    for (seed = 1; seed < 300; seed++) {
        uint32_t kept = seed, fewest = 0, n = 0, start = 0;
        for (uint32_t level = random_below(20); level < 256; level += 1 + random_below(30))
            items[n++] = (struct item){.colour = 0xFF000000 | level * 0x010101, .count = 1};
        for (uint32_t i = 0; i < n; i++) {
            if (i == 0 || (items[i].colour & 0xFF) > start + 2 * LIMIT) {
                start = items[i].colour & 0xFF;
                fewest++;
            }
        }
        assert_int_equal(cover(n), fewest);
        seed = kept;
    }
}

static void test_more_boxes_than_there_can_be_are_refused(void **state)
{
    (void)state;
    for (uint32_t n = BOXES_MOST; n <= BOXES_MOST + 1; n++) {
        for (uint32_t i = 0; i < n; i++)
            items[i] = (struct item){.colour = 0xFF000000 | i % 14 * 17 << 16 |
                                               i / 14 % 14 * 17 << 8 | i / 196 * 17,
                                     .count = 1};
        assert_int_equal(cover(n), n <= BOXES_MOST ? n : 0);
    }
}

static void test_what_most_pixels_have_is_exact(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 2000; i++)
        items[i] = (struct item){.colour = 0xFF640000 | (i % 40) << 8 | i / 40, .count = 1};
    items[777].count = 100000;
    assert_int_equal(palette_of(2000, 256, 0), 256);
    assert_int_equal(colours[items[777].entry], items[777].colour);
}

static void test_colours_of_enough_pixels_get_entries_and_others_do_not(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 2000; i++) /* 30 to 33 pixels each */
        items[i] =
            (struct item){.colour = 0xFF640000 | (i % 40) << 8 | i / 40, .count = 30 + i % 4};
    uint32_t n_boxes = cover(2000);
    uint32_t n_entries = boxes_colours(boxes, items, 2000, MOST, 32, colours);
    assert_true(n_entries > 1000 - n_boxes && n_entries <= 1000 + n_boxes);
    assert_int_equal(count_over(2000, n_entries), 0);
    for (uint32_t i = 0; i < 2000; i++)
        if (items[i].count >= 32)
            assert_int_equal(colours[items[i].entry], items[i].colour);
        else
            assert_true(items[i].entry < n_boxes);
}

/* Kept ones next to each other and at the ends of the range: each is exact, what is near them
 * goes to them, and nothing is off by more than may be. */
static void test_colours_that_are_kept_do_not_move(void **state)
{
    (void)state;
    for (seed = 1; seed < 200; seed++) {
        uint32_t kept = seed, n = clouds(1 + random_below(MOST), 1 + random_below(64));
        items[0].colour = random_below(2) ? 0 : 0xFFFFFFFF;
        items[0].count = 3000;
        uint32_t n_boxes = cover_keeping(n, 1500), n_kept = 0;
        assert_true(n_boxes > 0);
        assert_true(boxes_colours(boxes, items, n, n_boxes, 1, colours) == n_boxes);
        assert_int_equal(count_over(n, n_boxes), 0);
        for (uint32_t i = 0; i < n; i++) {
            if (items[i].count >= 1500)
                assert_int_equal(colours[items[i].entry], items[i].colour);
            n_kept += items[i].count >= 1500;
        }
        assert_true(n_kept > 0);
        seed = kept;
    }
    items[0] = (struct item){.colour = 0xFF640000, .count = 1000};
    items[1] = (struct item){.colour = 0xFF640000 - (8 << 16), .count = 999};
    items[2] = (struct item){.colour = 0xFF640000 + (9 << 16), .count = 999};
    assert_int_equal(cover_keeping(3, 1000), 2);
    assert_int_equal(items[1].entry, items[0].entry);
    assert_int_equal(cover_keeping(3, 999), 3);
}

static void test_nothing_has_no_palette(void **state)
{
    (void)state;
    assert_int_equal(palette_of(0, 256, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_more_pixels_are_off_than_may_be),
        cmocka_unit_test(test_few_colours_are_kept_exactly),
        cmocka_unit_test(test_boxes_just_too_many_are_refused),
        cmocka_unit_test(test_a_box_is_as_long_as_the_limit_allows),
        cmocka_unit_test(test_boxes_on_a_line_are_as_few_as_can_be),
        cmocka_unit_test(test_more_boxes_than_there_can_be_are_refused),
        cmocka_unit_test(test_what_most_pixels_have_is_exact),
        cmocka_unit_test(test_colours_of_enough_pixels_get_entries_and_others_do_not),
        cmocka_unit_test(test_colours_that_are_kept_do_not_move),
        cmocka_unit_test(test_nothing_has_no_palette),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
