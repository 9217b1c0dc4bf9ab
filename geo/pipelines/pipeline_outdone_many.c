/*
 * pipeline_outdone_many.c - whether an edited record is one of many: a plant among the plants of a
 * town, without which every run of theirs is as long and tells of the same one.
 *
 * A few that stand around it in both worlds are looked at, its witnesses:
 *
 *   wherever the record is seen from, one of them is seen too, so that the runs are as long
 *   without it;
 *   one of them comes before it, and so is told, and what may be at most is doubted of one rather
 *   than of it: an attribute is missing of one before it, or the place of one would decide more;
 *   or the old rows of the pipeline are such that nobody hears of which one it tells.
 *
 * What others a run may have makes no difference to either: who is not told among few is not told
 * among more.
 */
#include "geo/pipelines/pipeline_outdoing.h"

#include "geo/measure/ellipsoid.h"
#include "geo/pipelines/pipeline_crowd.h"

#include <stdlib.h>
#include <string.h>

/* Witnesses about one place: in each direction the nearest, others farther off, which are seen from
 * farther on along the line, and the first of the layer. */
enum { DIRECTIONS = 8, A_DIRECTION = 4, FIRST = 4, BATCH = 12 };
static const double BEYOND_M[A_DIRECTION] = {0, 60, 150, 300};
static const double WITNESS_M = 500;
enum { A_SIDE = DIRECTIONS * A_DIRECTION + FIRST, MOST = 2 * A_SIDE };

/* ---- who they are ---- */

struct bystander {
    uint32_t row;
    int direction;
    bool taken;
    double off_m2;
};

static int by_distance(const void *a, const void *b)
{
    const struct bystander *x = a;
    const struct bystander *y = b;
    if (x->off_m2 != y->off_m2)
        return x->off_m2 < y->off_m2 ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static bool may_witness(const struct pipeline_edited *edited, uint32_t row)
{
    const void *record = world_record(edited->world, edited->layer, row);
    if (record == (const void *)edited->after)
        return false;
    return edited->layer != LAYER_PROTECTED || !pipeline_is_dwelling(record);
}

static enum err_code find_bystanders(const struct pipeline_edited *edited, struct lonlat middle,
                                     struct arena *arena, struct bystander **out, size_t *n,
                                     struct err *err)
{
    enum err_code code = ERR_OK;
    struct lonlat degree_m;
    uint32_t *rows = NULL;
    size_t n_rows = 0;
    struct box box = {middle.lon_deg, middle.lat_deg, middle.lon_deg, middle.lat_deg};
    ellipsoid_degree_m(middle.lat_deg, &degree_m.lon_deg, &degree_m.lat_deg);
    *n = 0;
    TRY(world_search(edited->world, edited->layer, ellipsoid_expand(box, WITNESS_M), arena, &rows,
                     &n_rows, err));
    *out = arena_new(arena, struct bystander, n_rows);
    if (!*out)
        return err_nomem(err);
    for (size_t i = 0; i < n_rows; i++) {
        const struct geom *geom = world_geom(edited->world, edited->layer, rows[i]);
        if (geom->kind != GEOM_POINT || !may_witness(edited, rows[i]))
            continue;
        double x_m = (geom->points[0].lon_deg - middle.lon_deg) * degree_m.lon_deg;
        double y_m = (geom->points[0].lat_deg - middle.lat_deg) * degree_m.lat_deg;
        int direction = (x_m > 0) | (y_m > 0) << 1 | (fabs(x_m) > fabs(y_m)) << 2;
        (*out)[(*n)++] = (struct bystander){rows[i], direction, false, x_m * x_m + y_m * y_m};
    }
    qsort(*out, *n, sizeof **out, by_distance);
done:
    return code;
}

/* The first of the layer. */
static void take_first(struct bystander *all, size_t n, uint32_t *rows, size_t *n_rows)
{
    uint32_t first[FIRST];
    size_t n_first = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = n_first < FIRST ? n_first++ : FIRST;
        for (; k > 0 && first[k - 1] > all[i].row; k--)
            if (k < FIRST)
                first[k] = first[k - 1];
        if (k < FIRST)
            first[k] = all[i].row;
    }
    memcpy(rows + *n_rows, first, n_first * sizeof *rows);
    *n_rows += n_first;
}

/* The nearest beyond a distance in each direction, of those that are not taken yet. */
static void take_around(struct bystander *all, size_t n, double beyond_m2, uint32_t *rows,
                        size_t *n_rows)
{
    bool taken[DIRECTIONS] = {false};
    for (size_t i = 0; i < n; i++) {
        struct bystander *it = &all[i];
        if (it->taken || it->off_m2 < beyond_m2 || taken[it->direction])
            continue;
        it->taken = taken[it->direction] = true;
        rows[(*n_rows)++] = it->row;
    }
}

static enum err_code find_side(const struct pipeline_edited *edited, const struct record_head *side,
                               struct arena *arena, uint32_t *rows, size_t *n_rows, struct err *err)
{
    enum err_code code = ERR_OK;
    struct bystander *all = NULL;
    size_t n = 0;
    if (!side || side->geom.kind == GEOM_NONE)
        return ERR_OK;
    struct box box = side->geom.box;
    struct lonlat middle = {(box.west_deg + box.east_deg) / 2, (box.south_deg + box.north_deg) / 2};
    TRY(find_bystanders(edited, middle, arena, &all, &n, err));
    take_first(all, n, rows, n_rows);
    for (size_t i = 0; i < A_DIRECTION; i++)
        take_around(all, n, BEYOND_M[i] * BEYOND_M[i], rows, n_rows);
done:
    return code;
}

enum err_code pipeline_find_witnesses(struct pipeline_edited *edited, struct arena *arena,
                                      struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t *rows = arena_new(arena, uint32_t, MOST);
    size_t n = 0;
    if (!rows)
        return err_nomem(err);
    TRY(find_side(edited, edited->after, arena, rows, &n, err));
    TRY(find_side(edited, edited->before, arena, rows, &n, err));
    edited->witnesses = rows;
    edited->n_witnesses = n;
    TRY(pipeline_crowd_build(edited, arena, &edited->crowd, err));
done:
    return code;
}

/* ---- what they see ---- */

struct witness {
    struct pipeline_hit hit;
    uint32_t row;
};

struct witnesses {
    struct outdoing *on;
    uint32_t own_row; /* of the record, or where it would be */
    struct witness *items;
    size_t n;
    size_t capacity;
    struct span *spans; /* room */
    size_t spans_capacity;
};

static enum err_code hear(struct witnesses *heard, uint32_t row, struct err *err)
{
    enum err_code code = ERR_OK;
    struct pipeline_job *job = &heard->on->job;
    enum layer_id layer = heard->on->was->edited->layer;
    TRY(pipeline_gather_one(job, layer, world_record(job->world, layer, row), err));
    heard->items = arena_grow(job->scratch, heard->items, &heard->capacity, heard->n + job->n_hits,
                              sizeof *heard->items);
    if (!heard->items)
        return err_nomem(err);
    for (size_t i = 0; i < job->n_hits; i++)
        if (job->hits[i].part == heard->on->part)
            heard->items[heard->n++] = (struct witness){job->hits[i], row};
done:
    return code;
}

/* From where the witnesses of a question are seen without a gap, about a span; *covered: all of it.
 */
static enum err_code cover(struct witnesses *heard, const struct pipeline_hit *own, int known,
                           struct span span, struct span *run, bool *covered, struct err *err)
{
    struct pipeline_job *job = &heard->on->job;
    size_t n = 0;
    for (size_t i = 0; i < heard->n; i++) {
        const struct pipeline_hit *hit = &heard->items[i].hit;
        const struct span_list *list = &hit->spans[known];
        if (hit->ask != own->ask)
            continue;
        heard->spans = arena_grow(job->scratch, heard->spans, &heard->spans_capacity, n + list->n,
                                  sizeof *heard->spans);
        if (!heard->spans)
            return err_nomem(err);
        for (size_t k = 0; k < list->n; k++)
            heard->spans[n++] = list->items[k];
    }
    *covered = false;
    if (n > 0)
        spans_settle(heard->spans, &n, 0);
    for (size_t i = 0; i < n && !*covered; i++) {
        *run = heard->spans[i];
        *covered = run->from_m <= span.from_m && run->to_m >= span.to_m;
    }
    return ERR_OK;
}

static bool is_in(const struct span_list *list, struct span span)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i].from_m >= span.from_m && list->items[i].to_m <= span.to_m)
            return true;
    return false;
}

/* Whether what is doubtful of the witness is told rather than what is of the record, which is seen
 * from `span` as it may be at most, by a run that has both (note_doubt in pipeline_runs.c). */
static bool is_doubted_before(const struct witnesses *heard, const struct witness *witness,
                              const struct pipeline_hit *own, struct span span)
{
    const struct pipeline_hit *hit = &witness->hit;
    double reach_m = pipeline_reach_asked(&heard->on->job, &heard->on->job.asks[own->ask]);
    bool first = witness->row < heard->own_row;
    if (own->missing)
        return hit->missing && first;
    if (hit->missing || is_in(&own->spans[AT_LEAST], span))
        return true; /* of the record nothing is */
    double its_m = fabs(hit->nearest_m - reach_m);
    double own_m = fabs(own->nearest_m - reach_m);
    return hit->spans[AT_LEAST].n == 0 && (its_m < own_m || (first && its_m <= own_m));
}

/* Whether no old row would tell of any run that answers a question, wherever it may be. */
static bool is_unheard(const struct outdoing *on, size_t ask)
{
    const struct span anywhere = pipeline_part_span(&on->job.line, on->part);
    bool unheard = true;
    for (size_t i = 0; i < on->n_outdone && unheard; i++)
        if (on->outdone[i].ask == ask)
            unheard = outdoing_is_unheard(on, &on->outdone[i], anywhere);
    return unheard;
}

/* Whether nothing hangs on the record at one span from which it is seen. */
static enum err_code is_spare_at(struct witnesses *heard, const struct pipeline_hit *own, int known,
                                 struct span span, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct span run = {0, 0};
    bool covered = false;
    bool first = false; /* one is told before it where nothing is doubtful */
    bool doubted = known != AT_MOST;
    TRY(cover(heard, own, known, span, &run, &covered, err));
    for (size_t i = 0; i < heard->n && covered; i++) {
        const struct witness *witness = &heard->items[i];
        if (witness->hit.ask != own->ask || !is_in(&witness->hit.spans[known], run))
            continue;
        first = first || witness->row < heard->own_row;
        doubted = doubted || is_doubted_before(heard, witness, own, span);
    }
    *out = covered && ((first && doubted) || is_unheard(heard->on, own->ask));
done:
    return code;
}

static bool is_asked(const struct outdoing *on, const struct pipeline_hit *hit)
{
    for (size_t i = 0; i < on->n_outdone; i++)
        if (on->outdone[i].ask == hit->ask)
            return true;
    return false;
}

static enum err_code is_spare_side(struct witnesses *heard, const struct outdoing_side *side,
                                   bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < side->n && *out; i++) {
        const struct pipeline_hit *own = &side->hits[i];
        if (!is_asked(heard->on, own))
            continue;
        for (int known = 0; known < REACHES && *out; known++)
            for (size_t k = 0; k < own->spans[known].n && *out; k++)
                TRY(is_spare_at(heard, own, known, own->spans[known].items[k], out, err));
    }
done:
    return code;
}

/* Rows of which one place makes a run. */
static bool one_is_enough(const struct outdoing *on)
{
    for (size_t i = 0; i < on->n_outdone; i++)
        if (on->outdone[i].row->at_least > 1)
            return false;
    return true;
}

enum err_code outdoing_is_one_of_many(struct outdoing *on, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct pipeline_edited *edited = on->was->edited;
    const struct record_head *head = edited->after ? edited->after : edited->before;
    struct witnesses heard = {
        .on = on, .own_row = (uint32_t)world_row_from(edited->world, edited->layer, head->id)};
    size_t n = one_is_enough(on) ? edited->n_witnesses : 0;
    *out = false;
    for (size_t i = 0; i < n && !*out;) {
        for (size_t k = 0; k < BATCH && i < n; k++)
            TRY(hear(&heard, edited->witnesses[i++], err));
        for (size_t k = 0; k < heard.n && !*out; k++)
            *out = heard.items[k].hit.error_m >= on->error_m; /* fringes are as long */
        if (*out)
            TRY(is_spare_side(&heard, &on->before, out, err));
        if (*out)
            TRY(is_spare_side(&heard, &on->after, out, err));
    }
done:
    return code;
}
