/*
 * reach.h - which share of a unit's residents lives in reach of graded sources (Truth 13).
 *
 * The reaches of all sources graded g or worse are made one shape a grade, whose pieces know
 * their residents. A piece that no border of a unit crosses lies wholly inside or outside it;
 * only pieces that are crossed are cut. Persons are additive, so the result is that of cutting
 * the whole shape with the unit.
 *
 * Owner:   everything belongs to the arena given to reach_new.
 * Threads: one, that of the worker.
 */
#ifndef SISETU_GEO_REACH_H
#define SISETU_GEO_REACH_H

#include "geo/rollup.h"

struct reach;

/* worker_fit first. */
enum err_code reach_new(const struct world *world, struct worker *worker,
                        const struct rollup_source *sources, size_t n_sources, struct arena *arena,
                        struct reach **out, struct err *err);

struct reach_shares {
    double residents; /* NAN without a population grid */
    double share[5];  /* [1]-[3]: in reach of sources graded that or worse, 0-1 */
    double share_could_be[5];
};

enum err_code reach_in_unit(struct reach *reach, const struct geom *unit, struct reach_shares *out,
                            struct err *err);

#endif
