/* cli_store.c - sisetu init, upgrade, export. */
#include "data/base/text.h"
#include "data/schema.h"
#include "data/store.h"
#include "tiler/command/cli.h"

static enum err_code run_init(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(store_create(cli->arguments[0], err));
    buf_say(&cli->out, "%s: an empty store with %d layers\n", cli->arguments[0], LAYER_COUNT);
done:
    return code;
}

static enum err_code run_upgrade(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    bool changed = false;
    TRY(store_upgrade(cli->arguments[0], &changed, err));
    buf_say(&cli->out, "%s: %s schema %d\n", cli->arguments[0], changed ? "upgraded to" : "is of",
            SCHEMA_VERSION);
done:
    return code;
}

/* Names of all layers, for suggestions. */
static enum err_code find_layer(const char *name, enum layer_id *out, struct err *err)
{
    const char *names[LAYER_COUNT + 1] = {0};
    if (layer_by_name(name, out))
        return ERR_OK;
    for (int i = 0; i < LAYER_COUNT; i++)
        names[i] = layer_name((enum layer_id)i);
    const char *near = text_nearest(name, names);
    return err_set(err, ERR_USAGE, "no layer \"%s\"%s%s%s", name,
                   near ? "; did you mean " : "; `sisetu help import` lists them", near ? near : "",
                   near ? "?" : "");
}

static enum err_code run_export(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = NULL;
    enum layer_id layer;
    size_t n = 0;
    const char *path = cli_value(cli, "output");
    if (!path)
        return err_set(err, ERR_USAGE,
                       "-o FILE is missing: .geojson .gpkg .shp .csv .kml, or "
                       ".tif for population");
    TRY(find_layer(cli->arguments[1], &layer, err));
    TRY(store_open(cli->arguments[0], STORE_READ, &store, err));
    TRY(store_count(store, layer, &n, err));
    TRY(store_export(store, layer, path, cli_flag(cli, "replace"), err));
    buf_say(&cli->out, "%s: %zu %s of layer %s\n", path, n,
            layer == LAYER_POPULATION ? "blocks" : "records", layer_name(layer));
done:
    store_close(store);
    return code;
}

const struct cli_command cli_init = {
    .name = "init",
    .arguments = "STORE",
    .summary = "make an empty store",
    .details = "The store is a GeoPackage with every layer of schema.csv; QGIS opens it as it is.",
    .examples = "sisetu init region.gpkg\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_init,
};

const struct cli_command cli_upgrade = {
    .name = "upgrade",
    .arguments = "STORE",
    .summary = "bring a store of an older schema up to this program's",
    .examples = "sisetu upgrade region.gpkg\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_upgrade,
};

const struct cli_command cli_export = {
    .name = "export",
    .arguments = "STORE LAYER -o FILE",
    .summary = "write a layer to a file",
    .details =
        "The extension names the format: .geojson .gpkg .shp .csv .kml, .tif for population.",
    .examples = "sisetu export region.gpkg enterprises -o plants.geojson\n"
                "sisetu export region.gpkg population -o persons.tif --replace\n",
    .options = (const struct cli_option[]){{"output", 'o', "FILE", false, "where to write"},
                                           {"replace", 0, NULL, false, "overwrite the file"},
                                           {NULL, 0, NULL, false, NULL}},
    .min_arguments = 2,
    .max_arguments = 2,
    .run = run_export,
};
