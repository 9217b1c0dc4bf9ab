/* answers_pipeline.c - a pipeline with its segments. */
#include "data/geom_json.h"
#include "geo/measure/ellipsoid.h"
#include "tiler/answers/answers.h"

static void write_target(struct jw *jw, const struct segment *segment)
{
    jw_key(jw, "target");
    if (!segment->target_id) {
        jw_null(jw);
        return;
    }
    jw_object(jw);
    jw_kv_string(jw, "layer", segment->target_layer);
    jw_kv_string(jw, "id", segment->target_id);
    jw_end_object(jw);
}

void answer_segment(struct jw *jw, const struct segment *segment)
{
    jw_object(jw);
    jw_kv_string(jw, "id", segment->head.id);
    jw_kv_string(jw, "name", segment->head.name);
    jw_kv_string(jw, "kind", segment->kind);
    jw_kv_string(jw, "method", segment->method);
    jw_kv_string(jw, "class", segment->class);
    jw_kv_string(jw, "could_be", segment->could_be);
    jw_kv_string(jw, "verdict", segment->verdict);
    jw_kv_fixed(jw, "from_m", segment->from_m, 3);
    jw_kv_fixed(jw, "to_m", segment->to_m, 3);
    jw_kv_real(jw, "households", segment->households);
    jw_kv_real(jw, "buildings", segment->buildings);
    jw_kv_real(jw, "persons", segment->persons);
    jw_kv_bool(jw, "estimate", segment->estimate == 1);
    jw_kv_fixed(jw, "radius_m", segment->radius_m, 4);
    jw_kv_fixed(jw, "distance_m", segment->distance_m, 4);
    jw_kv_fixed(jw, "angle_deg", segment->angle_deg, 1);
    write_target(jw, segment);
    jw_key(jw, "rule");
    answer_rule(jw, segment->rule_id, segment->standard, segment->edition, segment->clause,
                segment->confidence);
    jw_kv_string(jw, "reason", segment->reason);
    jw_kv_string(jw, "decides", segment->decides);
    jw_key(jw, "geometry");
    geom_write_json(jw, &segment->head.geom, GEOM_JSON_DECIMALS);
    jw_end_object(jw);
}

void answer_pipeline(struct jw *jw, const struct pipeline *pipeline, const struct segment *segments,
                     size_t n)
{
    jw_object(jw);
    jw_kv_string(jw, "id", pipeline->head.id);
    jw_kv_string(jw, "name", pipeline->head.name);
    jw_kv_string(jw, "enterprise_id", pipeline->enterprise_id);
    jw_kv_string(jw, "medium", pipeline->medium);
    jw_kv_string(jw, "pipe_class", pipeline->pipe_class);
    jw_kv_string(jw, "status", pipeline->status ? pipeline->status : "operating");
    jw_kv_real(jw, "diameter_mm", pipeline->diameter_mm);
    jw_kv_real(jw, "pressure_mpa", pipeline->pressure_mpa);
    jw_kv_real(jw, "gas_factor", pipeline->gas_factor);
    jw_kv_real(jw, "start_m", isnan(pipeline->start_m) ? 0 : pipeline->start_m);
    jw_kv_fixed(jw, "length_m", ellipsoid_length_m(&pipeline->head.geom), 3);
    jw_key(jw, "segments");
    jw_array(jw);
    for (size_t i = 0; i < n; i++)
        answer_segment(jw, &segments[i]);
    jw_end_array(jw);
    jw_end_object(jw);
}
