/* test_rtree.c - the packed tree against a linear scan. */
#include "geo/measure/rtree.h"

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

/* Boxes of all kinds: points, duplicates, shared edges on a coarse lattice, large, empty,
 * NaN. */
static struct box some_box(uint64_t *seed)
{
    double kind = uniform(seed);
    double west = 104 + uniform(seed) * 4;
    double south = 35 + uniform(seed) * 4;
    double width = uniform(seed) * 0.1;
    double height = uniform(seed) * 0.1;
    if (kind < 0.05)
        return box_empty();
    if (kind < 0.06)
        return (struct box){NAN, south, west, south};
    if (kind < 0.3)
        width = height = 0;
    if (kind >= 0.3 && kind < 0.6) {
        west = 104 + floor(uniform(seed) * 16) / 4;
        south = 35 + floor(uniform(seed) * 16) / 4;
        width = height = 0.25;
    }
    if (kind > 0.99)
        width = height = 3;
    return (struct box){west, south, west + width, south + height};
}

static const uint32_t counts[] = {0, 1, 2, 15, 16, 17, 255, 256, 257, 4096, 4097, 10000};

static struct box *make_boxes(uint32_t n, uint64_t seed, struct arena *arena)
{
    struct box *boxes = arena_new(arena, struct box, n);
    assert_non_null(boxes);
    for (uint32_t i = 0; i < n; i++)
        boxes[i] = some_box(&seed);
    return boxes;
}

static void test_rtree_collect_is_the_linear_scan(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        struct arena arena;
        struct rtree tree;
        struct err err;
        uint64_t seed = 77 + c;
        arena_init(&arena, 0);
        uint32_t n = counts[c];
        struct box *boxes = make_boxes(n, seed, &arena);
        assert_int_equal(rtree_build(boxes, n, &arena, &tree, &err), ERR_OK);
        for (int query = 0; query < 100; query++) {
            struct box box = some_box(&seed);
            uint32_t *found;
            size_t n_found;
            size_t expected = 0;
            assert_int_equal(rtree_collect(&tree, box, &arena, &found, &n_found, &err), ERR_OK);
            for (uint32_t i = 0; i < n; i++) {
                if (box_is_empty(box) || box_is_empty(boxes[i]) || !box_intersects(box, boxes[i]))
                    continue;
                assert_true(expected < n_found);
                assert_int_equal(found[expected++], i);
            }
            assert_int_equal(n_found, expected);
        }
        arena_release(&arena);
    }
}

static bool stop_at_third(void *context, uint32_t item)
{
    (void)item;
    return ++*(int *)context < 3;
}

static void test_rtree_search_stops_when_told(void **state)
{
    (void)state;
    struct arena arena;
    struct rtree tree;
    arena_init(&arena, 0);
    struct box *boxes = make_boxes(1000, 5, &arena);
    assert_int_equal(rtree_build(boxes, 1000, &arena, &tree, NULL), ERR_OK);
    int calls = 0;
    rtree_search(&tree, (struct box){-180, -90, 180, 90}, &calls, stop_at_third);
    assert_int_equal(calls, 3);
    arena_release(&arena);
}

static void test_rtree_takes_infinite_boxes(void **state)
{
    (void)state;
    struct arena arena;
    struct rtree tree;
    uint32_t *found;
    size_t n_found;
    arena_init(&arena, 0);
    struct box boxes[] = {{-INFINITY, -INFINITY, INFINITY, INFINITY}, {1, 1, 2, 2}, {5, 5, 6, 6}};
    assert_int_equal(rtree_build(boxes, 3, &arena, &tree, NULL), ERR_OK);
    struct box query = {2, 2, 3, 3};
    assert_int_equal(rtree_collect(&tree, query, &arena, &found, &n_found, NULL), ERR_OK);
    assert_int_equal(n_found, 2);
    assert_int_equal(found[0], 0);
    assert_int_equal(found[1], 1);
    arena_release(&arena);
}

static void test_an_endless_box_finds_what_has_a_box_and_one_that_is_no_box_nothing(void **state)
{
    (void)state;
    struct arena arena;
    struct rtree tree;
    uint32_t *found;
    size_t n_found;
    arena_init(&arena, 0);
    /* A node has room for sixteen: what is left free must not be found. */
    struct box boxes[] = {{1, 1, 2, 2}, box_empty(), {5, 5, 6, 6}, box_empty()};
    assert_int_equal(rtree_build(boxes, 4, &arena, &tree, NULL), ERR_OK);
    const struct box endless = {-INFINITY, -INFINITY, INFINITY, INFINITY};
    assert_int_equal(rtree_collect(&tree, endless, &arena, &found, &n_found, NULL), ERR_OK);
    assert_int_equal(n_found, 2);
    assert_int_equal(found[0], 0);
    assert_int_equal(found[1], 2);
    const struct box wrong[] = {{NAN, -90, 180, 90},   {-180, NAN, 180, 90}, {-180, -90, NAN, 90},
                                {-180, -90, 180, NAN}, {NAN, NAN, NAN, NAN}, box_empty()};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(rtree_collect(&tree, wrong[i], &arena, &found, &n_found, NULL), ERR_OK);
        assert_int_equal(n_found, 0);
    }
    arena_release(&arena);
}

struct seen {
    double last_m;
    uint32_t last_item;
    uint32_t n;
    uint32_t stop_after;
    const struct box *boxes;
    struct box from;
    bool *met;
};

static bool see(void *context, uint32_t item, double at_least_m)
{
    struct seen *seen = context;
    assert_true(at_least_m > seen->last_m ||
                (at_least_m == seen->last_m && (seen->n == 0 || item > seen->last_item)));
    double bound_m = rtree_box_distance_m(seen->from, seen->boxes[item]);
    assert_true(fabs(at_least_m - bound_m) <= 1e-12 * bound_m);
    assert_false(seen->met[item]);
    seen->met[item] = true;
    seen->last_m = at_least_m;
    seen->last_item = item;
    return ++seen->n < seen->stop_after;
}

static void test_rtree_nearest_visits_all_by_rising_bound_and_ties_by_item(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        struct arena arena;
        struct rtree tree;
        uint64_t seed = 99 + c;
        arena_init(&arena, 0);
        uint32_t n = counts[c];
        struct box *boxes = make_boxes(n, seed, &arena);
        uint32_t n_real = 0;
        for (uint32_t i = 0; i < n; i++)
            n_real += !box_is_empty(boxes[i]);
        assert_int_equal(rtree_build(boxes, n, &arena, &tree, NULL), ERR_OK);
        assert_int_equal(tree.n_items, n_real);
        for (int query = 0; query < 5; query++) {
            struct box from = {103 + uniform(&seed) * 6, 34 + uniform(&seed) * 6, 0, 0};
            from.east_deg = from.west_deg;
            from.north_deg = from.south_deg;
            bool *met = arena_new(&arena, bool, n);
            struct seen seen = {.last_m = 0,
                                .boxes = boxes,
                                .from = from,
                                .met = met,
                                .stop_after = query == 0 ? 7 : UINT32_MAX};
            assert_int_equal(rtree_nearest(&tree, from, &arena, &seen, see, NULL), ERR_OK);
            assert_int_equal(seen.n, query == 0 && n_real > 7 ? 7 : n_real);
        }
        arena_release(&arena);
    }
}

static double within(uint64_t *seed, double low, double high)
{
    return low + uniform(seed) * (high - low);
}

static void test_box_bound_never_passes_the_distance_anywhere_on_earth(void **state)
{
    (void)state;
    uint64_t seed = 11;
    double tightest = 0;
    for (int i = 0; i < 100000; i++) {
        struct box boxes[2];
        struct lonlat inside[2];
        double spread = pow(10, -uniform(&seed) * 4);
        for (int k = 0; k < 2; k++) {
            double west = within(&seed, -180, 180) * (i % 2 ? 1 : spread) + (i % 5 ? 0 : 179.9);
            double south = fmax(
                -90, fmin(90, within(&seed, -90, 90) * (i % 3 ? spread : 1) + (i % 7 ? 0 : 89)));
            boxes[k] = (struct box){west, south, west + uniform(&seed) * 20 * spread,
                                    fmin(90, south + uniform(&seed) * 20 * spread)};
            inside[k].lon_deg = within(&seed, boxes[k].west_deg, boxes[k].east_deg);
            inside[k].lat_deg = within(&seed, boxes[k].south_deg, boxes[k].north_deg);
        }
        double bound_m = rtree_box_distance_m(boxes[0], boxes[1]);
        double distance_m = ellipsoid_distance_m(inside[0], inside[1]);
        assert_true(bound_m <= distance_m);
        for (int k = 0; k < 2; k++)
            boxes[k] = box_of_points(&inside[k], 1);
        bound_m = rtree_box_distance_m(boxes[0], boxes[1]);
        assert_true(bound_m <= distance_m);
        if (distance_m > 1 && distance_m < 100e3 && fabs(inside[0].lat_deg) < 60 &&
            fabs(inside[1].lat_deg) < 60)
            tightest = fmax(tightest, 1 - bound_m / distance_m);
    }
    /* A bound that is loose is right and useless. */
    assert_true(tightest < 0.1);
    assert_true(isinf(rtree_box_distance_m(box_empty(), (struct box){0, 0, 1, 1})));
}

static void test_rtree_is_the_same_for_the_same_boxes(void **state)
{
    (void)state;
    struct arena arena;
    struct rtree trees[2];
    uint32_t orders[2][64];
    arena_init(&arena, 0);
    for (int k = 0; k < 2; k++) {
        struct box *boxes = make_boxes(5000, 42, &arena);
        assert_int_equal(rtree_build(boxes, 5000, &arena, &trees[k], NULL), ERR_OK);
        uint32_t *items;
        size_t n;
        struct box query = {105, 36, 106, 37};
        assert_int_equal(rtree_collect(&trees[k], query, &arena, &items, &n, NULL), ERR_OK);
        assert_true(n >= 64);
        memcpy(orders[k], items, sizeof orders[k]);
    }
    assert_memory_equal(orders[0], orders[1], sizeof orders[0]);
    arena_release(&arena);
}

static void test_rtree_reports_memory_that_runs_out(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct box *boxes = make_boxes(1000, 5, &arena);
    int refused = 0;
    for (size_t limit = 1024; limit < 128 << 10; limit += 4096) {
        struct arena small;
        struct rtree tree;
        struct err err;
        uint32_t *items;
        size_t n;
        arena_init(&small, limit);
        enum err_code code = rtree_build(boxes, 1000, &small, &tree, &err);
        if (code == ERR_OK)
            code = rtree_collect(&tree, (struct box){100, 30, 110, 40}, &small, &items, &n, &err);
        assert_true(code == ERR_OK || code == ERR_MEMORY);
        refused += code == ERR_MEMORY;
        arena_release(&small);
    }
    assert_true(refused > 0 && refused < 32);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rtree_collect_is_the_linear_scan),
        cmocka_unit_test(test_rtree_search_stops_when_told),
        cmocka_unit_test(test_rtree_takes_infinite_boxes),
        cmocka_unit_test(test_an_endless_box_finds_what_has_a_box_and_one_that_is_no_box_nothing),
        cmocka_unit_test(test_rtree_nearest_visits_all_by_rising_bound_and_ties_by_item),
        cmocka_unit_test(test_box_bound_never_passes_the_distance_anywhere_on_earth),
        cmocka_unit_test(test_rtree_is_the_same_for_the_same_boxes),
        cmocka_unit_test(test_rtree_reports_memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
