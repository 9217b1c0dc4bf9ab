#include "tiler/labels/label_line.h"

#include <math.h>

enum {
    /* Beyond this zoom names keep their distance on the ground: 10,000 km of lines are 20,000
     * names and not 16 times as many. */
    DENSEST_ZOOM = 16,
    MOST_PLACES = 4096, /* on one path */
    LETTERS_A_BOX = 2,
};

enum err_code path_new(const struct plane_point *points, size_t n, bool closed, uint32_t z,
                       struct arena *arena, struct path *out, struct err *err)
{
    double unit = (double)plane_units_of_px(z), half_world = 2147483648.0;
    struct path_point *kept = arena_new(arena, struct path_point, n + 1);
    double *along = arena_new(arena, double, n + 1);
    size_t count = 0;
    *out = (struct path){0, kept, along};
    if (!kept || !along)
        return err_nomem(err);
    for (size_t i = 0; i < n + closed; i++) {
        const struct plane_point *from = &points[i < n ? i : 0];
        struct path_point at = {(from->x + half_world) / unit, (from->y + half_world) / unit};
        double step = count ? hypot(at.x - kept[count - 1].x, at.y - kept[count - 1].y) : 0;
        if (count && step == 0)
            continue;
        along[count] = count ? along[count - 1] + step : 0;
        kept[count++] = at;
    }
    out->n = count >= 2 ? count : 0;
    return ERR_OK;
}

static struct path_point path_at(const struct path *path, double along)
{
    size_t low = 0, high = path->n - 1; /* along[low] <= along, but for the ends */
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (path->along[middle] <= along)
            low = middle;
        else
            high = middle;
    }
    struct path_point a = path->points[low], b = path->points[high];
    double t = (along - path->along[low]) / (path->along[high] - path->along[low]);
    t = fmax(0, fmin(1, t));
    return (struct path_point){a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t};
}

struct path_places path_places(const struct path *path, const struct label_wish *wish,
                               double text_px, uint32_t z)
{
    double length = path_length(path);
    /* Neighbours keep a quarter of their distance free between them, as in MapLibre. */
    double spacing = fmax(1, wish->spacing_px);
    spacing = fmax(spacing, text_px + spacing / 4);
    if (z > DENSEST_ZOOM)
        spacing *= (double)(UINT32_C(1) << (z - DENSEST_ZOOM));
    spacing = fmax(spacing, length / MOST_PLACES);
    size_t n = wish->placement == PLACE_LINE_CENTER ? 1 : (size_t)fmax(1, length / spacing);
    if (path->n == 0 || length < text_px)
        n = 0;
    return (struct path_places){n, length / 2 - (double)(n - (n > 0)) / 2 * spacing, spacing};
}

/* ---- letters ---- */

struct laying {
    const struct path *path;
    const struct label_wish *wish;
    const struct glyph_run *run;
    struct line_label *out;
    double start_px, width_px; /* of the text, along the path */
    bool backward;             /* against the path, so that it can be read */
};

/* So far into the text. */
static struct path_point text_at(const struct laying *l, double into)
{
    return path_at(l->path, l->start_px + (l->backward ? l->width_px - into : into));
}

static struct px_box box_of(double left, double top, double right, double bottom)
{
    return (struct px_box){(int32_t)floor(left), (int32_t)floor(top), (int32_t)ceil(right),
                           (int32_t)ceil(bottom)};
}

/* The way that a letter runs: cosine and sine. */
struct way {
    double c, s;
};

static uint8_t turn_of(struct way way)
{
    return (uint8_t)(lround(atan2(way.s, way.c) * 128 / M_PI) & 255);
}

/* What a letter may touch: its em box, turned, and what label_text.c allows beyond. */
static struct px_box letter_box(const struct laying *l, struct path_point origin, double advance,
                                struct way way)
{
    const struct text_look *look = &l->wish->look.text;
    double top = -1.0 * look->size_px - l->run->above_px;
    double bottom = 0.24 * look->size_px + l->run->below_px;
    double reach = look->halo_px + 1 + l->run->beside_px;
    /* The box is that of two corners across from each other, and the other two. */
    double along_x = advance * way.c, along_y = advance * way.s;
    double left = fmin(-top * way.s, -bottom * way.s) + fmin(0, along_x);
    double right = fmax(-top * way.s, -bottom * way.s) + fmax(0, along_x);
    double high = fmin(top * way.c, bottom * way.c) + fmin(0, along_y);
    double low = fmax(top * way.c, bottom * way.c) + fmax(0, along_y);
    return box_of(origin.x + left - reach, origin.y + high - reach, origin.x + right + reach,
                  origin.y + low + reach);
}

static void add_letter(struct laying *l, const struct glyph *glyph, struct path_point origin,
                       struct way way, double advance)
{
    struct line_label *out = l->out;
    struct px_box box = letter_box(l, origin, advance, way);
    if (out->n_glyphs % LETTERS_A_BOX == 0)
        out->boxes[out->n_boxes++] = box;
    else
        out->boxes[out->n_boxes - 1] = px_box_joined(out->boxes[out->n_boxes - 1], box);
    out->ink = out->n_glyphs ? px_box_joined(out->ink, box) : box;
    struct glyph *letter = &out->glyphs[out->n_glyphs++];
    *letter = *glyph;
    letter->turn = turn_of(way);
    letter->x_64 = (int32_t)lround((origin.x - out->x_px) * 64);
    letter->y_64 = (int32_t)lround((origin.y - out->y_px) * 64);
}

/* Each letter stands on the chord between the two places of the line where it begins and ends. */
static bool lay_letters(struct laying *l)
{
    const struct glyph_run *run = l->run;
    static const struct way level = {1, 0};
    const struct label_wish *wish = l->wish;
    double size = wish->look.text.size_px;
    double sharpest = cos(fmin(180, wish->max_angle_deg) * M_PI / 180);
    double drop = wish->offset_px[1] - size * (wish->anchor.y + 1) / 2 + size * 0.88;
    struct way way = level;
    struct path_point a = text_at(l, 0), b;
    bool first = true;
    for (uint32_t i = 0; i < run->n; i++, a = b) {
        const struct glyph *glyph = &run->glyphs[i];
        double from = glyph->x_64 / 64.0;
        double to = i + 1 < run->n ? run->glyphs[i + 1].x_64 / 64.0 : l->width_px;
        double advance = to - from, down = drop + glyph->y_64 / 64.0;
        b = text_at(l, to);
        double chord = hypot(b.x - a.x, b.y - a.y);
        if (advance > size / 8 && chord > 0) { /* else a mark, which turns with its letter */
            struct way next = {(b.x - a.x) / chord, (b.y - a.y) / chord};
            if (!first && next.c * way.c + next.s * way.s < sharpest - 1e-9)
                return false;
            way = next;
            first = false;
        }
        if (wish->alignment == ALIGN_VIEWPORT_GLYPH) {
            struct path_point origin = {(a.x + b.x - advance) / 2, (a.y + b.y) / 2 + down};
            add_letter(l, glyph, origin, level, advance);
        } else {
            struct path_point origin = {a.x - way.s * down, a.y + way.c * down};
            add_letter(l, glyph, origin, way, advance);
        }
    }
    return true;
}

/* ---- a name ---- */

static bool lay_at(struct laying *l, double at_px)
{
    const struct glyph_run *run = l->run;
    const struct label_wish *wish = l->wish;
    struct line_label *out = l->out;
    double length = path_length(l->path);
    l->width_px = run->width_64 / 64.0;
    l->start_px = at_px - l->width_px * (wish->anchor.x + 1) / 2 + wish->offset_px[0];
    if (at_px < 0 || at_px > length || l->start_px < 0 || l->start_px + l->width_px > length)
        return false;
    struct path_point point = path_at(l->path, at_px);
    double reach = fmax(l->width_px, 2) / 2;
    struct path_point a = path_at(l->path, run->n ? l->start_px : at_px - reach);
    struct path_point b = path_at(l->path, run->n ? l->start_px + l->width_px : at_px + reach);
    l->backward = wish->keep_upright && (b.x < a.x || (b.x == a.x && b.y < a.y));
    struct way way = {b.x - a.x, b.y - a.y};
    if (l->backward)
        way = (struct way){-way.c, -way.s};
    out->x_px = (int32_t)floor(point.x + 0.5);
    out->y_px = (int32_t)floor(point.y + 0.5);
    out->turn = turn_of(way);
    out->n_glyphs = out->n_boxes = 0;
    return lay_letters(l);
}

enum err_code label_line_lay_out(const struct path *path, double at_px,
                                 const struct label_wish *wish, const struct glyph_run *run,
                                 struct arena *arena, struct line_label *out, bool *fits,
                                 struct err *err)
{
    static const double moves[] = {0, 0.125, -0.125, 0.25, -0.25};
    struct laying laying = {.path = path, .wish = wish, .run = run, .out = out};
    *out = (struct line_label){.glyphs = arena_new(arena, struct glyph, run->n),
                               .boxes = arena_new(arena, struct px_box, run->n)};
    *fits = false;
    if (!out->glyphs || !out->boxes)
        return err_nomem(err);
    for (size_t i = 0; i < sizeof moves / sizeof moves[0] && !*fits; i++)
        *fits = lay_at(&laying, at_px + moves[i] * wish->spacing_px);
    return ERR_OK;
}
