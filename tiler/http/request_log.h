/*
 * request_log.h - one line a request, key=value as log.h writes them:
 *
 *     time=2026-03-04T05:06:07.089Z id=9f2c41d0a7e3b855 from=10.1.2.3 token=planning method=GET
 *         target="/tiles/risk/9/405/193.png" status=200 bytes=5312 ms=1.742
 *
 * (one line; token only where one came). Lines go to a file, which is opened anew when it is
 * asked to, so that it can be rotated (logrotate: rename, then SIGHUP), or to standard error.
 * What came from outside is escaped: quotes, controls and bytes above 126 as \xNN, a target cut
 * at 2,000 bytes. What a token is stands nowhere, its name does.
 *
 * Life:    request_log_open, any number of lines, request_log_close.
 * Threads: safe; a line is written in one piece. A full disk loses lines, and says so once.
 */
#ifndef SISETU_TILER_REQUEST_LOG_H
#define SISETU_TILER_REQUEST_LOG_H

#include "data/base/err.h"

#include <stddef.h>

struct request_log;

/* path "-" is standard error. ERR_IO with the file. */
enum err_code request_log_open(const char *path, struct request_log **out, struct err *err);
void request_log_close(struct request_log *log); /* NULL is fine */

/* Opens the file at its path; when that fails goes on with the old one and says so. */
void request_log_reopen(struct request_log *log);

struct request_line {
    const char *id, *from, *token, *method, *target; /* token: "" for none */
    int status;                                      /* 0: the client left before the answer */
    size_t n_bytes;
    double seconds;
};

void request_log_write(struct request_log *log, const struct request_line *line);

#endif
