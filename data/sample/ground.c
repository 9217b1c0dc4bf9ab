#include "data/sample/ground.h"

#include "data/sample/frame.h"

struct window {
    int64_t west, east, north, south; /* cells, inclusive */
};

enum err_code ground_init(struct ground *ground, const struct region *region, struct arena *arena,
                          struct err *err)
{
    const struct raster *raster = &region->raster;
    *ground = (struct ground){.west_deg = raster->west_deg,
                              .north_deg = raster->north_deg,
                              .cell_deg = 2 * raster->cell_deg,
                              .n_columns = raster->n_columns / 2 + 1,
                              .n_rows = raster->n_rows / 2 + 1};
    ground->bits = arena_new(arena, uint8_t, (size_t)ground->n_columns * ground->n_rows);
    return ground->bits ? ERR_OK : err_nomem(err);
}

static int64_t clamp(double value, uint32_t n)
{
    if (!(value >= 0))
        return 0;
    return value >= n ? (int64_t)n - 1 : (int64_t)value;
}

static struct window window_of(const struct ground *ground, struct lonlat p, double radius_m)
{
    double dx = radius_m / frame_lon_m(p.lat_deg) / ground->cell_deg;
    double dy = radius_m / frame_lat_m(p.lat_deg) / ground->cell_deg;
    double x = (p.lon_deg - ground->west_deg) / ground->cell_deg;
    double y = (ground->north_deg - p.lat_deg) / ground->cell_deg;
    return (struct window){clamp(x - dx, ground->n_columns), clamp(x + dx, ground->n_columns),
                           clamp(y - dy, ground->n_rows), clamp(y + dy, ground->n_rows)};
}

void ground_mark(struct ground *ground, struct lonlat p, double radius_m, uint8_t bits)
{
    struct window w = window_of(ground, p, radius_m);
    for (int64_t row = w.north; row <= w.south; row++)
        for (int64_t column = w.west; column <= w.east; column++)
            ground->bits[row * ground->n_columns + column] |= bits;
}

void ground_mark_line(struct ground *ground, const struct lonlat *points, size_t n, double radius_m,
                      uint8_t bits)
{
    for (size_t i = 0; i + 1 < n; i++) {
        double length = frame_distance_m(points[i], points[i + 1]);
        uint32_t steps = 1 + (uint32_t)(length / 150);
        for (uint32_t s = 0; s <= steps; s++) {
            double t = (double)s / steps;
            struct lonlat p = {points[i].lon_deg + t * (points[i + 1].lon_deg - points[i].lon_deg),
                               points[i].lat_deg + t * (points[i + 1].lat_deg - points[i].lat_deg)};
            ground_mark(ground, p, radius_m, bits);
        }
    }
}

bool ground_has(const struct ground *ground, struct lonlat p, uint8_t bits)
{
    return ground_near(ground, p, 0, bits);
}

bool ground_near(const struct ground *ground, struct lonlat p, double radius_m, uint8_t bits)
{
    struct window w = window_of(ground, p, radius_m);
    for (int64_t row = w.north; row <= w.south; row++)
        for (int64_t column = w.west; column <= w.east; column++)
            if (ground->bits[row * ground->n_columns + column] & bits)
                return true;
    return false;
}
