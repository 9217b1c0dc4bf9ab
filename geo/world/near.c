#include "geo/world/near.h"

#include "data/base/text.h"
#include "geo/measure/ellipsoid.h"
#include "geo/measure/overlay.h"

#include <stdlib.h>
#include <string.h>

/* How far a drawn edge may stray, as a share of the radius, and at least (overlay.h): half of
 * that share is the most that an area is off. */
static const double STRAY_SHARE = 1e-6;
static const double LEAST_STRAY_M = 1e-4;

/* What rounding to 0.1 mm may let in, m. */
static const double ROUNDING_M = 1e-4;

/* INFINITY is no distance, even without a limit. */
static bool is_within(const struct near_row *row, double limit_m)
{
    return row->closest.distance_m < (double)INFINITY &&
           distance_within(row->closest.distance_m, limit_m);
}

static int compare_near(const void *a, const void *b)
{
    const struct near_row *x = a;
    const struct near_row *y = b;
    if (x->closest.distance_m < y->closest.distance_m)
        return -1;
    if (x->closest.distance_m > y->closest.distance_m)
        return 1;
    return (x->row > y->row) - (x->row < y->row); /* rows are ordered by id */
}

enum err_code near_layer(const struct world *world, const char *name, enum layer_id *out,
                         struct err *err)
{
    const char *names[LAYER_COUNT + 1];
    bool known = layer_by_name(name, out);
    /* A world holds findings, 24 bytes each, and no records of conflicts. */
    if (known && *out == LAYER_CONFLICTS)
        return err_set(err, ERR_USAGE,
                       "layer conflicts is not measured: each conflict names its two records and "
                       "their distance; ask for their layers, such as enterprises");
    if (known && world->schema->layers[*out].has_geometry)
        return ERR_OK;
    size_t n = 0;
    for (size_t i = 0; i < LAYER_COUNT; i++)
        if (world->schema->layers[i].has_geometry && i != LAYER_CONFLICTS)
            names[n++] = world->schema->layers[i].name;
    names[n] = NULL;
    if (known)
        return err_set(err, ERR_USAGE, "layer %s has no shapes, so nothing is near it", name);
    const char *near = text_nearest(name, names);
    return err_set(err, ERR_USAGE, "no layer \"%s\"%s%s%s", name,
                   near ? "; did you mean " : "; `sisetu help import` lists them", near ? near : "",
                   near ? "?" : "");
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

enum err_code near_candidates(const struct world *world, enum layer_id layer, struct box box,
                              double reach_m, struct arena *arena, uint32_t **rows, size_t *n,
                              struct err *err)
{
    static const double turns_deg[] = {-360, 360};
    enum err_code code = ERR_OK;
    struct box reach = ellipsoid_expand(box, reach_m);
    TRY(world_search(world, layer, reach, arena, rows, n, err));
    /* Longitudes stand between -180 and 180: what reaches over is met a turn farther on. */
    if (reach.west_deg > -180 && reach.east_deg < 180)
        return ERR_OK;
    for (size_t k = 0; k < sizeof turns_deg / sizeof turns_deg[0]; k++) {
        struct box turned = reach;
        uint32_t *more = NULL;
        size_t n_more = 0;
        turned.west_deg += turns_deg[k];
        turned.east_deg += turns_deg[k];
        TRY(world_search(world, layer, turned, arena, &more, &n_more, err));
        if (n_more == 0)
            continue;
        uint32_t *all = arena_new(arena, uint32_t, *n + n_more);
        if (!all)
            return err_nomem(err);
        if (*n > 0)
            memcpy(all, *rows, *n * sizeof *all);
        memcpy(all + *n, more, n_more * sizeof *all);
        qsort(all, *n + n_more, sizeof *all, compare_u32);
        size_t kept = 0;
        for (size_t i = 0; i < *n + n_more; i++)
            if (i == 0 || all[i] != all[i - 1])
                all[kept++] = all[i];
        *rows = all;
        *n = kept;
    }
done:
    return code;
}

enum err_code near_within(const struct near_question *question, struct arena *arena,
                          struct near_row **out, size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = question->world;
    const enum layer_id layer = question->layer;
    const struct geom *shape = question->shape;
    const double within_m = question->within_m;
    uint32_t *rows = NULL;
    size_t n_rows = 0;
    struct edges edges;
    *out = NULL;
    *n = 0;
    const double reach_m = within_m + ROUNDING_M;
    TRY(near_candidates(world, layer, shape->box, reach_m, arena, &rows, &n_rows, err));
    struct near_row *found = arena_new(arena, struct near_row, n_rows);
    if (!found) {
        code = err_nomem(err);
        goto done;
    }
    TRY(edges_build(shape, arena, &edges, err));
    for (size_t i = 0; i < n_rows; i++) {
        if (question->fits && !question->fits(question->context, rows[i]))
            continue;
        struct near_row *one = &found[*n];
        one->layer = layer;
        one->row = rows[i];
        TRY(distance_edges_shape(&edges, world_geom(world, layer, rows[i]), reach_m, arena,
                                 &one->closest, err));
        if (is_within(one, within_m))
            (*n)++;
    }
    if (*n > 1)
        qsort(found, *n, sizeof *found, compare_near);
    *out = found;
done:
    return code;
}

struct nearest_search {
    const struct near_question *question;
    const struct edges *edges; /* of the question's shape */
    size_t most;
    struct arena *scratch;
    struct near_row *out;
    size_t n;
    enum err_code code;
    struct err *err;
};

static bool visit_nearest(void *context, uint32_t row, double at_least_m)
{
    struct nearest_search *search = context;
    const struct near_question *question = search->question;
    bool full = search->n == search->most;
    double limit_m =
        full ? search->out[search->n - 1].closest.distance_m : question->within_m + ROUNDING_M;
    /* Bounds rise: nothing that follows can be nearer. Equals go on, for the tie by id. */
    if (at_least_m > limit_m)
        return false;
    if (question->fits && !question->fits(question->context, row))
        return true;
    struct near_row one = {.layer = question->layer, .row = row};
    search->code =
        distance_edges_shape(search->edges, world_geom(question->world, question->layer, row),
                             limit_m, search->scratch, &one.closest, search->err);
    if (search->code != ERR_OK)
        return false;
    if (!is_within(&one, limit_m) || !is_within(&one, question->within_m))
        return true;
    if (full && compare_near(&one, &search->out[search->n - 1]) > 0)
        return true;
    size_t at = full ? search->n - 1 : search->n++;
    for (; at > 0 && compare_near(&one, &search->out[at - 1]) < 0; at--)
        search->out[at] = search->out[at - 1];
    search->out[at] = one;
    return true;
}

enum err_code near_nearest(const struct near_question *question, size_t most, struct arena *scratch,
                           struct near_row *out, size_t *n, struct err *err)
{
    struct nearest_search search = {.question = question,
                                    .most = most,
                                    .scratch = scratch,
                                    .out = out,
                                    .code = ERR_OK,
                                    .err = err};
    struct edges edges;
    *n = 0;
    if (most == 0)
        return ERR_OK;
    enum err_code code = edges_build(question->shape, scratch, &edges, err);
    if (code != ERR_OK)
        return code;
    search.edges = &edges;
    code = world_nearest(question->world, question->layer, question->shape->box, scratch, &search,
                         visit_nearest, err);
    *n = search.n;
    return code != ERR_OK ? code : search.code;
}

enum err_code near_holding(const struct world *world, enum layer_id layer, struct lonlat point,
                           struct arena *arena, uint32_t **rows, size_t *n, struct err *err)
{
    struct box box = {point.lon_deg, point.lat_deg, point.lon_deg, point.lat_deg};
    enum err_code code = near_candidates(world, layer, box, 0, arena, rows, n, err);
    if (code != ERR_OK)
        return code;
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++)
        if (distance_contains_point(world_geom(world, layer, (*rows)[i]), point))
            (*rows)[kept++] = (*rows)[i];
    *n = kept;
    return ERR_OK;
}

enum err_code near_exposure(const struct world *world, struct worker *worker,
                            const struct geom *shape, double radius_m, struct exposure *out,
                            struct err *err)
{
    enum err_code code = ERR_OK;
    struct geom reach = *shape;
    memset(out, 0, sizeof *out);
    if (radius_m > 0)
        TRY(overlay_buffer(worker->overlay, shape, radius_m,
                           fmax(LEAST_STRAY_M, STRAY_SHARE * radius_m), &worker->arena, &reach,
                           err));
    TRY(population_within(world, worker, &reach, &worker->arena, out, err));
done:
    return code;
}

/* Centroid of the outer rings; the first vertex where they have no area. Planar in degrees,
 * which only picks where a plant is shown and the unit that it is counted in. */
static struct lonlat centroid_of(const struct geom *geom)
{
    struct lonlat origin = geom->points[0];
    double area = 0;
    struct lonlat sum = {0, 0};
    for (uint32_t part = 0; part < geom->n_parts; part++) {
        uint32_t ring = geom_part_start(geom, part);
        for (uint32_t i = geom_ring_start(geom, ring); i + 1 < geom->ring_ends[ring]; i++) {
            double ax = geom->points[i].lon_deg - origin.lon_deg;
            double ay = geom->points[i].lat_deg - origin.lat_deg;
            double bx = geom->points[i + 1].lon_deg - origin.lon_deg;
            double by = geom->points[i + 1].lat_deg - origin.lat_deg;
            double cross = ax * by - bx * ay;
            area += cross;
            sum.lon_deg += cross * (ax + bx) / 3;
            sum.lat_deg += cross * (ay + by) / 3;
        }
    }
    if (!(fabs(area) > 0))
        return origin;
    return (struct lonlat){origin.lon_deg + sum.lon_deg / area,
                           origin.lat_deg + sum.lat_deg / area};
}

struct lonlat near_place(const struct geom *geom)
{
    if (geom->n_points == 0)
        return (struct lonlat){NAN, NAN};
    if (geom->kind == GEOM_POLYGON)
        return centroid_of(geom);
    return geom->points[geom->kind == GEOM_LINE ? geom->n_points / 2 : 0];
}

const struct admin_unit *near_unit(const struct world *world, struct lonlat point)
{
    for (int32_t level = 4; level >= 1; level--) {
        int64_t row = world_unit_at(world, level, point);
        if (row >= 0)
            return world_admin(world, (size_t)row);
    }
    return NULL;
}
