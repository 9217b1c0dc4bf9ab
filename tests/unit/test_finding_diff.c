/* test_finding_diff.c - two lists of a source are told apart as comparing all with all does;
 * reasons are written as other JSON is. */
#include "data/base/json.h"
#include "geo/findings/finding_diff.h"
#include "geo/findings/finding_pages.h"
#include "geo/findings/reasons.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 300 };

static uint32_t draw(uint64_t *state, uint32_t n)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)((*state >> 33) % n);
}

static struct finding some_finding(uint64_t *state, uint32_t slot)
{
    static const enum finding_kind kinds[] = {FINDING_DISTANCE, FINDING_DISTANCE, FINDING_DISTANCE,
                                              FINDING_BEYOND, FINDING_DENSITY};
    struct finding one;
    memset(&one, 0, sizeof one);
    one.kind = (uint8_t)kinds[draw(state, 5)];
    one.target_slot = slot;
    one.rule = draw(state, 3);
    one.shortfall = draw(state, 2);
    return one;
}

/* Those of `list` that stand in the answer, by asking of each whether the other has it. */
static size_t expected(const struct finding_list *list, const struct finding_list *other,
                       uint32_t out[MOST])
{
    size_t n = 0;
    for (uint32_t k = 0; list && k < list->n; k++) {
        const struct finding *one = finding_list_at(list, k);
        bool has = false;
        for (uint32_t i = 0; other && i < other->n; i++)
            has = has || memcmp(finding_list_at(other, i), one, sizeof *one) == 0;
        if (!has || (one->kind != FINDING_DISTANCE && one->kind != FINDING_BEYOND))
            out[n++] = k;
    }
    return n;
}

static void check(const struct finding_list *before, const struct finding_list *after)
{
    struct arena arena;
    struct finding_diff diff;
    uint32_t was[MOST], is[MOST];
    arena_init(&arena, 0);
    assert_int_equal(finding_diff(before, after, &arena, &diff, NULL), ERR_OK);
    size_t n_was = expected(before, after, was);
    size_t n_is = expected(after, before, is);
    assert_int_equal(diff.n_before, n_was);
    assert_int_equal(diff.n_after, n_is);
    if (n_was > 0)
        assert_memory_equal(diff.before, was, n_was * sizeof *was);
    if (n_is > 0)
        assert_memory_equal(diff.after, is, n_is * sizeof *is);
    arena_release(&arena);
}

static void test_lists_are_told_apart_as_all_against_all_does(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int round = 0; round < 400; round++) {
        struct finding before[MOST], after[MOST];
        uint32_t n = draw(&seed, MOST / 2);
        uint32_t n_after = 0;
        uint32_t changed = round % 4 == 0 ? n : draw(&seed, 4); /* now and then nearly all */
        for (uint32_t i = 0; i < n; i++)
            before[i] = some_finding(&seed, i);
        for (uint32_t i = 0; i < n; i++) {
            bool change = n > 0 && draw(&seed, n) < changed;
            if (change && draw(&seed, 2))
                after[n_after++] = some_finding(&seed, 1000 + i);
            if (!change || draw(&seed, 3) == 0)
                after[n_after++] = before[i];
        }
        struct finding_list *a = finding_list_new(before, n);
        struct finding_list *b = finding_list_new(after, n_after);
        check(a, b);
        check(b, a);
        check(a, a);
        check(a, NULL);
        check(NULL, b);
        finding_list_release(a);
        finding_list_release(b);
    }
    check(NULL, NULL);
}

/* As the writer of all other JSON does it. */
static void write_slowly(struct jw *jw, const struct reason *reason)
{
    jw_object(jw);
    jw_kv_string(jw, "text", reason->text);
    if (reason->zh && *reason->zh)
        jw_kv_string(jw, "zh", reason->zh);
    if (reason->grade > 0)
        jw_kv_integer(jw, "grade", reason->grade);
    if (reason->source && *reason->source)
        jw_kv_string(jw, "source", reason->source);
    for (size_t i = 0; i < REASON_NUMBERS; i++)
        if (reason->numbers[i].name && isfinite(reason->numbers[i].value))
            jw_kv_fixed(jw, reason->numbers[i].name, reason->numbers[i].value, 6);
    jw_end_object(jw);
}

static void test_reasons_are_written_as_other_json_is(void **state)
{
    (void)state;
    enum { TEXTS = 12 };
    static const char *const texts[TEXTS] = {
        "plain",          "with \"quotes\", ] and }", "a\\b\\\"", "中文，。“”（）", "",
        "tab\tand\nline", "cut short \xE4\xB8",       "\xEF\xBC", "½ and 😀",        "\xFF\xFE",
        "é\x01",          "\xED\xA0\x80 \xEF\xBF\xBD"};
    struct arena arena;
    const char *json = NULL, *end = NULL, *again = NULL;
    arena_init(&arena, 0);
    for (size_t i = 0; i < TEXTS; i++) {
        struct buf expected;
        struct jw jw;
        struct reason reasons[2];
        buf_init(&expected);
        jw_init(&jw, &expected);
        jw_array(&jw);
        for (size_t k = 0; k < 2; k++) {
            reasons[k] =
                (struct reason){.text = texts[(i + k) % TEXTS],
                                .zh = texts[(i + 3 + k) % TEXTS],
                                .source = "zones/],[",
                                .grade = (int32_t)(i % 5),
                                .numbers = {{"distance_m", (double)i / 7},
                                            {"margin_m", -1e-7 * (double)i},
                                            {"error_m", i == 3 ? (double)INFINITY : 1e7 + 0.25}}};
            write_slowly(&jw, &reasons[k]);
        }
        jw_end_array(&jw);
        assert_int_equal(reasons_write(reasons, 2, &arena, &json, NULL), ERR_OK);
        assert_string_equal(json, buf_text(&expected));
        /* The end of an array that another leads; and each written before. */
        assert_int_equal(reasons_write_end(reasons + 1, 1, &arena, &end, NULL), ERR_OK);
        assert_string_equal(json + strlen(json) - strlen(end), end);
        assert_true(end[0] == ',' && end[1] == '{');
        assert_int_equal(reasons_quote(reasons, 2, &arena, NULL), ERR_OK);
        assert_int_equal(reasons_write(reasons, 2, &arena, &again, NULL), ERR_OK);
        assert_string_equal(again, json);
        buf_release(&expected);
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_are_told_apart_as_all_against_all_does),
        cmocka_unit_test(test_reasons_are_written_as_other_json_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
