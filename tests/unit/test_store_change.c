/* test_store_change.c - few rows changed by statements that are kept come out as OGR writes them.
 */
#include "tests/unit/store_records.h"

static struct store *open_store(struct fixture *f, const char *path)
{
    struct store *store = NULL;
    assert_ok(f, store_open(path, STORE_WRITE, &store, &f->err));
    return store;
}

static enum err_code put_one(struct fixture *f, struct store *store, enum layer_id layer,
                             const void *record, enum store_put_how how)
{
    const struct store_put put = {record, how, NULL};
    return store_change(store, &(struct store_change){.layer = layer, .put = &put, .n_put = 1},
                        &f->err);
}

static enum err_code delete_one(struct fixture *f, struct store *store, enum layer_id layer,
                                const char *id)
{
    return store_change(
        store, &(struct store_change){.layer = layer, .deleted = &id, .n_deleted = 1}, &f->err);
}

/* Every column but the key of the table, with types and bytes; the index of shapes by id; and what
 * the contents say but for the time. */
static const char *rows_of(struct fixture *f, const char *path, enum layer_id layer, bool shapes)
{
    const char *name = layer_name(layer);
    const char *columns = "";
    for (size_t i = 0; i < records_binding(layer)->n_fields; i++) {
        const char *field = records_binding(layer)->fields[i].name;
        columns = arena_printf(&f->arena, "%sx.\"%s\", typeof(x.\"%s\"), ", columns, field, field);
    }
    const char *sql = arena_printf(
        &f->arena,
        "SELECT %s %s FROM \"%s\" x %s ORDER BY x.id; SELECT feature_count FROM gpkg_ogr_contents "
        "WHERE table_name = '%s'; SELECT sql FROM sqlite_master WHERE tbl_name = '%s' AND type = "
        "'trigger' ORDER BY name;",
        columns, shapes ? "hex(x.geom), r.minx, r.maxx, r.miny, r.maxy" : "1", name,
        shapes ? arena_printf(&f->arena, "LEFT JOIN rtree_%s_geom r ON r.id = x.fid", name) : "",
        name, name);
    FILE *file = fopen(in(f, "query.sql"), "w");
    fputs(sql, file);
    fclose(file);
    const char *rows = printed(f, "sqlite3 '%s' < '%s' 2>&1", path, in(f, "query.sql"));
    assert_null(strstr(rows, "rror"));
    assert_true(strlen(rows) > 10);
    return rows;
}

static void test_rows_put_by_kept_statements_are_those_that_ogr_writes(void **state)
{
    struct fixture *f = *state;
    struct schema schema;
    const char *other = in(f, "other.gpkg");
    assert_ok(f, schema_load(&f->arena, &schema, &f->err));
    assert_ok(f, store_create(other, &f->err));
    struct store *by_ogr = open_store(f, f->path);
    struct store *by_us = NULL;
    char *put[LAYER_COUNT] = {0};
    size_t n[LAYER_COUNT] = {0};
    for (int i = 0; i < LAYER_COUNT; i++) {
        if (i == LAYER_POPULATION)
            continue;
        put[i] = variants(f, &schema.layers[i], &n[i]);
        thin_out(&schema.layers[i], put[i]);
        assert_ok(f, store_insert(by_ogr, (enum layer_id)i, put[i], n[i], &f->err));
    }
    assert_ok(f, store_commit(by_ogr, &f->err));
    store_close(by_ogr); /* a process writes one store at a time */
    by_us = open_store(f, other);
    store_keep(by_us);
    for (int i = 0; i < LAYER_COUNT; i++)
        for (size_t k = 0; k < n[i]; k++)
            assert_ok(f, put_one(f, by_us, (enum layer_id)i, record_at((enum layer_id)i, put[i], k),
                                 k % 2 ? STORE_PUT_NEW : STORE_PUT_ANY));
    assert_ok(f, store_commit(by_us, &f->err));
    store_close(by_us);
    for (int i = 0; i < LAYER_COUNT; i++)
        if (i != LAYER_POPULATION)
            assert_string_equal(
                rows_of(f, f->path, (enum layer_id)i, schema.layers[i].has_geometry),
                rows_of(f, other, (enum layer_id)i, schema.layers[i].has_geometry));
}

static void test_a_record_put_again_takes_the_row_of_the_one_with_its_id(void **state)
{
    struct fixture *f = *state;
    struct zone *zones = some_zones(f, 3, 8, "first");
    struct store *store = open_store(f, f->path);
    store_keep(store);
    for (size_t i = 0; i < 3; i++)
        assert_ok(f, put_one(f, store, LAYER_ZONES, &zones[i], STORE_PUT_NEW));
    assert_ok(f, store_commit(store, &f->err));
    /* One with another shape, one with the same and another name, over several transactions. */
    struct zone moved = zones[1];
    moved.head.geom = some_zones(f, 30, 9, "moved")[29].head.geom;
    moved.head.name = "moved";
    assert_ok(f, put_one(f, store, LAYER_ZONES, &moved, STORE_PUT_ANY));
    assert_ok(f, store_commit(store, &f->err));
    struct zone renamed = zones[2];
    renamed.head.name = "renamed";
    assert_ok(f, put_one(f, store, LAYER_ZONES, &renamed, STORE_PUT_SAME_SHAPE));
    assert_ok(f, delete_one(f, store, LAYER_ZONES, "Z-000000"));
    assert_ok(f, delete_one(f, store, LAYER_ZONES, "nobody"));
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
    assert_string_equal(
        printed(f, "sqlite3 '%s' 'SELECT fid, id, name FROM zones ORDER BY fid'", f->path),
        "2|Z-000001|moved\n3|Z-000002|renamed");
    assert_string_equal(printed(f,
                                "sqlite3 '%s' 'SELECT COUNT(*) FROM rtree_zones_geom; SELECT "
                                "feature_count FROM gpkg_ogr_contents WHERE table_name = "
                                "\"zones\"; PRAGMA integrity_check'",
                                f->path),
                        "2\n2\nok");
    assert_ok(f, store_open(f->path, STORE_READ, &store, &f->err));
    void *got = NULL;
    size_t n = 0;
    assert_ok(f, store_read(store, LAYER_ZONES, &f->arena, &got, &n, &f->err));
    assert_int_equal(n, 2);
    assert_same_record(LAYER_ZONES, got, &moved);
    assert_same_record(LAYER_ZONES, record_at(LAYER_ZONES, got, 1), &renamed);
    store_close(store);
}

static void test_a_change_raises_the_generation_and_nothing_to_do_does_not(void **state)
{
    struct fixture *f = *state;
    struct zone *zones = some_zones(f, 1, 8, "first");
    uint64_t before = generation_of(f);
    struct store *store = open_store(f, f->path);
    assert_ok(f, delete_one(f, store, LAYER_ZONES, "nobody"));
    assert_ok(f, store_change(store, &(struct store_change){.layer = LAYER_ZONES}, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    assert_int_equal(store_generation(store), before);
    assert_ok(f, put_one(f, store, LAYER_ZONES, zones, STORE_PUT_SAME_SHAPE)); /* it is not there */
    assert_ok(f, store_commit(store, &f->err));
    assert_int_equal(store_generation(store), before + 1);
    store_close(store);
    assert_int_equal(zones_in(f), 1);
}

static void test_what_a_layer_refuses_is_refused_in_the_words_of_an_insertion(void **state)
{
    struct fixture *f = *state;
    struct zone *zones = some_zones(f, 3, 8, "first");
    put_zones(f, zones, 2);
    struct zone wrong[4];
    for (size_t i = 0; i < 4; i++)
        wrong[i] = zones[2];
    wrong[0].head.name = "\xff";
    wrong[1].value = INFINITY;
    wrong[2].head.imported = "yesterday";
    assert_ok(f, geom_of_point((struct lonlat){106, 38}, &f->arena, &wrong[3].head.geom, &f->err));
    static const char *const says[] = {"is not UTF-8", "is not a finite number",
                                       "should be like 2026-11-21T10:11:12Z", "has a point"};
    for (size_t i = 0; i < 4; i++) {
        struct store *store = open_store(f, f->path);
        assert_fails(f, put_one(f, store, LAYER_ZONES, &wrong[i], STORE_PUT_ANY), ERR_INPUT,
                     says[i]);
        assert_non_null(strstr(f->err.message, "Z-000002"));
        assert_fails(f, store_commit(store, &f->err), ERR_CONFLICT, "an earlier write failed");
        store_close(store);
    }
    struct store *store = open_store(f, f->path);
    assert_fails(f, put_one(f, store, LAYER_ZONES, &zones[1], STORE_PUT_NEW), ERR_CONFLICT,
                 "has a record with id Z-000001 already");
    store_close(store);
    assert_int_equal(zones_in(f), 2);
}

static void test_ogr_and_kept_statements_may_write_one_layer_in_turn(void **state)
{
    struct fixture *f = *state;
    struct zone *zones = some_zones(f, 4000, 8, "first");
    struct store *store = open_store(f, f->path);
    store_keep(store);
    assert_ok(f, store_insert(store, LAYER_ZONES, zones, 1, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    assert_ok(f, put_one(f, store, LAYER_ZONES, &zones[3999], STORE_PUT_ANY)); /* farthest east */
    assert_ok(f, store_commit(store, &f->err));
    assert_ok(f, store_insert(store, LAYER_ZONES, &zones[1], 1, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    assert_ok(f, put_one(f, store, LAYER_ZONES, &zones[2], STORE_PUT_ANY));
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
    assert_int_equal(zones_in(f), 4);
    /* OGR, which remembers what it read of the extent, must not have made it smaller. */
    assert_string_equal(
        printed(f,
                "sqlite3 '%s' \"SELECT c.max_x >= (SELECT MAX(maxx) - 1e-4 FROM "
                "rtree_zones_geom), o.feature_count FROM gpkg_contents c JOIN "
                "gpkg_ogr_contents o USING (table_name) WHERE table_name = "
                "'zones'; SELECT COUNT(*) FROM sqlite_master WHERE type = "
                "'trigger' AND name LIKE 'trigger_%%_feature_count_zones'; SELECT COUNT(*), "
                "rtreecheck('rtree_zones_geom') FROM rtree_zones_geom r JOIN zones z "
                "ON z.fid = r.id\"",
                f->path),
        "1|4\n2\n4|ok");
}

/* Three zones, of which the first then moves, the second is renamed and the third goes, and a
 * fourth, after the statements of `sql` have changed the file. What is in the index of shapes
 * afterwards: by key, whose it is, and whether it lies where the first moved to. */
static const char *index_after(struct fixture *f, const char *sql)
{
    struct zone *zones = some_zones(f, 30, 8, "first");
    struct store *store = open_store(f, f->path);
    store_keep(store);
    for (size_t i = 0; i < 3; i++)
        assert_ok(f, put_one(f, store, LAYER_ZONES, &zones[i], STORE_PUT_NEW));
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
    assert_string_equal(printed(f, "sqlite3 '%s' \"%s\" 2>&1", f->path, sql), "");
    store = open_store(f, f->path);
    store_keep(store);
    zones[0].head.geom = zones[29].head.geom;
    zones[1].head.name = "renamed";
    assert_ok(f, put_one(f, store, LAYER_ZONES, &zones[0], STORE_PUT_ANY));
    assert_ok(f, put_one(f, store, LAYER_ZONES, &zones[1], STORE_PUT_SAME_SHAPE));
    assert_ok(f, delete_one(f, store, LAYER_ZONES, "Z-000002"));
    assert_ok(f, put_one(f, store, LAYER_ZONES, &zones[3], STORE_PUT_NEW));
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
    struct box box = zones[0].head.geom.box;
    return printed(f,
                   "sqlite3 '%s' \"SELECT r.id, COALESCE(z.id, 'nobody'), r.minx > %.9f - 1e-4 AND "
                   "r.maxx < %.9f + 1e-4 FROM rtree_zones_geom r LEFT JOIN zones z ON z.fid = r.id "
                   "ORDER BY r.id; SELECT rtreecheck('rtree_zones_geom')\"",
                   f->path, box.west_deg, box.east_deg);
}

static void test_the_index_of_shapes_follows_each_change(void **state)
{
    assert_string_equal(index_after(*state, ""), "1|Z-000000|1\n2|Z-000001|0\n4|Z-000003|0\nok");
}

static void test_a_layer_whose_index_somebody_took_away_is_written_without(void **state)
{
    static const char DROP[] = "DROP TRIGGER rtree_zones_geom_insert; DROP TRIGGER "
                               "rtree_zones_geom_update1; DROP TRIGGER rtree_zones_geom_update2; "
                               "DROP TRIGGER rtree_zones_geom_update3; DROP TRIGGER "
                               "rtree_zones_geom_update4; DROP TRIGGER rtree_zones_geom_delete";
    assert_string_equal(index_after(*state, DROP), "1|Z-000000|0\n2|Z-000001|0\n3|nobody|0\nok");
}

/* Nobody knows what half a set is for: what is left of it does what it did. */
static void test_half_a_set_of_triggers_is_left_to_itself(void **state)
{
    assert_string_equal(index_after(*state, "DROP TRIGGER rtree_zones_geom_delete"),
                        "1|Z-000000|1\n2|Z-000001|0\n3|nobody|0\n4|Z-000003|0\nok");
}

static void test_triggers_that_others_made_are_fired(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(
        index_after(f, "CREATE TABLE log (said); CREATE TRIGGER log_zones AFTER UPDATE ON zones "
                       "BEGIN INSERT INTO log VALUES ('put ' || NEW.id); END; CREATE TRIGGER "
                       "log_gone AFTER DELETE ON zones BEGIN INSERT INTO log VALUES ('gone ' || "
                       "OLD.id); END"),
        "1|Z-000000|1\n2|Z-000001|0\n4|Z-000003|0\nok");
    assert_string_equal(printed(f, "sqlite3 '%s' 'SELECT said FROM log'", f->path),
                        "put Z-000000\nput Z-000001\ngone Z-000002");
}

static void test_triggers_of_tables_that_are_not_ours_do_not_matter(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(
        index_after(f, "CREATE TABLE notes (said); CREATE TRIGGER note AFTER INSERT ON notes BEGIN "
                       "DELETE FROM notes WHERE said IS NULL; END"),
        "1|Z-000000|1\n2|Z-000001|0\n4|Z-000003|0\nok");
}

static void test_ogr_counts_what_is_noted_beside_a_change(void **state)
{
    struct fixture *f = *state;
    static const char COUNTS[] = "SELECT o.feature_count = (SELECT COUNT(*) FROM sisetu_meta) FROM "
                                 "gpkg_ogr_contents o WHERE o.table_name = 'sisetu_meta'";
    struct zone *zones = some_zones(f, 2, 8, "first");
    assert_string_equal(printed(f,
                                "sqlite3 '%s' \"INSERT OR REPLACE INTO gpkg_ogr_contents SELECT "
                                "'sisetu_meta', COUNT(*) FROM sisetu_meta\" 2>&1",
                                f->path),
                        "");
    struct store *store = open_store(f, f->path);
    store_keep(store);
    assert_ok(f, put_one(f, store, LAYER_ZONES, &zones[0], STORE_PUT_NEW));
    assert_ok(f, store_set(store, "said", "once", &f->err)); /* a new row of sisetu_meta */
    assert_ok(f, put_one(f, store, LAYER_ZONES, &zones[1], STORE_PUT_NEW));
    assert_ok(f, store_set(store, "said", "twice", &f->err));
    assert_ok(f, store_commit(store, &f->err));
    assert_string_equal(printed(f, "sqlite3 '%s' \"%s\"", f->path, COUNTS), "1");
    assert_ok(f, delete_one(f, store, LAYER_ZONES, "Z-000000"));
    assert_ok(f, store_set(store, "said", NULL, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
    assert_string_equal(printed(f, "sqlite3 '%s' \"%s\"", f->path, COUNTS), "1");
}

static enum err_code put_ended(struct fixture *f, struct store *store, const void *record,
                               const char *before, const char *after)
{
    const struct store_ending ending = {"reasons", before, after};
    const struct store_put put = {record, STORE_PUT_SAME_SHAPE, &ending};
    const struct store_change change = {.layer = LAYER_GRADES, .put = &put, .n_put = 1};
    return store_change(store, &change, &f->err);
}

static void assert_text(struct fixture *f, struct store *store, const char *id, const char *text)
{
    struct grade_row *rows = NULL;
    void *read = NULL;
    size_t n = 0, row = 0;
    assert_ok(f, store_read(store, LAYER_GRADES, &f->arena, &read, &n, &f->err));
    rows = read;
    while (row < n && strcmp(rows[row].head.id, id) != 0)
        row++;
    assert_true(row < n);
    if (text)
        assert_string_equal(rows[row].reasons, text);
    else
        assert_null(rows[row].reasons);
}

static void test_a_text_ends_anew_only_if_it_ends_as_it_should(void **state)
{
    struct fixture *f = *state;
    struct schema schema;
    size_t n = 0;
    assert_ok(f, schema_load(&f->arena, &schema, &f->err));
    const void *first = variants(f, &schema.layers[LAYER_GRADES], &n);
    struct grade_row rows[2];
    for (int i = 0; i < 2; i++)
        memcpy(&rows[i], first, sizeof rows[i]);
    rows[1].head.id = "other";
    struct store *store = open_store(f, f->path);
    rows[0].reasons = "[\"一\",\"And 7\"]";
    rows[1].reasons = NULL;
    assert_ok(f, store_insert(store, LAYER_GRADES, rows, 2, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    const char *id = rows[0].head.id;
    rows[0].undecided = 41;
    rows[0].reasons = NULL;
    assert_ok(f, put_ended(f, store, &rows[0], ",\"And 7\"]", ",\"另 8\"]"));
    assert_text(f, store, id, "[\"一\",\"另 8\"]");
    assert_ok(f, put_ended(f, store, &rows[0], ",\"另 8\"]", "]"));
    assert_text(f, store, id, "[\"一\"]");
    assert_ok(f, put_ended(f, store, &rows[0], "]", "]"));
    assert_text(f, store, id, "[\"一\"]");
    assert_ok(f, put_ended(f, store, &rows[0], ",\"And 9\"]", "]"));
    assert_text(f, store, id, NULL);
    assert_ok(f, put_ended(f, store, &rows[1], "]", ",1]"));
    assert_text(f, store, rows[1].head.id, NULL);
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
    assert_string_equal(
        printed(f, "sqlite3 '%s' \"SELECT undecided FROM grades WHERE id = '%s'\"", f->path, id),
        "41");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_put_by_kept_statements_are_those_that_ogr_writes,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_record_put_again_takes_the_row_of_the_one_with_its_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_change_raises_the_generation_and_nothing_to_do_does_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_what_a_layer_refuses_is_refused_in_the_words_of_an_insertion, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ogr_and_kept_statements_may_write_one_layer_in_turn,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_index_of_shapes_follows_each_change, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_layer_whose_index_somebody_took_away_is_written_without, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_half_a_set_of_triggers_is_left_to_itself, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_triggers_that_others_made_are_fired, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_triggers_of_tables_that_are_not_ours_do_not_matter,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ogr_counts_what_is_noted_beside_a_change, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_text_ends_anew_only_if_it_ends_as_it_should, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
