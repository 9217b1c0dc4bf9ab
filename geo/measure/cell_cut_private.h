/*
 * cell_cut_private.h - a polygon on its way through cell_cut.h; for cell_cut*.c only.
 */
#ifndef SISETU_GEO_CELL_CUT_PRIVATE_H
#define SISETU_GEO_CELL_CUT_PRIVATE_H

#include "geo/measure/cell_cut.h"

#define CUT_NONE UINT32_MAX

/* Corners of cells, and cells by their north-west one: counted from the window's. */
struct cut_corner {
    int32_t column, row;
};

/* Where the ring crosses the outline of the cells. */
struct cut_crossing {
    struct lonlat at;
    double along;           /* of the side: its longitude or latitude */
    uint32_t vertex;        /* of the ring: the one after it */
    uint32_t next;          /* of those of the same side, or CUT_NONE */
    uint32_t outline, step; /* where it stands */
    bool enters;
};

/* The outlines as sequences of corners and crossings. */
struct cut_step {
    uint32_t crossing; /* CUT_NONE: a corner */
    struct cut_corner corner;
    bool meets; /* a corner where cells of the set meet that share no side */
};
struct cut_outline {
    uint32_t first, n; /* steps */
    uint32_t n_crossings;
};

struct cut {
    const struct lonlat *ring; /* closed */
    uint32_t n_ring;           /* vertices; ring[n_ring] is the first again */
    const struct cell_set *set;
    bool *in; /* as that of the set, with a frame of cells that are out: cut_is_in */
    struct arena *arena;
    struct cut_corner *cells; /* of each vertex; -1 and n: beyond the window */
    bool doubtful;            /* no general position */
    uint32_t *sides;          /* the first crossing of each side, 1 more; 0: none */
    struct cut_crossing *crossings;
    uint32_t n_crossings;
    size_t crossings_room;
    struct cut_step *steps;
    uint32_t n_steps;
    size_t steps_room;
    struct cut_outline *outlines;
    uint32_t n_outlines;
    size_t outlines_room;
    struct err *err;
};

static inline double cut_lon(const struct cut *cut, int32_t column)
{
    const struct grid *grid = cut->set->grid;
    return grid->west + (double)((int64_t)cut->set->first_column + column) * grid->cell_width;
}

static inline double cut_lat(const struct cut *cut, int32_t row)
{
    const struct grid *grid = cut->set->grid;
    return grid->north - (double)((int64_t)cut->set->first_row + row) * grid->cell_height;
}

static inline struct lonlat cut_place(const struct cut *cut, struct cut_corner at)
{
    return (struct lonlat){cut_lon(cut, at.column), cut_lat(cut, at.row)};
}

/* Of a cell of the window, or one beside it. */
static inline bool cut_is_in(const struct cut *cut, struct cut_corner cell)
{
    return cut->in[(size_t)(cell.row + 1) * (cut->set->n_columns + 2) + (size_t)(cell.column + 1)];
}

/* The side that runs east (or, upright, south) from a corner. */
static inline size_t cut_side(const struct cut *cut, struct cut_corner from, bool upright)
{
    return 2 * ((size_t)from.row * (cut->set->n_columns + 1) + (size_t)from.column) + upright;
}

/* 1: c lies left of the way from a to b, -1 right of it, 0: too near to tell. */
int cut_side_of(struct lonlat a, struct lonlat b, struct lonlat c);

/* cell_cut.c: the walk round the polygon: crossings. cell_cut_outline.c: that round the cells. */
enum err_code cut_walk_ring(struct cut *cut);
enum err_code cut_walk_cells(struct cut *cut);

/* cell_cut_join.c: rings and parts of what was found. */
enum err_code cut_join(struct cut *cut, struct geom *out);

#endif
