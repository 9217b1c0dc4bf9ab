#include "geo/density.h"

#include "data/base/text.h"
#include "geo/ellipsoid.h"
#include "geo/exposure.h"
#include "geo/overlay.h"

#include <string.h>

/* A cell counts as wholly inside from this share on, and data as missing from this share on:
 * what rounding alone cannot make. */
static const double WHOLE_SHARE = 1 - 1e-9;
static const double NO_SHARE = 1e-9;

/* Sums over shares of cells carry rounding: 30 persons in ten parts are 30. */
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

/* Shapes of the dense cells: runs of neighbours in a row are one rectangle. */
struct dense_cells {
    const struct grid *grid;
    struct transform *to_grid;
    double above_km2;
    struct arena *arena;
    struct geom *shapes;
    const struct geom **pointers;
    size_t n;
    uint32_t row; /* whose area is known; a geographic grid has one area a row */
    double area_m2;
    bool area_known;
};

static enum err_code cell_area(struct dense_cells *cells, const struct exposure_cell *cell,
                               struct geom *shape, struct err *err)
{
    if (cells->area_known && cells->row == cell->row && cells->grid->geographic)
        return ERR_OK;
    cells->row = cell->row;
    cells->area_known = true;
    return exposure_cell_shape(cells->grid, cells->to_grid, cell->column, cell->row, cells->arena,
                               shape, &cells->area_m2, err);
}

static enum err_code run_shape(struct dense_cells *cells, const struct exposure_cell *first,
                               uint32_t n_columns, struct err *err)
{
    const struct grid *grid = cells->grid;
    struct geom *shape = &cells->shapes[cells->n];
    if (!grid->geographic) {
        double area_m2 = 0;
        cells->pointers[cells->n++] = shape;
        return exposure_cell_shape(grid, cells->to_grid, first->column, first->row, cells->arena,
                                   shape, &area_m2, err);
    }
    double west = grid->west + first->column * grid->cell_width;
    double east = grid->west + (first->column + n_columns) * grid->cell_width;
    double north = grid->north - first->row * grid->cell_height;
    double south = grid->north - (first->row + 1) * grid->cell_height;
    struct lonlat ring[4] = {{west, south}, {east, south}, {east, north}, {west, north}};
    cells->pointers[cells->n++] = shape;
    return geom_of_ring(ring, 4, cells->arena, shape, err);
}

static enum err_code collect_dense(struct dense_cells *cells, const struct exposure_cell *touched,
                                   size_t n, struct dense_part *sums, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct exposure_cell *first = NULL;
    uint32_t run = 0;
    for (size_t i = 0; i < n; i++) {
        const struct exposure_cell *cell = &touched[i];
        struct geom shape;
        TRY(cell_area(cells, cell, &shape, err));
        double persons = (double)cell->persons;
        double km2 = cells->area_m2 / 1e6;
        if (!(cell->share > 0) || !(persons > cells->above_km2 * km2))
            continue;
        sums->persons += cell->share * persons;
        sums->low += cell->share >= WHOLE_SHARE ? persons : 0;
        sums->high += persons;
        bool follows = first && cells->grid->geographic && cell->row == first->row &&
                       cell->column == first->column + run;
        if (follows) {
            run++;
            continue;
        }
        if (first)
            TRY(run_shape(cells, first, run, err));
        first = cell;
        run = 1;
    }
    if (first)
        TRY(run_shape(cells, first, run, err));
done:
    return code;
}

enum err_code density_part(const struct density_question *question, struct arena *arena,
                           struct dense_part *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct worker *worker = question->worker;
    const struct geom *zone = question->zone;
    struct exposure_cell *touched = NULL;
    size_t n = 0;
    struct geom dense;
    struct exposure inside;
    struct dense_cells cells = {.grid = &question->world->population,
                                .to_grid = worker->to_grid,
                                .above_km2 = question->above_km2,
                                .arena = arena};
    *out = (struct dense_part){.part = {.kind = GEOM_NONE}};
    TRY(exposure_cells(cells.grid, cells.to_grid, zone, arena, &touched, &n, err));
    cells.shapes = arena_new(arena, struct geom, n);
    cells.pointers = arena_new(arena, const struct geom *, n);
    if (!cells.shapes || !cells.pointers) {
        code = err_nomem(err);
        goto done;
    }
    TRY(collect_dense(&cells, touched, n, out, err));
    if (cells.n == 0 || settle(out->persons) < question->least_persons)
        goto done;
    TRY(overlay_union(worker->overlay, cells.pointers, cells.n, arena, &dense, err));
    TRY(overlay_intersection(worker->overlay, zone, &dense, arena, &out->part, err));
    if (out->part.kind != GEOM_POLYGON)
        goto done;
    TRY(exposure_of(cells.grid, cells.to_grid, &out->part, arena, &inside, err));
    out->persons = inside.persons;
    out->area_m2 = ellipsoid_area_m2(&out->part);
done:
    return code;
}

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

/* One zone on its way to a row. */
struct zone_case {
    const struct world *world;
    const struct zone *zone;
    struct conflict_set *set;
    const struct zone_class *row; /* NULL: class unknown */
    int32_t class;
    struct exposure all; /* of the whole zone */
    struct dense_part dense;
    bool no_data;
};

static void say_undecided(const struct zone_case *zone, struct conflict_item *item)
{
    struct arena *arena = zone->set->arena;
    const char *name = reasons_name(&zone->zone->head);
    if (!zone->row) {
        item->row.decides = "kind and value of the contour, or its class";
        item->row.reason =
            arena_printf(arena, "Zone %s: its class cannot be told from kind and value.", name);
        item->zh = arena_printf(arena, "危险区 %s：无法由种类和数值判定等级。", name);
    } else if (zone->no_data) {
        item->row.decides = "population data for the whole zone";
        item->row.reason = arena_printf(arena, "Zone %s: %.1f %% of it is without population data.",
                                        name, 100 * zone->all.nodata_share);
        item->zh = arena_printf(arena, "危险区 %s：其 %.1f %% 没有人口数据。", name,
                                100 * zone->all.nodata_share);
    } else {
        item->row.decides = "the printed text of the standard";
        item->row.reason = arena_printf(arena,
                                        "Zone %s: %.0f persons in cells above %g persons/km2, a "
                                        "limit that nobody has verified.",
                                        name, zone->dense.persons, zone->row->dense_above);
        item->zh =
            arena_printf(arena, "危险区 %s：密度超过 %g 人/km² 的部分有 %.0f 人；该限值尚待核实。",
                         name, zone->row->dense_above, zone->dense.persons);
    }
}

static void say_conflict(const struct zone_case *zone, struct conflict_item *item)
{
    static const char *const classes_en[] = {"", "lethal", "serious", "slight"};
    static const char *const classes_zh[] = {"", "致死", "重伤", "轻伤"};
    struct arena *arena = zone->set->arena;
    const char *name = reasons_name(&zone->zone->head);
    const struct dense_part *dense = &zone->dense;
    item->row.reason = arena_printf(
        arena,
        "%.0f persons (%.0f to %.0f) live in cells denser than %g persons/km2 in zone %s (%s)%s.",
        dense->persons, dense->low, dense->high, zone->row->dense_above, name,
        classes_en[zone->class], zone->no_data ? "; a part of it is without data" : "");
    item->zh = arena_printf(
        arena, "危险区 %s（%s）内密度超过 %g 人/km² 的部分有 %.0f 人（%.0f 至 %.0f）%s。", name,
        classes_zh[zone->class], zone->row->dense_above, dense->persons, dense->low, dense->high,
        zone->no_data ? "；部分区域没有数据" : "");
}

static enum err_code add_density(const struct zone_case *zone, int32_t grade, int32_t could_be,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    struct conflict_item like = {
        .rule = zone->row ? &zone->row->source : NULL,
        .could_be = could_be,
        .row = {.kind = "density",
                .verdict = grade ? "conflict" : "undecided",
                .enterprise_id = zone->zone->enterprise_id,
                .source_layer = layer_name(LAYER_ZONES),
                .source_id = zone->zone->head.id,
                .target_layer = layer_name(LAYER_POPULATION)},
    };
    struct conflict_item *item = NULL;
    TRY(conflict_set_add(zone->set, zone->world, &like, &item, err));
    item->row.rule_id = item->row.rule_id ? item->row.rule_id : "zone_classes";
    item->row.grade = grade ? grade : could_be;
    if (zone->row && zone->world->population.n_columns > 0) {
        item->row.persons = zone->dense.persons;
        item->row.persons_low = zone->dense.low;
        item->row.persons_high = zone->dense.high;
    }
    if (grade) {
        item->row.area_m2 = zone->dense.area_m2;
        TRY(geom_copy(&zone->dense.part, zone->set->arena, &item->row.head.geom, err));
        say_conflict(zone, item);
    } else {
        say_undecided(zone, item);
    }
    if (!item->row.reason || !item->zh)
        code = err_nomem(err);
done:
    return code;
}

static void note_coarse(const struct zone_case *zone, struct density_notes *notes)
{
    double ratio = zone->world->rules->parameters.coarse_cell_ratio;
    double radius_m = sqrt(zone->all.area_m2 / acos(-1.0));
    if (!(zone->all.cell_m > ratio * radius_m))
        return;
    notes->narrowest_m = notes->n_coarse ? fmin(notes->narrowest_m, radius_m) : radius_m;
    notes->cell_m = fmax(notes->cell_m, zone->all.cell_m);
    notes->n_coarse++;
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

static enum err_code judge_zone(struct zone_case *zone, struct worker *worker,
                                struct arena *scratch, struct density_notes *notes, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct world *world = zone->world;
    const struct parameters *parameters = &world->rules->parameters;
    int64_t owner = world_find(world, LAYER_ENTERPRISES, zone->zone->enterprise_id);
    zone->class = rules_zone_class(world->rules, zone->zone);
    zone->row = zone->class ? class_row(world, zone->zone, zone->class) : NULL;
    zone->no_data = true;
    zone->all.nodata_share = 1;
    if (!zone->class && is_milder(world->rules, zone->zone))
        return ERR_OK;
    if (!zone->row)
        return add_density(zone, 0, 1, err);
    if (world->population.n_columns > 0) {
        TRY(exposure_of(&world->population, worker->to_grid, &zone->zone->head.geom, scratch,
                        &zone->all, err));
        const struct density_question question = {.world = world,
                                                  .worker = worker,
                                                  .zone = &zone->zone->head.geom,
                                                  .above_km2 = zone->row->dense_above,
                                                  .least_persons = parameters->dense_persons_min};
        TRY(density_part(&question, scratch, &zone->dense, err));
        zone->no_data = zone->all.nodata_share > NO_SHARE;
        note_coarse(zone, notes);
    }
    int32_t grade = density_grade(parameters, zone->dense.persons);
    int32_t could_be = zone->no_data ? 1 : density_grade(parameters, zone->dense.high);
    bool decides = zone->row->source.confidence != CONFIDENCE_UNVERIFIED;
    if (grade)
        TRY(add_density(zone, decides ? grade : 0, could_be, err));
    else if (zone->no_data)
        TRY(add_density(zone, 0, could_be, err));
    if (owner >= 0 && decides && !zone->no_data)
        zone->set->n_judged[owner]++;
done:
    return code == ERR_OK ? code : err_wrap(err, "zone \"%s\"", zone->zone->head.id);
}

enum err_code density_gather(const struct world *world, struct worker *worker,
                             struct conflict_set *set, struct density_notes *notes, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena scratch;
    arena_init(&scratch, 0);
    *notes = (struct density_notes){0, 0, 0};
    for (size_t row = 0; row < world_count(world, LAYER_ZONES); row++) {
        struct zone_case zone = {.world = world, .zone = world_zone(world, row), .set = set};
        int64_t owner = world_find(world, LAYER_ENTERPRISES, zone.zone->enterprise_id);
        if (text_equal(zone.zone->standing, "indicative") ||
            zone.zone->head.geom.kind != GEOM_POLYGON ||
            (owner >= 0 && !conflicts_counts(world_enterprise(world, (size_t)owner))))
            continue;
        TRY(judge_zone(&zone, worker, &scratch, notes, err));
        arena_reset(&scratch);
    }
done:
    arena_release(&scratch);
    return code;
}
