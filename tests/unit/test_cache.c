/* test_cache.c - finished tiles: kept, thrown out, drawn once; and the pool's queue. */
#include "tiler/cache/cache.h"
#include "tiler/http/pool.h"

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
    struct cache_key key = {.edition = edition, .place = {.x = (uint32_t)i}};
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

/* Draws the tile if it is not there; whether it was. */
static bool ask(struct cache *cache, uint64_t edition, int i, size_t n)
{
    struct cache_key key = key_of(edition, i);
    struct cache_found found;
    bool hit = cache_take(cache, &key, NULL, &found) == CACHE_HIT;
    struct blob *blob = hit ? found.blob : new_blob(n);
    if (!hit)
        cache_give(cache, &key, blob);
    blob_release(blob);
    return hit;
}

static bool holds(struct cache *cache, int i)
{
    struct cache_key key = key_of(0, i);
    struct cache_found found;
    bool there = cache_look(cache, key.text, &found);
    if (there)
        blob_release(found.blob);
    return there;
}

static void turn(struct cache *cache, uint64_t edition,
                 bool (*stays)(void *context, const struct cache_place *place))
{
    struct cache_epoch epoch = {.edition = edition, .generation = 100 + edition};
    cache_turn(cache, &epoch, NULL, stays);
}

static void test_cache_keeps_what_is_asked_for_again_within_its_budget(void **state)
{
    (void)state;
    struct cache *cache = new_cache(10 * 2000);
    for (int i = 0; i < 7; i++)
        assert_false(ask(cache, 1, i, 1500));
    assert_true(holds(cache, 0)); /* asked for again: stays; 1 does not */
    for (int i = 7; i < 40; i++) {
        assert_false(ask(cache, 1, i, 1500));
        assert_true(cache_counts(cache).bytes <= 10 * 2000);
        assert_true(holds(cache, 0));
    }
    assert_false(holds(cache, 1));
    assert_true(holds(cache, 39));
    cache_free(cache);
}

/* A part of the tiles, more than fit, as often as a bad mixture of users asks for them. */
static uint32_t random_next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

/* Least recently used of n tiles of equal size: what the cache is compared with. */
struct lru {
    int *order; /* most recent first */
    int n, most;
};

static bool lru_ask(struct lru *lru, int tile)
{
    int at = 0;
    while (at < lru->n && lru->order[at] != tile)
        at++;
    bool hit = at < lru->n;
    if (!hit && lru->n < lru->most)
        lru->n++;
    if (!hit)
        at = lru->n - 1;
    memmove(lru->order + 1, lru->order, (size_t)at * sizeof *lru->order);
    lru->order[0] = tile;
    return hit;
}

enum { ROOM = 200, HOT = 150, ASKED = 60000 };

/* Users who look at HOT tiles, and one who walks over the whole map: `walks` of ten requests. */
static void count_hits(uint32_t walks, int *hits, int *lru_hits)
{
    enum { BYTES = 10000 };
    struct cache *cache = new_cache(ROOM * (BYTES + 300));
    int order[ROOM];
    struct lru lru = {order, 0, ROOM};
    uint64_t seed = 7;
    int next = 1000;
    *hits = *lru_hits = 0;
    for (int i = 0; i < ASKED; i++) {
        bool walk = random_next(&seed) % 10 < walks;
        int tile = walk ? next++ : (int)(random_next(&seed) % HOT);
        bool hit = ask(cache, 1, tile, BYTES);
        bool lru_hit = lru_ask(&lru, tile);
        *hits += !walk && hit;
        *lru_hits += !walk && lru_hit;
    }
    cache_free(cache);
}

static void test_cache_walked_over_keeps_what_the_others_look_at(void **state)
{
    (void)state;
    int hits, lru_hits;
    count_hits(0, &hits, &lru_hits);
    assert_int_equal(hits, ASKED - HOT); /* all fit: both miss each once */
    assert_int_equal(lru_hits, ASKED - HOT);
    count_hits(7, &hits, &lru_hits);
    print_message("users' hits of %d beside a walk: %d, least recently used %d\n", ASKED * 3 / 10,
                  hits, lru_hits);
    assert_true(hits > ASKED * 3 / 10 * 95 / 100);
    assert_true(lru_hits < ASKED * 3 / 10 * 50 / 100);
}

static bool stays_if_even(void *context, const struct cache_place *place)
{
    (void)context;
    return place->x % 2 == 0;
}

static void test_cache_turned_keeps_what_is_the_same_and_tells_the_epoch(void **state)
{
    (void)state;
    struct cache *cache = new_cache(1 << 20);
    struct cache_found found;
    turn(cache, 1, NULL);
    for (int i = 0; i < 10; i++)
        ask(cache, 1, i, 100);
    turn(cache, 2, stays_if_even);
    for (int i = 0; i < 10; i++)
        assert_int_equal(holds(cache, i), i % 2 == 0);
    assert_true(cache_look(cache, "tile/4", &found));
    assert_int_equal(found.epoch.generation, 102);
    assert_int_equal(found.place.x, 4);
    blob_release(found.blob);
    assert_false(ask(cache, 2, 5, 100));
    assert_true(ask(cache, 2, 4, 100));
    turn(cache, 3, NULL);
    assert_int_equal(cache_counts(cache).n, 0);
    assert_int_equal(cache_counts(cache).bytes, 0);
    cache_free(cache);
}

static void test_cache_does_not_keep_what_was_drawn_for_an_edition_that_passed(void **state)
{
    (void)state;
    struct cache *cache = new_cache(1 << 20);
    struct cache_key old = key_of(1, 4), new = key_of(2, 4);
    struct cache_found found;
    turn(cache, 1, NULL);
    assert_int_equal(cache_take(cache, &old, NULL, &found), CACHE_YOURS);
    turn(cache, 2, stays_if_even);
    assert_int_equal(cache_take(cache, &new, NULL, &found), CACHE_YOURS); /* not the old one's */
    struct blob *a = new_blob(100), *b = new_blob(200);
    cache_give(cache, &old, a);
    assert_false(holds(cache, 4));
    cache_give(cache, &new, b);
    assert_true(cache_look(cache, "tile/4", &found));
    assert_int_equal(found.blob->n_bytes, 200);
    blob_release(found.blob);
    /* Who still draws the old world is served with the new tile. */
    assert_int_equal(cache_take(cache, &old, NULL, &found), CACHE_HIT);
    assert_int_equal(found.epoch.edition, 2);
    blob_release(found.blob);
    blob_release(a);
    blob_release(b);
    cache_free(cache);
}

static void test_cache_survives_a_tile_larger_than_itself(void **state)
{
    (void)state;
    struct cache *cache = new_cache(1000);
    ask(cache, 1, 1, 5000);
    assert_false(holds(cache, 1));
    assert_int_equal(cache_counts(cache).bytes, 0);
    cache_free(cache);
}

static void test_cache_lets_another_try_after_a_failure(void **state)
{
    (void)state;
    struct cache *cache = new_cache(1 << 20);
    struct cache_key key = key_of(1, 1);
    struct cache_found found;
    assert_int_equal(cache_take(cache, &key, NULL, &found), CACHE_YOURS);
    cache_give(cache, &key, NULL);
    /* ours again, not a wait without end */
    assert_int_equal(cache_take(cache, &key, NULL, &found), CACHE_YOURS);
    cache_give(cache, &key, NULL);
    cache_free(cache);
}

static int n_called;

static void count_call(struct cache_waiter *waiter)
{
    (void)waiter;
    n_called++;
}

static void test_cache_calls_those_who_may_not_wait(void **state)
{
    (void)state;
    struct cache *cache = new_cache(1 << 20);
    struct cache_key key = key_of(1, 1);
    struct cache_found found;
    struct cache_waiter waiters[3] = {
        {.again = count_call}, {.again = count_call}, {.again = count_call}};
    n_called = 0;
    assert_int_equal(cache_take(cache, &key, &waiters[0], &found), CACHE_YOURS);
    assert_int_equal(cache_take(cache, &key, &waiters[1], &found), CACHE_LATER);
    assert_int_equal(cache_take(cache, &key, &waiters[2], &found), CACHE_LATER);
    assert_int_equal(n_called, 0);
    struct blob *blob = new_blob(10);
    cache_give(cache, &key, blob);
    assert_int_equal(n_called, 2);
    assert_int_equal(cache_take(cache, &key, &waiters[1], &found), CACHE_HIT);
    blob_release(found.blob);
    blob_release(blob);
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
        struct cache_found found;
        if (cache_take(race->cache, &key, NULL, &found) == CACHE_YOURS) {
            pthread_mutex_lock(&race->mutex);
            race->n_drawn++;
            pthread_mutex_unlock(&race->mutex);
            nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
            found.blob = new_blob(100);
            cache_give(race->cache, &key, found.blob);
        }
        blob_release(found.blob);
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

/* The size of a tile tells its edition. */
static void *ask_while_it_turns(void *argument)
{
    struct race *race = argument;
    uint64_t seed = (uint64_t)(uintptr_t)pthread_self();
    for (uint64_t edition = 1; edition <= 100; edition++) {
        for (int i = 0; i < 50; i++) {
            struct cache_key key = key_of(edition, (int)(random_next(&seed) % 60));
            struct cache_found found;
            if (cache_take(race->cache, &key, NULL, &found) == CACHE_YOURS) {
                found.blob = new_blob(edition);
                cache_give(race->cache, &key, found.blob);
            } else if (key.place.x % 2 == 1) {
                assert_true(found.blob->n_bytes >= edition);
            }
            blob_release(found.blob);
        }
        pthread_mutex_lock(&race->mutex);
        if (race->n_drawn < (int)edition) {
            turn(race->cache, edition + 1, stays_if_even);
            race->n_drawn = (int)edition;
        }
        pthread_mutex_unlock(&race->mutex);
    }
    return NULL;
}

static void test_cache_turned_by_one_while_others_ask_gives_nothing_that_passed(void **state)
{
    (void)state;
    struct race race = {.cache = new_cache(20000), .mutex = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[4];
    turn(race.cache, 1, NULL);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_while_it_turns, &race), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
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

static int n_freed;

static void count_free(struct blob_ready *ready)
{
    (void)ready;
    n_freed++;
}

static void test_blob_that_is_kept_outlives_its_last_holder_without_what_was_ready(void **state)
{
    (void)state;
    struct blob *blob = new_blob(10);
    struct blob_ready ready = {count_free};
    n_freed = 0;
    blob->ready = &ready;
    blob_keep(blob);
    blob_release(blob_acquire(blob));
    assert_int_equal(n_freed, 0);
    blob_release(blob);
    assert_int_equal(n_freed, 1);
    assert_int_equal(blob->bytes[9], 'x');
    blob_let(blob);
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
        taken += pool_put(pool, &jobs[i].job, POOL_SHORT);
    assert_in_range(taken, 10, 12); /* ten wait, up to two are running */
    pthread_mutex_unlock(&bench.gate);
    pool_end(pool);
    assert_int_equal(bench.n_run, taken);
    assert_false(pool_put(pool, &jobs[49].job, POOL_LONG));
    pool_free(pool);
    assert_int_equal(bench.n_states, 0);
    for (int i = 0; i < 50; i++)
        assert_in_range(jobs[i].runs, 0, 1);
}

static int runs_of(struct bench *bench, const struct job *job)
{
    pthread_mutex_lock(&bench->mutex);
    int runs = job->runs;
    pthread_mutex_unlock(&bench->mutex);
    return runs;
}

/* Long jobs stand still at the gate, short ones pass. */
static void run_unless_gated(void *context, void *state, struct pool_job *job)
{
    struct bench *bench = context;
    struct job *own = (struct job *)job;
    if (own->runs < 0)
        run_job(context, state, job);
    pthread_mutex_lock(&bench->mutex);
    own->runs = 1;
    pthread_mutex_unlock(&bench->mutex);
}

static void test_pool_goes_on_with_short_jobs_however_many_long_ones_there_are(void **state)
{
    (void)state;
    struct bench bench = {
        .gate = PTHREAD_MUTEX_INITIALIZER, .mutex = PTHREAD_MUTEX_INITIALIZER, .fail_state = -1};
    struct pool_work work = {&bench, state_new, state_free, run_unless_gated};
    struct job longs[5], shorts[20] = {0};
    struct pool *pool = NULL;
    struct err err;
    pthread_mutex_lock(&bench.gate);
    assert_int_equal(pool_new(&work, 2, 10, &pool, &err), ERR_OK);
    for (int i = 0; i < 5; i++) {
        longs[i].runs = -1;
        assert_true(pool_put(pool, &longs[i].job, POOL_LONG));
    }
    for (int i = 0; i < 20; i++) {
        while (!pool_put(pool, &shorts[i].job, POOL_SHORT))
            nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    }
    for (int i = 0; i < 20; i++)
        while (runs_of(&bench, &shorts[i]) == 0)
            nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    assert_int_equal(runs_of(&bench, &longs[0]), -1);
    assert_int_equal(pool_waiting(pool, POOL_LONG), 4);
    pthread_mutex_unlock(&bench.gate);
    pool_end(pool); /* runs what waits */
    for (int i = 0; i < 5; i++)
        assert_int_equal(longs[i].runs, 1);
    pool_free(pool);
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
        cmocka_unit_test(test_cache_keeps_what_is_asked_for_again_within_its_budget),
        cmocka_unit_test(test_cache_walked_over_keeps_what_the_others_look_at),
        cmocka_unit_test(test_cache_turned_keeps_what_is_the_same_and_tells_the_epoch),
        cmocka_unit_test(test_cache_does_not_keep_what_was_drawn_for_an_edition_that_passed),
        cmocka_unit_test(test_cache_survives_a_tile_larger_than_itself),
        cmocka_unit_test(test_cache_lets_another_try_after_a_failure),
        cmocka_unit_test(test_cache_calls_those_who_may_not_wait),
        cmocka_unit_test(test_cache_has_each_tile_drawn_once_however_many_ask),
        cmocka_unit_test(test_cache_turned_by_one_while_others_ask_gives_nothing_that_passed),
        cmocka_unit_test(test_blob_of_equal_bytes_has_an_equal_tag),
        cmocka_unit_test(test_blob_that_is_kept_outlives_its_last_holder_without_what_was_ready),
        cmocka_unit_test(test_pool_refuses_what_its_queue_cannot_hold_and_runs_the_rest),
        cmocka_unit_test(test_pool_goes_on_with_short_jobs_however_many_long_ones_there_are),
        cmocka_unit_test(test_pool_that_cannot_start_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
