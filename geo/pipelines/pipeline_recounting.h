/*
 * pipeline_recounting.h - a recount on its way: what pipeline_recount.c finds out about windows and
 * pipeline_recount_rows.c makes of it.
 */
#ifndef SISETU_GEO_PIPELINE_RECOUNTING_H
#define SISETU_GEO_PIPELINE_RECOUNTING_H

#include "geo/pipelines/pipeline_found.h"
#include "geo/pipelines/pipeline_recount.h"

/* The greatest of some windows, and where the first of them begins. */
struct greatest_window {
    int64_t count;
    double at_m;
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

/* Whether it can be told of all old rows what becomes of them: before anything is gathered. */
bool recount_may_tell(const struct recounting *on);

/* Room for the rows that change. */
enum err_code recount_begin(struct recounting *on, struct err *err);

/* Of the record itself, what the law says: its rows before and after. */
enum err_code recount_law(struct recounting *on, struct err *err);

/* Of what was found about the windows: the rows that change. */
enum err_code recount_rows(struct recounting *on, bool *sure, struct err *err);

#endif
