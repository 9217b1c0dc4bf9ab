/*
 * Pipelines between towns and parks, and a few houses built too near to them.
 */
#include "data/sample/route.h"
#include "data/sample/target.h"

enum { PIPELINES_AT_SCALE_1 = 60, PAIR_TRIES = 60 };

struct pipe_kind {
    const char *medium;
    const char *pipe_class;
    const char *name;
    double diameter_mm, pressure_mpa;
    double gas_factor; /* 0: none */
    double about_m;    /* near which distance the rules change their answer */
    enum { ENDS_TOWNS, ENDS_PARK, ENDS_IN_TOWN } ends;
};

/* In turn; the order mixes them over the map. */
static const struct pipe_kind KINDS[] = {
    {"natural_gas", "transmission", "示例输气管道", 711, 10, 0.099, 5, ENDS_TOWNS},
    {"town_gas", "sub_high", "示例城镇燃气管道", 323.9, 1.6, 0, 13.5, ENDS_IN_TOWN},
    {"oil_product", "transmission", "示例成品油管道", 406.4, 8, 0, 5, ENDS_TOWNS},
    {"natural_gas", "transmission", "示例输气管道", 508, 6.3, 0.099, 5, ENDS_PARK},
    {"town_gas", "high", "示例城镇燃气管道", 406.4, 4, 0, 5, ENDS_IN_TOWN},
    {"hazchem", NULL, "示例危化品管道", 219.1, 2.5, 0, 5, ENDS_PARK},
    {"natural_gas", "transmission", "示例输气管道", 1016, 10, 0.099, 5, ENDS_TOWNS},
    {"crude_oil", "transmission", "示例原油管道", 610, 8, 0, 5, ENDS_TOWNS},
    {"lpg", "depot_a_buried", "示例库外管道", 168.3, 2.5, 0, 30, ENDS_PARK},
    {"town_gas", "low_medium", "示例城镇燃气管道", 159, 0.4, 0, 0.5, ENDS_IN_TOWN},
};

/* A town or park to begin at, another to end at; false if they do not suit. */
static bool pick_route(const struct sample *s, const struct pipe_kind *kind, struct rng *rng,
                       struct route *out)
{
    const struct town *a = &s->region.towns[rng_index(rng, s->region.n_towns)];
    if (kind->ends == ENDS_IN_TOWN) {
        a = &s->region.towns[rng_index(rng, s->region.n_counties)];
        struct frame frame = frame_at(a->centre, rng_between(rng, 0, 6.28));
        *out = (struct route){frame_to_lonlat(&frame, 1.4 * a->radius_m, 0),
                              frame_to_lonlat(&frame, 0.5 * a->radius_m, 0.2 * a->radius_m),
                              0,
                              0,
                              60,
                              0};
        return true;
    }
    *out = (struct route){.from = a->centre, .trim_from_m = 1.2 * a->radius_m + 300};
    if (kind->ends == ENDS_PARK && s->n_parks) {
        out->to = s->parks[rng_index(rng, (uint32_t)s->n_parks)].frame.origin;
        out->trim_to_m = 1700;
    } else {
        const struct town *b = &s->region.towns[rng_index(rng, s->region.n_counties)];
        out->to = b->centre;
        out->trim_to_m = 1.2 * b->radius_m + 300;
    }
    double length = frame_distance_m(out->from, out->to);
    out->wiggle_m = 0.012 * length;
    out->aside_m = rng_between(rng, -0.05, 0.05) * length;
    return length > 12000 && length < 90000;
}

static bool crosses_town(const struct sample *s, const struct lonlat *points, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (region_town_gap_m(&s->region, points[i]) < 250)
            return true;
    return false;
}

/* A farmhouse beside the middle of the line. */
static void put_neighbour(struct sample *s, const struct pipe_kind *kind,
                          const struct lonlat *points, size_t n, uint64_t number)
{
    static const struct target_spec HOUSE = {
        "residential", "示例农户", 5, 1, 150, 0, 0, 1, 3, 15, 10};
    size_t i = n / 2;
    if (number % 4 != 0 || kind->ends == ENDS_IN_TOWN || i + 1 >= n)
        return;
    struct frame frame = route_frame(points[i], points[i + 1]);
    double clear = kind->about_m * (number % 8 == 0 ? 0.5 : 1.1);
    if (region_county_at(&s->region, frame.origin) >= 0)
        target_put(s, &HOUSE, &frame, (struct xy){0, clear + HOUSE.depth_m / 2},
                   number % 8 == 0 ? 0.5 : 4);
}

static void write_pipeline(struct sample *s, const struct pipe_kind *kind,
                           const struct lonlat *points, size_t n, struct rng *rng)
{
    struct writer *w = &s->pipelines;
    writer_begin(w, "P", w->n + 1);
    writer_name(w, kind->name, w->n);
    jw_kv_string(&w->json, "medium", kind->medium);
    if (kind->pipe_class)
        jw_kv_string(&w->json, "pipe_class", kind->pipe_class);
    jw_kv_string(&w->json, "status", "operating");
    if (rng_chance(rng, 0.9)) {
        jw_kv_fixed(&w->json, "diameter_mm", kind->diameter_mm, 1);
        jw_kv_fixed(&w->json, "pressure_mpa", kind->pressure_mpa, 2);
    }
    if (kind->gas_factor > 0)
        jw_kv_fixed(&w->json, "gas_factor", kind->gas_factor, 3);
    jw_kv_integer(&w->json, "buried", 1);
    jw_kv_fixed(&w->json, "accuracy_m", w->n % 12 == 0 ? 30 : 0.5, 1);
    writer_line(w, points, n);
}

void sample_pipelines(struct sample *s)
{
    struct lonlat points[ROUTE_POINTS];
    for (uint64_t i = 0; i < (uint64_t)PIPELINES_AT_SCALE_1 * s->scale; i++) {
        const struct pipe_kind *kind = &KINDS[i % (sizeof KINDS / sizeof KINDS[0])];
        struct rng rng = rng_of(RNG_PIPELINE, i);
        size_t n = 0;
        for (int tries = 0; tries < PAIR_TRIES && n == 0; tries++) {
            struct route route;
            if (pick_route(s, kind, &rng, &route))
                n = route_draw(route, &rng, points);
            if (n && kind->ends != ENDS_IN_TOWN && crosses_town(s, points, n))
                n = 0;
        }
        if (n == 0)
            continue;
        write_pipeline(s, kind, points, n, &rng);
        ground_mark_line(&s->ground, points, n, 150, GROUND_LINE);
        put_neighbour(s, kind, points, n, i);
    }
}
