/*
 * store_log.h - edits that are durable before they are in the tables of their store.
 *
 * A record is one row. What follows from it may be thousands, in tables with indexes, which take
 * fifty times as long to write as a file does. A writer of many edits (store_writer.h) therefore
 * writes each of them whole, one behind another, to a file of its own beside the store,
 * PATH-edits, which takes one sync; and then carries them into the tables, several in one
 * transaction. The tables are those of one generation at every moment, whole; the log has the
 * edits that they lack.
 *
 * Two rules keep that true:
 *   - Only who holds the store's writer's lock appends an edit, and has held it since the first
 *     edit that the tables lack.
 *   - Who comes to hold the lock first carries into the tables what they lack (store_open and
 *     store_catch_up).
 * Who waits for the lock while a server takes one edit after another would hardly ever meet the
 * moment when it is free: it leaves a mark (a lock on a byte of the log), and the log's writer lets
 * it have its turn.
 * So a process that was killed, and a machine that lost power, have lost nothing: whoever opens
 * the store next finds every edit that was acknowledged. A reader that finds edits on their way
 * waits for them while their writer lives, and carries them itself if it does not; it never reads
 * less than was acknowledged before it opened the store. Other programs, which know nothing of the
 * log, read a generation that may be some seconds old while edits follow each other without a
 * pause.
 *
 * Whoever copies or moves a store takes the log with it, as with SQLite's journal: after a crash,
 * and while a server runs. Without edits on their way it begins with a zero, or is not there. A log
 * beside another store is left alone until it is written over. One of edits that do not follow on
 * the generation, beside a backup that was put in the place of the store, is moved aside by whoever
 * writes first, to PATH-edits-FIRST-LAST; one whose edits the tables have is removed.
 *
 * A store of several names (hard links) has no log: who finds it by another name would miss it. By
 * a symbolic link the log is beside the file that the link leads to, as it leads there now.
 *
 * File: entries from the start on, while each is whole and follows on the one before by one
 * generation; those that the tables have are skipped. In the byte order of the machine, with the
 * schema's version, the store's identity and a checksum.
 *
 * Threads: as a store: one at a time.
 * Cost:    an entry of some 200 bytes a row, one write and one fdatasync; 16 MB of the disk while
 *          its writer lives.
 * Errors:  of store.h; ERR_VERSION edits on their way that another version of the program wrote.
 */
#ifndef SISETU_DATA_STORE_LOG_H
#define SISETU_DATA_STORE_LOG_H

#include "data/base/buf.h"
#include "data/schema.h"
#include "data/store.h"

/* What one edit changes, layer by layer: raises the generation of the store to this one. */
struct store_edit {
    uint64_t generation;
    bool assessed; /* what follows from the facts is among the changes */
    const struct store_change *changes;
    size_t n_changes;
};

/* Into the tables, in the transaction that is open. */
enum err_code store_edit_apply(struct store *store, const struct store_edit *edit, struct err *err);

/* The same in steps of so many rows at most: begins as {0}. */
struct store_edit_at {
    size_t change;
    size_t row; /* of the change: the deletions and then the others */
    bool done;
};
enum err_code store_edit_apply_some(struct store *store, const struct store_edit *edit,
                                    struct store_edit_at *at, size_t most, struct err *err);

/* As bytes and back. With a schema ERR_INPUT what store_change would refuse for what the records
 * hold; it may be NULL. Texts of what is read lie in `bytes` or the arena, all else in the arena;
 * whatever the bytes are, it is an edit or ERR_INPUT. */
enum err_code store_edit_write(const struct store_edit *edit, const struct schema *schema,
                               struct buf *out, struct err *err);
enum err_code store_edit_read(const void *bytes, size_t n, struct arena *arena,
                              struct store_edit *out, struct err *err);

struct store_log;

/* Nothing is made before the first entry. */
enum err_code store_log_new(const char *store_path, struct store_log **out, struct err *err);

/* Removes the file if nothing in it is on its way: to be called with the writer's lock, or never.
 */
void store_log_remove(struct store_log *log);
void store_log_free(struct store_log *log); /* NULL is legal; the file stays */

/* Makes the file, so that those who wait can be seen. With the writer's lock. ERR_NO_SPACE: less
 * than 256 MB are free, and who promises that the tables will have an edit might not keep it;
 * ERR_CONFLICT: there can be none here. */
enum err_code store_log_begin(struct store_log *log, struct err *err);

/* Appends an entry of that generation, `bytes` being what store_edit_write made; durable on return.
 * With the writer's lock. After an error the entry is not there. */
enum err_code store_log_append(struct store_log *log, const struct store *store,
                               uint64_t generation, const struct buf *bytes, struct err *err);

/* What it keeps of the disk for entries to come, for the tables where the disk is full. */
void store_log_give_room(struct store_log *log);

/* Whatever was appended is in the tables, and committed: the next entry is written over it. */
void store_log_settled(struct store_log *log);

/* The edits that the log beside a store holds, on their way or in the tables already. */
struct store_log_state {
    uint64_t identity; /* of their store */
    uint64_t first;    /* generations; last 0: it holds none */
    uint64_t last;
    bool has_owner; /* some are on their way, and their writer lives */
};
enum err_code store_log_look(const char *store_path, struct store_log_state *out, struct err *err);

/* Whoever wants the writer's lock stands in a queue, until it has it, and the log's writer sees
 * that somebody does. */
int store_log_queue(const char *store_path); /* for store_log_leave; -1: there is no log */
void store_log_leave(int queued);
bool store_log_is_queued(const struct store_log *log);

/* Whoever stands there does not take its turn, as a program that was stopped: nobody is seen for a
 * while. */
void store_log_pass_over(struct store_log *log);

/* Whether tables of that identity and generation lack some of them. */
static inline bool store_log_is_ahead(const struct store_log_state *log, uint64_t identity,
                                      uint64_t generation)
{
    return log->last > generation && log->identity == identity && log->first <= generation + 1;
}

/* Carries it into the tables and commits, on a store that is open for writing: *caught whether
 * there was anything. The lock is given up by the commit; the next call takes it again. Where there
 * was nothing, a log that was left is cleared away. */
enum err_code store_catch_up(struct store *store, bool *caught, struct err *err);

#endif
