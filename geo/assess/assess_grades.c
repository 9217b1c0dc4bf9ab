#include "geo/assess/assess_grades.h"

#include "geo/assess/row_batch.h"
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

struct writing {
    const struct grade_difference *difference;
    int32_t generation;
};

static enum err_code make_row(const void *context, struct worker *worker, const void *item,
                              void *row, struct err *err)
{
    const struct writing *writing = context;
    const struct grade_row *const *bare = item; /* of the assessment */
    struct grade_row *full = row;
    enum err_code code = full_row(writing->difference, worker, *bare, full, err);
    full->generation = writing->generation;
    return code;
}

enum err_code grade_difference_write(struct store *store, struct grade_difference *difference,
                                     int32_t generation, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct assessment *made = difference->made;
    const struct writing writing = {difference, generation};
    struct row_batch batch = {.crew = difference->crew,
                              .store = store,
                              .layer = LAYER_GRADES,
                              .item_bytes = sizeof(const struct grade_row *),
                              .row_bytes = sizeof(struct grade_row),
                              .context = &writing,
                              .make = make_row};
    TRY(row_batch_begin(&batch, difference->arena, err));
    TRY(store_delete(store, LAYER_GRADES, difference->deleted, difference->n_deleted, err));
    for (size_t i = 0; i < made->n_grades; i++)
        if (!difference->same[i])
            TRY(row_batch_add(&batch, &(const struct grade_row *){&made->grades[i]}, err));
    TRY(row_batch_end(&batch, err));
done:
    return code;
}
