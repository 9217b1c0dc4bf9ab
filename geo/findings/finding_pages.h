/*
 * finding_pages.h - how the findings of a world lie in memory.
 *
 * Behind finding.h; only geo/findings/finding*.c and geo/findings/findings*.c include it. By source
 * layer a tree of pages, of FINDING_PAGE items each: lists by slot below, pages above. A page is
 * shared between worlds until something in it changes, so that an edit copies the pages on the way
 * to the lists that it changes, and nothing else.
 *
 * Slots near in number are far apart on the ground: a hundred plants that an edited target is in
 * reach of are on a hundred pages. So a page is copied without a look at what it holds: how many
 * versions of a page hold an item is counted beside all of them, in one place (page_versions), and
 * not in three thousand lists all over memory. It is let go likewise.
 *
 * Life:    findings_new or findings_copy; findings_put while nobody else sees them; then
 *          findings_settle, after which they never change.
 * Threads: findings_place from any number of threads, each for slots of its own; the rest of
 *          the making one thread. Versions of a page are copied and released by any thread: their
 *          counts have a mutex.
 * Cost:    21 bytes a slot of a page that has a list. findings_copy and findings_release of what is
 *          shared: four pages. A put: up to four pages of 400 bytes, once each.
 */
#ifndef SISETU_GEO_FINDING_PAGES_H
#define SISETU_GEO_FINDING_PAGES_H

#include "geo/findings/finding.h"

enum { FINDING_PAGE_BITS = 5, FINDING_PAGE = 1 << FINDING_PAGE_BITS };

/* Of some lists: what they sum up to, and the farthest that any reaches; -1: none. */
struct finding_totals {
    struct finding_sums sums;
    float reach_m;
    float target_reach_m[FINDING_TARGETS];
};

struct page_versions;

struct finding_page {
    uint32_t edition; /* of the findings for which it was made: theirs alone until settled */
    uint32_t stale;   /* bit i: the totals of the page that is item i lack something */
    uint8_t level;    /* 0: of lists; else of pages of the level below */
    bool anew;        /* its own totals lack what only a count of all items can tell */
    uint16_t cells[FINDING_PAGE];   /* by item: where its holders are counted */
    struct page_versions *versions; /* with which it shares items */
    struct finding_totals totals;
    union {
        struct finding_page *pages[FINDING_PAGE]; /* NULL: no list in it */
        struct finding_list *lists[FINDING_PAGE];
    };
    uint32_t reaching[]; /* level 1: by item, bit j: list j of that page reaches targets */
};

struct findings {
    atomic_uint n_references;
    uint32_t edition;         /* one more than of those that they were copied from */
    struct finding_sums sums; /* of all layers */
    size_t n_slots[FINDING_LAYERS];
    struct finding_page *roots[FINDING_LAYERS]; /* their own */
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

/* Of the lists of a layer; before findings_settle they may lack what was put, but tell of no reach
 * too short. */
static inline const struct finding_totals *findings_totals(const struct findings *findings,
                                                           size_t layer)
{
    return &findings->roots[layer]->totals;
}

/* The list of a slot, or NULL; NULL for slots beyond the last. */
struct finding_list *findings_get(const struct findings *findings, int layer, uint32_t slot);

/* Whether the list of a slot reaches any targets: of most not, which is told without a look at
 * them. Asks for what findings_get will look at. */
bool findings_reach(const struct findings *findings, int layer, uint32_t slot);

/* Takes the list (or NULL) over, also on failure, and releases the one there. */
enum err_code findings_put(struct findings *findings, int layer, uint32_t slot,
                           struct finding_list *list, struct err *err);

/* The same where there is a page of its own and no list yet. */
void findings_place(struct findings *findings, int layer, uint32_t slot, struct finding_list *list);

/* Brings the totals up to date: a page is counted anew where what was the farthest of it went. */
void findings_settle(struct findings *findings);

/* A list of n findings (may be NULL where n is 0) with one reference. */
struct finding_list *finding_list_new(const struct finding *items, size_t n);

/* Memory of lists that are made by one thread and let go together, as those that a store has are
 * when edits begin: freed singly, half a million of them take 100 ms, and whoever asks for memory
 * next has to sort a gigabyte of pieces. Whoever fills it releases it then; it is freed with the
 * last list of it. */
struct finding_shelf;
struct finding_shelf *finding_shelf_new(void);           /* NULL without memory */
void finding_shelf_release(struct finding_shelf *shelf); /* NULL is legal */
struct finding_list *finding_list_new_on(struct finding_shelf *shelf, const struct finding *items,
                                         size_t n); /* shelf NULL: in memory of its own */
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
