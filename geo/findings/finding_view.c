#include "geo/findings/finding_view.h"

#include "data/base/text.h"

#include <string.h>

static const char *not_empty(const char *text)
{
    return text && *text ? text : NULL;
}

void finding_row_begin(const struct world *world, struct finding_ref ref,
                       const struct finding *finding, struct conflict *row)
{
    const struct record_head *head = world_record(world, ref.layer, ref.row);
    const struct rule_source *rule = finding_rule(world, finding);
    enum layer_id layer = (enum layer_id)finding->target_layer;
    record_clear(LAYER_CONFLICTS, row);
    row->kind = finding_kind_name((enum finding_kind)finding->kind);
    row->enterprise_id = finding_enterprise_id(world, ref);
    row->source_layer = layer_name(ref.layer);
    row->source_id = head->id;
    row->target_layer = finding->target_layer == LAYER_COUNT ? NULL : layer_name(layer);
    if (rule) {
        row->rule_id = rule->id;
        row->standard = not_empty(rule->standard);
        row->edition = not_empty(rule->edition);
        row->clause = not_empty(rule->clause);
        row->confidence = confidence_name(rule->confidence);
    }
}

/* Everything that stands in the finding itself. */
static enum err_code begin_view(const struct world *world, struct finding_ref ref,
                                const struct finding *finding, struct arena *arena,
                                struct conflict_view *out, struct err *err)
{
    struct conflict *row = &out->row;
    int64_t target = finding_target_row(world, finding);
    enum layer_id layer = (enum layer_id)finding->target_layer;
    finding_row_begin(world, ref, finding, row);
    out->kind = (enum finding_kind)finding->kind;
    out->rule = finding_rule(world, finding);
    out->enterprise_row = finding_enterprise(world, ref);
    out->could_be = finding->could_be;
    row->verdict = verdict_name((enum verdict)finding->verdict);
    row->grade = finding->grade;
    row->target_id =
        target < 0 ? NULL
                   : ((const struct record_head *)world_record(world, layer, (size_t)target))->id;
    if (ref.layer != LAYER_ZONES)
        out->source = spacing_source_of(world, ref.layer, ref.row);
    row->head.id = finding_id(world, ref, arena);
    return row->head.id ? ERR_OK : err_nomem(err);
}

enum err_code closest_line(const struct closest *closest, struct arena *arena, struct geom *out,
                           struct err *err)
{
    bool same =
        !(closest->a.lon_deg < closest->b.lon_deg || closest->a.lon_deg > closest->b.lon_deg ||
          closest->a.lat_deg < closest->b.lat_deg || closest->a.lat_deg > closest->b.lat_deg);
    if (same)
        return geom_of_point(closest->a, arena, out, err);
    static const uint32_t end = 2;
    struct lonlat *points = arena_alloc_raw(arena, 2, sizeof *points);
    if (!points)
        return err_nomem(err);
    points[0] = closest->a;
    points[1] = closest->b;
    *out = (struct geom){.kind = GEOM_LINE,
                         .n_points = 2,
                         .n_rings = 1,
                         .points = points,
                         .ring_ends = &end,
                         .box = box_of_points(points, 2)};
    return ERR_OK;
}

/* ---- distances ---- */

/* Judges the pair again: the same code on the same facts. The verdict is the one of the
 * assessment, in case the store's facts have changed since. */
static enum err_code judge_again(const struct world *world, const struct finding *finding,
                                 struct arena *arena, struct conflict_view *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct spacing_source *source = &out->source;
    enum layer_id layer = (enum layer_id)finding->target_layer;
    uint32_t row = (uint32_t)finding_target_row(world, finding);
    struct spacing_match match = {&world->rules->spacing[finding->rule], NULL};
    const struct target_class *class = &world->rules->target_classes[finding->target_class];
    struct closest closest;
    const char *missing = NULL;
    spacing_speaks(world, source, match.rule, &match.missing);
    if (spacing_is_target(world, source, class, row, &missing) == TRUTH_UNKNOWN && !match.missing)
        match.missing = missing ? missing : "an attribute";
    TRY(distance_shapes(source->geom, world_geom(world, layer, row), INFINITY, arena, &closest,
                        err));
    spacing_judge(world, source, &match, class, row, &closest, &out->distance);
    out->stale = out->distance.answer.verdict != (enum verdict)finding->verdict;
    out->distance.answer.verdict = (enum verdict)finding->verdict;
done:
    return code;
}

void finding_row_distance(const struct spacing_finding *distance, struct conflict *row)
{
    row->target_class = distance->target_class->source.id;
    row->low_m = distance->answer.low_m;
    row->high_m = isfinite(distance->answer.high_m) ? distance->answer.high_m : (double)NAN;
    row->required_m = distance->answer.required_m;
    row->margin_m = distance->answer.margin_m;
    /* To the edge, where a half width came off. */
    row->distance_m = row->required_m + row->margin_m;
    row->error_m = distance->measured.error_m;
}

static enum err_code distance_view(const struct world *world, const struct finding *finding,
                                   struct arena *arena, struct conflict_view *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct conflict *row = &out->row;
    const struct spacing_finding *distance = &out->distance;
    TRY(judge_again(world, finding, arena, out, err));
    finding_row_distance(distance, row);
    struct reason_words words =
        reasons_of_spacing(world, distance, reasons_name(out->source.record), arena);
    row->reason = words.text;
    row->decides = words.decides;
    out->zh = words.zh;
    TRY(words.text && words.zh ? ERR_OK : err_nomem(err));
    TRY(closest_line(&distance->closest, arena, &row->head.geom, err));
done:
    return code;
}

static enum err_code beyond_view(const struct world *world, const struct finding *finding,
                                 struct arena *arena, struct conflict_view *out, struct err *err)
{
    const struct facility *facility = out->source.record;
    const struct spacing_rule *rule = &world->rules->spacing[finding->rule];
    const char *name = reasons_name(&facility->head);
    const char *field = rule->qualifier->name;
    double value = record_real(facility, rule->qualifier);
    out->row.reason = arena_printf(arena, "%s: no distance of the tables for %s speaks of %s = %g.",
                                   name, facility->facility_type, field, value);
    out->zh = arena_printf(arena, "%s：规则表中没有适用于 %s = %g 的 %s 间距。", name, field, value,
                           facility->facility_type);
    out->row.decides = "a row for that size, from the printed standard";
    return out->row.reason && out->zh ? ERR_OK : err_nomem(err);
}

/* Whether the figures of today are those of the finding. */
static bool same_figure(const struct conflict_view *view, const struct finding *finding)
{
    if (text_equal(view->row.kind, "risk"))
        return true; /* a frequency is no figure of a finding */
    double now = view->kind == FINDING_DENSITY ? view->row.persons : -view->row.margin_m;
    return (isnan(now) && isnan(finding->shortfall)) ||
           (now >= finding->shortfall && now <= finding->shortfall);
}

static enum err_code fill_view(const struct world *world, struct worker *worker,
                               struct finding_ref ref, struct arena *arena,
                               struct conflict_view *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct finding *finding = finding_at(world, ref);
    TRY(begin_view(world, ref, finding, arena, out, err));
    switch (out->kind) {
    case FINDING_DISTANCE:
        TRY(distance_view(world, finding, arena, out, err));
        break;
    case FINDING_BEYOND:
        TRY(beyond_view(world, finding, arena, out, err));
        break;
    case FINDING_AREA:
        TRY(red_line_view(world, worker, finding, arena, out, err));
        break;
    case FINDING_DENSITY:
        TRY(density_view(world, worker, ref.row, finding, arena, out, err));
        break;
    case FINDING_RISK:
    case FINDING_RISK_UNKNOWN:
    case FINDING_SOCIETAL:
        TRY(risk_finding_view(world, worker, ref, arena, out, err));
        break;
    case FINDING_KINDS:
        break;
    }
    out->stale = out->stale || !same_figure(out, finding);
done:
    return code;
}

enum err_code finding_view(const struct world *world, struct worker *worker, struct finding_ref ref,
                           struct arena *arena, struct conflict_view *out, struct err *err)
{
    *out = (struct conflict_view){.zh = NULL};
    return fill_view(world, worker, ref, arena, out, err);
}

enum err_code finding_say(const struct world *world, struct worker *worker, struct finding_ref ref,
                          struct arena *arena, struct conflict_view *out, struct err *err)
{
    *out = (struct conflict_view){.words_only = true};
    return fill_view(world, worker, ref, arena, out, err);
}

enum err_code finding_shape(const struct world *world, struct worker *worker,
                            struct finding_ref ref, struct arena *arena, struct geom *out,
                            struct err *err)
{
    enum err_code code = ERR_OK;
    const struct finding *finding = finding_at(world, ref);
    *out = (struct geom){.kind = GEOM_NONE};
    if (finding->kind == FINDING_DISTANCE) {
        const struct record_head *head = world_record(world, ref.layer, ref.row);
        struct closest closest;
        TRY(distance_shapes(&head->geom,
                            world_geom(world, (enum layer_id)finding->target_layer,
                                       (size_t)finding_target_row(world, finding)),
                            INFINITY, arena, &closest, err));
        TRY(closest_line(&closest, arena, out, err));
    } else if (finding->kind == FINDING_DENSITY) {
        if (finding->verdict == VERDICT_CONFLICT)
            TRY(density_shape(world, worker, ref.row, arena, out, err));
    } else if (finding->kind != FINDING_BEYOND) {
        struct conflict_view view;
        TRY(finding_view(world, worker, ref, arena, &view, err));
        *out = view.row.head.geom;
    }
done:
    return code;
}
