/* answers_plant.c - a plant, and the lists of plants and of conflicts in pages. */
#include "data/base/text.h"
#include "data/geom_json.h"
#include "geo/findings/reasons.h"
#include "geo/findings/finding_view.h"
#include "tiler/answers/answers.h"

#include <stdlib.h>
#include <string.h>

static void write_optional(struct jw *jw, const char *key, int32_t value)
{
    jw_key(jw, key);
    if (value == INT_ABSENT)
        jw_null(jw);
    else
        jw_integer(jw, value);
}

/* The worst level of the plant's hazard units as the assessment graded them; 0: none. A unit
 * is "enterprise/unit" among grades, "*" where the inventory names none (hazard.h). */
static int32_t hazard_level(const struct world *world, struct arena *arena,
                            const char *enterprise_id)
{
    const uint32_t *rows;
    size_t n;
    int32_t worst = 0;
    world_of_enterprise(world, LAYER_INVENTORY, enterprise_id, &rows, &n);
    for (size_t i = 0; i < n; i++) {
        const char *unit = world_inventory(world, rows[i])->unit;
        const char *id = arena_printf(arena, "%s/%s", enterprise_id, unit && *unit ? unit : "*");
        const struct grade_row *row = id ? world_grade(world, "hazard_unit", id, NULL) : NULL;
        if (row && row->grade > 0 && (worst == 0 || row->grade < worst))
            worst = row->grade;
    }
    return worst;
}

/* What the list and the single answer have in common. */
static void write_members(struct jw *jw, const struct world *world, const struct enterprise *plant,
                          struct lonlat place, const struct admin_unit *unit)
{
    jw_kv_string(jw, "id", plant->head.id);
    jw_kv_string(jw, "name", plant->head.name);
    answer_place(jw, place);
    jw_kv_string(jw, "unit", unit ? unit->code : NULL);
    jw_kv_string(jw, "unit_name", unit ? unit->head.name : NULL);
    const struct industry *industry = rules_industry(world->rules, plant->industry);
    jw_kv_string(jw, "industry", plant->industry);
    jw_kv_string(jw, "industry_zh", industry ? industry->name_zh : NULL);
    jw_kv_string(jw, "industry_en", industry ? industry->name_en : NULL);
    jw_kv_string(jw, "kind", plant->kind);
    jw_kv_string(jw, "status", plant->status ? plant->status : "operating");
}

/* ---- one plant ---- */

/* Every other field of schema.csv that the plant has. */
static void write_fields(struct jw *jw, const struct enterprise *plant)
{
    static const char *const told[] = {"id", "name", "industry", "kind", "status", NULL};
    const struct layer_binding *binding = records_binding(LAYER_ENTERPRISES);
    for (size_t i = 0; i < binding->n_fields; i++) {
        const struct field_binding *field = &binding->fields[i];
        bool skip = record_is_absent(plant, field);
        for (size_t k = 0; told[k]; k++)
            skip = skip || strcmp(field->name, told[k]) == 0;
        if (skip)
            continue;
        char date[TEXT_DATE_BYTES];
        switch (field->type) {
        case FIELD_TEXT:
        case FIELD_DATETIME:
            jw_kv_string(jw, field->name, record_text(plant, field));
            break;
        case FIELD_INTEGER:
            jw_kv_integer(jw, field->name, record_integer(plant, field));
            break;
        case FIELD_REAL:
            jw_kv_real(jw, field->name, record_real(plant, field));
            break;
        case FIELD_DATE:
            text_from_date(record_integer(plant, field), date);
            jw_kv_string(jw, field->name, date);
            break;
        }
    }
}

static void write_hazard(struct jw *jw, const struct hazard *hazard)
{
    jw_object(jw);
    jw_kv_integer(jw, "level", hazard->level);
    jw_kv_integer(jw, "could_be", hazard->could_be);
    jw_key(jw, "units");
    jw_array(jw);
    for (size_t i = 0; i < hazard->n_units; i++) {
        const struct hazard_unit *unit = &hazard->units[i];
        jw_object(jw);
        jw_kv_string(jw, "unit", unit->unit);
        jw_kv_fixed(jw, "S", unit->s, 6);
        jw_kv_fixed(jw, "S_high", unit->s_high, 6);
        jw_kv_fixed(jw, "R", unit->r, 6);
        jw_kv_fixed(jw, "R_high", unit->r_high, 6);
        jw_kv_real(jw, "alpha", hazard->alpha);
        jw_kv_real(jw, "alpha_high", hazard->alpha_high);
        jw_kv_integer(jw, "level", unit->level);
        jw_kv_integer(jw, "could_be", unit->could_be);
        jw_kv_bool(jw, "undecided", unit->undecided);
        jw_key(jw, "persons_500_m");
        jw_object(jw);
        jw_kv_fixed(jw, "value", hazard->around.persons, 3);
        jw_kv_fixed(jw, "low", hazard->around.low, 3);
        jw_kv_fixed(jw, "high", hazard->around.high, 3);
        jw_end_object(jw);
        jw_end_object(jw);
    }
    jw_end_array(jw);
    jw_end_object(jw);
}

static void write_parts(struct jw *jw, const struct world *world,
                        const struct enterprise_answer *answer)
{
    jw_key(jw, "facilities");
    jw_array(jw);
    for (size_t i = 0; i < answer->n_facilities; i++) {
        const struct facility *facility = world_facility(world, answer->facilities[i]);
        jw_object(jw);
        jw_kv_string(jw, "id", facility->head.id);
        jw_kv_string(jw, "name", facility->head.name);
        jw_kv_string(jw, "facility_type", facility->facility_type);
        jw_end_object(jw);
    }
    jw_end_array(jw);
    jw_key(jw, "inventory");
    jw_array(jw);
    for (size_t i = 0; i < answer->n_inventory; i++) {
        const struct inventory_item *item = world_inventory(world, answer->inventory[i]);
        jw_object(jw);
        jw_kv_string(jw, "unit", item->unit);
        jw_kv_string(jw, "substance", item->substance);
        jw_kv_string(jw, "category", item->category);
        jw_kv_real(jw, "q_t", item->q_t);
        jw_end_object(jw);
    }
    jw_end_array(jw);
    jw_key(jw, "zones");
    jw_array(jw);
    for (size_t i = 0; i < answer->n_zones; i++)
        answer_zone(jw, world_zone(world, answer->zones[i]));
    jw_end_array(jw);
    const uint32_t *rows;
    size_t n;
    world_of_enterprise(world, LAYER_SCENARIOS, answer->enterprise->head.id, &rows, &n);
    jw_kv_integer(jw, "scenarios", (int64_t)n);
}

void answer_enterprise(struct jw *jw, const struct world *world, struct worker *worker,
                       const struct enterprise_answer *answer)
{
    const struct enterprise *plant = answer->enterprise;
    jw_object(jw);
    write_members(jw, world, plant, answer->place, answer->unit);
    write_fields(jw, plant);
    jw_key(jw, "grade");
    answer_grade_why(jw, world, worker, answer->grade);
    jw_key(jw, "hazard_level");
    if (answer->hazard.level > 0)
        jw_integer(jw, answer->hazard.level);
    else
        jw_null(jw);
    jw_key(jw, "hazard");
    write_hazard(jw, &answer->hazard);
    jw_key(jw, "conflicts");
    jw_array(jw);
    for (size_t i = 0; i < answer->n_conflicts; i++)
        answer_conflict(jw, world, worker, answer->conflicts[i]);
    jw_end_array(jw);
    write_parts(jw, world, answer);
    jw_key(jw, "exposure_500_m");
    answer_exposure(jw, &answer->exposure);
    jw_key(jw, "geometry");
    geom_write_json(jw, &plant->head.geom, GEOM_JSON_DECIMALS);
    jw_end_object(jw);
}

/* ---- plants in pages ---- */

/* A token is "rank:id" of the last row that was given, so that it stays right when rows
 * come or go. */
static enum err_code parse_after(const char *after, int32_t *rank, const char **id, struct err *err)
{
    *rank = 0;
    *id = NULL;
    if (!after)
        return ERR_OK;
    if (after[0] < '1' || after[0] > '5' || after[1] != ':' || after[2] == '\0')
        return err_set(err, ERR_USAGE,
                       "parameter after \"%s\" is not the \"next\" of an earlier page", after);
    *rank = after[0] - '0';
    *id = after + 2;
    return ERR_OK;
}

static enum err_code candidate_plants(const struct world *world, struct arena *arena,
                                      const char *unit_code, uint32_t **rows, size_t *n,
                                      struct err *err)
{
    if (unit_code) {
        int64_t unit = world_unit(world, unit_code);
        if (unit < 0)
            return err_set(err, ERR_NOT_FOUND, "no unit has the code \"%s\"", unit_code);
        return query_enterprises_of_unit(world, world_admin(world, (size_t)unit), arena, rows, n,
                                         err);
    }
    *n = world_count(world, LAYER_ENTERPRISES);
    *rows = arena_new(arena, uint32_t, *n);
    if (!*rows)
        return err_nomem(err);
    for (size_t i = 0; i < *n; i++)
        (*rows)[i] = (uint32_t)i;
    return ERR_OK;
}

static void write_plant(struct jw *jw, const struct world *world, struct arena *arena, uint32_t row)
{
    const struct enterprise *plant = world_enterprise(world, row);
    struct lonlat place = near_place(&plant->head.geom);
    int32_t level = hazard_level(world, arena, plant->head.id);
    jw_object(jw);
    write_members(jw, world, plant, place, near_unit(world, place));
    jw_key(jw, "grade");
    answer_grade(jw, world_grade(world, "enterprise", plant->head.id, NULL));
    write_optional(jw, "hazard_level", level > 0 ? level : INT_ABSENT);
    jw_end_object(jw);
}

enum err_code answer_enterprises(struct jw *jw, const struct world *world, struct worker *worker,
                                 const struct list_question *question, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t *rows = NULL;
    size_t n = 0;
    int32_t after_rank = 0;
    const char *after_id = NULL;
    TRY(parse_after(question->after, &after_rank, &after_id, err));
    TRY(candidate_plants(world, &worker->arena, question->unit, &rows, &n, err));
    query_sort_enterprises(world, rows, n);
    size_t given = 0;
    int64_t last = -1;
    bool more = false;
    jw_object(jw);
    jw_key(jw, "enterprises");
    jw_array(jw);
    for (size_t i = 0; i < n && !more; i++) {
        int32_t rank = query_grade_rank(world, rows[i]);
        const char *id = world_enterprise(world, rows[i])->head.id;
        if (!question->grades[rank % 5])
            continue;
        if (after_id && (rank < after_rank || (rank == after_rank && strcmp(id, after_id) <= 0)))
            continue;
        more = given == question->limit;
        if (more)
            break;
        write_plant(jw, world, &worker->arena, rows[i]);
        last = rows[i];
        given++;
    }
    jw_end_array(jw);
    const char *next =
        more && last >= 0
            ? arena_printf(&worker->arena, "%d:%s", (int)query_grade_rank(world, (uint32_t)last),
                           world_enterprise(world, (size_t)last)->head.id)
            : NULL;
    jw_kv_string(jw, "next", next);
    jw_end_object(jw);
done:
    return code;
}

/* ---- conflicts in pages ---- */

/* Marks the enterprises of a unit; NULL without one. */
static enum err_code mark_unit(const struct world *world, struct arena *arena,
                               const char *code_text, bool **inside, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t *rows = NULL;
    size_t n = 0;
    *inside = NULL;
    if (!code_text)
        return ERR_OK;
    TRY(candidate_plants(world, arena, code_text, &rows, &n, err));
    *inside = arena_new(arena, bool, world_count(world, LAYER_ENTERPRISES) + 1);
    if (!*inside)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++)
        (*inside)[rows[i]] = true;
done:
    return code;
}

/* The conflicts that a question asks for, one after another. */
struct conflict_pages {
    const struct world *world;
    const struct list_question *question;
    const bool *inside;        /* enterprises of the unit; NULL: all */
    struct finding_ref *found; /* those in the box, where one is asked for */
    size_t n_found;
    size_t next;
    struct finding_ref at;
};

static bool is_wanted(const struct conflict_pages *pages)
{
    const struct list_question *question = pages->question;
    const struct finding *finding = finding_at(pages->world, pages->at);
    if (!question->grades[finding->grade % 5])
        return false;
    if (question->verdict &&
        !text_equal(question->verdict, verdict_name((enum verdict)finding->verdict)))
        return false;
    if (!pages->inside)
        return true;
    int64_t plant = finding_enterprise(pages->world, pages->at);
    return plant >= 0 && pages->inside[plant];
}

static bool step(struct conflict_pages *pages)
{
    if (!pages->question->has_box)
        return findings_next(pages->world, &pages->at);
    if (pages->next == pages->n_found)
        return false;
    pages->at = pages->found[pages->next++];
    return true;
}

static bool next_conflict(struct conflict_pages *pages)
{
    while (step(pages))
        if (is_wanted(pages))
            return true;
    return false;
}

/* Goes to where the page before ended. */
static enum err_code begin_pages(struct conflict_pages *pages, struct worker *worker,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    const struct list_question *question = pages->question;
    struct finding_ref after;
    pages->at.layer = LAYER_COUNT;
    TRY(worker_fit(worker, pages->world, err));
    if (question->has_box)
        TRY(findings_search(pages->world, worker, question->box, &worker->arena, &pages->found,
                            &pages->n_found, err));
    if (!question->after)
        return ERR_OK;
    if (!findings_after(pages->world, question->after, &after))
        return err_set(err, ERR_USAGE, "after \"%s\" should be the \"next\" of the page before",
                       question->after);
    pages->at = after;
    while (pages->next < pages->n_found &&
           finding_ref_compare(pages->found[pages->next], after) <= 0)
        pages->next++;
done:
    return code;
}

static enum err_code write_feature(struct jw *jw, const struct world *world, struct worker *worker,
                                   struct finding_ref ref, struct err *err)
{
    enum err_code code = ERR_OK;
    struct conflict_view view;
    struct arena_mark mark = arena_mark(&worker->arena);
    TRY(finding_view(world, worker, ref, &worker->arena, &view, err));
    jw_object(jw);
    jw_kv_string(jw, "type", "Feature");
    jw_kv_string(jw, "id", view.row.head.id);
    jw_key(jw, "geometry");
    geom_write_json(jw, &view.row.head.geom, GEOM_JSON_DECIMALS);
    jw_key(jw, "properties");
    jw_object(jw);
    answer_conflict_members(jw, world, &worker->arena, &view);
    jw_end_object(jw);
    jw_end_object(jw);
done:
    arena_rewind(&worker->arena, mark);
    return code;
}

enum err_code answer_conflicts(struct jw *jw, const struct world *world, struct worker *worker,
                               const struct list_question *question, struct err *err)
{
    enum err_code code = ERR_OK;
    bool *inside = NULL;
    size_t given = 0;
    struct finding_ref last = {.layer = LAYER_COUNT};
    TRY(mark_unit(world, &worker->arena, question->unit, &inside, err));
    struct conflict_pages pages = {.world = world, .question = question, .inside = inside};
    TRY(begin_pages(&pages, worker, err));
    jw_object(jw);
    jw_kv_string(jw, "type", "FeatureCollection");
    jw_key(jw, "features");
    jw_array(jw);
    bool more = next_conflict(&pages);
    for (; more && given < question->limit; more = next_conflict(&pages)) {
        TRY(write_feature(jw, world, worker, pages.at, err));
        last = pages.at;
        given++;
    }
    jw_end_array(jw);
    jw_kv_integer(jw, "numberReturned", (int64_t)given);
    const char *next = more && given > 0 ? finding_id(world, last, &worker->arena) : NULL;
    jw_kv_string(jw, "next", next);
    jw_end_object(jw);
done:
    return code;
}
