/* red_lines.c - area rules: plants that stand inside what they must stay out of, or outside of
 * what they must stay in. */
#include "geo/conflicts.h"

#include "data/base/text.h"
#include "geo/ellipsoid.h"
#include "geo/overlay.h"

#include <string.h>

/* The rings of a polygon as lines: its border. Shares the coordinates. */
static struct geom border_of(const struct geom *polygon)
{
    struct geom border = *polygon;
    border.kind = GEOM_LINE;
    border.n_parts = 0;
    border.part_ends = NULL;
    return border;
}

static enum err_code distance_of_point(struct lonlat point, const struct geom *shape,
                                       struct arena *scratch, double *out, struct err *err)
{
    struct geom at = {
        .kind = GEOM_POINT, .n_points = 1, .points = &point, .box = box_of_points(&point, 1)};
    struct closest closest;
    enum err_code code = distance_shapes(&at, shape, INFINITY, scratch, &closest, err);
    *out = closest.distance_m;
    return code;
}

/* Takes a point of the plant into account. */
static enum err_code probe(struct lonlat point, const struct geom *area, const struct geom *border,
                           struct arena *scratch, struct red_line *line, struct err *err)
{
    double depth_m = 0;
    enum err_code code = ERR_OK;
    bool inside = distance_contains_point(area, point);
    TRY(distance_of_point(point, inside ? border : area, scratch, &depth_m, err));
    double *deepest = inside ? &line->depth_in_m : &line->depth_out_m;
    if (depth_m > *deepest) {
        *deepest = depth_m;
        if (inside || !(line->depth_in_m > 0))
            line->at = point;
    }
done:
    return code;
}

/* A point surely inside what the overlay gives, if it gives anything. */
static enum err_code probe_part(struct worker *worker, const struct geom *part,
                                const struct geom *area, const struct geom *border,
                                struct arena *scratch, struct red_line *line, struct err *err)
{
    struct lonlat point;
    enum err_code code = ERR_OK;
    if (part->kind != GEOM_POLYGON || part->n_points == 0)
        return ERR_OK;
    TRY(overlay_inside_point(worker->overlay, part, &point, err));
    TRY(probe(point, area, border, scratch, line, err));
done:
    return code;
}

enum err_code red_line_of(const struct red_line_pair *pair, struct red_line *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct worker *worker = pair->worker;
    struct arena *scratch = pair->scratch;
    const struct geom *plant = pair->plant;
    const struct geom *area = pair->area;
    const double radius_m = pair->radius_m;
    const double error_m = pair->error_m;
    struct geom border = border_of(area);
    struct closest to_area;
    struct closest to_border;
    *out = (struct red_line){.at = plant->points[0]};
    TRY(distance_shapes(plant, area, INFINITY, scratch, &to_area, err));
    TRY(distance_shapes(plant, &border, INFINITY, scratch, &to_border, err));
    out->gap_m = to_area.distance_m;
    for (uint32_t i = 0; i < plant->n_points; i++)
        TRY(probe(plant->points[i], area, &border, scratch, out, err));
    if (plant->kind == GEOM_POLYGON && !(to_border.distance_m > 0)) {
        struct geom part;
        TRY(overlay_intersection(worker->overlay, plant, area, scratch, &part, err));
        TRY(probe_part(worker, &part, area, &border, scratch, out, err));
        TRY(overlay_difference(worker->overlay, plant, area, scratch, &part, err));
        TRY(probe_part(worker, &part, area, &border, scratch, out, err));
    }
    /* At 0.1 mm, as every decision. */
    const double tie_m = 5e-5;
    bool wholly_inside = !(out->depth_out_m > 0) && to_border.distance_m > 0;
    out->inside = out->depth_in_m > error_m + tie_m                            ? VERDICT_CONFLICT
                  : out->gap_m - radius_m >= error_m - tie_m && out->gap_m > 0 ? VERDICT_CLEAR
                                                                               : VERDICT_UNDECIDED;
    out->outside = out->depth_out_m > error_m + tie_m ? VERDICT_CONFLICT
                   : wholly_inside && to_border.distance_m - radius_m >= error_m - tie_m
                       ? VERDICT_CLEAR
                       : VERDICT_UNDECIDED;
done:
    return code;
}

/* One enterprise and one rule. */
struct red_line_question {
    const struct world *world;
    struct worker *worker;
    struct conflict_set *set;
    struct arena *scratch;
    const struct spacing_source *source;
    const struct area_rule *rule;
    const char *missing; /* attribute of the enterprise, or NULL */
};

static void say_red_line(const struct red_line_question *question, const struct area *area,
                         const char *decides, struct conflict_item *item)
{
    const struct area_rule *rule = question->rule;
    const struct record_head *plant = question->source->record;
    struct arena *arena = question->set->arena;
    const char *en = reasons_without_stop(rule->text_en, arena);
    const char *zh = reasons_without_stop(rule->text_zh, arena);
    item->row.decides = decides;
    if (!en || !zh)
        return;
    item->row.reason = arena_printf(arena, "%s (%s): %s%s%s.", reasons_name(plant),
                                    area ? reasons_name(&area->head) : "no such area is near", en,
                                    decides ? "; undecided without " : "", decides ? decides : "");
    item->zh = arena_printf(arena, "%s（%s）：%s%s。", reasons_name(plant),
                            area ? reasons_name(&area->head) : "附近没有此类区域", zh,
                            decides ? "，尚不能判定" : "");
}

static enum err_code add_red_line(const struct red_line_question *question, const struct area *area,
                                  const struct red_line *line, const char *missing, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct area_rule *rule = question->rule;
    const struct record_head *plant = question->source->record;
    struct arena *arena = question->set->arena;
    bool inside = rule->relation == AREA_INSIDE;
    enum verdict verdict = !line ? VERDICT_UNDECIDED : inside ? line->inside : line->outside;
    bool sure = confidence_decides(rule->source.confidence);
    bool undecided = verdict != VERDICT_CONFLICT || missing || !sure;
    struct conflict_item like = {
        .rule = &rule->source,
        .could_be = conflicts_step(2, rule->source.confidence),
        .row = {.kind = "area",
                .verdict = undecided ? "undecided" : "conflict",
                .enterprise_id = plant->id,
                .source_layer = layer_name(LAYER_ENTERPRISES),
                .source_id = plant->id,
                .target_layer = layer_name(LAYER_AREAS),
                .target_id = area ? area->head.id : NULL},
    };
    struct conflict_item *item = NULL;
    TRY(conflict_set_add(question->set, question->world, &like, &item, err));
    item->row.grade = item->could_be;
    item->row.target_class = area ? area->kind : NULL;
    if (line) {
        item->row.distance_m = inside ? line->gap_m : 0;
        item->row.margin_m = inside ? line->gap_m - line->depth_in_m : -line->depth_out_m;
        item->row.error_m = question->source->error_m;
        if (area)
            item->row.error_m += rules_accuracy_m(question->world->rules, LAYER_AREAS, &area->head);
        TRY(geom_of_point(line->at, arena, &item->row.head.geom, err));
    }
    const char *decides = NULL;
    if (missing)
        decides = arena_printf(arena, "the missing attribute \"%s\"", missing);
    else if (!line)
        decides = "areas of that kind; the store holds none";
    else if (verdict == VERDICT_UNDECIDED)
        decides = "better positions of plant and area";
    else if (undecided)
        decides = "the printed text of the standard";
    say_red_line(question, area, decides, item);
    if (!item->row.reason || !item->zh)
        code = err_nomem(err);
done:
    return code;
}

static struct red_line_pair pair_of(const struct red_line_question *question,
                                    const struct geom *area, double error_m)
{
    return (struct red_line_pair){.worker = question->worker,
                                  .plant = question->source->geom,
                                  .radius_m = question->source->radius_m,
                                  .error_m = error_m,
                                  .area = area,
                                  .scratch = question->scratch};
}

/* AREA_INSIDE: each area that holds a part of the plant is a breach of its own. */
static enum err_code judge_inside(const struct red_line_question *question, const uint32_t *rows,
                                  size_t n, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = question->world;
    for (size_t i = 0; i < n; i++) {
        const struct area *area = world_area(world, rows[i]);
        const char *missing = NULL;
        struct red_line line;
        enum truth meant = predicate_eval(question->rule->area, area, &missing);
        if (meant == TRUTH_NO)
            continue;
        double error_m =
            question->source->error_m + rules_accuracy_m(world->rules, LAYER_AREAS, &area->head);
        const struct red_line_pair pair = pair_of(question, &area->head.geom, error_m);
        TRY(red_line_of(&pair, &line, err));
        if (line.inside != VERDICT_CLEAR)
            TRY(add_red_line(question, area, &line, question->missing ? question->missing : missing,
                             err));
    }
done:
    return code;
}

/* AREA_OUTSIDE: the areas near are one, so that a plant across two adjoining parks is inside. */
static enum err_code judge_outside(const struct red_line_question *question, const uint32_t *rows,
                                   size_t n, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = question->world;
    const struct geom **shapes = arena_new(question->scratch, const struct geom *, n);
    const struct area *first = NULL;
    const char *missing = question->missing;
    double error_m = 0;
    size_t n_shapes = 0;
    if (!shapes)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const struct area *area = world_area(world, rows[i]);
        const char *absent = NULL;
        enum truth meant = predicate_eval(question->rule->area, area, &absent);
        if (meant == TRUTH_NO)
            continue;
        if (meant == TRUTH_UNKNOWN)
            missing = missing ? missing : absent;
        shapes[n_shapes++] = &area->head.geom;
        error_m = fmax(error_m, rules_accuracy_m(world->rules, LAYER_AREAS, &area->head));
        first = first ? first : area;
    }
    struct red_line line = {.outside = VERDICT_CONFLICT, .at = question->source->geom->points[0]};
    if (first) {
        struct geom all = first->head.geom;
        if (n_shapes > 1)
            TRY(overlay_union(question->worker->overlay, shapes, n_shapes, question->scratch, &all,
                              err));
        const struct red_line_pair pair =
            pair_of(question, &all, question->source->error_m + error_m);
        TRY(red_line_of(&pair, &line, err));
    }
    if (line.outside != VERDICT_CLEAR)
        TRY(add_red_line(question, first, &line, missing, err));
done:
    return code;
}

static bool any_area(const struct world *world, const struct area_rule *rule)
{
    for (size_t i = 0; i < world_count(world, LAYER_AREAS); i++) {
        if (predicate_eval(rule->area, world_area(world, i), NULL) != TRUTH_NO)
            return true;
    }
    return false;
}

static bool speaks_now(const struct area_rule *rule, const struct enterprise *enterprise)
{
    return rule->existing || text_equal(enterprise->status, "planned") ||
           text_equal(enterprise->status, "construction");
}

static enum err_code judge_enterprise(struct red_line_question *question, size_t row,
                                      const bool *has_areas, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = question->world;
    const struct enterprise *enterprise = world_enterprise(world, row);
    struct spacing_source source = spacing_source_of(world, LAYER_ENTERPRISES, row);
    uint32_t *rows = NULL;
    size_t n = 0;
    double reach_m = source.error_m + source.radius_m + world_slack_m(world, LAYER_AREAS);
    if (!conflicts_counts(enterprise) || source.geom->kind == GEOM_NONE)
        return ERR_OK;
    TRY(world_search(world, LAYER_AREAS, ellipsoid_expand(source.geom->box, reach_m),
                     question->scratch, &rows, &n, err));
    question->source = &source;
    for (size_t i = 0; i < world->rules->n_area_rules; i++) {
        const struct area_rule *rule = &world->rules->area_rules[i];
        question->rule = rule;
        question->missing = NULL;
        if (!rule_holds(&rule->source, world->as_of) || !speaks_now(rule, enterprise))
            continue;
        enum truth speaks = predicate_eval(rule->enterprise, enterprise, &question->missing);
        if (speaks == TRUTH_NO)
            continue;
        if (speaks == TRUTH_YES && has_areas[i] && confidence_decides(rule->source.confidence))
            question->set->n_judged[row]++;
        if (rule->relation == AREA_INSIDE)
            TRY(judge_inside(question, rows, n, err));
        else if (has_areas[i])
            TRY(judge_outside(question, rows, n, err));
        else
            TRY(add_red_line(question, NULL, NULL, question->missing, err));
    }
done:
    question->source = NULL;
    return code == ERR_OK ? code : err_wrap(err, "enterprise \"%s\"", enterprise->head.id);
}

enum err_code red_lines_gather(const struct world *world, struct worker *worker,
                               struct conflict_set *set, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena scratch;
    arena_init(&scratch, 0);
    struct red_line_question question = {
        .world = world, .worker = worker, .set = set, .scratch = &scratch};
    bool *has_areas = arena_new(set->arena, bool, world->rules->n_area_rules);
    if (!has_areas) {
        code = err_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < world->rules->n_area_rules; i++)
        has_areas[i] = any_area(world, &world->rules->area_rules[i]);
    for (size_t row = 0; row < world_count(world, LAYER_ENTERPRISES); row++) {
        TRY(judge_enterprise(&question, row, has_areas, err));
        arena_reset(&scratch);
    }
done:
    arena_release(&scratch);
    return code;
}
