/*
 * Hazard zones: nested contours about the first facility's side of the plant, and
 * the people whom the goal wants inside.
 */
#include "data/sample/plant.h"
#include "data/sample/shape.h"

struct contour {
    double value;
    double share; /* of the radius of the slight one */
};

struct zone_kind {
    const char *kind;
    const char *unit;
    const char *name;
    struct contour contours[3]; /* lethal, serious, slight */
};

static const struct zone_kind KINDS[] = {
    {"toxic", "aegl", "示例毒性影响区", {{3, 0.4}, {2, 0.65}, {1, 1}}},
    {"thermal", "kw_m2", "示例热辐射影响区", {{8, 0.55}, {5, 0.75}, {3, 1}}},
    {"overpressure", "kpa", "示例超压影响区", {{9, 0.35}, {5, 0.6}, {2, 1}}},
    {"individual_risk", "per_year", "示例个人风险等值线", {{1e-5, 0.3}, {3e-6, 0.6}, {3e-7, 1}}},
};

/* The fourth contour of GB 36894, which decides for targets of class 3. */
static const struct contour INNERMOST = {3e-5, 0.18};

/* Smaller contours would be asked too much of by cells of 100 m. */
static const double LETHAL_LEAST_M = 230;

struct zone_set {
    const struct zone_kind *kind;
    double radius_m;
    struct profile profile;
    bool legal;
};

static bool is_risk(const struct zone_set *set)
{
    return set->kind == &KINDS[3];
}

static void write_contour(struct sample *s, const struct plant *plant, const struct zone_set *set,
                          const struct contour *contour, int class)
{
    struct writer *w = &s->zones;
    struct lonlat ring[SHAPE_POINTS];
    bool unknown = plant->way == WAY_UNSURE_ZONE;
    writer_begin(w, "Z", w->n + 1);
    writer_name(w, set->kind->name, w->n);
    writer_reference(w, "enterprise_id", "E", plant->number);
    jw_kv_string(&w->json, "kind", unknown ? "other" : set->kind->kind);
    if (!unknown) {
        jw_kv_real(&w->json, "value", contour->value);
        jw_kv_string(&w->json, "unit", set->kind->unit);
        if (is_risk(set))
            jw_kv_real(&w->json, "freq_per_year", contour->value);
        else if (plant->number % 2)
            jw_kv_integer(&w->json, "class", class);
    }
    jw_kv_string(&w->json, "standing", set->legal ? "legal" : "indicative");
    jw_kv_fixed(&w->json, "accuracy_m", 5, 1);
    shape_draw(&plant->site.frame, (struct xy){0, 0}, set->radius_m * contour->share, &set->profile,
               ring);
    writer_polygon(w, ring, SHAPE_POINTS);
}

static bool wants_zones(struct plant *plant)
{
    if (plant->goal == GOAL_GREY)
        return false;
    if (plant->way == WAY_DENSITY || plant->way == WAY_UNSURE_ZONE || plant->legacy)
        return true;
    if (plant->kind == PLANT_CHEMICAL)
        return plant->site.setting != SETTING_TOWN && rng_chance(&plant->rng, 0.3);
    return plant->kind == PLANT_LPG && plant->site.setting != SETTING_TOWN;
}

/* Few, some or many persons in one or four cells between fence and lethal contour: under
 * 30, under 100, or more. */
static enum err_code put_people(struct sample *s, struct plant *plant, double lethal_m,
                                struct err *err)
{
    uint32_t persons = plant->goal == GOAL_RED      ? 140 + rng_index(&plant->rng, 120)
                       : plant->goal == GOAL_ORANGE ? 55 + rng_index(&plant->rng, 25)
                                                    : 6 + rng_index(&plant->rng, 12);
    double ahead = (plant->site.depth_m / 2 + lethal_m) / 2;
    struct hamlet hamlet = {.centre = site_point(&plant->site, 0, ahead),
                            .persons = persons,
                            .scattered = plant->goal == GOAL_RED};
    return people_add_hamlet(&s->people, hamlet, err);
}

enum err_code plant_zones(struct sample *s, struct plant *plant, struct err *err)
{
    if (!wants_zones(plant))
        return ERR_OK;
    struct zone_set set = {
        .kind = &KINDS[plant->kind == PLANT_LPG ? 1 + plant->number % 2 : plant->number % 4]};
    double least = 0.8 * (plant->site.width_m + plant->site.depth_m);
    set.radius_m = least + rng_between(&plant->rng, 150, 500);
    bool people = plant->way == WAY_DENSITY;
    double lethal = set.kind->contours[0].share;
    set.radius_m = fmax(set.radius_m, LETHAL_LEAST_M / lethal);
    if (people)
        set.radius_m = (plant->site.depth_m / 2 + 240) / lethal;
    if (plant->legacy)
        set.radius_m = fmax(640, LETHAL_LEAST_M / lethal);
    set.profile = shape_profile(people                         ? 0.05
                                : rng_chance(&plant->rng, 0.4) ? 0.03
                                                               : 0.18,
                                &plant->rng);
    set.legal = plant->goal != GOAL_BLUE || rng_chance(&plant->rng, 0.8);
    /* The neighbours of a plant that is to be clear may stand inside them. */
    if (is_risk(&set) && plant->goal == GOAL_BLUE)
        set.legal = false;
    for (int class = 3; class >= 1; class --)
        write_contour(s, plant, &set, &set.kind->contours[class - 1], class);
    if (is_risk(&set) && plant->way != WAY_UNSURE_ZONE) {
        write_contour(s, plant, &set, &INNERMOST, 1);
        plant_scenarios(s, plant, set.radius_m);
    }
    ground_mark(&s->ground, plant->site.frame.origin, 1.35 * set.radius_m + 250, GROUND_QUIET);
    return people ? put_people(s, plant, set.radius_m * lethal, err) : ERR_OK;
}
