#include "geo/world/parallel.h"

#include "data/base/limits.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

/* How many cores this process may run on. */
static size_t cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    int n = CPU_COUNT(&set);
    return n > 0 ? (size_t)n : 1;
}

enum err_code crew_init(struct crew *crew, size_t n, struct err *err)
{
    enum err_code code = ERR_OK;
    *crew = (struct crew){NULL, 0};
    size_t wanted = n ? n : cores();
    if (wanted > LIMIT_THREADS)
        wanted = LIMIT_THREADS;
    crew->workers = calloc(wanted, sizeof *crew->workers);
    if (!crew->workers)
        return err_nomem(err);
    for (; crew->n < wanted; crew->n++)
        TRY(worker_init(&crew->workers[crew->n], 0, err));
done:
    if (code != ERR_OK)
        crew_release(crew);
    return code;
}

void crew_reset(struct crew *crew)
{
    for (size_t i = 0; i < crew->n; i++)
        worker_reset(&crew->workers[i]);
}

void crew_release(struct crew *crew)
{
    for (size_t i = 0; i < crew->n; i++)
        worker_release(&crew->workers[i]);
    free(crew->workers);
    *crew = (struct crew){NULL, 0};
}

enum err_code crew_fit(struct crew *crew, const struct world *world, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < crew->n; i++)
        TRY(worker_fit(&crew->workers[i], world, err));
done:
    return code;
}

/* What the threads of one call share. */
struct parallel_loop {
    const struct parallel *work;
    size_t chunk;
    pthread_mutex_t mutex;
    size_t next;      /* first item that nobody has taken */
    size_t failed_at; /* first item of the earliest stretch that failed; SIZE_MAX: none */
    enum err_code code;
    struct err err; /* of that stretch */
};

struct hand {
    struct parallel_loop *shared;
    struct worker *worker;
    pthread_t id;
};

/* Stretches are taken in rising order, so whatever comes before a failure is already in hands
 * and will be finished: the earliest failure is known when all have ended. */
static bool take(struct parallel_loop *shared, size_t *first, size_t *end)
{
    pthread_mutex_lock(&shared->mutex);
    *first = shared->next;
    size_t left = shared->work->n_items - *first;
    bool more = left > 0 && shared->code == ERR_OK;
    *end = *first + (left < shared->chunk ? left : shared->chunk);
    if (more)
        shared->next = *end;
    pthread_mutex_unlock(&shared->mutex);
    return more;
}

static void note_failure(struct parallel_loop *shared, size_t first, enum err_code code,
                         const struct err *err)
{
    pthread_mutex_lock(&shared->mutex);
    if (first < shared->failed_at) {
        shared->failed_at = first;
        shared->code = code;
        shared->err = *err;
    }
    pthread_mutex_unlock(&shared->mutex);
}

static void *work_on(void *argument)
{
    const struct hand *hand = argument;
    struct parallel_loop *shared = hand->shared;
    const struct parallel *work = shared->work;
    size_t first = 0;
    size_t end = 0;
    while (take(shared, &first, &end)) {
        struct err err = {.code = ERR_OK};
        enum err_code code = work->run(work->context, hand->worker, first, end, &err);
        if (code != ERR_OK)
            note_failure(shared, first, code, &err);
    }
    return NULL;
}

/* ---- help ---- */

void parallel_help_init(struct parallel_help *help)
{
    *help = (struct parallel_help){.loop = NULL};
    pthread_mutex_init(&help->mutex, NULL);
    pthread_cond_init(&help->changed, NULL);
}

static void set_open(struct parallel_help *help, bool open)
{
    pthread_mutex_lock(&help->mutex);
    help->open = open;
    pthread_cond_broadcast(&help->changed);
    pthread_mutex_unlock(&help->mutex);
}

void parallel_help_open(struct parallel_help *help)
{
    set_open(help, true);
}

void parallel_help_close(struct parallel_help *help)
{
    set_open(help, false);
}

void parallel_help_free(struct parallel_help *help)
{
    pthread_cond_destroy(&help->changed);
    pthread_mutex_destroy(&help->mutex);
}

void parallel_help(struct parallel_help *help, struct worker *worker)
{
    size_t seen = 0; /* of its loops */
    pthread_mutex_lock(&help->mutex);
    while (help->open) {
        if (!help->loop || help->n_loops == seen) {
            pthread_cond_wait(&help->changed, &help->mutex);
            continue;
        }
        struct hand hand = {.shared = help->loop, .worker = worker};
        seen = help->n_loops;
        help->n_inside++;
        pthread_mutex_unlock(&help->mutex);
        work_on(&hand);
        pthread_mutex_lock(&help->mutex);
        help->n_inside--;
        pthread_cond_broadcast(&help->changed);
    }
    pthread_mutex_unlock(&help->mutex);
}

static void begin_help(struct parallel_help *help, struct parallel_loop *loop)
{
    pthread_mutex_lock(&help->mutex);
    help->loop = loop;
    help->n_loops++;
    pthread_cond_broadcast(&help->changed);
    pthread_mutex_unlock(&help->mutex);
}

/* The loop is on its caller's stack: nobody is in it afterwards. */
static void leave_help(struct parallel_help *help)
{
    pthread_mutex_lock(&help->mutex);
    help->loop = NULL;
    while (help->n_inside > 0)
        pthread_cond_wait(&help->changed, &help->mutex);
    pthread_mutex_unlock(&help->mutex);
}

/* ---- the loop ---- */

enum err_code parallel_for(const struct parallel *work, struct err *err)
{
    size_t n_hands = work->crew->n < work->n_items ? work->crew->n : work->n_items;
    if (work->n_items == 0)
        return ERR_OK;
    struct parallel_loop shared = {.work = work, .failed_at = SIZE_MAX, .code = ERR_OK};
    size_t sixteenth = work->n_items / (16 * n_hands);
    shared.chunk = work->chunk ? work->chunk : sixteenth ? sixteenth : 1;
    struct hand *hands = calloc(n_hands, sizeof *hands);
    if (!hands)
        return err_nomem(err);
    pthread_mutex_init(&shared.mutex, NULL);
    size_t n_started = 1;
    for (size_t i = 0; i < n_hands; i++)
        hands[i] = (struct hand){.shared = &shared, .worker = &work->crew->workers[i]};
    while (n_started < n_hands &&
           pthread_create(&hands[n_started].id, NULL, work_on, &hands[n_started]) == 0)
        n_started++;
    if (work->help)
        begin_help(work->help, &shared);
    work_on(&hands[0]);
    if (work->help)
        leave_help(work->help);
    for (size_t i = 1; i < n_started; i++)
        pthread_join(hands[i].id, NULL);
    pthread_mutex_destroy(&shared.mutex);
    free(hands);
    return shared.code == ERR_OK ? ERR_OK : err_set(err, shared.code, "%s", shared.err.message);
}
