#include "geo/assess/assess.h"

#include "geo/findings/finding_view.h"
#include "geo/findings/findings.h"
#include "geo/grades/grade_reasons.h"
#include "geo/grades/grades.h"
#include "geo/world/population.h"

#include <stdlib.h>
#include <string.h>

/* What one run carries from step to step. */
struct assessing {
    const struct world *world;
    struct arena *arena;
    struct assessment *out;
    size_t warnings_capacity;
};

static enum err_code warn(struct assessing *assessing, const char *text, struct err *err)
{
    struct assessment *out = assessing->out;
    out->warnings = arena_grow(assessing->arena, out->warnings, &assessing->warnings_capacity,
                               out->n_warnings + 1, sizeof *out->warnings);
    if (!out->warnings || !text)
        return err_nomem(err);
    out->warnings[out->n_warnings++] = text;
    return ERR_OK;
}

static const char *length_text(double m, struct arena *arena)
{
    return m >= 1000 ? arena_printf(arena, "%.1f km", m / 1000) : arena_printf(arena, "%.0f m", m);
}

/* Cells, or areas of a census, too wide for what was asked of them. */
static enum err_code warn_coarse(struct assessing *assessing, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct parameters *parameters = &assessing->world->rules->parameters;
    struct arena *arena = assessing->arena;
    const char *parts = population_parts(assessing->world);
    double widest_m = grades_widest_cell_m(assessing->out->state);
    if (widest_m > parameters->coarse_cell_ratio * parameters->alpha_radius_m)
        TRY(warn(assessing,
                 arena_printf(arena, "population %s of %s are too coarse for %g m zones", parts,
                              length_text(widest_m, arena), parameters->alpha_radius_m),
                 err));
    struct finding_sums sums = findings_sums(assessing->world->findings);
    if (sums.n_coarse > 0)
        TRY(warn(assessing,
                 arena_printf(arena,
                              "population %s of %s are too coarse for %zu hazard zones, the "
                              "smallest of %s radius",
                              parts, length_text(sums.coarse_cell_m, arena), sums.n_coarse,
                              length_text(sums.coarse_radius_m, arena)),
                 err));
done:
    return code;
}

/* Records that name an enterprise that is not there: their conflicts grade nobody. */
static enum err_code warn_orphans(struct assessing *assessing, enum layer_id layer, struct err *err)
{
    const struct world *world = assessing->world;
    const struct field_binding *owner = records_field(layer, "enterprise_id");
    const char *first = NULL;
    size_t n = 0;
    for (size_t i = 0; i < world_count(world, layer); i++) {
        const struct record_head *head = world_record(world, layer, i);
        const char *id = record_text(head, owner);
        if (!id || world_find(world, LAYER_ENTERPRISES, id) >= 0)
            continue;
        first = first ? first : head->id;
        n++;
    }
    if (n == 0)
        return ERR_OK;
    return warn(assessing,
                arena_printf(assessing->arena,
                             "%zu %s name an enterprise that is not there, the first is \"%s\"", n,
                             layer_name(layer), first),
                err);
}

static enum err_code warn_all(struct assessing *assessing, struct err *err)
{
    static const enum layer_id owned[] = {LAYER_FACILITIES, LAYER_INVENTORY, LAYER_ZONES,
                                          LAYER_PIPELINES, LAYER_HIDDEN_DANGERS};
    enum err_code code = ERR_OK;
    const struct world *world = assessing->world;
    if (!population_known(world))
        TRY(warn(assessing, "no population is loaded: alpha, density and shares are undecided",
                 err));
    if (world_count(world, LAYER_ADMIN) == 0)
        TRY(warn(assessing, "no boundaries are loaded: nothing is rolled up to units", err));
    TRY(warn_coarse(assessing, err));
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        TRY(warn_orphans(assessing, owned[i], err));
done:
    return code;
}

enum err_code assess_grades(const struct world *world, struct crew *crew, struct arena *arena,
                            struct assessment *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct assessing assessing = {.world = world, .arena = arena, .out = out};
    struct grades grades;
    *out = (struct assessment){.grades = NULL};
    TRY(grades_all(world, crew, arena, &out->state, &grades, err));
    out->grades = grades.rows;
    out->n_grades = grades.n;
    TRY(warn_all(&assessing, err));
done:
    if (code != ERR_OK)
        assessment_release(out);
    return code;
}

void assessment_release(struct assessment *assessment)
{
    grades_state_free(assessment->state);
    assessment->state = NULL;
}

enum err_code assess_reasons(const struct world *world, struct worker *worker,
                             struct assessment *assessment, struct arena *arena, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct grade_words words = {.world = world, .worker = worker, .state = assessment->state};
    TRY(worker_fit(worker, world, err));
    for (size_t i = 0; i < assessment->n_grades; i++) {
        struct grade_row *row = &assessment->grades[i];
        TRY(grade_reasons(&words, row, arena, &row->reasons, err));
    }
done:
    return code;
}

enum err_code assess_world(struct world *world, struct crew *crew, struct arena *arena,
                           struct assessment *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct findings *findings = NULL;
    *out = (struct assessment){.grades = NULL};
    TRY(findings_all(world, crew, &findings, err));
    world_set_findings(world, findings);
    TRY(assess_grades(world, crew, arena, out, err));
done:
    return code;
}

static int compare_conflicts(const void *a, const void *b)
{
    return strcmp(((const struct conflict *)a)->head.id, ((const struct conflict *)b)->head.id);
}

enum err_code assess_conflicts(const struct world *world, struct worker *worker,
                               struct arena *arena, struct conflict **out, size_t *n,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    struct finding_ref ref = {.layer = LAYER_COUNT};
    *n = 0;
    *out = arena_new(arena, struct conflict, findings_sums(world->findings).n);
    if (!*out)
        return err_nomem(err);
    while (findings_next(world, &ref)) {
        struct conflict_view view;
        TRY(finding_view(world, worker, ref, arena, &view, err));
        (*out)[(*n)++] = view.row;
    }
    if (*n > 1)
        qsort(*out, *n, sizeof **out, compare_conflicts);
done:
    return code;
}
