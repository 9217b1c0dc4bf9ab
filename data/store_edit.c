/* store_edit.c - an edit from its bytes (store_edit_write.c), and into the tables. */
#include "data/store_edit_internal.h"

#include "data/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- reading ---- */

struct reading {
    const char *at;
    const char *end;
    struct arena *arena;
};

static enum err_code cut_short(struct err *err)
{
    return err_set(err, ERR_INPUT, "an edit in the log of the store is damaged");
}

static enum err_code take(struct reading *in, void *out, size_t n, struct err *err)
{
    if ((size_t)(in->end - in->at) < n)
        return cut_short(err);
    memcpy(out, in->at, n);
    in->at += n;
    return ERR_OK;
}

static enum err_code take_number(struct reading *in, size_t *out, struct err *err)
{
    uint64_t n = 0;
    for (unsigned shift = 0; in->at < in->end && shift < 32; shift += 7) {
        unsigned char byte = (unsigned char)*in->at++;
        n |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            *out = (size_t)n;
            return ERR_OK;
        }
    }
    return cut_short(err);
}

/* As many things as there can be, each of `least` bytes and more. */
static enum err_code take_count(struct reading *in, size_t least, size_t *out, struct err *err)
{
    enum err_code code = take_number(in, out, err);
    if (code == ERR_OK && *out > (size_t)(in->end - in->at) / least)
        code = cut_short(err);
    return code;
}

/* What is EDIT_LIKE the bytes before, with a zero behind it. */
static enum err_code take_like(struct reading *in, const char *before, size_t n_before,
                               const char **out, size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t head = 0, tail = 0, between = 0;
    TRY(take_number(in, &head, err));
    TRY(take_number(in, &tail, err));
    TRY(take_count(in, 1, &between, err));
    if (head + tail > n_before || head + tail + between > EDIT_MOST_LIKE)
        return cut_short(err);
    *n = head + between + tail;
    char *bytes = arena_alloc_raw(in->arena, *n + 1, 1);
    if (!bytes)
        return err_nomem(err);
    if (head > 0)
        memcpy(bytes, before, head);
    memcpy(bytes + head, in->at, between);
    if (tail > 0)
        memcpy(bytes + head + between, before + n_before - tail, tail);
    bytes[*n] = '\0';
    in->at += between;
    *out = bytes;
done:
    return code;
}

/* As add_bytes put it there; `end` bytes stand behind one that is whole. *out NULL: none. */
static enum err_code take_bytes(struct reading *in, size_t end, const char *before, size_t n_before,
                                const char **out, size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t what = EDIT_NONE;
    *out = NULL;
    *n = 0;
    TRY(take_number(in, &what, err));
    if (what == EDIT_LIKE)
        return take_like(in, before ? before : "", n_before, out, n, err);
    if (what < EDIT_WHOLE)
        goto done;
    *n = what - EDIT_WHOLE;
    if (*n + end > (size_t)(in->end - in->at))
        return cut_short(err);
    *out = in->at;
    in->at += *n + end;
done:
    return code;
}

/* before: that of the record before, or NULL. */
static enum err_code take_text(struct reading *in, const char *before, const char **out,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n = 0;
    TRY(take_bytes(in, 1, before, before ? strlen(before) : 0, out, &n, err));
    if (*out && memchr(*out, 0, n + 1) != *out + n)
        return cut_short(err);
done:
    return code;
}

/* One that differs from what the record has: the value of the one before. */
static enum err_code take_field(struct reading *in, const struct field_binding *field, void *record,
                                struct err *err)
{
    char *value = (char *)record + field->offset;
    const char *text = NULL;
    enum err_code code = ERR_OK;
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_DATETIME:
        code = take_text(in, record_text(record, field), &text, err);
        memcpy(value, &text, sizeof text);
        break;
    case FIELD_INTEGER:
    case FIELD_DATE:
        code = take(in, value, sizeof(int32_t), err);
        break;
    case FIELD_REAL:
        code = take(in, value, sizeof(double), err);
        break;
    }
    return code;
}

/* A shape as well-known binary. */
struct shape_bytes {
    const char *bytes; /* NULL: none */
    size_t n;
};

/* record: as the one before it, or empty; shape: of the one before, which becomes its own. */
static enum err_code take_record(struct reading *in, const struct layer_binding *binding,
                                 void *record, struct shape_bytes *shape, struct err *err)
{
    enum err_code code = ERR_OK;
    struct record_head *head = record;
    unsigned char mask[EDIT_MOST_FIELDS / CHAR_BIT] = {0};
    TRY(take(in, mask, edit_mask_bytes(binding), err));
    for (size_t i = 0; i < binding->n_fields; i++)
        if (mask[i / CHAR_BIT] & 1U << i % CHAR_BIT)
            TRY(take_field(in, &binding->fields[i], record, err));
    if (!head->id)
        return cut_short(err);
    TRY(take_bytes(in, 0, shape->bytes, shape->n, &shape->bytes, &shape->n, err));
    head->geom = (struct geom){.kind = GEOM_NONE, .box = box_empty()};
    if (shape->bytes)
        TRY(geom_from_wkb(shape->bytes, shape->n, in->arena, &head->geom, err));
done:
    return code;
}

static enum err_code take_ending(struct reading *in, enum layer_id layer,
                                 const struct store_ending **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_ending *ending = arena_new(in->arena, struct store_ending, 1);
    if (!ending)
        return err_nomem(err);
    TRY(take_text(in, NULL, &ending->field, err));
    TRY(take_text(in, NULL, &ending->before, err));
    TRY(take_text(in, NULL, &ending->after, err));
    const struct field_binding *field = ending->field ? records_field(layer, ending->field) : NULL;
    if (!field || field->type != FIELD_TEXT || !ending->before || !ending->after)
        return cut_short(err);
    *out = ending;
done:
    return code;
}

static enum err_code take_puts(struct reading *in, struct store_change *change, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct layer_binding *binding = records_binding(change->layer);
    struct shape_bytes shape = {NULL, 0};
    size_t n = 0, size = binding->record_bytes;
    TRY(take_count(in, 1 + edit_mask_bytes(binding) + 1, &n, err)); /* how, and no shape */
    struct store_put *put = arena_new(in->arena, struct store_put, n);
    char *records = arena_alloc_raw(in->arena, n, size);
    if (!put || !records)
        return err_nomem(err);
    change->put = put;
    for (; change->n_put < n; change->n_put++) {
        unsigned char how = 0;
        char *record = records + change->n_put * size;
        TRY(take(in, &how, 1, err));
        if (how & EDIT_HAS_ENDING)
            TRY(take_ending(in, change->layer, &put[change->n_put].ending, err));
        how &= EDIT_HAS_ENDING - 1;
        if (how > STORE_PUT_SAME_SHAPE)
            return cut_short(err);
        if (change->n_put > 0)
            memcpy(record, record - size, size);
        else
            record_clear(change->layer, record);
        TRY(take_record(in, binding, record, &shape, err));
        /* It was acknowledged: what stands in its place gives way. */
        put[change->n_put].record = record;
        put[change->n_put].how = how == STORE_PUT_NEW ? STORE_PUT_ANY : (enum store_put_how)how;
    }
done:
    return code;
}

static enum err_code take_change(struct reading *in, struct store_change *change, struct err *err)
{
    enum err_code code = ERR_OK;
    unsigned char layer = 0;
    size_t n = 0;
    TRY(take(in, &layer, 1, err));
    if (layer >= LAYER_COUNT || records_binding((enum layer_id)layer)->record_bytes == 0)
        return cut_short(err);
    change->layer = (enum layer_id)layer;
    TRY(take_count(in, 1, &n, err));
    const char **deleted = arena_new(in->arena, const char *, n);
    if (!deleted)
        return err_nomem(err);
    change->deleted = deleted;
    for (; change->n_deleted < n; change->n_deleted++) {
        const char *before = change->n_deleted > 0 ? deleted[change->n_deleted - 1] : NULL;
        TRY(take_text(in, before, &deleted[change->n_deleted], err));
        if (!deleted[change->n_deleted])
            return cut_short(err);
    }
    TRY(take_puts(in, change, err));
done:
    return code;
}

enum err_code store_edit_read(const void *bytes, size_t n, struct arena *arena,
                              struct store_edit *out, struct err *err)
{
    enum { LEAST = 3 }; /* bytes of a change: layer and two counts */
    enum err_code code = ERR_OK;
    struct reading in = {bytes, (const char *)bytes + n, arena};
    unsigned char assessed = 0;
    size_t n_changes = 0;
    *out = (struct store_edit){0};
    TRY(take(&in, &out->generation, sizeof out->generation, err));
    TRY(take(&in, &assessed, 1, err));
    TRY(take_count(&in, LEAST, &n_changes, err));
    struct store_change *changes = arena_new(arena, struct store_change, n_changes);
    if (!changes)
        return err_nomem(err);
    for (size_t i = 0; i < n_changes; i++)
        TRY(take_change(&in, &changes[i], err));
    if (in.at != in.end)
        return cut_short(err);
    out->assessed = assessed != 0;
    out->changes = changes;
    out->n_changes = n_changes;
done:
    return code;
}

/* ---- into the tables ---- */

/* Rows from the position on, of one change. */
static enum err_code apply_rows(struct store *store, const struct store_change *change,
                                struct store_edit_at *at, size_t most, struct err *err)
{
    size_t gone = change->n_deleted - min_size(at->row, change->n_deleted);
    size_t n_gone = min_size(gone, most);
    size_t put = at->row + n_gone - change->n_deleted; /* where n_put counts */
    size_t n_put = n_gone < gone ? 0 : min_size(change->n_put - put, most - n_gone);
    const struct store_change slice = {.layer = change->layer,
                                       .deleted = change->deleted + change->n_deleted - gone,
                                       .n_deleted = n_gone,
                                       .put = n_put ? change->put + put : NULL,
                                       .n_put = n_put};
    at->row += n_gone + n_put;
    return store_change(store, &slice, err);
}

enum err_code store_edit_apply_some(struct store *store, const struct store_edit *edit,
                                    struct store_edit_at *at, size_t most, struct err *err)
{
    enum err_code code = ERR_OK;
    char generation[24];
    if (at->change < edit->n_changes) {
        const struct store_change *change = &edit->changes[at->change];
        TRY(apply_rows(store, change, at, most, err));
        if (at->row == change->n_deleted + change->n_put)
            *at = (struct store_edit_at){.change = at->change + 1};
    }
    at->done = at->change == edit->n_changes;
    snprintf(generation, sizeof generation, "%" PRIu64, edit->generation);
    if (at->done && edit->assessed)
        TRY(store_set(store, "assessed", generation, err));
done:
    return code;
}

enum err_code store_edit_apply(struct store *store, const struct store_edit *edit, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_edit_at at = {.row = 0};
    while (!at.done)
        TRY(store_edit_apply_some(store, edit, &at, SIZE_MAX, err));
done:
    return code;
}
