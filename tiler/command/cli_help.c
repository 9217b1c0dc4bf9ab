/* cli_help.c - `sisetu help`, `sisetu version`, and the --help of every command. */
#include "tiler/command/cli.h"

#include <stdio.h>
#include <string.h>

static void print_options(const struct cli_option *option, struct buf *out)
{
    if (!option || !option->name)
        return;
    buf_add_text(out, "\nOptions:\n");
    for (; option->name; option++) {
        char left[64];
        snprintf(left, sizeof left, "%s%c%s--%s%s%s", option->letter ? "-" : "",
                 option->letter ? option->letter : ' ', option->letter ? ", " : "   ", option->name,
                 option->value ? " " : "", option->value ? option->value : "");
        buf_printf(out, "  %-30s %s%s\n", left, option->help,
                   option->repeats ? " (may be repeated)" : "");
    }
}

void cli_print_help(const struct cli_command *command, struct buf *out)
{
    bool has_options = command->options && command->options->name;
    buf_printf(out, "sisetu %s - %s\n\nUsage: sisetu %s%s%s%s\n", command->name, command->summary,
               command->name, *command->arguments ? " " : "", command->arguments,
               has_options ? " [options]" : "");
    if (command->details)
        buf_printf(out, "\n%s\n", command->details);
    print_options(command->options, out);
    if (command->examples) {
        buf_add_text(out, "\nExamples:\n");
        const char *line = command->examples;
        while (*line) {
            size_t n = strcspn(line, "\n");
            buf_printf(out, "  %.*s\n", (int)n, line);
            line += n + (line[n] == '\n');
        }
    }
}

bool cli_print_helps(const char *word, struct buf *out)
{
    size_t n = strlen(word);
    bool any = false;
    for (size_t i = 0; cli_commands[i]; i++) {
        const char *name = cli_commands[i]->name;
        if (strncmp(name, word, n) != 0 || (name[n] != '\0' && name[n] != ' '))
            continue;
        if (any)
            buf_add_byte(out, '\n');
        cli_print_help(cli_commands[i], out);
        any = true;
    }
    return any;
}

static void print_overview(struct buf *out)
{
    buf_add_text(out, "sisetu " SISETU_VERSION
                      " - four-colour maps (四色图) of chemical safety, with reasons\n\n"
                      "Usage: sisetu COMMAND [arguments] [options]\n\nCommands:\n");
    for (size_t i = 0; cli_commands[i]; i++)
        buf_printf(out, "  %-13s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
    buf_add_text(
        out,
        "\n`sisetu COMMAND --help` tells more, with examples.\n"
        "\nExit status: 0 done, 1 does not hold (verify), 2 wrong usage, 3 bad input, 4 not found, "
        "5 would overwrite,\n6 busy, 7 input or output failed, 8 no space, "
        "9 over a limit, 10 another version,\n11 out of memory, 12 not permitted, "
        "14 changed meanwhile (put, delete), 70 internal error.\n");
}

static enum err_code run_help(struct cli *cli, struct err *err)
{
    if (cli->n_arguments == 0) {
        print_overview(&cli->out);
        return ERR_OK;
    }
    const char *wanted = cli->n_arguments == 1 ? cli->arguments[0]
                                               : arena_printf(&cli->arena, "%s %s",
                                                              cli->arguments[0], cli->arguments[1]);
    if (!wanted)
        return err_nomem(err);
    if (cli_print_helps(wanted, &cli->out))
        return ERR_OK;
    return err_set(err, ERR_USAGE, "no command \"%s\"; `sisetu help` lists them", wanted);
}

static enum err_code run_version(struct cli *cli, struct err *err)
{
    (void)err;
    buf_add_text(&cli->out, "sisetu " SISETU_VERSION "\n");
    return ERR_OK;
}

const struct cli_command cli_help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "list the commands, or explain one",
    .examples = "sisetu help\nsisetu help import\n",
    .max_arguments = 2,
    .run = run_help,
};

const struct cli_command cli_version = {
    .name = "version",
    .arguments = "",
    .summary = "print the version",
    .examples = "sisetu version\n",
    .run = run_version,
};
