/*
 * pipeline_outdone.c - which edits change no segment, though rules meet the record: a plant beside
 * a city's pipeline is one more flammable site among others (pipeline_crowd.h at a first look,
 * pipeline_outdone_runs.c), or in an area that is one for its households.
 *
 * Take the stations from which the record is seen, before or after. What rules of places found
 * there (in windows of no length, so that nothing beyond is changed) is left out of the rows by
 * both worlds alike where something else that the record has no part in
 *
 *   hca            covers the runs that go through there and is graver, or as grave and says a
 *                  number: the areas are the same stretches, and what is told of each is another
 *                  one. Where the record is seen is not enough: areas far from the record may tell
 *                  of the run;
 *   design_factor  makes all of it a class that asks for that factor anyway.
 *
 * This must hold of what is there at least, as measured and at most. The others are found next to
 * the record, and where that is not enough along a few kilometres; there they hold at least as they
 * are found; any doubt cuts the pipeline anew.
 * Why the other world need not be looked at: away from where the record is seen the rows of places
 * found the same, so that what they found about it reaches no farther.
 */
#include "geo/pipeline_edits/pipeline_outdoing.h"

#include "data/base/text.h"
#include "geo/measure/ellipsoid.h"
#include "geo/pipeline_edits/pipeline_crowd.h"
#include "geo/pipeline_edits/pipeline_recounting.h"
#include "geo/world/population.h"

#include <stdlib.h>
#include <string.h>

/* Rounding apart: how much wider than measured a record is taken to be seen, along the line. */
static const double SLACK_M = 1;

/* Beyond that a record is as long as the pipeline, which is cut anew. */
static const double LONGEST_M = 3000;

/* How far beyond where the record is seen to look at first; the rest is what windows reach. */
static const double NEAR_M = 300;

bool outdoing_is_factor(const struct pipeline_place *row)
{
    return text_equal(row->kind, "design_factor");
}

/* ---- where the record is seen ---- */

static void see(struct outdoing *on, const struct pipeline_hit *hit)
{
    bool first = on->seen.from_m > on->seen.to_m;
    on->touched[hit->ask] = true;
    on->in_parts = on->in_parts || (!first && on->part != hit->part);
    on->part = hit->part;
    on->error_m = fmax(on->error_m, hit->error_m);
    for (int k = 0; k < REACHES; k++) {
        const struct span_list *spans = &hit->spans[k];
        if (spans->n == 0)
            continue;
        on->known[k] = true;
        on->seen.from_m = fmin(on->seen.from_m, spans->items[0].from_m - SLACK_M);
        on->seen.to_m = fmax(on->seen.to_m, spans->items[spans->n - 1].to_m + SLACK_M);
    }
}

static enum err_code see_side(struct outdoing *on, const struct record_head *record,
                              struct outdoing_side *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = &on->job;
    if (!record || record->geom.kind == GEOM_NONE)
        return ERR_OK;
    TRY(pipeline_gather_one(job, on->was->edited->layer, record, err));
    for (size_t i = 0; i < job->n_hits; i++)
        see(on, &job->hits[i]);
    out->hits = arena_memdup(job->scratch, job->hits, job->n_hits * sizeof *job->hits);
    out->n = job->n_hits;
    TRY(out->hits || out->n == 0 ? ERR_OK : err_nomem(err));
done:
    return code;
}

static bool same_spans(const struct span_list *a, const struct span_list *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; i < a->n && same; i++)
        same = a->items[i].from_m == b->items[i].from_m && a->items[i].to_m == b->items[i].to_m;
    return same;
}

static bool same_hits(const struct outdoing_side *before, const struct outdoing_side *after)
{
    const struct pipeline_hit *a = before->hits;
    const struct pipeline_hit *b = after->hits;
    bool same = before->n == after->n;
    for (size_t i = 0; i < before->n && same; i++) {
        same = a[i].ask == b[i].ask && a[i].part == b[i].part &&
               text_equal(a[i].missing ? a[i].missing : "", b[i].missing ? b[i].missing : "") &&
               a[i].error_m == b[i].error_m && a[i].nearest_m == b[i].nearest_m;
        for (int k = 0; k < REACHES && same; k++)
            same = same_spans(&a[i].spans[k], &b[i].spans[k]);
    }
    return same;
}

/* ---- which rules meet it ---- */

static enum err_code is_touched(struct outdoing *on, const struct pipeline_ask *ask, bool *out,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    size_t at = 0;
    size_t n = on->job.n_asks;
    TRY(pipeline_ask(&on->job, ask, &at, err));
    *out = at < n && on->touched[at]; /* what nobody asked for is met by nobody */
    on->job.n_asks = n;
done:
    return code;
}

static enum err_code is_class_touched(struct outdoing *on, const struct pipeline_class *row,
                                      bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_ask strip = pipeline_ask_of_class(row);
    const struct pipeline_ask arcs = {.target = row->target, .reach_m = row->end_m};
    TRY(is_touched(on, &strip, out, err));
    if (!*out && row->ends == PIPELINE_ENDS_ARC)
        TRY(is_touched(on, &arcs, out, err));
done:
    return code;
}

static enum err_code is_place_touched(struct outdoing *on, const struct pipeline_place *row,
                                      bool *out, struct err *err)
{
    const struct pipeline_ask ask = pipeline_ask_of_place(&on->job, row);
    return is_touched(on, &ask, out, err);
}

/* Whether anything tall stands beside the stretch, or the record is. */
static bool is_tall_near(const struct outdoing *on)
{
    const struct pipeline_edited *edited = on->was->edited;
    const struct record_head *sides[] = {edited->before, edited->after};
    if (edited->sites && !edited->sites->any_tall)
        return false;
    for (int i = 0; i < 2; i++)
        if (sides[i] && edited->layer == LAYER_PROTECTED &&
            pipeline_is_tall((const void *)sides[i]))
            return true;
    for (size_t i = 0; i < on->job.n_hits; i++) {
        const struct pipeline_hit *hit = &on->job.hits[i];
        if (hit->layer == LAYER_PROTECTED &&
            pipeline_is_tall(world_protected(on->job.world, hit->row)))
            return true;
    }
    return false;
}

/* Whether the record counts in a window: then all that it may count with has to be looked at. Else
 * what stands nearest may outdo it. */
static enum err_code meets_windows(struct outdoing *on, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = on->job.world->rules;
    *out = false;
    for (size_t i = 0; i < rules->n_pipeline_classes && !*out; i++)
        if (rules->pipeline_classes[i].counts != PIPELINE_COUNTS_CLASS)
            TRY(is_class_touched(on, &rules->pipeline_classes[i], out, err));
done:
    return code;
}

/* Rows that count in windows: those on storeys find nothing where nothing is tall. */
static enum err_code windows_are_idle(struct outdoing *on, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = on->job.world->rules;
    *out = true;
    for (size_t i = 0; i < rules->n_pipeline_classes && *out; i++) {
        const struct pipeline_class *row = &rules->pipeline_classes[i];
        bool touched = false;
        if (row->counts == PIPELINE_COUNTS_CLASS ||
            (!pipeline_has_say(&on->job, row->method) &&
             !pipeline_is_taken_over(&on->job, row->method, row->class)))
            continue;
        TRY(is_class_touched(on, row, &touched, err));
        if (touched)
            *out = row->counts == PIPELINE_COUNTS_STOREYS && row->from >= 1 && !is_tall_near(on);
    }
done:
    return code;
}

/* ---- what outdoes it ---- */

static bool touches(struct span a, struct span b)
{
    return a.from_m <= b.to_m && b.from_m <= a.to_m;
}

bool outdoing_is_cut_off(const struct outdoing *on, struct span span)
{
    struct span whole = pipeline_part_span(&on->job.line, on->part);
    const struct span *some = &on->some.span;
    return (span.from_m <= some->from_m && some->from_m > whole.from_m) ||
           (span.to_m >= some->to_m && some->to_m < whole.to_m);
}

/* Where the row found anything about the record, or where it is seen: if nobody hears of the row
 * beyond, what it found there is told neither before nor after. */
static enum err_code find_runs(struct outdoing *on, struct outdone *it, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_founds founds = {.items = NULL};
    TRY(pipeline_find_place(&on->job, it->row, &founds, err));
    for (size_t i = 0; i < founds.n; i++) {
        const struct pipeline_found *found = &founds.items[i];
        if (found->part != on->part || !touches(found->span, on->seen))
            continue;
        it->span.from_m = fmin(it->span.from_m, found->span.from_m);
        it->span.to_m = fmax(it->span.to_m, found->span.to_m);
    }
    struct span whole = pipeline_part_span(&on->job.line, on->part);
    *out = !outdoing_is_cut_off(on, it->span);
    if (!*out && outdoing_is_unheard(on, it, whole)) {
        it->span = on->seen;
        *out = true;
    }
done:
    return code;
}

/* Whether another finding covers it and is graver; or, of areas, as grave and told rather. */
static enum err_code is_covered(struct outdoing *on, const struct pipeline_founds *founds,
                                enum known known, const struct outdone *it, bool *out,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    bool factor = outdoing_is_factor(it->row);
    struct span whole = pipeline_part_span(&on->job.line, on->part);
    struct span span = it->span;
    span = (struct span){fmax(span.from_m, whole.from_m), fmin(span.to_m, whole.to_m)};
    *out = false;
    for (size_t i = 0; i < founds->n && !*out; i++) {
        const struct pipeline_found *found = &founds->items[i];
        bool touched = false;
        bool graver = found->rank > it->rank ||
                      (found->rank == it->rank && (factor || pipeline_says_number(found)));
        if (found->part != on->part || found->known != known || !graver ||
            found->span.from_m > span.from_m || found->span.to_m < span.to_m ||
            (found->window && found->window->ends == PIPELINE_ENDS_WINDOW))
            continue;
        if (found->window)
            TRY(is_class_touched(on, found->window, &touched, err));
        else
            TRY(is_place_touched(on, found->place, &touched, err));
        *out = !touched;
    }
done:
    return code;
}

/* Rows of places that may be outdone: areas that are joined, and factors. */
static bool may_be_outdone(const struct pipeline_job *job, const struct pipeline_place *row)
{
    const struct pipeline_method *method = rules_pipeline_method(job->world->rules, row->method);
    bool area = text_equal(row->kind, "hca") && !isnan(method->merge_m);
    return row->counts == PIPELINE_COUNTS_PLACE && (area || outdoing_is_factor(row));
}

/* Rows of places that meet the record. */
static enum err_code list_places(struct outdoing *on, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = on->job.world->rules;
    on->outdone = arena_new(on->job.scratch, struct outdone, rules->n_pipeline_places);
    if (!on->outdone)
        return err_nomem(err);
    for (size_t i = 0; i < rules->n_pipeline_places; i++) {
        const struct pipeline_place *row = &rules->pipeline_places[i];
        bool touched = false;
        bool taken_over = text_equal(row->kind, "class_location") &&
                          pipeline_is_taken_over(&on->job, row->method, row->class);
        if (!taken_over && !pipeline_has_say(&on->job, row->method))
            continue;
        TRY(is_place_touched(on, row, &touched, err));
        const struct pipeline_method *method = rules_pipeline_method(rules, row->method);
        bool law = touched && method && method->kind == PIPELINE_LAW;
        on->meets_law = on->meets_law || law;
        if (!touched || law)
            continue;
        struct outdone *it = &on->outdone[on->n_outdone++];
        const struct pipeline_ask ask = pipeline_ask_of_place(&on->job, row);
        *it = (struct outdone){.row = row, .span = on->seen};
        TRY(pipeline_ask(&on->job, &ask, &it->ask, err));
        it->rank = pipeline_class_rank(row->class);
    }
done:
    return code;
}

/* Whether the row's finding about the record is outdone. */
static enum err_code is_row_outdone(struct outdoing *on, struct outdone *it, bool *out,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_founds found;
    const struct pipeline_method *method =
        rules_pipeline_method(on->job.world->rules, it->row->method);
    *out = true;
    if (it->alike)
        goto done;
    if (!it->ends)
        TRY(find_runs(on, it, out, err));
    if (*out)
        TRY(pipeline_find(&on->job, method, &found, err));
    for (int k = 0; k < REACHES && *out; k++)
        if (outdoing_is_factor(it->row) || on->known[k])
            TRY(is_covered(on, &found, (enum known)k, it, out, err));
done:
    return code;
}

bool outdoing_keeps_fringes(const struct outdoing *on)
{
    const struct world *world = on->job.world;
    for (size_t i = 0; i < on->job.n_hits; i++) {
        const struct pipeline_hit *hit = &on->job.hits[i];
        bool own =
            hit->layer == on->was->edited->layer && on->was->edited->after &&
            text_equal(((const struct record_head *)world_record(world, hit->layer, hit->row))->id,
                       on->was->edited->after->id);
        if (!own && hit->error_m >= on->error_m)
            return true;
    }
    return false;
}

/* ---- the whole ---- */

/* As far as a window about the record may reach. */
static double farthest_window_m(const struct rules *rules)
{
    double reach_m = 0;
    for (size_t i = 0; i < rules->n_pipeline_classes; i++)
        if (!isnan(rules->pipeline_classes[i].window_m))
            reach_m = fmax(reach_m, rules->pipeline_classes[i].window_m);
    return reach_m;
}

void outdoing_keep_to(struct outdoing *on, double reach_m)
{
    const struct pipeline_line *line = &on->job.line;
    uint32_t first = pipeline_part_start(line, on->part);
    uint32_t end = line->part_ends[on->part] - 1;
    while (first + 1 < end && line->at_m[first + 1] <= on->seen.from_m - reach_m)
        first++;
    while (end > first + 1 && line->at_m[end - 1] >= on->seen.to_m + reach_m)
        end--;
    on->some = (struct pipeline_some){on->part, first, end, {line->at_m[first], line->at_m[end]}};
    on->job.some = &on->some;
}

static enum err_code begin(struct outdoing *on, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = &on->job;
    const struct rules *rules = job->world->rules;
    double start_m = job->pipeline->start_m;
    TRY(pipeline_line_build(&job->pipeline->head.geom, isnan(start_m) ? 0 : start_m, job->scratch,
                            &job->line, err));
    for (size_t i = 0; i < rules->n_pipeline_methods; i++)
        if (pipeline_has_say(job, rules->pipeline_methods[i].source.id))
            TRY(pipeline_ask_method(job, &rules->pipeline_methods[i], err));
    on->touched = arena_new(job->scratch, bool, job->n_asks);
    if (!on->touched)
        return err_nomem(err);
    memset(on->touched, 0, job->n_asks * sizeof *on->touched);
    TRY(see_side(on, on->was->edited->before, &on->before, err));
    TRY(see_side(on, on->was->edited->after, &on->after, err));
done:
    return code;
}

/* Whether the record is met as it was, and nothing more is told of it. */
static bool is_alike(const struct outdoing *on)
{
    const struct record_head *was = on->was->edited->before;
    const struct record_head *is = on->was->edited->after;
    return was && is && on->was->edited->layer != LAYER_PROTECTED &&
           geom_equal(&was->geom, &is->geom) && same_hits(&on->before, &on->after);
}

/* What counts in windows, which may outdo the record, and what is met as it is; along a stretch. */
static enum err_code gather(struct outdoing *on, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = &on->job;
    pipeline_forget_hits(job);
    for (size_t i = 0; i < job->n_asks; i++)
        job->asks[i].idle = !job->asks[i].beside;
    for (size_t i = 0; i < on->n_outdone; i++)
        job->asks[on->outdone[i].ask].idle = false;
    TRY(pipeline_gather(job, err));
done:
    return code;
}

/* By what stands so far to either side. */
static enum err_code judge_along(struct outdoing *on, double reach_m, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    bool so_far = true;
    outdoing_keep_to(on, reach_m);
    TRY(gather(on, err));
    so_far = outdoing_keeps_fringes(on);
    if (so_far)
        TRY(windows_are_idle(on, &so_far, err));
    for (size_t i = 0; i < on->n_outdone && so_far; i++) {
        on->outdone[i].span = on->seen;
        TRY(is_row_outdone(on, &on->outdone[i], &so_far, err));
    }
    *out = so_far;
done:
    return code;
}

/* Rows that say no more of what they find than that it is there, and which one. */
static bool all_tell_of_runs(const struct outdoing *on)
{
    bool all = true;
    for (size_t i = 0; i < on->n_outdone && all; i++)
        all = on->outdone[i].row->counts == PIPELINE_COUNTS_PLACE &&
              !text_equal(on->outdone[i].row->kind, "occupation") &&
              !text_equal(on->outdone[i].row->kind, "crossing");
    return all;
}

/* Whether all that meets the record tells the same without looking at what might outdo it. */
static enum err_code is_told_alike(struct outdoing *on, bool meets_windows, bool *out,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    *out = false;
    if (!all_tell_of_runs(on))
        goto done;
    TRY(outdoing_runs_are_alike(on, out, err));
    if (!*out || !meets_windows)
        goto done;
    if (!on->was->edited->sites || on->was->edited->sites->any_tall) {
        outdoing_keep_to(on, NEAR_M + farthest_window_m(on->job.world->rules));
        TRY(gather(on, err));
    }
    TRY(windows_are_idle(on, out, err));
done:
    return code;
}

static enum err_code judge(struct outdoing *on, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    bool windows = false;
    *out = false;
    TRY(begin(on, err));
    if (is_alike(on) || on->seen.from_m > on->seen.to_m) {
        *out = true;
        goto done;
    }
    /* Where nobody was counted, nobody knows what is a place. */
    if (on->in_parts || !population_known(on->job.world) ||
        on->seen.to_m - on->seen.from_m > LONGEST_M)
        goto done;
    TRY(list_places(on, err));
    TRY(meets_windows(on, &windows, err));
    TRY(is_told_alike(on, windows, out, err));
    for (size_t i = 0; i < on->n_outdone; i++)
        if (!may_be_outdone(&on->job, on->outdone[i].row))
            goto done;
    if (!*out && !windows)
        TRY(judge_along(on, NEAR_M, out, err));
    if (!*out)
        TRY(judge_along(on, NEAR_M + farthest_window_m(on->job.world->rules), out, err));
done:
    return code;
}

/* The rows of the law, by id: as they were and as they are. */
static int by_id(const void *a, const void *b)
{
    const struct recounted_row *x = a;
    const struct recounted_row *y = b;
    return strcmp((x->before ? x->before : x->after)->head.id,
                  (y->before ? y->before : y->after)->head.id);
}

static enum err_code tell_law(struct outdoing *on, struct arena *arena,
                              struct pipeline_recounted *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_recount it = {
        .edited = on->was->edited, .old = on->was->old, .n_old = on->was->n_old};
    struct recounting telling = {.it = &it, .job = on->job, .arena = arena, .out = out};
    telling.job.some = NULL;
    for (size_t i = 0; i < telling.job.n_asks; i++)
        telling.job.asks[i].idle = false;
    TRY(recount_law(&telling, err));
    if (out->n > 0)
        qsort(out->rows, out->n, sizeof *out->rows, by_id);
done:
    return code;
}

static struct outdoing outdoing_of(const struct pipeline_was *was, uint32_t row,
                                   struct worker *worker, struct arena *scratch)
{
    const struct world *world = was->edited->world;
    const struct pipeline *pipeline = world_pipeline(world, row);
    return (struct outdoing){
        .was = was,
        .seen = {INFINITY, -INFINITY},
        .job = {.world = world,
                .sites = was->edited->sites,
                .worker = worker,
                .arena = scratch,
                .scratch = scratch,
                .pipeline = pipeline,
                .row = row,
                .error_m = rules_accuracy_m(world->rules, LAYER_PIPELINES, &pipeline->head)}};
}

enum err_code pipeline_is_hidden(const struct pipeline_edited *edited, uint32_t row,
                                 struct worker *worker, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena scratch;
    arena_init(&scratch, 0);
    const struct pipeline_was was = {.edited = edited};
    struct outdoing on = outdoing_of(&was, row, worker, &scratch);
    TRY(pipeline_crowd_hides(&on, out, err));
    *out = *out && !on.meets_law;
done:
    arena_release(&scratch);
    return code;
}

enum err_code pipeline_is_outdone(const struct pipeline_was *was, uint32_t row,
                                  struct worker *worker, struct arena *arena,
                                  struct pipeline_recounted *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena scratch;
    arena_init(&scratch, 0);
    struct outdoing on = outdoing_of(was, row, worker, &scratch);
    *out = (struct pipeline_recounted){.sure = text_equal(on.job.pipeline->status, "closed")};
    if (out->sure || world_count(on.job.world, was->edited->layer) == 0)
        goto done;
    TRY(pipeline_crowd_hides(&on, &out->sure, err));
    if (out->sure && on.meets_law)
        TRY(begin(&on, err));
    else if (!out->sure)
        TRY(judge(&on, &out->sure, err));
    if (out->sure && on.meets_law)
        TRY(tell_law(&on, arena, out, err));
done:
    if (code != ERR_OK)
        err_wrap(err, "pipeline %s", on.job.pipeline->head.id);
    arena_release(&scratch);
    return code;
}
