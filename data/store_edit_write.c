/* store_edit_write.c - an edit as bytes. */
#include "data/store_edit_internal.h"

#include "data/base/text.h"
#include "data/store_internal.h"

#include <string.h>

/* LIKE is worth its numbers from so many shared bytes on. */
enum { LEAST_SHARED = 8 };

static void add_number(struct buf *out, size_t n)
{
    unsigned char bytes[10];
    size_t n_bytes = 0;
    for (; n >= 0x80; n >>= 7)
        bytes[n_bytes++] = (unsigned char)(n | 0x80);
    bytes[n_bytes++] = (unsigned char)n;
    buf_add(out, bytes, n_bytes);
}

/* Bytes that two have in common. */
struct shared {
    size_t head;
    size_t tail;
};

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

static struct shared count_shared(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t head = count_shared_head(a, n_a, b, n_b);
    return (struct shared){head, count_shared_tail(a + head, n_a - head, b + head, n_b - head)};
}

/* Bytes that are there; `end` more of them stand behind what may be shared: the zero of a text. */
static void add_bytes(struct buf *out, const char *bytes, size_t n, size_t end,
                      const struct shared *shared)
{
    if (shared->head + shared->tail < LEAST_SHARED || n > EDIT_MOST_LIKE) {
        add_number(out, n + EDIT_WHOLE);
        buf_add(out, bytes, n + end);
        return;
    }
    size_t between = n - shared->head - shared->tail;
    buf_add_byte(out, EDIT_LIKE);
    add_number(out, shared->head);
    add_number(out, shared->tail);
    add_number(out, between);
    buf_add(out, bytes + shared->head, between);
}

/* before: NULL, or a text that may be like it. */
static void add_text(struct buf *out, const char *text, const char *before)
{
    struct shared shared = {0, 0};
    if (!text) {
        buf_add_byte(out, EDIT_NONE);
        return;
    }
    size_t n = strlen(text);
    if (before)
        shared = count_shared(text, n, before, strlen(before));
    add_bytes(out, text, n, 1, &shared);
}

/* Records that follow each other. */
struct writing {
    struct buf *out;
    const struct schema_layer *layer; /* NULL: nothing is checked */
    const struct layer_binding *binding;
    const void *before; /* the record before, which was checked, or an empty one */
    struct arena kept;
    struct arena shapes[2];
    const void *shape; /* of the record before, as well-known binary; NULL: none */
    size_t n_shape;
    unsigned turn; /* which arena is free */
};

/* Whether a text is UTF-8 that has these bytes in common with one that is: what is shared is as
 * good as there where it ends, or begins, with a whole character. */
static bool is_utf8_beside(const char *text, size_t n, struct shared shared)
{
    while (shared.head > 0 && (text[shared.head - 1] & 0x80))
        shared.head--;
    while (shared.tail > 0 && (text[n - shared.tail] & 0x80))
        shared.tail--;
    return text_is_utf8(text + shared.head, n - shared.head - shared.tail);
}

/* Of texts whether it is that very one. */
static bool is_same(const struct field_binding *field, const void *record, const void *before)
{
    const char *a = (const char *)record + field->offset;
    const char *b = (const char *)before + field->offset;
    bool is_short = field->type == FIELD_INTEGER || field->type == FIELD_DATE;
    return is_short ? memcmp(a, b, sizeof(int32_t)) == 0 : memcmp(a, b, sizeof(uint64_t)) == 0;
}
_Static_assert(sizeof(char *) == sizeof(uint64_t) && sizeof(double) == sizeof(uint64_t),
               "texts and numbers of a record have the same width");

/* *differs: it says something else than before; nothing is written otherwise. */
static enum err_code add_text_field(const struct writing *to, const struct field_binding *field,
                                    const void *record, bool *differs, struct err *err)
{
    const char *text = record_text(record, field);
    const char *before = record_text(to->before, field);
    size_t n = text ? strlen(text) : 0, n_before = before ? strlen(before) : 0;
    struct shared shared = {0, 0};
    *differs = true;
    if (!text) {
        buf_add_byte(to->out, EDIT_NONE);
        return ERR_OK;
    }
    if (before)
        shared = count_shared(text, n, before, n_before);
    *differs = !before || n != n_before || shared.head < n;
    if (*differs)
        add_bytes(to->out, text, n, 1, &shared);
    if (!*differs || !to->layer || (field->type == FIELD_TEXT && is_utf8_beside(text, n, shared)))
        return ERR_OK;
    return store_check_field(field, record, err);
}

static enum err_code add_number_field(const struct writing *to, const struct field_binding *field,
                                      const void *record, struct err *err)
{
    buf_add(to->out, (const char *)record + field->offset,
            field->type == FIELD_REAL ? sizeof(double) : sizeof(int32_t));
    return to->layer ? store_check_field(field, record, err) : ERR_OK;
}

/* Those that differ, behind a bit for each that says so; *lacks: one of them has no value. */
static enum err_code add_fields(const struct writing *to, const void *record, bool *lacks,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    const struct layer_binding *binding = to->binding;
    unsigned char mask[EDIT_MOST_FIELDS / CHAR_BIT] = {0};
    size_t mask_at = to->out->n_bytes;
    *lacks = false;
    buf_add(to->out, mask, edit_mask_bytes(binding));
    for (size_t i = 0; i < binding->n_fields; i++) {
        const struct field_binding *field = &binding->fields[i];
        bool differs = !is_same(field, record, to->before);
        if (!differs)
            continue;
        TRY(field->type == FIELD_TEXT || field->type == FIELD_DATETIME
                ? add_text_field(to, field, record, &differs, err)
                : add_number_field(to, field, record, err));
        if (differs)
            mask[i / CHAR_BIT] |= (unsigned char)(1U << i % CHAR_BIT);
        *lacks = *lacks || record_is_absent(record, field);
    }
    if (buf_ok(to->out))
        memcpy(to->out->bytes + mask_at, mask, edit_mask_bytes(binding));
done:
    return code;
}

static enum err_code add_shape(struct writing *to, const struct geom *geom, struct err *err)
{
    enum err_code code = ERR_OK;
    const void *shape = NULL;
    size_t n = 0;
    struct shared shared = {0, 0};
    struct arena *room = &to->shapes[to->turn ^= 1];
    arena_reset(room);
    if (geom->kind == GEOM_NONE) {
        buf_add_byte(to->out, EDIT_NONE);
    } else {
        TRY(geom_to_wkb(geom, room, &shape, &n, err));
        if (to->shape)
            shared = count_shared(shape, n, to->shape, to->n_shape);
        add_bytes(to->out, shape, n, 0, &shared);
    }
    to->shape = shape;
    to->n_shape = n;
done:
    return code;
}

/* What the tables would refuse is refused here, of what is not as in the record before. */
static enum err_code add_record(struct writing *to, const void *record, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct record_head *head = record, *before = to->before;
    bool lacks = false;
    TRY(add_fields(to, record, &lacks, err));
    TRY(add_shape(to, &head->geom, err));
    if (to->layer && (lacks || !before->id || !*head->id || head->geom.kind != before->geom.kind))
        TRY(store_check_record(to->layer, record, err));
    to->before = record;
done:
    if (code != ERR_OK)
        err_wrap(err, "%s %s", to->binding->name, head->id ? head->id : "");
    return code;
}

static void add_ending(struct buf *out, const struct store_ending *ending)
{
    add_text(out, ending->field, NULL);
    add_text(out, ending->before, NULL);
    add_text(out, ending->after, NULL);
}

static enum err_code add_puts(struct writing *to, const struct store_change *change,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    void *empty = arena_alloc(&to->kept, 1, to->binding->record_bytes);
    if (!empty)
        return err_nomem(err);
    record_clear(change->layer, empty);
    to->before = empty;
    add_number(to->out, change->n_put);
    for (size_t i = 0; i < change->n_put; i++) {
        const struct store_put *put = &change->put[i];
        buf_add_byte(to->out, (int)put->how | (put->ending ? EDIT_HAS_ENDING : 0));
        if (put->ending)
            add_ending(to->out, put->ending);
        TRY(add_record(to, put->record, err));
    }
done:
    return code;
}

static enum err_code add_change(struct buf *out, const struct store_change *change,
                                const struct schema *schema, struct err *err)
{
    enum err_code code = ERR_OK;
    struct writing to = {.out = out,
                         .layer = schema ? &schema->layers[change->layer] : NULL,
                         .binding = records_binding(change->layer)};
    arena_init(&to.kept, 0);
    arena_init(&to.shapes[0], 0);
    arena_init(&to.shapes[1], 0);
    TRY(store_refuse_population(change->layer, err));
    buf_add_byte(out, (int)change->layer);
    add_number(out, change->n_deleted);
    for (size_t i = 0; i < change->n_deleted; i++)
        add_text(out, change->deleted[i], i > 0 ? change->deleted[i - 1] : NULL);
    TRY(add_puts(&to, change, err));
done:
    arena_release(&to.shapes[1]);
    arena_release(&to.shapes[0]);
    arena_release(&to.kept);
    return code;
}

enum err_code store_edit_write(const struct store_edit *edit, const struct schema *schema,
                               struct buf *out, struct err *err)
{
    enum err_code code = ERR_OK;
    buf_add(out, &edit->generation, sizeof edit->generation);
    buf_add_byte(out, edit->assessed);
    add_number(out, edit->n_changes);
    for (size_t i = 0; i < edit->n_changes; i++)
        TRY(add_change(out, &edit->changes[i], schema, err));
    code = buf_ok(out) ? ERR_OK : err_nomem(err);
done:
    return code;
}
