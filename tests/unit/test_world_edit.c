/* test_world_edit.c - a world that was edited answers as one that was built from the same
 * records; slots stay. */
#include "tests/unit/growth.h"
#include "tests/unit/one_thread.h"
#include "tests/unit/world_model.h"

static void test_edited_world_answers_as_one_built_from_the_same_records(void **state)
{
    (void)state;
    static struct model model;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        model_init(&model, seed, seed == 1 ? 0 : 60);
        struct world *world = world_of(&model);
        for (int i = 0; i < 60; i++) {
            world = edit_randomly(&model, world);
            if (i % 5 == 0)
                assert_same_world(&model, world);
        }
        assert_same_world(&model, world);
        assert_true(seed == 1 || model.n_left_out > 0); /* of a base */
        world_release(world);
        arena_release(&model.arena);
    }
}

static void test_unit_with_the_code_of_another_is_refused(void **state)
{
    (void)state;
    static struct model model;
    struct world_edited edited;
    struct arena arena;
    struct err err;
    model_init(&model, 3, 10);
    arena_init(&arena, 0);
    struct world *world = world_of(&model);
    assert_true(world_count(world, LAYER_ADMIN) > 0);
    struct admin_unit unit = *world_admin(world, 0);
    unit.head.id = "another";
    struct world_change change = {LAYER_ADMIN, "another", &unit};
    assert_int_equal(world_edit_new(world, &change, 1, &arena, &edited, &err), ERR_INPUT);
    assert_non_null(strstr(err.message, unit.code));
    struct world_change twice[2] = {{LAYER_ADMIN, "a", NULL}, {LAYER_ADMIN, "a", NULL}};
    assert_int_equal(world_edit_new(world, twice, 2, &arena, &edited, &err), ERR_INPUT);
    world_release(world);
    arena_release(&arena);
    arena_release(&model.arena);
}

static void test_edits_that_change_nothing_share_the_layer(void **state)
{
    (void)state;
    static struct model model;
    struct world_edited edited;
    struct arena arena;
    struct err err;
    model_init(&model, 3, 10);
    arena_init(&arena, 0);
    struct world *world = world_of(&model);
    struct world_change change = {LAYER_PROTECTED, "nobody", NULL};
    assert_int_equal(world_edit_new(world, &change, 1, &arena, &edited, &err), ERR_OK);
    assert_int_equal(edited.n_edits, 0);
    assert_ptr_equal(edited.world->layers[LAYER_PROTECTED], world->layers[LAYER_PROTECTED]);
    world_release(edited.world);
    world_release(world);
    arena_release(&arena);
    arena_release(&model.arena);
}

/* 200,000 records: an edit copies their order, and no more; the world is made anew in fifty
 * times as long. */
static void test_an_edit_among_many_records_is_cheap(void **state)
{
    (void)state;
    enum { MANY = 200000, EDITS = 50 };
    struct fixture f;
    struct err err;
    struct arena scratch;
    fixture_init(&f);
    arena_init(&scratch, 0);
    arena_init(&f.arenas[LAYER_FACILITIES], 0);
    struct facility *all = arena_new(&f.arenas[LAYER_FACILITIES], struct facility, MANY);
    for (int i = 0; i < MANY; i++) {
        record_clear(LAYER_FACILITIES, &all[i]);
        all[i].head.id = arena_printf(&f.arenas[LAYER_FACILITIES], "F%07d", i);
        all[i].enterprise_id = arena_printf(&f.arenas[LAYER_FACILITIES], "E%d", i / 5);
        all[i].head.geom = fixture_point(&f, 106 + (i % 450) * 0.002, 38 + (i / 450) * 0.002);
    }
    f.parts.as_of = DAY;
    fixture_check(world_layer_new(LAYER_FACILITIES, all, MANY, DAY, &f.arenas[LAYER_FACILITIES],
                                  &f.parts.layers[LAYER_FACILITIES], &err),
                  &err);
    struct world *world = NULL;
    double start = growth_clock_s();
    fixture_check(world_new(&f.parts, &world, &err), &err);
    double anew_s = growth_clock_s() - start;
    double best_s = INFINITY;
    for (int i = 0; i < EDITS; i++) {
        struct world_edited edited;
        char id[16];
        snprintf(id, sizeof id, "F%07dx", i * 3001);
        struct facility put = *world_facility(world, 7);
        put.head.id = id;
        struct world_change change = {LAYER_FACILITIES, id, &put};
        start = growth_clock_s();
        fixture_check(world_edit_new(world, &change, 1, &scratch, &edited, &err), &err);
        world_release(world);
        best_s = fmin(best_s, growth_clock_s() - start);
        world = edited.world;
    }
    print_message("an edit among %d records: %.2f ms, all anew %.2f ms\n", (int)MANY, best_s * 1e3,
                  anew_s * 1e3);
    assert_true(best_s < anew_s / 4);
    world_release(world);
    arena_release(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edited_world_answers_as_one_built_from_the_same_records),
        cmocka_unit_test(test_unit_with_the_code_of_another_is_refused),
        cmocka_unit_test(test_edits_that_change_nothing_share_the_layer),
        cmocka_unit_test(test_an_edit_among_many_records_is_cheap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
