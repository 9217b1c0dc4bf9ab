#include "tiler/draw/groups.h"

#include "tiler/draw/quantise.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* Bins have the five high bits of each channel. More than these are never made of 256 x 256
     * pixels; a larger picture's last ones become one. */
    MOST_BINS = 1 << 15,
    SLOTS_BITS = 16,
    FEW_ITEMS = 10000, /* of the colours of a map, fewer slots are enough */
    FEW_SLOTS_BITS = 14,
    WIDTHS = 16, /* in a row; and as many rows */
};

typedef float quad __attribute__((vector_size(16)));

/* Colours that agree in the high bits of every channel, while they are counted. */
struct tally {
    uint64_t even, odd; /* sums of channels 0 and 2, 1 and 3: one a half */
    uint32_t count;
    uint32_t colour; /* the one that most of it has, if one has more than half */
    uint32_t votes;  /* for it, less those against */
};

/* The same while they are put into groups. */
struct bin {
    quad mean;
    float count;
    uint32_t id; /* of its tally */
};

/* A group of bins: part of the array. */
struct group {
    uint32_t start, end;
    int axis;
    quad mean;
    float weight;
    float spread; /* along the axis: how much is won by cutting */
};

struct groups {
    uint16_t slots[1 << SLOTS_BITS]; /* the number of a key, by its hash; 0xFFFF: none */
    uint32_t keys[MOST_BINS + 1];
    struct tally tallies[MOST_BINS];
    struct bin bins[MOST_BINS];
    uint32_t n_bins;
    struct group all[PALETTE_COLOURS];
    /* How wide each group is, and the widest of each row of them; of equal ones the first is the
     * widest. 0: cannot be cut. */
    uint64_t widths[PALETTE_COLOURS], widest[PALETTE_COLOURS / WIDTHS];
    uint8_t entry_of[MOST_BINS];
};

struct groups *groups_new(void)
{
    return calloc(1, sizeof(struct groups));
}

void groups_free(struct groups *groups)
{
    free(groups);
}

/* ---- counting ---- */

static inline uint32_t key_of(uint32_t colour)
{
    return (colour >> 3 & 0x1F) | (colour >> 6 & 0x3E0) | (colour >> 9 & 0x7C00) |
           (colour >> 12 & 0xF8000);
}

/* The number of a key, given to it if it is new: the next one is made in any case, and a free slot
 * has a higher number than it, so that there is no branch. If there is no further one, the last. */
static inline uint32_t find_key(struct groups *g, uint32_t key, int bits, uint32_t *n_bins)
{
    uint32_t mask = (UINT32_C(1) << bits) - 1, next = *n_bins;
    g->keys[next] = key;
    for (uint32_t at = (key * UINT32_C(2654435761)) >> (32 - bits);; at = (at + 1) & mask) {
        uint32_t bin = g->slots[at] < next ? g->slots[at] : next;
        if (g->keys[bin] != key)
            continue;
        if (bin == MOST_BINS)
            return MOST_BINS - 1;
        g->slots[at] = (uint16_t)bin;
        *n_bins = next + (bin == next);
        return bin;
    }
}

static void count_item(struct tally *tally, const struct item *item)
{
    uint32_t colour = item->colour, count = item->count;
    uint64_t even = colour & 0xFF00FF, odd = colour >> 8 & 0xFF00FF;
    tally->count += count;
    tally->even += ((even & 0xFF) | (even & 0xFF0000) << 16) * count;
    tally->odd += ((odd & 0xFF) | (odd & 0xFF0000) << 16) * count;
    if (tally->colour == colour) {
        tally->votes += count;
    } else if (tally->votes < count) {
        tally->colour = colour;
        tally->votes = count - tally->votes;
    } else {
        tally->votes -= count;
    }
}

static void count_items(struct groups *g, struct item *items, uint32_t n)
{
    int bits = n <= FEW_ITEMS ? FEW_SLOTS_BITS : SLOTS_BITS;
    uint32_t n_bins = 0;
    memset(g->slots, 0xFF, sizeof *g->slots << bits);
    for (uint32_t i = 0; i < n; i++)
        items[i].bin = find_key(g, key_of(items[i].colour), bits, &n_bins);
    memset(g->tallies, 0, n_bins * sizeof *g->tallies);
    for (uint32_t i = 0; i < n; i++)
        count_item(&g->tallies[items[i].bin], &items[i]);
    g->n_bins = n_bins;
    for (uint32_t i = 0; i < g->n_bins; i++) {
        const struct tally *tally = &g->tallies[i];
        quad sums = {(float)(uint32_t)tally->even, (float)(uint32_t)tally->odd,
                     (float)(tally->even >> 32), (float)(tally->odd >> 32)};
        float count = (float)tally->count;
        g->bins[i] = (struct bin){.mean = sums / count, .count = count, .id = i};
    }
}

/* ---- cutting ---- */

static void measure(const struct groups *g, struct group *group)
{
    quad sums = {0}, squares = {0};
    float weight = 0;
    for (uint32_t i = group->start; i < group->end; i++) {
        const struct bin *bin = &g->bins[i];
        quad part = bin->mean * bin->count;
        weight += bin->count;
        sums += part;
        squares += part * bin->mean;
    }
    group->mean = sums / weight;
    group->weight = weight;
    quad spread = squares - sums * group->mean;
    float most = spread[0];
    int at = 0;
#pragma GCC unroll 3
    for (int axis = 1; axis < 4; axis++) { /* so that hardly a branch is made of it */
        at = spread[axis] > most ? axis : at;
        most = spread[axis] > most ? spread[axis] : most;
    }
    group->axis = at;
    group->spread = group->end - group->start > 1 ? most : -1;
}

/* Cuts at the mean of the widest axis; the upper half goes to `other`. */
static void cut(struct groups *g, struct group *group, struct group *other)
{
    uint32_t low = group->start;
    float mean = group->mean[group->axis];
    int axis = group->axis;
    /* Every bin is swapped with the first of the upper ones, and stays with the lower ones if it is
     * one: no branch that is wrong half of the time. */
    for (uint32_t i = low; i < group->end; i++) {
        struct bin bin = g->bins[i];
        g->bins[i] = g->bins[low];
        g->bins[low] = bin;
        low += bin.mean[axis] <= mean;
    }
    if (low == group->end || low == group->start)
        low = (group->start + group->end) / 2; /* equal but for rounding */
    *other = (struct group){.start = low, .end = group->end};
    group->end = low;
    measure(g, group);
    measure(g, other);
}

static inline uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static inline uint64_t most_of(const uint64_t *widths)
{
    uint64_t a = 0, b = 0;
#pragma GCC unroll 4
    for (int i = 0; i < WIDTHS; i += 4) {
        a = most(a, most(widths[i], widths[i + 1]));
        b = most(b, most(widths[i + 2], widths[i + 3]));
    }
    return most(a, b);
}

/* Which group is the widest cannot be foreseen: two rows of numbers are looked through without a
 * branch, which takes less time than a heap. */
static void note_width(struct groups *g, uint32_t group)
{
    uint32_t bits;
    float spread = g->all[group].spread + 0.0F; /* not -0 */
    memcpy(&bits, &spread, sizeof bits);        /* of no float below 0, in the order of floats */
    g->widths[group] = spread < 0 ? 0 : ((uint64_t)bits + 1) << 8 | (PALETTE_COLOURS - 1 - group);
    g->widest[group / WIDTHS] = most_of(g->widths + group - group % WIDTHS);
}

static uint32_t cut_all(struct groups *g)
{
    uint32_t n = 1;
    memset(g->widths, 0, sizeof g->widths);
    memset(g->widest, 0, sizeof g->widest);
    g->all[0] = (struct group){.start = 0, .end = g->n_bins};
    measure(g, &g->all[0]);
    note_width(g, 0);
    for (; n < PALETTE_COLOURS; n++) {
        uint64_t widest = most_of(g->widest);
        if (widest == 0)
            break;
        uint32_t group = PALETTE_COLOURS - 1 - (uint32_t)(widest & 0xFF);
        cut(g, &g->all[group], &g->all[n]);
        note_width(g, group);
        note_width(g, n);
    }
    return n;
}

/* The colour of a group: that of more than half of its pixels, so that areas of one colour
 * keep it; else the mean. */
static uint32_t colour_of(const struct groups *g, const struct group *group)
{
    const struct tally *largest = &g->tallies[g->bins[group->start].id];
    uint32_t colour = 0;
    for (uint32_t i = group->start + 1; i < group->end; i++) {
        const struct tally *tally = &g->tallies[g->bins[i].id];
        if (tally->votes > largest->votes)
            largest = tally;
    }
    if ((float)largest->votes * 2 > group->weight)
        return largest->colour;
    for (int axis = 0; axis < 4; axis++)
        colour |= (uint32_t)(group->mean[axis] + 0.5F) << (8 * axis);
    return colour;
}

uint32_t groups_cut(struct groups *g, struct item *items, uint32_t n, uint32_t *colours)
{
    count_items(g, items, n);
    uint32_t n_groups = cut_all(g);
    for (uint32_t i = 0; i < n_groups; i++) {
        colours[i] = colour_of(g, &g->all[i]);
        for (uint32_t k = g->all[i].start; k < g->all[i].end; k++)
            g->entry_of[g->bins[k].id] = (uint8_t)i;
    }
    for (uint32_t i = 0; i < n; i++)
        items[i].entry = g->entry_of[items[i].bin];
    return n_groups;
}
