/*
 * pipeline_outdoing.h - an edited record that pipeline_outdone.c shows to change no segment, on the
 * way: where it is seen from, and which rows of places meet it.
 */
#ifndef SISETU_GEO_PIPELINE_OUTDOING_H
#define SISETU_GEO_PIPELINE_OUTDOING_H

#include "geo/pipelines/pipeline_found.h"
#include "geo/pipeline_edits/pipeline_outdone.h"

/* What a row of places found where the record is seen. */
struct outdone {
    const struct pipeline_place *row;
    size_t ask;       /* its question */
    struct span span; /* what must be outdone: the runs that go through where it is seen */
    int rank;
    bool alike; /* its runs are told as they were */
    bool ends;  /* or but for where they end, which is where the record is seen */
};

/* The record before the edit, or after it, as the line sees it; by ask. */
struct outdoing_side {
    struct pipeline_hit *hits;
    size_t n;
};

struct outdoing {
    const struct pipeline_was *was;
    struct pipeline_job job;
    struct outdoing_side before;
    struct outdoing_side after;
    bool *touched;       /* by question: the record is a hit of it, before or after */
    bool known[REACHES]; /* it is seen by what is known at least, as measured, at most */
    uint32_t part;
    struct span seen; /* from where it is seen; from > to: from nowhere */
    double error_m;   /* of its position and the line's */
    bool in_parts;    /* it is seen from more than one */
    struct pipeline_some some;
    struct outdone *outdone; /* the rows of places that meet it, but for those of the law */
    size_t n_outdone;
    bool meets_law; /* a row of the law may meet it, before or after */
};

/* A design factor; else an area, or a class. */
bool outdoing_is_factor(const struct pipeline_place *row);

/* Keeps the job to what is so far to either side of where the record is seen, by whole edges. */
void outdoing_keep_to(struct outdoing *on, double reach_m);

/* Whether a stretch goes on beyond what the job keeps to. */
bool outdoing_is_cut_off(const struct outdoing *on, struct span span);

/* Whether a record other than it is as far off as it may be: how short a fringe is no segment goes
 * by the worst accuracy of all that is met. */
bool outdoing_keeps_fringes(const struct outdoing *on);

/* ---- what old rows of the pipeline tell: in pipeline_outdone_rows.c ---- */

/* Whether none tells of what that row of places finds along a span. Areas are what is found and
 * what lies so near that it is joined. */
bool outdoing_is_unheard(const struct outdoing *on, const struct outdone *it, struct span span);

/* A run that the record leaves, or joins, or is part of before and after: as long either time. */
struct outdone_run {
    const struct pipeline_place *row;
    enum known known;
    struct span seen;     /* it goes on so far at least; from > to: nobody knows where it is */
    struct span far;      /* and no farther than that */
    const char *first_id; /* of the record's layer: what names a place after that one tells of
                           * another run, or the record only leaves the run; NULL: not known */
};

/* Whether every row stays as it is, whichever of its places the run tells of. */
bool outdoing_run_is_unheard(const struct outdoing *on, const struct outdone_run *run);

/* ---- the runs: in pipeline_outdone_runs.c ---- */

/* Whether those rows' runs are told as they were. Looks as far as the runs go, at what the rows ask
 * for. */
enum err_code outdoing_runs_are_alike(struct outdoing *on, bool *out, struct err *err);

#endif
