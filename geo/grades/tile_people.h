/*
 * tile_people.h - persons in a part of a tile, from the directed edges of that part.
 *
 * The persons of a polygon are the sum over its directed edges of the persons between the edge
 * and a line east of it (coverage.h: cover and area), its left side inside. Within a small box
 * that line is the box's east side, so that an edge costs a few sums over cells that lie near,
 * and neither the parts nor the order of edges matter: arrange.h gives the edges of a union as
 * it finds them. Shares of cells are those of exposure.h.
 *
 * Owner:   tables belong to the arena.
 * Threads: one thread a struct, with that thread's transformation.
 * Cost:    a box: the cells in it, 1 ns each; an edge: about 15 ns a cell that it crosses.
 */
#ifndef SISETU_GEO_TILE_PEOPLE_H
#define SISETU_GEO_TILE_PEOPLE_H

#include "data/grid.h"
#include "geo/measure/coverage.h"
#include "geo/grades/tiles.h"

struct transform;

/* Persons of a cell, and of those east of it in its row, up to the line. */
struct tile_cell {
    double persons;
    double east;
};

struct tile_people {
    const struct grid *grid;   /* with columns */
    double per_m2;             /* not 0: people live so densely everywhere, without a grid */
    struct transform *to_grid; /* NULL: the grid is geographic */
    double tile_deg;
    double west_deg; /* south-west corner of the box */
    double south_deg;
    uint32_t first_row; /* cells that the box meets; none: end_row is first_row */
    uint32_t end_row;
    uint32_t first_column;
    uint32_t end_column;
    const struct grid_row *rows; /* rows[0] is first_row */
    struct tile_cell *cells;     /* row by row */
    struct grid even;            /* of one cell, for people everywhere */
    bool failed;                 /* a place cannot be brought into the grid's CRS */
};

/* A box of a tile, in units from the tile's corner. */
struct tile_box {
    struct tile tile;
    int32_t west;
    int32_t south;
    int32_t width;
    int32_t height;
};

/* Gets ready for that box. */
enum err_code tile_people_look(struct tile_people *people, const struct tile_box *box,
                               struct arena *arena, struct err *err);

/* A place in units from the box's corner; crossings lie between whole numbers. */
struct tile_at {
    double x;
    double y;
};

/* Persons east of the way from a to b as far as the line; counted where it goes south, taken
 * off where it goes north. Of a closed way with its inside on the left, all persons inside. */
double tile_people_along(struct tile_people *people, struct tile_at a, struct tile_at b);

/* Whether a way along a parallel has nothing east of it, and the box's south, east and north
 * side neither: so with geographic grids. */
static inline bool tile_people_flat(const struct tile_people *people)
{
    return people->to_grid == NULL;
}

#endif
