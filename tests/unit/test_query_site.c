/* test_query_site.c - what must not come out clear when a site is asked about. */
#include "tests/unit/query_bench.h"

#include "geo/query/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A village house that far east of the site. */
static void add_house(struct bench *b, double distance_m)
{
    struct protected_target *house = fixture_add(&b->f, LAYER_PROTECTED, "P");
    house->use = "village";
    house->persons = 10;
    house->households = 3;
    house->storeys = 2;
    house->fire_rating = 2;
    house->target_class = "class_3";
    place(&b->f, house, east_of(LON, LAT, distance_m));
}

static void add_area(struct bench *b, const char *id, const char *kind, double half_deg)
{
    struct area *area = fixture_add(&b->f, LAYER_AREAS, id);
    area->kind = kind;
    area->head.geom =
        fixture_box(&b->f, LON - half_deg, LAT - half_deg, LON + half_deg, LAT + half_deg);
}

static void add_road(struct bench *b, double distance_m)
{
    struct infrastructure *road = fixture_add(&b->f, LAYER_INFRASTRUCTURE, "R");
    road->kind = "expressway";
    place(&b->f, road, east_of(LON, LAT, distance_m));
}

static bool is_noted(const struct site_answer *answer, const char *word)
{
    for (size_t i = 0; i < answer->n_notes; i++)
        if (strstr(answer->notes[i], word))
            return true;
    return false;
}

static void test_distance_beyond_an_unverified_limit_is_undecided_and_not_clear(void **state)
{
    struct bench *b = *state;
    add_house(b, 2000);
    build(b);
    struct site_answer answer =
        ask_site(b, "PETRO_LH_TANKS", fixture_point(&b->f, LON, LAT), NULL, NULL);
    const struct site_finding *finding = finding_of(&answer, "C-PETRO_LH_TANKS-RES");
    assert_non_null(finding);
    assert_int_equal(finding->rule->confidence, CONFIDENCE_UNVERIFIED);
    assert_int_equal(finding->answer.verdict, VERDICT_UNDECIDED);
    assert_int_equal(finding->answer.by, UNDECIDED_CONFIDENCE);
    assert_non_null(strstr(finding->decides, "printed"));
    assert_int_equal(answer.verdict, VERDICT_UNDECIDED);
    /* A limit that is only likely stands. */
    struct site_answer unit =
        ask_site(b, "PETRO_AB_UNIT", fixture_point(&b->f, LON, LAT), NULL, NULL);
    assert_int_equal(finding_of(&unit, "C-PETRO_AB_UNIT-RES")->answer.verdict, VERDICT_CLEAR);
}

static void test_tank_larger_than_its_table_is_not_clear(void **state)
{
    struct bench *b = *state;
    struct facility with;
    struct enterprise plant;
    add_house(b, 20);
    add_area(b, "A1", "farmland", 0.001);
    build(b);
    record_clear(LAYER_FACILITIES, &with);
    record_clear(LAYER_ENTERPRISES, &plant);
    plant.kind = "use"; /* no red line speaks of it */
    with.fixed_roof = 0;
    with.total_m3 = 5000; /* table 4.2.1 ends below that */
    struct geom at = fixture_point(&b->f, LON, LAT);
    struct site_answer beyond = ask_site(b, "LIQ_TANK_AB", at, &with, &plant);
    assert_int_equal(beyond.verdict, VERDICT_UNDECIDED);
    assert_true(is_noted(&beyond, "total_m3 = 5000"));
    with.total_m3 = 4999;
    struct site_answer within = ask_site(b, "LIQ_TANK_AB", at, &with, &plant);
    assert_int_equal(within.verdict, VERDICT_CONFLICT);
    assert_false(is_noted(&within, "total_m3"));
}

static void test_area_rules_take_the_kind_of_plant_from_the_type(void **state)
{
    struct bench *b = *state;
    struct enterprise plant;
    add_area(b, "A1", "dense_urban", 0.01);
    build(b);
    record_clear(LAYER_ENTERPRISES, &plant);
    struct geom at = fixture_point(&b->f, LON, LAT);
    struct site_answer unit = ask_site(b, "PETRO_AB_UNIT", at, NULL, NULL);
    assert_int_equal(finding_of(&unit, "Z05a")->answer.verdict, VERDICT_CONFLICT);
    assert_int_equal(finding_of(&unit, "Z06a")->answer.verdict, VERDICT_CONFLICT);
    struct site_answer station = ask_site(b, "GASOLINE_STATION_TANK", at, NULL, NULL);
    assert_null(finding_of(&station, "Z05a")); /* it trades */
    plant.kind = "storage";
    struct site_answer told = ask_site(b, "GASOLINE_STATION_TANK", at, NULL, &plant);
    assert_int_equal(finding_of(&told, "Z05a")->answer.verdict, VERDICT_CONFLICT);
    struct site_answer workshop = ask_site(b, "WORKSHOP_JIA", at, NULL, NULL);
    assert_int_equal(finding_of(&workshop, "Z06a")->answer.by, UNDECIDED_ATTRIBUTE);
    assert_non_null(strstr(finding_of(&workshop, "Z06a")->decides, "industry"));
}

static void test_kind_and_industry_that_nobody_knows_are_refused(void **state)
{
    struct bench *b = *state;
    struct facility with;
    struct enterprise plant;
    struct site_answer answer;
    build(b);
    record_clear(LAYER_FACILITIES, &with);
    record_clear(LAYER_ENTERPRISES, &plant);
    struct site_question question = {.geom = fixture_point(&b->f, LON, LAT),
                                     .facility_type = "WORKSHOP_JIA",
                                     .qualifiers = &with,
                                     .plant = &plant,
                                     .accuracy_m = 1};
    plant.kind = "produktion";
    assert_int_equal(query_site(b->world, &b->worker, &question, &answer, &b->err), ERR_INPUT);
    assert_non_null(strstr(b->err.message, "production?"));
    plant.kind = "production";
    plant.industry = "chemicals";
    assert_int_equal(query_site(b->world, &b->worker, &question, &answer, &b->err), ERR_INPUT);
    assert_non_null(strstr(b->err.message, "chemical?"));
}

/* H01: 100 m from the plant to the highway; a petrochemical plant reaches 500 m about. */
static void test_rules_on_whole_plants_speak_of_a_facility_of_one(void **state)
{
    struct bench *b = *state;
    add_road(b, 99.999);
    build(b);
    struct geom at = fixture_point(&b->f, LON, LAT);
    struct site_answer unit = ask_site(b, "PETRO_AB_UNIT", at, NULL, NULL);
    assert_int_equal(finding_of(&unit, "H01")->answer.verdict, VERDICT_CONFLICT);
    struct site_answer station = ask_site(b, "GASOLINE_STATION_TANK", at, NULL, NULL);
    assert_null(finding_of(&station, "H01"));
    struct site_answer tank = ask_site(b, "LIQ_TANK_AB", at, NULL, NULL);
    assert_int_equal(finding_of(&tank, "H01")->answer.by, UNDECIDED_ATTRIBUTE);
    assert_non_null(strstr(finding_of(&tank, "H01")->decides, "kind"));
}

static void test_fence_of_a_proposed_facility_may_be_nearer_than_the_facility(void **state)
{
    struct bench *b = *state;
    struct enterprise plant;
    add_road(b, 599.999);
    build(b);
    record_clear(LAYER_ENTERPRISES, &plant);
    struct geom at = fixture_point(&b->f, LON, LAT);
    struct site_answer near = ask_site(b, "PETRO_AB_UNIT", at, NULL, NULL);
    assert_int_equal(finding_of(&near, "H01")->answer.verdict, VERDICT_UNDECIDED);
    assert_int_equal(finding_of(&near, "H01")->answer.by, UNDECIDED_RADIUS);
    plant.radius_m = 499.9;
    struct site_answer far = ask_site(b, "PETRO_AB_UNIT", at, NULL, &plant);
    assert_int_equal(finding_of(&far, "H01")->answer.verdict, VERDICT_CLEAR);
}

static void test_site_in_a_store_that_was_never_given_areas_is_not_clear(void **state)
{
    struct bench *b = *state;
    add_house(b, 200);
    add_road(b, 5000);
    build(b);
    struct geom at = fixture_point(&b->f, LON, LAT);
    struct site_answer answer = ask_site(b, "GASOLINE_DISPENSER", at, NULL, NULL);
    assert_int_equal(finding_of(&answer, "S04-STN_PROT3")->answer.verdict, VERDICT_CLEAR);
    assert_int_equal(answer.verdict, VERDICT_UNDECIDED);
    assert_true(is_noted(&answer, "Z10a"));
}

static void test_area_that_must_hold_the_site_leaves_no_margin(void **state)
{
    struct bench *b = *state;
    add_area(b, "PARK", "park", 0.01);
    build(b);
    struct site_answer inside =
        ask_site(b, "PETRO_AB_UNIT", fixture_point(&b->f, LON, LAT), NULL, NULL);
    assert_int_equal(finding_of(&inside, "Z01a")->answer.verdict, VERDICT_CLEAR);
    assert_true(isnan(finding_of(&inside, "Z01a")->answer.margin_m));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_distance_beyond_an_unverified_limit_is_undecided_and_not_clear),
        TEST(test_tank_larger_than_its_table_is_not_clear),
        TEST(test_area_rules_take_the_kind_of_plant_from_the_type),
        TEST(test_kind_and_industry_that_nobody_knows_are_refused),
        TEST(test_rules_on_whole_plants_speak_of_a_facility_of_one),
        TEST(test_fence_of_a_proposed_facility_may_be_nearer_than_the_facility),
        TEST(test_site_in_a_store_that_was_never_given_areas_is_not_clear),
        TEST(test_area_that_must_hold_the_site_leaves_no_margin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
