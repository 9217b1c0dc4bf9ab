/*
 * region_fixture.h - a random region of 5 x 5 km in a store: records of every fact layer with
 * fields drawn from the schema's codes and the rules' rows, close enough together to be in each
 * other's way. The same seed gives the same region.
 */
#ifndef SISETU_TESTS_UNIT_REGION_FIXTURE_H
#define SISETU_TESTS_UNIT_REGION_FIXTURE_H

#include "tests/unit/store_fixture.h"

#include "data/rules.h"
#include "data/schema.h"

/* Where the region's people are known from. */
enum region_people {
    REGION_GRID,   /* a grid; census areas lie beside it, which count for nothing */
    REGION_CENSUS, /* census areas alone */
    REGION_NOBODY, /* nothing, until somebody adds a census area */
};

struct region {
    struct fixture *f; /* for its arena and errors */
    uint64_t random;
    struct schema schema;
    struct rules rules;
};

static const double REGION_WEST_DEG = 106.2, REGION_SOUTH_DEG = 38.4;
static const double REGION_WIDE_DEG = 0.06, REGION_HIGH_DEG = 0.05;

/* Records of each layer to begin with; ids are drawn below a third more. */
static const struct {
    enum layer_id layer;
    uint32_t n;
} region_layers[] = {
    {LAYER_ADMIN, 6},          {LAYER_ENTERPRISES, 40}, {LAYER_FACILITIES, 60},
    {LAYER_INVENTORY, 50},     {LAYER_ZONES, 40},       {LAYER_PIPELINES, 6},
    {LAYER_PROTECTED, 90},     {LAYER_AREAS, 12},       {LAYER_INFRASTRUCTURE, 10},
    {LAYER_HIDDEN_DANGERS, 8}, {LAYER_RESOURCES, 6},    {LAYER_SCENARIOS, 24},
    {LAYER_CENSUS, 9},
};
enum { REGION_LAYERS = sizeof region_layers / sizeof region_layers[0] };

/* The most that a number is drawn up to, where the schema allows far more than is usual. */
static const struct {
    const char *field;
    double most;
} region_most[] = {
    {"accuracy_m", 12},    {"radius_m", 400},      {"total_m3", 60000},     {"single_m3", 20000},
    {"store_t", 3000},     {"charge_kg", 20000},   {"wind_m_s", 9},         {"q_t", 600},
    {"diameter_mm", 1000}, {"pressure_mpa", 10},   {"gas_factor", 0.2},     {"persons", 600},
    {"households", 150},   {"floor_area_m2", 9e4}, {"beds", 900},           {"peak_persons", 9000},
    {"storeys", 40},       {"width_m", 60},        {"freq_per_year", 1e-4}, {"value", 12},
    {"staff", 900},        {"population", 90000},  {"capacity", 100},       {"fatalities", 300},
};

static inline uint32_t region_draw(struct region *r, uint32_t below)
{
    r->random = r->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(r->random >> 33) % below;
}

static inline double region_share(struct region *r)
{
    return region_draw(r, 1000000) / 1e6;
}

static inline struct lonlat region_place(struct region *r)
{
    return (struct lonlat){REGION_WEST_DEG + REGION_WIDE_DEG * region_share(r),
                           REGION_SOUTH_DEG + REGION_HIGH_DEG * region_share(r)};
}

static inline void region_init(struct region *r, struct fixture *f, uint64_t seed)
{
    *r = (struct region){.f = f, .random = seed};
    assert_ok(f, schema_load(&f->arena, &r->schema, &f->err));
    assert_ok(f, rules_load(NULL, &r->schema, &f->arena, &r->rules, &f->err));
}

/* ---- shapes ---- */

static inline struct geom region_polygon(struct region *r, double most_deg)
{
    enum { CORNERS = 7 };
    struct lonlat at = region_place(r), ring[CORNERS];
    struct geom geom;
    double wide = most_deg * (0.1 + 0.9 * region_share(r));
    for (int i = 0; i < CORNERS; i++) {
        double angle = 6.283185307179586 * i / CORNERS;
        double reach = wide * (0.5 + 0.5 * region_share(r));
        ring[i] = (struct lonlat){at.lon_deg + reach * cos(angle), at.lat_deg + reach * sin(angle)};
    }
    assert_ok(r->f, geom_of_ring(ring, CORNERS, &r->f->arena, &geom, &r->f->err));
    return geom;
}

static inline struct geom region_line(struct region *r)
{
    enum { POINTS = 4 };
    struct lonlat *points = arena_new(&r->f->arena, struct lonlat, POINTS);
    uint32_t *ends = arena_new(&r->f->arena, uint32_t, 1);
    struct lonlat at = region_place(r);
    for (int i = 0; i < POINTS; i++) {
        points[i] = at;
        at.lon_deg += 0.02 * (region_share(r) - 0.3);
        at.lat_deg += 0.015 * (region_share(r) - 0.5);
    }
    ends[0] = POINTS;
    return (struct geom){.kind = GEOM_LINE,
                         .n_points = POINTS,
                         .n_rings = 1,
                         .points = points,
                         .ring_ends = ends,
                         .box = box_of_points(points, POINTS)};
}

static inline struct geom region_shape(struct region *r, enum layer_id layer)
{
    const struct schema_layer *schema = &r->schema.layers[layer];
    double wide = layer == LAYER_AREAS       ? 0.01
                  : layer == LAYER_ADMIN     ? 0.04
                  : layer == LAYER_ZONES     ? 0.012
                  : layer == LAYER_CENSUS    ? 0.02
                  : layer == LAYER_SCENARIOS ? 0.006
                                             : 0.002;
    struct geom geom = {.kind = GEOM_NONE, .box = box_empty()};
    if (!schema->has_geometry)
        return geom;
    if (schema->may_be_polygon && (!schema->may_be_point || region_draw(r, 3) > 0))
        return region_polygon(r, wide);
    if (schema->may_be_line)
        return region_line(r);
    assert_ok(r->f, geom_of_point(region_place(r), &r->f->arena, &geom, &r->f->err));
    return geom;
}

/* ---- fields ---- */

static inline const char *region_id(struct region *r, enum layer_id layer)
{
    uint32_t n = 1;
    for (size_t i = 0; i < REGION_LAYERS; i++)
        if (region_layers[i].layer == layer)
            n = region_layers[i].n;
    return arena_printf(&r->f->arena, "%.2s-%03u", layer_name(layer),
                        region_draw(r, n + n / 3 + 1));
}

static inline const char *region_text(struct region *r, enum layer_id layer, const char *field)
{
    const struct schema_field *schema = schema_field(&r->schema.layers[layer], field);
    /* A few plants have all the scenarios, so that curves have many corners. */
    if (strcmp(field, "enterprise_id") == 0 && layer == LAYER_SCENARIOS)
        return arena_printf(&r->f->arena, "en-%03u", region_draw(r, 6));
    if (strcmp(field, "enterprise_id") == 0)
        return region_id(r, LAYER_ENTERPRISES);
    if (strcmp(field, "facility_type") == 0)
        return r->rules.facility_types[region_draw(r, (uint32_t)r->rules.n_facility_types)]
            .source.id;
    if (strcmp(field, "industry") == 0)
        return r->rules.industries[region_draw(r, (uint32_t)r->rules.n_industries)].source.id;
    if (strcmp(field, "category") == 0)
        return r->rules.categories[region_draw(r, (uint32_t)r->rules.n_categories)].source.id;
    if (strcmp(field, "unit") == 0 && layer == LAYER_INVENTORY)
        return arena_printf(&r->f->arena, "U%u", region_draw(r, 2));
    if (schema && schema->n_codes)
        return schema->codes[region_draw(r, (uint32_t)schema->n_codes)];
    return strcmp(field, "name") == 0
               ? arena_printf(&r->f->arena, "示例 %u", region_draw(r, 1000000))
               : NULL;
}

static inline double region_number(struct region *r, const struct schema_field *field)
{
    double low = isfinite(field->min) ? field->min : 0;
    double high = isfinite(field->max) ? field->max : low + 100;
    for (size_t i = 0; i < sizeof region_most / sizeof region_most[0]; i++)
        if (strcmp(region_most[i].field, field->name) == 0)
            high = region_most[i].most;
    return low + (high - low) * region_share(r);
}

static inline void region_fill(struct region *r, enum layer_id layer, void *record)
{
    static const char *const left[] = {"id",       "source",         "source_row", "imported",
                                       "code",     "level",          "parent",     "valid_from",
                                       "valid_to", "declared_grade", NULL};
    const struct layer_binding *binding = records_binding(layer);
    for (size_t i = 0; i < binding->n_fields; i++) {
        const struct field_binding *field = &binding->fields[i];
        const struct schema_field *schema = schema_field(&r->schema.layers[layer], field->name);
        char *member = (char *)record + field->offset;
        bool skip = layer != LAYER_HIDDEN_DANGERS && layer != LAYER_ADMIN && !schema->required &&
                    region_draw(r, 3) == 0;
        for (size_t k = 0; left[k]; k++)
            skip = skip || strcmp(field->name, left[k]) == 0;
        if (skip && !(layer == LAYER_HIDDEN_DANGERS && strcmp(field->name, "level") == 0))
            continue;
        const char *text = NULL;
        double real = 0;
        int32_t whole = 0;
        switch (field->type) {
        case FIELD_TEXT:
            text = region_text(r, layer, field->name);
            memcpy(member, &text, sizeof text);
            break;
        case FIELD_REAL:
            real = region_number(r, schema);
            memcpy(member, &real, sizeof real);
            break;
        case FIELD_INTEGER:
            whole = (int32_t)(region_number(r, schema) + 0.5);
            memcpy(member, &whole, sizeof whole);
            break;
        case FIELD_DATE:
        case FIELD_DATETIME:
            break;
        }
    }
}

/* A record of the layer with that id, everything else drawn; in the arena. */
static inline void *region_record(struct region *r, enum layer_id layer, const char *id)
{
    void *record = arena_alloc(&r->f->arena, 1, records_binding(layer)->record_bytes);
    struct record_head *head = record;
    record_clear(layer, record);
    head->id = id;
    region_fill(r, layer, record);
    head->geom = region_shape(r, layer);
    if (layer == LAYER_ADMIN) {
        static const char *const codes[] = {"640000", "640100",    "640121",
                                            "640122", "640121101", "640122101"};
        struct admin_unit *unit = record;
        uint32_t which = (uint32_t)(id[strlen(id) - 1] - '0') % 6;
        unit->head.id = unit->code = codes[which];
        unit->level = which < 2 ? 1 + (int32_t)which : which < 4 ? 3 : 4;
        unit->parent = which == 0 ? NULL : codes[which < 4 ? (which - 1) / 2 * 1 : which - 2];
    }
    if (region_draw(r, 15) == 0)
        head->valid_to = 20200101;
    return record;
}

/* ---- the store ---- */

static inline struct grid region_grid(struct region *r)
{
    enum { COLUMNS = 80, ROWS = 70 };
    const float **blocks = arena_new(&r->f->arena, const float *, 1);
    float *cells = arena_new(&r->f->arena, float, GRID_BLOCK_CELLS *GRID_BLOCK_CELLS);
    for (size_t i = 0; i < GRID_BLOCK_CELLS * GRID_BLOCK_CELLS; i++)
        cells[i] = NAN;
    for (size_t row = 0; row < ROWS; row++)
        for (size_t column = 0; column < COLUMNS; column++)
            if (region_draw(r, 20) > 0)
                cells[row * GRID_BLOCK_CELLS + column] =
                    (float)(region_draw(r, 4) == 0 ? region_draw(r, 120) : 0);
    blocks[0] = cells;
    return (struct grid){.n_columns = COLUMNS,
                         .n_rows = ROWS,
                         .west = REGION_WEST_DEG - 0.01,
                         .north = REGION_SOUTH_DEG + REGION_HIGH_DEG + 0.01,
                         .cell_width = 0.001,
                         .cell_height = 0.001,
                         .crs = "EPSG:4490",
                         .geographic = true,
                         .n_block_columns = 1,
                         .n_block_rows = 1,
                         .blocks = blocks};
}

/* Fills the fixture's empty store. */
static inline void region_store(struct region *r, enum region_people people)
{
    struct fixture *f = r->f;
    struct store *store = NULL;
    struct grid grid = region_grid(r);
    assert_ok(f, store_open(f->path, STORE_WRITE, &store, &f->err));
    if (people == REGION_GRID)
        assert_ok(f, store_write_grid(store, &grid, &f->err));
    for (size_t i = 0; i < REGION_LAYERS; i++) {
        enum layer_id layer = region_layers[i].layer;
        if (layer == LAYER_CENSUS && people == REGION_NOBODY)
            continue;
        for (uint32_t k = 0; k < region_layers[i].n; k++) {
            const char *id = arena_printf(&f->arena, "%.2s-%03u", layer_name(layer), k);
            void *record = region_record(r, layer, id);
            assert_ok(f, store_insert(store, layer, record, 1, &f->err));
        }
    }
    assert_ok(f, store_commit(store, &f->err));
    store_close(store);
}

#endif
