/*
 * Targets put before a plant on purpose: too near, far enough, or so that the rules cannot
 * tell. The distances here only steer where things are put; what they mean is decided by
 * the rows of data/rules/spacing.csv.
 */
#include "data/sample/plant.h"
#include "data/sample/target.h"

#include <string.h>

struct scene {
    const char *facility;
    enum goal goal; /* what being too near should lead to */
    double about_m; /* near which distance the rules change their answer */
    struct target_spec target;
};

static const struct scene SCENES[] = {
    {"LIQ_TANK_AB",
     GOAL_RED,
     60,
     {"residential", "示例高层住宅", 480, 150, 16000, 0, 0, 18, 1, 44, 16}},
    {"LIQ_TANK_AB", GOAL_ORANGE, 25, {"office", "示例办公楼", 40, 0, 900, 0, 0, 3, 3, 26, 12}},
    {"WORKSHOP_JIA", GOAL_RED, 50, {"school", "示例学校", 900, 0, 11000, 0, 0, 4, 2, 120, 60}},
    {"WORKSHOP_JIA", GOAL_ORANGE, 25, {"office", "示例办公楼", 40, 0, 900, 0, 0, 3, 2, 26, 12}},
    {"WAREHOUSE_JIA_1256",
     GOAL_RED,
     50,
     {"school", "示例学校", 900, 0, 11000, 0, 0, 4, 2, 120, 60}},
    {"WAREHOUSE_JIA_34",
     GOAL_RED,
     50,
     {"hospital", "示例医院", 300, 0, 9000, 140, 0, 5, 2, 80, 40}},
    {"WAREHOUSE_JIA_34", GOAL_ORANGE, 40, {"market", "示例商店", 12, 0, 600, 0, 40, 2, 2, 24, 14}},
    {"PETRO_AB_TANKS", GOAL_ORANGE, 100, {"village", "示例村", 260, 80, 0, 0, 0, 2, 3, 160, 110}},
    {"PETRO_AB_TANKS", GOAL_YELLOW, 100, {"village", "示例村", 22, 7, 0, 0, 0, 1, 3, 60, 50}},
    {"PETRO_LH_TANKS", GOAL_YELLOW, 300, {"village", "示例村", 190, 60, 0, 0, 0, 2, 3, 150, 90}},
    {"LPG_TANK_PRESSURE",
     GOAL_RED,
     70,
     {"residential", "示例住宅小区", 1300, 420, 48000, 0, 0, 6, 2, 160, 90}},
    {"LPG_TANK_PRESSURE", GOAL_ORANGE, 50, {"market", "示例商店", 12, 0, 600, 0, 40, 2, 2, 24, 14}},
    {"LPG_TANK_PRESSURE",
     GOAL_YELLOW,
     35,
     {"factory", "示例加工厂", 40, 0, 2200, 0, 0, 1, 2, 60, 30}},
    {"GASOLINE_STATION_TANK",
     GOAL_RED,
     35,
     {"school", "示例学校", 900, 0, 11000, 0, 0, 4, 2, 120, 60}},
    {"GASOLINE_STATION_TANK",
     GOAL_ORANGE,
     8.5,
     {"market", "示例商店", 10, 0, 500, 0, 30, 2, 2, 20, 12}},
    {"OIL_DEPOT_AB_TANK",
     GOAL_ORANGE,
     80,
     {"residential", "示例住宅小区", 260, 85, 9000, 0, 0, 6, 2, 120, 50}},
    {"OIL_DEPOT_AB_TANK",
     GOAL_YELLOW,
     40,
     {"factory", "示例加工厂", 60, 0, 3000, 0, 0, 1, 2, 60, 35}},
    {"FIREWORKS_1_3_STORE_LE500KG",
     GOAL_RED,
     40,
     {"village", "示例村", 260, 80, 0, 0, 0, 2, 3, 160, 110}},
    {"FIREWORKS_1_3_STORE_LE500KG",
     GOAL_ORANGE,
     35,
     {"residential", "示例农户", 5, 1, 160, 0, 0, 1, 3, 16, 11}},
    {"COLD_STORE_NH3",
     GOAL_RED,
     150,
     {"residential", "示例住宅小区", 420, 136, 16000, 0, 0, 6, 2, 120, 60}},
    {"COLD_STORE_NH3",
     GOAL_ORANGE,
     150,
     {"residential", "示例农户", 5, 1, 160, 0, 0, 1, 3, 16, 11}},
    {"TAILINGS_POND", GOAL_BLUE, 1000, {"village", "示例村", 140, 45, 0, 0, 0, 2, 3, 120, 90}},
    {"DRILL_WELL", GOAL_ORANGE, 100, {"residential", "示例农户", 5, 1, 160, 0, 0, 1, 3, 16, 11}},
};

/* The scene of that facility whose goal is the plant's, else the mildest it has. */
static const struct scene *find_scene(const char *facility, enum goal goal)
{
    const struct scene *best = NULL;
    for (size_t i = 0; i < sizeof SCENES / sizeof SCENES[0]; i++) {
        if (strcmp(SCENES[i].facility, facility) != 0)
            continue;
        if (SCENES[i].goal == goal)
            return &SCENES[i];
        if (!best || SCENES[i].goal > best->goal)
            best = &SCENES[i];
    }
    return best;
}

/* Where the facility ends towards the front. */
static double edge_of(const struct facility_spec *facility)
{
    double half = facility->radius_m > 0 ? facility->radius_m : facility->depth_m / 2;
    return facility->at.y_m + half;
}

static void put(struct sample *s, const struct plant *plant, const struct facility_spec *facility,
                const struct target_spec *spec, double distance_m, double accuracy_m)
{
    double least = plant->site.depth_m / 2 + 1.5; /* not inside the fence */
    double near_side = fmax(edge_of(facility) + distance_m, least);
    struct xy centre = {facility->at.x_m, near_side + spec->depth_m / 2};
    target_put(s, spec, &plant->site.frame, centre, accuracy_m);
    ground_mark(&s->ground, site_point(&plant->site, centre.x_m, centre.y_m), 120, GROUND_TARGET);
}

static struct target_spec without_sizes(struct target_spec spec)
{
    spec.persons = spec.households = spec.floor_area_m2 = 0;
    spec.beds = spec.peak_persons = spec.storeys = spec.fire_rating = 0;
    return spec;
}

void plant_scene(struct sample *s, struct plant *plant, const struct facility_spec *facility)
{
    if (!facility->type)
        return;
    /* The larger target is the one that needs its sizes to be judged. */
    enum goal goal = plant->way == WAY_UNSURE_ATTRIBUTE ? GOAL_RED : plant->goal;
    const struct scene *scene = find_scene(facility->type, goal);
    if (!scene)
        return;
    struct target_spec spec = scene->target;
    switch (plant->way) {
    case WAY_DISTANCE:
        put(s, plant, facility, &spec, scene->about_m * rng_between(&plant->rng, 0.55, 0.85), 0.5);
        break;
    case WAY_UNSURE_POSITION:
        put(s, plant, facility, &spec, scene->about_m + rng_between(&plant->rng, -2, 6), 15);
        break;
    case WAY_UNSURE_ATTRIBUTE:
        spec = without_sizes(spec);
        put(s, plant, facility, &spec, scene->about_m * 0.75, 1);
        break;
    case WAY_UNSURE_CONFIDENCE:
        put(s, plant, facility, &spec, 0.7 * scene->about_m, 2);
        break;
    case WAY_NONE:
    case WAY_DENSITY:
    case WAY_LEVEL:
    case WAY_SCORE:
    case WAY_DIRECT:
    case WAY_DECLARED:
    case WAY_ROAD:
    case WAY_AREA:
    case WAY_UNSURE_OUTLINE:
    case WAY_UNSURE_ZONE:
        if (plant->kind == PLANT_MINE && plant->number % 2) {
            put(s, plant, facility, &spec, 0.6 * scene->about_m, 5);
            break;
        }
        /* Some neighbours that are far enough, so that not every neighbour is a conflict. */
        if (plant->site.setting != SETTING_PARK && plant->site.setting != SETTING_TOWN &&
            rng_chance(&plant->rng, 0.25))
            put(s, plant, facility, &spec, 320 + scene->about_m, 2);
        break;
    }
}
