/*
 * pipeline_sites.h - the records that pipelines may meet, as all of them see them: where, how
 * sure, and of which codes of target_classes.csv.
 *
 * Pipelines lie close together, so that each record is met by several; and records lie scattered
 * in memory. A site is small, and neighbours in space are neighbours here. Whether a record is a
 * target of a code is found out when it is first asked, by whichever thread, and kept.
 *
 * Life:    pipeline_sites_build once a world, for a run over all its pipelines, and
 *          pipeline_sites_follow from world to world while it is edited; a single pipeline without
 *          them makes the sites that it meets itself (pipeline_site_make).
 * Owner:   memory in the arena; refers to the rules of the world.
 * Threads: many, once built; one follows, while nobody else looks.
 * Cost:    build O(n), about 100 ns and 52 bytes a record; an edit that of its records.
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
    struct arena *arena;
    const char **codes; /* that the rows of pipelines ask for */
    size_t n_codes;
    struct pipeline_layer_sites {
        bool matters;
        struct pipeline_site *items; /* in the order of the index, later ones at the end */
        size_t n;
        size_t capacity;
        uint32_t *places; /* by slot: which item; WORLD_NO_SLOT: none */
        size_t n_slots;
        size_t slots_capacity;
    } layers[LAYER_COUNT];
};

enum err_code pipeline_sites_build(const struct world *world, struct arena *arena,
                                   struct pipeline_sites *out, struct err *err);

/* After edits, of which `now` is the world: the sites of what they put. Those of what they took
 * stay, so that the old world can be asked too. */
enum err_code pipeline_sites_follow(struct pipeline_sites *sites, const struct world *now,
                                    const struct world_edit *edits, size_t n_edits,
                                    struct err *err);

/* Of a row of the world or of one before it; NULL: none is kept. sites may be NULL. */
static inline struct pipeline_site *pipeline_sites_of(const struct pipeline_sites *sites,
                                                      const struct world *world,
                                                      enum layer_id layer, size_t row)
{
    const struct pipeline_layer_sites *of = sites ? &sites->layers[layer] : NULL;
    uint32_t slot = of && of->matters ? world_slot(world, layer, row) : WORLD_NO_SLOT;
    if (slot == WORLD_NO_SLOT || slot >= of->n_slots || of->places[slot] == WORLD_NO_SLOT)
        return NULL;
    return &of->items[of->places[slot]];
}

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
