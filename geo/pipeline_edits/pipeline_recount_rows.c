/*
 * pipeline_recount_rows.c - which rows of a pipeline tell a window that an edit changed.
 *
 * All stretches are as they were, and so is all that was found but for the count of the runs that
 * may hold the dwelling, and where their greatest window begins. A row shows the gravest that was
 * found on it, of equals that with the highest count (pipeline_outranks):
 *
 *   it shows a lower count than those windows had   then it does not show their run, nor will it
 *   it shows a higher one                           another window's, unless they have more now
 *   the same, of the window that was the greatest   it shows their run: what is told is that of
 *                                                   the window that is the greatest now; if that is
 *                                                   a lower one, of the whole run
 *
 * What may be there at most matters to rows that are undecided: see is_settled.
 */
#include "geo/pipeline_edits/pipeline_recounting.h"
#include "geo/pipelines/pipeline_rows.h"

#include "data/base/text.h"

#include <string.h>

enum { RANKS = 8 }; /* pipeline_class_rank */

/* So near the first of the windows that another before it may be told alike, m. */
static const double ALIKE_M = 2;

/* What is found only as it may be may lie beside what was measured so many times: once a rank. */
static const double MOST_FRINGES = 5;

/* What of a method's rows counts the dwelling. */
struct counting_ranks {
    bool has[RANKS];
    int highest;
    bool classed; /* class rows of a method that has a say count it too, and say where they hold */
};

static int rank_of(const char *class)
{
    return pipeline_class_rank(class ? class : "");
}

static bool speaks(const struct recounting *on, const struct rule_source *source,
                   const struct predicate *when)
{
    const char *missing = NULL;
    return pipeline_speaks(&on->job, source, when, &missing) != TRUTH_NO;
}

static struct counting_ranks ranks_of(const struct recounting *on, const char *method)
{
    const struct rules *rules = on->job.world->rules;
    struct counting_ranks ranks = {.highest = 0, .classed = true};
    for (size_t i = 0; i < rules->n_pipeline_classes; i++) {
        const struct pipeline_class *row = &rules->pipeline_classes[i];
        const struct pipeline_class *of = recount_window_of(on, row);
        if (!text_equal(row->method, method) || !of || !recount_has(on, of) ||
            !speaks(on, &row->source, row->when))
            continue;
        int rank = rank_of(row->class);
        const struct pipeline_method *from = rules_pipeline_method(rules, of->method);
        ranks.has[rank] = true;
        ranks.highest = rank > ranks.highest ? rank : ranks.highest;
        ranks.classed = ranks.classed && from && from->kind == PIPELINE_CLASS_LOCATION &&
                        pipeline_has_say(&on->job, of->method);
    }
    return ranks;
}

static bool is_decided(const struct segment *row)
{
    return text_equal(row->verdict, "decided");
}

/* The row of windows that a segment shows; NULL: another thing. */
static const struct pipeline_class *shown_by(const struct recounting *on, const struct segment *row)
{
    const struct pipeline_class *rule =
        row->rule_id ? rules_pipeline_class(on->job.world->rules, row->rule_id) : NULL;
    const struct pipeline_class *of = recount_window_of(on, rule);
    return of && recount_has(on, of) ? of : NULL;
}

static bool is_everywhere(const struct pipeline_class *row)
{
    return row->from_included && row->from == 0;
}

/* ---- rows that cannot be told otherwise ---- */

/* Whether rows without a class are such on which nothing was measured: all that may be measured
 * have one. */
static bool all_have_classes(const struct recounting *on, const char *method)
{
    const struct rules *rules = on->job.world->rules;
    bool all = true;
    for (size_t i = 0; i < rules->n_pipeline_classes && all; i++)
        all = !text_equal(rules->pipeline_classes[i].method, method) ||
              *rules->pipeline_classes[i].class;
    for (size_t i = 0; i < rules->n_pipeline_places && all; i++)
        all = !text_equal(rules->pipeline_places[i].method, method) ||
              *rules->pipeline_places[i].class;
    return all;
}

/* How long a stretch may be on which no more is found than may be there. */
static double fringe_of(const struct recounting *on)
{
    return 1 + 2 * (on->job.error_m + on->job.sites->farthest_off_m);
}

/* What is to be done about a row. */
enum fate {
    STAYS,  /* or shows the count of a run of windows, which may be another */
    APART,  /* likewise, if what may be there at most of the runs that hold the dwelling does not
             * touch it */
    UNSURE, /* cut the pipeline anew */
};

/* An area. What may be there at most of a run that holds the dwelling reaches no farther than
 * what is measured of it, but for fringes, where the classes are decided; and areas lie farther
 * apart than those. So it does not touch what is no more than possible, nor what shows a milder
 * thing. */
static enum fate fate_of_area(const struct recounting *on, const struct recount_row *it,
                              const struct counting_ranks *ranks)
{
    const struct segment *row = it->row;
    const struct pipeline_method *method = it->method;
    int rank = rank_of(row->class);
    bool shows = it->window != NULL;
    bool settled = ranks->classed && method->merge_m > MOST_FRINGES * fringe_of(on) && !shows;
    if (isnan(method->merge_m))
        return UNSURE;
    if (is_decided(row))
        return shows || !ranks->has[rank] ? STAYS : UNSURE;
    if (!row->class)
        settled = settled && row->could_be && all_have_classes(on, row->method);
    else
        settled = settled && !ranks->has[rank];
    return settled ? STAYS : APART;
}

static enum fate fate_of(const struct recounting *on, const struct recount_row *it,
                         const struct counting_ranks *ranks)
{
    const struct segment *row = it->row;
    if (ranks->highest == 0 ||
        text_equal(row->kind, "design_factor")) /* of places where classes are: both stay */
        return STAYS;
    if (it->method->kind == PIPELINE_HCA)
        return fate_of_area(on, it, ranks);
    if (!it->window && ranks->has[rank_of(row->class)])
        return UNSURE;
    return is_decided(row) ? STAYS : APART;
}

/* Whether all class locations are. */
static bool are_decided(const struct recounting *on)
{
    bool all = true;
    for (size_t i = 0; i < on->n_rows && all; i++)
        all = !text_equal(on->rows[i].row->kind, "class_location") || is_decided(on->rows[i].row);
    return all;
}

static enum err_code list_rows(struct recounting *on, struct err *err)
{
    const struct rules *rules = on->job.world->rules;
    on->rows = arena_new(on->job.scratch, struct recount_row, on->it->n_old);
    if (!on->rows)
        return err_nomem(err);
    const struct pipeline_method *method = NULL; /* rows of one lie together, and of one rule */
    const struct pipeline_class *window = NULL;
    const char *rule_id = NULL;
    for (size_t i = 0; i < on->it->n_old; i++) {
        const struct segment *row = on->it->old[i];
        if (!method || !row->method || !text_equal(method->source.id, row->method))
            method = row->method ? rules_pipeline_method(rules, row->method) : NULL;
        if (!method || method->kind == PIPELINE_LAW || text_equal(row->kind, "pir"))
            continue;
        if (!rule_id || !row->rule_id || !text_equal(rule_id, row->rule_id))
            window = shown_by(on, row);
        rule_id = row->rule_id;
        on->rows[on->n_rows++] =
            (struct recount_row){.row = row, .method = method, .window = window};
    }
    return ERR_OK;
}

enum err_code recount_may_tell(struct recounting *on, bool *may, struct err *err)
{
    enum err_code code = ERR_OK;
    struct counting_ranks ranks = {.highest = 0};
    const struct pipeline_method *method = NULL;
    TRY(list_rows(on, err));
    bool all_decided = are_decided(on);
    *may = true;
    for (size_t i = 0; i < on->n_rows && *may; i++) {
        struct recount_row *it = &on->rows[i];
        if (it->method != method) {
            method = it->method;
            ranks = ranks_of(on, method->source.id);
            ranks.classed = ranks.classed && all_decided;
        }
        enum fate fate = fate_of(on, it, &ranks);
        *may = fate != UNSURE;
        it->apart = fate == APART;
    }
done:
    return code;
}

/* ---- runs ---- */

/* Whether old rows show that no run of a class of a method goes from where the dwelling is seen to
 * a row: between the two lies a milder class, for sure. */
static bool is_parted(const struct recounting *on, const struct segment *row, const char *method,
                      int rank)
{
    double from_m = fmin(on->seen.to_m, row->to_m);
    double to_m = fmax(on->seen.from_m, row->from_m);
    bool parted = false;
    for (size_t i = 0; i < on->n_rows && !parted; i++) {
        const struct segment *other = on->rows[i].row;
        double length_m = fmin(other->to_m, to_m) - fmax(other->from_m, from_m);
        parted = length_m > MOST_FRINGES * fringe_of(on) &&
                 text_equal(other->kind, "class_location") && text_equal(other->method, method) &&
                 is_decided(other) && other->class && rank_of(other->class) < rank;
    }
    return parted;
}

/* Likewise of an area, by all windows that it may be made of: classes of other methods. */
static bool is_area_parted(const struct recounting *on, const struct segment *row)
{
    const struct rules *rules = on->job.world->rules;
    bool parted = true;
    for (size_t i = 0; i < rules->n_pipeline_classes && parted; i++) {
        const struct pipeline_class *rule = &rules->pipeline_classes[i];
        const struct pipeline_class *window = recount_window_of(on, rule);
        if (text_equal(rule->method, row->method) && window && recount_has(on, window) &&
            speaks(on, &rule->source, rule->when))
            parted = is_parted(on, row, window->method, rank_of(window->class));
    }
    return parted;
}

/* Whether something else of that rank may be told of a method's rows instead of what a rule found,
 * once its count is another. */
static bool is_rivalled(const struct recounting *on, const char *method, int rank,
                        const char *rule_id, const struct pipeline_class *window)
{
    const struct rules *rules = on->job.world->rules;
    bool rivalled = false;
    for (size_t i = 0; i < rules->n_pipeline_classes && !rivalled; i++) {
        const struct pipeline_class *other = &rules->pipeline_classes[i];
        rivalled = text_equal(other->method, method) && rank_of(other->class) == rank &&
                   !text_equal(other->source.id, rule_id) &&
                   speaks(on, &other->source, other->when);
    }
    for (size_t i = 0; i < rules->n_pipeline_places && !rivalled; i++) {
        const struct pipeline_place *place = &rules->pipeline_places[i];
        bool own = text_equal(place->method, method) && rank_of(place->class) == rank;
        bool taken_over =
            text_equal(place->method, window->method) && text_equal(place->class, window->class);
        if ((!own && !taken_over) || text_equal(place->kind, "design_factor") ||
            !speaks(on, &place->source, place->when))
            continue;
        rivalled = place->counts != PIPELINE_COUNTS_PLACE; /* else it says no number */
    }
    return rivalled;
}

/* Whether a run is the only one of its rank that may be told of an area as what may be there: the
 * row tells what was measured, and of the run no more than that and what is in doubt. */
static bool is_told_alone(const struct recounting *on, const struct pipeline_found *found,
                          const struct segment *row)
{
    const struct rules *rules = on->job.world->rules;
    int rank = rank_of(row->could_be ? row->could_be : row->class);
    bool alone = false;
    for (size_t i = 0; i < rules->n_pipeline_classes && !alone; i++) {
        const struct pipeline_class *rule = &rules->pipeline_classes[i];
        alone = text_equal(rule->method, row->method) && rank_of(rule->class) == rank &&
                recount_window_of(on, rule) == found->window &&
                !is_rivalled(on, row->method, rank, rule->source.id, found->window);
    }
    return row->class && alone;
}

/* Whether what may be there at most is told of a run that holds the dwelling as it was: of others,
 * whose places are in doubt, and not of how many there are. */
static bool tells_of_others(const struct recounting *on, const struct pipeline_founds *founds,
                            const struct pipeline_found *found, const struct segment *row)
{
    size_t n = 0;
    for (size_t i = 0; i < founds->n; i++)
        n += founds->items[i].known == AT_MOST && recount_is_on(row, founds->items[i].span);
    return n == 1 && !on->doubted && !found->missing && isfinite(found->margin_m) &&
           (text_equal(row->kind, "class_location") || is_told_alone(on, found, row));
}

/* Whether of no run that holds the dwelling anything else may be shown on a row, whatever is known.
 */
static enum err_code is_apart(struct recounting *on, const struct segment *row, bool *out,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_founds founds = {.items = NULL};
    bool area = text_equal(row->kind, "hca");
    int rank = rank_of(row->could_be ? row->could_be : row->class);
    const struct recount_asked asked = {.row = row, .rank = area ? 0 : rank};
    struct span guess = recount_guess_runs(on);
    bool on_row = false;
    *out = true;
    if (area ? is_area_parted(on, row) : is_parted(on, row, row->method, rank))
        return ERR_OK;
    TRY(recount_find_runs(on, &asked, guess, &founds, err));
    for (size_t i = 0; i < founds.n; i++)
        on_row = on_row || (recount_run_matters(on, &asked, &founds.items[i]) &&
                            recount_is_on(row, founds.items[i].span));
    if (!on_row)
        goto done;
    *out = !area || row->class;
    if (*out) /* all that are on it count */
        TRY(recount_find_runs(on, &asked, span_join(guess, (struct span){row->from_m, row->to_m}),
                              &founds, err));
    for (size_t i = 0; i < founds.n && *out; i++)
        *out = !recount_run_matters(on, &asked, &founds.items[i]) ||
               !recount_is_on(row, founds.items[i].span) ||
               tells_of_others(on, &founds, &founds.items[i], row);
done:
    return code;
}

/* ---- the next greatest window ---- */

static enum err_code find_next(struct recounting *on, const struct segment *row,
                               const struct pipeline_class *window, struct pipeline_found *out,
                               bool *sure, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_founds founds = {.items = NULL};
    const struct pipeline_found *best = NULL;
    const struct recount_asked asked = {.row = row, .window = window, .next = true};
    const struct span span = {row->from_m, row->to_m};
    TRY(recount_find_runs(on, &asked, span_join(span, recount_guess_runs(on)), &founds, err));
    for (size_t i = 0; i < founds.n; i++) {
        const struct pipeline_found *found = &founds.items[i];
        if (recount_run_matters(on, &asked, found) && (!best || found->count > best->count))
            best = found;
    }
    *sure = best != NULL;
    if (best) {
        *out = *best;
        *sure = !is_rivalled(on, row->method, rank_of(row->class), row->rule_id, window) &&
                best->count < COUNT_UNKNOWN;
    }
done:
    return code;
}

/* ---- rows that tell a window ---- */

/* Whether no window before those is told as this one is. */
static bool is_first(const struct recounting *on, double at_m)
{
    return at_m > on->starts.from_m + ALIKE_M || on->starts.from_m <= on->domain.from_m;
}

static int64_t count_of(const struct segment *row)
{
    return row->households < 1e9 ? llround(row->households * (double)COUNT_UNIT) : -1;
}

static enum err_code tell(struct recounting *on, const struct segment *row,
                          const struct pipeline_found *found, struct err *err)
{
    struct pipeline_recounted *out = on->out;
    const char *why = pipeline_why(&on->job, found);
    struct segment *after = arena_new(on->arena, struct segment, 1);
    if (!why || !after)
        return err_nomem(err);
    *after = *row;
    after->estimate = found->estimate;
    after->reason = arena_strdup(on->arena, why);
    if (!after->reason)
        return err_nomem(err);
    pipeline_set_count(after, found);
    out->rows[out->n++] = (struct recounted_row){row, after};
    return ERR_OK;
}

/* A row that shows one of those runs, by its greatest window. */
static enum err_code tell_window(struct recounting *on, const struct segment *row,
                                 const struct pipeline_class *window, bool *sure, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_found found = {.window = window,
                                   .count = on->was.count,
                                   .count_at_m = on->was.at_m,
                                   .estimate = row->estimate == 1};
    int64_t count = count_of(row);
    *sure = count >= 0 && on->was.count >= 0 && on->is.count >= 0;
    if (!*sure || count < on->was.count || (count > on->was.count && on->is.count < count))
        return ERR_OK;
    const char *why = pipeline_why(&on->job, &found);
    TRY(why ? ERR_OK : err_nomem(err));
    bool its_own = count == on->was.count && text_equal(why, row->reason) &&
                   is_first(on, on->was.at_m) && is_first(on, on->is.at_m);
    if (its_own && on->is.count >= on->was.count) {
        found.count = on->is.count;
        found.count_at_m = on->is.at_m;
    } else {
        TRY(find_next(on, row, window, &found, sure, err));
    }
    if (*sure)
        TRY(tell(on, row, &found, err));
done:
    return code;
}

/* ---- the law on strips ---- */

/* Whether the law told a row of the record. */
static bool is_own_law(const struct recounting *on, const struct segment *row)
{
    const struct pipeline_edited *edited = on->it->edited;
    const struct record_head *head = edited->before ? edited->before : edited->after;
    const struct pipeline_method *method =
        row->method ? rules_pipeline_method(on->job.world->rules, row->method) : NULL;
    return method && method->kind == PIPELINE_LAW && row->target_id && row->target_layer &&
           text_equal(row->target_id, head->id) &&
           text_equal(row->target_layer, layer_name(edited->layer));
}

/* The law's rows of the record as it is now; none where it is gone. Texts and shapes belong to the
 * result. */
static enum err_code find_law(struct recounting *on, struct pipeline_rows *rows, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = &on->job;
    const struct pipeline_edited *edited = on->it->edited;
    const struct rules *rules = job->world->rules;
    if (!edited->after || edited->after->geom.kind == GEOM_NONE)
        return ERR_OK;
    int64_t row = world_find(job->world, edited->layer, edited->after->id);
    TRY(pipeline_gather_one(job, edited->layer, edited->after, err));
    for (size_t i = 0; i < job->n_hits; i++)
        job->hits[i].row = (uint32_t)row;
    job->arena = on->arena;
    for (size_t i = 0; i < rules->n_pipeline_methods && code == ERR_OK; i++)
        if (rules->pipeline_methods[i].kind == PIPELINE_LAW &&
            pipeline_has_say(job, rules->pipeline_methods[i].source.id))
            code = pipeline_law_rows(job, &rules->pipeline_methods[i], rows, err);
    job->arena = job->scratch;
done:
    return code;
}

enum err_code recount_begin(struct recounting *on, struct err *err)
{
    on->out->rows = arena_new(on->arena, struct recounted_row, on->it->n_old);
    return on->out->rows ? ERR_OK : err_nomem(err);
}

enum err_code recount_law(struct recounting *on, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_rows rows = {.items = NULL};
    struct pipeline_recounted *out = on->out;
    TRY(find_law(on, &rows, err));
    out->rows = arena_new(on->arena, struct recounted_row, on->it->n_old + rows.n);
    struct segment *made = arena_memdup(on->arena, rows.items, rows.n * sizeof *made);
    TRY(out->rows && (made || rows.n == 0) ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < on->it->n_old; i++)
        if (is_own_law(on, on->it->old[i]))
            out->rows[out->n++] = (struct recounted_row){on->it->old[i], NULL};
    size_t n_old = out->n;
    for (size_t k = 0; k < rows.n; k++) {
        size_t i = 0;
        while (i < n_old && !text_equal(out->rows[i].before->head.id, made[k].head.id))
            i++;
        if (i == n_old)
            out->rows[out->n++] = (struct recounted_row){NULL, &made[k]};
        else
            out->rows[i].after = &made[k];
    }
done:
    return code;
}

enum err_code recount_rows(struct recounting *on, bool *sure, struct err *err)
{
    enum err_code code = ERR_OK;
    *sure = true;
    for (size_t i = 0; i < on->n_rows && *sure; i++) {
        const struct segment *row = on->rows[i].row;
        const struct pipeline_class *window = on->rows[i].window;
        if (on->rows[i].apart)
            TRY(is_apart(on, row, sure, err));
        if (!*sure)
            break;
        if (!window || is_everywhere(window) || text_equal(row->kind, "design_factor"))
            continue;
        TRY(tell_window(on, row, window, sure, err));
    }
done:
    return code;
}
