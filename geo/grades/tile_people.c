#include "geo/grades/tile_people.h"

#include "geo/measure/ellipsoid.h"
#include "geo/measure/exposure_grid.h"

/* How far a transformed way may stray from its curve, m; and the longest piece that is taken
 * for straight without a look at its quarters, degrees. */
static const double STRAY_M = 0.01;
static const double STRAIGHT_DEG = 0.02;

enum { DEEPEST_CUT = 20 };

static struct lonlat lonlat_at(const struct tile_people *people, struct tile_at at)
{
    double unit_deg = people->tile_deg / (double)TILE_UNITS;
    return (struct lonlat){people->west_deg + at.x * unit_deg, people->south_deg + at.y * unit_deg};
}

static struct cell_point cell_at(struct tile_people *people, struct lonlat at)
{
    const struct grid *grid = people->grid;
    double x = at.lon_deg;
    double y = at.lat_deg;
    if (people->to_grid && !transform_forward(people->to_grid, at, &x, &y)) {
        people->failed = true;
        return (struct cell_point){0, 0};
    }
    return (struct cell_point){(x - grid->west) / grid->cell_width,
                               (grid->north - y) / grid->cell_height};
}

/* ---- getting ready ---- */

static void clip(double low, double high, uint32_t n, uint32_t *first, uint32_t *end)
{
    double from = max_of(0, floor(low));
    double to = min_of(n, ceil(high));
    *first = *end = 0;
    if (from < to) {
        *first = (uint32_t)from;
        *end = (uint32_t)to;
    }
}

/* The box in the columns and rows of the grid: its corners, and for a projected grid places
 * along its sides, with a cell to spare for what bulges between them. */
static struct cell_box cells_of_box(struct tile_people *people, const struct tile_box *box)
{
    enum { PLACES = 9 };
    struct cell_box cells = {INFINITY, -INFINITY, INFINITY, -INFINITY};
    int places = people->to_grid ? PLACES : 2;
    for (int i = 0; i < places; i++) {
        for (int j = 0; j < places; j++) {
            struct tile_at at = {(double)box->width * i / (places - 1),
                                 (double)box->height * j / (places - 1)};
            struct cell_point point = cell_at(people, lonlat_at(people, at));
            cells.u_low = min_of(cells.u_low, point.u);
            cells.u_high = max_of(cells.u_high, point.u);
            cells.v_low = min_of(cells.v_low, point.v);
            cells.v_high = max_of(cells.v_high, point.v);
        }
    }
    if (people->to_grid) {
        cells.u_low--;
        cells.u_high++;
        cells.v_low--;
        cells.v_high++;
    }
    return cells;
}

/* Sums from the east; the last column counts up to the line only. */
static void fill_row(const struct tile_people *people, uint32_t row, double beyond,
                     struct tile_cell *out)
{
    for (uint32_t first = people->first_column; first < people->end_column;) {
        uint32_t end = people->end_column;
        const float *cells = grid_cells(people->grid, row, first, &end);
        for (uint32_t column = first; column < end; column++) {
            float persons = cells ? cells[column - first] : 0;
            out[column - people->first_column].persons = isfinite(persons) ? (double)persons : 0;
        }
        first = end;
    }
    uint32_t n = people->end_column - people->first_column;
    double east = -beyond * out[n - 1].persons;
    for (uint32_t i = n; i-- > 0;) {
        out[i].east = east;
        east += out[i].persons;
    }
}

/* The box as a grid of one cell, whose row is curved as those of any grid. */
static enum err_code look_evenly(struct tile_people *people, const struct tile_box *box,
                                 struct arena *arena, struct err *err)
{
    enum err_code code = ERR_OK;
    double unit_deg = people->tile_deg / (double)TILE_UNITS;
    people->even = (struct grid){.n_columns = 1,
                                 .n_rows = 1,
                                 .west = people->west_deg,
                                 .north = people->south_deg + box->height * unit_deg,
                                 .cell_width = box->width * unit_deg,
                                 .cell_height = box->height * unit_deg,
                                 .geographic = true};
    people->grid = &people->even;
    people->first_row = people->first_column = 0;
    people->end_row = people->end_column = 1;
    people->cells = arena_new(arena, struct tile_cell, 1);
    if (!people->cells)
        return err_nomem(err);
    TRY(exposure_grid_rows(people->grid, 0, 1, arena, &people->rows, err));
    people->cells[0].persons = people->per_m2 * people->rows[0].cell_m2;
done:
    return code;
}

enum err_code tile_people_look(struct tile_people *people, const struct tile_box *box,
                               struct arena *arena, struct err *err)
{
    const struct grid *grid = people->grid;
    double unit_deg = people->tile_deg / (double)TILE_UNITS;
    people->west_deg = box->tile.column * people->tile_deg + box->west * unit_deg;
    people->south_deg = box->tile.row * people->tile_deg + box->south * unit_deg;
    if (people->per_m2 > 0)
        return look_evenly(people, box, arena, err);
    if (grid->geographic) {
        double middle = grid->west + grid->n_columns * grid->cell_width / 2;
        people->west_deg -= 360 * floor((people->west_deg - middle + 180) / 360);
    }
    struct cell_box cells = cells_of_box(people, box);
    clip(cells.u_low, cells.u_high, grid->n_columns, &people->first_column, &people->end_column);
    clip(cells.v_low, cells.v_high, grid->n_rows, &people->first_row, &people->end_row);
    if (people->end_column == people->first_column)
        people->end_row = people->first_row;
    size_t n_columns = people->end_column - people->first_column;
    size_t n_rows = people->end_row - people->first_row;
    people->cells = arena_new(arena, struct tile_cell, n_columns * n_rows);
    if (!people->cells)
        return err_nomem(err);
    double beyond = people->to_grid ? 0 : max_of(0, people->end_column - cells.u_high);
    for (uint32_t row = people->first_row; row < people->end_row; row++)
        fill_row(people, row, beyond, people->cells + (row - people->first_row) * n_columns);
    return exposure_grid_rows(grid, people->first_row, people->end_row, arena, &people->rows, err);
}

/* ---- along a way ---- */

/* A piece of the way inside one row, its ends from west to east. */
struct row_piece {
    const struct tile_people *people;
    const struct tile_cell *cells; /* of the row */
    const double *slope;           /* of its measure */
    uint32_t row;
};

static double in_cell(const struct row_piece *piece, uint32_t column, struct cell_point from,
                      struct cell_point to)
{
    double dy = to.v - from.v;
    if (dy == 0)
        return 0;
    const struct tile_cell *cell = &piece->cells[column - piece->people->first_column];
    struct cell_sum means =
        coverage_means(piece->slope, 1 - (from.u - column), from.u - to.u, from.v - piece->row, dy);
    return fabs(dy) * (means.area * cell->persons + means.cover * cell->east);
}

/* West of the cells it has all of them east, east of them none. */
static double in_row(const struct row_piece *piece, struct cell_point a, struct cell_point b)
{
    const struct tile_people *people = piece->people;
    double sum = 0;
    double south_a_column = b.u > a.u ? (b.v - a.v) / (b.u - a.u) : 0;
    double west = people->first_column;
    double east = people->end_column;
    if (a.u < west) {
        struct cell_point at =
            b.u <= west ? b : (struct cell_point){west, a.v + (west - a.u) * south_a_column};
        double dy = at.v - a.v;
        double cover = coverage_means(piece->slope, 1, 0, a.v - piece->row, dy).cover;
        sum += fabs(dy) * cover * (piece->cells[0].persons + piece->cells[0].east);
        if (b.u <= west)
            return sum;
        a = at;
    }
    if (a.u >= east)
        return sum;
    if (b.u > east)
        b = (struct cell_point){east, a.v + (east - a.u) * south_a_column};
    struct cell_point from = a;
    for (uint32_t column = (uint32_t)a.u;; column++) {
        double line = column + 1.0;
        if (line >= b.u)
            return sum + in_cell(piece, column, from, b);
        struct cell_point to = {line, a.v + (line - a.u) * south_a_column};
        sum += in_cell(piece, column, from, to);
        from = to;
    }
}

static double along_straight(const struct tile_people *people, struct cell_point a,
                             struct cell_point b)
{
    double sign = 1;
    double sum = 0;
    if (a.v == b.v)
        return 0;
    if (a.v > b.v) {
        struct cell_point swap = a;
        a = b;
        b = swap;
        sign = -1;
    }
    if (b.v <= people->first_row || a.v >= people->end_row)
        return 0;
    double east_a_row = (b.u - a.u) / (b.v - a.v);
    size_t n_columns = people->end_column - people->first_column;
    struct cell_point from = a;
    if (a.v < people->first_row)
        from = (struct cell_point){a.u + (people->first_row - a.v) * east_a_row, people->first_row};
    for (uint32_t row = (uint32_t)from.v; row < people->end_row; row++) {
        bool ends = b.v <= row + 1.0;
        struct cell_point to = b;
        if (!ends)
            to = (struct cell_point){a.u + (row + 1.0 - a.v) * east_a_row, row + 1.0};
        struct row_piece piece = {people, people->cells + (row - people->first_row) * n_columns,
                                  people->rows[row - people->first_row].slope, row};
        sum += from.u <= to.u ? in_row(&piece, from, to) : in_row(&piece, to, from);
        if (ends)
            break;
        from = to;
    }
    return sign * sum;
}

static double along_bent(struct tile_people *people, struct tile_at a, struct tile_at b,
                         const struct cell_point ends[2], int depth)
{
    const struct grid *grid = people->grid;
    struct tile_at middle = {(a.x + b.x) / 2, (a.y + b.y) / 2};
    struct cell_point at = cell_at(people, lonlat_at(people, middle));
    double off_m = hypot((at.u - (ends[0].u + ends[1].u) / 2) * grid->cell_width,
                         (at.v - (ends[0].v + ends[1].v) / 2) * grid->cell_height);
    double length_deg =
        max_of(fabs(b.x - a.x), fabs(b.y - a.y)) * people->tile_deg / (double)TILE_UNITS;
    if (people->failed || depth == 0 || (!(off_m > STRAY_M) && length_deg < STRAIGHT_DEG))
        return along_straight(people, ends[0], ends[1]);
    const struct cell_point first[2] = {ends[0], at};
    const struct cell_point second[2] = {at, ends[1]};
    return along_bent(people, a, middle, first, depth - 1) +
           along_bent(people, middle, b, second, depth - 1);
}

double tile_people_along(struct tile_people *people, struct tile_at a, struct tile_at b)
{
    if (people->end_row == people->first_row)
        return 0;
    const struct cell_point ends[2] = {cell_at(people, lonlat_at(people, a)),
                                       cell_at(people, lonlat_at(people, b))};
    if (!people->to_grid)
        return along_straight(people, ends[0], ends[1]);
    return along_bent(people, a, b, ends, DEEPEST_CUT);
}
