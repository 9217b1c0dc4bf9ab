#include "geo/assess/row_batch.h"

#include <string.h>

enum { BATCH = 2048 };

enum err_code row_batch_begin(struct row_batch *batch, struct arena *arena, struct err *err)
{
    const struct crew *crew = batch->crew;
    batch->items = arena_alloc(arena, BATCH, batch->item_bytes);
    batch->rows = arena_alloc(arena, BATCH, batch->row_bytes);
    batch->marks = arena_new(arena, struct arena_mark, crew->n);
    batch->n = 0;
    if (!batch->items || !batch->rows || !batch->marks)
        return err_nomem(err);
    for (size_t i = 0; i < crew->n; i++)
        batch->marks[i] = arena_mark(&crew->workers[i].arena);
    return ERR_OK;
}

static enum err_code make_rows(void *context, struct worker *worker, size_t first, size_t end,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const struct row_batch *batch = context;
    for (size_t i = first; i < end; i++)
        TRY(batch->make(batch->context, worker, batch->items + i * batch->item_bytes,
                        batch->rows + i * batch->row_bytes, err));
done:
    return code;
}

enum err_code row_batch_end(struct row_batch *batch, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct crew *crew = batch->crew;
    const struct parallel work = {
        .crew = batch->crew, .n_items = batch->n, .chunk = 32, .context = batch, .run = make_rows};
    if (batch->n == 0)
        return ERR_OK;
    TRY(parallel_for(&work, err));
    TRY(store_insert(batch->store, batch->layer, batch->rows, batch->n, err));
    batch->n = 0;
done:
    for (size_t i = 0; i < crew->n; i++)
        arena_rewind(&crew->workers[i].arena, batch->marks[i]);
    return code;
}

enum err_code row_batch_add(struct row_batch *batch, const void *item, struct err *err)
{
    memcpy(batch->items + batch->n * batch->item_bytes, item, batch->item_bytes);
    return ++batch->n < BATCH ? ERR_OK : row_batch_end(batch, err);
}
