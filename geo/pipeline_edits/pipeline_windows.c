#include "geo/pipeline_edits/pipeline_windows.h"

#include <stdlib.h>

/* What a window holds: others at least, and as measured with the dwelling of each side. */
struct tally {
    int64_t least;
    int64_t sides[2];
};

/* One of those that lie in order. */
struct placed {
    double come_m; /* starts of windows that hold it: from here */
    double leave_m;
    struct tally tally;
};

/* What comes or leaves out of that order: the dwelling itself, and who is seen from several places.
 */
struct loose {
    double at_m;
    bool leaves;
    struct tally tally;
};

struct sliding {
    const struct windows_question *question;
    struct arena *arena;
    struct placed *placed;
    size_t n;
    struct loose *loose;
    size_t n_loose;
    size_t capacity;
};

static bool is_without(const struct windows_question *question, uint32_t slot)
{
    bool is = false;
    for (size_t i = 0; i < question->n_without && !is; i++)
        is = question->without[i] == slot;
    return is;
}

/* *out false: they do not lie in order, or one's number is not known. */
static enum err_code place_all(struct sliding *on, bool *out, struct err *err)
{
    const struct windows_question *question = on->question;
    const struct pipeline_strip *strip = question->strip;
    struct span starts = question->starts;
    size_t first = pipeline_strip_from(strip, starts.from_m - strip->longest_m - 1);
    size_t end = first;
    *out = true;
    while (end < strip->n && strip->hits[end].span.from_m - question->window_m <= starts.to_m)
        end++;
    on->placed = arena_new(on->arena, struct placed, end - first);
    if (!on->placed)
        return err_nomem(err);
    for (size_t i = first; i < end && *out; i++) {
        const struct strip_hit *hit = &strip->hits[i];
        int64_t count = strip_hit_households(hit);
        struct placed *it = &on->placed[on->n];
        double come_m = max_of(hit->span.from_m - question->window_m, starts.from_m);
        double leave_m = min_of(hit->span.to_m, starts.to_m);
        if (come_m > leave_m || is_without(question, strip->slots[i]))
            continue;
        *out = count > 0 && (on->n == 0 || it[-1].leave_m <= leave_m);
        if (!strip_hit_has(hit, MEASURED))
            continue;
        *it = (struct placed){
            come_m, leave_m, {strip_hit_has(hit, AT_LEAST) ? count : 0, {count, count}}};
        on->n++;
    }
    return ERR_OK;
}

/* Where windows hold what is seen from those spans: it counts once. */
static enum err_code add_loose(struct sliding *on, const struct span_list *spans,
                               struct tally tally, struct err *err)
{
    const struct windows_question *question = on->question;
    size_t first = on->n_loose;
    on->loose =
        arena_grow(on->arena, on->loose, &on->capacity, first + 2 * spans->n, sizeof *on->loose);
    if (!on->loose)
        return err_nomem(err);
    for (size_t i = 0; i < spans->n; i++) {
        double come_m =
            max_of(spans->items[i].from_m - question->window_m, question->starts.from_m);
        double leave_m = min_of(spans->items[i].to_m, question->starts.to_m);
        struct loose *last = on->n_loose > first ? &on->loose[on->n_loose - 1] : NULL;
        if (come_m > leave_m)
            continue;
        if (last && come_m <= last->at_m) {
            last->at_m = max_of(last->at_m, leave_m);
            continue;
        }
        on->loose[on->n_loose++] = (struct loose){come_m, false, tally};
        on->loose[on->n_loose++] = (struct loose){leave_m, true, tally};
    }
    return ERR_OK;
}

/* *out false: one's number is not known. */
static enum err_code add_odd(struct sliding *on, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct windows_question *question = on->question;
    const struct pipeline_strip *strip = question->strip;
    for (size_t i = 0; i < strip->n_odd && *out; i++) {
        const struct strip_odd *odd = strip->odd[i];
        struct span reach = strip_odd_reach(odd);
        if (reach.to_m < question->starts.from_m ||
            reach.from_m - question->window_m > question->starts.to_m || odd->missing ||
            is_without(question, odd->slot)) /* who may be none is nobody, as measured */
            continue;
        int64_t count = odd->households;
        *out = count > 0;
        TRY(add_loose(on, &odd->lists[AT_LEAST], (struct tally){count, {0, 0}}, err));
        TRY(add_loose(on, &odd->lists[MEASURED], (struct tally){0, {count, count}}, err));
    }
done:
    return code;
}

static enum err_code add_own(struct sliding *on, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct windows_question *question = on->question;
    for (int side = 0; side < 2; side++) {
        struct tally tally = {0, {0, 0}};
        tally.sides[side] = question->counts[side];
        if (question->spans[side])
            TRY(add_loose(on, &question->spans[side][MEASURED], tally, err));
    }
done:
    return code;
}

static int by_place(const void *a, const void *b)
{
    const struct loose *x = a;
    const struct loose *y = b;
    if (x->at_m != y->at_m)
        return x->at_m < y->at_m ? -1 : 1;
    return x->leaves - y->leaves;
}

static void add(struct tally *to, const struct tally *what, int64_t times)
{
    to->least += times * what->least;
    for (int side = 0; side < 2; side++)
        to->sides[side] += times * what->sides[side];
}

/* From place to place: who comes, then who leaves, since ends belong to windows. */
static void slide(const struct sliding *on, struct strip_windows *out)
{
    const struct windows_question *question = on->question;
    struct tally held = {0, {0, 0}};
    size_t comes = 0, leaves = 0, loose = 0;
    for (int side = 0; side < 2; side++)
        out->greatest[side] = (struct greatest_window){0, question->starts.from_m};
    out->full = false; /* nobody is there yet */
    while (leaves < on->n || loose < on->n_loose) {
        double at_m = leaves < on->n ? on->placed[leaves].leave_m : (double)INFINITY;
        if (comes < on->n)
            at_m = min_of(at_m, on->placed[comes].come_m);
        if (loose < on->n_loose)
            at_m = min_of(at_m, on->loose[loose].at_m);
        for (; comes < on->n && on->placed[comes].come_m <= at_m; comes++)
            add(&held, &on->placed[comes].tally, 1);
        for (; loose < on->n_loose && on->loose[loose].at_m <= at_m && !on->loose[loose].leaves;
             loose++)
            add(&held, &on->loose[loose].tally, 1);
        if (at_m <= question->starts.from_m)
            out->full = held.least >= question->least;
        for (int side = 0; side < 2; side++)
            if (held.sides[side] > out->greatest[side].count)
                out->greatest[side] = (struct greatest_window){held.sides[side], at_m};
        for (; leaves < on->n && on->placed[leaves].leave_m <= at_m; leaves++)
            add(&held, &on->placed[leaves].tally, -1);
        for (; loose < on->n_loose && on->loose[loose].at_m <= at_m; loose++)
            add(&held, &on->loose[loose].tally, -1);
        if (at_m < question->starts.to_m && held.least < question->least)
            out->full = false;
    }
}

enum err_code pipeline_strip_windows(const struct windows_question *question, struct arena *arena,
                                     struct strip_windows *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct sliding on = {.question = question, .arena = arena};
    *out = (struct strip_windows){.told = false};
    TRY(place_all(&on, &out->told, err));
    if (out->told)
        TRY(add_odd(&on, &out->told, err));
    if (!out->told)
        goto done;
    TRY(add_own(&on, err));
    if (on.n_loose > 0)
        qsort(on.loose, on.n_loose, sizeof *on.loose, by_place);
    slide(&on, out);
done:
    return code;
}
