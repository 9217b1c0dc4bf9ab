#include "geo/rollup.h"

#include "data/base/text.h"
#include "geo/exposure.h"
#include "geo/near.h"
#include "geo/reach.h"

#include <stdlib.h>
#include <string.h>

const char *rollup_subject(int32_t level)
{
    static const char *const names[] = {"", "region", "city", "county", "township"};
    return level >= 1 && level <= 4 ? names[level] : names[0];
}

static enum err_code source_zones(const struct world *world, struct rollup_source *source,
                                  struct arena *arena, struct err *err)
{
    const uint32_t *rows = NULL;
    size_t n = 0;
    const char *id = world_enterprise(world, source->row)->head.id;
    world_of_enterprise(world, LAYER_ZONES, id, &rows, &n);
    source->zones = arena_new(arena, const struct geom *, n);
    if (!source->zones)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const struct zone *zone = world_zone(world, rows[i]);
        if (zone->head.geom.kind == GEOM_POLYGON && !text_equal(zone->standing, "indicative"))
            source->zones[source->n_zones++] = &zone->head.geom;
    }
    return ERR_OK;
}

enum err_code rollup_sources(const struct world *world, const struct grade_row *grades,
                             const struct grading_lead *leads, struct arena *arena,
                             struct rollup_source **out, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n = world_count(world, LAYER_ENTERPRISES);
    struct rollup_source *sources = arena_new(arena, struct rollup_source, n);
    if (!sources)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const struct geom *geom = world_geom(world, LAYER_ENTERPRISES, i);
        sources[i] = (struct rollup_source){.row = i,
                                            .grade = grades[i].grade,
                                            .could_be = grades[i].could_be,
                                            .undecided = grades[i].undecided,
                                            .lead = &leads[i]};
        if (geom->kind == GEOM_NONE) {
            sources[i].grade = sources[i].could_be = 0;
            continue;
        }
        sources[i].place = near_place(geom);
        TRY(source_zones(world, &sources[i], arena, err));
    }
    *out = sources;
done:
    return code;
}

/* Rounding of shares; a share of exactly 1 % passes 1 %. */
static const double TIE = 1e-12;

int32_t rollup_share_grade(const struct parameters *parameters, const double share[5],
                           const uint32_t n_inside[5], double residents)
{
    if (!(residents > 0))
        return 0;
    for (int32_t g = 1; g <= 3; g++) {
        if (share[g] + TIE >= parameters->share_threshold[g])
            return g;
    }
    if (n_inside[1] > 0)
        return 3;
    return n_inside[2] + n_inside[3] + n_inside[4] > 0 ? 4 : 0;
}

int32_t rollup_index_grade(const struct parameters *parameters, const uint32_t n_inside[5],
                           double *index)
{
    *index = 0;
    for (int g = 1; g <= 4; g++)
        *index += parameters->index_weight[g] * n_inside[g];
    if (n_inside[1] + n_inside[2] + n_inside[3] + n_inside[4] == 0)
        return 0;
    for (int32_t g = 1; g <= 3; g++) {
        if (*index + TIE >= parameters->index_from[g])
            return g;
    }
    return 4;
}

static int32_t worst_inside(const uint32_t n_inside[5])
{
    for (int32_t g = 1; g <= 4; g++) {
        if (n_inside[g] > 0)
            return g;
    }
    return 0;
}

/* Enterprises of a unit, by what they are and by what they may be. */
struct unit_sum {
    uint32_t n[5];
    uint32_t n_could_be[5];
    uint32_t undecided;
    uint32_t worst[3]; /* the worst sources, first by grade, then by row; UINT32_MAX: none */
    double residents;
    double share[5]; /* of residents in reach of sources graded g or worse */
    double share_could_be[5];
};

static void count_inside(const struct rollup_source *sources, uint32_t index, struct unit_sum *unit)
{
    const struct rollup_source *source = &sources[index];
    unit->n[source->grade]++;
    unit->n_could_be[source->could_be]++;
    unit->undecided += (uint32_t)source->undecided;
    uint32_t moving = index;
    for (size_t i = 0; i < 3 && moving != UINT32_MAX; i++) {
        uint32_t other = unit->worst[i];
        int32_t mine = sources[moving].grade ? sources[moving].grade : 5;
        int32_t its = other == UINT32_MAX ? 6 : sources[other].grade ? sources[other].grade : 5;
        if (mine < its) {
            unit->worst[i] = moving;
            moving = other;
        }
    }
}

/* A plant counts in its smallest unit and in that unit's parents; where a parent is not told,
 * the map says who holds the place. */
static void assign_source(const struct world *world, const struct rollup_source *sources,
                          uint32_t index, struct unit_sum *units)
{
    if (world_geom(world, LAYER_ENTERPRISES, sources[index].row)->kind == GEOM_NONE)
        return;
    const char *parent = NULL;
    for (int32_t level = 4; level >= 1; level--) {
        int64_t row = parent ? world_unit(world, parent) : -1;
        if (row < 0 || world_admin(world, (size_t)row)->level != level)
            row = world_unit_at(world, level, sources[index].place);
        if (row < 0)
            continue;
        count_inside(sources, index, &units[row]);
        parent = world_admin(world, (size_t)row)->parent;
    }
}

static struct reason plain(int32_t grade, const char *text, const char *zh)
{
    return (struct reason){.grade = grade, .text = text, .zh = zh};
}

static struct reason share_reason(const struct world *world, const struct unit_sum *unit,
                                  int32_t grade, struct arena *arena)
{
    const struct parameters *parameters = &world->rules->parameters;
    if (!(unit->residents > 0))
        return plain(0, "No residents are known here.", "此处没有人口数据。");
    if (grade >= 1 && grade <= 3 && unit->share[grade] + TIE >= parameters->share_threshold[grade])
        return plain(
            grade,
            arena_printf(arena,
                         "%.2f %% of %.0f residents live in reach of sources graded %s or worse; "
                         "%g %% is the threshold.",
                         100 * unit->share[grade], unit->residents, reasons_grade_en(grade),
                         100 * parameters->share_threshold[grade]),
            arena_printf(arena,
                         "%.0f 名居民中有 %.2f %% 处于%s及以上风险源影响范围内，阈值为 %g %%。",
                         unit->residents, 100 * unit->share[grade], reasons_grade_zh(grade),
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
                         100 * unit->share[3], unit->residents),
            arena_printf(arena,
                         "%.0f 名居民中有 %.2f %% 处于黄色及以上风险源影响范围内，低于各级阈值。",
                         unit->residents, 100 * unit->share[3]));
    return plain(0, "Nothing inside was assessed.", "辖区内没有已评估的对象。");
}

static enum err_code say_unit(const struct world *world, const struct rollup_source *sources,
                              const struct unit_sum *unit, const struct reason *lead,
                              struct grade_row *row, struct arena *arena, struct err *err)
{
    struct reason reasons[4];
    size_t n = 0;
    reasons[n++] = *lead;
    for (size_t i = 0; i < 3 && unit->worst[i] != UINT32_MAX; i++) {
        const struct rollup_source *source = &sources[unit->worst[i]];
        const struct record_head *head = world_record(world, LAYER_ENTERPRISES, source->row);
        if (source->grade == 0)
            break;
        reasons[n] = (struct reason){
            .grade = source->grade,
            .text = arena_printf(arena, "%s is %s. %s", reasons_name(head),
                                 reasons_grade_en(source->grade), source->lead->text),
            .zh = arena_printf(arena, "%s：%s。%s", reasons_name(head),
                               reasons_grade_zh(source->grade), source->lead->zh),
            .source = reasons_ref(LAYER_ENTERPRISES, head->id, arena)};
        if (!reasons[n].text || !reasons[n].zh || !reasons[n].source)
            return err_nomem(err);
        n++;
    }
    if (!lead->text || !lead->zh)
        return err_nomem(err);
    return reasons_write(reasons, n, arena, &row->reasons, err);
}

struct method_result {
    const char *method;
    int32_t grade;
    int32_t could_be;
    double value;
    struct reason lead;
};

static enum err_code add_method(const struct world *world, const struct rollup_source *sources,
                                size_t unit_row, const struct unit_sum *unit,
                                const struct method_result *result, struct grade_set *set,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    const struct admin_unit *admin = world_admin(world, unit_row);
    struct grade_row *row = NULL;
    TRY(grade_set_add(set, rollup_subject(admin->level), admin->code, result->method, &row, err));
    row->grade = result->grade;
    row->could_be = grading_worse(result->grade, result->could_be);
    row->undecided = (int32_t)unit->undecided;
    row->persons = unit->residents;
    row->n_red = (int32_t)unit->n[1];
    row->n_orange = (int32_t)unit->n[2];
    row->n_yellow = (int32_t)unit->n[3];
    row->n_blue = (int32_t)unit->n[4];
    row->n_grey = (int32_t)unit->n[0];
    row->value = result->value;
    TRY(say_unit(world, sources, unit, &result->lead, row, set->arena, err));
done:
    return code;
}

static enum err_code add_unit(const struct world *world, const struct rollup_source *sources,
                              size_t row, const struct unit_sum *unit, struct grade_set *set,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    const struct parameters *parameters = &world->rules->parameters;
    struct method_result share = {.method = "share", .value = NAN};
    struct method_result worst = {.method = "worst", .value = NAN};
    struct method_result index = {.method = "index"};
    double unused;
    share.grade = rollup_share_grade(parameters, unit->share, unit->n, unit->residents);
    share.could_be =
        rollup_share_grade(parameters, unit->share_could_be, unit->n_could_be, unit->residents);
    if (share.grade > 0)
        share.value = unit->share[share.grade < 4 ? share.grade : 3];
    share.lead = share_reason(world, unit, share.grade, set->arena);
    worst.grade = worst_inside(unit->n);
    worst.could_be = worst_inside(unit->n_could_be);
    worst.lead = worst.grade ? plain(worst.grade,
                                     arena_printf(set->arena, "The worst enterprise inside is %s.",
                                                  reasons_grade_en(worst.grade)),
                                     arena_printf(set->arena, "辖区内企业的最高等级为%s。",
                                                  reasons_grade_zh(worst.grade)))
                             : plain(0, "Nothing inside was assessed.", "辖区内没有已评估的对象。");
    index.grade = rollup_index_grade(parameters, unit->n, &index.value);
    index.could_be = rollup_index_grade(parameters, unit->n_could_be, &unused);
    index.lead = plain(index.grade,
                       arena_printf(set->arena,
                                    "Index %g: %u red, %u orange, %u yellow, %u blue enterprises.",
                                    index.value, unit->n[1], unit->n[2], unit->n[3], unit->n[4]),
                       arena_printf(set->arena, "指数 %g：红 %u、橙 %u、黄 %u、蓝 %u 家。",
                                    index.value, unit->n[1], unit->n[2], unit->n[3], unit->n[4]));
    TRY(add_method(world, sources, row, unit, &share, set, err));
    TRY(add_method(world, sources, row, unit, &worst, set, err));
    TRY(add_method(world, sources, row, unit, &index, set, err));
done:
    return code;
}

enum err_code rollup_units(const struct world *world, struct worker *worker,
                           const struct rollup_source *sources, size_t n_sources,
                           struct grade_set *set, struct err *err)
{
    enum err_code code = ERR_OK;
    size_t n_units = world_count(world, LAYER_ADMIN);
    struct arena kept;
    struct reach *reach = NULL;
    arena_init(&kept, 0);
    struct unit_sum *units = arena_new(&kept, struct unit_sum, n_units);
    if (!units) {
        code = err_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < n_units; i++)
        memset(units[i].worst, 0xFF, sizeof units[i].worst);
    for (size_t i = 0; i < n_sources; i++)
        assign_source(world, sources, (uint32_t)i, units);
    TRY(reach_new(world, worker, sources, n_sources, &kept, &reach, err));
    for (size_t i = 0; i < n_units; i++) {
        struct reach_shares shares;
        TRY(reach_in_unit(reach, world_geom(world, LAYER_ADMIN, i), &shares, err));
        units[i].residents = shares.residents;
        memcpy(units[i].share, shares.share, sizeof units[i].share);
        memcpy(units[i].share_could_be, shares.share_could_be, sizeof units[i].share_could_be);
        TRY(add_unit(world, sources, i, &units[i], set, err));
    }
done:
    arena_release(&kept);
    return code;
}
