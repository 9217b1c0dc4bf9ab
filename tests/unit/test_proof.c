/* test_proof.c - proofs: what they carry, and that they hold. */
#include "tests/unit/proof_bench.h"

/* ---- what is said ---- */

static void test_proof_of_a_distance_carries_rule_records_points_and_sum(void **state)
{
    (void)state;
    struct stage stage = {.change = NULL};
    struct json *root = NULL;
    struct err err;
    stage_open(&stage);
    prove(&stage, PROOF_CONFLICT, NEAR);
    must_hold(&stage);
    fixture_check(jr_parse(stage.proof.bytes, stage.proof.n_bytes, &root, &err), &err);
    const struct json *claim = jr_get(root, "claim");
    assert_string_equal(jr_text(jr_get(claim, "verdict")), "conflict");
    assert_string_equal(jr_text(jr_get(claim, "clause")), "tbl 4.2.1");
    assert_string_equal(jr_text(jr_get(claim, "confidence")), "sure_v");
    assert_close(jr_number(jr_get(claim, "distance_m"), 0), 14.999, 1e-6);
    assert_close(jr_number(jr_get(claim, "required_m"), 0), 15, 0);
    assert_close(jr_number(jr_get(claim, "margin_m"), 0), -0.001, 1e-6);
    assert_int_equal(jr_count(jr_get(claim, "closest")), 2);
    assert_non_null(strstr(jr_text(jr_get(claim, "formula")), "14.9990"));
    const struct json *records = jr_get(jr_get(root, "premises"), "records");
    const struct json *plant = jr_item(jr_get(records, "enterprises"), 0);
    assert_string_equal(jr_text(jr_get(plant, "source")), "plants.csv");
    assert_int_equal(jr_integer(jr_get(plant, "source_row"), 0), 7);
    assert_int_equal(jr_count(jr_get(records, "protected")), 1);
    const struct json *spacing = jr_get(jr_get(jr_get(root, "premises"), "rules"), "spacing.csv");
    assert_int_equal(jr_count(jr_get(spacing, "rows")), 1);
    assert_int_equal(jr_count(jr_item(jr_get(spacing, "rows"), 0)),
                     jr_count(jr_get(spacing, "columns")) + 1);
    jr_free(root);
    stage_close(&stage);
}

static void test_every_conflict_grade_and_level_has_a_proof_that_holds(void **state)
{
    (void)state;
    struct stage stage = {.change = NULL};
    stage_open(&stage);
    struct finding_ref ref = {.layer = LAYER_COUNT};
    bool density = false;
    assert_true(world_count(stage.world, LAYER_CONFLICTS) >= 2);
    while (findings_next(stage.world, &ref)) {
        density = density || finding_at(stage.world, ref)->kind == FINDING_DENSITY;
        prove(&stage, PROOF_CONFLICT, finding_id(stage.world, ref, &stage.found));
        must_hold(&stage);
    }
    assert_true(density);
    prove(&stage, PROOF_ENTERPRISE, "E/1");
    must_hold(&stage);
    prove(&stage, PROOF_HAZARD, "E/1");
    must_hold(&stage);
    stage_close(&stage);
}

static void test_proof_of_a_level_shows_the_sum_of_each_substance(void **state)
{
    (void)state;
    struct stage stage = {.change = NULL};
    struct json *root = NULL;
    struct err err;
    stage_open(&stage);
    prove(&stage, PROOF_HAZARD, "E/1");
    fixture_check(jr_parse(stage.proof.bytes, stage.proof.n_bytes, &root, &err), &err);
    const struct json *claim = jr_get(root, "claim");
    const struct json *unit = jr_item(jr_get(claim, "units"), 0);
    assert_close(jr_number(jr_get(claim, "alpha"), 0), 2, 0);
    /* siting-rules.md T-91: 50 t of chlorine and 100 t of ammonia, >= 100 residents */
    assert_close(jr_number(jr_get(unit, "S"), 0), 20, 1e-9);
    assert_close(jr_number(jr_get(unit, "R"), 0), 120, 1e-9);
    assert_int_equal(jr_integer(jr_get(unit, "level"), 0), 1);
    assert_non_null(strstr(jr_text(jr_get(unit, "formula")), "2 x (4 x 50/5 + 2 x 100/10) = 120"));
    jr_free(root);
    stage_close(&stage);
}

static void test_proof_of_a_site_holds_with_what_is_clear(void **state)
{
    (void)state;
    struct stage stage = {.change = NULL};
    struct facility with;
    struct enterprise plant;
    struct err err;
    stage_open(&stage);
    record_clear(LAYER_FACILITIES, &with);
    record_clear(LAYER_ENTERPRISES, &plant);
    with.total_m3 = 500;
    struct site_question site = {.geom = fixture_point(&stage.f, 106.2003, 38.401),
                                 .facility_type = "LIQ_TANK_AB",
                                 .qualifiers = &with,
                                 .plant = &plant,
                                 .accuracy_m = 0.5};
    const struct proof_question question = {.kind = PROOF_SITE, .site = &site};
    fixture_check(proof_write(stage.world, &stage.worker, &question, &stage.proof, &err), &err);
    must_hold(&stage);
    assert_non_null(strstr(buf_text(&stage.proof), "\"clear\""));
    must_not_hold(&stage, "\"verdict\": \"clear\"", "\"verdict\": \"conflict\"", "verdict");
    stage_close(&stage);
}

static void test_proof_of_persons_in_a_shape_holds(void **state)
{
    (void)state;
    struct stage stage = {.change = NULL};
    struct err err;
    stage_open(&stage);
    struct geom shape = fixture_box(&stage.f, 106.2, 38.4, 106.2055, 38.4055);
    const struct proof_question question = {.kind = PROOF_EXPOSURE, .shape = &shape};
    fixture_check(proof_write(stage.world, &stage.worker, &question, &stage.proof, &err), &err);
    must_hold(&stage);
    must_not_hold(&stage, "\"cells\": 36", "\"cells\": 35", "claim.cells");
    stage_close(&stage);
}

/* A pipe past the two houses, and a county round everything. */
static void add_pipe_and_county(struct fixture *f)
{
    struct pipeline *pipe = fixture_add(f, LAYER_PIPELINES, "L|1");
    pipe->head.geom =
        fixture_line(f, (struct lonlat){106.15, 38.4005}, (struct lonlat){106.25, 38.4005});
    pipe->medium = "natural_gas";
    pipe->diameter_mm = 711;
    pipe->pressure_mpa = 10;
    struct admin_unit *county = fixture_add(f, LAYER_ADMIN, "u");
    county->head.geom = fixture_box(f, 106.1, 38.3, 106.3, 38.5);
    county->code = "640104";
    county->level = 3;
}

static void test_proof_of_a_pipeline_by_stretch_holds_without_the_store(void **state)
{
    (void)state;
    struct stage stage = {.more = add_pipe_and_county};
    stage_open(&stage);
    prove(&stage, PROOF_PIPELINE, "L|1");
    must_hold(&stage);
    assert_non_null(strstr(buf_text(&stage.proof), "\"radius_m\": 222.5895622215"));
    must_not_hold(&stage, "\"households\": 24", "\"households\": 99", "households");
    must_not_hold(&stage, "\"diameter_mm\": 711", "\"diameter_mm\": 508", "radius_m");
    struct err err;
    /* a class by the class of a row that is not there */
    struct proof_check check;
    char *text = forge(&stage.proof, "\"III\",\"GB50251-4\"", "\"III\",\"GB50251-7\"");
    assert_int_equal(verify_text(&stage, text, strlen(text), NULL, &check), ERR_INPUT);
    free(text);
    const struct proof_question unknown = {.kind = PROOF_SEGMENT, .id = "L|2|x"};
    assert_int_equal(proof_write(stage.world, &stage.worker, &unknown, &stage.proof, &err),
                     ERR_NOT_FOUND);
    stage_close(&stage);
}

/* Contours of 1e-5 and 3e-6 round the plant, a school between them, and scenarios. */
static void add_risk(struct fixture *f)
{
    const double widths[] = {0.004, 0.01};
    for (int i = 0; i < 2; i++) {
        struct zone *zone = fixture_add(f, LAYER_ZONES, i == 0 ? "R1" : "R2");
        zone->head.geom = fixture_box(f, 106.2 - widths[i], 38.4 - widths[i], 106.2 + widths[i],
                                      38.4 + widths[i]);
        zone->enterprise_id = "E/1";
        zone->kind = "individual_risk";
        zone->freq_per_year = i == 0 ? 1e-5 : 3e-6;
    }
    struct protected_target *school = fixture_add(f, LAYER_PROTECTED, "P3");
    school->head.geom = fixture_point(f, 106.207, 38.4);
    school->use = "school";
    school->persons = 300;
    const double deaths[] = {20, 150, 900};
    const double per_year[] = {1e-4, 1e-5, 2e-6};
    const char *const ids[] = {"S0", "S1", "S2"};
    for (int i = 0; i < 3; i++) {
        struct scenario *scenario = fixture_add(f, LAYER_SCENARIOS, ids[i]);
        scenario->enterprise_id = "E/1";
        scenario->freq_per_year = per_year[i];
        scenario->fatalities = deaths[i];
        scenario->lethality = 1;
    }
}

static void test_proofs_of_individual_and_societal_risk_hold(void **state)
{
    (void)state;
    struct stage stage = {.more = add_risk};
    struct finding_ref ref = {.layer = LAYER_COUNT};
    size_t n = 0;
    bool curve = false;
    stage_open(&stage);
    while (findings_next(stage.world, &ref)) {
        struct arena arena;
        arena_init(&arena, 0);
        const char *id = finding_id(stage.world, ref, &arena);
        enum finding_kind kind = (enum finding_kind)finding_at(stage.world, ref)->kind;
        if (kind == FINDING_RISK || kind == FINDING_SOCIETAL) {
            n++;
            prove(&stage, PROOF_CONFLICT, id);
            must_hold(&stage);
            curve = curve || kind == FINDING_SOCIETAL;
            if (kind == FINDING_SOCIETAL)
                must_not_hold(&stage, "\"deaths\": 900", "\"deaths\": 90", "deaths");
            else
                must_not_hold(&stage, "\"more_than_low\": true", "\"more_than_low\": false",
                              "more_than_low");
        }
        arena_release(&arena);
    }
    assert_true(n >= 2);
    assert_true(curve);
    prove(&stage, PROOF_ENTERPRISE, "E/1");
    must_hold(&stage);
    stage_close(&stage);
}

static void test_proof_of_a_unit_counts_its_plants_and_leaves_the_share_to_the_store(void **state)
{
    (void)state;
    struct stage stage = {.more = add_pipe_and_county};
    struct err err;
    stage_open(&stage);
    struct proof_question question = {.kind = PROOF_UNIT, .id = "640104", .method = "index"};
    fixture_check(proof_write(stage.world, &stage.worker, &question, &stage.proof, &err), &err);
    must_hold(&stage);
    must_not_hold(&stage, "\"value\": 1000", "\"value\": 100", "claim.value");
    must_not_hold(&stage, "\"grade\": 1,\n     \"could_be\"", "\"grade\": 4,\n     \"could_be\"",
                  "claim.");
    question.method = "share";
    buf_clear(&stage.proof);
    fixture_check(proof_write(stage.world, &stage.worker, &question, &stage.proof, &err), &err);
    assert_int_equal(verify(&stage, NULL).verdict, PROOF_OPEN);
    assert_int_equal(verify(&stage, stage.world).verdict, PROOF_HOLDS);
    must_not_hold(&stage, "\"grade\": 1", "\"grade\": 3", "claim.grade");
    question.method = "median";
    assert_int_equal(proof_write(stage.world, &stage.worker, &question, &stage.proof, &err),
                     ERR_NOT_FOUND);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proof_of_a_distance_carries_rule_records_points_and_sum),
        cmocka_unit_test(test_every_conflict_grade_and_level_has_a_proof_that_holds),
        cmocka_unit_test(test_proof_of_a_level_shows_the_sum_of_each_substance),
        cmocka_unit_test(test_proof_of_a_site_holds_with_what_is_clear),
        cmocka_unit_test(test_proof_of_persons_in_a_shape_holds),
        cmocka_unit_test(test_proof_of_a_pipeline_by_stretch_holds_without_the_store),
        cmocka_unit_test(test_proofs_of_individual_and_societal_risk_hold),
        cmocka_unit_test(test_proof_of_a_unit_counts_its_plants_and_leaves_the_share_to_the_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
