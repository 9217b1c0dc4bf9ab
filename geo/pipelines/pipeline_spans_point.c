/* pipeline_spans_point.c - spans of points, by shorter formulas than those of shapes: to the last
 * bit with the same result. */
#include "geo/pipelines/pipeline_spanning.h"

#include "geo/verdict/verdict.h"

/* Whether one gap is smaller than another by their squares, after rounding: no smaller square has a
 * larger root. */
static inline bool is_nearer(double a_m2, double b_m2)
{
    return a_m2 < b_m2 && sqrt(a_m2) < sqrt(b_m2);
}

/* The square of how far a point is from an edge that begins at 0, 0, and where on it the nearest
 * is. */
static inline double closest_of_point(struct flat to, struct flat p, double *t)
{
    static const struct flat origin = {0, 0};
    *t = nearest_on(origin, to, p);
    double best_m2 = gap2(p, along(origin, to, *t));
    double start_m2 = gap2(origin, p);
    if (is_nearer(start_m2, best_m2)) {
        best_m2 = start_m2;
        *t = 0;
    }
    double end_m2 = gap2(to, p);
    if (is_nearer(end_m2, best_m2)) {
        best_m2 = end_m2;
        *t = 1;
    }
    return best_m2;
}

/* The edges of a stretch one after the other, each step of all of them: so the machine works on
 * several at once. */
void pipeline_point_near(const struct span_question *question, uint32_t edges, struct lonlat point,
                         struct point_near out[PIPELINE_STRETCH_EDGES])
{
    double lat_deg[PIPELINE_STRETCH_EDGES];
    struct lonlat scale_m[PIPELINE_STRETCH_EDGES];
    const struct pipeline_line *line = question->line;
    for (uint32_t left = edges; left; left &= left - 1) {
        uint32_t i = (uint32_t)__builtin_ctz(left);
        const struct lonlat *at = line->points + question->first + i;
        struct lonlat scale = scale_of(question, question->first + i);
        double t = 0;
        closest_of_point(scaled(degrees_from(at[0], at[1]), scale),
                         scaled(degrees_from(at[0], point), scale), &t);
        double on_line = at[0].lat_deg + t * (at[1].lat_deg - at[0].lat_deg);
        lat_deg[i] = (on_line + point.lat_deg) / 2;
    }
    for (uint32_t left = edges; left; left &= left - 1) {
        int i = __builtin_ctz(left);
        scale_m[i] = scale_at(lat_deg[i]);
    }
    for (uint32_t left = edges; left; left &= left - 1) {
        uint32_t i = (uint32_t)__builtin_ctz(left);
        uint32_t edge = question->first + i;
        const struct lonlat *at = line->points + edge;
        struct edge_plane *plane = &out[i].plane;
        double t = 0;
        struct flat to = scaled(degrees_from(at[0], at[1]), scale_m[i]);
        struct flat p = scaled(degrees_from(at[0], point), scale_m[i]);
        struct flat back = {0, 0};
        plane->is_first = edge == pipeline_part_start(line, question->part);
        plane->is_last = edge + 2 == line->part_ends[question->part];
        if (!plane->is_first)
            back = scaled(degrees_from(at[0], at[-1]), scale_m[i]);
        out[i].near_m = sqrt(closest_of_point(to, p, &t));
        plane->to = to;
        plane->before = (struct flat){-back.x_m, -back.y_m};
        plane->p = p;
        plane->q = p;
        plane->length_m = sqrt(to.x_m * to.x_m + to.y_m * to.y_m);
    }
}

/* A point as an edge of the line sees it. */
struct point_seen {
    double along_m; /* from the edge's start */
    double off_m;   /* from the line that it lies on */
    bool beside;
    double at_m[2]; /* how far off its ends are where the point lies in a wedge there, or beyond the
                     * line's ends; else INFINITY */
};

static void see_point(const struct edge_plane *plane, struct point_seen *out)
{
    struct flat p = plane->p;
    struct flat to = plane->to;
    struct flat unit = {to.x_m / plane->length_m, to.y_m / plane->length_m};
    out->along_m = p.x_m * unit.x_m + p.y_m * unit.y_m;
    out->off_m = fabs(cross(unit, p));
    out->beside = out->along_m >= 0 && out->along_m <= plane->length_m;
    out->at_m[0] = out->at_m[1] = INFINITY;
    double onward = p.x_m * to.x_m + p.y_m * to.y_m;
    double back = p.x_m * plane->before.x_m + p.y_m * plane->before.y_m;
    if (onward < 0 && (plane->is_first || back > 0))
        out->at_m[0] = gap(p, (struct flat){0, 0});
    onward = (p.x_m - to.x_m) * to.x_m + (p.y_m - to.y_m) * to.y_m;
    if (plane->is_last && onward > 0)
        out->at_m[1] = gap(p, to);
}

/* As beside_edge and in_wedge for a point. */
static enum err_code add_beside(const struct asking *asking, const struct edge_plane *plane,
                                const struct point_seen *seen, int reach, double reach_m,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    if (seen->beside && seen->off_m <= reach_m) {
        double t = seen->along_m / plane->length_m;
        TRY(pipeline_add_span(asking, reach, t, t, err));
    }
    for (int end = 0; end < 2; end++)
        if (seen->at_m[end] <= reach_m)
            TRY(pipeline_add_span(asking, reach, end, end, err));
done:
    return code;
}

/* As near_edge. */
static enum err_code add_near(const struct asking *asking, const struct edge_plane *plane,
                              const struct point_seen *seen, int reach, double reach_m,
                              struct err *err)
{
    if (seen->off_m > reach_m)
        return ERR_OK;
    double half_m = sqrt(reach_m * reach_m - seen->off_m * seen->off_m);
    double low_m = seen->along_m - half_m;
    double high_m = seen->along_m + half_m;
    if (low_m > plane->length_m || high_m < 0)
        return ERR_OK;
    return pipeline_add_span(asking, reach, low_m > 0 ? low_m / plane->length_m : 0,
                             high_m < plane->length_m ? high_m / plane->length_m : 1, err);
}

static enum err_code add_reached_point(const struct asking *asking, const struct edge_plane *plane,
                                       double near_m, struct err *err)
{
    enum err_code code = ERR_OK;
    struct point_seen seen;
    if (near_m > asking->farthest_m + VERDICT_METRES / 2)
        return ERR_OK;
    *asking->nearest_m = min_of(*asking->nearest_m, near_m);
    see_point(plane, &seen);
    for (int i = 0; i < REACHES; i++) {
        double reach_m = asking->question->reach_m[i];
        if (near_m > reach_m + VERDICT_METRES / 2)
            continue;
        if (near_m > reach_m) /* the same at 0.1 mm */
            reach_m += VERDICT_METRES / 2;
        TRY(asking->question->beside ? add_beside(asking, plane, &seen, i, reach_m, err)
                                     : add_near(asking, plane, &seen, i, reach_m, err));
    }
done:
    return code;
}

enum err_code pipeline_point_spans(const struct span_question *question, uint32_t edges,
                                   const struct point_near near[PIPELINE_STRETCH_EDGES],
                                   struct arena *arena, struct span_list out[REACHES],
                                   double *nearest_m, struct err *err)
{
    enum err_code code = ERR_OK;
    struct asking asking = {.question = question,
                            .arena = arena,
                            .out = out,
                            .nearest_m = nearest_m,
                            .farthest_m = farthest_of(question)};
    for (; edges; edges &= edges - 1) {
        int i = __builtin_ctz(edges);
        asking.edge = question->first + (uint32_t)i;
        TRY(add_reached_point(&asking, &near[i].plane, near[i].near_m, err));
    }
done:
    return code;
}
