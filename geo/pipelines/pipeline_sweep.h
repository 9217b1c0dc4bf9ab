/*
 * pipeline_sweep.h - counting along a line: where does a sliding window hold most?
 *
 * Items lie on the line by spans (a house by the point at its side, a village by the stretch
 * beside it). A window [x, x + length] holds an item if it touches any span of it; its ends
 * belong to it. The window may start anywhere in `starts`; the answer is all starts whose
 * count reaches a limit, as closed intervals, exactly: events, no steps. A window of length 0
 * asks for points of the line.
 *
 * Counts are whole numbers of COUNT_UNIT, so that sums do not depend on their order and come
 * back to 0.
 *
 * Cost:    O(n log n) for n spans, O(n) where they lie scattered along the line; memory from the
 *          arena.
 * Threads: pure.
 */
#ifndef SISETU_GEO_PIPELINE_SWEEP_H
#define SISETU_GEO_PIPELINE_SWEEP_H

#include "geo/pipelines/pipeline_line.h"

#include <stdbool.h>

/* One household, building or place. */
static const int64_t COUNT_UNIT = 1000000;

/* More than any limit: a number that nobody knows. */
static const int64_t COUNT_UNKNOWN = INT64_C(1000000000) * 1000000;

struct sweep_item {
    const struct span *spans; /* by from_m */
    uint32_t n_spans;
    int64_t count;
    int64_t tall; /* of the count, what has four storeys and more */
};

struct sweep_limit {
    int64_t from;
    bool included; /* from itself is enough */
    bool of_tall;  /* the limit is on tall, which must also be more than share of count */
    double share;
};

/* Starts of windows that reach the limit. */
struct sweep_run {
    struct span starts;
    int64_t most;     /* the highest count in it */
    double most_at_m; /* the first start where it is reached */
};

/* The items on their way through the window while it slides, for any number of limits. */
struct sweep {
    const struct sweep_item *items;
    size_t n_items;
    struct span starts; /* of windows that are allowed */
    double length_m;
    struct sweep_event *events; /* made for the first limit that all items together reach */
    size_t n;
    int64_t most; /* all of them; INT64_MAX: more than that */
    int64_t most_tall;
};

struct sweep_question {
    const struct sweep_item *items;
    size_t n_items;
    struct span starts; /* allowed ones */
    double length_m;
};

/* Refers to the items of the question. */
void pipeline_sweep(const struct sweep_question *question, struct sweep *out);
enum err_code pipeline_sweep_runs(struct sweep *sweep, const struct sweep_limit *limit,
                                  struct arena *arena, struct sweep_run **out, size_t *n,
                                  struct err *err);

/* Sorts spans and joins those that touch or lie at most gap_m apart; *n becomes how many are
 * left. */
void spans_settle(struct span *spans, size_t *n, double gap_m);

#endif
