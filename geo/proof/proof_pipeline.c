/* proof_pipeline.c - class location, high-consequence areas, occupation and crossings of a
 * pipeline: what its segments rest on, and the segments. */
#include "geo/proof/proof_private.h"

#include "data/base/limits.h"
#include "data/base/text.h"
#include "geo/measure/edges.h"
#include "geo/measure/ellipsoid.h"
#include "geo/measure/overlay.h"
#include "geo/pipelines/pipeline_segments.h"

#include <string.h>

/* The strip in which people are counted, cut generously. */
static const double STRIP_TOLERANCE_M = 10;

int64_t proof_pipeline_of(const struct world *world, const char *segment_id)
{
    char id[LIMIT_TEXT_BYTES];
    for (const char *bar = strchr(segment_id, '|'); bar; bar = strchr(bar + 1, '|')) {
        size_t n = (size_t)(bar - segment_id);
        if (n >= sizeof id)
            return -1;
        memcpy(id, segment_id, n);
        id[n] = '\0';
        int64_t row = world_find(world, LAYER_PIPELINES, id);
        if (row >= 0)
            return row;
    }
    return -1;
}

/* ---- needs ---- */

/* How far from the line people are counted. */
static double strip_m(const struct rules *rules)
{
    double most_m = rules->parameters.households_reach_m;
    for (size_t i = 0; i < rules->n_pipeline_classes; i++)
        most_m = fmax(most_m, isnan(rules->pipeline_classes[i].strip_m)
                                  ? 0
                                  : rules->pipeline_classes[i].strip_m);
    return most_m;
}

static void need_rules(struct proof_needs *needs)
{
    const struct rules *rules = needs->world->rules;
    proof_need_rules(needs, "pipeline_methods.csv", NULL);
    proof_need_rules(needs, "pipeline_classes.csv", NULL);
    proof_need_rules(needs, "pipeline_places.csv", NULL);
    for (size_t i = 0; i < rules->n_pipeline_classes; i++)
        proof_need_rules(needs, "target_classes.csv", rules->pipeline_classes[i].target);
    for (size_t i = 0; i < rules->n_pipeline_places; i++)
        proof_need_rules(needs, "target_classes.csv", rules->pipeline_places[i].target);
}

/* The people of an outline may stand for its households. */
static enum err_code need_near(struct proof_needs *needs, enum layer_id layer, uint32_t row,
                               const struct edges *line, double reach_m, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct geom *geom = world_geom(needs->world, layer, row);
    struct arena_mark mark = arena_mark(needs->arena);
    struct edges edges;
    struct closest closest;
    TRY(edges_build(geom, needs->arena, &edges, err));
    distance_edges(line, &edges, reach_m, &closest);
    arena_rewind(needs->arena, mark);
    if (!(closest.distance_m <= reach_m))
        return ERR_OK;
    if (needs->n_records > LIMIT_PROOF_RECORDS)
        return err_set(err, ERR_LIMIT, "it rests on more than %d records", LIMIT_PROOF_RECORDS);
    TRY(proof_need_record(needs, layer, row, err));
    if (layer == LAYER_PROTECTED)
        TRY(proof_need_cells(needs, geom, err));
done:
    return code;
}

/* Records near any stretch of the line. */
static enum err_code need_layer(struct proof_needs *needs, enum layer_id layer,
                                const struct geom *geom, const struct edges *line, double reach_m,
                                struct err *err)
{
    enum { STRETCH = 64 };
    enum err_code code = ERR_OK;
    bool *seen = arena_new(needs->arena, bool, world_count(needs->world, layer) + 1);
    if (!seen)
        return err_nomem(err);
    for (uint32_t from = 0; from < geom->n_points; from += STRETCH) {
        uint32_t n = geom->n_points - from < STRETCH + 1 ? geom->n_points - from : STRETCH + 1;
        struct box box = box_of_points(geom->points + from, n);
        uint32_t *rows = NULL;
        size_t n_rows = 0;
        TRY(world_search(needs->world, layer, ellipsoid_expand(box, reach_m), needs->arena, &rows,
                         &n_rows, err));
        for (size_t i = 0; i < n_rows; i++) {
            if (seen[rows[i]])
                continue;
            seen[rows[i]] = true;
            TRY(need_near(needs, layer, rows[i], line, reach_m, err));
        }
    }
done:
    return code;
}

enum err_code proof_need_pipeline(struct proof_needs *needs, size_t row, struct err *err)
{
    static const enum layer_id layers[] = {LAYER_ENTERPRISES, LAYER_FACILITIES, LAYER_PROTECTED,
                                           LAYER_AREAS, LAYER_INFRASTRUCTURE};
    enum err_code code = ERR_OK;
    const struct world *world = needs->world;
    const struct geom *geom = world_geom(world, LAYER_PIPELINES, row);
    double reach_m = pipeline_reach_m(world);
    struct edges line;
    struct geom strip;
    TRY(proof_need_record(needs, LAYER_PIPELINES, row, err));
    need_rules(needs);
    TRY(edges_build(geom, needs->arena, &line, err));
    for (size_t l = 0; l < sizeof layers / sizeof layers[0]; l++)
        TRY(need_layer(needs, layers[l], geom, &line, reach_m, err));
    TRY(overlay_buffer(needs->worker->overlay, geom, strip_m(world->rules) * 1.5 + 100,
                       STRIP_TOLERANCE_M, needs->arena, &strip, err));
    TRY(proof_need_cells(needs, &strip, err));
done:
    return code;
}

/* ---- claims ---- */

/* The members of a segment into an object that is open. */
static void write_segment(struct jw *jw, const struct segment *segment, struct arena *arena)
{
    size_t budget = LIMIT_PROOF_VERTICES;
    proof_write_fields(jw, LAYER_SEGMENTS, segment);
    jw_key(jw, "geometry");
    proof_write_geometry(jw, &segment->head.geom, &budget);
    jw_kv_string(jw, "formula",
                 proof_text(arena, "%s from %.3f m to %.3f m along the centre line: %s%s%s%s%s",
                            segment->kind, segment->from_m, segment->to_m,
                            segment->reason ? segment->reason : "",
                            segment->class ? "; class " : "", segment->class ? segment->class : "",
                            segment->could_be ? "; could be " : "",
                            segment->could_be ? segment->could_be : ""));
}

enum err_code proof_claim_pipeline(const struct world *world, struct worker *worker,
                                   const struct proof_question *question, struct jw *jw,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    bool one = question->kind == PROOF_SEGMENT;
    int64_t row = one ? proof_pipeline_of(world, question->id)
                      : world_find(world, LAYER_PIPELINES, question->id);
    struct segment *segments = NULL;
    size_t n = 0;
    TRY(worker_fit(worker, world, err));
    if (row >= 0) {
        const struct pipeline_question asked = {
            .world = world, .row = (uint32_t)row, .method = question->method};
        TRY(pipeline_segments_of(&asked, worker, &worker->arena, &segments, &n, err));
    }
    jw_object(jw);
    bool found = false;
    if (!one) {
        jw_key(jw, "segments");
        jw_array(jw);
    }
    for (size_t i = 0; i < n; i++) {
        if (one && !text_equal(segments[i].head.id, question->id))
            continue;
        found = true;
        if (!one)
            jw_object(jw);
        write_segment(jw, &segments[i], &worker->arena);
        if (!one)
            jw_end_object(jw);
    }
    if (!one)
        jw_end_array(jw);
    else if (!found)
        jw_kv_string(jw, "verdict", "none");
    jw_end_object(jw);
done:
    return code;
}
