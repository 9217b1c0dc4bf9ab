/* test_proof_forged.c - proofs of the sample region with one character altered, and with the hash
 * over the whole made right again: none holds with a value that matters. */
#include "tests/unit/one_thread.h"
#include "tests/unit/proof_bench.h"

#include <ctype.h>
#include <math.h>
#include <unistd.h>

static const char STORE[] = "build/ningxia.gpkg";

enum { ALTERED = 60 }; /* characters of each proof */

struct forging {
    struct world *world;
    struct stage stage; /* its worker and its proof */
    uint64_t random;
    size_t n_held; /* alterations after which it still holds, as it should */
};

static size_t draw(struct forging *f, size_t below)
{
    f->random = f->random * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(f->random >> 33) % below;
}

static int open_sample(void **state)
{
    static struct forging forging = {.random = 20261122};
    struct err err;
    *state = &forging;
    if (access(STORE, R_OK) != 0)
        return 0;
    fixture_check(world_load(STORE, NULL, INT_ABSENT, &forging.world, &err), &err);
    fixture_check(worker_init(&forging.stage.worker, 0, &err), &err);
    buf_init(&forging.stage.proof);
    return 0;
}

static int close_sample(void **state)
{
    struct forging *f = *state;
    if (!f->world)
        return 0;
    buf_release(&f->stage.proof);
    worker_release(&f->stage.worker);
    world_release(f->world);
    return 0;
}

/* ---- what is altered ---- */

/* A place of a digit or letter: half of them in question and claim, few among coordinates, none
 * in the hash over the whole. */
static size_t pick_place(struct forging *f, const char *text)
{
    size_t n = (size_t)(strstr(text, "\n \"sha256\":") - text);
    size_t premises = (size_t)(strstr(text, "\n \"premises\":") - text);
    bool claim = draw(f, 2) == 0;
    for (;;) {
        size_t at = claim ? draw(f, premises) : premises + draw(f, n - premises);
        size_t line = at;
        while (line > 0 && text[line - 1] != '\n')
            line--;
        size_t length = strcspn(text + line, "\n");
        bool coordinates = memmem(text + line, length, "\"coordinates\"", 13) != NULL;
        if (isalnum((unsigned char)text[at]) && (!coordinates || draw(f, 20) == 0))
            return at;
    }
}

static char another(struct forging *f, char c)
{
    char other = c;
    while (other == c)
        other = isdigit((unsigned char)c)   ? (char)('0' + draw(f, 10))
                : isupper((unsigned char)c) ? (char)('A' + draw(f, 26))
                                            : (char)('a' + draw(f, 26));
    return other;
}

/* The number at a place, or NAN where there is none: inside of a text there is none. */
static double number_at(const char *text, size_t at)
{
    size_t from = at;
    while (from > 0 && strchr("0123456789+-.eE", text[from - 1]))
        from--;
    char *end;
    double number = strtod(text + from, &end);
    bool outside = from > 0 && strchr(" ,[:", text[from - 1]) && strchr(",]}\n", *end);
    return outside && end > text + at ? number : (double)NAN;
}

static bool line_has(const char *text, size_t at, const char *piece)
{
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return memmem(text + at, strcspn(text + at, "\n"), piece, strlen(piece)) != NULL;
}

/* Metres and persons agree within 1e-6, degrees within 1e-8, others within 1e-9
 * of themselves (proof.h, Agreement). */
static bool is_same_answer(const char *text, const char *altered, size_t at)
{
    double a = number_at(text, at);
    double b = number_at(altered, at);
    if (line_has(text, at, "\"coordinates\""))
        return fabs(a - b) <= 1e-8;
    return fabs(a - b) <= fmax(1e-6, 1e-9 * fabs(a));
}

static _Noreturn void complain(const char *text, const char *altered, size_t at, const char *what)
{
    size_t line = at;
    while (line > 0 && text[line - 1] != '\n')
        line--;
    fail_msg("%s, byte %zu: '%c' as '%c' holds in\n%.*s\nof\n%.300s", what, at, text[at],
             altered[at], (int)fmin(300, (double)strcspn(altered + line, "\n")), altered + line,
             text);
    abort();
}

/* Without the store only what the claim does not use may be other, and the answer says that
 * nobody checked it. */
static void forge_alone(struct forging *f, const char *text, const char *altered, size_t at)
{
    struct proof_check check;
    size_t premises = (size_t)(strstr(text, "\n \"premises\":") - text);
    if (verify_text(&f->stage, altered, strlen(altered), NULL, &check) != ERR_OK ||
        check.verdict != PROOF_HOLDS)
        return;
    f->n_held++;
    if (at < premises && !line_has(text, at, "\"program\"") && !is_same_answer(text, altered, at))
        complain(text, altered, at, "question or claim");
    /* the last of seventeen digits may read back to the same double */
    bool same = fabs(number_at(text, at) - number_at(altered, at)) <= 0;
    if (at > premises && !same &&
        (line_has(text, at, "\"coordinates\"") || line_has(text, at, "\"geometry_sha256\"") ||
         line_has(text, at, "\"cells")))
        complain(text, altered, at, "shape or cells");
    bool told = at < premises || says(check.stated, check.n_stated, "that a store held this");
    if (!told)
        complain(text, altered, at, "nobody is told that it was not checked");
}

/* With the store of that generation nothing may be other but the name of the program. */
static void forge_before_store(struct forging *f, const char *text, const char *altered, size_t at)
{
    struct proof_check check;
    if (verify_text(&f->stage, altered, strlen(altered), f->world, &check) != ERR_OK ||
        check.verdict != PROOF_HOLDS)
        return;
    f->n_held++;
    bool older =
        line_has(text, at, "\"generation\"") && (uint64_t)check.generation < check.store_generation;
    bool program =
        line_has(text, at, "\"program\"") && says(check.stated, check.n_stated, "the sentences of");
    if (!older && !program && !is_same_answer(text, altered, at))
        complain(text, altered, at, "with the store");
}

static void alter(struct forging *f)
{
    struct proof_check check;
    const char *text = buf_text(&f->stage.proof);
    size_t n = f->stage.proof.n_bytes;
    char *altered = malloc(n + 1);
    assert_non_null(altered);
    for (int i = 0; i < ALTERED; i++) {
        size_t at = pick_place(f, text);
        memcpy(altered, text, n + 1);
        altered[at] = another(f, text[at]);
        if (verify_text(&f->stage, altered, n, NULL, &check) == ERR_OK &&
            check.verdict != PROOF_BROKEN)
            complain(text, altered, at, "under the old hash");
        make_hash_right(altered);
        forge_alone(f, text, altered, at);
        if (i % 4 == 0)
            forge_before_store(f, text, altered, at);
    }
    free(altered);
}

/* ---- proofs of every kind ---- */

static void write_proof(struct forging *f, const struct proof_question *question)
{
    struct proof_check check;
    struct err err;
    worker_reset(&f->stage.worker);
    buf_clear(&f->stage.proof);
    fixture_check(proof_write(f->world, &f->stage.worker, question, &f->stage.proof, &err), &err);
    check = verify(&f->stage, f->world);
    if (check.verdict != PROOF_HOLDS)
        fail_msg("%s", check.findings[0]);
    alter(f);
}

static void write_of(struct forging *f, enum proof_kind kind, const char *id, const char *method)
{
    write_proof(f, &(struct proof_question){.kind = kind, .id = id, .method = method});
}

static bool has_sample(const struct forging *f)
{
    if (!f->world)
        print_message("SKIP: there is no %s; make sample makes it\n", STORE);
    return f->world != NULL;
}

/* The first two of each kind: distance, area, density, risk, societal; conflict and undecided. */
static void test_altered_proofs_of_conflicts_do_not_hold(void **state)
{
    struct forging *f = *state;
    struct finding_ref ref = {.layer = LAYER_COUNT};
    int seen[FINDING_KINDS] = {0};
    size_t kinds = 0;
    struct arena arena;
    if (!has_sample(f))
        return;
    arena_init(&arena, 0);
    while (findings_next(f->world, &ref)) {
        enum finding_kind kind = (enum finding_kind)finding_at(f->world, ref)->kind;
        if (seen[kind]++ < 2) {
            kinds += seen[kind] == 1;
            write_of(f, PROOF_CONFLICT, finding_id(f->world, ref, &arena), NULL);
        }
    }
    arena_release(&arena);
    assert_true(kinds >= 4);
}

static void test_altered_proofs_of_plants_and_levels_do_not_hold(void **state)
{
    struct forging *f = *state;
    if (!has_sample(f))
        return;
    for (int grade = 1; grade <= 3; grade++) {
        for (size_t i = 0; i < world_count(f->world, LAYER_GRADES); i++) {
            const struct grade_row *row = world_record(f->world, LAYER_GRADES, i);
            if (strcmp(row->subject, "enterprise") != 0 || row->grade != grade)
                continue;
            write_of(f, PROOF_ENTERPRISE, row->subject_id, NULL);
            write_of(f, PROOF_HAZARD, row->subject_id, NULL);
            break;
        }
    }
}

static void test_altered_proofs_of_units_do_not_hold(void **state)
{
    struct forging *f = *state;
    if (!has_sample(f))
        return;
    write_of(f, PROOF_UNIT, "640200", "worst");
    write_of(f, PROOF_UNIT, "640200", "index");
    write_of(f, PROOF_UNIT, "640200", "share");
}

static void test_altered_proofs_of_pipelines_do_not_hold(void **state)
{
    struct forging *f = *state;
    if (!has_sample(f))
        return;
    const struct segment *first = world_record(f->world, LAYER_SEGMENTS, 0);
    write_of(f, PROOF_SEGMENT, first->head.id, NULL);
    write_of(f, PROOF_PIPELINE, first->pipeline_id, NULL);
}

static void test_altered_proofs_of_sites_and_shapes_do_not_hold(void **state)
{
    struct forging *f = *state;
    struct facility with;
    struct enterprise plant;
    struct fixture made;
    if (!has_sample(f))
        return;
    fixture_init(&made);
    record_clear(LAYER_FACILITIES, &with);
    record_clear(LAYER_ENTERPRISES, &plant);
    with.total_m3 = 500;
    struct geom box = fixture_box(&made, 106.2, 38.4, 106.21, 38.41);
    const struct site_question site = {.geom = fixture_point(&made, 106.25, 38.48),
                                       .facility_type = "LIQ_TANK_AB",
                                       .qualifiers = &with,
                                       .plant = &plant,
                                       .accuracy_m = 0.5};
    write_proof(f, &(struct proof_question){.kind = PROOF_SITE, .site = &site});
    write_proof(f, &(struct proof_question){.kind = PROOF_EXPOSURE, .shape = &box});
    world_release(fixture_world(&made, 20260601));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_altered_proofs_of_conflicts_do_not_hold),
        cmocka_unit_test(test_altered_proofs_of_plants_and_levels_do_not_hold),
        cmocka_unit_test(test_altered_proofs_of_units_do_not_hold),
        cmocka_unit_test(test_altered_proofs_of_pipelines_do_not_hold),
        cmocka_unit_test(test_altered_proofs_of_sites_and_shapes_do_not_hold),
    };
    return cmocka_run_group_tests(tests, open_sample, close_sample);
}
