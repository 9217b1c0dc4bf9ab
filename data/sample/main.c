/*
 * sisetu-sample - writes the synthetic sample region.
 *
 *   sisetu-sample [--scale N] [--data DIRECTORY] OUTPUT_DIRECTORY
 *
 * The same files, byte for byte, at every run and on every machine. Reads the real part
 * (boundaries, census, settlements, plan) from data/ningxia.
 */
#include "data/base/file.h"
#include "data/base/log.h"
#include "data/base/text.h"
#include "data/sample/sample.h"

#include <stdio.h>
#include <string.h>

/* 100 is the region a hundred times over; more plants than that no province has. */
enum { SCALE_MOST = 1000 };

struct settings {
    const char *output;
    char data[4096];
    uint32_t scale;
};

static enum err_code read_settings(int argc, char **argv, struct settings *out, struct err *err)
{
    *out = (struct settings){.scale = 1};
    for (int i = 1; i < argc; i++) {
        int64_t scale;
        if (strcmp(argv[i], "--scale") == 0 && i + 1 < argc) {
            if (!text_to_int(argv[++i], &scale) || scale < 1 || scale > SCALE_MOST)
                return err_set(err, ERR_USAGE, "--scale %s: a number from 1 to %d", argv[i],
                               SCALE_MOST);
            out->scale = (uint32_t)scale;
        } else if (strcmp(argv[i], "--data") == 0 && i + 1 < argc) {
            snprintf(out->data, sizeof out->data, "%s", argv[++i]);
        } else if (argv[i][0] != '-' && !out->output) {
            out->output = argv[i];
        } else {
            return err_set(err, ERR_USAGE,
                           "%s: not understood; usage: sisetu-sample "
                           "[--scale N] [--data DIRECTORY] OUTPUT_DIRECTORY",
                           argv[i]);
        }
    }
    if (!out->output)
        return err_set(err, ERR_USAGE,
                       "usage: sisetu-sample [--scale N] [--data DIRECTORY] OUTPUT_DIRECTORY");
    return out->data[0] ? ERR_OK : file_asset("data/ningxia", out->data, sizeof out->data, err);
}

struct layer {
    struct writer *writer;
    const char *file;
};

enum { N_LAYERS = 11 };

static void list_layers(struct sample *s, struct layer out[N_LAYERS])
{
    const struct layer layers[N_LAYERS] = {
        {&s->enterprises, "enterprises.geojson"},
        {&s->facilities, "facilities.geojson"},
        {&s->inventory, "inventory.csv"},
        {&s->zones, "zones.geojson"},
        {&s->scenarios, "scenarios.geojson"},
        {&s->pipelines, "pipelines.geojson"},
        {&s->targets, "protected.geojson"},
        {&s->areas, "areas.geojson"},
        {&s->infrastructure, "infrastructure.geojson"},
        {&s->dangers, "hidden_dangers.geojson"},
        {&s->resources, "resources.geojson"},
    };
    memcpy(out, layers, sizeof layers);
}

static enum err_code generate(struct sample *s, const char *output, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(ground_init(&s->ground, &s->region, s->arena, err));
    TRY(people_init(&s->people, &s->region, s->arena, err));
    writer_text(&s->inventory, "id,enterprise_id,unit,unit_kind,substance,category,q_t\n");
    s->inventory.n = 0;
    TRY(sample_network(s, err));
    TRY(sample_parks(s, err));
    TRY(sample_branches(s, err));
    TRY(sample_plants(s, err));
    sample_pipelines(s);
    TRY(people_settle(&s->people, &s->ground, err));
    sample_targets(s);
    sample_areas(s);
    sample_duties(s);
    TRY(people_write(&s->people, output, err));
done:
    return code;
}

static enum err_code run(const struct settings *settings, struct arena *arena, struct err *err)
{
    struct sample s = {.arena = arena, .scale = settings->scale};
    struct layer layers[N_LAYERS];
    list_layers(&s, layers);
    enum err_code code = ERR_OK;
    TRY(file_make_directory(settings->output, err));
    TRY(region_load(settings->data, arena, &s.region, err));
    for (int i = 0; i < N_LAYERS; i++)
        TRY(writer_open(layers[i].writer, settings->output, layers[i].file, err));
    TRY(generate(&s, settings->output, err));
done:
    for (int i = 0; i < N_LAYERS; i++) {
        enum err_code closed = writer_close(layers[i].writer, code == ERR_OK ? err : NULL);
        if (code == ERR_OK)
            code = closed;
    }
    if (code == ERR_OK)
        for (int i = 0; i < N_LAYERS; i++)
            printf("%-24s %zu\n", layers[i].file, layers[i].writer->n);
    return code;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct arena arena;
    arena_init(&arena, 0);
    struct settings settings;
    enum err_code code = read_settings(argc, argv, &settings, &err);
    if (code == ERR_OK)
        code = run(&settings, &arena, &err);
    arena_release(&arena);
    if (code == ERR_OK)
        return 0;
    fprintf(stderr, "sisetu-sample: %s\n", err.message);
    return err_exit_status(code);
}
