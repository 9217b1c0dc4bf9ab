/*
 * clip_border.c - rings that were cut, taken apart along the border and put together anew.
 *
 * A ring that was cut is a loop of chains inside of the box and of stretches along its border,
 * which may run back and forth over each other. Stretches that cancel are struck out; as many
 * lines still leave each place as come in, so that what is left closes into rings again.
 */
#include "tiler/vector/clip_private.h"

#include <stdlib.h>

/* Places on the border count clockwise from the north-west corner: north, east, south, west. */
static int64_t width_of(const struct clip *clip)
{
    return (int64_t)clip->high - clip->low;
}

/* -1: inside. */
static int64_t place_of(const struct clip *clip, int64_t x, int64_t y)
{
    int64_t w = width_of(clip);
    if (y == clip->low)
        return x - clip->low;
    if (x == clip->high)
        return w + (y - clip->low);
    if (y == clip->high)
        return 2 * w + (clip->high - x);
    if (x == clip->low)
        return 3 * w + (clip->high - y);
    return -1;
}

static struct mvt_point point_at(const struct clip *clip, int64_t place)
{
    int64_t w = width_of(clip);
    int32_t along = (int32_t)(place % w);
    switch (place / w % 4) {
    case 0:
        return (struct mvt_point){clip->low + along, clip->low};
    case 1:
        return (struct mvt_point){clip->high, clip->low + along};
    case 2:
        return (struct mvt_point){clip->high - along, clip->high};
    default:
        return (struct mvt_point){clip->low, clip->high - along};
    }
}

static bool on_one_side(const struct clip *clip, struct clip_point a, struct clip_point b)
{
    return (a.x == b.x && (a.x == clip->low || a.x == clip->high)) ||
           (a.y == b.y && (a.y == clip->low || a.y == clip->high));
}

/* ---- apart ---- */

static void add_stretch(struct clip *clip, struct clip_point a, struct clip_point b)
{
    struct clip_list *list = &clip->scratch->stretches;
    int64_t from = place_of(clip, a.x, a.y), to = place_of(clip, b.x, b.y), w = width_of(clip);
    struct clip_stretch *room = clip_more(clip, list, 1, sizeof *room);
    if (!room || from == to)
        return;
    /* The north-west corner ends the west side as well as it begins the north side. */
    if (from == 0 && a.x == b.x)
        from = 4 * w;
    if (to == 0 && a.x == b.x)
        to = 4 * w;
    *room = from < to ? (struct clip_stretch){from, to, 1} : (struct clip_stretch){to, from, -1};
    list->n++;
}

static bool add_inner(struct clip *clip, struct clip_point p)
{
    struct clip_list *inner = &clip->scratch->inner;
    struct mvt_point *room = clip_more(clip, inner, 1, sizeof *room);
    if (!room)
        return false;
    *room = (struct mvt_point){(int32_t)p.x, (int32_t)p.y};
    inner->n++;
    return true;
}

void clip_take_apart(struct clip *clip, const struct clip_point *points, size_t n)
{
    struct clip_scratch *s = clip->scratch;
    size_t start = 0;
    while (start < n && place_of(clip, points[start].x, points[start].y) < 0)
        start++;
    if (n < 3)
        return;
    if (start == n) { /* only what is cut off touched the border */
        clip_keep_whole(clip, points, n);
        return;
    }
    struct clip_chain chain = {.first = s->inner.n};
    bool open = false;
    for (size_t i = 0; i < n; i++) {
        struct clip_point a = points[(start + i) % n], b = points[(start + i + 1) % n];
        if (!open && on_one_side(clip, a, b)) {
            add_stretch(clip, a, b);
            continue;
        }
        if (!open) {
            chain = (struct clip_chain){.from = place_of(clip, a.x, a.y), .first = s->inner.n};
            open = add_inner(clip, a);
        }
        if (!add_inner(clip, b))
            return;
        int64_t place = place_of(clip, b.x, b.y);
        if (place < 0)
            continue;
        struct clip_chain *room = clip_more(clip, &s->chains, 1, sizeof *room);
        if (!room)
            return;
        chain.to = place;
        chain.n = s->inner.n - chain.first;
        *room = chain;
        s->chains.n++;
        open = false;
    }
}

/* ---- together ---- */

static int by_place(const void *a, const void *b)
{
    int64_t p = *(const int64_t *)a, q = *(const int64_t *)b;
    return p < q ? -1 : p > q;
}

static int by_start(const void *a, const void *b)
{
    const struct clip_chain *p = a, *q = b;
    if (p->from != q->from)
        return p->from < q->from ? -1 : 1;
    return p->first < q->first ? -1 : p->first > q->first;
}

/* The index of a node. */
static size_t node_of(const struct clip_scratch *s, int64_t place)
{
    const int64_t *nodes = s->nodes.items;
    size_t low = 0, high = s->nodes.n;
    while (low + 1 < high) {
        size_t middle = low + (high - low) / 2;
        if (nodes[middle] <= place)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Every place where a line may turn, ascending, from the corner at 0 to that corner again. */
static bool find_nodes(struct clip *clip)
{
    struct clip_scratch *s = clip->scratch;
    const struct clip_chain *chains = s->chains.items;
    const struct clip_stretch *stretches = s->stretches.items;
    size_t n = 0;
    s->nodes.n = s->nets.n = 0;
    int64_t *nodes =
        clip_more(clip, &s->nodes, 2 * (s->chains.n + s->stretches.n) + 5, sizeof *nodes);
    if (!nodes)
        return false;
    for (int64_t corner = 0; corner <= 4; corner++)
        nodes[n++] = corner * width_of(clip);
    for (size_t i = 0; i < s->chains.n; i++) {
        nodes[n++] = chains[i].from;
        nodes[n++] = chains[i].to;
    }
    for (size_t i = 0; i < s->stretches.n; i++) {
        nodes[n++] = stretches[i].from;
        nodes[n++] = stretches[i].to;
    }
    qsort(nodes, n, sizeof *nodes, by_place);
    for (size_t i = 0; i < n; i++)
        if (s->nodes.n == 0 || nodes[s->nodes.n - 1] != nodes[i])
            nodes[s->nodes.n++] = nodes[i];
    int32_t *nets = clip_more(clip, &s->nets, s->nodes.n, sizeof *nets);
    if (!nets)
        return false;
    for (size_t i = 0; i < s->nodes.n; i++)
        nets[i] = 0;
    for (size_t i = 0; i < s->stretches.n; i++) {
        nets[node_of(s, stretches[i].from)] += stretches[i].turns;
        nets[node_of(s, stretches[i].to)] -= stretches[i].turns;
    }
    for (size_t i = 1; i < s->nodes.n; i++)
        nets[i] += nets[i - 1];
    return true;
}

/* A chain that starts here and is not used yet; NULL: none. */
static struct clip_chain *chain_from(const struct clip_scratch *s, int64_t place)
{
    struct clip_chain *chains = s->chains.items;
    size_t low = 0, high = s->chains.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (chains[middle].from < place)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < s->chains.n && chains[low].from == place; low++)
        if (!chains[low].used)
            return &chains[low];
    return NULL;
}

/* Adds a chain but for its last point; gives where it ends. */
static int64_t follow(struct clip *clip, struct clip_chain *chain)
{
    struct clip_scratch *s = clip->scratch;
    const struct mvt_point *inner = s->inner.items;
    struct mvt_point *room = clip_more(clip, &s->ring, chain->n, sizeof *room);
    chain->used = true;
    for (size_t i = 0; room && i + 1 < chain->n; i++)
        room[i] = inner[chain->first + i];
    s->ring.n += room ? chain->n - 1 : 0;
    return chain->to;
}

/* One step along the border from a place; false: no stretch is left there. */
static bool step(struct clip *clip, int64_t *place)
{
    struct clip_scratch *s = clip->scratch;
    const int64_t *nodes = s->nodes.items;
    int32_t *nets = s->nets.items;
    size_t last = s->nodes.n - 1, at = node_of(s, *place), before = at == 0 ? last - 1 : at - 1;
    struct mvt_point *room = clip_more(clip, &s->ring, 1, sizeof *room);
    if (!room)
        return false;
    if (nets[at] > 0) {
        nets[at]--;
        *room = point_at(clip, *place);
        *place = at + 1 == last ? 0 : nodes[at + 1];
    } else if (nets[before] < 0) {
        nets[before]++;
        *room = point_at(clip, *place);
        *place = nodes[before];
    } else {
        return false;
    }
    s->ring.n++;
    return true;
}

static void close_ring(struct clip *clip, struct clip_chain *first)
{
    struct clip_scratch *s = clip->scratch;
    s->ring.n = 0;
    int64_t start = first->from, at = follow(clip, first);
    while (at != start && !clip->failed) {
        struct clip_chain *next = chain_from(s, at);
        if (next)
            at = follow(clip, next);
        else if (!step(clip, &at))
            break;
    }
    clip_keep(clip);
}

/* What runs along the border all the way round. */
static void close_box(struct clip *clip)
{
    struct clip_scratch *s = clip->scratch;
    const int32_t *nets = s->nets.items;
    bool forth = true, back = true;
    for (size_t i = 0; i + 1 < s->nodes.n; i++) {
        forth = forth && nets[i] > 0;
        back = back && nets[i] < 0;
    }
    if (!forth && !back)
        return;
    s->ring.n = 0;
    struct mvt_point *room = clip_more(clip, &s->ring, 4, sizeof *room);
    if (!room)
        return;
    for (int64_t i = 0; i < 4; i++)
        room[i] = point_at(clip, (forth ? i : 3 - i) * width_of(clip));
    s->ring.n = 4;
    clip_keep(clip);
}

void clip_put_together(struct clip *clip)
{
    struct clip_scratch *s = clip->scratch;
    if (s->chains.n + s->stretches.n == 0 || !find_nodes(clip))
        return;
    struct clip_chain *chains = s->chains.items;
    if (s->chains.n > 1)
        qsort(chains, s->chains.n, sizeof *chains, by_start);
    for (size_t i = 0; i < s->chains.n && !clip->failed; i++)
        if (!chains[i].used)
            close_ring(clip, &chains[i]);
    close_box(clip);
}
