/* cli_import.c - sisetu import: a file of anybody's into a layer, with a report. */
#include "data/base/json.h"
#include "data/import.h"
#include "tiler/command/cli.h"
#include "tiler/command/columns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- progress ---- */

enum { BAR_CELLS = 40 };

static void draw_bar(void *context, double share)
{
    (void)context;
    char bar[BAR_CELLS + 1];
    int full = (int)(share * BAR_CELLS);
    for (int i = 0; i < BAR_CELLS; i++)
        bar[i] = i < full ? '#' : '.';
    bar[BAR_CELLS] = '\0';
    fprintf(stderr, "\r[%s] %3.0f %%", bar, share * 100);
}

static void erase_bar(void)
{
    fprintf(stderr, "\r%*s\r", BAR_CELLS + 8, "");
}

/* ---- options ---- */

static enum err_code read_pairs(struct cli *cli, const char *option, const struct import_pair **out,
                                size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    struct import_pair *pairs = arena_new(&cli->arena, struct import_pair, cli->n_given);
    if (!pairs)
        return err_nomem(err);
    const char *text;
    for (*n = 0; (text = cli_nth_value(cli, option, *n)); (*n)++)
        TRY(cli_pair(cli, option, text, &pairs[*n].ours, &pairs[*n].value, err));
    *out = pairs;
done:
    return code;
}

static enum err_code read_options(struct cli *cli, struct import_options *options, struct err *err)
{
    enum err_code code = ERR_OK;
    bool replace = cli_flag(cli, "replace");
    bool append = cli_flag(cli, "append");
    *options = (struct import_options){.layer = cli->arguments[1],
                                       .path = cli->arguments[2],
                                       .source_layer = cli_value(cli, "from"),
                                       .crs = cli_value(cli, "crs"),
                                       .join = cli_value(cli, "join"),
                                       .accuracy_m = (double)NAN,
                                       .where = cli_value(cli, "where"),
                                       .encoding = cli_value(cli, "encoding"),
                                       .rejects_path = cli_value(cli, "rejects"),
                                       .accept_shift = cli_flag(cli, "accept-shift"),
                                       .strict = cli_flag(cli, "strict")};
    if (replace && append)
        return err_set(err, ERR_USAGE, "--replace and --append contradict each other");
    options->mode = replace ? IMPORT_REPLACE : append ? IMPORT_APPEND : IMPORT_INTO_EMPTY;
    TRY(cli_real(cli, "accuracy", 0.0001, 1000000, &options->accuracy_m, err));
    TRY(read_pairs(cli, "field", &options->fields, &options->n_fields, err));
    TRY(read_pairs(cli, "constant", &options->constants, &options->n_constants, err));
done:
    return code;
}

/* ---- the report ---- */

static void print_items(struct cli *cli, const char *title, const struct import_reject *items,
                        size_t shown, size_t all)
{
    struct columns table;
    if (shown == 0)
        return;
    buf_say(&cli->out, "%s\n", title);
    columns_begin(&table, &cli->arena, 4);
    for (size_t i = 0; i < shown; i++)
        COLUMNS_ROW(&table, arena_printf(&cli->arena, "row %zu", items[i].row), items[i].field,
                    items[i].value, items[i].reason);
    columns_end(&table, "  ", &cli->out);
    if (all > shown)
        buf_say(&cli->out, "  and %zu more (--rejects PATH lists all)\n", all - shown);
}

static void print_summary(struct cli *cli, const struct import_summary *summary)
{
    buf_say(&cli->out, "%s into %s", summary->source ? summary->source : cli->arguments[2],
            summary->layer ? summary->layer : cli->arguments[1]);
    if (summary->crs)
        buf_say(&cli->out, ", %s", summary->crs);
    buf_add_byte(&cli->out, '\n');
    buf_say(&cli->out, "  read %zu, accepted %zu, repaired %zu, refused %zu\n", summary->read,
            summary->accepted, summary->repaired, summary->refused);
    if (cli_value(cli, "join"))
        buf_say(&cli->out, "  changed %zu, unmatched in the store %zu\n", summary->changed,
                summary->unmatched);
    if (!isnan(summary->persons))
        buf_say(&cli->out, "  %.1f persons, %zu cells without data\n", summary->persons,
                summary->no_data);
    for (size_t i = 0; i < summary->n_reasons; i++)
        buf_say(&cli->out, "  refused for %s: %zu\n", summary->reasons[i].reason,
                summary->reasons[i].count);
    print_items(cli, "Refused:", summary->first_refused, summary->n_first_refused,
                summary->refused);
    print_items(cli, "Repaired:", summary->first_repaired, summary->n_first_repaired,
                summary->repaired);
    for (size_t i = 0; i < summary->n_warnings; i++)
        buf_say(&cli->out, "Warning: %s\n", summary->warnings[i]);
}

static void write_items(struct jw *jw, const char *key, const struct import_reject *items, size_t n)
{
    jw_key(jw, key);
    jw_array(jw);
    for (size_t i = 0; i < n; i++) {
        jw_object(jw);
        jw_kv_integer(jw, "row", (int64_t)items[i].row);
        jw_kv_string(jw, "field", items[i].field);
        jw_kv_string(jw, "value", items[i].value);
        jw_kv_string(jw, "reason", items[i].reason);
        jw_end_object(jw);
    }
    jw_end_array(jw);
}

static void write_json(struct cli *cli, const struct import_summary *summary)
{
    struct jw jw;
    jw_init(&jw, &cli->out);
    jw_object(&jw);
    jw_kv_string(&jw, "layer", summary->layer);
    jw_kv_string(&jw, "source", summary->source);
    jw_kv_string(&jw, "crs", summary->crs);
    jw_kv_integer(&jw, "read", (int64_t)summary->read);
    jw_kv_integer(&jw, "accepted", (int64_t)summary->accepted);
    jw_kv_integer(&jw, "repaired", (int64_t)summary->repaired);
    jw_kv_integer(&jw, "refused", (int64_t)summary->refused);
    jw_kv_integer(&jw, "changed", (int64_t)summary->changed);
    jw_kv_integer(&jw, "unmatched", (int64_t)summary->unmatched);
    jw_kv_integer(&jw, "no_data", (int64_t)summary->no_data);
    jw_kv_real(&jw, "persons", summary->persons);
    jw_key(&jw, "reasons");
    jw_object(&jw);
    for (size_t i = 0; i < summary->n_reasons; i++)
        jw_kv_integer(&jw, summary->reasons[i].reason, (int64_t)summary->reasons[i].count);
    jw_end_object(&jw);
    write_items(&jw, "first_refused", summary->first_refused, summary->n_first_refused);
    write_items(&jw, "first_repaired", summary->first_repaired, summary->n_first_repaired);
    jw_key(&jw, "warnings");
    jw_array(&jw);
    for (size_t i = 0; i < summary->n_warnings; i++)
        jw_string(&jw, summary->warnings[i]);
    jw_end_array(&jw);
    jw_kv_integer(&jw, "generation", (int64_t)summary->generation);
    jw_end_object(&jw);
    buf_add_byte(&cli->out, '\n');
}

static enum err_code run_import(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct import_options options;
    struct import_summary summary = {.persons = (double)NAN};
    TRY(read_options(cli, &options, err));
    bool bar = isatty(STDERR_FILENO) && !cli_flag(cli, "json");
    if (bar)
        options.progress = draw_bar;
    code = import_run(cli->arguments[0], &options, &cli->arena, &summary, err);
    if (bar)
        erase_bar();
    /* Also after a failure: what was refused, and why, is what the user needs. */
    if (code == ERR_OK || summary.refused > 0) {
        if (cli_flag(cli, "json"))
            write_json(cli, &summary);
        else
            print_summary(cli, &summary);
    }
done:
    return code;
}

const struct cli_command cli_import = {
    .name = "import",
    .arguments = "STORE LAYER FILE --crs CRS",
    .summary = "read a file into a layer, checking every record",
    .details =
        "Reads anything that OGR reads, and for population any GDAL raster. LAYER is one of "
        "admin,\n"
        "enterprises, facilities, inventory, zones, pipelines, protected, areas, infrastructure,\n"
        "hidden_dangers, resources, scenarios, census, population. What cannot be accepted is\n"
        "refused with its row, field, value and reason; nothing is written if the import fails.\n"
        "People come as a raster of persons a cell (population), or as polygons with `persons`\n"
        "(census), each taken as evenly settled; gaps between these are without data, and with\n"
        "both layers the raster counts alone.",
    .examples =
        "sisetu import r.gpkg enterprises plants.geojson --crs EPSG:4490\n"
        "sisetu import r.gpkg admin county.shp --crs gcj02 --encoding GBK --field code=adcode \\\n"
        "    --constant level=3\n"
        "sisetu import r.gpkg admin census.csv --crs EPSG:4490 --join code --field population=pop\n"
        "sisetu import r.gpkg population persons.tif --crs EPSG:4326 --replace\n"
        "sisetu import r.gpkg census townships.gpkg --crs EPSG:4490 --field persons=POP2020\n",
    .options =
        (const struct cli_option[]){
            {"crs", 0, "CRS", false, "of the file's coordinates: EPSG:n, gcj02 or bd09"},
            {"field", 'f', "OURS=THEIRS", true, "which column fills which field"},
            {"constant", 0, "OURS=VALUE", true, "one value for all records"},
            {"join", 0, "KEY", false, "update fields of existing records that have the same KEY"},
            {"accuracy", 0, "M", false, "largest horizontal error of the records, m"},
            {"where", 0, "SQL", false, "only records that fit, in the file's own columns"},
            {"from", 0, "NAME", false, "which layer of a file that has several"},
            {"replace", 0, NULL, false, "first delete what the layer holds"},
            {"append", 0, NULL, false, "add to what the layer holds"},
            {"encoding", 0, "E", false, "of text that does not say: GBK, GB18030 ..."},
            {"rejects", 0, "PATH", false, "CSV of what was refused"},
            {"accept-shift", 0, NULL, false, "take --crs at its word against the evidence"},
            {"strict", 0, NULL, false, "the first refused record refuses the file"},
            {"json", 0, NULL, false, "print the summary as JSON"},
            {NULL, 0, NULL, false, NULL}},
    .min_arguments = 3,
    .max_arguments = 3,
    .run = run_import,
};
