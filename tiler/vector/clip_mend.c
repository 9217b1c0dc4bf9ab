/*
 * clip_mend.c - rings that rounding made cross or touch themselves, made valid again.
 *
 * The edges of all rings are cut where they meet until they meet at their ends only; a place where
 * two cross is rounded to the grid. Both parts of a cut edge lie in its box and in a smaller one,
 * so that the cutting ends. What rings wind round more often than not is inside (clip_faces.c).
 *
 * Shapes whose work would be beyond all measure are rounded to a coarser grid, and again, until it
 * is not: of so many edges most are then equal, and equal edges count as one.
 */
#include "tiler/vector/clip_private.h"

#include <stdlib.h>

enum {
    MOST_ROUNDS = 40,
    MOST_CUTS = 4 * 1000 * 1000, /* in a round: 100 MB */
    COARSEST = 12,               /* 2^12 units: the tile is two points wide */
    COARSER = 3,                 /* from one try to the next */
    /* Places handed to other shapes of the layer; of more, the rest stay where they are. */
    MOST_NODES = 4096,
};

static bool same(struct mvt_point a, struct mvt_point b)
{
    return a.x == b.x && a.y == b.y;
}

/* ---- cutting edges where they meet ---- */

static void add_cut(struct clip *clip, uint32_t edge, const struct clip_edge *e, struct mvt_point p)
{
    struct clip_list *cuts = &clip->scratch->cuts;
    if (same(p, e->a) || same(p, e->b))
        return;
    struct clip_cut *room = clip_more(clip, cuts, 1, sizeof *room);
    if (!room)
        return;
    clip->scratch->too_much = clip->scratch->too_much || cuts->n == MOST_CUTS;
    int64_t along =
        (int64_t)(p.x - e->a.x) * (e->b.x - e->a.x) + (int64_t)(p.y - e->a.y) * (e->b.y - e->a.y);
    *room = (struct clip_cut){edge, along, p};
    cuts->n++;
}

/* Rounds half up. */
static int32_t rounded(double value)
{
    int32_t whole = (int32_t)(value + 8192.5); /* positive in the tile and its surroundings */
    return whole - 8192;
}

/* Where two edges cross, on the grid, inside of both boxes. Doubles hold every product exactly, so
 * that only the division rounds. */
static struct mvt_point crossing(const struct clip_edge *e, const struct clip_edge *f)
{
    double fa = (double)clip_side(e->a, e->b, f->a), fb = (double)clip_side(e->a, e->b, f->b);
    double share = fa / (fa - fb);
    return (struct mvt_point){rounded(f->a.x + share * (f->b.x - f->a.x)),
                              rounded(f->a.y + share * (f->b.y - f->a.y))};
}

static bool cut_pair(struct clip *clip, const struct clip_edge *edges, uint32_t i, uint32_t j)
{
    const struct clip_edge *e = &edges[i], *f = &edges[j];
    int how = clip_meeting(e, f);
    if (how < 0)
        return true;
    if (how > 0) {
        struct mvt_point p = crossing(e, f);
        add_cut(clip, i, e, p);
        add_cut(clip, j, f, p);
        return !clip->failed && !clip->scratch->too_much;
    }
    if (clip_is_within(e, f->a))
        add_cut(clip, i, e, f->a);
    if (clip_is_within(e, f->b))
        add_cut(clip, i, e, f->b);
    if (clip_is_within(f, e->a))
        add_cut(clip, j, f, e->a);
    if (clip_is_within(f, e->b))
        add_cut(clip, j, f, e->b);
    return !clip->failed && !clip->scratch->too_much;
}

static int by_edge(const void *a, const void *b)
{
    const struct clip_cut *p = a, *q = b;
    if (p->edge != q->edge)
        return p->edge < q->edge ? -1 : 1;
    if (p->along != q->along)
        return p->along < q->along ? -1 : 1;
    return clip_order(p->at, q->at);
}

static int by_ends(const void *a, const void *b)
{
    const struct clip_edge *p = a, *q = b;
    int first = clip_order(p->a, q->a);
    return first ? first : clip_order(p->b, q->b);
}

/* Equal edges become one that counts for all; those that cancel go. */
static void combine(struct clip_list *list)
{
    struct clip_edge *edges = list->items;
    size_t n = 0;
    if (list->n > 1)
        qsort(edges, list->n, sizeof *edges, by_ends);
    for (size_t i = 0; i < list->n;) {
        struct clip_edge sum = edges[i++];
        for (; i < list->n && by_ends(&edges[i], &sum) == 0; i++)
            sum.net += edges[i].net;
        if (sum.net != 0)
            edges[n++] = sum;
    }
    list->n = n;
}

static void add_edge(struct clip_edge *edges, size_t *n, struct mvt_point a, struct mvt_point b,
                     int32_t net)
{
    int ordered = clip_order(a, b);
    if (ordered < 0)
        edges[(*n)++] = (struct clip_edge){.a = a, .b = b, .net = net};
    else if (ordered > 0)
        edges[(*n)++] = (struct clip_edge){.a = b, .b = a, .net = -net};
}

static int32_t coarse(const struct clip *clip, int32_t value, int32_t level)
{
    int32_t at = ((value - clip->low + (1 << level) / 2) >> level << level) + clip->low;
    return clip_least(at, clip->high);
}

/* The edges of all rings, on a grid of 2^level units. */
static bool gather(struct clip *clip, int32_t level)
{
    struct clip_scratch *s = clip->scratch;
    const struct clip_found *found = s->found.items;
    s->edges.n = 0;
    struct clip_edge *edges = clip_more(clip, &s->edges, s->rings.n, sizeof *edges);
    if (!edges)
        return false;
    for (size_t r = 0; r < s->found.n; r++) {
        const struct mvt_point *ring = (struct mvt_point *)s->rings.items + found[r].first;
        struct mvt_point before = {coarse(clip, ring[found[r].n - 1].x, level),
                                   coarse(clip, ring[found[r].n - 1].y, level)};
        for (size_t i = 0; i < found[r].n; i++) {
            struct mvt_point p = {coarse(clip, ring[i].x, level), coarse(clip, ring[i].y, level)};
            add_edge(edges, &s->edges.n, before, p, 1);
            before = p;
        }
    }
    combine(&s->edges);
    return true;
}

/* Each edge that is cut becomes its parts. */
static bool apply_cuts(struct clip *clip)
{
    struct clip_scratch *s = clip->scratch;
    struct clip_cut *cuts = s->cuts.items;
    qsort(cuts, s->cuts.n, sizeof *cuts, by_edge);
    /* The whole stays beside its parts, counting for nothing, until all are combined. */
    if (!clip_more(clip, &s->edges, 2 * s->cuts.n, sizeof(struct clip_edge)))
        return false;
    struct clip_edge *edges = s->edges.items;
    size_t n = s->edges.n;
    for (size_t i = 0; i < s->cuts.n;) {
        uint32_t id = cuts[i].edge;
        struct clip_edge whole = edges[id];
        struct mvt_point from = whole.a;
        edges[id].net = 0;
        for (; i < s->cuts.n && cuts[i].edge == id; i++) {
            add_edge(edges, &n, from, cuts[i].at, whole.net);
            from = cuts[i].at;
        }
        add_edge(edges, &n, from, whole.b, whole.net);
    }
    s->edges.n = n;
    combine(&s->edges);
    return true;
}

static void tell_news(struct clip *clip)
{
    const struct clip_cut *cuts = clip->scratch->cuts.items;
    struct clip_list *news = &clip->scratch->news;
    for (size_t i = 0; i < clip->scratch->cuts.n && news->n < MOST_NODES; i++) {
        if (clip_on_border(clip, cuts[i].at))
            continue;
        struct mvt_point *room = clip_more(clip, news, 1, sizeof *room);
        if (!room)
            return;
        *room = cuts[i].at;
        news->n++;
    }
}

/* Cuts until there is nothing to cut; false: too much, or no memory. */
static bool cut_all(struct clip *clip, int32_t level)
{
    struct clip_scratch *s = clip->scratch;
    for (int round = 0; round < MOST_ROUNDS; round++) {
        s->cuts.n = 0;
        s->too_much = false;
        if (!clip_each_pair(clip, s->edges.items, s->edges.n, cut_pair))
            return false;
        if (s->cuts.n == 0)
            return true;
        if (level == 0)
            tell_news(clip);
        if (!apply_cuts(clip))
            return false;
    }
    return false;
}

void clip_mend(struct clip *clip)
{
    if (clip->failed || clip_rings_are_sound(clip))
        return;
    for (int32_t level = 0; level <= COARSEST && !clip->failed; level += COARSER) {
        clip->scratch->n_pairs = 0;
        if (gather(clip, level) && cut_all(clip, level)) {
            clip_faces(clip);
            return;
        }
    }
    clip->scratch->found.n = 0;
}
