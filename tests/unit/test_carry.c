/* test_carry.c - after random edits in every layer every tile is the one that a fresh server of the
 * same store draws, whether it was kept or drawn again; and most are kept. */
#include "tests/unit/region_fixture.h"

#include "geo/assess/assess.h"
#include "tiler/serve/editing.h"
#include "tiler/serve/routes.h"

#include <time.h>
#include <unistd.h>

/* One server, without a socket. */
struct server {
    struct style_set *styles;
    struct cache *cache;
    struct disk *disk;
    struct assets assets;
    struct watch *watch;
    struct routes *routes;
    struct http_app app;
    void *state;
};

/* disk: a file where it keeps tiles; or NULL. */
static void start(struct fixture *f, struct server *s, const char *disk)
{
    if (disk)
        assert_ok(f, disk_open(disk, 64 << 20, &s->disk, &f->err));
    assert_ok(f, style_set_load(NULL, &s->styles, &f->err));
    assert_ok(f, cache_new(64 << 20, &s->cache, &f->err));
    assert_ok(f, assets_load(&s->assets, NULL, &f->err));
    struct watch_settings watched = {
        .store_path = f->path, .styles = s->styles, .cache = s->cache, .disk = s->disk};
    assert_ok(f, watch_start(&watched, &s->watch, &f->err));
    struct routes_settings settings = {.watch = s->watch,
                                       .cache = s->cache,
                                       .disk = s->disk,
                                       .assets = &s->assets,
                                       .store_name = "store.gpkg",
                                       .basemap = "null",
                                       .image_sources = ""};
    assert_ok(f, routes_new(&settings, &s->routes, &f->err));
    s->app = routes_app(s->routes);
    assert_ok(f, s->app.state_new(s->app.context, &s->state, &f->err));
}

static void stop(struct server *s)
{
    s->app.state_free(s->app.context, s->state);
    routes_free(s->routes);
    watch_free(s->watch);
    disk_close(s->disk);
    assets_release(&s->assets);
    cache_free(s->cache);
    style_set_release(s->styles);
}

/* ---- all tiles ---- */

enum { MOST_TILES = 4000 };

/* ThreadSanitizer makes drawing twenty times as slow, and what it looks for lies between whoever
 * takes up an edit and whoever asks for a tile, not in how many tiles there are. */
#ifdef __SANITIZE_THREAD__
enum { ONE_TILE_IN = 5 };
#else
enum { ONE_TILE_IN = 1 };
#endif

struct tile {
    char target[96];
    char tag[BLOB_TAG_BYTES]; /* as it was last answered */
};

struct tiles {
    size_t n_listed; /* of which one in so many is asked for */
    size_t n;
    struct tile items[MOST_TILES];
};

static void add_tile(struct tiles *tiles, const char *map, const char *grid, uint32_t z, uint32_t x,
                     uint32_t y, const char *end)
{
    if (tiles->n_listed++ % ONE_TILE_IN != 0)
        return;
    assert_true(tiles->n < MOST_TILES);
    snprintf(tiles->items[tiles->n++].target, sizeof tiles->items[0].target,
             "/tiles/%s/%s%u/%u/%u%s", map, grid, z, x, y, end);
}

/* Of the region and a little around it. */
static void list_tiles(struct tiles *tiles)
{
    static const char *const maps[] = {"county", "risk", "pipelines", "dangers", "city", "region"};
    tiles->n_listed = tiles->n = 0;
    for (size_t map = 0; map < sizeof maps / sizeof *maps; map++) {
        for (uint32_t z = 6; z <= 14; z++) {
            double n = (double)(1U << z);
            struct plane_point low =
                plane_of(PLANE_MERCATOR, (struct lonlat){REGION_WEST_DEG - 0.03, REGION_SOUTH_DEG});
            struct plane_point high =
                plane_of(PLANE_MERCATOR, (struct lonlat){REGION_WEST_DEG + REGION_WIDE_DEG + 0.03,
                                                         REGION_SOUTH_DEG + REGION_HIGH_DEG});
            uint32_t west = (uint32_t)(((double)low.x / 4294967296.0 + 0.5) * n);
            uint32_t east = (uint32_t)(((double)high.x / 4294967296.0 + 0.5) * n);
            uint32_t north = (uint32_t)(((double)high.y / 4294967296.0 + 0.5) * n);
            uint32_t south = (uint32_t)(((double)low.y / 4294967296.0 + 0.5) * n);
            for (uint32_t x = west; x <= east; x++) {
                for (uint32_t y = north; y <= south; y++) {
                    add_tile(tiles, maps[map], "", z, x, y, ".png");
                    if (z % 2 == 0)
                        add_tile(tiles, maps[map], "", z, x, y, ".mvt");
                    if (z == 11)
                        add_tile(tiles, maps[map], "", z, x, y, "@2x.png");
                }
            }
        }
        add_tile(tiles, maps[map], "CGCS2000Quad/", 11, 3256, 586, ".png");
        add_tile(tiles, maps[map], "CGCS2000Quad/", 11, 3257, 586, ".png");
        add_tile(tiles, maps[map], "CGCS2000Quad/", 11, 3256, 587, ".png");
    }
}

/* Whether it was kept; its tag. */
static bool fetch(struct server *s, const char *target, char tag[BLOB_TAG_BYTES])
{
    struct http_request request = {
        .method = HTTP_GET, .target = target, .body = "", .accept_encoding = "gzip"};
    struct http_response response = {0};
    bool kept = s->app.quick(s->app.context, &request, &response);
    if (!kept)
        assert_true(s->app.answer(s->app.context, s->state, &request, &response));
    bool gone = response.status == 404 && strstr(target, "?unit=");
    if (response.status != 200 && response.status != 204 && !gone)
        fail_msg("%s: %d %s", target, response.status, response.body ? response.body->bytes : "");
    memcpy(tag, response.body->tag, BLOB_TAG_BYTES);
    if (gone)
        snprintf(tag, BLOB_TAG_BYTES, "404");
    blob_release(response.body);
    return kept;
}

/* ---- edits ---- */

/* Bits of 1 << layer_id: those that are edited. */
static uint32_t edited = UINT32_MAX;

static enum layer_id random_layer(struct region *r, const struct world *world)
{
    for (;;) {
        enum layer_id layer = region_layers[region_draw(r, REGION_LAYERS)].layer;
        if (world_count(world, layer) > 0 && (edited & UINT32_C(1) << layer))
            return layer;
    }
}

/* A record put anew, or one with another name, other fields or another shape; or none: deleted. */
static const void *random_change(struct region *r, const struct world *world, enum layer_id layer,
                                 const char **deleted)
{
    uint32_t row = region_draw(r, (uint32_t)world_count(world, layer));
    const struct record_head *old = world_record(world, layer, row);
    size_t bytes = records_binding(layer)->record_bytes;
    uint32_t kind = region_draw(r, 5);
    if (kind == 0)
        return region_record(r, layer, region_id(r, layer));
    if (kind == 1) {
        *deleted = arena_strdup(&r->f->arena, old->id);
        return NULL;
    }
    struct record_head *record = arena_memdup(&r->f->arena, old, bytes);
    record->id = arena_strdup(&r->f->arena, old->id);
    if (kind == 2)
        record->name = arena_printf(&r->f->arena, "改名 %u", region_draw(r, 1000));
    if (kind == 3)
        region_fill(r, layer, record);
    if (kind == 4 && r->schema.layers[layer].has_geometry)
        record->geom = region_shape(r, layer);
    return record;
}

/* An edit as the server takes it; one that is refused does not count. */
static bool edit(struct fixture *f, struct region *r, struct server *s, struct editing *editing)
{
    struct world *world = watch_world(s->watch);
    enum layer_id layer = random_layer(r, world);
    const char *deleted = NULL;
    const void *record = random_change(r, world, layer, &deleted);
    struct edit_request request = {.layer = layer,
                                   .records = record,
                                   .n_records = record != NULL,
                                   .deleted = &deleted,
                                   .n_deleted = deleted != NULL};
    struct edit_result result;
    enum err_code code = ERR_BUSY;
    for (int i = 0; i < 10 && code == ERR_BUSY; i++)
        code = editing_apply(editing, &request, &f->arena, &result, &f->err);
    bool changed = code == ERR_OK && result.changed;
    edit_result_release(&result);
    world_release(world);
    return changed;
}

static struct tiles tiles;

struct counts {
    size_t n, n_kept, n_same;
};

/* Each tile is the one that a fresh server draws. The one asks for the near ones first, which it
 * draws from parts of the map, the other from all of it. */
static void compare(struct fixture *f, struct server *server, const char *when,
                    struct counts *counts)
{
    struct server fresh = {0};
    static char answers[MOST_TILES][BLOB_TAG_BYTES];
    static bool are_kept[MOST_TILES];
    start(f, &fresh, NULL);
    for (size_t i = tiles.n; i-- > 0;)
        are_kept[i] = fetch(server, tiles.items[i].target, answers[i]);
    for (size_t i = 0; i < tiles.n; i++) {
        struct tile *tile = &tiles.items[i];
        char right[BLOB_TAG_BYTES];
        const char *now = answers[i];
        bool kept = are_kept[i];
        (void)fetch(&fresh, tile->target, right);
        if (strcmp(now, right) != 0)
            fail_msg("%s: %s is %s, and should be %s", when, tile->target,
                     kept ? "kept" : "drawn otherwise", right);
        counts->n++;
        counts->n_kept += kept;
        counts->n_same += strcmp(now, tile->tag) == 0;
        memcpy(tile->tag, now, sizeof tile->tag);
    }
    stop(&fresh);
}

static void edit_some(struct fixture *f, struct region *r, struct server *server, int n_edits,
                      struct counts *counts)
{
    struct editing *editing;
    char when[64];
    assert_ok(f, editing_start(f->path, server->watch, &editing, &f->err));
    for (int done = 0; done < n_edits;) {
        if (!edit(f, r, server, editing))
            continue;
        done++;
        snprintf(when, sizeof when, "after edit %d", done);
        if (done % 3 != 1) /* now and then tiles are asked for after several edits only */
            compare(f, server, when, counts);
    }
    editing_free(editing);
}

static void assess_region(struct fixture *f, struct region *r, uint64_t seed,
                          enum region_people people)
{
    struct assess_options options = {.as_of = 20261101, .n_threads = 1};
    struct assess_summary summary;
    region_init(r, f, seed);
    region_store(r, people);
    assert_ok(f, assess_store(f->path, &options, &f->arena, &summary, &f->err));
}

static void fetch_all(struct server *server)
{
    list_tiles(&tiles);
    for (size_t i = 0; i < tiles.n; i++)
        (void)fetch(server, tiles.items[i].target, tiles.items[i].tag);
}

/* SISETU_EDITS: how many. */
static int n_edits(int usual)
{
    const char *wanted = getenv("SISETU_EDITS");
    return wanted ? atoi(wanted) : usual;
}

static void test_tiles_after_edits_are_those_of_a_fresh_server(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2; seed++) {
        void *f = NULL;
        struct region r;
        struct server server = {0};
        struct counts counts = {0};
        assert_int_equal(set_up(&f), 0);
        assess_region(f, &r, seed, REGION_GRID);
        start(f, &server, NULL);
        fetch_all(&server);
        edit_some(f, &r, &server, n_edits(8), &counts);
        print_message("of %zu tiles %zu were kept, %zu are 304\n", counts.n, counts.n_kept,
                      counts.n_same);
        assert_true(counts.n_kept <= counts.n_same);
        assert_true(counts.n_kept * 10 > counts.n_same * 8); /* few are dropped for nothing */
        stop(&server);
        tear_down(&f);
    }
}

static void test_tiles_on_the_disk_are_right_after_edits_and_restarts(void **state)
{
    void *f = NULL;
    struct region r;
    struct counts counts = {0};
    char disk[300];
    (void)state;
    assert_int_equal(set_up(&f), 0);
    assess_region(f, &r, 5, REGION_GRID);
    snprintf(disk, sizeof disk, "%s.tiles", ((struct fixture *)f)->path);
    for (int run = 0; run < 3; run++) {
        struct server server = {0};
        start(f, &server, disk);
        if (run == 0)
            fetch_all(&server);
        if (run < 2) /* once an edit comes before any tile is in memory */
            compare(f, &server, "after a restart", &counts);
        edit_some(f, &r, &server, n_edits(4), &counts);
        stop(&server);
    }
    unlink(disk);
    tear_down(&f);
}

/* A unit whose code is asked for, by any tile of a few. */
static void list_unit_tiles(struct region *r, struct server *server)
{
    struct world *world = watch_world(server->watch);
    list_tiles(&tiles);
    for (size_t row = 0; row < world_count(world, LAYER_ADMIN) && row < 3; row++) {
        for (uint32_t z = 9; z <= 13; z += 2) {
            struct plane_point at = plane_of(PLANE_MERCATOR, region_place(r));
            double n = (double)(1U << z) / 4294967296.0;
            char end[64];
            snprintf(end, sizeof end, ".png?unit=%s", world_admin(world, row)->code);
            add_tile(&tiles, "county", "", z, (uint32_t)((at.x + 2147483648.0) * n),
                     (uint32_t)((at.y + 2147483648.0) * n), end);
        }
    }
    world_release(world);
    for (size_t i = 0; i < tiles.n; i++)
        (void)fetch(server, tiles.items[i].target, tiles.items[i].tag);
}

static void test_tiles_after_edits_of_boundaries_and_census(void **state)
{
    static const struct {
        uint32_t layers;
        enum region_people people;
    } cases[] = {{UINT32_C(1) << LAYER_ADMIN, REGION_GRID},
                 {UINT32_C(1) << LAYER_CENSUS, REGION_CENSUS},
                 {UINT32_C(1) << LAYER_CENSUS, REGION_GRID}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        void *f = NULL;
        struct region r;
        struct server server = {0};
        struct counts counts = {0};
        assert_int_equal(set_up(&f), 0);
        assess_region(f, &r, 11 + i, cases[i].people);
        start(f, &server, NULL);
        list_unit_tiles(&r, &server);
        edited = cases[i].layers;
        edit_some(f, &r, &server, n_edits(5), &counts);
        edited = UINT32_MAX;
        print_message("of %zu tiles %zu were kept, %zu are 304\n", counts.n, counts.n_kept,
                      counts.n_same);
        assert_true(counts.n_kept > 0); /* not all are dropped */
        stop(&server);
        tear_down(&f);
    }
}

/* The first unit, which tiles name, two times. */
static void delete_some(struct fixture *f, struct server *server, struct counts *counts)
{
    struct editing *editing;
    assert_ok(f, editing_start(f->path, server->watch, &editing, &f->err));
    for (int i = 0; i < 2; i++) {
        struct world *world = watch_world(server->watch);
        const char *gone = world_admin(world, 0)->head.id;
        struct edit_request request = {.layer = LAYER_ADMIN, .deleted = &gone, .n_deleted = 1};
        struct edit_result result;
        enum err_code code = ERR_BUSY;
        for (int k = 0; k < 10 && code == ERR_BUSY; k++)
            code = editing_apply(editing, &request, &f->arena, &result, &f->err);
        assert_ok(f, code);
        assert_true(result.changed);
        edit_result_release(&result);
        world_release(world);
        compare(f, server, "after a unit is gone", counts);
    }
    editing_free(editing);
}

/* All that names units is drawn again, the rest only where it lay. */
static void test_tiles_after_a_unit_is_gone(void **state)
{
    void *f = NULL;
    struct region r;
    struct server server = {0};
    struct counts counts = {0};
    (void)state;
    assert_int_equal(set_up(&f), 0);
    assess_region(f, &r, 17, REGION_GRID);
    start(f, &server, NULL);
    list_unit_tiles(&r, &server);
    delete_some(f, &server, &counts);
    print_message("of %zu tiles %zu were kept, %zu are 304\n", counts.n, counts.n_kept,
                  counts.n_same);
    assert_true(counts.n_kept * 10 > counts.n_same * 8);
    stop(&server);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiles_after_edits_are_those_of_a_fresh_server),
        cmocka_unit_test(test_tiles_after_edits_of_boundaries_and_census),
        cmocka_unit_test(test_tiles_after_a_unit_is_gone),
        cmocka_unit_test(test_tiles_on_the_disk_are_right_after_edits_and_restarts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
