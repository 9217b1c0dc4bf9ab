/* cli_rules.c - `sisetu rules check`: what the rule tables hold, and all that is wrong there. */
#include "data/base/json.h"
#include "data/rules.h"
#include "tiler/command/cli.h"

struct check {
    const char *directory; /* NULL: the installed one */
    struct rules rules;
    struct rules_findings findings;
    enum err_code code;
    struct err err;
};

static void write_texts(struct jw *jw, const char *key, const char **texts, size_t n)
{
    jw_key(jw, key);
    jw_array(jw);
    for (size_t i = 0; i < n; i++)
        jw_string(jw, texts[i]);
    jw_end_array(jw);
}

static void write_table(struct jw *jw, const struct rules_table *table)
{
    jw_object(jw);
    jw_kv_string(jw, "file", table->file);
    jw_kv_integer(jw, "rows", (int64_t)table->n_rows);
    jw_kv_integer(jw, "inactive", (int64_t)table->n_inactive);
    jw_key(jw, "by_confidence");
    jw_object(jw);
    for (int c = 0; c < CONFIDENCE_COUNT; c++)
        jw_kv_integer(jw, confidence_name((enum confidence)c), (int64_t)table->by_confidence[c]);
    jw_end_object(jw);
    jw_end_object(jw);
}

static void write_json(const struct check *check, struct buf *out)
{
    struct jw jw;
    const struct rules_findings *found = &check->findings;
    bool good = check->code == ERR_OK;
    jw_init(&jw, out);
    jw_object(&jw);
    jw_kv_bool(&jw, "ok", good);
    jw_kv_string(&jw, "rules_hash", good ? check->rules.hash : NULL);
    jw_key(&jw, "tables");
    jw_array(&jw);
    for (size_t i = 0; good && i < check->rules.n_tables; i++)
        write_table(&jw, &check->rules.tables[i]);
    jw_end_array(&jw);
    if (good || found->n_errors > 0) {
        write_texts(&jw, "errors", found->errors, found->n_errors);
    } else { /* no table was read at all */
        const char *only[] = {check->err.message};
        write_texts(&jw, "errors", only, 1);
    }
    write_texts(&jw, "notes", found->notes, found->n_notes);
    jw_end_object(&jw);
    buf_add_byte(out, '\n');
}

static void write_row(struct buf *out, const char *name, const struct rules_table *table)
{
    buf_say(out, "%-22s %5zu %8zu", name, table->n_rows, table->n_inactive);
    for (int c = 0; c < CONFIDENCE_COUNT; c++)
        buf_say(out, " %10zu", table->by_confidence[c]);
    buf_add_byte(out, '\n');
}

static void write_tables(const struct rules *rules, struct buf *out)
{
    struct rules_table sum = {0};
    buf_say(out, "%-22s %5s %8s", "table", "rows", "inactive");
    for (int c = 0; c < CONFIDENCE_COUNT; c++)
        buf_say(out, " %10s", confidence_name((enum confidence)c));
    buf_add_byte(out, '\n');
    for (size_t i = 0; i < rules->n_tables; i++) {
        const struct rules_table *table = &rules->tables[i];
        write_row(out, table->file, table);
        sum.n_rows += table->n_rows;
        sum.n_inactive += table->n_inactive;
        for (int c = 0; c < CONFIDENCE_COUNT; c++)
            sum.by_confidence[c] += table->by_confidence[c];
    }
    write_row(out, "all", &sum);
    buf_add_byte(out, '\n');
    buf_say(out, "hash %s\n", rules->hash);
}

static void write_text(const struct check *check, struct buf *out)
{
    const struct rules_findings *found = &check->findings;
    for (size_t i = 0; i < found->n_errors; i++)
        buf_say(out, "error: %s\n", found->errors[i]);
    if (check->code == ERR_OK)
        write_tables(&check->rules, out);
    if (found->n_notes > 0 && check->code == ERR_OK)
        buf_add_byte(out, '\n');
    for (size_t i = 0; i < found->n_notes; i++)
        buf_say(out, "note: %s\n", found->notes[i]);
}

static enum err_code run_check(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct check *check = arena_new(&cli->arena, struct check, 1);
    struct schema *schema = arena_new(&cli->arena, struct schema, 1);
    if (!check || !schema)
        return err_nomem(err);
    TRY(schema_load(&cli->arena, schema, err));
    check->directory = cli_value(cli, "rules");
    check->code = rules_check(check->directory, schema, &cli->arena, &check->rules,
                              &check->findings, &check->err);
    if (cli_flag(cli, "json"))
        write_json(check, &cli->out);
    else
        write_text(check, &cli->out);
    code = check->code;
    if (check->findings.n_errors > 1 && code == ERR_INPUT)
        err_set(err, code, "%zu errors in the rule tables", check->findings.n_errors);
    else if (code != ERR_OK)
        err_set(err, code, "%s", check->err.message);
done:
    return code;
}

static const struct cli_option options[] = {
    {.name = "rules", .value = "DIR", .help = "tables of this directory, not the installed ones"},
    {.name = "json", .help = "print JSON"},
    {0},
};

const struct cli_command cli_rules_check = {
    .name = "rules check",
    .arguments = "",
    .summary = "check the rule tables and tell what they hold",
    .details =
        "Loads every table with its types and cross references. Prints the rows of each by "
        "confidence\nand the hash that an assessment keeps, or each error with its file, "
        "line, column and what\nwould be right. A note is no error: a file that is no table, "
        "a rule that no stored record\ncan meet.",
    .examples =
        "sisetu rules check\n"
        "cp -r /usr/local/share/sisetu/data/rules mine && sisetu rules check --rules mine\n",
    .options = options,
    .min_arguments = 0,
    .max_arguments = 0,
    .run = run_check,
};
