/* test_proof_broken.c - proofs that were altered, forged, cut, or left behind by their store. */
#include "tests/unit/one_thread.h"
#include "tests/unit/proof_bench.h"

/* ---- what is altered ---- */

/* Each character in turn becomes another of its kind; white space outside of texts apart. */
static void test_any_altered_character_is_noticed(void **state)
{
    (void)state;
    struct stage stage = {.change = NULL};
    stage_open(&stage);
    prove(&stage, PROOF_CONFLICT, NEAR);
    size_t n = stage.proof.n_bytes;
    char *text = malloc(n + 1);
    assert_non_null(text);
    bool quoted = false;
    size_t altered = 0;
    for (size_t i = 0; i < n; i++) {
        struct proof_check check;
        char c = stage.proof.bytes[i];
        bool space = !quoted && (c == ' ' || c == '\n');
        quoted = c == '"' ? !quoted : quoted;
        /* every digit, and one in five of the rest */
        if (space || (!(c >= '0' && c <= '9') && i % 5 != 0))
            continue;
        memcpy(text, stage.proof.bytes, n + 1);
        text[i] = c == '9' ? '0' : c == 'z' ? 'a' : (char)(c + 1);
        altered++;
        enum err_code code = verify_text(&stage, text, n, NULL, &check);
        if (code == ERR_OK && check.verdict != PROOF_BROKEN)
            fprintf(stderr, "byte %zu: '%c' as '%c' was not noticed\n", i, c, text[i]);
        assert_true(code != ERR_OK || check.verdict == PROOF_BROKEN);
    }
    assert_true(altered > 1000);
    free(text);
    stage_close(&stage);
}

static void test_line_breaks_of_a_mail_program_are_no_alteration(void **state)
{
    (void)state;
    struct stage stage = {.change = NULL};
    struct buf mailed;
    struct proof_check check;
    stage_open(&stage);
    prove(&stage, PROOF_CONFLICT, NEAR);
    buf_init(&mailed);
    for (size_t i = 0; i < stage.proof.n_bytes; i++) {
        char c = stage.proof.bytes[i];
        buf_add_text(&mailed, c == '\n' ? "\r\n\t  " : "");
        if (c != '\n')
            buf_add_byte(&mailed, c);
    }
    assert_int_equal(verify_text(&stage, mailed.bytes, mailed.n_bytes, NULL, &check), ERR_OK);
    assert_int_equal(check.verdict, PROOF_HOLDS);
    buf_release(&mailed);
    stage_close(&stage);
}

static void test_a_byte_order_mark_of_an_editor_is_no_alteration(void **state)
{
    (void)state;
    struct stage stage = {.change = NULL};
    struct buf edited;
    struct proof_check check;
    stage_open(&stage);
    prove(&stage, PROOF_CONFLICT, NEAR);
    buf_init(&edited);
    buf_add_text(&edited, "\xEF\xBB\xBF");
    buf_add(&edited, stage.proof.bytes, stage.proof.n_bytes);
    assert_int_equal(verify_text(&stage, edited.bytes, edited.n_bytes, NULL, &check), ERR_OK);
    assert_int_equal(check.verdict, PROOF_HOLDS);
    /* only one, only at the beginning, and whole */
    assert_int_equal(verify_text(&stage, edited.bytes + 1, edited.n_bytes - 1, NULL, &check),
                     ERR_INPUT);
    buf_add_text(&edited, "\xEF\xBB\xBF");
    assert_int_equal(verify_text(&stage, edited.bytes, edited.n_bytes, NULL, &check), ERR_INPUT);
    buf_release(&edited);
    stage_close(&stage);
}

static void test_a_claim_that_does_not_follow_is_found_under_a_right_hash(void **state)
{
    (void)state;
    struct stage stage = {.change = NULL};
    stage_open(&stage);
    prove(&stage, PROOF_CONFLICT, NEAR);
    must_not_hold(&stage, "\"verdict\": \"conflict\"", "\"verdict\": \"undecided\"",
                  "claim.verdict: stated \"undecided\", recomputed \"conflict\"");
    must_not_hold(&stage, "\"distance_m\": 14.99", "\"distance_m\": 14.98", "claim.distance_m");
    must_not_hold(&stage, "\"grade\": 2", "\"grade\": 3", "claim.grade: stated 3, recomputed 2");
    must_not_hold(&stage, "\"kind\": \"distance\",", "\"kind\": \"distance\", \"more\": 1,",
                  "claim.more is stated, but does not follow");
    /* a premise: the limit of the rule, the size of the tank, the place of the house */
    must_not_hold(&stage, "\"fire\",\"15\"", "\"fire\",\"12\"", "claim.verdict");
    must_not_hold(&stage, "\"total_m3\": 50", "\"total_m3\": 49", "claim.verdict");
    must_not_hold(&stage, "\"coordinates\": [106.2,38.4]", "\"coordinates\": [106.2,38.41]",
                  "geometry_sha256");
    prove(&stage, PROOF_ENTERPRISE, "E/1");
    must_not_hold(&stage, "\"R\": 120", "\"R\": 99", "claim.major_hazard.units[0].R");
    must_not_hold(&stage, "\"q_t\": 50", "\"q_t\": 5", "q_t");
    stage_close(&stage);
}

static void test_another_version_may_say_it_in_other_words_but_not_in_other_figures(void **state)
{
    (void)state;
    struct stage stage = {.change = NULL};
    struct proof_check check;
    stage_open(&stage);
    prove(&stage, PROOF_CONFLICT, NEAR);
    must_not_hold(&stage, "\"reason\": \"", "\"reason\": \"Once, ", "claim.reason");
    char *text = forge(&stage.proof, "\"reason\": \"", "\"reason\": \"Once, ");
    memcpy(strstr(text, "\"program\": \"sisetu ") + strlen("\"program\": \"sisetu "), "9", 1);
    struct buf other;
    buf_init(&other);
    buf_add_text(&other, text);
    free(text);
    text = forge(&other, "\"kind\": \"distance\"", "\"kind\": \"distance\"");
    assert_int_equal(verify_text(&stage, text, strlen(text), NULL, &check), ERR_OK);
    assert_int_equal(check.verdict, PROOF_HOLDS);
    free(text);
    text = forge(&other, "\"required_m\": 15", "\"required_m\": 16");
    assert_int_equal(verify_text(&stage, text, strlen(text), NULL, &check), ERR_OK);
    assert_int_equal(check.verdict, PROOF_BROKEN);
    free(text);
    buf_release(&other);
    stage_close(&stage);
}

/* ---- what is only a hash ---- */

/* A border of 20,001 vertices, most of them on its northern edge. */
static void add_large_area(struct fixture *f)
{
    enum { N = LIMIT_PROOF_VERTICES + 1 };
    struct err err;
    struct lonlat *ring = calloc(N, sizeof *ring);
    struct area *area = fixture_add(f, LAYER_AREAS, "A2");
    if (!ring)
        abort();
    for (int i = 0; i < N - 2; i++)
        ring[i] = (struct lonlat){106.3 - 0.2 * i / (N - 3), 38.45};
    ring[N - 2] = (struct lonlat){106.1, 38.35};
    ring[N - 1] = (struct lonlat){106.3, 38.35};
    fixture_check(geom_of_ring(ring, N, &f->parts.arena, &area->head.geom, &err), &err);
    area->kind = "dense_urban";
    free(ring);
}

static void test_a_shape_that_is_only_a_hash_needs_the_store(void **state)
{
    (void)state;
    struct stage stage = {.more = add_large_area};
    stage_open(&stage);
    const char *id = "Z06a|enterprises/E/1|areas/A2";
    struct finding_ref ref;
    assert_true(findings_find(stage.world, id, &ref));
    prove(&stage, PROOF_CONFLICT, id);
    assert_true(stage.proof.n_bytes < 40000);
    struct proof_check check = verify(&stage, NULL);
    assert_int_equal(check.verdict, PROOF_OPEN);
    assert_true(says(check.findings, check.n_findings,
                     "geometry of areas/A2 is only a hash (20002 vertices)"));
    check = verify(&stage, stage.world);
    assert_int_equal(check.verdict, PROOF_HOLDS);
    assert_int_equal(check.n_changes, 0);
    stage_close(&stage);
}

/* ---- the store moves on ---- */

static void more_persons_at_once(struct fixture *f)
{
    struct protected_target *house = (void *)f->records[LAYER_PROTECTED];
    house->persons = 45;
}

static void more_persons(struct fixture *f)
{
    more_persons_at_once(f);
    f->parts.generation = 2;
}

static void another_outline(struct fixture *f)
{
    f->parts.generation = 2;
    struct facility *tank = (void *)f->records[LAYER_FACILITIES];
    tank->head.geom = fixture_point(f, 106.2001, 38.4);
}

static void test_the_store_tells_what_changed_since(void **state)
{
    (void)state;
    struct stage stage = {.change = NULL};
    struct stage later = {.change = more_persons};
    struct stage moved = {.change = another_outline};
    stage_open(&stage);
    stage_open(&later);
    stage_open(&moved);
    prove(&stage, PROOF_CONFLICT, NEAR);
    struct proof_check check = verify(&stage, stage.world);
    assert_int_equal(check.verdict, PROOF_HOLDS);
    assert_int_equal(check.n_changes, 0);
    check = verify(&stage, later.world);
    assert_int_equal(check.verdict, PROOF_HOLDS);
    assert_true(says(check.changes, check.n_changes, "protected/P1.persons was 40, is 45"));
    check = verify(&stage, moved.world);
    assert_int_equal(check.verdict, PROOF_HOLDS);
    assert_true(says(check.changes, check.n_changes, "facilities/T1.geometry_sha256 was"));
    /* its assessment is older than its records */
    assert_true(says(check.changes, check.n_changes, "assess it again"));
    stage_close(&moved);
    stage_close(&later);
    stage_close(&stage);
}

/* What nothing in the document depends on is told by the store of that generation alone. */
static void test_what_is_only_stated_does_not_hold_before_its_store(void **state)
{
    (void)state;
    static const char *const pieces[][3] = {
        {"\"source_row\": 7", "\"source_row\": 8",
         "enterprises/E/1.source_row: stated 8, the store has 7"},
        {"\"as_of\": \"2026-06-01\"", "\"as_of\": \"2026-06-02\"",
         "premises.as_of: stated 2026-06-02, the store has 2026-06-01"},
        {"\"name\": \"示例化工\"", "\"name\": \"示例化\"", "enterprises/E/1.name"},

    };
    struct stage stage = {.change = NULL};
    struct stage at_once = {.change = more_persons_at_once};
    struct proof_check check;
    stage_open(&stage);
    stage_open(&at_once);
    prove(&stage, PROOF_CONFLICT, NEAR);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        if (!strstr(buf_text(&stage.proof), pieces[i][0])) {
            fail_msg("no %s", pieces[i][0]);
        }
        char *text = forge(&stage.proof, pieces[i][0], pieces[i][1]);
        assert_int_equal(verify_text(&stage, text, strlen(text), NULL, &check), ERR_OK);
        if (check.verdict == PROOF_HOLDS)
            assert_true(says(check.stated, check.n_stated, "that a store held this"));
        assert_int_equal(verify_text(&stage, text, strlen(text), stage.world, &check), ERR_OK);
        assert_int_equal(check.verdict, PROOF_BROKEN);
        if (!says(check.findings, check.n_findings, pieces[i][2]))
            fail_msg("%s", check.findings[0]);
        free(text);
    }
    /* a store of the same generation with other records is not the one that it was written from */
    check = verify(&stage, at_once.world);
    assert_int_equal(check.verdict, PROOF_BROKEN);
    assert_true(says(check.findings, check.n_findings,
                     "protected/P1.persons: stated 40, the store has 45"));
    stage_close(&at_once);
    stage_close(&stage);
}

static void test_hash_of_the_rules_and_generation_are_held_to_the_store(void **state)
{
    (void)state;
    struct stage stage = {.change = NULL};
    struct stage later = {.change = more_persons};
    struct proof_check check;
    char piece[128];
    char other[128];
    stage_open(&stage);
    stage_open(&later);
    prove(&stage, PROOF_CONFLICT, NEAR);
    must_not_hold(&stage, "\"rules_sha256\": \"", "\"rules_sha256\": \"0", "64 digits");
    must_not_hold(&stage, "\"generation\": 1,", "\"generation\": -1,", "premises.generation");
    must_not_hold(&stage, "\"generation\": 1,", "\"generation\": 1.5,", "premises.generation");
    must_not_hold(&stage, "\"generation\": 1,", "\"generation\": \"1\",", "premises.generation");
    /* of 64 digits, but not those of the store */
    const char *hash = stage.world->rules->hash;
    snprintf(piece, sizeof piece, "%s", hash);
    snprintf(other, sizeof other, "%c%s", hash[0] == '0' ? '1' : '0', hash + 1);
    char *text = forge(&stage.proof, piece, other);
    assert_int_equal(verify_text(&stage, text, strlen(text), stage.world, &check), ERR_OK);
    assert_int_equal(check.verdict, PROOF_BROKEN);
    assert_true(says(check.findings, check.n_findings, "premises.rules_sha256: stated"));
    assert_int_equal(verify_text(&stage, text, strlen(text), later.world, &check), ERR_OK);
    assert_int_equal(check.verdict, PROOF_HOLDS);
    assert_true(says(check.changes, check.n_changes, "premises.rules_sha256 was"));
    free(text);
    /* a generation that the store has not reached */
    text = forge(&stage.proof, "\"generation\": 1,", "\"generation\": 2,");
    assert_int_equal(verify_text(&stage, text, strlen(text), stage.world, &check), ERR_OK);
    assert_int_equal(check.verdict, PROOF_BROKEN);
    assert_true(says(check.findings, check.n_findings, "stated 2, the store has reached 1"));
    free(text);
    /* and one that it has left behind: the proof is what it was, and that is told */
    check = verify(&stage, later.world);
    assert_int_equal(check.verdict, PROOF_HOLDS);
    assert_int_equal(check.generation, 1);
    assert_int_equal(check.store_generation, 2);
    assert_true(says(check.stated, check.n_stated, "at generation 1"));
    stage_close(&later);
    stage_close(&stage);
}

static void test_a_stale_assessment_gets_no_proof(void **state)
{
    (void)state;
    struct stage stage = {.change = another_outline};
    struct err err;
    stage_open(&stage);
    const struct proof_question question = {.kind = PROOF_CONFLICT, .id = NEAR};
    assert_int_equal(proof_write(stage.world, &stage.worker, &question, &stage.proof, &err),
                     ERR_INPUT);
    assert_non_null(strstr(err.message, "assess it again"));
    assert_int_equal(stage.proof.n_bytes, 0);
    const struct proof_question unknown = {.kind = PROOF_CONFLICT, .id = "F|facilities/X|"};
    assert_int_equal(proof_write(stage.world, &stage.worker, &unknown, &stage.proof, &err),
                     ERR_NOT_FOUND);
    stage_close(&stage);
}

/* ---- bad input ---- */

static void test_what_is_no_proof_is_refused_with_a_reason(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "[]",
        "{}",
        "{\"sisetu_proof\":7,\"schema_version\":2}",
        "{\"sisetu_proof\":1,\"schema_version\":99}",
        "{\"sisetu_proof\":1e999}",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    };
    struct stage stage = {.change = NULL};
    struct proof_check check;
    stage_open(&stage);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_not_equal(verify_text(&stage, texts[i], strlen(texts[i]), NULL, &check), ERR_OK);
    /* cut anywhere */
    prove(&stage, PROOF_CONFLICT, NEAR);
    for (size_t n = 0; n + 2 < stage.proof.n_bytes; n += 97)
        assert_int_equal(verify_text(&stage, stage.proof.bytes, n, NULL, &check), ERR_INPUT);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_altered_character_is_noticed),
        cmocka_unit_test(test_line_breaks_of_a_mail_program_are_no_alteration),
        cmocka_unit_test(test_a_byte_order_mark_of_an_editor_is_no_alteration),
        cmocka_unit_test(test_a_claim_that_does_not_follow_is_found_under_a_right_hash),
        cmocka_unit_test(test_another_version_may_say_it_in_other_words_but_not_in_other_figures),
        cmocka_unit_test(test_a_shape_that_is_only_a_hash_needs_the_store),
        cmocka_unit_test(test_the_store_tells_what_changed_since),
        cmocka_unit_test(test_what_is_only_stated_does_not_hold_before_its_store),
        cmocka_unit_test(test_hash_of_the_rules_and_generation_are_held_to_the_store),
        cmocka_unit_test(test_a_stale_assessment_gets_no_proof),
        cmocka_unit_test(test_what_is_no_proof_is_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
