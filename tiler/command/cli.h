/*
 * cli.h - the command line: how a command is described, and how it reads what it was given.
 *
 * A command is one constant `struct cli_command`, listed in the table of cli_table.c. From that one
 * description come the parsing, the refusal of what it does not know ("did you mean"), and
 * its --help. To add a command: write tiler/cli_NAME.c, declare its constant at the end of
 * this header, add it to the table.
 *
 * Output:  a command writes into cli->out, which goes to standard output when it ends, also
 *          when it fails. What people read goes there by buf_say, a record a line whatever
 *          its texts hold. An error goes to standard error as one line,
 *          `sisetu import: message`, and its code gives the exit status (err.h).
 * Memory:  cli->arena lives as long as the run.
 * Threads: one.
 */
#ifndef SISETU_TILER_CLI_H
#define SISETU_TILER_CLI_H

#include "data/base/arena.h"
#include "data/base/buf.h"
#include "data/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cli;

struct cli_option {
    const char *name;  /* "crs": given as --crs VALUE or --crs=VALUE */
    char letter;       /* 'o': also as -o VALUE; 0: none */
    const char *value; /* stands for the value in the help, such as "CRS"; NULL: a flag */
    bool repeats;      /* may be given more than once */
    const char *help;  /* one line, no full stop */
};

struct cli_command {
    const char *name;                 /* one word, or two such as "rules check" */
    const char *arguments;            /* as the help shows them: "STORE LAYER FILE" */
    const char *summary;              /* one line, no full stop */
    const char *details;              /* paragraphs, or NULL */
    const char *examples;             /* whole command lines, each on a line of its own, or NULL */
    const struct cli_option *options; /* up to a row without name; NULL: none */
    size_t min_arguments;
    size_t max_arguments;
    enum err_code (*run)(struct cli *cli, struct err *err);
};

struct cli_given {
    const struct cli_option *option;
    const char *value; /* NULL for a flag */
};

struct cli {
    const struct cli_command *command;
    const char **arguments;
    size_t n_arguments;
    struct cli_given *given; /* in the order of the command line */
    size_t n_given;
    struct arena arena;
    struct buf out;
};

/* Reads words (what follows the command's name) into cli. `--` ends the options; a word
 * such as -106.2 is a number, not an option. ERR_USAGE says which word and what would be right. */
enum err_code cli_parse(struct cli *cli, const struct cli_command *command, int n_words,
                        char **words, struct err *err);

bool cli_flag(const struct cli *cli, const char *option);
const char *cli_value(const struct cli *cli, const char *option); /* NULL: not given */

/* The i-th value of an option that repeats; NULL after the last. */
const char *cli_nth_value(const struct cli *cli, const char *option, size_t i);

/* A number in [min, max]; *out keeps its value when the option was not given. */
enum err_code cli_real(const struct cli *cli, const char *option, double min, double max,
                       double *out, struct err *err);
enum err_code cli_integer(const struct cli *cli, const char *option, int64_t min, int64_t max,
                          int64_t *out, struct err *err);
enum err_code cli_date(const struct cli *cli, const char *option, int32_t *yyyymmdd,
                       struct err *err);

/* --grid: WebMercatorQuad unless another is named. */
struct tile_grid;
enum err_code cli_grid(const struct cli *cli, const struct tile_grid **out, struct err *err);

/* The i-th argument as a number; `name` is what the help calls it. */
enum err_code cli_argument_real(const struct cli *cli, size_t i, const char *name, double min,
                                double max, double *out, struct err *err);

/* "a=b" cut in two, in the run's arena; ERR_USAGE without '=' or with nothing before it. */
enum err_code cli_pair(struct cli *cli, const char *option, const char *text, const char **left,
                       const char **right, struct err *err);

/* Puts what stands in cli->out to standard output now: for answers that are too long to hold. */
enum err_code cli_flush(struct cli *cli, struct err *err);

/* The whole program: picks the command, runs it, prints; returns the exit status. */
int cli_main(int n_words, char **words);

/* cli_help.c */
void cli_print_help(const struct cli_command *command, struct buf *out);
/* Of the command of that name, or of all that begin with it as their first word; false: none. */
bool cli_print_helps(const char *word, struct buf *out);

/* cli_table.c: all commands in the order of the help, up to NULL. */
extern const struct cli_command *const cli_commands[];

extern const struct cli_command cli_init, cli_upgrade, cli_export, cli_import;
extern const struct cli_command cli_assess, cli_serve, cli_tile, cli_seed, cli_report;
extern const struct cli_command cli_at, cli_unit, cli_enterprise, cli_conflicts;
extern const struct cli_command cli_check, cli_incident, cli_risk, cli_exposure, cli_share;
extern const struct cli_command cli_pipelines;
extern const struct cli_command cli_explain, cli_verify, cli_near;
extern const struct cli_command cli_put, cli_delete;
extern const struct cli_command cli_token_add, cli_token_list, cli_token_remove;
extern const struct cli_command cli_help;
extern const struct cli_command cli_version;
extern const struct cli_command cli_rules_check;

#define SISETU_VERSION "0.1.0"

#endif
