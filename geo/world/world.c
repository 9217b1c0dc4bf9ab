#include "geo/world/world.h"

#include "geo/measure/distance.h"
#include "geo/findings/finding.h"
#include "geo/world/world_layer.h"

#include "data/base/text.h"

#include <stdlib.h>
#include <string.h>

/* Grid, schema and rules: what edits leave alone. */
struct world_facts {
    pthread_mutex_t mutex;
    unsigned n_references;
    struct arena arena;
};

/* The most that a record of a layer may be nearer, and how many records share the first place:
 * only when the last of them goes must all be looked at. */
struct slack {
    double most_m;
    size_t n_most;
};

struct world_private {
    pthread_mutex_t mutex;
    unsigned n_references;
    struct world_facts *facts;
    struct slack slack[LAYER_COUNT];
};

static const enum layer_id slack_layers[] = {
    LAYER_ENTERPRISES, LAYER_FACILITIES,     LAYER_PIPELINES, LAYER_PROTECTED,
    LAYER_AREAS,       LAYER_INFRASTRUCTURE, LAYER_ZONES,     LAYER_SCENARIOS};
enum { SLACK_LAYERS = sizeof slack_layers / sizeof slack_layers[0] };

static void facts_release(struct world_facts *facts)
{
    pthread_mutex_lock(&facts->mutex);
    bool last = --facts->n_references == 0;
    pthread_mutex_unlock(&facts->mutex);
    if (!last)
        return;
    arena_release(&facts->arena);
    pthread_mutex_destroy(&facts->mutex);
    free(facts);
}

static struct world_facts *facts_acquire(struct world_facts *facts)
{
    pthread_mutex_lock(&facts->mutex);
    facts->n_references++;
    pthread_mutex_unlock(&facts->mutex);
    return facts;
}

static struct world_facts *facts_new(const struct arena *arena)
{
    struct world_facts *facts = calloc(1, sizeof *facts);
    if (!facts)
        return NULL;
    pthread_mutex_init(&facts->mutex, NULL);
    facts->n_references = 1;
    facts->arena = *arena;
    return facts;
}

static void world_free(struct world *world)
{
    for (size_t i = 0; i < LAYER_COUNT; i++)
        world_layer_release(world->layers[i]);
    findings_release(world->findings);
    facts_release(world->private->facts);
    pthread_mutex_destroy(&world->private->mutex);
    free(world->private);
    free(world);
}

/* Half of what a rule to an edge may take off, and as much again where the width is assumed. */
static double half_width_m(const struct rules *rules, const struct infrastructure *record)
{
    if (record->head.geom.kind != GEOM_LINE)
        return 0;
    const struct parameters *parameters = &rules->parameters;
    return record->width_m >= 0 ? record->width_m / 2
                                : fmax(parameters->rail_width_m, parameters->road_width_m);
}

double world_record_slack_m(const struct world *world, enum layer_id layer,
                            const struct record_head *head)
{
    double slack_m = rules_accuracy_m(world->rules, layer, head);
    if (layer == LAYER_ENTERPRISES && head->geom.kind == GEOM_POINT)
        slack_m += rules_radius_m(world->rules, (const void *)head);
    if (layer == LAYER_INFRASTRUCTURE)
        slack_m += half_width_m(world->rules, (const void *)head);
    return slack_m;
}

bool enterprise_counts(const struct enterprise *enterprise)
{
    return !text_equal(enterprise->status, "closed");
}

double zone_risk_per_year(const struct zone *zone)
{
    bool is_risk = text_equal(zone->kind, "individual_risk");
    double per_year = (double)NAN;
    if (is_risk || !zone->kind || text_equal(zone->kind, "other"))
        per_year = zone->freq_per_year;
    if (isnan(per_year) && is_risk && (!zone->unit || text_equal(zone->unit, "per_year")))
        per_year = zone->value;
    return per_year > 0 ? per_year : (double)NAN;
}

static void slack_add(struct slack *slack, double slack_m)
{
    if (slack_m > slack->most_m)
        *slack = (struct slack){slack_m, 0};
    if (slack_m >= slack->most_m)
        slack->n_most++;
}

static struct slack layer_slack(const struct world *world, enum layer_id layer)
{
    struct slack slack = {0, 0};
    for (size_t i = 0; i < world_count(world, layer); i++)
        slack_add(&slack, world_record_slack_m(world, layer, world_record(world, layer, i)));
    return slack;
}

/* A world of nothing, or NULL. */
static struct world *world_begin(struct world_facts *facts)
{
    struct world *world = calloc(1, sizeof *world);
    struct world_private *own = calloc(1, sizeof *own);
    if (!world || !own || !facts) {
        free(world);
        free(own);
        return NULL;
    }
    pthread_mutex_init(&own->mutex, NULL);
    own->n_references = 1;
    own->facts = facts;
    world->private = own;
    return world;
}

enum err_code world_new(struct world_parts *parts, struct world **out, struct err *err)
{
    struct world_facts *facts = facts_new(&parts->arena);
    struct world *world = world_begin(facts);
    if (!world) {
        if (facts)
            facts_release(facts);
        else
            arena_release(&parts->arena);
        for (size_t i = 0; i < LAYER_COUNT; i++)
            world_layer_release(parts->layers[i]);
        return err_nomem(err);
    }
    world->generation = parts->generation;
    world->origin = parts->origin;
    world->as_of = parts->as_of;
    world->schema = parts->schema;
    world->rules = parts->rules;
    world->population = parts->population;
    memcpy(world->layers, parts->layers, sizeof world->layers);
    for (size_t i = 0; i < SLACK_LAYERS; i++)
        world->private->slack[slack_layers[i]] = layer_slack(world, slack_layers[i]);
    *out = world;
    return ERR_OK;
}

static void edit_slack(struct world *world, const struct world *old, const struct world_edit *edit)
{
    enum layer_id layer = edit->layer;
    struct slack *slack = &world->private->slack[layer];
    if (edit->new_slot != WORLD_NO_SLOT) {
        size_t row = (size_t)world_row(world, layer, edit->new_slot);
        slack_add(slack, world_record_slack_m(world, layer, world_record(world, layer, row)));
    }
    if (edit->old_slot != WORLD_NO_SLOT) {
        size_t row = (size_t)world_row(old, layer, edit->old_slot);
        double gone_m = world_record_slack_m(old, layer, world_record(old, layer, row));
        slack->n_most -= gone_m >= slack->most_m;
    }
}

enum err_code world_derive(const struct world *old,
                           const struct world_layer *const layers[LAYER_COUNT],
                           const struct world_edit *edits, size_t n, struct world **out,
                           struct err *err)
{
    struct world_facts *facts = facts_acquire(old->private->facts);
    struct world *world = world_begin(facts);
    if (!world) {
        facts_release(facts);
        for (size_t i = 0; i < LAYER_COUNT; i++)
            world_layer_release(layers[i]);
        return err_nomem(err);
    }
    world->generation = old->generation + 1;
    world->origin = old->origin;
    world->as_of = old->as_of;
    world->schema = old->schema;
    world->rules = old->rules;
    world->population = old->population;
    memcpy(world->layers, layers, sizeof world->layers);
    memcpy(world->private->slack, old->private->slack, sizeof old->private->slack);
    for (size_t i = 0; i < SLACK_LAYERS; i++) {
        for (size_t e = 0; e < n; e++)
            if (edits[e].layer == slack_layers[i])
                edit_slack(world, old, &edits[e]);
        if (world->private->slack[slack_layers[i]].n_most == 0)
            world->private->slack[slack_layers[i]] = layer_slack(world, slack_layers[i]);
    }
    *out = world;
    return ERR_OK;
}

struct world *world_acquire(struct world *world)
{
    pthread_mutex_lock(&world->private->mutex);
    world->private->n_references++;
    pthread_mutex_unlock(&world->private->mutex);
    return world;
}

void world_release(struct world *world)
{
    if (!world)
        return;
    pthread_mutex_lock(&world->private->mutex);
    bool last = --world->private->n_references == 0;
    pthread_mutex_unlock(&world->private->mutex);
    if (last)
        world_free(world);
}

void world_set_findings(struct world *world, struct findings *findings)
{
    findings_release(world->findings);
    world->findings = findings;
}

size_t world_count(const struct world *world, enum layer_id layer)
{
    if (layer == LAYER_CONFLICTS)
        return findings_sums(world->findings).n;
    return world->layers[layer] ? world->layers[layer]->n : 0;
}

const void *world_record(const struct world *world, enum layer_id layer, size_t row)
{
    return world_layer_record(world->layers[layer], row);
}

const struct geom *world_geom(const struct world *world, enum layer_id layer, size_t row)
{
    const struct record_head *head = world_layer_record(world->layers[layer], row);
    return &head->geom;
}

int64_t world_find(const struct world *world, enum layer_id layer, const char *id)
{
    const struct world_layer *from = world->layers[layer];
    if (!from)
        return -1;
    return from->delta ? world_delta_find(from, id) : map_get(&from->ids, id);
}

size_t world_row_from(const struct world *world, enum layer_id layer, const char *id)
{
    return world->layers[layer] ? world_layer_row_from(world->layers[layer], id) : 0;
}

size_t world_slots(const struct world *world, enum layer_id layer)
{
    return world->layers[layer] ? world_layer_slots(world->layers[layer]) : 0;
}

uint32_t world_slot(const struct world *world, enum layer_id layer, size_t row)
{
    return world_layer_slot(world->layers[layer], row);
}

int64_t world_row(const struct world *world, enum layer_id layer, uint32_t slot)
{
    return world->layers[layer] ? world_layer_row(world->layers[layer], slot) : -1;
}

int world_compare_slots(const struct world *world, enum layer_id layer, uint32_t a, uint32_t b)
{
    const struct world_layer *from = world->layers[layer];
    const struct world_layer *base = from->delta ? from->delta->base : from;
    const struct world_layer *first = base->origin ? base->origin : base;
    if (a >= first->n || b >= first->n) {
        int64_t row_a = world_layer_row(from, a), row_b = world_layer_row(from, b);
        return (row_a > row_b) - (row_a < row_b);
    }
    return (a > b) - (a < b);
}

const void *world_record_of_slot(const struct world *world, enum layer_id layer, uint32_t slot)
{
    const struct world_layer *from = world->layers[layer];
    const struct world_delta *delta = from->delta;
    const struct world_layer *base = delta ? delta->base : from;
    if (delta && slot >= base->n_slots)
        return delta->put[slot - base->n_slots];
    uint32_t place = base->place_of ? base->place_of[slot] : slot;
    return base->records + place * base->record_bytes;
}

bool world_is_contour(const struct world *world, size_t row)
{
    const struct world_layer *zones = world->layers[LAYER_ZONES];
    const struct world_layer *base = zones->delta ? zones->delta->base : zones;
    size_t place = zones->delta ? zones->delta->order[row] : row;
    return place < base->n ? base->contours[place]
                           : !isnan(zone_risk_per_year(world_zone(world, row)));
}

static struct box layer_extent(const struct world *world, enum layer_id layer)
{
    struct box extent = box_empty();
    if (!world->layers[layer]) /* findings are no records */
        return extent;
    for (size_t i = 0; i < world_count(world, layer); i++) {
        const struct geom *geom = world_geom(world, layer, i);
        if (geom->kind != GEOM_NONE)
            extent = box_union(extent, geom->box);
    }
    return extent;
}

struct box world_bounds(const struct world *world)
{
    struct box bounds = box_empty();
    for (size_t i = 0; i < LAYER_COUNT; i++)
        bounds = box_union(bounds, layer_extent(world, (enum layer_id)i));
    return bounds;
}

struct box world_extent(const struct world *world)
{
    struct box extent = layer_extent(world, LAYER_ADMIN);
    return box_is_empty(extent) ? world_bounds(world) : extent;
}

enum err_code world_search(const struct world *world, enum layer_id layer, struct box box,
                           struct arena *arena, uint32_t **rows, size_t *n, struct err *err)
{
    *rows = NULL;
    *n = 0;
    const struct world_layer *from = world->layers[layer];
    if (!from)
        return ERR_OK;
    return from->delta ? world_delta_search(from, box, false, arena, rows, n, err)
                       : rtree_collect(&from->tree, box, arena, rows, n, err);
}

enum err_code world_search_lines(const struct world *world, enum layer_id layer, struct box box,
                                 struct arena *arena, uint32_t **rows, size_t *n, struct err *err)
{
    const struct world_layer *from = world->layers[layer];
    const struct world_layer *base = from && from->delta ? from->delta->base : from;
    if (!base || !base->stretch_places)
        return world_search(world, layer, box, arena, rows, n, err);
    return from->delta ? world_delta_search(from, box, true, arena, rows, n, err)
                       : world_layer_search_lines(from, box, arena, rows, n, err);
}

void world_visit(const struct world *world, enum layer_id layer, struct box box, void *context,
                 bool (*visit)(void *context, uint32_t row))
{
    const struct world_layer *from = world->layers[layer];
    if (from && from->delta)
        world_delta_touch(from, box, context, visit);
    else if (from)
        rtree_search(&from->tree, box, context, visit);
}

enum err_code world_nearest(const struct world *world, enum layer_id layer, struct box from,
                            struct arena *scratch, void *context,
                            bool (*visit)(void *context, uint32_t row, double at_least_m),
                            struct err *err)
{
    const struct world_layer *layer_of = world->layers[layer];
    if (!layer_of)
        return ERR_OK;
    return layer_of->delta ? world_delta_nearest(layer_of, from, scratch, context, visit, err)
                           : rtree_nearest(&layer_of->tree, from, scratch, context, visit, err);
}

void world_of_enterprise(const struct world *world, enum layer_id layer, const char *enterprise_id,
                         const uint32_t **rows, size_t *n)
{
    *rows = NULL;
    *n = 0;
    if (world->layers[layer])
        world_groups_find(&world->layers[layer]->children, enterprise_id, rows, n);
}

static const char *default_method(const char *subject)
{
    if (strcmp(subject, "enterprise") == 0)
        return "enterprise";
    if (strcmp(subject, "hazard_unit") == 0)
        return "gb18218";
    return strcmp(subject, "cell") == 0 ? "grid" : "share";
}

const struct grade_row *world_grade(const struct world *world, const char *subject,
                                    const char *subject_id, const char *method)
{
    const struct world_layer *grades = world->layers[LAYER_GRADES];
    if (!grades)
        return NULL;
    const char *wanted = method ? method : default_method(subject);
    const uint32_t *rows = NULL;
    size_t n = 0;
    world_groups_find(&grades->subjects, subject_id, &rows, &n);
    for (size_t i = 0; i < n; i++) {
        const struct grade_row *row = world_record(world, LAYER_GRADES, rows[i]);
        if (text_equal(row->subject, subject) && text_equal(row->method, wanted))
            return row;
    }
    return NULL;
}

void world_units(const struct world *world, int32_t level, const uint32_t **rows, size_t *n)
{
    const struct world_layer *admin = world->layers[LAYER_ADMIN];
    bool known = admin && level >= 1 && level <= 4;
    *rows = known ? admin->units[level] : NULL;
    *n = known ? admin->n_units[level] : 0;
}

int64_t world_unit(const struct world *world, const char *code)
{
    const struct world_layer *admin = world->layers[LAYER_ADMIN];
    return admin ? map_get(&admin->codes, code) : MAP_NONE;
}

double world_slack_m(const struct world *world, enum layer_id layer)
{
    return world->private->slack[layer].most_m;
}

struct unit_search {
    const struct world *world;
    int32_t level;
    struct lonlat point;
    int64_t best;
};

/* The smaller of two units that hold the point wins, then the one of the smaller row, so that a
 * point on a shared border has one answer. */
static bool visit_unit(void *context, uint32_t row)
{
    struct unit_search *search = context;
    const struct admin_unit *unit = world_admin(search->world, row);
    if (unit->level != search->level || !distance_contains_point(&unit->head.geom, search->point))
        return true;
    const double *area_m2 = search->world->layers[LAYER_ADMIN]->area_m2;
    if (search->best < 0 || area_m2[row] < area_m2[search->best] ||
        (!(area_m2[row] > area_m2[search->best]) && (int64_t)row < search->best))
        search->best = row;
    return true;
}

int64_t world_unit_at(const struct world *world, int32_t level, struct lonlat point)
{
    const struct world_layer *admin = world->layers[LAYER_ADMIN];
    if (!admin)
        return -1;
    struct unit_search search = {world, level, point, -1};
    struct box box = {point.lon_deg, point.lat_deg, point.lon_deg, point.lat_deg};
    if (admin->delta)
        world_delta_touch(admin, box, &search, visit_unit);
    else
        rtree_search(&admin->tree, box, &search, visit_unit);
    return search.best;
}
