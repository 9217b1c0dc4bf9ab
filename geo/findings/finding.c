#include "geo/findings/finding.h"

#include "data/base/text.h"
#include "geo/findings/finding_pages.h"
#include "geo/findings/reasons.h"

#include <stdlib.h>
#include <string.h>

const char *finding_kind_name(enum finding_kind kind)
{
    switch (kind) {
    case FINDING_DISTANCE:
    case FINDING_BEYOND:
        return "distance";
    case FINDING_AREA:
        return "area";
    case FINDING_DENSITY:
        return "density";
    case FINDING_RISK:
    case FINDING_RISK_UNKNOWN:
    case FINDING_SOCIETAL:
        return "risk";
    case FINDING_KINDS:
        break;
    }
    return "";
}

/* ---- one finding ---- */

const struct finding_list *findings_of(const struct world *world, enum layer_id layer, size_t row)
{
    int index = finding_layer_index(layer);
    if (!world->findings || index < 0)
        return NULL;
    return findings_get(world->findings, index, world_slot(world, layer, row));
}

const struct finding *finding_at(const struct world *world, struct finding_ref ref)
{
    return finding_list_at(findings_of(world, ref.layer, ref.row), ref.k);
}

int64_t finding_target_row(const struct world *world, const struct finding *finding)
{
    if (finding->target_slot == FINDING_NO_TARGET)
        return -1;
    return world_row(world, (enum layer_id)finding->target_layer, finding->target_slot);
}

const struct rule_source *finding_rule(const struct world *world, const struct finding *finding)
{
    const struct rules *rules = world->rules;
    if (finding->rule == FINDING_NO_RULE)
        return NULL;
    switch ((enum finding_kind)finding->kind) {
    case FINDING_DISTANCE:
    case FINDING_BEYOND:
        return &rules->spacing[finding->rule].source;
    case FINDING_AREA:
        return &rules->area_rules[finding->rule].source;
    case FINDING_DENSITY:
        return &rules->zone_classes[finding->rule].source;
    case FINDING_RISK:
    case FINDING_RISK_UNKNOWN:
        return &rules->risk_criteria[finding->rule].source;
    case FINDING_SOCIETAL:
        return &rules->societal_lines[finding->rule].source;
    case FINDING_KINDS:
        break;
    }
    return NULL;
}

const char *finding_enterprise_id(const struct world *world, struct finding_ref ref)
{
    const struct record_head *head = world_record(world, ref.layer, ref.row);
    if (ref.layer == LAYER_ENTERPRISES)
        return head->id;
    return record_text(head, records_field(ref.layer, "enterprise_id"));
}

int64_t finding_enterprise(const struct world *world, struct finding_ref ref)
{
    if (ref.layer == LAYER_ENTERPRISES)
        return ref.row;
    return world_find(world, LAYER_ENTERPRISES, finding_enterprise_id(world, ref));
}

const char *finding_id(const struct world *world, struct finding_ref ref, struct arena *arena)
{
    const struct finding *finding = finding_at(world, ref);
    const struct rule_source *rule = finding_rule(world, finding);
    const struct record_head *source = world_record(world, ref.layer, ref.row);
    enum layer_id layer = (enum layer_id)finding->target_layer;
    int64_t target = finding_target_row(world, finding);
    const char *target_id =
        target < 0 ? NULL
                   : ((const struct record_head *)world_record(world, layer, (size_t)target))->id;
    /* A zone of unknown class has no row: the table stands for it in the row that is kept. */
    const char *const parts[] = {rule ? rule->id : "",
                                 "|",
                                 layer_name(ref.layer),
                                 "/",
                                 source->id,
                                 "|",
                                 layer == LAYER_COUNT ? "" : layer_name(layer),
                                 target_id ? "/" : "",
                                 target_id ? target_id : ""};
    return arena_texts(arena, parts, sizeof parts / sizeof *parts);
}

/* ---- all of them ---- */

int finding_ref_compare(struct finding_ref a, struct finding_ref b)
{
    int i = finding_layer_index(a.layer);
    int j = finding_layer_index(b.layer);
    if (i != j)
        return i < j ? -1 : 1;
    if (a.row != b.row)
        return a.row < b.row ? -1 : 1;
    /* UINT32_MAX stands before the first (findings_after). */
    uint32_t x = a.k + 1;
    uint32_t y = b.k + 1;
    return (x > y) - (x < y);
}

bool findings_next(const struct world *world, struct finding_ref *ref)
{
    bool begins = ref->layer == LAYER_COUNT;
    int index = begins ? 0 : finding_layer_index(ref->layer);
    size_t row = begins ? 0 : ref->row;
    uint32_t k = begins ? 0 : ref->k + 1;
    if (!world->findings)
        return false;
    for (; index < FINDING_LAYERS; index++, row = 0, k = 0) {
        enum layer_id layer = finding_layers[index];
        for (size_t n = world_count(world, layer); row < n; row++, k = 0) {
            const struct finding_list *list =
                findings_get(world->findings, index, world_slot(world, layer, row));
            if (list && k < list->n) {
                *ref = (struct finding_ref){layer, (uint32_t)row, k};
                return true;
            }
        }
    }
    return false;
}

/* References on their way to an answer. */
struct gathering {
    const struct world *world;
    struct arena *arena;
    struct finding_ref *refs;
    size_t n;
    size_t capacity;
};

static enum err_code gather(struct gathering *all, struct finding_ref ref, struct err *err)
{
    all->refs = arena_grow(all->arena, all->refs, &all->capacity, all->n + 1, sizeof *all->refs);
    if (!all->refs)
        return err_nomem(err);
    all->refs[all->n++] = ref;
    return ERR_OK;
}

static enum err_code gather_list(struct gathering *all, enum layer_id layer, size_t row,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    const struct finding_list *list = findings_of(all->world, layer, row);
    for (uint32_t k = 0; list && k < list->n; k++)
        TRY(gather(all, (struct finding_ref){layer, (uint32_t)row, k}, err));
done:
    return code;
}

enum err_code findings_of_enterprise(const struct world *world, const char *enterprise_id,
                                     struct arena *arena, struct finding_ref **refs, size_t *n,
                                     struct err *err)
{
    enum err_code code = ERR_OK;
    struct gathering all = {.world = world, .arena = arena};
    int64_t row = world_find(world, LAYER_ENTERPRISES, enterprise_id);
    if (row >= 0)
        TRY(gather_list(&all, LAYER_ENTERPRISES, (size_t)row, err));
    for (size_t l = 1; l < FINDING_LAYERS; l++) {
        const uint32_t *rows = NULL;
        size_t n_rows = 0;
        world_of_enterprise(world, finding_layers[l], enterprise_id, &rows, &n_rows);
        for (size_t i = 0; i < n_rows; i++)
            TRY(gather_list(&all, finding_layers[l], rows[i], err));
    }
done:
    *refs = all.refs;
    *n = all.n;
    return code;
}

static uint32_t judged_of(const struct world *world, enum layer_id layer, size_t row)
{
    const struct finding_list *list = findings_of(world, layer, row);
    return list ? list->n_judged : 0;
}

uint32_t findings_judged(const struct world *world, const char *enterprise_id)
{
    int64_t row = world_find(world, LAYER_ENTERPRISES, enterprise_id);
    uint32_t n = row < 0 ? 0 : judged_of(world, LAYER_ENTERPRISES, (size_t)row);
    for (size_t l = 1; l < FINDING_LAYERS; l++) {
        const uint32_t *rows = NULL;
        size_t n_rows = 0;
        world_of_enterprise(world, finding_layers[l], enterprise_id, &rows, &n_rows);
        for (size_t i = 0; i < n_rows; i++)
            n += judged_of(world, finding_layers[l], rows[i]);
    }
    return n;
}
