/*
 * pipeline_sites.h - the records that pipelines may meet, as all of them see them: where, how
 * sure, and of which codes of target_classes.csv.
 *
 * Pipelines lie close together, so that each record is met by several; and records lie scattered
 * in memory. A site is small, and neighbours in space are neighbours here. Whether a record is a
 * target of a code is found out once, at the latest when it is first asked, by whichever thread,
 * and kept with the attribute that leaves it open.
 *
 * Life:    pipeline_sites_build once a world, with pipeline_sites_index for searches; then
 *          pipeline_sites_follow from world to world while it is edited. A single pipeline without
 *          them makes the sites that it meets itself (pipeline_site_make).
 * Owner:   memory in the arena; refers to the rules of the world.
 * Threads: many, once built; one follows, while nobody else looks.
 * Cost:    build O(n), about 100 ns and 68 bytes a record, its index as much again; an edit that of
 *          its records.
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
    _Atomic(uint64_t) misses; /* four bits a code, of the first 16: which text; 0 not kept */
    int64_t households;       /* of a target, pipeline_known_households */
    uint32_t slot;            /* WORLD_NO_SLOT: of nothing any more */
    bool is_point;            /* one point and no more */
    bool is_dwelling;         /* pipeline_is_dwelling */
    bool is_tall;             /* pipeline_is_tall */
};

/* What is missing of records whose truth is unknown: few texts. */
enum { SITE_MISSES = 15, SITE_MISS_CODES = 16 };

struct pipeline_sites {
    struct arena *arena;
    const char **codes; /* that the rows of pipelines ask for */
    size_t n_codes;
    _Atomic(const char *) *misses; /* SITE_MISSES texts, NULL where there is room */
    bool is_indexed;
    struct arena *index_arena;
    bool any_tall;         /* of all that there are or were */
    double farthest_off_m; /* the worst accuracy of all that there are or were */
    struct pipeline_layer_sites {
        bool matters;
        struct pipeline_site *items; /* in the order of the index, later ones at the end */
        size_t n;
        size_t capacity;
        uint32_t *places; /* by slot: which item; WORLD_NO_SLOT: none */
        size_t n_slots;
        size_t slots_capacity;
        size_t n_indexed;   /* the items before that one, but for those gone by then */
        struct rtree index; /* of them */
    } layers[LAYER_COUNT];
};

enum err_code pipeline_sites_build(const struct world *world, struct arena *arena,
                                   struct pipeline_sites *out, struct err *err);

/* For searches that give sites. The arena is of the index alone if edits are to follow: when many
 * have, it is made anew. */
enum err_code pipeline_sites_index(struct pipeline_sites *sites, const struct world *world,
                                   struct arena *arena, struct err *err);

/* Sites whose boxes touch `box`, of the world of which they are or of one before it: also some that
 * are gone (pipeline_sites_row). Indexed ones only. */
void pipeline_sites_search(const struct pipeline_sites *sites, const struct world *world,
                           enum layer_id layer, struct box box, void *context,
                           bool (*visit)(void *context, struct pipeline_site *site));

/* After edits that made `now` of `old`: the sites of what they put. Those of what they took stay,
 * so that the old world can be asked too. */
enum err_code pipeline_sites_follow(struct pipeline_sites *sites, const struct world *old,
                                    const struct world *now, const struct world_edit *edits,
                                    size_t n_edits, struct err *err);

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

/* Likewise of a slot. */
static inline const struct pipeline_site *pipeline_sites_at(const struct pipeline_sites *sites,
                                                            enum layer_id layer, uint32_t slot)
{
    const struct pipeline_layer_sites *of = &sites->layers[layer];
    bool is = of->matters && slot < of->n_slots && of->places[slot] != WORLD_NO_SLOT;
    return is ? &of->items[of->places[slot]] : NULL;
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

static inline bool pipeline_is_point(const struct geom *geom)
{
    return geom->kind == GEOM_POINT && geom->n_points == 1;
}

/* Of a record, in the world or not. */
void pipeline_site_make(const struct world *world, enum layer_id layer,
                        const struct record_head *head, struct pipeline_site_memo *memo,
                        struct pipeline_site *out);

/* Whether a record is a target of the code that those rows describe: the best of those on its
 * layer. *missing, of TRUTH_UNKNOWN: an absent attribute. */
enum truth pipeline_is_target(const struct target_class *const *classes, size_t n,
                              enum layer_id layer, const void *record, const char **missing);

/* The truth that is kept of a code, and what is missing where it is unknown; or -1. */
static inline int pipeline_site_truth(const struct pipeline_sites *sites,
                                      const struct pipeline_site *site, int code,
                                      const char **missing)
{
    if (code < 0)
        return -1;
    uint64_t truths = atomic_load_explicit(&site->truths, memory_order_acquire);
    int truth = (int)(truths >> (2 * code) & 3) - 1;
    if (truth != TRUTH_UNKNOWN)
        return truth;
    uint64_t misses = atomic_load_explicit(&site->misses, memory_order_acquire);
    unsigned text = code < SITE_MISS_CODES ? (unsigned)(misses >> (4 * code) & 15) : 0;
    if (text == 0)
        return -1;
    *missing = atomic_load_explicit(&sites->misses[text - 1], memory_order_acquire);
    return truth;
}

/* missing: of a truth that is unknown; lives as long as the rules. */
void pipeline_site_keep(const struct pipeline_sites *sites, struct pipeline_site *site, int code,
                        enum truth truth, const char *missing);

#endif
