/* test_rules.c - the shipped tables load and say what the standards say. */
#include "tests/unit/rules_bench.h"

#include <math.h>

static void test_the_shipped_tables_load_whole_and_each_row_names_its_source(void **state)
{
    const struct bench *bench = *state;
    const struct rules *rules = &bench->rules;
    assert_int_equal(bench->findings.n_errors, 0);
    assert_int_equal(rules->n_substances, 85);
    assert_int_equal(rules->n_categories, 24);
    assert_int_equal(rules->n_admin_codes, 28);
    assert_true(rules->n_spacing >= 180);
    assert_int_equal(rules->n_tables, 22);
    assert_int_equal(rules->n_files, 22);
    for (size_t i = 0; i < rules->n_spacing; i++) {
        const struct spacing_rule *rule = &rules->spacing[i];
        assert_true(*rule->source.standard != '\0');
        assert_true(rule->value_m > 0.0);
        assert_non_null(rule->from);
        assert_non_null(rule->to);
        assert_non_null(rules_facility_type(rules, rule->facility));
    }
    for (size_t i = 0; i < rules->n_tables; i++) {
        size_t n = 0;
        for (int c = 0; c < CONFIDENCE_COUNT; c++)
            n += rules->tables[i].by_confidence[c];
        assert_true(n > 0);
        assert_int_equal(n, rules->tables[i].n_rows);
    }
}

static void test_rules_that_no_stored_record_can_meet_are_told(void **state)
{
    const struct bench *bench = *state;
    static const char *const ids[] = {"P05a", "P05b", "P06a", "P06b", "P14", "P15", "P16"};
    assert_int_equal(bench->findings.n_notes, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_non_null(strstr(bench->findings.notes[i], ids[i]));
        assert_non_null(strstr(bench->findings.notes[i], "can meet no stored record"));
    }
    assert_true(rules_target_is_never(&bench->rules, "WORKS_LINEAR"));
    assert_false(rules_target_is_never(&bench->rules, "BUILDING"));
}

static void test_spacing_rows_carry_the_numbers_of_their_tables(void **state)
{
    static const struct {
        const char *id, *facility, *target;
        double value_m, qmin, qmax;
        bool min_included, max_included;
        enum confidence confidence;
        const char *from, *to;
    } rows[] = {
        {"F01-BLDG_I_II", "LIQ_TANK_AB", "BLDG_I_II", 12, 1, 50, true, false, CONFIDENCE_SURE_V,
         "tank_shell", "building_wall"},
        {"F05d-SUBSTATION", "LIQ_TANK_C", "SUBSTATION", 40, 5000, 25000, true, false,
         CONFIDENCE_SURE_V, "tank_shell", "object_edge"},
        {"F11b", "WAREHOUSE_JIA_34", "CIVIL_LOW", 40, 5, INFINITY, false, true, CONFIDENCE_SURE,
         "building_wall", "building_wall"},
        {"L-RES_GE1000-4", "LPG_TANK_PRESSURE", "RES_GE1000", 90, 500, 1000, false, true,
         CONFIDENCE_SURE_V, "tank_shell", "building_wall"},
        {"S01-STN_PROT1", "GASOLINE_STATION_TANK", "STN_PROT1", 17.5, 1, 1, true, true,
         CONFIDENCE_LIKELY, "tank_shell", "building_wall"},
        {"D01-1-ROAD", "OIL_DEPOT_AB_TANK", "ROAD", 25, 1, 1, true, true, CONFIDENCE_LIKELY,
         "tank_shell", "road_edge"},
        {"P01", "OILGAS_PIPE", "BUILDING", 5, -INFINITY, INFINITY, true, true, CONFIDENCE_SURE_V,
         "pipe_centre", "building_wall"},
        {"H02", "HAZ_GOODS_SITE", "BRIDGE_MEDIUM_UP", 200, -INFINITY, INFINITY, true, true,
         CONFIDENCE_SURE_V, "plant_boundary", "object_edge"},
        {"F06-F01-CIVIL_I_II", "LIQ_TANK_AB", "CIVIL_I_II", 25, 1, 50, true, false,
         CONFIDENCE_SURE_V, "tank_shell", "building_wall"},
        {"F06-F04-CIVIL_HIGHRISE", "LIQ_TANK_AB", "CIVIL_HIGHRISE", 87.5, 1000, 5000, true, false,
         CONFIDENCE_SURE_V, "tank_shell", "building_wall"},
        {"L05-RES_GE1000-2", "LPG_TANK_PRESSURE", "RES_GE1000", 25, 50, 200, false, true,
         CONFIDENCE_SURE_V, "tank_shell", "building_wall"},
    };
    const struct bench *bench = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct spacing_rule *rule = spacing(&bench->rules, rows[i].id);
        assert_string_equal(rule->facility, rows[i].facility);
        assert_string_equal(rule->target, rows[i].target);
        assert_true(rule->value_m == rows[i].value_m);
        assert_true(rule->qualifier_min == rows[i].qmin);
        assert_true(rule->qualifier_max == rows[i].qmax);
        assert_int_equal(rule->min_inclusive, rows[i].min_included);
        assert_int_equal(rule->max_inclusive, rows[i].max_included);
        assert_int_equal(rule->source.confidence, rows[i].confidence);
        assert_string_equal(rule->from->source.id, rows[i].from);
        assert_string_equal(rule->to->source.id, rows[i].to);
    }
}

static void test_one_edition_holds_on_each_day(void **state)
{
    const struct bench *bench = *state;
    const struct spacing_rule *old = spacing(&bench->rules, "C-PETRO_LH_TANKS_2008-RES");
    const struct spacing_rule *new = spacing(&bench->rules, "C-PETRO_LH_TANKS-RES");
    assert_string_equal(old->facility, new->facility);
    assert_string_equal(old->source.edition, "2008");
    assert_string_equal(new->source.edition, "2008(2018)");
    assert_true(rule_holds(&old->source, 20190331));
    assert_false(rule_holds(&new->source, 20190331));
    assert_false(rule_holds(&old->source, 20190401));
    assert_true(rule_holds(&new->source, 20190401));
    assert_true(confidence_decides(old->source.confidence));
    assert_false(confidence_decides(new->source.confidence));
}

static void test_a_facility_type_lists_what_its_rules_ask(void **state)
{
    const struct bench *bench = *state;
    const struct facility_type *type = rules_facility_type(&bench->rules, "LPG_TANK_PRESSURE");
    bool total = false, single = false, underground = false;
    assert_int_equal(type->n_qualifiers, 3);
    for (size_t i = 0; i < type->n_qualifiers; i++) {
        total = total || strcmp(type->qualifiers[i]->name, "total_m3") == 0;
        single = single || strcmp(type->qualifiers[i]->name, "single_m3") == 0;
        underground = underground || strcmp(type->qualifiers[i]->name, "underground") == 0;
    }
    assert_true(total && single && underground);
    assert_int_equal(rules_facility_type(&bench->rules, "OILGAS_PIPE")->n_qualifiers, 0);
    assert_null(rules_facility_type(&bench->rules, "LPG"));
}

/* The largest requirement of the rows that hold for a tank. */
static double required_m(const struct rules *rules, const struct facility *tank, const char *target)
{
    double most = 0.0;
    for (size_t i = 0; i < rules->n_spacing; i++) {
        const struct spacing_rule *rule = &rules->spacing[i];
        if (strcmp(rule->facility, tank->facility_type) != 0 || strcmp(rule->target, target) != 0 ||
            predicate_eval(rule->when, tank, NULL) != TRUTH_YES)
            continue;
        double value = record_real(tank, rule->qualifier);
        bool above =
            value > rule->qualifier_min || (value == rule->qualifier_min && rule->min_inclusive);
        bool below =
            value < rule->qualifier_max || (value == rule->qualifier_max && rule->max_inclusive);
        if (above && below && rule->value_m > most)
            most = rule->value_m;
    }
    return most;
}

static void test_lpg_takes_the_larger_of_both_columns_and_half_under_ground(void **state)
{
    static const struct {
        double total_m3, single_m3;
        int32_t underground;
        double expected_m;
    } cases[] = {
        {30, 20, 0, 0}, /* the table begins above 30 m3 */
        {30.1, 20, 0, 45},    {50, 20, 0, 45},     {50.1, 20, 0, 50},    {50, 20.1, 0, 50},
        {50, 50, 0, 50},      {60, 50.1, 0, 70},   {200, 100, 0, 70},    {200, 50, 0, 50},
        {200.1, 50, 0, 70},   {1000, 400, 0, 110}, {2500, 1000, 0, 130}, {2500, 1000.1, 0, 150},
        {10000, 200, 0, 150}, {50, 20, 1, 22.5},   {200, 50, 1, 25},     {400, 50, 1, 35},
        {400.1, 50, 1, 70},   {400, 50.1, 1, 70},
    };
    const struct bench *bench = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct facility tank;
        record_clear(LAYER_FACILITIES, &tank);
        tank.facility_type = "LPG_TANK_PRESSURE";
        tank.total_m3 = cases[i].total_m3;
        tank.single_m3 = cases[i].single_m3;
        tank.underground = cases[i].underground;
        double got = required_m(&bench->rules, &tank, "RES_GE1000");
        if (got != cases[i].expected_m)
            fail_msg("%g m3, single %g m3, underground %d: %g m, not %g", cases[i].total_m3,
                     cases[i].single_m3, cases[i].underground, got, cases[i].expected_m);
    }
}

static void test_fixed_roofs_ask_a_quarter_more_and_25_m_at_least(void **state)
{
    const struct bench *bench = *state;
    struct facility tank;
    record_clear(LAYER_FACILITIES, &tank);
    tank.facility_type = "LIQ_TANK_AB";
    tank.fixed_roof = 1;
    tank.total_m3 = 49.999;
    assert_true(required_m(&bench->rules, &tank, "CIVIL_I_II") == 25.0);
    assert_true(required_m(&bench->rules, &tank, "CIVIL_HIGHRISE") == 50.0);
    tank.total_m3 = 50.0;
    assert_true(required_m(&bench->rules, &tank, "CIVIL_HIGHRISE") == 62.5);
    tank.fixed_roof = 0;
    assert_true(required_m(&bench->rules, &tank, "CIVIL_I_II") == 0.0);
    assert_true(required_m(&bench->rules, &tank, "CIVIL_HIGHRISE") == 50.0);
    tank.facility_type = "LIQ_TANK_C";
    tank.fixed_roof = 1;
    assert_true(required_m(&bench->rules, &tank, "CIVIL_I_II") == 15.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_shipped_tables_load_whole_and_each_row_names_its_source),
        cmocka_unit_test(test_rules_that_no_stored_record_can_meet_are_told),
        cmocka_unit_test(test_spacing_rows_carry_the_numbers_of_their_tables),
        cmocka_unit_test(test_one_edition_holds_on_each_day),
        cmocka_unit_test(test_a_facility_type_lists_what_its_rules_ask),
        cmocka_unit_test(test_lpg_takes_the_larger_of_both_columns_and_half_under_ground),
        cmocka_unit_test(test_fixed_roofs_ask_a_quarter_more_and_25_m_at_least),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
