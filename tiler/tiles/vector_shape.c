#include "tiler/tiles/vector_shape.h"

#include <stdlib.h>

/* A pixel of a 512-px tile, in units. */
enum { PIXEL = MVT_EXTENT / 512 };

struct shaping {
    const struct vector_frame *frame;
    const struct detail *detail;
    const struct shape *shape;
    struct vector_points *points;
    struct clip *clip;
    struct mvt *mvt;
};

/* Rounds half up, on the grid that all tiles of the zoom share. */
static int64_t snap(const struct vector_frame *frame, int64_t value, int64_t origin)
{
    int64_t half = (INT64_C(1) << frame->shift) >> 1;
    return (value - origin + half) >> frame->shift;
}

static struct clip_point snap_point(const struct vector_frame *frame, struct plane_point p)
{
    return (struct clip_point){snap(frame, p.x, frame->square.west),
                               snap(frame, p.y, frame->square.north)};
}

static bool same(struct clip_point a, struct clip_point b)
{
    return a.x == b.x && a.y == b.y;
}

static uint32_t start_of(const struct detail *detail, uint32_t ring)
{
    return ring ? detail->ring_ends[ring - 1] : 0;
}

static bool make_room(struct vector_points *points, size_t n)
{
    if (n <= points->room)
        return true;
    size_t room = points->room ? points->room : 1024;
    while (room < n)
        room *= 2;
    struct clip_point *items = realloc(points->items, room * sizeof *items);
    if (items)
        points->items = items;
    struct mvt_point *ready = realloc(points->ready, room * sizeof *ready);
    if (ready)
        points->ready = ready;
    if (!items || !ready)
        return false;
    points->room = room;
    return true;
}

/* The chain's vertices in units of the tile, without repeats; backwards for rings, which turn the
 * other way in tiles than in the store. */
static size_t snap_chain(const struct shaping *s, uint32_t chain, bool back)
{
    const struct vector_frame *frame = s->frame;
    uint32_t start = start_of(s->detail, chain), end = s->detail->ring_ends[chain];
    const struct plane_point *from = s->detail->points + start;
    struct clip_point *to = s->points->items;
    uint32_t n_from = end - start;
    size_t n = 0;
    for (uint32_t i = 0; i < n_from; i++) {
        struct clip_point p = snap_point(frame, from[back ? n_from - 1 - i : i]);
        if (n == 0 || !same(to[n - 1], p))
            to[n++] = p;
    }
    if (back && n > 1 && same(to[0], to[n - 1]))
        n--;
    return n;
}

static size_t longest_chain(const struct shaping *s)
{
    size_t most = 0;
    for (uint32_t i = s->shape->first_ring; i < s->shape->first_ring + s->shape->n_rings; i++) {
        size_t n = s->detail->ring_ends[i] - start_of(s->detail, i);
        most = n > most ? n : most;
    }
    return most;
}

/* ---- polygons ---- */

static void write_rings(const struct shaping *s)
{
    const struct clip *clip = s->clip;
    for (size_t i = 0, start = 0; i < clip->n_rings; start = clip->ends[i++])
        mvt_ring(s->mvt, clip->points + start, clip->ends[i] - start);
}

/* The pixel that the middle of the shape lies in. */
static void add_pixel(const struct shaping *s)
{
    const struct plane_box *box = &s->shape->box;
    int32_t shift = s->frame->shift + 3; /* a pixel is 2^3 units */
    int64_t x = ((box->west + box->east) >> 1) - s->frame->square.west;
    int64_t y = ((box->north + box->south) >> 1) - s->frame->square.north;
    x = (x >> shift) * PIXEL;
    y = (y >> shift) * PIXEL;
    struct clip_point ring[] = {{x, y}, {x + PIXEL, y}, {x + PIXEL, y + PIXEL}, {x, y + PIXEL}};
    clip_ring(s->clip, ring, 4);
}

/* An edge, a pixel thick. */
static void add_thick_edge(const struct shaping *s, struct clip_point a, struct clip_point b)
{
    int64_t half = PIXEL / 2, dx = b.x - a.x, dy = b.y - a.y;
    if (llabs(dx) >= llabs(dy)) {
        struct clip_point ring[] = {
            {a.x, a.y - half}, {b.x, b.y - half}, {b.x, b.y + half}, {a.x, a.y + half}};
        clip_ring(s->clip, ring, 4);
        return;
    }
    struct clip_point top = dy > 0 ? a : b, bottom = dy > 0 ? b : a;
    struct clip_point ring[] = {{top.x - half, top.y},
                                {top.x + half, top.y},
                                {bottom.x + half, bottom.y},
                                {bottom.x - half, bottom.y}};
    clip_ring(s->clip, ring, 4);
}

/* A ring that is almost a line there and back: its edges of one direction, a pixel thick. */
static void add_thin_ring(const struct shaping *s, uint32_t ring)
{
    size_t n = snap_chain(s, ring, true);
    const struct clip_point *p = s->points->items;
    for (size_t i = 0; i < n; i++) {
        struct clip_point a = p[i], b = p[(i + 1) % n];
        if (b.x > a.x || (b.x == a.x && b.y > a.y))
            add_thick_edge(s, a, b);
    }
}

/* A ring inside of the tile's reach that needs no cutting, straight into the tile. */
static bool write_simple(const struct shaping *s, size_t n)
{
    const struct clip_point *p = s->points->items;
    struct mvt_point *ring = s->points->ready;
    int64_t area2 = 0;
    if (n < 3)
        return false;
    struct clip_point a = p[n - 2], b = p[n - 1];
    for (size_t i = 0; i < n; i++) {
        struct clip_point c = p[i];
        int64_t ux = b.x - a.x, uy = b.y - a.y, vx = c.x - b.x, vy = c.y - b.y;
        if (ux * vy == uy * vx && ux * vx + uy * vy <= 0)
            return false; /* a spike */
        area2 += b.x * c.y - c.x * b.y;
        ring[i] = (struct mvt_point){(int32_t)c.x, (int32_t)c.y};
        a = b;
        b = c;
    }
    if (area2 <= 0)
        return false;
    mvt_ring(s->mvt, ring, n);
    return true;
}

static bool lies_inside(const struct plane_box *a, const struct plane_box *b)
{
    return a->west >= b->west && a->east <= b->east && a->north >= b->north && a->south <= b->south;
}

static void add_polygon(const struct shaping *s)
{
    const struct shape *shape = s->shape;
    int64_t unit = INT64_C(1) << s->frame->shift, pixel = unit * PIXEL;
    bool small =
        shape->box.east - shape->box.west < pixel && shape->box.south - shape->box.north < pixel;
    bool thin = shape->thickness < 2 * unit; /* half a pixel from side to side */
    clip_begin(s->clip);
    if (small)
        add_pixel(s);
    for (uint32_t i = 0; !small && i < shape->n_rings; i++) {
        uint32_t ring = shape->first_ring + i;
        if (thin) {
            add_thin_ring(s, ring);
            continue;
        }
        size_t n = snap_chain(s, ring, true);
        if (shape->n_rings == 1 && lies_inside(&shape->box, &s->frame->reach) && write_simple(s, n))
            return;
        clip_ring(s->clip, s->points->items, n);
    }
    clip_polygon_end(s->clip);
    write_rings(s);
}

/* ---- lines and points ---- */

static void add_line(const struct shaping *s)
{
    const struct shape *shape = s->shape;
    clip_begin(s->clip);
    for (uint32_t i = shape->first_ring; i < shape->first_ring + shape->n_rings; i++) {
        size_t n = snap_chain(s, i, false);
        struct clip_point *p = s->points->items;
        if (n == 1) { /* shorter than a unit: the least that can be drawn */
            p[1] = (struct clip_point){p[0].x + 1, p[0].y};
            n = 2;
        }
        clip_line(s->clip, p, n);
    }
    const struct clip *clip = s->clip;
    for (size_t i = 0, start = 0; i < clip->n_rings; start = clip->ends[i++])
        mvt_line(s->mvt, clip->points + start, clip->ends[i] - start);
}

static void add_points(const struct shaping *s)
{
    const struct shape *shape = s->shape;
    const struct clip *clip = s->clip;
    struct mvt_point *out = s->points->ready;
    uint32_t first = start_of(s->detail, shape->first_ring);
    uint32_t end = s->detail->ring_ends[shape->first_ring + shape->n_rings - 1];
    size_t n = 0;
    for (uint32_t i = first; i < end; i++) {
        struct clip_point p = snap_point(s->frame, s->detail->points[i]);
        if (p.x >= clip->low && p.x <= clip->high && p.y >= clip->low && p.y <= clip->high)
            out[n++] = (struct mvt_point){(int32_t)p.x, (int32_t)p.y};
    }
    mvt_points(s->mvt, out, n);
}

enum err_code vector_shape_add(const struct vector_frame *frame, const struct detail *detail,
                               const struct shape *shape, struct vector_points *points,
                               struct clip *clip, struct mvt *mvt, struct err *err)
{
    struct shaping s = {frame, detail, shape, points, clip, mvt};
    size_t n = longest_chain(&s) * (shape->kind == GEOM_POINT ? shape->n_rings : 1);
    if (shape->n_rings == 0)
        return ERR_OK;
    if (!make_room(points, n + 1))
        return err_nomem(err);
    clip->failed = false;
    if (shape->kind == GEOM_POLYGON)
        add_polygon(&s);
    else if (shape->kind == GEOM_LINE)
        add_line(&s);
    else
        add_points(&s);
    return clip->failed ? err_nomem(err) : ERR_OK;
}
