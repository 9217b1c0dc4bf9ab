/* proof_world.c - a small world made of the premises of a proof. Nothing in a proof is trusted:
 * every count is bounded, every value read strictly. */
#include "geo/proof/proof_private.h"

#include "data/base/limits.h"
#include "data/base/text.h"
#include "geo/world/world_layer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Blocks of 256 KiB that the cells of a proof may lie in. Those of a plant, a zone or a shape
 * lie together; a pipeline of 300 km crosses a dozen. */
enum { BLOCKS_MOST = 256 };

struct reading {
    const struct world *from; /* where to look for what is only a hash; or NULL */
    struct arena *arena;      /* of the answer: texts */
    struct proof_world *out;
    struct world_parts parts;
    size_t missing_capacity;
    size_t faults_capacity;
};

static enum err_code add_text(const char ***texts, size_t *n, size_t *capacity, const char *text,
                              struct arena *arena, struct err *err)
{
    *texts = arena_grow(arena, *texts, capacity, *n + 1, sizeof **texts);
    if (!*texts || !text)
        return err_nomem(err);
    (*texts)[(*n)++] = text;
    return ERR_OK;
}

static enum err_code miss(struct reading *reading, const char *text, struct err *err)
{
    struct proof_world *out = reading->out;
    return add_text(&out->missing, &out->n_missing, &reading->missing_capacity, text,
                    reading->arena, err);
}

static enum err_code fault(struct reading *reading, const char *text, struct err *err)
{
    struct proof_world *out = reading->out;
    return add_text(&out->faults, &out->n_faults, &reading->faults_capacity, text, reading->arena,
                    err);
}

/* ---- rules ---- */

static bool write_cell(struct buf *csv, const struct json *cell, bool first)
{
    const char *text = jr_text(cell);
    if (!text)
        return false;
    buf_add_text(csv, first ? "\"" : ",\"");
    for (; *text; text++) {
        if (*text == '"')
            buf_add_byte(csv, '"');
        buf_add_byte(csv, *text);
    }
    buf_add_byte(csv, '"');
    return true;
}

/* The table as the CSV text that it was: the one reader of rules reads it again. */
static enum err_code table_text(const char *name, const struct json *table, struct buf *csv,
                                struct err *err)
{
    const struct json *columns = jr_get(table, "columns");
    const struct json *rows = jr_get(table, "rows");
    size_t n = jr_count(columns);
    bool well = jr_type_of(columns) == JR_ARRAY && jr_type_of(rows) == JR_ARRAY && n > 0;
    for (size_t c = 0; well && c < n; c++)
        well = write_cell(csv, jr_item(columns, c), c == 0);
    buf_add_byte(csv, '\n');
    for (size_t i = 0; well && i < jr_count(rows); i++) {
        const struct json *row = jr_item(rows, i);
        /* the line number comes first, and is told to people only */
        well = jr_type_of(row) == JR_ARRAY && jr_count(row) == n + 1 &&
               jr_integer(jr_item(row, 0), -1) > 0;
        for (size_t c = 0; well && c < n; c++)
            well = write_cell(csv, jr_item(row, c + 1), c == 0);
        buf_add_byte(csv, '\n');
    }
    if (!well)
        return err_set(err, ERR_INPUT,
                       "premises.rules.%.100s should be {\"columns\": [names], \"rows\": [[line, "
                       "texts], ...]}",
                       name);
    if (csv->n_bytes > LIMIT_RULE_FILE_BYTES)
        return err_set(err, ERR_LIMIT, "premises.rules.%.100s is over %d bytes", name,
                       LIMIT_RULE_FILE_BYTES);
    return buf_ok(csv) ? ERR_OK : err_nomem(err);
}

/* Members of an object, to be walked with errors. */
struct walk {
    struct reading *reading;
    struct store_text *files;
    size_t n_files;
    enum err_code code;
    struct err *err;
};

static bool read_table(void *context, const char *key, const struct json *value)
{
    struct walk *walk = context;
    struct arena *arena = &walk->reading->parts.arena;
    struct buf csv;
    buf_init(&csv);
    walk->code = table_text(key, value, &csv, walk->err);
    if (walk->code == ERR_OK) {
        struct store_text *file = &walk->files[walk->n_files++];
        file->name = arena_strdup(arena, key);
        file->text = arena_strndup(arena, buf_text(&csv), csv.n_bytes);
        if (!file->name || !file->text)
            walk->code = err_nomem(walk->err);
    }
    buf_release(&csv);
    return walk->code == ERR_OK;
}

static enum err_code read_rules(struct reading *reading, const struct json *value, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena *arena = &reading->parts.arena;
    struct schema *schema = arena_new(arena, struct schema, 1);
    struct rules *rules = arena_new(arena, struct rules, 1);
    struct walk walk = {.reading = reading, .err = err};
    walk.files = arena_new(arena, struct store_text, jr_count(value));
    if (!schema || !rules || !walk.files)
        return err_nomem(err);
    TRY(schema_load(arena, schema, err));
    if (jr_type_of(value) != JR_OBJECT)
        return err_set(err, ERR_INPUT, "premises.rules should be an object of tables");
    jr_each(value, &walk, read_table);
    TRY(walk.code);
    code = rules_load_extract(walk.files, walk.n_files, schema, arena, rules, err);
    if (code != ERR_OK) {
        err_wrap(err, "premises.rules");
        goto done;
    }
    /* No proof speaks of cells of the map; coarse ones cost nothing. */
    rules->parameters.cell_deg = 1;
    reading->parts.schema = schema;
    reading->parts.rules = rules;
done:
    return code;
}

/* ---- records ---- */

/* A shape that stands as a hash alone: from elsewhere if that has the same. */
static enum err_code resolve_geometry(struct reading *reading, enum layer_id layer,
                                      struct record_head *head, const char *hash, int64_t vertices,
                                      struct arena *arena, struct err *err)
{
    enum err_code code = ERR_OK;
    int64_t row = reading->from ? world_find(reading->from, layer, head->id) : -1;
    if (row >= 0) {
        char its[HASH_TEXT_BYTES];
        const struct geom *geom = world_geom(reading->from, layer, (size_t)row);
        TRY(proof_geometry_hash(geom, arena, its, err));
        if (text_equal(its, hash))
            return geom_copy(geom, arena, &head->geom, err);
    }
    TRY(miss(reading,
             proof_text(reading->arena, "geometry of %s/%s is only a hash (%lld vertices)",
                        layer_name(layer), head->id, (long long)vertices),
             err));
done:
    return code;
}

static enum err_code read_shape(struct reading *reading, const struct json *value,
                                enum layer_id layer, struct record_head *head, struct arena *arena,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    const struct json *geometry = jr_get(value, "geometry");
    const char *stated = jr_text(jr_get(value, "geometry_sha256"));
    char hash[HASH_TEXT_BYTES];
    bool whole = false;
    if (!geometry && !stated)
        return ERR_OK;
    code = proof_read_geometry(geometry, arena, &head->geom, &whole, err);
    if (code != ERR_OK)
        return err_wrap(err, "premises.records.%s %s", layer_name(layer), head->id);
    if (!stated)
        return err_set(err, ERR_INPUT, "premises.records.%s %s has no geometry_sha256",
                       layer_name(layer), head->id);
    if (!whole)
        return resolve_geometry(reading, layer, head, stated,
                                jr_integer(jr_get(geometry, "vertices"), 0), arena, err);
    TRY(proof_geometry_hash(&head->geom, arena, hash, err));
    if (!text_equal(hash, stated))
        TRY(fault(reading,
                  proof_text(reading->arena,
                             "premises.records.%s %s.geometry_sha256: stated %s, is %s",
                             layer_name(layer), head->id, stated, hash),
                  err));
done:
    return code;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(((const struct record_head *)a)->id, ((const struct record_head *)b)->id);
}

static enum err_code check_ids(enum layer_id layer, const void *records, size_t n, struct err *err)
{
    for (size_t i = 1; i < n; i++)
        if (compare_ids(record_at(layer, records, i - 1), record_at(layer, records, i)) == 0)
            return err_set(err, ERR_INPUT, "premises.records.%s has \"%.200s\" twice",
                           layer_name(layer), record_at(layer, records, i)->id);
    return ERR_OK;
}

static enum err_code fill_layer(struct reading *reading, enum layer_id layer,
                                const struct json *value, char *records, struct arena *arena,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    size_t bytes = records_binding(layer)->record_bytes;
    size_t n = jr_count(value);
    for (size_t i = 0; i < n; i++) {
        struct record_head *head = (void *)(records + i * bytes);
        const struct json *one = jr_item(value, i);
        assert(head);
        TRY(proof_read_fields(one, layer, head, arena, err));
        if (!head->id || !*head->id)
            return err_set(err, ERR_INPUT, "premises.records.%s: record %zu has no id",
                           layer_name(layer), i + 1);
        TRY(read_shape(reading, one, layer, head, arena, err));
    }
    if (n > 1)
        qsort(records, n, bytes, compare_ids);
    TRY(check_ids(layer, records, n, err));
done:
    return code;
}

static enum err_code read_layer(struct reading *reading, enum layer_id layer,
                                const struct json *value, struct err *err)
{
    size_t n = jr_count(value);
    struct arena arena;
    if (jr_type_of(value) != JR_ARRAY || n == 0)
        return err_set(err, ERR_INPUT, "premises.records.%s should be an array of records",
                       layer_name(layer));
    arena_init(&arena, 0);
    char *records = arena_alloc(&arena, n, records_binding(layer)->record_bytes);
    enum err_code code =
        records ? fill_layer(reading, layer, value, records, &arena, err) : err_nomem(err);
    if (code != ERR_OK) {
        arena_release(&arena);
        return code;
    }
    return world_layer_new(layer, records, n, reading->parts.as_of, &arena,
                           &reading->parts.layers[layer], err);
}

static bool read_layer_member(void *context, const char *key, const struct json *value)
{
    struct walk *walk = context;
    enum layer_id layer;
    /* Facts, and the grades of plants in which a unit's rests; no other verdict. */
    bool fact = layer_by_name(key, &layer) && records_binding(layer)->record_bytes > 0 &&
                (layer < LAYER_POPULATION || layer == LAYER_GRADES);
    walk->code = fact ? read_layer(walk->reading, layer, value, walk->err)
                      : err_set(walk->err, ERR_INPUT,
                                "premises.records: \"%.100s\" is no layer "
                                "of facts",
                                key);
    return walk->code == ERR_OK;
}

static enum err_code read_records(struct reading *reading, const struct json *value,
                                  struct err *err)
{
    struct walk walk = {.reading = reading, .err = err};
    if (jr_type_of(value) != JR_OBJECT)
        return err_set(err, ERR_INPUT, "premises.records should be an object of layers");
    jr_each(value, &walk, read_layer_member);
    return walk.code;
}

/* ---- population ---- */

static enum err_code bad_population(struct err *err)
{
    return err_set(err, ERR_INPUT,
                   "premises.population should have crs, geographic, columns, rows, west, north, "
                   "cell_width, cell_height, cells [[row, column, [persons or null]]] or runs, and "
                   "cells_sha256");
}

static bool is_within(const struct json *value, double low, double high)
{
    double number = jr_number(value, (double)NAN);
    return number >= low && number <= high;
}

static enum err_code read_grid_frame(struct reading *reading, const struct json *value,
                                     struct grid *grid, struct err *err)
{
    const double widest = 1e9; /* metres or degrees; no place is farther */
    const double least = 1e-7; /* a cell of a centimetre */
    const struct json *columns = jr_get(value, "columns");
    const struct json *rows = jr_get(value, "rows");
    const char *crs = jr_text(jr_get(value, "crs"));
    bool geographic = jr_bool(jr_get(value, "geographic"), false);
    double far = geographic ? 1000 : widest;
    bool well = crs && jr_type_of(jr_get(value, "geographic")) == JR_BOOL &&
                is_within(columns, 1, LIMIT_RASTER_EDGE_CELLS) &&
                is_within(rows, 1, LIMIT_RASTER_EDGE_CELLS) &&
                is_within(jr_get(value, "west"), -far, far) &&
                is_within(jr_get(value, "north"), -far, far) &&
                is_within(jr_get(value, "cell_width"), least, far) &&
                is_within(jr_get(value, "cell_height"), least, far) &&
                jr_type_of(columns) == JR_INTEGER && jr_type_of(rows) == JR_INTEGER;
    if (!well)
        return bad_population(err);
    struct arena *arena = &reading->parts.arena;
    *grid = (struct grid){.n_columns = (uint32_t)jr_integer(columns, 0),
                          .n_rows = (uint32_t)jr_integer(rows, 0),
                          .west = jr_number(jr_get(value, "west"), 0),
                          .north = jr_number(jr_get(value, "north"), 0),
                          .cell_width = jr_number(jr_get(value, "cell_width"), 1),
                          .cell_height = jr_number(jr_get(value, "cell_height"), 1),
                          .crs = arena_strdup(arena, crs),
                          .geographic = geographic};
    grid->n_block_columns = (grid->n_columns + GRID_BLOCK_CELLS - 1) / GRID_BLOCK_CELLS;
    grid->n_block_rows = (grid->n_rows + GRID_BLOCK_CELLS - 1) / GRID_BLOCK_CELLS;
    grid->blocks = arena_alloc(arena, (size_t)grid->n_block_columns * grid->n_block_rows,
                               sizeof *grid->blocks);
    return grid->crs && grid->blocks ? ERR_OK : err_nomem(err);
}

/* A grid while its cells are put in. */
struct filling {
    struct arena *arena;
    struct grid *grid;
    float **blocks;
    size_t n_blocks;
    struct proof_cell *cells;
    size_t n_cells;
    size_t capacity;
};

static enum err_code put_cell(struct filling *filling, uint32_t column, uint32_t row, float persons,
                              struct err *err)
{
    const struct grid *grid = filling->grid;
    enum { CELLS = GRID_BLOCK_CELLS * GRID_BLOCK_CELLS };
    size_t at =
        (size_t)(row / GRID_BLOCK_CELLS) * grid->n_block_columns + column / GRID_BLOCK_CELLS;
    if (!filling->blocks[at]) {
        if (++filling->n_blocks > BLOCKS_MOST)
            return err_set(err, ERR_LIMIT,
                           "premises.population lies in more than %d blocks of 256 x 256 cells",
                           BLOCKS_MOST);
        float *block = arena_new(filling->arena, float, CELLS);
        if (!block)
            return err_nomem(err);
        for (size_t i = 0; i < CELLS; i++)
            block[i] = NAN;
        filling->blocks[at] = block;
    }
    filling->blocks[at][(row % GRID_BLOCK_CELLS) * GRID_BLOCK_CELLS + column % GRID_BLOCK_CELLS] =
        persons;
    filling->cells = arena_grow(filling->arena, filling->cells, &filling->capacity,
                                filling->n_cells + 1, sizeof *filling->cells);
    if (!filling->cells)
        return err_nomem(err);
    filling->cells[filling->n_cells++] = (struct proof_cell){row, column};
    return ERR_OK;
}

/* Row and first column of a run, inside of the grid. */
static bool read_run(const struct grid *grid, const struct json *run, size_t n, uint32_t *row,
                     uint32_t *column)
{
    int64_t r = jr_integer(jr_item(run, 0), -1);
    int64_t c = jr_integer(jr_item(run, 1), -1);
    if (jr_type_of(run) != JR_ARRAY || jr_count(run) != 3 || r < 0 || c < 0 ||
        r >= (int64_t)grid->n_rows || c >= (int64_t)grid->n_columns ||
        n > grid->n_columns - (size_t)c)
        return false;
    *row = (uint32_t)r;
    *column = (uint32_t)c;
    return true;
}

static enum err_code fill_cells(struct filling *filling, const struct json *cells, struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < jr_count(cells); i++) {
        const struct json *run = jr_item(cells, i);
        const struct json *persons = jr_item(run, 2);
        size_t n = jr_count(persons);
        uint32_t row = 0;
        uint32_t column = 0;
        if (jr_type_of(persons) != JR_ARRAY || n == 0 ||
            !read_run(filling->grid, run, n, &row, &column))
            return bad_population(err);
        if (filling->n_cells + n > LIMIT_PROOF_CELLS)
            return err_set(err, ERR_LIMIT, "premises.population has more than %d cells",
                           LIMIT_PROOF_CELLS);
        for (uint32_t k = 0; k < n; k++) {
            const struct json *cell = jr_item(persons, k);
            bool none = jr_type_of(cell) == JR_NULL;
            if (!none && !is_within(cell, 0, 1e12))
                return bad_population(err);
            TRY(put_cell(filling, column + k, row, none ? (float)NAN : (float)jr_number(cell, 0),
                         err));
        }
    }
done:
    return code;
}

/* The same cells of another world, if its grid has the same frame. */
static enum err_code fill_from(struct filling *filling, const struct grid *from,
                               const struct json *runs, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct grid *grid = filling->grid;
    bool same = from->n_columns == grid->n_columns && from->n_rows == grid->n_rows &&
                text_equal(from->crs, grid->crs) && !(from->west < grid->west) &&
                !(from->west > grid->west) && !(from->north < grid->north) &&
                !(from->north > grid->north);
    for (size_t i = 0; same && i < jr_count(runs); i++) {
        const struct json *run = jr_item(runs, i);
        int64_t n = jr_integer(jr_item(run, 2), 0);
        uint32_t row = 0;
        uint32_t column = 0;
        if (n <= 0 || !read_run(grid, run, (size_t)n, &row, &column))
            return bad_population(err);
        for (uint32_t k = 0; k < n; k++)
            TRY(put_cell(filling, column + k, row, grid_cell(from, column + k, row), err));
    }
done:
    return code;
}

static enum err_code check_cells(struct reading *reading, const struct filling *filling,
                                 const char *stated, bool inside, struct err *err)
{
    enum err_code code = ERR_OK;
    struct buf text;
    struct jw jw;
    char hash[HASH_TEXT_BYTES];
    buf_init(&text);
    jw_init(&jw, &text);
    proof_write_cells(&jw, filling->grid, filling->cells, filling->n_cells);
    if (!buf_ok(&text)) {
        code = err_nomem(err);
        goto done;
    }
    hash_text(text.bytes, text.n_bytes, hash);
    if (text_equal(hash, stated))
        goto done;
    if (inside)
        TRY(fault(reading,
                  proof_text(reading->arena, "premises.population.cells_sha256: stated %s, is %s",
                             stated, hash),
                  err));
    else
        TRY(miss(reading, "the cells of the population are only a hash", err));
done:
    buf_release(&text);
    return code;
}

static enum err_code read_population(struct reading *reading, const struct json *value,
                                     struct err *err)
{
    enum err_code code = ERR_OK;
    struct grid *grid = &reading->parts.population;
    const struct json *cells = jr_get(value, "cells");
    const struct json *runs = jr_get(value, "runs");
    const char *hash = jr_text(jr_get(value, "cells_sha256"));
    if (!value)
        return ERR_OK;
    if (!hash || jr_type_of(cells ? cells : runs) != JR_ARRAY || (cells && runs))
        return bad_population(err);
    TRY(read_grid_frame(reading, value, grid, err));
    struct filling filling = {.arena = &reading->parts.arena, .grid = grid};
    filling.blocks = arena_alloc(filling.arena, (size_t)grid->n_block_columns * grid->n_block_rows,
                                 sizeof *filling.blocks);
    if (!filling.blocks)
        return err_nomem(err);
    if (cells)
        TRY(fill_cells(&filling, cells, err));
    else if (reading->from)
        TRY(fill_from(&filling, &reading->from->population, runs, err));
    grid->blocks = (const float *const *)filling.blocks;
    TRY(check_cells(reading, &filling, hash, cells != NULL, err));
done:
    return code;
}

/* ---- the whole ---- */

static bool check_member(void *context, const char *key, const struct json *value)
{
    static const char *const known[] = {
        "as_of", "generation", "rules_sha256", "rules", "records", "population", NULL};
    struct walk *walk = context;
    (void)value;
    for (const char *const *at = known; *at; at++)
        if (strcmp(*at, key) == 0)
            return true;
    walk->code = err_set(walk->err, ERR_INPUT, "premises has the unknown member \"%.100s\"", key);
    return false;
}

static enum err_code read_parts(struct reading *reading, const struct json *premises,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct walk walk = {.reading = reading, .err = err};
    const char *as_of = jr_text(jr_get(premises, "as_of"));
    if (jr_type_of(premises) != JR_OBJECT)
        return err_set(err, ERR_INPUT, "premises should be an object");
    jr_each(premises, &walk, check_member);
    TRY(walk.code);
    if (!as_of || !text_to_date(as_of, &reading->parts.as_of))
        return err_set(err, ERR_INPUT, "premises.as_of should be a date YYYY-MM-DD");
    TRY(read_rules(reading, jr_get(premises, "rules"), err));
    TRY(read_records(reading, jr_get(premises, "records"), err));
    TRY(read_population(reading, jr_get(premises, "population"), err));
done:
    return code;
}

enum err_code proof_world_new(const struct json *premises, const struct world *from,
                              struct arena *arena, struct proof_world *out, struct err *err)
{
    struct reading reading = {.from = from, .arena = arena, .out = out};
    *out = (struct proof_world){.world = NULL};
    arena_init(&reading.parts.arena, 0);
    enum err_code code = read_parts(&reading, premises, err);
    if (code == ERR_OK)
        return world_new(&reading.parts, &out->world, err);
    arena_release(&reading.parts.arena);
    for (size_t i = 0; i < LAYER_COUNT; i++)
        world_layer_release(reading.parts.layers[i]);
    return code;
}

const char *proof_text(struct arena *arena, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    text_mend(text);
    const char *copy = arena_strdup(arena, text);
    return copy ? copy : "";
}
