/* test_rules_lookup.c - steps, substances, classes, radii: both sides of each limit. */
#include "tests/unit/rules_bench.h"

#include <math.h>

static void test_steps_change_at_their_limits_and_nowhere_else(void **state)
{
    const struct rules *rules = &((struct bench *)*state)->rules;
    static const struct {
        double persons, alpha;
    } alphas[] = {{0, 0.5},  {0.25, 1.0}, {1, 1.0},  {29, 1.0},     {29.999, 1.0}, {30, 1.2},
                  {49, 1.2}, {50, 1.5},   {99, 1.5}, {99.999, 1.5}, {100, 2.0},    {1e7, 2.0}};
    static const struct {
        double r, level;
    } levels[] = {{0, 4}, {9.999, 4}, {10, 3}, {49.999, 3}, {50, 2}, {99.999, 2}, {100, 1}};
    for (size_t i = 0; i < sizeof alphas / sizeof alphas[0]; i++)
        assert_true(rules_step(rules->alpha, rules->n_alpha, alphas[i].persons)->value ==
                    alphas[i].alpha);
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        assert_true(rules_step(rules->hazard_levels, rules->n_hazard_levels, levels[i].r)->value ==
                    levels[i].level);
    assert_null(rules_step(rules->alpha, rules->n_alpha, NAN));
    assert_null(rules_step(rules->alpha, rules->n_alpha, -1.0));
}

static void test_substances_are_found_by_any_of_their_names(void **state)
{
    const struct rules *rules = &((struct bench *)*state)->rules;
    static const struct {
        const char *name, *id;
    } cases[] = {{"\xE6\xB0\xA8", "1"},             /* 氨 */
                 {"\xE6\xB6\xB2\xE6\xB0\xA8", "1"}, /* 液氨 */
                 {"Ammonia", "1"},
                 {"7664-41-7", "1"},
                 {"1", "1"},
                 {"CHLORINE", "12"},
                 {"lng", "49"},
                 {"106-97-8", "52"},
                 {"85", "85"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct substance *substance = rules_substance(rules, cases[i].name);
        if (!substance)
            fail_msg("%s was not found", cases[i].name);
        assert_string_equal(substance->source.id, cases[i].id);
    }
    assert_null(rules_substance(rules, "water"));
    assert_null(rules_substance(rules, ""));
    assert_null(rules_substance(rules, NULL));
    assert_null(rules_substance(rules, "6484-52-2")); /* two kinds of ammonium nitrate */
    assert_null(rules_substance(rules, "86"));
}

/* Hydrogen sulfide, phosphine and chlorine of a published examination. */
static void test_the_examination_example_comes_out_at_level_2(void **state)
{
    const struct rules *rules = &((struct bench *)*state)->rules;
    static const struct {
        const char *cas;
        double q_t;
    } items[] = {{"7783-06-4", 2}, {"7803-51-2", 2}, {"7782-50-5", 1}};
    double s = 0, r = 0;
    for (size_t i = 0; i < 3; i++) {
        const struct substance *substance = rules_substance(rules, items[i].cas);
        s += items[i].q_t / substance->critical_t;
        r += substance->beta * items[i].q_t / substance->critical_t;
    }
    double alpha = rules_step(rules->alpha, rules->n_alpha, 102)->value;
    assert_true(fabs(s - 2.6) < 1e-12);
    assert_true(fabs(alpha * r - 85.6) < 1e-9);
    assert_true(rules_step(rules->hazard_levels, rules->n_hazard_levels, alpha * r)->value == 2.0);
}

static void test_every_substance_has_a_beta_or_says_that_it_has_none(void **state)
{
    const struct rules *rules = &((struct bench *)*state)->rules;
    size_t table_3 = 0, open = 0;
    for (size_t i = 0; i < rules->n_substances; i++) {
        const struct substance *substance = &rules->substances[i];
        table_3 += !isnan(substance->beta) ? 1u : 0u;
        if (*substance->category)
            assert_non_null(rules_category(rules, substance->category));
        else
            open += isnan(substance->beta) ? 1u : 0u;
    }
    assert_int_equal(table_3, 14);
    assert_int_equal(open, 6); /* formaldehyde, stibine, hydrogen selenide ... */
    assert_true(rules_category(rules, "W5.1")->beta == 1.5);
    assert_null(rules_category(rules, "W99"));
    assert_null(rules_category(rules, NULL));
}

static struct protected_target target(const char *use)
{
    struct protected_target record;
    record_clear(LAYER_PROTECTED, &record);
    record.use = use;
    return record;
}

static void expect_class(const struct rules *rules, const struct protected_target *record,
                         const char *class)
{
    const char *missing = NULL;
    const char *got = rules_protected_class(rules, record, &missing);
    if (!got || strcmp(got, class) != 0)
        fail_msg("%s: %s (missing %s), not %s", record->use, got ? got : "none",
                 missing ? missing : "nothing", class);
}

static void test_dwellings_change_class_at_10_30_households_and_30_100_persons(void **state)
{
    const struct rules *rules = &((struct bench *)*state)->rules;
    static const struct {
        int32_t persons, households;
        const char *class;
    } cases[] = {
        {100, INT_ABSENT, "class_1"}, {99, 29, "class_2"},        {99, 30, "class_1"},
        {INT_ABSENT, 30, "class_1"},  {30, 9, "class_2"},         {29, 9, "class_3"},
        {29, 10, "class_2"},          {9, INT_ABSENT, "class_3"}, {1, 0, "class_3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct protected_target record = target("residential");
        record.persons = cases[i].persons;
        record.households = cases[i].households;
        expect_class(rules, &record, cases[i].class);
        record.use = "village";
        expect_class(rules, &record, cases[i].class);
    }
    struct protected_target record = target("residential");
    const char *missing = NULL;
    record.persons = 99;
    assert_null(rules_protected_class(rules, &record, &missing));
    assert_string_equal(missing, "households");
}

static void test_floor_areas_beds_and_staff_change_class_at_their_limits(void **state)
{
    const struct rules *rules = &((struct bench *)*state)->rules;
    static const struct {
        const char *use;
        double area_m2;
        const char *class;
    } areas[] = {
        {"stadium", 5000, "class_1"},       {"stadium", 4999, "class_2"},
        {"market", 5000, "class_1"},        {"market", 4999.9, "class_2"},
        {"market", 1500, "class_2"},        {"market", 1499, "class_3"},
        {"business", 5000, "class_1"},      {"business", 4999, "class_2"},
        {"business", 1500, "class_2"},      {"business", 1499, "class_3"},
        {"entertainment", 3000, "class_1"}, {"entertainment", 2999, "class_2"},
        {"park_square", 5000, "class_1"},   {"park_square", 4999, "class_2"},
        {"park_square", 1500, "class_2"},   {"park_square", 1499, "class_3"},
    };
    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        struct protected_target record = target(areas[i].use);
        record.floor_area_m2 = areas[i].area_m2;
        expect_class(rules, &record, areas[i].class);
    }
    static const struct {
        const char *use;
        int32_t persons;
        const char *class;
    } staff[] = {{"office", 100, "class_1"},
                 {"office", 99, "class_2"},
                 {"factory", 100, "class_2"},
                 {"factory", 99, "class_3"}};
    for (size_t i = 0; i < sizeof staff / sizeof staff[0]; i++) {
        struct protected_target record = target(staff[i].use);
        record.persons = staff[i].persons;
        expect_class(rules, &record, staff[i].class);
    }
    struct protected_target record = target("hotel");
    record.beds = 100;
    expect_class(rules, &record, "class_1");
    record.beds = 99;
    expect_class(rules, &record, "class_2");
    record = target("transport_hub");
    record.peak_persons = 100;
    expect_class(rules, &record, "class_1");
    record.peak_persons = 99;
    expect_class(rules, &record, "class_2");
}

static void test_open_air_places_go_by_their_peak(void **state)
{
    const struct rules *rules = &((struct bench *)*state)->rules;
    struct protected_target record = target("market");
    const char *missing = NULL;
    record.floor_area_m2 = 0;
    record.peak_persons = 300;
    expect_class(rules, &record, "class_1");
    record.peak_persons = 299;
    expect_class(rules, &record, "class_2");
    record.peak_persons = 100;
    expect_class(rules, &record, "class_2");
    record.peak_persons = 99;
    expect_class(rules, &record, "class_3");
    record.peak_persons = INT_ABSENT;
    assert_null(rules_protected_class(rules, &record, &missing));
    assert_string_equal(missing, "peak_persons");
    record = target("entertainment");
    record.floor_area_m2 = 0;
    record.peak_persons = 100;
    expect_class(rules, &record, "class_1");
    record.peak_persons = 99;
    expect_class(rules, &record, "class_2");
}

static void test_uses_that_settle_the_class_and_uses_that_have_none(void **state)
{
    const struct rules *rules = &((struct bench *)*state)->rules;
    static const char *const cases[][2] = {
        {"school", "high_sensitive"},   {"kindergarten", "high_sensitive"},
        {"hospital", "high_sensitive"}, {"nursing_home", "high_sensitive"},
        {"culture", "high_sensitive"},  {"library_museum", "important"},
        {"heritage", "important"},      {"religious", "important"},
        {"prison", "important"},        {"military", "important"},
        {"transit", "important"},       {"government", "class_1"},
        {"utility", "class_2"},         {"filling_station", "class_3"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct protected_target record = target(cases[i][0]);
        expect_class(rules, &record, cases[i][1]);
    }
    struct protected_target record = target("substation");
    const char *missing = "stale";
    assert_null(rules_protected_class(rules, &record, &missing));
    assert_null(missing);
    record.target_class = "class_2"; /* its own class wins */
    expect_class(rules, &record, "class_2");
    record = target(NULL);
    assert_null(rules_protected_class(rules, &record, &missing));
    assert_string_equal(missing, "use");
}

static struct zone zone_of(const char *kind, double value, const char *unit)
{
    struct zone zone;
    record_clear(LAYER_ZONES, &zone);
    zone.kind = kind;
    zone.value = value;
    zone.unit = unit;
    return zone;
}

static void test_zone_classes_change_at_their_values(void **state)
{
    const struct rules *rules = &((struct bench *)*state)->rules;
    static const struct {
        const char *kind, *unit;
        double value;
        int32_t class;
    } cases[] = {
        {"individual_risk", "per_year", 1e-5, 1},
        {"individual_risk", "per_year", 9.9e-6, 2},
        {"individual_risk", "per_year", 3e-6, 2},
        {"individual_risk", "per_year", 2.9e-6, 3},
        {"individual_risk", "per_year", 3e-7, 3},
        {"individual_risk", "per_year", 2.9e-7, 0},
        {"overpressure", "kpa", 9, 1},
        {"overpressure", "kpa", 8.999, 2},
        {"overpressure", "kpa", 5, 2},
        {"overpressure", "kpa", 2, 3},
        {"overpressure", "kpa", 1.999, 0},
        {"thermal", "kw_m2", 8, 1},
        {"thermal", "kw_m2", 5, 2},
        {"thermal", "kw_m2", 3, 3},
        {"toxic", "aegl", 3, 1},
        {"toxic", "aegl", 2, 2},
        {"toxic", "aegl", 1, 3},
        {"toxic", NULL, 3, 1},
        {"toxic", "kpa", 3, 0},
        {"other", NULL, 100, 0},
        {"toxic", "aegl", NAN, 0},
        {NULL, NULL, 9, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct zone zone = zone_of(cases[i].kind, cases[i].value, cases[i].unit);
        if (rules_zone_class(rules, &zone) != cases[i].class)
            fail_msg("%s %g: class %d, not %d", cases[i].kind, cases[i].value,
                     rules_zone_class(rules, &zone), cases[i].class);
    }
    struct zone given = zone_of("other", NAN, NULL);
    given.class = 2;
    assert_int_equal(rules_zone_class(rules, &given), 2);
    struct zone by_frequency = zone_of("individual_risk", NAN, NULL);
    by_frequency.freq_per_year = 3e-6;
    assert_int_equal(rules_zone_class(rules, &by_frequency), 2);
}

static void test_density_limits_follow_the_class(void **state)
{
    const struct rules *rules = &((struct bench *)*state)->rules;
    assert_true(rules_dense_above(rules, "toxic", 1) == 0.0);
    assert_true(rules_dense_above(rules, "toxic", 2) == 300.0);
    assert_true(rules_dense_above(rules, NULL, 3) == 1500.0);
    assert_true(rules_dense_above(rules, "other", 3) == 1500.0);
    assert_true(isnan(rules_dense_above(rules, "toxic", 4)));
}

static void test_radius_and_accuracy_are_never_nothing(void **state)
{
    const struct rules *rules = &((struct bench *)*state)->rules;
    struct enterprise plant;
    record_clear(LAYER_ENTERPRISES, &plant);
    assert_true(rules_radius_m(rules, &plant) == rules->parameters.default_radius_m);
    plant.industry = "gas_station";
    assert_true(rules_radius_m(rules, &plant) == 40.0);
    plant.industry = "unheard_of";
    assert_true(rules_radius_m(rules, &plant) == rules->parameters.default_radius_m);
    plant.radius_m = 75.0;
    assert_true(rules_radius_m(rules, &plant) == 75.0);
    assert_true(rules_accuracy_m(rules, LAYER_ENTERPRISES, &plant.head) == 30.0);
    plant.head.source = "GEM_coal.geojson";
    assert_true(rules_accuracy_m(rules, LAYER_ENTERPRISES, &plant.head) == 1000.0);
    assert_true(rules_accuracy_m(rules, LAYER_PIPELINES, &plant.head) == 5000.0);
    plant.head.accuracy_m = 0.5;
    assert_true(rules_accuracy_m(rules, LAYER_ENTERPRISES, &plant.head) == 0.5);
    plant.head.accuracy_m = 0.0;
    plant.head.source = NULL;
    for (int layer = 0; layer < LAYER_COUNT; layer++)
        assert_true(rules_accuracy_m(rules, (enum layer_id)layer, &plant.head) > 0.0);
}

static void test_validity_ends_are_included_and_inactive_rows_never_hold(void **state)
{
    (void)state;
    struct rule_source source = {.valid_from = 20200101, .valid_to = 20201231, .active = true};
    assert_false(rule_holds(&source, 20191231));
    assert_true(rule_holds(&source, 20200101));
    assert_true(rule_holds(&source, 20201231));
    assert_false(rule_holds(&source, 20210101));
    source.active = false;
    assert_false(rule_holds(&source, 20200601));
    source = (struct rule_source){.valid_from = INT_ABSENT, .valid_to = INT_ABSENT, .active = true};
    assert_true(rule_holds(&source, 19000101));
}

static void test_parameters_are_those_of_the_design(void **state)
{
    const struct parameters *p = &((struct bench *)*state)->rules.parameters;
    assert_true(p->alpha_radius_m == 500.0);
    assert_true(p->density_red_persons == 100.0 && p->density_orange_persons == 30.0);
    assert_true(p->score_blue_from == 90.0 && p->score_yellow_from == 75.0 &&
                p->score_orange_from == 60.0);
    assert_true(p->reach_m[1] == 1000.0 && p->reach_m[2] == 500.0 && p->reach_m[3] == 300.0 &&
                p->reach_m[4] == 100.0);
    assert_true(p->share_threshold[1] == 0.01 && p->share_threshold[2] == 0.02 &&
                p->share_threshold[3] == 0.05);
    assert_true(p->cell_deg == 0.01);
}

/* Against the formula itself, at 1,000 charges and pressures; and rounded distances by charge. */
static void test_a_blast_falls_to_the_pressure_at_the_distance(void **state)
{
    (void)state;
    static const double rows[][4] = {{100, 273, 120, 74},     {1000, 589, 258, 159},
                                     {5000, 1006, 440, 271},  {10000, 1268, 555, 342},
                                     {20000, 1598, 699, 430}, {50000, 2168, 949, 584}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(fabs(rules_blast_m(2000, rows[i][0]) - rows[i][1]) <= 0.6);
        assert_true(fabs(rules_blast_m(5000, rows[i][0]) - rows[i][2]) <= 0.6);
        assert_true(fabs(rules_blast_m(9000, rows[i][0]) - rows[i][3]) <= 0.6);
    }
    for (int i = 0; i < 1000; i++) {
        double pa = 100 * pow(10, 5.0 * (i % 100) / 100);
        double q = pow(10, -2 + 0.9 * (i / 100));
        double r = rules_blast_m(pa, q);
        double dp = 14 * q / (r * r * r) + 4.3 * pow(q, 2.0 / 3) / (r * r) + 1.1 * cbrt(q) / r;
        assert_true(fabs(dp * 1e5 / pa - 1) < 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_change_at_their_limits_and_nowhere_else),
        cmocka_unit_test(test_substances_are_found_by_any_of_their_names),
        cmocka_unit_test(test_the_examination_example_comes_out_at_level_2),
        cmocka_unit_test(test_every_substance_has_a_beta_or_says_that_it_has_none),
        cmocka_unit_test(test_dwellings_change_class_at_10_30_households_and_30_100_persons),
        cmocka_unit_test(test_floor_areas_beds_and_staff_change_class_at_their_limits),
        cmocka_unit_test(test_open_air_places_go_by_their_peak),
        cmocka_unit_test(test_uses_that_settle_the_class_and_uses_that_have_none),
        cmocka_unit_test(test_zone_classes_change_at_their_values),
        cmocka_unit_test(test_density_limits_follow_the_class),
        cmocka_unit_test(test_radius_and_accuracy_are_never_nothing),
        cmocka_unit_test(test_validity_ends_are_included_and_inactive_rows_never_hold),
        cmocka_unit_test(test_parameters_are_those_of_the_design),
        cmocka_unit_test(test_a_blast_falls_to_the_pressure_at_the_distance),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
