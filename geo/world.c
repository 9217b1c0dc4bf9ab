#include "geo/world.h"

#include "geo/distance.h"
#include "geo/world_layer.h"

#include "data/base/text.h"

#include <stdlib.h>
#include <string.h>

struct world_private {
    pthread_mutex_t mutex;
    unsigned n_references;
    struct arena arena; /* grid, schema, rules */
    double slack_m[LAYER_COUNT];
};

static void world_free(struct world *world)
{
    for (size_t i = 0; i < LAYER_COUNT; i++)
        world_layer_release(world->layers[i]);
    arena_release(&world->private->arena);
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

static double layer_slack_m(const struct world *world, enum layer_id layer)
{
    double most_m = 0;
    for (size_t i = 0; i < world_count(world, layer); i++) {
        const struct record_head *head = world_record(world, layer, i);
        double slack_m = rules_accuracy_m(world->rules, layer, head);
        if (layer == LAYER_ENTERPRISES && head->geom.kind == GEOM_POINT)
            slack_m += rules_radius_m(world->rules, (const void *)head);
        if (layer == LAYER_INFRASTRUCTURE)
            slack_m += half_width_m(world->rules, (const void *)head);
        most_m = fmax(most_m, slack_m);
    }
    return most_m;
}

enum err_code world_new(struct world_parts *parts, struct world **out, struct err *err)
{
    struct world *world = calloc(1, sizeof *world);
    struct world_private *own = calloc(1, sizeof *own);
    if (!world || !own) {
        free(world);
        free(own);
        arena_release(&parts->arena);
        for (size_t i = 0; i < LAYER_COUNT; i++)
            world_layer_release(parts->layers[i]);
        return err_nomem(err);
    }
    pthread_mutex_init(&own->mutex, NULL);
    own->n_references = 1;
    own->arena = parts->arena;
    world->generation = parts->generation;
    world->as_of = parts->as_of;
    world->schema = parts->schema;
    world->rules = parts->rules;
    world->population = parts->population;
    memcpy(world->layers, parts->layers, sizeof world->layers);
    world->private = own;
    static const enum layer_id targets[] = {LAYER_ENTERPRISES, LAYER_PROTECTED, LAYER_AREAS,
                                            LAYER_INFRASTRUCTURE};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        own->slack_m[targets[i]] = layer_slack_m(world, targets[i]);
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

size_t world_count(const struct world *world, enum layer_id layer)
{
    return world->layers[layer] ? world->layers[layer]->n : 0;
}

const void *world_record(const struct world *world, enum layer_id layer, size_t row)
{
    const struct world_layer *from = world->layers[layer];
    return from->records + row * from->record_bytes;
}

const struct geom *world_geom(const struct world *world, enum layer_id layer, size_t row)
{
    return &record_at(layer, world->layers[layer]->records, row)->geom;
}

int64_t world_find(const struct world *world, enum layer_id layer, const char *id)
{
    const struct world_layer *from = world->layers[layer];
    return from ? map_get(&from->ids, id) : MAP_NONE;
}

size_t world_slots(const struct world *world, enum layer_id layer)
{
    return world_count(world, layer);
}

uint32_t world_slot(const struct world *world, enum layer_id layer, size_t row)
{
    (void)world;
    (void)layer;
    return (uint32_t)row;
}

int64_t world_row(const struct world *world, enum layer_id layer, uint32_t slot)
{
    return slot < world_slots(world, layer) ? (int64_t)slot : -1;
}

static struct box layer_extent(const struct world *world, enum layer_id layer)
{
    struct box extent = box_empty();
    for (size_t i = 0; i < world_count(world, layer); i++) {
        const struct geom *geom = world_geom(world, layer, i);
        if (geom->kind != GEOM_NONE)
            extent = box_union(extent, geom->box);
    }
    return extent;
}

struct box world_extent(const struct world *world)
{
    struct box extent = layer_extent(world, LAYER_ADMIN);
    if (!box_is_empty(extent))
        return extent;
    for (size_t i = 0; i < LAYER_COUNT; i++)
        extent = box_union(extent, layer_extent(world, (enum layer_id)i));
    return extent;
}

enum err_code world_search(const struct world *world, enum layer_id layer, struct box box,
                           struct arena *arena, uint32_t **rows, size_t *n, struct err *err)
{
    *rows = NULL;
    *n = 0;
    const struct world_layer *from = world->layers[layer];
    return from ? rtree_collect(&from->tree, box, arena, rows, n, err) : ERR_OK;
}

enum err_code world_nearest(const struct world *world, enum layer_id layer, struct box from,
                            struct arena *scratch, void *context,
                            bool (*visit)(void *context, uint32_t row, double at_least_m),
                            struct err *err)
{
    const struct world_layer *layer_of = world->layers[layer];
    return layer_of ? rtree_nearest(&layer_of->tree, from, scratch, context, visit, err) : ERR_OK;
}

static void group_rows(const struct world_groups *groups, const char *key, const uint32_t **rows,
                       size_t *n)
{
    int64_t group = map_get(&groups->keys, key);
    *rows = NULL;
    *n = 0;
    if (group == MAP_NONE)
        return;
    *rows = groups->rows + groups->starts[group];
    *n = groups->starts[group + 1] - groups->starts[group];
}

void world_of_enterprise(const struct world *world, enum layer_id layer, const char *enterprise_id,
                         const uint32_t **rows, size_t *n)
{
    *rows = NULL;
    *n = 0;
    if (world->layers[layer])
        group_rows(&world->layers[layer]->children, enterprise_id, rows, n);
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
    group_rows(&grades->subjects, subject_id, &rows, &n);
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
    return world->private->slack_m[layer];
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
    rtree_search(&admin->tree, box, &search, visit_unit);
    return search.best;
}
