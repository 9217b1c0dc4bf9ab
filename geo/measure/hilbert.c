#include "geo/measure/hilbert.h"

enum { HILBERT_BITS = 16 };

/* Place of the square (x, y) on Hilbert's curve through 2^16 x 2^16 squares. Without a branch:
 * which quarter it is cannot be foretold. */
static uint32_t hilbert(uint32_t x, uint32_t y)
{
    uint32_t place = 0;
    for (int bit = HILBERT_BITS - 1; bit >= 0; bit--) {
        uint32_t right = (x >> bit) & 1;
        uint32_t upper = (y >> bit) & 1;
        place = (place << 2) | ((3 * right) ^ upper);
        /* A lower quarter is turned so that its curve starts where ours does: both are inverted on
         * the right, and change places. */
        uint32_t turn = upper - 1, invert = turn & (0 - right);
        uint32_t swap = (x ^ y) & turn;
        x ^= swap ^ invert;
        y ^= swap ^ invert;
    }
    return place;
}

static uint32_t quantise(double value, double low, double high)
{
    double last = (1 << HILBERT_BITS) - 1;
    double place = high > low ? (value - low) / (high - low) * last : 0;
    if (!(place > 0)) /* NaN too: the middle of an infinite box */
        return 0;
    return place < last ? (uint32_t)place : (uint32_t)last;
}

struct keyed {
    uint32_t key;
    uint32_t item;
};

/* Sorts by key and keeps the order of equal keys; other has room for as many. */
static void sort_by_key(struct keyed *items, struct keyed *other, uint32_t n)
{
    for (unsigned shift = 0; shift < 32; shift += 8) {
        uint32_t starts[257] = {0};
        for (uint32_t i = 0; i < n; i++)
            starts[((items[i].key >> shift) & 255) + 1]++;
        for (int i = 0; i < 256; i++)
            starts[i + 1] += starts[i];
        for (uint32_t i = 0; i < n; i++)
            other[starts[(items[i].key >> shift) & 255]++] = items[i];
        struct keyed *swap = items;
        items = other;
        other = swap;
    }
}

enum err_code hilbert_order(const struct lonlat *places, uint32_t n, struct arena *arena,
                            uint32_t **order, uint32_t *n_order, struct err *err)
{
    *order = arena_new(arena, uint32_t, n);
    struct arena_mark mark = arena_mark(arena);
    struct keyed *keyed = arena_new(arena, struct keyed, n);
    struct keyed *other = arena_new(arena, struct keyed, n);
    if (!*order || !keyed || !other)
        return err_nomem(err);
    struct box all = box_empty();
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++)
        if (!isnan(places[i].lon_deg) && !isnan(places[i].lat_deg)) {
            all = box_union(all, box_of_points(&places[i], 1));
            keyed[count++].item = i;
        }
    for (uint32_t k = 0; k < count; k++) {
        struct lonlat at = places[keyed[k].item];
        keyed[k].key = hilbert(quantise(at.lon_deg, all.west_deg, all.east_deg),
                               quantise(at.lat_deg, all.south_deg, all.north_deg));
    }
    sort_by_key(keyed, other, count);
    for (uint32_t k = 0; k < count; k++)
        (*order)[k] = keyed[k].item;
    *n_order = count;
    arena_rewind(arena, mark);
    return ERR_OK;
}
