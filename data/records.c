#include "data/records.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define TEXT(type, member)                                                                         \
    {                                                                                              \
#member, FIELD_TEXT, offsetof(struct type, member)                                         \
    }
#define INTEGER(type, member)                                                                      \
    {                                                                                              \
#member, FIELD_INTEGER, offsetof(struct type, member)                                      \
    }
#define REAL(type, member)                                                                         \
    {                                                                                              \
#member, FIELD_REAL, offsetof(struct type, member)                                         \
    }
#define DATE(type, member)                                                                         \
    {                                                                                              \
#member, FIELD_DATE, offsetof(struct type, member)                                         \
    }
#define DATETIME(type, member)                                                                     \
    {                                                                                              \
#member, FIELD_DATETIME, offsetof(struct type, member)                                     \
    }

/* The head is the first member of each record, so its offsets hold for all of them. */
#define HEAD                                                                                       \
    TEXT(record_head, id), TEXT(record_head, name), TEXT(record_head, source),                     \
        INTEGER(record_head, source_row), DATETIME(record_head, imported),                         \
        REAL(record_head, accuracy_m), DATE(record_head, valid_from), DATE(record_head, valid_to)

static const struct field_binding admin_fields[] = {
    HEAD,
    TEXT(admin_unit, code),
    INTEGER(admin_unit, level),
    TEXT(admin_unit, parent),
    INTEGER(admin_unit, population),
};

static const struct field_binding enterprises_fields[] = {
    HEAD,
    TEXT(enterprise, credit_code),
    TEXT(enterprise, industry),
    TEXT(enterprise, kind),
    TEXT(enterprise, status),
    TEXT(enterprise, size),
    INTEGER(enterprise, declared_grade),
    REAL(enterprise, score_19),
    TEXT(enterprise, park_id),
    TEXT(enterprise, department),
    REAL(enterprise, radius_m),
    TEXT(enterprise, address),
    TEXT(enterprise, products),
    INTEGER(enterprise, staff),
    INTEGER(enterprise, untested_process),
    INTEGER(enterprise, no_formal_design),
    INTEGER(enterprise, uncertified_workers),
    INTEGER(enterprise, grave_accidents),
};

static const struct field_binding facilities_fields[] = {
    HEAD,
    TEXT(facility, enterprise_id),
    TEXT(facility, facility_type),
    TEXT(facility, kind),
    REAL(facility, total_m3),
    REAL(facility, single_m3),
    REAL(facility, store_t),
    REAL(facility, charge_kg),
    REAL(facility, wind_m_s),
    INTEGER(facility, grade),
    INTEGER(facility, fixed_roof),
    INTEGER(facility, underground),
};

static const struct field_binding inventory_fields[] = {
    HEAD,
    TEXT(inventory_item, enterprise_id),
    TEXT(inventory_item, unit),
    TEXT(inventory_item, unit_kind),
    TEXT(inventory_item, substance),
    TEXT(inventory_item, category),
    REAL(inventory_item, q_t),
};

static const struct field_binding zones_fields[] = {
    HEAD,
    TEXT(zone, enterprise_id),
    TEXT(zone, kind),
    REAL(zone, value),
    TEXT(zone, unit),
    INTEGER(zone, class),
    REAL(zone, freq_per_year),
    TEXT(zone, standing),
};

static const struct field_binding pipelines_fields[] = {
    HEAD,
    TEXT(pipeline, enterprise_id),
    TEXT(pipeline, medium),
    TEXT(pipeline, pipe_class),
    TEXT(pipeline, status),
    REAL(pipeline, diameter_mm),
    REAL(pipeline, pressure_mpa),
    REAL(pipeline, gas_factor),
    INTEGER(pipeline, buried),
    REAL(pipeline, start_m),
};

static const struct field_binding protected_fields[] = {
    HEAD,
    TEXT(protected_target, target_class),
    TEXT(protected_target, use),
    INTEGER(protected_target, persons),
    INTEGER(protected_target, households),
    REAL(protected_target, floor_area_m2),
    INTEGER(protected_target, beds),
    INTEGER(protected_target, peak_persons),
    INTEGER(protected_target, storeys),
    INTEGER(protected_target, fire_rating),
};

static const struct field_binding areas_fields[] = {
    HEAD, TEXT(area, kind), INTEGER(area, grade), REAL(area, score), DATE(area, assessed),
};

static const struct field_binding infrastructure_fields[] = {
    HEAD,
    TEXT(infrastructure, kind),
    TEXT(infrastructure, class),
    REAL(infrastructure, width_m),
};

static const struct field_binding hidden_dangers_fields[] = {
    HEAD,
    TEXT(hidden_danger, enterprise_id),
    INTEGER(hidden_danger, level),
    TEXT(hidden_danger, state),
    DATE(hidden_danger, found),
    DATE(hidden_danger, due),
    DATE(hidden_danger, closed),
    TEXT(hidden_danger, supervised_by),
};

static const struct field_binding resources_fields[] = {
    HEAD,
    TEXT(resource, kind),
    TEXT(resource, grade),
    REAL(resource, capacity),
    TEXT(resource, contact),
};

static const struct field_binding scenarios_fields[] = {
    HEAD,
    TEXT(scenario, enterprise_id),
    TEXT(scenario, kind),
    REAL(scenario, freq_per_year),
    REAL(scenario, fatalities),
    REAL(scenario, lethality),
};

static const struct field_binding census_fields[] = {
    HEAD,
    REAL(census_area, persons),
};

static const struct field_binding conflicts_fields[] = {
    HEAD,
    TEXT(conflict, kind),
    TEXT(conflict, verdict),
    INTEGER(conflict, grade),
    TEXT(conflict, enterprise_id),
    TEXT(conflict, source_layer),
    TEXT(conflict, source_id),
    TEXT(conflict, target_layer),
    TEXT(conflict, target_id),
    TEXT(conflict, target_class),
    TEXT(conflict, rule_id),
    TEXT(conflict, standard),
    TEXT(conflict, edition),
    TEXT(conflict, clause),
    TEXT(conflict, confidence),
    REAL(conflict, distance_m),
    REAL(conflict, low_m),
    REAL(conflict, high_m),
    REAL(conflict, required_m),
    REAL(conflict, margin_m),
    REAL(conflict, error_m),
    REAL(conflict, persons),
    REAL(conflict, persons_low),
    REAL(conflict, persons_high),
    REAL(conflict, area_m2),
    TEXT(conflict, reason),
    TEXT(conflict, decides),
    INTEGER(conflict, generation),
};

static const struct field_binding segments_fields[] = {
    HEAD,
    TEXT(segment, pipeline_id),
    TEXT(segment, kind),
    TEXT(segment, method),
    TEXT(segment, class),
    TEXT(segment, could_be),
    REAL(segment, from_m),
    REAL(segment, to_m),
    REAL(segment, households),
    REAL(segment, buildings),
    REAL(segment, persons),
    REAL(segment, radius_m),
    REAL(segment, distance_m),
    REAL(segment, angle_deg),
    TEXT(segment, target_layer),
    TEXT(segment, target_id),
    TEXT(segment, rule_id),
    TEXT(segment, standard),
    TEXT(segment, edition),
    TEXT(segment, clause),
    TEXT(segment, confidence),
    TEXT(segment, verdict),
    INTEGER(segment, estimate),
    TEXT(segment, reason),
    TEXT(segment, decides),
    INTEGER(segment, generation),
};

static const struct field_binding grades_fields[] = {
    HEAD,
    TEXT(grade_row, subject),
    TEXT(grade_row, subject_id),
    TEXT(grade_row, method),
    INTEGER(grade_row, grade),
    INTEGER(grade_row, could_be),
    INTEGER(grade_row, undecided),
    REAL(grade_row, persons),
    INTEGER(grade_row, n_red),
    INTEGER(grade_row, n_orange),
    INTEGER(grade_row, n_yellow),
    INTEGER(grade_row, n_blue),
    INTEGER(grade_row, n_grey),
    REAL(grade_row, value),
    TEXT(grade_row, reasons),
    INTEGER(grade_row, generation),
};

static const struct field_binding runs_fields[] = {
    HEAD,
    DATE(run, as_of),
    TEXT(run, rules_hash),
    DATETIME(run, started),
    DATETIME(run, finished),
    TEXT(run, warnings),
    INTEGER(run, generation),
};

#define BINDING(constant, name, type)                                                              \
    [constant] = {constant, #name, sizeof(struct type), name##_fields,                             \
                  sizeof name##_fields / sizeof name##_fields[0]}

static const struct layer_binding bindings[LAYER_COUNT] = {
    BINDING(LAYER_ADMIN, admin, admin_unit),
    BINDING(LAYER_ENTERPRISES, enterprises, enterprise),
    BINDING(LAYER_FACILITIES, facilities, facility),
    BINDING(LAYER_INVENTORY, inventory, inventory_item),
    BINDING(LAYER_ZONES, zones, zone),
    BINDING(LAYER_PIPELINES, pipelines, pipeline),
    BINDING(LAYER_PROTECTED, protected, protected_target),
    BINDING(LAYER_AREAS, areas, area),
    BINDING(LAYER_INFRASTRUCTURE, infrastructure, infrastructure),
    BINDING(LAYER_HIDDEN_DANGERS, hidden_dangers, hidden_danger),
    BINDING(LAYER_RESOURCES, resources, resource),
    BINDING(LAYER_SCENARIOS, scenarios, scenario),
    BINDING(LAYER_CENSUS, census, census_area),
    [LAYER_POPULATION] = {LAYER_POPULATION, "population", 0, NULL, 0},
    BINDING(LAYER_CONFLICTS, conflicts, conflict),
    BINDING(LAYER_SEGMENTS, segments, segment),
    BINDING(LAYER_GRADES, grades, grade_row),
    BINDING(LAYER_RUNS, runs, run),
};

const struct layer_binding *records_binding(enum layer_id layer)
{
    return &bindings[layer];
}

const char *layer_name(enum layer_id layer)
{
    return bindings[layer].name;
}

bool layer_by_name(const char *name, enum layer_id *out)
{
    for (int i = 0; i < LAYER_COUNT; i++) {
        if (strcmp(bindings[i].name, name) == 0) {
            *out = bindings[i].layer;
            return true;
        }
    }
    return false;
}

const struct field_binding *records_field(enum layer_id layer, const char *field)
{
    const struct layer_binding *binding = &bindings[layer];
    for (size_t i = 0; i < binding->n_fields; i++)
        if (strcmp(binding->fields[i].name, field) == 0)
            return &binding->fields[i];
    return NULL;
}

/* Members are read and set by memcpy: whatever the type, the bytes lie at the offset. */
static const char *at(const void *record, const struct field_binding *field)
{
    return (const char *)record + field->offset;
}

const char *record_text(const void *record, const struct field_binding *field)
{
    const char *text = NULL;
    if (field->type == FIELD_TEXT || field->type == FIELD_DATETIME)
        memcpy(&text, at(record, field), sizeof text);
    return text;
}

int32_t record_integer(const void *record, const struct field_binding *field)
{
    int32_t value = INT_ABSENT;
    if (field->type == FIELD_INTEGER || field->type == FIELD_DATE)
        memcpy(&value, at(record, field), sizeof value);
    return value;
}

double record_real(const void *record, const struct field_binding *field)
{
    if (field->type == FIELD_REAL) {
        double value;
        memcpy(&value, at(record, field), sizeof value);
        return value;
    }
    int32_t value = record_integer(record, field);
    return value == INT_ABSENT ? (double)NAN : value;
}

bool record_is_absent(const void *record, const struct field_binding *field)
{
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_DATETIME:
        return record_text(record, field) == NULL;
    case FIELD_REAL:
        return isnan(record_real(record, field));
    case FIELD_INTEGER:
    case FIELD_DATE:
        return record_integer(record, field) == INT_ABSENT;
    }
    return true;
}

void record_clear(enum layer_id layer, void *record)
{
    const struct layer_binding *binding = &bindings[layer];
    static const double no_real = NAN;
    static const int32_t no_integer = INT_ABSENT;
    memset(record, 0, binding->record_bytes);
    for (size_t i = 0; i < binding->n_fields; i++) {
        char *member = (char *)record + binding->fields[i].offset;
        if (binding->fields[i].type == FIELD_REAL)
            memcpy(member, &no_real, sizeof no_real);
        else if (binding->fields[i].type == FIELD_INTEGER || binding->fields[i].type == FIELD_DATE)
            memcpy(member, &no_integer, sizeof no_integer);
    }
    if (binding->record_bytes)
        ((struct record_head *)record)->geom.box = box_empty();
}

enum err_code record_copy(enum layer_id layer, const void *from, struct arena *arena, void *out,
                          struct err *err)
{
    const struct layer_binding *binding = &bindings[layer];
    const struct record_head *head = from;
    struct record_head *made = out;
    memcpy(out, from, binding->record_bytes);
    for (size_t i = 0; i < binding->n_fields; i++) {
        const struct field_binding *field = &binding->fields[i];
        if (field->type != FIELD_TEXT && field->type != FIELD_DATETIME)
            continue;
        const char *text = record_text(from, field);
        const char *copy = text ? arena_strdup(arena, text) : NULL;
        if (text && !copy)
            return err_nomem(err);
        memcpy((char *)out + field->offset, &copy, sizeof copy);
    }
    return geom_copy(&head->geom, arena, &made->geom, err);
}

const struct record_head *record_at(enum layer_id layer, const void *records, size_t i)
{
    return (const struct record_head *)((const char *)records + i * bindings[layer].record_bytes);
}

bool record_holds(const struct record_head *head, int32_t yyyymmdd)
{
    return (head->valid_from == INT_ABSENT || head->valid_from <= yyyymmdd) &&
           (head->valid_to == INT_ABSENT || yyyymmdd <= head->valid_to);
}
