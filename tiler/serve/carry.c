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

struct carry {
    struct canvas *canvas;
    struct worker worker;
    struct arena arena; /* of a step */
    struct one ones[STYLE_SET_MOST * PLANE_COUNT];
    size_t n;
    size_t n_stay, n_go; /* tiles */
};

enum err_code carry_new(const struct style *style, struct carry **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct carry *carry = calloc(1, sizeof *carry);
    *out = NULL;
    if (!carry)
        return err_nomem(err);
    arena_init(&carry->arena, LIMIT_REQUEST_BYTES);
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
    arena_release(&carry->arena);
    free(carry);
}

static struct one *find(struct carry *carry, const struct cache_place *place)
{
    for (size_t i = 0; i < carry->n; i++)
        if (carry->ones[i].style == place->style && carry->ones[i].plane == place->plane)
            return &carry->ones[i];
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
    struct carry *carry = context;
    const struct one *one = find(carry, place);
    bool same = one && !touched_tile(&one->touched, place);
    carry->n_stay += same;
    carry->n_go += !same;
    return same;
}

static bool is_empty(const struct touched_zooms *kept)
{
    uint32_t any = 0;
    for (int map = 0; map < MAP_COUNT; map++)
        any |= kept->pictures[map] | kept->vectors[map];
    return any == 0;
}

/* Other planes are looked at where they have tiles; the first one tells which maps changed. */
static enum err_code look(struct carry *carry, const struct carry_step *step, size_t style,
                          struct one *one, struct err *err)
{
    enum err_code code = ERR_OK;
    struct touched_wanted wanted = {
        .edit = step->edit, .kept = &one->kept, .canvas = carry->canvas, .worker = &carry->worker};
    if (one->plane != PLANE_MERCATOR && is_empty(&one->kept))
        return ERR_OK;
    if (!step->before[style]) {
        one->touched = (struct touched){.all = true, .maps = UINT32_MAX};
        return ERR_OK;
    }
    TRY(scenes_in_plane(step->before[style], one->plane, &wanted.before, err));
    TRY(scenes_in_plane(step->scenes[style], one->plane, &wanted.scenes, err));
    TRY(worker_fit(&carry->worker, scenes_world(wanted.scenes), err));
    TRY(touched_find(&wanted, &carry->arena, &one->touched, err));
done:
    return code;
}

void carry_on(struct carry *carry, const struct carry_step *step)
{
    uint32_t maps = 0;
    struct err err = {0};
    struct timespec from, to;
    enum err_code code = ERR_OK;
    clock_gettime(CLOCK_MONOTONIC, &from);
    carry->n = carry->n_stay = carry->n_go = 0;
    for (size_t i = 0; i < style_set_count(step->styles); i++)
        for (int plane = 0; plane < PLANE_COUNT; plane++)
            carry->ones[carry->n++] = (struct one){style_version(style_set_at(step->styles, i)),
                                                   (enum plane)plane, .touched = {.all = false}};
    cache_visit(step->cache, carry, count);
    for (size_t k = 0; k < carry->n && code == ERR_OK; k++) {
        code = look(carry, step, k / PLANE_COUNT, &carry->ones[k], &err);
        maps |= carry->ones[k].touched.maps;
    }
    if (code != ERR_OK) {
        log_line("carry", "error=%s message=\"%s\" effect=\"all tiles are drawn again\"",
                 err_code_name(code), err.message);
        maps = UINT32_MAX;
    }
    for (int map = 0; map < MAP_COUNT; map++)
        step->epoch->versions[map] =
            maps & 1U << map ? step->versions[map] : step->last->versions[map];
    cache_turn(step->cache, step->epoch, carry, code == ERR_OK ? stays : NULL);
    clock_gettime(CLOCK_MONOTONIC, &to);
    if (carry->n_stay + carry->n_go > 0)
        log_line("carry", "generation=%" PRIu64 " kept=%zu dropped=%zu took_us=%" PRId64,
                 step->epoch->generation, carry->n_stay, carry->n_go,
                 (int64_t)(to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000);
    arena_reset(&carry->arena);
}
