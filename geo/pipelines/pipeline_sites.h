/*
 * pipeline_sites.h - the records that pipelines may meet, as all of them see them: where, how
 * sure, and of which codes of target_classes.csv.
 *
 * Pipelines lie close together, so that each record is met by several; and records lie scattered
 * in memory. A site is small, and neighbours in space are neighbours here. Whether a record is a
 * target of a code is found out when it is first asked, by whichever thread, and kept.
 *
 * Life:    pipeline_sites_build once a world, for a run over all its pipelines; a single pipeline
 *          makes the sites that it meets itself (pipeline_site_make).
 * Owner:   memory in the arena; refers to the world.
 * Threads: many, once built.
 * Cost:    build O(n), about 100 ns and 52 bytes a record.
 */
#ifndef SISETU_GEO_PIPELINE_SITES_H
#define SISETU_GEO_PIPELINE_SITES_H

#include "geo/world/world.h"

#include <stdatomic.h>

struct pipeline_site {
    struct lonlat at;         /* of a point */
    double accuracy_m;        /* rules_accuracy_m */
    double radius_m;          /* of a plant known by a point; else 0 */
    _Atomic(uint64_t) truths; /* two bits a code: 0 not asked yet, else 1 + enum truth */
    bool is_point;            /* one point and no more */
};

struct pipeline_sites {
    const struct world *world;
    const char **codes; /* that the rows of pipelines ask for */
    size_t n_codes;
    struct pipeline_site *items[LAYER_COUNT]; /* of layers that matter, in the order of the index */
    uint32_t *places[LAYER_COUNT];            /* by row: which item */
};

enum err_code pipeline_sites_build(const struct world *world, struct arena *arena,
                                   struct pipeline_sites *out, struct err *err);

/* Which code it is, or -1: then truths are not kept. sites may be NULL. */
int pipeline_sites_code(const struct pipeline_sites *sites, const char *code);

/* What was looked up last: neighbours in a table often say the same. Begins as all 0. */
struct pipeline_site_memo {
    bool knows_accuracy;
    bool knows_radius;
    const char *source;
    double accuracy_m;
    const char *industry;
    double radius_m;
};

/* Of a record, in the world or not. */
void pipeline_site_make(const struct world *world, enum layer_id layer,
                        const struct record_head *head, struct pipeline_site_memo *memo,
                        struct pipeline_site *out);

/* The truth that is kept of a code, or -1. */
static inline int pipeline_site_truth(const struct pipeline_site *site, int code)
{
    uint64_t truths = atomic_load_explicit(&site->truths, memory_order_relaxed);
    return code < 0 ? -1 : (int)(truths >> (2 * code) & 3) - 1;
}

static inline void pipeline_site_keep(struct pipeline_site *site, int code, enum truth truth)
{
    if (code >= 0)
        atomic_fetch_or_explicit(&site->truths, ((uint64_t)truth + 1) << (2 * code),
                                 memory_order_relaxed);
}

#endif
