/*
 * clip_private.h - what clip.c (cuts) and clip_border.c (puts together) share.
 */
#ifndef SISETU_TILER_CLIP_PRIVATE_H
#define SISETU_TILER_CLIP_PRIVATE_H

#include "tiler/tiles/clip.h"

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
};

/* A finished ring. area2: twice its area, negative for holes. */
struct clip_found {
    size_t first, n;
    int64_t area2;
    int32_t west, north, east, south;
    size_t next; /* of an outer ring its first hole, of a hole the next; SIZE_MAX: none */
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

#endif
