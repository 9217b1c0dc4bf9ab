#include "geo/findings/density.h"

#include "data/base/text.h"
#include "geo/measure/cell_cut.h"
#include "geo/measure/ellipsoid.h"
#include "geo/measure/exposure.h"
#include "geo/findings/finding_view.h"
#include "geo/findings/judging.h"
#include "geo/measure/overlay.h"
#include "geo/world/population.h"

#include <float.h>
#include <string.h>

/* A cell counts as wholly inside from this share on, and data as missing from this share on:
 * what rounding alone cannot make. */
static const double WHOLE_SHARE = 1 - 1e-9;
static const double NO_SHARE = 1e-9;

/* Sums over shares of cells carry rounding: 30 persons in ten parts are 30. */
static const double PERSONS_RESOLUTION = 1e-6;

static double settle(double persons)
{
    return round(persons * 1e6) / 1e6;
}

int32_t density_grade(const struct parameters *parameters, double persons)
{
    double settled = settle(persons);
    if (!(settled >= parameters->dense_persons_min))
        return 0;
    if (settled >= parameters->density_red_persons)
        return 1;
    return settled >= parameters->density_orange_persons ? 2 : 3;
}

/* ---- persons of the dense cells ---- */

/* Neighbours in a row of a geographic grid. */
struct cell_run {
    uint32_t row;
    uint32_t first;
    uint32_t n;
};

/* Sums over the dense cells of a zone; with `outlines`, where they are, too: the cells of a
 * geographic grid as runs, those of another and areas of a census as shapes. */
struct dense_cells {
    const struct grid *grid;
    struct transform *to_grid;
    double above_km2;
    struct arena *arena;
    struct dense_part *sums;
    bool outlines;
    struct geom *shapes;
    size_t n;
    size_t capacity;
    struct cell_run *runs;
    size_t n_runs;
    size_t runs_capacity;
};

static enum err_code add_shape(struct dense_cells *cells, uint32_t row, uint32_t column,
                               struct err *err)
{
    double area_m2 = 0;
    cells->shapes = arena_grow(cells->arena, cells->shapes, &cells->capacity, cells->n + 1,
                               sizeof *cells->shapes);
    if (!cells->shapes)
        return err_nomem(err);
    return exposure_cell_shape(cells->grid, cells->to_grid, column, row, cells->arena,
                               &cells->shapes[cells->n++], &area_m2, err);
}

static enum err_code add_outline(struct dense_cells *cells, uint32_t row, uint32_t column,
                                 struct err *err)
{
    if (!cells->grid->geographic)
        return add_shape(cells, row, column, err);
    struct cell_run *last = cells->n_runs ? &cells->runs[cells->n_runs - 1] : NULL;
    if (last && last->row == row && last->first + last->n == column) {
        last->n++;
        return ERR_OK;
    }
    cells->runs = arena_grow(cells->arena, cells->runs, &cells->runs_capacity, cells->n_runs + 1,
                             sizeof *cells->runs);
    if (!cells->runs)
        return err_nomem(err);
    cells->runs[cells->n_runs++] = (struct cell_run){row, column, 1};
    return ERR_OK;
}

/* The runs as a set of cells. */
static enum err_code set_of_runs(const struct dense_cells *cells, struct cell_set *out,
                                 struct err *err)
{
    uint32_t first_column = UINT32_MAX;
    uint32_t end_column = 0;
    for (size_t i = 0; i < cells->n_runs; i++) {
        const struct cell_run *run = &cells->runs[i];
        first_column = run->first < first_column ? run->first : first_column;
        end_column = run->first + run->n > end_column ? run->first + run->n : end_column;
    }
    *out = (struct cell_set){.grid = cells->grid,
                             .first_row = cells->runs[0].row,
                             .first_column = first_column,
                             .n_rows = cells->runs[cells->n_runs - 1].row - cells->runs[0].row + 1,
                             .n_columns = end_column - first_column};
    bool *in = arena_alloc(cells->arena, out->n_rows, out->n_columns);
    if (!in)
        return err_nomem(err);
    for (size_t i = 0; i < cells->n_runs; i++) {
        const struct cell_run *run = &cells->runs[i];
        memset(in + (size_t)(run->row - out->first_row) * out->n_columns +
                   (run->first - first_column),
               true, run->n);
    }
    out->in = in;
    return ERR_OK;
}

/* What of the zone lies in the runs. */
static enum err_code part_in_runs(const struct density_question *question,
                                  const struct dense_cells *cells, struct geom *out,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    struct cell_set set;
    struct geom outline;
    bool done;
    TRY(set_of_runs(cells, &set, err));
    TRY(cell_cut(question->zone, &set, cells->arena, out, &done, err));
    if (done)
        return ERR_OK;
    TRY(cell_outline(&set, cells->arena, &outline, err));
    TRY(overlay_intersection(question->worker->overlay, question->zone, &outline, cells->arena, out,
                             err));
done:
    return code;
}

/* What of the zone lies in the shapes. */
static enum err_code part_in_shapes(const struct density_question *question,
                                    const struct dense_cells *cells, struct geom *out,
                                    struct err *err)
{
    enum err_code code = ERR_OK;
    struct overlay *overlay = question->worker->overlay;
    struct geom all;
    const struct geom **pointers = arena_new(cells->arena, const struct geom *, cells->n);
    if (!pointers)
        return err_nomem(err);
    for (size_t i = 0; i < cells->n; i++)
        pointers[i] = &cells->shapes[i];
    TRY(overlay_union(overlay, pointers, cells->n, cells->arena, &all, err));
    TRY(overlay_intersection(overlay, question->zone, &all, cells->arena, out, err));
done:
    return code;
}

/* The area of a cell on the ellipsoid: what its density is by. */
static enum err_code cell_area(struct dense_cells *cells, const struct exposure_row *row,
                               uint32_t column, double *area_m2, struct err *err)
{
    struct geom shape;
    *area_m2 = row->cell_m2;
    if (cells->grid->geographic)
        return ERR_OK;
    return exposure_cell_shape(cells->grid, cells->to_grid, column, row->row, cells->arena, &shape,
                               area_m2, err);
}

static enum err_code add_cell(struct dense_cells *cells, const struct exposure_row *row,
                              uint32_t column, double share, double persons, struct err *err)
{
    enum err_code code = ERR_OK;
    double area_m2 = 0;
    if (!(persons > 0))
        return ERR_OK;
    TRY(cell_area(cells, row, column, &area_m2, err));
    if (!(persons > cells->above_km2 * (area_m2 / 1e6)))
        return ERR_OK;
    cells->sums->persons += share * persons;
    cells->sums->low += share >= WHOLE_SHARE ? persons : 0;
    cells->sums->high += persons;
    if (cells->outlines)
        TRY(add_outline(cells, row->row, column, err));
done:
    return code;
}

static enum err_code add_row(void *context, const struct exposure_row *row, struct err *err)
{
    enum err_code code = ERR_OK;
    struct dense_cells *cells = context;
    for (size_t i = 0; i < row->n_runs; i++) {
        const struct coverage_run *run = &row->runs[i];
        for (uint32_t first = run->first; first < run->end;) {
            uint32_t end = run->end;
            const float *persons = grid_cells(row->grid, row->row, first, &end);
            for (uint32_t k = 0; persons && k < end - first; k++) {
                if (persons[k] > 0 && persons[k] <= FLT_MAX)
                    TRY(add_cell(cells, row, first + k, run->share, (double)persons[k], err));
            }
            first = end;
        }
    }
done:
    return code;
}

/* A census area is a cell of its own shape, which lives as long as the world. */
static enum err_code add_census(void *context, const struct census_part *part, struct err *err)
{
    struct dense_cells *cells = context;
    double persons = part->area->persons;
    if (!(persons > cells->above_km2 * (part->whole_m2 / 1e6)))
        return ERR_OK;
    cells->sums->persons += part->share * persons;
    cells->sums->low += part->share == 1 ? persons : 0;
    cells->sums->high += persons;
    if (!cells->outlines)
        return ERR_OK;
    cells->shapes = arena_grow(cells->arena, cells->shapes, &cells->capacity, cells->n + 1,
                               sizeof *cells->shapes);
    if (!cells->shapes)
        return err_nomem(err);
    cells->shapes[cells->n++] = part->area->head.geom;
    return ERR_OK;
}

static enum err_code sum_census(const struct density_question *question, struct dense_cells *cells,
                                struct err *err)
{
    const struct population_question asked = {question->world, question->worker, question->zone};
    struct arena scratch;
    arena_init(&scratch, 0);
    enum err_code code = population_census(&asked, &scratch, cells, add_census, err);
    arena_release(&scratch);
    return code;
}

static enum err_code sum_dense(const struct density_question *question, struct dense_cells *cells,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    cells->above_km2 = question->above_km2;
    if (question->world->population.n_columns == 0)
        return sum_census(question, cells, err);
    const struct exposure_place place = {&question->world->population, question->worker->to_grid};
    cells->grid = place.grid;
    cells->to_grid = place.to_grid;
    TRY(exposure_rows(&place, question->zone, cells->arena, cells, add_row, err));
done:
    return code;
}

enum err_code density_persons(const struct density_question *question, struct arena *scratch,
                              struct dense_part *out, struct err *err)
{
    struct dense_cells cells = {.arena = scratch, .sums = out};
    *out = (struct dense_part){.part = {.kind = GEOM_NONE}};
    return sum_dense(question, &cells, err);
}

enum err_code density_part(const struct density_question *question, struct arena *arena,
                           struct dense_part *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct dense_cells cells = {.arena = arena, .sums = out, .outlines = true};
    *out = (struct dense_part){.part = {.kind = GEOM_NONE}};
    TRY(sum_dense(question, &cells, err));
    if (cells.n + cells.n_runs == 0 || settle(out->persons) < question->least_persons)
        goto done;
    TRY((cells.n_runs > 0 ? part_in_runs : part_in_shapes)(question, &cells, &out->part, err));
    if (out->part.kind == GEOM_POLYGON && !question->shape_only)
        out->area_m2 = ellipsoid_area_m2(&out->part);
done:
    return code;
}

/* ---- one zone ---- */

/* The row under which a contour of that kind and class is judged, or NULL. */
static const struct zone_class *class_row(const struct world *world, const struct zone *zone,
                                          int32_t class)
{
    const struct rules *rules = world->rules;
    const struct zone_class *any = NULL;
    for (size_t i = 0; i < rules->n_zone_classes; i++) {
        const struct zone_class *row = &rules->zone_classes[i];
        if (row->class != class || !rule_holds(&row->source, world->as_of))
            continue;
        if (text_equal(row->kind, zone->kind))
            return row;
        any = any ? any : row;
    }
    return any;
}

/* A contour of a known kind whose value lies below every class of it: no density counts there. */
static bool is_milder(const struct rules *rules, const struct zone *zone)
{
    bool has_value = !isnan(zone->value) ||
                     (text_equal(zone->kind, "individual_risk") && !isnan(zone->freq_per_year));
    for (size_t i = 0; has_value && i < rules->n_zone_classes; i++) {
        const struct zone_class *row = &rules->zone_classes[i];
        if (text_equal(row->kind, zone->kind) && (!zone->unit || text_equal(row->unit, zone->unit)))
            return true;
    }
    return false;
}

/* A zone, and what is known of it. */
struct zone_case {
    const struct world *world;
    const struct zone *zone;
    const struct zone_class *row; /* NULL: class unknown */
    int32_t class;
    bool milder;         /* than any class */
    struct exposure all; /* of the whole zone */
    struct dense_part dense;
    bool no_data;
};

static struct zone_case case_of(const struct world *world, size_t row)
{
    struct zone_case zone = {.world = world, .zone = world_zone(world, row), .no_data = true};
    zone.class = rules_zone_class(world->rules, zone.zone);
    zone.row = zone.class ? class_row(world, zone.zone, zone.class) : NULL;
    zone.milder = !zone.class && is_milder(world->rules, zone.zone);
    zone.all.nodata_share = 1;
    return zone;
}

static struct density_question question_of(const struct zone_case *zone, struct worker *worker)
{
    return (struct density_question){.world = zone->world,
                                     .worker = worker,
                                     .zone = &zone->zone->head.geom,
                                     .above_km2 = zone->row->dense_above,
                                     .least_persons =
                                         zone->world->rules->parameters.dense_persons_min};
}

/* Counts who lives there; with `part`, cuts the part out as well. */
static enum err_code measure(struct zone_case *zone, struct worker *worker, struct arena *arena,
                             bool part, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = zone->world;
    if (!zone->row || !population_known(world))
        return ERR_OK;
    TRY(population_within(world, worker, &zone->zone->head.geom, arena, &zone->all, err));
    const struct density_question question = question_of(zone, worker);
    TRY(part ? density_part(&question, arena, &zone->dense, err)
             : density_persons(&question, arena, &zone->dense, err));
    zone->no_data = zone->all.nodata_share > NO_SHARE;
done:
    return code;
}

static void note_coarse(const struct zone_case *zone, struct finding_bag *bag)
{
    double ratio = zone->world->rules->parameters.coarse_cell_ratio;
    double radius_m = sqrt(zone->all.area_m2 / acos(-1.0));
    if (!(zone->all.cell_m > ratio * radius_m))
        return;
    bag->coarse_radius_m = radius_m;
    bag->coarse_cell_m = zone->all.cell_m;
}

static enum err_code add_density(const struct zone_case *zone, int32_t grade, int32_t could_be,
                                 struct finding_bag *bag, struct err *err)
{
    const struct rules *rules = zone->world->rules;
    bool counted = zone->row && population_known(zone->world);
    const struct finding finding = {
        .kind = FINDING_DENSITY,
        .target_layer = LAYER_POPULATION,
        .target_slot = FINDING_NO_TARGET,
        .target_class = FINDING_NO_CLASS,
        .rule = zone->row ? (uint32_t)(zone->row - rules->zone_classes) : FINDING_NO_RULE,
        .verdict = grade ? VERDICT_CONFLICT : VERDICT_UNDECIDED,
        .grade = (uint8_t)(grade ? grade : could_be),
        .could_be = (uint8_t)could_be,
        .shortfall = counted ? zone->dense.persons : (double)NAN,
    };
    return finding_bag_add(bag, &finding, err);
}

static enum err_code judge_zone(struct zone_case *zone, struct finding_bag *bag, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct parameters *parameters = &zone->world->rules->parameters;
    if (!zone->row)
        return add_density(zone, 0, 1, bag, err);
    if (population_known(zone->world))
        note_coarse(zone, bag);
    int32_t grade = density_grade(parameters, zone->dense.persons);
    int32_t could_be = zone->no_data ? 1 : density_grade(parameters, zone->dense.high);
    bool decides = zone->row->source.confidence != CONFIDENCE_UNVERIFIED;
    /* Our own classes decide, too (README.md, Truth 11). */
    const struct quantity persons = {
        .low = zone->dense.persons, .high = zone->no_data ? (double)INFINITY : zone->dense.persons};
    const struct limit limit = {.must_be = MUST_BE_BELOW,
                                .mildest = parameters->dense_persons_min,
                                .strictest = parameters->dense_persons_min,
                                .resolution = PERSONS_RESOLUTION,
                                .confidence = decides ? CONFIDENCE_SURE : CONFIDENCE_UNVERIFIED};
    enum verdict verdict = verdict_judge(&persons, &limit).verdict;
    if (verdict != VERDICT_CLEAR)
        TRY(add_density(zone, verdict == VERDICT_CONFLICT ? grade : 0, could_be, bag, err));
    bag->n_judged += decides && !zone->no_data;
done:
    return code;
}

enum err_code density_find(const struct judging *judging, struct worker *worker, size_t row,
                           struct finding_bag *bag, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = judging->world;
    const struct zone *zone = world_zone(world, row);
    int64_t owner = world_find(world, LAYER_ENTERPRISES, zone->enterprise_id);
    if (text_equal(zone->standing, "indicative") || zone->head.geom.kind != GEOM_POLYGON ||
        (owner >= 0 && !enterprise_counts(world_enterprise(world, (size_t)owner))))
        return ERR_OK;
    struct zone_case judged = case_of(world, row);
    if (judged.milder)
        return ERR_OK;
    TRY(measure(&judged, worker, bag->arena, false, err));
    TRY(judge_zone(&judged, bag, err));
done:
    return code == ERR_OK ? code : err_wrap(err, "zone \"%s\"", zone->head.id);
}

/* ---- in full ---- */

static void say_undecided(const struct zone_case *zone, struct arena *arena,
                          struct conflict_view *out)
{
    const char *name = reasons_name(&zone->zone->head);
    if (!zone->row) {
        out->row.decides = "kind and value of the contour, or its class";
        out->row.reason =
            arena_printf(arena, "Zone %s: its class cannot be told from kind and value.", name);
        out->zh = arena_printf(arena, "危险区 %s：无法由种类和数值判定等级。", name);
    } else if (zone->no_data) {
        out->row.decides = "population data for the whole zone";
        out->row.reason = arena_printf(arena, "Zone %s: %.1f %% of it is without population data.",
                                       name, 100 * zone->all.nodata_share);
        out->zh = arena_printf(arena, "危险区 %s：其 %.1f %% 没有人口数据。", name,
                               100 * zone->all.nodata_share);
    } else {
        out->row.decides = "the printed text of the standard";
        out->row.reason = arena_printf(arena,
                                       "Zone %s: %.0f persons in %s above %g persons/km2, a "
                                       "limit that nobody has verified.",
                                       name, zone->dense.persons, population_parts(zone->world),
                                       zone->row->dense_above);
        out->zh =
            arena_printf(arena, "危险区 %s：密度超过 %g 人/km² 的部分有 %.0f 人；该限值尚待核实。",
                         name, zone->row->dense_above, zone->dense.persons);
    }
}

static void say_conflict(const struct zone_case *zone, struct arena *arena,
                         struct conflict_view *out)
{
    static const char *const classes_en[] = {"", "lethal", "serious", "slight"};
    static const char *const classes_zh[] = {"", "致死", "重伤", "轻伤"};
    const char *name = reasons_name(&zone->zone->head);
    const struct dense_part *dense = &zone->dense;
    out->row.reason = arena_printf(
        arena,
        "%.0f persons (%.0f to %.0f) live in %s denser than %g persons/km2 in zone %s (%s)%s.",
        dense->persons, dense->low, dense->high, population_parts(zone->world),
        zone->row->dense_above, name, classes_en[zone->class],
        zone->no_data ? "; a part of it is without data" : "");
    out->zh = arena_printf(
        arena, "危险区 %s（%s）内密度超过 %g 人/km² 的部分有 %.0f 人（%.0f 至 %.0f）%s。", name,
        classes_zh[zone->class], zone->row->dense_above, dense->persons, dense->low, dense->high,
        zone->no_data ? "；部分区域没有数据" : "");
}

enum err_code density_shape(const struct world *world, struct worker *worker, size_t row,
                            struct arena *arena, struct geom *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct zone_case zone = case_of(world, row);
    *out = (struct geom){.kind = GEOM_NONE};
    if (!zone.row || !population_known(world))
        return ERR_OK;
    struct density_question question = question_of(&zone, worker);
    question.shape_only = true;
    TRY(density_part(&question, arena, &zone.dense, err));
    *out = zone.dense.part;
done:
    return code;
}

enum err_code density_view(const struct world *world, struct worker *worker, size_t row,
                           const struct finding *finding, struct arena *arena,
                           struct conflict_view *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct zone_case zone = case_of(world, row);
    bool decided = finding->verdict == VERDICT_CONFLICT;
    TRY(measure(&zone, worker, arena, decided && !out->words_only, err));
    out->row.rule_id = out->row.rule_id ? out->row.rule_id : "zone_classes";
    out->zone_class = zone.row;
    out->zone = zone.all;
    out->dense = zone.dense;
    if (zone.row && population_known(world)) {
        out->row.persons = zone.dense.persons;
        out->row.persons_low = zone.dense.low;
        out->row.persons_high = zone.dense.high;
    }
    if (decided && zone.row) {
        out->row.area_m2 = zone.dense.area_m2;
        out->row.head.geom = zone.dense.part;
        say_conflict(&zone, arena, out);
    } else {
        say_undecided(&zone, arena, out);
    }
    if (!out->row.reason || !out->zh)
        code = err_nomem(err);
done:
    return code;
}
