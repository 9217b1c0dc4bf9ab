/* Letters as distance fields: read back by the letter of glyphs.proto; the outline lies where
 * FreeType's own picture has it; and over HTTP. */
#include "styles/glyph_range.h"
#include "tests/unit/mvt_fixture.h"
#include "tests/unit/served_fixture.h"

#include <math.h>

struct read_glyph {
    uint32_t id, width, height, advance;
    int32_t left, top;
    struct mvt_reader bitmap;
};

struct read_pack {
    char name[128], range[32];
    struct read_glyph glyphs[256];
    size_t n;
};

static struct read_glyph read_one(struct mvt_reader r)
{
    struct read_glyph g = {0};
    while (r.at < r.end) {
        uint64_t key = mvt_varint(&r);
        if (key == (2 << 3 | 2)) {
            g.bitmap = mvt_part(&r);
            continue;
        }
        uint32_t value = (uint32_t)mvt_varint(&r);
        switch (key >> 3) {
        case 1:
            g.id = value;
            break;
        case 3:
            g.width = value;
            break;
        case 4:
            g.height = value;
            break;
        case 5:
            g.left = mvt_unzigzag(value);
            break;
        case 6:
            g.top = mvt_unzigzag(value);
            break;
        case 7:
            g.advance = value;
            break;
        default:
            mvt_broken("a glyph has an unknown field");
        }
    }
    return g;
}

static void copy_text(char *to, size_t room, struct mvt_reader r)
{
    snprintf(to, room, "%.*s", (int)(r.end - r.at), (const char *)r.at);
}

static void read_pack(const void *bytes, size_t n, struct read_pack *out)
{
    struct mvt_reader r = {bytes, (const uint8_t *)bytes + n};
    memset(out, 0, sizeof *out);
    assert_int_equal(mvt_varint(&r), 1 << 3 | 2);
    struct mvt_reader stack = mvt_part(&r);
    assert_true(r.at == r.end);
    while (stack.at < stack.end) {
        uint64_t key = mvt_varint(&stack);
        struct mvt_reader part = mvt_part(&stack);
        if (key == (1 << 3 | 2))
            copy_text(out->name, sizeof out->name, part);
        else if (key == (2 << 3 | 2))
            copy_text(out->range, sizeof out->range, part);
        else
            out->glyphs[out->n++] = read_one(part);
    }
}

static const struct read_glyph *find(const struct read_pack *pack, uint32_t id)
{
    for (size_t i = 0; i < pack->n; i++)
        if (pack->glyphs[i].id == id)
            return &pack->glyphs[i];
    fail_msg("no glyph %u", id);
    return NULL;
}

/* The area inside of the outline, each pixel by how far it lies from it. */
static double area_of(const struct read_glyph *g)
{
    double area = 0;
    for (const uint8_t *at = g->bitmap.at; at < g->bitmap.end; at++) {
        double inside_px = (*at - 191) / 31.875;
        area += fmin(fmax(inside_px + 0.5, 0), 1);
    }
    return area;
}

static void make(uint32_t range, struct read_pack *pack)
{
    static const char *const names[] = {"Noto Sans CJK SC Regular"};
    static struct buf out; /* what is read points into it */
    struct arena arena;
    struct font_stack stack;
    struct err err;
    arena_init(&arena, 0);
    buf_release(&out);
    buf_init(&out);
    assert_int_equal(font_stack_find(names, 1, &arena, &stack, &err), ERR_OK);
    assert_int_equal(glyph_range_write(&stack, "Some Font", range, &out, &err), ERR_OK);
    read_pack(out.bytes, out.n_bytes, pack);
    font_stack_release(&stack);
    arena_release(&arena);
}

static void test_a_pack_names_its_stack_and_range(void **state)
{
    (void)state;
    struct read_pack pack;
    make(0, &pack);
    assert_string_equal(pack.name, "Some Font");
    assert_string_equal(pack.range, "0-255");
    assert_true(pack.n > 180); /* all that is printed of Latin-1 */
    for (size_t i = 0; i < pack.n; i++) {
        const struct read_glyph *g = &pack.glyphs[i];
        size_t n = (size_t)(g->bitmap.end - g->bitmap.at);
        assert_true(g->id < 256 && (i == 0 || g->id > pack.glyphs[i - 1].id));
        assert_int_equal(n, g->width ? (g->width + 6) * (g->height + 6) : 0);
        assert_true(g->width < 64 && g->height < 64 && g->advance < 64);
    }
    const struct read_glyph *space = find(&pack, ' ');
    assert_int_equal(space->width, 0);
    assert_true(space->advance >= 4 && space->advance <= 8);
    make(255, &pack);
    assert_string_equal(pack.range, "65280-65535");
    assert_true(find(&pack, 0xFF01)->advance == 24); /* a full-width exclamation mark */
}

static void test_an_ideograph_fills_its_em_box_round_the_middle_of_the_line(void **state)
{
    (void)state;
    struct read_pack pack;
    make(0x56DB / 256, &pack);
    const struct read_glyph *g = find(&pack, 0x56DB); /* four */
    assert_int_equal(pack.n, 256);
    assert_int_equal(g->advance, 24);
    /* In a client the top of the glyph lies 17 + top px above the middle of the line. */
    double above = 17 + g->top, middle = above - g->height / 2.0;
    assert_true(fabs(middle) < 1.5);
    assert_true(g->width >= 18 && g->width <= 23 && g->height >= 16 && g->height <= 23);
    /* The middle of the frame's left stroke is inside, the field falls off all round. */
    assert_true(area_of(g) > 80 && area_of(g) < 300);
    assert_true(g->bitmap.at[0] < 120);
}

/* A one is a stroke about 2 px wide and 17 px high: its area by hand. */
static void test_fields_are_distances_to_the_outline(void **state)
{
    (void)state;
    struct read_pack pack;
    make(0, &pack);
    const struct read_glyph *bar = find(&pack, '|');
    uint32_t across = bar->width + 6, middle = (bar->height + 6) / 2;
    const uint8_t *row = bar->bitmap.at + (size_t)middle * across;
    double width_px = 0;
    for (uint32_t x = 0; x < across; x++)
        width_px += fmin(fmax((row[x] - 191) / 31.875 + 0.5, 0), 1);
    assert_true(width_px > 1 && width_px < 3);
    /* From one pixel to the next outside of it the distance grows by one: 32 steps. */
    assert_true(abs(row[0] - row[1] + 32) <= 2 && abs(row[1] - row[2] + 32) <= 2);
}

static void test_letters_are_served_by_stack_and_range(void **state)
{
    struct served *s = *state;
    struct read_pack pack;
    const char *noto = "/fonts/Noto%20Sans%20CJK%20SC%20Regular/";
    char target[256];
    for (int again = 0; again < 2; again++) {
        snprintf(target, sizeof target, "%s%s", noto, "0-255.pbf");
        assert_int_equal(get(s, target), 200);
        assert_string_equal(s->response.content_type, "application/x-protobuf");
        assert_non_null(strstr(s->response.cache_control, "max-age"));
        read_pack(body(s), s->response.body->n_bytes, &pack);
        assert_string_equal(pack.name, "Noto Sans CJK SC Regular");
        assert_true(pack.n > 180);
    }
    static const char *const bad[] = {"0-256.pbf", "1-256.pbf",        "0-255",     "0-255.pbf.pbf",
                                      "256-0.pbf", "65536-65791.pbf",  "-.pbf",     "00-255.pbf",
                                      "a.pbf",     "99999999-255.pbf", " 0-255.pbf"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(target, sizeof target, "%s%s", noto, bad[i]);
        if (get(s, target) != 400)
            fail_msg("%s: %d", target, s->response.status);
    }
    assert_int_equal(get(s, "/fonts/Comic%20Sans/0-255.pbf"), 404);
    /* What a client asks for where a layer names no font. */
    assert_int_equal(
        get(s, "/fonts/Open%20Sans%20Regular,Arial%20Unicode%20MS%20Regular/0-255.pbf"), 200);
    assert_int_equal(get(s, "/fonts/Noto%20Sans%20CJK%20SC%20Regular%7C/0-255.pbf"), 404);
    assert_int_equal(get(s, "/fonts/..%2F..%2Fetc/0-255.pbf"), 404);
}

static void test_style_sheets_name_fonts_of_the_reader(void **state)
{
    struct served *s = *state;
    assert_int_equal(get(s, "/fonts/Noto+Sans+CJK+SC/700.css"), 200);
    assert_string_equal(s->response.content_type, "text/css; charset=utf-8");
    assert_non_null(strstr(body(s), "font-family:\"Noto Sans CJK SC\";font-style:normal;"
                                    "font-weight:700;src:local(\"Noto Sans CJK SC Bold\")"));
    assert_int_equal(get(s, "/fonts/Noto+Sans/400-italic.css"), 200);
    assert_non_null(strstr(body(s), "font-style:italic"));
    assert_int_equal(get(s, "/fonts/Noto/450.css"), 404);
    assert_int_equal(get(s, "/fonts/Noto/.css"), 404);
    assert_int_equal(get(s, "/fonts/No%22to/400.css"), 404);
    assert_int_equal(get(s, "/fonts/No%7D/400.css"), 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pack_names_its_stack_and_range),
        cmocka_unit_test(test_an_ideograph_fills_its_em_box_round_the_middle_of_the_line),
        cmocka_unit_test(test_fields_are_distances_to_the_outline),
        TEST(test_letters_are_served_by_stack_and_range),
        TEST(test_style_sheets_name_fonts_of_the_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
