/* test_digits.c - numbers in words against printf, which knows all their digits. */
#include "data/base/arena.h"
#include "data/base/digits.h"
#include "data/base/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t draw(uint64_t *seed, uint64_t below)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return (*seed >> 24) % below;
}

static void assert_fixed(double x, int places)
{
    char text[DIGITS_BYTES], expected[DIGITS_BYTES];
    digits_fixed(x, places, text);
    snprintf(expected, sizeof expected, fabs(x) < DIGITS_MOST ? "%.*f" : "%.*e", places, x);
    assert_string_equal(text, expected);
}

/* Without the zeros at the end, but the same number to the last place. */
static void assert_short(double x, int places)
{
    char text[DIGITS_BYTES], whole[DIGITS_BYTES];
    if (fabs(x) >= DIGITS_MOST)
        return;
    digits_short(x, places, text);
    snprintf(whole, sizeof whole, "%.*f", places, x);
    size_t n = strlen(text);
    const char *point = strchr(text, '.');
    assert_true(strtod(text, NULL) == strtod(whole, NULL));
    assert_true(!point || (text[n - 1] != '0' && text[n - 1] != '.'));
    assert_true(strcmp(text, "0") == 0 || strncmp(text, whole, n) == 0);
    assert_string_not_equal(text, "-0");
}

static void assert_general(double x)
{
    char text[DIGITS_BYTES], expected[DIGITS_BYTES];
    digits_general(x, text);
    snprintf(expected, sizeof expected, "%g", x);
    assert_string_equal(text, expected);
}

static void test_numbers_are_those_of_printf(void **state)
{
    (void)state;
    static const double few[] = {
        0,      0.005,    0.015,       0.995,    1,      1.005,           99.995,       2.675,
        999999, 999999.5, 1e6,         123456.7, 1e8,    0.125,           999999999.99, 0.375,
        1e9,    0.0005,   0.5,         1.5,      2.5,    1e-13,           5e-324,       0.9999995,
        1e12,   123.4565, 999999.4999, 1e300,    1e-300, (double)INFINITY};
    enum { FEW = sizeof few / sizeof few[0] };
    uint64_t seed = 5;
    for (int i = 0; i < 300000; i++) {
        double x =
            i < FEW ? few[i] : (double)draw(&seed, 2000000000) / (double)(1 + draw(&seed, 4000));
        if (i >= FEW && i % 4 < 2)
            x = i % 4 == 0 ? floor(x) : floor(x * 1000) / 1000;
        if (i >= FEW && i % 4 == 2) /* as near to a half of the last place as can be */
            x = (floor(x) + 0.5) / 1000;
        for (int sign = 0; sign < 2; sign++, x = -x) {
            int places = (int)draw(&seed, DIGITS_PLACES + 1);
            assert_fixed(x, places);
            assert_fixed(x, 2 + (i & 1));
            assert_short(x, places);
            assert_general(x);
        }
    }
}

/* Those of JSON have no limit. */
static void test_json_has_the_same_digits(void **state)
{
    (void)state;
    static const struct {
        double value;
        int decimals;
        const char *text;
    } rows[] = {{1234.5, 6, "1234.5"},
                {-0.0000001, 6, "0"},
                {1e9, 3, "1000000000"},
                {-2.5e10, 1, "-25000000000"},
                {1.0 / 3, 14, "0.33333333333333"},
                {0.1, 0, "0"},
                {7, 0, "7"},
                {-1e-9, 8, "0"},
                {(double)NAN, 6, "null"}};
    static const struct {
        int64_t value;
        const char *text;
    } integers[] = {{0, "0"},
                    {-7, "-7"},
                    {INT64_MAX, "9223372036854775807"},
                    {INT64_MIN, "-9223372036854775808"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out;
        struct jw jw;
        buf_init(&out);
        jw_init(&jw, &out);
        jw_fixed(&jw, rows[i].value, rows[i].decimals);
        assert_string_equal(buf_text(&out), rows[i].text);
        buf_release(&out);
    }
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
        struct buf out;
        struct jw jw;
        buf_init(&out);
        jw_init(&jw, &out);
        jw_integer(&jw, integers[i].value);
        assert_string_equal(buf_text(&out), integers[i].text);
        buf_release(&out);
    }
}

static void test_texts_are_put_together(void **state)
{
    (void)state;
    static const char *const texts[] = {"a", "", "bc", "中"};
    struct arena arena;
    arena_init(&arena, 0);
    assert_string_equal(arena_texts(&arena, texts, 4), "abc中");
    assert_string_equal(arena_texts(&arena, texts, 1), "a");
    assert_string_equal(arena_texts(&arena, texts, 0), "");
    arena_release(&arena);
    arena_init(&arena, 16);
    assert_null(arena_texts(&arena, (const char *const[]){"0123456789", "0123456789"}, 2));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_those_of_printf),
        cmocka_unit_test(test_json_has_the_same_digits),
        cmocka_unit_test(test_texts_are_put_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
