/* answers_parts.c - the pieces that several answers share. */
#include "data/base/text.h"
#include "data/geom_json.h"
#include "geo/findings/reasons.h"
#include "geo/findings/finding_view.h"
#include "geo/grades/grade_reasons.h"
#include "tiler/answers/answers.h"

#include <string.h>

enum { METRE_DECIMALS = 4, PERSON_DECIMALS = 3 };

void answer_grade_members(struct jw *jw, const struct grade_row *grade)
{
    jw_kv_integer(jw, "grade", grade ? grade->grade : 0);
    jw_kv_integer(jw, "could_be", grade ? grade->could_be : 0);
    jw_kv_integer(jw, "undecided", grade ? grade->undecided : 0);
}

void answer_grade(struct jw *jw, const struct grade_row *grade)
{
    jw_object(jw);
    answer_grade_members(jw, grade);
    jw_end_object(jw);
}

const char *answer_reasons(struct jw *jw, const struct world *world, struct worker *worker,
                           const struct grade_row *grade)
{
    const struct grade_words words = {.world = world, .worker = worker};
    const char *reasons = "[]";
    if (grade && (worker_fit(worker, world, NULL) != ERR_OK ||
                  grade_reasons(&words, grade, &worker->arena, &reasons, NULL) != ERR_OK)) {
        jw->out->failed = true;
        return "[]";
    }
    return reasons;
}

void answer_grade_why(struct jw *jw, const struct world *world, struct worker *worker,
                      const struct grade_row *grade)
{
    jw_object(jw);
    answer_grade_members(jw, grade);
    jw_kv_string(jw, "method", grade ? grade->method : NULL);
    jw_key(jw, "reasons");
    jw_raw(jw, answer_reasons(jw, world, worker, grade));
    jw_end_object(jw);
}

void answer_exposure(struct jw *jw, const struct exposure *exposure)
{
    jw_object(jw);
    jw_kv_fixed(jw, "persons", exposure->persons, PERSON_DECIMALS);
    jw_kv_fixed(jw, "low", exposure->low, PERSON_DECIMALS);
    jw_kv_fixed(jw, "high", exposure->high, PERSON_DECIMALS);
    jw_kv_fixed(jw, "area_m2", exposure->area_m2, 2);
    jw_kv_integer(jw, "cells", exposure->cells);
    jw_kv_fixed(jw, "densest_km2", exposure->densest_km2, 2);
    jw_kv_fixed(jw, "nodata_share", exposure->nodata_share, 6);
    jw_kv_fixed(jw, "cell_m", exposure->cell_m, 1);
    jw_end_object(jw);
}

void answer_rule(struct jw *jw, const char *id, const char *standard, const char *edition,
                 const char *clause, const char *confidence)
{
    jw_object(jw);
    jw_kv_string(jw, "id", id);
    jw_kv_string(jw, "standard", standard);
    jw_kv_string(jw, "edition", edition);
    jw_kv_string(jw, "clause", clause);
    jw_kv_string(jw, "confidence", confidence);
    jw_end_object(jw);
}

static void write_ends(struct jw *jw, struct lonlat a, struct lonlat b)
{
    jw_array(jw);
    geom_write_position(jw, a, GEOM_JSON_DECIMALS);
    geom_write_position(jw, b, GEOM_JSON_DECIMALS);
    jw_end_array(jw);
}

void answer_closest(struct jw *jw, const struct closest *closest)
{
    if (isnan(closest->distance_m))
        jw_null(jw);
    else
        write_ends(jw, closest->a, closest->b);
}

/* A conflict's shape is the line between the closest points, a point where they meet, or the
 * part of a zone that is in conflict, which has no closest points. */
static void write_conflict_ends(struct jw *jw, const struct geom *geom)
{
    if (geom->kind == GEOM_LINE && geom->n_points >= 2)
        write_ends(jw, geom->points[0], geom->points[geom->n_points - 1]);
    else if (geom->kind == GEOM_POINT && geom->n_points == 1)
        write_ends(jw, geom->points[0], geom->points[0]);
    else
        jw_null(jw);
}

static const struct record_head *head_of(const struct world *world, const char *layer,
                                         const char *id)
{
    enum layer_id found;
    if (!layer || !id || !layer_by_name(layer, &found))
        return NULL;
    int64_t row = world_find(world, found, id);
    return row < 0 ? NULL : world_record(world, found, (size_t)row);
}

/* Members "source" and "target" are "layer/id". */
static void write_ref(struct jw *jw, const char *key, const char *layer, const char *id,
                      struct arena *arena)
{
    const char *ref = layer && id ? arena_printf(arena, "%s/%s", layer, id) : NULL;
    if (layer && id && !ref)
        jw->out->failed = true;
    jw_kv_string(jw, key, ref);
}

void answer_conflict_members(struct jw *jw, const struct world *world, struct arena *arena,
                             const struct conflict_view *view)
{
    const struct conflict *conflict = &view->row;
    const struct record_head *plant = head_of(world, "enterprises", conflict->enterprise_id);
    const struct record_head *target = head_of(world, conflict->target_layer, conflict->target_id);
    jw_kv_string(jw, "id", conflict->head.id);
    jw_kv_string(jw, "kind", conflict->kind);
    jw_kv_string(jw, "verdict", conflict->verdict);
    jw_kv_integer(jw, "grade", conflict->grade == INT_ABSENT ? 0 : conflict->grade);
    jw_kv_string(jw, "enterprise_id", conflict->enterprise_id);
    jw_kv_string(jw, "enterprise_name", plant ? reasons_name(plant) : NULL);
    write_ref(jw, "source", conflict->source_layer, conflict->source_id, arena);
    write_ref(jw, "target", conflict->target_layer, conflict->target_id, arena);
    jw_kv_string(jw, "target_name", target ? reasons_name(target) : NULL);
    jw_kv_string(jw, "target_class", conflict->target_class);
    jw_key(jw, "rule");
    answer_rule(jw, conflict->rule_id, conflict->standard, conflict->edition, conflict->clause,
                conflict->confidence);
    jw_kv_fixed(jw, "distance_m", conflict->distance_m, METRE_DECIMALS);
    jw_kv_fixed(jw, "low_m", conflict->low_m, METRE_DECIMALS);
    jw_kv_fixed(jw, "high_m", conflict->high_m, METRE_DECIMALS);
    jw_kv_fixed(jw, "required_m", conflict->required_m, METRE_DECIMALS);
    jw_kv_fixed(jw, "margin_m", conflict->margin_m, METRE_DECIMALS);
    jw_kv_fixed(jw, "error_m", conflict->error_m, METRE_DECIMALS);
    jw_key(jw, "closest");
    write_conflict_ends(jw, &conflict->head.geom);
    jw_key(jw, "persons");
    if (isnan(conflict->persons)) {
        jw_null(jw);
    } else {
        jw_object(jw);
        jw_kv_fixed(jw, "value", conflict->persons, PERSON_DECIMALS);
        jw_kv_fixed(jw, "low", conflict->persons_low, PERSON_DECIMALS);
        jw_kv_fixed(jw, "high", conflict->persons_high, PERSON_DECIMALS);
        jw_end_object(jw);
    }
    jw_kv_fixed(jw, "area_m2", conflict->area_m2, 2);
    jw_kv_string(jw, "reason", conflict->reason);
    jw_kv_string(jw, "reason_zh", view->zh);
    jw_kv_string(jw, "decides", conflict->decides);
}

void answer_conflict(struct jw *jw, const struct world *world, struct worker *worker,
                     struct finding_ref ref)
{
    struct conflict_view view;
    struct arena_mark mark = arena_mark(&worker->arena);
    jw_object(jw);
    if (worker_fit(worker, world, NULL) == ERR_OK &&
        finding_view(world, worker, ref, &worker->arena, &view, NULL) == ERR_OK)
        answer_conflict_members(jw, world, &worker->arena, &view);
    else
        jw->out->failed = true;
    jw_end_object(jw);
    arena_rewind(&worker->arena, mark);
}

void answer_box(struct jw *jw, struct box box)
{
    if (box_is_empty(box)) {
        jw_null(jw);
        return;
    }
    jw_array(jw);
    jw_fixed(jw, box.west_deg, 8);
    jw_fixed(jw, box.south_deg, 8);
    jw_fixed(jw, box.east_deg, 8);
    jw_fixed(jw, box.north_deg, 8);
    jw_end_array(jw);
}

void answer_place(struct jw *jw, struct lonlat place)
{
    jw_kv_fixed(jw, "lon", place.lon_deg, 8);
    jw_kv_fixed(jw, "lat", place.lat_deg, 8);
}

void answer_zone(struct jw *jw, const struct zone *zone)
{
    jw_object(jw);
    jw_kv_string(jw, "id", zone->head.id);
    jw_kv_string(jw, "name", zone->head.name);
    jw_kv_string(jw, "enterprise_id", zone->enterprise_id);
    jw_kv_string(jw, "kind", zone->kind);
    jw_kv_real(jw, "value", zone->value);
    jw_kv_string(jw, "unit", zone->unit);
    jw_key(jw, "class");
    if (zone->class == INT_ABSENT)
        jw_null(jw);
    else
        jw_integer(jw, zone->class);
    jw_kv_string(jw, "standing", zone->standing ? zone->standing : "legal");
    jw_end_object(jw);
}

/* The latest run: ids are in the order of time, so it is the last. */
static const struct run *last_run(const struct world *world)
{
    size_t n = world_count(world, LAYER_RUNS);
    const struct run *last = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct run *run = world_record(world, LAYER_RUNS, i);
        if (!last || run->generation > last->generation)
            last = run;
    }
    return last;
}

static void copy_item(struct jw *jw, const struct json *item)
{
    const char *text = jr_text(item);
    if (text)
        jw_string(jw, text);
}

void answer_warnings(struct jw *jw, const struct world *world)
{
    const struct run *run = last_run(world);
    jw_array(jw);
    if (!run)
        jw_string(jw, "The store has not been assessed: everything is grey. Run `sisetu assess`.");
    else if (run->generation != INT_ABSENT && (uint64_t)run->generation != world->generation)
        jw_string(jw, "The data changed after the last assessment: grades and conflicts are older "
                      "than the layers. Run `sisetu assess`.");
    struct json *root = NULL;
    if (run && run->warnings &&
        jr_parse(run->warnings, strlen(run->warnings), &root, NULL) == ERR_OK)
        for (size_t i = 0; i < jr_count(root); i++)
            copy_item(jw, jr_item(root, i));
    jr_free(root);
    jw_end_array(jw);
}
