#include "data/store_internal.h"

#include "data/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool store_journal_is_hot(const char *path)
{
    char journal[PATH_MAX];
    char first = 0;
    snprintf(journal, sizeof journal, "%s-journal", path);
    int file = open(journal, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return errno != ENOENT;
    if (read(file, &first, 1) < 0)
        first = 1; /* who knows */
    close(file);
    return first != 0;
}

enum err_code store_aside_check_journal(const char *path, struct err *err)
{
    char wal[PATH_MAX];
    snprintf(wal, sizeof wal, "%s-wal", path);
    bool journal = store_journal_is_hot(path);
    if (!journal && !file_exists(wal))
        return ERR_OK;
    return err_set(err, ERR_CONFLICT,
                   "%s%s: left of another store and would damage a new one; remove it first", path,
                   journal ? "-journal" : "-wal");
}

enum err_code store_aside_begin(const char *path, struct store_aside *out, struct err *err)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    *out = (struct store_aside){.path = path};
    if (!*base)
        return err_set(err, ERR_USAGE, "%s: a file name is needed", path);
    if (file_is_directory(path))
        return err_set(err, ERR_CONFLICT, "%s: a directory of that name exists", path);
    int n = snprintf(out->directory, sizeof out->directory, "%s.XXXXXX", path);
    if (n < 0 || (size_t)n >= sizeof out->directory - strlen(base) - 1) {
        out->directory[0] = '\0';
        return err_set(err, ERR_USAGE, "%s: path too long", path);
    }
    if (!mkdtemp(out->directory)) {
        out->directory[0] = '\0';
        return err_errno(err, errno, "%s", path);
    }
    n = snprintf(out->file, sizeof out->file, "%s/%s", out->directory, base);
    if (n < 0 || (size_t)n >= sizeof out->file) {
        store_aside_abort(out);
        return err_set(err, ERR_USAGE, "%s: path too long", path);
    }
    return ERR_OK;
}

/* Calls back for each file of the directory with its path there and its path beside `path`. */
static enum err_code each_file(const struct store_aside *aside, bool replace,
                               enum err_code (*act)(const char *from, const char *to, bool replace,
                                                    struct err *err),
                               struct err *err)
{
    enum err_code code = ERR_OK;
    char from[PATH_MAX], to[PATH_MAX];
    const char *slash = strrchr(aside->path, '/');
    int prefix = slash ? (int)(slash - aside->path + 1) : 0;
    DIR *directory = opendir(aside->directory);
    if (!directory)
        return err_errno(err, errno, "%s", aside->directory);
    for (struct dirent *entry; code == ERR_OK && (entry = readdir(directory));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int n = snprintf(from, sizeof from, "%s/%s", aside->directory, entry->d_name);
        int m = snprintf(to, sizeof to, "%.*s%s", prefix, aside->path, entry->d_name);
        if (n < 0 || n >= (int)sizeof from || m < 0 || m >= (int)sizeof to)
            code = err_set(err, ERR_USAGE, "%s: path too long", aside->path);
        else
            code = act(from, to, replace, err);
    }
    closedir(directory);
    return code;
}

static enum err_code refuse_existing(const char *from, const char *to, bool replace,
                                     struct err *err)
{
    (void)from;
    if (file_is_directory(to))
        return err_set(err, ERR_CONFLICT, "%s: a directory of that name exists", to);
    if (!replace && file_exists(to))
        return err_set(err, ERR_CONFLICT, "%s: exists already; nothing was overwritten", to);
    return ERR_OK;
}

static enum err_code sync_file(const char *from, const char *to, bool replace, struct err *err)
{
    (void)replace;
    int fd = open(from, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "%s", to);
    int failed = fsync(fd) != 0 ? errno : 0;
    close(fd);
    return failed ? err_errno(err, failed, "%s", to) : ERR_OK;
}

/* link() is the rename that does not overwrite; where a file system has no links the check
 * above has to do. */
static enum err_code move(const char *from, const char *to, bool replace, struct err *err)
{
    if (!replace) {
        if (link(from, to) == 0)
            return ERR_OK;
        if (errno == EEXIST)
            return err_set(err, ERR_CONFLICT, "%s: exists already; nothing was overwritten", to);
    }
    return rename(from, to) == 0 ? ERR_OK : err_errno(err, errno, "%s", to);
}

static enum err_code discard(const char *from, const char *to, bool replace, struct err *err)
{
    (void)to;
    (void)replace;
    (void)err;
    unlink(from);
    return ERR_OK;
}

enum err_code store_aside_commit(struct store_aside *aside, bool replace, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(each_file(aside, replace, refuse_existing, err));
    TRY(each_file(aside, replace, sync_file, err));
    TRY(each_file(aside, replace, move, err));
    file_sync_directory_of(aside->path);
done:
    store_aside_abort(aside);
    return code;
}

void store_aside_abort(struct store_aside *aside)
{
    if (!aside->directory[0])
        return;
    each_file(aside, false, discard, NULL);
    rmdir(aside->directory);
    aside->directory[0] = '\0';
}
