/*
 * tiles.c - times the drawing of a list of tiles: tiles STORE STYLE MAP LIST
 * [ROUNDS [FORMAT [PREFIX]]]
 *
 * LIST holds "z x y" a line. What is drawn once before the clock starts makes projected shapes
 * and looks, as a server has after its first minutes; no finished tile is kept. One line:
 * tiles a second, percentiles of one tile in ms, mean bytes, each the best of the rounds and by
 * the processor's time; then tiles a second by the clock on the wall. One line a zoom after it.
 * FORMAT is png (256-px tiles, a palette always), auto (all colours where 256 would show) or mvt.
 * With PREFIX the tiles are written as PREFIX-z-x-y.png.
 */
#include "data/base/file.h"
#include "data/base/limits.h"
#include "tiler/tiles/vector_tile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_TILES = 100000, ZOOMS = 21 };

static double clock_seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double seconds(void)
{
    return clock_seconds(CLOCK_THREAD_CPUTIME_ID);
}

static int by_value(const void *a, const void *b)
{
    double p = *(const double *)a, q = *(const double *)b;
    return p < q ? -1 : p > q;
}

struct drawing_room {
    struct scenes *scenes;
    struct canvas *canvas;
    struct vector_room *vector; /* NULL: PNG */
    struct worker worker;
    enum map_id map;
    enum image_form form;
};

static enum err_code draw(struct drawing_room *room, const uint32_t key[3], struct buf *out,
                          struct err *err)
{
    const struct tile_key tile = {
        .map = room->map, .z = key[0], .x = key[1], .y = key[2], .scale = 1, .form = room->form};
    out->n_bytes = 0;
    worker_reset(&room->worker);
    if (room->vector)
        return vector_tile_draw(room->scenes, room->vector, &room->worker, &tile, out, err);
    return tile_draw(room->scenes, room->canvas, &room->worker, &tile, out, err);
}

static size_t read_list(const char *path, uint32_t (*keys)[3])
{
    FILE *file = fopen(path, "r");
    size_t n = 0;
    while (file && n < MOST_TILES &&
           fscanf(file, "%u %u %u", &keys[n][0], &keys[n][1], &keys[n][2]) == 3)
        n++;
    if (file)
        fclose(file);
    return n;
}

static enum err_code measure(struct drawing_room *room, uint32_t (*keys)[3], size_t n, int rounds,
                             const char *prefix, struct err *err)
{
    enum err_code code = ERR_OK;
    double *best = calloc(n, sizeof *best), least = 1e9, least_wall = 1e9, bytes = 0;
    double by_zoom[ZOOMS] = {0};
    size_t n_zoom[ZOOMS] = {0};
    struct buf out;
    buf_init(&out);
    for (int round = -1; round < rounds; round++) {
        double begun = seconds(), begun_wall = clock_seconds(CLOCK_MONOTONIC);
        bytes = 0;
        for (size_t i = 0; i < n; i++) {
            double start = seconds();
            TRY(draw(room, keys[i], &out, err));
            double took = seconds() - start;
            if (round == 0 || (round > 0 && took < best[i]))
                best[i] = took;
            bytes += (double)out.n_bytes;
            if (round < 0 && prefix) {
                char path[4096];
                snprintf(path, sizeof path, "%s-%u-%u-%u.%s", prefix, keys[i][0], keys[i][1],
                         keys[i][2], room->vector ? "mvt" : "png");
                TRY(file_write_atomic(path, out.bytes, out.n_bytes, err));
            }
        }
        double took = seconds() - begun, wall = clock_seconds(CLOCK_MONOTONIC) - begun_wall;
        if (round >= 0 && took < least)
            least = took;
        if (round >= 0 && wall < least_wall)
            least_wall = wall;
    }
    for (size_t i = 0; i < n; i++) {
        by_zoom[keys[i][0]] += best[i];
        n_zoom[keys[i][0]]++;
    }
    qsort(best, n, sizeof *best, by_value);
    printf("tiles_per_s %.1f p50_ms %.3f p99_ms %.3f max_ms %.3f mean_bytes %.0f wall_per_s %.1f\n",
           (double)n / least, best[n / 2] * 1e3, best[n * 99 / 100] * 1e3, best[n - 1] * 1e3,
           bytes / (double)n, (double)n / least_wall);
    for (int z = 0; z < ZOOMS; z++)
        if (n_zoom[z])
            printf("  z%-2d %4zu tiles %8.3f ms\n", z, n_zoom[z],
                   by_zoom[z] / (double)n_zoom[z] * 1e3);
done:
    buf_release(&out);
    free(best);
    return code;
}

static enum err_code run(char **argv, int rounds, const char *format, const char *prefix,
                         struct err *err)
{
    enum err_code code = ERR_OK;
    struct style *style = NULL;
    struct world *world = NULL;
    struct drawing_room room = {.map = MAP_RISK};
    uint32_t(*keys)[3] = calloc(MOST_TILES, sizeof *keys);
    size_t n = keys ? read_list(argv[4], keys) : 0;
    bool has_worker = false;
    if (n == 0 || !map_by_name(argv[3], &room.map)) {
        free(keys);
        return err_set(err, ERR_USAGE, "%s holds no tiles, or %s is no map", argv[4], argv[3]);
    }
    TRY(style_load(argv[2], &style, err));
    TRY(world_load(argv[1], NULL, INT_ABSENT, &world, err));
    TRY(scenes_new(world, style, PLANE_MERCATOR, &room.scenes, err));
    scenes_keep_whole(room.scenes); /* all geometry in memory */
    TRY(canvas_new(style, &room.canvas, err));
    room.form = strcmp(format, "auto") == 0 ? IMAGE_AUTO : IMAGE_PALETTE;
    if (strcmp(format, "mvt") == 0)
        TRY(vector_room_new(&room.vector, err));
    TRY(worker_init(&room.worker, LIMIT_REQUEST_BYTES, err));
    has_worker = true;
    TRY(measure(&room, keys, n, rounds, prefix, err));
done:
    if (has_worker)
        worker_release(&room.worker);
    vector_room_free(room.vector);
    canvas_free(room.canvas);
    scenes_release(room.scenes);
    world_release(world);
    style_free(style);
    free(keys);
    return code;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    if (argc < 5) {
        fprintf(stderr, "tiles STORE STYLE MAP LIST [ROUNDS [FORMAT [PREFIX]]]\n");
        return 2;
    }
    if (run(argv, argc > 5 ? atoi(argv[5]) : 3, argc > 6 ? argv[6] : "png",
            argc > 7 ? argv[7] : NULL, &err) != ERR_OK) {
        fprintf(stderr, "tiles: %s\n", err.message);
        return 1;
    }
    return 0;
}
