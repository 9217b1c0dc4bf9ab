#include "geo/pipeline_edits/pipeline_kept.h"
#include "geo/pipeline_edits/pipeline_recounting.h"

#include "data/base/text.h"
#include "geo/world/population.h"

#include <string.h>

/* How much more than the windows that may hold the dwelling is looked at, m: what lies beyond them
 * is the same in both worlds. */
static const double MORE_M = 5;

/* A dwelling that is seen from more than that is as long as the pipeline. */
static const double LONGEST_M = 3000;

/* The dwelling before the edit, or after it, as the line sees it. */
struct side {
    const struct pipeline_hit *hits;
    size_t n;
    const struct pipeline_hit *counted; /* the hit that windows count; NULL: none does */
    int64_t count;
};

struct looking {
    struct recounting *on;
    struct side sides[2];
    bool *touched;     /* by question: it is a hit of it, before or after */
    size_t ask;        /* of the windows */
    double limit;      /* the highest of any row that counts it */
    uint32_t own_slot; /* of the record after the edit; WORLD_NO_SLOT: it is gone */
    bool has_law;      /* rows of the law on strips may tell of it */
    struct pipeline_some some;
    struct pipeline_weight *weights; /* by hit of the question, of what stands in both worlds */
};

bool recount_has(const struct recounting *on, const struct pipeline_class *row)
{
    const struct pipeline_class *like = on->counts;
    return like && row->counts == like->counts && text_equal(row->target, like->target) &&
           row->strip_m >= like->strip_m && row->strip_m <= like->strip_m &&
           row->window_m >= like->window_m && row->window_m <= like->window_m;
}

const struct pipeline_class *recount_window_of(const struct recounting *on,
                                               const struct pipeline_class *row)
{
    return row && row->counts == PIPELINE_COUNTS_CLASS
               ? rules_pipeline_class(on->job.world->rules, row->of)
               : row;
}

/* ---- what rules meet it ---- */

static enum err_code see(struct looking *look, const struct record_head *record, struct side *side,
                         struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = &look->on->job;
    if (!record || record->geom.kind == GEOM_NONE)
        return ERR_OK;
    TRY(pipeline_gather_one(job, look->on->it->edited->layer, record, err));
    side->hits = job->hits;
    side->n = job->n_hits;
    for (size_t i = 0; i < side->n; i++)
        look->touched[side->hits[i].ask] = true;
done:
    return code;
}

/* The row's question, if it is met; else SIZE_MAX. Rows that nobody asks for are met by nobody. */
static enum err_code met_ask(struct looking *look, const struct pipeline_ask *ask, size_t *out,
                             struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = &look->on->job;
    size_t n = job->n_asks;
    TRY(pipeline_ask(job, ask, out, err));
    if (*out >= n || !look->touched[*out])
        *out = SIZE_MAX;
    job->n_asks = n;
done:
    return code;
}

/* Rows on storeys find nothing where nothing is tall. */
static bool is_idle(const struct looking *look, const struct pipeline_class *row)
{
    return row->counts == PIPELINE_COUNTS_STOREYS && row->from >= 1 &&
           !look->on->job.sites->any_tall;
}

/* One row that counts the dwelling; *sure: it is one of those that are understood here. */
static enum err_code add_row(struct looking *look, const struct pipeline_class *row, bool *known,
                             bool *sure, struct err *err)
{
    enum err_code code = ERR_OK;
    struct recounting *on = look->on;
    const struct pipeline_ask ask = pipeline_ask_of_class(row);
    const char *missing = NULL;
    size_t at = 0;
    if (!pipeline_has_say(&on->job, row->method) &&
        !pipeline_is_taken_over(&on->job, row->method, row->class))
        return ERR_OK;
    enum truth speaks = pipeline_speaks(&on->job, &row->source, row->when, &missing);
    if (speaks == TRUTH_NO)
        return ERR_OK;
    *sure = *sure && row->ends != PIPELINE_ENDS_ARC;
    TRY(met_ask(look, &ask, &at, err));
    if (at == SIZE_MAX)
        return ERR_OK;
    known[at] = true;
    if (is_idle(look, row))
        return ERR_OK;
    if (!on->counts) {
        on->counts = row;
        look->ask = at;
    }
    look->limit = fmax(look->limit, row->from);
    *sure = *sure && speaks == TRUTH_YES && row->counts == PIPELINE_COUNTS_HOUSEHOLD &&
            recount_has(on, row);
done:
    return code;
}

/* What the law on strips asks of a record is told of that record alone (recount_law). */
static enum err_code know_law(struct looking *look, bool *known, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = &look->on->job;
    const struct rules *rules = job->world->rules;
    for (size_t i = 0; i < rules->n_pipeline_places; i++) {
        const struct pipeline_place *row = &rules->pipeline_places[i];
        const struct pipeline_method *method = rules_pipeline_method(rules, row->method);
        const struct pipeline_ask ask = pipeline_ask_of_place(job, row);
        size_t at = 0;
        if (!method || method->kind != PIPELINE_LAW || !pipeline_has_say(job, row->method))
            continue;
        TRY(met_ask(look, &ask, &at, err));
        if (at != SIZE_MAX)
            known[at] = look->has_law = true;
    }
done:
    return code;
}

/* Whether it is met by nothing but rows that count it in the same windows, and the law. */
static enum err_code find_rows(struct looking *look, bool *sure, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = &look->on->job;
    const struct rules *rules = job->world->rules;
    bool *known = arena_new(job->scratch, bool, job->n_asks);
    if (!known)
        return err_nomem(err);
    memset(known, 0, job->n_asks * sizeof *known);
    for (size_t i = 0; i < rules->n_pipeline_classes && *sure; i++) {
        const struct pipeline_class *row = &rules->pipeline_classes[i];
        const char *missing = NULL;
        if (row->counts != PIPELINE_COUNTS_CLASS)
            TRY(add_row(look, row, known, sure, err));
        else if (pipeline_has_say(job, row->method))
            *sure = pipeline_speaks(job, &row->source, row->when, &missing) != TRUTH_UNKNOWN;
    }
    TRY(know_law(look, known, err));
    for (size_t i = 0; i < job->n_asks && *sure; i++)
        *sure = known[i] || !look->touched[i];
done:
    return code;
}

/* Whether its number is sure; where it stands may leave open whether it is in reach. */
static bool is_plain(struct looking *look, const struct record_head *record, struct side *side)
{
    const struct world *world = look->on->job.world;
    for (size_t i = 0; i < side->n; i++)
        if (side->hits[i].ask == look->ask)
            side->counted = &side->hits[i];
    if (!side->counted)
        return true;
    const struct span_list *spans = side->counted->spans;
    const struct span_list *most = &spans[AT_MOST];
    side->count = pipeline_known_households(world, (const void *)record);
    look->on->seen.from_m = fmin(look->on->seen.from_m, most->items[0].from_m);
    look->on->seen.to_m = fmax(look->on->seen.to_m, most->items[most->n - 1].to_m);
    look->on->doubted = look->on->doubted || spans[AT_LEAST].n == 0;
    return !side->counted->missing && side->count > 0 && side->count < COUNT_UNKNOWN;
}

/* ---- what stands about it ---- */

struct pipeline_some recount_stretches(const struct recounting *on, struct span span)
{
    const struct pipeline_line *line = &on->job.line;
    uint32_t first = 0;
    struct pipeline_stretch stretch;
    struct pipeline_some some = {.part = 0};
    while (pipeline_next_stretch(line, 0, &first, &stretch)) {
        if (line->at_m[stretch.end] < span.from_m)
            some.first = stretch.end;
        if (line->at_m[stretch.first] <= span.to_m)
            some.end = stretch.end;
    }
    some.span = (struct span){line->at_m[some.first], line->at_m[some.end]};
    return some;
}

enum err_code recount_gather(struct recounting *on, const struct pipeline_some *some,
                             struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = &on->job;
    const struct pipeline_ask ask = pipeline_ask_of_class(on->counts);
    size_t at = 0;
    bool kept = false;
    TRY(pipeline_ask(job, &ask, &at, err));
    job->some = some;
    TRY(pipeline_kept_bare_hits(on->it->edited->kept, job, at, &some->span, &kept, err));
    if (kept)
        goto done;
    pipeline_forget_hits(job);
    for (size_t i = 0; i < job->n_asks; i++)
        job->asks[i].idle = i != at;
    TRY(pipeline_gather(job, err));
done:
    return code;
}

static const struct pipeline_hit *hit_at(const struct looking *look, size_t i)
{
    const struct pipeline_job *job = &look->on->job;
    return &job->hits[job->asks[look->ask].first_hit + i];
}

/* What stands in both worlds. */
static bool is_other(const struct looking *look, const struct pipeline_hit *hit)
{
    const struct pipeline_edited *edited = look->on->it->edited;
    if (hit->households > 0)
        return hit->slot != look->own_slot;
    return !edited->after || hit->layer != edited->layer ||
           world_record(look->on->job.world, hit->layer, hit->row) != (const void *)edited->after;
}

static enum err_code weigh(struct looking *look, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = &look->on->job;
    size_t n = job->asks[look->ask].n_hits;
    look->weights = arena_new(job->scratch, struct pipeline_weight, n);
    if (!look->weights)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++)
        if (is_other(look, hit_at(look, i)))
            TRY(pipeline_weigh(job, hit_at(look, i), PIPELINE_COUNTS_HOUSEHOLD, &look->weights[i],
                               err));
done:
    return code;
}

/* The windows over what stands in both worlds, and over the dwelling as a side sees it, if any. */
static enum err_code sweep(struct looking *look, enum known known, const struct side *side,
                           struct sweep *out, struct err *err)
{
    struct recounting *on = look->on;
    size_t n = 0, n_hits = on->job.asks[look->ask].n_hits;
    struct sweep_item *items = arena_new(on->job.scratch, struct sweep_item, n_hits + 1);
    if (!items)
        return err_nomem(err);
    for (size_t i = 0; i < n_hits; i++) {
        const struct span_list *spans = &hit_at(look, i)->spans[known];
        if (is_other(look, hit_at(look, i)) && spans->n > 0 && look->weights[i].count[known] > 0)
            items[n++] = (struct sweep_item){spans->items, (uint32_t)spans->n,
                                             look->weights[i].count[known], 0};
    }
    if (side && side->counted) {
        const struct span_list *spans = &side->counted->spans[known];
        items[n++] = (struct sweep_item){spans->items, (uint32_t)spans->n, side->count, 0};
    }
    const struct sweep_question question = {items, n, on->starts, on->counts->window_m};
    pipeline_sweep(&question, out);
    return ERR_OK;
}

/* Whether those windows belong to the runs of all rows, whatever is known and without the dwelling.
 */
static enum err_code are_full(struct looking *look, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct recounting *on = look->on;
    const struct sweep_limit limit = {.from = llround(look->limit * (double)COUNT_UNIT)};
    struct sweep windows;
    struct sweep_run *runs = NULL;
    size_t n = 0;
    TRY(sweep(look, AT_LEAST, NULL, &windows, err));
    TRY(pipeline_sweep_runs(&windows, &limit, on->job.scratch, &runs, &n, err));
    *out = n == 1 && runs[0].starts.from_m <= on->starts.from_m &&
           runs[0].starts.to_m >= on->starts.to_m;
done:
    return code;
}

/* How far off a dwelling may be, and the line. */
static double error_at(const struct looking *look, uint32_t slot)
{
    const struct pipeline_job *job = &look->on->job;
    return job->error_m + pipeline_sites_at(job->sites, LAYER_PROTECTED, slot)->accuracy_m;
}

static double error_of(const struct looking *look, const struct pipeline_hit *hit)
{
    return hit->households > 0 ? error_at(look, hit->slot) : hit->error_m;
}

static double worst_error_m(const struct looking *look)
{
    double error_m = 0;
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < look->sides[i].n; k++)
            error_m = fmax(error_m, look->sides[i].hits[k].error_m);
    return error_m;
}

/* Whether others stand in the same windows to either side of it, as far or farther out, and whether
 * one of them is as far off as it may be (settle_fringes). */
static bool is_among_others(const struct looking *look)
{
    const struct recounting *on = look->on;
    double window_m = on->counts->window_m;
    double error_m = worst_error_m(look);
    bool before = false, beyond = false, off = false;
    for (size_t i = 0; i < on->job.asks[look->ask].n_hits; i++) {
        const struct pipeline_hit *hit = hit_at(look, i);
        const struct span_list *spans = &hit->spans[AT_LEAST];
        if (!is_other(look, hit))
            continue;
        off = off || error_of(look, hit) >= error_m;
        if (!(look->weights[i].count[AT_LEAST] > 0))
            continue;
        for (size_t k = 0; k < spans->n; k++) {
            struct span span = spans->items[k];
            before = before || (span.from_m <= look->on->seen.from_m &&
                                span.to_m >= look->on->seen.from_m - window_m);
            beyond = beyond || (span.to_m >= look->on->seen.to_m &&
                                span.from_m <= look->on->seen.to_m + window_m);
        }
    }
    return before && beyond && off;
}

static enum err_code find_greatest(struct looking *look, const struct side *side,
                                   struct greatest_window *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct sweep_limit all = {.included = true};
    struct sweep windows;
    struct sweep_run *runs = NULL;
    size_t n = 0;
    TRY(sweep(look, MEASURED, side, &windows, err));
    TRY(pipeline_sweep_runs(&windows, &all, look->on->job.scratch, &runs, &n, err));
    *out = n == 1 ? (struct greatest_window){runs[0].most, runs[0].most_at_m}
                  : (struct greatest_window){-1, (double)NAN};
done:
    return code;
}

/* Whether the dwellings of those stretches are known, so that nothing stands in for them. */
static enum err_code are_known(struct looking *look, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = &look->on->job;
    const struct pipeline_class *row = look->on->counts;
    const struct pipeline_guess guess = {row->target, row->strip_m,
                                         job->world->rules->parameters.households_piece_m};
    TRY(pipeline_estimate(job, &guess, err));
    *out = job->pieces.n == 0;
done:
    return code;
}

/* ---- all that of a strip that is kept ---- */

struct strip_look {
    struct looking *look;
    const struct pipeline_strip *strip;
    const uint32_t *doubtful; /* the record, before and after */
    size_t n_doubtful;
};

static bool is_own(const struct strip_look *at, uint32_t slot)
{
    bool own = false;
    for (size_t i = 0; i < at->n_doubtful && !own; i++)
        own = at->doubtful[i] == slot;
    return own;
}

/* As is_among_others, by those who are seen from one place; false: it is not sure. */
static bool stands_among_others(const struct strip_look *at)
{
    const struct recounting *on = at->look->on;
    const struct pipeline_strip *strip = at->strip;
    double error_m = worst_error_m(at->look);
    double window_m = on->counts->window_m;
    bool before = false, beyond = false, off = false;
    size_t i = pipeline_strip_from(strip, on->seen.from_m - window_m);
    for (; i < strip->n && !(before && beyond && off); i++) {
        const struct strip_hit *hit = &strip->hits[i];
        if (hit->span.from_m > on->seen.to_m + window_m)
            break;
        if (strip_hit_households(hit) == 0 || !strip_hit_has(hit, AT_LEAST) ||
            is_own(at, strip->slots[i]))
            continue;
        before = before || hit->span.from_m <= on->seen.from_m;
        beyond = beyond || hit->span.to_m >= on->seen.to_m;
        off = off || error_at(at->look, strip->slots[i]) >= error_m;
    }
    return before && beyond && off;
}

/* As are_known, by those. */
static bool dwell_along(const struct strip_look *at, const struct pipeline_some *some)
{
    const struct pipeline_strip *strip = at->strip;
    const struct pipeline_line *line = &at->look->on->job.line;
    struct pipeline_stretch stretch;
    bool known = true;
    for (uint32_t first = some->first;
         known && first < some->end && pipeline_next_stretch(line, 0, &first, &stretch);) {
        size_t i = pipeline_strip_from(strip, line->at_m[stretch.first]);
        known = false;
        for (; i < strip->n && strip->hits[i].span.from_m <= line->at_m[stretch.end] && !known; i++)
            known = strip_hit_households(&strip->hits[i]) > 0 && !is_own(at, strip->slots[i]);
    }
    return known;
}

/* *sure: then the windows are known; else it is to be looked at more closely. */
static enum err_code look_along_strip(struct looking *look, bool *sure, struct err *err)
{
    enum err_code code = ERR_OK;
    struct recounting *on = look->on;
    struct strip_look at = {.look = look};
    struct strip_windows windows;
    *sure = false;
    at.strip = pipeline_kept_strip(on->it->edited->kept, &on->job, look->ask, &at.doubtful,
                                   &at.n_doubtful);
    if (!at.strip || !stands_among_others(&at) || !dwell_along(&at, &look->some))
        goto done;
    struct windows_question question = {.strip = at.strip,
                                        .without = at.doubtful,
                                        .n_without = at.n_doubtful,
                                        .window_m = on->counts->window_m,
                                        .starts = on->starts,
                                        .least = llround(look->limit * (double)COUNT_UNIT) + 1};
    for (int i = 0; i < 2; i++) {
        question.spans[i] = look->sides[i].counted ? look->sides[i].counted->spans : NULL;
        question.counts[i] = look->sides[i].count;
    }
    TRY(pipeline_strip_windows(&question, on->job.scratch, &windows, err));
    *sure = windows.told && windows.full;
    on->was = windows.greatest[0];
    on->is = windows.greatest[1];
done:
    return code;
}

/* ---- the whole ---- */

/* After which the windows are known: those that may hold it, and a little more. */
static enum err_code look_about(struct looking *look, bool *sure, struct err *err)
{
    enum err_code code = ERR_OK;
    struct recounting *on = look->on;
    double window_m = on->counts->window_m;
    struct span whole = pipeline_part_span(&on->job.line, 0);
    on->domain = (struct span){whole.from_m, fmax(whole.from_m, whole.to_m - window_m)};
    on->starts.from_m =
        fmin(fmax(on->domain.from_m, look->on->seen.from_m - window_m - MORE_M), on->domain.to_m);
    on->starts.to_m = fmin(on->domain.to_m, look->on->seen.to_m + MORE_M);
    double reach_m = window_m + 2 * MORE_M;
    look->some = recount_stretches(
        on, (struct span){look->on->seen.from_m - reach_m, look->on->seen.to_m + reach_m});
    TRY(look_along_strip(look, sure, err));
    if (*sure)
        goto done;
    TRY(recount_gather(on, &look->some, err));
    TRY(weigh(look, err));
    *sure = is_among_others(look);
    if (*sure)
        TRY(are_full(look, sure, err));
    if (*sure)
        TRY(are_known(look, sure, err));
    if (*sure) {
        TRY(find_greatest(look, &look->sides[0], &on->was, err));
        TRY(find_greatest(look, &look->sides[1], &on->is, err));
    }
done:
    on->job.some = NULL; /* it ends with this */
    return code;
}

static enum err_code begin(struct looking *look, bool *sure, struct err *err)
{
    enum err_code code = ERR_OK;
    struct recounting *on = look->on;
    struct pipeline_job *job = &on->job;
    const struct pipeline_edited *edited = on->it->edited;
    const struct rules *rules = job->world->rules;
    double start_m = job->pipeline->start_m;
    const struct pipeline_line *kept = pipeline_kept_line(edited->kept, job->world, job->row);
    if (kept)
        job->line = *kept;
    else
        TRY(pipeline_line_build(&job->pipeline->head.geom, isnan(start_m) ? 0 : start_m,
                                job->scratch, &job->line, err));
    *sure = job->line.n_parts == 1;
    for (size_t i = 0; i < on->it->n_dwellings && *sure; i++)
        *sure = pipeline_same_dwellings_along(&on->it->dwellings[i], &job->line);
    if (!*sure)
        goto done;
    for (size_t i = 0; i < rules->n_pipeline_methods; i++)
        if (pipeline_has_say(job, rules->pipeline_methods[i].source.id))
            TRY(pipeline_ask_method(job, &rules->pipeline_methods[i], err));
    look->touched = arena_new(job->scratch, bool, job->n_asks);
    if (!look->touched)
        return err_nomem(err);
    memset(look->touched, 0, job->n_asks * sizeof *look->touched);
    TRY(see(look, edited->before, &look->sides[0], err));
    TRY(see(look, edited->after, &look->sides[1], err));
done:
    return code;
}

static enum err_code recount(struct recounting *on, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_edited *edited = on->it->edited;
    struct looking look = {.on = on, .own_slot = WORLD_NO_SLOT};
    bool sure = false;
    if (edited->after)
        look.own_slot =
            world_slot(on->job.world, edited->layer,
                       (size_t)world_find(on->job.world, edited->layer, edited->after->id));
    TRY(begin(&look, &sure, err));
    if (sure)
        TRY(find_rows(&look, &sure, err));
    if (sure)
        TRY(recount_begin(on, err));
    if (sure && look.has_law)
        TRY(recount_law(on, err));
    if (sure && !on->counts) /* no window holds it */
        goto done;
    sure = sure && is_plain(&look, edited->before, &look.sides[0]) &&
           is_plain(&look, edited->after, &look.sides[1]) &&
           on->seen.to_m - on->seen.from_m <= LONGEST_M;
    if (sure)
        TRY(recount_may_tell(on, &sure, err));
    if (sure)
        TRY(look_about(&look, &sure, err));
    if (sure)
        TRY(recount_rows(on, &sure, err));
done:
    on->out->sure = code == ERR_OK && sure;
    return code;
}

enum err_code pipeline_recount(const struct pipeline_recount *question, uint32_t row,
                               struct worker *worker, struct arena *arena,
                               struct pipeline_recounted *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena scratch;
    const struct pipeline_edited *edited = question->edited;
    const struct world *world = edited->world;
    const struct pipeline *pipeline = world_pipeline(world, row);
    arena_init(&scratch, 0);
    *out = (struct pipeline_recounted){.sure = false};
    struct recounting on = {
        .it = question,
        .arena = arena,
        .out = out,
        .seen = {INFINITY, -INFINITY},
        .job = {.world = world,
                .sites = edited->sites,
                .worker = worker,
                .arena = &scratch,
                .scratch = &scratch,
                .pipeline = pipeline,
                .row = row,
                .error_m = rules_accuracy_m(world->rules, LAYER_PIPELINES, &pipeline->head)}};
    /* Where nobody was counted, nobody knows what is a place. */
    if (edited->layer == LAYER_PROTECTED && edited->sites && population_known(world) &&
        !text_equal(pipeline->status, "closed") && world_count(world, edited->layer) > 0)
        TRY(recount(&on, err));
done:
    if (code != ERR_OK)
        err_wrap(err, "pipeline %s", pipeline->head.id);
    arena_release(&scratch);
    return code;
}
