/* The generator of the sample region: run as a program, its files read back. */
#include "data/base/csv.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/map.h"
#include "data/base/text.h"
#include "data/gcj02.h"
#include "data/rules.h"
#include "data/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_BYTES = 256 << 20 };

struct state {
    char program[PATH_MAX];
    char first[64]; /* two runs at scale 1 */
    char second[64];
};

static const char *const LAYERS[] = {
    "enterprises", "facilities",     "zones",          "pipelines", "protected",
    "areas",       "infrastructure", "hidden_dangers", "resources", "scenarios"};
enum { N_LAYERS = sizeof LAYERS / sizeof LAYERS[0] };

/* Within half a person. */
static void assert_near(double actual, double expected, double most)
{
    if (!(fabs(actual - expected) <= most))
        fail_msg("%.3f, expected %.3f", actual, expected);
}

static int generate(const struct state *state, const char *options, const char *directory)
{
    char command[PATH_MAX + 256];
    snprintf(command, sizeof command, "'%s' %s %s >/dev/null", state->program, options, directory);
    return system(command);
}

static struct buf read_text(const char *directory, const char *name)
{
    char path[PATH_MAX];
    struct buf text;
    struct err err;
    buf_init(&text);
    snprintf(path, sizeof path, "%s/%s", directory, name);
    if (file_read(path, FILE_BYTES, &text, &err) != ERR_OK)
        fail_msg("%s", err.message);
    return text;
}

static struct json *read_layer(const char *directory, const char *layer)
{
    char name[64];
    struct json *root = NULL;
    struct err err;
    snprintf(name, sizeof name, "%s.geojson", layer);
    struct buf text = read_text(directory, name);
    if (jr_parse(text.bytes, text.n_bytes, &root, &err) != ERR_OK)
        fail_msg("%s: %s", name, err.message);
    buf_release(&text);
    return root;
}

static const struct json *property(const struct json *root, size_t i, const char *name)
{
    return jr_get(jr_get(jr_item(jr_get(root, "features"), i), "properties"), name);
}

static size_t count(const char *directory, const char *layer)
{
    struct json *root = read_layer(directory, layer);
    size_t n = jr_count(jr_get(root, "features"));
    jr_free(root);
    return n;
}

static void load_rules(struct arena *arena, struct schema *schema, struct rules *rules)
{
    struct err err;
    if (schema_load(arena, schema, &err) != ERR_OK ||
        rules_load(NULL, schema, arena, rules, &err) != ERR_OK)
        fail_msg("%s", err.message);
}

static void test_sample_two_runs_give_the_same_bytes(void **context)
{
    const struct state *state = *context;
    const char *const others[] = {"inventory.csv", "population.flt", "population.hdr",
                                  "population.prj"};
    for (size_t i = 0; i < N_LAYERS + 4; i++) {
        char name[64];
        if (i < N_LAYERS)
            snprintf(name, sizeof name, "%s.geojson", LAYERS[i]);
        else
            snprintf(name, sizeof name, "%s", others[i - N_LAYERS]);
        struct buf a = read_text(state->first, name), b = read_text(state->second, name);
        assert_int_equal(a.n_bytes, b.n_bytes);
        assert_memory_equal(a.bytes, b.bytes, a.n_bytes);
        buf_release(&a);
        buf_release(&b);
    }
}

static void test_sample_has_the_size_that_it_promises(void **context)
{
    const struct state *state = *context;
    static const size_t LEAST[N_LAYERS] = {290, 430, 240, 55, 1350, 250, 100, 120, 100, 20};
    static const size_t MOST[N_LAYERS] = {340, 560, 330, 60, 1600, 400, 200, 120, 100, 60};
    for (size_t i = 0; i < N_LAYERS; i++)
        assert_in_range(count(state->first, LAYERS[i]), LEAST[i], MOST[i]);
    struct buf text = read_text(state->first, "inventory.csv");
    size_t lines = 0;
    for (size_t i = 0; i < text.n_bytes; i++)
        lines += text.bytes[i] == '\n';
    assert_in_range(lines, 550, 850);
    buf_release(&text);
}

static void test_sample_ids_and_names_are_unique_and_names_say_example(void **context)
{
    const struct state *state = *context;
    for (size_t k = 0; k < N_LAYERS; k++) {
        struct arena arena;
        struct map ids, names;
        arena_init(&arena, 0);
        map_init(&ids, &arena);
        map_init(&names, &arena);
        struct json *root = read_layer(state->first, LAYERS[k]);
        for (size_t i = 0; i < jr_count(jr_get(root, "features")); i++) {
            int64_t before;
            const char *id = jr_text(property(root, i, "id"));
            const char *name = jr_text(property(root, i, "name"));
            assert_non_null(id);
            assert_non_null(name);
            assert_true(text_starts(name, "示例"));
            assert_true(map_put(&ids, id, 1, &before));
            assert_int_equal(before, MAP_NONE);
            assert_true(map_put(&names, name, 1, &before));
            assert_int_equal(before, MAP_NONE);
        }
        jr_free(root);
        arena_release(&arena);
    }
}

static bool is_schema_code(const struct schema_field *field, const char *text)
{
    if (!field->codes)
        return true;
    for (size_t i = 0; i < field->n_codes; i++)
        if (strcmp(field->codes[i], text) == 0)
            return true;
    return false;
}

struct fields {
    const struct schema_layer *layer;
};

static bool check_field(void *context, const char *key, const struct json *value)
{
    const struct fields *fields = context;
    const struct schema_field *field = schema_field(fields->layer, key);
    if (!field)
        fail_msg("%s: schema.csv has no field %s", fields->layer->name, key);
    else if (jr_text(value) && !is_schema_code(field, jr_text(value)))
        fail_msg("%s.%s: %s is no code", fields->layer->name, key, jr_text(value));
    else if (jr_is_number(value))
        assert_true(jr_number(value, NAN) >= field->min && jr_number(value, NAN) <= field->max);
    return true;
}

static void test_sample_keeps_to_the_schema(void **context)
{
    const struct state *state = *context;
    struct arena arena;
    struct schema schema;
    struct err err;
    arena_init(&arena, 0);
    assert_int_equal(schema_load(&arena, &schema, &err), ERR_OK);
    for (size_t k = 0; k < N_LAYERS; k++) {
        enum layer_id id;
        assert_true(layer_by_name(LAYERS[k], &id));
        struct fields fields = {&schema.layers[id]};
        struct json *root = read_layer(state->first, LAYERS[k]);
        for (size_t i = 0; i < jr_count(jr_get(root, "features")); i++)
            jr_each(jr_get(jr_item(jr_get(root, "features"), i), "properties"), &fields,
                    check_field);
        jr_free(root);
    }
    arena_release(&arena);
}

static void test_sample_codes_stand_in_the_rules(void **context)
{
    const struct state *state = *context;
    struct arena arena;
    struct schema schema;
    struct rules rules;
    arena_init(&arena, 0);
    load_rules(&arena, &schema, &rules);
    struct json *root = read_layer(state->first, "facilities");
    for (size_t i = 0; i < jr_count(jr_get(root, "features")); i++)
        if (!rules_facility_type(&rules, jr_text(property(root, i, "facility_type"))))
            fail_msg("no facility type %s", jr_text(property(root, i, "facility_type")));
    jr_free(root);
    root = read_layer(state->first, "enterprises");
    for (size_t i = 0; i < jr_count(jr_get(root, "features")); i++)
        if (!rules_industry(&rules, jr_text(property(root, i, "industry"))))
            fail_msg("no industry %s", jr_text(property(root, i, "industry")));
    jr_free(root);
    struct buf text = read_text(state->first, "inventory.csv");
    struct csv csv;
    struct err err;
    assert_int_equal(csv_parse("inventory.csv", text.bytes, text.n_bytes, &arena, &csv, &err),
                     ERR_OK);
    int substance = csv_column(&csv, "substance"), category = csv_column(&csv, "category");
    for (size_t i = 0; i < csv.n_rows; i++) {
        const char *name = csv.rows[i].cells[substance], *symbol = csv.rows[i].cells[category];
        if (*name ? !rules_substance(&rules, name) : !rules_category(&rules, symbol))
            fail_msg("no substance %s, no category %s", name, symbol);
    }
    buf_release(&text);
    arena_release(&arena);
}

static void test_sample_records_point_at_plants_that_exist(void **context)
{
    const struct state *state = *context;
    static const char *const CHILDREN[] = {"facilities", "zones", "scenarios", "hidden_dangers"};
    struct arena arena;
    struct map plants;
    arena_init(&arena, 0);
    map_init(&plants, &arena);
    struct json *root = read_layer(state->first, "enterprises");
    for (size_t i = 0; i < jr_count(jr_get(root, "features")); i++)
        assert_true(map_put(&plants, jr_text(property(root, i, "id")), (int64_t)i, NULL));
    for (size_t k = 0; k < 4; k++) {
        struct json *children = read_layer(state->first, CHILDREN[k]);
        for (size_t i = 0; i < jr_count(jr_get(children, "features")); i++)
            assert_int_not_equal(map_get(&plants, jr_text(property(children, i, "enterprise_id"))),
                                 MAP_NONE);
        jr_free(children);
    }
    jr_free(root);
    arena_release(&arena);
}

/* The grid as its own header describes it. */
struct grid_file {
    unsigned columns, rows;
    double west, south, cell;
    struct buf cells;
};

static struct grid_file read_grid(const char *directory)
{
    struct grid_file grid;
    struct buf header = read_text(directory, "population.hdr");
    assert_int_equal(sscanf(header.bytes,
                            "ncols %u nrows %u xllcorner %lf yllcorner %lf cellsize %lf",
                            &grid.columns, &grid.rows, &grid.west, &grid.south, &grid.cell),
                     5);
    buf_release(&header);
    grid.cells = read_text(directory, "population.flt");
    assert_int_equal(grid.cells.n_bytes, (size_t)grid.columns * grid.rows * sizeof(float));
    return grid;
}

/* The edges of a county, GCJ-02 undone. */
struct edges {
    struct lonlat (*ends)[2];
    size_t n;
};

static struct edges read_edges(const struct json *polygons, struct arena *arena)
{
    struct edges edges = {0};
    size_t room = 0;
    for (size_t p = 0; p < jr_count(polygons); p++)
        for (size_t r = 0; r < jr_count(jr_item(polygons, p)); r++)
            room += jr_count(jr_item(jr_item(polygons, p), r));
    edges.ends = arena_alloc(arena, room, sizeof *edges.ends);
    assert_non_null(edges.ends);
    for (size_t p = 0; p < jr_count(polygons); p++) {
        for (size_t r = 0; r < jr_count(jr_item(polygons, p)); r++) {
            const struct json *ring = jr_item(jr_item(polygons, p), r);
            struct lonlat last = {0};
            for (size_t i = 0; i < jr_count(ring); i++) {
                struct lonlat raw = {jr_number(jr_item(jr_item(ring, i), 0), NAN),
                                     jr_number(jr_item(jr_item(ring, i), 1), NAN)};
                struct lonlat vertex = gcj02_to_wgs84(raw);
                if (i) {
                    edges.ends[edges.n][0] = last;
                    edges.ends[edges.n++][1] = vertex;
                }
                last = vertex;
            }
        }
    }
    return edges;
}

/* Sorted longitudes at which a parallel crosses the edges. */
static size_t cross(const struct edges *edges, double lat, double *out, size_t room)
{
    size_t n = 0;
    for (size_t i = 0; i < edges->n; i++) {
        struct lonlat a = edges->ends[i][0], b = edges->ends[i][1];
        if ((a.lat_deg > lat) == (b.lat_deg > lat))
            continue;
        assert_true(n < room);
        double x =
            a.lon_deg + (lat - a.lat_deg) / (b.lat_deg - a.lat_deg) * (b.lon_deg - a.lon_deg);
        size_t at = n++;
        for (; at > 0 && out[at - 1] > x; at--)
            out[at] = out[at - 1];
        out[at] = x;
    }
    return n;
}

/* Persons in cells whose middle lies inside. */
static double persons_inside(const struct grid_file *grid, const struct edges *edges)
{
    double sum = 0, xs[512];
    for (unsigned row = 0; row < grid->rows; row++) {
        double lat = grid->south + (grid->rows - row - 0.5) * grid->cell;
        size_t n = cross(edges, lat, xs, 512);
        for (size_t i = 0; i + 1 < n; i += 2) {
            unsigned column = (unsigned)ceil((xs[i] - grid->west) / grid->cell - 0.5);
            for (; grid->west + (column + 0.5) * grid->cell < xs[i + 1]; column++) {
                float value;
                memcpy(&value,
                       grid->cells.bytes + ((size_t)row * grid->columns + column) * sizeof value,
                       sizeof value);
                sum += isnan(value) ? 0 : (double)value;
            }
        }
    }
    return sum;
}

static void test_sample_population_is_the_census_in_every_county(void **context)
{
    const struct state *state = *context;
    struct arena arena;
    struct csv census;
    struct err err;
    char inputs[PATH_MAX];
    arena_init(&arena, 0);
    assert_int_equal(file_asset("data/ningxia", inputs, sizeof inputs, &err), ERR_OK);
    struct buf text = read_text(inputs, "census2020.csv");
    assert_int_equal(csv_parse("census2020.csv", text.bytes, text.n_bytes, &arena, &census, &err),
                     ERR_OK);
    struct grid_file grid = read_grid(state->first);
    struct json *boundaries = read_layer(inputs, "boundaries_gcj02");
    const struct json *features = jr_get(boundaries, "features");
    double total = 0;
    size_t counties = 0;
    for (size_t i = 0; i < jr_count(features); i++) {
        for (size_t row = 0; row < census.n_rows; row++) {
            if (strcmp(census.rows[row].cells[csv_column(&census, "code")],
                       jr_text(property(boundaries, i, "code"))) != 0)
                continue;
            struct edges edges =
                read_edges(jr_get(jr_get(jr_item(features, i), "geometry"), "coordinates"), &arena);
            double persons = persons_inside(&grid, &edges);
            assert_near(persons, atof(census.rows[row].cells[csv_column(&census, "population")]),
                        0.5);
            total += persons;
            counties++;
        }
    }
    assert_int_equal(counties, 22);
    assert_near(total, 7202654, 0.5);
    jr_free(boundaries);
    buf_release(&grid.cells);
    buf_release(&text);
    arena_release(&arena);
}

static void test_sample_cells_hold_whole_persons(void **context)
{
    const struct state *state = *context;
    struct grid_file grid = read_grid(state->first);
    double total = 0;
    for (size_t i = 0; i < (size_t)grid.columns * grid.rows; i++) {
        float value;
        memcpy(&value, grid.cells.bytes + i * sizeof value, sizeof value);
        if (isnan(value))
            continue;
        assert_true(value >= 0 && value == floorf(value) && value < 2000);
        total += (double)value;
    }
    assert_near(total, 7202654, 0.5);
    buf_release(&grid.cells);
}

static void test_sample_cities_are_bounded_by_the_very_vertices_of_their_counties(void **context)
{
    (void)context;
    struct err err;
    char inputs[PATH_MAX];
    assert_int_equal(file_asset("data/ningxia", inputs, sizeof inputs, &err), ERR_OK);
    struct arena arena;
    struct map vertices;
    arena_init(&arena, 0);
    map_init(&vertices, &arena);
    struct json *boundaries = read_layer(inputs, "boundaries_gcj02");
    const struct json *features = jr_get(boundaries, "features");
    size_t n = jr_count(features), larger = 0;
    assert_int_equal(n, 28);
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < n; i++) {
            bool county = jr_integer(property(boundaries, i, "level"), 0) == 3;
            if (county != (pass == 0))
                continue;
            const struct json *polygons =
                jr_get(jr_get(jr_item(features, i), "geometry"), "coordinates");
            for (size_t p = 0; p < jr_count(polygons); p++)
                for (size_t r = 0; r < jr_count(jr_item(polygons, p)); r++) {
                    const struct json *ring = jr_item(jr_item(polygons, p), r);
                    for (size_t v = 0; v < jr_count(ring); v++) {
                        char *key = arena_printf(&arena, "%.6f,%.6f",
                                                 jr_number(jr_item(jr_item(ring, v), 0), NAN),
                                                 jr_number(jr_item(jr_item(ring, v), 1), NAN));
                        if (county) {
                            assert_true(map_put(&vertices, key, 1, NULL));
                        } else {
                            larger++;
                            assert_int_not_equal(map_get(&vertices, key), MAP_NONE);
                        }
                    }
                }
        }
    }
    assert_true(larger > 10000);
    jr_free(boundaries);
    arena_release(&arena);
}

static void test_sample_scale_multiplies_plants_and_leaves_people_alone(void **context)
{
    const struct state *state = *context;
    char directory[] = "/tmp/sisetu-sample-3-XXXXXX";
    assert_non_null(mkdtemp(directory));
    assert_int_equal(generate(state, "--scale 3", directory), 0);
    assert_int_equal(count(directory, "enterprises"), 3 * count(state->first, "enterprises"));
    assert_int_equal(count(directory, "hidden_dangers"), 360);
    struct grid_file grid = read_grid(directory);
    double total = 0;
    for (size_t i = 0; i < (size_t)grid.columns * grid.rows; i++) {
        float value;
        memcpy(&value, grid.cells.bytes + i * sizeof value, sizeof value);
        total += isnan(value) ? 0 : (double)value;
    }
    assert_near(total, 7202654, 0.5);
    buf_release(&grid.cells);
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", directory);
    assert_int_equal(system(command), 0);
}

static void test_sample_refuses_what_it_cannot_do(void **context)
{
    const struct state *state = *context;
    assert_int_not_equal(generate(state, "--scale 0 2>/dev/null", state->second), 0);
    assert_int_not_equal(generate(state, "--scale x 2>/dev/null", state->second), 0);
    assert_int_not_equal(generate(state, "--data /nonexistent 2>/dev/null", state->second), 0);
    assert_int_not_equal(generate(state, "2>/dev/null", "/proc/nonexistent/here"), 0);
}

static int setup(void **context)
{
    static struct state state;
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n < 0)
        return -1;
    self[n] = '\0';
    snprintf(state.program, sizeof state.program, "%.3900s/../sisetu-sample", dirname(self));
    strcpy(state.first, "/tmp/sisetu-sample-1-XXXXXX");
    strcpy(state.second, "/tmp/sisetu-sample-2-XXXXXX");
    if (!mkdtemp(state.first) || !mkdtemp(state.second))
        return -1;
    *context = &state;
    return generate(&state, "", state.first) || generate(&state, "", state.second);
}

static int teardown(void **context)
{
    const struct state *state = *context;
    char command[256];
    snprintf(command, sizeof command, "rm -r %s %s", state->first, state->second);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample_two_runs_give_the_same_bytes),
        cmocka_unit_test(test_sample_has_the_size_that_it_promises),
        cmocka_unit_test(test_sample_ids_and_names_are_unique_and_names_say_example),
        cmocka_unit_test(test_sample_keeps_to_the_schema),
        cmocka_unit_test(test_sample_codes_stand_in_the_rules),
        cmocka_unit_test(test_sample_records_point_at_plants_that_exist),
        cmocka_unit_test(test_sample_population_is_the_census_in_every_county),
        cmocka_unit_test(test_sample_cells_hold_whole_persons),
        cmocka_unit_test(test_sample_cities_are_bounded_by_the_very_vertices_of_their_counties),
        cmocka_unit_test(test_sample_scale_multiplies_plants_and_leaves_people_alone),
        cmocka_unit_test(test_sample_refuses_what_it_cannot_do),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
