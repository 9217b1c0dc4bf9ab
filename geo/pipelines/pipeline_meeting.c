/* pipeline_meeting.c - which pipelines a record may be met at: what an edit of it touches. */
#include "geo/pipelines/pipeline_segments.h"

#include "data/base/text.h"

/* Whether any row of that code may take the record for a target. */
static bool may_be_target(const struct world *world, const char *code, enum layer_id layer,
                          const void *record)
{
    const struct rules *rules = world->rules;
    for (size_t i = 0; i < rules->n_target_classes; i++) {
        const struct target_class *class = &rules->target_classes[i];
        if (class->layer == layer && text_equal(class->source.id, code) &&
            predicate_eval(class->predicate, record, NULL) != TRUTH_NO)
            return true;
    }
    return false;
}

enum err_code pipeline_meeting_of(const struct world *world, enum layer_id layer,
                                  const void *record, struct arena *arena,
                                  struct pipeline_meeting *out, struct err *err)
{
    const struct rules *rules = world->rules;
    *out = (struct pipeline_meeting){
        .world = world,
        .strip_m = -1,
        .places = arena_new(arena, const struct pipeline_place *, rules->n_pipeline_places)};
    if (!out->places)
        return err_nomem(err);
    for (size_t i = 0; i < rules->n_pipeline_classes; i++) {
        const struct pipeline_class *class = &rules->pipeline_classes[i];
        if (class->counts != PIPELINE_COUNTS_CLASS &&
            may_be_target(world, class->target, layer, record))
            out->strip_m = fmax(out->strip_m, fmax(class->strip_m, class->end_m));
    }
    for (size_t i = 0; i < rules->n_pipeline_places; i++)
        if (may_be_target(world, rules->pipeline_places[i].target, layer, record))
            out->places[out->n_places++] = &rules->pipeline_places[i];
    return ERR_OK;
}

/* A pipeline without diameter or pressure may have any radius. */
static double place_reach_m(const struct rules *rules, const struct pipeline_place *place,
                            const struct pipeline *pipeline)
{
    if (!isnan(place->within_m))
        return place->within_m;
    double radius_m = rules_pir_m(rules_pipeline_method(rules, place->method), pipeline);
    if (isnan(radius_m))
        radius_m = rules->parameters.pir_unknown_m;
    return fmax(radius_m, isnan(place->prorated_m) ? 0 : place->prorated_m);
}

double pipeline_meeting_m(const struct pipeline_meeting *meeting, const struct world *world,
                          uint32_t row)
{
    const struct rules *rules = world->rules;
    const struct pipeline *pipeline = world_pipeline(world, row);
    double reach_m = meeting->strip_m;
    for (size_t i = 0; i < meeting->n_places; i++)
        if (predicate_eval(meeting->places[i]->when, pipeline, NULL) != TRUTH_NO)
            reach_m = fmax(reach_m, place_reach_m(rules, meeting->places[i], pipeline));
    return reach_m < 0 ? -1 : reach_m + rules_accuracy_m(rules, LAYER_PIPELINES, &pipeline->head);
}
