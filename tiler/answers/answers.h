/*
 * answers.h - what a query found, as the JSON of the API: one writer for HTTP and `--json`.
 *
 * Each answer_* writes one JSON value. Coordinates have eight decimals (1 mm), metres four
 * (0.1 mm, as verdicts are compared), persons three. What is not known is null; NaN never
 * gets out.
 *
 * Threads: pure but for the worker's arena. Memory that runs out shows in the buffer (buf_ok).
 */
#ifndef SISETU_TILER_ANSWERS_H
#define SISETU_TILER_ANSWERS_H

#include "data/base/json.h"
#include "geo/query/query.h"
#include "geo/query/query_risk.h"
#include "styles/style.h"

#include <stdbool.h>

struct style_set;

/* ---- pieces (answers_parts.c) ---- */

/* {"grade","could_be","undecided"}; grade 0 for NULL. */
void answer_grade(struct jw *jw, const struct grade_row *grade);
/* The members alone, into an object that is open. */
void answer_grade_members(struct jw *jw, const struct grade_row *grade);
/* With "method" and "reasons". What cannot be worked out for want of memory fails jw->out. */
void answer_grade_why(struct jw *jw, const struct world *world, struct worker *worker,
                      const struct grade_row *grade);
/* The reasons alone, as a JSON array in the worker's arena; "[]" for NULL. */
const char *answer_reasons(struct jw *jw, const struct world *world, struct worker *worker,
                           const struct grade_row *grade);
void answer_exposure(struct jw *jw, const struct exposure *exposure);
/* {"id","standard","edition","clause","confidence"} */
void answer_rule(struct jw *jw, const char *id, const char *standard, const char *edition,
                 const char *clause, const char *confidence);
/* What cannot be worked out for want of memory fails jw->out. */
void answer_conflict(struct jw *jw, const struct world *world, struct worker *worker,
                     struct finding_ref ref);
/* The members alone, into an object that is open. */
struct conflict_view;
void answer_conflict_members(struct jw *jw, const struct world *world, struct arena *arena,
                             const struct conflict_view *view);
/* [[lon,lat],[lon,lat]] or null where none was measured. */
void answer_closest(struct jw *jw, const struct closest *closest);
void answer_box(struct jw *jw, struct box box);
/* Members "lon", "lat". */
void answer_place(struct jw *jw, struct lonlat place);
/* A zone as the click and the plant show it. */
void answer_zone(struct jw *jw, const struct zone *zone);

/* Warnings of the world: those of the last assessment, none made, data changed since. */
void answer_warnings(struct jw *jw, const struct world *world);

/* ---- whole answers ---- */

void answer_at(struct jw *jw, const struct world *world, struct worker *worker,
               const struct at_answer *at);
void answer_units(struct jw *jw, const struct world *world);
void answer_unit(struct jw *jw, const struct world *world, struct worker *worker,
                 const struct unit_answer *unit);
void answer_enterprise(struct jw *jw, const struct world *world, struct worker *worker,
                       const struct enterprise_answer *enterprise);
void answer_incident(struct jw *jw, const struct world *world,
                     const struct incident_answer *incident);
void answer_site(struct jw *jw, const struct world *world, struct worker *worker,
                 const struct site_answer *site);
/* answers_risk.c */
void answer_risk(struct jw *jw, const struct world *world, const struct risk_answer *risk);
void answer_societal(struct jw *jw, const struct world *world, const struct societal *societal);
/* A pipeline with its segments, and one of them. */
void answer_pipeline(struct jw *jw, const struct pipeline *pipeline, const struct segment *segments,
                     size_t n);
void answer_segment(struct jw *jw, const struct segment *segment);
void answer_facility_types(struct jw *jw, const struct world *world);

/* What a server knows beside its world. */
struct status_facts {
    const char *store_name; /* base name only */
    const struct style_set *styles;
    const char *basemap;           /* JSON: an object or "null" */
    const uint64_t *tile_versions; /* by map (style.h) */
};
void answer_status(struct jw *jw, const struct world *world, const struct status_facts *facts);
/* What a map is called. */
struct map_title {
    const char *zh, *en;
};
struct map_title answer_map_title(enum map_id map);

void answer_legend(struct jw *jw, const struct world *world, const struct style *style,
                   const char *map);

/* {"a","b","distance_m"}, and "closest" with points; micrometres. */
void answer_pair(struct jw *jw, const char *a, const char *b, const struct closest *closest,
                 bool points);

/* What of a layer is near one record. */
struct near_facts {
    enum layer_id a_layer;
    uint32_t a_row;
    enum layer_id b_layer;
    double within_m; /* INFINITY: no limit was given */
    struct near_row *rows;
    size_t n;
};
void answer_near(struct jw *jw, const struct world *world, const struct near_facts *facts);

/* ---- lists, in pages ---- */

struct list_question {
    bool grades[5];   /* which to give */
    const char *unit; /* code, or NULL */
    bool has_box;     /* conflicts */
    struct box box;
    const char *verdict; /* conflicts: "conflict", "undecided" or NULL */
    size_t limit;
    const char *after; /* token of the page before, or NULL */
};

/* ERR_USAGE for a token that no page can have given; ERR_NOT_FOUND for an unknown unit. */
enum err_code answer_enterprises(struct jw *jw, const struct world *world, struct worker *worker,
                                 const struct list_question *question, struct err *err);
enum err_code answer_conflicts(struct jw *jw, const struct world *world, struct worker *worker,
                               const struct list_question *question, struct err *err);

#endif
