/*
 * query.h - the questions that the three users ask, answered from one world.
 *
 *   query_at        what is here?            (the map's click)
 *   query_unit      how is this unit?        (grade, counts, top reasons)
 *   query_enterprise why has this plant its grade?
 *   query_site      may this be built here?  (planners)
 *   query_incident  who is inside, who helps? (emergency command)
 *   query_relocation which plants must move?  (report writers)
 *
 * Life:    an answer points into the world and the worker's arena: use it before the world
 *          is released and the worker reset.
 * Threads: a world is shared, a worker is not.
 * Truth:   a pure function of (world, question) (README.md, Truth 15).
 */
#ifndef SISETU_GEO_QUERY_H
#define SISETU_GEO_QUERY_H

#include "geo/findings/finding.h"
#include "geo/findings/hazard.h"
#include "geo/world/near.h"
#include "geo/verdict/verdict.h"
#include "geo/world/world.h"

/* ---- what is here? ---- */

struct at_answer {
    struct lonlat point;
    double radius_m;
    const struct admin_unit *units[5]; /* by level 1-4; NULL where none */
    const struct grade_row *unit_grades[5];
    const struct grade_row *cell; /* the 0.01 degree cell, or NULL */
    uint32_t *zones;              /* rows that hold the point */
    size_t n_zones;
    uint32_t *areas; /* rows that hold the point */
    size_t n_areas;
    struct near_row *near; /* enterprises within radius_m, by distance then id */
    size_t n_near;
    struct finding_ref *conflicts; /* of those enterprises, and those whose shape is in reach; worst
                                    * first */
    size_t n_conflicts;
    double density_km2;       /* of the population cell; NAN: no data */
    struct exposure exposure; /* within radius_m; persons NAN without a grid */
};

enum err_code query_at(const struct world *world, struct worker *worker, struct lonlat point,
                       double radius_m, struct at_answer *out, struct err *err);

/* ---- how is this unit? ---- */

struct unit_answer {
    const struct admin_unit *unit;
    const struct grade_row *grades[3]; /* share (the default), worst, index; NULL if none */
    uint32_t *enterprises;             /* rows inside, worst grade first, then id */
    size_t n_enterprises;
    size_t n_conflicts, n_undecided; /* of those enterprises */
    struct exposure exposure;
    const struct admin_unit **children;
    size_t n_children;
};

/* ERR_NOT_FOUND for an unknown code. */
enum err_code query_unit(const struct world *world, struct worker *worker, const char *code,
                         struct unit_answer *out, struct err *err);

/* ---- why has this plant its grade? ---- */

struct enterprise_answer {
    uint32_t row;
    const struct enterprise *enterprise;
    struct lonlat place;           /* where a map puts it */
    const struct admin_unit *unit; /* smallest unit that holds the place, or NULL */
    const struct grade_row *grade; /* NULL: never assessed */
    struct hazard hazard;          /* by unit, worked out anew */
    struct finding_ref *conflicts; /* worst first */
    size_t n_conflicts;
    const uint32_t *facilities;
    size_t n_facilities;
    const uint32_t *zones;
    size_t n_zones;
    const uint32_t *inventory;
    size_t n_inventory;
    struct exposure exposure; /* within alpha_radius_m of the outline, the plant itself left out;
                               * persons NAN without a grid */
};

/* ERR_NOT_FOUND for an unknown id. */
enum err_code query_enterprise(const struct world *world, struct worker *worker, const char *id,
                               struct enterprise_answer *out, struct err *err);

/* ---- what several answers need ---- */

/* Worst first: conflicts before undecided ones, by grade, then by missing metres or persons,
 * then in the order of all (finding.h). */
int query_compare_conflicts(const struct world *world, struct finding_ref a, struct finding_ref b);
void query_sort_conflicts(const struct world *world, struct finding_ref *refs, size_t n);

/* 1-4 as graded, 5 not assessed: the order of lists. */
int32_t query_grade_rank(const struct world *world, uint32_t enterprise_row);
void query_sort_enterprises(const struct world *world, uint32_t *rows, size_t n); /* then by id */

/* Enterprises whose place (near_place) lies in the unit, ascending. */
enum err_code query_enterprises_of_unit(const struct world *world, const struct admin_unit *unit,
                                        struct arena *arena, uint32_t **out, size_t *n,
                                        struct err *err);

/* ---- may this be built here? ---- */

struct site_question {
    struct geom geom;
    const char *facility_type;         /* code of facility_types.csv */
    const struct facility *qualifiers; /* --with: total_m3 ...; absent where not given */
    const struct enterprise *plant;    /* its kind, industry, size ...: what area rules ask */
    double accuracy_m;                 /* of the drawn site; NAN: the default */
};

struct site_finding {
    const char *kind; /* "distance" or "area" */
    const struct rule_source *rule;
    const struct spacing_rule *spacing; /* NULL for area rules */
    const struct area_rule *area;       /* NULL for distances */
    bool has_target;                    /* false: outside of every area that it should be in */
    enum layer_id target_layer;
    uint32_t target_row;      /* what it hits, or the nearest of the rule's class */
    const char *target_class; /* code; NULL for area rules */
    struct closest closest;   /* distance NAN where none was measured */
    double error_m;
    struct verdict_answer answer;
    const char *reason; /* one sentence in English and in Chinese */
    const char *reason_zh;
    const char *decides; /* what would decide it, or NULL */
};

struct site_answer {
    enum verdict verdict;          /* the worst of the findings: conflict, undecided, clear */
    struct site_finding *findings; /* conflict, undecided, clear; within each by margin */
    size_t n_findings;
    size_t n_rules;         /* rules tried */
    struct exposure within; /* persons within population_radius_m; NAN without a grid */
    double population_radius_m;
    const char **notes; /* what could not be judged, such as a rule without any data to meet */
    size_t n_notes;
};

/* The spacing rows that speak of the site, or may: what its answer rests on. */
enum err_code query_site_rules(const struct world *world, const struct site_question *question,
                               struct arena *arena, const struct spacing_rule ***out, size_t *n,
                               struct err *err);

/* ERR_USAGE for an unknown facility type (the message names near ones). */
enum err_code query_site(const struct world *world, struct worker *worker,
                         const struct site_question *question, struct site_answer *out,
                         struct err *err);

/* ---- who is inside, who can help? ---- */

struct incident_answer {
    struct lonlat point;
    double radius_m;
    struct exposure exposure;      /* persons inside, with interval; NAN without a grid */
    const struct admin_unit *unit; /* smallest unit that holds the point */
    struct near_row *targets;      /* protected, by class (worst first) then distance */
    size_t n_targets;
    const char **target_classes; /* of each target; NULL: cannot be told */
    struct near_row *plants;     /* enterprises inside: domino; by distance */
    size_t n_plants;
    struct near_row *pipelines;
    size_t n_pipelines;
    struct near_row *infrastructure; /* roads, railways, rivers inside */
    size_t n_infrastructure;
    struct near_row *resources; /* the five nearest of each kind, by kind then distance */
    size_t n_resources;
};

enum err_code query_incident(const struct world *world, struct worker *worker, struct lonlat point,
                             double radius_m, struct incident_answer *out, struct err *err);

/* ---- which plants must move? ---- */

/* RELOCATE_UNDECIDED: nothing but undecided findings, conflicts by rows that are only likely
 * (check the printed standard), or a plant of which it is open whether the rules speak. */
enum relocation_state { RELOCATE, RELOCATE_UNDECIDED };

/* What the evidence suggests (国办发〔2017〕77号); the competent authority decides. */
enum relocation_proposal {
    PROPOSE_MOVE,    /* 异地迁建: stands where it must not, or no place inside is far enough */
    PROPOSE_IMPROVE, /* 就地改造: a place inside its outline would keep every distance */
    PROPOSE_CLARIFY, /* 补充资料: the data cannot decide yet */
};

struct relocation_row {
    uint32_t enterprise_row;
    struct lonlat place;
    enum relocation_state state;
    const char *unit_code; /* county, "" if none holds it */
    const char *unit_name;
    const struct area *inside;     /* dense urban or forbidden area that holds it, or NULL */
    const struct area *park;       /* or NULL */
    struct finding_ref *conflicts; /* that speak for it, worst first */
    size_t n_conflicts;
    int64_t worst_distance; /* place in conflicts of the one that lacks most metres, or -1 */
    double persons_500_m;   /* residents, the plant left out; NAN without a population grid */
    double persons_1000_m;
    struct hazard hazard;
    const struct grade_row *grade; /* or NULL */
    enum relocation_proposal proposal;
    const struct relocation_rule *deadline; /* the row that gives its dates, or NULL */
    bool overdue;                           /* on the world's date */
};

struct relocation_answer {
    struct relocation_row *rows; /* RELOCATE first; then by county and id */
    size_t n_rows;
};

/* unit_code NULL: the whole region. */
enum err_code query_relocation(const struct world *world, struct worker *worker,
                               const char *unit_code, struct relocation_answer *out,
                               struct err *err);

#endif
