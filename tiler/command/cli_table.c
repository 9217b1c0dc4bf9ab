/* cli_table.c - the commands, and the way in: picks one, runs it, prints what it said. */
#include "data/base/text.h"
#include "tiler/command/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* In the order of a user's work. */
const struct cli_command *const cli_commands[] = {
    &cli_init,
    &cli_import,
    &cli_assess,
    &cli_put,
    &cli_delete,
    &cli_serve,
    &cli_at,
    &cli_unit,
    &cli_enterprise,
    &cli_conflicts,
    &cli_check,
    &cli_incident,
    &cli_risk,
    &cli_near,
    &cli_pipelines,
    &cli_explain,
    &cli_verify,
    &cli_exposure,
    &cli_share,
    &cli_report,
    &cli_tile,
    &cli_seed,
    &cli_export,
    &cli_upgrade,
    &cli_token_add,
    &cli_token_list,
    &cli_token_remove,
    &cli_rules_check,
    &cli_help,
    &cli_version,
    NULL,
};
/* Finds the command that the first one or two words name; *used tells how many. */
static const struct cli_command *find_command(int n_words, char **words, int *used)
{
    for (size_t i = 0; cli_commands[i]; i++) {
        const char *name = cli_commands[i]->name;
        const char *space = strchr(name, ' ');
        size_t first = space ? (size_t)(space - name) : strlen(name);
        if (strlen(words[0]) != first || strncmp(words[0], name, first) != 0)
            continue;
        *used = space ? 2 : 1;
        if (!space || (n_words > 1 && strcmp(words[1], space + 1) == 0))
            return cli_commands[i];
    }
    return NULL;
}

/* "token add, token list or token remove" for "token"; false if no command begins so. */
static bool commands_of(const char *word, char *out, size_t size)
{
    size_t n_word = strlen(word);
    size_t n = 0;
    size_t left = 0;
    for (size_t i = 0; cli_commands[i]; i++)
        left += strncmp(cli_commands[i]->name, word, n_word) == 0 &&
                cli_commands[i]->name[n_word] == ' ';
    for (size_t i = 0; cli_commands[i]; i++) {
        const char *name = cli_commands[i]->name;
        if (strncmp(name, word, n_word) != 0 || name[n_word] != ' ' || n >= size)
            continue;
        left--;
        n += (size_t)snprintf(out + n, size - n, "`sisetu %s`%s", name,
                              left > 1    ? ", "
                              : left == 1 ? " or "
                                          : "");
    }
    return n > 0;
}

static enum err_code unknown_command(int n_words, char **words, struct err *err)
{
    const char *word = words[0];
    char full[256];
    if (commands_of(word, full, sizeof full)) {
        if (n_words > 1 && words[1][0] != '-')
            return err_set(err, ERR_USAGE, "unknown command \"%s %s\"; there is %s", word, words[1],
                           full);
        return err_set(err, ERR_USAGE, "\"%s\" does nothing alone; there is %s", word, full);
    }
    enum { MOST = 64 };
    const char *names[MOST + 1];
    size_t n = 0;
    for (; cli_commands[n] && n < MOST; n++)
        names[n] = cli_commands[n]->name;
    names[n] = NULL;
    const char *near = text_nearest(word, names);
    if (near)
        return err_set(err, ERR_USAGE, "unknown command \"%s\"; did you mean %s?", word, near);
    return err_set(err, ERR_USAGE, "unknown command \"%s\"; see `sisetu help`", word);
}

static bool asks_for_help(int n_words, char **words)
{
    for (int i = 0; i < n_words && strcmp(words[i], "--") != 0; i++)
        if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0)
            return true;
    return false;
}

/* A full disk or a closed pipe behind standard output must not look like success. */
static enum err_code print_out(struct buf *out, struct err *err)
{
    if (!buf_ok(out))
        return err_nomem(err);
    if (out->n_bytes > 0 && fwrite(out->bytes, 1, out->n_bytes, stdout) != out->n_bytes)
        return err_errno(err, errno, "standard output");
    if (fflush(stdout) != 0)
        return err_errno(err, errno, "standard output");
    return ERR_OK;
}

enum err_code cli_flush(struct cli *cli, struct err *err)
{
    enum err_code code = print_out(&cli->out, err);
    buf_clear(&cli->out);
    return code;
}

static enum err_code run(struct cli *cli, int n_words, char **words, struct err *err)
{
    static const struct {
        const char *word;
        const struct cli_command *command;
    } spelled[] = {{"--help", &cli_help}, {"-h", &cli_help}, {"--version", &cli_version}};
    int used = 1;
    const struct cli_command *command = &cli_help;
    if (n_words > 0) {
        command = find_command(n_words, words, &used);
        for (size_t i = 0; !command && i < sizeof spelled / sizeof spelled[0]; i++)
            if (strcmp(words[0], spelled[i].word) == 0)
                command = spelled[i].command;
    }
    if (!command)
        return asks_for_help(n_words, words) && cli_print_helps(words[0], &cli->out)
                   ? ERR_OK
                   : unknown_command(n_words, words, err);
    int rest = n_words > used ? n_words - used : 0;
    if (asks_for_help(rest, words + used)) {
        cli_print_help(command, &cli->out);
        return ERR_OK;
    }
    enum err_code code = ERR_OK;
    cli->command = command;
    TRY(cli_parse(cli, command, rest, words + used, err));
    TRY(command->run(cli, err));
done:
    return code;
}

int cli_main(int n_words, char **words)
{
    struct cli cli = {0};
    arena_init(&cli.arena, 0);
    buf_init(&cli.out);
    struct err err = {0};
    enum err_code code = run(&cli, n_words, words, &err);
    struct err printing = {0};
    enum err_code printed = print_out(&cli.out, &printing);
    const char *name = cli.command ? cli.command->name : NULL;
    if (code == ERR_OK && printed != ERR_OK) {
        code = printed;
        err = printing;
    }
    if (code != ERR_OK)
        fprintf(stderr, "sisetu%s%s: %s\n", name ? " " : "", name ? name : "", err.message);
    buf_release(&cli.out);
    arena_release(&cli.arena);
    return err_exit_status(code);
}
