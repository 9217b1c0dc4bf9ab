/* Features are drawn in the order of their ranks, and stay in theirs where ranks are equal. */
#include "tiler/tiles/ranked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MOST = 3000 };

static uint32_t next(uint32_t *seed)
{
    return *seed = *seed * 1664525u + 1013904223u;
}

/* Ranks below `kinds` of n features, which are numbered as they come. */
static void check(struct arena *arena, size_t n, uint32_t kinds)
{
    struct err err;
    static struct ranked items[MOST];
    uint32_t seed = (uint32_t)n + kinds;
    uint64_t ranks = 0, sorted = 0;
    for (size_t i = 0; i < n; i++) {
        items[i] = (struct ranked){(next(&seed) >> 1) % kinds, (uint32_t)i};
        ranks += items[i].rank * (uint64_t)(i + 1);
    }
    assert_int_equal(ranked_sort(items, n, arena, &err), ERR_OK);
    for (size_t i = 0; i < n; i++) {
        sorted += items[i].rank * (uint64_t)(items[i].feature + 1);
        if (i == 0)
            continue;
        assert_true(items[i - 1].rank <= items[i].rank);
        if (items[i - 1].rank == items[i].rank)
            assert_true(items[i - 1].feature < items[i].feature);
    }
    assert_true(ranks == sorted); /* each rank is still its feature's */
}

static void test_features_come_by_rank_and_equal_ones_as_they_were(void **state)
{
    struct arena arena;
    (void)state;
    arena_init(&arena, 0);
    static const size_t counts[] = {0, 1, 2, 31, 32, 33, 257, MOST};
    static const uint32_t kinds[] = {1, 2, 300, 70000, 1u << 31};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
            check(&arena, counts[i], kinds[k]);
    arena_release(&arena);
}

static void test_without_memory_sorting_many_says_so(void **state)
{
    struct arena arena;
    struct err err;
    static struct ranked items[MOST];
    (void)state;
    arena_init(&arena, 64);
    for (uint32_t i = 0; i < MOST; i++)
        items[i] = (struct ranked){MOST - i, i};
    assert_int_equal(ranked_sort(items, MOST, &arena, &err), ERR_MEMORY);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_features_come_by_rank_and_equal_ones_as_they_were),
        cmocka_unit_test(test_without_memory_sorting_many_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
