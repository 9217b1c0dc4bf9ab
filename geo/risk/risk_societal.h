/*
 * risk_societal.h - societal risk of a set of scenarios: the F-N curve and its lines.
 *
 * F(N) is the frequency of accidents with N or more deaths. N of a scenario is its fatalities
 * where given, else the persons who live in its fatal area (population.h) times its lethality,
 * in an interval as the population data leave one: with no data in a part of the area, or
 * without area and number, it is open to above.
 *
 * The curve is held against every line of societal_risk.csv: the greatest ratio of F to the
 * line, over all N, must be at most 1 (on the line is below it). A curve is a step function
 * and lines fall, so the ends of steps and lines are all that is looked at. The region is the
 * worst whose line is broken for sure; could_be the worst whose line may be, by the upper end
 * of N or by a row that is not sure enough. Fewer than one death is no point of the diagram.
 *
 * PLL (potential loss of life) is the sum of frequency x N, all N counted.
 *
 * Owner:   results belong to the arena.
 * Threads: pure but for the caller's worker.
 * Source:  GB 36894-2018, 4.
 */
#ifndef SISETU_GEO_RISK_SOCIETAL_H
#define SISETU_GEO_RISK_SOCIETAL_H

#include "geo/verdict/verdict.h"
#include "geo/world/worker.h"
#include "geo/world/world.h"

struct societal_event {
    uint32_t row; /* of scenarios */
    double per_year;
    double n; /* deaths */
    double n_low;
    double n_high; /* INFINITY: open */
};

/* One corner of the curve: F(n) = per_year up to n. */
struct societal_point {
    double n;
    double per_year;
};

/* How the curve stands to one line. */
struct societal_against {
    const struct societal_line *line;
    double factor;         /* the greatest F / line; INFINITY where the line is 0 */
    struct quantity range; /* of it, by the interval of N */
    double at_n;           /* where it is greatest; NAN: the curve does not reach the line's N */
    double per_year;       /* F there */
    double line_per_year;
    struct judgement answer; /* conflict: above the line */
};

struct societal {
    size_t n_scenarios;            /* that were given; 0: nobody knows, whatever region says */
    struct societal_event *events; /* those that ever happen; by falling n, then row */
    size_t n_events;
    struct societal_point *curve; /* by rising n from 1; PLL apart, fewer than one is left out */
    size_t n_curve;
    double pll; /* persons a year */
    double pll_low;
    double pll_high;
    struct societal_against *lines; /* in the order of the table; those in force */
    size_t n_lines;
    enum societal_region region;
    enum societal_region could_be;
    const struct societal_against *governs; /* the line that decides region, or could_be; NULL:
                                               none is in force */
    int64_t unknown_row; /* the first scenario of which N is open to above, or -1 */
};

const char *societal_region_name(enum societal_region region); /* "acceptable", "alarp" ... */

/* Of those scenarios; none: an empty curve in the acceptable region. worker_fit first. */
enum err_code societal_of(const struct world *world, struct worker *worker, const uint32_t *rows,
                          size_t n, struct arena *arena, struct societal *out, struct err *err);

/* Deaths of one scenario. */
enum err_code societal_event_of(const struct world *world, struct worker *worker, uint32_t row,
                                struct arena *scratch, struct societal_event *out, struct err *err);

/* The frequency of the line at n, per year; NAN where it does not speak of n. */
double societal_line_at(const struct societal_line *line, double n);

#endif
