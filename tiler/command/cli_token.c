/* cli_token.c - sisetu token add, list, remove: who may change a store over HTTP. */
#include "data/store_tokens.h"
#include "tiler/command/cli.h"
#include "tiler/command/columns.h"

#include <string.h>

static enum err_code run_add(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = NULL;
    char text[TOKEN_TEXT_BYTES];
    const char *scope = cli_value(cli, "scope");
    if (scope && strcmp(scope, "read") != 0 && strcmp(scope, "write") != 0)
        return err_set(err, ERR_USAGE, "--scope \"%s\" should be read or write", scope);
    TRY(store_open(cli->arguments[0], STORE_WRITE, &store, err));
    TRY(store_token_add(store, cli->arguments[1],
                        scope && strcmp(scope, "read") == 0 ? TOKEN_READ : TOKEN_WRITE, text, err));
    TRY(store_commit(store, err));
    buf_say(&cli->out, "%s\n", text);
done:
    store_close(store);
    return code;
}

static enum err_code run_list(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = NULL;
    struct token *tokens = NULL;
    struct columns table;
    size_t n = 0;
    TRY(store_open(cli->arguments[0], STORE_READ, &store, err));
    TRY(store_tokens(store, &cli->arena, &tokens, &n, err));
    columns_begin(&table, &cli->arena, 3);
    for (size_t i = 0; i < n; i++)
        COLUMNS_ROW(&table, tokens[i].name, token_scope_name(tokens[i].scope), tokens[i].created);
    columns_end(&table, "", &cli->out);
    if (n == 0)
        buf_add_text(&cli->out, "no tokens: a server refuses all changes\n");
done:
    store_close(store);
    return code;
}

static enum err_code run_remove(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = NULL;
    TRY(store_open(cli->arguments[0], STORE_WRITE, &store, err));
    TRY(store_token_remove(store, cli->arguments[1], err));
    TRY(store_commit(store, err));
    buf_say(&cli->out, "token %s removed\n", cli->arguments[1]);
done:
    store_close(store);
    return code;
}

const struct cli_command cli_token_add = {
    .name = "token add",
    .arguments = "STORE NAME",
    .summary = "make a token for changes over HTTP; it is shown once",
    .details = "The store keeps its SHA-256 alone. Send it as `Authorization: Bearer TOKEN`. A "
               "server\n"
               "that runs knows it within two seconds.",
    .examples = "sisetu token add r.gpkg wang\n"
                "sisetu token add r.gpkg screen --scope read\n",
    .options =
        (const struct cli_option[]){
            {"scope", 0, "SCOPE", false, "write (default), or read for serve --require-read-token"},
            {NULL, 0, NULL, false, NULL}},
    .min_arguments = 2,
    .max_arguments = 2,
    .run = run_add,
};

const struct cli_command cli_token_list = {
    .name = "token list",
    .arguments = "STORE",
    .summary = "list the tokens by name, scope and time",
    .examples = "sisetu token list build/ningxia.gpkg\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_list,
};

const struct cli_command cli_token_remove = {
    .name = "token remove",
    .arguments = "STORE NAME",
    .summary = "remove a token: it opens nothing any more",
    .examples = "sisetu token remove build/ningxia.gpkg control-room\n",
    .min_arguments = 2,
    .max_arguments = 2,
    .run = run_remove,
};
