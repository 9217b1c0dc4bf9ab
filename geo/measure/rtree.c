#include "geo/measure/rtree.h"

#include "geo/measure/ellipsoid.h"
#include "geo/measure/hilbert.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    NODE_ENTRIES = 16,  /* the boxes of a node fill 8 cache lines, read ahead of need */
    LARGEST_HEIGHT = 8, /* 16^8 entries are all that 32 bits count */
};

/* One array a side: 16 comparisons in a row are what a compiler turns into wide ones. Unused
 * entries have empty boxes. */
struct rtree_node {
    double west[NODE_ENTRIES];
    double south[NODE_ENTRIES];
    double east[NODE_ENTRIES];
    double north[NODE_ENTRIES];
    uint32_t child[NODE_ENTRIES]; /* item of a leaf, else node */
};

static struct box entry_box(const struct rtree_node *node, int i)
{
    return (struct box){node->west[i], node->south[i], node->east[i], node->north[i]};
}

static void set_entry(struct rtree_node *node, int i, struct box box, uint32_t child)
{
    node->west[i] = box.west_deg;
    node->south[i] = box.south_deg;
    node->east[i] = box.east_deg;
    node->north[i] = box.north_deg;
    node->child[i] = child;
}

static struct box node_box(const struct rtree_node *node)
{
    struct box box = box_empty();
    for (int i = 0; i < NODE_ENTRIES; i++)
        box = box_union(box, entry_box(node, i));
    return box;
}

/* ---- building ---- */

static uint32_t nodes_for(uint32_t n)
{
    return n / NODE_ENTRIES + (n % NODE_ENTRIES != 0);
}

static void fill_leaves(struct rtree_node *nodes, uint32_t n_leaves, const struct box *boxes,
                        const uint32_t *order, uint32_t n)
{
    for (uint32_t leaf = 0; leaf < n_leaves; leaf++)
        for (int i = 0; i < NODE_ENTRIES; i++) {
            uint32_t at = leaf * NODE_ENTRIES + (uint32_t)i;
            bool used = at < n;
            set_entry(&nodes[leaf], i, used ? boxes[order[at]] : box_empty(), used ? order[at] : 0);
        }
}

/* Levels above the leaves, each from the one below. */
static void fill_branches(struct rtree_node *nodes, uint32_t n_leaves)
{
    uint32_t from = 0;
    uint32_t count = n_leaves;
    while (count > 1) {
        uint32_t to = from + count;
        uint32_t n_above = nodes_for(count);
        for (uint32_t at = 0; at < n_above * NODE_ENTRIES; at++) {
            bool used = at < count;
            set_entry(&nodes[to + at / NODE_ENTRIES], (int)(at % NODE_ENTRIES),
                      used ? node_box(&nodes[from + at]) : box_empty(), used ? from + at : 0);
        }
        from = to;
        count = n_above;
    }
}

/* The middle of an infinite box is anywhere. */
static double middle_of(double middle_deg)
{
    return isfinite(middle_deg) ? middle_deg : 0;
}

enum err_code rtree_build(const struct box *boxes, uint32_t n, struct arena *arena,
                          struct rtree *out, struct err *err)
{
    *out = (struct rtree){0};
    uint32_t n_nodes = 0;
    for (uint32_t count = nodes_for(n); count > 0; count = count > 1 ? nodes_for(count) : 0)
        n_nodes += count;
    /* Room for all n, though some may have no box: the nodes must stand before the scratch
     * memory that is given back. */
    struct rtree_node *nodes = arena_new(arena, struct rtree_node, n_nodes);
    struct arena_mark mark = arena_mark(arena);
    struct lonlat *centres = arena_new(arena, struct lonlat, n);
    if (!nodes || !centres)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        double lon_deg = (boxes[i].west_deg + boxes[i].east_deg) / 2;
        double lat_deg = (boxes[i].south_deg + boxes[i].north_deg) / 2;
        bool none = box_is_empty(boxes[i]);
        centres[i] = (struct lonlat){none ? (double)NAN : middle_of(lon_deg),
                                     none ? (double)NAN : middle_of(lat_deg)};
    }
    uint32_t *order;
    uint32_t n_items;
    enum err_code code = hilbert_order(centres, n, arena, &order, &n_items, err);
    if (code != ERR_OK)
        return code;
    uint32_t n_leaves = nodes_for(n_items);
    fill_leaves(nodes, n_leaves, boxes, order, n_items);
    fill_branches(nodes, n_leaves);
    n_nodes = 0;
    for (uint32_t count = n_leaves; count > 0; count = count > 1 ? nodes_for(count) : 0)
        n_nodes += count;
    *out = (struct rtree){n_items, n_leaves, n_nodes, nodes};
    arena_rewind(arena, mark);
    return ERR_OK;
}

/* ---- searching ---- */

/* Two doubles at once, and what comparing them gives: all bits or none. */
typedef double pair __attribute__((vector_size(16)));
typedef int64_t pair_mask __attribute__((vector_size(16)));

static inline pair pair_at(const double *numbers)
{
    pair at;
    memcpy(&at, numbers, sizeof at);
    return at;
}

/* Bit i: entry i touches box. */
static unsigned touching(const struct rtree_node *node, struct box box)
{
    pair west = {box.west_deg, box.west_deg};
    pair south = {box.south_deg, box.south_deg};
    pair east = {box.east_deg, box.east_deg};
    pair north = {box.north_deg, box.north_deg};
    pair_mask bits = {1, 2};
    pair_mask mask = {0, 0};
    for (int i = 0; i < NODE_ENTRIES; i += 2) {
        mask |= bits & (pair_at(node->west + i) <= east) & (west <= pair_at(node->east + i)) &
                (pair_at(node->south + i) <= north) & (south <= pair_at(node->north + i));
        bits <<= 2;
    }
    return (unsigned)(mask[0] | mask[1]);
}

/* Nodes yet to look into. Depth first: at most 15 wait on each level. */
struct pending {
    uint32_t nodes[LARGEST_HEIGHT * NODE_ENTRIES];
    int n;
};

void rtree_search(const struct rtree *tree, struct box box, void *context,
                  bool (*visit)(void *context, uint32_t item))
{
    if (tree->n_nodes == 0 || box_is_empty(box)) /* NaN is empty too */
        return;
    /* What has no box is kept with one from +infinity to -infinity, which an infinite one would
     * find. */
    box = (struct box){fmax(box.west_deg, -DBL_MAX), fmax(box.south_deg, -DBL_MAX),
                       fmin(box.east_deg, DBL_MAX), fmin(box.north_deg, DBL_MAX)};
    struct pending pending = {.nodes = {tree->n_nodes - 1}, .n = 1};
    while (pending.n > 0) {
        uint32_t index = pending.nodes[--pending.n];
        const struct rtree_node *node = &tree->nodes[index];
        unsigned mask = touching(node, box);
        if (index >= tree->n_leaves) {
            for (int i = NODE_ENTRIES - 1; i >= 0; i--)
                if (mask >> i & 1)
                    pending.nodes[pending.n++] = node->child[i];
            continue;
        }
        for (; mask; mask &= mask - 1)
            if (!visit(context, node->child[__builtin_ctz(mask)]))
                return;
    }
}

struct collector {
    struct arena *arena;
    uint32_t *items;
    size_t n;
    size_t capacity;
    bool failed;
};

static bool collect_one(void *context, uint32_t item)
{
    struct collector *collector = context;
    uint32_t *grown = arena_grow(collector->arena, collector->items, &collector->capacity,
                                 collector->n + 1, sizeof *grown);
    if (!grown) {
        collector->failed = true;
        return false;
    }
    collector->items = grown;
    collector->items[collector->n++] = item;
    return true;
}

/* Most answers are short: those are sorted where they are. */
static void sort_few(uint32_t *items, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        uint32_t item = items[i];
        size_t at = i;
        for (; at > 0 && items[at - 1] > item; at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

/* By one byte of each, from `from` to `to`, equal ones in the order in which they come. */
static void sort_by_byte(const uint32_t *from, uint32_t *to, size_t n, int byte)
{
    size_t starts[257] = {0};
    for (size_t i = 0; i < n; i++)
        starts[(from[i] >> 8 * byte & 0xff) + 1]++;
    for (int value = 0; value < 256; value++)
        starts[value + 1] += starts[value];
    for (size_t i = 0; i < n; i++)
        to[starts[from[i] >> 8 * byte & 0xff]++] = from[i];
}

/* Byte by byte from the lowest, leaving out those that are the same in all. */
static enum err_code sort_items(uint32_t *items, size_t n, struct arena *arena, struct err *err)
{
    enum { SHORT = 48 };
    uint32_t differs = 0;
    if (n <= SHORT) {
        sort_few(items, n);
        return ERR_OK;
    }
    struct arena_mark mark = arena_mark(arena);
    uint32_t *spare = arena_new(arena, uint32_t, n);
    if (!spare)
        return err_nomem(err);
    uint32_t *from = items;
    uint32_t *to = spare;
    for (size_t i = 1; i < n; i++)
        differs |= items[i] ^ items[0];
    for (int byte = 0; byte < 4; byte++) {
        if ((differs >> 8 * byte & 0xff) == 0)
            continue;
        sort_by_byte(from, to, n, byte);
        uint32_t *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != items)
        memcpy(items, from, n * sizeof *items);
    arena_rewind(arena, mark);
    return ERR_OK;
}

enum err_code rtree_collect(const struct rtree *tree, struct box box, struct arena *arena,
                            uint32_t **items, size_t *n, struct err *err)
{
    struct collector collector = {.arena = arena};
    rtree_search(tree, box, &collector, collect_one);
    *items = collector.items;
    *n = collector.n;
    return collector.failed ? err_nomem(err) : sort_items(*items, *n, arena, err);
}

/* ---- nearest ---- */

static const double RAD = M_PI / 180;

/* Cosine and sine from below, by Taylor sums that end with a negative term: cheap, and what
 * stays below the truth may be used as a bound. For 0 <= x <= pi / 2. */
static double cosine_below(double x)
{
    double x2 = x * x;
    return max_of(0, 1 - x2 * (0.5 - x2 * (1.0 / 24 - x2 / 720)));
}

static double sine_below(double x)
{
    double x2 = x * x;
    return x * (1 - x2 * (1.0 / 6 - x2 * (1.0 / 120 - x2 / 5040)));
}

/* Radius of the smallest parallel that meets the box, from below, m. */
static double smallest_parallel_m(struct box box)
{
    double lat = min_of(max_of(fabs(box.south_deg), fabs(box.north_deg)), 90) * RAD;
    double sine = sine_below(lat);
    return ELLIPSOID_A_M * cosine_below(lat) * (1 + ELLIPSOID_E2 / 2 * sine * sine);
}

/* Degrees from one interval of longitudes to the other, the shorter way round. */
static double lon_gap_deg(struct box a, struct box b)
{
    double widths = (a.east_deg - a.west_deg) + (b.east_deg - b.west_deg);
    double eastwards = b.west_deg - a.east_deg;
    if (!(eastwards >= 0 && eastwards < 360))
        eastwards -= 360 * floor(eastwards / 360);
    return max_of(0, min_of(eastwards, 360 - eastwards - widths));
}

/* Lower bound of the chord between a point of a and a point of b, m. a_parallel_m is
 * smallest_parallel_m(a). Two points on parallels of radius p and q, dlon apart, have the
 * squared chord (p - q)^2 + dz^2 + 4 p q sin^2(dlon / 2); the first two terms are the
 * squared chord of a meridian's arc. */
static double chord_below_m(struct box a, double a_parallel_m, struct box b)
{
    double south = max_of(a.south_deg, b.south_deg);
    double north = min_of(a.north_deg, b.north_deg);
    double lon_deg = lon_gap_deg(a, b);
    double chord2 = 0;
    if (lon_deg > 0) {
        double sine = sine_below(lon_deg / 2 * RAD);
        chord2 += 4 * a_parallel_m * smallest_parallel_m(b) * sine * sine;
    }
    if (south > north) { /* the gap runs from north to south */
        double lowest = north > 0 ? north : south < 0 ? -south : 0;
        double sine = sine_below(lowest * RAD);
        double radius_m =
            ELLIPSOID_A_M * (1 - ELLIPSOID_E2) * (1 + 1.5 * ELLIPSOID_E2 * sine * sine);
        double meridian_m = 2 * radius_m * sine_below((south - north) / 2 * RAD);
        chord2 += meridian_m * meridian_m;
    }
    return sqrt(chord2);
}

double rtree_box_distance_m(struct box a, struct box b)
{
    if (box_is_empty(a) || box_is_empty(b))
        return INFINITY;
    return ellipsoid_shortest_arc_m(chord_below_m(a, smallest_parallel_m(a), b));
}

struct waiting {
    double at_least_m;
    uint32_t index;
    bool is_item;
};

/* Binary heap, least first. */
struct heap {
    struct arena *arena;
    struct waiting *all;
    size_t n;
    size_t capacity;
};

/* Nodes go before items at the same bound, so that items of equal bound come out by item
 * however they were packed. */
static bool goes_before(const struct waiting *a, const struct waiting *b)
{
    if (a->at_least_m != b->at_least_m)
        return a->at_least_m < b->at_least_m;
    if (a->is_item != b->is_item)
        return !a->is_item;
    return a->index < b->index;
}

static bool heap_push(struct heap *heap, struct waiting one)
{
    struct waiting *all =
        arena_grow(heap->arena, heap->all, &heap->capacity, heap->n + 1, sizeof *all);
    if (!all)
        return false;
    heap->all = all;
    size_t at = heap->n++;
    while (at > 0 && goes_before(&one, &all[(at - 1) / 2])) {
        all[at] = all[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    all[at] = one;
    return true;
}

static struct waiting heap_pop(struct heap *heap)
{
    struct waiting *all = heap->all;
    struct waiting least = all[0];
    struct waiting last = all[--heap->n];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= heap->n)
            break;
        if (child + 1 < heap->n && goes_before(&all[child + 1], &all[child]))
            child++;
        if (!goes_before(&all[child], &last))
            break;
        all[at] = all[child];
        at = child;
    }
    all[at] = last;
    return least;
}

enum err_code rtree_nearest(const struct rtree *tree, struct box from, struct arena *scratch,
                            void *context,
                            bool (*visit)(void *context, uint32_t item, double at_least_m),
                            struct err *err)
{
    if (tree->n_nodes == 0 || box_is_empty(from))
        return ERR_OK;
    /* Most queries never need more; what does goes to the arena and stays there, because
     * visit may allocate from the same arena. */
    struct waiting first[512];
    struct heap heap = {scratch, first, 0, sizeof first / sizeof first[0]};
    double parallel_m = smallest_parallel_m(from);
    bool room = heap_push(&heap, (struct waiting){0, tree->n_nodes - 1, false});
    while (room && heap.n > 0) {
        struct waiting least = heap_pop(&heap);
        if (least.is_item) {
            if (!visit(context, least.index, least.at_least_m))
                break;
            continue;
        }
        const struct rtree_node *node = &tree->nodes[least.index];
        for (int i = 0; i < NODE_ENTRIES && room; i++) {
            struct box box = entry_box(node, i);
            if (box_is_empty(box))
                break;
            double chord_m = chord_below_m(from, parallel_m, box);
            /* Never under its node's bound, not even by rounding. */
            double at_least_m = max_of(least.at_least_m, ellipsoid_shortest_arc_m(chord_m));
            room = heap_push(
                &heap, (struct waiting){at_least_m, node->child[i], least.index < tree->n_leaves});
        }
    }
    return room ? ERR_OK : err_nomem(err);
}
