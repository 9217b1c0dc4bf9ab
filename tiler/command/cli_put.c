/* cli_put.c - sisetu put, delete: facts changed one by one, with all that follows from them. */
#include "tiler/answers/answers_edit.h"
#include "tiler/command/cli.h"
#include "tiler/answers/edit_request.h"

#include "data/store.h"

#include <inttypes.h>
#include <string.h>

static enum err_code read_pairs(struct cli *cli, const char *option, const struct import_pair **out,
                                size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    struct import_pair *pairs = arena_new(&cli->arena, struct import_pair, cli->n_given);
    const char *text;
    if (!pairs)
        return err_nomem(err);
    for (*n = 0; (text = cli_nth_value(cli, option, *n)); (*n)++)
        TRY(cli_pair(cli, option, text, &pairs[*n].ours, &pairs[*n].value, err));
    *out = pairs;
done:
    return code;
}

static enum err_code read_put(struct cli *cli, const struct world *world,
                              struct edit_request *request, struct err *err)
{
    enum err_code code = ERR_OK;
    struct import_options options = {.layer = cli->arguments[1],
                                     .path = cli->arguments[2],
                                     .source_layer = cli_value(cli, "from"),
                                     .crs = cli_value(cli, "crs"),
                                     .accuracy_m = (double)NAN,
                                     .encoding = cli_value(cli, "encoding"),
                                     .accept_shift = cli_flag(cli, "accept-shift")};
    struct edit_source source = {.options = &options};
    struct import_summary summary;
    TRY(cli_real(cli, "accuracy", 0.0001, 1000000, &options.accuracy_m, err));
    TRY(read_pairs(cli, "field", &options.fields, &options.n_fields, err));
    TRY(read_pairs(cli, "constant", &options.constants, &options.n_constants, err));
    TRY(edit_request_read(&source, world, &cli->arena, request, &summary, err));
    for (size_t i = 0; i < summary.n_first_repaired && !cli_flag(cli, "json"); i++)
        buf_say(&cli->out, "Repaired: row %zu: %s\n", summary.first_repaired[i].row,
                summary.first_repaired[i].reason);
done:
    return code;
}

static enum err_code print(struct cli *cli, const struct edit_result *result)
{
    struct jw jw;
    if (cli_flag(cli, "json")) {
        jw_init(&jw, &cli->out);
        answer_edit(&jw, result);
        buf_add_byte(&cli->out, '\n');
    } else {
        answer_edit_text(&cli->out, result);
    }
    return ERR_OK;
}

/* One try; first: without the writer's lock while the edit is prepared, so that others can write
 * meanwhile. If somebody did, the second waits for the lock, and nothing comes in between. */
static enum err_code edit_once(struct cli *cli, struct edit_request *request, bool first,
                               bool *stale, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = NULL;
    struct world *world = NULL;
    struct editor *editor = NULL;
    struct edit_result result = {.stale = false};
    if (!first)
        TRY(store_open(cli->arguments[0], STORE_WRITE, &store, err));
    TRY(world_load(cli->arguments[0], NULL, INT_ABSENT, &world, err));
    if (request->n_deleted == 0)
        TRY(read_put(cli, world, request, err));
    TRY(editor_new(cli->arguments[0], world, 0, &editor, err));
    if (store)
        editor_take_store(editor, store);
    store = NULL;
    TRY(editor_apply(editor, request, &cli->arena, &result, err));
    *stale = result.stale;
    if (!*stale)
        TRY(print(cli, &result));
done:
    edit_result_release(&result);
    editor_free(editor);
    store_close(store);
    world_release(world);
    return code;
}

static enum err_code edit(struct cli *cli, struct edit_request *request, struct err *err)
{
    enum err_code code = ERR_OK;
    bool stale = true;
    int64_t generation = -1;
    TRY(edit_request_layer(cli->arguments[1], &request->layer, err));
    TRY(cli_integer(cli, "if-generation", 0, INT64_MAX, &generation, err));
    request->has_generation = generation >= 0;
    request->generation = (uint64_t)generation;
    TRY(edit_once(cli, request, true, &stale, err));
    if (stale)
        TRY(edit_once(cli, request, false, &stale, err));
    if (stale)
        code = err_set(err, ERR_BUSY, "%s was replaced by another store meanwhile: try again",
                       cli->arguments[0]);
done:
    return code;
}

static enum err_code run_put(struct cli *cli, struct err *err)
{
    struct edit_request request = {.n_deleted = 0};
    if (cli_flag(cli, "new") && cli_flag(cli, "existing"))
        return err_set(err, ERR_USAGE, "--new and --existing contradict each other");
    request.presence = cli_flag(cli, "new")        ? EDIT_MUST_BE_NEW
                       : cli_flag(cli, "existing") ? EDIT_MUST_EXIST
                                                   : EDIT_ANY;
    return edit(cli, &request, err);
}

static enum err_code run_delete(struct cli *cli, struct err *err)
{
    const char *const *ids = cli->arguments + 2;
    struct edit_request request = {.deleted = ids, .n_deleted = cli->n_arguments - 2};
    return edit(cli, &request, err);
}

const struct cli_command cli_put = {
    .name = "put",
    .arguments = "STORE LAYER FILE --crs CRS",
    .summary = "put records: new ones, or in place of those with their id",
    .details =
        "Reads what import reads and checks it as import does; every record names its id, and one "
        "bad\n"
        "record refuses all. What follows (conflicts, grades) is brought up to date in the same\n"
        "transaction, by the rules of the last assessment, and what changed is told. Putting the "
        "same\n"
        "again changes nothing.",
    .examples = "sisetu put r.gpkg facilities tank.geojson --crs EPSG:4490\n"
                "sisetu put r.gpkg protected school.csv --crs gcj02 --json\n",
    .options =
        (const struct cli_option[]){
            {"crs", 0, "CRS", false, "of the file's coordinates: EPSG:n, gcj02 or bd09"},
            {"field", 'f', "OURS=THEIRS", true, "which column fills which field"},
            {"constant", 0, "OURS=VALUE", true, "one value for all records"},
            {"accuracy", 0, "M", false, "largest horizontal error of the records, m"},
            {"from", 0, "NAME", false, "which layer of a file that has several"},
            {"encoding", 0, "E", false, "of text that does not say: GBK, GB18030 ..."},
            {"accept-shift", 0, NULL, false, "take --crs at its word against the evidence"},
            {"new", 0, NULL, false, "refuse to replace"},
            {"existing", 0, NULL, false, "refuse to add"},
            {"if-generation", 0, "N", false, "only if the store still has this generation"},
            {"json", 0, NULL, false, "print what changed as JSON"},
            {NULL, 0, NULL, false, NULL}},
    .min_arguments = 3,
    .max_arguments = 3,
    .run = run_put,
};

const struct cli_command cli_delete = {
    .name = "delete",
    .arguments = "STORE LAYER ID...",
    .summary = "delete records, and what follows from them",
    .examples = "sisetu delete r.gpkg facilities F-00012\n",
    .options = (const struct cli_option[]){{"if-generation", 0, "N", false,
                                            "only if the store still has this generation"},
                                           {"json", 0, NULL, false, "print what changed as JSON"},
                                           {NULL, 0, NULL, false, NULL}},
    .min_arguments = 3,
    .max_arguments = 1000,
    .run = run_delete,
};
