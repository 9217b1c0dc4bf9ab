#include "data/gdal_session.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cpl_conv.h>
#include <cpl_error.h>
#include <gdal.h>

static void register_drivers(void)
{
    /* Nothing is written beside a file that is only read. */
    CPLSetConfigOption("GDAL_PAM_ENABLED", "NO");
    GDALAllRegister();
}

/* A message may quote a whole statement; what matters stands at its end. */
static void keep(char *out, size_t n, const char *message)
{
    size_t length = strlen(message), half = n / 2 - 4;
    if (length < n)
        memcpy(out, message, length + 1);
    else
        snprintf(out, n, "%.*s ... %s", (int)half, message, message + length - half);
}

static void catch (CPLErr level, CPLErrorNum number, const char *message)
{
    (void)number;
    struct gdal_session *gdal = CPLGetErrorHandlerUserData();
    if (level == CE_Warning) {
        if (gdal->n_warnings++ == 0)
            keep(gdal->warning, sizeof gdal->warning, message);
    } else if (level >= CE_Failure) {
        if (!gdal->failed)
            keep(gdal->failure, sizeof gdal->failure, message);
        gdal->failed = true;
    }
}

void gdal_session_clear(struct gdal_session *gdal)
{
    gdal->failed = false;
    gdal->n_warnings = 0;
    gdal->failure[0] = gdal->warning[0] = '\0';
    CPLErrorReset();
}

void gdal_session_begin(struct gdal_session *gdal)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, register_drivers);
    CPLPushErrorHandlerEx(catch, gdal);
    gdal_session_clear(gdal);
}

void gdal_session_end(struct gdal_session *gdal)
{
    (void)gdal;
    CPLPopErrorHandler();
}

enum err_code gdal_session_err(const struct gdal_session *gdal, struct err *err, enum err_code code,
                               const char *format, ...)
{
    char context[ERR_MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(context, sizeof context, format, arguments);
    va_end(arguments);
    const char *said = gdal->failed ? gdal->failure : gdal->warning;
    return err_set(err, code, "%s%s%s", context, *said ? ": " : "", said);
}
