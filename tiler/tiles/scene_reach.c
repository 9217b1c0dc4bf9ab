#include "tiler/tiles/scene_reach.h"

#include "data/base/text.h"
#include "tiler/features/source_near.h"
#include "tiler/vector/attributes.h"

#include <stdlib.h>

/* One source on its way. */
struct reaching {
    const struct scene_step *step;
    enum style_source id;
    enum layer_id layer;
    struct arena *arena;
    struct scene_reach *out;
    struct err *err;
};

static enum err_code add_box(struct reaching *r, struct plane_box **boxes, size_t *n, size_t *room,
                             struct box box)
{
    *boxes = arena_grow(r->arena, *boxes, room, *n + 1, sizeof **boxes);
    if (!*boxes)
        return err_nomem(r->err);
    (*boxes)[(*n)++] = plane_box_of(r->step->plane, box);
    return ERR_OK;
}

static enum err_code add_other(struct reaching *r, struct box box)
{
    return add_box(r, &r->out->other, &r->out->n_other, &r->out->other_room, box);
}

static enum err_code add_says(struct reaching *r, struct box box)
{
    return add_box(r, &r->out->says, &r->out->n_says, &r->out->says_room, box);
}

/* ---- records ---- */

static enum err_code add_record(struct reaching *r, const struct world *world, const char *id)
{
    int64_t row = world_find(world, r->layer, id);
    const struct geom *geom = row < 0 ? NULL : world_geom(world, r->layer, (size_t)row);
    return geom && geom->kind != GEOM_NONE ? add_other(r, geom->box) : ERR_OK;
}

static enum err_code reach_records(struct reaching *r, const struct row_changes *changes)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < changes->n; i++) {
        TRY(add_record(r, r->step->old, row_change_id(&changes->items[i])));
        TRY(add_record(r, r->step->now, row_change_id(&changes->items[i])));
    }
done:
    return code;
}

/* ---- conflicts ---- */

/* All of a source: where one of its list comes or goes, the places of the others shift. */
static enum err_code add_list(struct reaching *r, const struct world *world, enum layer_id layer,
                              int64_t row)
{
    enum err_code code = ERR_OK;
    const struct finding_list *list = row < 0 ? NULL : findings_of(world, layer, (size_t)row);
    struct box box = box_empty();
    for (uint32_t k = 0; list && k < list->n; k++)
        box = box_union(box, finding_box(world, (struct finding_ref){layer, (uint32_t)row, k}));
    if (list && list->n > 0)
        TRY(add_other(r, box));
done:
    return code;
}

static enum err_code add_source(struct reaching *r, enum layer_id layer, const char *id)
{
    enum err_code code = ERR_OK;
    const struct world *old = r->step->old, *now = r->step->now;
    TRY(add_list(r, old, layer, world_find(old, layer, id)));
    TRY(add_list(r, now, layer, world_find(now, layer, id)));
done:
    return code;
}

/* Densities are cut by the areas of a census. */
static enum err_code add_densities(struct reaching *r, const struct world *world,
                                   const char *census_id)
{
    enum err_code code = ERR_OK;
    struct finding_ref *refs;
    size_t n = 0;
    int64_t row = world_find(world, LAYER_CENSUS, census_id);
    if (row >= 0)
        TRY(findings_near(world, world_geom(world, LAYER_CENSUS, (size_t)row)->box, r->arena, &refs,
                          &n, r->err));
    for (size_t i = 0; i < n; i++)
        if (finding_at(world, refs[i])->kind == FINDING_DENSITY)
            TRY(add_other(r, finding_box(world, refs[i])));
done:
    return code;
}

static enum err_code reach_conflicts(struct reaching *r)
{
    enum err_code code = ERR_OK;
    const struct row_changes *changes = r->step->edit->conflicts, *facts = r->step->edit->facts;
    for (size_t i = 0; i < changes->n; i++) {
        struct finding_ref ref;
        const char *id = row_change_id(&changes->items[i]);
        if (findings_find(r->step->old, id, &ref))
            TRY(add_list(r, r->step->old, ref.layer, ref.row));
        if (findings_find(r->step->now, id, &ref))
            TRY(add_list(r, r->step->now, ref.layer, ref.row));
    }
    for (size_t l = 0; l < FINDING_LAYERS; l++)
        for (size_t i = 0; facts->layer == finding_layers[l] && i < facts->n; i++)
            TRY(add_source(r, finding_layers[l], row_change_id(&facts->items[i])));
    for (size_t i = 0; facts->layer == LAYER_CENSUS && i < facts->n; i++) {
        TRY(add_densities(r, r->step->old, row_change_id(&facts->items[i])));
        TRY(add_densities(r, r->step->now, row_change_id(&facts->items[i])));
    }
done:
    return code;
}

/* ---- grades ---- */

static enum err_code add_owned(struct reaching *r, const char *enterprise_id)
{
    enum err_code code = ERR_OK;
    const struct world *now = r->step->now;
    if (r->id == SOURCE_CONFLICTS) {
        struct finding_ref *refs;
        size_t n;
        TRY(findings_of_enterprise(now, enterprise_id, r->arena, &refs, &n, r->err));
        for (size_t i = 0; i < n; i++)
            TRY(add_says(r, finding_box(now, refs[i])));
    } else if (r->layer == LAYER_ENTERPRISES) {
        int64_t row = world_find(now, r->layer, enterprise_id);
        const struct geom *geom = row < 0 ? NULL : world_geom(now, r->layer, (size_t)row);
        if (geom && geom->kind != GEOM_NONE)
            TRY(add_says(r, geom->box));
    } else if (records_field(r->layer, "enterprise_id")) {
        const uint32_t *rows;
        size_t n;
        world_of_enterprise(now, r->layer, enterprise_id, &rows, &n);
        for (size_t i = 0; i < n; i++)
            TRY(add_says(r, world_geom(now, r->layer, rows[i])->box));
    }
done:
    return code;
}

static enum err_code reach_graded(struct reaching *r)
{
    enum err_code code = ERR_OK;
    const struct row_changes *grades = r->step->edit->grades;
    for (size_t i = 0; i < grades->n; i++) {
        const struct row_change *change = &grades->items[i];
        const struct grade_row *row = change->after ? change->after : change->before;
        if (text_equal(row->subject, "enterprise") && !scene_edit_same_grade(change))
            TRY(add_owned(r, row->subject_id));
    }
done:
    return code;
}

enum err_code scene_reach_find(const struct scene_step *step, enum style_source id,
                               struct arena *arena, struct scene_reach *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct reaching r = {step, id, attribute_layer(id), arena, out, err};
    *out = (struct scene_reach){0};
    if (id == SOURCE_CONFLICTS)
        TRY(reach_conflicts(&r));
    else if (id == SOURCE_SEGMENTS)
        TRY(reach_records(&r, step->edit->segments));
    else if (step->edit->facts->layer == r.layer)
        TRY(reach_records(&r, step->edit->facts));
    TRY(reach_graded(&r));
done:
    return code;
}

bool scene_reach_touches(const struct plane_box *boxes, size_t n, struct plane_box box)
{
    for (size_t i = 0; i < n; i++)
        if (plane_box_touches(boxes[i], box))
            return true;
    return false;
}

/* ---- rows ---- */

static int by_number(const void *a, const void *b)
{
    uint32_t p = *(const uint32_t *)a, q = *(const uint32_t *)b;
    return p < q ? -1 : p > q;
}

enum err_code row_shift_find(const struct scene_step *step, const struct row_changes *changes,
                             struct arena *arena, struct row_shift *out, struct err *err)
{
    *out = (struct row_shift){.layer = changes->layer,
                              .gone = arena_new(arena, uint32_t, changes->n),
                              .come = arena_new(arena, uint32_t, changes->n)};
    if (!out->gone || !out->come)
        return err_nomem(err);
    for (size_t i = 0; i < changes->n; i++) {
        const char *id = row_change_id(&changes->items[i]);
        int64_t old = world_find(step->old, out->layer, id);
        int64_t now = world_find(step->now, out->layer, id);
        if (old >= 0 && now < 0)
            out->gone[out->n_gone++] = (uint32_t)old;
        if (old < 0 && now >= 0)
            out->come[out->n_come++] = (uint32_t)now;
    }
    qsort(out->gone, out->n_gone, sizeof *out->gone, by_number);
    qsort(out->come, out->n_come, sizeof *out->come, by_number);
    return ERR_OK;
}

uint32_t row_shift_apply(const struct row_shift *shift, uint32_t row)
{
    uint32_t n_before = 0;
    for (size_t i = 0; i < shift->n_gone; i++)
        n_before += shift->gone[i] < row;
    row -= n_before;
    for (size_t i = 0; i < shift->n_come; i++)
        row += shift->come[i] <= row;
    return row;
}
