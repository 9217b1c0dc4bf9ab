/*
 * store_writer.h - the store as one who edits it again and again sees it: holds the file open, and
 * writes each edit at once; or to the store's log, and into its tables soon after.
 *
 *     TRY(store_writer_begin(writer, &stamp, err));     the writer's lock
 *     ... store_writer_has, _get ...                    the store with all edits so far
 *     TRY(store_writer_save(writer, &edit, err));       durable
 *     store_writer_end(writer);       after a begin that was well; gives up what was not saved
 *
 * With a log (store_log.h) an edit is durable after one write to a file. A thread carries it into
 * the tables, beside the next edits, and commits when none was made for a moment, when somebody
 * waits for that, after five seconds, or before the end of an edit that takes long: all that was
 * saved until then in one transaction. Meanwhile the writer's lock stays taken. An edit that comes
 * while it commits begins, and is saved after that. Where edits come faster than the tables can
 * take them, they wait: the tables are two seconds behind at most. An edit too large for the log is
 * written at once with all that were on their way.
 *
 * Where the tables cannot be written (a full disk), edits that were saved stay in the log and on
 * their way, no other is taken, and each second it is tried again. Where another store was put in
 * the place of this one, edits on their way are gone with it.
 *
 * Life:    store_writer_new -> any number of edits -> store_writer_free, which waits until the
 *          tables have all edits, or cannot be written: then the next to open the store carries
 *          them there.
 * Threads: one edits at a time; `settled` is called by the writer's own thread.
 * Memory:  edits on their way, some 64 MB at most, and SQLite's pages of the tables that they
 *          change, 128 MB at most.
 * Errors:  of store.h; of store_writer_begin as well what keeps edits from the tables.
 */
#ifndef SISETU_DATA_STORE_WRITER_H
#define SISETU_DATA_STORE_WRITER_H

#include "data/store_log.h"

struct store_writer;

/* For whoever looks at the file: it has changed. code: ERR_OK all edits up to that generation are
 * in the tables; ERR_CHANGED they are gone, another store stands there; others: they are on their
 * way still, and err says why. */
struct store_settled {
    void *context;
    void (*call)(void *context, uint64_t generation, enum err_code code, const struct err *err);
};

/* settled NULL: without a log, and opens nothing yet. Else opens the store and makes the log, so
 * that the first edit need not; where that cannot be, as while somebody else writes, the first edit
 * does. */
enum err_code store_writer_new(const char *path, const struct store_settled *settled,
                               struct store_writer **out, struct err *err);
void store_writer_free(struct store_writer *writer); /* NULL is legal */

/* Has it write through a store that is open for writing, which it takes over. Before the first
 * edit, without a log. */
void store_writer_take(struct store_writer *writer, struct store *store);

/* Which store it is, with the generation of the last edit; *settled: the tables have it, and
 * others may have written since the edit before. Of an edit that was saved: whether the tables
 * have it. */
enum err_code store_writer_begin(struct store_writer *writer, struct store_stamp *stamp,
                                 bool *settled, struct err *err);
enum err_code store_writer_save(struct store_writer *writer, const struct store_edit *edit,
                                bool *settled, struct err *err);
void store_writer_end(struct store_writer *writer);

/* Between begin and end: as store_get, where begin said settled; as store_has, of facts as the last
 * edit left them. Whoever asks may have to wait for the thread, a millisecond. */
enum err_code store_writer_get(struct store_writer *writer, const char *key, struct arena *arena,
                               const char **out, struct err *err);
enum err_code store_writer_has(struct store_writer *writer, enum layer_id layer, const char *id,
                               bool *out, struct err *err);

#endif
