#include "geo/pipelines/pipeline_near.h"

#include "geo/measure/ellipsoid.h"

/* One layer along one stretch. */
struct meeting {
    const struct pipeline_near *near;
    const struct pipeline_stretch *stretch;
    struct box box;                /* of the stretch with what is in reach */
    struct box boxes[SIGHT_FOURS]; /* to be searched: that one, or those of four of its edges each
                                    */
    uint32_t n_boxes;
    uint32_t at;    /* the one that is searched */
    uint32_t fours; /* a bit for each four that is in it */
    struct pipeline_vicinity vicinity;
    const struct flat_stretch *flat; /* NULL: no plane will do */
    struct pipeline_meets *meets;
    uint32_t number; /* of the vicinity */
    bool full;
};

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
    const struct flat_stretch *flat = meeting->flat;
    double most_m = -1;
    for (size_t i = 0; i < meeting->near->n_asked && most_m < 0; i++) { /* the farthest first */
        const struct pipeline_ask *ask = &job->asks[meeting->near->asked[i]];
        const char *missing = NULL;
        if (!(ask->outlines && site->radius_m > 0) &&
            pipeline_site_truth(job->sites, site, ask->code, &missing) != TRUTH_NO)
            most_m = pipeline_reach_asked(job, ask);
    }
    if (most_m < 0)
        return -1;
    most_m += job->error_m + site->accuracy_m + site->radius_m;
    float flat_m = (float)(most_m * flat->loose + 1);
    return flat_m < flat->reach_m ? flat_m * flat_m : flat->reach_m2;
}

static bool meet_point(struct meeting *meeting, const struct sight *sight,
                       struct pipeline_meet *meet)
{
    meet->fours = sight->fours;
    meet->beyond_m = (sqrt((double)sight->nearest_m2) - 1) / meeting->flat->loose;
    return add_meet(meeting, meet);
}

static bool meet_shape(struct meeting *meeting, const struct record_head *head,
                       struct pipeline_meet *meet)
{
    meet->fours = 0;
    meet->beyond_m = -1;
    return was_met(meeting, head->geom.box) || !boxes_are_near(meeting, head->geom.box) ||
           add_meet(meeting, meet);
}

/* Most are far from the line: only of the others is it asked whether they stand. row: -1 not known
 * yet. */
static bool visit_site(struct meeting *meeting, int64_t row, struct pipeline_site *site)
{
    const struct pipeline_near *near = meeting->near;
    const struct flat_stretch *flat = meeting->flat;
    struct pipeline_meet meet = {.vicinity = meeting->number, .site = site};
    struct sight sight;
    if (site->is_point && flat) {
        pipeline_see(flat, meeting->fours, site->at, &sight);
        if (sight.nearest_m2 > flat->reach_m2 || sight.nearest_m2 > reach_of_site(meeting, site))
            return true;
    }
    if (row < 0)
        row = world_row(near->job->world, near->layer, site->slot);
    if (row < 0)
        return true;
    meet.row = (uint32_t)row;
    return site->is_point && flat
               ? meet_point(meeting, &sight, &meet)
               : meet_shape(meeting, world_record(near->job->world, near->layer, meet.row), &meet);
}

static bool visit_indexed(void *context, struct pipeline_site *site)
{
    return visit_site(context, -1, site);
}

static bool visit_record(struct meeting *meeting, uint32_t row, const struct record_head *head)
{
    const struct flat_stretch *flat = meeting->flat;
    struct pipeline_meet meet = {.row = row, .vicinity = meeting->number};
    struct sight sight;
    if (!pipeline_is_point(&head->geom) || !flat)
        return meet_shape(meeting, head, &meet);
    pipeline_see(flat, meeting->fours, head->geom.points[0], &sight);
    return sight.nearest_m2 > flat->reach_m2 || meet_point(meeting, &sight, &meet);
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
    for (uint32_t i = stretch->first; i < stretch->end; i += SIGHT_FOUR) {
        uint32_t end = i + SIGHT_FOUR < stretch->end ? i + SIGHT_FOUR : stretch->end;
        meeting->boxes[meeting->n_boxes++] =
            ellipsoid_expand(box_of_points(points + i, end - i + 1), near->farthest_m);
    }
}

static void visit_box(struct meeting *meeting)
{
    const struct pipeline_near *near = meeting->near;
    const struct pipeline_sites *sites = near->job->sites;
    struct box box = meeting->boxes[meeting->at];
    meeting->fours = meeting->n_boxes == 1 ? SIGHT_ALL : 1U << meeting->at;
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
    struct flat_stretch *flat = arena_alloc_raw(near->job->scratch, 1, sizeof(struct flat_stretch));
    meets->vicinities =
        arena_grow(near->job->scratch, meets->vicinities, &meets->vicinities_capacity,
                   meets->n_vicinities + 1, sizeof *meets->vicinities);
    if (!meets->vicinities || !flat)
        return err_nomem(err);
    pipeline_lay_flat(near->job->line.points + stretch->first, stretch->end - stretch->first, box,
                      near->farthest_m, flat);
    meeting.flat = isfinite(flat->loose) ? flat : NULL;
    meeting.vicinity = (struct pipeline_vicinity){
        .first = stretch->first,
        .end = stretch->end,
        .flat = meeting.flat,
        .scale_m = meeting.flat ? flat->scale_m : (struct lonlat){0, 0},
        .margin = {stretch->box.west_deg - box.west_deg, stretch->box.south_deg - box.south_deg}};
    meets->vicinities[meets->n_vicinities++] = meeting.vicinity;
    lay_boxes(&meeting);
    for (meeting.at = 0; meeting.at < meeting.n_boxes && !meeting.full; meeting.at++)
        visit_box(&meeting);
    return meeting.full ? err_nomem(err) : ERR_OK;
}

/* ---- by row ---- */

/* By one digit of each row, from `from` to `to`, equal ones in the order in which they come. */
enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

static inline uint32_t digit_of(uint64_t key, int shift)
{
    return (uint32_t)(key >> (32 + shift)) & (DIGITS - 1);
}

static void sort_by_digit(const uint64_t *from, uint64_t *to, size_t n, int shift)
{
    uint32_t starts[DIGITS + 1] = {0};
    for (size_t i = 0; i < n; i++)
        starts[digit_of(from[i], shift) + 1]++;
    for (uint32_t digit = 0; digit < DIGITS; digit++)
        starts[digit + 1] += starts[digit];
    for (size_t i = 0; i < n; i++)
        to[starts[digit_of(from[i], shift)]++] = from[i];
}

static void sort_few(uint64_t *keys, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        uint64_t key = keys[i];
        size_t k = i;
        for (; k > 0 && keys[k - 1] > key; k--)
            keys[k] = keys[k - 1];
        keys[k] = key;
    }
}

/* A row, and which of the meets it is of: many digit by digit from the lowest. */
static const uint64_t *sort_keys(uint64_t *keys, uint64_t *spare, size_t n, uint32_t last_row)
{
    enum { FEW = 64 };
    uint64_t *from = keys;
    uint64_t *to = spare;
    if (n <= FEW) {
        sort_few(keys, n);
        return keys;
    }
    for (int shift = 0; shift < 32 && last_row >> shift; shift += DIGIT_BITS) {
        sort_by_digit(from, to, n, shift);
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
    uint32_t last_row = 0;
    meets->sorted =
        arena_grow(arena, meets->sorted, &meets->sorted_capacity, n, sizeof *meets->sorted);
    meets->keys = arena_grow(arena, meets->keys, &meets->keys_capacity, 2 * n, sizeof *meets->keys);
    if (!meets->sorted || !meets->keys || n > UINT32_MAX)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        uint32_t row = meets->items[i].row;
        meets->keys[i] = (uint64_t)row << 32 | i;
        last_row = row > last_row ? row : last_row;
    }
    const uint64_t *keys = sort_keys(meets->keys, meets->keys + n, n, last_row);
    for (size_t i = 0; i < n; i++)
        meets->sorted[i] = meets->items[(uint32_t)keys[i]];
    return ERR_OK;
}
