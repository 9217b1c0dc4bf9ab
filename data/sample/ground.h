/*
 * ground.h - what the ground is taken by, on a coarse grid: keeps generated things apart.
 *
 * Cells of 0.002 degree (about 180 x 220 m) with a few bits each. At larger scales the
 * ground fills up; callers then place things on taken ground rather than not at all.
 */
#ifndef SISETU_DATA_SAMPLE_GROUND_H
#define SISETU_DATA_SAMPLE_GROUND_H

#include "data/sample/region.h"

enum {
    GROUND_PLANT = 1,  /* a plant, or what was put beside one on purpose */
    GROUND_LINE = 2,   /* a road, railway, river or pipeline passes near */
    GROUND_QUIET = 4,  /* within reach of a plant's zones: no villages by accident */
    GROUND_PARK = 8,   /* a chemical park and its control line */
    GROUND_TARGET = 16 /* something to be protected stands here */
};

struct ground {
    double west_deg;
    double north_deg;
    double cell_deg;
    uint32_t n_columns;
    uint32_t n_rows;
    uint8_t *bits;
};

enum err_code ground_init(struct ground *ground, const struct region *region, struct arena *arena,
                          struct err *err);

void ground_mark(struct ground *ground, struct lonlat p, double radius_m, uint8_t bits);
void ground_mark_line(struct ground *ground, const struct lonlat *points, size_t n, double radius_m,
                      uint8_t bits);

/* Whether the cell of p has any of the bits. */
bool ground_has(const struct ground *ground, struct lonlat p, uint8_t bits);

/* Whether any cell within the radius has. */
bool ground_near(const struct ground *ground, struct lonlat p, double radius_m, uint8_t bits);

#endif
