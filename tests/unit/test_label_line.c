/* Names along lines: they follow the line, can be read, and stand evenly on it. */
#include "tests/unit/map_fixture.h"
#include "tiler/labels/label_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { ZOOM = 8, LETTERS = 8, SIZE_PX = 12 };

/* Eight letters, each as wide as the text is large. */
struct line_test {
    struct arena arena;
    struct path path;
    struct label_wish wish;
    struct glyph glyphs[LETTERS];
    struct glyph_run run;
};

static void line_test_init(struct line_test *t, const struct path_point *points, size_t n)
{
    struct err err;
    struct plane_point plane[64];
    memset(t, 0, sizeof *t);
    arena_init(&t->arena, 0);
    for (size_t i = 0; i < n; i++)
        plane[i] = (struct plane_point){
            (int32_t)(points[i].x * (double)plane_units_of_px(ZOOM) - 2147483648.0),
            (int32_t)(points[i].y * (double)plane_units_of_px(ZOOM) - 2147483648.0)};
    fixture_check(path_new(plane, n, false, ZOOM, &t->arena, &t->path, &err), &err);
    for (int i = 0; i < LETTERS; i++)
        t->glyphs[i].x_64 = i * SIZE_PX * 64;
    t->run =
        (struct glyph_run){.n = LETTERS, .glyphs = t->glyphs, .width_64 = LETTERS * SIZE_PX * 64};
    t->wish.placement = PLACE_LINE;
    t->wish.look.text.size_px = SIZE_PX;
    t->wish.spacing_px = 250;
    t->wish.max_angle_deg = 45;
    t->wish.keep_upright = true;
}

static bool lay(struct line_test *t, double at_px, struct line_label *out)
{
    struct err err;
    bool fits;
    fixture_check(
        label_line_lay_out(&t->path, at_px, &t->wish, &t->run, &t->arena, out, &fits, &err), &err);
    return fits;
}

/* The middle of a letter's em box, world pixels. */
static struct path_point middle_of(const struct line_label *label, uint32_t i)
{
    double angle = label->glyphs[i].turn * M_PI / 128;
    double x = SIZE_PX / 2.0, y = -SIZE_PX * 0.88 + SIZE_PX / 2.0;
    return (struct path_point){
        label->x_px + label->glyphs[i].x_64 / 64.0 + x * cos(angle) - y * sin(angle),
        label->y_px + label->glyphs[i].y_64 / 64.0 + x * sin(angle) + y * cos(angle)};
}

static double distance_to(const struct path *path, struct path_point at)
{
    double least = 1e9;
    for (size_t i = 0; i + 1 < path->n; i++) {
        struct path_point a = path->points[i], b = path->points[i + 1];
        double dx = b.x - a.x, dy = b.y - a.y;
        double t = ((at.x - a.x) * dx + (at.y - a.y) * dy) / (dx * dx + dy * dy);
        t = fmax(0, fmin(1, t));
        least = fmin(least, hypot(at.x - a.x - t * dx, at.y - a.y - t * dy));
    }
    return least;
}

static size_t arc(struct path_point out[40], double radius_px)
{
    for (int i = 0; i < 40; i++)
        out[i] = (struct path_point){1000 + radius_px * cos(i * M_PI / 39),
                                     1000 - radius_px * sin(i * M_PI / 39)};
    return 40;
}

static void test_letters_stand_on_the_line_and_turn_with_it(void **state)
{
    (void)state;
    struct path_point points[40];
    struct line_test t;
    struct line_label label;
    line_test_init(&t, points, arc(points, 150));
    assert_true(lay(&t, path_length(&t.path) / 2, &label));
    assert_int_equal(label.n_glyphs, LETTERS);
    for (uint32_t i = 0; i < LETTERS; i++) {
        struct path_point at = middle_of(&label, i);
        assert_true(distance_to(&t.path, at) < 0.6);
        /* The circle's tangent, to a step of the turn. */
        double tangent = atan2(at.x - 1000, 1000 - at.y);
        double turn = label.glyphs[i].turn * M_PI / 128;
        assert_true(fabs(remainder(turn - tangent, 2 * M_PI)) < 0.04);
        /* The line runs from right to left: the text goes against it. */
        assert_true(i == 0 || middle_of(&label, i - 1).x < at.x);
    }
    arena_release(&t.arena);
}

static void test_a_text_may_stand_on_its_head_only_if_the_style_says_so(void **state)
{
    (void)state;
    const struct path_point leftward[] = {{900, 500}, {100, 500}};
    struct line_test t;
    struct line_label label;
    line_test_init(&t, leftward, 2);
    assert_true(lay(&t, 400, &label));
    assert_int_equal(label.glyphs[0].turn, 0);
    t.wish.keep_upright = false;
    assert_true(lay(&t, 400, &label));
    assert_int_equal(label.glyphs[0].turn, 128);
    arena_release(&t.arena);
}

static void test_level_letters_go_up_a_line_without_turning(void **state)
{
    (void)state;
    const struct path_point rising[] = {{100, 900}, {400, 300}};
    struct line_test t;
    struct line_label label;
    line_test_init(&t, rising, 2);
    t.wish.alignment = ALIGN_VIEWPORT_GLYPH;
    assert_true(lay(&t, path_length(&t.path) / 2, &label));
    for (uint32_t i = 0; i < LETTERS; i++) {
        assert_int_equal(label.glyphs[i].turn, 0);
        assert_true(distance_to(&t.path, middle_of(&label, i)) < 0.6);
    }
    arena_release(&t.arena);
}

static void test_a_name_never_leaves_its_line_nor_turns_a_sharp_corner(void **state)
{
    (void)state;
    /* The text is 96 px long. */
    const struct path_point straight[] = {{100, 100}, {300, 100}};
    struct line_test t;
    struct line_label label;
    line_test_init(&t, straight, 2);
    assert_true(lay(&t, 48, &label));
    assert_true(lay(&t, 152, &label));
    t.wish.spacing_px = 1; /* it cannot move aside */
    assert_false(lay(&t, 47, &label));
    assert_false(lay(&t, 153, &label));
    arena_release(&t.arena);

    const struct path_point corner[] = {{100, 500}, {500, 500}, {500, 100}};
    line_test_init(&t, corner, 3);
    t.wish.spacing_px = 1;
    assert_false(lay(&t, 400, &label));
    t.wish.max_angle_deg = 91;
    assert_true(lay(&t, 400, &label));
    t.wish.max_angle_deg = 45;
    t.wish.spacing_px = 400; /* now it moves 50 px along */
    assert_true(lay(&t, 400, &label));
    assert_true(label.x_px == 450 || label.y_px == 450);
    arena_release(&t.arena);
}

static void test_names_stand_evenly_from_the_middle(void **state)
{
    (void)state;
    const struct path_point straight[] = {{100, 100}, {1150, 100}};
    struct line_test t;
    line_test_init(&t, straight, 2);
    struct path_places places = path_places(&t.path, &t.wish, 96, ZOOM);
    assert_int_equal(places.n, 4);
    assert_close(places.step_px, 250, 1e-9);
    assert_close(places.first_px + 1.5 * places.step_px, 1050 / 2.0, 1e-6);
    /* Long names keep a quarter of the spacing between them. */
    places = path_places(&t.path, &t.wish, 400, ZOOM);
    assert_int_equal(places.n, 2);
    assert_close(places.step_px, 462.5, 1e-9);
    /* A line shorter than its name has none, one as long has one. */
    assert_int_equal(path_places(&t.path, &t.wish, 1049.9, ZOOM).n, 1);
    assert_int_equal(path_places(&t.path, &t.wish, 1050.1, ZOOM).n, 0);
    t.wish.placement = PLACE_LINE_CENTER;
    places = path_places(&t.path, &t.wish, 96, ZOOM);
    assert_int_equal(places.n, 1);
    assert_close(places.first_px, 525, 1e-6);
    /* However narrow a style wants them, they are so many at most. */
    t.wish.placement = PLACE_LINE;
    t.wish.spacing_px = 0;
    assert_true(path_places(&t.path, &t.wish, 0, ZOOM).n <= 4096);
    arena_release(&t.arena);
}

static void test_the_boxes_of_a_name_hold_its_letters(void **state)
{
    (void)state;
    struct path_point points[40];
    struct line_test t;
    struct line_label label;
    line_test_init(&t, points, arc(points, 90));
    assert_true(lay(&t, path_length(&t.path) / 3, &label));
    for (uint32_t i = 0; i < LETTERS; i++) {
        double angle = label.glyphs[i].turn * M_PI / 128;
        bool held = false;
        double x = label.x_px + label.glyphs[i].x_64 / 64.0;
        double y = label.y_px + label.glyphs[i].y_64 / 64.0;
        /* The two upper corners of the em box and the two lower ones. */
        for (uint32_t k = 0; k < label.n_boxes && !held; k++) {
            held = true;
            for (int c = 0; c < 4; c++) {
                double across = c % 2 ? SIZE_PX : 0, down = c / 2 ? SIZE_PX * .12 : -SIZE_PX * .88;
                double px = x + across * cos(angle) - down * sin(angle);
                double py = y + across * sin(angle) + down * cos(angle);
                const struct px_box *box = &label.boxes[k];
                held = held && px >= box->left && px <= box->right && py >= box->top &&
                       py <= box->bottom;
            }
        }
        assert_true(held);
    }
    arena_release(&t.arena);
}

/* ---- on maps ---- */

#define ALONG                                                                                           \
    "{\"version\": 8, \"layers\": [{\"id\": \"p\", \"type\": \"symbol\", \"source-layer\": "            \
    "\"pipelines\", \"layout\": {\"text-field\": [\"concat\", [\"get\", \"id\"], \" 天然气管道\"]" \
    ", \"text-size\": 14, \"symbol-placement\": \"line\", \"icon-image\": \"triangle\", "               \
    "\"text-offset\": [0, 1.2], \"symbol-spacing\": 120}, \"paint\": {\"text-halo-color\": "            \
    "\"#fff\", \"text-halo-width\": 2}},"                                                               \
    "{\"id\": \"u\", \"type\": \"symbol\", \"source-layer\": \"units\", \"layout\": "                   \
    "{\"text-field\": [\"get\", \"name\"], \"symbol-placement\": \"line\"}},"                           \
    "{\"id\": \"e\", \"type\": \"symbol\", \"source-layer\": \"enterprises\", \"layout\": "             \
    "{\"text-field\": [\"get\", \"name\"], \"icon-image\": \"star\", \"text-optional\": true}}]}"

static void test_tiles_with_names_are_the_crop_of_one_larger_picture(void **state)
{
    (void)state;
    struct map_fixture m;
    map_fixture_init(&m, ALONG);
    for (uint32_t z = 6; z <= 17; z++) {
        struct tile_key key = {.map = MAP_COUNTY, .scale = 1 + z % 2};
        uint32_t x, y;
        /* On the pipeline, which goes by the plants. */
        map_place(105.5 + (105.2 - 105.5) * (z % 3 == 0), 37.6 - 0.3 * (z % 3 == 0), z, &key, &x,
                  &y);
        key.x--;
        key.y--;
        map_check_crop(&m, &key, 3);
    }
    map_fixture_release(&m);
}

static void test_names_on_lines_lie_on_no_other_and_in_their_ink(void **state)
{
    (void)state;
    struct map_fixture m;
    struct err err;
    map_fixture_init(&m, ALONG);
    for (uint32_t z = 8; z <= 12; z++) {
        const struct placement *p;
        fixture_check(scenes_labels(m.scenes, MAP_COUNTY, z, m.canvas->fonts, &p, &err), &err);
        size_t on_lines = 0;
        for (size_t i = 0; i < p->n; i++)
            on_lines += p->items[i].layer == 0;
        assert_true(on_lines >= 1);
        struct tile_key key = {.map = MAP_COUNTY, .scale = 1};
        uint32_t x, y;
        map_place(105.6, 37.7, z, &key, &x, &y);
        uint32_t *pixels = map_draw_block(&m, &key, 1);
        for (uint32_t i = 0; i < TILE_PX * TILE_PX; i++) {
            int32_t px = (int32_t)(key.x * 256 + i % TILE_PX);
            int32_t py = (int32_t)(key.y * 256 + i / TILE_PX);
            bool inside = pixels[i] == 0;
            for (size_t k = 0; k < p->n && !inside; k++)
                inside = px_box_overlaps(p->items[k].ink, (struct px_box){px, py, px + 1, py + 1});
            assert_true(inside);
        }
        free(pixels);
    }
    map_fixture_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_letters_stand_on_the_line_and_turn_with_it),
        cmocka_unit_test(test_a_text_may_stand_on_its_head_only_if_the_style_says_so),
        cmocka_unit_test(test_level_letters_go_up_a_line_without_turning),
        cmocka_unit_test(test_a_name_never_leaves_its_line_nor_turns_a_sharp_corner),
        cmocka_unit_test(test_names_stand_evenly_from_the_middle),
        cmocka_unit_test(test_the_boxes_of_a_name_hold_its_letters),
        cmocka_unit_test(test_tiles_with_names_are_the_crop_of_one_larger_picture),
        cmocka_unit_test(test_names_on_lines_lie_on_no_other_and_in_their_ink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
