#include "tiler/serve/http.h"

#include "data/base/limits.h"
#include "data/base/text.h"
#include "tiler/tiles/pool.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct http_server {
    struct http_app app;
    struct pool *pool;
    struct MHD_Daemon *daemon;
};

enum stage { READING, REFUSED, WORKING, ANSWERED };

/* One request from its first byte to its last. */
struct exchange {
    struct pool_job job; /* first, so that a job is its exchange */
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

/* ---- listening ---- */

/* Cuts "host:port" in two; a host in brackets is IPv6. */
static enum err_code split_address(const char *listen, char host[256], char port[16],
                                   struct err *err)
{
    const char *colon = strrchr(listen, ':');
    int64_t number = -1;
    if (colon && strlen(colon + 1) < 16)
        (void)text_to_int(colon + 1, &number);
    size_t n = colon ? (size_t)(colon - listen) : 0;
    if (number < 0 || number > 65535 || n >= 256)
        return err_set(err, ERR_USAGE, "\"%s\" should be HOST:PORT, such as 127.0.0.1:8080",
                       listen);
    bool bracketed = n >= 2 && listen[0] == '[' && listen[n - 1] == ']';
    snprintf(host, 256, "%.*s", (int)(bracketed ? n - 2 : n), bracketed ? listen + 1 : listen);
    snprintf(port, 16, "%s", colon + 1);
    return ERR_OK;
}

static enum err_code bind_one(const struct addrinfo *address, const char *listen_text, int *out,
                              struct err *err)
{
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
    if (fd < 0)
        return err_errno(err, errno, "%s", listen_text);
    int yes = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0) {
        int failure = errno;
        close(fd);
        if (failure == EADDRINUSE)
            return err_set(err, ERR_BUSY,
                           "%s is in use by another program; choose another port with --listen",
                           listen_text);
        return err_errno(err, failure, "cannot listen on %s", listen_text);
    }
    *out = fd;
    return ERR_OK;
}

static void name_socket(int fd, char bound[HTTP_ADDRESS_BYTES])
{
    struct sockaddr_storage address;
    socklen_t n = sizeof address;
    char host[64] = "?", port[16] = "0";
    if (getsockname(fd, (struct sockaddr *)&address, &n) == 0)
        (void)getnameinfo((struct sockaddr *)&address, n, host, sizeof host, port, sizeof port,
                          NI_NUMERICHOST | NI_NUMERICSERV);
    bool v6 = strchr(host, ':') != NULL;
    snprintf(bound, HTTP_ADDRESS_BYTES, "%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

enum err_code http_bind(const char *listen, int *out, char bound[HTTP_ADDRESS_BYTES],
                        struct err *err)
{
    enum err_code code = ERR_OK;
    struct addrinfo *found = NULL;
    char host[256] = "", port[16] = "";
    TRY(split_address(listen, host, port, err));
    struct addrinfo wanted = {.ai_family = AF_UNSPEC,
                              .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    int failure = getaddrinfo(*host ? host : NULL, port, &wanted, &found);
    if (failure != 0) {
        code = err_set(err, ERR_USAGE, "%s: %s", listen, gai_strerror(failure));
        goto done;
    }
    TRY(bind_one(found, listen, out, err));
    name_socket(*out, bound);
done:
    if (found)
        freeaddrinfo(found);
    return code;
}

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

static enum MHD_Result send_response(struct exchange *exchange)
{
    struct http_response *from = &exchange->response;
    bool bare = from->status == 304 || from->status == 204;
    struct blob *body = bare ? NULL : from->body;
    /* libmicrohttpd wants a pointer even for nothing, but only reads through it. */
    struct MHD_Response *response =
        body ? MHD_create_response_from_buffer_with_free_callback_cls(
                   body->n_bytes, body->bytes, release_body, blob_acquire(body))
             : MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (!response) {
        blob_release(body);
        return MHD_NO;
    }
    add_headers(response, from);
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
    if (pool_put(server->pool, &exchange->job))
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
    server->app.answer(server->app.context, state, &exchange->request, &exchange->response);
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
        free(server);
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
    free(server);
}
