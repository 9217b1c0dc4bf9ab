/* Palettes from which no colour is far: the bound holds, and what needs no more than 256 boxes of
 * colours has one. */
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
static uint32_t order[MOST], colours[256];

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
        uint32_t n = clouds(1 + random_below(MOST), 1 + random_below(40));
        uint64_t pixels = 0;
        for (uint32_t i = 0; i < n; i++)
            pixels += items[i].count;
        const struct boxes_wanted wanted = {256, LIMIT, seed % 2 ? pixels / 1000 : 0};
        uint32_t n_entries = boxes_palette(items, n, order, &wanted, colours);
        assert_true(n_entries <= 256);
        if (n_entries) {
            assert_true(count_over(n, n_entries) <= wanted.most_over);
            found++;
        } else {
            assert_true(n > 256);
            refused++;
        }
        seed = kept;
    }
    assert_true(found > 50 && refused > 50);
}

static void test_few_colours_are_kept_exactly_and_alone(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= 256; n++) {
        for (uint32_t i = 0; i < n; i++) /* neighbours differ by one level */
            items[i] = (struct item){.colour = 0xFF000000 | i << 8, .count = 1 + i % 7};
        const struct boxes_wanted wanted = {256, LIMIT, 0};
        assert_int_equal(boxes_palette(items, n, order, &wanted, colours), n);
        for (uint32_t i = 0; i < n; i++)
            assert_int_equal(colours[items[i].entry], items[i].colour);
    }
}

static void test_colours_just_too_many_are_refused(void **state)
{
    (void)state;
    /* 8 x 8 boxes of 17 levels; colours in their corners need them all. */
    const struct boxes_wanted wanted = {256, LIMIT, 0};
    uint32_t n = 0;
    for (uint32_t r = 0; r < 136; r += 17)
        for (uint32_t g = 0; g < 136; g += 17)
            for (uint32_t corner = 0; corner < 4; corner++) {
                uint32_t red = r + (corner & 1) * 16, green = g + (corner >> 1) * 16;
                items[n++] = (struct item){.colour = green << 8 | red, .count = 5};
            }
    assert_int_equal(boxes_palette(items, n, order, &wanted, colours), 256);
    assert_int_equal(count_over(n, 256), 0);
    const struct boxes_wanted enough = {64, LIMIT, 0};
    assert_int_equal(boxes_palette(items, n, order, &enough, colours), 64);
    assert_int_equal(count_over(n, 64), 0);
    /* One colour far from all others is one too many when every entry is taken. */
    const uint32_t needed = 65;
    items[n++] = (struct item){.colour = 0xFF000000, .count = 5};
    assert_int_equal(boxes_palette(items, n, order, &(struct boxes_wanted){65, LIMIT, 0}, colours),
                     65);
    const struct boxes_wanted short_by_one = {needed - 1, LIMIT, 0},
                              but_five = {needed - 1, LIMIT, 5};
    assert_int_equal(boxes_palette(items, n, order, &short_by_one, colours), 0);
    assert_int_equal(boxes_palette(items, n, order, &but_five, colours), needed - 1);
    assert_true(count_over(n, needed - 1) <= 5);
}

static void test_what_most_pixels_have_is_exact(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 2000; i++)
        items[i] = (struct item){.colour = 0xFF640000 | (i % 40) << 8 | i / 40, .count = 1};
    items[777].count = 100000;
    const struct boxes_wanted wanted = {256, LIMIT, 0};
    uint32_t n_entries = boxes_palette(items, 2000, order, &wanted, colours);
    assert_int_equal(n_entries, 256);
    assert_int_equal(colours[items[777].entry], items[777].colour);
}

static void test_nothing_has_no_palette(void **state)
{
    (void)state;
    const struct boxes_wanted wanted = {256, LIMIT, 0};
    assert_int_equal(boxes_palette(items, 0, order, &wanted, colours), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_more_pixels_are_off_than_may_be),
        cmocka_unit_test(test_few_colours_are_kept_exactly_and_alone),
        cmocka_unit_test(test_colours_just_too_many_are_refused),
        cmocka_unit_test(test_what_most_pixels_have_is_exact),
        cmocka_unit_test(test_nothing_has_no_palette),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
