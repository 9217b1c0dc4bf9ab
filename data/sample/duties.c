/*
 * Hidden dangers at the plants, and who can help: teams, experts, stores, hospitals,
 * shelters.
 */
#include "data/sample/sample.h"

#include <stdio.h>

enum { DANGERS_AT_SCALE_1 = 120, RESOURCES_AT_SCALE_1 = 100 };

static void write_date(struct jw *json, const char *key, uint32_t year, uint32_t day_of_year)
{
    char text[16];
    uint32_t month = 1 + day_of_year / 28 % 12, day = 1 + day_of_year % 28;
    snprintf(text, sizeof text, "%04u-%02u-%02u", year, month, day);
    jw_kv_string(json, key, text);
}

static void write_danger(struct sample *s, uint64_t number)
{
    static const char *const STATES[] = {"found",     "registered", "assessed", "reported",
                                         "monitored", "treated",    "closed"};
    static const char *const AUTHORITIES[] = {"示例自治区应急管理部门", "示例市应急管理部门",
                                              "示例县应急管理部门"};
    struct rng rng = rng_of(RNG_DANGER, number);
    const struct placed_plant *plant = &s->plants[rng_index(&rng, (uint32_t)s->n_plants)];
    double u = rng_unit(&rng);
    int level = u < 0.15 ? 1 : u < 0.5 ? 2 : 3;
    uint32_t state = rng_index(&rng, 7), found = rng_index(&rng, 280);
    struct writer *w = &s->dangers;
    writer_begin(w, "D", number);
    writer_name(w, "示例隐患", number);
    writer_reference(w, "enterprise_id", "E", plant->number);
    jw_kv_integer(&w->json, "level", level);
    jw_kv_string(&w->json, "state", STATES[state]);
    write_date(&w->json, "found", 2026, found);
    write_date(&w->json, "due", found < 200 ? 2026 : 2027, (found + 120) % 336);
    if (state == 6)
        write_date(&w->json, "closed", 2026, found + 40);
    jw_kv_string(&w->json, "supervised_by", AUTHORITIES[level - 1]);
    jw_kv_fixed(&w->json, "accuracy_m", 20, 1);
    struct frame frame = frame_at(plant->at, rng_between(&rng, 0, 6.28));
    writer_point(w, frame_to_lonlat(&frame, rng_between(&rng, 0, 12), 0));
}

static const struct resource_kind {
    const char *kind;
    const char *name;
    const char *grades[3];
    double least, most; /* capacity */
} RESOURCES[] = {
    {"team", "示例救援队", {"专职消防", "危化救援", "矿山救护"}, 12, 90},
    {"hospital", "示例定点医院", {"三级甲等", "二级甲等", "二级乙等"}, 60, 900},
    {"store", "示例物资库", {"综合", "泡沫和吸附", "防护装备"}, 20, 400},
    {"expert", "示例专家", {"化工工艺", "消防", "环境"}, 1, 2},
    {"shelter", "示例避难场所", {"固定", "紧急", "中心"}, 300, 12000},
};

static void write_resource(struct sample *s, uint64_t number)
{
    struct rng rng = rng_of(RNG_RESOURCE, number);
    const struct resource_kind *kind = &RESOURCES[number % 5];
    const struct town *town = &s->region.towns[(number / 5) % s->region.n_towns];
    struct frame frame = frame_at(town->centre, rng_between(&rng, 0, 6.28));
    struct writer *w = &s->resources;
    writer_begin(w, "R", number + 1);
    writer_name(w, kind->name, number + 1);
    jw_kv_string(&w->json, "kind", kind->kind);
    jw_kv_string(&w->json, "grade", kind->grades[rng_index(&rng, 3)]);
    jw_kv_fixed(&w->json, "capacity", rng_between(&rng, kind->least, kind->most), 0);
    jw_kv_string(&w->json, "contact", "示例电话 000-0000000");
    jw_kv_fixed(&w->json, "accuracy_m", 10, 1);
    writer_point(w, frame_to_lonlat(&frame, town->radius_m * rng_between(&rng, 0.1, 0.9), 0));
}

void sample_duties(struct sample *s)
{
    if (s->n_plants)
        for (uint64_t i = 1; i <= (uint64_t)DANGERS_AT_SCALE_1 * s->scale; i++)
            write_danger(s, i);
    for (uint64_t i = 0; i < (uint64_t)RESOURCES_AT_SCALE_1 * s->scale; i++)
        write_resource(s, i);
}
