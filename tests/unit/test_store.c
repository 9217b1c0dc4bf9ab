/* test_store.c - what a store gives back is what was put in, and what is no store is refused. */
#include "tests/unit/growth.h"
#include "tests/unit/store_records.h"

#include <sys/stat.h>
#include <sys/wait.h>

static void test_store_gives_back_every_field_and_shape_of_every_layer(void **state)
{
    struct fixture *f = *state;
    struct schema schema;
    struct store *store;
    char *put[LAYER_COUNT] = {0};
    size_t n[LAYER_COUNT] = {0};
    assert_ok(f, schema_load(&f->arena, &schema, &f->err));
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    for (int i = 0; i < LAYER_COUNT; i++) {
        if (i == LAYER_POPULATION)
            continue;
        put[i] = variants(f, &schema.layers[i], &n[i]);
        thin_out(&schema.layers[i], put[i]);
        assert_ok(f, store_insert(store, (enum layer_id)i, put[i], n[i], &f->err));
    }
    /* once through the writer's handle, before the commit, and once as a reader */
    assert_same_layers(f, store, put, n);
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
    assert_ok(f, store_open(f->path, STORE_READ, &store, &f->err));
    assert_same_layers(f, store, put, n);
    store_close(store);
}

static void test_records_come_ordered_by_id_whatever_the_order_of_insertion(void **state)
{
    struct fixture *f = *state;
    struct zone *zones = some_zones(f, 5, 8, "x");
    const char *ids[] = {"b", "é", "A", "aa", "Z-10"};
    const char *sorted[] = {"A", "Z-10", "aa", "b", "é"};
    for (int i = 0; i < 5; i++)
        zones[i].head.id = ids[i];
    put_zones(f, zones, 5);
    struct store *store;
    void *got;
    size_t n;
    assert_ok(f, store_open(f->path, STORE_READ, &store, &f->err));
    assert_ok(f, store_read(store, LAYER_ZONES, &f->arena, &got, &n, &f->err));
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(record_at(LAYER_ZONES, got, i)->id, sorted[i]);
    store_close(store);
}

static void test_an_empty_layer_has_no_records_and_is_no_error(void **state)
{
    struct fixture *f = *state;
    struct store *store;
    void *got;
    size_t n = 1;
    assert_ok(f, store_open(f->path, STORE_READ, &store, &f->err));
    for (int i = 0; i < LAYER_COUNT; i++) {
        assert_ok(f, store_count(store, (enum layer_id)i, &n, &f->err));
        assert_int_equal(n, 0);
        if (i == LAYER_POPULATION)
            continue;
        assert_ok(f, store_read(store, (enum layer_id)i, &f->arena, &got, &n, &f->err));
        assert_int_equal(n, 0);
    }
    assert_fails(f, store_read(store, LAYER_POPULATION, &f->arena, &got, &n, &f->err), ERR_USAGE,
                 "grid");
    store_close(store);
}

static void test_generation_rises_with_a_change_only(void **state)
{
    struct fixture *f = *state;
    struct store *store;
    struct zone *zones = some_zones(f, 3, 8, "x");
    const char *nobody[] = {"Z-999999"};
    assert_int_equal(generation_of(f), 0);
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    assert_ok(f, store_delete(store, LAYER_ZONES, nobody, 1, &f->err));
    assert_ok(f, store_delete_all(store, LAYER_AREAS, &f->err));
    assert_ok(f, store_insert(store, LAYER_ZONES, NULL, 0, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    assert_int_equal(store_generation(store), 0);
    assert_ok(f, store_insert(store, LAYER_ZONES, zones, 3, &f->err));
    assert_int_equal(generation_of(f), 0);
    assert_ok(f, store_commit(store, &f->err));
    assert_int_equal(store_generation(store), 1);
    assert_int_equal(generation_of(f), 1);
    assert_ok(f, store_set(store, "as_of", "2026-11-21", &f->err));
    assert_ok(f, store_commit(store, &f->err));
    assert_ok(f, store_set(store, "as_of", "2026-11-21", &f->err));
    assert_ok(f, store_commit(store, &f->err));
    assert_int_equal(generation_of(f), 2);
    assert_ok(f, store_delete_all(store, LAYER_ZONES, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    assert_int_equal(generation_of(f), 3);
    store_close(store);
}

static void test_what_is_not_committed_is_gone_to_the_byte(void **state)
{
    struct fixture *f = *state;
    struct store *store;
    put_zones(f, some_zones(f, 50, 30, "old"), 50);
    const char *before = printed(f, "sha256sum < %s", f->path);
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_delete_all(store, LAYER_ZONES, &f->err));
    assert_ok(f, store_insert(store, LAYER_ZONES, some_zones(f, 20, 30, "new"), 20, &f->err));
    assert_ok(f, store_set(store, "as_of", "2026-11-21", &f->err));
    store_close(store);
    assert_string_equal(printed(f, "sha256sum < %s", f->path), before);
    assert_int_equal(access(in(f, "store.gpkg-journal"), F_OK), -1);
}

static void test_delete_takes_the_named_and_leaves_the_others(void **state)
{
    struct fixture *f = *state;
    enum { N = 1203 };
    struct zone *zones = some_zones(f, N, 4, "x");
    zones[7].head.id = "it's '; DROP TABLE zones; --";
    put_zones(f, zones, N);
    struct store *store;
    const char *ids[N];
    for (int i = 0; i < N - 1; i++)
        ids[i] = zones[i].head.id;
    void *got;
    size_t n;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_delete(store, LAYER_ZONES, ids, N - 1, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    assert_ok(f, store_read(store, LAYER_ZONES, &f->arena, &got, &n, &f->err));
    assert_int_equal(n, 1);
    assert_string_equal(record_at(LAYER_ZONES, got, 0)->id, zones[N - 1].head.id);
    store_close(store);
    /* what other programs read of the layer agrees */
    assert_string_equal(printed(f,
                                "sqlite3 %s \"SELECT feature_count FROM gpkg_ogr_contents WHERE "
                                "table_name = 'zones'\"",
                                f->path),
                        "1");
    assert_string_equal(printed(f, "sqlite3 %s 'SELECT COUNT(*) FROM rtree_zones_geom'", f->path),
                        "1");
    double west = atof(printed(f,
                               "sqlite3 %s \"SELECT min_x FROM gpkg_contents WHERE table_name = "
                               "'zones'\"",
                               f->path));
    assert_true(fabs(west - zones[N - 1].head.geom.box.west_deg) < 1e-4);
}

static void test_an_id_that_stands_twice_is_refused_and_nothing_is_kept(void **state)
{
    struct fixture *f = *state;
    struct store *store;
    struct zone *zones = some_zones(f, 3, 8, "x");
    put_zones(f, zones, 1);
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_insert(store, LAYER_ZONES, zones + 1, 1, &f->err));
    assert_fails(f, store_insert(store, LAYER_ZONES, zones, 3, &f->err), ERR_CONFLICT, "Z-000000");
    assert_fails(f, store_commit(store, &f->err), ERR_CONFLICT, "earlier write failed");
    store_close(store);
    assert_int_equal(zones_in(f), 1);
    assert_int_equal(generation_of(f), 1);
    zones[2].head.id = zones[1].head.id;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_fails(f, store_insert(store, LAYER_ZONES, zones + 1, 2, &f->err), ERR_CONFLICT,
                 "zones has a record with id Z-000001");
    store_close(store);
    /* the same id in another layer is another thing */
    struct area area;
    record_clear(LAYER_AREAS, &area);
    area.head = zones[0].head;
    area.kind = "park";
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_insert(store, LAYER_AREAS, &area, 1, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
}

static void test_reading_only_means_reading_only(void **state)
{
    struct fixture *f = *state;
    struct store *store;
    assert_ok(f, store_open(f->path, STORE_READ, &store, &f->err));
    assert_fails(f, store_set(store, "as_of", "2026-11-21", &f->err), ERR_INTERNAL, "reading");
    store_close(store);
    store_close(NULL);
}

static void test_meta_values_and_rule_tables_are_kept_and_replaced(void **state)
{
    struct fixture *f = *state;
    struct store *store;
    const char *value;
    struct store_text files[] = {{"spacing.csv", "id,'值'\n1,\"a\"\n"}, {"alpha.csv", ""}};
    struct store_text *got;
    size_t n = 9;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_get(store, "as_of", &f->arena, &value, &f->err));
    assert_null(value);
    assert_ok(f, store_read_rules(store, &f->arena, &got, &n, &f->err));
    assert_int_equal(n, 0);
    assert_ok(f, store_set(store, "as_of", "it's", &f->err));
    assert_ok(f, store_write_rules(store, files, 2, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    assert_ok(f, store_write_rules(store, files, 2, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    assert_int_equal(store_generation(store), 1);
    assert_ok(f, store_get(store, "as_of", &f->arena, &value, &f->err));
    assert_string_equal(value, "it's");
    assert_ok(f, store_read_rules(store, &f->arena, &got, &n, &f->err));
    assert_int_equal(n, 2);
    assert_string_equal(got[0].name, "alpha.csv");
    assert_string_equal(got[0].text, "");
    assert_string_equal(got[1].text, files[0].text);
    assert_ok(f, store_write_rules(store, files + 1, 1, &f->err));
    assert_ok(f, store_set(store, "as_of", NULL, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    assert_ok(f, store_read_rules(store, &f->arena, &got, &n, &f->err));
    assert_int_equal(n, 1);
    assert_ok(f, store_get(store, "as_of", &f->arena, &value, &f->err));
    assert_null(value);
    store_close(store);
}

static void test_the_population_grid_comes_back_cell_by_cell(void **state)
{
    struct fixture *f = *state;
    struct store *store;
    struct grid put = some_grid(f), got;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_read_grid(store, &f->arena, &got, &f->err));
    assert_int_equal(got.n_columns, 0);
    assert_ok(f, store_write_grid(store, &put, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
    assert_ok(f, store_open(f->path, STORE_READ, &store, &f->err));
    assert_ok(f, store_read_grid(store, &f->arena, &got, &f->err));
    size_t blocks;
    assert_ok(f, store_count(store, LAYER_POPULATION, &blocks, &f->err));
    assert_int_equal(blocks, 4); /* neither the absent nor the empty one is kept */
    store_close(store);
    assert_int_equal(got.n_columns, put.n_columns);
    assert_int_equal(got.n_rows, put.n_rows);
    assert_true(got.west == put.west && got.north == put.north && got.geographic &&
                got.cell_width == put.cell_width && got.cell_height == put.cell_height);
    assert_string_equal(got.crs, "EPSG:4490");
    assert_null(got.blocks[1]);
    for (uint32_t row = 0; row < put.n_rows; row++) {
        for (uint32_t column = 0; column < put.n_columns; column++) {
            float a = grid_cell(&put, column, row), b = grid_cell(&got, column, row);
            if (!(a == b || (isnan(a) && isnan(b))))
                fail_msg("cell %u %u: %g became %g", column, row, (double)a, (double)b);
        }
    }
}

static void test_a_new_grid_replaces_the_old_one_whole(void **state)
{
    struct fixture *f = *state;
    struct store *store;
    struct grid first = some_grid(f), second = first, got;
    second.n_columns = second.n_rows = 10;
    second.n_block_columns = second.n_block_rows = 1;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_write_grid(store, &first, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    assert_ok(f, store_write_grid(store, &second, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    assert_ok(f, store_read_grid(store, &f->arena, &got, &f->err));
    assert_int_equal(got.n_columns, 10);
    second = (struct grid){0};
    assert_ok(f, store_write_grid(store, &second, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    assert_ok(f, store_read_grid(store, &f->arena, &got, &f->err));
    assert_int_equal(got.n_columns, 0);
    store_close(store);
}

static void test_the_stamp_tells_a_replaced_store_from_the_same_one(void **state)
{
    struct fixture *f = *state;
    struct store_stamp first, again, other;
    assert_ok(f, store_stamp(f->path, &first, &f->err));
    assert_ok(f, store_stamp(f->path, &again, &f->err));
    assert_true(store_stamp_equal(first, again));
    assert_ok(f, store_create(in(f, "new.gpkg"), &f->err));
    assert_int_equal(rename(in(f, "new.gpkg"), f->path), 0);
    assert_ok(f, store_stamp(f->path, &other, &f->err));
    assert_int_equal(other.generation, first.generation);
    assert_false(store_stamp_equal(first, other));
    assert_true(other.identity != first.identity);
}

static void test_paths_with_special_characters_work(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"宁夏 四色.gpkg", "a?mode=rw&x#y%20z.gpkg", "it's.gpkg",
                                        "\"quoted\".gpkg", "no extension"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct store *store;
        struct store_stamp stamp;
        const char *path = in(f, names[i]);
        assert_ok(f, store_create(path, &f->err));
        assert_ok(f, store_open(path, STORE_WRITE, &store, &f->err));
        assert_ok(f, store_set(store, "x", "y", &f->err));
        assert_ok(f, store_commit(store, &f->err));
        store_close(store);
        assert_ok(f, store_stamp(path, &stamp, &f->err));
        assert_int_equal(stamp.generation, 1);
        char home[PATH_MAX];
        assert_non_null(getcwd(home, sizeof home));
        assert_int_equal(chdir(f->directory), 0);
        enum err_code code = store_stamp(names[i], &stamp, &f->err);
        assert_int_equal(chdir(home), 0);
        assert_int_equal(code, ERR_OK);
        assert_ok(f, store_stamp(arena_printf(&f->arena, "//%s", path), &stamp, &f->err));
    }
}

static void test_other_programs_see_layers_types_meanings_and_the_crs(void **state)
{
    struct fixture *f = *state;
    put_zones(f, some_zones(f, 2, 8, "x"), 2);
    const char *info = printed(f, "ogrinfo -so %s zones 2>&1", f->path);
    assert_non_null(strstr(info, "EPSG\",4490"));
    assert_non_null(strstr(info, "Data axis to CRS axis mapping: 2,1"));
    assert_non_null(strstr(info, "Geometry: Multi Polygon"));
    assert_non_null(strstr(info, "Feature Count: 2"));
    assert_non_null(strstr(info, "Extent: (103.98"));
    assert_non_null(strstr(info, "valid_from: Date"));
    assert_non_null(strstr(info, "class: Integer (0.0)"));
    assert_non_null(strstr(info, "zones_kind"));
    assert_null(strstr(info, "ERROR"));
    assert_null(strstr(info, "Warning"));
    const char *layers = printed(f, "ogrinfo -q %s 2>&1", f->path);
    for (int i = 0; i < LAYER_COUNT; i++)
        assert_non_null(strstr(layers, layer_name((enum layer_id)i)));
    assert_non_null(
        strstr(printed(f, "ogrinfo -so %s enterprises", f->path), "Geometry: Unknown (any)"));
    assert_non_null(strstr(printed(f,
                                   "sqlite3 %s \"SELECT description FROM gpkg_data_columns WHERE "
                                   "table_name = 'zones' AND column_name = 'class'\"",
                                   f->path),
                           "1 lethal"));
    assert_string_equal(
        printed(f, "sqlite3 %s 'PRAGMA integrity_check; PRAGMA foreign_key_check'", f->path), "ok");
    /* what another program adds is read, Z values and all */
    printed(f,
            "ogrinfo %s -sql \"INSERT INTO zones (id, geom) SELECT 'Q-1', geom FROM zones LIMIT "
            "1\" 2>&1",
            f->path);
    assert_int_equal(zones_in(f), 3);
}

/* How long a store of n zones takes to open and read. */
static double read_zones(struct fixture *f, size_t n)
{
    enum { VERTICES = 90 };
    put_zones(f, some_zones(f, n, VERTICES, "x"), n);
    struct store *store;
    void *got;
    size_t n_got;
    double start = growth_clock_s();
    assert_ok(f, store_open(f->path, STORE_READ, &store, &f->err));
    assert_ok(f, store_read(store, LAYER_ZONES, &f->arena, &got, &n_got, &f->err));
    store_close(store);
    double took = growth_clock_s() - start;
    assert_int_equal(n_got, n);
    return took;
}

static void test_twenty_thousand_zones_are_read_in_time(void **state)
{
    enum { N = 20000 };
    double eighth = read_zones(*state, N / GROWTH_SHARE);
    assert_int_equal(tear_down(state), 0);
    assert_int_equal(set_up(state), 0);
    growth_check("20,000 zones of 1.8 M vertices", eighth, read_zones(*state, N));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_store_gives_back_every_field_and_shape_of_every_layer),
        TEST(test_records_come_ordered_by_id_whatever_the_order_of_insertion),
        TEST(test_an_empty_layer_has_no_records_and_is_no_error),
        TEST(test_generation_rises_with_a_change_only),
        TEST(test_what_is_not_committed_is_gone_to_the_byte),
        TEST(test_delete_takes_the_named_and_leaves_the_others),
        TEST(test_an_id_that_stands_twice_is_refused_and_nothing_is_kept),
        TEST(test_reading_only_means_reading_only),
        TEST(test_meta_values_and_rule_tables_are_kept_and_replaced),
        TEST(test_the_population_grid_comes_back_cell_by_cell),
        TEST(test_a_new_grid_replaces_the_old_one_whole),
        TEST(test_the_stamp_tells_a_replaced_store_from_the_same_one),
        TEST(test_paths_with_special_characters_work),
        TEST(test_other_programs_see_layers_types_meanings_and_the_crs),
        TEST(test_twenty_thousand_zones_are_read_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
