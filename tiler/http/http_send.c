/* http_send.c - responses as libmicrohttpd takes them; those that are sent often are made once. */
#include "tiler/http/http_private.h"

#include <stdio.h>
#include <stdlib.h>

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
    MHD_add_response_header(response, "Access-Control-Expose-Headers",
                            "ETag, X-Request-Id, X-Sisetu-Generation");
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

enum MHD_Result http_send(struct exchange *exchange)
{
    struct http_response *from = &exchange->response;
    bool bare = from->status == 304 || from->status == 204;
    bool last = atomic_load_explicit(&exchange->server->draining, memory_order_relaxed);
    connection_enter(exchange->watched, CONNECTION_SENDING);
    if (from->kept && from->body && !last)
        return send_ready(exchange);
    struct blob *body = bare ? NULL : from->body;
    struct MHD_Response *response =
        make_response(from, body ? blob_acquire(body) : NULL, release_body);
    if (!response)
        return MHD_NO;
    http_name(exchange);
    MHD_add_response_header(response, "X-Request-Id", exchange->id);
    if (last)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result result =
        MHD_queue_response(exchange->connection, (unsigned)from->status, response);
    MHD_destroy_response(response);
    exchange->stage = ANSWERED;
    return result;
}
