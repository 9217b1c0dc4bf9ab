#include "tiler/draw/boxes.h"

#include <stdbool.h>
#include <stdlib.h>

enum { MOST_BOXES = 1024, CHANNELS = 4 };

/* Items order[start .. end - 1]. */
struct box {
    uint32_t start, end;
    uint8_t low[CHANNELS], high[CHANNELS];
    uint64_t weight, sums[CHANNELS];
    double spread; /* squares of what colours differ, along the axis where that is most */
    int axis;
};

struct packing {
    struct item *items;
    uint32_t *order;
    struct box boxes[MOST_BOXES];
    uint32_t n;
};

static inline uint32_t channel(uint32_t colour, int axis)
{
    return colour >> (8 * axis) & 0xFF;
}

static inline const struct item *item_at(const struct packing *p, uint32_t i)
{
    return &p->items[p->order[i]];
}

static void fit(const struct packing *p, struct box *box)
{
    uint64_t squares[CHANNELS] = {0};
    *box = (struct box){.start = box->start, .end = box->end};
    for (int axis = 0; axis < CHANNELS; axis++)
        box->low[axis] = 255;
    for (uint32_t i = box->start; i < box->end; i++) {
        const struct item *item = item_at(p, i);
        box->weight += item->count;
        for (int axis = 0; axis < CHANNELS; axis++) {
            uint32_t value = channel(item->colour, axis);
            box->low[axis] = (uint8_t)(value < box->low[axis] ? value : box->low[axis]);
            box->high[axis] = (uint8_t)(value > box->high[axis] ? value : box->high[axis]);
            box->sums[axis] += (uint64_t)value * item->count;
            squares[axis] += (uint64_t)value * value * item->count;
        }
    }
    for (int axis = 0; axis < CHANNELS; axis++) {
        double sum = (double)box->sums[axis];
        double spread = (double)squares[axis] - sum * sum / (double)box->weight;
        if (spread > box->spread) {
            box->spread = spread;
            box->axis = axis;
        }
    }
}

/* What is less than `threshold` stays in the box, the rest goes to a new one. */
static void split(struct packing *p, struct box *box, int axis, uint32_t threshold)
{
    uint32_t low = box->start, high = box->end;
    while (low < high) {
        if (channel(item_at(p, low)->colour, axis) < threshold) {
            low++;
        } else {
            uint32_t swap = p->order[low];
            p->order[low] = p->order[--high];
            p->order[high] = swap;
        }
    }
    struct box *other = &p->boxes[p->n++];
    *other = (struct box){.start = low, .end = box->end};
    box->end = low;
    fit(p, box);
    fit(p, other);
}

/* Until no edge is longer than 2 * limit. False: too many boxes. */
static bool pack(struct packing *p, uint32_t limit)
{
    uint32_t length = 2 * limit + 1;
    for (uint32_t i = 0; i < p->n;) {
        struct box *box = &p->boxes[i];
        int axis = 0;
        for (int k = 1; k < CHANNELS; k++)
            if (box->high[k] - box->low[k] > box->high[axis] - box->low[axis])
                axis = k;
        uint32_t lengths = ((uint32_t)(box->high[axis] - box->low[axis]) + length) / length;
        if (lengths < 2) {
            i++;
            continue;
        }
        if (p->n == MOST_BOXES)
            return false;
        split(p, box, axis, box->low[axis] + lengths / 2 * length);
    }
    return true;
}

static int heavier_first(const void *a, const void *b)
{
    const struct box *p = a, *q = b;
    if (p->weight != q->weight)
        return p->weight > q->weight ? -1 : 1;
    return p->start < q->start ? -1 : p->start > q->start;
}

/* Cuts boxes where colours differ most, at their mean, until there are enough. */
static void spend(struct packing *p, uint32_t most_entries)
{
    while (p->n < most_entries) {
        struct box *widest = &p->boxes[0];
        for (uint32_t i = 1; i < p->n; i++)
            if (p->boxes[i].spread > widest->spread)
                widest = &p->boxes[i];
        int axis = widest->axis;
        if (widest->low[axis] == widest->high[axis])
            return;
        split(p, widest, axis, (uint32_t)(widest->sums[axis] / widest->weight) + 1);
    }
}

/* The colour that most of the box has, else its mean; moved until it is near to all of it. */
static uint32_t colour_of(const struct packing *p, const struct box *box, uint32_t limit)
{
    const struct item *largest = item_at(p, box->start);
    uint32_t colour = 0;
    for (uint32_t i = box->start + 1; i < box->end; i++)
        if (item_at(p, i)->count > largest->count)
            largest = item_at(p, i);
    for (int axis = 0; axis < CHANNELS; axis++) {
        uint32_t value = (uint32_t)((box->sums[axis] + box->weight / 2) / box->weight);
        if ((uint64_t)largest->count * 2 > box->weight)
            value = channel(largest->colour, axis);
        if (value + limit < box->high[axis])
            value = box->high[axis] - limit;
        if (value > box->low[axis] + limit)
            value = box->low[axis] + limit;
        colour |= value << (8 * axis);
    }
    return colour;
}

static uint32_t nearest(uint32_t colour, const uint32_t *colours, uint32_t n)
{
    uint32_t best = 0, least = UINT32_MAX;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t squares = 0;
        for (int axis = 0; axis < CHANNELS; axis++) {
            int32_t d = (int32_t)channel(colour, axis) - (int32_t)channel(colours[i], axis);
            squares += (uint32_t)(d * d);
        }
        if (squares < least) {
            least = squares;
            best = i;
        }
    }
    return best;
}

uint32_t boxes_palette(struct item *items, uint32_t n, uint32_t *order,
                       const struct boxes_wanted *wanted, uint32_t *colours)
{
    struct packing p = {.items = items, .order = order, .n = 1};
    if (n == 0)
        return 0;
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    p.boxes[0] = (struct box){.start = 0, .end = n};
    fit(&p, &p.boxes[0]);
    if (!pack(&p, wanted->limit))
        return 0;
    qsort(p.boxes, p.n, sizeof *p.boxes, heavier_first);
    uint32_t all = p.n;
    uint64_t over = 0;
    while (p.n > wanted->most_entries) {
        over += p.boxes[p.n - 1].weight;
        if (over > wanted->most_over)
            return 0;
        p.n--;
    }
    if (all == p.n) /* with boxes given up there is nothing left over */
        spend(&p, wanted->most_entries);
    for (uint32_t i = 0; i < p.n; i++) {
        colours[i] = colour_of(&p, &p.boxes[i], wanted->limit);
        for (uint32_t k = p.boxes[i].start; k < p.boxes[i].end; k++)
            items[order[k]].entry = i;
    }
    for (uint32_t i = p.n; i < all; i++)
        for (uint32_t k = p.boxes[i].start; k < p.boxes[i].end; k++)
            items[order[k]].entry = nearest(items[order[k]].colour, colours, p.n);
    return p.n;
}
