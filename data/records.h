/*
 * records.h - the record types: one struct a layer, one member a field of schema.csv.
 *
 * schema.csv is the contract; these structs are its C face, and a unit test holds them
 * together. An absent value is NULL for text, NAN for a real number, INT_ABSENT for an
 * integer or a date. Dates are yyyymmdd.
 *
 * Owner: records and their texts belong to the arena that they were read into.
 */
#ifndef SISETU_DATA_RECORDS_H
#define SISETU_DATA_RECORDS_H

#include "data/geom.h"

#include <stdint.h>

#define INT_ABSENT INT32_MIN

/* One row a layer: constant, name in the store. The order is the order of import in reports and
 * of the tables in a new store; what is derived stands from LAYER_CONFLICTS on. */
#define LAYERS(X)                                                                                  \
    X(LAYER_ADMIN, admin)                                                                          \
    X(LAYER_ENTERPRISES, enterprises)                                                              \
    X(LAYER_FACILITIES, facilities)                                                                \
    X(LAYER_INVENTORY, inventory)                                                                  \
    X(LAYER_ZONES, zones)                                                                          \
    X(LAYER_PIPELINES, pipelines)                                                                  \
    X(LAYER_PROTECTED, protected)                                                                  \
    X(LAYER_AREAS, areas)                                                                          \
    X(LAYER_INFRASTRUCTURE, infrastructure)                                                        \
    X(LAYER_HIDDEN_DANGERS, hidden_dangers)                                                        \
    X(LAYER_RESOURCES, resources)                                                                  \
    X(LAYER_SCENARIOS, scenarios)                                                                  \
    X(LAYER_CENSUS, census)                                                                        \
    X(LAYER_POPULATION, population)                                                                \
    X(LAYER_CONFLICTS, conflicts)                                                                  \
    X(LAYER_SEGMENTS, segments)                                                                    \
    X(LAYER_GRADES, grades)                                                                        \
    X(LAYER_RUNS, runs)

enum layer_id {
#define LAYER_ENUM(constant, name) constant,
    LAYERS(LAYER_ENUM)
#undef LAYER_ENUM
        LAYER_COUNT
};

/* What every record has: its first member, so that a record can be read as a head. */
struct record_head {
    const char *id;
    const char *name;
    const char *source;
    int32_t source_row;
    const char *imported;
    double accuracy_m;
    int32_t valid_from;
    int32_t valid_to;
    struct geom geom; /* GEOM_NONE where the layer has none */
};

struct admin_unit {
    struct record_head head;
    const char *code;
    int32_t level;
    const char *parent;
    int32_t population;
};

struct enterprise {
    struct record_head head;
    const char *credit_code;
    const char *industry;
    const char *kind;
    const char *status;
    const char *size;
    int32_t declared_grade;
    double score_19;
    const char *park_id;
    const char *department;
    double radius_m;
    const char *address;
    const char *products;
    int32_t staff;
    int32_t untested_process;
    int32_t no_formal_design;
    int32_t uncertified_workers;
    int32_t grave_accidents;
};

struct facility {
    struct record_head head;
    const char *enterprise_id;
    const char *facility_type;
    const char *kind;
    double total_m3;
    double single_m3;
    double store_t;
    double charge_kg;
    double wind_m_s;
    int32_t grade;
    int32_t fixed_roof;
    int32_t underground;
};

struct inventory_item {
    struct record_head head;
    const char *enterprise_id;
    const char *unit;
    const char *unit_kind;
    const char *substance;
    const char *category;
    double q_t;
};

struct zone {
    struct record_head head;
    const char *enterprise_id;
    const char *kind;
    double value;
    const char *unit;
    int32_t class;
    double freq_per_year;
    const char *standing;
};

struct pipeline {
    struct record_head head;
    const char *enterprise_id;
    const char *medium;
    const char *pipe_class;
    const char *status;
    double diameter_mm;
    double pressure_mpa;
    double gas_factor;
    int32_t buried;
    double start_m;
};

struct protected_target {
    struct record_head head;
    const char *target_class;
    const char *use;
    int32_t persons;
    int32_t households;
    double floor_area_m2;
    int32_t beds;
    int32_t peak_persons;
    int32_t storeys;
    int32_t fire_rating;
};

struct area {
    struct record_head head;
    const char *kind;
    int32_t grade;
    double score;
    int32_t assessed;
};

struct infrastructure {
    struct record_head head;
    const char *kind;
    const char *class;
    double width_m;
};

struct hidden_danger {
    struct record_head head;
    const char *enterprise_id;
    int32_t level;
    const char *state;
    int32_t found;
    int32_t due;
    int32_t closed;
    const char *supervised_by;
};

struct resource {
    struct record_head head;
    const char *kind;
    const char *grade;
    double capacity;
    const char *contact;
};

struct scenario {
    struct record_head head;
    const char *enterprise_id;
    const char *kind;
    double freq_per_year;
    double fatalities;
    double lethality;
};

struct census_area {
    struct record_head head;
    double persons;
};

struct conflict {
    struct record_head head;
    const char *kind;
    const char *verdict;
    int32_t grade;
    const char *enterprise_id;
    const char *source_layer;
    const char *source_id;
    const char *target_layer;
    const char *target_id;
    const char *target_class;
    const char *rule_id;
    const char *standard;
    const char *edition;
    const char *clause;
    const char *confidence;
    double distance_m;
    double low_m;
    double high_m;
    double required_m;
    double margin_m;
    double error_m;
    double persons;
    double persons_low;
    double persons_high;
    double area_m2;
    const char *reason;
    const char *decides;
    int32_t generation;
};

/* A stretch of a pipeline and what holds along it. */
struct segment {
    struct record_head head;
    const char *pipeline_id;
    const char *kind;
    const char *method;
    const char *class;
    const char *could_be;
    double from_m;
    double to_m;
    double households;
    double buildings;
    double persons;
    double radius_m;
    double distance_m;
    double angle_deg;
    const char *target_layer;
    const char *target_id;
    const char *rule_id;
    const char *standard;
    const char *edition;
    const char *clause;
    const char *confidence;
    const char *verdict;
    int32_t estimate;
    const char *reason;
    const char *decides;
    int32_t generation;
};

struct grade_row {
    struct record_head head;
    const char *subject;
    const char *subject_id;
    const char *method;
    int32_t grade;
    int32_t could_be;
    int32_t undecided;
    double persons;
    int32_t n_red;
    int32_t n_orange;
    int32_t n_yellow;
    int32_t n_blue;
    int32_t n_grey;
    double value;
    const char *reasons;
    int32_t generation;
};

struct run {
    struct record_head head;
    int32_t as_of;
    const char *rules_hash;
    const char *started;
    const char *finished;
    const char *warnings;
    int32_t generation;
};

enum field_type { FIELD_TEXT, FIELD_INTEGER, FIELD_REAL, FIELD_DATE, FIELD_DATETIME };

/* Where a field of schema.csv lies in its struct. */
struct field_binding {
    const char *name;
    enum field_type type;
    size_t offset;
};

struct layer_binding {
    enum layer_id layer;
    const char *name;
    size_t record_bytes;                /* 0: population, which is no record layer */
    const struct field_binding *fields; /* head fields first */
    size_t n_fields;
};

const struct layer_binding *records_binding(enum layer_id layer);
const char *layer_name(enum layer_id layer);

/* False if no layer has that name. */
bool layer_by_name(const char *name, enum layer_id *out);

const struct field_binding *records_field(enum layer_id layer, const char *field); /* or NULL */

/* Reads or sets one field of a record through its binding. */
const char *record_text(const void *record, const struct field_binding *field);
double record_real(const void *record, const struct field_binding *field);     /* or an integer */
int32_t record_integer(const void *record, const struct field_binding *field); /* or a date */
bool record_is_absent(const void *record, const struct field_binding *field);

/* A record with every field absent. */
void record_clear(enum layer_id layer, void *record);

/* Deep copy into another arena. */
enum err_code record_copy(enum layer_id layer, const void *from, struct arena *arena, void *out,
                          struct err *err);

/* The i-th of an array of records of that layer, seen as its head. */
const struct record_head *record_at(enum layer_id layer, const void *records, size_t i);

/* Holds on that day (valid_from <= day <= valid_to; absent ends are open). */
bool record_holds(const struct record_head *head, int32_t yyyymmdd);

#endif
