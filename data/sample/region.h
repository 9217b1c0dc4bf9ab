/*
 * region.h - the real part of the sample: counties, census figures, towns; and the plan.
 *
 * Read from data/ningxia: boundaries_gcj02.geojson (GCJ-02, undone here), census2020.csv,
 * settlements.geojson and plan.csv.
 *
 * Space: CGCS2000 longitude and latitude in degrees.
 * Owner: everything belongs to the arena given to region_load.
 */
#ifndef SISETU_DATA_SAMPLE_REGION_H
#define SISETU_DATA_SAMPLE_REGION_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/geom.h"

/* What plan.csv asks of one county, at scale 1. */
struct plan {
    uint32_t parks;
    uint32_t chemical;
    uint32_t station;
    uint32_t other;
    uint32_t red;
    uint32_t orange;
    uint32_t yellow;
    uint32_t grey;
    uint32_t legacy;
    uint32_t station_orange;
    uint32_t station_yellow;
};

struct county {
    const char *code;
    const char *name;
    uint32_t population;
    double urban_share;
    struct lonlat seat;
    struct plan plan;
    struct lonlat *points; /* all rings, closed, one after the other */
    uint32_t *ring_ends;
    uint32_t n_rings;
    struct box box;
};

/* Where townspeople live: most at the centre, none beyond the radius. */
struct town {
    struct lonlat centre;
    uint32_t county; /* index */
    bool seat;
    double persons;
    double radius_m;
    double peak_km2; /* persons a km2 at the centre */
};

enum {
    CELL_OUTSIDE = 0, /* else 1 + index of the county that holds the cell whole */
    CELL_BORDER = 255,
};

/* 0.001 degree cells; rows count south from the north edge. */
struct raster {
    double west_deg;
    double north_deg;
    double cell_deg;
    uint32_t n_columns;
    uint32_t n_rows;
    uint8_t *county;
};

struct region {
    struct county *counties; /* by code */
    uint32_t n_counties;
    struct town *towns; /* the seats first, in the order of the counties */
    uint32_t n_towns;
    struct raster raster;
};

enum err_code region_load(const char *directory, struct arena *arena, struct region *out,
                          struct err *err);

/* Fills the raster: part of region_load. */
enum err_code raster_counties(struct region *region, struct arena *arena, struct err *err);

/* Cell of a point; false outside the raster. */
bool raster_cell(const struct raster *raster, struct lonlat p, uint32_t *column, uint32_t *row);

/* Index of the county whose cells hold p, or -1 (also on a border). */
int region_county_at(const struct region *region, struct lonlat p);

/* Persons a km2 that the towns alone would give a point: 0 beyond their radius. */
double region_town_density(const struct region *region, struct lonlat p);

/* Distance to the edge of the nearest town, m; negative inside one. */
double region_town_gap_m(const struct region *region, struct lonlat p);

#endif
