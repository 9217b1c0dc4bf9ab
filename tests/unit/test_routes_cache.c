/* test_routes_cache.c - what the headers of tiles say of keeping them; versions of maps; one
 * drawing for all who ask at once, over a socket. */
#include "tests/unit/served_fixture.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

static const char IMMUTABLE[] = "public, max-age=31536000, immutable";
static const char REVALIDATE[] = "public, max-age=0, must-revalidate";

/* The version that /v1/status tells of a map. */
static void read_version(struct served *s, const char *map, char out[32])
{
    struct json *root = NULL;
    assert_int_equal(get(s, "/v1/status"), 200);
    assert_int_equal(jr_parse(body(s), s->response.body->n_bytes, &root, NULL), ERR_OK);
    const char *version = jr_text(jr_get(jr_get(root, "tile_versions"), map));
    assert_non_null(version);
    snprintf(out, 32, "%s", version);
    jr_free(root);
}

static void test_a_tile_under_its_version_is_immutable_and_only_under_that(void **state)
{
    struct served *s = *state;
    char version[32], other[32], target[128];
    read_version(s, "risk", version);
    read_version(s, "city", other);
    assert_int_equal(strlen(version), 16);
    assert_string_not_equal(version, other);
    const struct {
        const char *before, *v, *after, *says;
    } cases[] = {
        {"/tiles/risk/8/203/98.png", "", "", REVALIDATE},
        {"/tiles/risk/8/203/98.png?v=", version, "", IMMUTABLE},
        {"/tiles/risk/8/203/98.png?v=", other, "", REVALIDATE},
        {"/tiles/risk/8/203/98.png?v=", "", "", REVALIDATE},
        {"/tiles/risk/8/203/98.png?v=", version, "0", REVALIDATE},
        {"/tiles/risk/8/203/98@2x.png?v=", version, "", IMMUTABLE},
        {"/tiles/risk/8/203/98.png?png=32&v=", version, "", IMMUTABLE},
        {"/tiles/risk/8/203/98.png?v=", version, "&png=32", IMMUTABLE},
        {"/tiles/risk/8/203/98.png?v=", version, "&png=32&unit=640100", IMMUTABLE},
        {"/tiles/risk/8/203/98.mvt?v=", version, "", IMMUTABLE},
        {"/tiles/risk/CGCS2000Quad/8/406/72.png?v=", version, "", IMMUTABLE},
        {"/tiles/city/8/203/98.png?v=", version, "", REVALIDATE},
    };
    for (int again = 0; again < 2; again++) { /* drawn, then kept */
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            snprintf(target, sizeof target, "%s%s%s", cases[i].before, cases[i].v, cases[i].after);
            struct http_request request = {.method = HTTP_GET, .target = target, .body = ""};
            bool quick = ask_with(s, &request);
            if (s->response.status != 200 || strcmp(s->response.cache_control, cases[i].says) != 0)
                fail_msg("%s: %d %s", target, s->response.status, s->response.cache_control);
            assert_true(quick || again == 0);
            assert_true(s->response.tagged);
        }
    }
}

static void test_a_version_ends_with_what_it_stands_for(void **state)
{
    struct served *s = *state;
    char before[32], after[32], target[128];
    read_version(s, "risk", before);
    add_plant(s->f, s->f->path, "E-2", 106.3);
    for (int i = 0; i < 40; i++) {
        read_version(s, "risk", after);
        if (strcmp(before, after) != 0)
            break;
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    assert_string_not_equal(before, after);
    for (int i = 0; i < 2; i++) {
        snprintf(target, sizeof target, "/tiles/risk/8/203/98.png?v=%s", i ? after : before);
        assert_int_equal(get(s, target), 200);
        assert_string_equal(s->response.cache_control, i ? IMMUTABLE : REVALIDATE);
    }
}

static void test_a_map_may_be_kept_as_long_as_its_setting_says(void **state)
{
    struct served *s = *state;
    struct routes_settings settings = {.watch = s->watch,
                                       .cache = s->cache,
                                       .assets = &s->assets,
                                       .store_name = "store.gpkg",
                                       .basemap = "null",
                                       .image_sources = ""};
    settings.cache_controls[MAP_CITY] = "public, max-age=60, must-revalidate";
    s->app.state_free(s->app.context, s->state);
    routes_free(s->routes);
    assert_ok(s->f, routes_new(&settings, &s->routes, &s->f->err));
    s->app = routes_app(s->routes);
    assert_ok(s->f, s->app.state_new(s->app.context, &s->state, &s->f->err));
    for (int again = 0; again < 2; again++) {
        assert_int_equal(get(s, "/tiles/city/8/203/98.png"), 200);
        assert_string_equal(s->response.cache_control, "public, max-age=60, must-revalidate");
        assert_int_equal(get(s, "/tiles/risk/8/203/98.png"), 200);
        assert_string_equal(s->response.cache_control, REVALIDATE);
    }
}

static void test_every_spelling_of_an_address_is_the_same_tile(void **state)
{
    struct served *s = *state;
    static const char *const spellings[] = {"/tiles/risk/8/203/98.png?png=8&unit=640100",
                                            "/tiles/risk/8/203/98.png?unit=640100&png=8",
                                            "/tiles/r%69sk/8/203/98.png?png=8&unit=640100",
                                            "/tiles/risk/w/8/203/98.png?png=8&unit=640100"};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        struct http_request request = {.method = HTTP_GET, .target = spellings[i], .body = ""};
        assert_int_equal(ask_with(s, &request), i > 0); /* the first one draws it */
        assert_int_equal(s->response.status, 200);
    }
    assert_int_equal(cache_counts(s->cache).n, 1);
    assert_int_equal(get(s, "/tiles/risk/8/203/98.mvt gz"), 400);
    assert_int_equal(get(s, "/tiles/risk/8/203/98.png?v=1&v=2"), 400);
}

/* ---- over a socket ---- */

struct slow {
    struct cache *cache;
    struct http_server *server;
    char bound[HTTP_ADDRESS_BYTES];
    atomic_int n_drawn;
};

static struct blob *letters(size_t n)
{
    struct buf buf;
    struct blob *blob = NULL;
    buf_init(&buf);
    memset(buf_reserve(&buf, n), 'x', n);
    buf.n_bytes = n;
    assert_int_equal(blob_new(&buf, &blob, NULL), ERR_OK);
    return blob;
}

static bool never_quick(void *context, const struct http_request *request,
                        struct http_response *response)
{
    (void)context;
    (void)request;
    (void)response;
    return false;
}

/* /slow takes a fifth of a second; anything else is there. */
static bool answer_slowly(void *context, void *state, const struct http_request *request,
                          struct http_response *response)
{
    struct slow *slow = context;
    struct cache_key key = {.edition = 1};
    struct cache_found found = {0};
    (void)state;
    snprintf(key.text, sizeof key.text, "%.90s", request->target);
    switch (cache_take(slow->cache, &key, request->waiter, &found)) {
    case CACHE_LATER:
        return false;
    case CACHE_YOURS:
        atomic_fetch_add(&slow->n_drawn, 1);
        if (strcmp(request->target, "/slow") == 0)
            nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
        found.blob = letters(5000);
        cache_give(slow->cache, &key, found.blob);
        break;
    case CACHE_HIT:
        break;
    }
    *response = (struct http_response){
        .status = 200, .content_type = "text/plain", .body = found.blob, .kept = true};
    return true;
}

static void refuse(void *context, const struct err *err, struct http_response *response)
{
    (void)context;
    response->status = err_http_status(err->code);
}

static enum err_code no_state(void *context, void **state, struct err *err)
{
    (void)context;
    (void)err;
    *state = NULL;
    return ERR_OK;
}

static void no_state_free(void *context, void *state)
{
    (void)context;
    (void)state;
}

/* The bytes of the answer, headers included; -1: none. */
static long fetch(const struct slow *slow, const char *target)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    char text[256], bytes[4096];
    long n = 0;
    address.sin_port = htons((uint16_t)atoi(strrchr(slow->bound, ':') + 1));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", target);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        write(fd, text, strlen(text)) < 0)
        n = -1;
    for (ssize_t got; n >= 0 && (got = read(fd, bytes, sizeof bytes)) > 0;)
        n += got;
    close(fd);
    return n;
}

static void *fetch_slow(void *context)
{
    return fetch(context, "/slow") > 5000 ? context : NULL;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void test_who_waits_for_the_same_tile_holds_no_thread(void **state)
{
    (void)state;
    enum { ASKERS = 20 };
    struct slow slow = {0};
    struct err err;
    struct http_app app = {.context = &slow,
                           .quick = never_quick,
                           .answer = answer_slowly,
                           .refuse = refuse,
                           .state_new = no_state,
                           .state_free = no_state_free};
    pthread_t threads[ASKERS];
    int socket_fd = -1;
    assert_int_equal(cache_new(1 << 20, &slow.cache, &err), ERR_OK);
    assert_int_equal(http_bind("127.0.0.1:0", &socket_fd, slow.bound, &err), ERR_OK);
    assert_int_equal(http_start(socket_fd, 2, &app, &slow.server, &err), ERR_OK);
    for (int i = 0; i < ASKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fetch_slow, &slow), 0);
    while (atomic_load(&slow.n_drawn) == 0)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    int64_t before = now_ms();
    for (int i = 0; i < 5; i++) {
        char target[16];
        snprintf(target, sizeof target, "/%d", i);
        assert_true(fetch(&slow, target) > 5000);
    }
    print_message("five others took %" PRId64 " ms\n", now_ms() - before);
    for (int i = 0; i < ASKERS; i++) {
        void *answered = NULL;
        pthread_join(threads[i], &answered);
        assert_non_null(answered);
    }
    assert_int_equal(atomic_load(&slow.n_drawn), 6);
    http_stop(slow.server);
    cache_free(slow.cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_tile_under_its_version_is_immutable_and_only_under_that),
        TEST(test_a_version_ends_with_what_it_stands_for),
        TEST(test_a_map_may_be_kept_as_long_as_its_setting_says),
        TEST(test_every_spelling_of_an_address_is_the_same_tile),
        cmocka_unit_test(test_who_waits_for_the_same_tile_holds_no_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
