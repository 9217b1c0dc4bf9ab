#include "data/sample/target.h"

#include "data/sample/shape.h"

enum { TARGETS_AT_SCALE_1 = 1400, TARGET_TRIES = 30 };

/* What stands in a town, and how many of a hundred. Each number is a usual size; the one
 * that is written varies about it. */
static const struct {
    struct target_spec spec;
    uint32_t weight;
} TOWN_USES[] = {
    {{"residential", "示例住宅", 160, 52, 6500, 0, 0, 6, 2, 45, 14}, 24},
    {{"residential", "示例高层住宅", 420, 136, 16000, 0, 0, 18, 1, 42, 16}, 10},
    {{"school", "示例学校", 1200, 0, 14000, 0, 0, 4, 2, 150, 110}, 9},
    {{"kindergarten", "示例幼儿园", 220, 0, 2600, 0, 0, 3, 2, 60, 45}, 8},
    {{"clinic", "示例诊所", 30, 0, 700, 0, 0, 2, 2, 25, 15}, 6},
    {{"hospital", "示例医院", 600, 0, 22000, 320, 0, 9, 1, 120, 90}, 3},
    {{"nursing_home", "示例养老院", 110, 0, 4200, 120, 0, 4, 2, 50, 30}, 3},
    {{"market", "示例市场", 120, 0, 4200, 0, 600, 2, 2, 80, 55}, 6},
    {{"hotel", "示例旅馆", 60, 0, 5200, 90, 0, 7, 2, 40, 20}, 4},
    {{"office", "示例办公楼", 90, 0, 5200, 0, 0, 6, 2, 45, 18}, 6},
    {{"business", "示例商务楼", 130, 0, 6800, 0, 0, 8, 1, 45, 22}, 4},
    {{"government", "示例政府机关", 150, 0, 6000, 0, 0, 5, 2, 55, 20}, 2},
    {{"stadium", "示例体育馆", 0, 0, 7800, 0, 1500, 2, 1, 95, 80}, 1},
    {{"culture", "示例文化馆", 40, 0, 3600, 0, 300, 3, 2, 50, 35}, 2},
    {{"library_museum", "示例图书馆", 45, 0, 6200, 0, 250, 4, 1, 60, 40}, 1},
    {{"entertainment", "示例娱乐场所", 40, 0, 2400, 0, 220, 3, 2, 35, 30}, 3},
    {{"religious", "示例宗教场所", 20, 0, 1500, 0, 260, 1, 3, 40, 30}, 2},
    {{"transport_hub", "示例客运站", 60, 0, 3500, 0, 500, 2, 2, 70, 50}, 1},
    {{"park_square", "示例广场", 0, 0, 9000, 0, 800, 0, 0, 110, 90}, 2},
    {{"factory", "示例服装厂", 140, 0, 8200, 0, 0, 3, 2, 90, 45}, 3},
};

static const struct {
    struct target_spec spec;
    uint32_t weight;
} COUNTRY_USES[] = {
    {{"village", "示例村", 0, 0, 0, 0, 0, 2, 3, 0, 0}, 70},
    {{"school", "示例小学", 180, 0, 2800, 0, 0, 2, 2, 70, 50}, 10},
    {{"clinic", "示例卫生室", 4, 0, 120, 0, 0, 1, 3, 14, 9}, 8},
    {{"residential", "示例农户", 5, 1, 160, 0, 0, 1, 3, 16, 11}, 6},
    {{"heritage", "示例文物保护单位", 0, 0, 900, 0, 0, 1, 4, 45, 35}, 2},
    {{"factory", "示例加工厂", 60, 0, 3000, 0, 0, 1, 2, 60, 35}, 4},
};

static void number_if(struct jw *json, const char *key, uint32_t value)
{
    if (value)
        jw_kv_integer(json, key, value);
}

static void begin_target(struct sample *s, const struct target_spec *spec, double accuracy_m)
{
    struct writer *w = &s->targets;
    writer_begin(w, "T", w->n + 1);
    writer_name(w, spec->name, w->n);
    jw_kv_string(&w->json, "use", spec->use);
    number_if(&w->json, "persons", spec->persons);
    number_if(&w->json, "households", spec->households);
    number_if(&w->json, "floor_area_m2", spec->floor_area_m2);
    number_if(&w->json, "beds", spec->beds);
    number_if(&w->json, "peak_persons", spec->peak_persons);
    number_if(&w->json, "storeys", spec->storeys);
    number_if(&w->json, "fire_rating", spec->fire_rating);
    jw_kv_fixed(&w->json, "accuracy_m", accuracy_m, 1);
}

void target_put(struct sample *s, const struct target_spec *spec, const struct frame *frame,
                struct xy centre, double accuracy_m)
{
    struct lonlat ring[4];
    begin_target(s, spec, accuracy_m);
    shape_rectangle(frame, centre, spec->width_m, spec->depth_m, ring);
    writer_polygon(&s->targets, ring, 4);
}

void target_put_point(struct sample *s, const struct target_spec *spec, struct lonlat at,
                      double accuracy_m)
{
    begin_target(s, spec, accuracy_m);
    writer_point(&s->targets, at);
}

static uint32_t vary(uint32_t usual, double factor)
{
    uint32_t value = (uint32_t)(usual * factor + 0.5);
    return usual && !value ? 1 : value;
}

/* Sizes vary from half to one and a half; one target in eight has no sizes at all. */
static struct target_spec varied(const struct target_spec *usual, struct rng *rng)
{
    struct target_spec spec = *usual;
    double factor = rng_between(rng, 0.5, 1.6), edge = sqrt(factor);
    spec.persons = vary(spec.persons, factor);
    spec.households = vary(spec.households, factor);
    spec.floor_area_m2 = vary(spec.floor_area_m2, factor);
    spec.beds = vary(spec.beds, factor);
    spec.peak_persons = vary(spec.peak_persons, factor);
    spec.width_m *= edge;
    spec.depth_m *= edge;
    if (rng_chance(rng, 0.12)) {
        spec.persons = spec.households = spec.floor_area_m2 = 0;
        spec.beds = spec.peak_persons = spec.storeys = spec.fire_rating = 0;
    }
    return spec;
}

static double pick_accuracy(struct rng *rng)
{
    double u = rng_unit(rng);
    return u < 0.8 ? 2 : u < 0.95 ? 10 : 50;
}

static bool is_free(const struct sample *s, struct lonlat at)
{
    return region_county_at(&s->region, at) >= 0 &&
           !ground_near(&s->ground, at, 200, GROUND_PLANT) &&
           !ground_has(&s->ground, at, GROUND_QUIET | GROUND_PARK);
}

static const struct town *pick_any_town(const struct sample *s, double total, struct rng *rng)
{
    double left = rng_unit(rng) * total;
    for (uint32_t i = 0; i < s->region.n_towns; i++) {
        left -= s->region.towns[i].persons;
        if (left < 0)
            return &s->region.towns[i];
    }
    return &s->region.towns[0];
}

static void put_in_town(struct sample *s, const struct town *town, struct rng *rng)
{
    uint32_t pick = rng_index(rng, 100);
    size_t i = 0;
    while (pick >= TOWN_USES[i].weight)
        pick -= TOWN_USES[i++].weight;
    struct target_spec spec = varied(&TOWN_USES[i].spec, rng);
    for (int tries = 0; tries < TARGET_TRIES; tries++) {
        struct frame frame = frame_at(town->centre, rng_between(rng, 0, 6.2831853));
        double r = 0.85 * town->radius_m * sqrt(rng_unit(rng));
        struct lonlat at = frame_to_lonlat(&frame, r, 0);
        bool last = tries == TARGET_TRIES - 1; /* a full town takes it all the same */
        if (!is_free(s, at) && !(last && region_county_at(&s->region, at) >= 0))
            continue;
        frame = frame_at(at, rng_between(rng, -0.2, 0.2));
        if (rng_chance(rng, 0.6))
            target_put(s, &spec, &frame, (struct xy){0, 0}, pick_accuracy(rng));
        else
            target_put_point(s, &spec, at, pick_accuracy(rng));
        return;
    }
}

/* A village is counted whole: its outline, its people. */
static void put_village(struct sample *s, struct target_spec *spec, const struct village *village,
                        struct rng *rng)
{
    bool told = rng_chance(rng, 0.85);
    spec->persons = told ? village->persons : 0;
    spec->households = told ? village->persons / 3 : 0;
    spec->width_m = spec->depth_m = 1.3 * village->radius_m;
    struct frame frame = frame_at(village->centre, rng_between(rng, -0.5, 0.5));
    if (rng_chance(rng, 0.5))
        target_put(s, spec, &frame, (struct xy){0, 0}, pick_accuracy(rng));
    else
        target_put_point(s, spec, village->centre, pick_accuracy(rng));
}

static void put_in_country(struct sample *s, const struct village *village, bool whole,
                           struct rng *rng)
{
    if (whole) {
        struct target_spec spec = COUNTRY_USES[0].spec;
        put_village(s, &spec, village, rng);
        return;
    }
    uint32_t pick = COUNTRY_USES[0].weight + rng_index(rng, 100 - COUNTRY_USES[0].weight);
    size_t i = 0;
    while (pick >= COUNTRY_USES[i].weight)
        pick -= COUNTRY_USES[i++].weight;
    struct target_spec spec = varied(&COUNTRY_USES[i].spec, rng);
    struct frame frame = frame_at(village->centre, rng_between(rng, 0, 6.2831853));
    struct lonlat at = frame_to_lonlat(&frame, village->radius_m * rng_unit(rng), 0);
    if (region_county_at(&s->region, at) >= 0)
        target_put_point(s, &spec, at, pick_accuracy(rng));
}

void sample_targets(struct sample *s)
{
    double total = 0;
    for (uint32_t i = 0; i < s->region.n_towns; i++)
        total += s->region.towns[i].persons;
    size_t next_village = 0;
    for (uint64_t i = 0; i < (uint64_t)TARGETS_AT_SCALE_1 * s->scale; i++) {
        struct rng rng = rng_of(RNG_TARGET, i);
        if (i % 5 < 3 || !s->people.n_villages) {
            put_in_town(s, pick_any_town(s, total, &rng), &rng);
            continue;
        }
        /* Villages in turn, spread over all counties; each is written whole once. */
        size_t n = s->people.n_villages;
        bool whole = next_village < n && i % 10 < 9;
        size_t index = whole ? (next_village++ * 7919) % n : rng_index(&rng, (uint32_t)n);
        put_in_country(s, &s->people.villages[index], whole, &rng);
    }
}
