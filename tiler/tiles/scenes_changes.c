/* scenes_changes.c - which records of each source an edit changed, as their labels see it: those
 * that it put or deleted, and those whose grade, or whose enterprise's, says something else. */
#include "tiler/tiles/scenes_private.h"

#include "data/base/text.h"
#include "tiler/tiles/scene_edit.h"
#include "tiler/vector/attributes.h"

#include <string.h>

/* Of an edit of more records all are read again: who looks for one goes through the list. */
enum { MOST_CHANGES = 256 };

/* Ids on their way, each once. */
struct noting {
    struct scenes *scenes;
    enum layer_id layer;
    const char **ids;
    size_t n, room;
    struct err *err;
};

static enum err_code note(struct noting *noting, const char *id)
{
    for (size_t i = 0; i < noting->n; i++)
        if (noting->n > MOST_CHANGES || strcmp(noting->ids[i], id) == 0)
            return ERR_OK;
    struct arena *arena =
        &noting->scenes->changed; /* what was deleted goes with the world before */
    noting->ids = arena_grow(arena, noting->ids, &noting->room, noting->n + 1, sizeof *noting->ids);
    char *copy = noting->ids ? arena_strdup(arena, id) : NULL;
    if (!copy)
        return err_nomem(noting->err);
    noting->ids[noting->n++] = copy;
    return ERR_OK;
}

/* Of an enterprise whose grade says something else. */
static enum err_code note_owned(struct noting *noting, const char *enterprise_id)
{
    enum err_code code = ERR_OK;
    const struct world *world = noting->scenes->world;
    const uint32_t *rows;
    size_t n;
    if (noting->layer == LAYER_ENTERPRISES)
        return note(noting, enterprise_id);
    world_of_enterprise(world, noting->layer, enterprise_id, &rows, &n);
    for (size_t i = 0; i < n; i++) {
        const struct record_head *head = world_record(world, noting->layer, rows[i]);
        TRY(note(noting, head->id));
    }
done:
    return code;
}

static enum err_code note_all(struct noting *noting, const struct scene_edit *edit)
{
    enum err_code code = ERR_OK;
    bool graded =
        noting->layer == LAYER_ENTERPRISES || records_field(noting->layer, "enterprise_id");
    for (size_t i = 0; scene_edit_of(edit, noting->layer) && i < edit->facts->n; i++) {
        const struct row_change *change = &edit->facts->items[i];
        const struct record_head *head = change->before ? change->before : change->after;
        TRY(note(noting, head->id));
    }
    for (size_t i = 0; graded && i < edit->grades->n; i++) {
        const struct row_change *change = &edit->grades->items[i];
        const struct grade_row *row = change->after ? change->after : change->before;
        if (text_equal(row->subject, "enterprise") && !scene_edit_same_grade(change))
            TRY(note_owned(noting, row->subject_id));
    }
done:
    return code;
}

/* Units, borders and cells are few, and conflicts and stretches are known by more than an id. */
static bool is_of_records(enum style_source id)
{
    return id != SOURCE_UNITS && id != SOURCE_SELECTED && id != SOURCE_OUTSIDE &&
           id != SOURCE_BOUNDARIES && id != SOURCE_CELLS && id != SOURCE_CONFLICTS &&
           id != SOURCE_SEGMENTS;
}

enum err_code scenes_note_changes(struct scenes *scenes, const struct scene_edit *edit,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    for (int i = 0; i < SOURCE_COUNT; i++) {
        enum style_source id = (enum style_source)i;
        struct noting noting = {.scenes = scenes, .layer = attribute_layer(id), .err = err};
        bool same = scene_edit_fate(edit, id) == FATE_SAME;
        if (!same && !is_of_records(id))
            continue;
        if (!same)
            TRY(note_all(&noting, edit));
        scenes->changes[id] = (struct label_changes){noting.ids, noting.n};
        scenes->is_known[id] = noting.n <= MOST_CHANGES;
    }
done:
    return code;
}
