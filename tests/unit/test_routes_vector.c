/* test_routes_vector.c - vector tiles over HTTP: plain, gzipped, empty; what leads to them. */
#include "tests/unit/served_fixture.h"
#include "tiler/draw/deflate.h"

static void test_vector_tiles_come_plain_and_gzipped_and_empty_ones_are_204(void **state)
{
    struct served *s = *state;
    struct http_request request = {
        .method = HTTP_GET, .target = "/tiles/city/9/407/197.mvt", .body = ""};
    static const char *const gzipped[] = {"gzip", "br, GZip;q=0.5", "*"};
    static const char *const plain[] = {NULL, "", "br", "gzip;q=0, br", "gzipped"};
    struct buf bytes;
    struct err err;
    buf_init(&bytes);
    ask_with(s, &request);
    assert_int_equal(s->response.status, 200);
    assert_string_equal(s->response.content_type, "application/vnd.mapbox-vector-tile");
    assert_true(s->response.varies);
    buf_add(&bytes, body(s), s->response.body->n_bytes);
    for (int again = 0; again < 2; again++) {
        for (size_t i = 0; i < sizeof gzipped / sizeof *gzipped; i++) {
            struct buf inflated;
            buf_init(&inflated);
            request.accept_encoding = gzipped[i];
            bool quick = ask_with(s, &request);
            assert_true(quick || (again == 0 && i == 0));
            assert_string_equal(s->response.encoding, "gzip");
            assert_int_equal(inflate_gzip(s->response.body->bytes, s->response.body->n_bytes,
                                          1 << 20, &inflated, &err),
                             ERR_OK);
            assert_int_equal(inflated.n_bytes, bytes.n_bytes);
            assert_memory_equal(inflated.bytes, bytes.bytes, bytes.n_bytes);
            buf_release(&inflated);
        }
        for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
            request.accept_encoding = plain[i];
            assert_true(ask_with(s, &request)); /* drawn already */
            assert_null(s->response.encoding);
            assert_int_equal(s->response.body->n_bytes, bytes.n_bytes);
        }
    }
    buf_release(&bytes);
    assert_int_equal(get(s, "/tiles/city/9/0/0.mvt"), 204);
    assert_int_equal(s->response.body->n_bytes, 0);
    char tag[BLOB_TAG_BYTES];
    memcpy(tag, s->response.body->tag, sizeof tag);
    request.target = "/tiles/city/9/0/0.mvt";
    request.if_none_match = tag;
    assert_true(ask_with(s, &request));
    assert_int_equal(s->response.status, 304);
    assert_int_equal(get(s, "/tiles/city/9/407/197.mvt?png=8"), 400);
    assert_int_equal(get(s, "/tiles/city/9/407/197@2x.mvt"), 400);
    assert_int_equal(get(s, "/tiles/city/9/512/197.mvt"), 404);
}

static const char *text_at(struct json *root, const char *array, const char *member)
{
    const struct json *value = array ? jr_item(jr_get(root, array), 0) : root;
    return jr_text(member ? jr_get(value, member) : value);
}

static void test_tilejson_and_style_lead_to_the_vector_tiles(void **state)
{
    struct served *s = *state;
    struct json *root = NULL;
    struct err err;
    static const struct {
        const char *host, *proto, *tiles;
    } cases[] = {
        {NULL, NULL, "/tiles/city/{z}/{x}/{y}.mvt"},
        {"a.example:8080", NULL, "http://a.example:8080/tiles/city/{z}/{x}/{y}.mvt"},
        {"a.example", "https", "https://a.example/tiles/city/{z}/{x}/{y}.mvt"},
        {"a\"><script>", "https", "/tiles/city/{z}/{x}/{y}.mvt"},
    };
    struct http_request request = {.method = HTTP_GET, .target = "/tiles/city.json", .body = ""};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        request.host = cases[i].host;
        request.forwarded_proto = cases[i].proto;
        ask_with(s, &request);
        assert_int_equal(s->response.status, 200);
        assert_int_equal(jr_parse(body(s), s->response.body->n_bytes, &root, &err), ERR_OK);
        const char *tiles = text_at(root, "tiles", NULL);
        size_t n_tiles = strlen(cases[i].tiles);
        assert_memory_equal(tiles, cases[i].tiles, n_tiles);
        assert_memory_equal(tiles + n_tiles, "?v=", 3); /* and the version of the map */
        assert_int_equal(strlen(tiles + n_tiles), 3 + 16);
        assert_string_equal(text_at(root, NULL, "tilejson"), "3.0.0");
        assert_string_equal(text_at(root, "vector_layers", "id"), "units");
        assert_true(jr_number(jr_item(jr_get(root, "bounds"), 0), 0) == 106);
        assert_true(jr_number(jr_item(jr_get(root, "bounds"), 3), 0) == 39);
        jr_free(root);
    }
    request.target = "/styles/four-colour.json?map=city";
    request.host = "a.example";
    request.forwarded_proto = NULL;
    ask_with(s, &request);
    assert_int_equal(s->response.status, 200);
    assert_int_equal(jr_parse(body(s), s->response.body->n_bytes, &root, &err), ERR_OK);
    assert_string_equal(jr_text(jr_get(jr_get(jr_get(root, "sources"), "sisetu"), "url")),
                        "http://a.example/tiles/city.json");
    const struct json *layers = jr_get(root, "layers");
    assert_true(jr_count(layers) > 3);
    for (size_t i = 0; i < jr_count(layers); i++) {
        const char *id = jr_text(jr_get(jr_item(layers, i), "id"));
        const char *type = jr_text(jr_get(jr_item(layers, i), "type"));
        const char *from = jr_text(jr_get(jr_item(layers, i), "source-layer"));
        if (strcmp(type, "symbol") == 0 && strncmp(from, "units", 5) == 0)
            assert_string_equal(from, "units_places"); /* where names stand once */
        else
            assert_null(strstr(from, "_places"));
        assert_true(strcmp(id, "veil") != 0 && strcmp(id, "cities-colour") != 0);
    }
    jr_free(root);
    assert_null(strstr(body(s), "sisetu:outside"));
    assert_int_equal(get(s, "/styles/other.json"), 404);
    assert_int_equal(get(s, "/styles/four-colour.json?map=none"), 404);
    assert_int_equal(get(s, "/tiles/none.json"), 404);
    /* What OpenLayers hands on from the style's address. */
    assert_int_equal(get(s, "/tiles/city.json?map=city"), 200);
    assert_int_equal(get(s, "/tiles/city.json?map=risk"), 400);
    assert_int_equal(get(s, "/tiles/city/9/407/197.mvt?map=city"), 200);
    assert_int_equal(get(s, "/tiles/city/9/407/197.mvt?map=cit"), 400);
    assert_int_equal(get(s, "/tiles/city"), 404);
}

/* Of the layer with that id. */
static const struct json *layer_of(const struct json *style, const char *id)
{
    const struct json *layers = jr_get(style, "layers");
    for (size_t i = 0; i < jr_count(layers); i++)
        if (strcmp(jr_text(jr_get(jr_item(layers, i), "id")), id) == 0)
            return jr_item(layers, i);
    return NULL;
}

static void test_a_style_with_a_unit_draws_it_and_what_lies_outside(void **state)
{
    struct served *s = *state;
    struct json *root = NULL;
    struct err err;
    struct http_request request = {.method = HTTP_GET,
                                   .target = "/styles/four-colour.json?map=risk&unit=640100",
                                   .host = "a.example",
                                   .body = ""};
    ask_with(s, &request);
    assert_int_equal(s->response.status, 200);
    assert_int_equal(jr_parse(body(s), s->response.body->n_bytes, &root, &err), ERR_OK);
    const struct json *veil = layer_of(root, "veil"), *edge = layer_of(root, "selected");
    assert_string_equal(jr_text(jr_get(veil, "source")), "sisetu:outside");
    assert_null(jr_get(veil, "source-layer")); /* GeoJSON has none */
    assert_string_equal(jr_text(jr_get(edge, "source")), "sisetu:selected");
    const struct json *source = jr_get(jr_get(root, "sources"), "sisetu:outside");
    assert_string_equal(jr_text(jr_get(source, "type")), "geojson");
    assert_string_equal(jr_text(jr_get(source, "data")),
                        "http://a.example/v1/units/640100/outside.geojson");
    jr_free(root);
    assert_int_equal(get(s, "/styles/four-colour.json?map=risk&unit=999999"), 404);
}

static double ring_area(const struct json *ring)
{
    double sum = 0;
    for (size_t i = 0; i + 1 < jr_count(ring); i++) {
        const struct json *a = jr_item(ring, i), *b = jr_item(ring, i + 1);
        sum += jr_number(jr_item(a, 0), 0) * jr_number(jr_item(b, 1), 0) -
               jr_number(jr_item(b, 0), 0) * jr_number(jr_item(a, 1), 0);
    }
    return sum / 2;
}

static void test_a_unit_and_what_lies_outside_it_are_geojson(void **state)
{
    struct served *s = *state;
    struct json *root = NULL;
    struct err err;
    assert_int_equal(get(s, "/v1/units/640100/selected.geojson"), 200);
    assert_string_equal(s->response.content_type, "application/geo+json; charset=utf-8");
    assert_int_equal(jr_parse(body(s), s->response.body->n_bytes, &root, &err), ERR_OK);
    assert_string_equal(jr_text(jr_get(jr_get(root, "properties"), "code")), "640100");
    assert_true(jr_number(jr_get(jr_get(root, "properties"), "level"), 0) == 2);
    const struct json *shape = jr_get(root, "geometry");
    assert_string_equal(jr_text(jr_get(shape, "type")), "Polygon");
    assert_true(ring_area(jr_item(jr_get(shape, "coordinates"), 0)) == 1); /* square degree */
    jr_free(root);
    assert_int_equal(get(s, "/v1/units/640100/outside.geojson"), 200);
    assert_int_equal(jr_parse(body(s), s->response.body->n_bytes, &root, &err), ERR_OK);
    const struct json *outer = jr_item(jr_get(jr_get(root, "geometry"), "coordinates"), 0);
    assert_int_equal(jr_count(outer), 2);
    assert_true(ring_area(jr_item(outer, 0)) > 360 * 170); /* counter-clockwise */
    assert_true(ring_area(jr_item(outer, 1)) == -1);       /* a hole */
    jr_free(root);
    assert_int_equal(get(s, "/v1/units/640100/inside.geojson"), 404);
    assert_int_equal(get(s, "/v1/units/999999/outside.geojson"), 404);
    assert_int_equal(get(s, "/v1/units/640100/outside.geojson?a=1"), 400);
    /* What OpenLayers hands on from the style's address. */
    char tag[BLOB_TAG_BYTES];
    assert_int_equal(get(s, "/v1/units/640100/outside.geojson?map=city&unit=640100"), 200);
    assert_int_equal(get(s, "/tiles/city.json?map=city&unit=640100"), 200);
    assert_int_equal(get(s, "/tiles/city/9/407/197.mvt"), 200);
    memcpy(tag, s->response.body->tag, sizeof tag);
    assert_int_equal(get(s, "/tiles/city/9/407/197.mvt?map=city&unit=640100"), 200);
    assert_string_equal(s->response.body->tag, tag);
    assert_int_equal(get(s, "/tiles/city/9/407/197.mvt?unit=999999"), 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_vector_tiles_come_plain_and_gzipped_and_empty_ones_are_204),
        TEST(test_tilejson_and_style_lead_to_the_vector_tiles),
        TEST(test_a_style_with_a_unit_draws_it_and_what_lies_outside),
        TEST(test_a_unit_and_what_lies_outside_it_are_geojson),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
