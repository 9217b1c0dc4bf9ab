/* fuzz_clip.c - any rings, cut at a tile's edge and mended: valid to GEOS, and inside of the box.
 */
#include "tests/unit/mvt_valid.h"
#include "tiler/vector/clip.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { MOST_POINTS = 4096 };

/* Coordinates of one byte lie close together, so that they meet; of two, all over the tile. */
static int64_t read_coordinate(const uint8_t **at, const uint8_t *end, bool wide)
{
    int64_t low = *at < end ? *(*at)++ : 0, high = wide && *at < end ? *(*at)++ : 0;
    return wide ? (high << 8 | low) % 6000 - 900 : low;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct clip clip;
    static struct mvt_valid valid;
    static struct clip_point ring[MOST_POINTS];
    const uint8_t *at = bytes, *end = bytes + n;
    if (!valid.geos) { /* once for the whole run: GEOS is slow to start */
        struct err err;
        mvt_valid_init(&valid);
        if (clip_init(&clip, -64, 4160, &err) != ERR_OK)
            abort();
    }
    clip_forget(&clip);
    clip_begin(&clip);
    while (at < end) { /* a head: how wide, how many points */
        uint8_t head = *at++;
        size_t n_ring = head & 0x3F;
        for (size_t i = 0; i < n_ring; i++) {
            ring[i].x = read_coordinate(&at, end, head & 0x80);
            ring[i].y = read_coordinate(&at, end, head & 0x80);
        }
        size_t n_bent;
        const struct clip_point *bent = clip_bend(&clip, ring, n_ring, true, &n_bent);
        if (bent && n_bent <= MOST_POINTS) {
            memcpy(ring, bent, n_bent * sizeof *ring);
            n_ring = n_bent;
        }
        clip_ring(&clip, ring, n_ring);
        if (head & 0x40) { /* what comes next is another polygon, led through this one's nodes */
            clip_polygon_end(&clip);
            (void)clip_learn(&clip);
            clip_begin(&clip);
        }
    }
    clip_polygon_end(&clip);
    for (size_t i = 0; i < clip.n_points; i++)
        if (clip.points[i].x < -64 || clip.points[i].x > 4160 || clip.points[i].y < -64 ||
            clip.points[i].y > 4160)
            abort();
    GEOSGeometry *shape = mvt_polygons_of(&valid, clip.points, clip.ends, clip.n_rings);
    if (GEOSisValid_r(valid.geos, shape) != 1)
        abort();
    GEOSGeom_destroy_r(valid.geos, shape);
    return 0;
}
