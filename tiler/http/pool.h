/*
 * pool.h - a few threads that take jobs off two lanes, each in the order they came.
 *
 * Short jobs go first. Long ones never have all the threads, unless there is only one: however
 * many wait, short jobs go on.
 *
 * Life:    pool_new starts the threads; pool_put hands over jobs; pool_end lets the queue
 *          run empty and joins, after which pool_put still answers (no); pool_free.
 * Owner:   a job is embedded in the caller's struct and belongs to the caller again once
 *          `run` was called with it. Each thread has a state of its own (worker, canvas),
 *          made before it starts and freed after it ended.
 * Threads: pool_put from any thread.
 */
#ifndef SISETU_TILER_POOL_H
#define SISETU_TILER_POOL_H

#include "data/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct pool;

struct pool_job {
    struct pool_job *next;
};

struct pool_work {
    void *context;
    enum err_code (*state_new)(void *context, void **state, struct err *err);
    void (*state_free)(void *context, void *state);
    void (*run)(void *context, void *state, struct pool_job *job);
};

/* most_waiting: jobs that may queue in each lane before pool_put refuses. */
enum err_code pool_new(const struct pool_work *work, size_t n_threads, size_t most_waiting,
                       struct pool **out, struct err *err);

enum pool_lane { POOL_SHORT, POOL_LONG, POOL_LANES };

/* False when the lane is full or the pool is ending: the job stays the caller's. */
bool pool_put(struct pool *pool, struct pool_job *job, enum pool_lane lane);

/* A job that ran once and could not end: it runs next, is never refused, and the pool does not end
 * before it ran. From within a job. */
void pool_put_again(struct pool *pool, struct pool_job *job);

size_t pool_waiting(struct pool *pool, enum pool_lane lane);

/* Refuses new jobs from now on, runs those that wait, joins the threads. */
void pool_end(struct pool *pool);

/* Ends the pool if that is still to do, and frees it. NULL is fine. */
void pool_free(struct pool *pool);

#endif
