/* test_population.c - people by census areas: shares of area, gaps, overlaps, and a grid first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/world_fixture.h"

#include "geo/world/near.h"
#include "geo/measure/overlay.h"

struct town {
    struct fixture f;
    struct world *world;
    struct worker worker;
    struct arena arena;
};

static void add_area(struct town *town, const char *id, double persons, struct geom geom)
{
    struct census_area *area = fixture_add(&town->f, LAYER_CENSUS, id);
    area->persons = persons;
    area->head.geom = geom;
}

/* Two neighbours, a gap of 0.1 degree, and a third with a fourth over its western half. */
static void found(struct town *town)
{
    struct fixture *f = &town->f;
    *town = (struct town){.world = NULL};
    fixture_init(f);
    arena_init(&town->arena, 0);
    assert_int_equal(worker_init(&town->worker, 0, NULL), ERR_OK);
    add_area(town, "A", 1000, fixture_box(f, 106, 38, 106.1, 38.1));
    add_area(town, "B", 50, fixture_box(f, 106.1, 38, 106.2, 38.1));
    add_area(town, "C", 400, fixture_box(f, 106.3, 38, 106.4, 38.1));
    add_area(town, "D", 100, fixture_box(f, 106.3, 38, 106.35, 38.1));
}

static void leave(struct town *town)
{
    world_release(town->world);
    worker_release(&town->worker);
    arena_release(&town->arena);
}

static struct exposure within(struct town *town, const struct geom *shape)
{
    struct exposure exposure;
    struct err err;
    size_t before = town->arena.used_bytes;
    enum err_code code =
        population_within(town->world, &town->worker, shape, &town->arena, &exposure, &err);
    if (code != ERR_OK)
        print_message("%s\n", err.message);
    assert_int_equal(code, ERR_OK);
    assert_int_equal(town->arena.used_bytes, before);
    return exposure;
}

static void test_census_counts_persons_by_share_of_area(void **state)
{
    (void)state;
    struct town town;
    found(&town);
    struct fixture *f = &town.f;
    struct geom area = fixture_box(f, 106, 38, 106.1, 38.1);
    struct geom half = fixture_box(f, 106.05, 37.9, 106.15, 38.2);
    struct geom wide = fixture_box(f, 105, 37, 107, 39);
    struct geom gap = fixture_box(f, 106.15, 38, 106.25, 38.1);
    struct geom twice = fixture_box(f, 106.25, 38, 106.35, 38.1);
    struct geom away = fixture_box(f, 110, 30, 111, 31);
    struct geom point = fixture_point(f, 106.05, 38.05);
    town.world = fixture_world(f, 20260601);
    assert_true(population_known(town.world));

    struct exposure exposure = within(&town, &area);
    double area_m2 = ellipsoid_area_m2(&area);
    assert_true(exposure.persons == 1000 && exposure.low == 1000 && exposure.high == 1000);
    assert_int_equal(exposure.cells, 1);
    assert_true(exposure.nodata_share == 0 && exposure.area_m2 == area_m2);
    assert_close(exposure.densest_km2, 1000 / area_m2 * 1e6, 1e-9);
    assert_close(exposure.cell_m, sqrt(area_m2), 1e-6);

    /* Halves by longitude are halves by area; the shape reaches beyond both to the north. */
    exposure = within(&town, &half);
    assert_close(exposure.persons, 525, 1e-9);
    assert_true(exposure.low == 0 && exposure.high == 1050);
    assert_int_equal(exposure.cells, 2);
    assert_close(exposure.nodata_share, 1 - ellipsoid_area_m2(&area) / ellipsoid_area_m2(&half),
                 1e-9);

    exposure = within(&town, &wide); /* where areas overlap, both count */
    assert_true(exposure.persons == 1550 && exposure.low == 1550);

    exposure = within(&town, &gap); /* half in B, half in no area: no data, not nobody */
    assert_close(exposure.persons, 25, 1e-9);
    assert_close(exposure.nodata_share, 0.5, 1e-9);

    exposure = within(&town, &twice); /* half in no area; over the other half lie two */
    assert_close(exposure.persons, 300, 1e-9);
    assert_close(exposure.nodata_share, 0.5, 1e-9);

    exposure = within(&town, &away);
    assert_true(exposure.persons == 0 && exposure.nodata_share == 1);
    exposure = within(&town, &point);
    assert_true(exposure.persons == 0 && exposure.area_m2 == 0 && exposure.nodata_share == 0);

    double per_km2;
    assert_int_equal(population_density(town.world, &town.worker, (struct lonlat){106.32, 38.05},
                                        &per_km2, NULL),
                     ERR_OK);
    assert_close(per_km2, (400 + 200) / area_m2 * 1e6, 1e-6);
    assert_int_equal(population_density(town.world, &town.worker, (struct lonlat){106.25, 38.05},
                                        &per_km2, NULL),
                     ERR_OK);
    assert_true(isnan(per_km2));
    leave(&town);
}

static double uniform(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (double)(*seed >> 11) / 9007199254740992.0;
}

static void test_census_adds_up_over_random_partitions_to_1e_9(void **state)
{
    (void)state;
    struct town town;
    uint64_t seed = 61;
    found(&town);
    struct fixture *f = &town.f;
    struct geom whole[20], west[20], east[20];
    for (int i = 0; i < 20; i++) {
        double n = 37.9 + 0.1 * uniform(&seed), s = 38.02 + 0.2 * uniform(&seed);
        double x = 106.01 + 0.35 * uniform(&seed);
        struct lonlat ring[] = {{105.9, n}, {106.45, n - 0.05}, {106.5, s}, {105.8, s + 0.03}};
        struct err err;
        fixture_check(geom_of_ring(ring, 4, &f->parts.arena, &whole[i], &err), &err);
        struct geom left = fixture_box(f, 100, 30, x, 45);
        fixture_check(overlay_intersection(town.worker.overlay, &whole[i], &left, &f->parts.arena,
                                           &west[i], &err),
                      &err);
        fixture_check(overlay_difference(town.worker.overlay, &whole[i], &left, &f->parts.arena,
                                         &east[i], &err),
                      &err);
    }
    town.world = fixture_world(f, 20260601);
    for (int i = 0; i < 20; i++) {
        double all = within(&town, &whole[i]).persons;
        double parts = within(&town, &west[i]).persons + within(&town, &east[i]).persons;
        assert_true(all > 10);
        assert_close(parts, all, 1e-9 * all);
    }
    leave(&town);
}

static void test_a_grid_answers_alone_beside_a_census(void **state)
{
    (void)state;
    struct town town;
    found(&town);
    fixture_grid(&town.f, 106, 38.1, 0.01, 10, 10, 2);
    struct geom area = fixture_box(&town.f, 106, 38, 106.1, 38.1);
    town.world = fixture_world(&town.f, 20260601);
    assert_close(within(&town, &area).persons, 200, 1e-9);
    leave(&town);
}

static void test_without_population_nobody_is_known(void **state)
{
    (void)state;
    struct town town = {.world = NULL};
    fixture_init(&town.f);
    arena_init(&town.arena, 0);
    assert_int_equal(worker_init(&town.worker, 0, NULL), ERR_OK);
    struct geom area = fixture_box(&town.f, 106, 38, 106.1, 38.1);
    town.world = fixture_world(&town.f, 20260601);
    assert_false(population_known(town.world));
    struct exposure exposure = within(&town, &area);
    assert_true(isnan(exposure.persons) && isnan(exposure.low) && isnan(exposure.high));
    assert_true(exposure.nodata_share == 1 && exposure.area_m2 == ellipsoid_area_m2(&area));
    leave(&town);
}

static void test_persons_near_a_plant_come_from_a_census_too(void **state)
{
    (void)state;
    struct town town;
    found(&town);
    struct geom plant = fixture_point(&town.f, 106.05, 38.05);
    town.world = fixture_world(&town.f, 20260601);
    struct exposure exposure;
    assert_int_equal(near_exposure(town.world, &town.worker, &plant, 1000, &exposure, NULL),
                     ERR_OK);
    double density = 1000 / ellipsoid_area_m2(world_geom(town.world, LAYER_CENSUS, 0));
    assert_close(exposure.persons, density * acos(-1.0) * 1e6, 1e-3);
    assert_true(exposure.low == 0 && exposure.high == 1000 && exposure.nodata_share == 0);
    leave(&town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_census_counts_persons_by_share_of_area),
        cmocka_unit_test(test_census_adds_up_over_random_partitions_to_1e_9),
        cmocka_unit_test(test_a_grid_answers_alone_beside_a_census),
        cmocka_unit_test(test_without_population_nobody_is_known),
        cmocka_unit_test(test_persons_near_a_plant_come_from_a_census_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
