/* cli_pipelines.c - sisetu pipelines: stretch by stretch. */
#include "geo/measure/ellipsoid.h"
#include "geo/pipelines/pipeline_line.h"
#include "geo/pipelines/pipeline_segments.h"
#include "tiler/answers/answers.h"
#include "tiler/command/cli_world.h"
#include "tiler/command/columns.h"

#include <stdlib.h>
#include <string.h>

/* Along the line; what begins at the same place by kind, then id. */
static int by_station(const void *a, const void *b)
{
    const struct segment *x = a;
    const struct segment *y = b;
    int kind = strcmp(x->kind, y->kind);
    if (kind != 0)
        return kind;
    if (x->from_m != y->from_m)
        return x->from_m < y->from_m ? -1 : 1;
    return strcmp(x->head.id, y->head.id);
}

/* "3", "II, could be III", "I?" */
static const char *class_text(struct cli *cli, const struct segment *segment)
{
    const char *class = segment->class ? segment->class : "";
    if (segment->could_be)
        return *class ? arena_printf(&cli->arena, "%s, could be %s", class, segment->could_be)
                      : arena_printf(&cli->arena, "could be %s", segment->could_be);
    return class;
}

static void print_pipeline(struct cli *cli, const struct pipeline *pipeline,
                           const struct segment *segments, size_t n)
{
    struct columns table;
    buf_say(&cli->out, "%s%s%s: %s, %s, %s\n", pipeline->head.id, pipeline->head.name ? " " : "",
            pipeline->head.name ? pipeline->head.name : "",
            pipeline->medium ? pipeline->medium : "medium not told",
            isnan(pipeline->diameter_mm)
                ? "diameter not told"
                : arena_printf(&cli->arena, "%g mm", pipeline->diameter_mm),
            isnan(pipeline->pressure_mpa)
                ? "pressure not told"
                : arena_printf(&cli->arena, "%g MPa", pipeline->pressure_mpa));
    columns_begin(&table, &cli->arena, 6);
    for (size_t i = 0; i < n; i++) {
        const struct segment *s = &segments[i];
        const char *why = s->decides ? arena_printf(&cli->arena, "%s; decides: %s",
                                                    s->reason ? s->reason : "", s->decides)
                                     : s->reason;
        COLUMNS_ROW(&table, s->head.name, s->kind, class_text(cli, s), s->verdict, s->rule_id, why);
    }
    columns_end(&table, "  ", &cli->out);
    if (n == 0)
        buf_add_text(&cli->out, "  no segments\n");
}

static enum err_code answer_one(struct cli *cli, struct cli_world *on, uint32_t row,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct segment *segments = NULL;
    size_t n = 0;
    struct pipeline_question question = {
        .world = on->world, .row = row, .method = cli_value(cli, "method")};
    const struct pipeline *pipeline = world_pipeline(on->world, row);
    TRY(pipeline_segments_of(&question, &on->worker, &on->worker.arena, &segments, &n, err));
    if (n > 1)
        qsort(segments, n, sizeof *segments, by_station);
    if (cli_flag(cli, "json")) {
        struct jw jw;
        jw_init(&jw, &cli->out);
        answer_pipeline(&jw, pipeline, segments, n);
        buf_add_byte(&cli->out, '\n');
    } else {
        print_pipeline(cli, pipeline, segments, n);
    }
    worker_reset(&on->worker);
    TRY(cli_flush(cli, err));
done:
    return code;
}

static enum err_code run_pipelines(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct cli_world on = {0};
    TRY(cli_world_open(cli, &on, err));
    if (cli->n_arguments > 1) {
        int64_t row = world_find(on.world, LAYER_PIPELINES, cli->arguments[1]);
        if (row < 0)
            TRY(err_set(err, ERR_NOT_FOUND, "no pipeline \"%s\" in %s", cli->arguments[1],
                        cli->arguments[0]));
        TRY(answer_one(cli, &on, (uint32_t)row, err));
        goto done;
    }
    for (size_t i = 0; i < world_count(on.world, LAYER_PIPELINES); i++)
        TRY(answer_one(cli, &on, (uint32_t)i, err));
done:
    cli_world_close(&on);
    return code;
}

static const struct cli_option options[] = {
    {"method", 0, "METHOD", false,
     "one row of pipeline_methods.csv, such as gb50251, gb32167, cfr192, phmsa_2"},
    {"rules", 0, "DIR", false, "rule tables, in place of those that the store was assessed by"},
    {"json", 0, NULL, false, "a JSON object a pipeline, one a line"},
    {NULL, 0, NULL, false, NULL},
};

const struct cli_command cli_pipelines = {
    .name = "pipelines",
    .arguments = "STORE [ID]",
    .summary = "class location, high-consequence areas, occupation and crossings, by stationing",
    .details =
        "Cuts a pipeline (or each) into segments by K0+000 along its centre line: class location "
        "by\n"
        "the sliding window, high-consequence areas with their grade (I least, III worst), the\n"
        "potential impact radius, what is built within 5 m, and what it crosses. What the data "
        "leave\n"
        "open is undecided and says what would decide it. `sisetu assess` keeps the same rows in\n"
        "layer segments; methods of other countries are computed only when named by --method.",
    .examples = "sisetu pipelines build/ningxia.gpkg P-00001\n"
                "sisetu pipelines build/ningxia.gpkg P-00001 --method phmsa_2 --json\n"
                "sisetu export build/ningxia.gpkg segments -o segments.geojson\n",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 2,
    .run = run_pipelines,
};
