/* Colours in groups: as a plain median cut makes them, exact where there is room, and none lost
 * where there is not. */
#include "tiler/draw/groups.h"
#include "tiler/draw/quantise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 40000, PLAIN_BINS = 1200 };

static uint32_t seed;
static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static struct item items[MOST];
static uint32_t colours[MOST];
static struct groups *groups;

static int set_up(void **state)
{
    (void)state;
    groups = groups_new();
    return groups ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    groups_free(groups);
    return 0;
}

/* A colour in the middle of the bin of that number, of twenty bits. */
static uint32_t bin_colour(uint32_t bin)
{
    return (bin & 0x1F) << 3 | (bin & 0x3E0) << 6 | (bin & 0x7C00) << 9 | (bin & 0xF8000) << 12 |
           0x04040404;
}

/* Items of one bin each, no two in the same one, counted up to most_count times. */
static void make_items(uint32_t n, uint32_t most_count)
{
    uint32_t step = 2 * random_below(1 << 18) + 1, first = random_below(1 << 20);
    for (uint32_t i = 0; i < n; i++)
        items[i] = (struct item){.colour = bin_colour((first + i * step) & 0xFFFFF),
                                 .count = 1 + random_below(most_count)};
}

static double value(uint32_t i, int axis)
{
    return items[i].colour >> (8 * axis) & 0xFF;
}

static double mean_of(const uint32_t *label, uint32_t n, uint32_t group, int axis)
{
    double sum = 0, weight = 0;
    for (uint32_t i = 0; i < n; i++) {
        sum += label[i] == group ? value(i, axis) * items[i].count : 0;
        weight += label[i] == group ? items[i].count : 0;
    }
    return sum / weight;
}

/* How much is won by cutting a group, at most of all axes; -1: it is one colour. */
static double spread_of(const uint32_t *label, uint32_t n, uint32_t group, int *widest)
{
    double most = -1;
    uint32_t members = 0;
    for (uint32_t i = 0; i < n; i++)
        members += label[i] == group;
    for (int axis = 0; axis < 4 && members > 1; axis++) {
        double mean = mean_of(label, n, group, axis), spread = 0;
        for (uint32_t i = 0; i < n; i++)
            spread += label[i] == group
                          ? (value(i, axis) - mean) * (value(i, axis) - mean) * items[i].count
                          : 0;
        if (spread > most) {
            most = spread;
            *widest = axis;
        }
    }
    return most;
}

/* The widest of all groups is cut at its mean, again and again. */
static void cut_plainly(uint32_t *label, uint32_t n)
{
    double spreads[PALETTE_COLOURS];
    int axes[PALETTE_COLOURS] = {0};
    memset(label, 0, n * sizeof *label);
    spreads[0] = spread_of(label, n, 0, &axes[0]);
    for (uint32_t made = 1; made < PALETTE_COLOURS; made++) {
        uint32_t at = 0;
        for (uint32_t i = 1; i < made; i++)
            at = spreads[i] > spreads[at] ? i : at;
        double mean = mean_of(label, n, at, axes[at]);
        for (uint32_t i = 0; i < n; i++)
            if (label[i] == at && value(i, axes[at]) > mean)
                label[i] = made;
        spreads[at] = spread_of(label, n, at, &axes[at]);
        spreads[made] = spread_of(label, n, made, &axes[made]);
    }
}

static void test_groups_are_those_of_a_plain_median_cut(void **state)
{
    static uint32_t label[PLAIN_BINS];
    (void)state;
    for (seed = 1; seed < 4; seed++) {
        uint32_t n = 300 + random_below(PLAIN_BINS - 300), of[PALETTE_COLOURS];
        make_items(n, 1000);
        cut_plainly(label, n);
        assert_int_equal(groups_cut(groups, items, n, colours), PALETTE_COLOURS);
        memset(of, 0xFF, sizeof of);
        for (uint32_t i = 0; i < n; i++) {
            assert_true(items[i].entry < PALETTE_COLOURS);
            if (of[items[i].entry] == UINT32_MAX)
                of[items[i].entry] = label[i];
            assert_int_equal(of[items[i].entry], label[i]);
        }
    }
}

static void test_as_many_bins_as_groups_keep_their_colours(void **state)
{
    (void)state;
    seed = 5;
    for (uint32_t n = 1; n <= PALETTE_COLOURS; n += 51) {
        make_items(n, 9);
        assert_int_equal(groups_cut(groups, items, n, colours), n);
        for (uint32_t i = 0; i < n; i++)
            assert_int_equal(colours[items[i].entry], items[i].colour);
    }
}

static void test_what_most_of_a_group_has_is_its_colour(void **state)
{
    (void)state;
    items[0] = (struct item){.colour = 0xFF101010, .count = 2};
    items[1] = (struct item){.colour = 0xFF111111, .count = 5};
    items[2] = (struct item){.colour = 0xFF121212, .count = 2};
    assert_int_equal(groups_cut(groups, items, 3, colours), 1);
    assert_int_equal(colours[0], 0xFF111111);
    items[1].count = 4; /* half of it is not most */
    items[2].colour = 0xFF151515;
    assert_int_equal(groups_cut(groups, items, 3, colours), 1);
    assert_int_equal(colours[0], 0xFF121212);
}

static void test_more_bins_than_are_counted_all_have_a_group(void **state)
{
    (void)state;
    seed = 7;
    make_items(MOST, 3);
    assert_int_equal(groups_cut(groups, items, MOST, colours), PALETTE_COLOURS);
    for (uint32_t i = 0; i < MOST; i++)
        assert_true(items[i].entry < PALETTE_COLOURS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups_are_those_of_a_plain_median_cut),
        cmocka_unit_test(test_as_many_bins_as_groups_keep_their_colours),
        cmocka_unit_test(test_what_most_of_a_group_has_is_its_colour),
        cmocka_unit_test(test_more_bins_than_are_counted_all_have_a_group),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
