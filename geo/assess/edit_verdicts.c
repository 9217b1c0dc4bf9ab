#include "geo/assess/edit_verdicts.h"

#include "geo/findings/finding_diff.h"
#include "geo/findings/finding_row.h"

#include <stdlib.h>
#include <string.h>

/* A row to come. */
struct item {
    struct row_note note;
    struct row_maker *maker;
};

/* The rows of one world that the other has not, or not so. */
struct row_side {
    const struct world *world;
    struct worker *worker;
    struct arena *arena;
    struct item *items;
    size_t n;
    size_t capacity;
};

/* ---- in order of their ids ---- */

struct ranked {
    const struct row_form *form;
    size_t place; /* in the maker's forms */
};

static int by_head(const void *a, const void *b)
{
    return strcmp(((const struct ranked *)a)->form->id_head,
                  ((const struct ranked *)b)->form->id_head);
}

/* Where in the order of ids the rows of each form begin. */
static enum err_code begin_forms(const struct row_maker *maker, const struct item *items, size_t n,
                                 struct arena *arena, size_t **out, struct err *err)
{
    struct ranked *ranked = arena_new(arena, struct ranked, maker->n_forms);
    size_t *begin = arena_new(arena, size_t, maker->n_forms);
    size_t next = 0;
    if (!ranked || !begin)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++)
        begin[items[i].note.form]++;
    for (size_t i = 0; i < maker->n_forms; i++)
        ranked[i] = (struct ranked){maker->forms[i], i};
    qsort(ranked, maker->n_forms, sizeof *ranked, by_head);
    for (size_t i = 0; i < maker->n_forms; i++) {
        size_t count = begin[ranked[i].place];
        begin[ranked[i].place] = next;
        next += count;
    }
    *out = begin;
    return ERR_OK;
}

/* Rows of one source: those of one rule on one layer stand in order already. */
static enum err_code add_by_form(struct row_side *side, const struct row_maker *maker,
                                 const struct item *items, size_t n, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t *next = NULL;
    side->items =
        arena_grow(side->arena, side->items, &side->capacity, side->n + n, sizeof *side->items);
    if (!side->items)
        return err_nomem(err);
    TRY(begin_forms(maker, items, n, side->arena, &next, err));
    for (size_t i = 0; i < n; i++)
        side->items[side->n + next[items[i].note.form]++] = items[i];
    side->n += n;
done:
    return code;
}

static int by_id(const void *a, const void *b)
{
    const struct item *x = a;
    const struct item *y = b;
    return row_note_compare(x->maker, &x->note, y->maker, &y->note);
}

static bool same_form(const struct item *a, const struct item *b)
{
    return a->maker == b->maker && a->note.form == b->note.form;
}

/* Those of a form are in order, and mostly forms of one source are, one after the other. */
static void settle(struct row_side *side)
{
    for (size_t i = 1; i < side->n; i++) {
        const struct item *two = &side->items[i - 1];
        if (!same_form(two, two + 1) && by_id(two, two + 1) > 0) {
            qsort(side->items, side->n, sizeof *side->items, by_id);
            return;
        }
    }
}

/* ---- which rows ---- */

static const struct finding_list *list_of(const struct world *world, struct finding_source source)
{
    int64_t row = world_row(world, source.layer, source.slot);
    return row < 0 ? NULL : findings_of(world, source.layer, (size_t)row);
}

/* places: in the list of the source. */
static enum err_code add_items(struct row_side *side, struct finding_source source,
                               const uint32_t *places, size_t n, struct err *err)
{
    enum err_code code = ERR_OK;
    if (n == 0)
        return ERR_OK;
    struct row_maker *maker = arena_new(side->arena, struct row_maker, 1);
    struct item *items = arena_new(side->arena, struct item, n);
    if (!maker || !items)
        return err_nomem(err);
    row_maker_begin(maker, side->world, side->worker, source, side->arena);
    for (size_t i = 0; i < n; i++) {
        items[i].maker = maker;
        TRY(row_maker_note(maker, places[i], &items[i].note, err));
    }
    TRY(add_by_form(side, maker, items, n, err));
done:
    return code;
}

/* ---- the rows ---- */

/* What a row asks of its target lies all over memory: it is asked for some rows ahead, first the
 * record, then what it points to. */
enum { AHEAD = 24, HALF_AHEAD = AHEAD / 2 };

static const struct record_head *target_at(const struct row_side *side, size_t i)
{
    return i < side->n ? side->items[i].note.target : NULL;
}

static void look_ahead(const struct row_side *side, size_t i)
{
    const struct record_head *head = target_at(side, i + AHEAD);
    if (head) {
        __builtin_prefetch(head);
        __builtin_prefetch(&head->accuracy_m);
        __builtin_prefetch(&head->geom);
        __builtin_prefetch((const char *)(head + 1) - 1);
    }
    head = target_at(side, i + HALF_AHEAD);
    if (head) {
        __builtin_prefetch(head->id);
        __builtin_prefetch(head->name);
        __builtin_prefetch(head->geom.points);
    }
}

/* Whether nothing but its id has to be known of the row before: it is gone, or its margin is
 * another one. */
static bool may_be_brief(const struct item *before, const struct item *after)
{
    const struct finding *was = before->note.finding;
    const struct finding *is = after ? after->note.finding : NULL;
    return before->note.target &&
           (!is || was->shortfall < is->shortfall || was->shortfall > is->shortfall);
}

/* before or after: NULL where there is none. */
static enum err_code add_change(struct row_changes *rows, const struct item *before,
                                const struct item *after, struct err *err)
{
    enum err_code code = ERR_OK;
    struct row_target target = {.head = NULL};
    struct row_change brief = {.before = NULL};
    struct conflict *was = NULL;
    struct conflict *is = NULL;
    bool is_brief = before && rows->n >= rows->n_told && may_be_brief(before, after);
    if (before && !is_brief)
        TRY(row_maker_row(before->maker, &before->note, &target, NULL, &was, err));
    if (after)
        TRY(row_maker_row(after->maker, &after->note, &target, was ? was->head.id : NULL, &is,
                          err));
    if (is && rows->generation)
        is->generation = rows->generation;
    if (!is_brief)
        return row_changes_add(rows, was, is, err);
    TRY(row_maker_common(before->maker, &before->note, &brief.before, err));
    brief.after = is;
    brief.brief_id = is ? is->head.id : row_maker_id(before->maker, &before->note);
    TRY(brief.brief_id ? row_changes_put(rows, &brief, err) : err_nomem(err));
done:
    return code;
}

static enum err_code merge(struct row_changes *rows, const struct row_side *before,
                           const struct row_side *after, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0, j = 0; i < before->n || j < after->n;) {
        const struct item *was = i < before->n ? &before->items[i] : NULL;
        const struct item *is = j < after->n ? &after->items[j] : NULL;
        int order = !was ? 1 : !is ? -1 : by_id(was, is);
        look_ahead(before, i);
        look_ahead(after, j);
        TRY(add_change(rows, order <= 0 ? was : NULL, order >= 0 ? is : NULL, err));
        i += order <= 0;
        j += order >= 0;
    }
done:
    return code;
}

enum err_code edit_verdicts(const struct world *old, const struct world *now,
                            const struct findings_changed *changed, struct worker *worker,
                            struct row_changes *rows, struct err *err)
{
    enum err_code code = ERR_OK;
    struct row_side before = {.world = old, .worker = worker, .arena = rows->arena};
    struct row_side after = {.world = now, .worker = worker, .arena = rows->arena};
    for (size_t i = 0; i < changed->n; i++) {
        const struct finding_source source = changed->sources[i];
        struct finding_diff diff;
        if (changed->splices[i].known)
            TRY(finding_diff_of_splice(&changed->splices[i], rows->arena, &diff, err));
        else
            TRY(finding_diff(list_of(old, source), list_of(now, source), rows->arena, &diff, err));
        TRY(add_items(&before, source, diff.before, diff.n_before, err));
        TRY(add_items(&after, source, diff.after, diff.n_after, err));
    }
    settle(&before);
    settle(&after);
    TRY(merge(rows, &before, &after, err));
done:
    return code;
}
