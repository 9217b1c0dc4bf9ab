#include "geo/risk/risk_societal.h"

#include "geo/world/population.h"

#include <stdlib.h>

/* Fewer than one death is no accident of the diagram. */
static const double LEAST_DEATHS = 1;

/* A share of an area that rounding alone can make. */
static const double NO_SHARE = 1e-9;

const char *societal_region_name(enum societal_region region)
{
    static const char *const names[] = {"acceptable", "alarp", "unacceptable"};
    return names[region];
}

enum err_code societal_event_of(const struct world *world, struct worker *worker, uint32_t row,
                                struct arena *scratch, struct societal_event *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct scenario *scenario = world_record(world, LAYER_SCENARIOS, row);
    double lethality = isnan(scenario->lethality) ? 1 : scenario->lethality;
    struct exposure inside;
    *out = (struct societal_event){.row = row, .per_year = scenario->freq_per_year};
    if (!isnan(scenario->fatalities)) {
        out->n = out->n_low = out->n_high = scenario->fatalities;
        return ERR_OK;
    }
    if (!(lethality > 0))
        return ERR_OK;
    out->n_high = INFINITY;
    if (scenario->head.geom.kind != GEOM_POLYGON || !population_known(world))
        return ERR_OK;
    TRY(population_within(world, worker, &scenario->head.geom, scratch, &inside, err));
    out->n = lethality * inside.persons;
    out->n_low = lethality * inside.low;
    out->n_high = inside.nodata_share > NO_SHARE ? (double)INFINITY : lethality * inside.high;
done:
    return code == ERR_OK ? code : err_wrap(err, "scenario \"%s\"", scenario->head.id);
}

double societal_line_at(const struct societal_line *line, double n)
{
    bool reached = line->n_from_included ? n >= line->n_from : n > line->n_from;
    if (!reached || n > line->n_to)
        return (double)NAN;
    if (isinf(line->n_to) || !(line->n_to > line->n_from))
        return line->f_from;
    double share = log(n / line->n_from) / log(line->n_to / line->n_from);
    return line->f_from * pow(line->f_to / line->f_from, share);
}

/* ---- the curve ---- */

static int compare_events(const void *a, const void *b)
{
    const struct societal_event *i = a;
    const struct societal_event *j = b;
    if (i->n > j->n || i->n < j->n)
        return i->n > j->n ? -1 : 1;
    return (i->row > j->row) - (i->row < j->row);
}

static int compare_points(const void *a, const void *b)
{
    const struct societal_point *i = a;
    const struct societal_point *j = b;
    return (i->n > j->n) - (i->n < j->n);
}

enum end { END_LOW, END_MIDDLE, END_HIGH };

static double deaths(const struct societal_event *event, enum end end)
{
    return end == END_LOW ? event->n_low : end == END_HIGH ? event->n_high : event->n;
}

/* Corners by rising n; those of the same n are one. Numbers of deaths are settled to a
 * billionth: fifty persons in ten parts are fifty. */
static enum err_code curve_of(const struct societal *from, enum end end, struct arena *arena,
                              struct societal_point **out, size_t *n, struct err *err)
{
    struct societal_point *points = arena_new(arena, struct societal_point, from->n_events);
    size_t kept = 0;
    double sum = 0;
    *out = points;
    *n = 0;
    if (!points)
        return err_nomem(err);
    for (size_t i = 0; i < from->n_events; i++) {
        double deaths_n = round(deaths(&from->events[i], end) * 1e9) / 1e9;
        if (deaths_n >= LEAST_DEATHS)
            points[(*n)++] = (struct societal_point){deaths_n, from->events[i].per_year};
    }
    if (*n > 0)
        qsort(points, *n, sizeof *points, compare_points);
    for (size_t i = *n; i-- > 0;) {
        sum += points[i].per_year;
        points[i].per_year = sum;
    }
    /* The first of equal n has the sum of all of them. */
    for (size_t i = 0; i < *n; i++) {
        if (kept == 0 || points[i].n > points[kept - 1].n)
            points[kept++] = points[i];
    }
    *n = kept;
    return ERR_OK;
}

static double frequency_of(const struct societal_point *curve, size_t n, double deaths_n)
{
    for (size_t i = 0; i < n; i++) {
        if (curve[i].n >= deaths_n)
            return curve[i].per_year;
    }
    return 0;
}

/* ---- the lines ---- */

/* How F at n stands to the line; keeps the greatest. */
static void try_point(struct societal_against *against, double n, double per_year)
{
    double line = societal_line_at(against->line, n);
    if (isnan(line) || !(per_year > 0))
        return;
    double factor = line > 0 ? per_year / line : (double)INFINITY;
    if (factor > against->factor || isnan(against->at_n)) {
        against->factor = factor;
        against->at_n = n;
        against->per_year = per_year;
        against->line_per_year = line;
    }
}

static struct societal_against hold_against(const struct societal_line *line,
                                            const struct societal_point *curve, size_t n)
{
    struct societal_against out = {.line = line, .at_n = (double)NAN};
    for (size_t i = 0; i < n; i++)
        try_point(&out, curve[i].n, curve[i].per_year);
    if (line->n_from_included)
        try_point(&out, line->n_from, frequency_of(curve, n, line->n_from));
    if (isfinite(line->n_to))
        try_point(&out, line->n_to, frequency_of(curve, n, line->n_to));
    return out;
}

struct curves {
    struct societal_point *points[3]; /* by enum end */
    size_t n[3];
};

static struct societal_against judge_line(const struct societal_line *line,
                                          const struct curves *curves)
{
    struct societal_against ends[3];
    for (int end = END_LOW; end <= END_HIGH; end++)
        ends[end] = hold_against(line, curves->points[end], curves->n[end]);
    /* What only the upper end reaches is shown where that reaches it. */
    struct societal_against out = isnan(ends[END_MIDDLE].at_n) ? ends[END_HIGH] : ends[END_MIDDLE];
    out.factor = ends[END_MIDDLE].factor;
    out.range = (struct quantity){.low = ends[END_LOW].factor, .high = ends[END_HIGH].factor};
    const struct limit limit = {.must_be = MUST_BE_AT_MOST,
                                .mildest = 1,
                                .strictest = 1,
                                .resolution = VERDICT_SUMS,
                                .confidence = line->source.confidence};
    out.answer = verdict_judge(&out.range, &limit);
    return out;
}

/* Of the lines of one region the one with the greatest factor, or the greatest that may be. */
static bool governs_more(const struct societal_against *a, const struct societal_against *b)
{
    if (!b || a->line->region != b->line->region)
        return !b || a->line->region > b->line->region;
    return a->factor > b->factor;
}

static void find_region(struct societal *out)
{
    const struct societal_against *sure = NULL;
    const struct societal_against *open = NULL;
    const struct societal_against *nearest = NULL;
    for (size_t i = 0; i < out->n_lines; i++) {
        const struct societal_against *against = &out->lines[i];
        if (!nearest || against->factor > nearest->factor)
            nearest = against;
        if (against->answer.verdict == VERDICT_CLEAR)
            continue;
        if (against->answer.verdict == VERDICT_CONFLICT && governs_more(against, sure))
            sure = against;
        if (governs_more(against, open))
            open = against;
    }
    out->region = sure ? sure->line->region : SOCIETAL_ACCEPTABLE;
    out->could_be = open ? open->line->region : SOCIETAL_ACCEPTABLE;
    out->governs = out->could_be > out->region ? open : sure ? sure : nearest;
}

static enum err_code judge_lines(const struct world *world, struct societal *out,
                                 struct arena *arena, struct err *err)
{
    enum err_code code = ERR_OK;
    struct curves curves;
    for (int end = END_LOW; end <= END_HIGH; end++)
        TRY(curve_of(out, (enum end)end, arena, &curves.points[end], &curves.n[end], err));
    out->curve = curves.points[END_MIDDLE];
    out->n_curve = curves.n[END_MIDDLE];
    out->lines = arena_new(arena, struct societal_against, world->rules->n_societal_lines);
    if (!out->lines) {
        code = err_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < world->rules->n_societal_lines; i++) {
        const struct societal_line *line = &world->rules->societal_lines[i];
        if (rule_holds(&line->source, world->as_of))
            out->lines[out->n_lines++] = judge_line(line, &curves);
    }
    find_region(out);
done:
    return code;
}

enum err_code societal_of(const struct world *world, struct worker *worker, const uint32_t *rows,
                          size_t n, struct arena *arena, struct societal *out, struct err *err)
{
    enum err_code code = ERR_OK;
    *out = (struct societal){.n_scenarios = n, .unknown_row = -1};
    out->events = arena_new(arena, struct societal_event, n);
    if (!out->events)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        struct societal_event *event = &out->events[out->n_events];
        TRY(societal_event_of(world, worker, rows[i], arena, event, err));
        if (!(event->per_year > 0))
            continue;
        out->pll += event->per_year * event->n;
        out->pll_low += event->per_year * event->n_low;
        out->pll_high += event->per_year * event->n_high;
        if (isinf(event->n_high) && out->unknown_row < 0)
            out->unknown_row = rows[i];
        out->n_events++;
    }
    if (out->n_events > 0)
        qsort(out->events, out->n_events, sizeof *out->events, compare_events);
    TRY(judge_lines(world, out, arena, err));
done:
    return code;
}
