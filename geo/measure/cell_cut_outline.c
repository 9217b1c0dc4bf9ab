/* cell_cut_outline.c - the walk round the cells: corners and crossings in their order. */
#include "geo/measure/cell_cut_private.h"

/* A left turn adds one; rows run southwards. */
enum direction { EAST, NORTH, WEST, SOUTH, DIRECTIONS };

static struct cut_corner moved(struct cut_corner at, enum direction d)
{
    static const int32_t steps[DIRECTIONS][2] = {{1, 0}, {0, -1}, {-1, 0}, {0, 1}};
    return (struct cut_corner){at.column + steps[d][0], at.row + steps[d][1]};
}

/* The cell left of a side that leaves a corner in a direction. */
static struct cut_corner left_cell(struct cut_corner at, enum direction d)
{
    static const int32_t offsets[DIRECTIONS][2] = {{0, -1}, {-1, -1}, {-1, 0}, {0, 0}};
    return (struct cut_corner){at.column + offsets[d][0], at.row + offsets[d][1]};
}

static enum err_code add_step(struct cut *cut, struct cut_step step)
{
    cut->steps =
        arena_grow(cut->arena, cut->steps, &cut->steps_room, (size_t)cut->n_steps + 1, sizeof step);
    if (!cut->steps)
        return err_nomem(cut->err);
    cut->steps[cut->n_steps++] = step;
    return ERR_OK;
}

/* Those of the side that leaves a corner in a direction, as they come. They stand apart. */
static enum err_code add_crossings(struct cut *cut, struct cut_corner at, enum direction d,
                                   struct cut_outline *outline)
{
    enum err_code code = ERR_OK;
    struct cut_corner end = moved(at, d);
    struct cut_corner from = {at.column < end.column ? at.column : end.column,
                              at.row < end.row ? at.row : end.row};
    double turned = d == EAST || d == NORTH ? 1 : -1;
    uint32_t first = cut->sides[cut_side(cut, from, d == NORTH || d == SOUTH)] - 1;
    double behind = (double)-INFINITY;
    while (first != CUT_NONE) {
        uint32_t next = CUT_NONE;
        for (uint32_t i = first; i != CUT_NONE; i = cut->crossings[i].next)
            if (turned * cut->crossings[i].along > behind &&
                (next == CUT_NONE ||
                 turned * cut->crossings[i].along < turned * cut->crossings[next].along))
                next = i;
        if (next == CUT_NONE)
            break;
        behind = turned * cut->crossings[next].along;
        cut->crossings[next].outline = cut->n_outlines;
        cut->crossings[next].step = cut->n_steps;
        outline->n_crossings++;
        TRY(add_step(cut, (struct cut_step){.crossing = next}));
    }
done:
    return code;
}

/* Once round from a corner. Where cells meet at a corner alone it stays at its own: each ring goes
 * round what hangs together by sides. */
static enum err_code follow(struct cut *cut, uint8_t *seen, struct cut_corner start,
                            enum direction leaving)
{
    enum err_code code = ERR_OK;
    const struct cell_set *set = cut->set;
    struct cut_outline outline = {.first = cut->n_steps};
    struct cut_corner at = start;
    enum direction d = leaving;
    do {
        struct cut_corner cell = left_cell(at, d);
        seen[(size_t)cell.row * set->n_columns + (size_t)cell.column] |= (uint8_t)(1u << d);
        TRY(add_crossings(cut, at, d, &outline));
        at = moved(at, d);
        enum direction right = (enum direction)((d + 3) % DIRECTIONS), before = d;
        bool right_in = cut_is_in(cut, left_cell(at, right));
        if (!cut_is_in(cut, left_cell(at, d)))
            d = (enum direction)((d + 1) % DIRECTIONS);
        else if (right_in)
            d = right;
        if (d != before)
            TRY(add_step(cut, (struct cut_step){.crossing = CUT_NONE,
                                                .corner = at,
                                                .meets = right_in && d != right}));
    } while (at.row != start.row || at.column != start.column || d != leaving);
    outline.n = cut->n_steps - outline.first;
    cut->outlines = arena_grow(cut->arena, cut->outlines, &cut->outlines_room,
                               (size_t)cut->n_outlines + 1, sizeof outline);
    if (!cut->outlines)
        return err_nomem(cut->err);
    cut->outlines[cut->n_outlines++] = outline;
done:
    return code;
}

enum err_code cut_walk_cells(struct cut *cut)
{
    enum err_code code = ERR_OK;
    const struct cell_set *set = cut->set;
    size_t wide = (size_t)set->n_columns + 2;
    uint8_t *seen = arena_alloc(cut->arena, set->n_rows, set->n_columns);
    if (!seen)
        return err_nomem(cut->err);
    for (int32_t row = 0; row < (int32_t)set->n_rows; row++) {
        for (int32_t column = 0; column < (int32_t)set->n_columns; column++) {
            struct cut_corner cell = {column, row};
            const bool *in = cut->in + (size_t)(row + 1) * wide + (size_t)(column + 1);
            if (!in[0] || (in[-1] && in[1] && *(in - wide) && in[wide]))
                continue;
            /* Where each side begins, and the cell beyond it. */
            const struct cut_corner from[DIRECTIONS] = {[EAST] = {column, row + 1},
                                                        [NORTH] = {column + 1, row + 1},
                                                        [WEST] = {column + 1, row},
                                                        [SOUTH] = {column, row}};
            for (int d = 0; d < DIRECTIONS; d++) {
                struct cut_corner beyond = moved(cell, (enum direction)((d + 3) % DIRECTIONS));
                bool known = seen[(size_t)row * set->n_columns + (size_t)column] >> d & 1;
                if (!known && !cut_is_in(cut, beyond))
                    TRY(follow(cut, seen, from[d], (enum direction)d));
            }
        }
    }
done:
    return code;
}
