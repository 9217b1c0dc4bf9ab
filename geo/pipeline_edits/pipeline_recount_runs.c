/*
 * pipeline_recount_runs.c - runs of windows that a recount asks for: no more of the line is looked
 * at than they take.
 *
 * Windows that lie in a stretch hold there what they hold along the whole line. So a run none of
 * whose windows reaches the ends of the stretch is the same, wherever it was looked at from.
 */
#include "geo/pipeline_edits/pipeline_recounting.h"

#include "data/base/text.h"

/* How much more than windows and ends reach is looked at, m. */
static const double MORE_M = 5;

bool recount_is_on(const struct segment *row, struct span span)
{
    double middle_m = (row->from_m + row->to_m) / 2;
    if (text_equal(row->kind, "class_location"))
        return span.from_m <= middle_m && span.to_m >= middle_m;
    return span.from_m <= row->to_m && span.to_m >= row->from_m;
}

static bool holds(const struct span *whole, struct span span)
{
    return whole->from_m <= span.from_m && whole->to_m >= span.to_m;
}

/* How far beyond what a run counts the windows of its ends may reach, and its own ends. */
static double margin_of(const struct recounting *on)
{
    double most_m = 0;
    const struct rules *rules = on->job.world->rules;
    for (size_t i = 0; i < rules->n_pipeline_classes; i++)
        if (recount_has(on, &rules->pipeline_classes[i]))
            most_m = fmax(most_m, rules->pipeline_classes[i].end_m); /* end_m may be absent */
    return on->counts->window_m + most_m + MORE_M;
}

/* Makes the job look at a span, and at what windows there hold. */
static enum err_code look_at(struct recounting *on, struct span span, struct err *err)
{
    enum err_code code = ERR_OK;
    double margin_m = margin_of(on);
    struct span whole = pipeline_part_span(&on->job.line, 0);
    struct span wide = {max_of(span.from_m - margin_m, whole.from_m),
                        min_of(span.to_m + margin_m, whole.to_m)};
    if (on->about.end > 0 && holds(&on->about.span, wide))
        return ERR_OK;
    wide = on->about.end > 0 ? span_join(wide, on->about.span) : wide;
    on->about = recount_stretches(on, wide);
    TRY(recount_gather(on, &on->about, err));
done:
    return code;
}

/* Whether windows of a run may go on beyond what the job looks at: each of them holds some of what
 * the run's span goes by. */
static bool is_cut_off(const struct recounting *on, struct span run)
{
    struct span whole = pipeline_part_span(&on->job.line, 0);
    const struct span *some = &on->about.span;
    double window_m = on->counts->window_m + MORE_M;
    return (some->from_m > whole.from_m && run.from_m - window_m <= some->from_m) ||
           (some->to_m < whole.to_m && run.to_m + window_m >= some->to_m);
}

struct span recount_guess_runs(const struct recounting *on)
{
    struct span guess = on->seen;
    for (size_t i = 0; i < on->n_rows; i++) {
        const struct segment *old = on->rows[i].row;
        struct span span = {old->from_m, old->to_m};
        if (text_equal(old->kind, "class_location") && span_overlap(span, on->seen))
            guess = span_join(guess, span);
    }
    return guess;
}

bool recount_run_matters(const struct recounting *on, const struct recount_asked *asked,
                         const struct pipeline_found *found)
{
    return asked->next ? found->known == MEASURED && recount_is_on(asked->row, found->span)
                       : found->known == AT_MOST && span_overlap(found->span, on->seen);
}

static enum err_code find_so_far(struct recounting *on, const struct recount_asked *asked,
                                 struct pipeline_founds *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = on->job.world->rules;
    *out = (struct pipeline_founds){.items = NULL};
    if (asked->window)
        return pipeline_find_window(&on->job, asked->window, out, err);
    for (size_t i = 0; i < rules->n_pipeline_classes; i++) {
        const struct pipeline_class *rule = &rules->pipeline_classes[i];
        const struct pipeline_class *window = recount_window_of(on, rule);
        if (text_equal(rule->method, asked->row->method) && window && recount_has(on, window) &&
            (asked->rank == 0 || pipeline_class_rank(rule->class) == asked->rank))
            TRY(pipeline_find_window(&on->job, window, out, err));
    }
done:
    return code;
}

enum err_code recount_find_runs(struct recounting *on, const struct recount_asked *asked,
                                struct span span, struct pipeline_founds *out, struct err *err)
{
    enum err_code code = ERR_OK;
    bool whole = false;
    on->job.idle_known = ~(1U << (asked->next ? MEASURED : AT_MOST));
    while (!whole) {
        TRY(look_at(on, span, err));
        TRY(find_so_far(on, asked, out, err));
        whole = true;
        for (size_t i = 0; i < out->n && whole; i++)
            whole = !recount_run_matters(on, asked, &out->items[i]) ||
                    !is_cut_off(on, out->items[i].span);
        double more_m = on->about.span.to_m - on->about.span.from_m;
        span = (struct span){on->about.span.from_m - more_m, on->about.span.to_m + more_m};
    }
done:
    return code;
}
