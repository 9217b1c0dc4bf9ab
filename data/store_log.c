#include "data/store_log.h"

#include "data/base/file.h"
#include "data/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include <libdeflate.h>

/* Before the bytes of an entry; all of it is theirs but the last checksum, which is of the rest. */
struct entry_head {
    uint64_t magic;
    uint32_t version;
    uint32_t bytes_crc;
    uint64_t identity; /* of the store */
    uint64_t generation;
    uint64_t n_bytes;
    uint32_t before_crc; /* head_crc of the entry before; 0 of the first */
    uint32_t head_crc;
};

/* Of the schema, and of how the bytes of an edit are written (store_edit.c). */
enum { EDIT_VERSION = SCHEMA_VERSION << 8 | 3 };

/* "SISETUE1", as a number: another byte order is another log. */
static const uint64_t MAGIC = 0x3145555445534953;

/* Who waits to write has a lock on this byte, which is behind all entries. */
static struct flock queue_mark(short type)
{
    return (struct flock){
        .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)1 << 40, .l_len = 1};
}

/* Of a log that waits for entries: as much as edits that follow each other put there in seconds. */
enum { ROOM_BYTES = 16 << 20, LEAST_FREE_BYTES = 256 << 20 };

/* Milliseconds that a reader who looks may take. */
enum { MOST_TRIES = 50 };

/* More than any edit: whoever changes so much imports it. */
static const uint64_t MOST_ENTRY_BYTES = (uint64_t)1 << 31;

struct store_log {
    char *store_path;
    char path[PATH_MAX]; /* of the file that is open */
    int file;            /* -1: not open */
    off_t end;           /* of the entries that are on their way */
    uint32_t last_crc;
    bool locked;           /* some are */
    int64_t deaf_until_ms; /* to who waits */
    bool broken;           /* what was written there may be an entry or not */
};

/* Beside the file itself, by whatever link it was found. */
static enum err_code path_of(const char *store_path, char out[PATH_MAX], struct err *err)
{
    char *real = realpath(store_path, NULL);
    int n = snprintf(out, PATH_MAX, "%s-edits", real ? real : store_path);
    free(real);
    if (n >= PATH_MAX)
        return err_set(err, ERR_USAGE, "%s: path too long", store_path);
    return ERR_OK;
}

static uint32_t head_crc(const struct entry_head *head)
{
    return libdeflate_crc32(0, head, offsetof(struct entry_head, head_crc));
}

/* ---- appending ---- */

enum err_code store_log_new(const char *store_path, struct store_log **out, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store_log *log = calloc(1, sizeof *log);
    *out = NULL;
    if (!log)
        return err_nomem(err);
    log->file = -1;
    log->store_path = strdup(store_path);
    TRY(log->store_path ? ERR_OK : err_nomem(err));
    *out = log;
    log = NULL;
done:
    store_log_free(log);
    return code;
}

static void close_file(struct store_log *log)
{
    if (log->file >= 0)
        close(log->file);
    log->file = -1;
    log->locked = false;
    log->end = 0;
}

void store_log_free(struct store_log *log)
{
    if (!log)
        return;
    close_file(log);
    free(log->store_path);
    free(log);
}

/* Whether the file that is open is the one that others find. */
static bool stands_at_path(const struct store_log *log)
{
    struct stat open_file, at_path;
    return log->file >= 0 && fstat(log->file, &open_file) == 0 && stat(log->path, &at_path) == 0 &&
           open_file.st_dev == at_path.st_dev && open_file.st_ino == at_path.st_ino;
}

void store_log_remove(struct store_log *log)
{
    if (!log->locked && stands_at_path(log) && flock(log->file, LOCK_EX | LOCK_NB) == 0)
        unlink(log->path);
    close_file(log);
}

static enum err_code write_at(const struct store_log *log, off_t at, const void *bytes, size_t n,
                              struct err *err)
{
    const char *from = bytes;
    while (n > 0) {
        ssize_t done = pwrite(log->file, from, n, at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return err_errno(err, done < 0 ? errno : EIO, "%s", log->path);
        from += done;
        at += done;
        n -= (size_t)done;
    }
    return ERR_OK;
}

/* What is promised has to find room in the tables. */
static enum err_code check_free(const struct store_log *log, struct err *err)
{
    struct statvfs disk;
    if (statvfs(log->store_path, &disk) != 0)
        return err_errno(err, errno, "%s", log->store_path);
    if ((uint64_t)disk.f_bavail * disk.f_frsize < LEAST_FREE_BYTES)
        return err_set(err, ERR_NO_SPACE, "%s: less than %d MB are free on its disk",
                       log->store_path, LEAST_FREE_BYTES >> 20);
    return ERR_OK;
}

/* Entries that are written over bytes that are there need no word of the file's size on the disk,
 * for which a file system with a journal may first write what other files have waiting. Without
 * room for that they just take longer. */
static void make_room(const struct store_log *log)
{
    enum { CHUNK_BYTES = 1 << 20 };
    struct stat status;
    char *zeros = calloc(1, CHUNK_BYTES);
    off_t size = fstat(log->file, &status) == 0 ? status.st_size : 0;
    bool good = zeros != NULL;
    for (off_t at = size; good && at < ROOM_BYTES; at += CHUNK_BYTES)
        good = write_at(log, at, zeros, CHUNK_BYTES, NULL) == ERR_OK;
    if (!good)
        (void)!ftruncate(log->file, size);
    free(zeros);
    (void)fsync(log->file);
}

/* Who may read the store may read this. */
static void permit(const struct store_log *log, const struct stat *store)
{
    (void)!fchown(log->file, (uid_t)-1, store->st_gid);
    (void)fchmod(log->file, store->st_mode & 0666);
}

/* Another file that has the name of a log is not written to. */
static bool is_log(int file)
{
    uint64_t first = 0;
    ssize_t n = pread(file, &first, sizeof first, 0);
    return n == 0 || (n == sizeof first && (first == MAGIC || first == 0));
}

enum err_code store_log_begin(struct store_log *log, struct err *err)
{
    enum err_code code = ERR_OK;
    char path[PATH_MAX];
    struct stat store;
    if (log->locked)
        return ERR_OK;
    TRY(check_free(log, err));
    TRY(path_of(log->store_path, path, err)); /* a link may lead elsewhere by now */
    if (stat(log->store_path, &store) != 0)
        TRY(err_errno(err, errno, "%s", log->store_path));
    if (store.st_nlink > 1)
        TRY(err_set(err, ERR_CONFLICT,
                    "%s: has several names; who finds it by another would miss "
                    "its log",
                    log->store_path));
    if (strcmp(path, log->path) == 0 && stands_at_path(log))
        return ERR_OK;
    close_file(log);
    memcpy(log->path, path, sizeof path);
    log->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);
    if (log->file < 0)
        TRY(err_errno(err, errno, "%s", path));
    if (!is_log(log->file)) {
        close_file(log);
        TRY(err_set(err, ERR_CONFLICT, "%s: another file, in the place of a log", path));
    }
    permit(log, &store);
    file_sync_directory_of(path);
    make_room(log);
done:
    return code;
}

/* For the first of some entries. Readers look whether somebody has the lock, and let go at once;
 * another writer that has it may wait for the lock of the store, which is ours. */
static enum err_code lock(struct store_log *log, struct err *err)
{
    enum err_code code = ERR_OK;
    TRY(store_log_begin(log, err));
    int tries = 0;
    while (flock(log->file, LOCK_EX | LOCK_NB) != 0) {
        if (++tries > MOST_TRIES)
            return err_set(err, ERR_BUSY, "%s: another process has edits on their way", log->path);
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    log->locked = true;
done:
    return code;
}

static void unlock(struct store_log *log)
{
    if (log->locked)
        (void)flock(log->file, LOCK_UN);
    log->locked = false;
    log->end = 0;
}

/* Makes what stands there no entry. Until those before it are settled, nothing is written behind
 * what cannot be blotted out. */
static void blot_out(struct store_log *log, off_t at)
{
    static const struct entry_head nothing = {0};
    bool done = write_at(log, at, &nothing, sizeof nothing, NULL) == ERR_OK;
    log->broken = at > 0 && (!done || fdatasync(log->file) != 0);
}

/* The same of an entry that was refused, which must not come back. */
static void take_back(struct store_log *log, off_t at)
{
    blot_out(log, at);
    (void)fdatasync(log->file);
}

enum err_code store_log_append(struct store_log *log, const struct store *store,
                               uint64_t generation, const struct buf *bytes, struct err *err)
{
    enum err_code code = ERR_OK;
    if (bytes->n_bytes > MOST_ENTRY_BYTES)
        return err_set(err, ERR_LIMIT, "an edit of %zu bytes is too large", bytes->n_bytes);
    if (log->broken || (log->locked && !stands_at_path(log)))
        return err_set(err, ERR_IO, "%s: cannot be written to", log->path);
    struct entry_head head = {.magic = MAGIC,
                              .version = EDIT_VERSION,
                              .bytes_crc = libdeflate_crc32(0, bytes->bytes, bytes->n_bytes),
                              .identity = store->identity,
                              .generation = generation,
                              .n_bytes = bytes->n_bytes,
                              .before_crc = log->end > 0 ? log->last_crc : 0};
    head.head_crc = head_crc(&head);
    if (!log->locked)
        TRY(lock(log, err));
    off_t at = log->end;
    /* What an earlier round left behind this entry does not follow on it. */
    code = write_at(log, at + (off_t)sizeof head, bytes->bytes, bytes->n_bytes, err);
    if (code == ERR_OK)
        code = write_at(log, at, &head, sizeof head, err);
    if (code == ERR_OK && fdatasync(log->file) != 0)
        code = err_errno(err, errno, "%s", log->path);
    if (code == ERR_OK) {
        log->end = at + (off_t)sizeof head + (off_t)bytes->n_bytes;
        log->last_crc = head.head_crc;
        goto done;
    }
    take_back(log, at);
    if (at == 0)
        unlock(log);
done:
    return code;
}

void store_log_give_room(struct store_log *log)
{
    if (log->locked)
        (void)!ftruncate(log->file, log->end);
}

void store_log_settled(struct store_log *log)
{
    bool stands = stands_at_path(log); /* else somebody moved it away, with its store perhaps */
    if (log->end > 0 && stands)
        blot_out(log, 0);
    unlock(log);
    if (!stands)
        close_file(log);
}

/* ---- reading ---- */

/* The entries of a log, one after another. */
struct entries {
    const char *path;
    int file; /* -1: there is none */
    off_t at;
    struct entry_head head; /* of the entry at hand; generation 0: before the first */
    struct buf bytes;
};

static enum err_code entries_begin(struct entries *in, const char *path, struct err *err)
{
    *in = (struct entries){.path = path};
    buf_init(&in->bytes);
    in->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (in->file < 0 && errno != ENOENT)
        return err_errno(err, errno, "%s", path);
    struct stat status;
    if (in->file >= 0 && fstat(in->file, &status) == 0 && !S_ISREG(status.st_mode)) {
        close(in->file); /* no log of ours */
        in->file = -1;
    }
    return ERR_OK;
}

static void entries_end(struct entries *in)
{
    if (in->file >= 0)
        close(in->file);
    buf_release(&in->bytes);
}

/* Whether a head stands there that follows on the one before: that very one, not just one of the
 * generation before, which another history of the store has as well. */
static bool follows(const struct entries *in, const struct entry_head *head)
{
    return head->magic == MAGIC && head->head_crc == head_crc(head) &&
           head->n_bytes <= MOST_ENTRY_BYTES && head->generation > 0 &&
           head->before_crc == (in->at > 0 ? in->head.head_crc : 0) &&
           (in->at == 0 ||
            (head->generation == in->head.generation + 1 && head->identity == in->head.identity));
}

/* *whole: there are so many bytes. */
static enum err_code read_at(const struct entries *in, off_t at, void *out, size_t n, bool *whole,
                             struct err *err)
{
    size_t got = 0;
    while (got < n) {
        ssize_t some = pread(in->file, (char *)out + got, n - got, at + (off_t)got);
        if (some < 0 && errno == EINTR)
            continue;
        if (some < 0)
            return err_errno(err, errno, "%s", in->path);
        if (some == 0)
            break;
        got += (size_t)some;
    }
    *whole = got == n;
    return ERR_OK;
}

/* *found: `head` and `bytes` are those of the next entry, which is whole. */
static enum err_code entries_next(struct entries *in, bool *found, struct err *err)
{
    struct entry_head head;
    bool whole = false;
    enum err_code code = ERR_OK;
    *found = false;
    if (in->file < 0)
        return ERR_OK;
    code = read_at(in, in->at, &head, sizeof head, &whole, err);
    if (code != ERR_OK || !whole || !follows(in, &head))
        return code;
    buf_clear(&in->bytes);
    char *room = buf_reserve(&in->bytes, head.n_bytes);
    if (!room)
        return err_nomem(err);
    code = read_at(in, in->at + (off_t)sizeof head, room, head.n_bytes, &whole, err);
    if (code != ERR_OK || !whole || libdeflate_crc32(0, room, head.n_bytes) != head.bytes_crc)
        return code;
    in->bytes.n_bytes = head.n_bytes;
    in->head = head;
    in->at += (off_t)sizeof head + (off_t)head.n_bytes;
    *found = true;
    return ERR_OK;
}

enum err_code store_log_look(const char *store_path, struct store_log_state *out, struct err *err)
{
    enum err_code code = ERR_OK;
    char path[PATH_MAX];
    bool found = true;
    struct entries in = {.file = -1};
    *out = (struct store_log_state){0};
    TRY(path_of(store_path, path, err));
    TRY(entries_begin(&in, path, err));
    for (;;) {
        TRY(entries_next(&in, &found, err));
        if (!found)
            break;
        out->identity = in.head.identity;
        out->last = in.head.generation;
        out->first = out->first ? out->first : out->last;
    }
    if (out->last > 0)
        out->has_owner = flock(in.file, LOCK_SH | LOCK_NB) != 0;
done:
    entries_end(&in);
    return code;
}

/* ---- who waits to write ---- */

int store_log_queue(const char *store_path)
{
    char path[PATH_MAX];
    struct flock mark = queue_mark(F_RDLCK);
    int file = path_of(store_path, path, NULL) == ERR_OK
                   ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
                   : -1;
    if (file >= 0)
        (void)fcntl(file, F_OFD_SETLK, &mark);
    return file;
}

void store_log_leave(int queued)
{
    if (queued >= 0)
        close(queued);
}

void store_log_pass_over(struct store_log *log)
{
    enum { DEAF_MS = 5000 }; /* whoever waits does so for twice as long */
    log->deaf_until_ms = store_now_ms() + DEAF_MS;
}

bool store_log_is_queued(const struct store_log *log)
{
    struct flock mark = queue_mark(F_WRLCK);
    if (store_now_ms() < log->deaf_until_ms)
        return false;
    return log->file >= 0 && fcntl(log->file, F_OFD_GETLK, &mark) == 0 && mark.l_type != F_UNLCK;
}

/* ---- catching up ---- */

/* The entry at hand, into the tables. */
static enum err_code apply(struct store *store, const struct entries *in, struct err *err)
{
    enum err_code code = ERR_OK;
    struct arena arena;
    struct store_edit edit;
    arena_init(&arena, 0);
    if (in->head.version != EDIT_VERSION)
        TRY(err_set(err, ERR_VERSION,
                    "it was written by another version of the program (%#" PRIx32
                    ", this one's is %#x); open the store with that one first",
                    in->head.version, (unsigned)EDIT_VERSION));
    TRY(store_edit_read(in->bytes.bytes, in->bytes.n_bytes, &arena, &edit, err));
    TRY(store_edit_apply(store, &edit, err));
done:
    arena_release(&arena);
    if (code != ERR_OK)
        err_wrap(err,
                 "%s holds edit %" PRIu64 ", which was acknowledged and cannot be written to the "
                 "store%s",
                 in->path, in->head.generation,
                 code == ERR_INPUT ? " (who gives it up moves that file away)" : "");
    return code;
}

/* On a full disk, of a log that was left: as store_log_give_room. */
static void give_room(struct entries *in)
{
    bool found = true;
    enum err_code code = ERR_OK;
    if (!in->path || flock(in->file, LOCK_EX | LOCK_NB) != 0)
        return;
    while (code == ERR_OK && found)
        code = entries_next(in, &found, NULL);
    if (code == ERR_OK)
        (void)!truncate(in->path, in->at);
}

/* With the writer's lock, of a log that was left and has nothing that the tables lack: a backup
 * that is put in the place of the store later must not find it. What the tables have can go; edits
 * that begin beyond the next generation are of another history of this store, which reached them.
 * They were acknowledged there, and this one will come to generations that they seem to follow on.
 */
static enum err_code clear_away(const struct entries *in, uint64_t first, uint64_t generation,
                                struct err *err)
{
    char aside[PATH_MAX];
    if (flock(in->file, LOCK_EX | LOCK_NB) != 0)
        return ERR_OK; /* its writer lives, and settles it */
    if (first <= generation) {
        (void)unlink(in->path);
        return ERR_OK;
    }
    int n = snprintf(aside, sizeof aside, "%s-%" PRIu64 "-%" PRIu64, in->path, first,
                     in->head.generation);
    if (n < 0 || n >= (int)sizeof aside)
        return err_set(err, ERR_USAGE, "%s: path too long", in->path);
    if (rename(in->path, aside) != 0)
        return err_errno(err, errno, "%s: edits of another history of the store; move it away",
                         in->path);
    file_sync_directory_of(aside);
    return ERR_OK;
}

enum err_code store_catch_up(struct store *store, bool *caught, struct err *err)
{
    enum err_code code = ERR_OK;
    char path[PATH_MAX];
    bool found = false;
    uint64_t generation = store->generation, first = 0;
    struct entries in = {.file = -1};
    *caught = false;
    TRY(path_of(store->path, path, err));
    TRY(entries_begin(&in, path, err));
    TRY(entries_next(&in, &found, err));
    while (found && in.head.identity == store->identity) {
        first = first ? first : in.head.generation;
        if (in.head.generation == generation + 1) {
            TRY(apply(store, &in, err));
            generation++;
        }
        TRY(entries_next(&in, &found, err));
    }
    *caught = generation > store->generation;
    if (*caught)
        TRY(store_commit_as(store, generation, err));
    else if (first > 0)
        TRY(clear_away(&in, first, generation, err));
done:
    if (code == ERR_NO_SPACE)
        give_room(&in);
    entries_end(&in);
    return code;
}
