#include "geo/edit_derive.h"

#include "geo/assess.h"
#include "geo/finding_view.h"
#include "geo/findings.h"

#include <stdlib.h>
#include <string.h>

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

static const void *grade_of(const void *context, size_t i)
{
    return world_record(context, LAYER_GRADES, i);
}

static const void *made_grade(const void *context, size_t i)
{
    const struct assessment *assessment = context;
    return &assessment->grades[i];
}

/* ---- conflicts ---- */

static const void *row_at(const void *context, size_t i)
{
    return (const struct conflict *)context + i;
}

static int compare_conflicts(const void *a, const void *b)
{
    return strcmp(((const struct conflict *)a)->head.id, ((const struct conflict *)b)->head.id);
}

/* The rows of the sources that changed, as a world has them. */
static enum err_code rows_of(const struct world *world, const struct derivation_step *step,
                             const struct finding_source *sources, size_t n_sources,
                             struct row_array *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct worker *worker = &step->crew->workers[0];
    struct conflict *rows = NULL;
    size_t capacity = 0;
    size_t n = 0;
    TRY(worker_fit(worker, world, err));
    for (size_t i = 0; i < n_sources; i++) {
        int64_t row = world_row(world, sources[i].layer, sources[i].slot);
        const struct finding_list *list =
            row < 0 ? NULL : findings_of(world, sources[i].layer, (size_t)row);
        for (uint32_t k = 0; list && k < list->n; k++) {
            struct conflict_view view;
            TRY(finding_view(world, worker,
                             (struct finding_ref){sources[i].layer, (uint32_t)row, k}, step->arena,
                             &view, err));
            rows = arena_grow(step->arena, rows, &capacity, n + 1, sizeof *rows);
            TRY(rows ? ERR_OK : err_nomem(err));
            rows[n++] = view.row;
        }
    }
    if (n > 1)
        qsort(rows, n, sizeof *rows, compare_conflicts);
    *out = (struct row_array){row_at, rows, n};
done:
    return code;
}

static enum err_code derive_findings(struct derivation_step *step, struct world *now,
                                     struct err *err)
{
    enum err_code code = ERR_OK;
    const struct findings_change change = {.old = step->old,
                                           .now = now,
                                           .edits = step->edits,
                                           .n_edits = step->n_edits,
                                           .crew = step->crew};
    struct findings *findings = NULL;
    struct finding_source *changed = NULL;
    size_t n_changed = 0;
    struct row_array before;
    struct row_array after;
    TRY(findings_update(&change, step->arena, &findings, &changed, &n_changed, err));
    world_set_findings(now, findings);
    TRY(rows_of(step->old, step, changed, n_changed, &before, err));
    TRY(rows_of(now, step, changed, n_changed, &after, err));
    TRY(row_changes_compare(step->conflicts, before, after, err));
done:
    return code;
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
    struct world_edited now = {.world = NULL};
    struct world_edited graded;
    (void)derivation;
    const struct world *old = step->old;
    TRY(world_edit_new(step->facts, NULL, 0, step->arena, &now, err));
    TRY(derive_findings(step, now.world, err));
    TRY(assess_grades(now.world, step->crew, step->arena, &made, err));
    struct row_array before = {grade_of, old, world_count(old, LAYER_GRADES)};
    struct row_array after = {made_grade, &made, made.n_grades};
    TRY(row_changes_compare(step->grades, before, after, err));
    struct world_change *changes = arena_new(step->arena, struct world_change, step->grades->n);
    TRY(changes ? ERR_OK : err_nomem(err));
    size_t n = to_changes(step->grades, changes);
    TRY(world_edit_new(now.world, changes, n, step->arena, &graded, err));
    world_set_findings(graded.world, findings_acquire(now.world->findings));
    step->world = graded.world;
    step->world->generation = step->facts->generation;
done:
    world_release(now.world);
    return code;
}

void derivation_commit(struct derivation *derivation)
{
    (void)derivation;
}
