/* grades.c - all grades of a world, on one thread or many. */
#include "geo/grades/grades.h"

#include "geo/grades/grades_state.h"
#include "geo/world/near.h"
#include "geo/world/population.h"

#include <stdlib.h>
#include <string.h>

enum { SOURCES_A_CHUNK = 256 };

/* One run. What the threads make goes to places that rows or chunks name. */
struct grading_run {
    const struct world *world;
    struct crew *crew;
    struct grades_state *state;
    struct arena *rows_arena;
    struct arena scratch;
    size_t n_plants;               /* rows of enterprises */
    struct grades_plant *plants;   /* by row */
    int64_t (*units_of)[5];        /* by row */
    struct grades_gather *gathers; /* by chunk of sources */
    struct arena *arenas;          /* of the gathers */
    size_t n_chunks;
    /* All shapes, and the touches of each tile of the state. */
    struct reach_shape *shapes;
    struct reach_touch *touches;
    size_t *touch_ends; /* by tile */
    uint32_t *covered;  /* by tile */
    /* The borders of all units, in order. */
    struct grades_unit **units; /* by row of admin */
    size_t *border_ends;
};

/* ---- enterprises ---- */

static enum err_code judge_plants(void *context, struct worker *worker, size_t first, size_t end,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    struct grading_run *run = context;
    for (size_t row = first; row < end; row++) {
        struct arena_mark mark = arena_mark(&worker->arena);
        struct grades_judged judged;
        TRY(grades_judge(run->world, worker, row, NULL, &worker->arena, &judged, err));
        run->plants[row] = judged.plant;
        arena_rewind(&worker->arena, mark);
    }
done:
    return code;
}

/* Room for edits to come: the first that needs more has to wait until all is copied. */
static size_t to_come(size_t n)
{
    return n / 8 + 64;
}

static enum err_code keep_plants(struct grading_run *run, struct err *err)
{
    struct grades_state *state = run->state;
    size_t n = world_slots(run->world, LAYER_ENTERPRISES);
    state->plants = arena_grow(&state->arena, NULL, &state->plants_capacity, n + to_come(n),
                               sizeof *state->plants);
    if (!state->plants)
        return err_nomem(err);
    memset(state->plants, 0, n * sizeof *state->plants);
    state->n_plants = n;
    for (size_t row = 0; row < run->n_plants; row++)
        state->plants[world_slot(run->world, LAYER_ENTERPRISES, row)] = run->plants[row];
    return ERR_OK;
}

/* ---- what sources touch ---- */

static enum err_code gather_chunks(void *context, struct worker *worker, size_t first, size_t end,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    struct grading_run *run = context;
    struct arena lists; /* the same memory for all chunks */
    arena_init(&lists, 0);
    for (size_t chunk = first; chunk < end; chunk++) {
        struct grades_gather *gather = &run->gathers[chunk];
        size_t last = (chunk + 1) * SOURCES_A_CHUNK;
        arena_reset(&lists);
        TRY(grades_gather_init(gather, run->world, worker, &run->arenas[chunk], &lists, err));
        for (size_t row = chunk * SOURCES_A_CHUNK; row < last && row < run->n_plants; row++) {
            struct arena_mark mark = arena_mark(&worker->arena);
            struct grades_source source;
            TRY(grades_source_of(run->world, row, &run->plants[row], &worker->arena, &source, err));
            code = grades_gather_source(gather, &source, (uint32_t)row, err);
            arena_rewind(&worker->arena, mark);
            if (code != ERR_OK) {
                err_wrap(err, "enterprise \"%s\"", world_enterprise(run->world, row)->head.id);
                goto done;
            }
        }
        TRY(grades_gather_end(gather, err));
    }
done:
    arena_release(&lists);
    return code;
}

static enum err_code gather_all(struct grading_run *run, struct err *err)
{
    enum err_code code = ERR_OK;
    run->n_chunks = (run->n_plants + SOURCES_A_CHUNK - 1) / SOURCES_A_CHUNK;
    run->gathers = arena_new(&run->scratch, struct grades_gather, run->n_chunks);
    struct arena *arenas = arena_new(&run->scratch, struct arena, run->n_chunks);
    if (!run->gathers || !arenas)
        return err_nomem(err);
    for (size_t i = 0; i < run->n_chunks; i++)
        arena_init(&arenas[i], 0);
    run->arenas = arenas;
    const struct parallel work = {.crew = run->crew,
                                  .n_items = run->n_chunks,
                                  .chunk = 1,
                                  .context = run,
                                  .run = gather_chunks};
    TRY(parallel_for(&work, err));
done:
    return code;
}

/* Counts sources a cell, and puts every tile that anything touches into the state. */
static enum err_code count_cells(struct grading_run *run, struct err *err)
{
    enum err_code code = ERR_OK;
    struct grades_tiles *tiles = &run->state->tiles;
    size_t index;
    for (size_t chunk = 0; chunk < run->n_chunks; chunk++) {
        const struct grades_gather *gather = &run->gathers[chunk];
        for (size_t i = 0; i < gather->n_cells; i++) {
            const struct grades_reached *reached = &gather->cells[i];
            const struct grades_plant *plant = &run->plants[reached->source];
            TRY(grades_tile_put(tiles, reached->tile, &index, err));
            grades_cell_add(&tiles->items[index].cell, plant->grade, plant->could_be,
                            reached->by_grade, 1);
            grades_worst_push(&tiles->items[index].cell.worst,
                              world_slot(run->world, LAYER_ENTERPRISES, reached->source),
                              grades_rank(plant, reached->by_grade));
        }
        for (size_t i = 0; i < gather->n_touches; i++)
            TRY(grades_tile_put(tiles, gather->touches[i].tile, &index, err));
        for (size_t i = 0; i < gather->n_covers; i++) {
            struct tile_span span = gather->covers[i].span;
            for (struct tile at = {span.first, span.row}; at.column < span.end; at.column++)
                TRY(grades_tile_put(tiles, at, &index, err));
        }
    }
done:
    return code;
}

static size_t index_of(const struct grading_run *run, struct tile tile)
{
    return (size_t)(grades_tile_find(&run->state->tiles, tile) - run->state->tiles.items);
}

/* Shapes and touches of all chunks, touches by tile, in the order of shapes. */
static enum err_code sort_touches(struct grading_run *run, struct err *err)
{
    size_t n_shapes = 0;
    size_t n_touches = 0;
    size_t n_tiles = run->state->tiles.n;
    for (size_t chunk = 0; chunk < run->n_chunks; chunk++) {
        n_shapes += run->gathers[chunk].n_shapes;
        n_touches += run->gathers[chunk].n_touches;
    }
    run->shapes = arena_new(&run->scratch, struct reach_shape, n_shapes);
    run->touches = arena_new(&run->scratch, struct reach_touch, n_touches);
    run->touch_ends = arena_new(&run->scratch, size_t, n_tiles + 1);
    run->covered = arena_new(&run->scratch, uint32_t, n_tiles);
    uint32_t *tile_of = arena_new(&run->scratch, uint32_t, n_touches);
    if (!run->shapes || !run->touches || !run->touch_ends || !run->covered || !tile_of)
        return err_nomem(err);
    size_t at = 0;
    for (size_t chunk = 0; chunk < run->n_chunks; chunk++) {
        const struct grades_gather *gather = &run->gathers[chunk];
        for (size_t i = 0; i < gather->n_touches; i++, at++) {
            tile_of[at] = (uint32_t)index_of(run, gather->touches[i].tile);
            run->touch_ends[tile_of[at] + 1]++;
        }
        for (size_t i = 0; i < gather->n_covers; i++) {
            struct tile_span span = gather->covers[i].span;
            for (struct tile tile = {span.first, span.row}; tile.column < span.end; tile.column++)
                run->covered[index_of(run, tile)] |= gather->covers[i].sets;
        }
    }
    for (size_t i = 0; i < n_tiles; i++)
        run->touch_ends[i + 1] += run->touch_ends[i];
    /* touch_ends[i] walks from the start of tile i to its end. */
    uint32_t first_shape = 0;
    at = 0;
    for (size_t chunk = 0; chunk < run->n_chunks; chunk++) {
        const struct grades_gather *gather = &run->gathers[chunk];
        if (gather->n_shapes > 0)
            memcpy(run->shapes + first_shape, gather->shapes,
                   gather->n_shapes * sizeof *gather->shapes);
        for (size_t i = 0; i < gather->n_touches; i++, at++) {
            struct reach_touch touch = gather->touches[i].touch;
            touch.shape += first_shape;
            run->touches[run->touch_ends[tile_of[at]]++] = touch;
        }
        first_shape += (uint32_t)gather->n_shapes;
    }
    return ERR_OK;
}

/* ---- persons in reach ---- */

static struct reach_question question_of(const struct grading_run *run, struct worker *worker,
                                         size_t index)
{
    size_t start = index ? run->touch_ends[index - 1] : 0;
    return (struct reach_question){.world = run->world,
                                   .worker = worker,
                                   .tile = run->state->tiles.items[index].tile,
                                   .shapes = run->shapes,
                                   .touches = run->touches + start,
                                   .n_touches = run->touch_ends[index] - start,
                                   .covered = run->covered[index]};
}

static enum err_code reach_tiles(void *context, struct worker *worker, size_t first, size_t end,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    struct grading_run *run = context;
    for (size_t i = first; i < end; i++) {
        struct reach_question question = question_of(run, worker, i);
        TRY(reach_in_tile(&question, &run->state->tiles.items[i].persons, err));
    }
done:
    return code;
}

/* The unit whose border has that number among all. */
static size_t unit_of_border(const struct grading_run *run, size_t number, size_t n_units)
{
    size_t low = 0;
    size_t high = n_units;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (run->border_ends[middle] <= number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum err_code reach_borders(void *context, struct worker *worker, size_t first, size_t end,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    struct grading_run *run = context;
    size_t n_units = world_count(run->world, LAYER_ADMIN);
    size_t row = unit_of_border(run, first, n_units);
    for (size_t i = first; i < end; i++) {
        while (run->border_ends[row] <= i)
            row++;
        struct grades_unit *unit = run->units[row];
        struct grades_border *border = &unit->borders[i - (row ? run->border_ends[row - 1] : 0)];
        const struct grades_tile *tile = grades_tile_find(&run->state->tiles, border->part.tile);
        if (!tile)
            continue;
        struct reach_question question =
            question_of(run, worker, (size_t)(tile - run->state->tiles.items));
        TRY(grades_reach_border(&question, world_geom(run->world, LAYER_ADMIN, row), unit, border,
                                &tile->persons, err));
    }
done:
    return code;
}

static enum err_code find_units(struct grading_run *run, struct err *err)
{
    enum err_code code = ERR_OK;
    struct grades_state *state = run->state;
    size_t n = world_count(run->world, LAYER_ADMIN);
    state->n_units = world_slots(run->world, LAYER_ADMIN);
    state->units = arena_grow(&state->arena, NULL, &state->units_capacity, state->n_units,
                              sizeof *state->units);
    run->units = arena_new(&run->scratch, struct grades_unit *, n);
    run->border_ends = arena_new(&run->scratch, size_t, n);
    if (!state->units || !run->units || !run->border_ends)
        return err_nomem(err);
    memset(state->units, 0, state->n_units * sizeof(struct grades_unit *));
    size_t n_borders = 0;
    for (size_t row = 0; row < n; row++) {
        TRY(grades_unit_new(run->world, &run->crew->workers[0], row, &state->arena,
                            &run->units[row], err));
        state->units[world_slot(run->world, LAYER_ADMIN, row)] = run->units[row];
        n_borders += run->units[row]->n_borders;
        run->border_ends[row] = n_borders;
    }
    const struct parallel work = {
        .crew = run->crew, .n_items = n_borders, .chunk = 64, .context = run, .run = reach_borders};
    TRY(parallel_for(&work, err));
    for (size_t row = 0; row < n; row++)
        grades_unit_sum(&state->tiles, run->units[row]);
done:
    return code;
}

/* ---- who counts in which unit ---- */

static enum err_code place_plants(void *context, struct worker *worker, size_t first, size_t end,
                                  struct err *err)
{
    (void)worker;
    (void)err;
    struct grading_run *run = context;
    for (size_t row = first; row < end; row++)
        grades_units_of(run->world, run->state->units,
                        near_place(world_geom(run->world, LAYER_ENTERPRISES, row)),
                        run->units_of[row]);
    return ERR_OK;
}

static enum err_code count_inside(struct grading_run *run, struct err *err)
{
    enum err_code code = ERR_OK;
    run->units_of = arena_alloc(&run->scratch, run->n_plants, sizeof *run->units_of);
    if (!run->units_of)
        return err_nomem(err);
    const struct parallel work = {.crew = run->crew,
                                  .n_items = run->n_plants,
                                  .chunk = 256,
                                  .context = run,
                                  .run = place_plants};
    TRY(parallel_for(&work, err));
    for (size_t row = 0; row < run->n_plants; row++) {
        if (world_geom(run->world, LAYER_ENTERPRISES, row)->kind == GEOM_NONE)
            continue;
        for (int level = 1; level <= 4; level++) {
            int64_t unit = run->units_of[row][level];
            if (unit < 0)
                continue;
            struct grades_inside *inside = &run->units[unit]->inside;
            grades_inside_add(inside, &run->plants[row], 1);
            if (run->plants[row].grade > 0)
                grades_worst_push(&inside->worst, world_slot(run->world, LAYER_ENTERPRISES, row),
                                  run->plants[row].grade);
        }
    }
done:
    return code;
}

/* ---- all ---- */

static enum err_code run_all(struct grading_run *run, struct grades *out, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(crew_fit(run->crew, run->world, err));
    run->plants = arena_new(&run->scratch, struct grades_plant, run->n_plants);
    if (!run->plants) {
        code = err_nomem(err);
        goto done;
    }
    struct parallel work = {.crew = run->crew,
                            .n_items = run->n_plants,
                            .chunk = 64,
                            .context = run,
                            .run = judge_plants};
    TRY(parallel_for(&work, err));
    TRY(keep_plants(run, err));
    TRY(gather_all(run, err));
    TRY(count_cells(run, err));
    TRY(grades_tiles_reserve(&run->state->tiles, to_come(run->state->tiles.n), err));
    TRY(sort_touches(run, err));
    work = (struct parallel){.crew = run->crew,
                             .n_items = run->state->tiles.n,
                             .chunk = 64,
                             .context = run,
                             .run = reach_tiles};
    TRY(parallel_for(&work, err));
    TRY(find_units(run, err));
    TRY(count_inside(run, err));
    TRY(grades_rows(run->world, run->state, run->rows_arena, out, err));
done:
    return code;
}

static enum err_code state_new(struct grades_state **out, struct err *err)
{
    struct grades_state *state = calloc(1, sizeof *state);
    if (!state)
        return err_nomem(err);
    arena_init(&state->arena, 0);
    state->tiles.arena = &state->arena;
    *out = state;
    return ERR_OK;
}

void grades_state_free(struct grades_state *state)
{
    if (!state)
        return;
    grades_state_free(state->next);
    arena_release(&state->arena);
    free(state);
}

enum err_code grades_all(const struct world *world, struct crew *crew, struct arena *arena,
                         struct grades_state **state, struct grades *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct grading_run run = {.world = world,
                              .crew = crew,
                              .rows_arena = arena,
                              .n_plants = world_count(world, LAYER_ENTERPRISES)};
    arena_init(&run.scratch, 0);
    TRY(state_new(&run.state, err));
    TRY(grade_rules_sort(world->rules, &run.state->arena, &run.state->rules, err));
    TRY(run_all(&run, out, err));
    *state = run.state;
    run.state = NULL;
done:
    for (size_t i = 0; run.arenas && i < run.n_chunks; i++)
        arena_release(&run.arenas[i]);
    arena_release(&run.scratch);
    grades_state_free(run.state);
    return code;
}

double grades_widest_cell_m(const struct grades_state *state)
{
    double widest_m = 0;
    for (size_t i = 0; i < state->n_plants; i++) {
        if (state->plants[i].alive)
            widest_m = fmax(widest_m, state->plants[i].around.cell_m);
    }
    return widest_m;
}
