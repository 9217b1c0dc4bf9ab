/*
 * grades_bench.h - a small region of random plants, zones and inventories, for test_grades.c.
 */
#ifndef SISETU_TESTS_GRADES_BENCH_H
#define SISETU_TESTS_GRADES_BENCH_H

#include "tests/unit/world_fixture.h"

#include "geo/world/parallel.h"

static const int32_t DAY = 20260601;
static const double WEST = 106.0;
static const double SOUTH = 38.4;
static const double ACROSS = 0.12; /* degrees */

enum { PLANTS = 60, ZONES = 50, ITEMS = 40 };

static inline double next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 33) / (double)(1u << 31);
}

static inline int pick(uint64_t *seed, int n)
{
    return (int)(n * next_random(seed));
}

struct bench {
    struct fixture f;
    struct fixture side; /* for shapes and texts of edits */
    struct world *world;
    struct crew crew;
    struct arena arena;
    uint64_t seed;
};

static inline struct lonlat somewhere(struct bench *b)
{
    return (struct lonlat){WEST + ACROSS * next_random(&b->seed),
                           SOUTH + ACROSS * next_random(&b->seed)};
}

/* A plant by a point or an outline, now and then without a place, of any grade. */
static inline void make_plant(struct bench *b, struct fixture *f, struct enterprise *e)
{
    struct lonlat at = somewhere(b);
    int kind = pick(&b->seed, 12);
    if (kind > 2)
        e->head.geom = fixture_point(f, at.lon_deg, at.lat_deg);
    else if (kind > 0)
        e->head.geom =
            fixture_box(f, at.lon_deg, at.lat_deg, at.lon_deg + 0.003, at.lat_deg + 0.002);
    else
        e->head.geom = (struct geom){.kind = GEOM_NONE, .box = box_empty()};
    e->radius_m = 50 + 100 * pick(&b->seed, 3);
    e->declared_grade = pick(&b->seed, 3) ? 1 + pick(&b->seed, 4) : INT_ABSENT;
    e->status = pick(&b->seed, 15) ? NULL : "closed";
}

static inline void make_zone(struct bench *b, struct fixture *f, struct zone *zone,
                             const char *owner)
{
    struct lonlat at = somewhere(b);
    struct lonlat ring[64];
    struct err err;
    double radius_deg = 0.002 + 0.025 * next_random(&b->seed) * next_random(&b->seed);
    int corners = 4 + pick(&b->seed, 60);
    for (int i = 0; i < corners; i++) {
        double r = radius_deg * (0.6 + 0.4 * next_random(&b->seed));
        ring[i] = (struct lonlat){at.lon_deg + r * cos(2 * M_PI * i / corners),
                                  at.lat_deg + r * sin(2 * M_PI * i / corners)};
    }
    if (pick(&b->seed, 4) == 0)
        zone->head.geom = fixture_box(f, at.lon_deg, at.lat_deg, WEST + 0.05, SOUTH + 0.07);
    else
        fixture_check(geom_of_ring(ring, (size_t)corners, &f->parts.arena, &zone->head.geom, &err),
                      &err);
    zone->enterprise_id = owner;
    zone->class = 1 + pick(&b->seed, 3);
    zone->standing = pick(&b->seed, 6) ? "legal" : "indicative";
}

static inline void make_item(struct bench *b, struct inventory_item *item, const char *owner)
{
    item->enterprise_id = owner;
    item->unit = pick(&b->seed, 3) ? pick(&b->seed, 2) ? "甲" : "乙" : NULL;
    item->substance = pick(&b->seed, 5) ? "氯" : "无名";
    item->q_t = 60 * next_random(&b->seed);
}

#endif
