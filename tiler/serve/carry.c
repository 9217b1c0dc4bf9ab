#include "tiler/serve/carry.h"

#include "data/base/limits.h"
#include "data/base/log.h"
#include "tiler/tiles/touched.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What an edit touched under one style in one plane. */
struct one {
    uint64_t style;
    enum plane plane;
    struct touched_zooms kept;
    struct touched touched;
};

/* All that an edit touched; the disk looks at it when it comes to it. */
struct marks {
    struct arena arena;
    struct one ones[STYLE_SET_MOST * PLANE_COUNT];
    size_t n;
    size_t n_stay, n_go; /* tiles */
};

struct carry {
    struct canvas *canvas;
    struct worker worker;
};

static void marks_free(void *context)
{
    struct marks *marks = context;
    if (!marks)
        return;
    arena_release(&marks->arena);
    free(marks);
}

enum err_code carry_new(const struct style *style, struct carry **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct carry *carry = calloc(1, sizeof *carry);
    *out = NULL;
    if (!carry)
        return err_nomem(err);
    code = worker_init(&carry->worker, LIMIT_REQUEST_BYTES, err);
    if (code != ERR_OK) {
        free(carry);
        return code;
    }
    TRY(canvas_new(style, &carry->canvas, err));
    *out = carry;
    carry = NULL;
done:
    carry_free(carry);
    return code;
}

void carry_free(struct carry *carry)
{
    if (!carry)
        return;
    canvas_free(carry->canvas);
    worker_release(&carry->worker);
    free(carry);
}

static struct one *find(struct marks *marks, const struct cache_place *place)
{
    for (size_t i = 0; i < marks->n; i++)
        if (marks->ones[i].style == place->style && marks->ones[i].plane == place->plane)
            return &marks->ones[i];
    return NULL;
}

static void count(void *context, const struct cache_place *place)
{
    struct one *one = find(context, place);
    if (one && place->vector)
        one->kept.vectors[place->map] |= 1U << place->z;
    else if (one)
        one->kept.pictures[place->map] |= 1U << place->z;
}

static bool stays(void *context, const struct cache_place *place)
{
    struct marks *marks = context;
    const struct one *one = find(marks, place);
    bool same = one && place->map < MAP_COUNT && !touched_tile(&one->touched, place);
    marks->n_stay += same;
    marks->n_go += !same;
    return same;
}

static bool is_empty(const struct touched_zooms *kept)
{
    uint32_t any = 0;
    for (int map = 0; map < MAP_COUNT; map++)
        any |= kept->pictures[map] | kept->vectors[map];
    return any == 0;
}

/* Only where there are tiles; else it is enough to know which maps may have changed. */
static enum err_code look(struct carry *carry, const struct carry_step *step, struct marks *marks,
                          size_t k, struct err *err)
{
    struct one *one = &marks->ones[k];
    size_t style = k / PLANE_COUNT;
    enum err_code code = ERR_OK;
    struct touched_wanted wanted = {.edit = step->edit,
                                    .kept = &one->kept,
                                    .foreign = step->disk != NULL,
                                    .canvas = carry->canvas,
                                    .worker = &carry->worker};
    if (is_empty(&one->kept)) {
        if (one->plane == PLANE_MERCATOR)
            one->touched.maps = touched_maps(style_set_at(step->styles, style), step->edit);
        one->touched.all = step->disk != NULL; /* what it has of these goes */
        return ERR_OK;
    }
    if (!step->before[style]) {
        one->touched = (struct touched){.all = true, .maps = UINT32_MAX};
        return ERR_OK;
    }
    TRY(scenes_in_plane(step->before[style], one->plane, &wanted.before, err));
    TRY(scenes_in_plane(step->scenes[style], one->plane, &wanted.scenes, err));
    TRY(worker_fit(&carry->worker, scenes_world(wanted.scenes), err));
    TRY(touched_find(&wanted, &marks->arena, &one->touched, err));
done:
    return code;
}

/* Every zoom of every map: what is on the disk is not counted. That is done for the first style in
 * Web Mercator, and where there are tiles in memory. */
static void count_all(struct marks *marks)
{
    for (size_t k = 0; k < marks->n; k++)
        if (k == 0 || !is_empty(&marks->ones[k].kept))
            memset(&marks->ones[k].kept, 0xff, sizeof marks->ones[k].kept);
}

static enum err_code look_at_all(struct carry *carry, const struct carry_step *step,
                                 struct marks *marks, uint32_t *maps, struct err *err)
{
    enum err_code code = ERR_OK;
    arena_init(&marks->arena, LIMIT_REQUEST_BYTES);
    for (size_t i = 0; i < style_set_count(step->styles); i++)
        for (int plane = 0; plane < PLANE_COUNT; plane++)
            marks->ones[marks->n++] = (struct one){
                .style = style_version(style_set_at(step->styles, i)), .plane = (enum plane)plane};
    cache_visit(step->cache, marks, count);
    if (step->disk)
        count_all(marks);
    for (size_t k = 0; k < marks->n; k++) {
        TRY(look(carry, step, marks, k, err));
        *maps |= marks->ones[k].touched.maps;
    }
done:
    return code;
}

void carry_on(struct carry *carry, const struct carry_step *step)
{
    uint32_t maps = 0;
    struct err err = {0};
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    struct marks *marks = calloc(1, sizeof *marks);
    enum err_code code = marks ? look_at_all(carry, step, marks, &maps, &err) : err_nomem(&err);
    if (code != ERR_OK) {
        log_line("carry", "error=%s message=\"%s\" effect=\"all tiles are drawn again\"",
                 err_code_name(code), err.message);
        maps = UINT32_MAX;
        marks_free(marks);
        marks = NULL;
    }
    for (int map = 0; map < CACHE_MAPS; map++)
        step->epoch->versions[map] =
            maps & 1U << map ? step->versions[map] : step->last->versions[map];
    cache_turn(step->cache, step->epoch, marks, marks ? stays : NULL);
    clock_gettime(CLOCK_MONOTONIC, &to);
    if (marks && marks->n_stay + marks->n_go > 0)
        log_line("carry", "generation=%" PRIu64 " kept=%zu dropped=%zu took_us=%" PRId64,
                 step->epoch->generation, marks->n_stay, marks->n_go,
                 (int64_t)(to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000);
    struct disk_turn turn = {
        .state = step->state, .context = marks, .stays = stays, .free = marks_free};
    memcpy(turn.old, step->last->versions, sizeof turn.old);
    memcpy(turn.new, step->epoch->versions, sizeof turn.new);
    disk_turn(step->disk, &turn);
}
