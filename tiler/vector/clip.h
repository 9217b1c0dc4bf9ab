/*
 * clip.h - shapes cut at the edge of a vector tile, and put in the order that tiles want.
 *
 *     clip_begin(c);
 *     clip_ring(c, points, n) for every ring of a polygon;  clip_polygon_end(c);
 *     clip_line(c, points, n) for every line
 *     ... read c->points, c->ends, c->n_rings; c->failed
 *
 * What is cut off leaves no trace: a polygon that the edge cuts into parts comes out as so many
 * parts, without the edges along the border that Sutherland and Hodgman leave between them. All
 * arithmetic is in integers; where an edge is cut depends on the edge alone, not on its direction,
 * so that two shapes that share a border share it in the tile.
 *
 * What comes out is valid: outer rings turn clockwise as they are seen (y down), each followed by
 * its holes, which turn back; no repeated vertices, no spikes, no ring without area; rings neither
 * cross themselves nor each other, and touch at single points at most. Rings that rounding made
 * cross are mended (clip_mend.c): what they wind round is inside. An area in is the same area out
 * to within the rounding of where edges are cut and cross.
 *
 * Nodes: where a mended shape's edges were cut, other shapes have the same edges uncut. clip_learn
 * takes those places up, and clip_bend leads edges through them: whoever draws all shapes again
 * until nothing is learnt has borders that stay shared.
 *
 * Space:   units of the tile (draw/mvt.h), y down. In: 64 bits, below 2^33; out: inside of the box.
 * Life:    clip_init, any number of shapes, clip_release. Memory is kept from shape to shape.
 * Threads: one clip, one thread.
 * Cost:    5 ns a vertex for what lies inside, 10 for what is cut, 50 for what is not simple beyond
 *          doubt. Pathological shapes (2 million vertices that cross everywhere) come out on a
 *          coarser grid, within a second or two.
 * Source:  Sutherland, Hodgman, "Reentrant polygon clipping", 1974; the borders are put together
 *          anew. Snap rounding: Hobby, "Practical segment intersection with finite precision
 *          output", 1999, but that only edges that cross are moved.
 */
#ifndef SISETU_TILER_CLIP_H
#define SISETU_TILER_CLIP_H

#include "tiler/draw/mvt.h"

struct clip_point {
    int64_t x, y;
};

struct clip_scratch;

struct clip {
    int32_t low, high;        /* of the box, x and y alike, both ends inside */
    struct mvt_point *points; /* of all rings or lines that came out */
    size_t *ends;             /* of each, in points */
    size_t n_points, n_rings;
    bool failed; /* no memory: what came out is worthless */
    /* Set after clip_begin: the rings are valid before they are cut (clip_are_sound), so that only
     * what cutting changes needs a look. */
    bool were_sound;
    size_t points_room, ends_room;
    struct clip_scratch *scratch;
};

enum err_code clip_init(struct clip *clip, int32_t low, int32_t high, struct err *err);
void clip_release(struct clip *clip); /* a zeroed one too */

/* Forgets what came out before. */
void clip_begin(struct clip *clip);

/* A ring, its first point not repeated at its end: outer ones turn clockwise as they are seen,
 * holes back. `points` is used as scratch. */
void clip_ring(struct clip *clip, struct clip_point *points, size_t n);

/* After the last ring: the rings come out. */
void clip_polygon_end(struct clip *clip);

/* Whether rings are valid as they are: outer ones and holes as clip_ring wants them, no point
 * repeated. Coordinates within 2^28 of each other. Forgets what came out before. */
bool clip_are_sound(struct clip *clip, const struct mvt_point *points, const size_t *ends,
                    size_t n_rings);

/* Takes up where shapes were mended since the last time; false: nowhere new. clip_forget: all that
 * was learnt goes. */
bool clip_learn(struct clip *clip);
void clip_forget(struct clip *clip);

/* A chain led through the nodes that its edges pass; NULL: it passes none, or there is no memory
 * (failed). closed: its last point is joined to its first. Valid until the next call. */
const struct clip_point *clip_bend(struct clip *clip, const struct clip_point *points, size_t n,
                                   bool closed, size_t *n_out);

/* Whether a ring is simple beyond doubt: it turns clockwise as it is seen, goes from its least x to
 * its greatest without turning back, and back again, and does not touch itself. Most small shapes
 * are such. */
bool clip_is_plain(const struct mvt_point *points, size_t n);

/* A line; each piece inside of the box comes out. */
void clip_line(struct clip *clip, const struct clip_point *points, size_t n);

#endif
