/* test_verdict.c - clear, conflict or undecided, on either side of every limit. */
#include "geo/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { INSIDE = 1, OUTLINE = 0 };

static struct verdict_answer at_50_m(double distance_m, double error_m, enum known_by by,
                                     double radius_m, bool inside)
{
    struct measured measured = {
        .distance_m = distance_m, .by = by, .radius_m = radius_m, .error_m = error_m};
    return verdict_of_limit(50, inside, CONFIDENCE_SURE, &measured, false);
}

static void test_distance_equal_to_the_limit_is_clear(void **state)
{
    (void)state;
    assert_int_equal(at_50_m(49.999, 0, KNOWN_FACILITY, 0, true).verdict, VERDICT_CONFLICT);
    assert_int_equal(at_50_m(50.000, 0, KNOWN_FACILITY, 0, true).verdict, VERDICT_CLEAR);
    assert_int_equal(at_50_m(50.001, 0, KNOWN_FACILITY, 0, true).verdict, VERDICT_CLEAR);
}

static void test_decisions_compare_at_a_tenth_of_a_millimetre(void **state)
{
    (void)state;
    assert_int_equal(at_50_m(49.99996, 0, KNOWN_FACILITY, 0, true).verdict, VERDICT_CLEAR);
    assert_int_equal(at_50_m(49.99994, 0, KNOWN_FACILITY, 0, true).verdict, VERDICT_CONFLICT);
    assert_int_equal(at_50_m(49.9999, 0, KNOWN_FACILITY, 0, true).verdict, VERDICT_CONFLICT);
}

static void test_accuracy_leaves_a_band_around_the_limit_undecided(void **state)
{
    (void)state;
    assert_int_equal(at_50_m(51.9999, 2, KNOWN_FACILITY, 0, true).verdict, VERDICT_UNDECIDED);
    assert_int_equal(at_50_m(52, 2, KNOWN_FACILITY, 0, true).verdict, VERDICT_CLEAR);
    assert_int_equal(at_50_m(48, 2, KNOWN_FACILITY, 0, true).verdict, VERDICT_UNDECIDED);
    assert_int_equal(at_50_m(47.9999, 2, KNOWN_FACILITY, 0, true).verdict, VERDICT_CONFLICT);
    struct verdict_answer answer = at_50_m(51, 2, KNOWN_FACILITY, 0, true);
    assert_int_equal(answer.by, UNDECIDED_POSITION);
    assert_float_equal(answer.decides_below_m, 1, 1e-9);
    answer = at_50_m(49.25, 2, KNOWN_FACILITY, 0, true);
    assert_float_equal(answer.decides_below_m, 0.75, 1e-9);
    assert_float_equal(answer.margin_m, -0.75, 1e-9);
}

static void test_outline_alone_never_makes_a_conflict_of_a_rule_from_inside(void **state)
{
    (void)state;
    struct verdict_answer answer = at_50_m(10, 1, KNOWN_OUTLINE, 0, INSIDE);
    assert_int_equal(answer.verdict, VERDICT_UNDECIDED);
    assert_int_equal(answer.by, UNDECIDED_OUTLINE);
    assert_true(isinf(answer.high_m));
    assert_int_equal(at_50_m(51, 1, KNOWN_OUTLINE, 0, INSIDE).verdict, VERDICT_CLEAR);
    assert_int_equal(at_50_m(50.9, 1, KNOWN_OUTLINE, 0, INSIDE).by, UNDECIDED_POSITION);
    assert_int_equal(at_50_m(10, 1, KNOWN_OUTLINE, 0, OUTLINE).verdict, VERDICT_CONFLICT);
}

static void test_point_plant_is_as_near_as_its_radius_allows(void **state)
{
    (void)state;
    /* from the outline the distance lies in [d - r, d] */
    assert_int_equal(at_50_m(150, 0, KNOWN_POINT, 100, OUTLINE).verdict, VERDICT_CLEAR);
    assert_int_equal(at_50_m(149.9, 0, KNOWN_POINT, 100, OUTLINE).by, UNDECIDED_RADIUS);
    assert_int_equal(at_50_m(49.9, 0, KNOWN_POINT, 100, OUTLINE).verdict, VERDICT_CONFLICT);
    /* from inside in [d - r, d + r] */
    assert_int_equal(at_50_m(49.9, 0, KNOWN_POINT, 100, INSIDE).verdict, VERDICT_UNDECIDED);
    assert_int_equal(at_50_m(150, 0, KNOWN_POINT, 100, INSIDE).verdict, VERDICT_CLEAR);
    assert_int_equal(at_50_m(29.9, 0, KNOWN_POINT, 20, INSIDE).verdict, VERDICT_CONFLICT);
    struct verdict_answer answer = at_50_m(30, 0, KNOWN_POINT, 100, INSIDE);
    assert_float_equal(answer.low_m, 0, 0);
    assert_float_equal(answer.high_m, 130, 1e-9);
}

static void test_half_width_of_a_road_comes_off_its_centre_line(void **state)
{
    (void)state;
    struct measured measured = {.distance_m = 55.9, .by = KNOWN_FACILITY, .target_half_width_m = 6};
    assert_int_equal(verdict_of_limit(50, true, CONFIDENCE_SURE, &measured, false).verdict,
                     VERDICT_CONFLICT);
    measured.distance_m = 56;
    assert_int_equal(verdict_of_limit(50, true, CONFIDENCE_SURE, &measured, false).verdict,
                     VERDICT_CLEAR);
}

static void test_neighbouring_plant_known_by_a_point_may_be_nearer(void **state)
{
    (void)state;
    struct measured measured = {.distance_m = 79.9, .by = KNOWN_FACILITY, .target_radius_m = 30};
    struct verdict_answer answer = verdict_of_limit(50, true, CONFIDENCE_SURE, &measured, false);
    assert_int_equal(answer.verdict, VERDICT_UNDECIDED);
    assert_int_equal(answer.by, UNDECIDED_RADIUS);
    measured.distance_m = 80;
    assert_int_equal(verdict_of_limit(50, true, CONFIDENCE_SURE, &measured, false).verdict,
                     VERDICT_CLEAR);
    measured.distance_m = 49;
    assert_int_equal(verdict_of_limit(50, true, CONFIDENCE_SURE, &measured, false).verdict,
                     VERDICT_CONFLICT);
}

static void test_unsure_row_makes_undecided_what_would_be_a_conflict(void **state)
{
    (void)state;
    static const enum confidence unsure[] = {CONFIDENCE_UNVERIFIED, CONFIDENCE_DESIGN,
                                             CONFIDENCE_PRACTICE};
    struct measured measured = {.distance_m = 10, .by = KNOWN_FACILITY};
    for (size_t i = 0; i < 3; i++) {
        struct verdict_answer answer = verdict_of_limit(50, true, unsure[i], &measured, false);
        assert_int_equal(answer.verdict, VERDICT_UNDECIDED);
        assert_int_equal(answer.by, UNDECIDED_CONFIDENCE);
    }
    assert_int_equal(verdict_of_limit(50, true, CONFIDENCE_LIKELY, &measured, false).verdict,
                     VERDICT_CONFLICT);
    measured.distance_m = 51;
    assert_int_equal(verdict_of_limit(50, true, CONFIDENCE_UNVERIFIED, &measured, false).verdict,
                     VERDICT_CLEAR);
}

static void test_missing_attribute_is_never_clear_nor_conflict_within_the_limit(void **state)
{
    (void)state;
    struct measured measured = {.distance_m = 10, .by = KNOWN_FACILITY};
    struct verdict_answer answer = verdict_of_limit(50, true, CONFIDENCE_SURE, &measured, true);
    assert_int_equal(answer.verdict, VERDICT_UNDECIDED);
    assert_int_equal(answer.by, UNDECIDED_ATTRIBUTE);
    measured.distance_m = 50;
    assert_int_equal(verdict_of_limit(50, true, CONFIDENCE_SURE, &measured, true).verdict,
                     VERDICT_CLEAR);
}

static void test_distance_that_is_no_number_is_undecided(void **state)
{
    (void)state;
    assert_int_equal(at_50_m((double)NAN, 1, KNOWN_FACILITY, 0, true).verdict, VERDICT_UNDECIDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distance_equal_to_the_limit_is_clear),
        cmocka_unit_test(test_decisions_compare_at_a_tenth_of_a_millimetre),
        cmocka_unit_test(test_accuracy_leaves_a_band_around_the_limit_undecided),
        cmocka_unit_test(test_outline_alone_never_makes_a_conflict_of_a_rule_from_inside),
        cmocka_unit_test(test_point_plant_is_as_near_as_its_radius_allows),
        cmocka_unit_test(test_half_width_of_a_road_comes_off_its_centre_line),
        cmocka_unit_test(test_neighbouring_plant_known_by_a_point_may_be_nearer),
        cmocka_unit_test(test_unsure_row_makes_undecided_what_would_be_a_conflict),
        cmocka_unit_test(test_missing_attribute_is_never_clear_nor_conflict_within_the_limit),
        cmocka_unit_test(test_distance_that_is_no_number_is_undecided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
