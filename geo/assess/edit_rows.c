#include "geo/assess/edit_rows.h"

#include "data/base/text.h"

#include <string.h>

static bool same_real(double a, double b)
{
    return (isnan(a) && isnan(b)) || (a >= b && a <= b);
}

/* An empty text comes back from the store as none. */
static bool same_text(const char *a, const char *b)
{
    return a == b || text_equal(a ? a : "", b ? b : "");
}

static bool is_stamp(const char *field)
{
    return strcmp(field, "generation") == 0 || strcmp(field, "imported") == 0;
}

static bool same_field(const struct field_binding *field, const void *a, const void *b)
{
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_DATETIME:
        return same_text(record_text(a, field), record_text(b, field));
    case FIELD_REAL:
        return same_real(record_real(a, field), record_real(b, field));
    case FIELD_INTEGER:
    case FIELD_DATE:
        return record_integer(a, field) == record_integer(b, field);
    }
    return false;
}

static enum err_code as_stored(const struct geom *geom, struct arena *scratch, struct geom *out,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    const void *bytes = NULL;
    size_t n = 0;
    TRY(geom_to_wkb(geom, scratch, &bytes, &n, err));
    TRY(geom_from_wkb(bytes, n, scratch, out, err));
done:
    return code;
}

enum err_code rows_same(enum layer_id layer, const void *a, const void *b, struct arena *scratch,
                        bool *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct layer_binding *binding = records_binding(layer);
    const struct record_head *one = a;
    const struct record_head *other = b;
    struct geom x, y;
    *out = false;
    for (size_t i = 0; i < binding->n_fields; i++)
        if (!same_field(&binding->fields[i], a, b) && !is_stamp(binding->fields[i].name))
            return ERR_OK;
    *out = one->geom.kind == other->geom.kind;
    if (!*out || one->geom.kind == GEOM_NONE || geom_equal(&one->geom, &other->geom))
        return ERR_OK;
    TRY(as_stored(&one->geom, scratch, &x, err));
    TRY(as_stored(&other->geom, scratch, &y, err));
    *out = geom_equal(&x, &y);
done:
    return code;
}

enum err_code row_changes_put(struct row_changes *changes, const struct row_change *change,
                              struct err *err)
{
    changes->items = arena_grow(changes->arena, changes->items, &changes->capacity, changes->n + 1,
                                sizeof *changes->items);
    if (!changes->items)
        return err_nomem(err);
    changes->items[changes->n++] = *change;
    return ERR_OK;
}

enum err_code row_changes_add(struct row_changes *changes, const void *before, const void *after,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    bool same = false;
    struct arena scratch;
    arena_init(&scratch, 0);
    if (before && after)
        TRY(rows_same(changes->layer, before, after, &scratch, &same, err));
    if (same || (!before && !after))
        goto done;
    TRY(row_changes_put(changes, &(struct row_change){.before = before, .after = after}, err));
done:
    arena_release(&scratch);
    return code;
}

enum err_code row_changes_compare(struct row_changes *changes, struct row_array before,
                                  struct row_array after, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0, j = 0; i < before.n || j < after.n;) {
        const struct record_head *was = i < before.n ? before.at(before.context, i) : NULL;
        const struct record_head *is = j < after.n ? after.at(after.context, j) : NULL;
        int order = !was ? 1 : !is ? -1 : strcmp(was->id, is->id);
        TRY(row_changes_add(changes, order <= 0 ? was : NULL, order >= 0 ? is : NULL, err));
        i += order <= 0;
        j += order >= 0;
    }
done:
    return code;
}
