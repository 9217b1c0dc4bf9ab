/* grades_row.c - rows of layer grades from what is known of their subjects. */
#include "geo/grades/grades_state.h"

#include "geo/grades/rollup.h"

#include <stdlib.h>
#include <string.h>

/* A row with everything absent but these; id "subject/subject_id/method". */
static enum err_code begin(struct grade_row *row, const char *subject, const char *subject_id,
                           const char *method, struct arena *arena, struct err *err)
{
    record_clear(LAYER_GRADES, row);
    if (!subject_id)
        return err_nomem(err);
    row->subject = subject;
    row->subject_id = subject_id;
    row->method = method;
    row->grade = 0;
    row->could_be = 0;
    row->undecided = 0;
    row->head.id = arena_printf(arena, "%s/%s/%s", subject, subject_id, method);
    return row->head.id ? ERR_OK : err_nomem(err);
}

enum err_code grades_row_plant(const struct world *world, size_t row,
                               const struct grades_plant *plant, struct arena *arena,
                               struct grade_row *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *id = arena_strdup(arena, world_enterprise(world, row)->head.id);
    TRY(begin(out, "enterprise", id, "enterprise", arena, err));
    out->grade = plant->grade;
    out->could_be = plant->could_be;
    out->undecided = plant->undecided;
    out->persons = plant->around.persons;
done:
    return code;
}

enum err_code grades_row_hazard(const struct world *world, size_t row, const struct hazard *hazard,
                                size_t unit, struct arena *arena, struct grade_row *out,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    const struct hazard_unit *of = &hazard->units[unit];
    const char *id = arena_printf(arena, "%s/%s", world_enterprise(world, row)->head.id, of->unit);
    TRY(begin(out, "hazard_unit", id, "gb18218", arena, err));
    out->grade = of->level;
    out->could_be = of->could_be;
    out->undecided = of->undecided;
    out->persons = hazard->around.persons;
    out->value = of->r;
done:
    return code;
}

bool grades_row_cell_is(const struct grades_cell *cell)
{
    return cell->could_be[1] + cell->could_be[2] + cell->could_be[3] + cell->could_be[4] > 0;
}

static int32_t worst_of(const uint32_t n[5])
{
    for (int32_t g = 1; g <= 4; g++) {
        if (n[g] > 0)
            return g;
    }
    return 0;
}

enum err_code grades_row_cell(const struct grades_tile *tile, struct arena *arena,
                              struct grade_row *out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct grades_cell *cell = &tile->cell;
    char id[ROLLUP_CELL_ID_BYTES];
    rollup_cell_id(tile->tile.column, tile->tile.row, id);
    TRY(begin(out, "cell", arena_strdup(arena, id), "grid", arena, err));
    out->grade = worst_of(cell->n);
    out->could_be = worst_of(cell->could_be);
    out->undecided = (int32_t)cell->undecided;
    out->n_red = (int32_t)cell->n[1];
    out->n_orange = (int32_t)cell->n[2];
    out->n_yellow = (int32_t)cell->n[3];
    out->n_blue = (int32_t)cell->n[4];
    out->n_grey = (int32_t)cell->n[0];
done:
    return code;
}

/* Of the unit's residents, those in reach of sources graded that or worse: from sets[0]. */
static void shares_of(const struct grades_unit *unit, const int64_t *sets, double share[5])
{
    for (int g = 1; g <= 3; g++)
        share[g] = unit->residents > 0 ? (double)sets[g - 1] / REACH_PARTS / unit->residents : 0;
}

void grades_unit_shares(const struct grades_unit *unit, double share[5], double could_be[5])
{
    share[0] = share[4] = could_be[0] = could_be[4] = 0;
    shares_of(unit, unit->persons.parts, share);
    shares_of(unit, unit->persons.parts + 3, could_be);
}

enum err_code grades_row_unit(const struct world *world, const struct admin_unit *admin,
                              const struct grades_unit *unit, int method, struct arena *arena,
                              struct grade_row *out, struct err *err)
{
    static const char *const methods[GRADES_METHODS] = {"share", "worst", "index"};
    enum err_code code = ERR_OK;
    const struct parameters *parameters = &world->rules->parameters;
    const struct grades_inside *inside = &unit->inside;
    double share[5];
    double could_be[5];
    double unused;
    TRY(begin(out, rollup_subject(admin->level), arena_strdup(arena, admin->code), methods[method],
              arena, err));
    if (method == 0) {
        grades_unit_shares(unit, share, could_be);
        out->grade = rollup_share_grade(parameters, share, inside->n, unit->residents);
        out->could_be =
            rollup_share_grade(parameters, could_be, inside->n_could_be, unit->residents);
        if (out->grade > 0)
            out->value = share[out->grade < 4 ? out->grade : 3];
    } else if (method == 1) {
        out->grade = worst_of(inside->n);
        out->could_be = worst_of(inside->n_could_be);
    } else {
        out->grade = rollup_index_grade(parameters, inside->n, &out->value);
        out->could_be = rollup_index_grade(parameters, inside->n_could_be, &unused);
    }
    out->could_be = grading_worse(out->grade, out->could_be);
    out->undecided = (int32_t)inside->undecided;
    out->persons = unit->residents;
    out->n_red = (int32_t)inside->n[1];
    out->n_orange = (int32_t)inside->n[2];
    out->n_yellow = (int32_t)inside->n[3];
    out->n_blue = (int32_t)inside->n[4];
    out->n_grey = (int32_t)inside->n[0];
done:
    return code;
}

/* ---- all rows ---- */

enum err_code grades_rows_add(struct grades_rows *rows, const struct grade_row *row,
                              struct err *err)
{
    rows->items =
        arena_grow(rows->arena, rows->items, &rows->capacity, rows->n + 1, sizeof *rows->items);
    if (!rows->items)
        return err_nomem(err);
    rows->items[rows->n++] = *row;
    return ERR_OK;
}

static int compare_rows(const void *a, const void *b)
{
    return strcmp(((const struct grade_row *)a)->head.id, ((const struct grade_row *)b)->head.id);
}

void grades_rows_sort(struct grades_rows *rows)
{
    if (rows->n > 1)
        qsort(rows->items, rows->n, sizeof *rows->items, compare_rows);
}

enum err_code grades_rows_hazards(const struct world *world, size_t row,
                                  const struct grades_plant *plant, struct arena *scratch,
                                  struct grades_rows *rows, struct err *err)
{
    enum err_code code = ERR_OK;
    const uint32_t *items;
    size_t n;
    struct hazard hazard;
    struct grade_row one;
    world_of_enterprise(world, LAYER_INVENTORY, world_enterprise(world, row)->head.id, &items, &n);
    if (n == 0)
        return ERR_OK;
    TRY(hazard_judge(world, row, &plant->around, scratch, scratch, &hazard, err));
    for (size_t i = 0; i < hazard.n_units; i++) {
        TRY(grades_row_hazard(world, row, &hazard, i, rows->arena, &one, err));
        TRY(grades_rows_add(rows, &one, err));
    }
done:
    return code;
}

static enum err_code add_plants(const struct world *world, const struct grades_state *state,
                                struct arena *scratch, struct grades_rows *rows, struct err *err)
{
    enum err_code code = ERR_OK;
    struct grade_row one;
    for (size_t row = 0; row < world_count(world, LAYER_ENTERPRISES); row++) {
        const struct grades_plant *plant =
            &state->plants[world_slot(world, LAYER_ENTERPRISES, row)];
        TRY(grades_row_plant(world, row, plant, rows->arena, &one, err));
        TRY(grades_rows_add(rows, &one, err));
        TRY(grades_rows_hazards(world, row, plant, scratch, rows, err));
        arena_reset(scratch);
    }
done:
    return code;
}

static enum err_code add_units(const struct world *world, const struct grades_state *state,
                               struct grades_rows *rows, struct err *err)
{
    enum err_code code = ERR_OK;
    struct grade_row one;
    for (size_t row = 0; row < world_count(world, LAYER_ADMIN); row++) {
        const struct grades_unit *unit = state->units[world_slot(world, LAYER_ADMIN, row)];
        for (int method = 0; method < GRADES_METHODS; method++) {
            TRY(grades_row_unit(world, world_admin(world, row), unit, method, rows->arena, &one,
                                err));
            TRY(grades_rows_add(rows, &one, err));
        }
    }
done:
    return code;
}

enum err_code grades_rows(const struct world *world, const struct grades_state *state,
                          struct arena *arena, struct grades *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct grades_rows rows = {.arena = arena};
    struct grade_row one;
    struct arena scratch;
    arena_init(&scratch, 0);
    size_t most = world_count(world, LAYER_ENTERPRISES) + state->tiles.n +
                  GRADES_METHODS * world_count(world, LAYER_ADMIN);
    rows.items = arena_grow(arena, NULL, &rows.capacity, most, sizeof *rows.items);
    if (!rows.items) {
        code = err_nomem(err);
        goto done;
    }
    TRY(add_plants(world, state, &scratch, &rows, err));
    for (size_t i = 0; i < state->tiles.n; i++) {
        if (!grades_row_cell_is(&state->tiles.items[i].cell))
            continue;
        TRY(grades_row_cell(&state->tiles.items[i], arena, &one, err));
        TRY(grades_rows_add(&rows, &one, err));
    }
    TRY(add_units(world, state, &rows, err));
    grades_rows_sort(&rows);
    *out = (struct grades){rows.items, rows.n};
done:
    arena_release(&scratch);
    return code;
}

static bool same_real(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b;
}

bool grades_row_same(const struct grade_row *a, const struct grade_row *b)
{
    return a->grade == b->grade && a->could_be == b->could_be && a->undecided == b->undecided &&
           a->n_red == b->n_red && a->n_orange == b->n_orange && a->n_yellow == b->n_yellow &&
           a->n_blue == b->n_blue && a->n_grey == b->n_grey && same_real(a->persons, b->persons) &&
           same_real(a->value, b->value);
}
