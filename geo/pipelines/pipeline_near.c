#include "geo/pipelines/pipeline_near.h"

#include "geo/measure/ellipsoid.h"

#include <float.h>
#include <string.h>

/* Edges are looked at by fours, each four behind a box. */
enum { EDGES = PIPELINE_STRETCH_EDGES, FOUR = 4, FOURS = EDGES / FOUR };
_Static_assert(EDGES % FOUR == 0, "fours fill a stretch");

/* A stretch laid flat about its first point, with what lies `reach_m` around it. Single precision
 * is good to a centimetre within 100 km; a metre is allowed for it. */
struct flat_stretch {
    struct lonlat origin;
    struct lonlat scale_m; /* metres a degree */
    double loose;          /* distances in the plane are wrong by less than this, to either side */
    float reach_m;
    float reach_m2;
    float x_m[EDGES]; /* where each edge begins; those beyond the last lie far off */
    float y_m[EDGES];
    float dx_m[EDGES]; /* from there to its end */
    float dy_m[EDGES];
    float per_m2[EDGES]; /* 1 over its length squared */
    float west_m[FOURS]; /* boxes of four edges and what is in reach of them */
    float south_m[FOURS];
    float east_m[FOURS];
    float north_m[FOURS];
};

/* One layer along one stretch. */
struct meeting {
    const struct pipeline_near *near;
    const struct pipeline_stretch *stretch;
    struct box box; /* of the stretch with what is in reach */
    struct pipeline_vicinity vicinity;
    struct flat_stretch flat;
    struct pipeline_meets *meets;
    uint32_t number; /* of the vicinity */
    bool full;
};

/* ---- the plane ---- */

static struct flat flatten(const struct flat_stretch *flat, struct lonlat point)
{
    double lon_deg = point.lon_deg - flat->origin.lon_deg;
    if (fabs(lon_deg) > 180)
        lon_deg = remainder(lon_deg, 360);
    return (struct flat){lon_deg * flat->scale_m.lon_deg,
                         (point.lat_deg - flat->origin.lat_deg) * flat->scale_m.lat_deg};
}

/* `loose` covers how the scale of a longitude changes over the box; INFINITY: no plane will do. */
static double looseness(struct box box)
{
    static const double RAD = M_PI / 180;
    double farthest_deg = fmax(fabs(box.south_deg), fabs(box.north_deg));
    double least = cos(fmin(farthest_deg, 90) * RAD);
    double bend = (box.north_deg - box.south_deg) * RAD;
    /* d cos / cos = tan dlat; the radii of curvature change by 0.01 a radian at most. */
    double loose = least > 0.01 ? 1.001 + 2 * (bend / least + 0.01 * bend) : (double)INFINITY;
    return loose > 1.5 || box.east_deg - box.west_deg > 90 ? (double)INFINITY : loose;
}

static void lay_edge(struct flat_stretch *flat, uint32_t i, const struct lonlat *at)
{
    struct flat from = flatten(flat, at[0]);
    struct flat to = flatten(flat, at[1]);
    double dx = to.x_m - from.x_m;
    double dy = to.y_m - from.y_m;
    double length_m2 = dx * dx + dy * dy;
    uint32_t four = i / FOUR;
    flat->x_m[i] = (float)from.x_m;
    flat->y_m[i] = (float)from.y_m;
    flat->dx_m[i] = (float)dx;
    flat->dy_m[i] = (float)dy;
    flat->per_m2[i] = length_m2 > 0 ? (float)(1 / length_m2) : 0;
    flat->west_m[four] =
        (float)min_of(flat->west_m[four], min_of(from.x_m, to.x_m) - (double)flat->reach_m);
    flat->east_m[four] =
        (float)max_of(flat->east_m[four], max_of(from.x_m, to.x_m) + (double)flat->reach_m);
    flat->south_m[four] =
        (float)min_of(flat->south_m[four], min_of(from.y_m, to.y_m) - (double)flat->reach_m);
    flat->north_m[four] =
        (float)max_of(flat->north_m[four], max_of(from.y_m, to.y_m) + (double)flat->reach_m);
}

static void lay_flat(struct meeting *meeting)
{
    static const float FAR_M = 1e12F;
    struct flat_stretch *flat = &meeting->flat;
    const struct pipeline_stretch *stretch = meeting->stretch;
    const struct lonlat *points = meeting->near->job->line.points;
    struct box box = meeting->box;
    flat->origin = points[stretch->first];
    flat->loose = looseness(box);
    ellipsoid_degree_m((box.south_deg + box.north_deg) / 2, &flat->scale_m.lon_deg,
                       &flat->scale_m.lat_deg);
    if (!isfinite(flat->loose))
        return;
    flat->reach_m = (float)(meeting->near->farthest_m * flat->loose + 1);
    flat->reach_m2 = flat->reach_m * flat->reach_m;
    for (uint32_t i = 0; i < FOURS; i++) {
        flat->west_m[i] = flat->south_m[i] = FLT_MAX;
        flat->east_m[i] = flat->north_m[i] = -FLT_MAX;
    }
    for (uint32_t i = 0; i < EDGES; i++) {
        if (stretch->first + i < stretch->end) {
            lay_edge(flat, i, points + stretch->first + i);
        } else {
            flat->x_m[i] = flat->y_m[i] = FAR_M;
            flat->dx_m[i] = flat->dy_m[i] = flat->per_m2[i] = 0;
        }
    }
}

/* A bit for each four edges whose box holds the point. */
static unsigned fours_of(const struct flat_stretch *flat, float x_m, float y_m)
{
    unsigned mask = 0;
    for (int i = 0; i < FOURS; i++) {
        int inside = (flat->west_m[i] <= x_m) & (x_m <= flat->east_m[i]) &
                     (flat->south_m[i] <= y_m) & (y_m <= flat->north_m[i]);
        mask |= (unsigned)inside << i;
    }
    return mask;
}

/* A bit for each edge within reach of the point, and the square of the least distance. */
static uint32_t edges_of(const struct flat_stretch *flat, struct flat point, float *nearest_m2)
{
    float x_m = (float)point.x_m;
    float y_m = (float)point.y_m;
    uint32_t edges = 0;
    *nearest_m2 = FLT_MAX;
    for (unsigned fours = fours_of(flat, x_m, y_m); fours; fours &= fours - 1) {
        int first = FOUR * __builtin_ctz(fours);
        float gaps_m2[FOUR];
        for (int k = 0; k < FOUR; k++) {
            float dx = flat->dx_m[first + k];
            float dy = flat->dy_m[first + k];
            float px = x_m - flat->x_m[first + k];
            float py = y_m - flat->y_m[first + k];
            float t = (px * dx + py * dy) * flat->per_m2[first + k];
            t = t > 0 ? t : 0;
            t = t < 1 ? t : 1;
            float gx = t * dx - px;
            float gy = t * dy - py;
            gaps_m2[k] = gx * gx + gy * gy;
        }
        for (int k = 0; k < FOUR; k++) {
            edges |= (uint32_t)(gaps_m2[k] <= flat->reach_m2) << (first + k);
            *nearest_m2 = gaps_m2[k] < *nearest_m2 ? gaps_m2[k] : *nearest_m2;
        }
    }
    return edges;
}

/* ---- what is near ---- */

/* Whether an edge's box is in reach of that of a shape. */
static bool boxes_are_near(const struct meeting *meeting, struct box box)
{
    const struct pipeline_stretch *stretch = meeting->stretch;
    const struct lonlat *points = meeting->near->job->line.points;
    box.west_deg -= meeting->vicinity.margin.lon_deg;
    box.east_deg += meeting->vicinity.margin.lon_deg;
    box.south_deg -= meeting->vicinity.margin.lat_deg;
    box.north_deg += meeting->vicinity.margin.lat_deg;
    for (uint32_t i = stretch->first; i < stretch->end; i++)
        if (box_intersects(box, box_of_points(points + i, 2)))
            return true;
    return false;
}

static bool add_meet(struct meeting *meeting, const struct pipeline_meet *meet)
{
    struct pipeline_meets *meets = meeting->meets;
    meets->items = arena_grow(meeting->near->job->scratch, meets->items, &meets->capacity,
                              meets->n + 1, sizeof *meets->items);
    meeting->full = !meets->items;
    if (meets->items)
        meets->items[meets->n++] = *meet;
    return meets->items != NULL;
}

static bool meet_point(struct meeting *meeting, struct lonlat at, struct pipeline_meet *meet)
{
    float nearest_m2;
    const struct flat_stretch *flat = &meeting->flat;
    meet->edges = edges_of(flat, flatten(flat, at), &nearest_m2);
    if (!meet->edges)
        return true;
    meet->beyond_m = (sqrt((double)nearest_m2) - 1) / flat->loose;
    return add_meet(meeting, meet);
}

static bool meet_shape(struct meeting *meeting, const struct record_head *head,
                       struct pipeline_meet *meet)
{
    meet->edges = 0;
    meet->beyond_m = -1;
    return !boxes_are_near(meeting, head->geom.box) || add_meet(meeting, meet);
}

static bool visit_site(struct meeting *meeting, uint32_t row, struct pipeline_site *site)
{
    const struct pipeline_near *near = meeting->near;
    struct pipeline_meet meet = {.row = row, .vicinity = meeting->number, .site = site};
    if (site->is_point && isfinite(meeting->flat.loose))
        return meet_point(meeting, site->at, &meet);
    return meet_shape(meeting, world_record(near->job->world, near->layer, row), &meet);
}

static bool visit_place(void *context, uint32_t place)
{
    struct meeting *meeting = context;
    const struct pipeline_near *near = meeting->near;
    struct pipeline_site *site = &near->job->sites->layers[near->layer].items[place];
    return visit_site(meeting, site->row, site);
}

static bool visit_record(struct meeting *meeting, uint32_t row, const struct record_head *head)
{
    struct pipeline_meet meet = {.row = row, .vicinity = meeting->number};
    if (pipeline_is_point(&head->geom) && isfinite(meeting->flat.loose))
        return meet_point(meeting, head->geom.points[0], &meet);
    return meet_shape(meeting, head, &meet);
}

static bool visit_row(void *context, uint32_t row)
{
    struct meeting *meeting = context;
    const struct pipeline_job *job = meeting->near->job;
    enum layer_id layer = meeting->near->layer;
    struct pipeline_site *site = pipeline_sites_of(job->sites, job->world, layer, row);
    return site ? visit_site(meeting, row, site)
                : visit_record(meeting, row, world_record(job->world, layer, row));
}

static void visit_all(struct meeting *meeting)
{
    const struct pipeline_near *near = meeting->near;
    const struct pipeline_sites *sites = near->job->sites;
    struct box box = meeting->box;
    bool wraps = box.west_deg < -180 || box.east_deg > 180;
    if (near->one && (wraps || box_intersects(box, near->one->geom.box)))
        visit_record(meeting, 0, near->one);
    else if (!near->one && sites && sites->is_indexed)
        rtree_search(&sites->layers[near->layer].index, box, meeting, visit_place);
    else if (!near->one)
        world_visit(near->job->world, near->layer, box, meeting, visit_row);
}

enum err_code pipeline_meet_stretch(const struct pipeline_near *near,
                                    const struct pipeline_stretch *stretch,
                                    struct pipeline_meets *meets, struct err *err)
{
    struct meeting meeting;
    struct box box = ellipsoid_expand(stretch->box, near->farthest_m);
    meeting.near = near;
    meeting.stretch = stretch;
    meeting.box = box;
    meeting.meets = meets;
    meeting.full = false;
    meeting.number = (uint32_t)meets->n_vicinities;
    lay_flat(&meeting);
    meets->vicinities =
        arena_grow(near->job->scratch, meets->vicinities, &meets->vicinities_capacity,
                   meets->n_vicinities + 1, sizeof *meets->vicinities);
    if (!meets->vicinities)
        return err_nomem(err);
    meeting.vicinity = (struct pipeline_vicinity){
        .first = stretch->first,
        .end = stretch->end,
        .scale_m = isfinite(meeting.flat.loose) ? meeting.flat.scale_m : (struct lonlat){0, 0},
        .margin = {stretch->box.west_deg - box.west_deg, stretch->box.south_deg - box.south_deg}};
    meets->vicinities[meets->n_vicinities++] = meeting.vicinity;
    visit_all(&meeting);
    return meeting.full ? err_nomem(err) : ERR_OK;
}

/* ---- by row ---- */

/* Few move far: those of one leaf of the index often come in the order of rows. */
static void sort_run(struct pipeline_meet *items, size_t first, size_t end)
{
    for (size_t i = first + 1; i < end; i++) {
        struct pipeline_meet meet = items[i];
        size_t k = i;
        for (; k > first && items[k - 1].row > meet.row; k--)
            items[k] = items[k - 1];
        items[k] = meet;
    }
}

enum err_code pipeline_sort_meets(struct pipeline_meets *meets, struct arena *arena,
                                  struct err *err)
{
    enum { RUN = 8 };
    size_t n = meets->n;
    meets->spare = arena_grow(arena, meets->spare, &meets->spare_capacity, n, sizeof *meets->spare);
    if (!meets->spare)
        return err_nomem(err);
    struct pipeline_meet *from = meets->items;
    struct pipeline_meet *to = meets->spare;
    for (size_t start = 0; start < n; start += RUN)
        sort_run(from, start, start + RUN < n ? start + RUN : n);
    for (size_t run = RUN; run < n; run *= 2) {
        for (size_t start = 0; start < n; start += 2 * run) {
            size_t a = start;
            size_t a_end = start + run < n ? start + run : n;
            size_t b = a_end;
            size_t b_end = a_end + run < n ? a_end + run : n;
            for (size_t k = start; k < b_end; k++)
                to[k] =
                    a < a_end && (b == b_end || from[a].row <= from[b].row) ? from[a++] : from[b++];
        }
        struct pipeline_meet *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != meets->items)
        memcpy(meets->items, from, n * sizeof *from);
    return ERR_OK;
}
