/* answers_status.c - what is served, and what its colours mean. */
#include "data/base/text.h"
#include "geo/measure/ellipsoid.h"
#include "geo/world/population.h"
#include "styles/style_set.h"
#include "geo/grades/rollup.h"
#include "geo/findings/finding.h"
#include "tiler/answers/answers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct tally {
    size_t grades[5]; /* [0] grey */
};

static void tally_plants(const struct world *world, struct tally *tally)
{
    memset(tally, 0, sizeof *tally);
    for (size_t i = 0; i < world_count(world, LAYER_ENTERPRISES); i++)
        tally->grades[query_grade_rank(world, (uint32_t)i) % 5]++;
}

static void tally_units(const struct world *world, int32_t level, struct tally *tally)
{
    const uint32_t *rows;
    size_t n;
    memset(tally, 0, sizeof *tally);
    world_units(world, level, &rows, &n);
    for (size_t i = 0; i < n; i++) {
        const struct grade_row *grade =
            world_grade(world, rollup_subject(level), world_admin(world, rows[i])->code, NULL);
        tally->grades[grade && grade->grade >= 1 && grade->grade <= 4 ? grade->grade : 0]++;
    }
}

static void write_grades(struct jw *jw, const struct world *world)
{
    static const char *const names[] = {"grey", "red", "orange", "yellow", "blue"};
    struct tally tally;
    tally_plants(world, &tally);
    jw_object(jw);
    jw_key(jw, "enterprises");
    jw_object(jw);
    for (size_t i = 1; i <= 5; i++)
        jw_kv_integer(jw, names[i % 5], (int64_t)tally.grades[i % 5]);
    jw_end_object(jw);
    jw_end_object(jw);
}

static void write_conflict_counts(struct jw *jw, const struct world *world)
{
    struct finding_sums sums = findings_sums(world->findings);
    jw_object(jw);
    jw_kv_integer(jw, "conflict", (int64_t)(sums.n - sums.n_undecided));
    jw_kv_integer(jw, "undecided", (int64_t)sums.n_undecided);
    jw_end_object(jw);
}

/* Cells of the grid are added row by row in double precision: 64 million a second. */
static void write_population(struct jw *jw, const struct world *world)
{
    const struct grid *grid = &world->population;
    double persons = 0;
    if (!population_known(world)) {
        jw_null(jw);
        return;
    }
    if (grid->n_columns == 0) {
        size_t n = world_count(world, LAYER_CENSUS);
        for (size_t i = 0; i < n; i++)
            persons += ((const struct census_area *)world_record(world, LAYER_CENSUS, i))->persons;
        jw_object(jw);
        jw_kv_fixed(jw, "persons", persons, 1);
        jw_kv_integer(jw, "census_areas", (int64_t)n);
        jw_end_object(jw);
        return;
    }
    size_t n_blocks = (size_t)grid->n_block_columns * grid->n_block_rows;
    for (size_t b = 0; b < n_blocks; b++)
        for (size_t i = 0; grid->blocks[b] && i < (size_t)GRID_BLOCK_CELLS * GRID_BLOCK_CELLS; i++)
            if (grid->blocks[b][i] > 0)
                persons += (double)grid->blocks[b][i];
    double cell_m = grid->cell_height;
    if (grid->geographic) {
        double lon_m, lat_m;
        ellipsoid_degree_m(grid->north - grid->cell_height * grid->n_rows / 2, &lon_m, &lat_m);
        cell_m = grid->cell_height * lat_m;
    }
    jw_object(jw);
    jw_kv_fixed(jw, "persons", persons, 1);
    jw_kv_fixed(jw, "cell_m", cell_m, 1);
    jw_end_object(jw);
}

void answer_status(struct jw *jw, const struct world *world, const struct status_facts *facts)
{
    char date[TEXT_DATE_BYTES];
    text_from_date(world->as_of, date);
    jw_object(jw);
    jw_kv_string(jw, "version", SISETU_VERSION);
    jw_kv_integer(jw, "generation", (int64_t)world->generation);
    jw_kv_string(jw, "as_of", date);
    jw_kv_string(jw, "rules_hash", world->rules->hash);
    jw_kv_string(jw, "store", facts->store_name);
    jw_key(jw, "bounds");
    answer_box(jw, world_extent(world));
    jw_key(jw, "counts");
    jw_object(jw);
    for (int layer = 0; layer < LAYER_COUNT; layer++)
        if (layer != LAYER_POPULATION)
            jw_kv_integer(jw, layer_name((enum layer_id)layer),
                          (int64_t)world_count(world, (enum layer_id)layer));
    jw_end_object(jw);
    jw_key(jw, "grades");
    write_grades(jw, world);
    jw_key(jw, "conflicts");
    write_conflict_counts(jw, world);
    jw_key(jw, "population");
    write_population(jw, world);
    jw_key(jw, "warnings");
    answer_warnings(jw, world);
    jw_key(jw, "tile_versions");
    jw_object(jw);
    for (int map = 0; map < MAP_COUNT; map++) {
        char version[17];
        snprintf(version, sizeof version, "%016" PRIx64, facts->tile_versions[map]);
        jw_kv_string(jw, map_name((enum map_id)map), version);
    }
    jw_end_object(jw);
    jw_key(jw, "styles");
    jw_array(jw);
    for (size_t i = 0; i < style_set_count(facts->styles); i++)
        jw_string(jw, style_name(style_set_at(facts->styles, i)));
    jw_end_array(jw);
    jw_key(jw, "basemap");
    jw_raw(jw, facts->basemap);
    jw_end_object(jw);
}

/* How many of what the map colours have that key; -1 where the key is no grade. */
static int64_t count_of(const struct world *world, const char *map, const char *key)
{
    struct tally tally;
    if (key[0] < '0' || key[0] > '4' || key[1] != '\0')
        return -1;
    size_t grade = (size_t)(key[0] - '0');
    if (strcmp(map, "dangers") == 0) {
        int64_t n = 0;
        for (size_t i = 0; i < world_count(world, LAYER_HIDDEN_DANGERS); i++) {
            const struct hidden_danger *danger = world_hidden_danger(world, i);
            n += danger->level == (int32_t)grade && !text_equal(danger->state, "closed");
        }
        return n;
    }
    if (strcmp(map, "region") == 0)
        tally_units(world, 2, &tally);
    else if (strcmp(map, "city") == 0)
        tally_units(world, 3, &tally);
    else
        tally_plants(world, &tally);
    return (int64_t)tally.grades[grade];
}

struct map_title answer_map_title(enum map_id map)
{
    static const struct map_title titles[MAP_COUNT] = {
        [MAP_REGION] = {"自治区风险图（按市）", "Region, cities coloured"},
        [MAP_CITY] = {"市级风险图（按县）", "Cities, counties coloured"},
        [MAP_COUNTY] = {"县级风险图", "County"},
        [MAP_DANGERS] = {"事故隐患分布图", "Hidden dangers"},
        [MAP_RISK] = {"安全风险四色图", "Four-colour risk map"},
        [MAP_PIPELINES] = {"管道地区等级和高后果区", "Pipelines by stretch"}};
    return titles[map];
}

void answer_legend(struct jw *jw, const struct world *world, const struct style *style,
                   const char *map)
{
    const struct legend_entry *entries = NULL;
    size_t n = 0;
    style_legend(style, map, &entries, &n);
    jw_object(jw);
    jw_kv_string(jw, "map", map);
    enum map_id id;
    if (map_by_name(map, &id)) {
        jw_kv_string(jw, "name_zh", answer_map_title(id).zh);
        jw_kv_string(jw, "name_en", answer_map_title(id).en);
    }
    jw_key(jw, "entries");
    jw_array(jw);
    for (size_t i = 0; i < n; i++) {
        int64_t count = count_of(world, map, entries[i].key);
        jw_object(jw);
        jw_kv_string(jw, "key", entries[i].key);
        jw_kv_string(jw, "zh", entries[i].zh);
        jw_kv_string(jw, "en", entries[i].en);
        jw_kv_string(jw, "colour", entries[i].colour);
        jw_kv_bool(jw, "hatched", entries[i].hatched);
        if (entries[i].pattern)
            jw_kv_string(jw, "pattern", entries[i].pattern);
        if (count >= 0)
            jw_kv_integer(jw, "count", count);
        jw_end_object(jw);
    }
    jw_end_array(jw);
    jw_end_object(jw);
}
