/* test_grades_findings.c - targets come, go and move among plants that have some twenty findings
 * each, which is as many as are told: the grades and the words of the plants around are those that
 * grading all anew gives, whichever way they are found. */
#include "tests/unit/grades_ended.h"
#include "tests/unit/world_fixture.h"

#include "geo/findings/finding_row.h"
#include "geo/findings/finding_view.h"
#include "geo/findings/findings.h"
#include "geo/grades/grade_words.h"
#include "geo/grades/grades.h"
#include "geo/world/world_edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const int32_t DAY = 20260601;
static const struct lonlat MIDDLE = {106.2, 38.4};

enum { PLANTS = 5, HOMES = 48, EDITS = 400 };

struct bench {
    struct fixture f;
    struct fixture side; /* for shapes and texts of edits */
    struct world *world; /* with its findings */
    struct crew crew;
    struct arena arena;
    uint64_t seed;
    struct grades_state *state;
    struct grades rows; /* with their reasons */
    size_t n_ways[3];   /* enum grades_words, of all plants that edits touched */
    size_t n_ended;     /* rows that were told by their end */
    size_t n_others;    /* of them those in which more than the number of all is new */
    size_t n_said;      /* distances */
};

static uint32_t draw(struct bench *b, uint32_t below)
{
    b->seed = b->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(b->seed >> 33) % below;
}

/* Some tens of metres about the middle: of a plant's workshop most are too near, some are not for
 * sure. */
static void place_home(struct bench *b, struct fixture *f, struct protected_target *home)
{
    static const char *const uses[] = {"village", "village", "school", "residential"};
    struct lonlat at = ellipsoid_direct(MIDDLE, draw(b, 360), draw(b, 70));
    home->head.geom = fixture_point(f, at.lon_deg, at.lat_deg);
    home->head.accuracy_m = draw(b, 3) ? 0.1 : 20;
    home->use = uses[draw(b, 4)];
    home->persons = 5;
    home->households = 2;
    home->storeys = 1;
}

static struct world *town(struct bench *b, uint32_t n_homes)
{
    for (int i = 0; i < PLANTS; i++) {
        char id[32];
        snprintf(id, sizeof id, "E%d", i);
        struct enterprise *e = fixture_add(&b->f, LAYER_ENTERPRISES, id);
        struct lonlat at = ellipsoid_direct(MIDDLE, 70 * i, 30);
        e->head.geom = fixture_point(&b->f, at.lon_deg, at.lat_deg);
        e->declared_grade = i < 3 ? i + 2 : INT_ABSENT;
        for (int k = 0; k < 1 + i % 2; k++) {
            snprintf(id, sizeof id, "T%d-%d", i, k);
            struct facility *t = fixture_add(&b->f, LAYER_FACILITIES, id);
            at = ellipsoid_direct(MIDDLE, 70 * i + 10 * k, 20 + 5 * i);
            t->head.geom = fixture_point(&b->f, at.lon_deg, at.lat_deg);
            t->head.accuracy_m = i == 4 ? 100 : 0.1; /* the last has nothing that is sure */
            t->facility_type = "WORKSHOP_JIA";
            t->enterprise_id = arena_printf(&b->f.parts.arena, "E%d", i);
        }
    }
    for (uint32_t i = 0; i < n_homes; i++) {
        char id[32];
        snprintf(id, sizeof id, "%c%02u", draw(b, 2) ? 'P' : 'Q', i);
        place_home(b, &b->f, fixture_add(&b->f, LAYER_PROTECTED, id));
    }
    return fixture_world(&b->f, DAY);
}

static void say_all(struct bench *b, const struct world *world, const struct grades_state *state,
                    struct grades *rows)
{
    struct err err;
    const struct grade_words words = {
        .world = world, .worker = &b->crew.workers[0], .state = state};
    for (size_t i = 0; i < rows->n; i++)
        fixture_check(
            grade_reasons(&words, &rows->rows[i], &b->arena, &rows->rows[i].reasons, &err), &err);
}

static void all_of(struct bench *b, struct world *world, struct grades_state **state,
                   struct grades *out)
{
    struct err err;
    fixture_check(grades_all(world, &b->crew, &b->arena, state, out, &err), &err);
    say_all(b, world, *state, out);
}

static void bench_init(struct bench *b, uint64_t seed)
{
    struct err err;
    struct findings *findings = NULL;
    *b = (struct bench){.seed = seed};
    fixture_init(&b->f);
    fixture_init(&b->side);
    arena_init(&b->arena, 0);
    b->world = town(b, 14 + draw(b, HOMES - 14));
    fixture_check(crew_init(&b->crew, 1, &err), &err);
    fixture_check(crew_fit(&b->crew, b->world, &err), &err);
    fixture_check(findings_all(b->world, &b->crew, &findings, &err), &err);
    world_set_findings(b->world, findings);
    all_of(b, b->world, &b->state, &b->rows);
}

static void bench_release(struct bench *b)
{
    grades_state_free(b->state);
    crew_release(&b->crew);
    arena_release(&b->arena);
    world_release(b->world);
    arena_release(&b->side.parts.arena);
}

/* A home that comes, goes, moves, or has another name. */
static struct world_change some_change(struct bench *b)
{
    struct arena *arena = &b->side.parts.arena;
    uint32_t n = (uint32_t)world_count(b->world, LAYER_PROTECTED);
    struct protected_target *home = arena_new(arena, struct protected_target, 1);
    if (n == 0 || draw(b, 4) == 0) {
        record_clear(LAYER_PROTECTED, home);
        home->head.id = arena_printf(arena, "%c%03u", draw(b, 2) ? 'N' : 'R', draw(b, 1000));
        place_home(b, &b->side, home);
        return (struct world_change){LAYER_PROTECTED, home->head.id, home};
    }
    *home = *world_protected(b->world, draw(b, n));
    home->head.id = arena_strdup(arena, home->head.id);
    uint32_t kind = draw(b, 4);
    if (kind == 0)
        return (struct world_change){LAYER_PROTECTED, home->head.id, NULL};
    if (kind == 1)
        home->head.name = arena_printf(arena, "改名 %u", draw(b, 100));
    else
        place_home(b, &b->side, home);
    return (struct world_change){LAYER_PROTECTED, home->head.id, home};
}

static void assert_same_row(const struct grade_row *a, const struct grade_row *b)
{
    assert_string_equal(a->head.id, b->head.id);
    assert_int_equal(a->grade, b->grade);
    assert_int_equal(a->could_be, b->could_be);
    assert_int_equal(a->undecided, b->undecided);
    assert_int_equal(a->n_red, b->n_red);
    assert_int_equal(a->n_grey, b->n_grey);
    assert_string_equal(a->reasons, b->reasons);
}

/* Lays the pairs over the rows, which are by id as they are. */
static void lay_over(struct bench *b, const struct grades_change *change)
{
    struct grades out = {arena_new(&b->arena, struct grade_row, b->rows.n + change->n_pairs), 0};
    size_t at = 0;
    for (size_t i = 0; i < b->rows.n || at < change->n_pairs;) {
        const struct grade_row *row = i < b->rows.n ? &b->rows.rows[i] : NULL;
        const struct grades_pair *pair = at < change->n_pairs ? &change->pairs[at] : NULL;
        const char *id = !pair ? NULL : pair->after ? pair->after->head.id : pair->before->head.id;
        int order = !pair ? -1 : !row ? 1 : strcmp(row->head.id, id);
        if (order == 0 && pair->ending) {
            end_anew(pair, row, &b->arena);
            b->n_ended++;
            b->n_others += strstr(pair->ending->after, "\"source\"") != NULL;
        }
        if (order == 0)
            assert_same_row(pair->before, row);
        if (order < 0)
            out.rows[out.n++] = *row;
        else if (pair->after)
            out.rows[out.n++] = *pair->after;
        i += order <= 0;
        at += order >= 0;
    }
    b->rows = out;
}

static void count_ways(struct bench *b, const struct grades_step *step)
{
    for (size_t i = 0; i < step->n_touched; i++) {
        b->n_ways[step->touched[i].words]++;
        assert_true(step->touched[i].bystander);
    }
}

/* How many reasons each plant has. */
static void assert_same_numbers(const struct grades_state *a, const struct grades_state *b)
{
    for (size_t i = 0; i < b->n_plants; i++)
        if (b->plants[i].alive)
            assert_int_equal(a->plants[i].n_reasons, b->plants[i].n_reasons);
}

/* The sentence of a distance is that of its view, whoever says it. */
static void assert_said_as_viewed(struct bench *b, const struct world *world)
{
    struct err err;
    struct worker *worker = &b->crew.workers[0];
    struct row_maker maker = {.n_forms = 0};
    struct finding_ref ref = {.layer = LAYER_COUNT}, last = ref;
    while (findings_next(world, &ref)) {
        struct row_note note;
        struct reason reason;
        struct conflict_view view;
        if (ref.layer != last.layer || ref.row != last.row)
            row_maker_begin(
                &maker, world, worker,
                (struct finding_source){ref.layer, world_slot(world, ref.layer, ref.row)},
                &b->arena);
        last = ref;
        fixture_check(row_maker_note(&maker, ref.k, &note, &err), &err);
        fixture_check(row_maker_say(&maker, &note, &reason, &err), &err);
        fixture_check(finding_say(world, worker, ref, &b->arena, &view, &err), &err);
        assert_int_equal(reason.text != NULL, view.kind == FINDING_DISTANCE);
        if (!reason.text)
            continue;
        assert_string_equal(reason.text, view.row.reason);
        assert_string_equal(reason.zh, view.zh);
        assert_ptr_equal(reason.rule, view.rule);
        assert_string_equal(reason.source, reasons_ref(ref.layer, view.row.source_id, &b->arena));
        assert_string_equal(reason.target, arena_printf(&b->arena, "%s/%s", view.row.target_layer,
                                                        view.row.target_id));
        assert_true(!(fabs(reason.numbers[0].value - view.row.distance_m) > 0));
        assert_true(!(fabs(reason.numbers[3].value - view.row.error_m) > 0));
        b->n_said++;
    }
}

static void check_edit(struct bench *b, int number)
{
    struct err err;
    const struct world_change first = some_change(b);
    const struct world_change changes[2] = {first, some_change(b)};
    size_t n = draw(b, 4) || strcmp(changes[0].id, changes[1].id) == 0 ? 1 : 2;
    struct world_edited edited;
    struct findings *findings = NULL;
    struct findings_changed changed = {.n = 0};
    struct grades_change graded;
    struct grades_state *anew = NULL;
    struct grades expected;
    fixture_check(world_edit_new(b->world, changes, n, &b->arena, &edited, &err), &err);
    const struct findings_change found = {b->world, edited.world, edited.edits, edited.n_edits,
                                          &b->crew};
    fixture_check(findings_update(&found, &b->arena, &findings, &changed, &err), &err);
    world_set_findings(edited.world, findings);
    for (size_t i = 0; i < changed.n; i++)
        changed.splices[i].known &= draw(b, 3) > 0; /* else lists are compared */
    const struct grades_edit edit = {.old = b->world,
                                     .now = edited.world,
                                     .edits = edited.edits,
                                     .n_edits = edited.n_edits,
                                     .findings = &changed,
                                     .crew = &b->crew};
    fixture_check(grades_update(b->state, &edit, &b->arena, &graded, &err), &err);
    count_ways(b, graded.changing->step);
    fixture_check(grades_say(&graded, &b->arena, &err), &err);
    all_of(b, edited.world, &anew, &expected);
    if (number % 16 == 0)
        assert_said_as_viewed(b, edited.world);
    lay_over(b, &graded);
    assert_int_equal(b->rows.n, expected.n);
    for (size_t i = 0; i < expected.n; i++)
        assert_same_row(&b->rows.rows[i], &expected.rows[i]);
    grades_commit(b->state, &graded);
    assert_same_numbers(b->state, anew);
    grades_state_free(anew);
    world_release(b->world);
    b->world = edited.world;
}

static void test_targets_that_change_leave_plants_as_grading_anew_does(void **state)
{
    size_t n_ways[3] = {0, 0, 0}, n_ended = 0, n_others = 0, n_said = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct bench b;
        bench_init(&b, seed);
        for (int i = 0; i < EDITS / 4; i++)
            check_edit(&b, i);
        for (int i = 0; i < 3; i++)
            n_ways[i] += b.n_ways[i];
        n_ended += b.n_ended;
        n_others += b.n_others;
        n_said += b.n_said;
        bench_release(&b);
    }
    print_message("words: %zu others, %zu by number alone, %zu the same\n",
                  n_ways[GRADES_WORDS_OTHER], n_ways[GRADES_WORDS_COUNT],
                  n_ways[GRADES_WORDS_SAME]);
    for (int i = 0; i < 3; i++)
        assert_true(n_ways[i] > 40);
    assert_true(n_ended - n_others > 40);
    assert_true(n_others > 40);
    assert_true(n_said > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets_that_change_leave_plants_as_grading_anew_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
