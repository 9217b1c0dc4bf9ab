#include "geo/pipelines/pipeline_kept.h"

#include "geo/measure/ellipsoid.h"
#include "geo/pipelines/pipeline_found.h"

#include "data/base/text.h"

#include <stdlib.h>
#include <string.h>

/* A dwelling with one span, the same in the widest n_reaches of them, and in no other. */
struct kept_hit {
    struct span span;
    double nearest_m;
    uint32_t slot;
    uint32_t n_reaches;
};

/* Any other: one of whom an attribute is missing, or beside which the line bends inwards. */
struct odd_hit {
    struct odd_hit *next;
    uint32_t slot;
    const char *missing;
    double nearest_m;
    struct span_list lists[REACHES];
    struct span spans[];
};

struct kept_pipeline {
    struct pipeline_line line; /* in a block of its own, at points */
    bool has_strip;
    struct kept_hit *hits;
    size_t n;
    size_t capacity;
    struct odd_hit *odd;
};

/* What a step put, until it is committed. */
struct kept_put {
    uint32_t pipeline; /* slots */
    uint32_t target;   /* WORLD_NO_SLOT: the pipeline itself */
};

struct pipeline_kept {
    bool counts;                  /* any rule counts households */
    struct pipeline_ask ask;      /* the question: target and reach */
    struct kept_pipeline **items; /* by slot; NULL: not kept */
    size_t n_slots;
    struct kept_put *puts;
    size_t n_puts;
    size_t puts_capacity;
    uint32_t *gone; /* slots of pipelines that the step took away */
    size_t n_gone;
    size_t gone_capacity;
};

/* ---- memory ---- */

static void free_hits(struct kept_pipeline *it)
{
    for (struct odd_hit *odd = it->odd; odd;) {
        struct odd_hit *next = odd->next;
        free(odd);
        odd = next;
    }
    free(it->hits);
}

static void free_pipeline(struct kept_pipeline *it)
{
    if (!it)
        return;
    free_hits(it);
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
    free(kept->puts);
    free(kept->gone);
    free(kept);
}

/* Room for one more of `bytes` in an array; false: no memory. */
static bool grow(void **items, size_t *capacity, size_t n, size_t bytes)
{
    enum { FIRST = 16 };
    if (n < *capacity)
        return true;
    size_t more = *capacity > 0 ? *capacity + *capacity / 2 : FIRST;
    void *grown = realloc(*items, more * bytes);
    if (!grown)
        return false;
    *items = grown;
    *capacity = more;
    return true;
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

/* ---- hits ---- */

/* Whether all that a hit is seen from is one span. */
static bool is_plain(const struct pipeline_hit *hit)
{
    const struct span_list *most = &hit->spans[AT_MOST];
    bool plain = !hit->missing && most->n == 1;
    for (int k = AT_LEAST; k < AT_MOST && plain; k++) {
        const struct span_list *list = &hit->spans[k];
        plain = list->n == 0 || (list->n == 1 && list->items[0].from_m == most->items[0].from_m &&
                                 list->items[0].to_m == most->items[0].to_m);
    }
    return plain && hit->spans[MEASURED].n >= hit->spans[AT_LEAST].n;
}

static enum err_code add_odd(struct kept_pipeline *it, uint32_t slot,
                             const struct pipeline_hit *hit, struct err *err)
{
    size_t n = 0;
    for (int k = 0; k < REACHES; k++)
        n += hit->spans[k].n;
    struct odd_hit *odd = malloc(sizeof *odd + n * sizeof(struct span));
    if (!odd)
        return err_nomem(err);
    *odd = (struct odd_hit){
        .next = it->odd, .slot = slot, .missing = hit->missing, .nearest_m = hit->nearest_m};
    struct span *at = odd->spans;
    for (int k = 0; k < REACHES; k++) {
        const struct span_list *list = &hit->spans[k];
        odd->lists[k] = (struct span_list){at, list->n, list->n};
        if (list->n > 0)
            memcpy(at, list->items, list->n * sizeof *at);
        at += list->n;
    }
    it->odd = odd;
    return ERR_OK;
}

static enum err_code add_hit(struct kept_pipeline *it, uint32_t slot,
                             const struct pipeline_hit *hit, struct err *err)
{
    void *hits = it->hits;
    if (!is_plain(hit))
        return add_odd(it, slot, hit, err);
    bool fits = grow(&hits, &it->capacity, it->n, sizeof *it->hits);
    it->hits = hits;
    if (!fits)
        return err_nomem(err);
    it->hits[it->n++] = (struct kept_hit){
        .span = hit->spans[AT_MOST].items[0],
        .nearest_m = hit->nearest_m,
        .slot = slot,
        .n_reaches = 1 + (uint32_t)(hit->spans[MEASURED].n + hit->spans[AT_LEAST].n)};
    return ERR_OK;
}

static void remove_target(struct kept_pipeline *it, uint32_t slot)
{
    size_t n = 0;
    for (size_t i = 0; i < it->n; i++)
        if (it->hits[i].slot != slot)
            it->hits[n++] = it->hits[i];
    it->n = n;
    for (struct odd_hit **at = &it->odd; *at;) {
        struct odd_hit *odd = *at;
        if (odd->slot == slot) {
            *at = odd->next;
            free(odd);
        } else {
            at = &odd->next;
        }
    }
}

/* Those of targets that stand in neither world are of no use to anybody. */
static void drop_dead(struct kept_pipeline *it, const struct world *old, const struct world *now)
{
    size_t n = 0;
    for (size_t i = 0; i < it->n; i++)
        if (world_row(now, LAYER_PROTECTED, it->hits[i].slot) >= 0 ||
            world_row(old, LAYER_PROTECTED, it->hits[i].slot) >= 0)
            it->hits[n++] = it->hits[i];
    it->n = n;
}

/* ---- one pipeline ---- */

/* The line in one block: points, stations, ends of parts. */
static enum err_code keep_line(const struct pipeline_line *line, struct kept_pipeline *it,
                               struct err *err)
{
    size_t n = line->n;
    size_t n_parts = line->n_parts;
    struct lonlat *points =
        malloc(n * (sizeof *points + sizeof(double)) + n_parts * sizeof(uint32_t));
    if (!points)
        return err_nomem(err);
    double *at_m = (double *)(points + n);
    uint32_t *ends = (uint32_t *)(at_m + n);
    memcpy(points, line->points, n * sizeof *points);
    memcpy(at_m, line->at_m, n * sizeof *at_m);
    memcpy(ends, line->part_ends, n_parts * sizeof *ends);
    it->line = (struct pipeline_line){line->n, points, at_m, line->n_parts, ends};
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
    it->hits = malloc((job->n_hits + 1) * sizeof *it->hits);
    it->capacity = job->n_hits + 1;
    TRY(it->hits ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < job->n_hits; i++)
        if (job->hits[i].layer == LAYER_PROTECTED)
            TRY(add_hit(it, world_slot(job->world, LAYER_PROTECTED, job->hits[i].row),
                        &job->hits[i], err));
        else
            it->has_strip = false;
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

static enum err_code note_put(struct pipeline_kept *kept, uint32_t pipeline, uint32_t target,
                              struct err *err)
{
    void *puts = kept->puts;
    bool fits = grow(&puts, &kept->puts_capacity, kept->n_puts, sizeof *kept->puts);
    kept->puts = puts;
    if (!fits)
        return err_nomem(err);
    kept->puts[kept->n_puts++] = (struct kept_put){pipeline, target};
    return ERR_OK;
}

static enum err_code note_gone(struct pipeline_kept *kept, uint32_t pipeline, struct err *err)
{
    void *gone = kept->gone;
    bool fits = grow(&gone, &kept->gone_capacity, kept->n_gone, sizeof *kept->gone);
    kept->gone = gone;
    if (!fits)
        return err_nomem(err);
    kept->gone[kept->n_gone++] = pipeline;
    return ERR_OK;
}

/* What a step put that was not committed: its slots will be given to others. */
static void take_back(struct pipeline_kept *kept)
{
    for (size_t i = 0; i < kept->n_puts; i++) {
        const struct kept_put *put = &kept->puts[i];
        struct kept_pipeline *it = kept->items[put->pipeline];
        if (it && put->target != WORLD_NO_SLOT)
            remove_target(it, put->target);
        if (it && put->target == WORLD_NO_SLOT) {
            free_pipeline(it);
            kept->items[put->pipeline] = NULL;
        }
    }
    kept->n_puts = kept->n_gone = 0;
}

void pipeline_kept_commit(struct pipeline_kept *kept)
{
    for (size_t i = 0; i < kept->n_gone; i++) {
        free_pipeline(kept->items[kept->gone[i]]);
        kept->items[kept->gone[i]] = NULL;
    }
    kept->n_puts = kept->n_gone = 0;
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
        TRY(note_gone(on->kept, edit->old_slot, err));
    if (edit->new_slot == WORLD_NO_SLOT)
        goto done;
    TRY(note_put(on->kept, edit->new_slot, WORLD_NO_SLOT, err));
    size_t row = (size_t)world_row(on->now, LAYER_PIPELINES, edit->new_slot);
    struct pipeline_job job = job_of(on->now, on->sites, on->worker, &on->scratch, row);
    TRY(keep_pipeline(on->kept, &job, err));
done:
    return code;
}

/* Whether the pipeline itself was put in this step: then it has met all targets. */
static bool is_new(const struct pipeline_kept *kept, uint32_t slot)
{
    for (size_t i = 0; i < kept->n_puts; i++)
        if (kept->puts[i].pipeline == slot && kept->puts[i].target == WORLD_NO_SLOT)
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
    if (job.n_hits > 0) {
        TRY(note_put(kept, slot, target_slot, err));
        drop_dead(it, on->old, on->now);
    }
    for (size_t i = 0; i < job.n_hits; i++)
        TRY(add_hit(it, target_slot, &job.hits[i], err));
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

static enum err_code follow_target(struct following *on, const struct world_edit *edit,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t *rows = NULL;
    size_t n = 0;
    const char *missing = NULL;
    size_t row = (size_t)world_row(on->now, LAYER_PROTECTED, edit->new_slot);
    const struct record_head *target = world_record(on->now, LAYER_PROTECTED, row);
    if (!on->ask)
        TRY(prepare_ask(on, err));
    if (target->geom.kind == GEOM_NONE ||
        pipeline_is_target(on->ask->classes, on->ask->n_classes, LAYER_PROTECTED, target,
                           &missing) == TRUTH_NO)
        return ERR_OK;
    double reach_m = on->kept->ask.reach_m + world_slack_m(on->now, LAYER_PIPELINES) +
                     world_record_slack_m(on->now, LAYER_PROTECTED, target);
    TRY(world_search(on->now, LAYER_PIPELINES, ellipsoid_expand(target->geom.box, reach_m),
                     &on->scratch, &rows, &n, err));
    for (size_t i = 0; i < n; i++)
        TRY(meet_pipeline(on, target, edit->new_slot, rows[i], err));
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
        if (edits[i].layer == LAYER_PROTECTED && edits[i].new_slot != WORLD_NO_SLOT)
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

static bool touches(const struct span *within, struct span span)
{
    return !within || (span.from_m <= within->to_m && span.to_m >= within->from_m);
}

/* Hits on their way into a job. */
struct taking {
    struct pipeline_job *job;
    uint32_t ask;
    struct pipeline_hit *hits;
    struct span_list *lists; /* REACHES of each plain hit */
    size_t n;
};

/* False: it is gone. */
static bool take(struct taking *on, uint32_t slot, double nearest_m, const char *missing,
                 const struct span_list *spans)
{
    const struct pipeline_job *job = on->job;
    int64_t row = world_row(job->world, LAYER_PROTECTED, slot);
    const struct pipeline_site *site =
        row < 0 ? NULL : pipeline_sites_of(job->sites, job->world, LAYER_PROTECTED, (size_t)row);
    if (!site)
        return false;
    on->hits[on->n++] = (struct pipeline_hit){.ask = on->ask,
                                              .layer = LAYER_PROTECTED,
                                              .row = (uint32_t)row,
                                              .missing = missing,
                                              .error_m = job->error_m + site->accuracy_m,
                                              .nearest_m = nearest_m,
                                              .spans = spans,
                                              .site = site};
    return true;
}

static void take_plain(struct taking *on, const struct kept_hit *hit)
{
    struct span_list *lists = on->lists;
    for (uint32_t k = 0; k < REACHES; k++) {
        bool has = k + hit->n_reaches >= REACHES;
        lists[k] = (struct span_list){(struct span *)(uintptr_t)&hit->span, has, has};
    }
    if (take(on, hit->slot, hit->nearest_m, NULL, lists))
        on->lists += REACHES;
}

enum err_code pipeline_kept_hits(const struct pipeline_kept *kept, struct pipeline_job *job,
                                 size_t ask, const struct span *within, bool *out, struct err *err)
{
    const struct kept_pipeline *it = find(kept, job->world, job->row);
    *out = it && it->has_strip && job->sites && is_the_question(kept, &job->asks[ask]);
    if (!*out)
        return ERR_OK;
    size_t n = it->n;
    for (const struct odd_hit *odd = it->odd; odd; odd = odd->next)
        n++;
    struct taking on = {.job = job,
                        .ask = (uint32_t)ask,
                        .hits = arena_new(job->scratch, struct pipeline_hit, n),
                        .lists = arena_new(job->scratch, struct span_list, REACHES * it->n)};
    if (!on.hits || !on.lists)
        return err_nomem(err);
    for (size_t i = 0; i < it->n; i++)
        if (touches(within, it->hits[i].span))
            take_plain(&on, &it->hits[i]);
    for (const struct odd_hit *odd = it->odd; odd; odd = odd->next) {
        const struct span_list *most = &odd->lists[AT_MOST];
        if (touches(within, (struct span){most->items[0].from_m, most->items[most->n - 1].to_m}))
            take(&on, odd->slot, odd->nearest_m, odd->missing, odd->lists);
    }
    pipeline_forget_hits(job);
    job->hits = on.hits;
    job->n_hits = job->asks[ask].n_hits = on.n;
    return ERR_OK;
}
