/*
 * people.h - who lives where: villages, hamlets, and the 100 m population grid.
 *
 * Persons are whole numbers, so that sums are exact in single precision. A cell that a
 * county border touches holds nobody; so every county's sum by shares of cells is its
 * census figure to the person.
 *
 * Life:    people_init; people_add_hamlet while plants are placed; people_settle once;
 *          then people_at and people_write.
 */
#ifndef SISETU_DATA_SAMPLE_PEOPLE_H
#define SISETU_DATA_SAMPLE_PEOPLE_H

#include "data/sample/ground.h"

struct village {
    struct lonlat centre;
    uint32_t county;
    double radius_m;
    uint32_t persons; /* about: the grid holds the exact ones */
    bool scattered;   /* farmsteads: few persons a cell */
};

/* People put near a plant on purpose, so that a verdict comes out as planned. */
struct hamlet {
    struct lonlat centre;
    uint32_t persons;
    bool scattered;
};

struct people {
    const struct region *region;
    struct arena *arena;
    struct village *villages;
    size_t n_villages;
    size_t villages_capacity;
    struct hamlet *hamlets;
    size_t n_hamlets;
    size_t hamlets_capacity;
    uint32_t *placed; /* persons in hamlets, by county */
    float *persons;   /* by cell of the region's raster; NaN outside */
};

enum err_code people_init(struct people *people, const struct region *region, struct arena *arena,
                          struct err *err);

/* Puts persons into the one cell at p (and its neighbours when scattered); no effect where
 * nobody may live, or where a tenth of the county lives in hamlets already. */
enum err_code people_add_hamlet(struct people *people, struct hamlet hamlet, struct err *err);

/* Places villages on free ground, fills the grid and rakes it to the census. */
enum err_code people_settle(struct people *people, struct ground *ground, struct err *err);

/* Persons in the cell of p; 0 outside. */
uint32_t people_at(const struct people *people, struct lonlat p);

/* population.flt and population.hdr (ESRI float grid) in the directory. */
enum err_code people_write(const struct people *people, const char *directory, struct err *err);

#endif
