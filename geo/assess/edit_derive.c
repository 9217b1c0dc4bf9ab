#include "geo/assess/edit_derive.h"

#include "geo/assess/edit_segments.h"
#include "geo/assess/edit_verdicts.h"
#include "geo/findings/findings.h"
#include "geo/grades/grades.h"
#include "geo/pipeline_edits/pipeline_kept.h"
#include "geo/pipelines/pipeline_sites.h"

#include <stdlib.h>
#include <string.h>

struct derivation {
    struct world *world; /* with all its findings */
    struct grades_state *grades;
    double radius_m; /* the widest of pipelines (edit_segments.h), now or before */
    struct arena sites_arena;
    struct arena index_arena;    /* of the sites */
    struct pipeline_kept *kept;  /* of pipelines (pipeline_kept.h) */
    struct pipeline_sites sites; /* as all edits to come see the records */
    struct world *next;          /* of the step that is not committed yet */
    struct grades_change change; /* likewise */
};

void derivation_free(struct derivation *derivation)
{
    if (!derivation)
        return;
    grades_state_free(derivation->grades);
    pipeline_kept_free(derivation->kept);
    arena_release(&derivation->sites_arena);
    arena_release(&derivation->index_arena);
    world_release(derivation->world);
    world_release(derivation->next);
    free(derivation);
}

/* The world with other findings, which are taken over. */
static enum err_code with_findings(const struct world *world, struct findings *findings,
                                   struct world **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct world_edited same = {.world = NULL};
    struct arena scratch;
    arena_init(&scratch, 0);
    TRY(world_edit_new(world, NULL, 0, &scratch, &same, err));
    same.world->generation = world->generation;
    world_set_findings(same.world, findings);
    findings = NULL;
    *out = same.world;
done:
    findings_release(findings);
    arena_release(&scratch);
    return code;
}

enum err_code derivation_new(const struct world *world, struct crew *crew, struct derivation **out,
                             struct err *err)
{
    enum err_code code = ERR_OK;
    struct findings *findings = NULL;
    struct grades grades;
    struct arena scratch;
    arena_init(&scratch, 0);
    struct derivation *derivation = calloc(1, sizeof *derivation);
    *out = NULL;
    if (!derivation)
        return err_nomem(err);
    arena_init(&derivation->sites_arena, 0);
    arena_init(&derivation->index_arena, 0);
    TRY(crew_fit(crew, world, err));
    TRY(findings_all(world, crew, &findings, err));
    TRY(with_findings(world, findings, &derivation->world, err));
    derivation->radius_m = segments_radius_m(world, 0, world_count(world, LAYER_PIPELINES));
    TRY(pipeline_sites_build(world, &derivation->sites_arena, &derivation->sites, err));
    TRY(pipeline_sites_index(&derivation->sites, world, &derivation->index_arena, err));
    TRY(pipeline_kept_new(world, &derivation->sites, crew, &derivation->kept, err));
    TRY(grades_all(derivation->world, crew, &scratch, &derivation->grades, &grades, err));
    *out = derivation;
    derivation = NULL;
done:
    crew_reset(crew);
    derivation_free(derivation);
    arena_release(&scratch);
    return code;
}

struct world *derivation_world(const struct derivation *derivation)
{
    return derivation->world;
}

/* ---- grades ---- */

static enum err_code compare_grades(struct derivation *derivation, struct derivation_step *step,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    struct grades_change *change = &derivation->change;
    TRY(grades_say(change, step->arena, err));
    for (size_t i = 0; i < change->n_pairs; i++) {
        const struct grades_pair *pair = &change->pairs[i];
        const struct row_change ended = {
            .before = pair->before, .after = pair->after, .ending = pair->ending};
        TRY(pair->ending ? row_changes_put(step->grades, &ended, err)
                         : row_changes_add(step->grades, pair->before, pair->after, err));
    }
done:
    return code;
}

/* ---- the next world ---- */

/* A world's grades have no sentences: those are made when somebody asks. Where nothing else of a
 * row changes, the world has it already; of the plants about a target in a town that is most. *n:
 * how many there are. */
static enum err_code add_grades(const struct row_changes *rows, struct arena *arena,
                                struct world_change *out, size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    struct grade_row *wordless = arena_new(arena, struct grade_row, rows->n);
    if (!wordless)
        return err_nomem(err);
    *n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        const struct grade_row *before = rows->items[i].before;
        const struct grade_row *after = rows->items[i].after;
        bool same = false;
        struct world_change change = {LAYER_GRADES, NULL, NULL};
        if (after) {
            wordless[i] = *after;
            wordless[i].reasons = NULL;
            change.id = after->head.id;
            change.record = &wordless[i];
        }
        if (before) {
            struct grade_row was = *before;
            was.reasons = NULL;
            change.id = before->head.id;
            if (after)
                TRY(rows_same(LAYER_GRADES, &was, &wordless[i], arena, &same, err));
        }
        if (!same)
            out[(*n)++] = change;
    }
done:
    return code;
}

static void add_segments(const struct row_changes *rows, struct world_change *out)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct row_change *row = &rows->items[i];
        const struct record_head *head = row->after ? row->after : row->before;
        out[i] = (struct world_change){LAYER_SEGMENTS, head->id, row->after};
    }
}

static enum err_code make_next(struct derivation *derivation, struct derivation_step *step,
                               struct findings *findings, struct err *err)
{
    enum err_code code = ERR_OK;
    struct world_edited edited;
    size_t n = 0;
    struct world_change *changes =
        arena_new(step->arena, struct world_change, step->grades->n + step->segments->n);
    if (!changes)
        return err_nomem(err);
    TRY(add_grades(step->grades, step->arena, changes, &n, err));
    add_segments(step->segments, changes + n);
    n += step->segments->n;
    TRY(world_edit_new(step->facts, changes, n, step->arena, &edited, err));
    edited.world->generation = step->facts->generation;
    world_set_findings(edited.world, findings_acquire(findings));
    world_release(derivation->next);
    derivation->next = edited.world;
done:
    return code;
}

/* Conflicts and grades, with the crew's first workers. */
static enum err_code derive_grades(struct derivation *derivation, struct derivation_step *step,
                                   struct crew *crew, struct findings **findings, struct err *err)
{
    enum err_code code = ERR_OK;
    struct findings_changed changed = {.n = 0};
    struct findings_change finding = {derivation->world, step->facts, step->edits, step->n_edits,
                                      crew};
    TRY(findings_update(&finding, step->arena, findings, &changed, err));
    world_set_findings(step->facts, findings_acquire(*findings));
    TRY(edit_verdicts(derivation->world, step->facts, &changed, &crew->workers[0], step->conflicts,
                      err));
    struct grades_edit grade = {derivation->world, step->facts, step->edits,
                                step->n_edits,     &changed,    crew};
    TRY(grades_update(derivation->grades, &grade, step->arena, &derivation->change, err));
    TRY(compare_grades(derivation, step, err));
done:
    return code;
}

/* What is wider than need be does no harm. */
static void note_radius(struct derivation *derivation, const struct derivation_step *step)
{
    for (size_t i = 0; i < step->n_edits; i++) {
        const struct world_edit *edit = &step->edits[i];
        if (edit->layer != LAYER_PIPELINES || edit->new_slot == WORLD_NO_SLOT)
            continue;
        size_t row = (size_t)world_row(step->facts, LAYER_PIPELINES, edit->new_slot);
        derivation->radius_m =
            fmax(derivation->radius_m, segments_radius_m(step->facts, row, row + 1));
    }
}

/* Segments, which follow from the facts alone. */
static enum err_code derive_segments(struct derivation *derivation, struct derivation_step *step,
                                     struct crew *crew, struct parallel_help *help,
                                     struct arena *arena, struct err *err)
{
    enum err_code code = ERR_OK;
    note_radius(derivation, step);
    TRY(pipeline_sites_follow(&derivation->sites, derivation->world, step->facts, step->edits,
                              step->n_edits, err));
    TRY(pipeline_kept_follow(derivation->kept, derivation->world, step->facts, &derivation->sites,
                             step->edits, step->n_edits, &crew->workers[0], err));
    const struct segments_step segment = {.old = derivation->world,
                                          .now = step->facts,
                                          .edits = step->edits,
                                          .n_edits = step->n_edits,
                                          .crew = crew,
                                          .help = help,
                                          .arena = arena,
                                          .radius_m = derivation->radius_m,
                                          .sites = &derivation->sites,
                                          .kept = derivation->kept};
    TRY(edit_segments(&segment, step->segments, err));
done:
    return code;
}

/* Both at once, each with half of the crew; memory of the segments is their own meanwhile. Who has
 * done with the grades helps with the pipelines. For a single record: each is over in milliseconds,
 * most of them on one thread. */
struct deriving {
    struct derivation *derivation;
    struct derivation_step *step;
    struct findings *findings;
    struct crew grades;
    struct crew segments;
    struct parallel_help help; /* with the segments */
    struct arena arena;        /* likewise */
};

static enum err_code derive_part(void *context, struct worker *worker, size_t first, size_t end,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    struct deriving *on = context;
    (void)worker; /* each part has its own */
    for (size_t part = first; part < end; part++) {
        if (part == 0) {
            TRY(derive_grades(on->derivation, on->step, &on->grades, &on->findings, err));
            parallel_help(&on->help, &on->grades.workers[0]);
        } else {
            parallel_help_open(&on->help);
            code = derive_segments(on->derivation, on->step, &on->segments, &on->help, &on->arena,
                                   err);
            parallel_help_close(&on->help);
            TRY(code);
        }
    }
done:
    return code;
}

static enum err_code derive_both(struct deriving *on, struct err *err)
{
    struct derivation_step *step = on->step;
    struct arena *arena = step->arena;
    size_t half = step->crew->n / 2;
    arena_init(&on->arena, arena->limit_bytes ? arena->limit_bytes - arena->used_bytes : 0);
    on->segments = on->grades = *step->crew;
    on->segments.n = half;
    on->grades.workers += half;
    on->grades.n -= half;
    step->segments->arena = &on->arena;
    parallel_help_init(&on->help);
    struct crew both = *step->crew;
    both.n = 2;
    const struct parallel work = {
        .crew = &both, .n_items = 2, .chunk = 1, .context = on, .run = derive_part};
    enum err_code code = parallel_for(&work, err);
    parallel_help_free(&on->help);
    step->segments->arena = arena;
    arena_adopt(arena, &on->arena);
    return code;
}

enum err_code derivation_update(struct derivation *derivation, struct derivation_step *step,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct crew *crew = step->crew;
    struct deriving on = {.derivation = derivation, .step = step};
    TRY(crew_fit(crew, step->facts, err));
    if (crew->n > 1 && step->n_edits == 1 && segments_may_follow(step->edits[0].layer)) {
        TRY(derive_both(&on, err));
    } else {
        TRY(derive_grades(derivation, step, crew, &on.findings, err));
        TRY(derive_segments(derivation, step, crew, NULL, step->arena, err));
    }
    TRY(make_next(derivation, step, on.findings, err));
    step->world = world_acquire(derivation->next);
done:
    findings_release(on.findings);
    return code;
}

void derivation_commit(struct derivation *derivation)
{
    grades_commit(derivation->grades, &derivation->change);
    pipeline_kept_commit(derivation->kept);
    world_release(derivation->world);
    derivation->world = derivation->next;
    derivation->next = NULL;
}
