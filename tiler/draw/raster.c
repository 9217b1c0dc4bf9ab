#include "tiler/draw/raster.h"

#include <stdlib.h>
#include <string.h>

/* A pixel covered once sums to 256 (height) x 512 (twice the width): 2^17. */
enum { SUM_SHIFT = 9 };

enum err_code raster_init(struct raster *raster, int32_t width_px, int32_t height_px,
                          struct err *err)
{
    size_t stride = (size_t)width_px + 2;
    *raster = (struct raster){
        .width_px = width_px, .height_px = height_px, .top = INT32_MAX, .bottom = -1};
    raster->sums = calloc(stride * (size_t)height_px, sizeof *raster->sums);
    raster->rows = malloc((size_t)height_px * sizeof *raster->rows);
    raster->marks = calloc((size_t)width_px, (size_t)height_px);
    raster->coverage = malloc(stride * sizeof *raster->coverage);
    if (!raster->sums || !raster->rows || !raster->marks || !raster->coverage) {
        raster_release(raster);
        return err_nomem(err);
    }
    for (int32_t y = 0; y < height_px; y++)
        raster->rows[y] = (struct raster_row){INT32_MAX, -1};
    return ERR_OK;
}

void raster_release(struct raster *raster)
{
    free(raster->sums);
    free(raster->rows);
    free(raster->marks);
    free(raster->coverage);
    *raster = (struct raster){0};
}

static inline int64_t floor_div(int64_t a, int64_t b, int64_t *remainder)
{
    int64_t q = a / b, r = a % b;
    if (r < 0) {
        q--;
        r += b;
    }
    *remainder = r;
    return q;
}

/* floor(a * b / c) and its remainder, c > 0, also where the product passes 64 bits. */
static int64_t mul_floor_div(int64_t a, int64_t b, int64_t c, int64_t *remainder)
{
    int64_t product;
    if (!__builtin_mul_overflow(a, b, &product))
        return floor_div(product, c, remainder);
    __extension__ typedef __int128 wide;
    wide p = (wide)a * b;
    wide q = p / c, r = p % c;
    if (r < 0) {
        q--;
        r += c;
    }
    *remainder = (int64_t)r;
    return (int64_t)q;
}

static inline void touch(struct raster *raster, int32_t y, int32_t first, int32_t last)
{
    struct raster_row *row = &raster->rows[y];
    if (first < row->first)
        row->first = first;
    if (last > row->last)
        row->last = last;
    if (y < raster->top)
        raster->top = y;
    if (y > raster->bottom)
        raster->bottom = y;
}

/* The piece of an edge inside one row, running from xa to xb while y moves by height
 * (signed: the way of the edge). left <= right. */
static void add_in_row(struct raster *raster, int32_t y, int64_t left, int64_t right,
                       int32_t height, int32_t sign)
{
    int32_t *sums = raster->sums + (size_t)y * ((size_t)raster->width_px + 2);
    int64_t width = (int64_t)raster->width_px * FIXED_ONE;
    if (left >= width || height == 0)
        return;
    if (right <= 0) {
        sums[0] += sign * height * 512;
        touch(raster, y, 0, 0);
        return;
    }
    int64_t column = left >> 8, last = right >> 8;
    if (column == last) {
        int32_t within = (int32_t)(left + right - column * 512); /* twice the mean */
        sums[column] += sign * height * (512 - within);
        sums[column + 1] += sign * height * within;
        touch(raster, y, (int32_t)column, (int32_t)column + 1);
        return;
    }
    int64_t run = right - left;
    int64_t done = 0; /* height used up to the left border of the column */
    int64_t rest = 0;
    int64_t x = left;
    if (column < 0) { /* all that lies left of the picture covers its rows from column 0 */
        done = mul_floor_div(-left, height, run, &rest);
        sums[0] += sign * (int32_t)done * 512;
        column = 0;
        x = 0;
    }
    int32_t first = (int32_t)column;
    int64_t at_border = mul_floor_div((column + 1) * 256 - left, height, run, &rest);
    int64_t step_rest;
    int64_t step = floor_div(INT64_C(256) * height, run, &step_rest);
    for (; column < raster->width_px; column++) {
        bool ends = column == last;
        int64_t border = ends ? right : (column + 1) * 256;
        int64_t reached = ends ? height : at_border;
        int32_t part = (int32_t)(reached - done) * sign;
        int32_t within = (int32_t)(x + border - column * 512);
        sums[column] += part * (512 - within);
        sums[column + 1] += part * within;
        if (ends)
            break;
        done = reached;
        x = border;
        at_border += step;
        rest += step_rest;
        if (rest >= run) {
            rest -= run;
            at_border++;
        }
    }
    int32_t end = column < raster->width_px ? (int32_t)column + 1 : raster->width_px;
    touch(raster, y, first, end);
}

void raster_edge(struct raster *raster, struct fixed from, struct fixed to)
{
    if (from.y == to.y)
        return;
    int32_t sign = 1;
    if (from.y > to.y) {
        struct fixed swap = from;
        from = to;
        to = swap;
        sign = -1;
    }
    int64_t floor_y = (int64_t)raster->height_px * FIXED_ONE;
    int64_t width = (int64_t)raster->width_px * FIXED_ONE;
    if (to.y <= 0 || from.y >= floor_y || (from.x >= width && to.x >= width))
        return;
    int64_t y = from.y < 0 ? 0 : from.y;
    int64_t end = to.y > floor_y ? floor_y : to.y;
    int64_t dx = to.x - from.x, dy = to.y - from.y;
    int64_t rest;
    int64_t x = from.x + mul_floor_div(y - from.y, dx, dy, &rest);
    int64_t next_y = (y | 255) + 1;
    int64_t step_rest;
    int64_t step = mul_floor_div(256, dx, dy, &step_rest);
    bool whole = false; /* x and rest are those of a row's upper border */
    while (y < end) {
        int64_t until = next_y < to.y ? next_y : to.y;
        int64_t next_x;
        if (until == to.y) {
            next_x = to.x;
        } else if (whole) {
            next_x = x + step;
            rest += step_rest;
            if (rest >= dy) {
                rest -= dy;
                next_x++;
            }
        } else {
            next_x = from.x + mul_floor_div(until - from.y, dx, dy, &rest);
            whole = true;
        }
        add_in_row(raster, (int32_t)(y >> 8), x < next_x ? x : next_x, x < next_x ? next_x : x,
                   (int32_t)(until - y), sign);
        x = next_x;
        y = until;
        next_y += 256;
    }
}

void raster_ring(struct raster *raster, const struct fixed *points, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++)
        raster_edge(raster, points[i], points[i + 1]);
    if (n > 2)
        raster_edge(raster, points[n - 1], points[0]);
}

void raster_mark(struct raster *raster, struct fixed point)
{
    int64_t x = point.x >> 8, y = point.y >> 8;
    if (x < 0 || y < 0 || x >= raster->width_px || y >= raster->height_px)
        return;
    raster->marks[y * raster->width_px + x] = 1;
    raster->marked = true;
    touch(raster, (int32_t)y, (int32_t)x, (int32_t)x);
}

void raster_rows(struct raster *raster, void *context,
                 void (*row)(void *context, int32_t y, int32_t first, int32_t last,
                             const uint16_t *coverage))
{
    int32_t width = raster->width_px;
    uint16_t *coverage = raster->coverage;
    for (int32_t y = raster->top; y <= raster->bottom; y++) {
        struct raster_row *touched = &raster->rows[y];
        if (touched->first > touched->last)
            continue;
        int32_t *sums = raster->sums + (size_t)y * ((size_t)width + 2);
        int32_t sum = 0, last = -1;
        /* Behind the last edge the sum stays what it is: 0 unless the shape goes on to the
         * right of the picture. */
        for (int32_t x = touched->first; x < width; x++) {
            if (x > touched->last && sum == 0)
                break;
            sum += sums[x];
            sums[x] = 0;
            uint32_t covered = (uint32_t)(sum < 0 ? -sum : sum) >> SUM_SHIFT;
            coverage[x] = covered > UINT16_MAX ? UINT16_MAX : (uint16_t)covered;
            last = x;
        }
        sums[width] = sums[width + 1] = 0;
        if (raster->marked) {
            uint8_t *marks = raster->marks + (size_t)y * (size_t)width;
            for (int32_t x = touched->first; x <= last; x++) {
                if (marks[x] && coverage[x] < FIXED_ONE)
                    coverage[x] = FIXED_ONE;
                marks[x] = 0;
            }
        }
        if (last >= touched->first)
            row(context, y, touched->first, last, coverage);
        *touched = (struct raster_row){INT32_MAX, -1};
    }
    raster->top = INT32_MAX;
    raster->bottom = -1;
    raster->marked = false;
}
