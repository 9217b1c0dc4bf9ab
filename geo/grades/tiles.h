/*
 * tiles.h - which tiles of a fixed grid a polygon touches, covers, and with which edges.
 *
 * Tiles are squares in longitude and latitude, as large as the cells of the roll-up. Inside
 * them positions are whole numbers, TILE_UNITS a side (for 0.01 degree a unit is a
 * micrometre): what two shapes have in common can then be decided without rounding
 * (arrange.h). An edge that crosses a tile's side is cut there, at a whole number, the same
 * one whichever way it is walked and whatever else is near: a shape is the sum of its parts in
 * the tiles, and edges that two shapes share stay shared.
 *
 *   sides   a tile owns its west and south side. An edge that runs along a side belongs to
 *           the tile east or north of it.
 *   winding how often the rings go round the tile's reference point, just north of its south
 *           side and a little (but far more) east of its west side: 1 or more is inside.
 *
 * Owner:   arrays of a walk belong to its arena and hold until the next tiles_walk.
 * Threads: one thread a walk.
 * Cost:    about 8 ns an edge that stays in its tile, 60 ns a tile's side that is crossed.
 */
#ifndef SISETU_GEO_TILES_H
#define SISETU_GEO_TILES_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/geom.h"

enum { TILE_BITS = 30 };
#define TILE_UNITS ((int64_t)1 << TILE_BITS)

/* Counted from longitude 0 and latitude 0 eastwards and northwards. */
struct tile {
    int32_t column;
    int32_t row;
};

static inline bool tile_equal(struct tile a, struct tile b)
{
    return a.column == b.column && a.row == b.row;
}

/* A place in units, counted from longitude and latitude 0. */
struct tile_place {
    int64_t x;
    int64_t y;
};

struct tile_place tiles_place(double tile_deg, struct lonlat point);

/* Edges first ... first + n - 1 (an edge is named by the vertex that it starts from) go through
 * the tile. n 0: the shape touches its sides, no more. */
struct tile_run {
    struct tile tile;
    uint32_t first;
    uint32_t n;
};

/* A tile with runs[first_run] ... of a shape. */
struct tile_part {
    struct tile tile;
    int32_t winding;
    uint32_t first_run;
    uint32_t n_runs;
    bool has_edges; /* false: sides alone are touched */
};

/* Tiles [first, end) of a row, wholly inside and touched by no edge. */
struct tile_span {
    int32_t row;
    int32_t first;
    int32_t end;
};

/* From tile on eastwards in its row the winding is so much more. */
struct tile_turn {
    struct tile tile;
    int32_t by;
};

struct tile_walk {
    struct arena *arena;
    double tile_deg;
    struct tile_part *parts; /* by row, then column */
    size_t n_parts;
    struct tile_span *spans; /* by row, then column */
    size_t n_spans;
    struct tile_run *runs;
    size_t n_runs;
    struct tile_turn *turns;
    size_t n_turns;
    size_t capacity[4]; /* of the four */
};

/* ERR_LIMIT where tiles are so small that they cannot be counted. */
enum err_code tiles_init(struct tile_walk *walk, double tile_deg, struct arena *arena,
                         struct err *err);

/* A polygon; other kinds touch nothing. ERR_INPUT for a vertex that is no place. */
enum err_code tiles_walk(struct tile_walk *walk, const struct geom *polygon, struct err *err);

/* The part of a walk in a tile, or NULL where no edge touches it; *winding there either way. */
const struct tile_part *tiles_part(const struct tile_walk *walk, struct tile tile,
                                   int32_t *winding);

/* An edge inside a tile, in units from the tile's south-west corner: from a to b, eastwards, or
 * southwards where it runs along a meridian. sign -1: the shape walks it from b to a. */
struct tile_edge {
    int32_t ax;
    int32_t ay;
    int32_t bx;
    int32_t by;
    int32_t shape; /* whatever the caller says */
    int32_t sign;
};

/* Edges of one shape inside one tile, added to what is there. Those along the tile's own west
 * and south side are left out: nothing inside lies beyond them. */
struct tile_edges {
    struct arena *arena;
    struct tile_edge *items;
    size_t n;
    size_t capacity;
};
enum err_code tiles_clip(double tile_deg, const struct geom *polygon, const struct tile_run *run,
                         int32_t shape, struct tile_edges *out, struct err *err);

/* Adds an edge given by its ends, if it is one and does not run along x or y 0. */
enum err_code tiles_add_edge(struct tile_edges *edges, const struct tile_edge *edge,
                             struct err *err);

#endif
