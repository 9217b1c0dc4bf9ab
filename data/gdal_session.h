/*
 * gdal_session.h - GDAL started once, and its errors caught instead of printed.
 *
 *     struct gdal_session gdal;
 *     gdal_session_begin(&gdal);
 *     ... calls of GDAL, OGR, OSR, CPL ...
 *     if (!dataset)
 *         code = gdal_session_err(&gdal, err, ERR_INPUT, "%s", path);
 *     gdal_session_end(&gdal);
 *
 * Between begin and end whatever GDAL would print on this thread is kept in the struct.
 * Sessions nest: the inner one catches. Includes no GDAL header, so that files beside the
 * store and import can hold one.
 *
 * Life:    begin -> end, on one thread, in the order of a stack.
 * Threads: safe; the drivers are registered once a process, by whoever comes first.
 */
#ifndef SISETU_DATA_GDAL_SESSION_H
#define SISETU_DATA_GDAL_SESSION_H

#include "data/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct gdal_session {
    bool failed;                     /* an error (not a warning) was raised */
    char failure[ERR_MESSAGE_BYTES]; /* the first since begin or clear; "" if none */
    char warning[ERR_MESSAGE_BYTES]; /* the first since begin or clear; "" if none */
    size_t n_warnings;
};

void gdal_session_begin(struct gdal_session *gdal);
void gdal_session_end(struct gdal_session *gdal);

/* Forgets what was caught: before a call whose own failure matters. */
void gdal_session_clear(struct gdal_session *gdal);

/* Fills err with "context: what GDAL said" (or "context" if it said nothing); returns code. */
enum err_code gdal_session_err(const struct gdal_session *gdal, struct err *err, enum err_code code,
                               const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
