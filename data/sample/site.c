#include "data/sample/site.h"

#include "data/sample/route.h"

#include <string.h>

static const double TURN = 6.283185307179586;

enum {
    TRIES = 80,
    ROADSIDE_TRIES = 2000, /* most roads run through other counties */
    PARK_COLUMNS = 5,
    PARK_ROWS = 4,
    PLOT_WIDTH_M = 500,
    PLOT_DEPTH_M = 420,
};

struct lonlat site_point(const struct site *site, double x_m, double y_m)
{
    return frame_to_lonlat(&site->frame, x_m, y_m);
}

void site_corners(const struct site *site, struct lonlat out[4])
{
    double x = site->width_m / 2, y = site->depth_m / 2;
    out[0] = site_point(site, -x, -y);
    out[1] = site_point(site, x, -y);
    out[2] = site_point(site, x, y);
    out[3] = site_point(site, -x, y);
}

/* The plant and what will stand before it lie wholly in the county. */
static bool in_county(const struct sample *s, const struct site *site)
{
    double reach = 350 + fmax(site->width_m, site->depth_m) / 2;
    const struct xy probes[] = {{0, 0}, {reach, 0}, {-reach, 0}, {0, reach}, {0, -reach}};
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++)
        if (region_county_at(&s->region, site_point(site, probes[i].x_m, probes[i].y_m)) !=
            (int)site->county)
            return false;
    return true;
}

/* A town of the county, by its people. */
static const struct town *pick_town(const struct sample *s, uint32_t county, struct rng *rng)
{
    double total = 0;
    for (uint32_t i = 0; i < s->region.n_towns; i++)
        if (s->region.towns[i].county == county)
            total += s->region.towns[i].persons;
    double left = rng_unit(rng) * total;
    for (uint32_t i = 0; i < s->region.n_towns; i++) {
        if (s->region.towns[i].county != county)
            continue;
        left -= s->region.towns[i].persons;
        if (left < 0)
            return &s->region.towns[i];
    }
    return &s->region.towns[county];
}

static struct lonlat around_town(const struct town *town, double distance_m, struct rng *rng)
{
    struct frame frame = frame_at(town->centre, 0);
    double angle = rng_between(rng, 0, TURN);
    return frame_to_lonlat(&frame, distance_m * frame_cos(angle), distance_m * frame_sin(angle));
}

/* 45-95 m from a road's centre line, the plant's back to it. */
static bool try_roadside(const struct sample *s, struct site *site, struct rng *rng)
{
    const struct way_line *line = &s->lines[rng_index(rng, (uint32_t)s->n_lines)];
    if (strcmp(line->kind, "road") != 0 && strcmp(line->kind, "expressway") != 0)
        return false;
    size_t i = rng_index(rng, (uint32_t)line->n_points - 1);
    struct lonlat a = line->points[i], b = line->points[i + 1];
    struct lonlat middle = {(a.lon_deg + b.lon_deg) / 2, (a.lat_deg + b.lat_deg) / 2};
    double length = frame_distance_m(a, b);
    if (length < 400 || region_county_at(&s->region, middle) != (int)site->county ||
        region_town_gap_m(&s->region, middle) < 600)
        return false;
    struct frame along = route_frame(a, b);
    double off = site->depth_m / 2 + rng_between(rng, 45, 95);
    struct lonlat origin = frame_to_lonlat(&along, 0, off);
    site->frame = frame_at(origin, 0);
    site->frame.cos_turn = along.cos_turn;
    site->frame.sin_turn = along.sin_turn;
    return !ground_near(&s->ground, origin, 500, GROUND_PLANT | GROUND_PARK);
}

static bool try_site(const struct sample *s, struct site *site, struct rng *rng)
{
    if (site->setting == SETTING_ROADSIDE)
        return try_roadside(s, site, rng) && in_county(s, site);
    double half = fmax(site->width_m, site->depth_m) / 2;
    bool old_works = site->setting == SETTING_TOWN && half > 100;
    const struct town *town =
        old_works ? &s->region.towns[site->county] : pick_town(s, site->county, rng);
    double distance = 0, keep_m = 0, gap_m = 0;
    uint8_t bits = GROUND_PLANT | GROUND_PARK;
    if (site->setting == SETTING_TOWN) {
        /* What is large stands where the county's seat began. */
        distance = town->radius_m * (0.15 + (old_works ? 0.25 : 0.7) * rng_unit(rng));
        keep_m = 250 + half;
        gap_m = -INFINITY;
    } else if (site->setting == SETTING_FRINGE) {
        distance = town->radius_m + rng_between(rng, 500, 3500);
        keep_m = 500 + half;
        gap_m = 400;
        bits |= GROUND_LINE | GROUND_QUIET;
    } else {
        distance = town->radius_m + rng_between(rng, 3000, 16000);
        keep_m = 800 + half;
        gap_m = 2500;
        bits |= GROUND_LINE | GROUND_QUIET;
    }
    struct lonlat origin = around_town(town, distance, rng);
    site->frame = frame_at(origin, rng_between(rng, 0, TURN));
    return in_county(s, site) && region_town_gap_m(&s->region, origin) >= gap_m &&
           !ground_near(&s->ground, origin, keep_m, bits);
}

/* The next free plot of the county's parks. */
static bool take_plot(struct sample *s, struct site *site, struct rng *rng)
{
    for (size_t i = 0; i < s->n_parks; i++) {
        struct park *park = &s->parks[i];
        if (park->county != site->county || park->plots_taken >= PARK_COLUMNS * PARK_ROWS)
            continue;
        uint32_t plot = park->plots_taken++;
        uint32_t column = plot % PARK_COLUMNS, row = plot / PARK_COLUMNS;
        double x = (column - (PARK_COLUMNS - 1) / 2.0) * PLOT_WIDTH_M;
        double y = (row - (PARK_ROWS - 1) / 2.0) * PLOT_DEPTH_M;
        x += rng_between(rng, -20, 20);
        y += rng_between(rng, -15, 15);
        site->frame = park->frame;
        site->frame.origin = frame_to_lonlat(&park->frame, x, y);
        site->park = park->number;
        site->width_m = fmin(site->width_m, PLOT_WIDTH_M - 100);
        site->depth_m = fmin(site->depth_m, PLOT_DEPTH_M - 80);
        return true;
    }
    return false;
}

struct site site_find(struct sample *s, struct site_wish wish, struct rng *rng)
{
    struct site site = {.width_m = wish.width_m,
                        .depth_m = wish.depth_m,
                        .county = wish.county,
                        .setting = wish.setting};
    if (wish.setting == SETTING_PARK) {
        if (take_plot(s, &site, rng))
            return site;
        site.setting = SETTING_COUNTRY;
    }
    bool found = false;
    for (int tries = 0; tries < ROADSIDE_TRIES && site.setting == SETTING_ROADSIDE; tries++)
        if ((found = try_site(s, &site, rng)))
            break;
    if (site.setting == SETTING_ROADSIDE && !found)
        site.setting = SETTING_COUNTRY;
    struct frame taken = frame_at(s->region.towns[wish.county].centre, 0);
    for (int tries = 0; tries < TRIES && !found; tries++) {
        found = try_site(s, &site, rng);
        if (!found && in_county(s, &site))
            taken = site.frame;
    }
    if (!found)
        site.frame = taken;
    ground_mark(&s->ground, site.frame.origin, fmin(site.width_m, site.depth_m) / 2, GROUND_PLANT);
    return site;
}
