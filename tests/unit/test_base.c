/* test_base.c - errors, arenas, buffers, text, JSON and CSV. */
#include "data/base/arena.h"
#include "data/base/buf.h"
#include "data/base/csv.h"
#include "data/base/err.h"
#include "data/base/hash.h"
#include "data/base/json.h"
#include "data/base/map.h"
#include "data/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_err_message_is_one_line_and_cut_at_a_character(void **state)
{
    (void)state;
    struct err err;
    char longer[4 * ERR_MESSAGE_BYTES];
    for (size_t i = 0; i + 3 < sizeof longer; i += 3)
        memcpy(longer + i, "\xE5\x9B\xBE", 4);
    assert_int_equal(err_set(&err, ERR_INPUT, "a\n%s", longer), ERR_INPUT);
    assert_null(strchr(err.message, '\n'));
    assert_true(text_is_utf8(err.message, strlen(err.message)));
    assert_true(strlen(err.message) > ERR_MESSAGE_BYTES - 8);
}

/* A limit in the middle of a message may fall within a character; a file may be in GBK. */
static void test_err_message_is_utf8_whatever_goes_in(void **state)
{
    (void)state;
    struct err err;
    err_set(&err, ERR_INPUT, "field \"%.4s\" is no number", "\xE5\x9B\x9B\xE8\x89\xB2");
    assert_string_equal(err.message, "field \"\xE5\x9B\x9B?\" is no number");
    err_wrap(&err, "layer %.2s", "\xE5\x9B\xBE");
    assert_string_equal(err.message, "layer ?: field \"\xE5\x9B\x9B?\" is no number");
    err_set(&err, ERR_INPUT, "value \"%s\"", "\xC4\xFA x");
    assert_string_equal(err.message, "value \"? x\"");
    char full[ERR_MESSAGE_BYTES];
    for (size_t cut = 0; cut < 4; cut++) {
        memset(full, 'a', sizeof full);
        memcpy(full + sizeof full - 4, "\xF0\xA0\x80\x80", 4 - cut);
        full[sizeof full - 1 - (cut == 3)] = '\0';
        err_set(&err, ERR_INPUT, "%s", full);
        assert_true(text_is_utf8(err.message, strlen(err.message)));
    }
    char mended[] = "\x80\x80z\xE5\x9B";
    text_mend(mended);
    assert_string_equal(mended, "?z?");
}

static void test_err_wrap_keeps_code_and_puts_context_first(void **state)
{
    (void)state;
    struct err err;
    err_set(&err, ERR_BUSY, "locked");
    assert_int_equal(err_wrap(&err, "layer %s", "zones"), ERR_BUSY);
    assert_string_equal(err.message, "layer zones: locked");
}

static void test_arena_refuses_what_passes_its_limit(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1000);
    assert_non_null(arena_alloc(&arena, 10, 50));
    assert_null(arena_alloc(&arena, 10, 50));
    assert_null(arena_alloc(&arena, SIZE_MAX / 2, 4));
    arena_reset(&arena);
    assert_non_null(arena_alloc(&arena, 10, 50));
    arena_release(&arena);
}

static void test_arena_gives_zeroed_memory_after_reset(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    char *dirty = arena_alloc(&arena, 64, 1);
    memset(dirty, 0xFF, 64);
    arena_reset(&arena);
    const char *clean = arena_alloc(&arena, 64, 1);
    for (int i = 0; i < 64; i++)
        assert_int_equal(clean[i], 0);
    arena_release(&arena);
}

static void test_an_arena_with_a_reserve_asks_for_it_once(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    arena_reserve(&arena, 4 << 20);
    char *first = arena_alloc(&arena, 1 << 20, 1);
    for (int round = 0; round < 20; round++) {
        arena_reset(&arena);
        assert_ptr_equal(arena_alloc(&arena, 1 << 20, 1), first);
        assert_true(arena_alloc(&arena, 2 << 20, 1) == first + (1 << 20));
        memset(first, 0xFF, 1 << 20);
    }
    arena_reserve(&arena, 64 << 20); /* it has a chunk: nothing happens */
    assert_true(arena_alloc(&arena, 1 << 18, 1) == first + (3 << 20));
    assert_int_equal(arena.used_bytes, (3 << 20) + (1 << 18));
    arena_release(&arena);
}

static void test_arena_printf_holds_texts_of_any_length(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    for (int n = 0; n < 600; n += n < 250 || n > 260 ? 7 : 1) { /* about 256 each */
        const char *text = arena_printf(&arena, "%*s%d", n, "", 7);
        assert_int_equal(strlen(text), n + 1);
        assert_int_equal(text[n], '7');
    }
    arena_release(&arena);
}

static void test_arena_rewind_gives_back_what_came_after_the_mark(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 4 << 20);
    struct arena_mark empty = arena_mark(&arena);
    for (int round = 0; round < 100; round++) { /* 300 MB in all through a limit of 4 MB */
        assert_non_null(arena_alloc(&arena, 3 << 20, 1));
        arena_rewind(&arena, empty);
        assert_int_equal(arena.used_bytes, 0);
    }
    char *kept = arena_strdup(&arena, "kept");
    for (int round = 0; round < 100; round++) {
        struct arena_mark mark = arena_mark(&arena);
        assert_non_null(arena_alloc(&arena, 100, 1));
        assert_non_null(arena_alloc(&arena, 3 << 20, 1));
        arena_rewind(&arena, mark);
    }
    assert_string_equal(kept, "kept");
    assert_int_equal(arena.used_bytes, 16);
    arena_release(&arena);
}

static void test_a_text_that_ends_with_another_gets_another_end(void **state)
{
    struct arena arena;
    size_t n = 9;
    (void)state;
    arena_init(&arena, 0);
    assert_true(text_ends("from here to there", "there", &n));
    assert_string_equal(arena_join(&arena, "from here to there", n, "nowhere"),
                        "from here to nowhere");
    assert_true(text_ends("there", "there", &n));
    assert_string_equal(arena_join(&arena, "there", n, ""), "");
    assert_true(text_ends("there", "", &n));
    assert_int_equal(n, 5);
    assert_false(text_ends("here", "there", &n));
    assert_false(text_ends("there is", "there", &n));
    arena_release(&arena);
}

/* Either may be empty; a rewind to before leaves it there, and the next text goes on behind. */
static void test_an_arena_takes_over_what_another_holds(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct arena arena, other;
        arena_init(&arena, 0);
        arena_init(&other, 0);
        const char *mine = i & 1 ? arena_strdup(&arena, "mine") : "mine";
        struct arena_mark mark = arena_mark(&arena);
        char *its = i & 2 ? arena_printf(&other, "%0*d", 100000, 7) : NULL;
        size_t used_bytes = arena.used_bytes + other.used_bytes;
        arena_adopt(&arena, &other);
        assert_int_equal(arena.used_bytes, used_bytes);
        assert_int_equal(other.used_bytes, 0);
        arena_release(&other);
        char *next = arena_strdup(&arena, "next");
        assert_string_equal(mine, "mine");
        assert_string_equal(next, "next");
        assert_true(!its || (strlen(its) == 100000 && its[99999] == '7'));
        if (i & 1)
            arena_rewind(&arena, mark);
        assert_true(!its || its[99999] == '7');
        arena_release(&arena);
    }
}

static void test_text_to_double_takes_numbers_only(void **state)
{
    (void)state;
    double value;
    assert_true(text_to_double("-1.5e3", &value) && value == -1500);
    static const char *const bad[] = {"",     " 5",    "5 ",  "5O",  "nan", "inf",
                                      "0x10", "1e999", "1,5", "--5", "e",   "."};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(text_to_double(bad[i], &value));
}

static void test_text_to_date_knows_the_calendar(void **state)
{
    (void)state;
    int32_t date;
    assert_true(text_to_date("2024-02-29", &date) && date == 20240229);
    assert_false(text_to_date("2023-02-29", &date));
    assert_false(text_to_date("2023-13-01", &date));
    assert_false(text_to_date("2023-1-01", &date));
    assert_false(text_to_date("2023-04-31", &date));
}

/* Wherever it stands: texts are looked at by more than a byte at once. */
static void test_text_is_utf8_sees_each_byte(void **state)
{
    static const char *const right[] = {"\x7F",         "\xC2\x80",         "\xE0\xA0\x80",
                                        "\xE5\x9B\x9B", "\xEC\xBF\xBF",     "\xED\x9F\xBF",
                                        "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"};
    static const char *const wrong[] = {"\x80",         "\xC0\xAF",     "\xE0\x9F\xBF",
                                        "\xE1\x7F\x80", "\xE1\x80\xC0", "\xEC\xBF",
                                        "\xED\xA0\x80", "\xFF",         "\xF4\x90\x80\x80"};
    static const char before[] = "abcdefghijklmnopqrst", after[] = "uvwxyz0123456789ABCD";
    char text[64];
    (void)state;
    for (int i = 0; i < 20 * 20; i++) {
        for (size_t k = 0; k < sizeof right / sizeof right[0]; k++) {
            int n =
                snprintf(text, sizeof text, "%.*s%s%.*s", i / 20, before, right[k], i % 20, after);
            assert_true(text_is_utf8(text, (size_t)n));
            n = snprintf(text, sizeof text, "%.*s%s%.*s", i / 20, before, wrong[k], i % 20, after);
            assert_false(text_is_utf8(text, (size_t)n));
        }
    }
}

static void test_text_is_utf8_refuses_overlong_and_surrogates(void **state)
{
    (void)state;
    assert_true(text_is_utf8("\xE5\x9B\x9B\xE8\x89\xB2", 6));
    assert_false(text_is_utf8("\xC0\xAF", 2));
    assert_false(text_is_utf8("\xED\xA0\x80", 3));
    assert_false(text_is_utf8("\xF4\x90\x80\x80", 4));
    assert_false(text_is_utf8("\xE5\x9B", 2));
}

static void test_json_written_reads_back_equal(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf);
    struct jw jw;
    jw_init(&jw, &buf);
    jw_object(&jw);
    jw_kv_string(&jw, "name", "a\"\\\n\x01\xFF图");
    jw_kv_real(&jw, "third", 1.0 / 3.0);
    jw_kv_fixed(&jw, "m", 12.5000001, 3);
    jw_key(&jw, "list");
    jw_array(&jw);
    jw_integer(&jw, 1);
    jw_bool(&jw, true);
    jw_null(&jw);
    jw_end_array(&jw);
    jw_end_object(&jw);
    struct json *root = NULL;
    struct err err;
    assert_int_equal(jr_parse(buf_text(&buf), buf.n_bytes, &root, &err), ERR_OK);
    assert_string_equal(jr_text(jr_get(root, "name")), "a\"\\\n\x01\xEF\xBF\xBD图");
    assert_true(jr_number(jr_get(root, "third"), 0) == 1.0 / 3.0);
    assert_true(jr_number(jr_get(root, "m"), 0) == 12.5);
    assert_int_equal(jr_count(jr_get(root, "list")), 3);
    jr_free(root);
    buf_release(&buf);
}

static void test_json_errors_name_the_place(void **state)
{
    (void)state;
    struct json *root = NULL;
    struct err err;
    assert_int_equal(jr_parse("{\"a\":1,\n\"a\":2}", 14, &root, &err), ERR_INPUT);
    assert_non_null(strstr(err.message, "line 2"));
    assert_null(root);
    assert_int_equal(jr_parse("\xEF\xBB\xBF", 3, &root, &err), ERR_INPUT);
    assert_int_equal(jr_parse("\xEF\xBB", 2, &root, &err), ERR_INPUT);
}

static void test_json_after_a_byte_order_mark_is_read(void **state)
{
    (void)state;
    static const char text[] = "\xEF\xBB\xBF{\"a\":1}";
    struct json *root = NULL;
    struct err err;
    assert_int_equal(jr_parse(text, sizeof text - 1, &root, &err), ERR_OK);
    assert_int_equal(jr_integer(jr_get(root, "a"), 0), 1);
    jr_free(root);
}

static void test_text_for_people_stays_on_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"", ""},
        {"示例化工 1", "示例化工 1"},
        {"a\nb", "a\\nb"},
        {"\r\n\t", "\\r\\n\\t"},
        {"\x1B[31m\x7F", "\\u{1B}[31m\\u{7F}"},
        {"a\xC2\x85"
         "b\xE2\x80\xA8"
         "c\xE2\x80\xA9",
         "a\\u{85}b\\u{2028}c\\u{2029}"},
        {"\xC2\xA0\xFF", "\xC2\xA0\xFF"}, /* a space that does not break; no UTF-8 */
    };
    struct buf buf;
    buf_init(&buf);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *control = text_control(cases[i].text);
        assert_int_equal(control != NULL, strcmp(cases[i].text, cases[i].shown) != 0);
        buf_clear(&buf);
        buf_add_shown(&buf, cases[i].text);
        assert_string_equal(buf_text(&buf), cases[i].shown);
    }
    buf_clear(&buf);
    buf_say(&buf, "%s, ", "one\ntwo");
    buf_say(&buf, "%d %s\n", 3, "\n");
    buf_say(&buf, "%s\n", "four");
    assert_string_equal(buf_text(&buf), "one\\ntwo, 3 \\n\nfour\n");
    buf_release(&buf);
}

static void test_csv_quotes_lines_and_columns(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct csv csv;
    struct err err;
    static const char text[] = "\xEF\xBB\xBFid,name\n# note\n\n1,\"a,\"\"b\"\"\nc\"\r\n2, x \n";
    assert_int_equal(csv_parse("t.csv", text, sizeof text - 1, &arena, &csv, &err), ERR_OK);
    assert_int_equal(csv.n_rows, 2);
    assert_string_equal(csv.rows[0].cells[1], "a,\"b\"\nc");
    assert_int_equal(csv.rows[0].line, 4);
    assert_int_equal(csv.rows[1].line, 6);
    assert_string_equal(csv.rows[1].cells[1], "x");
    assert_int_equal(csv_column(&csv, "name"), 1);
    assert_int_equal(csv_column(&csv, "no"), -1);
    arena_release(&arena);
}

static void test_csv_refuses_broken_rows_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } bad[] = {
        {"a,b\n1\n", "t.csv:2: 1 cells"},
        {"a,b\n1,\"x\n", "t.csv:2: a quote"},
        {"a,b\n1,\"x\"y\n", "t.csv:2: text after"},
        {"a,a\n", "stands twice"},
        {"", "empty"},
        {"a\n\xFF\n", "not UTF-8"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct arena arena;
        arena_init(&arena, 0);
        struct csv csv;
        struct err err;
        assert_int_equal(csv_parse("t.csv", bad[i].text, strlen(bad[i].text), &arena, &csv, &err),
                         ERR_INPUT);
        assert_non_null(strstr(err.message, bad[i].says));
        arena_release(&arena);
    }
}

static void test_map_finds_each_of_many_keys(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct map map;
    map_init(&map, &arena);
    for (int i = 0; i < 1000; i++) {
        char *key = arena_printf(&arena, "key-%d", i);
        int64_t previous;
        assert_true(map_put(&map, key, i, &previous));
        assert_int_equal(previous, MAP_NONE);
    }
    assert_int_equal(map_get(&map, "key-999"), 999);
    assert_int_equal(map_get(&map, "key-1000"), MAP_NONE);
    assert_int_equal(map_get(&map, NULL), MAP_NONE);
    arena_release(&arena);
}

static void test_hash_is_sha256(void **state)
{
    (void)state;
    char text[HASH_TEXT_BYTES];
    hash_text("abc", 3, text);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_err_message_is_one_line_and_cut_at_a_character),
        cmocka_unit_test(test_err_message_is_utf8_whatever_goes_in),
        cmocka_unit_test(test_err_wrap_keeps_code_and_puts_context_first),
        cmocka_unit_test(test_arena_refuses_what_passes_its_limit),
        cmocka_unit_test(test_arena_gives_zeroed_memory_after_reset),
        cmocka_unit_test(test_an_arena_with_a_reserve_asks_for_it_once),
        cmocka_unit_test(test_arena_printf_holds_texts_of_any_length),
        cmocka_unit_test(test_arena_rewind_gives_back_what_came_after_the_mark),
        cmocka_unit_test(test_an_arena_takes_over_what_another_holds),
        cmocka_unit_test(test_a_text_that_ends_with_another_gets_another_end),
        cmocka_unit_test(test_text_to_double_takes_numbers_only),
        cmocka_unit_test(test_text_to_date_knows_the_calendar),
        cmocka_unit_test(test_text_is_utf8_sees_each_byte),
        cmocka_unit_test(test_text_is_utf8_refuses_overlong_and_surrogates),
        cmocka_unit_test(test_json_written_reads_back_equal),
        cmocka_unit_test(test_json_errors_name_the_place),
        cmocka_unit_test(test_json_after_a_byte_order_mark_is_read),
        cmocka_unit_test(test_text_for_people_stays_on_its_line),
        cmocka_unit_test(test_csv_quotes_lines_and_columns),
        cmocka_unit_test(test_csv_refuses_broken_rows_with_their_line),
        cmocka_unit_test(test_map_finds_each_of_many_keys),
        cmocka_unit_test(test_hash_is_sha256),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
