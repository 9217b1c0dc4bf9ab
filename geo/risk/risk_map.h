/*
 * risk_map.h - the individual risk of many scenarios together: at a point, and as iso-risk
 * contours.
 *
 * The risk at a point is the sum of freq_per_year x lethality over the fatal areas that hold it
 * (an outline counts as inside).
 *
 * A contour of level f is the union of all places where the sum is at least f: the outlines
 * of all fatal areas cut the plane into faces (overlay_faces), each has one sum, and those
 * that reach f are joined. Nothing is sampled.
 *
 * Owner:   results belong to the arena.
 * Threads: pure but for the caller's worker.
 * Cost:    contours: noding of all outlines, then faces x fatal areas whose box holds them.
 */
#ifndef SISETU_GEO_RISK_MAP_H
#define SISETU_GEO_RISK_MAP_H

#include "geo/world/worker.h"
#include "geo/world/world.h"

/* Sums differ from levels by more than this share, or they are the same. */
extern const double RISK_SUM_TOLERANCE;

/* freq_per_year x lethality of a scenario; NAN where it has no fatal area. */
double risk_scenario_per_year(const struct scenario *scenario);

/* Sum of those scenarios at a point, per year. */
double risk_sum_at(const struct world *world, const uint32_t *rows, size_t n, struct lonlat point);

struct risk_iso {
    double per_year;
    struct geom area; /* polygon; GEOM_NONE where the sum nowhere reaches it */
    double area_m2;
};

/* Contours at out[i].per_year, each above 0; the caller fills those in. ERR_LIMIT for more
 * than LIMIT_RISK_AREAS fatal areas, ERR_USAGE for a level that is no frequency. */
enum err_code risk_contours(const struct world *world, struct worker *worker, const uint32_t *rows,
                            size_t n, struct arena *arena, struct risk_iso *out, size_t n_out,
                            struct err *err);

#endif
