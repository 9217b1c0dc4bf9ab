/* Work shared among threads: every item once, results by index, errors as on one thread. */
#include "geo/world/parallel.h"

#include "data/base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { ITEMS = 10007 };

struct squares {
    uint64_t out[ITEMS];
    unsigned visits[ITEMS];
    size_t fails_from; /* every item from here on fails */
};

static enum err_code square(void *context, struct worker *worker, size_t first, size_t end,
                            struct err *err)
{
    struct squares *squares = context;
    uint64_t *made = arena_new(&worker->arena, uint64_t, 1);
    if (!made)
        return err_nomem(err);
    for (size_t i = first; i < end; i++) {
        squares->visits[i]++;
        if (i >= squares->fails_from)
            return err_set(err, ERR_INPUT, "item %zu", i);
        *made = (uint64_t)i * i;
        squares->out[i] = *made;
    }
    return ERR_OK;
}

static enum err_code square_all(size_t n_threads, size_t n_items, size_t chunk,
                                struct squares *squares, struct err *err)
{
    struct crew crew;
    enum err_code code = crew_init(&crew, n_threads, err);
    assert_int_equal(code, ERR_OK);
    const struct parallel work = {
        .crew = &crew, .n_items = n_items, .chunk = chunk, .context = squares, .run = square};
    code = parallel_for(&work, err);
    crew_release(&crew);
    return code;
}

static void test_every_item_is_done_once_for_any_number_of_threads(void **state)
{
    (void)state;
    static struct squares squares;
    struct err err;
    const size_t threads[] = {1, 2, 3, 8};
    const size_t chunks[] = {0, 1, 7, ITEMS, 2 * ITEMS};
    for (size_t t = 0; t < 4; t++) {
        for (size_t c = 0; c < 5; c++) {
            squares = (struct squares){.fails_from = SIZE_MAX};
            assert_int_equal(square_all(threads[t], ITEMS, chunks[c], &squares, &err), ERR_OK);
            for (size_t i = 0; i < ITEMS; i++) {
                assert_int_equal(squares.visits[i], 1);
                assert_true(squares.out[i] == (uint64_t)i * i);
            }
        }
    }
}

static void test_no_items_need_no_thread(void **state)
{
    (void)state;
    static struct squares squares;
    struct err err;
    squares = (struct squares){.fails_from = 0};
    assert_int_equal(square_all(4, 0, 0, &squares, &err), ERR_OK);
    assert_int_equal(squares.visits[0], 0);
    assert_int_equal(square_all(8, 1, 0, &squares, &err), ERR_INPUT);
}

static void test_the_first_error_in_the_order_of_items_wins(void **state)
{
    (void)state;
    static struct squares squares;
    struct err err;
    const size_t threads[] = {1, 2, 8};
    for (size_t t = 0; t < 3; t++) {
        for (size_t round = 0; round < 20; round++) {
            squares = (struct squares){.fails_from = 4321};
            assert_int_equal(square_all(threads[t], ITEMS, 10, &squares, &err), ERR_INPUT);
            assert_string_equal(err.message, "item 4321");
            for (size_t i = 0; i < 4321; i++)
                assert_int_equal(squares.visits[i], 1);
        }
    }
}

static void test_a_crew_has_a_worker_a_core_and_a_limit(void **state)
{
    (void)state;
    struct crew crew;
    struct err err;
    assert_int_equal(crew_init(&crew, 0, &err), ERR_OK);
    assert_true(crew.n >= 1 && crew.n <= LIMIT_THREADS);
    crew_release(&crew);
    assert_int_equal(crew_init(&crew, SIZE_MAX, &err), ERR_OK);
    assert_int_equal(crew.n, LIMIT_THREADS);
    crew_release(&crew);
    crew_release(&crew);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_item_is_done_once_for_any_number_of_threads),
        cmocka_unit_test(test_no_items_need_no_thread),
        cmocka_unit_test(test_the_first_error_in_the_order_of_items_wins),
        cmocka_unit_test(test_a_crew_has_a_worker_a_core_and_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
