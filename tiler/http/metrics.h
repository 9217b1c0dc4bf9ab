/*
 * metrics.h - what the server counts, for Prometheus.
 *
 * Requests by route, method and kind of status; how long they took; bytes sent. Every label
 * has a bounded set of values: a route is its pattern ("/tiles/{map}/..."), never the address that
 * came. Whoever asks adds gauges of the moment (tiles in the cache, requests that wait).
 *
 * Life:    metrics_new with the patterns; metrics_free.
 * Threads: safe; counting is a few relaxed additions, no lock.
 * Source:  Prometheus text exposition format 0.0.4.
 */
#ifndef SISETU_TILER_METRICS_H
#define SISETU_TILER_METRICS_H

#include "data/base/buf.h"
#include "data/base/err.h"
#include "tiler/http/http.h"

struct metrics;

/* The patterns belong to the caller and outlive it. */
enum err_code metrics_new(const char *const *routes, size_t n_routes, struct metrics **out,
                          struct err *err);
void metrics_free(struct metrics *metrics); /* NULL is fine */

/* One request that is over. A route of n_routes or more counts as "other". */
struct metrics_request {
    size_t route;
    enum http_method method;
    int status;
    uint64_t n_bytes; /* of the body that was sent */
    double seconds;   /* from the first byte of the request to the last of the answer */
};

void metrics_count(struct metrics *metrics, const struct metrics_request *request);

/* A figure of the moment, or a count kept elsewhere. */
struct metrics_figure {
    const char *name; /* "sisetu_cache_bytes" */
    const char *help;
    bool grows; /* counter; else gauge */
    double value;
};

void metrics_write(struct metrics *metrics, const struct metrics_figure *figures, size_t n,
                   struct buf *out);

/* Bytes of memory that the process holds (resident set), seconds of processor time; 0 if the
 * system does not tell. */
void metrics_process(double *resident_bytes, double *cpu_s);

#endif
