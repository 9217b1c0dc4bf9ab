/*
 * finding_rows.h - the findings of a world against the rows of layer conflicts that a store keeps:
 * too many to be held as rows.
 *
 * Life:    finding_rows_compare while reading; finding_rows_write in the transaction that follows,
 *          if the store is still of the same generation.
 * Owner:   memory belongs to the arena given.
 * Threads: the caller's crew makes the rows to be written; reading and comparing one thread.
 * Cost:    a view a row (finding_view.h).
 */
#ifndef SISETU_GEO_FINDING_ROWS_H
#define SISETU_GEO_FINDING_ROWS_H

#include "data/store.h"
#include "geo/findings/finding_marks.h"
#include "geo/world/parallel.h"

struct finding_rows {
    const struct world *world;
    struct crew *crew; /* after crew_fit */
    struct arena *arena;
    struct finding_marks same; /* findings whose row stands in the store as it would be written */
    const char **deleted;      /* ids of rows to go: no finding says them, or not so */
    size_t n_deleted;
    size_t deleted_capacity;
};

/* Reads all rows; world, crew and arena are set. */
enum err_code finding_rows_compare(struct finding_rows *rows, struct store *store, struct err *err);

/* How many rows are to be written; all deleted ones apart. */
size_t finding_rows_inserted(const struct finding_rows *rows);

/* Deletes and inserts what differs, stamped with the generation. */
enum err_code finding_rows_write(const struct finding_rows *rows, struct store *store,
                                 int32_t generation, struct err *err);

#endif
