/* test_rules_targets.c - which records are a facility or a target of a code: both sides of each
 * number, and what an absent attribute leaves open. */
#include "tests/unit/rules_bench.h"

/* The best of the rows of that code and layer. */
static enum truth is_target(const struct rules *rules, const char *code, enum layer_id layer,
                            const void *record)
{
    enum truth best = TRUTH_NO;
    for (size_t i = 0; i < rules->n_target_classes; i++) {
        const struct target_class *row = &rules->target_classes[i];
        if (row->layer != layer || strcmp(row->source.id, code) != 0)
            continue;
        enum truth truth = predicate_eval(row->predicate, record, NULL);
        if (truth == TRUTH_YES)
            return TRUTH_YES;
        if (truth == TRUTH_UNKNOWN)
            best = TRUTH_UNKNOWN;
    }
    return best;
}

enum { NIL = INT_ABSENT }; /* nothing known */

struct target_case {
    const char *code, *use;
    int32_t persons, households, storeys, fire_rating;
    enum truth expected;
};

static void test_size_storeys_and_rating_decide_at_their_limits(void **state)
{
    static const struct target_case cases[] = {
        {"CIVIL_HIGHRISE", "residential", NIL, NIL, 10, NIL, TRUTH_YES},
        {"CIVIL_HIGHRISE", "residential", NIL, NIL, 9, NIL, TRUTH_NO},
        {"CIVIL_HIGHRISE", "residential", NIL, NIL, NIL, NIL, TRUTH_UNKNOWN},
        {"CIVIL_HIGHRISE", "hospital", NIL, NIL, 9, NIL, TRUTH_YES},
        {"CIVIL_HIGHRISE", "hospital", NIL, NIL, 6, NIL, TRUTH_UNKNOWN},
        {"CIVIL_HIGHRISE", "hospital", NIL, NIL, 5, NIL, TRUTH_NO},
        {"CIVIL_HIGHRISE", "village", NIL, NIL, NIL, NIL, TRUTH_NO},
        {"CIVIL_HIGHRISE", "factory", NIL, NIL, 20, NIL, TRUTH_NO},
        {"BLDG_I_II", "office", NIL, NIL, NIL, 2, TRUTH_YES},
        {"BLDG_I_II", "office", NIL, NIL, NIL, 3, TRUTH_NO},
        {"BLDG_I_II", "office", NIL, NIL, NIL, NIL, TRUTH_YES},
        {"BLDG_III", "office", NIL, NIL, NIL, NIL, TRUTH_UNKNOWN},
        {"BLDG_IV", "office", NIL, NIL, NIL, 4, TRUTH_YES},
        {"RES_GE1000", "village", 1000, NIL, NIL, NIL, TRUTH_YES},
        {"RES_GE1000", "village", 999, 299, NIL, NIL, TRUTH_NO},
        {"RES_GE1000", "village", 999, 300, NIL, NIL, TRUTH_YES},
        {"RES_GE1000", "village", 999, NIL, NIL, NIL, TRUTH_UNKNOWN},
        {"RES_GE1000", "village", 299, NIL, NIL, NIL, TRUTH_NO},
        {"RES_GE1000", "school", 501, NIL, NIL, NIL, TRUTH_YES},
        {"RES_GE1000", "school", 500, NIL, NIL, NIL, TRUTH_NO},
        {"CIVIL_OTHER", "village", NIL, NIL, NIL, NIL, TRUTH_YES},
        {"CIVIL_OTHER", "factory", NIL, NIL, NIL, NIL, TRUTH_NO},
        {"RES_GE100", "residential", 100, NIL, NIL, NIL, TRUTH_YES},
        {"RES_GE100", "residential", 99, 29, NIL, NIL, TRUTH_NO},
        {"RES_GE100", "residential", 99, 30, NIL, NIL, TRUTH_YES},
        {"RES_GE100", "residential", 29, NIL, NIL, NIL, TRUTH_NO},
        {"RES_GE100", "market", NIL, NIL, NIL, NIL, TRUTH_YES},
        {"RES_LT100", "residential", NIL, NIL, NIL, NIL, TRUTH_YES},
        {"VILLAGE", "residential", 51, NIL, NIL, NIL, TRUTH_YES},
        {"VILLAGE", "residential", 50, 10, NIL, NIL, TRUTH_NO},
        {"VILLAGE", "residential", 50, 11, NIL, NIL, TRUTH_YES},
        {"VILLAGE", "village", NIL, NIL, NIL, NIL, TRUTH_YES},
        {"PUBLIC_IMPORTANT", "kindergarten", 201, NIL, NIL, NIL, TRUTH_YES},
        {"PUBLIC_IMPORTANT", "kindergarten", 200, NIL, NIL, NIL, TRUTH_NO},
        {"PUBLIC_IMPORTANT", "school", NIL, NIL, NIL, NIL, TRUTH_UNKNOWN},
        {"PUBLIC_IMPORTANT", "government", NIL, NIL, NIL, NIL, TRUTH_UNKNOWN},
        {"PUBLIC_IMPORTANT", "residential", NIL, NIL, NIL, NIL, TRUTH_NO},
        {"STN_PROT1", "school", NIL, NIL, NIL, NIL, TRUTH_YES},
        {"STN_PROT3", "village", NIL, NIL, NIL, NIL, TRUTH_YES},
        {"STN_PROT3", "school", NIL, NIL, NIL, NIL, TRUTH_NO},
        {"RES_DOWNWIND", "village", NIL, NIL, NIL, NIL, TRUTH_UNKNOWN},
        {"RES_DOWNWIND", "school", NIL, NIL, NIL, NIL, TRUTH_NO},
        {"RES_OTHER_DIR", "village", NIL, NIL, NIL, NIL, TRUTH_YES},
        {"OPEN_FLAME", "open_flame", NIL, NIL, NIL, NIL, TRUTH_YES},
        {"BUILDING", "park_square", NIL, NIL, NIL, NIL, TRUTH_NO},
        {"BUILDING", NULL, NIL, NIL, NIL, NIL, TRUTH_UNKNOWN},
        {"WORKS", "office", NIL, NIL, NIL, NIL, TRUTH_NO},
    };
    const struct rules *rules = &((struct bench *)*state)->rules;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct protected_target record;
        record_clear(LAYER_PROTECTED, &record);
        record.use = cases[i].use;
        record.persons = cases[i].persons;
        record.households = cases[i].households;
        record.storeys = cases[i].storeys;
        record.fire_rating = cases[i].fire_rating;
        enum truth got = is_target(rules, cases[i].code, LAYER_PROTECTED, &record);
        if (got != cases[i].expected)
            fail_msg("case %zu: %s, %s: %d, not %d", i, cases[i].code, cases[i].use, got,
                     cases[i].expected);
    }
}

static void test_floor_area_beds_and_crowds_decide_the_classes_of_stations(void **state)
{
    static const struct {
        const char *code, *use;
        double floor_area_m2;
        int32_t beds, peak_persons;
        enum truth expected;
    } cases[] = {
        {"PUBLIC_IMPORTANT", "hospital", 0, 150, NIL, TRUTH_YES},
        {"PUBLIC_IMPORTANT", "hospital", 0, 149, NIL, TRUTH_NO},
        {"PUBLIC_IMPORTANT", "market", 20001, NIL, NIL, TRUTH_YES},
        {"PUBLIC_IMPORTANT", "market", 20000, NIL, NIL, TRUTH_NO},
        {"PUBLIC_IMPORTANT", "stadium", 9000, NIL, 1501, TRUTH_YES},
        {"PUBLIC_IMPORTANT", "stadium", 9000, NIL, 1500, TRUTH_NO},
        {"PUBLIC_IMPORTANT", "stadium", 0, NIL, 5000, TRUTH_NO}, /* open air */
        {"PUBLIC_IMPORTANT", "stadium", 0, NIL, 5001, TRUTH_YES},
        {"STN_PROT1", "stadium", 9000, NIL, 801, TRUTH_YES},
        {"STN_PROT1", "stadium", 9000, NIL, 800, TRUTH_NO},
        {"STN_PROT1", "stadium", 0, NIL, 2000, TRUTH_NO},
        {"STN_PROT1", "stadium", 0, NIL, 2001, TRUTH_YES},
        {"STN_PROT1", "market", 6001, NIL, NIL, TRUTH_YES},
        {"STN_PROT1", "market", 6000, NIL, NIL, TRUTH_NO},
        {"STN_PROT1", "residential", 10001, NIL, NIL, TRUTH_YES},
        {"STN_PROT1", "residential", 10000, NIL, NIL, TRUTH_NO},
        {"STN_PROT1", "hotel", 15001, NIL, NIL, TRUTH_YES},
        {"STN_PROT1", "hotel", 15000, NIL, NIL, TRUTH_NO},
        {"STN_PROT2", "market", 3001, NIL, NIL, TRUTH_YES},
        {"STN_PROT2", "market", 3000, NIL, NIL, TRUTH_NO},
        {"STN_PROT2", "office", 5001, NIL, NIL, TRUTH_YES},
        {"STN_PROT2", "office", 5000, NIL, NIL, TRUTH_NO},
        {"STN_PROT2", "hotel", 7501, NIL, NIL, TRUTH_YES},
        {"STN_PROT2", "hotel", 7500, NIL, NIL, TRUTH_NO},
        {"STN_PROT2", "stadium", 0, NIL, NIL, TRUTH_YES},
    };
    const struct rules *rules = &((struct bench *)*state)->rules;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct protected_target record;
        record_clear(LAYER_PROTECTED, &record);
        record.use = cases[i].use;
        record.floor_area_m2 = cases[i].floor_area_m2;
        record.beds = cases[i].beds;
        record.peak_persons = cases[i].peak_persons;
        enum truth got = is_target(rules, cases[i].code, LAYER_PROTECTED, &record);
        if (got != cases[i].expected)
            fail_msg("case %zu: %s, %s: %d, not %d", i, cases[i].code, cases[i].use, got,
                     cases[i].expected);
    }
}

static void test_roads_railways_and_rivers_go_by_kind_and_class(void **state)
{
    static const struct {
        const char *code, *kind, *class;
        enum truth expected;
    } cases[] = {
        {"ROAD_EXPRESS", "expressway", NULL, TRUTH_YES},
        {"ROAD_EXPRESS", "road", "class_1", TRUTH_YES},
        {"ROAD_EXPRESS", "road", "class_2", TRUTH_NO},
        {"ROAD_EXPRESS", "road", NULL, TRUTH_UNKNOWN},
        {"ROAD_OTHER", "road", "class_1", TRUTH_NO},
        {"ROAD_OTHER", "road", NULL, TRUTH_YES},
        {"ROAD_CLASS2_UP", "road", "class_2", TRUTH_YES},
        {"ROAD_CLASS2_UP", "road", "class_3", TRUTH_NO},
        {"ROAD_CLASS3", "road", "class_3", TRUTH_YES},
        {"RAIL_NATIONAL", "railway", "national", TRUTH_YES},
        {"RAIL_NATIONAL", "railway", "local", TRUTH_NO},
        {"RAIL_NATIONAL", "railway", NULL, TRUTH_UNKNOWN},
        {"BRIDGE_MEDIUM_UP", "bridge", "medium_up", TRUTH_YES},
        {"BRIDGE_MEDIUM_UP", "bridge", NULL, TRUTH_UNKNOWN},
        {"YELLOW_RIVER_MAIN_BANK", "river", "main", TRUTH_YES},
        {"YELLOW_RIVER_MAIN_BANK", "river", "tributary", TRUTH_NO},
        {"HIGHWAY_LAND_EDGE", "road", NULL, TRUTH_YES},
        {"HIGHWAY_LAND_EDGE", "railway", NULL, TRUTH_NO},
    };
    const struct rules *rules = &((struct bench *)*state)->rules;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct infrastructure record;
        record_clear(LAYER_INFRASTRUCTURE, &record);
        record.kind = cases[i].kind;
        record.class = cases[i].class;
        enum truth got = is_target(rules, cases[i].code, LAYER_INFRASTRUCTURE, &record);
        if (got != cases[i].expected)
            fail_msg("case %zu: %s, %s: %d, not %d", i, cases[i].code, cases[i].kind, got,
                     cases[i].expected);
    }
}

static void test_a_residential_area_is_never_surely_a_building(void **state)
{
    static const char *const codes[] = {"RES_GE1000", "CIVIL_OTHER", "RES_VILLAGE",
                                        "RES_ANY",    "BUILDING",    "HOUSE"};
    const struct rules *rules = &((struct bench *)*state)->rules;
    struct area area;
    record_clear(LAYER_AREAS, &area);
    area.kind = "residential";
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        assert_int_equal(is_target(rules, codes[i], LAYER_AREAS, &area), TRUTH_UNKNOWN);
    area.kind = "park";
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        assert_int_equal(is_target(rules, codes[i], LAYER_AREAS, &area), TRUTH_NO);
}

static enum truth is_facility(const struct rules *rules, const char *code, const void *record)
{
    return predicate_eval(rules_facility_type(rules, code)->predicate, record, NULL);
}

static void test_facilities_are_told_by_their_fields(void **state)
{
    const struct rules *rules = &((struct bench *)*state)->rules;
    struct facility store;
    record_clear(LAYER_FACILITIES, &store);
    store.facility_type = "WAREHOUSE_JIA_34";
    assert_int_equal(is_facility(rules, "WAREHOUSE_JIA", &store), TRUTH_YES);
    assert_int_equal(is_facility(rules, "WAREHOUSE_JIA_34", &store), TRUTH_YES);
    assert_int_equal(is_facility(rules, "WAREHOUSE_JIA_1256", &store), TRUTH_NO);
    store.facility_type = "FIREWORKS_1_3_STORE_LE500KG";
    assert_int_equal(is_facility(rules, "FIREWORKS_1_3_STORE_LE500KG", &store), TRUTH_UNKNOWN);
    store.charge_kg = 500;
    assert_int_equal(is_facility(rules, "FIREWORKS_1_3_STORE_LE500KG", &store), TRUTH_YES);
    store.charge_kg = 500.1;
    assert_int_equal(is_facility(rules, "FIREWORKS_1_3_STORE_LE500KG", &store), TRUTH_NO);

    struct pipeline pipe;
    record_clear(LAYER_PIPELINES, &pipe);
    pipe.medium = "natural_gas";
    assert_int_equal(is_facility(rules, "OILGAS_PIPE", &pipe), TRUTH_YES);
    assert_int_equal(is_facility(rules, "GAS_TRANSMISSION_PIPE", &pipe), TRUTH_YES);
    assert_int_equal(is_facility(rules, "HAZCHEM_PIPE", &pipe), TRUTH_NO);
    pipe.medium = "town_gas";
    assert_int_equal(is_facility(rules, "OILGAS_PIPE", &pipe), TRUTH_NO);
    assert_int_equal(is_facility(rules, "GAS_TOWN_HIGH", &pipe), TRUTH_UNKNOWN);
    pipe.pipe_class = "high";
    assert_int_equal(is_facility(rules, "GAS_TOWN_HIGH", &pipe), TRUTH_YES);

    struct enterprise plant;
    record_clear(LAYER_ENTERPRISES, &plant);
    plant.kind = "trading";
    plant.industry = "gas_station";
    assert_int_equal(is_facility(rules, "HAZ_GOODS_SITE", &plant), TRUTH_NO);
    plant.industry = "oil_depot";
    assert_int_equal(is_facility(rules, "HAZ_GOODS_SITE", &plant), TRUTH_YES);
    plant.kind = "power";
    assert_int_equal(is_facility(rules, "HAZ_GOODS_SITE", &plant), TRUTH_NO);
}

static const struct area_rule *area_rule(const struct rules *rules, const char *id)
{
    for (size_t i = 0; i < rules->n_area_rules; i++)
        if (strcmp(rules->area_rules[i].source.id, id) == 0)
            return &rules->area_rules[i];
    fail_msg("no area rule %s", id);
    return NULL;
}

static void test_red_lines_speak_of_the_right_plants_and_areas(void **state)
{
    const struct rules *rules = &((struct bench *)*state)->rules;
    struct enterprise plant;
    struct area area;
    record_clear(LAYER_ENTERPRISES, &plant);
    record_clear(LAYER_AREAS, &area);
    plant.kind = "production";
    plant.industry = "chemical";
    const struct area_rule *outside = area_rule(rules, "Z01a");
    assert_int_equal(outside->relation, AREA_OUTSIDE);
    assert_int_equal(outside->effect, AREA_VETO);
    assert_false(outside->existing);
    assert_int_equal(predicate_eval(outside->enterprise, &plant, NULL), TRUTH_YES);
    assert_false(rule_holds(&outside->source, 20260430));
    assert_true(rule_holds(&outside->source, 20260501));
    const struct area_rule *move = area_rule(rules, "Z06c");
    assert_int_equal(move->effect, AREA_RELOCATE);
    assert_true(move->existing);
    area.kind = "nature_reserve";
    assert_int_equal(predicate_eval(move->area, &area, NULL), TRUTH_YES);
    plant.kind = "power";
    assert_int_equal(predicate_eval(move->enterprise, &plant, NULL), TRUTH_NO);
    const struct area_rule *grade_a = area_rule(rules, "Z13a");
    area.kind = "park";
    assert_int_equal(predicate_eval(grade_a->area, &area, NULL), TRUTH_UNKNOWN);
    area.score = 59.9;
    assert_int_equal(predicate_eval(grade_a->area, &area, NULL), TRUTH_YES);
    area.score = 60;
    assert_int_equal(predicate_eval(grade_a->area, &area, NULL), TRUTH_NO);
    assert_int_equal(predicate_eval(area_rule(rules, "Z13b")->area, &area, NULL), TRUTH_YES);
    area.grade = 1;
    assert_int_equal(predicate_eval(grade_a->area, &area, NULL), TRUTH_YES);
}

static void test_a_mark_that_nobody_set_makes_no_plant_red(void **state)
{
    const struct rules *rules = &((struct bench *)*state)->rules;
    struct enterprise plant;
    record_clear(LAYER_ENTERPRISES, &plant);
    size_t active = 0;
    for (size_t i = 0; i < rules->n_direct_red; i++) {
        const struct direct_red *row = &rules->direct_red[i];
        if (!row->source.active)
            continue;
        active++;
        assert_int_equal(predicate_eval(row->predicate, &plant, NULL), TRUTH_NO);
    }
    assert_int_equal(active, 4);
    plant.grave_accidents = 1;
    assert_int_equal(predicate_eval(rules->direct_red[3].predicate, &plant, NULL), TRUTH_YES);
    plant.grave_accidents = 0;
    assert_int_equal(predicate_eval(rules->direct_red[3].predicate, &plant, NULL), TRUTH_NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size_storeys_and_rating_decide_at_their_limits),
        cmocka_unit_test(test_floor_area_beds_and_crowds_decide_the_classes_of_stations),
        cmocka_unit_test(test_roads_railways_and_rivers_go_by_kind_and_class),
        cmocka_unit_test(test_a_residential_area_is_never_surely_a_building),
        cmocka_unit_test(test_facilities_are_told_by_their_fields),
        cmocka_unit_test(test_red_lines_speak_of_the_right_plants_and_areas),
        cmocka_unit_test(test_a_mark_that_nobody_set_makes_no_plant_red),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
