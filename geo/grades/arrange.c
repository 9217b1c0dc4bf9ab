#include "geo/grades/arrange.h"

#include <stdlib.h>
#include <string.h>

/* A box with more edges is halved, unless it has become so small: tried out. */
static const size_t MOST_EDGES = 24;
static const int32_t SMALLEST_SIDE = 1 << 12;

/* A part of the tile and what is in it. */
struct arrange_box {
    struct tile_box at;
    struct arrange_shape *shapes;
    size_t n_shapes;
    struct tile_edge *edges;
    size_t n_edges;
    uint32_t covered;
};

struct arranging {
    struct tile_people *people;
    struct arena *arena;
    double *persons;
    struct err *err;
};

/* ---- what is left to do in a box ---- */

/* Which shapes have edges here, and what covers the box. *counts false: a frame is not here. */
static void look_over(struct arrange_box *box, bool *has_edges, bool *counts)
{
    for (size_t i = 0; i < box->n_edges; i++)
        has_edges[box->edges[i].shape] = true;
    for (size_t i = 0; i < box->n_shapes; i++) {
        const struct arrange_shape *shape = &box->shapes[i];
        if (has_edges[i])
            continue;
        if (shape->winding > 0)
            box->covered |= shape->sets;
        else if (shape->sets == 0)
            *counts = false;
    }
}

/* Forgets shapes that are covered, and those without edges here. */
static enum err_code tidy(struct arrange_box *box, struct arena *arena, bool *counts,
                          struct err *err)
{
    int32_t *renamed = arena_new(arena, int32_t, box->n_shapes);
    bool *has_edges = arena_new(arena, bool, box->n_shapes);
    if (!renamed || !has_edges)
        return err_nomem(err);
    *counts = true;
    look_over(box, has_edges, counts);
    size_t n = 0;
    for (size_t i = 0; i < box->n_shapes; i++) {
        const struct arrange_shape *shape = &box->shapes[i];
        renamed[i] = -1;
        if (!has_edges[i] || (shape->sets != 0 && (shape->sets & ~box->covered) == 0))
            continue;
        renamed[i] = (int32_t)n;
        box->shapes[n++] = *shape;
    }
    box->n_shapes = n;
    size_t n_edges = 0;
    for (size_t i = 0; i < box->n_edges; i++) {
        struct tile_edge edge = box->edges[i];
        edge.shape = renamed[edge.shape];
        if (edge.shape >= 0)
            box->edges[n_edges++] = edge;
    }
    box->n_edges = n_edges;
    return ERR_OK;
}

/* ---- halving ---- */

static int64_t divided(int64_t a, int64_t b)
{
    int64_t doubled = 2 * a + (b < 0 ? -b : b) * ((a < 0) == (b < 0) ? 1 : -1);
    return doubled / (2 * b);
}

/* Two halves on their way. The second has the reference points that the winding is changed
 * for where an edge lies between the first's and the second's. */
struct halves {
    struct tile_edges first;
    struct tile_edges second;
    struct arrange_shape *second_shapes;
};

/* East of x = middle. Between the reference points, walking east just north of y 0. */
static void turn_east(struct halves *halves, const struct tile_edge *edge, int32_t middle)
{
    bool foot_a = edge->ay == 0 && edge->by > 0;
    bool foot_b = edge->by == 0 && edge->ay > 0;
    int32_t x = foot_a ? edge->ax : edge->bx;
    if ((foot_a || foot_b) && x > 0 && x <= middle)
        halves->second_shapes[edge->shape].winding += foot_a ? -edge->sign : edge->sign;
}

static enum err_code split_at_x(struct halves *halves, const struct tile_edge *edge, int32_t middle,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct tile_edge west = *edge;
    struct tile_edge east = *edge;
    bool is_west = edge->ax < middle;
    bool is_east = edge->bx > middle || edge->ax >= middle;
    if (is_west && is_east) {
        int64_t y = edge->ay + divided((int64_t)(middle - edge->ax) * (edge->by - edge->ay),
                                       (int64_t)edge->bx - edge->ax);
        west.bx = east.ax = middle;
        west.by = east.ay = (int32_t)y;
    }
    if (is_west) {
        turn_east(halves, &west, middle);
        TRY(tiles_add_edge(&halves->first, &west, err));
    }
    if (is_east) {
        turn_east(halves, &east, middle);
        east.ax -= middle;
        east.bx -= middle;
        TRY(tiles_add_edge(&halves->second, &east, err));
    }
done:
    return code;
}

/* North of y = middle. Between the reference points, walking north just east of x 0; there an
 * edge that stands on x 0 is met at the height where it stands, a little more or less. */
static void turn_north(struct halves *halves, const struct tile_edge *edge, int32_t middle)
{
    bool starts_on = edge->ax == 0 && edge->bx > 0;
    bool rises = edge->by > edge->ay;
    bool above_first = edge->ay > 0 || rises;
    bool below_second = edge->ay < middle || (edge->ay == middle && !rises);
    if (starts_on && above_first && below_second)
        halves->second_shapes[edge->shape].winding += edge->sign;
}

static enum err_code split_at_y(struct halves *halves, const struct tile_edge *edge, int32_t middle,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    bool rises = edge->by > edge->ay;
    int32_t low = rises ? edge->ay : edge->by;
    int32_t high = rises ? edge->by : edge->ay;
    struct tile_edge pieces[2] = {*edge, *edge}; /* from a on, to b */
    size_t n = 1;
    if (low < middle && high > middle) {
        int64_t x = edge->ax + divided((int64_t)(middle - edge->ay) * (edge->bx - edge->ax),
                                       (int64_t)edge->by - edge->ay);
        pieces[0].bx = pieces[1].ax = (int32_t)x;
        pieces[0].by = pieces[1].ay = middle;
        n = 2;
    }
    for (size_t i = 0; i < n; i++) {
        struct tile_edge *piece = &pieces[i];
        turn_north(halves, piece, middle);
        if (piece->ay < middle || piece->by < middle) {
            TRY(tiles_add_edge(&halves->first, piece, err));
        } else {
            piece->ay -= middle;
            piece->by -= middle;
            TRY(tiles_add_edge(&halves->second, piece, err));
        }
    }
done:
    return code;
}

static enum err_code solve(struct arranging *arranging, struct arrange_box *box);

static enum err_code halve(struct arranging *arranging, const struct arrange_box *box)
{
    enum err_code code = ERR_OK;
    bool by_x = box->at.width >= box->at.height;
    int32_t middle = (by_x ? box->at.width : box->at.height) / 2;
    struct halves halves = {.first = {.arena = arranging->arena},
                            .second = {.arena = arranging->arena}};
    struct arrange_box first = *box;
    struct arrange_box second = *box;
    size_t bytes = box->n_shapes * sizeof *box->shapes;
    first.shapes = arena_memdup(arranging->arena, box->shapes, bytes);
    second.shapes = arena_memdup(arranging->arena, box->shapes, bytes);
    if (!first.shapes || !second.shapes)
        return err_nomem(arranging->err);
    halves.second_shapes = second.shapes;
    for (size_t i = 0; i < box->n_edges; i++) {
        if (by_x)
            TRY(split_at_x(&halves, &box->edges[i], middle, arranging->err));
        else
            TRY(split_at_y(&halves, &box->edges[i], middle, arranging->err));
    }
    first.edges = halves.first.items;
    first.n_edges = halves.first.n;
    second.edges = halves.second.items;
    second.n_edges = halves.second.n;
    if (by_x) {
        first.at.width = middle;
        second.at.west += middle;
        second.at.width -= middle;
    } else {
        first.at.height = middle;
        second.at.south += middle;
        second.at.height -= middle;
    }
    TRY(solve(arranging, &first));
    TRY(solve(arranging, &second));
done:
    return code;
}

/* ---- a box of few edges ---- */

/* Something that happens along an edge, at t of its length: a shape's winding changes left of
 * it, or another edge begins or ends to run along it. */
struct event {
    double t;
    int32_t shape;
    int32_t winding;
    int32_t along;   /* signed, of an edge that coincides */
    int32_t earlier; /* that edge comes first in the list */
};

/* The state left of an edge, as it is walked. */
struct leaf {
    struct arranging *arranging;
    const struct arrange_box *box;
    int32_t *winding;
    int32_t *along;
    struct event *events;
    size_t n_events;
    uint32_t inside[ARRANGE_SETS]; /* shapes of the set that hold the place */
    uint32_t n_frames;             /* that hold the place */
    uint32_t n_all_frames;
    int32_t earlier;
};

static int64_t cross(int64_t ax, int64_t ay, int64_t bx, int64_t by)
{
    return ax * by - ay * bx;
}

/* What edge f does to the winding just left of the start of edge e and just after it: the way
 * from the reference point goes north beside x 0, then east to there. */
static int32_t turn_at_start(const struct tile_edge *e, const struct tile_edge *f)
{
    int32_t turn = 0;
    int64_t ex = (int64_t)e->bx - e->ax;
    int64_t ey = (int64_t)e->by - e->ay;
    bool tie = ey > 0 || (ey == 0 && ex > 0); /* the place is above its own height */
    bool above_a = e->ay > f->ay || (e->ay == f->ay && tie);
    bool above_b = e->ay > f->by || (e->ay == f->by && tie);
    if (f->ax == 0 && above_a && (f->ay > 0 || f->by > f->ay))
        turn += f->sign;
    if (above_a == above_b)
        return turn;
    int64_t fx = (int64_t)f->bx - f->ax;
    int64_t fy = (int64_t)f->by - f->ay;
    int64_t side = cross(fx, fy, (int64_t)e->ax - f->ax, (int64_t)e->ay - f->ay);
    if (side == 0)
        side = cross(fx, fy, ex, ey);
    if (side == 0)
        side = fx * ex + fy * ey;
    if (above_a && side < 0) /* f rises, and the place lies east of it */
        turn -= f->sign;
    if (above_b && side > 0)
        turn += f->sign;
    return turn;
}

static void add_event(struct leaf *leaf, const struct event *event)
{
    leaf->events[leaf->n_events++] = *event;
}

/* Where along e, an edge of the box or a side of it, f begins or ends to run beside it. */
static void add_coincidence(struct leaf *leaf, const struct tile_edge *e, const struct tile_edge *f,
                            bool earlier)
{
    double ex = (double)e->bx - e->ax;
    double ey = (double)e->by - e->ay;
    bool by_x = fabs(ex) >= fabs(ey);
    double from = by_x ? ((double)f->ax - e->ax) / ex : ((double)f->ay - e->ay) / ey;
    double to = by_x ? ((double)f->bx - e->ax) / ex : ((double)f->by - e->ay) / ey;
    if (!(from < 1 && to > 0))
        return;
    struct event begins = {max_of(from, 0), f->shape, 0, f->sign, earlier};
    struct event ends = {min_of(to, 1), f->shape, 0, -f->sign, -(int32_t)earlier};
    add_event(leaf, &begins);
    add_event(leaf, &ends);
}

static void add_crossing(struct leaf *leaf, const struct tile_edge *e, const struct tile_edge *f,
                         bool earlier)
{
    int64_t ex = (int64_t)e->bx - e->ax;
    int64_t ey = (int64_t)e->by - e->ay;
    int64_t side_a = cross(ex, ey, (int64_t)f->ax - e->ax, (int64_t)f->ay - e->ay);
    int64_t side_b = cross(ex, ey, (int64_t)f->bx - e->ax, (int64_t)f->by - e->ay);
    if (side_a == 0 && side_b == 0) {
        add_coincidence(leaf, e, f, earlier);
        return;
    }
    if ((side_a > 0) == (side_b > 0))
        return; /* both left of e, or both on it or right */
    int64_t fx = (int64_t)f->bx - f->ax;
    int64_t fy = (int64_t)f->by - f->ay;
    int64_t whole = cross(ex, ey, fx, fy);
    int64_t part = cross((int64_t)f->ax - e->ax, (int64_t)f->ay - e->ay, fx, fy);
    bool to_left = whole < 0; /* e comes to the left of f */
    if (whole < 0) {
        whole = -whole;
        part = -part;
    }
    if (part <= 0 || part >= whole)
        return;
    struct event event = {(double)part / (double)whole, f->shape, to_left ? f->sign : -f->sign, 0,
                          0};
    add_event(leaf, &event);
}

static void set_inside(struct leaf *leaf, int32_t shape, int by)
{
    uint32_t sets = leaf->box->shapes[shape].sets;
    if (sets == 0)
        leaf->n_frames += (uint32_t)by;
    for (size_t i = 0; i < ARRANGE_SETS; i++) {
        if (sets >> i & 1)
            leaf->inside[i] += (uint32_t)by;
    }
}

static void change_winding(struct leaf *leaf, int32_t shape, int32_t by)
{
    bool was = leaf->winding[shape] > 0;
    leaf->winding[shape] += by;
    bool is = leaf->winding[shape] > 0;
    if (was != is)
        set_inside(leaf, shape, is ? 1 : -1);
}

static uint32_t sets_here(const struct leaf *leaf)
{
    uint32_t sets = leaf->box->covered;
    if (leaf->n_frames < leaf->n_all_frames)
        return 0;
    for (size_t i = 0; i < ARRANGE_SETS; i++)
        sets |= (uint32_t)(leaf->inside[i] > 0) << i;
    return sets;
}

/* Sets on the right: without what the edges that run here have on their left. */
static uint32_t sets_right(struct leaf *leaf)
{
    for (size_t i = 0; i < leaf->box->n_shapes; i++) {
        if (leaf->along[i])
            change_winding(leaf, (int32_t)i, -leaf->along[i]);
    }
    uint32_t sets = sets_here(leaf);
    for (size_t i = 0; i < leaf->box->n_shapes; i++) {
        if (leaf->along[i])
            change_winding(leaf, (int32_t)i, leaf->along[i]);
    }
    return sets;
}

static struct tile_at part_way(const struct tile_edge *e, double t)
{
    if (t >= 1)
        return (struct tile_at){e->bx, e->by};
    return (struct tile_at){e->ax + t * ((double)e->bx - e->ax),
                            e->ay + t * ((double)e->by - e->ay)};
}

/* The piece of e from t0 to t1 counts for the sets that are on one side of it alone. A side of
 * the box has nothing on its right. */
static void count_piece(struct leaf *leaf, const struct tile_edge *e, double t0, double t1)
{
    bool is_side = e->shape < 0;
    if (!(t1 > t0) || leaf->earlier > 0)
        return;
    uint32_t left = sets_here(leaf);
    uint32_t right = is_side ? 0 : sets_right(leaf);
    if (left == right)
        return;
    double persons = tile_people_along(leaf->arranging->people, part_way(e, t0), part_way(e, t1));
    for (size_t i = 0; i < ARRANGE_SETS; i++) {
        if ((left ^ right) >> i & 1)
            leaf->arranging->persons[i] += left >> i & 1 ? persons : -persons;
    }
}

static void sort_events(struct event *events, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct event event = events[i];
        size_t at = i;
        for (; at > 0 && event.t < events[at - 1].t; at--)
            events[at] = events[at - 1];
        events[at] = event;
    }
}

static void walk_edge(struct leaf *leaf, const struct tile_edge *e, size_t number)
{
    const struct arrange_box *box = leaf->box;
    memset(leaf->inside, 0, sizeof leaf->inside);
    memset(leaf->along, 0, box->n_shapes * sizeof *leaf->along);
    leaf->n_frames = 0;
    leaf->n_events = 0;
    leaf->earlier = 0;
    for (size_t i = 0; i < box->n_shapes; i++)
        leaf->winding[i] = box->shapes[i].winding;
    for (size_t i = 0; i < box->n_edges; i++) {
        const struct tile_edge *f = &box->edges[i];
        leaf->winding[f->shape] += turn_at_start(e, f);
        if (i != number)
            add_crossing(leaf, e, f, i < number);
    }
    for (size_t i = 0; i < box->n_shapes; i++) {
        if (leaf->winding[i] > 0)
            set_inside(leaf, (int32_t)i, 1);
    }
    if (e->shape >= 0)
        leaf->along[e->shape] += e->sign;
    sort_events(leaf->events, leaf->n_events);
    double t = 0;
    for (size_t i = 0; i < leaf->n_events; i++) {
        const struct event *event = &leaf->events[i];
        count_piece(leaf, e, t, event->t);
        t = max_of(t, event->t);
        leaf->along[event->shape] += event->along;
        leaf->earlier += event->earlier;
        change_winding(leaf, event->shape, event->winding);
    }
    count_piece(leaf, e, t, 1);
}

/* The sides of the box, counter-clockwise from the west one, which counts alone where the grid
 * is geographic. */
static void walk_sides(struct leaf *leaf)
{
    int32_t width = leaf->box->at.width;
    int32_t height = leaf->box->at.height;
    const struct tile_edge sides[4] = {{0, height, 0, 0, -1, 1},
                                       {0, 0, width, 0, -1, 1},
                                       {width, 0, width, height, -1, 1},
                                       {width, height, 0, height, -1, 1}};
    size_t n = tile_people_flat(leaf->arranging->people) ? 1 : 4;
    for (size_t i = 0; i < n; i++)
        walk_edge(leaf, &sides[i], SIZE_MAX);
}

static enum err_code solve_leaf(struct arranging *arranging, const struct arrange_box *box)
{
    enum err_code code = ERR_OK;
    struct arena *arena = arranging->arena;
    struct leaf leaf = {.arranging = arranging, .box = box};
    leaf.winding = arena_new(arena, int32_t, box->n_shapes);
    leaf.along = arena_new(arena, int32_t, box->n_shapes);
    leaf.events = arena_new(arena, struct event, 2 * box->n_edges);
    if (!leaf.winding || !leaf.along || !leaf.events)
        return err_nomem(arranging->err);
    for (size_t i = 0; i < box->n_shapes; i++)
        leaf.n_all_frames += box->shapes[i].sets == 0;
    TRY(tile_people_look(arranging->people, &box->at, arena, arranging->err));
    bool flat = tile_people_flat(arranging->people);
    walk_sides(&leaf);
    for (size_t i = 0; i < box->n_edges; i++) {
        const struct tile_edge *e = &box->edges[i];
        if (!flat || e->ay != e->by)
            walk_edge(&leaf, e, i);
    }
    if (arranging->people->failed)
        code = err_set(arranging->err, ERR_INPUT,
                       "what lies in reach cannot be brought into the CRS of the grid");
done:
    return code;
}

static enum err_code solve(struct arranging *arranging, struct arrange_box *box)
{
    enum err_code code = ERR_OK;
    struct arena_mark mark = arena_mark(arranging->arena);
    bool counts = true;
    TRY(tidy(box, arranging->arena, &counts, arranging->err));
    if (!counts || (box->covered == 0 && box->n_edges == 0))
        goto done;
    if (box->n_edges > MOST_EDGES && box->at.width > SMALLEST_SIDE &&
        box->at.height > SMALLEST_SIDE)
        TRY(halve(arranging, box));
    else
        TRY(solve_leaf(arranging, box));
done:
    arena_rewind(arranging->arena, mark);
    return code;
}

enum err_code arrange_persons(const struct arrange_question *question, double persons[ARRANGE_SETS],
                              struct err *err)
{
    struct arena_mark mark = arena_mark(question->arena);
    struct arranging arranging = {question->people, question->arena, persons, err};
    struct arrange_box box = {
        .at = {question->tile, 0, 0, (int32_t)TILE_UNITS, (int32_t)TILE_UNITS},
        .n_shapes = question->n_shapes,
        .n_edges = question->n_edges,
        .covered = question->covered};
    memset(persons, 0, ARRANGE_SETS * sizeof *persons);
    box.shapes =
        arena_memdup(question->arena, question->shapes, question->n_shapes * sizeof *box.shapes);
    box.edges =
        arena_memdup(question->arena, question->edges, question->n_edges * sizeof *box.edges);
    enum err_code code = box.shapes && box.edges ? solve(&arranging, &box) : err_nomem(err);
    arena_rewind(question->arena, mark);
    return code;
}
