/*
 * row_batch.h - rows that a crew makes and the store takes in, some thousand at a time: so many
 * texts and shapes of rows lie in the workers' arenas at once, however many are written.
 *
 * Life:    settings, row_batch_begin, row_batch_add for each, row_batch_end. An error of any ends
 *          it, with nothing left to release.
 * Order:   rows go into the store as they were added, for any number of threads.
 * Memory:  the arena's, 2,048 items and rows; what is made lies in the workers' arenas until the
 *          batch is in the store, and what they held before stays.
 */
#ifndef SISETU_GEO_ROW_BATCH_H
#define SISETU_GEO_ROW_BATCH_H

#include "data/store.h"
#include "geo/world/parallel.h"

/* Makes the row of an item, with texts and shapes in the worker's arena. */
typedef enum err_code row_make(const void *context, struct worker *worker, const void *item,
                               void *row, struct err *err);

struct row_batch {
    struct crew *crew;
    struct store *store;
    enum layer_id layer;
    size_t item_bytes; /* of what row_batch_add copies */
    size_t row_bytes;  /* of the layer's struct */
    const void *context;
    row_make *make;
    /* the batch's own: */
    unsigned char *items;
    unsigned char *rows;
    size_t n;
    struct arena_mark *marks; /* of each worker */
};

enum err_code row_batch_begin(struct row_batch *batch, struct arena *arena, struct err *err);
enum err_code row_batch_add(struct row_batch *batch, const void *item, struct err *err);
enum err_code row_batch_end(struct row_batch *batch, struct err *err);

#endif
