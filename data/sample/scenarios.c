/*
 * Accident scenarios of plants that have contours of individual risk: three a plant, with
 * frequency, fatal area and deaths, so that the F-N curves of the sample lie in each region.
 */
#include "data/sample/plant.h"
#include "data/sample/shape.h"

struct event {
    const char *kind; /* codes of scenarios.kind */
    const char *name;
    double share;       /* of the radius of the mildest contour */
    double per_year[3]; /* acceptable, as low as reasonably practicable, unacceptable */
    double deaths[3];
    double lethality;
};

static const struct event EVENTS[] = {
    {"fire", "示例池火", 0.25, {4e-6, 8e-5, 2e-4}, {1, 1, 2}, 0.5},
    {"explosion", "示例蒸气云爆炸", 0.45, {5e-7, 8e-6, 6e-5}, {3, 5, 12}, 0.6},
    {"toxic", "示例毒性气体扩散", 0.7, {1e-8, 2e-7, 1.5e-5}, {25, 40, 90}, 0.2},
};

enum { FATAL_POINTS = 36 };

/* Where the curve is to lie; the verdict comes from the lines of data/rules/societal_risk.csv. */
static size_t region_of(const struct plant *plant)
{
    if (plant->goal == GOAL_RED || plant->goal == GOAL_ORANGE)
        return 2;
    return plant->goal == GOAL_YELLOW ? 1 : 0;
}

void plant_scenarios(struct sample *s, const struct plant *plant, double radius_m)
{
    size_t region = region_of(plant);
    for (size_t i = 0; i < sizeof EVENTS / sizeof EVENTS[0]; i++) {
        const struct event *event = &EVENTS[i];
        struct writer *w = &s->scenarios;
        struct lonlat ring[FATAL_POINTS];
        writer_begin(w, "S", w->n + 1);
        writer_name(w, event->name, w->n);
        writer_reference(w, "enterprise_id", "E", plant->number);
        jw_kv_string(&w->json, "kind", event->kind);
        jw_kv_real(&w->json, "freq_per_year", event->per_year[region]);
        jw_kv_fixed(&w->json, "fatalities", event->deaths[region], 0);
        jw_kv_fixed(&w->json, "lethality", event->lethality, 1);
        jw_kv_fixed(&w->json, "accuracy_m", 5, 1);
        shape_round(&plant->site.frame, (struct xy){0, 0}, radius_m * event->share, FATAL_POINTS,
                    ring);
        writer_polygon(w, ring, FATAL_POINTS);
    }
}
