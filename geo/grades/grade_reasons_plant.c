/* grade_reasons_plant.c - why an enterprise has its grade. */
#include "geo/findings/finding_view.h"
#include "geo/grades/grade_words.h"
#include "geo/grades/grading.h"

#include <string.h>

/* One reason to be: a part of the grade, or one unit of its hazard. */
struct item {
    struct grading_part part;
    int32_t grade; /* that the sentence gives */
};

struct items {
    const struct grade_words *words;
    size_t row;
    const struct hazard *hazard;
    struct arena *arena;
    struct item *items;
    size_t n;
    size_t capacity;
};

static enum err_code add(struct items *items, const struct grading_part *part, int32_t grade,
                         struct err *err)
{
    items->items = arena_grow(items->arena, items->items, &items->capacity, items->n + 1,
                              sizeof *items->items);
    if (!items->items)
        return err_nomem(err);
    items->items[items->n++] = (struct item){.part = *part, .grade = grade};
    return ERR_OK;
}

static enum err_code visit(void *context, const struct grading_part *part, struct err *err)
{
    enum err_code code = ERR_OK;
    struct items *items = context;
    if (part->kind != GRADING_HAZARD)
        return add(items, part, part->grade, err);
    bool blue_open = items->hazard->level == 4 && items->hazard->at_least;
    for (size_t i = 0; i < items->hazard->n_units; i++) {
        const struct hazard_unit *unit = &items->hazard->units[i];
        struct grading_part one = *part;
        one.index = i;
        if (unit->level != 0 || unit->undecided)
            TRY(add(items, &one, blue_open ? 0 : unit->level, err));
    }
done:
    return code;
}

/* Compares two texts as if `end` followed each. */
static int compare_until(const char *a, const char *b, char end)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    unsigned char x = (unsigned char)(*a ? *a : end);
    unsigned char y = (unsigned char)(*b ? *b : end);
    return (x > y) - (x < y);
}

static const char *name_of(uint8_t layer)
{
    return layer == LAYER_COUNT ? "" : layer_name((enum layer_id)layer);
}

static const char *id_in(const struct world *world, enum layer_id layer, int64_t row)
{
    return row < 0 ? "" : ((const struct record_head *)world_record(world, layer, (size_t)row))->id;
}

/* As the ids of the conflicts compare, "rule|source_layer/source_id|target_layer/target_id",
 * which nobody has to write for that. */
static int compare_findings(const struct world *world, struct finding_ref a, struct finding_ref b)
{
    const struct finding *x = finding_at(world, a);
    const struct finding *y = finding_at(world, b);
    /* Of one source, by one rule: a list has them by the row of the target, and rows are by id. */
    if (a.layer == b.layer && a.row == b.row && x->kind == y->kind && x->rule == y->rule &&
        x->target_layer == y->target_layer && x->target_slot != FINDING_NO_TARGET &&
        y->target_slot != FINDING_NO_TARGET && x->target_slot != y->target_slot)
        return a.k < b.k ? -1 : 1;
    const struct rule_source *rule_a = finding_rule(world, x);
    const struct rule_source *rule_b = finding_rule(world, y);
    int order = rule_a == rule_b
                    ? 0
                    : compare_until(rule_a ? rule_a->id : "", rule_b ? rule_b->id : "", '|');
    if (order == 0 && a.layer != b.layer)
        order = compare_until(layer_name(a.layer), layer_name(b.layer), '/');
    if (order == 0 && a.row != b.row)
        order = compare_until(id_in(world, a.layer, a.row), id_in(world, b.layer, b.row), '|');
    if (order == 0 && x->target_layer != y->target_layer)
        order = compare_until(name_of(x->target_layer), name_of(y->target_layer), '/');
    if (order == 0)
        order = strcmp(id_in(world, (enum layer_id)x->target_layer, finding_target_row(world, x)),
                       id_in(world, (enum layer_id)y->target_layer, finding_target_row(world, y)));
    return order;
}

/* Findings by the id of their conflict, after all else, which keeps its order; as many of them
 * as there is room for. The others are left in any order. */
static void sort_findings(const struct items *items, struct item *group, size_t n, size_t room)
{
    const struct world *world = items->words->world;
    size_t first = 0;
    while (first < n && group[first].part.kind != GRADING_FINDING)
        first++;
    size_t sorted = first;
    for (size_t i = first; i < n && group[i].part.kind == GRADING_FINDING; i++) {
        struct item item = group[i];
        size_t at = sorted;
        while (at > first &&
               compare_findings(world, item.part.finding, group[at - 1].part.finding) < 0)
            at--;
        if (at >= room)
            continue;
        if (sorted < room)
            sorted++;
        group[i] = group[sorted - 1];
        for (size_t to = sorted - 1; to > at; to--)
            group[to] = group[to - 1];
        group[at] = item;
    }
}

/* Reasons that grade come first, worst first. */
static void order(const struct items *items, size_t most, struct item *out)
{
    static const int32_t grades[] = {1, 2, 3, 4, 0};
    size_t n = 0;
    for (size_t g = 0; g < 5; g++) {
        size_t first = n;
        for (size_t i = 0; i < items->n; i++) {
            if (items->items[i].grade == grades[g])
                out[n++] = items->items[i];
        }
        if (first < most)
            sort_findings(items, out + first, n - first, most - first);
    }
}

/* ---- words ---- */

static enum err_code say_finding(const struct items *items, struct finding_ref ref,
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

static struct reason both(const char *text, const char *zh)
{
    return (struct reason){.text = text, .zh = zh};
}

/* Parts that take no more than a sentence. */
static struct reason say_plainly(const struct items *items, const struct item *item,
                                 struct arena *arena)
{
    const struct world *world = items->words->world;
    const struct enterprise *enterprise = world_enterprise(world, items->row);
    int32_t grade = item->grade;
    switch (item->part.kind) {
    case GRADING_CLOSED:
        return both("Not assessed: the enterprise is closed.", "未评估：企业已关闭。");
    case GRADING_DECLARED:
        return both(arena_printf(arena, "The enterprise declared %s.", reasons_grade_en(grade)),
                    arena_printf(arena, "企业自报等级：%s。", reasons_grade_zh(grade)));
    case GRADING_SCORE:
        return both(arena_printf(arena, "Score %g of the diagnosis and grading guide: %s.",
                                 enterprise->score_19, reasons_grade_en(grade)),
                    arena_printf(arena, "诊断分级指南（应急〔2018〕19号）得分 %g：%s。",
                                 enterprise->score_19, reasons_grade_zh(grade)));
    case GRADING_DIRECT_RED: {
        const struct direct_red *red = &world->rules->direct_red[item->part.index];
        struct reason reason =
            both(arena_printf(arena, "Direct red %s: %s.", red->source.id, red->text_en),
                 arena_printf(arena, "直接判红 %s：%s。", red->source.id, red->text_zh));
        reason.rule = &red->source;
        return reason;
    }
    case GRADING_CLEAR: {
        uint32_t n = findings_judged(world, enterprise->head.id);
        return both(arena_printf(arena,
                                 "No major hazard, and all of %u rules that speak of it are kept.",
                                 n),
                    arena_printf(arena, "不构成重大危险源，适用的 %u 条规则均符合。", n));
    }
    case GRADING_OPEN:
        return both("What is known does not decide a grade.", "现有数据不足以判定等级。");
    case GRADING_NOTHING:
    case GRADING_HAZARD:
    case GRADING_FINDING:
        break;
    }
    return both("Not assessed: there is no inventory to judge by.",
                "未评估：缺少危险化学品存量数据。");
}

static enum err_code say(const struct items *items, const struct item *item, struct arena *arena,
                         struct reason *out, struct err *err)
{
    enum err_code code = ERR_OK;
    if (item->part.kind == GRADING_HAZARD)
        TRY(hazard_reason(items->words->world, items->hazard,
                          &items->hazard->units[item->part.index], arena, out, err));
    else if (item->part.kind == GRADING_FINDING)
        TRY(say_finding(items, item->part.finding, arena, out, err));
    else
        *out = say_plainly(items, item, arena);
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

/* Its reasons to be in *ordered, the first `most` of them in order. */
static enum err_code list(struct items *items, size_t most, struct item **ordered, struct err *err)
{
    enum err_code code = ERR_OK;
    struct grading_sum sum;
    struct hazard *hazard = arena_new(items->arena, struct hazard, 1);
    if (!hazard)
        return err_nomem(err);
    items->hazard = hazard;
    TRY(grade_hazard(items->words, items->row, items->arena, hazard, err));
    TRY(grading_parts(items->words->world, items->row, hazard, items, visit, &sum, err));
    *ordered = arena_new(items->arena, struct item, items->n);
    if (!*ordered)
        return err_nomem(err);
    order(items, most, *ordered);
done:
    return code;
}

enum err_code grade_reasons_plant(const struct grade_words *words, size_t enterprise_row,
                                  size_t most, struct arena *arena, struct grade_said *out,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    struct items items = {.words = words, .row = enterprise_row, .arena = arena};
    struct item *ordered = NULL;
    TRY(list(&items, most, &ordered, err));
    for (out->n = 0; out->n < items.n && out->n < most; out->n++)
        TRY(say(&items, &ordered[out->n], arena, &out->reasons[out->n], err));
    out->n_all = items.n;
done:
    return code;
}

/* ---- before and after an edit ---- */

/* A list that both worlds share speaks of what stands in both; of a list that was made anew, only
 * of a distance is an equal finding of the same source an equal row (findings.h). */
static bool same_finding(const struct world *a, struct finding_ref x, const struct world *b,
                         struct finding_ref y)
{
    const struct finding_list *of_x = findings_of(a, x.layer, x.row);
    const struct finding_list *of_y = findings_of(b, y.layer, y.row);
    const struct finding *one = &of_x->items[x.k];
    if (of_x == of_y)
        return x.k == y.k;
    return x.layer == y.layer && world_slot(a, x.layer, x.row) == world_slot(b, y.layer, y.row) &&
           (one->kind == FINDING_DISTANCE || one->kind == FINDING_BEYOND) &&
           /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): equal ones are equal bytes */
           memcmp(one, &of_y->items[y.k], sizeof *one) == 0;
}

/* Whether two reasons to be have the same words: the enterprise and its inventory are as they
 * were. */
static bool said_alike(const struct items *a, const struct item *x, const struct items *b,
                       const struct item *y)
{
    const struct world *before = a->words->world;
    const struct world *after = b->words->world;
    if (x->part.kind != y->part.kind || x->grade != y->grade)
        return false;
    if (x->part.kind == GRADING_FINDING)
        return same_finding(before, x->part.finding, after, y->part.finding);
    if (x->part.kind == GRADING_CLEAR) {
        const char *id = world_enterprise(before, a->row)->head.id;
        return findings_judged(before, id) == findings_judged(after, id);
    }
    return x->part.index == y->part.index;
}

/* Those before: quoted, if the text that is known is of as many. */
static enum err_code say_before(const struct grade_said_pair *pair, const struct items *was,
                                const struct item *old, struct grade_said *before, struct err *err)
{
    enum err_code code = ERR_OK;
    const char **quotes = NULL;
    size_t n = 0;
    if (pair->known)
        TRY(reasons_split(pair->known, was->arena, &quotes, &n, err));
    bool known = n == before->n + (before->n_all > before->n);
    for (size_t i = 0; i < before->n; i++) {
        if (known)
            before->reasons[i] = (struct reason){.grade = old[i].grade, .json = quotes[i]};
        else
            TRY(say(was, &old[i], was->arena, &before->reasons[i], err));
    }
done:
    return code;
}

enum err_code grade_reasons_plant_both(const struct grade_said_pair *pair, size_t most,
                                       struct arena *arena, struct grade_said *before,
                                       struct grade_said *after, bool *same, struct err *err)
{
    enum err_code code = ERR_OK;
    struct items was = {.words = pair->before, .row = pair->before_row, .arena = arena};
    struct items is = {.words = pair->after, .row = pair->after_row, .arena = arena};
    struct item *old = NULL;
    struct item *now = NULL;
    TRY(list(&was, most, &old, err));
    TRY(list(&is, most, &now, err));
    before->n_all = was.n;
    after->n_all = is.n;
    before->n = was.n < most ? was.n : most;
    after->n = is.n < most ? is.n : most;
    *same = was.n == is.n;
    for (size_t i = 0; i < after->n && *same; i++)
        *same = said_alike(&was, &old[i], &is, &now[i]);
    if (*same)
        goto done;
    TRY(say_before(pair, &was, old, before, err));
    for (size_t i = 0; i < after->n; i++) {
        size_t k = 0;
        while (k < before->n && !said_alike(&was, &old[k], &is, &now[i]))
            k++;
        if (k < before->n)
            after->reasons[i] = before->reasons[k];
        else
            TRY(say(&is, &now[i], arena, &after->reasons[i], err));
    }
done:
    return code;
}
