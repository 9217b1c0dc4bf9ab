#include "tiler/answers/answers_edit.h"

#include "geo/findings/reasons.h"

#include <string.h>

struct counts {
    size_t added, removed, changed;
};

static struct counts count(const struct row_changes *rows)
{
    struct counts counts = {0};
    for (size_t i = 0; i < rows->n; i++) {
        counts.added += !rows->items[i].before;
        counts.removed += !rows->items[i].after;
        counts.changed += rows->items[i].before && rows->items[i].after;
    }
    return counts;
}

static const char *change_of(const struct row_change *row)
{
    return !row->before ? "added" : row->after ? "replaced" : "deleted";
}

static void write_end(struct jw *jw, const char *layer, const char *id)
{
    jw_object(jw);
    jw_kv_string(jw, "layer", layer);
    jw_kv_string(jw, "id", id);
    jw_end_object(jw);
}

static void write_verdict(struct jw *jw, const char *key, const struct conflict *row)
{
    jw_key(jw, key);
    if (!row) {
        jw_null(jw);
        return;
    }
    jw_object(jw);
    jw_kv_string(jw, "verdict", row->verdict);
    jw_kv_integer(jw, "grade", row->grade == INT_ABSENT ? 0 : row->grade);
    jw_kv_fixed(jw, "distance_m", row->distance_m, 4);
    jw_kv_fixed(jw, "required_m", row->required_m, 4);
    jw_kv_fixed(jw, "margin_m", row->margin_m, 4);
    jw_kv_fixed(jw, "persons", row->persons, 3);
    jw_kv_string(jw, "reason", row->reason);
    jw_kv_string(jw, "decides", row->decides);
    jw_end_object(jw);
}

static void write_conflict(struct jw *jw, const struct row_change *change)
{
    const struct conflict *row = change->after ? change->after : change->before;
    jw_kv_string(jw, "id", row->head.id);
    jw_kv_string(jw, "kind", row->kind);
    jw_kv_string(jw, "rule", row->rule_id);
    jw_key(jw, "source");
    write_end(jw, row->source_layer, row->source_id);
    jw_key(jw, "target");
    write_end(jw, row->target_layer, row->target_id);
    write_verdict(jw, "before", change->before);
    write_verdict(jw, "after", change->after);
}

static void write_graded(struct jw *jw, const char *key, const struct grade_row *row)
{
    jw_key(jw, key);
    if (!row) {
        jw_null(jw);
        return;
    }
    jw_object(jw);
    jw_kv_integer(jw, "grade", row->grade);
    jw_kv_integer(jw, "could_be", row->could_be);
    jw_kv_integer(jw, "undecided", row->undecided);
    jw_kv_fixed(jw, "persons", row->persons, 3);
    jw_kv_real(jw, "value", row->value);
    jw_end_object(jw);
}

static void write_grade(struct jw *jw, const struct row_change *change)
{
    const struct grade_row *row = change->after ? change->after : change->before;
    jw_kv_string(jw, "subject", row->subject);
    jw_kv_string(jw, "subject_id", row->subject_id);
    jw_kv_string(jw, "name", row->head.name);
    jw_kv_string(jw, "method", row->method);
    write_graded(jw, "before", change->before);
    write_graded(jw, "after", change->after);
}

static void write_part(struct jw *jw, const char *key, const struct segment *row)
{
    jw_key(jw, key);
    if (!row) {
        jw_null(jw);
        return;
    }
    jw_object(jw);
    jw_kv_string(jw, "verdict", row->verdict);
    jw_kv_string(jw, "class", row->class);
    jw_kv_string(jw, "could_be", row->could_be);
    jw_kv_fixed(jw, "households", row->households, 3);
    jw_kv_fixed(jw, "persons", row->persons, 3);
    jw_kv_string(jw, "reason", row->reason);
    jw_end_object(jw);
}

static void write_segment(struct jw *jw, const struct row_change *change)
{
    const struct segment *row = change->after ? change->after : change->before;
    jw_kv_string(jw, "pipeline_id", row->pipeline_id);
    jw_kv_string(jw, "kind", row->kind);
    jw_kv_string(jw, "method", row->method);
    jw_kv_fixed(jw, "from_m", row->from_m, 3);
    jw_kv_fixed(jw, "to_m", row->to_m, 3);
    write_part(jw, "before", change->before);
    write_part(jw, "after", change->after);
}

static void write_changes(struct jw *jw, const char *key, const struct row_changes *rows,
                          void (*write)(struct jw *jw, const struct row_change *change))
{
    struct counts counts = count(rows);
    size_t shown = rows->n < ANSWER_EDIT_ITEMS ? rows->n : ANSWER_EDIT_ITEMS;
    jw_key(jw, key);
    jw_object(jw);
    jw_kv_integer(jw, "added", (int64_t)counts.added);
    jw_kv_integer(jw, "removed", (int64_t)counts.removed);
    jw_kv_integer(jw, "changed", (int64_t)counts.changed);
    jw_key(jw, "items");
    jw_array(jw);
    for (size_t i = 0; i < shown; i++) {
        jw_object(jw);
        write(jw, &rows->items[i]);
        jw_end_object(jw);
    }
    jw_end_array(jw);
    jw_kv_integer(jw, "more", (int64_t)(rows->n - shown));
    jw_end_object(jw);
}

void answer_edit(struct jw *jw, const struct edit_result *result)
{
    jw_object(jw);
    jw_kv_integer(jw, "generation", (int64_t)result->generation);
    jw_kv_bool(jw, "changed", result->changed);
    jw_kv_bool(jw, "assessed", result->assessed);
    jw_key(jw, "records");
    jw_array(jw);
    for (size_t i = 0; i < result->facts.n && i < ANSWER_EDIT_ITEMS; i++) {
        jw_object(jw);
        jw_kv_string(jw, "layer", layer_name(result->facts.layer));
        jw_kv_string(jw, "id", row_change_id(&result->facts.items[i]));
        jw_kv_string(jw, "change", change_of(&result->facts.items[i]));
        jw_end_object(jw);
    }
    jw_end_array(jw);
    write_changes(jw, "verdicts", &result->conflicts, write_conflict);
    write_changes(jw, "grades", &result->grades, write_grade);
    write_changes(jw, "segments", &result->segments, write_segment);
    jw_key(jw, "warnings");
    jw_array(jw);
    for (size_t i = 0; i < result->n_warnings; i++)
        jw_string(jw, result->warnings[i]);
    jw_end_array(jw);
    jw_end_object(jw);
}

/* ---- for people ---- */

enum { TEXT_ITEMS = 20 };

static const char *verdict_text(const struct conflict *row)
{
    return row ? row->verdict : "clear";
}

static void print_verdicts(struct buf *out, const struct row_changes *rows)
{
    struct counts counts = count(rows);
    buf_say(out, "  verdicts: %zu new, %zu gone, %zu other\n", counts.added, counts.removed,
            counts.changed);
    for (size_t i = 0; i < rows->n && i < TEXT_ITEMS; i++) {
        const struct conflict *before = rows->items[i].before;
        const struct conflict *after = rows->items[i].after;
        const char *reason = after ? after->reason : before->reason;
        buf_say(out, "    %s -> %s  %s\n", verdict_text(before), verdict_text(after),
                reason ? reason : row_change_id(&rows->items[i]));
    }
    if (rows->n > TEXT_ITEMS)
        buf_say(out, "    and %zu more (--json gives %d)\n", rows->n - TEXT_ITEMS,
                ANSWER_EDIT_ITEMS);
}

static const char *grade_text(const struct grade_row *row)
{
    return row ? reasons_grade_en(row->grade) : "none";
}

/* Of the grades those that have another colour; the rest is counted. */
static void print_grades(struct buf *out, const struct row_changes *rows)
{
    size_t n_other = 0, n_shown = 0;
    for (size_t i = 0; i < rows->n; i++) {
        const struct grade_row *before = rows->items[i].before;
        const struct grade_row *after = rows->items[i].after;
        bool other = !before || !after || before->grade != after->grade;
        n_other += other;
        const struct grade_row *row = after ? after : before;
        if (!row || !other || n_shown == TEXT_ITEMS)
            continue;
        n_shown++;
        buf_say(out, "    %s %s (%s): %s -> %s\n", row->subject,
                row->head.name ? row->head.name : row->subject_id, row->method, grade_text(before),
                grade_text(after));
    }
    buf_say(out, "  grades: %zu with another colour, %zu with other figures\n", n_other,
            rows->n - n_other);
}

void answer_edit_text(struct buf *out, const struct edit_result *result)
{
    for (size_t i = 0; i < result->facts.n && i < TEXT_ITEMS; i++)
        buf_say(out, "%s %s %s\n", layer_name(result->facts.layer),
                row_change_id(&result->facts.items[i]), change_of(&result->facts.items[i]));
    if (result->facts.n > TEXT_ITEMS)
        buf_say(out, "and %zu more\n", result->facts.n - TEXT_ITEMS);
    if (!result->changed) {
        buf_say(out, "Nothing changed, nothing was written; generation %llu\n",
                (unsigned long long)result->generation);
    } else {
        if (result->assessed) {
            print_verdicts(out, &result->conflicts);
            print_grades(out, &result->grades);
            if (result->segments.n > 0)
                buf_say(out, "  segments of pipelines: %zu changed\n", result->segments.n);
        }
        buf_say(out, "  generation %llu\n", (unsigned long long)result->generation);
    }
    for (size_t i = 0; i < result->n_warnings; i++)
        buf_say(out, "Warning: %s\n", result->warnings[i]);
}
