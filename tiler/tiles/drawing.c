#include "tiler/tiles/drawing.h"

#include <stdlib.h>
#include <string.h>

void mark_px(const struct drawing *d, struct fixed at)
{
    int64_t scale = d->canvas->scale, px = scale * FIXED_ONE;
    int64_t left = (at.x - (at.x % px + px) % px), top = (at.y - (at.y % px + px) % px);
    for (int64_t i = 0; i < scale * scale; i++)
        raster_mark(&d->canvas->raster,
                    (struct fixed){left + i % scale * FIXED_ONE, top + i / scale * FIXED_ONE});
}

/* A polygon too thin to be seen is drawn as the pixels that it passes. */
static void mark_edge(const struct drawing *d, struct fixed a, struct fixed b)
{
    int64_t edge = (int64_t)d->canvas->size_px * FIXED_ONE;
    if ((a.x < 0 && b.x < 0) || (a.y < 0 && b.y < 0) || (a.x >= edge && b.x >= edge) ||
        (a.y >= edge && b.y >= edge))
        return;
    int64_t dx = b.x - a.x, dy = b.y - a.y;
    int64_t n = (llabs(dx) > llabs(dy) ? llabs(dx) : llabs(dy)) / FIXED_ONE + 1;
    /* Thin shapes that are long as well are rare: walk all of it, up to the width of 4,096
     * tiles, past which its outline layer shows it. */
    if (n > (int64_t)4096 * TILE_PX)
        return;
    for (int64_t i = 0; i <= n; i++)
        mark_px(d, (struct fixed){a.x + dx * i / n, a.y + dy * i / n});
}

static void mark_edges(const struct drawing *d, const struct layer_job *job,
                       const struct shape *shape)
{
    for (uint32_t ring = shape->first_ring; ring < shape->first_ring + shape->n_rings; ring++) {
        uint32_t start = ring_start(job->detail, ring), end = job->detail->ring_ends[ring];
        for (uint32_t i = start; i + 1 < end; i++)
            mark_edge(d, to_picture(d, job->detail->points[i]),
                      to_picture(d, job->detail->points[i + 1]));
    }
}

/* What is under three pixels across may cover no pixel wholly: the one in its middle is marked.
 * What is under one pixel thick but long is marked all along its edge. */
static void mark_shape(const struct drawing *d, const struct layer_job *job,
                       const struct shape *shape)
{
    struct fixed low =
        to_picture(d, (struct plane_point){(int32_t)shape->box.west, (int32_t)shape->box.north});
    struct fixed high =
        to_picture(d, (struct plane_point){(int32_t)shape->box.east, (int32_t)shape->box.south});
    int64_t three = (int64_t)3 * FIXED_ONE * d->canvas->scale;
    if (high.x - low.x < three && high.y - low.y < three)
        mark_px(d, (struct fixed){(low.x + high.x) >> 1, (low.y + high.y) >> 1});
    else if (shape->thickness < plane_units_of_px(d->key->z) / 2)
        mark_edges(d, job, shape);
}

/* Whether nothing of what lies in the stretch's box would be seen. */
static bool is_hidden(const struct drawing *d, const struct detail_stretch *stretch)
{
    struct fixed low = to_picture_far(d, stretch->west, stretch->north);
    struct fixed high = to_picture_far(d, stretch->east, stretch->south);
    const struct under_box box = {low.x >> 8, low.y >> 8, high.x >> 8, high.y >> 8};
    return under_hides(&d->canvas->under, &box);
}

/* Fetches the points of the stretch after the next: rings are longer than what is fetched of a
 * feature beforehand (features.c), and none but those that are seen are read. */
static inline void fetch_points(const struct plane_point *points, uint32_t i)
{
    __builtin_prefetch(&points[i + 2 * DETAIL_STRETCH]);
    __builtin_prefetch(&points[i + 2 * DETAIL_STRETCH + DETAIL_STRETCH / 2]);
}

/* A ring by stretches. To the right of a stretch only its ends matter: what lies left of the
 * picture, or where nothing can be seen any more, is one straight edge. */
static void add_ring(const struct drawing *d, const struct detail *detail, uint32_t ring)
{
    struct raster *raster = &d->canvas->raster;
    uint32_t start = ring_start(detail, ring), last = detail->ring_ends[ring] - 1;
    const struct plane_point *p = detail->points;
    for (uint32_t i = start, end; i < last; i = end) {
        const struct detail_stretch *stretch = &detail->stretches[i / DETAIL_STRETCH];
        end = (i / DETAIL_STRETCH + 1) * DETAIL_STRETCH;
        end = end < last ? end : last;
        if (stretch->south <= d->square.north || stretch->north >= d->square.south ||
            stretch->west >= d->square.east)
            continue;
        fetch_points(p, i);
        struct fixed points[DETAIL_STRETCH + 1];
        uint32_t n = 0;
        uint32_t step = stretch->east <= d->square.west || is_hidden(d, stretch) ? end - i : 1;
        for (uint32_t k = i; k <= end; k += step)
            points[n++] = to_picture(d, p[k]);
        raster_chain(raster, points, n);
    }
}

void add_polygon(const struct drawing *d, const struct layer_job *job, const struct shape *shape)
{
    const struct detail *detail = job->detail;
    if (2 * shape->thickness < 3 * plane_units_of_px(d->key->z)) /* 3 px across, if it is square */
        mark_shape(d, job, shape);
    for (uint32_t ring = shape->first_ring; ring < shape->first_ring + shape->n_rings; ring++)
        if (detail->ring_ends[ring] - ring_start(detail, ring) >= 3)
            add_ring(d, detail, ring);
}

bool is_thin(const struct stroke_style *stroke)
{
    return stroke->width_px <= THIN_MAX_PX && stroke->n_dashes == 0 && stroke->offset_px == 0 &&
           stroke->gap_px == 0;
}

struct stroke_style stroke_scaled(const struct stroke_style *stroke, uint32_t scale)
{
    struct stroke_style out = *stroke;
    out.width_px *= scale;
    out.gap_px *= scale;
    out.offset_px *= scale;
    for (uint32_t i = 0; i < out.n_dashes; i++)
        out.dashes_px[i] *= scale;
    return out;
}

/* How far from the picture's corner, in units, points are near to thin lines and within 32 bits. */
static int64_t near_units(const struct drawing *d)
{
    int64_t near = d->shift > 0 ? (int64_t)THIN_NEAR << d->shift : 0, most = INT64_C(1) << 30;
    return near < most ? near : most;
}

static bool is_near(const struct drawing *d, const struct detail_stretch *stretch)
{
    uint64_t reach = (uint64_t)near_units(d);
    uint64_t west = (uint64_t)(stretch->west - d->square.west) + reach;
    uint64_t north = (uint64_t)(stretch->north - d->square.north) + reach;
    uint64_t east = (uint64_t)(stretch->east - d->square.west) + reach;
    uint64_t south = (uint64_t)(stretch->south - d->square.north) + reach;
    return (west < 2 * reach) & (north < 2 * reach) & (east < 2 * reach) & (south < 2 * reach);
}

/* to_picture of near points, two at once. Sums are unsigned: they may go round and come back. */
static void fill_links(const struct drawing *d, const struct plane_point *p, uint32_t n,
                       struct thin_links *links)
{
    typedef int32_t four __attribute__((vector_size(16)));
    typedef uint32_t four_sums __attribute__((vector_size(16)));
    const int64_t half = INT64_C(1) << (d->shift - 1);
    const uint32_t x = (uint32_t)(half - d->square.west), y = (uint32_t)(half - d->square.north);
    const four_sums corner = {x, y, x, y};
    uint32_t i = 0;
    for (; i + 4 <= n; i += 4) {
        four_sums pair[2];
        memcpy(pair, p + i, sizeof pair);
        four low = (four)(pair[0] + corner) >> d->shift;
        four high = (four)(pair[1] + corner) >> d->shift;
        four across = __builtin_shufflevector(low, high, 0, 2, 4, 6);
        four down = __builtin_shufflevector(low, high, 1, 3, 5, 7);
        memcpy(links->x + i, &across, sizeof across);
        memcpy(links->y + i, &down, sizeof down);
    }
    for (; i < n; i++) {
        links->x[i] = (int32_t)((uint32_t)p[i].x + x) >> d->shift;
        links->y[i] = (int32_t)((uint32_t)p[i].y + y) >> d->shift;
    }
}

/* One ring or line, by stretches: those out of the picture are passed over. */
static void add_thin(const struct drawing *d, const struct detail *detail, uint32_t ring,
                     bool closed, double width_px)
{
    struct thin *thin = &d->canvas->under.thin;
    const struct thin_pen *pen = thin_pen(thin, width_px);
    uint32_t start = ring_start(detail, ring), last = detail->ring_ends[ring] - 1;
    const struct plane_point *p = detail->points;
    for (uint32_t i = start, end; pen && i < last; i = end) {
        const struct detail_stretch *stretch = &detail->stretches[i / DETAIL_STRETCH];
        end = (i / DETAIL_STRETCH + 1) * DETAIL_STRETCH;
        end = end < last ? end : last;
        fetch_points(p, i);
        if (!thin_reach(thin, to_picture_far(d, stretch->west, stretch->north),
                        to_picture_far(d, stretch->east, stretch->south)))
            continue;
        bool returns = closed || (p[start].x == p[last].x && p[start].y == p[last].y);
        unsigned past = (i > start || returns ? THIN_PAST_FROM : 0u) |
                        (end < last || returns ? THIN_PAST_TO : 0u);
        if (is_near(d, stretch)) {
            _Static_assert((int)DETAIL_STRETCH == (int)THIN_PIECE, "a stretch is a piece of line");
            struct thin_links links;
            links.n = (int32_t)(end - i);
            links.past = past;
            fill_links(d, p + i, end - i + 1, &links);
            thin_links(thin, pen, &links);
            continue;
        }
        struct fixed points[DETAIL_STRETCH + 1];
        for (uint32_t k = i; k <= end; k++)
            points[k - i] = to_picture(d, p[k]);
        thin_chain(thin, pen, points, end - i + 1, past);
    }
}

/* Lines that need outlines of their own: wide ones, dashes, offsets. */
static enum err_code add_strokes(const struct drawing *d, const struct detail *detail,
                                 const struct shape *shape, const struct stroke_style *style)
{
    struct canvas *canvas = d->canvas;
    struct stroke_style own = *style;
    bool closed = shape->kind == GEOM_POLYGON;
    if (closed) /* the inside of our rings lies to the left; an offset goes inwards, as in MapLibre
                 */
        own.offset_px = -own.offset_px;
    for (uint32_t ring = shape->first_ring; ring < shape->first_ring + shape->n_rings; ring++) {
        uint32_t start = ring_start(detail, ring), n = detail->ring_ends[ring] - start;
        enum err_code code = canvas_room(canvas, n, d->err);
        if (code != ERR_OK)
            return code;
        for (uint32_t i = 0; i < n; i++)
            canvas->points[i] = to_picture(d, detail->points[start + i]);
        const struct fixed *p = canvas->points;
        bool returns = n > 2 && p[0].x == p[n - 1].x && p[0].y == p[n - 1].y;
        stroke_line(&canvas->stroker, &canvas->raster, p, returns ? n - 1 : n, closed || returns,
                    &own);
    }
    return canvas->stroker.failed ? err_nomem(d->err) : ERR_OK;
}

enum err_code add_lines(const struct drawing *d, const struct layer_job *job,
                        const struct shape *shape, const struct stroke_style *stroke)
{
    const struct detail *detail = job->detail;
    if (!is_thin(stroke))
        return add_strokes(d, detail, shape, stroke);
    for (uint32_t ring = shape->first_ring; ring < shape->first_ring + shape->n_rings; ring++)
        if (detail->ring_ends[ring] > ring_start(detail, ring))
            add_thin(d, detail, ring, shape->kind == GEOM_POLYGON, stroke->width_px);
    return ERR_OK;
}
