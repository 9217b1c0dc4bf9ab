/*
 * finding_pages.h - how the findings of a world lie in memory.
 *
 * Behind finding.h; only geo/findings/finding*.c and geo/findings/findings*.c include it. By source
 * layer an array of pages, each with the lists of FINDING_PAGE slots. A page is shared between
 * worlds until a list in it changes, so that an edit copies a few pages and counts up the others.
 * Slots near in number are far apart on the ground: a hundred plants that an edited target is in
 * reach of are on a hundred pages, each of whose lists gets one more holder. So pages are small.
 *
 * Life:    findings_new or findings_copy; findings_put while nobody else sees them; then
 *          findings_settle, after which they never change.
 * Threads: findings_place from any number of threads, each for slots of its own; the rest of
 *          the making one thread.
 */
#ifndef SISETU_GEO_FINDING_PAGES_H
#define SISETU_GEO_FINDING_PAGES_H

#include "geo/findings/finding.h"

enum { FINDING_PAGE = 32 };

/* Of some lists: what they sum up to, and the farthest that any reaches; -1: none. */
struct finding_totals {
    struct finding_sums sums;
    float reach_m;
    float target_reach_m[FINDING_TARGETS];
};

struct finding_page {
    atomic_uint n_references;
    bool stale; /* lists have changed since the totals were found */
    uint8_t layer;
    struct finding_page *next_stale;
    struct finding_totals totals;
    struct finding_list *lists[FINDING_PAGE];
};

struct findings {
    atomic_uint n_references;
    bool counted;               /* all but the stale pages are in the totals */
    struct finding_page *stale; /* while they are made: pages of one's own */
    struct finding_totals totals[FINDING_LAYERS];
    struct finding_sums sums; /* of all layers */
    size_t n_pages[FINDING_LAYERS];
    struct finding_page **pages[FINDING_LAYERS]; /* NULL: no list in it */
};

/* Index of a source layer in finding_layers, of a target layer in finding_targets, or -1. */
int finding_layer_index(enum layer_id layer);
int finding_target_index(enum layer_id layer);

/* Room for n_slots[i] slots of layer i, without lists. eager: with every page, as
 * findings_place needs. */
enum err_code findings_new(const size_t n_slots[FINDING_LAYERS], bool eager, struct findings **out,
                           struct err *err);

/* Shares the pages of `old`, with room for at least so many slots. */
enum err_code findings_copy(const struct findings *old, const size_t n_slots[FINDING_LAYERS],
                            struct findings **out, struct err *err);

/* The list of a slot, or NULL; NULL for slots beyond the last. */
struct finding_list *findings_get(const struct findings *findings, int layer, uint32_t slot);

/* Takes the list (or NULL) over, also on failure, and releases the one there. */
enum err_code findings_put(struct findings *findings, int layer, uint32_t slot,
                           struct finding_list *list, struct err *err);

/* The same where there is a page of its own and no list yet. */
void findings_place(struct findings *findings, int layer, uint32_t slot, struct finding_list *list);

/* Brings the totals up to date: those of the pages that changed; of all, where one of them was the
 * farthest. */
void findings_settle(struct findings *findings);

/* A list of n findings (may be NULL where n is 0) with one reference. */
struct finding_list *finding_list_new(const struct finding *items, size_t n);
struct finding_list *finding_list_acquire(struct finding_list *list); /* NULL is legal */

/* A copy without n_gone findings from place `first` on, with n_added others there: in pieces where
 * that is much shorter. */
struct finding_list *finding_list_splice(struct finding_list *list, uint32_t first, uint32_t n_gone,
                                         const struct finding *added, uint32_t n_added);

/* What a list says beside its findings, as another does. */
void finding_list_copy_facts(struct finding_list *to, const struct finding_list *from);

/* The place of the first finding that does not come before `sought`, of targets that stand in the
 * world. */
uint32_t finding_list_place(const struct world *world, const struct finding_list *list,
                            const struct finding *sought);

/* All its findings, in order, to where there is room for them. */
void finding_list_copy(const struct finding_list *list, struct finding *out);
void finding_list_release(struct finding_list *list); /* NULL is legal */

/* Whether two lists say the same; NULL is an empty one. */
bool finding_list_equal(const struct finding_list *a, const struct finding_list *b);

/* Risk (risk_list.c): row of a criterion or of a line of the F-N diagram, or -1, and the kind of
 * finding that it makes; a finding from the row of a store, false where the world lacks what
 * it names. */
int64_t risk_rule_row(const struct rules *rules, const char *id, enum finding_kind *kind);
bool risk_fill(const struct world *world, const struct conflict *row, struct finding *out);

/* By kind, target layer, row of the target, rule. */
int finding_compare(const struct world *world, const struct finding *a, const struct finding *b);
void finding_sort(const struct world *world, struct finding *items, size_t n);

#endif
