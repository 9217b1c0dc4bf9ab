#include "geo/findings/finding_view.h"
#include "geo/proof/proof_private.h"

#include "data/base/limits.h"
#include "data/base/text.h"
#include "data/schema.h"

#include <string.h>

/* ---- the document as text ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Adds the text without white space outside of strings. */
static void add_compact(struct buf *out, const char *text, size_t n)
{
    bool quoted = false;
    for (size_t i = 0; i < n; i++) {
        if (!quoted && is_space(text[i]))
            continue;
        buf_add_byte(out, text[i]);
        if (text[i] == '"')
            quoted = !quoted;
        else if (quoted && text[i] == '\\' && i + 1 < n)
            buf_add_byte(out, text[++i]);
    }
}

static const char HASH_KEY[] = ",\"sha256\":\"";

bool proof_hash_of(const char *text, size_t n, char out[HASH_TEXT_BYTES],
                   char stated[HASH_TEXT_BYTES])
{
    const size_t tail = sizeof HASH_KEY - 1 + HASH_TEXT_BYTES - 1 + 2; /* and "} */
    struct buf compact;
    bool well = false;
    buf_init(&compact);
    add_compact(&compact, text, n);
    if (buf_ok(&compact) && compact.n_bytes > tail) {
        size_t head = compact.n_bytes - tail;
        const char *end = compact.bytes + head;
        well = memcmp(end, HASH_KEY, sizeof HASH_KEY - 1) == 0 &&
               memcmp(end + tail - 2, "\"}", 2) == 0;
        hash_text(compact.bytes, head, out);
        memcpy(stated, end + sizeof HASH_KEY - 1, HASH_TEXT_BYTES - 1);
        stated[HASH_TEXT_BYTES - 1] = '\0';
    }
    buf_release(&compact);
    return well;
}

/* How a compact text is broken into lines: members of objects, and elements of arrays that hold
 * objects or arrays, but not coordinates. */
struct layout {
    struct buf *out;
    bool breaks[JW_DEPTH];
    unsigned depth;
    unsigned within_coordinates; /* depth of that array, or 0 */
};

static void new_line(struct layout *layout)
{
    buf_add_byte(layout->out, '\n');
    for (unsigned i = 0; i < layout->depth; i++)
        buf_add_byte(layout->out, ' ');
}

static void open_bracket(struct layout *layout, const char *text, size_t i)
{
    static const char key[] = "\"coordinates\":";
    size_t length = sizeof key - 1;
    bool array = text[i] == '[';
    bool deep = text[i + 1] == '{' || text[i + 1] == '[';
    bool empty = text[i + 1] == ']' || text[i + 1] == '}';
    buf_add_byte(layout->out, text[i]);
    if (layout->depth + 1 < JW_DEPTH)
        layout->depth++;
    if (array && !layout->within_coordinates && i >= length &&
        memcmp(text + i - length, key, length) == 0)
        layout->within_coordinates = layout->depth;
    bool breaks = !empty && !layout->within_coordinates && (!array || deep);
    layout->breaks[layout->depth] = breaks;
    if (breaks)
        new_line(layout);
}

static void close_bracket(struct layout *layout, char bracket)
{
    bool broke = layout->breaks[layout->depth];
    if (layout->within_coordinates == layout->depth)
        layout->within_coordinates = 0;
    if (layout->depth > 0)
        layout->depth--;
    if (broke)
        new_line(layout);
    buf_add_byte(layout->out, bracket);
}

/* Our own compact JSON, laid out to be read. */
static void add_indented(struct buf *out, const char *text)
{
    struct layout layout = {.out = out};
    for (size_t i = 0; text[i]; i++) {
        char c = text[i];
        if (c == '"') {
            size_t from = i;
            for (i++; text[i] && text[i] != '"'; i++)
                i += text[i] == '\\' && text[i + 1];
            buf_add(out, text + from, i - from + (text[i] != '\0'));
            if (!text[i])
                return;
        } else if (c == '{' || c == '[') {
            open_bracket(&layout, text, i);
        } else if (c == '}' || c == ']') {
            close_bracket(&layout, c);
        } else {
            buf_add_byte(out, c);
            if (c == ':' && !layout.within_coordinates)
                buf_add_byte(out, ' ');
            if (c == ',' && layout.breaks[layout.depth])
                new_line(&layout);
        }
    }
    buf_add_byte(out, '\n');
}

/* ---- what the world itself says ---- */

/* The same claim from the whole world: rows as assessed, where there are such. */
static enum err_code own_conflict(const struct world *world, struct worker *worker,
                                  const struct proof_question *question, struct jw *jw,
                                  struct err *err)
{
    enum err_code code = ERR_OK;
    struct finding_ref ref;
    struct conflict_view view;
    if (!findings_find(world, question->id, &ref))
        return err_set(err, ERR_NOT_FOUND, "no conflict \"%s\"", question->id);
    TRY(worker_fit(worker, world, err));
    TRY(finding_view(world, worker, ref, &worker->arena, &view, err));
    if (view.stale)
        TRY(err_set(err, ERR_INPUT,
                    "what the store says does not follow from its records as they are (%s); "
                    "assess it again",
                    question->id));
    jw_object(jw);
    proof_write_fields(jw, LAYER_CONFLICTS, &view.row);
    jw_end_object(jw);
done:
    return code;
}

static enum err_code own_grade(const struct world *world, struct worker *worker,
                               const struct proof_question *question, struct jw *jw,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    struct finding_ref *refs = NULL;
    size_t n = 0;
    size_t n_all = 0;
    const struct grade_row *grade = world_grade(world, "enterprise", question->id, NULL);
    if (!grade)
        return err_set(err, ERR_NOT_FOUND,
                       "no grade of enterprise \"%s\"; the store was never assessed, or not since "
                       "it was imported",
                       question->id);
    TRY(proof_conflicts_of(world, question->id, &worker->arena, &refs, &n, &n_all, err));
    jw_object(jw);
    jw_kv_integer(jw, "grade", grade->grade);
    if (n == n_all) {
        jw_kv_integer(jw, "could_be", grade->could_be);
        jw_kv_integer(jw, "undecided", grade->undecided);
    }
    jw_end_object(jw);
done:
    return code;
}

static enum err_code own_claim(const struct world *world, struct worker *worker,
                               const struct proof_question *question, struct jw *jw,
                               struct err *err)
{
    if (question->kind == PROOF_CONFLICT)
        return own_conflict(world, worker, question, jw, err);
    if (question->kind == PROOF_ENTERPRISE)
        return own_grade(world, worker, question, jw, err);
    if (question->kind == PROOF_UNIT)
        return proof_own_unit(world, question, jw, err);
    return proof_claim(world, worker, question, jw, err);
}

/* Every member of what the world says stands in the claim. */
struct agreeing {
    const struct json *claim;
    struct proof_lines *lines;
};

static bool agree_member(void *context, const char *key, const struct json *value)
{
    const struct agreeing *agreeing = context;
    const struct json *other = jr_get(agreeing->claim, key);
    proof_compare(key, value, other, PROOF_AND_RECOMPUTED, agreeing->lines);
    return true;
}

static enum err_code check_claim(const struct world *world, struct worker *worker,
                                 const struct proof_question *question, const struct buf *claim,
                                 struct err *err)
{
    enum err_code code = ERR_OK;
    struct buf own;
    struct jw jw;
    struct json *ours = NULL;
    struct json *theirs = NULL;
    struct proof_lines lines;
    buf_init(&own);
    jw_init(&jw, &own);
    TRY(proof_lines_init(&lines, &worker->arena, err));
    TRY(own_claim(world, worker, question, &jw, err));
    if (!buf_ok(&own) || !buf_ok(claim)) {
        code = err_nomem(err);
        goto done;
    }
    TRY(jr_parse(own.bytes, own.n_bytes, &theirs, err));
    TRY(jr_parse(claim->bytes, claim->n_bytes, &ours, err));
    struct agreeing agreeing = {ours, &lines};
    jr_each(theirs, &agreeing, agree_member);
    if (lines.n_all > 0)
        code = err_set(err, ERR_INPUT,
                       "what the store says does not follow from its records as they are (%s); "
                       "assess it again",
                       lines.items[0]);
done:
    jr_free(ours);
    jr_free(theirs);
    buf_release(&own);
    return code;
}

/* ---- writing ---- */

/* Premises as text, and the claim that follows from them alone. */
static enum err_code write_parts(const struct world *world, struct worker *worker,
                                 const struct proof_question *question, struct buf *premises,
                                 struct buf *claim, struct err *err)
{
    enum err_code code = ERR_OK;
    struct proof_needs needs;
    struct proof_world small = {.world = NULL};
    struct json *tree = NULL;
    struct jw jw;
    jw_init(&jw, premises);
    TRY(proof_needs_init(&needs, world, worker, err));
    TRY(proof_needs_of(&needs, question, err));
    TRY(proof_write_premises(&needs, &jw, err));
    if (!buf_ok(premises)) {
        code = err_nomem(err);
        goto done;
    }
    TRY(jr_parse(premises->bytes, premises->n_bytes, &tree, err));
    TRY(proof_world_new(tree, world, &worker->arena, &small, err));
    if (small.n_faults + small.n_missing > 0) {
        code = err_set(err, ERR_INTERNAL, "the premises cannot be read back: %s",
                       small.n_faults ? small.faults[0] : small.missing[0]);
        goto done;
    }
    jw_init(&jw, claim);
    TRY(proof_claim(small.world, worker, question, &jw, err));
    TRY(check_claim(world, worker, question, claim, err));
done:
    jr_free(tree);
    if (small.world)
        world_release(small.world);
    return code;
}

static enum err_code write_document(const struct proof_question *question,
                                    const struct buf *premises, const struct buf *claim,
                                    struct buf *out, struct err *err)
{
    struct buf compact;
    struct jw jw;
    char hash[HASH_TEXT_BYTES];
    buf_init(&compact);
    jw_init(&jw, &compact);
    jw_object(&jw);
    jw_kv_integer(&jw, "sisetu_proof", PROOF_FORMAT);
    jw_kv_string(&jw, "program", "sisetu " SISETU_VERSION);
    jw_kv_integer(&jw, "schema_version", SCHEMA_VERSION);
    jw_key(&jw, "question");
    proof_write_question(&jw, question);
    jw_key(&jw, "claim");
    jw_raw(&jw, buf_text(claim));
    jw_key(&jw, "premises");
    jw_raw(&jw, buf_text(premises));
    hash_text(buf_text(&compact), compact.n_bytes, hash);
    jw_kv_string(&jw, "sha256", hash);
    jw_end_object(&jw);
    bool well = buf_ok(&compact);
    if (well)
        add_indented(out, compact.bytes);
    buf_release(&compact);
    return well && buf_ok(out) ? ERR_OK : err_nomem(err);
}

static enum err_code check_question(const struct proof_question *question, struct err *err)
{
    const struct geom *shape = question->site ? &question->site->geom : question->shape;
    if (shape && shape->n_points > LIMIT_PROOF_VERTICES)
        return err_set(err, ERR_LIMIT, "the shape has %u vertices; a proof takes %d",
                       shape->n_points, LIMIT_PROOF_VERTICES);
    if (question->kind == PROOF_EXPOSURE && shape && shape->kind != GEOM_POLYGON)
        return err_set(err, ERR_INPUT, "persons are proved inside of polygons only");
    return ERR_OK;
}

enum err_code proof_write(const struct world *world, struct worker *worker,
                          const struct proof_question *question, struct buf *out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct buf premises;
    struct buf claim;
    buf_init(&premises);
    buf_init(&claim);
    TRY(check_question(question, err));
    TRY(write_parts(world, worker, question, &premises, &claim, err));
    TRY(write_document(question, &premises, &claim, out, err));
done:
    if (code != ERR_OK)
        err_wrap(err, "proof");
    buf_release(&premises);
    buf_release(&claim);
    return code;
}
