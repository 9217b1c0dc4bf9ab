/*
 * parallel.h - the same work on many items, on one thread or on many.
 *
 * A crew is a few workers. parallel_for hands them the items in stretches of `chunk`, each
 * stretch to whoever is free, and returns when all are done. What an item gives goes to a
 * place that its index names, so that the answer is the same for any number of threads
 * (README.md, Truth 15); nothing may depend on which worker did it, or on its neighbours.
 *
 *     struct crew crew;
 *     TRY(crew_init(&crew, 0, err));
 *     struct parallel work = {.crew = &crew, .n_items = n, .chunk = 64,
 *                             .context = &context, .run = run};
 *     TRY(parallel_for(&work, err));
 *
 * Two who work on parts of their own may end at different times. A loop that names a
 * `struct parallel_help` is shared by the one who waits there (parallel_help) as well.
 *
 * Errors:  the first in the order of items, as on one thread; what follows it may be left
 *          undone. A thread that cannot be started is done without.
 * Owner:   a crew owns its workers; what a worker's arena holds lives until crew_reset.
 * Threads: one caller a crew at a time; it works too, as worker 0. The others' threads are started
 *          by the first call that has work for them, and wait for the next one until crew_release.
 *          Parts of a crew may be called at once: they share its threads.
 * Cost:    waking a thread, 5 to 50 microseconds, which the caller does not wait for; one lock a
 *          stretch.
 */
#ifndef SISETU_GEO_PARALLEL_H
#define SISETU_GEO_PARALLEL_H

#include "geo/world/worker.h"

#include <pthread.h>

struct hands;

/* Some of the workers with the same hands are a crew as well. */
struct crew {
    struct worker *workers;
    size_t n;
    struct hands *hands; /* threads, but the caller's; NULL: none */
};

/* n 0: as many as this process may use cores. At most LIMIT_THREADS. */
enum err_code crew_init(struct crew *crew, size_t n, struct err *err);
void crew_reset(struct crew *crew);   /* every worker */
void crew_release(struct crew *crew); /* one that was never begun (zeroed) too */

/* worker_fit for all. */
enum err_code crew_fit(struct crew *crew, const struct world *world, struct err *err);

struct parallel_loop;

/* Where one thread waits for the loops of another, to help with them. The caller of the loops opens
 * it, and closes it whether they went well or not. It may be freed when nobody waits any more. */
struct parallel_help {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct parallel_loop *loop; /* that is going on; NULL: none */
    size_t n_loops;             /* that have begun */
    size_t n_inside;            /* who help with it */
    bool open;                  /* loops may come */
};

void parallel_help_init(struct parallel_help *help);
void parallel_help_open(struct parallel_help *help);
void parallel_help_close(struct parallel_help *help);
void parallel_help_free(struct parallel_help *help);

/* Returns when it is closed, or was not opened yet: whoever waits must not be the one who is to
 * open it. The worker is none of the loops' own crew. */
void parallel_help(struct parallel_help *help, struct worker *worker);

struct parallel {
    const struct crew *crew; /* at least one worker; those of index >= n_items stay idle */
    size_t n_items;
    size_t chunk; /* items a stretch; 0: a sixteenth of a worker's part */
    void *context;
    struct parallel_help *help; /* or NULL */
    /* Does items first .. end - 1, in that order. worker - crew->workers numbers the thread,
     * unless it helps. */
    enum err_code (*run)(void *context, struct worker *worker, size_t first, size_t end,
                         struct err *err);
};

enum err_code parallel_for(const struct parallel *work, struct err *err);

#endif
