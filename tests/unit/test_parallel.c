/* Work shared among threads: every item once, results by index, errors as on one thread. */
#include "geo/world/parallel.h"

#include "data/base/limits.h"

#include <dirent.h>
#include <pthread.h>
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

/* ---- threads that stay ---- */

enum { HANDS = 4 };

struct meeting {
    struct worker *workers;
    pthread_barrier_t all;
    pthread_mutex_t mutex;
    size_t n_threads; /* that were ever there */
    size_t visits[HANDS];
};

/* Everybody waits until all are there, so that each thread has one item. */
static enum err_code meet(void *context, struct worker *worker, size_t first, size_t end,
                          struct err *err)
{
    static _Thread_local bool was_here;
    struct meeting *meeting = context;
    (void)err;
    pthread_mutex_lock(&meeting->mutex);
    meeting->n_threads += !was_here;
    meeting->visits[worker - meeting->workers] += end - first;
    pthread_mutex_unlock(&meeting->mutex);
    was_here = true;
    pthread_barrier_wait(&meeting->all);
    return ERR_OK;
}

static size_t threads_now(void)
{
    size_t n = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *task; tasks && (task = readdir(tasks));)
        n += task->d_name[0] != '.';
    closedir(tasks);
    return n;
}

static void test_the_threads_of_a_crew_stay_until_its_end(void **state)
{
    (void)state;
    enum { LOOPS = 300 };
    struct crew crew;
    struct err err;
    size_t n_before = threads_now();
    assert_int_equal(crew_init(&crew, HANDS, &err), ERR_OK);
    struct meeting meeting = {.workers = crew.workers};
    pthread_mutex_init(&meeting.mutex, NULL);
    pthread_barrier_init(&meeting.all, NULL, HANDS);
    const struct parallel work = {
        .crew = &crew, .n_items = HANDS, .chunk = 1, .context = &meeting, .run = meet};
    for (size_t i = 0; i < LOOPS; i++)
        assert_int_equal(parallel_for(&work, &err), ERR_OK);
    assert_int_equal(meeting.n_threads, HANDS);
    for (size_t i = 0; i < HANDS; i++)
        assert_int_equal(meeting.visits[i], LOOPS);
    crew_release(&crew);
    pthread_barrier_destroy(&meeting.all);
    pthread_mutex_destroy(&meeting.mutex);
    /* One that was joined is gone from there a moment later. */
    for (int i = 0; i < 1000 && threads_now() > n_before; i++)
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    assert_int_equal(threads_now(), n_before);
}

/* Two halves of a crew, each with a loop of its own at the same time. */
struct halves {
    struct crew crews[2];
    struct squares squares[2];
};

static enum err_code do_half(void *context, struct worker *worker, size_t first, size_t end,
                             struct err *err)
{
    enum err_code code = ERR_OK;
    struct halves *halves = context;
    (void)worker;
    for (size_t half = first; half < end; half++) {
        const struct parallel work = {.crew = &halves->crews[half],
                                      .n_items = ITEMS,
                                      .chunk = 10,
                                      .context = &halves->squares[half],
                                      .run = square};
        TRY(parallel_for(&work, err));
    }
done:
    return code;
}

static enum err_code do_halves(struct halves *halves, size_t n_threads, struct err *err)
{
    struct crew crew;
    assert_int_equal(crew_init(&crew, n_threads, err), ERR_OK);
    struct crew both = crew;
    both.n = 2;
    halves->crews[0] = halves->crews[1] = crew;
    halves->crews[0].n = n_threads / 2;
    halves->crews[1].n -= n_threads / 2;
    halves->crews[1].workers += n_threads / 2;
    const struct parallel work = {
        .crew = &both, .n_items = 2, .chunk = 1, .context = halves, .run = do_half};
    enum err_code code = parallel_for(&work, err);
    crew_release(&crew);
    return code;
}

static void test_parts_of_a_crew_work_at_once(void **state)
{
    (void)state;
    static struct halves halves;
    struct err err;
    const size_t threads[] = {2, 3, 4, 8};
    for (size_t round = 0; round < 40; round++) {
        bool fails = round % 8 == 7;
        for (size_t i = 0; i < 2; i++)
            halves.squares[i] = (struct squares){.fails_from = fails && i == 1 ? 4321 : SIZE_MAX};
        assert_int_equal(do_halves(&halves, threads[round % 4], &err), fails ? ERR_INPUT : ERR_OK);
        if (fails)
            assert_string_equal(err.message, "item 4321");
        for (size_t k = 0; k < ITEMS; k++) {
            assert_int_equal(halves.squares[0].visits[k], 1);
            if (!fails || k < 4321)
                assert_int_equal(halves.squares[1].visits[k], 1);
        }
    }
}

/* ---- help ---- */

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
    const struct crew own = {.workers = &parts->crew.workers[1], .n = 1};
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
    const struct crew both = {
        .workers = parts->crew.workers, .n = n_threads, .hands = parts->crew.hands};
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
        cmocka_unit_test(test_the_threads_of_a_crew_stay_until_its_end),
        cmocka_unit_test(test_parts_of_a_crew_work_at_once),
        cmocka_unit_test(test_who_waits_helps_with_the_loops_of_another),
        cmocka_unit_test(test_with_help_the_first_error_is_told_and_nobody_waits_on),
        cmocka_unit_test(test_who_is_alone_does_not_wait_to_help_himself),
        cmocka_unit_test(test_a_crew_has_a_worker_a_core_and_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
