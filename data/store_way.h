/*
 * store_way.h - an edit on its way into the tables: what is durable in the log, and can be asked
 * for meanwhile. Behind store_writer.h.
 *
 * Owner:   store_way_free ends it; what is found in it ends with it.
 * Threads: one at a time.
 * Memory:  its bytes, and once it was read as much again.
 */
#ifndef SISETU_DATA_STORE_WAY_H
#define SISETU_DATA_STORE_WAY_H

#include "data/store_log.h"

/* A row of facts. */
struct store_way_row {
    enum layer_id layer;
    const char *id;
    const struct store_put *put; /* NULL: deleted */
    size_t change, row;          /* as in struct store_edit_at */
};

struct store_way {
    struct store_way *next; /* a later one */
    uint64_t generation;
    struct buf bytes; /* as in the log; what follows is read from them once it is needed */
    bool was_read;
    struct arena arena;
    struct store_edit edit;
    struct store_edit_at at;    /* up to here the tables have it */
    struct store_way_row *rows; /* by layer and id */
    size_t n_rows;
};

/* ERR_INPUT: the tables would refuse it. */
enum err_code store_way_new(const struct store_edit *edit, const struct schema *schema,
                            struct store_way **out, struct err *err);
void store_way_free(struct store_way *way); /* NULL is legal; the later ones stay */

/* Fills in `edit` and `rows`, once. */
enum err_code store_way_read(struct store_way *way, struct err *err);

/* The row of this edit that the tables lack; NULL if there is none. */
enum err_code store_way_find(struct store_way *way, enum layer_id layer, const char *id,
                             const struct store_way_row **out, struct err *err);

#endif
