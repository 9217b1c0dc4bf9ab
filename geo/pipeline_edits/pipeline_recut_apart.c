/*
 * pipeline_recut_apart.c - what was found otherwise before the edit than after it.
 *
 * A finding of places that goes on beyond the stretch along which they are known is made of others
 * there too, which are the same before and after. So where the same is told of what there is of it
 * here (that is of its first place, or the one that is doubted most, or nearest to its limit), the
 * same is told of the whole, and it differs where it ends here.
 */
#include "geo/pipeline_edits/pipeline_recounting.h"
#include "geo/pipeline_edits/pipeline_recutting.h"

#include "data/base/text.h"

/* ---- what windows tell apart ---- */

static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* Another record than the edited one, met as it was. */
static bool same_hit(const struct recut *on, const struct pipeline_hit *a,
                     const struct pipeline_hit *b)
{
    const struct pipeline_edited *edited = on->it->edited;
    if (!a || !b)
        return a == b;
    const struct record_head *x = world_record(edited->old, a->layer, a->row);
    const struct record_head *y = world_record(edited->world, b->layer, b->row);
    return a->layer == b->layer && text_equal(x->id, y->id) &&
           (a->layer != edited->layer || (x != edited->before && y != edited->after)) &&
           same_number(a->nearest_m, b->nearest_m);
}

/* Whether the same is told of both, wherever they end: how many places there are, is not. */
static bool same_told(const struct recut *on, const struct pipeline_found *a,
                      const struct pipeline_found *b)
{
    bool counts = pipeline_says_number(a);
    return a->known == b->known && a->rank == b->rank && a->source == b->source &&
           a->window == b->window && a->place == b->place &&
           (!counts || (a->count == b->count && a->count_at_m == b->count_at_m)) &&
           a->missing == b->missing && same_number(a->margin_m, b->margin_m) &&
           a->estimate == b->estimate && same_hit(on, a->hit, b->hit);
}

static bool same_found(const struct recut *on, const struct pipeline_found *a,
                       const struct pipeline_found *b)
{
    return a->span.from_m == b->span.from_m && a->span.to_m == b->span.to_m && same_told(on, a, b);
}

/* Takes out of both lists what is the same; they are in the same order. */
static void leave_apart(const struct recut *on, struct pipeline_founds founds[2])
{
    struct pipeline_founds left[2] = {{founds[0].items, 0, 0}, {founds[1].items, 0, 0}};
    size_t next = 0;
    for (size_t i = 0; i < founds[0].n; i++) {
        const struct pipeline_found found = founds[0].items[i];
        size_t k = next;
        while (k < founds[1].n && !same_found(on, &found, &founds[1].items[k]))
            k++;
        if (k == founds[1].n) {
            left[0].items[left[0].n++] = found;
            continue;
        }
        while (next < k)
            left[1].items[left[1].n++] = founds[1].items[next++];
        next = k + 1;
    }
    while (next < founds[1].n)
        left[1].items[left[1].n++] = founds[1].items[next++];
    founds[0] = left[0];
    founds[1] = left[1];
}

/* An end of one of the spans, from the first or from the last. */
static double end_at(const struct span_list *list, size_t i, bool last)
{
    if (i >= 2 * list->n)
        return last ? -(double)INFINITY : (double)INFINITY;
    i = last ? 2 * list->n - 1 - i : i;
    return i % 2 ? list->items[i / 2].to_m : list->items[i / 2].from_m;
}

/* Joins to a span all that is in one list of spans alone. */
static void join_difference(const struct span_list *a, const struct span_list *b, struct span *out)
{
    size_t n = 2 * (a->n > b->n ? a->n : b->n);
    size_t first = 0, last = 0;
    while (first < n && end_at(a, first, false) == end_at(b, first, false))
        first++;
    if (first == n)
        return;
    while (end_at(a, last, true) == end_at(b, last, true))
        last++;
    *out = span_join(*out, (struct span){min_of(end_at(a, first, false), end_at(b, first, false)),
                                         max_of(end_at(a, last, true), end_at(b, last, true))});
}

static enum err_code compare_areas(struct recut *on, const struct pipeline_method *method,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_founds founds[2];
    for (int i = 0; i < 2; i++) {
        TRY(pipeline_find(&on->sides[i].job, method, &founds[i], err));
        founds[i].items = arena_memdup(&on->scratch, founds[i].items, /* others refer to them */
                                       founds[i].n * sizeof *founds[i].items);
        TRY(founds[i].items || founds[i].n == 0 ? ERR_OK : err_nomem(err));
    }
    leave_apart(on, founds);
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < founds[i].n; k++)
            on->areas.apart = span_join(on->areas.apart, founds[i].items[k].span);
done:
    return code;
}

/* Where a method's classes ask for less than a design factor does. */
static enum err_code compare_factors(struct recut *on, const struct pipeline_method *method,
                                     struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = on->sides[1].job.world->rules;
    struct span_list milder[2][REACHES];
    int last = -1;
    for (size_t i = 0; i < rules->n_pipeline_places; i++) {
        const struct pipeline_place *row = &rules->pipeline_places[i];
        int rank = pipeline_class_rank(row->class);
        if (!text_equal(row->kind, "design_factor") ||
            !text_equal(row->method, method->source.id) || rank == last)
            continue;
        last = rank;
        for (int k = 0; k < 2; k++)
            TRY(pipeline_class_milder(&on->sides[k].job, method, rank, milder[k], err));
        for (int known = 0; known < REACHES; known++)
            join_difference(&milder[0][known], &milder[1][known], &on->factors.apart);
    }
done:
    return code;
}

enum err_code recut_compare(struct recut *on, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = on->sides[1].job.world->rules;
    for (size_t i = 0; i < rules->n_pipeline_methods; i++) {
        const struct pipeline_method *method = &rules->pipeline_methods[i];
        if (!pipeline_has_say(&on->sides[1].job, method->source.id))
            continue;
        if (method->kind == PIPELINE_HCA)
            TRY(compare_areas(on, method, err));
        else if (method->kind == PIPELINE_CLASS_LOCATION)
            TRY(compare_factors(on, method, err));
    }
done:
    return code;
}

/* ---- what places tell apart ---- */

/* What a method's rows find of places of its kind that are known near. */
static enum err_code find_places(struct recut *on, struct pipeline_job *job,
                                 const struct pipeline_method *method,
                                 const struct recut_kind *kind, struct pipeline_founds *out,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = job->world->rules;
    size_t at = 0;
    *out = (struct pipeline_founds){.items = NULL};
    for (size_t i = 0; i < rules->n_pipeline_places; i++) {
        const struct pipeline_place *row = &rules->pipeline_places[i];
        const struct pipeline_ask ask = pipeline_ask_of_place(job, row);
        if (!text_equal(row->method, method->source.id))
            continue;
        size_t n = job->n_asks;
        TRY(pipeline_ask(job, &ask, &at, err));
        job->n_asks = n;
        if (at < n && on->asked[at] == kind->asked)
            TRY(pipeline_find_place(job, row, out, err));
    }
done:
    return code;
}

/* Whether what was found goes on beyond what is known: before it, or after it. */
static bool goes_beyond(const struct recut *on, const struct recut_kind *kind,
                        const struct pipeline_found *found, bool after)
{
    struct span whole = recut_whole(on);
    const struct span *near = &kind->near.span;
    return after ? found->span.to_m >= near->to_m - RECUT_END_M && near->to_m < whole.to_m
                 : found->span.from_m <= near->from_m + RECUT_END_M && near->from_m > whole.from_m;
}

/* Whether both are what goes on beyond, and tell the same: then they are the same there, and differ
 * where they end here. */
static bool are_same_beyond(const struct recut *on, const struct recut_kind *kind,
                            const struct pipeline_found *a, const struct pipeline_found *b)
{
    bool before = goes_beyond(on, kind, a, false);
    bool after = goes_beyond(on, kind, a, true);
    return (before || after) && before == goes_beyond(on, kind, b, false) &&
           after == goes_beyond(on, kind, b, true) && same_told(on, a, b);
}

static void join_ends(const struct span *a, const struct span *b, struct span *out)
{
    if (a->from_m != b->from_m)
        *out = span_join(*out,
                         (struct span){min_of(a->from_m, b->from_m), max_of(a->from_m, b->from_m)});
    if (a->to_m != b->to_m)
        *out = span_join(*out, (struct span){min_of(a->to_m, b->to_m), max_of(a->to_m, b->to_m)});
}

/* Joins to the core of a kind where places are others than before. */
static void join_places(const struct recut *on, struct recut_kind *kind,
                        struct pipeline_founds founds[2])
{
    leave_apart(on, founds);
    for (size_t i = 0; i < founds[0].n; i++) {
        const struct pipeline_found *was = &founds[0].items[i];
        size_t k = 0;
        while (k < founds[1].n && !are_same_beyond(on, kind, was, &founds[1].items[k]))
            k++;
        if (k == founds[1].n) {
            kind->core = span_join(kind->core, was->span);
            continue;
        }
        join_ends(&was->span, &founds[1].items[k].span, &kind->core);
        founds[1].items[k] = founds[1].items[--founds[1].n];
    }
    for (size_t k = 0; k < founds[1].n; k++)
        kind->core = span_join(kind->core, founds[1].items[k].span);
}

enum err_code recut_compare_places(struct recut *on, struct recut_kind *kind, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = on->sides[1].job.world->rules;
    enum pipeline_kind of = kind == &on->areas ? PIPELINE_HCA : PIPELINE_CLASS_LOCATION;
    struct pipeline_founds founds[2];
    kind->core = kind->apart;
    for (size_t i = 0; i < rules->n_pipeline_methods && kind->near.end > 0; i++) {
        const struct pipeline_method *method = &rules->pipeline_methods[i];
        if (method->kind != of || !pipeline_has_say(&on->sides[1].job, method->source.id))
            continue;
        for (int k = 0; k < 2; k++)
            TRY(find_places(on, &on->sides[k].job, method, kind, &founds[k], err));
        join_places(on, kind, founds);
    }
    kind->open = kind->core;
done:
    return code;
}
