/* test_import.c - records: fields, ids, modes, what is refused and what is told about it. */
#include "tests/unit/import_fixture.h"

#include <time.h>

#define POINT_YINCHUAN "{\"type\":\"Point\",\"coordinates\":[106.2309,38.4872]}"

/* A table of targets at one place, given its columns after lon, lat. */
static const char *targets(struct fixture *f, const char *columns, const char *rows)
{
    struct arena *arena = &f->arena;
    char *text = arena_printf(arena, "lon,lat,%s\n", columns);
    for (const char *at = rows; *at;) {
        size_t n = strcspn(at, "\n");
        text = arena_printf(arena, "%s106.2309,38.4872,%.*s\n", text, (int)n, at);
        at += n + (at[n] == '\n');
    }
    return fixture_text(f, "targets.csv", text);
}

static void test_import_brings_every_type_of_value_across(void **state)
{
    struct fixture *f = fixture_of(state);
    const char *path = fixture_geojson(
        f, "plants.geojson",
        fixture_feature(
            f, POINT_YINCHUAN,
            "\"id\":17,\"NAME\":\" 示例化工 \",\"credit_code\":640104,\"score_19\":88.5,"
            "\"staff\":120.0,\"valid_from\":\"2026/5/1\",\"status\":\"Operating\","
            "\"grave_accidents\":true,\"source\":\"somebody\",\"address\":null"));
    struct import_options options = fixture_options("enterprises", path, "EPSG:4326");
    options.accuracy_m = 5;
    time_t before = time(NULL);
    fixture_imports(f, &options);
    size_t n;
    const struct enterprise *plant = fixture_records(f, LAYER_ENTERPRISES, &n);
    assert_int_equal(n, 1);
    assert_string_equal(plant->head.id, "17");
    assert_string_equal(plant->head.name, "示例化工");
    assert_string_equal(plant->credit_code, "640104");
    assert_true(plant->score_19 == 88.5);
    assert_int_equal(plant->staff, 120);
    assert_int_equal(plant->head.valid_from, 20260501);
    assert_string_equal(plant->status, "operating");
    assert_int_equal(plant->grave_accidents, 1);
    assert_null(plant->address);
    assert_int_equal(plant->declared_grade, INT_ABSENT);
    assert_true(plant->head.accuracy_m == 5);
    assert_string_equal(plant->head.source, "plants.geojson");
    assert_int_equal(plant->head.source_row, 1);
    assert_int_equal(plant->head.geom.kind, GEOM_POINT);
    assert_true(plant->head.geom.points[0].lon_deg == 106.2309);
    assert_true(plant->head.geom.points[0].lat_deg == 38.4872);
    struct tm utc = {0};
    assert_non_null(strptime(plant->head.imported, "%Y-%m-%dT%H:%M:%SZ", &utc));
    assert_true(llabs((long long)(timegm(&utc) - before)) < 60);
    assert_int_equal(f->summary.read, 1);
    assert_int_equal(f->summary.accepted, 1);
    assert_true(f->summary.generation > 0);
}

static void test_import_takes_columns_by_field_and_constant(void **state)
{
    struct fixture *f = fixture_of(state);
    const char *path =
        targets(f, "code,kind_of,status,persons,accuracy_m", "a,school,x,10,3\nb,school,y,20,");
    const struct import_pair fields[] = {{"id", "CODE"}, {"use", "kind_of"}, {"persons", ""}};
    const struct import_pair constants[] = {{"storeys", "4"}};
    struct import_options options = fixture_options("protected", path, "EPSG:4490");
    options.fields = fields;
    options.n_fields = 3;
    options.constants = constants;
    options.n_constants = 1;
    options.accuracy_m = 50;
    fixture_imports(f, &options);
    size_t n;
    const struct protected_target *target = fixture_records(f, LAYER_PROTECTED, &n);
    assert_int_equal(n, 2);
    assert_string_equal(target[0].head.id, "a");
    assert_string_equal(target[0].use, "school");
    assert_int_equal(target[1].storeys, 4);
    assert_int_equal(target[0].persons, INT_ABSENT); /* "--field persons=" takes no column */
    assert_true(target[0].head.accuracy_m == 3);     /* the column wins where it has a value */
    assert_true(target[1].head.accuracy_m == 50);
}

static void test_import_names_what_is_near_an_unknown_field(void **state)
{
    struct fixture *f = fixture_of(state);
    struct import_options options = fixture_options("protected", targets(f, "use", "school"), NULL);
    options.crs = "EPSG:4490";
    struct import_pair pair = {"person", "use"};
    options.fields = &pair;
    options.n_fields = 1;
    fixture_fails(f, &options, ERR_USAGE, "did you mean persons?");
    pair = (struct import_pair){"persons", "usee"};
    fixture_fails(f, &options, ERR_INPUT, "did you mean use?");
    fixture_says(f, "it has: lon, lat, use");
    options.n_fields = 0;
    options.constants = &pair;
    options.n_constants = 1;
    pair = (struct import_pair){"use", "schol"};
    fixture_fails(f, &options, ERR_USAGE, "did you mean school?");
    pair = (struct import_pair){"source_row", "3"};
    fixture_fails(f, &options, ERR_USAGE, "the import itself sets this field");
    options.n_constants = 0;
    options.layer = "protectd";
    fixture_fails(f, &options, ERR_USAGE, "did you mean protected?");
    options.layer = "conflicts";
    fixture_fails(f, &options, ERR_USAGE, "written by assess");
}

static void test_import_refuses_values_on_the_wrong_side_of_a_limit(void **state)
{
    struct fixture *f = fixture_of(state);
    const char *path = targets(f, "id,storeys,floor_area_m2,valid_from",
                               "good1,1,0,2026-02-28\n"
                               "good300,300,100000000,20240229\n"
                               "low,0,1,\n"
                               "high,301,1,\n"
                               "half,1.5,1,\n"
                               "word,5O,1,\n"
                               "minus,1,-0.001,\n"
                               "much,1,100000000.1,\n"
                               "nan,1,nan,\n"
                               "day,1,1,2026-02-29\n"
                               "whole,3.0,1e3,2026年5月1日");
    struct import_options options = fixture_options("protected", path, "EPSG:4490");
    fixture_imports(f, &options);
    assert_int_equal(f->summary.accepted, 3);
    assert_int_equal(f->summary.refused, 8);
    fixture_refused(f, 0, 3, "storeys", "0 is outside 1..300");
    fixture_refused(f, 1, 4, "storeys", "301 is outside 1..300");
    fixture_refused(f, 2, 5, "storeys", "1.5 is not a whole number");
    fixture_refused(f, 3, 6, "storeys", "\"5O\" is not a number");
    fixture_refused(f, 4, 7, "floor_area_m2", "outside 0..100000000 m2");
    fixture_refused(f, 5, 8, "floor_area_m2", "outside 0..100000000 m2");
    fixture_refused(f, 6, 9, "floor_area_m2", "not a number");
    fixture_refused(f, 7, 10, "valid_from", "give YYYY-MM-DD");
    assert_string_equal(f->summary.reasons[0].reason, "out of range");
    assert_int_equal(f->summary.reasons[0].count, 4);
}

static void test_import_suggests_the_code_that_was_meant(void **state)
{
    struct fixture *f = fixture_of(state);
    const char *path = targets(f, "id,use", "a,school\nb,SCHOOL\nc,scool\nd,lighthouse");
    struct import_options options = fixture_options("protected", path, "EPSG:4490");
    fixture_imports(f, &options);
    assert_int_equal(f->summary.accepted, 2);
    fixture_refused(f, 0, 3, "use", "did you mean school?");
    fixture_refused(f, 1, 4, "use", "it takes residential, village, school");
    size_t n;
    const struct protected_target *target = fixture_records(f, LAYER_PROTECTED, &n);
    assert_string_equal(target[1].use, "school");
}

static void test_import_refuses_records_without_a_required_field(void **state)
{
    struct fixture *f = fixture_of(state);
    const char *path =
        fixture_text(f, "inventory.csv", "enterprise_id,substance,q_t\nE1,氯,5\n,氨,5\nE1,氨,\n");
    struct import_options options = fixture_options("inventory", path, NULL);
    fixture_imports(f, &options);
    assert_int_equal(f->summary.accepted, 1);
    fixture_refused(f, 0, 2, "enterprise_id", "absent");
    fixture_refused(f, 1, 3, "q_t", "absent");
    size_t n;
    const struct inventory_item *item = fixture_records(f, LAYER_INVENTORY, &n);
    assert_string_equal(item->head.id, "inventory-1");
    assert_true(item->q_t == 5);
    path = fixture_text(f, "less.csv", "enterprise_id,substance\nE1,氯\n");
    options = fixture_options("inventory", path, NULL);
    options.mode = IMPORT_APPEND;
    fixture_fails(f, &options, ERR_INPUT, "has no column q_t");
    fixture_says(f, "--field q_t=COLUMN");
}

static void test_import_refuses_ids_that_stand_twice(void **state)
{
    struct fixture *f = fixture_of(state);
    struct import_options options =
        fixture_options("protected", targets(f, "id,persons", "a,1\nb,2\na,3"), "EPSG:4490");
    fixture_imports(f, &options);
    assert_int_equal(f->summary.accepted, 2);
    fixture_refused(f, 0, 3, "id", "stands in row 1 already");
    options.path = targets(f, "id,persons", "b,7\nc,8");
    options.mode = IMPORT_APPEND;
    fixture_imports(f, &options);
    assert_int_equal(f->summary.accepted, 1);
    fixture_refused(f, 0, 1, "id", "protected holds a record b already");
    size_t n;
    const struct protected_target *target = fixture_records(f, LAYER_PROTECTED, &n);
    assert_int_equal(n, 3);
    assert_int_equal(target[0].persons, 1);
    assert_int_equal(target[1].persons, 2);
}

static void test_import_appends_files_without_ids_and_knows_a_file_again(void **state)
{
    struct fixture *f = fixture_of(state);
    struct import_options options = fixture_options(
        "protected", fixture_text(f, "one.csv", "x,y,use\n106,38,school\n106,38,clinic\n"),
        "EPSG:4490");
    options.mode = IMPORT_APPEND;
    fixture_imports(f, &options);
    fixture_fails(f, &options, ERR_INPUT, "all 2 records were refused");
    fixture_says(f, "holds a record protected-1 already");
    options.path = fixture_text(f, "two.csv", "x,y,use\n106,38,hotel\n");
    fixture_imports(f, &options);
    fixture_fails(f, &options, ERR_INPUT, "holds a record protected-two-1 already");
    size_t n;
    const struct protected_target *target = fixture_records(f, LAYER_PROTECTED, &n);
    assert_int_equal(n, 3);
    assert_string_equal(target[2].head.id, "protected-two-1");
    assert_string_equal(target[2].use, "hotel");
}

static void test_import_does_not_overwrite_a_layer_unasked(void **state)
{
    struct fixture *f = fixture_of(state);
    struct import_options options =
        fixture_options("protected", targets(f, "id", "a\nb"), "EPSG:4490");
    fixture_imports(f, &options);
    fixture_fails(f, &options, ERR_CONFLICT,
                  "protected holds 2 records; give --replace or --append");
    options.path = targets(f, "id", "c");
    options.mode = IMPORT_REPLACE;
    fixture_imports(f, &options);
    size_t n;
    const struct protected_target *target = fixture_records(f, LAYER_PROTECTED, &n);
    assert_int_equal(n, 1);
    assert_string_equal(target->head.id, "c");
}

static void test_import_fails_whole_when_strict_or_when_nothing_is_left(void **state)
{
    struct fixture *f = fixture_of(state);
    struct import_options options =
        fixture_options("protected", targets(f, "id,persons", "a,1\nb,many\nc,2"), "EPSG:4490");
    options.strict = true;
    fixture_fails(f, &options, ERR_INPUT, "row 2: persons");
    size_t n;
    fixture_records(f, LAYER_PROTECTED, &n);
    assert_int_equal(n, 0);
    options.strict = false;
    options.path = targets(f, "id,persons", "a,x\nb,y");
    fixture_fails(f, &options, ERR_INPUT, "all 2 records were refused, 2 of them: not a number");
    options.path = fixture_text(f, "none.csv", "lon,lat,id\n");
    fixture_fails(f, &options, ERR_INPUT, "holds no records");
}

static void test_import_lists_rejects_in_a_file(void **state)
{
    struct fixture *f = fixture_of(state);
    struct import_options options = fixture_options(
        "protected",
        targets(f, "id,persons,use", "a,1,school\nb,\"1,5\",school\nc,3,\"the \"\"inn\"\"\""),
        "EPSG:4490");
    options.rejects_path = fixture_path(f, "rejects.csv");
    fixture_imports(f, &options);
    char text[2048] = "";
    FILE *file = fopen(options.rejects_path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_non_null(
        strstr(text, "row,field,value,reason\n2,persons,\"1,5\",\"\"\"1,5\"\" is not "));
    assert_non_null(
        strstr(text, "\n3,use,\"the \"\"inn\"\"\",\"\"\"the \"\"inn\"\"\"\" is not a "));
    options.mode = IMPORT_REPLACE;
    options.rejects_path = options.path;
    fixture_fails(f, &options, ERR_USAGE, "--rejects names the file that is imported");
    options.rejects_path = f->store;
    fixture_fails(f, &options, ERR_USAGE, "--rejects names the file that is the store");
    options.rejects_path = fixture_path(f, "no/such/place.csv");
    fixture_fails(f, &options, ERR_NOT_FOUND, "no/such/place.csv");
}

static void test_import_changes_nothing_when_rejects_cannot_be_written(void **state)
{
    struct fixture *f = fixture_of(state);
    if (access("/dev/full", W_OK) != 0) {
        print_message("SKIP: this machine has no /dev/full\n");
        skip();
    }
    struct import_options options =
        fixture_options("protected", targets(f, "id,persons", "a,1\nb,x"), "EPSG:4490");
    options.rejects_path = "/dev/full";
    fixture_fails(f, &options, ERR_NO_SPACE, "/dev/full");
}

static void test_import_where_keeps_the_row_of_the_file(void **state)
{
    struct fixture *f = fixture_of(state);
    struct import_options options = fixture_options(
        "protected", targets(f, "id,persons,t", "a,1,no\nb,2,yes\nc,x,yes\nd,4,yes"), "EPSG:4490");
    options.where = "t = 'yes'";
    fixture_imports(f, &options);
    assert_int_equal(f->summary.read, 3);
    fixture_refused(f, 0, 3, "persons", "not a number");
    size_t n;
    const struct protected_target *target = fixture_records(f, LAYER_PROTECTED, &n);
    assert_int_equal(n, 2);
    assert_int_equal(target[0].head.source_row, 2);
    assert_int_equal(target[1].head.source_row, 4);
    options.mode = IMPORT_REPLACE;
    options.where = "nonsense = ";
    fixture_fails(f, &options, ERR_USAGE, "--where \"nonsense = \" is not understood");
    options.where = "t = 'maybe'";
    fixture_fails(f, &options, ERR_INPUT, "no record passes --where");
}

static const char *square(struct fixture *f, double west, double south)
{
    return arena_printf(&f->arena,
                        "{\"type\":\"Polygon\",\"coordinates\":[[[%g,%g],[%g,%g],[%g,%g],[%g,%g],"
                        "[%g,%g]]]}",
                        west, south, west + 1, south, west + 1, south + 1, west, south + 1, west,
                        south);
}

static void test_import_derives_level_and_parent_of_boundaries(void **state)
{
    struct fixture *f = fixture_of(state);
    const char *here = square(f, 106, 38);
    const char *path = fixture_geojson(
        f, "units.geojson",
        arena_printf(&f->arena, "%s,%s,%s,%s,%s,%s,%s", fixture_feature(f, here, "\"code\":640000"),
                     fixture_feature(f, here, "\"code\":\"640100\",\"level\":2"),
                     fixture_feature(f, here, "\"code\":\"640104\""),
                     fixture_feature(f, here, "\"code\":\"640104001\""),
                     fixture_feature(f, here, "\"code\":\"640105\",\"level\":2"),
                     fixture_feature(f, here, "\"code\":\"64010\""),
                     fixture_feature(f, here, "\"code\":\"64O105\"")));
    struct import_options options = fixture_options("admin", path, "EPSG:4490");
    fixture_imports(f, &options);
    size_t n;
    const struct admin_unit *unit = fixture_records(f, LAYER_ADMIN, &n);
    assert_int_equal(n, 4);
    static const char *const parents[] = {NULL, "640000", "640100", "640104"};
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(unit[i].head.id, unit[i].code);
        assert_int_equal(unit[i].level, i + 1);
        if (parents[i])
            assert_string_equal(unit[i].parent, parents[i]);
        else
            assert_null(unit[i].parent);
    }
    fixture_refused(f, 0, 5, "level", "level 2 does not fit the code 640105, which is a county");
    fixture_refused(f, 1, 6, "code", "6 digits of GB/T 2260");
    fixture_refused(f, 2, 7, "code", "6 digits of GB/T 2260");
}

static void test_import_join_updates_fields_and_leaves_the_rest(void **state)
{
    struct fixture *f = fixture_of(state);
    const char *path = fixture_geojson(
        f, "units.geojson",
        arena_printf(
            &f->arena, "%s,%s,%s",
            fixture_feature(f, square(f, 106, 38), "\"code\":\"640104\",\"name\":\"甲\""),
            fixture_feature(f, square(f, 107, 38),
                            "\"code\":\"640105\",\"name\":\"乙\",\"population\":5"),
            fixture_feature(f, square(f, 105, 38), "\"code\":\"640106\",\"name\":\"丙\"")));
    struct import_options options = fixture_options("admin", path, "EPSG:4490");
    fixture_imports(f, &options);
    uint64_t generation = f->summary.generation;
    const struct import_pair fields[] = {{"code", "adcode"}, {"population", "pop"}};
    options = fixture_options("admin",
                              fixture_text(f, "census.csv",
                                           "adcode,pop\n640104,808282\n640105,\n"
                                           "640199,7\n640104,9\n,4\n640106,-1\n"),
                              NULL);
    options.join = "code";
    options.fields = fields;
    options.n_fields = 2;
    fixture_imports(f, &options);
    assert_int_equal(f->summary.read, 6);
    assert_int_equal(f->summary.accepted, 2);
    assert_int_equal(f->summary.changed, 1);
    assert_int_equal(f->summary.unmatched, 1);
    assert_int_equal(f->summary.refused, 4);
    assert_int_equal(f->summary.generation, generation + 1);
    fixture_refused(f, 0, 4, "code", "640104 stands in row 1 already");
    fixture_refused(f, 1, 5, "code", "the key to join on is empty");
    fixture_refused(f, 2, 6, "population", "outside 0..2000000000");
    fixture_refused(f, 3, 3, "code", "no record of admin has code 640199");
    size_t n;
    const struct admin_unit *unit = fixture_records(f, LAYER_ADMIN, &n);
    assert_int_equal(n, 3);
    assert_int_equal(unit[0].population, 808282);
    assert_string_equal(unit[0].head.name, "甲");
    assert_string_equal(unit[0].head.source, "units.geojson");
    assert_int_equal(unit[0].head.geom.kind, GEOM_POLYGON);
    assert_int_equal(unit[1].population, 5); /* an empty cell erases nothing */
    assert_int_equal(unit[2].population, INT_ABSENT);
    generation = f->summary.generation;
    fixture_imports(f, &options);
    assert_int_equal(f->summary.changed, 0);
    assert_int_equal(f->summary.generation, generation); /* nothing to write */
    options.join = "population";
    options.n_fields = 0;
    fixture_fails(f, &options, ERR_INPUT, "give --field population=COLUMN");
}

static void test_import_asks_for_the_crs_and_says_what_the_file_claims(void **state)
{
    struct fixture *f = fixture_of(state);
    const char *path = fixture_geojson(f, "a.geojson", fixture_feature(f, POINT_YINCHUAN, ""));
    struct import_options options = fixture_options("protected", path, NULL);
    fixture_fails(f, &options, ERR_USAGE, "--crs is required");
    fixture_says(f, "the file itself says WGS 84 (EPSG:4326)");
    options.path = targets(f, "id", "a");
    fixture_fails(f, &options, ERR_USAGE, "the file itself says nothing");
}

static void count_progress(void *context, double share)
{
    double *seen = context;
    assert_true(share > seen[1] && share <= 1);
    seen[0]++;
    seen[1] = share;
}

static void test_import_tells_its_progress_to_the_end(void **state)
{
    struct fixture *f = fixture_of(state);
    char *rows = arena_alloc(&f->arena, 20000, 8);
    for (int i = 0; i < 2000; i++)
        sprintf(rows + strlen(rows), "p%d\n", i);
    double seen[2] = {0, 0};
    struct import_options options =
        fixture_options("protected", targets(f, "id", rows), "EPSG:4490");
    options.progress = count_progress;
    options.progress_context = seen;
    fixture_imports(f, &options);
    assert_true(seen[0] >= 3 && seen[0] <= 101);
    assert_true(seen[1] == 1);
}

static void test_import_never_passes_its_memory_limit(void **state)
{
    struct fixture *f = fixture_of(state);
    struct import_options options =
        fixture_options("protected", targets(f, "id,persons", "a,1\nb,x"), "EPSG:4490");
    for (size_t limit = 1000; limit < 3000000; limit += limit / 3) {
        struct arena small;
        struct import_summary summary;
        arena_init(&small, limit);
        enum err_code code = import_run(f->store, &options, &small, &summary, &f->err);
        assert_true(code == ERR_MEMORY || code == ERR_OK);
        options.mode = IMPORT_REPLACE;
        arena_release(&small);
        if (code == ERR_OK)
            return;
    }
    fail_msg("an import of two records needs more than 3 MB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_import_brings_every_type_of_value_across),
        FIXTURE_TEST(test_import_takes_columns_by_field_and_constant),
        FIXTURE_TEST(test_import_names_what_is_near_an_unknown_field),
        FIXTURE_TEST(test_import_refuses_values_on_the_wrong_side_of_a_limit),
        FIXTURE_TEST(test_import_suggests_the_code_that_was_meant),
        FIXTURE_TEST(test_import_refuses_records_without_a_required_field),
        FIXTURE_TEST(test_import_refuses_ids_that_stand_twice),
        FIXTURE_TEST(test_import_appends_files_without_ids_and_knows_a_file_again),
        FIXTURE_TEST(test_import_does_not_overwrite_a_layer_unasked),
        FIXTURE_TEST(test_import_fails_whole_when_strict_or_when_nothing_is_left),
        FIXTURE_TEST(test_import_lists_rejects_in_a_file),
        FIXTURE_TEST(test_import_changes_nothing_when_rejects_cannot_be_written),
        FIXTURE_TEST(test_import_where_keeps_the_row_of_the_file),
        FIXTURE_TEST(test_import_derives_level_and_parent_of_boundaries),
        FIXTURE_TEST(test_import_join_updates_fields_and_leaves_the_rest),
        FIXTURE_TEST(test_import_asks_for_the_crs_and_says_what_the_file_claims),
        FIXTURE_TEST(test_import_tells_its_progress_to_the_end),
        FIXTURE_TEST(test_import_never_passes_its_memory_limit),
    };
    return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
