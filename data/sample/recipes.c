/*
 * What stands and is stored in each kind of plant.
 */
#include "data/sample/plant.h"
#include "data/sample/shape.h"

#include <string.h>

struct stock {
    const char *substance; /* name as in rules/substances.csv, or NULL */
    const char *category;  /* symbol of rules/categories.csv where there is no name */
    double usual_t;
};

static const struct stock CHEMICAL_STOCK[] = {
    {"氨", NULL, 12},           {"氯", NULL, 6},
    {"甲醇", NULL, 420},        {"苯", NULL, 60},
    {"甲苯", NULL, 300},        {"丙酮", NULL, 220},
    {"氢", NULL, 2.5},          {"乙炔", NULL, 0.7},
    {"氯乙烯", NULL, 45},       {"碳化钙(电石)", NULL, 90},
    {"氯化氢(无水)", NULL, 12}, {"二硫化碳", NULL, 30},
    {"环氧乙烷", NULL, 8},      {"硝酸胍", NULL, 30},
    {"二甲醚", NULL, 35},       {NULL, "W5.3", 500},
    {NULL, "W9.2", 120},        {NULL, "J5", 200},
};

/* What makes a major hazard of about level 3 where nobody lives near: the amounts are equal
 * in effect, so that the factor alone decides the level. */
static const struct stock GRAVE_STOCK[] = {
    {"氯", NULL, 25},
    {"氨", NULL, 100},
    {"环氧乙烷", NULL, 100},
    {"硫化氢", NULL, 20},
};

enum { N_CHEMICAL_STOCK = sizeof CHEMICAL_STOCK / sizeof CHEMICAL_STOCK[0] };

static void real_if(struct jw *json, const char *key, double value, int decimals)
{
    if (value > 0)
        jw_kv_fixed(json, key, value, decimals);
}

static void write_facility(struct sample *s, const struct plant *plant,
                           const struct facility_spec *spec, const char *name)
{
    struct writer *w = &s->facilities;
    struct lonlat ring[24];
    writer_begin(w, "F", w->n + 1);
    writer_name(w, name, w->n);
    writer_reference(w, "enterprise_id", "E", plant->number);
    jw_kv_string(&w->json, "facility_type", spec->type);
    jw_kv_string(&w->json, "kind", spec->kind);
    real_if(&w->json, "total_m3", spec->total_m3, 1);
    real_if(&w->json, "single_m3", spec->single_m3, 1);
    real_if(&w->json, "store_t", spec->store_t, 1);
    real_if(&w->json, "charge_kg", spec->charge_kg, 0);
    if (spec->grade)
        jw_kv_integer(&w->json, "grade", spec->grade);
    if (strcmp(spec->kind, "tank") == 0) {
        jw_kv_integer(&w->json, "fixed_roof", 0);
        jw_kv_integer(&w->json, "underground", spec->underground);
    }
    jw_kv_fixed(&w->json, "accuracy_m", 0.5, 1);
    if (spec->radius_m > 0) {
        shape_round(&plant->site.frame, spec->at, spec->radius_m, 24, ring);
        writer_polygon(w, ring, 24);
    } else if (spec->width_m > 0) {
        shape_rectangle(&plant->site.frame, spec->at, spec->width_m, spec->depth_m, ring);
        writer_polygon(w, ring, 4);
    } else {
        writer_point(w, site_point(&plant->site, spec->at.x_m, spec->at.y_m));
    }
}

struct unit {
    const char *name;
    const char *kind;
};

static void write_stock(struct sample *s, const struct plant *plant, const struct unit *unit,
                        const struct stock *stock, double tonnes)
{
    struct writer *w = &s->inventory;
    char id[WRITER_ID_BYTES], enterprise[WRITER_ID_BYTES];
    writer_id(id, "I", w->n + 1);
    writer_id(enterprise, "E", plant->number);
    writer_text(w, "%s,%s,%s,%s,\"%s\",%s,%.2f\n", id, enterprise, unit ? unit->name : "",
                unit ? unit->kind : "", stock->substance ? stock->substance : "",
                stock->category ? stock->category : "", tonnes);
}

static double front(const struct plant *plant, double setback_m)
{
    return plant->site.depth_m / 2 - setback_m;
}

/* How much more or less than usual is stored. */
static double stock_factor(struct plant *plant)
{
    if (plant->way == WAY_LEVEL)
        return plant->goal == GOAL_RED ? 13 : plant->goal == GOAL_ORANGE ? 6.5 : 2;
    if (plant->goal == GOAL_BLUE || plant->goal == GOAL_GREY)
        return rng_between(&plant->rng, 0.03, 0.5);
    return rng_between(&plant->rng, 0.2, 1.1);
}

static void chemical_stock(struct sample *s, struct plant *plant)
{
    static const struct unit UNITS[] = {{"示例生产单元一", "production"},
                                        {"示例罐区单元", "storage"},
                                        {"示例仓库单元", "storage"},
                                        {"示例生产单元二", "production"}};
    double factor = stock_factor(plant);
    bool by_unit = plant->number % 13 != 0;
    uint32_t n = 2 + rng_index(&plant->rng, 4);
    uint32_t first = rng_index(&plant->rng, N_CHEMICAL_STOCK);
    if (plant->way == WAY_LEVEL) {
        const struct stock *grave = &GRAVE_STOCK[rng_index(&plant->rng, 4)];
        write_stock(s, plant, &UNITS[1], grave, grave->usual_t * factor);
        factor = 0.2;
        n = 2;
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct stock *stock = &CHEMICAL_STOCK[(first + 5 * i) % N_CHEMICAL_STOCK];
        double tonnes = stock->usual_t * factor * rng_between(&plant->rng, 0.5, 1.5);
        write_stock(s, plant, by_unit ? &UNITS[i % 4] : NULL, stock, tonnes);
    }
}

/* The front facility of a chemical plant, of the kinds that the spacing rows know. */
static const struct facility_spec CHEMICAL_FRONT[] = {
    {.type = "LIQ_TANK_AB", .kind = "tank", .total_m3 = 600, .single_m3 = 200, .radius_m = 9},
    {.type = "WORKSHOP_JIA", .kind = "building", .width_m = 60, .depth_m = 24},
    {.type = "PETRO_AB_TANKS", .kind = "tank", .total_m3 = 6000, .single_m3 = 2000, .radius_m = 12},
    {.type = "WAREHOUSE_JIA_1256", .kind = "building", .store_t = 18, .width_m = 30, .depth_m = 18},
    {.type = "PETRO_AB_UNIT", .kind = "unit", .width_m = 70, .depth_m = 40},
    {.type = "LIQ_TANK_C", .kind = "tank", .total_m3 = 3000, .single_m3 = 1000, .radius_m = 11},
};

static void equip_chemical(struct sample *s, struct plant *plant, struct facility_spec *first)
{
    static const struct facility_spec FLARE = {.type = "PETRO_FLARE", .kind = "flare"};
    static const struct facility_spec HYDROCARBON = {.type = "PETRO_LH_TANKS",
                                                     .kind = "tank",
                                                     .total_m3 = 4000,
                                                     .single_m3 = 1000,
                                                     .radius_m = 8};
    uint32_t pick = (uint32_t)(plant->number % 6);
    if (plant->way == WAY_DISTANCE || plant->way == WAY_UNSURE_POSITION ||
        plant->way == WAY_UNSURE_ATTRIBUTE)
        pick = plant->goal == GOAL_YELLOW ? 2 : (uint32_t)(plant->number % 2);
    *first = CHEMICAL_FRONT[pick];
    if (plant->way == WAY_UNSURE_CONFIDENCE)
        *first = HYDROCARBON;
    double half = first->radius_m > 0 ? first->radius_m : first->depth_m / 2;
    first->at = (struct xy){rng_between(&plant->rng, -40, 40), front(plant, 14 + half)};
    if (plant->way != WAY_UNSURE_OUTLINE)
        write_facility(s, plant, first, "示例设施");
    struct facility_spec second = CHEMICAL_FRONT[(pick + 3) % 6];
    second.at = (struct xy){-plant->site.width_m / 4, -plant->site.depth_m / 4};
    if (plant->way != WAY_UNSURE_OUTLINE)
        write_facility(s, plant, &second, "示例设施");
    if (plant->site.setting == SETTING_PARK && plant->number % 6 == 0) {
        struct facility_spec flare = FLARE;
        flare.at = (struct xy){plant->site.width_m / 3, -plant->site.depth_m / 3};
        write_facility(s, plant, &flare, "示例火炬");
    }
    chemical_stock(s, plant);
}

static void equip_station(struct sample *s, struct plant *plant, struct facility_spec *first)
{
    static const struct stock GASOLINE = {"汽油(乙醇汽油、甲醇汽油)", NULL, 70};
    static const struct unit UNIT = {"示例罐区单元", "storage"};
    uint32_t grade = plant->way == WAY_DISTANCE ? 2 : 1 + rng_index(&plant->rng, 3);
    double total = grade == 1 ? 170 : grade == 2 ? 120 : 80;
    *first = (struct facility_spec){.type = "GASOLINE_STATION_TANK",
                                    .kind = "tank",
                                    .total_m3 = total,
                                    .single_m3 = 30,
                                    .grade = grade,
                                    .underground = true,
                                    .at = {-8, front(plant, 7)},
                                    .width_m = 12,
                                    .depth_m = 6};
    struct facility_spec dispenser = {
        .type = "GASOLINE_DISPENSER", .kind = "dispenser", .at = {10, 0}};
    write_facility(s, plant, first, "示例加油站油罐");
    write_facility(s, plant, &dispenser, "示例加油机");
    write_stock(s, plant, &UNIT, &GASOLINE, total * 0.6);
}

static void equip_lpg(struct sample *s, struct plant *plant, struct facility_spec *first)
{
    static const struct stock LPG = {"液化石油气(含丙烷、丁烷及其混合物)", NULL, 100};
    static const struct unit UNIT = {"示例储罐单元", "storage"};
    double total = plant->goal == GOAL_BLUE ? 60 : rng_between(&plant->rng, 210, 450);
    *first = (struct facility_spec){.type = "LPG_TANK_PRESSURE",
                                    .kind = "tank",
                                    .total_m3 = total,
                                    .single_m3 = total > 200 ? 100 : 30,
                                    .at = {0, front(plant, 20)},
                                    .radius_m = 5};
    write_facility(s, plant, first, "示例液化气储罐");
    write_stock(s, plant, &UNIT, &LPG, total * 0.5);
}

static void equip_depot(struct sample *s, struct plant *plant, struct facility_spec *first)
{
    static const struct stock GASOLINE = {"汽油(乙醇汽油、甲醇汽油)", NULL, 3000};
    static const struct unit UNIT = {"示例罐区单元", "storage"};
    double total = plant->goal == GOAL_BLUE ? 1500 : 12000;
    *first = (struct facility_spec){.type = "OIL_DEPOT_AB_TANK",
                                    .kind = "tank",
                                    .total_m3 = total,
                                    .single_m3 = total / 4,
                                    .grade = total < 10000 ? 4 : 3,
                                    .at = {0, front(plant, 30)},
                                    .radius_m = 14};
    struct facility_spec second = *first;
    second.at.x_m = -60;
    write_facility(s, plant, first, "示例油罐");
    write_facility(s, plant, &second, "示例油罐");
    write_stock(s, plant, &UNIT, &GASOLINE, total * 0.25);
}

/* Cold stores and tailings ponds are judged from the plant's outline: they have no facility
 * of their own, only its code, for the scenes. */
struct simple_recipe {
    struct facility_spec facility;
    const char *name; /* NULL: no facility is written */
    struct stock stock;
    double setback_m;
};

static const struct simple_recipe *simple_recipe(enum plant_kind kind)
{
    static const struct simple_recipe RECIPES[PLANT_KINDS] = {
        [PLANT_STORE] = {{.type = "WAREHOUSE_JIA_34",
                          .kind = "building",
                          .store_t = 12,
                          .width_m = 24,
                          .depth_m = 14},
                         "示例甲类仓库",
                         {NULL, "W9.1", 8},
                         12},
        [PLANT_COLD] = {{.type = "COLD_STORE_NH3"}, NULL, {"氨", NULL, 6}, 0},
        [PLANT_FIREWORKS] = {{.type = "FIREWORKS_1_3_STORE_LE500KG",
                              .kind = "building",
                              .store_t = 4,
                              .charge_kg = 450,
                              .width_m = 18,
                              .depth_m = 9},
                             "示例烟花库房",
                             {NULL, "W1.3", 4},
                             9},
        [PLANT_METAL] = {{.type = "LIQ_TANK_C",
                          .kind = "tank",
                          .total_m3 = 200,
                          .single_m3 = 50,
                          .radius_m = 4},
                         "示例油罐",
                         {"煤气(CO,CO和H2、CH4的混合物等)", NULL, 9},
                         30},
        [PLANT_POWER] = {{.type = "LIQ_TANK_C",
                          .kind = "tank",
                          .total_m3 = 400,
                          .single_m3 = 200,
                          .radius_m = 6},
                         "示例油罐",
                         {"氢", NULL, 0.8},
                         30},
        [PLANT_MINE] = {{.type = "TAILINGS_POND"}, NULL, {NULL, "W1.2", 3}, 0},
        [PLANT_WELL] = {{.type = "DRILL_WELL", .kind = "other"},
                        "示例钻井井口",
                        {"甲烷/天然气", NULL, 4},
                        30},
    };
    return &RECIPES[kind];
}

static void equip_simple(struct sample *s, struct plant *plant, struct facility_spec *first)
{
    static const struct unit UNIT = {"示例储存单元", "storage"};
    const struct simple_recipe *recipe = simple_recipe(plant->kind);
    double factor = stock_factor(plant);
    *first = recipe->facility;
    first->at = (struct xy){0, front(plant, recipe->setback_m)};
    if (recipe->name)
        write_facility(s, plant, first, recipe->name);
    write_stock(s, plant, &UNIT, &recipe->stock, recipe->stock.usual_t * factor);
}

void plant_equip(struct sample *s, struct plant *plant, struct facility_spec *first)
{
    *first = (struct facility_spec){0};
    if (plant->goal == GOAL_GREY)
        return;
    switch (plant->kind) {
    case PLANT_CHEMICAL:
        equip_chemical(s, plant, first);
        return;
    case PLANT_STATION:
        equip_station(s, plant, first);
        return;
    case PLANT_LPG:
        equip_lpg(s, plant, first);
        return;
    case PLANT_DEPOT:
        equip_depot(s, plant, first);
        return;
    case PLANT_STORE:
    case PLANT_COLD:
    case PLANT_FIREWORKS:
    case PLANT_METAL:
    case PLANT_POWER:
    case PLANT_MINE:
    case PLANT_WELL:
        equip_simple(s, plant, first);
        return;
    case PLANT_KINDS:
        return;
    }
}
