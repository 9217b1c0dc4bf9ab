/* Addresses of tiles of every kind of wrong: each is refused with a sentence that says what would
 * be right, none is a fault of the server. */
#include "tests/unit/served_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_every_kind_of_wrong_has_its_sentence(void **state)
{
    struct served *s = *state;
    static const struct {
        const char *target;
        int status;
        const char *says;
    } cases[] = {
        /* numbers */
        {"/tiles/risk/x/0/0.png", 400, "z \\\"x\\\" is not a whole number"},
        {"/tiles/risk/1/+1/0.png", 400, "x \\\"+1\\\" is not"},
        {"/tiles/risk/1/0/-0.png", 400, "y \\\"-0\\\" is not"},
        {"/tiles/risk/1/0/00.png", 400, "y \\\"00\\\" is not"},
        {"/tiles/risk/1.0/0/0.png", 400, "z \\\"1.0\\\" is not"},
        {"/tiles/risk/1/1e0/0.png", 400, "x \\\"1e0\\\" is not"},
        {"/tiles/risk/1/0x1/0.png", 400, "x \\\"0x1\\\" is not"},
        {"/tiles/risk/1/%20/0.png", 400, "x \\\" \\\" is not"},
        {"/tiles/risk/1/%EF%BC%91/0.png", 400, "is not a whole number"}, /* a full-width 1 */
        {"/tiles/risk/NaN/0/0.png", 400, "z \\\"NaN\\\" is not"},
        {"/tiles/risk/4294967296/0/0.png", 400, "is not a whole number"},
        {"/tiles/risk/999999999/0/0.png", 404, "zoom 999999999 is outside 0 to 20"},
        {"/tiles/risk/20/1048576/0.png", 404, "x goes from 0 to 1048575"},
        {"/tiles/risk/18446744073709551617/0/0.png", 400, "is not a whole number"},
        {"/tiles/risk/CGCS2000Quad/20/0/0.png", 404, "zoom 20 is outside 0 to 19"},
        {"/tiles/risk/CGCS2000Quad/3/0/8.png", 404, "y from 0 to 7"},
        {"/tiles/risk/c/0/0/0.png", 404, "zoom 0 is outside 1 to 18"},
        /* names */
        {"/tiles/Risk/1/0/0.png", 404, "did you mean risk?"},
        {"/tiles/%2e%2e/1/0/0.png", 404, "no map"},
        {"/tiles/risk/EPSG:4490/1/0/0.png", 404, "grids are WebMercatorQuad"},
        {"/tiles/risk/cgcs2000quad/1/0/0.png", 404, "grids are"},
        {"/tiles/risk/C/1/0/0.png", 404, "grids are"},
        {"/tiles/risk/%E5%A4%A9%E5%9C%B0%E5%9B%BE/1/0/0.png", 404, "no grid"},
        /* ends */
        {"/tiles/risk/1/0/0.PNG", 400, "should end in .png, @2x.png or .mvt"},
        {"/tiles/risk/1/0/0.png.png", 400, "should end in"},
        {"/tiles/risk/1/0/.png", 400, "y \\\"\\\" is not"},
        {"/tiles/risk/1/0/0@2x", 400, "should end in"},
        {"/tiles/risk/1/0/0@2x.mvt", 400, "should end in"},
        {"/tiles/risk/1/0/0@1x.png", 400, "should end in"},
        {"/tiles/risk/1/0/0.mvt.gz", 400, "should end in"},
        {"/tiles/risk/1/0/0.pbf", 400, "should end in"},
        {"/tiles/risk/1/0/0.png%00", 400, "control character"},
        /* segments */
        {"/tiles/risk/1/0", 404, "nothing is served"},
        {"/tiles/risk/1/0/0.png/", 404, "leave out the /"},
        {"/tiles/risk//1/0/0.png", 404, "nothing is served"},
        {"/tiles//risk/1/0/0.png", 404, "nothing is served"},
        {"/tiles/risk/1/0%2F0.png", 404, "nothing is served"},
        {"/tiles/risk/c/1/0/0/0.png", 404, "nothing is served"},
        {"/tiles/a/b/c/d/e/f/g/h/i", 404, "nothing is served"},
        {"/tiles/risk/%/0/0.png", 400, "broken escape"},
        {"/tiles/risk/1/0/0%ff.png", 400, "UTF-8"},
        /* parameters */
        {"/tiles/risk/1/0/0.png?png=16", 400, "png is 8 or 32"},
        {"/tiles/risk/1/0/0.png?png", 400, "png=..."},
        {"/tiles/risk/1/0/0.png?png=8&png=8", 400, "given twice"},
        {"/tiles/risk/1/0/0.png?style=", 404, "styles are"},
        {"/tiles/risk/1/0/0.png?style=drak", 404, "did you mean dark?"},
        {"/tiles/risk/1/0/0.png?unit=", 404, "no unit"},
        {"/tiles/risk/1/0/0.png?unit=%27%20OR%201%3D1", 404, "no unit"},
        {"/tiles/risk/1/0/0.png?dpi=96", 400, "unknown parameter"},
        {"/tiles/risk/1/0/0.mvt?unit=1", 404, "no unit"},
        {"/tiles/risk/1/0/0.mvt?overlay=1", 400, "a vector tile takes no parameter"},
        {"/tiles/risk/c/1/0/0.mvt?png=8", 400, "a vector tile takes no parameter"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (get(s, cases[i].target) != cases[i].status)
            fail_msg("%s: %d %s", cases[i].target, s->response.status, body(s));
        if (!strstr(body(s), cases[i].says))
            fail_msg("%s: %s", cases[i].target, body(s));
        assert_false(s->response.tagged);
        assert_string_equal(s->response.cache_control, "no-store");
    }
}

static uint32_t random_below(uint32_t n)
{
    return (uint32_t)(drand48() * n);
}

/* A byte or two changed, taken out or put in; half of them digits, so that some still name tiles.
 */
static void spoil(char *text, size_t room)
{
    static const char bytes[] = "0123456789012345678901234567890123456789"
                                "/.@?&=%-+_ \"<>'\\abcwxyzCGQ\x01\x7f\xe5\xff";
    for (uint32_t i = random_below(2) + 1; i > 0; i--) {
        size_t n = strlen(text), at = 1 + random_below((uint32_t)n);
        char byte = bytes[random_below(sizeof bytes - 1)];
        uint32_t how = random_below(3);
        if (how == 0 && at < n)
            text[at] = byte;
        else if (how == 1 && at < n)
            memmove(text + at, text + at + 1, n - at);
        else if (n + 2 < room) {
            memmove(text + at + 1, text + at, n - at + 1);
            text[at] = byte;
        }
    }
}

static void test_spoilt_addresses_are_never_a_fault_of_the_server(void **state)
{
    struct served *s = *state;
    static const char *const good[] = {
        "/tiles/risk/9/406/196.png",
        "/tiles/county/9/406/196@2x.png?unit=640100&png=8",
        "/tiles/city/CGCS2000Quad/8/406/72.mvt?style=dark",
        "/tiles/region/c/9/406/72.png?png=32",
        "/wmts/1.0.0/risk/default/w/9/196/406.png",
        ("/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=risk&STYLE=&FORMAT=image/png"
         "&TILEMATRIXSET=c&TILEMATRIX=9&TILEROW=72&TILECOL=406"),
        "/risk_c/wmts?REQUEST=GetTile&TILEMATRIX=9&TILEROW=72&TILECOL=406&tk=1",
        "/v1/legend/county.png?style=dark&lang=en",
    };
    size_t n_of[600] = {0};
    srand48(20260601);
    for (int round = 0; round < 6000; round++) {
        char target[512];
        snprintf(target, sizeof target, "%s", good[(size_t)round % (sizeof good / sizeof *good)]);
        if (round >= (int)(sizeof good / sizeof *good))
            spoil(target, sizeof target);
        int status = get(s, target);
        if (status != 200 && status != 204 && status != 400 && status != 404 && status != 501)
            fail_msg("%s: %d %s", target, status, body(s));
        if (status >= 400 && (s->response.tagged || !*body(s)))
            fail_msg("%s: %d without a word", target, status);
        n_of[status]++;
    }
    if (n_of[200] < 100 || n_of[400] < 1000 || n_of[404] < 1000)
        fail_msg("%zu, %zu, %zu", n_of[200], n_of[400], n_of[404]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_of_wrong_has_its_sentence),
        cmocka_unit_test(test_spoilt_addresses_are_never_a_fault_of_the_server),
    };
    return cmocka_run_group_tests(tests, open_served, close_served);
}
