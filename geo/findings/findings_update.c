/* findings_update.c - what an edit changes of the findings: the lists of the sources that were
 * edited, and in the lists of sources near an edited target what speaks of it. */
#include "geo/findings/findings.h"

#include "geo/findings/conflicts.h"
#include "geo/measure/ellipsoid.h"
#include "geo/findings/finding_pages.h"
#include "geo/findings/judging.h"
#include "geo/findings/risk_findings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sources by layer (index in finding_layers) and slot, each once after settle. */
struct touched {
    struct touched_source {
        int layer;
        uint32_t slot;
    } * items;
    size_t n;
    size_t capacity;
};

struct updating {
    const struct findings_change *change;
    struct judging *judging; /* of the new world */
    struct arena *arena;
    struct findings *made;
    struct touched redo;    /* to be judged anew as a whole; rows of the new world */
    struct touched touched; /* whose list may be another one */
};

static enum err_code touch(struct updating *on, struct touched *list, enum layer_id layer,
                           uint32_t slot, struct err *err)
{
    list->items =
        arena_grow(on->arena, list->items, &list->capacity, list->n + 1, sizeof *list->items);
    if (!list->items)
        return err_nomem(err);
    list->items[list->n++] = (struct touched_source){finding_layer_index(layer), slot};
    return ERR_OK;
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

/* After settle. */
static bool has(const struct touched *list, int layer, uint32_t slot)
{
    const struct touched_source wanted = {layer, slot};
    return list->n > 0 && bsearch(&wanted, list->items, list->n, sizeof wanted, compare_touched);
}

static const struct record_head *record_of(const struct world *world, enum layer_id layer,
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
    return touch(on, &on->redo, layer, world_slot(on->change->now, layer, row), err);
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
            TRY(touch(on, &on->redo, of, slot, err));
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
    const struct record_head *before = record_of(change->old, edit->layer, edit->old_slot);
    const struct record_head *after = record_of(change->now, edit->layer, edit->new_slot);
    int layer = finding_layer_index(edit->layer);
    if (layer >= 0 && before) {
        TRY(touch(on, &on->touched, edit->layer, edit->old_slot, err));
        TRY(findings_put(on->made, layer, edit->old_slot, NULL, err));
    }
    if (layer >= 0 && after)
        TRY(touch(on, &on->redo, edit->layer, edit->new_slot, err));
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
            put = touch(on, &on->touched, finding_layers[source->layer], source->slot, err);
        code = put;
    }
    return code;
}

/* ---- targets ---- */

/* One edited target against the sources near it. */
struct retarget {
    const struct world_edit *edit;
    const struct record_head *before; /* NULL: it is new */
    const struct record_head *after;  /* NULL: it is gone */
    double slack_m;                   /* of its layer, in either world */
    struct reached {                  /* for the reach that was asked last: */
        double reach_m;
        bool all;
        int n;
        struct box boxes[2]; /* what may have it in reach */
    } reached;
};

/* Lists are long: what tells most is asked first. */
static bool is_gone(const struct retarget *target, const struct finding *one)
{
    return one->target_slot == target->edit->old_slot && target->before &&
           one->kind == FINDING_DISTANCE && one->target_layer == target->edit->layer;
}

/* Whether a list has findings about the target as it was. In a town, lists are long, and most of
 * those in reach have none: of a single edit all targets stood in the world before it, by whose
 * rows they are in order. A list that was changed already names one that did not, and the old
 * one no more. */
static bool loses(const struct updating *on, const struct retarget *target,
                  const struct finding_list *list)
{
    const struct finding sought = {.kind = FINDING_DISTANCE,
                                   .target_layer = (uint8_t)target->edit->layer,
                                   .target_slot = target->edit->old_slot};
    size_t low = 0, high = list->n;
    if (!target->before)
        return false;
    if (on->change->n_edits > 1) {
        for (uint32_t k = 0; k < list->n; k++)
            if (is_gone(target, &list->items[k]))
                return true;
        return false;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (finding_compare(on->change->old, &list->items[middle], &sought) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < list->n && is_gone(target, &list->items[low]);
}

/* Whether the source may have the shape of either time in reach, as far as boxes tell. Its list
 * says how far that is, the slack of the target's layer apart. */
static bool is_in_reach(struct retarget *target, double reach_m, const struct geom *source)
{
    struct reached *reached = &target->reached;
    if (!(reached->reach_m >= reach_m && reached->reach_m <= reach_m)) {
        const struct record_head *sides[] = {target->before, target->after};
        *reached = (struct reached){.reach_m = reach_m};
        for (int i = 0; i < 2; i++) {
            if (!sides[i] || sides[i]->geom.kind == GEOM_NONE)
                continue;
            struct box wide = ellipsoid_expand(sides[i]->geom.box, reach_m + target->slack_m);
            reached->all =
                reached->all || !isfinite(reach_m) || wide.west_deg < -180 || wide.east_deg > 180;
            reached->boxes[reached->n++] = wide;
        }
    }
    bool any = reached->all;
    for (int i = 0; i < reached->n && !any; i++)
        any = box_intersects(reached->boxes[i], source->box);
    return any;
}

/* Into n findings that are in order, all of targets that stand, where there is room for one more:
 * rows keep their order from world to world, so that what stands in order stays so. */
static void insert(const struct world *world, struct finding *items, size_t n,
                   const struct finding *one)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (finding_compare(world, &items[middle], one) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    memmove(items + low + 1, items + low, (n - low) * sizeof *items);
    items[low] = *one;
}

/* The list of a source without the old target, with the new one. */
static enum err_code change_list(struct updating *on, struct retarget *target, enum layer_id layer,
                                 uint32_t row, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *now = on->change->now;
    const struct world_edit *edit = target->edit;
    int index = finding_layer_index(layer);
    uint32_t slot = world_slot(now, layer, row);
    const struct finding_list *list = findings_get(on->made, index, slot);
    struct arena_mark mark = arena_mark(on->arena);
    struct finding_bag added = {.arena = on->arena};
    struct finding *items = NULL;
    struct finding_list *made = NULL;
    size_t n = 0;
    if (!list || has(&on->redo, index, slot) ||
        !is_in_reach(target, (double)list->reach_m, world_geom(now, layer, row)))
        return ERR_OK;
    bool had = loses(on, target, list);
    if (target->after) {
        struct spacing_source source = spacing_source_of(now, layer, row);
        uint32_t target_row = (uint32_t)world_row(now, edit->layer, edit->new_slot);
        TRY(distances_find_one(on->judging, &source, edit->layer, target_row, &added, err));
    }
    if (!had && added.n == 0)
        goto done;
    items = arena_new(on->arena, struct finding, list->n + added.n);
    TRY(items ? ERR_OK : err_nomem(err));
    for (uint32_t k = 0; k < list->n; k++)
        if (!had || !is_gone(target, &list->items[k]))
            items[n++] = list->items[k];
    if (on->change->n_edits == 1) {
        for (size_t k = 0; k < added.n; k++)
            insert(now, items, n++, &added.items[k]);
    } else if (added.n > 0) { /* targets of other edits may be gone, whose turn comes */
        memcpy(items + n, added.items, added.n * sizeof *items);
        n += added.n;
        finding_sort(now, items, n);
    }
    made = finding_list_new(items, n);
    TRY(made ? ERR_OK : err_nomem(err));
    made->n_judged = list->n_judged;
    made->reach_m = list->reach_m;
    made->coarse_radius_m = list->coarse_radius_m;
    made->coarse_cell_m = list->coarse_cell_m;
    TRY(findings_put(on->made, index, slot, made, err));
    arena_rewind(on->arena, mark);
    return touch(on, &on->touched, layer, slot, err);
done:
    arena_rewind(on->arena, mark);
    return code;
}

/* Sources of a layer that may have something in the box in reach. */
static enum err_code retarget_near(struct updating *on, struct retarget *target,
                                   enum layer_id layer, struct box box, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t *rows = NULL;
    size_t n = 0;
    double reach_m = (double)on->made->reach_m[finding_layer_index(layer)] + target->slack_m;
    box = isfinite(reach_m) ? ellipsoid_expand(box, reach_m) : (struct box){-180, -90, 180, 90};
    TRY(world_search(on->change->now, layer, box, on->arena, &rows, &n, err));
    for (size_t i = 0; i < n; i++)
        TRY(change_list(on, target, layer, rows[i], err));
done:
    return code;
}

static double area_deg2(struct box box, double wider_m)
{
    box = ellipsoid_expand(box, wider_m);
    return (box.east_deg - box.west_deg) * (box.north_deg - box.south_deg);
}

/* Whether one search around both finds no more than one around each. */
static bool are_near(struct box a, struct box b, double reach_m)
{
    return isfinite(reach_m) &&
           area_deg2(box_union(a, b), reach_m) <= area_deg2(a, reach_m) + area_deg2(b, reach_m);
}

/* Sources near the new place get it, those near the old one, which had it, lose it; both at once
 * if it went not far. Else those near the old one come second, of which those near both were
 * there already: there is nothing more to do for them. */
static enum err_code retarget_layer(struct updating *on, const struct retarget *target,
                                    enum layer_id layer, struct err *err)
{
    enum err_code code = ERR_OK;
    double reach_m = (double)on->made->reach_m[finding_layer_index(layer)];
    const struct record_head *after = target->after;
    const struct record_head *before = target->before;
    struct retarget goes = *target, comes = *target;
    bool is = after && after->geom.kind != GEOM_NONE;
    bool was = before && before->geom.kind != GEOM_NONE;
    if (reach_m < 0 || !judging_may_meet(on->judging, layer, target->edit->layer))
        return ERR_OK;
    if (is && was && are_near(before->geom.box, after->geom.box, reach_m))
        return retarget_near(on, &comes, layer, box_union(before->geom.box, after->geom.box), err);
    if (is)
        TRY(retarget_near(on, &comes, layer, after->geom.box, err));
    goes.after = NULL;
    if (was)
        TRY(retarget_near(on, &goes, layer, before->geom.box, err));
done:
    return code;
}

static enum err_code retarget_all(struct updating *on, const struct world_edit *edit,
                                  struct err *err)
{
    static const enum layer_id sources[] = {LAYER_ENTERPRISES, LAYER_FACILITIES, LAYER_PIPELINES};
    enum err_code code = ERR_OK;
    const struct world *old = on->change->old;
    const struct world *now = on->change->now;
    struct retarget target = {
        .edit = edit,
        .before = record_of(old, edit->layer, edit->old_slot),
        .after = record_of(now, edit->layer, edit->new_slot),
        .slack_m = fmax(world_slack_m(old, edit->layer), world_slack_m(now, edit->layer)),
        .reached = {.reach_m = (double)NAN}};
    for (size_t l = 0; l < sizeof sources / sizeof sources[0]; l++)
        TRY(retarget_layer(on, &target, sources[l], err));
done:
    return code;
}

/* ---- the whole ---- */

/* Whether equal findings may say another thing in full: what they rest on is more than the records
 * that they name (scenarios, other areas, a census). */
static bool rests_on_more(const struct finding_list *list)
{
    for (uint32_t k = 0; list && k < list->n; k++)
        if (list->items[k].kind != FINDING_DISTANCE && list->items[k].kind != FINDING_BEYOND)
            return true;
    return false;
}

static enum err_code find_changed(const struct updating *on, struct finding_source **out, size_t *n,
                                  struct err *err)
{
    const struct findings *old = on->change->old->findings;
    *n = 0;
    *out = arena_new(on->arena, struct finding_source, on->touched.n);
    if (!*out)
        return err_nomem(err);
    for (size_t i = 0; i < on->touched.n; i++) {
        const struct touched_source *source = &on->touched.items[i];
        const struct finding_list *list = findings_get(on->made, source->layer, source->slot);
        if (rests_on_more(list) ||
            !finding_list_equal(findings_get(old, source->layer, source->slot), list))
            (*out)[(*n)++] = (struct finding_source){finding_layers[source->layer], source->slot};
    }
    return ERR_OK;
}

/* Everything anew, and compared. */
static enum err_code update_all(struct updating *on, struct err *err)
{
    enum err_code code = ERR_OK;
    findings_release(on->made);
    on->made = NULL;
    TRY(findings_all(on->change->now, on->change->crew, &on->made, err));
    for (int l = 0; l < FINDING_LAYERS; l++)
        for (uint32_t slot = 0; slot < on->made->n_pages[l] * FINDING_PAGE; slot++)
            if (findings_get(on->change->old->findings, l, slot) || findings_get(on->made, l, slot))
                TRY(touch(on, &on->touched, finding_layers[l], slot, err));
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
        TRY(retarget_all(on, &change->edits[i], err));
    TRY(redo_all(on, err));
    findings_settle(on->made);
done:
    return code;
}

enum err_code findings_update(const struct findings_change *change, struct arena *arena,
                              struct findings **out, struct finding_source **changed,
                              size_t *n_changed, struct err *err)
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
    TRY(find_changed(&on, changed, n_changed, err));
    *out = on.made;
    on.made = NULL;
done:
    findings_release(on.made);
    judging_free(on.judging);
    return code;
}
