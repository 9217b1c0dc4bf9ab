#include "geo/pipelines/pipeline_segments.h"

#include "data/base/text.h"
#include "geo/pipelines/pipeline_rows.h"

#include <stdlib.h>
#include <string.h>

static int by_id(const void *a, const void *b)
{
    const struct segment *x = *(const struct segment *const *)a;
    const struct segment *y = *(const struct segment *const *)b;
    return strcmp(x->head.id, y->head.id);
}

/* The rows by id, copied into the arena. They are large, so that their places are sorted. */
static enum err_code sort_rows(const struct pipeline_rows *rows, struct arena *arena,
                               struct segment **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena scratch;
    arena_init(&scratch, 0);
    const struct segment **order = arena_new(&scratch, const struct segment *, rows->n);
    *out = arena_new(arena, struct segment, rows->n);
    TRY(order && *out ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < rows->n; i++)
        order[i] = &rows->items[i];
    if (rows->n > 0)
        qsort(order, rows->n, sizeof(const struct segment *), by_id);
    for (size_t i = 0; i < rows->n; i++) {
        if (i > 0 && by_id(&order[i - 1], &order[i]) == 0)
            TRY(err_set(err, ERR_INTERNAL, "two segments have the id \"%s\"", order[i]->head.id));
        (*out)[i] = *order[i];
    }
done:
    arena_release(&scratch);
    return code;
}

static bool is_wanted(const struct pipeline_method *method, const char *wanted)
{
    return wanted ? text_equal(method->source.id, wanted) : method->assessed;
}

/* Whether the method speaks of a pipeline cannot be told: one row says so. */
static enum err_code add_unknown(struct pipeline_job *job, const struct pipeline_method *method,
                                 const char *missing, struct pipeline_rows *rows, struct err *err)
{
    enum err_code code = ERR_OK;
    for (uint32_t part = 0; part < job->line.n_parts; part++) {
        struct pipeline_stretch_of where = {method->source.id,
                                            method->kind == PIPELINE_HCA ? "hca" : "class_location",
                                            part,
                                            pipeline_part_span(&job->line, part),
                                            NULL,
                                            0};
        struct segment *row = NULL;
        TRY(pipeline_add_row(job, rows, &where, &method->source, &row, err));
        row->verdict = "undecided";
        row->reason = "whether the standard speaks of the pipeline is not known";
        row->decides = missing ? missing : "an attribute of the pipeline";
    }
done:
    return code;
}

static enum err_code add_method(struct pipeline_job *job, const struct pipeline_method *method,
                                struct pipeline_rows *rows, struct err *err)
{
    const char *missing = NULL;
    switch (pipeline_speaks(job, &method->source, method->when, &missing)) {
    case TRUTH_NO:
        return ERR_OK;
    case TRUTH_UNKNOWN:
        return add_unknown(job, method, missing, rows, err);
    case TRUTH_YES:
        break;
    }
    switch (method->kind) {
    case PIPELINE_CLASS_LOCATION:
        return pipeline_class_rows(job, method, rows, err);
    case PIPELINE_HCA:
        return pipeline_hca_rows(job, method, rows, err);
    case PIPELINE_LAW:
        return pipeline_law_rows(job, method, rows, err);
    }
    return ERR_OK;
}

static enum err_code ask_all(struct pipeline_job *job, const char *wanted, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = job->world->rules;
    const char *missing = NULL;
    for (size_t i = 0; i < rules->n_pipeline_methods; i++) {
        const struct pipeline_method *method = &rules->pipeline_methods[i];
        if (is_wanted(method, wanted) &&
            pipeline_speaks(job, &method->source, method->when, &missing) == TRUTH_YES)
            TRY(pipeline_ask_method(job, method, err));
    }
done:
    return code;
}

/* Where one pipeline is worked out. */
struct place_of_work {
    const struct pipeline_sites *sites; /* or NULL */
    struct worker *worker;
    struct arena *arena;   /* of texts and shapes */
    struct arena *scratch; /* given back */
    struct arena *rows;    /* of the rows themselves */
};

/* One pipeline's rows, by id. */
static enum err_code cut_pipeline(const struct pipeline_question *question,
                                  const struct place_of_work *at, struct pipeline_rows *out,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_rows rows = {.items = NULL};
    const struct world *world = question->world;
    const struct pipeline *pipeline = world_pipeline(world, question->row);
    struct pipeline_job job = {
        .world = world,
        .sites = at->sites,
        .worker = at->worker,
        .arena = at->arena,
        .scratch = at->scratch,
        .pipeline = pipeline,
        .row = question->row,
        .error_m = rules_accuracy_m(world->rules, LAYER_PIPELINES, &pipeline->head)};
    if (text_equal(pipeline->status, "closed"))
        return ERR_OK;
    TRY(pipeline_line_build(&pipeline->head.geom, isnan(pipeline->start_m) ? 0 : pipeline->start_m,
                            at->scratch, &job.line, err));
    TRY(ask_all(&job, question->method, err));
    TRY(pipeline_gather(&job, err));
    for (size_t i = 0; i < world->rules->n_pipeline_methods; i++)
        if (is_wanted(&world->rules->pipeline_methods[i], question->method))
            TRY(add_method(&job, &world->rules->pipeline_methods[i], &rows, err));
    TRY(sort_rows(&rows, at->rows, &out->items, err));
    out->n = rows.n;
done:
    if (code != ERR_OK)
        err_wrap(err, "pipeline %s", pipeline->head.id);
    arena_reset(at->scratch);
    return code;
}

enum err_code pipeline_segments_of(const struct pipeline_question *question, struct worker *worker,
                                   struct arena *arena, struct segment **out, size_t *n,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena scratch;
    struct pipeline_rows rows = {.items = NULL};
    arena_init(&scratch, 0);
    const struct place_of_work at = {question->sites, worker, arena, &scratch, arena};
    if (question->method && !rules_pipeline_method(question->world->rules, question->method))
        TRY(err_set(err, ERR_USAGE, "there is no method \"%s\"; see pipeline_methods.csv",
                    question->method));
    TRY(cut_pipeline(question, &at, &rows, err));
    *out = rows.items;
    *n = rows.n;
done:
    arena_release(&scratch);
    return code;
}

/* ---- all of them ---- */

/* A pipeline of a city takes some megabytes. */
enum { SCRATCH_BYTES = 16 << 20 };

/* What one worker keeps from pipeline to pipeline. */
struct bench {
    struct arena scratch;
    struct arena rows;
};

/* All pipelines, on many threads: each has its place. */
struct segmenting {
    const struct world *world;
    const struct crew *crew;
    struct pipeline_sites sites;
    struct bench *benches;      /* by worker */
    struct pipeline_rows *rows; /* by pipeline */
};

static enum err_code segment_some(void *context, struct worker *worker, size_t first, size_t end,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    struct segmenting *segmenting = context;
    struct bench *bench = &segmenting->benches[worker - segmenting->crew->workers];
    const struct place_of_work at = {&segmenting->sites, worker, &worker->arena, &bench->scratch,
                                     &bench->rows};
    arena_reserve(&bench->scratch, SCRATCH_BYTES);
    for (size_t i = first; i < end; i++) {
        struct pipeline_question question = {.world = segmenting->world, .row = (uint32_t)i};
        TRY(cut_pipeline(&question, &at, &segmenting->rows[i], err));
    }
done:
    return code;
}

static int by_first_id(const void *a, const void *b)
{
    const struct pipeline_rows *x = a;
    const struct pipeline_rows *y = b;
    if (x->n == 0 || y->n == 0)
        return (x->n > 0) - (y->n > 0);
    return strcmp(x->items->head.id, y->items->head.id);
}

/* Ids begin with that of the pipeline: one pipeline's rows after another's are in order, unless an
 * id of a pipeline begins with another's and a bar. */
static enum err_code join_rows(struct segmenting *segmenting, size_t n_pipelines,
                               struct arena *arena, struct pipeline_rows *out, struct err *err)
{
    bool in_order = true;
    for (size_t i = 0; i < n_pipelines; i++)
        out->n += segmenting->rows[i].n;
    out->items = arena_new(arena, struct segment, out->n);
    if (!out->items)
        return err_nomem(err);
    if (n_pipelines > 0)
        qsort(segmenting->rows, n_pipelines, sizeof *segmenting->rows, by_first_id);
    out->n = 0;
    for (size_t i = 0; i < n_pipelines; i++) {
        const struct pipeline_rows *rows = &segmenting->rows[i];
        if (rows->n > 0)
            memcpy(out->items + out->n, rows->items, rows->n * sizeof *rows->items);
        out->n += rows->n;
    }
    for (size_t i = 1; i < out->n && in_order; i++)
        in_order = strcmp(out->items[i - 1].head.id, out->items[i].head.id) < 0;
    return in_order ? ERR_OK : sort_rows(out, arena, &out->items, err);
}

enum err_code pipeline_segments(const struct world *world, struct crew *crew, struct arena *arena,
                                struct segment **out, size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n_pipelines = world_count(world, LAYER_PIPELINES);
    struct segmenting segmenting = {.world = world,
                                    .crew = crew,
                                    .benches = arena_new(arena, struct bench, crew->n),
                                    .rows = arena_new(arena, struct pipeline_rows, n_pipelines)};
    struct pipeline_rows all = {.items = NULL};
    TRY(segmenting.rows && segmenting.benches ? ERR_OK : err_nomem(err));
    TRY(crew_fit(crew, world, err));
    TRY(pipeline_sites_build(world, arena, &segmenting.sites, err));
    TRY(pipeline_sites_index(&segmenting.sites, world, arena, err));
    struct parallel work = {.crew = crew,
                            .n_items = n_pipelines,
                            .chunk = 8,
                            .context = &segmenting,
                            .run = segment_some};
    TRY(parallel_for(&work, err));
    TRY(join_rows(&segmenting, n_pipelines, arena, &all, err));
    *out = all.items;
    *n = all.n;
done:
    for (size_t i = 0; i < crew->n && segmenting.benches; i++) {
        arena_release(&segmenting.benches[i].scratch);
        arena_release(&segmenting.benches[i].rows);
    }
    return code;
}

/* What the rows ask, whatever the pipeline. */
static double rows_reach_m(const struct rules *rules)
{
    double reach_m = 0;
    for (size_t i = 0; i < rules->n_pipeline_classes; i++)
        if (rules->pipeline_classes[i].counts != PIPELINE_COUNTS_CLASS)
            reach_m = fmax(reach_m, fmax(rules->pipeline_classes[i].strip_m,
                                         rules->pipeline_classes[i].end_m));
    for (size_t i = 0; i < rules->n_pipeline_places; i++)
        reach_m = fmax(reach_m, fmax(rules->pipeline_places[i].within_m,
                                     rules->pipeline_places[i].prorated_m));
    return reach_m;
}

double pipeline_reach_m(const struct world *world)
{
    static const enum layer_id layers[] = {LAYER_ENTERPRISES, LAYER_FACILITIES, LAYER_PROTECTED,
                                           LAYER_AREAS, LAYER_INFRASTRUCTURE};
    const struct rules *rules = world->rules;
    double reach_m = fmax(rules->parameters.households_reach_m, rules->parameters.pir_unknown_m);
    double slack_m = 0;
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        slack_m = fmax(slack_m, world_slack_m(world, layers[i]));
    reach_m = fmax(reach_m, rows_reach_m(rules));
    for (size_t i = 0; i < rules->n_pipeline_methods; i++)
        for (size_t k = 0; k < world_count(world, LAYER_PIPELINES); k++)
            reach_m =
                fmax(reach_m, rules_pir_m(&rules->pipeline_methods[i], world_pipeline(world, k)));
    return reach_m + slack_m + world_slack_m(world, LAYER_PIPELINES);
}
