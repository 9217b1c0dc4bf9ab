/* test_assess.c - an assessment into a store: only differences, under the rules of the day. */
#include "tests/unit/world_fixture.h"

#include "data/base/file.h"
#include "data/base/text.h"
#include "data/store.h"
#include "geo/assess/assess.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static const int32_t DAY = 20260601;

/* A small region in a store of its own directory. */
struct place {
    char directory[64];
    char path[128];
    struct arena arena;
};

static void insert(struct store *store, enum layer_id layer, const void *records, size_t n)
{
    struct err err;
    fixture_check(store_insert(store, layer, records, n, &err), &err);
}

static void fill(struct store *store, struct fixture *f)
{
    struct admin_unit *unit = fixture_add(f, LAYER_ADMIN, "u1");
    unit->code = "640100";
    unit->level = 2;
    unit->head.geom = fixture_box(f, 106.0, 38.2, 106.4, 38.6);
    struct enterprise *e = fixture_add(f, LAYER_ENTERPRISES, "E1");
    e->head.geom = fixture_box(f, 106.199, 38.399, 106.201, 38.401);
    e->kind = "production";
    e->industry = "chemical";
    e = fixture_add(f, LAYER_ENTERPRISES, "E2");
    e->head.geom = fixture_point(f, 106.3, 38.5);
    e->declared_grade = 3;
    struct facility *t = fixture_add(f, LAYER_FACILITIES, "T1");
    t->head.geom = fixture_point(f, 106.2, 38.4);
    t->facility_type = "WORKSHOP_JIA";
    t->enterprise_id = "E1";
    struct protected_target *p = fixture_add(f, LAYER_PROTECTED, "P1");
    struct lonlat at = ellipsoid_direct((struct lonlat){106.2, 38.4}, 90, 20);
    p->head.geom = fixture_point(f, at.lon_deg, at.lat_deg);
    p->use = "village";
    p->persons = 5;
    p->households = 2;
    p->storeys = 1;
    struct inventory_item *item = fixture_add(f, LAYER_INVENTORY, "I1");
    item->enterprise_id = "E1";
    item->unit = "罐区";
    item->substance = "氯";
    item->q_t = 25;
    struct zone *zone = fixture_add(f, LAYER_ZONES, "Z1");
    zone->enterprise_id = "E1";
    zone->class = 2;
    zone->head.geom = fixture_box(f, 106.1933, 38.3944, 106.2077, 38.4066);
    static const enum layer_id layers[] = {LAYER_ADMIN,     LAYER_ENTERPRISES, LAYER_FACILITIES,
                                           LAYER_PROTECTED, LAYER_INVENTORY,   LAYER_ZONES};
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        insert(store, layers[i], f->records[layers[i]], f->n[layers[i]]);
}

static void place_init(struct place *place)
{
    struct fixture f;
    struct store *store;
    struct err err;
    snprintf(place->directory, sizeof place->directory, "/tmp/test_assess.XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    snprintf(place->path, sizeof place->path, "%s/s.gpkg", place->directory);
    arena_init(&place->arena, 0);
    fixture_init(&f);
    fixture_grid(&f, 106.1, 38.5, 0.002, 100, 100, 15);
    fixture_check(store_create(place->path, &err), &err);
    fixture_check(store_open(place->path, STORE_WRITE, &store, &err), &err);
    fill(store, &f);
    fixture_check(store_write_grid(store, &f.parts.population, &err), &err);
    fixture_check(store_commit(store, &err), &err);
    store_close(store);
    for (size_t i = 0; i < LAYER_COUNT; i++)
        arena_release(&f.arenas[i]);
    arena_release(&f.parts.arena);
}

static void place_release(struct place *place)
{
    char command[256];
    snprintf(command, sizeof command, "rm -rf '%s'", place->directory);
    assert_int_equal(system(command), 0);
    arena_release(&place->arena);
}

static struct assess_summary assess(struct place *place, const char *rules, int32_t as_of)
{
    struct assess_summary summary;
    struct err err;
    const struct assess_options options = {.rules_directory = rules, .as_of = as_of};
    fixture_check(assess_store(place->path, &options, &place->arena, &summary, &err), &err);
    return summary;
}

static struct world *load(struct place *place)
{
    struct world *world = NULL;
    struct err err;
    fixture_check(world_load(place->path, NULL, INT_ABSENT, &world, &err), &err);
    return world;
}

static void read_bytes(struct place *place, struct buf *out)
{
    struct err err;
    buf_init(out);
    fixture_check(file_read(place->path, 64 << 20, out, &err), &err);
}

static void test_second_run_writes_nothing(void **state)
{
    (void)state;
    struct place place;
    struct buf before, after;
    place_init(&place);
    struct assess_summary first = assess(&place, NULL, DAY);
    assert_true(first.inserted > 10);
    assert_int_equal(first.deleted, 0);
    read_bytes(&place, &before);
    struct assess_summary second = assess(&place, NULL, DAY);
    read_bytes(&place, &after);
    assert_int_equal(second.inserted, 0);
    assert_int_equal(second.deleted, 0);
    assert_int_equal(second.generation, first.generation);
    assert_int_equal(second.conflicts, first.conflicts);
    assert_int_equal(after.n_bytes, before.n_bytes);
    assert_memory_equal(after.bytes, before.bytes, before.n_bytes);
    buf_release(&before);
    buf_release(&after);
    place_release(&place);
}

/* The row of a conflict as the store keeps it. */
struct wanted_row {
    const char *id;
    enum geom_kind shape;
    int32_t generation;
    size_t n;
};

static enum err_code look_at_row(void *context, const void *record, struct err *err)
{
    struct wanted_row *wanted = context;
    const struct conflict *row = record;
    (void)err;
    if (strcmp(row->head.id, wanted->id) == 0) {
        wanted->shape = row->head.geom.kind;
        wanted->generation = row->generation;
        wanted->n++;
    }
    return ERR_OK;
}

static struct wanted_row row_in_store(struct place *place, const char *id)
{
    struct store *store;
    struct err err;
    struct wanted_row wanted = {.id = id};
    const struct store_each each = {
        .layer = LAYER_CONFLICTS, .shapes = true, .context = &wanted, .visit = look_at_row};
    fixture_check(store_open(place->path, STORE_READ, &store, &err), &err);
    fixture_check(store_each(store, &each, &err), &err);
    store_close(store);
    assert_int_equal(wanted.n, 1);
    return wanted;
}

static enum geom_kind shape_in_store(struct place *place, const char *id)
{
    return row_in_store(place, id).shape;
}

static int32_t stamp_in_store(struct place *place, const char *id)
{
    return row_in_store(place, id).generation;
}

static void test_store_keeps_what_was_found_and_under_which_rules(void **state)
{
    (void)state;
    struct place place;
    place_init(&place);
    struct assess_summary summary = assess(&place, NULL, DAY);
    struct world *world = load(&place);
    assert_int_equal(world->as_of, DAY);
    assert_int_equal(world->generation, summary.generation);
    assert_int_equal(world_count(world, LAYER_CONFLICTS), summary.conflicts + summary.undecided);
    struct finding_ref ref;
    assert_true(findings_find(world, "F09a|facilities/T1|protected/P1", &ref));
    assert_close(finding_at(world, ref)->shortfall, 5, 1e-6);
    assert_true(findings_find(world, "individual_risk-2|zones/Z1|population", &ref));
    assert_int_equal(finding_at(world, ref)->kind, FINDING_DENSITY);
    assert_int_equal(shape_in_store(&place, "individual_risk-2|zones/Z1|population"), GEOM_POLYGON);
    assert_int_equal(stamp_in_store(&place, "F09a|facilities/T1|protected/P1"),
                     (int)summary.generation);
    assert_int_equal(world_grade(world, "enterprise", "E2", NULL)->grade, 3);
    assert_int_equal(world_grade(world, "hazard_unit", "E1/罐区", NULL)->grade, 3);
    assert_non_null(world_grade(world, "city", "640100", "worst"));
    assert_non_null(world_grade(world, "city", "640100", "index"));
    assert_non_null(world_grade(world, "cell", "10620_3840", NULL));
    assert_int_equal(world_count(world, LAYER_RUNS), 1);
    const struct run *run = world_record(world, LAYER_RUNS, 0);
    assert_int_equal(run->as_of, DAY);
    assert_string_equal(run->rules_hash, world->rules->hash);
    world_release(world);
    place_release(&place);
}

static void test_only_what_a_change_touches_is_written(void **state)
{
    (void)state;
    struct place place;
    struct store *store;
    struct err err;
    struct fixture f;
    place_init(&place);
    struct assess_summary first = assess(&place, NULL, DAY);
    fixture_init(&f);
    struct enterprise *e = fixture_add(&f, LAYER_ENTERPRISES, "E2");
    e->head.geom = fixture_point(&f, 106.3, 38.5);
    e->declared_grade = 2;
    static const char *const ids[] = {"E2"};
    fixture_check(store_open(place.path, STORE_WRITE, &store, &err), &err);
    fixture_check(store_delete(store, LAYER_ENTERPRISES, ids, 1, &err), &err);
    insert(store, LAYER_ENTERPRISES, e, 1);
    fixture_check(store_commit(store, &err), &err);
    store_close(store);
    struct assess_summary second = assess(&place, NULL, DAY);
    assert_true(second.inserted > 0);
    assert_true(second.inserted < first.inserted);
    assert_int_equal(second.generation, first.generation + 2);
    struct world *world = load(&place);
    assert_int_equal(world_grade(world, "enterprise", "E2", NULL)->grade, 2);
    assert_int_equal(world_grade(world, "enterprise", "E2", NULL)->generation,
                     (int)second.generation);
    assert_int_equal(world_grade(world, "enterprise", "E1", NULL)->generation,
                     (int)first.generation);
    assert_int_equal(world_count(world, LAYER_RUNS), 2);
    world_release(world);
    arena_release(&f.arenas[LAYER_ENTERPRISES]);
    arena_release(&f.parts.arena);
    place_release(&place);
}

static void test_another_day_is_other_rules_and_is_kept(void **state)
{
    (void)state;
    struct place place;
    place_init(&place);
    assess(&place, NULL, DAY);
    struct assess_summary then = assess(&place, NULL, 20190228);
    assert_int_equal(then.as_of, 20190228);
    assert_true(then.deleted > 0);
    struct world *world = load(&place);
    assert_int_equal(world->as_of, 20190228);
    assert_int_equal(world_grade(world, "hazard_unit", "E1/罐区", NULL)->grade, 0);
    world_release(world);
    place_release(&place);
}

/* Copies the installed tables and changes one number in spacing.csv. */
static void edit_rules(const char *directory, const char *from, const char *to)
{
    char installed[4096];
    char command[9000];
    struct err err;
    fixture_check(file_asset("data/rules", installed, sizeof installed, &err), &err);
    snprintf(command, sizeof command, "cp -r '%s' '%s' && sed -i 's/%s/%s/' '%s/spacing.csv'",
             installed, directory, from, to, directory);
    assert_int_equal(system(command), 0);
}

static void test_editing_a_row_changes_the_answer_and_serving_keeps_it(void **state)
{
    (void)state;
    struct place place;
    char rules[128];
    place_init(&place);
    snprintf(rules, sizeof rules, "%s/rules", place.directory);
    edit_rules(rules, "^\\(F09a,.*,fire,\\)25,", "\\119.999,");
    assess(&place, rules, DAY);
    struct world *world = load(&place);
    struct finding_ref ref;
    assert_false(findings_find(world, "F09a|facilities/T1|protected/P1", &ref));
    world_release(world);
    assess(&place, NULL, DAY); /* those installed again */
    world = load(&place);
    assert_true(findings_find(world, "F09a|facilities/T1|protected/P1", &ref));
    world_release(world);
    place_release(&place);
}

static void test_broken_rules_leave_the_store_as_it_was(void **state)
{
    (void)state;
    struct place place;
    struct buf before, after;
    struct assess_summary summary;
    struct err err;
    char rules[128];
    place_init(&place);
    assess(&place, NULL, DAY);
    read_bytes(&place, &before);
    snprintf(rules, sizeof rules, "%s/rules", place.directory);
    edit_rules(rules, "^\\(F09a,.*,fire,\\)25,", "\\12O,");
    const struct assess_options options = {.rules_directory = rules, .as_of = DAY};
    const struct assess_options installed = {.as_of = DAY};
    assert_int_equal(assess_store(place.path, &options, &place.arena, &summary, &err), ERR_INPUT);
    assert_non_null(strstr(err.message, "spacing.csv:"));
    read_bytes(&place, &after);
    assert_memory_equal(after.bytes, before.bytes, before.n_bytes);
    assert_int_equal(assess_store("/nowhere/s.gpkg", &installed, &place.arena, &summary, &err),
                     ERR_NOT_FOUND);
    buf_release(&before);
    buf_release(&after);
    place_release(&place);
}

static void test_empty_store_is_assessed_with_warnings(void **state)
{
    (void)state;
    struct place place;
    struct err err;
    snprintf(place.directory, sizeof place.directory, "/tmp/test_assess.XXXXXX");
    assert_non_null(mkdtemp(place.directory));
    snprintf(place.path, sizeof place.path, "%s/s.gpkg", place.directory);
    arena_init(&place.arena, 0);
    fixture_check(store_create(place.path, &err), &err);
    struct assess_summary summary = assess(&place, NULL, DAY);
    assert_int_equal(summary.conflicts + summary.undecided + summary.inserted, 0);
    assert_int_equal(summary.n_warnings, 2);
    struct world *world = load(&place);
    assert_int_equal(world->as_of, DAY);
    world_release(world);
    place_release(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_second_run_writes_nothing),
        cmocka_unit_test(test_store_keeps_what_was_found_and_under_which_rules),
        cmocka_unit_test(test_only_what_a_change_touches_is_written),
        cmocka_unit_test(test_another_day_is_other_rules_and_is_kept),
        cmocka_unit_test(test_editing_a_row_changes_the_answer_and_serving_keeps_it),
        cmocka_unit_test(test_broken_rules_leave_the_store_as_it_was),
        cmocka_unit_test(test_empty_store_is_assessed_with_warnings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
