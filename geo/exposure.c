#include "geo/exposure.h"

#include "geo/coverage.h"
#include "geo/ellipsoid.h"
#include "geo/exposure_shape.h"

#define RAD (M_PI / 180)

/* ---- the rows of a geographic grid ---- */

static double row_north_deg(const struct grid *grid, double row)
{
    return grid->north - row * grid->cell_height;
}

/* First, second and third derivative of the zone's area by the latitude, in units of b2 a
 * radian, radian squared and cubed: M N cos(lat) / b2 and its slopes. */
struct zone_slopes {
    double first;
    double second;
    double third;
};

static struct zone_slopes zone_slopes(double lat_deg)
{
    double sine;
    double cosine;
    sincos(lat_deg * RAD, &sine, &cosine);
    double w2 = 1 - ELLIPSOID_E2 * sine * sine;
    double n1 = sine * (4 * ELLIPSOID_E2 * cosine * cosine - w2);
    double n2 = cosine * (4 * ELLIPSOID_E2 * cosine * cosine - w2) -
                6 * ELLIPSOID_E2 * sine * sine * cosine;
    double w4 = w2 * w2;
    return (struct zone_slopes){cosine / w4, n1 / (w4 * w2),
                                (n2 * w2 + 6 * ELLIPSOID_E2 * sine * cosine * n1) / (w4 * w4)};
}

static double b2_m2(void)
{
    return ELLIPSOID_A_M * ELLIPSOID_A_M * (1 - ELLIPSOID_E2);
}

/* Rows lower than this, radians (1.3 km), are followed by three Taylor terms about their
 * middle to 2e-13 of a row; higher ones by Hermite's polynomial of degree 5 between their
 * edges, to 1e-13 of a row of one degree and 1e-10 of one of five. */
static const double LOW_ROW = 2e-4;

/* Area of a cell of that row: on the ellipsoid, or in the plane of a projected grid. */
static double cell_area_m2(const struct grid *grid, uint32_t row)
{
    if (!grid->geographic)
        return grid->cell_width * grid->cell_height;
    double height = grid->cell_height * RAD;
    if (height < LOW_ROW) {
        struct zone_slopes slopes = zone_slopes(row_north_deg(grid, row + 0.5));
        return grid->cell_width * RAD * b2_m2() * height *
               (slopes.first + slopes.third * height * height / 24);
    }
    return grid->cell_width * RAD *
           ellipsoid_zone_between_m2(row_north_deg(grid, row + 1.0), row_north_deg(grid, row));
}

/* How the area of a row grows from its north edge down. */
static struct row_curve geographic_curve(const void *context, uint32_t row)
{
    const struct grid *grid = context;
    double height = grid->cell_height * RAD;
    if (height < LOW_ROW) {
        struct zone_slopes middle = zone_slopes(row_north_deg(grid, row + 0.5));
        double whole = middle.first + middle.third * height * height / 24;
        /* first - second t + third t2 / 2 at t = (y - 1/2) height south of the middle. */
        double c0 = middle.first / whole;
        double c1 = middle.second * height / whole;
        double c2 = middle.third * height * height / 2 / whole;
        return (struct row_curve){{c0 + c1 / 2 + c2 / 4, -c1 - c2, c2, 0, 0}};
    }
    double north_deg = row_north_deg(grid, row);
    double south_deg = row_north_deg(grid, row + 1.0);
    double scale = height * b2_m2() / ellipsoid_zone_between_m2(south_deg, north_deg);
    struct zone_slopes north = zone_slopes(north_deg);
    struct zone_slopes south = zone_slopes(south_deg);
    return coverage_curve(north.first * scale, south.first * scale, -north.second * height * scale,
                          -south.second * height * scale);
}

/* ---- sweeping a shape over the grid ---- */

typedef enum err_code run_visitor(void *context, const struct coverage_run *run, struct err *err);

/* Whole turns by which a shape may be moved to lie over the grid. */
static void turns_over(const struct grid *grid, const struct cell_rings *rings, int *first,
                       int *last)
{
    *first = *last = 0;
    if (!grid->geographic)
        return;
    double turn = 360 / grid->cell_width; /* columns */
    *first = (int)fmax(-4, ceil(-rings->u_high / turn));
    *last = (int)fmin(4, floor((grid->n_columns - rings->u_low) / turn));
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

static enum err_code sweep_shape(const struct grid *grid, const struct cell_rings *rings,
                                 struct arena *arena, void *context, run_visitor *visit,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    struct coverage coverage;
    int first;
    int last;
    TRY(coverage_init(&coverage, arena, grid->n_columns, grid->n_rows, rings->v_low, rings->v_high,
                      err));
    if (grid->geographic) {
        coverage.curve_of = geographic_curve;
        coverage.context = grid;
    }
    /* Each edge has about one piece, and one more for each cell line that it crosses. */
    size_t n = rings->n_rings ? rings->ring_ends[rings->n_rings - 1] : 0;
    TRY(coverage_reserve(&coverage, 2 * n + 4 * (size_t)(coverage.end_row - coverage.first_row),
                         err));
    turns_over(grid, rings, &first, &last);
    for (int turn = first; turn <= last; turn++) {
        double shift = turn == 0 ? 0 : turn * (360 / grid->cell_width);
        TRY(add_rings(&coverage, rings, shift, arena, err));
    }
    TRY(coverage_sweep(&coverage, context, visit, err));
done:
    return code;
}

/* ---- persons ---- */

struct adding {
    const struct grid *grid;
    struct exposure *exposure;
    uint32_t row; /* whose cell area is known */
    double cell_m2;
    double with_data_m2;
};

/* The cells of a row from `first` on that lie in one block; NULL where the block has no
 * data. *end is where the block or the run ends. */
static const float *block_row(const struct grid *grid, uint32_t row, uint32_t first, uint32_t *end)
{
    uint32_t block_column = first / GRID_BLOCK_CELLS;
    const float *block =
        grid->blocks[(size_t)(row / GRID_BLOCK_CELLS) * grid->n_block_columns + block_column];
    uint32_t block_end = (block_column + 1) * GRID_BLOCK_CELLS;
    if (*end > block_end)
        *end = block_end;
    return block ? block + (size_t)(row % GRID_BLOCK_CELLS) * GRID_BLOCK_CELLS +
                       first % GRID_BLOCK_CELLS
                 : NULL;
}

/* Sum, number and largest of the data among n cells. */
struct span {
    double persons;
    uint32_t n_data;
    float densest;
};

static struct span sum_span(const float *cells, uint32_t n)
{
    struct span span = {0, 0, 0};
    for (uint32_t i = 0; i < n; i++) {
        if (!isfinite(cells[i])) /* no data; an infinite count is none either */
            continue;
        span.persons += (double)cells[i];
        span.n_data++;
        if (cells[i] > span.densest)
            span.densest = cells[i];
    }
    return span;
}

static enum err_code add_run(void *context, const struct coverage_run *run, struct err *err)
{
    (void)err;
    struct adding *adding = context;
    struct exposure *exposure = adding->exposure;
    if (adding->row != run->row) {
        adding->row = run->row;
        adding->cell_m2 = cell_area_m2(adding->grid, run->row);
    }
    exposure->cells += run->end - run->first;
    for (uint32_t first = run->first; first < run->end;) {
        uint32_t end = run->end;
        const float *cells = block_row(adding->grid, run->row, first, &end);
        if (cells) {
            struct span span = sum_span(cells, end - first);
            exposure->persons += run->share * span.persons;
            exposure->high += span.persons;
            if (run->share == 1)
                exposure->low += span.persons;
            adding->with_data_m2 += run->share * span.n_data * adding->cell_m2;
            exposure->densest_km2 =
                fmax(exposure->densest_km2, (double)span.densest / adding->cell_m2 * 1e6);
        }
        first = end;
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
    struct cell_rings rings;
    struct adding adding = {.grid = grid, .exposure = out, .row = UINT32_MAX};
    TRY(exposure_shape(grid, to_grid, polygon, scratch, &rings, err));
    TRY(sweep_shape(grid, &rings, scratch, &adding, add_run, err));
    double whole_m2 = out->area_m2;
    if (!grid->geographic)
        whole_m2 = exposure_shape_area(&rings) * grid->cell_width * grid->cell_height;
    double missing = whole_m2 > 0 ? 1 - adding.with_data_m2 / whole_m2 : 0;
    /* Rounding of a share of a small shape in a large cell is no missing data. */
    out->nodata_share = missing < 1e-7 ? 0 : fmin(missing, 1);
done:
    arena_rewind(scratch, mark);
    return code;
}

/* ---- cell by cell ---- */

struct listing {
    const struct grid *grid;
    struct arena *arena;
    struct exposure_cell *cells;
    size_t n;
    size_t capacity;
};

static enum err_code list_run(void *context, const struct coverage_run *run, struct err *err)
{
    struct listing *listing = context;
    size_t n = run->end - run->first;
    struct exposure_cell *grown = arena_grow(listing->arena, listing->cells, &listing->capacity,
                                             listing->n + n, sizeof *grown);
    if (!grown)
        return err_nomem(err);
    listing->cells = grown;
    for (uint32_t column = run->first; column < run->end; column++)
        grown[listing->n++] = (struct exposure_cell){column, run->row, run->share,
                                                     grid_cell(listing->grid, column, run->row)};
    return ERR_OK;
}

enum err_code exposure_cells(const struct grid *grid, struct transform *to_grid,
                             const struct geom *polygon, struct arena *arena,
                             struct exposure_cell **cells, size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    struct cell_rings rings;
    struct listing listing = {.grid = grid, .arena = arena};
    *cells = NULL;
    *n = 0;
    if (polygon->kind != GEOM_POLYGON || grid->n_columns == 0)
        return ERR_OK;
    TRY(exposure_shape(grid, to_grid, polygon, arena, &rings, err));
    TRY(sweep_shape(grid, &rings, arena, &listing, list_run, err));
    *cells = listing.cells;
    *n = listing.n;
done:
    return code;
}

/* The outline of a projected cell, back in longitude and latitude, 8 edges a side: a straight
 * side of 1 km strays by under 1 m from straight in longitude and latitude, and an eighth of
 * it by a 64th of that. */
static enum err_code projected_outline(const struct grid *grid, struct transform *to_grid,
                                       struct cell_point corner, struct lonlat *ring,
                                       struct err *err)
{
    static const double du[4] = {0, 1, 0, -1}; /* down, east, up, west */
    static const double dv[4] = {1, 0, -1, 0};
    struct cell_point at = corner;
    int n = 0;
    for (int side = 0; side < 4; side++)
        for (int i = 0; i < 8; i++) {
            double x = grid->west + (at.u + du[side] * i / 8) * grid->cell_width;
            double y = grid->north - (at.v + dv[side] * i / 8) * grid->cell_height;
            if (!transform_inverse(to_grid, x, y, &ring[n++]))
                return err_set(err, ERR_INPUT,
                               "the grid's cell at column %.0f, row %.0f lies nowhere on earth",
                               corner.u, corner.v);
            if (i == 7) {
                at.u += du[side];
                at.v += dv[side];
            }
        }
    return ERR_OK;
}

enum err_code exposure_cell_shape(const struct grid *grid, struct transform *to_grid,
                                  uint32_t column, uint32_t row, struct arena *arena,
                                  struct geom *out, double *area_m2, struct err *err)
{
    enum err_code code = ERR_OK;
    struct lonlat ring[32];
    size_t n = 4;
    if (grid->geographic) {
        double west = grid->west + column * grid->cell_width;
        double east = grid->west + (column + 1.0) * grid->cell_width;
        double north = row_north_deg(grid, row);
        double south = row_north_deg(grid, row + 1.0);
        ring[0] = (struct lonlat){west, south};
        ring[1] = (struct lonlat){east, south};
        ring[2] = (struct lonlat){east, north};
        ring[3] = (struct lonlat){west, north};
    } else {
        n = 32;
        TRY(projected_outline(grid, to_grid, (struct cell_point){column, row}, ring, err));
    }
    TRY(geom_of_ring(ring, n, arena, out, err));
    *area_m2 = ellipsoid_area_m2(out);
done:
    return code;
}
