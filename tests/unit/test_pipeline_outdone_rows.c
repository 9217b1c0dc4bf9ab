/* test_pipeline_outdone_rows.c - plants all along a street, and a school far from where one is
 * edited, whose row names the first of them of which nobody knows whether it is a flammable site:
 * on either side of it by id, an edit changes that row or none. */
#include "tests/unit/one_thread.h"
#include "tests/unit/pipeline_edits.h"

#include "data/base/text.h"
#include "geo/pipeline_edits/pipeline_crowd.h"
#include "geo/pipeline_edits/pipeline_kept.h"

/* Vertices of a street lie some 100 m apart. */
enum {
    SCHOOL_AT = 20,
    PLANTS_FROM = 10, /* at each vertex one of which the kind is not known */
    PLANTS_TO = 70,
    N_PLANTS = PLANTS_TO - PLANTS_FROM + 1,
    KNOWN_AT = 60,     /* and about it four that are flammable sites */
    BESIDE_KNOWN = 61, /* far from the first, from the school and from both ends */
    FIRST = 50,        /* the least number of those that are not known */
    FIRST_KNOWN = 10,
    APART_FROM = 90, /* others are a run of their own, with a school */
    APART_TO = 105,
    SCHOOL_APART_AT = 97,
    FIRST_APART = 300
};

static int vertex_of(int number)
{
    int vertex = PLANTS_FROM;
    while (FIRST + (vertex * 7 + 30) % N_PLANTS != number)
        vertex++;
    return vertex;
}

static struct geom beside(struct region *r, const struct world *world, int vertex)
{
    const struct pipeline *street =
        world_pipeline(world, (size_t)world_find(world, LAYER_PIPELINES, "street-0"));
    struct lonlat at = street->head.geom.points[vertex];
    struct geom geom;
    at.lat_deg += 0.0005;
    assert_ok(r->f, geom_of_point(at, &r->f->arena, &geom, &r->f->err));
    return geom;
}

static struct world_change put_plant(struct region *r, const struct world *world, int number,
                                     int vertex, const char *kind)
{
    const char *id = arena_printf(&r->f->arena, "plant-%03d", number);
    struct enterprise *made = region_record(r, LAYER_ENTERPRISES, id);
    made->kind = kind;
    made->status = NULL;
    made->head.valid_from = made->head.valid_to = INT_ABSENT;
    made->head.accuracy_m = 1;
    made->head.geom = beside(r, world, vertex);
    return (struct world_change){LAYER_ENTERPRISES, id, made};
}

/* A school, or a cottage: where one is known, nobody asks the population. */
static struct world_change put_building(struct region *r, const struct world *world, int vertex,
                                        bool school)
{
    const char *id = arena_printf(&r->f->arena, school ? "school-%d" : "cottage-%d", vertex);
    struct protected_target *made = home(r, id);
    made->use = school ? "school" : "residential";
    made->households = 1;
    made->head.accuracy_m = 1;
    made->head.geom = beside(r, world, vertex);
    return (struct world_change){LAYER_PROTECTED, id, made};
}

/* Nothing else stands there. */
static struct world *load_plants(struct region *r, struct fixture *f)
{
    enum { MOST = 400 };
    static const int known_beside[] = {0, 0, -1, 1};
    static const enum layer_id cleared[] = {LAYER_ENTERPRISES, LAYER_FACILITIES, LAYER_AREAS,
                                            LAYER_INFRASTRUCTURE};
    struct world *world = load_streets(r, 1, 0);
    struct world_change *changes = arena_new(&f->arena, struct world_change, MOST);
    struct world_edited edited;
    size_t n = 0;
    for (size_t i = 0; i < sizeof cleared / sizeof cleared[0]; i++)
        for (size_t row = 0; row < world_count(world, cleared[i]); row++) {
            const struct record_head *head = world_record(world, cleared[i], row);
            changes[n++] =
                (struct world_change){cleared[i], arena_strdup(&f->arena, head->id), NULL};
        }
    for (int number = FIRST; number < FIRST + N_PLANTS; number++)
        changes[n++] = put_plant(r, world, number, vertex_of(number), NULL);
    for (int i = 0; i < 4; i++)
        changes[n++] =
            put_plant(r, world, FIRST_KNOWN + i, KNOWN_AT + known_beside[i], "production");
    for (int vertex = APART_FROM; vertex <= APART_TO; vertex++)
        changes[n++] = put_plant(r, world, FIRST_APART + vertex - APART_FROM, vertex, NULL);
    changes[n++] = put_building(r, world, SCHOOL_AT, true);
    changes[n++] = put_building(r, world, SCHOOL_APART_AT, true);
    for (int vertex = 0; vertex < 120; vertex += 3)
        changes[n++] = put_building(r, world, vertex, false);
    assert_true(n <= MOST);
    assert_ok(f, world_edit_new(world, changes, n, &f->arena, &edited, &f->err));
    world_release(world);
    return edited.world;
}

struct town {
    struct fixture *f;
    struct region r;
    struct crew crew;
    struct world *world;
    uint32_t row; /* of the street */
    struct cut_segments was;
};

/* How many rows name it. */
static int count_named(const struct cut_segments *cut, const char *decides)
{
    int n = 0;
    for (size_t i = 0; i < cut->n; i++)
        n += text_equal(cut->rows[i]->decides, decides);
    return n;
}

static void open_town(struct town *town, struct fixture *f)
{
    *town = (struct town){.f = f, .r = {.f = f}};
    town->world = load_plants(&town->r, f);
    town->row = (uint32_t)world_find(town->world, LAYER_PIPELINES, "street-0");
    assert_ok(f, crew_init(&town->crew, 1, &f->err));
    town->was = cut_anew(&town->r, &town->crew, town->world, NULL, town->row);
    assert_true(count_named(&town->was, "kind (enterprises/plant-050)") > 0);
    assert_true(count_named(&town->was, "kind (enterprises/plant-300)") > 0);
}

static void close_town(struct town *town)
{
    crew_release(&town->crew);
    world_release(town->world);
}

enum expected { CHANGED, SAME };

/* The segments change or not, and if not, that is seen without cutting them. */
static void expect(struct town *town, struct world_change change, enum expected expected)
{
    struct fixture *f = town->f;
    struct worker *worker = &town->crew.workers[0];
    struct world_edited edited;
    struct pipeline_recounted told;
    struct pipeline_sites sites;
    struct pipeline_kept *kept = NULL;
    assert_ok(f, world_edit_new(town->world, &change, 1, &f->arena, &edited, &f->err));
    struct cut_segments is = cut_anew(&town->r, &town->crew, edited.world, NULL, town->row);
    assert_int_equal(same_segments(f, &town->was, &is), expected == SAME);
    assert_ok(f, pipeline_sites_build(edited.world, &f->arena, &sites, &f->err));
    assert_ok(f, pipeline_kept_new(edited.world, &sites, &town->crew, &kept, &f->err));
    for (int i = 0; i < 3; i++) { /* by what stands along it, by the crowd, and with its stations */
        struct pipeline_edited it = edited_of(town->world, &edited, &sites, i == 2 ? kept : NULL);
        const struct pipeline_was was = {&it, town->was.rows, town->was.n};
        if (i > 0)
            assert_ok(f, pipeline_crowd_build(&it, &f->arena, &f->err));
        assert_ok(f, pipeline_is_outdone(&was, town->row, worker, &f->arena, &told, &f->err));
        assert_int_equal(told.sure, expected == SAME);
    }
    pipeline_kept_free(kept);
    world_release(edited.world);
}

static struct world_change taken_away(struct town *town, int number)
{
    const char *id = arena_printf(&town->f->arena, "plant-%03d", number);
    return (struct world_change){LAYER_ENTERPRISES, id, NULL};
}

static void test_a_new_plant_is_told_far_away_only_if_it_comes_first(void **state)
{
    struct town town;
    open_town(&town, *state);
    struct region *r = &town.r;
    expect(&town, put_plant(r, town.world, FIRST - 1, BESIDE_KNOWN, NULL), CHANGED);
    expect(&town, put_plant(r, town.world, FIRST * 10, BESIDE_KNOWN, NULL), SAME);
    expect(&town, put_plant(r, town.world, FIRST_KNOWN + 5, BESIDE_KNOWN, NULL), CHANGED);
    close_town(&town);
}

static void test_a_plant_that_goes_is_missed_only_where_it_was_told(void **state)
{
    struct town town;
    open_town(&town, *state);
    expect(&town, taken_away(&town, FIRST), CHANGED);
    expect(&town, taken_away(&town, FIRST + 1), SAME);
    expect(&town, taken_away(&town, FIRST_KNOWN), CHANGED);
    expect(&town, taken_away(&town, FIRST_KNOWN + 1), SAME);
    close_town(&town);
}

/* Before all that another run tells of; it is not among those. */
static void test_a_plant_that_moves_within_its_run_is_told_as_it_was(void **state)
{
    struct town town;
    open_town(&town, *state);
    int at = vertex_of(FIRST + 1);
    expect(&town, put_plant(&town.r, town.world, FIRST + 1, at + 2, NULL), SAME);
    expect(&town, put_plant(&town.r, town.world, FIRST, SCHOOL_APART_AT, NULL), CHANGED);
    close_town(&town);
}

static void test_a_plant_that_is_no_longer_known_may_come_first(void **state)
{
    struct town town;
    open_town(&town, *state);
    expect(&town, put_plant(&town.r, town.world, FIRST_KNOWN + 1, KNOWN_AT, NULL), CHANGED);
    expect(&town, put_plant(&town.r, town.world, FIRST_KNOWN + 1, KNOWN_AT, "storage"), SAME);
    close_town(&town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_new_plant_is_told_far_away_only_if_it_comes_first,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_plant_that_goes_is_missed_only_where_it_was_told,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_plant_that_moves_within_its_run_is_told_as_it_was,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_plant_that_is_no_longer_known_may_come_first, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
