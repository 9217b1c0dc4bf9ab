#include "tiler/draw/stroke.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double MITER_LIMIT = 2.0;  /* the default of MapLibre's line-miter-limit */
static const double FLATNESS_PX = 0.02; /* how far an arc's chord may lie inside the arc */
static const int64_t SHORTEST = 32;     /* an eighth of a pixel: shorter edges only add noise */

void stroker_init(struct stroker *stroker)
{
    *stroker = (struct stroker){0};
}

void stroker_release(struct stroker *stroker)
{
    free(stroker->points);
    free(stroker->side);
    free(stroker->moved);
    *stroker = (struct stroker){0};
}

static bool push(struct fixed **items, size_t *n, size_t *capacity, struct fixed point)
{
    if (*n == *capacity) {
        size_t wanted = *capacity ? *capacity * 2 : 256;
        struct fixed *grown = realloc(*items, wanted * sizeof *grown);
        if (!grown)
            return false;
        *items = grown;
        *capacity = wanted;
    }
    (*items)[(*n)++] = point;
    return true;
}

static void keep(struct stroker *stroker, struct fixed point)
{
    if (!push(&stroker->points, &stroker->n_points, &stroker->capacity, point))
        stroker->failed = true;
}

static void side(struct stroker *stroker, struct fixed point)
{
    if (!push(&stroker->side, &stroker->n_side, &stroker->side_capacity, point))
        stroker->failed = true;
}

static void side_offset(struct stroker *stroker, struct fixed at, double dx, double dy)
{
    side(stroker, (struct fixed){at.x + llround(dx), at.y + llround(dy)});
}

double stroke_half_px(const struct stroke_style *style)
{
    return style->gap_px > 0 ? style->gap_px / 2 + style->width_px : style->width_px / 2;
}

/* Of the outermost edge, 1/256 px. */
static double half_of(const struct stroke_style *style)
{
    return stroke_half_px(style) * FIXED_ONE;
}

/* A direction of length 1 and the length that it had, in 1/256 px. */
struct way {
    double x, y, length;
};

static struct way way_of(struct fixed a, struct fixed b)
{
    double dx = (double)(b.x - a.x), dy = (double)(b.y - a.y);
    double length = sqrt(dx * dx + dy * dy);
    if (length == 0)
        return (struct way){1, 0, 0};
    return (struct way){dx / length, dy / length, length};
}

static double arc_step(double radius)
{
    double inside = 1 - FLATNESS_PX * FIXED_ONE / fmax(radius, FLATNESS_PX * FIXED_ONE);
    return fmax(2 * acos(inside), 0.05);
}

/* The arc round `at` from the direction (x0, y0) onwards by `turn` radians, without its ends. */
static void arc(struct stroker *stroker, struct fixed at, double x0, double y0, double turn,
                double radius)
{
    int n = (int)ceil(fabs(turn) / arc_step(radius));
    for (int i = 1; i < n; i++) {
        double angle = turn * i / n;
        double c = cos(angle), s = sin(angle);
        side_offset(stroker, at, radius * (x0 * c - y0 * s), radius * (x0 * s + y0 * c));
    }
}

/* The corner at `at` between two directions, on the left side of the way. In a picture (y
 * down) the left of (x, y) is (y, -x). */
static void corner(struct stroker *stroker, struct fixed at, struct way in, struct way out,
                   double half, enum line_join join)
{
    double cross = in.x * out.y - in.y * out.x, dot = in.x * out.x + in.y * out.y;
    double ax = in.y * half, ay = -in.x * half, bx = out.y * half, by = -out.x * half;
    if (cross <= 0 && (cross < -1e-9 || dot > 0)) { /* turns to the left: the inner side */
        double cut = dot > -0.999 ? half * -cross / (1 + dot) : (double)INFINITY;
        if (cut <= fmin(in.length, out.length)) { /* where the two sides meet */
            double scale = 1 / (1 + dot);
            side_offset(stroker, at, (ax + bx) * scale, (ay + by) * scale);
            return;
        }
        side_offset(stroker, at, ax, ay);
        side(stroker, at);
        side_offset(stroker, at, bx, by);
        return;
    }
    double miter = dot > -1 ? sqrt(2 / (1 + dot)) : (double)INFINITY; /* its length over half */
    bool nearly_straight = dot > 0.99;
    if (nearly_straight || (join == JOIN_MITER && miter <= MITER_LIMIT)) {
        double scale = 1 / (1 + dot);
        side_offset(stroker, at, (ax + bx) * scale, (ay + by) * scale);
        return;
    }
    side_offset(stroker, at, ax, ay);
    if (join == JOIN_ROUND)
        arc(stroker, at, in.y, -in.x, atan2(cross, dot), half);
    side_offset(stroker, at, bx, by);
}

/* One outline of a line. */
struct rim {
    double half;   /* from the line, 1/256 px */
    double square; /* how far a square cap goes beyond its end */
    bool hole;     /* of a gap: turns the other way */
    enum line_cap cap;
    enum line_join join;
};

/* The end of a line that arrives at `at`: from its left side round to its right side. */
static void cap_end(struct stroker *stroker, struct fixed at, struct way in, const struct rim *rim)
{
    double lx = in.y * rim->half, ly = -in.x * rim->half;
    double beyond = rim->cap == CAP_SQUARE ? rim->square : 0;
    double ex = in.x * beyond, ey = in.y * beyond;
    side_offset(stroker, at, lx + ex, ly + ey);
    if (rim->cap == CAP_ROUND)
        arc(stroker, at, in.y, -in.x, M_PI, rim->half);
    side_offset(stroker, at, ex - lx, ey - ly);
}

static void flush_side(struct stroker *stroker, struct raster *raster, const struct rim *rim)
{
    struct fixed *p = stroker->side;
    for (size_t i = 0, k = stroker->n_side; rim->hole && i + 1 < k; i++) {
        struct fixed swap = p[i];
        p[i] = p[--k];
        p[k] = swap;
    }
    raster_ring(raster, p, stroker->n_side);
    stroker->n_side = 0;
}

/* One side of a closed line, forth or back. */
static void ring_side(struct stroker *stroker, struct raster *raster, bool back,
                      const struct rim *rim)
{
    size_t n = stroker->n_points;
    const struct fixed *p = stroker->points;
    for (size_t i = 0; i < n; i++) {
        size_t at = back ? n - 1 - i : i;
        size_t before = back ? (at + 1) % n : (at + n - 1) % n;
        size_t after = back ? (at + n - 1) % n : (at + 1) % n;
        corner(stroker, p[at], way_of(p[before], p[at]), way_of(p[at], p[after]), rim->half,
               rim->join);
    }
    flush_side(stroker, raster, rim);
}

/* An outline of the piece in stroker->points. */
static void outline_piece(struct stroker *stroker, struct raster *raster, bool closed,
                          const struct rim *rim)
{
    size_t n = stroker->n_points;
    const struct fixed *p = stroker->points;
    stroker->n_side = 0;
    if (closed && n > 2) {
        ring_side(stroker, raster, false, rim);
        ring_side(stroker, raster, true, rim);
    } else if (n > 1) {
        for (size_t i = 1; i + 1 < n; i++)
            corner(stroker, p[i], way_of(p[i - 1], p[i]), way_of(p[i], p[i + 1]), rim->half,
                   rim->join);
        cap_end(stroker, p[n - 1], way_of(p[n - 2], p[n - 1]), rim);
        for (size_t i = n - 1; i-- > 1;)
            corner(stroker, p[i], way_of(p[i + 1], p[i]), way_of(p[i], p[i - 1]), rim->half,
                   rim->join);
        cap_end(stroker, p[0], way_of(p[1], p[0]), rim);
        flush_side(stroker, raster, rim);
    } else if (n == 1 && rim->cap == CAP_ROUND) {
        (rim->hole ? stroke_hole : stroke_disc)(raster, p[0], rim->half / FIXED_ONE);
    } else if (n == 1 && rim->cap == CAP_SQUARE) {
        struct way east = {1, 0, 0}, west = {-1, 0, 0};
        cap_end(stroker, p[0], east, rim);
        cap_end(stroker, p[0], west, rim);
        flush_side(stroker, raster, rim);
    }
}

/* The piece in stroker->points as outlines; it is empty then. */
static void flush_piece(struct stroker *stroker, struct raster *raster, bool closed,
                        const struct stroke_style *style)
{
    double half = half_of(style);
    const struct rim outer = {half, half, false, style->cap, style->join};
    const struct rim inner = {style->gap_px * FIXED_ONE / 2, half, true, style->cap, style->join};
    outline_piece(stroker, raster, closed, &outer);
    if (style->gap_px > 0)
        outline_piece(stroker, raster, closed, &inner);
    stroker->n_points = 0;
}

/* Whether the edge can leave anything in the picture: half the width, times the miter. */
static bool in_reach(const struct raster *raster, struct fixed a, struct fixed b, double half)
{
    int64_t reach = (int64_t)(half * 2 * MITER_LIMIT) + INT64_C(2) * FIXED_ONE;
    int64_t right = (int64_t)raster->width_px * FIXED_ONE + reach;
    int64_t floor_y = (int64_t)raster->height_px * FIXED_ONE + reach;
    return !((a.x < -reach && b.x < -reach) || (a.y < -reach && b.y < -reach) ||
             (a.x > right && b.x > right) || (a.y > floor_y && b.y > floor_y));
}

static void solid(struct stroker *stroker, struct raster *raster, const struct fixed *points,
                  size_t n, bool closed, const struct stroke_style *style)
{
    double half = half_of(style);
    bool all = true; /* a ring wholly in reach is stroked as a ring */
    for (size_t i = 0; closed && all && i < n; i++)
        all = in_reach(raster, points[i], points[(i + 1) % n], half);
    if (closed && all) {
        for (size_t i = 0; i < n; i++)
            keep(stroker, points[i]);
        flush_piece(stroker, raster, true, style);
        return;
    }
    /* Runs of edges in reach, each with the edge before and after it, so that its corners
     * are right; the caps of a run lie out of reach. */
    size_t n_edges = closed ? n : n - 1;
    size_t start = 0;
    while (closed && start < n_edges &&
           in_reach(raster, points[start], points[(start + 1) % n], half))
        start++;
    bool open = false;
    for (size_t k = 0; k <= n_edges; k++) {
        size_t i = closed ? (start + k) % n : k;
        bool real = closed || k < n_edges; /* a ring comes back to an edge out of reach */
        bool near = real && in_reach(raster, points[i], points[(i + 1) % n], half);
        if (near && !open) {
            if (closed || i > 0)
                keep(stroker, points[(i + n - 1) % n]);
            keep(stroker, points[i]);
            open = true;
        }
        if (near) {
            keep(stroker, points[(i + 1) % n]);
        } else if (open) {
            if (real)
                keep(stroker, points[(i + 1) % n]);
            flush_piece(stroker, raster, false, style);
            open = false;
        }
    }
}

/* A place in the dash pattern: repeats that have gone by, and the dash at hand. Lengths are
 * computed from these whole numbers alone, never added up, so that a dash lies where it lies
 * wherever the picture begins. */
struct dash_place {
    double repeat;
    uint32_t dash;
};

/* How far along the line a dash begins, in 1/256 px. */
static double dash_start(const struct stroke_style *style, struct dash_place place)
{
    double total = 0, before = 0;
    for (uint32_t i = 0; i < style->n_dashes; i++) {
        if (i == place.dash)
            before = total;
        total += style->dashes_px[i] * FIXED_ONE;
    }
    return place.repeat * total + before;
}

static struct dash_place dash_after(const struct stroke_style *style, struct dash_place place)
{
    if (++place.dash == style->n_dashes) {
        place.dash = 0;
        place.repeat++;
    }
    return place;
}

/* The dash that holds a length along the line. */
static struct dash_place dash_at(const struct stroke_style *style, double along)
{
    double total = dash_start(style, (struct dash_place){1, 0});
    struct dash_place place = {floor(along / total), 0};
    for (uint32_t i = 0; i + 1 < style->n_dashes; i++) {
        struct dash_place next = dash_after(style, place);
        if (dash_start(style, next) > along)
            break;
        place = next;
    }
    return place;
}

/* The part [t0, t1] of an edge within reach of the picture, as lengths along it. */
static bool clip_along(const struct raster *raster, struct fixed a, struct way way, double half,
                       double *t0, double *t1)
{
    double reach = half * 2 + 2 * FIXED_ONE;
    double low[2] = {-reach, -reach};
    double high[2] = {raster->width_px * (double)FIXED_ONE + reach,
                      raster->height_px * (double)FIXED_ONE + reach};
    double from[2] = {(double)a.x, (double)a.y}, d[2] = {way.x, way.y};
    *t0 = 0;
    *t1 = way.length;
    for (int axis = 0; axis < 2; axis++) {
        if (fabs(d[axis]) < 1e-12) {
            if (from[axis] < low[axis] || from[axis] > high[axis])
                return false;
            continue;
        }
        double in = (low[axis] - from[axis]) / d[axis], out = (high[axis] - from[axis]) / d[axis];
        *t0 = fmax(*t0, fmin(in, out));
        *t1 = fmin(*t1, fmax(in, out));
    }
    return *t0 < *t1;
}

static struct fixed point_along(struct fixed a, struct way way, double t)
{
    return (struct fixed){a.x + llround(way.x * t), a.y + llround(way.y * t)};
}

/* The dashes of one edge that starts `along` after the line's start. A mark that runs on over
 * the edge's end stays in stroker->points and goes on with the next edge. */
static void dash_edge(struct stroker *stroker, struct raster *raster, struct fixed a,
                      struct fixed b, double along, const struct stroke_style *style)
{
    struct way way = way_of(a, b);
    double from, to;
    if (!clip_along(raster, a, way, half_of(style), &from, &to)) {
        flush_piece(stroker, raster, false, style);
        return;
    }
    if (from > 0)
        flush_piece(stroker, raster, false, style);
    struct dash_place place = dash_at(style, along + from);
    for (;;) {
        struct dash_place next = dash_after(style, place);
        double start = fmax(0, dash_start(style, place) - along);
        double end = dash_start(style, next) - along;
        if (start >= to)
            break;
        if (place.dash % 2 == 0 && end > start) {
            if (stroker->n_points == 0)
                keep(stroker, start > 0 ? point_along(a, way, start) : a);
            keep(stroker, end < way.length ? point_along(a, way, end) : b);
            if (end < way.length)
                flush_piece(stroker, raster, false, style);
        }
        if (end >= way.length)
            return;
        place = next;
    }
    flush_piece(stroker, raster, false, style);
}

/* ---- a line moved sideways ---- */

static void move_to(struct stroker *stroker, struct fixed at, double dx, double dy)
{
    struct fixed point = {at.x + llround(dx), at.y + llround(dy)};
    if (!push(&stroker->moved, &stroker->n_moved, &stroker->moved_capacity, point))
        stroker->failed = true;
}

/* A corner of the line that runs `by` to the right (1/256 px; the right of (x, y) is (-y, x)). */
static void move_corner(struct stroker *stroker, struct fixed at, struct way in, struct way out,
                        double by, enum line_join join)
{
    double cross = in.x * out.y - in.y * out.x, dot = in.x * out.x + in.y * out.y;
    double ax = -in.y * by, ay = in.x * by, bx = -out.y * by, by_y = out.x * by;
    bool inner = cross * by > 0;
    double cut = dot > -0.999 ? fabs(by * cross) / (1 + dot) : (double)INFINITY;
    double miter = dot > -1 ? sqrt(2 / (1 + dot)) : (double)INFINITY;
    bool meets = inner ? cut <= fmin(in.length, out.length)
                       : dot > 0.99 || (join == JOIN_MITER && miter <= MITER_LIMIT);
    if (meets) {
        move_to(stroker, at, (ax + bx) / (1 + dot), (ay + by_y) / (1 + dot));
        return;
    }
    move_to(stroker, at, ax, ay);
    double turn = atan2(cross, dot);
    int n = inner || join != JOIN_ROUND ? 0 : (int)ceil(fabs(turn) / arc_step(fabs(by)));
    for (int i = 1; i < n; i++) {
        double c = cos(turn * i / n), s = sin(turn * i / n);
        move_to(stroker, at, ax * c - ay * s, ax * s + ay * c);
    }
    move_to(stroker, at, bx, by_y);
}

/* Fills stroker->moved. */
static void move_line(struct stroker *stroker, const struct fixed *p, size_t n, bool closed,
                      const struct stroke_style *style)
{
    double by = style->offset_px * FIXED_ONE;
    stroker->n_moved = 0;
    for (size_t i = 0; i < n; i++) {
        struct way in = way_of(p[(i + n - 1) % n], p[i]), out = way_of(p[i], p[(i + 1) % n]);
        bool first = !closed && i == 0, last = !closed && i + 1 == n;
        const struct way *end = first ? &out : &in;
        if (first || last)
            move_to(stroker, p[i], -end->y * by, end->x * by);
        else
            move_corner(stroker, p[i], in, out, by, style->join);
    }
}

/* ---- a line ---- */

/* Points nearer than SHORTEST to the one before add only noise: leaves them out. The choice looks
 * at differences alone. Returns how many stay. */
static size_t thin_out(const struct fixed *points, size_t n, bool closed, struct fixed *kept)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        bool last = i + 1 == n && !closed;
        int64_t dx = m ? llabs(points[i].x - kept[m - 1].x) : 0;
        int64_t dy = m ? llabs(points[i].y - kept[m - 1].y) : 0;
        bool near = m && dx < SHORTEST && dy < SHORTEST;
        if (!near)
            kept[m++] = points[i];
        else if (last && m > 1)
            kept[m - 1] = points[i];
    }
    while (closed && m > 1 && llabs(kept[m - 1].x - kept[0].x) < SHORTEST &&
           llabs(kept[m - 1].y - kept[0].y) < SHORTEST)
        m--;
    return m;
}

static void dashed(struct stroker *stroker, struct raster *raster, const struct fixed *points,
                   size_t n, bool closed, const struct stroke_style *style)
{
    double along = 0;
    size_t n_edges = closed ? n : n - 1;
    for (size_t i = 0; i < n_edges; i++) {
        dash_edge(stroker, raster, points[i], points[(i + 1) % n], along, style);
        along += way_of(points[i], points[(i + 1) % n]).length;
    }
    flush_piece(stroker, raster, false, style);
}

void stroke_line(struct stroker *stroker, struct raster *raster, const struct fixed *points,
                 size_t n, bool closed, const struct stroke_style *style)
{
    if (n == 0 || !(style->width_px > 0))
        return;
    struct fixed *kept = malloc(n * sizeof *kept);
    if (!kept) {
        stroker->failed = true;
        return;
    }
    size_t m = thin_out(points, n, closed, kept);
    const struct fixed *line = kept;
    closed = closed && m > 2;
    if (style->offset_px != 0 && m > 1) {
        move_line(stroker, kept, m, closed, style);
        line = stroker->moved;
        m = stroker->n_moved;
    }
    stroker->n_points = 0;
    if (m == 0) { /* without memory for the moved line */
        stroker->failed = true;
    } else if (m == 1) {
        if (in_reach(raster, line[0], line[0], half_of(style))) {
            keep(stroker, line[0]);
            flush_piece(stroker, raster, false, style);
        }
    } else if (style->n_dashes == 0) {
        solid(stroker, raster, line, m, closed, style);
    } else {
        dashed(stroker, raster, line, m, closed, style);
    }
    free(kept);
}

static void add_circle(struct raster *raster, struct fixed centre, double radius_px, bool hole)
{
    double radius = radius_px * FIXED_ONE;
    int n = (int)ceil(2 * M_PI / arc_step(radius));
    n = n < 8 ? 8 : n;
    struct fixed first = {centre.x + llround(radius), centre.y};
    struct fixed before = first;
    for (int i = 1; i <= n; i++) {
        double angle = 2 * M_PI * i / n;
        struct fixed next = i == n ? first
                                   : (struct fixed){centre.x + llround(radius * cos(angle)),
                                                    centre.y + llround(radius * sin(angle))};
        if (hole)
            raster_edge(raster, next, before);
        else
            raster_edge(raster, before, next);
        before = next;
    }
}

void stroke_disc(struct raster *raster, struct fixed centre, double radius_px)
{
    add_circle(raster, centre, radius_px, false);
}

void stroke_hole(struct raster *raster, struct fixed centre, double radius_px)
{
    add_circle(raster, centre, radius_px, true);
}
