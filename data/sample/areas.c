/*
 * Chemical parks, towns, reserves, water sources and the like. Parks are placed before
 * anything is built; the other areas are drawn round what stands.
 */
#include "data/sample/sample.h"
#include "data/sample/shape.h"

static const double TURN = 6.283185307179586;

enum { PARK_TRIES = 4000, PARK_HALF_WIDTH_M = 1330, PARK_HALF_DEPTH_M = 910 };

static bool park_fits(const struct sample *s, const struct park *park)
{
    for (int i = 0; i < 8; i++) {
        double angle = TURN * i / 8;
        struct lonlat probe =
            frame_to_lonlat(&park->frame, 3000 * frame_cos(angle), 3000 * frame_sin(angle));
        if (region_county_at(&s->region, probe) != (int)park->county)
            return false;
    }
    struct lonlat origin = park->frame.origin;
    return region_town_gap_m(&s->region, origin) > 4500 &&
           !ground_near(&s->ground, origin, 2200, GROUND_LINE | GROUND_PARK);
}

static enum err_code add_park(struct sample *s, uint32_t county, struct rng *rng, struct err *err)
{
    struct park park = {.county = county, .number = s->n_parks + 1};
    const struct town *seat = &s->region.towns[county];
    for (int tries = 0; tries < PARK_TRIES; tries++) {
        struct frame around = frame_at(seat->centre, 0);
        double far = 9000 + 12.0 * tries;
        double distance = seat->radius_m + rng_between(rng, 6000, far);
        double angle = rng_between(rng, 0, TURN);
        struct lonlat origin =
            frame_to_lonlat(&around, distance * frame_cos(angle), distance * frame_sin(angle));
        park.frame = frame_at(origin, rng_between(rng, -0.4, 0.4));
        if (park_fits(s, &park))
            break;
    }
    if (region_county_at(&s->region, park.frame.origin) != (int)county)
        return ERR_OK; /* a full county has one park less */
    ground_mark(&s->ground, park.frame.origin, 2300, GROUND_PARK);
    s->parks = arena_grow(s->arena, s->parks, &s->parks_capacity, s->n_parks + 1, sizeof *s->parks);
    if (!s->parks)
        return err_nomem(err);
    s->parks[s->n_parks++] = park;
    return ERR_OK;
}

enum err_code sample_parks(struct sample *s, struct err *err)
{
    struct rng rng = rng_of(RNG_PARK, 0);
    for (uint32_t county = 0; county < s->region.n_counties; county++) {
        for (uint32_t i = 0; i < s->region.counties[county].plan.parks * s->scale; i++) {
            enum err_code code = add_park(s, county, &rng, err);
            if (code != ERR_OK)
                return code;
        }
    }
    return ERR_OK;
}

static void begin_area(struct sample *s, const char *name, uint64_t number, const char *kind)
{
    struct writer *w = &s->areas;
    writer_begin(w, "A", w->n + 1);
    writer_name(w, name, number);
    jw_kv_string(&w->json, "kind", kind);
    jw_kv_fixed(&w->json, "accuracy_m", 2, 1);
}

static void write_parks(struct sample *s)
{
    for (size_t i = 0; i < s->n_parks; i++) {
        const struct park *park = &s->parks[i];
        struct rng rng = rng_of(RNG_PARK, park->number);
        struct lonlat ring[SHAPE_POINTS];
        double score = rng_between(&rng, 58, 92);
        struct writer *w = &s->areas;
        writer_begin(w, "PARK", park->number);
        writer_name(w, "示例园区", park->number);
        jw_kv_string(&w->json, "kind", "park");
        jw_kv_integer(&w->json, "grade", score < 60 ? 1 : score < 70 ? 2 : score < 85 ? 3 : 4);
        jw_kv_fixed(&w->json, "score", score, 0);
        jw_kv_string(&w->json, "assessed", rng_chance(&rng, 0.7) ? "2025-06-30" : "2021-05-31");
        jw_kv_fixed(&w->json, "accuracy_m", 2, 1);
        shape_rectangle(&park->frame, (struct xy){0, 0}, 2 * PARK_HALF_WIDTH_M,
                        2 * PARK_HALF_DEPTH_M, ring);
        writer_polygon(w, ring, 4);
        begin_area(s, "示例园区控制线", park->number, "control_line");
        struct profile profile = shape_profile(0.06, &rng);
        shape_draw(&park->frame, (struct xy){0, 0}, 2150, &profile, ring);
        writer_polygon(w, ring, SHAPE_POINTS);
    }
}

struct blob {
    struct lonlat at;
    double radius_m;
    double uneven;
};

static void write_blob(struct sample *s, struct blob blob, struct rng *rng)
{
    struct lonlat ring[SHAPE_POINTS];
    struct profile profile = shape_profile(blob.uneven, rng);
    struct frame frame = frame_at(blob.at, 0);
    shape_draw(&frame, (struct xy){0, 0}, blob.radius_m, &profile, ring);
    writer_polygon(&s->areas, ring, SHAPE_POINTS);
}

/* The dense core of every seat, its limit, and some quarters. */
static void write_towns(struct sample *s)
{
    uint64_t quarters = 0;
    for (uint32_t i = 0; i < s->region.n_towns; i++) {
        const struct town *town = &s->region.towns[i];
        struct rng rng = rng_of(RNG_AREA, i);
        if (town->seat) {
            begin_area(s, "示例城镇人口密集区", i + 1, "dense_urban");
            write_blob(s, (struct blob){town->centre, 0.62 * town->radius_m, 0.12}, &rng);
            begin_area(s, "示例城镇开发边界", i + 1, "town_limit");
            write_blob(s, (struct blob){town->centre, 1.1 * town->radius_m, 0.1}, &rng);
        }
        for (uint32_t k = 0; k < 2 * s->scale; k++) {
            struct frame frame = frame_at(town->centre, rng_between(&rng, 0, TURN));
            struct lonlat at =
                frame_to_lonlat(&frame, town->radius_m * rng_between(&rng, 0.55, 0.85), 0);
            if (ground_near(&s->ground, at, 350, GROUND_PLANT))
                continue;
            begin_area(s, "示例居住区", ++quarters, "residential");
            write_blob(s, (struct blob){at, rng_between(&rng, 120, 260), 0.1}, &rng);
        }
    }
}

struct reserve {
    const char *kind;
    const char *name;
    double least_m, most_m; /* radius */
    double uneven;
    uint32_t per_county;
};

static const struct reserve RESERVES[] = {
    {"nature_reserve", "示例自然保护区", 3000, 9000, 0.3, 1},
    {"water_source_2", "示例水源二级保护区", 900, 1600, 0.2, 1},
    {"ecological", "示例生态保护红线区", 2000, 6000, 0.3, 1},
    {"farmland", "示例永久基本农田", 800, 2200, 0.3, 4},
};
enum { N_RESERVES = sizeof RESERVES / sizeof RESERVES[0], WATER_SOURCE = 1 };

/* In the region, off towns and plants, so that nothing lies inside by accident. */
static bool reserve_fits(const struct sample *s, struct lonlat at, double reach_m)
{
    struct frame frame = frame_at(at, 0);
    for (int i = 0; i < 8; i++) {
        double angle = TURN * i / 8;
        struct lonlat rim =
            frame_to_lonlat(&frame, reach_m * frame_cos(angle), reach_m * frame_sin(angle));
        if (region_county_at(&s->region, rim) < 0)
            return false;
    }
    return region_town_gap_m(&s->region, at) > reach_m + 300 &&
           !ground_near(&s->ground, at, reach_m, GROUND_PLANT | GROUND_PARK);
}

static void write_reserves_of(struct sample *s, uint32_t county, size_t k, uint64_t *number)
{
    const struct county *it = &s->region.counties[county];
    const struct reserve *reserve = &RESERVES[k];
    struct rng rng = rng_of(RNG_AREA, 1000 + county * 16 + k);
    uint32_t wanted = reserve->per_county * s->scale;
    for (uint32_t n = 0, tries = 400 * wanted; n < wanted && tries > 0; tries--) {
        struct lonlat at = {rng_between(&rng, it->box.west_deg, it->box.east_deg),
                            rng_between(&rng, it->box.south_deg, it->box.north_deg)};
        double radius = rng_between(&rng, reserve->least_m, reserve->most_m);
        if (region_county_at(&s->region, at) != (int)county ||
            !reserve_fits(s, at, radius * (1 + 2 * reserve->uneven)))
            continue;
        n++;
        begin_area(s, reserve->name, ++*number, reserve->kind);
        write_blob(s, (struct blob){at, radius, reserve->uneven}, &rng);
        if (k == WATER_SOURCE) {
            begin_area(s, "示例水源一级保护区", *number, "water_source_1");
            write_blob(s, (struct blob){at, radius / 3, 0.1}, &rng);
        }
    }
}

static void write_reserves(struct sample *s)
{
    uint64_t numbers[N_RESERVES] = {0};
    for (uint32_t county = 0; county < s->region.n_counties; county++)
        for (size_t k = 0; k < N_RESERVES; k++)
            write_reserves_of(s, county, k, &numbers[k]);
}

void sample_areas(struct sample *s)
{
    write_parks(s);
    write_towns(s);
    write_reserves(s);
}
