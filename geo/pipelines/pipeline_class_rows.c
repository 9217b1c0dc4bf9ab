/* pipeline_class_rows.c - class location: of each metre the gravest that any row gives it. */
#include "geo/pipelines/pipeline_rows.h"

#include <stdlib.h>

enum { RANKS = 6 }; /* pipeline_class_rank, and 0 for none */

/* A finding begins or ends. */
struct edge_event {
    double at_m;
    int change; /* 1, or -1 */
    enum known known;
    int rank;
};

/* A stretch on which all three ranks stay the same. */
struct piece {
    struct span span;
    int ranks[REACHES];
};

struct pieces {
    struct piece *items;
    size_t n;
};

static int by_place(const void *a, const void *b)
{
    double x = ((const struct edge_event *)a)->at_m;
    double y = ((const struct edge_event *)b)->at_m;
    return (x > y) - (x < y);
}

static enum err_code list_events(const struct pipeline_job *job,
                                 const struct pipeline_founds *founds, uint32_t part,
                                 struct edge_event **out, size_t *n, struct err *err)
{
    struct edge_event *events = arena_new(job->scratch, struct edge_event, 2 * founds->n);
    if (!events)
        return err_nomem(err);
    *n = 0;
    for (size_t i = 0; i < founds->n; i++) {
        const struct pipeline_found *found = &founds->items[i];
        if (found->part != part || !(found->span.from_m < found->span.to_m))
            continue;
        events[(*n)++] = (struct edge_event){found->span.from_m, 1, found->known, found->rank};
        events[(*n)++] = (struct edge_event){found->span.to_m, -1, found->known, found->rank};
    }
    qsort(events, *n, sizeof *events, by_place);
    *out = events;
    return ERR_OK;
}

static int highest(const size_t counts[RANKS])
{
    for (int rank = RANKS - 1; rank > 0; rank--)
        if (counts[rank] > 0)
            return rank;
    return 0;
}

static void add_piece(struct pieces *pieces, struct piece piece)
{
    struct piece *last = pieces->n ? &pieces->items[pieces->n - 1] : NULL;
    if (last && last->ranks[0] == piece.ranks[0] && last->ranks[1] == piece.ranks[1] &&
        last->ranks[2] == piece.ranks[2] && last->span.to_m == piece.span.from_m)
        last->span.to_m = piece.span.to_m;
    else
        pieces->items[pieces->n++] = piece;
}

static bool is_decided(const struct piece *piece)
{
    return piece->ranks[AT_LEAST] == piece->ranks[MEASURED] &&
           piece->ranks[MEASURED] == piece->ranks[AT_MOST];
}

static bool goes_on(const struct piece *a, const struct piece *b)
{
    return a->span.to_m == b->span.from_m && a->ranks[MEASURED] == b->ranks[MEASURED];
}

/* Both ways, and rounding to the metre of stations. */
static double fringe_of(double error_m)
{
    return 1 + 2 * error_m;
}

/* Along the line accuracies only move the end of a class: a fringe no longer than that is no
 * segment of its own, and the end is where it was measured. */
static void settle_fringes(const struct pipeline_job *job, struct pieces *pieces)
{
    double fringe_m = 0;
    struct pieces kept = {pieces->items, 0};
    for (size_t i = 0; i < job->n_hits; i++)
        fringe_m = fmax(fringe_m, job->hits[i].error_m);
    fringe_m = fringe_of(fringe_m);
    for (size_t i = 0; i < pieces->n; i++) {
        struct piece *piece = &pieces->items[i];
        bool beside = (i > 0 && goes_on(piece - 1, piece)) ||
                      (i + 1 < pieces->n && goes_on(piece, piece + 1));
        double length_m = piece->span.to_m - piece->span.from_m;
        if (is_decided(piece) || !beside)
            continue;
        if (length_m <= fringe_m)
            piece->ranks[AT_LEAST] = piece->ranks[AT_MOST] = piece->ranks[MEASURED];
        else if (job->fringe && length_m <= fringe_of(job->fringe->error_m))
            job->fringe->doubted = true;
    }
    for (size_t i = 0; i < pieces->n; i++)
        add_piece(&kept, pieces->items[i]);
    pieces->n = kept.n;
}

static enum err_code cut(const struct pipeline_job *job, const struct pipeline_founds *founds,
                         uint32_t part, struct pieces *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct edge_event *events = NULL;
    size_t n = 0;
    size_t counts[REACHES][RANKS] = {{0}};
    TRY(list_events(job, founds, part, &events, &n, err));
    *out = (struct pieces){arena_new(job->scratch, struct piece, n + 1), 0};
    if (!out->items)
        return err_nomem(err);
    for (size_t i = 0; i < n;) {
        double at_m = events[i].at_m;
        for (; i < n && events[i].at_m == at_m; i++) {
            if (events[i].change > 0)
                counts[events[i].known][events[i].rank]++;
            else
                counts[events[i].known][events[i].rank]--;
        }
        struct piece piece = {{at_m, i < n ? events[i].at_m : at_m}, {0}};
        for (int known = 0; known < REACHES; known++)
            piece.ranks[known] = highest(counts[known]);
        /* What is there at least is there as measured, and what is measured may be. */
        piece.ranks[MEASURED] = piece.ranks[MEASURED] > piece.ranks[AT_LEAST]
                                    ? piece.ranks[MEASURED]
                                    : piece.ranks[AT_LEAST];
        if (i < n && piece.ranks[AT_MOST] > 0)
            add_piece(out, piece);
    }
    settle_fringes(job, out);
done:
    return code;
}

/* The finding of that rank that holds in the middle of a piece and is told. */
static const struct pipeline_found *deciding(const struct pipeline_founds *founds, uint32_t part,
                                             const struct piece *piece, enum known known, int rank)
{
    const struct pipeline_found *best = NULL;
    double middle_m = (piece->span.from_m + piece->span.to_m) / 2;
    for (size_t i = 0; i < founds->n; i++) {
        const struct pipeline_found *found = &founds->items[i];
        if (found->part != part || found->known != known || found->rank != rank ||
            found->span.from_m > middle_m || found->span.to_m < middle_m)
            continue;
        if (!best || pipeline_outranks(found, best))
            best = found;
    }
    return best;
}

/* Why it may be graver, or milder, than measured. */
static void set_doubt(const struct pipeline_job *job, const struct pipeline_founds *founds,
                      uint32_t part, const struct piece *piece, struct segment *row)
{
    const struct pipeline_found *most =
        deciding(founds, part, piece, AT_MOST, piece->ranks[AT_MOST]);
    row->verdict = "undecided";
    if (!most)
        return;
    if (piece->ranks[AT_MOST] > piece->ranks[MEASURED]) {
        row->could_be = most->class;
        if (most->hit && !row->target_id)
            pipeline_set_target(job, row, most->hit);
    }
    row->decides = pipeline_decides(job, most);
}

static enum err_code add_piece_row(struct pipeline_job *job, const struct pipeline_method *method,
                                   const struct pipeline_founds *founds, uint32_t part,
                                   const struct piece *piece, struct pipeline_rows *rows,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_stretch_of where = {
        method->source.id, "class_location", part, piece->span, NULL, 0};
    struct segment *row = NULL;
    const struct pipeline_found *measured =
        deciding(founds, part, piece, MEASURED, piece->ranks[MEASURED]);
    TRY(pipeline_add_row(job, rows, &where, measured ? measured->source : &method->source, &row,
                         err));
    row->estimate = measured && measured->estimate;
    if (measured) {
        row->class = measured->class;
        pipeline_set_count(row, measured);
        if (measured->place && measured->hit)
            pipeline_set_target(job, row, measured->hit);
        row->reason = pipeline_why(job, measured);
        TRY(row->reason ? ERR_OK : err_nomem(err));
    }
    row->verdict = "decided";
    if (!is_decided(piece)) {
        set_doubt(job, founds, part, piece, row);
        TRY(row->decides ? ERR_OK : err_nomem(err));
    }
done:
    return code;
}

/* ---- design factors ---- */

/* What of a stretch may need the factor of a graver class: where the area may be of a milder one.
 * A stretch that is there at least needs it wherever the area is milder whatever is known. */
static enum err_code add_milder(struct pipeline_job *job, const struct pipeline_found *found,
                                const struct pieces *pieces, struct pipeline_founds *out,
                                struct err *err)
{
    static const enum known area[REACHES] = {AT_MOST, MEASURED, AT_LEAST};
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < pieces->n; i++) {
        const struct piece *piece = &pieces->items[i];
        struct pipeline_found part = *found;
        part.span.from_m = max_of(part.span.from_m, piece->span.from_m);
        part.span.to_m = min_of(part.span.to_m, piece->span.to_m);
        if (piece->ranks[area[found->known]] < found->rank && part.span.from_m < part.span.to_m)
            TRY(pipeline_add_found(job, out, &part, err));
    }
done:
    return code;
}

static enum err_code add_factors(struct pipeline_job *job, const struct pipeline_method *method,
                                 const struct pieces *pieces, struct pipeline_rows *rows,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_founds all;
    struct pipeline_founds kept = {.items = NULL};
    TRY(pipeline_find_factors(job, method, &all, err));
    for (size_t i = 0; i < all.n; i++)
        TRY(add_milder(job, &all.items[i], &pieces[all.items[i].part], &kept, err));
    TRY(pipeline_join_rows(job, method, &kept, "design_factor", rows, err));
done:
    return code;
}

/* Where pieces are milder than a rank by what is known, joined. */
static enum err_code milder_of(struct pipeline_job *job, const struct pieces *pieces,
                               enum known known, int rank, struct span_list *out, struct err *err)
{
    *out = (struct span_list){arena_new(job->scratch, struct span, pieces->n), 0, pieces->n};
    if (!out->items)
        return err_nomem(err);
    for (size_t i = 0; i < pieces->n; i++)
        if (pieces->items[i].ranks[known] < rank)
            out->items[out->n++] = pieces->items[i].span;
    spans_settle(out->items, &out->n, 0);
    return ERR_OK;
}

enum err_code pipeline_class_milder(struct pipeline_job *job, const struct pipeline_method *method,
                                    int rank, struct span_list out[REACHES], struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_founds founds;
    struct pieces pieces;
    TRY(pipeline_find(job, method, &founds, err));
    TRY(cut(job, &founds, 0, &pieces, err));
    for (int known = 0; known < REACHES; known++)
        TRY(milder_of(job, &pieces, (enum known)known, rank, &out[known], err));
done:
    return code;
}

enum err_code pipeline_class_rows(struct pipeline_job *job, const struct pipeline_method *method,
                                  struct pipeline_rows *rows, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_founds founds;
    struct pieces *pieces = arena_new(job->scratch, struct pieces, job->line.n_parts);
    if (!pieces)
        return err_nomem(err);
    TRY(pipeline_find(job, method, &founds, err));
    for (uint32_t part = 0; part < job->line.n_parts; part++) {
        TRY(cut(job, &founds, part, &pieces[part], err));
        for (size_t i = 0; i < pieces[part].n; i++)
            TRY(add_piece_row(job, method, &founds, part, &pieces[part].items[i], rows, err));
    }
    TRY(add_factors(job, method, pieces, rows, err));
done:
    return code;
}
