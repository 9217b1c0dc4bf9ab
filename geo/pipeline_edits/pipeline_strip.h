/*
 * pipeline_strip.h - the dwellings in the strip of one pipeline, as they are kept
 * (pipeline_kept.h).
 *
 * Nearly all of them are seen from one place of the line, the same whatever is known: those take 36
 * bytes and lie in the order of their places, so that what stands along a stretch lies together.
 * The others, beside which the line bends inwards or of whom an attribute is missing, are kept as
 * they were found.
 *
 * Owner:   a strip owns its memory: pipeline_strip_free; hits that are taken refer to it until it
 *          changes.
 * Threads: one that changes it, or many that take.
 * Cost:    add O(1), settle O(n) a dwelling that was added, O(n log n) for many; remove O(n), a
 *          tenth of a nanosecond each; take some nanoseconds a dwelling that is taken, and a look
 *          at its site for each that is not bare.
 */
#ifndef SISETU_GEO_PIPELINE_STRIP_H
#define SISETU_GEO_PIPELINE_STRIP_H

#include "geo/pipelines/pipeline_targets.h"

/* A dwelling with one span, the same in the widest of REACHES, and in no other. */
struct strip_hit {
    struct span span;
    double nearest_m;
    uint64_t told; /* STRIP_TOLD times the households of one that may be told bare, else 0; and the
                    * number of reaches that have it, but for the widest */
};

enum { STRIP_TOLD = 4 };
_Static_assert((int)REACHES <= (int)STRIP_TOLD, "the number of reaches is below it");

/* Any other: one of whom an attribute is missing, or beside which the line bends inwards. */
struct strip_odd {
    uint32_t slot;
    int64_t households; /* of one that may be told bare; else 0 */
    const char *missing;
    double nearest_m;
    struct span_list lists[REACHES];
    struct span spans[];
};

static inline int64_t strip_hit_households(const struct strip_hit *hit)
{
    return (int64_t)(hit->told / STRIP_TOLD);
}

static inline bool strip_hit_has(const struct strip_hit *hit, enum known known)
{
    return (unsigned)known + hit->told % STRIP_TOLD + 1 >= REACHES;
}

/* From where to where it may be seen. */
static inline struct span strip_odd_reach(const struct strip_odd *odd)
{
    const struct span_list *most = &odd->lists[AT_MOST];
    return (struct span){most->items[0].from_m, most->items[most->n - 1].to_m};
}

/* All zero: an empty one. */
struct pipeline_strip {
    struct strip_hit *hits; /* by where their spans begin, once settled */
    uint32_t *slots;        /* of each */
    size_t n;
    size_t n_settled;
    size_t capacity;
    double longest_m;       /* of their spans, those that are gone too */
    struct strip_odd **odd; /* likewise in order, once settled */
    size_t n_odd;
    size_t n_odd_settled;
    size_t odd_capacity;
    double longest_odd_m;
};

void pipeline_strip_free(struct pipeline_strip *strip);

/* A target by its slot: what of it the line sees. Then pipeline_strip_settle, before any is taken.
 */
enum err_code pipeline_strip_add(struct pipeline_strip *strip, uint32_t slot,
                                 const struct pipeline_hit *hit, struct err *err);
enum err_code pipeline_strip_settle(struct pipeline_strip *strip, struct err *err);
void pipeline_strip_remove(struct pipeline_strip *strip, uint32_t slot);

/* The first hit that begins at a place or beyond. */
size_t pipeline_strip_from(const struct pipeline_strip *strip, double at_m);

/* What is wanted of a strip. */
struct strip_wanted {
    size_t ask;                /* the job's question */
    const struct span *within; /* those that touch it; NULL: all */
    bool bare;                 /* where nothing but a number is known of them (pipeline_hit) */
    const uint32_t *doubtful;  /* slots that may stand in another world than the job's; all others
                                * stand in its own */
    size_t n_doubtful;
};

/* Makes the job's hits those of targets that stand in its world. The job has sites. */
enum err_code pipeline_strip_take(const struct pipeline_strip *strip, struct pipeline_job *job,
                                  const struct strip_wanted *wanted, struct err *err);

#endif
