/* finding_list.c - the findings of one source: whole, or in pieces of the list before an edit. */
#include "geo/findings/finding_pages.h"

#include "data/base/arena.h"
#include "geo/verdict/verdict.h"

#include <stdlib.h>
#include <string.h>

/* A list so short is copied whole: 6 KB. */
enum { WHOLE_MOST = 256 };

/* So many pieces, or findings of one's own, and the list is made whole again: it is copied once in
 * so many edits, not all the lists of a town by the same edit. */
enum { PIECES_LEAST = 32, PIECES_SPREAD = 32, OWN_MOST = 96 };

static uint32_t undecided_of(const struct finding *items, uint32_t n)
{
    uint32_t undecided = 0;
    for (uint32_t i = 0; i < n; i++)
        undecided += items[i].verdict == VERDICT_UNDECIDED;
    return undecided;
}

struct finding_shelf {
    atomic_uint n_holders; /* its lists, and who fills it */
    struct arena arena;
};

struct finding_shelf *finding_shelf_new(void)
{
    struct finding_shelf *shelf = calloc(1, sizeof *shelf);
    if (!shelf)
        return NULL;
    atomic_init(&shelf->n_holders, 1);
    arena_init(&shelf->arena, 0);
    return shelf;
}

void finding_shelf_release(struct finding_shelf *shelf)
{
    if (!shelf || atomic_fetch_sub(&shelf->n_holders, 1) != 1)
        return;
    arena_release(&shelf->arena);
    free(shelf);
}

/* shelf NULL: in memory of its own. */
static struct finding_list *list_with_room(struct finding_shelf *shelf, size_t n_items,
                                           size_t n_pieces)
{
    if (n_items > (SIZE_MAX - sizeof(struct finding_list)) / sizeof(struct finding) / 2 ||
        n_items > UINT32_MAX)
        return NULL;
    struct finding_list *list = NULL;
    size_t bytes = sizeof *list + n_items * sizeof *list->items + n_pieces * sizeof *list->pieces;
    list = shelf ? arena_alloc_raw(&shelf->arena, 1, bytes) : malloc(bytes);
    if (!list)
        return NULL;
    if (shelf)
        atomic_fetch_add(&shelf->n_holders, 1);
    *list = (struct finding_list){.reach_m = -1, .shelf = shelf};
    for (int t = 0; t < FINDING_TARGETS; t++)
        list->target_reach_m[t] = -1;
    atomic_init(&list->n_references, 1);
    return list;
}

struct finding_list *finding_list_new_on(struct finding_shelf *shelf, const struct finding *items,
                                         size_t n)
{
    struct finding_list *list = list_with_room(shelf, n, 0);
    if (!list)
        return NULL;
    list->n = list->n_own = (uint32_t)n;
    if (n > 0)
        memcpy(list->items, items, n * sizeof *items);
    list->n_undecided = undecided_of(list->items, list->n);
    return list;
}

struct finding_list *finding_list_new(const struct finding *items, size_t n)
{
    return finding_list_new_on(NULL, items, n);
}

struct finding_list *finding_list_acquire(struct finding_list *list)
{
    if (list)
        atomic_fetch_add(&list->n_references, 1);
    return list;
}

void finding_list_release(struct finding_list *list)
{
    while (list && atomic_fetch_sub(&list->n_references, 1) == 1) {
        struct finding_list *base = list->base;
        if (list->shelf)
            finding_shelf_release(list->shelf);
        else
            free(list);
        list = base;
    }
}

/* ---- walking ---- */

/* The piece that holds place k. */
static uint32_t piece_at(const struct finding_list *list, uint32_t k)
{
    uint32_t low = 0, high = list->n_pieces - 1;
    while (low < high) {
        uint32_t middle = high - (high - low) / 2;
        if (list->pieces[middle].first <= k)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

const struct finding *finding_list_run(const struct finding_list *list, uint32_t k, uint32_t *n)
{
    if (list->n_pieces == 0) {
        *n = list->n - k;
        return &list->items[k];
    }
    uint32_t i = piece_at(list, k);
    uint32_t end = i + 1 < list->n_pieces ? list->pieces[i + 1].first : list->n;
    *n = end - k;
    return list->pieces[i].items + (k - list->pieces[i].first);
}

void finding_list_copy(const struct finding_list *list, struct finding *out)
{
    uint32_t n;
    for (uint32_t k = 0; k < list->n; k += n) {
        const struct finding *run = finding_list_run(list, k, &n);
        memcpy(out + k, run, n * sizeof *out);
    }
}

/* As finding_compare, of targets that stand. */
static int compare_standing(const struct world *world, const struct finding *a,
                            const struct finding *b)
{
    bool by_slot = a->kind == b->kind && a->target_layer == b->target_layer &&
                   a->target_slot != b->target_slot && a->target_slot != FINDING_NO_TARGET &&
                   b->target_slot != FINDING_NO_TARGET;
    return by_slot ? world_compare_slots(world, (enum layer_id)a->target_layer, a->target_slot,
                                         b->target_slot)
                   : finding_compare(world, a, b);
}

/* By halves over the pieces, then over the findings of one. */
uint32_t finding_list_place(const struct world *world, const struct finding_list *list,
                            const struct finding *sought)
{
    uint32_t low = 0, high = list->n_pieces;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare_standing(world, list->pieces[middle].items, sought) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (list->n == 0 || (list->n_pieces > 0 && low == 0))
        return 0;
    uint32_t n;
    uint32_t first = low > 0 ? list->pieces[low - 1].first : 0;
    const struct finding *run = finding_list_run(list, first, &n);
    for (low = 0, high = n; low < high;) {
        uint32_t middle = low + (high - low) / 2;
        if (compare_standing(world, &run[middle], sought) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return first + low;
}

static bool same_items(const struct finding_list *a, const struct finding_list *b)
{
    uint32_t n_a, n_b, n;
    for (uint32_t k = 0; k < a->n; k += n) {
        const struct finding *x = finding_list_run(a, k, &n_a);
        const struct finding *y = finding_list_run(b, k, &n_b);
        n = n_a < n_b ? n_a : n_b;
        /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): equal ones are equal bytes */
        if (x != y && memcmp(x, y, n * sizeof *x) != 0)
            return false;
    }
    return true;
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
    if (!a || !b || a == b)
        return a == b;
    for (int t = 0; t < FINDING_TARGETS; t++)
        if (!same_number((double)a->target_reach_m[t], (double)b->target_reach_m[t]))
            return false;
    return a->n == b->n && a->n_judged == b->n_judged &&
           same_number((double)a->reach_m, (double)b->reach_m) &&
           same_number(a->coarse_radius_m, b->coarse_radius_m) &&
           same_number(a->coarse_cell_m, b->coarse_cell_m) && same_items(a, b);
}

/* ---- changed in one place ---- */

struct splicing {
    struct finding_list *made;
    struct finding_piece *pieces; /* of it; NULL: all are its own, in a row */
};

/* Appends n findings: kept where they lie, or copied to the list's own. */
static void put(struct splicing *s, const struct finding *items, uint32_t n, bool copied)
{
    struct finding_list *made = s->made;
    if (n == 0)
        return;
    if (copied) {
        memcpy(made->items + made->n_own, items, n * sizeof *items);
        items = made->items + made->n_own;
        made->n_own += n;
    }
    if (s->pieces) {
        const struct finding_piece *last = made->n_pieces ? &s->pieces[made->n_pieces - 1] : NULL;
        if (!last || last->items + (made->n - last->first) != items)
            s->pieces[made->n_pieces++] = (struct finding_piece){items, made->n};
    }
    made->n += n;
}

/* Those from place `first` to before `end`. */
static void put_places(struct splicing *s, const struct finding_list *list, uint32_t first,
                       uint32_t end)
{
    const struct finding_list *base = list->base ? list->base : list;
    uint32_t n;
    for (uint32_t k = first; k < end; k += n) {
        const struct finding *run = finding_list_run(list, k, &n);
        bool of_base = run >= base->items && run < base->items + base->n_own;
        n = n < end - k ? n : end - k;
        put(s, run, n, !s->pieces || !of_base);
    }
}

void finding_list_copy_facts(struct finding_list *to, const struct finding_list *from)
{
    to->n_judged = from->n_judged;
    to->reach_m = from->reach_m;
    memcpy(to->target_reach_m, from->target_reach_m, sizeof from->target_reach_m);
    to->coarse_radius_m = from->coarse_radius_m;
    to->coarse_cell_m = from->coarse_cell_m;
}

static bool becomes_whole(const struct finding_list *list, uint32_t n_added)
{
    const struct finding_list *base = list->base ? list->base : list;
    uint32_t n_own = (list->base ? list->n_own : 0) + n_added;
    uint32_t n_pieces = list->n_pieces + 2;
    return list->n <= WHOLE_MOST || n_own > OWN_MOST ||
           n_pieces > PIECES_LEAST + base->n % PIECES_SPREAD;
}

struct finding_list *finding_list_splice(struct finding_list *list, uint32_t first, uint32_t n_gone,
                                         const struct finding *added, uint32_t n_added)
{
    bool whole = becomes_whole(list, n_added);
    uint32_t n_undecided = list->n_undecided;
    size_t n_own = (whole ? list->n - n_gone : list->base ? list->n_own : 0) + (size_t)n_added;
    struct splicing s = {.made = list_with_room(NULL, n_own, whole ? 0 : list->n_pieces + 3)};
    if (!s.made)
        return NULL;
    if (!whole)
        s.pieces = (struct finding_piece *)(void *)(s.made->items + n_own);
    put_places(&s, list, 0, first);
    put(&s, added, n_added, true);
    put_places(&s, list, first + n_gone, list->n);
    for (uint32_t k = first; k < first + n_gone; k++)
        n_undecided -= finding_list_at(list, k)->verdict == VERDICT_UNDECIDED;
    s.made->n_undecided = n_undecided + undecided_of(added, n_added);
    finding_list_copy_facts(s.made, list);
    if (s.pieces && s.made->n_pieces > 0) {
        s.made->pieces = s.pieces;
        s.made->base = finding_list_acquire(list->base ? list->base : list);
    }
    return s.made;
}
