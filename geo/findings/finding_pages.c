#include "geo/findings/finding_pages.h"

#include "geo/findings/findings.h"
#include "geo/verdict/verdict.h"

#include <stdlib.h>
#include <string.h>

const enum layer_id finding_layers[FINDING_LAYERS] = {LAYER_ENTERPRISES, LAYER_FACILITIES,
                                                      LAYER_PIPELINES, LAYER_ZONES};
const enum layer_id finding_targets[FINDING_TARGETS] = {LAYER_ENTERPRISES, LAYER_FACILITIES,
                                                        LAYER_PIPELINES,   LAYER_PROTECTED,
                                                        LAYER_AREAS,       LAYER_INFRASTRUCTURE};

int finding_layer_index(enum layer_id layer)
{
    for (int i = 0; i < FINDING_LAYERS; i++) {
        if (finding_layers[i] == layer)
            return i;
    }
    return -1;
}

int finding_target_index(enum layer_id layer)
{
    for (int i = 0; i < FINDING_TARGETS; i++) {
        if (finding_targets[i] == layer)
            return i;
    }
    return -1;
}

/* ---- order ---- */

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Findings without a target come last of their layer. */
static int64_t place_of_target(const struct world *world, const struct finding *finding)
{
    if (finding->target_slot == FINDING_NO_TARGET)
        return INT64_MAX;
    return world_row(world, (enum layer_id)finding->target_layer, finding->target_slot);
}

int finding_compare(const struct world *world, const struct finding *a, const struct finding *b)
{
    if (a->kind != b->kind)
        return compare_numbers(a->kind, b->kind);
    if (a->target_layer != b->target_layer)
        return compare_numbers(a->target_layer, b->target_layer);
    if (a->target_slot != b->target_slot)
        return compare_numbers(place_of_target(world, a), place_of_target(world, b));
    return compare_numbers(a->rule, b->rule);
}

static int compare_for_sort(const void *a, const void *b, void *world)
{
    return finding_compare(world, a, b);
}

void finding_sort(const struct world *world, struct finding *items, size_t n)
{
    bool sorted = true;
    for (size_t i = 1; i < n && sorted; i++)
        sorted = finding_compare(world, &items[i - 1], &items[i]) <= 0;
    if (!sorted)
        qsort_r(items, n, sizeof *items, compare_for_sort, (void *)(uintptr_t)world);
}

/* ---- sums ---- */

static void add_sums(struct finding_sums *to, const struct finding_sums *from)
{
    if (from->n_coarse > 0 && (to->n_coarse == 0 || from->coarse_radius_m < to->coarse_radius_m))
        to->coarse_radius_m = from->coarse_radius_m;
    if (from->coarse_cell_m > to->coarse_cell_m)
        to->coarse_cell_m = from->coarse_cell_m;
    to->n += from->n;
    to->n_undecided += from->n_undecided;
    to->n_coarse += from->n_coarse;
}

static struct finding_totals no_totals(void)
{
    struct finding_totals totals = {.reach_m = -1};
    for (int t = 0; t < FINDING_TARGETS; t++)
        totals.target_reach_m[t] = -1;
    return totals;
}

static float farther(float a, float b)
{
    return a > b ? a : b;
}

static void add_totals(struct finding_totals *to, const struct finding_totals *from)
{
    add_sums(&to->sums, &from->sums);
    to->reach_m = farther(to->reach_m, from->reach_m);
    for (int t = 0; t < FINDING_TARGETS; t++)
        to->target_reach_m[t] = farther(to->target_reach_m[t], from->target_reach_m[t]);
}

static struct finding_totals totals_of_list(const struct finding_list *list)
{
    struct finding_totals totals = {.sums = {.n = list->n,
                                             .n_undecided = list->n_undecided,
                                             .n_coarse = list->coarse_radius_m > 0,
                                             .coarse_radius_m = list->coarse_radius_m,
                                             .coarse_cell_m = list->coarse_cell_m},
                                    .reach_m = list->reach_m};
    memcpy(totals.target_reach_m, list->target_reach_m, sizeof totals.target_reach_m);
    return totals;
}

/* The next list of a page but a few is asked for while this one is looked at: each is somewhere
 * else in memory. */
static void look_ahead(const struct finding_page *page, size_t i)
{
    enum { AHEAD = 12 };
    if (i + AHEAD < FINDING_PAGE)
        __builtin_prefetch(page->lists[i + AHEAD], 1);
}

static void settle_page(struct finding_page *page)
{
    page->totals = no_totals();
    for (size_t i = 0; i < FINDING_PAGE; i++) {
        look_ahead(page, i);
        if (!page->lists[i])
            continue;
        struct finding_totals totals = totals_of_list(page->lists[i]);
        add_totals(&page->totals, &totals);
    }
    page->stale = false;
}

/* Whether without its share in the old totals of a page the sum may be another in what is a least
 * or a most. */
static bool loses_most(const struct finding_totals *all, const struct finding_totals *was,
                       const struct finding_totals *is)
{
    bool loses = was->reach_m > is->reach_m && was->reach_m >= all->reach_m;
    for (int t = 0; t < FINDING_TARGETS; t++)
        loses = loses || (was->target_reach_m[t] > is->target_reach_m[t] &&
                          was->target_reach_m[t] >= all->target_reach_m[t]);
    return loses || was->sums.n_coarse > 0 || was->sums.coarse_cell_m > 0;
}

/* Settles one page that is counted; false: its layer must be summed up anew. */
static bool settle_counted(struct findings *findings, struct finding_page *page)
{
    struct finding_totals *all = &findings->totals[page->layer];
    struct finding_totals was = page->totals;
    settle_page(page);
    if (loses_most(all, &was, &page->totals))
        return false;
    all->sums.n -= was.sums.n;
    all->sums.n_undecided -= was.sums.n_undecided;
    add_totals(all, &page->totals);
    return true;
}

static void sum_layer(struct findings *findings, size_t layer)
{
    findings->totals[layer] = no_totals();
    for (size_t p = 0; p < findings->n_pages[layer]; p++) {
        struct finding_page *page = findings->pages[layer][p];
        if (page && page->stale)
            settle_page(page);
        if (page)
            add_totals(&findings->totals[layer], &page->totals);
    }
}

void findings_settle(struct findings *findings)
{
    bool anew[FINDING_LAYERS];
    for (size_t l = 0; l < FINDING_LAYERS; l++)
        anew[l] = !findings->counted;
    for (struct finding_page *page = findings->stale; page; page = page->next_stale)
        if (page->stale && !anew[page->layer])
            anew[page->layer] = !settle_counted(findings, page);
    findings->stale = NULL;
    findings->counted = true;
    findings->sums = (struct finding_sums){0};
    for (size_t l = 0; l < FINDING_LAYERS; l++) {
        if (anew[l])
            sum_layer(findings, l);
        add_sums(&findings->sums, &findings->totals[l].sums);
    }
}

struct finding_sums findings_sums(const struct findings *findings)
{
    return findings ? findings->sums : (struct finding_sums){0};
}

/* ---- pages ---- */

enum { PAGES_AHEAD = 8 };

static void page_release(struct finding_page *page)
{
    if (!page || atomic_fetch_sub(&page->n_references, 1) != 1)
        return;
    for (size_t i = 0; i < FINDING_PAGE; i++) {
        look_ahead(page, i);
        finding_list_release(page->lists[i]);
    }
    free(page);
}

static struct finding_page *page_new(int layer)
{
    struct finding_page *page = calloc(1, sizeof *page);
    if (!page)
        return NULL;
    atomic_init(&page->n_references, 1);
    page->layer = (uint8_t)layer;
    page->totals = no_totals();
    return page;
}

struct findings *findings_acquire(struct findings *findings)
{
    if (findings)
        atomic_fetch_add(&findings->n_references, 1);
    return findings;
}

void findings_release(struct findings *findings)
{
    if (!findings || atomic_fetch_sub(&findings->n_references, 1) != 1)
        return;
    for (size_t l = 0; l < FINDING_LAYERS; l++) {
        for (size_t p = 0; p < findings->n_pages[l]; p++) {
            if (p + PAGES_AHEAD < findings->n_pages[l])
                __builtin_prefetch(findings->pages[l][p + PAGES_AHEAD], 1);
            page_release(findings->pages[l][p]);
        }
        free(findings->pages[l]);
    }
    free(findings);
}

enum err_code findings_new(const size_t n_slots[FINDING_LAYERS], bool eager, struct findings **out,
                           struct err *err)
{
    struct findings *made = calloc(1, sizeof *made);
    if (!made)
        return err_nomem(err);
    atomic_init(&made->n_references, 1);
    for (size_t l = 0; l < FINDING_LAYERS; l++) {
        size_t n = (n_slots[l] + FINDING_PAGE - 1) / FINDING_PAGE;
        made->pages[l] = calloc(n ? n : 1, sizeof *made->pages[l]);
        bool whole = made->pages[l];
        made->n_pages[l] = whole ? n : 0;
        made->totals[l] = no_totals();
        for (size_t p = 0; eager && whole && p < n; p++) {
            made->pages[l][p] = page_new((int)l);
            whole = made->pages[l][p];
            if (whole)
                made->pages[l][p]->stale = true;
        }
        if (!whole) {
            findings_release(made);
            return err_nomem(err);
        }
    }
    *out = made;
    return ERR_OK;
}

enum err_code findings_copy(const struct findings *old, const size_t n_slots[FINDING_LAYERS],
                            struct findings **out, struct err *err)
{
    enum err_code code = findings_new(n_slots, false, out, err);
    if (code != ERR_OK)
        return code;
    (*out)->counted = old->counted;
    (*out)->sums = old->sums;
    memcpy((*out)->totals, old->totals, sizeof old->totals);
    for (size_t l = 0; l < FINDING_LAYERS; l++) {
        size_t n = old->n_pages[l] < (*out)->n_pages[l] ? old->n_pages[l] : (*out)->n_pages[l];
        (*out)->counted = (*out)->counted && n == old->n_pages[l];
        for (size_t p = 0; p < n; p++) {
            struct finding_page *page = old->pages[l][p];
            if (p + PAGES_AHEAD < n)
                __builtin_prefetch(old->pages[l][p + PAGES_AHEAD], 1);
            if (page)
                atomic_fetch_add(&page->n_references, 1);
            (*out)->pages[l][p] = page;
        }
    }
    if (!(*out)->counted)
        findings_settle(*out);
    return ERR_OK;
}

struct finding_list *findings_get(const struct findings *findings, int layer, uint32_t slot)
{
    size_t p = slot / FINDING_PAGE;
    if (!findings || layer < 0 || p >= findings->n_pages[layer] || !findings->pages[layer][p])
        return NULL;
    return findings->pages[layer][p]->lists[slot % FINDING_PAGE];
}

/* The page of a slot, of one's own. */
static enum err_code page_of_own(struct findings *findings, int layer, uint32_t slot,
                                 struct finding_page **out, struct err *err)
{
    struct finding_page **at = &findings->pages[layer][slot / FINDING_PAGE];
    struct finding_page *old = *at;
    *out = old;
    if (old && atomic_load(&old->n_references) == 1)
        return ERR_OK;
    struct finding_page *own = page_new(layer);
    if (!own)
        return err_nomem(err);
    for (size_t i = 0; old && i < FINDING_PAGE; i++) {
        look_ahead(old, i);
        own->lists[i] = finding_list_acquire(old->lists[i]);
    }
    if (old)
        own->totals = old->totals;
    page_release(old);
    *at = own;
    *out = own;
    return ERR_OK;
}

static bool reach_alike(const struct finding_list *a, const struct finding_list *b)
{
    bool alike = !(a->reach_m < b->reach_m) && !(a->reach_m > b->reach_m);
    for (size_t i = 0; i < sizeof a->target_reach_m / sizeof a->target_reach_m[0] && alike; i++)
        alike = !(a->target_reach_m[i] < b->target_reach_m[i]) &&
                !(a->target_reach_m[i] > b->target_reach_m[i]);
    return alike;
}

/* Of two lists that reach as far and have no cells, the sums alone may differ. */
static bool recount(struct findings *findings, struct finding_page *page,
                    const struct finding_list *was, const struct finding_list *is)
{
    struct finding_sums *sums[] = {&page->totals.sums, &findings->totals[page->layer].sums,
                                   &findings->sums};
    if (!was || !is || was->coarse_radius_m > 0 || is->coarse_radius_m > 0 ||
        was->coarse_cell_m > 0 || is->coarse_cell_m > 0 || !reach_alike(was, is))
        return false;
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        sums[i]->n += is->n;
        sums[i]->n -= was->n;
        sums[i]->n_undecided += is->n_undecided;
        sums[i]->n_undecided -= was->n_undecided;
    }
    return true;
}

enum err_code findings_put(struct findings *findings, int layer, uint32_t slot,
                           struct finding_list *list, struct err *err)
{
    struct finding_page *page = NULL;
    enum err_code code = page_of_own(findings, layer, slot, &page, err);
    if (code != ERR_OK) {
        finding_list_release(list);
        return code;
    }
    struct finding_list *was = page->lists[slot % FINDING_PAGE];
    bool alike = findings->counted && !page->stale && recount(findings, page, was, list);
    page->lists[slot % FINDING_PAGE] = list;
    finding_list_release(was);
    if (!alike && !page->stale) {
        page->stale = true;
        page->next_stale = findings->stale;
        findings->stale = page;
    }
    return ERR_OK;
}

void findings_place(struct findings *findings, int layer, uint32_t slot, struct finding_list *list)
{
    struct finding_page *page = findings->pages[layer][slot / FINDING_PAGE];
    page->lists[slot % FINDING_PAGE] = list;
}

bool findings_equal(const struct findings *a, const struct findings *b)
{
    if (!a || !b)
        return findings_sums(a).n == findings_sums(b).n && (a == b || findings_sums(a).n == 0);
    for (int l = 0; l < FINDING_LAYERS; l++) {
        size_t n = a->n_pages[l] > b->n_pages[l] ? a->n_pages[l] : b->n_pages[l];
        for (uint32_t slot = 0; slot < n * FINDING_PAGE; slot++) {
            if (!finding_list_equal(findings_get(a, l, slot), findings_get(b, l, slot)))
                return false;
        }
    }
    return true;
}
