#include "tiler/draw/thin.h"

#include <endian.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    HALF_PX = FIXED_ONE / 2,
    /* Segments up to this long each way, 1/256 px, are followed by multiplication alone; longer
     * ones are cut. */
    LONGEST = 1 << 22,
    SLOPES = 16, /* classes of 0 to 45 degrees by their tangent */
    PLACES = 32, /* of a line's middle in a pixel */
    /* Pixels across a line in one pattern, and how many of them lie before its middle: at most
     * (1.5 + 0.5) * sqrt(2) pixels are reached. */
    ACROSS = 8,
    BEFORE = 3,
    MARGIN_PX = 8, /* of rows and columns on their low side, so that no pattern is cut */
};

struct thin_pen {
    int32_t half; /* of the width, 1/256 px */
    int32_t past[SLOPES];
    uint32_t patterns[SLOPES][PLACES];
};

/* ---- life ---- */

static size_t stride_of(uint32_t size_px)
{
    return size_px / 2 + MARGIN_PX / 2 + sizeof(uint64_t);
}

void thin_taken(struct thin *thin)
{
    thin->reach = (struct thin_box){INT64_MAX, INT64_MAX, -1, -1};
}

enum err_code thin_begin(struct thin *thin, uint32_t size_px, struct err *err)
{
    if (size_px > thin->room_px) {
        free(thin->rows);
        free(thin->columns);
        thin->room_px = 0;
        thin->rows = calloc(size_px, stride_of(size_px));
        thin->columns = calloc(size_px, stride_of(size_px));
        if (!thin->rows || !thin->columns)
            return err_nomem(err);
        thin->room_px = size_px;
    } else if (size_px != thin->size_px || thin->reach.left <= thin->reach.right) {
        /* What lies in the margins of one size is inside the other; or a picture was left. */
        memset(thin->rows, 0, thin->room_px * stride_of(thin->room_px));
        memset(thin->columns, 0, thin->room_px * stride_of(thin->room_px));
    }
    thin->size_px = size_px;
    thin->stride = stride_of(size_px);
    thin_taken(thin);
    return ERR_OK;
}

void thin_release(struct thin *thin)
{
    for (int i = 0; i < THIN_PENS; i++)
        free(thin->pens[i]);
    free(thin->rows);
    free(thin->columns);
    *thin = (struct thin){.size_px = 0};
}

/* ---- pens ---- */

/* Cosine of a slope's class. */
static double flatness(int slope)
{
    double tangent = (slope + 0.5) / SLOPES;
    return 1 / sqrt(1 + tangent * tangent);
}

/* The pixels across a line whose middle lies `place` after the low side of pixel BEFORE. */
static uint32_t pattern_of(double half_px, double flat, double place)
{
    uint32_t pattern = 0;
    for (int i = 0; i < ACROSS; i++) {
        double distance = fabs(i - BEFORE + 0.5 - place) * flat;
        double coverage = fmin(fmax(half_px + 0.5 - distance, 0), fmin(1, 2 * half_px));
        uint32_t steps = (uint32_t)(coverage * THIN_STEPS + 0.5);
        pattern |= ((UINT32_C(1) << steps) - 1) << (4 * i);
    }
    return pattern;
}

static void make_pen(struct thin_pen *pen, double width_px)
{
    pen->half = (int32_t)(width_px * HALF_PX);
    for (int slope = 0; slope < SLOPES; slope++) {
        double flat = flatness(slope);
        /* Half a pixel at least: of two segments one holds the middle of the pixel where they
         * meet. */
        pen->past[slope] = (int32_t)fmax(pen->half * flat, HALF_PX);
        for (int place = 0; place < PLACES; place++)
            pen->patterns[slope][place] = pattern_of(width_px / 2, flat, (place + 0.5) / PLACES);
    }
}

const struct thin_pen *thin_pen(struct thin *thin, double width_px)
{
    if (!(width_px > 0 && width_px <= THIN_MAX_PX))
        return NULL;
    int eighths = (int)lround(width_px * 8);
    if (eighths == 0)
        return NULL;
    struct thin_pen *pen = thin->pens[eighths];
    if (!pen) {
        pen = malloc(sizeof *pen);
        if (!pen)
            return NULL;
        make_pen(pen, eighths / 8.0);
        thin->pens[eighths] = pen;
    }
    return pen;
}

/* ---- segments ---- */

static inline int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

bool thin_reach(struct thin *thin, struct fixed low, struct fixed high)
{
    int64_t last = (int64_t)thin->size_px - 1;
    int64_t left = (low.x >> 8) - BEFORE, right = (high.x >> 8) + BEFORE + 1;
    int64_t top = (low.y >> 8) - BEFORE, bottom = (high.y >> 8) + BEFORE + 1;
    if (left > last || top > last || right < 0 || bottom < 0)
        return false;
    thin->reach.left = least(thin->reach.left, most(left, 0));
    thin->reach.top = least(thin->reach.top, most(top, 0));
    thin->reach.right = most(thin->reach.right, least(right, last));
    thin->reach.bottom = most(thin->reach.bottom, least(bottom, last));
    return true;
}

/* A segment seen along its longer axis, "along"; "across" is the other. */
struct run {
    int64_t from, to; /* along, what it goes on past its ends included */
    int64_t along;    /* a point of it */
    int64_t across;   /* and where that lies */
    int64_t rise;     /* across for along, 32.32 */
    uint32_t slope;   /* class */
    uint8_t *lines;   /* rows of a steep one, columns of a flat one */
};

/* Lays a pattern with its pixel BEFORE at the place. */
static inline void lay(uint8_t *line, uint32_t size_px, int64_t place, const uint32_t *patterns)
{
    uint32_t first = (uint32_t)(int32_t)(place >> 40) + (MARGIN_PX - BEFORE);
    if (first >= size_px + MARGIN_PX)
        return;
    uint64_t pattern = (uint64_t)patterns[place >> 35 & (PLACES - 1)] << (first & 1) * 4, there;
    memcpy(&there, line + first / 2, sizeof there);
    there |= htole64(pattern);
    memcpy(line + first / 2, &there, sizeof there);
}

/* Lines of pixels whose middles lie in the run, or the one where it begins. */
static void draw_run(const struct thin *thin, const struct thin_pen *pen, const struct run *run)
{
    int64_t first = (run->from + HALF_PX - 1) >> 8, end = (run->to + HALF_PX) >> 8;
    if (first >= end) {
        first = run->from >> 8;
        end = first + 1;
    }
    int64_t at = most(first, 0);
    end = least(end, thin->size_px);
    if (at >= end)
        return;
    const uint32_t *patterns = pen->patterns[run->slope];
    uint8_t *line = run->lines + (size_t)at * thin->stride;
    int64_t place =
        run->across * (INT64_C(1) << 32) + (at * FIXED_ONE + HALF_PX - run->along) * run->rise;
    int64_t step = run->rise * FIXED_ONE;
    for (; at < end; at++, line += thin->stride, place += step)
        lay(line, thin->size_px, place, patterns);
}

void thin_segment(struct thin *thin, const struct thin_pen *pen, struct fixed from, struct fixed to,
                  unsigned past)
{
    int64_t reach = pen->half + 2 * FIXED_ONE;
    int64_t end = (int64_t)thin->size_px * FIXED_ONE + reach;
    int64_t dx = to.x - from.x, dy = to.y - from.y;
    if ((from.x < -reach && to.x < -reach) || (from.y < -reach && to.y < -reach) ||
        (from.x > end && to.x > end) || (from.y > end && to.y > end) || (dx == 0 && dy == 0))
        return;
    if (dx > LONGEST || dx < -LONGEST || dy > LONGEST || dy < -LONGEST) {
        struct fixed middle = {from.x + dx / 2, from.y + dy / 2};
        thin_segment(thin, pen, from, middle, past | THIN_PAST_TO);
        thin_segment(thin, pen, middle, to, past | THIN_PAST_FROM);
        return;
    }
    bool steep = llabs(dy) > llabs(dx);
    int64_t along = steep ? dy : dx, across = steep ? dx : dy;
    bool back = along < 0;
    struct run run = {.along = steep ? from.y : from.x,
                      .across = steep ? from.x : from.y,
                      .lines = steep ? thin->rows : thin->columns};
    /* From the lower end on, so that the way back leaves the same. */
    if (back) {
        run.along += along;
        run.across += across;
        along = -along;
        across = -across;
        past = (past & THIN_PAST_FROM ? THIN_PAST_TO : 0u) |
               (past & THIN_PAST_TO ? THIN_PAST_FROM : 0u);
    }
    run.rise = (int64_t)((double)across / (double)along * 4294967296.0);
    uint32_t slope = (uint32_t)(llabs(run.rise) >> 28);
    run.slope = slope < SLOPES ? slope : SLOPES - 1;
    run.from = run.along - (past & THIN_PAST_FROM ? pen->past[run.slope] : 0);
    run.to = run.along + along + (past & THIN_PAST_TO ? pen->past[run.slope] : 0);
    draw_run(thin, pen, &run);
}

void thin_line(struct thin *thin, const struct fixed *points, size_t n, bool closed,
               double width_px)
{
    const struct thin_pen *pen = thin_pen(thin, width_px);
    for (size_t i = 0; pen && i + (closed && n > 2 ? 0 : 1) < n; i++) {
        struct fixed from = points[i], to = points[i + 1 < n ? i + 1 : 0];
        unsigned past =
            (closed || i > 0 ? THIN_PAST_FROM : 0u) | (closed || i + 2 < n ? THIN_PAST_TO : 0u);
        if (thin_reach(thin, (struct fixed){least(from.x, to.x), least(from.y, to.y)},
                       (struct fixed){most(from.x, to.x), most(from.y, to.y)}))
            thin_segment(thin, pen, from, to, past);
    }
}

/* ---- taking ---- */

static inline void swap_parts(uint64_t *a, uint64_t *b, uint64_t mask, int shift)
{
    uint64_t differ = (*a >> shift ^ *b) & mask;
    *b ^= differ;
    *a ^= differ << shift;
}

/* Columns of a block to rows: halves, quarters, eighths and sixteenths change places. */
static void transpose(uint64_t a[THIN_BLOCK_PX])
{
    static const uint64_t masks[] = {0xFFFFFFFF, UINT64_C(0xFFFF0000FFFF),
                                     UINT64_C(0x00FF00FF00FF00FF), UINT64_C(0x0F0F0F0F0F0F0F0F)};
    for (int half = THIN_BLOCK_PX / 2, stage = 0; half > 0; half /= 2, stage++)
        for (int i = 0; i < THIN_BLOCK_PX; i += 2 * half)
            for (int k = i; k < i + half; k++)
                swap_parts(&a[k], &a[k + half], masks[stage], 4 * half);
}

/* As many pixels each of as many lines as a block has; leaves nothing. */
static uint64_t take_lines(uint8_t *from, size_t stride, uint64_t out[THIN_BLOCK_PX])
{
    uint64_t any = 0;
    for (int i = 0; i < THIN_BLOCK_PX; i++) {
        memcpy(&out[i], from + (size_t)i * stride, sizeof out[i]);
        any |= out[i];
    }
    for (int i = 0; any && i < THIN_BLOCK_PX; i++) {
        memset(from + (size_t)i * stride, 0, sizeof out[i]);
        out[i] = le64toh(out[i]);
    }
    return any;
}

bool thin_take(struct thin *thin, uint32_t x, uint32_t y, uint64_t rows[THIN_BLOCK_PX])
{
    size_t stride = thin->stride, block = THIN_BLOCK_PX * stride, margin = MARGIN_PX / 2;
    uint64_t columns[THIN_BLOCK_PX];
    uint64_t steep = take_lines(thin->rows + y * block + margin + x * sizeof *rows, stride, rows);
    uint64_t flat =
        take_lines(thin->columns + x * block + margin + y * sizeof *rows, stride, columns);
    if (flat) {
        transpose(columns);
        for (int i = 0; i < THIN_BLOCK_PX; i++)
            rows[i] |= columns[i];
    }
    return steep || flat;
}
