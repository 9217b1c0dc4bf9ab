/* cli_assess.c - sisetu assess: grades everything and keeps the result. */
#include "data/base/json.h"
#include "data/base/limits.h"
#include "data/base/text.h"
#include "geo/assess/assess.h"
#include "tiler/command/cli.h"

static void print_summary(struct cli *cli, const struct assess_summary *summary, const char *date)
{
    buf_say(&cli->out, "Assessed by the rules of %s\n", date);
    buf_say(&cli->out,
            "  enterprises: %zu red 红, %zu orange 橙, %zu yellow 黄, %zu blue 蓝, %zu grey 灰\n",
            summary->enterprises[1], summary->enterprises[2], summary->enterprises[3],
            summary->enterprises[4], summary->enterprises[0]);
    buf_say(&cli->out, "  conflicts: %zu, undecided: %zu\n", summary->conflicts,
            summary->undecided);
    if (cli_flag(cli, "dry-run"))
        buf_add_text(&cli->out, "  dry run: nothing was written\n");
    else if (!summary->written)
        buf_add_text(&cli->out, "  nothing changed, nothing was written\n");
    else if (summary->inserted == 0 && summary->deleted == 0)
        buf_say(&cli->out,
                "  no row changed; what they rest on (date, rules, facts) was recorded; "
                "generation %llu\n",
                (unsigned long long)summary->generation);
    else
        buf_say(&cli->out, "  rows added %zu, removed %zu; generation %llu\n", summary->inserted,
                summary->deleted, (unsigned long long)summary->generation);
    for (size_t i = 0; i < summary->n_warnings; i++)
        buf_say(&cli->out, "Warning: %s\n", summary->warnings[i]);
}

/* Where the time went: loading the store, assessing it to a world that could be published, and
 * writing what differs. */
static void print_timing(struct cli *cli, const struct assess_summary *summary)
{
    buf_say(&cli->out,
            "timing threads=%zu load_s=%.3f assess_s=%.3f findings_s=%.3f "
            "grades_s=%.3f segments_s=%.3f write_s=%.3f\n",
            summary->n_threads, summary->load_s, summary->assess_s, summary->findings_s,
            summary->grades_s, summary->segments_s, summary->write_s);
}

static void write_timing(struct jw *jw, const struct assess_summary *summary)
{
    jw_key(jw, "timing");
    jw_object(jw);
    jw_kv_integer(jw, "threads", (int64_t)summary->n_threads);
    jw_kv_fixed(jw, "load_s", summary->load_s, 3);
    jw_kv_fixed(jw, "assess_s", summary->assess_s, 3);
    jw_kv_fixed(jw, "findings_s", summary->findings_s, 3);
    jw_kv_fixed(jw, "grades_s", summary->grades_s, 3);
    jw_kv_fixed(jw, "segments_s", summary->segments_s, 3);
    jw_kv_fixed(jw, "write_s", summary->write_s, 3);
    jw_end_object(jw);
}

static void write_json(struct cli *cli, const struct assess_summary *summary, const char *date)
{
    static const char *const names[] = {"grey", "red", "orange", "yellow", "blue"};
    struct jw jw;
    jw_init(&jw, &cli->out);
    jw_object(&jw);
    jw_kv_string(&jw, "as_of", date);
    jw_key(&jw, "enterprises");
    jw_object(&jw);
    for (size_t i = 0; i < 5; i++)
        jw_kv_integer(&jw, names[i], (int64_t)summary->enterprises[i]);
    jw_end_object(&jw);
    jw_kv_integer(&jw, "conflicts", (int64_t)summary->conflicts);
    jw_kv_integer(&jw, "undecided", (int64_t)summary->undecided);
    jw_kv_integer(&jw, "inserted", (int64_t)summary->inserted);
    jw_kv_integer(&jw, "deleted", (int64_t)summary->deleted);
    jw_kv_bool(&jw, "written", summary->written);
    jw_kv_integer(&jw, "generation", (int64_t)summary->generation);
    jw_key(&jw, "warnings");
    jw_array(&jw);
    for (size_t i = 0; i < summary->n_warnings; i++)
        jw_string(&jw, summary->warnings[i]);
    jw_end_array(&jw);
    if (cli_flag(cli, "timing"))
        write_timing(&jw, summary);
    jw_end_object(&jw);
    buf_add_byte(&cli->out, '\n');
}

static enum err_code run_assess(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct assess_summary summary;
    struct assess_options options = {.rules_directory = cli_value(cli, "rules"),
                                     .as_of = INT_ABSENT};
    int64_t n_threads = 0;
    char date[TEXT_DATE_BYTES];
    TRY(cli_date(cli, "as-of", &options.as_of, err));
    TRY(cli_integer(cli, "threads", 1, LIMIT_THREADS, &n_threads, err));
    options.n_threads = (size_t)n_threads;
    options.dry_run = cli_flag(cli, "dry-run");
    TRY(assess_store(cli->arguments[0], &options, &cli->arena, &summary, err));
    text_from_date(summary.as_of, date);
    if (cli_flag(cli, "json"))
        write_json(cli, &summary, date);
    else
        print_summary(cli, &summary, date);
    if (cli_flag(cli, "timing") && !cli_flag(cli, "json"))
        print_timing(cli, &summary);
done:
    return code;
}

const struct cli_command cli_assess = {
    .name = "assess",
    .arguments = "STORE",
    .summary = "find the conflicts, grade everything, keep both",
    .details = "A second run on unchanged data, by the same rules and date, writes nothing. The "
               "answer is\n"
               "the same for any number of threads.",
    .examples = "sisetu assess build/ningxia.gpkg\n"
                "sisetu assess build/ningxia.gpkg --as-of 2026-05-01 --rules my-rules\n",
    .options =
        (const struct cli_option[]){
            {"as-of", 0, "DATE", false, "the day whose rules hold (today)"},
            {"rules", 0, "DIR", false, "rule tables (default: those installed)"},
            {"threads", 0, "N", false, "threads to work with (as many as cores)"},
            {"dry-run", 0, NULL, false, "say what would be found, and leave the store alone"},
            {"timing", 0, NULL, false, "print how long loading, assessing and writing took"},
            {"json", 0, NULL, false, "print the summary as JSON"},
            {NULL, 0, NULL, false, NULL}},
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_assess,
};
