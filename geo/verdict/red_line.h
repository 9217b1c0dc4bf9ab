/*
 * red_line.h - how a plant, a site or a target stands to one area: inside, outside, how deep, and
 * what that decides.
 *
 * Threads: pure but for the caller's worker. Errors: memory; what an overlay says.
 */
#ifndef SISETU_GEO_RED_LINE_H
#define SISETU_GEO_RED_LINE_H

#include "geo/verdict/verdict.h"
#include "geo/world/worker.h"

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

#endif
