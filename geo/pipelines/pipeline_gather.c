/* pipeline_gather.c - one walk along the line finds the targets of all questions. */
#include "geo/pipelines/pipeline_targets.h"

#include "data/base/text.h"
#include "geo/measure/ellipsoid.h"

#include <stdlib.h>
#include <string.h>

/* What is asked of a layer. */
struct layer_asks {
    enum layer_id layer;
    double farthest_m; /* how far from the line a record may matter; negative: not at all */
    uint32_t *asked;   /* the questions that ask for the layer */
    size_t n_asked;
    struct pipeline_site_memo memo;
    uint32_t *rows; /* room for those of one stretch */
    size_t rows_capacity;
};

/* One layer along one stretch. */
struct gathering {
    struct pipeline_job *job;
    uint32_t part;
    const struct pipeline_stretch *stretch;
    enum layer_id layer;
    struct box box;       /* of the stretch with the largest reach */
    struct lonlat margin; /* that reach in degrees */
    double farthest_m;    /* that reach */
    struct layer_asks *asks;
    /* The stretch in a plane, to pass over what is far: its distances are wrong by less than
     * `loose` to either side. */
    struct lonlat scale_m; /* metres a degree */
    struct flat
        origin[PIPELINE_STRETCH_EDGES];        /* of each edge; those beyond the last lie far off */
    struct flat along[PIPELINE_STRETCH_EDGES]; /* from there to its end */
    double per_m2[PIPELINE_STRETCH_EDGES];     /* 1 over its length squared */
    double loose;
};

static enum err_code prepare_layer(const struct pipeline_job *job, enum layer_id layer,
                                   struct layer_asks *out, struct err *err)
{
    double most_m = -1;
    *out = (struct layer_asks){.layer = layer,
                               .asked = arena_new(job->scratch, uint32_t, job->n_asks)};
    if (!out->asked)
        return err_nomem(err);
    for (size_t i = 0; i < job->n_asks; i++) {
        if (job->asks[i].idle || !pipeline_asks_layer(&job->asks[i], layer))
            continue;
        out->asked[out->n_asked++] = (uint32_t)i;
        most_m = fmax(most_m, pipeline_reach_asked(job, &job->asks[i]));
    }
    bool any = most_m >= 0 && world_count(job->world, layer) > 0;
    out->farthest_m = any ? most_m + job->error_m + world_slack_m(job->world, layer) : -1;
    return ERR_OK;
}

/* Whether the record is a target of that code: the best of its rows on this layer. */
static enum truth is_target(const struct gathering *gathering, const struct pipeline_ask *ask,
                            const void *record, const char **missing)
{
    enum truth truth = TRUTH_NO;
    for (size_t i = 0; i < ask->n_classes; i++) {
        const char *absent = NULL;
        if (ask->classes[i]->layer != gathering->layer)
            continue;
        enum truth one = predicate_eval(ask->classes[i]->predicate, record, &absent);
        if (one == TRUTH_YES)
            return TRUTH_YES;
        if (one == TRUTH_UNKNOWN) {
            truth = TRUTH_UNKNOWN;
            *missing = absent ? absent : "an attribute";
        }
    }
    return truth;
}

/* A record near the stretch. */
struct nearby {
    uint32_t row;
    const struct record_head *head; /* NULL until it is looked at: it lies scattered in memory */
    struct pipeline_site *site;
    double error_m;             /* sum of both accuracies */
    int64_t last_hit;           /* in the job, of this record along this stretch; -1: none */
    struct span_question asked; /* its question */
    bool is_point;
    double nearest_m;                       /* in the plane; 0 where that is not known */
    double gaps_m2[PIPELINE_STRETCH_EDGES]; /* of a point from each edge, in the plane, squared */
    uint32_t measured; /* a bit for each edge from which the point was measured exactly */
    struct point_near nears[PIPELINE_STRETCH_EDGES];
};

static const struct record_head *head_of(const struct gathering *gathering, struct nearby *nearby)
{
    if (!nearby->head)
        nearby->head = world_record(gathering->job->world, gathering->layer, nearby->row);
    return nearby->head;
}

static bool is_own(const struct gathering *gathering, struct nearby *nearby)
{
    const char *owner = gathering->job->pipeline->enterprise_id;
    if (!owner)
        return false;
    if (gathering->layer == LAYER_ENTERPRISES)
        return text_equal(head_of(gathering, nearby)->id, owner);
    const void *record = gathering->layer == LAYER_FACILITIES ? head_of(gathering, nearby) : NULL;
    return record && text_equal(((const struct facility *)record)->enterprise_id, owner);
}

/* The same, from what is kept of the site. */
static enum truth truth_of(const struct gathering *gathering, const struct pipeline_ask *ask,
                           struct nearby *nearby, const char **missing)
{
    int kept = pipeline_site_truth(nearby->site, ask->code);
    if (kept == TRUTH_NO || kept == TRUTH_YES)
        return (enum truth)kept;
    enum truth truth = is_target(gathering, ask, head_of(gathering, nearby), missing);
    pipeline_site_keep(nearby->site, ask->code, truth);
    return truth;
}

/* The spans of one question, from the edges that may be in reach. */
static enum err_code list_spans(const struct gathering *gathering, struct nearby *nearby,
                                struct span_question *question, struct pipeline_hit *hit,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_stretch *stretch = gathering->stretch;
    struct arena *scratch = gathering->job->scratch;
    double most_m = question->reach_m[AT_MOST] * gathering->loose + 1;
    question->first = stretch->first;
    question->end = stretch->end;
    if (!nearby->is_point) {
        question->target = &head_of(gathering, nearby)->geom;
        return pipeline_spans(question, scratch, hit->spans, &hit->nearest_m, err);
    }
    for (uint32_t i = 0; i < stretch->end - stretch->first; i++) {
        uint32_t edge = stretch->first + i;
        if (nearby->gaps_m2[i] > most_m * most_m)
            continue;
        if (!(nearby->measured >> i & 1))
            pipeline_point_near(question, edge, nearby->site->at, &nearby->nears[i]);
        nearby->measured |= UINT32_C(1) << i;
        TRY(pipeline_point_spans(question, edge, &nearby->nears[i], scratch, hit->spans,
                                 &hit->nearest_m, err));
    }
done:
    return code;
}

/* The last hit of the record along this stretch, if the same was asked of it. */
static const struct pipeline_hit *same_question(const struct pipeline_job *job,
                                                const struct nearby *nearby,
                                                const struct span_question *question)
{
    if (nearby->last_hit < 0 || nearby->asked.beside != question->beside)
        return NULL;
    for (int k = 0; k < REACHES; k++)
        if (nearby->asked.reach_m[k] != question->reach_m[k])
            return NULL;
    return &job->hits[nearby->last_hit];
}

static enum err_code append_spans(struct span_list *to, const struct span_list *from,
                                  struct arena *arena, struct err *err)
{
    if (from->n == 0)
        return ERR_OK;
    if (!pipeline_span_room(to, to->n + from->n, arena))
        return err_nomem(err);
    memcpy(to->items + to->n, from->items, from->n * sizeof *from->items);
    to->n += from->n;
    return ERR_OK;
}

static enum err_code copy_spans(struct pipeline_job *job, const struct pipeline_hit *from,
                                struct pipeline_hit *to, struct err *err)
{
    enum err_code code = ERR_OK;
    to->nearest_m = from->nearest_m;
    for (int k = 0; k < REACHES; k++)
        TRY(append_spans(&to->spans[k], &from->spans[k], job->scratch, err));
done:
    return code;
}

static enum err_code try_target(const struct gathering *gathering, struct nearby *nearby,
                                size_t ask, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = gathering->job;
    const struct pipeline_ask *asked = &job->asks[ask];
    double reach_m = pipeline_reach_asked(job, asked);
    double radius_m = nearby->site->radius_m;
    double most_m = reach_m + nearby->error_m + radius_m;
    const char *missing = NULL;
    if ((asked->outlines && radius_m > 0) || nearby->nearest_m > most_m * gathering->loose + 1)
        return ERR_OK;
    enum truth truth = truth_of(gathering, asked, nearby, &missing);
    if (truth == TRUTH_NO)
        return ERR_OK;
    struct pipeline_hit hit = {.ask = (uint32_t)ask,
                               .part = gathering->part,
                               .layer = gathering->layer,
                               .row = nearby->row,
                               .missing = truth == TRUTH_YES ? NULL : missing,
                               .error_m = nearby->error_m,
                               .nearest_m = INFINITY};
    bool sure = truth == TRUTH_YES && !isnan(asked->reach_m);
    struct span_question question = {
        .line = &job->line,
        .part = gathering->part,
        .beside = asked->beside,
        .reach_m = {sure ? reach_m - hit.error_m : -1, sure ? reach_m : -1, most_m},
        .scale_m = isfinite(gathering->loose) ? gathering->scale_m : (struct lonlat){0, 0},
        .margin = gathering->margin,
    };
    const struct pipeline_hit *same = same_question(job, nearby, &question);
    if (same)
        TRY(copy_spans(job, same, &hit, err));
    else
        TRY(list_spans(gathering, nearby, &question, &hit, err));
    if (hit.spans[AT_MOST].n == 0)
        return ERR_OK;
    job->hits = arena_grow(job->scratch, job->hits, &job->hits_capacity, job->n_hits + 1,
                           sizeof *job->hits);
    if (!job->hits)
        return err_nomem(err);
    nearby->asked = question;
    nearby->last_hit = (int64_t)job->n_hits;
    job->hits[job->n_hits++] = hit;
done:
    return code;
}

static struct flat flatten(const struct gathering *gathering, struct lonlat point)
{
    struct lonlat origin = gathering->job->line.points[gathering->stretch->first];
    double lon_deg = point.lon_deg - origin.lon_deg;
    if (fabs(lon_deg) > 180)
        lon_deg = remainder(lon_deg, 360);
    return (struct flat){lon_deg * gathering->scale_m.lon_deg,
                         (point.lat_deg - origin.lat_deg) * gathering->scale_m.lat_deg};
}

/* Squares of the distances of a point from each edge. */
static void gaps_of(const struct gathering *gathering, struct flat p,
                    double out_m2[PIPELINE_STRETCH_EDGES])
{
    for (int i = 0; i < PIPELINE_STRETCH_EDGES; i++) {
        double dx = gathering->along[i].x_m;
        double dy = gathering->along[i].y_m;
        double px = p.x_m - gathering->origin[i].x_m;
        double py = p.y_m - gathering->origin[i].y_m;
        double t = (px * dx + py * dy) * gathering->per_m2[i];
        t = t > 0 ? t : 0;
        t = t < 1 ? t : 1;
        double gx = t * dx - px;
        double gy = t * dy - py;
        out_m2[i] = gx * gx + gy * gy;
    }
}

/* Whether the record may be in reach of anything; the box of a stretch holds much that is far
 * from each edge. */
static bool may_be_near(const struct gathering *gathering, struct nearby *nearby)
{
    const struct pipeline_line *line = &gathering->job->line;
    uint32_t first = gathering->stretch->first;
    uint32_t n = gathering->stretch->end - first;
    nearby->is_point = nearby->site->is_point && isfinite(gathering->loose);
    nearby->nearest_m = 0;
    if (nearby->is_point) {
        double nearest_m2 = INFINITY;
        gaps_of(gathering, flatten(gathering, nearby->site->at), nearby->gaps_m2);
        for (uint32_t i = 0; i < n; i++)
            nearest_m2 = min_of(nearest_m2, nearby->gaps_m2[i]);
        nearby->nearest_m = sqrt(nearest_m2);
        return nearby->nearest_m <= gathering->farthest_m * gathering->loose + 1;
    }
    struct box box = head_of(gathering, nearby)->geom.box;
    box.west_deg -= gathering->margin.lon_deg;
    box.east_deg += gathering->margin.lon_deg;
    box.south_deg -= gathering->margin.lat_deg;
    box.north_deg += gathering->margin.lat_deg;
    for (uint32_t i = 0; i < n; i++)
        if (box_intersects(box, box_of_points(line->points + first + i, 2)))
            return true;
    return false;
}

/* The rows of a stretch. */
struct row_list {
    struct layer_asks *asks;
    struct arena *arena;
    size_t n;
    bool full;
};

static bool add_row(void *context, uint32_t row)
{
    struct row_list *list = context;
    struct layer_asks *asks = list->asks;
    asks->rows =
        arena_grow(list->arena, asks->rows, &asks->rows_capacity, list->n + 1, sizeof *asks->rows);
    list->full = !asks->rows;
    if (asks->rows)
        asks->rows[list->n++] = row;
    return asks->rows != NULL;
}

/* site NULL: made here. head NULL: of the row. */
static enum err_code gather_record(struct gathering *gathering, uint32_t row,
                                   const struct record_head *head, struct pipeline_site *site,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = gathering->job;
    struct layer_asks *asks = gathering->asks;
    struct pipeline_site made;
    struct nearby nearby;
    nearby.row = row;
    nearby.head = head;
    nearby.site = site ? site : &made;
    nearby.last_hit = -1;
    nearby.measured = 0;
    if (!site)
        pipeline_site_make(job->world, gathering->layer, head_of(gathering, &nearby), &asks->memo,
                           &made);
    if (!may_be_near(gathering, &nearby) || is_own(gathering, &nearby))
        return ERR_OK;
    nearby.error_m = job->error_m + nearby.site->accuracy_m;
    for (size_t i = 0; i < asks->n_asked; i++)
        TRY(try_target(gathering, &nearby, asks->asked[i], err));
done:
    return code;
}

static enum err_code gather_layer(struct gathering *gathering, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = gathering->job;
    enum layer_id layer = gathering->layer;
    struct row_list list = {gathering->asks, job->scratch, 0, false};
    world_visit(job->world, layer, gathering->box, &list, add_row);
    TRY(list.full ? err_nomem(err) : ERR_OK);
    for (size_t i = 0; i < list.n; i++) {
        uint32_t row = list.asks->rows[i];
        TRY(gather_record(gathering, row, NULL,
                          pipeline_sites_of(job->sites, job->world, layer, row), err));
    }
done:
    return code;
}

/* The plane of a stretch; `loose` covers how the scale of a longitude changes over it and its
 * surroundings. */
static void lay_flat(struct gathering *gathering)
{
    static const double RAD = M_PI / 180;
    const struct pipeline_stretch *stretch = gathering->stretch;
    struct box box = gathering->box;
    double middle_deg = (box.south_deg + box.north_deg) / 2;
    double farthest_deg = fmax(fabs(box.south_deg), fabs(box.north_deg));
    ellipsoid_degree_m(middle_deg, &gathering->scale_m.lon_deg, &gathering->scale_m.lat_deg);
    double least = cos(fmin(farthest_deg, 90) * RAD);
    double bend = (box.north_deg - box.south_deg) * RAD;
    /* d cos / cos = tan dlat; the radii of curvature change by 0.01 a radian at most. */
    gathering->loose = least > 0.01 ? 1.001 + 2 * (bend / least + 0.01 * bend) : (double)INFINITY;
    if (gathering->loose > 1.5 || box.east_deg - box.west_deg > 90)
        gathering->loose = INFINITY;
    for (uint32_t i = 0; i < PIPELINE_STRETCH_EDGES; i++) {
        static const struct flat far = {1e12, 1e12};
        bool is_edge = stretch->first + i < stretch->end;
        const struct lonlat *at = gathering->job->line.points + stretch->first + i;
        struct flat from = is_edge ? flatten(gathering, at[0]) : far;
        struct flat to = is_edge ? flatten(gathering, at[1]) : far;
        struct flat along = {to.x_m - from.x_m, to.y_m - from.y_m};
        double length_m2 = along.x_m * along.x_m + along.y_m * along.y_m;
        gathering->origin[i] = from;
        gathering->along[i] = along;
        gathering->per_m2[i] = length_m2 > 0 ? 1 / length_m2 : 0;
    }
}

/* one: the only record that counts, or NULL. */
static enum err_code gather_stretch(struct pipeline_job *job, uint32_t part,
                                    const struct pipeline_stretch *stretch, struct layer_asks *asks,
                                    const struct record_head *one, struct err *err)
{
    if (asks->farthest_m < 0)
        return ERR_OK;
    struct gathering gathering = {.job = job,
                                  .part = part,
                                  .stretch = stretch,
                                  .layer = asks->layer,
                                  .box = ellipsoid_expand(stretch->box, asks->farthest_m),
                                  .farthest_m = asks->farthest_m,
                                  .asks = asks};
    gathering.margin = (struct lonlat){stretch->box.west_deg - gathering.box.west_deg,
                                       stretch->box.south_deg - gathering.box.south_deg};
    bool wraps = gathering.box.west_deg < -180 || gathering.box.east_deg > 180;
    if (one && !wraps && !box_intersects(gathering.box, one->geom.box))
        return ERR_OK;
    lay_flat(&gathering);
    return one ? gather_record(&gathering, 0, one, NULL, err) : gather_layer(&gathering, err);
}

static int by_target(const void *a, const void *b)
{
    const struct pipeline_hit *x = a;
    const struct pipeline_hit *y = b;
    if (x->ask != y->ask)
        return x->ask < y->ask ? -1 : 1;
    if (x->part != y->part)
        return x->part < y->part ? -1 : 1;
    if (x->layer != y->layer)
        return x->layer < y->layer ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* One hit a target, whatever stretches met it; and where each question's hits are. */
static enum err_code settle_hits(struct pipeline_job *job, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t kept = 0;
    if (job->n_hits > 0)
        qsort(job->hits, job->n_hits, sizeof *job->hits, by_target);
    for (size_t i = 0; i < job->n_hits; i++) {
        struct pipeline_hit *last = kept ? &job->hits[kept - 1] : NULL;
        if (!last || by_target(last, &job->hits[i]) != 0) {
            job->hits[kept++] = job->hits[i];
            continue;
        }
        last->nearest_m = fmin(last->nearest_m, job->hits[i].nearest_m);
        for (int k = 0; k < REACHES; k++)
            TRY(append_spans(&last->spans[k], &job->hits[i].spans[k], job->scratch, err));
    }
    job->n_hits = kept;
    for (size_t i = 0; i < job->n_hits; i++) {
        struct pipeline_ask *ask = &job->asks[job->hits[i].ask];
        if (ask->n_hits++ == 0)
            ask->first_hit = i;
        for (int k = 0; k < REACHES; k++)
            spans_settle(job->hits[i].spans[k].items, &job->hits[i].spans[k].n, 0);
    }
done:
    return code;
}

/* What of a stretch the job keeps to; false: nothing. */
static bool clip(const struct pipeline_job *job, uint32_t part, struct pipeline_stretch *stretch)
{
    const struct pipeline_some *some = job->some;
    if (!some)
        return true;
    if (part != some->part || stretch->end <= some->first || stretch->first >= some->end)
        return false;
    stretch->first = stretch->first > some->first ? stretch->first : some->first;
    stretch->end = stretch->end < some->end ? stretch->end : some->end;
    stretch->box =
        box_of_points(job->line.points + stretch->first, stretch->end - stretch->first + 1);
    return true;
}

enum err_code pipeline_gather(struct pipeline_job *job, struct err *err)
{
    static const enum layer_id layers[] = {LAYER_ENTERPRISES, LAYER_FACILITIES,
                                           LAYER_PIPELINES,   LAYER_PROTECTED,
                                           LAYER_AREAS,       LAYER_INFRASTRUCTURE};
    enum { N_LAYERS = sizeof layers / sizeof layers[0] };
    enum err_code code = ERR_OK;
    struct layer_asks asks[N_LAYERS];
    for (size_t i = 0; i < N_LAYERS; i++)
        TRY(prepare_layer(job, layers[i], &asks[i], err));
    for (uint32_t part = 0; part < job->line.n_parts; part++) {
        uint32_t first = pipeline_part_start(&job->line, part);
        struct pipeline_stretch stretch;
        while (pipeline_next_stretch(&job->line, part, &first, &stretch))
            for (size_t i = 0; i < N_LAYERS && clip(job, part, &stretch); i++)
                TRY(gather_stretch(job, part, &stretch, &asks[i], NULL, err));
    }
    TRY(settle_hits(job, err));
done:
    return code;
}

void pipeline_forget_hits(struct pipeline_job *job)
{
    job->n_hits = 0;
    job->counted = NULL;
    for (size_t i = 0; i < job->n_asks; i++)
        job->asks[i].n_hits = job->asks[i].first_hit = 0;
}

enum err_code pipeline_gather_one(struct pipeline_job *job, enum layer_id layer,
                                  const struct record_head *record, struct err *err)
{
    enum err_code code = ERR_OK;
    struct layer_asks asks;
    pipeline_forget_hits(job);
    TRY(prepare_layer(job, layer, &asks, err));
    asks.farthest_m += world_record_slack_m(job->world, layer, record);
    for (uint32_t part = 0; part < job->line.n_parts; part++) {
        uint32_t first = pipeline_part_start(&job->line, part);
        struct pipeline_stretch stretch;
        while (pipeline_next_stretch(&job->line, part, &first, &stretch))
            TRY(gather_stretch(job, part, &stretch, &asks, record, err));
    }
    TRY(settle_hits(job, err));
done:
    return code;
}
