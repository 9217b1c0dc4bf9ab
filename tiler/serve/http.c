#include "tiler/serve/http.h"

#include "data/base/limits.h"
#include "data/base/text.h"
#include "tiler/tiles/pool.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Guards what is ready of the blobs whose address falls on it. */
enum { READY_LOCKS = 16 };

struct http_server {
    struct http_app app;
    struct pool *pool;
    struct MHD_Daemon *daemon;
    pthread_mutex_t ready[READY_LOCKS];
};

enum stage { READING, REFUSED, WORKING, ANSWERED };

/* One request from its first byte to its last. */
struct exchange {
    struct pool_job job;        /* first, so that a job is its exchange */
    struct cache_waiter waiter; /* of somebody else's tile */
    struct http_server *server;
    struct MHD_Connection *connection;
    enum stage stage;
    struct err refusal;
    char *target;
    struct buf body;
    size_t n_received; /* of the body, also what was thrown away */
    struct http_request request;
    struct http_response response;
};

/* ---- one request ---- */

/* The first that is heard of a request: its target, before any parsing. */
static void *begin(void *context, const char *target, struct MHD_Connection *connection)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange)
        return NULL;
    exchange->server = context;
    exchange->connection = connection;
    buf_init(&exchange->body);
    exchange->target = strdup(target);
    if (!exchange->target) {
        free(exchange);
        return NULL;
    }
    return exchange;
}

static void end(void *context, struct MHD_Connection *connection, void **place,
                enum MHD_RequestTerminationCode why)
{
    (void)context;
    (void)connection;
    (void)why;
    struct exchange *exchange = *place;
    if (!exchange)
        return;
    blob_release(exchange->response.body);
    buf_release(&exchange->body);
    free(exchange->target);
    free(exchange);
    *place = NULL;
}

static void release_body(void *blob)
{
    blob_release(blob);
}

static void add_headers(struct MHD_Response *response, const struct http_response *from)
{
    char number[32];
    if (from->content_type)
        MHD_add_response_header(response, "Content-Type", from->content_type);
    if (from->cache_control)
        MHD_add_response_header(response, "Cache-Control", from->cache_control);
    if (from->tagged && from->body)
        MHD_add_response_header(response, "ETag", from->body->tag);
    if (from->encoding)
        MHD_add_response_header(response, "Content-Encoding", from->encoding);
    if (from->varies)
        MHD_add_response_header(response, "Vary", "Accept-Encoding");
    if (from->policy)
        MHD_add_response_header(response, "Content-Security-Policy", from->policy);
    if (*from->allow) {
        MHD_add_response_header(response, "Allow", from->allow);
        MHD_add_response_header(response, "Access-Control-Allow-Methods", from->allow);
        MHD_add_response_header(response, "Access-Control-Allow-Headers",
                                "Authorization, Content-Type, If-Match, If-None-Match");
        MHD_add_response_header(response, "Access-Control-Max-Age", "86400");
    }
    if (from->generation > 0) {
        snprintf(number, sizeof number, "%llu", (unsigned long long)from->generation);
        MHD_add_response_header(response, "X-Sisetu-Generation", number);
    }
    if (from->authenticate)
        MHD_add_response_header(response, "WWW-Authenticate", from->authenticate);
    if (from->retry_after_s > 0) {
        snprintf(number, sizeof number, "%d", from->retry_after_s);
        MHD_add_response_header(response, "Retry-After", number);
    }
    MHD_add_response_header(response, "Access-Control-Allow-Origin", "*");
    MHD_add_response_header(response, "Access-Control-Expose-Headers", "ETag, X-Sisetu-Generation");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
}

/* A response with all of its headers, or NULL. */
static struct MHD_Response *make_response(const struct http_response *from, struct blob *body,
                                          MHD_ContentReaderFreeCallback let)
{
    /* libmicrohttpd wants a pointer even for nothing, but only reads through it. */
    struct MHD_Response *response =
        body ? MHD_create_response_from_buffer_with_free_callback_cls(body->n_bytes, body->bytes,
                                                                      let, body)
             : MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (response)
        add_headers(response, from);
    else if (body)
        let(body);
    return response;
}

/* ---- what is sent often ---- */

/* The responses of a blob: with its bytes, and 304. */
struct ready {
    struct blob_ready base;
    struct MHD_Response *responses[2];
    struct http_response from[2];
};

static void ready_free(struct blob_ready *base)
{
    struct ready *ready = (struct ready *)base;
    for (size_t i = 0; i < 2; i++)
        if (ready->responses[i])
            MHD_destroy_response(ready->responses[i]);
    free(ready);
}

/* Texts live as long as the server: the same text is the same pointer. */
static bool is_same(const struct http_response *a, const struct http_response *b)
{
    return a->status == b->status && a->content_type == b->content_type &&
           a->cache_control == b->cache_control && a->encoding == b->encoding &&
           a->varies == b->varies && a->tagged == b->tagged && a->generation == b->generation;
}

static void let_body(void *blob)
{
    blob_let(blob);
}

/* The response of a kept body, made anew only if it differs from the last one. The lock is held. */
static struct MHD_Response *find_ready(const struct http_response *from)
{
    struct blob *body = from->body;
    struct ready *ready = (struct ready *)body->ready;
    size_t i = from->status == 304;
    bool bare = from->status == 304 || from->status == 204;
    if (!ready) {
        ready = calloc(1, sizeof *ready);
        if (!ready)
            return NULL;
        ready->base.free = ready_free;
        body->ready = &ready->base;
    }
    if (ready->responses[i] && is_same(&ready->from[i], from))
        return ready->responses[i];
    struct MHD_Response *made = make_response(from, bare ? NULL : blob_keep(body), let_body);
    if (!made)
        return NULL;
    if (ready->responses[i])
        MHD_destroy_response(ready->responses[i]);
    ready->from[i] = *from;
    return ready->responses[i] = made;
}

static enum MHD_Result send_ready(struct exchange *exchange)
{
    const struct http_response *from = &exchange->response;
    size_t which = (uintptr_t)from->body / sizeof *from->body % READY_LOCKS;
    pthread_mutex_t *lock = &exchange->server->ready[which];
    pthread_mutex_lock(lock);
    struct MHD_Response *response = find_ready(from);
    enum MHD_Result result =
        response ? MHD_queue_response(exchange->connection, (unsigned)from->status, response)
                 : MHD_NO;
    pthread_mutex_unlock(lock);
    exchange->stage = ANSWERED;
    return result;
}

static enum MHD_Result send_response(struct exchange *exchange)
{
    struct http_response *from = &exchange->response;
    bool bare = from->status == 304 || from->status == 204;
    if (from->kept && from->body)
        return send_ready(exchange);
    struct blob *body = bare ? NULL : from->body;
    struct MHD_Response *response =
        make_response(from, body ? blob_acquire(body) : NULL, release_body);
    if (!response)
        return MHD_NO;
    enum MHD_Result result =
        MHD_queue_response(exchange->connection, (unsigned)from->status, response);
    MHD_destroy_response(response);
    exchange->stage = ANSWERED;
    return result;
}

static enum MHD_Result refuse(struct exchange *exchange)
{
    struct http_app *app = &exchange->server->app;
    app->refuse(app->context, &exchange->refusal, &exchange->response);
    return send_response(exchange);
}

static enum http_method method_of(const char *name)
{
    static const struct {
        const char *name;
        enum http_method method;
    } known[] = {{"GET", HTTP_GET}, {"HEAD", HTTP_HEAD},     {"POST", HTTP_POST},
                 {"PUT", HTTP_PUT}, {"DELETE", HTTP_DELETE}, {"OPTIONS", HTTP_OPTIONS}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(name, known[i].name) == 0)
            return known[i].method;
    return HTTP_OTHER;
}

static const char *header_of(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

static void refuse_body(struct exchange *exchange)
{
    exchange->stage = REFUSED;
    err_set(&exchange->refusal, ERR_LIMIT,
            "the body is larger than %d bytes (%d MiB), the most that is taken over HTTP",
            LIMIT_BODY_BYTES, LIMIT_BODY_BYTES >> 20);
}

/* Whether nothing is lost by an answer before the body: the client waits for leave to send it, or
 * would send more than anybody reads. */
static bool is_hopeless(const struct exchange *exchange)
{
    const char *length = header_of(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
    int64_t bytes = 0;
    if (!length || !text_to_int(length, &bytes) || bytes <= LIMIT_BODY_BYTES)
        return false;
    return header_of(exchange, MHD_HTTP_HEADER_EXPECT) || bytes > LIMIT_DISCARDED_BYTES;
}

/* Takes a piece of the body; what goes over the limit is thrown away. */
static enum MHD_Result take_body(struct exchange *exchange, const char *bytes, size_t *n)
{
    exchange->n_received += *n;
    /* A client that sends on and on after its refusal is cut off. */
    if (exchange->n_received > LIMIT_DISCARDED_BYTES)
        return MHD_NO;
    if (exchange->n_received <= LIMIT_BODY_BYTES) {
        buf_add(&exchange->body, bytes, *n);
    } else if (exchange->stage != REFUSED) {
        buf_release(&exchange->body);
        refuse_body(exchange);
    }
    *n = 0;
    return MHD_YES;
}

static void answer_again(struct cache_waiter *waiter)
{
    struct exchange *exchange =
        (struct exchange *)(void *)((char *)waiter - offsetof(struct exchange, waiter));
    pool_put_again(exchange->server->pool, &exchange->job);
}

/* The request is complete: answers it now, or hands it to the pool. */
static enum MHD_Result dispatch(struct exchange *exchange)
{
    struct http_server *server = exchange->server;
    struct http_app *app = &server->app;
    exchange->request.body = buf_text(&exchange->body);
    exchange->request.n_body = exchange->body.n_bytes;
    exchange->request.if_none_match = header_of(exchange, MHD_HTTP_HEADER_IF_NONE_MATCH);
    exchange->request.if_match = header_of(exchange, MHD_HTTP_HEADER_IF_MATCH);
    exchange->request.authorization = header_of(exchange, MHD_HTTP_HEADER_AUTHORIZATION);
    exchange->request.accept_encoding = header_of(exchange, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    exchange->request.host = header_of(exchange, MHD_HTTP_HEADER_HOST);
    exchange->request.forwarded_proto = header_of(exchange, "X-Forwarded-Proto");
    if (app->quick(app->context, &exchange->request, &exchange->response))
        return send_response(exchange);
    exchange->stage = WORKING;
    MHD_suspend_connection(exchange->connection);
    exchange->waiter.again = answer_again;
    exchange->request.waiter = &exchange->waiter;
    if (pool_put(server->pool, &exchange->job, exchange->response.is_long ? POOL_LONG : POOL_SHORT))
        return MHD_YES;
    exchange->stage = REFUSED;
    err_set(&exchange->refusal, ERR_BUSY, "too many requests are waiting; try again shortly");
    MHD_resume_connection(exchange->connection);
    return MHD_YES;
}

static void work(void *context, void *state, struct pool_job *job)
{
    struct http_server *server = context;
    struct exchange *exchange = (struct exchange *)job;
    if (server->app.answer(server->app.context, state, &exchange->request, &exchange->response))
        MHD_resume_connection(exchange->connection);
}

/* Called by libmicrohttpd when the headers are there, for each piece of the body, when the
 * body is complete, and again after a connection was resumed. */
static enum MHD_Result access_handler(void *context, struct MHD_Connection *connection,
                                      const char *url, const char *method, const char *version,
                                      const char *upload, size_t *n_upload, void **place)
{
    (void)context;
    (void)connection;
    (void)url;
    (void)version;
    struct exchange *exchange = *place;
    if (!exchange)
        return MHD_NO;
    if (exchange->stage == WORKING)
        return send_response(exchange);
    if (!exchange->request.target) {
        exchange->request.target = exchange->target;
        exchange->request.method = method_of(method);
        if (strlen(exchange->target) > LIMIT_URL_BYTES) {
            exchange->stage = REFUSED;
            err_set(&exchange->refusal, ERR_LIMIT, "the address is longer than %d bytes",
                    LIMIT_URL_BYTES);
        }
        if (is_hopeless(exchange)) {
            refuse_body(exchange);
            return refuse(exchange);
        }
        return MHD_YES; /* the body, or its absence, comes with the next call */
    }
    if (*n_upload > 0)
        return take_body(exchange, upload, n_upload);
    if (exchange->stage == REFUSED)
        return refuse(exchange);
    if (exchange->stage == ANSWERED)
        return MHD_YES;
    return dispatch(exchange);
}

/* ---- the server ---- */

static enum err_code pool_state_new(void *context, void **state, struct err *err)
{
    struct http_server *server = context;
    return server->app.state_new(server->app.context, state, err);
}

static void pool_state_free(void *context, void *state)
{
    struct http_server *server = context;
    server->app.state_free(server->app.context, state);
}

static struct MHD_Daemon *start_daemon(struct http_server *server, int socket, unsigned n_threads)
{
    /* Sending is cheap next to drawing: one connection thread for four that work. */
    unsigned n_connection_threads = (n_threads + 3) / 4;
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, socket, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, LIMIT_CONNECTIONS, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, LIMIT_IDLE_S, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, LIMIT_HEADER_BYTES, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)begin, server},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)end, server},
        {n_connection_threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END,
         (intptr_t)n_connection_threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
                            access_handler, server, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static void server_free(struct http_server *server)
{
    for (size_t i = 0; i < READY_LOCKS; i++)
        pthread_mutex_destroy(&server->ready[i]);
    free(server);
}

enum err_code http_start(int socket, unsigned n_threads, const struct http_app *app,
                         struct http_server **out, struct err *err)
{
    enum err_code code = ERR_OK;
    *out = NULL;
    struct http_server *server = calloc(1, sizeof *server);
    if (!server) {
        close(socket);
        return err_nomem(err);
    }
    server->app = *app;
    for (size_t i = 0; i < READY_LOCKS; i++)
        pthread_mutex_init(&server->ready[i], NULL);
    struct pool_work pool_work = {server, pool_state_new, pool_state_free, work};
    TRY(pool_new(&pool_work, n_threads, LIMIT_WAITING_REQUESTS, &server->pool, err));
    server->daemon = start_daemon(server, socket, n_threads);
    if (!server->daemon) {
        code = err_errno(err, errno, "cannot start the HTTP server");
        goto done;
    }
    *out = server;
done:
    if (code != ERR_OK) {
        close(socket);
        pool_free(server->pool);
        server_free(server);
    }
    return code;
}

void http_stop(struct http_server *server)
{
    if (!server)
        return;
    MHD_socket listening = MHD_quiesce_daemon(server->daemon);
    /* The pool finishes what it has, which resumes every suspended connection: only then
     * may the daemon end. */
    pool_end(server->pool);
    MHD_stop_daemon(server->daemon);
    pool_free(server->pool);
    if (listening != MHD_INVALID_SOCKET)
        close(listening);
    server_free(server);
}
