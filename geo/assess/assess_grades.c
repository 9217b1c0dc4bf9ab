#include "geo/assess/assess_grades.h"

#include "geo/grades/grade_reasons.h"
#include "geo/grades/grades_state.h"

#include "data/base/text.h"

#include <stdlib.h>
#include <string.h>

/* The row with its reasons, in the worker's arena. */
static enum err_code full_row(const struct grade_difference *difference, struct worker *worker,
                              const struct grade_row *row, struct grade_row *out, struct err *err)
{
    const struct grade_words words = {
        .world = difference->world, .worker = worker, .state = difference->made->state};
    *out = *row;
    return grade_reasons(&words, row, &worker->arena, &out->reasons, err);
}

static enum err_code same_row(const struct grade_difference *difference,
                              const struct grade_row *mine, const struct grade_row *its, bool *out,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    struct worker *worker = &difference->crew->workers[0];
    struct arena_mark mark = arena_mark(&worker->arena);
    *out = text_equal(mine->subject, its->subject) &&
           text_equal(mine->subject_id, its->subject_id) && text_equal(mine->method, its->method) &&
           grades_row_same(mine, its);
    if (*out) {
        struct grade_row full;
        TRY(full_row(difference, worker, mine, &full, err));
        *out = text_equal(full.reasons, its->reasons);
    }
done:
    arena_rewind(&worker->arena, mark);
    return code;
}

static int compare_id(const void *id, const void *row)
{
    return strcmp(id, ((const struct grade_row *)row)->head.id);
}

/* A row of the store against the one made anew. */
static enum err_code visit(void *context, const void *record, struct err *err)
{
    enum err_code code = ERR_OK;
    struct grade_difference *difference = context;
    const struct assessment *made = difference->made;
    const struct grade_row *its = record;
    const struct grade_row *mine = NULL;
    bool same = false;
    if (made->n_grades > 0)
        mine =
            bsearch(its->head.id, made->grades, made->n_grades, sizeof *made->grades, compare_id);
    if (mine)
        TRY(same_row(difference, mine, its, &same, err));
    if (same) {
        difference->same[mine - made->grades] = true;
        difference->n_inserted--;
        return ERR_OK;
    }
    difference->deleted = arena_grow(difference->arena, difference->deleted, &difference->capacity,
                                     difference->n_deleted + 1, sizeof *difference->deleted);
    char *id = arena_strdup(difference->arena, its->head.id);
    if (!difference->deleted || !id)
        return err_nomem(err);
    difference->deleted[difference->n_deleted++] = id;
done:
    return code;
}

enum err_code grade_difference_find(struct store *store, const struct grade_made *made,
                                    struct arena *arena, struct grade_difference *out,
                                    struct err *err)
{
    *out = (struct grade_difference){
        .world = made->world,
        .crew = made->crew,
        .made = made->made,
        .arena = arena,
        .same = arena_new(arena, bool, made->made->n_grades),
        .n_inserted = made->made->n_grades,
    };
    const struct store_each each = {.layer = LAYER_GRADES, .context = out, .visit = visit};
    return out->same ? store_each(store, &each, err) : err_nomem(err);
}

/* Rows on their way into the store, some hundred at a time: their reasons lie in the workers'
 * arenas. */
enum { BATCH = 2048 };

struct batch {
    const struct grade_difference *difference;
    int32_t generation;
    const struct grade_row *rows[BATCH]; /* of the assessment */
    size_t n;
    struct grade_row *full;   /* of each */
    struct arena_mark *marks; /* of each worker, whose arenas hold what others made before */
};

static enum err_code fill_rows(void *context, struct worker *worker, size_t first, size_t end,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const struct batch *batch = context;
    for (size_t i = first; i < end; i++) {
        TRY(full_row(batch->difference, worker, batch->rows[i], &batch->full[i], err));
        batch->full[i].generation = batch->generation;
    }
done:
    return code;
}

static enum err_code write_batch(struct batch *batch, struct store *store, struct err *err)
{
    enum err_code code = ERR_OK;
    struct crew *crew = batch->difference->crew;
    const struct parallel work = {
        .crew = crew, .n_items = batch->n, .chunk = 32, .context = batch, .run = fill_rows};
    TRY(parallel_for(&work, err));
    TRY(store_insert(store, LAYER_GRADES, batch->full, batch->n, err));
    batch->n = 0;
done:
    for (size_t i = 0; i < crew->n; i++)
        arena_rewind(&crew->workers[i].arena, batch->marks[i]);
    return code;
}

enum err_code grade_difference_write(struct store *store, struct grade_difference *difference,
                                     int32_t generation, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct assessment *made = difference->made;
    struct crew *crew = difference->crew;
    struct batch *batch = arena_new(difference->arena, struct batch, 1);
    struct grade_row *full = arena_new(difference->arena, struct grade_row, BATCH);
    struct arena_mark *marks = arena_new(difference->arena, struct arena_mark, crew->n);
    if (!batch || !full || !marks)
        return err_nomem(err);
    for (size_t i = 0; i < crew->n; i++)
        marks[i] = arena_mark(&crew->workers[i].arena);
    batch->difference = difference;
    batch->generation = generation;
    batch->full = full;
    batch->marks = marks;
    TRY(store_delete(store, LAYER_GRADES, difference->deleted, difference->n_deleted, err));
    for (size_t i = 0; i < made->n_grades; i++) {
        if (difference->same[i])
            continue;
        batch->rows[batch->n++] = &made->grades[i];
        if (batch->n == BATCH)
            TRY(write_batch(batch, store, err));
    }
    if (batch->n > 0)
        TRY(write_batch(batch, store, err));
done:
    return code;
}
