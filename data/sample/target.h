/*
 * target.h - what is to be protected: schools, hospitals, dwellings, villages and so on.
 */
#ifndef SISETU_DATA_SAMPLE_TARGET_H
#define SISETU_DATA_SAMPLE_TARGET_H

#include "data/sample/sample.h"

/* Attributes as in schema.csv; 0 is "not told". */
struct target_spec {
    const char *use;
    const char *name;
    uint32_t persons;
    uint32_t households;
    uint32_t floor_area_m2;
    uint32_t beds;
    uint32_t peak_persons;
    uint32_t storeys;
    uint32_t fire_rating;
    double width_m; /* of the building or the grounds */
    double depth_m;
};

/* Writes it as a rectangle about the frame's point, or as that point alone. */
void target_put(struct sample *s, const struct target_spec *spec, const struct frame *frame,
                struct xy centre, double accuracy_m);
void target_put_point(struct sample *s, const struct target_spec *spec, struct lonlat at,
                      double accuracy_m);

#endif
