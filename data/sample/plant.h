/*
 * plant.h - one synthetic plant while it is made, and the parts that make it.
 *
 * The goal is the grade that a plant is to come out with and the way is how it gets
 * there; both only steer what is put where. The verdicts come from the rules.
 */
#ifndef SISETU_DATA_SAMPLE_PLANT_H
#define SISETU_DATA_SAMPLE_PLANT_H

#include "data/sample/site.h"

enum goal { GOAL_GREY, GOAL_RED, GOAL_ORANGE, GOAL_YELLOW, GOAL_BLUE };

enum way {
    WAY_NONE,
    WAY_DENSITY,  /* people inside a zone */
    WAY_DISTANCE, /* a target nearer than a rule allows */
    WAY_LEVEL,    /* major-hazard level */
    WAY_SCORE,
    WAY_DIRECT, /* a direct-red predicate */
    WAY_DECLARED,
    WAY_ROAD, /* too near to a highway */
    WAY_AREA, /* inside a protected area */
    WAY_UNSURE_POSITION,
    WAY_UNSURE_OUTLINE,
    WAY_UNSURE_ATTRIBUTE,
    WAY_UNSURE_CONFIDENCE,
    WAY_UNSURE_ZONE,
};

enum plant_kind {
    PLANT_CHEMICAL,
    PLANT_STATION,
    PLANT_LPG,
    PLANT_DEPOT,
    PLANT_STORE,
    PLANT_COLD,
    PLANT_FIREWORKS,
    PLANT_METAL,
    PLANT_POWER,
    PLANT_MINE,
    PLANT_WELL,
    PLANT_KINDS
};

struct plant {
    uint64_t number;
    enum plant_kind kind;
    enum goal goal;
    enum way way;
    uint64_t turn; /* how many plants had that goal before */
    bool legacy;   /* left in the middle of town */
    struct site site;
    struct rng rng;
};

/* A facility in the plant's frame: a round tank, a rectangular building or a point. */
struct facility_spec {
    const char *type; /* code of rules/facility_types.csv */
    const char *kind; /* code of facilities.kind */
    double total_m3;  /* 0: not told, as for the next */
    double single_m3;
    double store_t;
    double charge_kg;
    uint32_t grade;
    bool underground;
    struct xy at;
    double radius_m; /* of a round one */
    double width_m;  /* of a rectangular one; neither: a point */
    double depth_m;
};

/* recipes.c: what such a plant has; the first facility is the one that scenes speak of. */
void plant_equip(struct sample *s, struct plant *plant, struct facility_spec *first);

/* zones.c: contours, and the people put inside them. */
enum err_code plant_zones(struct sample *s, struct plant *plant, struct err *err);

/* scenarios.c: accidents of a plant whose mildest contour has that radius. */
void plant_scenarios(struct sample *s, const struct plant *plant, double radius_m);

/* scenes.c: targets in front of the first facility, as the way asks. */
void plant_scene(struct sample *s, struct plant *plant, const struct facility_spec *facility);

#endif
