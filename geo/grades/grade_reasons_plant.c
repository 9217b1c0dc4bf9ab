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

/* The first of those of one grade. */
struct group {
    struct item items[GRADING_REASONS];
    size_t n;
    size_t n_plain; /* before the findings, which come after all else but the last word */
};

/* Worst first; what gives no grade comes last. */
enum { GROUPS = 5 };

struct items {
    const struct grade_words *words;
    size_t row;
    const struct hazard *hazard;
    struct arena *arena;
    size_t most;
    struct group groups[GROUPS]; /* at most `most` each */
    size_t n_all;
};

static struct items items_of(const struct grade_words *words, size_t row, size_t most,
                             struct arena *arena)
{
    struct items items;
    items.words = words;
    items.row = row;
    items.hazard = NULL;
    items.arena = arena;
    items.most = most;
    items.n_all = 0;
    for (size_t g = 0; g < GROUPS; g++)
        items.groups[g].n = items.groups[g].n_plain = 0;
    return items;
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
static int compare_findings(const struct world *world, const struct grading_part *one,
                            const struct grading_part *other)
{
    const struct finding_ref a = one->finding, b = other->finding;
    const struct finding *x = one->found;
    const struct finding *y = other->found;
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

/* Findings are kept by the id of their conflict, all else as it comes. A plant in a town has
 * thousands, of which twenty are told. */
static void add(struct items *items, const struct grading_part *part, int32_t grade)
{
    struct group *group = &items->groups[grade >= 1 && grade < GROUPS ? grade - 1 : GROUPS - 1];
    size_t at = group->n;
    items->n_all++;
    if (part->kind == GRADING_FINDING) {
        while (at > group->n_plain &&
               compare_findings(items->words->world, part, &group->items[at - 1].part) < 0)
            at--;
    } else if (at == group->n_plain && at < items->most) {
        group->n_plain++;
    }
    if (at >= items->most)
        return;
    if (group->n < items->most)
        group->n++;
    memmove(group->items + at + 1, group->items + at, (group->n - 1 - at) * sizeof *group->items);
    group->items[at] = (struct item){.part = *part, .grade = grade};
}

static enum err_code visit(void *context, const struct grading_part *part, struct err *err)
{
    struct items *items = context;
    (void)err;
    if (part->kind != GRADING_HAZARD) {
        add(items, part, part->grade);
        return ERR_OK;
    }
    bool blue_open = items->hazard->level == 4 && items->hazard->at_least;
    for (size_t i = 0; i < items->hazard->n_units; i++) {
        const struct hazard_unit *unit = &items->hazard->units[i];
        struct grading_part one = *part;
        one.index = i;
        if (unit->level != 0 || unit->undecided)
            add(items, &one, blue_open ? 0 : unit->level);
    }
    return ERR_OK;
}

/* The first of all: of each grade, worst first. */
static size_t order(const struct items *items, struct item *out)
{
    size_t n = 0;
    for (size_t g = 0; g < GROUPS; g++)
        for (size_t i = 0; i < items->groups[g].n && n < items->most; i++)
            out[n++] = items->groups[g].items[i];
    return n;
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

/* The first of its reasons to be, in order. */
static enum err_code list(struct items *items, struct item ordered[GRADING_REASONS], size_t *n,
                          struct err *err)
{
    enum err_code code = ERR_OK;
    struct grading_sum sum;
    struct hazard *hazard = arena_new(items->arena, struct hazard, 1);
    if (!hazard)
        return err_nomem(err);
    items->hazard = hazard;
    TRY(grade_hazard(items->words, items->row, items->arena, hazard, err));
    TRY(grading_parts(items->words->world, items->row, hazard, items, visit, &sum, err));
    *n = order(items, ordered);
done:
    return code;
}

enum err_code grade_reasons_plant(const struct grade_words *words, size_t enterprise_row,
                                  size_t most, struct arena *arena, struct grade_said *out,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    struct items items = items_of(words, enterprise_row, most, arena);
    struct item ordered[GRADING_REASONS];
    size_t n = 0;
    TRY(list(&items, ordered, &n, err));
    for (out->n = 0; out->n < n; out->n++)
        TRY(say(&items, &ordered[out->n], arena, &out->reasons[out->n], err));
    out->n_all = items.n_all;
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
    const struct finding *one = finding_list_at(of_x, x.k);
    if (of_x == of_y)
        return x.k == y.k;
    return x.layer == y.layer && world_slot(a, x.layer, x.row) == world_slot(b, y.layer, y.row) &&
           (one->kind == FINDING_DISTANCE || one->kind == FINDING_BEYOND) &&
           /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): equal ones are equal bytes */
           memcmp(one, finding_list_at(of_y, y.k), sizeof *one) == 0;
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
    struct items was = items_of(pair->before, pair->before_row, most, arena);
    struct items is = items_of(pair->after, pair->after_row, most, arena);
    struct item old[GRADING_REASONS];
    struct item now[GRADING_REASONS];
    TRY(list(&was, old, &before->n, err));
    TRY(list(&is, now, &after->n, err));
    before->n_all = was.n_all;
    after->n_all = is.n_all;
    *same = was.n_all == is.n_all;
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
