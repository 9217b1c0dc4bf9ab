/* test_rules_broken.c - each kind of broken table is refused with what would be right. */
#include "tests/unit/rules_bench.h"

#include "data/base/file.h"

#include <stdlib.h>
#include <unistd.h>

/* The shipped texts with one changed; find NULL: replaced as a whole. */
static enum err_code load_changed(struct bench *bench, const char *file, const char *find,
                                  const char *replace, struct arena *arena, struct rules *out,
                                  struct err *err)
{
    struct store_text files[32];
    memcpy(files, bench->rules.files, bench->rules.n_files * sizeof *files);
    for (size_t i = 0; i < bench->rules.n_files; i++) {
        if (strcmp(files[i].name, file) != 0)
            continue;
        const char *text = files[i].text;
        const char *at = find ? strstr(text, find) : text;
        if (!at)
            fail_msg("%s does not hold %s", file, find);
        const char *after = find ? at + strlen(find) : text + strlen(text);
        files[i].text = arena_printf(arena, "%.*s%s%s", (int)(at - text), text, replace, after);
    }
    return rules_load_texts(files, bench->rules.n_files, &bench->schema, arena, out, err);
}

/* A change of one row, and what the refusal has to say. */
static const struct {
    const char *file, *find, *replace;
    const char *says[3];
} broken_rows[] = {
    {"spacing.csv",
     "CIVIL_HIGHRISE,fire,40,",
     "CIVIL_HIGHRISE,fire,5O,",
     {"spacing.csv:2: value_m \"5O\" is not a number"}},
    {"spacing.csv",
     "CIVIL_HIGHRISE,fire,40,",
     "CIVIL_HIGHRISE,fire,-40,",
     {"spacing.csv:2: value_m \"-40\" should be from"}},
    {"spacing.csv", "CIVIL_HIGHRISE,fire,40,", "CIVIL_HIGHRISE,fire,0,", {"value_m \"0\""}},
    {"spacing.csv",
     "CIVIL_HIGHRISE,fire,40,",
     "CIVIL_HIGHRISE,fire,2000 Pa,",
     {"spacing.csv:2: value_m \"2000 Pa\" in Pa needs qual_field charge_kg with a qmax"}},
    {"spacing.csv",
     "BLAST_CLASS1,external,2000 Pa,",
     "BLAST_CLASS1,external,50 Pa,",
     {"value_m \"50 Pa\" should be metres, or from 100 Pa"}},
    {"spacing.csv",
     "BLAST_CLASS1,external,2000 Pa,",
     "BLAST_CLASS1,external,x Pa,",
     {"value_m \"x Pa\" should be metres, or from 100 Pa"}},
    {"spacing.csv",
     "CIVIL_HIGHRISE,fire,40,",
     "CIVIL_HIGHRISE,fir,40,",
     {"spacing.csv:2: kind \"fir\" should be fire, external", "did you mean fire?"}},
    {"spacing.csv",
     "F01-CIVIL_HIGHRISE,LIQ_TANK_AB",
     "F01-CIVIL_HIGHRISE,LIQ_TANK_BA",
     {"spacing.csv:2: facility \"LIQ_TANK_BA\" is not in facility_types.csv",
      "did you mean LIQ_TANK_AB?"}},
    {"spacing.csv",
     "50,0,,CIVIL_HIGHRISE,",
     "50,0,,CIVIL_HIGHRICE,",
     {"spacing.csv:2: target \"CIVIL_HIGHRICE\" is not in target_classes.csv",
      "did you mean CIVIL_HIGHRISE?"}},
    {"spacing.csv",
     "total_m3,1,1,50,0,",
     "total_m3,51,1,50,0,",
     {"spacing.csv:2: qmin \"51\" is above qmax \"50\""}},
    {"spacing.csv",
     "total_m3,1,1,50,0,",
     "total_m3,50,1,50,0,",
     {"spacing.csv:2: qmin \"50\" equals qmax", "included"}},
    {"spacing.csv",
     "total_m3,1,1,50,0,",
     "total_m4,1,1,50,0,",
     {"spacing.csv:2: qual_field \"total_m4\"", "did you mean total_m3?"}},
    {"spacing.csv",
     "total_m3,1,1,50,0,",
     "kind,1,1,50,0,",
     {"spacing.csv:2: qual_field \"kind\" is not a number"}},
    {"spacing.csv",
     "total_m3,1,1,50,0,",
     ",1,1,50,0,",
     {"spacing.csv:2: qual_field \"\" is empty, but qmin or qmax is not"}},
    {"spacing.csv",
     "total_m3,1,1,50,0,",
     "total_m3,1,,50,0,",
     {"spacing.csv:2: qmin_included \"\" should be 1 (yes) or 0 (no)"}},
    {"spacing.csv",
     "total_m3,1,1,50,0,",
     "total_m3,,1,50,0,",
     {"spacing.csv:2: qmin_included \"1\" should be empty where qmin is"}},
    {"spacing.csv",
     "tank_shell,building_wall",
     "tank_shel,building_wall",
     {"spacing.csv:2: from \"tank_shel\"", "did you mean tank_shell?"}},
    {"spacing.csv",
     "tbl 4.2.1,sure,,",
     "tbl 4.2.1,certain,,",
     {"spacing.csv:2: confidence \"certain\" should be sure_v, sure, likely"}},
    {"spacing.csv", "2019-04-01,,1,", "2019-04-31,,1,", {"valid_from \"2019-04-31\"", "date"}},
    {"spacing.csv",
     "2009-07-01,2019-03-31",
     "2019-07-01,2019-03-31",
     {"valid_to \"2019-03-31\" is before valid_from \"2019-07-01\""}},
    {"spacing.csv",
     "2009-07-01,2019-03-31",
     "2009-07-01,2019-04-01",
     {"C-PETRO_LH_TANKS_2008-RES", "C-PETRO_LH_TANKS-RES", "the same facility, target and days"}},
    {"spacing.csv",
     "\nF01-BLDG_I_II,",
     "\nF01-CIVIL_HIGHRISE,",
     {"spacing.csv:3: id \"F01-CIVIL_HIGHRISE\" stands already in line 2"}},
    {"spacing.csv",
     "fixed_roof = 1",
     "fixd_roof = 1",
     {"when \"fixd_roof = 1\" at character 1", "did you mean fixed_roof?"}},
    {"spacing.csv",
     "P01,OILGAS_PIPE,,,,,,",
     "P01,OILGAS_PIPE,grade,,,,,",
     {"facility \"OILGAS_PIPE\" has rows in another layer"}},
    {"spacing.csv",
     "id,facility,qual_field",
     "id,facility,qual_feild",
     {"spacing.csv:1: column qual_field is missing"}},
    {"spacing.csv",
     "valid_to,active,note",
     "valid_to,active,note,extra",
     {"cells; the header has"}},
    {"spacing.csv", NULL, "", {"spacing.csv", "empty"}},
    {"spacing.csv", "F01-BLDG_I_II", "\"F01-BLDG_I_II", {"quote"}},
    {"substances.csv", ",ammonia,", ",,", {"substances.csv:2: name_en \"\" is empty"}},
    {"substances.csv", "7664-41-7", "7664-41-8", {"substances.csv:2: cas", "check digit"}},
    {"substances.csv",
     ",J3,likely,2,",
     ",J33,likely,2,",
     {"substances.csv:2: category \"J33\" is not in categories.csv", "did you mean"}},
    {"substances.csv",
     "7664-41-7,10,",
     "7664-41-7,nan,",
     {"substances.csv:2: critical_t \"nan\" is not a number"}},
    {"categories.csv", "\nJ2,", "\nJ1,", {"categories.csv:3: symbol \"J1\" stands already"}},
    {"alpha.csv", "alpha-2,50,", "alpha-2,150,", {"alpha.csv:3: from \"150\"", "steps fall"}},
    {"alpha.csv",
     "alpha-5,0,1",
     "alpha-5,0,0",
     {"alpha.csv:6: from \"0\" is not below", "steps fall"}},
    {"hazard_levels.csv",
     "level-4,0,1",
     "level-4,1,1",
     {"hazard_levels.csv:5: from \"1\": the last step should begin at 0, included"}},
    {"hazard_levels.csv", "100,1,1,", "100,1,1.5,", {"level \"1.5\"", "whole number"}},
    {"hazard_levels.csv", "100,1,1,", "100,1,5,", {"level \"5\" should be from 1 to 4"}},
    {"facility_types.csv",
     "facility_type = LIQ_TANK_AB",
     "facility_type = LIQ_TANK_AX",
     {"facility_type \"LIQ_TANK_AX\" is not in facility_types.csv", "did you mean"}},
    {"facility_types.csv",
     "industry = oil_depot",
     "industry = oil_deppot",
     {"industry \"oil_deppot\" is not in industries.csv", "did you mean oil_depot?"}},
    {"facility_types.csv",
     "pipeline,pipelines,",
     "pipeline,pipline,",
     {"layer \"pipline\" should be facilities, enterprises or pipelines",
      "did you mean pipelines?"}},
    {"target_classes.csv",
     "use = substation",
     "use = sub_station",
     {"predicate \"use = sub_station\" at character 7", "did you mean substation?"}},
    {"target_classes.csv",
     "use = open_flame,0,",
     "use = open_flame,no,",
     {"grave \"no\" should be 1 (yes) or 0 (no)"}},
    {"measures.csv", "\nunit_edge,", "\ntank_shell,", {"code \"tank_shell\" stands already"}},
    {"area_rules.csv",
     ",outside,kind = park,veto,",
     ",outside,kind = park,vetoed,",
     {"effect \"vetoed\" should be veto, restrict or relocate", "did you mean veto?"}},
    {"area_rules.csv",
     ",outside,kind = park,veto,",
     ",outside,,veto,",
     {"area \"\" is empty; write a condition"}},
    {"risk_criteria.csv",
     "IR-class_3,class_3,",
     "IR-class_3,class_2,",
     {"target_class class_2 has 2 active rows"}},
    {"risk_criteria.csv",
     "class_3,1e-5,3e-5",
     "class_3,3e-5,1e-5",
     {"new_per_year \"3e-5\" is milder than existing_per_year"}},
    {"societal_risk.csv",
     "FN-upper,unacceptable,1,1,1000,1e-3,1e-6",
     "FN-upper,intolerable,1,1,1000,1e-3,1e-6",
     {"region \"intolerable\" should be alarp or unacceptable"}},
    {"societal_risk.csv",
     ",1,1,1000,1e-3,1e-6",
     ",1,1,1000,1e-3,1e-2",
     {"f_to \"1e-2\" is above f_from"}},
    {"societal_risk.csv",
     ",1,1,1000,1e-3,1e-6",
     ",1,1,1000,1e-3,0",
     {"should be above 0 where n_to"}},
    {"societal_risk.csv",
     ",50,1,50,2e-4,2e-4",
     ",50,1,40,2e-4,2e-4",
     {"n_to \"40\" is below n_from"}},
    {"societal_risk.csv", ",50,1,50,2e-4,2e-4", ",50,1,50,2e-4,1e-4", {"should equal f_from"}},
    {"societal_risk.csv", ",1000,0,,0,,", ",1000,0,,0,0,", {"should be empty where n_to is"}},
    {"zone_classes.csv",
     "overpressure,kpa,9,1",
     "overpressure,kpa,4,1",
     {"at_least \"4\" of class 1 is not above that of class 2, 5"}},
    {"zone_classes.csv",
     "overpressure,kpa,9,1",
     "pressure,kpa,9,1",
     {"kind \"pressure\" should be individual_risk"}},
    {"protected_classes.csv",
     "HS-a,high_sensitive",
     "HS-a,sensitive",
     {"target_class \"sensitive\" should be high_sensitive"}},
    {"direct_red.csv",
     "not untested_process is absent and untested_process = 1",
     "",
     {"direct_red.csv:2: predicate \"\" is empty"}},
    {"industries.csv", ",2614,likely,300,", ",2614,likely,0,", {"radius_m \"0\" should be"}},
    {"admin_codes.csv", "640100,", "64010,", {"code \"64010\" should have 6 digits"}},
    {"admin_codes.csv",
     "640104,\xE5\x85\xB4\xE5\xBA\x86\xE5\x8C\xBA,Xingqing,3",
     "640104,\xE5\x85\xB4\xE5\xBA\x86\xE5\x8C\xBA,Xingqing,2",
     {"level \"2\" does not fit"}},
    {"pipeline_methods.csv",
     "gb50251,class_location",
     "gb50252,class_location",
     {"id \"gb50252\" should be", "did you mean gb50251?"}},
    {"pipeline_methods.csv", "0.099,mm_mpa", "0.099,mm_psi", {"pir_units \"mm_psi\" should be"}},
    {"pipeline_classes.csv",
     "gb50251,1-2,",
     "gb50251,1-3,",
     {"class \"1-3\" should be", "did you mean 1-"}},
    {"pipeline_classes.csv",
     "household,PIPE_HOUSEHOLD,15,0",
     "household,CROSSED_ROAD,15,0",
     {"target \"CROSSED_ROAD\" has rows in another layer than protected"}},
    {"pipeline_classes.csv",
     ",GB50251-4,class",
     ",GB50251-5,class",
     {"of \"GB50251-5\" is not in pipeline_classes.csv"}},
    {"pipeline_classes.csv", ",2000,200,cluster,", ",0,200,cluster,", {"window_m \"0\" should be"}},
    {"pipeline_places.csv",
     "PIPE_OCCUPANT,place,1,5,",
     "PIPE_OCCUPANT,place,1,,",
     {"within_m is empty", "method law has no pir_factor"}},
    {"pipeline_places.csv",
     "CROSSED_ROAD,",
     "CROSSED_ROADS,",
     {"target \"CROSSED_ROADS\" is not in target_classes.csv"}},
    {"accuracies.csv", "gem-lines,pipelines,", "gem-lines,pipes,", {"layer \"pipes\" is no layer"}},
    {"accuracies.csv", "*survey*,1,", "*survey*,0,", {"accuracy_m \"0\" should be"}},
    {"parameters.csv", "cell_deg,", "cell_degrees,", {"name \"cell_degrees\" is no parameter"}},
    {"parameters.csv",
     "score_yellow_from,75,",
     "score_yellow_from,95,",
     {"score_blue_from (90) should not be below score_yellow_from (95)"}},
    {"parameters.csv",
     "share_threshold_1,0.01,",
     "share_threshold_1,1.01,",
     {"value \"1.01\" should be from"}},
};

static void test_each_kind_of_broken_row_is_refused_with_what_would_be_right(void **state)
{
    struct bench *bench = *state;
    struct arena arena;
    struct rules *out = arena_new(&bench->arena, struct rules, 1);
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof broken_rows / sizeof broken_rows[0]; i++) {
        struct err err = {0};
        arena_reset(&arena);
        enum err_code code = load_changed(bench, broken_rows[i].file, broken_rows[i].find,
                                          broken_rows[i].replace, &arena, out, &err);
        if (code != ERR_INPUT)
            fail_msg("%s with %s was accepted", broken_rows[i].file, broken_rows[i].replace);
        for (size_t j = 0; j < 3 && broken_rows[i].says[j]; j++)
            if (!strstr(err.message, broken_rows[i].says[j]))
                fail_msg("case %zu: \"%s\" does not say \"%s\"", i, err.message,
                         broken_rows[i].says[j]);
    }
    arena_release(&arena);
}

static void test_a_row_that_is_put_right_changes_the_answer_and_the_hash(void **state)
{
    struct bench *bench = *state;
    struct err err;
    struct rules *out = arena_new(&bench->arena, struct rules, 1);
    assert_int_equal(load_changed(bench, "spacing.csv", "CIVIL_HIGHRISE,fire,40,",
                                  "CIVIL_HIGHRISE,fire,41,", &bench->arena, out, &err),
                     ERR_OK);
    assert_true(spacing(out, "F01-CIVIL_HIGHRISE")->value_m == 41.0);
    assert_string_not_equal(out->hash, bench->rules.hash);
}

static void test_texts_give_what_the_directory_gave_in_any_order(void **state)
{
    struct bench *bench = *state;
    const struct rules *rules = &bench->rules;
    struct store_text files[32];
    struct err err;
    struct rules *out = arena_new(&bench->arena, struct rules, 1);
    for (size_t i = 0; i < rules->n_files; i++)
        files[i] = rules->files[rules->n_files - 1 - i];
    assert_int_equal(
        rules_load_texts(files, rules->n_files, &bench->schema, &bench->arena, out, &err), ERR_OK);
    assert_string_equal(out->hash, rules->hash);
    assert_int_equal(out->n_spacing, rules->n_spacing);
    for (size_t i = 0; i < rules->n_spacing; i++) {
        assert_string_equal(out->spacing[i].source.id, rules->spacing[i].source.id);
        assert_true(out->spacing[i].value_m == rules->spacing[i].value_m);
    }
    for (size_t i = 1; i < out->n_files; i++)
        assert_true(strcmp(out->files[i - 1].name, out->files[i].name) < 0);
    assert_memory_equal(&out->parameters, &rules->parameters, sizeof out->parameters);
    assert_int_equal(
        rules_load_texts(files, rules->n_files - 1, &bench->schema, &bench->arena, out, &err),
        ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "accuracies.csv"));
    files[0] = files[1];
    assert_int_equal(
        rules_load_texts(files, rules->n_files, &bench->schema, &bench->arena, out, &err),
        ERR_INPUT);
    assert_non_null(strstr(err.message, "twice"));
}

static void write_tables(const struct rules *rules, const char *directory, const char *without)
{
    char path[512];
    struct err err;
    for (size_t i = 0; i < rules->n_files; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, rules->files[i].name);
        if (without && strcmp(rules->files[i].name, without) == 0)
            continue;
        assert_int_equal(
            file_write_atomic(path, rules->files[i].text, strlen(rules->files[i].text), &err),
            ERR_OK);
    }
}

static void remove_directory(const char *directory)
{
    char command[512];
    snprintf(command, sizeof command, "rm -r '%s'", directory);
    assert_int_equal(system(command), 0);
}

static void test_a_copied_directory_loads_and_strangers_in_it_are_noted(void **state)
{
    struct bench *bench = *state;
    struct err err;
    struct rules_findings findings;
    struct rules *out = arena_new(&bench->arena, struct rules, 1);
    char directory[] = "/tmp/sisetu-rules-XXXXXX";
    char path[512];
    assert_non_null(mkdtemp(directory));
    write_tables(&bench->rules, directory, NULL);
    snprintf(path, sizeof path, "%s/spacing-old.csv", directory);
    assert_int_equal(file_write_atomic(path, "x", 1, &err), ERR_OK);
    assert_int_equal(rules_check(directory, &bench->schema, &bench->arena, out, &findings, &err),
                     ERR_OK);
    assert_string_equal(out->hash, bench->rules.hash);
    assert_string_equal(findings.notes[0], "spacing-old.csv is no rule table and was left alone");
    remove_directory(directory);
}

static void test_a_missing_table_or_directory_is_named(void **state)
{
    struct bench *bench = *state;
    struct err err;
    struct rules *out = arena_new(&bench->arena, struct rules, 1);
    char directory[] = "/tmp/sisetu-rules-XXXXXX";
    assert_non_null(mkdtemp(directory));
    write_tables(&bench->rules, directory, "zone_classes.csv");
    assert_int_equal(rules_load(directory, &bench->schema, &bench->arena, out, &err),
                     ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "zone_classes.csv"));
    assert_non_null(strstr(err.message, directory));
    remove_directory(directory);
    assert_int_equal(rules_load(directory, &bench->schema, &bench->arena, out, &err),
                     ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, directory));
}

static void test_all_errors_are_told_and_the_first_says_how_many_follow(void **state)
{
    struct bench *bench = *state;
    struct err err;
    struct rules_findings findings;
    struct rules *out = arena_new(&bench->arena, struct rules, 1);
    char directory[] = "/tmp/sisetu-rules-XXXXXX";
    char path[512];
    static const char text[] =
        "id,from,from_included,alpha,standard,edition,clause,confidence,valid_from,valid_to,"
        "active,note\n"
        "a,x,1,2,s,,,sure,,,1,\n"
        "b,50,maybe,1.5,s,,,sure,,,1,\n"
        "c,0,1,0.5,,,,sure,,,1,\n";
    assert_non_null(mkdtemp(directory));
    write_tables(&bench->rules, directory, NULL);
    snprintf(path, sizeof path, "%s/alpha.csv", directory);
    assert_int_equal(file_write_atomic(path, text, strlen(text), &err), ERR_OK);
    assert_int_equal(rules_check(directory, &bench->schema, &bench->arena, out, &findings, &err),
                     ERR_INPUT);
    assert_int_equal(findings.n_errors, 3);
    assert_non_null(strstr(err.message, "alpha.csv:2: from \"x\" is not a number"));
    assert_non_null(strstr(err.message, "and 2 more"));
    assert_non_null(strstr(findings.errors[1], "alpha.csv:3: from_included \"maybe\""));
    assert_non_null(strstr(findings.errors[2], "alpha.csv:4: standard \"\" is empty"));
    remove_directory(directory);
}

static void test_an_arena_at_its_limit_is_out_of_memory(void **state)
{
    struct bench *bench = *state;
    const struct rules *rules = &bench->rules;
    struct rules *out = arena_new(&bench->arena, struct rules, 1);
    bool succeeded = false;
    for (size_t limit = 1000; !succeeded; limit += limit / 8) {
        struct arena arena;
        struct err err = {0};
        arena_init(&arena, limit);
        enum err_code code =
            rules_load_texts(rules->files, rules->n_files, &bench->schema, &arena, out, &err);
        succeeded = code == ERR_OK;
        if (!succeeded && code != ERR_MEMORY)
            fail_msg("with %zu bytes: %s", limit, err.message);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind_of_broken_row_is_refused_with_what_would_be_right),
        cmocka_unit_test(test_a_row_that_is_put_right_changes_the_answer_and_the_hash),
        cmocka_unit_test(test_texts_give_what_the_directory_gave_in_any_order),
        cmocka_unit_test(test_a_copied_directory_loads_and_strangers_in_it_are_noted),
        cmocka_unit_test(test_a_missing_table_or_directory_is_named),
        cmocka_unit_test(test_all_errors_are_told_and_the_first_says_how_many_follow),
        cmocka_unit_test(test_an_arena_at_its_limit_is_out_of_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
