#include "tiler/grid/simplify.h"

#include <math.h>
#include <string.h>

/* ---- where lines meet ---- */

/* A place and the two places next to it on the first line that was seen there. */
struct place {
    struct plane_point at, low, high; /* low before high */
    bool taken, node;
};

struct places {
    struct place *slots;
    uint32_t mask;
};

static int compare(struct plane_point a, struct plane_point b)
{
    if (a.x != b.x)
        return a.x < b.x ? -1 : 1;
    return a.y < b.y ? -1 : a.y > b.y;
}

static struct place *find(const struct places *places, struct plane_point at)
{
    uint64_t hash = ((uint64_t)(uint32_t)at.x << 32 | (uint32_t)at.y) *
                    UINT64_C(0x9E3779B97F4A7C15); /* 2^64 over the golden ratio */
    uint32_t slot = (uint32_t)(hash >> 32) & places->mask;
    while (places->slots[slot].taken && compare(places->slots[slot].at, at) != 0)
        slot = (slot + 1) & places->mask;
    return &places->slots[slot];
}

static void pass_by(const struct places *places, struct plane_point at, struct plane_point before,
                    struct plane_point after)
{
    bool ordered = compare(before, after) < 0;
    struct plane_point low = ordered ? before : after, high = ordered ? after : before;
    struct place *place = find(places, at);
    if (!place->taken)
        *place = (struct place){at, low, high, true, false};
    else if (compare(place->low, low) != 0 || compare(place->high, high) != 0)
        place->node = true;
}

static bool is_closed(const struct chains *chains, uint32_t start, uint32_t end)
{
    return end - start > 2 && compare(chains->points[start], chains->points[end - 1]) == 0;
}

static enum err_code find_nodes(const struct chains *chains, struct arena *scratch,
                                struct places *places, struct err *err)
{
    uint32_t n_points = chains->n ? chains->ends[chains->n - 1] : 0;
    uint32_t n_slots = 64;
    while (n_slots < UINT32_C(1) << 31 && n_slots / 2 < n_points)
        n_slots *= 2;
    places->mask = n_slots - 1;
    places->slots = arena_new(scratch, struct place, n_slots);
    if (!places->slots)
        return err_nomem(err);
    for (uint32_t c = 0, start = 0; c < chains->n; start = chains->ends[c++]) {
        uint32_t end = chains->ends[c];
        const struct plane_point *p = chains->points;
        if (end - start < 2)
            continue;
        bool closed = is_closed(chains, start, end);
        for (uint32_t i = start + 1; i + 1 < end; i++)
            pass_by(places, p[i], p[i - 1], p[i + 1]);
        if (closed) {
            pass_by(places, p[start], p[end - 2], p[start + 1]);
        } else {
            pass_by(places, p[start], p[start], p[start + 1]);
            pass_by(places, p[end - 1], p[end - 2], p[end - 1]);
        }
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
            if (find(places, points[i])->node) {
                first = i;
                break;
            }
    }
    uint32_t from = first, last = closed ? first + n : n - 1;
    stretch.zooms[first] = 0;
    for (uint32_t i = first + 1; i <= last; i++) {
        uint32_t at = i >= n ? i - n : i;
        if (i < last && !find(places, points[at])->node)
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
