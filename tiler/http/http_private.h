/*
 * http_private.h - what the files of http.h share; for http*.c only.
 */
#ifndef SISETU_TILER_HTTP_PRIVATE_H
#define SISETU_TILER_HTTP_PRIVATE_H

#include "tiler/http/connections.h"
#include "tiler/http/http.h"
#include "tiler/http/pool.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

/* Guards what is ready of the blobs whose address falls on it. */
enum { READY_LOCKS = 16 };

struct http_server {
    struct http_app app;
    struct pool *pool;
    struct MHD_Daemon *daemon;
    struct connections *connections;
    pthread_mutex_t ready[READY_LOCKS];
    uint64_t seed;          /* of the ids of requests */
    _Atomic uint64_t n_ids; /* given so far */
    MHD_socket listening;   /* after http_drain: to be closed */
    atomic_bool draining;
};

enum stage { READING, REFUSED, WORKING, ANSWERED };

/* One request from its first byte to its last. */
struct exchange {
    struct pool_job job;        /* first, so that a job is its exchange */
    struct cache_waiter waiter; /* of somebody else's tile */
    struct http_server *server;
    struct MHD_Connection *connection;
    struct connection *watched;
    struct timespec begun;
    enum stage stage;
    char id[HTTP_ID_BYTES];
    char method[16];
    struct buf body;
    size_t n_received; /* of the body, also what was thrown away */
    struct http_request request;
    struct http_response response;
    struct err refusal; /* from here on nothing is cleared when a request begins */
    char target[];
};

/* Gives the request its name, unless it has one: what is sent often goes without. */
void http_name(struct exchange *exchange);

/* http_send.c: sends the exchange's response. */
enum MHD_Result http_send(struct exchange *exchange);

#endif
