/* findings_retarget.c - what an edited target changes in the lists of the sources near it. */
#include "geo/findings/findings_update.h"

#include "geo/measure/distance.h"
#include "geo/measure/ellipsoid.h"
#include "geo/measure/rtree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A target before or after its edit, for the sources of one layer. */
struct place {
    const struct record_head *head; /* NULL: there is none */
    bool anywhere;                  /* no box holds what may have it in reach */
    struct box wide;                /* which holds it */
};

/* One edited target against the sources near it. */
struct retarget {
    const struct world_edit *edit;
    const struct record_head *before; /* NULL: it is new */
    const struct record_head *after;  /* NULL: it is gone */
    double slack_m;                   /* of its layer, in either world */
    int target;                       /* its layer, in finding_targets */
    struct place was;
    struct place is;
};

/* A source that may be near. */
struct candidate {
    uint32_t row;
    uint32_t slot;
    int layer; /* in finding_layers */
    struct finding_list *list;
    const struct geom *geom;
    bool was_near;
    bool is_near;
};

/* ---- who is near ---- */

static struct place place_of(const struct record_head *head, double reach_m)
{
    struct place place = {.head = head};
    if (!head || head->geom.kind == GEOM_NONE)
        return (struct place){.head = NULL};
    place.anywhere = !isfinite(reach_m);
    if (!place.anywhere)
        place.wide = ellipsoid_expand(head->geom.box, reach_m);
    place.anywhere = place.anywhere || place.wide.west_deg < -180 || place.wide.east_deg > 180;
    return place;
}

/* As far as boxes tell. */
static bool may_reach(const struct place *place, const struct geom *source, double reach_m)
{
    if (!place->head)
        return false;
    if (!place->anywhere && !box_intersects(place->wide, source->box))
        return false;
    if (rtree_box_distance_m(source->box, place->head->geom.box) > reach_m)
        return false;
    return place->anywhere || distance_line_touches(source, place->wide);
}

/* ---- a list ---- */

static bool is_gone(const struct retarget *target, const struct finding *one)
{
    return one->target_slot == target->edit->old_slot && target->before &&
           one->kind == FINDING_DISTANCE && one->target_layer == target->edit->layer;
}

/* Where the findings on the target are in a list, or would be, and how many there are of it as it
 * was. In a town lists are long, but by the rows of a world in which all of its targets stand a
 * list is in order: of a single edit that is the world before it, or after it where the target is
 * new. Rows keep their order from world to world. A list that was changed already names a target
 * that the world before did not have, and the one that is gone no more: none is found. */
static struct finding_splice place_in(const struct updating *on, const struct retarget *target,
                                      const struct finding_list *list)
{
    const struct world_edit *edit = target->edit;
    const struct world *world = target->before ? on->change->old : on->change->now;
    const struct finding sought = {.kind = FINDING_DISTANCE,
                                   .target_layer = (uint8_t)edit->layer,
                                   .target_slot = target->before ? edit->old_slot : edit->new_slot};
    struct finding_splice splice = {.known = true,
                                    .first = finding_list_place(world, list, &sought)};
    for (uint32_t k = splice.first; k < list->n && is_gone(target, finding_list_at(list, k)); k++)
        splice.n_gone++;
    return splice;
}

static int by_rule(const void *a, const void *b)
{
    const struct finding *x = a;
    const struct finding *y = b;
    return (x->rule > y->rule) - (x->rule < y->rule);
}

/* Of a single edit. */
static enum err_code splice_list(struct updating *on, const struct retarget *target,
                                 const struct candidate *one, struct finding_bag *added,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    if (!one->was_near && added->n == 0)
        return ERR_OK;
    struct finding_splice splice = place_in(on, target, one->list);
    splice.n_come = (uint32_t)added->n;
    if (splice.n_gone == 0 && splice.n_come == 0)
        return ERR_OK;
    if (added->n > 1)
        qsort(added->items, added->n, sizeof *added->items, by_rule);
    struct finding_list *made =
        finding_list_splice(one->list, splice.first, splice.n_gone, added->items, splice.n_come);
    TRY(made ? ERR_OK : err_nomem(err));
    TRY(findings_put(on->made, one->layer, one->slot, made, err));
    code =
        touch(on->arena, &on->touched, (struct touched_source){one->layer, one->slot, splice}, err);
done:
    return code;
}

/* Of several edits: targets may be gone whose turn is still to come. */
static enum err_code sort_list(struct updating *on, const struct retarget *target,
                               const struct candidate *one, const struct finding_bag *added,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const struct finding_list *list = one->list;
    struct finding *items = arena_new(on->arena, struct finding, list->n + added->n);
    size_t n = 0;
    if (!items)
        return err_nomem(err);
    for (uint32_t k = 0; k < list->n; k++) {
        const struct finding *finding = finding_list_at(list, k);
        if (!is_gone(target, finding))
            items[n++] = *finding;
    }
    if (n == list->n && added->n == 0)
        return ERR_OK;
    if (added->n > 0) {
        memcpy(items + n, added->items, added->n * sizeof *items);
        n += added->n;
        finding_sort(on->change->now, items, n);
    }
    struct finding_list *made = finding_list_new(items, n);
    TRY(made ? ERR_OK : err_nomem(err));
    finding_list_copy_facts(made, list);
    TRY(findings_put(on->made, one->layer, one->slot, made, err));
    code = touch(on->arena, &on->touched,
                 (struct touched_source){.layer = one->layer, .slot = one->slot}, err);
done:
    return code;
}

/* The list of a source without the old target, with the new one. */
static enum err_code change_list(struct updating *on, const struct retarget *target,
                                 const struct candidate *one, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *now = on->change->now;
    const struct world_edit *edit = target->edit;
    struct finding_bag added = {.arena = on->arena};
    if (target->after && one->is_near) {
        struct spacing_source source = spacing_source_of(now, finding_layers[one->layer], one->row);
        uint32_t target_row = (uint32_t)world_row(now, edit->layer, edit->new_slot);
        TRY(distances_find_one(on->judging, &source, edit->layer, target_row, &added, err));
    }
    if (on->change->n_edits == 1)
        TRY(splice_list(on, target, one, &added, err));
    else
        TRY(sort_list(on, target, one, &added, err));
done:
    return code;
}

/* ---- the sources of a layer ---- */

/* What a candidate is looked at by lies all over memory: it is asked for some candidates ahead. */
static struct candidate candidate_at(const struct updating *on, int layer, uint32_t row)
{
    const struct world *now = on->change->now;
    struct candidate one = {.row = row, .layer = layer};
    one.slot = world_slot(now, finding_layers[layer], row);
    one.list = findings_get(on->made, layer, one.slot);
    one.geom = world_geom(now, finding_layers[layer], row);
    __builtin_prefetch(one.list);
    __builtin_prefetch(one.geom);
    __builtin_prefetch((const char *)(one.geom + 1) - 1);
    return one;
}

/* The next candidates of rows[*from] to rows[n - 1], up to `most` of them: most plants near a
 * target are spoken of by no rule of distances. */
static size_t next_candidates(const struct updating *on, int layer, const uint32_t *rows, size_t n,
                              size_t *from, struct candidate *out, size_t most)
{
    size_t found = 0;
    for (; *from < n && found < most; ++*from) {
        uint32_t slot = world_slot(on->change->now, finding_layers[layer], rows[*from]);
        if (findings_reach(on->made, layer, slot))
            out[found++].row = rows[*from];
    }
    for (size_t i = 0; i < found; i++)
        out[i] = candidate_at(on, layer, out[i].row);
    for (size_t i = 0; i < found; i++) { /* by now their heads are there */
        if (out[i].geom->kind == GEOM_LINE)
            __builtin_prefetch(out[i].geom->points);
        __builtin_prefetch(&out[i].list->items[out[i].list->n_own / 2]);
    }
    return found;
}

static enum err_code retarget_some(struct updating *on, const struct retarget *target, int layer,
                                   const uint32_t *rows, size_t n, struct err *err)
{
    enum { MOST = 32 };
    enum err_code code = ERR_OK;
    struct candidate some[MOST];
    for (size_t from = 0, n_some; from < n;) {
        n_some = next_candidates(on, layer, rows, n, &from, some, MOST);
        for (size_t i = 0; i < n_some; i++) {
            struct candidate *one = &some[i];
            if (one->list->target_reach_m[target->target] < 0)
                continue;
            double reach_m = (double)one->list->target_reach_m[target->target] + target->slack_m;
            one->was_near = may_reach(&target->was, one->geom, reach_m);
            one->is_near = may_reach(&target->is, one->geom, reach_m);
            if ((!one->was_near && !one->is_near) || touched_has(&on->redo, layer, one->slot))
                continue;
            struct arena_mark mark = arena_mark(on->arena);
            size_t n_touched = on->touched.n;
            TRY(change_list(on, target, one, err));
            if (on->touched.n == n_touched)
                arena_rewind(on->arena, mark);
        }
    }
done:
    return code;
}

/* Sources of a layer that may have something in the box in reach. */
static enum err_code retarget_near(struct updating *on, struct retarget *target, int layer,
                                   struct box box, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t *rows = NULL;
    size_t n = 0;
    double reach_m =
        (double)findings_totals(on->made, (size_t)layer)->target_reach_m[target->target] +
        target->slack_m;
    target->was = place_of(target->before, reach_m);
    target->is = place_of(target->after, reach_m);
    box = isfinite(reach_m) ? ellipsoid_expand(box, reach_m) : (struct box){-180, -90, 180, 90};
    if (target->was.anywhere || target->is.anywhere)
        TRY(world_search(on->change->now, finding_layers[layer], box, on->arena, &rows, &n, err));
    else
        TRY(world_search_lines(on->change->now, finding_layers[layer], box, on->arena, &rows, &n,
                               err));
    TRY(retarget_some(on, target, layer, rows, n, err));
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
static enum err_code retarget_layer(struct updating *on, const struct retarget *target, int layer,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    double reach_m =
        (double)findings_totals(on->made, (size_t)layer)->target_reach_m[target->target];
    const struct record_head *after = target->after;
    const struct record_head *before = target->before;
    struct retarget goes = *target, comes = *target;
    bool is = after && after->geom.kind != GEOM_NONE;
    bool was = before && before->geom.kind != GEOM_NONE;
    if (reach_m < 0 || !judging_may_meet(on->judging, finding_layers[layer], target->edit->layer))
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

enum err_code findings_retarget(struct updating *on, const struct world_edit *edit, struct err *err)
{
    static const enum layer_id sources[] = {LAYER_ENTERPRISES, LAYER_FACILITIES, LAYER_PIPELINES};
    enum err_code code = ERR_OK;
    const struct world *old = on->change->old;
    const struct world *now = on->change->now;
    const struct retarget target = {
        .edit = edit,
        .before = record_of_slot(old, edit->layer, edit->old_slot),
        .after = record_of_slot(now, edit->layer, edit->new_slot),
        .slack_m = fmax(world_slack_m(old, edit->layer), world_slack_m(now, edit->layer)),
        .target = finding_target_index(edit->layer)};
    for (size_t l = 0; target.target >= 0 && l < sizeof sources / sizeof sources[0]; l++)
        TRY(retarget_layer(on, &target, finding_layer_index(sources[l]), err));
done:
    return code;
}
