/*
 * risk_individual.h - the individual risk that one source puts on a place, as an interval.
 *
 * A source is an enterprise, by its contours of individual risk or, where it has none, by the
 * sum of its scenarios; or a contour whose enterprise is not in the store, together with the
 * other such contours of the same file that meet its box.
 *
 *   contours   inside one of frequency f the risk is more than f, outside of all of f it is
 *              less; between two it lies in (f_outer, f_inner]. What lies outside of the
 *              outermost has a risk from 0 to that
 *   scenarios  the sum of freq_per_year x lethality over the fatal areas that hold the place
 *
 * Inside is deeper than the sum of both accuracies, outside farther, and what lies within
 * them of a line widens the interval (verdict_of_side). A target with an extent bears the risk
 * of its worst place.
 *
 * Indicative zones, and sources of closed plants, count for nothing.
 *
 * Owner:   everything belongs to the arena and the world.
 * Threads: pure but for the caller's worker.
 * Cost:    a microsecond a target and line near it, a GEOS overlay where a polygon crosses one.
 */
#ifndef SISETU_GEO_RISK_INDIVIDUAL_H
#define SISETU_GEO_RISK_INDIVIDUAL_H

#include "geo/measure/edges.h"
#include "geo/risk/risk_criteria.h"
#include "geo/world/worker.h"

/* A contour, or the fatal area of a scenario. */
struct risk_ring {
    enum layer_id layer; /* zones or scenarios */
    uint32_t row;
    const struct geom *geom;
    double per_year; /* of the contour; freq_per_year x lethality of a scenario */
    double error_m;
    struct edges border; /* its rings as lines */
};

struct risk_source {
    enum layer_id layer; /* enterprises or zones */
    uint32_t row;
    const struct enterprise *enterprise; /* NULL: not in the store */
    enum plant_age age;
    bool by_contours;
    struct risk_ring *rings; /* contours: the mildest first; then by row */
    size_t n_rings;
    double unplaced_per_year; /* of scenarios without a fatal area: anywhere */
    int64_t unplaced_row;     /* the first of them, or -1 */
    struct box box;           /* of all rings */
    double error_m;           /* the largest of theirs */
};

/* n_rings 0 and nothing unplaced: no source of individual risk. */
enum err_code risk_source_of(const struct world *world, enum layer_id layer, uint32_t row,
                             struct arena *arena, struct risk_source *out, struct err *err);

struct risk_at {
    struct quantity risk;  /* per year, by what lies inside and outside for sure; error 0 */
    struct quantity exact; /* if all positions were exact */
    const struct risk_ring *inside; /* the contour of low (of scenarios: the greatest), or NULL */
    const struct risk_ring *open;   /* the greatest whose line is nearer than the error, or NULL */
    double depth_m;                 /* of the target inside `inside` */
    double gap_m;                   /* from `open`: negative inside */
    double error_m;                 /* sum of both accuracies, of `open`, else of `inside` */
    struct lonlat at;
};

/* Whether the place is reached at all, and by this source: of contours with companions only the
 * greatest that holds it, or may, speaks, so that each place is told once. */
bool risk_leads(const struct risk_source *source, const struct risk_at *at);

struct risk_place {
    const struct geom *geom;
    double error_m;
};

enum err_code risk_at_place(const struct risk_source *source, struct worker *worker,
                            const struct risk_place *place, struct arena *scratch,
                            struct risk_at *out, struct err *err);

#endif
