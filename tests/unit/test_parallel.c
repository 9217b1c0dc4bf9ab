/* Work shared among threads: every item once, results by index, errors as on one thread. */
#include "geo/world/parallel.h"

#include "data/base/limits.h"

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
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

/* Two parts, each with a worker of its own: one waits to help, the other has loops. */
struct parts {
    struct crew crew;
    struct parallel_help help;
    struct squares squares[3]; /* a loop each */
    sem_t opened;
    sem_t helped;
    bool waits; /* each for the other, before the first item is done */
};

static bool wait_for(sem_t *sem)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 60;
    return sem_timedwait(sem, &limit) == 0;
}

static enum err_code do_items(void *context, struct worker *worker, size_t first, size_t end,
                              struct err *err)
{
    struct parts *parts = context;
    if (worker == &parts->crew.workers[0])
        sem_post(&parts->helped);
    else if (parts->waits && first == 0 && !wait_for(&parts->helped))
        return err_set(err, ERR_INTERNAL, "nobody helped within a minute");
    return square(&parts->squares[0], worker, first, end, err);
}

static enum err_code do_others(void *context, struct worker *worker, size_t first, size_t end,
                               struct err *err)
{
    return square(context, worker, first, end, err);
}

static enum err_code do_part(void *context, struct worker *worker, size_t first, size_t end,
                             struct err *err)
{
    enum err_code code = ERR_OK;
    struct parts *parts = context;
    const struct crew own = {&parts->crew.workers[1], 1};
    (void)worker;
    for (size_t part = first; part < end; part++) {
        if (part == 0) {
            if (parts->waits)
                assert_true(wait_for(&parts->opened));
            parallel_help(&parts->help, &parts->crew.workers[0]);
            continue;
        }
        parallel_help_open(&parts->help);
        sem_post(&parts->opened);
        for (size_t i = 0; i < 3 && code == ERR_OK; i++) {
            const struct parallel work = {.crew = &own,
                                          .n_items = ITEMS,
                                          .chunk = 10,
                                          .context = i == 0 ? (void *)parts : &parts->squares[i],
                                          .help = &parts->help,
                                          .run = i == 0 ? do_items : do_others};
            code = parallel_for(&work, err);
        }
        parallel_help_close(&parts->help);
        TRY(code);
    }
done:
    return code;
}

static enum err_code do_parts(struct parts *parts, size_t n_threads, struct err *err)
{
    assert_int_equal(crew_init(&parts->crew, 2, err), ERR_OK);
    const struct crew both = {parts->crew.workers, n_threads};
    const struct parallel work = {
        .crew = &both, .n_items = 2, .chunk = 1, .context = parts, .run = do_part};
    sem_init(&parts->opened, 0, 0);
    sem_init(&parts->helped, 0, 0);
    parallel_help_init(&parts->help);
    enum err_code code = parallel_for(&work, err);
    parallel_help_free(&parts->help);
    sem_destroy(&parts->helped);
    sem_destroy(&parts->opened);
    crew_release(&parts->crew);
    return code;
}

static void test_who_waits_helps_with_the_loops_of_another(void **state)
{
    (void)state;
    static struct parts parts;
    struct err err;
    for (size_t round = 0; round < 40; round++) {
        parts = (struct parts){.waits = round % 2 == 0};
        for (size_t i = 0; i < 3; i++)
            parts.squares[i].fails_from = SIZE_MAX;
        assert_int_equal(do_parts(&parts, 2, &err), ERR_OK);
        for (size_t i = 0; i < 3; i++)
            for (size_t k = 0; k < ITEMS; k++)
                assert_int_equal(parts.squares[i].visits[k], 1);
    }
}

static void test_with_help_the_first_error_is_told_and_nobody_waits_on(void **state)
{
    (void)state;
    static struct parts parts;
    struct err err;
    for (size_t round = 0; round < 20; round++) {
        parts = (struct parts){.waits = true};
        for (size_t i = 0; i < 3; i++)
            parts.squares[i].fails_from = i == 1 ? 4321 : SIZE_MAX;
        assert_int_equal(do_parts(&parts, 2, &err), ERR_INPUT);
        assert_string_equal(err.message, "item 4321");
        for (size_t k = 0; k < 4321; k++)
            assert_int_equal(parts.squares[1].visits[k], 1);
        assert_int_equal(parts.squares[2].visits[0], 0);
    }
}

static void test_who_is_alone_does_not_wait_to_help_himself(void **state)
{
    (void)state;
    static struct parts parts;
    struct err err;
    parts = (struct parts){.waits = false};
    for (size_t i = 0; i < 3; i++)
        parts.squares[i].fails_from = SIZE_MAX;
    assert_int_equal(do_parts(&parts, 1, &err), ERR_OK);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < ITEMS; k++)
            assert_int_equal(parts.squares[i].visits[k], 1);
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
        cmocka_unit_test(test_who_waits_helps_with_the_loops_of_another),
        cmocka_unit_test(test_with_help_the_first_error_is_told_and_nobody_waits_on),
        cmocka_unit_test(test_who_is_alone_does_not_wait_to_help_himself),
        cmocka_unit_test(test_a_crew_has_a_worker_a_core_and_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
