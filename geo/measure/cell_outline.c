#include "geo/measure/cell_outline.h"

#include <stdlib.h>

/* Directions along edges; a left turn adds one. Rows run southwards. */
enum direction { EAST, NORTH, WEST, SOUTH, DIRECTIONS };

struct corner {
    int64_t row;
    int64_t column;
};

/* A ring on the way: its corners stand in the outline's array. */
struct ring {
    size_t first;
    size_t n;
    uint32_t part; /* label of the cells on its left */
    bool outer;
};

struct outline {
    const struct cell_set *set;
    struct arena *arena;
    uint32_t *labels; /* by cell: 1 + part; 0: not in the set */
    uint32_t n_parts;
    uint8_t *seen; /* by cell: bit of each side that a ring has followed */
    struct corner *corners;
    size_t n_corners;
    size_t corners_capacity;
    struct ring *rings;
    size_t n_rings;
    size_t rings_capacity;
};

static size_t index_of(const struct cell_set *set, int64_t row, int64_t column)
{
    return (size_t)row * set->n_columns + (size_t)column;
}

static bool is_in(const struct cell_set *set, int64_t row, int64_t column)
{
    return row >= 0 && column >= 0 && row < set->n_rows && column < set->n_columns &&
           set->in[index_of(set, row, column)];
}

struct cell_at {
    int64_t row, column;
};

/* Labels every cell of the part that hangs together with `start` by edges. */
static void label_part(struct outline *outline, struct cell_at start, struct cell_at *stack)
{
    static const int steps[DIRECTIONS][2] = {{0, 1}, {-1, 0}, {0, -1}, {1, 0}};
    const struct cell_set *set = outline->set;
    size_t depth = 0;
    outline->labels[index_of(set, start.row, start.column)] = outline->n_parts;
    stack[depth++] = start;
    while (depth > 0) {
        struct cell_at cell = stack[--depth];
        for (int d = 0; d < DIRECTIONS; d++) {
            struct cell_at next = {cell.row + steps[d][0], cell.column + steps[d][1]};
            if (!is_in(set, next.row, next.column) ||
                outline->labels[index_of(set, next.row, next.column)])
                continue;
            outline->labels[index_of(set, next.row, next.column)] = outline->n_parts;
            stack[depth++] = next;
        }
    }
}

static enum err_code label_parts(struct outline *outline, struct err *err)
{
    const struct cell_set *set = outline->set;
    struct cell_at *stack =
        arena_new(outline->arena, struct cell_at, (size_t)set->n_rows * set->n_columns);
    if (!stack)
        return err_nomem(err);
    for (int64_t row = 0; row < set->n_rows; row++) {
        for (int64_t column = 0; column < set->n_columns; column++) {
            size_t i = index_of(set, row, column);
            if (!set->in[i] || outline->labels[i])
                continue;
            outline->n_parts++;
            label_part(outline, (struct cell_at){row, column}, stack);
        }
    }
    return ERR_OK;
}

/* The cell left of an edge that leaves a corner in a direction; right: that in the next
 * direction clockwise. */
static struct corner left_cell(struct corner at, enum direction d)
{
    static const int offsets[DIRECTIONS][2] = {{-1, 0}, {-1, -1}, {0, -1}, {0, 0}};
    return (struct corner){at.row + offsets[d][0], at.column + offsets[d][1]};
}

static bool in_at(const struct cell_set *set, struct corner cell)
{
    return is_in(set, cell.row, cell.column);
}

static enum err_code add_corner(struct outline *outline, struct corner at, struct err *err)
{
    outline->corners = arena_grow(outline->arena, outline->corners, &outline->corners_capacity,
                                  outline->n_corners + 1, sizeof at);
    if (!outline->corners)
        return err_nomem(err);
    outline->corners[outline->n_corners++] = at;
    return ERR_OK;
}

/* Where the ring goes on: left round its cell, unless the cells ahead are in the set. Where cells
 * meet at a corner alone, across it if they are of one part (so that what they close in becomes a
 * hole that touches there), else round the same cell. */
static enum direction turn(const struct outline *outline, struct corner at, enum direction d,
                           uint32_t part)
{
    const struct cell_set *set = outline->set;
    enum direction right = (enum direction)((d + 3) % DIRECTIONS);
    struct corner ahead_right = left_cell(at, right);
    bool right_in = in_at(set, ahead_right);
    if (right_in && (in_at(set, left_cell(at, d)) ||
                     outline->labels[index_of(set, ahead_right.row, ahead_right.column)] == part))
        return right;
    return in_at(set, left_cell(at, d)) ? d : (enum direction)((d + 1) % DIRECTIONS);
}

/* Follows the ring that leaves a corner in a direction, once round. */
static enum err_code follow(struct outline *outline, struct corner start, enum direction leaving,
                            struct err *err)
{
    static const int steps[DIRECTIONS][2] = {{0, 1}, {-1, 0}, {0, -1}, {1, 0}};
    enum err_code code = ERR_OK;
    const struct cell_set *set = outline->set;
    struct corner at = start;
    enum direction d = leaving;
    struct corner first = left_cell(start, leaving);
    struct ring ring = {outline->n_corners, 0,
                        outline->labels[index_of(set, first.row, first.column)], false};
    int64_t area = 0; /* twice */
    do {
        struct corner cell = left_cell(at, d);
        outline->seen[index_of(set, cell.row, cell.column)] |= (uint8_t)(1u << d);
        struct corner next = {at.row + steps[d][0], at.column + steps[d][1]};
        area += at.column * -next.row - next.column * -at.row;
        at = next;
        enum direction before = d;
        d = turn(outline, at, d, ring.part);
        if (d != before)
            TRY(add_corner(outline, at, err));
    } while (at.row != start.row || at.column != start.column || d != leaving);
    ring.n = outline->n_corners - ring.first;
    ring.outer = area > 0;
    outline->rings = arena_grow(outline->arena, outline->rings, &outline->rings_capacity,
                                outline->n_rings + 1, sizeof ring);
    if (!outline->rings)
        return err_nomem(err);
    outline->rings[outline->n_rings++] = ring;
done:
    return code;
}

/* Every side of a cell in the set beyond which none is lies on one ring. */
static enum err_code follow_all(struct outline *outline, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct cell_set *set = outline->set;
    for (int64_t row = 0; row < set->n_rows; row++) {
        for (int64_t column = 0; column < set->n_columns; column++) {
            if (!is_in(set, row, column))
                continue;
            const struct {
                struct corner from;
                bool border;
            } sides[DIRECTIONS] = {
                [EAST] = {{row + 1, column}, !is_in(set, row + 1, column)},
                [NORTH] = {{row + 1, column + 1}, !is_in(set, row, column + 1)},
                [WEST] = {{row, column + 1}, !is_in(set, row - 1, column)},
                [SOUTH] = {{row, column}, !is_in(set, row, column - 1)},
            };
            for (int d = 0; d < DIRECTIONS; d++) {
                bool seen = outline->seen[index_of(set, row, column)] >> d & 1;
                if (sides[d].border && !seen)
                    TRY(follow(outline, sides[d].from, (enum direction)d, err));
            }
        }
    }
done:
    return code;
}

static struct lonlat place_of(const struct cell_set *set, struct corner at)
{
    const struct grid *grid = set->grid;
    return (struct lonlat){grid->west + (double)(set->first_column + at.column) * grid->cell_width,
                           grid->north - (double)(set->first_row + at.row) * grid->cell_height};
}

/* Part by part, the outer ring first. */
static int compare_rings(const void *a, const void *b)
{
    const struct ring *x = a;
    const struct ring *y = b;
    if (x->part != y->part)
        return x->part < y->part ? -1 : 1;
    if (x->outer != y->outer)
        return x->outer ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

static enum err_code write_geom(const struct outline *outline, struct geom *out, struct err *err)
{
    struct lonlat *points =
        arena_new(outline->arena, struct lonlat, outline->n_corners + outline->n_rings);
    uint32_t *ring_ends = arena_new(outline->arena, uint32_t, outline->n_rings);
    uint32_t *part_ends = arena_new(outline->arena, uint32_t, outline->n_parts);
    uint32_t n_points = 0;
    if (!points || !ring_ends || !part_ends)
        return err_nomem(err);
    qsort(outline->rings, outline->n_rings, sizeof *outline->rings, compare_rings);
    for (uint32_t r = 0; r < outline->n_rings; r++) {
        const struct ring *ring = &outline->rings[r];
        for (size_t i = 0; i <= ring->n; i++)
            points[n_points++] =
                place_of(outline->set, outline->corners[ring->first + i % ring->n]);
        ring_ends[r] = n_points;
        part_ends[ring->part - 1] = r + 1;
    }
    *out = (struct geom){.kind = GEOM_POLYGON,
                         .n_points = n_points,
                         .n_rings = (uint32_t)outline->n_rings,
                         .n_parts = outline->n_parts,
                         .points = points,
                         .ring_ends = ring_ends,
                         .part_ends = part_ends,
                         .box = box_of_points(points, n_points)};
    return ERR_OK;
}

enum err_code cell_outline(const struct cell_set *set, struct arena *arena, struct geom *out,
                           struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n = (size_t)set->n_rows * set->n_columns;
    struct outline outline = {.set = set,
                              .arena = arena,
                              .labels = arena_new(arena, uint32_t, n),
                              .seen = arena_new(arena, uint8_t, n)};
    *out = (struct geom){.kind = GEOM_NONE, .box = box_empty()};
    if (n == 0)
        return ERR_OK;
    TRY(outline.labels && outline.seen ? ERR_OK : err_nomem(err));
    TRY(label_parts(&outline, err));
    TRY(follow_all(&outline, err));
    if (outline.n_parts > 0)
        TRY(write_geom(&outline, out, err));
done:
    return code;
}
