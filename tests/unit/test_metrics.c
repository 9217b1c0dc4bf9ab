/* test_metrics.c - what the server counts, and the line that it logs of a request. */
#include "data/base/file.h"
#include "tiler/http/metrics.h"
#include "tiler/http/request_log.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const routes[] = {"/", "/tiles/{map}/{z}/{x}/{y}"};

static struct metrics *new_metrics(void)
{
    struct metrics *metrics = NULL;
    struct err err;
    assert_int_equal(metrics_new(routes, 2, &metrics, &err), ERR_OK);
    return metrics;
}

/* The value behind a name with its labels; -1 if it is not there. */
static double value_of(const struct buf *text, const char *name)
{
    size_t n = strlen(name);
    for (const char *line = buf_text(text); *line; line += strcspn(line, "\n") + 1) {
        if (strncmp(line, name, n) == 0 && line[n] == ' ')
            return atof(line + n + 1);
        if (!strchr(line, '\n'))
            break;
    }
    return -1;
}

static void test_requests_count_by_route_method_and_kind_of_status(void **state)
{
    (void)state;
    struct metrics *metrics = new_metrics();
    struct buf out;
    buf_init(&out);
    for (int i = 0; i < 3; i++)
        metrics_count(metrics,
                      &(struct metrics_request){1, HTTP_GET, i < 2 ? 200 : 304, 1000, 0.002});
    metrics_count(metrics, &(struct metrics_request){0, HTTP_HEAD, 200, 0, 0.0001});
    metrics_count(metrics, &(struct metrics_request){7, HTTP_OTHER, 405, 20, 0});
    metrics_count(metrics, &(struct metrics_request){1, HTTP_GET, 0, 0, 60});
    metrics_write(metrics, NULL, 0, &out);
    static const struct {
        const char *name;
        double value;
    } expected[] = {
        {"sisetu_http_requests_total{route=\"/tiles/{map}/{z}/{x}/"
         "{y}\",method=\"GET\",status=\"2xx\"}",
         2},
        {"sisetu_http_requests_total{route=\"/tiles/{map}/{z}/{x}/"
         "{y}\",method=\"GET\",status=\"3xx\"}",
         1},
        {"sisetu_http_requests_total{route=\"/tiles/{map}/{z}/{x}/"
         "{y}\",method=\"GET\",status=\"none\"}",
         1},
        {"sisetu_http_requests_total{route=\"/\",method=\"HEAD\",status=\"2xx\"}", 1},
        {"sisetu_http_requests_total{route=\"other\",method=\"other\",status=\"4xx\"}", 1},
        {"sisetu_http_response_bytes_total{route=\"/tiles/{map}/{z}/{x}/{y}\"}", 3000},
        {"sisetu_http_response_bytes_total{route=\"/\"}", -1},
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        if (value_of(&out, expected[i].name) != expected[i].value)
            fail_msg("%s is %g, not %g, in\n%s", expected[i].name, value_of(&out, expected[i].name),
                     expected[i].value, buf_text(&out));
    buf_release(&out);
    metrics_free(metrics);
}

static void test_times_fall_into_buckets_that_hold_their_upper_ends(void **state)
{
    (void)state;
    struct metrics *metrics = new_metrics();
    struct buf out;
    buf_init(&out);
    static const double seconds[] = {0.0005, 0.001, 0.0010001, 0.5, 10, 10.1};
    for (size_t i = 0; i < 6; i++)
        metrics_count(metrics, &(struct metrics_request){0, HTTP_GET, 200, 0, seconds[i]});
    metrics_write(metrics, NULL, 0, &out);
    static const struct {
        const char *end;
        double n;
    } expected[] = {{"0.001", 2}, {"0.005", 3}, {"0.1", 3}, {"0.5", 4}, {"10", 5}, {"+Inf", 6}};
    for (size_t i = 0; i < 6; i++) {
        char name[120];
        snprintf(name, sizeof name,
                 "sisetu_http_request_duration_seconds_bucket{route=\"/\",le=\"%s\"}",
                 expected[i].end);
        assert_true(value_of(&out, name) == expected[i].n);
    }
    assert_true(value_of(&out, "sisetu_http_request_duration_seconds_count{route=\"/\"}") == 6);
    assert_float_equal(value_of(&out, "sisetu_http_request_duration_seconds_sum{route=\"/\"}"),
                       20.6025, 1e-5);
    buf_release(&out);
    metrics_free(metrics);
}

static void test_figures_of_the_moment_stand_with_their_kind(void **state)
{
    (void)state;
    struct metrics *metrics = new_metrics();
    struct buf out;
    buf_init(&out);
    double resident_bytes = 0, cpu_s = 0;
    metrics_process(&resident_bytes, &cpu_s);
    assert_true(resident_bytes > 1e5 && cpu_s > 0);
    const struct metrics_figure figures[] = {
        {"sisetu_generation", "Of the store.", false, 12345678901.0},
        {"sisetu_cache_hits_total", "Tiles from the cache.", true, 7},
    };
    metrics_write(metrics, figures, 2, &out);
    assert_non_null(strstr(buf_text(&out), "# TYPE sisetu_generation gauge\n"
                                           "sisetu_generation 12345678901\n"));
    assert_non_null(strstr(buf_text(&out), "# TYPE sisetu_cache_hits_total counter\n"
                                           "sisetu_cache_hits_total 7\n"));
    buf_release(&out);
    metrics_free(metrics);
}

enum { N_THREADS = 4, N_EACH = 20000 };

static void *count_many(void *metrics)
{
    for (int i = 0; i < N_EACH; i++)
        metrics_count(metrics, &(struct metrics_request){1, HTTP_GET, 200, 3, 0.01});
    return NULL;
}

static void test_nothing_is_lost_when_many_threads_count(void **state)
{
    (void)state;
    struct metrics *metrics = new_metrics();
    pthread_t threads[N_THREADS];
    struct buf out;
    buf_init(&out);
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_many, metrics), 0);
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    metrics_write(metrics, NULL, 0, &out);
    assert_true(
        value_of(&out, "sisetu_http_response_bytes_total{route=\"/tiles/{map}/{z}/{x}/{y}\"}") ==
        3.0 * N_THREADS * N_EACH);
    buf_release(&out);
    metrics_free(metrics);
}

/* ---- the log ---- */

static struct request_line line_of(const char *target)
{
    return (struct request_line){.id = "id1",
                                 .from = "10.1.2.3",
                                 .token = "",
                                 .method = "GET",
                                 .target = target,
                                 .status = 200,
                                 .n_bytes = 5,
                                 .seconds = 0.0015};
}

static void read_log(const char *path, struct buf *out)
{
    struct err err;
    buf_clear(out);
    assert_int_equal(file_read(path, 1 << 20, out, &err), ERR_OK);
}

static void test_a_line_tells_who_asked_for_what_and_what_came(void **state)
{
    (void)state;
    char directory[] = "/tmp/sisetu-log-XXXXXX", path[64], moved[64];
    struct request_log *log = NULL;
    struct buf text;
    struct err err;
    buf_init(&text);
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/access", directory);
    snprintf(moved, sizeof moved, "%s/access.1", directory);
    assert_int_equal(request_log_open(path, &log, &err), ERR_OK);
    struct request_line line = line_of("/v1/at?lon=106");
    request_log_write(log, &line);
    line.token = "planning";
    request_log_write(log, &line);
    read_log(path, &text);
    assert_non_null(strstr(buf_text(&text), "Z id=id1 from=10.1.2.3 method=GET "
                                            "target=\"/v1/at?lon=106\" status=200 bytes=5 "
                                            "ms=1.500\n"));
    assert_non_null(strstr(buf_text(&text), " token=planning method=GET "));
    /* Rotated: what comes after the signal stands in the new file. */
    assert_int_equal(rename(path, moved), 0);
    request_log_write(log, &line);
    assert_int_not_equal(access(path, F_OK), 0);
    request_log_reopen(log);
    line = line_of("/healthz");
    request_log_write(log, &line);
    read_log(path, &text);
    assert_int_equal(strstr(buf_text(&text), "/v1/at") != NULL, 0);
    assert_non_null(strstr(buf_text(&text), "/healthz"));
    request_log_close(log);
    unlink(path);
    unlink(moved);
    rmdir(directory);
    buf_release(&text);
}

static void test_what_comes_from_outside_cannot_forge_a_line(void **state)
{
    (void)state;
    char path[] = "/tmp/sisetu-log-XXXXXX";
    struct request_log *log = NULL;
    struct buf text;
    struct err err;
    buf_init(&text);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(request_log_open(path, &log, &err), ERR_OK);
    struct request_line line = line_of("/x\" status=200\ntime=2026\x1b[31m\xe5\x9b\x9b\\");
    request_log_write(log, &line);
    char *longest = malloc(100001);
    memset(longest, '\n', 100000);
    longest[100000] = '\0';
    line = line_of(longest);
    request_log_write(log, &line);
    request_log_close(log);
    read_log(path, &text);
    assert_non_null(strstr(buf_text(&text), "target=\"/x\\x22\\x20status=200\\x0atime=2026\\x1b[31m"
                                            "\\xe5\\x9b\\x9b\\x5c\" status=200"));
    size_t n_lines = 0;
    for (size_t i = 0; i < text.n_bytes; i++)
        n_lines += text.bytes[i] == '\n';
    assert_int_equal(n_lines, 2);
    assert_true(text.n_bytes < 10000);
    free(longest);
    unlink(path);
    buf_release(&text);
}

static void test_a_log_that_cannot_be_written_is_an_error_at_the_start(void **state)
{
    (void)state;
    struct request_log *log = NULL;
    struct err err;
    assert_int_not_equal(request_log_open("/nowhere/at/all", &log, &err), ERR_OK);
    assert_non_null(strstr(err.message, "/nowhere/at/all"));
    assert_null(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_count_by_route_method_and_kind_of_status),
        cmocka_unit_test(test_times_fall_into_buckets_that_hold_their_upper_ends),
        cmocka_unit_test(test_figures_of_the_moment_stand_with_their_kind),
        cmocka_unit_test(test_nothing_is_lost_when_many_threads_count),
        cmocka_unit_test(test_a_line_tells_who_asked_for_what_and_what_came),
        cmocka_unit_test(test_what_comes_from_outside_cannot_forge_a_line),
        cmocka_unit_test(test_a_log_that_cannot_be_written_is_an_error_at_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
