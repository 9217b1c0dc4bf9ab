/* Mending of rings in a tile: whatever goes in, what comes out is valid to GEOS and covers what it
 * should; borders stay shared; the work is bounded. */
#include "tests/unit/growth.h"
#include "tests/unit/mvt_valid.h"
#include "tiler/vector/clip.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct clip clip;
static struct mvt_valid valid;
static uint64_t seed = 7;

static int set_up(void **state)
{
    struct err err;
    (void)state;
    mvt_valid_init(&valid);
    return clip_init(&clip, -64, 4160, &err) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    clip_release(&clip);
    mvt_valid_release(&valid);
    return 0;
}

/* Knuth's generator, so that a failure comes again. */
static double share(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(seed >> 11) / 9007199254740992.0;
}

static int64_t below(int64_t n)
{
    return (int64_t)(share() * (double)n);
}

/* What came out, as GEOS has it; it must be valid. The caller destroys it. */
static GEOSGeometry *taken(const char *what, int i)
{
    assert_false(clip.failed);
    GEOSGeometry *out = mvt_polygons_of(&valid, clip.points, clip.ends, clip.n_rings);
    if (GEOSisValid_r(valid.geos, out) != 1)
        fail_msg("%s %d: %s", what, i, GEOSisValidReason_r(valid.geos, out));
    return out;
}

static double area_of(const GEOSGeometry *shape)
{
    double area = 0;
    GEOSArea_r(valid.geos, shape, &area);
    return area;
}

static void test_noise_comes_out_valid(void **state)
{
    (void)state;
    static const int64_t spans[] = {4, 12, 60, 400, 5000};
    struct clip_point points[200];
    for (int i = 0; i < 20000; i++) {
        int64_t span = spans[i % 5], x = below(4400) - 200, y = below(4400) - 200;
        int n_rings = 1 + (int)below(4);
        clip_begin(&clip);
        for (int ring = 0; ring < n_rings; ring++) {
            size_t n = 3 + (size_t)below(i % 50 == 0 ? 190 : 12);
            for (size_t k = 0; k < n; k++)
                points[k] = (struct clip_point){x + below(span), y + below(span)};
            clip_ring(&clip, points, n);
        }
        clip_polygon_end(&clip);
        GEOSGeom_destroy_r(valid.geos, taken("noise", i));
    }
}

/* Rectangles of whole units are what they are: the union comes out to the unit. */
static void test_overlapping_parts_come_out_as_their_union(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        int n = 2 + (int)below(30);
        GEOSGeometry *parts[40];
        clip_begin(&clip);
        for (int k = 0; k < n; k++) {
            int64_t x = below(400), y = below(400), w = 1 + below(120), h = 1 + below(120);
            struct clip_point ring[] = {{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}};
            parts[k] = GEOSGeom_createRectangle_r(valid.geos, (double)x, (double)y, (double)(x + w),
                                                  (double)(y + h));
            clip_ring(&clip, ring, 4);
        }
        clip_polygon_end(&clip);
        GEOSGeometry *all =
            GEOSGeom_createCollection_r(valid.geos, GEOS_MULTIPOLYGON, parts, (unsigned)n);
        GEOSGeometry *wanted = GEOSUnaryUnion_r(valid.geos, all), *out = taken("union", i);
        assert_true(area_of(wanted) == area_of(out));
        GEOSGeom_destroy_r(valid.geos, all);
        GEOSGeom_destroy_r(valid.geos, wanted);
        GEOSGeom_destroy_r(valid.geos, out);
    }
}

/* A thin star-shaped ring whose arms cross once rounded. */
static void test_what_rounding_broke_keeps_its_area(void **state)
{
    (void)state;
    size_t n_broken = 0;
    for (int i = 0; i < 5000; i++) {
        struct clip_point ring[64];
        double x = 200 + share() * 3600, y = 200 + share() * 3600, most = 3 + share() * 120;
        size_t n = 16 + (size_t)below(48);
        double length = 0;
        for (size_t k = 0; k < n; k++) {
            double angle = 2 * M_PI * ((double)k + share()) / (double)n;
            double radius = most * (k % 2 ? 0.1 : 0.2 + 0.8 * share());
            ring[k] = (struct clip_point){(int64_t)floor(x + radius * cos(angle) + 0.5),
                                          (int64_t)floor(y + radius * sin(angle) + 0.5)};
        }
        struct mvt_point points[64];
        size_t end = n;
        for (size_t k = 0; k < n; k++) {
            points[k] = (struct mvt_point){(int32_t)ring[k].x, (int32_t)ring[k].y};
            length += hypot((double)(ring[k].x - ring[(k + 1) % n].x),
                            (double)(ring[k].y - ring[(k + 1) % n].y));
        }
        bool sound = clip_are_sound(&clip, points, &end, 1);
        GEOSGeometry *in = mvt_polygons_of(&valid, points, &end, 1);
        bool was_valid = GEOSisValid_r(valid.geos, in) == 1;
        if (sound)
            assert_true(was_valid);
        if (clip_is_plain(points, n))
            assert_true(was_valid);
        double before = fabs((double)mvt_area2(points, n)) / 2;
        clip_begin(&clip);
        clip_ring(&clip, ring, n);
        clip_polygon_end(&clip);
        GEOSGeometry *out = taken("star", i);
        assert_true(fabs(area_of(out) - before) <= length);
        n_broken += !was_valid;
        GEOSGeom_destroy_r(valid.geos, in);
        GEOSGeom_destroy_r(valid.geos, out);
    }
    assert_true(n_broken > 500);
}

/* Small rings of every form: what passes for simple is valid, and most of what is round passes. */
static void test_what_passes_for_simple_is_valid(void **state)
{
    (void)state;
    size_t n_plain = 0, n_sound = 0, n_valid = 0, n_round = 0;
    for (int i = 0; i < 100000; i++) {
        struct mvt_point ring[8];
        size_t n = 3 + (size_t)below(5);
        int64_t span = 3 + below(5);
        for (size_t k = 0; k < n; k++)
            ring[k] = (struct mvt_point){(int32_t)below(span), (int32_t)below(span)};
        bool repeats = false;
        for (size_t k = 0; k < n; k++)
            repeats =
                repeats || (ring[k].x == ring[(k + 1) % n].x && ring[k].y == ring[(k + 1) % n].y);
        if (repeats)
            continue;
        GEOSGeometry *shape = mvt_polygons_of(&valid, ring, &n, 1);
        bool is_valid = GEOSisValid_r(valid.geos, shape) == 1 && mvt_area2(ring, n) > 0;
        bool sound = clip_are_sound(&clip, ring, &n, 1);
        if ((clip_is_plain(ring, n) || sound) && !is_valid)
            fail_msg("ring %d passes%s: %s", i, clip_is_plain(ring, n) ? " at once" : "",
                     GEOSGeomToWKT_r(valid.geos, shape));
        n_plain += clip_is_plain(ring, n);
        n_sound += sound;
        n_valid += is_valid;
        GEOSGeom_destroy_r(valid.geos, shape);
    }
    print_message("of %zu valid rings %zu pass, %zu of them at once\n", n_valid, n_sound, n_plain);
    assert_true(n_plain > 1000 && n_sound >= n_plain && n_sound * 10 > n_valid * 9);
    for (int radius = 8; radius < 2000; radius += 7, n_round++) {
        struct mvt_point ring[64];
        size_t n = 0;
        for (int k = 0; k < 64; k++) {
            struct mvt_point p = {(int32_t)floor(radius * cos(k * M_PI / 32) + 0.5),
                                  (int32_t)floor(radius * sin(k * M_PI / 32) + 0.5)};
            if (n == 0 || p.x != ring[n - 1].x || p.y != ring[n - 1].y)
                ring[n++] = p;
        }
        assert_true(clip_is_plain(ring, n));
    }
}

/* ---- shared borders ---- */

enum { CELLS = 12, CORNERS = CELLS + 1 };

struct side {
    struct mvt_point a, b;
    int turn;
};

static int by_side(const void *a, const void *b)
{
    const struct side *p = a, *q = b;
    if (p->a.x != q->a.x || p->a.y != q->a.y)
        return p->a.x != q->a.x ? (p->a.x < q->a.x ? -1 : 1) : (p->a.y < q->a.y ? -1 : 1);
    if (p->b.x != q->b.x || p->b.y != q->b.y)
        return p->b.x != q->b.x ? (p->b.x < q->b.x ? -1 : 1) : (p->b.y < q->b.y ? -1 : 1);
    return 0;
}

/* The edges of what came out, appended. */
static size_t add_sides(struct side *sides, size_t n)
{
    for (size_t ring = 0, start = 0; ring < clip.n_rings; start = clip.ends[ring++]) {
        for (size_t i = start; i < clip.ends[ring]; i++) {
            struct mvt_point a = clip.points[i],
                             b = clip.points[i + 1 < clip.ends[ring] ? i + 1 : start];
            bool forth = a.x != b.x ? a.x < b.x : a.y < b.y;
            sides[n++] = forth ? (struct side){a, b, 1} : (struct side){b, a, -1};
        }
    }
    return n;
}

/* Draws a mesh of quadrangles cell by cell until nothing is learnt; edges that two cells have in
 * opposite directions cancel: returns how many are left. */
static size_t left_over(const struct clip_point corners[CORNERS][CORNERS], bool learn, int *rounds)
{
    static struct side sides[1 << 16];
    size_t n = 0, left = 0;
    clip_forget(&clip);
    for (*rounds = 1;; ++*rounds) {
        n = 0;
        for (int i = 0; i < CELLS; i++) {
            for (int k = 0; k < CELLS; k++) {
                struct clip_point ring[] = {corners[i][k], corners[i + 1][k], corners[i + 1][k + 1],
                                            corners[i][k + 1]};
                struct clip_point copy[256];
                size_t n_bent = 4;
                const struct clip_point *bent = clip_bend(&clip, ring, 4, true, &n_bent);
                memcpy(copy, bent ? bent : ring, (bent ? n_bent : 4) * sizeof *copy);
                clip_begin(&clip);
                clip_ring(&clip, copy, bent ? n_bent : 4);
                clip_polygon_end(&clip);
                GEOSGeom_destroy_r(valid.geos, taken("cell", i));
                n = add_sides(sides, n);
            }
        }
        if (!learn || !clip_learn(&clip) || *rounds == 8)
            break;
    }
    qsort(sides, n, sizeof *sides, by_side);
    for (size_t i = 0; i < n;) {
        size_t end = i;
        int turns = 0;
        for (; end < n && by_side(&sides[i], &sides[end]) == 0; end++)
            turns += sides[end].turn;
        left += turns != 0;
        i = end;
    }
    return left;
}

/* Cells so flat that rounding turned some of them over: what is left of the others still fits, but
 * for the outer border and edges where cells lay over each other. */
static void test_borders_stay_shared_where_cells_were_mended(void **state)
{
    (void)state;
    size_t n_learnt = 0, with = 0, without = 0;
    for (int i = 0; i < 300; i++) {
        struct clip_point corners[CORNERS][CORNERS];
        double flat = 1 + 6 * share();
        for (int x = 0; x < CORNERS; x++)
            for (int y = 0; y < CORNERS; y++)
                corners[x][y] = (struct clip_point){
                    1000 + x * 100 + below(60),
                    1000 + (int64_t)floor(flat * (y + 1.2 * share()) + 0.3 * x)};
        int rounds, once;
        with += left_over((const struct clip_point(*)[CORNERS])corners, true, &rounds);
        without += left_over((const struct clip_point(*)[CORNERS])corners, false, &once);
        assert_true(rounds < 8);
        n_learnt += rounds > 1;
    }
    print_message("%zu meshes learnt, %zu edges left, %zu without learning\n", n_learnt, with,
                  without);
    assert_true(n_learnt > 50);
    assert_true(with < without);
}

/* ---- bounds ---- */

/* Noise of n vertices; how long it took. */
static double clip_noise(int kind, int n)
{
    struct clip_point *points = malloc((size_t)n * sizeof *points);
    assert_non_null(points);
    for (int i = 0; i < n; i++) {
        double angle = 2 * M_PI * i / n, radius = 1000 + 1000 * share();
        points[i] = kind == 0   ? (struct clip_point){below(4096), below(4096)}
                    : kind == 1 ? (struct clip_point){2048 + (int64_t)(radius * cos(angle)),
                                                      2048 + (int64_t)(radius * sin(angle))}
                                : (struct clip_point){i / (n / 4096), i % 2 ? 4000 : below(90)};
    }
    double start = growth_clock_s();
    clip_begin(&clip);
    clip_ring(&clip, points, (size_t)n);
    clip_polygon_end(&clip);
    double took = growth_clock_s() - start;
    GEOSGeom_destroy_r(valid.geos, taken("million", kind));
    free(points);
    return took;
}

static void test_two_million_vertices_of_noise_are_bounded(void **state)
{
    (void)state;
    enum { N = 2000000 };
    for (int kind = 0; kind < 3; kind++) {
        double eighth = clip_noise(kind, N / GROWTH_SHARE);
        growth_check("noise of 2 million vertices", eighth, clip_noise(kind, N));
    }
}

/* A square with n rows of n holes, of which some touch the next; how long it took. */
static double clip_holes(int n)
{
    enum { STEP = 13 };
    struct clip_point outer[] = {{0, 0}, {4110, 0}, {4110, 4110}, {0, 4110}};
    double start = growth_clock_s();
    clip_begin(&clip);
    clip_ring(&clip, outer, 4);
    for (int i = 0; i < n * n; i++) {
        int64_t x = 1 + i % n * STEP, y = 1 + (int64_t)i / n * STEP;
        struct clip_point hole[] = {
            {x, y}, {x, y + 11}, {x + (i % 9 ? 11 : 13), y + 11}, {x + 11, y}};
        clip_ring(&clip, hole, 4);
    }
    clip_polygon_end(&clip);
    assert_false(clip.failed);
    assert_true(clip.n_rings > (size_t)n * (size_t)n * 9 / 10);
    return growth_clock_s() - start;
}

static void test_a_hundred_thousand_holes_are_bounded(void **state)
{
    (void)state;
    double eighth = clip_holes(112); /* 112 * 112 * 8 = 316 * 316, but for half a per cent */
    double whole = clip_holes(316);  /* more than a cache holds, which others may use as well */
    growth_check("100,000 holes", eighth, fmin(whole, clip_holes(316)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_noise_comes_out_valid),
        cmocka_unit_test(test_overlapping_parts_come_out_as_their_union),
        cmocka_unit_test(test_what_rounding_broke_keeps_its_area),
        cmocka_unit_test(test_what_passes_for_simple_is_valid),
        cmocka_unit_test(test_borders_stay_shared_where_cells_were_mended),
        cmocka_unit_test(test_two_million_vertices_of_noise_are_bounded),
        cmocka_unit_test(test_a_hundred_thousand_holes_are_bounded),
    };
    return cmocka_run_group_tests_name("clip_mend", tests, set_up, tear_down);
}
