/* cli_report.c - sisetu report: lists to hand in. */
#include "data/base/file.h"
#include "data/base/text.h"
#include "geo/proof/proof.h"
#include "tiler/command/cli_world.h"
#include "tiler/report/report.h"

/* "E/1" to "E%2F1": an id as the name of a file. */
static const char *file_name_of(const char *id, struct arena *arena)
{
    struct buf name;
    buf_init(&name);
    for (const unsigned char *c = (const unsigned char *)id; *c; c++) {
        bool plain = *c > ' ' && *c != '/' && *c != '%' && *c != '\\' && *c != ':' && *c != 0x7F &&
                     !(*c == '.' && c == (const unsigned char *)id);
        if (plain)
            buf_add_byte(&name, *c);
        else
            buf_printf(&name, "%%%02X", *c);
    }
    const char *copy = buf_ok(&name) ? arena_strdup(arena, buf_text(&name)) : NULL;
    buf_release(&name);
    return copy;
}

/* One proof a plant: why it has its grade, with each finding worked out. */
static enum err_code write_proofs(struct cli *cli, struct cli_world *on,
                                  const struct relocation_answer *answer, const char *directory,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    struct buf proof;
    buf_init(&proof);
    TRY(file_make_directory(directory, err));
    for (size_t i = 0; i < answer->n_rows; i++) {
        const char *id = world_enterprise(on->world, answer->rows[i].enterprise_row)->head.id;
        const struct proof_question question = {.kind = PROOF_ENTERPRISE, .id = id};
        const char *name = file_name_of(id, &cli->arena);
        const char *path = name ? arena_printf(&cli->arena, "%s/%s.json", directory, name) : NULL;
        struct arena_mark mark = arena_mark(&on->worker.arena);
        if (!path) {
            code = err_nomem(err);
            goto done;
        }
        buf_clear(&proof);
        TRY(proof_write(on->world, &on->worker, &question, &proof, err));
        TRY(cli_put_proof(cli, &proof, path, err));
        arena_rewind(&on->worker.arena, mark);
    }
    buf_say(&cli->out, "%s: %zu proofs, one a plant\n", directory, answer->n_rows);
done:
    buf_release(&proof);
    return code;
}

static enum err_code run_relocation(struct cli *cli, const char *directory, struct err *err)
{
    enum err_code code = ERR_OK;
    struct cli_world on = {0};
    struct relocation_answer answer;
    struct report report;
    TRY(cli_world_open(cli, &on, err));
    TRY(query_relocation(on.world, &on.worker, cli_value(cli, "unit"), &answer, err));
    TRY(report_relocation(on.world, &on.worker, &answer, &report, err));
    TRY(report_write(&report, directory, err));
    for (size_t i = 0; i < report.n_tables; i++)
        buf_say(&cli->out, "%s/%s: %zu rows\n", directory, report.tables[i].file,
                report.tables[i].n_rows);
    buf_say(&cli->out, "%s/%s: the same in one workbook\n", directory, report.workbook);
    if (cli_value(cli, "explain"))
        TRY(write_proofs(cli, &on, &answer, cli_value(cli, "explain"), err));
    cli_print_warnings(cli, on.world);
done:
    cli_world_close(&on);
    return code;
}

static enum err_code run_report(struct cli *cli, struct err *err)
{
    static const char *const kinds[] = {"relocation", NULL};
    const char *directory = cli_value(cli, "output");
    const char *kind = cli->arguments[1];
    if (!text_equal(kind, "relocation")) {
        const char *near = text_nearest(kind, kinds);
        return err_set(err, ERR_USAGE, "no report \"%s\"%s", kind,
                       near ? "; did you mean relocation?" : "; there is relocation");
    }
    if (!directory)
        return err_set(err, ERR_USAGE, "-o DIR is missing: where the files go");
    return run_relocation(cli, directory, err);
}

const struct cli_command cli_report = {
    .name = "report",
    .arguments = "STORE relocation -o DIR",
    .summary = "write the list of chemical plants to move, with evidence, as CSV and XLSX",
    .details =
        "Writes relocation.csv (plants to move), relocation-undecided.csv (what the data or the\n"
        "printed standards cannot decide yet), relocation-evidence.csv (every finding with rule,\n"
        "clause, distances and closest points) and relocation.xlsx (all three, and what they rest\n"
        "on). Columns after 国办发〔2017〕77号. Assess the store first.",
    .examples = "sisetu report build/ningxia.gpkg relocation -o out\n"
                "sisetu report build/ningxia.gpkg relocation -o out --unit 640200\n",
    .options =
        (const struct cli_option[]){
            {"output", 'o', "DIR", false, "directory for the files; made if need be"},
            {"unit", 0, "CODE", false, "only plants in this unit"},
            {"explain", 0, "DIR", false,
             "also write a proof a plant into DIR, for `sisetu verify`"},
            {"rules", 0, "DIR", false, "rule tables (default: those the store was assessed by)"},
            {NULL, 0, NULL, false, NULL}},
    .min_arguments = 2,
    .max_arguments = 2,
    .run = run_report,
};
