#include "tiler/grid/simplify.h"

#include <math.h>
#include <string.h>

/* ---- where lines meet ---- */

/* A place and the two places next to it on the first line that was seen there. */
struct place {
    struct plane_point at, low, high; /* low before high */
    bool node;
};

/* By a hash; `tag` is bits of it that are not in the number of the slot. */
struct slot {
    uint32_t tag, place; /* 1 more; 0: free */
};

struct places {
    const struct plane_point *points;
    struct place *all; /* in the order in which they were first seen */
    uint32_t n;
    uint32_t *of; /* of each point, but for those of lines of two and the last of a ring */
    struct slot *slots;
    uint32_t mask;
};

static int compare(struct plane_point a, struct plane_point b)
{
    if (a.x != b.x)
        return a.x < b.x ? -1 : 1;
    return a.y < b.y ? -1 : a.y > b.y;
}

static uint64_t hash_of(struct plane_point at)
{
    return ((uint64_t)(uint32_t)at.x << 32 | (uint32_t)at.y) *
           UINT64_C(0x9E3779B97F4A7C15); /* 2^64 over the golden ratio */
}

/* The slot of a place, or the free one where it would stand. */
static struct slot *find(const struct places *places, struct plane_point at)
{
    uint64_t hash = hash_of(at);
    uint32_t tag = (uint32_t)hash, slot = (uint32_t)(hash >> 32) & places->mask;
    for (;; slot = (slot + 1) & places->mask) {
        struct slot *one = &places->slots[slot];
        if (one->place == 0 ||
            (one->tag == tag && compare(places->all[one->place - 1].at, at) == 0))
            return one;
    }
}

/* Slots lie all over memory: they are fetched while others are looked at. */
static inline void look_ahead(const struct places *places, uint32_t i, uint32_t end)
{
    static const uint32_t step = 12;
    if (i + step < end)
        __builtin_prefetch(
            &places->slots[(uint32_t)(hash_of(places->points[i + step]) >> 32) & places->mask]);
}

static void compare_neighbours(struct place *place, struct plane_point before,
                               struct plane_point after)
{
    bool ordered = compare(before, after) < 0;
    struct plane_point low = ordered ? before : after, high = ordered ? after : before;
    if (compare(place->low, low) != 0 || compare(place->high, high) != 0)
        place->node = true;
}

static void pass_by(struct places *places, uint32_t i, struct plane_point before,
                    struct plane_point after)
{
    struct plane_point at = places->points[i];
    struct slot *slot = find(places, at);
    if (slot->place == 0) {
        bool ordered = compare(before, after) < 0;
        places->all[places->n++] =
            (struct place){at, ordered ? before : after, ordered ? after : before, false};
        *slot = (struct slot){(uint32_t)hash_of(at), places->n};
    } else {
        compare_neighbours(&places->all[slot->place - 1], before, after);
    }
    places->of[i] = slot->place - 1;
}

static bool is_closed(const struct chains *chains, uint32_t start, uint32_t end)
{
    return end - start > 2 && compare(chains->points[start], chains->points[end - 1]) == 0;
}

static bool is_node(const struct places *places, uint32_t i)
{
    return places->all[places->of[i]].node;
}

/* Room for the places of n points, of n_all. */
static enum err_code make_room(struct places *places, uint32_t n, uint32_t n_all,
                               struct arena *scratch, struct err *err)
{
    uint32_t n_slots = 64;
    while (n_slots < UINT32_C(1) << 31 && n_slots / 4 < n / 3)
        n_slots *= 2;
    places->mask = n_slots - 1;
    places->slots = arena_new(scratch, struct slot, n_slots);
    places->all = arena_new(scratch, struct place, n);
    places->of = arena_new(scratch, uint32_t, n_all);
    return places->slots && places->all && places->of ? ERR_OK : err_nomem(err);
}

/* Lines of two points are not thinned: they matter where they meet others alone. */
static void pass_pair(const struct places *places, uint32_t start)
{
    const struct plane_point *p = &places->points[start];
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t place = find(places, p[i])->place;
        if (place != 0)
            compare_neighbours(&places->all[place - 1], p[0], p[1]);
    }
}

static enum err_code find_nodes(const struct chains *chains, struct arena *scratch,
                                struct places *places, struct err *err)
{
    uint32_t n_all = chains->n ? chains->ends[chains->n - 1] : 0, n = 0;
    for (uint32_t c = 0, start = 0; c < chains->n; start = chains->ends[c++])
        n += chains->ends[c] - start > 2 ? chains->ends[c] - start : 0;
    *places = (struct places){.points = chains->points};
    enum err_code code = make_room(places, n, n_all, scratch, err);
    if (code != ERR_OK)
        return code;
    for (uint32_t c = 0, start = 0; c < chains->n; start = chains->ends[c++]) {
        uint32_t end = chains->ends[c];
        const struct plane_point *p = chains->points;
        if (end - start < 3)
            continue;
        for (uint32_t i = start + 1; i + 1 < end; i++) {
            look_ahead(places, i, n_all);
            pass_by(places, i, p[i - 1], p[i + 1]);
        }
        if (is_closed(chains, start, end)) {
            pass_by(places, start, p[end - 2], p[start + 1]);
        } else {
            pass_by(places, start, p[start], p[start + 1]);
            pass_by(places, end - 1, p[end - 2], p[end - 1]);
        }
    }
    for (uint32_t c = 0, start = 0; c < chains->n; start = chains->ends[c++]) {
        look_ahead(places, start, n_all);
        if (n > 0 && chains->ends[c] - start == 2)
            pass_pair(places, start);
    }
    return ERR_OK;
}

/* ---- thinning ---- */

/* A stretch of a chain: points at first, first + step ... of a ring of n, count of them. */
struct stretch {
    const struct plane_point *points;
    uint8_t *zooms;
    uint32_t n; /* of the ring, its last point left out; of a line: all */
    uint32_t first, count;
    bool back;
};

static uint32_t index_of(const struct stretch *stretch, uint32_t i)
{
    uint32_t at = stretch->first + (stretch->back ? stretch->count - 1 - i : i);
    return at >= stretch->n ? at - stretch->n : at;
}

/* The least zoom of which three eighths of a pixel are shorter than this. */
static uint8_t zoom_of(double distance)
{
    int exponent;
    /* 2^(24 - z) units a pixel: 3/8 2^(24 - z) < distance. */
    double share = frexp(distance / 1.5, &exponent); /* share 2^exponent, 0.5 <= share < 1 */
    if (!(distance > 0))
        return SIMPLIFY_FULL;
    int zoom = 22 - (share > 0.5 ? exponent - 1 : exponent - 2);
    return (uint8_t)(zoom < 0 ? 0 : zoom > SIMPLIFY_FULL ? SIMPLIFY_FULL : zoom);
}

static double squared_distance(struct plane_point p, struct plane_point a, struct plane_point b)
{
    double dx = (double)b.x - a.x, dy = (double)b.y - a.y;
    double px = (double)p.x - a.x, py = (double)p.y - a.y;
    double length = dx * dx + dy * dy, along = px * dx + py * dy;
    if (length > 0 && along > 0) {
        if (along >= length) {
            px -= dx;
            py -= dy;
        } else {
            double across = px * dy - py * dx;
            return across * across / length;
        }
    }
    return px * px + py * py;
}

struct piece {
    uint32_t low, high;
    uint8_t zoom; /* at which its ends are needed */
};

/* The pieces still to do lie on a stack; the larger half first keeps it short. */
static void thin(const struct stretch *stretch, uint8_t zoom)
{
    struct piece stack[64];
    size_t depth = 0;
    stack[depth++] = (struct piece){0, stretch->count - 1, zoom};
    while (depth > 0) {
        struct piece piece = stack[--depth];
        while (piece.high - piece.low > 1) {
            struct plane_point a = stretch->points[index_of(stretch, piece.low)];
            struct plane_point b = stretch->points[index_of(stretch, piece.high)];
            double most = -1;
            uint32_t far = piece.low + 1;
            for (uint32_t i = piece.low + 1; i < piece.high; i++) {
                double d = squared_distance(stretch->points[index_of(stretch, i)], a, b);
                if (d > most) {
                    most = d;
                    far = i;
                }
            }
            uint8_t needed = zoom_of(sqrt(most));
            if (needed < piece.zoom)
                needed = piece.zoom;
            stretch->zooms[index_of(stretch, far)] = needed;
            struct piece left = {piece.low, far, needed}, right = {far, piece.high, needed};
            bool left_larger = far - piece.low > piece.high - far;
            stack[depth++] = left_larger ? left : right;
            piece = left_larger ? right : left;
        }
    }
}

/* Between two nodes, from the lesser end on: the same for every shape that passes here. */
static void thin_stretch(struct stretch stretch)
{
    struct plane_point a = stretch.points[index_of(&stretch, 0)];
    struct plane_point b = stretch.points[index_of(&stretch, stretch.count - 1)];
    int order = compare(a, b);
    if (order == 0 && stretch.count > 2)
        order = compare(stretch.points[index_of(&stretch, 1)],
                        stretch.points[index_of(&stretch, stretch.count - 2)]);
    stretch.back = order > 0;
    thin(&stretch, 0);
}

static void thin_chain(const struct chains *chains, const struct places *places, uint32_t start,
                       uint32_t end, uint8_t *zooms)
{
    const struct plane_point *points = chains->points + start;
    bool closed = is_closed(chains, start, end);
    uint32_t n = closed ? end - start - 1 : end - start;
    struct stretch stretch = {.points = points, .zooms = zooms + start, .n = n};
    uint32_t first = 0;
    if (closed) { /* begins at a node, else at its least point */
        for (uint32_t i = 1; i < n; i++)
            if (compare(points[i], points[first]) < 0)
                first = i;
        for (uint32_t i = 0; i < n; i++)
            if (is_node(places, start + i)) {
                first = i;
                break;
            }
    }
    uint32_t from = first, last = closed ? first + n : n - 1;
    stretch.zooms[first] = 0;
    for (uint32_t i = first + 1; i <= last; i++) {
        uint32_t at = i >= n ? i - n : i;
        if (i < last && !is_node(places, start + at))
            continue;
        stretch.zooms[at] = 0;
        stretch.first = from;
        stretch.count = i - from + 1;
        thin_stretch(stretch);
        from = i;
    }
    if (closed)
        zooms[end - 1] = zooms[start];
}

enum err_code simplify_zooms(const struct chains *chains, struct arena *scratch, uint8_t *zooms,
                             struct err *err)
{
    enum err_code code = ERR_OK;
    struct places places;
    TRY(find_nodes(chains, scratch, &places, err));
    for (uint32_t c = 0, start = 0; c < chains->n; start = chains->ends[c++]) {
        if (chains->ends[c] - start < 3)
            memset(zooms + start, 0, chains->ends[c] - start);
        else
            thin_chain(chains, &places, start, chains->ends[c], zooms);
    }
done:
    return code;
}
