/* test_routes.c - requests and their answers, without a socket; and a world that changes
 * under them. */
#include "tests/unit/served_fixture.h"

static void test_routes_answer_json_that_parses(void **state)
{
    struct served *s = *state;
    static const char *const targets[] = {
        "/healthz",
        "/v1/status",
        "/v1/units",
        "/v1/units/640100",
        "/v1/enterprises",
        "/v1/enterprises?grade=0&unit=640100&limit=1",
        "/v1/enterprises/E-1",
        "/v1/conflicts?bbox=106,38,107,39&grade=1,2&verdict=conflict&limit=5",
        "/v1/legend/risk",
        "/v1/at?lon=106.2&lat=38.4",
        "/v1/incident?lon=106.2&lat=38.4&radius_m=500",
        "/v1/facility_types",
        "/v1/risk?enterprise=E-1",
        "/v1/risk?unit=640100",
        "/v1/risk?lon=106.2&lat=38.4",
        "/v1/near?a=enterprises/E-1&layer=protected&within_m=500",
        "/v1/near?a=enterprises/E-1&layer=enterprises&nearest=3",
    };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct json *root = NULL;
        if (get(s, targets[i]) != 200)
            fail_msg("%s: %d %s", targets[i], s->response.status, body(s));
        assert_ok(s->f, jr_parse(body(s), s->response.body->n_bytes, &root, &s->f->err));
        assert_int_equal(jr_type_of(root), JR_OBJECT);
        assert_true(s->response.tagged);
        jr_free(root);
    }
}

static void test_status_says_that_nothing_was_assessed(void **state)
{
    struct served *s = *state;
    assert_int_equal(get(s, "/v1/status"), 200);
    assert_non_null(strstr(body(s), "has not been assessed"));
    assert_non_null(strstr(body(s), "\"grey\":1"));
    assert_non_null(strstr(body(s), "\"store\":\"store.gpkg\""));
    assert_true(s->response.generation > 0);
}

static void test_routes_refuse_bad_parameters_with_a_reason(void **state)
{
    struct served *s = *state;
    static const struct {
        const char *target;
        int status;
        const char *says;
    } cases[] = {
        {"/v1/at?lon=x&lat=1", 400, "lon \"x\" is not a number"},
        {"/v1/at?lat=1", 400, "lon is missing"},
        {"/v1/at?lon=1&lat=91", 400, "outside -90 to 90"},
        {"/v1/at?lon=1&lat=1&radius_m=100001", 400, "outside"},
        {"/v1/at?lon=1&lat=1&radius=5", 400, "did you mean radius_m?"},
        {"/v1/status?x=1", 400, "none is known here"},
        {"/v1/incident?lon=1&lat=1", 400, "radius_m is missing"},
        {"/v1/risk", 400, "give one of enterprise=ID"},
        {"/v1/risk?unit=640100&enterprise=E-1", 400, "give one of enterprise=ID"},
        {"/v1/risk?lon=106", 400, "lat is missing"},
        {"/v1/risk?unit=999999", 404, "999999"},
        {"/v1/risk?enterprise=nobody", 404, "nobody"},
        {"/v1/near?layer=protected&within_m=5", 400, "parameter a is missing"},
        {"/v1/near?a=E-1&layer=protected&within_m=5", 400, "a \"E-1\" should be a layer and an id"},
        {"/v1/near?a=enterprises/nobody&layer=protected&within_m=5", 404, "nobody"},
        {"/v1/near?a=enterprise/E-1&layer=protected&within_m=5", 400, "did you mean enterprises"},
        {"/v1/near?a=enterprises/E-1&layer=inventory&within_m=5", 400, "has no shapes"},
        {"/v1/near?a=enterprises/E-1&within_m=5", 400, "layer is missing"},
        {"/v1/near?a=enterprises/E-1&layer=protected", 400, "give within_m, nearest or both"},
        {"/v1/near?a=enterprises/E-1&layer=protected&within_m=0", 400, "outside"},
        {"/v1/near?a=enterprises/E-1&layer=protected&within_m=-5", 400, "outside"},
        {"/v1/near?a=enterprises/E-1&layer=protected&within_m=nan", 400, "not a number"},
        {"/v1/near?a=enterprises/E-1&layer=protected&within_m=100001", 400, "outside"},
        {"/v1/near?a=enterprises/E-1&layer=protected&nearest=0", 400, "outside"},
        {"/v1/near?a=enterprises/E-1&layer=protected&nearest=10001", 400, "outside"},
        {"/v1/enterprises?limit=10001", 400, "outside 1 to 10000"},
        {"/v1/enterprises?after=nonsense", 400, "after"},
        {"/v1/enterprises?unit=999999", 404, "999999"},
        {"/v1/conflicts?verdict=clear", 400, "conflict or undecided"},
        {"/v1/conflicts?bbox=1,2,3", 400, "four numbers"},
        {"/v1/units/999999", 404, "999999"},
        {"/v1/enterprises/nobody", 404, "nobody"},
        {"/v1/legend/nomap", 404, "nomap"},
        {"/v1/units/%ff", 400, "UTF-8"},
        {"/v2/status", 404, "nothing is served"},
        {"/viewer/..%2Fapp.js", 404, "no file"},
        {"/viewer/sisetu.1", 404, "no file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (get(s, cases[i].target) != cases[i].status)
            fail_msg("%s: %d %s", cases[i].target, s->response.status, body(s));
        if (!strstr(message(s), cases[i].says))
            fail_msg("%s: %s", cases[i].target, message(s));
        assert_false(s->response.tagged);
    }
}

static void test_tiles_have_one_address_and_stay_inside_the_grid(void **state)
{
    struct served *s = *state;
    static const struct {
        const char *target;
        int status;
    } cases[] = {
        {"/tiles/risk/0/0/0.png", 200},
        {"/tiles/risk/20/0/1048575.png", 200},
        {"/tiles/risk/20/0/1048576.png", 404},
        {"/tiles/risk/21/0/0.png", 404},
        {"/tiles/risk/1/2/0.png", 404},
        {"/tiles/risk/1/0/2.png", 404},
        {"/tiles/risk/1/-1/0.png", 400},
        {"/tiles/risk/01/0/0.png", 400},
        {"/tiles/risk/1/0/0.jpg", 400},
        {"/tiles/risk/1/0/0@3x.png", 400},
        {"/tiles/risk/1/0/0", 400},
        {"/tiles/risk/1/0/99999999999999999999.png", 400},
        {"/tiles/nomap/1/0/0.png", 404},
        {"/tiles/risk/1/0/0.png?unit=640100", 200},
        {"/tiles/risk/1/0/0.png?unit=1", 404},
        /* with the name of a grid */
        {"/tiles/risk/WebMercatorQuad/0/0/0.png", 200},
        {"/tiles/risk/WebMercatorQuad/20/1048575/1048575.png", 200},
        {"/tiles/risk/WebMercatorQuad/21/0/0.png", 404},
        {"/tiles/risk/WorldCRS84Quad/0/1/0.png", 200},
        {"/tiles/risk/WorldCRS84Quad/0/2/0.png", 404},
        {"/tiles/risk/WorldCRS84Quad/0/0/1.png", 404},
        {"/tiles/risk/CGCS2000Quad/19/1048575/524287@2x.png", 200},
        {"/tiles/risk/CGCS2000Quad/19/1048575/524288.png", 404},
        {"/tiles/risk/CGCS2000Quad/20/0/0.png", 404},
        {"/tiles/risk/CGCS2000Quad/8/408/70.mvt", 204},
        {"/tiles/risk/c/0/0/0.png", 404},
        {"/tiles/risk/c/1/1/0.png", 200},
        {"/tiles/risk/c/1/0/1.png", 404},
        {"/tiles/risk/c/18/262143/131071.png", 200},
        {"/tiles/risk/c/18/262143/131072.png", 404},
        {"/tiles/risk/c/19/0/0.png", 404},
        {"/tiles/risk/w/0/0/0.png", 404},
        {"/tiles/risk/w/1/1/1.png", 200},
        {"/tiles/risk/w/18/262143/262144.png", 404},
        {"/tiles/risk/C/1/1/0.png", 404},
        {"/tiles/risk/nogrid/1/1/0.png", 404},
        {"/tiles/risk//1/1/0.png", 404},
        {"/tiles/risk/c/1/1/0/0.png", 404},
        {"/tiles/c/1/1/0.png", 404},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (get(s, cases[i].target) != cases[i].status)
            fail_msg("%s: %d", cases[i].target, s->response.status);
    assert_int_equal(get(s, "/tiles/risk/9/0/0.png"), 200);
    assert_memory_equal(body(s), "\x89PNG", 4);
    assert_string_equal(s->response.content_type, "image/png");
    assert_int_equal(s->response.body->n_bytes, 116); /* an empty tile */
    assert_int_equal(get(s, "/tiles/risk/9/0/0@2x.png"), 200);
    assert_int_equal(s->response.body->n_bytes, 139);
}

static void test_grids_of_one_plane_share_their_tiles(void **state)
{
    struct served *s = *state;
    char tag[BLOB_TAG_BYTES], mercator[BLOB_TAG_BYTES];
    static const char *const same[] = {"/tiles/risk/CGCS2000Quad/8/406/72.png",
                                       "/tiles/risk/WorldCRS84Quad/8/406/72.png",
                                       "/tiles/risk/c/9/406/72.png"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct http_request request = {.method = HTTP_GET, .target = same[i], .body = ""};
        assert_int_equal(ask_with(s, &request), i > 0); /* the first draws it */
        assert_int_equal(s->response.status, 200);
        assert_true(s->response.body->n_bytes > 116);
        if (i == 0)
            memcpy(tag, s->response.body->tag, sizeof tag);
        assert_string_equal(s->response.body->tag, tag);
    }
    /* the tile of the same numbers in the other plane is another one */
    assert_int_equal(get(s, "/tiles/risk/9/406/72.png"), 200);
    assert_string_not_equal(s->response.body->tag, tag);
    assert_int_equal(get(s, "/tiles/risk/9/406/196.png"), 200);
    memcpy(mercator, s->response.body->tag, sizeof mercator);
    assert_int_equal(get(s, "/tiles/risk/WebMercatorQuad/9/406/196.png"), 200);
    assert_string_equal(s->response.body->tag, mercator);
    assert_int_equal(get(s, "/tiles/risk/w/9/406/196.png"), 200);
    assert_string_equal(s->response.body->tag, mercator);
}

static void test_a_tile_that_was_drawn_is_answered_without_a_worker(void **state)
{
    struct served *s = *state;
    struct http_request request = {
        .method = HTTP_GET, .target = "/tiles/county/9/407/197.png", .body = ""};
    assert_false(ask_with(s, &request));
    char tag[BLOB_TAG_BYTES];
    memcpy(tag, s->response.body->tag, sizeof tag);
    assert_true(ask_with(s, &request));
    assert_string_equal(s->response.body->tag, tag);
    request.if_none_match = tag;
    assert_true(ask_with(s, &request));
    assert_int_equal(s->response.status, 304);
}

static void test_if_none_match_takes_lists_weak_tags_and_stars(void **state)
{
    struct served *s = *state;
    assert_int_equal(get(s, "/v1/units"), 200);
    char exact[BLOB_TAG_BYTES], list[128], cut[BLOB_TAG_BYTES];
    memcpy(exact, s->response.body->tag, sizeof exact);
    snprintf(list, sizeof list, "\"other\", W/%s, \"third\"", exact);
    snprintf(cut, sizeof cut, "%.20s\"", exact);
    const struct {
        const char *sent;
        int status;
    } cases[] = {{exact, 304}, {list, 304}, {"*", 304}, {"\"other\"", 200}, {cut, 200}, {"", 200}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_request request = {
            .method = HTTP_GET, .target = "/v1/units", .if_none_match = cases[i].sent, .body = ""};
        ask_with(s, &request);
        if (s->response.status != cases[i].status)
            fail_msg("If-None-Match: %s gives %d", cases[i].sent, s->response.status);
    }
}

static void test_methods_other_than_those_of_the_address_are_refused(void **state)
{
    struct served *s = *state;
    assert_int_equal(post(s, "/v1/units", ""), 405);
    assert_string_equal(s->response.allow, "GET, HEAD, OPTIONS");
    assert_int_equal(get(s, "/v1/check"), 405);
    assert_string_equal(s->response.allow, "POST, OPTIONS");
    struct http_request request = {.method = HTTP_OTHER, .target = "/v1/units", .body = ""};
    ask_with(s, &request);
    assert_int_equal(s->response.status, 405);
    request = (struct http_request){.method = HTTP_OPTIONS, .target = "/v1/check", .body = ""};
    ask_with(s, &request);
    assert_int_equal(s->response.status, 204);
    request = (struct http_request){.method = HTTP_HEAD, .target = "/v1/units", .body = ""};
    ask_with(s, &request);
    assert_int_equal(s->response.status, 200);
}

static void test_check_reads_its_body_strictly(void **state)
{
    struct served *s = *state;
    static const char point[] = "\"geometry\":{\"type\":\"Point\",\"coordinates\":[106.2,38.4]}";
    static const struct {
        const char *format; /* %s: the point */
        int status;
        const char *says;
    } cases[] = {
        {"{\"type\":\"WORKSHOP_JIA\",%s}", 200, "verdict"},
        {"{\"type\":\"LIQ_TANK_AB\",%s,\"with\":{\"total_m3\":500},\"accuracy_m\":1}", 200,
         "verdict"},
        {"{\"type\":\"LIQ_TANK_AB\",%s,\"with\":{\"industry\":\"chemical\"}}", 200, "verdict"},
        {"{\"type\":\"NOPE\",%s}", 400, "NOPE"},
        {"{%s}", 422, "type"},
        {"{\"type\":\"WORKSHOP_JIA\"}", 422, "geometry"},
        {"{\"type\":\"WORKSHOP_JIA\",%s,\"wiht\":{}}", 422, "did you mean with?"},
        {"{\"type\":\"WORKSHOP_JIA\",%s,\"with\":{\"total_m\":5}}", 422, "did you mean"},
        {"{\"type\":\"WORKSHOP_JIA\",%s,\"with\":{\"total_m3\":-5}}", 422, "total_m3"},
        {"{\"type\":\"WORKSHOP_JIA\",%s,\"with\":[1]}", 422, "object"},
        {"{\"type\":\"WORKSHOP_JIA\",%s,\"accuracy_m\":0}", 422, "accuracy_m"},
        {"{\"type\":\"WORKSHOP_JIA\",%s", 422, "JSON"},
        {"[]", 422, "object"},
        {"", 422, "JSON"},
        {"{\"type\":\"WORKSHOP_JIA\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[38.4,106.2]"
         "}}",
         422, "swapped"},
        {"{\"type\":\"WORKSHOP_JIA\",\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[1,2],[3,"
         "4],[1,2]]]}}",
         422, "4 are the fewest"},
        {"{\"type\":\"WORKSHOP_JIA\",\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[1,2],[3,"
         "4],[5,1],[1,3]]]}}",
         422, "not closed"},
        {"{\"type\":\"WORKSHOP_JIA\",\"geometry\":{\"type\":\"Circle\",\"coordinates\":[1,2]}}",
         422, "Circle"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *hole = strstr(cases[i].format, "%s");
        const char *text =
            hole ? arena_printf(&s->f->arena, "%.*s%s%s", (int)(hole - cases[i].format),
                                cases[i].format, point, hole + 2)
                 : cases[i].format;
        if (post(s, "/v1/check", text) != cases[i].status || !strstr(body(s), cases[i].says))
            fail_msg("%s: %d %s", text, s->response.status, body(s));
    }
}

static void test_exposure_reads_its_body_strictly(void **state)
{
    struct served *s = *state;
    static const struct {
        const char *text;
        int status;
        const char *says;
    } cases[] = {
        {"{\"type\":\"Polygon\",\"coordinates\":[[[106.2,38.4],[106.3,38.4],[106.3,38.5],[106.2,"
         "38.4]]]}",
         200, "{\"exposures\":[{\"id\":\"1\",\"persons\":"},
        {"{\"type\":\"Feature\",\"id\":7,\"geometry\":{\"type\":\"Point\",\"coordinates\":[106.2,"
         "38.4]},\"within_m\":500,\"crs\":\"gcj02\"}",
         200, "\"id\":\"7\""},
        {"{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{"
         "\"id\":\"x\"},\"geometry\":{\"type\":\"Point\",\"coordinates\":[106.2,38.4]}}],"
         "\"within_m\":500}",
         200, "\"id\":\"x\""},
        {"{\"type\":\"Point\",\"coordinates\":[106.2,38.4]}", 422, "feature 1: a point or line"},
        {"{\"type\":\"Point\",\"coordinates\":[106.2,38.4],\"within_m\":0}", 422, "within_m"},
        {"{\"type\":\"Point\",\"coordinates\":[106.2,38.4],\"within_m\":-3}", 422, "within_m"},
        {"{\"type\":\"Point\",\"coordinates\":[106.2,38.4],\"within_m\":1e9}", 422, "within_m"},
        {"{\"type\":\"Point\",\"coordinates\":[106.2,38.4],\"within_m\":500,\"crs\":\"EPSG:3857\"}",
         400, "EPSG:4490"},
        {"{\"type\":\"Point\",\"coordinates\":[106.2,38.4],\"within_m\":500,\"crs\":4490}", 422,
         "should be a text"},
        {"{\"type\":\"Point\",\"coordinates\":[38.4,106.2],\"within_m\":500}", 422, "swapped"},
        {"{\"type\":\"Point\",\"coordinates\":[106.2,89.9999],\"within_m\":500}", 422, "pole"},
        {"{\"type\":\"Polygon\",\"coordinates\":[[[106,38],[107,39],[107,38],[106,39],[106,38]]]}",
         422, "feature 1: "},
        {"{\"type\":\"Polygon\",\"coordinates\":[[[179,38],[-179,38],[-179,39],[179,38]]]}", 422,
         "antimeridian"},
        {"{\"type\":\"Polygon\",\"coordinates\":[]}", 422, "ring"},
        {"{\"type\":\"GeometryCollection\",\"geometries\":[]}", 422, "GeometryCollection"},
        {"{\"type\":\"FeatureCollection\",\"features\":[]}", 422, "no features"},
        {"{\"type\":\"Polygon\",\"coordinates\":[[[NaN,38]]]}", 422, "JSON"},
        {"[]", 422, "GeoJSON"},
        {"", 422, "JSON"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (post(s, "/v1/exposure", cases[i].text) != cases[i].status ||
            !strstr(body(s), cases[i].says))
            fail_msg("%s: %d %s", cases[i].text, s->response.status, body(s));
    assert_int_equal(get(s, "/v1/exposure"), 405);
}

static void test_pages_of_plants_join_to_the_whole(void **state)
{
    struct served *s = *state;
    char id[16];
    for (int i = 2; i < 9; i++) {
        snprintf(id, sizeof id, "E-%d", i);
        add_plant(s->f, s->f->path, id, 106.2 + i * 0.01);
    }
    for (int i = 0; i < 40; i++) { /* until the server has seen them */
        get(s, "/v1/enterprises");
        if (strstr(body(s), "E-8"))
            break;
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    size_t seen = 0;
    const char *after = "";
    for (int page = 0; page < 10; page++) {
        struct json *root = NULL;
        assert_int_equal(get(s, arena_printf(&s->f->arena, "/v1/enterprises?limit=3%s", after)),
                         200);
        assert_ok(s->f, jr_parse(body(s), s->response.body->n_bytes, &root, &s->f->err));
        seen += jr_count(jr_get(root, "enterprises"));
        const char *next = jr_text(jr_get(root, "next"));
        if (next)
            after = arena_printf(&s->f->arena, "&after=%s", next);
        jr_free(root);
        if (!next)
            break;
    }
    assert_int_equal(seen, 8);
}

/* Whether the served generation passes `from` within two seconds. */
static bool moves_on(struct served *s, uint64_t from)
{
    for (int i = 0; i < 40; i++) {
        get(s, "/v1/status");
        if (s->response.generation > from)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    return false;
}

static void test_a_new_generation_shows_within_two_seconds(void **state)
{
    struct served *s = *state;
    get(s, "/v1/status");
    uint64_t before = s->response.generation;
    assert_int_equal(get(s, "/v1/enterprises/E-9"), 404);
    add_plant(s->f, s->f->path, "E-9", 106.5);
    assert_true(moves_on(s, before));
    assert_int_equal(get(s, "/v1/enterprises/E-9"), 200);
}

static void test_another_file_in_the_place_of_the_store_is_followed(void **state)
{
    struct served *s = *state;
    struct fixture *f = s->f;
    const char *other = in(f, "other.gpkg");
    assert_ok(f, store_create(other, &f->err));
    add_unit(f, other);
    add_plant(f, other, "OTHER", 106.3); /* as many commits, so the same generation */
    assert_int_equal(rename(other, f->path), 0);
    bool followed = false;
    for (int i = 0; i < 40 && !followed; i++) {
        followed = get(s, "/v1/enterprises/OTHER") == 200;
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    assert_true(followed);
    assert_int_equal(get(s, "/v1/enterprises/E-1"), 404);
}

static void test_a_store_that_vanishes_or_breaks_leaves_the_old_world_standing(void **state)
{
    struct served *s = *state;
    struct fixture *f = s->f;
    const char *aside = in(f, "aside.gpkg");
    assert_int_equal(rename(f->path, aside), 0);
    nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 300000000}, NULL);
    assert_int_equal(get(s, "/v1/enterprises/E-1"), 200);
    FILE *broken = fopen(f->path, "w");
    fputs("this is no store", broken);
    fclose(broken);
    nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 300000000}, NULL);
    assert_int_equal(get(s, "/v1/enterprises/E-1"), 200);
    assert_int_equal(rename(aside, f->path), 0);
    get(s, "/v1/status");
    uint64_t before = s->response.generation;
    add_plant(f, f->path, "E-2", 106.4);
    assert_true(moves_on(s, before));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_routes_answer_json_that_parses),
        TEST(test_status_says_that_nothing_was_assessed),
        TEST(test_routes_refuse_bad_parameters_with_a_reason),
        TEST(test_tiles_have_one_address_and_stay_inside_the_grid),
        TEST(test_grids_of_one_plane_share_their_tiles),
        TEST(test_a_tile_that_was_drawn_is_answered_without_a_worker),
        TEST(test_if_none_match_takes_lists_weak_tags_and_stars),
        TEST(test_methods_other_than_those_of_the_address_are_refused),
        TEST(test_check_reads_its_body_strictly),
        TEST(test_exposure_reads_its_body_strictly),
        TEST(test_pages_of_plants_join_to_the_whole),
        TEST(test_a_new_generation_shows_within_two_seconds),
        TEST(test_another_file_in_the_place_of_the_store_is_followed),
        TEST(test_a_store_that_vanishes_or_breaks_leaves_the_old_world_standing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
