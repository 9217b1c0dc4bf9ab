/* test_exposure_partition.c - exposures of parts are those of the whole: however a shape is cut,
 * whichever way its cells are summed, and on however many threads. */
#include "tests/unit/exposure_fixture.h"
#include "tests/unit/growth.h"

#include "geo/measure/ellipsoid.h"
#include "geo/measure/overlay.h"

#include <pthread.h>

/* ---- random partitions ---- */

struct cutting {
    const struct grid *grid;
    struct overlay *overlay;
    struct arena *arena;
    uint64_t seed;
    struct exposure sum;
    size_t n_parts;
};

/* A half plane, as a long rectangle on one side of a random line through the box. */
static struct geom half_plane(struct cutting *cutting, struct box box)
{
    double x = box.west_deg + uniform(&cutting->seed) * (box.east_deg - box.west_deg);
    double y = box.south_deg + uniform(&cutting->seed) * (box.north_deg - box.south_deg);
    double angle = 2 * M_PI * uniform(&cutting->seed);
    double c = 10 * cos(angle);
    double s = 10 * sin(angle);
    struct lonlat ring[] = {
        {x - c, y - s}, {x + c, y + s}, {x + c - s, y + s + c}, {x - c - s, y - s + c}};
    return polygon_of(ring, 4, cutting->arena);
}

static void cut(struct cutting *cutting, const struct geom *shape, int depth)
{
    if (shape->kind != GEOM_POLYGON)
        return;
    if (depth == 0) {
        struct exposure exposure = expose(cutting->grid, shape, cutting->arena);
        cutting->sum.persons += exposure.persons;
        cutting->sum.low += exposure.low;
        cutting->sum.high += exposure.high;
        cutting->sum.area_m2 += exposure.area_m2;
        cutting->n_parts++;
        return;
    }
    struct geom half = half_plane(cutting, shape->box);
    struct geom one;
    struct geom other;
    assert_int_equal(
        overlay_intersection(cutting->overlay, shape, &half, cutting->arena, &one, NULL), ERR_OK);
    assert_int_equal(
        overlay_difference(cutting->overlay, shape, &half, cutting->arena, &other, NULL), ERR_OK);
    cut(cutting, &one, depth - 1);
    cut(cutting, &other, depth - 1);
}

static void test_exposure_of_random_partitions_adds_up_to_1e_9(void **state)
{
    (void)state;
    struct overlay *overlay;
    uint64_t seed = 41;
    assert_int_equal(overlay_new(&overlay, NULL), ERR_OK);
    for (int i = 0; i < 60; i++) {
        struct arena arena;
        arena_init(&arena, 0);
        struct grid grid = random_grid(105.5, 39, 0.01, 300, 300, &seed, &arena);
        /* From a few cells to more than are summed in the plane. */
        struct geom whole = random_star(0.05 + 0.015 * i, 5 + (uint32_t)i, &seed, &arena);
        struct exposure all = expose(&grid, &whole, &arena);
        struct cutting cutting = {.grid = &grid, .overlay = overlay, .arena = &arena, .seed = seed};
        cut(&cutting, &whole, 1 + i % 6);
        seed = cutting.seed;
        assert_true(fabs(cutting.sum.persons - all.persons) <= 1e-9 * all.persons);
        assert_true(fabs(cutting.sum.area_m2 - all.area_m2) <= 1e-9 * all.area_m2);
        /* What is surely in a part is surely in the whole, and what may be, may be. */
        assert_true(cutting.sum.low <= all.low * (1 + 1e-12));
        assert_true(cutting.sum.high >= all.high * (1 - 1e-12));
        arena_release(&arena);
    }
    overlay_free(overlay);
}

/* ---- an oracle of its own: the share of a cell by Green's theorem in long double ---- */

/* Clips a ring at one side of a cell by Sutherland and Hodgman; axis 0: longitude. */
static size_t clip(const long double (*in)[2], size_t n, int axis, long double line, int side,
                   long double (*out)[2])
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        const long double *a = in[i];
        const long double *b = in[(i + 1) % n];
        bool a_in = side * (a[axis] - line) >= 0;
        bool b_in = side * (b[axis] - line) >= 0;
        if (a_in)
            memcpy(out[kept++], a, sizeof *out);
        if (a_in != b_in) {
            long double t = (line - a[axis]) / (b[axis] - a[axis]);
            out[kept][axis] = line;
            out[kept][!axis] = a[!axis] + t * (b[!axis] - a[!axis]);
            kept++;
        }
    }
    return kept;
}

/* Area over b2 of a ring in radians: minus the integral of the zone along it, by Simpson in
 * 64 pieces an edge. */
static long double zone(long double lat)
{
    const long double f = 1 / 298.257222101L;
    const long double e2 = f * (2 - f);
    const long double e = sqrtl(e2);
    long double s = sinl(lat);
    return (s / (1 - e2 * s * s) + atanhl(e * s) / e) / 2;
}

static long double area_of(const long double (*ring)[2], size_t n)
{
    enum { PIECES = 64 };
    const long double rad = acosl(-1) / 180;
    long double area = 0;
    for (size_t i = 0; i < n; i++) {
        const long double *a = ring[i];
        const long double *b = ring[(i + 1) % n];
        long double sum = 0;
        for (int k = 0; k <= PIECES; k++) {
            long double lat = (a[1] + (b[1] - a[1]) * k / PIECES) * rad;
            sum += (k == 0 || k == PIECES ? 1 : k % 2 ? 4 : 2) * (zone(lat) - zone(a[1] * rad));
        }
        area -= (b[0] - a[0]) * rad * (sum / (3 * PIECES) + zone(a[1] * rad));
    }
    return area;
}

static void test_exposure_is_that_of_long_arithmetic_in_every_cell(void **state)
{
    (void)state;
    uint64_t seed = 42;
    enum { CELLS = 24, MOST = 200 };
    static const double sizes[] = {1.0 / 1200, 0.01, 0.2};
    for (int round = 0; round < 12; round++) {
        struct arena arena;
        arena_init(&arena, 0);
        double cell = sizes[round % 3];
        struct grid grid =
            make_grid(106 - CELLS / 2 * cell, 38 + CELLS / 2 * cell, cell, CELLS, CELLS, &arena);
        uint32_t n = 3 + (uint32_t)round;
        struct lonlat ring[MOST];
        for (uint32_t i = 0; i < n; i++) {
            double r = cell * CELLS / 2 * (0.3 + 0.68 * uniform(&seed));
            ring[i] =
                (struct lonlat){106 + r * cos(2 * M_PI * i / n), 38 + r * sin(2 * M_PI * i / n)};
        }
        struct geom shape = polygon_of(ring, n, &arena);
        struct exposure_cell *cells;
        size_t n_cells;
        size_t at = 0;
        assert_int_equal(exposure_cells(&grid, NULL, &shape, &arena, &cells, &n_cells, NULL),
                         ERR_OK);
        for (uint32_t row = 0; row < CELLS; row++)
            for (uint32_t column = 0; column < CELLS; column++) {
                long double one[MOST][2];
                long double other[MOST][2];
                long double west = grid.west + column * (long double)cell;
                long double north = grid.north - row * (long double)cell;
                long double box[4][2] = {{west, north - cell},
                                         {west + cell, north - cell},
                                         {west + cell, north},
                                         {west, north}};
                for (uint32_t i = 0; i < n; i++) {
                    one[i][0] = ring[i].lon_deg;
                    one[i][1] = ring[i].lat_deg;
                }
                size_t left = clip((const long double(*)[2])one, n, 0, west, 1, other);
                left = clip((const long double(*)[2])other, left, 0, west + cell, -1, one);
                left = clip((const long double(*)[2])one, left, 1, north - cell, 1, other);
                left = clip((const long double(*)[2])other, left, 1, north, -1, one);
                double theirs = (double)(area_of((const long double(*)[2])one, left) /
                                         area_of((const long double(*)[2])box, 4));
                bool listed = at < n_cells && cells[at].row == row && cells[at].column == column;
                double ours = listed ? cells[at].share : 0;
                at += listed;
                assert_true(fabs(ours - theirs) < 2e-9);
            }
        assert_int_equal(at, n_cells);
        arena_release(&arena);
    }
}

/* ---- two ways to the same sums ---- */

static void test_exposure_of_a_prepared_grid_is_the_same_to_the_bit(void **state)
{
    (void)state;
    uint64_t seed = 43;
    struct arena arena;
    arena_init(&arena, 0);
    struct grid grid = random_grid(105.5, 39, 0.01, 300, 300, &seed, &arena);
    struct grid prepared = grid;
    assert_int_equal(exposure_prepare(&prepared, &arena, NULL), ERR_OK);
    assert_non_null(prepared.rows);
    for (int i = 0; i < 40; i++) {
        struct geom shape = random_star(0.02 * i + 0.01, 30, &seed, &arena);
        struct exposure a = expose(&grid, &shape, &arena);
        struct exposure b = expose(&prepared, &shape, &arena);
        assert_memory_equal(&a, &b, sizeof a);
    }
    arena_release(&arena);
}

static void test_exposure_of_small_and_large_boxes_sums_the_same_cells(void **state)
{
    (void)state;
    uint64_t seed = 44;
    struct arena arena;
    arena_init(&arena, 0);
    struct grid grid = random_grid(105.5, 39, 0.01, 300, 300, &seed, &arena);
    for (int i = 0; i < 20; i++) {
        struct geom small = random_star(0.2 + 0.015 * i, 40, &seed, &arena);
        /* The same with a far speck, whose box is too large for the plane. */
        struct geom both = small;
        struct lonlat *points = arena_new(&arena, struct lonlat, small.n_points + 4);
        uint32_t *rings = arena_new(&arena, uint32_t, 2);
        uint32_t *parts = arena_new(&arena, uint32_t, 2);
        memcpy(points, small.points, small.n_points * sizeof *points);
        static const struct lonlat speck[] = {
            {105.51, 36.01}, {105.52, 36.01}, {105.52, 36.02}, {105.51, 36.01}};
        memcpy(points + small.n_points, speck, sizeof speck);
        rings[0] = small.n_points;
        both.n_points = rings[1] = small.n_points + 4;
        parts[0] = 1;
        parts[1] = 2;
        both.points = points;
        both.ring_ends = rings;
        both.part_ends = parts;
        both.n_rings = both.n_parts = 2;
        both.box = box_of_points(points, both.n_points);
        struct geom alone = polygon_of(speck, 4, &arena);
        struct exposure a = expose(&grid, &small, &arena);
        struct exposure b = expose(&grid, &alone, &arena);
        struct exposure c = expose(&grid, &both, &arena);
        assert_true(fabs(a.persons + b.persons - c.persons) <= 1e-12 * c.persons);
        assert_true(a.low + b.low == c.low && a.high + b.high == c.high);
        assert_int_equal(a.cells + b.cells, c.cells);
    }
    arena_release(&arena);
}

/* ---- threads ---- */

enum { SHAPES = 200, THREADS = 4 };

struct crowd {
    const struct grid *grid;
    const struct geom *shapes;
    struct exposure out[SHAPES];
};

static void *expose_all(void *context)
{
    struct crowd *crowd = context;
    struct arena arena;
    arena_init(&arena, 0);
    for (int i = 0; i < SHAPES; i++)
        if (exposure_of(crowd->grid, NULL, &crowd->shapes[i], &arena, &crowd->out[i], NULL) !=
            ERR_OK)
            abort();
    arena_release(&arena);
    return NULL;
}

static void test_exposure_on_many_threads_is_that_on_one_to_the_bit(void **state)
{
    (void)state;
    uint64_t seed = 45;
    struct arena arena;
    arena_init(&arena, 0);
    struct grid grid = random_grid(105.5, 39, 0.01, 300, 300, &seed, &arena);
    assert_int_equal(exposure_prepare(&grid, &arena, NULL), ERR_OK);
    struct geom *shapes = arena_new(&arena, struct geom, SHAPES);
    for (int i = 0; i < SHAPES; i++)
        shapes[i] = random_star(0.005 * i + 0.01, 30, &seed, &arena);
    struct crowd *crowds = arena_new(&arena, struct crowd, THREADS + 1);
    pthread_t threads[THREADS];
    for (int i = 0; i <= THREADS; i++)
        crowds[i] = (struct crowd){.grid = &grid, .shapes = shapes};
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, expose_all, &crowds[i]), 0);
    expose_all(&crowds[THREADS]);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_memory_equal(crowds[i].out, crowds[THREADS].out, sizeof crowds[i].out);
    }
    arena_release(&arena);
}

/* ---- poles ---- */

static void test_exposure_over_a_pole_counts_every_meridian(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct grid grid = make_grid(-180, 90, 1, 360, 180, &arena);
    for (uint32_t column = 0; column < 360; column++)
        for (uint32_t row = 0; row < 180; row++)
            set_cell(&grid, column, row, row < 90 ? 2 : 3);
    struct geom cap = box_shape(-180, 80, 180, 90, &arena);
    struct exposure exposure = expose(&grid, &cap, &arena);
    assert_true(fabs(exposure.persons - 10 * 360 * 2) < 1e-9 * 7200);
    assert_int_equal(exposure.cells, 3600);
    assert_true(exposure.nodata_share == 0 && exposure.low == exposure.high);
    assert_true(fabs(exposure.area_m2 - 2 * M_PI * ellipsoid_zone_between_m2(80, 90)) < 1);
    struct geom world = box_shape(-180, -90, 180, 90, &arena);
    exposure = expose(&grid, &world, &arena);
    assert_true(fabs(exposure.persons - 90 * 360 * 5) < 1e-9 * 162000);
    assert_true(fabs(exposure.area_m2 / 5.10065621724e14 - 1) < 1e-10);
    arena_release(&arena);
}

/* ---- size ---- */

/* As many as a boundary at half a metre has; the circle's own area is known. */
static double expose_circle(const struct grid *grid, int n, struct arena *arena)
{
    struct lonlat *ring = arena_new(arena, struct lonlat, (size_t)n);
    for (int i = 0; i < n; i++) {
        double r = 0.5 + (i % 2 ? 1e-5 : -1e-5);
        ring[i] =
            (struct lonlat){106.2 + r * cos(2 * M_PI * i / n), 38 + r * sin(2 * M_PI * i / n)};
    }
    struct geom shape = polygon_of(ring, (size_t)n, arena);
    double start = growth_clock_s();
    struct exposure exposure = expose(grid, &shape, arena);
    double took = growth_clock_s() - start;
    /* One person a cell: as many as cells, which all have the same width and height. */
    assert_true(fabs(exposure.persons / (M_PI * 0.25 / 1e-6) - 1) < 1e-6);
    assert_true(exposure.nodata_share == 0 && exposure.low < exposure.persons);
    return took;
}

static void test_exposure_of_two_million_vertices_is_right_and_bounded(void **state)
{
    (void)state;
    enum { VERTICES = 2000000 };
    struct arena arena;
    arena_init(&arena, 0);
    struct grid grid = make_grid(105.5, 39, 0.001, 1500, 2000, &arena);
    for (uint32_t row = 0; row < 2000; row++)
        for (uint32_t column = 0; column < 1500; column++)
            set_cell(&grid, column, row, 1);
    double eighth = expose_circle(&grid, VERTICES / GROWTH_SHARE, &arena);
    growth_check("exposure of 2 million vertices", eighth, expose_circle(&grid, VERTICES, &arena));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exposure_of_random_partitions_adds_up_to_1e_9),
        cmocka_unit_test(test_exposure_is_that_of_long_arithmetic_in_every_cell),
        cmocka_unit_test(test_exposure_of_a_prepared_grid_is_the_same_to_the_bit),
        cmocka_unit_test(test_exposure_of_small_and_large_boxes_sums_the_same_cells),
        cmocka_unit_test(test_exposure_on_many_threads_is_that_on_one_to_the_bit),
        cmocka_unit_test(test_exposure_over_a_pole_counts_every_meridian),
        cmocka_unit_test(test_exposure_of_two_million_vertices_is_right_and_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
