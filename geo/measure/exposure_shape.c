#include "geo/measure/exposure_shape.h"

#include "data/base/limits.h"
#include "geo/measure/ellipsoid.h"

/* How far a transformed edge may stray from its curve, m. */
static const double STRAY_M = 0.01;

enum {
    DEEPEST_CUT = 20, /* halvings of a piece of 0.25 degree: under 0.1 m */
};

struct shaping {
    const struct grid *grid;
    struct transform *to_grid;
    struct arena *arena;
    struct cell_point *points;
    size_t n;
    size_t capacity;
    struct err *err;
};

static enum err_code add(struct shaping *shaping, struct cell_point point)
{
    if (shaping->n >= 4 * (size_t)LIMIT_VERTICES_PER_GEOMETRY)
        return err_set(shaping->err, ERR_LIMIT,
                       "a shape needs over %zu vertices in the CRS of the grid",
                       4 * (size_t)LIMIT_VERTICES_PER_GEOMETRY);
    struct cell_point *grown = arena_grow(shaping->arena, shaping->points, &shaping->capacity,
                                          shaping->n + 1, sizeof *grown);
    if (!grown)
        return err_nomem(shaping->err);
    shaping->points = grown;
    grown[shaping->n++] = point;
    return ERR_OK;
}

static enum err_code to_cells(struct shaping *shaping, struct lonlat at, struct cell_point *out)
{
    const struct grid *grid = shaping->grid;
    double x;
    double y;
    if (!transform_forward(shaping->to_grid, at, &x, &y))
        return err_set(shaping->err, ERR_INPUT,
                       "(%.6f %.6f) cannot be brought into the CRS of the grid", at.lon_deg,
                       at.lat_deg);
    *out = (struct cell_point){(x - grid->west) / grid->cell_width,
                               (grid->north - y) / grid->cell_height};
    return ERR_OK;
}

static struct lonlat between(struct lonlat a, struct lonlat b, double t)
{
    return (struct lonlat){a.lon_deg + t * (b.lon_deg - a.lon_deg),
                           a.lat_deg + t * (b.lat_deg - a.lat_deg)};
}

struct end {
    struct lonlat at;
    struct cell_point cell;
};

/* Adds what lies between a and b: nothing where the middle is straight enough. */
static enum err_code add_between(struct shaping *shaping, struct end a, struct end b, int depth)
{
    enum err_code code = ERR_OK;
    struct end middle = {.at = between(a.at, b.at, 0.5)};
    TRY(to_cells(shaping, middle.at, &middle.cell));
    double off_x = middle.cell.u - (a.cell.u + b.cell.u) / 2;
    double off_y = middle.cell.v - (a.cell.v + b.cell.v) / 2;
    double off_m = hypot(off_x * shaping->grid->cell_width, off_y * shaping->grid->cell_height);
    if (depth == 0 || !(off_m > STRAY_M))
        goto done;
    TRY(add_between(shaping, a, middle, depth - 1));
    TRY(add(shaping, middle.cell));
    TRY(add_between(shaping, middle, b, depth - 1));
done:
    return code;
}

/* Adds the edge from a to b without b. Cut from its western or southern end whichever way it
 * is walked, so that two shapes that share it get the same vertices. */
static enum err_code add_edge(struct shaping *shaping, struct lonlat a, struct lonlat b)
{
    enum err_code code = ERR_OK;
    bool turned = a.lon_deg > b.lon_deg || (a.lon_deg == b.lon_deg && a.lat_deg > b.lat_deg);
    struct lonlat from = turned ? b : a;
    struct lonlat to = turned ? a : b;
    double length_deg = fmax(to.lon_deg - from.lon_deg, fabs(to.lat_deg - from.lat_deg));
    /* Long edges are cut blindly first: the middle of an S lies on its chord. */
    int n_pieces = (int)fmin(fmax(1, ceil(length_deg / 0.25)), 10000);
    size_t first = shaping->n;
    struct end last = {.at = from};
    TRY(to_cells(shaping, from, &last.cell));
    TRY(add(shaping, last.cell));
    for (int i = 1; i <= n_pieces; i++) {
        struct end next = {.at = i < n_pieces ? between(from, to, (double)i / n_pieces) : to};
        TRY(to_cells(shaping, next.at, &next.cell));
        TRY(add_between(shaping, last, next, DEEPEST_CUT));
        TRY(add(shaping, next.cell));
        last = next;
    }
    if (turned)
        for (size_t i = first, j = shaping->n - 1; i < j; i++, j--) {
            struct cell_point swap = shaping->points[i];
            shaping->points[i] = shaping->points[j];
            shaping->points[j] = swap;
        }
    shaping->n--;
done:
    return code;
}

static enum err_code add_ring(struct shaping *shaping, const struct geom *polygon, uint32_t ring)
{
    enum err_code code = ERR_OK;
    size_t first = shaping->n;
    uint32_t last = polygon->ring_ends[ring] - 1;
    for (uint32_t i = geom_ring_start(polygon, ring); i < last; i++)
        TRY(add_edge(shaping, polygon->points[i], polygon->points[i + 1]));
    TRY(add(shaping, shaping->points[first]));
done:
    return code;
}

/* Longitude and latitude by a shift and a scale alone. */
static void scale_rings(const struct grid *grid, const struct geom *polygon,
                        struct cell_point *points)
{
    double columns_a_deg = 1 / grid->cell_width;
    double rows_a_deg = 1 / grid->cell_height;
    for (uint32_t i = 0; i < polygon->n_points; i++)
        points[i] = (struct cell_point){(polygon->points[i].lon_deg - grid->west) * columns_a_deg,
                                        (grid->north - polygon->points[i].lat_deg) * rows_a_deg};
}

static struct cell_box box_of(const struct cell_point *points, size_t n)
{
    struct cell_box box = {INFINITY, -INFINITY, INFINITY, -INFINITY};
    for (size_t i = 0; i < n; i++) {
        box.u_low = min_of(box.u_low, points[i].u);
        box.u_high = max_of(box.u_high, points[i].u);
        box.v_low = min_of(box.v_low, points[i].v);
        box.v_high = max_of(box.v_high, points[i].v);
    }
    return box;
}

enum err_code exposure_shape(const struct grid *grid, struct transform *to_grid,
                             const struct geom *polygon, struct arena *arena,
                             struct cell_rings *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct shaping shaping = {.grid = grid, .to_grid = to_grid, .arena = arena, .err = err};
    *out = (struct cell_rings){.n_rings = polygon->n_rings};
    out->ring_ends = arena_new(arena, size_t, polygon->n_rings);
    shaping.capacity = polygon->n_points;
    shaping.points = arena_new(arena, struct cell_point, polygon->n_points);
    if (!out->ring_ends || !shaping.points)
        return err_nomem(err);
    if (!to_grid) {
        scale_rings(grid, polygon, shaping.points);
        shaping.n = polygon->n_points;
        for (uint32_t ring = 0; ring < polygon->n_rings; ring++)
            out->ring_ends[ring] = polygon->ring_ends[ring];
    }
    for (uint32_t ring = 0; to_grid && ring < polygon->n_rings; ring++) {
        TRY(add_ring(&shaping, polygon, ring));
        out->ring_ends[ring] = shaping.n;
    }
    out->box = box_of(shaping.points, shaping.n);
    out->points = shaping.points;
done:
    return code;
}

double exposure_shape_area(const struct cell_rings *rings)
{
    double area2 = 0;
    for (size_t ring = 0; ring < rings->n_rings; ring++) {
        size_t start = ring ? rings->ring_ends[ring - 1] : 0;
        struct cell_point origin = rings->points[start];
        for (size_t i = start + 1; i + 1 < rings->ring_ends[ring]; i++) {
            struct cell_point a = rings->points[i];
            struct cell_point b = rings->points[i + 1];
            /* v runs south, so the sign is turned. */
            area2 -= (a.u - origin.u) * (b.v - origin.v) - (a.v - origin.v) * (b.u - origin.u);
        }
    }
    return area2 / 2;
}
