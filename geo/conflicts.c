#include "geo/conflicts.h"

#include "data/base/text.h"

#include <stdlib.h>
#include <string.h>

enum err_code conflict_set_init(struct conflict_set *set, const struct world *world,
                                struct arena *arena, struct err *err)
{
    *set = (struct conflict_set){.arena = arena};
    set->n_judged = arena_new(arena, uint32_t, world_count(world, LAYER_ENTERPRISES));
    return set->n_judged ? ERR_OK : err_nomem(err);
}

static const char *not_empty(const char *text)
{
    return text && *text ? text : NULL;
}

enum err_code conflict_set_add(struct conflict_set *set, const struct world *world,
                               const struct conflict_item *like, struct conflict_item **out,
                               struct err *err)
{
    set->items = arena_grow(set->arena, set->items, &set->capacity, set->n + 1, sizeof *set->items);
    if (!set->items) {
        err_nomem(err);
        return ERR_MEMORY;
    }
    struct conflict_item *item = &set->items[set->n++];
    const struct conflict *from = &like->row;
    *item = *like;
    record_clear(LAYER_CONFLICTS, &item->row);
    struct conflict *row = &item->row;
    row->kind = from->kind;
    row->verdict = from->verdict;
    row->enterprise_id = from->enterprise_id;
    row->source_layer = from->source_layer;
    row->source_id = from->source_id;
    row->target_layer = from->target_layer;
    row->target_id = from->target_id;
    item->enterprise_row = world_find(world, LAYER_ENTERPRISES, from->enterprise_id);
    if (item->rule) {
        row->rule_id = item->rule->id;
        row->standard = not_empty(item->rule->standard);
        row->edition = not_empty(item->rule->edition);
        row->clause = not_empty(item->rule->clause);
        row->confidence = confidence_name(item->rule->confidence);
    }
    row->head.id =
        arena_printf(set->arena, "%s|%s/%s|%s%s%s", row->rule_id ? row->rule_id : "",
                     row->source_layer, row->source_id, row->target_layer ? row->target_layer : "",
                     row->target_id ? "/" : "", row->target_id ? row->target_id : "");
    *out = item;
    return row->head.id ? ERR_OK : err_nomem(err);
}

int32_t conflicts_step(int32_t grade, enum confidence confidence)
{
    return confidence == CONFIDENCE_LIKELY && grade < 4 ? grade + 1 : grade;
}

bool conflicts_counts(const struct enterprise *enterprise)
{
    return !text_equal(enterprise->status, "closed");
}

/* The line between the closest points; a point where they are the same. */
static enum err_code closest_line(const struct closest *closest, struct arena *arena,
                                  struct geom *out, struct err *err)
{
    bool same =
        !(closest->a.lon_deg < closest->b.lon_deg || closest->a.lon_deg > closest->b.lon_deg ||
          closest->a.lat_deg < closest->b.lat_deg || closest->a.lat_deg > closest->b.lat_deg);
    if (same)
        return geom_of_point(closest->a, arena, out, err);
    struct lonlat *points = arena_new(arena, struct lonlat, 2);
    uint32_t *ends = arena_new(arena, uint32_t, 1);
    if (!points || !ends)
        return err_nomem(err);
    points[0] = closest->a;
    points[1] = closest->b;
    ends[0] = 2;
    *out = (struct geom){.kind = GEOM_LINE,
                         .n_points = 2,
                         .n_rings = 1,
                         .points = points,
                         .ring_ends = ends,
                         .box = box_of_points(points, 2)};
    return ERR_OK;
}

static enum err_code add_distance(const struct world *world, const struct spacing_source *source,
                                  const struct spacing_finding *finding, struct conflict_set *set,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    const struct record_head *head = source->record;
    const struct record_head *target = world_record(world, finding->layer, finding->row);
    bool decided = finding->answer.verdict == VERDICT_CONFLICT;
    enum confidence confidence = finding->rule->source.confidence;
    struct conflict_item like = {
        .rule = &finding->rule->source,
        .row = {.kind = "distance",
                .verdict = verdict_name(finding->answer.verdict),
                .enterprise_id = source->enterprise_id,
                .source_layer = layer_name(source->layer),
                .source_id = head->id,
                .target_layer = layer_name(finding->layer),
                .target_id = target->id},
    };
    struct conflict_item *item = NULL;
    TRY(conflict_set_add(set, world, &like, &item, err));
    struct conflict *row = &item->row;
    int32_t worst = finding->grave || finding->may_be_grave ? 1 : 2;
    item->could_be = conflicts_step(worst, confidence);
    row->grade = decided ? conflicts_step(finding->grave ? 1 : 2, confidence) : item->could_be;
    row->target_class = finding->target_class->source.id;
    row->low_m = finding->answer.low_m;
    row->high_m = isfinite(finding->answer.high_m) ? finding->answer.high_m : (double)NAN;
    row->required_m = finding->rule->value_m;
    row->margin_m = finding->answer.margin_m;
    row->distance_m =
        row->required_m + row->margin_m; /* to the edge, where a half width came off */
    row->error_m = finding->measured.error_m;
    struct reason_words words = reasons_of_spacing(world, finding, reasons_name(head), set->arena);
    row->reason = words.text;
    row->decides = words.decides;
    item->zh = words.zh;
    if (!words.text || !words.zh) {
        code = err_nomem(err);
        goto done;
    }
    TRY(closest_line(&finding->closest, set->arena, &row->head.geom, err));
done:
    return code;
}

/* Sources of a closed plant, and closed ones, harm nobody. */
static bool source_counts(const struct world *world, const struct spacing_source *source)
{
    if (source->layer == LAYER_PIPELINES &&
        text_equal(((const struct pipeline *)source->record)->status, "closed"))
        return false;
    int64_t owner = world_find(world, LAYER_ENTERPRISES, source->enterprise_id);
    return owner < 0 || conflicts_counts(world_enterprise(world, (size_t)owner));
}

static void count_judged(const struct world *world, const struct spacing_source *source,
                         const struct spacing_match *matches, size_t n, struct conflict_set *set)
{
    int64_t owner = world_find(world, LAYER_ENTERPRISES, source->enterprise_id);
    if (owner < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        if (!matches[i].missing && confidence_decides(matches[i].rule->source.confidence) &&
            spacing_has_data(world, matches[i].rule))
            set->n_judged[owner]++;
    }
}

/* A facility of a size of which no row speaks is judged by none: undecided, without a target. */
static enum err_code add_beyond(const struct world *world, const struct spacing_source *source,
                                struct conflict_set *set, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct facility *facility = source->record;
    const struct spacing_rule *rule;
    size_t i = 0;
    while ((rule = spacing_beyond(world, facility->facility_type, facility, &i))) {
        struct conflict_item like = {.rule = &rule->source,
                                     .could_be = 1,
                                     .row = {.kind = "distance",
                                             .verdict = verdict_name(VERDICT_UNDECIDED),
                                             .enterprise_id = source->enterprise_id,
                                             .source_layer = layer_name(source->layer),
                                             .source_id = facility->head.id}};
        struct conflict_item *item = NULL;
        TRY(conflict_set_add(set, world, &like, &item, err));
        const char *name = reasons_name(&facility->head);
        const char *field = rule->qualifier->name;
        double value = record_real(facility, rule->qualifier);
        item->row.grade = item->could_be;
        item->row.reason =
            arena_printf(set->arena, "%s: no distance of the tables for %s speaks of %s = %g.",
                         name, facility->facility_type, field, value);
        item->zh = arena_printf(set->arena, "%s：规则表中没有适用于 %s = %g 的 %s 间距。", name,
                                field, value, facility->facility_type);
        item->row.decides = "a row for that size, from the printed standard";
        if (!item->row.reason || !item->zh)
            code = err_nomem(err);
    }
done:
    return code;
}

static enum err_code gather_source(const struct world *world, enum layer_id layer, size_t row,
                                   struct conflict_set *set, struct arena *scratch, struct err *err)
{
    enum err_code code = ERR_OK;
    struct spacing_source source = spacing_source_of(world, layer, row);
    struct spacing_match *matches = NULL;
    struct spacing_finding *findings = NULL;
    size_t n_matches = 0;
    size_t n = 0;
    if (!source_counts(world, &source))
        return ERR_OK;
    TRY(spacing_matches(world, &source, scratch, &matches, &n_matches, err));
    count_judged(world, &source, matches, n_matches, set);
    TRY(spacing_findings(world, &source, matches, n_matches, scratch, &findings, &n, err));
    for (size_t i = 0; i < n; i++)
        TRY(add_distance(world, &source, &findings[i], set, err));
    if (layer == LAYER_FACILITIES)
        TRY(add_beyond(world, &source, set, err));
done:
    if (code != ERR_OK)
        err_wrap(err, "%s \"%s\"", layer_name(layer),
                 ((const struct record_head *)source.record)->id);
    return code;
}

enum err_code conflicts_gather(const struct world *world, struct conflict_set *set, struct err *err)
{
    static const enum layer_id sources[] = {LAYER_ENTERPRISES, LAYER_FACILITIES, LAYER_PIPELINES};
    enum err_code code = ERR_OK;
    struct arena scratch;
    arena_init(&scratch, 0);
    for (size_t l = 0; l < sizeof sources / sizeof sources[0]; l++) {
        for (size_t row = 0; row < world_count(world, sources[l]); row++) {
            TRY(gather_source(world, sources[l], row, set, &scratch, err));
            arena_reset(&scratch);
        }
    }
done:
    arena_release(&scratch);
    return code;
}

static int compare_items(const void *a, const void *b)
{
    const struct conflict_item *i = a;
    const struct conflict_item *j = b;
    return strcmp(i->row.head.id, j->row.head.id);
}

enum err_code conflicts_sort(struct conflict_set *set, struct err *err)
{
    if (set->n > 0)
        qsort(set->items, set->n, sizeof *set->items, compare_items);
    for (size_t i = 1; i < set->n; i++) {
        if (compare_items(&set->items[i - 1], &set->items[i]) == 0)
            return err_set(err, ERR_INTERNAL, "the conflict \"%s\" was found twice",
                           set->items[i].row.head.id);
    }
    return ERR_OK;
}
