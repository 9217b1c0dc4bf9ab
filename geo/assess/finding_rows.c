#include "geo/assess/finding_rows.h"

#include "geo/assess/edit_rows.h"
#include "geo/assess/row_batch.h"
#include "geo/findings/finding_view.h"

/* ---- comparing ---- */

static enum err_code same_row(const struct finding_rows *rows, struct finding_ref ref,
                              const struct conflict *stored, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct worker *worker = &rows->crew->workers[0];
    struct arena_mark mark = arena_mark(&worker->arena);
    struct conflict_view view;
    *out = false;
    TRY(finding_view(rows->world, worker, ref, &worker->arena, &view, err));
    TRY(rows_same(LAYER_CONFLICTS, &view.row, stored, &worker->arena, out, err));
done:
    arena_rewind(&worker->arena, mark);
    return code;
}

static enum err_code compare_row(void *context, const void *record, struct err *err)
{
    enum err_code code = ERR_OK;
    struct finding_rows *rows = context;
    const struct conflict *stored = record;
    struct finding_ref ref;
    bool same = false;
    if (findings_find(rows->world, stored->head.id, &ref))
        TRY(same_row(rows, ref, stored, &same, err));
    if (same) {
        finding_marks_set(&rows->same, ref);
        return ERR_OK;
    }
    rows->deleted = arena_grow(rows->arena, rows->deleted, &rows->deleted_capacity,
                               rows->n_deleted + 1, sizeof *rows->deleted);
    char *id = arena_strdup(rows->arena, stored->head.id);
    if (!rows->deleted || !id)
        return err_nomem(err);
    rows->deleted[rows->n_deleted++] = id;
done:
    return code;
}

enum err_code finding_rows_compare(struct finding_rows *rows, struct store *store, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct store_each each = {
        .layer = LAYER_CONFLICTS, .shapes = true, .context = rows, .visit = compare_row};
    rows->n_deleted = 0;
    TRY(finding_marks_init(&rows->same, rows->world, rows->arena, err));
    TRY(store_each(store, &each, err));
done:
    return code;
}

size_t finding_rows_inserted(const struct finding_rows *rows)
{
    return findings_sums(rows->world->findings).n - rows->same.n_set;
}

/* ---- writing ---- */

struct writing {
    const struct finding_rows *rows;
    int32_t generation;
};

static enum err_code make_row(const void *context, struct worker *worker, const void *item,
                              void *row, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct writing *writing = context;
    const struct finding_ref *ref = item;
    struct conflict *made = row;
    struct conflict_view view;
    TRY(finding_view(writing->rows->world, worker, *ref, &worker->arena, &view, err));
    *made = view.row;
    made->generation = writing->generation;
done:
    return code;
}

enum err_code finding_rows_write(const struct finding_rows *rows, struct store *store,
                                 int32_t generation, struct err *err)
{
    enum err_code code = ERR_OK;
    struct finding_ref ref = {.layer = LAYER_COUNT};
    const struct writing writing = {rows, generation};
    struct row_batch batch = {.crew = rows->crew,
                              .store = store,
                              .layer = LAYER_CONFLICTS,
                              .item_bytes = sizeof ref,
                              .row_bytes = sizeof(struct conflict),
                              .context = &writing,
                              .make = make_row};
    TRY(row_batch_begin(&batch, rows->arena, err));
    TRY(store_delete(store, LAYER_CONFLICTS, rows->deleted, rows->n_deleted, err));
    while (findings_next(rows->world, &ref))
        if (!finding_marks_get(&rows->same, ref))
            TRY(row_batch_add(&batch, &ref, err));
    TRY(row_batch_end(&batch, err));
done:
    return code;
}
