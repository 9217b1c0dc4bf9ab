#include "geo/pipelines/pipeline_runs.h"

#include "geo/world/population.h"

/* ---- what a row sweeps over ---- */

/* What rows share that count the same targets in the same windows: only limits differ. */
struct pipeline_counted {
    struct pipeline_counted *next;
    size_t ask; /* number of the question */
    enum pipeline_counts counts;
    double window_m;
    unsigned idle_known;             /* by which there are no sweeps (pipeline_job) */
    struct pipeline_weight *weights; /* by hit of the question */
    struct pipeline_piece *pieces;
    size_t n_pieces;
    const char *pieces_miss; /* what a piece stands in for */
    struct sweep *sweeps;    /* by part, then by what is known */
};

static const struct pipeline_hit *hit_at(const struct pipeline_counting *counting, size_t i)
{
    return &counting->job->hits[counting->ask->first_hit + i];
}

static enum err_code weigh_all(struct pipeline_job *job, struct pipeline_counted *counted,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_ask *ask = &job->asks[counted->ask];
    counted->weights = arena_alloc_raw(job->scratch, ask->n_hits, sizeof *counted->weights);
    if (!counted->weights)
        return err_nomem(err);
    for (size_t i = 0; i < ask->n_hits; i++)
        TRY(pipeline_weigh(job, &job->hits[ask->first_hit + i], counted->counts,
                           &counted->weights[i], err));
done:
    return code;
}

static enum err_code sweep_part(struct pipeline_job *job, const struct pipeline_counted *counted,
                                uint32_t part, enum known known, struct sweep *out, struct err *err)
{
    size_t n = 0;
    const struct pipeline_ask *ask = &job->asks[counted->ask];
    struct span whole = job->some ? job->some->span : pipeline_part_span(&job->line, part);
    struct sweep_item *items =
        arena_alloc_raw(job->scratch, ask->n_hits + counted->n_pieces, sizeof *items);
    if (!items)
        return err_nomem(err);
    for (size_t i = 0; i < ask->n_hits; i++) {
        const struct pipeline_hit *hit = &job->hits[ask->first_hit + i];
        const struct pipeline_weight *weight = &counted->weights[i];
        if (hit->part == part && hit->spans[known].n > 0 && weight->count[known] > 0)
            items[n++] = (struct sweep_item){hit->spans[known].items, (uint32_t)hit->spans[known].n,
                                             weight->count[known], weight->tall[known]};
    }
    for (size_t i = 0; i < counted->n_pieces && known != AT_LEAST; i++) {
        const struct pipeline_piece *piece = &counted->pieces[i];
        bool counts = known == AT_MOST || piece->count < COUNT_UNKNOWN;
        if (piece->part == part && counts)
            items[n++] = (struct sweep_item){&piece->span, 1, piece->count, 0};
    }
    struct sweep_question question = {
        .items = items,
        .n_items = n,
        .starts = {whole.from_m, max_of(whole.from_m, whole.to_m - counted->window_m)},
        .length_m = counted->window_m};
    pipeline_sweep(&question, out);
    return ERR_OK;
}

/* In the strip, where no dwelling is known. */
static enum err_code guess_in_strip(struct pipeline_job *job, const struct pipeline_class *row,
                                    struct pipeline_counted *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_guess guess = {row->target, row->strip_m,
                                         job->world->rules->parameters.households_piece_m};
    TRY(pipeline_estimate(job, &guess, err));
    out->pieces = job->pieces.items;
    out->n_pieces = job->pieces.n;
    out->pieces_miss = PIPELINE_MISSING_DWELLINGS;
done:
    return code;
}

/* In a circle, where no dwelling is known: a strip that has as many square metres in the length of
 * the circle holds as many people. Whether a place is there that people visit, no grid tells; but
 * where neither dwellings nor people are known, nothing is. */
static enum err_code guess_in_circle(struct pipeline_job *job, struct pipeline_counted *out,
                                     struct err *err)
{
    static const double PIECES_A_RADIUS = 4;
    static const double SHORTEST_PIECE_M = 20;
    enum err_code code = ERR_OK;
    const struct world *world = job->world;
    const struct pipeline_ask *ask = &job->asks[out->ask];
    double reach_m = pipeline_reach_asked(job, ask);
    bool places = out->counts == PIPELINE_COUNTS_PLACE;
    const struct pipeline_guess guess = {
        places ? NULL : ask->target, reach_m * M_PI / 4,
        min_of(world->rules->parameters.households_piece_m,
               max_of(reach_m / PIECES_A_RADIUS, SHORTEST_PIECE_M))};
    if (places && (!pipeline_asks_layer(ask, LAYER_PROTECTED) || population_known(world)))
        return ERR_OK;
    TRY(pipeline_estimate(job, &guess, err));
    out->n_pieces = job->pieces.n;
    out->pieces_miss = places ? PIPELINE_MISSING_PLACES : PIPELINE_MISSING_DWELLINGS;
    out->pieces = arena_new(job->scratch, struct pipeline_piece, out->n_pieces);
    if (!out->pieces)
        return err_nomem(err);
    for (size_t i = 0; i < out->n_pieces; i++) {
        struct pipeline_piece *piece = &out->pieces[i];
        *piece = job->pieces.items[i];
        /* An estimate stands at the middle of its piece, the whole of which is in the circle. */
        bool middle = piece->span.from_m == piece->span.to_m;
        double to_m = middle ? max_of(reach_m - guess.piece_m / 2, 0) : reach_m;
        piece->span.from_m -= to_m;
        piece->span.to_m += to_m;
    }
done:
    return code;
}

enum err_code pipeline_count_targets(struct pipeline_job *job, size_t ask,
                                     enum pipeline_counts counts, const struct pipeline_class *row,
                                     const struct pipeline_counted **out, struct err *err)
{
    enum err_code code = ERR_OK;
    double window_m = row ? row->window_m : 0;
    for (const struct pipeline_counted *at = job->counted; at; at = at->next) {
        if (at->ask == ask && at->counts == counts && at->window_m == window_m &&
            !(at->idle_known & ~job->idle_known)) {
            *out = at;
            return ERR_OK;
        }
    }
    struct pipeline_counted *made = arena_new(job->scratch, struct pipeline_counted, 1);
    if (!made)
        return err_nomem(err);
    *made = (struct pipeline_counted){.next = job->counted,
                                      .ask = ask,
                                      .counts = counts,
                                      .window_m = window_m,
                                      .idle_known = job->idle_known};
    TRY(weigh_all(job, made, err));
    if (counts != PIPELINE_COUNTS_STOREYS)
        TRY(row ? guess_in_strip(job, row, made, err) : guess_in_circle(job, made, err));
    made->sweeps = arena_new(job->scratch, struct sweep, (size_t)job->line.n_parts * REACHES);
    if (!made->sweeps)
        return err_nomem(err);
    for (uint32_t part = 0; part < job->line.n_parts; part++)
        for (int known = AT_LEAST; known <= AT_MOST; known++)
            if (!(job->idle_known >> known & 1))
                TRY(sweep_part(job, made, part, (enum known)known,
                               &made->sweeps[part * REACHES + (uint32_t)known], err));
    job->counted = made;
    *out = made;
done:
    return code;
}

/* ---- from a run of windows to a stretch ---- */

static bool touches(const struct span *a, struct span b)
{
    return a->from_m <= b.to_m && b.from_m <= a->to_m;
}

static bool any_touches(const struct span_list *list, struct span span)
{
    for (size_t i = 0; i < list->n; i++)
        if (touches(&list->items[i], span))
            return true;
    return false;
}

static void widen(struct span *span, struct span by)
{
    span->from_m = min_of(span->from_m, by.from_m);
    span->to_m = max_of(span->to_m, by.to_m);
}

/* The stretch in which a target's circle of end_m holds the line. */
static void widen_by_arc(const struct pipeline_counting *counting, const struct pipeline_hit *hit,
                         enum known known, struct span *span)
{
    for (size_t i = 0; i < counting->arcs->n_hits; i++) {
        const struct pipeline_hit *arc = &counting->job->hits[counting->arcs->first_hit + i];
        if (arc->part != hit->part || arc->layer != hit->layer || arc->row != hit->row)
            continue;
        for (size_t k = 0; k < arc->spans[known].n; k++)
            widen(span, arc->spans[known].items[k]);
    }
}

/* What is known worse of a target than that it counts, and what would settle it. */
static void note_doubt(const struct pipeline_counting *counting, size_t i, struct span within,
                       struct pipeline_found *found)
{
    const struct pipeline_hit *hit = hit_at(counting, i);
    const struct pipeline_weight *weight = &counting->counted->weights[i];
    if (found->known == MEASURED)
        found->estimate = found->estimate || weight->estimate;
    if (found->known != AT_MOST)
        return;
    bool out_of_reach = !any_touches(&hit->spans[AT_LEAST], within);
    if (weight->missing && !found->missing) {
        found->missing = weight->missing;
        found->hit = hit;
    } else if (!weight->missing && out_of_reach) {
        double margin_m = fabs(hit->nearest_m - counting->reach_m);
        if (margin_m < found->margin_m && !found->missing)
            found->hit = hit;
        found->margin_m = min_of(found->margin_m, margin_m);
    }
}

/* Runs of windows of one part, with what was found of each. Runs follow each other, so that what a
 * span touches are neighbours. */
struct clusters {
    const struct pipeline_counting *counting;
    enum known known;
    bool widened;                  /* runs end where their targets do */
    const struct span *within;     /* the windows of each run */
    struct span *spans;            /* if so, their targets, with the row's ends */
    struct pipeline_found *founds; /* of each */
    size_t n;
};

/* The first run that ends at a place or beyond: by halves, without a branch in which targets that
 * come in no order would go astray. */
static size_t run_from(const struct clusters *clusters, double at_m)
{
    size_t low = 0;
    for (size_t n = clusters->n; n > 0;) {
        size_t half = (n + 1) / 2;
        low += clusters->within[low + half - 1].to_m < at_m ? half : 0;
        n -= half;
    }
    return low;
}

static void widen_by_spans(const struct clusters *clusters, size_t run,
                           const struct span_list *spans)
{
    double end_m = clusters->founds[run].window->end_m;
    for (size_t k = 0; k < spans->n; k++)
        if (touches(&spans->items[k], clusters->within[run]))
            widen(&clusters->spans[run],
                  (struct span){spans->items[k].from_m - end_m, spans->items[k].to_m + end_m});
}

/* A target of all runs that it touches. */
static void add_target(const struct clusters *clusters, size_t i)
{
    const struct pipeline_counting *counting = clusters->counting;
    const struct pipeline_hit *hit = hit_at(counting, i);
    const struct span_list *spans = &hit->spans[clusters->known];
    size_t next = 0; /* the first run that it was not counted to */
    for (size_t k = 0; k < spans->n; k++) {
        size_t run = run_from(clusters, spans->items[k].from_m);
        run = run < next ? next : run;
        for (; run < clusters->n && clusters->within[run].from_m <= spans->items[k].to_m; run++) {
            struct pipeline_found *found = &clusters->founds[run];
            note_doubt(counting, i, clusters->within[run], found);
            if (!found->hit)
                found->hit = hit;
            if (clusters->widened && counting->arcs)
                widen_by_arc(counting, hit, clusters->known, &clusters->spans[run]);
            else if (clusters->widened)
                widen_by_spans(clusters, run, spans);
            next = run + 1;
        }
    }
}

static void add_guess(const struct clusters *clusters, const struct pipeline_piece *piece)
{
    size_t run = run_from(clusters, piece->span.from_m);
    for (; run < clusters->n && clusters->within[run].from_m <= piece->span.to_m; run++) {
        struct pipeline_found *found = &clusters->founds[run];
        found->estimate = true;
        if (!found->missing)
            found->missing = clusters->counting->counted->pieces_miss;
        if (clusters->widened)
            widen(&clusters->spans[run], (struct span){piece->span.from_m - found->window->end_m,
                                                       piece->span.to_m + found->window->end_m});
    }
}

/* The targets of all windows of each run, and from the first to the last of them, with the row's
 * ends. */
static void find_clusters(const struct clusters *clusters, uint32_t part)
{
    const struct pipeline_counting *counting = clusters->counting;
    const struct pipeline_counted *counted = counting->counted;
    enum known known = clusters->known;
    for (size_t i = 0; i < counting->ask->n_hits; i++) {
        const struct pipeline_weight *weight = &counted->weights[i];
        int64_t count = counting->limit.of_tall ? weight->tall[known] : weight->count[known];
        if (count > 0 && hit_at(counting, i)->part == part)
            add_target(clusters, i);
    }
    for (size_t i = 0; i < counted->n_pieces && known != AT_LEAST; i++) {
        const struct pipeline_piece *piece = &counted->pieces[i];
        if (piece->part == part && (known == AT_MOST || piece->count != COUNT_UNKNOWN))
            add_guess(clusters, piece);
    }
    for (size_t i = 0; i < clusters->n && clusters->widened; i++)
        clusters->founds[i].span = clusters->spans[i];
}

static enum err_code find_part(const struct pipeline_counting *counting, uint32_t part,
                               enum known known, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = counting->job;
    struct span whole = pipeline_part_span(&job->line, part);
    struct sweep_run *runs = NULL;
    size_t n = 0;
    bool everywhere = counting->limit.included && counting->limit.from == 0;
    TRY(pipeline_sweep_runs(&counting->counted->sweeps[part * REACHES + (uint32_t)known],
                            &counting->limit, job->scratch, &runs, &n, err));
    struct pipeline_found *founds = arena_new(job->scratch, struct pipeline_found, n);
    struct span *within = arena_new(job->scratch, struct span, n);
    struct span *spans = arena_new(job->scratch, struct span, n);
    TRY(founds && within && spans ? ERR_OK : err_nomem(err));
    for (size_t i = 0; i < n; i++) {
        within[i] = (struct span){runs[i].starts.from_m, runs[i].starts.to_m + counting->window_m};
        spans[i] = (struct span){INFINITY, -INFINITY};
        founds[i] = *counting->like;
        founds[i].known = known;
        founds[i].part = part;
        founds[i].span = within[i];
        founds[i].count = runs[i].most;
        founds[i].count_at_m = runs[i].most_at_m;
        founds[i].margin_m = INFINITY;
        founds[i].missing = counting->missing;
    }
    const struct pipeline_class *row = counting->like->window;
    const struct clusters clusters = {
        counting, known, row && row->ends != PIPELINE_ENDS_WINDOW, within, spans, founds, n};
    /* Of what is there at least nobody asks which targets make it. */
    if (n > 0 && !everywhere && (clusters.widened || known != AT_LEAST))
        find_clusters(&clusters, part);
    for (size_t i = 0; i < n; i++) {
        founds[i].span.from_m = max_of(founds[i].span.from_m, whole.from_m);
        founds[i].span.to_m = min_of(founds[i].span.to_m, whole.to_m);
        TRY(pipeline_add_found(job, counting->out, &founds[i], err));
    }
done:
    return code;
}

enum err_code pipeline_find_runs(const struct pipeline_counting *counting, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_job *job = counting->job;
    bool doubtful =
        counting->at_most_only || !confidence_decides(counting->like->source->confidence);
    for (uint32_t part = 0; part < job->line.n_parts; part++)
        for (int known = doubtful ? AT_MOST : AT_LEAST; known <= AT_MOST; known++)
            if (!(job->idle_known >> known & 1))
                TRY(find_part(counting, part, (enum known)known, err));
done:
    return code;
}
