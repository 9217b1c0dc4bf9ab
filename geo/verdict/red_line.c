#include "geo/verdict/red_line.h"

#include "geo/measure/distance.h"
#include "geo/measure/overlay.h"

/* The rings of a polygon as lines: its border. Shares the coordinates. */
static struct geom border_of(const struct geom *polygon)
{
    struct geom border = *polygon;
    border.kind = GEOM_LINE;
    border.n_parts = 0;
    border.part_ends = NULL;
    return border;
}

static enum err_code distance_of_point(struct lonlat point, const struct geom *shape,
                                       struct arena *scratch, double *out, struct err *err)
{
    struct geom at = {
        .kind = GEOM_POINT, .n_points = 1, .points = &point, .box = box_of_points(&point, 1)};
    struct closest closest;
    enum err_code code = distance_shapes(&at, shape, INFINITY, scratch, &closest, err);
    *out = closest.distance_m;
    return code;
}

/* Takes a point of the plant into account. */
static enum err_code probe(struct lonlat point, const struct geom *area, const struct geom *border,
                           struct arena *scratch, struct red_line *line, struct err *err)
{
    double depth_m = 0;
    enum err_code code = ERR_OK;
    bool inside = distance_contains_point(area, point);
    TRY(distance_of_point(point, inside ? border : area, scratch, &depth_m, err));
    double *deepest = inside ? &line->depth_in_m : &line->depth_out_m;
    if (depth_m > *deepest) {
        *deepest = depth_m;
        if (inside || !(line->depth_in_m > 0))
            line->at = point;
    }
done:
    return code;
}

/* A point surely inside what the overlay gives, if it gives anything. */
static enum err_code probe_part(struct worker *worker, const struct geom *part,
                                const struct geom *area, const struct geom *border,
                                struct arena *scratch, struct red_line *line, struct err *err)
{
    struct lonlat point;
    enum err_code code = ERR_OK;
    if (part->kind != GEOM_POLYGON || part->n_points == 0)
        return ERR_OK;
    TRY(overlay_inside_point(worker->overlay, part, &point, err));
    TRY(probe(point, area, border, scratch, line, err));
done:
    return code;
}

enum err_code red_line_of(const struct red_line_pair *pair, struct red_line *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct worker *worker = pair->worker;
    struct arena *scratch = pair->scratch;
    const struct geom *plant = pair->plant;
    const struct geom *area = pair->area;
    struct geom border = border_of(area);
    struct closest to_area;
    struct closest to_border;
    *out = (struct red_line){.at = plant->points[0]};
    TRY(distance_shapes(plant, area, INFINITY, scratch, &to_area, err));
    TRY(distance_shapes(plant, &border, INFINITY, scratch, &to_border, err));
    out->gap_m = to_area.distance_m;
    for (uint32_t i = 0; i < plant->n_points; i++)
        TRY(probe(plant->points[i], area, &border, scratch, out, err));
    if (plant->kind == GEOM_POLYGON && !(to_border.distance_m > 0)) {
        struct geom part;
        TRY(overlay_intersection(worker->overlay, plant, area, scratch, &part, err));
        TRY(probe_part(worker, &part, area, &border, scratch, out, err));
        TRY(overlay_difference(worker->overlay, plant, area, scratch, &part, err));
        TRY(probe_part(worker, &part, area, &border, scratch, out, err));
    }
    bool wholly_inside = !(out->depth_out_m > 0);
    struct side side = {out->gap_m, out->depth_in_m, pair->radius_m, pair->error_m};
    out->inside = verdict_of_side(&side, CONFIDENCE_SURE, false).verdict;
    side.gap_m = wholly_inside ? to_border.distance_m : 0;
    side.depth_m = out->depth_out_m;
    out->outside = verdict_of_side(&side, CONFIDENCE_SURE, false).verdict;
done:
    return code;
}
