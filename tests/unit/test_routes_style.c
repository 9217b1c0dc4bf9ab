/* test_routes_style.c - ?style= on the routes, and styles that change while they are served. */
#include "data/base/file.h"
#include "tests/unit/served_fixture.h"

#include <time.h>
#include <unistd.h>

static char own[64];

static void put_style(const char *colour)
{
    char json[1024];
    struct err err;
    snprintf(json, sizeof json,
             "{\"version\": 8, \"name\": \"own style\", \"sources\": {\"sisetu\": {\"type\": "
             "\"vector\", \"url\": \"/tiles/risk.json\"}}, \"layers\": [{\"id\": \"ground\", "
             "\"type\": \"background\", \"paint\": {\"background-color\": \"%s\"}}, {\"id\": "
             "\"a\", \"type\": \"fill\", \"source\": \"sisetu\", \"source-layer\": \"units\"}]}",
             colour);
    assert_int_equal(file_write_atomic(own, json, strlen(json), &err), ERR_OK);
}

static int open_own(void **state)
{
    strcpy(own, "/tmp/sisetu-own-XXXXXX.json");
    int fd = mkstemps(own, 5);
    if (fd < 0)
        return -1;
    close(fd);
    put_style("#ffffff");
    return open_served_with(state, own);
}

static int close_own(void **state)
{
    unlink(own);
    return close_served(state);
}

static void test_tiles_are_drawn_in_the_style_that_is_named(void **state)
{
    struct served *s = *state;
    char tag[BLOB_TAG_BYTES];
    assert_int_equal(get(s, "/tiles/city/9/407/197.png"), 200);
    memcpy(tag, s->response.body->tag, sizeof tag);
    assert_int_equal(get(s, "/tiles/city/9/407/197.png?style=own%20style"), 200);
    assert_string_equal(s->response.body->tag, tag);
    assert_int_equal(get(s, "/tiles/city/9/407/197.png?style=four-colour"), 200);
    assert_string_not_equal(s->response.body->tag, tag);
    struct http_request again = {
        .method = HTTP_GET, .target = "/tiles/city/9/407/197.png?style=four-colour", .body = ""};
    assert_true(ask_with(s, &again)); /* each style has its own place in the cache */
    assert_string_not_equal(s->response.body->tag, tag);
    assert_int_equal(get(s, "/tiles/city/9/407/197.mvt?style=four-colour"), 200);
    assert_int_equal(get(s, "/v1/legend/risk?style=four-colour"), 200);
    assert_non_null(strstr(body(s), "#ffa500"));
}

static void test_a_style_that_there_is_not_is_told_with_those_that_there_are(void **state)
{
    struct served *s = *state;
    static const char *const targets[] = {
        "/tiles/city/9/407/197.png?style=four-color", "/tiles/city/9/407/197.mvt?style=four-color",
        "/tiles/city.json?style=four-color", "/v1/legend/risk?style=four-color",
        "/styles/four-color.json"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        assert_int_equal(get(s, targets[i]), 404);
        assert_non_null(strstr(message(s), "did you mean four-colour?"));
        assert_non_null(strstr(message(s), "own style"));
    }
}

static void test_tilejson_and_styles_lead_to_tiles_of_the_same_style(void **state)
{
    struct served *s = *state;
    assert_int_equal(get(s, "/tiles/city.json"), 200);
    assert_non_null(strstr(body(s), "{y}.mvt?v="));
    assert_int_equal(get(s, "/tiles/city.json?style=four-colour"), 200);
    assert_non_null(strstr(body(s), "{y}.mvt?style=four-colour&v="));
    assert_int_equal(get(s, "/styles/four-colour.json?map=city"), 200);
    assert_non_null(strstr(body(s), "/tiles/city.json?style=four-colour\""));
    assert_int_equal(get(s, "/styles/own%20style.json?map=city"), 200);
    assert_non_null(strstr(body(s), "/tiles/city.json\""));
    assert_int_equal(get(s, "/v1/status"), 200);
    assert_non_null(strstr(body(s), "\"own style\""));
}

static void test_an_overlay_is_drawn_without_its_ground(void **state)
{
    struct served *s = *state;
    char tag[BLOB_TAG_BYTES];
    assert_int_equal(get(s, "/tiles/city/9/407/197.png"), 200); /* all of it background */
    memcpy(tag, s->response.body->tag, sizeof tag);
    assert_int_equal(get(s, "/tiles/city/9/407/197.png?overlay=1"), 200);
    assert_string_not_equal(s->response.body->tag, tag);
    assert_int_equal(s->response.body->n_bytes, 116); /* nothing is left */
    assert_int_equal(get(s, "/tiles/city/9/407/197.png"), 200);
    assert_string_equal(s->response.body->tag, tag); /* they are two in the cache */
    assert_int_equal(get(s, "/tiles/city/9/407/197.png?overlay=names"), 200);
    assert_int_equal(s->response.body->n_bytes, 116); /* nothing has a name here */
    assert_int_equal(get(s, "/tiles/city/9/407/197.png?overlay=2"), 400);
    assert_int_equal(get(s, "/tiles/city/9/407/197.mvt?overlay=1"), 400);
}

static void test_the_sprite_that_a_style_names_is_there(void **state)
{
    struct served *s = *state;
    static const char *const files[] = {"sprite.json", "sprite@2x.json", "sprite.png",
                                        "sprite@2x.png"};
    char target[128];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(target, sizeof target, "/styles/four-colour/%s", files[i]);
        assert_int_equal(get(s, target), 200);
        assert_string_equal(s->response.content_type,
                            i < 2 ? "application/json; charset=utf-8" : "image/png");
    }
    assert_int_equal(get(s, "/styles/four-colour/sprite.svg"), 404);
    assert_int_equal(get(s, "/styles/no/sprite.json"), 404);
    assert_int_equal(get(s, "/styles/four-colour.json"), 200);
    assert_non_null(strstr(body(s), "/styles/four-colour/sprite\""));
}

/* Until the tile at hand has another tag than `tag`, for three seconds. */
static bool changes(struct served *s, const char *tag)
{
    const struct timespec tenth = {0, 100000000};
    for (int i = 0; i < 30; i++) {
        assert_int_equal(get(s, "/tiles/city/9/407/197.png"), 200);
        if (strcmp(s->response.body->tag, tag) != 0)
            return true;
        nanosleep(&tenth, NULL);
    }
    return false;
}

static void test_a_style_that_changes_shows_and_a_wrong_one_does_not(void **state)
{
    struct served *s = *state;
    char tag[BLOB_TAG_BYTES];
    assert_int_equal(get(s, "/tiles/city/9/407/197.png"), 200);
    memcpy(tag, s->response.body->tag, sizeof tag);
    put_style("#ff0000");
    assert_true(changes(s, tag));
    memcpy(tag, s->response.body->tag, sizeof tag);
    put_style("no colour");
    assert_false(changes(s, tag));
    put_style("#00ff00");
    assert_true(changes(s, tag));
}

int main(void)
{
#define OWN(name) cmocka_unit_test_setup_teardown(name, open_own, close_own)
    const struct CMUnitTest tests[] = {
        OWN(test_tiles_are_drawn_in_the_style_that_is_named),
        OWN(test_a_style_that_there_is_not_is_told_with_those_that_there_are),
        OWN(test_tilejson_and_styles_lead_to_tiles_of_the_same_style),
        OWN(test_an_overlay_is_drawn_without_its_ground),
        OWN(test_the_sprite_that_a_style_names_is_there),
        OWN(test_a_style_that_changes_shows_and_a_wrong_one_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
