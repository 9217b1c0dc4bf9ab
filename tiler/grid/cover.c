#include "tiler/grid/cover.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct crossing {
    uint32_t row;
    int32_t turn; /* 1 down, -1 up */
    double x;
};

/* ---- tiles and units ---- */

static const int64_t HALF_WORLD = INT64_C(1) << 31;

static int64_t tile_of(const struct cover *cover, int64_t unit)
{
    return (unit + HALF_WORLD) >> (32 - cover->z);
}

static int64_t edge_of(const struct cover *cover)
{
    return INT64_C(1) << (32 - cover->z);
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

void cover_init(struct cover *cover, uint32_t z, struct plane_box box)
{
    *cover = (struct cover){.z = z};
    int64_t last = (INT64_C(1) << z) - 1;
    if (box.west > box.east || box.north > box.south) {
        cover->west = 1;
        return;
    }
    cover->west = clamp(tile_of(cover, box.west), 0, last);
    cover->north = clamp(tile_of(cover, box.north), 0, last);
    cover->east = clamp(tile_of(cover, box.east), 0, last);
    cover->south = clamp(tile_of(cover, box.south), 0, last);
}

void cover_release(struct cover *cover)
{
    free(cover->runs);
    free(cover->crossings);
    *cover = (struct cover){0};
}

bool cover_reaches(const struct cover *cover, struct plane_box box)
{
    return cover->west <= cover->east && box.west <= box.east &&
           tile_of(cover, box.west) <= cover->east && tile_of(cover, box.east) >= cover->west &&
           tile_of(cover, box.north) <= cover->south && tile_of(cover, box.south) >= cover->north;
}

/* ---- runs ---- */

static int by_place(const void *a, const void *b)
{
    const struct cover_run *p = a, *q = b;
    if (p->y != q->y)
        return p->y < q->y ? -1 : 1;
    return p->west < q->west ? -1 : p->west > q->west;
}

static void join_runs(struct cover *cover)
{
    size_t n = 0;
    qsort(cover->runs, cover->n, sizeof *cover->runs, by_place);
    for (size_t i = 0; i < cover->n; i++) {
        struct cover_run *last = n ? &cover->runs[n - 1] : NULL, run = cover->runs[i];
        if (!last || last->y != run.y || run.west > (uint64_t)last->east + 1)
            cover->runs[n++] = run;
        else if (run.east > last->east)
            last->east = run.east;
    }
    cover->n = n;
}

/* Room for one more: what is there may shrink when it is joined, else it doubles. */
static bool has_room(struct cover *cover)
{
    if (cover->n < cover->capacity)
        return true;
    if (cover->failed)
        return false;
    if (cover->n > 0)
        join_runs(cover);
    if (cover->n < cover->capacity / 2)
        return true;
    size_t capacity = 2 * cover->capacity + 1024;
    struct cover_run *runs = realloc(cover->runs, capacity * sizeof *runs);
    if (!runs) {
        cover->failed = true;
        return false;
    }
    cover->runs = runs;
    cover->capacity = capacity;
    return true;
}

/* A run of tiles, as far as they may be in the cover. One that meets the last, as along a line they
 * do, lengthens it. */
static void add_run(struct cover *cover, int64_t row, int64_t west, int64_t east)
{
    if (row < cover->north || row > cover->south || west > cover->east || east < cover->west)
        return;
    west = clamp(west, cover->west, cover->east);
    east = clamp(east, cover->west, cover->east);
    if (cover->n > 0) {
        struct cover_run *last = &cover->runs[cover->n - 1];
        if (last->y == row && west <= (int64_t)last->east + 1 && east >= (int64_t)last->west - 1) {
            if (west < last->west)
                last->west = (uint32_t)west;
            if (east > last->east)
                last->east = (uint32_t)east;
            return;
        }
    }
    if (has_room(cover))
        cover->runs[cover->n++] = (struct cover_run){(uint32_t)row, (uint32_t)west, (uint32_t)east};
}

void cover_add_box(struct cover *cover, struct plane_box box)
{
    if (!cover_reaches(cover, box))
        return;
    int64_t north = clamp(tile_of(cover, box.north), cover->north, cover->south);
    int64_t south = clamp(tile_of(cover, box.south), cover->north, cover->south);
    for (int64_t row = north; row <= south; row++)
        add_run(cover, row, tile_of(cover, box.west), tile_of(cover, box.east));
}

/* ---- lines ---- */

/* The edge within a row that is a margin higher and lower, and a margin to both sides. */
static void add_edge_in_row(struct cover *cover, struct plane_point a, struct plane_point b,
                            int64_t margin, int64_t row)
{
    int64_t top = row * edge_of(cover) - HALF_WORLD - margin;
    int64_t bottom = top + edge_of(cover) + 2 * margin;
    double dx = (double)b.x - a.x, dy = (double)b.y - a.y, from = 0, to = 1;
    if (dy != 0) {
        double t0 = ((double)top - a.y) / dy, t1 = ((double)bottom - a.y) / dy;
        from = fmax(from, fmin(t0, t1));
        to = fmin(to, fmax(t0, t1));
        if (from > to) /* only by rounding: the row was one that it touches */
            from = to = fmin(1, fmax(0, from));
    }
    double x0 = a.x + from * dx, x1 = a.x + to * dx;
    /* A unit more, since the crossing is rounded. */
    add_run(cover, row, tile_of(cover, (int64_t)floor(fmin(x0, x1)) - margin - 1),
            tile_of(cover, (int64_t)ceil(fmax(x0, x1)) + margin + 1));
}

static void add_edge(struct cover *cover, struct plane_point a, struct plane_point b,
                     int64_t margin)
{
    struct plane_box box = plane_box_empty();
    plane_box_add(&box, a);
    plane_box_add(&box, b);
    box = (struct plane_box){box.west - margin, box.north - margin, box.east + margin,
                             box.south + margin};
    if (!cover_reaches(cover, box))
        return;
    int64_t north = clamp(tile_of(cover, box.north), cover->north, cover->south);
    int64_t south = clamp(tile_of(cover, box.south), cover->north, cover->south);
    if (north == south || tile_of(cover, box.west) == tile_of(cover, box.east)) {
        for (int64_t row = north; row <= south; row++)
            add_run(cover, row, tile_of(cover, box.west), tile_of(cover, box.east));
        return;
    }
    for (int64_t row = north; row <= south; row++)
        add_edge_in_row(cover, a, b, margin, row);
}

void cover_add_line(struct cover *cover, const struct plane_point *points, size_t n, int64_t margin)
{
    if (n == 1)
        add_edge(cover, points[0], points[0], margin);
    for (size_t i = 1; i < n; i++)
        add_edge(cover, points[i - 1], points[i], margin);
}

/* ---- the inside of polygons ---- */

static void add_crossing(struct cover *cover, size_t *n, struct crossing crossing)
{
    if (*n == cover->crossings_capacity) {
        size_t capacity = *n ? 2 * *n : 256;
        struct crossing *crossings = realloc(cover->crossings, capacity * sizeof *crossings);
        if (!crossings) {
            cover->failed = true;
            return;
        }
        cover->crossings = crossings;
        cover->crossings_capacity = capacity;
    }
    cover->crossings[(*n)++] = crossing;
}

static int by_row(const void *a, const void *b)
{
    const struct crossing *p = a, *q = b;
    if (p->row != q->row)
        return p->row < q->row ? -1 : 1;
    return p->x < q->x ? -1 : p->x > q->x;
}

/* Where an edge crosses the middle of rows. A tile that no edge touches lies inside or outside as a
 * whole, and so as the middle of its row does. */
static void cross_rows(struct cover *cover, struct plane_point a, struct plane_point b, size_t *n)
{
    if (a.y == b.y)
        return;
    int64_t edge = edge_of(cover), low = a.y < b.y ? a.y : b.y, high = a.y < b.y ? b.y : a.y;
    /* Rows whose middle m is low <= m < high. */
    int64_t first = (low + HALF_WORLD - edge / 2 + edge - 1) >> (32 - cover->z);
    int64_t last = ((high + HALF_WORLD - edge / 2 + edge - 1) >> (32 - cover->z)) - 1;
    first = first < cover->north ? cover->north : first;
    last = last > cover->south ? cover->south : last;
    for (int64_t row = first; row <= last; row++) {
        int64_t middle = row * edge + edge / 2 - HALF_WORLD;
        double t = (double)(middle - a.y) / ((double)b.y - a.y);
        add_crossing(
            cover, n,
            (struct crossing){(uint32_t)row, a.y < b.y ? 1 : -1, a.x + t * ((double)b.x - a.x)});
    }
}

void cover_add_inside(struct cover *cover, const struct plane_point *points,
                      const uint32_t *ring_ends, uint32_t first_ring, uint32_t n_rings)
{
    size_t n = 0;
    if (cover->west > cover->east)
        return;
    for (uint32_t ring = first_ring; ring < first_ring + n_rings; ring++) {
        uint32_t start = ring ? ring_ends[ring - 1] : 0, end = ring_ends[ring];
        for (uint32_t i = start + 1; i < end; i++)
            cross_rows(cover, points[i - 1], points[i], &n);
        if (end > start)
            cross_rows(cover, points[end - 1], points[start], &n);
    }
    if (n > 0)
        qsort(cover->crossings, n, sizeof *cover->crossings, by_row);
    int32_t winding = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        const struct crossing *here = &cover->crossings[i], *next = here + 1;
        winding = here->row == next->row ? winding + here->turn : 0;
        if (winding != 0)
            add_run(cover, here->row, tile_of(cover, (int64_t)floor(here->x)),
                    tile_of(cover, (int64_t)ceil(next->x)));
    }
}

/* ---- whole covers ---- */

enum err_code cover_settle(struct cover *cover, struct err *err)
{
    if (cover->failed)
        return err_nomem(err);
    if (cover->n > 0)
        join_runs(cover);
    return ERR_OK;
}

enum err_code cover_clip(struct cover *cover, const struct cover *other, struct err *err)
{
    struct cover both = {.z = cover->z,
                         .west = cover->west,
                         .north = cover->north,
                         .east = cover->east,
                         .south = cover->south};
    for (size_t i = 0, k = 0; i < cover->n && k < other->n;) {
        const struct cover_run *a = &cover->runs[i], *b = &other->runs[k];
        if (a->y == b->y && a->west <= b->east && b->west <= a->east)
            add_run(&both, a->y, a->west > b->west ? a->west : b->west,
                    a->east < b->east ? a->east : b->east);
        bool a_first = a->y != b->y ? a->y < b->y : a->east < b->east;
        i += a_first;
        k += !a_first;
    }
    both.failed |= cover->failed;
    enum err_code code = cover_settle(&both, err);
    cover_release(cover);
    *cover = both;
    return code;
}

uint64_t cover_count(const struct cover *cover)
{
    uint64_t n = 0;
    for (size_t i = 0; i < cover->n; i++)
        n += (uint64_t)cover->runs[i].east - cover->runs[i].west + 1;
    return n;
}
