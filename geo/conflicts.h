/*
 * conflicts.h - distances and red lines that are not kept, or may not be (Truth 3, 6-9).
 *
 *   conflicts.c   facilities, enterprises and pipelines by the spacing rows
 *   red_lines.c   enterprises inside or outside areas by the area rules
 *   density.c     population in hazard zones (density.h)
 *
 * All gather rows of layer conflicts in one set. One row a (source, target, rule): readers
 * pick the worst. Its id is "rule|source_layer/source_id|target_layer/target_id", so that it
 * stays the same from run to run. `grade` of an undecided row is the grade that it would give
 * (the worst it may be). Closed plants and pipelines, and whatever belongs to a closed plant,
 * are left out.
 *
 * Grade:   a distance is red where the target is high-sensitive, important or class 1, else
 *          orange; a red line is orange; a row of confidence `likely` grades one step milder.
 * Order:   the set is in the order of gathering; conflicts_sort orders it by id.
 * Threads: one thread a set.
 */
#ifndef SISETU_GEO_CONFLICTS_H
#define SISETU_GEO_CONFLICTS_H

#include "geo/reasons.h"
#include "geo/worker.h"
#include "geo/world.h"

struct conflict_item {
    struct conflict row;
    const char *zh;                 /* the sentence of row.reason in Chinese */
    const struct rule_source *rule; /* or NULL */
    int64_t enterprise_row;         /* -1: none, or not in the store */
    int32_t could_be;               /* worst grade that it may give */
};

struct conflict_set {
    struct arena *arena; /* for everything in it */
    struct conflict_item *items;
    size_t n;
    size_t capacity;
    uint32_t *n_judged; /* by enterprise row: findings that there are data to decide */
};

enum err_code conflict_set_init(struct conflict_set *set, const struct world *world,
                                struct arena *arena, struct err *err);

/* A row of a source with everything absent but kind, verdict, source, target, enterprise, rule
 * and id; target_id NULL: none. */
enum err_code conflict_set_add(struct conflict_set *set, const struct world *world,
                               const struct conflict_item *like, struct conflict_item **out,
                               struct err *err);

/* Distances of every facility, enterprise and pipeline. */
enum err_code conflicts_gather(const struct world *world, struct conflict_set *set,
                               struct err *err);

/* Red lines: every enterprise by the area rules that speak of it. Rules for new plants speak
 * of those planned or under construction. */
enum err_code red_lines_gather(const struct world *world, struct worker *worker,
                               struct conflict_set *set, struct err *err);

/* How one plant or site stands to one area. e and r as in verdict.h: the sum of accuracies,
 * and the radius of a plant known by a point. Decided if a part of the plant lies deeper
 * inside than e (VERDICT_CONFLICT), or none within e and r (VERDICT_CLEAR). */
struct red_line {
    enum verdict inside;  /* conflict: a part of it stands inside for sure */
    enum verdict outside; /* conflict: a part of it stands outside for sure */
    double gap_m;         /* between plant and area; 0 where they meet */
    double depth_in_m;    /* of its deepest known point inside */
    double depth_out_m;   /* of its farthest known point outside */
    struct lonlat at;     /* that point inside, else outside */
};
struct red_line_pair {
    struct worker *worker;
    const struct geom *plant; /* or the site */
    double radius_m;          /* r */
    double error_m;           /* e */
    const struct geom *area;
    struct arena *scratch;
};
enum err_code red_line_of(const struct red_line_pair *pair, struct red_line *out, struct err *err);

/* By id. ERR_INTERNAL if two rows have the same. */
enum err_code conflicts_sort(struct conflict_set *set, struct err *err);

/* One step milder for a row that is only `likely`. */
int32_t conflicts_step(int32_t grade, enum confidence confidence);

/* Whether a plant counts: not closed. */
bool conflicts_counts(const struct enterprise *enterprise);

#endif
