/*
 * judging.h - what one run of judging shares: rows resolved once for each kind of source, facts
 * of targets once each.
 *
 * Behind findings.h; only geo/ files that judge include it.
 *
 * Twenty thousand plants of four kinds are spoken of by four sets of rows. A set is found by
 * asking only the facility types of the source's layer, and kept; with it what every source of
 * that kind needs: how far its rows reach, and which classes of which layer they mean.
 *
 * Life:    judging_new (findings.h); judging_prepare before many sources are judged, not at
 *          all for a few.
 * Threads: safe to share; sets have a mutex.
 * Cost:    judging_new microseconds a rule row; judging_prepare a microsecond or two a source
 *          and a target.
 */
#ifndef SISETU_GEO_JUDGING_H
#define SISETU_GEO_JUDGING_H

#include "geo/findings/findings.h"
#include "geo/findings/spacing_join.h"

struct judging_private;

/* A source as it was in a world of the same targets, with its list there: where nothing that is
 * measured or asked of it is another, its distances are those. */
struct judging_before {
    enum layer_id layer;
    size_t row; /* now */
    struct spacing_source was;
    uint32_t slot; /* of the record that it was */
    const struct finding_list *list;
};

struct judging {
    const struct world *world;
    const struct judging_before *before; /* NULL: none is known */
    const bool *has_areas; /* by area rule: whether the store holds any area that it means */
    const struct spacing_targets *targets; /* by layer; NULL until judging_prepare */
    struct judging_private *private;
};

/* Sets of all sources, and facts of all targets that they may meet. */
enum err_code judging_prepare(struct judging *judging, const struct crew *crew, struct err *err);

/* The set of rows that speak of a source; it belongs to the judging. */
enum err_code judging_set(const struct judging *judging, const struct spacing_source *source,
                          struct arena *scratch, const struct spacing_set **out, struct err *err);

/* Whether any row in force that speaks of sources of a layer means targets of another. */
bool judging_may_meet(const struct judging *judging, enum layer_id sources, enum layer_id targets);

/* ---- findings on their way to a list ---- */

struct finding_bag {
    struct arena *arena; /* scratch */
    struct finding *items;
    size_t n;
    size_t capacity;
    uint32_t n_judged;
    double reach_m;                         /* as of a list: -1 for none */
    double target_reach_m[FINDING_TARGETS]; /* likewise */
    double coarse_radius_m;
    double coarse_cell_m;
};
enum err_code finding_bag_add(struct finding_bag *bag, const struct finding *finding,
                              struct err *err);

/* All distances of a source (spacing rows, sizes beyond them). */
enum err_code distances_find(const struct judging *judging, enum layer_id layer, size_t row,
                             struct finding_bag *bag, struct err *err);

/* The distances of a source to one target record. */
enum err_code distances_find_one(const struct judging *judging, const struct spacing_source *source,
                                 enum layer_id target_layer, uint32_t target_row,
                                 struct finding_bag *bag, struct err *err);

/* Red lines of an enterprise; density of a zone. */
enum err_code red_lines_find(const struct judging *judging, struct worker *worker, size_t row,
                             struct finding_bag *bag, struct err *err);
enum err_code density_find(const struct judging *judging, struct worker *worker, size_t row,
                           struct finding_bag *bag, struct err *err);

/* Individual and societal risk of an enterprise, or of a contour without one; nothing of others. */
enum err_code risk_find(const struct judging *judging, struct worker *worker, enum layer_id layer,
                        size_t row, struct finding_bag *bag, struct err *err);

/* Whether a source counts: it and its plant are not closed. */
bool judging_counts(const struct world *world, const struct spacing_source *source);

#endif
