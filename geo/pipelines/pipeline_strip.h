/*
 * pipeline_strip.h - the dwellings in the strip of one pipeline, as they are kept
 * (pipeline_kept.h).
 *
 * Nearly all of them are seen from one place of the line, the same whatever is known: those take 32
 * bytes. The others, beside which the line bends inwards or of whom an attribute is missing, are
 * kept as they were found.
 *
 * Owner:   a strip owns its memory: pipeline_strip_free; hits that are taken refer to it until it
 *          changes.
 * Threads: one that changes it, or many that take.
 * Cost:    add O(1); the others a few nanoseconds a dwelling, and a look at its site for each that
 *          is taken.
 */
#ifndef SISETU_GEO_PIPELINE_STRIP_H
#define SISETU_GEO_PIPELINE_STRIP_H

#include "geo/pipelines/pipeline_targets.h"

struct strip_hit;
struct strip_odd;

/* All zero: an empty one. */
struct pipeline_strip {
    struct strip_hit *hits;
    size_t n;
    size_t capacity;
    struct strip_odd *odd;
};

void pipeline_strip_free(struct pipeline_strip *strip);

/* A target by its slot: what of it the line sees. */
enum err_code pipeline_strip_add(struct pipeline_strip *strip, uint32_t slot,
                                 const struct pipeline_hit *hit, struct err *err);
void pipeline_strip_remove(struct pipeline_strip *strip, uint32_t slot);

/* Forgets targets that stand in neither world. */
void pipeline_strip_forget(struct pipeline_strip *strip, const struct world *old,
                           const struct world *now);

/* Makes the job's hits those of targets that stand in its world, as of its question `ask`: all, or
 * those that touch a span. The job has sites. */
enum err_code pipeline_strip_take(const struct pipeline_strip *strip, struct pipeline_job *job,
                                  size_t ask, const struct span *within, struct err *err);

#endif
