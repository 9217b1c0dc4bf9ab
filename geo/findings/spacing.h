/*
 * spacing.h - which spacing rows speak of a hazard, what stands too near, and by how much.
 *
 * One piece of code for the assessment of what stands and for the siting of what is planned:
 *
 *     struct spacing_source source = spacing_source_of(world, LAYER_FACILITIES, row);
 *     spacing_matches(world, &source, arena, &matches, &n_matches, err);
 *     spacing_findings(world, &source, matches, n_matches, arena, &findings, &n, err);
 *
 * Space:   longitude and latitude in degrees; distances in m.
 * Owner:   results belong to the arena, and point into the world.
 * Threads: pure.
 * Cost:    one index search a target layer, one exact distance a target in reach.
 */
#ifndef SISETU_GEO_SPACING_H
#define SISETU_GEO_SPACING_H

#include "geo/measure/distance.h"
#include "geo/verdict/verdict.h"
#include "geo/measure/ellipsoid.h"
#include "geo/world/world.h"

/* A hazard: a record of facilities, enterprises or pipelines, or a proposed one. */
struct spacing_source {
    enum layer_id layer;
    const void *record; /* of that layer: attributes; its head may lack id and geometry */
    const struct geom *geom;
    const char *enterprise_id; /* whose it is: never its own target; may be NULL */
    enum known_by by;
    double radius_m; /* of a plant known by a point, else 0 */
    double error_m;  /* its own accuracy */
    bool is_point;   /* its shape is one point, which is at: */
    struct ecef ecef;
};

struct spacing_source spacing_source_of(const struct world *world, enum layer_id layer, size_t row);

/* A row that speaks of a source, on the world's date. */
struct spacing_match {
    const struct spacing_rule *rule;
    const char *missing; /* the absent attribute that leaves open whether it does, or NULL */
};

/* Rows in the order of the table. Rows that require consent for works (SPACING_CONSENT) are
 * left out: nothing that stands can breach them. */
enum err_code spacing_matches(const struct world *world, const struct spacing_source *source,
                              struct arena *arena, struct spacing_match **out, size_t *n,
                              struct err *err);

/* The same for a proposed facility of that code: the source's record is a struct facility with
 * facility_type = code, and it is of that code even where the table looks in another layer. */
enum err_code spacing_matches_of(const struct world *world, const char *code,
                                 const struct spacing_source *source, struct arena *arena,
                                 struct spacing_match **out, size_t *n, struct err *err);

/* A qualifier by which the rows on that facility code speak, but none of a value such as the
 * record's: a tank of 6,000 m3 under a table that ends at 5,000 m3. Nothing is judged by it,
 * so nothing is clear. Walk with i = 0 until NULL; each is the qualifier's row that requires
 * most. */
const struct spacing_rule *spacing_beyond(const struct world *world, const char *code,
                                          const struct facility *facility, size_t *i);

/* Whether one row speaks of a source: NO, YES, or UNKNOWN with the absent attribute. */
enum truth spacing_speaks(const struct world *world, const struct spacing_source *source,
                          const struct spacing_rule *rule, const char **missing);

/* The row's condition and its range of the qualifier, on a source that is of its code. */
enum truth spacing_qualifies(const struct spacing_rule *rule, const struct spacing_source *source,
                             const char **missing);

/* What judging asks of a target record, whatever the rule. */
struct spacing_facts {
    double error_m;            /* its accuracy */
    double radius_m;           /* a neighbouring plant known by a point; else 0 */
    double half_width_m;       /* a road or railway known by its centre line; else 0 */
    double half_width_error_m; /* of it, where the width is assumed */
    bool grave;                /* high-sensitive, important or class 1 */
    bool may_be_grave;         /* its class cannot be told */
    bool is_point;             /* its shape is one point: */
    struct lonlat place;
    struct ecef ecef;
};
struct spacing_facts spacing_facts_of(const struct world *world, enum layer_id layer, uint32_t row);

/* The same without how grave it is: what a distance is measured and judged by. */
struct spacing_facts spacing_measures_of(const struct world *world, enum layer_id layer,
                                         const struct record_head *head);

/* Adds how grave it is: of use for classes of which not every target is. */
void spacing_find_grave(const struct world *world, enum layer_id layer,
                        const struct record_head *head, struct spacing_facts *facts);

struct spacing_finding {
    const struct spacing_rule *rule;
    const struct target_class *target_class;
    enum layer_id layer; /* of the target */
    uint32_t row;
    struct closest closest; /* a: on the source, b: on the target */
    struct measured measured;
    struct verdict_answer answer;
    const char *missing; /* what is absent when answer.by is UNDECIDED_ATTRIBUTE */
    bool grave;          /* high-sensitive, important or class 1 (Truth 12) */
    bool may_be_grave;   /* its class cannot be told */
};

/*
 * What is in conflict or undecided, ordered by layer, row and rule. Never the source's own
 * enterprise, nor a closed one. Where an attribute is missing, several rows may apply: the
 * one that requires most is kept for each target and attribute, so that one gap in the data
 * is one finding.
 */
enum err_code spacing_findings(const struct world *world, const struct spacing_source *source,
                               const struct spacing_match *matches, size_t n_matches,
                               struct arena *arena, struct spacing_finding **out, size_t *n,
                               struct err *err);

/* Judges one pair that is closest->distance_m apart: for siting, which also wants what is
 * clear. missing as in spacing_match. */
void spacing_judge(const struct world *world, const struct spacing_source *source,
                   const struct spacing_match *match, const struct target_class *target_class,
                   uint32_t row, const struct closest *closest, struct spacing_finding *out);

/* One pair, both sides known: measured, answer, missing and gravity of out; its layer and row
 * are the caller's. */
void spacing_judge_pair(const struct spacing_source *source, const struct spacing_match *match,
                        const struct target_class *target_class, const struct spacing_facts *facts,
                        const struct closest *closest, struct spacing_finding *out);

/* Half of what goes off the centre line of a pipe for rules that run from its wall, m. */
double spacing_half_diameter_m(const struct spacing_source *source);

/* Whether a target counts for a source: not its own enterprise, nor a closed one. */
bool spacing_may_be_target(const struct spacing_source *source, enum layer_id layer,
                           const struct record_head *head);

/* Whether a record is a target of that class row; *missing as predicate_eval. False for the
 * source's own enterprise. */
enum truth spacing_is_target(const struct world *world, const struct spacing_source *source,
                             const struct target_class *target_class, uint32_t row,
                             const char **missing);

/* True if there is any record of the layers in which the rule's targets are: a rule without
 * any data to meet judges nothing. */
bool spacing_has_data(const struct world *world, const struct spacing_rule *rule);

/* Class rows of a rule's target that hold: walk with i = 0, 1, ... until NULL. */
const struct target_class *spacing_target(const struct world *world,
                                          const struct spacing_rule *rule, size_t *i);

#endif
