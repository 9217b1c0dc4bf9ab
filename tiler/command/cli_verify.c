/* cli_verify.c - sisetu verify: does a proof hold? */
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/limits.h"
#include "geo/proof/proof.h"
#include "geo/world/worker.h"
#include "tiler/command/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* "-" is standard input. */
static enum err_code read_proof(const char *path, struct buf *out, struct err *err)
{
    enum { CHUNK = 65536 };
    if (strcmp(path, "-") != 0)
        return file_read(path, LIMIT_JSON_BYTES, out, err);
    for (;;) {
        char *room = buf_reserve(out, CHUNK);
        if (!room)
            return err_nomem(err);
        size_t n = fread(room, 1, CHUNK, stdin);
        out->n_bytes += n;
        if (out->n_bytes > LIMIT_JSON_BYTES)
            return err_set(err, ERR_LIMIT, "standard input: over %d bytes", LIMIT_JSON_BYTES);
        if (n == 0)
            return ferror(stdin) ? err_errno(err, errno, "standard input") : ERR_OK;
    }
}

static void print_json(struct cli *cli, const struct proof_check *check)
{
    struct jw jw;
    jw_init(&jw, &cli->out);
    jw_object(&jw);
    jw_kv_string(&jw, "result", proof_verdict_name(check->verdict));
    jw_kv_string(&jw, "kind", check->kind);
    jw_kv_string(&jw, "subject", check->subject);
    jw_key(&jw, "findings");
    jw_array(&jw);
    for (size_t i = 0; i < check->n_findings; i++)
        jw_string(&jw, check->findings[i]);
    jw_end_array(&jw);
    jw_key(&jw, "store");
    if (check->with_store) {
        jw_object(&jw);
        jw_kv_bool(&jw, "same", check->n_changes == 0);
        jw_key(&jw, "changes");
        jw_array(&jw);
        for (size_t i = 0; i < check->n_changes; i++)
            jw_string(&jw, check->changes[i]);
        jw_end_array(&jw);
        jw_end_object(&jw);
    } else {
        jw_null(&jw);
    }
    jw_end_object(&jw);
    buf_add_byte(&cli->out, '\n');
}

static void print_words(struct cli *cli, const struct proof_check *check)
{
    buf_printf(&cli->out, "%s: %s %s\n", proof_verdict_name(check->verdict), check->kind,
               check->subject);
    for (size_t i = 0; i < check->n_findings; i++)
        buf_printf(&cli->out, "  %s\n", check->findings[i]);
    if (check->with_store && check->verdict != PROOF_BROKEN)
        buf_printf(&cli->out, check->n_changes ? "The store has moved on since:\n"
                                               : "The store still says the same.\n");
    for (size_t i = 0; i < check->n_changes; i++)
        buf_printf(&cli->out, "  %s\n", check->changes[i]);
}

static enum err_code run_verify(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *path = cli->arguments[0];
    const char *store_path = cli_value(cli, "store");
    struct world *store = NULL;
    struct worker worker;
    struct proof_check check;
    struct buf text;
    buf_init(&text);
    code = worker_init(&worker, 0, err);
    if (code != ERR_OK)
        return code;
    TRY(read_proof(path, &text, err));
    if (store_path)
        TRY(world_load(store_path, NULL, INT_ABSENT, &store, err));
    code = proof_verify(buf_text(&text), text.n_bytes, store, &worker, &check, err);
    if (code != ERR_OK) {
        err_wrap(err, "%s", path);
        goto done;
    }
    if (cli_flag(cli, "json"))
        print_json(cli, &check);
    else
        print_words(cli, &check);
    if (check.verdict == PROOF_BROKEN)
        code = err_set(err, ERR_BROKEN, "%s does not hold: %s", path, check.findings[0]);
    else if (check.verdict == PROOF_OPEN)
        code = err_set(err, ERR_NOT_FOUND, "%s cannot be decided %s", path, check.findings[0]);
done:
    if (store)
        world_release(store);
    worker_release(&worker);
    buf_release(&text);
    return code;
}

const struct cli_command cli_verify = {
    .name = "verify",
    .arguments = "PROOF.json",
    .summary = "does a proof hold? works it out again, with or without the store",
    .details =
        "Notices any altered character, works the claim out again from what the proof carries, "
        "and\n"
        "tells what does not follow. PROOF.json may be - for standard input. With --store it also\n"
        "tells which records and rules have changed since, and what the store says now. The hash\n"
        "shows alteration, not who wrote it: it is no signature.\n"
        "Exit status: 0 holds, 1 does not hold, 4 rests on shapes that are only a hash and needs\n"
        "the store, others as for every command.",
    .examples = "sisetu verify proof.json\n"
                "sisetu verify proof.json --store build/ningxia.gpkg --json\n",
    .options = (const struct cli_option[]){{"store", 0, "STORE", false, "compare with it"},
                                           {"json", 0, NULL, false, "print JSON"},
                                           {NULL, 0, NULL, false, NULL}},
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_verify,
};
