/*
 * pipeline_recounting.h - a recount on its way: what pipeline_recount.c finds out about windows and
 * pipeline_recount_rows.c makes of it.
 */
#ifndef SISETU_GEO_PIPELINE_RECOUNTING_H
#define SISETU_GEO_PIPELINE_RECOUNTING_H

#include "geo/pipelines/pipeline_found.h"
#include "geo/pipeline_edits/pipeline_recount.h"
#include "geo/pipeline_edits/pipeline_windows.h"

/* An old row that tells of what was found along the line: none of the law, nor of radii. */
struct recount_row {
    const struct segment *row;
    const struct pipeline_method *method;
    const struct pipeline_class *window; /* the row of windows that it shows; NULL: another thing */
    bool apart; /* it stays only if what may be there at most of the dwelling's runs is not on it */
};

struct recounting {
    const struct pipeline_recount *it;
    struct pipeline_job job;
    struct arena *arena;                 /* of the result */
    const struct pipeline_class *counts; /* one of the rows that count the dwelling: all have its
                                          * target, strip and window; NULL: none does */
    struct span seen;                    /* from where the dwelling is seen, before or after */
    bool doubted;                        /* there it may be out of reach, before or after */
    struct span domain;                  /* where windows may begin */
    struct span starts;         /* of the windows that may hold the dwelling, and a little more */
    struct greatest_window was; /* of those windows, before and after */
    struct greatest_window is;
    struct pipeline_some about; /* whose households are gathered to look at runs; end 0: of none */
    struct recount_row *rows;
    size_t n_rows;
    struct pipeline_recounted *out;
};

/* Whether a row counts what the others count that count the dwelling. */
bool recount_has(const struct recounting *on, const struct pipeline_class *row);

/* Looks at a row of pipeline_classes.csv as those of a method that takes it over do. */
const struct pipeline_class *recount_window_of(const struct recounting *on,
                                               const struct pipeline_class *row);

/* Whole stretches of the line, whose dwellings are known or not, that hold a span or all that there
 * is of it. */
struct pipeline_some recount_stretches(const struct recounting *on, struct span span);

/* The households along those stretches, of the world after the edit: the job keeps to them. */
enum err_code recount_gather(struct recounting *on, const struct pipeline_some *some,
                             struct err *err);

static inline bool span_overlap(struct span a, struct span b)
{
    return a.from_m <= b.to_m && b.from_m <= a.to_m;
}

static inline struct span span_join(struct span a, struct span b)
{
    return (struct span){min_of(a.from_m, b.from_m), max_of(a.to_m, b.to_m)};
}

/* Whether a run may be shown on a row: as pipeline_class_rows.c and pipeline_hca_rows.c choose. */
bool recount_is_on(const struct segment *row, struct span run);

/* What is asked of runs: those that are on the row as measured, or those that may at most be where
 * the dwelling is seen. */
struct recount_asked {
    const struct segment *row;
    const struct pipeline_class *window; /* NULL: all that the row's method counts it by */
    int rank;                            /* of those; 0: of any */
    bool next;                           /* as measured */
};

bool recount_run_matters(const struct recounting *on, const struct recount_asked *asked,
                         const struct pipeline_found *found);

/* A guess how far runs go where the dwelling is seen: the old class location. */
struct span recount_guess_runs(const struct recounting *on);

/* The runs that matter, whole, and others as far as they are seen; of those on the row all, where
 * the span holds it. Begins with the span. */
enum err_code recount_find_runs(struct recounting *on, const struct recount_asked *asked,
                                struct span span, struct pipeline_founds *out, struct err *err);

/* Whether it can be told of all old rows what becomes of them: before anything is gathered. */
enum err_code recount_may_tell(struct recounting *on, bool *may, struct err *err);

/* Room for the rows that change. */
enum err_code recount_begin(struct recounting *on, struct err *err);

/* Of the record itself, what the law says: its rows before and after. */
enum err_code recount_law(struct recounting *on, struct err *err);

/* Of what was found about the windows: the rows that change. */
enum err_code recount_rows(struct recounting *on, bool *sure, struct err *err);

#endif
