/*
 * clip_faces.c - rings from edges that meet at their ends only: the outline of all places that
 * the edges wind round more often in the one direction than in the other.
 *
 * Every edge is two halves, one for each of its sides. Round a place, the halves that leave it are
 * sorted by angle; from one to the next the winding number changes by what the next one counts.
 * A ring follows its inside: where it comes to a place it leaves by the next half, turning right,
 * that has outside on its other side, so that parts that touch at a place come out apart. A place
 * that a ring passes twice ends a ring of its own there.
 */
#include "tiler/vector/clip_private.h"

#include <stdlib.h>

enum { NOT_ON_TRACK = -1 };

/* One side of an edge, from the place that it leaves. */
struct half {
    struct mvt_point from, to;
    int32_t net;     /* how often it is gone along, less how often it is come back */
    int32_t winding; /* on its left (y up) */
    uint32_t edge;   /* edges come as pairs of halves */
    uint32_t first;  /* of those that leave the same place */
    uint32_t twin;   /* the other half */
    int32_t at;      /* of the first of a place: where the track passes it */
    bool known, forth, used;
};

struct faces {
    struct clip *clip;
    struct half *halves;
    size_t n;
    uint32_t *stack; /* room for 2 n + 2 */
    size_t depth;
};

/* Halves that leave a place are sorted from straight down, excluded, turning left (y up). */
static bool leads_back(const struct half *half)
{
    return half->to.x < half->from.x || (half->to.x == half->from.x && half->to.y < half->from.y);
}

static int by_angle(const void *a, const void *b)
{
    const struct half *p = a, *q = b;
    int place = clip_order(p->from, q->from);
    if (place)
        return place;
    bool p_back = leads_back(p), q_back = leads_back(q);
    if (p_back != q_back)
        return p_back ? 1 : -1;
    int64_t side = clip_side(p->from, p->to, q->to);
    return side > 0 ? -1 : side < 0;
}

static bool make_halves(struct faces *faces)
{
    struct clip_scratch *s = faces->clip->scratch;
    const struct clip_edge *edges = s->edges.items;
    size_t n = 2 * s->edges.n;
    s->halves.n = s->stack.n = 0;
    faces->halves = clip_more(faces->clip, &s->halves, n, sizeof *faces->halves);
    faces->stack = clip_more(faces->clip, &s->stack, 2 * n + 2, sizeof *faces->stack);
    if (!faces->halves || !faces->stack)
        return false;
    faces->n = n;
    for (size_t i = 0; i < s->edges.n; i++) {
        const struct clip_edge *e = &edges[i];
        faces->halves[2 * i] = (struct half){
            .from = e->a, .to = e->b, .net = e->net, .edge = (uint32_t)i, .forth = true};
        faces->halves[2 * i + 1] =
            (struct half){.from = e->b, .to = e->a, .net = -e->net, .edge = (uint32_t)i};
    }
    qsort(faces->halves, n, sizeof *faces->halves, by_angle);
    uint32_t *seen = faces->stack; /* of each edge the half that came first */
    for (size_t i = 0; i < n / 2; i++)
        seen[i] = UINT32_MAX;
    for (uint32_t i = 0; i < n; i++) {
        struct half *half = &faces->halves[i];
        bool begins = i == 0 || clip_order(half[-1].from, half->from) != 0;
        half->first = begins ? i : half[-1].first;
        half->at = NOT_ON_TRACK;
        if (seen[half->edge] == UINT32_MAX) {
            seen[half->edge] = i;
        } else {
            half->twin = seen[half->edge];
            faces->halves[half->twin].twin = i;
        }
    }
    return true;
}

static bool is_last(const struct faces *faces, uint32_t i)
{
    return i + 1 == faces->n || faces->halves[i + 1].first != faces->halves[i].first;
}

/* The next half that leaves the same place, turning left. */
static uint32_t next_left(const struct faces *faces, uint32_t i)
{
    return is_last(faces, i) ? faces->halves[i].first : i + 1;
}

static uint32_t next_right(const struct faces *faces, uint32_t i)
{
    if (faces->halves[i].first != i)
        return i - 1;
    while (!is_last(faces, i))
        i++;
    return i;
}

/* ---- winding numbers ---- */

static void know(struct faces *faces, uint32_t i, int32_t winding)
{
    struct half *half = &faces->halves[i];
    if (half->known)
        return;
    half->known = true;
    half->winding = winding;
    faces->stack[faces->depth++] = i;
}

static void find_windings(struct faces *faces)
{
    for (uint32_t i = 0; i < faces->n; i++) {
        if (faces->halves[i].known)
            continue;
        uint32_t last =
            i; /* the place is the leftmost; left of its last half is what is left of it */
        while (!is_last(faces, last))
            last++;
        faces->depth = 0;
        know(faces, last, i == 0 ? 0 : clip_winding_left_of(faces->clip, faces->halves[i].from));
        while (faces->depth > 0) {
            uint32_t at = faces->stack[--faces->depth], left = next_left(faces, at);
            const struct half *half = &faces->halves[at];
            know(faces, half->twin, half->winding - half->net);
            know(faces, left, half->winding + faces->halves[left].net);
        }
    }
}

/* ---- rings ---- */

static bool is_outline(const struct faces *faces, uint32_t i)
{
    const struct half *half = &faces->halves[i];
    return half->winding > 0 && faces->halves[half->twin].winding <= 0;
}

/* The places from `start` of the stack on, as a ring. */
static void emit(struct faces *faces, size_t start)
{
    struct clip_list *ring = &faces->clip->scratch->ring;
    size_t n = faces->depth - start;
    ring->n = 0;
    struct mvt_point *room = clip_more(faces->clip, ring, n, sizeof *room);
    if (!room)
        return;
    for (size_t i = 0; i < n; i++)
        room[i] = faces->halves[faces->stack[start + i]].from;
    ring->n = n;
    clip_keep(faces->clip);
}

static void follow(struct faces *faces, uint32_t start)
{
    uint32_t at = start;
    faces->depth = 0;
    do {
        struct half *half = &faces->halves[at], *place = &faces->halves[half->first];
        half->used = true;
        if (place->at != NOT_ON_TRACK) { /* back again: what lies between is a ring */
            size_t since = (size_t)place->at;
            emit(faces, since);
            while (faces->depth > since)
                faces->halves[faces->halves[faces->stack[--faces->depth]].first].at = NOT_ON_TRACK;
        }
        place->at = (int32_t)faces->depth;
        faces->stack[faces->depth++] = at;
        at = next_right(faces, half->twin);
        while (!is_outline(faces, at))
            at = next_right(faces, at);
    } while (at != start);
    emit(faces, 0);
    while (faces->depth > 0)
        faces->halves[faces->halves[faces->stack[--faces->depth]].first].at = NOT_ON_TRACK;
}

void clip_faces(struct clip *clip)
{
    struct clip_scratch *s = clip->scratch;
    struct faces faces = {.clip = clip};
    s->rings.n = s->found.n = 0;
    if (!make_halves(&faces))
        return;
    find_windings(&faces);
    for (uint32_t i = 0; i < faces.n && !clip->failed; i++)
        if (!faces.halves[i].used && is_outline(&faces, i))
            follow(&faces, i);
}
