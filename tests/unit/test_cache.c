/* test_cache.c - finished tiles: kept, thrown out, drawn once; and the pool's queue. */
#include "tiler/tiles/cache.h"
#include "tiler/tiles/pool.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct cache *new_cache(size_t budget_bytes)
{
    struct cache *cache = NULL;
    struct err err;
    assert_int_equal(cache_new(budget_bytes, &cache, &err), ERR_OK);
    return cache;
}

static struct cache_key key_of(uint64_t edition, int i)
{
    struct cache_key key = {.edition = edition};
    snprintf(key.text, sizeof key.text, "tile/%d", i);
    return key;
}

static struct blob *new_blob(size_t n)
{
    struct buf buf;
    struct blob *blob = NULL;
    struct err err;
    buf_init(&buf);
    memset(buf_reserve(&buf, n), 'x', n);
    buf.n_bytes = n;
    assert_int_equal(blob_new(&buf, &blob, &err), ERR_OK);
    return blob;
}

static void put(struct cache *cache, uint64_t edition, int i, size_t n)
{
    struct cache_key key = key_of(edition, i);
    assert_null(cache_take(cache, &key));
    struct blob *blob = new_blob(n);
    cache_give(cache, &key, blob);
    blob_release(blob);
}

static bool holds(struct cache *cache, uint64_t edition, int i)
{
    struct cache_key key = key_of(edition, i);
    struct blob *blob = cache_look(cache, &key);
    blob_release(blob);
    return blob != NULL;
}

static void test_cache_keeps_the_recently_used_within_its_budget(void **state)
{
    (void)state;
    struct cache *cache = new_cache(10 * 2000);
    for (int i = 0; i < 7; i++)
        put(cache, 1, i, 1500);
    assert_true(holds(cache, 1, 0)); /* used: the oldest is 1 now */
    for (int i = 7; i < 40; i++) {
        put(cache, 1, i, 1500);
        assert_true(cache_bytes(cache) <= 10 * 2000);
        assert_true(holds(cache, 1, 0));
    }
    assert_false(holds(cache, 1, 1));
    assert_true(holds(cache, 1, 39));
    cache_free(cache);
}

static void test_cache_forgets_older_editions_and_tells_them_apart(void **state)
{
    (void)state;
    struct cache *cache = new_cache(1 << 20);
    put(cache, 1, 5, 100);
    assert_false(holds(cache, 2, 5));
    put(cache, 2, 5, 100);
    cache_forget_before(cache, 2);
    assert_false(holds(cache, 1, 5));
    assert_true(holds(cache, 2, 5));
    cache_free(cache);
}

static void test_cache_survives_a_tile_larger_than_itself(void **state)
{
    (void)state;
    struct cache *cache = new_cache(1000);
    put(cache, 1, 1, 5000);
    assert_false(holds(cache, 1, 1));
    assert_int_equal(cache_bytes(cache), 0);
    cache_free(cache);
}

static void test_cache_lets_another_try_after_a_failure(void **state)
{
    (void)state;
    struct cache *cache = new_cache(1 << 20);
    struct cache_key key = key_of(1, 1);
    assert_null(cache_take(cache, &key));
    cache_give(cache, &key, NULL);
    assert_null(cache_take(cache, &key)); /* ours again, not a wait without end */
    cache_give(cache, &key, NULL);
    cache_free(cache);
}

struct race {
    struct cache *cache;
    pthread_mutex_t mutex;
    int n_drawn;
};

static void *draw_in_race(void *argument)
{
    struct race *race = argument;
    for (int i = 0; i < 50; i++) {
        struct cache_key key = key_of(1, i);
        struct blob *blob = cache_take(race->cache, &key);
        if (!blob) {
            pthread_mutex_lock(&race->mutex);
            race->n_drawn++;
            pthread_mutex_unlock(&race->mutex);
            nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
            blob = new_blob(100);
            cache_give(race->cache, &key, blob);
        }
        blob_release(blob);
    }
    return NULL;
}

static void test_cache_has_each_tile_drawn_once_however_many_ask(void **state)
{
    (void)state;
    struct race race = {.cache = new_cache(1 << 20), .mutex = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, draw_in_race, &race), 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(race.n_drawn, 50);
    cache_free(race.cache);
}

static void test_blob_of_equal_bytes_has_an_equal_tag(void **state)
{
    (void)state;
    struct blob *a = new_blob(10), *b = new_blob(10), *c = new_blob(11);
    assert_string_equal(a->tag, b->tag);
    assert_string_not_equal(a->tag, c->tag);
    assert_int_equal(strlen(a->tag), 34);
    assert_true(a->tag[0] == '"' && a->tag[33] == '"');
    blob_release(a);
    blob_release(b);
    blob_release(c);
}

/* ---- the pool ---- */

struct bench {
    pthread_mutex_t gate; /* held: jobs wait */
    pthread_mutex_t mutex;
    int n_states;
    int n_run;
    int fail_state; /* which one fails; -1: none */
};

struct job {
    struct pool_job job;
    int runs;
};

static enum err_code state_new(void *context, void **state, struct err *err)
{
    struct bench *bench = context;
    if (bench->n_states == bench->fail_state)
        return err_set(err, ERR_MEMORY, "no more");
    bench->n_states++;
    *state = bench;
    return ERR_OK;
}

static void state_free(void *context, void *state)
{
    struct bench *bench = context;
    if (state)
        bench->n_states--;
}

static void run_job(void *context, void *state, struct pool_job *job)
{
    struct bench *bench = context;
    (void)state;
    pthread_mutex_lock(&bench->gate);
    pthread_mutex_unlock(&bench->gate);
    pthread_mutex_lock(&bench->mutex);
    bench->n_run++;
    ((struct job *)job)->runs++;
    pthread_mutex_unlock(&bench->mutex);
}

static void test_pool_refuses_what_its_queue_cannot_hold_and_runs_the_rest(void **state)
{
    (void)state;
    struct bench bench = {
        .gate = PTHREAD_MUTEX_INITIALIZER, .mutex = PTHREAD_MUTEX_INITIALIZER, .fail_state = -1};
    struct pool_work work = {&bench, state_new, state_free, run_job};
    struct job jobs[50] = {0};
    struct pool *pool = NULL;
    struct err err;
    pthread_mutex_lock(&bench.gate);
    assert_int_equal(pool_new(&work, 2, 10, &pool, &err), ERR_OK);
    int taken = 0;
    for (int i = 0; i < 50; i++)
        taken += pool_put(pool, &jobs[i].job);
    assert_in_range(taken, 10, 12); /* ten wait, up to two are running */
    pthread_mutex_unlock(&bench.gate);
    pool_end(pool);
    assert_int_equal(bench.n_run, taken);
    assert_false(pool_put(pool, &jobs[49].job));
    pool_free(pool);
    assert_int_equal(bench.n_states, 0);
    for (int i = 0; i < 50; i++)
        assert_in_range(jobs[i].runs, 0, 1);
}

static void test_pool_that_cannot_start_leaves_nothing_behind(void **state)
{
    (void)state;
    struct bench bench = {
        .gate = PTHREAD_MUTEX_INITIALIZER, .mutex = PTHREAD_MUTEX_INITIALIZER, .fail_state = 3};
    struct pool_work work = {&bench, state_new, state_free, run_job};
    struct pool *pool = NULL;
    struct err err;
    assert_int_equal(pool_new(&work, 8, 10, &pool, &err), ERR_MEMORY);
    assert_null(pool);
    assert_int_equal(bench.n_states, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cache_keeps_the_recently_used_within_its_budget),
        cmocka_unit_test(test_cache_forgets_older_editions_and_tells_them_apart),
        cmocka_unit_test(test_cache_survives_a_tile_larger_than_itself),
        cmocka_unit_test(test_cache_lets_another_try_after_a_failure),
        cmocka_unit_test(test_cache_has_each_tile_drawn_once_however_many_ask),
        cmocka_unit_test(test_blob_of_equal_bytes_has_an_equal_tag),
        cmocka_unit_test(test_pool_refuses_what_its_queue_cannot_hold_and_runs_the_rest),
        cmocka_unit_test(test_pool_that_cannot_start_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
