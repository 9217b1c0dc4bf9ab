/*
 * log.h - one line an event, key=value, to standard error. Only the edge logs.
 *
 *     log_line("serve", "listen=%s generation=%" PRIu64, address, generation);
 *
 * Threads: safe; a line is written in one piece.
 */
#ifndef SISETU_DATA_BASE_LOG_H
#define SISETU_DATA_BASE_LOG_H

void log_line(const char *event, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
