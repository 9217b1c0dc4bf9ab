/* store_edit.c - an edit as bytes, and back. */
#include "data/store_log.h"

#include "data/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A text is its length and one, 0 being no text, its bytes and a zero. Rows of one plant mostly say
 * the same, or nearly: SAME is the text of the record before it in the change; LIKE is followed by
 * how many bytes of that one's beginning and of its end it shares, and what stands between them. A
 * shape is the length of its well-known binary, 0 being none, and that. */
static const uint32_t SAME = UINT32_MAX;
static const uint32_t LIKE = UINT32_MAX - 1;

/* LIKE is worth its counts from so many shared bytes on, and is of short texts only: what is read
 * stays within some hundred times its bytes, whoever wrote them. */
enum { LEAST_SHARED = 16, MOST_LIKE = 4096 };

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Beside how a record is put. */
enum { HAS_ENDING = 0x80 };

/* ---- writing ---- */

static void add_count(struct buf *out, size_t n)
{
    uint32_t count = (uint32_t)n;
    buf_add(out, &count, sizeof count);
}

static void add_text(struct buf *out, const char *text)
{
    size_t n = text ? strlen(text) + 1 : 0;
    add_count(out, n);
    buf_add(out, text ? text : "", n);
}

static size_t count_shared_head(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t n = 0, most = min_size(n_a, n_b);
    while (most - n >= sizeof(uint64_t) && memcmp(a + n, b + n, sizeof(uint64_t)) == 0)
        n += sizeof(uint64_t);
    while (n < most && a[n] == b[n])
        n++;
    return n;
}

static size_t count_shared_tail(const char *a, size_t n_a, const char *b, size_t n_b)
{
    const char *a_end = a + n_a, *b_end = b + n_b;
    size_t n = 0, most = min_size(n_a, n_b);
    while (most - n >= sizeof(uint64_t) &&
           memcmp(a_end - n - sizeof(uint64_t), b_end - n - sizeof(uint64_t), sizeof(uint64_t)) ==
               0)
        n += sizeof(uint64_t);
    while (n < most && a_end[-1 - (ptrdiff_t)n] == b_end[-1 - (ptrdiff_t)n])
        n++;
    return n;
}

/* before: the text of the record before it, or NULL. */
static void add_text_after(struct buf *out, const char *text, const char *before)
{
    if (!text || !before) {
        add_text(out, text);
        return;
    }
    if (text == before) {
        add_count(out, SAME);
        return;
    }
    size_t n = strlen(text), n_before = strlen(before);
    size_t head = count_shared_head(text, n, before, n_before);
    size_t tail = count_shared_tail(text + head, n - head, before + head, n_before - head);
    if (head == n && n == n_before) {
        add_count(out, SAME);
    } else if (head + tail < LEAST_SHARED || n > MOST_LIKE) {
        add_text(out, text);
    } else {
        const uint16_t parts[] = {(uint16_t)head, (uint16_t)tail, (uint16_t)(n - head - tail)};
        add_count(out, LIKE);
        buf_add(out, parts, sizeof parts);
        buf_add(out, text + head, n - head - tail);
    }
}

/* before: the record before it, or NULL. */
static void add_field(struct buf *out, const struct field_binding *field, const void *record,
                      const void *before)
{
    const char *value = (const char *)record + field->offset;
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_DATETIME:
        add_text_after(out, record_text(record, field), before ? record_text(before, field) : NULL);
        break;
    case FIELD_INTEGER:
    case FIELD_DATE:
        buf_add(out, value, sizeof(int32_t));
        break;
    case FIELD_REAL:
        buf_add(out, value, sizeof(double));
        break;
    }
}

static enum err_code add_record(struct buf *out, enum layer_id layer, const void *record,
                                const void *before, struct arena *scratch, struct err *err)
{
    const struct layer_binding *binding = records_binding(layer);
    const struct record_head *head = record;
    const void *wkb = NULL;
    size_t n = 0;
    for (size_t i = 0; i < binding->n_fields; i++)
        add_field(out, &binding->fields[i], record, before);
    if (head->geom.kind != GEOM_NONE) {
        enum err_code code = geom_to_wkb(&head->geom, scratch, &wkb, &n, err);
        if (code != ERR_OK)
            return code;
    }
    add_count(out, n);
    buf_add(out, wkb ? wkb : "", n);
    return ERR_OK;
}

static enum err_code add_change(struct buf *out, const struct store_change *change,
                                struct arena *scratch, struct err *err)
{
    enum err_code code = ERR_OK;
    buf_add_byte(out, (int)change->layer);
    add_count(out, change->n_deleted);
    for (size_t i = 0; i < change->n_deleted; i++)
        add_text(out, change->deleted[i]);
    add_count(out, change->n_put);
    for (size_t i = 0; i < change->n_put; i++) {
        struct arena_mark mark = arena_mark(scratch);
        const struct store_ending *ending = change->put[i].ending;
        buf_add_byte(out, (int)change->put[i].how | (ending ? HAS_ENDING : 0));
        if (ending) {
            add_text(out, ending->field);
            add_text(out, ending->before);
            add_text(out, ending->after);
        }
        const void *before = i > 0 ? change->put[i - 1].record : NULL;
        TRY(add_record(out, change->layer, change->put[i].record, before, scratch, err));
        arena_rewind(scratch, mark);
    }
done:
    return code;
}

enum err_code store_edit_write(const struct store_edit *edit, struct buf *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena scratch;
    arena_init(&scratch, 0);
    buf_add(out, &edit->generation, sizeof edit->generation);
    buf_add_byte(out, edit->assessed);
    add_count(out, edit->n_changes);
    for (size_t i = 0; i < edit->n_changes; i++)
        TRY(add_change(out, &edit->changes[i], &scratch, err));
    code = buf_ok(out) ? ERR_OK : err_nomem(err);
done:
    arena_release(&scratch);
    return code;
}

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

/* As many things as there can be, each of `least` bytes and more. */
static enum err_code take_count(struct reading *in, size_t least, size_t *out, struct err *err)
{
    uint32_t n = 0;
    enum err_code code = take(in, &n, sizeof n, err);
    if (code == ERR_OK && n > (size_t)(in->end - in->at) / least)
        code = cut_short(err);
    *out = n;
    return code;
}

static enum err_code take_text(struct reading *in, const char **out, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n = 0;
    *out = NULL;
    TRY(take_count(in, 1, &n, err));
    if (n == 0)
        goto done;
    if (memchr(in->at, 0, n) != in->at + n - 1)
        return cut_short(err);
    *out = in->at;
    in->at += n;
done:
    return code;
}

/* Whether this stands there, which is taken. */
static bool take_mark(struct reading *in, uint32_t mark)
{
    uint32_t n = 0;
    if ((size_t)(in->end - in->at) < sizeof n)
        return false;
    memcpy(&n, in->at, sizeof n);
    if (n != mark)
        return false;
    in->at += sizeof n;
    return true;
}

static enum err_code take_like(struct reading *in, const char *before, const char **out,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    uint16_t parts[3] = {0};
    size_t n_before = strlen(before);
    TRY(take(in, parts, sizeof parts, err));
    const size_t head = parts[0], tail = parts[1], between = parts[2];
    if (head + tail > n_before || head + tail + between > MOST_LIKE ||
        between > (size_t)(in->end - in->at) || memchr(in->at, 0, between))
        return cut_short(err);
    char *text = arena_alloc(in->arena, head + between + tail + 1, 1);
    if (!text)
        return err_nomem(err);
    memcpy(text, before, head);
    memcpy(text + head, in->at, between);
    memcpy(text + head + between, before + n_before - tail, tail + 1);
    in->at += between;
    *out = text;
done:
    return code;
}

/* before: the text of the record before it, or NULL. */
static enum err_code take_text_after(struct reading *in, const char *before, const char **out,
                                     struct err *err)
{
    if (!before)
        return take_text(in, out, err);
    *out = before;
    if (take_mark(in, SAME))
        return ERR_OK;
    return take_mark(in, LIKE) ? take_like(in, before, out, err) : take_text(in, out, err);
}

static enum err_code take_field(struct reading *in, const struct field_binding *field, void *record,
                                const void *before, struct err *err)
{
    char *value = (char *)record + field->offset;
    const char *text = NULL;
    enum err_code code = ERR_OK;
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_DATETIME:
        code = take_text_after(in, before ? record_text(before, field) : NULL, &text, err);
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

static enum err_code take_record(struct reading *in, enum layer_id layer, void *record,
                                 const void *before, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct layer_binding *binding = records_binding(layer);
    struct record_head *head = record;
    size_t n = 0;
    for (size_t i = 0; i < binding->n_fields; i++)
        TRY(take_field(in, &binding->fields[i], record, before, err));
    head->geom.box = box_empty();
    if (!head->id)
        return cut_short(err);
    TRY(take_count(in, 1, &n, err));
    if (n > 0)
        TRY(geom_from_wkb(in->at, n, in->arena, &head->geom, err));
    in->at += n;
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
    TRY(take_text(in, &ending->field, err));
    TRY(take_text(in, &ending->before, err));
    TRY(take_text(in, &ending->after, err));
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
    size_t n = 0;
    TRY(take_count(in, binding->n_fields * sizeof(uint32_t), &n, err));
    struct store_put *put = arena_new(in->arena, struct store_put, n);
    char *records = arena_alloc(in->arena, n, binding->record_bytes);
    if (!put || !records)
        return err_nomem(err);
    change->put = put;
    for (; change->n_put < n; change->n_put++) {
        unsigned char how = 0;
        void *record = records + change->n_put * binding->record_bytes;
        TRY(take(in, &how, 1, err));
        if (how & HAS_ENDING)
            TRY(take_ending(in, change->layer, &put[change->n_put].ending, err));
        how &= HAS_ENDING - 1;
        if (how > STORE_PUT_SAME_SHAPE)
            return cut_short(err);
        const void *before = change->n_put > 0 ? put[change->n_put - 1].record : NULL;
        TRY(take_record(in, change->layer, record, before, err));
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
    TRY(take_count(in, sizeof(uint32_t), &n, err));
    const char **deleted = arena_new(in->arena, const char *, n);
    if (!deleted)
        return err_nomem(err);
    change->deleted = deleted;
    for (; change->n_deleted < n; change->n_deleted++) {
        TRY(take_text(in, &deleted[change->n_deleted], err));
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
    enum { LEAST = 9 }; /* bytes of a change: layer and two counts */
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
