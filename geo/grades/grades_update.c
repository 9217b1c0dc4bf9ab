/* grades_update.c - what an edit changes of the grades, and nothing else worked out anew. */
#include "geo/grades/grades_change.h"

#include "data/base/text.h"
#include "geo/world/near.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- which enterprises an edit touches ---- */

/* One reason to touch an enterprise. */
struct note {
    const char *id;
    uint32_t slot;  /* of the enterprise, alive in both worlds; or none */
    int64_t source; /* in findings_changed, or -1 */
    bool record;
    bool zones;
};

struct noting {
    struct grades_changing *changing;
    struct note *items;
    size_t n;
    size_t capacity;
};

static enum err_code note(struct noting *noting, const struct note *one, struct err *err)
{
    if (!one->id)
        return ERR_OK;
    noting->items = arena_grow(noting->changing->arena, noting->items, &noting->capacity,
                               noting->n + 1, sizeof *noting->items);
    if (!noting->items)
        return err_nomem(err);
    noting->items[noting->n++] = *one;
    return ERR_OK;
}

/* Whose grade a record has a say in. */
static const char *owner_of(const struct world *world, enum layer_id layer, size_t row)
{
    const struct record_head *head = world_record(world, layer, row);
    if (layer == LAYER_ENTERPRISES)
        return head->id;
    if (layer != LAYER_FACILITIES && layer != LAYER_INVENTORY && layer != LAYER_ZONES &&
        layer != LAYER_PIPELINES)
        return NULL;
    return record_text(head, records_field(layer, "enterprise_id"));
}

/* An edited record, in one of the worlds. */
static enum err_code note_record(struct noting *noting, const struct world *world,
                                 enum layer_id layer, uint32_t slot, struct err *err)
{
    int64_t row = slot == WORLD_NO_SLOT ? -1 : world_row(world, layer, slot);
    if (row < 0)
        return ERR_OK;
    const struct note one = {.id = owner_of(world, layer, (size_t)row),
                             .slot = WORLD_NO_SLOT,
                             .source = -1,
                             .record = layer == LAYER_ENTERPRISES,
                             .zones = layer == LAYER_ZONES};
    return note(noting, &one, err);
}

/* A source whose findings changed. A record that keeps its slot stays as it is, and with it whom
 * it names. */
static enum err_code note_source(struct noting *noting, size_t number, struct err *err)
{
    const struct grades_edit *edit = noting->changing->edit;
    const struct finding_source *source = &edit->findings->sources[number];
    int64_t row = world_row(edit->now, source->layer, source->slot);
    int64_t old_row = world_row(edit->old, source->layer, source->slot);
    const struct world *world = row >= 0 ? edit->now : edit->old;
    bool stays = row >= 0 && old_row >= 0;
    if (row < 0 && old_row < 0)
        return ERR_OK;
    const struct note one = {
        .id = owner_of(world, source->layer, (size_t)(row >= 0 ? row : old_row)),
        .slot = stays && source->layer == LAYER_ENTERPRISES ? source->slot : WORLD_NO_SLOT,
        .source = (int64_t)number};
    return note(noting, &one, err);
}

static int compare_notes(const void *a, const void *b)
{
    return strcmp(((const struct note *)a)->id, ((const struct note *)b)->id);
}

static struct grades_stretch stretch_of(const struct grades_edit *edit, size_t number)
{
    assert(edit->findings); /* whose sources it numbers */
    const struct finding_source *source = &edit->findings->sources[number];
    struct grades_stretch out = {.layer = source->layer,
                                 .splice = edit->findings->splices[number],
                                 .old_row = world_row(edit->old, source->layer, source->slot),
                                 .new_row = world_row(edit->now, source->layer, source->slot)};
    if (out.old_row >= 0)
        out.before = findings_of(edit->old, out.layer, (size_t)out.old_row);
    if (out.new_row >= 0)
        out.after = findings_of(edit->now, out.layer, (size_t)out.new_row);
    return out;
}

static int64_t row_of(const struct world *world, const struct note *one)
{
    return one->slot == WORLD_NO_SLOT ? world_find(world, LAYER_ENTERPRISES, one->id)
                                      : world_row(world, LAYER_ENTERPRISES, one->slot);
}

/* Each once, with its rows; ids that no enterprise has are left out. */
static enum err_code unite(struct noting *noting, struct grades_step *step, struct err *err)
{
    const struct grades_edit *edit = noting->changing->edit;
    size_t n_sources = edit->findings ? edit->findings->n : 0;
    struct grades_stretch *stretches =
        arena_new(noting->changing->arena, struct grades_stretch, n_sources);
    step->touched = arena_new(noting->changing->arena, struct grades_touched, noting->n);
    if (!stretches || !step->touched)
        return err_nomem(err);
    if (noting->n > 1)
        qsort(noting->items, noting->n, sizeof *noting->items, compare_notes);
    for (size_t i = 0; i < noting->n;) {
        const struct note *one = &noting->items[i];
        struct grades_touched it = {.id = one->id,
                                    .old_row = row_of(edit->old, one),
                                    .new_row = row_of(edit->now, one),
                                    .stretches = stretches};
        for (; i < noting->n && text_equal(noting->items[i].id, it.id); i++) {
            it.record |= noting->items[i].record;
            it.zones |= noting->items[i].zones;
            if (noting->items[i].source >= 0)
                it.stretches[it.n_stretches++] = stretch_of(edit, (size_t)noting->items[i].source);
        }
        stretches += it.n_stretches;
        if (it.old_row >= 0 || it.new_row >= 0)
            step->touched[step->n_touched++] = it;
    }
    return ERR_OK;
}

const struct grades_touched *grades_touched_find(const struct grades_step *step, const char *id)
{
    size_t low = 0;
    size_t high = step->n_touched;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(step->touched[middle].id, id);
        if (order == 0)
            return &step->touched[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Whether the edit leaves be whatever an enterprise that it does not name has but findings. */
static bool spares_others(const struct grades_edit *edit)
{
    for (size_t i = 0; i < edit->n_edits; i++) {
        enum layer_id layer = edit->edits[i].layer;
        if (layer != LAYER_ENTERPRISES && layer != LAYER_PROTECTED && layer != LAYER_INFRASTRUCTURE)
            return false;
    }
    return true;
}

static enum err_code find_touched(struct grades_changing *changing, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct grades_edit *edit = changing->edit;
    struct noting noting = {.changing = changing};
    for (size_t i = 0; i < edit->n_edits; i++) {
        const struct world_edit *one = &edit->edits[i];
        TRY(note_record(&noting, edit->old, one->layer, one->old_slot, err));
        TRY(note_record(&noting, edit->now, one->layer, one->new_slot, err));
    }
    for (size_t i = 0; edit->findings && i < edit->findings->n; i++)
        TRY(note_source(&noting, i, err));
    struct grades_step *step = changing->step;
    bool spares = spares_others(edit);
    TRY(unite(&noting, step, err));
    step->old_slots = arena_new(changing->arena, uint32_t, step->n_touched);
    step->new_slots = arena_new(changing->arena, uint32_t, step->n_touched);
    if (!step->old_slots || !step->new_slots)
        return err_nomem(err);
    for (size_t i = 0; i < step->n_touched; i++) {
        struct grades_touched *it = &step->touched[i];
        it->bystander = spares && !it->record && it->old_row >= 0 && it->new_row >= 0;
        step->old_slots[i] = it->old_row < 0
                                 ? WORLD_NO_SLOT
                                 : world_slot(edit->old, LAYER_ENTERPRISES, (size_t)it->old_row);
        step->new_slots[i] = it->new_row < 0
                                 ? WORLD_NO_SLOT
                                 : world_slot(edit->now, LAYER_ENTERPRISES, (size_t)it->new_row);
    }
done:
    return code;
}

/* ---- their grades ---- */

/* Whether the residents around are those that they were. */
static bool same_place(const struct grades_edit *edit, const struct grades_touched *it)
{
    if (it->old_row < 0 || it->new_row < 0)
        return false;
    const struct enterprise *before = world_enterprise(edit->old, (size_t)it->old_row);
    const struct enterprise *after = world_enterprise(edit->now, (size_t)it->new_row);
    double before_m = rules_radius_m(edit->old->rules, before);
    double after_m = rules_radius_m(edit->now->rules, after);
    return before_m >= after_m && before_m <= after_m &&
           geom_equal(&before->head.geom, &after->head.geom);
}

static enum err_code judge_touched(struct grades_changing *changing, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct grades_edit *edit = changing->edit;
    struct grades_step *step = changing->step;
    for (size_t i = 0; i < step->n_touched; i++) {
        struct grades_touched *it = &step->touched[i];
        struct grades_judged judged;
        if (it->old_row >= 0)
            it->before = changing->state->plants[step->old_slots[i]];
        if (it->new_row < 0)
            continue;
        if (it->bystander && grades_judge_findings(changing, it))
            continue;
        bool known = same_place(edit, it);
        TRY(grades_judge(edit->now, changing->worker, (size_t)it->new_row,
                         known ? &it->before.around : NULL, changing->arena, &judged, err));
        it->after = judged.plant;
    }
done:
    return code;
}

const struct grades_plant *grades_plant_now(const struct grades_changing *changing, size_t row)
{
    const struct world *now = changing->edit->now;
    const struct grades_touched *it =
        grades_touched_find(changing->step, world_enterprise(now, row)->head.id);
    if (it)
        return &it->after;
    return &changing->state->plants[world_slot(now, LAYER_ENTERPRISES, row)];
}

/* ---- units ---- */

enum err_code grades_unit_step(struct grades_changing *changing, uint32_t slot,
                               struct grades_unit_step **out, struct err *err)
{
    struct grades_step *step = changing->step;
    for (size_t i = 0; i < step->n_units; i++) {
        *out = &step->units[i];
        if (step->units[i].slot == slot)
            return ERR_OK;
    }
    step->units = arena_grow(changing->arena, step->units, &step->units_capacity, step->n_units + 1,
                             sizeof *step->units);
    if (!step->units)
        return err_nomem(err);
    const struct grades_unit *unit = changing->state->units[slot];
    *out = &step->units[step->n_units++];
    **out =
        (struct grades_unit_step){.slot = slot, .persons = unit->persons, .inside = unit->inside};
    grades_naming_begin(&(*out)->naming, changing->edit->old, &unit->inside.worst);
    return ERR_OK;
}

static enum err_code count(struct grades_changing *changing, const struct world *world, size_t row,
                           const struct grades_plant *plant, int by, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct geom *geom = world_geom(world, LAYER_ENTERPRISES, row);
    int64_t rows[5];
    if (geom->kind == GEOM_NONE)
        return ERR_OK;
    grades_units_of(world, changing->state->units, near_place(geom), rows);
    for (int level = 1; level <= 4; level++) {
        struct grades_unit_step *unit = NULL;
        if (rows[level] < 0)
            continue;
        TRY(grades_unit_step(changing, world_slot(world, LAYER_ADMIN, (size_t)rows[level]), &unit,
                             err));
        grades_inside_add(&unit->inside, plant, by);
        struct grades_named who = {world_enterprise(world, row)->head.id,
                                   world_slot(world, LAYER_ENTERPRISES, row), plant->grade};
        if (by < 0)
            grades_naming_take(&unit->naming, who.slot);
        else if (who.rank > 0)
            grades_naming_add(&unit->naming, &who);
    }
done:
    return code;
}

bool grades_touched_same(const struct grades_touched *it)
{
    return it->bystander && it->before.grade == it->after.grade &&
           it->before.could_be == it->after.could_be && it->before.undecided == it->after.undecided;
}

/* A unit whose numbers stay may name an enterprise that has another thing to say. */
static enum err_code count_touched(struct grades_changing *changing, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct grades_edit *edit = changing->edit;
    for (size_t i = 0; i < changing->step->n_touched; i++) {
        const struct grades_touched *it = &changing->step->touched[i];
        if (grades_touched_same(it) && it->words != GRADES_WORDS_OTHER)
            continue;
        if (it->old_row >= 0)
            TRY(count(changing, edit->old, (size_t)it->old_row, &it->before, -1, err));
        if (it->new_row >= 0)
            TRY(count(changing, edit->now, (size_t)it->new_row, &it->after, 1, err));
    }
done:
    return code;
}

/* ---- all anew, where the ground itself moved ---- */

static bool moves_ground(const struct grades_edit *edit)
{
    for (size_t i = 0; i < edit->n_edits; i++) {
        if (edit->edits[i].layer == LAYER_ADMIN || edit->edits[i].layer == LAYER_CENSUS)
            return true;
    }
    return false;
}

static bool is_place(const char *subject)
{
    return !text_equal(subject, "enterprise") && !text_equal(subject, "hazard_unit") &&
           !text_equal(subject, "cell");
}

/* Where units alone moved, nothing but units can have other words with the same figures. */
static void leave_places(const struct grades_edit *edit, struct grades_change *change)
{
    size_t kept = 0;
    for (size_t i = 0; i < edit->n_edits; i++) {
        if (edit->edits[i].layer != LAYER_ADMIN)
            return;
    }
    for (size_t i = 0; i < change->n_pairs; i++) {
        const struct grades_pair *pair = &change->pairs[i];
        bool same = pair->before && pair->after && grades_row_same(pair->before, pair->after);
        if (!same || is_place(pair->after->subject))
            change->pairs[kept++] = *pair;
    }
    change->n_pairs = kept;
}

static enum err_code update_all(struct grades_changing *changing, struct grades_change *out,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    const struct grades_edit *edit = changing->edit;
    struct grades before;
    struct grades after;
    TRY(grades_rows(edit->old, changing->state, changing->arena, &before, err));
    TRY(grades_all(edit->now, edit->crew, changing->arena, &changing->state->next, &after, err));
    changing->step->next = changing->state->next;
    const struct grades_rows old_rows = {.items = before.rows, .n = before.n};
    const struct grades_rows new_rows = {.items = after.rows, .n = after.n};
    TRY(grades_pair_rows(&old_rows, &new_rows, changing->arena, out, err));
    leave_places(edit, out);
done:
    return code;
}

/* ---- update ---- */

/* Room for everything that grades_commit puts into the state. */
static enum err_code make_room(struct grades_changing *changing, struct err *err)
{
    struct grades_state *state = changing->state;
    size_t n = world_slots(changing->edit->now, LAYER_ENTERPRISES);
    struct grades_plant *grown =
        arena_grow(&state->arena, state->plants, &state->plants_capacity, n, sizeof *state->plants);
    if (!grown)
        return err_nomem(err);
    state->plants = grown;
    for (; state->n_plants < n; state->n_plants++)
        state->plants[state->n_plants] = (struct grades_plant){.alive = false};
    return grades_tiles_reserve(&state->tiles, changing->step->tiles.n, err);
}

static enum err_code begin(struct grades_state *state, const struct grades_edit *edit,
                           struct arena *arena, struct grades_change *out, struct err *err)
{
    struct grades_changing *changing = arena_new(arena, struct grades_changing, 1);
    *out = (struct grades_change){.changing = changing};
    if (!changing)
        return err_nomem(err);
    *changing = (struct grades_changing){
        .state = state,
        .edit = arena_memdup(arena, edit, sizeof *edit),
        .worker = &edit->crew->workers[0],
        .arena = arena,
        .step = arena_new(arena, struct grades_step, 1),
    };
    if (!changing->edit || !changing->step)
        return err_nomem(err);
    changing->step->tiles.arena = arena;
    grades_state_free(state->next);
    state->next = NULL;
    return crew_fit(edit->crew, edit->now, err);
}

enum err_code grades_update(struct grades_state *state, const struct grades_edit *edit,
                            struct arena *arena, struct grades_change *out, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(begin(state, edit, arena, out, err));
    struct grades_changing *changing = out->changing;
    if (moves_ground(edit)) {
        TRY(update_all(changing, out, err));
        goto done;
    }
    TRY(find_touched(changing, err));
    TRY(judge_touched(changing, err));
    TRY(grades_change_tiles(changing, err));
    TRY(count_touched(changing, err));
    TRY(grades_change_names(changing, err));
    TRY(grades_change_rows(changing, out, err));
    TRY(make_room(changing, err));
done:
    return code;
}

/* ---- commit ---- */

static void replace(struct grades_state *state)
{
    struct grades_state *next = state->next;
    arena_release(&state->arena);
    *state = *next;
    state->tiles.arena = &state->arena;
    free(next);
}

void grades_commit(struct grades_state *state, const struct grades_change *change)
{
    const struct grades_step *step = change->changing->step;
    if (step->next) {
        replace(state);
        return;
    }
    for (size_t i = 0; i < step->n_touched; i++) {
        if (step->old_slots[i] != WORLD_NO_SLOT)
            state->plants[step->old_slots[i]].alive = false;
        if (step->new_slots[i] != WORLD_NO_SLOT)
            state->plants[step->new_slots[i]] = step->touched[i].after;
    }
    for (size_t i = 0; i < step->tiles.n; i++) {
        size_t index;
        struct err unused;
        /* There is room: this cannot fail. */
        if (grades_tile_put(&state->tiles, step->tile_steps[i].after.tile, &index, &unused) ==
            ERR_OK)
            state->tiles.items[index] = step->tile_steps[i].after;
    }
    for (size_t i = 0; i < step->n_units; i++) {
        struct grades_unit *unit = state->units[step->units[i].slot];
        unit->persons = step->units[i].persons;
        unit->inside = step->units[i].inside;
    }
    for (size_t i = 0; i < step->n_borders; i++)
        step->borders[i].border->persons = step->borders[i].persons;
}
