#include "tiler/draw/quantise.h"

#include "tiler/draw/boxes.h"
#include "tiler/draw/groups.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* Colours that are found again; further ones are counted run by run, each as a new one. A map
     * has two thousand. */
    MOST_FOUND = 10000,
    SLOTS_BITS = 15,
    SLOTS = 1 << SLOTS_BITS,
    FREE = 0xFFFF,
    MORE_RUNS = 8, /* are written at once where there are fewer */
    /* Of fewer pixels, a colour may be rounded where all colours are written. */
    ROUNDED_BELOW = 32,
    ALONE_FROM = 16,  /* in a palette, a colour of fewer pixels has no entry of its own */
    KEPT_SHARE = 128, /* a colour of this part of a picture is not changed */
};

/* Pixels beside each other that are equal. */
struct run {
    uint32_t start, item;
};

struct quantiser {
    uint16_t slots[SLOTS]; /* the number of a colour's item, by its hash; FREE: none */
    struct item *items;
    uint8_t *index_of; /* what is written for each */
    uint32_t n_items;
    struct run *runs; /* one more than there are, for where the last one ends; and MORE_RUNS */
    size_t n_runs, room, n_pixels;
    uint32_t colours[MOST_FOUND]; /* premultiplied, of each entry */
    struct groups *groups;
    uint32_t order[MOST_FOUND];
    struct boxes *boxes;
    uint32_t n_boxes; /* of the picture at hand; 0: too many */
};

struct quantiser *quantiser_new(void)
{
    struct quantiser *quantiser = calloc(1, sizeof *quantiser);
    if (!quantiser)
        return NULL;
    quantiser->boxes = boxes_new();
    quantiser->groups = groups_new();
    if (quantiser->boxes && quantiser->groups)
        return quantiser;
    quantiser_free(quantiser);
    return NULL;
}

void quantiser_free(struct quantiser *quantiser)
{
    if (quantiser) {
        free(quantiser->items);
        free(quantiser->index_of);
        free(quantiser->runs);
        boxes_free(quantiser->boxes);
        groups_free(quantiser->groups);
    }
    free(quantiser);
}

static bool make_room(struct quantiser *q, size_t n)
{
    if (n <= q->room)
        return true;
    free(q->items);
    free(q->index_of);
    free(q->runs);
    q->items = calloc(n, sizeof *q->items);
    q->index_of = malloc(n);
    q->runs = malloc((n + 1 + MORE_RUNS) * sizeof *q->runs);
    q->room = q->items && q->index_of && q->runs ? n : 0;
    return q->room > 0;
}

/* ---- the colours ---- */

static inline uint32_t slot_of(uint32_t colour)
{
    return colour * UINT32_C(2654435761) >> (32 - SLOTS_BITS); /* Knuth's multiplicative hash */
}

/* The number of a colour where no further one can be found again. */
static uint32_t find_last(const struct quantiser *q, uint32_t colour, uint32_t *n_items)
{
    for (uint32_t at = slot_of(colour); q->slots[at] != FREE; at = (at + 1) % SLOTS)
        if (q->items[q->slots[at]].colour == colour)
            return q->slots[at];
    q->items[*n_items] = (struct item){.colour = colour};
    return (*n_items)++;
}

/* The number of a colour, with its item made if it is new. Most are found where they are looked for
 * first, but which ones are new cannot be foreseen: the next item is made in any case, and a free
 * slot has a higher number than it, so that there is no branch. */
static inline uint32_t find_item(struct quantiser *q, uint32_t colour, uint32_t *n_items)
{
    uint32_t next = *n_items;
    if (next >= MOST_FOUND)
        return find_last(q, colour, n_items);
    q->items[next] = (struct item){.colour = colour};
    for (uint32_t at = slot_of(colour);; at = (at + 1) % SLOTS) {
        uint32_t item = q->slots[at] < next ? q->slots[at] : next;
        if (q->items[item].colour != colour)
            continue;
        q->slots[at] = (uint16_t)item;
        *n_items = next + (item == next);
        return item;
    }
}

/* A bit for each of 32 pixels that differs from the one before it. */
static inline uint32_t changes(const uint32_t *pixels)
{
    typedef uint32_t four __attribute__((vector_size(16)));
    four bit = {1, 2, 4, 8}, bits = {0};
#pragma GCC unroll 8
    for (int i = 0; i < 32; i += 4, bit <<= 4) {
        four here, before;
        memcpy(&here, pixels + i, sizeof here);
        memcpy(&before, pixels + i - 1, sizeof before);
        bits |= (four)(here != before) & bit;
    }
    return bits[0] | bits[1] | bits[2] | bits[3];
}

static inline uint32_t count_bits(uint64_t bits)
{
    bits -= bits >> 1 & UINT64_C(0x5555555555555555);
    bits = (bits & UINT64_C(0x3333333333333333)) + (bits >> 2 & UINT64_C(0x3333333333333333));
    bits = (bits + (bits >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return (uint32_t)(bits * UINT64_C(0x0101010101010101) >> 56);
}

/* Puts down where 64 pixels change; answers how many times. Several at once, more than there are:
 * how often that is to be done can be foreseen, unlike how many bits are set. */
static inline size_t note_changes(const uint32_t *pixels, uint32_t at, struct run *runs)
{
    uint64_t bits = changes(pixels) | (uint64_t)changes(pixels + 32) << 32;
    size_t n = count_bits(bits);
    for (size_t i = 0; i < n; i += MORE_RUNS)
        for (size_t k = i; k < i + MORE_RUNS; k++, bits &= bits - 1)
            runs[k].start = at + (uint32_t)__builtin_ctzll(bits | UINT64_C(1) << 63);
    return n;
}

/* First where they begin, then what they are: each takes the time of its own work alone. */
static void find_runs(struct quantiser *q, const uint32_t *pixels, size_t n)
{
    uint32_t n_items = 0;
    size_t n_runs = 1, i = 1;
    q->runs[0].start = 0;
    for (; i + 64 <= n; i += 64)
        n_runs += note_changes(pixels + i, (uint32_t)i, q->runs + n_runs);
    for (; i < n; i++) {
        q->runs[n_runs].start = (uint32_t)i;
        n_runs += pixels[i] != pixels[i - 1];
    }
    q->runs[n_runs].start = (uint32_t)n;
    memset(q->slots, 0xFF, sizeof q->slots);
    for (size_t k = 0; k < n_runs; k++) {
        struct run *run = &q->runs[k];
        run->item = find_item(q, pixels[run->start], &n_items);
        q->items[run->item].count += run[1].start - run->start;
    }
    q->n_runs = n_runs;
    q->n_items = n_items;
}

/* ---- the palette ---- */

static inline uint32_t channel(uint32_t colour, int axis)
{
    return colour >> (8 * axis) & 0xFF;
}

static inline uint32_t straight_of(uint32_t colour)
{
    uint32_t alpha = colour >> 24, straight = colour & 0xFF000000;
    for (int axis = 0; axis < 3 && alpha; axis++) {
        uint32_t value = (channel(colour, axis) * 255 + alpha / 2) / alpha;
        straight |= (value > 255 ? 255 : value) << (8 * axis);
    }
    return straight;
}

enum { CLASSES = 64 }; /* of how often a colour comes, by halves of powers of two */

/* 0: the most often. */
static inline uint32_t class_of(uint32_t count)
{
    uint32_t high = 31 - (uint32_t)__builtin_clz(count | 1);
    return CLASSES - 1 - 2 * high - (high > 0 ? count >> (high - 1) & 1 : 0);
}

/* Entries that are not opaque first, so that tRNS is short, and of both those first that come
 * most often: then codes of equal length lie side by side, and deflate tells them in few bits.
 * Renumbers the indices. */
static void write_palette(const struct quantiser *q, uint32_t n, struct palette *palette,
                          uint8_t *place)
{
    uint32_t counts[PALETTE_COLOURS] = {0}, starts[2 * CLASSES + 1] = {0};
    uint8_t classes[PALETTE_COLOURS];
    *palette = (struct palette){.n = n};
    for (uint32_t i = 0; i < q->n_items; i++)
        counts[q->items[i].entry] += q->items[i].count;
    for (uint32_t i = 0; i < n; i++) {
        bool is_opaque = q->colours[i] >> 24 == 255;
        classes[i] = (uint8_t)(class_of(counts[i]) + (is_opaque ? CLASSES : 0));
        starts[classes[i] + 1]++;
        palette->n_transparent += !is_opaque;
    }
    for (uint32_t class = 0; class < 2 * CLASSES; class ++)
        starts[class + 1] += starts[class];
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = starts[classes[i]]++, straight = straight_of(q->colours[i]);
        for (int axis = 0; axis < 4; axis++)
            palette->rgba[at][axis] = (uint8_t)channel(straight, axis);
        place[i] = (uint8_t)at;
    }
}

struct difference {
    uint32_t most, sum; /* over the channels */
};

static inline struct difference differ(uint32_t a, uint32_t b)
{
    struct difference out = {0, 0};
#pragma GCC unroll 4
    for (int axis = 0; axis < 4; axis++) {
        uint32_t p = channel(a, axis), q = channel(b, axis), d = p > q ? p - q : q - p;
        out.most = d > out.most ? d : out.most;
        out.sum += d;
    }
    return out;
}

static void find_error(const struct quantiser *q, struct palette_error *error)
{
    size_t n = q->n_pixels;
    uint64_t sum = 0, over = 0;
    *error = (struct palette_error){.largest = 0};
    for (uint32_t i = 0; i < q->n_items; i++) {
        const struct item *item = &q->items[i];
        struct difference d = differ(item->colour, q->colours[item->entry]);
        sum += (uint64_t)d.sum * item->count;
        over += d.most > PALETTE_VISIBLE ? item->count : 0;
        error->largest = d.most > error->largest ? d.most : error->largest;
    }
    error->mean = (double)sum / (double)(4 * n);
    error->share_over = (double)over / (double)n;
}

/* Runs are short: 32 pixels are written at once, and the next run writes over what was too much. */
static void write_indices(struct quantiser *q, const uint8_t *place, uint8_t *indices)
{
    typedef uint32_t many __attribute__((vector_size(32)));
    const struct run *run = q->runs, *last = run + q->n_runs;
    const uint8_t *index_of = q->index_of;
    size_t n = q->n_pixels;
    for (uint32_t i = 0; i < q->n_items; i++)
        q->index_of[i] = place[q->items[i].entry];
    for (; run < last; run++) {
        size_t start = run->start, end = run[1].start;
        uint8_t index = index_of[run->item];
        if (end - start <= sizeof(many) && start + sizeof(many) <= n) {
            many all = (many){0} + index * UINT32_C(0x01010101);
            memcpy(indices + start, &all, sizeof all);
        } else {
            memset(indices + start, index, end - start);
        }
    }
}

static void write_all(struct quantiser *q, uint32_t n_entries, struct palette *palette,
                      uint8_t *indices)
{
    uint8_t place[PALETTE_COLOURS] = {0};
    write_palette(q, n_entries, palette, place);
    write_indices(q, place, indices);
}

/* A picture of at most 256 colours has them all. */
static uint32_t keep_all(struct quantiser *q)
{
    for (uint32_t i = 0; i < q->n_items; i++) {
        q->colours[i] = q->items[i].colour;
        q->items[i].entry = i;
    }
    return q->n_items;
}

bool quantise_take(struct quantiser *q, const uint32_t *pixels, size_t n)
{
    if (!make_room(q, n))
        return false;
    find_runs(q, pixels, n);
    q->n_pixels = n;
    q->n_boxes = 0;
    return true;
}

void quantise_groups(struct quantiser *q, struct palette *palette, uint8_t *indices,
                     struct palette_error *error)
{
    uint32_t n_entries = q->n_items <= PALETTE_COLOURS
                             ? keep_all(q)
                             : groups_cut(q->groups, q->items, q->n_items, q->colours);
    find_error(q, error);
    write_all(q, n_entries, palette, indices);
}

static uint32_t cover(struct quantiser *q, const struct palette_error *most)
{
    const struct boxes_wanted wanted = {PALETTE_VISIBLE, (uint32_t)(q->n_pixels / KEPT_SHARE)};
    uint64_t most_over = (uint64_t)(most->share_over * (double)q->n_pixels);
    if (q->n_items > MOST_FOUND)
        return 0;
    q->n_boxes = boxes_cover(q->boxes, q->items, q->n_items, &wanted, q->order);
    if (q->n_boxes == 0 ||
        !boxes_lighten(q->boxes, q->items, q->n_items, PALETTE_COLOURS, most_over))
        return 0;
    q->n_boxes = 0; /* some may be given up: none for quantise_round */
    return boxes_colours(q->boxes, q->items, q->n_items, PALETTE_COLOURS, ALONE_FROM, q->colours);
}

bool quantise_near(struct quantiser *q, const struct palette_error *most, struct palette *palette,
                   uint8_t *indices, struct palette_error *error)
{
    uint32_t n_entries = q->n_items <= PALETTE_COLOURS ? keep_all(q) : cover(q, most);
    if (n_entries == 0)
        return false;
    find_error(q, error);
    if (error->mean > most->mean || error->share_over > most->share_over)
        return false;
    write_all(q, n_entries, palette, indices);
    return true;
}

/* Four pixels at once: as in write_indices. */
static void write_colours(const struct quantiser *q, uint32_t *straight)
{
    typedef uint32_t four __attribute__((vector_size(16)));
    for (size_t i = 0; i < q->n_runs; i++) {
        size_t at = q->runs[i].start, end = q->runs[i + 1].start;
        uint32_t colour = q->items[q->runs[i].item].colour;
        four colours = (four){0} + colour;
        for (; at < end && at + 4 <= q->n_pixels; at += 4)
            memcpy(straight + at, &colours, sizeof colours);
        for (; at < end; at++)
            straight[at] = colour;
    }
}

void quantise_round(struct quantiser *q, double most_mean, uint32_t *straight,
                    struct palette_error *error)
{
    bool is_rounded = q->n_boxes > 0;
    *error = (struct palette_error){.largest = 0};
    if (is_rounded) {
        boxes_colours(q->boxes, q->items, q->n_items, MOST_FOUND, ROUNDED_BELOW, q->colours);
        find_error(q, error);
        is_rounded = error->mean <= most_mean;
    }
    if (!is_rounded)
        *error = (struct palette_error){.largest = 0};
    for (uint32_t i = 0; i < q->n_items; i++) {
        struct item *item = &q->items[i];
        item->colour = straight_of(is_rounded ? q->colours[item->entry] : item->colour);
    }
    write_colours(q, straight);
}
