#include "geo/pipelines/pipeline_spanning.h"

#include "geo/verdict/verdict.h"
#include "geo/measure/distance.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

bool pipeline_span_room(struct span_list *list, size_t n, struct arena *arena)
{
    size_t capacity = list->capacity ? 2 * list->capacity : 2;
    if (n <= list->capacity)
        return true;
    capacity = capacity < n ? n : capacity;
    struct span *items = arena_alloc_raw(arena, capacity, sizeof *items);
    if (!items)
        return false;
    if (list->n > 0)
        memcpy(items, list->items, list->n * sizeof *items);
    list->items = items;
    list->capacity = capacity;
    return true;
}

enum err_code pipeline_add_span(const struct asking *asking, int reach, double t, double u,
                                struct err *err)
{
    const struct pipeline_line *line = asking->question->line;
    double from_m = line->at_m[asking->edge];
    double length_m = line->at_m[asking->edge + 1] - from_m;
    struct span_list *list = &asking->out[reach];
    if (!pipeline_span_room(list, list->n + 1, asking->arena))
        return err_nomem(err);
    list->items[list->n++] =
        (struct span){t <= 0 ? from_m : from_m + t * length_m,
                      u >= 1 ? line->at_m[asking->edge + 1] : from_m + u * length_m};
    return ERR_OK;
}

/* ---- boxes ---- */

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

/* What holds all that is in reach of the edge. */
static struct box reach_box(const struct span_question *question, uint32_t edge)
{
    struct box box = edge_box(question->line->points + edge);
    box.west_deg -= question->margin.lon_deg;
    box.east_deg += question->margin.lon_deg;
    box.south_deg -= question->margin.lat_deg;
    box.north_deg += question->margin.lat_deg;
    return box;
}

/* ---- planes ---- */

static struct flat place(struct lonlat point, struct lonlat origin, double lon_m, double lat_m)
{
    return scaled(degrees_from(origin, point), (struct lonlat){lon_m, lat_m});
}

static struct edge_plane plane_of(const struct span_question *question, uint32_t edge,
                                  const struct lonlat target[2], struct lonlat scale_m)
{
    const struct lonlat *at = question->line->points + edge;
    double lon_m = scale_m.lon_deg;
    double lat_m = scale_m.lat_deg;
    struct edge_plane plane = {
        .to = place(at[1], at[0], lon_m, lat_m),
        .p = place(target[0], at[0], lon_m, lat_m),
        .q = place(target[1], at[0], lon_m, lat_m),
        .is_first = edge == pipeline_part_start(question->line, question->part),
        .is_last = edge + 2 == question->line->part_ends[question->part],
    };
    plane.length_m = sqrt(plane.to.x_m * plane.to.x_m + plane.to.y_m * plane.to.y_m);
    if (!plane.is_first) {
        struct flat back = place(at[-1], at[0], lon_m, lat_m);
        plane.before = (struct flat){-back.x_m, -back.y_m};
    }
    return plane;
}

static bool edges_cross(const struct edge_plane *plane)
{
    struct flat v = {plane->q.x_m - plane->p.x_m, plane->q.y_m - plane->p.y_m};
    double p = cross(plane->to, plane->p);
    double q = cross(plane->to, plane->q);
    double o = cross(v, (struct flat){-plane->p.x_m, -plane->p.y_m});
    double to = cross(v, (struct flat){plane->to.x_m - plane->p.x_m, plane->to.y_m - plane->p.y_m});
    return ((p <= 0 && q >= 0) || (p >= 0 && q <= 0)) &&
           ((o <= 0 && to >= 0) || (o >= 0 && to <= 0)) && !(p == 0 && q == 0);
}

/* Closest points of the two edges: their distance, and the parameters t on the line's edge and
 * s on the target's. */
static double closest_of(const struct edge_plane *plane, double *t, double *s)
{
    static const struct flat origin = {0, 0};
    if (edges_cross(plane)) {
        double p = cross(plane->to, plane->p);
        double q = cross(plane->to, plane->q);
        *s = p / (p - q);
        *t = nearest_on(origin, plane->to, along(plane->p, plane->q, *s));
        return 0;
    }
    double best = INFINITY;
    for (int i = 0; i < 2; i++) {
        struct flat on_target = i ? plane->q : plane->p;
        double at = nearest_on(origin, plane->to, on_target);
        double d = gap(on_target, along(origin, plane->to, at));
        if (d < best) {
            best = d;
            *t = at;
            *s = i;
        }
        struct flat on_line = i ? plane->to : origin;
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
static bool beside_edge(const struct edge_plane *plane, double reach_m, double *t, double *u)
{
    struct flat unit = {plane->to.x_m / plane->length_m, plane->to.y_m / plane->length_m};
    double a0 = plane->p.x_m * unit.x_m + plane->p.y_m * unit.y_m;
    double a1 = plane->q.x_m * unit.x_m + plane->q.y_m * unit.y_m - a0;
    double h0 = cross(unit, plane->p);
    double h1 = cross(unit, plane->q) - h0;
    double low = 0;
    double high = 1;
    clip(reach_m - h0, -h1, &low, &high);
    clip(reach_m + h0, h1, &low, &high);
    clip(a0, a1, &low, &high);
    clip(plane->length_m - a0, -a1, &low, &high);
    if (!(low <= high))
        return false;
    double at_low = (a0 + low * a1) / plane->length_m;
    double at_high = (a0 + high * a1) / plane->length_m;
    *t = min_of(at_low, at_high);
    *u = max_of(at_low, at_high);
    return true;
}

/* Whether the point of the target nearest to an end of the line's edge lies in the wedge that
 * the strips leave open there, or beyond the end of the line (at_end: of the last edge). */
static bool in_wedge(const struct edge_plane *plane, bool at_end, double reach_m)
{
    struct flat vertex = at_end ? plane->to : (struct flat){0, 0};
    struct flat near = along(plane->p, plane->q, nearest_on(plane->p, plane->q, vertex));
    struct flat off = {near.x_m - vertex.x_m, near.y_m - vertex.y_m};
    double onward = off.x_m * plane->to.x_m + off.y_m * plane->to.y_m;
    if (at_end)
        return onward > 0 && gap(near, vertex) <= reach_m;
    double back = off.x_m * plane->before.x_m + off.y_m * plane->before.y_m;
    return onward < 0 && (plane->is_first || back > 0) && gap(near, vertex) <= reach_m;
}

/* The points of the line's edge at most reach_m from the target's: round its ends, and beside
 * it. Distance from an edge is convex along a line, so that these are one stretch. */
static bool near_edge(const struct edge_plane *plane, double reach_m, double *t, double *u)
{
    struct flat unit = {plane->to.x_m / plane->length_m, plane->to.y_m / plane->length_m};
    double low = INFINITY;
    double high = -INFINITY;
    for (int i = 0; i < 2; i++) {
        struct flat end = i ? plane->q : plane->p;
        double a = end.x_m * unit.x_m + end.y_m * unit.y_m;
        double h = cross(unit, end);
        if (fabs(h) > reach_m)
            continue;
        double half = sqrt(reach_m * reach_m - h * h);
        low = min_of(low, a - half);
        high = max_of(high, a + half);
    }
    struct flat v = {plane->q.x_m - plane->p.x_m, plane->q.y_m - plane->p.y_m};
    double size = sqrt(v.x_m * v.x_m + v.y_m * v.y_m);
    if (size > 0) {
        double from = -INFINITY;
        double to = INFINITY;
        double a0 = -(plane->p.x_m * v.x_m + plane->p.y_m * v.y_m) / size;
        double a1 = (unit.x_m * v.x_m + unit.y_m * v.y_m) / size;
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
    high = min_of(high, plane->length_m);
    if (!(low <= high))
        return false;
    *t = low / plane->length_m;
    *u = high / plane->length_m;
    return true;
}

/* The scale about the edge is wrong by less than this in reach (it is 1 in 1,000 at 80
 * degrees and 200 m, and the caller's at most what pipeline_targets.c lets pass). */
static const double FIRST_LOOK = 1.5;

/* The spans of an edge of the target, near_m away, within each reach. */
static enum err_code add_reached(const struct asking *asking, const struct edge_plane *plane,
                                 double near_m, struct err *err)
{
    enum err_code code = ERR_OK;
    if (near_m > asking->farthest_m + VERDICT_METRES / 2)
        return ERR_OK;
    *asking->nearest_m = min_of(*asking->nearest_m, near_m);
    for (int i = 0; i < REACHES; i++) {
        double reach_m = asking->question->reach_m[i];
        double t;
        double u;
        if (near_m > reach_m + VERDICT_METRES / 2)
            continue;
        if (near_m > reach_m) /* the same at 0.1 mm */
            reach_m += VERDICT_METRES / 2;
        if (!asking->question->beside) {
            if (near_edge(plane, reach_m, &t, &u))
                TRY(pipeline_add_span(asking, i, t, u, err));
            continue;
        }
        if (beside_edge(plane, reach_m, &t, &u))
            TRY(pipeline_add_span(asking, i, t, u, err));
        if (in_wedge(plane, false, reach_m))
            TRY(pipeline_add_span(asking, i, 0, 0, err));
        if (plane->is_last && in_wedge(plane, true, reach_m))
            TRY(pipeline_add_span(asking, i, 1, 1, err));
    }
done:
    return code;
}

static enum err_code try_edge(const struct asking *asking, const struct lonlat target[2],
                              struct err *err)
{
    double t = 0;
    double s = 0;
    uint32_t edge = asking->edge;
    const struct span_question *question = asking->question;
    const struct lonlat *at = question->line->points + edge;
    struct edge_plane plane = plane_of(question, edge, target, scale_of(question, edge));
    double near_m = closest_of(&plane, &t, &s);
    if (near_m > asking->farthest_m * FIRST_LOOK + 1)
        return ERR_OK;
    double on_line = at[0].lat_deg + t * (at[1].lat_deg - at[0].lat_deg);
    double on_target = target[0].lat_deg + s * (target[1].lat_deg - target[0].lat_deg);
    plane = plane_of(question, edge, target, scale_at((on_line + on_target) / 2));
    return add_reached(asking, &plane, closest_of(&plane, &t, &s), err);
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
    struct flat to = place(line[1], line[0], 1, 1);
    struct flat p = place(edge[0], line[0], 1, 1);
    struct flat q = place(edge[1], line[0], 1, 1);
    double at_p = cross(to, p);
    double at_q = cross(to, q);
    if ((at_p > 0) == (at_q > 0))
        return -1;
    struct flat where = along(p, q, at_p / (at_p - at_q));
    double t = (where.x_m * to.x_m + where.y_m * to.y_m) / (to.x_m * to.x_m + to.y_m * to.y_m);
    return t >= 0 && t <= 1 ? t : -1;
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
                TRY(pipeline_add_span(asking, k, cuts[i], cuts[i + 1], err));
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
            TRY(try_edge(asking, target->points + i, err));
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
    struct asking asking = {.question = question,
                            .arena = arena,
                            .out = out,
                            .nearest_m = nearest_m,
                            .farthest_m = farthest_of(question)};
    for (asking.edge = question->first; asking.edge < question->end; asking.edge++) {
        struct box reach = reach_box(question, asking.edge);
        if (!boxes_meet(target->box, reach))
            continue;
        if (target->kind == GEOM_POINT) {
            for (uint32_t i = 0; i < target->n_points; i++)
                if (boxes_meet((struct box){target->points[i].lon_deg, target->points[i].lat_deg,
                                            target->points[i].lon_deg, target->points[i].lat_deg},
                               reach)) {
                    const struct lonlat twice[2] = {target->points[i], target->points[i]};
                    TRY(try_edge(&asking, twice, err));
                }
            continue;
        }
        TRY(try_rings(&asking, reach, err));
    }
done:
    return code;
}
