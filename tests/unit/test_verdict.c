/* test_verdict.c - clear, conflict or undecided, on either side of every limit. */
#include "geo/verdict/verdict.h"

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

static struct judgement risk_of(double low, double high, double mildest, double strictest)
{
    struct quantity risk = {.low = low, .high = high};
    struct limit limit = {.must_be = MUST_BE_AT_MOST,
                          .mildest = mildest,
                          .strictest = strictest,
                          .resolution = verdict_of_frequencies(strictest)};
    return verdict_judge(&risk, &limit);
}

static void test_frequency_equal_to_the_criterion_is_clear(void **state)
{
    (void)state;
    assert_int_equal(risk_of(3e-7, 3e-7, 3e-7, 3e-7).verdict, VERDICT_CLEAR);
    assert_int_equal(risk_of(2.99e-7, 2.99e-7, 3e-7, 3e-7).verdict, VERDICT_CLEAR);
    assert_int_equal(risk_of(3.01e-7, 3.01e-7, 3e-7, 3e-7).verdict, VERDICT_CONFLICT);
    /* In the last bit 2e-6 + 5e-6 is more than 7e-6, and to a billionth it is not. */
    double sum = 2e-6 + 5e-6;
    assert_true(sum > 7e-6);
    assert_int_equal(risk_of(sum, sum, 7e-6, 7e-6).verdict, VERDICT_CLEAR);
}

static void test_interval_across_the_criterion_is_undecided_with_both_outcomes(void **state)
{
    (void)state;
    struct judgement judged = risk_of(3e-7, 3e-6, 1e-6, 1e-6);
    assert_int_equal(judged.verdict, VERDICT_UNDECIDED);
    assert_int_equal(judged.by, UNDECIDED_INTERVAL);
    assert_int_equal(judged.best, VERDICT_CLEAR);
    assert_int_equal(judged.worst, VERDICT_CONFLICT);
    assert_true(isnan(judged.decides_below));
    assert_int_equal(risk_of(0, 1e-6, 1e-6, 1e-6).best, VERDICT_CLEAR);
    assert_int_equal(risk_of(0, 1e-6, 1e-6, 1e-6).worst, VERDICT_CLEAR);
    assert_int_equal(risk_of(1.1e-6, INFINITY, 1e-6, 1e-6).best, VERDICT_CONFLICT);
}

static void test_limit_left_open_by_an_attribute_names_it_only_where_it_matters(void **state)
{
    (void)state;
    /* the criterion is 3e-6 or 1e-5, by a class that is not known */
    assert_int_equal(risk_of(2e-6, 3e-6, 1e-5, 3e-6).verdict, VERDICT_CLEAR);
    assert_int_equal(risk_of(5e-6, 5e-6, 1e-5, 3e-6).by, UNDECIDED_ATTRIBUTE);
    assert_int_equal(risk_of(4e-6, 1e-5, 1e-5, 3e-6).by, UNDECIDED_ATTRIBUTE);
    assert_int_equal(risk_of(2e-6, 1e-5, 1e-5, 3e-6).by, UNDECIDED_INTERVAL);
    assert_int_equal(risk_of(2e-5, 2e-5, 1e-5, 3e-6).verdict, VERDICT_CONFLICT);
}

static void test_error_widens_any_quantity_and_names_what_would_do(void **state)
{
    (void)state;
    struct quantity depth = {.low = 10, .high = 12, .error = 3};
    struct limit limit = {
        .must_be = MUST_BE_AT_MOST, .mildest = 9, .strictest = 9, .resolution = VERDICT_METRES};
    struct judgement judged = verdict_judge(&depth, &limit);
    assert_int_equal(judged.by, UNDECIDED_POSITION);
    assert_float_equal(judged.decides_below, 1, 1e-12);
    depth.error = 0.9999;
    assert_int_equal(verdict_judge(&depth, &limit).verdict, VERDICT_CONFLICT);
    depth.error = 1;
    assert_int_equal(verdict_judge(&depth, &limit).verdict, VERDICT_UNDECIDED);
}

/* T-36: a school mapped at 600 ft from a line known to 500 ft, impact radius 523.673 ft. */
static void test_mapped_school_near_a_line_known_to_500_ft_is_undecided(void **state)
{
    (void)state;
    const double ft = 0.3048;
    struct measured measured = {.distance_m = 600 * ft, .by = KNOWN_FACILITY, .error_m = 500 * ft};
    struct verdict_answer answer =
        verdict_of_limit(523.673 * ft, false, CONFIDENCE_SURE, &measured, false);
    assert_int_equal(answer.by, UNDECIDED_POSITION);
    assert_true(fabs(answer.decides_below_m / ft - 76.327) < 1e-3);
    measured.error_m = 76.3 * ft;
    assert_int_equal(
        verdict_of_limit(523.673 * ft, false, CONFIDENCE_SURE, &measured, false).verdict,
        VERDICT_CLEAR);
    measured.error_m = 76.4 * ft;
    assert_int_equal(
        verdict_of_limit(523.673 * ft, false, CONFIDENCE_SURE, &measured, false).verdict,
        VERDICT_UNDECIDED);
}

static void test_fewer_than_one_person_is_below_one(void **state)
{
    (void)state;
    struct limit limit = {
        .must_be = MUST_BE_BELOW, .mildest = 1, .strictest = 1, .resolution = VERDICT_SUMS};
    struct quantity persons = {.low = 0.999, .high = 0.999};
    assert_int_equal(verdict_judge(&persons, &limit).verdict, VERDICT_CLEAR);
    persons = (struct quantity){.low = 1, .high = 1};
    assert_int_equal(verdict_judge(&persons, &limit).verdict, VERDICT_CONFLICT);
    persons = (struct quantity){.low = 0.5, .high = 1};
    assert_int_equal(verdict_judge(&persons, &limit).verdict, VERDICT_UNDECIDED);
}

static void test_quantity_that_is_no_number_leaves_both_sides_open(void **state)
{
    (void)state;
    assert_int_equal(risk_of((double)NAN, (double)NAN, 1e-6, 1e-6).verdict, VERDICT_UNDECIDED);
    assert_int_equal(risk_of(0, (double)NAN, 1e-6, 1e-6).verdict, VERDICT_UNDECIDED);
}

static void test_shape_is_inside_deeper_than_the_error_and_outside_farther(void **state)
{
    (void)state;
    struct side side = {.depth_m = 5.0001, .error_m = 5};
    assert_int_equal(verdict_of_side(&side, CONFIDENCE_SURE, false).verdict, VERDICT_CONFLICT);
    side.depth_m = 5;
    struct judgement judged = verdict_of_side(&side, CONFIDENCE_SURE, false);
    assert_int_equal(judged.by, UNDECIDED_POSITION);
    assert_float_equal(judged.decides_below, 5, 1e-12);
    side = (struct side){.gap_m = 5, .error_m = 5};
    assert_int_equal(verdict_of_side(&side, CONFIDENCE_SURE, false).verdict, VERDICT_CLEAR);
    side.gap_m = 4.9999;
    assert_int_equal(verdict_of_side(&side, CONFIDENCE_SURE, false).by, UNDECIDED_POSITION);
    side = (struct side){.gap_m = 50, .radius_m = 50, .error_m = 1};
    assert_int_equal(verdict_of_side(&side, CONFIDENCE_SURE, false).verdict, VERDICT_UNDECIDED);
    side = (struct side){.gap_m = 40, .radius_m = 50, .error_m = 1};
    assert_int_equal(verdict_of_side(&side, CONFIDENCE_SURE, false).by, UNDECIDED_RADIUS);
}

static void test_shape_that_touches_the_border_is_on_neither_side(void **state)
{
    (void)state;
    struct side side = {.error_m = 1e-6};
    assert_int_equal(verdict_of_side(&side, CONFIDENCE_SURE, false).verdict, VERDICT_UNDECIDED);
    side.gap_m = 0.0002;
    assert_int_equal(verdict_of_side(&side, CONFIDENCE_SURE, false).verdict, VERDICT_CLEAR);
}

static void test_steps_tell_both_outcomes_where_an_interval_crosses_one(void **state)
{
    (void)state;
    static const struct step alpha[] = {
        {.source = {.active = true}, .from = 100, .from_included = true, .value = 2.0},
        {.source = {.active = true}, .from = 50, .from_included = true, .value = 1.5},
        {.source = {.active = true}, .from = 0, .from_included = false, .value = 1.0},
    };
    struct step_range range = verdict_steps(alpha, 3, 50, 99.9);
    assert_ptr_equal(range.at_low, &alpha[1]);
    assert_false(range.crosses);
    range = verdict_steps(alpha, 3, 49.9, 100);
    assert_ptr_equal(range.at_low, &alpha[2]);
    assert_ptr_equal(range.at_high, &alpha[0]);
    assert_true(range.crosses);
    /* thirty parts that add up to 99.99999999999999 are 100 */
    assert_ptr_equal(verdict_steps(alpha, 3, 100 - 1e-13, INFINITY).at_low, &alpha[0]);
    range = verdict_steps(alpha, 3, 0, (double)NAN);
    assert_null(range.at_low);
    assert_ptr_equal(range.at_high, &alpha[0]);
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
        cmocka_unit_test(test_frequency_equal_to_the_criterion_is_clear),
        cmocka_unit_test(test_interval_across_the_criterion_is_undecided_with_both_outcomes),
        cmocka_unit_test(test_limit_left_open_by_an_attribute_names_it_only_where_it_matters),
        cmocka_unit_test(test_error_widens_any_quantity_and_names_what_would_do),
        cmocka_unit_test(test_mapped_school_near_a_line_known_to_500_ft_is_undecided),
        cmocka_unit_test(test_fewer_than_one_person_is_below_one),
        cmocka_unit_test(test_quantity_that_is_no_number_leaves_both_sides_open),
        cmocka_unit_test(test_shape_is_inside_deeper_than_the_error_and_outside_farther),
        cmocka_unit_test(test_shape_that_touches_the_border_is_on_neither_side),
        cmocka_unit_test(test_steps_tell_both_outcomes_where_an_interval_crosses_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
