#include "geo/pipelines/pipeline_sites.h"

#include "data/base/text.h"

/* Codes whose truths fit. */
enum { MOST_CODES = 32 };

static double accuracy_of(const struct world *world, enum layer_id layer,
                          const struct record_head *head, struct pipeline_site_memo *memo)
{
    if (!isnan(head->accuracy_m))
        return rules_accuracy_m(world->rules, layer, head);
    if (!memo->knows_accuracy || !text_equal(memo->source, head->source)) {
        memo->knows_accuracy = true;
        memo->source = head->source;
        memo->accuracy_m = rules_accuracy_m(world->rules, layer, head);
    }
    return memo->accuracy_m;
}

static double radius_of(const struct world *world, const struct enterprise *plant,
                        struct pipeline_site_memo *memo)
{
    if (!isnan(plant->radius_m))
        return rules_radius_m(world->rules, plant);
    if (!memo->knows_radius || !text_equal(memo->industry, plant->industry)) {
        memo->knows_radius = true;
        memo->industry = plant->industry;
        memo->radius_m = rules_radius_m(world->rules, plant);
    }
    return memo->radius_m;
}

void pipeline_site_make(const struct world *world, enum layer_id layer,
                        const struct record_head *head, struct pipeline_site_memo *memo,
                        struct pipeline_site *out)
{
    bool is_plant = layer == LAYER_ENTERPRISES && head->geom.kind == GEOM_POINT;
    out->at = (struct lonlat){head->geom.box.west_deg, head->geom.box.south_deg};
    out->accuracy_m = accuracy_of(world, layer, head, memo);
    out->radius_m = is_plant ? radius_of(world, (const void *)head, memo) : 0;
    out->is_point = head->geom.kind == GEOM_POINT && head->geom.n_points == 1;
    atomic_init(&out->truths, 0);
}

/* ---- of a whole world ---- */

static void add_code(struct pipeline_sites *sites, const char *code)
{
    if (!code || !*code || pipeline_sites_code(sites, code) >= 0 || sites->n_codes == MOST_CODES)
        return;
    sites->codes[sites->n_codes++] = code;
}

int pipeline_sites_code(const struct pipeline_sites *sites, const char *code)
{
    for (size_t i = 0; sites && i < sites->n_codes; i++)
        if (text_equal(sites->codes[i], code))
            return (int)i;
    return -1;
}

struct numbering {
    uint32_t *places;
    uint32_t n;
};

static bool number(void *context, uint32_t row)
{
    struct numbering *numbering = context;
    numbering->places[row] = numbering->n++;
    return true;
}

static enum err_code build_layer(struct pipeline_sites *sites, enum layer_id layer,
                                 struct arena *arena, struct err *err)
{
    static const struct box everywhere = {-1e6, -1e6, 1e6, 1e6}; /* degrees, and some */
    const struct world *world = sites->world;
    size_t n = world_count(world, layer);
    struct pipeline_site_memo memo = {.source = NULL};
    struct numbering numbering = {arena_new(arena, uint32_t, n), 0};
    struct pipeline_site *items = arena_new(arena, struct pipeline_site, n);
    if (!numbering.places || !items)
        return err_nomem(err);
    for (size_t row = 0; row < n; row++)
        numbering.places[row] = UINT32_MAX; /* has no shape, or one beyond everywhere */
    world_visit(world, layer, everywhere, &numbering, number);
    for (size_t row = 0; row < n; row++)
        if (numbering.places[row] != UINT32_MAX)
            pipeline_site_make(world, layer, world_record(world, layer, row), &memo,
                               &items[numbering.places[row]]);
    sites->items[layer] = items;
    sites->places[layer] = numbering.places;
    return ERR_OK;
}

static bool asks_for(const struct pipeline_sites *sites, enum layer_id layer)
{
    const struct rules *rules = sites->world->rules;
    for (size_t i = 0; i < rules->n_target_classes; i++)
        if (rules->target_classes[i].layer == layer &&
            pipeline_sites_code(sites, rules->target_classes[i].source.id) >= 0)
            return true;
    return false;
}

enum err_code pipeline_sites_build(const struct world *world, struct arena *arena,
                                   struct pipeline_sites *out, struct err *err)
{
    static const enum layer_id layers[] = {LAYER_ENTERPRISES, LAYER_FACILITIES,
                                           LAYER_PIPELINES,   LAYER_PROTECTED,
                                           LAYER_AREAS,       LAYER_INFRASTRUCTURE};
    enum err_code code = ERR_OK;
    const struct rules *rules = world->rules;
    *out = (struct pipeline_sites){.world = world,
                                   .codes = arena_new(arena, const char *, MOST_CODES)};
    if (!out->codes)
        return err_nomem(err);
    for (size_t i = 0; i < rules->n_pipeline_classes; i++)
        add_code(out, rules->pipeline_classes[i].target);
    for (size_t i = 0; i < rules->n_pipeline_places; i++)
        add_code(out, rules->pipeline_places[i].target);
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        if (asks_for(out, layers[i]))
            TRY(build_layer(out, layers[i], arena, err));
done:
    return code;
}
