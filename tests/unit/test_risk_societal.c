/* test_risk_societal.c - deaths, PLL, the F-N curve and its lines. */
#include "tests/unit/risk_bench.h"

#include "geo/measure/exposure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void societal(struct risk_bench *b, struct societal *out)
{
    struct err err;
    uint32_t rows[64];
    size_t n = world_count(b->world, LAYER_SCENARIOS);
    for (size_t i = 0; i < n; i++)
        rows[i] = (uint32_t)i;
    fixture_check(societal_of(b->world, &b->worker, rows, n, &b->arena, out, &err), &err);
}

/* One scenario of so many deaths, so often: its region, and what it could be. */
static enum societal_region region_of(double deaths, double per_year,
                                      enum societal_region *could_be)
{
    struct risk_bench b;
    struct societal out;
    risk_bench_init(&b);
    risk_plant(&b, "E1", NULL);
    risk_scenario(&b, "S1", "E1", per_year)->fatalities = deaths;
    risk_bench_ready(&b);
    societal(&b, &out);
    enum societal_region region = out.region;
    if (could_be)
        *could_be = out.could_be;
    risk_bench_release(&b);
    return region;
}

static void test_upper_line_runs_from_a_thousandth_at_one_to_a_millionth_at_a_thousand(void **state)
{
    (void)state;
    static const double deaths[] = {1, 2, 10, 31.6, 100, 500, 1000};
    for (size_t i = 0; i < sizeof deaths / sizeof deaths[0]; i++) {
        double line = 1e-3 / deaths[i];
        assert_int_equal(region_of(deaths[i], line * 1.001, NULL), SOCIETAL_UNACCEPTABLE);
        assert_int_equal(region_of(deaths[i], line * 0.999, NULL), SOCIETAL_ALARP);
        line = 1e-5 / deaths[i];
        assert_int_equal(region_of(deaths[i], line * 1.001, NULL), SOCIETAL_ALARP);
        assert_int_equal(region_of(deaths[i], line * 0.999, NULL), SOCIETAL_ACCEPTABLE);
    }
    /* on the line is not above it */
    assert_int_equal(region_of(1, 1e-3, NULL), SOCIETAL_ALARP);
    assert_int_equal(region_of(1000, 1e-6, NULL), SOCIETAL_ALARP);
    assert_int_equal(region_of(1, 1e-5, NULL), SOCIETAL_ACCEPTABLE);
    assert_int_equal(region_of(1000, 1e-8, NULL), SOCIETAL_ACCEPTABLE);
}

static void test_fewer_than_one_death_is_no_point_of_the_diagram(void **state)
{
    (void)state;
    assert_int_equal(region_of(0.999, 1, NULL), SOCIETAL_ACCEPTABLE);
    assert_int_equal(region_of(1, 1, NULL), SOCIETAL_UNACCEPTABLE);
}

static void test_beyond_a_thousand_deaths_the_standard_has_to_be_looked_up(void **state)
{
    (void)state;
    enum societal_region could_be;
    assert_int_equal(region_of(1000.5, 1e-9, &could_be), SOCIETAL_ACCEPTABLE);
    assert_int_equal(could_be, SOCIETAL_UNACCEPTABLE);
    assert_int_equal(region_of(1000, 1e-9, &could_be), SOCIETAL_ACCEPTABLE);
    assert_int_equal(could_be, SOCIETAL_ACCEPTABLE);
    /* what is above the line at a thousand is so whatever the row beyond says */
    assert_int_equal(region_of(2000, 1.1e-6, NULL), SOCIETAL_UNACCEPTABLE);
}

static void test_frequencies_add_up_towards_fewer_deaths(void **state)
{
    (void)state;
    struct risk_bench b;
    struct societal out;
    risk_bench_init(&b);
    risk_plant(&b, "E1", NULL);
    risk_scenario(&b, "S1", "E1", 4e-5)->fatalities = 10;
    risk_scenario(&b, "S2", "E1", 4e-5)->fatalities = 10;
    risk_scenario(&b, "S3", "E1", 3e-5)->fatalities = 10.5;
    risk_scenario(&b, "S4", "E1", 1e-4)->fatalities = 2;
    risk_bench_ready(&b);
    societal(&b, &out);
    assert_int_equal(out.n_curve, 3);
    assert_close(out.curve[0].n, 2, 0);
    assert_close(out.curve[0].per_year, 2.1e-4, 1e-15);
    assert_close(out.curve[1].n, 10, 0);
    assert_close(out.curve[1].per_year, 1.1e-4, 1e-15);
    assert_close(out.curve[2].per_year, 3e-5, 1e-15);
    /* no scenario alone is above 1e-3 / N; the three of ten and more together are */
    assert_int_equal(out.region, SOCIETAL_UNACCEPTABLE);
    assert_close(out.governs->at_n, 10, 0);
    assert_close(out.governs->factor, 1.1, 1e-12);
    assert_close(out.pll, 4e-5 * 20 + 3e-5 * 10.5 + 2e-4, 1e-12);
    risk_bench_release(&b);
}

/* T-82: 50 persons a hectare in a disc of 100 m. */
static void test_deaths_are_the_persons_of_the_fatal_area_times_its_lethality(void **state)
{
    (void)state;
    struct risk_bench b;
    struct societal out;
    risk_bench_init(&b);
    risk_plant(&b, "E1", NULL);
    struct scenario *all = risk_scenario(&b, "S1", "E1", 1e-5);
    all->head.geom = risk_circle(&b.f, RISK_CENTRE, 100);
    struct scenario *half = risk_scenario(&b, "S2", "E1", 1e-5);
    half->head.geom = risk_circle(&b.f, RISK_CENTRE, 100);
    half->lethality = 0.5;
    /* cells of a thousandth of a degree; each holds 50 persons a hectare of its own area */
    fixture_grid(&b.f, 106.18, 38.42, 0.001, 40, 40, 0);
    for (uint32_t row = 0; row < 40; row++) {
        double north = 38.42 - 0.001 * row;
        double m2 = ellipsoid_zone_between_m2(north - 0.001, north) * 0.001 * acos(-1.0) / 180;
        for (uint32_t column = 0; column < 40; column++)
            fixture_cell(&b.f, column, row, (float)(m2 * 50 / 1e4));
    }
    risk_bench_ready(&b);
    societal(&b, &out);
    assert_int_equal(out.n_events, 2);
    assert_close(out.events[0].n, 157.08, 0.005);
    assert_close(out.events[0].n * 1e-5, 1.5708e-3, 5e-8);
    assert_close(out.events[1].n, 157.08 / 2, 0.0025);
    assert_true(out.events[0].n_low < out.events[0].n && out.events[0].n < out.events[0].n_high);
    assert_close(out.pll, 1.5 * 1.5708e-3, 1e-7);
    risk_bench_release(&b);
}

static void test_population_interval_across_a_line_gives_both_regions(void **state)
{
    (void)state;
    struct risk_bench b;
    struct societal out;
    risk_bench_init(&b);
    risk_plant(&b, "E1", NULL);
    struct scenario *scenario = risk_scenario(&b, "S1", "E1", 1e-4);
    /* half of a cell of 16 persons: 0 to 16 deaths; the line at 1e-4 is 10 */
    scenario->head.geom = fixture_box(&b.f, 106.2, 38.4, 106.2005, 38.401);
    fixture_grid(&b.f, 106.18, 38.42, 0.001, 40, 40, 0);
    fixture_cell(&b.f, 20, 19, 16);
    risk_bench_ready(&b);
    societal(&b, &out);
    assert_close(out.events[0].n, 8, 1e-6);
    assert_close(out.events[0].n_high, 16, 1e-6);
    assert_int_equal(out.region, SOCIETAL_ACCEPTABLE);
    assert_int_equal(out.could_be, SOCIETAL_UNACCEPTABLE);
    assert_int_equal(out.governs->answer.by, UNDECIDED_INTERVAL);
    assert_close(out.governs->range.high, 1.6, 1e-6);
    struct risk_findings found = risk_bench_findings(&b, LAYER_ENTERPRISES, "E1");
    assert_int_equal(found.n, 1);
    assert_int_equal(found.items[0].kind, RISK_SOCIETAL);
    assert_int_equal(found.items[0].verdict, VERDICT_UNDECIDED);
    struct risk_view view = risk_bench_view(&b, LAYER_ENTERPRISES, "E1", &found.items[0]);
    assert_string_equal(view.decides, "finer population data, or the fatalities of the scenarios");
    risk_bench_release(&b);
}

static void test_deaths_that_nothing_tells_are_open_to_above(void **state)
{
    (void)state;
    struct risk_bench b;
    struct societal out;
    risk_bench_init(&b);
    risk_plant(&b, "E1", NULL);
    risk_scenario(&b, "S1", "E1", 1e-4)->head.geom = risk_circle(&b.f, RISK_CENTRE, 100);
    risk_bench_ready(&b);
    societal(&b, &out);
    assert_true(isinf(out.events[0].n_high));
    assert_true(isinf(out.pll_high));
    assert_int_equal(out.unknown_row, 0);
    assert_int_equal(out.region, SOCIETAL_ACCEPTABLE);
    assert_int_equal(out.could_be, SOCIETAL_UNACCEPTABLE);
    struct risk_findings found = risk_bench_findings(&b, LAYER_ENTERPRISES, "E1");
    assert_int_equal(found.items[found.n - 1].kind, RISK_SOCIETAL);
    struct risk_view view = risk_bench_view(&b, LAYER_ENTERPRISES, "E1", &found.items[found.n - 1]);
    assert_string_equal(view.decides, "the fatalities of scenario S1");
    risk_bench_release(&b);
}

static void
test_unacceptable_is_a_conflict_one_step_milder_while_the_lines_are_only_likely(void **state)
{
    (void)state;
    struct risk_bench b;
    risk_bench_init(&b);
    risk_plant(&b, "E1", NULL);
    risk_scenario(&b, "S1", "E1", 1.01e-4)->fatalities = 10;
    risk_plant(&b, "E2", NULL);
    risk_scenario(&b, "S2", "E2", 0.99e-4)->fatalities = 10;
    risk_bench_ready(&b);
    struct risk_findings found = risk_bench_findings(&b, LAYER_ENTERPRISES, "E1");
    const struct risk_finding *last = &found.items[found.n - 1];
    assert_int_equal(last->kind, RISK_SOCIETAL);
    assert_int_equal(last->verdict, VERDICT_CONFLICT);
    assert_int_equal(last->grade, 2);
    struct risk_view view = risk_bench_view(&b, LAYER_ENTERPRISES, "E1", last);
    assert_non_null(strstr(view.reason, "10 or more deaths"));
    assert_non_null(strstr(view.reason, "check the printed standard"));
    found = risk_bench_findings(&b, LAYER_ENTERPRISES, "E2");
    for (size_t i = 0; i < found.n; i++)
        assert_int_not_equal(found.items[i].kind, RISK_SOCIETAL);
    risk_bench_release(&b);
}

/* T-84: the anchor of the United Kingdom, once its row is on. */
static void test_anchor_of_fifty_deaths_speaks_when_it_is_switched_on(void **state)
{
    (void)state;
    static const double frequencies[] = {1.99e-4, 2.01e-4};
    for (int on = 0; on < 2; on++) {
        for (int i = 0; i < 2; i++) {
            struct risk_bench b;
            struct societal out;
            risk_bench_init(&b);
            for (size_t k = 0; k < b.f.rules->n_societal_lines; k++) {
                struct rule_source *source = &b.f.rules->societal_lines[k].source;
                source->active = (strcmp(source->id, "FN-R2P2") == 0) == on;
            }
            risk_plant(&b, "E1", NULL);
            risk_scenario(&b, "S1", "E1", 1e-4)->fatalities = 50;
            risk_scenario(&b, "S2", "E1", frequencies[i] - 1e-4)->fatalities = 400;
            risk_scenario(&b, "S3", "E1", 1e-2)->fatalities = 49;
            risk_bench_ready(&b);
            societal(&b, &out);
            bool unacceptable = out.region == SOCIETAL_UNACCEPTABLE;
            assert_int_equal(unacceptable, !on || i == 1);
            if (on && i == 1)
                assert_close(out.governs->per_year, 2.01e-4, 1e-12);
            risk_bench_release(&b);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_upper_line_runs_from_a_thousandth_at_one_to_a_millionth_at_a_thousand),
        cmocka_unit_test(test_fewer_than_one_death_is_no_point_of_the_diagram),
        cmocka_unit_test(test_beyond_a_thousand_deaths_the_standard_has_to_be_looked_up),
        cmocka_unit_test(test_frequencies_add_up_towards_fewer_deaths),
        cmocka_unit_test(test_deaths_are_the_persons_of_the_fatal_area_times_its_lethality),
        cmocka_unit_test(test_population_interval_across_a_line_gives_both_regions),
        cmocka_unit_test(test_deaths_that_nothing_tells_are_open_to_above),
        cmocka_unit_test(
            test_unacceptable_is_a_conflict_one_step_milder_while_the_lines_are_only_likely),
        cmocka_unit_test(test_anchor_of_fifty_deaths_speaks_when_it_is_switched_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
