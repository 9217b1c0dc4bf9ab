/*
 * pipeline_recut_rows.c - which rows may be others than before, and what they are now.
 *
 * Areas are spans of findings, joined where they lie near enough, and told by the gravest finding
 * that they overlap; design factors likewise, of places where classes are milder. Take a stretch
 * that holds all that was found otherwise before the edit than after it, and the rows of either
 * time that touch it. What does not touch that is joined and told of the same findings before and
 * after.
 *
 * What does is made of windows, known along the whole line, and of places, known near the edit. Its
 * row is what it would be of all places if it lies among those that are known, and no finding is
 * told of it that goes on beyond them: none that goes on overlaps it, or windows are graver.
 */
#include "geo/pipeline_edits/pipeline_recounting.h"
#include "geo/pipeline_edits/pipeline_recutting.h"

#include "data/base/text.h"
#include "geo/measure/ellipsoid.h"

#include <stdlib.h>
#include <string.h>

/* How much of the line may be looked at: else it is cut as a whole. */
static const double MOST_OF_LINE = 0.4;

/* ---- what is looked at ---- */

/* How near areas lie that are one. */
static double gap_of(const struct recut *on)
{
    const struct rules *rules = on->sides[1].job.world->rules;
    double gap_m = 0;
    for (size_t i = 0; i < rules->n_pipeline_methods; i++)
        if (pipeline_has_say(&on->sides[1].job, rules->pipeline_methods[i].source.id))
            gap_m = fmax(gap_m, rules->pipeline_methods[i].merge_m); /* merge_m may be absent */
    return gap_m;
}

static struct span widened(struct span span, double by_m)
{
    return (struct span){span.from_m - by_m, span.to_m + by_m};
}

static struct span row_span(const struct segment *row)
{
    return (struct span){row->from_m, row->to_m};
}

/* The kind of the row; NULL: another. */
static struct recut_kind *kind_of(struct recut *on, const struct segment *row)
{
    if (text_equal(row->kind, "hca"))
        return &on->areas;
    return text_equal(row->kind, "design_factor") ? &on->factors : NULL;
}

/* Whether the row may be another than before. Beyond what is known none is, but for those that go
 * on there. */
static bool is_open(struct recut *on, const struct segment *row)
{
    const struct recut_kind *kind = kind_of(on, row);
    if (!kind || !span_is(kind->open))
        return false;
    struct span open = kind->open;
    if (kind->near.end > 0)
        open = (struct span){max_of(open.from_m, kind->near.span.from_m),
                             min_of(open.to_m, kind->near.span.to_m)};
    return span_overlap(row_span(row), widened(open, kind->gap_m + RECUT_END_M));
}

/* Joins to what may be other than before the rows that touch it. */
static void join_rows(struct recut *on, const struct segment *const *rows, size_t n)
{
    struct span areas = on->areas.open, factors = on->factors.open;
    for (size_t i = 0; i < n; i++) {
        if (!is_open(on, rows[i]))
            continue;
        struct span *to = kind_of(on, rows[i]) == &on->areas ? &areas : &factors;
        *to = span_join(*to, row_span(rows[i]));
    }
    on->areas.open = areas;
    on->factors.open = factors;
}

/* From how far beside the line it may be seen what the questions of a kind ask for. */
static double reach_of(const struct recut *on, enum recut_asked asked)
{
    static const enum layer_id layers[] = {LAYER_ENTERPRISES, LAYER_FACILITIES, LAYER_PROTECTED,
                                           LAYER_AREAS, LAYER_INFRASTRUCTURE};
    const struct pipeline_job *job = &on->sides[1].job;
    double most_m = 0;
    for (size_t i = 0; i < job->n_asks; i++) {
        double reach_m = pipeline_reach_asked(job, &job->asks[i]) + job->error_m;
        for (size_t k = 0; k < sizeof layers / sizeof layers[0] && on->asked[i] == asked; k++)
            if (pipeline_asks_layer(&job->asks[i], layers[k]))
                most_m = fmax(most_m, reach_m + world_slack_m(job->world, layers[k]));
    }
    return most_m;
}

/* By whole stretches: so all is measured as it is along the whole line. */
static void look_about(const struct recut *on, struct recut_kind *kind, struct span about)
{
    const struct pipeline_line *line = &on->sides[1].job.line;
    uint32_t first = 0;
    struct pipeline_stretch stretch;
    about = widened(about, reach_of(on, kind->asked) + kind->gap_m + 2 * RECUT_END_M);
    kind->near = (struct pipeline_some){.part = 0};
    while (pipeline_next_stretch(line, 0, &first, &stretch)) {
        if (line->at_m[stretch.end] < about.from_m)
            kind->near.first = stretch.end;
        if (line->at_m[stretch.first] <= about.to_m)
            kind->near.end = stretch.end;
    }
    kind->near.span = (struct span){line->at_m[kind->near.first], line->at_m[kind->near.end]};
}

/* Areas as they were measured that begin before what is known, or end after it. */
static void find_beyond(struct recut *on)
{
    const struct span *near = &on->areas.near.span;
    on->beyond[0] = on->beyond[1] = NO_SPAN;
    for (size_t i = 0; i < on->it->n_old && on->areas.near.end > 0; i++) {
        const struct segment *row = on->it->old[i];
        if (kind_of(on, row) != &on->areas || !row->class)
            continue;
        if (row->from_m < near->from_m && row->to_m > near->from_m)
            on->beyond[0] = (struct span){row->from_m, near->from_m};
        if (row->from_m < near->to_m && row->to_m > near->to_m)
            on->beyond[1] = (struct span){near->to_m, row->to_m};
    }
}

void recut_near(struct recut *on, bool *sure)
{
    struct recut_kind *kinds[] = {&on->areas, &on->factors};
    on->areas.gap_m = gap_of(on);
    for (int i = 0; i < 2; i++) {
        kinds[i]->core = kinds[i]->open = span_join(kinds[i]->apart, kinds[i]->seen);
        kinds[i]->near.end = 0;
    }
    join_rows(on, on->it->old, on->it->n_old);
    if (span_is(on->areas.core))
        look_about(on, &on->areas, on->areas.wide ? on->areas.open : on->areas.core);
    struct span whole = recut_whole(on);
    if (span_is(on->factors.core))
        look_about(on, &on->factors, on->factors.wide ? whole : on->factors.open);
    find_beyond(on);
    *sure = on->areas.near.end == 0 || on->areas.near.span.to_m - on->areas.near.span.from_m <=
                                           MOST_OF_LINE * (whole.to_m - whole.from_m);
}

/* ---- whether all that makes a row is known ---- */

/* Whether what begins or ends there may be joined with what is beyond what is known: before it, or
 * after it. */
static bool is_at_end(const struct recut *on, const struct recut_kind *kind, double at_m,
                      bool after)
{
    double least_m = kind->gap_m + RECUT_END_M;
    struct span whole = recut_whole(on);
    const struct span *near = &kind->near.span;
    return after ? near->to_m < whole.to_m && at_m >= near->to_m - least_m
                 : near->from_m > whole.from_m && at_m <= near->from_m + least_m;
}

/* Whether it lies among what is known, and does not end where that does. */
static bool is_among(const struct recut *on, const struct recut_kind *kind, struct span span)
{
    return !is_at_end(on, kind, span.from_m, false) && !is_at_end(on, kind, span.to_m, true);
}

/* Whether an area goes on beyond that as one did before the edit. */
static bool goes_on(const struct recut *on, struct span span)
{
    bool before = span_is(on->beyond[0]) && span.from_m == on->beyond[0].from_m;
    bool after = span_is(on->beyond[1]) && span.to_m == on->beyond[1].to_m;
    return (before || !is_at_end(on, &on->areas, span.from_m, false)) &&
           (after || !is_at_end(on, &on->areas, span.to_m, true));
}

/* The gravest that places make of a method's rows. */
static int gravest_place(const struct recut *on, const struct pipeline_method *method)
{
    const struct pipeline_job *job = &on->sides[1].job;
    const struct rules *rules = job->world->rules;
    const char *missing = NULL;
    int gravest = 0;
    for (size_t i = 0; i < rules->n_pipeline_places; i++) {
        const struct pipeline_place *row = &rules->pipeline_places[i];
        int rank = pipeline_class_rank(row->class);
        if (text_equal(row->method, method->source.id) && rank > gravest &&
            pipeline_speaks(job, &row->source, row->when, &missing) != TRUTH_NO)
            gravest = rank;
    }
    return gravest;
}

/* Whether a place that is met near the edit may be nearer to the line beyond: how far off it is,
 * is told. */
static bool is_nearer_beyond(const struct recut *on, const struct recut_kind *kind,
                             const struct pipeline_hit *hit)
{
    const struct pipeline_job *job = &on->sides[1].job;
    const struct box box = world_geom(job->world, hit->layer, hit->row)->box;
    const struct box wide = ellipsoid_expand(box, hit->nearest_m + RECUT_END_M);
    bool round = wide.west_deg < -180 || wide.east_deg > 180;
    uint32_t first = 0;
    struct pipeline_stretch stretch;
    bool nearer = false;
    while (!nearer && pipeline_next_stretch(&job->line, 0, &first, &stretch)) {
        bool beyond = stretch.first < kind->near.first || stretch.first >= kind->near.end;
        for (uint32_t i = stretch.first;
             i < stretch.end && beyond && !nearer && (round || box_intersects(wide, stretch.box));
             i++)
            nearer = round || box_intersects(wide, box_of_points(job->line.points + i, 2));
    }
    return nearer;
}

/* Whether all that is met along a span is met as it is told. */
static bool are_met_as_told(const struct recut *on, const struct recut_kind *kind, struct span span)
{
    const struct pipeline_job *job = &on->sides[1].job;
    bool all = true;
    for (size_t i = 0; i < job->n_hits && all; i++) {
        const struct pipeline_hit *hit = &job->hits[i];
        const struct span_list *most = &hit->spans[AT_MOST];
        const struct span seen = {most->items[0].from_m, most->items[most->n - 1].to_m};
        all = on->asked[hit->ask] != kind->asked || !span_overlap(seen, span) ||
              !is_nearer_beyond(on, kind, hit);
    }
    return all;
}

/* What of a method's findings may be told. */
struct telling {
    const struct pipeline_founds *founds;
    const struct recut_kind *kind;
    int rank; /* the gravest of places */
};

/* Whether windows are told of a span, whatever places there are: they are as grave, and say a
 * number. */
static bool tells_windows(const struct telling *telling, enum known known, struct span span)
{
    bool windows = false;
    for (size_t i = 0; i < telling->founds->n && !windows; i++) {
        const struct pipeline_found *found = &telling->founds->items[i];
        windows = found->window && found->known == known && found->rank >= telling->rank &&
                  span_overlap(found->span, span);
    }
    return windows;
}

/* Whether all places that overlap a span are known, as far as they go. */
static bool has_known_places(const struct recut *on, const struct telling *telling,
                             enum known known, struct span span)
{
    bool all = is_among(on, telling->kind, span);
    for (size_t i = 0; i < telling->founds->n && all; i++) {
        const struct pipeline_found *found = &telling->founds->items[i];
        all = found->window || found->known != known || !span_overlap(found->span, span) ||
              is_among(on, telling->kind, found->span);
    }
    return all;
}

static bool is_known(const struct recut *on, const struct telling *telling,
                     const struct segment *row)
{
    struct span span = row_span(row);
    bool known = is_among(on, telling->kind, span) ||
                 (telling->kind == &on->areas && row->class && goes_on(on, span));
    bool places = false;
    for (int k = 0; k < REACHES && known; k++)
        if (!tells_windows(telling, (enum known)k, span)) {
            places = true;
            known = has_known_places(on, telling, (enum known)k, span);
        }
    return known && (!places || are_met_as_told(on, telling->kind, span));
}

/* ---- rows ---- */

/* What was made of one method. */
struct made {
    const struct pipeline_method *method;
    struct pipeline_rows rows;
    struct pipeline_founds founds; /* of what may be told: of areas, or design factors */
};

static enum err_code make(struct recut *on, const struct pipeline_method *method, struct made *out,
                          struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = &on->sides[1].job;
    bool area = method->kind == PIPELINE_HCA;
    *out = (struct made){.method = method};
    if (area)
        TRY(pipeline_find(job, method, &out->founds, err));
    else
        TRY(pipeline_find_factors(job, method, &out->founds, err));
    job->arena = on->arena;
    job->beyond = on->beyond;
    code = area ? pipeline_hca_rows(job, method, &out->rows, err)
                : pipeline_class_rows(job, method, &out->rows, err);
    job->arena = &on->scratch;
done:
    return code;
}

static bool is_class(const struct recut *on, const struct segment *row)
{
    return on->recounts && text_equal(row->kind, "class_location") && row->method &&
           pipeline_has_say(&on->sides[1].job, row->method);
}

static int by_id(const void *a, const void *b)
{
    const struct recounted_row *x = a;
    const struct recounted_row *y = b;
    return strcmp((x->before ? x->before : x->after)->head.id,
                  (y->before ? y->before : y->after)->head.id);
}

/* Rows before, by id, and after; beside those that are told already. */
static enum err_code tell(struct recut *on, const struct made *made, size_t n_made, struct err *err)
{
    struct pipeline_recounted *out = on->out;
    size_t n_told = out->n, most = out->n + on->it->n_old;
    for (size_t i = 0; i < n_made; i++)
        most += made[i].rows.n;
    struct recounted_row *rows = arena_new(on->arena, struct recounted_row, most);
    if (!rows)
        return err_nomem(err);
    if (n_told > 0)
        memcpy(rows, out->rows, n_told * sizeof *rows);
    out->rows = rows;
    for (size_t i = 0; i < on->it->n_old; i++)
        if (is_class(on, on->it->old[i]) || is_open(on, on->it->old[i]))
            rows[out->n++] = (struct recounted_row){on->it->old[i], NULL};
    size_t n_old = out->n - n_told;
    for (size_t i = 0; i < n_made; i++)
        for (size_t k = 0; k < made[i].rows.n; k++) {
            if (!is_class(on, &made[i].rows.items[k]) && !is_open(on, &made[i].rows.items[k]))
                continue;
            struct segment *row =
                arena_memdup(on->arena, &made[i].rows.items[k], sizeof(struct segment));
            if (!row)
                return err_nomem(err);
            const struct recounted_row new = {NULL, row};
            struct recounted_row *same =
                n_old > 0 ? bsearch(&new, rows + n_told, n_old, sizeof *rows, by_id) : NULL;
            if (same)
                same->after = row;
            else
                rows[out->n++] = new;
        }
    if (out->n > 0)
        qsort(rows, out->n, sizeof *rows, by_id);
    return ERR_OK;
}

/* Joins the rows that were made to what may be other than before; then whether they are known. */
static enum err_code judge(struct recut *on, const struct made *made, size_t n, bool *sure,
                           struct err *err)
{
    struct recut_kind *kinds[] = {&on->areas, &on->factors};
    bool known[2];
    for (int i = 0; i < 2; i++)
        known[i] = !span_is(kinds[i]->core) || is_among(on, kinds[i], kinds[i]->core);
    join_rows(on, on->it->old, on->it->n_old);
    for (size_t i = 0; i < n; i++) {
        const struct pipeline_rows *rows = &made[i].rows;
        const struct segment **items = arena_new(&on->scratch, const struct segment *, rows->n);
        if (!items)
            return err_nomem(err);
        for (size_t k = 0; k < rows->n; k++)
            items[k] = &rows->items[k];
        join_rows(on, items, rows->n);
    }
    for (size_t i = 0; i < n; i++) {
        int kind = made[i].method->kind != PIPELINE_HCA;
        const struct telling telling = {&made[i].founds, kinds[kind],
                                        gravest_place(on, made[i].method)};
        for (size_t k = 0; k < made[i].rows.n && known[kind]; k++)
            known[kind] = !is_open(on, &made[i].rows.items[k]) ||
                          is_known(on, &telling, &made[i].rows.items[k]);
    }
    *sure = known[0] && known[1];
    for (int i = 0; i < 2; i++)
        kinds[i]->wide = kinds[i]->wide || !known[i];
    return ERR_OK;
}

enum err_code recut_rows(struct recut *on, bool *sure, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct rules *rules = on->sides[1].job.world->rules;
    struct made *made = arena_new(&on->scratch, struct made, rules->n_pipeline_methods);
    size_t n = 0;
    TRY(made ? ERR_OK : err_nomem(err));
    TRY(recut_compare_places(on, &on->areas, err));
    TRY(recut_compare_places(on, &on->factors, err));
    for (size_t i = 0; i < rules->n_pipeline_methods; i++) {
        const struct pipeline_method *method = &rules->pipeline_methods[i];
        bool needed = method->kind == PIPELINE_HCA
                          ? span_is(on->areas.core)
                          : method->kind == PIPELINE_CLASS_LOCATION &&
                                (on->recounts || span_is(on->factors.core));
        if (!needed || !pipeline_has_say(&on->sides[1].job, method->source.id))
            continue;
        TRY(make(on, method, &made[n++], err));
    }
    TRY(judge(on, made, n, sure, err));
    if (*sure)
        TRY(tell(on, made, n, err));
done:
    return code;
}
