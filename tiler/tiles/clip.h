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
 * What comes out:  polygons: outer rings turn clockwise as they are seen (y down), each followed by
 *          its holes, which turn back; no repeated vertices, no spikes, no ring without area. An
 * area in is the same area out to within the rounding of where edges are cut. Space:   units of the
 * tile (draw/mvt.h), y down. In: 64 bits, below 2^33; out: inside of the box. Life:    clip_init,
 * any number of shapes, clip_release. Memory is kept from shape to shape. Threads: one clip, one
 * thread. Cost:    5 ns a vertex for what lies inside, 10 for what is cut. Source:  Sutherland,
 * Hodgman, "Reentrant polygon clipping", 1974; the borders are put together anew.
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

/* A line; each piece inside of the box comes out. */
void clip_line(struct clip *clip, const struct clip_point *points, size_t n);

#endif
