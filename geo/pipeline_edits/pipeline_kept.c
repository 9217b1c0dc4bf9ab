#include "geo/pipeline_edits/pipeline_kept.h"

#include "geo/measure/ellipsoid.h"
#include "geo/pipelines/pipeline_found.h"
#include "geo/pipeline_edits/pipeline_strip.h"

#include "data/base/text.h"

#include <stdlib.h>
#include <string.h>

struct kept_pipeline {
    struct pipeline_line line; /* in a block of its own, at points */
    bool has_strip;
    struct pipeline_strip strip;
};

/* What a step put, until it is committed. */
struct kept_put {
    uint32_t pipeline; /* slots */
    uint32_t target;   /* WORLD_NO_SLOT: the pipeline itself */
};

struct kept_puts {
    struct kept_put *items;
    size_t n;
    size_t capacity;
};
struct kept_slots {
    uint32_t *items;
    size_t n;
    size_t capacity;
};

struct pipeline_kept {
    bool counts;                  /* any rule counts households */
    struct pipeline_ask ask;      /* the question: target and reach */
    struct kept_pipeline **items; /* by slot; NULL: not kept */
    size_t n_slots;
    struct arena step; /* what follows belongs to */
    struct kept_puts puts;
    struct kept_puts left;      /* targets that it took from strips */
    struct kept_slots gone;     /* of pipelines that it took away */
    struct kept_slots doubtful; /* of targets that it put or took */
};

/* ---- memory ---- */

static void free_pipeline(struct kept_pipeline *it)
{
    if (!it)
        return;
    pipeline_strip_free(&it->strip);
    free((void *)(uintptr_t)it->line.points);
    free(it);
}

void pipeline_kept_free(struct pipeline_kept *kept)
{
    if (!kept)
        return;
    for (size_t slot = 0; slot < kept->n_slots; slot++)
        free_pipeline(kept->items[slot]);
    free(kept->items);
    arena_release(&kept->step);
    free(kept);
}

static enum err_code make_room(struct pipeline_kept *kept, const struct world *world,
                               struct err *err)
{
    size_t n = world_slots(world, LAYER_PIPELINES);
    if (n <= kept->n_slots)
        return ERR_OK;
    size_t room = n + n / 8;
    struct kept_pipeline **items = realloc(kept->items, room * sizeof(struct kept_pipeline *));
    if (!items)
        return err_nomem(err);
    for (size_t slot = kept->n_slots; slot < room; slot++)
        items[slot] = NULL;
    kept->items = items;
    kept->n_slots = room;
    return ERR_OK;
}

/* ---- one pipeline ---- */

/* The line in one block: points, stations, boxes of stretches, ends of parts. */
static enum err_code keep_line(const struct pipeline_line *line, struct kept_pipeline *it,
                               struct err *err)
{
    size_t n = line->n;
    size_t n_parts = line->n_parts;
    size_t n_boxes = pipeline_stretch_numbers(line);
    struct pipeline_stretch stretch;
    struct lonlat *points = malloc(n * (sizeof *points + sizeof(double)) +
                                   n_boxes * sizeof(struct box) + n_parts * sizeof(uint32_t));
    if (!points)
        return err_nomem(err);
    double *at_m = (double *)(points + n);
    struct box *boxes = (struct box *)(at_m + n);
    uint32_t *ends = (uint32_t *)(boxes + n_boxes);
    memcpy(points, line->points, n * sizeof *points);
    memcpy(at_m, line->at_m, n * sizeof *at_m);
    memcpy(ends, line->part_ends, n_parts * sizeof *ends);
    for (uint32_t part = 0; part < line->n_parts; part++)
        for (uint32_t first = pipeline_part_start(line, part);
             pipeline_next_stretch(line, part, &first, &stretch);)
            boxes[pipeline_stretch_number(line, part, stretch.first)] = stretch.box;
    it->line = (struct pipeline_line){line->n, points, at_m, line->n_parts, ends, boxes};
    return ERR_OK;
}

static struct pipeline_job job_of(const struct world *world, const struct pipeline_sites *sites,
                                  struct worker *worker, struct arena *scratch, size_t row)
{
    const struct pipeline *pipeline = world_pipeline(world, row);
    return (struct pipeline_job){
        .world = world,
        .sites = sites,
        .worker = worker,
        .arena = scratch,
        .scratch = scratch,
        .pipeline = pipeline,
        .row = (uint32_t)row,
        .error_m = rules_accuracy_m(world->rules, LAYER_PIPELINES, &pipeline->head)};
}

static bool is_the_question(const struct pipeline_kept *kept, const struct pipeline_ask *ask)
{
    return kept->counts && ask->beside && !ask->outlines && ask->reach_m == kept->ask.reach_m &&
           text_equal(ask->target, kept->ask.target);
}

/* Whether a row that counts households speaks of the pipeline, in its own name or another's. */
static bool is_counted_along(const struct pipeline_kept *kept, const struct pipeline_job *job)
{
    const struct rules *rules = job->world->rules;
    bool counted = false;
    for (size_t i = 0; i < rules->n_pipeline_classes && !counted; i++) {
        const struct pipeline_class *row = &rules->pipeline_classes[i];
        struct pipeline_ask ask = pipeline_ask_of_class(row);
        counted = row->counts == PIPELINE_COUNTS_HOUSEHOLD && is_the_question(kept, &ask) &&
                  (pipeline_has_say(job, row->method) ||
                   pipeline_is_taken_over(job, row->method, row->class));
    }
    return counted;
}

/* Recounts look at pipelines of one part. */
static enum err_code keep_strip(const struct pipeline_kept *kept, struct pipeline_job *job,
                                struct kept_pipeline *it, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t ask = 0;
    it->has_strip = job->line.n_parts == 1 && is_counted_along(kept, job);
    if (!it->has_strip || world_count(job->world, LAYER_PROTECTED) == 0)
        return ERR_OK;
    TRY(pipeline_ask(job, &kept->ask, &ask, err));
    TRY(pipeline_gather(job, err));
    for (size_t i = 0; i < job->n_hits; i++)
        if (job->hits[i].layer == LAYER_PROTECTED)
            TRY(pipeline_strip_add(&it->strip,
                                   world_slot(job->world, LAYER_PROTECTED, job->hits[i].row),
                                   &job->hits[i], err));
        else
            it->has_strip = false;
    TRY(pipeline_strip_settle(&it->strip, err));
done:
    return code;
}

static enum err_code keep_pipeline(struct pipeline_kept *kept, struct pipeline_job *job,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    double start_m = job->pipeline->start_m;
    struct kept_pipeline *it = calloc(1, sizeof *it);
    if (!it)
        return err_nomem(err);
    TRY(pipeline_line_build(&job->pipeline->head.geom, isnan(start_m) ? 0 : start_m, job->scratch,
                            &job->line, err));
    TRY(keep_line(&job->line, it, err));
    TRY(keep_strip(kept, job, it, err));
    kept->items[world_slot(job->world, LAYER_PIPELINES, job->row)] = it;
    it = NULL;
done:
    free_pipeline(it);
    return code;
}

/* ---- all ---- */

static void find_question(struct pipeline_kept *kept, const struct rules *rules)
{
    for (size_t i = 0; i < rules->n_pipeline_classes && !kept->counts; i++) {
        const struct pipeline_class *row = &rules->pipeline_classes[i];
        kept->counts = row->counts == PIPELINE_COUNTS_HOUSEHOLD;
        if (kept->counts)
            kept->ask = pipeline_ask_of_class(row);
    }
}

struct keeping {
    struct pipeline_kept *kept;
    const struct world *world;
    const struct pipeline_sites *sites;
};

static enum err_code keep_some(void *context, struct worker *worker, size_t first, size_t end,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    struct keeping *keeping = context;
    struct arena scratch;
    arena_init(&scratch, 0);
    for (size_t row = first; row < end && code == ERR_OK; row++) {
        struct pipeline_job job = job_of(keeping->world, keeping->sites, worker, &scratch, row);
        code = keep_pipeline(keeping->kept, &job, err);
        arena_reset(&scratch);
    }
    arena_release(&scratch);
    return code;
}

enum err_code pipeline_kept_new(const struct world *world, const struct pipeline_sites *sites,
                                struct crew *crew, struct pipeline_kept **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_kept *kept = calloc(1, sizeof *kept);
    *out = NULL;
    if (!kept)
        return err_nomem(err);
    arena_init(&kept->step, 0);
    find_question(kept, world->rules);
    TRY(crew_fit(crew, world, err));
    TRY(make_room(kept, world, err));
    struct keeping keeping = {kept, world, sites};
    const struct parallel work = {.crew = crew,
                                  .n_items = world_count(world, LAYER_PIPELINES),
                                  .chunk = 8,
                                  .context = &keeping,
                                  .run = keep_some};
    TRY(parallel_for(&work, err));
    *out = kept;
    kept = NULL;
done:
    pipeline_kept_free(kept);
    return code;
}

/* ---- from edit to edit ---- */

static enum err_code note_put(struct pipeline_kept *kept, struct kept_puts *list, uint32_t pipeline,
                              uint32_t target, struct err *err)
{
    list->items =
        arena_grow(&kept->step, list->items, &list->capacity, list->n + 1, sizeof *list->items);
    if (!list->items)
        return err_nomem(err);
    list->items[list->n++] = (struct kept_put){pipeline, target};
    return ERR_OK;
}

/* Slots alone. */
static enum err_code note_slot(struct pipeline_kept *kept, struct kept_slots *list, uint32_t slot,
                               struct err *err)
{
    list->items =
        arena_grow(&kept->step, list->items, &list->capacity, list->n + 1, sizeof *list->items);
    if (!list->items)
        return err_nomem(err);
    list->items[list->n++] = slot;
    return ERR_OK;
}

static void end_step(struct pipeline_kept *kept)
{
    arena_reset(&kept->step);
    kept->puts = kept->left = (struct kept_puts){.items = NULL};
    kept->gone = kept->doubtful = (struct kept_slots){.items = NULL};
}

/* What a step put that was not committed: its slots will be given to others. */
static void take_back(struct pipeline_kept *kept)
{
    for (size_t i = 0; i < kept->puts.n; i++) {
        const struct kept_put *put = &kept->puts.items[i];
        struct kept_pipeline *it = kept->items[put->pipeline];
        if (it && put->target != WORLD_NO_SLOT)
            pipeline_strip_remove(&it->strip, put->target);
        if (it && put->target == WORLD_NO_SLOT) {
            free_pipeline(it);
            kept->items[put->pipeline] = NULL;
        }
    }
    end_step(kept);
}

void pipeline_kept_commit(struct pipeline_kept *kept)
{
    for (size_t i = 0; i < kept->left.n; i++) {
        struct kept_pipeline *it = kept->items[kept->left.items[i].pipeline];
        if (it)
            pipeline_strip_remove(&it->strip, kept->left.items[i].target);
    }
    for (size_t i = 0; i < kept->gone.n; i++) {
        free_pipeline(kept->items[kept->gone.items[i]]);
        kept->items[kept->gone.items[i]] = NULL;
    }
    end_step(kept);
}

/* One step on its way. */
struct following {
    struct pipeline_kept *kept;
    const struct world *old;
    const struct world *now;
    const struct pipeline_sites *sites;
    struct worker *worker;
    struct arena scratch;
    const struct pipeline_ask *ask; /* the question, ready to be asked */
};

static enum err_code follow_pipeline(struct following *on, const struct world_edit *edit,
                                     struct err *err)
{
    enum err_code code = ERR_OK;
    if (edit->old_slot != WORLD_NO_SLOT)
        TRY(note_slot(on->kept, &on->kept->gone, edit->old_slot, err));
    if (edit->new_slot == WORLD_NO_SLOT)
        goto done;
    TRY(note_put(on->kept, &on->kept->puts, edit->new_slot, WORLD_NO_SLOT, err));
    size_t row = (size_t)world_row(on->now, LAYER_PIPELINES, edit->new_slot);
    struct pipeline_job job = job_of(on->now, on->sites, on->worker, &on->scratch, row);
    TRY(keep_pipeline(on->kept, &job, err));
done:
    return code;
}

/* Whether the pipeline itself was put in this step: then it has met all targets. */
static bool is_new(const struct pipeline_kept *kept, uint32_t slot)
{
    for (size_t i = 0; i < kept->puts.n; i++)
        if (kept->puts.items[i].pipeline == slot && kept->puts.items[i].target == WORLD_NO_SLOT)
            return true;
    return false;
}

static enum err_code meet_pipeline(struct following *on, const struct record_head *target,
                                   uint32_t target_slot, uint32_t row, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_kept *kept = on->kept;
    uint32_t slot = world_slot(on->now, LAYER_PIPELINES, row);
    struct kept_pipeline *it = kept->items[slot];
    struct pipeline_ask ask = *on->ask;
    if (!it || !it->has_strip || is_new(kept, slot))
        return ERR_OK;
    struct arena_mark mark = arena_mark(&on->scratch);
    struct pipeline_job job = job_of(on->now, on->sites, on->worker, &on->scratch, row);
    job.line = it->line;
    job.asks = &ask;
    job.n_asks = 1;
    TRY(pipeline_gather_one(&job, LAYER_PROTECTED, target, err));
    if (job.n_hits > 0)
        TRY(note_put(kept, &kept->puts, slot, target_slot, err));
    for (size_t i = 0; i < job.n_hits; i++)
        TRY(pipeline_strip_add(&it->strip, target_slot, &job.hits[i], err));
    TRY(pipeline_strip_settle(&it->strip, err));
    arena_rewind(&on->scratch, mark);
done:
    return code;
}

/* The question with what does not depend on the pipeline. */
static enum err_code prepare_ask(struct following *on, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job job = {.world = on->now, .sites = on->sites, .scratch = &on->scratch};
    size_t at = 0;
    TRY(pipeline_ask(&job, &on->kept->ask, &at, err));
    on->ask = &job.asks[at];
done:
    return code;
}

/* Pipelines in whose strips a target may stand that is there in one of the worlds. */
static enum err_code find_strips(struct following *on, const struct world *world,
                                 const struct record_head *target, uint32_t **rows, size_t *n,
                                 struct err *err)
{
    double reach_m = on->kept->ask.reach_m + world_slack_m(on->now, LAYER_PIPELINES) +
                     world_record_slack_m(world, LAYER_PROTECTED, target);
    *n = 0;
    if (target->geom.kind == GEOM_NONE)
        return ERR_OK;
    return world_search_lines(on->now, LAYER_PIPELINES, ellipsoid_expand(target->geom.box, reach_m),
                              &on->scratch, rows, n, err);
}

static enum err_code take_target(struct following *on, uint32_t target_slot, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t *rows = NULL;
    size_t n = 0;
    size_t row = (size_t)world_row(on->old, LAYER_PROTECTED, target_slot);
    TRY(note_slot(on->kept, &on->kept->doubtful, target_slot, err));
    TRY(find_strips(on, on->old, world_record(on->old, LAYER_PROTECTED, row), &rows, &n, err));
    for (size_t i = 0; i < n; i++)
        TRY(note_put(on->kept, &on->kept->left, world_slot(on->now, LAYER_PIPELINES, rows[i]),
                     target_slot, err));
done:
    return code;
}

static enum err_code put_target(struct following *on, uint32_t target_slot, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t *rows = NULL;
    size_t n = 0;
    const char *missing = NULL;
    size_t row = (size_t)world_row(on->now, LAYER_PROTECTED, target_slot);
    const struct record_head *target = world_record(on->now, LAYER_PROTECTED, row);
    TRY(note_slot(on->kept, &on->kept->doubtful, target_slot, err));
    if (!on->ask)
        TRY(prepare_ask(on, err));
    if (pipeline_is_target(on->ask->classes, on->ask->n_classes, LAYER_PROTECTED, target,
                           &missing) == TRUTH_NO)
        return ERR_OK;
    TRY(find_strips(on, on->now, target, &rows, &n, err));
    for (size_t i = 0; i < n; i++)
        TRY(meet_pipeline(on, target, target_slot, rows[i], err));
done:
    return code;
}

static enum err_code follow_target(struct following *on, const struct world_edit *edit,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    if (edit->old_slot != WORLD_NO_SLOT)
        TRY(take_target(on, edit->old_slot, err));
    if (edit->new_slot != WORLD_NO_SLOT)
        TRY(put_target(on, edit->new_slot, err));
done:
    return code;
}

enum err_code pipeline_kept_follow(struct pipeline_kept *kept, const struct world *old,
                                   const struct world *now, const struct pipeline_sites *sites,
                                   const struct world_edit *edits, size_t n_edits,
                                   struct worker *worker, struct err *err)
{
    enum err_code code = ERR_OK;
    struct following on = {.kept = kept, .old = old, .now = now, .sites = sites, .worker = worker};
    arena_init(&on.scratch, 0);
    take_back(kept);
    TRY(make_room(kept, now, err));
    for (size_t i = 0; i < n_edits; i++)
        if (edits[i].layer == LAYER_PIPELINES)
            TRY(follow_pipeline(&on, &edits[i], err));
    for (size_t i = 0; i < n_edits && kept->counts; i++)
        if (edits[i].layer == LAYER_PROTECTED)
            TRY(follow_target(&on, &edits[i], err));
done:
    arena_release(&on.scratch);
    return code;
}

/* ---- what is asked ---- */

static const struct kept_pipeline *find(const struct pipeline_kept *kept, const struct world *world,
                                        size_t row)
{
    uint32_t slot = kept ? world_slot(world, LAYER_PIPELINES, row) : WORLD_NO_SLOT;
    return kept && slot < kept->n_slots ? kept->items[slot] : NULL;
}

const struct pipeline_line *pipeline_kept_line(const struct pipeline_kept *kept,
                                               const struct world *world, size_t row)
{
    const struct kept_pipeline *it = find(kept, world, row);
    return it ? &it->line : NULL;
}

const struct pipeline_strip *pipeline_kept_strip(const struct pipeline_kept *kept,
                                                 const struct pipeline_job *job, size_t ask,
                                                 const uint32_t **doubtful, size_t *n_doubtful)
{
    const struct kept_pipeline *it = find(kept, job->world, job->row);
    if (!it || !it->has_strip || !job->sites || !is_the_question(kept, &job->asks[ask]))
        return NULL;
    *doubtful = kept->doubtful.items;
    *n_doubtful = kept->doubtful.n;
    return &it->strip;
}

static enum err_code take_hits(const struct pipeline_kept *kept, struct pipeline_job *job,
                               struct strip_wanted wanted, bool *out, struct err *err)
{
    const struct pipeline_strip *strip =
        pipeline_kept_strip(kept, job, wanted.ask, &wanted.doubtful, &wanted.n_doubtful);
    *out = strip != NULL;
    return strip ? pipeline_strip_take(strip, job, &wanted, err) : ERR_OK;
}

enum err_code pipeline_kept_hits(const struct pipeline_kept *kept, struct pipeline_job *job,
                                 size_t ask, const struct span *within, bool *out, struct err *err)
{
    return take_hits(kept, job, (struct strip_wanted){.ask = ask, .within = within}, out, err);
}

enum err_code pipeline_kept_bare_hits(const struct pipeline_kept *kept, struct pipeline_job *job,
                                      size_t ask, const struct span *within, bool *out,
                                      struct err *err)
{
    const struct strip_wanted wanted = {.ask = ask, .within = within, .bare = true};
    return take_hits(kept, job, wanted, out, err);
}
