#include "tiler/command/cli.h"

#include "data/base/text.h"
#include "tiler/grid/tile_grid.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* A word that begins with '-' and goes on like a number is an argument: longitudes west of
 * Greenwich have a sign. */
static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0' && !isdigit((unsigned char)word[1]) && word[1] != '.';
}

static const struct cli_option *find_option(const struct cli_command *command, const char *name,
                                            size_t n)
{
    const struct cli_option *option = command->options;
    for (; option && option->name; option++)
        if (strlen(option->name) == n && memcmp(option->name, name, n) == 0)
            return option;
    return NULL;
}

static const struct cli_option *find_letter(const struct cli_command *command, char letter)
{
    const struct cli_option *option = command->options;
    for (; option && option->name; option++)
        if (option->letter != 0 && option->letter == letter)
            return option;
    return NULL;
}

static enum err_code refuse_option(struct cli *cli, const char *word, struct err *err)
{
    size_t n = 0;
    const struct cli_option *option = cli->command->options;
    while (option && option[n].name)
        n++;
    const char **names = arena_new(&cli->arena, const char *, n + 1);
    if (!names)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++)
        names[i] = option[i].name;
    const char *typed = word[1] == '-' ? word + 2 : word + 1;
    const char *bare = arena_strndup(&cli->arena, typed, strcspn(typed, "="));
    if (!bare)
        return err_nomem(err);
    const char *near = text_nearest(bare, names);
    if (near)
        return err_set(err, ERR_USAGE, "unknown option %s; did you mean --%s?", word, near);
    return err_set(err, ERR_USAGE, "unknown option %s; see `sisetu %s --help`", word,
                   cli->command->name);
}

/* Takes the option at words[*at], with its value; moves *at past both. */
static enum err_code take_option(struct cli *cli, int n_words, char **words, int *at,
                                 struct err *err)
{
    const char *word = words[(*at)++];
    const char *value = NULL;
    const struct cli_option *option;
    if (word[1] == '-') {
        size_t n = strcspn(word + 2, "=");
        option = find_option(cli->command, word + 2, n);
        if (word[2 + n] == '=')
            value = word + 3 + n;
    } else {
        option = find_letter(cli->command, word[1]);
        if (word[2] != '\0')
            value = word + 2;
    }
    if (!option)
        return refuse_option(cli, word, err);
    if (!option->value && value)
        return err_set(err, ERR_USAGE, "--%s takes no value", option->name);
    if (option->value && !value) {
        if (*at >= n_words)
            return err_set(err, ERR_USAGE, "--%s needs a value: --%s %s", option->name,
                           option->name, option->value);
        value = words[(*at)++];
    }
    if (!option->repeats)
        for (size_t i = 0; i < cli->n_given; i++)
            if (cli->given[i].option == option)
                return err_set(err, ERR_USAGE, "--%s is given twice", option->name);
    cli->given[cli->n_given++] = (struct cli_given){option, value};
    return ERR_OK;
}

enum err_code cli_parse(struct cli *cli, const struct cli_command *command, int n_words,
                        char **words, struct err *err)
{
    enum err_code code = ERR_OK;
    cli->command = command;
    size_t room = (size_t)n_words + 1;
    cli->arguments = arena_new(&cli->arena, const char *, room);
    cli->given = arena_new(&cli->arena, struct cli_given, room);
    if (!cli->arguments || !cli->given)
        return err_nomem(err);
    bool only_arguments = false;
    for (int at = 0; at < n_words;) {
        if (!text_is_utf8(words[at], strlen(words[at])))
            return err_set(err, ERR_USAGE, "word %d of the command line is not UTF-8", at + 1);
        if (!only_arguments && strcmp(words[at], "--") == 0) {
            only_arguments = true;
            at++;
        } else if (!only_arguments && is_option(words[at])) {
            TRY(take_option(cli, n_words, words, &at, err));
        } else {
            cli->arguments[cli->n_arguments++] = words[at++];
        }
    }
    if (cli->n_arguments < command->min_arguments)
        code = err_set(err, ERR_USAGE, "missing argument; usage: sisetu %s %s", command->name,
                       command->arguments);
    else if (cli->n_arguments > command->max_arguments)
        code = err_set(err, ERR_USAGE, "unexpected argument \"%s\"; usage: sisetu %s %s",
                       cli->arguments[command->max_arguments], command->name, command->arguments);
done:
    return code;
}

const char *cli_nth_value(const struct cli *cli, const char *option, size_t i)
{
    for (size_t at = 0; at < cli->n_given; at++)
        if (strcmp(cli->given[at].option->name, option) == 0 && i-- == 0)
            return cli->given[at].value;
    return NULL;
}

const char *cli_value(const struct cli *cli, const char *option)
{
    return cli_nth_value(cli, option, 0);
}

bool cli_flag(const struct cli *cli, const char *option)
{
    for (size_t i = 0; i < cli->n_given; i++)
        if (strcmp(cli->given[i].option->name, option) == 0)
            return true;
    return false;
}

static enum err_code read_real(const char *what, const char *text, double min, double max,
                               double *out, struct err *err)
{
    double value;
    if (!text_to_double(text, &value))
        return err_set(err, ERR_USAGE, "%s \"%s\" is not a number", what, text);
    if (value < min || value > max)
        return err_set(err, ERR_USAGE, "%s %s is outside %g to %g", what, text, min, max);
    *out = value;
    return ERR_OK;
}

enum err_code cli_real(const struct cli *cli, const char *option, double min, double max,
                       double *out, struct err *err)
{
    const char *text = cli_value(cli, option);
    if (!text)
        return ERR_OK;
    char what[64];
    snprintf(what, sizeof what, "--%s", option);
    return read_real(what, text, min, max, out, err);
}

enum err_code cli_argument_real(const struct cli *cli, size_t i, const char *name, double min,
                                double max, double *out, struct err *err)
{
    return read_real(name, cli->arguments[i], min, max, out, err);
}

enum err_code cli_grid(const struct cli *cli, const struct tile_grid **out, struct err *err)
{
    const char *name = cli_value(cli, "grid");
    *out = tile_grid_of(GRID_WEB_MERCATOR);
    if (!name || tile_grid_read(name, out, err) == ERR_OK)
        return ERR_OK;
    if (err)
        err->code = ERR_USAGE;
    return ERR_USAGE;
}

enum err_code cli_integer(const struct cli *cli, const char *option, int64_t min, int64_t max,
                          int64_t *out, struct err *err)
{
    const char *text = cli_value(cli, option);
    if (!text)
        return ERR_OK;
    int64_t value;
    if (!text_to_int(text, &value))
        return err_set(err, ERR_USAGE, "--%s \"%s\" is not a whole number", option, text);
    if (value < min || value > max)
        return err_set(err, ERR_USAGE, "--%s %s is outside %lld to %lld", option, text,
                       (long long)min, (long long)max);
    *out = value;
    return ERR_OK;
}

enum err_code cli_date(const struct cli *cli, const char *option, int32_t *yyyymmdd,
                       struct err *err)
{
    const char *text = cli_value(cli, option);
    if (text && !text_to_date(text, yyyymmdd))
        return err_set(err, ERR_USAGE, "--%s \"%s\" is not a date such as 2026-05-01", option,
                       text);
    return ERR_OK;
}

enum err_code cli_pair(struct cli *cli, const char *option, const char *text, const char **left,
                       const char **right, struct err *err)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return err_set(err, ERR_USAGE, "--%s \"%s\" should be name=value", option, text);
    *left = arena_strndup(&cli->arena, text, (size_t)(equals - text));
    *right = equals + 1;
    return *left ? ERR_OK : err_nomem(err);
}
