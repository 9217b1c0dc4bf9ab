#include "geo/distance.h"

#include "geo/rtree.h"

/* Touching is decided in longitude and latitude, whose rounding is 2 nm at 180 degrees; a
 * vertex put on an edge lies within a few of those. */
static const double TOUCH_M = 1e-7;

/* ---- inside ---- */

/* Twice the signed area of (a, b, c). */
static double turn(struct lonlat a, struct lonlat b, struct lonlat c)
{
    return (b.lon_deg - a.lon_deg) * (c.lat_deg - a.lat_deg) -
           (b.lat_deg - a.lat_deg) * (c.lon_deg - a.lon_deg);
}

static bool on_edge(struct lonlat a, struct lonlat b, struct lonlat point)
{
    return turn(a, b, point) == 0 && point.lon_deg >= min_of(a.lon_deg, b.lon_deg) &&
           point.lon_deg <= max_of(a.lon_deg, b.lon_deg) &&
           point.lat_deg >= min_of(a.lat_deg, b.lat_deg) &&
           point.lat_deg <= max_of(a.lat_deg, b.lat_deg);
}

/* Counts the edges that a ray to the east meets; an edge owns its lower end only, so that a
 * ray through a vertex is counted once. All rings at once: holes turn the parity back. */
static bool contains_here(const struct geom *polygon, struct lonlat point)
{
    bool inside = false;
    for (uint32_t ring = 0; ring < polygon->n_rings; ring++) {
        const struct lonlat *at = polygon->points + geom_ring_start(polygon, ring);
        const struct lonlat *last = polygon->points + polygon->ring_ends[ring] - 1;
        for (; at < last; at++) {
            bool below = at[0].lat_deg <= point.lat_deg;
            bool next_below = at[1].lat_deg <= point.lat_deg;
            if (below == next_below) {
                if ((at[0].lat_deg == point.lat_deg || at[1].lat_deg == point.lat_deg) &&
                    on_edge(at[0], at[1], point))
                    return true;
                continue;
            }
            double side = turn(at[0], at[1], point);
            if (side == 0)
                return true;
            if ((side > 0) == below)
                inside = !inside;
        }
    }
    return inside;
}

/* First and last number of whole turns that bring b over a in longitude. */
struct turns {
    int first;
    int last;
};

static struct turns turns_between(struct box a, struct box b)
{
    double first = ceil((a.west_deg - b.east_deg) / 360);
    double last = floor((a.east_deg - b.west_deg) / 360);
    /* Longitudes beyond a few turns are no longitudes. */
    if (!(first >= -8 && last <= 8))
        return (struct turns){1, 0};
    return (struct turns){(int)first, (int)last};
}

static struct box point_box(struct lonlat point)
{
    return (struct box){point.lon_deg, point.lat_deg, point.lon_deg, point.lat_deg};
}

static struct lonlat turned(struct lonlat point, int turns)
{
    point.lon_deg += 360.0 * turns;
    return point;
}

bool distance_contains_point(const struct geom *polygon, struct lonlat point)
{
    if (polygon->kind != GEOM_POLYGON ||
        !(point.lat_deg >= polygon->box.south_deg && point.lat_deg <= polygon->box.north_deg))
        return false;
    struct turns turns = turns_between(polygon->box, point_box(point));
    for (int k = turns.first; k <= turns.last; k++)
        if (contains_here(polygon, turned(point, k)))
            return true;
    return false;
}

/* Whether a part of b starts inside the polygon a: then it lies inside or crosses the edge. */
static bool holds_part(const struct geom *a, const struct geom *b, struct lonlat *where)
{
    if (a->kind != GEOM_POLYGON || rtree_box_distance_m(a->box, b->box) > 0)
        return false;
    uint32_t n = b->kind == GEOM_POINT  ? b->n_points
                 : b->kind == GEOM_LINE ? b->n_rings
                                        : b->n_parts;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t start = b->kind == GEOM_POINT  ? i
                         : b->kind == GEOM_LINE ? geom_ring_start(b, i)
                                                : geom_ring_start(b, geom_part_start(b, i));
        if (distance_contains_point(a, b->points[start])) {
            *where = b->points[start];
            return true;
        }
    }
    return false;
}

/* ---- crossing ---- */

static struct box edge_box(struct lonlat a, struct lonlat b)
{
    return (struct box){min_of(a.lon_deg, b.lon_deg), min_of(a.lat_deg, b.lat_deg),
                        max_of(a.lon_deg, b.lon_deg), max_of(a.lat_deg, b.lat_deg)};
}

static bool box_holds(struct box box, struct lonlat point)
{
    return box_intersects(box, point_box(point));
}

/* Whether the edges a and b meet, and where. */
static bool edges_meet(const struct lonlat a[2], const struct lonlat b[2], struct lonlat *where)
{
    struct box a_box = edge_box(a[0], a[1]);
    struct box b_box = edge_box(b[0], b[1]);
    if (!box_intersects(a_box, b_box))
        return false;
    double a0 = turn(b[0], b[1], a[0]);
    double a1 = turn(b[0], b[1], a[1]);
    double b0 = turn(a[0], a[1], b[0]);
    double b1 = turn(a[0], a[1], b[1]);
    if ((a0 > 0 && a1 > 0) || (a0 < 0 && a1 < 0) || (b0 > 0 && b1 > 0) || (b0 < 0 && b1 < 0))
        return false;
    if (a0 == 0 && a1 == 0) { /* on one line, and their boxes touch: an end lies on the other */
        *where = box_holds(b_box, a[0]) ? a[0] : box_holds(b_box, a[1]) ? a[1] : b[0];
        return true;
    }
    double s = a0 / (a0 - a1);
    where->lon_deg = a[0].lon_deg + s * (a[1].lon_deg - a[0].lon_deg);
    where->lat_deg = a[0].lat_deg + s * (a[1].lat_deg - a[0].lat_deg);
    return true;
}

/* ---- the search over pairs of groups ---- */

struct pair_search {
    const struct edges *a;
    const struct edges *b;
    double within_m; /* a pair with a longer chord cannot win */
    double best_m;
    uint32_t best_edge_a;
    uint32_t best_edge_b;
    struct lonlat at_a;
    struct lonlat at_b;
};

static void offer(struct pair_search *search, double distance_m, uint32_t i, uint32_t j,
                  struct lonlat at_a, struct lonlat at_b)
{
    if (distance_m > search->best_m)
        return;
    if (distance_m == search->best_m &&
        (i > search->best_edge_a || (i == search->best_edge_a && j >= search->best_edge_b)))
        return;
    search->best_m = distance_m;
    search->best_edge_a = i;
    search->best_edge_b = j;
    search->at_a = at_a;
    search->at_b = at_b;
    search->within_m = min_of(search->within_m, ellipsoid_longest_chord_m(distance_m));
}

static bool meet_somewhere(struct pair_search *search, uint32_t i, uint32_t j)
{
    uint32_t start_a = search->a->edges[i].start;
    uint32_t start_b = search->b->edges[j].start;
    const struct lonlat *a = search->a->geom->points + start_a;
    const struct lonlat *b = search->b->geom->points + start_b;
    struct turns turns = turns_between(edge_box(a[0], a[1]), edge_box(b[0], b[1]));
    for (int k = turns.first; k <= turns.last; k++) {
        struct lonlat moved[2] = {turned(b[0], k), turned(b[1], k)};
        struct lonlat where;
        if (edges_meet(a, moved, &where)) {
            offer(search, 0, i, j, where, turned(where, -k));
            return true;
        }
    }
    return false;
}

/* The start of each edge against the other edge. Over all pairs of edges that is each vertex
 * of the one shape against each edge of the other; between edges that do not cross, the
 * closest points include a vertex. */
static void try_pair(struct pair_search *search, uint32_t i, uint32_t j)
{
    const struct edge *edge_a = &search->a->edges[i];
    const struct edge *edge_b = &search->b->edges[j];
    if (!edge_a->is_point && !edge_b->is_point && meet_somewhere(search, i, j))
        return;
    struct lonlat from_a = search->a->geom->points[edge_a->start];
    struct lonlat from_b = search->b->geom->points[edge_b->start];
    struct lonlat at;
    double distance_m = edges_nearest_on(search->b, j, from_a, search->a->vertices[edge_a->start],
                                         search->within_m, &at);
    if (isfinite(distance_m))
        offer(search, distance_m, i, j, from_a, at);
    if (edge_a->is_point)
        return;
    distance_m = edges_nearest_on(search->a, i, from_b, search->b->vertices[edge_b->start],
                                  search->within_m, &at);
    if (isfinite(distance_m))
        offer(search, distance_m, i, j, at, from_b);
}

struct group {
    uint32_t level;
    uint32_t index;
};

static const struct space_box *group_box(const struct edges *edges, struct group group)
{
    return &edges->boxes[group.level][group.index];
}

struct near_pair {
    double gap_m;
    struct group a;
    struct group b;
};

/* The groups below one side of a pair, nearest to the other side first; *n of them. */
static void list_below(const struct pair_search *search, struct near_pair pair, bool split_a,
                       struct near_pair *below, int *n)
{
    const struct edges *edges = split_a ? search->a : search->b;
    struct group *group = split_a ? &pair.a : &pair.b;
    uint32_t first = group->index * EDGES_FANOUT;
    group->level--;
    uint32_t end = edges->n_boxes[group->level];
    *n = 0;
    for (uint32_t k = first; k < end && k < first + EDGES_FANOUT; k++) {
        group->index = k;
        pair.gap_m = edges_box_gap_m(group_box(search->a, pair.a), group_box(search->b, pair.b));
        int at = (*n)++;
        for (; at > 0 && below[at - 1].gap_m > pair.gap_m; at--)
            below[at] = below[at - 1];
        below[at] = pair;
    }
}

static void search_pair(struct pair_search *search, struct near_pair pair)
{
    /* Depth first with a stack of our own: each split leaves at most 7 pairs behind. */
    struct near_pair waiting[2 * EDGES_LARGEST_HEIGHT * EDGES_FANOUT];
    int n = 0;
    waiting[n++] = pair;
    while (n > 0 && search->best_m > 0) {
        pair = waiting[--n];
        if (pair.gap_m > search->within_m)
            continue;
        if (pair.a.level == 0 && pair.b.level == 0) {
            try_pair(search, pair.a.index, pair.b.index);
            continue;
        }
        struct near_pair below[EDGES_FANOUT];
        int n_below;
        list_below(search, pair, pair.a.level >= pair.b.level, below, &n_below);
        while (n_below > 0)
            waiting[n++] = below[--n_below];
    }
}

static void search_all(struct pair_search *search)
{
    struct near_pair whole = {0, {search->a->n_levels - 1, 0}, {search->b->n_levels - 1, 0}};
    whole.gap_m = edges_box_gap_m(group_box(search->a, whole.a), group_box(search->b, whole.b));
    search_pair(search, whole);
}

/* Edges bend, so two of them may come nearest with neither at a vertex, by a hair: from the
 * point found on one shape go to the nearest of the other, to and fro, while it helps. */
static void settle(struct pair_search *search)
{
    static const double worth_m = 1e-6;
    for (int round = 0; round < 16 && search->best_m > TOUCH_M; round++) {
        double before_m = search->best_m;
        struct closest near;
        struct lonlat at_a = search->at_a;
        struct lonlat at_b = search->at_b;
        double bulge_m = search->a->edges[search->best_edge_a].bulge_m +
                         search->b->edges[search->best_edge_b].bulge_m;
        if (bulge_m < worth_m)
            return;
        if (round % 2 == 0) {
            distance_to_point(search->a, at_b, INFINITY, &near);
            at_a = near.a;
        } else {
            distance_to_point(search->b, at_a, INFINITY, &near);
            at_b = near.a;
        }
        if (near.distance_m < search->best_m) {
            search->best_m = near.distance_m;
            search->at_a = at_a;
            search->at_b = at_b;
        }
        if (round > 0 && before_m - search->best_m < worth_m)
            return;
    }
}

static void finish(const struct pair_search *search, double limit_m, struct closest *out)
{
    *out = (struct closest){search->best_m, search->at_a, search->at_b};
    if (out->distance_m > limit_m)
        out->distance_m = INFINITY;
}

void distance_to_point(const struct edges *a, struct lonlat point, double limit_m,
                       struct closest *out)
{
    struct edge edge = {0, true, 0};
    struct ecef ecef = ellipsoid_ecef(point);
    struct space_box box = {ecef, ecef};
    struct geom geom = {
        .kind = GEOM_POINT, .n_points = 1, .points = &point, .box = point_box(point)};
    struct edges b = {.geom = &geom,
                      .vertices = &ecef,
                      .edges = &edge,
                      .n_edges = 1,
                      .n_levels = 1,
                      .n_boxes = {1},
                      .boxes = {&box}};
    *out = (struct closest){INFINITY, point, point};
    if (a->n_edges == 0)
        return;
    if (distance_contains_point(a->geom, point)) {
        out->distance_m = 0;
        return;
    }
    struct pair_search search = {
        .a = a, .b = &b, .best_m = INFINITY, .within_m = ellipsoid_longest_chord_m(limit_m)};
    search_all(&search);
    if (search.best_m < TOUCH_M && a->geom->kind != GEOM_POINT)
        search.best_m = 0;
    finish(&search, limit_m, out);
}

void distance_edges(const struct edges *a, const struct edges *b, double limit_m,
                    struct closest *out)
{
    *out = (struct closest){.distance_m = INFINITY};
    if (a->n_edges == 0 || b->n_edges == 0)
        return;
    if (rtree_box_distance_m(a->geom->box, b->geom->box) > limit_m)
        return;
    struct lonlat where;
    if (holds_part(a->geom, b->geom, &where) || holds_part(b->geom, a->geom, &where)) {
        *out = (struct closest){0, where, where};
        return;
    }
    struct pair_search search = {
        .a = a, .b = b, .best_m = INFINITY, .within_m = ellipsoid_longest_chord_m(limit_m)};
    search_all(&search);
    bool both_points = a->geom->kind == GEOM_POINT && b->geom->kind == GEOM_POINT;
    if (!both_points && isfinite(search.best_m)) {
        settle(&search);
        if (search.best_m < TOUCH_M)
            search.best_m = 0;
    }
    finish(&search, limit_m, out);
}

enum err_code distance_shapes(const struct geom *a, const struct geom *b, double limit_m,
                              struct arena *scratch, struct closest *out, struct err *err)
{
    enum err_code code = ERR_OK;
    *out = (struct closest){.distance_m = INFINITY};
    if (a->n_points == 0 || b->n_points == 0 || rtree_box_distance_m(a->box, b->box) > limit_m)
        return ERR_OK;
    if (a->kind == GEOM_POINT && b->kind == GEOM_POINT && a->n_points == 1 && b->n_points == 1) {
        double distance_m = ellipsoid_distance_m(a->points[0], b->points[0]);
        if (isnan(distance_m))
            return err_set(err, ERR_INPUT, "a point is no longitude and latitude in degrees");
        *out = (struct closest){distance_m, a->points[0], b->points[0]};
        if (distance_m > limit_m)
            out->distance_m = INFINITY;
        return ERR_OK;
    }
    struct arena_mark mark = arena_mark(scratch);
    struct edges a_edges;
    struct edges b_edges;
    TRY(edges_build(a, scratch, &a_edges, err));
    TRY(edges_build(b, scratch, &b_edges, err));
    distance_edges(&a_edges, &b_edges, limit_m, out);
done:
    arena_rewind(scratch, mark);
    return code;
}
