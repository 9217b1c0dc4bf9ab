#include "geo/findings/finding_pages.h"

#include "geo/findings/findings.h"
#include "geo/verdict/verdict.h"

#include <pthread.h>
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

/* Takes what `was` out of a sum and puts what `is` into it; false where that cannot be told
 * without the others: it was a least or a most. Then nothing is changed. */
static bool exchange(struct finding_totals *all, const struct finding_totals *was,
                     const struct finding_totals *is)
{
    bool loses = was->reach_m > is->reach_m && was->reach_m >= all->reach_m;
    for (int t = 0; t < FINDING_TARGETS; t++)
        loses = loses || (was->target_reach_m[t] > is->target_reach_m[t] &&
                          was->target_reach_m[t] >= all->target_reach_m[t]);
    if (loses || was->sums.n_coarse > 0 || was->sums.coarse_cell_m > 0)
        return false;
    all->sums.n -= was->sums.n;
    all->sums.n_undecided -= was->sums.n_undecided;
    add_totals(all, is);
    return true;
}

struct finding_sums findings_sums(const struct findings *findings)
{
    return findings ? findings->sums : (struct finding_sums){0};
}

/* ---- pages ---- */

enum { CELLS = 48, CELLS_MOST = UINT16_MAX };

/* Of all versions of a page: how many of them hold the item of a cell; 0: the cell is free. Most
 * have few items but those of one page. */
struct page_versions {
    pthread_mutex_t mutex;
    uint32_t n;      /* versions */
    uint32_t n_more; /* cells beyond the first */
    uint32_t *more;
    uint32_t holders[CELLS];
};

static uint32_t *holders_of(struct page_versions *versions, uint32_t cell)
{
    return cell < CELLS ? &versions->holders[cell] : &versions->more[cell - CELLS];
}

/* A cell without holders; -1 without memory. */
static int32_t free_cell(struct page_versions *versions)
{
    uint32_t n = CELLS + versions->n_more;
    for (uint32_t cell = 0; cell < n; cell++)
        if (*holders_of(versions, cell) == 0)
            return (int32_t)cell;
    size_t room = (size_t)versions->n_more + CELLS;
    uint32_t *more = n + CELLS > CELLS_MOST ? NULL : realloc(versions->more, room * sizeof *more);
    if (!more)
        return -1;
    memset(more + versions->n_more, 0, CELLS * sizeof *more);
    versions->more = more;
    versions->n_more += CELLS;
    return (int32_t)n;
}

static size_t page_bytes(uint32_t level)
{
    const struct finding_page *page;
    return sizeof *page + (level == 1 ? FINDING_PAGE * sizeof page->reaching[0] : 0);
}

static struct finding_page *page_new(uint8_t level, uint32_t edition)
{
    struct finding_page *page = calloc(1, page_bytes(level));
    struct page_versions *versions = calloc(1, sizeof *versions);
    if (!page || !versions) {
        free(page);
        free(versions);
        return NULL;
    }
    pthread_mutex_init(&versions->mutex, NULL);
    versions->n = 1;
    page->edition = edition;
    page->level = level;
    page->versions = versions;
    page->totals = no_totals();
    return page;
}

/* Another version, which holds the same. */
static struct finding_page *page_copy(const struct finding_page *old, uint32_t edition)
{
    struct page_versions *versions = old->versions;
    struct finding_page *page = malloc(page_bytes(old->level));
    if (!page)
        return NULL;
    memcpy(page, old, page_bytes(old->level));
    page->edition = edition;
    pthread_mutex_lock(&versions->mutex);
    versions->n++;
    for (size_t i = 0; i < FINDING_PAGE; i++)
        if (page->lists[i])
            ++*holders_of(versions, page->cells[i]);
    pthread_mutex_unlock(&versions->mutex);
    return page;
}

/* Lets go of a version, and of what no other holds. */
static void page_release(struct finding_page *page)
{
    struct page_versions *versions = page->versions;
    size_t n = 0;
    pthread_mutex_lock(&versions->mutex);
    for (size_t i = 0; i < FINDING_PAGE; i++) {
        if (!page->lists[i] || --*holders_of(versions, page->cells[i]) > 0)
            continue;
        __builtin_prefetch(page->lists[i], 1);
        page->lists[n++] = page->lists[i];
    }
    bool last = --versions->n == 0;
    pthread_mutex_unlock(&versions->mutex);
    for (size_t i = 0; i < n; i++) {
        if (page->level > 0)
            page_release(page->pages[i]);
        else
            finding_list_release(page->lists[i]);
    }
    if (last) {
        pthread_mutex_destroy(&versions->mutex);
        free(versions->more);
        free(versions);
    }
    free(page);
}

/* Puts item i (a list or a page, or NULL) into a page of one's own. *was: the one there, if nobody
 * else holds it. Without memory nothing is changed. */
static bool page_put(struct finding_page *page, size_t i, void *item, void **was)
{
    struct page_versions *versions = page->versions;
    pthread_mutex_lock(&versions->mutex);
    uint32_t *holders = page->lists[i] ? holders_of(versions, page->cells[i]) : NULL;
    bool alone = holders && *holders == 1;
    int32_t cell = item && !alone ? free_cell(versions) : page->cells[i];
    if (cell >= 0) {
        /* Looked up again: room for cells may have moved. */
        if (page->lists[i])
            --*holders_of(versions, page->cells[i]);
        if (item)
            ++*holders_of(versions, (uint32_t)cell);
        *was = alone ? page->lists[i] : NULL;
        page->cells[i] = (uint16_t)cell;
        page->lists[i] = item;
    }
    pthread_mutex_unlock(&versions->mutex);
    return cell >= 0;
}

static size_t item_of(const struct finding_page *page, uint32_t slot)
{
    return slot >> FINDING_PAGE_BITS * page->level & (FINDING_PAGE - 1);
}

/* Whether a page of a level, the first of its layer, has room for so many slots. */
static bool has_room(uint32_t level, size_t n_slots)
{
    return (uint64_t)n_slots <= UINT64_C(1) << FINDING_PAGE_BITS * (level + 1);
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
    for (size_t l = 0; l < FINDING_LAYERS; l++)
        if (findings->roots[l])
            page_release(findings->roots[l]);
    free(findings);
}

/* All pages below one of no items, for its first n slots. */
static bool fill_page(struct finding_page *page, size_t n)
{
    size_t each = (size_t)1 << FINDING_PAGE_BITS * page->level;
    page->stale = UINT32_MAX;
    page->anew = true;
    for (size_t i = 0; page->level > 0 && i * each < n; i++) {
        struct finding_page *below = page_new((uint8_t)(page->level - 1), page->edition);
        if (!below)
            return false;
        page->pages[i] = below;
        page->cells[i] = (uint16_t)i;
        page->versions->holders[i] = 1;
        if (!fill_page(below, n - i * each < each ? n - i * each : each))
            return false;
    }
    return true;
}

static enum err_code begin(uint32_t edition, const size_t n_slots[FINDING_LAYERS],
                           struct findings **out, struct err *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return err_nomem(err);
    atomic_init(&(*out)->n_references, 1);
    (*out)->edition = edition;
    memcpy((*out)->n_slots, n_slots, sizeof(*out)->n_slots);
    return ERR_OK;
}

enum err_code findings_new(const size_t n_slots[FINDING_LAYERS], bool eager, struct findings **out,
                           struct err *err)
{
    struct findings *made = NULL;
    enum err_code code = ERR_OK;
    TRY(begin(0, n_slots, &made, err));
    for (size_t l = 0; l < FINDING_LAYERS; l++) {
        uint8_t level = 0;
        while (!has_room(level, n_slots[l]))
            level++;
        made->roots[l] = page_new(level, made->edition);
        if (!made->roots[l] || (eager && !fill_page(made->roots[l], n_slots[l])))
            TRY(err_nomem(err));
    }
    *out = made;
    made = NULL;
done:
    findings_release(made);
    return code;
}

static bool reaches(const struct finding_list *list)
{
    bool any = false;
    for (int t = 0; list && t < FINDING_TARGETS; t++)
        any = any || list->target_reach_m[t] >= 0;
    return any;
}

/* Of a page of lists, as its level above has it. */
static uint32_t reaching_of(const struct finding_page *page)
{
    uint32_t reaching = 0;
    for (size_t i = 0; i < FINDING_PAGE; i++)
        reaching |= (uint32_t)reaches(page->lists[i]) << i;
    return reaching;
}

/* A page over the root, which becomes its first item. */
static bool raise_root(struct finding_page **root)
{
    void *was = NULL;
    struct finding_page *raised = page_new((uint8_t)((*root)->level + 1), (*root)->edition);
    if (!raised || !page_put(raised, 0, *root, &was)) {
        if (raised)
            page_release(raised);
        return false;
    }
    raised->totals = (*root)->totals;
    if (raised->level == 1)
        raised->reaching[0] = reaching_of(*root);
    *root = raised;
    return true;
}

enum err_code findings_copy(const struct findings *old, const size_t n_slots[FINDING_LAYERS],
                            struct findings **out, struct err *err)
{
    struct findings *made = NULL;
    enum err_code code = ERR_OK;
    TRY(begin(old->edition + 1, n_slots, &made, err));
    made->sums = old->sums;
    for (size_t l = 0; l < FINDING_LAYERS; l++) {
        if (made->n_slots[l] < old->n_slots[l])
            made->n_slots[l] = old->n_slots[l];
        made->roots[l] = page_copy(old->roots[l], made->edition);
        TRY(made->roots[l] ? ERR_OK : err_nomem(err));
        while (!has_room(made->roots[l]->level, made->n_slots[l]))
            TRY(raise_root(&made->roots[l]) ? ERR_OK : err_nomem(err));
    }
    *out = made;
    made = NULL;
done:
    findings_release(made);
    return code;
}

/* ---- lists ---- */

/* The page of a slot at a level, or NULL. What it is a page of is not looked at: that is another
 * place in memory. */
static struct finding_page *page_of(const struct findings *findings, int layer, uint32_t slot,
                                    uint32_t at)
{
    struct finding_page *page = findings->roots[layer];
    uint32_t level = page->level;
    if (!has_room(level, (size_t)slot + 1) || level < at)
        return NULL;
    for (; page && level > at; level--)
        page = page->pages[slot >> FINDING_PAGE_BITS * level & (FINDING_PAGE - 1)];
    return page;
}

struct finding_list *findings_get(const struct findings *findings, int layer, uint32_t slot)
{
    const struct finding_page *page =
        findings && layer >= 0 ? page_of(findings, layer, slot, 0) : NULL;
    return page ? page->lists[slot % FINDING_PAGE] : NULL;
}

bool findings_reach(const struct findings *findings, int layer, uint32_t slot)
{
    if (findings->roots[layer]->level == 0)
        return reaches(findings_get(findings, layer, slot));
    const struct finding_page *above = page_of(findings, layer, slot, 1);
    size_t i = slot >> FINDING_PAGE_BITS & (FINDING_PAGE - 1);
    if (!above || (above->reaching[i] >> slot % FINDING_PAGE & 1) == 0)
        return false;
    __builtin_prefetch(&above->pages[i]->lists[slot % FINDING_PAGE]);
    return true;
}

void findings_place(struct findings *findings, int layer, uint32_t slot, struct finding_list *list)
{
    struct finding_page *page = page_of(findings, layer, slot, 0);
    size_t i = slot % FINDING_PAGE;
    page->lists[i] = list;
    page->cells[i] = (uint16_t)i;
    page->versions->holders[i] = 1;
}

/* The page below one of one's own that holds a slot, of one's own too; NULL without memory. */
static struct finding_page *below_of_own(struct finding_page *page, uint32_t slot)
{
    size_t i = item_of(page, slot);
    struct finding_page *old = page->pages[i];
    if (old && old->edition == page->edition)
        return old;
    void *was = NULL;
    struct finding_page *own =
        old ? page_copy(old, page->edition) : page_new((uint8_t)(page->level - 1), page->edition);
    if (own && !page_put(page, i, own, &was)) {
        page_release(own);
        own = NULL;
    }
    if (was)
        page_release(was);
    return own;
}

enum { LEVELS_MOST = 7 }; /* of slots of 32 bits */

/* From the page of a slot up the totals follow, as far as nothing has to be counted anew. */
static void follow_totals(struct finding_page *const *way, uint32_t top, uint32_t slot,
                          struct finding_totals was, struct finding_totals is)
{
    bool behind = false;
    for (uint32_t level = 0; level <= top; level++) {
        struct finding_page *page = way[level];
        struct finding_totals before = page->totals;
        if (behind) {
            page->stale |= UINT32_C(1) << item_of(page, slot);
            continue;
        }
        behind = page->anew || !exchange(&page->totals, &was, &is);
        page->anew = behind;
        was = before;
        is = page->totals;
    }
}

enum err_code findings_put(struct findings *findings, int layer, uint32_t slot,
                           struct finding_list *list, struct err *err)
{
    struct finding_page *way[LEVELS_MOST];
    struct finding_page *page = findings->roots[layer];
    uint32_t top = page->level;
    while (page && page->level > 0) {
        way[page->level] = page;
        page = below_of_own(page, slot);
    }
    way[0] = page;
    const struct finding_list *before = page ? page->lists[item_of(page, slot)] : NULL;
    struct finding_totals was = before ? totals_of_list(before) : no_totals();
    void *gone = NULL;
    if (!page || !page_put(page, item_of(page, slot), list, &gone)) {
        finding_list_release(list);
        return err_nomem(err);
    }
    finding_list_release(gone);
    if (top > 0) {
        uint32_t *reaching = &way[1]->reaching[item_of(way[1], slot)];
        uint32_t bit = UINT32_C(1) << item_of(page, slot);
        *reaching = reaches(list) ? *reaching | bit : *reaching & ~bit;
    }
    follow_totals(way, top, slot, was, list ? totals_of_list(list) : no_totals());
    return ERR_OK;
}

/* ---- totals ---- */

static void count_page(struct finding_page *page)
{
    page->totals = no_totals();
    for (size_t i = 0; i < FINDING_PAGE; i++)
        __builtin_prefetch(page->lists[i]);
    for (size_t i = 0; i < FINDING_PAGE; i++) {
        if (!page->lists[i])
            continue;
        struct finding_totals totals =
            page->level > 0 ? page->pages[i]->totals : totals_of_list(page->lists[i]);
        add_totals(&page->totals, &totals);
    }
}

static void settle_page(struct finding_page *page)
{
    for (size_t i = 0; page->level > 0 && page->stale != 0 && i < FINDING_PAGE; i++) {
        if ((page->stale >> i & 1) == 0 || !page->pages[i])
            continue;
        struct finding_totals was = page->pages[i]->totals;
        settle_page(page->pages[i]);
        page->anew = page->anew || !exchange(&page->totals, &was, &page->pages[i]->totals);
        if (page->level == 1)
            page->reaching[i] = reaching_of(page->pages[i]);
    }
    if (page->anew)
        count_page(page);
    page->stale = 0;
    page->anew = false;
}

void findings_settle(struct findings *findings)
{
    findings->sums = (struct finding_sums){0};
    for (size_t l = 0; l < FINDING_LAYERS; l++) {
        settle_page(findings->roots[l]);
        add_sums(&findings->sums, &findings->roots[l]->totals.sums);
    }
}

bool findings_equal(const struct findings *a, const struct findings *b)
{
    if (!a || !b)
        return findings_sums(a).n == findings_sums(b).n && (a == b || findings_sums(a).n == 0);
    for (int l = 0; l < FINDING_LAYERS; l++) {
        size_t n = a->n_slots[l] > b->n_slots[l] ? a->n_slots[l] : b->n_slots[l];
        for (uint32_t slot = 0; slot < n; slot++) {
            if (!finding_list_equal(findings_get(a, l, slot), findings_get(b, l, slot)))
                return false;
        }
    }
    return true;
}
