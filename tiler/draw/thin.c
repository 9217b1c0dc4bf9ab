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

/* A segment as the pixels along it: rows of a steep one, columns of a flat one. */
struct run {
    uint8_t *line;            /* the first of them, */
    uint32_t n;               /* so many, */
    const uint32_t *patterns; /* of the slope; */
    uint64_t place, step;     /* where the middle lies across them, 24.40, and how that goes on */
};

/* A piece of a chain whose segments are drawn at once. */
enum { PIECE = 16 };
struct chain {
    const struct fixed *points;
    size_t n;
    unsigned past;
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

static inline void draw_run(const struct thin *thin, const struct run *run)
{
    uint64_t place = run->place;
    uint8_t *line = run->line;
    for (uint32_t i = 0; i < run->n; i++, line += thin->stride, place += run->step)
        lay(line, thin->size_px, (int64_t)place, run->patterns);
}

/* Whether any of a segment may be seen. */
static inline bool is_near(const struct thin *thin, const struct thin_pen *pen, struct fixed from,
                           struct fixed to)
{
    int64_t reach = pen->half + 2 * FIXED_ONE;
    int64_t end = (int64_t)thin->size_px * FIXED_ONE + reach;
    /* All four at once: below zero where any of them is. */
    int64_t room = (most(from.x, to.x) + reach) | (most(from.y, to.y) + reach) |
                   (end - least(from.x, to.x)) | (end - least(from.y, to.y));
    return room >= 0;
}

/* `a` if the mask has all bits, `b` if it has none. */
static inline int64_t either(int64_t mask, int64_t a, int64_t b)
{
    return b ^ ((a ^ b) & mask);
}

/* The run of a segment, seen along its longer axis and from the lower end on, so that the way back
 * leaves the same: lines of pixels whose middles lie in it, or the one where it begins. Answers
 * whether anything of it may be seen. Asks nothing on its way, for no processor foresees the
 * answers; numbers of what lies far away may overflow. */
static inline bool find_run(const struct thin *thin, const struct thin_pen *pen, struct fixed from,
                            struct fixed to, unsigned past, struct run *out)
{
    int64_t dx = to.x - from.x, dy = to.y - from.y;
    int64_t steep = -(int64_t)(llabs(dy) > llabs(dx));
    int64_t length = either(steep, dy, dx), rise = either(steep, dx, dy);
    int64_t back = length >> 63;
    int64_t x = either(back, to.x, from.x), y = either(back, to.y, from.y);
    int64_t along = either(steep, y, x), across = either(steep, x, y);
    int64_t past_low = -(int64_t)(past >> (back & 1) & 1);
    int64_t past_high = -(int64_t)(past >> (~back & 1) & 1);
    length = (length ^ back) - back;
    rise = (rise ^ back) - back;
    int64_t ratio = (int64_t)((double)rise / (double)(length | (length == 0)) * 4294967296.0);
    uint32_t slope = (uint32_t)(llabs(ratio) >> 28);
    slope = slope < SLOPES ? slope : SLOPES - 1;
    int64_t low = along - (pen->past[slope] & past_low);
    int64_t high = along + length + (pen->past[slope] & past_high);
    int64_t first = (low + HALF_PX - 1) >> 8, end = (high + HALF_PX) >> 8;
    first = first < end ? first : low >> 8;
    end = most(first + 1, end);
    first = most(first, 0);
    end = least(end, thin->size_px);
    uint64_t on = (uint64_t)(first * FIXED_ONE + HALF_PX - along);
    uint8_t *lines = steep ? thin->rows : thin->columns;
    out->line = lines + (size_t)most(0, least(first, end)) * thin->stride;
    out->n = (uint32_t)(end - first);
    out->patterns = pen->patterns[slope];
    out->place = ((uint64_t)across << 32) + on * (uint64_t)ratio;
    out->step = (uint64_t)(ratio * FIXED_ONE);
    return (first < end) & (length > 0) & is_near(thin, pen, from, to);
}

/* A segment that is longer than multiplication can follow. */
static void draw_long(struct thin *thin, const struct thin_pen *pen, struct fixed from,
                      struct fixed to, unsigned past)
{
    struct run run;
    int64_t dx = to.x - from.x, dy = to.y - from.y;
    if (!is_near(thin, pen, from, to))
        return;
    if (dx > LONGEST || dx < -LONGEST || dy > LONGEST || dy < -LONGEST) {
        struct fixed middle = {from.x + dx / 2, from.y + dy / 2};
        draw_long(thin, pen, from, middle, past | THIN_PAST_TO);
        draw_long(thin, pen, middle, to, past | THIN_PAST_FROM);
    } else if (find_run(thin, pen, from, to, past, &run)) {
        draw_run(thin, &run);
    }
}

/* First all that is to be done, then it is done: so each takes the time of its work alone. */
static void draw_piece(struct thin *thin, const struct thin_pen *pen, const struct chain *chain)
{
    struct run runs[PIECE];
    size_t n = 0;
    for (size_t i = 0; i + 1 < chain->n; i++) {
        struct fixed from = chain->points[i], to = chain->points[i + 1];
        unsigned past = (i > 0 ? THIN_PAST_FROM : chain->past & THIN_PAST_FROM) |
                        (i + 2 < chain->n ? THIN_PAST_TO : chain->past & THIN_PAST_TO);
        if (llabs(to.x - from.x) > LONGEST || llabs(to.y - from.y) > LONGEST)
            draw_long(thin, pen, from, to, past);
        else
            n += find_run(thin, pen, from, to, past, &runs[n]);
    }
    for (size_t i = 0; i < n; i++)
        draw_run(thin, &runs[i]);
}

void thin_chain(struct thin *thin, const struct thin_pen *pen, const struct fixed *points, size_t n,
                unsigned past)
{
    for (size_t i = 0; i + 1 < n; i += PIECE) {
        bool is_last = n - i <= PIECE + 1;
        const struct chain piece = {points + i, is_last ? n - i : PIECE + 1,
                                    (i > 0 ? THIN_PAST_FROM : past & THIN_PAST_FROM) |
                                        (is_last ? past & THIN_PAST_TO : THIN_PAST_TO)};
        draw_piece(thin, pen, &piece);
    }
}

void thin_line(struct thin *thin, const struct fixed *points, size_t n, bool closed,
               double width_px)
{
    const struct thin_pen *pen = thin_pen(thin, width_px);
    for (size_t i = 0; pen && i + (closed && n > 2 ? 0 : 1) < n; i++) {
        const struct fixed ends[] = {points[i], points[i + 1 < n ? i + 1 : 0]};
        unsigned past =
            (closed || i > 0 ? THIN_PAST_FROM : 0u) | (closed || i + 2 < n ? THIN_PAST_TO : 0u);
        if (thin_reach(thin,
                       (struct fixed){least(ends[0].x, ends[1].x), least(ends[0].y, ends[1].y)},
                       (struct fixed){most(ends[0].x, ends[1].x), most(ends[0].y, ends[1].y)}))
            thin_chain(thin, pen, ends, 2, past);
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
