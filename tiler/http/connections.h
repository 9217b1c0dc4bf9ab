/*
 * connections.h - the open connections, and an end to those that take too long.
 *
 * A client that sends or takes a byte a second is never idle, and without a bound would hold its
 * place for ever: whoever has not sent a whole request, or taken a whole answer, in its time is
 * cut off (LIMIT_RECEIVE_S, LIMIT_SEND_S). How long an answer is worked on is not bounded here.
 * So is a client that has gone before its request was whole, which the server does not hear of if
 * both came before the connection was taken (it polls for changes). Where seven of eight places
 * are taken, whoever has had his for LIMIT_CROWDED_S without a whole request makes room: a server
 * that is full takes nobody, and would be silent to all.
 *
 * Life:    connections_start; connections_open ... connections_close for each; connections_stop
 *          when none is open any more.
 * Threads: safe; a thread of its own looks once a second.
 */
#ifndef SISETU_TILER_CONNECTIONS_H
#define SISETU_TILER_CONNECTIONS_H

#include "data/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct connections;
struct connection;

enum connection_phase {
    CONNECTION_RECEIVING, /* from its opening, or from the end of the answer before */
    CONNECTION_WORKING,
    CONNECTION_SENDING,
};

struct connection_bounds {
    double receive_s, send_s, look_s;
    double crowded_s; /* in the place of receive_s while seven of eight places are taken */
    size_t most;      /* places; 0: without bound */
};

enum err_code connections_start(const struct connection_bounds *bounds, struct connections **out,
                                struct err *err);
void connections_stop(struct connections *connections); /* NULL is fine */

/* NULL: no memory, and it is not watched. The socket stays the caller's, and open until
 * connections_close. */
struct connection *connections_open(struct connections *connections, int socket);
void connections_close(struct connections *connections, struct connection *connection);

/* connection NULL is fine. */
void connection_enter(struct connection *connection, enum connection_phase phase);

struct connection_counts {
    size_t open;
    size_t busy;  /* with a request that came whole and is not answered whole */
    size_t n_cut; /* off, since the start */
};
struct connection_counts connections_count(struct connections *connections);

#endif
