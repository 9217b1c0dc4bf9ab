/*
 * query_bench.h - a world made by hand and a worker to ask it, for the tests of queries.
 *
 * Life: set_up, records by world_fixture.h, build once, tear_down.
 */
#ifndef SISETU_TESTS_QUERY_BENCH_H
#define SISETU_TESTS_QUERY_BENCH_H

#include "tests/unit/world_fixture.h"

#include "geo/query/query.h"
#include "geo/world/worker.h"

static const int32_t DAY = 20260601;
static const double LON = 106.2;
static const double LAT = 38.4;

struct bench {
    struct fixture f;
    struct worker worker;
    struct world *world;
    struct err err;
};

static inline int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    fixture_init(&b->f);
    fixture_check(worker_init(&b->worker, 0, &b->err), &b->err);
    *state = b;
    return 0;
}

static inline int tear_down(void **state)
{
    struct bench *b = *state;
    worker_release(&b->worker);
    world_release(b->world);
    free(b);
    return 0;
}

static inline void build(struct bench *b)
{
    b->world = fixture_world(&b->f, DAY);
}

/* The point that lies that far east of another. */
static inline struct lonlat east_of(double lon, double lat, double m)
{
    return ellipsoid_direct((struct lonlat){lon, lat}, 90, m);
}

static inline void place(struct fixture *f, void *record, struct lonlat at)
{
    ((struct record_head *)record)->geom = fixture_point(f, at.lon_deg, at.lat_deg);
}

/* A region, two cities and two counties: counties side by side, the plants in the western. */
static inline void add_units(struct bench *b)
{
    static const struct {
        const char *code;
        int32_t level;
        const char *parent;
        double west, south, east, north;
    } units[] = {{"640000", 1, NULL, 106, 38, 107, 39},
                 {"640100", 2, "640000", 106, 38, 106.6, 39},
                 {"640200", 2, "640000", 106.6, 38, 107, 39},
                 {"640105", 3, "640100", 106, 38, 106.3, 39},
                 {"640106", 3, "640100", 106.3, 38, 106.6, 39}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        struct admin_unit *u = fixture_add(&b->f, LAYER_ADMIN, units[i].code);
        u->head.name = units[i].code;
        u->code = units[i].code;
        u->level = units[i].level;
        u->parent = units[i].parent;
        u->head.geom =
            fixture_box(&b->f, units[i].west, units[i].south, units[i].east, units[i].north);
    }
}

static inline struct site_answer ask_site(struct bench *b, const char *type, struct geom geom,
                                          const struct facility *with,
                                          const struct enterprise *plant)
{
    struct facility nothing;
    struct site_answer answer;
    record_clear(LAYER_FACILITIES, &nothing);
    struct site_question question = {.geom = geom,
                                     .facility_type = type,
                                     .qualifiers = with ? with : &nothing,
                                     .plant = plant,
                                     .accuracy_m = 1e-6};
    fixture_check(query_site(b->world, &b->worker, &question, &answer, &b->err), &b->err);
    return answer;
}

static inline const struct site_finding *finding_of(const struct site_answer *answer,
                                                    const char *rule)
{
    for (size_t i = 0; i < answer->n_findings; i++)
        if (strcmp(answer->findings[i].rule->id, rule) == 0)
            return &answer->findings[i];
    return NULL;
}

#endif
