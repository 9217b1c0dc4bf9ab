#include "geo/world/worker.h"

#include "geo/measure/ellipsoid.h"
#include "geo/measure/overlay.h"
#include "geo/world/world.h"

#include <stdlib.h>
#include <string.h>

enum err_code worker_init(struct worker *worker, size_t limit_bytes, struct err *err)
{
    *worker = (struct worker){0};
    arena_init(&worker->arena, limit_bytes);
    return overlay_new(&worker->overlay, err);
}

static void forget_grid(struct worker *worker)
{
    transform_free(worker->to_grid);
    free(worker->grid_crs);
    worker->to_grid = NULL;
    worker->grid_crs = NULL;
}

void worker_release(struct worker *worker)
{
    forget_grid(worker);
    overlay_free(worker->overlay);
    arena_release(&worker->arena);
    *worker = (struct worker){0};
}

void worker_reset(struct worker *worker)
{
    arena_reset(&worker->arena);
}

enum err_code worker_fit(struct worker *worker, const struct world *world, struct err *err)
{
    const struct grid *grid = &world->population;
    if (grid->n_columns == 0 || grid->geographic) {
        forget_grid(worker);
        return ERR_OK;
    }
    if (worker->to_grid && strcmp(worker->grid_crs, grid->crs) == 0)
        return ERR_OK;
    forget_grid(worker);
    worker->grid_crs = strdup(grid->crs);
    if (!worker->grid_crs)
        return err_nomem(err);
    enum err_code code = transform_new(grid->crs, &worker->to_grid, err);
    if (code != ERR_OK) {
        forget_grid(worker);
        return err_wrap(err, "the population grid");
    }
    return ERR_OK;
}
