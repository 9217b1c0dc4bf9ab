/*
 * archive_spool.c - what an archive keeps until it is finished: PATH.part.
 *
 *   head    "sisetu tiles 1\n" and a zero, length and CRC-32 of the text, the text
 *   record  id (8 bytes), content number (4), length (4), CRC-32 of the 16 bytes before and the
 *           content (4); then the content, if it is the first with that number
 *
 * All little-endian. Records are only ever appended, so that what a kill leaves is whole records
 * and at most one torn one, which is cut off when the spool is taken over. The CRC also finds what
 * a power cut left unwritten; everything after it goes, since what was appended later may be as
 * bad.
 */
#include "data/base/limits.h"
#include "tiler/draw/deflate.h"
#include "tiler/archive/archive_parts.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MAGIC_BYTES = 16,
    HEAD_BYTES = MAGIC_BYTES + 8, /* without its text */
    TEXT_BYTES_MAX = 1 << 16,     /* of a head: some lines */
    RECORD_BYTES = 20,            /* without its content */
    READ_STEP_BYTES = 1 << 20,
};
static const unsigned char MAGIC[MAGIC_BYTES] = "sisetu tiles 1\n";

struct fixed_part {
    uint64_t id;
    uint32_t content, n_bytes, crc;
};

static uint32_t get32(const char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return le32toh(value);
}

static void put32(char *at, uint32_t value)
{
    value = htole32(value);
    memcpy(at, &value, sizeof value);
}

static void fixed_write(const struct fixed_part *part, char out[RECORD_BYTES])
{
    put32(out, (uint32_t)part->id);
    put32(out + 4, (uint32_t)(part->id >> 32));
    put32(out + 8, part->content);
    put32(out + 12, part->n_bytes);
    put32(out + 16, part->crc);
}

static struct fixed_part fixed_read(const char *at)
{
    return (struct fixed_part){get32(at) | (uint64_t)get32(at + 4) << 32, get32(at + 8),
                               get32(at + 12), get32(at + 16)};
}

/* CRC of a record: of its first 16 bytes, upon that of its content, which is known by then. */
static uint32_t record_crc(const char fixed[RECORD_BYTES], uint32_t content_crc)
{
    return crc32_of(content_crc, fixed, 16);
}

/* ---- reading and writing at a place ---- */

/* Fills up to n bytes; fewer at the end of the file. */
static enum err_code read_at(const struct archive *archive, char *bytes, size_t n, uint64_t offset,
                             size_t *got, struct err *err)
{
    *got = 0;
    while (*got < n) {
        ssize_t done = pread(archive->spool, bytes + *got, n - *got, (off_t)(offset + *got));
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return err_errno(err, errno, "%s", archive->spool_path);
        if (done == 0)
            break;
        *got += (size_t)done;
    }
    return ERR_OK;
}

/* Appends what is in the scratch buffer; what does not fit whole is taken back. */
static enum err_code append_scratch(struct archive *archive, struct err *err)
{
    const struct buf *record = &archive->scratch;
    size_t done = 0;
    if (!buf_ok(record))
        return err_nomem(err);
    while (done < record->n_bytes) {
        ssize_t n = pwrite(archive->spool, record->bytes + done, record->n_bytes - done,
                           (off_t)(archive->spool_end + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int number = n < 0 ? errno : ENOSPC;
            /* If this fails too, the check sum gives the torn record away. */
            if (ftruncate(archive->spool, (off_t)archive->spool_end) != 0)
                errno = number;
            return err_errno(err, number, "%s", archive->spool_path);
        }
        done += (size_t)n;
    }
    archive->spool_end += record->n_bytes;
    return ERR_OK;
}

enum err_code spool_read(const struct archive *archive, const struct content *content,
                         struct buf *out, struct err *err)
{
    size_t got = 0;
    char *room = buf_reserve(out, content->n_bytes);
    if (!room)
        return err_nomem(err);
    enum err_code code = read_at(archive, room, content->n_bytes, content->offset, &got, err);
    if (code == ERR_OK && got < content->n_bytes)
        code = err_set(err, ERR_IO, "%s: became shorter while it was read", archive->spool_path);
    if (code == ERR_OK)
        out->n_bytes += content->n_bytes;
    return code;
}

enum err_code spool_add(struct archive *archive, const struct spool_record *record, struct err *err)
{
    enum err_code code = ERR_OK;
    char fixed[RECORD_BYTES];
    struct fixed_part part = {record->id, record->content, record->n_bytes, 0};
    fixed_write(&part, fixed);
    put32(fixed + 16, record_crc(fixed, record->bytes ? record->crc : 0));
    buf_clear(&archive->scratch);
    buf_add(&archive->scratch, fixed, sizeof fixed);
    if (record->bytes)
        buf_add(&archive->scratch, record->bytes, record->n_bytes);
    uint64_t at = archive->spool_end + RECORD_BYTES;
    TRY(append_scratch(archive, err));
    if (record->bytes)
        contents_add(&archive->contents, (struct content){at, record->n_bytes, record->crc});
    archive->entries[archive->n_entries++] = (struct archive_entry){record->id, record->content};
done:
    return code;
}

/* ---- the head ---- */

static enum err_code write_head(struct archive *archive, const char *head, struct err *err)
{
    char sizes[8];
    put32(sizes, (uint32_t)strlen(head));
    put32(sizes + 4, crc32_of(0, head, strlen(head)));
    buf_clear(&archive->scratch);
    buf_add(&archive->scratch, MAGIC, MAGIC_BYTES);
    buf_add(&archive->scratch, sizes, sizeof sizes);
    buf_add_text(&archive->scratch, head);
    archive->spool_end = 0;
    return append_scratch(archive, err);
}

/* Names the first line in which two heads differ, as each has it. */
static enum err_code refuse_other(const struct archive *archive, const char *theirs,
                                  const char *ours, struct err *err)
{
    size_t same = 0, line = 0;
    while (theirs[same] && theirs[same] == ours[same])
        if (theirs[same++] == '\n')
            line = same;
    theirs += line;
    ours += line;
    int n_theirs = (int)strcspn(theirs, "\n"), n_ours = (int)strcspn(ours, "\n");
    return err_set(
        err, ERR_CONFLICT,
        "%s: an unfinished archive of something else: it has \"%.*s\", this has \"%.*s\"; "
        "finish it as it was begun, or remove it",
        archive->spool_path, n_theirs, theirs, n_ours, ours);
}

static enum err_code refuse_foreign(const struct archive *archive, struct err *err)
{
    return err_set(err, ERR_CONFLICT,
                   "%s: is there, and is no unfinished archive that could be gone on with; move it "
                   "away",
                   archive->spool_path);
}

/* Takes a head that is there, writes one where there is none (or a torn one). */
static enum err_code take_head(struct archive *archive, const char *head, uint64_t n_file,
                               struct err *err)
{
    enum err_code code = ERR_OK;
    char fixed[HEAD_BYTES];
    size_t got = 0;
    struct buf text;
    buf_init(&text);
    TRY(read_at(archive, fixed, sizeof fixed, 0, &got, err));
    if (memcmp(fixed, MAGIC, got < MAGIC_BYTES ? got : MAGIC_BYTES) != 0) {
        code = refuse_foreign(archive, err);
        goto done;
    }
    uint32_t n_text = got == HEAD_BYTES ? get32(fixed + MAGIC_BYTES) : 0;
    if (got < HEAD_BYTES || n_text > n_file - HEAD_BYTES) {
        /* A kill at the very beginning; nothing can follow a head that is not whole. */
        if (n_file > HEAD_BYTES + strlen(head))
            code = refuse_foreign(archive, err);
        else if (ftruncate(archive->spool, 0) != 0)
            code = err_errno(err, errno, "%s", archive->spool_path);
        else
            code = write_head(archive, head, err);
        goto done;
    }
    if (n_text > TEXT_BYTES_MAX) {
        code = refuse_foreign(archive, err);
        goto done;
    }
    struct content whole = {HEAD_BYTES, n_text, 0};
    TRY(spool_read(archive, &whole, &text, err));
    buf_add_byte(&text, '\0');
    if (!buf_ok(&text))
        code = err_nomem(err);
    else if (crc32_of(0, text.bytes, n_text) != get32(fixed + MAGIC_BYTES + 4) ||
             memchr(text.bytes, '\0', n_text))
        code = refuse_foreign(archive, err);
    else if (strcmp(text.bytes, head) != 0)
        code = refuse_other(archive, text.bytes, head, err);
    archive->spool_end = HEAD_BYTES + (uint64_t)n_text;
done:
    buf_release(&text);
    return code;
}

/* ---- taking over ---- */

/* Whether the record can stand where it stands; its check sum is looked at beforehand. */
static bool is_sound(const struct archive *archive, const struct fixed_part *part)
{
    const struct archive_options *options = &archive->options;
    if (part->id < hilbert_first(options->min_zoom) ||
        part->id >= hilbert_first(options->max_zoom + 1))
        return false;
    if (part->content == CONTENT_NONE)
        return part->n_bytes == 0;
    return part->content < archive->contents.n
               ? archive->contents.items[part->content].n_bytes == part->n_bytes
               : part->content == archive->contents.n && part->n_bytes > 0;
}

/* Takes the record at `bytes`, which stands at spool_end. *used 0: `n` bytes are not all of it, or
 * it is not whole (*broken). */
static enum err_code take_record(struct archive *archive, const char *bytes, size_t n, size_t *used,
                                 bool *broken, struct err *err)
{
    *used = 0;
    if (n < RECORD_BYTES)
        return ERR_OK;
    struct fixed_part part = fixed_read(bytes);
    *broken = !is_sound(archive, &part) || part.n_bytes > LIMIT_TILE_BYTES;
    bool is_new = part.content != CONTENT_NONE && part.content == archive->contents.n;
    size_t need = RECORD_BYTES + (is_new ? part.n_bytes : 0);
    if (*broken || n < need)
        return ERR_OK;
    uint32_t crc = is_new ? crc32_of(0, bytes + RECORD_BYTES, part.n_bytes) : 0;
    *broken = record_crc(bytes, crc) != part.crc;
    if (*broken)
        return ERR_OK;
    enum err_code code = ERR_OK;
    TRY(archive_room(archive, err));
    if (is_new)
        contents_add(&archive->contents,
                     (struct content){archive->spool_end + RECORD_BYTES, part.n_bytes, crc});
    archive->entries[archive->n_entries++] = (struct archive_entry){part.id, part.content};
    *used = need;
    archive->spool_end += need;
done:
    return code;
}

/* Takes records from spool_end on, up to the end or the first that is not whole. */
static enum err_code take_records(struct archive *archive, struct err *err)
{
    enum err_code code = ERR_OK;
    bool broken = false, at_end = false;
    size_t start = 0; /* of what is not taken yet */
    uint64_t read_to = archive->spool_end;
    struct buf window;
    buf_init(&window);
    while (!broken) {
        size_t used = 0;
        TRY(take_record(archive, buf_text(&window) + start, window.n_bytes - start, &used, &broken,
                        err));
        start += used;
        if (used > 0 || broken)
            continue;
        if (at_end)
            break;
        if (start > 0)
            memmove(window.bytes, window.bytes + start, window.n_bytes - start);
        window.n_bytes -= start;
        start = 0;
        size_t got = 0;
        char *room = buf_reserve(&window, READ_STEP_BYTES);
        if (!room) {
            code = err_nomem(err);
            goto done;
        }
        TRY(read_at(archive, room, READ_STEP_BYTES, read_to, &got, err));
        window.n_bytes += got;
        read_to += got;
        at_end = got < READ_STEP_BYTES;
    }
done:
    buf_release(&window);
    return code;
}

enum err_code spool_take_over(struct archive *archive, const char *head, struct err *err)
{
    enum err_code code = ERR_OK;
    struct stat status;
    if (fstat(archive->spool, &status) != 0)
        return err_errno(err, errno, "%s", archive->spool_path);
    if (!S_ISREG(status.st_mode))
        return refuse_foreign(archive, err);
    TRY(take_head(archive, head, (uint64_t)status.st_size, err));
    TRY(take_records(archive, err));
    if (archive->spool_end < (uint64_t)status.st_size &&
        ftruncate(archive->spool, (off_t)archive->spool_end) != 0)
        code = err_errno(err, errno, "%s", archive->spool_path);
done:
    return code;
}

/* Whether the descriptor is still what the path names: who finished in between has removed it. */
static bool is_there(const struct archive *archive)
{
    struct stat open_one, named;
    return fstat(archive->spool, &open_one) == 0 && stat(archive->spool_path, &named) == 0 &&
           open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev;
}

enum err_code spool_open(struct archive *archive, const char *head, struct err *err)
{
    for (;;) {
        archive->spool = open(archive->spool_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);
        if (archive->spool < 0)
            return err_errno(err, errno, "%s", archive->spool_path);
        if (flock(archive->spool, LOCK_EX | LOCK_NB) != 0)
            return errno == EWOULDBLOCK
                       ? err_set(err, ERR_BUSY, "%s: is being written by another process",
                                 archive->path)
                       : err_errno(err, errno, "%s", archive->spool_path);
        if (is_there(archive))
            return spool_take_over(archive, head, err);
        close(archive->spool);
        archive->spool = -1;
    }
}
