/* touched_pick.c - which features of a source an edit changed. */
#include "tiler/tiles/touched_private.h"

#include "data/base/text.h"

enum err_code touched_pick_row(struct hunt *h, struct picked *picked, int64_t row)
{
    if (row < 0)
        return ERR_OK;
    picked->rows = arena_grow(h->arena, picked->rows, &picked->rows_room, picked->n_rows + 1,
                              sizeof *picked->rows);
    if (!picked->rows)
        return err_nomem(h->err);
    picked->rows[picked->n_rows++] = (uint32_t)row;
    return ERR_OK;
}

enum err_code touched_pick_finding(struct hunt *h, struct picked *picked, struct finding_ref ref)
{
    picked->refs = arena_grow(h->arena, picked->refs, &picked->refs_room, picked->n_refs + 1,
                              sizeof *picked->refs);
    if (!picked->refs)
        return err_nomem(h->err);
    picked->refs[picked->n_refs++] = ref;
    return ERR_OK;
}

static enum err_code pick_change(struct hunt *h, const struct row_change *change)
{
    enum err_code code = ERR_OK;
    const char *id = row_change_id(change);
    struct finding_ref ref;
    if (h->id != SOURCE_CONFLICTS) {
        TRY(touched_pick_row(h, &h->gone, world_find(h->old, h->layer, id)));
        TRY(touched_pick_row(h, &h->come, world_find(h->now, h->layer, id)));
        return ERR_OK;
    }
    if (findings_find(h->old, id, &ref))
        TRY(touched_pick_finding(h, &h->gone, ref));
    if (findings_find(h->now, id, &ref))
        TRY(touched_pick_finding(h, &h->come, ref));
done:
    return code;
}

static enum err_code pick_pair(struct hunt *h, int64_t before, int64_t after)
{
    enum err_code code = ERR_OK;
    if (before < 0 || after < 0) /* it is among the facts */
        return ERR_OK;
    TRY(touched_pick_row(h, &h->before, before));
    TRY(touched_pick_row(h, &h->after, after));
done:
    return code;
}

static bool conflicts_ask_grade(const struct hunt *h)
{
    const struct style *style = scenes_style(h->wanted->scenes);
    for (size_t i = 0; i < style_layer_count(style); i++)
        if (style_layer(style, i)->source == SOURCE_CONFLICTS &&
            touched_asks_grade(style_layer(style, i)))
            return true;
    return false;
}

/* Where pictures do not ask for the grade nobody needs to know what it was. */
static enum err_code pick_owned_conflicts(struct hunt *h, const char *enterprise_id)
{
    enum err_code code = ERR_OK;
    struct finding_ref *refs, before;
    size_t n;
    bool paired = conflicts_ask_grade(h);
    TRY(findings_of_enterprise(h->now, enterprise_id, h->arena, &refs, &n, h->err));
    for (size_t i = 0; i < n; i++) {
        const char *id = paired ? finding_id(h->now, refs[i], h->arena) : "";
        TRY(id ? ERR_OK : err_nomem(h->err));
        if (paired && !findings_find(h->old, id, &before)) /* it is among those that come */
            continue;
        if (paired)
            TRY(touched_pick_finding(h, &h->before, before));
        TRY(touched_pick_finding(h, &h->after, refs[i]));
    }
done:
    return code;
}

/* What belongs to an enterprise whose grade says something else now. */
static enum err_code pick_owned(struct hunt *h, const char *enterprise_id)
{
    enum err_code code = ERR_OK;
    const uint32_t *rows;
    size_t n;
    if (h->id == SOURCE_CONFLICTS)
        return pick_owned_conflicts(h, enterprise_id);
    if (h->layer == LAYER_ENTERPRISES)
        return pick_pair(h, world_find(h->old, h->layer, enterprise_id),
                         world_find(h->now, h->layer, enterprise_id));
    world_of_enterprise(h->now, h->layer, enterprise_id, &rows, &n);
    for (size_t i = 0; i < n; i++) {
        const struct record_head *head = world_record(h->now, h->layer, rows[i]);
        TRY(pick_pair(h, world_find(h->old, h->layer, head->id), rows[i]));
    }
done:
    return code;
}

static enum err_code pick_graded(struct hunt *h)
{
    enum err_code code = ERR_OK;
    const struct row_changes *grades = h->wanted->edit->grades;
    bool owned = h->id == SOURCE_CONFLICTS || h->layer == LAYER_ENTERPRISES ||
                 records_field(h->layer, "enterprise_id");
    for (size_t i = 0; i < grades->n; i++) {
        const struct row_change *change = &grades->items[i];
        const struct grade_row *row = change->after ? change->after : change->before;
        bool cell = text_equal(row->subject, "cell");
        bool enterprise = text_equal(row->subject, "enterprise");
        if (h->id == SOURCE_CELLS && cell)
            TRY(pick_change(h, change));
        if (scene_edit_same_grade(change))
            continue;
        if (h->id == SOURCE_UNITS && !cell && !enterprise)
            TRY(pick_pair(h, world_unit(h->old, row->subject_id),
                          world_unit(h->now, row->subject_id)));
        if (owned && enterprise)
            TRY(pick_owned(h, row->subject_id));
    }
done:
    return code;
}

static enum err_code pick_densities(struct hunt *h, const struct world *world,
                                    struct picked *picked, const char *census_id)
{
    enum err_code code = ERR_OK;
    struct finding_ref *refs;
    size_t n = 0;
    int64_t row = world_find(world, LAYER_CENSUS, census_id);
    if (row >= 0)
        TRY(findings_near(world, world_geom(world, LAYER_CENSUS, (size_t)row)->box, h->arena, &refs,
                          &n, h->err));
    for (size_t i = 0; i < n; i++)
        if (finding_at(world, refs[i])->kind == FINDING_DENSITY)
            TRY(touched_pick_finding(h, picked, refs[i]));
done:
    return code;
}

/* Zones whose dense part may be cut by other areas of a census, whoever lives there. */
static enum err_code pick_cut_by_census(struct hunt *h)
{
    enum err_code code = ERR_OK;
    const struct row_changes *facts = h->wanted->edit->facts;
    for (size_t i = 0; i < facts->n; i++) {
        const char *id = row_change_id(&facts->items[i]);
        TRY(pick_densities(h, h->old, &h->gone, id));
        TRY(pick_densities(h, h->now, &h->come, id));
    }
done:
    return code;
}

enum err_code touched_pick(struct hunt *h)
{
    enum err_code code = ERR_OK;
    const struct scene_edit *edit = h->wanted->edit;
    const struct row_changes *own = h->id == SOURCE_CONFLICTS  ? edit->conflicts
                                    : h->id == SOURCE_SEGMENTS ? edit->segments
                                                               : edit->facts;
    bool has_own = h->id != SOURCE_UNITS && own->layer == h->layer; /* units: touched_units.c */
    if (h->id == SOURCE_CONFLICTS && scene_edit_of(edit, LAYER_CENSUS))
        TRY(pick_cut_by_census(h));
    if (h->id == SOURCE_CONFLICTS || h->id == SOURCE_SEGMENTS || has_own)
        for (size_t i = 0; i < own->n; i++)
            TRY(pick_change(h, &own->items[i]));
    TRY(pick_graded(h));
done:
    return code;
}
