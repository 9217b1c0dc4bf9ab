#include "tiler/vector/clip.h"

#include "tiler/vector/clip_private.h"

#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 wide;

enum { LEAST_ROOM = 256 };

enum err_code clip_init(struct clip *clip, int32_t low, int32_t high, struct err *err)
{
    *clip = (struct clip){.low = low, .high = high};
    clip->scratch = calloc(1, sizeof *clip->scratch);
    return clip->scratch ? ERR_OK : err_nomem(err);
}

void clip_release(struct clip *clip)
{
    struct clip_scratch *s = clip->scratch;
    if (s) {
        void *all[] = {s->pass.items,   s->chains.items, s->inner.items, s->stretches.items,
                       s->nodes.items,  s->nets.items,   s->rings.items, s->found.items,
                       s->ring.items,   s->edges.items,  s->cuts.items,  s->cells.items,
                       s->places.items, s->halves.items, s->stack.items, s->news.items,
                       s->known.items,  s->bent.items};
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
            free(all[i]);
    }
    free(s);
    free(clip->points);
    free(clip->ends);
    *clip = (struct clip){0};
}

static void *grown(struct clip *clip, void *items, size_t *room, size_t need, size_t size)
{
    if (need <= *room)
        return items;
    size_t wanted = *room ? *room : LEAST_ROOM;
    while (wanted < need)
        wanted *= 2;
    void *larger = realloc(items, wanted * size);
    if (!larger) {
        clip->failed = true;
        return NULL;
    }
    *room = wanted;
    return larger;
}

void *clip_more(struct clip *clip, struct clip_list *list, size_t more, size_t size)
{
    void *items = grown(clip, list->items, &list->room, list->n + more, size);
    if (!items)
        return NULL;
    list->items = items;
    return (char *)items + list->n * size;
}

void clip_begin(struct clip *clip)
{
    struct clip_scratch *s = clip->scratch;
    clip->n_points = clip->n_rings = 0;
    clip->failed = clip->were_sound = false;
    s->chains.n = s->inner.n = s->stretches.n = s->rings.n = s->found.n = s->ring.n = 0;
}

/* ---- what comes out ---- */

static bool come_out(struct clip *clip, const struct mvt_point *points, size_t n)
{
    struct mvt_point *all =
        grown(clip, clip->points, &clip->points_room, clip->n_points + n, sizeof *all);
    if (!all)
        return false;
    clip->points = all;
    size_t *ends = grown(clip, clip->ends, &clip->ends_room, clip->n_rings + 1, sizeof *ends);
    if (!ends)
        return false;
    clip->ends = ends;
    memcpy(all + clip->n_points, points, n * sizeof *points);
    clip->n_points += n;
    ends[clip->n_rings++] = clip->n_points;
    return true;
}

static bool same(struct mvt_point a, struct mvt_point b)
{
    return a.x == b.x && a.y == b.y;
}

/* Whether b adds nothing between a and c: a repeat, a spike, or a stop on the border. */
static bool is_idle(const struct clip *clip, struct mvt_point a, struct mvt_point b,
                    struct mvt_point c)
{
    int64_t ux = b.x - a.x, uy = b.y - a.y, vx = c.x - b.x, vy = c.y - b.y;
    if (ux * vy - uy * vx != 0)
        return false;
    bool on_border = b.x == clip->low || b.x == clip->high || b.y == clip->low || b.y == clip->high;
    return ux * vx + uy * vy <= 0 || on_border;
}

/* Leaves out idle vertices until there is none, round the end too. */
static size_t clean(const struct clip *clip, struct mvt_point *p, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        while (kept > 1 && is_idle(clip, p[kept - 2], p[kept - 1], p[i]))
            kept--;
        if (kept == 1 && same(p[0], p[i]))
            continue;
        p[kept++] = p[i];
    }
    size_t first = 0;
    while (kept - first > 2) {
        if (is_idle(clip, p[kept - 2], p[kept - 1], p[first]))
            kept--;
        else if (is_idle(clip, p[kept - 1], p[first], p[first + 1]))
            first++;
        else
            break;
    }
    if (first > 0)
        memmove(p, p + first, (kept - first) * sizeof *p);
    return kept - first;
}

void clip_keep(struct clip *clip)
{
    struct clip_scratch *s = clip->scratch;
    struct mvt_point *p = s->ring.items;
    size_t n = s->ring.n ? clean(clip, p, s->ring.n) : 0;
    s->ring.n = 0;
    if (n < 3)
        return;
    struct clip_found found = {.first = s->rings.n,
                               .n = n,
                               .west = p[0].x,
                               .north = p[0].y,
                               .east = p[0].x,
                               .south = p[0].y,
                               .next = SIZE_MAX};
    struct mvt_point before = p[n - 1];
    for (size_t i = 0; i < n; i++) {
        found.area2 += (int64_t)before.x * p[i].y - (int64_t)p[i].x * before.y;
        found.west = p[i].x < found.west ? p[i].x : found.west;
        found.east = p[i].x > found.east ? p[i].x : found.east;
        found.north = p[i].y < found.north ? p[i].y : found.north;
        found.south = p[i].y > found.south ? p[i].y : found.south;
        before = p[i];
    }
    struct mvt_point *room = clip_more(clip, &s->rings, n, sizeof *room);
    struct clip_found *place = clip_more(clip, &s->found, 1, sizeof *place);
    if (found.area2 == 0 || !room || !place)
        return;
    memcpy(room, p, n * sizeof *p);
    *place = found;
    s->rings.n += n;
    s->found.n++;
}

/* ---- cutting ---- */

/* One side of the box: inside is where sign * (coordinate - limit) >= 0. */
struct side {
    bool across; /* of x; else of y */
    int32_t sign, limit;
};

static bool is_inside(const struct side *side, struct clip_point p)
{
    return side->sign * ((side->across ? p.x : p.y) - side->limit) >= 0;
}

static int64_t divide_round(wide number, int64_t by)
{
    wide half = number * 2 + by, whole = half / ((wide)by * 2);
    return (int64_t)(half % ((wide)by * 2) < 0 ? whole - 1 : whole); /* by > 0: floor */
}

/* Where the edge meets the side; the same from either end. */
static struct clip_point meet(const struct side *side, struct clip_point a, struct clip_point b)
{
    if (side->across) {
        struct clip_point low = a.x < b.x ? a : b, high = a.x < b.x ? b : a;
        wide up = (wide)(side->limit - low.x) * (high.y - low.y);
        return (struct clip_point){side->limit, low.y + divide_round(up, high.x - low.x)};
    }
    struct clip_point low = a.y < b.y ? a : b, high = a.y < b.y ? b : a;
    wide up = (wide)(side->limit - low.y) * (high.x - low.x);
    return (struct clip_point){low.x + divide_round(up, high.y - low.y), side->limit};
}

/* What of a ring is inside of one side: from `in` to `out`, which has room for 2 n points. */
static size_t cut(const struct side *side, const struct clip_point *in, size_t n,
                  struct clip_point *out)
{
    size_t kept = 0;
    if (n == 0)
        return 0;
    struct clip_point before = in[n - 1];
    bool was_inside = is_inside(side, before);
    for (size_t i = 0; i < n; i++) {
        struct clip_point p = in[i];
        bool inside = is_inside(side, p);
        if (inside != was_inside)
            out[kept++] = meet(side, before, p);
        if (inside)
            out[kept++] = p;
        before = p;
        was_inside = inside;
    }
    return kept;
}

/* On which sides of the box a point lies outside: west 1, east 2, north 4, south 8. */
static unsigned outside_of(const struct clip *clip, struct clip_point p)
{
    return (unsigned)(p.x < clip->low) | (unsigned)(p.x > clip->high) << 1 |
           (unsigned)(p.y < clip->low) << 2 | (unsigned)(p.y > clip->high) << 3;
}

/* Leaves out vertices between two others when all three are outside of one side. any, all: what is
 * outside at some, at all points. */
static size_t shorten(const struct clip *clip, struct clip_point *p, size_t n, unsigned *any,
                      unsigned *all)
{
    size_t kept = 0;
    unsigned last = 0, before_last = 0;
    *any = 0;
    *all = 15;
    for (size_t i = 0; i < n; i++) {
        unsigned here = outside_of(clip, p[i]);
        *any |= here;
        *all &= here;
        if (kept > 1 && (here & last & before_last)) {
            p[kept - 1] = p[i];
            last = here;
            continue;
        }
        p[kept++] = p[i];
        before_last = last;
        last = here;
    }
    return kept;
}

void clip_keep_whole(struct clip *clip, const struct clip_point *points, size_t n)
{
    struct clip_list *ring = &clip->scratch->ring;
    struct mvt_point *room = clip_more(clip, ring, n, sizeof *room);
    if (!room)
        return;
    for (size_t i = 0; i < n; i++)
        room[i] = (struct mvt_point){(int32_t)points[i].x, (int32_t)points[i].y};
    ring->n = n;
    clip_keep(clip);
}

void clip_ring(struct clip *clip, struct clip_point *points, size_t n)
{
    unsigned any, all;
    n = shorten(clip, points, n, &any, &all);
    if (n < 3 || all)
        return;
    if (!any) {
        clip_keep_whole(clip, points, n);
        return;
    }
    struct clip_scratch *s = clip->scratch;
    const struct side sides[] = {{true, 1, clip->low},
                                 {true, -1, clip->high},
                                 {false, 1, clip->low},
                                 {false, -1, clip->high}};
    /* A cut leaves at most half as many again: of n edges that all cross, n crossings and half of
     * the points. Three cuts leave less than 4 n, four less than 6 n. */
    s->pass.n = 0;
    struct clip_point *a = clip_more(clip, &s->pass, 10 * n, sizeof *a);
    if (!a)
        return;
    struct clip_point *in = points, *out = a, *other = a + 4 * n;
    for (unsigned i = 0; i < 4; i++) {
        if (!(any & 1U << i))
            continue;
        n = cut(&sides[i], in, n, out);
        in = out;
        out = in == a ? other : a;
    }
    clip_take_apart(clip, in, n);
}

/* ---- order ---- */

int clip_place_in(const struct mvt_point *ring, size_t n, struct mvt_point p)
{
    bool inside = false;
    struct mvt_point a = ring[n - 1];
    for (size_t i = 0; i < n; a = ring[i++]) {
        struct mvt_point b = ring[i];
        int64_t turn = (int64_t)(b.x - a.x) * (p.y - a.y) - (int64_t)(b.y - a.y) * (p.x - a.x);
        bool between_y = (a.y <= p.y && p.y <= b.y) || (b.y <= p.y && p.y <= a.y);
        bool between_x = (a.x <= p.x && p.x <= b.x) || (b.x <= p.x && p.x <= a.x);
        if (turn == 0 && between_x && between_y)
            return 0;
        if ((a.y > p.y) != (b.y > p.y) && (b.y > a.y ? turn < 0 : turn > 0))
            inside = !inside;
    }
    return inside ? 1 : -1;
}

static bool holds(const struct clip_scratch *s, const struct clip_found *outer,
                  const struct clip_found *hole)
{
    const struct mvt_point *points = s->rings.items;
    if (hole->west < outer->west || hole->east > outer->east || hole->north < outer->north ||
        hole->south > outer->south || -hole->area2 > outer->area2)
        return false;
    for (size_t i = 0; i < hole->n; i++) {
        int place = clip_place_in(points + outer->first, outer->n, points[hole->first + i]);
        if (place != 0)
            return place > 0;
    }
    return true;
}

/* Hangs a hole on the smallest outer ring that holds it; one that none holds is left out. */
static void hang(const struct clip_scratch *s, size_t hole, size_t first_outer)
{
    struct clip_found *found = s->found.items;
    size_t best = SIZE_MAX;
    for (size_t i = first_outer; i != SIZE_MAX; i = found[i].next_outer)
        if ((best == SIZE_MAX || found[i].area2 < found[best].area2) &&
            holds(s, &found[i], &found[hole]))
            best = i;
    if (best == SIZE_MAX)
        return;
    found[hole].next = found[best].next;
    found[best].next = hole;
}

void clip_polygon_end(struct clip *clip)
{
    struct clip_scratch *s = clip->scratch;
    clip_put_together(clip);
    clip_mend(clip);
    struct clip_found *found = s->found.items;
    const struct mvt_point *points = s->rings.items;
    size_t first_outer = SIZE_MAX;
    for (size_t i = s->found.n; i-- > 0;) { /* the last first: a list grows at its head */
        if (found[i].area2 < 0)
            continue;
        found[i].next_outer = first_outer;
        first_outer = i;
    }
    for (size_t i = s->found.n; i-- > 0;)
        if (found[i].area2 < 0)
            hang(s, i, first_outer);
    for (size_t i = 0; i < s->found.n; i++) {
        if (found[i].area2 < 0)
            continue;
        for (size_t k = i; k != SIZE_MAX; k = found[k].next)
            if (!come_out(clip, points + found[k].first, found[k].n))
                return;
    }
}

/* ---- lines ---- */

/* The piece of an edge inside of the box. */
static bool cut_edge(const struct clip *clip, struct clip_point *a, struct clip_point *b)
{
    const struct side sides[] = {{true, 1, clip->low},
                                 {true, -1, clip->high},
                                 {false, 1, clip->low},
                                 {false, -1, clip->high}};
    for (size_t i = 0; i < 4; i++) {
        bool a_inside = is_inside(&sides[i], *a), b_inside = is_inside(&sides[i], *b);
        if (!a_inside && !b_inside)
            return false;
        if (!a_inside)
            *a = meet(&sides[i], *a, *b);
        else if (!b_inside)
            *b = meet(&sides[i], *a, *b);
    }
    return true;
}

static void end_piece(struct clip *clip)
{
    struct clip_list *ring = &clip->scratch->ring;
    if (ring->n > 1)
        (void)come_out(clip, ring->items, ring->n);
    ring->n = 0;
}

static void go_on(struct clip *clip, struct clip_point p)
{
    struct clip_list *ring = &clip->scratch->ring;
    struct mvt_point *room = clip_more(clip, ring, 1, sizeof *room);
    struct mvt_point to = {(int32_t)p.x, (int32_t)p.y};
    if (!room || (ring->n > 0 && same(room[-1], to)))
        return;
    *room = to;
    ring->n++;
}

void clip_line(struct clip *clip, const struct clip_point *points, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++) {
        struct clip_point a = points[i], b = points[i + 1];
        unsigned outside_a = outside_of(clip, a), outside_b = outside_of(clip, b);
        if (outside_a & outside_b)
            continue;
        if ((outside_a | outside_b) && !cut_edge(clip, &a, &b))
            continue;
        if (outside_a)
            end_piece(clip);
        go_on(clip, a);
        go_on(clip, b);
        if (outside_b)
            end_piece(clip);
    }
    end_piece(clip);
}
