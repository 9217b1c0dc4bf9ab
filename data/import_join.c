/* import_join.c - rows of a table update fields of records that the layer holds already. */
#include "data/import_private.h"

#include <inttypes.h>
#include <string.h>

/* A row of the file: the values it sets, under its key. */
struct joined {
    const char *key;
    size_t row;
    const void *values; /* a record; absent fields are left as they are */
};

struct join {
    struct joined *rows;
    size_t n;
    size_t capacity;
    struct map keys; /* key to row of the file, for those that stand twice */
};

/* A value as the text by which keys are compared. NULL if absent. */
static const char *key_text(const void *record, const struct field_binding *binding,
                            struct arena *arena)
{
    if (record_is_absent(record, binding))
        return NULL;
    if (binding->type == FIELD_TEXT || binding->type == FIELD_DATETIME)
        return record_text(record, binding);
    return arena_printf(arena, "%.17g", record_real(record, binding));
}

static enum err_code keep_row(struct import *import, struct join *join, size_t row,
                              const void *record, struct err *err)
{
    struct import_fault fault = {0};
    const struct field_binding *binding = import->plan.key->binding;
    const char *key = key_text(record, binding, import->arena);
    int64_t before = map_get(&join->keys, key);
    if (!key)
        import_fault_set(&fault, REFUSED_REQUIRED, binding->name, "",
                         "the key to join on is empty");
    else if (before != MAP_NONE)
        import_fault_set(&fault, REFUSED_DUPLICATE, binding->name, key,
                         "%s stands in row %" PRId64 " already", key, before);
    if (fault.reason)
        return import_refuse(&import->report, row, &fault, err);
    join->rows =
        arena_grow(import->arena, join->rows, &join->capacity, join->n + 1, sizeof *join->rows);
    void *values = arena_memdup(import->arena, record, import->binding->record_bytes);
    if (!join->rows || !values || !map_put(&join->keys, key, (int64_t)row, NULL))
        return err_nomem(err);
    join->rows[join->n++] = (struct joined){key, row, values};
    return ERR_OK;
}

static enum err_code read_row(struct import *import, OGRFeatureH feature, size_t row,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    struct import_fault fault = {0};
    void *record = arena_alloc(&import->scratch, 1, import->binding->record_bytes);
    if (!record)
        return err_nomem(err);
    TRY(import_record_fields(import, feature, record, &fault, err));
    if (fault.reason)
        TRY(import_refuse(&import->report, row, &fault, err));
    else
        TRY(keep_row(import, import->join, row, record, err));
done:
    arena_reset(&import->scratch);
    return code;
}

/* Copies what `values` sets into the record; true if something is different now. */
static bool update(const struct layer_binding *layer, const struct field_binding *key, void *record,
                   const void *values)
{
    bool changed = false;
    for (size_t i = 0; i < layer->n_fields; i++) {
        const struct field_binding *field = &layer->fields[i];
        if (field == key || record_is_absent(values, field))
            continue;
        bool text = field->type == FIELD_TEXT || field->type == FIELD_DATETIME;
        size_t n = text                        ? sizeof(char *)
                   : field->type == FIELD_REAL ? sizeof(double)
                                               : sizeof(int32_t);
        char *to = (char *)record + field->offset;
        const char *from = (const char *)values + field->offset;
        const char *old = record_text(record, field), *new = record_text(values, field);
        if (text ? old && strcmp(old, new) == 0 : memcmp(to, from, n) == 0)
            continue;
        memcpy(to, from, n);
        changed = true;
    }
    return changed;
}

/* The records of the layer by key; several may share one. */
struct targets {
    unsigned char *records;
    size_t n;
    struct map first; /* key to record */
    int64_t *next;    /* of the same key, or MAP_NONE */
    bool *matched;
    bool *changed;
};

static enum err_code find_targets(struct import *import, struct store *store,
                                  struct targets *targets, struct err *err)
{
    enum err_code code = ERR_OK;
    void *records;
    TRY(store_read(store, import->layer->id, import->arena, &records, &targets->n, err));
    targets->records = records;
    targets->next = arena_new(import->arena, int64_t, targets->n);
    targets->matched = arena_new(import->arena, bool, targets->n);
    targets->changed = arena_new(import->arena, bool, targets->n);
    if (!targets->next || !targets->matched || !targets->changed)
        return err_nomem(err);
    map_init(&targets->first, import->arena);
    for (size_t i = targets->n; i-- > 0;) { /* backwards, so that chains run forwards */
        const void *record = targets->records + i * import->binding->record_bytes;
        const char *key = key_text(record, import->plan.key->binding, import->arena);
        targets->next[i] = MAP_NONE;
        if (key && !map_put(&targets->first, key, (int64_t)i, &targets->next[i]))
            return err_nomem(err);
    }
done:
    return code;
}

static enum err_code apply(struct import *import, const struct joined *row, struct targets *targets,
                           struct err *err)
{
    struct import_fault fault = {0};
    int64_t i = map_get(&targets->first, row->key);
    if (i == MAP_NONE)
        import_fault_set(&fault, REFUSED_UNMATCHED, import->plan.key->schema->name, row->key,
                         "no record of %s has %s %s", import->layer->name,
                         import->plan.key->schema->name, row->key);
    for (; i != MAP_NONE && !fault.reason; i = targets->next[i]) {
        size_t size = import->binding->record_bytes;
        unsigned char *record = targets->records + (size_t)i * size;
        unsigned char *updated = arena_memdup(&import->scratch, record, size);
        if (!updated)
            return err_nomem(err);
        bool changed = update(import->binding, import->plan.key->binding, updated, row->values);
        if (import->layer->id == LAYER_ADMIN) /* a new level must still fit the code */
            import_record_admin((void *)updated, import->arena, &fault);
        if (fault.reason)
            break;
        memcpy(record, updated, size);
        targets->matched[i] = true;
        targets->changed[i] |= changed;
    }
    arena_reset(&import->scratch);
    return fault.reason ? import_refuse(&import->report, row->row, &fault, err) : ERR_OK;
}

/* Writes the changed records over the old ones. */
static enum err_code write_changed(struct import *import, struct store *store,
                                   const struct targets *targets, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t size = import->binding->record_bytes, n = 0;
    unsigned char *records = arena_alloc(import->arena, targets->n, size);
    const char **ids = arena_new(import->arena, const char *, targets->n);
    if (!records || !ids)
        return err_nomem(err);
    for (size_t i = 0; i < targets->n; i++)
        if (targets->changed[i]) {
            memcpy(records + n * size, targets->records + i * size, size);
            ids[n] = record_at(import->layer->id, records, n)->id;
            n++;
        }
    import->report.summary->changed = n;
    if (n == 0)
        goto done;
    TRY(store_delete(store, import->layer->id, ids, n, err));
    TRY(store_insert(store, import->layer->id, records, n, err));
done:
    return code;
}

enum err_code import_join(struct import *import, struct err *err)
{
    enum err_code code = ERR_OK;
    struct import_summary *summary = import->report.summary;
    struct store *store = NULL;
    struct join join = {0};
    struct targets targets = {0};
    map_init(&join.keys, import->arena);
    import->join = &join;
    TRY(import_source_each(import, err, read_row));
    import_source_close(&import->source); /* it may be the store itself */
    TRY(store_open(import->store_path, STORE_WRITE, &store, err));
    TRY(find_targets(import, store, &targets, err));
    for (size_t i = 0; i < join.n; i++)
        TRY(apply(import, &join.rows[i], &targets, err));
    for (size_t i = 0; i < targets.n; i++) {
        summary->accepted += targets.matched[i];
        summary->unmatched += !targets.matched[i];
    }
    if (summary->refused == summary->read) {
        summary->accepted = 0;
        code = import_all_refused(&import->report, err);
        goto done;
    }
    TRY(write_changed(import, store, &targets, err));
    TRY(import_report_flush(&import->report, err));
    TRY(store_commit(store, err));
    summary->generation = store_generation(store);
done:
    store_close(store);
    return code;
}
