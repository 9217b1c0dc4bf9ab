/* pipeline_gather.c - one walk along the line finds the targets of all questions. */
#include "geo/pipelines/pipeline_near.h"

#include "data/base/text.h"
#include "geo/measure/ellipsoid.h"

#include <string.h>

/* Something different that is asked of one record: where is it beside, or near, for three reaches.
 * Most questions ask the same as another. */
struct wish {
    bool beside;
    double reach_m[REACHES];
    double nearest_m;
    struct span_list found[REACHES]; /* room that is filled again and again */
    struct sighted sighted;          /* edges of the stretch that is measured */
    const struct span_list *spans;   /* those settled; NULL: out of reach */
};

/* A question that a record answers. */
struct answer {
    uint32_t ask;
    uint32_t wish;
    const char *missing;
};

/* What is asked of a layer. */
struct layer_asks {
    enum layer_id layer;
    double farthest_m; /* how far from the line a record may matter; negative: not at all */
    uint32_t *asked;   /* the questions that ask for the layer, the farthest first */
    size_t n_asked;
    struct pipeline_site_memo memo;
    struct wish *wishes; /* n_asked of each */
    struct answer *answers;
};

/* Hits as they come, in blocks that stay where they are. */
enum { HITS_A_BLOCK = 256 };
struct hit_block {
    struct hit_block *next;
    size_t n;
    struct pipeline_hit items[HITS_A_BLOCK];
};
struct hit_list {
    struct hit_block *first;
    struct hit_block *last;
    size_t n;
};

/* One layer along one part. */
struct gathering {
    struct pipeline_job *job;
    uint32_t part;
    struct layer_asks *asks;
    struct pipeline_meets *meets;
    struct hit_list *hits;
};

/* A record near the part, with its meets. */
struct nearby {
    const struct pipeline_meet *meets;
    size_t n_meets;
    const struct record_head *head; /* NULL until it is looked at: it lies scattered in memory */
    struct pipeline_site *site;
    double error_m;  /* sum of both accuracies */
    double beyond_m; /* it surely is farther than that */
    size_t n_wishes;
    size_t n_answers;
};

static enum err_code prepare_layer(const struct pipeline_job *job, enum layer_id layer,
                                   struct layer_asks *out, struct err *err)
{
    double most_m = -1;
    *out = (struct layer_asks){.layer = layer,
                               .asked = arena_new(job->scratch, uint32_t, job->n_asks),
                               .wishes = arena_new(job->scratch, struct wish, job->n_asks),
                               .answers = arena_new(job->scratch, struct answer, job->n_asks)};
    if (!out->asked || !out->wishes || !out->answers)
        return err_nomem(err);
    for (size_t i = 0; i < job->n_asks; i++) {
        if (job->asks[i].idle || !pipeline_asks_layer(&job->asks[i], layer))
            continue;
        double reach_m = pipeline_reach_asked(job, &job->asks[i]);
        size_t k = out->n_asked++;
        for (; k > 0 && pipeline_reach_asked(job, &job->asks[out->asked[k - 1]]) < reach_m; k--)
            out->asked[k] = out->asked[k - 1];
        out->asked[k] = (uint32_t)i;
        most_m = fmax(most_m, reach_m);
    }
    bool any = most_m >= 0 && world_count(job->world, layer) > 0;
    out->farthest_m = any ? most_m + job->error_m + world_slack_m(job->world, layer) : -1;
    return ERR_OK;
}

static const struct record_head *head_of(const struct gathering *gathering, struct nearby *nearby)
{
    if (!nearby->head)
        nearby->head =
            world_record(gathering->job->world, gathering->asks->layer, nearby->meets->row);
    return nearby->head;
}

static bool is_own(const struct gathering *gathering, struct nearby *nearby)
{
    const char *owner = gathering->job->pipeline->enterprise_id;
    enum layer_id layer = gathering->asks->layer;
    if (!owner)
        return false;
    if (layer == LAYER_ENTERPRISES)
        return text_equal(head_of(gathering, nearby)->id, owner);
    const void *record = layer == LAYER_FACILITIES ? head_of(gathering, nearby) : NULL;
    return record && text_equal(((const struct facility *)record)->enterprise_id, owner);
}

/* Whether the record is a target of the question's code, as it is kept of the site. */
static enum truth truth_of(const struct gathering *gathering, const struct pipeline_ask *ask,
                           struct nearby *nearby, const char **missing)
{
    const struct pipeline_sites *sites = gathering->job->sites;
    int kept = pipeline_site_truth(sites, nearby->site, ask->code, missing);
    if (kept >= 0)
        return (enum truth)kept;
    enum truth truth = pipeline_is_target(ask->classes, ask->n_classes, gathering->asks->layer,
                                          head_of(gathering, nearby), missing);
    pipeline_site_keep(sites, nearby->site, ask->code, truth, *missing);
    return truth;
}

/* ---- what is asked of a record ---- */

static bool same_wish(const struct wish *a, const struct wish *b)
{
    return a->beside == b->beside && a->reach_m[AT_LEAST] == b->reach_m[AT_LEAST] &&
           a->reach_m[MEASURED] == b->reach_m[MEASURED] &&
           a->reach_m[AT_MOST] == b->reach_m[AT_MOST];
}

/* Its number, the same for the same. */
static uint32_t wish_for(struct layer_asks *asks, struct nearby *nearby, const struct wish *wanted)
{
    uint32_t i = 0;
    while (i < nearby->n_wishes && !same_wish(&asks->wishes[i], wanted))
        i++;
    if (i == nearby->n_wishes) {
        struct wish *wish = &asks->wishes[nearby->n_wishes++];
        wish->beside = wanted->beside;
        memcpy(wish->reach_m, wanted->reach_m, sizeof wish->reach_m);
        wish->nearest_m = INFINITY;
        for (int k = 0; k < REACHES; k++)
            wish->found[k].n = 0;
    }
    return i;
}

static void ask_of(const struct gathering *gathering, struct nearby *nearby, uint32_t ask)
{
    const struct pipeline_job *job = gathering->job;
    const struct pipeline_ask *asked = &job->asks[ask];
    double reach_m = pipeline_reach_asked(job, asked);
    double radius_m = nearby->site->radius_m;
    double most_m = reach_m + nearby->error_m + radius_m;
    const char *missing = NULL;
    if ((asked->outlines && radius_m > 0) || nearby->beyond_m > most_m)
        return;
    enum truth truth = truth_of(gathering, asked, nearby, &missing);
    if (truth == TRUTH_NO)
        return;
    bool sure = truth == TRUTH_YES && !isnan(asked->reach_m);
    const struct wish wish = {
        .beside = asked->beside,
        .reach_m = {sure ? reach_m - nearby->error_m : -1, sure ? reach_m : -1, most_m}};
    gathering->asks->answers[nearby->n_answers++] = (struct answer){
        ask, wish_for(gathering->asks, nearby, &wish), truth == TRUTH_YES ? NULL : missing};
}

/* ---- where it is seen from ---- */

static void ask_wish(struct span_question *question, const struct wish *wish)
{
    question->beside = wish->beside;
    memcpy(question->reach_m, wish->reach_m, sizeof wish->reach_m);
}

/* Edges that lie in reach from end to end: those that follow each other are one span. */
static enum err_code add_inside(struct wish *wish, const struct span_question *question,
                                struct arena *arena, struct err *err)
{
    const double *at_m = question->line->at_m + question->first;
    uint32_t edges = wish->sighted.inside;
    while (edges) {
        uint32_t from = (uint32_t)__builtin_ctz(edges);
        uint32_t to = from;
        for (; edges >> to & 1; to++)
            edges &= ~(1U << to);
        for (int k = 0; k < REACHES; k++) {
            struct span_list *list = &wish->found[k];
            if (wish->reach_m[k] < 0)
                continue;
            if (!pipeline_span_room(list, list->n + 1, arena))
                return err_nomem(err);
            list->items[list->n++] = (struct span){at_m[from], at_m[to]};
        }
    }
    return ERR_OK;
}

static enum err_code measure_point(const struct gathering *gathering, const struct nearby *nearby,
                                   const struct pipeline_meet *meet, struct span_question *question,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    struct sight sight;
    struct point_near near[PIPELINE_STRETCH_EDGES];
    const struct flat_stretch *flat = gathering->meets->vicinities[meet->vicinity].flat;
    uint32_t measured = 0;
    pipeline_see(flat, meet->fours, nearby->site->at, &sight);
    for (size_t i = 0; i < nearby->n_wishes; i++) {
        struct wish *wish = &gathering->asks->wishes[i];
        wish->sighted = pipeline_sight_edges(flat, &sight, wish->beside, wish->reach_m);
        measured |= wish->sighted.measured;
        TRY(add_inside(wish, question, gathering->job->scratch, err));
    }
    pipeline_point_near(question, measured, nearby->site->at, near);
    for (size_t i = 0; i < nearby->n_wishes; i++) {
        struct wish *wish = &gathering->asks->wishes[i];
        ask_wish(question, wish);
        TRY(pipeline_point_spans(question, wish->sighted.measured, near, gathering->job->scratch,
                                 wish->found, &wish->nearest_m, err));
    }
done:
    return code;
}

static enum err_code measure_shape(const struct gathering *gathering, const struct nearby *nearby,
                                   struct span_question *question, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < nearby->n_wishes; i++) {
        struct wish *wish = &gathering->asks->wishes[i];
        ask_wish(question, wish);
        TRY(pipeline_spans(question, gathering->job->scratch, wish->found, &wish->nearest_m, err));
    }
done:
    return code;
}

static enum err_code measure(const struct gathering *gathering, struct nearby *nearby,
                             struct err *err)
{
    enum err_code code = ERR_OK;
    struct span_question question;
    question.line = &gathering->job->line;
    question.part = gathering->part;
    for (size_t i = 0; i < nearby->n_meets; i++) {
        const struct pipeline_meet *meet = &nearby->meets[i];
        const struct pipeline_vicinity *vicinity = &gathering->meets->vicinities[meet->vicinity];
        question.first = vicinity->first;
        question.end = vicinity->end;
        question.scale_m = vicinity->scale_m;
        question.margin = vicinity->margin;
        question.target = NULL;
        if (meet->fours) {
            TRY(measure_point(gathering, nearby, meet, &question, err));
        } else {
            question.target = &head_of(gathering, nearby)->geom;
            TRY(measure_shape(gathering, nearby, &question, err));
        }
    }
done:
    return code;
}

/* What is kept of a wish. */
struct settled {
    struct span_list lists[REACHES];
    struct span spans[];
};

/* What lies nearer to each other is one stretch: rounding may leave a gap where edges meet, and
 * stations are told to the millimetre, also in the ids of segments. */
static const double GAP_M = 0.001;

/* Sorted and joined, into memory of their own. */
static enum err_code settle(struct wish *wish, struct arena *arena, struct err *err)
{
    size_t n = 0;
    wish->spans = NULL;
    if (wish->found[AT_MOST].n == 0)
        return ERR_OK;
    for (int k = 0; k < REACHES; k++) {
        spans_settle(wish->found[k].items, &wish->found[k].n, GAP_M);
        n += wish->found[k].n;
    }
    struct settled *settled =
        arena_alloc_raw(arena, 1, sizeof *settled + n * sizeof settled->spans[0]);
    if (!settled)
        return err_nomem(err);
    struct span *spans = settled->spans;
    for (int k = 0; k < REACHES; k++) {
        size_t n_found = wish->found[k].n;
        settled->lists[k] = (struct span_list){spans, n_found, n_found};
        for (size_t i = 0; i < n_found; i++)
            *spans++ = wish->found[k].items[i];
    }
    wish->spans = settled->lists;
    return ERR_OK;
}

static bool room_for_hit(struct hit_list *hits, struct arena *arena)
{
    if (hits->last && hits->last->n < HITS_A_BLOCK)
        return true;
    struct hit_block *block = arena_alloc_raw(arena, 1, sizeof *block);
    if (!block)
        return false;
    block->next = NULL;
    block->n = 0;
    *(hits->last ? &hits->last->next : &hits->first) = block;
    hits->last = block;
    return true;
}

static enum err_code add_hit(const struct gathering *gathering, const struct nearby *nearby,
                             const struct answer *answer, struct err *err)
{
    struct hit_list *hits = gathering->hits;
    const struct wish *wish = &gathering->asks->wishes[answer->wish];
    if (!room_for_hit(hits, gathering->job->scratch))
        return err_nomem(err);
    hits->n++;
    hits->last->items[hits->last->n++] = (struct pipeline_hit){.ask = answer->ask,
                                                               .part = gathering->part,
                                                               .layer = gathering->asks->layer,
                                                               .row = nearby->meets->row,
                                                               .missing = answer->missing,
                                                               .error_m = nearby->error_m,
                                                               .nearest_m = wish->nearest_m,
                                                               .spans = wish->spans,
                                                               .site = nearby->meets->site};
    return ERR_OK;
}

static enum err_code gather_nearby(const struct gathering *gathering, struct nearby *nearby,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    struct layer_asks *asks = gathering->asks;
    if (is_own(gathering, nearby))
        return ERR_OK;
    nearby->error_m = gathering->job->error_m + nearby->site->accuracy_m;
    for (size_t i = 0; i < asks->n_asked; i++)
        ask_of(gathering, nearby, asks->asked[i]);
    if (nearby->n_answers > 0)
        TRY(measure(gathering, nearby, err));
    for (size_t i = 0; i < nearby->n_wishes; i++)
        TRY(settle(&asks->wishes[i], gathering->job->scratch, err));
    for (size_t i = 0; i < nearby->n_answers; i++)
        if (asks->wishes[asks->answers[i].wish].spans)
            TRY(add_hit(gathering, nearby, &asks->answers[i], err));
done:
    return code;
}

/* ---- along the line ---- */

/* The meets of one record, and what they tell of it. one: it is that. */
static enum err_code gather_record(const struct gathering *gathering,
                                   const struct pipeline_meet *meets, size_t n,
                                   const struct record_head *one, struct err *err)
{
    struct pipeline_site made;
    struct nearby nearby = {
        .meets = meets, .n_meets = n, .head = one, .site = meets->site, .beyond_m = INFINITY};
    if (!nearby.site) {
        pipeline_site_make(gathering->job->world, gathering->asks->layer,
                           head_of(gathering, &nearby), &gathering->asks->memo, &made);
        nearby.site = &made;
    }
    for (size_t i = 0; i < n; i++)
        nearby.beyond_m = min_of(nearby.beyond_m, meets[i].beyond_m);
    return gather_nearby(gathering, &nearby, err);
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

/* one: the only record that counts, or NULL. */
static enum err_code gather_part(struct gathering *gathering, const struct record_head *one,
                                 struct err *err)
{
    enum { AHEAD = 8 };
    enum err_code code = ERR_OK;
    struct pipeline_job *job = gathering->job;
    struct pipeline_meets *meets = gathering->meets;
    const struct pipeline_near near = {.job = job,
                                       .layer = gathering->asks->layer,
                                       .farthest_m = gathering->asks->farthest_m,
                                       .asked = gathering->asks->asked,
                                       .n_asked = gathering->asks->n_asked,
                                       .one = one};
    uint32_t first = pipeline_part_start(&job->line, gathering->part);
    struct pipeline_stretch stretch;
    if (near.farthest_m < 0)
        return ERR_OK;
    meets->n = meets->n_vicinities = 0;
    while (pipeline_next_stretch(&job->line, gathering->part, &first, &stretch))
        if (one || clip(job, gathering->part, &stretch))
            TRY(pipeline_meet_stretch(&near, &stretch, meets, err));
    TRY(pipeline_sort_meets(meets, job->scratch, err));
    for (size_t i = 0, n; i < meets->n; i += n) {
        if (i + AHEAD < meets->n) /* sites lie scattered by row */
            __builtin_prefetch(meets->sorted[i + AHEAD].site);
        for (n = 1; i + n < meets->n && meets->sorted[i + n].row == meets->sorted[i].row;)
            n++;
        TRY(gather_record(gathering, &meets->sorted[i], n, one, err));
    }
done:
    return code;
}

/* They came by part, layer and row; where each question's are. */
static enum err_code keep_hits(struct pipeline_job *job, const struct hit_list *hits,
                               struct err *err)
{
    job->hits = arena_alloc_raw(job->scratch, hits->n, sizeof *job->hits);
    if (!job->hits)
        return err_nomem(err);
    for (const struct hit_block *block = hits->first; block; block = block->next)
        for (size_t i = 0; i < block->n; i++)
            job->asks[block->items[i].ask].n_hits++;
    job->n_hits = 0;
    for (size_t i = 0; i < job->n_asks; i++) {
        job->asks[i].first_hit = job->n_hits;
        job->n_hits += job->asks[i].n_hits;
        job->asks[i].n_hits = 0;
    }
    for (const struct hit_block *block = hits->first; block; block = block->next)
        for (size_t i = 0; i < block->n; i++) {
            struct pipeline_ask *ask = &job->asks[block->items[i].ask];
            job->hits[ask->first_hit + ask->n_hits++] = block->items[i];
        }
    return ERR_OK;
}

enum err_code pipeline_gather(struct pipeline_job *job, struct err *err)
{
    static const enum layer_id layers[] = {LAYER_ENTERPRISES, LAYER_FACILITIES,
                                           LAYER_PIPELINES,   LAYER_PROTECTED,
                                           LAYER_AREAS,       LAYER_INFRASTRUCTURE};
    enum { N_LAYERS = sizeof layers / sizeof layers[0] };
    enum err_code code = ERR_OK;
    struct layer_asks asks[N_LAYERS];
    struct pipeline_meets meets = {.items = NULL};
    struct hit_list hits = {.first = NULL};
    for (size_t i = 0; i < N_LAYERS; i++)
        TRY(prepare_layer(job, layers[i], &asks[i], err));
    for (uint32_t part = 0; part < job->line.n_parts; part++)
        for (size_t i = 0; i < N_LAYERS; i++) {
            struct gathering gathering = {job, part, &asks[i], &meets, &hits};
            TRY(gather_part(&gathering, NULL, err));
        }
    TRY(keep_hits(job, &hits, err));
done:
    return code;
}

void pipeline_forget_hits(struct pipeline_job *job)
{
    job->n_hits = 0;
    job->counted = NULL;
    job->found_before = NULL;
    job->pieces.known = false;
    for (size_t i = 0; i < job->n_asks; i++)
        job->asks[i].n_hits = job->asks[i].first_hit = 0;
}

enum err_code pipeline_gather_one(struct pipeline_job *job, enum layer_id layer,
                                  const struct record_head *record, struct err *err)
{
    enum err_code code = ERR_OK;
    struct layer_asks asks;
    struct pipeline_meets meets = {.items = NULL};
    struct hit_list hits = {.first = NULL};
    pipeline_forget_hits(job);
    TRY(prepare_layer(job, layer, &asks, err));
    asks.farthest_m += world_record_slack_m(job->world, layer, record);
    for (uint32_t part = 0; part < job->line.n_parts; part++) {
        struct gathering gathering = {job, part, &asks, &meets, &hits};
        TRY(gather_part(&gathering, record, err));
    }
    TRY(keep_hits(job, &hits, err));
done:
    return code;
}
