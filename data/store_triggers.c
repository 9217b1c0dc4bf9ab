/*
 * store_triggers.c - what the triggers of a layer do, done for them.
 *
 * The triggers of a GeoPackage look each shape up again, function by function, and note down with
 * each row how many there are; and for statements that have any SQLite writes each page that they
 * change into a file of its own, to be able to undo them alone. Few rows are written for less
 * without: the index of shapes gets its entry from the box at hand, and the number of rows is
 * noted once a transaction anyway (store_contents.c). A transaction holds both or neither.
 *
 * They are switched off for this handle alone: the file keeps them. What is not known here, another
 * trigger or half of a set, is a reason to leave them on. And what else of the file may refuse a
 * row of ours, such as somebody's index of unique names, is a reason not to promise that it will be
 * written.
 */
#include "data/store_internal.h"

#include <stdio.h>
#include <string.h>

/* The triggers of the index of shapes (OGC 12-128r18, F.3): all of one of two sets, those of
 * version 1.3 with update1 and update3, or those of 1.4 with 5, 6 and 7. */
enum {
    ON_INSERT = 1 << 0,
    ON_UPDATE_1 = 1 << 1,
    ON_UPDATE_2 = 1 << 2,
    ON_UPDATE_6 = 1 << 6,
    ON_UPDATE_7 = 1 << 7,
    ON_DELETE = 1 << 8,
    WHOLE_1_3 = ON_INSERT | ON_UPDATE_1 | ON_UPDATE_2 | ON_DELETE,
    WHOLE_1_4 = ON_INSERT | ON_UPDATE_2 | ON_UPDATE_6 | ON_UPDATE_7 | ON_DELETE,
};

static bool is_whole(unsigned set)
{
    return (set & WHOLE_1_3) == WHOLE_1_3 || (set & WHOLE_1_4) == WHOLE_1_4;
}

/* Tables beside the layers of which rows are changed while the triggers are off. Their rows are as
 * many as before. */
static bool is_changed(const char *table)
{
    static const char *const begins[] = {"gpkg_contents", "gpkg_ogr_contents", "sisetu_", "rtree_"};
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
        if (strncmp(table, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

/* Whether it is a trigger that every layer has. Adds it to the set if it is one of the index. */
static bool is_known(const char *layer, const char *trigger, unsigned *set)
{
    static const char *const of_index[] = {"insert",  "update1", "update2", "update3", "update4",
                                           "update5", "update6", "update7", "delete"};
    static const char *const of_count[] = {"insert", "delete"};
    char name[128];
    for (size_t i = 0; i < sizeof of_index / sizeof of_index[0]; i++) {
        snprintf(name, sizeof name, "rtree_%s_" STORE_GEOMETRY "_%s", layer, of_index[i]);
        if (strcmp(trigger, name) == 0) {
            *set |= 1U << i;
            return true;
        }
    }
    for (size_t i = 0; i < sizeof of_count / sizeof of_count[0]; i++) {
        snprintf(name, sizeof name, "trigger_%s_feature_count_%s", of_count[i], layer);
        if (strcmp(trigger, name) == 0)
            return true;
    }
    return false;
}

static enum layer_id layer_of(const char *table)
{
    int layer = 0;
    while (layer < LAYER_COUNT && strcmp(layer_name((enum layer_id)layer), table) != 0)
        layer++;
    return (enum layer_id)layer;
}

static bool is_required(const struct schema_layer *layer, const char *column)
{
    for (size_t i = 0; i < layer->n_fields; i++)
        if (strcmp(layer->fields[i].name, column) == 0)
            return layer->fields[i].required;
    return strcmp(column, STORE_GEOMETRY) == 0;
}

/* Columns, by table, that have to have a value: *more than the schema says. */
static enum err_code look_at_columns(struct store *store, bool *more, struct err *err)
{
    enum err_code code = ERR_OK;
    void *statement = NULL;
    bool row = true;
    TRY(store_statement(store,
                        "SELECT t.name, c.name FROM sqlite_master AS t, pragma_table_info(t.name) "
                        "AS c WHERE t.type = 'table' AND c.\"notnull\" AND c.dflt_value IS NULL "
                        "AND NOT c.pk",
                        &statement, err));
    for (;;) {
        TRY(store_step(store, statement, &row, err));
        if (!row)
            break;
        enum layer_id layer = layer_of(store_column_text(statement, 0));
        if (layer < LAYER_COUNT && layer != LAYER_POPULATION)
            *more = *more ||
                    !is_required(&store->schema.layers[layer], store_column_text(statement, 1));
    }
    store_statement_end(statement);
done:
    return code;
}

/* What was added to the tables of layers and may refuse a row: conditions, indexes of what is
 * unique beside the ids or of what is computed, columns that must have a value. A word that only
 * looks like it costs some time, and no more. */
static enum err_code look_at_constraints(struct store *store, bool *strict, struct err *err)
{
    enum err_code code = ERR_OK;
    void *statement = NULL;
    bool row = true;
    *strict = false;
    TRY(store_statement(store,
                        "SELECT tbl_name FROM sqlite_master WHERE CASE type WHEN 'table' THEN sql "
                        "LIKE '%CHECK%(%' OR sql LIKE '%REFERENCES%' OR sql LIKE '% AS (%' WHEN "
                        "'index' THEN sql LIKE '%UNIQUE%' OR sql LIKE '%(%(%' END UNION ALL SELECT "
                        "tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NULL GROUP BY "
                        "tbl_name HAVING COUNT(*) > 1",
                        &statement, err));
    for (;;) {
        TRY(store_step(store, statement, &row, err));
        if (!row)
            break;
        *strict = *strict || layer_of(store_column_text(statement, 0)) < LAYER_COUNT;
    }
    store_statement_end(statement);
    TRY(look_at_columns(store, strict, err));
done:
    return code;
}

static enum err_code look(struct store *store, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_triggers *triggers = &store->triggers;
    unsigned sets[LAYER_COUNT + 1] = {0}; /* the last: of no layer */
    void *statement = NULL;
    bool row = true;
    TRY(store_statement(store, "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'",
                        &statement, err));
    triggers->known = true;
    for (;;) {
        TRY(store_step(store, statement, &row, err));
        if (!row)
            break;
        const char *table = store_column_text(statement, 0);
        const char *name = store_column_text(statement, 1);
        if (!table || !name)
            continue;
        enum layer_id layer = layer_of(table);
        if (layer < LAYER_COUNT || is_changed(table))
            triggers->known = is_known(table, name, &sets[layer]) && triggers->known;
    }
    store_statement_end(statement);
    for (int i = 0; i < LAYER_COUNT; i++) {
        triggers->index[i] = sets[i] != 0;
        triggers->known = triggers->known && (sets[i] == 0 || is_whole(sets[i]));
    }
    TRY(look_at_constraints(store, &triggers->strict, err));
    triggers->looked = true;
done:
    return code;
}

static enum err_code turn(struct store *store, bool off, struct err *err)
{
    enum err_code code = ERR_OK;
    if (store->triggers.off == off)
        return ERR_OK;
    TRY(store_fire_triggers(store, !off, err));
    store->triggers.off = off;
done:
    return code;
}

enum err_code store_triggers_on(struct store *store, struct err *err)
{
    return turn(store, false, err);
}

enum err_code store_triggers_off(struct store *store, enum layer_id layer, bool *index,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_triggers *triggers = &store->triggers;
    if (!triggers->looked)
        TRY(look(store, err));
    TRY(turn(store, triggers->known, err));
    *index = triggers->known && triggers->index[layer];
done:
    return code;
}

bool store_knows_triggers(struct store *store)
{
    bool index = false;
    return store_triggers_off(store, LAYER_CONFLICTS, &index, NULL) == ERR_OK &&
           store->triggers.known && !store->triggers.strict;
}
