#include "geo/assess/finding_rows.h"

#include "geo/assess/edit_rows.h"
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

/* Rows on their way into the store, some thousand at a time: their texts and shapes lie in the
 * workers' arenas. */
enum { BATCH = 2048 };

struct batch {
    const struct finding_rows *rows;
    int32_t generation;
    struct finding_ref refs[BATCH];
    size_t n;
    struct conflict *made;    /* of each */
    struct arena_mark *marks; /* of each worker, whose arenas hold what others made before */
};

static enum err_code make_rows(void *context, struct worker *worker, size_t first, size_t end,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const struct batch *batch = context;
    for (size_t i = first; i < end; i++) {
        struct conflict_view view;
        TRY(finding_view(batch->rows->world, worker, batch->refs[i], &worker->arena, &view, err));
        batch->made[i] = view.row;
        batch->made[i].generation = batch->generation;
    }
done:
    return code;
}

static enum err_code write_batch(struct batch *batch, struct store *store, struct err *err)
{
    enum err_code code = ERR_OK;
    struct crew *crew = batch->rows->crew;
    const struct parallel work = {
        .crew = crew, .n_items = batch->n, .chunk = 32, .context = batch, .run = make_rows};
    TRY(parallel_for(&work, err));
    TRY(store_insert(store, LAYER_CONFLICTS, batch->made, batch->n, err));
    batch->n = 0;
done:
    for (size_t i = 0; i < crew->n; i++)
        arena_rewind(&crew->workers[i].arena, batch->marks[i]);
    return code;
}

enum err_code finding_rows_write(const struct finding_rows *rows, struct store *store,
                                 int32_t generation, struct err *err)
{
    enum err_code code = ERR_OK;
    struct finding_ref ref = {.layer = LAYER_COUNT};
    struct batch *batch = arena_new(rows->arena, struct batch, 1);
    struct conflict *made = arena_new(rows->arena, struct conflict, BATCH);
    struct arena_mark *marks = arena_new(rows->arena, struct arena_mark, rows->crew->n);
    if (!batch || !made || !marks)
        return err_nomem(err);
    for (size_t i = 0; i < rows->crew->n; i++)
        marks[i] = arena_mark(&rows->crew->workers[i].arena);
    batch->marks = marks;
    batch->rows = rows;
    batch->generation = generation;
    batch->made = made;
    TRY(store_delete(store, LAYER_CONFLICTS, rows->deleted, rows->n_deleted, err));
    while (findings_next(rows->world, &ref)) {
        if (finding_marks_get(&rows->same, ref))
            continue;
        batch->refs[batch->n++] = ref;
        if (batch->n == BATCH)
            TRY(write_batch(batch, store, err));
    }
    if (batch->n > 0)
        TRY(write_batch(batch, store, err));
done:
    return code;
}
