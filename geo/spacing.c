#include "geo/spacing.h"

#include "data/base/text.h"
#include "geo/ellipsoid.h"

#include <stdlib.h>
#include <string.h>

struct spacing_source spacing_source_of(const struct world *world, enum layer_id layer, size_t row)
{
    const struct record_head *head = world_record(world, layer, row);
    struct spacing_source source = {
        .layer = layer,
        .record = head,
        .geom = &head->geom,
        .by = KNOWN_FACILITY,
        .error_m = rules_accuracy_m(world->rules, layer, head),
    };
    if (layer == LAYER_ENTERPRISES) {
        bool point = head->geom.kind == GEOM_POINT;
        source.enterprise_id = head->id;
        source.by = point ? KNOWN_POINT : KNOWN_OUTLINE;
        source.radius_m = point ? rules_radius_m(world->rules, (const void *)head) : 0;
    } else {
        source.enterprise_id = record_text(head, records_field(layer, "enterprise_id"));
    }
    return source;
}

/* Whether a record is of a facility type: the best of the rows that share the code. */
static enum truth is_facility(const struct world *world, const struct spacing_source *source,
                              const char *code, const char **missing)
{
    const struct rules *rules = world->rules;
    enum truth truth = TRUTH_NO;
    for (size_t i = 0; i < rules->n_facility_types; i++) {
        const struct facility_type *type = &rules->facility_types[i];
        if (type->layer != source->layer || !rule_holds(&type->source, world->as_of) ||
            !text_equal(type->source.id, code))
            continue;
        const char *absent = NULL;
        enum truth one = predicate_eval(type->predicate, source->record, &absent);
        if (one == TRUTH_YES)
            return TRUTH_YES;
        if (one == TRUTH_UNKNOWN && truth == TRUTH_NO) {
            truth = TRUTH_UNKNOWN;
            *missing = absent;
        }
    }
    return truth;
}

/* The record's value of the row's qualifier lies in the row's range. */
static bool in_range(const struct spacing_rule *rule, const void *record)
{
    double value = record_real(record, rule->qualifier);
    bool above = rule->min_inclusive ? value >= rule->qualifier_min : value > rule->qualifier_min;
    bool below = rule->max_inclusive ? value <= rule->qualifier_max : value < rule->qualifier_max;
    return above && below;
}

/* The row's condition and its range of the qualifier. */
static enum truth qualifies(const struct spacing_rule *rule, const struct spacing_source *source,
                            const char **missing)
{
    enum truth when = predicate_eval(rule->when, source->record, missing);
    if (when == TRUTH_NO || !rule->qualifier)
        return when;
    if (record_is_absent(source->record, rule->qualifier)) {
        *missing = rule->qualifier->name;
        return TRUTH_UNKNOWN;
    }
    return in_range(rule, source->record) ? when : TRUTH_NO;
}

/* code NULL: whatever the record is; else it is of that code too, whatever its layer. */
static enum err_code collect_matches(const struct world *world, const char *code,
                                     const struct spacing_source *source, struct arena *arena,
                                     struct spacing_match **out, size_t *n, struct err *err)
{
    const struct rules *rules = world->rules;
    *n = 0;
    *out = arena_new(arena, struct spacing_match, rules->n_spacing);
    if (!*out)
        return err_nomem(err);
    const char *last_code = NULL;
    const char *type_missing = NULL;
    enum truth type = TRUTH_NO;
    for (size_t i = 0; i < rules->n_spacing; i++) {
        const struct spacing_rule *rule = &rules->spacing[i];
        if (rule->kind == SPACING_CONSENT || !rule_holds(&rule->source, world->as_of))
            continue;
        if (!text_equal(rule->facility, last_code)) {
            last_code = rule->facility;
            type_missing = NULL;
            type = text_equal(rule->facility, code)
                       ? TRUTH_YES
                       : is_facility(world, source, rule->facility, &type_missing);
        }
        const char *missing = NULL;
        enum truth qualified = type == TRUTH_NO ? TRUTH_NO : qualifies(rule, source, &missing);
        if (qualified == TRUTH_NO)
            continue;
        if (type == TRUTH_UNKNOWN)
            missing = type_missing ? type_missing : "an attribute";
        (*out)[(*n)++] = (struct spacing_match){rule, missing};
    }
    return ERR_OK;
}

enum err_code spacing_matches(const struct world *world, const struct spacing_source *source,
                              struct arena *arena, struct spacing_match **out, size_t *n,
                              struct err *err)
{
    return collect_matches(world, NULL, source, arena, out, n, err);
}

enum err_code spacing_matches_of(const struct world *world, const char *code,
                                 const struct spacing_source *source, struct arena *arena,
                                 struct spacing_match **out, size_t *n, struct err *err)
{
    return collect_matches(world, code, source, arena, out, n, err);
}

/* A row on that code that goes by a qualifier and holds. */
static bool goes_by(const struct world *world, const struct spacing_rule *rule, const char *code)
{
    return rule->qualifier && rule->kind != SPACING_CONSENT && text_equal(rule->facility, code) &&
           rule_holds(&rule->source, world->as_of);
}

const struct spacing_rule *spacing_beyond(const struct world *world, const char *code,
                                          const struct facility *facility, size_t *i)
{
    const struct rules *rules = world->rules;
    for (; *i < rules->n_spacing; (*i)++) {
        const struct spacing_rule *most = &rules->spacing[*i];
        const struct field_binding *qualifier = most->qualifier;
        if (!goes_by(world, most, code) || record_is_absent(facility, qualifier))
            continue;
        bool first = true;
        bool spoken_of = false;
        for (size_t j = 0; j < rules->n_spacing; j++) {
            const struct spacing_rule *rule = &rules->spacing[j];
            if (rule->qualifier != qualifier || !goes_by(world, rule, code))
                continue;
            first = first && j >= *i;
            spoken_of = spoken_of || in_range(rule, facility);
            if (rule->value_m > most->value_m)
                most = rule;
        }
        if (first && !spoken_of) {
            (*i)++;
            return most;
        }
    }
    return NULL;
}

const struct target_class *spacing_target(const struct world *world,
                                          const struct spacing_rule *rule, size_t *i)
{
    const struct rules *rules = world->rules;
    for (; *i < rules->n_target_classes; (*i)++) {
        const struct target_class *class = &rules->target_classes[*i];
        if (text_equal(class->source.id, rule->target) &&
            rule_holds(&class->source, world->as_of)) {
            (*i)++;
            return class;
        }
    }
    return NULL;
}

bool spacing_has_data(const struct world *world, const struct spacing_rule *rule)
{
    size_t i = 0;
    const struct target_class *class;
    while ((class = spacing_target(world, rule, &i))) {
        if (world_count(world, class->layer) > 0 && !predicate_is_never(class->predicate))
            return true;
    }
    return false;
}

enum truth spacing_is_target(const struct world *world, const struct spacing_source *source,
                             const struct target_class *target_class, uint32_t row,
                             const char **missing)
{
    const struct record_head *head = world_record(world, target_class->layer, row);
    *missing = NULL;
    if (target_class->layer == LAYER_FACILITIES || target_class->layer == LAYER_PIPELINES) {
        const char *owner = record_text(head, records_field(target_class->layer, "enterprise_id"));
        if (owner && text_equal(owner, source->enterprise_id))
            return TRUTH_NO;
    }
    if (target_class->layer == LAYER_ENTERPRISES) {
        const struct enterprise *enterprise = (const void *)head;
        if (text_equal(head->id, source->enterprise_id) || text_equal(enterprise->status, "closed"))
            return TRUTH_NO;
    }
    return predicate_eval(target_class->predicate, head, missing);
}

/* A rule that runs to an edge meets a centre line half a width too late. An assumed width may
 * be wrong by all of it, so it counts as error too. Nothing is assumed of a river. */
static void widen_by_edge(const struct world *world, const struct spacing_rule *rule,
                          const struct infrastructure *target, struct measured *measured)
{
    if (!rule->to->edge || target->head.geom.kind != GEOM_LINE)
        return;
    const struct parameters *parameters = &world->rules->parameters;
    if (target->width_m >= 0) {
        measured->target_half_width_m = target->width_m / 2;
        return;
    }
    bool water = text_equal(target->kind, "river") || text_equal(target->kind, "canal");
    double assumed_m = water                                 ? 0
                       : text_equal(target->kind, "railway") ? parameters->rail_width_m
                                                             : parameters->road_width_m;
    measured->target_half_width_m = assumed_m / 2;
    measured->error_m += assumed_m / 2;
}

/* What goes off the centre line of a pipe for rules that run from its wall. */
static double half_diameter_m(const struct spacing_source *source)
{
    if (source->layer != LAYER_PIPELINES)
        return 0;
    double diameter_mm = ((const struct pipeline *)source->record)->diameter_mm;
    return diameter_mm >= 0 ? diameter_mm / 2000 : 0;
}

static bool class_is_grave(const char *class)
{
    return text_equal(class, "high_sensitive") || text_equal(class, "important") ||
           text_equal(class, "class_1");
}

void spacing_judge(const struct world *world, const struct spacing_source *source,
                   const struct spacing_match *match, const struct target_class *target_class,
                   uint32_t row, const struct closest *closest, struct spacing_finding *out)
{
    const struct record_head *head = world_record(world, target_class->layer, row);
    *out = (struct spacing_finding){
        .rule = match->rule,
        .target_class = target_class,
        .layer = target_class->layer,
        .row = row,
        .closest = *closest,
        .missing = match->missing,
        .grave = target_class->grave,
        .measured = {.distance_m = closest->distance_m,
                     .by = source->by,
                     .radius_m = source->radius_m,
                     .error_m = source->error_m +
                                rules_accuracy_m(world->rules, target_class->layer, head)},
    };
    if (target_class->layer == LAYER_INFRASTRUCTURE)
        widen_by_edge(world, match->rule, (const void *)head, &out->measured);
    if (match->rule->from->edge)
        out->measured.target_half_width_m += half_diameter_m(source);
    if (target_class->layer == LAYER_ENTERPRISES && head->geom.kind == GEOM_POINT)
        out->measured.target_radius_m = rules_radius_m(world->rules, (const void *)head);
    if (target_class->layer == LAYER_PROTECTED && !out->grave) {
        const char *missing = NULL;
        const char *class = rules_protected_class(world->rules, (const void *)head, &missing);
        out->grave = class_is_grave(class);
        out->may_be_grave = !class && missing;
    }
    out->answer = verdict_of(match->rule, &out->measured, match->missing != NULL);
    if (match->rule->kind == SPACING_PATH && out->answer.by == UNDECIDED_ATTRIBUTE && !out->missing)
        out->missing = "flow path";
}

/* A source with its rows on the way to its findings. */
struct join {
    const struct world *world;
    const struct spacing_source *source;
    const struct spacing_match *matches;
    size_t n_matches;
    struct arena *arena;
    struct spacing_finding *items;
    size_t n;
    size_t capacity;
    size_t first_of_target; /* where the findings of the present target begin */
};

/* How far off a target of a layer may be and still matter to some row; negative: none. */
static double reach_m(const struct join *join, enum layer_id layer)
{
    double value_m = -1;
    for (size_t m = 0; m < join->n_matches; m++) {
        const struct spacing_rule *rule = join->matches[m].rule;
        size_t i = 0;
        const struct target_class *class;
        while ((class = spacing_target(join->world, rule, &i))) {
            if (class->layer == layer && !predicate_is_never(class->predicate))
                value_m = fmax(value_m, rule->value_m);
        }
    }
    if (value_m < 0)
        return -1;
    return value_m + join->source->error_m + join->source->radius_m +
           half_diameter_m(join->source) + world_slack_m(join->world, layer);
}

static int compare_rows(const void *a, const void *b)
{
    uint32_t i = *(const uint32_t *)a;
    uint32_t j = *(const uint32_t *)b;
    return (i > j) - (i < j);
}

/* Rows of a layer, growing; the same row may come twice until rows_settle. */
struct rows {
    uint32_t *items;
    size_t n;
    size_t capacity;
};

static enum err_code rows_add(struct rows *rows, const uint32_t *some, size_t n,
                              struct arena *arena, struct err *err)
{
    if (n == 0)
        return ERR_OK;
    rows->items = arena_grow(arena, rows->items, &rows->capacity, rows->n + n, sizeof *some);
    if (!rows->items)
        return err_nomem(err);
    memcpy(rows->items + rows->n, some, n * sizeof *some);
    rows->n += n;
    return ERR_OK;
}

static void rows_settle(struct rows *rows)
{
    size_t kept = 0;
    if (!rows->items)
        return;
    qsort(rows->items, rows->n, sizeof *rows->items, compare_rows);
    for (size_t i = 0; i < rows->n; i++) {
        if (kept == 0 || rows->items[kept - 1] != rows->items[i])
            rows->items[kept++] = rows->items[i];
    }
    rows->n = kept;
}

static enum err_code search_box(const struct join *join, enum layer_id layer, struct box box,
                                double reach, struct rows *rows, struct err *err)
{
    enum err_code code = ERR_OK;
    uint32_t *some = NULL;
    size_t n = 0;
    TRY(world_search(join->world, layer, ellipsoid_expand(box, reach), join->arena, &some, &n,
                     err));
    TRY(rows_add(rows, some, n, join->arena, err));
done:
    return code;
}

/* Rows near any stretch of the source. A line is searched in stretches, since the box of a
 * pipeline across a province holds half of the province. */
static enum err_code search_near(const struct join *join, enum layer_id layer, double reach,
                                 struct rows *rows, struct err *err)
{
    enum { STRETCH = 32 };
    enum err_code code = ERR_OK;
    const struct geom *geom = join->source->geom;
    if (geom->kind != GEOM_LINE)
        return search_box(join, layer, geom->box, reach, rows, err);
    for (uint32_t ring = 0; ring < geom->n_rings; ring++) {
        uint32_t end = geom->ring_ends[ring];
        for (uint32_t from = geom_ring_start(geom, ring); from + 1 < end; from += STRETCH) {
            uint32_t vertices = end - from < STRETCH + 1 ? end - from : STRETCH + 1;
            TRY(search_box(join, layer, box_of_points(geom->points + from, vertices), reach, rows,
                           err));
        }
    }
    rows_settle(rows);
done:
    return code;
}

/* One finding a target and missing attribute: the row that requires most. */
static enum err_code add_finding(struct join *join, const struct spacing_finding *finding,
                                 struct err *err)
{
    if (finding->answer.by == UNDECIDED_ATTRIBUTE) {
        for (size_t i = join->first_of_target; i < join->n; i++) {
            struct spacing_finding *other = &join->items[i];
            if (other->answer.by != UNDECIDED_ATTRIBUTE ||
                !text_equal(other->missing, finding->missing))
                continue;
            if (finding->rule->value_m > other->rule->value_m)
                *other = *finding;
            return ERR_OK;
        }
    }
    join->items =
        arena_grow(join->arena, join->items, &join->capacity, join->n + 1, sizeof *finding);
    if (!join->items)
        return err_nomem(err);
    join->items[join->n++] = *finding;
    return ERR_OK;
}

/* All rows against one target record. */
static enum err_code judge_target(struct join *join, enum layer_id layer, uint32_t row,
                                  const struct closest *closest, struct err *err)
{
    enum err_code code = ERR_OK;
    join->first_of_target = join->n;
    for (size_t m = 0; m < join->n_matches; m++) {
        size_t i = 0;
        const struct target_class *class;
        while ((class = spacing_target(join->world, join->matches[m].rule, &i))) {
            const char *missing = NULL;
            if (class->layer != layer)
                continue;
            enum truth truth = spacing_is_target(join->world, join->source, class, row, &missing);
            if (truth == TRUTH_NO)
                continue;
            struct spacing_match match = join->matches[m];
            if (truth == TRUTH_UNKNOWN && !match.missing)
                match.missing = missing ? missing : "an attribute";
            struct spacing_finding finding;
            spacing_judge(join->world, join->source, &match, class, row, closest, &finding);
            if (finding.answer.verdict != VERDICT_CLEAR)
                TRY(add_finding(join, &finding, err));
            if (truth == TRUTH_YES)
                break; /* other rows of the class would say the same */
        }
    }
done:
    return code;
}

static enum err_code join_layer(struct join *join, enum layer_id layer, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct geom *geom = join->source->geom;
    struct rows rows = {NULL, 0, 0};
    double reach = reach_m(join, layer);
    if (reach < 0)
        return ERR_OK;
    TRY(search_near(join, layer, reach, &rows, err));
    for (size_t i = 0; i < rows.n; i++) {
        struct closest closest;
        TRY(distance_shapes(geom, world_geom(join->world, layer, rows.items[i]), reach, join->arena,
                            &closest, err));
        if (closest.distance_m <= reach)
            TRY(judge_target(join, layer, rows.items[i], &closest, err));
    }
done:
    return code;
}

enum err_code spacing_findings(const struct world *world, const struct spacing_source *source,
                               const struct spacing_match *matches, size_t n_matches,
                               struct arena *arena, struct spacing_finding **out, size_t *n,
                               struct err *err)
{
    static const enum layer_id layers[] = {LAYER_ENTERPRISES, LAYER_PROTECTED, LAYER_AREAS,
                                           LAYER_INFRASTRUCTURE};
    enum err_code code = ERR_OK;
    struct join join = {.world = world,
                        .source = source,
                        .matches = matches,
                        .n_matches = n_matches,
                        .arena = arena};
    if (source->geom->kind != GEOM_NONE) {
        for (size_t l = 0; l < sizeof layers / sizeof layers[0]; l++)
            TRY(join_layer(&join, layers[l], err));
    }
    *out = join.items;
    *n = join.n;
done:
    return code;
}
