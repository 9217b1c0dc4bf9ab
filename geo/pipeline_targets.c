#include "geo/pipeline_targets.h"

#include "data/base/text.h"
#include "geo/ellipsoid.h"

#include <stdlib.h>
#include <string.h>

/* ---- asking ---- */

enum err_code pipeline_ask(struct pipeline_job *job, const struct pipeline_ask *ask, size_t *out,
                           struct err *err)
{
    for (size_t i = 0; i < job->n_asks; i++) {
        const struct pipeline_ask *other = &job->asks[i];
        bool same_reach =
            other->reach_m == ask->reach_m || (isnan(other->reach_m) && isnan(ask->reach_m));
        if (same_reach && other->beside == ask->beside && text_equal(other->target, ask->target)) {
            *out = i;
            return ERR_OK;
        }
    }
    job->asks = arena_grow(job->scratch, job->asks, &job->asks_capacity, job->n_asks + 1,
                           sizeof *job->asks);
    if (!job->asks)
        return err_nomem(err);
    *out = job->n_asks;
    job->asks[job->n_asks++] = *ask;
    return ERR_OK;
}

bool pipeline_next_stretch(const struct pipeline_line *line, uint32_t part, uint32_t *first,
                           struct pipeline_stretch *out)
{
    enum { EDGES = 16 };
    uint32_t last = line->part_ends[part] - 1;
    if (*first >= last)
        return false;
    uint32_t end = last - *first < EDGES ? last : *first + EDGES;
    *out = (struct pipeline_stretch){*first, end,
                                     box_of_points(line->points + *first, end - *first + 1)};
    *first = end;
    return true;
}

/* ---- gathering ---- */

/* One layer along one stretch. */
struct gathering {
    struct pipeline_job *job;
    uint32_t part;
    const struct pipeline_stretch *stretch;
    enum layer_id layer;
    struct box box;       /* of the stretch with the largest reach */
    struct lonlat margin; /* that reach in degrees */
};

static double reach_of(const struct pipeline_job *job, const struct pipeline_ask *ask)
{
    return isnan(ask->reach_m) ? job->world->rules->parameters.pir_unknown_m : ask->reach_m;
}

/* How far from the line a record of the layer may matter; negative: not at all. */
static double farthest_of(const struct pipeline_job *job, enum layer_id layer)
{
    const struct rules *rules = job->world->rules;
    double most_m = -1;
    for (size_t i = 0; i < job->n_asks; i++)
        for (size_t c = 0; c < rules->n_target_classes; c++)
            if (rules->target_classes[c].layer == layer &&
                text_equal(rules->target_classes[c].source.id, job->asks[i].target))
                most_m = fmax(most_m, reach_of(job, &job->asks[i]));
    return most_m < 0 ? -1 : most_m + job->error_m + world_slack_m(job->world, layer);
}

static bool is_own(const struct pipeline_job *job, enum layer_id layer,
                   const struct record_head *head)
{
    const char *owner = job->pipeline->enterprise_id;
    if (!owner)
        return false;
    if (layer == LAYER_ENTERPRISES)
        return text_equal(head->id, owner);
    return layer == LAYER_FACILITIES &&
           text_equal(((const struct facility *)(const void *)head)->enterprise_id, owner);
}

/* Whether the record is a target of that code: the best of its rows on this layer. */
static enum truth is_target(const struct gathering *gathering, const char *code, const void *record,
                            const char **missing)
{
    const struct world *world = gathering->job->world;
    enum truth truth = TRUTH_NO;
    for (size_t i = 0; i < world->rules->n_target_classes; i++) {
        const struct target_class *class = &world->rules->target_classes[i];
        const char *absent = NULL;
        if (class->layer != gathering->layer || !text_equal(class->source.id, code) ||
            !rule_holds(&class->source, world->as_of))
            continue;
        enum truth one = predicate_eval(class->predicate, record, &absent);
        if (one == TRUTH_YES)
            return TRUTH_YES;
        if (one == TRUTH_UNKNOWN) {
            truth = TRUTH_UNKNOWN;
            *missing = absent ? absent : "an attribute";
        }
    }
    return truth;
}

static enum err_code try_target(const struct gathering *gathering, uint32_t row, size_t ask,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = gathering->job;
    const struct record_head *head = world_record(job->world, gathering->layer, row);
    const struct pipeline_ask *asked = &job->asks[ask];
    struct pipeline_hit hit = {.ask = (uint32_t)ask,
                               .part = gathering->part,
                               .layer = gathering->layer,
                               .row = row,
                               .nearest_m = INFINITY};
    enum truth truth = is_target(gathering, asked->target, head, &hit.missing);
    if (truth == TRUTH_NO)
        return ERR_OK;
    if (truth == TRUTH_YES)
        hit.missing = NULL;
    const struct rules *rules = job->world->rules;
    double reach_m = reach_of(job, asked);
    hit.error_m = job->error_m + rules_accuracy_m(rules, gathering->layer, head);
    bool is_point_plant = gathering->layer == LAYER_ENTERPRISES && head->geom.kind == GEOM_POINT;
    double radius_m = is_point_plant ? rules_radius_m(rules, (const void *)head) : 0;
    bool sure = truth == TRUTH_YES && !isnan(asked->reach_m);
    struct span_question question = {
        .line = &job->line,
        .part = gathering->part,
        .first = gathering->stretch->first,
        .end = gathering->stretch->end,
        .target = &head->geom,
        .beside = asked->beside,
        .reach_m = {sure ? reach_m - hit.error_m : -1, sure ? reach_m : -1,
                    reach_m + hit.error_m + radius_m},
        .margin = gathering->margin,
    };
    TRY(pipeline_spans(&question, job->scratch, hit.spans, &hit.nearest_m, err));
    if (hit.spans[AT_MOST].n == 0)
        return ERR_OK;
    job->hits = arena_grow(job->scratch, job->hits, &job->hits_capacity, job->n_hits + 1,
                           sizeof *job->hits);
    if (!job->hits)
        return err_nomem(err);
    job->hits[job->n_hits++] = hit;
done:
    return code;
}

/* Whether the record's box meets that of any edge, made larger by the margin: the box of a whole
 * stretch holds much that is far from each edge. */
static bool may_be_near(const struct gathering *gathering, struct box box)
{
    const struct pipeline_line *line = &gathering->job->line;
    box.west_deg -= gathering->margin.lon_deg;
    box.east_deg += gathering->margin.lon_deg;
    box.south_deg -= gathering->margin.lat_deg;
    box.north_deg += gathering->margin.lat_deg;
    for (uint32_t i = gathering->stretch->first; i < gathering->stretch->end; i++)
        if (box_intersects(box, box_of_points(line->points + i, 2)))
            return true;
    return false;
}

static enum err_code gather_layer(struct gathering *gathering, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = gathering->job;
    uint32_t *rows = NULL;
    size_t n = 0;
    TRY(world_search(job->world, gathering->layer, gathering->box, job->scratch, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        const struct record_head *head = world_record(job->world, gathering->layer, rows[i]);
        if (is_own(job, gathering->layer, head) || !may_be_near(gathering, head->geom.box))
            continue;
        for (size_t ask = 0; ask < job->n_asks; ask++)
            TRY(try_target(gathering, rows[i], ask, err));
    }
done:
    return code;
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

static enum err_code append_spans(struct span_list *to, const struct span_list *from,
                                  struct arena *arena, struct err *err)
{
    if (from->n == 0)
        return ERR_OK;
    to->items = arena_grow(arena, to->items, &to->capacity, to->n + from->n, sizeof *to->items);
    if (!to->items)
        return err_nomem(err);
    memcpy(to->items + to->n, from->items, from->n * sizeof *from->items);
    to->n += from->n;
    return ERR_OK;
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

enum err_code pipeline_gather(struct pipeline_job *job, struct err *err)
{
    static const enum layer_id layers[] = {LAYER_ENTERPRISES, LAYER_FACILITIES,
                                           LAYER_PIPELINES,   LAYER_PROTECTED,
                                           LAYER_AREAS,       LAYER_INFRASTRUCTURE};
    enum { N_LAYERS = sizeof layers / sizeof layers[0] };
    enum err_code code = ERR_OK;
    double farthest_m[N_LAYERS];
    for (size_t i = 0; i < N_LAYERS; i++)
        farthest_m[i] = world_count(job->world, layers[i]) ? farthest_of(job, layers[i]) : -1;
    for (uint32_t part = 0; part < job->line.n_parts; part++) {
        uint32_t first = pipeline_part_start(&job->line, part);
        struct pipeline_stretch stretch;
        while (pipeline_next_stretch(&job->line, part, &first, &stretch)) {
            for (size_t i = 0; i < N_LAYERS; i++) {
                if (farthest_m[i] < 0)
                    continue;
                struct gathering gathering = {.job = job,
                                              .part = part,
                                              .stretch = &stretch,
                                              .layer = layers[i],
                                              .box = ellipsoid_expand(stretch.box, farthest_m[i])};
                gathering.margin = (struct lonlat){stretch.box.west_deg - gathering.box.west_deg,
                                                   stretch.box.south_deg - gathering.box.south_deg};
                TRY(gather_layer(&gathering, err));
            }
        }
    }
    TRY(settle_hits(job, err));
done:
    return code;
}
