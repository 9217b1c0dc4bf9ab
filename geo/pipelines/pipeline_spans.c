#include "geo/pipelines/pipeline_spans.h"

#include "geo/findings/verdict.h"
#include "geo/measure/distance.h"
#include "geo/measure/ellipsoid.h"

#include <float.h>
#include <stdlib.h>

struct xy {
    double x;
    double y;
};

/* One edge of the line against one of the target, in a plane with its origin at the edge's
 * start: the edge runs along `to`, the target's from p to q (the same for a point). */
struct plane {
    struct xy to;
    struct xy before; /* direction of the edge before; 0 where there is none */
    struct xy p;
    struct xy q;
    double length; /* of `to` */
    bool is_first; /* of its part */
    bool is_last;
};

/* One edge of the line on the way to its spans. */
struct asking {
    const struct span_question *question;
    struct arena *arena;
    struct span_list *out;
    double *nearest_m;
    double farthest_m; /* the largest reach */
    uint32_t edge;
};

static enum err_code add_span(const struct asking *asking, int reach, double t, double u,
                              struct err *err)
{
    const struct pipeline_line *line = asking->question->line;
    double from_m = line->at_m[asking->edge];
    double length_m = line->at_m[asking->edge + 1] - from_m;
    struct span_list *list = &asking->out[reach];
    list->items =
        arena_grow(asking->arena, list->items, &list->capacity, list->n + 1, sizeof *list->items);
    if (!list->items)
        return err_nomem(err);
    list->items[list->n++] =
        (struct span){t <= 0 ? from_m : from_m + t * length_m,
                      u >= 1 ? line->at_m[asking->edge + 1] : from_m + u * length_m};
    return ERR_OK;
}

/* ---- planes ---- */

static struct xy place(struct lonlat point, struct lonlat origin, double lon_m, double lat_m)
{
    double lon_deg = point.lon_deg - origin.lon_deg;
    if (fabs(lon_deg) > 180)
        lon_deg = remainder(lon_deg, 360);
    return (struct xy){lon_deg * lon_m, (point.lat_deg - origin.lat_deg) * lat_m};
}

static struct plane plane_of(const struct asking *asking, struct lonlat p, struct lonlat q,
                             double lon_m, double lat_m)
{
    const struct span_question *question = asking->question;
    const struct lonlat *at = question->line->points + asking->edge;
    struct plane plane = {
        .to = place(at[1], at[0], lon_m, lat_m),
        .p = place(p, at[0], lon_m, lat_m),
        .q = place(q, at[0], lon_m, lat_m),
        .is_first = asking->edge == pipeline_part_start(question->line, question->part),
        .is_last = asking->edge + 2 == question->line->part_ends[question->part],
    };
    plane.length = sqrt(plane.to.x * plane.to.x + plane.to.y * plane.to.y);
    if (!plane.is_first) {
        struct xy back = place(at[-1], at[0], lon_m, lat_m);
        plane.before = (struct xy){-back.x, -back.y};
    }
    return plane;
}

static struct plane plane_at(const struct asking *asking, struct lonlat p, struct lonlat q,
                             double lat_deg)
{
    double lon_m;
    double lat_m;
    ellipsoid_degree_m(lat_deg, &lon_m, &lat_m);
    return plane_of(asking, p, q, lon_m, lat_m);
}

/* How far along the edge from a to b, 0 to 1, the point nearest to c lies. */
static double nearest_on(struct xy a, struct xy b, struct xy c)
{
    struct xy v = {b.x - a.x, b.y - a.y};
    double length2 = v.x * v.x + v.y * v.y;
    double t = length2 > 0 ? ((c.x - a.x) * v.x + (c.y - a.y) * v.y) / length2 : 0;
    return t < 0 ? 0 : t > 1 ? 1 : t;
}

static struct xy along(struct xy a, struct xy b, double t)
{
    return (struct xy){a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
}

static double gap(struct xy a, struct xy b)
{
    return sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y));
}

static double cross(struct xy a, struct xy b)
{
    return a.x * b.y - a.y * b.x;
}

static bool edges_cross(const struct plane *plane)
{
    struct xy v = {plane->q.x - plane->p.x, plane->q.y - plane->p.y};
    double p = cross(plane->to, plane->p);
    double q = cross(plane->to, plane->q);
    double o = cross(v, (struct xy){-plane->p.x, -plane->p.y});
    double to = cross(v, (struct xy){plane->to.x - plane->p.x, plane->to.y - plane->p.y});
    return ((p <= 0 && q >= 0) || (p >= 0 && q <= 0)) &&
           ((o <= 0 && to >= 0) || (o >= 0 && to <= 0)) && !(p == 0 && q == 0);
}

/* Closest points of the two edges: their distance, and the parameters t on the line's edge and
 * s on the target's. */
static double closest_of(const struct plane *plane, double *t, double *s)
{
    static const struct xy origin = {0, 0};
    if (edges_cross(plane)) {
        double p = cross(plane->to, plane->p);
        double q = cross(plane->to, plane->q);
        *s = p / (p - q);
        *t = nearest_on(origin, plane->to, along(plane->p, plane->q, *s));
        return 0;
    }
    double best = INFINITY;
    for (int i = 0; i < 2; i++) {
        struct xy on_target = i ? plane->q : plane->p;
        double at = nearest_on(origin, plane->to, on_target);
        double d = gap(on_target, along(origin, plane->to, at));
        if (d < best) {
            best = d;
            *t = at;
            *s = i;
        }
        struct xy on_line = i ? plane->to : origin;
        at = nearest_on(plane->p, plane->q, on_line);
        d = gap(on_line, along(plane->p, plane->q, at));
        if (d < best) {
            best = d;
            *t = i;
            *s = at;
        }
    }
    return best;
}

/* ---- stretches ---- */

/* Cuts [low, high] to where c0 + c1 x >= 0; an empty one has low > high. */
static void clip(double c0, double c1, double *low, double *high)
{
    if (c1 > 0)
        *low = max_of(*low, -c0 / c1);
    else if (c1 < 0)
        *high = min_of(*high, -c0 / c1);
    else if (c0 < 0)
        *high = -INFINITY;
}

/* The part of the target's edge in the strip of the line's: its stretch along it. */
static bool beside_edge(const struct plane *plane, double reach_m, double *t, double *u)
{
    struct xy unit = {plane->to.x / plane->length, plane->to.y / plane->length};
    double a0 = plane->p.x * unit.x + plane->p.y * unit.y;
    double a1 = plane->q.x * unit.x + plane->q.y * unit.y - a0;
    double h0 = cross(unit, plane->p);
    double h1 = cross(unit, plane->q) - h0;
    double low = 0;
    double high = 1;
    clip(reach_m - h0, -h1, &low, &high);
    clip(reach_m + h0, h1, &low, &high);
    clip(a0, a1, &low, &high);
    clip(plane->length - a0, -a1, &low, &high);
    if (!(low <= high))
        return false;
    double at_low = (a0 + low * a1) / plane->length;
    double at_high = (a0 + high * a1) / plane->length;
    *t = min_of(at_low, at_high);
    *u = max_of(at_low, at_high);
    return true;
}

/* Whether the point of the target nearest to an end of the line's edge lies in the wedge that
 * the strips leave open there, or beyond the end of the line. */
static bool in_wedge(const struct plane *plane, bool at_end, double reach_m)
{
    struct xy vertex = at_end ? plane->to : (struct xy){0, 0};
    struct xy near = along(plane->p, plane->q, nearest_on(plane->p, plane->q, vertex));
    struct xy off = {near.x - vertex.x, near.y - vertex.y};
    double onward = off.x * plane->to.x + off.y * plane->to.y;
    if (gap(near, vertex) > reach_m)
        return false;
    if (at_end)
        return plane->is_last && onward > 0;
    double back = off.x * plane->before.x + off.y * plane->before.y;
    return onward < 0 && (plane->is_first || back > 0);
}

/* The points of the line's edge at most reach_m from the target's: round its ends, and beside
 * it. Distance from an edge is convex along a line, so that these are one stretch. */
static bool near_edge(const struct plane *plane, double reach_m, double *t, double *u)
{
    struct xy unit = {plane->to.x / plane->length, plane->to.y / plane->length};
    double low = INFINITY;
    double high = -INFINITY;
    for (int i = 0; i < 2; i++) {
        struct xy end = i ? plane->q : plane->p;
        double a = end.x * unit.x + end.y * unit.y;
        double h = cross(unit, end);
        if (fabs(h) > reach_m)
            continue;
        double half = sqrt(reach_m * reach_m - h * h);
        low = min_of(low, a - half);
        high = max_of(high, a + half);
    }
    struct xy v = {plane->q.x - plane->p.x, plane->q.y - plane->p.y};
    double size = sqrt(v.x * v.x + v.y * v.y);
    if (size > 0) {
        double from = -INFINITY;
        double to = INFINITY;
        double a0 = -(plane->p.x * v.x + plane->p.y * v.y) / size;
        double a1 = (unit.x * v.x + unit.y * v.y) / size;
        double h0 = -cross(v, plane->p) / size;
        double h1 = cross(v, unit) / size;
        clip(a0, a1, &from, &to);
        clip(size - a0, -a1, &from, &to);
        clip(reach_m - h0, -h1, &from, &to);
        clip(reach_m + h0, h1, &from, &to);
        if (from <= to) {
            low = min_of(low, from);
            high = max_of(high, to);
        }
    }
    low = max_of(low, 0);
    high = min_of(high, plane->length);
    if (!(low <= high))
        return false;
    *t = low / plane->length;
    *u = high / plane->length;
    return true;
}

/* The scale about the edge is wrong by less than this in reach (it is 1 in 1,000 at 80
 * degrees and 200 m, and the caller's at most what pipeline_targets.c lets pass). */
static const double FIRST_LOOK = 1.5;

static enum err_code try_edge(const struct asking *asking, struct lonlat p, struct lonlat q,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    double t = 0;
    double s = 0;
    const struct lonlat *at = asking->question->line->points + asking->edge;
    struct lonlat scale_m = asking->question->scale_m;
    struct plane plane = scale_m.lat_deg > 0
                             ? plane_of(asking, p, q, scale_m.lon_deg, scale_m.lat_deg)
                             : plane_at(asking, p, q, at[0].lat_deg);
    double near_m = closest_of(&plane, &t, &s);
    if (near_m > asking->farthest_m * FIRST_LOOK + 1)
        return ERR_OK;
    double on_line = at[0].lat_deg + t * (at[1].lat_deg - at[0].lat_deg);
    double on_target = p.lat_deg + s * (q.lat_deg - p.lat_deg);
    plane = plane_at(asking, p, q, (on_line + on_target) / 2);
    near_m = closest_of(&plane, &t, &s);
    if (near_m > asking->farthest_m + VERDICT_METRES / 2)
        return ERR_OK;
    *asking->nearest_m = min_of(*asking->nearest_m, near_m);
    for (int i = 0; i < REACHES; i++) {
        double reach_m = asking->question->reach_m[i];
        double u;
        if (near_m > reach_m + VERDICT_METRES / 2)
            continue;
        if (near_m > reach_m) /* the same at 0.1 mm */
            reach_m += VERDICT_METRES / 2;
        if (!asking->question->beside) {
            if (near_edge(&plane, reach_m, &t, &u))
                TRY(add_span(asking, i, t, u, err));
            continue;
        }
        if (beside_edge(&plane, reach_m, &t, &u))
            TRY(add_span(asking, i, t, u, err));
        if (in_wedge(&plane, false, reach_m))
            TRY(add_span(asking, i, 0, 0, err));
        if (in_wedge(&plane, true, reach_m))
            TRY(add_span(asking, i, 1, 1, err));
    }
done:
    return code;
}

/* ---- inside a polygon ---- */

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Where in longitude and latitude the edge crosses that of the polygon, 0 to 1; else -1. */
static double crossing_of(const struct lonlat *line, const struct lonlat *edge)
{
    struct xy to = place(line[1], line[0], 1, 1);
    struct xy p = place(edge[0], line[0], 1, 1);
    struct xy q = place(edge[1], line[0], 1, 1);
    double at_p = cross(to, p);
    double at_q = cross(to, q);
    if ((at_p > 0) == (at_q > 0))
        return -1;
    struct xy where = along(p, q, at_p / (at_p - at_q));
    double t = (where.x * to.x + where.y * to.y) / (to.x * to.x + to.y * to.y);
    return t >= 0 && t <= 1 ? t : -1;
}

static struct box edge_box(const struct lonlat *at)
{
    return (struct box){min_of(at[0].lon_deg, at[1].lon_deg), min_of(at[0].lat_deg, at[1].lat_deg),
                        max_of(at[0].lon_deg, at[1].lon_deg), max_of(at[0].lat_deg, at[1].lat_deg)};
}

/* A box and it turned once round either way touch. */
static bool boxes_meet(struct box a, struct box b)
{
    if (a.south_deg > b.north_deg || b.south_deg > a.north_deg)
        return false;
    for (int k = -1; k <= 1; k++)
        if (a.west_deg <= b.east_deg + 360 * k && b.west_deg + 360 * k <= a.east_deg)
            return true;
    return false;
}

/* Where the polygon's boundary cuts the edge, 0 to 1. */
struct cuts {
    double *items;
    size_t n;
    size_t capacity;
};

static enum err_code add_cut(const struct asking *asking, struct cuts *cuts, double t,
                             struct err *err)
{
    cuts->items =
        arena_grow(asking->arena, cuts->items, &cuts->capacity, cuts->n + 1, sizeof *cuts->items);
    if (!cuts->items)
        return err_nomem(err);
    cuts->items[cuts->n++] = t;
    return ERR_OK;
}

/* The pieces of the edge inside the polygon, between its cuts. */
static enum err_code add_inside(const struct asking *asking, struct cuts *list, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct geom *polygon = asking->question->target;
    const struct lonlat *at = asking->question->line->points + asking->edge;
    TRY(add_cut(asking, list, 0, err));
    TRY(add_cut(asking, list, 1, err));
    const double *cuts = list->items;
    qsort(list->items, list->n, sizeof *list->items, by_number);
    for (size_t i = 0; i + 1 < list->n; i++) {
        double middle = (cuts[i] + cuts[i + 1]) / 2;
        struct lonlat point = {at[0].lon_deg + middle * (at[1].lon_deg - at[0].lon_deg),
                               at[0].lat_deg + middle * (at[1].lat_deg - at[0].lat_deg)};
        if (!distance_contains_point(polygon, point))
            continue;
        *asking->nearest_m = 0;
        for (int k = 0; k < REACHES; k++)
            if (asking->question->reach_m[k] >= 0)
                TRY(add_span(asking, k, cuts[i], cuts[i + 1], err));
    }
done:
    return code;
}

static enum err_code try_rings(const struct asking *asking, struct box reach, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct geom *target = asking->question->target;
    const struct lonlat *line = asking->question->line->points + asking->edge;
    struct box tight = edge_box(line);
    struct cuts cuts = {NULL, 0, 0};
    for (uint32_t ring = 0; ring < target->n_rings; ring++) {
        for (uint32_t i = geom_ring_start(target, ring); i + 1 < target->ring_ends[ring]; i++) {
            struct box box = edge_box(target->points + i);
            if (!boxes_meet(box, reach))
                continue;
            TRY(try_edge(asking, target->points[i], target->points[i + 1], err));
            if (target->kind != GEOM_POLYGON || !boxes_meet(box, tight))
                continue;
            double t = crossing_of(line, target->points + i);
            if (t >= 0)
                TRY(add_cut(asking, &cuts, t, err));
        }
    }
    if (target->kind == GEOM_POLYGON && boxes_meet(target->box, tight))
        TRY(add_inside(asking, &cuts, err));
done:
    return code;
}

enum err_code pipeline_spans(const struct span_question *question, struct arena *arena,
                             struct span_list out[REACHES], double *nearest_m, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct geom *target = question->target;
    struct asking asking = {
        .question = question, .arena = arena, .out = out, .nearest_m = nearest_m};
    for (int i = 0; i < REACHES; i++)
        asking.farthest_m = max_of(asking.farthest_m, question->reach_m[i]);
    for (asking.edge = question->first; asking.edge < question->end; asking.edge++) {
        const struct lonlat *at = question->line->points + asking.edge;
        struct box reach = edge_box(at);
        reach.west_deg -= question->margin.lon_deg;
        reach.east_deg += question->margin.lon_deg;
        reach.south_deg -= question->margin.lat_deg;
        reach.north_deg += question->margin.lat_deg;
        if (!boxes_meet(target->box, reach))
            continue;
        if (target->kind == GEOM_POINT) {
            for (uint32_t i = 0; i < target->n_points; i++)
                if (boxes_meet((struct box){target->points[i].lon_deg, target->points[i].lat_deg,
                                            target->points[i].lon_deg, target->points[i].lat_deg},
                               reach))
                    TRY(try_edge(&asking, target->points[i], target->points[i], err));
            continue;
        }
        TRY(try_rings(&asking, reach, err));
    }
done:
    return code;
}
