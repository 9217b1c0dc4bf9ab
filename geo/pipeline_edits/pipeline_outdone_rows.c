/*
 * pipeline_outdone_rows.c - whether the old rows of a pipeline tell of an edited record.
 *
 * A row of areas, or of design factors, tells of one run of places: of what is measured, and while
 * it is undecided of what may be at most. Nobody hears of a run where that is graver, or as grave
 * and told rather (pipeline_outranks). Of a run that is as long as it was the first place is told,
 * of what may be at most the first that an attribute is missing of; so that a row that names
 * another place than the record stays
 *
 *   if the record comes after that place;
 *   if something that was part of the run comes before it: then the row tells of another run;
 *   if the record only leaves the run.
 *
 * Where a run goes is not known beyond what is looked at. But what is measured lies whole in one
 * area, which the old rows tell; and a row of what may be at most alone, where nothing is measured,
 * has no part in a run that meets what is.
 */
#include "geo/pipeline_edits/pipeline_outdoing.h"

#include "data/base/text.h"

#include <string.h>

/* Rounding apart: what overlaps by so much does so for sure. */
static const double SURELY_M = 1;

static bool is_area(const struct outdoing *on, const struct pipeline_place *row)
{
    const struct pipeline_method *method = rules_pipeline_method(on->job.world->rules, row->method);
    return text_equal(row->kind, "hca") && !isnan(method->merge_m);
}

/* Whether an old row is of those that the row of places may be part of, and meets a span. */
static bool may_hear(const struct outdoing *on, const struct segment *old,
                     const struct pipeline_place *row, struct span span)
{
    if (!text_equal(old->method, row->method) || !text_equal(old->kind, row->kind))
        return false;
    double merge_m = rules_pipeline_method(on->job.world->rules, row->method)->merge_m;
    double gap_m = isnan(merge_m) ? 0 : merge_m;
    return old->from_m <= span.to_m + gap_m && old->to_m >= span.from_m - gap_m;
}

static int its_rank(const struct pipeline_place *row)
{
    return pipeline_class_rank(row->class);
}

/* Whether an old row tells nothing of a run of that row where it meets it. */
static bool is_deaf(const struct segment *old, const struct pipeline_place *row)
{
    int rank = old->class ? pipeline_class_rank(old->class) : 0;
    if (outdoing_is_factor(row))
        return !text_equal(old->rule_id, row->source.id);
    return rank > its_rank(row) ||
           (rank == its_rank(row) && (old->households >= 0 || old->buildings >= 0));
}

bool outdoing_is_unheard(const struct outdoing *on, const struct outdone *it, struct span span)
{
    bool unheard = is_area(on, it->row) || outdoing_is_factor(it->row);
    for (size_t i = 0; i < on->was->n_old && unheard; i++)
        unheard =
            !may_hear(on, on->was->old[i], it->row, span) || is_deaf(on->was->old[i], it->row);
    return unheard;
}

/* ---- of runs that are as long as they were ---- */

/* By id, of which the first is n bytes of a text. */
static int by_id(const char *id, size_t n, const char *other)
{
    int order = strncmp(id, other, n);
    return order == 0 && other[n] ? -1 : order;
}

/* Whether a row that names a place does so after the edit too. */
static bool is_named_still(const struct outdoing *on, const struct outdone_run *run, const char *id,
                           size_t n)
{
    const struct pipeline_edited *edited = on->was->edited;
    int order = by_id(id, n, (edited->after ? edited->after : edited->before)->id);
    return order < 0 || (order > 0 && run->first_id && by_id(id, n, run->first_id) > 0);
}

/* Of the record's layer the place that an attribute is missing of, as pipeline_decides says it;
 * NULL: it says something else. */
static const char *place_in_doubt(const struct outdoing *on, const char *decides, size_t *n)
{
    const char *layer = layer_name(on->was->edited->layer);
    const char *at = decides ? strstr(decides, " (") : NULL;
    if (!at || strncmp(at + 2, layer, strlen(layer)) != 0 || at[2 + strlen(layer)] != '/')
        return NULL;
    at += 2 + strlen(layer) + 1;
    *n = strlen(at);
    return *n > 0 && at[--*n] == ')' ? at : NULL;
}

static bool tells_the_same(const struct outdoing *on, const struct outdone_run *run,
                           const struct segment *old, bool in_area)
{
    size_t n = 0;
    bool of_its_rule = text_equal(old->rule_id, run->row->source.id);
    if (is_deaf(old, run->row))
        return true;
    if (run->known == MEASURED)
        return !of_its_rule || (old->target_id &&
                                text_equal(old->target_layer, layer_name(on->was->edited->layer)) &&
                                is_named_still(on, run, old->target_id, strlen(old->target_id)));
    if (text_equal(old->verdict, "decided") ||
        (old->could_be && pipeline_class_rank(old->could_be) != its_rank(run->row)) ||
        (in_area && !old->class && of_its_rule && *run->row->class))
        return true;
    const char *id = place_in_doubt(on, old->decides, &n);
    return id && is_named_still(on, run, id, n);
}

/* Whether the run meets what is measured. */
static bool is_in_area(const struct outdoing *on, const struct outdone_run *run)
{
    const struct span sure = {run->seen.from_m + SURELY_M, run->seen.to_m - SURELY_M};
    bool in_area = false;
    for (size_t i = 0; i < on->was->n_old && !in_area; i++) {
        const struct segment *old = on->was->old[i];
        in_area = old->class && *old->class && old->from_m <= sure.to_m &&
                  old->to_m >= sure.from_m && may_hear(on, old, run->row, run->seen);
    }
    return in_area;
}

bool outdoing_run_is_unheard(const struct outdoing *on, const struct outdone_run *run)
{
    bool area = is_area(on, run->row);
    bool unheard = area || outdoing_is_factor(run->row);
    if (run->known == AT_LEAST || !unheard)
        return unheard; /* of what is there at least no place is told */
    bool whole = area && run->known == MEASURED && run->seen.from_m <= run->seen.to_m;
    bool in_area = area && run->known == AT_MOST && is_in_area(on, run);
    for (size_t i = 0; i < on->was->n_old && unheard; i++) {
        const struct segment *old = on->was->old[i];
        unheard = !may_hear(on, old, run->row, whole ? run->seen : run->far) ||
                  tells_the_same(on, run, old, in_area);
    }
    return unheard;
}
