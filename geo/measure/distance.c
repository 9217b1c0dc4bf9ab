#include "geo/measure/distance.h"

#include "geo/measure/edge_near.h"
#include "geo/measure/inside.h"
#include "geo/measure/rtree.h"

/* ---- crossing ---- */

static struct box edge_box(struct lonlat a, struct lonlat b)
{
    return (struct box){min_of(a.lon_deg, b.lon_deg), min_of(a.lat_deg, b.lat_deg),
                        max_of(a.lon_deg, b.lon_deg), max_of(a.lat_deg, b.lat_deg)};
}

static bool box_holds(struct box box, struct lonlat point)
{
    return box_intersects(box, inside_point_box(point));
}

/* Whether the edges a and b meet, and where. */
static bool edges_meet(const struct lonlat a[2], const struct lonlat b[2], struct lonlat *where)
{
    struct box a_box = edge_box(a[0], a[1]);
    struct box b_box = edge_box(b[0], b[1]);
    if (!box_intersects(a_box, b_box))
        return false;
    double a0 = inside_turn(b[0], b[1], a[0]);
    double a1 = inside_turn(b[0], b[1], a[1]);
    double b0 = inside_turn(a[0], a[1], b[0]);
    double b1 = inside_turn(a[0], a[1], b[1]);
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

/* One shape, with the group that was worked out last. */
struct side {
    const struct edges *edges;
    struct edge_group group;
    uint32_t loaded; /* its index; UINT32_MAX: none */
};

struct pair_search {
    struct side a;
    struct side b;
    struct inside_turns turns; /* that bring b over a */
    double within_m;           /* a pair with a longer chord cannot win */
    double best_m;
    uint32_t best_edge_a;
    uint32_t best_edge_b;
    struct lonlat at_a;
    struct lonlat at_b;
};

static void pair_search_init(struct pair_search *search, const struct edges *a,
                             const struct edges *b, double limit_m)
{
    search->a.edges = a;
    search->b.edges = b;
    search->a.loaded = UINT32_MAX;
    search->b.loaded = UINT32_MAX;
    search->turns = inside_turns_between(a->geom->box, b->geom->box);
    search->within_m = ellipsoid_longest_chord_m(limit_m);
    search->best_m = INFINITY;
}

static void load(struct side *side, uint32_t index)
{
    if (side->loaded == index)
        return;
    edges_group(side->edges->geom, &side->edges->origin, index * EDGES_GROUP, &side->group);
    side->loaded = index;
}

static struct edge_of edge_of(const struct side *side, uint32_t lane)
{
    return (struct edge_of){side->edges->geom, &side->group, lane};
}

static struct ecef start_of(const struct edge_group *group, uint32_t lane)
{
    return (struct ecef){group->x[lane], group->y[lane], group->z[lane]};
}

static void offer(struct pair_search *search, double distance_m, uint32_t i, uint32_t j,
                  struct lonlat at_a, struct lonlat at_b)
{
    if (!(distance_m <= search->best_m) || distance_m == (double)INFINITY)
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
    const struct lonlat *a = search->a.edges->geom->points + i;
    const struct lonlat *b = search->b.edges->geom->points + j;
    for (int k = search->turns.first; k <= search->turns.last; k++) {
        struct lonlat moved[2] = {inside_turned(b[0], k), inside_turned(b[1], k)};
        struct lonlat where;
        if (edges_meet(a, moved, &where)) {
            offer(search, 0, i, j, where, inside_turned(where, -k));
            return true;
        }
    }
    return false;
}

static bool has_length(const struct edge_group *group, uint32_t lane)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): lanes below n are filled
     */
    return group->inverse_m2[lane] > 0;
}

static bool groups_meet(struct pair_search *search)
{
    const struct edge_group *a = &search->a.group;
    const struct edge_group *b = &search->b.group;
    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): both are loaded */
    for (uint32_t i = 0; i < a->n; i++)
        for (uint32_t j = 0; j < b->n; j++) /* NOLINT(clang-analyzer-core.*) as above */
            if (has_length(a, i) && has_length(b, j) &&
                meet_somewhere(search, a->first + i, b->first + j))
                return true;
    return false;
}

/* Squared gaps between the vertices of one group and the chords of the other. */
struct gaps {
    uint32_t n_a; /* vertices of a that are asked */
    uint32_t n_b;
    LANES_ALIGNED double a_to_b[EDGES_GROUP][EDGES_GROUP]; /* vertex of a, edge of b */
    double b_to_a[EDGES_GROUP][EDGES_GROUP];               /* vertex of b, edge of a */
};

/* Vertex i of a against edge j of b, or (swapped) vertex i of b against edge j of a. */
static void refine(struct pair_search *search, uint32_t i, uint32_t j, bool swapped)
{
    const struct side *from = swapped ? &search->b : &search->a;
    const struct side *to = swapped ? &search->a : &search->b;
    uint32_t vertex = from->group.first + i;
    uint32_t edge = to->group.first + j;
    struct lonlat place = from->edges->geom->points[vertex];
    struct lonlat at;
    double distance_m =
        edge_near_point(edge_of(to, j), place, start_of(&from->group, i), search->within_m, &at);
    if (swapped)
        offer(search, distance_m, edge, vertex, at, place);
    else
        offer(search, distance_m, vertex, edge, place, at);
}

static bool may_win(const struct pair_search *search, double gap2, double bulge_m)
{
    double within_m = search->within_m + bulge_m;
    return gap2 <= within_m * within_m;
}

/* The pair with the least gap first, so that most others need no closer look. */
static void refine_all(struct pair_search *search, const struct gaps *gaps, bool swapped)
{
    const struct edge_group *to = swapped ? &search->a.group : &search->b.group;
    const double(*rows)[EDGES_GROUP] = swapped ? gaps->b_to_a : gaps->a_to_b;
    uint32_t n = swapped ? gaps->n_b : gaps->n_a;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < to->n; j++)
            if (may_win(search, rows[i][j], to->bulge_m[j]))
                refine(search, i, j, swapped);
}

static void refine_least(struct pair_search *search, const struct gaps *gaps)
{
    const struct edge_group *a = &search->a.group;
    const struct edge_group *b = &search->b.group;
    double least2 = INFINITY;
    uint32_t i = 0;
    uint32_t j = 0;
    bool swapped = false;
    for (uint32_t k = 0; k < gaps->n_a; k++)
        for (uint32_t l = 0; l < b->n; l++)
            if (gaps->a_to_b[k][l] < least2) {
                least2 = gaps->a_to_b[k][l];
                i = k;
                j = l;
            }
    for (uint32_t k = 0; k < gaps->n_b; k++)
        for (uint32_t l = 0; l < a->n; l++)
            if (gaps->b_to_a[k][l] < least2) {
                least2 = gaps->b_to_a[k][l];
                i = k;
                j = l;
                swapped = true;
            }
    if (least2 < (double)INFINITY)
        refine(search, i, j, swapped);
}

/* Then its own way to the edges of the other group, which start at all vertices, is enough. */
static bool is_lone_point(const struct edge_group *group)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): it is loaded */
    return group->n == 1 && !has_length(group, 0);
}

/* Each vertex of one group against each edge of the other. Over all pairs of groups that is
 * each vertex of the one shape against each edge of the other: between edges that do not
 * cross, the closest points include a vertex. (Edges bend, so an inner pair may be nearer:
 * both are straight in longitude and latitude and near each other bend alike, so that under
 * 50 km it is none; over a million random pairs, up to the whole earth, it is 5e-9 of the
 * distance at most.) */
static void try_groups(struct pair_search *search, uint32_t i, uint32_t j, bool touching)
{
    load(&search->a, i);
    load(&search->b, j);
    const struct edge_group *a = &search->a.group;
    const struct edge_group *b = &search->b.group;
    if (touching && groups_meet(search))
        return;
    struct gaps gaps;
    gaps.n_a = is_lone_point(b) ? 0 : a->n;
    gaps.n_b = b->n;
    for (uint32_t k = 0; k < gaps.n_a; k++)
        edges_gaps2(b, start_of(a, k), gaps.a_to_b[k]);
    for (uint32_t k = 0; k < gaps.n_b; k++)
        edges_gaps2(a, start_of(b, k), gaps.b_to_a[k]);
    refine_least(search, &gaps);
    refine_all(search, &gaps, false);
    refine_all(search, &gaps, true);
}

struct near_pair {
    float gap2;
    struct space_branch a;
    struct space_branch b;
};

enum { MOST_WAITING = 2 * SPACE_HEIGHT * SPACE_FANOUT };

/* Puts the pairs below one side of a pair on the stack, the nearest on top. */
static int push_below(const struct pair_search *search, struct near_pair pair, bool split_a,
                      struct near_pair *waiting, int n)
{
    const struct space_tree *tree = split_a ? &search->a.edges->tree : &search->b.edges->tree;
    const struct space_tree *other = split_a ? &search->b.edges->tree : &search->a.edges->tree;
    struct space_branch *branch = split_a ? &pair.a : &pair.b;
    struct space_box box = space_branch_box(other, split_a ? pair.b : pair.a);
    float within2 = space_within2(search->within_m);
    LANES_ALIGNED float gaps2[SPACE_FANOUT];
    uint32_t first = branch->index * SPACE_FANOUT;
    branch->level--;
    space_gaps2(&tree->levels[branch->level][branch->index], &box, gaps2);
    int bottom = n;
    for (uint32_t lane = 0; lane < SPACE_FANOUT; lane++) {
        if (!(gaps2[lane] <= within2))
            continue;
        branch->index = first + lane;
        pair.gap2 = gaps2[lane];
        int at = n++;
        for (; at > bottom && waiting[at - 1].gap2 <= pair.gap2; at--)
            waiting[at] = waiting[at - 1];
        waiting[at] = pair;
    }
    return n;
}

/* Depth first: each split leaves at most 7 pairs behind. */
static void search_all(struct pair_search *search)
{
    const struct space_tree *a = &search->a.edges->tree;
    const struct space_tree *b = &search->b.edges->tree;
    struct near_pair waiting[MOST_WAITING];
    int n = 0;
    waiting[n++] =
        (struct near_pair){space_gap2(&a->box, &b->box), space_tree_root(a), space_tree_root(b)};
    while (n > 0 && search->best_m > 0) {
        struct near_pair pair = waiting[--n];
        if (!(pair.gap2 <= space_within2(search->within_m)))
            continue;
        if (pair.a.level == 0 && pair.b.level == 0)
            try_groups(search, pair.a.index, pair.b.index, pair.gap2 <= 0);
        else
            n = push_below(search, pair, pair.a.level >= pair.b.level, waiting, n);
    }
}

static void finish(const struct pair_search *search, double limit_m, struct closest *out)
{
    *out = (struct closest){search->best_m, search->at_a, search->at_b};
    bool points =
        search->a.edges->geom->kind == GEOM_POINT && search->b.edges->geom->kind == GEOM_POINT;
    if (!points)
        out->distance_m = distance_touching(out->distance_m);
    if (out->distance_m > limit_m)
        out->distance_m = INFINITY;
}

void distance_to_point(const struct edges *a, struct lonlat point, double limit_m,
                       struct closest *out)
{
    struct ecef ecef = ellipsoid_ecef(point);
    struct geom geom = {
        .kind = GEOM_POINT, .n_points = 1, .points = &point, .box = inside_point_box(point)};
    struct edges b = {.geom = &geom, .origin = a->origin};
    b.tree.n_items = 1;
    b.tree.box = space_box_of(ecef, ecef);
    *out = (struct closest){INFINITY, point, point};
    if (a->tree.n_items == 0)
        return;
    if (inside_holds_point(a, point)) {
        out->distance_m = 0;
        return;
    }
    struct pair_search search;
    pair_search_init(&search, a, &b, limit_m);
    search_all(&search);
    finish(&search, limit_m, out);
}

void distance_edges(const struct edges *a, const struct edges *b, double limit_m,
                    struct closest *out)
{
    *out = (struct closest){.distance_m = INFINITY};
    if (a->tree.n_items == 0 || b->tree.n_items == 0)
        return;
    if (rtree_box_distance_m(a->geom->box, b->geom->box) > limit_m)
        return;
    struct lonlat where;
    if (inside_holds_part(a, b->geom, &where) || inside_holds_part(b, a->geom, &where)) {
        *out = (struct closest){0, where, where};
        return;
    }
    struct pair_search search;
    pair_search_init(&search, a, b, limit_m);
    search_all(&search);
    finish(&search, limit_m, out);
}

enum err_code distance_edges_shape(const struct edges *a, const struct geom *b, double limit_m,
                                   struct arena *scratch, struct closest *out, struct err *err)
{
    enum err_code code = ERR_OK;
    *out = (struct closest){.distance_m = INFINITY};
    struct arena_mark mark = arena_mark(scratch);
    struct edges edges;
    if (a->tree.n_items == 0 || b->n_points == 0 ||
        rtree_box_distance_m(a->geom->box, b->box) > limit_m ||
        !distance_may_reach(b, a->geom->box, limit_m))
        return ERR_OK;
    TRY(edges_build(b, scratch, &edges, err));
    distance_edges(a, &edges, limit_m, out);
done:
    arena_rewind(scratch, mark);
    return code;
}

bool distance_line_touches(const struct geom *line, struct box box)
{
    enum { EDGES = 16, LONG = 3 };
    if (line->kind != GEOM_LINE || line->n_points < LONG)
        return true;
    for (uint32_t ring = 0; ring < line->n_rings; ring++) {
        uint32_t end = line->ring_ends[ring];
        for (uint32_t at = geom_ring_start(line, ring); at + 1 < end; at += EDGES) {
            uint32_t n = end - at < EDGES + 1 ? end - at : EDGES + 1;
            if (!box_intersects(box_of_points(line->points + at, n), box))
                continue;
            for (uint32_t edge = at; edge + 1 < at + n; edge++)
                if (box_intersects(edge_box(line->points[edge], line->points[edge + 1]), box))
                    return true;
        }
    }
    return false;
}

static bool is_within_a_turn(struct box box)
{
    return box.west_deg >= -180 && box.east_deg <= 180;
}

bool distance_may_reach(const struct geom *line, struct box box, double limit_m)
{
    if (line->kind != GEOM_LINE || !isfinite(limit_m))
        return true;
    struct box wide = ellipsoid_expand(box, limit_m);
    return !is_within_a_turn(wide) || !is_within_a_turn(line->box) ||
           distance_line_touches(line, wide);
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
    if (!distance_may_reach(a, b->box, limit_m) || !distance_may_reach(b, a->box, limit_m))
        return ERR_OK;
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
