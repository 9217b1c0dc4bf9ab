/*
 * http.h - requests in, responses out. Only http*.c know libmicrohttpd.
 *
 * A request that `quick` can answer (a cached tile, an unchanged one, a mistake) is answered
 * on the connection's own thread, so that it is never held up by work. Everything else is
 * suspended, worked on by one of the pool's threads, and resumed with its response. One that
 * needs what another thread makes just now stays suspended without holding a thread, and is
 * answered again when it is there. A full queue answers 503 with Retry-After; what may take
 * long has a queue of its own and never all the threads (pool.h).
 *
 * Bounds:  all in limits.h: address, headers, body, connections, idle time, time to send a request
 *          and to take an answer, queue.
 * Life:    http_bind, http_start, http_drain as often as one likes, http_stop. http_stop lets
 *          running requests finish, but does not wait for who takes the answers.
 * Threads: `quick` runs on connection threads, several at once; `answer` on pool threads,
 *          each with its own state.
 * Opens no outbound connection.
 */
#ifndef SISETU_TILER_HTTP_H
#define SISETU_TILER_HTTP_H

#include "data/base/err.h"
#include "tiler/cache/blob.h"
#include "tiler/cache/cache.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_OTHER,
};

/* Of a request: what a proxy called it (X-Request-Id, if that is plain), else a random one. */
enum { HTTP_ID_BYTES = 65, HTTP_USER_BYTES = 64, HTTP_CLIENT_BYTES = 64 };

struct http_request {
    enum http_method method;
    const char *id;
    const char *target;        /* path and query as they came, escapes and all */
    const char *if_none_match; /* this and the next two: NULL if absent */
    const char *if_match;
    const char *authorization;
    const char *accept_encoding; /* NULL if absent, and so the next two */
    const char *host;
    const char *forwarded_proto; /* X-Forwarded-Proto: how a proxy was asked */
    const char *body;            /* of a POST or PUT; "" otherwise */
    size_t n_body;
    struct cache_waiter *waiter; /* for `answer`, to be called instead of waiting; NULL: wait */
};

struct http_response {
    int status;
    const char *content_type; /* texts live as long as the server */
    const char *cache_control;
    char allow[48];             /* methods, with 405 and OPTIONS; or "" */
    const char *policy;         /* Content-Security-Policy of a page; or NULL */
    struct blob *body;          /* taken over; NULL: none */
    bool kept;                  /* the body is sent often: the response is made ready once */
    bool is_long;               /* what `quick` could not answer may take long */
    const char *encoding;       /* Content-Encoding of the body; or NULL */
    bool varies;                /* with Accept-Encoding */
    bool tagged;                /* send the body's tag as ETag */
    uint64_t generation;        /* of the world; 0: not off a world */
    int retry_after_s;          /* 0: none */
    const char *authenticate;   /* WWW-Authenticate, with 401 and 403; or NULL */
    size_t route;               /* for who counts: which it was, from 1; 0: none */
    char user[HTTP_USER_BYTES]; /* for who logs: the name of its token, or "" */
};

/* A request that is over. */
struct http_ended {
    const struct http_request *request; /* id and target are there whatever happened */
    const struct http_response *response;
    const char *method; /* as it came; "-" if it did not */
    const char *client; /* address of the other end */
    int status;         /* 0: the client left before it had all of the answer */
    size_t n_bytes;     /* of the body that was sent */
    double seconds;     /* since the first line of the request */
};

struct http_app {
    void *context;
    bool (*quick)(void *context, const struct http_request *request,
                  struct http_response *response);
    /* False: the waiter will be called, or was already; nothing of the request may be touched. */
    bool (*answer)(void *context, void *state, const struct http_request *request,
                   struct http_response *response);
    /* The response when the server itself must refuse: over a limit, overload. */
    void (*refuse)(void *context, const struct err *err, struct http_response *response);
    enum err_code (*state_new)(void *context, void **state, struct err *err);
    void (*state_free)(void *context, void *state);
    /* On a connection thread; NULL: nobody wants to know. */
    void (*ended)(void *context, const struct http_ended *ended);
    bool names_clients; /* whether it is told the client's address, else "-" */
};

/* Listens on "127.0.0.1:8080", "[::1]:8080", "localhost:8080" or ":8080" (all addresses).
 * Port 0 takes a free one. `bound` gets the address as it is. ERR_BUSY: in use. */
enum { HTTP_ADDRESS_BYTES = 96 };
enum err_code http_bind(const char *listen, int *socket, char bound[HTTP_ADDRESS_BYTES],
                        struct err *err);

/* How many connections can be open: as limits.h says, or as the system lets us, asked for more
 * descriptors if it must be. */
unsigned http_most_connections(void);

struct http_server;

/* Takes over the socket, also when it fails. */
enum err_code http_start(int socket, unsigned n_threads, const struct http_app *app,
                         struct http_server **out, struct err *err);

struct http_load {
    size_t n_connections;
    size_t n_busy;    /* of these, with an answer on its way */
    size_t n_waiting; /* requests, for a thread */
    uint64_t n_cut;   /* connections cut off, since the start */
};
struct http_load http_load(struct http_server *server);

/* Takes no new connections from now on, and ends each with its next answer; true when no answer
 * is on its way any more. */
bool http_drain(struct http_server *server);

void http_stop(struct http_server *server);

#endif
