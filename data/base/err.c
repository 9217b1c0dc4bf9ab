#include "data/base/err.h"

#include "data/base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Cuts a message that did not fit at the last whole UTF-8 character. */
static void cut_at_character(char *text, size_t size)
{
    size_t n = strnlen(text, size);
    if (n + 1 < size)
        return;
    while (n > 0 && ((unsigned char)text[n - 1] & 0xC0) == 0x80)
        n--;
    if (n > 0 && (unsigned char)text[n - 1] >= 0xC0)
        n--;
    text[n] = '\0';
}

/* A message is one line: whatever came in with a name or a value stays on it. */
static void flatten(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            *text = ' ';
}

__attribute__((format(printf, 3, 0))) static void fill(struct err *err, enum err_code code,
                                                       const char *format, va_list arguments)
{
    err->code = code;
    vsnprintf(err->message, sizeof err->message, format, arguments);
    cut_at_character(err->message, sizeof err->message);
    text_mend(err->message);
    flatten(err->message);
}

enum err_code err_set(struct err *err, enum err_code code, const char *format, ...)
{
    if (!err)
        return code;
    va_list arguments;
    va_start(arguments, format);
    fill(err, code, format, arguments);
    va_end(arguments);
    return code;
}

/* Adds what lies beneath: ": " and the text. */
static void append(struct err *err, const char *text)
{
    size_t n = strlen(err->message);
    snprintf(err->message + n, sizeof err->message - n, ": %s", text);
    cut_at_character(err->message, sizeof err->message);
    text_mend(err->message);
}

enum err_code err_wrap(struct err *err, const char *format, ...)
{
    if (!err)
        return ERR_INTERNAL;
    struct err inner = *err;
    va_list arguments;
    va_start(arguments, format);
    fill(err, inner.code, format, arguments);
    va_end(arguments);
    append(err, inner.message);
    return inner.code;
}

static enum err_code code_of_errno(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
        return ERR_NO_SPACE;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERR_DENIED;
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case ENOMEM:
        return ERR_MEMORY;
    case EEXIST:
        return ERR_CONFLICT;
    case EBUSY:
    case EAGAIN:
    case EADDRINUSE:
        return ERR_BUSY;
    default:
        return ERR_IO;
    }
}

enum err_code err_errno(struct err *err, int number, const char *format, ...)
{
    enum err_code code = code_of_errno(number);
    if (!err)
        return code;
    va_list arguments;
    va_start(arguments, format);
    fill(err, code, format, arguments);
    va_end(arguments);
    append(err, strerror(number));
    return code;
}

static const struct {
    const char *name;
    int exit_status;
    int http_status;
} codes[] = {
#define ERR_ROW(code_name, exit_code, http_code) [code_name] = {#code_name, exit_code, http_code},
    ERR_CODES(ERR_ROW)
#undef ERR_ROW
};

const char *err_code_name(enum err_code code)
{
    return codes[code].name;
}

int err_exit_status(enum err_code code)
{
    return codes[code].exit_status;
}

int err_http_status(enum err_code code)
{
    return codes[code].http_status;
}
