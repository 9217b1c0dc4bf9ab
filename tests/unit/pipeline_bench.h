/*
 * pipeline_bench.h - a pipeline along a meridian, so that feet and metres along it are exact,
 * and what stands beside it.
 */
#ifndef SISETU_TESTS_PIPELINE_BENCH_H
#define SISETU_TESTS_PIPELINE_BENCH_H

#include "tests/unit/world_fixture.h"

#include "geo/pipelines/pipeline_segments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define FOOT_M 0.3048
#define INCH_MM 25.4
#define PSI_MPA 0.006894757293168361

struct bench {
    struct fixture f;
    struct pipeline *pipeline;
    struct lonlat origin; /* station 0 of the bench; the line begins before_m south of it */
    double before_m;
    struct world *world;
    struct worker worker;
    struct arena arena;
    struct segment *segments;
    size_t n;
    int next;
};

/* A line from -before_m to after_m along the meridian. */
static inline void bench_begin(struct bench *b, double before_m, double after_m)
{
    memset(b, 0, sizeof *b);
    fixture_init(&b->f);
    arena_init(&b->arena, 0);
    struct err err;
    fixture_check(worker_init(&b->worker, 0, &err), &err);
    b->origin = (struct lonlat){106.2, 38.3};
    b->before_m = before_m;
    b->pipeline = fixture_add(&b->f, LAYER_PIPELINES, "L1");
    b->pipeline->medium = "natural_gas";
    b->pipeline->head.geom = fixture_line(&b->f, ellipsoid_direct(b->origin, 180, before_m),
                                          ellipsoid_direct(b->origin, 0, after_m));
    b->pipeline->start_m = -before_m;
}

static inline void bench_end(struct bench *b)
{
    world_release(b->world);
    worker_release(&b->worker);
    arena_release(&b->arena);
}

/* The point at that station, offset_m to the east. */
static inline struct lonlat bench_at(const struct bench *b, double at_m, double offset_m)
{
    struct lonlat on = ellipsoid_direct(b->origin, at_m < 0 ? 180 : 0, fabs(at_m));
    return ellipsoid_direct(on, offset_m < 0 ? 270 : 90, fabs(offset_m));
}

static inline struct protected_target *bench_target(struct bench *b, const char *use, double at_m,
                                                    double offset_m)
{
    char id[16];
    snprintf(id, sizeof id, "P%04d", b->next++);
    struct protected_target *target = fixture_add(&b->f, LAYER_PROTECTED, id);
    struct lonlat at = bench_at(b, at_m, offset_m);
    target->use = use;
    target->head.geom = fixture_point(&b->f, at.lon_deg, at.lat_deg);
    return target;
}

static inline void bench_ask(struct bench *b, const char *method)
{
    struct err err;
    if (!b->world)
        b->world = fixture_world(&b->f, 20260601);
    struct pipeline_question question = {.world = b->world, .row = 0, .method = method};
    fixture_check(pipeline_segments_of(&question, &b->worker, &b->arena, &b->segments, &b->n, &err),
                  &err);
}

static inline int bench_by_station(const void *a, const void *b)
{
    const struct segment *x = a;
    const struct segment *y = b;
    return x->from_m < y->from_m ? -1 : x->from_m > y->from_m;
}

/* The i-th segment of a kind and class (NULL: any) along the line, or NULL. */
static inline const struct segment *bench_segment(struct bench *b, const char *kind,
                                                  const char *class, size_t i)
{
    qsort(b->segments, b->n, sizeof *b->segments, bench_by_station);
    for (size_t k = 0; k < b->n; k++) {
        const struct segment *s = &b->segments[k];
        if (strcmp(s->kind, kind) != 0 || (class && (!s->class || strcmp(s->class, class) != 0)))
            continue;
        if (i-- == 0)
            return s;
    }
    return NULL;
}

static inline void bench_print(const struct bench *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct segment *s = &b->segments[i];
        printf("%s %s class %s could_be %s [%.3f %.3f] n %g/%g %s: %s; %s\n", s->method, s->kind,
               s->class ? s->class : "-", s->could_be ? s->could_be : "-", s->from_m, s->to_m,
               s->households, s->buildings, s->verdict, s->reason ? s->reason : "",
               s->decides ? s->decides : "");
    }
}

/* The same numbers in each run: a linear congruence after Knuth, MMIX. */
static inline double draw(double low, double high)
{
    static uint64_t seed = 20260601;
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return low + (high - low) * (double)(seed >> 11) / 9007199254740992.0;
}

static inline struct geom random_line(struct arena *arena, size_t n, struct lonlat at)
{
    struct lonlat *points = arena_new(arena, struct lonlat, n);
    uint32_t *ends = arena_new(arena, uint32_t, 1);
    double azimuth = draw(0, 360);
    for (size_t i = 0; i < n; i++) {
        points[i] = at;
        azimuth += draw(-70, 70);
        at = ellipsoid_direct(at, azimuth, draw(100, 900));
    }
    ends[0] = (uint32_t)n;
    return (struct geom){.kind = GEOM_LINE,
                         .n_points = (uint32_t)n,
                         .n_rings = 1,
                         .points = points,
                         .ring_ends = ends,
                         .box = box_of_points(points, n)};
}

#endif
