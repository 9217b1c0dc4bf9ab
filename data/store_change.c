/* store_change.c - few rows of a layer put and deleted, or asked: what edits write and read. */
#include "data/store_internal.h"

#include "data/base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What is known of a layer's shapes, and room for what is bound. */
struct changing {
    struct store *store;
    enum layer_id layer;
    const struct layer_binding *binding;
    bool has_geometry;
    bool is_multi; /* the column takes nothing else */
    bool index;    /* of shapes: is to be kept here, no trigger does it */
    int32_t srs_id;
    struct arena scratch;
    struct arena texts; /* of the record that is put */
};

static enum err_code begin(struct changing *on, struct err *err)
{
    enum err_code code = ERR_OK;
    void *statement = NULL;
    bool row = false;
    on->binding = records_binding(on->layer);
    on->has_geometry = on->store->schema.layers[on->layer].has_geometry;
    TRY(store_triggers_off(on->store, on->layer, &on->index, err));
    if (!on->has_geometry)
        return ERR_OK;
    TRY(store_statement(on->store,
                        "SELECT srs_id, geometry_type_name LIKE 'MULTI%' FROM "
                        "gpkg_geometry_columns WHERE table_name = ?1",
                        &statement, err));
    store_bind_text(statement, 1, layer_name(on->layer));
    TRY(store_step(on->store, statement, &row, err));
    if (row) {
        on->srs_id = (int32_t)store_column_integer(statement, 0);
        on->is_multi = store_column_integer(statement, 1) != 0;
    }
    store_statement_end(statement);
    if (!row)
        code = err_set(err, ERR_INPUT, "%s: damaged: layer %s is missing", on->store->path,
                       layer_name(on->layer));
done:
    return code;
}

/* ---- a record as values: as OGR keeps it ---- */

enum { SECONDS_AT = 17 }; /* in "2026-11-21T10:11:12Z" */

static bool seconds_of(const char *text, double *seconds)
{
    char digits[32];
    size_t n = strlen(text);
    if (!store_is_datetime(text) || n - SECONDS_AT - 1 >= sizeof digits)
        return false;
    snprintf(digits, sizeof digits, "%.*s", (int)(n - SECONDS_AT - 1), text + SECONDS_AT);
    return text_to_double(digits, seconds);
}

/* With milliseconds. */
static enum err_code bind_datetime(struct changing *on, void *statement, int at, const char *text,
                                   struct err *err)
{
    static const double LAST_S = 59.999;
    double seconds = 0;
    (void)seconds_of(text, &seconds);
    const char *kept = arena_printf(&on->scratch, "%.*s%06.3fZ", SECONDS_AT, text,
                                    seconds < LAST_S ? seconds : LAST_S);
    if (!kept)
        return err_nomem(err);
    store_bind_text(statement, at, kept);
    return ERR_OK;
}

static enum err_code bind_date(struct changing *on, void *statement, int at, int32_t day,
                               struct err *err)
{
    char *text = arena_alloc(&on->scratch, TEXT_DATE_BYTES, 1);
    if (!text)
        return err_nomem(err);
    text_from_date(day, text);
    store_bind_text(statement, at, text);
    return ERR_OK;
}

enum err_code store_check_field(const struct field_binding *field, const void *record,
                                struct err *err)
{
    double seconds = 0;
    if (record_is_absent(record, field))
        return ERR_OK;
    const char *text = field->type == FIELD_TEXT || field->type == FIELD_DATETIME
                           ? record_text(record, field)
                           : NULL;
    if (field->type == FIELD_TEXT && !text_is_utf8(text, strlen(text)))
        return err_set(err, ERR_INPUT, "%s is not UTF-8 text", field->name);
    if (field->type == FIELD_REAL && !isfinite(record_real(record, field)))
        return err_set(err, ERR_INPUT, "%s is not a finite number", field->name);
    if (field->type == FIELD_DATETIME && !seconds_of(text, &seconds))
        return err_set(err, ERR_INPUT, "%s \"%s\" should be like 2026-11-21T10:11:12Z", field->name,
                       text);
    return ERR_OK;
}

static enum err_code bind_field(struct changing *on, void *statement, int at,
                                const struct field_binding *field, const void *record,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(store_check_field(field, record, err));
    if (record_is_absent(record, field)) {
        store_bind_text(statement, at, NULL);
        return ERR_OK;
    }
    switch (field->type) {
    case FIELD_DATETIME:
        return bind_datetime(on, statement, at, record_text(record, field), err);
    case FIELD_DATE:
        return bind_date(on, statement, at, record_integer(record, field), err);
    case FIELD_TEXT:
        store_bind_text(statement, at, record_text(record, field));
        break;
    case FIELD_INTEGER:
        store_bind_integer(statement, at, record_integer(record, field));
        break;
    case FIELD_REAL:
        store_bind_real(statement, at, record_real(record, field));
        break;
    }
done:
    return code;
}

/* The header of a GeoPackage blob, little-endian (OGC 12-128r18, 2.1.3.1.1), with an envelope
 * around whatever is no point, and the well-known binary behind it, multi where the column wants
 * that. */
static enum err_code blob_of(struct changing *on, const struct geom *geom,
                             const unsigned char **out, size_t *n, struct err *err)
{
    enum { HEADER = 8, ENVELOPE = 32, MULTI = 9, WKB_TYPE_AT = 1, WKB_MULTI = 3 };
    enum err_code code = ERR_OK;
    const void *wkb = NULL;
    size_t n_wkb = 0;
    *out = NULL;
    *n = 0;
    if (geom->kind == GEOM_NONE)
        return ERR_OK;
    TRY(geom_to_wkb(geom, &on->scratch, &wkb, &n_wkb, err));
    unsigned char type = ((const unsigned char *)wkb)[WKB_TYPE_AT]; /* under 256 */
    bool wrap = on->is_multi && type <= WKB_MULTI;
    bool is_point = type == GEOM_POINT && !wrap;
    const double envelope[4] = {geom->box.west_deg, geom->box.east_deg, geom->box.south_deg,
                                geom->box.north_deg};
    unsigned char *blob = arena_alloc(&on->scratch, HEADER + ENVELOPE + MULTI + n_wkb, 1);
    if (!blob)
        return err_nomem(err);
    const unsigned char header[4] = {'G', 'P', 0, is_point ? 0x01 : 0x03};
    memcpy(blob, header, sizeof header);
    memcpy(blob + 4, &on->srs_id, sizeof on->srs_id);
    size_t at = HEADER;
    if (!is_point) {
        memcpy(blob + at, envelope, sizeof envelope);
        at += sizeof envelope;
    }
    if (wrap) {
        const unsigned char multi[MULTI] = {1, (unsigned char)(type + WKB_MULTI), 0, 0, 0, 1};
        memcpy(blob + at, multi, sizeof multi);
        at += sizeof multi;
    }
    memcpy(blob + at, wkb, n_wkb);
    *out = blob;
    *n = at + n_wkb;
done:
    return code;
}

/* ---- statements ---- */

enum { INSERT, UPDATE, UPDATE_ALL_BUT_SHAPE, FIND, DELETE, INDEX_PUT, INDEX_DELETE };

/* Fields are ?1 and so on, then the shape, if it is told. The first is the id, which stays: naming
 * it would have its index written too. */
static void write_row_sql(const struct changing *on, int what, struct buf *sql)
{
    const struct layer_binding *binding = on->binding;
    bool shape = on->has_geometry && what != UPDATE_ALL_BUT_SHAPE;
    size_t n = binding->n_fields + shape;
    buf_printf(sql, what == INSERT ? "INSERT INTO \"%s\" (" : "UPDATE \"%s\" SET (", binding->name);
    size_t first = what == INSERT ? 0 : 1;
    for (size_t i = first; i < n; i++)
        buf_printf(sql, "%s\"%s\"", i > first ? ", " : "",
                   i < binding->n_fields ? binding->fields[i].name : STORE_GEOMETRY);
    buf_add_text(sql, what == INSERT ? ") VALUES (" : ") = (");
    for (size_t i = first; i < n; i++)
        buf_printf(sql, "%s?%zu", i > first ? ", " : "", i + 1);
    buf_add_text(sql, what == INSERT ? ")" : ") WHERE \"id\" = ?1");
}

static void write_sql(const struct changing *on, int what, struct buf *sql)
{
    const char *name = on->binding->name;
    if (what == FIND)
        buf_printf(sql, "SELECT rowid FROM \"%s\" WHERE \"id\" = ?1", name);
    else if (what == DELETE)
        buf_printf(sql, "DELETE FROM \"%s\" WHERE \"id\" = ?1", name);
    else if (what == INDEX_PUT)
        buf_printf(sql,
                   "INSERT OR REPLACE INTO \"rtree_%s_" STORE_GEOMETRY
                   "\" VALUES (?1, ?2, ?3, ?4, ?5)",
                   name);
    else if (what == INDEX_DELETE)
        buf_printf(sql, "DELETE FROM \"rtree_%s_" STORE_GEOMETRY "\" WHERE id = ?1", name);
    else
        write_row_sql(on, what, sql);
}

static enum err_code statement_of(struct changing *on, int what, void **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = on->store;
    struct buf sql;
    *out = store->row_statements[on->layer][what];
    if (*out)
        return ERR_OK;
    buf_init(&sql);
    write_sql(on, what, &sql);
    TRY(buf_ok(&sql) ? ERR_OK : err_nomem(err));
    TRY(store_statement(store, buf_text(&sql), out, err));
    store->row_statements[on->layer][what] = *out;
done:
    buf_release(&sql);
    return code;
}

/* *changed: rows. */
static enum err_code run(struct changing *on, int what, const struct record_head *head,
                         int64_t *changed, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct layer_binding *binding = on->binding;
    void *statement = NULL;
    arena_reset(&on->scratch);
    TRY(statement_of(on, what, &statement, err));
    for (size_t i = 0; i < binding->n_fields; i++)
        TRY(bind_field(on, statement, (int)i + 1, &binding->fields[i], head, err));
    if (on->has_geometry && what != UPDATE_ALL_BUT_SHAPE) {
        const unsigned char *blob = NULL;
        size_t n = 0;
        TRY(blob_of(on, &head->geom, &blob, &n, err));
        if (blob)
            store_bind_blob(statement, (int)binding->n_fields + 1, blob, n);
    }
    TRY(store_step(on->store, statement, NULL, err));
    *changed = store_changes(on->store);
done:
    if (statement)
        store_statement_end(statement);
    return code;
}

/* *row: its key; *found: it is there. */
static enum err_code find(struct changing *on, const char *id, int64_t *row, bool *found,
                          struct err *err)
{
    enum err_code code = ERR_OK;
    void *statement = NULL;
    TRY(statement_of(on, FIND, &statement, err));
    store_bind_text(statement, 1, id);
    TRY(store_step(on->store, statement, found, err));
    *row = *found ? store_column_integer(statement, 0) : 0;
    store_statement_end(statement);
done:
    return code;
}

/* ---- the index of shapes ---- */

static enum err_code index_delete(struct changing *on, int64_t row, struct err *err)
{
    enum err_code code = ERR_OK;
    void *statement = NULL;
    TRY(statement_of(on, INDEX_DELETE, &statement, err));
    store_bind_integer(statement, 1, row);
    TRY(store_step(on->store, statement, NULL, err));
    store_statement_end(statement);
done:
    return code;
}

static enum err_code index_put(struct changing *on, int64_t row, struct box box, struct err *err)
{
    enum err_code code = ERR_OK;
    void *statement = NULL;
    TRY(statement_of(on, INDEX_PUT, &statement, err));
    store_bind_integer(statement, 1, row);
    store_bind_real(statement, 2, box.west_deg);
    store_bind_real(statement, 3, box.east_deg);
    store_bind_real(statement, 4, box.south_deg);
    store_bind_real(statement, 5, box.north_deg);
    TRY(store_step(on->store, statement, NULL, err));
    store_statement_end(statement);
done:
    return code;
}

/* ---- the rows ---- */

static enum err_code insert(struct changing *on, const struct record_head *head, struct err *err)
{
    enum err_code code = ERR_OK;
    int64_t n = 0;
    TRY(run(on, INSERT, head, &n, err));
    on->store->touches[on->layer].n_inserted++;
    if (on->index && head->geom.kind != GEOM_NONE)
        TRY(index_put(on, store_last_row(on->store), head->geom.box, err));
done:
    return code;
}

/* Puts it in place of the one with its id; *n is 0 if there is none. */
static enum err_code update(struct changing *on, bool same_shape, const struct record_head *head,
                            int64_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    int64_t row = 0;
    bool found = true;
    bool index = on->index && !same_shape;
    *n = 0;
    if (index)
        TRY(find(on, head->id, &row, &found, err));
    if (found)
        TRY(run(on, same_shape ? UPDATE_ALL_BUT_SHAPE : UPDATE, head, n, err));
    if (index && found)
        TRY(head->geom.kind == GEOM_NONE ? index_delete(on, row, err)
                                         : index_put(on, row, head->geom.box, err));
done:
    return code;
}

/* A text of a record; NULL: it has none, or is not there. */
static enum err_code text_of(struct store *store, enum layer_id layer, const char *id,
                             const char *field, struct arena *arena, const char **out,
                             struct err *err)
{
    enum err_code code = ERR_OK;
    char sql[128];
    void *statement = NULL;
    *out = NULL;
    snprintf(sql, sizeof sql, "SELECT \"%s\" FROM \"%s\" WHERE \"id\" = ?1", field,
             layer_name(layer));
    TRY(store_statement(store, sql, &statement, err));
    store_bind_text(statement, 1, id);
    TRY(store_step_text(store, statement, arena, out, err));
done:
    return code;
}

/* The record with the text that the table has, ended anew. */
static enum err_code end_anew(struct changing *on, const struct store_put *put,
                              const struct record_head **out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct store_ending *ending = put->ending;
    const char *id = ((const struct record_head *)put->record)->id, *text = NULL;
    size_t n_head = 0;
    arena_reset(&on->texts);
    char *copy = arena_memdup(&on->texts, put->record, on->binding->record_bytes);
    if (!copy)
        return err_nomem(err);
    TRY(text_of(on->store, on->layer, id, ending->field, &on->texts, &text, err));
    if (text && text_ends(text, ending->before, &n_head)) {
        text = arena_join(&on->texts, text, n_head, ending->after);
        TRY(text ? ERR_OK : err_nomem(err));
    } else {
        text = NULL;
    }
    memcpy(copy + records_field(on->layer, ending->field)->offset, &text, sizeof text);
    *out = (const struct record_head *)(void *)copy;
done:
    return code;
}

static enum err_code put(struct changing *on, const struct store_put *put, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct record_head *head = put->record;
    struct store_touch *touch = &on->store->touches[on->layer];
    int64_t n = 0;
    if (put->ending)
        TRY(end_anew(on, put, &head, err));
    TRY(store_check_record(&on->store->schema.layers[on->layer], head, err));
    if (put->how != STORE_PUT_NEW)
        TRY(update(on, put->how == STORE_PUT_SAME_SHAPE, head, &n, err));
    if (n == 0)
        TRY(insert(on, head, err));
    if (head->geom.kind != GEOM_NONE)
        touch->grown = box_union(touch->grown, head->geom.box);
    touch->n_written++;
done:
    if (code == ERR_CONFLICT)
        return err_set(err, code, "%s: layer %s has a record with id %s already", on->store->path,
                       on->binding->name, head->id);
    if (code != ERR_OK)
        err_wrap(err, "%s %s", on->binding->name, head->id ? head->id : "");
    return code;
}

static enum err_code delete_one(struct changing *on, const char *id, struct err *err)
{
    enum err_code code = ERR_OK;
    void *statement = NULL;
    int64_t row = 0;
    bool found = true;
    if (on->index)
        TRY(find(on, id, &row, &found, err));
    if (!found)
        goto done;
    TRY(statement_of(on, DELETE, &statement, err));
    store_bind_text(statement, 1, id);
    TRY(store_step(on->store, statement, NULL, err));
    on->store->touches[on->layer].n_deleted += store_changes(on->store);
    store_statement_end(statement);
    if (on->index)
        TRY(index_delete(on, row, err));
done:
    return code;
}

static enum err_code change(struct changing *on, const struct store_change *change, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(store_refuse_population(on->layer, err));
    TRY(store_touch_aside(on->store, on->layer, err));
    TRY(begin(on, err));
    for (size_t i = 0; i < change->n_deleted; i++)
        TRY(delete_one(on, change->deleted[i], err));
    for (size_t i = 0; i < change->n_put; i++)
        TRY(put(on, &change->put[i], err));
done:
    return code;
}

enum err_code store_change(struct store *store, const struct store_change *these, struct err *err)
{
    enum err_code code = ERR_OK;
    struct changing on = {.store = store, .layer = these->layer};
    arena_init(&on.scratch, 0);
    arena_init(&on.texts, 0);
    TRY(store_begin(store, STORE_WRITE, err));
    if (these->n_deleted + these->n_put == 0)
        goto done;
    TRY(change(&on, these, err));
    const struct store_touch *touch = &store->touches[these->layer];
    store->changed = store->changed || touch->n_written > 0 || touch->n_deleted > 0;
    store->aside[these->layer] = true;
done:
    arena_release(&on.scratch);
    arena_release(&on.texts);
    return store_end(store, STORE_WRITE, code);
}

/* Whether the file has all that is written there. What is prepared is kept for it. */
static enum err_code prepare(struct changing *on, struct err *err)
{
    enum err_code code = ERR_OK;
    static const char *const noted[] = {
        "SELECT feature_count FROM gpkg_ogr_contents",
        "SELECT last_change, min_x, min_y, max_x, max_y FROM gpkg_contents"};
    void *statement = NULL;
    TRY(begin(on, err));
    for (int what = INSERT; what <= (on->index ? INDEX_DELETE : DELETE); what++)
        TRY(statement_of(on, what, &statement, err));
    for (size_t i = 0; i < sizeof noted / sizeof noted[0]; i++)
        TRY(store_statement(on->store, noted[i], &statement, err));
done:
    return code;
}

bool store_takes_changes(struct store *store, const struct store_change *changes, size_t n)
{
    enum err_code code = store_begin(store, STORE_WRITE, NULL);
    bool takes = code == ERR_OK && store_knows_triggers(store);
    for (size_t i = 0; i < n && takes; i++) {
        struct changing on = {.store = store, .layer = changes[i].layer};
        takes = changes[i].n_deleted + changes[i].n_put == 0 || prepare(&on, NULL) == ERR_OK;
    }
    return store_end(store, STORE_READ, code) == ERR_OK && takes;
}
