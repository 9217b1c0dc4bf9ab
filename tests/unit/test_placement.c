/* Placements after edits: what a placement from nothing gives, near by only, and told by boxes. */
#include "tests/unit/map_fixture.h"
#include "tests/unit/one_thread.h"
#include "tiler/labels/placement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { PLANTS = 400, PLANTS_A_PIPE = 10 };

struct plant {
    char name[64];
    double lon, lat;
    int grade; /* of declaration; -1: there is no such plant */
};

static const char *const styles[] = {
    /* Names alone, the first by grade. */
    "{\"version\": 8, \"layers\": [{\"id\": \"e\", \"type\": \"symbol\", \"source-layer\": "
    "\"enterprises\", \"layout\": {\"text-field\": [\"get\", \"name\"], \"text-size\": 12, "
    "\"symbol-sort-key\": [\"get\", \"declared_grade\"]}}]}",
    /* Symbols with names that may be missing, under names that take two lines. */
    "{\"version\": 8, \"layers\": [{\"id\": \"s\", \"type\": \"symbol\", \"source-layer\": "
    "\"enterprises\", \"layout\": {\"icon-image\": \"square\", \"text-field\": [\"get\", \"id\"], "
    "\"text-optional\": true, \"text-anchor\": \"left\", \"text-offset\": [1, 0]}},"
    "{\"id\": \"e\", \"type\": \"symbol\", \"source-layer\": \"enterprises\", \"filter\": [\"<\", "
    "[\"get\", \"declared_grade\"], 3], \"layout\": {\"text-field\": [\"get\", \"name\"], "
    "\"text-max-width\": 4, \"text-anchor\": \"bottom\", \"text-padding\": 6}, \"paint\": "
    "{\"text-color\": [\"match\", [\"get\", \"declared_grade\"], 1, \"#f00\", \"#000\"], "
    "\"text-halo-color\": \"#fff\", \"text-halo-width\": 1}}]}",
    /* Some that never give way, and symbols that need their names. */
    "{\"version\": 8, \"layers\": [{\"id\": \"s\", \"type\": \"symbol\", \"source-layer\": "
    "\"enterprises\", \"layout\": {\"icon-image\": \"star\", \"text-field\": [\"get\", \"name\"], "
    "\"text-anchor\": \"top\"}}, {\"id\": \"o\", \"type\": \"symbol\", \"source-layer\": "
    "\"enterprises\", \"filter\": [\"==\", [\"get\", \"declared_grade\"], 4], \"layout\": "
    "{\"icon-image\": \"circle\", \"icon-allow-overlap\": true, \"text-field\": [\"get\", \"id\"], "
    "\"text-allow-overlap\": true}}]}",
    /* Lines under points and over them. */
    "{\"version\": 8, \"layers\": [{\"id\": \"p\", \"type\": \"symbol\", \"source-layer\": "
    "\"pipelines\", \"layout\": {\"icon-image\": \"triangle\", \"text-field\": [\"get\", "
    "\"name\"], "
    "\"symbol-placement\": \"line\", \"symbol-spacing\": 100, \"text-optional\": true}},"
    "{\"id\": \"e\", \"type\": \"symbol\", \"source-layer\": \"enterprises\", \"layout\": "
    "{\"text-field\": [\"get\", \"name\"], \"symbol-sort-key\": [\"get\", \"declared_grade\"]}},"
    "{\"id\": \"q\", \"type\": \"symbol\", \"source-layer\": \"pipelines\", \"layout\": "
    "{\"text-field\": [\"get\", \"id\"], \"symbol-placement\": \"line-center\"}}]}",
};

/* A fixed sequence: the same edits on every run. */
static uint32_t next(uint32_t *state, uint32_t below)
{
    *state = *state * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)*state * below >> 32);
}

static void make_plant(uint32_t *state, struct plant *plant, uint32_t i)
{
    static const char *const words[] = {"化工", "Ltd", "煤矿", "有限责任公司", "A", "油库 "};
    int n = snprintf(plant->name, sizeof plant->name, "%u", i);
    for (uint32_t k = next(state, 4); k > 0; k--)
        n += snprintf(plant->name + n, sizeof plant->name - (size_t)n, "%s", words[next(state, 6)]);
    plant->lon = 106 + next(state, 1000) * 0.0004;
    plant->lat = 38 + next(state, 1000) * 0.0004;
    plant->grade = (int)next(state, 6) - 1;
}

/* What is needed to place the labels of a world. */
struct scene {
    struct world *world;
    struct arena arena;
    struct source plants, pipes;
};

static void scene_init(struct scene *scene, const struct plant *plants)
{
    struct err err;
    struct fixture f;
    fixture_init(&f);
    for (uint32_t i = 0; i < PLANTS; i++) {
        char id[16];
        snprintf(id, sizeof id, "E%03u", i);
        if (plants[i].grade < 0)
            continue;
        struct enterprise *e = fixture_add(&f, LAYER_ENTERPRISES, id);
        e->head.name = arena_strdup(&f.parts.arena, plants[i].name);
        e->declared_grade = plants[i].grade;
        e->head.geom = fixture_point(&f, plants[i].lon, plants[i].lat);
        if (i % PLANTS_A_PIPE != 0)
            continue;
        struct pipeline *pipe = fixture_add(&f, LAYER_PIPELINES, id);
        pipe->head.name = e->head.name;
        pipe->head.geom = fixture_line(&f, (struct lonlat){plants[i].lon, plants[i].lat},
                                       (struct lonlat){plants[i + 1].lon, plants[i + 1].lat});
    }
    scene->world = fixture_world(&f, 20260601);
    arena_init(&scene->arena, 0);
    struct source_wanted wanted = {
        .world = scene->world, .id = SOURCE_ENTERPRISES, .plane = PLANE_MERCATOR};
    fixture_check(source_build(&wanted, &scene->arena, &scene->plants, &err), &err);
    wanted.id = SOURCE_PIPELINES;
    fixture_check(source_build(&wanted, &scene->arena, &scene->pipes, &err), &err);
}

static void scene_release(struct scene *scene)
{
    world_release(scene->world);
    arena_release(&scene->arena);
}

/* changes: of the plants; NULL: unknown. */
static struct placement *placed_after(const struct scene *scene, const struct label_input *wanted,
                                      const struct style *style, struct placement *before,
                                      const struct label_changes *changes)
{
    struct err err;
    struct placement *placement;
    struct label_layer layers[4];
    struct label_input input = *wanted;
    input.layers = layers;
    input.n_layers = style_layer_count(style);
    for (size_t i = 0; i < input.n_layers; i++) {
        const struct style_layer *layer = style_layer(style, i);
        const struct source *source =
            layer->source == SOURCE_PIPELINES ? &scene->pipes : &scene->plants;
        layers[i] = (struct label_layer){i, layer, source, &source->full,
                                         source == &scene->plants ? changes : NULL};
    }
    fixture_check(placement_new(&input, before, &placement, &err), &err);
    return placement;
}

static struct placement *placed_on(const struct scene *scene, const struct style *style,
                                   struct font_set *fonts, uint32_t z, struct placement *before)
{
    const struct label_input wanted = {.z = z, .fonts = fonts};
    return placed_after(scene, &wanted, style, before, NULL);
}

/* The ids of the plants that are not as they were, among them some that are. */
struct told {
    char ids[PLANTS][16];
    const char *pointers[PLANTS];
    struct label_changes changes;
};

static void tell(const struct plant *before, const struct plant *now, struct told *out)
{
    size_t n = 0;
    for (uint32_t i = 0; i < PLANTS; i++) {
        bool same = strcmp(before[i].name, now[i].name) == 0 && before[i].lon == now[i].lon &&
                    before[i].lat == now[i].lat && before[i].grade == now[i].grade;
        if (same && i % 50 != 7)
            continue;
        snprintf(out->ids[n], sizeof out->ids[n], "E%03u", i);
        out->pointers[n] = out->ids[n];
        n++;
    }
    out->changes = (struct label_changes){out->pointers, n};
}

static bool same_label(const struct placed *a, const struct placed *b)
{
    return a->layer == b->layer && a->turn == b->turn && a->x_px == b->x_px && a->y_px == b->y_px &&
           memcmp(&a->ink, &b->ink, sizeof a->ink) == 0 && a->n_glyphs == b->n_glyphs &&
           memcmp(a->glyphs, b->glyphs, a->n_glyphs * sizeof *a->glyphs) == 0 &&
           label_look_same(a->look, b->look);
}

static void assert_same_placement(const struct placement *a, const struct placement *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++)
        assert_true(same_label(&a->items[i], &b->items[i]));
}

static bool covers(const struct px_box *boxes, size_t n, struct px_box box)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(&boxes[i], &box, sizeof box) == 0)
            return true;
    return false;
}

/* Where no box of the difference reaches, both have the same labels in the same order. */
static void assert_difference_is_told(const struct placement *a, const struct placement *b)
{
    struct err err;
    struct arena arena;
    struct px_box *boxes;
    size_t n, n_same = 0, k = 0;
    arena_init(&arena, 0);
    fixture_check(placement_diff(a, b, &arena, &boxes, &n, &err), &err);
    for (size_t i = 0; i < a->n; i++) {
        if (covers(boxes, n, a->items[i].ink))
            continue;
        while (k < b->n && covers(boxes, n, b->items[k].ink))
            k++;
        assert_true(k < b->n && same_label(&a->items[i], &b->items[k]));
        k++;
        n_same++;
    }
    while (k < b->n && covers(boxes, n, b->items[k].ink))
        k++;
    assert_int_equal(k, b->n);
    assert_true(n <= a->n + b->n - 2 * n_same);
    fixture_check(placement_diff(a, a, &arena, &boxes, &n, &err), &err);
    assert_int_equal(n, 0);
    arena_release(&arena);
}

/* One to twenty plants are built, closed, moved, renamed or graded anew. */
static void edit(uint32_t *state, struct plant *plants)
{
    for (uint32_t n = 1 + next(state, 1 + next(state, 20)); n > 0; n--) {
        uint32_t i = next(state, PLANTS);
        struct plant *plant = &plants[i];
        switch (next(state, 4)) {
        case 0:
            plant->grade = plant->grade < 0 ? 2 : -1;
            break;
        case 1:
            plant->lon += (next(state, 100) - 50.0) * 0.0001;
            break;
        case 2:
            plant->grade = (int)next(state, 5);
            break;
        default:
            make_plant(state, plant, i);
        }
    }
}

static void test_after_edits_labels_stand_as_if_all_were_placed_anew(void **state)
{
    (void)state;
    static struct plant plants[PLANTS], earlier[PLANTS];
    static struct told told;
    for (size_t s = 0; s < sizeof styles / sizeof styles[0]; s++) {
        struct err err;
        struct style *style;
        struct canvas *canvas;
        uint32_t seed = (uint32_t)s + 1;
        fixture_check(style_parse("test", styles[s], strlen(styles[s]), &style, &err), &err);
        fixture_check(canvas_new(style, &canvas, &err), &err);
        for (uint32_t i = 0; i < PLANTS; i++)
            make_plant(&seed, &plants[i], i);
        struct scene scene;
        struct placement *before[4] = {NULL};
        for (int round = 0; round < 20; round++) {
            scene_init(&scene, plants);
            tell(earlier, plants, &told);
            assert_true(round == 0 || told.changes.n < PLANTS / 4);
            for (uint32_t k = 0; k < 4; k++) {
                uint32_t z = 8 + 2 * k;
                const struct label_input wanted = {.z = z, .fonts = canvas->fonts};
                struct placement *all = placed_on(&scene, style, canvas->fonts, z, NULL);
                struct placement *now = placed_on(&scene, style, canvas->fonts, z, before[k]);
                struct placement *after =
                    placed_after(&scene, &wanted, style, before[k], &told.changes);
                assert_same_placement(all, now);
                assert_same_placement(all, after);
                assert_int_equal(now->n_looked_at, after->n_looked_at);
                assert_int_equal(all->n_looked_at, all->n_candidates);
                if (before[k])
                    assert_difference_is_told(before[k], now);
                placement_release(all);
                placement_release(before[k]);
                before[k] = round % 2 ? now : after;
                placement_release(round % 2 ? after : now);
            }
            scene_release(&scene);
            memcpy(earlier, plants, sizeof earlier);
            edit(&seed, plants);
        }
        for (size_t k = 0; k < 4; k++)
            placement_release(before[k]);
        canvas_free(canvas);
        style_free(style);
    }
}

static void test_an_edit_looks_at_its_neighbourhood_alone(void **state)
{
    (void)state;
    static struct plant plants[PLANTS];
    struct err err;
    struct style *style;
    struct canvas *canvas;
    struct scene scene;
    uint32_t seed = 7;
    fixture_check(style_parse("test", styles[0], strlen(styles[0]), &style, &err), &err);
    fixture_check(canvas_new(style, &canvas, &err), &err);
    for (uint32_t i = 0; i < PLANTS; i++) {
        make_plant(&seed, &plants[i], i);
        plants[i].grade = 2;
    }
    scene_init(&scene, plants);
    struct placement *before = placed_on(&scene, style, canvas->fonts, 12, NULL);
    scene_release(&scene);
    /* Nothing changed: nothing is looked at. */
    scene_init(&scene, plants);
    struct placement *same = placed_on(&scene, style, canvas->fonts, 12, before);
    assert_ptr_equal(same, before);
    scene_release(&scene);
    /* A plant is moved: the names it leaves and those it comes to. */
    plants[200].lon += 0.1;
    scene_init(&scene, plants);
    struct placement *after = placed_on(&scene, style, canvas->fonts, 12, same);
    assert_true(after->n_looked_at >= 1 && after->n_looked_at <= 40);
    scene_release(&scene);
    placement_release(before);
    placement_release(same);
    placement_release(after);
    canvas_free(canvas);
    style_free(style);
}

/* ---- the index of boxes ---- */

static bool note(void *context, uint32_t tag)
{
    bool *seen = context;
    seen[tag] = true;
    return true;
}

static void test_the_index_finds_what_looking_at_every_box_finds(void **state)
{
    (void)state;
    enum { BOXES = 3000 };
    static struct px_box boxes[BOXES];
    struct err err;
    struct arena arena;
    struct px_index index;
    uint32_t seed = 3;
    arena_init(&arena, 0);
    fixture_check(px_index_init(&index, &arena, &err), &err);
    for (uint32_t i = 0; i < BOXES; i++) {
        uint32_t size = 1 + next(&seed, UINT32_C(1) << (1 + next(&seed, 24)));
        int32_t left = (int32_t)next(&seed, 3000) - 1500, top = (int32_t)next(&seed, 3000) - 1500;
        boxes[i] =
            (struct px_box){left, top, left + (int32_t)size, top + 1 + (int32_t)next(&seed, size)};
        bool seen[BOXES] = {false};
        px_index_visit(&index, boxes[i], seen, note);
        for (uint32_t k = 0; k < i; k++)
            assert_int_equal(seen[k], px_box_overlaps(boxes[k], boxes[i]));
        assert_int_equal(px_index_add(&index, boxes[i], i, &err), ERR_OK);
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after_edits_labels_stand_as_if_all_were_placed_anew),
        cmocka_unit_test(test_an_edit_looks_at_its_neighbourhood_alone),
        cmocka_unit_test(test_the_index_finds_what_looking_at_every_box_finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
