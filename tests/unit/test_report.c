/* test_report.c - the relocation list as tables, as CSV, as a workbook; columns for people. */
#include "tests/unit/world_fixture.h"

#include "data/base/csv.h"
#include "data/base/file.h"
#include "tiler/command/columns.h"
#include "tiler/report/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char BOM[] = "\xEF\xBB\xBF";

static void test_csv_opens_in_a_spreadsheet_and_runs_nothing(void **state)
{
    (void)state;
    static const struct report_column columns[] = {{"名称 Name", 10, -1}, {"m", 10, 2}};
    struct report_cell cells[] = {
        {"=HYPERLINK(\"http://x\")", 0}, {NULL, 1.005}, {"a,\"b\"\nc", 0}, {NULL, (double)NAN},
        {"-5 \xE5\xBA\xA6", 0},          {NULL, -3},
    };
    struct report_table table = {.columns = columns, .n_columns = 2, .cells = cells, .n_rows = 3};
    struct buf out;
    struct arena arena;
    struct csv csv;
    struct err err;
    buf_init(&out);
    arena_init(&arena, 0);
    report_csv(&table, &out);
    assert_memory_equal(out.bytes, BOM, 3);
    assert_non_null(strstr(out.bytes, "\r\n"));
    assert_int_equal(csv_parse("t", out.bytes + 3, out.n_bytes - 3, &arena, &csv, &err), ERR_OK);
    assert_int_equal(csv.n_rows, 3);
    assert_string_equal(csv.header[0], "名称 Name");
    assert_string_equal(csv.rows[0].cells[0], "'=HYPERLINK(\"http://x\")");
    assert_string_equal(csv.rows[1].cells[0], "a,\"b\"\nc");
    assert_string_equal(csv.rows[1].cells[1], "");
    assert_string_equal(csv.rows[2].cells[0], "'-5 \xE5\xBA\xA6");
    assert_string_equal(csv.rows[2].cells[1], "-3.00"); /* a number stays one */
    buf_release(&out);
    arena_release(&arena);
}

struct bench {
    struct fixture f;
    struct worker worker;
    struct world *world;
    char directory[64];
    struct err err;
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    fixture_init(&b->f);
    fixture_check(worker_init(&b->worker, 0, &b->err), &b->err);
    snprintf(b->directory, sizeof b->directory, "/tmp/sisetu-report-XXXXXX");
    *state = b;
    return mkdtemp(b->directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", b->directory);
    int status = system(command);
    worker_release(&b->worker);
    world_release(b->world);
    free(b);
    return status;
}

static void add_plant(struct bench *b, const char *id, const char *name, const char *verdict)
{
    struct enterprise *e = fixture_add(&b->f, LAYER_ENTERPRISES, id);
    e->head.name = name;
    e->kind = "production";
    e->industry = "chemical";
    e->head.geom = fixture_point(&b->f, 106.2, 38.4);
    char facility_id[32];
    snprintf(facility_id, sizeof facility_id, "T-%s", id);
    struct facility *workshop = fixture_add(&b->f, LAYER_FACILITIES, facility_id);
    workshop->facility_type = "WORKSHOP_JIA";
    workshop->enterprise_id = e->head.id;
    workshop->head.geom = fixture_point(&b->f, 106.2, 38.4);
    struct conflict *c = fixture_add(&b->f, LAYER_CONFLICTS, id);
    c->kind = "distance";
    c->verdict = verdict;
    c->rule_id = "F09a";
    c->source_layer = "facilities";
    c->source_id = workshop->head.id;
    c->target_layer = "protected";
    c->target_id = "P1";
    c->target_class = "CIVIL_LOW";
    c->margin_m = -5;
}

/* 20 m off, where 25 m are asked for. */
static void add_house(struct bench *b)
{
    struct protected_target *house = fixture_add(&b->f, LAYER_PROTECTED, "P1");
    struct lonlat at = ellipsoid_direct((struct lonlat){106.2, 38.4}, 90, 20);
    house->use = "office";
    house->head.geom = fixture_point(&b->f, at.lon_deg, at.lat_deg);
}

static void make_report(struct bench *b, struct report *report)
{
    struct relocation_answer answer;
    add_house(b);
    add_plant(b, "E1", "示例化工 001", "conflict");
    add_plant(b, "E2", "=cmd", "undecided");
    b->world = fixture_world(&b->f, 20260601);
    fixture_check(query_relocation(b->world, &b->worker, NULL, &answer, &b->err), &b->err);
    fixture_check(report_relocation(b->world, &b->worker, &answer, report, &b->err), &b->err);
}

static const char *cell(const struct report_table *table, size_t row, const char *title)
{
    for (size_t c = 0; c < table->n_columns; c++)
        if (strstr(table->columns[c].title, title))
            return table->cells[row * table->n_columns + c].text;
    fail_msg("no column %s", title);
    return NULL;
}

static double number(const struct report_table *table, size_t row, const char *title)
{
    for (size_t c = 0; c < table->n_columns; c++)
        if (strstr(table->columns[c].title, title))
            return table->cells[row * table->n_columns + c].number;
    fail_msg("no column %s", title);
    return 0;
}

static void test_relocation_has_one_row_a_plant_undecided_apart_and_evidence(void **state)
{
    struct bench *b = *state;
    struct report report;
    make_report(b, &report);
    assert_int_equal(report.n_tables, 3);
    assert_int_equal(report.tables[0].n_rows, 1);
    assert_int_equal(report.tables[1].n_rows, 1);
    assert_int_equal(report.tables[2].n_rows, 2);
    assert_string_equal(cell(&report.tables[0], 0, "Name"), "示例化工 001");
    assert_string_equal(cell(&report.tables[1], 0, "Name"), "=cmd");
    assert_non_null(strstr(cell(&report.tables[0], 0, "Clause"), "GB 50016"));
    assert_close(number(&report.tables[0], 0, "Shortfall"), 5, 1e-6);
    struct lonlat house = ellipsoid_direct((struct lonlat){106.2, 38.4}, 90, 20);
    assert_close(number(&report.tables[2], 0, "From lon"), 106.2, 0);
    assert_close(number(&report.tables[2], 0, "To lon"), house.lon_deg, 0);
    assert_true(isnan(number(&report.tables[0], 0, "Residents 500"))); /* no grid: not 0 */
}

static void test_report_writes_whole_files_and_repeats_their_bytes(void **state)
{
    struct bench *b = *state;
    struct report report;
    struct buf first, second;
    char path[128];
    buf_init(&first);
    buf_init(&second);
    make_report(b, &report);
    char directory[96];
    snprintf(directory, sizeof directory, "%s/deep/er", b->directory);
    fixture_check(report_write(&report, directory, &b->err), &b->err);
    snprintf(path, sizeof path, "%s/relocation.xlsx", directory);
    fixture_check(file_read(path, 1 << 20, &first, &b->err), &b->err);
    fixture_check(report_write(&report, directory, &b->err), &b->err);
    fixture_check(file_read(path, 1 << 20, &second, &b->err), &b->err);
    assert_memory_equal(first.bytes, "PK", 2);
    assert_int_equal(first.n_bytes, second.n_bytes);
    assert_memory_equal(first.bytes, second.bytes, first.n_bytes);
    static const char *const names[] = {"relocation.csv", "relocation-undecided.csv",
                                        "relocation-evidence.csv"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        assert_true(file_exists(path));
    }
    snprintf(path, sizeof path, "ls -A '%s' | wc -l | grep -qx 4", directory);
    assert_int_equal(system(path), 0); /* nothing was left lying about */
    buf_release(&first);
    buf_release(&second);
}

static void test_report_says_where_it_could_not_write(void **state)
{
    struct bench *b = *state;
    struct report report;
    char path[96];
    make_report(b, &report);
    snprintf(path, sizeof path, "%s/file", b->directory);
    fixture_check(file_write_atomic(path, "x", 1, &b->err), &b->err);
    assert_int_not_equal(report_write(&report, path, &b->err), ERR_OK);
    assert_non_null(strstr(b->err.message, path));
}

static void test_columns_count_chinese_characters_as_two(void **state)
{
    (void)state;
    struct arena arena;
    struct columns columns;
    struct buf out;
    arena_init(&arena, 0);
    buf_init(&out);
    assert_int_equal(columns_width("银川 a"), 6);
    columns_begin(&columns, &arena, 3);
    COLUMNS_ROW(&columns, "银川", "x", "last one");
    COLUMNS_ROW(&columns, "abcdef", NULL, "");
    columns_end(&columns, "  ", &out);
    assert_string_equal(buf_text(&out), "  银川    x  last one\n  abcdef  -  -\n");
    buf_release(&out);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_opens_in_a_spreadsheet_and_runs_nothing),
        cmocka_unit_test_setup_teardown(
            test_relocation_has_one_row_a_plant_undecided_apart_and_evidence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_report_writes_whole_files_and_repeats_their_bytes,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_report_says_where_it_could_not_write, set_up,
                                        tear_down),
        cmocka_unit_test(test_columns_count_chinese_characters_as_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
