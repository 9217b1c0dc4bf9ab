#include "geo/measure/overlay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <geos_c.h>

/* Snapping for shapes that fail for rounding: 0.1 mm on the ground. */
static const double SNAP_DEG = 1e-9;

struct overlay {
    GEOSContextHandle_t geos;
    char message[256]; /* GEOS's last words */
};

static void keep_message(const char *message, void *context)
{
    struct overlay *overlay = context;
    snprintf(overlay->message, sizeof overlay->message, "%s", message);
}

enum err_code overlay_new(struct overlay **out, struct err *err)
{
    struct overlay *overlay = calloc(1, sizeof *overlay);
    *out = overlay;
    if (!overlay)
        return err_nomem(err);
    overlay->geos = GEOS_init_r();
    if (!overlay->geos) {
        free(overlay);
        *out = NULL;
        return err_nomem(err);
    }
    GEOSContext_setErrorMessageHandler_r(overlay->geos, keep_message, overlay);
    return ERR_OK;
}

void overlay_free(struct overlay *overlay)
{
    if (!overlay)
        return;
    GEOS_finish_r(overlay->geos);
    free(overlay);
}

static enum err_code refused(struct overlay *overlay, const char *what, struct err *err)
{
    return err_set(err, ERR_INPUT, "%s: GEOS refuses it: %s", what,
                   overlay->message[0] ? overlay->message : "no reason given");
}

/* ---- shapes to GEOS: each function answers NULL where GEOS failed ---- */

static GEOSCoordSequence *to_sequence(struct overlay *overlay, const struct geom *geom,
                                      uint32_t start, uint32_t end)
{
    return GEOSCoordSeq_copyFromBuffer_r(overlay->geos, &geom->points[start].lon_deg, end - start,
                                         0, 0);
}

static GEOSGeometry *to_ring(struct overlay *overlay, const struct geom *geom, uint32_t ring,
                             bool closed)
{
    GEOSCoordSequence *sequence =
        to_sequence(overlay, geom, geom_ring_start(geom, ring), geom->ring_ends[ring]);
    if (!sequence)
        return NULL;
    return closed ? GEOSGeom_createLinearRing_r(overlay->geos, sequence)
                  : GEOSGeom_createLineString_r(overlay->geos, sequence);
}

static void destroy_all(struct overlay *overlay, GEOSGeometry **all, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        GEOSGeom_destroy_r(overlay->geos, all[i]);
}

static GEOSGeometry *to_polygon(struct overlay *overlay, const struct geom *geom, uint32_t part)
{
    uint32_t first = geom_part_start(geom, part);
    uint32_t n_holes = geom->part_ends[part] - first - 1;
    GEOSGeometry **holes = n_holes ? malloc(n_holes * sizeof(GEOSGeometry *)) : NULL;
    GEOSGeometry *polygon = NULL;
    GEOSGeometry *outer = NULL;
    uint32_t n = 0;
    if (n_holes && !holes)
        return NULL;
    for (; n < n_holes; n++) {
        holes[n] = to_ring(overlay, geom, first + 1 + n, true);
        if (!holes[n])
            break;
    }
    if (n == n_holes)
        outer = to_ring(overlay, geom, first, true);
    if (outer)
        polygon = GEOSGeom_createPolygon_r(overlay->geos, outer, holes, n_holes);
    else
        destroy_all(overlay, holes, n);
    free(holes);
    return polygon;
}

static GEOSGeometry *to_member(struct overlay *overlay, const struct geom *geom, uint32_t i)
{
    if (geom->kind == GEOM_POINT)
        return GEOSGeom_createPointFromXY_r(overlay->geos, geom->points[i].lon_deg,
                                            geom->points[i].lat_deg);
    return geom->kind == GEOM_LINE ? to_ring(overlay, geom, i, false)
                                   : to_polygon(overlay, geom, i);
}

static uint32_t count_members(const struct geom *geom)
{
    return geom->kind == GEOM_POINT  ? geom->n_points
           : geom->kind == GEOM_LINE ? geom->n_rings
                                     : geom->n_parts;
}

/* All members of n shapes of one kind as one collection of GEOS. */
static enum err_code to_geos(struct overlay *overlay, const struct geom *const *shapes, size_t n,
                             enum geom_kind kind, GEOSGeometry **out, struct err *err)
{
    static const int multi[] = {[GEOM_NONE] = GEOS_GEOMETRYCOLLECTION,
                                [GEOM_POINT] = GEOS_MULTIPOINT,
                                [GEOM_LINE] = GEOS_MULTILINESTRING,
                                [GEOM_POLYGON] = GEOS_MULTIPOLYGON};
    size_t n_members = 0;
    for (size_t i = 0; i < n; i++)
        n_members += shapes[i]->kind == kind ? count_members(shapes[i]) : 0;
    *out = NULL;
    if (n_members > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "an overlay of %zu parts is too large", n_members);
    overlay->message[0] = '\0';
    GEOSGeometry **members = malloc((n_members + 1) * sizeof(GEOSGeometry *));
    if (!members)
        return err_nomem(err);
    uint32_t count = 0;
    bool failed = false;
    for (size_t i = 0; i < n && !failed; i++) {
        uint32_t here = shapes[i]->kind == kind ? count_members(shapes[i]) : 0;
        for (uint32_t k = 0; k < here && !failed; k++) {
            members[count] = to_member(overlay, shapes[i], k);
            failed = !members[count];
            count += !failed;
        }
    }
    if (!failed)
        *out = GEOSGeom_createCollection_r(overlay->geos, multi[kind], members, count);
    else
        destroy_all(overlay, members, count);
    free(members);
    return *out ? ERR_OK : refused(overlay, "a shape", err);
}

/* ---- and back ---- */

struct gather {
    struct overlay *overlay;
    enum geom_kind kind;
    bool failed;
    uint32_t n_points;
    uint32_t n_rings;
    uint32_t n_parts;
    struct lonlat *points; /* NULL while counting */
    uint32_t *ring_ends;
    uint32_t *part_ends;
};

static void gather_points(struct gather *gather, const GEOSGeometry *from)
{
    GEOSContextHandle_t geos = gather->overlay->geos;
    const GEOSCoordSequence *sequence = GEOSGeom_getCoordSeq_r(geos, from);
    unsigned n = 0;
    if (!sequence || !GEOSCoordSeq_getSize_r(geos, sequence, &n)) {
        gather->failed = true;
        return;
    }
    if (gather->points && n > 0 &&
        !GEOSCoordSeq_copyToBuffer_r(geos, sequence, &gather->points[gather->n_points].lon_deg, 0,
                                     0))
        gather->failed = true;
    gather->n_points += n;
}

static void gather_ring(struct gather *gather, const GEOSGeometry *from, int outer)
{
    uint32_t start = gather->n_points;
    gather_points(gather, from);
    if (gather->points) {
        if (outer >= 0)
            geom_turn_ring(gather->points + start, gather->n_points - start, outer);
        gather->ring_ends[gather->n_rings] = gather->n_points;
    }
    gather->n_rings++;
}

static void gather_polygon(struct gather *gather, const GEOSGeometry *from)
{
    GEOSContextHandle_t geos = gather->overlay->geos;
    gather_ring(gather, GEOSGetExteriorRing_r(geos, from), 1);
    int n_holes = GEOSGetNumInteriorRings_r(geos, from);
    for (int i = 0; i < n_holes; i++)
        gather_ring(gather, GEOSGetInteriorRingN_r(geos, from, i), 0);
    if (gather->points)
        gather->part_ends[gather->n_parts] = gather->n_rings;
    gather->n_parts++;
}

/* Takes what is of the wanted kind; members of collections are looked through in turn. */
static void gather_all(struct gather *gather, const GEOSGeometry *from)
{
    GEOSContextHandle_t geos = gather->overlay->geos;
    int type = GEOSGeomTypeId_r(geos, from);
    if (GEOSisEmpty_r(geos, from) == 1)
        return;
    if (type >= GEOS_MULTIPOINT) {
        int n = GEOSGetNumGeometries_r(geos, from);
        for (int i = 0; i < n; i++)
            gather_all(gather, GEOSGetGeometryN_r(geos, from, i));
    } else if (type == GEOS_POINT && gather->kind == GEOM_POINT) {
        gather_points(gather, from);
    } else if ((type == GEOS_LINESTRING || type == GEOS_LINEARRING) && gather->kind == GEOM_LINE) {
        gather_ring(gather, from, -1);
    } else if (type == GEOS_POLYGON && gather->kind == GEOM_POLYGON) {
        gather_polygon(gather, from);
    }
}

static enum err_code from_geos(struct overlay *overlay, const GEOSGeometry *from,
                               enum geom_kind kind, struct arena *arena, struct geom *out,
                               struct err *err)
{
    struct gather gather = {.overlay = overlay, .kind = kind};
    gather_all(&gather, from);
    if (gather.n_points == 0)
        return gather.failed ? refused(overlay, "a result", err) : ERR_OK;
    gather.points = arena_new(arena, struct lonlat, gather.n_points);
    gather.ring_ends = arena_new(arena, uint32_t, gather.n_rings);
    gather.part_ends = arena_new(arena, uint32_t, gather.n_parts);
    if (!gather.points || !gather.ring_ends || !gather.part_ends)
        return err_nomem(err);
    gather.n_points = gather.n_rings = gather.n_parts = 0;
    gather_all(&gather, from);
    if (gather.failed)
        return refused(overlay, "a result", err);
    *out = (struct geom){.kind = kind,
                         .n_points = gather.n_points,
                         .n_rings = gather.n_rings,
                         .n_parts = gather.n_parts,
                         .points = gather.points,
                         .ring_ends = gather.n_rings ? gather.ring_ends : NULL,
                         .part_ends = gather.n_parts ? gather.part_ends : NULL,
                         .box = box_of_points(gather.points, gather.n_points)};
    return ERR_OK;
}

/* ---- the operations ---- */

static const struct geom nothing = {.kind = GEOM_NONE,
                                    .box = {INFINITY, INFINITY, -INFINITY, -INFINITY}};

enum operation { INTERSECTION, DIFFERENCE };

/* Once as it is (GEOS itself tries floating, then snapping), once on a grid. */
static GEOSGeometry *combine(struct overlay *overlay, enum operation operation,
                             const GEOSGeometry *a, const GEOSGeometry *b)
{
    GEOSContextHandle_t geos = overlay->geos;
    GEOSGeometry *result =
        operation == INTERSECTION ? GEOSIntersection_r(geos, a, b) : GEOSDifference_r(geos, a, b);
    if (result)
        return result;
    return operation == INTERSECTION ? GEOSIntersectionPrec_r(geos, a, b, SNAP_DEG)
                                     : GEOSDifferencePrec_r(geos, a, b, SNAP_DEG);
}

static enum err_code combine_shapes(struct overlay *overlay, enum operation operation,
                                    const struct geom *const shapes[2], enum geom_kind kind,
                                    struct arena *arena, struct geom *out, struct err *err)
{
    enum err_code code = ERR_OK;
    GEOSGeometry *a = NULL;
    GEOSGeometry *b = NULL;
    GEOSGeometry *result = NULL;
    TRY(to_geos(overlay, &shapes[0], 1, shapes[0]->kind, &a, err));
    TRY(to_geos(overlay, &shapes[1], 1, shapes[1]->kind, &b, err));
    result = combine(overlay, operation, a, b);
    if (!result) {
        code =
            refused(overlay, operation == INTERSECTION ? "an intersection" : "a difference", err);
        goto done;
    }
    TRY(from_geos(overlay, result, kind, arena, out, err));
done:
    GEOSGeom_destroy_r(overlay->geos, a);
    GEOSGeom_destroy_r(overlay->geos, b);
    GEOSGeom_destroy_r(overlay->geos, result);
    return code;
}

enum err_code overlay_intersection(struct overlay *overlay, const struct geom *a,
                                   const struct geom *b, struct arena *arena, struct geom *out,
                                   struct err *err)
{
    const struct geom *shapes[2] = {a, b};
    enum geom_kind kind = a->kind < b->kind ? a->kind : b->kind;
    *out = nothing;
    if (kind == GEOM_NONE || !box_intersects(a->box, b->box))
        return ERR_OK;
    return combine_shapes(overlay, INTERSECTION, shapes, kind, arena, out, err);
}

enum err_code overlay_difference(struct overlay *overlay, const struct geom *a,
                                 const struct geom *b, struct arena *arena, struct geom *out,
                                 struct err *err)
{
    const struct geom *shapes[2] = {a, b};
    *out = nothing;
    if (a->kind == GEOM_NONE)
        return ERR_OK;
    if (b->kind == GEOM_NONE || !box_intersects(a->box, b->box))
        return geom_copy(a, arena, out, err);
    return combine_shapes(overlay, DIFFERENCE, shapes, a->kind, arena, out, err);
}

struct union_of {
    struct overlay *overlay;
    const struct geom *const *shapes;
    size_t n;
};

/* By `quick`, and on a grid where that fails. */
static enum err_code unite(const struct union_of *what,
                           GEOSGeometry *(*quick)(GEOSContextHandle_t, const GEOSGeometry *),
                           struct arena *arena, struct geom *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct overlay *overlay = what->overlay;
    GEOSGeometry *all = NULL;
    GEOSGeometry *result = NULL;
    *out = nothing;
    TRY(to_geos(overlay, what->shapes, what->n, GEOM_POLYGON, &all, err));
    result = quick(overlay->geos, all);
    if (!result)
        result = GEOSUnaryUnionPrec_r(overlay->geos, all, SNAP_DEG);
    if (!result) {
        code = refused(overlay, "a union", err);
        goto done;
    }
    TRY(from_geos(overlay, result, GEOM_POLYGON, arena, out, err));
done:
    GEOSGeom_destroy_r(overlay->geos, all);
    GEOSGeom_destroy_r(overlay->geos, result);
    return code;
}

enum err_code overlay_union(struct overlay *overlay, const struct geom *const *shapes, size_t n,
                            struct arena *arena, struct geom *out, struct err *err)
{
    struct union_of all = {overlay, shapes, n};
    return unite(&all, GEOSUnaryUnion_r, arena, out, err);
}

enum err_code overlay_join_faces(struct overlay *overlay, const struct geom *const *faces, size_t n,
                                 struct arena *arena, struct geom *out, struct err *err)
{
    struct union_of all = {overlay, faces, n};
    return unite(&all, GEOSCoverageUnion_r, arena, out, err);
}

/* The outlines of all polygons as lines that meet only at their ends. */
static enum err_code node_outlines(struct overlay *overlay, const struct geom *const *shapes,
                                   size_t n, struct arena *arena, GEOSGeometry **out,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    GEOSGeometry *lines = NULL;
    struct geom *borders = arena_new(arena, struct geom, n);
    const struct geom **pointers = arena_new(arena, const struct geom *, n);
    if (!borders || !pointers)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        borders[i] = *shapes[i];
        borders[i].kind = shapes[i]->kind == GEOM_POLYGON ? GEOM_LINE : GEOM_NONE;
        pointers[i] = &borders[i];
    }
    TRY(to_geos(overlay, pointers, n, GEOM_LINE, &lines, err));
    *out = GEOSUnaryUnion_r(overlay->geos, lines);
    if (!*out)
        *out = GEOSUnaryUnionPrec_r(overlay->geos, lines, SNAP_DEG);
    if (!*out)
        code = refused(overlay, "an arrangement of outlines", err);
done:
    GEOSGeom_destroy_r(overlay->geos, lines);
    return code;
}

enum err_code overlay_faces(struct overlay *overlay, const struct geom *const *shapes, size_t n,
                            struct arena *arena, struct overlay_face **faces, size_t *n_faces,
                            struct err *err)
{
    enum err_code code = ERR_OK;
    GEOSContextHandle_t geos = overlay->geos;
    GEOSGeometry *lines = NULL;
    GEOSGeometry *all = NULL;
    GEOSGeometry *point = NULL;
    *n_faces = 0;
    TRY(node_outlines(overlay, shapes, n, arena, &lines, err));
    all = GEOSPolygonize_r(geos, (const GEOSGeometry *const *)&lines, 1);
    int count = all ? GEOSGetNumGeometries_r(geos, all) : -1;
    if (count < 0) {
        code = refused(overlay, "an arrangement of outlines", err);
        goto done;
    }
    *faces = arena_new(arena, struct overlay_face, (size_t)count);
    if (!*faces) {
        code = err_nomem(err);
        goto done;
    }
    for (int i = 0; i < count; i++) {
        const GEOSGeometry *face = GEOSGetGeometryN_r(geos, all, i);
        struct overlay_face *out = &(*faces)[(*n_faces)++];
        GEOSGeom_destroy_r(geos, point);
        point = GEOSPointOnSurface_r(geos, face);
        if (!point || !GEOSGeomGetX_r(geos, point, &out->inside.lon_deg) ||
            !GEOSGeomGetY_r(geos, point, &out->inside.lat_deg)) {
            code = refused(overlay, "a face", err);
            goto done;
        }
        TRY(from_geos(overlay, face, GEOM_POLYGON, arena, &out->geom, err));
    }
done:
    GEOSGeom_destroy_r(geos, lines);
    GEOSGeom_destroy_r(geos, all);
    GEOSGeom_destroy_r(geos, point);
    return code;
}

enum err_code overlay_inside_point(struct overlay *overlay, const struct geom *polygon,
                                   struct lonlat *out, struct err *err)
{
    enum err_code code = ERR_OK;
    GEOSGeometry *shape = NULL;
    GEOSGeometry *point = NULL;
    if (polygon->kind != GEOM_POLYGON)
        return err_set(err, ERR_INPUT, "a point inside needs a polygon");
    TRY(to_geos(overlay, &polygon, 1, GEOM_POLYGON, &shape, err));
    point = GEOSPointOnSurface_r(overlay->geos, shape);
    if (!point || !GEOSGeomGetX_r(overlay->geos, point, &out->lon_deg) ||
        !GEOSGeomGetY_r(overlay->geos, point, &out->lat_deg))
        code = refused(overlay, "a point inside a polygon", err);
done:
    GEOSGeom_destroy_r(overlay->geos, shape);
    GEOSGeom_destroy_r(overlay->geos, point);
    return code;
}

enum err_code overlay_plane_buffer(struct overlay *overlay, const struct geom *shape, double radius,
                                   int quarter_segments, struct arena *arena, struct geom *out,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    GEOSGeometry *from = NULL;
    GEOSGeometry *result = NULL;
    *out = nothing;
    TRY(to_geos(overlay, &shape, 1, shape->kind, &from, err));
    result = GEOSBuffer_r(overlay->geos, from, radius, quarter_segments);
    if (!result) {
        code = refused(overlay, "a buffer", err);
        goto done;
    }
    TRY(from_geos(overlay, result, GEOM_POLYGON, arena, out, err));
done:
    GEOSGeom_destroy_r(overlay->geos, from);
    GEOSGeom_destroy_r(overlay->geos, result);
    return code;
}

enum err_code overlay_make_valid(struct overlay *overlay, const struct geom *polygon,
                                 struct arena *arena, struct geom *out, struct err *err)
{
    enum err_code code = ERR_OK;
    GEOSGeometry *from = NULL;
    GEOSGeometry *result = NULL;
    *out = *polygon;
    TRY(to_geos(overlay, &polygon, 1, GEOM_POLYGON, &from, err));
    if (GEOSisValid_r(overlay->geos, from) == 1)
        goto done;
    result = GEOSMakeValid_r(overlay->geos, from);
    if (!result) {
        code = refused(overlay, "a polygon that crosses itself", err);
        goto done;
    }
    *out = nothing;
    TRY(from_geos(overlay, result, GEOM_POLYGON, arena, out, err));
done:
    GEOSGeom_destroy_r(overlay->geos, from);
    GEOSGeom_destroy_r(overlay->geos, result);
    return code;
}

enum err_code overlay_check_valid(struct overlay *overlay, const struct geom *polygon,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    GEOSContextHandle_t geos = overlay->geos;
    GEOSGeometry *from = NULL;
    GEOSGeometry *place = NULL;
    char *reason = NULL;
    double lon_deg = 0, lat_deg = 0;
    TRY(to_geos(overlay, &polygon, 1, GEOM_POLYGON, &from, err));
    char valid = GEOSisValidDetail_r(geos, from, 0, &reason, &place);
    if (valid == 1)
        goto done;
    if (valid == 0 && place && GEOSGeomGetX_r(geos, place, &lon_deg) == 1 &&
        GEOSGeomGetY_r(geos, place, &lat_deg) == 1)
        code = err_set(err, ERR_INPUT, "the outline is no valid polygon: %s at %.8g, %.8g",
                       reason ? reason : "broken", lon_deg, lat_deg);
    else
        code = refused(overlay, "the outline is no valid polygon", err);
done:
    GEOSGeom_destroy_r(geos, from);
    GEOSGeom_destroy_r(geos, place);
    GEOSFree_r(geos, reason);
    return code;
}
