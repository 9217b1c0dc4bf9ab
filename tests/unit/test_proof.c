/*
 * test_proof.c - proofs: what they carry, that they hold, and that nothing altered does.
 */
#include "tests/unit/world_fixture.h"

#include "data/base/hash.h"
#include "data/base/json.h"
#include "data/base/limits.h"
#include "geo/assess.h"
#include "geo/proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A store in small: facts, and the conflicts and grades that an assessment finds in them. */
struct stage {
    struct fixture f;
    struct world *facts; /* of which the assessment was made */
    struct arena found;
    struct world *world; /* with conflicts and grades */
    struct worker worker;
    struct buf proof;
    void (*more)(struct fixture *f);   /* facts, before the assessment */
    void (*change)(struct fixture *f); /* facts, after it */
};

/* One plant with a tank 14.999 m from a class II building and 15.001 m from another, ammonia
 * and chlorine, a hazard zone over dense cells, in no park. */
static void give_facts(struct fixture *f)
{
    struct enterprise *plant = fixture_add(f, LAYER_ENTERPRISES, "E/1");
    plant->head.name = "示例化工";
    plant->head.source = "plants.csv";
    plant->head.source_row = 7;
    plant->head.geom = fixture_box(f, 106.199, 38.399, 106.201, 38.401);
    plant->kind = "production";
    plant->industry = "chemical";
    plant->declared_grade = 3;
    plant->score_19 = 88.5;
    struct facility *tank = fixture_add(f, LAYER_FACILITIES, "T1");
    tank->head.geom = fixture_point(f, 106.2, 38.4);
    tank->enterprise_id = "E/1";
    tank->facility_type = "LIQ_TANK_AB";
    tank->total_m3 = 50;
    tank->fixed_roof = 0;
    const double distances[] = {14.999, 15.001};
    for (int i = 0; i < 2; i++) {
        struct protected_target *house = fixture_add(f, LAYER_PROTECTED, i == 0 ? "P1" : "P2");
        struct lonlat at =
            ellipsoid_direct((struct lonlat){106.2, 38.4}, i == 0 ? 90 : 270, distances[i]);
        house->head.geom = fixture_point(f, at.lon_deg, at.lat_deg);
        house->use = "village";
        house->fire_rating = 2;
        house->storeys = 2;
        house->persons = 40;
        house->households = 12;
    }
    struct zone *zone = fixture_add(f, LAYER_ZONES, "Z1");
    zone->head.geom = fixture_box(f, 106.19, 38.39, 106.21, 38.41);
    zone->enterprise_id = "E/1";
    zone->kind = "toxic";
    zone->class = 2;
    const char *const substances[] = {"氯", "氨"};
    for (int i = 0; i < 2; i++) {
        struct inventory_item *item = fixture_add(f, LAYER_INVENTORY, i == 0 ? "I1" : "I2");
        item->enterprise_id = "E/1";
        item->unit = "U1";
        item->substance = substances[i];
        item->q_t = i == 0 ? 50 : 100;
    }
    struct area *area = fixture_add(f, LAYER_AREAS, "A1");
    area->head.geom = fixture_box(f, 106.5, 38.5, 106.51, 38.51);
    area->kind = "park";
    fixture_grid(f, 106.1, 38.5, 0.001, 200, 200, 1);
    for (uint32_t column = 104; column < 108; column++)
        fixture_cell(f, column, 98, 30);
}

/* The same facts again, with what an assessment found in them. */
static void stage_open(struct stage *stage)
{
    struct fixture first;
    struct assessment all;
    struct conflict *conflicts;
    size_t n_conflicts;
    struct err err;
    fixture_init(&first);
    give_facts(&first);
    if (stage->more)
        stage->more(&first);
    stage->facts = fixture_world(&first, 20260601);
    arena_init(&stage->found, 0);
    fixture_check(worker_init(&stage->worker, 0, &err), &err);
    struct crew crew = {&stage->worker, 1};
    fixture_check(assess_world(stage->facts, &crew, &stage->found, &all, &err), &err);
    fixture_check(assess_reasons(stage->facts, &stage->worker, &all, &stage->found, &err), &err);
    assessment_release(&all);
    fixture_check(assess_conflicts(stage->facts, &stage->worker, &stage->found, &conflicts,
                                   &n_conflicts, &err),
                  &err);
    fixture_init(&stage->f);
    give_facts(&stage->f);
    if (stage->more)
        stage->more(&stage->f);
    for (size_t i = 0; i < n_conflicts; i++)
        *(struct conflict *)fixture_add(&stage->f, LAYER_CONFLICTS, "-") = conflicts[i];
    for (size_t i = 0; i < all.n_grades && i < FIXTURE_RECORDS; i++)
        if (strcmp(all.grades[i].subject, "cell") != 0)
            *(struct grade_row *)fixture_add(&stage->f, LAYER_GRADES, "-") = all.grades[i];
    if (stage->change)
        stage->change(&stage->f);
    stage->world = fixture_world(&stage->f, 20260601);
    buf_init(&stage->proof);
}

static void stage_close(struct stage *stage)
{
    buf_release(&stage->proof);
    worker_release(&stage->worker);
    world_release(stage->world);
    world_release(stage->facts);
    arena_release(&stage->found);
}

static void prove(struct stage *stage, enum proof_kind kind, const char *id)
{
    struct err err;
    const struct proof_question question = {.kind = kind, .id = id};
    buf_clear(&stage->proof);
    fixture_check(proof_write(stage->world, &stage->worker, &question, &stage->proof, &err), &err);
}

static enum err_code verify_text(struct stage *stage, const char *text, size_t n,
                                 const struct world *store, struct proof_check *out)
{
    struct err err;
    worker_reset(&stage->worker);
    return proof_verify(text, n, store, &stage->worker, out, &err);
}

static struct proof_check verify(struct stage *stage, const struct world *store)
{
    struct proof_check check;
    assert_int_equal(
        verify_text(stage, buf_text(&stage->proof), stage->proof.n_bytes, store, &check), ERR_OK);
    return check;
}

static void must_hold(struct stage *stage)
{
    struct proof_check check = verify(stage, NULL);
    if (check.verdict != PROOF_HOLDS)
        fprintf(stderr, "%s: %s\n", check.subject, check.findings[0]);
    assert_int_equal(check.verdict, PROOF_HOLDS);
    assert_int_equal(check.n_findings, 0);
}

static bool says(const char *const *lines, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strstr(lines[i], text))
            return true;
    return false;
}

static const char NEAR[] = "F02-BLDG_I_II|facilities/T1|protected/P1";

/* The document with a piece of text replaced and its hash made right again, as a forger would;
 * the caller frees. */
static char *forge(const struct buf *proof, const char *piece, const char *instead)
{
    char hash[HASH_TEXT_BYTES];
    const char *at = strstr(buf_text(proof), piece);
    assert_non_null(at);
    size_t before = (size_t)(at - buf_text(proof));
    size_t room = proof->n_bytes + strlen(instead) + 1;
    char *text = malloc(room);
    char *compact = malloc(room);
    assert_non_null(text);
    assert_non_null(compact);
    snprintf(text, room, "%.*s%s%s", (int)before, buf_text(proof), instead, at + strlen(piece));
    size_t n = 0;
    bool quoted = false;
    for (const char *c = text; *c; c++) {
        if (!quoted && (*c == ' ' || *c == '\n'))
            continue;
        compact[n++] = *c;
        if (*c == '\\')
            compact[n++] = *++c;
        else if (*c == '"')
            quoted = !quoted;
    }
    compact[n] = '\0';
    char *end = strstr(compact, ",\"sha256\":\"");
    assert_non_null(end);
    hash_text(compact, (size_t)(end - compact), hash);
    char *stated = strstr(text, "\"sha256\": \"") + strlen("\"sha256\": \"");
    memcpy(stated, hash, HASH_TEXT_BYTES - 1);
    free(compact);
    return text;
}

static void must_not_hold(struct stage *stage, const char *piece, const char *instead,
                          const char *finding)
{
    struct proof_check check;
    char *text = forge(&stage->proof, piece, instead);
    assert_int_equal(verify_text(stage, text, strlen(text), NULL, &check), ERR_OK);
    if (!says(check.findings, check.n_findings, finding))
        fprintf(stderr, "%s -> %s: %s\n", piece, instead,
                check.n_findings ? check.findings[0] : "(holds)");
    assert_int_equal(check.verdict, PROOF_BROKEN);
    assert_true(says(check.findings, check.n_findings, finding));
    assert_false(says(check.findings, check.n_findings, "altered"));
    free(text);
}

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
    for (int i = 0; i < 3; i++) {
        char id[8];
        snprintf(id, sizeof id, "S%d", i);
        struct scenario *scenario = fixture_add(f, LAYER_SCENARIOS, id);
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

static void more_persons(struct fixture *f)
{
    struct protected_target *house = (void *)f->records[LAYER_PROTECTED];
    house->persons = 45;
}

static void another_outline(struct fixture *f)
{
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
        cmocka_unit_test(test_proof_of_a_distance_carries_rule_records_points_and_sum),
        cmocka_unit_test(test_every_conflict_grade_and_level_has_a_proof_that_holds),
        cmocka_unit_test(test_proof_of_a_level_shows_the_sum_of_each_substance),
        cmocka_unit_test(test_proof_of_a_site_holds_with_what_is_clear),
        cmocka_unit_test(test_proof_of_persons_in_a_shape_holds),
        cmocka_unit_test(test_proof_of_a_pipeline_by_stretch_holds_without_the_store),
        cmocka_unit_test(test_proofs_of_individual_and_societal_risk_hold),
        cmocka_unit_test(test_proof_of_a_unit_counts_its_plants_and_leaves_the_share_to_the_store),
        cmocka_unit_test(test_any_altered_character_is_noticed),
        cmocka_unit_test(test_line_breaks_of_a_mail_program_are_no_alteration),
        cmocka_unit_test(test_a_claim_that_does_not_follow_is_found_under_a_right_hash),
        cmocka_unit_test(test_a_shape_that_is_only_a_hash_needs_the_store),
        cmocka_unit_test(test_the_store_tells_what_changed_since),
        cmocka_unit_test(test_a_stale_assessment_gets_no_proof),
        cmocka_unit_test(test_what_is_no_proof_is_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
