/*
 * mvt_valid.h - what GEOS says about the polygons of a tile (mvt_fixture.h).
 */
#ifndef SISETU_TESTS_MVT_VALID_H
#define SISETU_TESTS_MVT_VALID_H

#include "tests/unit/mvt_fixture.h"

#include <geos_c.h>

enum { MVT_VALID_POINTS = 1 << 22, MVT_VALID_TOLD = 8 };

struct mvt_valid {
    GEOSContextHandle_t geos;
    struct mvt_point *points;
    size_t *ends;
    size_t told;
};

static inline void mvt_valid_init(struct mvt_valid *v)
{
    *v = (struct mvt_valid){.geos = GEOS_init_r(),
                            .points = malloc(MVT_VALID_POINTS * sizeof *v->points),
                            .ends = malloc(MVT_READ_RINGS * sizeof *v->ends)};
}

static inline void mvt_valid_release(struct mvt_valid *v)
{
    if (v->geos)
        GEOS_finish_r(v->geos);
    free(v->points);
    free(v->ends);
}

static inline GEOSGeometry *mvt_ring_of(const struct mvt_valid *v, const struct mvt_point *p,
                                        size_t n)
{
    GEOSCoordSequence *line = GEOSCoordSeq_create_r(v->geos, (unsigned)n + 1, 2);
    for (size_t i = 0; i <= n; i++)
        GEOSCoordSeq_setXY_r(v->geos, line, (unsigned)i, p[i < n ? i : 0].x, p[i < n ? i : 0].y);
    return GEOSGeom_createLinearRing_r(v->geos, line);
}

/* The rings as one multipolygon: each outer ring takes the holes that follow it. */
static inline GEOSGeometry *mvt_polygons_of(const struct mvt_valid *v,
                                            const struct mvt_point *points, const size_t *ends,
                                            size_t n_rings)
{
    GEOSGeometry **holes = malloc((n_rings + 1) * sizeof(void *));
    GEOSGeometry **parts = malloc((n_rings + 1) * sizeof(void *));
    unsigned n_parts = 0;
    for (size_t i = 0; i < n_rings;) {
        size_t start = i ? ends[i - 1] : 0;
        unsigned n_holes = 0;
        GEOSGeometry *outer = mvt_ring_of(v, points + start, ends[i] - start);
        for (i++; i < n_rings; i++) {
            start = ends[i - 1];
            if (mvt_area2(points + start, ends[i] - start) >= 0)
                break;
            holes[n_holes++] = mvt_ring_of(v, points + start, ends[i] - start);
        }
        parts[n_parts++] = GEOSGeom_createPolygon_r(v->geos, outer, holes, n_holes);
    }
    GEOSGeometry *all = GEOSGeom_createCollection_r(v->geos, GEOS_MULTIPOLYGON, parts, n_parts);
    free(holes);
    free(parts);
    return all;
}

/* How many features of the tile are polygons that GEOS finds invalid; adds how many it saw. */
static inline size_t mvt_count_invalid(struct mvt_valid *v, const struct mvt_read_tile *tile,
                                       const char *where, size_t *n_polygons)
{
    size_t n_invalid = 0;
    for (size_t l = 0; l < tile->n_layers; l++) {
        for (size_t f = 0; f < tile->layers[l].n_features; f++) {
            const struct mvt_read_feature *feature = &tile->layers[l].features[f];
            if (feature->type != 3)
                continue;
            size_t n = mvt_read_paths(feature, v->points, MVT_VALID_POINTS, v->ends);
            GEOSGeometry *shape = mvt_polygons_of(v, v->points, v->ends, n);
            bool valid = GEOSisValid_r(v->geos, shape) == 1;
            if (!valid && v->told++ < MVT_VALID_TOLD) {
                char *reason = GEOSisValidReason_r(v->geos, shape);
                fprintf(stderr, "%s %s: feature %zu: %s\n", where, tile->layers[l].name, f, reason);
                GEOSFree_r(v->geos, reason);
            }
            n_invalid += !valid;
            *n_polygons += 1;
            GEOSGeom_destroy_r(v->geos, shape);
        }
    }
    return n_invalid;
}

#endif
