/* test_findings.c - findings of a random region: on one and many threads, after edits, through
 * rows and back, by place, by id, in pages. */
#include "tests/unit/world_fixture.h"

#include "data/base/text.h"
#include "geo/assess/edit_verdicts.h"
#include "geo/findings/finding_view.h"
#include "geo/findings/findings.h"
#include "geo/world/world_edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const int32_t DAY = 20260601;

static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % below;
}

static struct lonlat draw_place(uint64_t *seed)
{
    return (struct lonlat){106.2 + draw(seed, 20000) * 1e-6, 38.4 + draw(seed, 16000) * 1e-6};
}

static struct geom draw_shape(struct fixture *f, uint64_t *seed, bool polygon)
{
    struct lonlat at = draw_place(seed);
    double wide = 1e-5 * (1 + draw(seed, 60));
    return polygon ? fixture_box(f, at.lon_deg, at.lat_deg, at.lon_deg + wide, at.lat_deg + wide)
                   : fixture_point(f, at.lon_deg, at.lat_deg);
}

static const char *pick(uint64_t *seed, const char *const *from, uint32_t n)
{
    return from[draw(seed, n)];
}
#define PICK(seed, ...)                                                                            \
    pick(seed, (const char *const[]){__VA_ARGS__},                                                 \
         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void fill_enterprise(struct fixture *f, uint64_t *seed, struct enterprise *e)
{
    e->kind = PICK(seed, "production", "storage", "use", "mine", NULL);
    e->industry = PICK(seed, "chemical", "oil_depot", "tailings_pond", "other", NULL);
    e->status = PICK(seed, "operating", "operating", "closed", "planned", NULL);
    e->head.geom = draw_shape(f, seed, draw(seed, 2));
}

static void fill_facility(struct fixture *f, uint64_t *seed, struct facility *t)
{
    t->facility_type = PICK(seed, "LIQ_TANK_AB", "WORKSHOP_JIA", "LPG_TANK_PRESSURE", "DRILL_WELL",
                            "GASOLINE_STATION_TANK");
    t->total_m3 = draw(seed, 4) ? draw(seed, 7000) : (double)NAN;
    t->grade = draw(seed, 3) ? 1 + (int32_t)draw(seed, 3) : INT_ABSENT;
    t->enterprise_id = PICK(seed, "E00", "E01", "E02", "E03", "E04", "E05", "X9");
    t->head.geom = draw_shape(f, seed, draw(seed, 2));
}

static void fill_protected(struct fixture *f, uint64_t *seed, struct protected_target *p)
{
    p->use = PICK(seed, "village", "school", "factory", "office", "hospital", "residential");
    p->storeys = draw(seed, 4) ? 2 : INT_ABSENT;
    p->fire_rating = draw(seed, 3) ? 1 + (int32_t)draw(seed, 4) : INT_ABSENT;
    p->persons = draw(seed, 3) ? (int32_t)draw(seed, 900) : INT_ABSENT;
    p->head.geom = draw_shape(f, seed, draw(seed, 2));
}

static void fill_area(struct fixture *f, uint64_t *seed, struct area *a)
{
    struct lonlat at = draw_place(seed);
    a->kind = PICK(seed, "park", "dense_urban", "residential", "water_source_1", NULL);
    a->head.geom = fixture_box(f, at.lon_deg, at.lat_deg, at.lon_deg + 0.004, at.lat_deg + 0.003);
}

static void fill_zone(struct fixture *f, uint64_t *seed, struct zone *z)
{
    struct lonlat at = draw_place(seed);
    z->enterprise_id = PICK(seed, "E00", "E01", "E02", "E03", "X9");
    z->kind = PICK(seed, "toxic", "other", "individual_risk");
    z->class = draw(seed, 3) ? 1 + (int32_t)draw(seed, 3) : INT_ABSENT;
    z->standing = PICK(seed, "legal", "legal", "indicative");
    z->head.geom = fixture_box(f, at.lon_deg, at.lat_deg, at.lon_deg + 0.003, at.lat_deg + 0.002);
}

static void fill_pipeline(struct fixture *f, uint64_t *seed, struct pipeline *p)
{
    p->medium = PICK(seed, "natural_gas", "crude_oil");
    p->pipe_class = PICK(seed, "transmission", "gathering", NULL);
    p->status = PICK(seed, "operating", "closed", NULL);
    p->diameter_mm = draw(seed, 3) ? 508 : (double)NAN;
    p->enterprise_id = PICK(seed, "E02", "E05", NULL);
    p->head.geom = fixture_line(f, draw_place(seed), draw_place(seed));
}

static void fill_road(struct fixture *f, uint64_t *seed, struct infrastructure *r)
{
    r->kind = PICK(seed, "road", "expressway", "railway", "river");
    r->width_m = draw(seed, 2) ? 20 : (double)NAN;
    r->head.geom = fixture_line(f, draw_place(seed), draw_place(seed));
}

static void fill(struct fixture *f, uint64_t *seed, enum layer_id layer, void *record)
{
    struct record_head *head = record;
    head->accuracy_m = 0.001 + draw(seed, 4);
    if (layer == LAYER_ENTERPRISES)
        fill_enterprise(f, seed, record);
    else if (layer == LAYER_FACILITIES)
        fill_facility(f, seed, record);
    else if (layer == LAYER_PROTECTED)
        fill_protected(f, seed, record);
    else if (layer == LAYER_AREAS)
        fill_area(f, seed, record);
    else if (layer == LAYER_ZONES)
        fill_zone(f, seed, record);
    else if (layer == LAYER_PIPELINES)
        fill_pipeline(f, seed, record);
    else if (layer == LAYER_INFRASTRUCTURE)
        fill_road(f, seed, record);
}

/* How many records of a layer, and the letter of their ids. */
static const struct {
    enum layer_id layer;
    char letter;
    uint32_t n;
} layers[] = {{LAYER_ENTERPRISES, 'E', 12},  {LAYER_FACILITIES, 'T', 40},
              {LAYER_PROTECTED, 'P', 60},    {LAYER_AREAS, 'A', 6},
              {LAYER_ZONES, 'Z', 12},        {LAYER_PIPELINES, 'L', 4},
              {LAYER_INFRASTRUCTURE, 'R', 6}};
enum { LAYERS = sizeof layers / sizeof layers[0] };

/* Ids hold any character: here some begin as others end, or as a layer does in the id of a row. */
static char *id_of(struct arena *arena, char letter, uint32_t i)
{
    static const char *const ends[] = {" ", "#", "|", "|protected/P"};
    bool plain = letter == 'E' || i < 7 || i % 7 < 3;
    return plain ? arena_printf(arena, "%c%02u", letter, i)
                 : arena_printf(arena, "%c%02u%s", letter, i - i % 7 + 2, ends[i % 7 - 3]);
}

static struct world *make_region(struct fixture *f, uint64_t *seed)
{
    fixture_init(f);
    for (size_t l = 0; l < LAYERS; l++) {
        for (uint32_t i = 0; i < layers[l].n; i++) {
            const char *id = id_of(&f->parts.arena, layers[l].letter, i);
            fill(f, seed, layers[l].layer, fixture_add(f, layers[l].layer, id));
        }
    }
    fixture_grid(f, 106.19, 38.43, 0.001, 40, 40, 9);
    for (uint32_t i = 0; i < 200; i++)
        fixture_cell(f, draw(seed, 40), draw(seed, 40),
                     draw(seed, 9) ? (float)draw(seed, 30) : NAN);
    return fixture_world(f, DAY);
}

static struct findings *find_all(const struct world *world, size_t n_threads)
{
    struct crew crew;
    struct findings *findings;
    struct err err;
    fixture_check(crew_init(&crew, n_threads, &err), &err);
    fixture_check(findings_all(world, &crew, &findings, &err), &err);
    crew_release(&crew);
    return findings;
}

static void test_findings_are_the_same_on_one_and_on_many_threads(void **state)
{
    (void)state;
    uint64_t seed = 11;
    struct fixture f;
    struct world *world = make_region(&f, &seed);
    struct findings *one = find_all(world, 1);
    assert_true(findings_sums(one).n > 100);
    assert_true(findings_sums(one).n_undecided > 20);
    for (size_t threads = 2; threads <= 8; threads *= 2) {
        struct findings *many = find_all(world, threads);
        assert_true(findings_equal(one, many));
        findings_release(many);
    }
    findings_release(one);
    world_release(world);
}

/* ---- edits ---- */

/* A record that is there with another name, accuracy or place, or with other attributes. */
static void alter(struct fixture *f, uint64_t *seed, enum layer_id layer, const void *there,
                  void *record)
{
    const struct field_binding *owner = records_field(layer, "enterprise_id");
    const struct record_head *was = there;
    struct record_head *head = record;
    uint32_t kind = draw(seed, 4);
    if (kind == 3) {
        fill(f, seed, layer, record);
        head->accuracy_m = was->accuracy_m;
        head->geom = was->geom;
        if (owner) {
            const char *id = record_text(there, owner);
            memcpy((char *)record + owner->offset, &id, sizeof id);
        }
        return;
    }
    fill(f, seed, layer, record);
    const struct geom elsewhere = head->geom;
    memcpy(record, there, records_binding(layer)->record_bytes);
    if (kind == 0)
        head->name = PICK(seed, "one", "another", NULL);
    else if (kind == 1)
        head->accuracy_m = 0.5;
    else
        head->geom = elsewhere;
}

/* A few records put or deleted, no id twice. */
static size_t draw_changes(struct fixture *f, uint64_t *seed, const struct world *world,
                           struct arena *arena, struct world_change *out, size_t most)
{
    size_t n = 0;
    for (size_t i = 1 + draw(seed, (uint32_t)most); i > 0; i--) {
        size_t l = draw(seed, LAYERS);
        enum layer_id layer = layers[l].layer;
        char *id = id_of(arena, layers[l].letter, draw(seed, layers[l].n * 4 / 3));
        bool twice = false;
        for (size_t k = 0; k < n; k++)
            twice = twice || text_equal(out[k].id, id);
        if (twice)
            continue;
        struct record_head *record = NULL;
        if (draw(seed, 4)) {
            record = arena_alloc(arena, 1, records_binding(layer)->record_bytes);
            record_clear(layer, record);
            record->id = id;
            int64_t row = draw(seed, 2) ? world_find(world, layer, id) : -1;
            if (row >= 0)
                alter(f, seed, layer, world_record(world, layer, (size_t)row), record);
            else
                fill(f, seed, layer, record);
        }
        out[n++] = (struct world_change){layer, id, record};
    }
    return n;
}

/* Whether two lists are alike but for where they are said to differ. */
static void check_splice(const struct finding_list *before, const struct finding_list *after,
                         const struct finding_splice *splice)
{
    assert_int_equal(before->n - splice->n_gone, after->n - splice->n_come);
    for (uint32_t k = 0; k < after->n; k++) {
        bool come = k >= splice->first && k < splice->first + splice->n_come;
        uint32_t at = k < splice->first ? k : k - splice->n_come + splice->n_gone;
        if (!come)
            assert_memory_equal(finding_list_at(after, k), finding_list_at(before, at),
                                sizeof(struct finding));
    }
}

/* Whether the changed sources are those whose lists differ, and no others. */
static void check_changed(const struct findings *old, const struct findings *now,
                          const struct world *world, const struct world *before,
                          const struct findings_changed *changed)
{
    size_t n_differ = 0, n = changed->n;
    for (size_t i = 0; i < n; i++) {
        const struct finding_source source = changed->sources[i];
        int64_t row = world_row(world, source.layer, source.slot);
        int64_t was = world_row(before, source.layer, source.slot);
        const struct finding_list *list =
            row < 0 ? NULL : findings_of(world, source.layer, (size_t)row);
        const struct finding_list *other =
            was < 0 ? NULL : findings_of(before, source.layer, (size_t)was);
        n_differ += list != other;
        if (changed->splices[i].known)
            check_splice(other, list, &changed->splices[i]);
    }
    assert_int_equal(n_differ, n);
    if (n == 0)
        assert_true(findings_equal(old, now));
}

/* Rows of layer conflicts, by id. */
struct all_rows {
    struct conflict *items;
    size_t n;
};

static int compare_ids(const void *a, const void *b)
{
    return strcmp(((const struct record_head *)a)->id, ((const struct record_head *)b)->id);
}

static const void *row_at(const void *context, size_t i)
{
    return ((const struct all_rows *)context)->items + i;
}

static struct all_rows rows_of(const struct world *world, struct worker *worker,
                               struct arena *arena)
{
    struct err err;
    struct finding_ref ref = {.layer = LAYER_COUNT};
    struct all_rows rows = {.n = 0};
    rows.items = arena_new(arena, struct conflict, findings_sums(world->findings).n);
    while (findings_next(world, &ref)) {
        struct conflict_view view;
        fixture_check(finding_view(world, worker, ref, arena, &view, &err), &err);
        rows.items[rows.n++] = view.row;
    }
    if (rows.n > 0)
        qsort(rows.items, rows.n, sizeof *rows.items, compare_ids);
    return rows;
}

static void check_same(const void *a, const void *b, struct arena *arena)
{
    struct err err;
    bool same = !a && !b;
    if (a && b)
        fixture_check(rows_same(LAYER_CONFLICTS, a, b, arena, &same, &err), &err);
    assert_true(same);
}

static size_t n_brief; /* rows that were not told in full, of all edits */

/* What is said of a row before that is not told in full is true. */
static void check_common(const struct conflict *brief, const struct conflict *row)
{
    assert_non_null(row);
    assert_string_equal(brief->kind, row->kind);
    assert_string_equal(brief->source_id, row->source_id);
    assert_string_equal(brief->target_layer, row->target_layer);
    assert_string_equal(brief->rule_id, row->rule_id);
    assert_null(brief->head.id);
    assert_null(brief->reason);
    assert_true(isnan(brief->distance_m));
}

/* The rows that an edit is said to change are those in which all rows before and after differ. */
static void check_verdicts(const struct world *old, const struct world *now,
                           const struct findings_changed *changed, struct worker *worker)
{
    struct arena arena;
    struct err err;
    arena_init(&arena, 0);
    enum { TOLD = 7, GENERATION = 42 };
    struct row_changes expected = {.layer = LAYER_CONFLICTS, .arena = &arena};
    struct row_changes told = {
        .layer = LAYER_CONFLICTS, .arena = &arena, .n_told = TOLD, .generation = GENERATION};
    fixture_check(worker_fit(worker, old, &err), &err);
    struct all_rows before = rows_of(old, worker, &arena);
    fixture_check(worker_fit(worker, now, &err), &err);
    struct all_rows after = rows_of(now, worker, &arena);
    fixture_check(row_changes_compare(&expected, (struct row_array){row_at, &before, before.n},
                                      (struct row_array){row_at, &after, after.n}, &err),
                  &err);
    fixture_check(edit_verdicts(old, now, changed, worker, &told, &err), &err);
    assert_int_equal(told.n, expected.n);
    for (size_t i = 0; i < told.n; i++) {
        const struct row_change *one = &told.items[i], *other = &expected.items[i];
        const struct conflict *is = one->after;
        assert_string_equal(row_change_id(one), row_change_id(other));
        assert_false(i < TOLD && one->brief_id);
        check_same(one->after, other->after, &arena);
        assert_int_equal(is ? is->generation : GENERATION, GENERATION);
        if (one->brief_id)
            check_common(one->before, other->before);
        else
            check_same(one->before, other->before, &arena);
        n_brief += one->brief_id != NULL;
    }
    arena_release(&arena);
}

static void edit_many_times(uint64_t seed, int rounds, size_t most)
{
    struct fixture f;
    struct arena arena;
    struct crew crew;
    struct err err;
    enum { MOST = 12 };
    struct world_change changes[MOST];
    struct world *world = make_region(&f, &seed);
    fixture_check(crew_init(&crew, 2, &err), &err);
    world_set_findings(world, find_all(world, 1));
    arena_init(&arena, 0);
    for (int round = 0; round < rounds; round++) {
        struct world_edited edited;
        struct findings *updated;
        struct findings_changed changed;
        struct fixture shapes;
        fixture_init(&shapes);
        size_t n = draw_changes(&shapes, &seed, world, &arena, changes, most);
        fixture_check(world_edit_new(world, changes, n, &arena, &edited, &err), &err);
        const struct findings_change change = {world, edited.world, edited.edits, edited.n_edits,
                                               &crew};
        fixture_check(findings_update(&change, &arena, &updated, &changed, &err), &err);
        struct findings *fresh = find_all(edited.world, 1);
        if (!findings_equal(updated, fresh)) {
            for (size_t i = 0; i < n; i++)
                print_error("round %d: %s %s %s\n", round, changes[i].record ? "put" : "delete",
                            layer_name(changes[i].layer), changes[i].id);
            fail_msg("the update is not what judging everything finds");
        }
        assert_int_equal(findings_sums(updated).n, findings_sums(fresh).n);
        assert_int_equal(findings_sums(updated).n_coarse, findings_sums(fresh).n_coarse);
        world_set_findings(edited.world, updated);
        check_changed(world->findings, updated, edited.world, world, &changed);
        check_verdicts(world, edited.world, &changed, &crew.workers[0]);
        findings_release(fresh);
        world_release(world);
        world = edited.world;
        crew_reset(&crew);
        arena_reset(&arena);
        arena_release(&shapes.parts.arena);
    }
    arena_release(&arena);
    crew_release(&crew);
    world_release(world);
}

static void test_one_edit_after_another_leaves_what_judging_everything_finds(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++)
        edit_many_times(seed, 250, 1);
}

static void test_several_edits_at_once_leave_what_judging_everything_finds(void **state)
{
    (void)state;
    for (uint64_t seed = 21; seed <= 24; seed++)
        edit_many_times(seed, 25, 12);
    assert_true(n_brief > 0);
}

/* ---- rows and back, ids, pages, places ---- */

static void test_rows_give_the_findings_back(void **state)
{
    (void)state;
    uint64_t seed = 5;
    struct fixture f;
    struct arena arena;
    struct worker worker;
    struct err err;
    struct findings_builder *builder;
    struct findings *back;
    struct finding_ref ref = {.layer = LAYER_COUNT};
    size_t n_dropped;
    struct world *world = make_region(&f, &seed);
    arena_init(&arena, 0);
    fixture_check(worker_init(&worker, 0, &err), &err);
    fixture_check(worker_fit(&worker, world, &err), &err);
    world_set_findings(world, find_all(world, 1));
    fixture_check(findings_builder_new(world, &builder, &err), &err);
    while (findings_next(world, &ref)) {
        struct conflict_view view;
        fixture_check(finding_view(world, &worker, ref, &arena, &view, &err), &err);
        assert_false(view.stale);
        fixture_check(findings_builder_add(builder, &view.row, &err), &err);
    }
    struct conflict stranger;
    record_clear(LAYER_CONFLICTS, &stranger);
    stranger.kind = "distance";
    stranger.source_layer = "facilities";
    stranger.source_id = "nobody";
    fixture_check(findings_builder_add(builder, &stranger, &err), &err);
    fixture_check(findings_builder_end(builder, &back, &n_dropped, &err), &err);
    assert_int_equal(n_dropped, 1);
    assert_int_equal(findings_sums(back).n, findings_sums(world->findings).n);
    struct findings *found = findings_acquire(world->findings);
    struct finding *first = arena_new(&arena, struct finding, findings_sums(found).n);
    size_t n = 0;
    for (ref.layer = LAYER_COUNT; findings_next(world, &ref);)
        first[n++] = *finding_at(world, ref);
    world_set_findings(world, back);
    n = 0;
    for (ref.layer = LAYER_COUNT; findings_next(world, &ref); n++) {
        /* What a decided density could be rests on missing data, which no row keeps. */
        if (first[n].kind == FINDING_DENSITY)
            first[n].could_be = finding_at(world, ref)->could_be;
        assert_memory_equal(&first[n], finding_at(world, ref), sizeof *first);
    }
    findings_release(found);
    worker_release(&worker);
    arena_release(&arena);
    world_release(world);
}

static void test_each_id_finds_its_finding_and_a_page_goes_on_where_one_is_gone(void **state)
{
    (void)state;
    uint64_t seed = 6;
    struct fixture f;
    struct arena arena;
    struct finding_ref ref = {.layer = LAYER_COUNT};
    struct finding_ref found;
    struct world *world = make_region(&f, &seed);
    arena_init(&arena, 0);
    world_set_findings(world, find_all(world, 1));
    while (findings_next(world, &ref)) {
        const char *id = finding_id(world, ref, &arena);
        assert_true(findings_find(world, id, &found));
        assert_int_equal(finding_ref_compare(found, ref), 0);
        assert_true(findings_after(world, id, &found));
        assert_int_equal(finding_ref_compare(found, ref), 0);
    }
    /* Between T05 and T06, and one target between two of a source. */
    assert_true(findings_after(world, "F09a|facilities/T05x|protected/P01", &found));
    assert_true(findings_next(world, &found));
    int64_t t05 = world_find(world, LAYER_FACILITIES, "T05");
    assert_true(found.layer != LAYER_FACILITIES || found.row > (uint32_t)t05);
    ref.layer = LAYER_COUNT;
    while (findings_next(world, &ref)) {
        const struct finding *finding = finding_at(world, ref);
        if (finding->kind != FINDING_DISTANCE)
            continue;
        char *gone = arena_printf(&arena, "%s!", finding_id(world, ref, &arena));
        assert_false(findings_find(world, gone, &found));
        assert_true(findings_after(world, gone, &found));
        struct finding_ref next = found;
        /* What comes after a gone id is after the one before it, and not before it. */
        assert_true(!findings_next(world, &next) || finding_ref_compare(next, ref) > 0);
    }
    assert_false(findings_after(world, "nonsense", &found));
    assert_false(findings_after(world, "a|b|c", &found));
    assert_false(findings_after(world, "", &found));
    arena_release(&arena);
    world_release(world);
}

static void test_search_by_place_finds_what_looking_at_every_shape_finds(void **state)
{
    (void)state;
    uint64_t seed = 8;
    struct fixture f;
    struct worker worker;
    struct err err;
    struct world *world = make_region(&f, &seed);
    fixture_check(worker_init(&worker, 0, &err), &err);
    fixture_check(worker_fit(&worker, world, &err), &err);
    world_set_findings(world, find_all(world, 1));
    size_t n_all = 0;
    for (int i = 0; i < 20; i++) {
        struct lonlat at = draw_place(&seed);
        struct box box = {at.lon_deg, at.lat_deg, at.lon_deg + 0.001, at.lat_deg + 0.001};
        struct finding_ref *refs;
        size_t n;
        size_t k = 0;
        fixture_check(findings_search(world, &worker, box, &worker.arena, &refs, &n, &err), &err);
        for (struct finding_ref ref = {.layer = LAYER_COUNT}; findings_next(world, &ref);) {
            struct geom shape;
            fixture_check(finding_shape(world, &worker, ref, &worker.arena, &shape, &err), &err);
            if (shape.kind == GEOM_NONE || !box_intersects(shape.box, box))
                continue;
            assert_true(k < n);
            assert_int_equal(finding_ref_compare(refs[k++], ref), 0);
        }
        assert_int_equal(k, n);
        n_all += n;
        worker_reset(&worker);
    }
    assert_true(n_all > 20);
    worker_release(&worker);
    world_release(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_findings_are_the_same_on_one_and_on_many_threads),
        cmocka_unit_test(test_one_edit_after_another_leaves_what_judging_everything_finds),
        cmocka_unit_test(test_several_edits_at_once_leave_what_judging_everything_finds),
        cmocka_unit_test(test_rows_give_the_findings_back),
        cmocka_unit_test(test_each_id_finds_its_finding_and_a_page_goes_on_where_one_is_gone),
        cmocka_unit_test(test_search_by_place_finds_what_looking_at_every_shape_finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
