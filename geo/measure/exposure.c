#include "geo/measure/exposure.h"

#include "geo/measure/ellipsoid.h"
#include "geo/measure/exposure_grid.h"
#include "geo/measure/exposure_shape.h"

#include <float.h>
#include <string.h>

/* ---- sweeping a shape over the grid ---- */

/* Whole turns by which a shape may be moved to lie over the grid. */
static void turns_over(const struct grid *grid, const struct cell_rings *rings, int *first,
                       int *last)
{
    *first = *last = 0;
    if (!grid->geographic)
        return;
    double turn = 360 / grid->cell_width; /* columns */
    *first = (int)max_of(-4, ceil(-rings->box.u_high / turn));
    *last = (int)min_of(4, floor((grid->n_columns - rings->box.u_low) / turn));
}

static enum err_code add_rings(struct coverage *coverage, const struct cell_rings *rings,
                               double shift, struct arena *arena, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n = rings->n_rings ? rings->ring_ends[rings->n_rings - 1] : 0;
    const struct cell_point *points = rings->points;
    if (shift != 0) {
        struct cell_point *moved = arena_new(arena, struct cell_point, n);
        if (!moved)
            return err_nomem(err);
        for (size_t i = 0; i < n; i++)
            moved[i] = (struct cell_point){points[i].u + shift, points[i].v};
        points = moved;
    }
    for (size_t ring = 0; ring < rings->n_rings; ring++) {
        size_t start = ring ? rings->ring_ends[ring - 1] : 0;
        TRY(coverage_add_ring(coverage, points + start, rings->ring_ends[ring] - start, err));
    }
done:
    return code;
}

/* Asks for the cells of a small box before they are needed: they lie a kilobyte apart, and
 * the edges are cut while they come. */
static void fetch_cells(const struct grid *grid, const struct coverage *coverage)
{
    enum { LINE_CELLS = 64 / sizeof(float) };
    for (uint32_t row = coverage->first_row; coverage->sums && row < coverage->end_row; row++)
        for (uint32_t first = coverage->first_column; first < coverage->end_column;) {
            uint32_t end = coverage->end_column;
            const float *cells = grid_cells(grid, row, first, &end);
            for (uint32_t i = 0; cells && i < end - first; i += LINE_CELLS)
                __builtin_prefetch(cells + i);
            first = end;
        }
}

/* The shape is in the columns and rows of the grid; what a row is known by is kept. */
struct sweeping {
    const struct grid *grid;
    const struct grid_row *measures; /* of rows from first_row on */
    uint32_t first_row;
    void *context;
    exposure_visit *visit;
};

static enum err_code visit_row(void *context, uint32_t row, const struct coverage_run *runs,
                               size_t n, struct err *err)
{
    const struct sweeping *sweeping = context;
    struct exposure_row visited = {sweeping->grid, row,
                                   sweeping->measures[row - sweeping->first_row].cell_m2, runs, n};
    return sweeping->visit(sweeping->context, &visited, err);
}

static enum err_code sweep_shape(struct sweeping *sweeping, const struct cell_rings *rings,
                                 struct arena *arena, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct grid *grid = sweeping->grid;
    struct coverage coverage;
    struct cell_box box = rings->box;
    int first;
    int last;
    turns_over(grid, rings, &first, &last);
    if (first > last)
        return ERR_OK;
    double turn = 360 / grid->cell_width;
    box.u_low += first == 0 ? 0 : first * turn;
    box.u_high += last == 0 ? 0 : last * turn;
    TRY(coverage_init(&coverage, arena, (uint32_t[2]){grid->n_columns, grid->n_rows}, &box, err));
    fetch_cells(grid, &coverage);
    TRY(exposure_grid_rows(grid, coverage.first_row, coverage.end_row, arena, &coverage.rows, err));
    for (int i = first; i <= last; i++)
        TRY(add_rings(&coverage, rings, i == 0 ? 0 : i * turn, arena, err));
    sweeping->measures = coverage.rows;
    sweeping->first_row = coverage.first_row;
    TRY(coverage_sweep(&coverage, sweeping, visit_row, err));
done:
    return code;
}

enum err_code exposure_rows(const struct exposure_place *place, const struct geom *polygon,
                            struct arena *arena, void *context, exposure_visit *visit,
                            struct err *err)
{
    enum err_code code = ERR_OK;
    struct cell_rings rings;
    struct sweeping sweeping = {.grid = place->grid, .context = context, .visit = visit};
    if (polygon->kind != GEOM_POLYGON || place->grid->n_columns == 0)
        return ERR_OK;
    TRY(exposure_shape(place->grid, place->to_grid, polygon, arena, &rings, err));
    TRY(sweep_shape(&sweeping, &rings, arena, err));
done:
    return code;
}

/* ---- persons ---- */

struct adding {
    struct exposure *exposure;
    double with_data_m2;
    double persons_a_m2; /* in the fullest cell so far, by the measure of its row */
    uint32_t fullest_row;
    uint32_t fullest_column; /* known for a projected grid alone */
};

/* Sum, number and largest of the data among n cells. */
struct span {
    double persons;
    uint32_t n_data;
    float most;
};

typedef float four_floats __attribute__((vector_size(16)));
typedef int32_t four_ints __attribute__((vector_size(16)));
typedef double four_doubles __attribute__((vector_size(32)));

/* No data is NaN; a count that is not finite, or under none, is none either. */
static bool has_data(float persons)
{
    return persons >= 0 && persons <= FLT_MAX;
}

static void add_cell(struct span *span, float persons)
{
    bool has = has_data(persons);
    float count = has ? persons : 0;
    span->persons += (double)count;
    span->n_data += has;
    span->most = count > span->most ? count : span->most;
}

/* Four at a time, in four sums that are added at the end: the order never depends on
 * anything but n. */
static struct span sum_span(const float *cells, uint32_t n)
{
    struct span span = {0};
    four_doubles sums = {0};
    four_ints counts = {0};
    four_floats most = {0};
    uint32_t i = 0;
    for (; i + 4 <= n; i += 4) {
        four_floats four;
        memcpy(&four, cells + i, sizeof four);
        four_ints good = (four >= 0) & (four <= FLT_MAX);
        four = (four_floats)((four_ints)four & good);
        sums += __builtin_convertvector(four, four_doubles);
        counts -= good;
        four_ints more = four > most;
        most = (four_floats)(((four_ints)four & more) | ((four_ints)most & ~more));
    }
    for (int k = 0; k < 4; k++) {
        span.n_data += (uint32_t)counts[k];
        span.most = most[k] > span.most ? most[k] : span.most;
    }
    span.persons = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    for (; i < n; i++)
        add_cell(&span, cells[i]);
    return span;
}

/* What one row adds. */
struct row_sum {
    double persons;
    double low;
    double high;
    double with_data; /* cells, by share */
    uint32_t cells;
    float most;
};

static void add_run(struct row_sum *sum, const struct exposure_row *row,
                    const struct coverage_run *run)
{
    sum->cells += run->end - run->first;
    for (uint32_t first = run->first; first < run->end;) {
        uint32_t end = run->end;
        const float *cells = grid_cells(row->grid, row->row, first, &end);
        if (cells) {
            struct span span = {0};
            if (end - first == 1)
                add_cell(&span, *cells);
            else
                span = sum_span(cells, end - first);
            sum->persons += run->share * span.persons;
            sum->high += span.persons;
            sum->low += run->share == 1 ? span.persons : 0;
            sum->with_data += run->share * span.n_data;
            sum->most = span.most > sum->most ? span.most : sum->most;
        }
        first = end;
    }
}

/* The first cell of the row that holds so many. */
static uint32_t find_cell(const struct exposure_row *row, float persons)
{
    for (size_t i = 0; i < row->n_runs; i++)
        for (uint32_t column = row->runs[i].first; column < row->runs[i].end; column++)
            if (grid_cell(row->grid, column, row->row) == persons)
                return column;
    return row->runs[0].first;
}

static enum err_code add_row(void *context, const struct exposure_row *row, struct err *err)
{
    (void)err;
    struct adding *adding = context;
    struct exposure *exposure = adding->exposure;
    struct row_sum sum = {0};
    for (size_t i = 0; i < row->n_runs; i++)
        add_run(&sum, row, &row->runs[i]);
    exposure->persons += sum.persons;
    exposure->low += sum.low;
    exposure->high += sum.high;
    exposure->cells += sum.cells;
    adding->with_data_m2 += sum.with_data * row->cell_m2;
    double persons_a_m2 = (double)sum.most / row->cell_m2;
    if (persons_a_m2 > adding->persons_a_m2) {
        adding->persons_a_m2 = persons_a_m2;
        adding->fullest_row = row->row;
        if (!row->grid->geographic)
            adding->fullest_column = find_cell(row, sum.most);
    }
    return ERR_OK;
}

static double cell_width_m(const struct grid *grid, struct box box)
{
    if (!grid->geographic)
        return grid->cell_width;
    double lon_m;
    double lat_m;
    ellipsoid_degree_m((box.south_deg + box.north_deg) / 2, &lon_m, &lat_m);
    return grid->cell_width * lon_m;
}

/* A cell of a projected grid is larger or smaller on the ellipsoid than in the plane. */
static enum err_code set_densest(const struct exposure_place *place, const struct adding *adding,
                                 struct arena *scratch, struct err *err)
{
    enum err_code code = ERR_OK;
    struct exposure *exposure = adding->exposure;
    struct geom cell;
    double area_m2 = 0;
    exposure->densest_km2 = adding->persons_a_m2 * 1e6;
    if (place->grid->geographic || !(adding->persons_a_m2 > 0))
        return ERR_OK;
    TRY(exposure_cell_shape(place->grid, place->to_grid, adding->fullest_column,
                            adding->fullest_row, scratch, &cell, &area_m2, err));
    if (area_m2 > 0)
        exposure->densest_km2 *= place->grid->cell_width * place->grid->cell_height / area_m2;
done:
    return code;
}

/* Share of a shape's area that may be lost without any data missing: vertices that are put on a
 * cell line (1e-9 of a cell), or lie where their digits end (10 nm, those of a projected grid
 * too), all along its box; and what four cells leave out as too little to count. 1e-7 for what
 * is larger than a cell, 1e-3 for a square millimetre in one of 100 m. */
static double rounding(const struct cell_rings *rings, double cell_m)
{
    const struct cell_box *box = &rings->box;
    double around = 2 * (box->u_high - box->u_low + box->v_high - box->v_low);
    double lost = 4 * coverage_least(box) + around * (1e-9 + 1e-8 / cell_m);
    return 1e-7 + lost / exposure_shape_area(rings);
}

enum err_code exposure_of(const struct grid *grid, struct transform *to_grid,
                          const struct geom *polygon, struct arena *scratch, struct exposure *out,
                          struct err *err)
{
    enum err_code code = ERR_OK;
    *out = (struct exposure){0};
    if (polygon->kind != GEOM_POLYGON)
        return ERR_OK;
    out->area_m2 = ellipsoid_area_m2(polygon);
    if (grid->n_columns == 0 || grid->n_rows == 0) {
        out->nodata_share = out->area_m2 > 0 ? 1 : 0;
        return ERR_OK;
    }
    out->cell_m = cell_width_m(grid, polygon->box);
    struct arena_mark mark = arena_mark(scratch);
    const struct exposure_place place = {grid, to_grid};
    struct cell_rings rings;
    struct adding adding = {.exposure = out};
    struct sweeping sweeping = {.grid = grid, .context = &adding, .visit = add_row};
    TRY(exposure_shape(grid, to_grid, polygon, scratch, &rings, err));
    TRY(sweep_shape(&sweeping, &rings, scratch, err));
    TRY(set_densest(&place, &adding, scratch, err));
    double whole_m2 = out->area_m2;
    if (!grid->geographic)
        whole_m2 = exposure_shape_area(&rings) * grid->cell_width * grid->cell_height;
    double missing = whole_m2 > 0 ? 1 - adding.with_data_m2 / whole_m2 : 0;
    out->nodata_share = missing < rounding(&rings, out->cell_m) ? 0 : min_of(missing, 1);
done:
    arena_rewind(scratch, mark);
    return code;
}

/* ---- cell by cell ---- */

struct listing {
    struct arena *arena;
    struct exposure_cell *cells;
    size_t n;
    size_t capacity;
};

static enum err_code list_row(void *context, const struct exposure_row *row, struct err *err)
{
    struct listing *listing = context;
    for (size_t i = 0; i < row->n_runs; i++) {
        const struct coverage_run *run = &row->runs[i];
        struct exposure_cell *grown =
            arena_grow(listing->arena, listing->cells, &listing->capacity,
                       listing->n + (run->end - run->first), sizeof *grown);
        if (!grown)
            return err_nomem(err);
        listing->cells = grown;
        for (uint32_t column = run->first; column < run->end; column++)
            grown[listing->n++] = (struct exposure_cell){column, row->row, run->share,
                                                         grid_cell(row->grid, column, row->row)};
    }
    return ERR_OK;
}

enum err_code exposure_cells(const struct grid *grid, struct transform *to_grid,
                             const struct geom *polygon, struct arena *arena,
                             struct exposure_cell **cells, size_t *n, struct err *err)
{
    struct listing listing = {.arena = arena};
    const struct exposure_place place = {grid, to_grid};
    enum err_code code = exposure_rows(&place, polygon, arena, &listing, list_row, err);
    *cells = code == ERR_OK ? listing.cells : NULL;
    *n = code == ERR_OK ? listing.n : 0;
    return code;
}
