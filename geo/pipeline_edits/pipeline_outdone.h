/*
 * pipeline_outdone.h - an edited record, and whether the segments of a pipeline stay as they are.
 *
 * The rooms beside this one cut a pipeline anew as a whole. An edit changes few of its segments, or
 * none; which, is found out here in this order:
 *
 *   pipeline_crowd.h    none, at a first look at who stands around the record
 *   pipeline_outdone.h  none, since what stands along the line outdoes it
 *   pipeline_recount.h  of a dwelling among many: numbers alone
 *   pipeline_recut.h    those about the edit; the others are as they were
 *
 * and from edit to edit is kept what most of them ask for:
 *
 *   pipeline_kept.h     each line by stationing, and the dwellings in its strip
 *   pipeline_strip.h    those dwellings, packed
 *   pipeline_windows.h  windows that slide over them
 *
 * Each says whether it is sure; if none is, the pipeline is cut anew (pipeline_segments.h). That
 * what they tell is what a full assessment tells is a property test over random edits.
 *
 * Owner:   rows that are told belong to the arena.
 * Threads: pure but for the caller's worker.
 * Cost:    a few microseconds a pipeline by the crowd, some 100 us by what stands along the line.
 */
#ifndef SISETU_GEO_PIPELINE_OUTDONE_H
#define SISETU_GEO_PIPELINE_OUTDONE_H

#include "geo/pipelines/pipeline_segments.h"

struct pipeline_crowd;
struct pipeline_kept;

/* One record before and after an edit, of a layer of targets; for pipeline_is_outdone no dwelling,
 * neither time. */
struct pipeline_edited {
    const struct world *world; /* after it */
    const struct world *old;   /* before it; may be NULL */
    enum layer_id layer;
    const struct record_head *before;   /* NULL: it is new */
    const struct record_head *after;    /* of the world; NULL: it is gone */
    const struct pipeline_sites *sites; /* of this world (pipeline_sites.h); may be NULL */
    const struct pipeline_kept *kept;   /* likewise (pipeline_kept.h) */
    const struct pipeline_crowd *crowd; /* who stands around it (pipeline_crowd.h); may be NULL */
};

/* It, and all segments that a pipeline had before it. */
struct pipeline_was {
    const struct pipeline_edited *edited;
    const struct segment *const *old;
    size_t n_old;
};

/* Whether it is sure at a first look that the segments of a pipeline stay as they are, by those who
 * stand around the record (pipeline_crowd.h). row: of the world. */
enum err_code pipeline_is_hidden(const struct pipeline_edited *edited, uint32_t row,
                                 struct worker *worker, bool *out, struct err *err);

/* Whether it is sure, without cutting the pipeline anew, that its segments stay as they are, but
 * for what the law on the strips says of the record itself, which is told. The record is met
 * nowhere, or among others of which the same is told, or what it is met for is outdone there by
 * what stands around it. Looks at a few hundred metres of the line, or as far as it takes. row: of
 * the world; the rows that are told belong to the arena. */
struct pipeline_recounted;
enum err_code pipeline_is_outdone(const struct pipeline_was *was, uint32_t row,
                                  struct worker *worker, struct arena *arena,
                                  struct pipeline_recounted *out, struct err *err);

#endif
