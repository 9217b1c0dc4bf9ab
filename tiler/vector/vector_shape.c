#include "tiler/vector/vector_shape.h"

#include <stdlib.h>
#include <string.h>

/* A pixel of a 512-px tile, in units. */
enum { PIXEL = MVT_EXTENT / 512 };

struct shaping {
    const struct vector_frame *frame;
    const struct detail *detail;
    const struct shape *shape;
    bool sound;
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

size_t vector_snap(const struct vector_frame *frame, const struct detail *detail, uint32_t chain,
                   bool back, struct clip_point *to)
{
    uint32_t start = start_of(detail, chain), n_from = detail->ring_ends[chain] - start;
    const struct plane_point *from = detail->points + start;
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

/* The same, led through the nodes that are known. */
static size_t snap_chain(const struct shaping *s, uint32_t chain, bool back, bool *bent)
{
    size_t n = vector_snap(s->frame, s->detail, chain, back, s->points->items), n_bent;
    const struct clip_point *other = clip_bend(s->clip, s->points->items, n, back, &n_bent);
    *bent = other && make_room(s->points, n_bent + 1);
    if (!*bent)
        return n;
    memcpy(s->points->items, other, n_bent * sizeof *other);
    return n_bent;
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
    size_t n = vector_snap(s->frame, s->detail, ring, true, s->points->items);
    const struct clip_point *p = s->points->items;
    for (size_t i = 0; i < n; i++) {
        struct clip_point a = p[i], b = p[(i + 1) % n];
        if (b.x > a.x || (b.x == a.x && b.y > a.y))
            add_thick_edge(s, a, b);
    }
}

/* A valid ring inside of the tile's reach, straight into the tile. */
static void write_whole(const struct shaping *s, size_t n)
{
    const struct clip_point *p = s->points->items;
    struct mvt_point *ring = s->points->ready;
    for (size_t i = 0; i < n; i++)
        ring[i] = (struct mvt_point){(int32_t)p[i].x, (int32_t)p[i].y};
    mvt_ring(s->mvt, ring, n);
}

static bool lies_inside(const struct plane_box *a, const struct plane_box *b)
{
    return a->west >= b->west && a->east <= b->east && a->north >= b->north && a->south <= b->south;
}

bool vector_is_small(const struct shape *shape, int32_t shift)
{
    int64_t pixel = (INT64_C(1) << shift) * PIXEL;
    return shape->box.east - shape->box.west < pixel && shape->box.south - shape->box.north < pixel;
}

bool vector_is_thin(const struct shape *shape, int32_t shift)
{
    return shape->thickness < INT64_C(2) << shift; /* half a pixel from side to side */
}

static void add_rings(const struct shaping *s)
{
    const struct shape *shape = s->shape;
    bool inside = lies_inside(&shape->box, &s->frame->reach), bent;
    s->clip->were_sound = s->sound;
    for (uint32_t i = 0; i < shape->n_rings; i++) {
        size_t n = snap_chain(s, shape->first_ring + i, true, &bent);
        if (bent)
            s->clip->were_sound = false;
        else if (s->sound && inside && shape->n_rings == 1) {
            write_whole(s, n);
            return;
        }
        clip_ring(s->clip, s->points->items, n);
    }
}

static void add_polygon(const struct shaping *s)
{
    const struct shape *shape = s->shape;
    clip_begin(s->clip);
    if (vector_is_small(shape, s->frame->shift))
        add_pixel(s);
    else if (!vector_is_thin(shape, s->frame->shift))
        add_rings(s);
    else
        for (uint32_t i = 0; i < shape->n_rings; i++)
            add_thin_ring(s, shape->first_ring + i);
    clip_polygon_end(s->clip);
    write_rings(s);
}

/* ---- lines and points ---- */

static void add_line(const struct shaping *s)
{
    const struct shape *shape = s->shape;
    clip_begin(s->clip);
    for (uint32_t i = shape->first_ring; i < shape->first_ring + shape->n_rings; i++) {
        bool bent;
        size_t n = snap_chain(s, i, false, &bent);
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

enum err_code vector_shape_add(const struct vector_frame *frame, const struct vector_shape *what,
                               struct vector_points *points, struct clip *clip, struct mvt *mvt,
                               struct err *err)
{
    const struct shape *shape = what->shape;
    struct shaping s = {frame, what->detail, shape, what->sound, points, clip, mvt};
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
