/* grade_reasons_place.c - why a cell or a unit has its grade: the worst sources, and shares. */
#include "geo/grades/grade_words.h"
#include "geo/world/near.h"
#include "geo/grades/rollup.h"

#include "data/base/text.h"
#include "geo/measure/ellipsoid.h"

#include <stdio.h>
#include <stdlib.h>

/* An enterprise that may have to be named. */
struct candidate {
    uint32_t row;
    int32_t grade;
    int32_t could_be;
};

struct candidates {
    const struct grade_words *words;
    struct arena *arena;
    struct candidate *items;
    size_t n;
    size_t capacity;
    bool failed; /* no memory */
};

static bool add(struct candidates *candidates, uint32_t row)
{
    struct grade_known known = grade_known(candidates->words, row);
    struct candidate one = {row, known.grade, known.could_be};
    candidates->items = arena_grow(candidates->arena, candidates->items, &candidates->capacity,
                                   candidates->n + 1, sizeof *candidates->items);
    candidates->failed = !candidates->items;
    if (!candidates->failed && one.could_be > 0)
        candidates->items[candidates->n++] = one;
    return !candidates->failed;
}

static bool visit_plant(void *context, uint32_t row)
{
    return add(context, row);
}

static bool visit_zone(void *context, uint32_t row)
{
    struct candidates *candidates = context;
    const struct world *world = candidates->words->world;
    int64_t owner = world_find(world, LAYER_ENTERPRISES, world_zone(world, row)->enterprise_id);
    return owner < 0 || add(candidates, (uint32_t)owner);
}

static int rank(int32_t grade)
{
    return grade ? grade : 5;
}

/* By grade, ungraded last, then by row. */
static int compare(const void *a, const void *b)
{
    const struct candidate *x = a;
    const struct candidate *y = b;
    if (x->grade != y->grade)
        return rank(x->grade) < rank(y->grade) ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void sort_once(struct candidates *candidates)
{
    size_t kept = 0;
    if (candidates->n > 1)
        qsort(candidates->items, candidates->n, sizeof *candidates->items, compare);
    for (size_t i = 0; i < candidates->n; i++) {
        if (i == 0 || candidates->items[i].row != candidates->items[i - 1].row)
            candidates->items[kept++] = candidates->items[i];
    }
    candidates->n = kept;
}

/* ---- a cell ---- */

/* Whether a source touches the cell, and whether as what it is graded. */
static enum err_code reaches(const struct candidates *candidates, const struct candidate *candidate,
                             struct tile tile, bool *touches, bool *by_grade, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct grade_words *words = candidates->words;
    struct grades_plant plant = {.grade = (uint8_t)candidate->grade,
                                 .could_be = (uint8_t)candidate->could_be};
    struct grades_source source;
    struct grades_gather gather;
    *touches = *by_grade = false;
    TRY(grades_source_of(words->world, candidate->row, &plant, candidates->arena, &source, err));
    TRY(grades_gather_init(&gather, words->world, words->worker, candidates->arena,
                           candidates->arena, err));
    TRY(grades_gather_source(&gather, &source, 0, err));
    for (size_t i = 0; i < gather.n_cells; i++) {
        if (!tile_equal(gather.cells[i].tile, tile))
            continue;
        *touches = true;
        *by_grade = gather.cells[i].by_grade;
    }
done:
    return code;
}

static double widest_reach_m(const struct parameters *parameters)
{
    double widest_m = 0;
    for (int grade = 1; grade <= 4; grade++)
        widest_m = fmax(widest_m, parameters->reach_m[grade]);
    return widest_m;
}

static enum err_code find_sources(const struct grade_words *words, struct tile tile,
                                  struct candidates *out, struct err *err)
{
    static const double TRIFLE_DEG = 1e-9;
    const struct world *world = words->world;
    struct box box = rollup_cell_box(world->rules->parameters.cell_deg, tile.column, tile.row);
    box = (struct box){box.west_deg - TRIFLE_DEG, box.south_deg - TRIFLE_DEG,
                       box.east_deg + TRIFLE_DEG, box.north_deg + TRIFLE_DEG};
    world_visit(world, LAYER_ZONES, box, out, visit_zone);
    box = ellipsoid_expand(box, widest_reach_m(&world->rules->parameters) + 1);
    if (!out->failed)
        world_visit(world, LAYER_ENTERPRISES, box, out, visit_plant);
    if (out->failed)
        return err_nomem(err);
    sort_once(out);
    return ERR_OK;
}

/* The worst that reach it as what they are; then, by row, those that only could. */
enum err_code grade_named_cell(const struct grade_words *words, struct tile tile,
                               struct arena *arena, struct grades_worst *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct candidates candidates = {.words = words, .arena = arena};
    struct candidates open = {.words = words, .arena = arena};
    *out = (struct grades_worst){.n = 0};
    TRY(find_sources(words, tile, &candidates, err));
    for (size_t i = 0; i < candidates.n && out->n < GRADES_WORST; i++) {
        const struct candidate *candidate = &candidates.items[i];
        bool touches;
        bool by_grade;
        TRY(reaches(&candidates, candidate, tile, &touches, &by_grade, err));
        if (touches && by_grade && candidate->grade > 0)
            grades_worst_push(out, world_slot(words->world, LAYER_ENTERPRISES, candidate->row),
                              candidate->grade);
        else if (touches && !add(&open, candidate->row))
            return err_nomem(err);
    }
    for (size_t i = 0; i < open.n; i++)
        open.items[i].grade = 0;
    sort_once(&open);
    for (size_t i = 0; i < open.n && out->n < GRADES_WORST; i++)
        grades_worst_push(out, world_slot(words->world, LAYER_ENTERPRISES, open.items[i].row),
                          GRADES_OPEN);
done:
    return code;
}

static enum err_code say_source(const struct grade_words *words, uint32_t slot, int32_t rank,
                                struct arena *arena, struct reason *out, struct err *err)
{
    size_t row = (size_t)world_row(words->world, LAYER_ENTERPRISES, slot);
    const struct record_head *head = world_record(words->world, LAYER_ENTERPRISES, row);
    int32_t as = rank == GRADES_OPEN ? 0 : rank;
    int32_t shown = as ? as : grade_known(words, row).could_be;
    *out = (struct reason){
        .grade = as,
        .text = arena_printf(arena, "%s (%s%s) reaches this cell.", reasons_name(head),
                             as ? "" : "could be ", reasons_grade_en(shown)),
        .zh = arena_printf(arena, "%s（%s%s）的影响范围触及本格。", reasons_name(head),
                           as ? "" : "可能为", reasons_grade_zh(shown)),
        .source = reasons_ref(LAYER_ENTERPRISES, head->id, arena)};
    return out->text && out->zh && out->source ? ERR_OK : err_nomem(err);
}

/* Who is named in a cell that an edit under way or the state knows. */
static const struct grades_worst *known_cell(const struct grade_words *words, struct tile tile)
{
    const struct grades_tile *known = NULL;
    if (words->changing) {
        known = grades_tile_find(&words->changing->step->tiles, tile);
        if (known)
            return &words->changing->step->tile_steps[known - words->changing->step->tiles.items]
                        .after.cell.worst;
    }
    if (words->state)
        known = grades_tile_find(&words->state->tiles, tile);
    return known ? &known->cell.worst : NULL;
}

enum err_code grade_reasons_cell(const struct grade_words *words, const struct grade_row *row,
                                 struct arena *arena, struct reason out[GRADE_REASONS_PLACE],
                                 size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    struct grades_worst found;
    long column = 0;
    long line = 0;
    *n = 0;
    if (sscanf(row->subject_id, "%ld_%ld", &column, &line) != 2)
        return err_set(err, ERR_INPUT, "\"%s\" names no cell", row->subject_id);
    struct tile tile = {(int32_t)column, (int32_t)line};
    const struct grades_worst *worst = known_cell(words, tile);
    if (!worst) {
        TRY(grade_named_cell(words, tile, arena, &found, err));
        worst = &found;
    }
    for (; *n < worst->n; ++*n)
        TRY(say_source(words, worst->slots[*n], worst->ranks[*n], arena, &out[*n], err));
done:
    return code;
}

/* ---- a unit ---- */

static struct reason plain(int32_t grade, const char *text, const char *zh)
{
    return (struct reason){.grade = grade, .text = text, .zh = zh};
}

/* Rounding of shares, as rollup_share_grade allows it. */
static const double TIE = 1e-12;

static struct reason share_reason(const struct world *world, const struct grade_row *row,
                                  struct arena *arena)
{
    const struct parameters *parameters = &world->rules->parameters;
    int32_t grade = row->grade;
    if (!(row->persons > 0))
        return plain(0, "No residents are known here.", "此处没有人口数据。");
    if (grade >= 1 && grade <= 3 && row->value + TIE >= parameters->share_threshold[grade])
        return plain(
            grade,
            arena_printf(arena,
                         "%.2f %% of %.0f residents live in reach of sources graded %s or worse; "
                         "%g %% is the threshold.",
                         100 * row->value, row->persons, reasons_grade_en(grade),
                         100 * parameters->share_threshold[grade]),
            arena_printf(arena,
                         "%.0f 名居民中有 %.2f %% 处于%s及以上风险源影响范围内，阈值为 %g %%。",
                         row->persons, 100 * row->value, reasons_grade_zh(grade),
                         100 * parameters->share_threshold[grade]));
    if (grade == 3)
        return plain(grade, "A red source stands inside; a unit with one is never milder.",
                     "辖区内有红色风险源，不得低于黄色。");
    if (grade == 4)
        return plain(
            grade,
            arena_printf(arena,
                         "%.2f %% of %.0f residents live in reach of sources graded "
                         "yellow or worse; that is below every threshold.",
                         100 * row->value, row->persons),
            arena_printf(arena,
                         "%.0f 名居民中有 %.2f %% 处于黄色及以上风险源影响范围内，低于各级阈值。",
                         row->persons, 100 * row->value));
    return plain(0, "Nothing inside was assessed.", "辖区内没有已评估的对象。");
}

static struct reason unit_lead(const struct world *world, const struct grade_row *row,
                               struct arena *arena)
{
    if (text_equal(row->method, "share"))
        return share_reason(world, row, arena);
    if (text_equal(row->method, "index"))
        return plain(
            row->grade,
            arena_printf(arena, "Index %g: %d red, %d orange, %d yellow, %d blue enterprises.",
                         row->value, row->n_red, row->n_orange, row->n_yellow, row->n_blue),
            arena_printf(arena, "指数 %g：红 %d、橙 %d、黄 %d、蓝 %d 家。", row->value, row->n_red,
                         row->n_orange, row->n_yellow, row->n_blue));
    if (row->grade == 0)
        return plain(0, "Nothing inside was assessed.", "辖区内没有已评估的对象。");
    return plain(
        row->grade,
        arena_printf(arena, "The worst enterprise inside is %s.", reasons_grade_en(row->grade)),
        arena_printf(arena, "辖区内企业的最高等级为%s。", reasons_grade_zh(row->grade)));
}

/* Whether the unit is one that the plant counts in: its smallest unit, that unit's parents, and
 * where a parent is not told the unit that holds the place. */
static bool counts_in(const struct world *world, uint32_t plant, size_t unit_row)
{
    struct lonlat place = near_place(world_geom(world, LAYER_ENTERPRISES, plant));
    int32_t wanted = world_admin(world, unit_row)->level;
    const char *parent = NULL;
    for (int32_t level = 4; level >= wanted; level--) {
        int64_t row = parent ? world_unit(world, parent) : -1;
        if (row < 0 || world_admin(world, (size_t)row)->level != level)
            row = world_unit_at(world, level, place);
        if (level == wanted)
            return row == (int64_t)unit_row;
        parent = row < 0 ? parent : world_admin(world, (size_t)row)->parent;
    }
    return false;
}

/* Plants in the boxes of the unit and of all that name it as a parent, or a parent's parent. */
static enum err_code find_plants(const struct grade_words *words, size_t unit_row,
                                 struct candidates *out, struct err *err)
{
    const struct world *world = words->world;
    const char *code = world_admin(world, unit_row)->code;
    struct box box = world_geom(world, LAYER_ADMIN, unit_row)->box;
    for (size_t row = 0; row < world_count(world, LAYER_ADMIN); row++) {
        const struct admin_unit *unit = world_admin(world, row);
        for (int up = 0; up < 4 && unit && unit->parent; up++) {
            if (text_equal(unit->parent, code)) {
                box = box_union(box, world_geom(world, LAYER_ADMIN, row)->box);
                break;
            }
            int64_t next = world_unit(world, unit->parent);
            unit = next < 0 ? NULL : world_admin(world, (size_t)next);
        }
    }
    world_visit(world, LAYER_ENTERPRISES, box, out, visit_plant);
    if (out->failed)
        return err_nomem(err);
    sort_once(out);
    return ERR_OK;
}

enum err_code grade_named_unit(const struct grade_words *words, size_t unit_row,
                               struct arena *arena, struct grades_worst *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct candidates candidates = {.words = words, .arena = arena};
    *out = (struct grades_worst){.n = 0};
    TRY(find_plants(words, unit_row, &candidates, err));
    for (size_t i = 0; i < candidates.n && out->n < GRADES_WORST; i++) {
        const struct candidate *candidate = &candidates.items[i];
        if (candidate->grade > 0 && counts_in(words->world, candidate->row, unit_row))
            grades_worst_push(out, world_slot(words->world, LAYER_ENTERPRISES, candidate->row),
                              candidate->grade);
    }
done:
    return code;
}

static enum err_code say_plant(const struct grade_words *words, uint32_t slot, int32_t grade,
                               struct arena *arena, struct reason *out, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t row = (size_t)world_row(words->world, LAYER_ENTERPRISES, slot);
    const struct record_head *head = world_record(words->world, LAYER_ENTERPRISES, row);
    struct reason lead;
    TRY(grade_lead(words, row, arena, &lead, err));
    *out = (struct reason){.grade = grade,
                           .text = arena_printf(arena, "%s is %s. %s", reasons_name(head),
                                                reasons_grade_en(grade), lead.text),
                           .zh = arena_printf(arena, "%s：%s。%s", reasons_name(head),
                                              reasons_grade_zh(grade), lead.zh),
                           .source = reasons_ref(LAYER_ENTERPRISES, head->id, arena)};
    if (!out->text || !out->zh || !out->source)
        code = err_nomem(err);
done:
    return code;
}

static const struct grades_worst *known_unit(const struct grade_words *words, uint32_t slot)
{
    const struct grades_step *step = words->changing ? words->changing->step : NULL;
    for (size_t i = 0; step && i < step->n_units; i++) {
        if (step->units[i].slot == slot)
            return &step->units[i].inside.worst;
    }
    if (!words->state || slot >= words->state->n_units || !words->state->units[slot])
        return NULL;
    return &words->state->units[slot]->inside.worst;
}

enum err_code grade_reasons_unit(const struct grade_words *words, const struct grade_row *row,
                                 struct arena *arena, struct reason out[GRADE_REASONS_PLACE],
                                 size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    struct grades_worst found;
    int64_t unit = world_unit(words->world, row->subject_id);
    *n = 0;
    out[(*n)++] = unit_lead(words->world, row, arena);
    if (!out[0].text || !out[0].zh)
        return err_nomem(err);
    if (unit < 0)
        return ERR_OK;
    const struct grades_worst *worst =
        known_unit(words, world_slot(words->world, LAYER_ADMIN, (size_t)unit));
    if (!worst) {
        TRY(grade_named_unit(words, (size_t)unit, arena, &found, err));
        worst = &found;
    }
    for (size_t i = 0; i < worst->n; i++)
        TRY(say_plant(words, worst->slots[i], worst->ranks[i], arena, &out[(*n)++], err));
done:
    return code;
}
