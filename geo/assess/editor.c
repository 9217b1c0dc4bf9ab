#include "geo/assess/editor.h"

#include "data/base/text.h"
#include "data/schema.h"
#include "data/store_writer.h"
#include "geo/assess/edit_derive.h"
#include "geo/world/world_folding.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct editor {
    char *path;
    struct world *given; /* to editor_new, or by the last edit */
    struct world *world; /* the same with all its findings */
    struct crew crew;
    struct derivation *derivation;
    struct world_folding *folding; /* large deltas, beside the edits */
    struct store_writer *writer;
    bool assessed; /* the store was, as of the last edit */
};

/* One edit on its way. */
struct edit {
    struct editor *editor;
    const struct edit_request *request;
    struct arena *arena;
    struct edit_result *out;
    bool begun;    /* with the writer */
    bool settled;  /* the tables have all edits before */
    bool assessed; /* the store was, and is up to date */
    struct world_change *changes;
    size_t n_changes;
    struct world *facts; /* with the edits, without what follows */
    struct world *delta; /* the same before a fold: holds what `edits` points to; or NULL */
    struct world_edit *edits;
    size_t n_edits;
    size_t warnings_capacity;
};

enum err_code editor_new(const char *store_path, struct world *world, size_t n_threads,
                         struct editor **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct editor *editor = calloc(1, sizeof *editor);
    *out = NULL;
    if (!editor)
        return err_nomem(err);
    editor->given = world_acquire(world);
    editor->path = strdup(store_path);
    TRY(editor->path ? ERR_OK : err_nomem(err));
    TRY(store_writer_new(store_path, NULL, &editor->writer, err));
    TRY(crew_init(&editor->crew, n_threads, err));
    TRY(world_folding_new(&editor->folding, err));
    TRY(derivation_new(world, &editor->crew, &editor->derivation, err));
    editor->world = world_acquire(derivation_world(editor->derivation));
    *out = editor;
    editor = NULL;
done:
    editor_free(editor);
    return code;
}

void editor_free(struct editor *editor)
{
    if (!editor)
        return;
    store_writer_free(editor->writer);
    world_folding_free(editor->folding);
    derivation_free(editor->derivation);
    crew_release(&editor->crew);
    world_release(editor->world);
    world_release(editor->given);
    free(editor->path);
    free(editor);
}

const struct world *editor_world(const struct editor *editor)
{
    return editor->given;
}

void editor_take_store(struct editor *editor, struct store *store)
{
    store_writer_take(editor->writer, store);
}

enum err_code editor_keep_log(struct editor *editor, const struct store_settled *settled,
                              struct err *err)
{
    store_writer_free(editor->writer);
    editor->writer = NULL;
    return store_writer_new(editor->path, settled, &editor->writer, err);
}

void edit_result_release(struct edit_result *result)
{
    world_release(result->before);
    world_release(result->world);
    result->before = result->world = NULL;
}

static enum err_code warn(struct edit *edit, const char *text, struct err *err)
{
    struct edit_result *out = edit->out;
    out->warnings = arena_grow(edit->arena, out->warnings, &edit->warnings_capacity,
                               out->n_warnings + 1, sizeof *out->warnings);
    if (!out->warnings || !text)
        return err_nomem(err);
    out->warnings[out->n_warnings++] = text;
    return ERR_OK;
}

/* ---- may it be ---- */

static enum err_code check_layer(const struct edit *edit, struct err *err)
{
    enum layer_id layer = edit->request->layer;
    if (layer == LAYER_POPULATION)
        return err_set(
            err, ERR_USAGE,
            "population is a grid and has no records; `sisetu import --replace` takes in "
            "another grid");
    if (edit->editor->world->schema->layers[layer].derived)
        return err_set(err, ERR_USAGE, "%s follows from the facts and cannot be edited",
                       layer_name(layer));
    return ERR_OK;
}

/* Whether what follows from the facts is kept, is up to date, and by which rules. */
static enum err_code check_assessment(struct edit *edit, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *hash = NULL, *assessed = NULL;
    int64_t generation = -1;
    struct editor *editor = edit->editor;
    TRY(store_writer_get(editor->writer, "rules_hash", edit->arena, &hash, err));
    TRY(store_writer_get(editor->writer, "assessed", edit->arena, &assessed, err));
    editor->assessed = hash != NULL;
    if (!hash)
        goto done;
    if (!assessed || !text_to_int(assessed, &generation) ||
        (uint64_t)generation != editor->world->generation)
        return err_set(err, ERR_CONFLICT,
                       "%s was changed since its last assessment; run `sisetu assess` on it first",
                       editor->path);
    if (strcmp(hash, editor->world->rules->hash) != 0)
        return err_set(err, ERR_CONFLICT,
                       "%s was assessed by other rules than those at hand; edits go by the rules "
                       "of the last assessment",
                       editor->path);
done:
    return code;
}

/* While edits are on their way into the store, nobody else writes there. */
static enum err_code check_assessed(struct edit *edit, struct err *err)
{
    enum err_code code = ERR_OK;
    if (edit->settled)
        TRY(check_assessment(edit, err));
    edit->assessed = edit->out->assessed = edit->editor->assessed;
    if (!edit->assessed)
        TRY(warn(edit, "the store was never assessed: nothing is graded; run `sisetu assess`",
                 err));
done:
    return code;
}

/* Takes the writer's lock. */
static enum err_code begin(struct edit *edit, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_stamp stamp;
    const struct edit_request *request = edit->request;
    const struct world *world = edit->editor->world;
    TRY(store_writer_begin(edit->editor->writer, &stamp, &edit->settled, err));
    edit->begun = true;
    edit->out->generation = stamp.generation;
    edit->out->stale =
        stamp.generation != world->generation || !store_stamp_same_file(stamp, world->origin);
    if (request->has_generation && request->generation != stamp.generation)
        return err_set(err, ERR_CHANGED,
                       "the store has generation %" PRIu64 ", not %" PRIu64
                       ": somebody else changed it; look at it again",
                       stamp.generation, request->generation);
done:
    return code;
}

/* ---- what it changes of the facts ---- */

/* The record as the store will give it back. */
static enum err_code as_stored(struct edit *edit, const void *record, const void **out,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    enum layer_id layer = edit->request->layer;
    const struct record_head *head = record;
    const void *bytes = NULL;
    size_t n = 0;
    struct record_head *copy =
        arena_memdup(edit->arena, record, records_binding(layer)->record_bytes);
    if (!copy)
        return err_nomem(err);
    if (head->geom.kind != GEOM_NONE) {
        TRY(geom_to_wkb(&head->geom, edit->arena, &bytes, &n, err));
        TRY(geom_from_wkb(bytes, n, edit->arena, &copy->geom, err));
    }
    *out = copy;
done:
    return code;
}

static const void *find_record(const struct world *world, enum layer_id layer, const char *id)
{
    int64_t row = world_find(world, layer, id);
    return row < 0 ? NULL : world_record(world, layer, (size_t)row);
}

/* A record that does not hold today is in the store, but not in the world. */
static enum err_code is_there(struct edit *edit, const char *id, bool *out, struct err *err)
{
    enum layer_id layer = edit->request->layer;
    *out = find_record(edit->editor->world, layer, id) != NULL;
    return *out ? ERR_OK : store_writer_has(edit->editor->writer, layer, id, out, err);
}

static enum err_code add_put(struct edit *edit, const void *record, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct edit_request *request = edit->request;
    const struct record_head *head = record;
    const void *stored = NULL;
    bool there = false;
    size_t n_before = edit->out->facts.n;
    TRY(is_there(edit, head->id, &there, err));
    if (request->presence == EDIT_MUST_BE_NEW && there)
        return err_set(err, ERR_CHANGED, "%s %s is there already", layer_name(request->layer),
                       head->id);
    if (request->presence == EDIT_MUST_EXIST && !there)
        return err_set(err, ERR_CHANGED, "there is no %s %s to replace", layer_name(request->layer),
                       head->id);
    TRY(as_stored(edit, record, &stored, err));
    TRY(row_changes_add(&edit->out->facts,
                        find_record(edit->editor->world, request->layer, head->id), stored, err));
    if (edit->out->facts.n > n_before)
        edit->changes[edit->n_changes++] = (struct world_change){request->layer, head->id, stored};
done:
    return code;
}

static enum err_code add_deletion(struct edit *edit, const char *id, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct edit_request *request = edit->request;
    bool there = false;
    TRY(is_there(edit, id, &there, err));
    if (!there && request->missing_is_fine)
        goto done;
    if (!there)
        return err_set(err, ERR_NOT_FOUND, "there is no %s %s", layer_name(request->layer), id);
    TRY(row_changes_add(&edit->out->facts, find_record(edit->editor->world, request->layer, id),
                        NULL, err));
    edit->changes[edit->n_changes++] = (struct world_change){request->layer, id, NULL};
done:
    return code;
}

static enum err_code find_changes(struct edit *edit, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct edit_request *request = edit->request;
    edit->changes =
        arena_new(edit->arena, struct world_change, request->n_records + request->n_deleted);
    if (!edit->changes)
        return err_nomem(err);
    for (size_t i = 0; i < request->n_records; i++)
        TRY(add_put(edit, record_at(request->layer, request->records, i), err));
    for (size_t i = 0; i < request->n_deleted; i++)
        TRY(add_deletion(edit, request->deleted[i], err));
done:
    return code;
}

static enum err_code apply_facts(struct edit *edit, struct err *err)
{
    enum err_code code = ERR_OK;
    struct world_edited edited;
    TRY(world_edit_new(edit->editor->world, edit->changes, edit->n_changes, edit->arena, &edited,
                       err));
    edit->facts = edited.world;
    edit->edits = edited.edits;
    edit->n_edits = edited.n_edits;
    struct world *folded = NULL;
    TRY(world_folding_step(edit->editor->folding, edit->editor->world, edit->facts, false, &folded,
                           err));
    if (folded) {
        edit->delta = edit->facts;
        edit->facts = folded;
    }
done:
    return code;
}

/* ---- what is worth a word ---- */

static enum err_code warn_unknown_owner(struct edit *edit, const struct world_change *change,
                                        struct err *err)
{
    const struct field_binding *owner = records_field(change->layer, "enterprise_id");
    const char *id = owner && change->record ? record_text(change->record, owner) : NULL;
    if (!id || world_find(edit->facts, LAYER_ENTERPRISES, id) >= 0)
        return ERR_OK;
    return warn(edit,
                arena_printf(edit->arena, "%s %s names enterprise %s, which is not there",
                             layer_name(change->layer), change->id, id),
                err);
}

/* Records that still name an enterprise that is gone. */
static enum err_code warn_orphans(struct edit *edit, const struct world_change *change,
                                  struct err *err)
{
    size_t n_all = 0;
    const char *layers = "";
    if (change->layer != LAYER_ENTERPRISES || change->record)
        return ERR_OK;
    for (int layer = 0; layer < LAYER_CONFLICTS; layer++) {
        const uint32_t *rows;
        size_t n;
        world_of_enterprise(edit->facts, (enum layer_id)layer, change->id, &rows, &n);
        n_all += n;
        if (n > 0)
            layers = arena_printf(edit->arena, "%s%s%s", layers ? layers : "",
                                  layers && *layers ? ", " : "", layer_name((enum layer_id)layer));
    }
    if (n_all == 0)
        return ERR_OK;
    return warn(edit,
                arena_printf(edit->arena, "%zu records still name enterprise %s (%s)", n_all,
                             change->id, layers ? layers : ""),
                err);
}

static enum err_code warn_all(struct edit *edit, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < edit->n_changes; i++) {
        TRY(warn_unknown_owner(edit, &edit->changes[i], err));
        TRY(warn_orphans(edit, &edit->changes[i], err));
    }
done:
    return code;
}

/* ---- the transaction ---- */

/* Whether the store has the shape of a row that follows from the facts: it was written from there
 * and comes back the same. */
static bool same_shape(const struct record_head *before, const struct record_head *after)
{
    return before->geom.kind == after->geom.kind && geom_equal(&before->geom, &after->geom);
}

static enum store_put_how put_how(const struct row_change *row)
{
    if (!row->before)
        return STORE_PUT_NEW;
    bool is_same = !row->brief_id && same_shape(row->before, row->after);
    return is_same ? STORE_PUT_SAME_SHAPE : STORE_PUT_ANY;
}

static enum err_code stamp_copy(struct arena *arena, enum layer_id layer, const void *record,
                                int32_t generation, const void **out, struct err *err)
{
    char *copy = arena_memdup(arena, record, records_binding(layer)->record_bytes);
    if (!copy)
        return err_nomem(err);
    memcpy(copy + records_field(layer, "generation")->offset, &generation, sizeof generation);
    *out = copy;
    return ERR_OK;
}

/* What a change of the store holds, with room for so many. */
static enum err_code make_change(struct edit *edit, enum layer_id layer, size_t n,
                                 struct store_change *out, struct store_put **put,
                                 const char ***gone, struct err *err)
{
    *put = arena_new(edit->arena, struct store_put, n);
    *gone = arena_new(edit->arena, const char *, n);
    *out = (struct store_change){.layer = layer, .deleted = *gone, .put = *put};
    return *put && *gone ? ERR_OK : err_nomem(err);
}

static enum err_code change_of_rows(struct edit *edit, const struct row_changes *rows,
                                    struct store_change *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct field_binding *stamp = records_field(rows->layer, "generation");
    int32_t generation = (int32_t)(edit->out->generation + 1);
    struct store_put *put = NULL;
    const char **gone = NULL;
    TRY(make_change(edit, rows->layer, rows->n, out, &put, &gone, err));
    struct store_ending *endings = arena_new(edit->arena, struct store_ending, rows->n);
    if (!endings)
        return err_nomem(err);
    for (size_t i = 0; i < rows->n; i++) {
        const struct row_change *row = &rows->items[i];
        const struct grades_ending *ending = row->ending;
        if (!row->after) {
            gone[out->n_deleted++] = row_change_id(row);
            continue;
        }
        const void *stamped = row->after;
        if (record_integer(row->after, stamp) != generation)
            TRY(stamp_copy(edit->arena, rows->layer, row->after, generation, &stamped, err));
        if (ending)
            endings[i] = (struct store_ending){"reasons", ending->before, ending->after};
        put[out->n_put++] = (struct store_put){stamped, put_how(row), ending ? &endings[i] : NULL};
    }
done:
    return code;
}

static enum err_code change_of_facts(struct edit *edit, struct store_change *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_put *put = NULL;
    const char **gone = NULL;
    TRY(make_change(edit, edit->request->layer, edit->n_changes, out, &put, &gone, err));
    for (size_t i = 0; i < edit->n_changes; i++) {
        if (edit->changes[i].record)
            put[out->n_put++] = (struct store_put){edit->changes[i].record, STORE_PUT_ANY, NULL};
        else
            gone[out->n_deleted++] = edit->changes[i].id;
    }
done:
    return code;
}

static enum err_code save(struct edit *edit, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_change changes[4];
    struct store_edit saved = {.generation = edit->out->generation + 1,
                               .assessed = edit->assessed,
                               .changes = changes,
                               .n_changes = 1};
    TRY(change_of_facts(edit, &changes[0], err));
    if (edit->assessed) {
        TRY(change_of_rows(edit, &edit->out->conflicts, &changes[1], err));
        TRY(change_of_rows(edit, &edit->out->grades, &changes[2], err));
        TRY(change_of_rows(edit, &edit->out->segments, &changes[3], err));
        saved.n_changes = 4;
    }
    TRY(store_writer_save(edit->editor->writer, &saved, &edit->out->settled, err));
    edit->out->generation = saved.generation;
done:
    return code;
}

/* ---- the whole ---- */

static enum err_code derive(struct edit *edit, struct err *err)
{
    enum err_code code = ERR_OK;
    struct edit_result *out = edit->out;
    struct editor *editor = edit->editor;
    out->conflicts.generation = (int32_t)(out->generation + 1);
    struct derivation_step step = {.facts = edit->facts,
                                   .edits = edit->edits,
                                   .n_edits = edit->n_edits,
                                   .crew = &editor->crew,
                                   .arena = edit->arena,
                                   .conflicts = &out->conflicts,
                                   .grades = &out->grades,
                                   .segments = &out->segments};
    if (!edit->assessed) {
        out->world = world_acquire(edit->facts);
        return ERR_OK;
    }
    TRY(derivation_update(editor->derivation, &step, err));
    out->world = step.world;
done:
    return code;
}

static void hold(struct world **place, struct world *world)
{
    world_release(*place);
    *place = world_acquire(world);
}

static enum err_code apply(struct edit *edit, struct err *err)
{
    enum err_code code = ERR_OK;
    struct editor *editor = edit->editor;
    struct edit_result *out = edit->out;
    TRY(check_layer(edit, err));
    TRY(begin(edit, err));
    if (out->stale)
        goto done;
    TRY(check_assessed(edit, err));
    TRY(find_changes(edit, err));
    if (edit->n_changes == 0) {
        out->world = world_acquire(editor->given);
        goto done;
    }
    TRY(apply_facts(edit, err));
    TRY(warn_all(edit, err));
    TRY(derive(edit, err));
    TRY(save(edit, err));
    out->world->generation = out->generation;
    out->changed = true;
    if (edit->assessed)
        derivation_commit(editor->derivation);
    hold(&editor->given, out->world);
    hold(&editor->world, out->world);
done:
    return code;
}

enum err_code editor_apply(struct editor *editor, const struct edit_request *request,
                           struct arena *arena, struct edit_result *out, struct err *err)
{
    struct edit edit = {.editor = editor, .request = request, .arena = arena, .out = out};
    *out = (struct edit_result){
        .before = world_acquire(editor->world),
        .facts = {.layer = request->layer, .arena = arena},
        .conflicts = {.layer = LAYER_CONFLICTS, .arena = arena, .n_told = EDIT_TOLD_CONFLICTS},
        .grades = {.layer = LAYER_GRADES, .arena = arena},
        .segments = {.layer = LAYER_SEGMENTS, .arena = arena}};
    enum err_code code = apply(&edit, err);
    if (edit.begun)
        store_writer_end(editor->writer);
    world_release(edit.facts);
    world_release(edit.delta);
    crew_reset(&editor->crew);
    if (code != ERR_OK)
        edit_result_release(out);
    return code;
}
