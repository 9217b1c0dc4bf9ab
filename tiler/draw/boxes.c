#include "tiler/draw/boxes.h"

#include <stdlib.h>
#include <string.h>

enum {
    CHANNELS = 4,
    GREEN = 1,
    LEVELS = 256,
    LANES = 4,  /* boxes that are looked at together */
    GAINS = 64, /* classes of what an entry of its own gains a colour, by powers of two */
};
#define GIVEN_UP UINT32_MAX

typedef uint8_t bytes __attribute__((vector_size(16)));
typedef int32_t lanes __attribute__((vector_size(16)));

struct box {
    uint64_t weight, sums[CHANNELS];
    uint32_t low, high; /* of each channel */
    uint32_t heaviest;  /* item */
    bool is_fixed;      /* the colour of that item is the middle */
};

struct boxes {
    /* Boxes that can still grow, their edges side by side; lanes after the last are never near. */
    uint32_t low[BOXES_MOST + LANES], high[BOXES_MOST + LANES];
    uint32_t room[BOXES_MOST + LANES]; /* by how much each edge may grow */
    uint32_t number[BOXES_MOST];
    uint32_t n_open;
    struct box all[BOXES_MOST];
    uint32_t n;
    uint32_t limit;
    uint64_t by_weight[BOXES_MOST]; /* weight, and in the low 16 bits the number */
    uint32_t place[BOXES_MOST];
};

struct boxes *boxes_new(void)
{
    return calloc(1, sizeof(struct boxes));
}

void boxes_free(struct boxes *boxes)
{
    free(boxes);
}

static inline uint32_t channel(uint32_t colour, int axis)
{
    return colour >> (8 * axis) & 0xFF;
}

/* ---- the sweep ---- */

static void sort_by_green(const struct item *items, uint32_t n, uint32_t *order)
{
    uint32_t starts[LEVELS + 1] = {0};
    for (uint32_t i = 0; i < n; i++)
        starts[channel(items[i].colour, GREEN) + 1]++;
    for (uint32_t level = 0; level < LEVELS; level++)
        starts[level + 1] += starts[level];
    for (uint32_t i = 0; i < n; i++)
        order[starts[channel(items[i].colour, GREEN)]++] = i;
}

/* How much a is above b, else 0. */
static inline bytes above(bytes a, bytes b)
{
    return (a - b) & (bytes)(a > b);
}

/* Where in the open boxes the colour is put: the one whose edges grow least in sum, the first of
 * several; n_open if none can hold it. */
static uint32_t best_open(const struct boxes *b, uint32_t colour)
{
    const int32_t none = INT32_MAX;
    lanes least = {none, none, none, none}, at = {0, 1, 2, 3};
    lanes four = {(int32_t)colour, (int32_t)colour, (int32_t)colour, (int32_t)colour};
    bytes wanted = (bytes)four;
    for (uint32_t i = 0; i < b->n_open; i += LANES, at += LANES) {
        bytes low, high, room;
        memcpy(&low, b->low + i, sizeof low);
        memcpy(&high, b->high + i, sizeof high);
        memcpy(&room, b->room + i, sizeof room);
        bytes growth = above(low, wanted) | above(wanted, high);
        lanes is_near = (lanes)(bytes)(growth > room) == 0;
        lanes grown = (lanes)growth;
        lanes sum = (grown & 0xFF00FF) + (grown >> 8 & 0xFF00FF);
        sum = (sum & 0xFFFF) + (sum >> 16);
        lanes key = (((sum << 16) | at) & is_near) | (~is_near & none);
        lanes is_less = key < least;
        least = (key & is_less) | (least & ~is_less);
    }
    int32_t best = least[0];
    for (int i = 1; i < LANES; i++)
        best = least[i] < best ? least[i] : best;
    return best == none ? b->n_open : (uint32_t)best & 0xFFFF;
}

/* Lanes after the last: inside out, so that everything is outside. */
static void end_open(struct boxes *b)
{
    for (uint32_t i = b->n_open; i < b->n_open + LANES; i++) {
        b->low[i] = UINT32_MAX;
        b->high[i] = b->room[i] = 0;
    }
}

/* Those that no later colour can join. */
static void close_passed(struct boxes *b, uint32_t green)
{
    for (uint32_t i = 0; i < b->n_open;) {
        if (channel(b->low[i], GREEN) + 2 * b->limit >= green) {
            i++;
            continue;
        }
        b->all[b->number[i]].low = b->low[i];
        b->all[b->number[i]].high = b->high[i];
        b->n_open--;
        b->low[i] = b->low[b->n_open];
        b->high[i] = b->high[b->n_open];
        b->room[i] = b->room[b->n_open];
        b->number[i] = b->number[b->n_open];
    }
    end_open(b);
}

static void widen(uint32_t *low, uint32_t *high, uint32_t colour)
{
    for (int shift = 0; shift < 32; shift += 8) {
        uint32_t mask = UINT32_C(0xFF) << shift, value = colour & mask;
        if (value < (*low & mask))
            *low = (*low & ~mask) | value;
        if (value > (*high & mask))
            *high = (*high & ~mask) | value;
    }
}

/* A box of one colour; the next of b->all and the last of the open ones. */
static bool open_box(struct boxes *b, uint32_t colour, uint32_t item)
{
    if (b->n == BOXES_MOST)
        return false;
    b->low[b->n_open] = b->high[b->n_open] = colour;
    b->room[b->n_open] = 2 * b->limit * UINT32_C(0x01010101);
    b->number[b->n_open] = b->n;
    b->all[b->n++] = (struct box){.heaviest = item};
    b->n_open++;
    end_open(b);
    return true;
}

/* A box round a colour that is kept: all that is near to it, and it does not grow. */
static bool open_fixed(struct boxes *b, uint32_t colour, uint32_t item)
{
    uint32_t at = b->n_open;
    if (!open_box(b, colour, item))
        return false;
    b->all[b->number[at]].is_fixed = true;
    b->low[at] = b->high[at] = 0;
    for (int axis = 0; axis < CHANNELS; axis++) {
        uint32_t value = channel(colour, axis);
        uint32_t low = value > b->limit ? value - b->limit : 0;
        uint32_t high = value + b->limit < LEVELS ? value + b->limit : LEVELS - 1;
        b->low[at] |= low << (8 * axis);
        b->high[at] |= high << (8 * axis);
    }
    b->room[at] = 0;
    return true;
}

static bool open_all_fixed(struct boxes *b, const struct item *items, uint32_t n,
                           uint32_t kept_count)
{
    for (uint32_t i = 0; i < n; i++)
        if (items[i].count >= kept_count && !open_fixed(b, items[i].colour, i))
            return false;
    return true;
}

static void put(struct boxes *b, struct item *items, uint32_t i, uint32_t at)
{
    struct item *item = &items[i];
    struct box *box = &b->all[b->number[at]];
    item->entry = b->number[at];
    box->weight += item->count;
    if (box->is_fixed)
        return;
    widen(&b->low[at], &b->high[at], item->colour);
    b->room[at] = 2 * b->limit * UINT32_C(0x01010101) - (b->high[at] - b->low[at]);
    if (item->count > items[box->heaviest].count)
        box->heaviest = i;
    for (int axis = 0; axis < CHANNELS; axis++)
        box->sums[axis] += (uint64_t)channel(item->colour, axis) * item->count;
}

uint32_t boxes_cover(struct boxes *b, struct item *items, uint32_t n,
                     const struct boxes_wanted *wanted, uint32_t *order)
{
    uint32_t green = 0;
    b->n = b->n_open = 0;
    b->limit = wanted->limit;
    sort_by_green(items, n, order);
    end_open(b);
    if (!open_all_fixed(b, items, n, wanted->kept_count))
        return 0;
    uint32_t n_fixed = b->n;
    for (uint32_t i = 0; i < n; i++) {
        const struct item *item = &items[order[i]];
        if (channel(item->colour, GREEN) != green) {
            green = channel(item->colour, GREEN);
            close_passed(b, green);
        }
        /* A kept colour is near others, but in its own box. */
        uint32_t at = 0;
        if (item->count >= wanted->kept_count)
            while (b->all[b->number[at]].heaviest != order[i] || b->number[at] >= n_fixed)
                at++;
        else
            at = best_open(b, item->colour);
        if (at == b->n_open && !open_box(b, item->colour, order[i]))
            return 0;
        put(b, items, order[i], at);
    }
    for (uint32_t i = 0; i < b->n_open; i++) {
        b->all[b->number[i]].low = b->low[i];
        b->all[b->number[i]].high = b->high[i];
    }
    return b->n;
}

/* ---- fewer boxes ---- */

static uint32_t square_of_distance(uint32_t a, uint32_t b)
{
    uint32_t squares = 0;
    for (int axis = 0; axis < CHANNELS; axis++) {
        int32_t d = (int32_t)channel(a, axis) - (int32_t)channel(b, axis);
        squares += (uint32_t)(d * d);
    }
    return squares;
}

/* The box whose middle is nearest. */
static uint32_t nearest(const struct boxes *b, uint32_t colour)
{
    uint32_t best = 0, least = UINT32_MAX;
    for (uint32_t i = 0; i < b->n; i++) {
        /* Halves of the bytes, each by itself. */
        uint32_t low = b->all[i].low, high = b->all[i].high;
        uint32_t middle = (low & high) + (((low ^ high) >> 1) & 0x7F7F7F7F);
        uint32_t squares = square_of_distance(colour, middle);
        if (squares < least) {
            least = squares;
            best = i;
        }
    }
    return best;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *p = a, *q = b;
    return *p < *q ? -1 : *p > *q;
}

bool boxes_lighten(struct boxes *b, struct item *items, uint32_t n, uint32_t most,
                   uint64_t most_over)
{
    uint32_t n_less = b->n > most ? b->n - most : 0, n_kept = 0;
    uint64_t over = 0;
    if (n_less == 0)
        return true;
    for (uint32_t i = 0; i < b->n; i++)
        b->by_weight[i] = b->all[i].weight << 16 | i;
    qsort(b->by_weight, b->n, sizeof *b->by_weight, by_value);
    for (uint32_t i = 0; i < n_less; i++)
        over += b->by_weight[i] >> 16;
    if (over > most_over)
        return false;
    for (uint32_t i = 0; i < b->n; i++)
        b->place[b->by_weight[i] & 0xFFFF] = i < n_less ? GIVEN_UP : 0;
    for (uint32_t i = 0; i < b->n; i++) {
        if (b->place[i] == GIVEN_UP)
            continue;
        b->all[n_kept] = b->all[i];
        b->place[i] = n_kept++;
    }
    b->n = n_kept;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t place = b->place[items[i].entry];
        items[i].entry = place == GIVEN_UP ? nearest(b, items[i].colour) : place;
    }
    return true;
}

/* ---- colours ---- */

/* The colour that most of the box has, else its mean; moved until it is near to all of it. No
 * channel is above the alpha, and none of the box is: what is cut off there is no step away. */
static uint32_t colour_of(const struct boxes *b, const struct box *box, const struct item *items)
{
    const struct item *heaviest = &items[box->heaviest];
    uint32_t colour = 0, alpha = 255;
    if (box->is_fixed)
        return heaviest->colour;
    for (int axis = CHANNELS - 1; axis >= 0; axis--) {
        uint32_t value = (uint32_t)((box->sums[axis] + box->weight / 2) / box->weight);
        uint32_t low = channel(box->low, axis), high = channel(box->high, axis);
        if ((uint64_t)heaviest->count * 2 > box->weight)
            value = channel(heaviest->colour, axis);
        if (value + b->limit < high)
            value = high - b->limit;
        if (value > low + b->limit)
            value = low + b->limit;
        if (value > alpha)
            value = alpha;
        if (axis == CHANNELS - 1)
            alpha = value;
        colour |= value << (8 * axis);
    }
    return colour;
}

/* By powers of two, how many squares of levels an entry of its own takes off; -1: nothing. */
static int gain_of(const struct item *item, const uint32_t *colours)
{
    uint64_t gain = (uint64_t)square_of_distance(item->colour, colours[item->entry]) * item->count;
    return gain ? 63 - __builtin_clzll(gain) : -1;
}

uint32_t boxes_colours(struct boxes *b, struct item *items, uint32_t n, uint32_t most_entries,
                       uint32_t least_count, uint32_t *colours)
{
    uint32_t n_entries = b->n, classes[GAINS] = {0}, all = 0;
    int least = GAINS;
    for (uint32_t i = 0; i < b->n; i++)
        colours[i] = colour_of(b, &b->all[i], items);
    if (n_entries >= most_entries)
        return n_entries;
    for (uint32_t i = 0; i < n; i++) {
        int gain = items[i].count >= least_count ? gain_of(&items[i], colours) : -1;
        if (gain >= 0)
            classes[gain]++;
    }
    /* Whole classes from the top, then as many of the next as there is room for. */
    while (least > 0 && all < most_entries - n_entries)
        all += classes[--least];
    uint32_t n_last = least < GAINS && all > most_entries - n_entries
                          ? classes[least] - (all - (most_entries - n_entries))
                          : UINT32_MAX;
    for (uint32_t i = 0; i < n; i++) {
        int gain = items[i].count >= least_count ? gain_of(&items[i], colours) : -1;
        if (gain < 0 || gain < least || (gain == least && n_last == 0))
            continue;
        n_last -= gain == least;
        items[i].entry = n_entries;
        colours[n_entries++] = items[i].colour;
    }
    return n_entries;
}
