/* test_reach_tile.c - persons in unions of shapes, tile by tile, against the union by GEOS. */
#include "tests/unit/one_thread.h"
#include "tests/unit/world_fixture.h"

#include "geo/measure/overlay.h"
#include "geo/world/population.h"
#include "geo/grades/reach_tile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const int32_t DAY = 20260601;
static const double WEST = 106.0;
static const double SOUTH = 38.4;

enum { MOST_SHAPES = 64, CELLS = 120 };

static double next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 33) / (double)(1u << 31);
}

enum population { CELLS_OF_DEGREES, CELLS_OF_METRES, AREAS };

struct bench {
    struct fixture f;
    struct fixture side; /* for shapes made after the world took f's memory */
    struct world *world;
    struct worker worker;
    struct arena arena;
    double share; /* by which sums may differ */
    uint64_t seed;
    struct reach_shape shapes[MOST_SHAPES];
    size_t n;
    double most; /* persons in all */
};

/* Random persons in cells of 0.0007 degree or 80 m, some without data, over 0.084 degree. */
static void bench_init(struct bench *b, uint64_t seed, enum population population)
{
    struct err err;
    memset(b, 0, sizeof *b);
    b->seed = seed;
    /* Edges are cut to follow the grid within a centimetre, here and there in other places. */
    b->share = population == CELLS_OF_METRES ? 1e-5 : 1e-7;
    fixture_init(&b->f);
    arena_init(&b->side.parts.arena, 0);
    if (population == AREAS) {
        for (int i = 0; i < 9; i++) {
            char id[8];
            snprintf(id, sizeof id, "C%d", i);
            struct census_area *area = fixture_add(&b->f, LAYER_CENSUS, id);
            double west = WEST + 0.027 * (i % 3);
            double south = SOUTH + 0.027 * (i / 3);
            area->head.geom = fixture_box(&b->f, west, south, west + 0.027, south + 0.027);
            area->persons = i == 4 ? 0 : 1000 * next_random(&b->seed);
        }
    } else {
        if (population == CELLS_OF_METRES) {
            fixture_grid(&b->f, 587000, 4260500, 80, CELLS, CELLS, 0); /* of 106 E, 38.484 N */
            b->f.parts.population.crs = "EPSG:32648";
            b->f.parts.population.geographic = false;
        } else {
            fixture_grid(&b->f, WEST, SOUTH + 0.084, 0.0007, CELLS, CELLS, 0);
        }
        for (uint32_t row = 0; row < CELLS; row++) {
            for (uint32_t column = 0; column < CELLS; column++)
                fixture_cell(&b->f, column, row,
                             next_random(&b->seed) < 0.05 ? NAN
                                                          : (float)(9 * next_random(&b->seed)));
        }
    }
    b->world = fixture_world(&b->f, DAY);
    arena_init(&b->arena, 0);
    fixture_check(worker_init(&b->worker, 0, &err), &err);
    fixture_check(worker_fit(&b->worker, b->world, &err), &err);
}

static void bench_release(struct bench *b)
{
    worker_release(&b->worker);
    arena_release(&b->side.parts.arena);
    arena_release(&b->arena);
    world_release(b->world);
}

static void add(struct bench *b, const struct geom *geom)
{
    struct geom *kept = arena_new(&b->arena, struct geom, 1);
    *kept = *geom;
    int32_t grade = 1 + (int32_t)(4 * next_random(&b->seed));
    int32_t could_be = 1 + (int32_t)(grade * next_random(&b->seed));
    b->shapes[b->n++] = (struct reach_shape){kept, reach_sets(grade, could_be)};
}

static struct geom star(struct bench *b, double lon, double lat, double radius_deg, int corners)
{
    struct lonlat ring[256];
    struct err err;
    struct geom geom;
    for (int i = 0; i < corners; i++) {
        double r = radius_deg * (0.5 + 0.5 * next_random(&b->seed));
        ring[i] = (struct lonlat){lon + r * cos(2 * M_PI * i / corners),
                                  lat + r * sin(2 * M_PI * i / corners)};
    }
    fixture_check(geom_of_ring(ring, (size_t)corners, &b->side.parts.arena, &geom, &err), &err);
    return geom;
}

/* Persons in the union of a set's shapes, inside the unit if there is one, by GEOS. */
static double plain(struct bench *b, size_t set, const struct geom *unit)
{
    const struct geom *shapes[MOST_SHAPES];
    struct geom all = {.kind = GEOM_NONE};
    struct geom part;
    struct exposure exposure = {.persons = 0};
    struct err err;
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        if (b->shapes[i].sets >> set & 1)
            shapes[n++] = b->shapes[i].geom;
    }
    if (n == 0)
        return 0;
    fixture_check(overlay_union(b->worker.overlay, shapes, n, &b->arena, &all, &err), &err);
    part = all;
    if (unit)
        fixture_check(overlay_intersection(b->worker.overlay, unit, &all, &b->arena, &part, &err),
                      &err);
    if (part.kind == GEOM_POLYGON)
        fixture_check(population_within(b->world, &b->worker, &part, &b->arena, &exposure, &err),
                      &err);
    return exposure.persons;
}

enum { MOST_TOUCHES = 4096 };

struct touches {
    struct reach_touch items[MOST_TOUCHES];
    size_t n;
    uint32_t covered;
};

static void touch(struct bench *b, struct tile_walk *walk, const struct reach_shape *shape,
                  uint32_t number, struct tile tile, struct touches *out)
{
    struct err err;
    int32_t winding;
    fixture_check(tiles_walk(walk, shape->geom, &err), &err);
    const struct tile_part *part = tiles_part(walk, tile, &winding);
    (void)b;
    if (!part || !part->has_edges) {
        if (winding > 0 && shape->sets)
            out->covered |= shape->sets;
        else if (winding > 0)
            out->items[out->n++] = (struct reach_touch){number, winding, 0, 0};
        return;
    }
    for (uint32_t i = 0; i < part->n_runs; i++) {
        const struct tile_run *run = &walk->runs[part->first_run + i];
        assert_true(out->n < MOST_TOUCHES);
        out->items[out->n++] = (struct reach_touch){number, winding, run->first, run->n};
    }
}

/* The same, tile by tile. */
static void by_tiles(struct bench *b, const struct geom *unit, double persons[ARRANGE_SETS])
{
    static struct touches touches;
    static struct touches frame;
    struct tile_walk walk;
    struct err err;
    int64_t sums[ARRANGE_SETS] = {0};
    fixture_check(tiles_init(&walk, 0.01, &b->arena, &err), &err);
    for (int32_t row = 3838; row < 3852; row++) {
        for (int32_t column = 10598; column < 10612; column++) {
            struct tile tile = {column, row};
            touches.n = frame.n = 0;
            touches.covered = 0;
            for (size_t i = 0; i < b->n; i++)
                touch(b, &walk, &b->shapes[i], (uint32_t)i, tile, &touches);
            if (unit)
                touch(b, &walk, &(struct reach_shape){unit, 0}, 0, tile, &frame);
            if (unit && frame.n == 0)
                continue; /* outside */
            struct reach_persons found;
            const struct reach_question question = {.world = b->world,
                                                    .worker = &b->worker,
                                                    .tile = tile,
                                                    .shapes = b->shapes,
                                                    .touches = touches.items,
                                                    .n_touches = touches.n,
                                                    .covered = touches.covered,
                                                    .unit = unit,
                                                    .unit_touches = frame.items,
                                                    .n_unit_touches = frame.n};
            fixture_check(reach_in_tile(&question, &found, &err), &err);
            for (size_t i = 0; i < ARRANGE_SETS; i++)
                sums[i] += found.parts[i];
        }
    }
    for (size_t i = 0; i < ARRANGE_SETS; i++)
        persons[i] = (double)sums[i] / REACH_PARTS;
}

static void check(struct bench *b, const struct geom *unit)
{
    double persons[ARRANGE_SETS];
    by_tiles(b, unit, persons);
    for (size_t i = 0; i < ARRANGE_SETS; i++) {
        double expected = plain(b, i, unit);
        if (fabs(persons[i] - expected) > b->share * expected + 1e-6)
            fprintf(stderr, "set %zu: %.9f, by GEOS %.9f\n", i, persons[i], expected);
        assert_close(persons[i], expected, b->share * expected + 1e-6);
    }
}

static void test_random_stars_count_as_their_union(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct bench b;
        bench_init(&b, seed, CELLS_OF_DEGREES);
        for (int i = 0; i < 30; i++) {
            double size = 0.001 + 0.02 * next_random(&b.seed) * next_random(&b.seed);
            struct geom geom =
                star(&b, WEST + 0.09 * next_random(&b.seed), SOUTH + 0.09 * next_random(&b.seed),
                     size, 5 + (int)(60 * next_random(&b.seed)));
            add(&b, &geom);
        }
        struct geom unit = star(&b, WEST + 0.04, SOUTH + 0.05, 0.05, 200);
        check(&b, NULL);
        check(&b, &unit);
        bench_release(&b);
    }
}

/* Corners on a coarse lattice, tile sides among its lines: edges coincide, overlap in part,
 * touch in points and run along tiles. */
static void test_shapes_with_shared_edges_count_as_their_union(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct bench b;
        bench_init(&b, seed, CELLS_OF_DEGREES);
        for (int i = 0; i < 25; i++) {
            double west = WEST + 0.0025 * floor(30 * next_random(&b.seed));
            double south = SOUTH + 0.0025 * floor(30 * next_random(&b.seed));
            double width = 0.0025 * ceil(6 * next_random(&b.seed));
            double height = 0.0025 * ceil(6 * next_random(&b.seed));
            struct lonlat corners[4] = {{west, south},
                                        {west + width, south},
                                        {west + width, south + height},
                                        {west, south + height}};
            struct geom geom;
            struct err err;
            size_t left_out = i % 3 ? 4 : (size_t)(4 * next_random(&b.seed));
            struct lonlat ring[4];
            size_t n = 0;
            for (size_t k = 0; k < 4; k++) {
                if (k != left_out)
                    ring[n++] = corners[k];
            }
            fixture_check(geom_of_ring(ring, n, &b.side.parts.arena, &geom, &err), &err);
            add(&b, &geom);
            if (i % 5 == 0)
                add(&b, &geom); /* the same again, graded otherwise */
        }
        struct geom unit =
            fixture_box(&b.side, WEST + 0.01, SOUTH + 0.005, WEST + 0.06, SOUTH + 0.0525);
        check(&b, NULL);
        check(&b, &unit);
        bench_release(&b);
    }
}

/* Contours inside each other, many times over, holes, and parts that meet along an edge. */
static void test_nested_and_multiple_shapes_count_as_their_union(void **state)
{
    (void)state;
    struct bench b;
    struct err err;
    bench_init(&b, 5, CELLS_OF_DEGREES);
    for (int i = 0; i < 12; i++) {
        struct geom outer = star(&b, WEST + 0.03, SOUTH + 0.03, 0.02, 64);
        struct geom inner = star(&b, WEST + 0.03, SOUTH + 0.03, 0.009, 40);
        struct geom ring;
        fixture_check(overlay_difference(b.worker.overlay, &outer, &inner, &b.arena, &ring, &err),
                      &err);
        add(&b, i % 2 ? &outer : &ring);
    }
    struct geom unit;
    struct geom east = fixture_box(&b.side, WEST + 0.033, SOUTH, WEST + 0.05, SOUTH + 0.0333);
    struct geom west = fixture_box(&b.side, WEST, SOUTH + 0.0333, WEST + 0.04, SOUTH + 0.07);
    const struct geom *both[] = {&east, &west};
    fixture_check(overlay_union(b.worker.overlay, both, 2, &b.arena, &unit, &err), &err);
    check(&b, NULL);
    check(&b, &unit);
    bench_release(&b);
}

static void test_a_census_counts_as_the_union_does(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, 9, AREAS);
    for (int i = 0; i < 20; i++) {
        struct geom geom = star(&b, WEST + 0.09 * next_random(&b.seed),
                                SOUTH + 0.09 * next_random(&b.seed), 0.012, 30);
        add(&b, &geom);
    }
    struct geom unit = star(&b, WEST + 0.04, SOUTH + 0.05, 0.05, 100);
    check(&b, NULL);
    check(&b, &unit);
    bench_release(&b);
}

/* Cells of a projected CRS stand askew to the tiles. */
static void test_cells_in_metres_count_as_the_union_does(void **state)
{
    (void)state;
    for (uint64_t seed = 21; seed <= 24; seed++) {
        struct bench b;
        bench_init(&b, seed, CELLS_OF_METRES);
        for (int i = 0; i < 25; i++) {
            struct geom geom =
                star(&b, WEST + 0.09 * next_random(&b.seed), SOUTH + 0.09 * next_random(&b.seed),
                     0.002 + 0.015 * next_random(&b.seed), 5 + (int)(60 * next_random(&b.seed)));
            add(&b, &geom);
        }
        struct geom unit = star(&b, WEST + 0.04, SOUTH + 0.05, 0.05, 200);
        assert_true(plain(&b, 5, NULL) > 1000);
        check(&b, NULL);
        check(&b, &unit);
        bench_release(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_stars_count_as_their_union),
        cmocka_unit_test(test_shapes_with_shared_edges_count_as_their_union),
        cmocka_unit_test(test_nested_and_multiple_shapes_count_as_their_union),
        cmocka_unit_test(test_a_census_counts_as_the_union_does),
        cmocka_unit_test(test_cells_in_metres_count_as_the_union_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
