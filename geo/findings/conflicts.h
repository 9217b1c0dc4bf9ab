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
#include "geo/verdict/red_line.h"
#include "geo/world/worker.h"
#include "geo/world/world.h"

/* One step milder for a row that is only `likely`. */
int32_t conflicts_step(int32_t grade, enum confidence confidence);

#endif
