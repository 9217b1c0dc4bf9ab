/* answers_place.c - what is here, and how units are. */
#include "data/base/text.h"
#include "geo/findings/reasons.h"
#include "geo/grades/rollup.h"
#include "tiler/answers/answers.h"
#include "tiler/answers/geojson.h"

#include <string.h>

enum { PLANTS_OF_A_UNIT = 50, REASONS_OF_A_UNIT = 10 };

/* ---- what is here ---- */

static void write_conflicts(struct jw *jw, const struct world *world, struct worker *worker,
                            const struct finding_ref *refs, size_t n)
{
    jw_array(jw);
    for (size_t i = 0; i < n; i++)
        answer_conflict(jw, world, worker, refs[i]);
    jw_end_array(jw);
}

static void write_near_plants(struct jw *jw, const struct world *world, struct worker *worker,
                              const struct at_answer *at)
{
    jw_array(jw);
    for (size_t i = 0; i < at->n_near; i++) {
        const struct enterprise *plant = world_enterprise(world, at->near[i].row);
        jw_object(jw);
        jw_kv_string(jw, "id", plant->head.id);
        jw_kv_string(jw, "name", plant->head.name);
        jw_kv_fixed(jw, "distance_m", at->near[i].closest.distance_m, 4);
        answer_place(jw, near_place(&plant->head.geom));
        jw_key(jw, "grade");
        answer_grade_why(jw, world, worker, world_grade(world, "enterprise", plant->head.id, NULL));
        jw_end_object(jw);
    }
    jw_end_array(jw);
}

static void write_units_here(struct jw *jw, const struct world *world, struct worker *worker,
                             const struct at_answer *at)
{
    jw_array(jw);
    for (int32_t level = 1; level <= 4; level++) {
        const struct admin_unit *unit = at->units[level];
        if (!unit)
            continue;
        jw_object(jw);
        jw_kv_string(jw, "code", unit->code);
        jw_kv_string(jw, "name", unit->head.name);
        jw_kv_integer(jw, "level", level);
        jw_key(jw, "grade");
        answer_grade_why(jw, world, worker, at->unit_grades[level]);
        jw_end_object(jw);
    }
    jw_end_array(jw);
}

void answer_at(struct jw *jw, const struct world *world, struct worker *worker,
               const struct at_answer *at)
{
    jw_object(jw);
    answer_place(jw, at->point);
    jw_kv_real(jw, "radius_m", at->radius_m);
    jw_key(jw, "units");
    write_units_here(jw, world, worker, at);
    jw_key(jw, "cell");
    if (at->cell) {
        jw_object(jw);
        jw_kv_string(jw, "id", at->cell->subject_id);
        jw_key(jw, "grade");
        answer_grade_why(jw, world, worker, at->cell);
        jw_end_object(jw);
    } else {
        jw_null(jw);
    }
    jw_key(jw, "zones");
    jw_array(jw);
    for (size_t i = 0; i < at->n_zones; i++)
        answer_zone(jw, world_zone(world, at->zones[i]));
    jw_end_array(jw);
    jw_key(jw, "areas");
    jw_array(jw);
    for (size_t i = 0; i < at->n_areas; i++) {
        const struct area *area = world_area(world, at->areas[i]);
        jw_object(jw);
        jw_kv_string(jw, "id", area->head.id);
        jw_kv_string(jw, "name", area->head.name);
        jw_kv_string(jw, "kind", area->kind);
        jw_end_object(jw);
    }
    jw_end_array(jw);
    jw_key(jw, "enterprises");
    write_near_plants(jw, world, worker, at);
    jw_key(jw, "conflicts");
    write_conflicts(jw, world, worker, at->conflicts, at->n_conflicts);
    jw_kv_fixed(jw, "density_km2", at->density_km2, 2);
    jw_key(jw, "exposure");
    answer_exposure(jw, &at->exposure);
    jw_key(jw, "warnings");
    answer_warnings(jw, world);
    jw_end_object(jw);
}

/* ---- units ---- */

static void write_counts(struct jw *jw, const struct grade_row *grade)
{
    jw_object(jw);
    jw_kv_integer(jw, "red", grade && grade->n_red > 0 ? grade->n_red : 0);
    jw_kv_integer(jw, "orange", grade && grade->n_orange > 0 ? grade->n_orange : 0);
    jw_kv_integer(jw, "yellow", grade && grade->n_yellow > 0 ? grade->n_yellow : 0);
    jw_kv_integer(jw, "blue", grade && grade->n_blue > 0 ? grade->n_blue : 0);
    jw_kv_integer(jw, "grey", grade && grade->n_grey > 0 ? grade->n_grey : 0);
    jw_end_object(jw);
}

static void write_unit_members(struct jw *jw, const struct admin_unit *unit,
                               const struct grade_row *grade)
{
    jw_kv_string(jw, "code", unit->code);
    jw_kv_string(jw, "name", unit->head.name);
    jw_kv_integer(jw, "level", unit->level);
    jw_kv_string(jw, "parent", unit->parent);
    jw_key(jw, "population");
    if (unit->population == INT_ABSENT)
        jw_null(jw);
    else
        jw_integer(jw, unit->population);
    jw_key(jw, "bbox");
    answer_box(jw, unit->head.geom.box);
    jw_key(jw, "grade");
    jw_object(jw);
    answer_grade_members(jw, grade);
    jw_kv_string(jw, "method", grade ? grade->method : "share");
    jw_end_object(jw);
    jw_key(jw, "counts");
    write_counts(jw, grade);
}

static const struct grade_row *unit_grade(const struct world *world, const struct admin_unit *unit)
{
    return world_grade(world, rollup_subject(unit->level), unit->code, NULL);
}

void answer_units(struct jw *jw, const struct world *world)
{
    /* By code, whatever the level: a merge of the levels' own orders. */
    const uint32_t *rows[5];
    size_t n[5], at[5] = {0};
    for (int32_t level = 1; level <= 4; level++)
        world_units(world, level, &rows[level], &n[level]);
    jw_object(jw);
    jw_key(jw, "units");
    jw_array(jw);
    for (;;) {
        const struct admin_unit *next = NULL;
        int32_t from = 0;
        for (int32_t level = 1; level <= 4; level++) {
            if (at[level] == n[level])
                continue;
            const struct admin_unit *unit = world_admin(world, rows[level][at[level]]);
            if (!next || strcmp(unit->code, next->code) < 0) {
                next = unit;
                from = level;
            }
        }
        if (!next)
            break;
        at[from]++;
        jw_object(jw);
        write_unit_members(jw, next, unit_grade(world, next));
        jw_end_object(jw);
    }
    jw_end_array(jw);
    jw_end_object(jw);
}

/* The first of the reasons, which come weightiest first. */
static void write_top_reasons(struct jw *jw, const char *reasons)
{
    struct json *root = NULL;
    struct buf one;
    buf_init(&one);
    jw_array(jw);
    if (jr_parse(reasons, strlen(reasons), &root, NULL) == ERR_OK)
        for (size_t i = 0; i < jr_count(root) && i < REASONS_OF_A_UNIT; i++) {
            buf_clear(&one);
            jr_write_canonical(jr_item(root, i), &one);
            jw_raw(jw, buf_text(&one));
        }
    jw_end_array(jw);
    jr_free(root);
    buf_release(&one);
}

void answer_unit(struct jw *jw, const struct world *world, struct worker *worker,
                 const struct unit_answer *unit)
{
    static const char *const methods[] = {"share", "worst", "index"};
    jw_object(jw);
    write_unit_members(jw, unit->unit, unit->grades[0]);
    jw_key(jw, "methods");
    jw_object(jw);
    for (size_t i = 0; i < 3; i++) {
        jw_key(jw, methods[i]);
        if (unit->grades[i])
            answer_grade_why(jw, world, worker, unit->grades[i]);
        else
            jw_null(jw);
    }
    jw_end_object(jw);
    jw_key(jw, "exposure");
    answer_exposure(jw, &unit->exposure);
    jw_key(jw, "conflicts");
    jw_object(jw);
    jw_kv_integer(jw, "conflict", (int64_t)unit->n_conflicts);
    jw_kv_integer(jw, "undecided", (int64_t)unit->n_undecided);
    jw_end_object(jw);
    jw_key(jw, "reasons");
    write_top_reasons(jw, answer_reasons(jw, world, worker, unit->grades[0]));
    jw_key(jw, "children");
    jw_array(jw);
    for (size_t i = 0; i < unit->n_children; i++) {
        const struct grade_row *grade = unit_grade(world, unit->children[i]);
        jw_object(jw);
        jw_kv_string(jw, "code", unit->children[i]->code);
        jw_kv_string(jw, "name", unit->children[i]->head.name);
        jw_kv_integer(jw, "grade", grade ? grade->grade : 0);
        jw_end_object(jw);
    }
    jw_end_array(jw);
    jw_key(jw, "enterprises");
    jw_array(jw);
    for (size_t i = 0; i < unit->n_enterprises && i < PLANTS_OF_A_UNIT; i++) {
        const struct enterprise *plant = world_enterprise(world, unit->enterprises[i]);
        jw_object(jw);
        jw_kv_string(jw, "id", plant->head.id);
        jw_kv_string(jw, "name", plant->head.name);
        answer_place(jw, near_place(&plant->head.geom));
        jw_key(jw, "grade");
        answer_grade(jw, world_grade(world, "enterprise", plant->head.id, NULL));
        jw_end_object(jw);
    }
    jw_end_array(jw);
    jw_end_object(jw);
}
