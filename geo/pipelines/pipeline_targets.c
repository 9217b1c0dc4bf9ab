#include "geo/pipelines/pipeline_targets.h"

#include "data/base/text.h"

static bool same_ask(const struct pipeline_ask *a, const struct pipeline_ask *b)
{
    bool same_reach = a->reach_m == b->reach_m || (isnan(a->reach_m) && isnan(b->reach_m));
    return same_reach && a->beside == b->beside && a->outlines == b->outlines &&
           text_equal(a->target, b->target);
}

static enum err_code list_classes(const struct pipeline_job *job, struct pipeline_ask *ask,
                                  struct err *err)
{
    const struct world *world = job->world;
    const struct rules *rules = world->rules;
    ask->n_classes = 0;
    ask->classes = arena_new(job->scratch, const struct target_class *, rules->n_target_classes);
    if (!ask->classes)
        return err_nomem(err);
    for (size_t i = 0; i < rules->n_target_classes; i++)
        if (text_equal(rules->target_classes[i].source.id, ask->target) &&
            rule_holds(&rules->target_classes[i].source, world->as_of))
            ask->classes[ask->n_classes++] = &rules->target_classes[i];
    return ERR_OK;
}

enum err_code pipeline_ask(struct pipeline_job *job, const struct pipeline_ask *ask, size_t *out,
                           struct err *err)
{
    for (size_t i = 0; i < job->n_asks; i++) {
        if (same_ask(&job->asks[i], ask)) {
            *out = i;
            return ERR_OK;
        }
    }
    job->asks = arena_grow(job->scratch, job->asks, &job->asks_capacity, job->n_asks + 1,
                           sizeof *job->asks);
    if (!job->asks)
        return err_nomem(err);
    *out = job->n_asks;
    job->asks[job->n_asks] = *ask;
    job->asks[job->n_asks].code = pipeline_sites_code(job->sites, ask->target);
    return list_classes(job, &job->asks[job->n_asks++], err);
}

bool pipeline_next_stretch(const struct pipeline_line *line, uint32_t part, uint32_t *first,
                           struct pipeline_stretch *out)
{
    enum { EDGES = PIPELINE_STRETCH_EDGES };
    uint32_t last = line->part_ends[part] - 1;
    if (*first >= last)
        return false;
    uint32_t end = last - *first < EDGES ? last : *first + EDGES;
    out->first = *first;
    out->end = end;
    out->box = line->boxes ? line->boxes[pipeline_stretch_number(line, part, *first)]
                           : box_of_points(line->points + *first, end - *first + 1);
    *first = end;
    return true;
}

bool pipeline_keeps_to(const struct pipeline_job *job, uint32_t part,
                       const struct pipeline_stretch *stretch)
{
    return !job->some || (part == job->some->part && stretch->first >= job->some->first &&
                          stretch->end <= job->some->end);
}

bool pipeline_asks_layer(const struct pipeline_ask *ask, enum layer_id layer)
{
    for (size_t i = 0; i < ask->n_classes; i++)
        if (ask->classes[i]->layer == layer)
            return true;
    return false;
}
