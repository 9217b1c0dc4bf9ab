#include "geo/edit_derive.h"

#include "geo/assess.h"

#include <stdlib.h>

struct derivation {
    int unused;
};

enum err_code derivation_new(const struct world *world, struct crew *crew, struct derivation **out,
                             struct err *err)
{
    (void)world;
    (void)crew;
    *out = calloc(1, sizeof **out);
    return *out ? ERR_OK : err_nomem(err);
}

void derivation_free(struct derivation *derivation)
{
    free(derivation);
}

static const void *conflict_of(const void *context, size_t i)
{
    return world_record(context, LAYER_CONFLICTS, i);
}

static const void *grade_of(const void *context, size_t i)
{
    return world_record(context, LAYER_GRADES, i);
}

static const void *made_conflict(const void *context, size_t i)
{
    const struct assessment *assessment = context;
    return &assessment->conflicts[i];
}

static const void *made_grade(const void *context, size_t i)
{
    const struct assessment *assessment = context;
    return &assessment->grades[i];
}

static size_t to_changes(const struct row_changes *rows, struct world_change *out)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct row_change *row = &rows->items[i];
        const struct record_head *head = row->after ? row->after : row->before;
        out[i] = (struct world_change){rows->layer, head->id, row->after};
    }
    return rows->n;
}

enum err_code derivation_update(struct derivation *derivation, struct derivation_step *step,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct assessment made;
    struct world_edited edited;
    (void)derivation;
    const struct world *old = step->old;
    TRY(assess_world(step->facts, &step->crew->workers[0], step->arena, &made, err));
    struct row_array before = {conflict_of, old, world_count(old, LAYER_CONFLICTS)};
    struct row_array after = {made_conflict, &made, made.n_conflicts};
    TRY(row_changes_compare(step->conflicts, before, after, err));
    before = (struct row_array){grade_of, old, world_count(old, LAYER_GRADES)};
    after = (struct row_array){made_grade, &made, made.n_grades};
    TRY(row_changes_compare(step->grades, before, after, err));
    struct world_change *changes =
        arena_new(step->arena, struct world_change, step->conflicts->n + step->grades->n);
    if (!changes)
        return err_nomem(err);
    size_t n = to_changes(step->conflicts, changes);
    n += to_changes(step->grades, changes + n);
    TRY(world_edit_new(step->facts, changes, n, step->arena, &edited, err));
    step->world = edited.world;
    step->world->generation = step->facts->generation;
done:
    return code;
}

void derivation_commit(struct derivation *derivation)
{
    (void)derivation;
}
