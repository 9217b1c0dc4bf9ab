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

static void put_texts(struct jw *jw, const char *key, const char *const *texts, size_t n)
{
    jw_key(jw, key);
    jw_array(jw);
    for (size_t i = 0; i < n; i++)
        jw_string(jw, texts[i]);
    jw_end_array(jw);
}

static void print_json(struct cli *cli, const struct proof_check *check)
{
    struct jw jw;
    jw_init(&jw, &cli->out);
    jw_object(&jw);
    jw_kv_string(&jw, "result", proof_verdict_name(check->verdict));
    jw_kv_string(&jw, "kind", check->kind);
    jw_kv_string(&jw, "subject", check->subject);
    put_texts(&jw, "findings", check->findings, check->n_findings);
    put_texts(&jw, "checked", check->checked, check->n_checked);
    put_texts(&jw, "stated", check->stated, check->n_stated);
    jw_kv_integer(&jw, "generation", check->generation);
    jw_key(&jw, "store");
    if (check->with_store) {
        jw_object(&jw);
        jw_kv_bool(&jw, "same", check->verdict != PROOF_BROKEN && check->n_changes == 0);
        jw_kv_integer(&jw, "generation", (int64_t)check->store_generation);
        put_texts(&jw, "changes", check->changes, check->n_changes);
        jw_end_object(&jw);
    } else {
        jw_null(&jw);
    }
    jw_end_object(&jw);
    buf_add_byte(&cli->out, '\n');
}

static void print_store(struct cli *cli, const struct proof_check *check)
{
    if (!check->with_store) {
        buf_add_text(&cli->out, "With --store STORE it is compared with what the store holds.\n");
        return;
    }
    if ((uint64_t)check->generation != check->store_generation)
        buf_say(&cli->out, "The store has moved on since, from generation %lld to %llu.\n",
                (long long)check->generation, (unsigned long long)check->store_generation);
    buf_add_text(&cli->out, check->n_changes ? "It says something else now:\n"
                                             : "The store still says the same.\n");
    for (size_t i = 0; i < check->n_changes; i++)
        buf_say(&cli->out, "  %s\n", check->changes[i]);
}

static void print_words(struct cli *cli, const struct proof_check *check)
{
    buf_say(&cli->out, "%s: %s %s\n", proof_verdict_name(check->verdict), check->kind,
            check->subject);
    for (size_t i = 0; i < check->n_findings; i++)
        buf_say(&cli->out, "  %s\n", check->findings[i]);
    for (size_t i = 0; i < check->n_checked; i++)
        buf_say(&cli->out, "  checked: %s\n", check->checked[i]);
    for (size_t i = 0; i < check->n_stated; i++)
        buf_say(&cli->out, "  only stated: %s\n", check->stated[i]);
    if (check->verdict != PROOF_BROKEN)
        print_store(cli, check);
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
    if (cli_value(cli, "rules") && !store_path)
        return err_set(err, ERR_USAGE,
                       "--rules goes with --store: it is the store that they judge");
    buf_init(&text);
    code = worker_init(&worker, 0, err);
    if (code != ERR_OK)
        return code;
    TRY(read_proof(path, &text, err));
    if (store_path)
        TRY(world_load(store_path, cli_value(cli, "rules"), INT_ABSENT, &store, err));
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
        "tells what does not follow. PROOF.json may be - for standard input.\n\n"
        "It says what it checked, and what the document only states: without a store nobody can\n"
        "know that a store held those records. With --store each is compared. A store of the\n"
        "generation that the proof names must agree in everything; of one that has moved on it is\n"
        "told what has changed and what it says now. The hash shows alteration, not who wrote it:\n"
        "it is no signature.\n\n"
        "Exit status: 0 holds, 1 does not hold, 4 rests on shapes that are only a hash and needs\n"
        "the store, others as for every command.",
    .examples = "sisetu verify proof.json\n"
                "sisetu verify proof.json --store build/ningxia.gpkg --json\n",
    .options = (const struct cli_option[]){{"store", 0, "STORE", false, "compare with it"},
                                           {"rules", 0, "DIR", false,
                                            "rule tables, if explain was given some"},
                                           {"json", 0, NULL, false, "print JSON"},
                                           {NULL, 0, NULL, false, NULL}},
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_verify,
};
