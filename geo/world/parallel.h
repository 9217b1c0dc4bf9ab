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
 * Errors:  the first in the order of items, as on one thread; what follows it may be left
 *          undone. A thread that cannot be started is done without.
 * Owner:   a crew owns its workers; what a worker's arena holds lives until crew_reset.
 * Threads: one caller a crew at a time; it works too, as worker 0.
 * Cost:    about 20 microseconds a thread and call, one lock a stretch.
 */
#ifndef SISETU_GEO_PARALLEL_H
#define SISETU_GEO_PARALLEL_H

#include "geo/world/worker.h"

struct crew {
    struct worker *workers;
    size_t n;
};

/* n 0: as many as this process may use cores. At most LIMIT_THREADS. */
enum err_code crew_init(struct crew *crew, size_t n, struct err *err);
void crew_reset(struct crew *crew);   /* every worker */
void crew_release(struct crew *crew); /* one that was never begun (zeroed) too */

/* worker_fit for all. */
enum err_code crew_fit(struct crew *crew, const struct world *world, struct err *err);

struct parallel {
    const struct crew *crew; /* at least one worker; those of index >= n_items stay idle */
    size_t n_items;
    size_t chunk; /* items a stretch; 0: a sixteenth of a worker's part */
    void *context;
    /* Does items first .. end - 1, in that order. worker - crew->workers numbers the thread. */
    enum err_code (*run)(void *context, struct worker *worker, size_t first, size_t end,
                         struct err *err);
};

enum err_code parallel_for(const struct parallel *work, struct err *err);

#endif
