#include "geo/findings/hazard.h"

#include "data/base/text.h"
#include "geo/measure/ellipsoid.h"
#include "geo/measure/overlay.h"
#include "geo/world/population.h"
#include "geo/verdict/verdict.h"

#include <stdlib.h>
#include <string.h>

/* Sums over the inventory of a unit; [low, high] where a part is open. */
struct sums {
    double s_low, s_high;
    double b_low, b_high; /* sum beta q/Q */
    const char *open;     /* first row that left something open */
};

/* Edge of what lies round an outline, m: persons change by less than one in ten thousand. */
static const double BUFFER_TOLERANCE_M = 0.01;

/* A circle about a point is a polygon of the circle's area whose edge strays by so much to
 * either side: where people live evenly it counts them exactly, and else to one in ten
 * thousand. */
static const double CIRCLE_TOLERANCE_M = 0.1;

/* A share of area that rounding alone can make. */
static const double NO_SHARE = 1e-9;

static void add_sums(struct sums *to, const struct sums *more)
{
    to->s_low += more->s_low;
    to->s_high += more->s_high;
    to->b_low += more->b_low;
    to->b_high += more->b_high;
    if (!to->open)
        to->open = more->open;
}

/* Smallest and largest beta of the categories in force: what an unknown symbol leaves open. */
static void beta_range(const struct world *world, double *low, double *high)
{
    const struct rules *rules = world->rules;
    *low = INFINITY;
    *high = 0;
    for (size_t i = 0; i < rules->n_categories; i++) {
        if (!rule_holds(&rules->categories[i].source, world->as_of))
            continue;
        *low = fmin(*low, rules->categories[i].beta);
        *high = fmax(*high, rules->categories[i].beta);
    }
    if (*low > *high) {
        *low = 0;
        *high = INFINITY;
    }
}

static const struct category *category_in_force(const struct world *world, const char *symbol)
{
    const struct category *category =
        symbol && *symbol ? rules_category(world->rules, symbol) : NULL;
    return category && rule_holds(&category->source, world->as_of) ? category : NULL;
}

struct hazard_item hazard_item_of(const struct world *world, const struct inventory_item *item)
{
    const struct substance *substance =
        item->substance ? rules_substance(world->rules, item->substance) : NULL;
    if (substance && !rule_holds(&substance->source, world->as_of))
        substance = NULL;
    const struct category *category = category_in_force(world, item->category);
    if (substance && *substance->category && confidence_decides(substance->category_confidence))
        category = category_in_force(world, substance->category);
    struct hazard_item out = {.substance = substance, .category = category};
    if (!(item->q_t >= 0) || (!substance && !category)) {
        out.critical_t = (double)NAN;
        out.share = out.beta_high = (double)INFINITY;
        out.open = true;
        return out;
    }
    out.critical_t = substance ? substance->critical_t : category->critical_t;
    out.share = item->q_t / out.critical_t;
    if (substance && !isnan(substance->beta)) {
        out.beta_low = out.beta_high = substance->beta;
    } else if (category) {
        out.beta_low = out.beta_high = category->beta;
    } else {
        beta_range(world, &out.beta_low, &out.beta_high);
        out.open = true;
    }
    return out;
}

/* One inventory row: its share q/Q and what it adds to sum beta q/Q. */
static struct sums sums_of_item(const struct world *world, const struct inventory_item *item)
{
    struct sums sums = {0, 0, 0, 0, NULL};
    struct hazard_item one = hazard_item_of(world, item);
    if (one.open)
        sums.open = item->substance ? item->substance : reasons_name(&item->head);
    sums.s_high = sums.b_high = (double)INFINITY;
    if (isinf(one.share))
        return sums;
    sums.s_low = sums.s_high = one.share;
    sums.b_low = one.beta_low * one.share;
    sums.b_high = one.share > 0 ? one.beta_high * one.share : 0;
    return sums;
}

/* What lies inside outer and not in inner, which outer holds whole: the rings of both, those of
 * inner the other way round. For a grid, which asks no more than rings. */
static enum err_code ring_between(const struct geom *outer, const struct geom *inner,
                                  struct arena *arena, struct geom *out, struct err *err)
{
    size_t n_points = (size_t)outer->n_points + inner->n_points;
    size_t n_rings = (size_t)outer->n_rings + inner->n_rings;
    struct lonlat *points = arena_new(arena, struct lonlat, n_points);
    uint32_t *ring_ends = arena_new(arena, uint32_t, n_rings);
    uint32_t *part_ends = arena_new(arena, uint32_t, 1);
    if (!points || !ring_ends || !part_ends)
        return err_nomem(err);
    memcpy(points, outer->points, outer->n_points * sizeof *points);
    memcpy(ring_ends, outer->ring_ends, outer->n_rings * sizeof *ring_ends);
    for (uint32_t ring = 0; ring < inner->n_rings; ring++) {
        uint32_t start = geom_ring_start(inner, ring);
        uint32_t end = inner->ring_ends[ring];
        for (uint32_t i = start; i < end; i++)
            points[outer->n_points + i] = inner->points[start + end - 1 - i];
        ring_ends[outer->n_rings + ring] = outer->n_points + end;
    }
    part_ends[0] = (uint32_t)n_rings;
    *out = *outer;
    out->n_points = (uint32_t)n_points;
    out->n_rings = (uint32_t)n_rings;
    out->n_parts = 1;
    out->points = points;
    out->ring_ends = ring_ends;
    out->part_ends = part_ends;
    return ERR_OK;
}

static enum err_code circle_of(struct lonlat centre, double radius_m, struct arena *arena,
                               struct geom *out, struct err *err)
{
    double half_angle = sqrt(min_of(4 * CIRCLE_TOLERANCE_M / radius_m, 0.5));
    size_t n = 4 * (size_t)ceil(M_PI / 4 / half_angle);
    double angle = 2 * M_PI / (double)n;
    struct lonlat *ring = arena_new(arena, struct lonlat, n);
    if (!ring)
        return err_nomem(err);
    ellipsoid_circle(centre, radius_m * sqrt(angle / sin(angle)), n, ring);
    return geom_of_ring(ring, n, arena, out, err);
}

/* Everything within radius_m of a plant. */
static enum err_code around_plant(struct worker *worker, const struct geom *plant, double radius_m,
                                  struct arena *arena, struct geom *out, struct err *err)
{
    static const double NEAR_POLE_DEG = 80;
    if (plant->kind == GEOM_POINT && plant->n_points == 1 && radius_m > 0 &&
        fabs(plant->points[0].lat_deg) < NEAR_POLE_DEG)
        return circle_of(plant->points[0], radius_m, arena, out, err);
    return overlay_buffer(worker->overlay, plant, radius_m, BUFFER_TOLERANCE_M, arena, out, err);
}

enum err_code hazard_exposure(const struct world *world, struct worker *worker,
                              size_t enterprise_row, double radius_m, struct arena *scratch,
                              struct exposure *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct enterprise *enterprise = world_enterprise(world, enterprise_row);
    const struct geom *shape = &enterprise->head.geom;
    struct geom inner = *shape;
    struct geom outer;
    struct geom ring;
    *out = (struct exposure){NAN, NAN, NAN, 0, 0, NAN, 1, NAN};
    if (!population_known(world) || shape->kind == GEOM_NONE)
        return ERR_OK;
    double plant_m = 0;
    if (shape->kind == GEOM_POINT) {
        plant_m = rules_radius_m(world->rules, enterprise);
        TRY(around_plant(worker, shape, plant_m, scratch, &inner, err));
    }
    TRY(around_plant(worker, shape, plant_m + radius_m, scratch, &outer, err));
    if (world->population.n_columns > 0)
        TRY(ring_between(&outer, &inner, scratch, &ring, err));
    else
        TRY(overlay_difference(worker->overlay, &outer, &inner, scratch, &ring, err));
    TRY(population_within(world, worker, &ring, scratch, out, err));
done:
    return code == ERR_OK ? code : err_wrap(err, "enterprise \"%s\"", enterprise->head.id);
}

static double step_value(const struct step *step)
{
    return step ? step->value : 0;
}

static void find_alpha(const struct rules *rules, const struct exposure *around, struct hazard *out)
{
    out->around = *around;
    out->no_data = !(around->nodata_share <= NO_SHARE);
    /* Anybody may live where there is no data. */
    double known = out->no_data ? fmax(0, around->low) : around->persons;
    double most = out->no_data ? (double)INFINITY : around->high;
    struct step_range alpha = verdict_steps(rules->alpha, rules->n_alpha, known, most);
    out->alpha = step_value(alpha.at_low);
    out->alpha_high = step_value(alpha.at_high);
}

/* 1 is worst and 0 is none. */
static int32_t worse_level(int32_t a, int32_t b)
{
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

static void judge_unit(const struct rules *rules, const struct hazard *hazard,
                       const struct sums *sums, struct hazard_unit *unit)
{
    unit->s = sums->s_low;
    unit->s_high = sums->s_high;
    unit->r = hazard->alpha * sums->b_low;
    unit->r_high = hazard->alpha_high * sums->b_high;
    /* A major hazard from S >= 1; its level by R. */
    const struct quantity s = {.low = unit->s, .high = unit->s_high};
    const struct limit one = {
        .must_be = MUST_BE_BELOW, .mildest = 1, .strictest = 1, .resolution = VERDICT_SUMS};
    struct judgement major = verdict_judge(&s, &one);
    struct step_range level =
        verdict_steps(rules->hazard_levels, rules->n_hazard_levels, unit->r, unit->r_high);
    unit->level = major.verdict == VERDICT_CONFLICT ? (int32_t)step_value(level.at_low) : 0;
    unit->could_be = major.verdict == VERDICT_CLEAR ? 0 : (int32_t)step_value(level.at_high);
    unit->open_substance = sums->open;
}

static void finish_unit(const struct hazard *hazard, struct hazard_unit *unit)
{
    unit->undecided = unit->could_be != unit->level;
    unit->at_least = unit->undecided && (hazard->no_data || unit->open_substance);
}

/* A row of the inventory, to be sorted. */
struct item_ref {
    const struct inventory_item *item;
};

/* By unit, those without first, then by id. */
static int compare_items(const void *a, const void *b)
{
    const struct inventory_item *i = ((const struct item_ref *)a)->item;
    const struct inventory_item *j = ((const struct item_ref *)b)->item;
    if (!i->unit != !j->unit)
        return i->unit ? 1 : -1;
    int by_unit = i->unit ? strcmp(i->unit, j->unit) : 0;
    return by_unit ? by_unit : strcmp(i->head.id, j->head.id);
}

/* The rows that name no unit: what one of them reaches alone holds, what their sum reaches may
 * be. */
static void judge_loose(const struct world *world, const struct item_ref *items, size_t n,
                        struct hazard *hazard, struct sums *loose)
{
    struct hazard_unit *unit = &hazard->units[hazard->n_units];
    int32_t alone = 0;
    for (size_t i = 0; i < n; i++) {
        struct sums one = sums_of_item(world, items[i].item);
        struct hazard_unit single = {.unit = NULL};
        judge_unit(world->rules, hazard, &one, &single);
        alone = worse_level(alone, single.level);
        add_sums(loose, &one);
    }
    judge_unit(world->rules, hazard, loose, unit);
    unit->unit = "*";
    unit->level = alone;
    finish_unit(hazard, unit);
    hazard->n_units++;
}

static void judge_units(const struct world *world, const struct item_ref *items, size_t n,
                        struct hazard *hazard)
{
    struct sums loose = {0, 0, 0, 0, NULL};
    for (size_t from = 0; from < n;) {
        const char *name = items[from].item->unit;
        size_t to = from;
        struct sums sums = {0, 0, 0, 0, NULL};
        while (to < n && text_equal(items[to].item->unit, name)) {
            struct sums one = sums_of_item(world, items[to++].item);
            add_sums(&sums, &one);
        }
        if (!name) {
            judge_loose(world, items + from, to - from, hazard, &loose);
        } else {
            struct hazard_unit *unit = &hazard->units[hazard->n_units++];
            struct hazard_unit with_loose;
            judge_unit(world->rules, hazard, &sums, unit);
            unit->unit = name;
            finish_unit(hazard, unit);
            add_sums(&sums, &loose);
            judge_unit(world->rules, hazard, &sums, &with_loose);
            hazard->could_be = worse_level(hazard->could_be, with_loose.could_be);
        }
        from = to;
    }
}

enum err_code hazard_judge(const struct world *world, size_t enterprise_row,
                           const struct exposure *around, struct arena *arena,
                           struct arena *scratch, struct hazard *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const uint32_t *rows = NULL;
    size_t n = 0;
    *out = (struct hazard){.units = NULL};
    world_of_enterprise(world, LAYER_INVENTORY, world_enterprise(world, enterprise_row)->head.id,
                        &rows, &n);
    find_alpha(world->rules, around, out);
    if (n == 0)
        goto done;
    struct item_ref *items = arena_new(scratch, struct item_ref, n);
    out->units = arena_new(arena, struct hazard_unit, n);
    if (!items || !out->units) {
        code = err_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < n; i++)
        items[i].item = world_inventory(world, rows[i]);
    qsort(items, n, sizeof *items, compare_items);
    judge_units(world, items, n, out);
    for (size_t i = 0; i < out->n_units; i++) {
        const struct hazard_unit *unit = &out->units[i];
        out->level = worse_level(out->level, unit->level);
        out->could_be = worse_level(out->could_be, unit->could_be);
        out->n_undecided += unit->undecided;
        out->at_least |= unit->at_least;
    }
done:
    return code;
}

enum err_code hazard_of(const struct world *world, struct worker *worker, size_t enterprise_row,
                        struct arena *arena, struct arena *scratch, struct hazard *out,
                        struct err *err)
{
    enum err_code code = ERR_OK;
    struct exposure around;
    TRY(hazard_exposure(world, worker, enterprise_row, world->rules->parameters.alpha_radius_m,
                        scratch, &around, err));
    TRY(hazard_judge(world, enterprise_row, &around, arena, scratch, out, err));
done:
    return code;
}

static const char *level_zh(int32_t level)
{
    static const char *const names[] = {"不构成重大危险源", "一级重大危险源", "二级重大危险源",
                                        "三级重大危险源", "四级重大危险源"};
    return level >= 0 && level <= 4 ? names[level] : names[0];
}

static const char *level_en(int32_t level, struct arena *arena)
{
    return level ? arena_printf(arena, "major hazard of level %d", level) : "no major hazard";
}

/* Why the level is open, in both languages; the first that holds. */
static void say_why_open(const struct hazard *hazard, const struct hazard_unit *unit,
                         struct arena *arena, const char **en, const char **zh)
{
    if (unit->open_substance) {
        *en = arena_printf(arena, "the category of \"%s\" is not known", unit->open_substance);
        *zh = arena_printf(arena, "“%s”的危险性类别不明", unit->open_substance);
    } else if (hazard->no_data) {
        *en = "there is no population data in a part of the surroundings";
        *zh = "周边部分区域没有人口数据";
    } else if (strcmp(unit->unit, "*") == 0) {
        *en = "the inventory names no units and only its sum reaches that";
        *zh = "存量未分单元，仅合计值达到该级别";
    } else {
        *en = "the number of residents is known within an interval only";
        *zh = "常住人口只知区间";
    }
}

enum err_code hazard_reason(const struct world *world, const struct hazard *hazard,
                            const struct hazard_unit *unit, struct arena *arena, struct reason *out,
                            struct err *err)
{
    const struct rules *rules = world->rules;
    const struct step *step =
        verdict_steps(rules->hazard_levels, rules->n_hazard_levels, unit->r, unit->r).at_low;
    double radius_m = rules->parameters.alpha_radius_m;
    const char *open_en = "";
    const char *open_zh = "";
    if (unit->undecided) {
        const char *why_en = NULL;
        const char *why_zh = NULL;
        say_why_open(hazard, unit, arena, &why_en, &why_zh);
        open_en =
            arena_printf(arena, "; it could be a %s: %s", level_en(unit->could_be, arena), why_en);
        open_zh = arena_printf(arena, "；可能为%s：%s", level_zh(unit->could_be), why_zh);
    }
    bool named = strcmp(unit->unit, "*") != 0;
    const char *unit_en = named ? unit->unit : "All inventory without units";
    const char *unit_zh = named ? unit->unit : "未分单元的全部存量";
    double persons = hazard->around.persons >= 0 ? hazard->around.persons : 0;
    *out = (struct reason){
        .grade = unit->level,
        .rule = step ? &step->source : NULL,
        .numbers = {{"S", unit->s},
                    {"S_high", unit->s_high},
                    {"R", unit->r},
                    {"R_high", unit->r_high},
                    {"alpha", hazard->alpha},
                    {"alpha_high", hazard->alpha_high},
                    {"persons", hazard->around.persons},
                    {"persons_low", hazard->around.low},
                    {"persons_high", hazard->around.high},
                    {"level", unit->level},
                    {"could_be", unit->could_be}},
    };
    out->text = arena_printf(
        arena, "%s: S = %.4g, R = %.4g with alpha %g for %.0f residents within %g m: %s%s.",
        unit_en, unit->s, unit->r, hazard->alpha, persons, radius_m, level_en(unit->level, arena),
        open_en);
    out->zh = arena_printf(arena, "%s：S=%.4g，R=%.4g（%g m 内常住人口 %.0f 人，α=%g）：%s%s。",
                           unit_zh, unit->s, unit->r, radius_m, persons, hazard->alpha,
                           level_zh(unit->level), open_zh);
    return out->text && out->zh ? ERR_OK : err_nomem(err);
}
