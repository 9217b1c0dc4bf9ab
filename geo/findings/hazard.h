/*
 * hazard.h - major-hazard level of an enterprise, judged by unit (GB 18218-2018; Truth 10).
 *
 *     S = sum q/Q           a unit is a major hazard from S >= 1
 *     R = alpha * sum beta * q/Q       its level by R: >= 100, >= 50, >= 10, less
 *
 * A substance of table 1 takes its Q there, any other that of its category. Beta is that of
 * the toxic-gas table, else of the category's symbol; where the symbol is not known, R lies
 * between those of the smallest and the largest beta of the categories. What is in neither
 * table and names no category leaves S open to above. Alpha comes from the residents within
 * 500 m of the outline, the plant itself left out; a plant known by a point has a circle of
 * its radius as outline.
 *
 * level    is what holds; could_be is the worst it may be: the upper ends of everything.
 *          Residents known within an interval: level is that of their number, could_be that
 *          of the upper end. Where something is not known at all (no-data, category,
 *          substance), at_least says that level is a lower bound.
 * No units: the inventory rows without a unit stand together as unit "*": level is the worst
 *          that one row reaches alone, could_be what their sum reaches, also added to any
 *          one named unit.
 *
 * S, R and persons are compared after rounding to 1e-9, so that ten tenths are one.
 *
 * Threads: pure but for the caller's worker.
 * Cost:    one exposure an enterprise, 8 us where it is known by a point; with an outline a
 *          GEOS buffer.
 */
#ifndef SISETU_GEO_HAZARD_H
#define SISETU_GEO_HAZARD_H

#include "geo/measure/exposure.h"
#include "geo/findings/reasons.h"
#include "geo/world/worker.h"
#include "geo/world/world.h"

struct hazard_unit {
    const char *unit; /* "*": inventory without units */
    double s;         /* of what is known; at least this */
    double s_high;    /* INFINITY: something is in no table */
    double r;         /* at alpha and the smallest beta */
    double r_high;
    int32_t level;              /* 1 worst - 4; 0: no major hazard */
    int32_t could_be;           /* 0: none either */
    bool at_least;              /* level is a lower bound: something is not known at all */
    bool undecided;             /* could_be is worse than level */
    const char *open_substance; /* which inventory row left it open, or NULL */
};

struct hazard {
    struct hazard_unit *units; /* ordered by name, "*" first */
    size_t n_units;            /* 0: no inventory */
    struct exposure around;    /* within alpha_radius_m, the plant left out */
    double alpha;
    double alpha_high;
    bool no_data;  /* inside alpha_radius_m there is no population data */
    int32_t level; /* worst unit */
    int32_t could_be;
    bool at_least;
    size_t n_undecided; /* units */
};

/* What one row of the inventory adds: q/Q, and the beta or betas that it may have. */
struct hazard_item {
    const struct substance *substance; /* in force, of table 1; or NULL */
    const struct category *category;   /* whose Q (without a substance) or beta counts; or NULL */
    double critical_t;                 /* Q; NAN: in no table */
    double share;                      /* q/Q; INFINITY: not known */
    double beta_low;
    double beta_high; /* differs where the category is not known; INFINITY: nothing is */
    bool open;
};
struct hazard_item hazard_item_of(const struct world *world, const struct inventory_item *item);

/* worker_fit first. Results go into `arena`; `scratch` may be reset afterwards. */
enum err_code hazard_of(const struct world *world, struct worker *worker, size_t enterprise_row,
                        struct arena *arena, struct arena *scratch, struct hazard *out,
                        struct err *err);

/* The same where the residents around are known already: hazard_exposure with alpha_radius_m. */
enum err_code hazard_judge(const struct world *world, size_t enterprise_row,
                           const struct exposure *around, struct arena *arena,
                           struct arena *scratch, struct hazard *out, struct err *err);

/* Residents within radius_m of an enterprise, itself left out; all NAN, nodata_share 1 without
 * a population grid. */
enum err_code hazard_exposure(const struct world *world, struct worker *worker,
                              size_t enterprise_row, double radius_m, struct arena *scratch,
                              struct exposure *out, struct err *err);

/* One sentence with S, R, alpha, residents and level. */
enum err_code hazard_reason(const struct world *world, const struct hazard *hazard,
                            const struct hazard_unit *unit, struct arena *arena, struct reason *out,
                            struct err *err);

#endif
