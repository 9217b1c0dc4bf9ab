/* test_query_risk.c - the answers about plants, units and points; pipelines. */
#include "tests/unit/risk_bench.h"

#include "geo/query/query_risk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void query(struct risk_bench *b, struct risk_question question, struct risk_answer *out)
{
    struct err err;
    fixture_check(query_risk(b->world, &b->worker, &question, out, &err), &err);
}

/* Many findings, in the worker's own memory: none is lost while others are judged. */
static void test_plant_answers_with_every_target_in_its_contours_conflicts_first(void **state)
{
    (void)state;
    struct risk_bench b;
    struct risk_answer answer;
    char id[16];
    risk_bench_init(&b);
    risk_plant(&b, "E1", NULL);
    risk_contour(&b, "Z1", "E1", 3e-6, 300);
    risk_contour(&b, "Z2", "E1", 3e-5, 100);
    risk_scenario(&b, "S1", "E1", 2e-3)->fatalities = 3;
    for (int i = 0; i < 200; i++) {
        snprintf(id, sizeof id, "P%03d", i);
        struct lonlat at = risk_at(i * 7.0, 110 + i / 2.0);
        risk_target(&b, id, at, i % 2 ? "class_1" : "class_2");
    }
    risk_bench_ready(&b);
    query(&b, (struct risk_question){.scope = RISK_OF_ENTERPRISE, .id = "E1"}, &answer);
    assert_int_equal(answer.findings.n, 201);
    assert_int_equal(answer.findings.items[0].kind, RISK_INDIVIDUAL);
    size_t n_societal = 0;
    for (size_t i = 0; i < answer.findings.n; i++) {
        const struct risk_finding *finding = &answer.findings.items[i];
        n_societal += finding->kind == RISK_SOCIETAL;
        assert_int_equal(answer.views[i].answer.verdict, finding->verdict);
        assert_int_equal(finding->verdict, i < 101 ? VERDICT_CONFLICT : VERDICT_UNDECIDED);
    }
    assert_int_equal(n_societal, 1);
    assert_int_equal(answer.societal.region, SOCIETAL_UNACCEPTABLE);
    risk_bench_release(&b);
}

static void test_unit_adds_up_the_scenarios_of_its_plants_and_lists_the_worst_first(void **state)
{
    (void)state;
    struct risk_bench b;
    struct risk_answer answer;
    risk_bench_init(&b);
    struct admin_unit *unit = fixture_add(&b.f, LAYER_ADMIN, "A1");
    unit->code = "640105";
    unit->level = 3;
    unit->head.geom = fixture_box(&b.f, 106.1, 38.3, 106.3, 38.5);
    risk_plant(&b, "E1", NULL);
    risk_plant(&b, "E2", NULL);
    risk_plant(&b, "E3", NULL)->head.geom = fixture_point(&b.f, 106.9, 38.4); /* outside */
    risk_plant(&b, "E4", "closed");
    risk_plant(&b, "E5", NULL); /* without scenarios or contours */
    risk_scenario(&b, "S1", "E1", 6e-5)->fatalities = 10;
    risk_scenario(&b, "S2", "E2", 6e-5)->fatalities = 10;
    risk_scenario(&b, "S3", "E3", 1)->fatalities = 10;
    risk_scenario(&b, "S4", "E4", 1)->fatalities = 10;
    risk_scenario(&b, "S5", "E2", 2e-4)->fatalities = 5;
    struct scenario *stray = risk_scenario(&b, "S6", "nobody", 1e-6);
    stray->head.geom = risk_circle(&b.f, RISK_CENTRE, 100);
    stray->fatalities = 1;
    risk_bench_ready(&b);
    query(&b, (struct risk_question){.scope = RISK_OF_UNIT, .id = "640105"}, &answer);
    assert_int_equal(answer.n_scenarios, 4);
    assert_int_equal(answer.n_plants, 2);
    assert_string_equal(world_enterprise(b.world, answer.plants[0].row)->head.id, "E2");
    assert_int_equal(answer.plants[0].region, SOCIETAL_UNACCEPTABLE);
    assert_int_equal(answer.plants[1].region, SOCIETAL_ALARP);
    assert_close(answer.societal.curve[2].per_year, 1.2e-4, 1e-15);
    query(&b, (struct risk_question){.scope = RISK_OF_ALL}, &answer);
    assert_int_equal(answer.n_scenarios, 5);
    assert_int_equal(answer.n_plants, 3);
    struct err err;
    struct risk_question unknown = {.scope = RISK_OF_UNIT, .id = "999999"};
    assert_int_equal(query_risk(b.world, &b.worker, &unknown, &answer, &err), ERR_NOT_FOUND);
    unknown = (struct risk_question){.scope = RISK_OF_ENTERPRISE, .id = "E9"};
    assert_int_equal(query_risk(b.world, &b.worker, &unknown, &answer, &err), ERR_NOT_FOUND);
    risk_bench_release(&b);
}

static void test_point_sums_the_sources_that_reach_it_and_says_who_could_stand_there(void **state)
{
    (void)state;
    struct risk_bench b;
    struct risk_answer answer;
    risk_bench_init(&b);
    risk_plant(&b, "E1", NULL);
    risk_scenario(&b, "S1", "E1", 2e-6)->head.geom = risk_circle(&b.f, RISK_CENTRE, 100);
    risk_plant(&b, "E2", NULL);
    risk_scenario(&b, "S2", "E2", 1e-6)->head.geom = risk_circle(&b.f, RISK_CENTRE, 150);
    risk_plant(&b, "E3", NULL);
    risk_scenario(&b, "S3", "E3", 1e-2)->head.geom = risk_circle(&b.f, RISK_CENTRE, 50);
    risk_scenario(&b, "S4", NULL, 5e-7)->head.geom = risk_circle(&b.f, RISK_CENTRE, 200);
    risk_bench_ready(&b);
    query(&b, (struct risk_question){.scope = RISK_AT_POINT, .point = risk_at(9, 90)}, &answer);
    assert_int_equal(answer.n_shares, 3);
    assert_close(answer.total.low, 3.5e-6, 1e-15);
    assert_close(answer.total.high, 3.5e-6, 1e-15);
    assert_int_equal(answer.n_allowed, 5);
    for (size_t i = 0; i < 5; i++) {
        const struct risk_allowed *allowed = &answer.allowed[i];
        bool new_stands = 3.5e-6 <= allowed->criterion->new_per_year;
        bool existing_stands = 3.5e-6 <= allowed->criterion->existing_per_year;
        assert_int_equal(allowed->by_new.verdict, new_stands ? VERDICT_CLEAR : VERDICT_CONFLICT);
        assert_int_equal(allowed->by_existing.verdict,
                         existing_stands ? VERDICT_CLEAR : VERDICT_CONFLICT);
    }
    query(&b, (struct risk_question){.scope = RISK_AT_POINT, .point = risk_at(9, 900)}, &answer);
    assert_int_equal(answer.n_shares, 0);
    assert_close(answer.total.high, 0, 0);
    risk_bench_release(&b);
}

/* T-83: f 1e-4 a km and year, impact radius 159.6 m, 100 m off a straight line. */
static void test_pipeline_adds_its_failures_within_the_impact_radius(void **state)
{
    (void)state;
    static const double offsets[] = {0, 100, 159, 160};
    for (size_t i = 0; i < 4; i++) {
        struct risk_bench b;
        struct risk_answer answer;
        risk_bench_init(&b);
        struct pipeline *pipe = fixture_add(&b.f, LAYER_PIPELINES, "L1");
        struct pipeline *unknown = fixture_add(&b.f, LAYER_PIPELINES, "L2");
        pipe->medium = unknown->medium = "natural_gas";
        pipe->diameter_mm = 610;
        pipe->pressure_mpa = pow(159.6 / (0.099 * 610), 2);
        /* along the meridian, which is a geodesic, in pieces */
        pipe->head.geom = fixture_line(&b.f, (struct lonlat){RISK_CENTRE.lon_deg, 38.37},
                                       (struct lonlat){RISK_CENTRE.lon_deg, 38.43});
        unknown->head.geom = pipe->head.geom;
        risk_bench_ready(&b);
        query(&b, (struct risk_question){.scope = RISK_AT_POINT, .point = risk_at(90, offsets[i])},
              &answer);
        double half = 159.6 * 159.6 - offsets[i] * offsets[i];
        if (half < 0) {
            assert_int_equal(answer.pipelines.n, 0);
        } else {
            assert_int_equal(answer.pipelines.n, 1);
            assert_close(answer.pipelines.items[0].radius_m, 159.6, 1e-9);
            assert_close(answer.pipelines.items[0].length_m, 2 * sqrt(half), 1e-3);
        }
        if (i == 1)
            assert_close(answer.pipelines.per_year, 2.4877e-5, 5e-10);
        assert_int_equal(answer.pipelines.n_unknown, 1);
        assert_close(answer.total.high, 0, 0); /* in no verdict */
        risk_bench_release(&b);
    }
}

/* The oracle: a line cut into metres, of which those within the radius count. */
static void test_length_within_a_radius_is_that_of_a_finely_cut_line(void **state)
{
    (void)state;
    static const double radii[] = {5, 80, 159.6, 400, 5000};
    struct lonlat bend[] = {risk_at(200, 900), risk_at(140, 60), risk_at(100, 70),
                            risk_at(80, 75),   risk_at(10, 300), risk_at(0, 4000)};
    const uint32_t ends[] = {6};
    struct geom line = {.kind = GEOM_LINE,
                        .n_points = 6,
                        .n_rings = 1,
                        .points = bend,
                        .ring_ends = ends,
                        .box = box_of_points(bend, 6)};
    for (size_t r = 0; r < 5; r++) {
        double expected = 0;
        for (int i = 0; i + 1 < 6; i++) {
            enum { PIECES = 20000 };
            struct lonlat last = bend[i];
            for (int k = 1; k <= PIECES; k++) {
                double t = (double)k / PIECES;
                struct lonlat next = {bend[i].lon_deg + t * (bend[i + 1].lon_deg - bend[i].lon_deg),
                                      bend[i].lat_deg +
                                          t * (bend[i + 1].lat_deg - bend[i].lat_deg)};
                struct lonlat middle = {(last.lon_deg + next.lon_deg) / 2,
                                        (last.lat_deg + next.lat_deg) / 2};
                if (ellipsoid_distance_m(middle, RISK_CENTRE) <= radii[r])
                    expected += ellipsoid_distance_m(last, next);
                last = next;
            }
        }
        assert_close(risk_length_within_m(&line, RISK_CENTRE, radii[r]), expected, 0.5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plant_answers_with_every_target_in_its_contours_conflicts_first),
        cmocka_unit_test(test_unit_adds_up_the_scenarios_of_its_plants_and_lists_the_worst_first),
        cmocka_unit_test(test_point_sums_the_sources_that_reach_it_and_says_who_could_stand_there),
        cmocka_unit_test(test_pipeline_adds_its_failures_within_the_impact_radius),
        cmocka_unit_test(test_length_within_a_radius_is_that_of_a_finely_cut_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
