/*
 * clip_private.h - what clip.c (cuts) and clip_border.c (puts together) share.
 */
#ifndef SISETU_TILER_CLIP_PRIVATE_H
#define SISETU_TILER_CLIP_PRIVATE_H

#include "tiler/vector/clip.h"

/* An array that grows; items of one size. */
struct clip_list {
    void *items;
    size_t n, room;
};

/* A run of edges inside of the box from one place of its border to another. */
struct clip_chain {
    int64_t from, to; /* places on the border */
    size_t first, n;  /* of its points, both ends included */
    bool used;
};

/* A stretch of the border that rings ran along: forth (clockwise) +1, back -1. from < to. */
struct clip_stretch {
    int64_t from, to;
    int32_t turns;
};

/* An edge of a ring (mending). */
struct clip_edge {
    struct mvt_point a, b;
    int32_t net;   /* how often it is gone from a to b, less how often back */
    uint32_t next; /* the edge that follows it in its ring */
};

/* A place where an edge is cut, and how far along it lies. */
struct clip_cut {
    uint32_t edge;
    int64_t along;
    struct mvt_point at;
};

/* Square cells over all edges. */
struct clip_grid {
    int32_t west, north, shift; /* a cell is 2^shift units */
    int32_t columns, rows;
};

struct clip_scratch {
    struct clip_list pass;      /* struct clip_point: between two cuts */
    struct clip_list chains;    /* struct clip_chain */
    struct clip_list inner;     /* struct mvt_point: their points */
    struct clip_list stretches; /* struct clip_stretch */
    struct clip_list nodes;     /* int64_t: places on the border, ascending */
    struct clip_list nets;      /* int32_t: how often the border is left after each node */
    struct clip_list rings;     /* struct mvt_point: rings that are cut and closed, */
    struct clip_list found;     /* struct clip_found: one each */
    struct clip_list ring;      /* struct mvt_point: the ring at hand */
    struct clip_list edges;     /* struct clip_edge: of what is mended */
    struct clip_list cuts;      /* struct clip_cut */
    struct clip_list cells;     /* uint32_t: where each cell's edges end in places */
    struct clip_list places;    /* uint32_t: edges by cell */
    struct clip_list halves;    /* clip_faces.c */
    struct clip_list stack;     /* uint32_t */
    struct clip_list news;      /* struct mvt_point: where edges were cut since clip_learn */
    struct clip_list known;     /* struct mvt_point: nodes, ascending */
    struct clip_list bent;      /* struct clip_point: a chain led through them */
    struct clip_grid grid;
    size_t n_pairs; /* of edges that were looked at, since it was set to 0 */
    bool too_much;  /* the work is beyond all measure */
};

/* A finished ring. area2: twice its area, negative for holes. */
struct clip_found {
    size_t first, n;
    int64_t area2;
    int32_t west, north, east, south;
    size_t next; /* of an outer ring its first hole, of a hole the next; SIZE_MAX: none */
    size_t next_outer;
};

/* Room for `more` items behind the last; NULL: no memory, and clip->failed is set. */
void *clip_more(struct clip *clip, struct clip_list *list, size_t more, size_t size);

/* Keeps a ring that lies inside of the box. */
void clip_keep_whole(struct clip *clip, const struct clip_point *points, size_t n);

/* Keeps the ring at hand, cleaned, if it has an area. */
void clip_keep(struct clip *clip);

/* clip_border.c: a ring that touches the border, all of it in the box: taken apart; and all that
 * were taken apart put together again. */
void clip_take_apart(struct clip *clip, const struct clip_point *points, size_t n);
void clip_put_together(struct clip *clip);

static inline int32_t clip_least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static inline int32_t clip_most(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static inline bool clip_boxes_touch(const struct clip_edge *e, const struct clip_edge *f)
{
    return clip_most(e->a.x, e->b.x) >= clip_least(f->a.x, f->b.x) &&
           clip_most(f->a.x, f->b.x) >= clip_least(e->a.x, e->b.x) &&
           clip_most(e->a.y, e->b.y) >= clip_least(f->a.y, f->b.y) &&
           clip_most(f->a.y, f->b.y) >= clip_least(e->a.y, e->b.y);
}

static inline bool clip_on_border(const struct clip *clip, struct mvt_point p)
{
    return p.x == clip->low || p.x == clip->high || p.y == clip->low || p.y == clip->high;
}

/* 1 inside of the ring, 0 on its edge, -1 outside. */
int clip_place_in(const struct mvt_point *ring, size_t n, struct mvt_point p);

/* clip_grid.c: hands every pair of edges whose boxes touch to `meet`, some more than once. False:
 * `meet` said so, or there is no memory (clip->failed), or there are pairs beyond all measure
 * (scratch->too_much). */
typedef bool clip_pair(struct clip *clip, const struct clip_edge *edges, uint32_t i, uint32_t j);
bool clip_each_pair(struct clip *clip, const struct clip_edge *edges, size_t n, clip_pair *meet);

/* How often scratch->edges, which the pairs were last asked of, wind round the place just left of p
 * and just above (y up). */
int32_t clip_winding_left_of(const struct clip *clip, struct mvt_point p);

/* clip_sound.c: 1: two edges cross; 0: an end of one lies on the line of the other; -1: neither. */
int clip_meeting(const struct clip_edge *e, const struct clip_edge *f);
/* Whether p lies on the edge, its ends included. */
bool clip_is_within(const struct clip_edge *e, struct mvt_point p);
/* Whether the rings found are valid; true, if there is no memory to know. */
bool clip_rings_are_sound(struct clip *clip);

/* clip_mend.c: the rings that were found, made valid if they are not. */
void clip_mend(struct clip *clip);

/* clip_faces.c: rings anew from scratch->edges, which meet at their ends only. */
void clip_faces(struct clip *clip);

/* By x, then by y. */
static inline int clip_order(struct mvt_point a, struct mvt_point b)
{
    if (a.x != b.x)
        return a.x < b.x ? -1 : 1;
    return a.y < b.y ? -1 : a.y > b.y;
}

/* Twice the area of a, b, p: positive where p lies to the left (y up). */
static inline int64_t clip_side(struct mvt_point a, struct mvt_point b, struct mvt_point p)
{
    return (int64_t)(b.x - a.x) * (p.y - a.y) - (int64_t)(b.y - a.y) * (p.x - a.x);
}

#endif
