/*
 * import_shift.c - evidence that a layer is on another datum than --crs says.
 *
 * What is judged: every vertex of the layer, thinned to one a cell of 0.01 degree so that a
 * detailed lake does not outvote a county. What against: the edges of the loaded boundaries
 * of all levels. For each reading of the file's coordinates (as they are, as GCJ-02, as
 * BD-09) it is counted how many samples lie within 100 m of a boundary.
 *
 * A layer is refused if another reading than the one that --crs names brings at least 20
 * samples, and at least a fifth of those that lie within 1 km of a boundary under any
 * reading, within 100 m; and 1.5 times as many as the named reading does.
 *
 * Why these: 100 m is a quarter of the shift and about the generalisation of published
 * boundaries. On two independent sets of county boundaries of Ningxia the right reading wins
 * by a factor of 1.8 to 3.3, county by county by 2.1 or more, and a wrong one never comes
 * above 0.85 of the right one. Layers that do not follow boundaries (plants, settlements,
 * stations, rivers at kilometre detail) bring fewer than ten samples: they are never judged.
 */
#include "data/import_private.h"

#include "data/gcj02.h"

#include <stdlib.h>
#include <string.h>

static const double SAMPLE_CELL_DEG = 0.01;
static const double NEAR_M = 100;
static const double REACH_M = 1000;
static const double LEAST_SHARE = 0.2;
static const double LEAST_FACTOR = 1.5;

enum {
    LEAST_SAMPLES = 20,
    MOST_SAMPLES = 20000, /* more would not change the answer */
    MOST_INDEX_CELLS = 1 << 20,
    MOST_EDGE_CELLS = 4096,
};

enum reading { READ_PLAIN, READ_GCJ02, READ_BD09, READINGS };

static const char *const reading_options[] = {"EPSG:4490", "gcj02", "bd09"};

/* ---- an index of the boundaries' edges: cells, each with the edges that touch it ---- */

struct edges {
    struct box box;
    double cell_deg; /* at least REACH_M in both directions up to latitude 60 */
    size_t columns;
    size_t rows;
    uint32_t *starts; /* columns * rows + 1 */
    struct lonlat (*items)[2];
};

static const double LEAST_CELL_DEG = 0.02;

/* What lies farther than this from every sample is within REACH_M of none, however it is read: no
 * reading is as much as 0.02 degree from another. */
static const double AROUND_SAMPLES_DEG = 0.05;

static size_t cell_along(double value, double from, double step, size_t n)
{
    double at = (value - from) / step;
    return at <= 0 ? 0 : at >= (double)n ? n - 1 : (size_t)at;
}

/* Counts the edge in (items NULL) or puts it into each cell of its box. An edge that spans
 * thousands of cells is no surveyed boundary and is passed over. */
static void put_edge(struct edges *edges, uint32_t *fill, struct lonlat a, struct lonlat b)
{
    double step = edges->cell_deg;
    const struct lonlat ends[] = {a, b};
    if (!box_intersects(edges->box, box_of_points(ends, 2)))
        return;
    size_t west = cell_along(fmin(a.lon_deg, b.lon_deg), edges->box.west_deg, step, edges->columns);
    size_t east = cell_along(fmax(a.lon_deg, b.lon_deg), edges->box.west_deg, step, edges->columns);
    size_t south = cell_along(fmin(a.lat_deg, b.lat_deg), edges->box.south_deg, step, edges->rows);
    size_t north = cell_along(fmax(a.lat_deg, b.lat_deg), edges->box.south_deg, step, edges->rows);
    if ((east - west + 1) * (north - south + 1) > MOST_EDGE_CELLS)
        return;
    for (size_t row = south; row <= north; row++)
        for (size_t column = west; column <= east; column++) {
            size_t cell = row * edges->columns + column;
            if (edges->items) {
                edges->items[fill[cell]][0] = a;
                edges->items[fill[cell]][1] = b;
            }
            fill[cell]++;
        }
}

static void put_all(struct edges *edges, const struct import *import, uint32_t *fill)
{
    for (size_t i = 0; i < import->n_admin; i++) {
        const struct geom *geom = &import->admin[i].head.geom;
        if (!box_intersects(edges->box, geom->box))
            continue;
        for (uint32_t ring = 0; ring < geom->n_rings; ring++)
            for (uint32_t v = geom_ring_start(geom, ring) + 1; v < geom->ring_ends[ring]; v++)
                put_edge(edges, fill, geom->points[v - 1], geom->points[v]);
    }
}

/* Of those that touch the box, which touches that of all of them. */
static enum err_code build_edges(const struct import *import, struct box box, struct arena *arena,
                                 struct edges *edges, struct err *err)
{
    *edges = (struct edges){.box = box};
    double width = edges->box.east_deg - edges->box.west_deg;
    double height = edges->box.north_deg - edges->box.south_deg;
    edges->cell_deg = fmax(LEAST_CELL_DEG, sqrt(width * height / MOST_INDEX_CELLS));
    edges->columns = (size_t)(width / edges->cell_deg) + 1;
    edges->rows = (size_t)(height / edges->cell_deg) + 1;
    size_t n_cells = edges->columns * edges->rows;
    edges->starts = arena_new(arena, uint32_t, n_cells + 1);
    uint32_t *fill = arena_new(arena, uint32_t, n_cells + 1);
    if (!edges->starts || !fill)
        return err_nomem(err);
    put_all(edges, import, fill);
    for (size_t cell = 0; cell < n_cells; cell++)
        edges->starts[cell + 1] = edges->starts[cell] + fill[cell];
    edges->items = arena_alloc(arena, edges->starts[n_cells], sizeof *edges->items);
    if (!edges->items)
        return err_nomem(err);
    memcpy(fill, edges->starts, n_cells * sizeof *fill);
    put_all(edges, import, fill);
    return ERR_OK;
}

/* Metres, good to a percent, which is enough to count. */
static double edge_distance_m(const struct lonlat edge[2], struct lonlat point)
{
    double kx = 111320 * cos(point.lat_deg * 3.14159265358979323846 / 180), ky = 111132;
    double ux = (edge[1].lon_deg - edge[0].lon_deg) * kx;
    double uy = (edge[1].lat_deg - edge[0].lat_deg) * ky;
    double px = (point.lon_deg - edge[0].lon_deg) * kx;
    double py = (point.lat_deg - edge[0].lat_deg) * ky;
    double square = ux * ux + uy * uy;
    double t = square > 0 ? fmax(0, fmin(1, (px * ux + py * uy) / square)) : 0;
    return hypot(px - t * ux, py - t * uy);
}

/* To the nearest boundary within about REACH_M, else INFINITY. */
static double boundary_distance_m(const struct edges *edges, struct lonlat point)
{
    double best = (double)INFINITY, step = edges->cell_deg;
    struct box box = edges->box;
    if (point.lon_deg < box.west_deg - step || point.lon_deg > box.east_deg + step ||
        point.lat_deg < box.south_deg - step || point.lat_deg > box.north_deg + step)
        return best;
    size_t column = cell_along(point.lon_deg, box.west_deg, step, edges->columns);
    size_t row = cell_along(point.lat_deg, box.south_deg, step, edges->rows);
    for (size_t r = row ? row - 1 : 0; r <= row + 1 && r < edges->rows; r++)
        for (size_t c = column ? column - 1 : 0; c <= column + 1 && c < edges->columns; c++) {
            size_t cell = r * edges->columns + c;
            for (uint32_t i = edges->starts[cell]; i < edges->starts[cell + 1]; i++)
                best = fmin(best, edge_distance_m(edges->items[i], point));
        }
    return best;
}

/* ---- samples ---- */

struct samples {
    struct lonlat *points;
    size_t n;
    size_t capacity;
    uint64_t *seen; /* cells taken: open addressing, 0 free */
    size_t n_seen_slots;
};

static bool take_cell(struct samples *samples, struct lonlat point)
{
    uint64_t x = (uint64_t)((point.lon_deg + 180) / SAMPLE_CELL_DEG);
    uint64_t y = (uint64_t)((point.lat_deg + 90) / SAMPLE_CELL_DEG);
    uint64_t key = (x << 32 | y) + 1;
    size_t mask = samples->n_seen_slots - 1;
    size_t slot = (size_t)(key * 0x9E3779B97F4A7C15ULL >> 20) & mask;
    for (; samples->seen[slot]; slot = (slot + 1) & mask)
        if (samples->seen[slot] == key)
            return false;
    samples->seen[slot] = key;
    return true;
}

static enum err_code take_samples(const struct import *import, struct arena *arena,
                                  struct samples *samples, struct err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < import->n_records && n < MOST_SAMPLES; i++)
        n += record_at(import->layer->id, import->records, i)->geom.n_points;
    n = n < MOST_SAMPLES ? n : MOST_SAMPLES;
    *samples = (struct samples){.n_seen_slots = 64};
    while (samples->n_seen_slots < 2 * n)
        samples->n_seen_slots *= 2;
    samples->points = arena_new(arena, struct lonlat, n);
    samples->seen = arena_new(arena, uint64_t, samples->n_seen_slots);
    if (!samples->points || !samples->seen)
        return err_nomem(err);
    for (size_t i = 0; i < import->n_records; i++) {
        const struct geom *geom = &record_at(import->layer->id, import->records, i)->geom;
        for (uint32_t v = 0; v < geom->n_points && samples->n < MOST_SAMPLES; v++)
            if (take_cell(samples, geom->points[v]))
                samples->points[samples->n++] = geom->points[v];
    }
    return ERR_OK;
}

/* Where boundaries may matter to a sample: empty where there are none. */
static struct box box_that_matters(const struct import *import, const struct samples *samples)
{
    struct box all = box_empty();
    struct box near = box_of_points(samples->points, samples->n);
    for (size_t i = 0; i < import->n_admin; i++)
        all = box_union(all, import->admin[i].head.geom.box);
    return (struct box){fmax(all.west_deg, near.west_deg - AROUND_SAMPLES_DEG),
                        fmax(all.south_deg, near.south_deg - AROUND_SAMPLES_DEG),
                        fmin(all.east_deg, near.east_deg + AROUND_SAMPLES_DEG),
                        fmin(all.north_deg, near.north_deg + AROUND_SAMPLES_DEG)};
}

/* ---- the verdict ---- */

/* The point as the file has it. */
static struct lonlat as_given(enum import_datum datum, struct lonlat point)
{
    return datum == DATUM_GCJ02  ? gcj02_from_wgs84(point)
           : datum == DATUM_BD09 ? bd09_from_wgs84(point)
                                 : point;
}

static struct lonlat read_as(enum reading reading, struct lonlat raw)
{
    return reading == READ_GCJ02  ? gcj02_to_wgs84(raw)
           : reading == READ_BD09 ? bd09_to_wgs84(raw)
                                  : raw;
}

enum err_code import_shift_check(struct import *import, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena arena;
    struct edges edges;
    struct samples samples;
    size_t near[READINGS] = {0}, reachable = 0;
    if (import->options->accept_shift || import->n_admin == 0)
        return ERR_OK;
    arena_init(&arena, import->arena->limit_bytes);
    TRY(take_samples(import, &arena, &samples, err));
    if (samples.n < LEAST_SAMPLES) /* one edited record: too little to tell */
        goto done;
    struct box box = box_that_matters(import, &samples);
    if (box.west_deg > box.east_deg || box.south_deg > box.north_deg)
        goto done;
    TRY(build_edges(import, box, &arena, &edges, err));
    for (size_t i = 0; i < samples.n; i++) {
        struct lonlat raw = as_given(import->crs.datum, samples.points[i]);
        double least = (double)INFINITY;
        for (enum reading r = READ_PLAIN; r < READINGS; r++) {
            double distance = boundary_distance_m(&edges, read_as(r, raw));
            near[r] += distance < NEAR_M;
            least = fmin(least, distance);
        }
        reachable += least < REACH_M;
    }
    enum reading named = import->crs.datum == DATUM_GCJ02  ? READ_GCJ02
                         : import->crs.datum == DATUM_BD09 ? READ_BD09
                                                           : READ_PLAIN;
    enum reading best = named;
    for (enum reading r = READ_PLAIN; r < READINGS; r++)
        if (near[r] > near[best])
            best = r;
    if (best != named && near[best] >= LEAST_SAMPLES &&
        (double)near[best] >= LEAST_SHARE * (double)reachable &&
        (double)near[best] >= LEAST_FACTOR * (double)near[named])
        code = err_set(err, ERR_INPUT,
                       "%s looks %s: read so, %zu of %zu sampled vertices lie within %.0f m of the "
                       "loaded boundaries, read as %s says only %zu; name CRS %s (on the command "
                       "line --accept-shift tells that the loaded boundaries are the wrong ones)",
                       import->report.summary->source,
                       best == READ_PLAIN   ? "unshifted"
                       : best == READ_GCJ02 ? "shifted, as GCJ-02 is"
                                            : "shifted, as BD-09 is",
                       near[best], reachable, NEAR_M, import->crs.name, near[named],
                       reading_options[best]);
done:
    arena_release(&arena);
    return code;
}
