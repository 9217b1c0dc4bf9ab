/* The set of styles: found by name, renewed whole when a file changes, kept when one is wrong. */
#include "styles/style_set.h"

#include "data/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char share[64];

static void path_of(const char *name, char out[128])
{
    snprintf(out, 128, "%s/styles/%s.json", share, name);
}

/* Writes a style with this background. */
static void put(const char *file, const char *name, const char *colour)
{
    char path[128], json[512];
    struct err err;
    path_of(file, path);
    snprintf(json, sizeof json,
             "{\"version\": 8, \"name\": \"%s\", \"layers\": [{\"id\": \"a\", \"type\": "
             "\"background\", \"paint\": {\"background-color\": \"%s\"}}]}",
             name, colour);
    if (file_write_atomic(path, json, strlen(json), &err) != ERR_OK)
        fail_msg("%s", err.message);
}

static int set_up(void **state)
{
    (void)state;
    char directory[128];
    strcpy(share, "/tmp/sisetu-styles-XXXXXX");
    assert_non_null(mkdtemp(share));
    snprintf(directory, sizeof directory, "%s/styles", share);
    assert_int_equal(mkdir(directory, 0700), 0);
    setenv("SISETU_SHARE", share, 1);
    put("four-colour", "four-colour", "#ffffff");
    put("dark", "dark", "#000000");
    put("nameless", "", "#111111");
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"four-colour", "dark", "nameless", "own", "twin"};
    char path[128];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        path_of(names[i], path);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/styles", share);
    rmdir(path);
    rmdir(share);
    unsetenv("SISETU_SHARE");
    return 0;
}

static struct style_set *must_load(const char *given)
{
    struct style_set *set;
    struct err err;
    if (style_set_load(given, &set, &err) != ERR_OK)
        fail_msg("%s", err.message);
    return set;
}

static const char *name_at(const struct style_set *set, size_t index)
{
    return style_name(style_set_at(set, index));
}

static void test_four_colour_comes_first_unless_another_is_named(void **state)
{
    (void)state;
    struct style_set *set = must_load(NULL);
    assert_int_equal(style_set_count(set), 3);
    assert_string_equal(name_at(set, 0), "four-colour");
    assert_int_equal(style_set_find(set, NULL), 0);
    assert_string_equal(name_at(set, (size_t)style_set_find(set, "dark")), "dark");
    assert_true(style_set_find(set, "nameless") > 0); /* called as its file is */
    assert_int_equal(style_set_find(set, "print"), -1);
    assert_int_equal(style_set_find(set, ""), -1);
    style_set_release(set);
    set = must_load("dark");
    assert_string_equal(name_at(set, 0), "dark");
    assert_int_equal(style_set_count(set), 3);
    style_set_release(set);
}

static void test_a_style_of_ones_own_stands_before_that_of_its_name(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/own.json", share);
    put("own", "dark", "#222222");
    char inside[128];
    path_of("own", inside);
    assert_int_equal(rename(inside, path), 0);
    struct style_set *set = must_load(path);
    assert_int_equal(style_set_count(set), 3);
    assert_string_equal(style_path(style_set_at(set, 0)), path);
    assert_int_equal(style_set_find(set, "dark"), 0);
    style_set_release(set);
    unlink(path);
}

static void test_two_styles_of_one_name_and_names_of_none_are_refused(void **state)
{
    (void)state;
    struct style_set *set;
    struct err err;
    assert_int_equal(style_set_load("sepia", &set, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "styles/sepia.json"));
    put("twin", "dark", "#333333");
    assert_int_equal(style_set_load(NULL, &set, &err), ERR_INPUT);
    assert_non_null(strstr(err.message, "twin.json: another style is called \"dark\" too"));
    assert_null(set);
}

static void test_a_set_is_renewed_whole_and_shares_what_stayed(void **state)
{
    (void)state;
    struct err err;
    uint64_t seen = 0;
    struct style_set *old = must_load(NULL), *renewed;
    assert_int_equal(style_set_renew(old, &seen, &renewed, &err), ERR_OK);
    assert_null(renewed); /* nothing changed */
    put("dark", "dark", "#010101");
    assert_int_equal(style_set_renew(old, &seen, &renewed, &err), ERR_OK);
    assert_non_null(renewed);
    assert_ptr_equal(style_set_at(renewed, 0), style_set_at(old, 0));
    const struct style *was = style_set_at(old, (size_t)style_set_find(old, "dark"));
    const struct style *is = style_set_at(renewed, (size_t)style_set_find(renewed, "dark"));
    assert_ptr_not_equal(is, was);
    assert_true(style_version(is) != style_version(was));
    style_set_release(old);
    assert_string_equal(name_at(renewed, 0), "four-colour"); /* it outlives its first set */
    style_set_release(renewed);
}

static void test_a_wrong_style_leaves_the_old_set_and_is_told_once(void **state)
{
    (void)state;
    struct err err;
    uint64_t seen = 0;
    struct style_set *old = must_load(NULL), *renewed;
    put("dark", "dark", "no colour");
    assert_int_equal(style_set_renew(old, &seen, &renewed, &err), ERR_INPUT);
    assert_non_null(strstr(err.message, "dark.json: layer \"a\": background-color: \"no colour\""));
    assert_null(renewed);
    assert_int_equal(style_set_renew(old, &seen, &renewed, &err), ERR_OK); /* not read again */
    assert_null(renewed);
    put("dark", "dark", "#020202");
    assert_int_equal(style_set_renew(old, &seen, &renewed, &err), ERR_OK);
    assert_non_null(renewed);
    style_set_release(renewed);
    style_set_release(old);
}

static void test_a_set_of_one_style_is_never_renewed(void **state)
{
    (void)state;
    struct style *style;
    struct style_set *set, *renewed;
    struct err err;
    uint64_t seen = 0;
    assert_int_equal(style_load("dark", &style, &err), ERR_OK);
    assert_int_equal(style_set_of(style, &set, &err), ERR_OK);
    assert_int_equal(style_set_count(set), 1);
    put("dark", "dark", "#020202");
    assert_int_equal(style_set_renew(set, &seen, &renewed, &err), ERR_OK);
    assert_null(renewed);
    style_set_release(set);
}

int main(void)
{
#define SET_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SET_TEST(test_four_colour_comes_first_unless_another_is_named),
        SET_TEST(test_a_style_of_ones_own_stands_before_that_of_its_name),
        SET_TEST(test_two_styles_of_one_name_and_names_of_none_are_refused),
        SET_TEST(test_a_set_is_renewed_whole_and_shares_what_stayed),
        SET_TEST(test_a_wrong_style_leaves_the_old_set_and_is_told_once),
        SET_TEST(test_a_set_of_one_style_is_never_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
