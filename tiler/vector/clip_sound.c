/*
 * clip_sound.c - whether rings are valid as they are.
 *
 * Most are simple beyond doubt, which one pass tells; of others every pair of edges that may meet
 * is looked at. Rings that were valid before they were cut need a look only at edges that are new.
 */
#include "tiler/vector/clip_private.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_NEW = 32 }; /* edges that are looked at one by one */

/* One of the two ways along a ring from its least point to its greatest. */
struct way {
    const struct mvt_point *points;
    size_t n, at; /* of the ring; of the next vertex */
    size_t left;  /* vertices still ahead */
    bool back;
    struct mvt_point last; /* passed */
};

static struct mvt_point ahead(const struct way *way)
{
    return way->points[way->at];
}

static void pass(struct way *way)
{
    way->last = way->points[way->at];
    if (way->back)
        way->at = way->at == 0 ? way->n - 1 : way->at - 1;
    else
        way->at = way->at + 1 == way->n ? 0 : way->at + 1;
    way->left--;
}

/* Passes all vertices at x; false: they go up and down again, or the way turns back before x.
 * extreme: the greatest y of them if `greatest`, else the least. */
static bool pass_column(struct way *way, int32_t x, bool greatest, int32_t *extreme)
{
    int32_t direction = 0;
    bool first = true;
    while (way->left > 0 && ahead(way).x <= x) {
        struct mvt_point p = ahead(way);
        int32_t step = first ? 0 : p.y - way->last.y;
        if (p.x < x || (!first && step == 0) || (int64_t)step * direction < 0)
            return false;
        direction = step ? step : direction;
        *extreme = first || (greatest ? p.y > *extreme : p.y < *extreme) ? p.y : *extreme;
        first = false;
        pass(way);
    }
    return true;
}

/* The vertices at the next x: whether the lower way lies below the upper one there. */
static bool stays_below(struct way *lower, struct way *upper)
{
    struct mvt_point low = lower->last, high = upper->last;
    int32_t low_x = ahead(lower).x, high_x = ahead(upper).x, x = low_x < high_x ? low_x : high_x;
    int32_t low_y = 0, high_y = 0;
    struct mvt_point low_next = ahead(lower), high_next = ahead(upper);
    if (!pass_column(lower, x, true, &low_y) || !pass_column(upper, x, false, &high_y))
        return false;
    if (low_x == high_x)
        return low_y < high_y;
    return low_x == x ? clip_side(high, high_next, (struct mvt_point){x, low_y}) < 0
                      : clip_side(low, low_next, (struct mvt_point){x, high_y}) > 0;
}

bool clip_is_plain(const struct mvt_point *p, size_t n)
{
    size_t low = 0, high = 0;
    for (size_t i = 1; i < n; i++) {
        low = clip_order(p[i], p[low]) < 0 ? i : low;
        high = clip_order(p[i], p[high]) > 0 ? i : high;
    }
    if (n < 3 || p[low].x == p[high].x)
        return false;
    size_t n_lower = (high + n - low) % n;
    struct way lower = {.points = p, .n = n, .at = low, .left = n_lower + 1};
    struct way upper = {.points = p, .n = n, .at = low, .left = n - n_lower + 1, .back = true};
    int32_t low_y, high_y, west = p[low].x, east = p[high].x;
    /* At its least x only the upper way may go up, at its greatest only the lower one. */
    pass(&lower);
    if (ahead(&lower).x == west || !pass_column(&upper, west, false, &high_y))
        return false;
    while (ahead(&lower).x < east || ahead(&upper).x < east)
        if (!stays_below(&lower, &upper))
            return false;
    return upper.left == 1 && pass_column(&lower, east, true, &low_y) && lower.left == 0;
}

/* ---- pairs of edges ---- */

bool clip_is_within(const struct clip_edge *e, struct mvt_point p)
{
    return clip_side(e->a, e->b, p) == 0 && p.x >= clip_least(e->a.x, e->b.x) &&
           p.x <= clip_most(e->a.x, e->b.x) && p.y >= clip_least(e->a.y, e->b.y) &&
           p.y <= clip_most(e->a.y, e->b.y);
}

/* 1: they cross; 0: an end of one lies on the other; -1: neither. */
int clip_meeting(const struct clip_edge *e, const struct clip_edge *f)
{
    int64_t fa = clip_side(e->a, e->b, f->a), fb = clip_side(e->a, e->b, f->b);
    if ((fa > 0 && fb > 0) || (fa < 0 && fb < 0))
        return -1;
    int64_t ea = clip_side(f->a, f->b, e->a), eb = clip_side(f->a, f->b, e->b);
    if ((ea > 0 && eb > 0) || (ea < 0 && eb < 0))
        return -1;
    return fa != 0 && fb != 0 && ea != 0 && eb != 0;
}

/* Goes on while the two do not touch but where one follows the other. */
static bool is_clear(struct clip *clip, const struct clip_edge *edges, uint32_t i, uint32_t j)
{
    const struct clip_edge *e = &edges[i], *f = &edges[j];
    (void)clip;
    int how = clip_meeting(e, f);
    if (how != 0)
        return how < 0;
    if (e->next == j || f->next == i) {
        const struct clip_edge *first = e->next == j ? e : f, *second = e->next == j ? f : e;
        if (e->next == j && f->next == i)
            return false; /* two edges there and back */
        return !clip_is_within(first, second->b) && !clip_is_within(second, first->a);
    }
    return !clip_is_within(e, f->a) && !clip_is_within(e, f->b) && !clip_is_within(f, e->a) &&
           !clip_is_within(f, e->b);
}

/* The edges of all rings, in their order. */
static struct clip_edge *list_edges(struct clip *clip)
{
    struct clip_scratch *s = clip->scratch;
    const struct clip_found *found = s->found.items;
    s->edges.n = 0;
    struct clip_edge *edges = clip_more(clip, &s->edges, s->rings.n, sizeof *edges);
    size_t n = 0;
    s->edges.n = edges ? s->rings.n : 0;
    for (size_t r = 0; edges && r < s->found.n; r++) {
        const struct mvt_point *ring = (const struct mvt_point *)s->rings.items + found[r].first;
        size_t n_ring = found[r].n, start = n;
        for (size_t i = 0; i < n_ring; i++, n++) {
            bool last = i + 1 == n_ring;
            edges[n] = (struct clip_edge){.a = ring[i],
                                          .b = ring[last ? 0 : i + 1],
                                          .net = 1,
                                          .next = (uint32_t)(last ? start : n + 1)};
        }
    }
    return edges;
}

/* Whether the edges that cutting made touch no others. */
static bool new_are_clear(struct clip *clip, const struct clip_edge *edges, size_t n)
{
    uint32_t new[MOST_NEW], n_new = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!clip_on_border(clip, edges[i].a) && !clip_on_border(clip, edges[i].b))
            continue;
        if (n_new == MOST_NEW)
            return clip_each_pair(clip, edges, n, is_clear);
        new[n_new++] = i;
    }
    for (uint32_t k = 0; k < n_new; k++)
        for (uint32_t i = 0; i < n; i++)
            if (i != new[k] && clip_boxes_touch(&edges[i], &edges[new[k]]) &&
                !is_clear(clip, edges, new[k], i))
                return false;
    return true;
}

/* Whether outside of each outer ring is outside of all, and outside of each hole is inside. */
static bool lie_rightly(const struct clip *clip)
{
    const struct clip_scratch *s = clip->scratch;
    const struct clip_found *found = s->found.items;
    for (size_t r = 0; r < s->found.n; r++) {
        const struct mvt_point *ring = (const struct mvt_point *)s->rings.items + found[r].first;
        struct mvt_point least = ring[0];
        for (size_t i = 1; i < found[r].n; i++)
            least = clip_order(ring[i], least) < 0 ? ring[i] : least;
        if (clip_winding_left_of(clip, least) != (found[r].area2 > 0 ? 0 : 1))
            return false;
    }
    return true;
}

bool clip_rings_are_sound(struct clip *clip)
{
    struct clip_scratch *s = clip->scratch;
    const struct clip_found *found = s->found.items;
    if (s->found.n == 0)
        return true;
    if (s->found.n == 1 && found->area2 < 0)
        return false;
    if (!clip->were_sound && s->found.n == 1 && clip_is_plain(s->rings.items, found->n))
        return true;
    const struct clip_edge *edges = list_edges(clip);
    if (!edges)
        return true;
    s->n_pairs = 0;
    if (clip->were_sound)
        return new_are_clear(clip, edges, s->rings.n);
    return clip_each_pair(clip, edges, s->rings.n, is_clear) &&
           (s->found.n == 1 || lie_rightly(clip));
}

bool clip_are_sound(struct clip *clip, const struct mvt_point *points, const size_t *ends,
                    size_t n_rings)
{
    clip_begin(clip);
    for (size_t i = 0, start = 0; i < n_rings; start = ends[i++]) {
        size_t n = ends[i] - start;
        struct mvt_point *ring = clip_more(clip, &clip->scratch->ring, n, sizeof *ring);
        if (!ring || n < 3)
            return false;
        memcpy(ring, points + start, n * sizeof *ring);
        clip->scratch->ring.n = n;
        clip_keep(clip);
        const struct clip_found *found = clip->scratch->found.items;
        if (clip->scratch->found.n != i + 1 || found[i].n != n)
            return false; /* without area, or with a spike */
    }
    return clip_rings_are_sound(clip) && !clip->failed;
}
