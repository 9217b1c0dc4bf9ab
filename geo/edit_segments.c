#include "geo/edit_segments.h"

#include "geo/distance.h"
#include "geo/ellipsoid.h"
#include "geo/pipeline_segments.h"

#include <string.h>

struct finding_near {
    const struct segments_step *step;
    double reach_m;
    bool *near; /* by row of a pipeline in `now` */
};

static bool matters(enum layer_id layer)
{
    return layer == LAYER_ENTERPRISES || layer == LAYER_FACILITIES || layer == LAYER_PROTECTED ||
           layer == LAYER_AREAS || layer == LAYER_INFRASTRUCTURE;
}

/* Pipelines that a record may stand near. */
static enum err_code mark_near(struct finding_near *finding, const struct geom *geom,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *now = finding->step->now;
    struct arena scratch;
    uint32_t *rows = NULL;
    size_t n = 0;
    arena_init(&scratch, 0);
    if (geom->kind == GEOM_NONE)
        goto done;
    struct box box = ellipsoid_expand(geom->box, finding->reach_m);
    TRY(world_search(now, LAYER_PIPELINES, box, &scratch, &rows, &n, err));
    for (size_t i = 0; i < n; i++) {
        struct closest closest;
        if (finding->near[rows[i]])
            continue;
        TRY(distance_shapes(world_geom(now, LAYER_PIPELINES, rows[i]), geom, finding->reach_m,
                            &scratch, &closest, err));
        finding->near[rows[i]] = distance_within(closest.distance_m, finding->reach_m);
    }
done:
    arena_release(&scratch);
    return code;
}

static void mark_of_enterprise(struct finding_near *finding, const char *id)
{
    const uint32_t *rows;
    size_t n;
    world_of_enterprise(finding->step->now, LAYER_PIPELINES, id, &rows, &n);
    for (size_t i = 0; i < n; i++)
        finding->near[rows[i]] = true;
}

/* What one side of an edit touches: the record before it, or after it. */
static enum err_code mark_side(struct finding_near *finding, const struct world *world,
                               enum layer_id layer, uint32_t slot, struct err *err)
{
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
    if (layer == LAYER_ENTERPRISES)
        mark_of_enterprise(finding, head->id);
    return matters(layer) ? mark_near(finding, &head->geom, err) : ERR_OK;
}

static const void *old_row(const void *context, size_t i)
{
    return ((const struct segment *const *)context)[i];
}

/* Rows of the old world that belong to a pipeline: their ids begin with its own. */
static enum err_code find_old(const struct segments_step *step, const char *id,
                              const struct segment ***out, size_t *n, struct err *err)
{
    const struct world *old = step->old;
    const char *prefix = arena_printf(step->arena, "%s|", id);
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
        *out = arena_grow(step->arena, *out, &capacity, *n + 1, sizeof **out);
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

/* Compares the segments of one pipeline; row -1: it is gone. */
static enum err_code compare(const struct segments_step *step, const char *id, int64_t row,
                             struct row_changes *changes, struct err *err)
{
    enum err_code code = ERR_OK;
    struct segment *made = NULL;
    const struct segment **old = NULL;
    size_t n_made = 0, n_old = 0;
    if (row >= 0) {
        struct pipeline_question question = {.world = step->now, .row = (uint32_t)row};
        TRY(pipeline_segments_of(&question, &step->crew->workers[0], step->arena, &made, &n_made,
                                 err));
    }
    TRY(find_old(step, id, &old, &n_old, err));
    struct row_array before = {old_row, old, n_old};
    struct row_array after = {new_row, made, n_made};
    TRY(row_changes_compare(changes, before, after, err));
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
            TRY(compare(step, id, -1, changes, err));
    }
done:
    return code;
}

enum err_code edit_segments(const struct segments_step *step, struct row_changes *changes,
                            struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n = world_count(step->now, LAYER_PIPELINES);
    bool any = false;
    for (size_t i = 0; i < step->n_edits; i++)
        any = any || matters(step->edits[i].layer) || step->edits[i].layer == LAYER_PIPELINES;
    if (!any)
        return ERR_OK;
    struct finding_near finding = {
        .step = step,
        .reach_m = fmax(pipeline_reach_m(step->old), pipeline_reach_m(step->now)),
        .near = arena_new(step->arena, bool, n)};
    if (!finding.near)
        return err_nomem(err);
    TRY(crew_fit(step->crew, step->now, err));
    for (size_t i = 0; i < step->n_edits; i++) {
        const struct world_edit *edit = &step->edits[i];
        TRY(mark_side(&finding, step->old, edit->layer, edit->old_slot, err));
        TRY(mark_side(&finding, step->now, edit->layer, edit->new_slot, err));
    }
    TRY(compare_gone(step, changes, err));
    for (size_t row = 0; row < n; row++)
        if (finding.near[row])
            TRY(compare(step, world_pipeline(step->now, row)->head.id, (int64_t)row, changes, err));
done:
    return code;
}
