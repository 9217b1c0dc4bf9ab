/* test_pipeline_outdone.c - what is said to be outdone leaves every segment as it is: random edits
 * along pipelines through a town and out of it, each cut anew before and after. */
#include "tests/unit/one_thread.h"
#include "tests/unit/pipeline_edits.h"

#include "geo/pipeline_edits/pipeline_crowd.h"
#include "geo/pipeline_edits/pipeline_kept.h"
#include "geo/pipeline_edits/pipeline_recut.h"

enum { LINE_POINTS = 60, LINES = 4 };

/* Through the region from far west to far east, natural gas and oil. */
static void put_lines(struct region *r, struct store *store)
{
    struct fixture *f = r->f;
    for (int i = 0; i < LINES; i++) {
        struct pipeline *line =
            region_record(r, LAYER_PIPELINES, arena_printf(&f->arena, "line-%d", i));
        struct lonlat *points = arena_new(&f->arena, struct lonlat, LINE_POINTS);
        uint32_t *ends = arena_new(&f->arena, uint32_t, 1);
        ends[0] = LINE_POINTS;
        for (int k = 0; k < LINE_POINTS; k++)
            points[k] = (struct lonlat){REGION_WEST_DEG - 0.07 + k * 0.0034,
                                        REGION_SOUTH_DEG + REGION_HIGH_DEG * (0.2 + 0.2 * i) +
                                            0.0015 * region_share(r)};
        line->head.geom = (struct geom){.kind = GEOM_LINE,
                                        .n_points = LINE_POINTS,
                                        .n_rings = 1,
                                        .points = points,
                                        .ring_ends = ends,
                                        .box = box_of_points(points, LINE_POINTS)};
        line->medium = i == 3 ? "oil_product" : "natural_gas";
        line->pipe_class = "transmission";
        line->status = NULL;
        line->enterprise_id = i == 2 ? "en-003" : NULL;
        line->diameter_mm = i == 1 ? 813 : 508;
        line->pressure_mpa = i == 1 ? 10 : 4;
        line->head.accuracy_m = i == 2 ? (double)NAN : 1.0 + i;
        line->head.valid_to = INT_ABSENT;
        assert_ok(f, store_insert(store, LAYER_PIPELINES, line, 1, &f->err));
    }
}

/* The middle is a town, what lies west and east of it is not. */
static void put_town(struct region *r, struct store *store, uint32_t n)
{
    struct fixture *f = r->f;
    for (uint32_t i = 0; i < n; i++) {
        struct protected_target *home =
            region_record(r, LAYER_PROTECTED, arena_printf(&f->arena, "home-%u", i));
        home->use = i % 3 ? "residential" : "shop";
        home->head.valid_to = INT_ABSENT;
        home->head.accuracy_m = region_draw(r, 3) ? 2 : 9;
        home->storeys = region_draw(r, 30) ? INT_ABSENT : 6;
        if (region_draw(r, 8) > 0)
            home->households = 20 + (int32_t)region_draw(r, 60);
        assert_ok(f, store_insert(store, LAYER_PROTECTED, home, 1, &f->err));
    }
}

static struct world *load_town(struct region *r, uint64_t seed, enum region_people people)
{
    struct fixture *f = r->f;
    struct store *store = NULL;
    struct world *world = NULL;
    region_init(r, f, seed);
    region_store(r, people);
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    put_lines(r, store);
    put_town(r, store, 40 + 120 * (uint32_t)(seed % 3));
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
    assert_ok(f, world_load(f->path, NULL, 20261101, &world, &f->err));
    return world;
}

/* A plant, a place or whatever else rules may meet, near where it was, as it was or drawn anew. */
static struct world_change draw_change(struct region *r, const struct world *world)
{
    static const enum layer_id layers[] = {LAYER_ENTERPRISES,   LAYER_ENTERPRISES, LAYER_PROTECTED,
                                           LAYER_PROTECTED,     LAYER_FACILITIES,  LAYER_AREAS,
                                           LAYER_INFRASTRUCTURE};
    enum layer_id layer = layers[region_draw(r, 7)];
    struct arena *arena = &r->f->arena;
    size_t n = world_count(world, layer);
    if (n == 0 || region_draw(r, 5) == 0) {
        const char *id = region_id(r, layer);
        return (struct world_change){layer, id, region_record(r, layer, id)};
    }
    const struct record_head *old = world_record(world, layer, region_draw(r, (uint32_t)n));
    const char *id = arena_strdup(arena, old->id);
    if (region_draw(r, 6) == 0)
        return (struct world_change){layer, id, NULL};
    struct record_head *head = arena_alloc(arena, 1, records_binding(layer)->record_bytes);
    assert_ok(r->f, record_copy(layer, old, arena, head, &r->f->err));
    if (region_draw(r, 3) == 0)
        region_fill(r, layer, head);
    else
        head->geom = region_shape(r, layer);
    if (layer == LAYER_PROTECTED && region_draw(r, 3) == 0)
        ((struct protected_target *)(void *)head)->use = "school";
    return (struct world_change){layer, id, head};
}

struct tally {
    size_t n_outdone;
    size_t n_hidden; /* of those, by the crowd alone */
    size_t n_law;    /* and of which the law says otherwise */
    size_t n_same;   /* of the others, cut for nothing */
    size_t n_other;
    size_t n_recut; /* cut anew about the edit alone */
    size_t n_whole;
    size_t n_told; /* rows that were cut so and are others than before */
};

/* What is kept of pipelines from edit to edit. */
struct following {
    struct pipeline_sites sites;
    struct pipeline_kept *kept;
};

static void follow_begin(struct fixture *f, struct crew *crew, const struct world *world,
                         struct following *out)
{
    assert_ok(f, crew_fit(crew, world, &f->err));
    assert_ok(f, pipeline_sites_build(world, &f->arena, &out->sites, &f->err));
    assert_ok(f, pipeline_kept_new(world, &out->sites, crew, &out->kept, &f->err));
}

/* What is cut anew about an edit is what cutting the whole tells. */
static void recut_edit(struct region *r, struct crew *crew, const struct world *old,
                       const struct world_edited *edited, struct following *following,
                       struct tally *tally)
{
    struct fixture *f = r->f;
    struct worker *worker = &crew->workers[0];
    const struct pipeline_edited it = edited_of(old, edited, &following->sites, following->kept);
    assert_ok(
        f, pipeline_sites_follow(&following->sites, old, edited->world, edited->edits, 1, &f->err));
    assert_ok(f, pipeline_kept_follow(following->kept, old, edited->world, &following->sites,
                                      edited->edits, 1, worker, &f->err));
    for (uint32_t row = 0; row < world_count(edited->world, LAYER_PIPELINES); row++) {
        struct pipeline_recounted told;
        struct cut_segments was = cut_anew(r, crew, old, &following->sites, row);
        const struct pipeline_recount question = {.edited = &it, .old = was.rows, .n_old = was.n};
        assert_ok(f, crew_fit(crew, edited->world, &f->err));
        assert_ok(f, pipeline_recut(&question, row, worker, &f->arena, &told, &f->err));
        tally->n_recut += told.sure;
        tally->n_whole += !told.sure;
        if (!told.sure)
            continue;
        struct cut_segments is = cut_anew(r, crew, edited->world, &following->sites, row);
        struct cut_segments with = with_told(r, &told, &was);
        if (!same_segments(f, &with, &is))
            fail_msg("%s/%s is cut otherwise about pipeline %s", layer_name(it.layer),
                     (it.after ? it.after : it.before)->id,
                     world_pipeline(edited->world, row)->head.id);
        tally->n_told += same_segments(f, &was, &is) ? 0 : told.n;
    }
    pipeline_kept_commit(following->kept);
}

static bool is_hidden(struct fixture *f, const struct pipeline_was *was, uint32_t row,
                      struct worker *worker)
{
    bool hidden = false;
    const struct world *world = was->edited->world;
    const struct pipeline *line = world_pipeline(world, row);
    struct outdoing on = {
        .was = was,
        .job = {.world = world,
                .sites = was->edited->sites,
                .worker = worker,
                .arena = &f->arena,
                .scratch = &f->arena,
                .pipeline = line,
                .row = row,
                .error_m = rules_accuracy_m(world->rules, LAYER_PIPELINES, &line->head)}};
    assert_ok(f, pipeline_crowd_hides(&on, &hidden, &f->err));
    return hidden;
}

static void judge_edit(struct region *r, struct crew *crew, const struct world *old,
                       const struct world_edited *edited, const struct following *following,
                       struct tally *tally)
{
    struct fixture *f = r->f;
    struct pipeline_sites sites;
    const struct world_edit *edit = &edited->edits[0];
    struct pipeline_edited it = {.world = edited->world,
                                 .layer = edit->layer,
                                 .before = side(old, edit->layer, edit->old_slot),
                                 .after = side(edited->world, edit->layer, edit->new_slot)};
    if (is_dwelling(it.before, it.layer) || is_dwelling(it.after, it.layer))
        return;
    if (region_draw(r, 2)) {
        assert_ok(f, pipeline_sites_build(edited->world, &f->arena, &sites, &f->err));
        it.sites = &sites;
        it.kept = following->kept;
    }
    assert_ok(f, pipeline_crowd_build(&it, &f->arena, &f->err));
    for (uint32_t row = 0; row < world_count(edited->world, LAYER_PIPELINES); row++) {
        struct pipeline_recounted told;
        struct worker *worker = &crew->workers[0];
        struct cut_segments before = cut_anew(r, crew, old, NULL, row);
        struct cut_segments after = cut_anew(r, crew, edited->world, NULL, row);
        const struct pipeline_was was = {&it, before.rows, before.n};
        assert_ok(f, crew_fit(crew, edited->world, &f->err));
        assert_ok(f, pipeline_is_outdone(&was, row, worker, &f->arena, &told, &f->err));
        struct cut_segments with = with_told(r, &told, &before);
        bool same = same_segments(f, told.sure ? &with : &before, &after);
        bool hidden = is_hidden(f, &was, row, worker);
        if ((told.sure && !same) || (hidden && !told.sure))
            fail_msg("%s/%s is not outdone at pipeline %s", layer_name(it.layer),
                     (it.after ? it.after : it.before)->id,
                     world_pipeline(edited->world, row)->head.id);
        tally->n_outdone += told.sure;
        tally->n_hidden += hidden;
        tally->n_law += told.n > 0;
        tally->n_same += !told.sure && same;
        tally->n_other += !same;
    }
}

static void edit_town(struct fixture *f, uint64_t seed, enum region_people people, int n_edits,
                      struct tally *tally)
{
    struct region r = {.f = f};
    struct crew crew;
    struct following following;
    struct world *world = load_town(&r, seed, people);
    assert_ok(f, crew_init(&crew, 1, &f->err));
    follow_begin(f, &crew, world, &following);
    for (int i = 0; i < n_edits; i++) {
        struct world_edited edited;
        struct world_change change = draw_change(&r, world);
        assert_ok(f, world_edit_new(world, &change, 1, &f->arena, &edited, &f->err));
        if (edited.n_edits == 1) {
            recut_edit(&r, &crew, world, &edited, &following, tally);
            judge_edit(&r, &crew, world, &edited, &following, tally);
        }
        crew_reset(&crew);
        world_release(world);
        world = edited.world;
    }
    world_release(world);
    pipeline_kept_free(following.kept);
    crew_release(&crew);
}

static void print_tally(const struct tally *tally)
{
    print_message("outdone %zu, hidden %zu, of the law %zu, cut for nothing %zu, changed %zu\n",
                  tally->n_outdone, tally->n_hidden, tally->n_law, tally->n_same, tally->n_other);
    print_message("cut anew about the edit %zu (%zu rows others), as a whole %zu\n", tally->n_recut,
                  tally->n_told, tally->n_whole);
}

static void test_what_is_outdone_changes_no_segment(void **state)
{
    struct seeds seeds = seeds_of_test(3);
    struct tally tally = {0};
    do {
        edit_town(*state, seeds.at, seeds.at % 4 == 3 ? REGION_NOBODY : REGION_GRID, 60, &tally);
    } while (next_seed(&seeds, state));
    print_tally(&tally);
    assert_true(tally.n_outdone > 100);
    assert_true(tally.n_other > 20);
    assert_true(tally.n_told > 20);
}

/* ---- places along streets ---- */

/* What stands along the streets, and is moved. */
enum moved {
    MOVES_PLANTS,
    MOVES_HALLS,   /* along pipelines without diameters, more of them than of the plants */
    MOVES_SCHOOLS, /* where nobody lives */
    MOVES_SITES,   /* plants, and more filling stations, some of them where they were */
};

/* Whether it is a flammable site is not known; of every other one it is among sites. */
static struct enterprise *plant(struct region *r, const char *id, enum moved moved)
{
    struct enterprise *made = region_record(r, LAYER_ENTERPRISES, id);
    made->kind = moved == MOVES_SITES && region_draw(r, 2) ? "production" : NULL;
    made->status = moved == MOVES_SITES ? NULL : made->status;
    made->head.valid_from = made->head.valid_to = INT_ABSENT;
    made->head.accuracy_m = 1;
    made->head.geom = home_shape(r);
    return made;
}

/* Of a hall nobody knows whether thirty persons come there. */
static struct protected_target *place(struct region *r, const char *id, enum moved moved)
{
    struct protected_target *made = home(r, id);
    made->use = moved == MOVES_HALLS ? "culture" : "market";
    if (moved == MOVES_SCHOOLS || region_draw(r, 2))
        made->use = "school";
    if (moved == MOVES_SITES)
        made->use = "filling_station";
    if (moved == MOVES_SCHOOLS)
        made->head.accuracy_m = 0;
    return made;
}

/* The same pipelines, so wide or not: which rows of places speak of them cannot be told. Or just
 * where they are drawn: where runs end is decided. */
static struct world *with_lines_for(struct fixture *f, struct world *world, enum moved moved)
{
    struct world_edited edited;
    size_t n = world_count(world, LAYER_PIPELINES);
    struct world_change *changes = arena_new(&f->arena, struct world_change, n);
    for (size_t row = 0; row < n; row++) {
        struct pipeline *line = arena_memdup(&f->arena, world_pipeline(world, row), sizeof *line);
        if (moved == MOVES_SCHOOLS) {
            line->head.accuracy_m = 0;
        } else {
            line->diameter_mm = (double)NAN;
            line->pressure_mpa = 10;
        }
        changes[row] = (struct world_change){LAYER_PIPELINES, line->head.id, line};
    }
    assert_ok(f, world_edit_new(world, changes, n, &f->arena, &edited, &f->err));
    world_release(world);
    return edited.world;
}

/* A plant or a place drawn anew; every other site stays where it is. */
static struct world_change draw_place(struct region *r, const struct world *world,
                                      enum layer_id layer, const char *id, enum moved moved)
{
    struct enterprise *plants = layer == LAYER_ENTERPRISES ? plant(r, id, moved) : NULL;
    struct protected_target *places = plants ? NULL : place(r, id, moved);
    struct record_head *head = plants ? &plants->head : &places->head;
    int64_t row = world_find(world, layer, id);
    if (row >= 0 && moved == MOVES_SITES && region_draw(r, 2))
        head->geom = *world_geom(world, layer, (size_t)row);
    return (struct world_change){layer, id, head};
}

static void move_plants(struct fixture *f, uint64_t seed, enum moved moved, struct tally *tally)
{
    enum { FEW_HOMES = 45, SCHOOLS = 40, PLANTS = 150, MOVES = 60 };
    const uint32_t n_plants = moved == MOVES_SCHOOLS ? 0 : moved == MOVES_SITES ? 75 : PLANTS;
    struct region r = {.f = f};
    struct crew crew;
    struct following following;
    struct world_edited edited;
    struct world_change changes[PLANTS + SCHOOLS];
    struct world *world = load_streets(&r, seed, moved == MOVES_SCHOOLS ? 0 : FEW_HOMES);
    if (moved == MOVES_HALLS || moved == MOVES_SCHOOLS)
        world = with_lines_for(f, world, moved);
    for (uint32_t i = 0; i < PLANTS + SCHOOLS; i++) {
        bool is_plant = i < n_plants;
        const char *id = arena_printf(&f->arena, is_plant ? "plant-%u" : "building-%u", i);
        changes[i] =
            draw_place(&r, world, is_plant ? LAYER_ENTERPRISES : LAYER_PROTECTED, id, moved);
    }
    assert_ok(f, world_edit_new(world, changes, PLANTS + SCHOOLS, &f->arena, &edited, &f->err));
    world_release(world);
    world = edited.world;
    assert_ok(f, crew_init(&crew, 1, &f->err));
    follow_begin(f, &crew, world, &following);
    for (int i = 0; i < MOVES; i++) {
        bool moves_school = moved == MOVES_SCHOOLS || (i % 4 == 0) != (moved == MOVES_HALLS);
        uint32_t which = moves_school ? n_plants + region_draw(&r, PLANTS + SCHOOLS - n_plants)
                                      : region_draw(&r, n_plants);
        const char *id = changes[which].id;
        enum layer_id layer = moves_school ? LAYER_PROTECTED : LAYER_ENTERPRISES;
        struct world_change change = draw_place(&r, world, layer, id, moved);
        if (i % 3 == 2 && world_find(world, layer, id) >= 0)
            change.record = NULL; /* it comes back when it is drawn again */
        assert_ok(f, world_edit_new(world, &change, 1, &f->arena, &edited, &f->err));
        recut_edit(&r, &crew, world, &edited, &following, tally);
        judge_edit(&r, &crew, world, &edited, &following, tally);
        crew_reset(&crew);
        world_release(world);
        world = edited.world;
    }
    world_release(world);
    pipeline_kept_free(following.kept);
    crew_release(&crew);
}

/* A run tells of one of all that it meets, which another record may become; and one more plant
 * among plants, or school among schools, mostly changes nothing. */
static void move_plants_of(void **state, enum moved moved)
{
    struct seeds seeds = seeds_of_test(8);
    struct tally tally = {0};
    do {
        move_plants(*state, seeds.at, moved, &tally);
    } while (next_seed(&seeds, state));
    print_tally(&tally);
    assert_true(tally.n_outdone > 20);
    assert_true(tally.n_other > 20);
    assert_true(tally.n_told > 20);
}

static void test_a_run_that_tells_of_another_record_is_cut_anew(void **state)
{
    move_plants_of(state, MOVES_PLANTS);
}

/* What is missing of the pipeline is told of the first place, whatever is missing of others. */
static void test_a_run_of_an_unmeasured_pipeline_likewise(void **state)
{
    move_plants_of(state, MOVES_HALLS);
}

/* It is decided there, and told of the first of many. */
static void test_a_run_that_tells_of_another_school_stays(void **state)
{
    move_plants_of(state, MOVES_SCHOOLS);
}

/* Of what may be at most the first is told of which an attribute is missing, of which there are
 * none among filling stations; what comes before them is told where it is known. */
static void test_a_run_of_known_and_unknown_sites_tells_of_the_same(void **state)
{
    move_plants_of(state, MOVES_SITES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_outdone_changes_no_segment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_run_that_tells_of_another_record_is_cut_anew, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_run_that_tells_of_another_school_stays, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_run_of_an_unmeasured_pipeline_likewise, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_run_of_known_and_unknown_sites_tells_of_the_same,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
