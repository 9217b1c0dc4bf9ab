/* test_worker.c - a worker keeps a transformation that fits the world's population grid. */
#include "geo/world/worker.h"

#include "geo/measure/ellipsoid.h"
#include "geo/world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_worker_fits_one_grid_after_another(void **state)
{
    (void)state;
    struct worker worker;
    struct err err;
    struct world world = {0};
    double x;
    double y;
    assert_int_equal(worker_init(&worker, 1 << 20, &err), ERR_OK);
    assert_int_equal(worker_fit(&worker, &world, &err), ERR_OK);
    assert_null(worker.to_grid);
    world.population.n_columns = 10;
    world.population.crs = "ESRI:54009";
    assert_int_equal(worker_fit(&worker, &world, &err), ERR_OK);
    assert_non_null(worker.to_grid);
    assert_true(transform_forward(worker.to_grid, (struct lonlat){106, 38}, &x, &y));
    struct transform *kept = worker.to_grid;
    assert_int_equal(worker_fit(&worker, &world, &err), ERR_OK);
    assert_ptr_equal(worker.to_grid, kept);
    world.population.crs = "EPSG:4490";
    world.population.geographic = true;
    assert_int_equal(worker_fit(&worker, &world, &err), ERR_OK);
    assert_null(worker.to_grid);
    world.population.crs = "nowhere";
    world.population.geographic = false;
    assert_int_equal(worker_fit(&worker, &world, &err), ERR_INPUT);
    assert_non_null(strstr(err.message, "the population grid: CRS \"nowhere\""));
    assert_null(worker.to_grid);
    worker_release(&worker);
}

static void test_worker_reset_gives_the_requests_memory_back(void **state)
{
    (void)state;
    struct worker worker;
    assert_int_equal(worker_init(&worker, 1 << 20, NULL), ERR_OK);
    for (int request = 0; request < 100; request++) {
        assert_non_null(arena_alloc(&worker.arena, 900 << 10, 1));
        assert_null(arena_alloc(&worker.arena, 900 << 10, 1));
        worker_reset(&worker);
    }
    worker_release(&worker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worker_fits_one_grid_after_another),
        cmocka_unit_test(test_worker_reset_gives_the_requests_memory_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
