/*
 * access.h - who may do what over HTTP: bearer tokens (RFC 6750).
 *
 * Changes always need a token of scope write; a store without one takes none. Reading needs one
 * of either scope where the server was started so, but for the page itself and /healthz.
 *
 * Errors:  ERR_TOKEN no token, or none that the store knows (401); ERR_DENIED its scope does not
 *          reach, or the store takes no changes (403). *challenge is what WWW-Authenticate says.
 * Threads: safe.
 */
#ifndef SISETU_TILER_ACCESS_H
#define SISETU_TILER_ACCESS_H

#include "tiler/serve/watch.h"

/* authorization: the header as it came, or NULL. name gets that of the token. */
enum err_code access_check(struct watch *watch, enum token_scope needed, const char *authorization,
                           char name[TOKEN_NAME_BYTES], const char **challenge, struct err *err);

#endif
