#include "tiler/draw/raster.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* A pixel covered once sums to 256 (height) x 512 (twice the width): 2^17. */
    SUM_SHIFT = 9,
    /* More than any shape gives to a pixel, and less than a thousandth of what a sum holds. */
    MARKED = 1 << 20,
    /* Edges up to this long each way, 1/256 px, are followed by multiplication alone. */
    SHORT_EDGE = 1 << 22,
    PIECE = 16,                       /* edges that are drawn at once */
    TOUCHED_PX = 64 * RASTER_CELL_PX, /* of a word of bits */
};

/* A bit for each cell of a row's sums. */
static size_t words_of(int32_t width_px)
{
    return ((size_t)width_px + 2 + TOUCHED_PX - 1) / TOUCHED_PX;
}

enum err_code raster_begin(struct raster *raster, int32_t width_px, int32_t height_px,
                           struct err *err)
{
    int32_t room_px = width_px > height_px ? width_px : height_px;
    if (room_px > raster->room_px) {
        size_t stride = (size_t)room_px + 2, rows = (size_t)room_px;
        size_t n_cells = stride / RASTER_CELL_PX + 1;
        raster_release(raster);
        raster->sums = calloc(stride * rows, sizeof *raster->sums);
        raster->touched = calloc(words_of(room_px) * rows, sizeof *raster->touched);
        raster->left = calloc(rows + 1, sizeof *raster->left);
        raster->left_from = calloc(rows + 1, sizeof *raster->left_from);
        raster->spans = malloc((stride + 1) * sizeof *raster->spans);
        raster->pieces = malloc(RASTER_ROWS * (n_cells + 1) * sizeof *raster->pieces);
        raster->edges = malloc(RASTER_ROWS * n_cells * sizeof *raster->edges);
        raster->shares = malloc(RASTER_ROWS * n_cells * RASTER_CELL_PX * sizeof *raster->shares);
        if (!raster->sums || !raster->touched || !raster->left || !raster->left_from ||
            !raster->spans || !raster->pieces || !raster->edges || !raster->shares) {
            raster_release(raster);
            return err_nomem(err);
        }
        raster->room_px = room_px;
    }
    raster->width_px = width_px;
    raster->height_px = height_px;
    raster->words = words_of(width_px);
    raster->left_sum = 0;
    raster->top = INT32_MAX;
    raster->bottom = -1;
    return ERR_OK;
}

void raster_release(struct raster *raster)
{
    free(raster->sums);
    free(raster->touched);
    free(raster->left);
    free(raster->left_from);
    free(raster->spans);
    free(raster->pieces);
    free(raster->edges);
    free(raster->shares);
    *raster = (struct raster){0};
}

static inline void touch_rows(struct raster *raster, int32_t first, int32_t last)
{
    if (first < raster->top)
        raster->top = first;
    if (last > raster->bottom)
        raster->bottom = last;
}

static inline void touch(uint64_t *touched, uint32_t column)
{
    touched[column / TOUCHED_PX] |= UINT64_C(1) << column / RASTER_CELL_PX % 64;
}

/* Adds to one sum, and to that alone: edges that meet add to sums beside each other one right after
 * the other, and a load of two at once would wait until a store of one has left the processor. */
static inline void add(int32_t *sum, int32_t part)
{
    *(volatile int32_t *)sum += part;
}

/* ---- edges left of the picture ---- */

/* Rows from y to end, 1/256 px, inside the picture: covered from column 0 on. */
static void add_left(struct raster *raster, int64_t y, int64_t end, int32_t sign)
{
    int32_t first = (int32_t)(y >> 8), last = (int32_t)((end - 1) >> 8);
    if (first == last) {
        raster->left[first] += sign * (int32_t)(end - y);
    } else {
        raster->left[first] += sign * (int32_t)(FIXED_ONE - (y & 255));
        raster->left_from[first + 1] += sign * FIXED_ONE;
        raster->left_from[last] -= sign * FIXED_ONE;
        raster->left[last] += sign * (int32_t)(end - (int64_t)last * FIXED_ONE);
    }
    touch_rows(raster, first, last);
}

/* ---- edges in it ---- */

/* n * ratio / 2^32, rounded down, of a ratio such as dx / dy in 32.32. */
static inline int64_t scaled(int64_t n, int64_t ratio)
{
    return (n * ratio) >> 32;
}

static inline int64_t scaled_far(int64_t n, int64_t a, int64_t b)
{
    __extension__ typedef __int128 wide;
    wide product = (wide)n * a;
    wide q = product / b;
    return (int64_t)(product % b < 0 ? q - 1 : q);
}

struct slope {
    int64_t dx, dy; /* dy > 0 */
    bool is_short;
    int64_t x_for_y; /* dx / dy in 32.32 */
    int64_t y_for_x; /* dy / |dx|; not of upright ones, which cross no columns */
};

static inline struct slope slope_of(struct fixed from, struct fixed to)
{
    struct slope slope = {.dx = to.x - from.x, .dy = to.y - from.y};
    slope.is_short = slope.dx < SHORT_EDGE && slope.dx > -SHORT_EDGE && slope.dy < SHORT_EDGE;
    if (slope.is_short) {
        int64_t run = slope.dx < 0 ? -slope.dx : slope.dx;
        double height = (double)slope.dy;
        slope.x_for_y = (int64_t)((double)slope.dx / height * 4294967296.0);
        slope.y_for_x = (int64_t)(height / (double)(run | (run == 0)) * 4294967296.0);
    }
    return slope;
}

static inline int64_t x_after(const struct slope *slope, int64_t y)
{
    return slope->is_short ? scaled(y, slope->x_for_y) : scaled_far(y, slope->dx, slope->dy);
}

static inline int64_t y_after(const struct slope *slope, int64_t x)
{
    int64_t run = slope->dx < 0 ? -slope->dx : slope->dx;
    return slope->is_short ? scaled(x, slope->y_for_x) : scaled_far(x, slope->dy, run);
}

/* A piece that crosses columns of one row, from x = left to right, while y moves by height. */
static void add_across(struct raster *raster, int32_t y, const struct slope *slope,
                       const int64_t ends[2], int32_t height, int32_t sign)
{
    int32_t *sums = raster->sums + (size_t)y * ((size_t)raster->width_px + 2);
    uint64_t *touched = raster->touched + (size_t)y * raster->words;
    int64_t left = ends[0], right = ends[1];
    int64_t column = left >> 8, last = right >> 8;
    int32_t done = 0; /* height used up to the left border of the column */
    int64_t x = left;
    if (column < 0) { /* all that lies left of the picture covers its rows from column 0 */
        int64_t part = y_after(slope, -left);
        done = part > height ? height : (int32_t)part;
        sums[0] += sign * done * 512;
        touch(touched, 0);
        column = 0;
        x = 0;
    }
    for (; column < raster->width_px; column++) {
        bool is_last = column == last;
        int64_t border = is_last ? right : (column + 1) * FIXED_ONE;
        int64_t reached = is_last ? height : y_after(slope, border - left);
        reached = reached > height ? height : reached;
        int32_t part = ((int32_t)reached - done) * sign;
        int32_t within = (int32_t)(x + border - column * 512);
        add(&sums[column], part * (512 - within));
        add(&sums[column + 1], part * within);
        touch(touched, (uint32_t)column);
        touch(touched, (uint32_t)column + 1);
        if (is_last)
            break;
        done = (int32_t)reached;
        x = border;
    }
}

/* The piece of an edge inside one row, running from xa to xb while y moves by height. */
static void add_in_row(struct raster *raster, int32_t y, const struct slope *slope,
                       const int64_t x[2], int32_t height, int32_t sign)
{
    const int64_t ends[2] = {x[0] < x[1] ? x[0] : x[1], x[0] < x[1] ? x[1] : x[0]};
    if (ends[1] <= 0)
        raster->left[y] += sign * height;
    else if (ends[0] < (int64_t)raster->width_px * FIXED_ONE)
        add_across(raster, y, slope, ends, height, sign);
}

/* An edge downwards. */
struct edge {
    struct fixed from, to;
    int64_t y, end; /* of what lies between the top and the bottom of the picture */
    int32_t sign;
};

static void add_edge(struct raster *raster, const struct edge *edge)
{
    struct fixed from = edge->from, to = edge->to;
    const struct slope slope = slope_of(from, to);
    int64_t y = edge->y;
    int64_t x[2] = {y == from.y ? from.x : from.x + x_after(&slope, y - from.y), 0};
    while (y < edge->end) {
        int64_t border = (y | 255) + 1;
        int64_t until = border < to.y ? border : to.y;
        x[1] = until == to.y ? to.x : from.x + x_after(&slope, until - from.y);
        add_in_row(raster, (int32_t)(y >> 8), &slope, x, (int32_t)(until - y), edge->sign);
        x[0] = x[1];
        y = until;
    }
}

/* Most edges are short and lie between the left and the right side. */
struct inner {
    int64_t far_x;            /* x where it enters the picture, 32.32 */
    int64_t x_for_y, y_for_x; /* as struct slope has them */
    int32_t y, end, to_y, to_x;
    int32_t sign; /* 0 or -1: what a part is turned round by */
};

static inline struct inner inner_of(const struct edge *edge)
{
    const struct slope slope = slope_of(edge->from, edge->to);
    int64_t above = edge->y - edge->from.y;
    return (struct inner){.far_x = edge->from.x * (INT64_C(1) << 32) + above * slope.x_for_y,
                          .x_for_y = slope.x_for_y,
                          .y_for_x = slope.y_for_x,
                          .y = (int32_t)edge->y,
                          .end = (int32_t)edge->end,
                          .to_y = (int32_t)edge->to.y,
                          .to_x = (int32_t)edge->to.x,
                          .sign = edge->sign >> 1};
}

static inline int32_t least(int64_t a, int32_t b)
{
    return a < b ? (int32_t)a : b;
}

/* With the sign of an edge. */
static inline int32_t turned(int32_t part, int32_t sign)
{
    return (part ^ sign) - sign;
}

/* Of a row. */
struct line {
    int32_t *sums;
    uint64_t *touched;
};

/* A piece that crosses three columns or more. */
static void add_crossing(struct line line, const struct inner *edge, int32_t left, int32_t right,
                         int32_t height)
{
    const int32_t column = left >> 8, last = right >> 8, sign = edge->sign;
    int64_t far_y = (FIXED_ONE - (left & 255)) * edge->y_for_x; /* at the border of the column */
    int32_t done = least(far_y >> 32, height);
    int32_t *sums = line.sums + column;
    int32_t part = turned(done, sign);
    int32_t next = part * (FIXED_ONE + (left & 255)); /* of the column that follows */
    add(sums++, part * 512 - next);
    for (int32_t k = column + 1; k < last; k++) {
        far_y += edge->y_for_x * FIXED_ONE;
        int32_t reached = least(far_y >> 32, height);
        part = turned(reached - done, sign) * FIXED_ONE;
        add(sums++, next + part);
        next = part;
        done = reached;
    }
    part = turned(height - done, sign);
    int32_t beyond = part * (right & 255);
    add(sums, next + part * 512 - beyond);
    add(sums + 1, beyond);
    for (int32_t k = column; k < last + 1; k += RASTER_CELL_PX)
        touch(line.touched, (uint32_t)k);
    touch(line.touched, (uint32_t)last + 1);
}

/* And most of their pieces in one column or in two: these go without asking which. */
static void add_inner(struct raster *raster, const struct inner *edge)
{
    const int64_t y_for_x = edge->y_for_x, x_a_row = edge->x_for_y * FIXED_ONE;
    const int32_t end = edge->end, to_y = edge->to_y, sign = edge->sign;
    const size_t stride = (size_t)raster->width_px + 2, words = raster->words;
    int32_t y = edge->y, border = (y | 255) + 1;
    int32_t x = (int32_t)(edge->far_x >> 32);
    int64_t far_x = edge->far_x + (border - y) * edge->x_for_y; /* at the border of the row */
    int32_t *row = raster->sums + (size_t)(y >> 8) * stride;
    uint64_t *touched = raster->touched + (size_t)(y >> 8) * words;
    for (;; row += stride, touched += words, far_x += x_a_row) {
        bool is_last = border >= to_y;
        int32_t next = is_last ? edge->to_x : (int32_t)(far_x >> 32);
        int32_t height = (is_last ? to_y : border) - y;
        int32_t left = x < next ? x : next, right = x < next ? next : x;
        int32_t column = left >> 8, crossed = (right >> 8) - column;
        x = next;
        if (crossed > 1) {
            add_crossing((struct line){row, touched}, edge, left, right, height);
        } else {
            /* In masks: a compiler that saw a choice would branch, which no processor foresees. */
            int32_t in_first = left & 255, in_last = right & 255;
            int32_t rest = height - (int32_t)scaled(FIXED_ONE - in_first, y_for_x);
            rest &= ~(rest >> 31) & -crossed;
            int32_t first = turned(height - rest, sign), second = turned(rest, sign);
            /* Twice the mean of x in the first column. */
            int32_t within = in_first + (in_last ^ ((in_last ^ FIXED_ONE) & -crossed));
            int32_t part = first * within, beyond = second * in_last;
            int32_t *sums = row + column;
            add(sums, first * 512 - part);
            add(sums + 1, part + second * 512 - beyond);
            add(sums + 2, beyond);
            touch(touched, (uint32_t)column);
            touch(touched, (uint32_t)(column + 1 + crossed));
        }
        if (border >= end)
            break;
        y = border;
        border += FIXED_ONE;
    }
}

/* Whether some of an edge lies between the top and the bottom, and not to the right. */
static inline bool find_edge(const struct raster *raster, struct fixed from, struct fixed to,
                             struct edge *out)
{
    int64_t floor_y = (int64_t)raster->height_px * FIXED_ONE;
    int64_t width = (int64_t)raster->width_px * FIXED_ONE;
    /* In masks: whether an edge goes up no processor foresees. */
    int64_t up = -(int64_t)(to.y < from.y), x = (from.x ^ to.x) & up, y = (from.y ^ to.y) & up;
    int64_t top = from.y ^ y, bottom = to.y ^ y;
    *out = (struct edge){.from = {from.x ^ x, top},
                         .to = {to.x ^ x, bottom},
                         .y = top < 0 ? 0 : top,
                         .end = bottom > floor_y ? floor_y : bottom,
                         .sign = (int32_t)up | 1};
    return out->y < out->end && (from.x < width || to.x < width);
}

void raster_chain(struct raster *raster, const struct fixed *points, size_t n)
{
    struct inner inners[PIECE];
    size_t n_inners = 0;
    int64_t width = (int64_t)raster->width_px * FIXED_ONE;
    int32_t top = INT32_MAX, bottom = -1;
    for (size_t i = 0; i + 1 < n; i++) {
        struct edge edge;
        if (!find_edge(raster, points[i], points[i + 1], &edge))
            continue;
        int64_t low = edge.from.x < edge.to.x ? edge.from.x : edge.to.x;
        int64_t high = edge.from.x < edge.to.x ? edge.to.x : edge.from.x;
        if (high <= 0) {
            add_left(raster, edge.y, edge.end, edge.sign);
            continue;
        }
        int32_t first = (int32_t)(edge.y >> 8), last = (int32_t)((edge.end - 1) >> 8);
        top = first < top ? first : top;
        bottom = last > bottom ? last : bottom;
        if (low < 0 || high >= width || edge.to.y - edge.from.y >= SHORT_EDGE)
            add_edge(raster, &edge);
        else
            inners[n_inners++] = inner_of(&edge);
        /* First what is to be done, then it is done: so each takes the time of its work alone. */
        for (size_t k = 0; n_inners == PIECE && k < PIECE; k++)
            add_inner(raster, &inners[k]);
        n_inners %= PIECE;
    }
    for (size_t k = 0; k < n_inners; k++)
        add_inner(raster, &inners[k]);
    touch_rows(raster, top, bottom);
}

void raster_edge(struct raster *raster, struct fixed from, struct fixed to)
{
    const struct fixed ends[] = {from, to};
    raster_chain(raster, ends, 2);
}

void raster_ring(struct raster *raster, const struct fixed *points, size_t n)
{
    raster_chain(raster, points, n);
    if (n > 2)
        raster_edge(raster, points[n - 1], points[0]);
}

void raster_mark(struct raster *raster, struct fixed point)
{
    int64_t x = point.x >> 8, y = point.y >> 8;
    if (x < 0 || y < 0 || x >= raster->width_px || y >= raster->height_px)
        return;
    int32_t *sums = raster->sums + (size_t)y * ((size_t)raster->width_px + 2);
    uint64_t *touched = raster->touched + (size_t)y * raster->words;
    sums[x] += MARKED;
    sums[x + 1] -= MARKED;
    touch(touched, (uint32_t)x);
    touch(touched, (uint32_t)x + 1);
    touch_rows(raster, (int32_t)y, (int32_t)y);
}

/* ---- reading ---- */

static inline uint32_t coverage_of(int32_t sum)
{
    uint32_t covered = (uint32_t)(sum < 0 ? -sum : sum) >> SUM_SHIFT;
    return covered > FIXED_ONE ? FIXED_ONE : covered;
}

/* What edges left of the picture give to row y. */
static int32_t take_left(struct raster *raster, int32_t y)
{
    raster->left_sum += raster->left_from[y];
    int32_t sum = (raster->left_sum + raster->left[y]) * 512;
    raster->left_from[y] = 0;
    raster->left[y] = 0;
    return sum;
}

/* Leaves no sums in the cell, nor what lies past the right edge. */
static size_t read_spans(struct raster *raster, int32_t *sums, int32_t cell, int32_t *sum, size_t n)
{
    struct span *spans = raster->spans;
    int32_t first = cell * RASTER_CELL_PX, end = first + RASTER_CELL_PX;
    for (int32_t column = first; column < end && column < raster->width_px + 2; column++) {
        uint32_t before = coverage_of(*sum);
        *sum += sums[column];
        sums[column] = 0;
        uint32_t coverage = coverage_of(*sum);
        if (coverage == before || column >= raster->width_px)
            continue;
        if (before && spans[n - 1].first == column)
            n--;
        else if (before)
            spans[n - 1].end = column;
        if (coverage)
            spans[n++] = (struct span){column, raster->width_px, coverage};
    }
    return n;
}

size_t raster_row(struct raster *raster, int32_t y)
{
    int32_t *sums = raster->sums + (size_t)y * ((size_t)raster->width_px + 2);
    uint64_t *touched = raster->touched + (size_t)y * raster->words;
    size_t n = 0;
    int32_t sum = take_left(raster, y);
    uint32_t coverage = coverage_of(sum);
    if (coverage)
        raster->spans[n++] = (struct span){0, raster->width_px, coverage};
    for (size_t word = 0; word < raster->words; word++) {
        uint64_t bits = touched[word];
        touched[word] = 0;
        for (; bits; bits &= bits - 1)
            n = read_spans(raster, sums, (int32_t)(word * 64) + __builtin_ctzll(bits), &sum, n);
    }
    return n;
}

typedef int32_t four __attribute__((vector_size(16)));
typedef uint16_t eight_shares __attribute__((vector_size(16)));

static inline four running_sums(four v)
{
    const four none = {0};
    v += __builtin_shufflevector(none, v, 0, 4, 5, 6);
    return v + __builtin_shufflevector(none, v, 0, 1, 4, 5);
}

static inline four coverages_of(four sums)
{
    four sign = sums >> 31;
    four covered = ((sums ^ sign) - sign) >> SUM_SHIFT, over = covered > FIXED_ONE;
    return (covered & ~over) | (over & FIXED_ONE);
}

/* Running sums of a cell as coverage, from `sum` on; answers the last. Leaves no sums. */
static inline int32_t read_cell(int32_t *sums, int32_t sum, uint16_t *shares)
{
    const four none = {0};
    four low, high;
    memcpy(&low, sums, sizeof low);
    memcpy(&high, sums + 4, sizeof high);
    memcpy(sums, &none, sizeof none);
    memcpy(sums + 4, &none, sizeof none);
    low = running_sums(low) + sum;
    high = running_sums(high) + __builtin_shufflevector(low, low, 3, 3, 3, 3);
    /* Coverages are short: the lower half of each is all of it. */
    eight_shares out =
        __builtin_shufflevector((eight_shares)coverages_of(low), (eight_shares)coverages_of(high),
                                0, 2, 4, 6, 8, 10, 12, 14);
    memcpy(shares, &out, sizeof out);
    return high[3];
}

/* Adds what a row has to the lists. */
static void read_cells(struct raster *raster, int32_t y)
{
    int32_t width = raster->width_px;
    uint32_t n_cells = (uint32_t)width / RASTER_CELL_PX, done = 0;
    int32_t *sums = raster->sums + (size_t)y * ((size_t)width + 2);
    uint64_t *touched = raster->touched + (size_t)y * raster->words;
    struct piece *piece = raster->pieces + raster->n_pieces;
    struct edge_cell *edge = raster->edges + raster->n_edges;
    uint16_t *shares = raster->shares + raster->n_edges * RASTER_CELL_PX;
    int32_t sum = take_left(raster, y);
    for (size_t word = 0; word < raster->words; word++) {
        uint64_t bits = touched[word];
        touched[word] = 0;
        if (word == n_cells / 64) /* what falls past the right edge */
            bits &= (UINT64_C(1) << n_cells % 64) - 1;
        for (; bits; bits &= bits - 1, edge++, shares += RASTER_CELL_PX) {
            uint32_t cell = (uint32_t)word * 64 + (uint32_t)__builtin_ctzll(bits);
            uint32_t coverage = coverage_of(sum);
            if (coverage && cell > done)
                *piece++ = (struct piece){(uint32_t)y, done, cell, coverage};
            *edge = (struct edge_cell){(uint32_t)y, cell};
            sum = read_cell(sums + (size_t)cell * RASTER_CELL_PX, sum, shares);
            done = cell + 1;
        }
    }
    uint32_t coverage = coverage_of(sum);
    if (coverage && done < n_cells)
        *piece++ = (struct piece){(uint32_t)y, done, n_cells, coverage};
    sums[width] = sums[width + 1] = 0;
    raster->n_pieces = (size_t)(piece - raster->pieces);
    raster->n_edges = (size_t)(edge - raster->edges);
}

void raster_cells(struct raster *raster, int32_t first, int32_t last)
{
    raster->n_pieces = raster->n_edges = 0;
    for (int32_t y = first; y <= last; y++)
        read_cells(raster, y);
}

void raster_clean(struct raster *raster)
{
    if (raster->bottom >= 0)
        raster->left_from[raster->bottom + 1] = 0;
    raster->left_sum = 0;
    raster->top = INT32_MAX;
    raster->bottom = -1;
}
