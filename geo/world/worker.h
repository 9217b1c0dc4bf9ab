/*
 * worker.h - what one thread needs to ask a world: scratch memory and library contexts.
 *
 * GEOS and PROJ objects are not safe to share; each thread has its own.
 *
 * Life:    worker_init once a thread; worker_reset after every request gives the memory back;
 *          worker_release at the end.
 * Owner:   the worker owns its arena and contexts; answers in its arena live until the reset.
 * Threads: one worker, one thread.
 */
#ifndef SISETU_GEO_WORKER_H
#define SISETU_GEO_WORKER_H

#include "data/base/arena.h"
#include "data/base/err.h"

struct overlay;
struct transform;
struct world;

struct worker {
    struct arena arena; /* the request's memory */
    struct overlay *overlay;
    struct transform *to_grid; /* for grid_crs; NULL for a geographic grid */
    char *grid_crs;
};

enum err_code worker_init(struct worker *worker, size_t limit_bytes, struct err *err);
void worker_release(struct worker *worker);
void worker_reset(struct worker *worker);

/* Sees that to_grid fits the world's population grid. */
enum err_code worker_fit(struct worker *worker, const struct world *world, struct err *err);

#endif
