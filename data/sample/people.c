#include "data/sample/people.h"

#include "data/sample/frame.h"
#include "data/sample/rng.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Mean of a village; only its order of magnitude matters. */
enum { VILLAGE_LEAST = 150, VILLAGE_SPAN = 1350, VILLAGE_TRIES = 60 };

enum err_code people_init(struct people *people, const struct region *region, struct arena *arena,
                          struct err *err)
{
    *people = (struct people){.region = region, .arena = arena};
    people->placed = arena_new(arena, uint32_t, region->n_counties);
    people->persons =
        arena_new(arena, float, (size_t)region->raster.n_columns * region->raster.n_rows);
    return people->placed && people->persons ? ERR_OK : err_nomem(err);
}

enum err_code people_add_hamlet(struct people *people, struct hamlet hamlet, struct err *err)
{
    int county = region_county_at(people->region, hamlet.centre);
    if (county < 0 ||
        people->placed[county] + hamlet.persons > people->region->counties[county].population / 10)
        return ERR_OK;
    people->hamlets = arena_grow(people->arena, people->hamlets, &people->hamlets_capacity,
                                 people->n_hamlets + 1, sizeof *people->hamlets);
    if (!people->hamlets)
        return err_nomem(err);
    people->placed[county] += hamlet.persons;
    people->hamlets[people->n_hamlets++] = hamlet;
    return ERR_OK;
}

/* Streets, parks and blocks of flats: from empty to twice the mean. */
static double texture(uint32_t column, uint32_t row)
{
    double block = rng_noise(column / 4, row / 4 + 100000);
    double cell = rng_noise(column, row);
    if (cell < 0.1)
        return 0;
    return 0.3 + 0.9 * block + 0.5 * cell;
}

struct stamp {
    struct lonlat centre;
    uint32_t county;
    double radius_m;
    double persons;
    double filled; /* share of cells with anybody */
};

/* Adds a kernel (1 - r2/R2)2 of that many persons, as far as its county reaches. */
static void stamp_kernel(struct people *people, const struct ground *ground, struct stamp stamp)
{
    const struct raster *raster = &people->region->raster;
    double lon_m = frame_lon_m(stamp.centre.lat_deg), lat_m = frame_lat_m(stamp.centre.lat_deg);
    double x = (stamp.centre.lon_deg - raster->west_deg) / raster->cell_deg;
    double y = (raster->north_deg - stamp.centre.lat_deg) / raster->cell_deg;
    double dx = stamp.radius_m / lon_m / raster->cell_deg;
    double dy = stamp.radius_m / lat_m / raster->cell_deg;
    double cell_m2 = lon_m * lat_m * raster->cell_deg * raster->cell_deg;
    double peak = 3 * stamp.persons * cell_m2 /
                  (3.14159265358979 * stamp.radius_m * stamp.radius_m * stamp.filled);
    uint32_t south = (uint32_t)fmin(y + dy, raster->n_rows - 1);
    uint32_t east = (uint32_t)fmin(x + dx, raster->n_columns - 1);
    for (uint32_t row = (uint32_t)fmax(y - dy, 0); row <= south; row++) {
        for (uint32_t column = (uint32_t)fmax(x - dx, 0); column <= east; column++) {
            size_t cell = (size_t)row * raster->n_columns + column;
            double u = (column + 0.5 - x) / dx, v = (row + 0.5 - y) / dy;
            double r2 = u * u + v * v;
            struct lonlat middle = {raster->west_deg + (column + 0.5) * raster->cell_deg,
                                    raster->north_deg - (row + 0.5) * raster->cell_deg};
            if (r2 >= 1 || raster->county[cell] != stamp.county + 1 ||
                rng_noise(row + 7, column) >= stamp.filled ||
                ground_has(ground, middle, GROUND_PLANT | GROUND_PARK))
                continue;
            people->persons[cell] += (float)(peak * (1 - r2) * (1 - r2) * texture(column, row));
        }
    }
}

static bool village_fits(const struct people *people, const struct ground *ground,
                         const struct village *village)
{
    return region_county_at(people->region, village->centre) == (int)village->county &&
           region_town_gap_m(people->region, village->centre) > village->radius_m &&
           !ground_near(ground, village->centre, village->radius_m,
                        GROUND_QUIET | GROUND_PLANT | GROUND_PARK | GROUND_LINE);
}

/* Half of the villages lie within a day's walk of their town, the others anywhere. */
static struct lonlat village_place(const struct people *people, uint32_t county, struct rng *rng)
{
    const struct county *it = &people->region->counties[county];
    if (rng_chance(rng, 0.5)) {
        const struct town *town = &people->region->towns[county];
        struct frame frame = frame_at(town->centre, 0);
        double reach = town->radius_m + 18000 * rng_unit(rng);
        double angle = rng_between(rng, 0, 6.2831853);
        return frame_to_lonlat(&frame, reach * frame_cos(angle), reach * frame_sin(angle));
    }
    return (struct lonlat){rng_between(rng, it->box.west_deg, it->box.east_deg),
                           rng_between(rng, it->box.south_deg, it->box.north_deg)};
}

static enum err_code settle_villages(struct people *people, struct ground *ground, uint32_t county,
                                     struct err *err)
{
    const struct county *it = &people->region->counties[county];
    double rural = it->population * (1 - it->urban_share) - people->placed[county];
    struct rng rng = rng_of(RNG_VILLAGE, county);
    for (uint32_t tries = 0; rural > 0 && tries < VILLAGE_TRIES * 2000u; tries++) {
        double size = rng_unit(&rng);
        struct village village = {.county = county,
                                  .persons = VILLAGE_LEAST + (uint32_t)(VILLAGE_SPAN * size * size),
                                  .scattered = rng_chance(&rng, 0.35)};
        village.radius_m =
            village.scattered ? 350 + 0.35 * village.persons : 130 + 5 * sqrt(village.persons);
        village.centre = village_place(people, county, &rng);
        if (!village_fits(people, ground, &village))
            continue;
        people->villages = arena_grow(people->arena, people->villages, &people->villages_capacity,
                                      people->n_villages + 1, sizeof *people->villages);
        if (!people->villages)
            return err_nomem(err);
        people->villages[people->n_villages++] = village;
        stamp_kernel(people, ground,
                     (struct stamp){village.centre, county, village.radius_m, village.persons,
                                    village.scattered ? 0.3 : 1.0});
        rural -= village.persons;
    }
    return ERR_OK;
}

/* Makes whole persons of the weights: the running sum is rounded, so that what one cell
 * loses the next one gets, and the county keeps its figure. */
static enum err_code rake(struct people *people, struct err *err)
{
    const struct region *region = people->region;
    size_t n = (size_t)region->raster.n_columns * region->raster.n_rows;
    double weight[CELL_BORDER + 1] = {0}, sum[CELL_BORDER] = {0}, given[CELL_BORDER] = {0};
    for (size_t i = 0; i < n; i++)
        weight[region->raster.county[i]] += (double)people->persons[i];
    for (uint32_t c = 0; c < region->n_counties; c++)
        if (weight[c + 1] <= 0)
            return err_set(err, ERR_INPUT, "county %s has no ground to live on",
                           region->counties[c].code);
    for (size_t i = 0; i < n; i++) {
        uint8_t value = region->raster.county[i];
        if (value == CELL_OUTSIDE || value == CELL_BORDER) {
            people->persons[i] = value == CELL_BORDER ? 0.0f : NAN;
            continue;
        }
        uint32_t wanted = region->counties[value - 1].population - people->placed[value - 1];
        sum[value] += (double)people->persons[i] / weight[value] * wanted;
        double whole = floor(sum[value] + 0.5);
        people->persons[i] = (float)(whole - given[value]);
        given[value] = whole;
    }
    return ERR_OK;
}

/* A scattered hamlet is spread over the four cells that meet nearest to its centre. */
static void settle_hamlet(struct people *people, const struct hamlet *hamlet)
{
    const struct raster *raster = &people->region->raster;
    uint32_t column, row;
    if (!raster_cell(raster, hamlet->centre, &column, &row))
        return;
    size_t home = (size_t)row * raster->n_columns + column;
    uint8_t county = raster->county[home];
    uint32_t left = hamlet->persons, quarter = hamlet->persons / 4;
    if (hamlet->scattered) {
        size_t others[] = {home + 1, home + raster->n_columns, home + raster->n_columns + 1};
        for (size_t i = 0; i < 3; i++) {
            if (raster->county[others[i]] != county)
                continue;
            people->persons[others[i]] += (float)quarter;
            left -= quarter;
        }
    }
    people->persons[home] += (float)left;
}

enum err_code people_settle(struct people *people, struct ground *ground, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct region *region = people->region;
    for (uint32_t i = 0; i < region->n_towns; i++) {
        const struct town *town = &region->towns[i];
        stamp_kernel(people, ground,
                     (struct stamp){town->centre, town->county, town->radius_m, town->persons, 1});
    }
    for (uint32_t county = 0; county < region->n_counties; county++)
        TRY(settle_villages(people, ground, county, err));
    TRY(rake(people, err));
    for (size_t i = 0; i < people->n_hamlets; i++)
        settle_hamlet(people, &people->hamlets[i]);
done:
    return code;
}

uint32_t people_at(const struct people *people, struct lonlat p)
{
    uint32_t column, row;
    if (!raster_cell(&people->region->raster, p, &column, &row))
        return 0;
    float value = people->persons[(size_t)row * people->region->raster.n_columns + column];
    return value > 0 ? (uint32_t)value : 0;
}

static enum err_code write_file(const char *path, const void *bytes, size_t n, struct err *err)
{
    FILE *file = fopen(path, "wbe");
    if (!file)
        return err_errno(err, errno, "%s", path);
    int problem = 0;
    if (fwrite(bytes, 1, n, file) != n)
        problem = errno;
    if (fclose(file) != 0 && !problem)
        problem = errno;
    return problem ? err_errno(err, problem, "%s", path) : ERR_OK;
}

/* ESRI float grid: rows from the north, four bytes a cell, little-endian as our machines. */
enum err_code people_write(const struct people *people, const char *directory, struct err *err)
{
    static const char CRS[] =
        "GEOGCS[\"GCS_China_Geodetic_Coordinate_System_2000\",DATUM[\"D_China_2000\","
        "SPHEROID[\"CGCS2000\",6378137.0,298.257222101]],PRIMEM[\"Greenwich\",0.0],"
        "UNIT[\"Degree\",0.0174532925199433]]\n";
    const struct raster *raster = &people->region->raster;
    char path[4096], text[512];
    enum err_code code = ERR_OK;
    snprintf(path, sizeof path, "%s/population.flt", directory);
    TRY(write_file(path, people->persons,
                   (size_t)raster->n_columns * raster->n_rows * sizeof(float), err));
    snprintf(text, sizeof text,
             "ncols %u\nnrows %u\nxllcorner %.3f\nyllcorner %.3f\ncellsize %.3f\n"
             "NODATA_value nan\nbyteorder LSBFIRST\n",
             raster->n_columns, raster->n_rows, raster->west_deg,
             raster->north_deg - raster->n_rows * raster->cell_deg, raster->cell_deg);
    snprintf(path, sizeof path, "%s/population.hdr", directory);
    TRY(write_file(path, text, strlen(text), err));
    snprintf(path, sizeof path, "%s/population.prj", directory);
    TRY(write_file(path, CRS, sizeof CRS - 1, err));
done:
    return code;
}
