/* cli_exposure.c - sisetu exposure: how many people live in each shape of a file? */
#include "data/base/json.h"
#include "data/base/limits.h"
#include "data/import_shapes.h"
#include "geo/world/near.h"
#include "tiler/command/cli_world.h"
#include "tiler/command/columns.h"
#include "tiler/answers/exposure_request.h"

#include <string.h>

struct asked {
    struct shape *shapes;
    size_t n;
    double within_m; /* 0: inside */
};

static enum err_code read_asked(struct cli *cli, const struct world *world, struct asked *out,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct shapes_question question = {.source_layer = cli_value(cli, "from"),
                                       .id_column = cli_value(cli, "id"),
                                       .expected = world_extent(world)};
    TRY(cli_real(cli, "within", 0.001, LIMIT_RADIUS_M, &out->within_m, err));
    question.polygons_only = out->within_m == 0;
    question.asker = out->within_m == 0 ? "exposure without --within" : "exposure";
    TRY(cli_read_shapes(cli, cli->arguments[1], &question, &out->shapes, &out->n, err));
done:
    return code;
}

static const char *number(struct cli *cli, double value, int decimals)
{
    return isfinite(value) ? arena_printf(&cli->arena, "%.*f", decimals, value) : NULL;
}

static void add_row(struct cli *cli, struct columns *columns, const struct shape *shape,
                    const struct exposure *exposure)
{
    COLUMNS_ROW(columns, shape->id, number(cli, exposure->persons, 1),
                number(cli, exposure->low, 1), number(cli, exposure->high, 1),
                number(cli, exposure->cells, 0), number(cli, exposure->area_m2, 1),
                number(cli, exposure->densest_km2, 1), number(cli, exposure->nodata_share, 6));
}

static enum err_code print_all(struct cli *cli, struct cli_world *on, const struct asked *asked,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    bool json = cli_flag(cli, "json");
    struct columns columns;
    columns_begin(&columns, &cli->arena, 8);
    COLUMNS_ROW(&columns, "id", "persons", "low", "high", "cells", "area_m2", "densest_km2",
                "nodata_share");
    for (size_t i = 0; i < asked->n; i++) {
        const struct shape *shape = &asked->shapes[i];
        struct exposure exposure;
        code = near_exposure(on->world, &on->worker, &shape->geom, asked->within_m, &exposure, err);
        if (code != ERR_OK) {
            err_wrap(err, "feature %zu (id \"%s\")", shape->row, shape->id);
            goto done;
        }
        worker_reset(&on->worker);
        if (json) {
            struct jw jw;
            jw_init(&jw, &cli->out);
            exposure_write(&jw, shape->id, &exposure, shape->repaired);
            buf_add_byte(&cli->out, '\n');
        } else {
            add_row(cli, &columns, shape, &exposure);
        }
    }
    if (json)
        goto done;
    columns_end(&columns, "", &cli->out);
    for (size_t i = 0; i < asked->n; i++)
        if (asked->shapes[i].repaired)
            buf_say(&cli->out, "Note: %s was repaired: %s\n", asked->shapes[i].id,
                    asked->shapes[i].repaired);
    if (!population_known(on->world))
        buf_say(&cli->out, "Note: the store holds neither population nor census\n");
done:
    return code;
}

static enum err_code run_exposure(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct cli_world on = {0};
    struct asked asked = {0};
    TRY(cli_world_open(cli, &on, err));
    TRY(read_asked(cli, on.world, &asked, err));
    TRY(print_all(cli, &on, &asked, err));
done:
    cli_world_close(&on);
    return code;
}

const struct cli_command cli_exposure = {
    .name = "exposure",
    .arguments = "STORE FILE --crs CRS",
    .summary = "how many people live inside each shape of a file",
    .details =
        "FILE is any vector file that import reads, or - for GeoJSON on standard input. Polygons\n"
        "count who lives inside; with --within, any shape counts who lives so near to it. A cell\n"
        "or census area that the edge crosses counts by the share of its area on the ellipsoid;\n"
        "low leaves all of those out, high takes them whole. cells are the cells or areas "
        "touched,\n"
        "densest_km2 the persons a km2 in the densest of them, nodata_share the part of the shape\n"
        "without data, where nobody is counted although somebody may live there. A polygon that\n"
        "crosses itself is made valid, and that is said.",
    .examples =
        "sisetu exposure build/ningxia.gpkg zones.geojson --crs EPSG:4490\n"
        "sisetu exposure build/ningxia.gpkg - --crs EPSG:4490 --within 500 --json <plants.geojson\n"
        "sisetu exposure r.gpkg plan.gpkg --from blocks --id code --crs EPSG:4545\n",
    .options =
        (const struct cli_option[]){
            {"crs", 0, "CRS", false, "of the file: EPSG:n, gcj02 or bd09; required"},
            {"within", 'w', "M", false, "count who lives at most so many metres from the shape"},
            {"from", 0, "LAYER", false, "which layer of a file that has several"},
            {"id", 0, "COLUMN", false, "names the shapes (default: id, else their number)"},
            {"accept-shift", 0, NULL, false, "take --crs at its word though the file says else"},
            {"rules", 0, "DIR", false, "rule tables (default: those the store was assessed by)"},
            {"json", 0, NULL, false, "one JSON object a line, with all digits"},
            {NULL, 0, NULL, false, NULL}},
    .min_arguments = 2,
    .max_arguments = 2,
    .run = run_exposure,
};
