/* test_hazard.c - major hazards by unit; the standard's numbers stand in tests/cases. */
#include "tests/unit/world_fixture.h"

#include "geo/findings/hazard.h"
#include "geo/measure/overlay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const int32_t DAY = 20260601;

struct bench {
    struct fixture f;
    struct world *world;
    struct worker worker;
    struct arena arena;
};

static void bench_init(struct bench *b)
{
    fixture_init(&b->f);
    struct enterprise *e = fixture_add(&b->f, LAYER_ENTERPRISES, "E1");
    e->head.geom = fixture_box(&b->f, 106.199, 38.399, 106.201, 38.401);
}

static void bench_item(struct bench *b, const char *id, const char *unit, const char *substance,
                       double q_t)
{
    struct inventory_item *item = fixture_add(&b->f, LAYER_INVENTORY, id);
    item->enterprise_id = "E1";
    item->unit = unit;
    item->substance = substance;
    item->q_t = q_t;
}

static struct hazard bench_run(struct bench *b)
{
    struct hazard hazard;
    struct err err;
    b->world = fixture_world(&b->f, DAY);
    arena_init(&b->arena, 0);
    fixture_check(worker_init(&b->worker, 0, &err), &err);
    fixture_check(worker_fit(&b->worker, b->world, &err), &err);
    fixture_check(hazard_of(b->world, &b->worker, 0, &b->arena, &b->worker.arena, &hazard, &err),
                  &err);
    return hazard;
}

static void bench_release(struct bench *b)
{
    worker_release(&b->worker);
    arena_release(&b->arena);
    world_release(b->world);
}

static void test_units_come_by_name_with_loose_rows_first(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    bench_item(&b, "I1", "罐区", "氨", 5);
    bench_item(&b, "I2", NULL, "氨", 2);
    bench_item(&b, "I3", "车间", "氨", 3);
    bench_item(&b, "I4", "罐区", "氨", 1);
    struct hazard hazard = bench_run(&b);
    assert_int_equal(hazard.n_units, 3);
    assert_string_equal(hazard.units[0].unit, "*");
    assert_close(hazard.units[0].s, 0.2, 1e-12);
    assert_string_equal(hazard.units[1].unit, "罐区");
    assert_close(hazard.units[1].s, 0.6, 1e-12);
    assert_string_equal(hazard.units[2].unit, "车间");
    bench_release(&b);
}

static void test_loose_rows_may_belong_to_a_named_unit(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    fixture_grid(&b.f, 106.18, 38.42, 0.001, 40, 40, 0);
    bench_item(&b, "I1", "罐区", "氨", 8);
    bench_item(&b, "I2", NULL, "氨", 4);
    struct hazard hazard = bench_run(&b);
    assert_int_equal(hazard.level, 0);
    assert_int_equal(hazard.n_undecided, 0);
    assert_int_equal(hazard.could_be, 4); /* 0.8 and 0.4 are 1.2 if they are one unit */
    bench_release(&b);
}

static void test_without_grid_nothing_is_known_of_residents(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    bench_item(&b, "I1", "罐区", "氯", 62.5);
    struct hazard hazard = bench_run(&b);
    assert_true(hazard.no_data);
    assert_true(isnan(hazard.around.persons));
    assert_close(hazard.alpha, 0.5, 0);
    assert_close(hazard.alpha_high, 2, 0);
    assert_int_equal(hazard.level, 3);
    assert_int_equal(hazard.could_be, 1);
    assert_true(hazard.at_least);
    bench_release(&b);
}

static void test_no_inventory_is_no_level_and_no_unit(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    fixture_grid(&b.f, 106.18, 38.42, 0.001, 40, 40, 1);
    struct hazard hazard = bench_run(&b);
    assert_int_equal(hazard.n_units, 0);
    assert_int_equal(hazard.level, 0);
    assert_int_equal(hazard.could_be, 0);
    assert_true(hazard.around.persons > 100);
    bench_release(&b);
}

static void test_residents_around_are_the_buffer_less_the_plant(void **state)
{
    (void)state;
    struct bench b;
    struct err err;
    struct geom outer;
    struct exposure all;
    struct exposure inner;
    bench_init(&b);
    fixture_grid(&b.f, 106.18, 38.42, 0.001, 40, 40, 3);
    struct hazard hazard = bench_run(&b);
    const struct geom *plant = world_geom(b.world, LAYER_ENTERPRISES, 0);
    fixture_check(overlay_buffer(b.worker.overlay, plant, 500, 0.01, &b.arena, &outer, &err), &err);
    fixture_check(exposure_of(&b.world->population, NULL, &outer, &b.arena, &all, &err), &err);
    fixture_check(exposure_of(&b.world->population, NULL, plant, &b.arena, &inner, &err), &err);
    assert_close(hazard.around.persons, all.persons - inner.persons, 0.05);
    bench_release(&b);
}

static void test_quantity_that_is_no_number_leaves_the_unit_open(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    fixture_grid(&b.f, 106.18, 38.42, 0.001, 40, 40, 0);
    bench_item(&b, "I1", "罐区", "氨", (double)NAN);
    bench_item(&b, "I2", "罐区", "氨", 20);
    struct hazard hazard = bench_run(&b);
    struct reason reason;
    struct err err;
    assert_int_equal(hazard.level, 4); /* what is known reaches it */
    assert_int_equal(hazard.could_be, 1);
    assert_int_equal(hazard.n_undecided, 1);
    fixture_check(hazard_reason(b.world, &hazard, &hazard.units[0], &b.arena, &reason, &err), &err);
    assert_non_null(strstr(reason.text, "could be a major hazard of level 1"));
    assert_non_null(strstr(reason.zh, "一级重大危险源"));
    bench_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units_come_by_name_with_loose_rows_first),
        cmocka_unit_test(test_loose_rows_may_belong_to_a_named_unit),
        cmocka_unit_test(test_without_grid_nothing_is_known_of_residents),
        cmocka_unit_test(test_no_inventory_is_no_level_and_no_unit),
        cmocka_unit_test(test_residents_around_are_the_buffer_less_the_plant),
        cmocka_unit_test(test_quantity_that_is_no_number_leaves_the_unit_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
