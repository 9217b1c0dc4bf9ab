/*
 * test_cases.c - runs the files of tests/cases: what a safety expert gives, asks and expects.
 * tests/cases/README.md documents the format. Whatever an assessment finds in a case must have
 * a proof that holds, too.
 */
#include "tests/unit/case_fixture.h"
#include "tests/unit/case_pipelines.h"
#include "tests/unit/case_places.h"
#include "tests/unit/case_risk.h"
#include "tests/unit/case_rules.h"
#include "tests/unit/one_thread.h"

#include "data/base/file.h"
#include "geo/assess/assess.h"
#include "geo/proof/proof.h"
#include "geo/findings/spacing.h"

#include <dirent.h>
#include <setjmp.h>
#include <stddef.h>

#include <cmocka.h>

/* ---- answers ---- */

/* What an assessment found. */
struct found {
    struct assessment graded;
    struct conflict *conflicts;
    size_t n_conflicts;
};

static enum err_code assess(struct world *world, struct worker *worker, struct arena *arena,
                            struct found *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct crew crew = {.workers = worker, .n = 1};
    TRY(assess_world(world, &crew, arena, &out->graded, err));
    TRY(assess_reasons(world, worker, &out->graded, arena, err));
    TRY(assess_conflicts(world, worker, arena, &out->conflicts, &out->n_conflicts, err));
done:
    assessment_release(&out->graded);
    return code;
}

static const struct conflict *find_conflict(const struct found *all, const char *rule,
                                            const char *source, const char *target)
{
    for (size_t i = 0; i < all->n_conflicts; i++) {
        const struct conflict *row = &all->conflicts[i];
        if ((!rule || text_equal(row->rule_id, rule)) && text_equal(row->source_id, source) &&
            (!target || text_equal(row->target_id, target)))
            return row;
    }
    return NULL;
}

static const struct conflict *find_risk(const struct found *all, const char *source,
                                        const char *target)
{
    for (size_t i = 0; i < all->n_conflicts; i++) {
        const struct conflict *row = &all->conflicts[i];
        if (text_equal(row->kind, "risk") && text_equal(row->source_id, source) &&
            text_equal(row->target_id, target))
            return row;
    }
    return NULL;
}

/* Whether the rule speaks of both, so that "no row" means clear and not "never asked". */
static bool rule_speaks(const struct world *world, const char *rule, const char *source_id,
                        const char *target_id)
{
    static const enum layer_id layers[] = {LAYER_FACILITIES, LAYER_ENTERPRISES, LAYER_PIPELINES};
    struct arena arena;
    struct err err;
    bool speaks = false;
    arena_init(&arena, 0);
    for (size_t l = 0; l < 3; l++) {
        int64_t row = world_find(world, layers[l], source_id);
        struct spacing_match *matches = NULL;
        size_t n = 0;
        if (row < 0)
            continue;
        struct spacing_source source = spacing_source_of(world, layers[l], (size_t)row);
        fixture_check(spacing_matches(world, &source, &arena, &matches, &n, &err), &err);
        for (size_t m = 0; m < n; m++) {
            size_t i = 0;
            const struct target_class *class;
            const char *missing;
            if (!text_equal(matches[m].rule->source.id, rule))
                continue;
            while ((class = spacing_target(world, matches[m].rule, &i))) {
                int64_t target = world_find(world, class->layer, target_id);
                speaks |= target >= 0 && spacing_is_target(world, &source, class, (uint32_t)target,
                                                           &missing) != TRUTH_NO;
            }
        }
    }
    arena_release(&arena);
    return speaks;
}

static void expect_conflict(struct one_case *c, const struct line *expect,
                            const struct conflict *row, bool speaks)
{
    const char *got = row ? row->verdict : speaks ? "clear" : "silent";
    const char *wanted = expect->n > 1 ? expect->words[1] : "";
    if (strcmp(got, wanted) != 0)
        fail_case(c, expect->number, "the answer is %s, not %s%s%s", got, wanted,
                  row && row->reason ? ": " : "", row && row->reason ? row->reason : "");
    else if (row)
        compare_fields(c, expect, 2, LAYER_CONFLICTS, row, NULL);
    else if (expect->n > 2)
        fail_case(c, expect->number, "what is %s has no figures", got);
}

static void expect_grade(struct one_case *c, const struct line *ask, const struct line *expect,
                         const struct found *all)
{
    const char *method = ask->n > 4 ? ask->words[4] : NULL;
    const char *first = expect->n > 1 ? expect->words[1] : "";
    for (size_t i = 0; i < all->graded.n_grades; i++) {
        const struct grade_row *row = &all->graded.grades[i];
        if (!text_equal(row->subject, ask->words[2]) ||
            !text_equal(row->subject_id, ask->words[3]) ||
            (method && !text_equal(row->method, method)))
            continue;
        if (strcmp(first, "none") == 0)
            fail_case(c, expect->number, "there is a grade %d", row->grade);
        else
            compare_fields(c, expect, 1, LAYER_GRADES, row, row->reasons);
        return;
    }
    if (strcmp(first, "none") != 0)
        fail_case(c, expect->number, "there is no grade of that");
}

/* ---- what follows from an assessment ---- */

static void expect_relocation(struct one_case *c, const struct line *ask, const struct line *expect,
                              const struct world *assessed, struct worker *worker)
{
    struct relocation_answer answer;
    struct err err;
    const char *got = "none";
    const struct relocation_row *row = NULL;
    fixture_check(query_relocation(assessed, worker, NULL, &answer, &err), &err);
    for (size_t i = 0; i < answer.n_rows; i++)
        if (text_equal(world_enterprise(assessed, answer.rows[i].enterprise_row)->head.id,
                       ask->words[2]))
            row = &answer.rows[i];
    if (row)
        got = row->state == RELOCATE ? "move" : "undecided";
    const char *wanted = expect->n > 1 ? expect->words[1] : "";
    if (strcmp(got, wanted) != 0)
        fail_case(c, expect->number, "the plant is %s, not %s", got, wanted);
    else if (row) {
        const struct relocation_rule *dates = row->deadline;
        const struct figure figures[] = {
            {"start_by", dates && dates->start_by != INT_ABSENT ? dates->start_by : 0},
            {"finish_by", dates && dates->finish_by != INT_ABSENT ? dates->finish_by : 0},
            {"overdue", row->overdue},
            {"persons_500_m", row->persons_500_m}};
        compare_figures(c, expect, 2, figures, 4);
    }
}

/* The world with what was found in it, as a store would give it. */
static struct world *with_findings(const struct world *world, const struct found *all)
{
    const struct world_layer *layers[LAYER_COUNT];
    struct world *out = NULL;
    struct err err;
    for (size_t i = 0; i < LAYER_COUNT; i++)
        layers[i] = world->layers[i] ? world_layer_acquire(world->layers[i]) : NULL;
    struct arena arena;
    size_t bytes = all->graded.n_grades * sizeof *all->graded.grades;
    arena_init(&arena, 0);
    void *rows = arena_memdup(&arena, all->graded.grades, bytes);
    world_layer_release(layers[LAYER_GRADES]);
    fixture_check(world_layer_new(LAYER_GRADES, rows, all->graded.n_grades, world->as_of, &arena,
                                  &layers[LAYER_GRADES], &err),
                  &err);
    fixture_check(world_derive(world, layers, NULL, 0, &out, &err), &err);
    world_set_findings(out, findings_acquire(world->findings));
    return out;
}

static void prove_by(struct one_case *c, const struct world *assessed, struct worker *worker,
                     const struct proof_question *of)
{
    const struct proof_question question = *of;
    const char *id = question.id;
    struct proof_check check;
    struct err err;
    struct buf proof;
    buf_init(&proof);
    worker_reset(worker);
    if (proof_write(assessed, worker, &question, &proof, &err) != ERR_OK)
        fail_case(c, c->number, "%s: %s", id, err.message);
    else if (proof_verify(proof.bytes, proof.n_bytes, assessed, worker, &check, &err) != ERR_OK)
        fail_case(c, c->number, "%s: its proof cannot be read: %s", id, err.message);
    else if (check.verdict != PROOF_HOLDS)
        fail_case(c, c->number, "%s: its proof %s: %s", id, proof_verdict_name(check.verdict),
                  check.findings[0]);
    else if (check.n_changes > 0)
        fail_case(c, c->number, "%s: the store says otherwise: %s", id, check.changes[0]);
    buf_release(&proof);
}

static void prove(struct one_case *c, const struct world *assessed, struct worker *worker,
                  enum proof_kind kind, const char *id)
{
    const struct proof_question question = {.kind = kind, .id = id};
    prove_by(c, assessed, worker, &question);
}

/* Every conflict, every grade and level of a plant, every grade of a unit and every pipeline has
 * a proof that holds. */
static void prove_all(struct one_case *c, const struct world *assessed, struct worker *worker)
{
    static const char *const methods[] = {"share", "worst", "index"};
    struct finding_ref ref = {.layer = LAYER_COUNT};
    while (findings_next(assessed, &ref)) {
        struct arena arena;
        arena_init(&arena, 0);
        prove(c, assessed, worker, PROOF_CONFLICT, finding_id(assessed, ref, &arena));
        arena_release(&arena);
    }
    for (size_t i = 0; i < world_count(assessed, LAYER_ENTERPRISES); i++) {
        prove(c, assessed, worker, PROOF_ENTERPRISE, world_enterprise(assessed, i)->head.id);
        prove(c, assessed, worker, PROOF_HAZARD, world_enterprise(assessed, i)->head.id);
    }
    for (size_t i = 0; i < world_count(assessed, LAYER_PIPELINES); i++)
        prove(c, assessed, worker, PROOF_PIPELINE, world_pipeline(assessed, i)->head.id);
    for (size_t i = 0; i < 3 * world_count(assessed, LAYER_ADMIN); i++) {
        const struct proof_question question = {
            .kind = PROOF_UNIT, .id = world_admin(assessed, i / 3)->code, .method = methods[i % 3]};
        prove_by(c, assessed, worker, &question);
    }
}

/* ---- asking ---- */

/* What is asked, of what. */
struct asked {
    const struct world *world;
    const struct world *assessed; /* the same with conflicts and grades */
    const struct found *all;
    struct worker *worker;
};

static void answer(struct one_case *c, const struct line *ask, const struct line *expect,
                   const struct asked *of)
{
    const struct world *world = of->world;
    const struct found *all = of->all;
    const char *what = ask->n > 1 ? ask->words[1] : "";
    if (strcmp(what, "distance") == 0 && ask->n == 5)
        expect_conflict(c, expect, find_conflict(all, ask->words[2], ask->words[3], ask->words[4]),
                        rule_speaks(world, ask->words[2], ask->words[3], ask->words[4]));
    else if (strcmp(what, "area") == 0 && ask->n >= 4)
        expect_conflict(
            c, expect,
            find_conflict(all, ask->words[2], ask->words[3], ask->n > 4 ? ask->words[4] : NULL),
            true);
    else if (strcmp(what, "density") == 0 && ask->n == 3)
        expect_conflict(c, expect, find_conflict(all, NULL, ask->words[2], NULL), true);
    else if (strcmp(what, "risk") == 0 && ask->n == 4)
        expect_risk(c, ask, expect, find_risk(all, ask->words[2], ask->words[3]), world,
                    of->worker);
    else if (strcmp(what, "societal") == 0 && ask->n == 3)
        expect_societal(c, ask, expect, world, of->worker);
    else if (strcmp(what, "risk_at") == 0 && ask->n == 3)
        expect_risk_at(c, ask, expect, world, of->worker);
    else if (strcmp(what, "grade") == 0 && ask->n >= 4)
        expect_grade(c, ask, expect, all);
    else if (strcmp(what, "share") == 0 && ask->n >= 5)
        expect_share(c, ask, expect);
    else if (strcmp(what, "segments") == 0 && ask->n >= 5)
        expect_segments(c, ask, expect, world, of->worker);
    else if (strcmp(what, "exposure") == 0 && ask->n == 3)
        expect_exposure(c, ask, expect, world, of->worker);
    else if (strcmp(what, "between") == 0 && ask->n == 4)
        expect_between(c, ask, expect, world);
    else if (strcmp(what, "shift") == 0 && ask->n == 6)
        expect_shift(c, ask, expect);
    else if (strcmp(what, "project") == 0 && ask->n == 5)
        expect_project(c, ask, expect);
    else if (strcmp(what, "relocation") == 0 && ask->n == 3)
        expect_relocation(c, ask, expect, of->assessed, of->worker);
    else
        fail_case(c, ask->number, "it is not clear what is asked");
}

static void answer_pair(struct one_case *c, int i, const struct asked *of)
{
    struct line ask;
    struct line expect;
    split(c->asks[i].text, c->asks[i].number, &ask);
    split(c->expects[i].text, c->expects[i].number, &expect);
    answer(c, &ask, &expect, of);
}

static void run(struct one_case *c)
{
    struct arena arena;
    struct worker worker;
    struct found all;
    struct err err;
    if (c->n_asks == 0 && c->n_limits > 0) {
        arena_release(&c->f.parts.arena);
        return;
    }
    if (c->n_asks == 0 || c->n_asks != c->n_expects) {
        fail_case(c, c->number, "needs an expect for each ask");
        arena_release(&c->f.parts.arena);
        return;
    }
    struct world *world = fixture_world(&c->f, c->date);
    arena_init(&arena, 0);
    fixture_check(worker_init(&worker, 0, &err), &err);
    if (assess(world, &worker, &arena, &all, &err) != ERR_OK) {
        fail_case(c, c->number, "the assessment failed: %s", err.message);
    } else {
        struct world *assessed = with_findings(world, &all);
        const struct asked of = {world, assessed, &all, &worker};
        for (int i = 0; i < c->n_asks; i++)
            answer_pair(c, i, &of);
        prove_all(c, assessed, &worker);
        world_release(assessed);
    }
    worker_release(&worker);
    arena_release(&arena);
    world_release(world);
}

/* ---- limit: one row on either side of its value ---- */

/* A facility or plant at that point; a pipe along the meridian through it. */
static void place_record(struct one_case *c, enum layer_id layer, struct record_head *head,
                         struct lonlat at)
{
    if (layer == LAYER_PIPELINES) {
        struct lonlat south = ellipsoid_direct(at, 180, 500);
        struct lonlat north = ellipsoid_direct(at, 0, 500);
        head->geom = fixture_line(&c->f, south, north);
        return;
    }
    if (layer == LAYER_ENTERPRISES) /* a fence as good as a point */
        ((struct enterprise *)(void *)head)->radius_m = 1e-6;
    head->geom = fixture_point(&c->f, at.lon_deg, at.lat_deg);
}

/* LAYER field=value ... up to `to` or the end; answers the word after it. */
static int limit_record(struct one_case *c, const struct line *line, int word, const char *id,
                        struct lonlat at)
{
    enum layer_id layer;
    if (word >= line->n || !layer_by_name(line->words[word], &layer)) {
        fail_case(c, line->number, "\"%s\" is no layer",
                  word < line->n ? line->words[word] : "(nothing)");
        return line->n;
    }
    struct record_head *head = fixture_add(&c->f, layer, id);
    place_record(c, layer, head, at);
    for (word++; word < line->n && strcmp(line->words[word], "to") != 0; word++) {
        char name[LINE_BYTES];
        snprintf(name, sizeof name, "%s", line->words[word]);
        char *equals = strchr(name, '=');
        if (!equals) {
            fail_case(c, line->number, "\"%s\" is no field=value", name);
            return line->n;
        }
        *equals = '\0';
        set_field(c, line, layer, head, name, equals + 1);
    }
    return word + 1;
}

static void judge_limit(struct one_case *c, const struct line *line, const char *near_verdict)
{
    struct arena arena;
    struct worker worker;
    struct found all;
    struct err err;
    struct world *world = fixture_world(&c->f, c->date);
    const char *rule = line->words[1];
    arena_init(&arena, 0);
    fixture_check(worker_init(&worker, 0, &err), &err);
    fixture_check(assess(world, &worker, &arena, &all, &err), &err);
    const char *const ids[] = {"near", "far"};
    for (int i = 0; i < 2; i++) {
        const struct conflict *row = find_conflict(&all, rule, "source", ids[i]);
        bool speaks = rule_speaks(world, rule, "source", ids[i]);
        const char *got = row ? row->verdict : speaks ? "clear" : "silent";
        const char *wanted = i == 0 ? near_verdict : "clear";
        if (strcmp(got, wanted) != 0)
            fail_case(c, line->number, "%s: %s at %s m%s is %s, not %s", rule, ids[i],
                      line->words[2], i == 0 ? " less 1 mm" : "", got, wanted);
        else if (row && fabs(row->margin_m + 0.001) > 1e-6)
            fail_case(c, line->number, "%s: the margin is %.9g, not -0.001", rule, row->margin_m);
    }
    worker_release(&worker);
    arena_release(&arena);
    world_release(world);
}

/* limit RULE METRES [undecided] LAYER field=value ... to LAYER field=value ... : a target a
 * millimetre nearer is in conflict (or undecided), one at that distance is clear. */
static void run_limit(struct one_case *of, const struct line *line)
{
    static struct one_case c;
    const struct lonlat at = {106.2, 38.4};
    bool undecided = line->n > 3 && strcmp(line->words[3], "undecided") == 0;
    double limit_m = number_of(of, line, 2);
    int word = undecided ? 4 : 3;
    c = (struct one_case){.file = of->file, .date = of->date};
    snprintf(c.name, sizeof c.name, "%s", of->name);
    fixture_init(&c.f);
    word = limit_record(&c, line, word, "source", at);
    limit_record(&c, line, word, "near", ellipsoid_direct(at, 90, limit_m - 0.001));
    limit_record(&c, line, word, "far", ellipsoid_direct(at, 270, limit_m));
    judge_limit(&c, line, undecided ? "undecided" : "conflict");
    of->failures += c.failures;
    of->n_limits++;
}

static void begin(struct one_case *c, const char *file, int number, const char *name)
{
    c->file = file;
    c->number = number;
    c->n_asks = c->n_expects = c->n_limits = c->failures = 0;
    c->date = 20260601;
    c->tolerance = 0.001;
    snprintf(c->name, sizeof c->name, "%s", name);
    fixture_init(&c->f);
}

static void keep(struct kept_line *lines, int *n, int number, const char *text)
{
    assert_true(*n < ASKS);
    lines[*n].number = number;
    snprintf(lines[(*n)++].text, LINE_BYTES, "%s", text);
}

static void take_line(struct one_case *c, int number, const char *text)
{
    struct line line;
    split(text, number, &line);
    const char *what = line.words[0];
    if (strcmp(what, "given") == 0 && line.n > 1 && strcmp(line.words[1], "rule") == 0)
        give_rule(c, &line);
    else if (strcmp(what, "given") == 0)
        give(c, &line);
    else if (strcmp(what, "tolerance") == 0)
        c->tolerance = number_of(c, &line, 1);
    else if (strcmp(what, "limit") == 0)
        run_limit(c, &line);
    else if (strcmp(what, "ask") == 0)
        keep(c->asks, &c->n_asks, number, text);
    else if (strcmp(what, "expect") == 0)
        keep(c->expects, &c->n_expects, number, text);
    else
        fail_case(c, number, "\"%s\" is none of given, ask, limit, tolerance, expect", what);
}

/* Answers how many cases failed; *n counts all. */
static int run_file(const char *path, int *n)
{
    static struct one_case c;
    FILE *file = fopen(path, "r");
    char text[LINE_BYTES];
    int number = 0;
    int failed = 0;
    bool open = false;
    assert_non_null(file);
    const char *slash = strrchr(path, '/');
    while (fgets(text, sizeof text, file)) {
        struct line line;
        number++;
        text[strcspn(text, "\r\n")] = '\0';
        split(text, number, &line);
        if (line.n > 0 && strcmp(line.words[0], "case") == 0) {
            if (open) {
                run(&c);
                failed += c.failures > 0;
            }
            begin(&c, slash ? slash + 1 : path, number, text + 5);
            open = true;
            ++*n;
        } else if (line.n > 0 && open) {
            take_line(&c, number, text);
        }
    }
    fclose(file);
    if (open) {
        run(&c);
        failed += c.failures > 0;
    }
    return failed;
}

static int is_case(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return n > 5 && strcmp(entry->d_name + n - 5, ".case") == 0;
}

static void test_every_case_answers_as_expected(void **state)
{
    (void)state;
    char directory[4096];
    struct err err;
    struct dirent **entries = NULL;
    fixture_check(file_asset("tests/cases", directory, sizeof directory, &err), &err);
    int n_files = scandir(directory, &entries, is_case, alphasort);
    int failed = 0;
    int n = 0;
    assert_true(n_files > 0);
    for (int i = 0; i < n_files; i++) {
        char path[4096 + 300];
        snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
        failed += run_file(path, &n);
        free(entries[i]);
    }
    free(entries);
    printf("%d cases in %d files\n", n, n_files);
    assert_int_equal(failed, 0);
    assert_true(n > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_case_answers_as_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
