/*
 * pipeline_line.h - a pipeline by its stationing: metres along the centre line.
 *
 * Stationing begins at the first vertex with pipelines.start_m and grows along each part in
 * turn; parts that begin where the one before ended are one part. A gap between two parts has
 * no length, and nothing (no window, no merged segment) reaches over it.
 *
 * Long edges get vertices in between, on the edge (straight in longitude and latitude), so
 * that within each the stationing is linear to a centimetre.
 *
 * Owner:   memory in the arena.
 * Threads: never changes once built.
 * Cost:    O(n), about 100 ns and 32 bytes a vertex.
 */
#ifndef SISETU_GEO_PIPELINE_LINE_H
#define SISETU_GEO_PIPELINE_LINE_H

#include "data/base/arena.h"
#include "data/base/err.h"
#include "data/geom.h"

/* A stretch of the line: stationing, m; from <= to. */
struct span {
    double from_m;
    double to_m;
};

struct pipeline_line {
    uint32_t n;
    const struct lonlat *points;
    const double *at_m; /* stationing of each point; NULL of an outline */
    uint32_t n_parts;
    const uint32_t *part_ends; /* index after the last point of a part */
    const struct box *boxes;   /* of its stretches, see pipeline_stretch_number; NULL: not kept */
};

/* Edges of a part are looked at in stretches, since the box of a long line holds half of a
 * province. */
enum { PIPELINE_STRETCH_EDGES = 16 };

/* ERR_INPUT for a shape that is no line, or a vertex that is no longitude and latitude. */
enum err_code pipeline_line_build(const struct geom *geom, double start_m, struct arena *arena,
                                  struct pipeline_line *out, struct err *err);

/* The same points and parts without their stations, a tenth of the work. */
enum err_code pipeline_line_outline(const struct geom *geom, struct arena *arena,
                                    struct pipeline_line *out, struct err *err);

static inline uint32_t pipeline_part_start(const struct pipeline_line *line, uint32_t part)
{
    return part ? line->part_ends[part - 1] : 0;
}

/* A number for each stretch, by its part and its first edge; not all numbers are given. */
static inline uint32_t pipeline_stretch_number(const struct pipeline_line *line, uint32_t part,
                                               uint32_t first)
{
    uint32_t start = pipeline_part_start(line, part);
    return start / PIPELINE_STRETCH_EDGES + part + (first - start) / PIPELINE_STRETCH_EDGES;
}

/* More than any of them. */
static inline size_t pipeline_stretch_numbers(const struct pipeline_line *line)
{
    return (size_t)line->n / PIPELINE_STRETCH_EDGES + line->n_parts + 1;
}

/* From where to where a part goes. */
static inline struct span pipeline_part_span(const struct pipeline_line *line, uint32_t part)
{
    return (struct span){line->at_m[pipeline_part_start(line, part)],
                         line->at_m[line->part_ends[part] - 1]};
}

/* The point at a station of a part; beyond its ends, the end. */
struct lonlat pipeline_line_point(const struct pipeline_line *line, uint32_t part, double at_m);

/* The stretch of a part as a line; a point where it has no length. */
enum err_code pipeline_line_slice(const struct pipeline_line *line, uint32_t part, struct span span,
                                  struct arena *arena, struct geom *out, struct err *err);

/* "K12+345", rounded to the metre; "-K0+012" before the origin. Room for 32 bytes. */
enum { STATION_TEXT_BYTES = 32 };
void pipeline_station_text(double at_m, char out[STATION_TEXT_BYTES]);

#endif
