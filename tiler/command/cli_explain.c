/* cli_explain.c - sisetu explain: the proof of a verdict, a grade or a level. */
#include "data/base/file.h"
#include "data/base/limits.h"
#include "data/base/text.h"
#include "geo/proof/proof.h"
#include "tiler/command/cli_world.h"
#include "tiler/answers/geojson.h"

enum err_code cli_put_proof(struct cli *cli, const struct buf *proof, const char *path,
                            struct err *err)
{
    if (path)
        return file_write_atomic(path, proof->bytes, proof->n_bytes, err);
    buf_add(&cli->out, proof->bytes, proof->n_bytes);
    return ERR_OK;
}

static enum err_code read_shape(struct cli *cli, const char *path, struct geom *out,
                                struct err *err)
{
    enum err_code code = ERR_OK;
    struct buf text;
    struct json *root = NULL;
    buf_init(&text);
    TRY(file_read(path, LIMIT_JSON_BYTES, &text, err));
    code = jr_parse(buf_text(&text), text.n_bytes, &root, err);
    if (code == ERR_OK)
        code = geojson_read(root, &cli->arena, out, err);
    if (code != ERR_OK)
        err_wrap(err, "%s", path);
done:
    jr_free(root);
    buf_release(&text);
    return code;
}

static enum err_code read_question(struct cli *cli, struct proof_question *question,
                                   struct geom *shape, struct err *err)
{
    static const char *const kinds[] = {"conflict", "enterprise", "hazard",   "unit",
                                        "pipeline", "segment",    "exposure", NULL};
    const char *kind = cli->arguments[1];
    *question =
        (struct proof_question){.id = cli->arguments[2], .method = cli_value(cli, "method")};
    bool listed = false;
    for (const char *const *at = kinds; *at; at++)
        listed = listed || text_equal(kind, *at);
    if (!listed || !proof_kind_by_name(kind, &question->kind)) {
        const char *near = text_nearest(kind, kinds);
        return err_set(
            err, ERR_USAGE, "\"%s\" cannot be explained%s%s%s", kind,
            near ? "; did you mean "
                 : "; conflict, enterprise, hazard, unit, pipeline, segment, exposure can",
            near ? near : "", near ? "?" : "");
    }
    if (question->method && question->kind != PROOF_UNIT && question->kind != PROOF_PIPELINE)
        return err_set(err, ERR_USAGE, "--method is of a unit or of a pipeline, not of \"%s\"",
                       kind);
    if (question->kind == PROOF_EXPOSURE) {
        question->id = NULL;
        question->shape = shape;
        return read_shape(cli, cli->arguments[2], shape, err);
    }
    return ERR_OK;
}

static enum err_code run_explain(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct cli_world on = {0};
    struct proof_question question;
    struct geom shape;
    struct buf proof;
    buf_init(&proof);
    TRY(read_question(cli, &question, &shape, err));
    TRY(cli_world_open(cli, &on, err));
    TRY(proof_write(on.world, &on.worker, &question, &proof, err));
    TRY(cli_put_proof(cli, &proof, cli_value(cli, "output"), err));
done:
    buf_release(&proof);
    cli_world_close(&on);
    return code;
}

const struct cli_command cli_explain = {
    .name = "explain",
    .arguments = "STORE conflict|enterprise|hazard|unit|pipeline|segment ID  or  STORE exposure "
                 "SHAPE.geojson",
    .summary = "write the proof of a verdict, a grade or a level",
    .details =
        "A proof is a JSON document with the claim, the sum that leads to it with its numbers, "
        "and\n"
        "what it rests on: rows of rules with clause and confidence, records with source and row,\n"
        "shapes, cells of population. `sisetu verify` works it out again, without the store.\n"
        "`conflicts` lists ids of conflicts; quote them, since they hold | and /.",
    .examples = "sisetu explain build/ningxia.gpkg enterprise E-00016 -o proof.json\n"
                "sisetu explain build/ningxia.gpkg conflict "
                "'Z06a|enterprises/E-00016|areas/A-00024'\n"
                "sisetu explain build/ningxia.gpkg exposure plume.geojson | sisetu verify -\n",
    .options =
        (const struct cli_option[]){
            {"method", 0, "METHOD", false, "of a unit (share, worst, index) or of a pipeline"},
            {"output", 'o', "FILE", false, "write there instead of to standard output"},
            {"rules", 0, "DIR", false, "rule tables (default: those the store was assessed by)"},
            {NULL, 0, NULL, false, NULL}},
    .min_arguments = 3,
    .max_arguments = 3,
    .run = run_explain,
};
