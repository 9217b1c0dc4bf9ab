/* finding_id.c - findings by the ids of conflicts. */
#include "geo/findings/finding.h"

#include "data/base/text.h"
#include "geo/findings/finding_pages.h"

#include <stdlib.h>
#include <string.h>

/* First row of a layer whose id is not less. */
static size_t lower_row(const struct world *world, enum layer_id layer, const char *id)
{
    size_t low = 0;
    size_t high = world_count(world, layer);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct record_head *head = world_record(world, layer, middle);
        if (strcmp(head->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What "layer/id" names: the layer, and the row where the id stands (*there) or would stand. The
 * id may hold any character. */
static bool parse_source(const struct world *world, const char *text, size_t n_bytes,
                         struct finding_ref *out, bool *there)
{
    for (int i = 0; i < FINDING_LAYERS; i++) {
        enum layer_id layer = finding_layers[i];
        size_t length = strlen(layer_name(layer));
        if (n_bytes <= length + 1 || strncmp(text, layer_name(layer), length) != 0 ||
            text[length] != '/')
            continue;
        char *id = strndup(text + length + 1, n_bytes - length - 1);
        if (!id)
            return false;
        *out = (struct finding_ref){layer, (uint32_t)lower_row(world, layer, id), 0};
        *there = world_find(world, layer, id) >= 0;
        free(id);
        return true;
    }
    return false;
}

/* Whether the tail of an id, behind its second bar, names the target of a finding. */
static bool is_target(const struct world *world, const struct finding *finding, const char *tail)
{
    enum layer_id layer = (enum layer_id)finding->target_layer;
    const char *name = layer == LAYER_COUNT ? "" : layer_name(layer);
    size_t length = strlen(name);
    int64_t row = finding_target_row(world, finding);
    if (strncmp(tail, name, length) != 0)
        return false;
    if (row < 0)
        return tail[length] == '\0';
    const struct record_head *head = world_record(world, layer, (size_t)row);
    return tail[length] == '/' && strcmp(tail + length + 1, head->id) == 0;
}

/* Whether one of the findings of a source is of that rule and target. */
static bool find_in_list(const struct world *world, const char *rule_id, size_t n_bytes,
                         const char *tail, struct finding_ref *ref)
{
    const struct finding_list *list = findings_of(world, ref->layer, ref->row);
    for (ref->k = 0; list && ref->k < list->n; ref->k++) {
        const struct rule_source *rule = finding_rule(world, finding_list_at(list, ref->k));
        const char *id = rule ? rule->id : "";
        if (strlen(id) == n_bytes && memcmp(id, rule_id, n_bytes) == 0 &&
            is_target(world, finding_list_at(list, ref->k), tail))
            return true;
    }
    return false;
}

bool findings_find(const struct world *world, const char *id, struct finding_ref *out)
{
    const char *first = strchr(id, '|');
    bool there = false;
    /* An id of a record may hold a bar itself: every later bar may be the second. */
    for (const char *second = first ? strchr(first + 1, '|') : NULL; second;
         second = strchr(second + 1, '|')) {
        if (parse_source(world, first + 1, (size_t)(second - first - 1), out, &there) && there &&
            find_in_list(world, id, (size_t)(first - id), second + 1, out))
            return true;
    }
    return false;
}

/* ---- where an id that is gone would stand ---- */

static int64_t spacing_row(const struct rules *rules, const char *id)
{
    for (size_t i = 0; i < rules->n_spacing; i++)
        if (text_equal(rules->spacing[i].source.id, id))
            return (int64_t)i;
    return -1;
}

static int64_t area_row(const struct rules *rules, const char *id)
{
    for (size_t i = 0; i < rules->n_area_rules; i++)
        if (text_equal(rules->area_rules[i].source.id, id))
            return (int64_t)i;
    return -1;
}

/* What the parts of an id say of its place in a list: kind, layer, id of the target, rule. */
struct id_place {
    int kind;
    int layer;
    const char *target_id; /* NULL: none */
    int64_t rule;
};

static struct id_place place_of(const struct world *world, const char *rule_id, const char *tail)
{
    const char *slash = strchr(tail, '/');
    size_t n_bytes = slash ? (size_t)(slash - tail) : strlen(tail);
    struct id_place place = {FINDING_DENSITY, LAYER_COUNT, slash ? slash + 1 : NULL, -1};
    for (int i = 0; i < LAYER_COUNT; i++) {
        const char *name = layer_name((enum layer_id)i);
        if (strlen(name) == n_bytes && strncmp(name, tail, n_bytes) == 0)
            place.layer = i;
    }
    int64_t spacing = spacing_row(world->rules, rule_id);
    int64_t area = area_row(world->rules, rule_id);
    enum finding_kind kind = FINDING_RISK;
    int64_t risk = risk_rule_row(world->rules, rule_id, &kind);
    if (spacing >= 0 && (place.target_id || n_bytes == 0)) {
        place.kind = place.target_id ? FINDING_DISTANCE : FINDING_BEYOND;
        place.rule = spacing;
    } else if (area >= 0 && place.layer == LAYER_AREAS) {
        place.kind = FINDING_AREA;
        place.rule = area;
    } else if (risk >= 0) {
        place.kind = (int)(kind == FINDING_RISK && !place.target_id ? FINDING_RISK_UNKNOWN : kind);
        place.rule = risk;
    }
    return place;
}

/* Findings without a target come last of their layer. */
static int compare_targets(const struct world *world, const struct finding *finding,
                           const char *target_id)
{
    int64_t row = finding_target_row(world, finding);
    if (row < 0 || !target_id)
        return (row < 0) - !target_id;
    const struct record_head *head =
        world_record(world, (enum layer_id)finding->target_layer, (size_t)row);
    return strcmp(head->id, target_id);
}

static bool is_after(const struct world *world, const struct finding *finding,
                     const struct id_place *place)
{
    if (finding->kind != place->kind)
        return finding->kind > place->kind;
    if (finding->target_layer != place->layer)
        return finding->target_layer > place->layer;
    int order = compare_targets(world, finding, place->target_id);
    return order > 0 || (order == 0 && (int64_t)finding->rule > place->rule);
}

bool findings_after(const struct world *world, const char *id, struct finding_ref *out)
{
    const char *first = strchr(id, '|');
    const char *second = first ? strrchr(first + 1, '|') : NULL;
    bool there = false;
    if (findings_find(world, id, out))
        return true;
    if (!second || second == first ||
        !parse_source(world, first + 1, (size_t)(second - first - 1), out, &there))
        return false;
    char *rule_id = strndup(id, (size_t)(first - id));
    if (!rule_id)
        return false;
    const struct id_place place = place_of(world, rule_id, second + 1);
    const struct finding_list *list = there ? findings_of(world, out->layer, out->row) : NULL;
    free(rule_id);
    while (list && out->k < list->n && !is_after(world, finding_list_at(list, out->k), &place))
        out->k++;
    out->k--; /* findings_next adds it again: also where it is 0 */
    return true;
}
