/* test_predicate.c - conditions on records: grammar, three-valued logic, messages. */
#include "data/predicate.h"

#include "data/base/limits.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct bench {
    struct arena arena;
    struct schema schema;
};

static int setup(void **state)
{
    static struct bench bench;
    struct err err;
    arena_init(&bench.arena, 0);
    if (schema_load(&bench.arena, &bench.schema, &err) != ERR_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    *state = &bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    arena_release(&bench->arena);
    return 0;
}

static const struct predicate *parsed(struct bench *bench, enum layer_id layer, const char *text)
{
    struct err err;
    const struct predicate *predicate = NULL;
    if (predicate_parse(text, layer, &bench->schema, &bench->arena, &predicate, &err) != ERR_OK)
        fail_msg("%s: %s", text, err.message);
    assert_non_null(predicate);
    return predicate;
}

static struct protected_target target(void)
{
    struct protected_target record;
    record_clear(LAYER_PROTECTED, &record);
    return record;
}

static enum truth asked(struct bench *bench, const char *text,
                        const struct protected_target *record, const char **missing)
{
    return predicate_eval(parsed(bench, LAYER_PROTECTED, text), record, missing);
}

static void test_comparisons_hold_on_either_side_of_their_limit(void **state)
{
    static const struct {
        const char *text;
        enum truth at_99, at_100, at_101;
    } cases[] = {
        {"persons < 100", TRUTH_YES, TRUTH_NO, TRUTH_NO},
        {"persons <= 100", TRUTH_YES, TRUTH_YES, TRUTH_NO},
        {"persons = 100", TRUTH_NO, TRUTH_YES, TRUTH_NO},
        {"persons != 100", TRUTH_YES, TRUTH_NO, TRUTH_YES},
        {"persons >= 100", TRUTH_NO, TRUTH_YES, TRUTH_YES},
        {"persons > 100", TRUTH_NO, TRUTH_NO, TRUTH_YES},
        {"persons in (99, 101)", TRUTH_YES, TRUTH_NO, TRUTH_YES},
        {"persons >= 99.5", TRUTH_NO, TRUTH_YES, TRUTH_YES},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct protected_target record = target();
        record.persons = 99;
        assert_int_equal(asked(*state, cases[i].text, &record, NULL), cases[i].at_99);
        record.persons = 100;
        assert_int_equal(asked(*state, cases[i].text, &record, NULL), cases[i].at_100);
        record.persons = 101;
        assert_int_equal(asked(*state, cases[i].text, &record, NULL), cases[i].at_101);
    }
}

static void test_texts_compare_whole_and_numbers_as_numbers(void **state)
{
    struct protected_target record = target();
    record.use = "school";
    record.floor_area_m2 = 5000.0;
    assert_int_equal(asked(*state, "use = school", &record, NULL), TRUTH_YES);
    assert_int_equal(asked(*state, "use = 'school'", &record, NULL), TRUTH_YES);
    assert_int_equal(asked(*state, "use != school", &record, NULL), TRUTH_NO);
    assert_int_equal(asked(*state, "use in (hospital, school)", &record, NULL), TRUTH_YES);
    assert_int_equal(asked(*state, "use in (hospital, kindergarten)", &record, NULL), TRUTH_NO);
    assert_int_equal(asked(*state, "floor_area_m2 = 5e3", &record, NULL), TRUTH_YES);
    record.head.name = "it's";
    assert_int_equal(asked(*state, "name = 'it''s'", &record, NULL), TRUTH_YES);
    record.head.name = "\xE5\xAD\xA6\xE6\xA0\xA1";
    assert_int_equal(asked(*state, "name = \xE5\xAD\xA6\xE6\xA0\xA1", &record, NULL), TRUTH_YES);
}

static void test_dates_compare_as_days(void **state)
{
    struct protected_target record = target();
    record.head.valid_from = 20260501;
    assert_int_equal(asked(*state, "valid_from >= 2026-05-01", &record, NULL), TRUTH_YES);
    assert_int_equal(asked(*state, "valid_from < 2026-05-01", &record, NULL), TRUTH_NO);
    assert_int_equal(asked(*state, "valid_from = 2026-05-01", &record, NULL), TRUTH_YES);
}

static void test_an_absent_field_is_unknown_and_named(void **state)
{
    struct protected_target record = target();
    const char *missing = NULL;
    assert_int_equal(asked(*state, "persons >= 100", &record, &missing), TRUTH_UNKNOWN);
    assert_string_equal(missing, "persons");
    assert_int_equal(asked(*state, "not persons >= 100", &record, &missing), TRUTH_UNKNOWN);
    assert_string_equal(missing, "persons");
    assert_int_equal(asked(*state, "use = school and floor_area_m2 > 3", &record, &missing),
                     TRUTH_UNKNOWN);
    assert_string_equal(missing, "use");
    assert_int_equal(asked(*state, "persons is absent", &record, &missing), TRUTH_YES);
    assert_null(missing);
    record.persons = 0;
    assert_int_equal(asked(*state, "persons is absent", &record, &missing), TRUTH_NO);
}

/* Kleene's tables, with `true`, `false` and `unknown`. */
static void test_and_or_not_follow_kleene(void **state)
{
    static const char *const words[] = {"false", "true", "unknown 'x'"}; /* as enum truth */
    static const enum truth and[3][3] = {
        {TRUTH_NO, TRUTH_NO, TRUTH_NO},
        {TRUTH_NO, TRUTH_YES, TRUTH_UNKNOWN},
        {TRUTH_NO, TRUTH_UNKNOWN, TRUTH_UNKNOWN},
    };
    static const enum truth or [3][3] = {
        {TRUTH_NO, TRUTH_YES, TRUTH_UNKNOWN},
        {TRUTH_YES, TRUTH_YES, TRUTH_YES},
        {TRUTH_UNKNOWN, TRUTH_YES, TRUTH_UNKNOWN},
    };
    static const enum truth not [3] = {TRUTH_YES, TRUTH_NO, TRUTH_UNKNOWN};
    struct protected_target record = target();
    char text[64];
    for (int a = 0; a < 3; a++) {
        snprintf(text, sizeof text, "not %s", words[a]);
        assert_int_equal(asked(*state, text, &record, NULL), not [a]);
        for (int b = 0; b < 3; b++) {
            snprintf(text, sizeof text, "%s and %s", words[a], words[b]);
            assert_int_equal(asked(*state, text, &record, NULL), and[a][b]);
            snprintf(text, sizeof text, "%s or %s", words[a], words[b]);
            assert_int_equal(asked(*state, text, &record, NULL), or [a][b]);
        }
    }
}

static void test_what_is_settled_names_nothing_missing(void **state)
{
    struct protected_target record = target();
    const char *missing = "stale";
    record.households = 30;
    assert_int_equal(asked(*state, "persons >= 100 or households >= 30", &record, &missing),
                     TRUTH_YES);
    assert_null(missing);
    record.households = 29;
    assert_int_equal(asked(*state, "persons >= 100 or households >= 30", &record, &missing),
                     TRUTH_UNKNOWN);
    assert_string_equal(missing, "persons");
    assert_int_equal(asked(*state, "persons >= 100 and households >= 30", &record, &missing),
                     TRUTH_NO);
    assert_null(missing);
    assert_int_equal(asked(*state, "true and unknown 'the wind'", &record, &missing),
                     TRUTH_UNKNOWN);
    assert_string_equal(missing, "the wind");
}

static void test_not_binds_closest_then_and_then_or(void **state)
{
    struct protected_target record = target();
    assert_int_equal(asked(*state, "true or true and false", &record, NULL), TRUTH_YES);
    assert_int_equal(asked(*state, "(true or true) and false", &record, NULL), TRUTH_NO);
    assert_int_equal(asked(*state, "not false and false", &record, NULL), TRUTH_NO);
    assert_int_equal(asked(*state, "not (false and false)", &record, NULL), TRUTH_YES);
    assert_int_equal(asked(*state, "not not true", &record, NULL), TRUTH_YES);
}

static void test_null_is_true_and_only_false_is_never(void **state)
{
    struct protected_target record = target();
    assert_int_equal(predicate_eval(NULL, &record, NULL), TRUTH_YES);
    assert_false(predicate_is_never(NULL));
    assert_true(predicate_is_never(parsed(*state, LAYER_PROTECTED, "false")));
    assert_false(predicate_is_never(parsed(*state, LAYER_PROTECTED, "true")));
    assert_false(predicate_is_never(parsed(*state, LAYER_PROTECTED, "use = school")));
}

static void test_a_wrong_condition_is_refused_at_its_character(void **state)
{
    static const struct {
        const char *text;
        const char *says[3];
    } cases[] = {
        {"", {"character 1", "a condition should stand here"}},
        {"storys >= 3", {"character 1, \"storys\"", "no such field", "storeys"}},
        {"use = scool", {"character 7, \"scool\"", "not a value of use", "school"}},
        {"use in (school, hospitl)", {"character 17", "hospital"}},
        {"persons >= 5O", {"character 12, \"5O\"", "not a number"}},
        {"persons >= ", {"at the end, character 12", "a value should stand here"}},
        {"persons >= nan", {"not a number"}},
        {"persons >= 1e999", {"not a number"}},
        {"fire_rating = 5", {"character 15", "range of fire_rating", "1 to 4"}},
        {"use > school", {"character 5, \">\"", "no order"}},
        {"valid_from > 2026-02-30", {"not a date", "2026-05-01"}},
        {"persons 100", {"character 9", "a comparison should follow"}},
        {"persons => 100", {"character 10"}},
        {"persons ! 100", {"character 9, \"!\"", "no such sign"}},
        {"(persons > 1", {"at the end", "still open"}},
        {"persons > 1)", {"character 12", "is over here"}},
        {"persons > 1 use = school", {"character 13", "`and` or `or`"}},
        {"persons > 1 and", {"at the end", "a condition should stand here"}},
        {"not", {"at the end", "a condition should stand here"}},
        {"use in school", {"character 8", "in (a, b)"}},
        {"use in ()", {"a value should stand here"}},
        {"use in (school hospital)", {"character 16", "a comma"}},
        {"use = 'school", {"character 7", "never closed"}},
        {"use is school", {"character 8", "absent"}},
        {"use = and", {"character 7", "quotes"}},
        {"unknown wind", {"character 9", "in quotes"}},
        {"unknown ''", {"what is unknown"}},
        {"\xE5\xAD\xA6 = 1", {"character 1", "no such field"}},
        {"name = \xE5\xAD\xA6\xE6\xA0\xA1 ; true", {"character 11"}},
        {"name = \xFF", {"not UTF-8"}},
    };
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = {0};
        const struct predicate *predicate = NULL;
        enum err_code code = predicate_parse(cases[i].text, LAYER_PROTECTED, &bench->schema,
                                             &bench->arena, &predicate, &err);
        if (code != ERR_INPUT)
            fail_msg("accepted: %s", cases[i].text);
        assert_null(predicate);
        for (size_t j = 0; j < 3 && cases[i].says[j]; j++)
            if (!strstr(err.message, cases[i].says[j]))
                fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].text, err.message,
                         cases[i].says[j]);
    }
}

static void test_length_and_depth_are_bounded(void **state)
{
    struct bench *bench = *state;
    struct err err;
    const struct predicate *predicate;
    char text[LIMIT_TEXT_BYTES + 2];
    memset(text, ' ', sizeof text - 1);
    memcpy(text, "true", 4);
    text[sizeof text - 1] = '\0';
    assert_int_equal(predicate_parse(text, LAYER_PROTECTED, NULL, &bench->arena, &predicate, &err),
                     ERR_LIMIT);
    text[sizeof text - 2] = '\0';
    assert_int_equal(predicate_parse(text, LAYER_PROTECTED, NULL, &bench->arena, &predicate, &err),
                     ERR_OK);
    memset(text, '(', 2000);
    text[2000] = '\0';
    assert_int_equal(predicate_parse(text, LAYER_PROTECTED, NULL, &bench->arena, &predicate, &err),
                     ERR_INPUT);
    assert_non_null(strstr(err.message, "nested too deeply"));
    *text = '\0';
    for (int i = 0; i < 30; i++)
        strcat(text, "not ");
    strcat(text, "true");
    assert_int_equal(predicate_parse(text, LAYER_PROTECTED, NULL, &bench->arena, &predicate, &err),
                     ERR_OK);
}

static void test_without_a_schema_codes_are_not_checked(void **state)
{
    struct bench *bench = *state;
    struct err err;
    const struct predicate *predicate;
    assert_int_equal(
        predicate_parse("use = scool", LAYER_PROTECTED, NULL, &bench->arena, &predicate, &err),
        ERR_OK);
}

static bool knows_school(const void *context, const char *value)
{
    return strcmp(context, value) == 0;
}

static void count_field(void *context, const struct field_binding *field)
{
    int *n = context;
    *n += strcmp(field->name, "use") == 0;
}

static void test_a_stranger_among_values_is_found_in_depth(void **state)
{
    const struct predicate *predicate =
        parsed(*state, LAYER_PROTECTED, "persons > 1 and not (use = school or use in (hospital))");
    assert_string_equal(predicate_stranger(predicate, "use", knows_school, "school"), "hospital");
    assert_null(predicate_stranger(predicate, "target_class", knows_school, "school"));
    int n = 0;
    predicate_each_field(predicate, count_field, &n);
    assert_int_equal(n, 2);
}

static void test_an_arena_at_its_limit_is_out_of_memory(void **state)
{
    struct bench *bench = *state;
    bool succeeded = false;
    for (size_t limit = 16; limit < 8192 && !succeeded; limit += 16) {
        struct arena arena;
        struct err err;
        const struct predicate *predicate;
        arena_init(&arena, limit);
        enum err_code code =
            predicate_parse("use in (school, hospital) and not (persons > 1 or name = 'a b')",
                            LAYER_PROTECTED, &bench->schema, &arena, &predicate, &err);
        succeeded = code == ERR_OK;
        if (!succeeded)
            assert_int_equal(code, ERR_MEMORY);
        arena_release(&arena);
    }
    assert_true(succeeded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comparisons_hold_on_either_side_of_their_limit),
        cmocka_unit_test(test_texts_compare_whole_and_numbers_as_numbers),
        cmocka_unit_test(test_dates_compare_as_days),
        cmocka_unit_test(test_an_absent_field_is_unknown_and_named),
        cmocka_unit_test(test_and_or_not_follow_kleene),
        cmocka_unit_test(test_what_is_settled_names_nothing_missing),
        cmocka_unit_test(test_not_binds_closest_then_and_then_or),
        cmocka_unit_test(test_null_is_true_and_only_false_is_never),
        cmocka_unit_test(test_a_wrong_condition_is_refused_at_its_character),
        cmocka_unit_test(test_length_and_depth_are_bounded),
        cmocka_unit_test(test_without_a_schema_codes_are_not_checked),
        cmocka_unit_test(test_a_stranger_among_values_is_found_in_depth),
        cmocka_unit_test(test_an_arena_at_its_limit_is_out_of_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
