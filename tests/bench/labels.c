/*
 * labels.c - times the placing of labels: labels STORE STYLE MAP [ROUNDS]
 *
 * A line a zoom from 6 to 18: candidates, labels placed, ms to place all with letters not shaped
 * yet, with letters shaped, and starting from a placement in which one renamed. The least of
 * the rounds, CPU time of one thread.
 */
#include "geo/world/world_edit.h"
#include "tiler/tiles/scenes.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FIRST_ZOOM = 6, LAST_ZOOM = 18, MOST_LAYERS = 64 };

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

struct bench {
    struct style *style;
    struct world *world;
    struct scenes *scenes, *edited;
    enum map_id map;
};

/* The scenes after the plant in the middle got another name. */
static enum err_code edit(struct bench *b, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena arena;
    struct enterprise plant;
    struct world_change change = {.layer = LAYER_ENTERPRISES, .record = &plant};
    struct world_edited edited = {0};
    size_t n = world_count(b->world, LAYER_ENTERPRISES);
    arena_init(&arena, 0);
    if (n > 0) {
        plant = *world_enterprise(b->world, n / 2);
        plant.head.name = "宁夏改名企业";
        change.id = plant.head.id;
    }
    TRY(world_edit_new(b->world, &change, n > 0, &arena, &edited, err));
    TRY(scenes_new(edited.world, b->style, PLANE_MERCATOR, &b->edited, err));
done:
    world_release(edited.world);
    arena_release(&arena);
    return code;
}

static enum err_code collect(const struct bench *b, struct scenes *scenes, uint32_t z,
                             struct label_layer *layers, struct label_input *out, struct err *err)
{
    enum err_code code = ERR_OK;
    *out = (struct label_input){.layers = layers, .z = z};
    for (size_t i = 0; i < style_layer_count(b->style) && out->n_layers < MOST_LAYERS; i++) {
        const struct style_layer *layer = style_layer(b->style, i);
        if (layer->type != LAYER_SYMBOL || !style_layer_shows(layer, b->map, style_zoom(z)))
            continue;
        struct label_layer *symbols = &layers[out->n_layers++];
        *symbols = (struct label_layer){.index = i, .style = layer};
        TRY(scenes_source(scenes, layer->source, &symbols->source, err));
        TRY(scenes_detail(scenes, symbols->source, z, &symbols->detail, err));
    }
done:
    return code;
}

struct times {
    double cold_s, shaped_s, again_s;
    size_t n_candidates, n;
};

static enum err_code measure(const struct bench *b, struct label_input *input,
                             struct label_input *edited, struct times *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct placement *first = NULL, *second = NULL, *third = NULL;
    TRY(font_set_new(style_stacks(b->style), style_stack_count(b->style), &input->fonts, err));
    double start = seconds();
    TRY(placement_new(input, NULL, &first, err));
    double cold = seconds();
    TRY(placement_new(input, NULL, &second, err));
    double shaped = seconds();
    edited->fonts = input->fonts;
    TRY(placement_new(edited, second, &third, err));
    double again = seconds();
    *out = (struct times){cold - start, shaped - cold, again - shaped, 0, 0};
    out->n_candidates = first->n_candidates;
    out->n = first->n;
done:
    placement_release(first);
    placement_release(second);
    placement_release(third);
    font_set_free(input->fonts);
    return code;
}

static enum err_code run(char **argv, int rounds, struct err *err)
{
    enum err_code code = ERR_OK;
    struct bench b = {.map = MAP_RISK};
    struct label_layer layers[MOST_LAYERS], layers_edited[MOST_LAYERS];
    if (!map_by_name(argv[3], &b.map))
        return err_set(err, ERR_USAGE, "%s is no map", argv[3]);
    TRY(style_load(argv[2], &b.style, err));
    TRY(world_load(argv[1], NULL, INT_ABSENT, &b.world, err));
    TRY(scenes_new(b.world, b.style, PLANE_MERCATOR, &b.scenes, err));
    TRY(edit(&b, err));
    for (uint32_t z = FIRST_ZOOM; z <= LAST_ZOOM; z++) {
        struct label_input input, edited;
        struct times best = {1e9, 1e9, 1e9, 0, 0}, times = best;
        TRY(collect(&b, b.scenes, z, layers, &input, err));
        TRY(collect(&b, b.edited, z, layers_edited, &edited, err));
        for (int i = 0; i < rounds; i++) {
            TRY(measure(&b, &input, &edited, &times, err));
            best.cold_s = times.cold_s < best.cold_s ? times.cold_s : best.cold_s;
            best.shaped_s = times.shaped_s < best.shaped_s ? times.shaped_s : best.shaped_s;
            best.again_s = times.again_s < best.again_s ? times.again_s : best.again_s;
        }
        printf("z%-2u %8zu candidates %8zu placed %8.2f ms, letters shaped %8.2f ms, one renamed "
               "%8.2f ms\n",
               z, times.n_candidates, times.n, best.cold_s * 1e3, best.shaped_s * 1e3,
               best.again_s * 1e3);
    }
done:
    scenes_release(b.edited);
    scenes_release(b.scenes);
    world_release(b.world);
    style_free(b.style);
    return code;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    if (argc < 4) {
        fprintf(stderr, "labels STORE STYLE MAP [ROUNDS]\n");
        return 2;
    }
    if (run(argv, argc > 4 ? atoi(argv[4]) : 3, &err) != ERR_OK) {
        fprintf(stderr, "labels: %s\n", err.message);
        return 1;
    }
    return 0;
}
