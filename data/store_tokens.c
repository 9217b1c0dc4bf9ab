#include "data/store_tokens.h"

#include "data/base/text.h"
#include "data/store_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <ogr_api.h>

static const char KEY[] = "token:";
static const char PREFIX[] = "sst_";
static const char NAME_LETTERS[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
static const char HEX[] = "0123456789abcdef";

const char *token_scope_name(enum token_scope scope)
{
    return scope == TOKEN_WRITE ? "write" : scope == TOKEN_READ ? "read" : "none";
}

static enum err_code key_of(const char *name, char key[sizeof KEY + TOKEN_NAME_BYTES],
                            struct err *err)
{
    size_t n = strlen(name);
    if (n == 0 || n >= TOKEN_NAME_BYTES || strspn(name, NAME_LETTERS) != n)
        return err_set(err, ERR_USAGE,
                       "\"%.80s\" should be a name of 1 to %d letters, digits, '-', '_' or '.'",
                       name, TOKEN_NAME_BYTES - 1);
    snprintf(key, sizeof KEY + TOKEN_NAME_BYTES, "%s%s", KEY, name);
    return ERR_OK;
}

static void to_hex(const unsigned char *bytes, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = HEX[bytes[i] >> 4];
        out[2 * i + 1] = HEX[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}

/* False unless the text is exactly so many hexadecimal digits. */
static bool from_hex(const char *text, unsigned char *out, size_t n)
{
    if (strlen(text) != 2 * n || strspn(text, HEX) != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)((strchr(HEX, text[2 * i]) - HEX) << 4 |
                                 (strchr(HEX, text[2 * i + 1]) - HEX));
    return true;
}

enum err_code store_token_add(struct store *store, const char *name, enum token_scope scope,
                              char text[TOKEN_TEXT_BYTES], struct err *err)
{
    enum err_code code = ERR_OK;
    char key[sizeof KEY + TOKEN_NAME_BYTES], value[160], now[32];
    unsigned char bytes[TOKEN_BYTES], hash[HASH_BYTES];
    char digits[HASH_TEXT_BYTES];
    const char *old = NULL;
    struct arena arena;
    time_t seconds = time(NULL);
    struct tm utc;
    arena_init(&arena, 0);
    TRY(key_of(name, key, err));
    TRY(store_get(store, key, &arena, &old, err));
    if (old)
        TRY(err_set(err, ERR_CONFLICT, "a token %s exists already; `sisetu token remove` first",
                    name));
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        TRY(err_errno(err, errno, "random number"));
    hash_bytes(bytes, sizeof bytes, hash);
    to_hex(hash, sizeof hash, digits);
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    snprintf(value, sizeof value, "%s %s %s", token_scope_name(scope), now, digits);
    TRY(store_set(store, key, value, err));
    memcpy(text, PREFIX, sizeof PREFIX - 1);
    to_hex(bytes, sizeof bytes, text + sizeof PREFIX - 1);
done:
    explicit_bzero(bytes, sizeof bytes);
    arena_release(&arena);
    return code;
}

enum err_code store_token_remove(struct store *store, const char *name, struct err *err)
{
    enum err_code code = ERR_OK;
    char key[sizeof KEY + TOKEN_NAME_BYTES];
    const char *old = NULL;
    struct arena arena;
    arena_init(&arena, 0);
    TRY(key_of(name, key, err));
    TRY(store_get(store, key, &arena, &old, err));
    if (!old)
        TRY(err_set(err, ERR_NOT_FOUND, "there is no token %s; `sisetu token list` shows them",
                    name));
    TRY(store_set(store, key, NULL, err));
done:
    arena_release(&arena);
    return code;
}

/* "write 2026-11-22T03:00:00Z 64 digits" */
static enum err_code read_token(const char *key, const char *value, struct arena *arena,
                                struct token *out, struct err *err)
{
    char scope[8] = "", created[32] = "", digits[HASH_TEXT_BYTES] = "";
    out->name = arena_strdup(arena, key + strlen(KEY));
    int n = sscanf(value, "%7s %31s %64s", scope, created, digits);
    out->scope = strcmp(scope, "write") == 0  ? TOKEN_WRITE
                 : strcmp(scope, "read") == 0 ? TOKEN_READ
                                              : TOKEN_NONE;
    out->created = arena_strdup(arena, created);
    if (!out->name || !out->created)
        return err_nomem(err);
    if (n != 3 || out->scope == TOKEN_NONE || !from_hex(digits, out->hash, sizeof out->hash))
        return err_set(err, ERR_INPUT, "the token %s is damaged; remove it and make another",
                       out->name);
    return ERR_OK;
}

static enum err_code read_tokens(struct store *store, struct arena *arena, struct token **out,
                                 size_t *n, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_rows rows = {0};
    void *row = NULL;
    size_t capacity = 0;
    TRY(store_rows_begin(store,
                         "SELECT CAST(key AS TEXT), CAST(value AS TEXT) FROM sisetu_meta WHERE key "
                         "LIKE 'token:%' ORDER BY key",
                         &rows, err));
    for (;;) {
        TRY(store_rows_next(&rows, &row, err));
        if (!row)
            break;
        *out = arena_grow(arena, *out, &capacity, *n + 1, sizeof **out);
        if (!*out)
            TRY(err_nomem(err));
        TRY(read_token(OGR_F_GetFieldAsString(row, 0), OGR_F_GetFieldAsString(row, 1), arena,
                       &(*out)[*n], err));
        ++*n;
    }
done:
    store_rows_end(&rows);
    return code;
}

enum err_code store_tokens(struct store *store, struct arena *arena, struct token **out, size_t *n,
                           struct err *err)
{
    enum err_code code = ERR_OK;
    *out = NULL;
    *n = 0;
    TRY(store_begin(store, STORE_READ, err));
    TRY(read_tokens(store, arena, out, n, err));
done:
    return store_end(store, STORE_READ, code);
}

const struct token *store_token_match(const struct token *tokens, size_t n, const char *text)
{
    unsigned char bytes[TOKEN_BYTES], hash[HASH_BYTES];
    const struct token *found = NULL;
    if (!text_starts(text, PREFIX) || !from_hex(text + sizeof PREFIX - 1, bytes, sizeof bytes))
        return NULL;
    hash_bytes(bytes, sizeof bytes, hash);
    for (size_t i = 0; i < n; i++) {
        unsigned different = 0;
        for (size_t j = 0; j < sizeof hash; j++)
            different |= (unsigned)(hash[j] ^ tokens[i].hash[j]);
        if (different == 0)
            found = &tokens[i];
    }
    return found;
}
