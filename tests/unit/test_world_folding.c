/* test_world_folding.c - a base that is made beside the edits stands for the one before it,
 * whenever it is ready. */
#include "tests/unit/world_model.h"

#include "geo/world/world_folding.h"

#include <sys/resource.h>

static bool has_delta(const struct world *world)
{
    bool has = false;
    for (size_t l = 0; l < LAYER_COUNT; l++)
        has = has || (world->layers[l] && world->layers[l]->delta);
    return has;
}

static void test_fold_changes_neither_answers_nor_slots(void **state)
{
    (void)state;
    static struct model model;
    struct err err;
    struct world_folding *folding = NULL;
    assert_int_equal(world_folding_new(&folding, &err), ERR_OK);
    model_init(&model, 7, 80);
    struct world *world = world_of(&model);
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 20; i++)
            world = edit_randomly(&model, world);
        for (size_t steps = 0; has_delta(world); steps++) {
            struct world *folded = NULL;
            assert_true(steps < 3 * LAYER_COUNT);
            assert_int_equal(world_folding_step(folding, world, world, true, &folded, &err),
                             ERR_OK);
            world_folding_wait(folding);
            if (!folded)
                continue;
            assert_same_slots(world, folded);
            world_release(world); /* the fold stands without it */
            world = folded;
        }
        assert_same_world(&model, world);
    }
    world_folding_free(folding);
    world_release(world);
    arena_release(&model.arena);
}

/* Edits go on while a fold is under way; some are given up, with the world that they gave. */
static void test_fold_beside_the_edits_changes_neither_answers_nor_slots(void **state)
{
    (void)state;
    static struct model model;
    struct err err;
    size_t n_given = 0;
    int priority = getpriority(PRIO_PROCESS, 0);
    for (uint64_t seed = 11; seed <= 14; seed++) {
        struct world_folding *folding = NULL;
        assert_int_equal(world_folding_new(&folding, &err), ERR_OK);
        model_init(&model, seed, 80);
        struct world *committed = world_of(&model);
        for (int i = 0; i < 120; i++) {
            struct world *old = world_acquire(committed);
            struct world *world = edit_randomly(&model, committed);
            struct world *folded = NULL;
            if (draw(&model, 3) == 0)
                world_folding_wait(folding);
            assert_int_equal(world_folding_step(folding, old, world, true, &folded, &err), ERR_OK);
            world_release(old);
            if (folded) {
                n_given++;
                assert_int_equal(folded->generation, world->generation);
                assert_same_slots(world, folded);
                assert_same_world(&model, folded);
            }
            if (folded && draw(&model, 4) > 0) { /* else that world is given up */
                world_release(world);
                world = folded;
                folded = NULL;
            }
            world_release(folded);
            committed = world;
        }
        assert_same_world(&model, committed);
        world_folding_free(folding);
        world_release(committed);
        arena_release(&model.arena);
    }
    assert_true(n_given > 40);
    assert_int_equal(getpriority(PRIO_PROCESS, 0), priority); /* it is the fold that gives way */
}

/* What was folded of an edit that was given up is not what another put in the same slot. */
static void test_a_base_of_another_world_is_dropped(void **state)
{
    (void)state;
    static struct model model;
    struct err err;
    struct world_folding *folding = NULL;
    struct world *folded = NULL;
    model_init(&model, 5, 80);
    assert_int_equal(world_folding_new(&folding, &err), ERR_OK);
    struct world *first = world_of(&model);
    struct world *one = edit_randomly(&model, world_acquire(first));
    assert_int_equal(world_folding_step(folding, one, one, true, &folded, &err), ERR_OK);
    world_folding_wait(folding);
    world_release(folded);
    struct world *other = edit_randomly(&model, first);
    assert_int_equal(world_folding_step(folding, other, other, true, &folded, &err), ERR_OK);
    assert_null(folded);
    world_folding_free(folding);
    world_release(one);
    world_release(other);
    arena_release(&model.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold_changes_neither_answers_nor_slots),
        cmocka_unit_test(test_fold_beside_the_edits_changes_neither_answers_nor_slots),
        cmocka_unit_test(test_a_base_of_another_world_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
