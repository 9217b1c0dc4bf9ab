#include "geo/assess/edit_segments.h"

#include "geo/measure/distance.h"
#include "geo/measure/ellipsoid.h"
#include "geo/pipeline_edits/pipeline_crowd.h"
#include "geo/pipeline_edits/pipeline_kept.h"
#include "geo/pipeline_edits/pipeline_recut.h"

#include <string.h>

struct finding_near {
    const struct segments_step *step;
    bool *near; /* by row of a pipeline in `now` */
};

/* What one side of an edit is: the record before it, or after it. */
struct edit_side {
    const struct record_head *head;
    double slack_m;
    struct pipeline_meeting meeting;
    double farthest_m; /* beyond that it is met nowhere; negative: it is not met */
    bool dwelling;
    struct pipeline_dwellings dwellings; /* about it, if it is one */
};

static bool matters(enum layer_id layer)
{
    return layer == LAYER_ENTERPRISES || layer == LAYER_FACILITIES || layer == LAYER_PROTECTED ||
           layer == LAYER_AREAS || layer == LAYER_INFRASTRUCTURE;
}

/* Whether a rule may meet the record at that pipeline, or its households are told otherwise. How
 * far a point is off is not measured to the last: what is beyond reach will be shown so. */
static enum err_code is_near(struct finding_near *finding, const struct edit_side *side,
                             uint32_t row, struct arena *scratch, bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *now = finding->step->now;
    const struct geom *geom = &side->head->geom;
    const struct geom *line = world_geom(now, LAYER_PIPELINES, row);
    struct closest closest;
    const struct pipeline_line *kept = pipeline_kept_line(finding->step->kept, now, row);
    double off_m =
        pipeline_is_point(geom) ? pipeline_off_m(line, kept, geom->points[0], side->farthest_m) : 0;
    double reach_m = -1;
    if (off_m <= side->farthest_m)
        reach_m = pipeline_meeting_m(&side->meeting, now, row);
    reach_m += reach_m < 0 ? 0 : side->slack_m;
    *out = reach_m >= off_m;
    if (*out && !pipeline_is_point(geom))
        *out = distance_may_reach(line, geom->box, reach_m);
    if (*out && !pipeline_is_point(geom)) {
        TRY(distance_shapes(line, geom, reach_m, scratch, &closest, err));
        *out = distance_within(closest.distance_m, reach_m);
    }
    if (*out || !side->dwelling)
        goto done;
    bool same = true;
    if (kept)
        same = pipeline_same_dwellings_along(&side->dwellings, kept);
    else
        TRY(pipeline_same_dwellings(&side->dwellings, row, scratch, &same, err));
    *out = !same;
done:
    return code;
}

double segments_radius_m(const struct world *world, size_t first, size_t end)
{
    const struct rules *rules = world->rules;
    double most_m = 0;
    for (size_t row = first; row < end; row++) {
        const struct pipeline *pipeline = world_pipeline(world, row);
        for (size_t i = 0; i < rules->n_pipeline_methods; i++) {
            double radius_m = rules_pir_m(&rules->pipeline_methods[i], pipeline);
            most_m = fmax(most_m, isnan(radius_m) ? rules->parameters.pir_unknown_m : radius_m);
        }
    }
    return most_m;
}

/* Over all pipelines: how far to search at most. -1: no rule meets the record anywhere. */
static double finding_farthest_m(const struct finding_near *finding, const struct edit_side *side)
{
    const struct segments_step *step = finding->step;
    double most_m = side->meeting.strip_m;
    for (size_t i = 0; i < side->meeting.n_places; i++) {
        const struct pipeline_place *place = side->meeting.places[i];
        double radius_m = fmax(step->radius_m, place->prorated_m); /* prorated_m may be absent */
        most_m = fmax(most_m, isnan(place->within_m) ? radius_m : place->within_m);
    }
    return most_m < 0 ? -1 : most_m + side->slack_m + world_slack_m(step->now, LAYER_PIPELINES);
}

/* Pipelines that a record may stand near. */
static enum err_code mark_near(struct finding_near *finding, struct edit_side *side,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *now = finding->step->now;
    const struct parameters *parameters = &now->rules->parameters;
    struct arena scratch;
    uint32_t *rows = NULL;
    size_t n = 0;
    arena_init(&scratch, 0);
    if (side->head->geom.kind == GEOM_NONE)
        goto done;
    double reach_m = side->farthest_m = finding_farthest_m(finding, side);
    if (side->dwelling) {
        reach_m = fmax(reach_m, parameters->households_reach_m);
        TRY(pipeline_dwellings_near(finding->step->old, now, side->head->geom.box, &scratch,
                                    &side->dwellings, err));
    }
    if (reach_m < 0)
        goto done;
    struct box box = ellipsoid_expand(side->head->geom.box, reach_m);
    TRY(world_search_lines(now, LAYER_PIPELINES, box, &scratch, &rows, &n, err));
    for (size_t i = 0; i < n; i++)
        if (!finding->near[rows[i]])
            TRY(is_near(finding, side, rows[i], &scratch, &finding->near[rows[i]], err));
done:
    arena_release(&scratch);
    return code;
}

/* What one side of an edit touches. */
static enum err_code mark_side(struct finding_near *finding, const struct world *world,
                               enum layer_id layer, uint32_t slot, struct err *err)
{
    enum err_code code = ERR_OK;
    if (slot == WORLD_NO_SLOT)
        return ERR_OK;
    const struct record_head *head =
        world_record(world, layer, (size_t)world_row(world, layer, slot));
    if (layer == LAYER_PIPELINES) {
        int64_t row = world_find(finding->step->now, LAYER_PIPELINES, head->id);
        if (row >= 0)
            finding->near[row] = true;
        return ERR_OK;
    }
    if (!matters(layer))
        return ERR_OK;
    struct edit_side side = {.head = head,
                             .slack_m = world_record_slack_m(world, layer, head),
                             .dwelling = layer == LAYER_PROTECTED &&
                                         pipeline_is_dwelling((const void *)head)};
    TRY(pipeline_meeting_of(world, layer, head, finding->step->arena, &side.meeting, err));
    TRY(mark_near(finding, &side, err));
done:
    return code;
}

/* Whether an edit changes only what no segment tells: a name, where the record came from; unless
 * that tells how accurate it is. */
static enum err_code is_told_alike(const struct segments_step *step, const struct world_edit *edit,
                                   bool *out, struct err *err)
{
    static const char *const untold[] = {"name", "source", "source_row"};
    *out = false;
    if (edit->old_slot == WORLD_NO_SLOT || edit->new_slot == WORLD_NO_SLOT)
        return ERR_OK;
    enum layer_id layer = edit->layer;
    size_t bytes = records_binding(layer)->record_bytes;
    const void *old =
        world_record(step->old, layer, (size_t)world_row(step->old, layer, edit->old_slot));
    void *now = arena_memdup(
        step->arena,
        world_record(step->now, layer, (size_t)world_row(step->now, layer, edit->new_slot)), bytes);
    if (!now)
        return err_nomem(err);
    for (size_t i = 0; i < sizeof untold / sizeof untold[0]; i++) {
        const struct field_binding *field = records_field(layer, untold[i]);
        size_t n = field->type == FIELD_INTEGER ? sizeof(int32_t) : sizeof(char *);
        memcpy((char *)now + field->offset, (const char *)old + field->offset, n);
    }
    enum err_code code = rows_same(layer, old, now, step->arena, out, err);
    const struct world *world = step->now;
    double was_m = world_record_slack_m(world, layer, old);
    double is_m = world_record_slack_m(
        world, layer, world_record(world, layer, (size_t)world_row(world, layer, edit->new_slot)));
    *out = *out && was_m >= is_m && was_m <= is_m;
    return code;
}

static const void *old_row(const void *context, size_t i)
{
    return ((const struct segment *const *)context)[i];
}

/* Rows of the old world that belong to a pipeline: their ids begin with its own. */
static enum err_code find_old(const struct segments_step *step, struct arena *arena, const char *id,
                              const struct segment ***out, size_t *n, struct err *err)
{
    const struct world *old = step->old;
    const char *prefix = arena_printf(arena, "%s|", id);
    size_t capacity = 0;
    *out = NULL;
    *n = 0;
    if (!prefix)
        return err_nomem(err);
    for (size_t row = world_row_from(old, LAYER_SEGMENTS, prefix);
         row < world_count(old, LAYER_SEGMENTS); row++) {
        const struct segment *segment = world_record(old, LAYER_SEGMENTS, row);
        if (strncmp(segment->head.id, prefix, strlen(prefix)) != 0)
            break;
        if (strcmp(segment->pipeline_id, id) != 0) /* an id may hold the bar itself */
            continue;
        *out = arena_grow(arena, *out, &capacity, *n + 1, sizeof **out);
        if (!*out)
            return err_nomem(err);
        (*out)[(*n)++] = segment;
    }
    return ERR_OK;
}

static const void *new_row(const void *context, size_t i)
{
    return (const struct segment *)context + i;
}

/* Compares the segments of one pipeline with those made anew. */
static enum err_code compare(const struct segments_step *step, const char *id,
                             const struct segment *made, size_t n_made, struct row_changes *changes,
                             struct err *err)
{
    enum err_code code = ERR_OK;
    const struct segment **old = NULL;
    size_t n_old = 0;
    TRY(find_old(step, step->arena, id, &old, &n_old, err));
    TRY(row_changes_compare(changes, (struct row_array){old_row, old, n_old},
                            (struct row_array){new_row, made, n_made}, err));
done:
    return code;
}

/* Pipelines that are gone for good. */
static enum err_code compare_gone(const struct segments_step *step, struct row_changes *changes,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < step->n_edits; i++) {
        const struct world_edit *edit = &step->edits[i];
        if (edit->layer != LAYER_PIPELINES || edit->old_slot == WORLD_NO_SLOT)
            continue;
        size_t row = (size_t)world_row(step->old, LAYER_PIPELINES, edit->old_slot);
        const char *id = world_pipeline(step->old, row)->head.id;
        if (world_find(step->now, LAYER_PIPELINES, id) < 0)
            TRY(compare(step, id, NULL, 0, changes, err));
    }
done:
    return code;
}

/* The single record that was edited: what it leaves as it is need not be cut. */
struct single {
    struct pipeline_edited edited;
    bool dwells; /* it was a dwelling, or is one */
    struct pipeline_dwellings dwellings[2];
    size_t n_dwellings;
};

/* Pipelines to be cut anew, on all workers. */
struct cutting {
    const struct segments_step *step;
    const struct single *single; /* or NULL */
    uint32_t *rows;
    struct segment **made; /* by place in rows, in the arena of the worker that did it */
    size_t *n_made;
    bool *outdone;                   /* by place in rows: the segments stay as they are */
    struct pipeline_recounted *told; /* by place in rows: or tell other numbers */
};

/* Whether the pipeline need not be cut: what changes is known. */
static enum err_code is_spared(struct cutting *cutting, size_t i, struct worker *worker,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const struct segments_step *step = cutting->step;
    const struct single *single = cutting->single;
    uint32_t row = cutting->rows[i];
    const struct segment **old = NULL;
    size_t n_old = 0;
    if (!single->dwells)
        TRY(pipeline_is_hidden(&single->edited, row, worker, &cutting->outdone[i], err));
    if (cutting->outdone[i])
        goto done;
    TRY(find_old(step, &worker->arena, world_pipeline(step->now, row)->head.id, &old, &n_old, err));
    const struct pipeline_was was = {&single->edited, old, n_old};
    struct pipeline_recount question = {.edited = &single->edited,
                                        .dwellings = single->dwellings,
                                        .n_dwellings = single->n_dwellings,
                                        .old = old,
                                        .n_old = n_old};
    if (single->dwells)
        TRY(pipeline_recount(&question, row, worker, &worker->arena, &cutting->told[i], err));
    else
        TRY(pipeline_is_outdone(&was, row, worker, &worker->arena, &cutting->told[i], err));
    if (!cutting->told[i].sure)
        TRY(pipeline_recut(&question, row, worker, &worker->arena, &cutting->told[i], err));
    cutting->outdone[i] = cutting->told[i].sure;
done:
    return code;
}

static enum err_code cut(void *context, struct worker *worker, size_t first, size_t end,
                         struct err *err)
{
    enum err_code code = ERR_OK;
    struct cutting *cutting = context;
    for (size_t i = first; i < end; i++) {
        struct pipeline_question question = {
            .world = cutting->step->now, .row = cutting->rows[i], .sites = cutting->step->sites};
        cutting->outdone[i] = false;
        cutting->told[i] = (struct pipeline_recounted){.sure = false};
        if (cutting->single)
            TRY(is_spared(cutting, i, worker, err));
        if (cutting->outdone[i])
            continue;
        TRY(pipeline_segments_of(&question, worker, &worker->arena, &cutting->made[i],
                                 &cutting->n_made[i], err));
    }
done:
    return code;
}

/* The workers' memory goes with the edit; what changed is told afterwards. */
static enum err_code keep(struct arena *arena, struct row_changes *changes, size_t first,
                          struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = first; i < changes->n; i++) {
        if (!changes->items[i].after)
            continue;
        struct segment *copy = arena_new(arena, struct segment, 1);
        if (!copy)
            return err_nomem(err);
        TRY(record_copy(LAYER_SEGMENTS, changes->items[i].after, arena, copy, err));
        changes->items[i].after = copy;
    }
done:
    return code;
}

static const struct record_head *head_of(const struct world *world, enum layer_id layer,
                                         uint32_t slot)
{
    return slot == WORLD_NO_SLOT
               ? NULL
               : world_record(world, layer, (size_t)world_row(world, layer, slot));
}

static enum err_code find_single(const struct segments_step *step, struct single *out, bool *any,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world_edit *edit = step->edits;
    *any = step->n_edits == 1 && matters(edit->layer);
    if (!*any)
        return ERR_OK;
    *out = (struct single){.edited = {.world = step->now,
                                      .old = step->old,
                                      .layer = edit->layer,
                                      .before = head_of(step->old, edit->layer, edit->old_slot),
                                      .after = head_of(step->now, edit->layer, edit->new_slot),
                                      .sites = step->sites,
                                      .kept = step->kept}};
    const struct record_head *sides[] = {out->edited.before, out->edited.after};
    for (int i = 0; i < 2; i++) {
        if (!sides[i] || edit->layer != LAYER_PROTECTED ||
            !pipeline_is_dwelling((const void *)sides[i]))
            continue;
        out->dwells = true;
        if (sides[i]->geom.kind != GEOM_NONE)
            TRY(pipeline_dwellings_near(step->old, step->now, sides[i]->geom.box, step->arena,
                                        &out->dwellings[out->n_dwellings++], err));
    }
    if (!out->dwells)
        TRY(pipeline_crowd_build(&out->edited, step->arena, err));
done:
    return code;
}

/* What changes of a pipeline, once it is known. */
static enum err_code compare_cut(const struct cutting *cutting, size_t i,
                                 struct row_changes *changes, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct segments_step *step = cutting->step;
    const struct pipeline_recounted *told = &cutting->told[i];
    if (!cutting->outdone[i])
        return compare(step, world_pipeline(step->now, cutting->rows[i])->head.id, cutting->made[i],
                       cutting->n_made[i], changes, err);
    for (size_t k = 0; k < told->n; k++)
        TRY(row_changes_add(changes, told->rows[k].before, told->rows[k].after, err));
done:
    return code;
}

static enum err_code cut_near(const struct segments_step *step, const bool *near, size_t n,
                              struct row_changes *changes, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n_near = 0, place = 0, first = changes->n;
    struct single single;
    bool is_single = false;
    TRY(find_single(step, &single, &is_single, err));
    for (size_t row = 0; row < n; row++)
        n_near += near[row];
    struct cutting cutting = {.step = step,
                              .single = is_single ? &single : NULL,
                              .told = arena_new(step->arena, struct pipeline_recounted, n_near),
                              .outdone = arena_new(step->arena, bool, n_near),
                              .rows = arena_new(step->arena, uint32_t, n_near),
                              .made = arena_new(step->arena, struct segment *, n_near),
                              .n_made = arena_new(step->arena, size_t, n_near)};
    if (!cutting.rows || !cutting.made || !cutting.n_made || !cutting.outdone || !cutting.told)
        return err_nomem(err);
    for (size_t row = 0; row < n; row++)
        if (near[row])
            cutting.rows[place++] = (uint32_t)row;
    struct parallel work = {.crew = step->crew,
                            .n_items = n_near,
                            .chunk = 1,
                            .context = &cutting,
                            .help = step->help,
                            .run = cut};
    TRY(parallel_for(&work, err));
    for (size_t i = 0; i < n_near; i++)
        TRY(compare_cut(&cutting, i, changes, err));
    TRY(keep(step->arena, changes, first, err));
done:
    return code;
}

/* Without a grid an edited census tells the households of any pipeline otherwise, be it through
 * a target as large as a township: all are cut anew. */
static bool is_recounted(const struct segments_step *step, const struct world_edit *edit)
{
    return edit->layer == LAYER_CENSUS && step->now->population.n_columns == 0;
}

bool segments_may_follow(enum layer_id layer)
{
    return matters(layer) || layer == LAYER_PIPELINES;
}

enum err_code edit_segments(const struct segments_step *step, struct row_changes *changes,
                            struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n = world_count(step->now, LAYER_PIPELINES);
    bool any = false, all = false;
    for (size_t i = 0; i < step->n_edits; i++) {
        any = any || segments_may_follow(step->edits[i].layer);
        all = all || is_recounted(step, &step->edits[i]);
    }
    if (!any && !all)
        return ERR_OK;
    struct finding_near finding = {.step = step, .near = arena_new(step->arena, bool, n)};
    if (!finding.near)
        return err_nomem(err);
    TRY(crew_fit(step->crew, step->now, err));
    if (all)
        memset(finding.near, true, n * sizeof *finding.near);
    for (size_t i = 0; i < step->n_edits && !all; i++) {
        const struct world_edit *edit = &step->edits[i];
        bool alike = false;
        TRY(is_told_alike(step, edit, &alike, err));
        if (alike)
            continue;
        TRY(mark_side(&finding, step->old, edit->layer, edit->old_slot, err));
        TRY(mark_side(&finding, step->now, edit->layer, edit->new_slot, err));
    }
    TRY(compare_gone(step, changes, err));
    TRY(cut_near(step, finding.near, n, changes, err));
done:
    return code;
}
