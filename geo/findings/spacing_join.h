/*
 * spacing_join.h - a source against all targets in its reach, by the rows that speak of it.
 *
 * What a set of rows means is resolved once (spacing_set_of): how far they reach, and which
 * classes of which layer they mean. Twenty thousand plants of four kinds share four sets. What
 * judging asks of a target may be known beforehand, too (struct spacing_targets).
 *
 * One finding a target and row; where attributes are missing, one a target and attribute: the
 * row that requires most, so that one gap in the data is one finding.
 *
 * Threads: pure.
 * Cost:    one index search a target layer, one exact distance a target in reach.
 */
#ifndef SISETU_GEO_SPACING_JOIN_H
#define SISETU_GEO_SPACING_JOIN_H

#include "geo/findings/spacing.h"

/* A row against a class of one layer. */
struct spacing_step {
    uint16_t match;       /* in the set's matches */
    uint16_t class_index; /* in the table of target classes */
};

struct spacing_set {
    const struct spacing_match *matches; /* in the order of the table */
    size_t n;
    uint32_t n_judged;           /* that speak for sure, with data to decide them */
    double value_m[LAYER_COUNT]; /* the most that is required of a target layer; -1: nothing */
    double most_m;               /* of them all; -1 */
    const struct spacing_step *steps[LAYER_COUNT]; /* by match */
    size_t n_steps[LAYER_COUNT];
};

/* The matches must live as long as the set; the rest is taken from the arena. */
enum err_code spacing_set_of(const struct world *world, const struct spacing_match *matches,
                             size_t n, struct arena *arena, struct spacing_set *out,
                             struct err *err);

/* Of a layer, if prepared: facts by row, and truths by class, then row. */
struct spacing_targets {
    const struct spacing_facts *facts; /* NULL: worked out when asked */
    const uint8_t *const *truths;      /* enum truth; NULL, or NULL for a class: the same */
};

struct spacing_join {
    const struct world *world;
    const struct spacing_source *source;
    const struct spacing_set *set;
    const struct spacing_targets *targets; /* by layer; NULL: nothing is prepared */
    struct arena *scratch;
    void *context;
    enum err_code (*found)(void *context, const struct spacing_finding *finding, struct err *err);
};

/* Calls found for what is in conflict or undecided, by target layer, then row, then place of
 * the spacing row in the table. */
enum err_code spacing_join_all(const struct spacing_join *join, struct err *err);

/* The same for one target record. */
enum err_code spacing_join_one(const struct spacing_join *join, enum layer_id layer, uint32_t row,
                               struct err *err);

/* How far from the source's shape a target may be and still matter, m, its own slack apart; -1:
 * no row speaks of it. */
double spacing_reach_m(const struct spacing_source *source, const struct spacing_set *set);

/* The same of targets of one layer. */
double spacing_reach_to_m(const struct spacing_source *source, const struct spacing_set *set,
                          enum layer_id layer);

#endif
