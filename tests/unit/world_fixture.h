/*
 * world_fixture.h - worlds made by hand, for tests: records, shapes, a population grid and the
 * installed rules, without a store.
 *
 *     struct fixture f;
 *     fixture_init(&f);
 *     struct enterprise *e = fixture_add(&f, LAYER_ENTERPRISES, "E1");
 *     e->head.geom = fixture_point(&f, 106.2, 38.4);
 *     struct world *world = fixture_world(&f, 20260601);
 *     ...
 *     world_release(world);
 *
 * A step that fails ends the test at once. The world owns what fixture_init and the others
 * made: records and ids belong to their layer, shapes and grid to the world.
 */
#ifndef SISETU_TESTS_WORLD_FIXTURE_H
#define SISETU_TESTS_WORLD_FIXTURE_H

#include "data/schema.h"
#include "geo/measure/ellipsoid.h"
#include "geo/findings/finding.h"
#include "geo/world/world_layer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* cmocka compares floats; our figures are doubles. */
#define assert_close(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

/* Records of a layer; a test that needs more says so before it includes this. */
#ifndef FIXTURE_RECORDS
#define FIXTURE_RECORDS 512
#endif
enum { FIXTURE_ACCURATE_UM = 1 };

struct fixture {
    struct world_parts parts;
    struct arena arenas[LAYER_COUNT];
    char *records[LAYER_COUNT];
    size_t n[LAYER_COUNT];
    struct rules *rules; /* may be changed before fixture_world */
    float *block;
};

static inline void fixture_check(enum err_code code, const struct err *err)
{
    if (code != ERR_OK) {
        fprintf(stderr, "fixture: %s\n", err->message);
        abort();
    }
}

static inline void fixture_init(struct fixture *f)
{
    struct err err;
    memset(f, 0, sizeof *f);
    arena_init(&f->parts.arena, 0);
    struct schema *schema = arena_new(&f->parts.arena, struct schema, 1);
    f->rules = arena_new(&f->parts.arena, struct rules, 1);
    fixture_check(schema_load(&f->parts.arena, schema, &err), &err);
    fixture_check(rules_load(NULL, schema, &f->parts.arena, f->rules, &err), &err);
    f->parts.schema = schema;
    f->parts.rules = f->rules;
    f->parts.generation = 1;
}

/* A record with everything absent but its id, and an accuracy of one micrometre. */
static inline void *fixture_add(struct fixture *f, enum layer_id layer, const char *id)
{
    size_t bytes = records_binding(layer)->record_bytes;
    if (!f->records[layer]) {
        arena_init(&f->arenas[layer], 0);
        f->records[layer] = arena_alloc(&f->arenas[layer], FIXTURE_RECORDS, bytes);
    }
    if (f->n[layer] == FIXTURE_RECORDS)
        abort();
    void *record = f->records[layer] + bytes * f->n[layer]++;
    record_clear(layer, record);
    struct record_head *head = record;
    head->id = arena_strdup(&f->arenas[layer], id);
    head->accuracy_m = FIXTURE_ACCURATE_UM * 1e-6;
    return record;
}

static inline struct geom fixture_point(struct fixture *f, double lon_deg, double lat_deg)
{
    struct err err;
    struct geom geom;
    fixture_check(geom_of_point((struct lonlat){lon_deg, lat_deg}, &f->parts.arena, &geom, &err),
                  &err);
    return geom;
}

static inline struct geom fixture_box(struct fixture *f, double west, double south, double east,
                                      double north)
{
    struct err err;
    struct geom geom;
    struct lonlat ring[4] = {{west, south}, {east, south}, {east, north}, {west, north}};
    fixture_check(geom_of_ring(ring, 4, &f->parts.arena, &geom, &err), &err);
    return geom;
}

static inline struct geom fixture_line(struct fixture *f, struct lonlat a, struct lonlat b)
{
    struct lonlat *points = arena_new(&f->parts.arena, struct lonlat, 2);
    uint32_t *ends = arena_new(&f->parts.arena, uint32_t, 1);
    points[0] = a;
    points[1] = b;
    ends[0] = 2;
    return (struct geom){.kind = GEOM_LINE,
                         .n_points = 2,
                         .n_rings = 1,
                         .points = points,
                         .ring_ends = ends,
                         .box = box_of_points(points, 2)};
}

/* One block at most: up to 256 x 256 cells, all with `persons`. */
static inline void fixture_grid(struct fixture *f, double west, double north, double cell_deg,
                                uint32_t columns, uint32_t rows, float persons)
{
    const float **blocks = arena_new(&f->parts.arena, const float *, 1);
    f->block = arena_new(&f->parts.arena, float, GRID_BLOCK_CELLS *GRID_BLOCK_CELLS);
    for (size_t i = 0; i < GRID_BLOCK_CELLS * GRID_BLOCK_CELLS; i++)
        f->block[i] = NAN;
    for (uint32_t row = 0; row < rows; row++) {
        for (uint32_t column = 0; column < columns; column++)
            f->block[row * GRID_BLOCK_CELLS + column] = persons;
    }
    blocks[0] = f->block;
    f->parts.population = (struct grid){.n_columns = columns,
                                        .n_rows = rows,
                                        .west = west,
                                        .north = north,
                                        .cell_width = cell_deg,
                                        .cell_height = cell_deg,
                                        .crs = "EPSG:4490",
                                        .geographic = true,
                                        .n_block_columns = 1,
                                        .n_block_rows = 1,
                                        .blocks = blocks};
}

static inline void fixture_cell(struct fixture *f, uint32_t column, uint32_t row, float persons)
{
    f->block[row * GRID_BLOCK_CELLS + column] = persons;
}

static inline int fixture_by_id(const void *a, const void *b)
{
    return strcmp(((const struct record_head *)a)->id, ((const struct record_head *)b)->id);
}

/* Rows of conflicts, as a store would give them, become findings: source, target and rule must
 * be there. */
static inline void fixture_findings(struct fixture *f, struct world *world)
{
    struct err err;
    struct findings_builder *builder;
    struct findings *findings;
    const char *rows = f->records[LAYER_CONFLICTS];
    size_t n_dropped = 0;
    if (!rows)
        return;
    fixture_check(findings_builder_new(world, &builder, &err), &err);
    for (size_t i = 0; i < f->n[LAYER_CONFLICTS]; i++)
        fixture_check(
            findings_builder_add(builder, (const void *)record_at(LAYER_CONFLICTS, rows, i), &err),
            &err);
    fixture_check(findings_builder_end(builder, &findings, &n_dropped, &err), &err);
    if (n_dropped > 0)
        abort();
    world_set_findings(world, findings);
    arena_release(&f->arenas[LAYER_CONFLICTS]);
}

static inline struct world *fixture_world(struct fixture *f, int32_t as_of)
{
    struct err err;
    struct world *world = NULL;
    f->parts.as_of = as_of;
    for (size_t i = 0; i < LAYER_COUNT; i++) {
        if (!f->records[i] || i == LAYER_CONFLICTS)
            continue;
        enum layer_id layer = (enum layer_id)i;
        qsort(f->records[i], f->n[i], records_binding(layer)->record_bytes, fixture_by_id);
        fixture_check(world_layer_new(layer, f->records[i], f->n[i], as_of, &f->arenas[i],
                                      &f->parts.layers[i], &err),
                      &err);
    }
    fixture_check(world_new(&f->parts, &world, &err), &err);
    fixture_findings(f, world);
    return world;
}

#endif
