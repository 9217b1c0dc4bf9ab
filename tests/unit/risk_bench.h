/* risk_bench.h - a world with contours, scenarios and targets, for the tests of risk. */
#ifndef SISETU_TESTS_RISK_BENCH_H
#define SISETU_TESTS_RISK_BENCH_H

#include "tests/unit/world_fixture.h"

#include "geo/findings/risk_findings.h"

struct risk_bench {
    struct fixture f;
    struct world *world;
    struct worker worker;
    struct arena arena;
};

static const struct lonlat RISK_CENTRE = {106.2, 38.4};

enum { RISK_CIRCLE_VERTICES = 2880 };

static inline struct lonlat risk_at(double bearing_deg, double distance_m)
{
    return ellipsoid_direct(RISK_CENTRE, bearing_deg, distance_m);
}

/* A circle of points at that geodesic distance: its edges lie inside by r / 1.7 million. */
static inline struct geom risk_circle(struct fixture *f, struct lonlat centre, double radius_m)
{
    struct lonlat ring[RISK_CIRCLE_VERTICES];
    struct geom geom;
    struct err err;
    for (int i = 0; i < RISK_CIRCLE_VERTICES; i++)
        ring[i] = ellipsoid_direct(centre, 360.0 * i / RISK_CIRCLE_VERTICES, radius_m);
    fixture_check(geom_of_ring(ring, RISK_CIRCLE_VERTICES, &f->parts.arena, &geom, &err), &err);
    return geom;
}

static inline void risk_bench_init(struct risk_bench *b)
{
    memset(b, 0, sizeof *b);
    fixture_init(&b->f);
}

static inline struct enterprise *risk_plant(struct risk_bench *b, const char *id,
                                            const char *status)
{
    struct enterprise *e = fixture_add(&b->f, LAYER_ENTERPRISES, id);
    e->head.geom = fixture_point(&b->f, RISK_CENTRE.lon_deg, RISK_CENTRE.lat_deg);
    e->status = status;
    return e;
}

/* A contour about the centre. */
static inline struct zone *risk_contour(struct risk_bench *b, const char *id, const char *owner,
                                        double per_year, double radius_m)
{
    struct zone *zone = fixture_add(&b->f, LAYER_ZONES, id);
    zone->head.geom = risk_circle(&b->f, RISK_CENTRE, radius_m);
    zone->enterprise_id = owner;
    zone->kind = "individual_risk";
    zone->freq_per_year = per_year;
    return zone;
}

static inline struct scenario *risk_scenario(struct risk_bench *b, const char *id,
                                             const char *owner, double per_year)
{
    struct scenario *scenario = fixture_add(&b->f, LAYER_SCENARIOS, id);
    scenario->enterprise_id = owner;
    scenario->freq_per_year = per_year;
    return scenario;
}

static inline struct protected_target *risk_target(struct risk_bench *b, const char *id,
                                                   struct lonlat at, const char *class)
{
    struct protected_target *target = fixture_add(&b->f, LAYER_PROTECTED, id);
    target->head.geom = fixture_point(&b->f, at.lon_deg, at.lat_deg);
    target->target_class = class;
    return target;
}

static inline void risk_bench_ready(struct risk_bench *b)
{
    struct err err;
    b->world = fixture_world(&b->f, 20260601);
    arena_init(&b->arena, 0);
    fixture_check(worker_init(&b->worker, 0, &err), &err);
    fixture_check(worker_fit(&b->worker, b->world, &err), &err);
}

static inline void risk_bench_release(struct risk_bench *b)
{
    worker_release(&b->worker);
    arena_release(&b->arena);
    world_release(b->world);
}

static inline struct risk_findings risk_bench_findings(struct risk_bench *b, enum layer_id layer,
                                                       const char *id)
{
    struct risk_findings findings;
    struct err err;
    int64_t row = world_find(b->world, layer, id);
    if (row < 0)
        abort();
    fixture_check(
        risk_findings(b->world, &b->worker, layer, (uint32_t)row, &b->arena, &findings, &err),
        &err);
    return findings;
}

static inline struct risk_view risk_bench_view(struct risk_bench *b, enum layer_id layer,
                                               const char *id, const struct risk_finding *finding)
{
    struct risk_view view;
    struct err err;
    fixture_check(risk_view_of(b->world, &b->worker, layer,
                               (uint32_t)world_find(b->world, layer, id), finding, &b->arena, &view,
                               &err),
                  &err);
    return view;
}

#endif
