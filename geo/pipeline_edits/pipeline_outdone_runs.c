/*
 * pipeline_outdone_runs.c - whether rows of places find the same runs with an edited record as it
 * was and as it is.
 *
 * A run is the stretch from which enough places are in reach, and tells of one of them: one plant
 * more among others in a town makes it neither longer nor tells another. All that stands around
 * the record is the same in both worlds, so that both are found from one look at the line. Runs
 * that are as long about the record are as long, whatever is beyond; only for what they tell it may
 * take a look as far as they go.
 *
 * Where a run is as long as it was and may tell of another place, mostly nobody hears of it:
 * pipeline_outdone_rows.c.
 */
#include "geo/pipeline_edits/pipeline_outdoing.h"

#include "data/base/text.h"

#include <string.h>

/* How far to look at first, and by how much farther each time that a run goes on and what it tells
 * is not sure. */
static const double FIRST_M = 100;
static const double FARTHER = 4;

/* ---- the hits of both worlds ---- */

static bool is_own(const struct outdoing *on, const struct pipeline_hit *hit, uint32_t own_row)
{
    return on->was->edited->after && hit->layer == on->was->edited->layer && hit->row == own_row;
}

/* In the order in which they are gathered. */
static bool comes_before(const struct pipeline_hit *a, const struct pipeline_hit *b)
{
    if (a->part != b->part)
        return a->part < b->part;
    if (a->layer != b->layer)
        return a->layer < b->layer;
    return a->row <= b->row; /* of a record that is gone, where it would be */
}

/* Lays the record, as one side sees it, among the others. own_row: its row, or where it would be.
 */
static enum err_code lay_among(struct outdoing *on, const struct pipeline_hit *others,
                               const size_t *firsts, const struct outdoing_side *side,
                               uint32_t own_row, struct err *err)
{
    struct pipeline_job *job = &on->job;
    size_t n = 0, k = 0;
    struct pipeline_hit *hits =
        arena_new(job->scratch, struct pipeline_hit, firsts[job->n_asks] + side->n);
    if (!hits)
        return err_nomem(err);
    pipeline_forget_hits(job);
    for (size_t ask = 0; ask < job->n_asks; ask++) {
        job->asks[ask].first_hit = n;
        while (k < side->n && side->hits[k].ask < ask)
            k++;
        for (size_t i = firsts[ask]; i < firsts[ask + 1]; i++) {
            for (; k < side->n && side->hits[k].ask == ask && !job->asks[ask].idle; k++) {
                struct pipeline_hit own = side->hits[k];
                own.row = own_row;
                if (!comes_before(&own, &others[i]))
                    break;
                hits[n++] = own;
            }
            hits[n++] = others[i];
        }
        for (; k < side->n && side->hits[k].ask == ask && !job->asks[ask].idle; k++) {
            hits[n] = side->hits[k];
            hits[n++].row = own_row;
        }
        job->asks[ask].n_hits = n - job->asks[ask].first_hit;
    }
    job->hits = hits;
    job->n_hits = n;
    return ERR_OK;
}

/* ---- the runs ---- */

struct both {
    const struct pipeline_hit *others; /* by ask: firsts[i] .. firsts[i + 1] - 1 are those of i */
    size_t *firsts;
    uint32_t own_row;
    struct pipeline_founds *before; /* by row of places */
    struct pipeline_founds *after;
};

static enum err_code find_others(struct outdoing *on, struct both *both, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = &on->job;
    size_t n = 0;
    pipeline_forget_hits(job);
    for (size_t i = 0; i < job->n_asks; i++)
        job->asks[i].idle = true;
    for (size_t i = 0; i < on->n_outdone; i++)
        job->asks[on->outdone[i].ask].idle = false;
    TRY(pipeline_gather(job, err));
    both->firsts = arena_new(job->scratch, size_t, job->n_asks + 1);
    if (!both->firsts)
        return err_nomem(err);
    for (size_t ask = 0; ask < job->n_asks; ask++) {
        both->firsts[ask] = n;
        for (size_t i = 0; i < job->asks[ask].n_hits; i++) {
            const struct pipeline_hit *hit = &job->hits[job->asks[ask].first_hit + i];
            if (!is_own(on, hit, both->own_row))
                job->hits[n++] = *hit;
        }
    }
    both->firsts[job->n_asks] = n;
    both->others = job->hits;
done:
    return code;
}

static enum err_code find_side(struct outdoing *on, const struct both *both,
                               const struct outdoing_side *side, struct pipeline_founds *out,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(lay_among(on, both->others, both->firsts, side, both->own_row, err));
    for (size_t i = 0; i < on->n_outdone; i++) {
        out[i] = (struct pipeline_founds){.items = NULL};
        TRY(pipeline_find_place(&on->job, on->outdone[i].row, &out[i], err));
    }
done:
    return code;
}

/* Runs that the record is no part of are the same. */
static bool is_met(const struct outdoing *on, const struct pipeline_found *found)
{
    return found->part == on->part && found->span.from_m <= on->seen.to_m &&
           found->span.to_m >= on->seen.from_m;
}

static bool any_goes_on(const struct outdoing *on, const struct pipeline_founds *founds)
{
    for (size_t i = 0; i < on->n_outdone; i++)
        for (size_t k = 0; k < founds[i].n; k++)
            if (is_met(on, &founds[i].items[k]) && outdoing_is_cut_off(on, founds[i].items[k].span))
                return true;
    return false;
}

/* ---- what is told of them ---- */

static bool same_hit(const struct outdoing *on, const struct both *both,
                     const struct pipeline_hit *a, const struct pipeline_hit *b)
{
    if (!a || !b)
        return a == b;
    return a->layer == b->layer && a->row == b->row && a->part == b->part &&
           !(a->layer == on->was->edited->layer && a->row == both->own_row);
}

static bool same_telling(const struct outdoing *on, const struct both *both,
                         const struct pipeline_found *a, const struct pipeline_found *b)
{
    return a->margin_m == b->margin_m && a->estimate == b->estimate &&
           text_equal(a->missing ? a->missing : "", b->missing ? b->missing : "") &&
           same_hit(on, both, a->hit, b->hit);
}

static bool touches(const struct span_list *list, struct span span)
{
    bool any = false;
    for (size_t i = 0; i < list->n && !any; i++)
        any = list->items[i].from_m <= span.to_m && list->items[i].to_m >= span.from_m;
    return any;
}

/* Whether the record is part of a run, and so that it would be told if it came first. */
static bool is_told_in(const struct outdoing_side *side, size_t ask,
                       const struct pipeline_found *run, bool first)
{
    bool any = false;
    for (size_t i = 0; i < side->n && !any; i++)
        any = side->hits[i].ask == ask && touches(&side->hits[i].spans[run->known], run->span) &&
              (!first || run->known != AT_MOST || side->hits[i].missing);
    return any;
}

/* outdone_run's first_id. */
static const char *first_of(const struct outdoing *on, const struct both *both,
                            const struct outdone *it, const struct pipeline_found *found)
{
    const struct pipeline_edited *edited = on->was->edited;
    if (!is_told_in(&on->after, it->ask, found, false) ||
        is_told_in(&on->before, it->ask, found, true))
        return (edited->after ? edited->after : edited->before)->id;
    for (size_t i = both->firsts[it->ask]; i < both->firsts[it->ask + 1]; i++) {
        const struct pipeline_hit *hit = &both->others[i];
        if (hit->layer == edited->layer && hit->part == found->part &&
            (found->known != AT_MOST || hit->missing) &&
            touches(&hit->spans[found->known], found->span))
            return ((const struct record_head *)world_record(edited->world, hit->layer, hit->row))
                ->id;
    }
    return NULL;
}

/* Whether every old row stays as it is, whatever is told of a run that is as long as it was. */
static bool is_run_unheard(const struct outdoing *on, const struct both *both,
                           const struct outdone *it, const struct pipeline_found *found)
{
    struct span whole = pipeline_part_span(&on->job.line, on->part);
    struct outdone_run run = {.row = it->row,
                              .known = found->known,
                              .seen = found->span,
                              .far = found->span,
                              .first_id = first_of(on, both, it, found)};
    if (found->span.from_m <= on->some.span.from_m)
        run.far.from_m = whole.from_m;
    if (found->span.to_m >= on->some.span.to_m)
        run.far.to_m = whole.to_m;
    return outdoing_run_is_unheard(on, &run);
}

/* The runs that one row found, in their order. */
static bool are_alike(const struct outdoing *on, const struct both *both, size_t row)
{
    const struct pipeline_founds *before = &both->before[row];
    const struct pipeline_founds *after = &both->after[row];
    bool alike = before->n == after->n;
    for (size_t i = 0; i < before->n && alike; i++) {
        const struct pipeline_found *a = &before->items[i];
        const struct pipeline_found *b = &after->items[i];
        alike = a->known == b->known && a->part == b->part && a->span.from_m == b->span.from_m &&
                a->span.to_m == b->span.to_m &&
                (same_telling(on, both, a, b) || is_run_unheard(on, both, &on->outdone[row], a));
    }
    return alike;
}

/* Of what is seen so far, runs are the same whatever is beyond: all of it is beyond in both worlds.
 */
static bool are_as_long(const struct pipeline_founds *before, const struct pipeline_founds *after)
{
    bool same = before->n == after->n;
    for (size_t i = 0; i < before->n && same; i++) {
        const struct pipeline_found *a = &before->items[i];
        const struct pipeline_found *b = &after->items[i];
        same = a->known == b->known && a->part == b->part && a->span.from_m == b->span.from_m &&
               a->span.to_m == b->span.to_m;
    }
    return same;
}

/* Whether the place of a hit would decide more than that of the record, wherever on the line both
 * are met: then that is told. */
static enum err_code is_nearer(const struct outdoing *on, const struct pipeline_hit *hit,
                               const struct pipeline_hit *own, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job job = on->job;
    double reach_m = pipeline_reach_asked(&on->job, &on->job.asks[own->ask]);
    job.some = NULL;
    job.asks = arena_memdup(job.scratch, job.asks, job.n_asks * sizeof *job.asks);
    if (!job.asks)
        return err_nomem(err);
    TRY(pipeline_gather_one(&job, hit->layer, world_record(job.world, hit->layer, hit->row), err));
    *out = false;
    for (size_t i = 0; i < job.n_hits; i++) {
        const struct pipeline_hit *whole = &job.hits[i];
        if (whole->ask == own->ask && whole->part == own->part)
            *out = !whole->missing && whole->spans[AT_LEAST].n == 0 &&
                   fabs(whole->nearest_m - reach_m) < fabs(own->nearest_m - reach_m);
    }
done:
    return code;
}

/* Whether what is doubtful of a run that may be at most is told of others, whatever else is part of
 * it (note_doubt in pipeline_runs.c): an attribute is missing of one, or the place of one would
 * decide more. Of the record no attribute is missing. */
static enum err_code is_doubted(const struct outdoing *on, const struct both *both,
                                const struct pipeline_hit *own, struct span run, bool *out,
                                struct err *err)
{
    double reach_m = pipeline_reach_asked(&on->job, &on->job.asks[own->ask]);
    double least_m = fabs(own->nearest_m - reach_m);
    const struct pipeline_hit *nearest = NULL;
    *out = touches(&own->spans[AT_LEAST], run);
    for (size_t i = both->firsts[own->ask]; i < both->firsts[own->ask + 1] && !*out; i++) {
        const struct pipeline_hit *hit = &both->others[i];
        double its_m = fabs(hit->nearest_m - reach_m);
        if (hit->part != on->part || !touches(&hit->spans[AT_MOST], run))
            continue;
        *out = hit->missing != NULL;
        if (hit->spans[AT_LEAST].n == 0 && its_m < least_m) {
            least_m = its_m;
            nearest = hit;
        }
    }
    return *out || !nearest ? ERR_OK : is_nearer(on, nearest, own, out, err);
}

/* Whether a run, however much longer it is than what is seen of it, tells of another than of the
 * record: one of them comes before it, and none of its doubts are told. */
static enum err_code is_passed_over(const struct outdoing *on, const struct both *both,
                                    const struct pipeline_hit *own,
                                    const struct pipeline_found *run, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_hit as = *own;
    bool first = false;
    bool doubted = run->known != AT_MOST;
    as.row = both->own_row;
    if (!doubted && !own->missing)
        TRY(is_doubted(on, both, own, run->span, &doubted, err));
    for (size_t i = both->firsts[own->ask]; i < both->firsts[own->ask + 1]; i++) {
        const struct pipeline_hit *hit = &both->others[i];
        if ((first && doubted) || comes_before(&as, hit))
            break;
        if (hit->part != on->part || !touches(&hit->spans[run->known], run->span))
            continue;
        first = true;
        doubted = doubted || (own->missing && hit->missing);
    }
    *out = first && doubted;
done:
    return code;
}

/* Of how many runs a run is made. */
static size_t count_in(const struct pipeline_founds *founds, const struct pipeline_found *run)
{
    size_t n = 0;
    for (size_t i = 0; i < founds->n; i++)
        n += founds->items[i].known == run->known && founds->items[i].part == run->part &&
             founds->items[i].span.from_m <= run->span.to_m &&
             founds->items[i].span.to_m >= run->span.from_m;
    return n;
}

/* That row's runs of which the record is part, as one side sees it. without: the runs of the others
 * alone; then one that it makes by itself need not be passed over, but it may join no two. */
static enum err_code are_passed_over(const struct outdoing *on, const struct both *both,
                                     const struct outdoing_side *side,
                                     const struct pipeline_founds *founds, size_t row,
                                     const struct pipeline_founds *without, bool *out,
                                     struct err *err)
{
    enum err_code code = ERR_OK;
    *out = true;
    for (size_t i = 0; i < side->n && *out; i++) {
        const struct pipeline_hit *own = &side->hits[i];
        if (own->ask != on->outdone[row].ask)
            continue;
        for (size_t k = 0; k < founds->n && *out; k++) {
            const struct pipeline_found *run = &founds->items[k];
            if (run->part != own->part || !touches(&own->spans[run->known], run->span))
                continue;
            size_t n = without ? count_in(without, run) : 1;
            *out = n <= 1;
            if (n == 1)
                TRY(is_passed_over(on, both, own, run, out, err));
        }
    }
done:
    return code;
}

static enum err_code are_both_passed_over(const struct outdoing *on, const struct both *both,
                                          size_t row, const struct pipeline_founds *without,
                                          bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(are_passed_over(on, both, &on->before, &both->before[row], row, without, out, err));
    if (*out)
        TRY(are_passed_over(on, both, &on->after, &both->after[row], row, without, out, err));
done:
    return code;
}

/* Whether nobody hears of the runs that the record is part of, all of which are as long as they
 * were. */
static bool is_unheard(const struct outdoing *on, const struct both *both, size_t row)
{
    const struct pipeline_founds *founds = &both->after[row];
    bool unheard = true;
    for (size_t i = 0; i < founds->n && unheard; i++)
        unheard = !is_met(on, &founds->items[i]) ||
                  is_run_unheard(on, both, &on->outdone[row], &founds->items[i]);
    return unheard;
}

/* By what is seen so far. *sure: what is beyond makes no difference. */
static enum err_code judge_so_far(struct outdoing *on, const struct both *both, bool *alike,
                                  bool *sure, struct err *err)
{
    enum err_code code = ERR_OK;
    *alike = true;
    *sure = outdoing_keeps_fringes(on);
    for (size_t i = 0; i < on->n_outdone; i++) {
        struct outdone *it = &on->outdone[i];
        bool as_long = are_as_long(&both->before[i], &both->after[i]);
        it->alike = as_long && is_unheard(on, both, i);
        if (as_long && !it->alike)
            TRY(are_both_passed_over(on, both, i, NULL, &it->alike, err));
        *alike = *alike && as_long;
        *sure = *sure && it->alike;
    }
    *sure = *sure || !*alike;
done:
    return code;
}

/* Of runs that are not told as they were: whether those of the others, which are the same in both
 * worlds, are told as they are without the record, and it makes them longer at most. */
static enum err_code judge_ends(struct outdoing *on, const struct both *both, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct outdoing_side nobody = {.n = 0};
    struct pipeline_founds *without =
        arena_new(on->job.scratch, struct pipeline_founds, on->n_outdone);
    if (!without)
        return err_nomem(err);
    TRY(find_side(on, both, &nobody, without, err));
    for (size_t i = 0; i < on->n_outdone; i++)
        if (!on->outdone[i].alike)
            TRY(are_both_passed_over(on, both, i, &without[i], &on->outdone[i].ends, err));
done:
    return code;
}

enum err_code outdoing_runs_are_alike(struct outdoing *on, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_edited *edited = on->was->edited;
    const struct record_head *head = edited->after ? edited->after : edited->before;
    struct both both = {.own_row = (uint32_t)world_row_from(edited->world, edited->layer, head->id),
                        .before = arena_new(on->job.scratch, struct pipeline_founds, on->n_outdone),
                        .after = arena_new(on->job.scratch, struct pipeline_founds, on->n_outdone)};
    bool goes_on = true;
    bool sure = false;
    if (!both.before || !both.after)
        return err_nomem(err);
    for (double reach_m = FIRST_M; goes_on && !sure; reach_m *= FARTHER) {
        outdoing_keep_to(on, reach_m);
        TRY(find_others(on, &both, err));
        TRY(find_side(on, &both, &on->before, both.before, err));
        TRY(find_side(on, &both, &on->after, both.after, err));
        TRY(judge_so_far(on, &both, out, &sure, err));
        goes_on = any_goes_on(on, both.before) || any_goes_on(on, both.after);
    }
    if (sure && !*out)
        TRY(judge_ends(on, &both, err));
    if (sure)
        goto done;
    *out = outdoing_keeps_fringes(on);
    for (size_t i = 0; i < on->n_outdone && *out; i++)
        *out = are_alike(on, &both, i);
done:
    return code;
}
