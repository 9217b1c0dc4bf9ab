#include "tiler/draw/quantise.h"

#include <stdlib.h>
#include <string.h>

/* Pictures of the map have some hundreds of colours. Past MOST_COLOURS new ones are counted at
 * 4 bits a channel, which median cut could hardly tell apart anyway: there are 18,496 such
 * premultiplied colours, so that the table always has a free slot. */
enum { SLOTS = 1 << 16, MOST_COLOURS = 45000 };

struct colour_count {
    uint32_t colour; /* premultiplied */
    uint32_t count;  /* 0: the slot is free */
    uint32_t index;  /* in the palette, once it stands */
};

struct box {
    uint32_t start, end; /* of the colours in `order` */
    double spread;       /* weighted variance along the widest axis, times its weight */
    int axis;
};

/* Sums over the colours that an entry stands for. */
struct entry_sums {
    double weight, channels[4];
};

struct quantiser {
    struct colour_count slots[SLOTS];
    uint32_t used[SLOTS]; /* slots in the order in which colours came */
    uint32_t n_used;
    struct box boxes[PALETTE_COLOURS];
    uint32_t n_exact; /* the first so many entries are one colour each, and stay it */
    /* Entries as the search for the nearest reads them: premultiplied channels. */
    int32_t channels[4][PALETTE_COLOURS];
    struct entry_sums sums[PALETTE_COLOURS];
};

struct quantiser *quantiser_new(void)
{
    return calloc(1, sizeof(struct quantiser));
}

void quantiser_free(struct quantiser *quantiser)
{
    free(quantiser);
}

static inline uint32_t slot_of(struct quantiser *q, uint32_t colour)
{
    uint32_t at = (colour * UINT32_C(2654435761)) >> 16; /* Knuth's multiplicative hash */
    while (q->slots[at].count && q->slots[at].colour != colour)
        at = (at + 1) & (SLOTS - 1);
    return at;
}

static uint32_t coarse(uint32_t colour)
{
    uint32_t high = colour & UINT32_C(0xF0F0F0F0);
    return high | high >> 4;
}

static uint32_t count_slot(struct quantiser *q, uint32_t colour)
{
    if (q->n_used >= MOST_COLOURS)
        colour = coarse(colour);
    uint32_t at = slot_of(q, colour);
    if (q->slots[at].count == 0) {
        if (q->n_used >= SLOTS - 1) /* only pixels that are not premultiplied get here */
            return q->used[0];
        q->slots[at] = (struct colour_count){.colour = colour};
        q->used[q->n_used++] = at;
    }
    return at;
}

static inline int channel(uint32_t colour, int axis)
{
    return (int)(colour >> (8 * axis) & 0xFF);
}

/* The mean and the widest axis of a box of colours. */
static void measure(struct quantiser *q, struct box *box)
{
    box->spread = -1;
    if (box->end - box->start < 2)
        return;
    for (int axis = 0; axis < 4; axis++) {
        double weight = 0, sum = 0, squares = 0;
        for (uint32_t i = box->start; i < box->end; i++) {
            const struct colour_count *c = &q->slots[q->used[i]];
            double value = channel(c->colour, axis);
            weight += c->count;
            sum += c->count * value;
            squares += c->count * value * value;
        }
        double spread = squares - sum * sum / weight;
        if (spread > box->spread) {
            box->spread = spread;
            box->axis = axis;
        }
    }
}

/* Splits a box at the weighted mean of its widest axis; keeps the order of colours. */
static void split(struct quantiser *q, struct box *box, struct box *other)
{
    double weight = 0, sum = 0;
    for (uint32_t i = box->start; i < box->end; i++) {
        const struct colour_count *c = &q->slots[q->used[i]];
        weight += c->count;
        sum += (double)c->count * channel(c->colour, box->axis);
    }
    double mean = sum / weight;
    uint32_t low = box->start, high = box->end;
    while (low < high) {
        if (channel(q->slots[q->used[low]].colour, box->axis) <= mean) {
            low++;
        } else {
            uint32_t swap = q->used[low];
            q->used[low] = q->used[--high];
            q->used[high] = swap;
        }
    }
    *other = (struct box){.start = low, .end = box->end};
    box->end = low;
    measure(q, box);
    measure(q, other);
}

static int by_count(const void *a, const void *b, void *context)
{
    const struct quantiser *q = context;
    const struct colour_count *p = &q->slots[*(const uint32_t *)a];
    const struct colour_count *r = &q->slots[*(const uint32_t *)b];
    if (p->count != r->count)
        return p->count < r->count ? 1 : -1;
    return p->colour < r->colour ? -1 : p->colour > r->colour;
}

/* Boxes of colours, one an entry of the palette. */
static uint32_t make_boxes(struct quantiser *q, size_t n_pixels)
{
    q->n_exact = 0;
    if (q->n_used <= PALETTE_COLOURS) {
        for (uint32_t i = 0; i < q->n_used; i++)
            q->boxes[i] = (struct box){.start = i, .end = i + 1, .spread = -1};
        return q->n_used;
    }
    /* What fills a 500th of the picture stays exact: plain areas, where an error shows. */
    qsort_r(q->used, q->n_used, sizeof q->used[0], by_count, q);
    uint32_t n = 0;
    while (n < PALETTE_COLOURS / 8 && q->slots[q->used[n]].count >= n_pixels / 500 + 1) {
        q->boxes[n] = (struct box){.start = n, .end = n + 1, .spread = -1};
        n++;
    }
    q->n_exact = n;
    q->boxes[n] = (struct box){.start = n, .end = q->n_used};
    measure(q, &q->boxes[n++]);
    while (n < PALETTE_COLOURS) {
        uint32_t widest = 0;
        for (uint32_t i = 1; i < n; i++)
            if (q->boxes[i].spread > q->boxes[widest].spread)
                widest = i;
        if (q->boxes[widest].spread <= 0)
            break;
        split(q, &q->boxes[widest], &q->boxes[n]);
        n++;
    }
    return n;
}

/* ---- entries ---- */

static void clear_sums(struct quantiser *q, uint32_t n)
{
    memset(q->sums, 0, n * sizeof q->sums[0]);
}

static void add_to_sums(struct quantiser *q, const struct colour_count *c)
{
    struct entry_sums *sums = &q->sums[c->index];
    sums->weight += c->count;
    for (int axis = 0; axis < 4; axis++)
        sums->channels[axis] += (double)c->count * channel(c->colour, axis);
}

/* Moves every entry to the mean of its colours; one without colours stays. */
static void set_means(struct quantiser *q, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        for (int axis = 0; axis < 4 && q->sums[i].weight > 0; axis++)
            q->channels[axis][i] = (int32_t)(q->sums[i].channels[axis] / q->sums[i].weight + 0.5);
}

static uint32_t nearest(const struct quantiser *q, uint32_t n, uint32_t colour)
{
    int32_t distances[PALETTE_COLOURS];
    int32_t r = channel(colour, 0), g = channel(colour, 1), b = channel(colour, 2),
            a = channel(colour, 3);
    for (uint32_t i = 0; i < n; i++) {
        int32_t dr = q->channels[0][i] - r, dg = q->channels[1][i] - g, db = q->channels[2][i] - b,
                da = q->channels[3][i] - a;
        distances[i] = dr * dr + dg * dg + db * db + da * da;
    }
    uint32_t best = 0;
    for (uint32_t i = 1; i < n; i++)
        if (distances[i] < distances[best])
            best = i;
    return best;
}

/* Gives every colour an entry: the box that it is in, then twice the nearest mean (Lloyd's
 * iteration, which halves what median cut leaves wrong). */
static void assign(struct quantiser *q, uint32_t n_boxes)
{
    clear_sums(q, n_boxes);
    for (uint32_t i = 0; i < n_boxes; i++) {
        for (uint32_t k = q->boxes[i].start; k < q->boxes[i].end; k++) {
            q->slots[q->used[k]].index = i;
            add_to_sums(q, &q->slots[q->used[k]]);
        }
    }
    set_means(q, n_boxes);
    for (int round = 0; round < 2 && q->n_used > n_boxes; round++) {
        clear_sums(q, n_boxes);
        for (uint32_t k = 0; k < q->n_used; k++) {
            struct colour_count *c = &q->slots[q->used[k]];
            if (k >= q->n_exact)
                c->index = nearest(q, n_boxes, c->colour);
            /* An exact colour stays exact: what joins it does not move it. */
            if (k < q->n_exact || c->index >= q->n_exact)
                add_to_sums(q, c);
        }
        set_means(q, n_boxes);
    }
}

struct entry {
    uint32_t straight;
    uint32_t box;
};

/* An entry as straight colour. */
static uint32_t straight_of(const struct quantiser *q, uint32_t i)
{
    uint32_t a = (uint32_t)q->channels[3][i], out = a << 24;
    for (int axis = 0; axis < 3 && a > 0; axis++) {
        uint32_t straight = ((uint32_t)q->channels[axis][i] * 255 + a / 2) / a;
        out |= (straight > 255 ? 255 : straight) << (8 * axis);
    }
    return out;
}

/* Transparent ones first, which keeps tRNS short; then by value, so that the palette does
 * not depend on where in the picture a colour came first. */
static int by_alpha(const void *a, const void *b)
{
    const struct entry *p = a, *q = b;
    if (p->straight != q->straight)
        return p->straight < q->straight ? -1 : 1;
    return 0;
}

/* Writes the entries in order; rank[i] is where entry i went. */
static void write_palette(const struct quantiser *q, uint32_t n, struct palette *palette,
                          uint8_t rank[PALETTE_COLOURS])
{
    struct entry entries[PALETTE_COLOURS];
    for (uint32_t i = 0; i < n; i++)
        entries[i] = (struct entry){straight_of(q, i), i};
    qsort(entries, n, sizeof entries[0], by_alpha);
    *palette = (struct palette){0};
    for (uint32_t i = 0; i < n; i++) {
        if (i == 0 || entries[i].straight != entries[i - 1].straight) {
            for (int axis = 0; axis < 4; axis++)
                palette->rgba[palette->n][axis] = (uint8_t)channel(entries[i].straight, axis);
            if (palette->rgba[palette->n][3] < 255)
                palette->n_transparent = palette->n + 1;
            palette->n++;
        }
        rank[entries[i].box] = (uint8_t)(palette->n - 1);
    }
}

void quantise(struct quantiser *q, const uint32_t *pixels, size_t n, struct palette *palette,
              uint8_t *indices)
{
    q->n_used = 0;
    for (size_t i = 0; i < n;) {
        size_t run = 1;
        while (i + run < n && pixels[i + run] == pixels[i])
            run++;
        q->slots[count_slot(q, pixels[i])].count += (uint32_t)run;
        i += run;
    }
    bool full = q->n_used >= MOST_COLOURS;
    uint32_t n_boxes = make_boxes(q, n);
    uint8_t rank[PALETTE_COLOURS];
    assign(q, n_boxes);
    write_palette(q, n_boxes, palette, rank);
    uint32_t before = 0, index = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || pixels[i] != before) {
            before = pixels[i];
            uint32_t at = slot_of(q, before);
            if (full && q->slots[at].count == 0)
                at = slot_of(q, coarse(before));
            index = rank[q->slots[at].index];
        }
        indices[i] = (uint8_t)index;
    }
    for (uint32_t i = 0; i < q->n_used; i++)
        q->slots[q->used[i]].count = 0;
}
