/* source_conflicts.c - findings as features: their shapes, and what a style may ask of them. */
#include "data/base/text.h"
#include "geo/findings/finding_view.h"
#include "tiler/features/shape.h"
#include "tiler/features/source.h"

#include <stdlib.h>
#include <string.h>

/* ---- features ---- */

/* Features on their way. */
struct adding {
    struct source *source;
    struct shape_builder *builder;
    struct worker worker;
    struct finding_ref *refs;
    struct geom *geoms;
    const char **ids;
    size_t n;
    struct shape_memo *memo;
};

/* Of a density the part of the zone, which follows from the zone, its class and the population. */
static enum err_code make_shape(struct adding *adding, struct finding_ref ref, struct geom *out,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = adding->source->world;
    const struct finding *finding = finding_at(world, ref);
    bool kept = adding->memo && finding->kind == FINDING_DENSITY &&
                finding->verdict == VERDICT_CONFLICT && finding->rule != FINDING_NO_RULE;
    uint64_t key = kept ? shape_memo_key(world_geom(world, ref.layer, ref.row), finding->rule) : 0;
    const struct geom *known = kept ? shape_memo_find(adding->memo, key) : NULL;
    if (known) {
        *out = *known;
        return ERR_OK;
    }
    TRY(finding_shape(world, &adding->worker, ref, &adding->worker.arena, out, err));
    if (kept)
        shape_memo_keep(adding->memo, key, out);
done:
    return code;
}

static enum err_code add_one(struct adding *adding, struct finding_ref ref, bool polygons_only,
                             struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = adding->source->world;
    struct arena *arena = adding->builder->arena;
    struct geom shape;
    if (polygons_only && finding_at(world, ref)->kind != FINDING_DENSITY)
        return ERR_OK;
    const char *id = finding_id(world, ref, &adding->worker.arena);
    TRY(id ? ERR_OK : err_nomem(err));
    TRY(make_shape(adding, ref, &shape, err));
    if (shape.kind == GEOM_NONE || (polygons_only && shape.kind != GEOM_POLYGON))
        goto done;
    TRY(geom_copy(&shape, arena, &adding->geoms[adding->n], err));
    adding->refs[adding->n] = ref;
    adding->ids[adding->n] = arena_strdup(arena, id);
    TRY(adding->ids[adding->n] ? ERR_OK : err_nomem(err));
    TRY(shape_add(adding->builder, &adding->geoms[adding->n], err));
    adding->n++;
done:
    worker_reset(&adding->worker);
    return code;
}

/* How many features there may be. */
static size_t count(const struct world *world, bool polygons_only)
{
    struct finding_ref ref = {.layer = LAYER_COUNT};
    size_t n = 0;
    if (!polygons_only)
        return world_count(world, LAYER_CONFLICTS);
    while (findings_next(world, &ref))
        n += finding_at(world, ref)->kind == FINDING_DENSITY;
    return n;
}

enum err_code source_add_conflicts(struct shape_builder *builder,
                                   const struct source_wanted *wanted, struct source *out,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena *arena = builder->arena;
    struct finding_ref ref = {.layer = LAYER_COUNT};
    bool polygons_only = wanted->polygons_only;
    size_t room = wanted->refs ? wanted->n_refs : count(out->world, polygons_only);
    struct adding adding = {.source = out,
                            .builder = builder,
                            .refs = arena_new(arena, struct finding_ref, room),
                            .geoms = arena_new(arena, struct geom, room),
                            .ids = arena_new(arena, const char *, room),
                            .memo = wanted->shapes};
    if (!adding.refs || !adding.geoms || !adding.ids)
        return err_nomem(err);
    code = worker_init(&adding.worker, 0, err);
    if (code != ERR_OK)
        return code;
    TRY(worker_fit(&adding.worker, out->world, err));
    for (size_t i = 0; wanted->refs && i < wanted->n_refs; i++)
        TRY(add_one(&adding, wanted->refs[i], polygons_only, err));
    while (!wanted->refs && findings_next(out->world, &ref))
        TRY(add_one(&adding, ref, polygons_only, err));
    out->refs = adding.refs;
    out->geoms = adding.geoms;
    out->ids = adding.ids;
done:
    worker_release(&adding.worker);
    return code;
}

/* ---- properties ---- */

static struct value text(const char *text)
{
    return text && *text ? value_string(text) : value_null();
}

static struct value number(double x)
{
    return isnan(x) ? value_null() : value_number(x);
}

static struct value rule_property(const struct rule_source *rule, const char *property)
{
    if (!rule)
        return value_null();
    if (strcmp(property, "rule_id") == 0)
        return text(rule->id);
    if (strcmp(property, "standard") == 0)
        return text(rule->standard);
    if (strcmp(property, "edition") == 0)
        return text(rule->edition);
    if (strcmp(property, "clause") == 0)
        return text(rule->clause);
    if (strcmp(property, "confidence") == 0)
        return value_string(confidence_name(rule->confidence));
    return value_null();
}

static struct value metres_property(const struct world *world, struct finding_ref ref,
                                    const char *property)
{
    const struct finding *finding = finding_at(world, ref);
    double required_m = (double)NAN;
    if (finding->kind == FINDING_DISTANCE)
        required_m = rules_required_m(&world->rules->spacing[finding->rule],
                                      world_record(world, ref.layer, ref.row));
    if (strcmp(property, "persons") == 0)
        return finding->kind == FINDING_DENSITY ? number(finding->shortfall) : value_null();
    if (finding->kind == FINDING_DENSITY)
        return value_null();
    if (strcmp(property, "margin_m") == 0)
        return number(-finding->shortfall);
    if (strcmp(property, "required_m") == 0)
        return number(required_m);
    if (strcmp(property, "distance_m") == 0)
        return number(required_m - finding->shortfall);
    return value_null();
}

static struct value target_property(const struct world *world, const struct finding *finding,
                                    const char *property)
{
    enum layer_id layer = (enum layer_id)finding->target_layer;
    int64_t row = finding_target_row(world, finding);
    if (strcmp(property, "target_layer") == 0)
        return layer == LAYER_COUNT ? value_null() : value_string(layer_name(layer));
    if (strcmp(property, "target_id") == 0)
        return row < 0
                   ? value_null()
                   : text(
                         ((const struct record_head *)world_record(world, layer, (size_t)row))->id);
    if (strcmp(property, "target_class") == 0 && finding->target_class != FINDING_NO_CLASS)
        return text(world->rules->target_classes[finding->target_class].source.id);
    return value_null();
}

struct value source_conflict_property(const struct source *source, uint32_t index,
                                      const char *property)
{
    const struct world *world = source->world;
    struct finding_ref ref = source->refs[index];
    const struct finding *finding = finding_at(world, ref);
    const struct record_head *head = world_record(world, ref.layer, ref.row);
    if (strcmp(property, "id") == 0)
        return text(source->ids[index]);
    if (strcmp(property, "kind") == 0)
        return value_string(finding_kind_name((enum finding_kind)finding->kind));
    if (strcmp(property, "verdict") == 0)
        return value_string(verdict_name((enum verdict)finding->verdict));
    if (strcmp(property, "grade") == 0)
        return value_number(finding->grade);
    if (strcmp(property, "could_be") == 0)
        return value_number(finding->could_be);
    if (strcmp(property, "enterprise_id") == 0)
        return text(finding_enterprise_id(world, ref));
    if (strcmp(property, "source_layer") == 0)
        return value_string(layer_name(ref.layer));
    if (strcmp(property, "source_id") == 0)
        return text(head->id);
    struct value value = rule_property(finding_rule(world, finding), property);
    if (value.type == VALUE_NULL)
        value = target_property(world, finding, property);
    if (value.type == VALUE_NULL)
        value = metres_property(world, ref, property);
    return value;
}
