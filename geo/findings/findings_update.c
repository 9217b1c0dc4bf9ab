/* findings_update.c - what an edit changes of the findings: the lists of the sources that were
 * edited, and in the lists of sources near an edited target what speaks of it
 * (findings_retarget.c). */
#include "geo/findings/findings_update.h"

#include "geo/measure/ellipsoid.h"
#include "geo/findings/risk_findings.h"

#include <stdlib.h>

enum err_code touch(struct arena *arena, struct touched *list, struct touched_source source,
                    struct err *err)
{
    list->items = arena_grow(arena, list->items, &list->capacity, list->n + 1, sizeof *list->items);
    if (!list->items)
        return err_nomem(err);
    list->items[list->n++] = source;
    return ERR_OK;
}

/* As a whole. */
static enum err_code touch_all(struct updating *on, struct touched *list, enum layer_id layer,
                               uint32_t slot, struct err *err)
{
    const struct touched_source source = {.layer = finding_layer_index(layer), .slot = slot};
    return touch(on->arena, list, source, err);
}

static int compare_touched(const void *a, const void *b)
{
    const struct touched_source *x = a;
    const struct touched_source *y = b;
    if (x->layer != y->layer)
        return x->layer < y->layer ? -1 : 1;
    return (x->slot > y->slot) - (x->slot < y->slot);
}

static void settle(struct touched *list)
{
    size_t kept = 0;
    if (list->n > 1)
        qsort(list->items, list->n, sizeof *list->items, compare_touched);
    for (size_t i = 0; i < list->n; i++)
        if (kept == 0 || compare_touched(&list->items[kept - 1], &list->items[i]) != 0)
            list->items[kept++] = list->items[i];
    list->n = kept;
}

bool touched_has(const struct touched *list, int layer, uint32_t slot)
{
    const struct touched_source wanted = {.layer = layer, .slot = slot};
    return list->n > 0 && bsearch(&wanted, list->items, list->n, sizeof wanted, compare_touched);
}

const struct record_head *record_of_slot(const struct world *world, enum layer_id layer,
                                         uint32_t slot)
{
    int64_t row = slot == WORLD_NO_SLOT ? -1 : world_row(world, layer, slot);
    return row < 0 ? NULL : world_record(world, layer, (size_t)row);
}

/* ---- what concerns everything ---- */

static bool means_any(const struct world *world, const struct area_rule *rule)
{
    for (size_t i = 0; i < world_count(world, LAYER_AREAS); i++)
        if (predicate_eval(rule->area, world_area(world, i), NULL) != TRUTH_NO)
            return true;
    return false;
}

/* Whether all must be judged anew: a layer of targets is no longer empty, or is so now; the first
 * or the last area that a rule means; an edited census, where there is no grid. */
static bool concerns_all(const struct findings_change *change, const struct judging *judging)
{
    const struct world *old = change->old;
    const struct world *now = change->now;
    bool areas = false;
    if (!old->findings)
        return true;
    for (size_t i = 0; i < change->n_edits; i++) {
        enum layer_id layer = change->edits[i].layer;
        if ((world_count(old, layer) == 0) != (world_count(now, layer) == 0) ||
            (layer == LAYER_CENSUS && now->population.n_columns == 0))
            return true;
        areas = areas || layer == LAYER_AREAS;
    }
    for (size_t i = 0; areas && i < now->rules->n_area_rules; i++)
        if (judging->has_areas[i] != means_any(old, &now->rules->area_rules[i]))
            return true;
    return false;
}

/* ---- sources to be judged anew ---- */

static enum err_code redo_row(struct updating *on, enum layer_id layer, size_t row, struct err *err)
{
    return touch_all(on, &on->redo, layer, world_slot(on->change->now, layer, row), err);
}

/* What names an enterprise that has come, gone, closed or opened. */
static enum err_code redo_children(struct updating *on, const struct record_head *before,
                                   const struct record_head *after, struct err *err)
{
    enum err_code code = ERR_OK;
    bool counted = !before || enterprise_counts((const void *)before);
    bool counts = !after || enterprise_counts((const void *)after);
    if (counted == counts)
        return ERR_OK;
    for (size_t l = 1; l < FINDING_LAYERS; l++) {
        const uint32_t *rows = NULL;
        size_t n = 0;
        world_of_enterprise(on->change->now, finding_layers[l], (after ? after : before)->id, &rows,
                            &n);
        for (size_t i = 0; i < n; i++)
            TRY(redo_row(on, finding_layers[l], rows[i], err));
    }
done:
    return code;
}

/* Whose risk a record bears on, in the world that holds it. */
static enum err_code redo_risk(struct updating *on, const struct world *world, enum layer_id layer,
                               const struct record_head *record, struct err *err)
{
    enum err_code code = ERR_OK;
    struct risk_touched *sources = NULL;
    size_t n = 0;
    if (!record)
        return ERR_OK;
    TRY(risk_touched_by(world, layer, record, on->arena, &sources, &n, err));
    for (size_t i = 0; i < n; i++) {
        enum layer_id of = sources[i].layer;
        uint32_t slot = world_slot(world, of, sources[i].row);
        if (world_row(on->change->now, of, slot) >= 0)
            TRY(touch_all(on, &on->redo, of, slot, err));
    }
done:
    return code;
}

/* Enterprises whose red lines an area may bear on. */
static enum err_code redo_near_area(struct updating *on, const struct record_head *area,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *now = on->change->now;
    uint32_t *rows = NULL;
    size_t n = 0;
    if (!area || area->geom.kind == GEOM_NONE)
        return ERR_OK;
    double reach_m =
        world_slack_m(now, LAYER_ENTERPRISES) + rules_accuracy_m(now->rules, LAYER_AREAS, area);
    TRY(world_search(now, LAYER_ENTERPRISES, ellipsoid_expand(area->geom.box, reach_m), on->arena,
                     &rows, &n, err));
    for (size_t i = 0; i < n; i++)
        TRY(redo_row(on, LAYER_ENTERPRISES, rows[i], err));
done:
    return code;
}

static enum err_code find_redo(struct updating *on, const struct world_edit *edit, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct findings_change *change = on->change;
    const struct record_head *before = record_of_slot(change->old, edit->layer, edit->old_slot);
    const struct record_head *after = record_of_slot(change->now, edit->layer, edit->new_slot);
    int layer = finding_layer_index(edit->layer);
    if (layer >= 0 && before) {
        TRY(touch_all(on, &on->touched, edit->layer, edit->old_slot, err));
        TRY(findings_put(on->made, layer, edit->old_slot, NULL, err));
    }
    if (layer >= 0 && after)
        TRY(touch_all(on, &on->redo, edit->layer, edit->new_slot, err));
    if (edit->layer == LAYER_ENTERPRISES)
        TRY(redo_children(on, before, after, err));
    if (edit->layer == LAYER_AREAS) {
        TRY(redo_near_area(on, before, err));
        TRY(redo_near_area(on, after, err));
    }
    /* A plant bears on contours in the world without it too: there they speak for themselves. */
    bool plant = edit->layer == LAYER_ENTERPRISES;
    TRY(redo_risk(on, change->old, edit->layer, plant && !before ? after : before, err));
    TRY(redo_risk(on, change->now, edit->layer, plant && !after ? before : after, err));
done:
    return code;
}

struct redoing {
    const struct updating *on;
    struct finding_list **lists;
};

static enum err_code redo_some(void *context, struct worker *worker, size_t first, size_t end,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const struct redoing *redoing = context;
    const struct updating *on = redoing->on;
    for (size_t i = first; i < end; i++) {
        const struct touched_source *source = &on->redo.items[i];
        enum layer_id layer = finding_layers[source->layer];
        int64_t row = world_row(on->change->now, layer, source->slot);
        if (row >= 0)
            TRY(findings_of_source(on->judging, worker, layer, (size_t)row, &redoing->lists[i],
                                   err));
    }
done:
    return code;
}

static enum err_code redo_all(struct updating *on, struct err *err)
{
    enum err_code code = ERR_OK;
    struct redoing redoing = {on, arena_new(on->arena, struct finding_list *, on->redo.n)};
    const struct parallel work = {.crew = on->change->crew,
                                  .n_items = on->redo.n,
                                  .chunk = 1,
                                  .context = &redoing,
                                  .run = redo_some};
    if (!redoing.lists)
        return err_nomem(err);
    code = parallel_for(&work, err);
    for (size_t i = 0; i < on->redo.n; i++) {
        const struct touched_source *source = &on->redo.items[i];
        enum err_code put = code;
        if (code == ERR_OK)
            put = findings_put(on->made, source->layer, source->slot, redoing.lists[i], err);
        else
            finding_list_release(redoing.lists[i]);
        if (code == ERR_OK && put == ERR_OK)
            put = touch_all(on, &on->touched, finding_layers[source->layer], source->slot, err);
        code = put;
    }
    return code;
}

/* ---- the whole ---- */

/* Whether equal findings may say another thing in full: what they rest on is more than the records
 * that they name (scenarios, other areas, a census). */
static bool rests_on_more(const struct finding_list *list)
{
    /* Kinds are in order. */
    uint8_t last = list && list->n > 0 ? finding_list_at(list, list->n - 1)->kind : 0;
    return last != FINDING_DISTANCE && last != FINDING_BEYOND;
}

static enum err_code find_changed(const struct updating *on, struct findings_changed *out,
                                  struct err *err)
{
    const struct findings *old = on->change->old->findings;
    *out = (struct findings_changed){
        .sources = arena_new(on->arena, struct finding_source, on->touched.n),
        .splices = arena_new(on->arena, struct finding_splice, on->touched.n)};
    if (!out->sources || !out->splices)
        return err_nomem(err);
    for (size_t i = 0; i < on->touched.n; i++) {
        const struct touched_source *source = &on->touched.items[i];
        const struct finding_list *list = findings_get(on->made, source->layer, source->slot);
        if (!source->splice.known && !rests_on_more(list) &&
            finding_list_equal(findings_get(old, source->layer, source->slot), list))
            continue;
        out->sources[out->n] = (struct finding_source){finding_layers[source->layer], source->slot};
        out->splices[out->n++] = source->splice;
    }
    return ERR_OK;
}

/* What is known of the one source that was edited, where nothing else was. */
static struct judging_before *known_before(const struct updating *on)
{
    const struct findings_change *change = on->change;
    const struct world_edit *edit = change->edits;
    if (change->n_edits != 1 || finding_layer_index(edit->layer) < 0 ||
        edit->layer == LAYER_ZONES || edit->old_slot == WORLD_NO_SLOT ||
        edit->new_slot == WORLD_NO_SLOT)
        return NULL;
    int64_t was = world_row(change->old, edit->layer, edit->old_slot);
    int64_t is = world_row(change->now, edit->layer, edit->new_slot);
    const struct finding_list *list =
        was < 0 || is < 0 ? NULL : findings_of(change->old, edit->layer, (size_t)was);
    struct judging_before *before = list ? arena_new(on->arena, struct judging_before, 1) : NULL;
    if (!before)
        return NULL;
    const struct spacing_source source = spacing_source_of(change->old, edit->layer, (size_t)was);
    *before = (struct judging_before){edit->layer, (size_t)is, source, edit->old_slot, list};
    return judging_counts(change->old, &source) ? before : NULL;
}

/* Everything anew, and compared. */
static enum err_code update_all(struct updating *on, struct err *err)
{
    enum err_code code = ERR_OK;
    findings_release(on->made);
    on->made = NULL;
    TRY(findings_all(on->change->now, on->change->crew, &on->made, err));
    for (int l = 0; l < FINDING_LAYERS; l++)
        for (uint32_t slot = 0; slot < on->made->n_slots[l]; slot++)
            if (findings_get(on->change->old->findings, l, slot) || findings_get(on->made, l, slot))
                TRY(touch_all(on, &on->touched, finding_layers[l], slot, err));
done:
    return code;
}

static enum err_code update_touched(struct updating *on, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct findings_change *change = on->change;
    size_t n_slots[FINDING_LAYERS];
    for (size_t l = 0; l < FINDING_LAYERS; l++)
        n_slots[l] = world_slots(change->now, finding_layers[l]);
    TRY(findings_copy(change->old->findings, n_slots, &on->made, err));
    for (size_t i = 0; i < change->n_edits; i++)
        TRY(find_redo(on, &change->edits[i], err));
    settle(&on->redo);
    for (size_t i = 0; i < change->n_edits; i++)
        TRY(findings_retarget(on, &change->edits[i], err));
    on->judging->before = known_before(on);
    TRY(redo_all(on, err));
    findings_settle(on->made);
done:
    return code;
}

enum err_code findings_update(const struct findings_change *change, struct arena *arena,
                              struct findings **out, struct findings_changed *changed,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    struct updating on = {.change = change, .arena = arena};
    *out = NULL;
    TRY(crew_fit(change->crew, change->now, err));
    TRY(judging_new(change->now, &on.judging, err));
    if (concerns_all(change, on.judging))
        TRY(update_all(&on, err));
    else
        TRY(update_touched(&on, err));
    settle(&on.touched);
    TRY(find_changed(&on, changed, err));
    *out = on.made;
    on.made = NULL;
done:
    findings_release(on.made);
    judging_free(on.judging);
    return code;
}
