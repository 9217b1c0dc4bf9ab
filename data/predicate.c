#include "data/predicate_tree.h"

#include "data/base/limits.h"
#include "data/base/text.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Rules are written by hand and read by people: nobody follows more levels than these, and
 * the parser and the evaluator may recurse without care. */
enum { DEPTH_MOST = 32 };

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_QUOTED,
    TOKEN_OPERATOR,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA
};

struct token {
    enum token_kind kind;
    const char *text; /* unquoted */
    size_t character; /* from 1 */
};

struct parser {
    const char *at;
    size_t character; /* of `at` */
    struct token token;
    unsigned depth;
    enum layer_id layer;
    const struct schema *schema;
    struct arena *arena;
    struct err *err;
};

static enum err_code wrong(struct parser *parser, const struct token *token, const char *what,
                           const char *right)
{
    if (token->kind == TOKEN_END)
        return err_set(parser->err, ERR_INPUT, "at the end, character %zu: %s%s%s",
                       token->character, what, *right ? "; " : "", right);
    return err_set(parser->err, ERR_INPUT, "at character %zu, \"%s\": %s%s%s", token->character,
                   token->text, what, *right ? "; " : "", right);
}

/* ---- tokens ---- */

static bool is_word_byte(char byte)
{
    unsigned char c = (unsigned char)byte;
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') || (c && strchr("_.+-:/", c));
}

/* Moves n bytes on and counts characters. */
static void step(struct parser *parser, size_t n)
{
    for (; n > 0; n--, parser->at++)
        parser->character += ((unsigned char)*parser->at & 0xC0) != 0x80;
}

static enum err_code take_quoted(struct parser *parser)
{
    char *out = arena_alloc(parser->arena, strlen(parser->at) + 1, 1);
    if (!out)
        return err_nomem(parser->err);
    size_t n = 0;
    for (step(parser, 1); *parser->at; step(parser, 1)) {
        if (*parser->at == '\'') {
            if (parser->at[1] != '\'')
                break;
            step(parser, 1);
        }
        out[n++] = *parser->at;
    }
    parser->token.text = out;
    if (!*parser->at)
        return wrong(parser, &parser->token, "the quote is never closed", "end it with '");
    step(parser, 1);
    return ERR_OK;
}

static enum err_code take_plain(struct parser *parser, enum token_kind kind, size_t n)
{
    parser->token.kind = kind;
    parser->token.text = arena_strndup(parser->arena, parser->at, n);
    step(parser, n);
    return parser->token.text ? ERR_OK : err_nomem(parser->err);
}

static enum err_code advance(struct parser *parser)
{
    while (*parser->at && strchr(" \t\r\n", *parser->at))
        step(parser, 1);
    parser->token = (struct token){TOKEN_END, "", parser->character};
    size_t n = 0;
    while (is_word_byte(parser->at[n]))
        n++;
    if (n > 0)
        return take_plain(parser, TOKEN_WORD, n);
    switch (*parser->at) {
    case '\0':
        return ERR_OK;
    case '\'':
        parser->token.kind = TOKEN_QUOTED;
        return take_quoted(parser);
    case '(':
        return take_plain(parser, TOKEN_OPEN, 1);
    case ')':
        return take_plain(parser, TOKEN_CLOSE, 1);
    case ',':
        return take_plain(parser, TOKEN_COMMA, 1);
    case '=':
        return take_plain(parser, TOKEN_OPERATOR, 1);
    case '<':
    case '>':
        return take_plain(parser, TOKEN_OPERATOR, parser->at[1] == '=' ? 2 : 1);
    case '!':
        if (parser->at[1] == '=')
            return take_plain(parser, TOKEN_OPERATOR, 2);
        break;
    default:
        break;
    }
    enum err_code code = take_plain(parser, TOKEN_WORD, 1);
    return code == ERR_OK ? wrong(parser, &parser->token, "no such sign",
                                  "known are = != < <= > >= ( ) , and 'quoted text'")
                          : code;
}

static bool is_word(const struct parser *parser, const char *word)
{
    return parser->token.kind == TOKEN_WORD && strcmp(parser->token.text, word) == 0;
}

static bool is_keyword(const struct parser *parser)
{
    static const char *const keywords[] = {"and",  "or",    "not",     "in",    "is",
                                           "true", "false", "unknown", "absent"};
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
        if (is_word(parser, keywords[i]))
            return true;
    return false;
}

/* ---- words that mean fields and values ---- */

/* "did you mean X?" in the arena, or "" when nothing is near. */
static const char *near_word(struct parser *parser, const char *word, const char *const *words,
                             size_t n)
{
    const char **list = arena_new(parser->arena, const char *, n + 1);
    for (size_t i = 0; list && i < n; i++)
        list[i] = words[i];
    const char *best = list ? text_nearest(word, list) : NULL;
    const char *text = best ? arena_printf(parser->arena, "did you mean %s?", best) : "";
    return text ? text : "";
}

static enum err_code unknown_field(struct parser *parser, const struct token *token)
{
    const struct layer_binding *binding = records_binding(parser->layer);
    const char **names = arena_new(parser->arena, const char *, binding->n_fields);
    const char *what = arena_printf(parser->arena, "no such field in layer %s", binding->name);
    if (!names || !what)
        return err_nomem(parser->err);
    for (size_t i = 0; i < binding->n_fields; i++)
        names[i] = binding->fields[i].name;
    const char *right = near_word(parser, token->text, names, binding->n_fields);
    return wrong(parser, token, what, *right ? right : "data/schema.csv lists them");
}

static enum err_code check_code(struct parser *parser, const struct token *token,
                                const struct schema_field *rule)
{
    if (!rule->codes)
        return ERR_OK;
    for (size_t i = 0; i < rule->n_codes; i++)
        if (strcmp(rule->codes[i], token->text) == 0)
            return ERR_OK;
    const char *what = arena_printf(parser->arena, "not a value of %s", rule->name);
    if (!what)
        return err_nomem(parser->err);
    const char *right = near_word(parser, token->text, rule->codes, rule->n_codes);
    return wrong(parser, token, what, *right ? right : "data/schema.csv lists them");
}

static enum err_code check_range(struct parser *parser, const struct token *token,
                                 const struct schema_field *rule, double number)
{
    if (number >= rule->min && number <= rule->max)
        return ERR_OK;
    const char *what = arena_printf(parser->arena, "out of the range of %s, which is %g to %g",
                                    rule->name, rule->min, rule->max);
    return what ? wrong(parser, token, what, "") : err_nomem(parser->err);
}

/* The token as a value of that field. */
static enum err_code read_value(struct parser *parser, const struct field_binding *field,
                                struct value *out)
{
    const struct token token = parser->token;
    if ((token.kind != TOKEN_WORD && token.kind != TOKEN_QUOTED) || is_keyword(parser))
        return wrong(parser, &token, "a value should stand here",
                     "put quotes round a word that means something else");
    const struct schema_field *rule =
        parser->schema ? schema_field(&parser->schema->layers[parser->layer], field->name) : NULL;
    *out = (struct value){token.text, NAN};
    enum err_code code = ERR_OK;
    int32_t date;
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_DATETIME:
        if (rule)
            TRY(check_code(parser, &token, rule));
        break;
    case FIELD_DATE:
        if (!text_to_date(token.text, &date))
            return wrong(parser, &token, "not a date", "write it as 2026-05-01");
        out->number = date;
        break;
    case FIELD_INTEGER:
    case FIELD_REAL:
        if (!text_to_double(token.text, &out->number))
            return wrong(parser, &token, "not a number", "");
        if (rule)
            TRY(check_range(parser, &token, rule, out->number));
        break;
    }
    code = advance(parser);
done:
    return code;
}

/* ---- grammar ---- */

static struct predicate *new_node(struct parser *parser, enum node_kind kind)
{
    struct predicate *node = arena_new(parser->arena, struct predicate, 1);
    if (node)
        node->kind = kind;
    return node;
}

static enum err_code parse_in(struct parser *parser, struct predicate *node)
{
    enum err_code code = ERR_OK;
    size_t capacity = 0;
    node->compare = COMPARE_IN;
    TRY(advance(parser));
    if (parser->token.kind != TOKEN_OPEN)
        return wrong(parser, &parser->token, "a list should follow `in`", "write in (a, b)");
    do {
        TRY(advance(parser));
        node->values = arena_grow(parser->arena, node->values, &capacity, node->n_values + 1,
                                  sizeof *node->values);
        if (!node->values)
            return err_nomem(parser->err);
        TRY(read_value(parser, node->field, &node->values[node->n_values]));
        node->n_values++;
    } while (parser->token.kind == TOKEN_COMMA);
    if (parser->token.kind != TOKEN_CLOSE)
        return wrong(parser, &parser->token, "the list goes on without a comma",
                     "a comma or ) should stand here");
    code = advance(parser);
done:
    return code;
}

static bool compare_of(const char *sign, enum compare *out)
{
    static const char *const signs[] = {"=", "!=", "<", "<=", ">", ">="};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (strcmp(sign, signs[i]) == 0) {
            *out = (enum compare)i;
            return true;
        }
    return false;
}

static enum err_code parse_operator(struct parser *parser, struct predicate *node)
{
    enum err_code code = ERR_OK;
    if (parser->token.kind != TOKEN_OPERATOR || !compare_of(parser->token.text, &node->compare))
        return wrong(parser, &parser->token, "a comparison should follow the field",
                     "such as = 3, in (a, b) or is absent");
    bool ordered = node->compare != COMPARE_EQ && node->compare != COMPARE_NE;
    if (ordered && (node->field->type == FIELD_TEXT || node->field->type == FIELD_DATETIME))
        return wrong(parser, &parser->token, "a text has no order", "texts know = != and in");
    TRY(advance(parser));
    node->values = arena_new(parser->arena, struct value, 1);
    if (!node->values)
        return err_nomem(parser->err);
    node->n_values = 1;
    TRY(read_value(parser, node->field, node->values));
done:
    return code;
}

static enum err_code parse_field(struct parser *parser, struct predicate **out)
{
    enum err_code code = ERR_OK;
    struct predicate *node = new_node(parser, NODE_COMPARE);
    if (!node)
        return err_nomem(parser->err);
    node->field = records_field(parser->layer, parser->token.text);
    if (!node->field)
        return unknown_field(parser, &parser->token);
    TRY(advance(parser));
    if (is_word(parser, "is")) {
        node->kind = NODE_ABSENT;
        TRY(advance(parser));
        if (!is_word(parser, "absent"))
            return wrong(parser, &parser->token, "only `absent` may follow `is`",
                         "write = for a value");
        TRY(advance(parser));
    } else if (is_word(parser, "in")) {
        TRY(parse_in(parser, node));
    } else {
        TRY(parse_operator(parser, node));
    }
    *out = node;
done:
    return code;
}

static enum err_code parse_or(struct parser *parser, struct predicate **out);

/* `true`, `false` and `unknown 'what'` */
static enum err_code parse_constant(struct parser *parser, struct predicate **out)
{
    enum err_code code = ERR_OK;
    enum node_kind kind = is_word(parser, "true")    ? NODE_TRUE
                          : is_word(parser, "false") ? NODE_FALSE
                                                     : NODE_UNKNOWN;
    struct predicate *node = new_node(parser, kind);
    if (!node)
        return err_nomem(parser->err);
    TRY(advance(parser));
    if (kind == NODE_UNKNOWN) {
        if (parser->token.kind != TOKEN_QUOTED || !*parser->token.text)
            return wrong(parser, &parser->token, "what is unknown should follow",
                         "in quotes, such as unknown 'the prevailing wind'");
        node->text = parser->token.text;
        TRY(advance(parser));
    }
    *out = node;
done:
    return code;
}

static enum err_code parse_unary(struct parser *parser, struct predicate **out)
{
    enum err_code code = ERR_OK;
    if (parser->depth == DEPTH_MOST)
        return wrong(parser, &parser->token, "nested too deeply", "32 levels are the most");
    parser->depth++;
    if (is_word(parser, "not")) {
        struct predicate *node = new_node(parser, NODE_NOT), *child = NULL;
        if (!node)
            return err_nomem(parser->err);
        TRY(advance(parser));
        TRY(parse_unary(parser, &child));
        node->child = child;
        *out = node;
    } else if (parser->token.kind == TOKEN_OPEN) {
        TRY(advance(parser));
        TRY(parse_or(parser, out));
        if (parser->token.kind != TOKEN_CLOSE)
            return wrong(parser, &parser->token, "a parenthesis is still open",
                         "`and`, `or` or ) should stand here");
        TRY(advance(parser));
    } else if (is_word(parser, "true") || is_word(parser, "false") || is_word(parser, "unknown")) {
        TRY(parse_constant(parser, out));
    } else if (parser->token.kind == TOKEN_WORD && !is_keyword(parser)) {
        TRY(parse_field(parser, out));
    } else {
        return wrong(parser, &parser->token, "a condition should stand here",
                     "such as persons >= 100");
    }
    parser->depth--;
done:
    return code;
}

/* One chain of `word`s; a single member stands for itself. */
static enum err_code parse_chain(struct parser *parser, const char *word, enum node_kind kind,
                                 enum err_code (*member)(struct parser *, struct predicate **),
                                 struct predicate **out)
{
    enum err_code code = ERR_OK;
    struct predicate *last = NULL;
    TRY(member(parser, &last));
    *out = last;
    if (!is_word(parser, word))
        return code;
    struct predicate *node = new_node(parser, kind);
    if (!node)
        return err_nomem(parser->err);
    node->child = last;
    *out = node;
    assert(last); /* a member that is well has a node */
    while (is_word(parser, word)) {
        struct predicate *next = NULL;
        TRY(advance(parser));
        TRY(member(parser, &next));
        assert(next);
        last->next = next;
        last = next;
    }
done:
    return code;
}

static enum err_code parse_and(struct parser *parser, struct predicate **out)
{
    return parse_chain(parser, "and", NODE_AND, parse_unary, out);
}

static enum err_code parse_or(struct parser *parser, struct predicate **out)
{
    return parse_chain(parser, "or", NODE_OR, parse_and, out);
}

enum err_code predicate_parse(const char *text, enum layer_id layer, const struct schema *schema,
                              struct arena *arena, const struct predicate **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct predicate *root = NULL;
    struct parser parser = {
        .at = text, .character = 1, .layer = layer, .schema = schema, .arena = arena, .err = err};
    *out = NULL;
    if (strlen(text) > LIMIT_TEXT_BYTES)
        return err_set(err, ERR_LIMIT, "a condition of %zu bytes; %d are the most", strlen(text),
                       LIMIT_TEXT_BYTES);
    if (!text_is_utf8(text, strlen(text)))
        return err_set(err, ERR_INPUT, "not UTF-8 text");
    TRY(advance(&parser));
    TRY(parse_or(&parser, &root));
    if (parser.token.kind != TOKEN_END)
        return wrong(&parser, &parser.token, "the condition is over here",
                     "`and` or `or` should stand between two conditions");
    *out = root;
done:
    return code;
}
