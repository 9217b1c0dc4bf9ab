#include "data/sample/region.h"

#include "data/base/csv.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/limits.h"
#include "data/base/text.h"
#include "data/gcj02.h"
#include "data/sample/frame.h"

#include <stdio.h>
#include <string.h>

/* Places nearer than this to a town already taken are the same town under another name. */
static const double SAME_TOWN_M = 3000;

/* Of a county's townspeople, those in its seat when it has other towns too. */
static const double SEAT_SHARE = 0.75;

/* No lesser town is larger than this. */
static const double LESSER_TOWN_PERSONS = 25000;

static struct lonlat lonlat_of(const struct json *pair)
{
    return (struct lonlat){jr_number(jr_item(pair, 0), NAN), jr_number(jr_item(pair, 1), NAN)};
}

static enum err_code read_json(const char *directory, const char *name, struct json **out,
                               struct err *err)
{
    struct buf text;
    buf_init(&text);
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    enum err_code code = file_read(path, LIMIT_JSON_BYTES, &text, err);
    if (code == ERR_OK && (code = jr_parse(text.bytes, text.n_bytes, out, err)) != ERR_OK)
        err_wrap(err, "%s", path);
    buf_release(&text);
    return code;
}

static enum err_code read_csv(const char *directory, const char *name, struct arena *arena,
                              struct csv *out, struct err *err)
{
    struct buf text;
    buf_init(&text);
    char *path = arena_printf(arena, "%s/%s", directory, name);
    enum err_code code = path ? file_read(path, LIMIT_RULE_FILE_BYTES, &text, err) : err_nomem(err);
    if (code == ERR_OK)
        code = csv_parse(path, text.bytes, text.n_bytes, arena, out, err);
    buf_release(&text);
    return code;
}

static enum err_code cell_number(const struct csv *csv, size_t row, const char *header, double *out,
                                 struct err *err)
{
    int column = csv_column(csv, header);
    if (column < 0)
        return err_set(err, ERR_INPUT, "%s: no column %s", csv->name, header);
    if (!text_to_double(csv->rows[row].cells[column], out) || *out < 0)
        return err_set(err, ERR_INPUT, "%s:%zu: %s \"%s\" is not a number of 0 or more", csv->name,
                       csv->rows[row].line, header, csv->rows[row].cells[column]);
    return ERR_OK;
}

static enum err_code load_census(const char *directory, struct arena *arena, struct region *region,
                                 struct err *err)
{
    struct csv csv;
    enum err_code code = read_csv(directory, "census2020.csv", arena, &csv, err);
    if (code != ERR_OK)
        return code;
    int code_column = csv_column(&csv, "code"), name_column = csv_column(&csv, "name");
    if (code_column < 0 || name_column < 0 || csv.n_rows == 0 || csv.n_rows >= CELL_BORDER)
        return err_set(err, ERR_INPUT, "%s: 1 to 254 rows with code and name wanted", csv.name);
    region->n_counties = (uint32_t)csv.n_rows;
    region->counties = arena_new(arena, struct county, csv.n_rows);
    if (!region->counties)
        return err_nomem(err);
    for (size_t i = 0; i < csv.n_rows; i++) {
        struct county *county = &region->counties[i];
        county->code = csv.rows[i].cells[code_column];
        county->name = csv.rows[i].cells[name_column];
        county->seat = (struct lonlat){NAN, NAN};
        double population = 0;
        TRY(cell_number(&csv, i, "population", &population, err));
        TRY(cell_number(&csv, i, "urban_share", &county->urban_share, err));
        county->population = (uint32_t)population;
    }
done:
    return code;
}

static int county_by_code(const struct region *region, const char *code)
{
    for (uint32_t i = 0; i < region->n_counties; i++)
        if (text_equal(region->counties[i].code, code))
            return (int)i;
    return -1;
}

static enum err_code load_plan(const char *directory, struct arena *arena, struct region *region,
                               struct err *err)
{
    static const struct {
        const char *header;
        size_t offset;
    } FIELDS[] = {
        {"parks", offsetof(struct plan, parks)},
        {"chemical", offsetof(struct plan, chemical)},
        {"station", offsetof(struct plan, station)},
        {"other", offsetof(struct plan, other)},
        {"red", offsetof(struct plan, red)},
        {"orange", offsetof(struct plan, orange)},
        {"yellow", offsetof(struct plan, yellow)},
        {"grey", offsetof(struct plan, grey)},
        {"legacy", offsetof(struct plan, legacy)},
        {"station_orange", offsetof(struct plan, station_orange)},
        {"station_yellow", offsetof(struct plan, station_yellow)},
    };
    struct csv csv;
    enum err_code code = read_csv(directory, "plan.csv", arena, &csv, err);
    if (code != ERR_OK)
        return code;
    int code_column = csv_column(&csv, "code");
    if (code_column < 0)
        return err_set(err, ERR_INPUT, "%s: no column code", csv.name);
    for (size_t row = 0; row < csv.n_rows; row++) {
        int county = county_by_code(region, csv.rows[row].cells[code_column]);
        if (county < 0)
            return err_set(err, ERR_INPUT, "%s:%zu: no county %s in census2020.csv", csv.name,
                           csv.rows[row].line, csv.rows[row].cells[code_column]);
        char *plan = (char *)&region->counties[county].plan;
        for (size_t i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++) {
            double value = 0;
            code = cell_number(&csv, row, FIELDS[i].header, &value, err);
            if (code != ERR_OK)
                return code;
            memcpy(plan + FIELDS[i].offset, &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
        }
    }
    return ERR_OK;
}

static enum err_code load_rings(const struct json *polygons, struct arena *arena,
                                struct county *county, struct err *err)
{
    size_t n_points = 0, n_rings = 0;
    for (size_t p = 0; p < jr_count(polygons); p++)
        for (size_t r = 0; r < jr_count(jr_item(polygons, p)); r++, n_rings++)
            n_points += jr_count(jr_item(jr_item(polygons, p), r));
    county->points = arena_new(arena, struct lonlat, n_points);
    county->ring_ends = arena_new(arena, uint32_t, n_rings);
    if (!county->points || !county->ring_ends)
        return err_nomem(err);
    uint32_t at = 0;
    for (size_t p = 0; p < jr_count(polygons); p++) {
        for (size_t r = 0; r < jr_count(jr_item(polygons, p)); r++) {
            const struct json *ring = jr_item(jr_item(polygons, p), r);
            for (size_t i = 0; i < jr_count(ring); i++)
                county->points[at++] = gcj02_to_wgs84(lonlat_of(jr_item(ring, i)));
            county->ring_ends[county->n_rings++] = at;
        }
    }
    county->box = box_of_points(county->points, n_points);
    return ERR_OK;
}

static enum err_code load_boundaries(const char *directory, struct arena *arena,
                                     struct region *region, struct err *err)
{
    struct json *root = NULL;
    enum err_code code = ERR_OK;
    TRY(read_json(directory, "boundaries_gcj02.geojson", &root, err));
    const struct json *features = jr_get(root, "features");
    for (size_t i = 0; i < jr_count(features); i++) {
        const struct json *feature = jr_item(features, i);
        const struct json *properties = jr_get(feature, "properties");
        int county = county_by_code(region, jr_text(jr_get(properties, "code")));
        if (county >= 0)
            TRY(load_rings(jr_get(jr_get(feature, "geometry"), "coordinates"), arena,
                           &region->counties[county], err));
    }
    for (uint32_t i = 0; i < region->n_counties; i++)
        if (!region->counties[i].n_rings) {
            code = err_set(err, ERR_INPUT, "%s/boundaries_gcj02.geojson: no county %s", directory,
                           region->counties[i].code);
            goto done;
        }
done:
    jr_free(root);
    return code;
}

static void take_town(struct region *region, uint32_t county, struct lonlat centre, bool seat)
{
    for (uint32_t i = 0; i < region->n_towns; i++)
        if (!seat && frame_distance_m(region->towns[i].centre, centre) < SAME_TOWN_M)
            return;
    region->towns[region->n_towns++] =
        (struct town){.centre = centre, .county = county, .seat = seat};
}

/* A kernel of (1 - r2/R2)2 holds a third of peak times its disc. */
static void size_town(struct town *town, double persons)
{
    town->persons = persons;
    town->peak_km2 = 3000 + 25 * sqrt(persons);
    town->radius_m = 1000 * sqrt(3 * persons / (3.14159265358979 * town->peak_km2));
}

static void size_towns(struct region *region)
{
    for (uint32_t c = 0; c < region->n_counties; c++) {
        double urban = region->counties[c].population * region->counties[c].urban_share;
        uint32_t lesser = 0;
        for (uint32_t i = region->n_counties; i < region->n_towns; i++)
            lesser += region->towns[i].county == c;
        double each = lesser ? fmin(urban * (1 - SEAT_SHARE) / lesser, LESSER_TOWN_PERSONS) : 0;
        for (uint32_t i = region->n_counties; i < region->n_towns; i++)
            if (region->towns[i].county == c)
                size_town(&region->towns[i], each);
        size_town(&region->towns[c], urban - each * lesser);
    }
}

static enum err_code load_towns(const char *directory, struct arena *arena, struct region *region,
                                struct err *err)
{
    struct json *root = NULL;
    enum err_code code = ERR_OK;
    TRY(read_json(directory, "settlements.geojson", &root, err));
    const struct json *features = jr_get(root, "features");
    size_t n = jr_count(features);
    region->towns = arena_new(arena, struct town, n);
    if (!region->towns) {
        code = err_nomem(err);
        goto done;
    }
    for (int seats = 1; seats >= 0; seats--) {
        for (size_t i = 0; i < n; i++) {
            const struct json *properties = jr_get(jr_item(features, i), "properties");
            bool seat = text_equal(jr_text(jr_get(properties, "kind")), "seat");
            int county = county_by_code(region, jr_text(jr_get(properties, "county")));
            if (seat != (seats == 1) || county < 0)
                continue;
            struct lonlat at =
                lonlat_of(jr_get(jr_get(jr_item(features, i), "geometry"), "coordinates"));
            take_town(region, (uint32_t)county, at, seat);
            if (seat)
                region->counties[county].seat = at;
        }
        if (seats == 1 && region->n_towns != region->n_counties) {
            code = err_set(err, ERR_INPUT, "%s/settlements.geojson: %u seats for %u counties",
                           directory, region->n_towns, region->n_counties);
            goto done;
        }
    }
    size_towns(region);
done:
    jr_free(root);
    return code;
}

enum err_code region_load(const char *directory, struct arena *arena, struct region *out,
                          struct err *err)
{
    enum err_code code = ERR_OK;
    *out = (struct region){0};
    TRY(load_census(directory, arena, out, err));
    TRY(load_plan(directory, arena, out, err));
    TRY(load_boundaries(directory, arena, out, err));
    TRY(load_towns(directory, arena, out, err));
    TRY(raster_counties(out, arena, err));
done:
    return code;
}

double region_town_density(const struct region *region, struct lonlat p)
{
    double sum = 0;
    for (uint32_t i = 0; i < region->n_towns; i++) {
        const struct town *town = &region->towns[i];
        double r = frame_distance_m(p, town->centre) / town->radius_m;
        if (r < 1)
            sum += town->peak_km2 * (1 - r * r) * (1 - r * r);
    }
    return sum;
}

double region_town_gap_m(const struct region *region, struct lonlat p)
{
    double least = INFINITY;
    for (uint32_t i = 0; i < region->n_towns; i++)
        least =
            fmin(least, frame_distance_m(p, region->towns[i].centre) - region->towns[i].radius_m);
    return least;
}
