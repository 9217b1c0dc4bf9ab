#include "geo/measure/inside.h"

#include "geo/measure/distance.h"
#include "geo/measure/rtree.h"

struct inside_turns inside_turns_between(struct box a, struct box b)
{
    double first = ceil((a.west_deg - b.east_deg) / 360);
    double last = floor((a.east_deg - b.west_deg) / 360);
    /* Longitudes beyond a few turns are no longitudes. */
    if (!(first >= -8 && last <= 8))
        return (struct inside_turns){1, 0};
    return (struct inside_turns){(int)first, (int)last};
}

static bool on_edge(struct lonlat a, struct lonlat b, struct lonlat point)
{
    return inside_turn(a, b, point) == 0 && point.lon_deg >= min_of(a.lon_deg, b.lon_deg) &&
           point.lon_deg <= max_of(a.lon_deg, b.lon_deg) &&
           point.lat_deg >= min_of(a.lat_deg, b.lat_deg) &&
           point.lat_deg <= max_of(a.lat_deg, b.lat_deg);
}

/* Follows the edges from vertex `first` to vertex `last`: winds *about at each that a ray to
 * the east meets, +1 upwards and -1 downwards; an edge owns its lower end only, so that a ray
 * through a vertex is counted once. True if the point lies on one of them. */
static bool follow_edges(const struct lonlat *first, const struct lonlat *last, struct lonlat point,
                         int *about)
{
    for (const struct lonlat *at = first; at < last; at++) {
        bool below = at[0].lat_deg <= point.lat_deg;
        bool next_below = at[1].lat_deg <= point.lat_deg;
        if (below == next_below) {
            if ((at[0].lat_deg == point.lat_deg || at[1].lat_deg == point.lat_deg) &&
                on_edge(at[0], at[1], point))
                return true;
            continue;
        }
        double side = inside_turn(at[0], at[1], point);
        if (side == 0)
            return true;
        if ((side > 0) == below)
            *about += below ? 1 : -1;
    }
    return false;
}

/* All rings at once: outer ones wind one way, holes the other; where parts lie over each other
 * it is inside still. */
static bool contains_here(const struct geom *polygon, struct lonlat point)
{
    int about = 0;
    for (uint32_t ring = 0; ring < polygon->n_rings; ring++) {
        const struct lonlat *start = polygon->points + geom_ring_start(polygon, ring);
        if (follow_edges(start, polygon->points + polygon->ring_ends[ring] - 1, point, &about))
            return true;
    }
    return about != 0;
}

/* The same from prepared edges: only groups that reach the point's height over the equator's
 * plane are followed, since that rises with latitude. */
static bool prepared_contains_here(const struct edges *edges, float low_z, float high_z,
                                   struct lonlat point)
{
    const struct geom *polygon = edges->geom;
    const struct space_tree *tree = &edges->tree;
    struct space_branch waiting[SPACE_HEIGHT * SPACE_FANOUT];
    int n = 0;
    int about = 0;
    waiting[n++] = space_tree_root(tree);
    while (n > 0) {
        struct space_branch branch = waiting[--n];
        if (branch.level > 0) {
            const struct space_node *node = &tree->levels[branch.level - 1][branch.index];
            for (uint32_t i = 0; i < SPACE_FANOUT; i++)
                if (node->low[2][i] <= high_z && node->high[2][i] >= low_z)
                    waiting[n++] =
                        (struct space_branch){branch.level - 1, branch.index * SPACE_FANOUT + i};
            continue;
        }
        uint32_t end = (branch.index + 1) * EDGES_GROUP;
        end = end < polygon->n_points ? end : polygon->n_points;
        for (uint32_t at = branch.index * EDGES_GROUP; at < end;) {
            uint32_t last = edges_ring_end(polygon, at) - 1;
            uint32_t to = last < end ? last : end;
            if (follow_edges(polygon->points + at, polygon->points + to, point, &about))
                return true;
            at = last < end ? last + 1 : end;
        }
    }
    return about != 0;
}

bool distance_contains_point(const struct geom *polygon, struct lonlat point)
{
    if (polygon->kind != GEOM_POLYGON ||
        !(point.lat_deg >= polygon->box.south_deg && point.lat_deg <= polygon->box.north_deg))
        return false;
    struct inside_turns turns = inside_turns_between(polygon->box, inside_point_box(point));
    for (int k = turns.first; k <= turns.last; k++)
        if (contains_here(polygon, inside_turned(point, k)))
            return true;
    return false;
}

bool inside_holds_point(const struct edges *edges, struct lonlat point)
{
    const struct geom *polygon = edges->geom;
    if (edges->tree.n_levels < 2) /* so few edges are followed sooner than picked */
        return distance_contains_point(polygon, point);
    if (polygon->kind != GEOM_POLYGON ||
        !(point.lat_deg >= polygon->box.south_deg && point.lat_deg <= polygon->box.north_deg))
        return false;
    struct inside_turns turns = inside_turns_between(polygon->box, inside_point_box(point));
    if (turns.first > turns.last)
        return false;
    struct ecef ecef = ellipsoid_ecef(point);
    struct space_box box = space_box_of(ecef, ecef);
    for (int k = turns.first; k <= turns.last; k++)
        if (prepared_contains_here(edges, box.low[2], box.high[2], inside_turned(point, k)))
            return true;
    return false;
}

bool inside_holds_part(const struct edges *a_edges, const struct geom *b, struct lonlat *where)
{
    const struct geom *a = a_edges->geom;
    if (a->kind != GEOM_POLYGON || rtree_box_distance_m(a->box, b->box) > 0)
        return false;
    uint32_t n = b->kind == GEOM_POINT  ? b->n_points
                 : b->kind == GEOM_LINE ? b->n_rings
                                        : b->n_parts;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t start = b->kind == GEOM_POINT  ? i
                         : b->kind == GEOM_LINE ? geom_ring_start(b, i)
                                                : geom_ring_start(b, geom_part_start(b, i));
        if (inside_holds_point(a_edges, b->points[start])) {
            *where = b->points[start];
            return true;
        }
    }
    return false;
}
