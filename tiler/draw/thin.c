#include "tiler/draw/thin.h"

#include <endian.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    HALF_PX = FIXED_ONE / 2,
    /* Segments up to this long each way, 1/256 px, are followed by multiplication alone; longer
     * ones are cut. */
    LONGEST = 2 * THIN_NEAR, /* near points are never so far apart */
    SLOPES = 16,             /* classes of 0 to 45 degrees by their tangent */
    PLACES = 32,             /* of a line's middle in a pixel */
    /* Pixels across a line in one pattern, and how many of them lie before its middle: at most
     * (1.5 + 0.5) * sqrt(2) pixels are reached. */
    ACROSS = 8,
    BEFORE = 3,
    MARGIN_PX = 8, /* of rows and columns on their low side, so that no pattern is cut */
};

struct thin_pen {
    int32_t half; /* of the width, 1/256 px */
    int32_t past[SLOPES];
    /* From the byte on that holds the first pixel: the places in an even pixel, then in an odd. */
    uint64_t patterns[SLOPES][2 * PLACES];
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
        for (int place = 0; place < PLACES; place++) {
            uint64_t pattern = pattern_of(width_px / 2, flat, (place + 0.5) / PLACES);
            pen->patterns[slope][place] = htole64(pattern);
            pen->patterns[slope][PLACES + place] = htole64(pattern << 4);
        }
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
    uint8_t *line;            /* the picture's first, */
    uint32_t first, n;        /* from this one on so many; */
    const uint64_t *patterns; /* of the slope; */
    uint64_t place, step;     /* where the middle lies across them, 24.40 from the margin's low end
                               * on, and how that goes on */
};

typedef int32_t four __attribute__((vector_size(16)));
typedef double four_doubles __attribute__((vector_size(32)));

/* Lays a pattern with its pixel BEFORE at the place, which counts from the margin's low end. */
static inline void lay(uint8_t *line, uint64_t place, const uint64_t *patterns)
{
    uint8_t *at = line + (place >> 41);
    uint64_t there;
    memcpy(&there, at, sizeof there);
    there |= patterns[place >> 35 & (2 * PLACES - 1)];
    memcpy(at, &there, sizeof there);
}

static inline bool has_room(const struct thin *thin, uint64_t place)
{
    return place >> 40 < thin->size_px + MARGIN_PX;
}

static inline void draw_run(const struct thin *thin, const struct run *run)
{
    uint64_t place = run->place, last = place + (run->n - 1) * run->step;
    size_t stride = thin->stride;
    uint8_t *line = run->line + run->first * stride;
    const uint64_t *patterns = run->patterns;
    const uint64_t step = run->step;
    if (has_room(thin, place) && has_room(thin, last)) {
        for (const uint8_t *end = line + run->n * stride; line != end; line += stride) {
            lay(line, place, patterns);
            place += step;
        }
        return;
    }
    for (uint32_t i = 0; i < run->n; i++, line += stride, place += step)
        if (has_room(thin, place))
            lay(line, place, patterns);
}

static inline four all(int32_t value)
{
    return (four){value, value, value, value};
}

/* `a` where the mask has all bits, `b` where it has none. */
static inline four either(four mask, four a, four b)
{
    return b ^ ((a ^ b) & mask);
}

static inline four least_of(four a, four b)
{
    return either(a < b, a, b);
}

static inline four most_of(four a, four b)
{
    return either(a > b, a, b);
}

static inline four at(const int32_t *numbers)
{
    four out;
    memcpy(&out, numbers, sizeof out);
    return out;
}

/* Segments side by side, each seen along its longer axis and from the lower end on, so that the
 * way back leaves the same. */
struct steps {
    four steep;         /* all bits: along y */
    four along, across; /* the lower end */
    four length, rise;
    four first, end; /* lines of pixels that it is drawn on; none unless first < end */
    four slope;
};

/* Lines of pixels whose middles lie in a segment that goes on by past[] before its lower and after
 * its upper end, or the one where it begins. */
static inline void find_lines(const struct thin *thin, struct steps *s, const four past[2])
{
    four low = s->along - past[0], high = s->along + s->length + past[1];
    four first = (low + (HALF_PX - 1)) >> 8, end = (high + HALF_PX) >> 8;
    first = either(first < end, first, low >> 8);
    s->end = least_of(most_of(first + 1, end), all((int32_t)thin->size_px));
    s->first = most_of(first, all(0));
}

/* All bits where any of a segment may be seen. */
static inline four seen(const struct thin *thin, const struct thin_pen *pen, const four from[2],
                        const four to[2])
{
    four reach = all(pen->half + 2 * FIXED_ONE);
    four end = all((int32_t)thin->size_px * FIXED_ONE) + reach;
    /* All four at once: below zero where any of them is. */
    four room = (most_of(from[0], to[0]) + reach) | (most_of(from[1], to[1]) + reach) |
                (end - least_of(from[0], to[0])) | (end - least_of(from[1], to[1]));
    return (four)(room >= 0);
}

/* The runs of segments i to i + THIN_SIDE - 1, less those of which nothing is seen; answers
 * how many. Asks nothing on its way, for no processor foresees the answers. */
static inline uint32_t find_runs(const struct thin *thin, const struct thin_pen *pen,
                                 const struct thin_links *links, int32_t i,
                                 struct run runs[THIN_SIDE])
{
    const four from[2] = {at(links->x + i), at(links->y + i)};
    const four to[2] = {at(links->x + i + 1), at(links->y + i + 1)};
    four number = (four){0, 1, 2, 3} + i;
    four past_from = (four)(number != 0) | -(int32_t)(links->past & THIN_PAST_FROM);
    four past_to = (four)(number != links->n - 1) | -(int32_t)(links->past >> 1);
    four dx = to[0] - from[0], dy = to[1] - from[1];
    struct steps s;
    s.steep = ((dy ^ dy >> 31) - (dy >> 31)) > ((dx ^ dx >> 31) - (dx >> 31));
    s.length = either(s.steep, dy, dx);
    s.rise = either(s.steep, dx, dy);
    four back = s.length >> 31;
    s.along = either(s.steep, from[1], from[0]) + (s.length & back);
    s.across = either(s.steep, from[0], from[1]) + (s.rise & back);
    s.length = (s.length ^ back) - back;
    s.rise = (s.rise ^ back) - back;
    four_doubles ratios = __builtin_convertvector(s.rise, four_doubles) /
                          __builtin_convertvector(most_of(s.length, all(1)), four_doubles);
    s.slope = __builtin_convertvector(ratios * SLOPES, four);
    s.slope = least_of((s.slope ^ s.slope >> 31) - (s.slope >> 31), all(SLOPES - 1));
    four past = {pen->past[s.slope[0]], pen->past[s.slope[1]], pen->past[s.slope[2]],
                 pen->past[s.slope[3]]};
    find_lines(thin, &s,
               (four[2]){past & either(back, past_to, past_from),
                         past & either(back, past_from, past_to)});
    four n = (s.end - s.first) & (four)(s.first < s.end) & (four)(s.length > 0) &
             seen(thin, pen, from, to);
    uint32_t n_runs = 0;
    for (int k = 0; k < THIN_SIDE; k++) {
        struct run *run = &runs[n_runs];
        int64_t ratio = (int64_t)(ratios[k] * 4294967296.0);
        int64_t on = (int64_t)s.first[k] * FIXED_ONE + HALF_PX - s.along[k];
        int64_t across = s.across[k] + (MARGIN_PX - BEFORE) * FIXED_ONE;
        run->line = s.steep[k] ? thin->rows : thin->columns;
        run->first = (uint32_t)s.first[k];
        run->n = (uint32_t)n[k];
        run->patterns = pen->patterns[s.slope[k]];
        run->place = ((uint64_t)across << 32) + (uint64_t)(on * ratio);
        run->step = (uint64_t)(ratio * FIXED_ONE);
        n_runs += n[k] > 0;
    }
    return n_runs;
}

/* First all that is to be done, then it is done: so each takes the time of its work alone. Behind
 * the last point there are more of it, which are no segments. */
void thin_links(const struct thin *thin, const struct thin_pen *pen, struct thin_links *links)
{
    struct run runs[THIN_PIECE + THIN_SIDE];
    uint32_t n = 0;
    for (int32_t i = links->n + 1; i < links->n + THIN_SIDE; i++) {
        links->x[i] = links->x[links->n];
        links->y[i] = links->y[links->n];
    }
    for (int32_t i = 0; i < links->n; i += THIN_SIDE)
        n += find_runs(thin, pen, links, i, runs + n);
    for (uint32_t i = 0; i < n; i++)
        draw_run(thin, &runs[i]);
}

/* Answers whether all the points are near: then no segment is longer than multiplication can
 * follow. */
static inline bool fill_links(struct thin_links *links, const struct fixed *points,
                              size_t n_segments, unsigned past)
{
    uint64_t far = 0;
    for (size_t i = 0; i <= n_segments; i++) {
        far |= (uint64_t)(points[i].x + THIN_NEAR) | (uint64_t)(points[i].y + THIN_NEAR);
        links->x[i] = (int32_t)points[i].x;
        links->y[i] = (int32_t)points[i].y;
    }
    links->n = (int32_t)n_segments;
    links->past = past;
    return far < 2 * (uint64_t)THIN_NEAR;
}

/* A segment that may begin or end anywhere: halved until a part is near, or is not seen. */
static void draw_long(struct thin *thin, const struct thin_pen *pen, struct fixed from,
                      struct fixed to, unsigned past)
{
    int64_t dx = to.x - from.x, dy = to.y - from.y;
    int64_t reach = pen->half + 2 * FIXED_ONE, end = (int64_t)thin->size_px * FIXED_ONE + reach;
    if (most(from.x, to.x) < -reach || most(from.y, to.y) < -reach || least(from.x, to.x) > end ||
        least(from.y, to.y) > end)
        return;
    if (dx > LONGEST || dx < -LONGEST || dy > LONGEST || dy < -LONGEST) {
        struct fixed middle = {from.x + dx / 2, from.y + dy / 2};
        draw_long(thin, pen, from, middle, past | THIN_PAST_TO);
        draw_long(thin, pen, middle, to, past | THIN_PAST_FROM);
        return;
    }
    const struct fixed ends[] = {from, to};
    struct thin_links links;
    fill_links(&links, ends, 1, past);
    thin_links(thin, pen, &links);
}

void thin_chain(struct thin *thin, const struct thin_pen *pen, const struct fixed *points, size_t n,
                unsigned past)
{
    for (size_t i = 0; i + 1 < n; i += THIN_PIECE) {
        bool is_last = n - i <= THIN_PIECE + 1;
        size_t n_segments = is_last ? n - i - 1 : THIN_PIECE;
        unsigned from = i > 0 ? THIN_PAST_FROM : past & THIN_PAST_FROM;
        unsigned to = is_last ? past & THIN_PAST_TO : THIN_PAST_TO;
        struct thin_links links;
        if (fill_links(&links, points + i, n_segments, from | to)) {
            thin_links(thin, pen, &links);
            continue;
        }
        for (size_t k = 0; k < n_segments; k++)
            draw_long(thin, pen, points[i + k], points[i + k + 1],
                      (k > 0 ? THIN_PAST_FROM : from) | (k + 1 < n_segments ? THIN_PAST_TO : to));
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
