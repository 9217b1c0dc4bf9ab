/* test_grades.c - all grades against plain recomputation, on one thread and many; and what
 * edits change of them against all grades anew. */
#include "tests/unit/grades_bench.h"
#include "tests/unit/grades_ended.h"

#include "geo/measure/distance.h"
#include "geo/grades/grade_words.h"
#include "geo/grades/grades.h"
#include "geo/measure/overlay.h"
#include "geo/world/population.h"
#include "geo/grades/rollup.h"
#include "geo/world/world_edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void add_unit(struct fixture *f, const char *code, int32_t level, const char *parent,
                     const double box[4])
{
    struct admin_unit *unit = fixture_add(f, LAYER_ADMIN, code);
    unit->code = arena_strdup(&f->arenas[LAYER_ADMIN], code);
    unit->level = level;
    unit->parent = parent;
    unit->head.geom = fixture_box(f, WEST + box[0] * ACROSS, SOUTH + box[1] * ACROSS,
                                  WEST + box[2] * ACROSS, SOUTH + box[3] * ACROSS);
}

static void bench_init(struct bench *b, uint64_t seed)
{
    struct err err;
    struct fixture *f = &b->f;
    char id[16];
    memset(b, 0, sizeof *b);
    b->seed = seed;
    fixture_init(f);
    arena_init(&b->side.parts.arena, 0);
    arena_init(&b->arena, 0);
    fixture_grid(f, WEST - 0.01, SOUTH + ACROSS + 0.01, 0.001, 140, 140, 0);
    for (uint32_t row = 0; row < 140; row++) {
        for (uint32_t column = 0; column < 140; column++)
            fixture_cell(f, column, row, (float)(8 * next_random(&b->seed)));
    }
    for (int i = 0; i < PLANTS; i++) {
        snprintf(id, sizeof id, i % 7 ? "E%02d" : "E%02d-1", i);
        make_plant(b, f, fixture_add(f, LAYER_ENTERPRISES, id));
    }
    for (int i = 0; i < ZONES; i++) {
        snprintf(id, sizeof id, "Z%02d", i);
        struct zone *zone = fixture_add(f, LAYER_ZONES, id);
        snprintf(id, sizeof id, "E%02d", pick(&b->seed, PLANTS));
        make_zone(b, f, zone, arena_strdup(&f->parts.arena, id));
    }
    for (int i = 0; i < ITEMS; i++) {
        snprintf(id, sizeof id, "I%02d", i);
        struct inventory_item *item = fixture_add(f, LAYER_INVENTORY, id);
        snprintf(id, sizeof id, "E%02d", pick(&b->seed, PLANTS));
        make_item(b, item, arena_strdup(&f->parts.arena, id));
    }
    add_unit(f, "640000", 1, NULL, (double[4]){-0.05, -0.05, 1.05, 1.05});
    add_unit(f, "640100", 2, "640000", (double[4]){0, 0, 1, 1});
    add_unit(f, "640104", 3, "640100", (double[4]){0, 0, 0.53, 1});
    add_unit(f, "640105", 3, "640100", (double[4]){0.53, 0, 1, 1});
    add_unit(f, "640104001", 4, "640104", (double[4]){0.1, 0.1, 0.4, 0.7});
    b->world = fixture_world(f, DAY);
    fixture_check(crew_init(&b->crew, 1, &err), &err);
}

static void bench_release(struct bench *b)
{
    crew_release(&b->crew);
    world_release(b->world);
    arena_release(&b->side.parts.arena);
    arena_release(&b->arena);
}

static const struct grade_row *find(const struct grades *grades, const char *id)
{
    for (size_t i = 0; i < grades->n; i++) {
        if (strcmp(grades->rows[i].head.id, id) == 0)
            return &grades->rows[i];
    }
    return NULL;
}

static bool same_number(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void assert_same_row(const struct grade_row *a, const struct grade_row *b)
{
    assert_string_equal(a->head.id, b->head.id);
    assert_string_equal(a->subject, b->subject);
    assert_string_equal(a->subject_id, b->subject_id);
    assert_string_equal(a->method, b->method);
    bool same = a->grade == b->grade && a->could_be == b->could_be &&
                a->undecided == b->undecided && a->n_red == b->n_red &&
                a->n_orange == b->n_orange && a->n_yellow == b->n_yellow &&
                a->n_blue == b->n_blue && a->n_grey == b->n_grey &&
                same_number(a->persons, b->persons) && same_number(a->value, b->value);
    if (!same)
        fprintf(stderr, "%s: %d %d %d %.17g %.17g, not %d %d %d %.17g %.17g\n", a->head.id,
                a->grade, a->could_be, a->undecided, a->persons, a->value, b->grade, b->could_be,
                b->undecided, b->persons, b->value);
    assert_true(same);
    if (a->reasons || b->reasons)
        assert_string_equal(a->reasons, b->reasons);
}

static void assert_same(const struct grades *a, const struct grades *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++)
        assert_same_row(&a->rows[i], &b->rows[i]);
}

static void all_of(struct bench *b, const struct world *world, struct grades_state **state,
                   struct grades *out)
{
    struct err err;
    fixture_check(grades_all(world, &b->crew, &b->arena, state, out, &err), &err);
}

/* ---- all grades ---- */

static void test_all_grades_are_the_same_on_one_thread_and_on_many(void **state)
{
    (void)state;
    struct bench b;
    struct err err;
    struct crew many;
    struct grades_state *one_state;
    struct grades_state *many_state;
    struct grades one;
    struct grades other;
    bench_init(&b, 3);
    fixture_check(crew_init(&many, 3, &err), &err);
    all_of(&b, b.world, &one_state, &one);
    fixture_check(grades_all(b.world, &many, &b.arena, &many_state, &other, &err), &err);
    assert_same(&one, &other);
    assert_true(one.n > PLANTS + 100);
    grades_state_free(one_state);
    grades_state_free(many_state);
    crew_release(&many);
    bench_release(&b);
}

/* Residents of a unit in reach of sources graded g or worse: the union by GEOS. */
static double plain_share(struct bench *b, const struct grades *grades, const struct geom *unit,
                          int32_t grade, bool could_be)
{
    const struct geom *shapes[256];
    struct geom all;
    struct geom part;
    struct exposure inside;
    struct exposure whole;
    struct err err;
    struct worker *worker = &b->crew.workers[0];
    size_t n = 0;
    for (size_t i = 0; i < world_count(b->world, LAYER_ENTERPRISES); i++) {
        const struct enterprise *e = world_enterprise(b->world, i);
        const struct grade_row *row =
            find(grades, arena_printf(&b->arena, "enterprise/%s/enterprise", e->head.id));
        int32_t its = could_be ? row->could_be : row->grade;
        const uint32_t *rows;
        size_t n_rows;
        size_t before = n;
        bool has_zones = false;
        if (its == 0 || e->head.geom.kind == GEOM_NONE)
            continue;
        world_of_enterprise(b->world, LAYER_ZONES, e->head.id, &rows, &n_rows);
        for (size_t z = 0; z < n_rows; z++) {
            const struct zone *zone = world_zone(b->world, rows[z]);
            bool counts = strcmp(zone->standing, "legal") == 0;
            has_zones |= counts;
            if (counts && its <= grade)
                shapes[n++] = &zone->head.geom;
        }
        if (!has_zones && its <= grade) {
            struct geom *circle = arena_new(&b->arena, struct geom, 1);
            fixture_check(overlay_buffer(worker->overlay, &e->head.geom,
                                         b->world->rules->parameters.reach_m[its], 0.5, &b->arena,
                                         circle, &err),
                          &err);
            shapes[n++] = circle;
        }
        assert_true(n < 250 && n >= before);
    }
    fixture_check(overlay_union(worker->overlay, shapes, n, &b->arena, &all, &err), &err);
    fixture_check(overlay_intersection(worker->overlay, unit, &all, &b->arena, &part, &err), &err);
    fixture_check(population_within(b->world, worker, unit, &b->arena, &whole, &err), &err);
    fixture_check(population_within(b->world, worker, &part, &b->arena, &inside, &err), &err);
    return inside.persons / whole.persons;
}

static void test_shares_of_units_are_those_of_the_union_of_reaches(void **state)
{
    (void)state;
    struct bench b;
    struct grades_state *made;
    struct grades grades;
    double share[5];
    double could_be[5];
    bench_init(&b, 7);
    all_of(&b, b.world, &made, &grades);
    for (size_t i = 0; i < world_count(b.world, LAYER_ADMIN); i++) {
        const struct admin_unit *unit = world_admin(b.world, i);
        grades_unit_shares(made->units[world_slot(b.world, LAYER_ADMIN, i)], share, could_be);
        for (int g = 1; g <= 3; g++) {
            assert_close(share[g], plain_share(&b, &grades, &unit->head.geom, g, false), 1e-8);
            assert_close(could_be[g], plain_share(&b, &grades, &unit->head.geom, g, true), 1e-8);
            assert_true(share[g] > 0.05 && share[g] < 0.95);
        }
    }
    grades_state_free(made);
    bench_release(&b);
}

/* Whether the reach of a plant as one of that grade touches the cell, by exact distances. */
static bool touches(struct bench *b, size_t row, int64_t column, int64_t line, int32_t grade)
{
    struct box box = rollup_cell_box(0.01, column, line);
    struct geom cell =
        fixture_box(&b->side, box.west_deg, box.south_deg, box.east_deg, box.north_deg);
    const struct enterprise *e = world_enterprise(b->world, row);
    struct closest closest;
    struct err err;
    const uint32_t *rows;
    size_t n;
    bool has_zones = false;
    bool touched = false;
    world_of_enterprise(b->world, LAYER_ZONES, e->head.id, &rows, &n);
    for (size_t z = 0; z < n; z++) {
        const struct zone *zone = world_zone(b->world, rows[z]);
        if (strcmp(zone->standing, "legal") != 0)
            continue;
        has_zones = true;
        fixture_check(distance_shapes(&cell, &zone->head.geom, 1, &b->arena, &closest, &err), &err);
        touched |= closest.distance_m <= 0;
    }
    if (has_zones)
        return touched;
    fixture_check(
        distance_shapes(&cell, &e->head.geom, (double)INFINITY, &b->arena, &closest, &err), &err);
    return closest.distance_m <= b->world->rules->parameters.reach_m[grade];
}

/* The row of a cell counted plainly: every plant is asked. */
static struct grade_row plain_cell(struct bench *b, const struct grades *grades, int64_t column,
                                   int64_t line)
{
    struct grade_row out = {.grade = 0};
    for (size_t i = 0; i < world_count(b->world, LAYER_ENTERPRISES); i++) {
        const struct enterprise *e = world_enterprise(b->world, i);
        const struct grade_row *row =
            find(grades, arena_printf(&b->arena, "enterprise/%s/enterprise", e->head.id));
        int32_t *const counts[5] = {&out.n_grey, &out.n_red, &out.n_orange, &out.n_yellow,
                                    &out.n_blue};
        if (row->could_be == 0 || e->head.geom.kind == GEOM_NONE)
            continue;
        bool by_grade = row->grade && touches(b, i, column, line, row->grade);
        if (!by_grade && !touches(b, i, column, line, row->could_be))
            continue;
        out.grade = grading_worse(out.grade, by_grade ? row->grade : 0);
        out.could_be = grading_worse(out.could_be, row->could_be);
        out.undecided += row->could_be != row->grade;
        if (by_grade || row->grade == 0)
            ++*counts[row->grade];
    }
    return out;
}

static void test_cells_are_the_worst_source_that_touches_them(void **state)
{
    (void)state;
    struct bench b;
    struct grades_state *made;
    struct grades grades;
    size_t n = 0;
    size_t n_rows = 0;
    bench_init(&b, 11);
    all_of(&b, b.world, &made, &grades);
    for (size_t i = 0; i < grades.n; i++)
        n_rows += strcmp(grades.rows[i].subject, "cell") == 0;
    for (int64_t line = 3836; line < 3858; line++) {
        for (int64_t column = 10596; column < 10618; column++) {
            struct grade_row plain = plain_cell(&b, &grades, column, line);
            const struct grade_row *row =
                find(&grades, arena_printf(&b.arena, "cell/%d_%d/grid", (int)column, (int)line));
            assert_int_equal(row != NULL, plain.could_be != 0);
            if (!row)
                continue;
            n++;
            assert_int_equal(row->grade, plain.grade);
            assert_int_equal(row->could_be, plain.could_be);
            assert_int_equal(row->undecided, plain.undecided);
            assert_int_equal(row->n_red, plain.n_red);
            assert_int_equal(row->n_orange, plain.n_orange);
            assert_int_equal(row->n_yellow, plain.n_yellow);
            assert_int_equal(row->n_blue, plain.n_blue);
            assert_int_equal(row->n_grey, plain.n_grey);
        }
    }
    assert_int_equal(n, n_rows);
    assert_true(n > 100);
    grades_state_free(made);
    bench_release(&b);
}

/* Sentences name the same enterprises whether the state tells who comes first or the world is
 * searched. */
static void test_who_is_named_is_who_is_found_in_the_world(void **state)
{
    (void)state;
    struct bench b;
    struct err err;
    struct grades_state *made;
    struct grades grades;
    bench_init(&b, 13);
    all_of(&b, b.world, &made, &grades);
    const struct grade_words words = {
        .world = b.world, .worker = &b.crew.workers[0], .state = made};
    for (size_t i = 0; i < made->tiles.n; i++) {
        const struct grades_tile *tile = &made->tiles.items[i];
        struct grades_worst found;
        fixture_check(grade_named_cell(&words, tile->tile, &b.arena, &found, &err), &err);
        assert_memory_equal(&found, &tile->cell.worst, sizeof found);
    }
    for (size_t i = 0; i < world_count(b.world, LAYER_ADMIN); i++) {
        struct grades_worst found;
        fixture_check(grade_named_unit(&words, i, &b.arena, &found, &err), &err);
        assert_memory_equal(&found, &made->units[i]->inside.worst, sizeof found);
    }
    grades_state_free(made);
    bench_release(&b);
}

/* ---- edits ---- */

/* A change of some record, never the same id twice in one edit. */
static struct world_change some_change(struct bench *b, const struct world *world,
                                       enum layer_id layer, int number)
{
    struct fixture *side = &b->side;
    struct arena *arena = &side->parts.arena;
    static const char letters[LAYER_COUNT] = {
        [LAYER_ENTERPRISES] = 'E', [LAYER_ZONES] = 'Z', [LAYER_INVENTORY] = 'I'};
    size_t bytes = records_binding(layer)->record_bytes;
    struct record_head *head = arena_alloc(arena, 1, bytes);
    const char *id = arena_printf(arena, "%c%02d", letters[layer], number);
    const char *owner = arena_printf(arena, "E%02d", pick(&b->seed, PLANTS + 3));
    int64_t row = world_find(world, layer, id);
    if (row >= 0 && pick(&b->seed, 3) == 0)
        return (struct world_change){layer, id, NULL};
    record_clear(layer, head);
    head->id = id;
    head->accuracy_m = 1e-6;
    if (layer == LAYER_ENTERPRISES && row >= 0 && pick(&b->seed, 2)) {
        /* the same place, graded otherwise */
        memcpy(head, world_record(world, layer, (size_t)row), bytes);
        if (pick(&b->seed, 2))
            head->name = "换了名字";
        else
            ((struct enterprise *)head)->declared_grade = 1 + pick(&b->seed, 4);
    } else if (layer == LAYER_ENTERPRISES) {
        make_plant(b, side, (struct enterprise *)head);
    } else if (layer == LAYER_ZONES) {
        make_zone(b, side, (struct zone *)head, owner);
    } else {
        make_item(b, (struct inventory_item *)head, owner);
    }
    return (struct world_change){layer, id, head};
}

/* A county whose border moves, or a township that comes and goes. */
static struct world_change some_unit(struct bench *b, const struct world *world)
{
    struct fixture *side = &b->side;
    struct admin_unit *unit = arena_new(&side->parts.arena, struct admin_unit, 1);
    int64_t row = world_find(world, LAYER_ADMIN, "640105");
    if (pick(&b->seed, 2) && row >= 0) {
        *unit = *world_admin(world, (size_t)row);
        unit->head.geom = fixture_box(side, WEST + (0.4 + 0.2 * next_random(&b->seed)) * ACROSS,
                                      SOUTH, WEST + ACROSS, SOUTH + ACROSS);
        return (struct world_change){LAYER_ADMIN, "640105", unit};
    }
    if (world_find(world, LAYER_ADMIN, "640104001") >= 0)
        return (struct world_change){LAYER_ADMIN, "640104001", NULL};
    record_clear(LAYER_ADMIN, unit);
    unit->head.id = unit->code = "640104001";
    unit->level = 4;
    unit->parent = "640104";
    unit->head.geom = fixture_box(side, WEST + 0.01, SOUTH + 0.02, WEST + 0.06, SOUTH + 0.1);
    return (struct world_change){LAYER_ADMIN, "640104001", unit};
}

static size_t some_changes(struct bench *b, const struct world *world, struct world_change *out)
{
    static const enum layer_id layers[] = {LAYER_ENTERPRISES, LAYER_ZONES, LAYER_INVENTORY};
    size_t n = 0;
    size_t most = 1 + (size_t)pick(&b->seed, 3);
    if (pick(&b->seed, 12) == 0)
        out[n++] = some_unit(b, world);
    for (size_t i = 0; i < most; i++) {
        struct world_change change =
            some_change(b, world, layers[pick(&b->seed, 3)], pick(&b->seed, 64));
        bool again = false;
        for (size_t k = 0; k < n; k++)
            again |= out[k].layer == change.layer && strcmp(out[k].id, change.id) == 0;
        if (!again)
            out[n++] = change;
    }
    return n;
}

/* The rows of before with the change laid over. */
static struct grades changed(struct bench *b, const struct grades *before,
                             const struct grades_change *change)
{
    struct grades out = {arena_new(&b->arena, struct grade_row, before->n + change->n_pairs), 0};
    size_t at = 0;
    for (size_t i = 0; i < before->n || at < change->n_pairs;) {
        const struct grade_row *row = i < before->n ? &before->rows[i] : NULL;
        const struct grades_pair *pair = at < change->n_pairs ? &change->pairs[at] : NULL;
        const char *id = !pair ? NULL : pair->after ? pair->after->head.id : pair->before->head.id;
        int order = !pair ? -1 : !row ? 1 : strcmp(row->head.id, id);
        if (order >= 0) {
            assert_int_equal(order == 0, pair->before != NULL);
            if (pair->ending)
                end_anew(pair, row, &b->arena);
            if (pair->before)
                assert_same_row(pair->before, row);
            if (pair->after)
                out.rows[out.n++] = *pair->after;
        } else {
            out.rows[out.n++] = *row;
        }
        i += order <= 0;
        at += order >= 0;
    }
    assert_int_equal(at, change->n_pairs);
    return out;
}

static void say_all(struct bench *b, const struct world *world, const struct grades_state *made,
                    struct grades *grades)
{
    struct err err;
    const struct grade_words words = {.world = world, .worker = &b->crew.workers[0], .state = made};
    for (size_t i = 0; i < grades->n; i++)
        fixture_check(
            grade_reasons(&words, &grades->rows[i], &b->arena, &grades->rows[i].reasons, &err),
            &err);
}

static void check_edits(uint64_t seed, int n_edits)
{
    struct bench b;
    struct err err;
    struct grades_state *made;
    struct grades grades;
    bench_init(&b, seed);
    all_of(&b, b.world, &made, &grades);
    say_all(&b, b.world, made, &grades);
    for (int i = 0; i < n_edits; i++) {
        struct world_change changes[8];
        struct world_edited edited;
        struct grades_change change;
        struct grades_state *anew;
        struct grades expected;
        size_t n = some_changes(&b, b.world, changes);
        fixture_check(world_edit_new(b.world, changes, n, &b.arena, &edited, &err), &err);
        const struct grades_edit edit = {.old = b.world,
                                         .now = edited.world,
                                         .edits = edited.edits,
                                         .n_edits = edited.n_edits,
                                         .crew = &b.crew};
        fixture_check(grades_update(made, &edit, &b.arena, &change, &err), &err);
        fixture_check(grades_say(&change, &b.arena, &err), &err);
        if (i % 5 == 4) {
            world_release(edited.world); /* given up: the state must not show it */
            continue;
        }
        all_of(&b, edited.world, &anew, &expected);
        say_all(&b, edited.world, anew, &expected);
        grades = changed(&b, &grades, &change);
        assert_same(&grades, &expected);
        grades_commit(made, &change);
        grades_state_free(anew);
        world_release(b.world);
        b.world = edited.world;
    }
    grades_state_free(made);
    bench_release(&b);
}

static void test_what_edits_change_is_what_grading_all_anew_gives(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++)
        check_edits(seed, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_grades_are_the_same_on_one_thread_and_on_many),
        cmocka_unit_test(test_shares_of_units_are_those_of_the_union_of_reaches),
        cmocka_unit_test(test_cells_are_the_worst_source_that_touches_them),
        cmocka_unit_test(test_who_is_named_is_who_is_found_in_the_world),
        cmocka_unit_test(test_what_edits_change_is_what_grading_all_anew_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
