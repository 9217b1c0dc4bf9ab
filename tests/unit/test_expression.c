/* Expressions: what each operator answers, and what is refused with which words. */
#include "styles/expression.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* A feature with a grade of 2, a name, a flag, and no population. */
static struct value feature_get(const void *feature, const char *property)
{
    (void)feature;
    if (strcmp(property, "grade") == 0)
        return value_number(2);
    if (strcmp(property, "name") == 0)
        return value_string("银川市");
    if (strcmp(property, "open") == 0)
        return value_bool(true);
    if (strcmp(property, "paint") == 0)
        return value_string("#102030");
    return value_null();
}

static enum err_code compile(const char *json, enum value_type want, struct expr **expr,
                             struct err *err)
{
    struct json *root;
    assert_int_equal(jr_parse(json, strlen(json), &root, err), ERR_OK);
    enum err_code code = expr_compile(root, want, &arena, expr, err);
    jr_free(root);
    return code;
}

static struct value value_at(const char *json, enum value_type want, double zoom)
{
    struct expr *expr;
    struct err err;
    if (compile(json, want, &expr, &err) != ERR_OK)
        fail_msg("%s: %s", json, err.message);
    struct eval eval = {.zoom = zoom, .get = feature_get, .arena = &arena};
    return expr_evaluate(expr, &eval);
}

static double number(const char *json, double zoom)
{
    struct value value = value_at(json, VALUE_ANY, zoom);
    assert_int_equal(value.type, VALUE_NUMBER);
    return value.as.number;
}

static bool truth(const char *json)
{
    struct value value = value_at(json, VALUE_ANY, 5);
    assert_int_equal(value.type, VALUE_BOOL);
    return value.as.boolean;
}

static const char *text(const char *json)
{
    struct value value = value_at(json, VALUE_ANY, 5);
    assert_int_equal(value.type, VALUE_STRING);
    return value.as.string;
}

static bool is_null(const char *json)
{
    return value_at(json, VALUE_ANY, 5).type == VALUE_NULL;
}

static bool is_error(const char *json)
{
    return value_at(json, VALUE_ANY, 5).type == VALUE_ERROR;
}

static void assert_refused(const char *json, enum value_type want, const char *words)
{
    struct expr *expr;
    struct err err;
    assert_int_equal(compile(json, want, &expr, &err), ERR_INPUT);
    if (!strstr(err.message, words))
        fail_msg("%s: \"%s\" does not say \"%s\"", json, err.message, words);
}

static void test_get_gives_the_property_or_null(void **state)
{
    (void)state;
    assert_true(number("[\"get\", \"grade\"]", 0) == 2);
    assert_string_equal(text("[\"get\", \"name\"]"), "银川市");
    assert_true(is_null("[\"get\", \"population\"]"));
    assert_true(truth("[\"has\", \"grade\"]"));
    assert_false(truth("[\"has\", \"population\"]"));
}

static void test_comparisons_on_either_side(void **state)
{
    (void)state;
    assert_true(truth("[\"==\", [\"get\", \"grade\"], 2]"));
    assert_false(truth("[\"==\", [\"get\", \"grade\"], 3]"));
    assert_true(truth("[\"!=\", [\"get\", \"grade\"], 3]"));
    assert_true(truth("[\"<\", [\"get\", \"grade\"], 3]"));
    assert_false(truth("[\"<\", [\"get\", \"grade\"], 2]"));
    assert_true(truth("[\"<=\", [\"get\", \"grade\"], 2]"));
    assert_true(truth("[\">\", [\"get\", \"grade\"], 1]"));
    assert_false(truth("[\">\", [\"get\", \"grade\"], 2]"));
    assert_true(truth("[\">=\", [\"get\", \"grade\"], 2]"));
    assert_true(truth("[\"<\", \"a\", [\"get\", \"name\"]]"));
    assert_refused("[\"==\", \"level\", 2]", VALUE_BOOL,
                   "a property is written [\"get\", \"name\"]");
}

static void test_values_of_different_types_are_not_equal_and_have_no_order(void **state)
{
    (void)state;
    assert_false(truth("[\"==\", [\"get\", \"grade\"], \"2\"]"));
    assert_true(is_error("[\"<\", [\"get\", \"grade\"], \"3\"]"));
    assert_true(is_error("[\">\", [\"get\", \"population\"], 3]"));
    assert_true(is_error("[\"<=\", [\"get\", \"open\"], [\"get\", \"open\"]]"));
    assert_refused("[\"==\", [\"zoom\"], \"2\"]", VALUE_ANY, "compares a number with a text");
    assert_refused("[\"<\", [\"has\", \"a\"], [\"get\", \"b\"]]", VALUE_ANY, "cannot compare true");
}

static void test_logic_takes_nothing_but_yes_and_no(void **state)
{
    (void)state;
    assert_true(truth("[\"all\"]"));
    assert_false(truth("[\"any\"]"));
    assert_true(truth("[\"all\", [\"get\", \"open\"], true]"));
    assert_true(is_error("[\"all\", [\"get\", \"open\"], [\"<\", [\"get\", \"population\"], 3]]"));
    assert_true(is_error("[\"!\", [\"get\", \"population\"]]"));
    assert_true(is_error("[\"any\", [\"get\", \"grade\"], true]"));
    assert_false(truth("[\"all\", false, [\"get\", \"grade\"]]")); /* what decides comes first */
    assert_true(truth("[\"any\", false, [\"get\", \"open\"]]"));
    assert_true(truth("[\"!\", false]"));
}

static void test_in_looks_through_its_list(void **state)
{
    (void)state;
    assert_true(truth("[\"in\", [\"get\", \"grade\"], [\"literal\", [1, 2]]]"));
    assert_false(truth("[\"in\", [\"get\", \"grade\"], [\"literal\", [\"1\", \"2\"]]]"));
    assert_false(truth("[\"in\", [\"get\", \"grade\"], [\"literal\", []]]"));
    assert_refused("[\"in\", [\"get\", \"grade\"], 1, 2]", VALUE_ANY, "\"in\" has 3 arguments");
}

static void test_case_and_match_choose_the_first_that_fits(void **state)
{
    (void)state;
    assert_true(number("[\"case\", false, 1, [\"get\", \"open\"], 2, 3]", 0) == 2);
    assert_true(number("[\"case\", false, 1, 3]", 0) == 3);
    assert_true(number("[\"match\", [\"get\", \"grade\"], 1, 10, 2, 20, 30]", 0) == 20);
    assert_true(number("[\"match\", [\"get\", \"grade\"], [1, 2], 10, 30]", 0) == 10);
    assert_true(number("[\"match\", [\"get\", \"population\"], 1, 10, 30]", 0) == 30);
    assert_true(number("[\"match\", [\"get\", \"grade\"], \"2\", 10, 30]", 0) == 30);
    assert_refused("[\"match\", [\"get\", \"grade\"], 1, 10, 1, 20, 30]", VALUE_ANY,
                   "the label 1 stands twice");
    assert_refused("[\"match\", [\"get\", \"grade\"], 1, 10, \"2\", 20, 30]", VALUE_ANY,
                   "all texts or all numbers");
    assert_refused("[\"match\", [\"get\", \"grade\"], 1.5, 10, 30]", VALUE_ANY, "no whole number");
    assert_refused("[\"match\", [\"zoom\"], \"a\", 10, 30]", VALUE_ANY,
                   "looks for a text in a number");
    assert_refused("[\"case\", [\"get\", \"open\"], 1, \"b\"]", VALUE_ANY,
                   "gives a text where a number belongs");
    assert_true(is_error("[\"case\", [\"get\", \"grade\"], 1, 2]"));
    assert_refused("[\"match\", [\"get\", \"grade\"], 1, 10, 2, 20]", VALUE_ANY, "no fallback");
    assert_refused("[\"case\", true, 1, false, 2]", VALUE_ANY, "no fallback");
}

static void test_step_changes_at_its_stop(void **state)
{
    (void)state;
    static const char step[] = "[\"step\", [\"zoom\"], 1, 5, 2, 10, 3]";
    assert_true(number(step, 4.999) == 1);
    assert_true(number(step, 5) == 2);
    assert_true(number(step, 9.999) == 2);
    assert_true(number(step, 10) == 3);
    assert_true(number(step, -1) == 1);
}

static void test_interpolate_is_linear_or_exponential_between_its_stops(void **state)
{
    (void)state;
    static const char linear[] = "[\"interpolate\", [\"linear\"], [\"zoom\"], 5, 1, 10, 11]";
    assert_true(number(linear, 0) == 1);
    assert_true(number(linear, 5) == 1);
    assert_true(fabs(number(linear, 7.5) - 6) < 1e-12);
    assert_true(number(linear, 10) == 11);
    assert_true(number(linear, 20) == 11);
    static const char power[] = "[\"interpolate\", [\"exponential\", 2], [\"zoom\"], 0, 0, 2, 3]";
    assert_true(fabs(number(power, 1) - 1) < 1e-12); /* (2^1 - 1) / (2^2 - 1) x 3 */
}

static void test_colours_mix_and_are_read_from_texts(void **state)
{
    (void)state;
    struct value v = value_at("[\"interpolate\", [\"linear\"], [\"zoom\"], 0, \"#000000\", 10, "
                              "\"#ffffff\"]",
                              VALUE_COLOUR, 5);
    assert_int_equal(v.type, VALUE_COLOUR);
    assert_true(fabs(v.as.colour.g - 127.5) < 1e-9);
    v = value_at("[\"rgba\", 255, 165, 0, 0.5]", VALUE_COLOUR, 5);
    assert_true(v.as.colour.r == 255 && v.as.colour.g == 165 && v.as.colour.a == 0.5);
    v = value_at("[\"rgb\", 0, 0, [\"get\", \"grade\"]]", VALUE_COLOUR, 5);
    assert_true(v.as.colour.b == 2 && v.as.colour.a == 1);
    v = value_at("[\"get\", \"paint\"]", VALUE_COLOUR, 5);
    assert_true(v.as.colour.r == 16 && v.as.colour.g == 32 && v.as.colour.b == 48);
    assert_int_equal(value_at("[\"get\", \"name\"]", VALUE_COLOUR, 5).type, VALUE_ERROR);
    assert_refused("[\"rgb\", 300, -1, 7]", VALUE_COLOUR, "these constants have no result");
    assert_refused("\"reddish\"", VALUE_COLOUR, "\"reddish\" is not a colour");
    assert_refused("[\"match\", 1, 1, \"#12345\", \"#fff\"]", VALUE_COLOUR, "#12345");
}

static void test_text_is_joined_as_javascript_would(void **state)
{
    (void)state;
    assert_string_equal(text("[\"concat\", [\"get\", \"name\"], \" \", [\"get\", \"grade\"]]"),
                        "银川市 2");
    assert_string_equal(text("[\"concat\", \"a\", [\"get\", \"population\"], true]"), "atrue");
    assert_string_equal(text("[\"to-string\", 0.1]"), "0.1");
    assert_string_equal(text("[\"to-string\", 1200000]"), "1200000");
    assert_string_equal(text("[\"to-string\", [\"get\", \"population\"]]"), "");
}

static void test_numbers_are_written_as_a_browser_does(void **state)
{
    static const struct {
        const char *number, *options, *text;
    } cases[] = {{"1234567.8915", "{}", "1,234,567.892"},
                 {"0.0005", "{}", "0.001"},
                 {"999.9995", "{}", "1,000"},
                 {"2.5", "{\"max-fraction-digits\": [\"literal\", 0]}", "3"},
                 {"1.005", "{\"max-fraction-digits\": 2}", "1.01"},
                 {"0.04", "{\"max-fraction-digits\": 1}", "0"},
                 {"0.05", "{\"max-fraction-digits\": 1}", "0.1"},
                 {"12", "{\"min-fraction-digits\": 5}", "12.00000"},
                 {"-1234.5", "{\"locale\": \"zh-CN\"}", "-1,234.5"},
                 {"1234.5", "{\"locale\": \"zh-CN-u-nu-hanidec\"}", "一,二三四.五"},
                 {"20", "{\"locale\": \"zh-Hans-CN-u-nu-hanidec\"}", "二〇"},
                 {"1e21", "{}", "1,000,000,000,000,000,000,000"}};
    char json[256];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(json, sizeof json, "[\"number-format\", %s, %s]", cases[i].number,
                 cases[i].options);
        assert_string_equal(text(json), cases[i].text);
    }
    assert_string_equal(text("[\"number-format\", [\"get\", \"grade\"], {}]"), "2");
    assert_true(is_error("[\"number-format\", [\"get\", \"name\"], {}]"));
    assert_refused("[\"number-format\", 1, {\"locale\": \"ar\"}]", VALUE_ANY, "locale: must be");
    assert_refused("[\"number-format\", 1, {\"currency\": \"CNY\"}]", VALUE_ANY,
                   "currency: is not an option");
    assert_refused("[\"number-format\", 1, {\"max-fraction-digits\": 21}]", VALUE_ANY,
                   "from 0 to 20");
    assert_refused("[\"number-format\", 1, {\"max-fraction-digits\": 1, "
                   "\"min-fraction-digits\": 2}]",
                   VALUE_ANY, "is above");
    assert_refused("[\"number-format\", 1, {\"max-fraction-digits\": 0}]", VALUE_ANY,
                   "[\"literal\", 0]");
    assert_refused("[\"number-format\", 1, 2]", VALUE_ANY, "must be an object");
    assert_string_equal(text("[\"to-string\", 1e21]"), "1e+21");
    assert_string_equal(text("[\"to-string\", 1.2345678901234568e20]"), "123456789012345680000");
    assert_string_equal(text("[\"to-string\", 1.5e-7]"), "1.5e-7");
    assert_string_equal(text("[\"to-string\", 0.000001]"), "0.000001");
    assert_string_equal(text("[\"to-string\", -0.5]"), "-0.5");
    assert_string_equal(text("[\"to-string\", [\"rgba\", 1, 2, 3, 0.5]]"), "rgba(1,2,3,0.5)");
}

static void test_a_text_may_hold_another(void **state)
{
    (void)state;
    assert_true(truth("[\"in\", \"川\", [\"get\", \"name\"]]"));
    assert_false(truth("[\"in\", \"固\", [\"get\", \"name\"]]"));
    assert_false(truth("[\"in\", \"a\", [\"get\", \"population\"]]"));
    assert_true(is_error("[\"in\", \"a\", [\"get\", \"grade\"]]"));
}

static void test_what_costs_too_much_for_a_feature_is_refused(void **state)
{
    (void)state;
    static char json[400000];
    struct expr *expr;
    struct err err;
    /* 400 conditions are 1,201 nodes; a match over 3,000 codes looks at three. */
    strcpy(json, "[\"case\"");
    for (int i = 0; i < 400; i++)
        strcat(json, ",[\"has\",\"a\"],1");
    strcat(json, ",2]");
    assert_int_equal(compile(json, VALUE_NUMBER, &expr, &err), ERR_OK);
    char *at = stpcpy(json, "[\"case\"");
    for (int i = 0; i < 400; i++)
        at = stpcpy(at, ",[\"!\",[\"!\",[\"has\",\"a\"]]],1");
    stpcpy(at, ",2]");
    assert_int_equal(compile(json, VALUE_NUMBER, &expr, &err), ERR_LIMIT);
    assert_non_null(strstr(err.message, "more than 1000 steps"));
    at = stpcpy(json, "[\"match\",[\"get\",\"grade\"]");
    for (int i = 3000; i > 0; i--)
        at += sprintf(at, ",%d,%d", i, i * 2);
    stpcpy(at, ",0]");
    assert_true(number(json, 0) == 4);
}

static enum expr_zoom zoom_of(const char *json)
{
    struct expr *expr;
    struct err err;
    assert_int_equal(compile(json, VALUE_ANY, &expr, &err), ERR_OK);
    return expr_zoom(expr);
}

static void test_where_the_zoom_is_looked_at_is_known(void **state)
{
    (void)state;
    assert_int_equal(zoom_of("[\"get\", \"a\"]"), EXPR_ZOOM_NOWHERE);
    assert_int_equal(zoom_of("[\"step\", [\"zoom\"], 1, 5, [\"get\", \"a\"]]"), EXPR_ZOOM_STEPS);
    assert_int_equal(zoom_of("[\"interpolate\", [\"linear\"], [\"zoom\"], 1, 5, 2, 6]"),
                     EXPR_ZOOM_CURVE);
    assert_int_equal(zoom_of("[\"coalesce\", [\"get\", \"a\"], [\"step\", [\"zoom\"], 1, 5, 2]]"),
                     EXPR_ZOOM_STEPS);
    assert_int_equal(zoom_of("[\"zoom\"]"), EXPR_ZOOM_ELSEWHERE);
    assert_int_equal(zoom_of("[\"case\", [\"has\", \"a\"], [\"step\", [\"zoom\"], 1, 5, 2], 3]"),
                     EXPR_ZOOM_ELSEWHERE);
    assert_int_equal(zoom_of("[\"step\", [\"zoom\"], 1, 5, [\"zoom\"]]"), EXPR_ZOOM_ELSEWHERE);
}

static void test_coalesce_gives_the_first_that_is_there(void **state)
{
    (void)state;
    assert_true(number("[\"coalesce\", [\"get\", \"population\"], [\"get\", \"grade\"], 9]", 0) ==
                2);
    assert_true(is_null("[\"coalesce\", [\"get\", \"population\"]]"));
}

static void test_what_is_not_supported_is_named(void **state)
{
    (void)state;
    assert_refused("[\"heatmap-density\"]", VALUE_ANY, "\"heatmap-density\" is not an expression");
    assert_refused("[\"all\", [\"within\", 1]]", VALUE_BOOL, "in \"all\": \"within\"");
    assert_refused("[]", VALUE_ANY, "begins with its operator's name");
    assert_refused("[[\"get\", \"a\"]]", VALUE_ANY, "begins with its operator's name");
    assert_refused("[\"get\"]", VALUE_ANY, "has 0 arguments");
    assert_refused("[\"get\", 5]", VALUE_ANY, "name of a property");
    assert_refused("{\"stops\": [[1, 2]]}", VALUE_NUMBER, "a list or object");
}

static void test_types_are_checked_when_compiled(void **state)
{
    (void)state;
    assert_refused("\"thick\"", VALUE_NUMBER, "gives a text where a number belongs");
    assert_refused("[\"all\", 1]", VALUE_BOOL, "gives a number where true or false belongs");
    assert_refused("[\"step\", \"x\", 1, 2, 3]", VALUE_ANY, "gives a text where a number belongs");
    assert_refused("[\"interpolate\", [\"linear\"], [\"zoom\"], 1, \"a\", 2, \"b\"]", VALUE_STRING,
                   "only numbers and colours");
    assert_refused("[\"interpolate\", [\"cubic-bezier\", 0, 0, 1, 1], [\"zoom\"], 1, 1, 2, 2]",
                   VALUE_NUMBER, "curve");
    assert_refused("[\"step\", [\"zoom\"], 1, 5, 2, 5, 3]", VALUE_NUMBER, "stops must rise");
    assert_refused("[\"step\", [\"zoom\"], 1, 5, 2, 6]", VALUE_NUMBER, "no output");
}

static void test_nesting_is_bounded(void **state)
{
    (void)state;
    for (int deep = 30; deep <= 33; deep++) {
        char json[1024] = "";
        struct expr *expr;
        struct err err;
        for (int i = 0; i < deep; i++)
            strcat(json, "[\"!\",");
        strcat(json, "true");
        for (int i = 0; i < deep; i++)
            strcat(json, "]");
        enum err_code code = compile(json, VALUE_BOOL, &expr, &err);
        assert_int_equal(code, deep < 32 ? ERR_OK : ERR_LIMIT);
    }
}

static unsigned depends(const char *json)
{
    struct expr *expr;
    struct err err;
    assert_int_equal(compile(json, VALUE_ANY, &expr, &err), ERR_OK);
    return expr_depends(expr);
}

static void test_what_an_expression_looks_at_is_known(void **state)
{
    (void)state;
    assert_int_equal(depends("5"), 0);
    assert_int_equal(depends("[\"zoom\"]"), EXPR_ZOOM);
    assert_int_equal(depends("[\"has\", \"a\"]"), EXPR_FEATURE);
    assert_int_equal(depends("[\"step\", [\"zoom\"], 1, 5, [\"get\", \"grade\"]]"),
                     EXPR_ZOOM | EXPR_FEATURE);
}

static void test_every_path_out_of_memory_is_an_error(void **state)
{
    static const char json[] =
        "[\"match\", [\"concat\", \"a\", [\"get\", \"name\"]], [\"a\", \"b\"], "
        "[\"interpolate\", [\"linear\"], [\"zoom\"], 1, 1, 2, 2], 3]";
    (void)state;
    struct json *root;
    struct err err;
    assert_int_equal(jr_parse(json, strlen(json), &root, &err), ERR_OK);
    bool done = false;
    for (size_t limit = 16; !done; limit += 16) {
        struct arena small;
        struct expr *expr;
        arena_init(&small, limit);
        enum err_code code = expr_compile(root, VALUE_NUMBER, &small, &expr, &err);
        assert_true(code == ERR_OK || code == ERR_MEMORY);
        done = code == ERR_OK;
        arena_release(&small);
        assert_true(limit < 1 << 16);
    }
    jr_free(root);
}

static void test_colour_notations(void **state)
{
    static const struct {
        const char *text;
        double r, g, b, a;
    } good[] = {{"#f80", 255, 136, 0, 1},
                {"#ff8800", 255, 136, 0, 1},
                {"#ff880080", 255, 136, 0, 128 / 255.0},
                {"rgb(1, 2,3)", 1, 2, 3, 1},
                {"rgba(1,2,3,0.25)", 1, 2, 3, 0.25},
                {"rgb(100%, 0%, 50%)", 255, 0, 127.5, 1},
                {"hsl(120, 100%, 50%)", 0, 255, 0, 1},
                {"hsla(0, 100%, 50%, 0.5)", 255, 0, 0, 0.5},
                {"Orange", 255, 165, 0, 1},
                {"transparent", 0, 0, 0, 0}};
    static const char *const bad[] = {
        "",           "#",           "#12",       "#1234567",       "#ggg",
        "rgb(1,2)",   "rgb(1,2,3",   "rgb 1,2,3", "rgb(1,2,3,4,5)", "rgb(a,b,c)",
        "hsl(1,2,3)", "rgbx(1,2,3)", "nored"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct colour c;
        assert_true(colour_parse(good[i].text, &c));
        assert_true(fabs(c.r - good[i].r) < 0.01 && fabs(c.g - good[i].g) < 0.01 &&
                    fabs(c.b - good[i].b) < 0.01 && fabs(c.a - good[i].a) < 0.001);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct colour c;
        if (colour_parse(bad[i], &c))
            fail_msg("\"%s\" was taken for a colour", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get_gives_the_property_or_null),
        cmocka_unit_test(test_comparisons_on_either_side),
        cmocka_unit_test(test_values_of_different_types_are_not_equal_and_have_no_order),
        cmocka_unit_test(test_logic_takes_nothing_but_yes_and_no),
        cmocka_unit_test(test_in_looks_through_its_list),
        cmocka_unit_test(test_case_and_match_choose_the_first_that_fits),
        cmocka_unit_test(test_step_changes_at_its_stop),
        cmocka_unit_test(test_interpolate_is_linear_or_exponential_between_its_stops),
        cmocka_unit_test(test_colours_mix_and_are_read_from_texts),
        cmocka_unit_test(test_text_is_joined_as_javascript_would),
        cmocka_unit_test(test_numbers_are_written_as_a_browser_does),
        cmocka_unit_test(test_a_text_may_hold_another),
        cmocka_unit_test(test_what_costs_too_much_for_a_feature_is_refused),
        cmocka_unit_test(test_where_the_zoom_is_looked_at_is_known),
        cmocka_unit_test(test_coalesce_gives_the_first_that_is_there),
        cmocka_unit_test(test_what_is_not_supported_is_named),
        cmocka_unit_test(test_types_are_checked_when_compiled),
        cmocka_unit_test(test_nesting_is_bounded),
        cmocka_unit_test(test_what_an_expression_looks_at_is_known),
        cmocka_unit_test(test_every_path_out_of_memory_is_an_error),
        cmocka_unit_test(test_colour_notations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
