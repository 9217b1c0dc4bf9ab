/*
 * seed.h - all tiles of a map into an archive: which there are, what they will take, drawing them.
 *
 * The plan comes from the shapes: for each zoom the tiles that a feature shown there, or a label
 * placed there, may touch. So its size does not depend on how much nothing lies around, and it is
 * known before a tile is drawn. A tile that turns out empty after all is not stored.
 *
 *     TRY(seeder_new(scenes, style, &request, &seeder, err));  // plans
 *     TRY(archive_open(path, &options, &archive, err));
 *     TRY(seeder_estimate(seeder, archive, &estimate, err));   // draws a sample, and keeps it
 *     TRY(seeder_run(seeder, archive, &progress, err));
 *     TRY(archive_finish(archive, &stats, err));
 *
 * What the archive holds is the same for any number of threads, and however often the work was
 * interrupted (archive.h).
 *
 * Life:    seeder_new ... seeder_free. The scenes and the style must outlive it.
 * Threads: one caller; it works on as many threads as were asked for.
 * Cost:    planning a second for a million tiles; 8 bytes a planned tile, beside archive.h.
 * Errors:  ERR_NOT_FOUND: the map shows nothing there, or no such unit; those of drawing, with the
 *          tile; those of the archive. What was drawn before stays in the archive's spool.
 */
#ifndef SISETU_TILER_SEED_H
#define SISETU_TILER_SEED_H

#include "tiler/archive/archive.h"
#include "tiler/tiles/tile.h"

struct seed_request {
    enum map_id map;
    enum tile_format format;
    const struct tile_grid *grid; /* of the scenes' plane: what messages call its zooms; NULL:
                                   * WebMercatorQuad */
    uint32_t min_zoom, max_zoom;  /* of the plane, up to TILE_ZOOM_MAX */
    uint32_t scale;               /* 1, or 2 for @2x */
    bool has_box;
    struct box box;   /* only tiles that touch it */
    const char *unit; /* only tiles that touch this administrative unit; NULL: all */
    size_t n_threads; /* 0: as many as there are cores */
};

/* What a zoom of the plane is called. */
static inline uint32_t seed_level(const struct seed_request *request, uint32_t z)
{
    return request->grid ? z - request->grid->plane_zoom : z;
}

/* Tiles by Hilbert number, rising (archive_directory.h). */
struct seed_plan {
    uint64_t *ids;
    size_t n;
    uint64_t n_of_zoom[TILE_ZOOM_MAX + 1];
    struct box bounds; /* of what was asked for, else of the data */
};

/* seed_plan.c; free() the ids, also after an error. */
enum err_code seed_plan_make(struct scenes *scenes, struct canvas *canvas,
                             const struct seed_request *request, struct seed_plan *out,
                             struct err *err);

struct seed_estimate {
    uint64_t n_done;    /* planned tiles that the archive has, with the sample */
    uint64_t n_resumed; /* of these, from before */
    double n_bytes;     /* of those not from before */
    double seconds_left;
    size_t n_threads;
};

struct seed_progress {
    uint64_t n_done, n_all;
    uint32_t zoom;
    double tiles_a_second;
    double seconds_left;
};

/* Called a few times a second, from any thread, one at a time. */
struct seed_listener {
    void *context;
    void (*tell)(void *context, const struct seed_progress *progress);
};

struct seeder;

enum err_code seeder_new(struct scenes *scenes, const struct style *style,
                         const struct seed_request *request, struct seeder **out, struct err *err);
void seeder_free(struct seeder *seeder); /* NULL is fine */

const struct seed_plan *seeder_plan(const struct seeder *seeder);

/* archive NULL: nothing is kept. */
enum err_code seeder_estimate(struct seeder *seeder, struct archive *archive,
                              struct seed_estimate *out, struct err *err);

/* Draws what the archive does not have. listener NULL: silently. */
enum err_code seeder_run(struct seeder *seeder, struct archive *archive,
                         const struct seed_listener *listener, struct err *err);

#endif
