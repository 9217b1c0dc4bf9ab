/* proof_premises.c - what a claim rests on, as JSON: rows of rules, records, shapes, cells. */
#include "geo/proof/proof_private.h"

#include "data/base/limits.h"
#include "data/base/text.h"
#include "data/geom_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- records ---- */

/* The geometry is written apart. */
void proof_write_fields(struct jw *jw, enum layer_id layer, const void *record)
{
    const struct layer_binding *binding = records_binding(layer);
    for (size_t i = 0; i < binding->n_fields; i++) {
        const struct field_binding *field = &binding->fields[i];
        char date[TEXT_DATE_BYTES];
        if (record_is_absent(record, field))
            continue;
        jw_key(jw, field->name);
        switch (field->type) {
        case FIELD_TEXT:
        case FIELD_DATETIME:
            jw_string(jw, record_text(record, field));
            break;
        case FIELD_INTEGER:
            jw_integer(jw, record_integer(record, field));
            break;
        case FIELD_REAL:
            jw_real(jw, record_real(record, field));
            break;
        case FIELD_DATE:
            text_from_date(record_integer(record, field), date);
            jw_string(jw, date);
            break;
        }
    }
}

/* ---- shapes ---- */

void proof_write_geometry(struct jw *jw, const struct geom *geom, size_t *budget)
{
    if (geom->kind == GEOM_NONE) {
        jw_null(jw);
        return;
    }
    jw_object(jw);
    jw_kv_string(jw, "type", geom_json_type(geom));
    if (geom->n_points > LIMIT_PROOF_VERTICES || geom->n_points > *budget) {
        jw_kv_integer(jw, "vertices", geom->n_points);
    } else {
        *budget -= geom->n_points;
        jw_key(jw, "coordinates");
        geom_write_coordinates(jw, geom, GEOM_JSON_EXACT); /* the bits are part of its hash */
    }
    jw_end_object(jw);
}

enum err_code proof_geometry_hash(const struct geom *geom, struct arena *arena,
                                  char out[HASH_TEXT_BYTES], struct err *err)
{
    struct arena_mark mark = arena_mark(arena);
    const void *bytes = NULL;
    size_t n = 0;
    enum err_code code = geom_to_wkb(geom, arena, &bytes, &n, err);
    if (code == ERR_OK)
        hash_text(bytes, n, out);
    arena_rewind(arena, mark);
    return code;
}

static enum err_code write_record(struct proof_needs *needs, struct proof_record at, size_t *budget,
                                  struct jw *jw, struct err *err)
{
    const struct record_head *head = world_record(needs->world, at.layer, at.row);
    char hash[HASH_TEXT_BYTES];
    enum err_code code = proof_geometry_hash(&head->geom, needs->arena, hash, err);
    if (code != ERR_OK)
        return code;
    jw_object(jw);
    proof_write_fields(jw, at.layer, head);
    if (head->geom.kind != GEOM_NONE) {
        jw_key(jw, "geometry");
        proof_write_geometry(jw, &head->geom, budget);
        jw_kv_string(jw, "geometry_sha256", hash);
    }
    jw_end_object(jw);
    return ERR_OK;
}

static enum err_code write_records(struct proof_needs *needs, struct jw *jw, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t budget = LIMIT_PROOF_VERTICES_ALL;
    jw_key(jw, "records");
    jw_object(jw);
    for (size_t i = 0; i < needs->n_records;) {
        enum layer_id layer = needs->records[i].layer;
        jw_key(jw, layer_name(layer));
        jw_array(jw);
        for (; i < needs->n_records && needs->records[i].layer == layer; i++)
            TRY(write_record(needs, needs->records[i], &budget, jw, err));
        jw_end_array(jw);
    }
    jw_end_object(jw);
done:
    return code;
}

/* ---- rules ---- */

static void write_rules(const struct proof_needs *needs, struct jw *jw)
{
    jw_key(jw, "rules");
    jw_object(jw);
    for (size_t t = 0; t < needs->n_tables; t++) {
        const struct proof_table *table = &needs->tables[t];
        if (table->n_wanted == 0)
            continue;
        jw_key(jw, table->csv.name);
        jw_object(jw);
        jw_key(jw, "columns");
        jw_array(jw);
        for (size_t c = 0; c < table->csv.n_columns; c++)
            jw_string(jw, table->csv.header[c]);
        jw_end_array(jw);
        jw_key(jw, "rows");
        jw_array(jw);
        for (size_t i = 0; i < table->csv.n_rows; i++) {
            if (!table->wanted[i])
                continue;
            jw_array(jw);
            jw_integer(jw, (int64_t)table->csv.rows[i].line);
            for (size_t c = 0; c < table->csv.n_columns; c++)
                jw_string(jw, table->csv.rows[i].cells[c]);
            jw_end_array(jw);
        }
        jw_end_array(jw);
        jw_end_object(jw);
    }
    jw_end_object(jw);
}

/* ---- population ---- */

/* How many cells follow each other in a row. */
static size_t run_of(const struct proof_cell *cells, size_t n)
{
    size_t run = 1;
    while (run < n && cells[run].row == cells[0].row && cells[run].column == cells[0].column + run)
        run++;
    return run;
}

void proof_write_cells(struct jw *jw, const struct grid *grid, const struct proof_cell *cells,
                       size_t n)
{
    jw_array(jw);
    for (size_t i = 0; i < n;) {
        size_t run = run_of(cells + i, n - i);
        jw_array(jw);
        jw_integer(jw, cells[i].row);
        jw_integer(jw, cells[i].column);
        jw_array(jw);
        for (size_t k = i; k < i + run; k++) {
            double persons = (double)grid_cell(grid, cells[k].column, cells[k].row);
            char text[32];
            snprintf(text, sizeof text, "%.9g", persons); /* reads back to the same float */
            jw_raw(jw, isfinite(persons) ? text : "null");
        }
        jw_end_array(jw);
        jw_end_array(jw);
        i += run;
    }
    jw_end_array(jw);
}

/* Where the cells are that stand as a hash: [row, first column, how many]. */
static void write_runs(struct jw *jw, const struct proof_cell *cells, size_t n)
{
    jw_array(jw);
    for (size_t i = 0; i < n;) {
        size_t run = run_of(cells + i, n - i);
        jw_array(jw);
        jw_integer(jw, cells[i].row);
        jw_integer(jw, cells[i].column);
        jw_integer(jw, (int64_t)run);
        jw_end_array(jw);
        i += run;
    }
    jw_end_array(jw);
}

static enum err_code write_population(const struct proof_needs *needs, struct jw *jw,
                                      struct err *err)
{
    const struct grid *grid = &needs->world->population;
    struct buf cells;
    struct jw inner;
    char hash[HASH_TEXT_BYTES];
    if (grid->n_columns == 0)
        return ERR_OK;
    buf_init(&cells);
    jw_init(&inner, &cells);
    proof_write_cells(&inner, grid, needs->cells, needs->n_cells);
    enum err_code code = buf_ok(&cells) ? ERR_OK : err_nomem(err);
    if (code == ERR_OK) {
        hash_text(cells.bytes, cells.n_bytes, hash);
        jw_key(jw, "population");
        jw_object(jw);
        jw_kv_string(jw, "crs", grid->crs);
        jw_kv_bool(jw, "geographic", grid->geographic);
        jw_kv_integer(jw, "columns", grid->n_columns);
        jw_kv_integer(jw, "rows", grid->n_rows);
        jw_kv_real(jw, "west", grid->west);
        jw_kv_real(jw, "north", grid->north);
        jw_kv_real(jw, "cell_width", grid->cell_width);
        jw_kv_real(jw, "cell_height", grid->cell_height);
        if (needs->n_cells > LIMIT_PROOF_CELLS) {
            jw_key(jw, "runs");
            write_runs(jw, needs->cells, needs->n_cells);
        } else {
            jw_key(jw, "cells");
            jw_raw(jw, buf_text(&cells));
        }
        jw_kv_string(jw, "cells_sha256", hash);
        jw_end_object(jw);
    }
    buf_release(&cells);
    return code;
}

enum err_code proof_write_premises(struct proof_needs *needs, struct jw *jw, struct err *err)
{
    enum err_code code = ERR_OK;
    char date[TEXT_DATE_BYTES];
    text_from_date(needs->world->as_of, date);
    jw_object(jw);
    jw_kv_string(jw, "as_of", date);
    jw_kv_integer(jw, "generation", (int64_t)needs->world->generation);
    jw_kv_string(jw, "rules_sha256", needs->world->rules->hash);
    write_rules(needs, jw);
    TRY(write_records(needs, jw, err));
    TRY(write_population(needs, jw, err));
    jw_end_object(jw);
done:
    return code;
}
