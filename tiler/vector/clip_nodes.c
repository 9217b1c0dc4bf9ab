/*
 * clip_nodes.c - places that edges of other shapes are led through, so that borders stay shared.
 */
#include "tiler/vector/clip_private.h"

#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 wide;

static int by_place(const void *a, const void *b)
{
    return clip_order(*(const struct mvt_point *)a, *(const struct mvt_point *)b);
}

bool clip_learn(struct clip *clip)
{
    struct clip_scratch *s = clip->scratch;
    size_t before = s->known.n, n = 0;
    if (s->news.n == 0)
        return false;
    struct mvt_point *room = clip_more(clip, &s->known, s->news.n, sizeof *room);
    if (!room)
        return false;
    memcpy(room, s->news.items, s->news.n * sizeof *room);
    s->known.n += s->news.n;
    s->news.n = 0;
    struct mvt_point *known = s->known.items;
    qsort(known, s->known.n, sizeof *known, by_place);
    for (size_t i = 0; i < s->known.n; i++)
        if (n == 0 || clip_order(known[n - 1], known[i]) != 0)
            known[n++] = known[i];
    s->known.n = n;
    return n > before;
}

void clip_forget(struct clip *clip)
{
    clip->scratch->known.n = clip->scratch->news.n = 0;
}

/* The first node that is not left of x. */
static size_t first_from(const struct clip_scratch *s, int64_t x)
{
    const struct mvt_point *known = s->known.items;
    size_t low = 0, high = s->known.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (known[middle].x < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whether the edge passes the square of one unit round the node, and the node is none of its ends.
 * along: how far on, in units of no meaning. */
static bool passes(struct clip_point a, struct clip_point b, struct mvt_point p, wide *along)
{
    int64_t dx = b.x - a.x, dy = b.y - a.y, px = p.x - a.x, py = p.y - a.y;
    if (p.y < (a.y < b.y ? a.y : b.y) || p.y > (a.y < b.y ? b.y : a.y) || (px == 0 && py == 0) ||
        (px == dx && py == dy))
        return false;
    wide off = (wide)dx * py - (wide)dy * px;
    *along = (wide)dx * px + (wide)dy * py;
    return (off < 0 ? -off : off) * 2 <= llabs(dx) + llabs(dy);
}

/* Adds the nodes that the edge passes, in order from a; both directions of an edge pass the same.
 */
static void add_nodes(struct clip *clip, struct clip_point a, struct clip_point b)
{
    struct clip_scratch *s = clip->scratch;
    const struct mvt_point *known = s->known.items;
    int64_t west = a.x < b.x ? a.x : b.x, east = a.x < b.x ? b.x : a.x;
    size_t start = s->bent.n;
    for (size_t i = first_from(s, west); i < s->known.n && known[i].x <= east; i++) {
        wide along, other;
        if (!passes(a, b, known[i], &along))
            continue;
        struct clip_point *room = clip_more(clip, &s->bent, 1, sizeof *room);
        if (!room)
            return;
        struct clip_point *all = s->bent.items;
        size_t at = s->bent.n++;
        for (; at > start; at--) { /* few: put in its place one by one */
            struct mvt_point before = {(int32_t)all[at - 1].x, (int32_t)all[at - 1].y};
            if (!passes(a, b, before, &other) || other <= along)
                break;
            all[at] = all[at - 1];
        }
        all[at] = (struct clip_point){known[i].x, known[i].y};
    }
}

const struct clip_point *clip_bend(struct clip *clip, const struct clip_point *points, size_t n,
                                   bool closed, size_t *n_out)
{
    struct clip_scratch *s = clip->scratch;
    s->bent.n = 0;
    if (s->known.n == 0)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        struct clip_point *room = clip_more(clip, &s->bent, 1, sizeof *room);
        if (!room)
            return NULL;
        *room = points[i];
        s->bent.n++;
        if (i + 1 < n || closed)
            add_nodes(clip, points[i], points[i + 1 < n ? i + 1 : 0]);
    }
    *n_out = s->bent.n;
    return s->bent.n > n && !clip->failed ? s->bent.items : NULL;
}
