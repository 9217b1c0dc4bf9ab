/*
 * finding_view.h - a finding in full: the row of layer conflicts, its words, and what it rests
 * on.
 *
 * Owner:   everything belongs to the arena or the world.
 * Threads: pure but for the caller's worker.
 * Cost:    microseconds for a distance; an overlay for an area or a density.
 */
#ifndef SISETU_GEO_FINDING_VIEW_H
#define SISETU_GEO_FINDING_VIEW_H

#include "geo/findings/conflicts.h"
#include "geo/findings/density.h"
#include "geo/measure/exposure.h"
#include "geo/findings/finding.h"
#include "geo/findings/risk_findings.h"
#include "geo/findings/spacing.h"

struct conflict_view {
    struct conflict row; /* generation and import stamps absent; verdict, grade as assessed */
    const char *zh;      /* row.reason in Chinese */
    enum finding_kind kind;
    const struct rule_source *rule; /* or NULL */
    int64_t enterprise_row;         /* -1: none, or not in the store */
    int32_t could_be;               /* worst grade that it may give */
    bool words_only;                /* by finding_say: shape and area are left out */
    bool stale; /* the facts have changed since it was found: judged again it says otherwise */

    /* What it rests on, by kind. */
    struct spacing_source source;    /* distance, beyond, area */
    struct spacing_finding distance; /* distance */
    struct red_line red_line;        /* area, where target_id or any area is near */
    const struct area_rule *area_rule;
    struct dense_part dense; /* density */
    struct exposure zone;    /* density: of the whole zone */
    const struct zone_class *zone_class;
    struct risk_view risk; /* risk */
};

/* worker_fit first. */
enum err_code finding_view(const struct world *world, struct worker *worker, struct finding_ref ref,
                           struct arena *arena, struct conflict_view *out, struct err *err);

/* The same without the part of a zone that is in conflict, nor its area: words and figures, a
 * hundred times faster for a density. */
enum err_code finding_say(const struct world *world, struct worker *worker, struct finding_ref ref,
                          struct arena *arena, struct conflict_view *out, struct err *err);

/* Parts of finding_view, by kind: what is filled in where source, rule, target and id stand. */
enum err_code red_line_view(const struct world *world, struct worker *worker,
                            const struct finding *finding, struct arena *arena,
                            struct conflict_view *out, struct err *err);
enum err_code density_view(const struct world *world, struct worker *worker, size_t row,
                           const struct finding *finding, struct arena *arena,
                           struct conflict_view *out, struct err *err);

/* The part of a zone in conflict, and nothing else of density_view; GEOM_NONE: there is none. */
enum err_code density_shape(const struct world *world, struct worker *worker, size_t row,
                            struct arena *arena, struct geom *out, struct err *err);
enum err_code risk_finding_view(const struct world *world, struct worker *worker,
                                struct finding_ref ref, struct arena *arena,
                                struct conflict_view *out, struct err *err);

/* Parts of a row, for finding_row.h too: what it owes to its source, its rule and the layer of its
 * target; the figures of a distance; the line between the closest points, a point where they are
 * the same. */
void finding_row_begin(const struct world *world, struct finding_ref ref,
                       const struct finding *finding, struct conflict *row);
void finding_row_distance(const struct spacing_finding *distance, struct conflict *row);
enum err_code closest_line(const struct closest *closest, struct arena *arena, struct geom *out,
                           struct err *err);

/* The shape alone: what a map draws. */
enum err_code finding_shape(const struct world *world, struct worker *worker,
                            struct finding_ref ref, struct arena *arena, struct geom *out,
                            struct err *err);

#endif
