#include "tiler/http/pool.h"

#include <pthread.h>
#include <stdlib.h>

struct pool_thread {
    struct pool *pool;
    void *state;
    pthread_t id;
};

struct lane {
    struct pool_job *first;
    struct pool_job *last;
    size_t n_waiting;
};

struct pool {
    struct pool_work work;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct lane lanes[POOL_LANES];
    size_t n_long; /* long jobs that run */
    size_t most_waiting;
    bool ending;
    size_t n_threads; /* that have a state */
    size_t n_running;
    struct pool_thread *threads;
};

static struct pool_job *take_first(struct lane *lane)
{
    struct pool_job *job = lane->first;
    if (job) {
        lane->first = job->next;
        if (!lane->first)
            lane->last = NULL;
        lane->n_waiting--;
    }
    return job;
}

/* The next job, waiting for one; NULL when the pool ends and nothing waits. Holds the mutex. */
static struct pool_job *take(struct pool *pool, enum pool_lane *lane)
{
    for (;;) {
        bool may_long = pool->n_long + 1 < pool->n_threads || pool->n_long == 0;
        struct pool_job *job = take_first(&pool->lanes[POOL_SHORT]);
        *lane = POOL_SHORT;
        if (!job && may_long) {
            job = take_first(&pool->lanes[POOL_LONG]);
            *lane = POOL_LONG;
        }
        if (job || (pool->ending && !pool->lanes[POOL_LONG].first))
            return job;
        pthread_cond_wait(&pool->wake, &pool->mutex);
    }
}

static void *thread_main(void *argument)
{
    struct pool_thread *thread = argument;
    struct pool *pool = thread->pool;
    enum pool_lane lane;
    pthread_mutex_lock(&pool->mutex);
    for (struct pool_job *job; (job = take(pool, &lane));) {
        pool->n_long += lane == POOL_LONG;
        pthread_mutex_unlock(&pool->mutex);
        pool->work.run(pool->work.context, thread->state, job);
        pthread_mutex_lock(&pool->mutex);
        pool->n_long -= lane == POOL_LONG;
        /* Who may not take a long job now may wait for this. */
        if (lane == POOL_LONG)
            pthread_cond_broadcast(&pool->wake);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

enum err_code pool_new(const struct pool_work *work, size_t n_threads, size_t most_waiting,
                       struct pool **out, struct err *err)
{
    enum err_code code = ERR_OK;
    *out = NULL;
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return err_nomem(err);
    pool->work = *work;
    pool->most_waiting = most_waiting;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->threads = calloc(n_threads, sizeof *pool->threads);
    if (!pool->threads) {
        code = err_nomem(err);
        goto done;
    }
    for (; pool->n_threads < n_threads; pool->n_threads++) {
        pool->threads[pool->n_threads].pool = pool;
        TRY(work->state_new(work->context, &pool->threads[pool->n_threads].state, err));
    }
    for (; pool->n_running < n_threads; pool->n_running++) {
        struct pool_thread *thread = &pool->threads[pool->n_running];
        int failure = pthread_create(&thread->id, NULL, thread_main, thread);
        if (failure != 0) {
            code = err_errno(err, failure, "cannot start thread %zu", pool->n_running + 1);
            goto done;
        }
    }
    *out = pool;
    pool = NULL;
done:
    pool_free(pool);
    return code;
}

bool pool_put(struct pool *pool, struct pool_job *job, enum pool_lane which)
{
    struct lane *lane = &pool->lanes[which];
    pthread_mutex_lock(&pool->mutex);
    bool taken = !pool->ending && lane->n_waiting < pool->most_waiting;
    if (taken) {
        job->next = NULL;
        if (lane->last)
            lane->last->next = job;
        else
            lane->first = job;
        lane->last = job;
        lane->n_waiting++;
        pthread_cond_signal(&pool->wake);
    }
    pthread_mutex_unlock(&pool->mutex);
    return taken;
}

void pool_put_again(struct pool *pool, struct pool_job *job)
{
    struct lane *lane = &pool->lanes[POOL_SHORT];
    pthread_mutex_lock(&pool->mutex);
    job->next = lane->first;
    lane->first = job;
    if (!lane->last)
        lane->last = job;
    lane->n_waiting++;
    pthread_cond_signal(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
}

size_t pool_waiting(struct pool *pool, enum pool_lane lane)
{
    pthread_mutex_lock(&pool->mutex);
    size_t n = pool->lanes[lane].n_waiting;
    pthread_mutex_unlock(&pool->mutex);
    return n;
}

void pool_end(struct pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->ending = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < pool->n_running; i++)
        pthread_join(pool->threads[i].id, NULL);
    pool->n_running = 0;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    pool_end(pool);
    for (size_t i = 0; i < pool->n_threads; i++)
        pool->work.state_free(pool->work.context, pool->threads[i].state);
    free(pool->threads);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}
