#include "tiler/http/metrics.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* Upper ends of the histogram, seconds: a tile from the cache, a drawn one, an answer over a
 * region, an edit, a proof of a unit. */
static const double ends[] = {0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10};
enum { N_ENDS = sizeof ends / sizeof ends[0], N_METHODS = HTTP_OTHER + 1, N_CLASSES = 6 };

struct route_counts {
    _Atomic uint64_t requests[N_METHODS][N_CLASSES]; /* by hundreds of the status; 0: none sent */
    _Atomic uint64_t in_time[N_ENDS + 1];            /* each up to its end, the last beyond */
    _Atomic uint64_t microseconds, n_bytes;
};

struct metrics {
    const char *const *routes;
    size_t n_routes;
    struct route_counts counts[]; /* n_routes + 1: the last is "other" */
};

enum err_code metrics_new(const char *const *routes, size_t n_routes, struct metrics **out,
                          struct err *err)
{
    *out = calloc(1, sizeof **out + (n_routes + 1) * sizeof(struct route_counts));
    if (!*out)
        return err_nomem(err);
    (*out)->routes = routes;
    (*out)->n_routes = n_routes;
    return ERR_OK;
}

void metrics_free(struct metrics *metrics)
{
    free(metrics);
}

static void add(_Atomic uint64_t *count, uint64_t more)
{
    atomic_fetch_add_explicit(count, more, memory_order_relaxed);
}

static uint64_t read_count(_Atomic uint64_t *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

void metrics_count(struct metrics *metrics, const struct metrics_request *request)
{
    size_t route = request->route < metrics->n_routes ? request->route : metrics->n_routes;
    struct route_counts *counts = &metrics->counts[route];
    int class = request->status / 100;
    size_t end = 0;
    while (end < N_ENDS && request->seconds > ends[end])
        end++;
    add(&counts->requests[request->method][class > 0 && class < N_CLASSES ? class : 0], 1);
    add(&counts->in_time[end], 1);
    add(&counts->microseconds, request->seconds > 0 ? (uint64_t)(request->seconds * 1e6) : 0);
    add(&counts->n_bytes, request->n_bytes);
}

static const char *method_name(size_t method)
{
    static const char *const names[] = {
        [HTTP_GET] = "GET",    [HTTP_HEAD] = "HEAD",     [HTTP_POST] = "POST",
        [HTTP_PUT] = "PUT",    [HTTP_DELETE] = "DELETE", [HTTP_OPTIONS] = "OPTIONS",
        [HTTP_OTHER] = "other"};
    return names[method];
}

static const char *route_name(const struct metrics *metrics, size_t route)
{
    return route < metrics->n_routes ? metrics->routes[route] : "other";
}

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_requests(struct metrics *metrics, struct buf *out)
{
    static const char *const classes[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
    head(out, "sisetu_http_requests_total", "counter",
         "Requests that ended; status none: the client left first.");
    for (size_t route = 0; route <= metrics->n_routes; route++)
        for (size_t method = 0; method < N_METHODS; method++)
            for (size_t class = 0; class < N_CLASSES; class ++) {
                uint64_t n = read_count(&metrics->counts[route].requests[method][class]);
                if (n > 0)
                    buf_printf(out,
                               "sisetu_http_requests_total{route=\"%s\",method=\"%s\","
                               "status=\"%s\"} %llu\n",
                               route_name(metrics, route), method_name(method), classes[class],
                               (unsigned long long)n);
            }
}

/* The buckets are summed as they are read, so that they always rise and end at their count. */
static void write_times(struct metrics *metrics, struct buf *out)
{
    static const char name[] = "sisetu_http_request_duration_seconds";
    head(out, name, "histogram", "From the first byte of a request to the last of its answer.");
    for (size_t route = 0; route <= metrics->n_routes; route++) {
        struct route_counts *counts = &metrics->counts[route];
        const char *pattern = route_name(metrics, route);
        uint64_t in_time[N_ENDS + 1], n = 0;
        for (size_t i = 0; i <= N_ENDS; i++)
            n += in_time[i] = read_count(&counts->in_time[i]);
        if (n == 0)
            continue;
        uint64_t so_far = 0;
        for (size_t i = 0; i < N_ENDS; i++) {
            so_far += in_time[i];
            buf_printf(out, "%s_bucket{route=\"%s\",le=\"%g\"} %llu\n", name, pattern, ends[i],
                       (unsigned long long)so_far);
        }
        buf_printf(out, "%s_bucket{route=\"%s\",le=\"+Inf\"} %llu\n", name, pattern,
                   (unsigned long long)n);
        buf_printf(out, "%s_sum{route=\"%s\"} %.6f\n", name, pattern,
                   (double)read_count(&counts->microseconds) * 1e-6);
        buf_printf(out, "%s_count{route=\"%s\"} %llu\n", name, pattern, (unsigned long long)n);
    }
}

static void write_bytes(struct metrics *metrics, struct buf *out)
{
    head(out, "sisetu_http_response_bytes_total", "counter", "Bytes of bodies that were sent.");
    for (size_t route = 0; route <= metrics->n_routes; route++) {
        uint64_t n = read_count(&metrics->counts[route].n_bytes);
        if (n > 0)
            buf_printf(out, "sisetu_http_response_bytes_total{route=\"%s\"} %llu\n",
                       route_name(metrics, route), (unsigned long long)n);
    }
}

void metrics_write(struct metrics *metrics, const struct metrics_figure *figures, size_t n,
                   struct buf *out)
{
    write_requests(metrics, out);
    write_times(metrics, out);
    write_bytes(metrics, out);
    for (size_t i = 0; i < n; i++) {
        head(out, figures[i].name, figures[i].grows ? "counter" : "gauge", figures[i].help);
        buf_printf(out, "%s %.15g\n", figures[i].name, figures[i].value);
    }
}

void metrics_process(double *resident_bytes, double *cpu_s)
{
    struct rusage usage;
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*u %llu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    *resident_bytes = (double)pages * (double)sysconf(_SC_PAGESIZE);
    *cpu_s = 0;
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        *cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}
