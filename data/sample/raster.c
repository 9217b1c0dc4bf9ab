#include "data/sample/region.h"

#include <stdlib.h>

/* A metre: a border that grazes a cell within the rounding of any transformation counts
 * as crossing it, so that the cell holds nobody. */
static const double MARGIN_DEG = 1e-5;

struct crossing {
    uint32_t row;
    double x;
};

static int compare_crossings(const void *left, const void *right)
{
    const struct crossing *a = left, *b = right;
    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return (a->x > b->x) - (a->x < b->x);
}

static double row_y(const struct raster *raster, double row)
{
    return raster->north_deg - row * raster->cell_deg;
}

static int64_t clamp(double value, uint32_t n)
{
    if (value < 0)
        return 0;
    return value >= n ? (int64_t)n - 1 : (int64_t)value;
}

/* Rows whose centre lines the edge crosses, with the crossing's longitude. */
static size_t edge_crossings(const struct raster *raster, struct lonlat a, struct lonlat b,
                             struct crossing *out)
{
    if (a.lat_deg < b.lat_deg) {
        struct lonlat swap = a;
        a = b;
        b = swap;
    }
    double top = (raster->north_deg - a.lat_deg) / raster->cell_deg - 0.5;
    double bottom = (raster->north_deg - b.lat_deg) / raster->cell_deg - 0.5;
    size_t n = 0;
    for (int64_t row = (int64_t)ceil(top); (double)row < bottom; row++) {
        double y = row_y(raster, (double)row + 0.5);
        double t = (a.lat_deg - y) / (a.lat_deg - b.lat_deg);
        if (out)
            out[n] = (struct crossing){(uint32_t)row, a.lon_deg + t * (b.lon_deg - a.lon_deg)};
        n++;
    }
    return n;
}

static size_t county_crossings(const struct raster *raster, const struct county *county,
                               struct crossing *out)
{
    size_t n = 0;
    for (uint32_t ring = 0; ring < county->n_rings; ring++) {
        uint32_t start = ring ? county->ring_ends[ring - 1] : 0;
        for (uint32_t i = start; i + 1 < county->ring_ends[ring]; i++)
            n += edge_crossings(raster, county->points[i], county->points[i + 1],
                                out ? out + n : NULL);
    }
    return n;
}

static enum err_code fill_county(struct region *region, uint32_t index, struct arena *arena,
                                 struct err *err)
{
    struct raster *raster = &region->raster;
    const struct county *county = &region->counties[index];
    size_t n = county_crossings(raster, county, NULL);
    struct crossing *crossings = arena_new(arena, struct crossing, n);
    if (!crossings)
        return err_nomem(err);
    county_crossings(raster, county, crossings);
    qsort(crossings, n, sizeof *crossings, compare_crossings);
    for (size_t i = 0; i + 1 < n; i += 2) {
        double from = (crossings[i].x - raster->west_deg) / raster->cell_deg - 0.5;
        double to = (crossings[i + 1].x - raster->west_deg) / raster->cell_deg - 0.5;
        uint8_t *row = raster->county + (size_t)crossings[i].row * raster->n_columns;
        for (int64_t column = (int64_t)ceil(from); (double)column < to; column++)
            row[column] = (uint8_t)(1 + index);
    }
    return ERR_OK;
}

/* Every cell that the edge touches. */
static void mark_edge(struct raster *raster, struct lonlat a, struct lonlat b)
{
    if (a.lat_deg < b.lat_deg) {
        struct lonlat swap = a;
        a = b;
        b = swap;
    }
    double scale = 1 / raster->cell_deg;
    int64_t first = clamp((raster->north_deg - a.lat_deg - MARGIN_DEG) * scale, raster->n_rows);
    int64_t last = clamp((raster->north_deg - b.lat_deg + MARGIN_DEG) * scale, raster->n_rows);
    for (int64_t row = first; row <= last; row++) {
        double top = fmin(a.lat_deg, row_y(raster, (double)row) + MARGIN_DEG);
        double bottom = fmax(b.lat_deg, row_y(raster, (double)row + 1) - MARGIN_DEG);
        double x1 = a.lon_deg, x2 = b.lon_deg;
        double height = a.lat_deg - b.lat_deg;
        if (height > 0) {
            x1 = a.lon_deg + (a.lat_deg - top) / height * (b.lon_deg - a.lon_deg);
            x2 = a.lon_deg + (a.lat_deg - bottom) / height * (b.lon_deg - a.lon_deg);
        }
        double west = fmin(x1, x2) - MARGIN_DEG - raster->west_deg;
        double east = fmax(x1, x2) + MARGIN_DEG - raster->west_deg;
        int64_t to = clamp(east * scale, raster->n_columns);
        for (int64_t column = clamp(west * scale, raster->n_columns); column <= to; column++)
            raster->county[row * raster->n_columns + column] = CELL_BORDER;
    }
}

enum err_code raster_counties(struct region *region, struct arena *arena, struct err *err)
{
    struct raster *raster = &region->raster;
    struct box box = box_empty();
    for (uint32_t i = 0; i < region->n_counties; i++)
        box = box_union(box, region->counties[i].box);
    raster->cell_deg = 0.001;
    raster->west_deg = floor(box.west_deg * 100 - 1) / 100;
    raster->north_deg = ceil(box.north_deg * 100 + 1) / 100;
    raster->n_columns = (uint32_t)ceil((box.east_deg + 0.01 - raster->west_deg) / 0.001);
    raster->n_rows = (uint32_t)ceil((raster->north_deg - box.south_deg + 0.01) / 0.001);
    raster->county = arena_new(arena, uint8_t, (size_t)raster->n_columns * raster->n_rows);
    if (!raster->county)
        return err_nomem(err);
    for (uint32_t i = 0; i < region->n_counties; i++) {
        enum err_code code = fill_county(region, i, arena, err);
        if (code != ERR_OK)
            return code;
    }
    for (uint32_t i = 0; i < region->n_counties; i++) {
        const struct county *county = &region->counties[i];
        for (uint32_t ring = 0; ring < county->n_rings; ring++) {
            uint32_t start = ring ? county->ring_ends[ring - 1] : 0;
            for (uint32_t p = start; p + 1 < county->ring_ends[ring]; p++)
                mark_edge(raster, county->points[p], county->points[p + 1]);
        }
    }
    return ERR_OK;
}

bool raster_cell(const struct raster *raster, struct lonlat p, uint32_t *column, uint32_t *row)
{
    double x = (p.lon_deg - raster->west_deg) / raster->cell_deg;
    double y = (raster->north_deg - p.lat_deg) / raster->cell_deg;
    if (!(x >= 0 && y >= 0 && x < raster->n_columns && y < raster->n_rows))
        return false;
    *column = (uint32_t)x;
    *row = (uint32_t)y;
    return true;
}

int region_county_at(const struct region *region, struct lonlat p)
{
    uint32_t column, row;
    if (!raster_cell(&region->raster, p, &column, &row))
        return -1;
    uint8_t value = region->raster.county[(size_t)row * region->raster.n_columns + column];
    return value == CELL_OUTSIDE || value == CELL_BORDER ? -1 : value - 1;
}
