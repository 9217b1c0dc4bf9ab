/*
 * edit_rows.h - records before and after: what an edit changes, layer by layer.
 *
 * Owner:   the list belongs to its arena, records to whoever made them.
 * Threads: one a list.
 */
#ifndef SISETU_GEO_EDIT_ROWS_H
#define SISETU_GEO_EDIT_ROWS_H

#include "data/records.h"
#include "geo/grades/grades.h"
#include "geo/world/world_edit.h"

/* One record: before NULL is new, after NULL is gone. Both have the same id. */
struct row_change {
    const void *before;
    const void *after;
    const struct grades_ending *ending; /* grades: in place of their reasons; or NULL */
    const char *brief_id; /* conflicts: before is but what all rows of its source by its rule have
                           * in common, and this the id; NULL: it is all there */
};

static inline const char *row_change_id(const struct row_change *change)
{
    const struct record_head *head = change->after ? change->after : change->before;
    return change->brief_id ? change->brief_id : head->id;
}

struct row_changes {
    enum layer_id layer;
    struct row_change *items;
    size_t n;
    size_t capacity;
    struct arena *arena;
    size_t n_told;      /* conflicts: beyond so many changes before is brief where it may be */
    int32_t generation; /* conflicts: that the rows after are to say; 0: none */
};

/* Adds a change, unless both are the same. */
enum err_code row_changes_add(struct row_changes *changes, const void *before, const void *after,
                              struct err *err);

/* Adds a change that is known to be one. */
enum err_code row_changes_put(struct row_changes *changes, const struct row_change *change,
                              struct err *err);

/* Both arrays ordered by id, n_before and n_after records of changes->layer. */
struct row_array {
    const void *(*at)(const void *context, size_t i);
    const void *context;
    size_t n;
};
enum err_code row_changes_compare(struct row_changes *changes, struct row_array before,
                                  struct row_array after, struct err *err);

/* Same in every field but `generation` and `imported`, which whoever writes stamps, and in
 * shape as the store gives it back. */
enum err_code rows_same(enum layer_id layer, const void *a, const void *b, struct arena *scratch,
                        bool *out, struct err *err);

#endif
