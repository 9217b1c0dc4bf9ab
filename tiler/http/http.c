#include "tiler/http/http_private.h"

#include "data/base/limits.h"
#include "data/base/text.h"
#include "tiler/http/connections.h"
#include "tiler/http/pool.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- one request ---- */

static struct connection *watched_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* The first that is heard of a request: its target, before any parsing. */
static void *begin(void *context, const char *target, struct MHD_Connection *connection)
{
    size_t n = strlen(target) + 1;
    struct exchange *exchange = malloc(sizeof *exchange + n);
    if (!exchange)
        return NULL;
    memset(exchange, 0, offsetof(struct exchange, refusal));
    exchange->refusal.code = ERR_OK;
    exchange->refusal.message[0] = '\0';
    memcpy(exchange->target, target, n);
    exchange->server = context;
    exchange->connection = connection;
    exchange->watched = watched_of(connection);
    clock_gettime(CLOCK_MONOTONIC, &exchange->begun);
    buf_init(&exchange->body);
    return exchange;
}

/* A name that a proxy gave, if it can stand in a log and a header as it is. */
static bool is_plain_id(const char *id)
{
    size_t n = id ? strlen(id) : 0;
    return n > 0 && n < HTTP_ID_BYTES &&
           strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}

/* splitmix64 over a counter: all different, not to be guessed from one another without the seed. */
static uint64_t next_id(struct http_server *server)
{
    uint64_t z = server->seed + (atomic_fetch_add(&server->n_ids, 1) + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static const char *header_of(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

static void name_request(struct exchange *exchange, const char *given)
{
    if (is_plain_id(given))
        snprintf(exchange->id, sizeof exchange->id, "%s", given);
    else
        snprintf(exchange->id, sizeof exchange->id, "%016llx",
                 (unsigned long long)next_id(exchange->server));
    exchange->request.id = exchange->id;
}

void http_name(struct exchange *exchange)
{
    if (!exchange->request.id)
        name_request(exchange, header_of(exchange, "X-Request-Id"));
}

static void name_client(struct MHD_Connection *connection, char out[HTTP_CLIENT_BYTES])
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    socklen_t n = !address                         ? 0
                  : address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                   : sizeof(struct sockaddr_in);
    if (!address || getnameinfo(address, n, out, HTTP_CLIENT_BYTES, NULL, 0, NI_NUMERICHOST) != 0)
        snprintf(out, HTTP_CLIENT_BYTES, "-");
}

/* Tells the application how the request went. */
static void tell_ended(struct exchange *exchange, bool whole)
{
    const struct http_app *app = &exchange->server->app;
    const struct http_response *response = &exchange->response;
    struct timespec now;
    char client[HTTP_CLIENT_BYTES];
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(client, sizeof client, "-");
    if (app->names_clients)
        name_client(exchange->connection, client);
    if (!exchange->request.target)
        exchange->request.target = exchange->target;
    if (app->names_clients && !exchange->request.id)
        name_request(exchange, NULL); /* of a request that never came to its headers */
    bool has_body = whole && response->body && response->status != 304 && response->status != 204 &&
                    exchange->request.method != HTTP_HEAD;
    struct http_ended ended = {.request = &exchange->request,
                               .response = response,
                               .method = *exchange->method ? exchange->method : "-",
                               .client = client,
                               .status = whole ? response->status : 0,
                               .n_bytes = has_body ? response->body->n_bytes : 0,
                               .seconds = (double)(now.tv_sec - exchange->begun.tv_sec) +
                                          (double)(now.tv_nsec - exchange->begun.tv_nsec) * 1e-9};
    app->ended(app->context, &ended);
}

static void end(void *context, struct MHD_Connection *connection, void **place,
                enum MHD_RequestTerminationCode why)
{
    struct http_server *server = context;
    struct exchange *exchange = *place;
    if (!exchange)
        return;
    (void)connection;
    connection_enter(exchange->watched, CONNECTION_RECEIVING);
    if (server->app.ended)
        tell_ended(exchange, why == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    blob_release(exchange->response.body);
    buf_release(&exchange->body);
    free(exchange);
    *place = NULL;
}

static enum MHD_Result refuse(struct exchange *exchange)
{
    struct http_app *app = &exchange->server->app;
    app->refuse(app->context, &exchange->refusal, &exchange->response);
    return http_send(exchange);
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
        return http_send(exchange);
    http_name(exchange);
    exchange->stage = WORKING;
    connection_enter(exchange->watched, CONNECTION_WORKING);
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
        return http_send(exchange);
    if (!exchange->request.target) {
        exchange->request.target = exchange->target;
        exchange->request.method = method_of(method);
        snprintf(exchange->method, sizeof exchange->method, "%s", method);
        if (exchange->server->app.names_clients) /* they are told in a log, with its name */
            http_name(exchange);
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

static void watch_connection(void *context, struct MHD_Connection *connection, void **place,
                             enum MHD_ConnectionNotificationCode what)
{
    struct http_server *server = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        *place = info ? connections_open(server->connections, info->connect_fd) : NULL;
    else
        connections_close(server->connections, *place);
}

static struct MHD_Daemon *start_daemon(struct http_server *server, int socket, unsigned n_threads)
{
    /* Sending is cheap next to drawing: one connection thread for four that work. */
    unsigned n_connection_threads = (n_threads + 3) / 4;
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, socket, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, http_most_connections(), NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, LIMIT_CONNECTIONS_PER_ADDRESS, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, LIMIT_IDLE_S, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, LIMIT_HEADER_BYTES, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)begin, server},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)end, server},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)watch_connection, server},
        {n_connection_threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END,
         (intptr_t)n_connection_threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
                            access_handler, server, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static void server_free(struct http_server *server)
{
    pool_free(server->pool);
    connections_stop(server->connections);
    if (server->listening != MHD_INVALID_SOCKET)
        close(server->listening);
    for (size_t i = 0; i < READY_LOCKS; i++)
        pthread_mutex_destroy(&server->ready[i]);
    free(server);
}

enum err_code http_start(int socket, unsigned n_threads, const struct http_app *app,
                         struct http_server **out, struct err *err)
{
    enum err_code code = ERR_OK;
    const struct connection_bounds bounds = {LIMIT_RECEIVE_S, LIMIT_SEND_S, 1, LIMIT_CROWDED_S,
                                             http_most_connections()};
    *out = NULL;
    struct http_server *server = calloc(1, sizeof *server);
    if (!server) {
        close(socket);
        return err_nomem(err);
    }
    server->app = *app;
    server->listening = socket; /* closed with the server, until the daemon has it */
    for (size_t i = 0; i < READY_LOCKS; i++)
        pthread_mutex_init(&server->ready[i], NULL);
    (void)!getrandom(&server->seed, sizeof server->seed, 0);
    struct pool_work pool_work = {server, pool_state_new, pool_state_free, work};
    TRY(connections_start(&bounds, &server->connections, err));
    TRY(pool_new(&pool_work, n_threads, LIMIT_WAITING_REQUESTS, &server->pool, err));
    *out = server; /* before the first request */
    server->daemon = start_daemon(server, socket, n_threads);
    if (!server->daemon)
        TRY(err_errno(err, errno, "cannot start the HTTP server"));
    server->listening = MHD_INVALID_SOCKET;
done:
    if (code != ERR_OK) {
        *out = NULL;
        server_free(server);
    }
    return code;
}

struct http_load http_load(struct http_server *server)
{
    struct connection_counts counts = connections_count(server->connections);
    return (struct http_load){.n_connections = counts.open,
                              .n_busy = counts.busy,
                              .n_waiting = pool_waiting(server->pool, POOL_SHORT) +
                                           pool_waiting(server->pool, POOL_LONG),
                              .n_cut = counts.n_cut};
}

bool http_drain(struct http_server *server)
{
    if (!atomic_exchange(&server->draining, true)) {
        server->listening = MHD_quiesce_daemon(server->daemon);
        /* It may not be closed before the daemon ends; so clients are refused at once. */
        if (server->listening != MHD_INVALID_SOCKET)
            (void)shutdown(server->listening, SHUT_RDWR);
    }
    return connections_count(server->connections).busy == 0;
}

void http_stop(struct http_server *server)
{
    if (!server)
        return;
    (void)http_drain(server);
    /* The pool finishes what it has, which resumes every suspended connection: only then
     * may the daemon end. */
    pool_end(server->pool);
    MHD_stop_daemon(server->daemon);
    server_free(server);
}
