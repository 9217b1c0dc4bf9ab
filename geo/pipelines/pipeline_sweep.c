#include "geo/pipelines/pipeline_sweep.h"

#include <stdlib.h>
#include <string.h>

/* An item enters or leaves the window while its start moves on. */
struct sweep_event {
    double at_m;
    uint32_t item;
    bool leaves;
};

/* By place; ends belong to a span: who comes comes first. What is equal may stand in any order. */
static inline bool comes_before(const struct sweep_event *x, const struct sweep_event *y)
{
    return x->at_m < y->at_m || (x->at_m == y->at_m && !x->leaves && y->leaves);
}

/* Runs of `RUN` in place, then merged to and fro. */
static enum err_code merge_events(struct sweep_event *events, size_t n, struct arena *arena,
                                  struct err *err)
{
    enum { RUN = 12 };
    struct sweep_event *from = events;
    for (size_t i = 1; i < n; i++) {
        struct sweep_event event = from[i];
        size_t k = i;
        for (; k % RUN > 0 && comes_before(&event, &from[k - 1]); k--)
            from[k] = from[k - 1];
        from[k] = event;
    }
    struct sweep_event *to = n > RUN ? arena_alloc_raw(arena, n, sizeof *to) : NULL;
    if (n > RUN && !to)
        return err_nomem(err);
    for (size_t run = RUN; run < n; run *= 2) {
        for (size_t start = 0; start < n; start += 2 * run) {
            size_t a = start;
            size_t a_end = start + run < n ? start + run : n;
            size_t b = a_end;
            size_t b_end = a_end + run < n ? a_end + run : n;
            for (size_t k = start; k < b_end; k++)
                to[k] = a < a_end && (b == b_end || !comes_before(&from[b], &from[a])) ? from[a++]
                                                                                       : from[b++];
        }
        struct sweep_event *done = to;
        to = from;
        from = done;
    }
    if (from != events)
        memcpy(events, from, n * sizeof *events);
    return ERR_OK;
}

/* Which of n equal pieces of the starts a place lies in. */
static inline uint32_t piece_of(struct span starts, double scale, size_t n, double at_m)
{
    double piece = (at_m - starts.from_m) * scale;
    return (uint32_t)(int64_t)min_of(piece, (double)(n - 1));
}

/* By pieces of the line, as many as events; then each moves past its few neighbours. False: many
 * lie together. */
static bool settle_events(struct sweep_event *events, size_t n)
{
    size_t moves = 0;
    for (size_t i = 1; i < n && moves <= 4 * n; i++) {
        struct sweep_event event = events[i];
        size_t k = i;
        for (; k > 0 && moves <= 4 * n && comes_before(&event, &events[k - 1]); k--, moves++)
            events[k] = events[k - 1];
        events[k] = event;
    }
    return moves <= 4 * n;
}

/* events: as they came; sorted: room for them. What else is taken goes at the caller's rewind. */
static enum err_code sort_events(const struct sweep *sweep, const struct sweep_event *events,
                                 struct sweep_event *sorted, struct arena *arena, struct err *err)
{
    size_t n = sweep->n;
    double length_m = sweep->starts.to_m - sweep->starts.from_m;
    double scale = (double)n / length_m;
    if (!(length_m > 0) || !isfinite(scale) || n > UINT32_MAX) {
        memcpy(sorted, events, n * sizeof *sorted);
        return merge_events(sorted, n, arena, err);
    }
    uint32_t *pieces = arena_alloc_raw(arena, n, sizeof *pieces);
    uint32_t *ends = arena_new(arena, uint32_t, n + 1);
    if (!pieces || !ends)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        pieces[i] = piece_of(sweep->starts, scale, n, events[i].at_m);
        ends[pieces[i] + 1]++;
    }
    for (size_t i = 0; i < n; i++)
        ends[i + 1] += ends[i];
    for (size_t i = 0; i < n; i++)
        sorted[ends[pieces[i]]++] = events[i];
    return settle_events(sorted, n) ? ERR_OK : merge_events(sorted, n, arena, err);
}

/* Whether few of every second event from one on stand where they should not. */
static bool is_nearly_in_order(const struct sweep_event *events, size_t first, size_t n)
{
    enum { SHARE = 32 };
    size_t n_out = 0;
    for (size_t i = first + 2; i < n && n_out <= n / SHARE; i += 2)
        n_out += comes_before(&events[i], &events[i - 2]);
    return n_out <= n / SHARE;
}

/* Of items in the order of the line: those that come and those that leave are in order each, or
 * nearly. False: they are not. comes and leaves: room for half of them each. */
static bool zip_events(const struct sweep_event *events, size_t n_events, struct sweep_event *comes,
                       struct sweep_event *leaves, struct sweep_event *sorted)
{
    size_t n = n_events / 2; /* of each */
    size_t a = 0, b = 0;
    if (!is_nearly_in_order(events, 0, n_events) || !is_nearly_in_order(events, 1, n_events))
        return false;
    for (size_t i = 0; i < n; i++) {
        comes[i] = events[2 * i];
        leaves[i] = events[2 * i + 1];
    }
    if (!settle_events(comes, n) || !settle_events(leaves, n))
        return false;
    for (size_t i = 0; i < n_events; i++)
        sorted[i] =
            a < n && (b == n || !comes_before(&leaves[b], &comes[a])) ? comes[a++] : leaves[b++];
    return true;
}

static int by_from(const void *a, const void *b)
{
    const struct span *x = a;
    const struct span *y = b;
    if (x->from_m != y->from_m)
        return x->from_m < y->from_m ? -1 : 1;
    return (x->to_m > y->to_m) - (x->to_m < y->to_m);
}

/* Most are few, and nearly in order: they come as the line goes. */
static void sort_spans(struct span *spans, size_t n)
{
    enum { FEW = 24 };
    if (n > FEW) {
        qsort(spans, n, sizeof *spans, by_from);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        const struct span span = spans[i];
        size_t k = i;
        for (; k > 0 && by_from(&span, &spans[k - 1]) < 0; k--)
            spans[k] = spans[k - 1];
        spans[k] = span;
    }
}

void spans_settle(struct span *spans, size_t *n, double gap_m)
{
    size_t kept = 0;
    if (*n == 0)
        return;
    sort_spans(spans, *n);
    for (size_t i = 1; i < *n; i++) {
        if (spans[i].from_m <= spans[kept].to_m + gap_m)
            spans[kept].to_m = max_of(spans[kept].to_m, spans[i].to_m);
        else
            spans[++kept] = spans[i];
    }
    *n = kept + 1;
}

/* The starts from which the window holds an item, and when it comes and goes. */
static size_t add_events(const struct sweep *sweep, uint32_t number, struct sweep_event *events)
{
    size_t n = 0;
    double last_m = -INFINITY;
    const struct sweep_item *item = &sweep->items[number];
    for (uint32_t i = 0; i < item->n_spans; i++) {
        double from_m = max_of(item->spans[i].from_m - sweep->length_m, sweep->starts.from_m);
        double to_m = min_of(item->spans[i].to_m, sweep->starts.to_m);
        if (from_m > to_m)
            continue;
        if (n > 0 && from_m <= last_m) { /* goes on: the item counts once */
            last_m = max_of(last_m, to_m);
            events[n - 1].at_m = last_m;
            continue;
        }
        events[n++] = (struct sweep_event){from_m, number, false};
        events[n++] = (struct sweep_event){to_m, number, true};
        last_m = to_m;
    }
    return n;
}

/* Of a limit on what is tall. */
static bool reached(const struct sweep_limit *limit, int64_t count, int64_t tall)
{
    if (!((double)tall > limit->share * (double)count))
        return false;
    return tall > limit->from || (limit->included && tall == limit->from);
}

struct run_list {
    struct arena *arena;
    struct sweep_run *items;
    size_t n;
    size_t capacity;
    bool open; /* the last one goes on */
    bool failed;
};

static void begin_run(struct run_list *runs, double at_m, int64_t count)
{
    runs->items =
        arena_grow(runs->arena, runs->items, &runs->capacity, runs->n + 1, sizeof *runs->items);
    runs->open = runs->items != NULL;
    runs->failed = runs->failed || !runs->open;
    if (runs->open)
        runs->items[runs->n++] = (struct sweep_run){{at_m, at_m}, count, at_m};
}

/* What the window holds from a place on. */
static inline void note(struct run_list *runs, double at_m, bool is_reached, int64_t count)
{
    if (!runs->open) {
        if (is_reached)
            begin_run(runs, at_m, count);
        return;
    }
    struct sweep_run *run = &runs->items[runs->n - 1];
    if (!is_reached) {
        run->starts.to_m = at_m;
        runs->open = false;
    } else if (count > run->most) {
        run->most = count;
        run->most_at_m = at_m;
    }
}

static int64_t add_up(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

void pipeline_sweep(const struct sweep_question *question, struct sweep *out)
{
    *out = (struct sweep){.items = question->items,
                          .n_items = question->n_items,
                          .starts = question->starts,
                          .length_m = question->length_m};
    for (size_t i = 0; i < question->n_items; i++) {
        out->most = add_up(out->most, question->items[i].count);
        out->most_tall = add_up(out->most_tall, question->items[i].tall);
    }
}

/* The events, in order: they stay; what they are sorted with is given back. */
static enum err_code make_events(struct sweep *sweep, struct arena *arena, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t most = 0;
    for (size_t i = 0; i < sweep->n_items; i++)
        most += 2 * (size_t)sweep->items[i].n_spans;
    struct sweep_event *sorted = arena_alloc_raw(arena, most, sizeof *sorted);
    struct arena_mark mark = arena_mark(arena);
    struct sweep_event *events = arena_alloc_raw(arena, most, sizeof *events);
    struct sweep_event *comes = arena_alloc_raw(arena, most, sizeof *comes);
    TRY(sorted && events && comes && sweep->n_items <= UINT32_MAX ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < sweep->n_items; i++)
        sweep->n += add_events(sweep, (uint32_t)i, events + sweep->n);
    if (!zip_events(events, sweep->n, comes, comes + sweep->n / 2, sorted))
        TRY(sort_events(sweep, events, sorted, arena, err));
    sweep->events = sorted;
done:
    arena_rewind(arena, mark);
    return code;
}

/* Whether all items in one window would be enough. */
static bool can_reach(const struct sweep *sweep, const struct sweep_limit *limit)
{
    int64_t most = limit->of_tall ? sweep->most_tall : sweep->most;
    return most > limit->from || (limit->included && most == limit->from);
}

/* By counts alone: while items come at one place the count only grows, and while they go it only
 * falls, so that it may be looked at after each. */
static void scan_counts(const struct sweep *sweep, const struct sweep_limit *limit,
                        struct run_list *runs)
{
    int64_t least = limit->included ? limit->from : limit->from + 1;
    int64_t count = 0;
    int64_t most = 0;
    note(runs, sweep->starts.from_m, least <= 0, 0);
    for (size_t i = 0; i < sweep->n; i++) {
        const struct sweep_event *event = &sweep->events[i];
        int64_t sign = 1 - 2 * (int64_t)event->leaves; /* not a branch: nobody guesses it */
        count += sweep->items[event->item].count * sign;
        bool is_reached = count >= least;
        if (is_reached == runs->open && !(is_reached && count > most))
            continue;
        note(runs, event->at_m, is_reached, count);
        most = runs->open ? runs->items[runs->n - 1].most : 0;
    }
}

/* A limit on what is tall asks for a share of all too: only what is held at a place counts. */
static void scan_tall(const struct sweep *sweep, const struct sweep_limit *limit,
                      struct run_list *runs)
{
    const struct sweep_event *events = sweep->events;
    const struct sweep_item *items = sweep->items;
    int64_t count = 0;
    int64_t tall = 0;
    note(runs, sweep->starts.from_m, reached(limit, 0, 0), 0);
    for (size_t i = 0; i < sweep->n;) {
        double at_m = events[i].at_m;
        for (; i < sweep->n && events[i].at_m == at_m && !events[i].leaves; i++) {
            count += items[events[i].item].count;
            tall += items[events[i].item].tall;
        }
        note(runs, at_m, reached(limit, count, tall), count);
        for (; i < sweep->n && events[i].at_m == at_m; i++) {
            count -= items[events[i].item].count;
            tall -= items[events[i].item].tall;
        }
        note(runs, at_m, reached(limit, count, tall), count);
    }
}

enum err_code pipeline_sweep_runs(struct sweep *sweep, const struct sweep_limit *limit,
                                  struct arena *arena, struct sweep_run **out, size_t *n,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    struct run_list runs = {.arena = arena};
    *n = 0;
    *out = NULL;
    if (!can_reach(sweep, limit))
        return ERR_OK;
    if (!sweep->events)
        TRY(make_events(sweep, arena, err));
    if (limit->of_tall)
        scan_tall(sweep, limit, &runs);
    else
        scan_counts(sweep, limit, &runs);
    if (runs.open)
        runs.items[runs.n - 1].starts.to_m = sweep->starts.to_m;
    TRY(runs.failed ? err_nomem(err) : ERR_OK);
    *out = runs.items;
    *n = runs.n;
done:
    return code;
}
