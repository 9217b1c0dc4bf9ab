#include "geo/pipeline_edits/pipeline_crowding.h"
#include "geo/pipeline_edits/pipeline_kept.h"

#include "data/base/text.h"

/* An edge near the record; places along it count from its number in the line to the next. */
struct crowd_edge {
    struct flat from;
    struct flat along;
    double length_m2;
    double number;
};

/* One side along one pipeline. */
struct looking {
    struct outdoing *on;
    const struct pipeline_crowd *crowd;
    const struct crowd_side *side;
    double far_m; /* from the record: edges in reach of anybody who counts */
    struct crowd_edge *edges;
    size_t n;
    size_t edges_capacity;
    double own_m;          /* how far the record is from them */
    int64_t owner;         /* row of the pipeline's own plant, which is no target of it; or -1 */
    double keeps_fringe_m; /* an accuracy: of somebody who is met it has to be so bad at least */
    bool *meets;           /* the record may be met */
    bool *keeps_fringes;   /* somebody so badly known is met */
    struct span *spans;    /* room */
    size_t capacity;
};

/* What a row of places asks of the record, by one of what is known. */
struct looking_for {
    const struct crowd_row *row;
    double reach_m; /* of the row */
    enum known known;
};

/* ---- the line ---- */

/* Those of the points first .. end - 1 that are near, out of their order nowhere. */
static enum err_code lay_some(struct looking *at, const struct lonlat *points, uint32_t first,
                              uint32_t end, const struct box *box, struct err *err)
{
    const struct crowd_side *side = at->side;
    at->edges = arena_grow(at->on->job.scratch, at->edges, &at->edges_capacity,
                           at->n + (end - first), sizeof *at->edges);
    if (!at->edges)
        return err_nomem(err);
    for (uint32_t i = first; i + 1 < end; i++) {
        if (box && crowd_is_beyond(box, &points[i]))
            continue;
        struct flat from = crowd_lay(side->origin, side->scale_m, points[i]);
        struct flat to = crowd_lay(side->origin, side->scale_m, points[i + 1]);
        struct crowd_edge *edge = &at->edges[at->n];
        *edge = (struct crowd_edge){
            .from = from, .along = {to.x_m - from.x_m, to.y_m - from.y_m}, .number = i};
        edge->length_m2 = edge->along.x_m * edge->along.x_m + edge->along.y_m * edge->along.y_m;
        double off_m2 = crowd_off_m2(edge->from, edge->along, edge->length_m2, (struct flat){0, 0});
        at->own_m = min_of(at->own_m, sqrt(off_m2));
        at->n += off_m2 <= at->far_m * at->far_m;
    }
    return ERR_OK;
}

/* The line is one part; as it is kept most of it is passed over. */
static enum err_code lay_edges(struct looking *at, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_job *job = &at->on->job;
    const struct geom *line = &job->pipeline->head.geom;
    const struct crowd_side *side = at->side;
    const struct pipeline_line *kept =
        pipeline_kept_line(at->on->was->edited->kept, job->world, job->row);
    struct box box;
    struct pipeline_stretch stretch;
    bool boxed = crowd_box(line, side->origin, side->scale_m, at->far_m, &box);
    at->own_m = INFINITY;
    if (!kept || kept->n_parts != 1 || !boxed)
        return lay_some(at, line->points, 0, line->n_points, boxed ? &box : NULL, err);
    for (uint32_t first = 0; pipeline_next_stretch(kept, 0, &first, &stretch);)
        if (box_intersects(box, stretch.box))
            TRY(lay_some(at, kept->points, stretch.first, stretch.end + 1, &box, err));
done:
    return code;
}

static double off_m(const struct looking *at, struct flat point)
{
    double least_m2 = INFINITY;
    for (size_t i = 0; i < at->n; i++) {
        const struct crowd_edge *edge = &at->edges[i];
        least_m2 = min_of(least_m2, crowd_off_m2(edge->from, edge->along, edge->length_m2, point));
    }
    return sqrt(least_m2);
}

static double slack_m(const struct looking *at, double distance_m)
{
    return crowd_slack_m(at->side->bend, at->far_m, distance_m);
}

/* What of an edge lies in a disk; false: nothing. */
static bool cut_edge(const struct crowd_edge *edge, struct flat centre, double radius_m,
                     struct span *out)
{
    double x = centre.x_m - edge->from.x_m;
    double y = centre.y_m - edge->from.y_m;
    if (!(edge->length_m2 > 0)) {
        *out = (struct span){edge->number, edge->number + 1};
        return x * x + y * y <= radius_m * radius_m;
    }
    double t = (x * edge->along.x_m + y * edge->along.y_m) / edge->length_m2;
    double off_x = x - t * edge->along.x_m;
    double off_y = y - t * edge->along.y_m;
    double half_m2 = radius_m * radius_m - off_x * off_x - off_y * off_y;
    if (!(half_m2 >= 0))
        return false;
    double half = sqrt(half_m2 / edge->length_m2);
    *out = (struct span){edge->number + max_of(t - half, 0), edge->number + min_of(t + half, 1)};
    return t - half <= 1 && t + half >= 0;
}

/* How far a member is met from by a question, as it is known; negative: not at all. */
static double reach_of(const struct looking *at, const struct crowd_member *member,
                       const struct looking_for *what)
{
    enum truth truth = (enum truth)member->truths[what->row->code];
    double error_m = at->on->job.error_m + member->accuracy_m;
    if (truth == TRUTH_NO || (truth != TRUTH_YES && what->known != AT_MOST))
        return -1;
    if (what->known == AT_LEAST)
        return what->reach_m - error_m;
    return what->known == MEASURED ? what->reach_m : what->reach_m + error_m + member->radius_m;
}

/* ---- whether the record may be missed where it is seen ---- */

/* One span from which it is seen, and what is known of the others who are seen from there. */
struct gap {
    struct span span;
    bool covered;
    bool first;   /* one of them is told before it where nothing is doubtful */
    int64_t told; /* the first of them that a run would tell of, if no other comes before; or -1 */
    bool doubted; /* what may be at most is doubted of one of them rather than of it */
};

/* Whether the record, which may be there at most, is out of reach for sure all along the span: else
 * no doubt about its place is told. */
static bool is_at_least(const struct looking *at, const struct looking_for *what, struct span span)
{
    struct looking_for least = *what;
    least.known = AT_LEAST;
    double reach_m = reach_of(at, &at->side->own, &least);
    double within_m = reach_m - slack_m(at, reach_m);
    bool is = false;
    for (size_t i = 0; i < at->n && within_m >= 0 && !is; i++) {
        struct span cut;
        is = cut_edge(&at->edges[i], (struct flat){0, 0}, within_m, &cut) &&
             cut.from_m >= span.from_m && cut.to_m <= span.to_m;
    }
    return is;
}

/* Whether what is doubtful of a member is told rather than what is of the record, by a run that has
 * both (note_doubt in pipeline_runs.c). */
static bool is_doubted_before(const struct looking *at, const struct crowd_member *member,
                              const struct looking_for *what)
{
    struct looking_for least = *what;
    const struct crowd_member *own = &at->side->own;
    bool open = member->truths[what->row->code] != TRUTH_YES;
    if (own->truths[what->row->code] != TRUTH_YES)
        return open && member->row < at->crowd->own_row;
    if (open)
        return true;
    least.known = AT_LEAST;
    double reach_m = reach_of(at, member, &least);
    double its_m = off_m(at, member->at);
    if (reach_m >= 0 && its_m <= reach_m + slack_m(at, its_m))
        return false; /* of which no place is doubted */
    its_m = fabs(its_m - what->reach_m) + slack_m(at, its_m);
    return its_m < fabs(at->own_m - what->reach_m) - slack_m(at, at->own_m);
}

/* The spans from which a member is seen, of those that touch the gap. */
static enum err_code look_at(struct looking *at, const struct crowd_member *member,
                             const struct looking_for *what, struct gap *gap, size_t *n,
                             struct err *err)
{
    double reach_m = reach_of(at, member, what);
    double within_m = reach_m - slack_m(at, reach_m);
    bool seen = false;
    if (reach_m < 0 || within_m < 0 || (int64_t)member->row == at->owner)
        return ERR_OK;
    at->spans =
        arena_grow(at->on->job.scratch, at->spans, &at->capacity, *n + at->n, sizeof *at->spans);
    if (!at->spans)
        return err_nomem(err);
    for (size_t i = 0; i < at->n; i++) {
        struct span cut;
        if (at->edges[i].number > gap->span.to_m || at->edges[i].number + 1 < gap->span.from_m ||
            !cut_edge(&at->edges[i], member->at, within_m, &cut) || cut.from_m > gap->span.to_m ||
            cut.to_m < gap->span.from_m)
            continue;
        at->spans[(*n)++] = cut;
        seen = true;
    }
    if (!seen)
        return ERR_OK;
    gap->first = gap->first || member->row < at->crowd->own_row;
    if ((what->known != AT_MOST || member->truths[what->row->code] != TRUTH_YES) &&
        (gap->told < 0 || member->row < gap->told))
        gap->told = member->row;
    gap->doubted = gap->doubted || is_doubted_before(at, member, what);
    *at->keeps_fringes = *at->keeps_fringes || member->accuracy_m >= at->keeps_fringe_m;
    return ERR_OK;
}

static bool is_covered(struct looking *at, struct span span, size_t *n)
{
    bool covered = false;
    if (*n > 0)
        spans_settle(at->spans, n, 0);
    for (size_t i = 0; i < *n && !covered; i++)
        covered = at->spans[i].from_m <= span.from_m && at->spans[i].to_m >= span.to_m;
    return covered;
}

/* The station of a place on an edge; NAN: the line is not kept. */
static double station_m(const struct looking *at, double number)
{
    const struct pipeline_job *job = &at->on->job;
    const struct pipeline_line *kept =
        pipeline_kept_line(at->on->was->edited->kept, job->world, job->row);
    if (!kept)
        return NAN;
    uint32_t i = (uint32_t)number;
    i = i + 1 < kept->part_ends[0] ? i : kept->part_ends[0] - 2;
    return kept->at_m[i] + (number - i) * (kept->at_m[i + 1] - kept->at_m[i]);
}

/* Whether nobody hears of the run that goes through a span, and is as long without the record. Only
 * where the old rows are told. */
static bool is_unheard(const struct looking *at, const struct looking_for *what,
                       const struct gap *gap)
{
    const struct pipeline_edited *edited = at->on->was->edited;
    const struct record_head *first = NULL;
    if (!at->on->was->old)
        return false;
    if (at->side == &at->crowd->sides[0])
        first = edited->before; /* it leaves the run */
    else if (gap->told >= 0)
        first = world_record(edited->world, edited->layer, (size_t)gap->told);
    struct outdone_run run = {
        .row = what->row->place,
        .known = what->known,
        .seen = {station_m(at, gap->span.from_m), station_m(at, gap->span.to_m)},
        .far = {-INFINITY, INFINITY},
        .first_id = first ? first->id : NULL};
    if (isnan(run.seen.from_m))
        run.seen = (struct span){INFINITY, -INFINITY};
    return outdoing_run_is_unheard(at->on, &run);
}

/* Those next to it first, and ever more. */
static enum err_code is_spare_at(struct looking *at, const struct looking_for *what,
                                 struct span span, bool *out, struct err *err)
{
    enum { FIRST = 8 };
    enum err_code code = ERR_OK;
    const struct crowd_side *side = at->side;
    struct gap gap = {.span = span, .told = -1, .doubted = what->known != AT_MOST};
    size_t n = 0;
    size_t next = FIRST;
    if (!gap.doubted && side->own.truths[what->row->code] == TRUTH_YES)
        gap.doubted = is_at_least(at, what, span);
    *out = false;
    for (size_t i = 0; i < side->n && !*out; i++) {
        TRY(look_at(at, &side->members[i], what, &gap, &n, err));
        if (i + 1 < next && i + 1 < side->n)
            continue;
        next *= 2;
        gap.covered = gap.covered || is_covered(at, span, &n);
        *out = gap.covered && gap.first && gap.doubted;
    }
    if (!*out && gap.covered)
        *out = is_unheard(at, what, &gap);
done:
    return code;
}

/* Whether the runs of a row of places stay as they are, and what is told of them. */
static enum err_code is_spare(struct looking *at, const struct crowd_row *row, double reach_m,
                              bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    for (int known = AT_LEAST; known <= AT_MOST && *out; known++) {
        const struct looking_for what = {row, reach_m, (enum known)known};
        double own_m = reach_of(at, &at->side->own, &what);
        own_m += slack_m(at, own_m);
        if (own_m < 0 || at->own_m > own_m)
            continue;
        *at->meets = true;
        if (row->is_law) {
            at->on->meets_law = true;
            break;
        }
        *out = row->tells_of_runs;
        struct span seen = {INFINITY, -INFINITY};
        for (size_t i = 0; i < at->n && *out; i++) {
            struct span cut;
            if (!cut_edge(&at->edges[i], (struct flat){0, 0}, own_m, &cut))
                continue;
            if (seen.from_m <= seen.to_m && cut.from_m > seen.to_m) {
                TRY(is_spare_at(at, &what, seen, out, err));
                seen = cut;
            }
            seen.from_m = min_of(seen.from_m, cut.from_m);
            seen.to_m = cut.to_m;
        }
        if (*out && seen.from_m <= seen.to_m)
            TRY(is_spare_at(at, &what, seen, out, err));
    }
done:
    return code;
}

/* Whether somebody else so badly known counts in the window, and so is met: what is near a line is
 * beside it where it is nearest. */
static void look_for_fringe(struct looking *at, const struct crowd_row *row)
{
    const char *missing = NULL;
    const struct pipeline_class *window = row->window;
    if (pipeline_speaks(&at->on->job, &window->source, window->when, &missing) == TRUTH_NO)
        return;
    for (size_t i = 0; i < at->side->n && !*at->keeps_fringes; i++) {
        const struct crowd_member *member = &at->side->members[i];
        if (member->truths[row->code] == TRUTH_NO || member->accuracy_m < at->keeps_fringe_m ||
            (int64_t)member->row == at->owner)
            continue;
        double its_m = off_m(at, member->at);
        *at->keeps_fringes = its_m <= window->strip_m - slack_m(at, window->strip_m);
    }
}

/* Whether it counts in no window that may be told; those on storeys count nothing where nothing is
 * tall. */
static bool is_uncounted(struct looking *at, const struct crowd_row *row)
{
    const struct pipeline_class *window = row->window;
    const struct pipeline_sites *sites = at->on->was->edited->sites;
    const struct crowd_member *own = &at->side->own;
    double reach_m = fmax(window->strip_m, window->end_m); /* end_m may be absent */
    reach_m += at->on->job.error_m + own->accuracy_m + own->radius_m;
    if (own->truths[row->code] == TRUTH_NO || at->own_m > reach_m + slack_m(at, reach_m))
        return true;
    *at->meets = true;
    look_for_fringe(at, row);
    return window->counts == PIPELINE_COUNTS_STOREYS && window->from >= 1 && sites &&
           !sites->any_tall;
}

/* ---- the whole ---- */

/* Whether a row may find anything along the pipeline. */
static bool may_speak(const struct pipeline_job *job, const struct crowd_row *row)
{
    const char *missing = NULL;
    const struct pipeline_method *method = row->method;
    bool has_say = method->assessed &&
                   pipeline_speaks(job, &method->source, method->when, &missing) == TRUTH_YES;
    if (row->window)
        return has_say || pipeline_is_taken_over(job, row->window->method, row->window->class);
    if (!row->place)
        return false;
    if (row->is_class && pipeline_is_taken_over(job, row->place->method, row->place->class))
        return true;
    return has_say &&
           pipeline_speaks(job, &row->place->source, row->place->when, &missing) != TRUTH_NO;
}

static enum err_code look_by_row(struct looking *at, const struct crowd_row *row, double reach_m,
                                 bool *out, struct err *err)
{
    const struct crowd_member *own = &at->side->own;
    if (own->truths[row->code] == TRUTH_NO || (row->is_occupation && own->radius_m > 0))
        return ERR_OK; /* a plant known by a point is not asked for */
    if (row->window) {
        *out = is_uncounted(at, row);
        return ERR_OK;
    }
    return is_spare(at, row, reach_m, out, err);
}

static double farthest_m(const struct pipeline_job *job, const struct pipeline_crowd *crowd)
{
    double reach_m = 0;
    for (size_t i = 0; i < crowd->n_rows; i++) {
        const struct crowd_row *row = &crowd->rows[i];
        double its_m = row->place ? pipeline_reach_of(job, row->place)
                                  : fmax(row->window->strip_m, row->window->end_m);
        reach_m = fmax(reach_m, its_m);
    }
    return reach_m;
}

static enum err_code look_from(struct outdoing *on, int side, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_crowd *crowd = on->was->edited->crowd;
    const char *owner = on->job.pipeline->enterprise_id;
    bool meets = false;
    bool keeps_fringes = false;
    struct looking at = {.on = on,
                         .crowd = crowd,
                         .side = &crowd->sides[side],
                         .owner = -1,
                         .meets = &meets,
                         .keeps_fringes = &keeps_fringes,
                         .keeps_fringe_m =
                             fmax(crowd->sides[0].own.accuracy_m, crowd->sides[1].own.accuracy_m)};
    if (owner)
        at.owner = world_find(on->job.world, LAYER_ENTERPRISES, owner);
    at.far_m = 1.1 * (CROWD_M + farthest_m(&on->job, crowd) + on->job.error_m + at.side->blur_m);
    TRY(lay_edges(&at, err));
    for (size_t i = 0; i < crowd->n_rows && *out; i++) {
        const struct crowd_row *row = &crowd->rows[i];
        double reach_m = row->place ? pipeline_reach_of(&on->job, row->place) : 0;
        if (!may_speak(&on->job, row))
            continue;
        *out = !isnan(reach_m);
        if (*out)
            TRY(look_by_row(&at, row, reach_m, out, err));
    }
    *out = *out && (!meets || keeps_fringes);
done:
    return code;
}

enum err_code pipeline_crowd_hides(struct outdoing *on, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_edited *edited = on->was->edited;
    const struct pipeline_crowd *crowd = edited->crowd;
    const struct geom *line = &on->job.pipeline->head.geom;
    const struct record_head *head = edited->after ? edited->after : edited->before;
    const char *owner = on->job.pipeline->enterprise_id;
    *out = crowd && crowd->is_alike;
    if (!crowd || *out)
        return ERR_OK;
    bool is_owned = owner && (edited->layer == LAYER_FACILITIES ||
                              (edited->layer == LAYER_ENTERPRISES && text_equal(head->id, owner)));
    *out = !is_owned && line->kind == GEOM_LINE && line->n_rings == 1 && line->n_points >= 2;
    for (int side = 0; side < 2 && *out; side++)
        if (crowd->sides[side].stands)
            TRY(look_from(on, side, out, err));
done:
    return code;
}
