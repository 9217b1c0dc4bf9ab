/*
 * editor.h - changes facts of a store, and all that follows from them, in one transaction.
 *
 *     TRY(editor_new(path, world, 0, &editor, err));
 *     TRY(editor_apply(editor, &request, arena, &result, err));
 *     publish result.world, if result.changed
 *
 * An edit puts records of one layer (a new one, or in place of the one with that id, whole) and
 * deletes others. The editor lays the edit over the world that it holds, brings findings, grades
 * and segments up to date from there, writes what differs with the edit itself in one transaction
 * of the store, and then holds the new world. What comes out equals a full assessment of the
 * changed facts by the same rules on the same day.
 *
 * A store that was never assessed takes edits of facts alone. One whose facts were imported
 * since its last assessment takes none until it is assessed: what an edit changes could not be
 * told from what the import changed.
 *
 * Life:    editor_new computes what updates need (a full assessment, without writing);
 *          editor_apply any number of times; editor_free.
 * Owner:   the editor holds a reference to its world; result.world is another one. Whatever else
 *          is in a result belongs to the arena or to the two worlds.
 * Threads: one at a time. Others may read the worlds meanwhile. A large delta becomes a new base on
 *          a thread beside the edits, and with a log another carries edits into the tables.
 * Errors:  editor_apply: ERR_USAGE a layer that is not edited, or records that cannot be; ERR_INPUT
 *          they do not fit the others; ERR_CHANGED the precondition does not hold; ERR_NOT_FOUND
 *          nothing to delete; ERR_CONFLICT the store has to be assessed first; and those of
 *          store.h. After any error store, world and editor are as they were.
 * Cost:    by what it touches and not by how much there is, but for a few bytes a record of the
 *          layers that it writes. On the comparison workload (20,000 plants, 50,000 targets, 1,500
 *          pipelines) some 3 ms at the median; README.md has what was measured. Ten times as much
 *          on the same ground is ten times as many neighbours with ten times as many of their own:
 *          half of the edits cost less than 4 ms, one in a hundred more than 24. A plant in a town
 *          has 3,000 rows that move with it, which are made by source (edit_verdicts.h). Lists of
 *          findings are changed in one place (finding_list.c), grades follow from what came and
 *          went (grades_findings.c), a plant or a school is hidden from most pipelines by those
 *          around it (pipeline_crowd.h), a dwelling tells them anew without cutting them
 *          (pipeline_recount.h, pipeline_kept.h); one of which neither is sure has them cut, for
 *          milliseconds each (tests/bench/edit.c). An edit of admin, or of a census that is not
 *          beside a grid, is a full assessment.
 */
#ifndef SISETU_GEO_EDITOR_H
#define SISETU_GEO_EDITOR_H

#include "data/store_writer.h"
#include "geo/assess/edit_rows.h"

struct editor;

enum edit_presence {
    EDIT_ANY,         /* a put replaces or adds */
    EDIT_MUST_EXIST,  /* it only replaces */
    EDIT_MUST_BE_NEW, /* it only adds */
};

struct edit_request {
    enum layer_id layer;
    const void *records; /* n_records of the layer's struct, checked as import_read does */
    size_t n_records;
    const char *const *deleted; /* ids */
    size_t n_deleted;
    bool missing_is_fine; /* deleting what is not there changes nothing; else ERR_NOT_FOUND */
    enum edit_presence presence;
    bool has_generation; /* precondition: the store has that generation */
    uint64_t generation;
};

/* Of so many conflicts it is told what they were before; those beyond may be brief (edit_rows.h).
 */
enum { EDIT_TOLD_CONFLICTS = 1000 };

struct edit_result {
    bool stale; /* the store has another generation than the world: nothing was done */
    bool changed;
    bool assessed; /* what follows from the facts was brought up to date */
    bool settled;  /* the tables of the store have it; else its log, and the tables soon */
    uint64_t generation;
    struct world *before;     /* both held until edit_result_release; the same if not changed */
    struct world *world;      /* to be published */
    struct row_changes facts; /* of the layer, in the order of the request */
    struct row_changes conflicts;
    struct row_changes grades;
    struct row_changes segments;
    const char **warnings;
    size_t n_warnings;
};

/* n_threads 0: one a core. Holds a reference to the world. */
enum err_code editor_new(const char *store_path, struct world *world, size_t n_threads,
                         struct editor **out, struct err *err);
void editor_free(struct editor *editor); /* NULL is legal */
const struct world *editor_world(const struct editor *editor);

/* Makes the edits go through a store that the caller has open for writing, which the editor takes
 * over: whoever opened it before the world was loaded finds nothing stale, since nobody else could
 * write. At most once, before the first edit. */
void editor_take_store(struct editor *editor, struct store *store);

/* For many edits: makes each durable in the log of the store before its tables have it
 * (store_writer.h). Opens the store for writing, before the first edit. After an error the editor
 * is only good to be freed. */
enum err_code editor_keep_log(struct editor *editor, const struct store_settled *settled,
                              struct err *err);

enum err_code editor_apply(struct editor *editor, const struct edit_request *request,
                           struct arena *arena, struct edit_result *out, struct err *err);
void edit_result_release(struct edit_result *result);

#endif
