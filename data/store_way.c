#include "data/store_way.h"

#include <stdlib.h>
#include <string.h>

enum err_code store_way_new(const struct store_edit *edit, const struct schema *schema,
                            struct store_way **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_way *way = calloc(1, sizeof *way);
    *out = NULL;
    if (!way)
        return err_nomem(err);
    way->generation = edit->generation;
    arena_init(&way->arena, 0);
    buf_init(&way->bytes);
    TRY(store_edit_write(edit, schema, &way->bytes, err));
    *out = way;
    way = NULL;
done:
    store_way_free(way);
    return code;
}

void store_way_free(struct store_way *way)
{
    if (!way)
        return;
    buf_release(&way->bytes);
    arena_release(&way->arena);
    free(way);
}

static int by_layer_and_id(const void *a, const void *b)
{
    const struct store_way_row *one = a, *other = b;
    return one->layer != other->layer ? (one->layer < other->layer ? -1 : 1)
                                      : strcmp(one->id, other->id);
}

static bool may_be_asked(enum layer_id layer)
{
    return layer < LAYER_CONFLICTS;
}

static enum err_code index_rows(struct store_way *way, struct err *err)
{
    size_t n = 0;
    const struct store_edit *edit = &way->edit;
    for (size_t i = 0; i < edit->n_changes; i++)
        if (may_be_asked(edit->changes[i].layer))
            n += edit->changes[i].n_deleted + edit->changes[i].n_put;
    way->rows = arena_new(&way->arena, struct store_way_row, n);
    if (!way->rows)
        return err_nomem(err);
    for (size_t i = 0; i < edit->n_changes; i++) {
        const struct store_change *change = &edit->changes[i];
        if (!may_be_asked(change->layer))
            continue;
        for (size_t k = 0; k < change->n_deleted; k++)
            way->rows[way->n_rows++] =
                (struct store_way_row){change->layer, change->deleted[k], NULL, i, k};
        for (size_t k = 0; k < change->n_put; k++) {
            const struct record_head *head = change->put[k].record;
            way->rows[way->n_rows++] = (struct store_way_row){
                change->layer, head->id, &change->put[k], i, change->n_deleted + k};
        }
    }
    if (way->n_rows > 0)
        qsort(way->rows, way->n_rows, sizeof *way->rows, by_layer_and_id);
    return ERR_OK;
}

enum err_code store_way_read(struct store_way *way, struct err *err)
{
    enum err_code code = ERR_OK;
    if (way->was_read)
        return ERR_OK;
    arena_reset(&way->arena);
    way->n_rows = 0;
    TRY(store_edit_read(way->bytes.bytes, way->bytes.n_bytes, &way->arena, &way->edit, err));
    TRY(index_rows(way, err));
    way->was_read = true;
done:
    return code;
}

enum err_code store_way_find(struct store_way *way, enum layer_id layer, const char *id,
                             const struct store_way_row **out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct store_way_row key = {.layer = layer, .id = id}, *row = NULL;
    *out = NULL;
    TRY(store_way_read(way, err));
    if (way->n_rows > 0)
        row = bsearch(&key, way->rows, way->n_rows, sizeof key, by_layer_and_id);
    if (row && (row->change > way->at.change ||
                (row->change == way->at.change && row->row >= way->at.row)))
        *out = row;
done:
    return code;
}
