/* grade_reasons_plant.c - why an enterprise has its grade. */
#include "geo/findings/finding_row.h"
#include "geo/findings/finding_view.h"
#include "geo/grades/grade_order.h"
#include "geo/grades/grade_words.h"
#include "geo/grades/grading.h"

#include <assert.h>
#include <string.h>

/* One reason to be: a part of the grade, one unit of its hazard, or one finding. */
struct item {
    enum grading_kind kind;
    int32_t grade; /* that the sentence gives */
    size_t index;
    struct finding_ref finding;
    const struct finding *found;
    const struct world *world; /* that has the finding */
};

/* Those of one grade that are no findings, the first of them, as they come. */
struct group {
    struct item plain[GRADING_REASONS];
    size_t n_plain;
};

/* The findings of one source. */
struct told_list {
    const struct finding_list *list;
    enum layer_id layer;
    uint32_t row;
};

struct items {
    const struct grade_words *words;
    size_t row;
    const struct hazard *hazard;
    struct arena *arena;
    size_t most;
    bool graded; /* see grading_parts_graded */
    struct group groups[GRADE_GROUPS];
    struct told_list *lists;
    size_t n_lists;
    size_t lists_capacity;
    struct row_maker **makers; /* of sources that had a finding told */
    size_t n_makers;
    size_t makers_capacity;
    struct item last; /* comes after the findings */
    bool has_last;
    size_t n_all;
};

static void begin_items(struct items *items, const struct grade_words *words, size_t row,
                        size_t most, struct arena *arena)
{
    items->words = words;
    items->row = row;
    items->hazard = NULL;
    items->arena = arena;
    items->most = most;
    items->graded = false;
    items->lists = NULL;
    items->n_lists = items->lists_capacity = 0;
    items->makers = NULL;
    items->n_makers = items->makers_capacity = 0;
    items->has_last = false;
    items->n_all = 0;
    for (size_t g = 0; g < GRADE_GROUPS; g++)
        items->groups[g].n_plain = 0;
}

static void add_plain(struct items *items, const struct item *item)
{
    struct group *group = &items->groups[grade_group(item->grade)];
    if (group->n_plain < items->most)
        group->plain[group->n_plain++] = *item;
}

static enum err_code add_list(struct items *items, const struct grading_part *part, struct err *err)
{
    const struct finding_list *list = part->list;
    items->lists = arena_grow(items->arena, items->lists, &items->lists_capacity,
                              items->n_lists + 1, sizeof *items->lists);
    if (!items->lists)
        return err_nomem(err);
    items->lists[items->n_lists++] = (struct told_list){list, part->layer, part->row};
    return ERR_OK;
}

static void add_hazard(struct items *items)
{
    bool blue_open = items->hazard->level == 4 && items->hazard->at_least;
    for (size_t i = 0; i < items->hazard->n_units; i++) {
        const struct hazard_unit *unit = &items->hazard->units[i];
        const struct item one = {
            .kind = GRADING_HAZARD, .grade = blue_open ? 0 : unit->level, .index = i};
        if (grading_unit_tells(unit))
            add_plain(items, &one);
    }
}

static enum err_code visit(void *context, const struct grading_part *part, struct err *err)
{
    struct items *items = context;
    const struct item one = {.kind = part->kind, .grade = part->grade, .index = part->index};
    items->n_all += grading_part_reasons(part, items->hazard);
    switch (part->kind) {
    case GRADING_FINDINGS:
        return add_list(items, part, err);
    case GRADING_HAZARD:
        add_hazard(items);
        break;
    case GRADING_CLEAR:
    case GRADING_OPEN:
    case GRADING_NOTHING:
        items->last = one;
        items->has_last = true;
        break;
    case GRADING_CLOSED:
    case GRADING_DECLARED:
    case GRADING_SCORE:
    case GRADING_DIRECT_RED:
        add_plain(items, &one);
        break;
    }
    return ERR_OK;
}

/* ---- the first of them ---- */

/* Findings that are told before all others seen so far. */
struct first {
    struct item items[GRADING_REASONS];
    size_t n;
};

static struct grade_place place_of(const struct item *item)
{
    return (struct grade_place){item->world, item->finding, item->found};
}

/* Whether a finding is told before another. */
static bool is_before(const struct items *items, const struct item *a, const struct item *b)
{
    const struct grades_state *state = items->words->state;
    size_t x = grade_group(a->grade), y = grade_group(b->grade);
    const struct grade_place one = place_of(a), other = place_of(b);
    return x != y ? x < y : grade_order(state ? &state->rules : NULL, &one, &other) < 0;
}

/* Puts a finding into those that come first so far, *n of most; false: it does not. */
static bool take(const struct items *items, const struct item *item, struct item *out, size_t *n)
{
    size_t at = *n;
    while (at > 0 && is_before(items, item, &out[at - 1]))
        at--;
    if (at == items->most)
        return false;
    if (*n < items->most)
        ++*n;
    memmove(out + at + 1, out + at, (*n - 1 - at) * sizeof *out);
    out[at] = *item;
    return true;
}

/* What grade and rule alone tell of the last of as many as are told: most findings come after it.
 */
struct bound {
    size_t group;
    uint32_t place; /* of its rule; NO_PLACE: not known */
    const struct grade_rules *known;
};

enum { NO_GROUP = GRADE_GROUPS };
#define NO_PLACE UINT32_MAX

static struct bound bound_of(const struct items *items, const struct first *out)
{
    const struct rules *rules = items->words->world->rules;
    struct bound bound = {.group = NO_GROUP, .place = NO_PLACE};
    if (items->words->state)
        bound.known = &items->words->state->rules;
    if (out->n < items->most)
        return bound;
    const struct item *last = &out->items[out->n - 1];
    assert(last->found); /* it is one of those that take put in */
    bound.group = grade_group(last->grade);
    if (!grade_rule_place(bound.known, rules, last->found, &bound.place))
        bound.place = NO_PLACE;
    return bound;
}

static inline bool is_beyond(const struct bound *bound, const struct rules *rules,
                             const struct finding *found)
{
    size_t group = grade_group(grade_given(found));
    uint32_t place = NO_PLACE;
    if (group != bound->group)
        return group > bound->group;
    return bound->place != NO_PLACE && grade_rule_place(bound->known, rules, found, &place) &&
           place > bound->place;
}

/* Whether a finding comes in its list behind one of the same grade, by the same rule, on the same
 * layer of targets: then it is told after it (grade_order). */
static inline bool is_behind(const struct finding *found, const struct finding *other)
{
    return found->rule == other->rule && found->kind == other->kind &&
           found->target_layer == other->target_layer && found->verdict == other->verdict &&
           found->grade == other->grade && found->target_slot != FINDING_NO_TARGET &&
           other->target_slot != FINDING_NO_TARGET;
}

/* Findings of a list of that world, from `first` to before `end`. Behind one that is not among the
 * first, others are not. */
static void take_range(const struct items *items, const struct world *world,
                       const struct told_list *of, uint32_t first, uint32_t end, struct first *out)
{
    const struct rules *rules = items->words->world->rules;
    const struct finding *left = NULL;
    struct bound bound = bound_of(items, out);
    for (uint32_t k = first, in_row; k < end; k += in_row) {
        const struct finding *run = finding_list_run(of->list, k, &in_row);
        in_row = in_row < end - k ? in_row : end - k;
        for (uint32_t i = 0; i < in_row; i++) {
            if ((left && is_behind(&run[i], left)) || is_beyond(&bound, rules, &run[i]))
                continue;
            const struct item one = {.kind = GRADING_FINDINGS,
                                     .grade = grade_given(&run[i]),
                                     .finding = {of->layer, of->row, k + i},
                                     .found = &run[i],
                                     .world = world};
            if (take(items, &one, out->items, &out->n))
                bound = bound_of(items, out);
            else
                left = &run[i];
        }
    }
}

/* The first of all: of each grade, worst first. A plant in a town has thousands of findings, of
 * which twenty are told: those. */
static size_t order(const struct items *items, const struct first *findings, struct item *out)
{
    size_t next = 0, n = 0;
    for (size_t g = 0; g < GRADE_GROUPS; g++) {
        const struct group *group = &items->groups[g];
        for (size_t i = 0; i < group->n_plain && n < items->most; i++)
            out[n++] = group->plain[i];
        for (; next < findings->n && n < items->most &&
               grade_group(findings->items[next].grade) == g;)
            out[n++] = findings->items[next++];
        if (n < items->most && items->has_last && grade_group(items->last.grade) == g)
            out[n++] = items->last;
    }
    return n;
}

/* ---- words ---- */

static enum err_code say_view(const struct items *items, struct finding_ref ref,
                              struct arena *arena, struct reason *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct conflict_view view;
    TRY(finding_say(items->words->world, items->words->worker, ref, arena, &view, err));
    const struct conflict *row = &view.row;
    *out = (struct reason){
        .text = row->reason,
        .zh = view.zh,
        .rule = view.rule,
        .source = arena_printf(arena, "%s/%s", row->source_layer, row->source_id),
        .target =
            row->target_id ? arena_printf(arena, "%s/%s", row->target_layer, row->target_id) : NULL,
        .numbers = {{"distance_m", row->distance_m},
                    {"required_m", row->required_m},
                    {"margin_m", row->margin_m},
                    {"error_m", row->error_m},
                    {"persons", row->persons}},
    };
    if (!out->source)
        code = err_nomem(err);
done:
    return code;
}

/* What makes the rows of a source makes its sentences. */
static enum err_code maker_of(struct items *items, struct finding_ref ref, struct row_maker **out,
                              struct err *err)
{
    const struct world *world = items->words->world;
    for (size_t i = 0; i < items->n_makers; i++) {
        *out = items->makers[i];
        if ((*out)->layer == ref.layer && (*out)->row == ref.row)
            return ERR_OK;
    }
    items->makers = arena_grow(items->arena, items->makers, &items->makers_capacity,
                               items->n_makers + 1, sizeof(struct row_maker *));
    *out = arena_new(items->arena, struct row_maker, 1);
    if (!items->makers || !*out)
        return err_nomem(err);
    items->makers[items->n_makers++] = *out;
    row_maker_begin(*out, world, items->words->worker,
                    (struct finding_source){ref.layer, world_slot(world, ref.layer, ref.row)},
                    items->arena);
    return ERR_OK;
}

static enum err_code say_finding(struct items *items, struct finding_ref ref, struct arena *arena,
                                 struct reason *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct row_maker *maker = NULL;
    struct row_note note;
    TRY(maker_of(items, ref, &maker, err));
    TRY(row_maker_note(maker, ref.k, &note, err));
    TRY(row_maker_say(maker, &note, out, err));
    if (!out->text)
        TRY(say_view(items, ref, arena, out, err));
done:
    return code;
}

static enum err_code say(struct items *items, const struct item *item, struct arena *arena,
                         struct reason *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct grading_part part = {
        .kind = item->kind, .grade = item->grade, .index = item->index};
    if (item->kind == GRADING_HAZARD)
        TRY(hazard_reason(items->words->world, items->hazard, &items->hazard->units[item->index],
                          arena, out, err));
    else if (item->kind == GRADING_FINDINGS)
        TRY(say_finding(items, item->finding, arena, out, err));
    else
        *out = grade_say_plainly(items->words->world, items->row, &part, arena);
    out->grade = item->grade;
    if (!out->text || !out->zh)
        code = err_nomem(err);
done:
    return code;
}

enum err_code grade_hazard(const struct grade_words *words, size_t enterprise_row,
                           struct arena *arena, struct hazard *out, struct err *err)
{
    const struct world *world = words->world;
    const uint32_t *rows;
    size_t n;
    *out = (struct hazard){.units = NULL};
    world_of_enterprise(world, LAYER_INVENTORY, world_enterprise(world, enterprise_row)->head.id,
                        &rows, &n);
    if (n == 0)
        return ERR_OK;
    struct grade_known known = grade_known(words, enterprise_row);
    return known.around ? hazard_judge(world, enterprise_row, known.around, arena, arena, out, err)
                        : hazard_of(world, words->worker, enterprise_row, arena, arena, out, err);
}

/* Its reasons to be. */
static enum err_code gather(struct items *items, struct err *err)
{
    enum err_code code = ERR_OK;
    struct grading_sum sum;
    struct hazard *hazard = arena_new(items->arena, struct hazard, 1);
    if (!hazard)
        return err_nomem(err);
    items->hazard = hazard;
    TRY(grade_hazard(items->words, items->row, items->arena, hazard, err));
    if (items->graded)
        TRY(grading_parts_graded(items->words->world, items->row, hazard, items, visit, err));
    else
        TRY(grading_parts(items->words->world, items->row, hazard, items, visit, &sum, err));
done:
    return code;
}

/* The first of them, in order. */
static enum err_code list(struct items *items, struct item ordered[GRADING_REASONS], size_t *n,
                          struct err *err)
{
    enum err_code code = gather(items, err);
    struct first findings = {.n = 0};
    *n = 0;
    if (code != ERR_OK)
        return code;
    for (size_t i = 0; i < items->n_lists && items->most > 0; i++) {
        const struct told_list *of = &items->lists[i];
        take_range(items, items->words->world, of, 0, of->list->n, &findings);
    }
    *n = order(items, &findings, ordered);
    return ERR_OK;
}

enum err_code grade_reasons_plant(const struct grade_words *words, size_t enterprise_row,
                                  size_t most, struct arena *arena, struct grade_said *out,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    struct items items;
    struct item ordered[GRADING_REASONS];
    size_t n = 0;
    begin_items(&items, words, enterprise_row, most, arena);
    TRY(list(&items, ordered, &n, err));
    for (out->n = 0; out->n < n; out->n++)
        TRY(say(&items, &ordered[out->n], arena, &out->reasons[out->n], err));
    out->n_all = items.n_all;
done:
    return code;
}

/* ---- before and after an edit ---- */

/* A list that both worlds share speaks of what stands in both; of a list that was made anew, only
 * of a distance is an equal finding of the same source an equal row (findings.h), and of an area,
 * since such an edit leaves areas as they are. */
static bool same_finding(const struct item *x, const struct item *y)
{
    const struct finding_ref a = x->finding, b = y->finding;
    if (x->found == y->found)
        return true;
    if (findings_of(x->world, a.layer, a.row) == findings_of(y->world, b.layer, b.row))
        return a.k == b.k;
    return a.layer == b.layer &&
           world_slot(x->world, a.layer, a.row) == world_slot(y->world, b.layer, b.row) &&
           x->found->kind <= GRADES_SURE_KIND &&
           /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): equal ones are equal bytes */
           memcmp(x->found, y->found, sizeof *x->found) == 0;
}

/* Whether two reasons to be have the same words: the enterprise and its inventory are as they
 * were. */
static bool said_alike(const struct items *a, const struct item *x, const struct items *b,
                       const struct item *y)
{
    const struct world *before = a->words->world;
    const struct world *after = b->words->world;
    if (x->kind != y->kind || x->grade != y->grade)
        return false;
    if (x->kind == GRADING_FINDINGS)
        return same_finding(x, y);
    if (x->kind == GRADING_CLEAR) {
        const char *id = world_enterprise(before, a->row)->head.id;
        return findings_judged(before, id) == findings_judged(after, id);
    }
    return x->index == y->index;
}

/* What is told before and after. */
struct told {
    struct items was;
    struct items is;
    struct item old[GRADING_REASONS];
    struct item now[GRADING_REASONS];
};

/* Each looked through on its own. */
static enum err_code list_both(struct told *told, struct grade_said *before,
                               struct grade_said *after, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(list(&told->was, told->old, &before->n, err));
    TRY(list(&told->is, told->now, &after->n, err));
done:
    return code;
}

static const struct grades_stretch *stretch_of(const struct grade_bystander *of,
                                               const struct finding_list *after)
{
    for (size_t i = 0; i < of->n_stretches; i++)
        if (of->stretches[i].after == after)
            return &of->stretches[i];
    return NULL;
}

/* Where it is known what comes and goes, the rest is looked through once; all but findings is told
 * in the same words. */
static enum err_code list_once(const struct grade_bystander *of, struct told *told,
                               struct grade_said *before, struct grade_said *after, struct err *err)
{
    enum err_code code = ERR_OK;
    struct items *was = &told->was, *is = &told->is;
    struct first stay = {.n = 0};
    TRY(gather(is, err));
    for (size_t i = 0; i < is->n_lists; i++) {
        const struct told_list *list = &is->lists[i];
        const struct grades_stretch *stretch = stretch_of(of, list->list);
        take_range(is, is->words->world, list, 0, stretch ? stretch->first : list->list->n, &stay);
        if (stretch)
            take_range(is, is->words->world, list, stretch->after_end, list->list->n, &stay);
    }
    struct first with_gone = stay;
    was->hazard = is->hazard;
    was->n_all = is->n_all;
    for (size_t i = 0; i < of->n_stretches; i++) {
        const struct grades_stretch *one = &of->stretches[i];
        const struct told_list gone = {one->before, one->layer, (uint32_t)one->old_row};
        const struct told_list come = {one->after, one->layer, (uint32_t)one->new_row};
        take_range(was, was->words->world, &gone, one->first, one->before_end, &with_gone);
        take_range(is, is->words->world, &come, one->first, one->after_end, &stay);
        was->n_all = was->n_all + (one->before_end - one->first) - (one->after_end - one->first);
    }
    before->n = order(is, &with_gone, told->old);
    after->n = order(is, &stay, told->now);
done:
    return code;
}

/* In the world that has it: what neither came nor went says the same in both. */
static enum err_code say_in_its(struct told *told, const struct item *item, struct reason *out,
                                struct err *err)
{
    bool old = item->kind != GRADING_FINDINGS || item->world == told->was.words->world;
    struct items *items = old ? &told->was : &told->is;
    return say(items, item, items->arena, out, err);
}

/* How many that both tell first have the same words. */
static size_t count_alike(const struct told *told, size_t n_before, size_t n_after)
{
    size_t n = 0;
    while (n < n_before && n < n_after &&
           said_alike(&told->was, &told->old[n], &told->is, &told->now[n]))
        n++;
    return n;
}

enum err_code grade_reasons_plant_ends(const struct grade_bystander *of, struct arena *arena,
                                       struct grade_said *before, struct grade_said *after,
                                       bool *same, struct err *err)
{
    enum err_code code = ERR_OK;
    struct told told;
    struct items *was = &told.was, *is = &told.is;
    begin_items(was, of->before, of->before_row, GRADING_REASONS, arena);
    begin_items(is, of->after, of->after_row, GRADING_REASONS, arena);
    was->graded = is->graded = of->graded;
    if (of->known && of->graded)
        TRY(list_once(of, &told, before, after, err));
    else
        TRY(list_both(&told, before, after, err));
    before->n_all = was->n_all;
    after->n_all = is->n_all;
    *same = was->n_all == is->n_all;
    for (size_t i = 0; i < after->n && *same; i++)
        *same = said_alike(was, &told.old[i], is, &told.now[i]);
    if (*same)
        goto done;
    before->n_led = after->n_led = count_alike(&told, before->n, after->n);
    for (size_t i = before->n_led; i < before->n; i++)
        TRY(say_in_its(&told, &told.old[i], &before->reasons[i], err));
    TRY(reasons_quote(before->reasons + before->n_led, before->n - before->n_led, arena, err));
    for (size_t i = after->n_led; i < after->n; i++) {
        size_t k = before->n_led;
        while (k < before->n && !said_alike(was, &told.old[k], is, &told.now[i]))
            k++;
        if (k < before->n)
            after->reasons[i] = before->reasons[k];
        else
            TRY(say(is, &told.now[i], arena, &after->reasons[i], err));
    }
done:
    return code;
}
