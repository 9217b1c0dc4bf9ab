/*
 * inside.h - what a polygon holds, in longitude and latitude, where edges are straight; for the
 * files of distances.
 *
 * Longitudes a whole turn apart are the same place. A shared edge is inside.
 *
 * Threads: pure.
 */
#ifndef SISETU_GEO_INSIDE_H
#define SISETU_GEO_INSIDE_H

#include "geo/measure/edges.h"

/* Twice the signed area of (a, b, c). */
static inline double inside_turn(struct lonlat a, struct lonlat b, struct lonlat c)
{
    return (b.lon_deg - a.lon_deg) * (c.lat_deg - a.lat_deg) -
           (b.lat_deg - a.lat_deg) * (c.lon_deg - a.lon_deg);
}

/* First and last number of whole turns that bring b over a in longitude. */
struct inside_turns {
    int first;
    int last;
};

/* None (first > last) where no whole turn does. */
struct inside_turns inside_turns_between(struct box a, struct box b);

static inline struct box inside_point_box(struct lonlat point)
{
    return (struct box){point.lon_deg, point.lat_deg, point.lon_deg, point.lat_deg};
}

static inline struct lonlat inside_turned(struct lonlat point, int turns)
{
    point.lon_deg += 360.0 * turns;
    return point;
}

/* Whether the shape is a polygon and holds the point. */
bool inside_holds_point(const struct edges *polygon, struct lonlat point);

/* Whether a part of b starts inside the polygon a, and where: then it lies inside or crosses
 * the edge. */
bool inside_holds_part(const struct edges *a, const struct geom *b, struct lonlat *where);

#endif
