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
    const char *open;   /* what cannot be decided without the store, or NULL */
    int64_t generation; /* that the proof names, or -1 */
    bool is_that_state; /* the store is as it was when the proof was written */
};

/* Where the store says otherwise: had it not moved on, nothing true could differ. */
static struct proof_lines *differences(struct verifying *on)
{
    return on->is_that_state ? &on->findings : &on->changes;
}

static enum proof_sides sides(const struct verifying *on)
{
    return on->is_that_state ? PROOF_AND_STORE : PROOF_AND_NOW;
}

static void differ(struct verifying *on, const char *what, const char *then, const char *now)
{
    proof_lines_add(
        differences(on),
        proof_text(on->arena,
                   on->is_that_state ? "%s: stated %s, the store has %s" : "%s was %s, is %s", what,
                   then, now));
}

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
    size_t mark = text_mark(text, n); /* of the editor's that it went through */
    if (format < 0)
        return err_set(err, ERR_INPUT,
                       "this is no proof: it should begin with {\"sisetu_proof\": %d",
                       PROOF_FORMAT);
    if (!proof_hash_of(text + mark, n - mark, is, stated))
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

/* ---- what the proof says of its store ---- */

static bool is_hash(const char *text)
{
    return text && strlen(text) == HASH_TEXT_BYTES - 1 &&
           strspn(text, "0123456789abcdef") == HASH_TEXT_BYTES - 1;
}

/* A store that was never assessed has the rules and the date of the day on which it is read. */
static bool was_assessed(const struct world *store)
{
    return world_count(store, LAYER_GRADES) > 0 || world_count(store, LAYER_CONFLICTS) > 0;
}

static void check_state(struct verifying *on)
{
    const struct json *premises = jr_get(on->root, "premises");
    on->generation = jr_integer(jr_get(premises, "generation"), -1);
    if (on->generation < 0)
        proof_lines_add(&on->findings, "premises.generation should be a whole number, 0 or more");
    if (!is_hash(jr_text(jr_get(premises, "rules_sha256"))))
        proof_lines_add(&on->findings, "premises.rules_sha256 should be 64 digits of 0-9 and a-f");
    if (!on->store || on->generation < 0)
        return;
    uint64_t now = on->store->generation;
    if ((uint64_t)on->generation > now)
        proof_lines_add(&on->findings,
                        proof_text(on->arena,
                                   "premises.generation: stated %lld, the store has reached %llu: "
                                   "it is no proof of this store",
                                   (long long)on->generation, (unsigned long long)now));
    on->is_that_state = (uint64_t)on->generation == now && was_assessed(on->store);
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
        proof_lines_add(differences(on), proof_text(on->arena,
                                                    on->is_that_state ? "%s: the store has none"
                                                                      : "%s is no longer there",
                                                    name));
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
    proof_compare(name, then, now, sides(on), differences(on));
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

/* The line is told to people, who look it up. */
static void compare_line(struct verifying *on, const char *name, size_t line,
                         const struct json *stated)
{
    int64_t then = jr_integer(stated, -1);
    if (then != (int64_t)line)
        differ(on, name, proof_text(on->arena, "line %lld", (long long)then),
               proof_text(on->arena, "line %zu", line));
}

static void compare_row(struct verifying *on, const struct csv *csv, const struct json *row)
{
    bool same = false;
    const struct csv_row *like = like_row(csv, row, &same);
    const char *key = jr_text(jr_item(row, 1));
    const char *name = proof_text(on->arena, "rule %s %s", csv->name, key ? key : "");
    if (!like) {
        differ(on, name, "there", "none");
        return;
    }
    compare_line(on, name, like->line, jr_item(row, 0));
    for (size_t c = 0; !same && c < csv->n_columns; c++) {
        const char *then = jr_text(jr_item(row, c + 1));
        if (!text_equal(like->cells[c], then))
            differ(on, proof_text(on->arena, "%s: %s", name, csv->header[c]),
                   proof_text(on->arena, "\"%s\"", then ? then : ""),
                   proof_text(on->arena, "\"%s\"", like->cells[c]));
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
        proof_lines_add(differences(on),
                        proof_text(on->arena, "rule table %s has other columns", key));
    for (size_t i = 0; same && i < jr_count(rows); i++)
        compare_row(on, &csv, jr_item(rows, i));
    return walk->code == ERR_OK;
}

static void compare_state(struct verifying *on, const struct json *premises)
{
    char date[TEXT_DATE_BYTES];
    const char *as_of = jr_text(jr_get(premises, "as_of"));
    const char *rules = jr_text(jr_get(premises, "rules_sha256"));
    text_from_date(on->store->as_of, date);
    if (!text_equal(as_of, date))
        differ(on, "premises.as_of", as_of ? as_of : "", date);
    if (is_hash(rules) && !text_equal(rules, on->store->rules->hash))
        differ(on, "premises.rules_sha256", rules, on->store->rules->hash);
}

/* Of the state that it names, a proof carries what one written today does: no record more or
 * less. Another version of the program may look at others. */
static void compare_premises(struct verifying *on, const struct json *today)
{
    const struct json *premises = jr_get(on->root, "premises");
    const struct json *then = jr_get(jr_get(premises, "population"), "cells_sha256");
    const struct json *now =
        jr_get(jr_get(jr_get(today, "premises"), "population"), "cells_sha256");
    if (!text_equal(jr_text(then), jr_text(now)))
        proof_lines_add(differences(on), "the cells of the population are others");
    if (on->is_that_state && !on->findings.other_program && on->findings.n_all == 0) {
        proof_compare("question", jr_get(on->root, "question"), jr_get(today, "question"),
                      PROOF_AND_STORE, &on->findings);
        proof_compare("premises", premises, jr_get(today, "premises"), PROOF_AND_STORE,
                      &on->findings);
    }
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
        proof_lines_add(differences(on),
                        proof_text(on->arena, "the store has no answer: %s", why.message));
    } else {
        proof_compare("claim", jr_get(on->root, "claim"), jr_get(today, "claim"), sides(on),
                      differences(on));
        compare_premises(on, today);
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
    compare_state(on, premises);
    jr_each(jr_get(premises, "rules"), &walk, compare_table);
    TRY(walk.code);
    jr_each(jr_get(premises, "records"), &walk, compare_layer);
    TRY(walk.code);
    TRY(compare_answer(on, err));
done:
    return code;
}

/* ---- the whole ---- */

/* What was looked at, and what nobody can know from the document alone. */
static void say_checked(const struct verifying *on, struct proof_check *out)
{
    const struct json *premises = jr_get(on->root, "premises");
    const char *as_of = jr_text(jr_get(premises, "as_of"));
    const char *rules = jr_text(jr_get(premises, "rules_sha256"));
    const char *program = jr_text(jr_get(on->root, "program"));
    struct arena *arena = on->arena;
    out->checked[out->n_checked++] = "the hash over the document, and those of shapes and cells";
    if (!on->open || on->store)
        out->checked[out->n_checked++] =
            "the claim, worked out again from the rules, records, shapes and cells inside";
    if (on->is_that_state)
        out->checked[out->n_checked++] = proof_text(
            arena,
            "the store of generation %lld: date, rules, every field of every record, and "
            "that nothing else bears on it",
            (long long)on->generation);
    else if (on->store)
        out->checked[out->n_checked++] =
            proof_text(arena, "what the store of generation %llu says today",
                       (unsigned long long)on->store->generation);
    if (!on->is_that_state)
        out->stated[out->n_stated++] = proof_text(
            arena,
            "that a store held this at generation %lld: its date %s, its rules %s, where each "
            "record came from (source, source_row, imported), what the claim does not use, and "
            "that nothing else bears on it",
            (long long)on->generation, as_of ? as_of : "", rules ? rules : "");
    if (on->findings.other_program)
        out->stated[out->n_stated++] = proof_text(
            arena, "the sentences of \"%.100s\": this is sisetu %s, which may word them otherwise",
            program ? program : "", SISETU_VERSION);
    out->stated[out->n_stated++] = "who wrote it: a hash is no signature";
}

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
                                .n_changes = on->changes.n,
                                .generation = on->generation,
                                .store_generation = on->store ? on->store->generation : 0};
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
    if (out->verdict != PROOF_BROKEN)
        say_checked(on, out);
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
    check_state(&on);
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
