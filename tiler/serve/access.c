#include "tiler/serve/access.h"

#include <string.h>
#include <strings.h>

static const char CHALLENGE[] = "Bearer realm=\"sisetu\"";
static const char INVALID[] = "Bearer realm=\"sisetu\", error=\"invalid_token\"";
static const char SCOPE[] = "Bearer realm=\"sisetu\", error=\"insufficient_scope\"";

/* What follows "Bearer ", or NULL. */
static const char *bearer(const char *authorization)
{
    static const char scheme[] = "Bearer ";
    if (!authorization || strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
        return NULL;
    return authorization + sizeof scheme - 1 + strspn(authorization + sizeof scheme - 1, " ");
}

enum err_code access_check(struct watch *watch, enum token_scope needed, const char *authorization,
                           char name[TOKEN_NAME_BYTES], const char **challenge, struct err *err)
{
    const char *text = bearer(authorization);
    *challenge = CHALLENGE;
    name[0] = '\0';
    if (needed == TOKEN_WRITE && !watch_has_token(watch, TOKEN_WRITE))
        return err_set(err, ERR_DENIED,
                       "this store takes no changes over HTTP: it has no token; `sisetu token add` "
                       "makes one");
    if (!text)
        return err_set(err, ERR_TOKEN, "send a token: Authorization: Bearer TOKEN");
    enum token_scope scope = watch_token(watch, text, name);
    if (scope == TOKEN_NONE) {
        *challenge = INVALID;
        return err_set(err, ERR_TOKEN, "this token is not known, or was removed");
    }
    if (scope < needed) {
        *challenge = SCOPE;
        return err_set(err, ERR_DENIED, "the token %s may read, but not change anything", name);
    }
    return ERR_OK;
}
