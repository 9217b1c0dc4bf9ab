#include "geo/pipelines/pipeline_sweep.h"

#include <stdlib.h>

/* An item enters or leaves the window while its start moves on. */
struct sweep_event {
    double at_m;
    bool leaves;
    int64_t count;
    int64_t tall;
};

static int by_place(const void *a, const void *b)
{
    const struct sweep_event *x = a;
    const struct sweep_event *y = b;
    if (x->at_m != y->at_m)
        return x->at_m < y->at_m ? -1 : 1;
    return (int)x->leaves - (int)y->leaves; /* ends belong to a span: who comes comes first */
}

static int by_from(const void *a, const void *b)
{
    const struct span *x = a;
    const struct span *y = b;
    if (x->from_m != y->from_m)
        return x->from_m < y->from_m ? -1 : 1;
    return (x->to_m > y->to_m) - (x->to_m < y->to_m);
}

void spans_settle(struct span *spans, size_t *n, double gap_m)
{
    size_t kept = 0;
    if (*n == 0)
        return;
    qsort(spans, *n, sizeof *spans, by_from);
    for (size_t i = 1; i < *n; i++) {
        if (spans[i].from_m <= spans[kept].to_m + gap_m)
            spans[kept].to_m = max_of(spans[kept].to_m, spans[i].to_m);
        else
            spans[++kept] = spans[i];
    }
    *n = kept + 1;
}

/* The starts from which the window holds an item, and when it comes and goes. */
static size_t add_events(const struct sweep_question *question, const struct sweep_item *item,
                         struct sweep_event *events)
{
    size_t n = 0;
    double last_m = -INFINITY;
    for (uint32_t i = 0; i < item->n_spans; i++) {
        double from_m = max_of(item->spans[i].from_m - question->length_m, question->starts.from_m);
        double to_m = min_of(item->spans[i].to_m, question->starts.to_m);
        if (from_m > to_m)
            continue;
        if (n > 0 && from_m <= last_m) { /* goes on: the item counts once */
            last_m = max_of(last_m, to_m);
            events[n - 1].at_m = last_m;
            continue;
        }
        events[n++] = (struct sweep_event){from_m, false, item->count, item->tall};
        events[n++] = (struct sweep_event){to_m, true, item->count, item->tall};
        last_m = to_m;
    }
    return n;
}

static bool reached(const struct sweep_limit *limit, int64_t count, int64_t tall)
{
    int64_t value = limit->of_tall ? tall : count;
    if (limit->of_tall && !((double)tall > limit->share * (double)count))
        return false;
    return value > limit->from || (limit->included && value == limit->from);
}

struct run_list {
    struct sweep_run *items;
    size_t n;
    bool open;
};

static void note(struct run_list *runs, double at_m, bool is_reached, int64_t count)
{
    if (is_reached && !runs->open) {
        runs->items[runs->n++] = (struct sweep_run){{at_m, at_m}, count, at_m};
        runs->open = true;
    }
    if (!runs->open)
        return;
    struct sweep_run *run = &runs->items[runs->n - 1];
    run->starts.to_m = at_m;
    if (is_reached && count > run->most) {
        run->most = count;
        run->most_at_m = at_m;
    }
    runs->open = is_reached;
}

enum err_code pipeline_sweep(const struct sweep_question *question, struct arena *arena,
                             struct sweep *out, struct err *err)
{
    size_t most = 0;
    for (size_t i = 0; i < question->n_items; i++)
        most += 2 * (size_t)question->items[i].n_spans;
    *out = (struct sweep){question->starts, arena_new(arena, struct sweep_event, most), 0};
    if (!out->events)
        return err_nomem(err);
    for (size_t i = 0; i < question->n_items; i++)
        out->n += add_events(question, &question->items[i], out->events + out->n);
    if (out->n > 0)
        qsort(out->events, out->n, sizeof *out->events, by_place);
    return ERR_OK;
}

enum err_code pipeline_sweep_runs(const struct sweep *sweep, const struct sweep_limit *limit,
                                  struct arena *arena, struct sweep_run **out, size_t *n,
                                  struct err *err)
{
    const struct sweep_event *events = sweep->events;
    struct run_list runs = {.items = arena_new(arena, struct sweep_run, sweep->n + 1)};
    int64_t count = 0;
    int64_t tall = 0;
    *n = 0;
    if (!runs.items)
        return err_nomem(err);
    note(&runs, sweep->starts.from_m, reached(limit, 0, 0), 0);
    for (size_t i = 0; i < sweep->n;) {
        double at_m = events[i].at_m;
        for (; i < sweep->n && events[i].at_m == at_m && !events[i].leaves; i++) {
            count += events[i].count;
            tall += events[i].tall;
        }
        note(&runs, at_m, reached(limit, count, tall), count);
        for (; i < sweep->n && events[i].at_m == at_m; i++) {
            count -= events[i].count;
            tall -= events[i].tall;
        }
        note(&runs, at_m, reached(limit, count, tall), count);
    }
    if (runs.open)
        runs.items[runs.n - 1].starts.to_m = sweep->starts.to_m;
    *out = runs.items;
    *n = runs.n;
    return ERR_OK;
}
