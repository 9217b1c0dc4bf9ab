/* test_schema.c - schema.csv, and that it and records.h say the same. */
#include "data/schema.h"

#include "data/base/buf.h"
#include "data/base/file.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct buf text; /* of schema.csv */
    struct err err;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    char path[PATH_MAX];
    arena_init(&f->arena, 0);
    buf_init(&f->text);
    if (file_asset("data/schema.csv", path, sizeof path, &f->err) != ERR_OK ||
        file_read(path, 1 << 20, &f->text, &f->err) != ERR_OK)
        return -1;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    arena_release(&f->arena);
    buf_release(&f->text);
    free(f);
    return 0;
}

static void test_schema_csv_and_records_h_agree(void **state)
{
    struct fixture *f = *state;
    struct schema schema;
    assert_int_equal(schema_load(&f->arena, &schema, &f->err), ERR_OK);
    for (int i = 0; i < LAYER_COUNT; i++) {
        const struct layer_binding *binding = records_binding((enum layer_id)i);
        assert_string_equal(schema.layers[i].name, binding->name);
        for (size_t field = 0; field < binding->n_fields; field++) {
            const struct schema_field *found = &schema.layers[i].fields[field];
            assert_string_equal(found->name, binding->fields[field].name);
            assert_int_equal(found->type, binding->fields[field].type);
            assert_true(*found->meaning);
        }
    }
}

static void test_schema_knows_codes_ranges_and_kinds_of_geometry(void **state)
{
    struct fixture *f = *state;
    struct schema schema;
    assert_int_equal(schema_load(&f->arena, &schema, &f->err), ERR_OK);
    const struct schema_layer *zones = &schema.layers[LAYER_ZONES];
    const struct schema_field *class = schema_field(zones, "class");
    assert_true(class->min == 1 && class->max == 3 && !class->required && !class->codes);
    assert_true(schema_field(zones, "value")->min == 0);
    assert_true(isinf(schema_field(zones, "value")->max));
    const struct schema_field *standing = schema_field(zones, "standing");
    assert_int_equal(standing->n_codes, 2);
    assert_string_equal(standing->codes[0], "legal");
    assert_string_equal(standing->codes[1], "indicative");
    assert_true(schema_field(zones, "id")->required);
    assert_string_equal(schema_field(zones, "accuracy_m")->unit, "m");
    assert_null(schema_field(zones, "geom"));
    assert_true(zones->may_be_polygon && !zones->may_be_point && !zones->may_be_line);
    assert_true(zones->geometry_required && !zones->derived);
    const struct schema_layer *enterprises = &schema.layers[LAYER_ENTERPRISES];
    assert_true(enterprises->may_be_point && enterprises->may_be_polygon);
    const struct schema_layer *conflicts = &schema.layers[LAYER_CONFLICTS];
    assert_true(conflicts->may_be_point && conflicts->may_be_line && conflicts->may_be_polygon);
    assert_true(conflicts->derived && conflicts->has_geometry && !conflicts->geometry_required);
    assert_false(schema.layers[LAYER_INVENTORY].has_geometry);
    assert_false(schema.layers[LAYER_RUNS].has_geometry);
}

/* The text with its first `from` replaced. */
static char *mended(struct fixture *f, const char *from, const char *to)
{
    const char *at = strstr(buf_text(&f->text), from);
    assert_non_null(at);
    return arena_printf(&f->arena, "%.*s%s%s", (int)(at - buf_text(&f->text)), buf_text(&f->text),
                        to, at + strlen(from));
}

static void refuses(struct fixture *f, const char *from, const char *to, enum err_code code,
                    const char *says)
{
    struct schema schema;
    const char *text = mended(f, from, to);
    struct err err;
    assert_int_equal(schema_load_text("schema.csv", text, strlen(text), &f->arena, &schema, &err),
                     code);
    if (!strstr(err.message, says))
        fail_msg("\"%s\" does not say \"%s\"", err.message, says);
}

static void test_schema_refuses_broken_rows_with_their_line(void **state)
{
    struct fixture *f = *state;
    refuses(f, "*,name,text", "*,name,txet", ERR_INPUT, "schema.csv:6: type \"txet\"");
    refuses(f, "*,name,text,,no", "*,name,text,,maybe", ERR_INPUT, "required \"maybe\"");
    refuses(f, "0.0001..1000000", "0.0001-1000000", ERR_INPUT, "schema.csv:10: codes");
    refuses(f, "0.0001..1000000", "5..1", ERR_INPUT, "should be a range");
    refuses(f, "admin,geom,geometry,,yes,polygon", "admin,geom,geometry,,yes,circle", ERR_INPUT,
            "\"circle\" should be point, line, polygon or any");
    refuses(f, "admin,code", "admni,code", ERR_INPUT, "no layer \"admni\"");
    refuses(f, "admin,parent", "admin,code", ERR_INPUT, "admin.code stands twice");
    refuses(f, "layer,field,type", "layer,feld,type", ERR_INPUT, "schema.csv:1");
}

static void test_schema_of_another_version_is_told_apart(void **state)
{
    struct fixture *f = *state;
    refuses(f, "zones,freq_per_year", "zones,frequency", ERR_VERSION, "frequency");
    refuses(f, "zones,freq_per_year,real", "zones,freq_per_year,integer", ERR_VERSION,
            "zones.freq_per_year has another type");
    refuses(f, "runs,generation,integer,,no,,Generation that it made",
            "runs,generation,integer,,no,,Generation that it made\nruns,extra,text,,no,,More",
            ERR_VERSION, "extra");
}

static void test_schema_runs_out_of_memory_with_an_error(void **state)
{
    struct fixture *f = *state;
    struct arena small;
    size_t limit = 1000;
    enum err_code code = ERR_MEMORY;
    for (; code == ERR_MEMORY && limit < (1 << 22); limit += 997) {
        struct schema schema;
        arena_init(&small, limit);
        code = schema_load_text("schema.csv", buf_text(&f->text), f->text.n_bytes, &small, &schema,
                                &f->err);
        arena_release(&small);
    }
    assert_int_equal(code, ERR_OK);
    assert_true(limit > 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_schema_csv_and_records_h_agree, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_schema_knows_codes_ranges_and_kinds_of_geometry,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_schema_refuses_broken_rows_with_their_line, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_schema_of_another_version_is_told_apart, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_schema_runs_out_of_memory_with_an_error, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
