/* cells.c - grades of grid cells: the worst source whose reach touches the cell. */
#include "geo/rollup.h"

#include "geo/distance.h"
#include "geo/ellipsoid.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Coordinates as whole numbers of this fraction of a degree (1 cm), so that 106.2 lies in the
 * cell that begins at 106.20 whatever its last bit. */
static const double UNITS_PER_DEG = 1e7;

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

void rollup_cell_of(double cell_deg, struct lonlat point, int64_t *column, int64_t *row)
{
    int64_t cell = llround(cell_deg * UNITS_PER_DEG);
    *column = floor_div(llround(point.lon_deg * UNITS_PER_DEG), cell);
    *row = floor_div(llround(point.lat_deg * UNITS_PER_DEG), cell);
}

void rollup_cell_id(int64_t column, int64_t row, char out[ROLLUP_CELL_ID_BYTES])
{
    snprintf(out, ROLLUP_CELL_ID_BYTES, "%lld_%lld", (long long)column, (long long)row);
}

struct box rollup_cell_box(double cell_deg, int64_t column, int64_t row)
{
    return (struct box){(double)column * cell_deg, (double)row * cell_deg,
                        (double)(column + 1) * cell_deg, (double)(row + 1) * cell_deg};
}

/* A source that touches a cell; by_grade false: only as what it may be. */
struct touch {
    int64_t column;
    int64_t row;
    uint32_t source;
    bool by_grade;
};

struct touches {
    struct arena *arena;
    struct arena *scratch;
    double cell_deg;
    struct touch *items;
    size_t n;
    size_t capacity;
};

static enum err_code add_touch(struct touches *touches, const struct touch *touch, struct err *err)
{
    touches->items = arena_grow(touches->arena, touches->items, &touches->capacity, touches->n + 1,
                                sizeof *touch);
    if (!touches->items)
        return err_nomem(err);
    touches->items[touches->n++] = *touch;
    return ERR_OK;
}

/* Cells within radius_m of a shape; within near_m they count for the grade too. */
static enum err_code touch_shape(struct touches *touches, const struct geom *shape, double near_m,
                                 double radius_m, uint32_t source, struct err *err)
{
    enum err_code code = ERR_OK;
    double cell_deg = touches->cell_deg;
    struct arena *scratch = touches->scratch;
    struct box box = ellipsoid_expand(shape->box, radius_m);
    int64_t west, south, east, north;
    struct edges edges;
    arena_reset(scratch);
    TRY(edges_build(shape, scratch, &edges, err));
    const struct arena_mark prepared = arena_mark(scratch);
    rollup_cell_of(cell_deg, (struct lonlat){box.west_deg, box.south_deg}, &west, &south);
    rollup_cell_of(cell_deg, (struct lonlat){box.east_deg, box.north_deg}, &east, &north);
    for (int64_t row = south; row <= north; row++) {
        for (int64_t column = west; column <= east; column++) {
            struct box cell = rollup_cell_box(cell_deg, column, row);
            struct lonlat ring[4] = {{cell.west_deg, cell.south_deg},
                                     {cell.east_deg, cell.south_deg},
                                     {cell.east_deg, cell.north_deg},
                                     {cell.west_deg, cell.north_deg}};
            struct geom polygon;
            struct closest closest;
            arena_rewind(scratch, prepared);
            TRY(geom_of_ring(ring, 4, scratch, &polygon, err));
            TRY(distance_edges_shape(&edges, &polygon, radius_m > 0 ? radius_m + 1 : 1, scratch,
                                     &closest, err));
            if (closest.distance_m > radius_m)
                continue;
            struct touch touch = {column, row, source, closest.distance_m <= near_m};
            TRY(add_touch(touches, &touch, err));
        }
    }
done:
    return code;
}

static enum err_code touch_source(const struct world *world, const struct rollup_source *source,
                                  uint32_t index, struct touches *touches, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct parameters *parameters = &world->rules->parameters;
    double near_m = source->grade ? parameters->reach_m[source->grade] : -1;
    double radius_m = parameters->reach_m[source->could_be];
    if (source->could_be == 0)
        return ERR_OK;
    if (source->n_zones == 0)
        return touch_shape(touches, world_geom(world, LAYER_ENTERPRISES, source->row), near_m,
                           fmax(near_m, radius_m), index, err);
    for (size_t i = 0; i < source->n_zones; i++)
        TRY(touch_shape(touches, source->zones[i], source->grade ? 0 : -1, 0, index, err));
done:
    return code;
}

/* By cell, then by source; what counts for the grade first. */
static int compare_touches(const void *a, const void *b)
{
    const struct touch *i = a;
    const struct touch *j = b;
    if (i->row != j->row)
        return i->row < j->row ? -1 : 1;
    if (i->column != j->column)
        return i->column < j->column ? -1 : 1;
    if (i->source != j->source)
        return i->source < j->source ? -1 : 1;
    return (int)j->by_grade - (int)i->by_grade;
}

static void count_source(const struct rollup_source *source, bool by_grade, struct grade_row *row)
{
    int32_t *const counts[5] = {&row->n_grey, &row->n_red, &row->n_orange, &row->n_yellow,
                                &row->n_blue};
    int32_t grade = by_grade ? source->grade : 0;
    row->grade = grading_worse(row->grade, grade);
    row->could_be = grading_worse(row->could_be, source->could_be);
    row->undecided += source->could_be != source->grade;
    if (by_grade)
        ++*counts[source->grade];
    else if (source->grade == 0)
        ++row->n_grey;
}

/* The worst source first, at most three. */
static enum err_code say_cell(const struct world *world, const struct rollup_source *sources,
                              const struct touch *touches, size_t n, struct grade_row *row,
                              struct arena *arena, struct err *err)
{
    enum { SAID = 3 };
    struct reason reasons[SAID];
    size_t said = 0;
    for (int32_t grade = 1; grade <= 5 && said < SAID; grade++) {
        for (size_t i = 0; i < n && said < SAID; i++) {
            const struct rollup_source *source = &sources[touches[i].source];
            const struct record_head *head = world_record(world, LAYER_ENTERPRISES, source->row);
            int32_t as = touches[i].by_grade ? source->grade : 0;
            if ((i > 0 && touches[i].source == touches[i - 1].source) || (as ? as : 5) != grade)
                continue;
            const char *state = as ? "" : "could be ";
            const char *state_zh = as ? "" : "可能为";
            int32_t shown = as ? as : source->could_be;
            reasons[said] = (struct reason){
                .grade = as,
                .text = arena_printf(arena, "%s (%s%s) reaches this cell.", reasons_name(head),
                                     state, reasons_grade_en(shown)),
                .zh = arena_printf(arena, "%s（%s%s）的影响范围触及本格。", reasons_name(head),
                                   state_zh, reasons_grade_zh(shown)),
                .source = reasons_ref(LAYER_ENTERPRISES, head->id, arena)};
            if (!reasons[said].text || !reasons[said].zh || !reasons[said].source)
                return err_nomem(err);
            said++;
        }
    }
    return reasons_write(reasons, said, arena, &row->reasons, err);
}

static enum err_code add_cell(const struct world *world, const struct rollup_source *sources,
                              const struct touch *touches, size_t n, struct grade_set *set,
                              struct err *err)
{
    enum err_code code = ERR_OK;
    char id[ROLLUP_CELL_ID_BYTES];
    struct grade_row *row = NULL;
    rollup_cell_id(touches[0].column, touches[0].row, id);
    const char *kept = arena_strdup(set->arena, id);
    if (!kept)
        return err_nomem(err);
    TRY(grade_set_add(set, "cell", kept, "grid", &row, err));
    row->n_red = row->n_orange = row->n_yellow = row->n_blue = row->n_grey = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || touches[i].source != touches[i - 1].source)
            count_source(&sources[touches[i].source], touches[i].by_grade, row);
    }
    TRY(say_cell(world, sources, touches, n, row, set->arena, err));
done:
    return code;
}

enum err_code rollup_cells(const struct world *world, const struct rollup_source *sources,
                           size_t n_sources, struct grade_set *set, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena kept;
    struct arena scratch;
    arena_init(&kept, 0);
    arena_init(&scratch, 0);
    struct touches touches = {
        .arena = &kept, .scratch = &scratch, .cell_deg = world->rules->parameters.cell_deg};
    for (size_t i = 0; i < n_sources; i++)
        TRY(touch_source(world, &sources[i], (uint32_t)i, &touches, err));
    if (touches.n > 0)
        qsort(touches.items, touches.n, sizeof *touches.items, compare_touches);
    for (size_t from = 0; from < touches.n;) {
        size_t to = from + 1;
        while (to < touches.n && touches.items[to].column == touches.items[from].column &&
               touches.items[to].row == touches.items[from].row)
            to++;
        TRY(add_cell(world, sources, touches.items + from, to - from, set, err));
        from = to;
    }
done:
    arena_release(&scratch);
    arena_release(&kept);
    return code;
}
