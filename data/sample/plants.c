/*
 * The plants of every county: how many of which kind, with which goal, reached in which
 * way, and where; then their record.
 */
#include "data/sample/plant.h"
#include "data/sample/shape.h"

#include <string.h>

struct kind_row {
    const char *name;
    const char *kind;     /* codes of enterprises.kind */
    const char *industry; /* code of rules/industries.csv */
    const char *products;
    double width_m, depth_m; /* least; up to half as much again */
};

static const struct kind_row KINDS[PLANT_KINDS] = {
    [PLANT_CHEMICAL] = {"示例化工", "production", "chemical", "示例化学品", 260, 220},
    [PLANT_STATION] = {"示例加油站", "trading", "gas_station", "汽油", 44, 30},
    [PLANT_LPG] = {"示例液化气站", "storage", "lpg_station", "液化石油气", 90, 70},
    [PLANT_DEPOT] = {"示例油库", "storage", "oil_depot", "汽油", 220, 160},
    [PLANT_STORE] = {"示例危化品仓库", "storage", "hazchem_warehouse", "示例化学品", 90, 60},
    [PLANT_COLD] = {"示例冷库", "use", "cold_store_nh3", "冷藏食品", 110, 80},
    [PLANT_FIREWORKS] = {"示例烟花仓库", "storage", "fireworks", "烟花", 70, 50},
    [PLANT_METAL] = {"示例冶金", "metallurgy", "ferroalloy", "示例合金", 300, 200},
    [PLANT_POWER] = {"示例电厂", "power", "power_coal", "电力", 320, 240},
    [PLANT_MINE] = {"示例矿山", "mine", "tailings_pond", "示例矿石", 320, 260},
    [PLANT_WELL] = {"示例钻井", "production", "gas_plant", "天然气", 80, 60},
};

/* The mix of what plan.csv calls "other". */
static const enum plant_kind OTHERS[] = {
    PLANT_LPG,   PLANT_DEPOT, PLANT_STORE, PLANT_COLD, PLANT_LPG,   PLANT_METAL,     PLANT_POWER,
    PLANT_STORE, PLANT_COLD,  PLANT_MINE,  PLANT_LPG,  PLANT_DEPOT, PLANT_STORE,     PLANT_COLD,
    PLANT_METAL, PLANT_POWER, PLANT_LPG,   PLANT_MINE, PLANT_STORE, PLANT_FIREWORKS, PLANT_WELL,
};

enum { N_ORANGE = 7 }; /* ways to orange */

/* What is left to hand out in a county. */
struct ledger {
    uint32_t goals[5]; /* by enum goal */
    uint32_t total;
};

struct counters {
    uint64_t plants;
    uint64_t others;
    uint64_t by_goal[5];
};

static enum goal draw_goal(struct ledger *ledger, struct rng *rng)
{
    uint32_t pick = rng_index(rng, ledger->total);
    enum goal goal = GOAL_GREY;
    while (pick >= ledger->goals[goal])
        pick -= ledger->goals[goal++];
    ledger->goals[goal]--;
    ledger->total--;
    return goal;
}

/* Not every kind of plant can get its grade in every way. */
static bool suits(const struct plant *plant, enum way way)
{
    bool stored = plant->kind == PLANT_CHEMICAL || plant->kind == PLANT_LPG;
    switch (way) {
    case WAY_LEVEL:
    case WAY_AREA:
    case WAY_UNSURE_OUTLINE:
    case WAY_UNSURE_CONFIDENCE:
    case WAY_UNSURE_ZONE:
        return plant->kind == PLANT_CHEMICAL;
    case WAY_DENSITY:
        return stored;
    case WAY_ROAD:
        return stored || plant->kind == PLANT_DEPOT || plant->kind == PLANT_STORE;
    case WAY_DISTANCE:
        return stored || (plant->kind == PLANT_DEPOT && plant->goal != GOAL_RED) ||
               (plant->kind == PLANT_STORE && plant->goal != GOAL_YELLOW) ||
               (plant->kind == PLANT_WELL && plant->goal == GOAL_ORANGE);
    case WAY_NONE:
    case WAY_SCORE:
    case WAY_DIRECT:
    case WAY_DECLARED:
    case WAY_UNSURE_POSITION:
    case WAY_UNSURE_ATTRIBUTE:
        break;
    }
    return true;
}

/* The ways of one goal are taken in turn, so that each occurs in any sample. */
static enum way pick_way(const struct plant *plant)
{
    static const enum way RED[] = {WAY_DENSITY, WAY_DISTANCE, WAY_DIRECT,
                                   WAY_LEVEL,   WAY_SCORE,    WAY_DECLARED};
    static const enum way ORANGE[N_ORANGE] = {WAY_DISTANCE, WAY_AREA, WAY_DENSITY, WAY_LEVEL,
                                              WAY_SCORE,    WAY_ROAD, WAY_DECLARED};
    static const enum way YELLOW[] = {WAY_DECLARED, WAY_DENSITY, WAY_SCORE, WAY_LEVEL,
                                      WAY_DISTANCE};
    static const enum way BLUE[] = {
        WAY_NONE, WAY_UNSURE_POSITION,   WAY_NONE, WAY_NONE, WAY_UNSURE_ATTRIBUTE,
        WAY_NONE, WAY_UNSURE_CONFIDENCE, WAY_NONE, WAY_NONE, WAY_UNSURE_OUTLINE,
        WAY_NONE, WAY_UNSURE_ZONE};
    enum way way = WAY_NONE;
    switch (plant->goal) {
    case GOAL_RED:
        way = RED[plant->turn % (sizeof RED / sizeof RED[0])];
        break;
    case GOAL_ORANGE:
        way = ORANGE[plant->turn % N_ORANGE];
        break;
    case GOAL_YELLOW:
        way = YELLOW[plant->turn % (sizeof YELLOW / sizeof YELLOW[0])];
        break;
    case GOAL_BLUE:
        way = BLUE[plant->turn % (sizeof BLUE / sizeof BLUE[0])];
        break;
    case GOAL_GREY:
        break;
    }
    if (suits(plant, way))
        return way;
    return plant->goal == GOAL_BLUE ? WAY_NONE : WAY_DECLARED;
}

static enum setting pick_setting(const struct plant *plant)
{
    bool chemical = plant->kind == PLANT_CHEMICAL;
    if (plant->legacy)
        return SETTING_TOWN;
    switch (plant->way) {
    case WAY_DENSITY:
    case WAY_DISTANCE:
    case WAY_UNSURE_POSITION:
    case WAY_UNSURE_ATTRIBUTE:
    case WAY_UNSURE_CONFIDENCE:
        return plant->kind == PLANT_STATION ? SETTING_TOWN
               : chemical                   ? SETTING_COUNTRY
                                            : SETTING_FRINGE;
    case WAY_ROAD:
    case WAY_UNSURE_OUTLINE:
        return SETTING_ROADSIDE;
    case WAY_AREA:
        return SETTING_COUNTRY;
    case WAY_NONE:
    case WAY_LEVEL:
    case WAY_SCORE:
    case WAY_DIRECT:
    case WAY_DECLARED:
    case WAY_UNSURE_ZONE:
        break;
    }
    if (chemical)
        return SETTING_PARK;
    return plant->kind == PLANT_STATION ? SETTING_TOWN
           : plant->kind >= PLANT_METAL ? SETTING_COUNTRY
                                        : SETTING_FRINGE;
}

static void write_grades(struct sample *s, struct plant *plant)
{
    struct jw *json = &s->enterprises.json;
    struct rng *rng = &plant->rng;
    static const double LEAST_SCORE[] = {0, 45, 61, 76, 91};
    static const double MOST_SCORE[] = {0, 59, 74, 89, 103};
    static const char *const DIRECT[] = {"untested_process", "no_formal_design",
                                         "uncertified_workers", "grave_accidents"};
    enum goal goal = plant->goal;
    if (goal == GOAL_GREY)
        return;
    if (plant->way == WAY_DECLARED ||
        rng_chance(rng, plant->way >= WAY_UNSURE_POSITION ? 0.75 : 0.5))
        jw_kv_integer(json, "declared_grade", plant->way == WAY_DECLARED ? (int64_t)goal : 4);
    if (plant->way == WAY_SCORE || (plant->kind == PLANT_CHEMICAL && rng_chance(rng, 0.4))) {
        enum goal scored = plant->way == WAY_SCORE ? goal : GOAL_BLUE;
        jw_kv_fixed(json, "score_19", rng_between(rng, LEAST_SCORE[scored], MOST_SCORE[scored]), 1);
    }
    if (plant->way == WAY_DIRECT)
        jw_kv_integer(json, DIRECT[plant->number % 4], 1);
}

/* What a plant breaches that is put where none may be. */
enum breach { NO_PARK, IN_WATER_SOURCE, IN_RESERVE };

static enum breach breach(const struct plant *plant)
{
    return (enum breach)(plant->turn / N_ORANGE % 3);
}

/* An area drawn so that the plant lies in it. */
static void write_area_round(struct sample *s, struct plant *plant)
{
    struct lonlat ring[SHAPE_POINTS];
    struct writer *w = &s->areas;
    struct profile profile = shape_profile(0.1, &plant->rng);
    bool water = breach(plant) == IN_WATER_SOURCE;
    if (breach(plant) == NO_PARK)
        return;
    writer_begin(w, "A", w->n + 1);
    writer_name(w, water ? "示例厂边水源二级保护区" : "示例厂边自然保护区", plant->number);
    jw_kv_string(&w->json, "kind", water ? "water_source_2" : "nature_reserve");
    jw_kv_fixed(&w->json, "accuracy_m", 5, 1);
    shape_draw(&plant->site.frame, (struct xy){900, 400}, 1700, &profile, ring);
    writer_polygon(w, ring, SHAPE_POINTS);
}

static void write_enterprise(struct sample *s, struct plant *plant)
{
    static const char *const CHEMICALS[] = {"chemical",  "coal_chemical", "chlor_alkali",
                                            "carbide",   "fertilizer",    "resin",
                                            "pesticide", "pharmaceutical"};
    static const char *const SIZES[] = {"large", "medium", "medium", "small", "small", "micro"};
    const struct kind_row *row = &KINDS[plant->kind];
    struct writer *w = &s->enterprises;
    struct rng *rng = &plant->rng;
    struct lonlat ring[4];
    char text[64];
    writer_begin(w, "E", plant->number);
    writer_name(w, row->name, plant->number);
    jw_kv_string(&w->json, "kind", row->kind);
    jw_kv_string(&w->json, "industry",
                 plant->kind == PLANT_CHEMICAL ? CHEMICALS[plant->number % 8] : row->industry);
    jw_kv_string(&w->json, "status",
                 plant->goal == GOAL_GREY                             ? "suspended"
                 : plant->way == WAY_AREA && breach(plant) == NO_PARK ? "construction"
                                                                      : "operating");
    jw_kv_string(&w->json, "size", SIZES[rng_index(rng, 6)]);
    jw_kv_integer(&w->json, "staff", 12 + rng_index(rng, 400));
    jw_kv_string(&w->json, "products", row->products);
    jw_kv_string(&w->json, "department", "示例主管部门");
    snprintf(text, sizeof text, "%s示例地址", s->region.counties[plant->site.county].name);
    jw_kv_string(&w->json, "address", text);
    if (plant->site.park)
        writer_reference(w, "park_id", "PARK", plant->site.park);
    write_grades(s, plant);
    bool point = plant->goal == GOAL_GREY || plant->way == WAY_UNSURE_OUTLINE ||
                 (plant->way == WAY_NONE && plant->number % 17 == 0);
    jw_kv_fixed(&w->json, "accuracy_m", point ? 20 : 1, 1);
    if (point) {
        writer_point(w, plant->site.frame.origin);
        return;
    }
    site_corners(&plant->site, ring);
    writer_polygon(w, ring, 4);
}

static enum err_code make_plant(struct sample *s, struct plant plant, struct err *err)
{
    const struct kind_row *row = &KINDS[plant.kind];
    plant.rng = rng_of(RNG_PLANT, plant.number);
    struct site_wish wish = {.setting = pick_setting(&plant),
                             .county = plant.site.county,
                             .width_m = row->width_m * rng_between(&plant.rng, 1, 1.5),
                             .depth_m = row->depth_m * rng_between(&plant.rng, 1, 1.5)};
    plant.site = site_find(s, wish, &plant.rng);
    write_enterprise(s, &plant);
    struct facility_spec first;
    plant_equip(s, &plant, &first);
    enum err_code code = plant_zones(s, &plant, err);
    if (code != ERR_OK)
        return code;
    plant_scene(s, &plant, &first);
    if (plant.way == WAY_AREA)
        write_area_round(s, &plant);
    s->plants =
        arena_grow(s->arena, s->plants, &s->plants_capacity, s->n_plants + 1, sizeof *s->plants);
    if (!s->plants)
        return err_nomem(err);
    s->plants[s->n_plants++] = (struct placed_plant){plant.site.frame.origin, plant.site.county,
                                                     (uint8_t)plant.goal, plant.number};
    return ERR_OK;
}

static enum err_code make_stations(struct sample *s, uint32_t county, struct counters *counters,
                                   struct err *err)
{
    const struct plan *plan = &s->region.counties[county].plan;
    for (uint32_t i = 0; i < plan->station * s->scale; i++) {
        struct plant plant = {.number = ++counters->plants,
                              .kind = PLANT_STATION,
                              .goal = GOAL_BLUE,
                              .site.county = county};
        if (i < plan->station_orange * s->scale) {
            plant.goal = GOAL_ORANGE;
            plant.way = WAY_DISTANCE;
        } else if (i < (plan->station_orange + plan->station_yellow) * s->scale) {
            plant.goal = GOAL_YELLOW;
            plant.way = WAY_DECLARED;
        }
        enum err_code code = make_plant(s, plant, err);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

static enum err_code make_county(struct sample *s, uint32_t county, struct counters *counters,
                                 struct err *err)
{
    const struct plan *plan = &s->region.counties[county].plan;
    struct rng rng = rng_of(RNG_SITE, county);
    uint32_t chemical = plan->chemical * s->scale, legacy = plan->legacy * s->scale;
    struct ledger ledger = {.total = (plan->chemical + plan->other) * s->scale - legacy};
    ledger.goals[GOAL_GREY] = plan->grey * s->scale;
    ledger.goals[GOAL_RED] = plan->red * s->scale;
    ledger.goals[GOAL_ORANGE] = plan->orange * s->scale;
    ledger.goals[GOAL_YELLOW] = plan->yellow * s->scale;
    ledger.goals[GOAL_BLUE] =
        ledger.total - s->scale * (plan->grey + plan->red + plan->orange + plan->yellow);
    for (uint32_t i = 0; i < (plan->chemical + plan->other) * s->scale; i++) {
        struct plant plant = {.number = ++counters->plants, .site.county = county};
        plant.kind = i < chemical ? PLANT_CHEMICAL
                                  : OTHERS[counters->others++ % (sizeof OTHERS / sizeof OTHERS[0])];
        plant.legacy = i < legacy;
        plant.goal = plant.legacy ? GOAL_RED : draw_goal(&ledger, &rng);
        if (!plant.legacy) {
            plant.turn = counters->by_goal[plant.goal]++;
            plant.way = pick_way(&plant);
        }
        enum err_code code = make_plant(s, plant, err);
        if (code != ERR_OK)
            return code;
    }
    return make_stations(s, county, counters, err);
}

enum err_code sample_plants(struct sample *s, struct err *err)
{
    struct counters counters = {0};
    for (uint32_t county = 0; county < s->region.n_counties; county++) {
        enum err_code code = make_county(s, county, &counters, err);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}
