#include "geo/pipelines/pipeline_near.h"

#include "geo/measure/ellipsoid.h"

#include <float.h>

/* Edges are looked at by fours, each four behind a box; the boxes are four too. */
enum { EDGES = PIPELINE_STRETCH_EDGES, FOUR = 4, FOURS = EDGES / FOUR };
_Static_assert(EDGES % FOUR == 0 && FOURS == FOUR, "fours fill a stretch, and are four");

/* Four numbers at once, and what comparing them gives: all bits or none. */
typedef float quad __attribute__((vector_size(16)));
typedef int32_t quad_mask __attribute__((vector_size(16)));

/* A stretch laid flat about its first point, with what lies `reach_m` around it. Single precision
 * is good to a centimetre within 100 km; a metre is allowed for it. */
struct flat_stretch {
    struct lonlat origin;
    struct lonlat scale_m; /* metres a degree */
    double loose;          /* distances in the plane are wrong by less than this, to either side */
    float reach_m;
    float reach_m2;
    quad x_m[FOURS]; /* where each edge begins; those beyond the last lie far off */
    quad y_m[FOURS];
    quad dx_m[FOURS]; /* from there to its end */
    quad dy_m[FOURS];
    quad per_m2[FOURS]; /* 1 over its length squared */
    quad west_m;        /* boxes of four edges and what is in reach of them */
    quad south_m;
    quad east_m;
    quad north_m;
};

/* One layer along one stretch. */
struct meeting {
    const struct pipeline_near *near;
    const struct pipeline_stretch *stretch;
    struct box box;          /* of the stretch with what is in reach */
    struct box boxes[FOURS]; /* to be searched: that one, or those of four of its edges each */
    uint32_t n_boxes;
    uint32_t at;    /* the one that is searched */
    uint32_t fours; /* a bit for each four that is in it */
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
    double reach_m = (double)flat->reach_m;
    double dx = to.x_m - from.x_m;
    double dy = to.y_m - from.y_m;
    double length_m2 = dx * dx + dy * dy;
    uint32_t four = i / FOUR;
    uint32_t k = i % FOUR;
    flat->x_m[four][k] = (float)from.x_m;
    flat->y_m[four][k] = (float)from.y_m;
    flat->dx_m[four][k] = (float)dx;
    flat->dy_m[four][k] = (float)dy;
    flat->per_m2[four][k] = length_m2 > 0 ? (float)(1 / length_m2) : 0;
    flat->west_m[four] =
        (float)min_of((double)flat->west_m[four], min_of(from.x_m, to.x_m) - reach_m);
    flat->east_m[four] =
        (float)max_of((double)flat->east_m[four], max_of(from.x_m, to.x_m) + reach_m);
    flat->south_m[four] =
        (float)min_of((double)flat->south_m[four], min_of(from.y_m, to.y_m) - reach_m);
    flat->north_m[four] =
        (float)max_of((double)flat->north_m[four], max_of(from.y_m, to.y_m) + reach_m);
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
            uint32_t k = i % FOUR;
            flat->x_m[i / FOUR][k] = flat->y_m[i / FOUR][k] = FAR_M;
            flat->dx_m[i / FOUR][k] = flat->dy_m[i / FOUR][k] = flat->per_m2[i / FOUR][k] = 0;
        }
    }
}

/* A bit for each that is true. */
static inline uint32_t bits_of(quad_mask truths)
{
    quad_mask bits = truths & (quad_mask){1, 2, 4, 8};
    return (uint32_t)(bits[0] | bits[1] | bits[2] | bits[3]);
}

/* A where it is true, else b. */
static inline quad either(quad_mask truths, quad a, quad b)
{
    return (quad)(((quad_mask)a & truths) | ((quad_mask)b & ~truths));
}

/* A bit for each edge of some fours that lies so near the point, and the square of the least
 * distance from one. */
static uint32_t edges_of(const struct flat_stretch *flat, uint32_t among, struct flat point,
                         float within_m2, float *nearest_m2)
{
    static const quad zero = {0, 0, 0, 0};
    static const quad one = {1, 1, 1, 1};
    float x = (float)point.x_m;
    float y = (float)point.y_m;
    quad x_m = {x, x, x, x};
    quad y_m = {y, y, y, y};
    quad least_m2 = {FLT_MAX, FLT_MAX, FLT_MAX, FLT_MAX};
    uint32_t edges = 0;
    uint32_t fours = among & bits_of((flat->west_m <= x_m) & (x_m <= flat->east_m) &
                                     (flat->south_m <= y_m) & (y_m <= flat->north_m));
    for (; fours; fours &= fours - 1) {
        int i = __builtin_ctz(fours);
        quad dx = flat->dx_m[i];
        quad dy = flat->dy_m[i];
        quad px = x_m - flat->x_m[i];
        quad py = y_m - flat->y_m[i];
        quad t = (px * dx + py * dy) * flat->per_m2[i];
        t = either(t > zero, t, zero);
        t = either(t < one, t, one);
        quad gx = t * dx - px;
        quad gy = t * dy - py;
        quad gap_m2 = gx * gx + gy * gy;
        quad reach_m2 = {within_m2, within_m2, within_m2, within_m2};
        edges |= bits_of(gap_m2 <= reach_m2) << (FOUR * i);
        least_m2 = either(gap_m2 < least_m2, gap_m2, least_m2);
    }
    *nearest_m2 = FLT_MAX;
    for (int k = 0; k < FOUR && edges; k++)
        *nearest_m2 = least_m2[k] < *nearest_m2 ? least_m2[k] : *nearest_m2;
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

/* Whether it was met in a box before. */
static bool was_met(const struct meeting *meeting, struct box box)
{
    bool was = false;
    for (uint32_t i = 0; i < meeting->at && !was; i++)
        was = box_intersects(meeting->boxes[i], box);
    return was;
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

/* The square of how far off a site may be that answers what is asked, in the plane: no farther than
 * any record may. Negative: it answers nothing. */
static float reach_of_site(const struct meeting *meeting, const struct pipeline_site *site)
{
    const struct pipeline_job *job = meeting->near->job;
    double most_m = -1;
    for (size_t i = 0; i < meeting->near->n_asked; i++) {
        const struct pipeline_ask *ask = &job->asks[meeting->near->asked[i]];
        const char *missing = NULL;
        double reach_m = pipeline_reach_asked(job, ask);
        if (reach_m > most_m && !(ask->outlines && site->radius_m > 0) &&
            pipeline_site_truth(job->sites, site, ask->code, &missing) != TRUTH_NO)
            most_m = reach_m;
    }
    if (most_m < 0)
        return -1;
    most_m += job->error_m + site->accuracy_m + site->radius_m;
    float flat_m = (float)(most_m * meeting->flat.loose + 1);
    return flat_m < meeting->flat.reach_m ? flat_m * flat_m : meeting->flat.reach_m2;
}

static bool meet_point(struct meeting *meeting, struct lonlat at, float within_m2,
                       struct pipeline_meet *meet)
{
    float nearest_m2;
    const struct flat_stretch *flat = &meeting->flat;
    meet->edges = edges_of(flat, meeting->fours, flatten(flat, at), within_m2, &nearest_m2);
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
    return was_met(meeting, head->geom.box) || !boxes_are_near(meeting, head->geom.box) ||
           add_meet(meeting, meet);
}

static bool visit_site(struct meeting *meeting, uint32_t row, struct pipeline_site *site)
{
    const struct pipeline_near *near = meeting->near;
    struct pipeline_meet meet = {.row = row, .vicinity = meeting->number, .site = site};
    if (site->is_point && isfinite(meeting->flat.loose))
        return meet_point(meeting, site->at, reach_of_site(meeting, site), &meet);
    return meet_shape(meeting, world_record(near->job->world, near->layer, row), &meet);
}

/* Most are far from the line: only of the others is it asked whether they stand. */
static bool visit_indexed(void *context, struct pipeline_site *site)
{
    struct meeting *meeting = context;
    const struct pipeline_near *near = meeting->near;
    const struct flat_stretch *flat = &meeting->flat;
    float nearest_m2;
    if (site->is_point && isfinite(flat->loose) &&
        (!edges_of(flat, meeting->fours, flatten(flat, site->at), flat->reach_m2, &nearest_m2) ||
         nearest_m2 > reach_of_site(meeting, site)))
        return true;
    int64_t row = world_row(near->job->world, near->layer, site->slot);
    return row < 0 || visit_site(meeting, (uint32_t)row, site);
}

static bool visit_record(struct meeting *meeting, uint32_t row, const struct record_head *head)
{
    struct pipeline_meet meet = {.row = row, .vicinity = meeting->number};
    if (pipeline_is_point(&head->geom) && isfinite(meeting->flat.loose))
        return meet_point(meeting, head->geom.points[0], meeting->flat.reach_m2, &meet);
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

/* The box of a stretch that goes aslant is mostly far from it, and those of four of its edges less
 * so. Where sites are indexed, passing over them costs less than searching for four boxes. */
static void lay_boxes(struct meeting *meeting)
{
    const struct pipeline_near *near = meeting->near;
    const struct pipeline_stretch *stretch = meeting->stretch;
    const struct lonlat *points = near->job->line.points;
    meeting->boxes[0] = meeting->box;
    meeting->n_boxes = 1;
    if (near->one || (near->job->sites && near->job->sites->is_indexed))
        return;
    meeting->n_boxes = 0;
    for (uint32_t i = stretch->first; i < stretch->end; i += FOUR) {
        uint32_t end = i + FOUR < stretch->end ? i + FOUR : stretch->end;
        meeting->boxes[meeting->n_boxes++] =
            ellipsoid_expand(box_of_points(points + i, end - i + 1), near->farthest_m);
    }
}

static void visit_box(struct meeting *meeting)
{
    const struct pipeline_near *near = meeting->near;
    const struct pipeline_sites *sites = near->job->sites;
    struct box box = meeting->boxes[meeting->at];
    meeting->fours = meeting->n_boxes == 1 ? (1U << FOURS) - 1 : 1U << meeting->at;
    if (near->one)
        visit_record(meeting, 0, near->one);
    else if (sites && sites->is_indexed)
        pipeline_sites_search(sites, near->job->world, near->layer, box, meeting, visit_indexed);
    else
        world_visit(near->job->world, near->layer, box, meeting, visit_row);
}

enum err_code pipeline_meet_stretch(const struct pipeline_near *near,
                                    const struct pipeline_stretch *stretch,
                                    struct pipeline_meets *meets, struct err *err)
{
    struct meeting meeting;
    struct box box = ellipsoid_expand(stretch->box, near->farthest_m);
    bool wraps = box.west_deg < -180 || box.east_deg > 180;
    if (near->one && !wraps && !box_intersects(box, near->one->geom.box))
        return ERR_OK;
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
    lay_boxes(&meeting);
    for (meeting.at = 0; meeting.at < meeting.n_boxes && !meeting.full; meeting.at++)
        visit_box(&meeting);
    return meeting.full ? err_nomem(err) : ERR_OK;
}

/* ---- by row ---- */

/* A row, and which of the meets it is of. */
static uint64_t key_of(const struct pipeline_meets *meets, size_t i)
{
    return (uint64_t)meets->items[i].row << 32 | i;
}

static void sort_run(uint64_t *keys, size_t first, size_t end)
{
    for (size_t i = first + 1; i < end; i++) {
        uint64_t key = keys[i];
        size_t k = i;
        for (; k > first && keys[k - 1] > key; k--)
            keys[k] = keys[k - 1];
        keys[k] = key;
    }
}

/* Runs of `RUN` in place, then merged to and fro. */
static uint64_t *sort_keys(uint64_t *keys, uint64_t *spare, size_t n)
{
    enum { RUN = 8 };
    uint64_t *from = keys;
    uint64_t *to = spare;
    for (size_t start = 0; start < n; start += RUN)
        sort_run(from, start, start + RUN < n ? start + RUN : n);
    for (size_t run = RUN; run < n; run *= 2) {
        for (size_t start = 0; start < n; start += 2 * run) {
            size_t a = start;
            size_t a_end = start + run < n ? start + run : n;
            size_t b = a_end;
            size_t b_end = a_end + run < n ? a_end + run : n;
            for (size_t k = start; k < b_end; k++)
                to[k] = a < a_end && (b == b_end || from[a] < from[b]) ? from[a++] : from[b++];
        }
        uint64_t *sorted = to;
        to = from;
        from = sorted;
    }
    return from;
}

enum err_code pipeline_sort_meets(struct pipeline_meets *meets, struct arena *arena,
                                  struct err *err)
{
    size_t n = meets->n;
    meets->sorted =
        arena_grow(arena, meets->sorted, &meets->sorted_capacity, n, sizeof *meets->sorted);
    meets->keys = arena_grow(arena, meets->keys, &meets->keys_capacity, 2 * n, sizeof *meets->keys);
    if (!meets->sorted || !meets->keys || n > UINT32_MAX)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++)
        meets->keys[i] = key_of(meets, i);
    const uint64_t *keys = sort_keys(meets->keys, meets->keys + n, n);
    for (size_t i = 0; i < n; i++)
        meets->sorted[i] = meets->items[(uint32_t)keys[i]];
    return ERR_OK;
}
