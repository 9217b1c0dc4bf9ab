/* test_params.c - paths and queries of requests, read strictly. */
#include "tiler/answers/params.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct params params;
    struct path path;
    struct err err;
};

static int open_fixture(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof fixture);
    arena_init(&fixture.arena, 0);
    *state = &fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;
    arena_release(&f->arena);
    return 0;
}

static enum err_code parse(struct fixture *f, const char *query)
{
    return params_parse(query, &f->arena, &f->params, &f->err);
}

static void test_params_decodes_escapes_and_plus(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "name=%E5%9B%9B%e8%89%b2+%2B&x=1&&y="), ERR_OK);
    assert_int_equal(f->params.n, 3);
    assert_string_equal(params_text(&f->params, "name"), "四色 +");
    assert_string_equal(params_text(&f->params, "y"), "");
    assert_null(params_text(&f->params, "z"));
    assert_int_equal(parse(f, NULL), ERR_OK);
    assert_int_equal(f->params.n, 0);
}

static void test_params_refuses_what_it_does_not_understand(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *query;
        const char *says;
    } bad[] = {
        {"a=%", "broken escape"},
        {"a=%4", "broken escape"},
        {"a=%G0", "broken escape"},
        {"a=%0G", "broken escape"},
        {"a=%00", "control character"},
        {"a=%0A", "control character"},
        {"a=%FF", "not UTF-8"},
        {"a=%C0%80", "not UTF-8"},
        {"a", "a has no value"},
        {"a=1&a=2", "a is given twice"},
        {"a=1&%61=2", "a is given twice"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(parse(f, bad[i].query), ERR_USAGE);
        assert_non_null(strstr(f->err.message, bad[i].says));
    }
}

static void test_params_takes_sixteen_and_refuses_seventeen(void **state)
{
    struct fixture *f = *state;
    char query[256] = "";
    for (int i = 0; i < PARAMS_MOST; i++)
        snprintf(query + strlen(query), sizeof query - strlen(query), "p%d=1&", i);
    assert_int_equal(parse(f, query), ERR_OK);
    strcat(query, "last=1");
    assert_int_equal(parse(f, query), ERR_USAGE);
}

static void test_params_unknown_names_get_a_suggestion(void **state)
{
    struct fixture *f = *state;
    static const char *const known[] = {"lon", "lat", "radius_m", NULL};
    assert_int_equal(parse(f, "lon=1&lat=2&radius_m=3"), ERR_OK);
    assert_int_equal(params_known(&f->params, known, &f->err), ERR_OK);
    assert_int_equal(parse(f, "lon=1&radius=3"), ERR_OK);
    assert_int_equal(params_known(&f->params, known, &f->err), ERR_USAGE);
    assert_non_null(strstr(f->err.message, "did you mean radius_m?"));
    assert_int_equal(parse(f, "whatever_else=3"), ERR_OK);
    assert_int_equal(params_known(&f->params, known, &f->err), ERR_USAGE);
    assert_non_null(strstr(f->err.message, "lon, lat, radius_m"));
    assert_int_equal(params_known(&f->params, NULL, &f->err), ERR_USAGE);
    assert_non_null(strstr(f->err.message, "none is known here"));
}

static void test_params_real_takes_its_limits_and_nothing_beyond(void **state)
{
    struct fixture *f = *state;
    double value = 7;
    static const struct {
        const char *query;
        enum err_code code;
    } cases[] = {
        {"r=1", ERR_OK},      {"r=5", ERR_OK},      {"r=0.999", ERR_USAGE}, {"r=5.001", ERR_USAGE},
        {"r=nan", ERR_USAGE}, {"r=inf", ERR_USAGE}, {"r=1e999", ERR_USAGE}, {"r=5O", ERR_USAGE},
        {"r=", ERR_USAGE},    {"r=0x2", ERR_USAGE}, {"r=+2", ERR_USAGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(parse(f, cases[i].query), ERR_OK);
        assert_int_equal(params_real(&f->params, "r", true, 1, 5, &value, &f->err), cases[i].code);
    }
    assert_int_equal(parse(f, "s=1"), ERR_OK);
    value = 7;
    assert_int_equal(params_real(&f->params, "r", false, 1, 5, &value, &f->err), ERR_OK);
    assert_true(value == 7);
    assert_int_equal(params_real(&f->params, "r", true, 1, 5, &value, &f->err), ERR_USAGE);
    assert_non_null(strstr(f->err.message, "r is missing"));
}

static void test_params_point_needs_both_inside_the_world(void **state)
{
    struct fixture *f = *state;
    struct lonlat point;
    assert_int_equal(parse(f, "lon=-180&lat=90"), ERR_OK);
    assert_int_equal(params_point(&f->params, &point, &f->err), ERR_OK);
    assert_true(point.lon_deg == -180 && point.lat_deg == 90);
    assert_int_equal(parse(f, "lon=106"), ERR_OK);
    assert_int_equal(params_point(&f->params, &point, &f->err), ERR_USAGE);
    assert_int_equal(parse(f, "lon=180.0001&lat=0"), ERR_OK);
    assert_int_equal(params_point(&f->params, &point, &f->err), ERR_USAGE);
}

static void test_params_bbox_wants_four_ordered_numbers(void **state)
{
    struct fixture *f = *state;
    struct box box;
    bool given;
    assert_int_equal(parse(f, "bbox=106,38,107,39"), ERR_OK);
    assert_int_equal(params_bbox(&f->params, &given, &box, &f->err), ERR_OK);
    assert_true(given && box.west_deg == 106 && box.north_deg == 39);
    static const char *const bad[] = {
        "bbox=",           "bbox=1,2,3",         "bbox=1,2,3,4,5",
        "bbox=1,2,x,4",    "bbox=107,38,106,39", "bbox=106,39,107,38",
        "bbox=-181,0,0,1", "bbox=1,2,3,",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(parse(f, bad[i]), ERR_OK);
        assert_int_equal(params_bbox(&f->params, &given, &box, &f->err), ERR_USAGE);
    }
    assert_int_equal(parse(f, ""), ERR_OK);
    assert_int_equal(params_bbox(&f->params, &given, &box, &f->err), ERR_OK);
    assert_false(given);
}

static void test_params_grades_lists_some_or_all(void **state)
{
    struct fixture *f = *state;
    bool wanted[5];
    assert_int_equal(parse(f, ""), ERR_OK);
    assert_int_equal(params_grades(&f->params, wanted, &f->err), ERR_OK);
    assert_true(wanted[0] && wanted[4]);
    assert_int_equal(parse(f, "grade=1,2"), ERR_OK);
    assert_int_equal(params_grades(&f->params, wanted, &f->err), ERR_OK);
    assert_true(wanted[1] && wanted[2] && !wanted[0] && !wanted[3] && !wanted[4]);
    static const char *const bad[] = {"grade=5", "grade=", "grade=1,", "grade=red", "grade=11"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(parse(f, bad[i]), ERR_OK);
        assert_int_equal(params_grades(&f->params, wanted, &f->err), ERR_USAGE);
    }
}

static void test_path_is_cut_before_it_is_decoded(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(path_parse("/v1/units/a%2Fb", &f->arena, &f->path, &f->err), ERR_OK);
    assert_int_equal(f->path.n, 3);
    assert_string_equal(f->path.segments[2], "a/b");
    assert_int_equal(path_parse("/", &f->arena, &f->path, &f->err), ERR_OK);
    assert_int_equal(f->path.n, 0);
    assert_int_equal(path_parse("/a/../b", &f->arena, &f->path, &f->err), ERR_OK);
    assert_string_equal(f->path.segments[1], "..");
}

static void test_path_refuses_empty_and_endless_ones(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {"//", "/a//b", "/a/", "/1/2/3/4/5/6/7/8/9"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(path_parse(bad[i], &f->arena, &f->path, &f->err), ERR_NOT_FOUND);
    assert_int_equal(path_parse("*", &f->arena, &f->path, &f->err), ERR_USAGE);
    assert_int_equal(path_parse("/%zz", &f->arena, &f->path, &f->err), ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_params_decodes_escapes_and_plus, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(test_params_refuses_what_it_does_not_understand,
                                        open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(test_params_takes_sixteen_and_refuses_seventeen,
                                        open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(test_params_unknown_names_get_a_suggestion, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(test_params_real_takes_its_limits_and_nothing_beyond,
                                        open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(test_params_point_needs_both_inside_the_world, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(test_params_bbox_wants_four_ordered_numbers, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(test_params_grades_lists_some_or_all, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(test_path_is_cut_before_it_is_decoded, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(test_path_refuses_empty_and_endless_ones, open_fixture,
                                        close_fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
