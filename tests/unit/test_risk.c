/* test_risk.c - individual risk: contours, scenarios and criteria, on either side of each. */
#include "tests/unit/risk_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A world of one plant with nested contours and one target; answers its one finding, or clear. */
struct question {
    const char *status;
    const char *class;
    double distance_m; /* of the target from the centre */
    double target_accuracy_m;
    double contour_accuracy_m;
};

/* Contours of 3e-5, 1e-5, 3e-6 and 3e-7 at 100, 200, 300 and 400 m. */
static struct risk_finding ask(const struct question *question, struct risk_view *view)
{
    static const double frequencies[] = {3e-5, 1e-5, 3e-6, 3e-7};
    static const char *const ids[] = {"Z1", "Z2", "Z3", "Z4"};
    struct risk_bench b;
    struct risk_finding finding = {.verdict = VERDICT_CLEAR};
    risk_bench_init(&b);
    risk_plant(&b, "E1", question->status);
    for (int i = 0; i < 4; i++) {
        struct zone *zone = risk_contour(&b, ids[i], "E1", frequencies[i], 100 * (i + 1));
        if (question->contour_accuracy_m > 0)
            zone->head.accuracy_m = question->contour_accuracy_m;
    }
    struct protected_target *target =
        risk_target(&b, "P1", risk_at(45, question->distance_m), question->class);
    if (question->target_accuracy_m > 0)
        target->head.accuracy_m = question->target_accuracy_m;
    risk_bench_ready(&b);
    struct risk_findings found = risk_bench_findings(&b, LAYER_ENTERPRISES, "E1");
    assert_true(found.n <= 1);
    assert_int_equal(found.n_judged, 1);
    if (found.n == 1) {
        finding = found.items[0];
        struct risk_view full = risk_bench_view(&b, LAYER_ENTERPRISES, "E1", &finding);
        assert_int_equal(full.answer.verdict, finding.verdict);
        assert_int_equal(full.answer.by, finding.by);
        assert_true(strlen(full.reason) > 40);
        if (view) {
            *view = full;
            view->reason = strdup(full.reason);
            view->decides = full.decides ? strdup(full.decides) : NULL;
        }
    }
    risk_bench_release(&b);
    return finding;
}

static void forget(struct risk_view *view)
{
    free((void *)(uintptr_t)view->reason);
    free((void *)(uintptr_t)view->decides);
}

static void test_each_class_must_lie_outside_the_contour_of_its_criterion(void **state)
{
    (void)state;
    static const struct {
        const char *status;
        const char *class;
        double radius_m; /* of the contour of the criterion */
        int32_t grade;
    } rows[] = {
        {NULL, "high_sensitive", 300, 1},
        {NULL, "important", 300, 1},
        {NULL, "class_1", 300, 1},
        {"operating", "class_2", 200, 2},
        {"suspended", "class_3", 100, 2},
        {"planned", "high_sensitive", 400, 1},
        {"construction", "important", 400, 1},
        {"planned", "class_1", 400, 1},
        {"planned", "class_2", 300, 2},
        {"construction", "class_3", 200, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct question question = {.status = rows[i].status,
                                    .class = rows[i].class,
                                    .distance_m = rows[i].radius_m - 0.01};
        struct risk_finding finding = ask(&question, NULL);
        assert_int_equal(finding.verdict, VERDICT_CONFLICT);
        assert_int_equal(finding.grade, rows[i].grade);
        question.distance_m = rows[i].radius_m + 0.01;
        assert_int_equal(ask(&question, NULL).verdict, VERDICT_CLEAR);
    }
}

static void test_accuracies_leave_a_band_about_the_line_and_name_what_would_do(void **state)
{
    (void)state;
    struct risk_view view;
    struct question question = {
        .class = "class_2", .distance_m = 205, .target_accuracy_m = 4, .contour_accuracy_m = 2};
    struct risk_finding finding = ask(&question, &view);
    assert_int_equal(finding.verdict, VERDICT_UNDECIDED);
    assert_int_equal(finding.by, UNDECIDED_POSITION);
    assert_close(view.answer.decides_below, 5, 0.001);
    assert_non_null(strstr(view.decides, "positions good to"));
    forget(&view);
    question.distance_m = 206.01;
    assert_int_equal(ask(&question, NULL).verdict, VERDICT_CLEAR);
    question.distance_m = 194.01;
    assert_int_equal(ask(&question, NULL).verdict, VERDICT_UNDECIDED);
    question.distance_m = 193.99;
    assert_int_equal(ask(&question, NULL).verdict, VERDICT_CONFLICT);
}

static void test_target_on_the_line_is_undecided_however_exact(void **state)
{
    (void)state;
    struct risk_bench b;
    risk_bench_init(&b);
    risk_plant(&b, "E1", NULL);
    struct zone *zone = risk_contour(&b, "Z1", "E1", 1e-5, 200);
    struct lonlat corner = zone->head.geom.points[0];
    risk_target(&b, "P1", corner, "class_2");
    risk_contour(&b, "Z2", "E1", 3e-6, 400);
    risk_bench_ready(&b);
    struct risk_findings found = risk_bench_findings(&b, LAYER_ENTERPRISES, "E1");
    assert_int_equal(found.n, 1);
    assert_int_equal(found.items[0].by, UNDECIDED_POSITION);
    risk_bench_release(&b);
}

static void test_between_two_contours_the_risk_is_an_interval(void **state)
{
    (void)state;
    struct risk_bench b;
    risk_bench_init(&b);
    risk_plant(&b, "E1", NULL);
    risk_contour(&b, "Z1", "E1", 3e-5, 100);
    risk_contour(&b, "Z2", "E1", 3e-7, 400);
    risk_target(&b, "P1", risk_at(10, 250), "class_2"); /* 1e-5 lies between */
    risk_target(&b, "P2", risk_at(10, 90), "class_2");
    risk_target(&b, "P3", risk_at(10, 250), "class_3"); /* 3e-5: outside of its contour */
    risk_target(&b, "P4", risk_at(10, 401), "class_1");
    risk_bench_ready(&b);
    struct risk_findings found = risk_bench_findings(&b, LAYER_ENTERPRISES, "E1");
    assert_int_equal(found.n, 2);
    struct risk_view view = risk_bench_view(&b, LAYER_ENTERPRISES, "E1", &found.items[0]);
    assert_int_equal(view.answer.verdict, VERDICT_UNDECIDED);
    assert_int_equal(view.answer.by, UNDECIDED_INTERVAL);
    assert_close(view.at.risk.low, 3e-7, 1e-15);
    assert_close(view.at.risk.high, 3e-5, 1e-15);
    assert_true(view.at.risk.above_low);
    assert_string_equal(view.decides, "a contour of 1e-05 a year");
    assert_int_equal(view.answer.best, VERDICT_CLEAR);
    assert_int_equal(view.answer.worst, VERDICT_CONFLICT);
    assert_int_equal(found.items[1].target_row, 1);
    assert_int_equal(found.items[1].verdict, VERDICT_CONFLICT);
    risk_bench_release(&b);
}

static void test_what_the_outermost_contour_leaves_open_is_one_finding(void **state)
{
    (void)state;
    struct risk_bench b;
    risk_bench_init(&b);
    risk_plant(&b, "E1", NULL);
    risk_contour(&b, "Z1", "E1", 1e-5, 200); /* nothing tells where 3e-6 is */
    risk_plant(&b, "E2", NULL);
    risk_contour(&b, "Z2", "E2", 3e-6, 200);
    risk_plant(&b, "E3", "planned");
    risk_contour(&b, "Z3", "E3", 3e-6, 200);
    risk_target(&b, "P1", risk_at(10, 500), "class_1");
    risk_target(&b, "P2", risk_at(10, 600), "class_1");
    risk_bench_ready(&b);
    struct risk_findings found = risk_bench_findings(&b, LAYER_ENTERPRISES, "E1");
    assert_int_equal(found.n, 1);
    assert_int_equal(found.items[0].kind, RISK_UNKNOWN);
    assert_int_equal(found.items[0].target_row, -1);
    assert_int_equal(found.items[0].verdict, VERDICT_UNDECIDED);
    struct risk_view view = risk_bench_view(&b, LAYER_ENTERPRISES, "E1", &found.items[0]);
    assert_string_equal(view.decides, "a contour of 3e-06 a year");
    assert_int_equal(risk_bench_findings(&b, LAYER_ENTERPRISES, "E2").n, 0);
    assert_int_equal(risk_bench_findings(&b, LAYER_ENTERPRISES, "E3").n, 1);
    risk_bench_release(&b);
}

static void test_class_that_is_not_known_is_undecided_only_where_it_matters(void **state)
{
    (void)state;
    struct risk_bench b;
    risk_bench_init(&b);
    risk_plant(&b, "E1", NULL);
    risk_contour(&b, "Z1", "E1", 3e-5, 100);
    risk_contour(&b, "Z2", "E1", 1e-5, 200);
    risk_contour(&b, "Z3", "E1", 3e-6, 300);
    static const double distances[] = {90, 150, 250, 310};
    static const char *const ids[] = {"P1", "P2", "P3", "P4"};
    for (int i = 0; i < 4; i++)
        risk_target(&b, ids[i], risk_at(0, distances[i]), NULL)->use = "village";
    risk_bench_ready(&b);
    struct risk_findings found = risk_bench_findings(&b, LAYER_ENTERPRISES, "E1");
    assert_int_equal(found.n, 3);
    /* above 3e-5 whatever the class; the table of uses is only likely */
    assert_int_equal(found.items[0].verdict, VERDICT_CONFLICT);
    assert_int_equal(found.items[0].grade, 3);
    assert_int_equal(found.items[0].could_be, 2);
    assert_int_equal(found.items[1].by, UNDECIDED_ATTRIBUTE);
    assert_int_equal(found.items[2].by, UNDECIDED_ATTRIBUTE);
    struct risk_view view = risk_bench_view(&b, LAYER_ENTERPRISES, "E1", &found.items[1]);
    assert_string_equal(view.decides, "the missing attribute \"persons\"");
    assert_non_null(strstr(view.reason, "class_1 or class_2 or class_3"));
    risk_bench_release(&b);
}

static void test_contour_without_a_plant_leaves_new_or_existing_open(void **state)
{
    (void)state;
    struct risk_bench b;
    risk_bench_init(&b);
    risk_contour(&b, "Z1", "gone", 3e-6, 100);
    risk_contour(&b, "Z2", NULL, 3e-7, 200);
    risk_target(&b, "P1", risk_at(0, 90), "class_1");  /* above either */
    risk_target(&b, "P2", risk_at(0, 150), "class_1"); /* above that of new plants */
    risk_target(&b, "P3", risk_at(0, 210), "class_1");
    risk_bench_ready(&b);
    struct risk_findings inner = risk_bench_findings(&b, LAYER_ZONES, "Z1");
    struct risk_findings outer = risk_bench_findings(&b, LAYER_ZONES, "Z2");
    /* each target is told by the contour that decides, once */
    assert_int_equal(inner.n, 1);
    assert_int_equal(inner.items[0].verdict, VERDICT_CONFLICT);
    assert_int_equal(inner.items[0].target_row, 0);
    assert_int_equal(outer.n, 1);
    assert_int_equal(outer.items[0].target_row, 1);
    assert_int_equal(outer.items[0].by, UNDECIDED_ATTRIBUTE);
    struct risk_view view = risk_bench_view(&b, LAYER_ZONES, "Z2", &outer.items[0]);
    assert_string_equal(view.decides, "the missing attribute \"enterprise_id\"");
    risk_bench_release(&b);
}

static void test_scenarios_add_up_where_their_areas_overlap(void **state)
{
    (void)state;
    struct risk_bench b;
    risk_bench_init(&b);
    risk_plant(&b, "E1", NULL);
    struct scenario *whole = risk_scenario(&b, "S1", "E1", 2e-6);
    whole->head.geom = risk_circle(&b.f, RISK_CENTRE, 100);
    whole->fatalities = 0;
    struct scenario *half = risk_scenario(&b, "S2", "E1", 2e-6);
    half->head.geom = risk_circle(&b.f, risk_at(90, 150), 100);
    half->lethality = 0.5;
    half->fatalities = 0;
    risk_target(&b, "P1", risk_at(90, 75), "class_1");  /* 3e-6: as much as is allowed */
    risk_target(&b, "P2", risk_at(270, 50), "class_1"); /* 2e-6 */
    risk_target(&b, "P3", risk_at(90, 260), "class_1"); /* nothing */
    risk_bench_ready(&b);
    assert_int_equal(risk_bench_findings(&b, LAYER_ENTERPRISES, "E1").n, 0);
    risk_bench_release(&b);

    risk_bench_init(&b);
    risk_plant(&b, "E1", NULL);
    whole = risk_scenario(&b, "S1", "E1", 2e-6);
    whole->head.geom = risk_circle(&b.f, RISK_CENTRE, 100);
    whole->fatalities = 0;
    half = risk_scenario(&b, "S2", "E1", 1.1e-6);
    half->head.geom = risk_circle(&b.f, risk_at(90, 150), 100);
    half->fatalities = 0;
    risk_target(&b, "P1", risk_at(90, 75), "class_1");
    risk_bench_ready(&b);
    struct risk_findings found = risk_bench_findings(&b, LAYER_ENTERPRISES, "E1");
    assert_int_equal(found.n, 1);
    assert_int_equal(found.items[0].verdict, VERDICT_CONFLICT);
    struct risk_view view = risk_bench_view(&b, LAYER_ENTERPRISES, "E1", &found.items[0]);
    assert_close(view.at.risk.low, 3.1e-6, 1e-15);
    assert_close(view.at.risk.high, 3.1e-6, 1e-15);
    assert_int_equal(risk_bench_findings(&b, LAYER_ENTERPRISES, "E1").n_judged, 2);
    risk_bench_release(&b);
}

static void test_scenario_without_an_area_leaves_the_risk_open(void **state)
{
    (void)state;
    struct risk_bench b;
    risk_bench_init(&b);
    risk_plant(&b, "E1", NULL);
    struct scenario *somewhere = risk_scenario(&b, "S1", "E1", 1e-5);
    somewhere->fatalities = 0.5;
    risk_target(&b, "P1", risk_at(90, 75), "class_1");
    risk_bench_ready(&b);
    struct risk_findings found = risk_bench_findings(&b, LAYER_ENTERPRISES, "E1");
    assert_int_equal(found.n, 1);
    assert_int_equal(found.items[0].kind, RISK_UNKNOWN);
    struct risk_view view = risk_bench_view(&b, LAYER_ENTERPRISES, "E1", &found.items[0]);
    assert_string_equal(view.decides, "the fatal area of scenario S1");
    risk_bench_release(&b);
}

static void test_polygon_bears_the_risk_of_its_worst_part(void **state)
{
    (void)state;
    struct risk_bench b;
    risk_bench_init(&b);
    risk_plant(&b, "E1", NULL);
    risk_contour(&b, "Z1", "E1", 3e-6, 200);
    struct lonlat south_west = risk_at(90, 199);
    struct protected_target *school = risk_target(&b, "P1", south_west, "high_sensitive");
    school->head.geom = fixture_box(&b.f, south_west.lon_deg, south_west.lat_deg - 0.001,
                                    south_west.lon_deg + 0.002, south_west.lat_deg + 0.001);
    struct protected_target *beside = risk_target(&b, "P2", south_west, "high_sensitive");
    struct lonlat out = risk_at(90, 201);
    beside->head.geom = fixture_box(&b.f, out.lon_deg, out.lat_deg - 0.001, out.lon_deg + 0.002,
                                    out.lat_deg + 0.001);
    risk_bench_ready(&b);
    struct risk_findings found = risk_bench_findings(&b, LAYER_ENTERPRISES, "E1");
    assert_int_equal(found.n, 1);
    assert_int_equal(found.items[0].target_row, 0);
    assert_int_equal(found.items[0].verdict, VERDICT_CONFLICT);
    struct risk_view view = risk_bench_view(&b, LAYER_ENTERPRISES, "E1", &found.items[0]);
    assert_true(view.at.depth_m > 0.1 && view.at.depth_m < 1.001); /* of a known point */
    risk_bench_release(&b);
}

static void test_indicative_contours_and_closed_plants_count_for_nothing(void **state)
{
    (void)state;
    struct risk_bench b;
    risk_bench_init(&b);
    risk_plant(&b, "E1", "closed");
    risk_contour(&b, "Z1", "E1", 3e-6, 200);
    risk_scenario(&b, "S1", "E1", 1e-2)->fatalities = 100;
    risk_plant(&b, "E2", NULL);
    risk_contour(&b, "Z2", "E2", 3e-6, 200)->standing = "indicative";
    risk_contour(&b, "Z3", "E2", 3e-6, 200)->kind = "overpressure";
    risk_target(&b, "P1", risk_at(0, 10), "class_1");
    risk_bench_ready(&b);
    assert_int_equal(risk_bench_findings(&b, LAYER_ENTERPRISES, "E1").n, 0);
    assert_int_equal(risk_bench_findings(&b, LAYER_ENTERPRISES, "E2").n, 0);
    assert_false(risk_speaks(b.world, LAYER_ZONES, 0));
    risk_bench_release(&b);
}

/* Every source that has a finding about a target is among those that an edit of it touches. */
static void test_edit_of_a_target_touches_every_source_that_speaks_of_it(void **state)
{
    (void)state;
    struct risk_bench b;
    struct err err;
    struct risk_touched *touched = NULL;
    size_t n = 0;
    risk_bench_init(&b);
    risk_plant(&b, "E1", NULL);
    risk_contour(&b, "Z1", "E1", 3e-6, 200);
    risk_plant(&b, "E2", NULL);
    struct scenario *scenario = risk_scenario(&b, "S1", "E2", 1e-4);
    scenario->head.geom = risk_circle(&b.f, RISK_CENTRE, 100);
    scenario->fatalities = 0;
    risk_contour(&b, "Z2", NULL, 3e-6, 150);
    risk_plant(&b, "E3", NULL);
    risk_contour(&b, "Z3", "E3", 3e-6, 50);
    risk_target(&b, "P1", risk_at(90, 99), "class_1");
    risk_bench_ready(&b);
    assert_int_equal(risk_bench_findings(&b, LAYER_ENTERPRISES, "E1").n, 1);
    assert_int_equal(risk_bench_findings(&b, LAYER_ENTERPRISES, "E2").n, 1);
    assert_int_equal(risk_bench_findings(&b, LAYER_ZONES, "Z2").n, 2); /* and what it leaves open */
    assert_int_equal(risk_bench_findings(&b, LAYER_ENTERPRISES, "E3").n, 0);
    fixture_check(risk_touched_by(b.world, LAYER_PROTECTED, world_protected(b.world, 0), &b.arena,
                                  &touched, &n, &err),
                  &err);
    assert_int_equal(n, 3);
    assert_int_equal(touched[0].layer, LAYER_ENTERPRISES);
    assert_int_equal(touched[0].row, 0);
    assert_int_equal(touched[1].row, 1);
    assert_int_equal(touched[2].layer, LAYER_ZONES);
    assert_int_equal(touched[2].row, 1);
    fixture_check(risk_touched_by(b.world, LAYER_SCENARIOS,
                                  world_record(b.world, LAYER_SCENARIOS, 0), &b.arena, &touched, &n,
                                  &err),
                  &err);
    assert_int_equal(n, 1);
    assert_int_equal(touched[0].row, 1);
    risk_bench_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_class_must_lie_outside_the_contour_of_its_criterion),
        cmocka_unit_test(test_accuracies_leave_a_band_about_the_line_and_name_what_would_do),
        cmocka_unit_test(test_target_on_the_line_is_undecided_however_exact),
        cmocka_unit_test(test_between_two_contours_the_risk_is_an_interval),
        cmocka_unit_test(test_what_the_outermost_contour_leaves_open_is_one_finding),
        cmocka_unit_test(test_class_that_is_not_known_is_undecided_only_where_it_matters),
        cmocka_unit_test(test_contour_without_a_plant_leaves_new_or_existing_open),
        cmocka_unit_test(test_scenarios_add_up_where_their_areas_overlap),
        cmocka_unit_test(test_scenario_without_an_area_leaves_the_risk_open),
        cmocka_unit_test(test_polygon_bears_the_risk_of_its_worst_part),
        cmocka_unit_test(test_indicative_contours_and_closed_plants_count_for_nothing),
        cmocka_unit_test(test_edit_of_a_target_touches_every_source_that_speaks_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
