/* test_connections.c - who takes too long with a request or an answer is cut off, nobody else. */
#include "tiler/http/connections.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* A connection and the client's end of it. */
struct pair {
    int server, client;
    struct connection *connection;
};

static struct connections *start(double receive_s, double send_s)
{
    struct connections *connections = NULL;
    struct err err;
    const struct connection_bounds bounds = {receive_s, send_s, 0.01, 0.1, 16};
    assert_int_equal(connections_start(&bounds, &connections, &err), ERR_OK);
    return connections;
}

static struct pair open_pair(struct connections *connections)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    struct pair pair = {ends[0], ends[1], connections_open(connections, ends[0])};
    assert_non_null(pair.connection);
    return pair;
}

static void close_pair(struct connections *connections, struct pair *pair)
{
    connections_close(connections, pair->connection);
    close(pair->server);
    close(pair->client);
}

/* Whether the client hears of the end within so long. */
static bool is_cut(const struct pair *pair, int wait_ms)
{
    struct pollfd end = {.fd = pair->client, .events = POLLIN};
    char byte;
    return poll(&end, 1, wait_ms) == 1 && recv(pair->client, &byte, 1, MSG_DONTWAIT) == 0;
}

static void test_who_does_not_send_a_whole_request_is_cut_off(void **state)
{
    (void)state;
    struct connections *connections = start(0.1, 1000);
    struct pair slow = open_pair(connections), working = open_pair(connections),
                sending = open_pair(connections);
    connection_enter(working.connection, CONNECTION_WORKING);
    connection_enter(sending.connection, CONNECTION_SENDING);
    assert_int_equal(connections_count(connections).open, 3);
    assert_int_equal(connections_count(connections).busy, 2);
    assert_true(is_cut(&slow, 20000));
    assert_false(is_cut(&working, 300));
    assert_false(is_cut(&sending, 0));
    assert_true(connections_count(connections).n_cut >= 1);
    close_pair(connections, &slow);
    close_pair(connections, &working);
    close_pair(connections, &sending);
    assert_int_equal(connections_count(connections).open, 0);
    connections_stop(connections);
}

static void test_who_does_not_take_the_answer_is_cut_off(void **state)
{
    (void)state;
    struct connections *connections = start(1000, 0.1);
    struct pair slow = open_pair(connections), idle = open_pair(connections);
    connection_enter(slow.connection, CONNECTION_SENDING);
    assert_true(is_cut(&slow, 20000));
    assert_false(is_cut(&idle, 300));
    close_pair(connections, &idle);
    close_pair(connections, &slow);
    connections_stop(connections);
}

static void test_the_time_begins_anew_with_each_request(void **state)
{
    (void)state;
    struct connections *connections = start(0.6, 0.6);
    struct pair steady = open_pair(connections);
    const struct timespec moment = {0, 20 * 1000 * 1000};
    /* Three times the bound in all, each phase far below it. */
    for (int i = 0; i < 90; i++) {
        connection_enter(steady.connection, (enum connection_phase)(i % 3));
        assert_false(is_cut(&steady, 0));
        nanosleep(&moment, NULL);
    }
    assert_int_equal(connections_count(connections).n_cut, 0);
    close_pair(connections, &steady);
    connections_stop(connections);
}

static void test_who_goes_before_the_request_is_whole_is_let_go(void **state)
{
    (void)state;
    struct connections *connections = start(1000, 1000);
    struct pair gone = open_pair(connections), unread = open_pair(connections),
                asked = open_pair(connections), idle = open_pair(connections);
    assert_int_equal(shutdown(gone.client, SHUT_WR), 0);
    assert_int_equal(send(unread.client, "GET", 3, 0), 3);
    assert_int_equal(shutdown(unread.client, SHUT_WR), 0);
    connection_enter(asked.connection, CONNECTION_WORKING); /* and hears the answer */
    assert_int_equal(shutdown(asked.client, SHUT_WR), 0);
    assert_true(is_cut(&gone, 20000));
    assert_false(is_cut(&unread, 300)); /* may be a whole request */
    assert_false(is_cut(&asked, 0));
    assert_false(is_cut(&idle, 0));
    close_pair(connections, &gone);
    close_pair(connections, &unread);
    close_pair(connections, &asked);
    close_pair(connections, &idle);
    connections_stop(connections);
}

/* 16 places: with 14 taken there is room, with 15 those without a request go. */
static void test_where_places_run_out_those_without_a_request_make_room(void **state)
{
    (void)state;
    struct connections *connections = start(1000, 1000);
    struct pair pairs[15];
    for (size_t i = 0; i < 14; i++)
        pairs[i] = open_pair(connections);
    connection_enter(pairs[0].connection, CONNECTION_WORKING);
    connection_enter(pairs[1].connection, CONNECTION_SENDING);
    assert_false(is_cut(&pairs[2], 400));
    pairs[14] = open_pair(connections);
    assert_true(is_cut(&pairs[2], 20000));
    assert_true(is_cut(&pairs[13], 20000));
    assert_false(is_cut(&pairs[0], 300));
    assert_false(is_cut(&pairs[1], 0));
    for (size_t i = 0; i < 15; i++)
        close_pair(connections, &pairs[i]);
    connections_stop(connections);
}

enum { N_THREADS = 4, N_EACH = 300 };

static void *come_and_go(void *argument)
{
    for (int i = 0; i < N_EACH; i++) {
        struct pair pair = open_pair(argument);
        connection_enter(pair.connection, CONNECTION_SENDING);
        close_pair(argument, &pair);
    }
    return NULL;
}

static void test_connections_come_and_go_on_many_threads(void **state)
{
    (void)state;
    struct connections *connections = start(0.001, 0.001);
    pthread_t threads[N_THREADS];
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, connections), 0);
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(connections_count(connections).open, 0);
    connection_enter(NULL, CONNECTION_SENDING); /* one for which there was no memory */
    connections_close(connections, NULL);
    connections_stop(connections);
    connections_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_does_not_send_a_whole_request_is_cut_off),
        cmocka_unit_test(test_who_does_not_take_the_answer_is_cut_off),
        cmocka_unit_test(test_the_time_begins_anew_with_each_request),
        cmocka_unit_test(test_who_goes_before_the_request_is_whole_is_let_go),
        cmocka_unit_test(test_where_places_run_out_those_without_a_request_make_room),
        cmocka_unit_test(test_connections_come_and_go_on_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
