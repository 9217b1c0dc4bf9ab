#include "geo/assess/assess_grades.h"

#include "geo/grades/grade_reasons.h"
#include "geo/grades/grades_state.h"

#include "data/base/text.h"

#include <stdlib.h>
#include <string.h>

/* The row with its reasons, in the worker's arena. */
static enum err_code full_row(const struct grade_difference *difference,
                              const struct grade_row *row, struct grade_row *out, struct err *err)
{
    const struct grade_words words = {
        .world = difference->world, .worker = difference->worker, .state = difference->made->state};
    *out = *row;
    return grade_reasons(&words, row, &difference->worker->arena, &out->reasons, err);
}

static enum err_code same_row(const struct grade_difference *difference,
                              const struct grade_row *mine, const struct grade_row *its, bool *out,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena *arena = &difference->worker->arena;
    struct arena_mark mark = arena_mark(arena);
    *out = text_equal(mine->subject, its->subject) &&
           text_equal(mine->subject_id, its->subject_id) && text_equal(mine->method, its->method) &&
           grades_row_same(mine, its);
    if (*out) {
        struct grade_row full;
        TRY(full_row(difference, mine, &full, err));
        *out = text_equal(full.reasons, its->reasons);
    }
done:
    arena_rewind(arena, mark);
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
        .worker = made->worker,
        .made = made->made,
        .arena = arena,
        .same = arena_new(arena, bool, made->made->n_grades),
        .n_inserted = made->made->n_grades,
    };
    const struct store_each each = {.layer = LAYER_GRADES, .context = out, .visit = visit};
    return out->same ? store_each(store, &each, err) : err_nomem(err);
}

/* Rows on their way into the store, some hundred at a time. */
enum { BATCH = 512 };

enum err_code grade_difference_write(struct store *store, struct grade_difference *difference,
                                     int32_t generation, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct assessment *made = difference->made;
    struct arena *arena = &difference->worker->arena;
    struct arena_mark mark = arena_mark(arena);
    struct grade_row *rows = arena_new(difference->arena, struct grade_row, BATCH);
    TRY(rows ? ERR_OK : err_nomem(err));
    TRY(store_delete(store, LAYER_GRADES, difference->deleted, difference->n_deleted, err));
    for (size_t i = 0; i < made->n_grades;) {
        size_t n = 0;
        for (; n < BATCH && i < made->n_grades; i++) {
            if (difference->same[i])
                continue;
            TRY(full_row(difference, &made->grades[i], &rows[n], err));
            rows[n++].generation = generation;
        }
        TRY(store_insert(store, LAYER_GRADES, rows, n, err));
        arena_rewind(arena, mark);
    }
done:
    arena_rewind(arena, mark);
    return code;
}
