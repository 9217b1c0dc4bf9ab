/*
 * store_tokens.h - who may change a store over HTTP, or read it.
 *
 * A token is 32 random bytes, shown once as "sst_" and 64 hexadecimal digits. The store keeps its
 * name, scope, day and the SHA-256 of the bytes, as rows "token:NAME" of sisetu_meta: with 256
 * random bits nothing slower than SHA-256 is needed, and whoever reads the store cannot use it.
 *
 * Life:    store_token_add and _remove take effect with store_commit.
 * Owner:   names and texts belong to the arena.
 * Threads: as store.h; store_token_match is pure.
 * Errors:  ERR_CONFLICT a name twice; ERR_NOT_FOUND no such name; ERR_USAGE a name that is none.
 */
#ifndef SISETU_DATA_STORE_TOKENS_H
#define SISETU_DATA_STORE_TOKENS_H

#include "data/base/hash.h"
#include "data/store.h"

enum token_scope { TOKEN_NONE, TOKEN_READ, TOKEN_WRITE }; /* each holds what is before it */

enum { TOKEN_BYTES = 32, TOKEN_TEXT_BYTES = 4 + 2 * TOKEN_BYTES + 1, TOKEN_NAME_BYTES = 64 };

struct token {
    const char *name;
    enum token_scope scope;
    const char *created; /* RFC 3339 */
    unsigned char hash[HASH_BYTES];
};

/* name: 1-63 letters, digits, "-", "_", ".". text gets the token. */
enum err_code store_token_add(struct store *store, const char *name, enum token_scope scope,
                              char text[TOKEN_TEXT_BYTES], struct err *err);
enum err_code store_token_remove(struct store *store, const char *name, struct err *err);

/* Ordered by name. */
enum err_code store_tokens(struct store *store, struct arena *arena, struct token **out, size_t *n,
                           struct err *err);

/* The token with this text, or NULL. Takes the same time wherever a difference lies. */
const struct token *store_token_match(const struct token *tokens, size_t n, const char *text);

const char *token_scope_name(enum token_scope scope); /* "read", "write" */

#endif
