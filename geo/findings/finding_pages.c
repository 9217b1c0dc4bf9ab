#include "geo/findings/finding_pages.h"

#include "geo/findings/findings.h"
#include "geo/verdict/verdict.h"

#include <stdlib.h>
#include <string.h>

const enum layer_id finding_layers[FINDING_LAYERS] = {LAYER_ENTERPRISES, LAYER_FACILITIES,
                                                      LAYER_PIPELINES, LAYER_ZONES};

int finding_layer_index(enum layer_id layer)
{
    for (int i = 0; i < FINDING_LAYERS; i++) {
        if (finding_layers[i] == layer)
            return i;
    }
    return -1;
}

/* ---- lists ---- */

struct finding_list *finding_list_new(const struct finding *items, size_t n)
{
    if (n > (SIZE_MAX - sizeof(struct finding_list)) / sizeof *items || n > UINT32_MAX)
        return NULL;
    struct finding_list *list = malloc(sizeof *list + n * sizeof *items);
    if (!list)
        return NULL;
    *list = (struct finding_list){.n = (uint32_t)n, .reach_m = -1};
    atomic_init(&list->n_references, 1);
    if (n > 0)
        memcpy(list->items, items, n * sizeof *items);
    for (size_t i = 0; i < n; i++)
        list->n_undecided += items[i].verdict == VERDICT_UNDECIDED;
    return list;
}

struct finding_list *finding_list_acquire(struct finding_list *list)
{
    if (list)
        atomic_fetch_add(&list->n_references, 1);
    return list;
}

void finding_list_release(struct finding_list *list)
{
    if (list && atomic_fetch_sub(&list->n_references, 1) == 1)
        free(list);
}

static bool same_number(double a, double b)
{
    uint64_t bits_a;
    uint64_t bits_b;
    memcpy(&bits_a, &a, sizeof a);
    memcpy(&bits_b, &b, sizeof b);
    return bits_a == bits_b;
}

bool finding_list_equal(const struct finding_list *a, const struct finding_list *b)
{
    if (!a || !b)
        return a == b;
    return a == b || (a->n == b->n && a->n_judged == b->n_judged &&
                      same_number((double)a->reach_m, (double)b->reach_m) &&
                      same_number(a->coarse_radius_m, b->coarse_radius_m) &&
                      same_number(a->coarse_cell_m, b->coarse_cell_m) &&
                      memcmp(a->items, b->items, a->n * sizeof *a->items) == 0);
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

static struct finding_sums sums_of_list(const struct finding_list *list)
{
    return (struct finding_sums){.n = list->n,
                                 .n_undecided = list->n_undecided,
                                 .n_coarse = list->coarse_radius_m > 0,
                                 .coarse_radius_m = list->coarse_radius_m,
                                 .coarse_cell_m = list->coarse_cell_m};
}

static void settle_page(struct finding_page *page)
{
    page->sums = (struct finding_sums){0};
    page->reach_m = -1;
    for (size_t i = 0; i < FINDING_PAGE; i++) {
        const struct finding_list *list = page->lists[i];
        if (!list)
            continue;
        struct finding_sums sums = sums_of_list(list);
        add_sums(&page->sums, &sums);
        if (list->reach_m > page->reach_m)
            page->reach_m = list->reach_m;
    }
    page->settled = true;
}

void findings_settle(struct findings *findings)
{
    findings->sums = (struct finding_sums){0};
    for (size_t l = 0; l < FINDING_LAYERS; l++) {
        findings->reach_m[l] = -1;
        for (size_t p = 0; p < findings->n_pages[l]; p++) {
            struct finding_page *page = findings->pages[l][p];
            if (!page)
                continue;
            if (!page->settled)
                settle_page(page);
            add_sums(&findings->sums, &page->sums);
            if (page->reach_m > findings->reach_m[l])
                findings->reach_m[l] = page->reach_m;
        }
    }
}

struct finding_sums findings_sums(const struct findings *findings)
{
    return findings ? findings->sums : (struct finding_sums){0};
}

/* ---- pages ---- */

static void page_release(struct finding_page *page)
{
    if (!page || atomic_fetch_sub(&page->n_references, 1) != 1)
        return;
    for (size_t i = 0; i < FINDING_PAGE; i++)
        finding_list_release(page->lists[i]);
    free(page);
}

static struct finding_page *page_new(void)
{
    struct finding_page *page = calloc(1, sizeof *page);
    if (page)
        atomic_init(&page->n_references, 1);
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
        for (size_t p = 0; p < findings->n_pages[l]; p++)
            page_release(findings->pages[l][p]);
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
        made->reach_m[l] = -1;
        for (size_t p = 0; eager && whole && p < n; p++)
            whole = (made->pages[l][p] = page_new());
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
    for (size_t l = 0; l < FINDING_LAYERS; l++) {
        size_t n = old->n_pages[l] < (*out)->n_pages[l] ? old->n_pages[l] : (*out)->n_pages[l];
        for (size_t p = 0; p < n; p++) {
            struct finding_page *page = old->pages[l][p];
            if (page)
                atomic_fetch_add(&page->n_references, 1);
            (*out)->pages[l][p] = page;
        }
    }
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
    struct finding_page *own = page_new();
    if (!own)
        return err_nomem(err);
    for (size_t i = 0; old && i < FINDING_PAGE; i++)
        own->lists[i] = finding_list_acquire(old->lists[i]);
    page_release(old);
    *at = own;
    *out = own;
    return ERR_OK;
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
    finding_list_release(page->lists[slot % FINDING_PAGE]);
    page->lists[slot % FINDING_PAGE] = list;
    page->settled = false;
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
