/* test_query.c - what is here, may this be built, who is inside. */
#include "tests/unit/query_bench.h"

#include "data/base/text.h"
#include "geo/query/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static double next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(*seed >> 33) / (double)(1u << 31);
}

/* ---- near ---- */

static void scatter_plants(struct bench *b, int n)
{
    uint64_t seed = 7;
    for (int i = 0; i < n; i++) {
        char id[16];
        snprintf(id, sizeof id, "E%03d", i);
        struct enterprise *e = fixture_add(&b->f, LAYER_ENTERPRISES, id);
        e->head.geom =
            fixture_point(&b->f, LON + 0.1 * next_random(&seed), LAT + 0.1 * next_random(&seed));
    }
}

static void test_near_within_is_a_linear_scan(void **state)
{
    struct bench *b = *state;
    scatter_plants(b, 300);
    build(b);
    struct geom at;
    struct near_row *rows;
    size_t n;
    fixture_check(
        geom_of_point((struct lonlat){LON + 0.05, LAT + 0.05}, &b->worker.arena, &at, &b->err),
        &b->err);
    const struct near_question question = {
        .world = b->world, .layer = LAYER_ENTERPRISES, .shape = &at, .within_m = 3000};
    fixture_check(near_within(&question, &b->worker.arena, &rows, &n, &b->err), &b->err);
    size_t expected = 0;
    for (size_t i = 0; i < world_count(b->world, LAYER_ENTERPRISES); i++)
        expected +=
            ellipsoid_distance_m(at.points[0],
                                 world_geom(b->world, LAYER_ENTERPRISES, i)->points[0]) <= 3000;
    assert_true(expected > 20);
    assert_int_equal(n, expected);
    for (size_t i = 1; i < n; i++)
        assert_true(rows[i - 1].closest.distance_m <= rows[i].closest.distance_m);
}

static bool is_even(void *context, uint32_t row)
{
    (void)context;
    return row % 2 == 0;
}

static void test_near_nearest_is_the_head_of_a_sorted_scan(void **state)
{
    struct bench *b = *state;
    scatter_plants(b, 300);
    build(b);
    struct geom at;
    struct near_row *all, few[7];
    size_t n_all, n_few;
    fixture_check(geom_of_point((struct lonlat){LON, LAT}, &b->worker.arena, &at, &b->err),
                  &b->err);
    struct near_question question = {
        .world = b->world, .layer = LAYER_ENTERPRISES, .shape = &at, .within_m = 50000};
    fixture_check(near_within(&question, &b->worker.arena, &all, &n_all, &b->err), &b->err);
    question.fits = is_even;
    question.within_m = INFINITY;
    fixture_check(near_nearest(&question, 7, &b->worker.arena, few, &n_few, &b->err), &b->err);
    assert_int_equal(n_few, 7);
    size_t k = 0;
    for (size_t i = 0; k < n_few; i++)
        if (all[i].row % 2 == 0)
            assert_int_equal(few[k++].row, all[i].row);
    question.within_m = few[2].closest.distance_m;
    fixture_check(near_nearest(&question, 7, &b->worker.arena, few, &n_few, &b->err), &b->err);
    assert_int_equal(n_few, 3); /* the limit itself is within */
}

/* ---- at ---- */

static void test_at_tells_units_zones_plants_and_residents(void **state)
{
    struct bench *b = *state;
    struct at_answer at;
    add_units(b);
    fixture_grid(&b->f, 106.1, 38.5, 0.001, 200, 200, 10);
    struct zone *zone = fixture_add(&b->f, LAYER_ZONES, "Z1");
    zone->head.geom = fixture_box(&b->f, 106.19, 38.39, 106.21, 38.41);
    struct zone *elsewhere = fixture_add(&b->f, LAYER_ZONES, "Z2");
    elsewhere->head.geom = fixture_box(&b->f, 106.29, 38.39, 106.31, 38.41);
    struct enterprise *in = fixture_add(&b->f, LAYER_ENTERPRISES, "IN");
    place(&b->f, in, east_of(LON, LAT, 999.9));
    struct enterprise *out = fixture_add(&b->f, LAYER_ENTERPRISES, "OUT");
    place(&b->f, out, east_of(LON, LAT, 1000.1));
    struct conflict *conflict = fixture_add(&b->f, LAYER_CONFLICTS, "C1");
    conflict->kind = "area";
    conflict->rule_id = "Z05a";
    conflict->source_layer = "enterprises";
    conflict->source_id = "IN";
    conflict->verdict = "conflict";
    build(b);
    fixture_check(query_at(b->world, &b->worker, (struct lonlat){LON, LAT}, 1000, &at, &b->err),
                  &b->err);
    assert_string_equal(at.units[1]->code, "640000");
    assert_string_equal(at.units[2]->code, "640100");
    assert_string_equal(at.units[3]->code, "640105");
    assert_null(at.units[4]);
    assert_int_equal(at.n_zones, 1);
    assert_int_equal(at.n_near, 1);
    assert_string_equal(world_enterprise(b->world, at.near[0].row)->head.id, "IN");
    assert_int_equal(at.n_conflicts, 1);
    /* A uniform grid: persons are density times area, and the circle's area is known. */
    assert_close(at.exposure.area_m2, 3141592.65, 100);
    assert_close(at.exposure.persons, at.density_km2 * at.exposure.area_m2 / 1e6, 2);
    assert_true(at.exposure.low <= at.exposure.persons && at.exposure.persons <= at.exposure.high);
}

static void test_at_without_population_says_not_known_instead_of_nobody(void **state)
{
    struct bench *b = *state;
    struct at_answer at;
    build(b);
    fixture_check(query_at(b->world, &b->worker, (struct lonlat){LON, LAT}, 500, &at, &b->err),
                  &b->err);
    assert_true(isnan(at.exposure.persons));
    assert_true(isnan(at.density_km2));
    assert_close(at.exposure.nodata_share, 1, 0);
}

/* ---- units and plants ---- */

static void add_grade(struct bench *b, const char *plant, int32_t grade)
{
    char id[64];
    snprintf(id, sizeof id, "enterprise/%s/enterprise", plant);
    struct grade_row *g = fixture_add(&b->f, LAYER_GRADES, id);
    g->subject = "enterprise";
    g->subject_id = plant;
    g->method = "enterprise";
    g->grade = grade;
    g->could_be = grade;
    g->undecided = 0;
}

static void test_unit_lists_its_plants_worst_first_and_its_parts(void **state)
{
    struct bench *b = *state;
    struct unit_answer unit;
    add_units(b);
    static const struct {
        const char *id;
        double lon;
        int32_t grade;
    } plants[] = {
        {"A", 106.2, 4}, {"B", 106.2, 1}, {"C", 106.4, 2}, {"D", 106.7, 1}, {"E", 106.1, 0}};
    for (size_t i = 0; i < sizeof plants / sizeof plants[0]; i++) {
        struct enterprise *e = fixture_add(&b->f, LAYER_ENTERPRISES, plants[i].id);
        e->head.geom = fixture_point(&b->f, plants[i].lon, 38.4);
        add_grade(b, plants[i].id, plants[i].grade);
    }
    build(b);
    fixture_check(query_unit(b->world, &b->worker, "640100", &unit, &b->err), &b->err);
    assert_int_equal(unit.n_enterprises, 4);
    static const char *const order[] = {"B", "C", "A", "E"};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(world_enterprise(b->world, unit.enterprises[i])->head.id, order[i]);
    assert_int_equal(unit.n_children, 2);
    assert_int_equal(query_unit(b->world, &b->worker, "1", &unit, &b->err), ERR_NOT_FOUND);
}

static void test_enterprise_that_nobody_knows_is_not_found(void **state)
{
    struct bench *b = *state;
    struct enterprise_answer answer;
    build(b);
    assert_int_equal(query_enterprise(b->world, &b->worker, "none", &answer, &b->err),
                     ERR_NOT_FOUND);
    assert_non_null(strstr(b->err.message, "none"));
}

/* ---- siting ---- */

/* A class A workshop and an office: 25 m by GB 50016 table 3.4.1. */
static struct site_answer workshop_at(struct bench *b, double distance_m)
{
    struct protected_target *office = fixture_add(&b->f, LAYER_PROTECTED, "P");
    office->use = "office";
    office->persons = 20;
    office->storeys = 3;
    office->floor_area_m2 = 500;
    office->target_class = "class_2";
    place(&b->f, office, east_of(LON, LAT, distance_m));
    build(b);
    return ask_site(b, "WORKSHOP_JIA", fixture_point(&b->f, LON, LAT), NULL, NULL);
}

static void test_site_is_clear_at_the_limit_and_says_by_how_much(void **state)
{
    struct bench *b = *state;
    struct site_answer answer = workshop_at(b, 25.001);
    const struct site_finding *finding = finding_of(&answer, "F09a");
    assert_non_null(finding);
    assert_int_equal(finding->answer.verdict, VERDICT_CLEAR);
    assert_close(finding->answer.margin_m, 0.001, 1e-4);
    assert_close(finding->closest.distance_m, 25.001, 1e-4);
}

static void test_site_is_in_conflict_a_millimetre_nearer(void **state)
{
    struct bench *b = *state;
    struct site_answer answer = workshop_at(b, 24.999);
    const struct site_finding *finding = finding_of(&answer, "F09a");
    assert_non_null(finding);
    assert_int_equal(finding->answer.verdict, VERDICT_CONFLICT);
    assert_int_equal(answer.verdict, VERDICT_CONFLICT);
    assert_ptr_equal(finding, &answer.findings[0]); /* worst first */
    assert_non_null(strstr(finding->reason, "GB 50016"));
    assert_non_null(strstr(finding->reason_zh, "25 m"));
}

static void test_site_without_anything_to_meet_is_not_clear(void **state)
{
    struct bench *b = *state;
    build(b);
    struct site_answer answer =
        ask_site(b, "WORKSHOP_JIA", fixture_point(&b->f, LON, LAT), NULL, NULL);
    assert_int_equal(answer.verdict, VERDICT_UNDECIDED);
    assert_true(answer.n_notes > 0);
    assert_non_null(strstr(answer.notes[0], "F09a"));
}

static void test_site_with_a_missing_qualifier_is_undecided_and_names_it(void **state)
{
    struct bench *b = *state;
    struct protected_target *house = fixture_add(&b->f, LAYER_PROTECTED, "P");
    house->use = "residential";
    house->persons = 10;
    house->households = 3;
    house->storeys = 2;
    house->fire_rating = 2;
    place(&b->f, house, east_of(LON, LAT, 20));
    build(b);
    struct geom at = fixture_point(&b->f, LON, LAT);
    struct site_answer open = ask_site(b, "LIQ_TANK_AB", at, NULL, NULL);
    assert_int_equal(open.verdict, VERDICT_UNDECIDED);
    bool named = false;
    for (size_t i = 0; i < open.n_findings; i++)
        named = named || (open.findings[i].decides && strstr(open.findings[i].decides, "total_m3"));
    assert_true(named);
    struct facility with;
    record_clear(LAYER_FACILITIES, &with);
    with.total_m3 = 500; /* 20 m for rating I and II, and high-rise is out */
    with.fixed_roof = 0;
    struct site_answer decided = ask_site(b, "LIQ_TANK_AB", at, &with, NULL);
    const struct site_finding *finding = finding_of(&decided, "F03-BLDG_I_II");
    assert_non_null(finding);
    assert_int_equal(finding->answer.verdict, VERDICT_CLEAR);
}

static void test_site_type_misspelt_gets_a_suggestion(void **state)
{
    struct bench *b = *state;
    struct facility with;
    struct site_answer answer;
    build(b);
    record_clear(LAYER_FACILITIES, &with);
    struct site_question question = {.geom = fixture_point(&b->f, LON, LAT),
                                     .facility_type = "LIQ_TANK_BA",
                                     .qualifiers = &with,
                                     .accuracy_m = 1};
    assert_int_equal(query_site(b->world, &b->worker, &question, &answer, &b->err), ERR_USAGE);
    assert_non_null(strstr(b->err.message, "LIQ_TANK_AB"));
}

static struct area *add_area(struct bench *b, const char *id, const char *kind, double half_deg)
{
    struct area *area = fixture_add(&b->f, LAYER_AREAS, id);
    area->kind = kind;
    area->head.geom =
        fixture_box(&b->f, LON - half_deg, LAT - half_deg, LON + half_deg, LAT + half_deg);
    return area;
}

static void test_site_in_a_dense_area_breaks_the_red_line_once_its_kind_is_known(void **state)
{
    struct bench *b = *state;
    struct enterprise plant;
    add_area(b, "A1", "dense_urban", 0.01);
    build(b);
    record_clear(LAYER_ENTERPRISES, &plant);
    struct geom at = fixture_point(&b->f, LON, LAT);
    struct site_answer open = ask_site(b, "LIQ_TANK_AB", at, NULL, &plant);
    assert_int_equal(finding_of(&open, "Z05a")->answer.verdict, VERDICT_UNDECIDED);
    assert_non_null(strstr(finding_of(&open, "Z05a")->decides, "kind"));
    plant.kind = "production";
    struct site_answer known = ask_site(b, "LIQ_TANK_AB", at, NULL, &plant);
    assert_int_equal(finding_of(&known, "Z05a")->answer.verdict, VERDICT_CONFLICT);
    assert_int_equal(known.verdict, VERDICT_CONFLICT);
    plant.kind = "mine";
    struct site_answer other = ask_site(b, "LIQ_TANK_AB", at, NULL, &plant);
    assert_null(finding_of(&other, "Z05a"));
}

static void test_site_of_a_chemical_plant_must_stand_inside_a_park(void **state)
{
    struct bench *b = *state;
    struct enterprise plant;
    add_area(b, "PARK", "park", 0.01);
    build(b);
    record_clear(LAYER_ENTERPRISES, &plant);
    plant.kind = "production";
    plant.industry = "chemical";
    struct site_answer inside =
        ask_site(b, "PETRO_AB_UNIT", fixture_point(&b->f, LON, LAT), NULL, &plant);
    assert_int_equal(finding_of(&inside, "Z01a")->answer.verdict, VERDICT_CLEAR);
    struct site_answer outside =
        ask_site(b, "PETRO_AB_UNIT", fixture_point(&b->f, LON + 0.02, LAT), NULL, &plant);
    assert_int_equal(finding_of(&outside, "Z01a")->answer.verdict, VERDICT_CONFLICT);
    struct site_answer across =
        ask_site(b, "PETRO_AB_UNIT", fixture_box(&b->f, LON + 0.005, LAT, LON + 0.02, LAT + 0.001),
                 NULL, &plant);
    assert_int_equal(finding_of(&across, "Z01a")->answer.verdict, VERDICT_CONFLICT);
    struct site_answer far =
        ask_site(b, "PETRO_AB_UNIT", fixture_point(&b->f, LON + 1, LAT), NULL, &plant);
    assert_int_equal(finding_of(&far, "Z01a")->answer.verdict, VERDICT_CONFLICT);
}

static void test_site_outside_of_parks_is_undecided_where_the_store_knows_none(void **state)
{
    struct bench *b = *state;
    struct enterprise plant;
    build(b);
    record_clear(LAYER_ENTERPRISES, &plant);
    plant.kind = "production";
    plant.industry = "chemical";
    struct site_answer answer =
        ask_site(b, "PETRO_AB_UNIT", fixture_point(&b->f, LON, LAT), NULL, &plant);
    assert_int_equal(finding_of(&answer, "Z01a")->answer.verdict, VERDICT_UNDECIDED);
}

/* ---- incidents ---- */

static void test_incident_lists_targets_by_class_then_distance(void **state)
{
    struct bench *b = *state;
    static const struct {
        const char *id;
        const char *class;
        double m;
    } targets[] = {{"far-school", "high_sensitive", 900},
                   {"near-shop", "class_3", 10},
                   {"near-school", "high_sensitive", 800},
                   {"outside", "high_sensitive", 1000.01},
                   {"edge", "class_2", 999.99}};
    struct incident_answer incident;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct protected_target *t = fixture_add(&b->f, LAYER_PROTECTED, targets[i].id);
        t->target_class = targets[i].class;
        place(&b->f, t, east_of(LON, LAT, targets[i].m));
    }
    build(b);
    fixture_check(
        query_incident(b->world, &b->worker, (struct lonlat){LON, LAT}, 1000, &incident, &b->err),
        &b->err);
    static const char *const order[] = {"near-school", "far-school", "edge", "near-shop"};
    assert_int_equal(incident.n_targets, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(world_protected(b->world, incident.targets[i].row)->head.id, order[i]);
    assert_string_equal(incident.target_classes[3], "class_3");
}

static void test_incident_gives_the_five_nearest_of_each_kind(void **state)
{
    struct bench *b = *state;
    struct incident_answer incident;
    for (int i = 0; i < 8; i++) {
        char id[16];
        snprintf(id, sizeof id, "H%d", i);
        struct resource *hospital = fixture_add(&b->f, LAYER_RESOURCES, id);
        hospital->kind = "hospital";
        place(&b->f, hospital, east_of(LON, LAT, 90000 - 10000 * i));
    }
    struct resource *team = fixture_add(&b->f, LAYER_RESOURCES, "T");
    team->kind = "team";
    place(&b->f, team, east_of(LON, LAT, 150000)); /* however far */
    build(b);
    fixture_check(
        query_incident(b->world, &b->worker, (struct lonlat){LON, LAT}, 100, &incident, &b->err),
        &b->err);
    assert_int_equal(incident.n_resources, 6);
    assert_string_equal(world_resource(b->world, incident.resources[0].row)->kind, "team");
    for (int i = 0; i < 5; i++)
        assert_close(incident.resources[1 + i].closest.distance_m, 20000 + 10000 * i, 1e-3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_near_within_is_a_linear_scan),
        TEST(test_near_nearest_is_the_head_of_a_sorted_scan),
        TEST(test_at_tells_units_zones_plants_and_residents),
        TEST(test_at_without_population_says_not_known_instead_of_nobody),
        TEST(test_unit_lists_its_plants_worst_first_and_its_parts),
        TEST(test_enterprise_that_nobody_knows_is_not_found),
        TEST(test_site_is_clear_at_the_limit_and_says_by_how_much),
        TEST(test_site_is_in_conflict_a_millimetre_nearer),
        TEST(test_site_without_anything_to_meet_is_not_clear),
        TEST(test_site_with_a_missing_qualifier_is_undecided_and_names_it),
        TEST(test_site_type_misspelt_gets_a_suggestion),
        TEST(test_site_in_a_dense_area_breaks_the_red_line_once_its_kind_is_known),
        TEST(test_site_of_a_chemical_plant_must_stand_inside_a_park),
        TEST(test_site_outside_of_parks_is_undecided_where_the_store_knows_none),
        TEST(test_incident_lists_targets_by_class_then_distance),
        TEST(test_incident_gives_the_five_nearest_of_each_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
