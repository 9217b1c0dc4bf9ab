#include "geo/pipelines/pipeline_rows.h"

#include "data/base/digits.h"

#include <string.h>

static const struct record_head *hit_head(const struct pipeline_job *job,
                                          const struct pipeline_hit *hit)
{
    return world_record(job->world, hit->layer, hit->row);
}

void pipeline_set_source(struct segment *row, const struct rule_source *source)
{
    row->rule_id = source->id;
    row->standard = source->standard;
    row->edition = source->edition;
    row->clause = source->clause;
    row->confidence = confidence_name(source->confidence);
}

void pipeline_set_target(const struct pipeline_job *job, struct segment *row,
                         const struct pipeline_hit *hit)
{
    const struct record_head *head = hit_head(job, hit);
    row->target_layer = layer_name(hit->layer);
    row->target_id = head->id;
    row->distance_m = hit->nearest_m;
    if (hit->layer == LAYER_PROTECTED) {
        const struct protected_target *target = (const void *)head;
        if (target->persons != INT_ABSENT)
            row->persons = target->persons;
    }
}

/* Pipeline, method, kind, row of the rules, where it begins, target: what no other row has. */
static const char *id_of(const struct pipeline_job *job, const struct pipeline_stretch_of *where,
                         const struct rule_source *source)
{
    char from[DIGITS_BYTES];
    digits_fixed(where->span.from_m + where->wider_m, 3, from);
    const char *const parts[] = {job->pipeline->head.id,
                                 "|",
                                 where->method,
                                 "|",
                                 where->kind,
                                 "|",
                                 source->id,
                                 "|",
                                 from,
                                 "|",
                                 where->target ? layer_name(where->target->layer) : "",
                                 where->target ? "/" : "",
                                 where->target ? hit_head(job, where->target)->id : ""};
    return arena_texts(job->arena, parts, sizeof parts / sizeof *parts);
}

static const char *name_of(const struct pipeline_job *job, struct span span)
{
    char from[STATION_TEXT_BYTES];
    char to[STATION_TEXT_BYTES];
    pipeline_station_text(span.from_m, from);
    pipeline_station_text(span.to_m, to);
    const char *const parts[] = {from, " - ", to};
    return arena_texts(job->arena, parts, strcmp(from, to) == 0 ? 1 : 3);
}

enum err_code pipeline_add_row(struct pipeline_job *job, struct pipeline_rows *rows,
                               const struct pipeline_stretch_of *where,
                               const struct rule_source *source, struct segment **out,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    rows->items =
        arena_grow(job->scratch, rows->items, &rows->capacity, rows->n + 1, sizeof *rows->items);
    if (!rows->items)
        return err_nomem(err);
    struct segment *row = &rows->items[rows->n];
    record_clear(LAYER_SEGMENTS, row);
    row->head.id = id_of(job, where, source);
    row->head.name = name_of(job, where->span);
    if (!row->head.id || !row->head.name)
        return err_nomem(err);
    TRY(pipeline_line_slice(&job->line, where->part, where->span, job->arena, &row->head.geom,
                            err));
    row->pipeline_id = job->pipeline->head.id;
    row->kind = where->kind;
    row->method = where->method;
    row->from_m = where->span.from_m;
    row->to_m = where->span.to_m;
    pipeline_set_source(row, source);
    rows->n++;
    *out = row;
done:
    return code;
}

void pipeline_set_count(struct segment *row, const struct pipeline_found *found)
{
    const struct pipeline_class *window = found->window;
    enum pipeline_counts counts = window ? window->counts : found->place->counts;
    if (counts == PIPELINE_COUNTS_PLACE || found->count >= COUNT_UNKNOWN)
        return;
    double number = (double)found->count / (double)COUNT_UNIT;
    if (window && window->from == 0 && window->from_included) {
        /* The count is that of some window, not of this stretch. */
        if (counts == PIPELINE_COUNTS_HOUSEHOLD)
            row->households = 0;
    } else if (counts == PIPELINE_COUNTS_HOUSEHOLD) {
        row->households = number;
    } else {
        row->buildings = number;
    }
}

/* "112", or "12.3" for what was computed from persons. */
static const char *number_text(int64_t count, char out[DIGITS_BYTES])
{
    if (count >= COUNT_UNKNOWN)
        return "an unknown number of";
    double number = (double)count / (double)COUNT_UNIT;
    digits_fixed(number, number == floor(number) ? 0 : 1, out);
    return out;
}

static const char *things(enum pipeline_counts counts)
{
    static const char *const names[] = {
        "households", "dwellings and other buildings", "buildings", "places", "buildings", ""};
    return names[counts];
}

const char *pipeline_why_target(const struct pipeline_job *job, const struct pipeline_place *place,
                                const struct pipeline_hit *hit)
{
    char nearest[DIGITS_BYTES];
    digits_fixed(hit->nearest_m, 1, nearest);
    const char *const parts[] = {
        place->text_en, ": ",    layer_name(hit->layer),   "/", hit_head(job, hit)->id,
        ", ",           nearest, " m from the centre line"};
    return arena_texts(job->arena, parts, sizeof parts / sizeof *parts);
}

static const char *why_count(const struct pipeline_job *job, const struct pipeline_found *found)
{
    const struct pipeline_class *row = found->window;
    char at[STATION_TEXT_BYTES], number[DIGITS_BYTES], window[DIGITS_BYTES], strip[DIGITS_BYTES];
    if (row->from == 0 && row->from_included)
        return "fewer than the next class asks for";
    pipeline_station_text(found->count_at_m, at);
    digits_general(row->window_m, window);
    digits_general(row->strip_m, strip);
    const char *const parts[] = {found->estimate ? "about " : "",
                                 number_text(found->count, number),
                                 " ",
                                 things(row->counts),
                                 row->counts == PIPELINE_COUNTS_STOREYS
                                     ? ", more than half of them of four storeys and more"
                                     : "",
                                 " in the ",
                                 window,
                                 " m from ",
                                 at,
                                 ", ",
                                 strip,
                                 " m to each side"};
    return arena_texts(job->arena, parts, sizeof parts / sizeof *parts);
}

const char *pipeline_why(const struct pipeline_job *job, const struct pipeline_found *found)
{
    if (!found->place)
        return why_count(job, found);
    return found->hit ? pipeline_why_target(job, found->place, found->hit) : found->place->text_en;
}

const char *pipeline_positions_decide(const struct pipeline_job *job, double margin_m)
{
    /* To 0.1 mm, as decisions compare: a rounder figure may be one that does not decide. */
    double good_m = round(margin_m * 1e4) / 1e4;
    return good_m > 0 ? arena_printf(job->arena, "positions good to %.9g m (both together)", good_m)
                      : "better positions";
}

static const char *missing_of(const struct pipeline_job *job, const char *missing,
                              const struct pipeline_hit *hit)
{
    const char *const parts[] = {missing, " (", layer_name(hit->layer), "/", hit_head(job, hit)->id,
                                 ")"};
    return arena_texts(job->arena, parts, sizeof parts / sizeof *parts);
}

const char *pipeline_decides(const struct pipeline_job *job, const struct pipeline_found *most)
{
    const struct pipeline_hit *hit = most->hit;
    if (most->missing == PIPELINE_MISSING_DWELLINGS && (!hit || !hit->missing))
        return "the dwellings along it: what is here comes from the population, if that";
    if (most->missing == PIPELINE_MISSING_PLACES && (!hit || !hit->missing))
        return "the buildings and places along it: neither they nor the population are known here";
    if (most->missing && hit)
        return missing_of(job, most->missing, hit);
    if (most->missing)
        return most->missing;
    if (!confidence_decides(most->source->confidence))
        return arena_printf(job->arena, "a rule that is sure: %s is %s", most->source->id,
                            confidence_name(most->source->confidence));
    if (isfinite(most->margin_m))
        return pipeline_positions_decide(job, most->margin_m);
    return "better positions";
}
