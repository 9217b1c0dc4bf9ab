#include "tiler/http/connections.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

struct connection {
    struct connection *next, *before;
    int socket;
    bool gone; /* at the last look: the client closed, and there is nothing left to read */
    atomic_int phase;
    _Atomic int64_t since_ms;
};

struct connections {
    struct connection_bounds bounds;
    pthread_mutex_t mutex; /* of the list, the counts and `ending` */
    pthread_cond_t end;
    struct connection *first;
    size_t n_open, n_cut;
    bool ending;
    pthread_t thread;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now); /* to a few ms, and several times a request */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Seen twice, so that what has just been read has its time to become a request. */
static bool is_abandoned(struct connection *connection)
{
    char byte;
    bool was_gone = connection->gone;
    connection->gone = recv(connection->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
    return was_gone && connection->gone;
}

static bool is_overdue(const struct connections *connections, struct connection *connection,
                       int64_t now)
{
    const struct connection_bounds *bounds = &connections->bounds;
    enum connection_phase phase = (enum connection_phase)atomic_load(&connection->phase);
    double s = (double)(now - atomic_load(&connection->since_ms)) * 1e-3;
    if (phase != CONNECTION_RECEIVING) {
        connection->gone = false;
        return phase == CONNECTION_SENDING && s > bounds->send_s;
    }
    bool crowded = bounds->most && connections->n_open > bounds->most - bounds->most / 8;
    return s > (crowded ? bounds->crowded_s : bounds->receive_s) ||
           (s > bounds->look_s && is_abandoned(connection));
}

/* The mutex is held, so that the socket is still the connection's. */
static void cut_overdue(struct connections *connections)
{
    int64_t now = now_ms();
    for (struct connection *c = connections->first; c; c = c->next) {
        if (!is_overdue(connections, c, now))
            continue;
        /* The server hears of it as if the client had gone. */
        (void)shutdown(c->socket, SHUT_RDWR);
        atomic_store(&c->since_ms, now);
        connections->n_cut++;
    }
}

static void *thread_main(void *argument)
{
    struct connections *connections = argument;
    pthread_mutex_lock(&connections->mutex);
    while (!connections->ending) {
        cut_overdue(connections);
        int64_t until = now_ms() + (int64_t)(connections->bounds.look_s * 1e3);
        struct timespec at = {until / 1000, until % 1000 * 1000000};
        (void)pthread_cond_timedwait(&connections->end, &connections->mutex, &at);
    }
    pthread_mutex_unlock(&connections->mutex);
    return NULL;
}

static void release(struct connections *connections)
{
    pthread_cond_destroy(&connections->end);
    pthread_mutex_destroy(&connections->mutex);
    free(connections);
}

enum err_code connections_start(const struct connection_bounds *bounds, struct connections **out,
                                struct err *err)
{
    pthread_condattr_t attributes;
    struct connections *connections = calloc(1, sizeof *connections);
    *out = NULL;
    if (!connections)
        return err_nomem(err);
    connections->bounds = *bounds;
    pthread_mutex_init(&connections->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&connections->end, &attributes);
    pthread_condattr_destroy(&attributes);
    int failure = pthread_create(&connections->thread, NULL, thread_main, connections);
    if (failure != 0) {
        release(connections);
        return err_errno(err, failure, "cannot start a thread");
    }
    *out = connections;
    return ERR_OK;
}

void connections_stop(struct connections *connections)
{
    if (!connections)
        return;
    pthread_mutex_lock(&connections->mutex);
    connections->ending = true;
    pthread_cond_signal(&connections->end);
    pthread_mutex_unlock(&connections->mutex);
    pthread_join(connections->thread, NULL);
    release(connections);
}

struct connection *connections_open(struct connections *connections, int socket)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        return NULL;
    connection->socket = socket;
    atomic_init(&connection->phase, CONNECTION_RECEIVING);
    atomic_init(&connection->since_ms, now_ms());
    pthread_mutex_lock(&connections->mutex);
    connection->next = connections->first;
    if (connection->next)
        connection->next->before = connection;
    connections->first = connection;
    connections->n_open++;
    pthread_mutex_unlock(&connections->mutex);
    return connection;
}

void connections_close(struct connections *connections, struct connection *connection)
{
    if (!connection)
        return;
    pthread_mutex_lock(&connections->mutex);
    if (connection->before)
        connection->before->next = connection->next;
    else
        connections->first = connection->next;
    if (connection->next)
        connection->next->before = connection->before;
    connections->n_open--;
    pthread_mutex_unlock(&connections->mutex);
    free(connection);
}

void connection_enter(struct connection *connection, enum connection_phase phase)
{
    if (!connection)
        return;
    /* The time first: a look in between may take the new time for the old phase, not the other
     * way round. */
    atomic_store(&connection->since_ms, now_ms());
    atomic_store(&connection->phase, phase);
}

struct connection_counts connections_count(struct connections *connections)
{
    struct connection_counts counts = {0};
    pthread_mutex_lock(&connections->mutex);
    counts.open = connections->n_open;
    counts.n_cut = connections->n_cut;
    for (struct connection *c = connections->first; c; c = c->next)
        counts.busy += atomic_load(&c->phase) != CONNECTION_RECEIVING;
    pthread_mutex_unlock(&connections->mutex);
    return counts;
}
