/*
 * pipeline_kept.h - what is kept of each pipeline from edit to edit: its line by stationing, and
 * the dwellings in its strip.
 *
 * An edited dwelling in a town stands in the strips of many pipelines, each with hundreds of
 * others. Which they are, and where along the line, changes by that one alone: to find them again
 * took most of the time of such an edit. Of the questions of all methods only that one is kept
 * which counts households in windows.
 *
 * Life:    pipeline_kept_new of a world; then with each edit pipeline_kept_follow, before anything
 *          is asked, and pipeline_kept_commit if the edit was. What was not committed is taken back
 *          by the next follow.
 * Owner:   lines and spans that it gives stay until the next follow or commit.
 * Threads: many ask; one follows, while nobody asks.
 * Cost:    26 bytes a vertex and 36 a dwelling in a strip (a dwelling of a town may stand in ten of
 *          them); new: a walk along all pipelines, for one question. An edited dwelling costs some
 *          20 microseconds a pipeline nearby, an edited pipeline a walk along it.
 */
#ifndef SISETU_GEO_PIPELINE_KEPT_H
#define SISETU_GEO_PIPELINE_KEPT_H

#include "geo/pipelines/pipeline_targets.h"
#include "geo/world/parallel.h"

struct pipeline_kept;

enum err_code pipeline_kept_new(const struct world *world, const struct pipeline_sites *sites,
                                struct crew *crew, struct pipeline_kept **out, struct err *err);
void pipeline_kept_free(struct pipeline_kept *kept); /* NULL is legal */

/* One step: from `old`, which was committed, to `now`. sites: of now. */
enum err_code pipeline_kept_follow(struct pipeline_kept *kept, const struct world *old,
                                   const struct world *now, const struct pipeline_sites *sites,
                                   const struct world_edit *edits, size_t n_edits,
                                   struct worker *worker, struct err *err);
void pipeline_kept_commit(struct pipeline_kept *kept);

/* The line of a row of the world that it follows, as pipeline_line_build makes it; NULL: not kept.
 * kept may be NULL. */
const struct pipeline_line *pipeline_kept_line(const struct pipeline_kept *kept,
                                               const struct world *world, size_t row);

/* The hits of one question, which pipeline_gather would find if all others were idle, in any order,
 * whole even where the job keeps to a stretch; within: only those that touch that span; NULL: all.
 * *out false: they are not kept, nor is the job changed. kept may be NULL. */
enum err_code pipeline_kept_hits(const struct pipeline_kept *kept, struct pipeline_job *job,
                                 size_t ask, const struct span *within, bool *out, struct err *err);

/* Likewise; those of whom no more is asked than how many they are, are bare (pipeline_hit). */
enum err_code pipeline_kept_bare_hits(const struct pipeline_kept *kept, struct pipeline_job *job,
                                      size_t ask, const struct span *within, bool *out,
                                      struct err *err);

/* The strip itself, if it answers that question of the job; else NULL. Slots of *doubtful may stand
 * in another world than the one that is followed. kept may be NULL. */
struct pipeline_strip;
const struct pipeline_strip *pipeline_kept_strip(const struct pipeline_kept *kept,
                                                 const struct pipeline_job *job, size_t ask,
                                                 const uint32_t **doubtful, size_t *n_doubtful);

#endif
