#include "tiler/draw/disc.h"

#include "tiler/draw/under.h"

#include <math.h>
#include <stdlib.h>

enum { PLACE = FIXED_ONE / 8 };

void discs_release(struct discs *discs)
{
    for (int i = 0; i < DISC_KINDS; i++)
        free(discs->kinds[i].alphas);
    *discs = (struct discs){.next = 0};
}

static struct disc_kind *find_kind(struct discs *discs, double outer_px, double inner_px)
{
    for (int i = 0; i < DISC_KINDS; i++) {
        struct disc_kind *kind = &discs->kinds[i];
        if (kind->width && kind->outer_px == outer_px && kind->inner_px == inner_px)
            return kind;
    }
    struct disc_kind *kind = &discs->kinds[discs->next];
    int32_t width = 2 * ((int32_t)ceil(outer_px) + 1) + 1;
    uint8_t *alphas = realloc(kind->alphas, (size_t)DISC_PLACES * (size_t)width * (size_t)width);
    if (!alphas)
        return NULL;
    discs->next = (discs->next + 1) % DISC_KINDS;
    *kind = (struct disc_kind){
        .outer_px = outer_px, .inner_px = inner_px, .width = width, .alphas = alphas};
    return kind;
}

/* How much of a pixel whose middle is at `distance` lies inside of `radius`, 0 to 1. */
static double inside(double radius, double distance)
{
    return fmin(fmax(radius + 0.5 - distance, 0), fmin(1, 2 * radius));
}

static void make(const struct disc_kind *kind, uint32_t place, uint8_t *alpha)
{
    int32_t half = kind->width / 2;
    uint32_t right = place % 8, down = place / 8;
    double x = (right + 0.5) / 8, y = (down + 0.5) / 8; /* in the middle pixel */
    for (int32_t row = 0; row < kind->width; row++) {
        for (int32_t column = 0; column < kind->width; column++) {
            double distance = hypot(column - half + 0.5 - x, row - half + 0.5 - y);
            double part = inside(kind->outer_px, distance);
            if (kind->inner_px > 0)
                part -= inside(kind->inner_px, distance);
            double steps = round(fmax(part, 0) * UNDER_STEPS);
            *alpha++ = (uint8_t)(steps * 255 / UNDER_STEPS + 0.5);
        }
    }
}

bool discs_stamp(struct discs *discs, struct fixed centre, double outer_px, double inner_px,
                 struct stamp *out, int64_t corner[2])
{
    struct disc_kind *kind = find_kind(discs, outer_px, inner_px);
    if (!kind)
        return false;
    uint32_t place = (uint32_t)((centre.y & 255) / PLACE * 8 + (centre.x & 255) / PLACE);
    uint8_t *alpha = kind->alphas + (size_t)place * (size_t)kind->width * (size_t)kind->width;
    if (!(kind->made >> place & 1)) {
        make(kind, place, alpha);
        kind->made |= UINT64_C(1) << place;
    }
    *out = (struct stamp){alpha, kind->width, kind->width};
    corner[0] = (centre.x >> 8) - kind->width / 2;
    corner[1] = (centre.y >> 8) - kind->width / 2;
    return true;
}
