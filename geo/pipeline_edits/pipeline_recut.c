/* pipeline_recut.c - which rules see the record, and what stands along the line. */
#include "geo/pipeline_edits/pipeline_recutting.h"

#include "geo/pipeline_edits/pipeline_kept.h"
#include "geo/pipeline_edits/pipeline_recounting.h"

#include "data/base/text.h"
#include "geo/world/population.h"

#include <stdlib.h>
#include <string.h>

/* Rounding apart: how much wider than measured a record is taken to be seen, along the line. */
static const double SLACK_M = 1;

/* So often is looked farther along the line. */
enum { ATTEMPTS = 2 };

/* ---- which rules meet it ---- */

static enum err_code ask_all(struct pipeline_job *job, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = job->world->rules;
    for (size_t i = 0; i < rules->n_pipeline_methods; i++)
        if (pipeline_has_say(job, rules->pipeline_methods[i].source.id))
            TRY(pipeline_ask_method(job, &rules->pipeline_methods[i], err));
done:
    return code;
}

/* Which of the questions it is; SIZE_MAX: nobody asks it. */
static enum err_code find_ask(struct recut *on, const struct pipeline_ask *ask, size_t *at,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = &on->sides[1].job;
    size_t n = job->n_asks;
    TRY(pipeline_ask(job, ask, at, err));
    *at = *at < n ? *at : SIZE_MAX;
    job->n_asks = n;
done:
    return code;
}

/* Whether a row finds anything, in its own name or another's. */
static bool is_heard(const struct pipeline_job *job, const char *method, const char *class)
{
    return pipeline_has_say(job, method) || pipeline_is_taken_over(job, method, class);
}

/* Rows that count in windows: households that are kept, and storeys, of which need not be asked
 * where nothing has any. */
static enum err_code list_windows(struct recut *on, bool *sure, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = &on->sides[1].job;
    const struct rules *rules = job->world->rules;
    const uint32_t *doubtful = NULL;
    size_t at = 0, n_doubtful = 0;
    for (size_t i = 0; i < rules->n_pipeline_classes && *sure; i++) {
        const struct pipeline_class *row = &rules->pipeline_classes[i];
        const struct pipeline_ask ask = pipeline_ask_of_class(row);
        if (row->counts == PIPELINE_COUNTS_CLASS || !is_heard(job, row->method, row->class))
            continue;
        TRY(find_ask(on, &ask, &at, err));
        if (at == SIZE_MAX)
            continue;
        *sure = row->ends != PIPELINE_ENDS_ARC;
        if (row->counts == PIPELINE_COUNTS_STOREYS) {
            bool idle = row->from >= 1 && !job->sites->any_tall;
            on->asked[at] = idle && on->asked[at] == ASKED_NOT ? ASKED_NOT : ASKED_ALONG;
            continue;
        }
        *sure = *sure && row->counts == PIPELINE_COUNTS_HOUSEHOLD &&
                (on->kept_ask == SIZE_MAX || on->kept_ask == at) &&
                pipeline_kept_strip(on->it->edited->kept, job, at, &doubtful, &n_doubtful);
        on->kept_ask = at;
    }
done:
    return code;
}

static enum recut_asked asked_of(const struct pipeline_place *row)
{
    if (text_equal(row->kind, "class_location"))
        return ASKED_ALONG;
    return text_equal(row->kind, "hca") ? ASKED_OF_AREAS : ASKED_OF_FACTORS;
}

/* Rows of places; those whose number the population may stand in for are not understood here. */
static enum err_code list_places(struct recut *on, bool *sure, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = &on->sides[1].job;
    const struct rules *rules = job->world->rules;
    size_t at = 0;
    for (size_t i = 0; i < rules->n_pipeline_places && *sure; i++) {
        const struct pipeline_place *row = &rules->pipeline_places[i];
        const struct pipeline_method *method = rules_pipeline_method(rules, row->method);
        const struct pipeline_ask ask = pipeline_ask_of_place(job, row);
        if ((method && method->kind == PIPELINE_LAW) || !is_heard(job, row->method, row->class))
            continue;
        TRY(find_ask(on, &ask, &at, err));
        if (at == SIZE_MAX)
            continue;
        *sure = row->counts == PIPELINE_COUNTS_PLACE;
        enum recut_asked asked = asked_of(row);
        on->asked[at] = on->asked[at] == ASKED_NOT || on->asked[at] == asked ? asked : ASKED_ALONG;
    }
done:
    return code;
}

/* Methods that are cut as they are understood here. */
static bool are_understood(const struct recut *on)
{
    const struct rules *rules = on->sides[1].job.world->rules;
    bool all = true;
    for (size_t i = 0; i < rules->n_pipeline_methods && all; i++) {
        const struct pipeline_method *method = &rules->pipeline_methods[i];
        all = method->kind != PIPELINE_HCA || !isnan(method->merge_m) ||
              !pipeline_has_say(&on->sides[1].job, method->source.id);
    }
    return all;
}

static enum err_code see(struct recut *on, const struct record_head *record, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = &on->sides[1].job;
    if (!record || record->geom.kind == GEOM_NONE)
        return ERR_OK;
    on->recounts = on->recounts || (on->it->edited->layer == LAYER_PROTECTED &&
                                    pipeline_is_dwelling((const void *)record));
    TRY(pipeline_gather_one(job, on->it->edited->layer, record, err));
    for (size_t i = 0; i < job->n_hits; i++) {
        const struct span_list *most = &job->hits[i].spans[AT_MOST];
        enum recut_asked asked = on->asked[job->hits[i].ask];
        struct span seen = {most->items[0].from_m - SLACK_M,
                            most->items[most->n - 1].to_m + SLACK_M};
        on->error_m = fmax(on->error_m, job->hits[i].error_m);
        on->recounts = on->recounts || asked == ASKED_ALONG || asked == ASKED_KEPT;
        if (asked == ASKED_OF_AREAS || asked == ASKED_ALONG)
            on->areas.seen = span_join(on->areas.seen, seen);
        if (asked == ASKED_OF_FACTORS || asked == ASKED_ALONG)
            on->factors.seen = span_join(on->factors.seen, seen);
    }
done:
    return code;
}

static enum err_code find_rules(struct recut *on, bool *sure, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = &on->sides[1].job;
    TRY(ask_all(job, err));
    on->asked = arena_new(&on->scratch, enum recut_asked, job->n_asks);
    TRY(on->asked ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < job->n_asks; i++)
        on->asked[i] = ASKED_NOT;
    *sure = are_understood(on);
    if (*sure)
        TRY(list_windows(on, sure, err));
    if (*sure)
        TRY(list_places(on, sure, err));
    if (*sure && on->kept_ask != SIZE_MAX)
        on->asked[on->kept_ask] = ASKED_KEPT;
    if (*sure)
        TRY(see(on, on->it->edited->before, err));
    if (*sure)
        TRY(see(on, on->it->edited->after, err));
done:
    return code;
}

/* ---- what stands along it ---- */

/* Beside the hits that the job has, by question, those of other questions. */
static enum err_code add_hits(struct pipeline_job *job, const struct pipeline_hit *hits, size_t n,
                              struct err *err)
{
    size_t n_all = job->n_hits + n;
    struct pipeline_hit *all = arena_new(job->scratch, struct pipeline_hit, n_all);
    if (!all)
        return err_nomem(err);
    if (job->n_hits > 0)
        memcpy(all, job->hits, job->n_hits * sizeof *all);
    if (n > 0)
        memcpy(all + job->n_hits, hits, n * sizeof *all);
    for (size_t i = job->n_hits; i < n_all; i++) {
        struct pipeline_ask *ask = &job->asks[all[i].ask];
        ask->first_hit = ask->n_hits++ == 0 ? i : ask->first_hit;
    }
    job->hits = all;
    job->n_hits = n_all;
    return ERR_OK;
}

/* Gathers the questions that are asked so, or in one of two ways, beside the others. */
static enum err_code gather(struct recut *on, struct pipeline_job *job, enum recut_asked asked,
                            enum recut_asked also, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_hit *had = job->hits;
    size_t n_had = job->n_hits;
    for (size_t i = 0; i < job->n_asks; i++)
        job->asks[i].idle = on->asked[i] != asked && on->asked[i] != also;
    pipeline_forget_hits(job);
    TRY(pipeline_gather(job, err));
    TRY(add_hits(job, had, n_had, err));
done:
    return code;
}

static int by_row(const void *a, const void *b)
{
    const struct pipeline_hit *x = *(const struct pipeline_hit *const *)a;
    const struct pipeline_hit *y = *(const struct pipeline_hit *const *)b;
    return (x->row > y->row) - (x->row < y->row);
}

/* The kept hits in the order in which they would be gathered. */
static enum err_code take_kept(struct recut *on, struct pipeline_job *job, bool *sure,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    if (on->kept_ask == SIZE_MAX)
        return ERR_OK;
    TRY(pipeline_kept_hits(on->it->edited->kept, job, on->kept_ask, NULL, sure, err));
    size_t n = *sure ? job->n_hits : 0;
    const struct pipeline_hit **order = arena_new(job->scratch, const struct pipeline_hit *, n);
    struct pipeline_hit *sorted = arena_new(job->scratch, struct pipeline_hit, n);
    TRY(order && sorted ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < n; i++)
        order[i] = &job->hits[i];
    if (n > 0)
        qsort(order, n, sizeof(const struct pipeline_hit *), by_row);
    for (size_t i = 0; i < n; i++)
        sorted[i] = *order[i];
    job->hits = sorted;
done:
    return code;
}

static enum err_code look_along(struct recut *on, struct pipeline_job *job, bool *sure,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    pipeline_forget_hits(job);
    TRY(take_kept(on, job, sure, err));
    if (*sure)
        TRY(gather(on, job, ASKED_ALONG, ASKED_ALONG, err));
done:
    return code;
}

/* Whether a hit is of the record as it is now. */
static bool is_own(const struct recut *on, const struct pipeline_hit *hit)
{
    const struct pipeline_edited *edited = on->it->edited;
    return edited->after && hit->layer == edited->layer &&
           world_record(edited->world, hit->layer, hit->row) == (const void *)edited->after;
}

/* Whether another is as far off as the record may be: which fringes of a class are too short goes
 * by the worst of all (settle_fringes). */
static bool has_worse(const struct recut *on)
{
    const struct pipeline_job *job = &on->sides[1].job;
    bool worse = false;
    for (size_t i = 0; i < job->n_hits && !worse; i++)
        worse = job->hits[i].error_m >= on->error_m && !is_own(on, &job->hits[i]);
    return worse;
}

static bool same_edges(const struct pipeline_some *a, const struct pipeline_some *b)
{
    return a->first == b->first && a->end == b->end;
}

/* For another look, those hits that are of one kind. */
static enum err_code keep_seen(const struct recut *on, const struct pipeline_job *job,
                               struct recut_kind *kind, struct err *err)
{
    kind->hits = arena_new(job->scratch, struct pipeline_hit, job->n_hits);
    if (!kind->hits)
        return err_nomem(err);
    kind->n_hits = 0;
    for (size_t i = 0; i < job->n_hits; i++)
        if (on->asked[job->hits[i].ask] == kind->asked)
            kind->hits[kind->n_hits++] = job->hits[i];
    kind->looked = kind->near;
    return ERR_OK;
}

/* Beside the hits that the job has, those that were kept. */
static enum err_code take_seen(struct pipeline_job *job, const struct recut_kind *kind,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_hit *had = job->hits;
    size_t n_had = job->n_hits;
    pipeline_forget_hits(job);
    TRY(add_hits(job, had, n_had, err));
    TRY(add_hits(job, kind->hits, kind->n_hits, err));
done:
    return code;
}

/* What stands near: of both kinds at once where the stretch is the same, since most of what they
 * ask for is. What was looked at before is not looked at again. */
static enum err_code gather_near(struct recut *on, struct pipeline_job *job, struct err *err)
{
    enum err_code code = ERR_OK;
    struct recut_kind *kinds[] = {&on->areas, &on->factors};
    bool due[2];
    for (int i = 0; i < 2; i++) {
        due[i] = kinds[i]->near.end > 0 && !same_edges(&kinds[i]->near, &kinds[i]->looked);
        if (kinds[i]->near.end > 0 && !due[i])
            TRY(take_seen(job, kinds[i], err));
    }
    bool both = due[0] && due[1] && same_edges(&on->areas.near, &on->factors.near);
    for (int i = 0; i < 2; i++) {
        job->some = &kinds[i]->near;
        if (due[i] && !(both && i == 1))
            TRY(gather(on, job, kinds[i]->asked, kinds[both ? 1 : i]->asked, err));
    }
    for (int i = 0; i < 2; i++)
        if (due[i])
            TRY(keep_seen(on, job, kinds[i], err));
done:
    job->some = NULL;
    return code;
}

static bool is_near(const struct recut *on, uint32_t ask)
{
    return on->asked[ask] == ASKED_OF_AREAS || on->asked[ask] == ASKED_OF_FACTORS;
}

/* Where a hit belongs among n others, which are together by question, each by layer and row. */
static size_t place_of(const struct pipeline_hit *hits, size_t n, const struct pipeline_hit *hit)
{
    size_t at = 0;
    while (at < n && hits[at].ask != hit->ask)
        at++;
    while (
        at < n && hits[at].ask == hit->ask &&
        (hits[at].layer < hit->layer || (hits[at].layer == hit->layer && hits[at].row < hit->row)))
        at++;
    return at;
}

/* Before the edit what stands near is what stands there now, but for the record. */
static enum err_code look_back(struct recut *on, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_job *now = &on->sides[1].job;
    struct pipeline_job *job = &on->sides[0].job;
    const struct pipeline_edited *edited = on->it->edited;
    const struct pipeline_hit *had = job->hits;
    size_t n_had = job->n_hits, n = 0, n_own = 0;
    pipeline_forget_hits(job);
    for (size_t i = 0; i < job->n_asks; i++)
        job->asks[i].idle = !is_near(on, (uint32_t)i);
    if (edited->before && edited->before->geom.kind != GEOM_NONE) {
        TRY(pipeline_gather_one(job, edited->layer, edited->before, err));
        n_own = job->n_hits;
    }
    const struct pipeline_hit *own = job->hits;
    struct pipeline_hit *near = arena_new(job->scratch, struct pipeline_hit, now->n_hits + n_own);
    TRY(near ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < now->n_hits; i++) {
        const struct pipeline_hit *hit = &now->hits[i];
        if (!is_near(on, hit->ask) || is_own(on, hit))
            continue;
        near[n] = *hit;
        near[n++].row = (uint32_t)world_row(edited->old, hit->layer,
                                            world_slot(edited->world, hit->layer, hit->row));
    }
    for (size_t i = 0; i < n_own; i++) {
        struct pipeline_hit hit = own[i];
        hit.row = (uint32_t)world_find(edited->old, edited->layer, edited->before->id);
        size_t at = place_of(near, n, &hit);
        memmove(&near[at + 1], &near[at], (n++ - at) * sizeof *near);
        near[at] = hit;
    }
    pipeline_forget_hits(job);
    job->hits = NULL;
    TRY(add_hits(job, near, n, err));
    TRY(add_hits(job, had, n_had, err));
done:
    return code;
}

static enum err_code look_near(struct recut *on, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_found_before *windows[2];
    for (int i = 0; i < 2; i++)
        windows[i] = on->sides[i].job.found_before;
    TRY(gather_near(on, &on->sides[1].job, err));
    if (on->areas.near.end > 0 || on->factors.near.end > 0)
        TRY(look_back(on, err));
    for (int i = 0; i < 2; i++) /* nothing counts in windows that stands near */
        on->sides[i].job.found_before = windows[i];
done:
    return code;
}

/* ---- the whole ---- */

static enum err_code tell_law(struct recut *on, struct err *err)
{
    struct recounting telling = {
        .it = on->it, .job = on->sides[1].job, .arena = on->arena, .out = on->out};
    return recount_law(&telling, err);
}

static void begin_side(struct recut *on, int side, const struct world *world, size_t row,
                       struct worker *worker)
{
    const struct pipeline_edited *edited = on->it->edited;
    const struct pipeline *pipeline = world_pipeline(world, row);
    struct recut_side *it = &on->sides[side];
    double error_m = rules_accuracy_m(world->rules, LAYER_PIPELINES, &pipeline->head);
    it->fringe = (struct pipeline_fringe){.error_m = error_m + edited->sites->farthest_off_m};
    it->job = (struct pipeline_job){.world = world,
                                    .sites = edited->sites,
                                    .worker = worker,
                                    .arena = &on->scratch,
                                    .scratch = &on->scratch,
                                    .pipeline = pipeline,
                                    .row = (uint32_t)row,
                                    .error_m = error_m,
                                    .line = *pipeline_kept_line(edited->kept, world, row),
                                    .fringe = &it->fringe};
}

/* With what stands near, beside what stands along the line. */
static enum err_code cut_near(struct recut *on, bool *sure, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job along[2];
    struct pipeline_ask *asks[2];
    recut_near(on, sure);
    if (!*sure)
        return ERR_OK;
    for (int i = 0; i < 2; i++) {
        along[i] = on->sides[i].job;
        asks[i] = arena_memdup(&on->scratch, along[i].asks, along[i].n_asks * sizeof *asks[i]);
        TRY(asks[i] || along[i].n_asks == 0 ? ERR_OK : err_nomem(err));
    }
    TRY(look_near(on, err));
    TRY(recut_rows(on, sure, err));
    for (int i = 0; i < 2; i++) {
        on->sides[i].job = along[i];
        if (along[i].n_asks > 0)
            memcpy(along[i].asks, asks[i], along[i].n_asks * sizeof *asks[i]);
    }
done:
    return code;
}

static enum err_code recut(struct recut *on, bool *sure, struct err *err)
{
    enum err_code code = ERR_OK;
    *sure = true;
    TRY(find_rules(on, sure, err));
    if (!*sure)
        goto done;
    TRY(tell_law(on, err));
    TRY(look_along(on, &on->sides[1].job, sure, err));
    TRY(ask_all(&on->sides[0].job, err));
    on->recounts = on->recounts || !has_worse(on);
    if (*sure && on->recounts) {
        TRY(look_along(on, &on->sides[0].job, sure, err));
        if (*sure)
            TRY(recut_compare(on, err));
    }
    bool along = *sure;
    *sure = false;
    for (int i = 0; i < ATTEMPTS && along && !*sure; i++)
        TRY(cut_near(on, sure, err));
    *sure = *sure && !on->sides[0].fringe.doubted && !on->sides[1].fringe.doubted;
done:
    return code;
}

enum err_code pipeline_recut(const struct pipeline_recount *question, uint32_t row,
                             struct worker *worker, struct arena *arena,
                             struct pipeline_recounted *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_edited *edited = question->edited;
    struct recut on = {.it = question,
                       .arena = arena,
                       .out = out,
                       .kept_ask = SIZE_MAX,
                       .areas = {.asked = ASKED_OF_AREAS, .seen = NO_SPAN, .apart = NO_SPAN},
                       .factors = {.asked = ASKED_OF_FACTORS, .seen = NO_SPAN, .apart = NO_SPAN}};
    *out = (struct pipeline_recounted){.sure = false};
    arena_init(&on.scratch, 0);
    const struct pipeline_line *line = pipeline_kept_line(edited->kept, edited->world, row);
    int64_t old_row = edited->old ? world_row(edited->old, LAYER_PIPELINES,
                                              world_slot(edited->world, LAYER_PIPELINES, row))
                                  : -1;
    /* Where nobody was counted, nobody knows what is a place. */
    if (!line || line->n_parts != 1 || old_row < 0 || !edited->sites ||
        !population_known(edited->world) || !population_known(edited->old) ||
        world_count(edited->world, edited->layer) == 0 ||
        text_equal(world_pipeline(edited->world, row)->status, "closed"))
        goto done;
    begin_side(&on, 0, edited->old, (size_t)old_row, worker);
    begin_side(&on, 1, edited->world, row, worker);
    TRY(recut(&on, &out->sure, err));
done:
    if (code != ERR_OK)
        err_wrap(err, "pipeline %s", world_pipeline(edited->world, row)->head.id);
    arena_release(&on.scratch);
    return code;
}
