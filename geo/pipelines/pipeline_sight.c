#include "geo/pipelines/pipeline_sight.h"

#include "geo/measure/ellipsoid.h"

#include <float.h>

enum { FOUR = SIGHT_FOUR, FOURS = SIGHT_FOURS };

/* What comparing four numbers gives: all bits or none. */
typedef int32_t quad_mask __attribute__((vector_size(16)));
typedef uint64_t pair __attribute__((vector_size(16)));

/* ---- the plane ---- */

static struct flat flatten(const struct flat_stretch *flat, struct lonlat point)
{
    double lon_deg = point.lon_deg - flat->origin.lon_deg;
    if (fabs(lon_deg) > 180)
        lon_deg = remainder(lon_deg, 360);
    return (struct flat){lon_deg * flat->scale_m.lon_deg,
                         (point.lat_deg - flat->origin.lat_deg) * flat->scale_m.lat_deg};
}

/* `loose` covers how the scale of a longitude changes over the box; INFINITY: no plane will do. */
static double looseness(struct box box)
{
    static const double RAD = M_PI / 180;
    double farthest_deg = fmax(fabs(box.south_deg), fabs(box.north_deg));
    double least = cos(fmin(farthest_deg, 90) * RAD);
    double bend = (box.north_deg - box.south_deg) * RAD;
    /* d cos / cos = tan dlat; the radii of curvature change by 0.01 a radian at most. */
    double loose = least > 0.01 ? 1.001 + 2 * (bend / least + 0.01 * bend) : (double)INFINITY;
    return loose > 1.5 || box.east_deg - box.west_deg > 90 ? (double)INFINITY : loose;
}

/* How far along an edge a point in reach may lie elsewhere than in the plane, m. With scales wrong
 * by e, what is p from the edge's start is wrong by (3 e + e e) / (1 - e) p along it, less than
 * 4 e p to e = 0.2; and the edge's end by e of its length. */
static double slack_m(const struct flat_stretch *flat, double length_m)
{
    double e = flat->loose - 1;
    return e <= 0.2 ? 5 * e * ((double)flat->reach_m + length_m) + 1 : (double)FLT_MAX;
}

static void lay_edge(struct flat_stretch *flat, uint32_t i, const struct lonlat *at)
{
    struct flat from = flatten(flat, at[0]);
    struct flat to = flatten(flat, at[1]);
    double reach_m = (double)flat->reach_m;
    double dx = to.x_m - from.x_m;
    double dy = to.y_m - from.y_m;
    double length_m2 = dx * dx + dy * dy;
    double slack = slack_m(flat, sqrt(length_m2)) / sqrt(length_m2);
    uint32_t four = i / FOUR;
    uint32_t k = i % FOUR;
    flat->x_m[four][k] = (float)from.x_m;
    flat->y_m[four][k] = (float)from.y_m;
    flat->dx_m[four][k] = (float)dx;
    flat->dy_m[four][k] = (float)dy;
    flat->per_m2[four][k] = length_m2 > 0 ? (float)(1 / length_m2) : 0;
    flat->slack[four][k] = slack < (double)FLT_MAX ? (float)slack : FLT_MAX;
    flat->west_m[four] =
        (float)min_of((double)flat->west_m[four], min_of(from.x_m, to.x_m) - reach_m);
    flat->east_m[four] =
        (float)max_of((double)flat->east_m[four], max_of(from.x_m, to.x_m) + reach_m);
    flat->south_m[four] =
        (float)min_of((double)flat->south_m[four], min_of(from.y_m, to.y_m) - reach_m);
    flat->north_m[four] =
        (float)max_of((double)flat->north_m[four], max_of(from.y_m, to.y_m) + reach_m);
}

void pipeline_lay_flat(const struct lonlat *points, uint32_t n_edges, struct box box,
                       double farthest_m, struct flat_stretch *out)
{
    static const float FAR_M = 1e12F;
    *out = (struct flat_stretch){.origin = points[0], .loose = looseness(box), .n_edges = n_edges};
    ellipsoid_degree_m((box.south_deg + box.north_deg) / 2, &out->scale_m.lon_deg,
                       &out->scale_m.lat_deg);
    if (!isfinite(out->loose))
        return;
    out->reach_m = (float)(farthest_m * out->loose + 1);
    out->reach_m2 = out->reach_m * out->reach_m;
    for (uint32_t i = 0; i < FOURS; i++) {
        out->west_m[i] = out->south_m[i] = FLT_MAX;
        out->east_m[i] = out->north_m[i] = -FLT_MAX;
    }
    for (uint32_t i = 0; i < PIPELINE_STRETCH_EDGES; i++) {
        if (i < n_edges)
            lay_edge(out, i, points + i);
        else
            out->x_m[i / FOUR][i % FOUR] = out->y_m[i / FOUR][i % FOUR] = FAR_M;
    }
}

/* ---- a point ---- */

/* A bit for each that is true. */
static inline uint32_t bits_of(quad_mask truths)
{
    pair bits = (pair)(truths & (quad_mask){1, 2, 4, 8});
    uint64_t halves = bits[0] | bits[1];
    return (uint32_t)(halves | halves >> 32);
}

/* A where it is true, else b. */
static inline quad either(quad_mask truths, quad a, quad b)
{
    return (quad)(((quad_mask)a & truths) | ((quad_mask)b & ~truths));
}

static inline quad all_of(float number)
{
    return (quad){number, number, number, number};
}

void pipeline_see(const struct flat_stretch *flat, uint32_t among, struct lonlat at,
                  struct sight *out)
{
    struct flat point = flatten(flat, at);
    quad zero = all_of(0);
    quad one = all_of(1);
    quad x_m = all_of((float)point.x_m);
    quad y_m = all_of((float)point.y_m);
    quad least_m2 = all_of(FLT_MAX);
    out->nearest_m2 = FLT_MAX;
    out->fours = among & bits_of((flat->west_m <= x_m) & (x_m <= flat->east_m) &
                                 (flat->south_m <= y_m) & (y_m <= flat->north_m));
    for (uint32_t fours = out->fours; fours; fours &= fours - 1) {
        int i = __builtin_ctz(fours);
        quad dx = flat->dx_m[i];
        quad dy = flat->dy_m[i];
        quad px = x_m - flat->x_m[i];
        quad py = y_m - flat->y_m[i];
        quad t = (px * dx + py * dy) * flat->per_m2[i];
        out->east_m[i] = px;
        out->north_m[i] = py;
        out->along[i] = t;
        t = either(t > zero, t, zero);
        t = either(t < one, t, one);
        quad gx = t * dx - px;
        quad gy = t * dy - py;
        out->gap_m2[i] = gx * gx + gy * gy;
        least_m2 = either(out->gap_m2[i] < least_m2, out->gap_m2[i], least_m2);
    }
    for (int k = 0; k < FOUR && out->fours; k++)
        out->nearest_m2 = least_m2[k] < out->nearest_m2 ? least_m2[k] : out->nearest_m2;
}

/* ---- edges ---- */

/* How far off in the plane, squared, a thing may lie that truly is `m` off at most; and a thing
 * that truly is `m` off at most wherever it lies there. */
static float farthest_m2(const struct flat_stretch *flat, double m)
{
    double flat_m = m * flat->loose + 1;
    return (float)(flat_m * flat_m);
}

static float surely_m2(const struct flat_stretch *flat, double m)
{
    double flat_m = (m - 1) / flat->loose;
    return flat_m > 0 ? (float)(flat_m * flat_m) : -1;
}

/* A bit for each edge that is so near. */
static uint32_t edges_within(const struct sight *sight, float within_m2)
{
    uint32_t edges = 0;
    for (uint32_t fours = sight->fours; fours; fours &= fours - 1) {
        int i = __builtin_ctz(fours);
        edges |= bits_of(sight->gap_m2[i] <= all_of(within_m2)) << (FOUR * i);
    }
    return edges;
}

/* A bit for each edge both ends of which are so near. */
static uint32_t edges_inside(const struct flat_stretch *flat, const struct sight *sight,
                             float within_m2)
{
    uint32_t edges = 0;
    for (uint32_t fours = sight->fours; fours; fours &= fours - 1) {
        int i = __builtin_ctz(fours);
        quad x = sight->east_m[i];
        quad y = sight->north_m[i];
        quad to_x = x - flat->dx_m[i];
        quad to_y = y - flat->dy_m[i];
        edges |= bits_of((x * x + y * y <= all_of(within_m2)) &
                         (to_x * to_x + to_y * to_y <= all_of(within_m2)))
                 << (FOUR * i);
    }
    return edges;
}

/* A bit for each edge that may see the point at a right angle, or from its start in the wedge
 * outside a bend; of the first and last one also beyond their ends. What is not looked at may be
 * anywhere. */
static uint32_t edges_facing(const struct flat_stretch *flat, const struct sight *sight)
{
    quad one = all_of(1);
    uint32_t beside = 0;
    uint32_t before = 0; /* not surely behind its start */
    uint32_t beyond = 0; /* not surely short of its end */
    for (int i = 0; i < FOURS; i++) {
        quad along = sight->along[i];
        quad slack = flat->slack[i];
        if (!(sight->fours >> i & 1)) {
            beyond |= 0xFU << (FOUR * i);
            continue;
        }
        beside |= bits_of((along >= -slack) & (along <= one + slack)) << (FOUR * i);
        before |= bits_of(along <= slack) << (FOUR * i);
        beyond |= bits_of(along >= one - slack) << (FOUR * i);
    }
    return beside | (before & (beyond << 1 | 1)) | (beyond & 1U << (flat->n_edges - 1));
}

struct sighted pipeline_sight_edges(const struct flat_stretch *flat, const struct sight *sight,
                                    bool beside, const double reach_m[REACHES])
{
    static const double ROUNDED_M = 1; /* more than decisions are rounded to */
    double least_m = INFINITY;
    double most_m = 0;
    for (int k = 0; k < REACHES; k++) {
        least_m = reach_m[k] >= 0 ? min_of(least_m, reach_m[k]) : least_m;
        most_m = max_of(most_m, reach_m[k]);
    }
    double nearest_m = sqrt((double)sight->nearest_m2) * flat->loose + 1;
    uint32_t nearest = edges_within(sight, farthest_m2(flat, nearest_m)); /* any may be it */
    uint32_t within = edges_within(sight, farthest_m2(flat, most_m + ROUNDED_M));
    if (beside)
        return (struct sighted){within & (nearest | edges_facing(flat, sight)), 0};
    uint32_t inside = edges_inside(flat, sight, surely_m2(flat, least_m)) & ~nearest;
    return (struct sighted){within & ~inside, inside};
}
