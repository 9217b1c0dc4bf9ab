/* test_density.c - people too dense in a zone: overlay against a sum over cells. */
#include "tests/unit/world_fixture.h"

#include "geo/assess/assess.h"
#include "geo/findings/density.h"
#include "geo/measure/exposure.h"
#include "geo/findings/findings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const int32_t DAY = 20260601;

static double next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 33) / (double)(1u << 31);
}

/* A many-sided zone over a grid of random persons. */
static struct geom ragged_zone(struct fixture *f, uint64_t *seed)
{
    struct lonlat ring[24];
    struct err err;
    struct geom zone;
    for (int i = 0; i < 24; i++)
        ring[i] =
            ellipsoid_direct((struct lonlat){106.2, 38.4}, 15.0 * i, 300 + 900 * next_random(seed));
    fixture_check(geom_of_ring(ring, 24, &f->parts.arena, &zone, &err), &err);
    return zone;
}

static void test_conflict_part_holds_the_persons_of_the_dense_cells(void **state)
{
    (void)state;
    uint64_t seed = 3;
    struct fixture f;
    struct worker worker;
    struct err err;
    fixture_init(&f);
    fixture_grid(&f, 106.18, 38.42, 0.001, 40, 40, 0);
    for (uint32_t row = 0; row < 40; row++) {
        for (uint32_t column = 0; column < 40; column++)
            fixture_cell(&f, column, row, (float)(6 * next_random(&seed)));
    }
    struct geom zone = ragged_zone(&f, &seed);
    struct world *world = fixture_world(&f, DAY);
    fixture_check(worker_init(&worker, 0, &err), &err);
    fixture_check(worker_fit(&worker, world, &err), &err);
    static const double limits[] = {0, 300, 450};
    for (size_t l = 0; l < 3; l++) {
        struct dense_part part;
        struct exposure_cell *cells;
        size_t n;
        double persons = 0;
        double area_m2 = 0;
        const struct density_question question = {.world = world,
                                                  .worker = &worker,
                                                  .zone = &zone,
                                                  .above_km2 = limits[l],
                                                  .least_persons = 1};
        fixture_check(density_part(&question, &worker.arena, &part, &err), &err);
        fixture_check(
            exposure_cells(&world->population, NULL, &zone, &worker.arena, &cells, &n, &err), &err);
        for (size_t i = 0; i < n; i++) {
            struct geom shape;
            double cell_m2;
            fixture_check(exposure_cell_shape(&world->population, NULL, cells[i].column,
                                              cells[i].row, &worker.arena, &shape, &cell_m2, &err),
                          &err);
            if ((double)cells[i].persons / (cell_m2 / 1e6) > limits[l]) {
                persons += cells[i].share * (double)cells[i].persons;
                area_m2 += cells[i].share * cell_m2;
            }
        }
        assert_true(persons > 50);
        assert_close(part.persons, persons, 1e-6);
        assert_close(part.area_m2, area_m2, 0.05);
        assert_true(part.low <= persons && persons <= part.high);
        assert_int_equal(part.part.kind, GEOM_POLYGON);
    }
    worker_release(&worker);
    world_release(world);
}

static void test_fewer_persons_than_asked_are_not_cut_out(void **state)
{
    (void)state;
    struct fixture f;
    struct worker worker;
    struct dense_part part;
    struct err err;
    fixture_init(&f);
    fixture_grid(&f, 106.18, 38.42, 0.001, 40, 40, 0);
    fixture_cell(&f, 20, 20, 0.5f);
    struct geom zone = fixture_box(&f, 106.199, 38.398, 106.203, 38.402);
    struct world *world = fixture_world(&f, DAY);
    fixture_check(worker_init(&worker, 0, &err), &err);
    fixture_check(worker_fit(&worker, world, &err), &err);
    const struct density_question question = {
        .world = world, .worker = &worker, .zone = &zone, .least_persons = 1};
    fixture_check(density_part(&question, &worker.arena, &part, &err), &err);
    assert_close(part.persons, 0.5, 1e-9);
    assert_int_equal(part.part.kind, GEOM_NONE);
    worker_release(&worker);
    world_release(world);
}

static void test_grades_by_persons_on_both_sides_of_each_step(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    const struct parameters *p = &f.rules->parameters;
    assert_int_equal(density_grade(p, 0.99), 0);
    assert_int_equal(density_grade(p, 1), 3);
    assert_int_equal(density_grade(p, 29.99), 3);
    assert_int_equal(density_grade(p, 29.9999999999), 2); /* thirty, but for rounding */
    assert_int_equal(density_grade(p, 30), 2);
    assert_int_equal(density_grade(p, 99.99), 2);
    assert_int_equal(density_grade(p, 100), 1);
    assert_int_equal(density_grade(p, (double)NAN), 0);
    arena_release(&f.parts.arena);
}

static void test_coarse_cells_are_noted_with_the_narrowest_zone(void **state)
{
    (void)state;
    struct fixture f;
    struct crew crew;
    struct findings *findings;
    struct err err;
    fixture_init(&f);
    fixture_grid(&f, 106, 39, 0.1, 10, 10, 2000);
    struct zone *zone = fixture_add(&f, LAYER_ZONES, "Z1");
    zone->head.geom = fixture_box(&f, 106.42, 38.42, 106.43, 38.43);
    zone->class = 1;
    struct world *world = fixture_world(&f, DAY);
    fixture_check(crew_init(&crew, 1, &err), &err);
    fixture_check(findings_all(world, &crew, &findings, &err), &err);
    struct finding_sums sums = findings_sums(findings);
    assert_int_equal(sums.n_coarse, 1);
    assert_true(sums.coarse_cell_m > 8000 && sums.coarse_cell_m < 12000);
    assert_true(sums.coarse_radius_m > 500 && sums.coarse_radius_m < 600);
    assert_int_equal(sums.n, 1);
    world_set_findings(world, findings);
    const struct finding_list *list = findings_of(world, LAYER_ZONES, 0);
    assert_int_equal(finding_list_at(list, 0)->could_be, 1); /* all 2,000 may live inside */
    assert_int_equal(finding_list_at(list, 0)->target_layer, LAYER_POPULATION);
    crew_release(&crew);
    world_release(world);
}

/* Two census areas of 1 km2 and a bit, one dense; the zone lies half in each. */
static void test_areas_of_a_census_are_cells_of_their_own_shape(void **state)
{
    (void)state;
    struct fixture f;
    struct worker worker;
    struct arena arena;
    struct err err;
    fixture_init(&f);
    struct census_area *dense = fixture_add(&f, LAYER_CENSUS, "dense");
    dense->persons = 4000;
    dense->head.geom = fixture_box(&f, 106.20, 38.40, 106.21, 38.41);
    struct census_area *empty = fixture_add(&f, LAYER_CENSUS, "empty");
    empty->persons = 100;
    empty->head.geom = fixture_box(&f, 106.21, 38.40, 106.22, 38.41);
    struct geom zone = fixture_box(&f, 106.205, 38.402, 106.215, 38.404);
    struct geom half = fixture_box(&f, 106.205, 38.402, 106.21, 38.404);
    double dense_m2 = ellipsoid_area_m2(&dense->head.geom);
    struct world *world = fixture_world(&f, DAY);
    arena_init(&arena, 0);
    fixture_check(worker_init(&worker, 0, &err), &err);
    struct density_question question = {
        .world = world, .worker = &worker, .zone = &zone, .above_km2 = 300, .least_persons = 1};
    struct dense_part part;
    fixture_check(density_part(&question, &arena, &part, &err), &err);
    double inside_m2 = ellipsoid_area_m2(&half);
    assert_close(part.persons, 4000 * inside_m2 / dense_m2, 1e-6);
    assert_true(part.low == 0 && part.high == 4000);
    assert_close(part.area_m2, inside_m2, 1e-3);
    double persons = part.persons;
    fixture_check(density_persons(&question, &arena, &part, &err), &err);
    assert_true(part.persons == persons && part.part.kind == GEOM_NONE);
    question.above_km2 = 1e6;
    fixture_check(density_part(&question, &arena, &part, &err), &err);
    assert_true(part.persons == 0 && part.part.kind == GEOM_NONE);
    worker_release(&worker);
    arena_release(&arena);
    world_release(world);
}

/* Of a lethal zone over people of a grid, or of one census area. */
static void reason_names_the_parts(bool census, const char *parts, const char *not_these)
{
    struct fixture f;
    struct worker worker;
    struct arena arena;
    struct crew crew;
    struct findings *findings;
    struct err err;
    struct conflict *rows;
    size_t n;
    fixture_init(&f);
    if (census) {
        struct census_area *area = fixture_add(&f, LAYER_CENSUS, "dense");
        area->persons = 4000;
        area->head.geom = fixture_box(&f, 106.20, 38.40, 106.21, 38.41);
    } else {
        fixture_grid(&f, 106.20, 38.41, 0.001, 10, 10, 40);
    }
    struct zone *zone = fixture_add(&f, LAYER_ZONES, "Z1");
    zone->head.geom = fixture_box(&f, 106.202, 38.402, 106.208, 38.408);
    zone->class = 1;
    struct world *world = fixture_world(&f, DAY);
    arena_init(&arena, 0);
    fixture_check(worker_init(&worker, 0, &err), &err);
    fixture_check(crew_init(&crew, 1, &err), &err);
    fixture_check(findings_all(world, &crew, &findings, &err), &err);
    world_set_findings(world, findings);
    fixture_check(assess_conflicts(world, &worker, &arena, &rows, &n, &err), &err);
    assert_int_equal(n, 1);
    assert_string_equal(rows[0].verdict, "conflict");
    assert_non_null(strstr(rows[0].reason, parts));
    assert_null(strstr(rows[0].reason, not_these));
    crew_release(&crew);
    worker_release(&worker);
    arena_release(&arena);
    world_release(world);
}

static void test_a_reason_says_cells_of_a_grid_and_areas_of_a_census(void **state)
{
    (void)state;
    reason_names_the_parts(false, "live in cells denser than", "census");
    reason_names_the_parts(true, "live in census areas denser than", "cells");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conflict_part_holds_the_persons_of_the_dense_cells),
        cmocka_unit_test(test_fewer_persons_than_asked_are_not_cut_out),
        cmocka_unit_test(test_grades_by_persons_on_both_sides_of_each_step),
        cmocka_unit_test(test_coarse_cells_are_noted_with_the_narrowest_zone),
        cmocka_unit_test(test_areas_of_a_census_are_cells_of_their_own_shape),
        cmocka_unit_test(test_a_reason_says_cells_of_a_grid_and_areas_of_a_census),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
