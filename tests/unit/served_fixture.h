/*
 * served_fixture.h - a store with a unit and a plant, and the routes over it, without a socket.
 *
 *     get(s, "/v1/units"); s->response ...
 */
#ifndef SISETU_TESTS_SERVED_FIXTURE_H
#define SISETU_TESTS_SERVED_FIXTURE_H

#include "tests/unit/store_fixture.h"

#include "data/base/json.h"
#include "styles/style_set.h"
#include "tiler/serve/routes.h"

#include <time.h>

struct served {
    struct fixture *f;
    struct style_set *styles;
    struct cache *cache;
    struct assets assets;
    struct watch *watch;
    struct routes *routes;
    struct http_app app;
    void *state;
    struct http_response response; /* of the last request */
};

static inline struct geom box_of(struct fixture *f, double west, double south, double east,
                                 double north)
{
    struct lonlat ring[4] = {{west, south}, {east, south}, {east, north}, {west, north}};
    struct geom geom;
    assert_ok(f, geom_of_ring(ring, 4, &f->arena, &geom, &f->err));
    return geom;
}

/* Adds a plant, in one transaction of its own. */
static inline void add_plant(struct fixture *f, const char *path, const char *id, double lon)
{
    struct store *store = NULL;
    struct enterprise plant;
    record_clear(LAYER_ENTERPRISES, &plant);
    plant.head.id = id;
    plant.head.name = "示例化工";
    plant.kind = "production";
    plant.head.geom = box_of(f, lon, 38.4, lon + 0.001, 38.401);
    assert_ok(f, store_open(path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_insert(store, LAYER_ENTERPRISES, &plant, 1, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
}

static inline void add_unit(struct fixture *f, const char *path)
{
    struct store *store = NULL;
    struct admin_unit unit;
    record_clear(LAYER_ADMIN, &unit);
    unit.head.id = unit.code = "640100";
    unit.head.name = "银川市";
    unit.level = 2;
    unit.head.geom = box_of(f, 106, 38, 107, 39);
    assert_ok(f, store_open(path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_insert(store, LAYER_ADMIN, &unit, 1, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
}

/* style: what --style would name. */
static inline int open_served_with(void **state, const char *style)
{
    struct served *s = calloc(1, sizeof *s);
    if (!s || set_up((void **)&s->f) != 0)
        return -1;
    struct fixture *f = s->f;
    add_unit(f, f->path);
    add_plant(f, f->path, "E-1", 106.2);
    assert_ok(f, style_set_load(style, &s->styles, &f->err));
    assert_ok(f, cache_new(1 << 20, &s->cache, &f->err));
    assert_ok(f, assets_load(&s->assets, NULL, &f->err));
    struct watch_settings watched = {.store_path = f->path, .styles = s->styles, .cache = s->cache};
    assert_ok(f, watch_start(&watched, &s->watch, &f->err));
    struct routes_settings settings = {.watch = s->watch,
                                       .cache = s->cache,
                                       .assets = &s->assets,
                                       .store_name = "store.gpkg",
                                       .basemap = "null",
                                       .image_sources = ""};
    assert_ok(f, routes_new(&settings, &s->routes, &f->err));
    s->app = routes_app(s->routes);
    assert_ok(f, s->app.state_new(s->app.context, &s->state, &f->err));
    *state = s;
    return 0;
}

static inline int open_served(void **state)
{
    return open_served_with(state, NULL);
}

static inline int close_served(void **state)
{
    struct served *s = *state;
    void *f = s->f;
    blob_release(s->response.body);
    s->app.state_free(s->app.context, s->state);
    routes_free(s->routes);
    watch_free(s->watch);
    assets_release(&s->assets);
    cache_free(s->cache);
    style_set_release(s->styles);
    free(s);
    return tear_down(&f);
}

/* As the server does: the connection's thread first, then a pool thread. */
static inline bool ask_with(struct served *s, const struct http_request *request)
{
    blob_release(s->response.body);
    s->response = (struct http_response){0};
    bool quick = s->app.quick(s->app.context, request, &s->response);
    if (!quick)
        s->app.answer(s->app.context, s->state, request, &s->response);
    return quick;
}

static inline int get(struct served *s, const char *target)
{
    struct http_request request = {.method = HTTP_GET, .target = target, .body = ""};
    ask_with(s, &request);
    return s->response.status;
}

static inline int post(struct served *s, const char *target, const char *body)
{
    struct http_request request = {
        .method = HTTP_POST, .target = target, .body = body, .n_body = strlen(body)};
    ask_with(s, &request);
    return s->response.status;
}

static inline const char *body(const struct served *s)
{
    return s->response.body ? s->response.body->bytes : "";
}

/* The message of an error answer; the test fails if the body is no error. */
static inline const char *message(struct served *s)
{
    struct json *root = NULL;
    const char *text = NULL;
    if (jr_parse(body(s), s->response.body->n_bytes, &root, NULL) == ERR_OK)
        text = jr_text(jr_get(jr_get(root, "error"), "message"));
    assert_non_null(text);
    const char *kept = arena_strdup(&s->f->arena, text);
    jr_free(root);
    return kept;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_served, close_served)

#endif
