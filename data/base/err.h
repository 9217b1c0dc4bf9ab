/*
 * err.h - the one error idiom.
 *
 * A function that can fail returns `enum err_code`, ERR_OK being 0, and takes a
 * `struct err *` as its very last parameter for the details. The caller must look
 * at the code. "No" is an answer, handed out through a `bool *`, never an error.
 *
 *     enum err_code layer_read(struct layer *layer, struct err *err)
 *     {
 *         enum err_code code = ERR_OK;
 *         TRY(file_read(path, &text, err));
 *         TRY(layer_parse(layer, &text, err));
 *     done:
 *         buf_release(&text);
 *         return code;
 *     }
 *
 * A message says what, where, and what would be right, in one line:
 * `spacing.csv:14: value_m "5O" is not a number`.
 *
 * Threads: a struct err belongs to one thread at a time.
 */
#ifndef SISETU_DATA_BASE_ERR_H
#define SISETU_DATA_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* One row a code: name, exit status of the command line, HTTP status.
 * Exit 1 is the customary "no" of a program that checks (a proof that does not hold) and
 * 2 the customary "you called me wrongly"; the others are our own and documented in README.md. */
#define ERR_CODES(X)                                                                               \
    X(ERR_OK, 0, 200)        /* ok */                                                              \
    X(ERR_BROKEN, 1, 422)    /* does not hold */                                                   \
    X(ERR_USAGE, 2, 400)     /* bad request */                                                     \
    X(ERR_INPUT, 3, 422)     /* bad input */                                                       \
    X(ERR_NOT_FOUND, 4, 404) /* not found */                                                       \
    X(ERR_CONFLICT, 5, 409)  /* would overwrite */                                                 \
    X(ERR_BUSY, 6, 503)      /* busy */                                                            \
    X(ERR_IO, 7, 500)        /* input or output failed */                                          \
    X(ERR_NO_SPACE, 8, 507)  /* no space left */                                                   \
    X(ERR_LIMIT, 9, 413)     /* over a limit */                                                    \
    X(ERR_VERSION, 10, 500)  /* another version */                                                 \
    X(ERR_MEMORY, 11, 503)   /* out of memory */                                                   \
    X(ERR_DENIED, 12, 403)   /* not permitted */                                                   \
    X(ERR_METHOD, 13, 405)   /* method not allowed */                                              \
    X(ERR_CHANGED, 14, 412)  /* changed meanwhile */                                               \
    X(ERR_TOKEN, 15, 401)    /* needs a token */                                                   \
    X(ERR_INTERNAL, 70, 500) /* internal error */

enum err_code {
#define ERR_ENUM(name, exit_status, http_status) name,
    ERR_CODES(ERR_ENUM)
#undef ERR_ENUM
};

enum { ERR_MESSAGE_BYTES = 1024 };

struct err {
    enum err_code code;
    char message[ERR_MESSAGE_BYTES]; /* UTF-8 whatever went in, one line, cut at a character if too
                                        long */
};

/* Fills err (which may be NULL) and returns code, so that it ends a function:
 * `return err_set(err, ERR_INPUT, "%s:%zu: ...", path, line)`. */
enum err_code err_set(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the message already there; keeps and returns the code. */
enum err_code err_wrap(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Fills err from errno with the matching code (ENOSPC, EACCES, ENOENT, ENOMEM ...). */
enum err_code err_errno(struct err *err, int number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An arena or buffer met its limit or malloc failed. */
static inline enum err_code err_nomem(struct err *err)
{
    err_set(err, ERR_MEMORY, "out of memory, or a memory limit was reached");
    return ERR_MEMORY; /* here, so that compilers and analysers see that it is a failure */
}

const char *err_code_name(enum err_code code);
int err_exit_status(enum err_code code);
int err_http_status(enum err_code code);

/* The only macro that jumps, and only to `done:`. Needs a local `enum err_code code`. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        code = (call);                                                                             \
        if (code != ERR_OK)                                                                        \
            goto done;                                                                             \
    } while (0)

#endif
