#include "geo/pipeline_edits/pipeline_crowding.h"

#include "data/base/text.h"
#include "geo/measure/ellipsoid.h"
#include "geo/world/population.h"

#include <stdlib.h>

/* ---- a plane about a point ---- */

/* Beyond that latitude degrees of longitude are too short for one. */
static const double MOST_LAT_DEG = 80;

/* The radius of the Earth at least, m. */
static const double EARTH_M = 6.3e6;

static double bend_of(double lat_deg)
{
    /* d cos / cos = tan dlat; the radii of curvature change by 0.01 a radian at most. */
    return 2 * (tan(fabs(lat_deg) * M_PI / 180) + 0.02) / EARTH_M;
}

struct flat crowd_lay(struct lonlat origin, struct lonlat scale_m, struct lonlat at)
{
    double lon_deg = at.lon_deg - origin.lon_deg;
    if (fabs(lon_deg) > 180)
        lon_deg = remainder(lon_deg, 360);
    return (struct flat){lon_deg * scale_m.lon_deg,
                         (at.lat_deg - origin.lat_deg) * scale_m.lat_deg};
}

bool crowd_box(const struct geom *line, struct lonlat at, struct lonlat scale_m, double far_m,
               struct box *out)
{
    double lon_deg = far_m / scale_m.lon_deg;
    double lat_deg = far_m / scale_m.lat_deg;
    *out = (struct box){at.lon_deg - lon_deg, at.lat_deg - lat_deg, at.lon_deg + lon_deg,
                        at.lat_deg + lat_deg};
    return line->box.west_deg >= -180 && line->box.east_deg <= 180 && out->west_deg > -180 &&
           out->east_deg < 180;
}

/* Looking for the nearest of some edges. */
struct nearing {
    struct lonlat at;
    struct lonlat scale_m;
    const struct box *box; /* beyond which none matters; NULL: all do */
    double least_m2;
};

/* Of points first .. end - 1. */
static void near_edges(struct nearing *on, const struct lonlat *points, uint32_t first,
                       uint32_t end)
{
    for (uint32_t i = first; i + 1 < end; i++) {
        if (on->box && crowd_is_beyond(on->box, &points[i]))
            continue;
        struct flat from = crowd_lay(on->at, on->scale_m, points[i]);
        struct flat to = crowd_lay(on->at, on->scale_m, points[i + 1]);
        struct flat along = {to.x_m - from.x_m, to.y_m - from.y_m};
        double length_m2 = along.x_m * along.x_m + along.y_m * along.y_m;
        on->least_m2 =
            min_of(on->least_m2, crowd_off_m2(from, along, length_m2, (struct flat){0, 0}));
    }
}

static void near_kept(struct nearing *on, const struct pipeline_line *line)
{
    struct pipeline_stretch stretch;
    for (uint32_t part = 0; part < line->n_parts; part++)
        for (uint32_t first = pipeline_part_start(line, part);
             pipeline_next_stretch(line, part, &first, &stretch);)
            if (!on->box || box_intersects(*on->box, stretch.box))
                near_edges(on, line->points, stretch.first, stretch.end + 1);
}

double pipeline_off_m(const struct geom *line, const struct pipeline_line *kept, struct lonlat at,
                      double most_m)
{
    static const double WIDEST_M = 1e5;
    struct nearing on = {.at = at, .least_m2 = INFINITY};
    struct box box;
    if (!(fabs(at.lat_deg) < MOST_LAT_DEG) || !(most_m < WIDEST_M))
        return 0;
    ellipsoid_degree_m(at.lat_deg, &on.scale_m.lon_deg, &on.scale_m.lat_deg);
    double bend = bend_of(at.lat_deg);
    double far_m = most_m + crowd_slack_m(bend, 2 * most_m, 2 * most_m);
    on.box = crowd_box(line, at, on.scale_m, far_m, &box) ? &box : NULL;
    if (kept)
        near_kept(&on, kept);
    for (uint32_t ring = 0; ring < line->n_rings && !kept; ring++)
        near_edges(&on, line->points, geom_ring_start(line, ring), line->ring_ends[ring]);
    double off_m = sqrt(on.least_m2);
    if (off_m > far_m)
        return (double)INFINITY;
    off_m -= crowd_slack_m(bend, far_m, off_m);
    return off_m > most_m ? (double)INFINITY : max_of(off_m, 0);
}

/* ---- which rules may meet the record ---- */

static const struct record_head *head_of(const struct pipeline_edited *edited, int side)
{
    return side == 0 ? edited->before : edited->after;
}

/* Whether the record is a target of the code, on either side. */
static bool may_be(const struct pipeline_edited *edited, const struct pipeline_ask *ask)
{
    bool may = false;
    for (int side = 0; side < 2; side++) {
        const char *missing = NULL;
        const struct record_head *head = head_of(edited, side);
        may = may || (head && pipeline_is_target(ask->classes, ask->n_classes, edited->layer, head,
                                                 &missing) != TRUTH_NO);
    }
    return may;
}

static struct crowd_row row_of_place(const struct rules *rules, const struct pipeline_place *place)
{
    const struct pipeline_method *method = rules_pipeline_method(rules, place->method);
    bool is_occupation = text_equal(place->kind, "occupation");
    bool is_crossing = text_equal(place->kind, "crossing");
    return (struct crowd_row){.place = place,
                              .method = method,
                              .is_law = method && method->kind == PIPELINE_LAW,
                              .is_class = text_equal(place->kind, "class_location"),
                              .is_occupation = is_occupation,
                              .tells_of_runs = place->counts == PIPELINE_COUNTS_PLACE &&
                                               place->at_least <= 1 && !is_occupation &&
                                               !is_crossing};
}

/* The code of a target, of those that the record may be; *fits: there is room for it. */
static uint32_t code_of(struct pipeline_crowd *crowd, const struct pipeline_ask *ask, bool *fits)
{
    uint32_t i = 0;
    while (i < crowd->n_codes && !text_equal(crowd->codes[i].target, ask->target))
        i++;
    *fits = i < MOST_CROWD_CODES;
    if (*fits && i == crowd->n_codes)
        crowd->codes[crowd->n_codes++] = *ask;
    return i;
}

static enum err_code list_rows(struct pipeline_crowd *crowd, struct pipeline_job *job, bool *fits,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = job->world->rules;
    size_t n_places = rules->n_pipeline_places;
    size_t n = n_places + rules->n_pipeline_classes;
    *fits = true;
    crowd->rows = arena_new(job->scratch, struct crowd_row, n);
    crowd->codes = arena_new(job->scratch, struct pipeline_ask, MOST_CROWD_CODES);
    if (!crowd->rows || !crowd->codes)
        return err_nomem(err);
    for (size_t i = 0; i < n && *fits; i++) {
        struct crowd_row row = {.place = NULL};
        size_t at = 0;
        if (i < n_places)
            row = row_of_place(rules, &rules->pipeline_places[i]);
        else
            row.window = &rules->pipeline_classes[i - n_places];
        if (row.window && row.window->counts == PIPELINE_COUNTS_CLASS)
            continue;
        if (row.window)
            row.method = rules_pipeline_method(rules, row.window->method);
        const char *target = row.window ? row.window->target : row.place ? row.place->target : NULL;
        const struct pipeline_ask ask = {.target = target};
        TRY(pipeline_ask(job, &ask, &at, err));
        if (!row.method || !may_be(crowd->edited, &job->asks[at]))
            continue;
        row.code = code_of(crowd, &job->asks[at], fits);
        crowd->rows[crowd->n_rows++] = row;
    }
done:
    return code;
}

/* ---- who stands about it ---- */

/* What the record is, by the codes of the crowd. site: NULL, or what is kept of it. */
static void tell_truths(const struct pipeline_crowd *crowd, struct pipeline_site *site,
                        const struct record_head *head, const char **missing,
                        struct crowd_member *out)
{
    const struct pipeline_edited *edited = crowd->edited;
    for (size_t i = 0; i < crowd->n_codes; i++) {
        const struct pipeline_ask *ask = &crowd->codes[i];
        int kept = site ? pipeline_site_truth(edited->sites, site, ask->code, &missing[i]) : -1;
        out->truths[i] =
            (uint8_t)(kept >= 0 ? (enum truth)kept
                                : pipeline_is_target(ask->classes, ask->n_classes, edited->layer,
                                                     head, &missing[i]));
    }
}

static void place_own(const struct pipeline_crowd *crowd, const struct record_head *head,
                      struct crowd_side *side)
{
    struct pipeline_site site;
    struct pipeline_site_memo memo = {.source = NULL};
    pipeline_site_make(crowd->edited->world, crowd->edited->layer, head, &memo, &site);
    side->own = (struct crowd_member){
        .accuracy_m = site.accuracy_m, .radius_m = site.radius_m, .row = crowd->own_row};
    tell_truths(crowd, NULL, head, side->own_missing, &side->own);
    side->blur_m = side->own.accuracy_m + side->own.radius_m;
}

static bool may_witness(const struct pipeline_edited *edited, const struct record_head *head)
{
    return head != edited->after && pipeline_is_point(&head->geom) &&
           (edited->layer != LAYER_PROTECTED || !pipeline_is_dwelling((const void *)head));
}

static int by_distance(const void *a, const void *b)
{
    const struct crowd_member *x = a;
    const struct crowd_member *y = b;
    if (x->off_m != y->off_m)
        return x->off_m < y->off_m ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void add_member(const struct pipeline_crowd *crowd, uint32_t row,
                       struct pipeline_site_memo *memo, struct crowd_side *side)
{
    const struct pipeline_edited *edited = crowd->edited;
    const struct record_head *head = world_record(edited->world, edited->layer, row);
    const char *missing[MOST_CROWD_CODES];
    struct pipeline_site made;
    struct pipeline_site *kept =
        pipeline_sites_of(edited->sites, edited->world, edited->layer, row);
    if (!may_witness(edited, head))
        return;
    if (!kept)
        pipeline_site_make(edited->world, edited->layer, head, memo, &made);
    const struct pipeline_site *site = kept ? kept : &made;
    struct flat at = crowd_lay(side->origin, side->scale_m, head->geom.points[0]);
    struct crowd_member *member = &side->members[side->n++];
    *member = (struct crowd_member){.at = at,
                                    .off_m = sqrt(at.x_m * at.x_m + at.y_m * at.y_m),
                                    .accuracy_m = site->accuracy_m,
                                    .radius_m = site->radius_m,
                                    .row = row};
    tell_truths(crowd, kept, head, missing, member);
    side->blur_m = fmax(side->blur_m, site->accuracy_m + site->radius_m);
}

static enum err_code build_side(const struct pipeline_crowd *crowd, const struct record_head *head,
                                struct arena *arena, struct crowd_side *side, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t *rows = NULL;
    size_t n = 0;
    const struct pipeline_edited *edited = crowd->edited;
    struct pipeline_site_memo memo = {.source = NULL};
    *side = (struct crowd_side){.stands = head && head->geom.kind != GEOM_NONE};
    if (!side->stands)
        return ERR_OK;
    side->origin = head->geom.points[0];
    side->bend = bend_of(side->origin.lat_deg);
    ellipsoid_degree_m(side->origin.lat_deg, &side->scale_m.lon_deg, &side->scale_m.lat_deg);
    place_own(crowd, head, side);
    TRY(world_search(edited->world, edited->layer, ellipsoid_expand(head->geom.box, CROWD_M), arena,
                     &rows, &n, err));
    side->members = arena_new(arena, struct crowd_member, n);
    if (!side->members)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++)
        add_member(crowd, rows[i], &memo, side);
    if (side->n > 0)
        qsort(side->members, side->n, sizeof *side->members, by_distance);
done:
    return code;
}

/* ---- the whole ---- */

static bool may_be_laid(const struct record_head *head)
{
    return !head || head->geom.kind == GEOM_NONE ||
           (pipeline_is_point(&head->geom) && fabs(head->geom.points[0].lat_deg) < MOST_LAT_DEG);
}

/* Whether any pipeline meets the record after the edit as it did before. Whose it is, and what it
 * counts for, other fields tell. */
static bool is_alike(const struct pipeline_crowd *crowd)
{
    const struct pipeline_edited *edited = crowd->edited;
    const struct crowd_side *was = &crowd->sides[0];
    const struct crowd_side *is = &crowd->sides[1];
    bool alike = edited->before && edited->after && edited->layer == LAYER_ENTERPRISES &&
                 geom_equal(&edited->before->geom, &edited->after->geom) && was->stands &&
                 was->own.accuracy_m == is->own.accuracy_m && was->own.radius_m == is->own.radius_m;
    for (size_t i = 0; i < crowd->n_codes && alike; i++) {
        alike = was->own.truths[i] == is->own.truths[i];
        if (alike && is->own.truths[i] == TRUTH_UNKNOWN)
            alike = text_equal(was->own_missing[i], is->own_missing[i]);
    }
    return alike;
}

enum err_code pipeline_crowd_build(struct pipeline_edited *edited, struct arena *arena,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    const struct record_head *head = edited->after ? edited->after : edited->before;
    struct pipeline_job job = {
        .world = edited->world, .sites = edited->sites, .arena = arena, .scratch = arena};
    bool fits = may_be_laid(edited->before) && may_be_laid(edited->after) &&
                population_known(edited->world);
    struct pipeline_crowd *crowd = arena_new(arena, struct pipeline_crowd, 1);
    edited->crowd = NULL;
    if (!crowd)
        return err_nomem(err);
    *crowd = (struct pipeline_crowd){
        .edited = edited,
        .own_row = (uint32_t)world_row_from(edited->world, edited->layer, head->id)};
    if (fits)
        TRY(list_rows(crowd, &job, &fits, err));
    for (int i = 0; i < 2 && fits; i++)
        TRY(build_side(crowd, head_of(edited, i), arena, &crowd->sides[i], err));
    if (!fits)
        goto done;
    crowd->is_alike = is_alike(crowd);
    edited->crowd = crowd;
done:
    return code;
}
