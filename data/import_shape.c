/* import_shape.c - an OGR geometry to a shape: its kind, its vertices, its validity. */
#include "data/import_private.h"

#include <ctype.h>
#include <string.h>

enum {
    /* Deeper nesting of collections has no meaning; the bound keeps the stack. */
    DEEPEST = 16,

    HAS_POINT = 1 << GEOM_POINT,
    HAS_LINE = 1 << GEOM_LINE,
    HAS_POLYGON = 1 << GEOM_POLYGON,
};

/* Step of an arc that is made straight, degrees: a circle of 1 km then strays by 0.4 mm. */
static const double ARC_STEP_DEG = 0.1;

struct collector {
    struct arena *arena;
    struct import_rings rings;
    enum geom_kind take; /* parts of other kinds are passed over */
    size_t dropped;      /* rings or parts without extent */
    bool failed;         /* no memory */
    bool too_many;
};

static enum geom_kind kind_of(OGRGeometryH geometry)
{
    OGRwkbGeometryType type = OGR_GT_Flatten(OGR_G_GetGeometryType(geometry));
    return type == wkbPoint        ? GEOM_POINT
           : type == wkbLineString ? GEOM_LINE
           : type == wkbPolygon    ? GEOM_POLYGON
                                   : GEOM_NONE;
}

/* Which kinds a geometry holds, collections opened; empty ones hold none. */
static unsigned kinds_in(OGRGeometryH geometry, int depth)
{
    enum geom_kind kind = kind_of(geometry);
    if (OGR_G_IsEmpty(geometry) || depth > DEEPEST)
        return 0;
    if (kind != GEOM_NONE)
        return 1U << kind;
    unsigned kinds = 0;
    for (int i = 0; i < OGR_G_GetGeometryCount(geometry); i++)
        kinds |= kinds_in(OGR_G_GetGeometryRef(geometry, i), depth + 1);
    return kinds;
}

static void add_end(struct collector *to, uint32_t **ends, size_t *n, size_t *capacity,
                    size_t value)
{
    uint32_t *room = arena_grow(to->arena, *ends, capacity, *n + 1, sizeof **ends);
    if (!room) {
        to->failed = true;
        return;
    }
    *ends = room;
    (*ends)[(*n)++] = (uint32_t)value;
}

static bool same(struct import_xy a, struct import_xy b)
{
    return a.x == b.x && a.y == b.y;
}

/* The vertices of a curve behind those there already, repeated ones once. Returns how many. */
static size_t add_vertices(struct collector *to, OGRGeometryH curve)
{
    struct import_rings *rings = &to->rings;
    size_t n = (size_t)OGR_G_GetPointCount(curve), start = rings->n_points;
    if (n > LIMIT_VERTICES_PER_GEOMETRY || start + n > LIMIT_VERTICES_PER_GEOMETRY) {
        to->too_many = true;
        return 0;
    }
    struct import_xy *room =
        arena_grow(to->arena, rings->points, &rings->points_capacity, start + n + 1, sizeof *room);
    if (!room) {
        to->failed = true;
        return 0;
    }
    rings->points = room;
    struct import_xy *out = room + start;
    OGR_G_GetPoints(curve, &out->x, (int)sizeof *out, &out->y, (int)sizeof *out, NULL, 0);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || !same(out[kept - 1], out[i]))
            out[kept++] = out[i];
    rings->n_points = start + kept;
    return kept;
}

/* A ring needs three corners, a line two ends: what has fewer has no extent, and leaving it
 * out loses nothing. */
static bool add_ring(struct collector *to, OGRGeometryH curve, bool closed)
{
    struct import_rings *rings = &to->rings;
    size_t start = rings->n_points;
    size_t n = add_vertices(to, curve);
    if (n > 1 && closed && same(rings->points[start], rings->points[start + n - 1]))
        n--;
    if (n < (closed ? 3U : 2U)) {
        rings->n_points = start;
        to->dropped++;
        return false;
    }
    rings->n_points = start + n;
    if (closed) /* add_vertices left room for one more */
        rings->points[rings->n_points++] = rings->points[start];
    add_end(to, &rings->ring_ends, &rings->n_rings, &rings->rings_capacity, rings->n_points);
    return true;
}

static void add_polygon(struct collector *to, OGRGeometryH polygon)
{
    for (int i = 0; i < OGR_G_GetGeometryCount(polygon); i++)
        if (!add_ring(to, OGR_G_GetGeometryRef(polygon, i), true) && i == 0)
            return; /* without its outer ring there is nothing that a hole could be in */
    if (OGR_G_GetGeometryCount(polygon) > 0)
        add_end(to, &to->rings.part_ends, &to->rings.n_parts, &to->rings.parts_capacity,
                to->rings.n_rings);
}

static void collect(struct collector *to, OGRGeometryH geometry, int depth)
{
    enum geom_kind kind = kind_of(geometry);
    if (OGR_G_IsEmpty(geometry) || depth > DEEPEST || to->failed || to->too_many)
        return;
    if (kind == GEOM_NONE)
        for (int i = 0; i < OGR_G_GetGeometryCount(geometry); i++)
            collect(to, OGR_G_GetGeometryRef(geometry, i), depth + 1);
    else if (kind != to->take)
        return;
    else if (kind == GEOM_POLYGON)
        add_polygon(to, geometry);
    else if (kind == GEOM_LINE)
        add_ring(to, geometry, false);
    else
        add_vertices(to, geometry);
}

/* ---- kind ---- */

static unsigned allowed_kinds(const struct schema_layer *layer)
{
    return (layer->may_be_point ? HAS_POINT : 0U) | (layer->may_be_line ? HAS_LINE : 0U) |
           (layer->may_be_polygon ? HAS_POLYGON : 0U);
}

static const char *kinds_text(unsigned kinds, char out[64])
{
    static const char *const names[] = {NULL, "points", "lines", "polygons"};
    size_t n = 0;
    out[0] = '\0';
    for (unsigned i = GEOM_POINT; i <= GEOM_POLYGON; i++)
        if (kinds & 1U << i)
            n += (size_t)snprintf(out + n, 64 - n, "%s%s", n ? " and " : "", names[i]);
    return out;
}

/* The one kind to take from a geometry, or a fault. */
static enum geom_kind choose_kind(const struct import *import, OGRGeometryH geometry,
                                  struct import_fault *fault)
{
    unsigned has = kinds_in(geometry, 0), may = allowed_kinds(import->layer), take = has & may;
    char has_text[64], may_text[64];
    if (!has) {
        import_fault_set(fault, REFUSED_NO_SHAPE, "geom", "", "the geometry is empty");
        return GEOM_NONE;
    }
    for (unsigned kind = GEOM_POINT; kind <= GEOM_POLYGON; kind++)
        if (take == 1U << kind)
            return (enum geom_kind)kind;
    if (!take)
        import_fault_set(fault, REFUSED_SHAPE_KIND, "geom", OGR_G_GetGeometryName(geometry),
                         "%s; %s takes %s", kinds_text(has, has_text), import->layer->name,
                         kinds_text(may, may_text));
    else
        import_fault_set(fault, REFUSED_SHAPE_KIND, "geom", OGR_G_GetGeometryName(geometry),
                         "a collection of %s; split it into one kind a record",
                         kinds_text(has, has_text));
    return GEOM_NONE;
}

/* ---- validity ---- */

/* "Self-intersection at or near point 106.1 38.2" to "self-intersection at 106.1 38.2". */
static const char *describe(const struct gdal_session *gdal, struct arena *arena)
{
    static const char separator[] = " at or near point ";
    const char *said = gdal->warning[0] ? gdal->warning : gdal->failure;
    const char *near = strstr(said, separator);
    double x, y;
    char *out;
    if (near && sscanf(near + sizeof separator - 1, "%lf %lf", &x, &y) == 2)
        out = arena_printf(arena, "repaired: %.*s at %.9g %.9g", (int)(near - said), said, x, y);
    else
        out = arena_printf(arena, "repaired: %s", *said ? said : "invalid geometry");
    for (char *at = out; at && *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return out;
}

/* Rings made valid one by one, then put together: the way that keeps what a surveyor drew. */
static OGRGeometryH make_valid(OGRGeometryH geometry)
{
    char method[] = "METHOD=STRUCTURE", collapsed[] = "KEEP_COLLAPSED=NO";
    char *options[] = {method, collapsed, NULL};
    return OGR_G_MakeValidEx(geometry, options);
}

/* Ring `index` of a polygon as a valid polygon of its own; NULL if that is impossible. */
static OGRGeometryH ring_as_polygon(OGRGeometryH polygon, int index)
{
    OGRGeometryH alone = OGR_G_CreateGeometry(wkbPolygon);
    OGR_G_AddGeometry(alone, OGR_G_GetGeometryRef(polygon, index));
    OGRGeometryH valid = make_valid(alone);
    OGR_G_DestroyGeometry(alone);
    return valid;
}

/* Moves the polygons of a geometry into a multipolygon; the rest of it, if any, is lines and
 * points without area. */
static void gather(OGRGeometryH into, OGRGeometryH from, int depth)
{
    if (!from || depth > DEEPEST)
        return;
    if (kind_of(from) == GEOM_POLYGON)
        OGR_G_AddGeometry(into, from);
    else if (kind_of(from) == GEOM_NONE)
        for (int i = 0; i < OGR_G_GetGeometryCount(from); i++)
            gather(into, OGR_G_GetGeometryRef(from, i), depth + 1);
}

/* The outer ring less its holes. GEOS would turn a hole that lies outside into land. */
static OGRGeometryH mend_polygon(OGRGeometryH polygon)
{
    int n = OGR_G_GetGeometryCount(polygon);
    OGRGeometryH mended = n > 0 ? ring_as_polygon(polygon, 0) : NULL;
    if (!mended || n == 1)
        return mended;
    OGRGeometryH holes = OGR_G_CreateGeometry(wkbMultiPolygon);
    for (int i = 1; i < n; i++) {
        OGRGeometryH hole = ring_as_polygon(polygon, i);
        gather(holes, hole, 0);
        OGR_G_DestroyGeometry(hole);
    }
    OGRGeometryH cut = OGR_G_UnionCascaded(holes);
    OGRGeometryH left = cut ? OGR_G_Difference(mended, cut) : NULL;
    OGR_G_DestroyGeometry(holes);
    OGR_G_DestroyGeometry(cut);
    OGR_G_DestroyGeometry(mended);
    return left;
}

static OGRGeometryH mend(OGRGeometryH geometry)
{
    if (kind_of(geometry) == GEOM_POLYGON)
        return mend_polygon(geometry);
    OGRGeometryH parts = OGR_G_CreateGeometry(wkbMultiPolygon);
    for (int i = 0; i < OGR_G_GetGeometryCount(geometry); i++) {
        OGRGeometryH part = mend_polygon(OGR_G_GetGeometryRef(geometry, i));
        gather(parts, part, 0);
        OGR_G_DestroyGeometry(part);
    }
    OGRGeometryH whole = OGR_G_UnionCascaded(parts);
    OGR_G_DestroyGeometry(parts);
    return whole;
}

static enum err_code export_polygons(struct import *import, OGRGeometryH geometry, struct geom *out,
                                     struct err *err)
{
    enum err_code code = ERR_OK;
    struct collector to = {.arena = &import->scratch, .take = GEOM_POLYGON};
    collect(&to, geometry, 0);
    if (to.failed)
        return err_nomem(err);
    struct import_rings *rings = &to.rings;
    _Static_assert(sizeof(struct import_xy) == sizeof(struct lonlat), "copied as they are");
    struct lonlat *points =
        arena_memdup(&import->scratch, rings->points, rings->n_points * sizeof *points);
    if (rings->n_points && !points)
        return err_nomem(err);
    struct geom shape = {.kind = rings->n_points ? GEOM_POLYGON : GEOM_NONE,
                         .n_points = (uint32_t)rings->n_points,
                         .n_rings = (uint32_t)rings->n_rings,
                         .n_parts = (uint32_t)rings->n_parts,
                         .points = points,
                         .ring_ends = rings->ring_ends,
                         .part_ends = rings->part_ends};
    const void *wkb;
    size_t n;
    TRY(geom_to_wkb(&shape, &import->scratch, &wkb, &n, err));
    TRY(geom_from_wkb(wkb, n, import->arena, out, err)); /* turns the rings */
done:
    return code;
}

static enum err_code check_polygon(struct import *import, const struct geom *shape,
                                   struct geom *out, struct import_fault *fault,
                                   const char **repaired, struct err *err)
{
    enum err_code code = ERR_OK;
    OGRGeometryH geometry = NULL, mended = NULL;
    const void *wkb;
    size_t n;
    TRY(geom_to_wkb(shape, &import->scratch, &wkb, &n, err));
    if (OGR_G_CreateFromWkbEx(wkb, NULL, &geometry, n) != OGRERR_NONE) {
        import_fault_set(fault, REFUSED_SHAPE, "geom", "", "%s", import->gdal.failure);
        goto done;
    }
    gdal_session_clear(&import->gdal);
    if (OGR_G_IsValid(geometry)) {
        TRY(geom_from_wkb(wkb, n, import->arena, out, err));
        goto done;
    }
    *repaired = describe(&import->gdal, import->arena);
    if (!*repaired) {
        code = err_nomem(err);
        goto done;
    }
    mended = mend(geometry);
    if (mended)
        TRY(export_polygons(import, mended, out, err));
    if (!mended || out->kind != GEOM_POLYGON)
        import_fault_set(fault, REFUSED_SHAPE, "geom", "",
                         "the polygon cannot be repaired (%s); nothing with an area is left",
                         *repaired + strlen("repaired: "));
done:
    OGR_G_DestroyGeometry(geometry);
    OGR_G_DestroyGeometry(mended);
    return code;
}

/* ---- the whole ---- */

/* The first vertex anywhere is held against what the file says of itself. */
static enum err_code check_claim(struct import *import, struct import_xy at, struct err *err)
{
    if (import->claim_checked)
        return ERR_OK;
    import->claim_checked = true;
    OGRSpatialReferenceH claim = OGR_L_GetSpatialRef(import->source.layer);
    const char *driver = import->source.driver;
    bool implied = strstr(driver, "JSON") || strstr(driver, "KML") || strcmp(driver, "GPX") == 0;
    if (!claim || import->options->accept_shift ||
        (implied && OSRIsGeographic(claim) && import_crs_is_plain(claim)))
        return ERR_OK;
    enum err_code code = import_crs_contradicts(&import->crs, claim, at, err);
    return code == ERR_OK ? code : err_wrap(err, "%s", import->report.summary->source);
}

static void refuse_empty(const struct collector *from, struct import_fault *fault)
{
    if (from->too_many)
        import_fault_set(fault, REFUSED_VERTICES, "geom", "",
                         "over %d vertices; simplify or split it", LIMIT_VERTICES_PER_GEOMETRY);
    else
        import_fault_set(fault, REFUSED_SHAPE, "geom", "",
                         from->take == GEOM_POLYGON
                             ? "a ring of fewer than 3 different corners bounds no area"
                             : "a line of fewer than 2 different vertices has no length");
}

static enum err_code take_straight(struct import *import, OGRGeometryH geometry, struct geom *out,
                                   struct import_fault *fault, const char **repaired,
                                   struct err *err)
{
    enum err_code code = ERR_OK;
    struct geom shape;
    struct collector from = {.arena = &import->scratch};
    from.take = choose_kind(import, geometry, fault);
    if (fault->reason)
        return ERR_OK;
    collect(&from, geometry, 0);
    if (from.failed)
        return err_nomem(err);
    if (from.too_many || from.rings.n_points == 0) {
        refuse_empty(&from, fault);
        return ERR_OK;
    }
    from.rings.kind = from.take;
    TRY(check_claim(import, from.rings.points[0], err));
    TRY(import_crs_apply(&import->crs, &from.rings, &import->reference, &import->scratch, &shape,
                         fault, err));
    if (fault->reason)
        goto done;
    if (from.dropped)
        *repaired = "repaired: a ring or line without extent was left out";
    else if (kinds_in(geometry, 0) != 1U << from.take)
        *repaired = "repaired: parts of another kind were left out of a collection";
    if (from.take == GEOM_POLYGON)
        TRY(check_polygon(import, &shape, out, fault, repaired, err));
    else
        TRY(geom_copy(&shape, import->arena, out, err));
done:
    return code;
}

enum err_code import_shape_read(struct import *import, OGRGeometryH geometry, struct geom *out,
                                struct import_fault *fault, const char **repaired, struct err *err)
{
    OGRGeometryH straight = NULL;
    OGRwkbGeometryType type = OGR_GT_Flatten(OGR_G_GetGeometryType(geometry));
    if (OGR_G_HasCurveGeometry(geometry, 0))
        straight = OGR_G_GetLinearGeometry(geometry, ARC_STEP_DEG, NULL);
    else if (type == wkbTIN || type == wkbPolyhedralSurface || type == wkbTriangle)
        straight = OGR_G_ForceToMultiPolygon(OGR_G_Clone(geometry));
    enum err_code code =
        take_straight(import, straight ? straight : geometry, out, fault, repaired, err);
    OGR_G_DestroyGeometry(straight);
    return code;
}
