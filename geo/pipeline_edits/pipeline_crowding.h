/*
 * pipeline_crowding.h - what pipeline_crowd.c keeps of an edit, for pipeline_crowd_hides.c.
 */
#ifndef SISETU_GEO_PIPELINE_CROWDING_H
#define SISETU_GEO_PIPELINE_CROWDING_H

#include "geo/pipeline_edits/pipeline_crowd.h"

/* Others are looked for so far around: twice the reach of most rules. */
static const double CROWD_M = 500;

/* Codes of targets that one record may be. */
enum { MOST_CROWD_CODES = 8 };

struct crowd_member {
    struct flat at; /* the side's own is at 0, 0 */
    double off_m;
    double accuracy_m;
    double radius_m;
    uint32_t row;
    uint8_t truths[MOST_CROWD_CODES]; /* enum truth, by code of the crowd */
};

/* The record before the edit, or after it. */
struct crowd_side {
    bool stands; /* it is there, and has a place */
    struct lonlat origin;
    struct lonlat scale_m;
    double bend; /* how much the scale changes, a metre */
    struct crowd_member own;
    const char *own_missing[MOST_CROWD_CODES];
    struct crowd_member *members; /* by distance */
    size_t n;
    double blur_m; /* the most that any reach is widened by accuracy and radius */
};

/* A row of places, or one that counts in windows, that may meet the record. */
struct crowd_row {
    const struct pipeline_place *place;  /* or NULL */
    const struct pipeline_class *window; /* or NULL */
    const struct pipeline_method *method;
    bool is_class;      /* of places: kind class_location, which others may take over */
    bool is_occupation; /* of places: judged by outlines */
    bool tells_of_runs; /* of places: no more than that one is there, and which */
    bool is_law;        /* says it of the record alone */
    uint32_t code;
};

struct pipeline_crowd {
    const struct pipeline_edited *edited;
    uint32_t own_row; /* of the record, or where it would be */
    bool is_alike;    /* it is met as it was, wherever that is */
    size_t n_codes;
    struct pipeline_ask *codes; /* what they say of targets */
    struct crowd_row *rows;
    size_t n_rows;
    struct crowd_side sides[2];
};

/* A plane about a point: metres to the east and north of it. */
struct flat crowd_lay(struct lonlat origin, struct lonlat scale_m, struct lonlat at);

/* The degrees within far_m of a point. False: longitudes of the line may be told a turn apart. */
bool crowd_box(const struct geom *line, struct lonlat at, struct lonlat scale_m, double far_m,
               struct box *out);

/* Whether an edge, from the first point to the second, lies to one side of a box: most do. */
static inline bool crowd_is_beyond(const struct box *box, const struct lonlat *at)
{
    return ((at[0].lon_deg < box->west_deg) & (at[1].lon_deg < box->west_deg)) |
           ((at[0].lon_deg > box->east_deg) & (at[1].lon_deg > box->east_deg)) |
           ((at[0].lat_deg < box->south_deg) & (at[1].lat_deg < box->south_deg)) |
           ((at[0].lat_deg > box->north_deg) & (at[1].lat_deg > box->north_deg));
}

/* By more than that no distance is wrong that is measured in it within far_m of its origin, nor the
 * place on a line that is so far from another one. */
static inline double crowd_slack_m(double bend, double far_m, double distance_m)
{
    return 0.05 + (bend * far_m + 1e-4) * distance_m;
}

/* Square of the distance of a point from an edge. */
static inline double crowd_off_m2(struct flat from, struct flat along, double length_m2,
                                  struct flat at)
{
    double x = at.x_m - from.x_m;
    double y = at.y_m - from.y_m;
    double t = length_m2 > 0 ? (x * along.x_m + y * along.y_m) / length_m2 : 0;
    t = max_of(0, min_of(t, 1));
    x -= t * along.x_m;
    y -= t * along.y_m;
    return x * x + y * y;
}

#endif
