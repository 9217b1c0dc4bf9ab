/* http_listen.c - the socket that is listened on. */
#include "tiler/http/http.h"

#include "data/base/limits.h"
#include "data/base/text.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* Each connection takes two descriptors at most; store, worlds and libraries have the rest. */
unsigned http_most_connections(void)
{
    enum { OTHERS = 128 };
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return LIMIT_CONNECTIONS / 8;
    rlim_t wanted = 2 * (rlim_t)LIMIT_CONNECTIONS + OTHERS;
    if (limit.rlim_cur < wanted) {
        rlim_t before = limit.rlim_cur;
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
            limit.rlim_cur = before;
    }
    rlim_t most = limit.rlim_cur > OTHERS + 32 ? (limit.rlim_cur - OTHERS) / 2 : 16;
    return most < LIMIT_CONNECTIONS ? (unsigned)most : LIMIT_CONNECTIONS;
}
