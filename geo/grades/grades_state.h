/*
 * grades_state.h - what grades_update must know of a world beside the world. Behind grades.h;
 * only geo/grades/grades*.c include it.
 *
 * Everything that is a sum is kept as a sum of whole numbers, so that what one source adds can
 * be taken off again: persons a tile (reach_tile.h), sources a cell, enterprises a unit. Tiles
 * are the cells of the roll-up.
 *
 * Owner: the state's arena. What an edit replaces stays in it until the state goes: some bytes
 *        an edit, a unit's border where that is edited.
 */
#ifndef SISETU_GEO_GRADES_STATE_H
#define SISETU_GEO_GRADES_STATE_H

#include "geo/measure/exposure.h"
#include "geo/grades/grade_order.h"
#include "geo/grades/grades.h"
#include "geo/grades/grading.h"
#include "geo/findings/hazard.h"
#include "geo/grades/reach_tile.h"

/* An enterprise, by slot. */
struct grades_plant {
    struct exposure around; /* within alpha_radius_m, the plant left out */
    int32_t undecided;
    uint32_t n_reasons; /* in all, told or not */
    uint8_t grade;
    uint8_t could_be;
    bool alive;
};

/* The three that come first by rank, then by id: who is named where not all can be. */
enum { GRADES_WORST = 3, GRADES_OPEN = 5 };
struct grades_worst {
    uint32_t slots[GRADES_WORST];
    uint8_t ranks[GRADES_WORST]; /* a grade; GRADES_OPEN for what could only be graded */
    uint8_t n;                   /* fewer than GRADES_WORST: there are no others */
};

/* Sources that touch a cell. */
struct grades_cell {
    uint32_t n[5]; /* by the grade that reaches it; [0]: not graded, but they could be */
    uint32_t could_be[5];
    uint32_t undecided; /* that could be worse than they are */
    struct grades_worst worst;
};

struct grades_tile {
    struct tile tile;
    struct grades_cell cell;
    struct reach_persons persons; /* in the whole tile */
};

/* Tiles by their place, in the order of coming. */
struct grades_tiles {
    struct arena *arena;
    struct grades_tile *items;
    size_t n;
    size_t capacity;
    uint32_t *table; /* index + 1, 0: free; open addressing */
    size_t n_table;  /* a power of two, more than half of it free; or 0 */
};

/* The tile, or NULL. */
struct grades_tile *grades_tile_find(const struct grades_tiles *tiles, struct tile tile);
/* The index of a tile, which is put in with zeros where it is not there. */
enum err_code grades_tile_put(struct grades_tiles *tiles, struct tile tile, size_t *index,
                              struct err *err);
/* Room for n more, so that putting them cannot fail. */
enum err_code grades_tiles_reserve(struct grades_tiles *tiles, size_t n, struct err *err);

/* Enterprises inside a unit, by what they are and by what they could be. */
struct grades_inside {
    uint32_t n[5];
    uint32_t n_could_be[5];
    int64_t undecided;         /* sum over them */
    struct grades_worst worst; /* of those with a grade */
};

/* A tile on a unit's border, and the persons in reach inside the unit. */
struct grades_border {
    struct tile_part part;
    struct reach_persons persons;
};

struct grades_unit {
    uint32_t slot;
    double residents;
    double area_m2;
    struct grades_border *borders; /* by row, then column */
    size_t n_borders;
    const struct tile_span *spans; /* tiles wholly inside */
    size_t n_spans;
    const struct tile_run *runs; /* of the borders' parts */
    struct reach_persons persons;
    struct grades_inside inside;
};

struct grades_state {
    struct arena arena;
    struct grades_plant *plants; /* by slot */
    size_t n_plants;
    size_t plants_capacity;
    struct grades_tiles tiles;
    struct grades_unit **units; /* by slot of admin; NULL: none */
    size_t n_units;
    size_t units_capacity;
    struct grade_rules rules;  /* of all its worlds */
    struct grades_state *next; /* that grades_update made anew, for grades_commit; or NULL */
};

/* ---- grades_plant.c: one enterprise ---- */

/* Hazard, findings, grade. `around` NULL: works it out. Its units, for the rows, go into the
 * arena. */
struct grades_judged {
    struct grades_plant plant;
    struct hazard hazard;
};
enum err_code grades_judge(const struct world *world, struct worker *worker, size_t row,
                           const struct exposure *around, struct arena *arena,
                           struct grades_judged *out, struct err *err);

/* ---- grades_source.c: what an enterprise is on the map ---- */

struct grades_source {
    size_t row;
    int32_t grade; /* 0 - 4; 0 without a place */
    int32_t could_be;
    const struct geom *geom;
    const struct geom **zones; /* polygons; n_zones 0: a circle by grade */
    size_t n_zones;
};
enum err_code grades_source_of(const struct world *world, size_t row,
                               const struct grades_plant *plant, struct arena *arena,
                               struct grades_source *out, struct err *err);

/* Tiles that sources touch. Lists in the arena, in the order of sources. */
struct grades_touch {
    struct tile tile;
    struct reach_touch touch;
};
struct grades_cover {
    struct tile_span span;
    uint32_t sets;
};
struct grades_reached {
    struct tile tile;
    uint32_t source; /* as the caller numbers it */
    bool by_grade;   /* false: only as what it could be */
};
struct grades_gather {
    const struct world *world;
    struct worker *worker;
    struct arena *arena; /* of the shapes' geometries */
    struct arena *lists; /* of all that grows */
    struct tile_walk walk;
    struct reach_shape *shapes;
    size_t n_shapes;
    struct grades_touch *touches;
    size_t n_touches;
    struct grades_cover *covers;
    size_t n_covers;
    struct grades_reached *cells;
    size_t n_cells;
    size_t capacity[4];
};
enum err_code grades_gather_init(struct grades_gather *gather, const struct world *world,
                                 struct worker *worker, struct arena *arena, struct arena *lists,
                                 struct err *err);
enum err_code grades_gather_source(struct grades_gather *gather, const struct grades_source *source,
                                   uint32_t number, struct err *err);
/* Its lists, as large as they are, beside the geometries: nothing is in `lists` any more, and
 * nothing may be gathered. */
enum err_code grades_gather_end(struct grades_gather *gather, struct err *err);

/* Polygons of a source that count for shares, and the cells that it touches otherwise than by
 * them: a zone, or the circles of what it is and of what it could be. */
enum err_code grades_shapes(const struct world *world, struct worker *worker,
                            const struct grades_source *source, struct arena *arena,
                            struct reach_shape **shapes, size_t *n, struct err *err);

/* Adds a source to the count of a cell, or takes it off (by -1). */
void grades_cell_add(struct grades_cell *cell, int32_t grade, int32_t could_be, bool by_grade,
                     int by);

/* Puts one in that comes after all others of its rank. */
void grades_worst_push(struct grades_worst *worst, uint32_t slot, int32_t rank);
int32_t grades_rank(const struct grades_plant *plant, bool by_grade);

/* ---- grades_unit.c: administrative units ---- */

/* A unit's tiles and residents; persons and inside are left 0. */
enum err_code grades_unit_new(const struct world *world, struct worker *worker, size_t row,
                              struct arena *arena, struct grades_unit **out, struct err *err);

/* The border tile there, or NULL; *inside: the tile lies wholly inside. */
struct grades_border *grades_unit_tile(const struct grades_unit *unit, struct tile tile,
                                       bool *inside);

/* The persons of a border's tile inside the unit: `question` is that of the tile without it,
 * `whole` its answer. */
enum err_code grades_reach_border(const struct reach_question *question, const struct geom *geom,
                                  const struct grades_unit *unit, struct grades_border *border,
                                  const struct reach_persons *whole, struct err *err);

void grades_reach_add(struct reach_persons *to, const struct reach_persons *persons, int by);

/* Sums up a unit's persons from its borders and the tiles inside. */
void grades_unit_sum(const struct grades_tiles *tiles, struct grades_unit *unit);

/* The units that a plant at a place counts in, by level; -1: none. In units[slot]. */
void grades_units_of(const struct world *world, struct grades_unit *const *units,
                     struct lonlat place, int64_t rows[5]);

/* Adds an enterprise to a unit, or takes it off (by -1). */
void grades_inside_add(struct grades_inside *inside, const struct grades_plant *plant, int by);

/* ---- grades_row.c: rows ---- */

enum err_code grades_row_plant(const struct world *world, size_t row,
                               const struct grades_plant *plant, struct arena *arena,
                               struct grade_row *out, struct err *err);
enum err_code grades_row_hazard(const struct world *world, size_t row, const struct hazard *hazard,
                                size_t unit, struct arena *arena, struct grade_row *out,
                                struct err *err);
/* False: nothing touches the cell, and there is no row. */
bool grades_row_cell_is(const struct grades_cell *cell);
enum err_code grades_row_cell(const struct grades_tile *tile, struct arena *arena,
                              struct grade_row *out, struct err *err);
/* Shares of a unit's residents in reach: [g] of sources graded g or worse, g from 1 to 3. */
void grades_unit_shares(const struct grades_unit *unit, double share[5], double could_be[5]);

enum { GRADES_METHODS = 3 }; /* share, worst, index */
enum err_code grades_row_unit(const struct world *world, const struct admin_unit *admin,
                              const struct grades_unit *unit, int method, struct arena *arena,
                              struct grade_row *out, struct err *err);

struct grades_rows {
    struct arena *arena;
    struct grade_row *items;
    size_t n;
    size_t capacity;
};
enum err_code grades_rows_add(struct grades_rows *rows, const struct grade_row *row,
                              struct err *err);
void grades_rows_sort(struct grades_rows *rows); /* by id */

/* Those of an enterprise's inventory. */
enum err_code grades_rows_hazards(const struct world *world, size_t row,
                                  const struct grades_plant *plant, struct arena *scratch,
                                  struct grades_rows *rows, struct err *err);

/* All rows of a world from its state, ordered by id. */
enum err_code grades_rows(const struct world *world, const struct grades_state *state,
                          struct arena *arena, struct grades *out, struct err *err);

/* All numbers equal. */
bool grades_row_same(const struct grade_row *a, const struct grade_row *b);

#endif
