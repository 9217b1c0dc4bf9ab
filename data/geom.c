#include "data/geom.h"

#include <string.h>

/* Twice the signed area of the triangle (origin, a, b). */
static double cross(struct lonlat origin, struct lonlat a, struct lonlat b)
{
    return (a.lon_deg - origin.lon_deg) * (b.lat_deg - origin.lat_deg) -
           (a.lat_deg - origin.lat_deg) * (b.lon_deg - origin.lon_deg);
}

/* Four times the signed area. Taken from the first vertex, so that far from (0, 0) the
 * products do not cancel; summed both ways, so that the reversed ring has exactly the
 * opposite value and turning a ring twice changes nothing. */
static double ring_area4(const struct lonlat *points, size_t n)
{
    double forward = 0;
    double backward = 0;
    for (size_t i = 1; i + 1 < n; i++) {
        forward += cross(points[0], points[i], points[i + 1]);
        backward += cross(points[0], points[n - 1 - i], points[n - i]);
    }
    return forward + backward;
}

void geom_turn_ring(struct lonlat *points, size_t n, bool counter_clockwise)
{
    double area4 = ring_area4(points, n);
    bool wrong = counter_clockwise ? area4 < 0 : area4 > 0; /* neither if it overflows */
    if (!wrong)
        return;
    for (size_t i = 0, j = n - 1; i < j; i++, j--) {
        struct lonlat swap = points[i];
        points[i] = points[j];
        points[j] = swap;
    }
}

static bool same_point(struct lonlat a, struct lonlat b)
{
    return a.lon_deg == b.lon_deg && a.lat_deg == b.lat_deg;
}

static bool is_finite(struct lonlat point)
{
    return isfinite(point.lon_deg) && isfinite(point.lat_deg);
}

enum err_code geom_of_point(struct lonlat point, struct arena *arena, struct geom *out,
                            struct err *err)
{
    *out = (struct geom){.kind = GEOM_NONE, .box = box_empty()};
    if (!is_finite(point))
        return err_set(err, ERR_INPUT, "a point needs two finite numbers, not (%g %g)",
                       point.lon_deg, point.lat_deg);
    struct lonlat *kept = arena_memdup(arena, &point, sizeof point);
    if (!kept)
        return err_nomem(err);
    *out = (struct geom){
        .kind = GEOM_POINT, .n_points = 1, .points = kept, .box = box_of_points(kept, 1)};
    return ERR_OK;
}

enum err_code geom_of_ring(const struct lonlat *points, size_t n, struct arena *arena,
                           struct geom *out, struct err *err)
{
    *out = (struct geom){.kind = GEOM_NONE, .box = box_empty()};
    for (size_t i = 0; i < n; i++)
        if (!is_finite(points[i]))
            return err_set(err, ERR_INPUT, "vertex %zu of a ring is not finite", i);
    while (n > 1 && same_point(points[0], points[n - 1]))
        n--;
    if (n < 3)
        return err_set(err, ERR_INPUT, "a ring needs 3 different vertices, this one has %zu", n);
    if (n > UINT32_MAX - 1)
        return err_set(err, ERR_LIMIT, "a ring of %zu vertices is too large", n);
    struct lonlat *kept = arena_new(arena, struct lonlat, n + 1);
    uint32_t *ends = arena_new(arena, uint32_t, 2);
    if (!kept || !ends)
        return err_nomem(err);
    memcpy(kept, points, n * sizeof *kept);
    kept[n] = kept[0];
    geom_turn_ring(kept, n + 1, true);
    ends[0] = (uint32_t)n + 1;
    ends[1] = 1;
    *out = (struct geom){.kind = GEOM_POLYGON,
                         .n_points = (uint32_t)n + 1,
                         .n_rings = 1,
                         .n_parts = 1,
                         .points = kept,
                         .ring_ends = &ends[0],
                         .part_ends = &ends[1],
                         .box = box_of_points(kept, n)};
    return ERR_OK;
}

static enum err_code copy_bytes(const void *from, size_t n, struct arena *arena, const void **out,
                                struct err *err)
{
    *out = NULL;
    if (n == 0)
        return ERR_OK;
    *out = arena_memdup(arena, from, n);
    return *out ? ERR_OK : err_nomem(err);
}

enum err_code geom_copy(const struct geom *from, struct arena *arena, struct geom *out,
                        struct err *err)
{
    enum err_code code = ERR_OK;
    struct geom copy = *from;
    const void *points = NULL;
    const void *ring_ends = NULL;
    const void *part_ends = NULL;
    TRY(copy_bytes(from->points, from->n_points * sizeof *from->points, arena, &points, err));
    TRY(copy_bytes(from->ring_ends, from->n_rings * sizeof(uint32_t), arena, &ring_ends, err));
    TRY(copy_bytes(from->part_ends, from->n_parts * sizeof(uint32_t), arena, &part_ends, err));
    copy.points = points;
    copy.ring_ends = ring_ends;
    copy.part_ends = part_ends;
    *out = copy;
done:
    return code;
}

static bool same_bytes(const void *a, const void *b, size_t n)
{
    return n == 0 || memcmp(a, b, n) == 0;
}

bool geom_equal(const struct geom *a, const struct geom *b)
{
    return a->kind == b->kind && a->n_points == b->n_points && a->n_rings == b->n_rings &&
           a->n_parts == b->n_parts &&
           same_bytes(a->points, b->points, a->n_points * sizeof *a->points) &&
           same_bytes(a->ring_ends, b->ring_ends, a->n_rings * sizeof *a->ring_ends) &&
           same_bytes(a->part_ends, b->part_ends, a->n_parts * sizeof *a->part_ends);
}

bool geom_has_long_edge(const struct geom *geom, double *from_deg, double *to_deg)
{
    uint32_t n_rings = geom->kind == GEOM_POINT ? 0 : geom->n_rings;
    for (uint32_t ring = 0; ring < n_rings; ring++)
        for (uint32_t i = geom_ring_start(geom, ring); i + 1 < geom->ring_ends[ring]; i++) {
            *from_deg = geom->points[i].lon_deg;
            *to_deg = geom->points[i + 1].lon_deg;
            double turn_deg = fabs(*to_deg - *from_deg);
            if (turn_deg > 180 && turn_deg < 360)
                return true;
        }
    return false;
}
