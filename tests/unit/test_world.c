/* test_world.c - worlds made by hand: rows, indexes, units, grades, and sharing. */
#include "tests/unit/world_fixture.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const int32_t DAY = 20260601;

static void test_only_records_that_hold_on_the_day_are_there(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct enterprise *e = fixture_add(&f, LAYER_ENTERPRISES, "E1");
    e->head.valid_to = DAY - 1;
    e = fixture_add(&f, LAYER_ENTERPRISES, "E2");
    e->head.valid_from = DAY;
    e->head.valid_to = DAY;
    e = fixture_add(&f, LAYER_ENTERPRISES, "E3");
    e->head.valid_from = DAY + 1;
    struct world *world = fixture_world(&f, DAY);
    assert_int_equal(world_count(world, LAYER_ENTERPRISES), 1);
    assert_string_equal(world_enterprise(world, 0)->head.id, "E2");
    assert_int_equal(world_find(world, LAYER_ENTERPRISES, "E2"), 0);
    assert_int_equal(world_find(world, LAYER_ENTERPRISES, "E1"), -1);
    assert_int_equal(world_find(world, LAYER_ZONES, "E1"), -1);
    assert_int_equal(world_count(world, LAYER_ZONES), 0);
    world_release(world);
}

static void test_search_answers_rows_whose_box_touches(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    for (int i = 0; i < 20; i++) {
        char id[8];
        snprintf(id, sizeof id, "P%02d", i);
        struct protected_target *p = fixture_add(&f, LAYER_PROTECTED, id);
        if (i != 7)
            p->head.geom = fixture_point(&f, 106 + 0.1 * i, 38);
    }
    struct world *world = fixture_world(&f, DAY);
    struct arena arena;
    struct err err;
    uint32_t *rows;
    size_t n;
    arena_init(&arena, 0);
    struct box box = {106.45, 37, 106.95, 39};
    assert_int_equal(world_search(world, LAYER_PROTECTED, box, &arena, &rows, &n, &err), ERR_OK);
    assert_int_equal(n, 4); /* 5, 6, 8, 9: the seventh has no shape */
    assert_int_equal(rows[0], 5);
    assert_int_equal(rows[2], 8);
    assert_int_equal(world_search(world, LAYER_AREAS, box, &arena, &rows, &n, &err), ERR_OK);
    assert_int_equal(n, 0);
    arena_release(&arena);
    world_release(world);
}

static void test_children_of_an_enterprise_are_its_rows_ascending(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    static const char *const owners[] = {"B", "A", "B", NULL, "C", "B"};
    for (size_t i = 0; i < 6; i++) {
        char id[8];
        snprintf(id, sizeof id, "I%zu", i);
        struct inventory_item *item = fixture_add(&f, LAYER_INVENTORY, id);
        item->enterprise_id = owners[i];
    }
    struct world *world = fixture_world(&f, DAY);
    const uint32_t *rows;
    size_t n;
    world_of_enterprise(world, LAYER_INVENTORY, "B", &rows, &n);
    assert_int_equal(n, 3);
    assert_int_equal(rows[0], 0);
    assert_int_equal(rows[1], 2);
    assert_int_equal(rows[2], 5);
    world_of_enterprise(world, LAYER_INVENTORY, "C", &rows, &n);
    assert_int_equal(n, 1);
    assert_int_equal(rows[0], 4);
    world_of_enterprise(world, LAYER_INVENTORY, "D", &rows, &n);
    assert_int_equal(n, 0);
    world_of_enterprise(world, LAYER_ZONES, "B", &rows, &n);
    assert_int_equal(n, 0);
    world_release(world);
}

static void add_unit(struct fixture *f, const char *id, const char *code, int32_t level,
                     struct box box)
{
    struct admin_unit *unit = fixture_add(f, LAYER_ADMIN, id);
    unit->code = code;
    unit->level = level;
    unit->head.geom = fixture_box(f, box.west_deg, box.south_deg, box.east_deg, box.north_deg);
}

static void test_units_are_found_by_level_code_and_place(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    add_unit(&f, "u1", "640000", 1, (struct box){106, 38, 108, 39});
    add_unit(&f, "u2", "640122", 3, (struct box){107, 38, 108, 39});
    add_unit(&f, "u3", "640121", 3, (struct box){106, 38, 107, 39});
    add_unit(&f, "u4", "640123", 3, (struct box){106.4, 38.4, 106.6, 38.6});
    struct world *world = fixture_world(&f, DAY);
    const uint32_t *rows;
    size_t n;
    world_units(world, 3, &rows, &n);
    assert_int_equal(n, 3);
    assert_string_equal(world_admin(world, rows[0])->code, "640121");
    assert_string_equal(world_admin(world, rows[2])->code, "640123");
    world_units(world, 9, &rows, &n);
    assert_int_equal(n, 0);
    assert_string_equal(world_admin(world, (size_t)world_unit(world, "640000"))->head.id, "u1");
    assert_int_equal(world_unit(world, "1"), -1);
    int64_t at = world_unit_at(world, 3, (struct lonlat){106.5, 38.5});
    assert_string_equal(world_admin(world, (size_t)at)->code, "640123"); /* the smallest */
    at = world_unit_at(world, 3, (struct lonlat){107, 38.5}); /* on the border: one answer */
    assert_int_equal(at, world_unit_at(world, 3, (struct lonlat){107, 38.5}));
    assert_true(at >= 0);
    assert_int_equal(world_unit_at(world, 3, (struct lonlat){109, 38.5}), -1);
    assert_int_equal(world_unit_at(world, 4, (struct lonlat){106.5, 38.5}), -1);
    struct box extent = world_extent(world);
    assert_close(extent.east_deg, 108, 0);
    world_release(world);
}

static void test_same_code_twice_is_refused_with_its_name(void **state)
{
    (void)state;
    struct fixture f;
    struct err err;
    fixture_init(&f);
    add_unit(&f, "u1", "640000", 1, (struct box){106, 38, 108, 39});
    add_unit(&f, "u2", "640000", 2, (struct box){106, 38, 108, 39});
    const struct world_layer *layer = NULL;
    assert_int_equal(world_layer_new(LAYER_ADMIN, f.records[LAYER_ADMIN], 2, DAY,
                                     &f.arenas[LAYER_ADMIN], &layer, &err),
                     ERR_INPUT);
    assert_non_null(strstr(err.message, "640000"));
    arena_release(&f.parts.arena);
}

static void test_grade_is_found_by_subject_and_method(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    static const struct {
        const char *id, *subject, *subject_id, *method;
        int32_t grade;
    } rows[] = {
        {"1", "county", "640121", "share", 2},
        {"2", "county", "640121", "worst", 1},
        {"3", "enterprise", "E1", "enterprise", 3},
        {"4", "cell", "E1", "grid", 4}, /* the same id under another subject */
    };
    for (size_t i = 0; i < 4; i++) {
        struct grade_row *row = fixture_add(&f, LAYER_GRADES, rows[i].id);
        row->subject = rows[i].subject;
        row->subject_id = rows[i].subject_id;
        row->method = rows[i].method;
        row->grade = rows[i].grade;
    }
    struct world *world = fixture_world(&f, DAY);
    assert_int_equal(world_grade(world, "county", "640121", NULL)->grade, 2);
    assert_int_equal(world_grade(world, "county", "640121", "worst")->grade, 1);
    assert_null(world_grade(world, "county", "640121", "index"));
    assert_int_equal(world_grade(world, "enterprise", "E1", NULL)->grade, 3);
    assert_int_equal(world_grade(world, "cell", "E1", NULL)->grade, 4);
    assert_null(world_grade(world, "cell", "E2", NULL));
    world_release(world);
}

static void test_slots_are_rows_while_nobody_edited(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_add(&f, LAYER_ENTERPRISES, "E1");
    fixture_add(&f, LAYER_ENTERPRISES, "E2");
    struct world *world = fixture_world(&f, DAY);
    assert_int_equal(world_slots(world, LAYER_ENTERPRISES), 2);
    assert_int_equal(world_slot(world, LAYER_ENTERPRISES, 1), 1);
    assert_int_equal(world_row(world, LAYER_ENTERPRISES, 1), 1);
    assert_int_equal(world_row(world, LAYER_ENTERPRISES, 2), -1);
    assert_int_equal(world_slots(world, LAYER_ZONES), 0);
    world_release(world);
}

static void test_layer_outlives_the_world_that_made_it(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_add(&f, LAYER_ENTERPRISES, "E1");
    struct world *first = fixture_world(&f, DAY);
    const struct world_layer *shared = world_layer_acquire(first->layers[LAYER_ENTERPRISES]);
    world_release(first);
    struct fixture g;
    struct err err;
    struct world *second = NULL;
    fixture_init(&g);
    g.parts.layers[LAYER_ENTERPRISES] = shared;
    assert_int_equal(world_new(&g.parts, &second, &err), ERR_OK);
    assert_int_equal(world_find(second, LAYER_ENTERPRISES, "E1"), 0);
    world_release(second);
}

/* Readers hold worlds while others are published; each must be whole, and every one is freed
 * (the sanitizers watch). */
struct published {
    pthread_mutex_t mutex;
    struct world *world;
};

struct reading {
    struct published *published;
    int wrong;
};

static struct world *hold(struct published *published)
{
    pthread_mutex_lock(&published->mutex);
    struct world *world = world_acquire(published->world);
    pthread_mutex_unlock(&published->mutex);
    return world;
}

static void *read_worlds(void *context)
{
    struct reading *reading = context;
    uint64_t last = 0;
    for (int i = 0; i < 3000; i++) {
        struct world *world = hold(reading->published);
        char id[24];
        snprintf(id, sizeof id, "E%llu", (unsigned long long)world->generation);
        if (world_find(world, LAYER_ENTERPRISES, id) != 0 || world->generation < last)
            reading->wrong++;
        last = world->generation;
        world_release(world);
    }
    return NULL;
}

static struct world *numbered_world(uint64_t generation)
{
    struct world_parts parts = {.generation = generation};
    struct arena arena;
    struct err err;
    struct world *world = NULL;
    struct rules *rules;
    arena_init(&parts.arena, 0);
    arena_init(&arena, 0);
    rules = arena_new(&parts.arena, struct rules, 1);
    parts.rules = rules;
    struct enterprise *e = arena_new(&arena, struct enterprise, 1);
    record_clear(LAYER_ENTERPRISES, e);
    e->head.id = arena_printf(&arena, "E%llu", (unsigned long long)generation);
    fixture_check(world_layer_new(LAYER_ENTERPRISES, e, 1, DAY, &arena,
                                  &parts.layers[LAYER_ENTERPRISES], &err),
                  &err);
    fixture_check(world_new(&parts, &world, &err), &err);
    return world;
}

static void test_readers_see_whole_worlds_while_others_are_published(void **state)
{
    (void)state;
    struct published published = {PTHREAD_MUTEX_INITIALIZER, numbered_world(1)};
    pthread_t threads[3];
    struct reading readings[3];
    for (int i = 0; i < 3; i++) {
        readings[i] = (struct reading){&published, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, read_worlds, &readings[i]), 0);
    }
    for (uint64_t g = 2; g < 200; g++) {
        struct world *next = numbered_world(g);
        pthread_mutex_lock(&published.mutex);
        struct world *old = published.world;
        published.world = next;
        pthread_mutex_unlock(&published.mutex);
        world_release(old);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(readings[i].wrong, 0);
    }
    world_release(published.world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_records_that_hold_on_the_day_are_there),
        cmocka_unit_test(test_search_answers_rows_whose_box_touches),
        cmocka_unit_test(test_children_of_an_enterprise_are_its_rows_ascending),
        cmocka_unit_test(test_units_are_found_by_level_code_and_place),
        cmocka_unit_test(test_same_code_twice_is_refused_with_its_name),
        cmocka_unit_test(test_grade_is_found_by_subject_and_method),
        cmocka_unit_test(test_slots_are_rows_while_nobody_edited),
        cmocka_unit_test(test_layer_outlives_the_world_that_made_it),
        cmocka_unit_test(test_readers_see_whole_worlds_while_others_are_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
