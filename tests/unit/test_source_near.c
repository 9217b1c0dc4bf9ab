/* test_source_near.c - what a source of a part of the map shows is what a source of all of it
 * shows: the same features in the same order, to the last vertex, at every level of detail. */
#include "tests/unit/one_thread.h"
#include "tests/unit/region_fixture.h"

#include "geo/assess/assess.h"
#include "tiler/features/source_near.h"
#include "tiler/tiles/scenes_private.h"
#include "tiler/tiles/vector_tile.h"

static const enum style_source sources[] = {
    SOURCE_ENTERPRISES,    SOURCE_ENTERPRISE_OUTLINES, SOURCE_FACILITIES, SOURCE_ZONES,
    SOURCE_PIPELINES,      SOURCE_PROTECTED,           SOURCE_AREAS,      SOURCE_INFRASTRUCTURE,
    SOURCE_HIDDEN_DANGERS, SOURCE_RESOURCES,           SOURCE_SEGMENTS,   SOURCE_CONFLICTS,
};

static struct world *assessed_region(struct fixture *f, struct region *r, uint64_t seed)
{
    struct assess_options options = {.as_of = 20261101, .n_threads = 1};
    struct assess_summary summary;
    struct world *world;
    region_init(r, f, seed);
    region_store(r, REGION_GRID);
    assert_ok(f, assess_store(f->path, &options, &f->arena, &summary, &f->err));
    assert_ok(f, world_load(f->path, NULL, INT_ABSENT, &world, &f->err));
    return world;
}

/* Somewhere in the region, from a hundredth of it to most of it. */
static struct plane_box random_box(struct region *r, enum plane plane)
{
    double share = 0.01 * pow(100, region_share(r));
    double west = REGION_WEST_DEG + (1.1 - share) * REGION_WIDE_DEG * region_share(r);
    double south = REGION_SOUTH_DEG + (1.1 - share) * REGION_HIGH_DEG * region_share(r);
    return plane_box_of(plane, (struct box){west, south, west + share * REGION_WIDE_DEG,
                                            south + share * REGION_HIGH_DEG});
}

static bool same_feature(const struct source *a, uint32_t i, const struct source *b, uint32_t k)
{
    return strcmp(source_feature_id(a, i), source_feature_id(b, k)) == 0;
}

static void assert_same_rings(const struct source *part, const struct detail *a, uint32_t i,
                              const struct source *all, const struct detail *b, uint32_t k)
{
    const struct shape *p = &part->shapes[i], *q = &all->shapes[k];
    assert_int_equal(p->kind, q->kind);
    assert_int_equal(p->n_rings, q->n_rings);
    assert_int_equal(p->thickness, q->thickness);
    assert_memory_equal(&p->box, &q->box, sizeof p->box);
    for (uint32_t ring = 0; ring < p->n_rings; ring++) {
        uint32_t m = p->first_ring + ring, n = q->first_ring + ring;
        uint32_t from = m ? a->ring_ends[m - 1] : 0, other = n ? b->ring_ends[n - 1] : 0;
        assert_int_equal(a->ring_ends[m] - from, b->ring_ends[n] - other);
        assert_memory_equal(a->points + from, b->points + other,
                            (a->ring_ends[m] - from) * sizeof *a->points);
    }
}

static int by_place(const void *a, const void *b, void *source)
{
    uint32_t p = source_place(source, *(const uint32_t *)a);
    uint32_t q = source_place(source, *(const uint32_t *)b);
    return p < q ? -1 : p > q;
}

/* The features in the order in which they are drawn. */
static uint32_t *in_order(struct fixture *f, struct source *source)
{
    uint32_t *order = arena_new(&f->arena, uint32_t, source->n);
    for (uint32_t i = 0; i < source->n; i++)
        order[i] = i;
    qsort_r(order, source->n, sizeof *order, by_place, source);
    return order;
}

/* Both in the order of the layer; returns how many there were to compare. */
static size_t compare(struct fixture *f, struct source *part, struct source *all,
                      struct plane_box box)
{
    static const uint32_t levels[] = {0, 6, 9, 11, 12, 13, 14, 15};
    enum { LEVELS = sizeof levels / sizeof *levels };
    struct detail a[LEVELS], b[LEVELS];
    const uint32_t *ours = in_order(f, part), *theirs = in_order(f, all);
    uint32_t i = 0;
    size_t n = 0;
    for (size_t l = 0; l < LEVELS; l++) {
        assert_ok(f, source_detail(part, levels[l], &f->arena, &a[l], &f->err));
        assert_ok(f, source_detail(all, levels[l], &f->arena, &b[l], &f->err));
    }
    for (uint32_t next = 0; next < all->n; next++) {
        uint32_t k = theirs[next];
        if (!plane_box_touches(all->shapes[k].box, box))
            continue;
        while (i < part->n && !same_feature(part, ours[i], all, k))
            i++;
        if (i == part->n)
            fail_msg("%s of source %d is not in the part", source_feature_id(all, k), all->id);
        assert_same_rings(part, &part->full, ours[i], all, &all->full, k);
        for (size_t l = 0; l < LEVELS; l++)
            assert_same_rings(part, &a[l], ours[i], all, &b[l], k);
        n++;
    }
    return n;
}

static void test_a_part_shows_what_the_whole_shows(void **state)
{
    size_t n[SOURCE_COUNT] = {0};
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        void *f = NULL;
        struct region r;
        struct shape_memo *memo;
        assert_int_equal(set_up(&f), 0);
        struct fixture *fixture = f;
        struct world *world = assessed_region(f, &r, seed);
        assert_ok(fixture, shape_memo_new(&memo, &fixture->err));
        for (int plane = 0; plane < PLANE_COUNT; plane++) {
            for (size_t s = 0; s < sizeof sources / sizeof *sources; s++) {
                struct source all, part;
                struct source_wanted wanted = {
                    .world = world, .id = sources[s], .plane = (enum plane)plane};
                assert_ok(fixture, source_build(&wanted, &fixture->arena, &all, &fixture->err));
                wanted.shapes = memo;
                for (int i = 0; i < 12; i++) {
                    struct plane_box box = random_box(&r, (enum plane)plane);
                    wanted.near = &box;
                    assert_ok(fixture,
                              source_build(&wanted, &fixture->arena, &part, &fixture->err));
                    n[all.id] += compare(f, &part, &all, box);
                }
            }
        }
        shape_memo_release(memo);
        world_release(world);
        tear_down(&f);
    }
    print_message("%zu conflicts, %zu zones, %zu pipelines\n", n[SOURCE_CONFLICTS], n[SOURCE_ZONES],
                  n[SOURCE_PIPELINES]);
    assert_true(n[SOURCE_CONFLICTS] > 100 && n[SOURCE_ZONES] > 100 && n[SOURCE_PIPELINES] > 30);
}

static void test_the_box_of_a_finding_holds_its_shape(void **state)
{
    (void)state;
    size_t n = 0;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        void *f = NULL;
        struct region r;
        struct source all;
        assert_int_equal(set_up(&f), 0);
        struct fixture *fixture = f;
        struct world *world = assessed_region(f, &r, seed);
        const struct source_wanted wanted = {.world = world, .id = SOURCE_CONFLICTS};
        assert_ok(fixture, source_build(&wanted, &fixture->arena, &all, &fixture->err));
        for (uint32_t i = 0; i < all.n; i++, n++) {
            struct plane_box box = plane_box_of(all.plane, finding_box(world, all.refs[i]));
            const struct plane_box *shape = &all.shapes[i].box;
            if (shape->west < box.west - 1 || shape->east > box.east + 1 ||
                shape->north < box.north - 1 || shape->south > box.south + 1)
                fail_msg("%s reaches out of its box", all.ids[i]);
        }
        world_release(world);
        tear_down(&f);
    }
    assert_true(n > 100);
}

/* ---- tiles ---- */

static void draw(struct scenes *scenes, struct canvas *canvas, struct vector_room *room,
                 struct worker *worker, const struct tile_key *key, struct buf *out)
{
    struct err err = {0};
    enum err_code code = room ? vector_tile_draw(scenes, room, worker, key, out, &err)
                              : tile_draw(scenes, canvas, worker, key, out, &err);
    worker_reset(worker);
    if (code != ERR_OK)
        fail_msg("%s", err.message);
}

static void test_tiles_from_parts_are_tiles_from_the_whole(void **state)
{
    static const char *const names[] = {"four-colour", "accessible"};
    (void)state;
    void *f = NULL;
    struct region r;
    struct worker worker;
    struct vector_room *room;
    assert_int_equal(set_up(&f), 0);
    struct fixture *fixture = f;
    struct world *world = assessed_region(f, &r, 4);
    assert_ok(fixture, worker_init(&worker, 0, &fixture->err));
    assert_ok(fixture, worker_fit(&worker, world, &fixture->err));
    assert_ok(fixture, vector_room_new(&room, &fixture->err));
    for (size_t s = 0; s < 2; s++) {
        struct style *style;
        struct scenes *whole, *parts;
        struct canvas *canvas;
        char path[64];
        snprintf(path, sizeof path, "styles/%s.json", names[s]);
        assert_ok(fixture, style_load(path, &style, &fixture->err));
        assert_ok(fixture, canvas_new(style, &canvas, &fixture->err));
        assert_ok(fixture, scenes_new(world, style, PLANE_MERCATOR, &whole, &fixture->err));
        assert_ok(fixture, scenes_new(world, style, PLANE_MERCATOR, &parts, &fixture->err));
        scenes_keep_whole(whole);
        for (int i = 0; i < 60; i++) {
            struct buf a, b;
            uint32_t z = 10 + region_draw(&r, 7);
            double n = (double)(UINT64_C(1) << z) / 4294967296.0;
            struct plane_point at = plane_of(PLANE_MERCATOR, region_place(&r));
            struct tile_key key = {.map = (enum map_id)region_draw(&r, MAP_COUNT),
                                   .z = z,
                                   .x = (uint32_t)((at.x + 2147483648.0) * n),
                                   .y = (uint32_t)((at.y + 2147483648.0) * n),
                                   .scale = 1 + region_draw(&r, 2)};
            buf_init(&a);
            buf_init(&b);
            draw(whole, canvas, i % 2 ? room : NULL, &worker, &key, &a);
            draw(parts, canvas, i % 2 ? room : NULL, &worker, &key, &b);
            if (a.n_bytes != b.n_bytes ||
                (a.n_bytes > 0 && memcmp(a.bytes, b.bytes, a.n_bytes) != 0))
                fail_msg("%s, map %d, %u/%u/%u @%u, %s: %zu bytes, and %zu from parts", names[s],
                         (int)key.map, key.z, key.x, key.y, key.scale,
                         i % 2 ? "vectors" : "picture", a.n_bytes, b.n_bytes);
            buf_release(&a);
            buf_release(&b);
        }
        assert_non_null(parts->parts);
        assert_int_equal(parts->sources[SOURCE_CONFLICTS].state, LAZY_NONE);
        assert_null(whole->parts);
        scenes_release(whole);
        scenes_release(parts);
        canvas_free(canvas);
        style_free(style);
    }
    vector_room_free(room);
    worker_release(&worker);
    world_release(world);
    tear_down(&f);
}

static void test_the_parts_asked_for_last_are_kept(void **state)
{
    (void)state;
    void *f = NULL;
    struct region r;
    struct style *style;
    struct scenes *scenes, *first, *near;
    assert_int_equal(set_up(&f), 0);
    struct fixture *fixture = f;
    struct world *world = assessed_region(f, &r, 5);
    assert_ok(fixture, style_load("styles/four-colour.json", &style, &fixture->err));
    assert_ok(fixture, scenes_new(world, style, PLANE_MERCATOR, &scenes, &fixture->err));
    const struct plane_tile tile = {13, 6512, 3150};
    assert_ok(fixture, scenes_near(scenes, tile, 1, &first, &fixture->err));
    for (uint32_t x = 0; x < 3 * SCENES_PARTS; x++) {
        assert_ok(fixture,
                  scenes_near(scenes, (struct plane_tile){14, 2 * x, 0}, 2, &near, &fixture->err));
        assert_ptr_not_equal(near, scenes);
        scenes_release(near);
        if (x % 100 == 0) {
            assert_ok(fixture, scenes_near(scenes, tile, 1, &near, &fixture->err));
            assert_ptr_equal(near, first);
            scenes_release(near);
        }
    }
    /* What does not fit into a square, or lies below the zoom of parts, is drawn from all. */
    assert_ok(fixture, scenes_near(scenes, (struct plane_tile){14, 1, 0}, 2, &near, &fixture->err));
    assert_ptr_equal(near, scenes);
    scenes_release(near);
    assert_ok(fixture, scenes_near(scenes, (struct plane_tile){9, 1, 0}, 1, &near, &fixture->err));
    assert_ptr_equal(near, scenes);
    scenes_release(near);
    scenes_release(first);
    scenes_release(scenes);
    style_free(style);
    world_release(world);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_part_shows_what_the_whole_shows),
        cmocka_unit_test(test_the_box_of_a_finding_holds_its_shape),
        cmocka_unit_test(test_tiles_from_parts_are_tiles_from_the_whole),
        cmocka_unit_test(test_the_parts_asked_for_last_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
