/*
 * pipeline_recutting.h - a pipeline on its way to be cut anew about an edit: what pipeline_recut.c
 * gathers, pipeline_recut_apart.c tells apart and pipeline_recut_rows.c makes of it.
 */
#ifndef SISETU_GEO_PIPELINE_RECUTTING_H
#define SISETU_GEO_PIPELINE_RECUTTING_H

#include "geo/pipeline_edits/pipeline_recut.h"
#include "geo/pipelines/pipeline_rows.h"

/* How a question is asked. */
enum recut_asked {
    ASKED_NOT,
    ASKED_ALONG,      /* along the whole line: windows or places that make a class */
    ASKED_KEPT,       /* likewise, and its hits are kept */
    ASKED_OF_AREAS,   /* of what stands about the edit: places that make areas */
    ASKED_OF_FACTORS, /* likewise design factors */
};

/* Rows of a kind, which may be others than before about the edit. */
struct recut_kind {
    enum recut_asked asked;
    double gap_m;                /* joined where they are so near */
    struct span seen;            /* from where their questions see the record */
    struct span apart;           /* where windows make them otherwise than before */
    struct span core;            /* all that may make them otherwise */
    struct span open;            /* with the rows that touch it */
    bool wide;                   /* to be looked at as far as its rows go, or farther */
    struct pipeline_some near;   /* the stretch along which places are known; end 0: none */
    struct pipeline_some looked; /* the one that was gathered last, and what stands there now */
    struct pipeline_hit *hits;
    size_t n_hits;
};

/* The line in the world before the edit, or after it. */
struct recut_side {
    struct pipeline_job job;
    struct pipeline_fringe fringe;
};

struct recut {
    const struct pipeline_recount *it;
    struct arena *arena; /* of the result */
    struct arena scratch;
    struct recut_side sides[2];
    enum recut_asked *asked; /* by question: both sides have the same */
    size_t kept_ask;
    double error_m; /* of the record's position and the line's, the worse of both times */
    bool recounts;  /* classes may be others than before */
    struct recut_kind areas;
    struct recut_kind factors;
    struct span beyond[2]; /* areas that go on beyond what is known, before and after it: all of
                            * them that there is of it; from > to: none */
    struct pipeline_recounted *out;
};

/* Nothing; from > to. */
static const struct span NO_SPAN = {INFINITY, -INFINITY};

static inline bool span_is(struct span span)
{
    return span.from_m <= span.to_m;
}

/* What lies so near to the end of what is known may go on beyond it, m. */
static const double RECUT_END_M = 2;

static inline struct span recut_whole(const struct recut *on)
{
    return pipeline_part_span(&on->sides[1].job.line, 0);
}

/* What the windows of both sides tell apart. */
enum err_code recut_compare(struct recut *on, struct err *err);

/* And what the places that are known near, of one kind: then its core is known. */
enum err_code recut_compare_places(struct recut *on, struct recut_kind *kind, struct err *err);

/* The stretches to be looked at, if any: about what may be other than before. Of a kind that is
 * wide, as far as there are areas that touch that, or all that make design factors. *sure false: it
 * is most of the line. */
void recut_near(struct recut *on, bool *sure);

/* When that is gathered: all rows that may be others than before, beside those that are told
 * already. If not all that makes them is known there, its kind becomes wide. */
enum err_code recut_rows(struct recut *on, bool *sure, struct err *err);

#endif
