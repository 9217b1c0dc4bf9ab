#include "geo/pipelines/pipeline_runs.h"

#include "data/base/text.h"

#include <string.h>

const char *const PIPELINE_MISSING_DWELLINGS = "dwellings";
const char *const PIPELINE_MISSING_PLACES = "places";

int pipeline_class_rank(const char *class)
{
    static const struct {
        const char *class;
        int rank;
    } ranks[] = {{"1-1", 1}, {"1", 1}, {"1-2", 2}, {"2", 3},  {"3", 4},
                 {"4", 5},   {"I", 1}, {"II", 2},  {"III", 3}};
    for (size_t i = 0; i < sizeof ranks / sizeof ranks[0]; i++)
        if (text_equal(ranks[i].class, class))
            return ranks[i].rank;
    return 1;
}

bool pipeline_says_number(const struct pipeline_found *found)
{
    return found->window || found->place->counts != PIPELINE_COUNTS_PLACE;
}

bool pipeline_outranks(const struct pipeline_found *a, const struct pipeline_found *b)
{
    bool says = pipeline_says_number(a);
    if (a->rank != b->rank)
        return a->rank > b->rank;
    return says && (!pipeline_says_number(b) || a->count > b->count);
}

enum truth pipeline_speaks(const struct pipeline_job *job, const struct rule_source *source,
                           const struct predicate *when, const char **missing)
{
    if (!rule_holds(source, job->world->as_of))
        return TRUTH_NO;
    return predicate_eval(when, job->pipeline, missing);
}

double pipeline_reach_of(const struct pipeline_job *job, const struct pipeline_place *row)
{
    if (!isnan(row->within_m))
        return row->within_m;
    double radius_m =
        rules_pir_m(rules_pipeline_method(job->world->rules, row->method), job->pipeline);
    return radius_m > row->prorated_m ? row->prorated_m : radius_m;
}

enum err_code pipeline_add_found(struct pipeline_job *job, struct pipeline_founds *to,
                                 const struct pipeline_found *like, struct err *err)
{
    to->items = arena_grow(job->scratch, to->items, &to->capacity, to->n + 1, sizeof *to->items);
    if (!to->items)
        return err_nomem(err);
    to->items[to->n++] = *like;
    return ERR_OK;
}

bool pipeline_has_say(const struct pipeline_job *job, const char *method_id)
{
    const char *missing = NULL;
    const struct pipeline_method *method = rules_pipeline_method(job->world->rules, method_id);
    return method && method->assessed &&
           pipeline_speaks(job, &method->source, method->when, &missing) == TRUTH_YES;
}

bool pipeline_is_taken_over(const struct pipeline_job *job, const char *method, const char *class)
{
    const struct rules *rules = job->world->rules;
    const struct pipeline_class *rows = rules->pipeline_classes;
    for (size_t k = 0; k < rules->n_pipeline_classes; k++) {
        const struct pipeline_class *of = &rows[k];
        if (!text_equal(of->class, class) || !text_equal(of->method, method))
            continue;
        for (size_t i = 0; i < rules->n_pipeline_classes; i++)
            if (rows[i].counts == PIPELINE_COUNTS_CLASS && text_equal(rows[i].of, of->source.id) &&
                pipeline_has_say(job, rows[i].method))
                return true;
    }
    return false;
}

/* ---- rows that count in windows ---- */

struct pipeline_ask pipeline_ask_of_class(const struct pipeline_class *row)
{
    return (struct pipeline_ask){.target = row->target, .beside = true, .reach_m = row->strip_m};
}

static struct pipeline_ask ask_of_arcs(const struct pipeline_class *row)
{
    return (struct pipeline_ask){.target = row->target, .reach_m = row->end_m};
}

/* As whom a row's finding is kept: its own class and source, or those of the row that points
 * to it. */
struct as {
    const struct rule_source *source;
    const char *class;
    const struct predicate *when;
};

/* What a row found in windows, which rows of other methods take over. */
struct pipeline_found_before {
    struct pipeline_found_before *next;
    const struct pipeline_class *row;
    enum confidence confidence; /* of the source in whose name it was found */
    bool at_most_only;
    unsigned idle_known;
    const char *missing;
    const struct pipeline_found *items;
    size_t n;
};

/* In the name of counting->like what was found before; *out NULL: nothing was looked for. */
static enum err_code find_again(const struct pipeline_counting *counting,
                                const struct pipeline_found_before **out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_found *like = counting->like;
    const struct pipeline_found_before *at = counting->job->found_before;
    while (at && (at->row != like->window || at->confidence != like->source->confidence ||
                  at->at_most_only != counting->at_most_only || at->missing != counting->missing ||
                  at->idle_known != counting->job->idle_known))
        at = at->next;
    for (size_t i = 0; at && i < at->n; i++) {
        struct pipeline_found found = at->items[i];
        found.rank = like->rank;
        found.class = like->class;
        found.source = like->source;
        TRY(pipeline_add_found(counting->job, counting->out, &found, err));
    }
    *out = at;
done:
    return code;
}

static enum err_code find_first(const struct pipeline_counting *counting, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = counting->job;
    size_t n_before = counting->out->n;
    struct pipeline_found_before *found = arena_new(job->scratch, struct pipeline_found_before, 1);
    if (!found)
        return err_nomem(err);
    TRY(pipeline_find_runs(counting, err));
    *found = (struct pipeline_found_before){.next = job->found_before,
                                            .row = counting->like->window,
                                            .confidence = counting->like->source->confidence,
                                            .at_most_only = counting->at_most_only,
                                            .idle_known = job->idle_known,
                                            .missing = counting->missing,
                                            .n = counting->out->n - n_before};
    if (found->n > 0)
        found->items = counting->out->items + n_before;
    job->found_before = found;
done:
    return code;
}

static enum err_code find_window(struct pipeline_job *job, const struct pipeline_class *row,
                                 struct as as, struct pipeline_founds *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *missing = NULL;
    enum truth speaks = pipeline_speaks(job, as.source, as.when, &missing);
    if (speaks == TRUTH_NO || !rule_holds(&row->source, job->world->as_of))
        return ERR_OK;
    struct pipeline_found like = {
        .rank = pipeline_class_rank(as.class),
        .class = as.class,
        .source = confidence_decides(row->source.confidence) ? as.source : &row->source,
        .window = row,
    };
    bool tall = row->counts == PIPELINE_COUNTS_STOREYS;
    struct pipeline_counting counting = {
        .job = job,
        .like = &like,
        .limit = {llround(row->from * (double)COUNT_UNIT), row->from_included, tall, row->share},
        .window_m = row->window_m,
        .reach_m = row->strip_m,
        .at_most_only = speaks == TRUTH_UNKNOWN,
        .missing = missing,
        .out = out,
    };
    struct pipeline_ask ask = pipeline_ask_of_class(row);
    struct pipeline_ask arcs = ask_of_arcs(row);
    size_t at = 0;
    size_t arcs_at = 0;
    const struct pipeline_found_before *before = NULL;
    TRY(find_again(&counting, &before, err));
    if (before)
        return ERR_OK;
    TRY(pipeline_ask(job, &ask, &at, err));
    if (row->ends == PIPELINE_ENDS_ARC)
        TRY(pipeline_ask(job, &arcs, &arcs_at, err));
    counting.ask = &job->asks[at];
    counting.arcs = row->ends == PIPELINE_ENDS_ARC ? &job->asks[arcs_at] : NULL;
    TRY(pipeline_count_targets(job, at, row->counts, row, &counting.counted, err));
    TRY(find_first(&counting, err));
done:
    return code;
}

enum err_code pipeline_find_window(struct pipeline_job *job, const struct pipeline_class *row,
                                   struct pipeline_founds *out, struct err *err)
{
    return find_window(job, row, (struct as){&row->source, row->class, row->when}, out, err);
}

/* ---- rows of places ---- */

struct pipeline_ask pipeline_ask_of_place(const struct pipeline_job *job,
                                          const struct pipeline_place *row)
{
    return (struct pipeline_ask){.target = row->target,
                                 .reach_m = pipeline_reach_of(job, row),
                                 .outlines = text_equal(row->kind, "occupation")};
}

/* The attribute without which there is no potential impact radius. */
static const char *missing_of_radius(const struct pipeline *pipeline)
{
    return isnan(pipeline->diameter_mm) ? "diameter_mm" : "pressure_mpa";
}

static enum err_code find_place(struct pipeline_job *job, const struct pipeline_place *row,
                                struct as as, struct pipeline_founds *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *missing = NULL;
    enum truth speaks = pipeline_speaks(job, as.source, as.when, &missing);
    if (speaks == TRUTH_NO || !rule_holds(&row->source, job->world->as_of))
        return ERR_OK;
    struct pipeline_ask ask = pipeline_ask_of_place(job, row);
    if (isnan(ask.reach_m) && !missing)
        missing = missing_of_radius(job->pipeline);
    double radius_m =
        rules_pir_m(rules_pipeline_method(job->world->rules, row->method), job->pipeline);
    if (row->pir_above_m > 0 && radius_m <= row->pir_above_m)
        return ERR_OK;
    double share = radius_m > row->prorated_m ? row->prorated_m / radius_m : 1;
    struct pipeline_found like = {.rank = pipeline_class_rank(as.class),
                                  .class = as.class,
                                  .source = as.source,
                                  .place = row};
    struct pipeline_counting counting = {
        .job = job,
        .like = &like,
        .limit = {llround(row->at_least * share * share * (double)COUNT_UNIT), true, false, 0},
        .reach_m = ask.reach_m,
        .at_most_only = missing != NULL,
        .missing = missing,
        .out = out,
    };
    size_t at = 0;
    TRY(pipeline_ask(job, &ask, &at, err));
    counting.ask = &job->asks[at];
    TRY(pipeline_count_targets(job, at, row->counts, NULL, &counting.counted, err));
    TRY(pipeline_find_runs(&counting, err));
done:
    return code;
}

enum err_code pipeline_find_place(struct pipeline_job *job, const struct pipeline_place *row,
                                  struct pipeline_founds *out, struct err *err)
{
    return find_place(job, row, (struct as){&row->source, row->class, row->when}, out, err);
}

/* ---- methods ---- */

/* Whether the row gives the class or grade of its method's segments. */
static bool is_segment_row(const struct pipeline_place *row)
{
    return text_equal(row->kind, "class_location") || text_equal(row->kind, "hca");
}

static enum err_code ask_window(struct pipeline_job *job, const struct pipeline_class *row,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_ask ask = pipeline_ask_of_class(row);
    size_t at;
    TRY(pipeline_ask(job, &ask, &at, err));
    ask = ask_of_arcs(row);
    if (row->ends == PIPELINE_ENDS_ARC)
        TRY(pipeline_ask(job, &ask, &at, err));
done:
    return code;
}

/* What makes the class of another method's row: that row, and the places of that class. */
static enum err_code find_of(struct pipeline_job *job, const struct pipeline_class *row,
                             struct pipeline_founds *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = job->world->rules;
    const struct pipeline_class *of = rules_pipeline_class(rules, row->of);
    struct as as = {&row->source, row->class, row->when};
    struct pipeline_ask ask;
    size_t at;
    if (out)
        TRY(find_window(job, of, as, out, err));
    else
        TRY(ask_window(job, of, err));
    for (size_t i = 0; i < rules->n_pipeline_places; i++) {
        const struct pipeline_place *place = &rules->pipeline_places[i];
        if (!is_segment_row(place) || !text_equal(place->method, of->method) ||
            !text_equal(place->class, of->class))
            continue;
        ask = pipeline_ask_of_place(job, place);
        if (out)
            TRY(find_place(job, place, as, out, err));
        else
            TRY(pipeline_ask(job, &ask, &at, err));
    }
done:
    return code;
}

static enum err_code find_class_row(struct pipeline_job *job, const struct pipeline_class *row,
                                    struct pipeline_founds *out, struct err *err)
{
    const char *missing = NULL;
    if (pipeline_speaks(job, &row->source, row->when, &missing) == TRUTH_NO)
        return ERR_OK;
    if (row->counts == PIPELINE_COUNTS_CLASS)
        return find_of(job, row, out, err);
    if (out)
        return find_window(job, row, (struct as){&row->source, row->class, row->when}, out, err);
    return ask_window(job, row, err);
}

/* out NULL: the questions only. */
static enum err_code find_or_ask(struct pipeline_job *job, const struct pipeline_method *method,
                                 struct pipeline_founds *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = job->world->rules;
    size_t at;
    for (size_t i = 0; i < rules->n_pipeline_classes; i++)
        if (text_equal(rules->pipeline_classes[i].method, method->source.id))
            TRY(find_class_row(job, &rules->pipeline_classes[i], out, err));
    for (size_t i = 0; i < rules->n_pipeline_places; i++) {
        const struct pipeline_place *row = &rules->pipeline_places[i];
        const char *missing = NULL;
        if (!text_equal(row->method, method->source.id) ||
            pipeline_speaks(job, &row->source, row->when, &missing) == TRUTH_NO)
            continue;
        struct pipeline_ask ask = pipeline_ask_of_place(job, row);
        if (!out)
            TRY(pipeline_ask(job, &ask, &at, err));
        else if (is_segment_row(row))
            TRY(pipeline_find_place(job, row, out, err));
    }
done:
    return code;
}

enum err_code pipeline_ask_method(struct pipeline_job *job, const struct pipeline_method *method,
                                  struct err *err)
{
    return find_or_ask(job, method, NULL, err);
}

enum err_code pipeline_find(struct pipeline_job *job, const struct pipeline_method *method,
                            struct pipeline_founds *out, struct err *err)
{
    *out = (struct pipeline_founds){.items = NULL};
    return find_or_ask(job, method, out, err);
}

enum err_code pipeline_find_factors(struct pipeline_job *job, const struct pipeline_method *method,
                                    struct pipeline_founds *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = job->world->rules;
    *out = (struct pipeline_founds){.items = NULL};
    for (size_t i = 0; i < rules->n_pipeline_places; i++) {
        const struct pipeline_place *row = &rules->pipeline_places[i];
        if (text_equal(row->method, method->source.id) && text_equal(row->kind, "design_factor"))
            TRY(pipeline_find_place(job, row, out, err));
    }
done:
    return code;
}
