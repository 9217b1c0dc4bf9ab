#include "geo/grades/grade_reasons.h"

#include "geo/grades/grade_words.h"
#include "geo/grades/grading.h"
#include "geo/grades/rollup.h"

#include "data/base/text.h"

#include <stdlib.h>
#include <string.h>

struct grade_known grade_known(const struct grade_words *words, size_t enterprise_row)
{
    const struct world *world = words->world;
    const struct grades_plant *plant = NULL;
    if (words->changing)
        plant = grades_plant_now(words->changing, enterprise_row);
    else if (words->state)
        plant = &words->state->plants[world_slot(world, LAYER_ENTERPRISES, enterprise_row)];
    if (plant)
        return (struct grade_known){plant->grade, plant->could_be, &plant->around};
    const struct grade_row *row =
        world_grade(world, "enterprise", world_enterprise(world, enterprise_row)->head.id, NULL);
    return row ? (struct grade_known){row->grade, row->could_be, NULL} : (struct grade_known){0};
}

/* ---- parts of a plant's grade ---- */

static struct reason both(const char *text, const char *zh)
{
    return (struct reason){.text = text, .zh = zh};
}

struct reason grade_say_plainly(const struct world *world, size_t enterprise_row,
                                const struct grading_part *part, struct arena *arena)
{
    const struct enterprise *enterprise = world_enterprise(world, enterprise_row);
    int32_t grade = part->grade;
    switch (part->kind) {
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
        const struct direct_red *red = &world->rules->direct_red[part->index];
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
    case GRADING_FINDINGS:
        break;
    }
    return both("Not assessed: there is no inventory to judge by.",
                "未评估：缺少危险化学品存量数据。");
}

/* ---- reasons ---- */

enum err_code grade_lead(const struct grade_words *words, size_t enterprise_row,
                         struct arena *arena, struct reason *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct grade_leads *leads = words->leads;
    uint32_t slot = world_slot(words->world, LAYER_ENTERPRISES, enterprise_row);
    struct grade_said said = {.reasons = out};
    for (size_t i = 0; leads && i < leads->n; i++) {
        if (leads->items[i].slot == slot) {
            *out = leads->items[i].said;
            return ERR_OK;
        }
    }
    *out = (struct reason){.text = "", .zh = ""};
    TRY(grade_reasons_plant(words, enterprise_row, 1, leads ? leads->arena : arena, &said, err));
    if (!leads)
        return ERR_OK;
    leads->items = arena_grow(leads->arena, leads->items, &leads->capacity, leads->n + 1,
                              sizeof *leads->items);
    if (!leads->items)
        return err_nomem(err);
    leads->items[leads->n++] = (struct grade_lead_said){slot, *out};
done:
    return code;
}

/* How many there are beside those that are told. */
static struct reason say_more(size_t n, struct arena *arena)
{
    return (struct reason){.text = arena_printf(arena, "And %zu more findings.", n),
                           .zh = arena_printf(arena, "另有 %zu 项。", n)};
}

/* There is room for one more reason. */
static enum err_code write_plant(struct grade_said *said, struct arena *arena, const char **json,
                                 struct err *err)
{
    size_t n = said->n;
    if (said->n_all > n) {
        said->reasons[n] = say_more(said->n_all - n, arena);
        n++;
    }
    if (said->n_led > 0)
        return reasons_write_end(said->reasons + said->n_led, n - said->n_led, arena, json, err);
    return reasons_write(said->reasons, n, arena, json, err);
}

static enum err_code of_plant(const struct grade_words *words, const char *id, struct arena *arena,
                              const char **json, struct err *err)
{
    enum err_code code = ERR_OK;
    struct reason reasons[GRADING_REASONS + 1];
    struct grade_said said = {.reasons = reasons};
    int64_t row = world_find(words->world, LAYER_ENTERPRISES, id);
    if (row >= 0)
        TRY(grade_reasons_plant(words, (size_t)row, GRADING_REASONS, arena, &said, err));
    TRY(write_plant(&said, arena, json, err));
done:
    return code;
}

enum err_code grade_reasons_ends(const struct grade_bystander *of, struct arena *arena,
                                 const char *ends[2], bool *same, struct err *err)
{
    enum err_code code = ERR_OK;
    struct reason reasons[2][GRADING_REASONS + 1];
    struct grade_said said[2] = {{.reasons = reasons[0]}, {.reasons = reasons[1]}};
    TRY(grade_reasons_plant_ends(of, arena, &said[0], &said[1], same, err));
    for (int i = 0; i < 2 && !*same; i++)
        TRY(write_plant(&said[i], arena, &ends[i], err));
done:
    return code;
}

/* As reasons_write puts say_more behind the others. */
const char *grade_reasons_end(size_t n_all, struct arena *arena)
{
    size_t n = n_all > GRADING_REASONS ? n_all - GRADING_REASONS : 0;
    if (n == 0)
        return "]";
    return arena_printf(arena, ",{\"text\":\"And %zu more findings.\",\"zh\":\"另有 %zu 项。\"}]",
                        n, n);
}

/* "enterprise/unit": either may hold a stroke. */
static enum err_code of_hazard_unit(const struct grade_words *words, const char *subject_id,
                                    struct arena *arena, const char **json, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = words->world;
    struct reason reason;
    size_t n = 0;
    for (const char *at = strchr(subject_id, '/'); at && n == 0; at = strchr(at + 1, '/')) {
        const char *id = arena_strndup(arena, subject_id, (size_t)(at - subject_id));
        struct hazard hazard;
        int64_t row = id ? world_find(world, LAYER_ENTERPRISES, id) : -1;
        if (!id)
            return err_nomem(err);
        if (row < 0)
            continue;
        TRY(grade_hazard(words, (size_t)row, arena, &hazard, err));
        for (size_t i = 0; i < hazard.n_units && n == 0; i++) {
            if (!text_equal(hazard.units[i].unit, at + 1))
                continue;
            TRY(hazard_reason(world, &hazard, &hazard.units[i], arena, &reason, err));
            n = 1;
        }
    }
    TRY(reasons_write(&reason, n, arena, json, err));
done:
    return code;
}

enum err_code grade_reasons(const struct grade_words *words, const struct grade_row *row,
                            struct arena *arena, const char **json, struct err *err)
{
    enum err_code code = ERR_OK;
    struct reason reasons[GRADE_REASONS_PLACE];
    size_t n = 0;
    *json = row->reasons;
    if (row->reasons)
        return ERR_OK;
    if (text_equal(row->subject, "enterprise"))
        return of_plant(words, row->subject_id, arena, json, err);
    if (text_equal(row->subject, "hazard_unit"))
        return of_hazard_unit(words, row->subject_id, arena, json, err);
    if (text_equal(row->subject, "cell"))
        TRY(grade_reasons_cell(words, row, arena, reasons, &n, err));
    else
        TRY(grade_reasons_unit(words, row, arena, reasons, &n, err));
    TRY(reasons_write(reasons, n, arena, json, err));
done:
    return code;
}
