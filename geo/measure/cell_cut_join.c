/* cell_cut_join.c - rings and parts of what the walks round a polygon and round cells found. */
#include "geo/measure/cell_cut_private.h"

#include <math.h>
#include <string.h>

/* A ring's sum of that relative size has a sign. */
static const double AREA_ERROR = 1e-14;

struct cut_vertex {
    struct lonlat at;
    uint32_t meets; /* number of a corner where the ring may come by again, 1 more; 0: none */
};

struct cut_ring {
    uint32_t first, n; /* points */
    double area;       /* square degrees; negative: a hole */
    struct box box;
    uint32_t outer; /* of a hole: the ring that it is in */
};

struct joining {
    struct cut *cut;
    struct cut_vertex *open; /* of the ring at hand, loops taken off */
    size_t n_open;
    struct lonlat *points; /* of all rings that are done */
    size_t n_points;
    struct cut_ring *rings;
    size_t n_rings, rings_room;
};

/* ---- rings ---- */

/* Closes what stands open from a vertex on, `turn` later: as an overlay's rings do, it begins with
 * the vertex before that one, and dashes of outlines are drawn from there. */
static enum err_code close_ring(struct joining *j, size_t from, size_t turn)
{
    struct cut *cut = j->cut;
    size_t n = j->n_open - from;
    struct cut_ring ring = {.first = (uint32_t)j->n_points, .n = (uint32_t)n, .box = box_empty()};
    j->rings = arena_grow(cut->arena, j->rings, &j->rings_room, j->n_rings + 1, sizeof *j->rings);
    if (!j->rings)
        return err_nomem(cut->err);
    double size = 0;
    struct lonlat origin = j->open[from].at;
    for (size_t i = 0; i < n; i++) {
        struct lonlat p = j->open[from + (turn + i + n - 1) % n].at;
        struct lonlat q = j->open[from + (turn + i) % n].at;
        double left = (p.lon_deg - origin.lon_deg) * (q.lat_deg - origin.lat_deg);
        double right = (q.lon_deg - origin.lon_deg) * (p.lat_deg - origin.lat_deg);
        ring.area += (left - right) / 2;
        size += fabs(left) + fabs(right);
        j->points[j->n_points++] = p;
    }
    ring.box = box_of_points(j->points + ring.first, n);
    cut->doubtful = cut->doubtful || n < 3 || !(fabs(ring.area) > AREA_ERROR * size);
    j->rings[j->n_rings++] = ring;
    j->n_open = from;
    return ERR_OK;
}

/* A corner where the ring was before closes a loop. */
static enum err_code add_vertex(struct joining *j, struct lonlat at, uint32_t meets)
{
    enum err_code code = ERR_OK;
    for (size_t i = j->n_open; meets != 0 && i-- > 0;)
        if (j->open[i].meets == meets) {
            TRY(close_ring(j, i, 0));
            break;
        }
    j->open[j->n_open++] = (struct cut_vertex){at, meets};
done:
    return code;
}

static enum err_code add_corner(struct joining *j, const struct cut_step *step)
{
    struct cut *cut = j->cut;
    uint32_t number =
        (uint32_t)step->corner.row * (cut->set->n_columns + 1) + (uint32_t)step->corner.column + 1;
    return add_vertex(j, cut_place(cut, step->corner), step->meets ? number : 0);
}

/* Along the outline from where the polygon leaves it to where it comes back. */
static enum err_code along_outline(struct joining *j, uint32_t *at)
{
    enum err_code code = ERR_OK;
    struct cut *cut = j->cut;
    const struct cut_outline *outline = &cut->outlines[cut->crossings[*at].outline];
    uint32_t step = cut->crossings[*at].step;
    for (;;) {
        step = step + 1 < outline->first + outline->n ? step + 1 : outline->first;
        if (cut->steps[step].crossing != CUT_NONE)
            break;
        TRY(add_corner(j, &cut->steps[step]));
    }
    *at = cut->steps[step].crossing;
    cut->doubtful = cut->doubtful || !cut->crossings[*at].enters;
done:
    return code;
}

/* Along the polygon from where it comes in to where it goes out. */
static enum err_code along_polygon(struct joining *j, uint32_t *at)
{
    enum err_code code = ERR_OK;
    struct cut *cut = j->cut;
    const struct cut_crossing *from = &cut->crossings[*at];
    uint32_t next = *at + 1 < cut->n_crossings ? *at + 1 : 0;
    uint32_t end = cut->crossings[next].vertex + (next <= *at ? cut->n_ring : 0);
    TRY(add_vertex(j, from->at, 0));
    for (uint32_t i = from->vertex; i < end; i++)
        TRY(add_vertex(j, cut->ring[i % cut->n_ring], 0));
    *at = next;
    cut->doubtful = cut->doubtful || cut->crossings[*at].enters;
done:
    return code;
}

/* Rings of both: each begins where the polygon leaves the cells. */
static enum err_code join_crossed(struct joining *j)
{
    enum err_code code = ERR_OK;
    struct cut *cut = j->cut;
    bool *done = arena_new(cut->arena, bool, cut->n_crossings);
    if (!done)
        return err_nomem(cut->err);
    for (uint32_t first = 0; first < cut->n_crossings; first++) {
        if (done[first] || cut->crossings[first].enters)
            continue;
        uint32_t at = first;
        while (!cut->doubtful && !done[at]) {
            done[at] = true;
            TRY(add_vertex(j, cut->crossings[at].at, 0));
            TRY(along_outline(j, &at));
            if (!cut->doubtful)
                TRY(along_polygon(j, &at));
        }
        cut->doubtful = cut->doubtful || at != first;
        if (cut->doubtful)
            goto done;
        TRY(close_ring(j, 0, 0));
    }
done:
    return code;
}

/* Whether a ring of points holds a place that is not on it. */
static bool holds(struct cut *cut, const struct lonlat *ring, uint32_t n, struct lonlat at)
{
    bool inside = false;
    for (uint32_t i = 0; i < n; i++) {
        struct lonlat a = ring[i], b = ring[i + 1 < n ? i + 1 : 0];
        bool rises = b.lat_deg > at.lat_deg;
        if ((a.lat_deg > at.lat_deg) == rises)
            continue;
        int side = cut_side_of(a, b, at);
        cut->doubtful = cut->doubtful || side == 0;
        inside ^= side == (rises ? 1 : -1); /* it passes east of the place */
    }
    return inside;
}

/* After where the walk began, the first corner that other cells share; 0: there is none. */
static size_t first_meeting(const struct joining *j)
{
    for (size_t i = 1; i < j->n_open; i++)
        if (j->open[i].meets != 0)
            return i;
    return 0;
}

/* Rings of one alone: outlines that the polygon holds, or all of the polygon. */
static enum err_code join_whole(struct joining *j)
{
    enum err_code code = ERR_OK;
    struct cut *cut = j->cut;
    for (uint32_t i = 0; i < cut->n_outlines; i++) {
        const struct cut_outline *outline = &cut->outlines[i];
        const struct cut_step *steps = &cut->steps[outline->first];
        if (outline->n_crossings > 0 ||
            !holds(cut, cut->ring, cut->n_ring, cut_place(cut, steps[0].corner)))
            continue;
        for (uint32_t k = 0; k < outline->n; k++)
            TRY(add_corner(j, &steps[k]));
        TRY(close_ring(j, 0, first_meeting(j)));
    }
    if (cut->n_crossings == 0 && cut_is_in(cut, cut->cells[0])) {
        for (uint32_t i = 0; i < cut->n_ring; i++)
            TRY(add_vertex(j, cut->ring[i], 0));
        TRY(close_ring(j, 0, 0));
    }
done:
    return code;
}

/* ---- parts ---- */

/* Where there is one outer ring all holes are in it. */
static bool has_one_outer(struct joining *j)
{
    uint32_t outer = 0;
    size_t n = 0;
    for (size_t i = 0; i < j->n_rings; i++)
        if (j->rings[i].area > 0) {
            outer = (uint32_t)i;
            n++;
        }
    for (size_t i = 0; n == 1 && i < j->n_rings; i++)
        j->rings[i].outer = outer;
    return n == 1;
}

static bool box_holds(struct box outer, struct box inner)
{
    return outer.west_deg <= inner.west_deg && outer.south_deg <= inner.south_deg &&
           outer.east_deg >= inner.east_deg && outer.north_deg >= inner.north_deg;
}

/* The smallest outer ring round a hole. Rings touch at corners at most, so that the middle of an
 * edge lies on no other. */
static void find_outer(struct joining *j, struct cut_ring *hole)
{
    const struct lonlat *p = &j->points[hole->first];
    struct lonlat middle = {(p[0].lon_deg + p[1].lon_deg) / 2, (p[0].lat_deg + p[1].lat_deg) / 2};
    const struct cut_ring *best = NULL;
    for (size_t i = 0; i < j->n_rings; i++) {
        const struct cut_ring *ring = &j->rings[i];
        if (ring->area > 0 && (!best || ring->area < best->area) &&
            box_holds(ring->box, hole->box) &&
            holds(j->cut, j->points + ring->first, ring->n, middle))
            best = ring;
    }
    hole->outer = best ? (uint32_t)(best - j->rings) : 0;
    j->cut->doubtful = j->cut->doubtful || !best;
}

/* A ring, closed, at the end of the result. */
static void write_ring(const struct joining *j, size_t i, struct geom *out, struct lonlat *points,
                       uint32_t *ring_ends)
{
    const struct cut_ring *ring = &j->rings[i];
    memcpy(points + out->n_points, j->points + ring->first, ring->n * sizeof *points);
    out->n_points += ring->n;
    points[out->n_points++] = j->points[ring->first];
    ring_ends[out->n_rings++] = out->n_points;
}

static enum err_code write_parts(struct joining *j, struct geom *out)
{
    struct arena *arena = j->cut->arena;
    struct lonlat *points = arena_new(arena, struct lonlat, j->n_points + j->n_rings);
    uint32_t *ring_ends = arena_new(arena, uint32_t, j->n_rings);
    uint32_t *part_ends = arena_new(arena, uint32_t, j->n_rings);
    if (!points || !ring_ends || !part_ends)
        return err_nomem(j->cut->err);
    *out = (struct geom){
        .kind = GEOM_POLYGON, .points = points, .ring_ends = ring_ends, .part_ends = part_ends};
    for (size_t i = 0; i < j->n_rings; i++) {
        if (j->rings[i].area < 0)
            continue;
        write_ring(j, i, out, points, ring_ends);
        for (size_t k = 0; k < j->n_rings; k++)
            if (j->rings[k].area < 0 && j->rings[k].outer == i)
                write_ring(j, k, out, points, ring_ends);
        part_ends[out->n_parts++] = out->n_rings;
    }
    out->box = box_of_points(points, out->n_points);
    return ERR_OK;
}

enum err_code cut_join(struct cut *cut, struct geom *out)
{
    enum err_code code = ERR_OK;
    /* Each vertex, corner and crossing is in one ring, or in none. */
    size_t most = (size_t)cut->n_ring + cut->n_steps + cut->n_crossings;
    struct joining j = {.cut = cut,
                        .open = arena_new(cut->arena, struct cut_vertex, most),
                        .points = arena_new(cut->arena, struct lonlat, most)};
    if (!j.open || !j.points)
        return err_nomem(cut->err);
    TRY(join_crossed(&j));
    if (!cut->doubtful)
        TRY(join_whole(&j));
    bool one = has_one_outer(&j);
    for (size_t i = 0; i < j.n_rings && !one && !cut->doubtful; i++)
        if (j.rings[i].area < 0)
            find_outer(&j, &j.rings[i]);
    if (!cut->doubtful && j.n_rings > 0)
        TRY(write_parts(&j, out));
done:
    return code;
}
