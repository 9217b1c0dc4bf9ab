#include "geo/measure/exposure_grid.h"

#include "geo/measure/coverage.h"
#include "geo/measure/ellipsoid.h"
#include "geo/measure/exposure.h"

#define RAD (M_PI / 180)

/* ---- the rows of a geographic grid ---- */

double exposure_grid_north_deg(const struct grid *grid, double row)
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

static struct grid_row geographic_row(const struct grid *grid, uint32_t row)
{
    double height = grid->cell_height * RAD;
    double width = grid->cell_width * RAD;
    struct grid_row measure;
    if (height < LOW_ROW) {
        struct zone_slopes middle = zone_slopes(exposure_grid_north_deg(grid, row + 0.5));
        double whole = middle.first + middle.third * height * height / 24;
        /* first - second t + third t2 / 2 at t = (y - 1/2) height south of the middle. */
        double c0 = middle.first / whole;
        double c1 = middle.second * height / whole;
        double c2 = middle.third * height * height / 2 / whole;
        measure = (struct grid_row){.slope = {c0 + c1 / 2 + c2 / 4, -c1 - c2, c2, 0, 0},
                                    .cell_m2 = width * b2_m2() * height * whole};
    } else {
        double north_deg = exposure_grid_north_deg(grid, row);
        double south_deg = exposure_grid_north_deg(grid, row + 1.0);
        double zone_m2 = ellipsoid_zone_between_m2(south_deg, north_deg);
        double scale = height * b2_m2() / zone_m2;
        struct zone_slopes north = zone_slopes(north_deg);
        struct zone_slopes south = zone_slopes(south_deg);
        measure = coverage_curve(north.first * scale, south.first * scale,
                                 -north.second * height * scale, -south.second * height * scale);
        measure.cell_m2 = width * zone_m2;
    }
    return measure;
}

enum err_code exposure_grid_rows(const struct grid *grid, uint32_t first, uint32_t end,
                                 struct arena *arena, const struct grid_row **out, struct err *err)
{
    if (grid->rows) {
        *out = grid->rows + first;
        return ERR_OK;
    }
    struct grid_row *rows = arena_new(arena, struct grid_row, end - first);
    if (!rows)
        return err_nomem(err);
    for (uint32_t row = first; row < end; row++)
        rows[row - first] =
            grid->geographic
                ? geographic_row(grid, row)
                : (struct grid_row){{1, 0, 0, 0, 0}, grid->cell_width * grid->cell_height};
    *out = rows;
    return ERR_OK;
}

enum err_code exposure_prepare(struct grid *grid, struct arena *arena, struct err *err)
{
    return exposure_grid_rows(grid, 0, grid->n_rows, arena, &grid->rows, err);
}

/* ---- the shape of a cell ---- */

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
        double north = exposure_grid_north_deg(grid, row);
        double south = exposure_grid_north_deg(grid, row + 1.0);
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
