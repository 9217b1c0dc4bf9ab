/* store_fixture.h - a store in a directory of its own, and records to put into it. */
#ifndef SISETU_TESTS_UNIT_STORE_FIXTURE_H
#define SISETU_TESTS_UNIT_STORE_FIXTURE_H

#include "data/store.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char directory[64];
    char path[96]; /* of the store, which set_up has made */
    struct arena arena;
    struct err err;
};

#define assert_ok(f, call)                                                                         \
    do {                                                                                           \
        (f)->err.message[0] = '\0';                                                                \
        if ((call) != ERR_OK)                                                                      \
            fail_msg("%s: %s", #call, (f)->err.message);                                           \
    } while (0)

#define assert_fails(f, call, expected, says)                                                      \
    do {                                                                                           \
        (f)->err.message[0] = '\0';                                                                \
        enum err_code outcome_ = (call);                                                           \
        if (outcome_ != (expected))                                                                \
            fail_msg("%s: %s, not %s: %s", #call, err_code_name(outcome_),                         \
                     err_code_name(expected), (f)->err.message);                                   \
        if (!strstr((f)->err.message, says))                                                       \
            fail_msg("\"%s\" does not say \"%s\"", (f)->err.message, says);                        \
    } while (0)

static inline int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    setenv("SISETU_STORE_WAIT_MS", "300", 0); /* ten seconds are too long for a test */
    snprintf(f->directory, sizeof f->directory, "/tmp/sisetu-store-XXXXXX");
    if (!mkdtemp(f->directory))
        return -1;
    snprintf(f->path, sizeof f->path, "%s/store.gpkg", f->directory);
    arena_init(&f->arena, 0);
    *state = f;
    return store_create(f->path, &f->err) == ERR_OK ? 0 : -1;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", f->directory);
    arena_release(&f->arena);
    free(f);
    return system(command) == 0 ? 0 : -1;
}

/* A path in the fixture's directory. */
static inline const char *in(struct fixture *f, const char *name)
{
    return arena_printf(&f->arena, "%s/%s", f->directory, name);
}

/* What a program prints, whitespace at the end cut off; "" if it fails to start. */
static inline const char *printed(struct fixture *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline const char *printed(struct fixture *f, const char *format, ...)
{
    char command[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    char *text = arena_alloc(&f->arena, 1 << 16, 1);
    size_t n = fread(text, 1, (1 << 16) - 1, pipe);
    pclose(pipe);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
        n--;
    text[n] = '\0';
    return text;
}

/* n zones "Z-000000" ... with a circle of `vertices` corners each, all named `name`. */
static inline struct zone *some_zones(struct fixture *f, size_t n, size_t vertices,
                                      const char *name)
{
    struct zone *zones = arena_new(&f->arena, struct zone, n);
    struct lonlat *ring = arena_new(&f->arena, struct lonlat, vertices);
    for (size_t i = 0; i < n; i++) {
        record_clear(LAYER_ZONES, &zones[i]);
        zones[i].head.id = arena_printf(&f->arena, "Z-%06zu", i);
        zones[i].head.name = name;
        zones[i].kind = "individual_risk";
        zones[i].value = 1e-6 / 3;
        zones[i].class = 1 + (int32_t)(i % 3);
        for (size_t k = 0; k < vertices; k++) {
            double angle = 6.283185307179586 * (double)k / (double)vertices;
            ring[k].lon_deg = 104 + 0.0001 * (double)i + 0.01 * cos(angle);
            ring[k].lat_deg = 36 + 0.01 * sin(angle);
        }
        assert_int_equal(geom_of_ring(ring, vertices, &f->arena, &zones[i].head.geom, &f->err),
                         ERR_OK);
    }
    return zones;
}

/* Opens, puts the zones in, commits, closes. */
static inline void put_zones(struct fixture *f, const struct zone *zones, size_t n)
{
    struct store *store;
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    assert_ok(f, store_insert(store, LAYER_ZONES, zones, n, &f->err));
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
}

static inline size_t zones_in(struct fixture *f)
{
    struct store *store;
    size_t n = 0;
    assert_ok(f, store_open(f->path, STORE_READ, &store, &f->err));
    assert_ok(f, store_count(store, LAYER_ZONES, &n, &f->err));
    store_close(store);
    return n;
}

/* To a reader, who waits for edits on their way. */
static inline uint64_t generation_of(struct fixture *f)
{
    struct store *store;
    assert_ok(f, store_open(f->path, STORE_READ, &store, &f->err));
    uint64_t generation = store_generation(store);
    store_close(store);
    return generation;
}

/* One or two shapes of the kind, with coordinates that use every bit. */
static inline void shape(struct fixture *f, enum geom_kind kind, bool multi, struct geom *out)
{
    const double x = 106.0 + 1.0 / 3, y = 38.0 + 1.0 / 7, d = 1.0 / 1024;
    struct lonlat *points = arena_new(&f->arena, struct lonlat, 10);
    uint32_t *rings = arena_new(&f->arena, uint32_t, 2);
    uint32_t *parts = arena_new(&f->arena, uint32_t, 2);
    uint32_t copies = multi ? 2 : 1;
    uint32_t each = kind == GEOM_POINT ? 1 : kind == GEOM_LINE ? 3 : 5;
    static const double corners[5][2] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}};
    for (uint32_t c = 0; c < copies; c++) {
        for (uint32_t i = 0; i < each; i++)
            points[c * each + i] =
                (struct lonlat){x + c + d * corners[i][0], y + d * corners[i][1]};
        rings[c] = (c + 1) * each;
        parts[c] = c + 1;
    }
    *out = (struct geom){.kind = kind, .n_points = copies * each, .points = points};
    out->n_rings = kind == GEOM_POINT ? 0 : copies;
    out->n_parts = kind == GEOM_POLYGON ? copies : 0;
    out->ring_ends = rings;
    out->part_ends = parts;
    out->box = box_of_points(points, out->n_points);
}

/* A grid of 600 x 300 cells: six blocks, of which the second is empty and one holds a cell. */
static inline struct grid some_grid(struct fixture *f)
{
    enum { COLUMNS = 600, ROWS = 300, ACROSS = 3, DOWN = 2 };
    struct grid grid = {.n_columns = COLUMNS,
                        .n_rows = ROWS,
                        .west = 104.0 + 1.0 / 3,
                        .north = 39.5,
                        .cell_width = 1.0 / 1200,
                        .cell_height = 1.0 / 1200,
                        .crs = "EPSG:4490",
                        .geographic = true,
                        .n_block_columns = ACROSS,
                        .n_block_rows = DOWN};
    const float **blocks = arena_new(&f->arena, const float *, ACROSS *DOWN);
    for (int b = 0; b < ACROSS * DOWN; b++) {
        float *cells = arena_new(&f->arena, float, GRID_BLOCK_CELLS *GRID_BLOCK_CELLS);
        for (int i = 0; i < GRID_BLOCK_CELLS * GRID_BLOCK_CELLS; i++)
            cells[i] = NAN;
        if (b == 4)
            cells[77] = 0.0F;
        else if (b != 1)
            for (int i = 0; i < GRID_BLOCK_CELLS * GRID_BLOCK_CELLS; i += 3)
                cells[i] = (float)i / 7 + (float)b;
        blocks[b] = b == 3 ? NULL : cells;
    }
    grid.blocks = blocks;
    return grid;
}

/* Root may write anywhere: gives that up, and stays the owner of what it made. False if the
 * system does not let it. */
static inline bool obey_permissions(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}, {0}};
    return geteuid() != 0 || syscall(SYS_capset, &header, data) == 0;
}

#endif
