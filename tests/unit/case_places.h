/* case_places.h - what cases ask of places alone: distances, shares, shifts, planes. */
#ifndef SISETU_TESTS_CASE_PLACES_H
#define SISETU_TESTS_CASE_PLACES_H

#include "tests/unit/case_fixture.h"

#include "data/gcj02.h"
#include "geo/measure/distance.h"
#include "geo/world/population.h"
#include "geo/world/share.h"
#include "geo/world/worker.h"

/* "ID" or "ID within M" from a word on; answers the word after it. */
static inline int read_sharer(struct one_case *c, const struct line *ask, int word,
                              struct share_shape *out)
{
    const struct record_head *head = find_given(c, word < ask->n ? ask->words[word] : "");
    if (head)
        out->geom = &head->geom;
    else
        fail_case(c, ask->number, "a shape is not given");
    if (word + 2 >= ask->n || strcmp(ask->words[word + 1], "within") != 0)
        return word + 1;
    out->radius_m = number_of(c, ask, word + 2);
    return word + 3;
}

/* ask share A [within M] in B [within M] */
static inline void expect_share(struct one_case *c, const struct line *ask,
                                const struct line *expect)
{
    static const struct geom none = {.kind = GEOM_NONE};
    struct share_shape a = {&none, 0};
    struct share_shape b = {&none, 0};
    struct share share;
    struct worker worker;
    struct err err;
    int word = read_sharer(c, ask, 2, &a);
    read_sharer(c, ask, word + 1, &b);
    if (expect->n != 3 || strcmp(expect->words[1], "percent") != 0) {
        fail_case(c, expect->number, "expect percent NUMBER");
        return;
    }
    fixture_check(worker_init(&worker, 0, &err), &err);
    if (share_of(&worker, &a, &b, &share, &err) != ERR_OK)
        fail_case(c, ask->number, "%s", err.message);
    else if (!(fabs(100 * share.of_a - number_of(c, expect, 2)) <= c->tolerance))
        fail_case(c, expect->number, "the share is %.9g %%", 100 * share.of_a);
    worker_release(&worker);
}

/* between A B: the geodesic between two records. */
static inline void expect_between(struct one_case *c, const struct line *ask,
                                  const struct line *expect, const struct world *world)
{
    const struct geom *shapes[2] = {NULL, NULL};
    struct closest closest;
    struct arena arena;
    struct err err;
    for (int s = 0; s < 2; s++)
        for (size_t layer = 0; layer < LAYER_COUNT; layer++) {
            int64_t row = world_find(world, (enum layer_id)layer, ask->words[2 + s]);
            if (row >= 0)
                shapes[s] = world_geom(world, (enum layer_id)layer, (size_t)row);
        }
    if (!shapes[0] || !shapes[1]) {
        fail_case(c, ask->number, "there are no such records");
        return;
    }
    arena_init(&arena, 0);
    fixture_check(distance_shapes(shapes[0], shapes[1], (double)INFINITY, &arena, &closest, &err),
                  &err);
    const struct figure figures[] = {{"distance_m", closest.distance_m}};
    compare_figures(c, expect, 1, figures, 1);
    arena_release(&arena);
}

/* ask exposure ID: who lives inside a polygon. */
static inline void expect_exposure(struct one_case *c, const struct line *ask,
                                   const struct line *expect, const struct world *world,
                                   struct worker *worker)
{
    const struct record_head *head = find_given(c, ask->words[2]);
    struct exposure inside;
    struct err err;
    if (!head) {
        fail_case(c, ask->number, "the shape is not given");
        return;
    }
    fixture_check(worker_fit(worker, world, &err), &err);
    fixture_check(population_within(world, worker, &head->geom, &worker->arena, &inside, &err),
                  &err);
    const struct figure figures[] = {{"persons", inside.persons},
                                     {"low", inside.low},
                                     {"high", inside.high},
                                     {"cells", (double)inside.cells},
                                     {"area_m2", inside.area_m2}};
    compare_figures(c, expect, 1, figures, 5);
}

/* shift FROM TO LON LAT: between wgs84, gcj02 and bd09. */
static inline void expect_shift(struct one_case *c, const struct line *ask,
                                const struct line *expect)
{
    struct lonlat from = {number_of(c, ask, 4), number_of(c, ask, 5)};
    struct lonlat to = from;
    const struct {
        const char *from, *to;
        struct lonlat (*shift)(struct lonlat);
    } ways[] = {{"wgs84", "gcj02", gcj02_from_wgs84}, {"gcj02", "wgs84", gcj02_to_wgs84},
                {"gcj02", "bd09", bd09_from_gcj02},   {"bd09", "gcj02", bd09_to_gcj02},
                {"wgs84", "bd09", bd09_from_wgs84},   {"bd09", "wgs84", bd09_to_wgs84}};
    bool known = false;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (strcmp(ways[i].from, ask->words[2]) != 0 || strcmp(ways[i].to, ask->words[3]) != 0)
            continue;
        to = ways[i].shift(from);
        known = true;
    }
    if (!known)
        fail_case(c, ask->number, "shift is between wgs84, gcj02 and bd09");
    const struct figure figures[] = {
        {"lon", to.lon_deg}, {"lat", to.lat_deg}, {"moved_m", ellipsoid_distance_m(from, to)}};
    compare_figures(c, expect, 1, figures, 3);
}

/* project CRS LON LAT: a plane of the national grid; east is x, north is y. */
static inline void expect_project(struct one_case *c, const struct line *ask,
                                  const struct line *expect)
{
    struct transform *transform = NULL;
    struct err err;
    struct lonlat from = {number_of(c, ask, 3), number_of(c, ask, 4)};
    double east = NAN;
    double north = NAN;
    fixture_check(transform_new(ask->words[2], &transform, &err), &err);
    if (!transform_forward(transform, from, &east, &north))
        fail_case(c, ask->number, "%s has no such place", ask->words[2]);
    transform_free(transform);
    const struct figure figures[] = {{"east", east}, {"north", north}};
    compare_figures(c, expect, 1, figures, 2);
}

#endif
