/* Where a symbol stands: the most roomy place inside a polygon, the middle of a line. */
#include "tiler/features/shape.h"

#include <math.h>

enum {
    /* Cells looked at; a coast of a thousand bays is settled with some hundreds. */
    MOST_CELLS = 2000,
    /* Vertices measured against; finer edges are thinned out. A name does not notice. */
    MOST_VERTICES = 2000,
};

struct place {
    double x, y;
};

struct search_cell {
    struct place centre;
    double half;     /* of its edge */
    double distance; /* to the polygon's edge, negative outside */
    double most;     /* the largest distance that any place in it can have */
};

struct search {
    const struct place *points; /* rings of the largest part, closed */
    const uint32_t *ring_ends;
    uint32_t n_rings;
    struct search_cell *heap; /* largest `most` first */
    size_t n;
};

/* Signed distance to the edge: positive inside. */
static double edge_distance(const struct search *s, struct place at)
{
    bool inside = false;
    double least = (double)INFINITY;
    for (uint32_t ring = 0; ring < s->n_rings; ring++) {
        for (uint32_t i = ring ? s->ring_ends[ring - 1] : 0; i + 1 < s->ring_ends[ring]; i++) {
            struct place a = s->points[i], b = s->points[i + 1];
            if ((a.y > at.y) != (b.y > at.y) &&
                at.x < (b.x - a.x) * (at.y - a.y) / (b.y - a.y) + a.x)
                inside = !inside;
            double dx = b.x - a.x, dy = b.y - a.y;
            double along = dx * dx + dy * dy;
            double t = along > 0 ? ((at.x - a.x) * dx + (at.y - a.y) * dy) / along : 0;
            t = t < 0 ? 0 : t > 1 ? 1 : t;
            double ex = a.x + t * dx - at.x, ey = a.y + t * dy - at.y;
            least = fmin(least, ex * ex + ey * ey);
        }
    }
    return inside ? sqrt(least) : -sqrt(least);
}

static struct search_cell cell_at(const struct search *s, double x, double y, double half)
{
    struct search_cell cell = {.centre = {x, y}, .half = half};
    cell.distance = edge_distance(s, cell.centre);
    cell.most = cell.distance + half * M_SQRT2;
    return cell;
}

static void push_cell(struct search *s, struct search_cell cell)
{
    size_t at = s->n++;
    while (at > 0 && s->heap[(at - 1) / 2].most < cell.most) {
        s->heap[at] = s->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    s->heap[at] = cell;
}

static struct search_cell pop_cell(struct search *s)
{
    struct search_cell top = s->heap[0], last = s->heap[--s->n];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= s->n)
            break;
        if (child + 1 < s->n && s->heap[child + 1].most > s->heap[child].most)
            child++;
        if (s->heap[child].most <= last.most)
            break;
        s->heap[at] = s->heap[child];
        at = child;
    }
    s->heap[at] = last;
    return top;
}

static double ring_area(const struct place *points, uint32_t start, uint32_t end)
{
    double area = 0;
    for (uint32_t i = start; i + 1 < end; i++)
        area += (points[i].x - points[start].x) * (points[i + 1].y - points[start].y) -
                (points[i + 1].x - points[start].x) * (points[i].y - points[start].y);
    return fabs(area) / 2;
}

/* Begins the search: a few cells over the box, and the centroid of the outer ring. */
static struct search_cell first_cells(struct search *s, double *precision)
{
    struct place low = s->points[0], high = low, mean = {0, 0};
    double weight = 0;
    for (uint32_t i = 0; i < s->ring_ends[0]; i++) {
        low = (struct place){fmin(low.x, s->points[i].x), fmin(low.y, s->points[i].y)};
        high = (struct place){fmax(high.x, s->points[i].x), fmax(high.y, s->points[i].y)};
    }
    for (uint32_t i = 0; i + 1 < s->ring_ends[0]; i++) {
        struct place a = {s->points[i].x - low.x, s->points[i].y - low.y};
        struct place b = {s->points[i + 1].x - low.x, s->points[i + 1].y - low.y};
        double twice = a.x * b.y - b.x * a.y;
        weight += twice * 3;
        mean.x += (a.x + b.x) * twice;
        mean.y += (a.y + b.y) * twice;
    }
    double edge = fmin(high.x - low.x, high.y - low.y);
    double long_edge = fmax(high.x - low.x, high.y - low.y);
    *precision = edge / 100;
    struct place centre = {(low.x + high.x) / 2, (low.y + high.y) / 2};
    if (weight != 0)
        centre = (struct place){low.x + mean.x / weight, low.y + mean.y / weight};
    struct search_cell best = cell_at(s, centre.x, centre.y, 0);
    double half = fmax(edge / 2, long_edge / 32);
    if (half <= 0)
        return best;
    int columns = (int)ceil((high.x - low.x) / (2 * half));
    int rows = (int)ceil((high.y - low.y) / (2 * half));
    for (int i = 0; i < columns * rows; i++) {
        int column = i % columns, row = i / columns;
        push_cell(s,
                  cell_at(s, low.x + (2 * column + 1) * half, low.y + (2 * row + 1) * half, half));
    }
    return best;
}

static struct place most_roomy(struct search *s)
{
    double precision;
    struct search_cell best = first_cells(s, &precision);
    for (int i = 0; s->n > 0 && s->n + 4 < MOST_CELLS && i < MOST_CELLS; i++) {
        struct search_cell cell = pop_cell(s);
        if (cell.most - best.distance <= precision)
            break;
        if (cell.distance > best.distance)
            best = cell;
        double half = cell.half / 2;
        for (int k = 0; k < 4; k++)
            push_cell(s, cell_at(s, cell.centre.x + (k % 2 ? half : -half),
                                 cell.centre.y + (k / 2 ? half : -half), half));
    }
    return best.centre;
}

/* The largest part of a polygon, thinned out. */
static enum err_code load_part(const struct geom *geom, enum plane plane, struct arena *scratch,
                               struct search *s, struct err *err)
{
    struct place *all = arena_new(scratch, struct place, geom->n_points);
    struct place *kept = arena_new(scratch, struct place, (size_t)geom->n_points + geom->n_rings);
    uint32_t *ends = arena_new(scratch, uint32_t, geom->n_rings);
    s->heap = arena_new(scratch, struct search_cell, MOST_CELLS);
    if (!all || !kept || !ends || !s->heap)
        return err_nomem(err);
    for (uint32_t i = 0; i < geom->n_points; i++) {
        struct plane_point m = plane_of(plane, geom->points[i]);
        all[i] = (struct place){m.x, m.y};
    }
    uint32_t best = 0;
    double largest = -1;
    for (uint32_t part = 0; part < geom->n_parts; part++) {
        uint32_t ring = geom_part_start(geom, part);
        double area = ring_area(all, geom_ring_start(geom, ring), geom->ring_ends[ring]);
        if (area > largest) {
            largest = area;
            best = part;
        }
    }
    uint32_t stride = geom->n_points / MOST_VERTICES + 1, n = 0;
    for (uint32_t ring = geom_part_start(geom, best); ring < geom->part_ends[best]; ring++) {
        uint32_t start = geom_ring_start(geom, ring), end = geom->ring_ends[ring];
        for (uint32_t i = start; i + 1 < end; i += stride)
            kept[n++] = all[i];
        kept[n++] = all[end - 1];
        ends[s->n_rings++] = n;
    }
    s->points = kept;
    s->ring_ends = ends;
    return ERR_OK;
}

/* The point in the middle of the longest line. */
static struct plane_point middle_of_line(const struct geom *geom, enum plane plane)
{
    uint32_t best = 0;
    double longest = -1;
    for (uint32_t line = 0; line < geom->n_rings; line++) {
        double length = 0;
        for (uint32_t i = geom_ring_start(geom, line); i + 1 < geom->ring_ends[line]; i++)
            length += hypot(geom->points[i + 1].lon_deg - geom->points[i].lon_deg,
                            geom->points[i + 1].lat_deg - geom->points[i].lat_deg);
        if (length > longest) {
            longest = length;
            best = line;
        }
    }
    double left = longest / 2;
    uint32_t i = geom_ring_start(geom, best);
    for (; i + 2 < geom->ring_ends[best]; i++) {
        double length = hypot(geom->points[i + 1].lon_deg - geom->points[i].lon_deg,
                              geom->points[i + 1].lat_deg - geom->points[i].lat_deg);
        if (length >= left)
            break;
        left -= length;
    }
    struct lonlat a = geom->points[i], b = geom->points[i + 1];
    double length = hypot(b.lon_deg - a.lon_deg, b.lat_deg - a.lat_deg);
    double t = length > 0 ? fmin(1, left / length) : 0;
    return plane_of(plane, (struct lonlat){a.lon_deg + (b.lon_deg - a.lon_deg) * t,
                                           a.lat_deg + (b.lat_deg - a.lat_deg) * t});
}

enum err_code shape_point(const struct geom *geom, enum plane plane, struct arena *scratch,
                          struct plane_point *out, struct err *err)
{
    if (geom->kind == GEOM_LINE) {
        *out = middle_of_line(geom, plane);
        return ERR_OK;
    }
    if (geom->kind != GEOM_POLYGON) {
        *out = plane_of(plane, geom->points[0]);
        return ERR_OK;
    }
    struct search search = {0};
    enum err_code code = load_part(geom, plane, scratch, &search, err);
    if (search.n_rings == 0)
        return code;
    struct place place = most_roomy(&search);
    *out = (struct plane_point){(int32_t)place.x, (int32_t)place.y};
    return ERR_OK;
}
