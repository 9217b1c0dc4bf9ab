/* proof_verify.c - does a proof hold, and does the store still say the same? */
#include "geo/proof/proof_private.h"

#include "data/base/limits.h"
#include "data/base/text.h"
#include "data/schema.h"

#include <stdio.h>
#include <string.h>

struct verifying {
    const struct world *store; /* or NULL */
    struct worker *worker;
    struct arena *arena;
    const struct json *root;
    struct proof_question question;
    struct proof_lines findings;
    struct proof_lines changes;
    const char *open; /* what cannot be decided without the store, or NULL */
};

const char *proof_verdict_name(enum proof_verdict verdict)
{
    static const char *const names[] = {"holds", "does not hold", "cannot be decided"};
    return names[verdict];
}

/* ---- the document ---- */

static bool is_member(void *context, const char *key, const struct json *value)
{
    static const char *const known[] = {"sisetu_proof", "program",  "schema_version", "question",
                                        "claim",        "premises", "sha256",         NULL};
    struct proof_lines *lines = context;
    (void)value;
    for (const char *const *at = known; *at; at++)
        if (strcmp(*at, key) == 0)
            return true;
    proof_lines_add(lines, proof_text(lines->arena, "%s is no member of a proof", key));
    return true;
}

static enum err_code check_frame(struct verifying *on, const char *text, size_t n, struct err *err)
{
    char stated[HASH_TEXT_BYTES];
    char is[HASH_TEXT_BYTES];
    int64_t format = jr_integer(jr_get(on->root, "sisetu_proof"), -1);
    int64_t schema = jr_integer(jr_get(on->root, "schema_version"), -1);
    if (format < 0)
        return err_set(err, ERR_INPUT,
                       "this is no proof: it should begin with {\"sisetu_proof\": %d",
                       PROOF_FORMAT);
    if (!proof_hash_of(text, n, is, stated))
        proof_lines_add(&on->findings, "the document does not end with its \"sha256\"");
    else if (strcmp(stated, is) != 0)
        proof_lines_add(&on->findings,
                        proof_text(on->arena, "sha256: stated %s, is %s: the document was altered",
                                   stated, is));
    jr_each(on->root, &on->findings, is_member);
    if (format != PROOF_FORMAT)
        return err_set(err, ERR_VERSION, "a proof of format %lld; this program reads %d",
                       (long long)format, PROOF_FORMAT);
    if (schema != SCHEMA_VERSION)
        return err_set(err, ERR_VERSION,
                       "a proof by schema %lld; this program reads %d, use the one that wrote it",
                       (long long)schema, SCHEMA_VERSION);
    return ERR_OK;
}

/* ---- the claim ---- */

static enum err_code compare_claim(struct verifying *on, const struct world *small, struct err *err)
{
    enum err_code code = ERR_OK;
    struct buf text;
    struct jw jw;
    struct json *claim = NULL;
    buf_init(&text);
    jw_init(&jw, &text);
    TRY(proof_claim(small, on->worker, &on->question, &jw, err));
    if (!buf_ok(&text)) {
        code = err_nomem(err);
        goto done;
    }
    TRY(jr_parse(text.bytes, text.n_bytes, &claim, err));
    proof_compare("claim", jr_get(on->root, "claim"), claim, PROOF_AND_RECOMPUTED, &on->findings);
done:
    jr_free(claim);
    buf_release(&text);
    return code;
}

static enum err_code recompute(struct verifying *on, struct err *err)
{
    enum err_code code = ERR_OK;
    struct proof_world small = {.world = NULL};
    TRY(proof_read_question(jr_get(on->root, "question"), on->arena, &on->question, err));
    TRY(proof_world_new(jr_get(on->root, "premises"), on->store, on->arena, &small, err));
    for (size_t i = 0; i < small.n_faults; i++)
        proof_lines_add(&on->findings, small.faults[i]);
    if (small.n_missing > 0)
        on->open = small.missing[0];
    else
        TRY(compare_claim(on, small.world, err));
    if (proof_unit_is_open(&on->question) && !on->store)
        on->open = "the residents in reach are a sum over the whole population";
done:
    if (small.world)
        world_release(small.world);
    return code;
}

/* ---- the store ---- */

/* A layer or a table of the premises while it is compared with the store's. */
struct walk {
    struct verifying *on;
    enum err_code code;
    struct err *err;
};

/* As the proof writes it: fields, and the hash of the shape. */
static enum err_code record_tree(const struct record_head *head, enum layer_id layer,
                                 struct arena *arena, struct json **out, struct err *err)
{
    struct buf text;
    struct jw jw;
    char hash[HASH_TEXT_BYTES];
    buf_init(&text);
    jw_init(&jw, &text);
    enum err_code code = proof_geometry_hash(&head->geom, arena, hash, err);
    jw_object(&jw);
    proof_write_fields(&jw, layer, head);
    if (head->geom.kind != GEOM_NONE)
        jw_kv_string(&jw, "geometry_sha256", hash);
    jw_end_object(&jw);
    if (code == ERR_OK)
        code = buf_ok(&text) ? jr_parse(text.bytes, text.n_bytes, out, err) : err_nomem(err);
    buf_release(&text);
    return code;
}

/* The geometry itself is compared by its hash. */
struct without_geometry {
    struct jw *jw;
    struct buf *text;
};

static bool copy_member(void *context, const char *key, const struct json *value)
{
    const struct without_geometry *copy = context;
    if (strcmp(key, "geometry") == 0)
        return true;
    jw_key(copy->jw, key);
    struct buf one;
    buf_init(&one);
    jr_write_canonical(value, &one);
    jw_raw(copy->jw, buf_text(&one));
    copy->text->failed = copy->text->failed || !buf_ok(&one);
    buf_release(&one);
    return true;
}

static enum err_code compare_record(struct verifying *on, enum layer_id layer,
                                    const struct json *record, struct err *err)
{
    enum err_code code = ERR_OK;
    const char *id = jr_text(jr_get(record, "id"));
    const char *name = proof_text(on->arena, "%s/%s", layer_name(layer), id ? id : "");
    int64_t row = world_find(on->store, layer, id);
    struct json *now = NULL;
    struct json *then = NULL;
    struct buf text;
    struct jw jw;
    buf_init(&text);
    jw_init(&jw, &text);
    if (row < 0) {
        proof_lines_add(&on->changes, proof_text(on->arena, "%s is no longer there", name));
        goto done;
    }
    struct without_geometry copy = {&jw, &text};
    jw_object(&jw);
    jr_each(record, &copy, copy_member);
    jw_end_object(&jw);
    if (!buf_ok(&text)) {
        code = err_nomem(err);
        goto done;
    }
    TRY(jr_parse(text.bytes, text.n_bytes, &then, err));
    TRY(record_tree(world_record(on->store, layer, (size_t)row), layer, on->arena, &now, err));
    proof_compare(name, then, now, PROOF_AND_NOW, &on->changes);
done:
    jr_free(now);
    jr_free(then);
    buf_release(&text);
    return code;
}

static bool compare_layer(void *context, const char *key, const struct json *value)
{
    struct walk *walk = context;
    enum layer_id layer;
    if (!layer_by_name(key, &layer))
        return true;
    for (size_t i = 0; walk->code == ERR_OK && i < jr_count(value); i++)
        walk->code = compare_record(walk->on, layer, jr_item(value, i), walk->err);
    return walk->code == ERR_OK;
}

/* The store's row with the same cells, else the one with the same first cell, else NULL. */
static const struct csv_row *like_row(const struct csv *csv, const struct json *row, bool *same)
{
    const struct csv_row *like = NULL;
    *same = false;
    for (size_t i = 0; i < csv->n_rows && !*same; i++) {
        bool all = true;
        for (size_t c = 0; all && c < csv->n_columns; c++)
            all = text_equal(csv->rows[i].cells[c], jr_text(jr_item(row, c + 1)));
        *same = all;
        if (all || (!like && text_equal(csv->rows[i].cells[0], jr_text(jr_item(row, 1)))))
            like = &csv->rows[i];
    }
    return like;
}

static void compare_row(struct verifying *on, const struct csv *csv, const struct json *row)
{
    bool same = false;
    const struct csv_row *like = like_row(csv, row, &same);
    const char *key = jr_text(jr_item(row, 1));
    if (!like)
        proof_lines_add(&on->changes,
                        proof_text(on->arena, "rule %s %s is no longer there", csv->name, key));
    for (size_t c = 0; like && !same && c < csv->n_columns; c++) {
        const char *then = jr_text(jr_item(row, c + 1));
        if (!text_equal(like->cells[c], then))
            proof_lines_add(&on->changes,
                            proof_text(on->arena, "rule %s %s: %s was \"%s\", is \"%s\"", csv->name,
                                       key, csv->header[c], then, like->cells[c]));
    }
}

static bool compare_table(void *context, const char *key, const struct json *value)
{
    struct walk *walk = context;
    struct verifying *on = walk->on;
    const struct rules *rules = on->store->rules;
    const struct json *rows = jr_get(value, "rows");
    const struct json *columns = jr_get(value, "columns");
    struct csv csv = {.name = NULL};
    for (size_t i = 0; i < rules->n_files; i++)
        if (strcmp(rules->files[i].name, key) == 0)
            walk->code = csv_parse(key, rules->files[i].text, strlen(rules->files[i].text),
                                   on->arena, &csv, walk->err);
    bool same = csv.name && csv.n_columns == jr_count(columns);
    for (size_t c = 0; same && c < csv.n_columns; c++)
        same = text_equal(csv.header[c], jr_text(jr_item(columns, c)));
    if (!same)
        proof_lines_add(&on->changes,
                        proof_text(on->arena, "rule table %s has other columns", key));
    for (size_t i = 0; same && i < jr_count(rows); i++)
        compare_row(on, &csv, jr_item(rows, i));
    return walk->code == ERR_OK;
}

static void compare_date(struct verifying *on, const struct json *premises)
{
    char date[TEXT_DATE_BYTES];
    const char *as_of = jr_text(jr_get(premises, "as_of"));
    text_from_date(on->store->as_of, date);
    if (!text_equal(as_of, date))
        proof_lines_add(&on->changes,
                        proof_text(on->arena, "as_of was %s, is %s", as_of ? as_of : "", date));
}

/* What the store says to the same question: the claim of a proof written today. */
static enum err_code compare_answer(struct verifying *on, struct err *err)
{
    struct buf text;
    struct json *today = NULL;
    struct err why = {0};
    buf_init(&text);
    enum err_code code = proof_write(on->store, on->worker, &on->question, &text, &why);
    if (code == ERR_OK)
        code = jr_parse(text.bytes, text.n_bytes, &today, &why);
    if (code == ERR_MEMORY) {
        err_nomem(err);
        buf_release(&text);
        return ERR_MEMORY;
    }
    if (code != ERR_OK) {
        proof_lines_add(&on->changes,
                        proof_text(on->arena, "the store has no answer: %s", why.message));
    } else {
        proof_compare("claim", jr_get(on->root, "claim"), jr_get(today, "claim"), PROOF_AND_NOW,
                      &on->changes);
        if (!text_equal(
                jr_text(jr_get(jr_get(jr_get(on->root, "premises"), "population"), "cells_sha256")),
                jr_text(jr_get(jr_get(jr_get(today, "premises"), "population"), "cells_sha256"))))
            proof_lines_add(&on->changes, "the cells of the population are others");
    }
    jr_free(today);
    buf_release(&text);
    return ERR_OK;
}

static enum err_code compare_store(struct verifying *on, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct json *premises = jr_get(on->root, "premises");
    struct walk walk = {.on = on, .err = err};
    compare_date(on, premises);
    jr_each(jr_get(premises, "rules"), &walk, compare_table);
    TRY(walk.code);
    jr_each(jr_get(premises, "records"), &walk, compare_layer);
    TRY(walk.code);
    TRY(compare_answer(on, err));
done:
    return code;
}

/* ---- the whole ---- */

static void conclude(const struct verifying *on, struct proof_check *out)
{
    const struct proof_question *question = &on->question;
    *out = (struct proof_check){.verdict = on->findings.n_all > 0 ? PROOF_BROKEN
                                           : on->open             ? PROOF_OPEN
                                                                  : PROOF_HOLDS,
                                .kind = proof_kind_name(question->kind),
                                .findings = on->findings.items,
                                .n_findings = on->findings.n,
                                .with_store = on->store != NULL,
                                .changes = on->changes.items,
                                .n_changes = on->changes.n};
    const char *subject = question->id     ? question->id
                          : question->site ? question->site->facility_type
                                           : "shape";
    out->subject = proof_text(on->arena, "%s", subject);
    if (out->verdict == PROOF_OPEN) {
        out->findings[0] = on->store
                               ? proof_text(on->arena, "%s, and the store has another", on->open)
                               : proof_text(on->arena, "without the store: %s", on->open);
        out->n_findings = 1;
    }
}

enum err_code proof_verify(const char *text, size_t n, const struct world *store,
                           struct worker *worker, struct proof_check *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct json *root = NULL;
    struct verifying on = {.store = store, .worker = worker, .arena = &worker->arena};
    TRY(jr_parse(text, n, &root, err));
    on.root = root;
    TRY(proof_lines_init(&on.findings, on.arena, err));
    TRY(proof_lines_init(&on.changes, on.arena, err));
    on.findings.other_program = on.changes.other_program =
        !text_equal(jr_text(jr_get(root, "program")), "sisetu " SISETU_VERSION);
    TRY(check_frame(&on, text, n, err));
    code = recompute(&on, err);
    /* What was altered need not be readable any more; that is an answer. */
    if (code != ERR_OK && code != ERR_MEMORY && on.findings.n_all > 0) {
        proof_lines_add(&on.findings, proof_text(on.arena, "%s", err->message));
        code = ERR_OK;
    } else if (code == ERR_OK && store) {
        code = compare_store(&on, err);
    }
    if (code == ERR_OK)
        conclude(&on, out);
done:
    jr_free(root);
    return code;
}
