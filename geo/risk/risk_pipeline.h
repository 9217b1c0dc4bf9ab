/*
 * risk_pipeline.h - the individual risk that gas pipelines put on a point.
 *
 * A failure anywhere within the potential impact radius r of the point is taken to kill there:
 * the risk is the failure rate a km and year (parameters.csv) times the length of the centre
 * line within r; of a straight line at y metres that is rate x 2 sqrt(r^2 - y^2) / 1000. It is a
 * rule of thumb by a customary rate: told, and part of no verdict.
 *
 * Owner:   results belong to the arena.
 * Threads: pure.
 */
#ifndef SISETU_GEO_RISK_PIPELINE_H
#define SISETU_GEO_RISK_PIPELINE_H

#include "geo/world/world.h"

struct risk_pipeline {
    uint32_t row;
    double radius_m; /* potential impact radius (GB 32167-2015 6.1) */
    double length_m; /* of the centre line within that radius of the point */
    double per_year;
};

/* Gas pipelines of which any length lies so near, by row; those without diameter or pressure
 * are left out, and counted where they are within 1 km. */
struct risk_pipelines {
    struct risk_pipeline *items;
    size_t n;
    size_t n_unknown;
    double per_year; /* sum */
};
enum err_code risk_pipelines_at(const struct world *world, struct lonlat point, struct arena *arena,
                                struct risk_pipelines *out, struct err *err);

/* Length of a line within radius_m of a point, m; good to a millimetre up to 20 km. */
double risk_length_within_m(const struct geom *line, struct lonlat point, double radius_m);

#endif
