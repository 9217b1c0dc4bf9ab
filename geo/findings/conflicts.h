/*
 * conflicts.h - distances and red lines that are not kept, or may not be (Truth 3, 6-9).
 *
 *   conflicts.c   facilities, enterprises and pipelines by the spacing rows
 *   red_lines.c   enterprises inside or outside areas by the area rules
 *   density.c     population in hazard zones (density.h)
 *
 * What they find is a list of findings a source (finding.h). Closed plants and pipelines, and
 * whatever belongs to a closed plant, are left out.
 *
 * Grade:   a distance is red where the target is high-sensitive, important or class 1, else
 *          orange; a red line is orange; a row of confidence `likely` grades one step milder.
 *          An undecided one has the grade that it would give (the worst it may be).
 * Threads: pure but for the caller's worker.
 */
#ifndef SISETU_GEO_CONFLICTS_H
#define SISETU_GEO_CONFLICTS_H

#include "geo/findings/reasons.h"
#include "geo/world/worker.h"
#include "geo/world/world.h"

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

/* One step milder for a row that is only `likely`. */
int32_t conflicts_step(int32_t grade, enum confidence confidence);

/* Whether a plant counts: not closed. */
bool conflicts_counts(const struct enterprise *enterprise);

#endif
