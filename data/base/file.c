#include "data/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_STEP_BYTES = 1 << 16 };

enum err_code file_read(const char *path, size_t limit_bytes, struct buf *out, struct err *err)
{
    enum err_code code = ERR_OK;
    buf_clear(out);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "%s", path);
    for (;;) {
        char *room = buf_reserve(out, READ_STEP_BYTES);
        if (!room) {
            code = err_nomem(err);
            break;
        }
        ssize_t n = read(fd, room, READ_STEP_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            code = err_errno(err, errno, "%s", path);
            break;
        }
        if (n == 0)
            break;
        out->n_bytes += (size_t)n;
        out->bytes[out->n_bytes] = '\0';
        if (out->n_bytes > limit_bytes) {
            code = err_set(err, ERR_LIMIT, "%s: larger than %zu bytes", path, limit_bytes);
            break;
        }
    }
    close(fd);
    return code;
}

static enum err_code write_all(int fd, const char *bytes, size_t n, const char *path,
                               struct err *err)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return err_errno(err, errno, "%s", path);
        bytes += done;
        n -= (size_t)done;
    }
    /* EINVAL: a device or a pipe, which has nothing to sync. */
    if (fsync(fd) != 0 && errno != EINVAL)
        return err_errno(err, errno, "%s", path);
    return ERR_OK;
}

void file_sync_directory_of(const char *path)
{
    char directory[PATH_MAX];
    char *real = realpath(path, NULL);
    const char *file = real ? real : path;
    const char *slash = strrchr(file, '/');
    if (slash)
        snprintf(directory, sizeof directory, "%.*s", (int)(slash - file + 1), file);
    else
        snprintf(directory, sizeof directory, ".");
    free(real);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

/* A device or a pipe is written to; a rename would put a file in its place. */
static enum err_code write_through(const char *path, const void *bytes, size_t n, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "%s", path);
    enum err_code code = write_all(fd, bytes, n, path, err);
    close(fd);
    return code;
}

enum err_code file_write_atomic(const char *path, const void *bytes, size_t n, struct err *err)
{
    char aside[PATH_MAX];
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return write_through(path, bytes, n, err);
    if (snprintf(aside, sizeof aside, "%s.XXXXXX", path) >= (int)sizeof aside)
        return err_set(err, ERR_USAGE, "%s: path too long", path);
    int fd = mkostemp(aside, O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "%s", path);
    enum err_code code = write_all(fd, bytes, n, path, err);
    if (code == ERR_OK && fchmod(fd, 0644) != 0)
        code = err_errno(err, errno, "%s", path);
    close(fd);
    if (code == ERR_OK && rename(aside, path) != 0)
        code = err_errno(err, errno, "%s", path);
    if (code != ERR_OK)
        unlink(aside);
    else
        file_sync_directory_of(path);
    return code;
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool file_is_same(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

bool file_is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

enum err_code file_make_directory(const char *path, struct err *err)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof part)
        return err_set(err, ERR_USAGE, "%s: not a usable directory name", path);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return err_errno(err, errno, "%s", part);
    }
    if (!file_is_directory(path))
        return err_set(err, ERR_CONFLICT, "%s: exists and is not a directory", path);
    return ERR_OK;
}

/* Cuts the last component off a path in place; false when none is left. */
static bool cut_component(char *path)
{
    char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return false;
    *slash = '\0';
    return true;
}

enum err_code file_asset(const char *name, char *out, size_t n, struct err *err)
{
    const char *share = getenv("SISETU_SHARE");
    if (share && *share) {
        if ((size_t)snprintf(out, n, "%s/%s", share, name) < n && file_exists(out))
            return ERR_OK;
        return err_set(err, ERR_NOT_FOUND, "SISETU_SHARE=%s holds no %s", share, name);
    }
    char base[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", base, sizeof base - 1);
    if (length <= 0)
        return err_errno(err, errno, "/proc/self/exe");
    base[length] = '\0';
    /* bin/sisetu -> ../share/sisetu; build/release/sisetu, build/asan/tests/x -> the tree */
    while (cut_component(base)) {
        static const char *const under[] = {"share/sisetu/", ""};
        for (size_t i = 0; i < sizeof under / sizeof under[0]; i++)
            if ((size_t)snprintf(out, n, "%s/%s%s", base, under[i], name) < n && file_exists(out))
                return ERR_OK;
    }
    return err_set(err, ERR_NOT_FOUND,
                   "cannot find %s beside the program; set SISETU_SHARE to the directory with it",
                   name);
}
