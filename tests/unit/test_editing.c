/* test_editing.c - edits in a server: readers always see one whole world; requests with and
 * without tokens; others who write the same store. */
#include "tests/unit/region_fixture.h"

#include "data/base/json.h"
#include "data/store_log.h"
#include "data/store_tokens.h"
#include "geo/assess/assess.h"
#include "geo/findings/finding.h"
#include "styles/style_set.h"
#include "tiler/serve/editing.h"
#include "tiler/serve/routes.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

struct served {
    struct fixture *f;
    struct region region;
    char token[TOKEN_TEXT_BYTES];
    char reader[TOKEN_TEXT_BYTES];
    struct style_set *styles;
    struct cache *cache;
    struct assets assets;
    struct watch *watch;
    struct editing *editing;
    struct routes *routes;
    struct http_app app;
    void *state;
    struct http_response response;
};

static void assess(struct fixture *f)
{
    struct assess_options options = {.as_of = 20261101, .n_threads = 1};
    struct assess_summary summary;
    assert_ok(f, assess_store(f->path, &options, &f->arena, &summary, &f->err));
}

static void add_tokens(struct served *s)
{
    struct fixture *f = s->f;
    struct store *store = NULL;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_token_add(store, "writer", TOKEN_WRITE, s->token, &f->err));
    assert_ok(f, store_token_add(store, "reader", TOKEN_READ, s->reader, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
}

static void start_routes(struct served *s, bool reading_needs_token)
{
    struct fixture *f = s->f;
    struct routes_settings settings = {.watch = s->watch,
                                       .cache = s->cache,
                                       .editing = s->editing,
                                       .reading_needs_token = reading_needs_token,
                                       .assets = &s->assets,
                                       .store_name = "store.gpkg",
                                       .basemap = "null",
                                       .image_sources = ""};
    assert_ok(f, routes_new(&settings, &s->routes, &f->err));
    s->app = routes_app(s->routes);
    assert_ok(f, s->app.state_new(s->app.context, &s->state, &f->err));
}

static void stop_routes(struct served *s)
{
    s->app.state_free(s->app.context, s->state);
    routes_free(s->routes);
}

static int open_served(void **state)
{
    struct served *s = calloc(1, sizeof *s);
    if (!s || set_up((void **)&s->f) != 0)
        return -1;
    struct fixture *f = s->f;
    region_init(&s->region, f, 11);
    region_store(&s->region, REGION_GRID);
    assess(f);
    add_tokens(s);
    assert_ok(f, style_set_load(NULL, &s->styles, &f->err));
    assert_ok(f, cache_new(1 << 20, &s->cache, &f->err));
    assert_ok(f, assets_load(&s->assets, NULL, &f->err));
    struct watch_settings watched = {.store_path = f->path, .styles = s->styles, .cache = s->cache};
    assert_ok(f, watch_start(&watched, &s->watch, &f->err));
    assert_ok(f, editing_start(f->path, s->watch, &s->editing, &f->err));
    start_routes(s, false);
    *state = s;
    return 0;
}

static int close_served(void **state)
{
    struct served *s = *state;
    void *f = s->f;
    blob_release(s->response.body);
    stop_routes(s);
    editing_free(s->editing);
    watch_free(s->watch);
    assets_release(&s->assets);
    cache_free(s->cache);
    style_set_release(s->styles);
    free(s);
    return tear_down(&f);
}

/* ---- requests ---- */

static int ask(struct served *s, struct http_request request, const char *token)
{
    char header[TOKEN_TEXT_BYTES + 16];
    snprintf(header, sizeof header, "Bearer %s", token ? token : "");
    request.authorization = token ? header : NULL;
    request.body = request.body ? request.body : "";
    request.n_body = strlen(request.body);
    /* What edits need may still be prepared: 503, and again. */
    for (int i = 0; i < 20; i++) {
        blob_release(s->response.body);
        s->response = (struct http_response){0};
        if (!s->app.quick(s->app.context, &request, &s->response))
            s->app.answer(s->app.context, s->state, &request, &s->response);
        if (s->response.status != 503)
            break;
    }
    return s->response.status;
}

static int put(struct served *s, const char *target, const char *body, const char *token)
{
    return ask(s, (struct http_request){.method = HTTP_PUT, .target = target, .body = body}, token);
}

static int delete (struct served *s, const char *target, const char *token)
{
    return ask(s, (struct http_request){.method = HTTP_DELETE, .target = target}, token);
}

static bool says(const struct served *s, const char *text)
{
    return s->response.body &&
           memmem(s->response.body->bytes, s->response.body->n_bytes, text, strlen(text)) != NULL;
}

#define SCHOOL(id, lon)                                                                            \
    "{\"type\":\"Feature\",\"properties\":{\"id\":\"" id                                           \
    "\",\"name\":\"小学\",\"use\":\"school\",\"persons\":200,\"accuracy_m\":1},"                 \
    "\"geometry\":{\"type\":\"Point\",\"coordinates\":[" lon ",38.42]}}"

static void test_changes_need_a_token_that_may_write(void **state)
{
    struct served *s = *state;
    struct fixture *f = s->f;
    uint64_t generation = generation_of(f);
    assert_int_equal(put(s, "/v1/protected/S1", SCHOOL("S1", "106.22"), NULL), 401);
    assert_string_equal(s->response.authenticate, "Bearer realm=\"sisetu\"");
    assert_int_equal(put(s, "/v1/protected/S1", SCHOOL("S1", "106.22"), "sst_wrong"), 401);
    assert_non_null(strstr(s->response.authenticate, "invalid_token"));
    s->token[10] ^= 1; /* one digit of another token */
    assert_int_equal(put(s, "/v1/protected/S1", SCHOOL("S1", "106.22"), s->token), 401);
    s->token[10] ^= 1;
    assert_int_equal(put(s, "/v1/protected/S1", SCHOOL("S1", "106.22"), s->reader), 403);
    assert_non_null(strstr(s->response.authenticate, "insufficient_scope"));
    assert_int_equal(delete (s, "/v1/protected/pr-001", NULL), 401);
    assert_int_equal(generation_of(f), generation);
    assert_int_equal(put(s, "/v1/protected/S1", SCHOOL("S1", "106.22"), s->token), 201);
    assert_int_equal(generation_of(f), generation + 1);
    assert_int_equal(s->response.generation, generation + 1);
}

static void test_put_and_delete_are_published_when_answered(void **state)
{
    struct served *s = *state;
    assert_int_equal(put(s, "/v1/protected/S1", SCHOOL("S1", "106.22"), s->token), 201);
    assert_true(says(s, "\"change\":\"added\""));
    struct world *world = watch_world(s->watch);
    assert_true(world_find(world, LAYER_PROTECTED, "S1") >= 0);
    assert_int_equal(world->generation, s->response.generation);
    world_release(world);
    assert_int_equal(put(s, "/v1/protected/S1", SCHOOL("S1", "106.22"), s->token), 200);
    assert_true(says(s, "\"changed\":false"));
    assert_int_equal(put(s, "/v1/protected/S1", SCHOOL("S1", "106.23"), s->token), 200);
    assert_true(says(s, "\"change\":\"replaced\""));
    assert_int_equal(delete (s, "/v1/protected/S1", s->token), 200);
    assert_true(says(s, "\"change\":\"deleted\""));
    assert_int_equal(delete (s, "/v1/protected/S1", s->token), 404);
    world = watch_world(s->watch);
    assert_int_equal(world_find(world, LAYER_PROTECTED, "S1"), -1);
    world_release(world);
}

static void test_bad_bodies_are_told_and_change_nothing(void **state)
{
    struct served *s = *state;
    static const struct {
        const char *target, *body, *says;
        int status;
    } cases[] = {
        {"/v1/protected/S1", "", "the body is empty", 422},
        {"/v1/protected/S1", "{\"type\":", "is not", 422},
        {"/v1/protected/S1", SCHOOL("S2", "106.22"), "not that of the address", 422},
        {"/v1/protected/S1", SCHOOL("S1", "506.22"), "no place on Earth", 422},
        {"/v1/protected/S1",
         "{\"type\":\"Feature\",\"properties\":{\"usse\":\"school\"},\"geometry\":{\"type\":"
         "\"Point\",\"coordinates\":[106.2,38.4]}}",
         "did you mean use", 422},
        {"/v1/protected/S1",
         "{\"type\":\"Feature\",\"properties\":{\"use\":\"scool\"},\"geometry\":{\"type\":"
         "\"Point\",\"coordinates\":[106.2,38.4]}}",
         "school", 422},
        {"/v1/protected/S1",
         "{\"type\":\"Feature\",\"properties\":{\"use\":\"school\"},\"geometry\":{\"type\":"
         "\"LineString\",\"coordinates\":[[106.2,38.4],[106.3,38.4]]}}",
         "line", 422},
        {"/v1/protected/S1", "{\"type\":\"FeatureCollection\",\"features\":[]}", "", 422},
        {"/v1/conflicts/C1", SCHOOL("C1", "106.22"), "", 400},
        {"/v1/population/C1", SCHOOL("C1", "106.22"), "", 400},
        {"/v1/protected/S1?crs=EPSG:1", SCHOOL("S1", "106.22"), "EPSG:1", 400},
        {"/v1/protected/S1?color=red", SCHOOL("S1", "106.22"), "color", 400},
        {"/v1/protecte/S1", SCHOOL("S1", "106.22"), "nothing is served", 404},
    };
    uint64_t generation = generation_of(s->f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int status = put(s, cases[i].target, cases[i].body, s->token);
        if (status != cases[i].status || !says(s, cases[i].says))
            fail_msg("%s %.60s: %d %.*s", cases[i].target, cases[i].body, status,
                     s->response.body ? (int)s->response.body->n_bytes : 0,
                     s->response.body ? (const char *)s->response.body->bytes : "");
        assert_false(says(s, "vsimem"));
    }
    assert_int_equal(generation_of(s->f), generation);
}

static void test_conditions_keep_two_editors_apart(void **state)
{
    struct served *s = *state;
    char tag[32];
    struct http_request request = {
        .method = HTTP_PUT, .target = "/v1/protected/S1", .body = SCHOOL("S1", "106.22")};
    snprintf(tag, sizeof tag, "\"%llu\"", (unsigned long long)generation_of(s->f));
    request.if_match = tag;
    assert_int_equal(ask(s, request, s->token), 201);
    request.body = SCHOOL("S1", "106.23");
    assert_int_equal(ask(s, request, s->token), 412); /* the store moved on */
    request.if_match = "17";
    assert_int_equal(ask(s, request, s->token), 400);
    request.if_match = "*";
    assert_int_equal(ask(s, request, s->token), 200);
    request.if_match = NULL;
    request.if_none_match = "*";
    request.body = SCHOOL("S1", "106.24");
    assert_int_equal(ask(s, request, s->token), 412); /* it is there already */
}

static void test_coordinates_of_another_system_are_taken_by_name(void **state)
{
    struct served *s = *state;
    assert_int_equal(put(s, "/v1/protected/S1?crs=gcj02", SCHOOL("S1", "106.22"), s->token), 201);
    struct world *world = watch_world(s->watch);
    const struct protected_target *school =
        world_protected(world, (size_t)world_find(world, LAYER_PROTECTED, "S1"));
    double moved_deg = fabs(school->head.geom.points[0].lon_deg - 106.22);
    assert_true(moved_deg > 0.003 && moved_deg < 0.01);
    world_release(world);
}

static void test_reading_can_need_a_token_too(void **state)
{
    struct served *s = *state;
    struct http_request request = {.method = HTTP_GET, .target = "/v1/units"};
    stop_routes(s);
    start_routes(s, true);
    assert_int_equal(ask(s, request, NULL), 401);
    assert_int_equal(ask(s, request, s->reader), 200);
    assert_non_null(strstr(s->response.cache_control, "private"));
    assert_int_equal(ask(s, request, s->token), 200);
    request.target = "/tiles/city/8/203/97.png";
    assert_int_equal(ask(s, request, NULL), 401);
    assert_int_equal(ask(s, request, s->reader), 200);
    request.target = "/healthz";
    assert_int_equal(ask(s, request, NULL), 200);
}

static void test_store_without_tokens_takes_no_changes(void **state)
{
    struct served *s = *state;
    struct fixture *f = s->f;
    struct store *store = NULL;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_token_remove(store, "writer", &f->err));
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
    int status = 0;
    for (int i = 0; i < 40 && status != 403; i++) { /* the watch looks once a second */
        nanosleep(&(struct timespec){0, 100000000}, NULL);
        status = put(s, "/v1/protected/S1", SCHOOL("S1", "106.22"), s->token);
        assert_true(status == 403 || status == 201 || status == 200);
    }
    assert_int_equal(status, 403);
    assert_true(says(s, "sisetu token add"));
}

/* In the log of the store, by somebody who was killed before the tables had it. */
static void leave_school(struct served *s, const char *id)
{
    struct fixture *f = s->f;
    struct store *store = NULL;
    struct store_log *log = NULL;
    struct buf bytes;
    struct protected_target school;
    const struct store_put put = {&school, STORE_PUT_ANY, NULL};
    const struct store_change change = {.layer = LAYER_PROTECTED, .put = &put, .n_put = 1};
    record_clear(LAYER_PROTECTED, &school);
    school.head.id = id;
    school.use = "school";
    assert_ok(f,
              geom_of_point((struct lonlat){106.22, 38.42}, &f->arena, &school.head.geom, &f->err));
    buf_init(&bytes);
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_log_new(f->path, &log, &f->err));
    const struct store_edit edit = {store_generation(store) + 1, false, &change, 1};
    assert_ok(f, store_edit_write(&edit, NULL, &bytes, &f->err));
    assert_ok(f, store_log_append(log, store, edit.generation, &bytes, &f->err));
    store_log_free(log);
    store_close(store);
    buf_release(&bytes);
}

static void test_edits_that_a_killed_server_left_are_published_by_another(void **state)
{
    struct served *s = *state;
    bool found = false;
    leave_school(s, "left");
    for (int i = 0; i < 50 && !found; i++) { /* the watch looks once a second */
        nanosleep(&(struct timespec){0, 100000000}, NULL);
        struct world *world = watch_world(s->watch);
        found = world_find(world, LAYER_PROTECTED, "left") >= 0;
        world_release(world);
    }
    assert_true(found);
}

/* ---- readers ---- */

struct reading {
    struct watch *watch;
    atomic_bool *ending;
    size_t n_worlds;
    int wrong;
};

/* Everything that follows from the facts fits them. */
static bool is_whole(const struct world *world)
{
    size_t n_plants = 0;
    for (size_t row = 0; row < world_count(world, LAYER_GRADES); row++) {
        const struct grade_row *grade = world_record(world, LAYER_GRADES, row);
        if (strcmp(grade->subject, "enterprise") != 0)
            continue;
        n_plants++;
        if (world_find(world, LAYER_ENTERPRISES, grade->subject_id) < 0)
            return false;
    }
    if (n_plants != world_count(world, LAYER_ENTERPRISES))
        return false;
    struct finding_ref ref = {LAYER_COUNT, 0, 0};
    while (findings_next(world, &ref)) {
        const struct finding *finding = finding_at(world, ref);
        if (ref.row >= world_count(world, ref.layer) ||
            (finding->target_slot != FINDING_NO_TARGET && finding_target_row(world, finding) < 0))
            return false;
    }
    for (size_t row = 0; row < world_count(world, LAYER_FACILITIES); row++) {
        const uint32_t *rows;
        size_t n;
        const struct facility *facility = world_facility(world, row);
        bool found = false;
        world_of_enterprise(world, LAYER_FACILITIES, facility->enterprise_id, &rows, &n);
        for (size_t i = 0; i < n; i++)
            found = found || rows[i] == row;
        if (!found || world_find(world, LAYER_FACILITIES, facility->head.id) != (int64_t)row)
            return false;
    }
    return true;
}

static void *read_worlds(void *context)
{
    struct reading *reading = context;
    uint64_t last = 0;
    while (!atomic_load(reading->ending)) {
        struct world *world = watch_world(reading->watch);
        reading->wrong += !is_whole(world) || world->generation < last;
        reading->n_worlds += world->generation > last;
        last = world->generation;
        world_release(world);
    }
    return NULL;
}

static void test_readers_see_whole_worlds_while_edits_run(void **state)
{
    enum { READERS = 3, EDITS = 40 };
    struct served *s = *state;
    struct fixture *f = s->f;
    pthread_t threads[READERS];
    struct reading readings[READERS];
    atomic_bool ending = false;
    for (int i = 0; i < READERS; i++) {
        readings[i] = (struct reading){s->watch, &ending, 0, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, read_worlds, &readings[i]), 0);
    }
    for (int i = 0; i < EDITS; i++) {
        struct edit_result result;
        enum layer_id layer = i % 2 ? LAYER_ENTERPRISES : LAYER_FACILITIES;
        const char *id = region_id(&s->region, layer);
        struct edit_request request = {.layer = layer, .missing_is_fine = true};
        if (i % 5 == 0) {
            request.deleted = &id;
            request.n_deleted = 1;
        } else {
            request.records = region_record(&s->region, layer, id);
            request.n_records = 1;
        }
        enum err_code code = ERR_BUSY;
        for (int try = 0; try < 20 && code == ERR_BUSY; try++)
            code = editing_apply(s->editing, &request, &f->arena, &result, &f->err);
        assert_ok(f, code);
        edit_result_release(&result);
    }
    atomic_store(&ending, true);
    for (int i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(readings[i].wrong, 0);
        assert_true(readings[i].n_worlds > 1);
    }
}

/* Edits of several threads at once come one after another, and none is lost. */
struct writing {
    struct served *s;
    int number;
    enum err_code code;
};

static void *write_schools(void *context)
{
    enum { EACH = 6 };
    struct writing *writing = context;
    struct arena arena;
    struct err err;
    arena_init(&arena, 0);
    for (int i = 0; i < EACH && writing->code == ERR_OK; i++) {
        struct protected_target school;
        struct edit_result result;
        record_clear(LAYER_PROTECTED, &school);
        school.head.id = arena_printf(&arena, "school-%d-%d", writing->number, i);
        school.use = "school";
        if (geom_of_point((struct lonlat){106.22, 38.42}, &arena, &school.head.geom, &err) !=
            ERR_OK)
            break;
        struct edit_request request = {
            .layer = LAYER_PROTECTED, .records = &school, .n_records = 1};
        writing->code = ERR_BUSY;
        for (int try = 0; try < 20 && writing->code == ERR_BUSY; try++)
            writing->code = editing_apply(writing->s->editing, &request, &arena, &result, &err);
        edit_result_release(&result);
    }
    arena_release(&arena);
    return NULL;
}

static void test_edits_at_once_are_all_there_afterwards(void **state)
{
    enum { WRITERS = 3, EACH = 6 };
    struct served *s = *state;
    pthread_t threads[WRITERS];
    struct writing writings[WRITERS];
    uint64_t generation = generation_of(s->f);
    for (int i = 0; i < WRITERS; i++) {
        writings[i] = (struct writing){s, i, ERR_OK};
        assert_int_equal(pthread_create(&threads[i], NULL, write_schools, &writings[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(writings[i].code, ERR_OK);
    }
    struct world *world = watch_world(s->watch);
    assert_int_equal(world->generation, generation + (uint64_t)WRITERS * EACH);
    assert_int_equal(generation_of(s->f), world->generation);
    for (int i = 0; i < WRITERS * EACH; i++) {
        char id[32];
        snprintf(id, sizeof id, "school-%d-%d", i / EACH, i % EACH);
        assert_true(world_find(world, LAYER_PROTECTED, id) >= 0);
    }
    world_release(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_served, close_served)
        TEST(test_changes_need_a_token_that_may_write),
        TEST(test_put_and_delete_are_published_when_answered),
        TEST(test_bad_bodies_are_told_and_change_nothing),
        TEST(test_conditions_keep_two_editors_apart),
        TEST(test_coordinates_of_another_system_are_taken_by_name),
        TEST(test_reading_can_need_a_token_too),
        TEST(test_store_without_tokens_takes_no_changes),
        TEST(test_edits_that_a_killed_server_left_are_published_by_another),
        TEST(test_readers_see_whole_worlds_while_edits_run),
        TEST(test_edits_at_once_are_all_there_afterwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
