/*
 * site.h - finds ground for a plant.
 */
#ifndef SISETU_DATA_SAMPLE_SITE_H
#define SISETU_DATA_SAMPLE_SITE_H

#include "data/sample/sample.h"

enum setting {
    SETTING_PARK,     /* a plot of a chemical park */
    SETTING_TOWN,     /* between the houses */
    SETTING_FRINGE,   /* at the edge of town */
    SETTING_COUNTRY,  /* kilometres from any town */
    SETTING_ROADSIDE, /* nearer to a road than the Highway Regulation allows */
};

/* A rectangle of width (x) by depth (y) about the frame's origin. Its front looks to +y:
 * what is put beside a plant on purpose stands there. */
struct site {
    struct frame frame;
    double width_m;
    double depth_m;
    uint32_t county;
    enum setting setting;
    uint64_t park; /* number, or 0 */
};

struct site_wish {
    enum setting setting;
    uint32_t county;
    double width_m;
    double depth_m;
};

/* Always finds something: free ground if any of some dozens of tries is free, else taken
 * ground of the county; a wish for a park in a county without a free plot becomes COUNTRY. Marks
 * the ground as taken. */
struct site site_find(struct sample *s, struct site_wish wish, struct rng *rng);

/* The four corners, for the outline. */
void site_corners(const struct site *site, struct lonlat out[4]);

struct lonlat site_point(const struct site *site, double x_m, double y_m);

#endif
