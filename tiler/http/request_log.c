#include "tiler/http/request_log.h"

#include "data/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_BYTES = 2000, ESCAPED_BYTES = 4 * TEXT_BYTES + 4, LINE_BYTES = ESCAPED_BYTES + 1024 };

struct request_log {
    pthread_mutex_t mutex; /* over fd and told */
    int fd;
    bool told; /* that lines are lost */
    char path[];
};

static int open_at(const char *path)
{
    return strcmp(path, "-") == 0
               ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)
               : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
}

enum err_code request_log_open(const char *path, struct request_log **out, struct err *err)
{
    *out = NULL;
    size_t n = strlen(path) + 1;
    struct request_log *log = calloc(1, sizeof *log + n);
    if (!log)
        return err_nomem(err);
    memcpy(log->path, path, n);
    log->fd = open_at(path);
    if (log->fd < 0) {
        free(log);
        return err_errno(err, errno, "cannot write the access log %s", path);
    }
    pthread_mutex_init(&log->mutex, NULL);
    *out = log;
    return ERR_OK;
}

void request_log_close(struct request_log *log)
{
    if (!log)
        return;
    close(log->fd);
    pthread_mutex_destroy(&log->mutex);
    free(log);
}

void request_log_reopen(struct request_log *log)
{
    int fd = open_at(log->path);
    if (fd < 0) {
        log_line("access-log", "file=%s error=\"%s\" effect=\"the old file is written on\"",
                 log->path, strerror(errno));
        return;
    }
    pthread_mutex_lock(&log->mutex);
    int old = log->fd;
    log->fd = fd;
    log->told = false;
    pthread_mutex_unlock(&log->mutex);
    close(old);
}

/* Escapes what could end a text or a line; returns out. */
static const char *escape(const char *text, char out[ESCAPED_BYTES])
{
    char *to = out;
    for (size_t i = 0; i < TEXT_BYTES && text[i]; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte > ' ' && byte < 127 && byte != '"' && byte != '\\')
            *to++ = (char)byte;
        else
            to += sprintf(to, "\\x%02x", byte);
    }
    *to = '\0';
    return out;
}

static int format_line(const struct request_line *line, char out[LINE_BYTES])
{
    char target[ESCAPED_BYTES];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    int n = (int)strftime(out, LINE_BYTES, "time=%Y-%m-%dT%H:%M:%S", &utc);
    int more = snprintf(out + n, (size_t)(LINE_BYTES - n),
                        ".%03ldZ id=%.64s from=%.64s%s%.64s method=%.16s target=\"%s\" status=%d "
                        "bytes=%zu ms=%.3f\n",
                        now.tv_nsec / 1000000, line->id, line->from, *line->token ? " token=" : "",
                        line->token, line->method, escape(line->target, target), line->status,
                        line->n_bytes, line->seconds * 1e3);
    return more < 0 || more >= LINE_BYTES - n ? 0 : n + more;
}

void request_log_write(struct request_log *log, const struct request_line *line)
{
    char text[LINE_BYTES];
    int n = format_line(line, text);
    pthread_mutex_lock(&log->mutex);
    bool lost = n > 0 && write(log->fd, text, (size_t)n) != n;
    bool tell = lost && !log->told;
    log->told = lost;
    pthread_mutex_unlock(&log->mutex);
    if (tell)
        log_line("access-log", "file=%s error=\"%s\" effect=\"lines are lost\"", log->path,
                 strerror(errno));
}
