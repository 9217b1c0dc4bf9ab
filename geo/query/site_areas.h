/*
 * site_areas.h - red lines that a proposed plant would cross (area_rules.csv). A part of
 * query_site.
 *
 * Every area rule that holds speaks of a new plant; one finding a rule that applies or may
 * apply: the areas that it breaches, or the nearest one that it keeps clear of.
 */
#ifndef SISETU_GEO_SITE_AREAS_H
#define SISETU_GEO_SITE_AREAS_H

#include "geo/query/query.h"

struct site_areas {
    struct site_finding *findings;
    size_t n;
    size_t n_rules;        /* that apply or may apply */
    const char *notes[64]; /* rules that found no area in the store to judge by */
    size_t n_notes;
};

/* radius_m: of a plant known by a point, else 0. error_m: of the site. */
enum err_code site_areas_judge(const struct world *world, struct worker *worker,
                               const struct site_question *question, double radius_m,
                               double error_m, struct site_areas *out, struct err *err);

#endif
