/* test_store_refuse.c - what is no store, or a damaged or another one, is refused in one line. */
#include "tests/unit/store_fixture.h"

static void insert_fails(struct fixture *f, const struct zone *zone, const char *says)
{
    struct store *store;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_fails(f, store_insert(store, LAYER_ZONES, zone, 1, &f->err), ERR_INPUT, says);
    store_close(store);
}

static void test_records_that_break_the_schema_are_refused_by_name(void **state)
{
    struct fixture *f = *state;
    struct zone good = *some_zones(f, 1, 8, "x"), bad = good;
    bad.head.id = NULL;
    insert_fails(f, &bad, "has no id");
    bad.head.id = "";
    insert_fails(f, &bad, "has no id");
    bad = good;
    bad.head.geom = (struct geom){0};
    insert_fails(f, &bad, "Z-000000: has no geometry");
    shape(f, GEOM_POINT, false, &bad.head.geom);
    insert_fails(f, &bad, "Z-000000: has a point");
    bad = good;
    bad.value = INFINITY;
    insert_fails(f, &bad, "value is not a finite number");
    bad = good;
    bad.head.imported = "yesterday";
    insert_fails(f, &bad, "imported \"yesterday\"");
    bad = good;
    bad.head.name = "\xCD\xBC"; /* GBK */
    bad.head.name = "\xBB\xAF\xB9\xA4";
    insert_fails(f, &bad, "name is not UTF-8");
    struct inventory_item item;
    struct store *store;
    record_clear(LAYER_INVENTORY, &item);
    item.head.id = "I-1";
    item.enterprise_id = "E-1";
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_fails(f, store_insert(store, LAYER_INVENTORY, &item, 1, &f->err), ERR_INPUT,
                 "inventory I-1: q_t is missing");
    store_close(store);
}

static void test_a_damaged_grid_is_refused_by_its_block(void **state)
{
    struct fixture *f = *state;
    struct store *store;
    struct grid grid = some_grid(f), got;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_write_grid(store, &grid, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
    const char *statements[][2] = {
        {"UPDATE population SET block = x'00112233' WHERE block_column = 2 AND block_row = 0",
         "block 2/0: cannot be unpacked"},
        {"UPDATE population SET block_row = 77", "is outside the grid"},
        {"UPDATE sisetu_meta SET value = '1e9' WHERE key = 'grid_columns'", "1e+09 x 300 cells"},
        {"UPDATE sisetu_meta SET value = 'x' WHERE key = 'grid_rows'", "no usable grid_rows"},
    };
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        printed(f, "cp %s %s && sqlite3 %s \"%s\"", f->path, in(f, "bad.gpkg"), in(f, "bad.gpkg"),
                statements[i][0]);
        assert_ok(f, store_open(in(f, "bad.gpkg"), STORE_READ, &store, &f->err));
        assert_fails(f, store_read_grid(store, &f->arena, &got, &f->err), ERR_INPUT,
                     statements[i][1]);
        store_close(store);
    }
}

static void test_create_refuses_a_path_that_exists(void **state)
{
    struct fixture *f = *state;
    put_zones(f, some_zones(f, 2, 8, "x"), 2);
    assert_fails(f, store_create(f->path, &f->err), ERR_CONFLICT, "exists");
    assert_int_equal(zones_in(f), 2);
    assert_fails(f, store_create(f->directory, &f->err), ERR_CONFLICT, "exists");
    assert_fails(f, store_create(in(f, "no/such/store.gpkg"), &f->err), ERR_NOT_FOUND, "no/such");
    printed(f, "printf '\\331\\325' >%s", in(f, "new.gpkg-journal"));
    assert_fails(f, store_create(in(f, "new.gpkg"), &f->err), ERR_CONFLICT, "new.gpkg-journal");
    assert_string_equal(printed(f, "ls -A %s", f->directory), "new.gpkg-journal\nstore.gpkg");
    /* with nothing in it to undo */
    printed(f, "printf '\\000\\325' >%s", in(f, "new.gpkg-journal"));
    assert_ok(f, store_create(in(f, "new.gpkg"), &f->err));
}

static void opens_with(struct fixture *f, const char *path, enum err_code code, const char *says)
{
    struct store *store = NULL;
    struct store_stamp stamp;
    bool changed;
    assert_fails(f, store_open(path, STORE_READ, &store, &f->err), code, says);
    assert_null(store);
    assert_fails(f, store_open(path, STORE_WRITE, &store, &f->err), code, says);
    assert_null(store);
    assert_fails(f, store_stamp(path, &stamp, &f->err), code, says);
    assert_fails(f, store_upgrade(path, &changed, &f->err), code, says);
}

static void test_what_is_no_store_is_refused_with_one_clear_message(void **state)
{
    struct fixture *f = *state;
    put_zones(f, some_zones(f, 500, 30, "x"), 500);
    opens_with(f, in(f, "missing.gpkg"), ERR_NOT_FOUND, "no such store");
    opens_with(f, f->directory, ERR_INPUT, "a directory");
    printed(f, ": > %s", in(f, "empty.gpkg"));
    opens_with(f, in(f, "empty.gpkg"), ERR_INPUT, "an empty file");
    printed(f, "echo 'Dear all, the store is attached.' > %s", in(f, "text.gpkg"));
    opens_with(f, in(f, "text.gpkg"), ERR_INPUT, "not a GeoPackage");
    printed(f, "head -c 60000 %s > %s", f->path, in(f, "cut.gpkg"));
    opens_with(f, in(f, "cut.gpkg"), ERR_INPUT, "damaged");
    printed(f, "head -c 50 %s > %s", f->path, in(f, "stub.gpkg"));
    opens_with(f, in(f, "stub.gpkg"), ERR_INPUT, "not a GeoPackage");
    printed(f, "ogr2ogr -f GPKG %s %s zones -nln other", in(f, "other.gpkg"), f->path);
    opens_with(f, in(f, "other.gpkg"), ERR_INPUT, "not a sisetu store");
    opens_with(f, "/dev/null", ERR_INPUT, "not a file");
}

/* Overwrites a page of 4096 bytes with noise that is the same each time. */
static void spoil(const char *path, long page)
{
    unsigned char noise[4096];
    uint32_t seed = (uint32_t)page * 2654435761U + 1;
    for (size_t i = 0; i < sizeof noise; i++) {
        seed = seed * 1664525 + 1013904223;
        noise[i] = (unsigned char)(seed >> 24);
    }
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, page * (long)sizeof noise, SEEK_SET), 0);
    assert_int_equal(fwrite(noise, 1, sizeof noise, file), sizeof noise);
    assert_int_equal(fclose(file), 0);
}

static void test_a_page_of_nonsense_is_damage_and_not_a_crash(void **state)
{
    struct fixture *f = *state;
    put_zones(f, some_zones(f, 500, 30, "x"), 500);
    const char *bad = in(f, "bad.gpkg");
    size_t refused = 0;
    for (long page = 0; page < 60; page++) {
        struct store *store;
        void *got;
        size_t n;
        printed(f, "cp %s %s", f->path, bad);
        spoil(bad, page);
        for (enum store_mode mode = STORE_READ; mode <= STORE_WRITE; mode++) {
            enum err_code code = store_open(bad, mode, &store, &f->err);
            if (code == ERR_OK) {
                code = store_read(store, LAYER_ZONES, &f->arena, &got, &n, &f->err);
                store_close(store);
            }
            refused += code != ERR_OK;
            if (code != ERR_OK && code != ERR_INPUT && code != ERR_MEMORY)
                fail_msg("page %ld: %s: %s", page, err_code_name(code), f->err.message);
            if (code != ERR_OK && !strstr(f->err.message, "bad.gpkg"))
                fail_msg("page %ld: \"%s\" names no file", page, f->err.message);
        }
    }
    assert_true(refused > 20);
}

static void test_values_that_others_broke_are_refused_by_record(void **state)
{
    struct fixture *f = *state;
    put_zones(f, some_zones(f, 3, 8, "x"), 3);
    static const char *const statements[][2] = {
        {"UPDATE zones SET valid_from = '2026-13-01' WHERE id = 'Z-000001'",
         "zones Z-000001: valid_from \\\"2026-13-01\\\""},
        {"UPDATE zones SET class = 5000000000 WHERE id = 'Z-000001'", "damaged: Integer overflow"},
        {"UPDATE zones SET geom = x'4750' WHERE id = 'Z-000001'",
         "zones Z-000001: its geometry is not of"},
        {"UPDATE zones SET geom = x'4750000300000000' WHERE id = 'Z-000001'",
         "zones Z-000001: its geometry is cut short"},
        {"UPDATE zones SET geom = x'475000000000000001030000' WHERE id = 'Z-000001'",
         "zones Z-000001: "},
    };
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        struct store *store;
        void *got;
        size_t n;
        char says[128], *to = says;
        for (const char *from = statements[i][1]; *from; from++)
            if (*from != '\\')
                *to++ = *from;
        *to = '\0';
        /* the triggers call functions that only OGR has */
        printed(f,
                "cp %s %s && sqlite3 %s \"DROP TRIGGER rtree_zones_geom_update1; DROP TRIGGER "
                "rtree_zones_geom_update2; DROP TRIGGER rtree_zones_geom_update3; DROP TRIGGER "
                "rtree_zones_geom_update4; %s\" 2>&1",
                f->path, in(f, "bad.gpkg"), in(f, "bad.gpkg"), statements[i][0]);
        assert_ok(f, store_open(in(f, "bad.gpkg"), STORE_READ, &store, &f->err));
        assert_fails(f, store_read(store, LAYER_ZONES, &f->arena, &got, &n, &f->err), ERR_INPUT,
                     says);
        store_close(store);
    }
}

/* What version 1 did not have. */
static void make_version_1(struct fixture *f)
{
    printed(
        f,
        "sqlite3 %s \"UPDATE sisetu_meta SET value = 1 WHERE key = 'schema_version'; "
        "DELETE FROM gpkg_data_columns WHERE table_name IN ('scenarios', 'segments', 'census') OR "
        "column_name = 'start_m'; DELETE FROM gpkg_data_column_constraints WHERE "
        "constraint_name LIKE 'scenarios_%%' OR constraint_name LIKE 'segments_%%' OR "
        "constraint_name LIKE 'census_%%' OR "
        "constraint_name = 'pipelines_start_m' OR value = 'risk'; "
        "ALTER TABLE pipelines DROP COLUMN start_m; \" 2>&1; "
        "ogrinfo -q %s -sql 'DROP TABLE scenarios'; ogrinfo -q %s -sql 'DROP TABLE segments'; "
        "ogrinfo -q %s -sql 'DROP TABLE census'",
        f->path, f->path, f->path, f->path);
}

/* Nor version 2. */
static void make_version_2(struct fixture *f)
{
    printed(f,
            "sqlite3 %s \"UPDATE sisetu_meta SET value = 2 WHERE key = 'schema_version'; "
            "DELETE FROM gpkg_data_columns WHERE column_name = 'wind_m_s'; "
            "DELETE FROM gpkg_data_column_constraints WHERE constraint_name = "
            "'facilities_wind_m_s'; ALTER TABLE facilities DROP COLUMN wind_m_s\" 2>&1",
            f->path);
}

static void upgrade_to_new(struct fixture *f, void (*make_older)(struct fixture *),
                           const char *without)
{
    static const char *const QUESTIONS[] = {
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
        "SELECT m.name, p.name, p.type, p.[notnull] FROM sqlite_master m, pragma_table_info(m.name)"
        " p WHERE m.type = 'table' ORDER BY m.name, p.name",
        "SELECT constraint_name, constraint_type, value, min, max FROM "
        "gpkg_data_column_constraints ORDER BY 1, 3",
        "SELECT table_name, column_name, constraint_name, description FROM gpkg_data_columns "
        "ORDER BY 1, 2",
        "SELECT table_name, data_type, identifier, description FROM gpkg_contents ORDER BY 1",
        "SELECT table_name, column_name, geometry_type_name FROM gpkg_geometry_columns ORDER BY 1"};
    const char *before[sizeof QUESTIONS / sizeof QUESTIONS[0]];
    size_t n = sizeof QUESTIONS / sizeof QUESTIONS[0];
    for (size_t i = 0; i < n; i++)
        before[i] = printed(f, "sqlite3 %s \"%s\" 2>&1", f->path, QUESTIONS[i]);
    make_older(f);
    assert_null(strstr(printed(f, "sqlite3 %s \"%s\" 2>&1", f->path, QUESTIONS[1]), without));
    bool changed = false;
    assert_ok(f, store_upgrade(f->path, &changed, &f->err));
    assert_true(changed);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(printed(f, "sqlite3 %s \"%s\" 2>&1", f->path, QUESTIONS[i]), before[i]);
}

static void test_an_upgraded_store_is_as_a_new_one(void **state)
{
    struct fixture *f = *state;
    upgrade_to_new(f, make_version_1, "scenarios");
    upgrade_to_new(f, make_version_1, "start_m");
    upgrade_to_new(f, make_version_2, "wind_m_s");
}

static void test_a_newer_store_is_refused_and_an_older_one_upgraded(void **state)
{
    struct fixture *f = *state;
    struct store *store;
    bool changed = true;
    assert_ok(f, store_upgrade(f->path, &changed, &f->err));
    assert_false(changed);
    assert_int_equal(generation_of(f), 0);
    printed(f, "sqlite3 %s \"UPDATE sisetu_meta SET value = 4 WHERE key = 'schema_version'\"",
            f->path);
    opens_with(f, f->path, ERR_VERSION, "version 4, this program knows up to 3");
    /* version 0 had no protected.fire_rating and no identity */
    printed(f,
            "sqlite3 %s \"UPDATE sisetu_meta SET value = 0 WHERE key = 'schema_version'; "
            "DELETE FROM sisetu_meta WHERE key = 'identity'; "
            "DELETE FROM gpkg_data_columns WHERE column_name = 'fire_rating'; "
            "DELETE FROM gpkg_data_column_constraints WHERE constraint_name = "
            "'protected_fire_rating'; ALTER TABLE protected DROP COLUMN fire_rating\" 2>&1",
            f->path);
    assert_fails(f, store_open(f->path, STORE_READ, &store, &f->err), ERR_VERSION,
                 "sisetu upgrade");
    assert_fails(f, store_open(f->path, STORE_WRITE, &store, &f->err), ERR_VERSION,
                 "version 0, this program needs 3");
    assert_ok(f, store_upgrade(f->path, &changed, &f->err));
    assert_true(changed);
    assert_int_equal(generation_of(f), 1);
    struct store_stamp stamp;
    assert_ok(f, store_stamp(f->path, &stamp, &f->err));
    assert_true(stamp.identity != 0);
    struct protected_target target;
    void *got;
    size_t n;
    record_clear(LAYER_PROTECTED, &target);
    target.head.id = "P-1";
    target.fire_rating = 3;
    shape(f, GEOM_POINT, false, &target.head.geom);
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_insert(store, LAYER_PROTECTED, &target, 1, &f->err));
    assert_ok(f, store_read(store, LAYER_PROTECTED, &f->arena, &got, &n, &f->err));
    assert_int_equal(((const struct protected_target *)got)->fire_rating, 3);
    store_close(store);
    assert_non_null(strstr(printed(f,
                                   "sqlite3 %s \"SELECT description, constraint_name FROM "
                                   "gpkg_data_columns WHERE column_name = 'fire_rating'\"",
                                   f->path),
                           "protected_fire_rating"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_records_that_break_the_schema_are_refused_by_name),
        TEST(test_a_damaged_grid_is_refused_by_its_block),
        TEST(test_create_refuses_a_path_that_exists),
        TEST(test_what_is_no_store_is_refused_with_one_clear_message),
        TEST(test_a_page_of_nonsense_is_damage_and_not_a_crash),
        TEST(test_values_that_others_broke_are_refused_by_record),
        TEST(test_an_upgraded_store_is_as_a_new_one),
        TEST(test_a_newer_store_is_refused_and_an_older_one_upgraded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
