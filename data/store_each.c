/* store_each.c - records of a layer one after another. */
#include "data/store_internal.h"

#include "data/base/text.h"

#include <string.h>

/* The fields to read, in the order of the layer. */
static size_t pick_fields(const struct store_each *each, const struct field_binding **out)
{
    const struct layer_binding *binding = records_binding(each->layer);
    size_t n = 0;
    for (size_t i = 0; i < binding->n_fields; i++) {
        bool wanted = !each->fields;
        for (size_t k = 0; k < each->n_fields && !wanted; k++)
            wanted = text_equal(each->fields[k], binding->fields[i].name);
        if (wanted)
            out[n++] = &binding->fields[i];
    }
    return n;
}

static enum err_code read_row(const struct store_each *each, void *row,
                              const struct field_binding *const *fields, size_t n,
                              struct arena *arena, void *record, struct err *err)
{
    enum err_code code = ERR_OK;
    struct record_head *head = record;
    record_clear(each->layer, record);
    for (size_t i = 0; i < n; i++)
        TRY(store_feature_field(row, (int)i, fields[i], arena, record, err));
    if (each->shapes)
        TRY(store_feature_geometry(row, (int)n, arena, &head->geom, err));
done:
    return code;
}

static enum err_code read_rows(struct store *store, const struct store_each *each,
                               struct arena *arena, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct layer_binding *binding = records_binding(each->layer);
    const struct field_binding **fields =
        arena_new(arena, const struct field_binding *, binding->n_fields);
    void *record = arena_alloc(arena, 1, binding->record_bytes);
    struct store_rows rows = {0};
    struct buf sql;
    void *row = NULL;
    buf_init(&sql);
    TRY(fields && record ? ERR_OK : err_nomem(err));
    size_t n = pick_fields(each, fields);
    buf_add_text(&sql, "SELECT ");
    for (size_t i = 0; i < n; i++) {
        buf_add_text(&sql, i ? ", " : "");
        store_feature_column(&sql, fields[i]);
    }
    if (each->shapes)
        store_feature_geometry_column(&sql);
    buf_printf(&sql, " FROM \"%s\"", binding->name);
    TRY(buf_ok(&sql) ? ERR_OK : err_nomem(err));
    TRY(store_rows_begin(store, buf_text(&sql), &rows, err));
    struct arena_mark mark = arena_mark(arena);
    for (;;) {
        TRY(store_rows_next(&rows, &row, err));
        if (!row)
            break;
        arena_rewind(arena, mark);
        code = read_row(each, row, fields, n, arena, record, err);
        if (code != ERR_OK) {
            err_wrap(err, "%s: %s", store->path, binding->name);
            goto done;
        }
        TRY(each->visit(each->context, record, err));
    }
done:
    store_rows_end(&rows);
    buf_release(&sql);
    return code;
}

enum err_code store_each(struct store *store, const struct store_each *each, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena arena;
    arena_init(&arena, 0);
    TRY(store_begin(store, STORE_READ, err));
    TRY(read_rows(store, each, &arena, err));
done:
    arena_release(&arena);
    return store_end(store, STORE_READ, code);
}
