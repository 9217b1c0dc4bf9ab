/* pipeline_hca_rows.c - high-consequence areas: what any row found, joined to segments. */
#include "geo/pipelines/pipeline_rows.h"

#include "data/base/text.h"

/* Findings of one part that are joined. */
struct joining {
    struct pipeline_job *job;
    const struct pipeline_method *method;
    const struct pipeline_founds *founds;
    const struct rule_source *only; /* findings of this row; NULL: of all */
    const char *kind;
    uint32_t part;
    double gap_m;   /* joined where they are so near */
    double axial_m; /* then made longer by so much at both ends */
    struct pipeline_rows *rows;
};

static bool is_meant(const struct joining *joining, const struct pipeline_found *found)
{
    return found->part == joining->part && (!joining->only || found->source == joining->only);
}

static enum err_code spans_of(const struct joining *joining, enum known known, struct span **out,
                              size_t *n, struct err *err)
{
    struct span *spans = arena_new(joining->job->scratch, struct span, joining->founds->n);
    if (!spans)
        return err_nomem(err);
    *n = 0;
    for (size_t i = 0; i < joining->founds->n; i++) {
        const struct pipeline_found *found = &joining->founds->items[i];
        if (is_meant(joining, found) && found->known == known)
            spans[(*n)++] = found->span;
    }
    spans_settle(spans, n, joining->gap_m);
    *out = spans;
    return ERR_OK;
}

static bool overlap(struct span a, struct span b)
{
    return a.from_m <= b.to_m && b.from_m <= a.to_m;
}

/* Of the findings that meet a span, the one that is told. */
static const struct pipeline_found *gravest(const struct joining *joining, enum known known,
                                            struct span span)
{
    const struct pipeline_found *best = NULL;
    for (size_t i = 0; i < joining->founds->n; i++) {
        const struct pipeline_found *found = &joining->founds->items[i];
        if (!is_meant(joining, found) || found->known != known || !overlap(found->span, span))
            continue;
        if (!best || pipeline_outranks(found, best))
            best = found;
    }
    return best;
}

static enum err_code add_area(struct joining *joining, struct span span,
                              const struct pipeline_found *measured, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = joining->job;
    const struct pipeline_found *least = gravest(joining, AT_LEAST, span);
    const struct pipeline_found *most = gravest(joining, AT_MOST, span);
    const struct pipeline_found *shown = measured ? measured : most;
    struct span whole = pipeline_part_span(&job->line, joining->part);
    struct pipeline_stretch_of where = {joining->method->source.id,
                                        joining->kind,
                                        joining->part,
                                        {max_of(whole.from_m, span.from_m - joining->axial_m),
                                         min_of(whole.to_m, span.to_m + joining->axial_m)},
                                        NULL,
                                        0};
    struct segment *row = NULL;
    where.wider_m = span.from_m - where.span.from_m;
    TRY(pipeline_add_row(job, joining->rows, &where, shown->source, &row, err));
    if (measured && *measured->class)
        row->class = measured->class;
    row->verdict = "decided";
    row->estimate = shown->estimate;
    row->reason = pipeline_why(job, shown);
    pipeline_set_count(row, shown);
    if (shown->place) {
        if (isnan(shown->place->within_m))
            row->radius_m = pipeline_reach_of(job, shown->place);
        if (shown->hit)
            pipeline_set_target(job, row, shown->hit);
    }
    int rank = measured ? measured->rank : 0;
    if (!least || least->rank != rank || (most && most->rank != rank)) {
        row->verdict = "undecided";
        row->decides = most ? pipeline_decides(job, most) : "better positions";
        if (most && most->rank > rank && *most->class)
            row->could_be = most->class;
    }
    TRY(row->reason && (row->decides || row->verdict[0] == 'd') ? ERR_OK : err_nomem(err));
done:
    return code;
}

static enum err_code join_part(struct joining *joining, struct err *err)
{
    enum err_code code = ERR_OK;
    struct span *measured = NULL;
    struct span *most = NULL;
    size_t n_measured = 0;
    size_t n_most = 0;
    TRY(spans_of(joining, MEASURED, &measured, &n_measured, err));
    TRY(spans_of(joining, AT_MOST, &most, &n_most, err));
    for (size_t i = 0; i < n_measured; i++)
        TRY(add_area(joining, measured[i], gravest(joining, MEASURED, measured[i]), err));
    for (size_t i = 0; i < n_most; i++) {
        bool known = false;
        for (size_t k = 0; k < n_measured; k++)
            known = known || overlap(measured[k], most[i]);
        if (!known)
            TRY(add_area(joining, most[i], NULL, err));
    }
done:
    return code;
}

/* Without a distance at which areas are joined, each row's stand for themselves: impact circles
 * are one area where they are contiguous, which the method's row defines. */
static enum err_code join_by_row(struct joining *joining, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_founds *founds = joining->founds;
    for (size_t i = 0; i < founds->n; i++) {
        const struct pipeline_found *found = &founds->items[i];
        bool seen = false;
        for (size_t k = 0; k < i; k++)
            seen = seen || founds->items[k].source == found->source;
        if (seen)
            continue;
        double radius_m = found->place && found->place->axial
                              ? rules_pir_m(joining->method, joining->job->pipeline)
                              : 0;
        joining->only = found->source;
        joining->axial_m = isnan(radius_m) ? 0 : radius_m;
        joining->gap_m = joining->method->circles ? 2 * joining->axial_m : 0;
        TRY(join_part(joining, err));
    }
done:
    return code;
}

enum err_code pipeline_join_rows(struct pipeline_job *job, const struct pipeline_method *method,
                                 const struct pipeline_founds *founds, const char *kind,
                                 struct pipeline_rows *rows, struct err *err)
{
    enum err_code code = ERR_OK;
    for (uint32_t part = 0; part < job->line.n_parts; part++) {
        struct joining joining = {.job = job,
                                  .method = method,
                                  .founds = founds,
                                  .kind = kind,
                                  .part = part,
                                  .rows = rows};
        TRY(join_by_row(&joining, err));
    }
done:
    return code;
}

/* The radius itself, for the gas whose factor is known. */
static enum err_code add_radius(struct pipeline_job *job, const struct pipeline_method *method,
                                struct pipeline_rows *rows, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *medium = job->pipeline->medium;
    bool gas = !isnan(job->pipeline->gas_factor) || text_equal(medium, "natural_gas");
    if (isnan(method->pir_factor) || !gas)
        return ERR_OK;
    double radius_m = rules_pir_m(method, job->pipeline);
    for (uint32_t part = 0; part < job->line.n_parts; part++) {
        struct pipeline_stretch_of where = {
            method->source.id, "pir", part, pipeline_part_span(&job->line, part), NULL, 0};
        struct segment *row = NULL;
        TRY(pipeline_add_row(job, rows, &where, &method->source, &row, err));
        row->radius_m = radius_m;
        row->verdict = isnan(radius_m) ? "undecided" : "decided";
        row->reason = "potential impact radius";
        if (isnan(radius_m))
            row->decides = isnan(job->pipeline->diameter_mm) ? "diameter_mm" : "pressure_mpa";
        else
            row->reason =
                arena_printf(job->arena,
                             "potential impact radius %.1f m: d %g mm, p %g "
                             "MPa, factor %g",
                             radius_m, job->pipeline->diameter_mm, job->pipeline->pressure_mpa,
                             rules_pir_factor(method, job->pipeline));
        TRY(row->reason ? ERR_OK : err_nomem(err));
    }
done:
    return code;
}

/* Areas that go on where places are not known: of one that nobody tells. */
static enum err_code go_on_beyond(struct pipeline_job *job, const struct pipeline_method *method,
                                  struct pipeline_founds *founds, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = job->world->rules;
    struct pipeline_found found = {
        .known = MEASURED, .class = "", .source = &method->source, .margin_m = INFINITY};
    for (size_t i = 0; i < rules->n_pipeline_places && !found.place; i++)
        if (text_equal(rules->pipeline_places[i].method, method->source.id))
            found.place = &rules->pipeline_places[i];
    for (int i = 0; i < 2 && job->beyond && found.place; i++) {
        found.span = job->beyond[i];
        if (found.span.from_m <= found.span.to_m)
            TRY(pipeline_add_found(job, founds, &found, err));
    }
done:
    return code;
}

enum err_code pipeline_hca_rows(struct pipeline_job *job, const struct pipeline_method *method,
                                struct pipeline_rows *rows, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_founds founds;
    TRY(pipeline_find(job, method, &founds, err));
    TRY(go_on_beyond(job, method, &founds, err));
    TRY(add_radius(job, method, rows, err));
    for (uint32_t part = 0; part < job->line.n_parts; part++) {
        struct joining joining = {.job = job,
                                  .method = method,
                                  .founds = &founds,
                                  .kind = "hca",
                                  .part = part,
                                  .gap_m = method->merge_m,
                                  .rows = rows};
        if (isnan(method->merge_m))
            TRY(join_by_row(&joining, err));
        else
            TRY(join_part(&joining, err));
    }
done:
    return code;
}
