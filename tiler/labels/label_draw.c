/* Draws placed labels: letters, and the built-in symbols. */
#include "tiler/labels/labels.h"
#include "tiler/draw/sprite.h"

#include <math.h>
#include <string.h>

/* A corner of a symbol, turned as the label is. */
static struct fixed corner_at(struct fixed centre, struct icon_corner corner, double half,
                              uint8_t turn)
{
    double c = cos(turn * M_PI / 128) * half, s = sin(turn * M_PI / 128) * half;
    return (struct fixed){centre.x + llround((corner.x * c - corner.y * s) * FIXED_ONE),
                          centre.y + llround((corner.x * s + corner.y * c) * FIXED_ONE)};
}

/* Adds the outline of a symbol; grown > 0: with an edge of that width all round. */
static void add_icon(struct canvas *canvas, struct fixed centre, const struct placed *label,
                     double grown_px)
{
    const struct label_look *look = label->look;
    double half = look->icon_px * canvas->scale / 2;
    grown_px *= canvas->scale;
    struct icon_corner corners[ICON_CORNERS_MOST];
    struct fixed points[ICON_CORNERS_MOST];
    if (look->icon == ICON_CIRCLE) {
        stroke_disc(&canvas->raster, centre, half * ICON_CIRCLE_RADIUS + grown_px);
        return;
    }
    struct stroke_style edge = {.width_px = 2 * grown_px, .join = JOIN_ROUND, .cap = CAP_ROUND};
    if (look->icon == ICON_CROSS) {
        static const struct icon_corner ends[] = {{-ICON_CROSS_REACH, -ICON_CROSS_REACH},
                                                  {ICON_CROSS_REACH, ICON_CROSS_REACH},
                                                  {-ICON_CROSS_REACH, ICON_CROSS_REACH},
                                                  {ICON_CROSS_REACH, -ICON_CROSS_REACH}};
        struct fixed arms[4];
        for (size_t i = 0; i < 4; i++)
            arms[i] = corner_at(centre, ends[i], half, label->turn);
        edge.width_px += half * 2 * ICON_CROSS_HALF;
        stroke_line(&canvas->stroker, &canvas->raster, arms, 2, false, &edge);
        stroke_line(&canvas->stroker, &canvas->raster, arms + 2, 2, false, &edge);
        return;
    }
    size_t n = sprite_icon_corners(look->icon, corners);
    for (size_t i = 0; i < n; i++)
        points[i] = corner_at(centre, corners[i], half, label->turn);
    raster_ring(&canvas->raster, points, n);
    if (grown_px > 0)
        stroke_line(&canvas->stroker, &canvas->raster, points, n, true, &edge);
}

void placed_draw(const struct placed *label, struct canvas *canvas, int64_t left_px, int64_t top_px)
{
    int64_t scale = canvas->scale;
    int64_t x = (label->x_px - left_px) * scale, y = (label->y_px - top_px) * scale;
    const struct label_look *look = label->look;
    if (label->n_glyphs > 0)
        canvas_text(canvas, label->glyphs, label->n_glyphs, (struct fixed){x * 64, y * 64},
                    &look->text);
    if (look->icon == ICON_NONE)
        return;
    struct fixed centre = {x * FIXED_ONE, y * FIXED_ONE};
    struct coat coat = {.colour = look->icon_colour, .opacity = look->icon_opacity};
    add_icon(canvas, centre, label, 0);
    canvas_lay(canvas, &coat);
    if (look->icon_halo_px > 0) {
        add_icon(canvas, centre, label, look->icon_halo_px);
        coat.colour = look->icon_halo;
        canvas_lay(canvas, &coat);
    }
}
