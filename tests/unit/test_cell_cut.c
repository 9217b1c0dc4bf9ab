/* test_cell_cut.c - random polygons cut by random sets of cells, against GEOS. */
#include "tests/unit/world_fixture.h"

#include "geo/measure/cell_cut.h"
#include "geo/measure/overlay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROWS = 19, COLUMNS = 24, CELLS = ROWS * COLUMNS, MOST_VERTICES = 120 };

static const struct grid GRID = {.n_columns = 100,
                                 .n_rows = 100,
                                 .west = 106,
                                 .north = 39,
                                 .cell_width = 0.01,
                                 .cell_height = 0.0075,
                                 .geographic = true};

struct cutting {
    struct arena arena;
    struct overlay *overlay;
    size_t n_cut, n_parts, n_holes, n_empty;
    size_t n_begun; /* rings that begin where those of GEOS do */
};

static int start(void **state)
{
    static struct cutting fixture;
    struct err err;
    fixture = (struct cutting){.overlay = NULL};
    arena_init(&fixture.arena, 0);
    *state = &fixture;
    return overlay_new(&fixture.overlay, &err) == ERR_OK ? 0 : -1;
}

static int stop(void **state)
{
    struct cutting *fixture = *state;
    overlay_free(fixture->overlay);
    arena_release(&fixture->arena);
    return 0;
}

static double uniform(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (double)(*seed >> 11) / 9007199254740992.0;
}

static struct cell_set set_of(const bool *in)
{
    return (struct cell_set){&GRID, 30, 40, ROWS, COLUMNS, in};
}

/* A star about a place in the window, or beyond its edge: simple, with spikes and bays. */
static struct geom star(uint64_t *seed, struct arena *arena)
{
    struct lonlat points[MOST_VERTICES];
    uint32_t n = 3 + (uint32_t)(uniform(seed) * (MOST_VERTICES - 3));
    double lon_deg = 106.38 + 0.28 * uniform(seed), lat_deg = 38.6 + 0.19 * uniform(seed);
    double size = 0.002 + 0.12 * uniform(seed) * uniform(seed), rough = uniform(seed);
    struct geom geom;
    for (uint32_t i = 0; i < n; i++) {
        double turn = 2 * acos(-1.0) * (i + 0.5 * uniform(seed)) / n;
        double radius = size * (1 - rough * uniform(seed));
        points[i] = (struct lonlat){lon_deg + radius * cos(turn), lat_deg + radius * sin(turn)};
    }
    assert_int_equal(geom_of_ring(points, n, arena, &geom, NULL), ERR_OK);
    return geom;
}

static int by_place(const void *a, const void *b)
{
    const struct lonlat *p = a, *q = b;
    if (fabs(p->lon_deg - q->lon_deg) > 1e-10)
        return p->lon_deg < q->lon_deg ? -1 : 1;
    return (p->lat_deg > q->lat_deg + 1e-10) - (p->lat_deg < q->lat_deg - 1e-10);
}

/* The vertices of all rings, each once, in order. */
static struct lonlat *vertices_of(const struct geom *geom, struct arena *arena, size_t *n)
{
    struct lonlat *all = arena_new(arena, struct lonlat, geom->n_points);
    *n = 0;
    for (uint32_t ring = 0; ring < geom->n_rings; ring++)
        for (uint32_t i = geom_ring_start(geom, ring); i + 1 < geom->ring_ends[ring]; i++)
            all[(*n)++] = geom->points[i];
    qsort(all, *n, sizeof *all, by_place);
    return all;
}

/* Rings of the first that are rings of the second, from the same vertex on. */
static size_t count_begun(const struct geom *cut, const struct geom *overlay)
{
    size_t n_begun = 0;
    for (uint32_t i = 0; i < cut->n_rings; i++) {
        const struct lonlat *p = &cut->points[geom_ring_start(cut, i)];
        bool found = false;
        for (uint32_t k = 0; k < overlay->n_rings && !found; k++) {
            const struct lonlat *q = &overlay->points[geom_ring_start(overlay, k)];
            found = by_place(&p[0], &q[0]) == 0 && by_place(&p[1], &q[1]) == 0;
        }
        n_begun += found;
    }
    return n_begun;
}

static double area_of(const struct geom *geom)
{
    double area = 0;
    for (uint32_t ring = 0; ring < geom->n_rings; ring++)
        for (uint32_t i = geom_ring_start(geom, ring); i + 1 < geom->ring_ends[ring]; i++)
            area += (geom->points[i].lon_deg - 106.5) * (geom->points[i + 1].lat_deg - 38.7) -
                    (geom->points[i + 1].lon_deg - 106.5) * (geom->points[i].lat_deg - 38.7);
    return area / 2;
}

static void check_same(struct cutting *f, const struct geom *cut, const struct geom *overlay)
{
    struct err err;
    size_t n, n_overlay;
    assert_int_equal(cut->kind, overlay->kind);
    f->n_empty += cut->kind == GEOM_NONE;
    if (cut->kind == GEOM_NONE)
        return;
    assert_int_equal(cut->n_parts, overlay->n_parts);
    assert_int_equal(cut->n_rings, overlay->n_rings);
    struct lonlat *ours = vertices_of(cut, &f->arena, &n);
    struct lonlat *theirs = vertices_of(overlay, &f->arena, &n_overlay);
    assert_int_equal(n, n_overlay);
    for (size_t i = 0; i < n; i++) {
        assert_true(fabs(ours[i].lon_deg - theirs[i].lon_deg) < 1e-11);
        assert_true(fabs(ours[i].lat_deg - theirs[i].lat_deg) < 1e-11);
    }
    assert_true(fabs(area_of(cut) - area_of(overlay)) < 1e-13);
    fixture_check(overlay_check_valid(f->overlay, cut, &err), &err);
    f->n_begun += count_begun(cut, overlay);
    f->n_parts += cut->n_parts;
    f->n_holes += cut->n_rings - cut->n_parts;
}

static void check(struct cutting *f, const struct geom *polygon, const bool *in)
{
    const struct cell_set set = set_of(in);
    struct geom cut, outline, overlay;
    struct err err;
    bool done;
    fixture_check(cell_cut(polygon, &set, &f->arena, &cut, &done, &err), &err);
    if (!done)
        return;
    f->n_cut++;
    fixture_check(cell_outline(&set, &f->arena, &outline, &err), &err);
    fixture_check(overlay_intersection(f->overlay, polygon, &outline, &f->arena, &overlay, &err),
                  &err);
    check_same(f, &cut, &overlay);
}

static void test_cut_is_what_geos_gives(void **state)
{
    struct cutting *f = *state;
    enum { ROUNDS = 3000 };
    bool in[CELLS];
    uint64_t seed = 20261122;
    for (int round = 0; round < ROUNDS; round++) {
        struct arena_mark mark = arena_mark(&f->arena);
        double share = round % 11 / 10.0;
        for (size_t i = 0; i < CELLS; i++)
            in[i] = uniform(&seed) < share;
        struct geom polygon = star(&seed, &f->arena);
        check(f, &polygon, in);
        arena_rewind(&f->arena, mark);
    }
    /* Nearly all are in general position, and there was something to cut. */
    assert_true(f->n_cut > ROUNDS - 10);
    assert_true(f->n_parts > 10000);
    assert_int_equal(f->n_begun, f->n_parts + f->n_holes);
    assert_true(f->n_holes > 800);
    assert_true(f->n_empty > 100);
}

static void test_cut_of_cells_that_meet_at_corners(void **state)
{
    struct cutting *f = *state;
    bool in[CELLS];
    uint64_t seed = 77;
    for (int round = 0; round < 200; round++) {
        struct arena_mark mark = arena_mark(&f->arena);
        for (size_t i = 0; i < CELLS; i++)
            in[i] = (i / COLUMNS + i % COLUMNS) % 2 == 0 || uniform(&seed) < 0.3;
        struct geom polygon = star(&seed, &f->arena);
        check(f, &polygon, in);
        arena_rewind(&f->arena, mark);
    }
    assert_int_equal(f->n_cut, 200);
    assert_int_equal(f->n_begun, f->n_parts + f->n_holes);
    assert_true(f->n_holes > 100);
}

/* A box of cells, moved by so much: its corners and sides lie on lines of the grid or do not. */
static bool is_done(struct cutting *f, double by_deg)
{
    bool in[CELLS];
    struct geom box, cut;
    struct err err;
    bool done;
    double west = GRID.west + 45 * GRID.cell_width + by_deg;
    double north = GRID.north - 35 * GRID.cell_height - by_deg;
    double east = GRID.west + 50 * GRID.cell_width + by_deg;
    double south = GRID.north - 40 * GRID.cell_height - by_deg;
    struct lonlat ring[4] = {{west, south}, {east, south}, {east, north}, {west, north}};
    for (size_t i = 0; i < CELLS; i++)
        in[i] = i % 3 > 0;
    const struct cell_set set = set_of(in);
    fixture_check(geom_of_ring(ring, 4, &f->arena, &box, &err), &err);
    fixture_check(cell_cut(&box, &set, &f->arena, &cut, &done, &err), &err);
    assert_true(done || cut.kind == GEOM_NONE);
    if (done)
        check(f, &box, in);
    return done;
}

static void test_what_lies_on_lines_of_the_grid_is_left_to_the_overlay(void **state)
{
    struct cutting *f = *state;
    assert_false(is_done(f, 0));
    assert_true(is_done(f, 1e-9));
    assert_true(is_done(f, 0.003));
}

static void test_edges_through_corners_are_left_to_the_overlay(void **state)
{
    struct cutting *f = *state;
    bool in[CELLS] = {false};
    struct geom triangle, cut;
    struct err err;
    bool done;
    /* An edge whose middle is a corner of cells. */
    double lon_deg = GRID.west + 45 * GRID.cell_width, lat_deg = GRID.north - 35 * GRID.cell_height;
    struct lonlat ring[3] = {{lon_deg - 1.0 / 512, lat_deg - 1.0 / 1024},
                             {lon_deg + 0.3, lat_deg - 0.1},
                             {lon_deg + 1.0 / 512, lat_deg + 1.0 / 1024}};
    in[5 * COLUMNS + 5] = in[5 * COLUMNS + 4] = true;
    const struct cell_set set = set_of(in);
    fixture_check(geom_of_ring(ring, 3, &f->arena, &triangle, &err), &err);
    fixture_check(cell_cut(&triangle, &set, &f->arena, &cut, &done, &err), &err);
    assert_false(done);
    assert_int_equal(cut.kind, GEOM_NONE);
}

static void test_polygons_of_several_rings_are_left_to_the_overlay(void **state)
{
    struct cutting *f = *state;
    bool in[CELLS] = {[30] = true};
    const struct cell_set set = set_of(in);
    struct geom outline, cut;
    struct err err;
    bool done;
    in[40] = true;
    fixture_check(cell_outline(&set, &f->arena, &outline, &err), &err);
    assert_int_equal(outline.n_rings, 2);
    fixture_check(cell_cut(&outline, &set, &f->arena, &cut, &done, &err), &err);
    assert_false(done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cut_is_what_geos_gives, start, stop),
        cmocka_unit_test_setup_teardown(test_cut_of_cells_that_meet_at_corners, start, stop),
        cmocka_unit_test_setup_teardown(test_what_lies_on_lines_of_the_grid_is_left_to_the_overlay,
                                        start, stop),
        cmocka_unit_test_setup_teardown(test_edges_through_corners_are_left_to_the_overlay, start,
                                        stop),
        cmocka_unit_test_setup_teardown(test_polygons_of_several_rings_are_left_to_the_overlay,
                                        start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
