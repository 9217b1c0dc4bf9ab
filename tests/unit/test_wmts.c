/* The Web Map Tile Service: every spelling leads to the same tile, every mistake to its exception.
 */
#include "tests/unit/served_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TILE "/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0"
#define LAYER "&LAYER=risk&STYLE=&FORMAT=image/png"
#define PLACE "&TILEMATRIXSET=CGCS2000Quad&TILEMATRIX=8&TILEROW=72&TILECOL=406"

/* Whether the answer is well-formed as far as tags go, each closed by its own. */
static bool tags_match(const char *xml)
{
    const char *open[64];
    size_t n = 0;
    for (const char *at = strchr(xml, '<'); at; at = strchr(at + 1, '<')) {
        const char *end = strchr(at, '>');
        if (!end || strchr("?", at[1]))
            continue;
        if (at[1] == '/') {
            size_t length = strcspn(at + 2, ">");
            if (n == 0 || strncmp(open[--n] + 1, at + 2, length) != 0)
                return false;
        } else if (end[-1] != '/') {
            if (n == 64)
                return false;
            open[n++] = at;
        }
    }
    return n == 0;
}

static const char *text(const struct served *s)
{
    assert_true(tags_match(body(s)));
    return body(s);
}

static void test_capabilities_name_layers_styles_and_grids(void **state)
{
    struct served *s = *state;
    static const char *const addresses[] = {
        "/wmts?SERVICE=WMTS&REQUEST=GetCapabilities", "/wmts/1.0.0/WMTSCapabilities.xml",
        "/wmts?service=wmts&request=getcapabilities&acceptversions=2.0.0,1.0.0&tk=unknown"};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct http_request request = {
            .method = HTTP_GET, .target = addresses[i], .body = "", .host = "a.example:81"};
        ask_with(s, &request);
        assert_int_equal(s->response.status, 200);
        assert_string_equal(s->response.content_type, "application/xml; charset=utf-8");
        static const char *const holds[] = {
            "version=\"1.0.0\"", "<ows:Identifier>risk</ows:Identifier>",
            "<ows:Identifier>four-colour</ows:Identifier>",
            "xlink:href=\"http://a.example:81/wmts?\"",
            "template=\"http://a.example:81/wmts/1.0.0/risk/{Style}/{TileMatrixSet}/{TileMatrix}/"
            "{TileRow}/{TileCol}.png\"",
            "<Format>application/vnd.mapbox-vector-tile</Format>",
            "<ScaleDenominator>559082264.0287178</ScaleDenominator>"
            "<TopLeftCorner>-20037508.34278924 20037508.34278924</TopLeftCorner>",
            "<ScaleDenominator>279541132.0143589</ScaleDenominator><TopLeftCorner>90 -180<",
            "<ScaleDenominator>279541132.0143589</ScaleDenominator><TopLeftCorner>-180 90<",
            "urn:ogc:def:wkss:OGC:1.0:GoogleMapsCompatible",
            /* the data: 106-107 E, 38-39 N */
            "<ows:LowerCorner>106.0000000 38.0000000</ows:LowerCorner>",
            "href=\"http://a.example:81/v1/legend/risk.png?style=four-colour\""};
        for (size_t k = 0; k < sizeof holds / sizeof *holds; k++)
            if (!strstr(text(s), holds[k]))
                fail_msg("%s: no %s", addresses[i], holds[k]);
        assert_null(strstr(body(s), "<ows:Identifier>c</ows:Identifier>"));
    }
}

static void test_sections_are_given_alone(void **state)
{
    struct served *s = *state;
    assert_int_equal(
        get(s, "/wmts?SERVICE=WMTS&REQUEST=GetCapabilities&SECTIONS=ServiceProvider,Contents"),
        200);
    assert_non_null(strstr(text(s), "<ows:ServiceProvider>"));
    assert_non_null(strstr(body(s), "<Contents>"));
    assert_null(strstr(body(s), "OperationsMetadata"));
    assert_null(strstr(body(s), "ServiceIdentification"));
}

static void test_a_host_that_is_none_is_not_repeated(void **state)
{
    struct served *s = *state;
    struct http_request request = {.method = HTTP_GET,
                                   .target = "/wmts/1.0.0/WMTSCapabilities.xml",
                                   .body = "",
                                   .host = "\"><script>"};
    ask_with(s, &request);
    assert_int_equal(s->response.status, 200);
    assert_null(strstr(text(s), "script"));
    assert_non_null(strstr(body(s), "xlink:href=\"/wmts?\""));
}

static void test_every_spelling_gives_the_same_tile(void **state)
{
    struct served *s = *state;
    char tag[BLOB_TAG_BYTES];
    static const char *const same[] = {
        "/tiles/risk/CGCS2000Quad/8/406/72.png",
        TILE LAYER PLACE,
        "/wmts?tilecol=406&TileRow=72&tilematrix=8&tilematrixset=CGCS2000Quad&layer=risk&style="
        "four-colour&format=image%2Fpng&version=1.0.0&request=GetTile&service=WMTS",
        "/wmts/1.0.0/risk/four-colour/CGCS2000Quad/8/72/406.png",
        "/wmts/1.0.0/risk/default/c/9/72/406.png",
        "/wmts?dialect=tianditu&SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=risk&STYLE=default"
        "&TILEMATRIXSET=c&FORMAT=tiles&TILEMATRIX=9&TILEROW=72&TILECOL=406&tk=0123456789abcdef",
        "/risk_c/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=vec&STYLE=default"
        "&TILEMATRIXSET=c&FORMAT=tiles&TILEMATRIX=9&TILEROW=72&TILECOL=406&tk=0123456789abcdef",
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        if (get(s, same[i]) != 200)
            fail_msg("%s: %d %s", same[i], s->response.status, body(s));
        assert_string_equal(s->response.content_type, "image/png");
        assert_true(s->response.body->n_bytes > 116);
        if (i == 0)
            memcpy(tag, s->response.body->tag, sizeof tag);
        assert_string_equal(s->response.body->tag, tag);
    }
    struct http_request again = {
        .method = HTTP_GET, .target = same[1], .body = "", .if_none_match = tag};
    assert_true(ask_with(s, &again)); /* from the cache */
    assert_int_equal(s->response.status, 304);
    again.method = HTTP_HEAD;
    again.if_none_match = NULL;
    assert_true(ask_with(s, &again));
    assert_int_equal(s->response.status, 200);
    /* another style is another tile, and the same as by its plain address */
    assert_int_equal(get(s, "/wmts/1.0.0/risk/dark/CGCS2000Quad/8/72/406.png"), 200);
    assert_string_not_equal(s->response.body->tag, tag);
    memcpy(tag, s->response.body->tag, sizeof tag);
    assert_int_equal(get(s, "/tiles/risk/CGCS2000Quad/8/406/72.png?style=dark"), 200);
    assert_string_equal(s->response.body->tag, tag);
    assert_int_equal(get(s, "/wmts/1.0.0/city/default/WebMercatorQuad/9/197/407.mvt"), 200);
    assert_string_equal(s->response.content_type, "application/vnd.mapbox-vector-tile");
    assert_int_equal(get(s, "/wmts/1.0.0/city/default/WebMercatorQuad/9/0/0.mvt"), 204);
}

/* As ArcGIS writes them (developers.arcgis.com, "WMTS Tile (Map Service)"): keys in small letters,
 * "getTile", a style left out or called default, formats without "image/" or with bits. */
static void test_requests_of_arcgis_are_understood(void **state)
{
    struct served *s = *state;
    static const struct {
        const char *wmts, *plain;
    } cases[] = {
        {"/wmts?service=WMTS&version=1.0.0&request=getTile&layer=risk&style=default&"
         "tileMatrixSet=CGCS2000Quad&tileMatrix=8&tilerow=72&tilecol=406&format=png",
         "/tiles/risk/CGCS2000Quad/8/406/72.png"},
        {"/wmts?service=WMTS&request=GetTile&layer=risk&tilematrixset=CGCS2000Quad&tilematrix=8&"
         "tilerow=72&tilecol=406",
         "/tiles/risk/CGCS2000Quad/8/406/72.png"},
        {"/wmts?service=WMTS&version=&request=GetTile&layer=risk&style=&format=&tilematrixset="
         "CGCS2000Quad&tilematrix=8&tilerow=72&tilecol=406&token=abc",
         "/tiles/risk/CGCS2000Quad/8/406/72.png"},
        {TILE "&layer=risk&style=dark&format=image/png32" PLACE,
         "/tiles/risk/CGCS2000Quad/8/406/72.png?style=dark&png=32"},
        {TILE "&layer=risk&format=image%2Fpng24" PLACE,
         "/tiles/risk/CGCS2000Quad/8/406/72.png?png=32"},
        {TILE "&layer=risk&format=PNG8" PLACE, "/tiles/risk/CGCS2000Quad/8/406/72.png?png=8"},
        {TILE "&layer=risk&format=image/png%3B%20mode%3D8bit" PLACE,
         "/tiles/risk/CGCS2000Quad/8/406/72.png?png=8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char tag[BLOB_TAG_BYTES];
        assert_int_equal(get(s, cases[i].plain), 200);
        memcpy(tag, s->response.body->tag, sizeof tag);
        if (get(s, cases[i].wmts) != 200)
            fail_msg("%s: %d %s", cases[i].wmts, s->response.status, body(s));
        assert_string_equal(s->response.body->tag, tag);
        assert_string_equal(s->response.content_type, "image/png");
    }
    /* What may be left out is declared. */
    assert_int_equal(get(s, "/wmts?service=WMTS&request=GetCapabilities&version=1.0.0"), 200);
    assert_non_null(strstr(body(s),
                           "<ows:Parameter name=\"Version\"><ows:AllowedValues><ows:Value>"
                           "1.0.0</ows:Value></ows:AllowedValues><ows:DefaultValue>1.0.0"));
    assert_non_null(strstr(body(s), "<ows:DefaultValue>image/png</ows:DefaultValue>"));
    /* A format of its own that is not served falls back to the usual one (table 19). */
    assert_int_equal(get(s, "/wmts?service=WMTS&request=GetCapabilities&acceptformats=text/html"),
                     200);
    assert_string_equal(s->response.content_type, "application/xml; charset=utf-8");
}

static void test_every_mistake_has_its_exception(void **state)
{
    struct served *s = *state;
    static const struct {
        const char *target;
        int status;
        const char *code, *locator; /* NULL: none */
    } cases[] = {
        {"/wmts", 400, "MissingParameterValue", "Service"},
        {"/wmts?", 400, "MissingParameterValue", "Service"},
        {"/wmts?SERVICE=WMTS", 400, "MissingParameterValue", "Request"},
        {"/wmts?SERVICE=&REQUEST=GetCapabilities", 400, "MissingParameterValue", "Service"},
        {"/wmts?SERVICE=WMS&REQUEST=GetCapabilities", 400, "InvalidParameterValue", "Service"},
        {"/wmts?SERVICE=WMTS&REQUEST=GetBOGUS", 400, "InvalidParameterValue", "Request"},
        {"/wmts?SERVICE=WMTS&REQUEST=GetFeatureInfo", 501, "OperationNotSupported", "GetFeature"},
        {"/wmts?SERVICE=WMTS&REQUEST=GetCapabilities&ACCEPTVERSIONS=2.0.0", 400,
         "VersionNegotiationFailed", "AcceptVersions"},
        {"/wmts?SERVICE=WMTS&REQUEST=GetCapabilities&SECTIONS=Bogus", 400, "InvalidParameterValue",
         "Sections"},
        {"/wmts?SERVICE=WMTS&REQUEST=GetCapabilities&dialect=gaode", 400, "InvalidParameterValue",
         "dialect"},
        {"/wmts?SERVICE=WMTS&SERVICE=WMTS&REQUEST=GetCapabilities", 400, "InvalidParameterValue",
         NULL},
        {"/wmts?SERVICE=%zz", 400, "InvalidParameterValue", NULL},
        {"/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.1.0" LAYER PLACE, 400,
         "InvalidParameterValue", "Version"},
        {TILE PLACE, 400, "MissingParameterValue", "Layer"},
        {TILE "&LAYER=%3Cb%3E&STYLE=&FORMAT=image/png" PLACE, 400, "InvalidParameterValue",
         "Layer"},
        {TILE "&LAYER=risk&STYLE=nostyle&FORMAT=image/png" PLACE, 400, "InvalidParameterValue",
         "Style"},
        {TILE "&LAYER=risk&STYLE=&FORMAT=image/png16" PLACE, 400, "InvalidParameterValue",
         "Format"},
        {TILE "&LAYER=risk&STYLE=&FORMAT=image/jpeg" PLACE, 400, "InvalidParameterValue", "Format"},
        {TILE "&LAYER=risk&STYLE=&FORMAT=tiles" PLACE, 400, "InvalidParameterValue", "Format"},
        {TILE LAYER "&TILEMATRIX=8&TILEROW=72&TILECOL=406", 400, "MissingParameterValue",
         "TileMatrixSet"},
        {TILE LAYER "&TILEMATRIXSET=EPSG:4490&TILEMATRIX=8&TILEROW=72&TILECOL=406", 400,
         "InvalidParameterValue", "TileMatrixSet"},
        {TILE LAYER "&TILEMATRIXSET=c&TILEMATRIX=0&TILEROW=0&TILECOL=0", 400,
         "InvalidParameterValue", "TileMatrix"},
        {TILE LAYER "&TILEMATRIXSET=c&TILEMATRIX=19&TILEROW=0&TILECOL=0", 400,
         "InvalidParameterValue", "TileMatrix"},
        {TILE LAYER "&TILEMATRIXSET=c&TILEMATRIX=CGCS2000Quad:8&TILEROW=0&TILECOL=0", 400,
         "InvalidParameterValue", "TileMatrix"},
        {TILE LAYER "&TILEMATRIXSET=c&TILEMATRIX=1&TILECOL=0", 400, "MissingParameterValue",
         "TileRow"},
        {TILE LAYER "&TILEMATRIXSET=c&TILEMATRIX=1&TILEROW=-1&TILECOL=0", 400,
         "InvalidParameterValue", "TileRow"},
        {TILE LAYER "&TILEMATRIXSET=c&TILEMATRIX=1&TILEROW=0&TILECOL=1.5", 400,
         "InvalidParameterValue", "TileCol"},
        {TILE LAYER "&TILEMATRIXSET=c&TILEMATRIX=1&TILEROW=1&TILECOL=0", 400, "TileOutOfRange",
         "TileRow"},
        {TILE LAYER "&TILEMATRIXSET=c&TILEMATRIX=1&TILEROW=0&TILECOL=2", 400, "TileOutOfRange",
         "TileCol"},
        {TILE LAYER "&TILEMATRIXSET=c&TILEMATRIX=1&TILEROW=0&TILECOL=99999999999999999999", 400,
         "InvalidParameterValue", "TileCol"},
        {"/wmts?SERVICE=WMTS&REQUEST=GetLegendGraphic", 400, "MissingParameterValue", "Layer"},
        {"/wmts?SERVICE=WMTS&REQUEST=GetLegendGraphic&LAYER=risk&FORMAT=image/gif", 400,
         "InvalidParameterValue", "Format"},
        /* by path: what is not there is not found */
        {"/wmts/1.0.0/Bogus", 404, "InvalidParameterValue", NULL},
        {"/wmts/2.0.0/WMTSCapabilities.xml", 404, "InvalidParameterValue", NULL},
        {"/wmts/1.0.0/nomap/default/c/1/0/0.png", 404, "InvalidParameterValue", "Layer"},
        {"/wmts/1.0.0/risk/nostyle/c/1/0/0.png", 404, "InvalidParameterValue", "Style"},
        {"/wmts/1.0.0/risk/default/nogrid/1/0/0.png", 404, "InvalidParameterValue",
         "TileMatrixSet"},
        {"/wmts/1.0.0/risk/default/c/1/1/0.png", 404, "TileOutOfRange", "TileRow"},
        {"/wmts/1.0.0/risk/default/c/1/0/2.png", 404, "TileOutOfRange", "TileCol"},
        {"/wmts/1.0.0/risk/default/c/1/0/0.jpg", 404, "InvalidParameterValue", "Format"},
        {"/wmts/1.0.0/risk/default/c/1/0/0", 404, "InvalidParameterValue", "Format"},
        /* Tianditu's addresses */
        {"/nomap_c/wmts?SERVICE=WMTS&REQUEST=GetCapabilities", 400, "InvalidParameterValue",
         "Layer"},
        {"/risk_x/wmts?SERVICE=WMTS&REQUEST=GetCapabilities", 404, "InvalidParameterValue", NULL},
        {"/risk_c/wmts?REQUEST=GetTile&TILEMATRIXSET=w&TILEMATRIX=1&TILEROW=0&TILECOL=0", 400,
         "InvalidParameterValue", "TileMatrixSet"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char code[96], locator[96];
        if (get(s, cases[i].target) != cases[i].status)
            fail_msg("%s: %d %s", cases[i].target, s->response.status, body(s));
        snprintf(code, sizeof code, "exceptionCode=\"%s\"", cases[i].code);
        snprintf(locator, sizeof locator, " locator=\"%s",
                 cases[i].locator ? cases[i].locator : "");
        if (!strstr(text(s), code) ||
            (strstr(body(s), locator) != NULL) != (cases[i].locator != NULL))
            fail_msg("%s: %s", cases[i].target, body(s));
        assert_string_equal(s->response.content_type, "application/xml; charset=utf-8");
        assert_false(s->response.tagged);
    }
}

static void test_methods_of_the_service_are_get_and_head(void **state)
{
    struct served *s = *state;
    struct http_request request = {.method = HTTP_OPTIONS, .target = TILE LAYER PLACE, .body = ""};
    ask_with(s, &request);
    assert_int_equal(s->response.status, 204);
    assert_int_equal(post(s, "/wmts", ""), 405);
    assert_string_equal(s->response.allow, "GET, HEAD, OPTIONS");
}

static void test_the_dialect_of_tianditu_mirrors_that_platform(void **state)
{
    struct served *s = *state;
    assert_int_equal(get(s, "/wmts?SERVICE=WMTS&REQUEST=GetCapabilities&dialect=tianditu"), 200);
    static const char *const holds[] = {
        "<ows:Identifier>c</ows:Identifier>\n"
        "<ows:SupportedCRS>urn:ogc:def:crs:EPSG::4490</ows:SupportedCRS>",
        "<ows:Identifier>w</ows:Identifier>\n"
        "<ows:SupportedCRS>urn:ogc:def:crs:EPSG::900913</ows:SupportedCRS>",
        "<TopLeftCorner>20037508.34278924 -20037508.34278924</TopLeftCorner>",
        "<TopLeftCorner>90 -180</TopLeftCorner>",
        "<Format>tiles</Format>",
        "<ows:Identifier>default</ows:Identifier>",
        "/wmts?dialect=tianditu&amp;"};
    for (size_t i = 0; i < sizeof holds / sizeof *holds; i++)
        if (!strstr(text(s), holds[i]))
            fail_msg("no %s", holds[i]);
    /* 2.958293554545656E8 at level 1, 2256.998866688275 at level 18 */
    const char *denominator = strstr(body(s), "<ScaleDenominator>");
    assert_true(fabs(strtod(denominator + 18, NULL) / 2.958293554545656E8 - 1) < 1e-12);
    assert_null(strstr(body(s), "WebMercatorQuad"));
    assert_null(strstr(body(s), "ResourceURL"));

    assert_int_equal(get(s, "/county_w/wmts?REQUEST=GetCapabilities"), 200);
    assert_non_null(strstr(text(s), "<ows:Identifier>county</ows:Identifier>"));
    assert_non_null(strstr(body(s), "/county_w/wmts?"));
    assert_null(strstr(body(s), "<ows:Identifier>risk</ows:Identifier>"));
    assert_null(strstr(body(s), "<ows:Identifier>c</ows:Identifier>"));
}

static void test_legends_are_pictures(void **state)
{
    struct served *s = *state;
    char tag[BLOB_TAG_BYTES];
    assert_int_equal(get(s, "/v1/legend/county.png"), 200);
    assert_string_equal(s->response.content_type, "image/png");
    assert_memory_equal(body(s), "\x89PNG", 4);
    memcpy(tag, s->response.body->tag, sizeof tag);
    assert_int_equal(get(s, "/wmts?SERVICE=WMTS&REQUEST=GetLegendGraphic&LAYER=county"), 200);
    assert_string_equal(s->response.body->tag, tag);
    uint32_t *pixels, width, height;
    struct err err;
    assert_int_equal(
        image_read_png(body(s), s->response.body->n_bytes, &pixels, &width, &height, &err), ERR_OK);
    const struct legend_entry *entries;
    size_t n;
    style_legend(style_set_at(s->styles, 0), "county", &entries, &n);
    assert_int_equal(height, n * 26 + 20);
    /* the first swatch is red, and there is ink right of it */
    assert_int_equal(pixels[(size_t)23 * width + 27], 0xFF0000FFu);
    bool ink = false;
    for (size_t x = 54; x < width; x++)
        ink |= (pixels[(size_t)23 * width + x] & 0xFF) < 100;
    assert_true(ink);
    free(pixels);
    assert_int_equal(get(s, "/v1/legend/county.png?lang=en"), 200);
    assert_string_not_equal(s->response.body->tag, tag);
    assert_int_equal(get(s, "/v1/legend/county.png?lang=fr"), 400);
    assert_int_equal(get(s, "/v1/legend/none.png"), 404);
    assert_int_equal(get(s, "/v1/legend/.png"), 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_capabilities_name_layers_styles_and_grids),
        cmocka_unit_test(test_sections_are_given_alone),
        cmocka_unit_test(test_a_host_that_is_none_is_not_repeated),
        cmocka_unit_test(test_every_spelling_gives_the_same_tile),
        cmocka_unit_test(test_requests_of_arcgis_are_understood),
        cmocka_unit_test(test_every_mistake_has_its_exception),
        cmocka_unit_test(test_methods_of_the_service_are_get_and_head),
        cmocka_unit_test(test_the_dialect_of_tianditu_mirrors_that_platform),
        cmocka_unit_test(test_legends_are_pictures),
    };
    return cmocka_run_group_tests(tests, open_served, close_served);
}
